"""What waiting costs, as the readers count it, is what the servers count."""

from __future__ import annotations

import pytest

from loadtests.client.raw_http import inspect, request
from loadtests.client.reader_pool import ReaderPool
from loadtests.comparison.server import fresh_server
from tutorial.laboratory.waiting_cost import Waiting


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


def test_a_reader_that_waits_weighs_something() -> None:
    pool = ReaderPool()
    with fresh_server() as server:
        assert Waiting.begin(pool, "websocket", server.port).kib > 0
        pool.close()
