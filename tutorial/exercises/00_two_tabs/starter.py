"""Place your bets, and hear yourself in a second tab.

Before you read on, say what you expect: each transport costs something else. Your bets are written
down, and chapter by chapter you will see what is measured. You remember a wrong bet better than no
bet.

1. Bet. If you have placed the four bets on the chapter's page, this is done, and what you bet there
   stays. Otherwise fill in `BETS`: three names in each list, the best first: "short polling", "long
   polling", "WebSocket".
2. Finish `hear`. A second tab asks `GET /rooms/{room}/short-polling`, which is answered with
   `{"messages": [{"id": 1, "author": "…", "text": "…"}, …], …}`. Return the texts, oldest first.

As it stands, the second tab hears nothing. While `python -m tutorial` runs in another terminal, this
prints what the second tab hears, and places the bets that are missing:

    python .learner/00_two_tabs.py http://127.0.0.1:8888
"""

import json
import sys
from typing import Any
from urllib.request import Request, urlopen

BETS: dict[str, list[str]] = {
    "delay": [],  # which gets a message first?
    "requests": [],  # which makes the fewest requests, where somebody speaks once a minute?
    "bytes": [],  # which sends the fewest bytes there?
    "memory": [],  # whose waiting reader takes the least memory on the server?
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
    return []


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
