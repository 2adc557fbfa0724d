"""The ledger of bets: what the reader expected before an experiment, and what it then measured.

One JSON file on the reader's own disk, `.learner/ledger.json`, replaced as a whole; nothing of it leaves the machine.
A bet can be changed until its experiment has settled it, and stays as it was from then on, however often that runs: a
prediction that can be mended afterwards teaches nothing. Only forgetting them all begins anew.
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
from tutorial.site.local_only import LocalBodyHandler, LocalHandler

FOLDER = Path(".learner")
NAME = re.compile(r"[a-z0-9.-]{1,40}")
QUESTION_CHARACTERS = 300
WORD_CHARACTERS = 60
RANKED_MOST = 8
BETS_MOST = 200

Bets = dict[str, dict[str, Any]]  # by name, in the order in which they were placed


class Ledger:
    """The bets of the reader who works in a folder."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._file = folder / "ledger.json"

    def bets(self) -> Bets:
        """Give all bets; none when there is no ledger, or it can't be read."""
        try:
            bets: Bets = json.loads(self._file.read_text("utf-8"))["bets"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return {}
        return bets

    def place(self, name: str, bet: dict[str, Any]) -> None:
        """Keep a bet, unless one of that name is settled. Raises: Unacceptable."""
        with self._changing() as bets:
            if name not in bets and len(bets) >= BETS_MOST:
                raise Unacceptable(f"a ledger holds {BETS_MOST} bets")
            if "measured" not in bets.get(name, {}):
                bets[name] = bet

    def settle(self, name: str, outcome: dict[str, Any]) -> None:
        """Keep what was measured for a bet; the newest measurement counts. Raises: Unacceptable."""
        with self._changing() as bets:
            if name not in bets:
                raise Unacceptable("“name” must be a bet that was placed")
            bets[name] |= outcome

    def forget(self) -> None:
        """Forget all bets."""
        with self._changing() as bets:
            bets.clear()

    @contextmanager
    def _changing(self) -> Iterator[Bets]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "ledger.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            bets = self.bets()
            yield bets
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps({"bets": bets}, indent=1, ensure_ascii=False), "utf-8")
            os.replace(fresh, self._file)


def guess(fields: dict[str, Any], name: str) -> float | list[str]:
    """Take a number, or a ranking of a few words. Raises: Unacceptable."""
    value: Any = fields.get(name)
    if type(value) in (int, float) and abs(value) < 1e15:
        return float(value)
    words = isinstance(value, list) and 1 < len(value) <= RANKED_MOST
    if words and all(isinstance(word, str) and len(word) <= WORD_CHARACTERS for word in value):
        return list(value)
    raise Unacceptable(f"“{name}” must be a number, or 2 to {RANKED_MOST} words in an order")


class LedgerHandler(LocalHandler):
    """`GET /ledger` → all bets."""

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._ledger: Ledger = shared["ledger"]

    def get(self) -> None:
        self.finish(to_json({"bets": self._ledger.bets()}))


class LedgerChangeHandler(LocalBodyHandler):
    """`POST /ledger/bets` places, `/ledger/outcomes` settles, `/ledger/forgotten` forgets all; → all bets."""

    def initialize(self, chat: Chat, **shared: Any) -> None:
        super().initialize(chat)
        self._ledger: Ledger = shared["ledger"]

    def post(self, what: str) -> None:
        fields = parse_object(self.body())
        if what == "forgotten":
            self._ledger.forget()
        else:
            name = text_field(fields, "name", 40)
            if not NAME.fullmatch(name):
                raise Unacceptable("“name” must be of a–z, 0–9, “.” and “-”")
            self._bet(name, fields) if what == "bets" else self._outcome(name, fields)
        self.finish(to_json({"bets": self._ledger.bets()}))

    def _bet(self, name: str, fields: dict[str, Any]) -> None:
        question = text_field(fields, "question", QUESTION_CHARACTERS)
        unit = str(fields.get("unit", ""))[:WORD_CHARACTERS]
        chapter = guess(fields, "chapter")
        bet = {"chapter": chapter, "question": question, "unit": unit, "bet": guess(fields, "bet")}
        self._ledger.place(name, bet)

    def _outcome(self, name: str, fields: dict[str, Any]) -> None:
        outcome = {member: guess(fields, member) for member in ("measured", "ratio", "n")}
        self._ledger.settle(name, outcome)
