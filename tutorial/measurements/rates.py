"""Rates: what one room costs over each transport, the more messages it has a second."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from statistics import mean, median
from typing import Any

from tutorial.laboratory.disposable_server import PUBLISH_KEY, project_first
from tutorial.laboratory.reader_pool import TRANSPORTS
from tutorial.measurements.names import Values, word

RATES = (0.2, 1, 2, 5, 10, 50)
READERS = 20


async def busy(port: int) -> Values:
    """What one room costs over each transport at several rates of messages: requests, processor, delay."""
    given = {"run": "rates", "port": port, "room": "busy", "readers": READERS, "interval": 1.0}
    given |= {
        "delay_ms": 0,
        "seed": 7,
        "seconds": 10,
        "rates": RATES,
        "transports": list(TRANSPORTS),
    }
    values: Values = {"readers": READERS, "interval_seconds": 1}
    async for told in _crew(given):
        rate = format(told["rate"], "g")
        name = word(f"{told['transport']}_{rate}")
        deliveries = told["posted"] * READERS / given["seconds"]
        values |= {
            f"{name}_requests": told["requests_per_second"],
            f"{name}_requests_a_delivery": told["requests_per_second"] / deliveries,
            f"{name}_cpu_percent": told["cpu_percent"],
            f"{name}_mean_ms": mean(told["delays_ms"]),
            f"{name}_median_ms": median(told["delays_ms"]),
        }
    return values


async def batching(port: int) -> Values:
    """What 50 ms of patience save a busy room over long polling."""
    values: Values = {"readers": READERS}
    for delay_ms in (0, 50):
        given = {"run": "rates", "port": port, "room": f"patient-{delay_ms}", "readers": READERS}
        given |= {"interval": 1.0, "delay_ms": delay_ms, "seed": 7, "seconds": 10}
        async for told in _crew(given | {"rates": [50], "transports": ["long-polling"]}):
            values |= {
                f"delay_{delay_ms}_requests": told["requests_per_second"],
                f"delay_{delay_ms}_cpu_percent": told["cpu_percent"],
                f"delay_{delay_ms}_median_ms": median(told["delays_ms"]),
            }
    return values


async def _crew(given: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    command = (sys.executable, "-m", "tutorial.laboratory.reader_pool", json.dumps(given))
    environment = project_first() | {"CHAT_PUBLISH_KEY": PUBLISH_KEY}
    crew = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=PIPE, limit=1 << 24
    )
    assert crew.stdout is not None
    async for line in crew.stdout:
        told = json.loads(line)
        if "transport" in told:
            yield told
    await crew.wait()
