"""What waiting costs, as the crowds count it, is what the servers count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tutorial.laboratory.disposable_server import fresh_server
from tutorial.laboratory.waiting_cost import Waiting, wait


def test_a_row_is_the_servers_own_count_of_requests_and_bytes() -> None:
    async def test() -> None:
        async with fresh_server() as port:
            waiting = await Waiting.begin("short-polling", port, readers=10)
            watch = waiting.watch
            before, looked = await watch.inspect(), watch.carried
            waiting.count_from_now()
            await waiting.crowd.read_on(3)
            row, after = waiting.row(), await watch.inspect()
            looked = watch.carried - looked
            await waiting.end()
        both = ("bytes_received", "bytes_sent")
        counted = sum(after[name] - before[name] for name in both) - looked
        polls = after["requests"]["short-polling"] - before["requests"]["short-polling"]
        assert 10 * (row["requests"] or 0) == pytest.approx(polls, abs=2)
        assert 10 * (row["bytes"] or 0) == pytest.approx(counted, rel=0.05)

    asyncio.run(test())


def test_every_reader_hears_what_was_said_and_weighs_something() -> None:
    async def told() -> list[dict[str, Any]]:
        return [line async for line in wait(6, readers=20)]

    lines = asyncio.run(told())
    assert [line["seconds"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert all(row["delay_ms"] is None for row in lines[2]["rows"].values())
    rows = lines[-1]["rows"]
    assert all(row["heard"] == 20 and row["kib"] > 0 for row in rows.values())
    assert rows["websocket"]["requests"] == 0
    assert rows["long-polling"]["requests"] == 1
    assert 1 < rows["short-polling"]["requests"] <= 6.7  # one a second, if the machine keeps up
    assert rows["websocket"]["delay_ms"] < rows["short-polling"]["delay_ms"]
