"""Case result: one case, and what follows from what was measured in it.

Everything derived is computed here, in one place, so that the terminal, the report and the site cannot disagree; and
it is decided here what is not to be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from loadtests.results.histogram import Histogram
from loadtests.results.model import Costs, Load, Prediction, predict
from loadtests.results.plan import Case, Plan
from loadtests.results.repetitions import pooled, spread
from loadtests.results.window_result import Failed, GeneratorLoad, Outcome, WindowResult
from loadtests.table import TRANSPORTS

BUSY_SHARE = 0.85  # of a core: a process above it is late because it is busy
LATE_MEDIAN_MS = 10.0  # a generator's loop that is usually this late measures itself
LATE_P99_MS = 250.0
LATE_PUBLISHER_MS = 500.0
OTHERS_CORES = 0.3  # of other programs; above it, their noise is worth a note


@dataclass(frozen=True)
class CaseResult:
    """One case and what each of its repetitions came out at."""

    case: Case
    outcomes: Sequence[Outcome]
    costs: Costs | None
    plan: Plan
    client_seconds: float = 0.0  # Locust's own, for a delivery

    @cached_property
    def windows(self) -> list[WindowResult]:
        """The repetitions that have a result."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, WindowResult)]

    @cached_property
    def window(self) -> WindowResult:
        """All repetitions as one; there is one only where `failed` is None."""
        return pooled(self.windows)

    @property
    def failed(self) -> Failed | None:
        """Why a repetition has no result: what one lacks, the case lacks."""
        return next((outcome for outcome in self.outcomes if isinstance(outcome, Failed)), None)

    @property
    def label(self) -> str:
        return TRANSPORTS[self.case.transport].label

    @property
    def complete(self) -> bool:
        """False when there are no numbers at all."""
        return self.failed is None and bool(self.delivery.count and self.window.arrived)

    @property
    def delivery(self) -> Histogram:
        return self.window.delivery

    @property
    def generator(self) -> GeneratorLoad:
        return self.window.generator

    @property
    def rate(self) -> float:
        """Messages a second that were published in the window."""
        return self.window.published / self.window.seconds

    @property
    def requests_a_second(self) -> float:
        return self.window.requests / self.window.seconds

    @property
    def requests_a_delivery(self) -> float:
        return self.window.requests / self.window.arrived

    @property
    def bytes_a_second(self) -> float:
        return (self.window.bytes_received + self.window.bytes_sent) / self.window.seconds

    @property
    def bytes_a_delivery(self) -> float:
        return self.bytes_a_second * self.window.seconds / self.window.arrived

    @property
    def cpu(self) -> float:
        """The share of one core that the server used."""
        return self.window.cpu_seconds / self.window.seconds

    @property
    def cpu_ms_a_thousand(self) -> float:
        """Server CPU milliseconds a 1000 deliveries, taking the messages in included."""
        return self.window.cpu_seconds * 1e6 / self.window.arrived

    @property
    def cpu_spread(self) -> float:
        """How far the repetitions' CPU a delivery lies apart, as a share of the least."""
        return spread([window.cpu_seconds / window.arrived for window in self.windows])

    @property
    def median_spread(self) -> float:
        """How far the repetitions' median delays lie apart, as a share of the least."""
        return spread([window.delivery.quantile_ms(0.5) for window in self.windows])

    @property
    def held_most(self) -> int:
        return max((held for _, held in self.window.held), default=0)

    @property
    def faults(self) -> dict[str, int]:
        """How many deliveries went wrong in which way; none are known of a case that failed."""
        faults = {} if self.failed else self.window.faults
        return {kind: n for kind, n in faults.items() if n}

    @property
    def lost(self) -> int:
        return self.faults.get("lost", 0)

    @property
    def overload(self) -> str | None:
        """Why the generator could not be trusted; None when it could."""
        own = self.generator
        if own.cpu_share > BUSY_SHARE:
            return f"Locust used {percent(own.cpu_share)} of a core: it, not the server, is the limit here"
        late = None
        if own.lag_p50_ms > LATE_MEDIAN_MS or own.lag_p99_ms > LATE_P99_MS:
            late = f"Locust’s own loop was late (99 %: {own.lag_p99_ms:.0f} ms)"
        elif own.late_ms > LATE_PUBLISHER_MS:
            late = f"Locust sent a message {own.late_ms:.0f} ms late"
        if late and self.others > OTHERS_CORES:
            return f"{late}: other programs used {self.others:.1f} cores"
        return late and f"{late}: it measured itself"

    @property
    def others(self) -> float:
        """How many cores other programs used in the window; the server is one of them if it runs elsewhere."""
        return max(0.0, self.generator.machine_busy - self.generator.cpu_share - self.cpu)

    @property
    def trusted(self) -> bool:
        """False when the delays must not be shown as the server's."""
        return self.complete and self.overload is None

    @property
    def problems(self) -> list[str]:
        """Why this case is not as it should be, a sentence each."""
        if self.failed is not None:
            return [self.failed.problem]
        found = [
            f"{n} {'message was' if n == 1 else 'messages were'} {kind}"
            for kind, n in self.faults.items()
        ]
        found += [f"{n} × {what}" for what, n in self.window.failures.items()]
        found += [self.overload] if self.overload else []
        return found or ([] if self.delivery.count else ["nothing was delivered"])

    @property
    def note(self) -> str | None:
        """Which process is near its limit, when one is."""
        if self.complete and self.cpu > BUSY_SHARE:
            return f"the server used {percent(self.cpu)} of a core: it is the limit here"
        return None

    @property
    def predicted(self) -> Prediction | None:
        """What the model expected; None without a calibration."""
        if self.costs is None or not self.complete:
            return None
        plan, users, own = self.plan, self.case.users, self.client_seconds
        asks = TRANSPORTS[self.case.transport].asks
        load = Load(asks, users, self.rate, plan.poll_interval, plan.hold, own)
        return predict(load, self.costs)


def percent(share: float, places: int = 0) -> str:
    """Return a share as a percentage, to be read."""
    return f"{share * 100:.{places}f} %"
