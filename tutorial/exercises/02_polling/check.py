"""Let thirty clients poll for an hour on a virtual clock, then through an hour without a server."""

import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from tutorial.exercises.checking.polling_simulation import (
    CLIENTS,
    HOUR,
    INTERVAL,
    SEED,
    TOO_MANY_POLLS,
    WAY_SECONDS,
    Server,
    simulate,
)
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_DELAY = "A message waits half an interval"
READ_JITTER = "Thirty clients in step"
READ_BACK_OFF = "When the server is down"

CLOSE_SECONDS = 0.005
IN_A_ROW = 3
TOLERANCE = 0.1
MAX_POLLS_IN_AN_HOUR_DOWN = 14
LONGEST_PAUSE = 8 * 1.5

Keep = Callable[[dict[str, Any]], None]


def drive(learner: dict[str, Any], report: Keep) -> None:
    """Run the two simulations with the learner's `keep_polling`, and report what the server saw."""
    for name, down_until in (("up", 0.0), ("down", HOUR)):
        random.seed(SEED)
        server = Server(down_until)
        ended = simulate(server, learner)
        report({"name": name, "ended": ended, "polls": server.polls, "delays": server.delays})
        if ended:
            return


async def check(path: Path) -> str:
    """Return the mean delay and how often a client asked in the hour without a server."""
    async with driven(path, __file__) as program:
        async for seen in program.records():
            polls = list(seen["polls"].values())
            _goes_on(seen["ended"], polls)
            if seen["name"] == "up":
                delay = _up(polls, seen["delays"])
            else:
                most = _down(polls)
    return (
        f"{CLIENTS} clients, an hour each: a message waits {delay / INTERVAL:.3f} intervals; "
        f"at most {most} polls of a client in an hour without a server"
    )


def _goes_on(ended: str, polls: list[list[float]]) -> None:
    if ended == "EOFError":
        raise Failure("a client that polls for ever", "it returned", read=READ_BACK_OFF)
    if ended == "InterruptedError":
        seconds = max(max(times) for times in polls)
        expected = f"a client that asks every {INTERVAL:.0f} s"
        got = f"{TOO_MANY_POLLS} polls in {seconds:.0f} s"
        raise Failure(expected, got, read=READ_DELAY, timeline=_times(polls[0][:4]))


def _up(polls: list[list[float]], delays: list[float]) -> float:
    """Return the mean delay in seconds."""
    _out_of_step(polls)
    expected = f"a delay of {INTERVAL / 2:.0f} s on average, half an interval, within 10 %"
    delay = mean(delays) - WAY_SECONDS if delays else INTERVAL
    if abs(delay - INTERVAL / 2) > TOLERANCE * INTERVAL / 2:
        got = f"{delay:.1f} s"
        raise Failure(expected, got, read=READ_DELAY, timeline=_times(polls[0][:6]))
    pause = mean(after - before for times in polls for before, after in pairwise(times))
    if abs(pause - INTERVAL) > TOLERANCE * INTERVAL:
        expected = f"a poll every {INTERVAL:.0f} s on average, within 10 %"
        got = f"one every {pause:.1f} s"
        raise Failure(expected, got, read=READ_DELAY, timeline=_times(polls[0][:6]))
    return delay


def _out_of_step(polls: list[list[float]]) -> None:
    """Raise `Failure` for the first two clients that stay together."""
    for one in range(CLIENTS):
        for other in range(one):
            together = _in_step(polls[one], polls[other])
            if together:
                expected = f"no two of {CLIENTS} clients within 5 ms of each other, poll after poll"
                got = f"clients {other + 1} and {one + 1} ask together, {IN_A_ROW} times in a row"
                raise Failure(expected, got, read=READ_JITTER, timeline=together)


def _in_step(mine: list[float], others: list[float]) -> tuple[Event, ...]:
    """Return the polls at which the two clients were together; the first poll of all is not counted."""
    together: list[Event] = []
    for number, (at, other) in enumerate(zip(mine[1:], others[1:], strict=False), 2):
        if abs(at - other) >= CLOSE_SECONDS:
            together.clear()
            continue
        together.append(Event(at, f"poll {number} of both, {abs(at - other) * 1000:.1f} ms apart"))
        if len(together) == IN_A_ROW:
            return tuple(together)
    return ()


def _down(polls: list[list[float]]) -> int:
    """Return the most polls that a client made in the hour without a server."""
    most = 0
    for times in polls:
        down = [at for at in times if at < HOUR]
        most = max(most, len(down))
        if len(down) > MAX_POLLS_IN_AN_HOUR_DOWN:
            expected = f"at most {MAX_POLLS_IN_AN_HOUR_DOWN} polls in an hour without a server"
            raise Failure(expected, f"{len(down)}", read=READ_BACK_OFF, timeline=_times(down[:8]))
        _ceiling(times)
        _recovers(times)
    down_hour = [[at for at in times if at < HOUR] for times in polls]
    _doubles(down_hour)
    _out_of_step(down_hour)
    return most


def _doubles(polls: list[list[float]]) -> None:
    """The pauses after the first failures, over all clients: one interval, two, four, eight."""
    for failures in (1, 2, 3, 4):
        pauses = [times[failures] - times[failures - 1] for times in polls if failures < len(times)]
        due = 2 ** (failures - 1) * INTERVAL
        if not pauses or abs(mean(pauses) - due) > 2 * TOLERANCE * due:
            expected = f"a pause of {due:.0f} s after failure {failures} in a row, on average"
            got = f"{mean(pauses):.0f} s" if pauses else "no further poll in an hour"
            seen = _times(polls[0][: failures + 1])
            raise Failure(expected, got, read=READ_BACK_OFF, timeline=seen)


def _ceiling(times: list[float]) -> None:
    for before, after in pairwise([*times, 2 * HOUR]):
        if after - before > LONGEST_PAUSE * INTERVAL:
            expected = (
                f"a pause of at most 8 intervals, {8 * INTERVAL:.0f} s, and with its jitter of at "
                f"most {LONGEST_PAUSE * INTERVAL:.0f} s"
            )
            got = f"{after - before:.0f} s"
            raise Failure(expected, got, read=READ_BACK_OFF, timeline=_times([before, after]))


def _recovers(times: list[float]) -> None:
    """The pauses after the second success must be the usual ones again."""
    up = [at for at in times if at >= HOUR]
    pause = mean(after - before for before, after in pairwise(up))
    if abs(pause - INTERVAL) > 2 * TOLERANCE * INTERVAL:
        expected = f"pauses of {INTERVAL:.0f} s again when the server is back"
        got = f"{pause:.0f} s on average"
        raise Failure(expected, got, read=READ_BACK_OFF, timeline=_times(up[:6]))


def _times(polls: list[float]) -> tuple[Event, ...]:
    return tuple(Event(at, "a client asks") for at in polls)
