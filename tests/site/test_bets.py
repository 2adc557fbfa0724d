"""The ledger of bets: kept on the reader's disk, once, whole, and for this machine alone."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.laboratory import serving
from transports.wire import Unacceptable
from tutorial.site.bets import BETS_MOST, Ledger

BET = {"name": "2.delay", "chapter": 2, "question": "How late?", "unit": "ms", "bet": 500}


def test_a_bet_can_be_changed_until_it_is_settled_and_the_newest_measurement_counts(
    tmp_path: Path,
) -> None:
    ledger = Ledger(tmp_path)
    ledger.place("delay", {"bet": 500})
    ledger.place("delay", {"bet": 700})
    ledger.settle("delay", {"measured": 1000})
    ledger.place("delay", {"bet": 1000})
    ledger.settle("delay", {"measured": 900})
    assert Ledger(tmp_path).bets() == {"delay": {"bet": 700, "measured": 900}}


def test_what_was_not_bet_on_is_not_settled(tmp_path: Path) -> None:
    with pytest.raises(Unacceptable):
        Ledger(tmp_path).settle("delay", {"measured": 1})


def test_bets_placed_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    def place(number: int) -> None:
        Ledger(tmp_path).place(f"bet-{number}", {"bet": number})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(place, range(40)))
    assert len(Ledger(tmp_path).bets()) == 40


def test_a_ledger_has_an_end(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    full = {str(number): {"bet": 1} for number in range(BETS_MOST)}
    (tmp_path / "ledger.json").write_text(json.dumps({"bets": full}))
    with pytest.raises(Unacceptable):
        ledger.place("more", {"bet": 1})
    ledger.place("0", {"bet": 2})
    assert ledger.bets()["0"] == {"bet": 2}


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"bets"', '{"other": 1}'])
def test_a_ledger_that_can_not_be_read_is_an_empty_one(tmp_path: Path, broken: str) -> None:
    (tmp_path / "ledger.json").write_text(broken)
    assert Ledger(tmp_path).bets() == {}


def test_forgetting_begins_anew(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.place("delay", {"bet": 1})
    ledger.forget()
    assert ledger.bets() == {}


def test_a_page_places_settles_and_reads(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path) as lab:
            assert (await lab.post("/ledger/bets", BET)).code == 200
            outcome = {"name": "2.delay", "measured": 1003.5, "ratio": 0.498, "n": 40}
            told = json.loads((await lab.post("/ledger/outcomes", outcome)).body)
            assert told == json.loads((await lab.get("/ledger")).body)
            assert told["bets"]["2.delay"]["bet"] == 500
            assert told["bets"]["2.delay"]["measured"] == 1003.5

    asyncio.run(run())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../x"},
        {"question": 3},
        {"bet": "many"},
        {"bet": True},
        {"bet": ["one"]},
        {"bet": ["a"] * 9},
        {"bet": [1, 2]},
        {"chapter": None},
    ],
)
def test_what_is_no_bet_is_refused_with_a_sentence(tmp_path: Path, wrong: dict[str, Any]) -> None:
    async def run() -> None:
        async with serving(tmp_path) as lab:
            response = await lab.post("/ledger/bets", BET | wrong)
            assert response.code == 422
            assert "“" in json.loads(response.body)["detail"]
            assert not (tmp_path / "ledger.json").exists()

    asyncio.run(run())


def test_another_machine_can_not_read_or_write_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with serving(tmp_path) as lab:
            assert (await lab.post("/ledger/bets", BET, Host="chat.example")).code == 403
            assert (await lab.get("/ledger", Host="chat.example")).code == 403

    asyncio.run(run())
