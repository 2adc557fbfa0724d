"""Measured: one cell, and what follows from what was measured in it.

Everything derived is computed here, in one place, so that the terminal, the report and the site cannot disagree; and
it is decided here what is not to be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from loadtests.results.histogram import Histogram
from loadtests.results.model import Costs, Load, Prediction, predict
from loadtests.results.plan import LABELS, Cell
from loadtests.results.repetitions import Said, apart, pooled

BUSY_SHARE = 0.85  # of a core: a process above it is late because it is busy
LATE_MEDIAN_MS = 10.0  # a generator's loop that is usually this late measures itself
LATE_P99_MS = 250.0
LATE_PUBLISHER_MS = 500.0
OTHERS_CORES = 0.3  # of other programs; above it, their noise is worth a note


@dataclass(frozen=True)
class Measured:
    """One cell and what Locust and the server said of it in each round (see window.py for what they say)."""

    cell: Cell
    rounds: Sequence[Said]
    costs: Costs | None
    poll_interval: float
    hold: float

    @cached_property
    def said(self) -> Said:
        """All rounds as one."""
        return pooled(self.rounds)

    @property
    def label(self) -> str:
        return LABELS[self.cell.transport]

    @property
    def complete(self) -> bool:
        """False when there are no numbers at all."""
        return "problem" not in self.said and self.deliveries > 0 and self.arrived > 0

    @property
    def delivery(self) -> Histogram:
        return Histogram.from_json(self.said["delivery"])

    @property
    def naive(self) -> Histogram:
        """What Locust itself would have called the response times: a held poll's hold included."""
        return Histogram.from_json(self.said["naive"])

    @property
    def deliveries(self) -> int:
        """Deliveries of the messages that were due in the window: their delays are what is told."""
        return sum(self.said["delivery"]["buckets"].values()) if "delivery" in self.said else 0

    @property
    def rate(self) -> float:
        """Messages a second that were published in the window."""
        return float(self.said["published"] / self.said["seconds"])

    @property
    def requests_a_second(self) -> float:
        return float(self.said["requests"] / self.said["seconds"])

    @property
    def arrived(self) -> int:
        """Deliveries between the window's edges: what the server did there, it did for these."""
        return int(self.said.get("arrived", 0))

    @property
    def requests_a_delivery(self) -> float:
        return float(self.said["requests"] / self.arrived)

    @property
    def bytes_a_second(self) -> float:
        return float((self.said["bytes_received"] + self.said["bytes_sent"]) / self.said["seconds"])

    @property
    def bytes_a_delivery(self) -> float:
        return self.bytes_a_second * float(self.said["seconds"]) / self.arrived

    @property
    def cpu(self) -> float:
        """The share of one core that the server used."""
        return float(self.said["cpu_seconds"] / self.said["seconds"])

    @property
    def cpu_ms_a_thousand(self) -> float:
        """Server CPU milliseconds a 1000 deliveries, taking the messages in included."""
        return float(self.said["cpu_seconds"] * 1e6 / self.arrived)

    @property
    def cpu_apart(self) -> float:
        """How far the rounds' CPU a delivery lies apart, as a share of the least."""
        return apart([said["cpu_seconds"] / said["arrived"] for said in self.rounds])

    @property
    def median_apart(self) -> float:
        """How far the rounds' median delays lie apart, as a share of the least."""
        return apart([Histogram.from_json(s["delivery"]).quantile_ms(0.5) for s in self.rounds])

    @property
    def held_most(self) -> int:
        return max((held for _, held in self.said["held"]), default=0)

    @property
    def faults(self) -> dict[str, int]:
        return {kind: n for kind, n in self.said.get("faults", {}).items() if n}

    @property
    def lost(self) -> int:
        return self.faults.get("lost", 0)

    @property
    def overload(self) -> str | None:
        """Say why the generator could not be trusted; None when it could."""
        own = self.said["generator"]
        if own["cpu_share"] > BUSY_SHARE:
            return f"Locust used {percent(own['cpu_share'])} of a core: it, not the server, is the limit here"
        late = None
        if own["lag_p50_ms"] > LATE_MEDIAN_MS or own["lag_p99_ms"] > LATE_P99_MS:
            late = f"Locust’s own loop was late (99 %: {own['lag_p99_ms']:.0f} ms)"
        elif (late_ms := own["late_ms"]) > LATE_PUBLISHER_MS:
            late = f"Locust sent a message {late_ms:.0f} ms late"
        if late and self.others > OTHERS_CORES:
            return f"{late}: other programs used {self.others:.1f} cores"
        return late and f"{late}: it measured itself"

    @property
    def others(self) -> float:
        """How many cores other programs used in the window; the server is one of them if it runs elsewhere."""
        own = self.said["generator"]
        return max(0.0, float(own["machine_busy"] - own["cpu_share"]) - self.cpu)

    @property
    def trusted(self) -> bool:
        """False when the delays must not be shown as the server's."""
        return self.complete and self.overload is None

    @property
    def problems(self) -> list[str]:
        """Say, a sentence each, why this cell is not as it should be."""
        if "problem" in self.said:
            return [self.said["problem"]]
        told = [
            f"{n} {'message was' if n == 1 else 'messages were'} {kind}"
            for kind, n in self.faults.items()
        ]
        told += [f"{n} × {what}" for what, n in self.said["failures"].items()]
        told += [self.overload] if self.overload else []
        return told or ([] if self.deliveries else ["nothing was delivered"])

    @property
    def note(self) -> str | None:
        """Say who is near the limit, when somebody is."""
        if self.complete and self.cpu > BUSY_SHARE:
            return f"the server used {percent(self.cpu)} of a core: it is the limit here"
        return None

    @property
    def predicted(self) -> Prediction | None:
        """What the model expected; None without a calibration."""
        if self.costs is None or not self.complete:
            return None
        cell = self.cell
        return predict(
            Load(cell.transport, cell.users, self.rate, self.poll_interval, self.hold), self.costs
        )


def percent(share: float, places: int = 0) -> str:
    """Write a share as a percentage."""
    return f"{share * 100:.{places}f} %"
