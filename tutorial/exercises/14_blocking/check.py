"""Let two count pairs, and ask for the time meanwhile."""

import asyncio
import json
import time
from pathlib import Path

from tutorial.exercises.checking.http_client import HttpClient
from tutorial.exercises.sandbox.starting import serving
from tutorial.exercises.verdict import Failure, Timeline

READ_LOOP = "One loop, and everybody on it"
READ_THREAD = "Off the loop"

LAG_SECONDS = 0.010
SHARE = 0.1  # of a round: on a machine that is busy with other things, so much is allowed
IDLE_ASKS = 20
COUNTING_AT_ONCE = 2
ROUNDS = 3
PAUSE_SECONDS = 0.005


async def check(path: Path) -> str:
    """Return how long `/now` took while nobody counted, and while two did."""
    timeline = Timeline()
    async with serving(path) as program:
        client = HttpClient(program)
        await _still_counts(client, await _pairs(client))
        idle = _half_of_the_time([await _now(client) for _ in range(IDLE_ASKS)])
        began = time.monotonic()
        took = await _meanwhile(client, timeline)
        limit = max(LAG_SECONDS, SHARE * (time.monotonic() - began) / ROUNDS)
        lag = _half_of_the_time(took)
        if lag > limit:
            expected = f"/now within {limit * 1000:.0f} ms while {COUNTING_AT_ONCE} count pairs"
            got = f"{lag * 1000:.0f} ms and more for half of that time"
            raise Failure(expected, got, read=READ_LOOP, timeline=timeline.about("now", "pairs"))
    return f"/now takes {idle * 1000:.1f} ms alone, and {lag * 1000:.1f} ms while two count pairs"


async def _meanwhile(client: HttpClient, timeline: Timeline) -> list[float]:
    """Return how long each `/now` took while others counted."""
    took = []
    for _ in range(ROUNDS):
        timeline.note(f"{COUNTING_AT_ONCE} ask for the pairs", "pairs")
        counting = asyncio.gather(*(_pairs(client) for _ in range(COUNTING_AT_ONCE)))
        await asyncio.sleep(PAUSE_SECONDS)
        while not counting.done():
            took.append(await _now(client))
            timeline.note(f"/now is answered after {took[-1] * 1000:.0f} ms", "now")
            await asyncio.sleep(PAUSE_SECONDS)
        await counting
        timeline.note("they have their answers", "pairs")
    return took


def _half_of_the_time(took: list[float]) -> float:
    """Return what somebody who asks at any moment waits for, or longer, in half of the cases."""
    waited = 0.0
    for seconds in sorted(took):
        waited += seconds
        if waited >= sum(took) / 2:
            return seconds
    return 0.0


async def _now(client: HttpClient) -> float:
    began = time.monotonic()
    await client.ask("/now")
    return time.monotonic() - began


async def _pairs(client: HttpClient) -> int:
    told = await client.ask("/pairs")
    if not isinstance(told.get("pairs"), int) or told["pairs"] <= 0:
        raise Failure('the number of pairs, {"pairs": …}', json.dumps(told)[:200], read=READ_THREAD)
    return int(told["pairs"])


async def _still_counts(client: HttpClient, before: int) -> None:
    """Raise `Failure` when another sale is not counted."""
    await client.ask("/sales", '{"amount": 500}')
    after = await _pairs(client)
    if after <= before:
        expected = f"more than {before} pairs after a sale of 500"
        raise Failure(expected, f"{after} pairs, as before", read=READ_THREAD)
