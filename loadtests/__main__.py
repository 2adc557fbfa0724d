"""`python -m loadtests`: compare the transports by what people feel – delivery – in one command.

Starts a fresh server and a fresh Locust for each case; writes results/results.json and results/report.html.
`python -m loadtests fanout` measures the server's CPU a delivery beside other servers.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

from loadtests.argument_types import address, listed, number, transports
from loadtests.client.inspection import NotTheChat
from loadtests.client.limits import TooMany, raise_limits
from loadtests.comparison.comparison import Unserved, compare
from loadtests.comparison.observer import Elsewhere, local_port
from loadtests.comparison.probe import Refused
from loadtests.comparison.progress import Step, note_progress
from loadtests.comparison.progress_bar import ProgressBar
from loadtests.comparison.server import NotStarted
from loadtests.report.encoding import write_what_the_terminal_can_show
from loadtests.report.html import render
from loadtests.report.terminal import summary
from loadtests.results.expectations import Expectation, broken, worse
from loadtests.results.files import FOLDER, REPORT, replace
from loadtests.results.plan import Plan
from loadtests.results.results import NotResults, Results, read
from loadtests.table import TRANSPORTS

NOT_RIGHT, UNUSABLE, INTERRUPTED = 1, 2, 130
FULL = Plan(tuple(TRANSPORTS), (0.2, 2.0, 10.0), (100,), seconds=5.0, repetitions=2)
QUICK = Plan(tuple(TRANSPORTS), (0.5, 5.0), (100,), seconds=2.0, warm_up=0.5)
SENTENCES = (Elsewhere, NotResults, NotStarted, NotTheChat, Refused, TooMany, Unserved)


class BadOption(Exception):
    """What was asked for makes no sense; the text says why."""


class Options(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise BadOption(f"{message} (see --help)")


def make_parser() -> Options:
    """Return the parser of all options."""
    options = Options(
        prog="python -m loadtests",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_measuring(options.add_argument)
    add_judging(options.add_argument)
    return options


def add_measuring(add: Callable[..., object]) -> None:
    """Add the options that say what to measure."""
    names, milli, whole = ", ".join(TRANSPORTS), partial(number, float), partial(number, int)
    add("--quick", action="store_true", help="two rates, once each, about a minute")
    add("--transports", type=transports, metavar="NAME,…", help=f"of {names}")
    add(
        "--rates",
        type=listed(milli(0.01, 1000)),
        metavar="N,…",
        help="messages a second (0.2,2,10)",
    )
    add("--users", type=listed(whole(1, 1_000_000)), metavar="N,…", help="readers (100)")
    add("--seconds", type=milli(0.5, 3600), help="a window (5; longer where messages are rare)")
    add("--repetitions", type=whole(1, 100), help="windows a case; the more, the steadier (2)")
    add("--poll-interval", type=milli(0.05, 60), help="of short polling, seconds (1)")
    add("--hold", type=milli(1, 55), help="of long polling, seconds (25)")
    add("--seed", type=int, help="the same seed, the same messages at the same times (1)")
    add("--url", type=address, help="a server that runs already (--rate-limit=0, or it refuses)")
    add("--observer", action="store_true", help="a second opinion, by readers without Locust")


def add_judging(add: Callable[..., object]) -> None:
    """Add the options that say what becomes of it."""
    worse = "an earlier results.json: status 1 when this run is worse by more than runs spread"
    limit = "such as websocket.p95<50ms: status 1 when it is broken; may be given again"
    json_lines = "json: one object a line on standard output"
    add("--expect", type=Expectation.read, action="append", metavar="LIMIT", help=limit)
    add("--against", type=Path, metavar="FILE", help=worse)
    add("--results", type=Path, default=FOLDER, metavar="FOLDER", help="where to write (results)")
    add("--progress", choices=("bar", "json"), default="bar", help=json_lines)


def make_plan(options: argparse.Namespace) -> Plan:
    """Return the plan that the options ask for."""
    base = QUICK if options.quick else FULL
    defaults = {name: getattr(base, name) for name in base.__slots__}
    asked = {name: value for name, value in vars(options).items() if value is not None}
    return Plan(**{name: asked.get(name, default) for name, default in defaults.items()})


def run(options: argparse.Namespace) -> int:
    """Compare, write the results, print them, and return the exit status."""
    plan = make_plan(options)
    kept = read(options.against) if options.against else None
    raise_limits(max(plan.users))
    if plan.observer and options.url:
        local_port(options.url)
    bar = ProgressBar()

    def on_step(step: Step) -> None:
        note_progress(step, options.results)
        if options.progress == "json":
            print(json.dumps(step.to_json()), flush=True)
        else:
            bar.show(step)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = compare(plan, on_step, options.url)
    bar.end()
    finish(results, options)
    return status(results, options.expect or [], kept)


def finish(results: Results, options: argparse.Namespace) -> None:
    """Write and print what was measured."""
    if results.windows:
        results.save(options.results)
        replace(options.results / REPORT, render(results))
        text = f"{summary(results)}\n\nThe report: {options.results / REPORT}"
        print(text, file=sys.stderr if options.progress == "json" else sys.stdout)


def status(results: Results, expected: list[Expectation], kept: Results | None) -> int:
    """Return the exit status, after a sentence for the first limit that is broken."""
    if results.interrupted:
        return INTERRUPTED
    sentence = broken(results, expected) or (worse(results, kept) if kept else None)
    if sentence:
        print(f"python -m loadtests: {sentence}", file=sys.stderr)
    return 0 if results.right and not sentence else NOT_RIGHT


def main(arguments: list[str]) -> int:
    """Run the command, and return its exit status."""
    write_what_the_terminal_can_show()
    if arguments and arguments[0] == "fanout":
        from loadtests.benchmarks.fanout import main as fanout

        return fanout(arguments[1:])
    try:
        return run(make_parser().parse_args(arguments))
    except (BadOption, *SENTENCES) as problem:
        print(f"python -m loadtests: {problem}", file=sys.stderr)
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        print(f"python -m loadtests: {where}{problem.strerror or problem}", file=sys.stderr)
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
