"""Bets: what the reader expected before an experiment, and what it measured, on the reader's own disk.

One JSON file, `.learner/bets.json`, replaced as a whole; nothing of it leaves the machine. What a bet means and how
good it was, the page knows (static/js/site/bets.js): here it is an object with a name. The first run that counts adds
`measured`, and from then on the bet stays as it is.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transports.chat import Chat
from transports.wire import Unacceptable, parse_object, text_field, to_json
from tutorial.site.local_only import LocalBodyHandler

FOLDER = Path(".learner")
NAME = re.compile(r"[a-z0-9.-]{1,40}")
BETS_MOST = 200

Bets = dict[str, dict[str, Any]]  # by name, in the order in which they were placed


class BetsFile:
    """The bets of the reader who works in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._file = folder / "bets.json"

    def read(self) -> Bets:
        """Return all bets; none when there is no file, or it can't be read."""
        try:
            bets: Bets = json.loads(self._file.read_text("utf-8"))["bets"]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return bets

    @contextmanager
    def changing(self) -> Iterator[Bets]:
        """Yield all bets, and write them back; two processes take turns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "bets.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            bets = self.read()
            yield bets
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps({"bets": bets}, indent=1, ensure_ascii=False), "utf-8")
            os.replace(fresh, self._file)


class BetsHandler(LocalBodyHandler):
    """`GET /bets`; `POST /bets` `{"name": "2.delay", …}` writes one; `DELETE /bets` removes all. → `{"bets": …}`

    A bet that has been measured isn't changed: the answer shows it as it was.
    """

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._file: BetsFile = shared["bets"]

    def get(self) -> None:
        self.finish(to_json({"bets": self._file.read()}))

    head = get

    def post(self) -> None:
        bet = parse_object(self.body())
        name = text_field(bet, "name", 40)
        if not NAME.fullmatch(name):
            raise Unacceptable("“name” must be of a–z, 0–9, “.” and “-”")
        with self._file.changing() as bets:
            if name not in bets and len(bets) >= BETS_MOST:
                raise Unacceptable(f"there may be {BETS_MOST} bets")
            if "measured" not in bets.get(name, {}):
                bets[name] = {member: value for member, value in bet.items() if member != "name"}
        self.get()

    def delete(self) -> None:
        with self._file.changing() as bets:
            bets.clear()
        self.get()


def routes(chat: Chat, folder: Path = FOLDER) -> list[tuple[Any, ...]]:
    """Return the address of the bets, for the application to serve beside the chat."""
    return [(r"/bets", BetsHandler, {"chat": chat, "bets": BetsFile(folder)})]
