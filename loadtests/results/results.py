"""Results: a run, as far as it has come, and as it is kept in `results/results.json`.

The file keeps what was measured, raw histograms too; what follows from it is in case_result.py. Nothing here needs
Locust.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.results.case_result import CaseResult
from loadtests.results.files import FOLDER, RESULTS, replace
from loadtests.results.model import Costs
from loadtests.results.plan import Case, Plan
from loadtests.results.window_result import (
    Outcome,
    WindowResult,
    outcome_from_json,
    outcome_to_json,
)

VERSION = 3


class NotResults(Exception):
    """A file keeps no results that can be read."""


@dataclass
class Results:
    """A run, as far as it has come."""

    plan: Plan
    machine: dict[str, str]
    started_at: str
    costs: dict[str, Costs] = field(default_factory=dict)
    windows: list[tuple[Case, Outcome]] = field(default_factory=list)  # as they were measured
    interrupted: bool = False

    @property
    def cases(self) -> list[CaseResult]:
        """Return the cases in the plan's order of transports, rates rising."""
        order = {transport: place for place, transport in enumerate(self.plan.transports)}
        repetitions: dict[Case, list[Outcome]] = {}
        for case, outcome in self.windows:
            repetitions.setdefault(case, []).append(outcome)
        made = [
            CaseResult(
                case,
                outcomes,
                self.costs.get(case.transport),
                self.plan,
                self.client_seconds(case.transport),
            )
            for case, outcomes in repetitions.items()
        ]
        return sorted(made, key=lambda r: (r.case.users, r.case.rate, order[r.case.transport]))

    def client_seconds(self, transport: str) -> float:
        """Return Locust's own seconds for a delivery, computing and waiting for a processor, at their least.

        That is where deliveries are many: where they are few, its clocks and inspections weigh more than they do.
        """
        return min(
            (
                window.generator.busy_share * window.seconds / window.arrived
                for case, window in self.windows
                if case.transport == transport and isinstance(window, WindowResult)
                if window.arrived
            ),
            default=0.0,
        )

    @property
    def right(self) -> bool:
        """True when every case of the plan was measured in each repetition, and nothing is wrong with any."""
        whole = len(self.windows) == len(self.plan.turns()) and not self.interrupted
        return whole and not any(result.problems for result in self.cases)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {
            "version": VERSION,
            "started_at": self.started_at,
            "interrupted": self.interrupted,
            "machine": self.machine,
            "plan": asdict(self.plan),
            "calibration": {transport: asdict(costs) for transport, costs in self.costs.items()},
            "windows": [
                {"case": asdict(case), **outcome_to_json(outcome)} for case, outcome in self.windows
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Results:
        """Read what `to_json` returned. Raises: ValueError for another version."""
        if data.get("version") != VERSION:
            raise ValueError("results of another version")
        plan: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in data["plan"].items()
        }
        windows = [
            (
                Case(**window["case"]),
                outcome_from_json({k: window[k] for k in window.keys() - {"case"}}),
            )
            for window in data["windows"]
        ]
        costs = {transport: Costs(**c) for transport, c in data["calibration"].items()}
        made = data["machine"], data["started_at"], costs, windows, data["interrupted"]
        return cls(Plan(**plan), *made)

    def save(self, folder: Path = FOLDER) -> None:
        """Write `results.json`, whole or not at all."""
        replace(folder / RESULTS, json.dumps(self.to_json(), separators=(",", ":")))


def read(file: Path) -> Results:
    """Return the results that a file keeps. Raises: OSError, NotResults."""
    try:
        return Results.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotResults(f"{file} keeps no results of this version") from error


def last(folder: Path = FOLDER) -> Results | None:
    """Return the last run's results; None when there are none that can be read."""
    try:
        return read(folder / RESULTS)
    except (OSError, NotResults):
        return None
