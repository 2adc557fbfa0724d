"""Report what people feel.

This report is made like a load tester's: it times each answer, from the request to its end.
Therefore a short poll looks fast, because it says quickly that there is nothing new. A long poll
looks slow, because nobody sent a message. And a WebSocket takes no time at all.

Report **delivery** instead, from the same events:

1. `mean_ms` and `p95_ms` say how long a message took to reach a reader: from `sent_at`, when the
   room accepted it, to `at`, when it was there first. Each message at each reader is one delivery.
   The server knows the truth to the microsecond; be within 5 ms of it.
2. Only messages `first` to `last`, both inclusive, count. Those before are the warm-up, when
   everything happens for the first time.
3. `lost` is how many deliveries of these never came, over all readers. A message that comes twice
   was delivered once, and it does not make up for another that never came. A reader that receives
   nothing at all has lost everything.

All times are seconds on one clock, and this room accepts a message the moment it is due: that is
why `sent_at` will do here. Each reader asks before the first message. Messages are
the contract's: `{"id": 17, "author": "ann", "text": "hi", "sent_at": 12.5}`. Try it:

    python .learner/09_delivery.py
"""

from typing import Any

Message = dict[str, Any]


class Report:
    """What one run says of the messages `first` to `last`."""

    def __init__(self, first: int, last: int) -> None:
        self._asked: dict[str, float] = {}
        self._times: list[float] = []

    def asked(self, reader: str, at: float) -> None:
        """A reader sends a request. A reader on a WebSocket never does."""
        self._asked[reader] = at

    def received(self, reader: str, at: float, messages: list[Message]) -> None:
        """A batch has reached a reader, perhaps an empty one. A WebSocket's first comes at once."""
        self._times.append(at - self._asked.get(reader, at))

    def result(self) -> dict[str, float]:
        """Return the report, when nothing more will come."""
        ordered = sorted(self._times)
        mean = sum(ordered) / len(ordered)
        p95 = ordered[int(0.95 * len(ordered))]
        return {"mean_ms": mean * 1000, "p95_ms": p95 * 1000, "lost": 0}


if __name__ == "__main__":
    report = Report(first=1, last=2)
    report.asked("ann", 0.0)
    report.received("ann", 0.004, [])
    report.asked("ann", 1.0)
    report.received("ann", 1.004, [{"id": 1, "author": "bob", "text": "hi", "sent_at": 0.5}])
    print(report.result())
