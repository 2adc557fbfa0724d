"""Place your bets, and hear yourself in a second tab.

No cursor means the newest messages, so a tab that is opened later sees what was said before. These
bets are as good as any: whether they are right is what the chapters are for.
"""

import json
import sys
from typing import Any
from urllib.request import Request, urlopen

BETS: dict[str, list[str]] = {
    "delay": ["WebSocket", "long polling", "short polling"],  # which gets a message first?
    "requests": [
        "WebSocket",
        "long polling",
        "short polling",
    ],  # which makes the fewest requests, where somebody speaks once a minute?
    "bytes": ["WebSocket", "long polling", "short polling"],  # which sends the fewest bytes there?
    "memory": [
        "short polling",
        "WebSocket",
        "long polling",
    ],  # which costs the server the least memory?
}


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    """Return the JSON that the server answers; with a body, send that first."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=5) as answer:
        return json.load(answer)


def say(url: str, room: str, text: str) -> None:
    """Speak, as the first tab does."""
    ask(f"{url}/rooms/{room}/messages", {"author": "first tab", "text": text})


def hear(url: str, room: str) -> list[str]:
    """Return what was said in the room, as the second tab sees it."""
    batch = ask(f"{url}/rooms/{room}/short-polling")
    return [message["text"] for message in batch["messages"]]


def place_bets(url: str) -> None:
    """Write down the bets that are still missing; an empty list is none yet."""
    placed = ask(f"{url}/bets")["bets"]
    for what, ranking in BETS.items():
        if not ranking or f"0.{what}" in placed:
            continue
        question = f"Rank the transports by {what}, the best first."
        bet = {"name": f"0.{what}", "chapter": 0, "question": question, "bet": ranking}
        ask(f"{url}/bets", bet)


if __name__ == "__main__":
    say(sys.argv[1], "lobby", "Is anybody there?")
    print("The second tab hears:", hear(sys.argv[1], "lobby"))
    place_bets(sys.argv[1])
