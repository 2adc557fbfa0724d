"""Rules: which transport to take. Pure functions of a workload and of what this machine has measured.

The rule is one sentence: take the simplest transport that the network lets through, that is fresh enough, and that is
cheap enough. Cheap enough is a small share of a core, or little more than the cheapest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, exp

from loadtests.client.reading import Asks
from loadtests.results.model import Costs, Load, mean_delay, requests_a_second
from loadtests.table import TRANSPORTS
from tutorial.choosing.measured_costs import MeasuredCosts
from tutorial.choosing.workload import Network, Workload

# A request; a stream that the browser reconnects; requests in a loop; a protocol of its own.
SIMPLEST_FIRST = ("short-polling", "server-sent-events", "long-polling", "websocket")
SMALL_CORES = 0.1  # nobody needs to save what costs less
TIMES_THE_CHEAPEST = 2.0
PLANNED_SHARE = 0.5  # of a core: half of the knee (chapter 10)
HOLD_SECONDS = 25.0
HEARTBEAT_SECONDS = 20.0
LEAST_INTERVAL_SECONDS = 0.05
COLLAPSE_SECONDS = 0.5  # nginx's proxy_cache_lock looks so often
RADIO_TAIL_SECONDS = 11.0  # a model: how long a phone's radio stays awake after each packet

BLOCKED: dict[tuple[str, Network], str] = {
    (
        "server-sent-events",
        Network.STRANGERS,
    ): "a proxy that buffers holds events back, and the page can’t see why",
    ("server-sent-events", Network.NO_HOLD): "the platform ends the stream",
    ("long-polling", Network.NO_HOLD): "the platform ends the request before there is news",
    ("websocket", Network.NO_HOLD): "the platform keeps no connection",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What one transport would cost. `why_not` is empty when nothing speaks against it.

    `delay` is the mean, in seconds; `oldest` what staleness is compared with. `cores` are the server’s, `bits` a second
    on the wire, `memory` in bytes, `radio` the modelled share of time in which a phone’s radio is awake.
    """

    transport: str
    label: str
    delay: float
    oldest: float
    requests: float
    cores: float
    processes: int
    bits: float
    memory: float
    radio: float
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The transport to take, why, and the row of each."""

    transport: str
    reason: str
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        """What people call it."""
        return TRANSPORTS[self.transport].label


def recommend(workload: Workload, measured: MeasuredCosts) -> Recommendation:
    """Return the simplest transport that gets through, is fresh enough and cheap enough."""
    rows = [cost_row(name, workload, measured) for name in SIMPLEST_FIRST]
    open_rows = [row for row in rows if not row.why_not]
    fresh = [row for row in open_rows if row.oldest <= workload.staleness * 1.001]
    cheapest = min(fresh or open_rows, key=lambda row: row.cores)
    enough = max(SMALL_CORES, TIMES_THE_CHEAPEST * cheapest.cores)
    taken = next((row for row in fresh if row.cores <= enough), None)
    quickest = min(open_rows, key=lambda row: row.delay)
    judged = tuple(_judged(row, taken or quickest, fresh, enough) for row in rows)
    chosen = taken or quickest
    return Recommendation(chosen.transport, _reason(taken, enough, judged), judged)


def _judged(row: Row, taken: Row, fresh: list[Row], enough: float) -> Row:
    """Return the row with the reason why it is not taken."""
    why_not = row.why_not
    if not why_not and row not in fresh:
        why_not = "too late"
    if not why_not and row.cores > enough:
        why_not = "takes too much of the processor"
    if not why_not and row.transport != taken.transport:
        why_not = "would do, and is less simple"
    return replace(row, why_not=why_not)


def _reason(taken: Row | None, enough: float, rows: tuple[Row, ...]) -> str:
    if taken is None:
        return "Nothing is as fresh as you ask: this is the quickest that gets through."
    simpler = [row for row in rows[: SIMPLEST_FIRST.index(taken.transport)] if row.why_not]
    cost = f"It takes {_cores(taken.cores)}"
    if not simpler:
        return f"It is the simplest, it is fresh enough, and it is cheap enough. {cost}."
    against = "; ".join(f"{row.label} {row.why_not}" for row in simpler)
    return f"It is the simplest that is left. {cost}. Of the simpler ones: {against}."


def _cores(cores: float) -> str:
    return f"{cores:.1f} cores" if cores >= 1 else f"{100 * cores:.2g} % of a core"


def cost_row(name: str, workload: Workload, measured: MeasuredCosts) -> Row:
    """Return what a transport would cost this workload; `why_not` says only whether it gets through."""
    asks, costs = TRANSPORTS[name].asks, measured.units[name]
    collapsed = workload.network is Network.CACHE and asks is not Asks.ONCE
    late = COLLAPSE_SECONDS if collapsed else 0.0
    asking = 1.0 if collapsed else workload.readers  # a cache asks once for all of them
    load = _of_one_reader(asks, workload, late)
    requests = requests_a_second(load, costs)
    work = requests or workload.rate
    cores = asking * work * costs.cpu_seconds + workload.writes * measured.of_post(name)
    processes = max(1, ceil(cores / PLANNED_SHARE), _for_freshness(asks, workload, costs))
    delay = mean_delay(replace(load, users=ceil(asking / processes)), costs) + late
    return Row(
        name,
        TRANSPORTS[name].label,
        delay=delay,
        oldest=load.poll_interval + late if asks is Asks.EVERY_INTERVAL else delay,
        requests=asking * requests,
        cores=cores,
        processes=processes,
        bits=8 * workload.readers * (work * costs.bytes + workload.rate * costs.message_bytes),
        memory=asking * measured.memory[name],
        radio=_radio(asks, workload, requests),
        why_not=BLOCKED.get((name, workload.network), ""),
    )


def _of_one_reader(asks: Asks, workload: Workload, late: float) -> Load:
    """Return the load of one reader, who polls as rarely as freshness allows."""
    interval = max(LEAST_INTERVAL_SECONDS, workload.staleness - late)
    return Load(asks, 1, workload.rate, interval, HOLD_SECONDS)


def _for_freshness(asks: Asks, workload: Workload, costs: Costs) -> int:
    """Return in how many processes a fan-out has to be split, so that the last reader isn't too late."""
    if asks is Asks.EVERY_INTERVAL:
        return 1
    return ceil(workload.readers * costs.cpu_seconds / workload.staleness)


def _radio(asks: Asks, workload: Workload, requests: float) -> float:
    """Return the share of time in which a phone’s radio is awake: a model, and no measurement."""
    wakes = requests
    if asks is Asks.ONCE:
        quiet = exp(-workload.rate * HEARTBEAT_SECONDS)  # a heartbeat comes only after silence
        wakes = workload.rate + quiet / HEARTBEAT_SECONDS
    if asks is Asks.EVERY_INTERVAL:
        return min(1.0, RADIO_TAIL_SECONDS * wakes)
    return 1 - exp(-wakes * RADIO_TAIL_SECONDS)
