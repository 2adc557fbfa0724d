"""Place your bets, and hear yourself in a second tab.

Before you read on, say what you expect: the chat comes over three transports, and each costs
something else. Your bets are written down, and chapter by chapter you will see what is measured.
A wrong bet is worth more than none: you will remember it.

1. fill in `BETS`: three words in each list, the best first: "short polling", "long polling",
   "WebSocket". What you bet on the chapter's page you may repeat here. A bet can be changed until
   it is measured, and then it stays;
2. finish `hear`: a second tab asks `GET /rooms/{room}/short-polling`, which is answered with
   `{"messages": [{"id": 1, "author": "…", "text": "…"}, …], …}`. Return the texts, oldest first.

As it stands, the second tab is deaf. While `python -m tutorial` runs in another terminal, this
tells what the second tab hears, and places what you have filled in so far:

    python .learner/00_two_tabs.py http://127.0.0.1:8888
"""

import json
import sys
from typing import Any
from urllib.request import Request, urlopen

BETS: dict[str, list[str]] = {
    "delay": [],  # who hears a message first?
    "requests": [],  # who makes the fewest, where somebody speaks once a minute?
    "bytes": [],  # who sends the fewest bytes there?
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
    """Write the bets down; an empty list is none yet."""
    for what, ranking in BETS.items():
        if not ranking:
            continue
        question = f"Rank the transports by {what}, the best first."
        bet = {"name": f"0.{what}", "chapter": 0, "question": question, "bet": ranking}
        ask(f"{url}/bets", bet)


if __name__ == "__main__":
    say(sys.argv[1], "lobby", "Is anybody there?")
    print("The second tab hears:", hear(sys.argv[1], "lobby"))
    place_bets(sys.argv[1])
