"""Findings: what a run's numbers say, in sentences. Worded from the data: no sentence says more than this run showed.

The report, the terminal and the site say the same, because they all ask here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from loadtests.results.case_result import OTHERS_CORES, Measured, percent
from loadtests.results.model import crossover_rate
from loadtests.results.plan import LABELS
from loadtests.results.results import Results

Value = Callable[[Measured], float]
TIMES = {2: "twice"}


def trusted(results: Results, users: int) -> list[Measured]:
    """Give the cells with so many users whose numbers can be shown."""
    return [
        measured for measured in results.cells if measured.trusted and measured.cell.users == users
    ]


def line(cells: Sequence[Measured], transport: str, value: Value) -> list[tuple[float, float]]:
    """Give a transport's points, (messages a second that were published, value), rates rising."""
    return sorted((m.rate, value(m)) for m in cells if m.cell.transport == transport)


def crossing(
    one: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]
) -> float | None:
    """Give the rate at which two lines cross, straight between points on logarithmic axes; None if they don't."""
    rates = sorted({rate for rate, _ in (*one, *other)})
    apart = [(r, math.log(a / b)) for r in rates if (a := _at(one, r)) and (b := _at(other, r))]
    for (low, before), (high, after) in pairwise(apart):
        if before * after <= 0 and before != after:
            return float(low * (high / low) ** (before / (before - after)))
    return None


def _at(points: Sequence[tuple[float, float]], rate: float) -> float | None:
    """Give a line's value at a rate, straight between points on logarithmic axes; None outside, and at 0."""
    for (low, before), (high, after) in pairwise(points):
        if low <= rate <= high and low < high and before > 0 and after > 0:
            return float(before * (after / before) ** (math.log(rate / low) / math.log(high / low)))
    return None


