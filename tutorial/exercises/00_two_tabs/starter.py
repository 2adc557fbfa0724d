"""Place your bets, and read in a second tab what the first one sent.

Before you read on, bet on what you expect: each transport costs something else. Chapter 6 measures
it. You remember a wrong bet better than no bet.

1. Bet. If you have placed the four bets on the chapter's page, this is done, and what you bet there
   stays. Otherwise fill in `BETS`: four names in each list, the best first: "short polling", "long
   polling", "WebSocket", "server-sent events".
2. Finish `read`. A second tab asks `GET /rooms/{room}/short-polling`, which is answered with
   `{"messages": [{"id": 1, "author": "…", "text": "…"}, …], …}`. Return the texts, oldest first.

As it stands, the second tab reads nothing. While `python -m tutorial` runs in another terminal, this
prints what the second tab reads, and places the bets that are missing:

    python .learner/00_two_tabs.py http://127.0.0.1:8888
"""

import json
import sys
from typing import Any
from urllib.request import Request, urlopen

BETS: dict[str, list[str]] = {
    "delay": [],  # which delivers a message first?
    "requests": [],  # which makes the fewest requests, in a room with one message a minute?
    "bytes": [],  # which moves the fewest bytes in that room?
    "memory": [],  # over which does a waiting reader take the least memory on the server?
}


def ask(url: str, body: dict[str, Any] | None = None) -> Any:
    """Return the JSON that the server answers; with a body, send that first."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=5) as answer:
        return json.load(answer)


def send(url: str, room: str, text: str) -> None:
    """Send a message, as the first tab does."""
    ask(f"{url}/rooms/{room}/messages", {"author": "first tab", "text": text})


def read(url: str, room: str) -> list[str]:
    """Return the texts in the room, as the second tab sees them."""
    return []


def place_bets(url: str) -> None:
    """Place the bets that are still missing; an empty list is none yet."""
    placed = ask(f"{url}/bets")["bets"]
    for what, ranking in BETS.items():
        if not ranking or f"0.{what}" in placed:
            continue
        question = f"Rank the transports by {what}, the best first."
        bet = {"name": f"0.{what}", "chapter": 0, "question": question, "bet": ranking}
        ask(f"{url}/bets", bet)


if __name__ == "__main__":
    send(sys.argv[1], "lobby", "Is anybody there?")
    print("The second tab reads:", read(sys.argv[1], "lobby"))
    place_bets(sys.argv[1])
