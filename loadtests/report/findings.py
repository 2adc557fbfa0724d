"""Findings: what a run's numbers say, in sentences. Worded from the data: no sentence says more than this run showed.

The report, the terminal and the site say the same, because they all ask here.
"""

from __future__ import annotations

from collections.abc import Sequence

from loadtests.report.lines import Value, crossing, line
from loadtests.results.case_result import OTHERS_CORES, CaseResult, percent
from loadtests.results.model import crossover_rate
from loadtests.results.results import Results
from loadtests.table import TRANSPORTS

TIMES = {2: "twice"}


def delivery(cases: Sequence[CaseResult], rate: float) -> str:
    """Return how long deliveries took at one rate."""
    shown = [m for m in cases if m.case.rate == rate]
    said = [
        f"{milliseconds(m.delivery.quantile_ms(0.5))} over {named(m.case.transport)}"
        for m in _by_median(shown)
    ]
    return f"At {messages(rate)} a second, half of all deliveries took at most {listed(said)}."


def response_time(cases: Sequence[CaseResult], rate: float) -> str:
    """Return what Locust's own response times would have said instead."""
    polled = {m.case.transport: m for m in cases if m.case.rate == rate}
    short, long = polled.get("short-polling"), polled.get("long-polling")
    if (
        short is None
        or long is None
        or not (short.window.response_time.count and long.window.response_time.count)
    ):
        return ""
    short_ms, long_ms = (m.window.response_time.mean_ms for m in (short, long))
    asked = f"{milliseconds(short_ms)} for a short poll and {milliseconds(long_ms)} for a long one, held time included"
    wrong = ": the wrong way round" if long_ms > short_ms else ""
    return f"By response time, the usual measure, it would have been {asked}{wrong}."


def requests(results: Results, cases: Sequence[CaseResult]) -> str:
    """Return where short and long polling need as many requests, and what the model said."""
    short, long = _polling(cases, lambda m: m.requests_a_delivery)
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


def processor(cases: Sequence[CaseResult]) -> str:
    """Return which transport costs the server least at the highest rate, and where polling's lines cross."""
    highest = max(m.case.rate for m in cases)
    ranked = sorted((m for m in cases if m.case.rate == highest), key=lambda m: m.cpu)
    least, most = ranked[0], ranked[-1]
    if least is most:
        return f"At {messages(highest)} a second it takes {percent(least.cpu, 1)} of a core."
    said = (
        f"At {messages(highest)} a second {named(least.case.transport)} takes {percent(least.cpu, 1)} of a core, "
        f"{named(most.case.transport)} {most.cpu / least.cpu:.1f} times as much."
    )
    found = crossing(*_polling(cases, lambda m: m.cpu))
    return said + (f" Short and long polling cost the same at about {found:.2g}." if found else "")


def traffic(cases: Sequence[CaseResult]) -> str:
    """Return what a delivery's bytes are at the lowest rate and at the highest."""
    parts = []
    for transport in dict.fromkeys(m.case.transport for m in cases):
        points = line(cases, transport, lambda m: m.bytes_a_delivery)
        parts.append(f"{named(transport)} {points[0][1]:,.0f} → {points[-1][1]:,.0f}")
    return f"Bytes a delivery, from the lowest rate to the highest: {listed(parts)}."


def users(cases: Sequence[CaseResult]) -> str:
    """Return what more users do to delivery, from the fewest to the most."""
    parts = []
    for transport in dict.fromkeys(m.case.transport for m in cases):
        mine = [m for m in cases if m.case.transport == transport]
        if len(mine) == 1:
            continue
        ends = [milliseconds(m.delivery.quantile_ms(0.95)) for m in (mine[0], mine[-1])]
        parts.append(f"{named(transport)} from {ends[0]} to {ends[1]}")
    counts = [m.case.users for m in cases]
    if not parts:
        return "Only one number of users could be measured."
    return f"From {min(counts)} users to {max(counts)}, the 95th percentile goes: {listed(parts)}."


def held(result: CaseResult) -> str:
    """Return how many requests were held."""
    counts = [count for _, count in result.window.held]
    return (
        f"{result.case.users} users of long polling keep {min(counts)} to {max(counts)} requests held at a time: "
        f"a held request is the price of not asking again."
    )


def noise(cases: Sequence[CaseResult]) -> str:
    """Return that other programs disturbed; nothing when they didn't."""
    most = max(m.others for m in cases)
    if most <= OTHERS_CORES:
        return ""
    return (
        f"Other programs kept up to {most:.1f} of the machine’s cores busy: delays, and CPU to a lesser degree, are "
        "worse than on a quiet machine."
    )


def spread(cases: Sequence[CaseResult]) -> str:
    """Return how far the repetitions of one case spread; nothing when there was one."""
    times = max(len(m.windows) for m in cases)
    if times == 1:
        return ""
    cpu, median = (max(getattr(m, name) for m in cases) for name in ("cpu_spread", "median_spread"))
    return (
        f"Each was measured {TIMES.get(times, f'{times} times')}: its CPU came out up to {percent(cpu)} apart, its "
        f"median delay up to {percent(median)}. Smaller differences between transports say nothing."
    )


def observed(cases: Sequence[CaseResult], rate: float) -> str:
    """Return what readers without Locust saw; nothing without an observer."""
    seen = [m for m in cases if m.case.rate == rate and m.window.observed.count]
    parts = [
        f"{milliseconds(m.window.observed.quantile_ms(0.5))} over {named(m.case.transport)}, where Locust’s users saw "
        f"{milliseconds(m.delivery.quantile_ms(0.5))}"
        for m in _by_median(seen)
    ]
    return f"A plain observer saw half of all deliveries within {listed(parts)}." if parts else ""


def first_event(cases: Sequence[CaseResult], rate: float) -> str:
    """Return how long a reader that came had to wait for its first batch."""
    parts = [
        f"{milliseconds(m.window.first_event.quantile_ms(0.5))} over {named(m.case.transport)}"
        for m in cases
        if m.case.rate == rate and m.window.first_event.count
    ]
    return (
        f"All came at once, and half had their first batch within {listed(parts)}." if parts else ""
    )


def limits(cases: Sequence[CaseResult]) -> str:
    """Return which of the two processes would give out first."""
    busiest = max(cases, key=lambda m: max(m.cpu, m.generator.cpu_share))
    own = busiest.generator.cpu_share
    who = "Locust" if own > busiest.cpu else "the server"
    return (
        f"Busiest was {named(busiest.case.transport)} at {messages(busiest.case.rate)} a second with "
        f"{busiest.case.users} users: the server used {percent(busiest.cpu)} of a core and Locust {percent(own)}, "
        f"so {who} would give out first."
    )


def named(transport: str) -> str:
    """Return a transport's name as it is written inside a sentence."""
    return TRANSPORTS[transport].in_a_sentence


def messages(count: float) -> str:
    """Return a number of messages, to be read."""
    return f"{count:g} message{'' if count == 1 else 's'}"


def milliseconds(ms: float) -> str:
    """Return a delay, to be read: three figures at most."""
    if ms < 9.95:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def _polling(
    cases: Sequence[CaseResult], value: Value
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    return line(cases, "short-polling", value), line(cases, "long-polling", value)


def _by_median(cases: Sequence[CaseResult]) -> list[CaseResult]:
    return sorted(cases, key=lambda m: m.delivery.quantile_ms(0.5))


def listed(parts: Sequence[str]) -> str:
    """Return parts of a sentence as one, with an “and” before the last."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
