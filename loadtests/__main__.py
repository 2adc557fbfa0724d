"""`python -m loadtests`: compare the transports by what people feel – delivery – in one command.

Starts a fresh server and a fresh Locust for each cell; writes results/results.json and results/report.html.
`python -m loadtests fanout` measures the server's CPU a delivery beside other servers.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import NoReturn

from loadtests.client.inspection import NotTheChat
from loadtests.comparison.calibration import Refused
from loadtests.comparison.comparison import Unserved, compare
from loadtests.comparison.machine import TooMany, make_room
from loadtests.comparison.progress import Step, note_progress
from loadtests.comparison.server import NotStarted
from loadtests.report.html import render
from loadtests.report.terminal import Progress, summary
from loadtests.results.files import FOLDER, REPORT, replace
from loadtests.results.plan import TRANSPORTS, Plan
from loadtests.results.results import Results

NOT_RIGHT, UNUSABLE, INTERRUPTED = 1, 2, 130
FULL = Plan(tuple(TRANSPORTS), (0.2, 2.0, 10.0), (100,), seconds=5.0, rounds=2)
QUICK = Plan(tuple(TRANSPORTS)[:3], (0.5, 5.0), (100,), seconds=2.5, warm_up=0.5)


class BadOption(Exception):
    """What was asked for makes no sense; the text says why."""


class Options(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise BadOption(f"{message} (see --help)")


def make_parser() -> argparse.ArgumentParser:
    """Describe every option."""
    options = Options(
        prog="python -m loadtests",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = options.add_argument
    add("--quick", action="store_true", help="three transports, two rates, under a minute")
    add("--transports", type=transports, metavar="NAME,…", help=f"of {', '.join(TRANSPORTS)}")
    add("--rates", type=numbers(0.01, 1000), metavar="N,…", help="messages a second (0.2,2,10)")
    add("--users", type=counts(1, 1_000_000), metavar="N,…", help="readers (100)")
    add(
        "--seconds",
        type=number(0.5, 3600),
        help="a window (5; longer where messages are rare)",
    )
    add(
        "--rounds",
        type=count(1, 100),
        help="windows a cell, apart in time; the more, the steadier (2)",
    )
    add("--poll-interval", type=number(0.05, 60), help="of short polling, seconds (1)")
    add("--hold", type=number(1, 55), help="of long polling, seconds (25)")
    add("--seed", type=int, help="the same seed, the same messages at the same times (1)")
    add("--url", type=address, help="a server that runs already (--rate-limit=0, or it refuses)")
    add("--results", type=Path, default=FOLDER, metavar="FOLDER", help="where to write (results)")
    add(
        "--progress",
        choices=("bar", "json"),
        default="bar",
        help="json: one object a line on standard output",
    )
    return options


def number(least: float, most: float):  # type: ignore[no-untyped-def]
    """Make a reader of numbers from `least` to `most` for argparse."""

    def read(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    read.__name__ = "number"
    return read


def numbers(least: float, most: float):  # type: ignore[no-untyped-def]
    """Make a reader of numbers with commas between them; they come out ascending, each once."""

    def read(text: str) -> tuple[float, ...]:
        return tuple(sorted({number(least, most)(part) for part in text.split(",")}))

    read.__name__ = "list of numbers"
    return read


def count(least: int, most: int):  # type: ignore[no-untyped-def]
    """Make a reader of whole numbers from `least` to `most` for argparse."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return value

    read.__name__ = "whole number"
    return read


def counts(least: int, most: int):  # type: ignore[no-untyped-def]
    """Make a reader of whole numbers with commas between them."""

    def read(text: str) -> tuple[int, ...]:
        return tuple(sorted({count(least, most)(part) for part in text.split(",")}))

    read.__name__ = "list of whole numbers"
    return read


def transports(text: str) -> tuple[str, ...]:
    """Read transports' names with commas between them."""
    named = tuple(dict.fromkeys(text.split(",")))
    for name in named:
        if name not in TRANSPORTS:
            raise argparse.ArgumentTypeError(
                f"there is no transport {name!r}, only {', '.join(TRANSPORTS)}"
            )
    return named


def address(text: str) -> str:
    """Read a server's URL."""
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address like http://127.0.0.1:8888")
    return text.rstrip("/")


def make_plan(options: argparse.Namespace) -> Plan:
    """Give the plan that the options ask for."""
    base = QUICK if options.quick else FULL
    names = ("transports", "rates", "users", "seconds", "rounds", "poll_interval", "hold", "seed")
    asked = {name: value for name in names if (value := getattr(options, name)) is not None}
    return Plan(**{**{name: getattr(base, name) for name in base.__slots__}, **asked})


def run(options: argparse.Namespace) -> int:
    """Compare, write the results, print them, and give the exit status."""
    plan = make_plan(options)
    make_room(max(plan.users))
    bar = Progress()

    def tell(step: Step) -> None:
        note_progress(step, options.results)
        if options.progress == "json":
            print(json.dumps(step.to_json()), flush=True)
        else:
            bar.tell(step)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = compare(plan, tell, options.url)
    bar.end()
    return finish(results, options)


def finish(results: Results, options: argparse.Namespace) -> int:
    """Write and print what was measured, and give the exit status."""
    if results.said:
        results.save(options.results)
        replace(options.results / REPORT, render(results))
        report = f"\n\nThe report: {options.results / REPORT}"
        print(
            summary(results) + report, file=sys.stderr if options.progress == "json" else sys.stdout
        )
    if results.interrupted:
        return INTERRUPTED
    return 0 if results.right else NOT_RIGHT


def main(arguments: list[str]) -> int:
    """Run the command, and give its exit status."""
    if arguments and arguments[0] == "fanout":
        from loadtests.benchmarks.fanout import main as fanout

        return fanout(arguments[1:])
    try:
        return run(make_parser().parse_args(arguments))
    except (BadOption, TooMany, NotStarted, NotTheChat, Refused, Unserved) as problem:
        print(f"python -m loadtests: {problem}", file=sys.stderr)
    except OSError as problem:
        print(f"python -m loadtests: {problem.strerror or problem}", file=sys.stderr)
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
