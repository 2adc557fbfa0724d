"""The second copy of a message takes the first one's place.

Told: mean_ms within 5 ms
"""

from typing import Any

Message = dict[str, Any]


class Report:
    """What one run says of the messages `first` to `last`."""

    def __init__(self, first: int, last: int) -> None:
        self._window = range(first, last + 1)
        self._heard: dict[str, set[int]] = {}
        self._delays: dict[tuple[str, int], float] = {}

    def asked(self, reader: str, at: float) -> None:
        """Know of a reader."""
        self._heard.setdefault(reader, set())

    def received(self, reader: str, at: float, messages: list[Message]) -> None:
        """Time each message that is new to this reader."""
        heard = self._heard.setdefault(reader, set())
        for message in messages:
            if message["id"] in self._window:
                heard.add(message["id"])
                self._delays[reader, message["id"]] = at - message["sent_at"]

    def result(self) -> dict[str, float]:
        """Give mean, 95th percentile, and what never came."""
        ordered = sorted(self._delays.values()) or [0.0]
        mean = sum(ordered) / len(ordered)
        p95 = ordered[int(0.95 * len(ordered))]
        lost = len(self._window) * len(self._heard) - len(self._delays)
        return {"mean_ms": mean * 1000, "p95_ms": p95 * 1000, "lost": lost}
