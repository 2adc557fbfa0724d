"""The page of results: what the last comparison found, and a button that starts one on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from loadtests.benchmarks.samples import Contender, Measured, Row, Sample, lines
from loadtests.benchmarks.table import save
from tests.support.http import ask
from tests.support.waiting import until
from transports.app import make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial.site import benchmark_page
from tutorial.site.results_page import Comparison, routes


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[str, Comparison]]:
    rooms = Rooms(make_store("memory", 10), 10)
    await rooms.open()
    chat, comparison = Chat(rooms), Comparison(folder)
    server = Server(
        chat,
        make_app(
            chat, [*routes(chat, comparison), *benchmark_page.routes(folder, folder / "shipped")]
        ),
    )
    yield f"http://127.0.0.1:{server.listen(0)}", comparison
    await comparison.stop()
    await server.drain()


async def test_without_a_comparison_the_page_says_so_and_the_report_is_404(tmp_path: Path) -> None:
    async with serving(tmp_path) as (url, _):
        page = await ask(url, "/results")
        assert "Nothing has been compared here yet" in page.body.decode()
        assert (await ask(url, "/results/report")).status == 404


async def test_a_report_is_framed_by_our_page_and_can_do_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("<p>a report</p>")
    async with serving(tmp_path) as (url, _):
        assert '<iframe class="report"' in (await ask(url, "/results")).body.decode()
        report = await ask(url, "/results/report")
        assert report.body == b"<p>a report</p>"
        assert "default-src 'none'" in report.headers["content-security-policy"]


async def test_a_comparison_is_started_followed_and_stopped_from_the_page(tmp_path: Path) -> None:
    async with serving(tmp_path) as (url, comparison):
        started = await ask(url, "/results/quick", "POST")
        assert (started.status, started.headers["location"]) == (303, "/results")
        await until(lambda: (tmp_path / "progress.json").exists())
        progress = (await ask(url, "/results/progress")).json
        assert progress["step"]["of"] > 1
        assert 'data-running="yes"' in (await ask(url, "/results")).body.decode()
        assert (await ask(url, "/results/full", "POST")).status == 409
        assert (await ask(url, "/results/stop", "POST")).status == 303
        assert comparison.step is None


async def test_a_comparison_that_fails_is_reported_in_its_own_words(tmp_path: Path) -> None:
    (in_the_way := tmp_path / "in-the-way").write_text("")
    comparison = Comparison(in_the_way)
    await comparison.start("quick")
    async with asyncio.timeout(30):
        await until(lambda: comparison.failure)
    assert comparison.failure == f"python -m loadtests: {in_the_way}: File exists"


async def test_nobody_from_elsewhere_starts_a_comparison(tmp_path: Path) -> None:
    async with serving(tmp_path) as (url, comparison):
        for sign in ({"Sec-Fetch-Site": "cross-site"}, {"X-Forwarded-For": "203.0.113.7"}):
            assert (await ask(url, "/results/quick", "POST", headers=sign)).status == 403
        assert comparison.step is None


async def test_the_benchmarks_page_has_a_bar_and_a_table_for_each_row(tmp_path: Path) -> None:
    row = Row("row", "A title", "What it means.", "µs")
    async with serving(tmp_path) as (url, _):
        assert "Nothing has been measured" in (await ask(url, "/benchmark")).body.decode()
        start: Any = nullcontext
        samples = {"ours": [Sample(2.0, 1000.0, 1.0, 5.0)], "peer": [Sample(4.0)]}
        contenders = [Contender(name, start, lambda _: Sample(1)) for name in samples]
        measured = Measured(row, lines(row, contenders, samples), ["Nchan: no nginx"])
        save([measured], tmp_path / "shipped")
        assert "This run came with the project" in (await ask(url, "/benchmark")).body.decode()
        save([measured], tmp_path)
        page = (await ask(url, "/benchmark")).body.decode()
    assert "This run came with the project" not in page
    for shown in ("A title", "What it means.", "0.50 ×", "1000", "Not measured: Nchan: no nginx"):
        assert shown in page
    assert page.count("<rect") == page.count('<th scope="row">') == 2
