"""Results: a run, as far as it has come, and as it is kept in `results/results.json`.

The file keeps what was measured, raw histograms too; what follows from it is in measured.py. Nothing here needs Locust.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.results.case_result import Measured
from loadtests.results.files import FOLDER, RESULTS, replace
from loadtests.results.model import Costs
from loadtests.results.plan import Cell, Plan
from loadtests.results.repetitions import Said

VERSION = 2


@dataclass
class Results:
    """A run, as far as it has come."""

    plan: Plan
    machine: dict[str, str]
    started_at: str
    costs: dict[str, Costs] = field(default_factory=dict)
    said: list[tuple[Cell, Said]] = field(default_factory=list)  # a cell is here once a round
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def cells(self) -> list[Measured]:
        """Give the cells in the plan's order of transports, rates rising."""
        order = {transport: place for place, transport in enumerate(self.plan.transports)}
        rounds: dict[Cell, list[Said]] = {}
        for cell, said in self.said:
            rounds.setdefault(cell, []).append(said)
        made = [
            Measured(
                cell, said, self.costs.get(cell.transport), self.plan.poll_interval, self.plan.hold
            )
            for cell, said in rounds.items()
        ]
        return sorted(made, key=lambda m: (m.cell.users, m.cell.rate, order[m.cell.transport]))

    @property
    def right(self) -> bool:
        """True when every cell of the plan was measured in each round, and nothing is wrong with any."""
        whole = len(self.said) == len(self.plan.turns()) and not self.interrupted
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
