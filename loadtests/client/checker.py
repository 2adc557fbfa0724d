"""Checker: did one reader get every message, once, and in order?

It knows the contract's one promise, that ids run 1, 2, 3, … without holes, and nothing of transports or of Locust.
Over TCP a message that overtakes another is the server's doing, so a hole is first only suspected: if the message comes
after all it was out of order; if LATE_IDS newer ones come before it, it is lost.
"""

from __future__ import annotations

from collections.abc import Iterable

LOST = "lost"
DOUBLED = "doubled"
OUT_OF_ORDER = "out of order"
GAP = "gap"
FAULTS = (LOST, DOUBLED, OUT_OF_ORDER, GAP)

LATE_IDS = 16


class Checker:
    """Watches the ids that one reader receives. `last` is the newest of them; None before the first."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self.missing: set[int] = set()

    def take(self, ids: Iterable[int], gap: bool = False) -> list[str]:
        """Take one batch's ids, and return a fault for each that is not as promised, and for each lost one."""
        ids = list(ids)
        faults = self._start_over(ids) if gap else []
        for message_id in ids:
            fault = self._place(message_id)
            if fault:
                faults.append(fault)
        return faults + self._give_up()

    def finish(self, oldest: int, newest: int) -> int:
        """Return how many of `oldest` to `newest`, both inclusive, never came and were not yet called lost."""
        if self.first is None or self.last is None:
            return max(0, newest - oldest + 1)
        before = max(0, min(self.first, newest + 1) - oldest)
        after = max(0, newest - max(self.last, oldest - 1))
        return before + after + sum(oldest <= message_id <= newest for message_id in self.missing)

    def _place(self, message_id: int) -> str | None:
        if self.last is None:
            self.first = self.last = message_id
            return None
        if message_id > self.last:
            self.missing.update(range(self.last + 1, message_id))
            self.last = message_id
            return None
        if message_id in self.missing:
            self.missing.discard(message_id)
            return OUT_OF_ORDER
        return DOUBLED

    def _give_up(self) -> list[str]:
        if not self.missing:
            return []
        assert self.last is not None
        lost = {i for i in self.missing if self.last - i >= LATE_IDS}
        self.missing -= lost
        return [LOST] * len(lost)

    def _start_over(self, ids: list[int]) -> list[str]:
        """Take a gap that the batch states: what was skipped is lost to this reader, and it begins again."""
        skipped = ids[0] - self.last - 1 if ids and self.last is not None else 0
        lost = max(0, skipped) + len(self.missing)
        self.missing.clear()
        self.last = ids[0] - 1 if ids else None
        return [GAP] + [LOST] * lost