def middle_rate(cells: Sequence[Measured]) -> float:
    """Give the rate that the charts of one rate show: the one in the middle."""
    rates = sorted({measured.cell.rate for measured in cells})
    return rates[len(rates) // 2]


def delivery(cells: Sequence[Measured], rate: float) -> str:
    """Say how long deliveries took at one rate."""
    shown = [m for m in cells if m.cell.rate == rate]
    told = [
        f"{milliseconds(m.delivery.quantile_ms(0.5))} over {named(m.cell.transport)}"
        for m in _by_median(shown)
    ]
    return f"At {messages(rate)} a second, half of all deliveries took at most {_listed(told)}."


def naive(cells: Sequence[Measured], rate: float) -> str:
    """Say what Locust's own response times would have said instead."""
    polled = {m.cell.transport: m for m in cells if m.cell.rate == rate}
    short, long = polled.get("short-polling"), polled.get("long-polling")
    if short is None or long is None or not (short.naive.count and long.naive.count):
        return ""
    return (
        f"By response time, the usual measure, it would have been {milliseconds(short.naive.mean_ms)} for a short poll "
        f"and {milliseconds(long.naive.mean_ms)} for a long one, held time included: the wrong way round."
        if long.naive.mean_ms > short.naive.mean_ms
        else f"By response time a short poll took {milliseconds(short.naive.mean_ms)}, a long one "
        f"{milliseconds(long.naive.mean_ms)}."
    )


def requests(results: Results, cells: Sequence[Measured]) -> str:
    """Say where short and long polling need as many requests, and what the model said."""
    short, long = _polling(cells, lambda m: m.requests_a_delivery)
    if not (short and long):
        return ""
    found, expected = crossing(short, long), crossover_rate(results.plan.poll_interval)
    if found is None:
        return (
            "Within these rates, short and long polling never need as many requests as each other."
        )
    below = messages(float(f"{found:.2g}"))
    return (
        f"Below {below} a second short polling needs more requests than long polling, above it "
        f"fewer; the model says {expected:.2g}, one message a poll interval."
    )


def processor(cells: Sequence[Measured]) -> str:
    """Say which transport costs the server least at the highest rate, and where polling's lines cross."""
    highest = max(m.cell.rate for m in cells)
    ranked = sorted((m for m in cells if m.cell.rate == highest), key=lambda m: m.cpu)
    least, most = ranked[0], ranked[-1]
    if least is most:
        return f"At {messages(highest)} a second it takes {percent(least.cpu, 1)} of a core."
    told = (
        f"At {messages(highest)} a second {named(least.cell.transport)} takes {percent(least.cpu, 1)} of a core, "
        f"{named(most.cell.transport)} {most.cpu / least.cpu:.1f} times as much."
    )
    found = crossing(*_polling(cells, lambda m: m.cpu))
    return told + (f" Short and long polling cost the same at about {found:.2g}." if found else "")


def traffic(cells: Sequence[Measured]) -> str:
    """Say what a delivery's bytes are at the lowest rate and at the highest."""
    parts = []
    for transport in dict.fromkeys(m.cell.transport for m in cells):
        points = line(cells, transport, lambda m: m.bytes_a_delivery)
        parts.append(f"{named(transport)} {points[0][1]:,.0f} → {points[-1][1]:,.0f}")
    return f"Bytes a delivery, from the lowest rate to the highest: {_listed(parts)}."


def users(cells: Sequence[Measured]) -> str:
    """Say what more users do to delivery, from the fewest to the most."""
    parts = []
    for transport in dict.fromkeys(m.cell.transport for m in cells):
        mine = [m for m in cells if m.cell.transport == transport]
        if len(mine) == 1:
            continue
        ends = [milliseconds(m.delivery.quantile_ms(0.95)) for m in (mine[0], mine[-1])]
        parts.append(f"{named(transport)} from {ends[0]} to {ends[1]}")
    counts = [m.cell.users for m in cells]
    if not parts:
        return "Only one number of users could be measured."
    return f"From {min(counts)} users to {max(counts)}, the 95th percentile goes: {_listed(parts)}."


def held(measured: Measured) -> str:
    """Say how many requests were held."""
    counts = [count for _, count in measured.said["held"]]
    return (
        f"{measured.cell.users} users of long polling keep {min(counts)} to {max(counts)} requests held at a time: "
        f"a held request is the price of not asking again."
    )


def noise(cells: Sequence[Measured]) -> str:
    """Say that other programs disturbed, when they did."""
    most = max(m.others for m in cells)
    if most <= OTHERS_CORES:
        return ""
    return (
        f"Other programs kept up to {most:.1f} of the machine’s cores busy: delays, and CPU to a lesser degree, are "
        "worse than on a quiet machine."
    )


def apart(cells: Sequence[Measured]) -> str:
    """Say how far the rounds of one cell came out apart; nothing when there was one round."""
    rounds = max(len(m.rounds) for m in cells)
    if rounds == 1:
        return ""
    cpu, median = (max(getattr(m, name) for m in cells) for name in ("cpu_apart", "median_apart"))
    return (
        f"Each was measured {TIMES.get(rounds, f'{rounds} times')}: its CPU came out up to {percent(cpu)} apart, its "
        f"median delay up to {percent(median)}. Smaller differences between transports say nothing."
    )


def limits(cells: Sequence[Measured]) -> str:
    """Say which of the two processes would give out first."""
    busiest = max(cells, key=lambda m: max(m.cpu, m.said["generator"]["cpu_share"]))
    own = busiest.said["generator"]["cpu_share"]
    who = "Locust" if own > busiest.cpu else "the server"
    return (
        f"Busiest was {named(busiest.cell.transport)} at {messages(busiest.cell.rate)} a second with "
        f"{busiest.cell.users} users: the server used {percent(busiest.cpu)} of a core and Locust {percent(own)}, "
        f"so {who} would give out first."
    )


def named(transport: str) -> str:
    """Write a transport's name inside a sentence."""
    label = LABELS[transport]
    return label if transport == "websocket" else label[0].lower() + label[1:]


def messages(count: float) -> str:
    """Write a number of messages."""
    return f"{count:g} message{'' if count == 1 else 's'}"


def milliseconds(ms: float) -> str:
    """Write a delay so that it can be read: three figures at most."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def _polling(
    cells: Sequence[Measured], value: Value
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    return line(cells, "short-polling", value), line(cells, "long-polling", value)


def _by_median(cells: Sequence[Measured]) -> list[Measured]:
    return sorted(cells, key=lambda m: m.delivery.quantile_ms(0.5))


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
