"""Generator: Locust, headless, as a process of its own, for one cell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from loadtests.results.plan import TRANSPORTS, Cell, Plan

HERE = Path(__file__).parents[1]  # where the rows are
OVERHEAD_SECONDS = 60.0  # to start, to catch up and to drain; beyond it Locust hangs
LOOK_SECONDS = 0.05


def generate(cell: Cell, plan: Plan, url: str, room: str) -> dict[str, Any]:
    """Run Locust for one cell, and give what its window measured (see window.py).

    The member `problem` says why there is nothing else.
    """
    with tempfile.TemporaryDirectory(prefix="hold-the-line-") as folder:
        file = Path(folder, "cell.json")
        seconds = OVERHEAD_SECONDS + plan.window_seconds(cell)
        log = _run(_command(cell, plan, url, room, file), file, seconds)
        if not file.exists():
            return {"problem": _why(log)}
        report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return report


def _command(cell: Cell, plan: Plan, url: str, room: str, file: Path) -> list[str]:
    locustfile, user_class = TRANSPORTS[cell.transport]
    options = {
        "locustfile": HERE / f"{locustfile}.py",
        "host": url,
        "users": cell.users,
        "spawn-rate": cell.users,
        "room": room,
        "rate": cell.rate,
        "poll-interval": plan.poll_interval,
        "hold": plan.hold,
        "seed": plan.seed,
        "warm-up": plan.warm_up,
        "measure": plan.window_seconds(cell),
        "cell-file": file,
    }
    told = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "locust", "--headless", "--only-summary", *told, user_class]


def _run(command: list[str], file: Path, seconds: float) -> str:
    """Run a command until its file is there, it ends, or `seconds` have passed; give what it logged.

    Locust takes a second to say goodbye to its users. Nobody waits for that.
    """
    quiet = {key: value for key, value in os.environ.items() if not key.startswith("LOCUST_")}
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            env=quiet,
        )
        try:
            while process.poll() is None and not file.exists() and time.monotonic() < deadline:
                time.sleep(LOOK_SECONDS)
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        return log.read()


def _why(log: str) -> str:
    """Find the line of a log that says what went wrong."""
    lines = [line for line in log.splitlines() if line.strip()]
    told = [
        line
        for line in lines
        if line.startswith("locust: ") or "Error" in line or "/ERROR/" in line
    ]
    return (told or lines or ["Locust said nothing, and did not end in time"])[-1].removeprefix(
        "locust: "
    )
