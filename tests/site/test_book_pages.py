"""Reading: the book's addresses, over HTTP."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Environment
from markupsafe import Markup

from tests.support.http import Response, ask
from transports.app import make_app
from transports.chat import Chat
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from tutorial import exercises
from tutorial.book import quoting
from tutorial.book.chapters import chapter
from tutorial.book.rendering import Rendered
from tutorial.exercises.runner.workspace import Reached
from tutorial.site import book_pages, pages


class Book:
    """A server with the book's pages, and a client without manners: it follows no redirect and raises nothing."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    async def get(self, path: str, **headers: str) -> Response:
        return await self._ask(path, "GET", None, headers)

    async def post(self, path: str, **headers: str) -> Response:
        return await self._ask(path, "POST", b"", headers)

    async def _ask(
        self, path: str, method: str, body: bytes | None, headers: dict[str, str]
    ) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await ask(self._url, path, method, body, named)


@asynccontextmanager
async def open_book() -> AsyncIterator[Book]:
    rooms = Rooms(make_store("memory", 1000), 1000)
    await rooms.open()
    chat = Chat(rooms)
    server = Server(chat, make_app(chat, [*book_pages.routes(chat), *pages.routes()]))
    yield Book(server.listen(0))
    await server.drain()


async def test_a_chapter_is_at_its_number_and_every_other_spelling_leads_there() -> None:
    async with open_book() as book:
        assert (await book.get("/chapters/04")).status == 200
        for spelling in ("4", "004", "04/", "04_holding_a_request", "04_holding_a_request.md"):
            answer = await book.get(f"/chapters/{spelling}")
            assert (answer.status, answer.headers["location"]) == (301, "/chapters/04")


async def test_a_chapter_that_does_not_exist_is_a_page_that_names_those_that_do() -> None:
    async with open_book() as book:
        for number in ("99", "999"):
            answer = await book.get(f"/chapters/{number}")
            assert answer.status == 404
            assert b'href="/chapters/04"' in answer.body


async def test_the_contents_list_every_chapter_with_its_question() -> None:
    async with open_book() as book:
        contents = (await book.get("/")).body.decode()
        for number in range(9):
            assert f'href="/chapters/{number:02}"' in contents
            assert chapter(number).question.partition(" ")[0] in contents


async def test_a_chapter_leads_to_the_one_before_and_the_one_after() -> None:
    async with open_book() as book:
        page = (await book.get("/chapters/04")).body.decode()
        assert 'rel="prev" href="/chapters/03"' in page
        assert 'rel="next" href="/chapters/05"' in page


async def test_a_source_file_is_shown_whole_with_an_anchor_at_each_definition() -> None:
    async with open_book() as book:
        page = (await book.get("/source/transports/room.py")).body.decode()
        assert 'id="Room.wait"' in page
        lines = quoting.read("transports/room.py").count("\n")
        assert f'id="L{lines}"' in page


@pytest.mark.parametrize(
    "path",
    ["../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", ".git/config", "chat.db", "x"],
)
async def test_no_other_file_of_this_machine_is_shown(path: str) -> None:
    async with open_book() as book:
        assert (await book.get(f"/source/{path}")).status == 404


async def test_every_source_file_can_be_shown() -> None:
    async with open_book() as book:
        index = (await book.get("/source/")).body.decode()
        for path in quoting.paths(("transports", "static")):
            assert f'href="/source/{path}"' in index
            page = await book.get(f"/source/{path}")
            assert page.status == 200, path
            ids = re.findall(r'\bid="([^"]+)"', page.body.decode())
            assert len(ids) == len(set(ids)), path


@pytest.fixture
def learner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".learner"


async def test_an_exercises_commands_have_the_address_of_this_site() -> None:
    async with open_book() as book:
        page = (await book.get("/chapters/00", Host="chat.test:81")).body.decode()
        assert "python .learner/00_two_tabs.py http://chat.test:81" in page


async def test_a_check_runs_the_file_on_the_disk_and_gives_its_verdict(learner: Path) -> None:
    async with open_book() as book:
        answer = await book.post("/exercises/2/check")
        assert answer.status == 200
        assert json.loads(answer.body)["passed"] is False
        assert (learner / "02_polling.py").exists()


async def test_without_scripts_a_check_comes_back_to_its_chapter(learner: Path) -> None:
    async with open_book() as book:
        answer = await book.post("/exercises/2/check", Accept="text/html,*/*")
        assert (answer.status, answer.headers["location"]) == (303, "/chapters/02#exercise-2")


async def test_an_exercise_that_does_not_exist_is_one_sentence() -> None:
    async with open_book() as book:
        answer = await book.post("/exercises/99/check")
        assert answer.status == 404
        assert "There is no exercise 99" in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(
    "stranger",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"X_Forwarded_For": "192.0.2.7"},
    ],
)
async def test_only_this_machine_may_start_a_check(stranger: dict[str, str], learner: Path) -> None:
    async with open_book() as book:
        assert (await book.post("/exercises/2/check", **stranger)).status == 403
        assert not learner.exists()


async def test_the_contents_tick_the_exercises_that_are_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached: dict[int, Reached] = {2: "passed", 4: "passed-before", 5: "tried"}
    states = [replace(one, state=reached.get(one.number, "new")) for one in exercises.states()]
    monkeypatch.setattr(pages, "states", lambda: states)
    async with open_book() as book:
        items = (await book.get("/")).body.decode().split("<li value=")[1:]
    ticked = [int(item.split('"')[1]) for item in items if "✓ exercise passed" in item]
    assert ticked == [2, 4]


def test_a_chapter_is_rendered_again_when_something_is_edited_and_not_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[int] = []

    def render(asked: object, _: object) -> Rendered:
        rendered.append(1)
        return Rendered(Markup(""))

    (tmp_path / "tests").mkdir()
    file = tmp_path / "tests" / "x.py"
    file.write_text("")
    monkeypatch.setattr(quoting, "ROOT", tmp_path)
    monkeypatch.setattr(book_pages, "render", render)
    shelf = book_pages.Shelf(Environment())
    asked = replace(chapter(4), body="")
    for _ in range(3):
        shelf.rendered(asked)
    assert len(rendered) == 1
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    shelf.rendered(asked)
    assert len(rendered) == 2


def test_the_box_of_an_exercise_shows_what_its_last_check_said(learner: Path) -> None:
    learner.mkdir()
    verdict = {
        "exercise": 2, "passed": False, "seconds": 1.0, "measured": "", "expected": "<b>jitter</b>",
        "got": "a herd", "timeline": [{"seconds": 0.25, "text": "all ask"}], "read": "", "printed": "",
    }  # fmt: skip
    progress = {"02_polling": {"passed": False, "last": verdict}}
    (learner / "progress.json").write_text(json.dumps(progress))
    box = book_pages.exercise_box(pages.make_environment(), 2)
    assert "&lt;b&gt;jitter&lt;/b&gt;" in box
    assert "0.250 s" in box
    assert exercises.states()[2].state == "tried"
