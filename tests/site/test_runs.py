"""What a page may start on this machine: readers over real sockets, whose numbers are the server's own."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from loadtests.comparison.server import fresh_server
from loadtests.table import TRANSPORTS
from tests.support.laboratory import LaboratoryServer, laboratory_server
from tests.support.waiting import PATIENCE_SECONDS, until
from transports.wire import Unacceptable
from tutorial.laboratory import answer_stream, runs
from tutorial.laboratory.answer_stream import Answer
from tutorial.laboratory.runs import SCRIPTS, script_command
from tutorial.measurements import MEASUREMENTS


async def run(lab: LaboratoryServer, name: str, **given: object) -> list[dict[str, Any]]:
    """Start a run, and give what it reported."""
    response = await lab.post(f"/runs/{name}", given)
    assert response.status == 200, response.body
    return [json.loads(line) for line in response.body.splitlines()]


def test_pollers_that_start_together_stay_together() -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            lines = await run(lab, "herd", pollers=10, interval=0.5, seconds=1.8)
            polls = [line["at"] for line in lines if "at" in line]
            assert len(polls) == lines[-1]["requests"] == lab.chat.requests["short-polling"]
            pauses = sorted(later - at for at, later in pairwise(sorted(polls)))
            assert min(pauses[-3:]) > 0.1, "nobody polls between two rounds"

    asyncio.run(test())


def test_jitter_breaks_the_step() -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            lines = await run(lab, "herd", pollers=10, interval=0.4, seconds=1.8, jitter=0.5)
            last = [line["at"] for line in lines if "at" in line][-10:]
            assert max(last) - min(last) > 0.1

    asyncio.run(test())


def test_every_reader_has_every_message_and_the_server_counts_what_they_asked() -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            lines = await run(lab, "rates", rates=[20], readers=3, seconds=1, interval=0.2)
            by = {line["transport"]: line for line in lines[:-1]}
            assert set(by) == set(TRANSPORTS)
            for line in by.values():
                assert len(line["delays_ms"]) == 3 * line["posted"] == 60
                asked = line["requests_asked_per_second"]
                assert line["requests_per_second"] == pytest.approx(asked, abs=3)
            assert (
                0 < by["short-polling"]["requests_per_second"] <= 18
            )  # 15, if the machine keeps up
            for pushing in ("websocket", "server-sent-events"):
                assert by[pushing]["requests_per_second"] == 0

    asyncio.run(test())


def test_a_batching_delay_bounds_the_requests_and_is_the_price() -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            given = {"rates": [60], "readers": 2, "seconds": 1, "transports": ["long-polling"]}
            [eager, _] = await run(lab, "rates", **given)
            [patient, _] = await run(lab, "rates", **given, delay_ms=100)
            assert len(patient["delays_ms"]) == len(eager["delays_ms"]) == 120
            assert patient["requests_per_second"] <= 2 * 10 + 3
            assert patient["requests_per_second"] < eager["requests_per_second"]
            assert max(patient["delays_ms"]) >= 99, "the first of a batch waits the whole delay"

    asyncio.run(test())


@pytest.mark.parametrize(
    "wrong", [{"pollers": 1000}, {"interval": "fast"}, {"rates": []}, {"rates": [True]}]
)
def test_numbers_out_of_bounds_are_refused(wrong: dict[str, object]) -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            assert (await lab.post("/runs/rates", wrong)).status == 422
            assert (await lab.post("/runs/anything", {})).status == 404

    asyncio.run(test())


@pytest.mark.parametrize("run", SCRIPTS)
def test_of_a_script_only_what_is_on_offer_can_be_chosen(run: str) -> None:
    module = SCRIPTS[run]
    choices = import_module(module).CHOICES
    first = {name: known[0] for name, known in choices.items()}
    *_, started, given = script_command(run, first)
    assert (started, json.loads(given)) == (module, first)
    for name in choices:
        with pytest.raises(Unacceptable, match=name):
            script_command(run, first | {name: "; rm"})


def test_a_page_takes_a_measurement_and_it_is_kept_for_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "measured.json"
    monkeypatch.setattr(runs, "YOURS", kept)

    async def test() -> None:
        async with laboratory_server() as lab:
            begins, found = await run(lab, "measure", names=["poll"])
            assert set(runs.MEASUREMENTS) <= set(MEASUREMENTS)
            assert begins["begins"] == found["name"] == "poll"
            assert json.loads(kept.read_text())["poll"]["values"] == found["values"]
            assert (await lab.post("/runs/measure", {"names": ["happiness"]})).status == 422
            assert (await lab.post("/runs/measure", {})).status == 422

    asyncio.run(test())


def test_from_its_cursor_a_reader_misses_no_token_and_without_one_what_was_written_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, seconds in (("SECONDS", 1.0), ("AWAY_SECONDS", 0.25), ("SETTLE_SECONDS", 0.3)):
        monkeypatch.setattr(answer_stream, name, seconds)
    with fresh_server() as server:
        row = Answer(server.port, "server-sent-events", rate=40).row()
    assert (row["tokens"], row["lost_cursor"], row["lost_plain"]) == (40, 0, 10)
    assert row["requests_a_token"] == 0
    assert row["first_ms"] > 0


def test_one_run_at_a_time() -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            first = asyncio.ensure_future(run(lab, "herd", pollers=1, seconds=1))
            await until(lambda: lab.chat.requests["short-polling"])
            assert (await lab.post("/runs/herd", {})).status == 503
            await first

    asyncio.run(test())


async def begun(lab: LaboratoryServer, run: str, given: dict[str, str]) -> asyncio.StreamWriter:
    """Start a run as a page does, and return once it reports that all it needs has started."""
    reader, writer = await asyncio.open_connection("127.0.0.1", lab.port)
    body = json.dumps(given).encode()
    head = f"POST /runs/{run} HTTP/1.1\r\nHost: 127.0.0.1:{lab.port}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    assert b" 200 OK" in await reader.readuntil(b"{")
    return writer


@pytest.mark.parametrize(
    ("run", "given"),
    [("tables", {"rate": "1"}), ("ramp", {"transport": "websocket", "rate": "10"})],
)
def test_a_page_that_leaves_leaves_no_process_behind(run: str, given: dict[str, str]) -> None:
    async def test() -> None:
        async with laboratory_server() as lab:
            here = psutil.Process()
            before = set(here.children())
            page = await begun(lab, run, given)
            [started] = set(here.children()) - before
            everything = [started, *started.children(recursive=True)]
            assert len(everything) >= 2
            page.close()
            left = (
                await asyncio.to_thread(psutil.wait_procs, everything, timeout=PATIENCE_SECONDS)
            )[1]
            assert left == []

    asyncio.run(test())


async def test_a_server_that_stops_ends_what_it_runs_and_waits_for_the_end() -> None:
    before, here = asyncio.all_tasks(), psutil.Process()
    children = set(here.children())
    async with laboratory_server() as lab:
        page = await begun(lab, "tables", {"rate": "1"})
        [started] = set(here.children()) - children
    still = [task for task in asyncio.all_tasks() - before if "_execute" in repr(task)]
    assert still == []
    assert not started.is_running()
    page.close()
