"""Results: what a run measured, as it is kept in `results/results.json`, and what follows from it.

The file keeps what was measured (raw histograms too); everything derived is computed from it here, in one place, so
that the terminal, the report and the site cannot disagree. Nothing here needs Locust.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.cells import LABELS, Cell, Plan
from loadtests.histogram import Histogram
from loadtests.model import Costs, Load, Prediction, predict

FOLDER = Path("results")
RESULTS = "results.json"
REPORT = "report.html"
PROGRESS = "progress.json"
VERSION = 1

BUSY_SHARE = 0.85  # of a core: a process above it is late because it is busy
LATE_MEDIAN_MS = 10.0  # a generator's loop that is usually this late measures itself
LATE_P99_MS = 250.0
LATE_PUBLISHER_MS = 500.0
OTHERS_CORES = 0.3  # of other programs; above it, their noise is worth a note


@dataclass(frozen=True)
class Measured:
    """One cell and what Locust and the server said of it (see window.py for the members of `said`)."""

    cell: Cell
    said: dict[str, Any]
    costs: Costs | None
    poll_interval: float
    hold: float

    @property
    def label(self) -> str:
        return LABELS[self.cell.transport]

    @property
    def complete(self) -> bool:
        """False when there are no numbers at all."""
        return "problem" not in self.said and self.deliveries > 0

    @property
    def delivery(self) -> Histogram:
        return Histogram.from_json(self.said["delivery"])

    @property
    def naive(self) -> Histogram:
        """What Locust itself would have called the response times: a held poll's hold included."""
        return Histogram.from_json(self.said["naive"])

    @property
    def deliveries(self) -> int:
        return sum(self.said["delivery"]["buckets"].values()) if "delivery" in self.said else 0

    @property
    def rate(self) -> float:
        """Messages a second that were published in the window."""
        return float(self.said["published"] / self.said["seconds"])

    @property
    def requests_a_second(self) -> float:
        return float(self.said["requests"] / self.said["seconds"])

    @property
    def requests_a_delivery(self) -> float:
        return float(self.said["requests"] / self.deliveries)

    @property
    def bytes_a_second(self) -> float:
        return float((self.said["bytes_received"] + self.said["bytes_sent"]) / self.said["seconds"])

    @property
    def bytes_a_delivery(self) -> float:
        return self.bytes_a_second * float(self.said["seconds"]) / self.deliveries

    @property
    def cpu(self) -> float:
        """The share of one core that the server used."""
        return float(self.said["cpu_seconds"] / self.said["seconds"])

    @property
    def cpu_ms_a_thousand(self) -> float:
        """Server CPU milliseconds a 1000 deliveries, taking the messages in included."""
        return float(self.said["cpu_seconds"] * 1e6 / self.deliveries)

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
        elif (late_ms := self.said["publisher"]["late_ms"]) > LATE_PUBLISHER_MS:
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


@dataclass
class Results:
    """A run, as far as it has come."""

    plan: Plan
    machine: dict[str, str]
    started_at: str
    costs: dict[str, Costs] = field(default_factory=dict)
    said: list[tuple[Cell, dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def cells(self) -> list[Measured]:
        """Give the cells in the plan's order of transports, rates rising."""
        order = {transport: place for place, transport in enumerate(self.plan.transports)}
        made = [
            Measured(
                cell, said, self.costs.get(cell.transport), self.plan.poll_interval, self.plan.hold
            )
            for cell, said in self.said
        ]
        return sorted(made, key=lambda m: (m.cell.users, m.cell.rate, order[m.cell.transport]))

    @property
    def right(self) -> bool:
        """True when every cell of the plan was measured, and nothing is wrong with any."""
        whole = len(self.said) == len(self.plan.cells()) and not self.interrupted
        return whole and not any(measured.problems for measured in self.cells)

    def to_json(self) -> dict[str, Any]:
        """Give what `from_json` reads."""
        return {
            "version": VERSION,
            "started_at": self.started_at,
            "interrupted": self.interrupted,
            "notes": self.notes,
            "machine": self.machine,
            "plan": asdict(self.plan),
            "calibration": {transport: asdict(costs) for transport, costs in self.costs.items()},
            "cells": [{**asdict(cell), **said} for cell, said in self.said],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Results:
        """Read what `to_json` gave. Raises: ValueError for another version."""
        if data.get("version") != VERSION:
            raise ValueError("results of another version")
        plan: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data["plan"].items()
        }
        said = [(Cell(c["transport"], c["rate"], c["users"]), c) for c in data["cells"]]
        costs = {transport: Costs(**c) for transport, c in data["calibration"].items()}
        return cls(
            Plan(**plan),
            data["machine"],
            data["started_at"],
            costs,
            said,
            data["notes"],
            data["interrupted"],
        )

    def save(self, folder: Path = FOLDER) -> None:
        """Write `results.json`, whole or not at all."""
        replace(folder / RESULTS, json.dumps(self.to_json(), separators=(",", ":")))


def last(folder: Path = FOLDER) -> Results | None:
    """Give the last run's results; None when there are none that can be read."""
    try:
        return Results.from_json(json.loads((folder / RESULTS).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Step:
    """Where a run is. `seconds_left` is an estimate; `now` says in words what is being done."""

    done: int
    of: int
    now: str
    seconds_left: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def note_progress(step: Step, folder: Path = FOLDER) -> None:
    """Write where a run is into `progress.json`, for `progress` to read in another process."""
    replace(folder / PROGRESS, json.dumps({**step.to_json(), "process": os.getpid()}))


def progress(folder: Path = FOLDER) -> Step | None:
    """Give where the run that writes to `folder` is; None when none is running."""
    try:
        told = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        os.kill(told.pop("process"), 0)  # raises when there is no such process
        return Step(**told)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def percent(share: float, places: int = 0) -> str:
    """Write a share as a percentage."""
    return f"{share * 100:.{places}f} %"


def replace(file: Path, text: str) -> None:
    """Put `text` into a file, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
