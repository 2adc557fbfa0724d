"""`python -m tutorial measure`: the numbers that the chapters speak of, taken again on this machine.

Each measurement starts a server of its own in another process, and reads it as a browser would. `measured` shows the
results: the reader's own lie in `.learner/`, the project's beside this file.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import tornado

from tutorial.book.measured_numbers import YOURS
from tutorial.laboratory.disposable_server import fresh_server
from tutorial.measurements import MEASUREMENTS


async def measure(name: str) -> dict[str, Any]:
    """Take one measurement; give its values, and what they were taken on."""
    async with fresh_server() as port:
        values = await MEASUREMENTS[name](port)
    rounded = {member: float(f"{value:.4g}") for member, value in values.items()}
    return {"when": date.today().isoformat(), "machine": machine(), "values": rounded}


def machine() -> str:
    """Say what this is measured on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.system()}, {python}, Tornado {tornado.version}"


def main(arguments: Sequence[str]) -> int:
    """Take the measurements that are named, or all, and keep their results."""
    options = argparse.ArgumentParser(prog="python -m tutorial measure", description=__doc__)
    options.add_argument("names", nargs="*", choices=[*MEASUREMENTS, []], metavar="NAME")
    options.add_argument("--keep", type=Path, default=YOURS, help=f"default: {YOURS}")
    given = options.parse_args(arguments)
    for name in given.names or MEASUREMENTS:
        print(f"{name}: {(MEASUREMENTS[name].__doc__ or '').strip()}", flush=True)
        told = asyncio.run(measure(name))
        for member, value in told["values"].items():
            print(f"  {member:<40} {value:>12g}", flush=True)
        keep(given.keep, name, told)
    print(f"Kept in {given.keep}; the chapters show them now.")
    return 0


def keep(file: Path, name: str, told: dict[str, Any]) -> None:
    """Put one measurement's results beside the others."""
    everything = json.loads(file.read_text("utf-8")) if file.exists() else {}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(everything | {name: told}, indent=1) + "\n", "utf-8")
