"""What waiting costs, as the readers count it, is what the servers count."""

from __future__ import annotations

import pytest

from loadtests.client.raw_http import inspect, request
from loadtests.client.reader_pool import ReaderPool
from loadtests.comparison.server import fresh_server
from tutorial.laboratory.waiting_cost import Waiting, wait


def test_a_row_is_the_servers_own_count_of_requests_and_bytes() -> None:
    pool = ReaderPool()
    with fresh_server() as server:
        waiting = Waiting.begin(pool, "short-polling", server.port, readers=10)
        before = inspect(server.port)
        waiting.count_from_now()
        pool.serve(3)
        row, after = waiting.row(), inspect(server.port)
        pool.close()
    inspected = len(
        request("GET", "/inspect")
    )  # the answers' bytes are within what is allowed below
    both = ("bytes_received", "bytes_sent")
    counted = sum(after[name] - before[name] for name in both) - inspected
    polls = after["requests"]["short-polling"] - before["requests"]["short-polling"]
    assert 10 * (row["requests"] or 0) == pytest.approx(polls, abs=2)
    assert 10 * (row["bytes"] or 0) == pytest.approx(counted, rel=0.1)


def test_every_reader_receives_the_message_and_weighs_something() -> None:
    lines = list(wait(8, readers=20))
    assert [line["seconds"] for line in lines] == list(range(1, 9))
    assert all(row["delay_ms"] is None for row in lines[3]["rows"].values())
    rows = lines[-1]["rows"]
    assert all(row["received"] == 20 and row["kib"] > 0 for row in rows.values())
    assert rows["websocket"]["requests"] == rows["server-sent-events"]["requests"] == 0
    assert rows["long-polling"]["requests"] == 1
    assert 1 < rows["short-polling"]["requests"] <= 8.7  # one a second, if the machine keeps up
    assert rows["websocket"]["delay_ms"] < rows["short-polling"]["delay_ms"]
