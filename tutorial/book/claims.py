"""Claims: famous numbers about transports, each beside what was measured on this machine, and whether it stands.

A claim names the measurements that decide about it (`python -m tutorial measure NAME`), and a function that does. What
can't be decided by a measurement here is not in the list; chapter 17 says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from markupsafe import Markup

from tutorial.book.measured_numbers import Results

Value = Callable[[str], float]


class Verdict(StrEnum):
    """What became of a claim."""

    STANDS = "stands"
    IN_PART = "in part"
    FAILS = "doesn’t stand"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured here, in words, and the verdict."""

    here: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim. `groups` are the measurements that `judge` looks at."""

    name: str
    source: str
    says: str
    groups: tuple[str, ...]
    judge: Callable[[Value], Judgement]


def near(value: float, claimed: float, share: float = 0.15) -> bool:
    """Return whether a value is within a share of what is claimed."""
    return abs(value - claimed) <= share * claimed


def graded(here: str, stands: bool, in_part: bool = False) -> Judgement:
    """Return a judgement from two conditions, the stricter one first."""
    grade = Verdict.STANDS if stands else Verdict.IN_PART if in_part else Verdict.FAILS
    return Judgement(here, grade)


def _exchange(value: Value) -> Judgement:
    size = value("poll.overhead_bytes")
    return graded(f"{size:.0f} B of request and headers", near(size, 800), 500 <= size <= 1000)


def _polling_clients(value: Value) -> Judgement:
    megabits = 10_000 / 60 * value("poll.total_bytes") * 8 / 1e6
    return graded(f"{megabits:.2f} Mbit/s with our bytes", near(megabits, 1.13))


def _frame(value: Value) -> Judgement:
    size = value("poll.frame_head_bytes")
    return graded(f"{size:.0f} B before each batch", 2 <= size <= 10)


def _event(value: Value) -> Judgement:
    size = value("poll.event_overhead_bytes")
    return graded(
        f"{size:.0f} B: ours has a name, an id and a chunk around it", size <= 8, size < 100
    )


def _quantum_leap(value: Value) -> Judgement:
    heads, whole = value("poll.ratio"), value("poll.ratio_with_payload")
    here = f"{heads:.0f}:1 for headers alone, {whole:.1f}:1 with the message"
    return graded(here, whole >= 500, heads >= 500)


def _three_times_faster(value: Value) -> Judgement:
    ratio = value("tables.long_polling_delivery_ms") / value("tables.websocket_delivery_ms")
    here = f"a held poll delivers after {ratio:.1f} times as long"
    return graded(here, ratio >= 2.5, ratio >= 1.5)


def _empty_poll(value: Value) -> Judgement:
    poll, handshake = value("poll.total_bytes"), value("poll.handshake_bytes")
    stands = near(poll, 756) and near(handshake, 841)
    here = f"{poll:.0f} B, handshake {handshake:.0f} B"
    return graded(here, stands, near(poll, 756) or near(handshake, 841))


def _seven_times(value: Value) -> Judgement:
    ratio = value("costs.websocket_us") / value("costs.short_polling_us")
    here = f"a push takes {ratio:.2g} times the processor time of a poll"
    return graded(here, ratio >= 5, ratio > 1)


def _saturates(value: Value) -> Judgement:
    readers = 1e6 / value("costs.websocket_us")
    count = f"{readers:,.0f}".replace(",", "\u202f")
    return graded(f"{count} readers a core, at a message a second", readers <= 1000)


def _per_connection(value: Value) -> Judgement:
    without, with_it = value("compression.off_kib"), value("compression.on_kib")
    here = f"plain Tornado: {without:.0f} KiB without, {with_it:.0f} KiB with compression"
    return graded(here, near(without, 14, 0.3) and near(with_it, 64, 0.3), with_it > 2 * without)


def _never_reads(value: Value) -> Judgement:
    plain, ours = value("unread.listeners_mb"), value("unread.follow_mb")
    return graded(
        f"{plain:.0f} MB, and {ours:.0f} MB with one batch at a time", plain > 300, plain > 100
    )


def _loses(value: Value) -> Judgement:
    two, five = value("gap.demo_2_lost_percent"), value("gap.demo_5_lost_percent")
    return graded(f"{two:.0f} % and {five:.0f} %", near(two, 50) and near(five, 80), two > 20)


def _two_tables(value: Value) -> Judgement:
    short, long = ([value(f"tables.{t}_{m}_ms") for m in ("response", "delivery")] for t in _POLLS)
    here = f"{short[0]:.0f} against {long[0]:.0f} ms of response, {short[1]:.0f} against {long[1]:.0f} ms of delivery"
    return graded(here, short[0] < long[0] / 5 and long[1] < short[1] / 5, long[1] < short[1])


_POLLS = ("short_polling", "long_polling")
_HPBN = "High Performance Browser Networking, 2013"
_LEAP = "Lubbers and Greco, “HTML5 WebSocket: A Quantum Leap”, 2010"
_BOZDAG = "Bozdag, Mesbah and van Deursen, 2007"
_DOCS = "websockets, documentation"
_FIRST = "the first figures of this project, 2026"
CLAIMS = (
    Claim("exchange", _HPBN, "about 800 B of HTTP overhead for each exchange", ("poll",), _exchange),
    Claim("polling-clients", _HPBN, "10 000 clients that poll every 60 s: 1.13 Mbit/s", ("poll",), _polling_clients),
    Claim("frame", _HPBN, "a frame from the server costs 2 to 10 B", ("poll",), _frame),
    Claim("event", _HPBN, "a server-sent event costs as little as 5 B", ("poll",), _event),
    Claim("quantum-leap", _LEAP, "“500:1 or even 1000:1” less header traffic", ("poll",), _quantum_leap),
    Claim("latency", _LEAP, "latency is 3:1, polling against a socket", ("tables",), _three_times_faster),
    Claim("empty-poll", _FIRST, "an empty poll 756 B, a handshake 841 B", ("poll",), _empty_poll),
    Claim("push-pull", _BOZDAG, "push takes 7 times the processor time of pull", ("costs",), _seven_times),
    Claim("saturation", _BOZDAG, "a push server saturates at 350 to 500 users", ("costs",), _saturates),
    Claim("memory", _DOCS, "64 KiB a connection with compression, 14 without", ("compression",), _per_connection),
    Claim("unread", _FIRST, "a reader that stalls: + 360 MB", ("unread",), _never_reads),
    Claim("lost", _FIRST, "without a cursor, 50 % are lost when two press Enter, 80 % with five", ("gap",), _loses),
    Claim("locust", _FIRST, "by response time and by delivery, polls are ordered otherwise", ("tables",), _two_tables),
)  # fmt: skip
GROUPS = tuple(dict.fromkeys(group for claim in CLAIMS for group in claim.groups))


def audit(results: Results) -> list[dict[str, Any]]:
    """Return each claim with its judgement, and who measured it, as plain data."""
    rows = []
    for claim in CLAIMS:
        plain = {"name": claim.name, "source": claim.source, "says": claim.says}
        sources = ", ".join(dict.fromkeys(results.source(group) for group in claim.groups))
        judged = asdict(claim.judge(results.value))
        rows.append({**plain, "groups": claim.groups, **judged, "measured": sources})
    return rows


def as_table(results: Results) -> Markup:
    """Return the audit as an HTML table, for a page without scripts."""
    row = Markup("<tr><td>{source}</td><td>{says}</td><td>{here}</td><td>{verdict}</td></tr>")
    heads = Markup("").join(
        Markup('<th scope="col">{}</th>').format(head)
        for head in ("source", "says", "here", "verdict")
    )
    body = Markup("").join(row.format(**one) for one in audit(results))
    return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(heads, body)
