"""The file of bets: on the reader's disk, replaced as a whole, for this machine alone. Their rules are the page's."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.laboratory import laboratory_server
from tutorial.site.bets import BETS_MOST, BetsFile

BET = {"name": "2.delay", "chapter": 2, "question": "How late?", "unit": "ms", "bet": 500}


def test_bets_written_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    def write(number: int) -> None:
        with BetsFile(tmp_path).changing() as bets:
            bets[f"bet-{number}"] = {"bet": number}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(BetsFile(tmp_path).read()) == 40


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"bets"', '{"other": 1}'])
def test_a_file_that_can_not_be_read_holds_no_bets(tmp_path: Path, broken: str) -> None:
    (tmp_path / "bets.json").write_text(broken)
    assert BetsFile(tmp_path).read() == {}


def test_a_page_writes_reads_and_removes(tmp_path: Path) -> None:
    async def run() -> None:
        async with laboratory_server(tmp_path) as lab:
            assert (await lab.post("/bets", BET)).status == 200
            settled = BET | {"measured": 1003.5}
            written = json.loads((await lab.post("/bets", settled)).body)
            del settled["name"]
            assert written == {"bets": {"2.delay": settled}}
            assert json.loads((await lab.get("/bets")).body) == written
            assert json.loads((await lab.delete("/bets")).body) == {"bets": {}}
            assert BetsFile(tmp_path).read() == {}

    asyncio.run(run())


@pytest.mark.parametrize("wrong", [{"name": "../x"}, {"name": 3}, {"name": "a" * 41}])
def test_a_name_that_is_none_is_refused_with_a_sentence(
    tmp_path: Path, wrong: dict[str, Any]
) -> None:
    async def run() -> None:
        async with laboratory_server(tmp_path) as lab:
            response = await lab.post("/bets", BET | wrong)
            assert response.status == 422
            assert "“name”" in json.loads(response.body)["detail"]
            assert not (tmp_path / "bets.json").exists()

    asyncio.run(run())


def test_a_bet_that_was_measured_stays_as_it_is(tmp_path: Path) -> None:
    async def run() -> None:
        async with laboratory_server(tmp_path) as lab:
            await lab.post("/bets", BET | {"measured": 1003.5})
            for later in ({"measured": 500}, {"bet": 1003.5}, {"bet": 1003.5, "measured": 1003.5}):
                answer = json.loads((await lab.post("/bets", BET | later)).body)
                assert answer["bets"]["2.delay"]["measured"] == 1003.5
                assert answer["bets"]["2.delay"]["bet"] == 500

    asyncio.run(run())


def test_the_file_has_an_end(tmp_path: Path) -> None:
    full = {str(number): {"bet": 1} for number in range(BETS_MOST)}
    (tmp_path / "bets.json").write_text(json.dumps({"bets": full}))

    async def run() -> None:
        async with laboratory_server(tmp_path) as lab:
            assert (await lab.post("/bets", BET)).status == 422
            assert (await lab.post("/bets", {"name": "0", "bet": 2})).status == 200

    asyncio.run(run())


def test_another_machine_can_not_read_write_or_remove_them(tmp_path: Path) -> None:
    async def run() -> None:
        async with laboratory_server(tmp_path) as lab:
            assert (await lab.post("/bets", BET, Host="chat.example")).status == 403
            assert (await lab.get("/bets", Host="chat.example")).status == 403
            assert (await lab.delete("/bets", Host="chat.example")).status == 403

    asyncio.run(run())
