"""`python -m loadtests fanout`: what a delivery costs this server, beside its peers, in one run.

Machines are noisy and differ, so no figure here stands alone: each is measured in the same minute as the same work done
by a peer, with the server on one core and the load on another, and what counts is the ratio. Of several repetitions
the best is taken, since noise only adds. Nothing of transports/ is imported: ours is started like any other.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys

from loadtests.benchmarks.contenders import LIBRARIES, Row, Settings
from loadtests.benchmarks.processor import Lost
from loadtests.benchmarks.rows import ROWS
from loadtests.client.limits import TooMany
from loadtests.comparison.server import NotStarted


def main(arguments: list[str]) -> int:
    """Measure the rows that are asked for, and print the table. Return the exit status."""
    options = _parse(arguments)
    unknown = sorted(set(options.rows) - set(ROWS))
    if unknown:
        known = ", ".join(ROWS)
        print(f"fanout: there is no row “{unknown[0]}”; there are {known}", file=sys.stderr)
        return 2
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    _say_what_is_missing()
    settings = Settings(options.repetitions, options.scale)
    try:
        for name in options.rows or ROWS:
            for row in ROWS[name](settings):
                print(_line(row), flush=True)
    except (Lost, TooMany, NotStarted, OSError) as problem:
        print(f"fanout: {problem}", file=sys.stderr)
        return 1
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m loadtests fanout", description=__doc__)
    options.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all")
    options.add_argument("--repetitions", type=int, default=3, help="of which the best counts (3)")
    options.add_argument("--scale", type=float, default=1.0, help="of readers and messages (1)")
    return options.parse_args(arguments)


def _say_what_is_missing() -> None:
    for peer in LIBRARIES:
        if importlib.util.find_spec(peer) is None:
            print(f"({peer} is not installed, so it isn’t measured: pip install {peer})")


def _line(row: Row) -> str:
    ratio = f"{row.ratio:6.2f} ×" if row.ratio is not None else " " * 8
    bound = f"≤ {row.bound:g}" if row.bound is not None else ""
    if row.at_least is not None:
        bound = f"≥ {row.at_least:g}"
    return f"{row.what:<52} {row.name:<16} {row.value:>10.2f} {row.unit:<14} {ratio} {bound}"
