"""`python -m tutorial measure`: the numbers that the chapters speak of, taken again on this machine.

Each measurement starts a server of its own in another process, and reads it as a browser would. The pages show the
results (see `measured_numbers`): the reader's own from `.learner/`, else the project's.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import tornado

from loadtests.comparison.server import fresh_server
from tutorial.book.measured_numbers import YOURS
from tutorial.measurements import MEASUREMENTS


def measure(name: str) -> dict[str, Any]:
    """Take one measurement; return its values, and what they were taken on."""
    with fresh_server() as server:
        values = MEASUREMENTS[name](server.port)
    rounded = {member: float(f"{value:.4g}") for member, value in values.items()}
    return {"when": date.today().isoformat(), "machine": machine(), "values": rounded}


def machine() -> str:
    """Return what this is measured on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()}, {python}, Tornado {tornado.version}"


def main(arguments: Sequence[str]) -> int:
    """Take the measurements that are named, or all, and keep their results."""
    parser = argparse.ArgumentParser(prog="python -m tutorial measure", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], metavar="NAME")
    parser.add_argument("--keep", type=Path, default=YOURS, help=f"default: {YOURS}")
    options = parser.parse_args(arguments)
    for name in options.names or MEASUREMENTS:
        print(f"{name}: {(MEASUREMENTS[name].__doc__ or '').strip()}", flush=True)
        measurement = measure(name)
        for member, value in measurement["values"].items():
            print(f"  {member:<40} {value:>12g}", flush=True)
        keep(options.keep, name, measurement)
    print(f"Kept in {options.keep}; the chapters show them now.")
    return 0


def keep(file: Path, name: str, measurement: dict[str, Any]) -> None:
    """Put one measurement's results beside the others."""
    everything = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(everything | {name: measurement}, indent=1) + "\n", "utf-8")
