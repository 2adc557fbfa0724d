"""Report what people feel.

A request is of no interest here: a message's way begins when the room accepts it. What is kept is
the set of messages that each reader has, so a second copy changes nothing; and what was lost is
the number that should be there less the number that is. `asked` still matters: it names a
reader that may never receive anything.
"""

from typing import Any

Message = dict[str, Any]


class Report:
    """What one run says of the messages `first` to `last`."""

    def __init__(self, first: int, last: int) -> None:
        self._window = range(first, last + 1)
        self._received: dict[str, set[int]] = {}
        self._delays: list[float] = []

    def asked(self, reader: str, at: float) -> None:
        """Note a reader that may receive nothing."""
        self._received.setdefault(reader, set())

    def received(self, reader: str, at: float, messages: list[Message]) -> None:
        """Time each message that is new to this reader."""
        known = self._received.setdefault(reader, set())
        for message in messages:
            if message["id"] in self._window and message["id"] not in known:
                known.add(message["id"])
                self._delays.append(at - message["sent_at"])

    def result(self) -> dict[str, float]:
        """Return mean, 95th percentile, and what never came."""
        ordered = sorted(self._delays) or [0.0]
        mean = sum(ordered) / len(ordered)
        p95 = ordered[int(0.95 * len(ordered))]
        lost = len(self._window) * len(self._received) - len(self._delays)
        return {"mean_ms": mean * 1000, "p95_ms": p95 * 1000, "lost": lost}


if __name__ == "__main__":
    report = Report(first=1, last=2)
    report.asked("ann", 0.0)
    report.received("ann", 0.004, [])
    report.asked("ann", 1.0)
    report.received("ann", 1.004, [{"id": 1, "author": "bob", "text": "hi", "sent_at": 0.5}])
    print(report.result())
