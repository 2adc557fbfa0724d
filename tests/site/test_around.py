"""Around the book: each link of glossary and index leads somewhere, and what a shared server opens is as said."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser

import pytest

from tests.support.browser import OpenPage
from tests.support.laboratory import laboratory_server
from tutorial.book import index
from tutorial.book.chapters import chapters
from tutorial.book.glossary import glossary
from tutorial.book.markdown import to_html
from tutorial.book.quoting import ROOT
from tutorial.site.book_pages import exercise_box
from tutorial.site.pages import make_environment

pytest_plugins = ["tests.support.browser_fixtures"]
BOOK = chapters()
TEACHING = (ROOT / "tutorial" / "teaching.md").read_text("utf-8")


class Links(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and value]


def anchors() -> set[str]:
    """Return the address of each chapter and of each of its sections."""
    found = set()
    for chapter in BOOK:
        body = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", chapter.body, flags=re.DOTALL)
        found |= {f"{chapter.path}#{heading.anchor}" for heading in to_html(body)[1]}
        found |= {chapter.path}
    return found


def test_every_entry_leads_to_a_section_that_is_there() -> None:
    there = anchors()
    terms = glossary(BOOK)
    entries = [*terms, *index.experiments(BOOK), *index.symptoms(BOOK)]
    assert [one for one in entries if one.address not in there] == []
    assert len(terms) > 60
    assert len({term.name.lower() for term in terms}) == len(terms)
    assert all(term.name.lower() in term.sentence.lower() for term in terms)


def test_every_experiment_and_every_chapter_with_a_symptom_is_listed() -> None:
    tags = {tag for one in BOOK for tag in re.findall(r'call experiment\("([a-z-]+)"', one.body)}
    assert len(index.experiments(BOOK)) == len(tags - {*index.NO_EXPERIMENTS}) > 20
    assert len(index.symptoms(BOOK)) == len(index.SYMPTOMS)


def test_the_pages_around_the_book_link_to_what_is_there() -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            pages = [await lab.get(path, Accept="text/html") for path in ("/glossary", "/teaching")]
            assert [page.status for page in pages] == [200, 200]
            there = anchors()
            for link in {link for page in pages for link in Links(page.body.decode()).found}:
                if link.startswith("/chapters/"):
                    assert link in there, link
                elif link.startswith("/") and not link.startswith("/static/"):
                    path = link.partition("#")[0].replace("&amp;", "&")
                    assert (await lab.get(path, Accept="text/html")).status == 200, link

    asyncio.run(run())


@pytest.mark.parametrize("path", ["/runs/herd", "/results/quick", "/exercises/1/check", "/bets"])
def test_what_a_teacher_is_promised_to_stay_local_is_refused_to_another_name(path: str) -> None:
    async def run() -> None:
        async with laboratory_server() as lab:
            assert (await lab.post(path, {}, Host="192.168.1.5:8888")).status == 403
            assert (await lab.get("/chapters/17", Host="192.168.1.5:8888")).status == 200
            said = await lab.post("/rooms/class/messages", {"author": "ann", "text": "hi"})
            assert said.status == 201

    asyncio.run(run())


def test_a_lesson_names_exercises_and_chapters_that_there_are() -> None:
    numbers = {one.number for one in BOOK}
    assert {int(n) for n in re.findall(r"[Cc]hapter (\d+)", TEACHING)} <= numbers
    assert exercise_box(make_environment(), 17)


def test_for_a_projector_there_are_panes_and_nothing_else(open_in_shared_tab: OpenPage) -> None:
    view = open_in_shared_tab("/chat?room=class&mode=compare&present")
    view.page.set_viewport_size({"width": 1920, "height": 1080})
    view.connected()
    assert not view.page.locator("header.site").is_visible()
    assert view.page.locator("chat-pane").first.is_visible()
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    assert view.page.evaluate(size) == 24
