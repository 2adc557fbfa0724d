"""`python -m loadtests fanout`: what a delivery costs this server, beside its peers, in one run.

Machines are noisy and differ, so no figure here stands alone: each server of a row does the same work in turn, round
after round, with the server on one core and the load on another. What counts is the median of the ratios. Nothing of
transports/ is imported: ours is started like any other. The results are a page of the site, too: /benchmark.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from loadtests.benchmarks.contenders import CHATS, Settings, missing
from loadtests.benchmarks.rows import QUICK, ROWS
from loadtests.benchmarks.table import missed, save, text
from loadtests.client.limits import TooMany
from loadtests.results.files import FOLDER

PEERS = tuple(peer.file for peer in CHATS)
QUICK_PEERS = PEERS[:2]


def main(arguments: list[str]) -> int:
    """Measure the rows that are asked for, print and save the table. Return the exit status."""
    options = _parse(arguments)
    if problem := _unknown("row", options.rows, ROWS) or _unknown("peer", options.peers, PEERS):
        print(f"fanout: {problem}", file=sys.stderr)
        return 2
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {1})
    quick = options.quick
    settings = Settings(
        options.rounds or (1 if quick else 3),
        0.1 if quick else options.scale,
        options.peers or (QUICK_PEERS if quick else None),
    )
    measured = []
    try:
        for name in options.rows or (QUICK if quick else ROWS):
            measured.append(ROWS[name](settings))
            print(f"\n{text(measured[-1])}", flush=True)
            save(measured, options.results)
    except (TooMany, OSError) as problem:
        print(f"fanout: {problem}", file=sys.stderr)
        return 1
    _say_what_to_know(list(missed(measured)))
    return 0


def _unknown(kind: str, asked: Iterable[str], known: Iterable[str]) -> str | None:
    """Return a sentence for the first name that means nothing."""
    unknown = sorted(set(asked) - set(known))
    return f"there is no {kind} “{unknown[0]}”; there are {', '.join(known)}" if unknown else None


def _parse(arguments: list[str]) -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m loadtests fanout", description=__doc__)
    options.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all")
    options.add_argument(
        "--quick", action="store_true", help="few rows and peers, a tenth of the work"
    )
    options.add_argument(
        "--peers", type=_names, default=(), metavar="NAME,…", help=f"of {', '.join(PEERS)}; all"
    )
    options.add_argument("--rounds", type=int, help="of which the median counts (3; quick: 1)")
    options.add_argument("--scale", type=float, default=1.0, help="of readers and messages (1)")
    options.add_argument("--results", type=Path, default=FOLDER, metavar="FOLDER", help="(results)")
    return options.parse_args(arguments)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _say_what_to_know(broken: list[str]) -> None:
    print()
    for sentence in missing():
        print(f"({sentence})")
    for sentence in broken:
        print(f"over its bound: {sentence}")
