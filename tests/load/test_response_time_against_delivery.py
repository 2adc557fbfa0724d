"""The two tables of one run: a real Locust against a real server, and what they contradict each other in."""

from __future__ import annotations

import pytest

from loadtests.comparison.server import fresh_server
from loadtests.experiments.response_time_against_delivery import NothingMeasured, both_measures


def test_both_tables_are_of_the_same_messages_and_contradict_each_other() -> None:
    with fresh_server() as server:
        *_, last = both_measures(server.url, "5", seconds=3.0)
    short, long, socket = (last["rows"][t] for t in ("short-polling", "long-polling", "websocket"))
    assert short["response_ms"] < long["response_ms"]
    assert long["delivery_ms"] < short["delivery_ms"]
    assert (socket["response_ms"], socket["responses"]) == (0, socket["deliveries"])
    assert short["deliveries"] == long["deliveries"] == socket["deliveries"] > 0
    assert short["lost"] == long["lost"] == socket["lost"] == 0


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(NothingMeasured, match="can’t be reached"):
        list(both_measures("http://127.0.0.1:9", "1"))
