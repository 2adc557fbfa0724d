"""Window result: what one window of one case measured, as Locust's process hands it over and as the results keep it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from loadtests.results.histogram import Histogram


@dataclass(frozen=True, slots=True)
class GeneratorLoad:
    """How busy Locust itself was: shares of a core, its loop's lag, and how late it posted a message.

    `queued_share` is the share of the time in which it wanted a core, and other programs had them all.
    """

    cpu_share: float
    machine_busy: float  # cores, of all programs of the machine
    lag_p50_ms: float
    lag_p99_ms: float
    late_ms: float
    queued_share: float = 0.0

    @property
    def busy_share(self) -> float:
        """The share of the time in which it computed, or wanted to."""
        return self.cpu_share + self.queued_share


@dataclass(frozen=True, slots=True)
class WindowResult:
    """What the server did between the window's edges, and what of it arrived, how late.

    `arrived` counts deliveries between the edges; `delivery` has those of the messages that were due between them,
    however late they came. `held` are requests held at seconds from the window's opening.
    """

    opened_at: float  # seconds since 1970
    seconds: float
    cpu_seconds: float
    requests: int
    bytes_received: int
    bytes_sent: int
    rss_bytes: int
    loop_lag_ms: float
    published: int
    arrived: int
    delivery: Histogram
    response_time: Histogram  # as Locust has it, a poll's hold included
    first_event: Histogram  # from a reader's coming to its first batch
    faults: dict[str, int]
    failures: dict[str, int]
    held: tuple[tuple[float, int], ...]
    generator: GeneratorLoad
    observed: Histogram = field(default_factory=Histogram)  # by a reader outside of Locust

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        members = {member.name: getattr(self, member.name) for member in fields(self)}
        written = {
            name: value.to_json() if isinstance(value, Histogram) else value
            for name, value in members.items()
        }
        return written | {"generator": asdict(self.generator)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> WindowResult:
        """Read what `to_json` returned. Raises: KeyError, TypeError, ValueError."""
        names = {"delivery", "response_time", "first_event", "observed"}
        histograms = {name: Histogram.from_json(data[name]) for name in names}
        held = tuple((float(at), int(count)) for at, count in data["held"])
        generator = GeneratorLoad(**data["generator"])
        return cls(**{**data, **histograms, "held": held, "generator": generator})


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no result; `problem` says why."""

    problem: str


Outcome = WindowResult | Failed


def outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    """Return what `outcome_from_json` reads."""
    return {"problem": outcome.problem} if isinstance(outcome, Failed) else outcome.to_json()


def outcome_from_json(data: dict[str, Any]) -> Outcome:
    """Read what `outcome_to_json` returned."""
    return Failed(data["problem"]) if "problem" in data else WindowResult.from_json(data)
