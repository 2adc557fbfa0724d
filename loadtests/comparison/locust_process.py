"""Locust process: Locust, headless, as a process of its own, for one window of one case."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from loadtests.comparison import child_process
from loadtests.results.plan import Case, Plan
from loadtests.results.window_result import Failed, Outcome, outcome_from_json
from loadtests.table import TRANSPORTS

HERE = Path(__file__).parents[1]  # where the rows are
OVERHEAD_SECONDS = 60.0  # to start, to catch up and to drain; beyond it Locust hangs
WAIT_SECONDS = 0.05

Wait = Callable[[float], object]


def measure(case: Case, plan: Plan, url: str, room: str, wait: Wait = time.sleep) -> Outcome:
    """Run Locust for one window, and return what it measured; `wait` passes some seconds meanwhile."""
    with tempfile.TemporaryDirectory(prefix="hold-the-line-") as folder:
        file = Path(folder, "window.json")
        deadline = time.monotonic() + OVERHEAD_SECONDS + plan.window_seconds(case)
        log = _run(_command(case, plan, url, room, file), file, deadline, wait)
        if not file.exists():
            return Failed(_why(log))
        return outcome_from_json(json.loads(file.read_text(encoding="utf-8")))


def _command(case: Case, plan: Plan, url: str, room: str, file: Path) -> list[str]:
    options = {
        "locustfile": HERE / f"{TRANSPORTS[case.transport].stem}.py",
        "host": url,
        "users": case.users,
        "spawn-rate": case.users,
        "room": room,
        "rate": case.rate,
        "poll-interval": plan.poll_interval,
        "hold": plan.hold,
        "seed": plan.seed,
        "warm-up": plan.warm_up,
        "measure": plan.window_seconds(case),
        "window-file": file,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    return ["-m", "locust", "--headless", "--only-summary", *words]


def _run(command: list[str], file: Path, deadline: float, wait: Wait) -> str:
    """Run a command until its file is there, it ends, or its time is over; return what it logged.

    Locust takes a second to say goodbye to its users. Nobody waits for that.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    with tempfile.TemporaryFile("w+") as log:
        process = child_process.start(
            command, stdout=subprocess.DEVNULL, stderr=log, env=environment
        )
        try:
            while process.poll() is None and not file.exists() and time.monotonic() < deadline:
                wait(WAIT_SECONDS)
        finally:
            process.kill()
            process.communicate()
        log.seek(0)
        return log.read()


def _why(log: str) -> str:
    """Return the line of a log that says what went wrong."""
    lines = [line for line in log.splitlines() if line.strip()]
    wrong = [
        line
        for line in lines
        if line.startswith("locust: ") or "Error" in line or "/ERROR/" in line
    ]
    silent = ["Locust wrote nothing, and did not end in time"]
    return (wrong or lines or silent)[-1].removeprefix("locust: ")
