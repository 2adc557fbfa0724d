"""Pace: how far a run is, and a guess of how long the rest takes."""

from __future__ import annotations

import time

from loadtests.comparison.progress import Step
from loadtests.results.plan import Case, Plan

# What a window takes beside its own seconds: to start, to catch up and to drain; learned as the run goes on.
OVERHEAD_SECONDS = 4.5
CALIBRATION_SECONDS = 4.0


class Pace:
    """Knows how far a run of `plan` is, and learns from how long its windows take."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._done: list[Case] = []
        self._calibrating = CALIBRATION_SECONDS
        self._overhead = OVERHEAD_SECONDS
        self._began = time.monotonic()

    def calibrated(self) -> None:
        """Go on to the cases."""
        self._calibrating = 0.0
        self._began = time.monotonic()

    def done(self, case: Case) -> None:
        """Note one more window, and learn from how long it took."""
        self._done.append(case)
        windows = sum(self._planned(case) for case in self._done)
        self._overhead = (time.monotonic() - self._began - windows) / len(self._done)

    def step(self, now: str) -> Step:
        """Return where the run is."""
        turns = self.plan.turns()
        left = sum(self._planned(case) + self._overhead for case in turns[len(self._done) :])
        return Step(len(self._done), len(turns), now, round(left + self._calibrating, 1))

    def _planned(self, case: Case) -> float:
        return self.plan.window_seconds(case) + self.plan.warm_up
