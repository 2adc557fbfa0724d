"""The decision card: its rule, what would change it, and its page. The costs are made up and round."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from loadtests.results.model import Costs
from loadtests.table import TRANSPORTS
from tests.support.laboratory import laboratory_server
from tutorial.book.measured_numbers import Results
from tutorial.choosing.card import make_card
from tutorial.choosing.measured_costs import MeasuredCosts, measured_costs
from tutorial.choosing.rules import SIMPLEST_FIRST, Row, cost_row, recommend
from tutorial.choosing.workload import Network, Unreadable, Workload, Writers

MICROSECONDS = {"short-polling": 200, "long-polling": 200, "websocket": 10}


def units(**microseconds: float) -> MeasuredCosts:
    """Give costs in round numbers; a push costs 10 µs, a request 200."""
    cost = MICROSECONDS | {"server-sent-events": 10}
    cost |= {name.replace("_", "-"): value for name, value in microseconds.items()}
    made = {name: Costs(cost[name] / 1e6, 800.0, 150.0, 0.001, 300e-6, 0.0) for name in TRANSPORTS}
    return MeasuredCosts(made, dict.fromkeys(TRANSPORTS, 16_384.0), 100e-6)


def rows(workload: Workload, measured: MeasuredCosts | None = None) -> dict[str, Row]:
    return {row.transport: row for row in recommend(workload, measured or units()).rows}


def taken(workload: Workload, measured: MeasuredCosts | None = None) -> str:
    return recommend(workload, measured or units()).transport


@pytest.mark.parametrize(
    ("workload", "transport"),
    [
        (Workload(rate=0.1, staleness=60, readers=100), "short-polling"),
        (Workload(rate=0.1, staleness=5, readers=10_000), "server-sent-events"),
        (
            Workload(rate=10, staleness=5, readers=10_000),
            "short-polling",
        ),  # its polls come back full
        (Workload(rate=1, staleness=1, readers=1000, writers=Writers.OFTEN), "websocket"),
        (Workload(rate=1, staleness=1, readers=1000, network=Network.STRANGERS), "websocket"),
        (Workload(rate=0.02, staleness=1, readers=2000, network=Network.STRANGERS), "long-polling"),
        (Workload(rate=1, staleness=1, readers=1000, network=Network.NO_HOLD), "short-polling"),
        (
            Workload(rate=1, staleness=0.3, readers=1000, network=Network.CACHE),
            "server-sent-events",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_simplest_is_taken_that_gets_through_and_is_fresh_and_cheap(
    workload: Workload, transport: str
) -> None:
    assert taken(workload) == transport


def test_what_is_computed_is_the_work_times_the_measured_cost() -> None:
    found = rows(Workload(rate=0.1, staleness=5, readers=10_000))
    assert found["short-polling"].cores == pytest.approx(10_000 / 5 * 200e-6)
    assert found["server-sent-events"].cores == pytest.approx(10_000 * 0.1 * 10e-6)
    assert found["short-polling"].requests == 2000
    assert found["websocket"].requests == 0
    assert found["short-polling"].delay == pytest.approx(2.5, rel=0.01)
    assert found["short-polling"].oldest == 5
    assert found["websocket"].memory == 10_000 * 16_384


def test_a_readers_own_message_is_a_request_or_a_frame() -> None:
    found = rows(Workload(readers=100, writers=Writers.OFTEN, rate=0.001))
    assert found["websocket"].cores == pytest.approx(500 * 100e-6, rel=0.01)
    assert found["server-sent-events"].cores == pytest.approx(500 * 300e-6, rel=0.01)


def test_a_cache_asks_once_for_all_readers_and_a_socket_passes_it() -> None:
    many = Workload(rate=1, staleness=2, readers=100_000, network=Network.CACHE)
    found = rows(many)
    assert found["long-polling"].requests < 2
    assert found["websocket"].cores == pytest.approx(1.0)
    assert found["short-polling"].oldest == 2


def test_a_fan_out_is_split_until_its_last_reader_is_in_time() -> None:
    row = rows(Workload(rate=0.01, staleness=0.1, readers=100_000))["websocket"]
    assert row.processes == 10
    assert row.oldest < 0.1


def test_what_nothing_reaches_gets_the_quickest_and_the_truth() -> None:
    found = recommend(Workload(staleness=0.1, network=Network.CACHE, readers=10), units())
    assert found.transport == "server-sent-events"
    slow = replace(units().units["websocket"], round_trip=3.0)
    far = MeasuredCosts(dict.fromkeys(TRANSPORTS, slow), units().memory, 1e-4)
    hopeless = recommend(Workload(staleness=0.05, network=Network.CACHE), far)
    assert "quickest" in hopeless.reason


def test_a_number_of_the_machine_flips_the_recommendation() -> None:
    workload = Workload(rate=1, staleness=5, readers=1000)
    assert taken(workload) == "short-polling"  # 0.04 of a core is nothing to save
    assert taken(workload, units(short_polling=2000)) == "server-sent-events"


@pytest.mark.parametrize("network", Network)
@pytest.mark.parametrize("writers", Writers)
def test_every_transport_but_the_one_taken_says_why_not(network: Network, writers: Writers) -> None:
    workload = Workload(network=network, writers=writers)
    found = recommend(workload, units())
    assert [row.transport for row in found.rows] == list(SIMPLEST_FIRST)
    assert [row.transport for row in found.rows if not row.why_not] == [found.transport]
    assert not cost_row(found.transport, workload, units()).why_not


def test_what_would_change_it_changes_it() -> None:
    workload = Workload()
    card = make_card(workload, units())
    conditions = {change.condition: change.label for change in card.changes}
    assert conditions["down to 2\u202f000 readers"] == "Short polling"
    assert taken(replace(workload, readers=2000)) == "short-polling"
    assert taken(replace(workload, readers=5000)) != "short-polling"
    assert any("serverless" in condition for condition in conditions)


@pytest.mark.parametrize(
    "fields",
    [{"rate": "fast"}, {"rate": "0"}, {"readers": "1e9"}, {"network": "x"}, {"staleness": "nan"}],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(fields: dict[str, str]) -> None:
    with pytest.raises(Unreadable, match=r"must be|none of"):
        Workload.read(fields)


def test_the_cards_numbers_are_measured_ones() -> None:
    found = measured_costs(Results())
    assert found.units.keys() == TRANSPORTS.keys() == found.memory.keys()
    push, poll = found.units["websocket"].cpu_seconds, found.units["short-polling"].cpu_seconds
    assert 0 < push < poll / 5, "a push costs a small part of a request"
    assert any("measured" in source for source in found.sources)


def test_the_page_shows_the_card_and_a_program_gets_it_as_json() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            asked = "/choose?readers=100&rate=0.1&staleness=60&network=open"
            page = (await lab.get(asked, Accept="text/html")).body.decode()
            assert "<h2>Short polling</h2>" in page
            assert 'value="100"' in page
            assert "What would change it" in page
            plain = json.loads((await lab.get(asked, Accept="application/json")).body)
            assert plain["label"] == "Short polling"
            assert len(plain["recommendation"]["rows"]) == 4
            wrong = await lab.get("/choose?readers=0", Accept="application/json")
            assert wrong.status == 400
            assert "readers" in wrong.body.decode()

    asyncio.run(run())
