"""The pictures to touch: their rules are the server's, and they can be used by hand, by key and by ear."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import OpenPage
from transports.fanout import Fanout
from transports.room import Room
from transports.stores.memory import MemoryStore
from transports.wire import Draft, Start
from tutorial.exercises.checking.virtual_clock import VirtualLoop

pytest_plugins = ["tests.support.browser_fixtures"]

END = 12.0
TOP = "element => element.getBoundingClientRect().top + scrollY"
JUST = 1e-6


@dataclass(frozen=True, slots=True)
class Rule:
    hold: float
    pause: float
    way: float
    cursor: bool


@dataclass(frozen=True, slots=True)
class Case:
    rule: Rule
    sent: list[float]


def cases() -> list[Case]:
    chance = Random(2)
    kinds = [(0.0, 1.0, True), (25.0, 0.0, True), (2.5, 0.0, True), (25.0, 0.0, False)]
    made = []
    for hold, pause, cursor in kinds * 8:
        sent = sorted(chance.uniform(0.1, END) for _ in range(chance.randint(0, 9)))
        made.append(Case(Rule(hold, pause, chance.uniform(0.05, 0.4), cursor), sent))
    return made


class Reader:
    """A polling reader of a real room, far enough away that its requests take time."""

    def __init__(self, room: Room, rule: Rule) -> None:
        self._room, self._rule = room, rule
        self.requests: list[dict[str, Any]] = []

    async def read(self) -> None:
        rule, clock = self._rule, asyncio.get_running_loop().time
        cursor: Any = self._room.cursor
        while (asked := clock()) < END:
            await asyncio.sleep(rule.way)
            reached = clock()
            batch = await self._room.wait(cursor if rule.cursor else Start.NOW, rule.hold)
            answered, cursor = clock(), batch.cursor
            await asyncio.sleep(rule.way)
            ids = [message.id for message in batch.messages]
            times = {"asked": asked, "reached": reached, "answered": answered, "back": clock()}
            self.requests.append({**times, "ids": ids})
            await asyncio.sleep(rule.pause)


def played(case: Case) -> list[dict[str, Any]]:
    """Give the requests of a reader of our own room, on a clock that jumps."""
    found: list[dict[str, Any]] = []

    async def play() -> None:
        store = MemoryStore(1000, 1000)
        fanout = Fanout()
        fanout.rest_factor = 0.0  # on the machine's own clock
        room = Room("lobby", store, 1000, fanout)

        async def reset() -> None:
            """A store in memory loses nothing while it lives."""

        await store.open(lambda _, message: room.add(message), reset)
        reader = Reader(room, case.rule)
        reading = asyncio.ensure_future(reader.read())
        for moment in case.sent:
            await asyncio.sleep(moment - asyncio.get_running_loop().time())
            await room.post(Draft("ann", "hello"))
        await reading
        found.extend(reader.requests)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(play())
    return found


def requests_in_the_picture(page: Page, cases: list[Case]) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = page.evaluate(
        """async ([cases, end]) => {
            const { requestsOf } = await import("/static/js/lab/reading_rules.js");
            return cases.map(({ rule, sent }) => requestsOf(sent, rule, end));
        }""",
        [[asdict(case) for case in cases], END],
    )
    return found


def test_a_picture_has_the_requests_of_our_own_server_and_readers(open_page: OpenPage) -> None:
    drawn = requests_in_the_picture(open_page("/").page, cases())
    with ThreadPoolExecutor(1) as thread:  # Playwright's loop is in this one
        real = list(thread.map(played, cases()))
    for case, picture, ours in zip(cases(), drawn, real, strict=True):
        assert [one["ids"] for one in picture] == [one["ids"] for one in ours], case
        for name in ("asked", "reached", "answered", "back"):
            times = [one[name] for one in ours]
            assert [one[name] for one in picture] == pytest.approx(times, abs=JUST), case


def test_a_message_is_moved_by_key_and_by_hand_and_words_say_what_happens(
    open_page: OpenPage,
) -> None:
    page = open_page("/chapters/03", width=390).page
    picture = page.locator("message-timeline")
    ben = picture.get_by_role("slider", name="Ben’s message")
    expect(ben).to_have_attribute("aria-valuetext", re.compile("without a cursor, .* it is lost"))
    top = page.locator("#no-await-between-looking-and-waiting").evaluate(TOP)
    ben.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(ben).to_have_attribute("aria-valuenow", "1.7")
    expect(picture.locator("li").last).to_contain_text("releases the held request")
    expect(picture.locator("li").last).not_to_contain_text("lost")
    page.keyboard.press("Home")
    expect(ben).to_have_attribute("aria-valuenow", "0")
    box, frame = ben.bounding_box(), picture.locator("svg").bounding_box()
    assert box is not None
    assert frame is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] / 2, middle[1] + 5, steps=3)
    page.mouse.up()
    expect(ben).to_have_attribute("aria-valuenow", "2")
    assert page.locator("#no-await-between-looking-and-waiting").evaluate(TOP) == top
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_message_that_comes_after_the_hold_is_brought_by_the_next_request(
    open_page: OpenPage,
) -> None:
    picture = open_page("/chapters/04").page.locator("message-timeline")
    ann = picture.get_by_role("slider", name="Ann’s message")
    expect(ann).to_have_attribute("aria-valuetext", re.compile("releases the held request"))
    ann.press("End")
    for _ in range(3):
        ann.press("PageDown")
    expect(ann).to_have_attribute("aria-valuenow", "45")
    expect(picture.locator("li")).to_contain_text(
        "it releases the held request, and is seen 1 s late"
    )
    expect(picture.locator(".empty").first).to_be_attached()
