"""How the chapters look and are read: narrow screens, no scripts, on paper; and their exercises' button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import OpenPage, Process
from tests.support.server_process import ROOT
from tutorial.book.chapters import chapters

pytest_plugins = ["tests.support.browser_fixtures"]

PATHS = [chapter.path for chapter in chapters()]
FILE = "/source/transports/room.py"
SHIFTS = """new PerformanceObserver((list) => {
  const values = list.getEntries().map(({ value, hadRecentInput }) => (hadRecentInput ? 0 : value));
  window.shifted = values.reduce((sum, value) => sum + value, window.shifted ?? 0);
}).observe({ type: "layout-shift", buffered: true })"""
SHIFT_MOST = 0.1  # what Lighthouse still calls good

SCRIPTS_AND_STYLES_BYTES = 180_000  # as they are written: comments and types are served, too
LOADED = """[...new Set(performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname))]
    .filter((path) => /[.](js|css)$/.test(path))"""


def weight(page: Page) -> int:
    """Return the bytes of the scripts and styles that a page has loaded."""
    return sum((ROOT / path.lstrip("/")).stat().st_size for path in page.evaluate(LOADED))


@pytest.mark.parametrize("path", [*PATHS, FILE, "/source/"])
def test_a_page_is_light_and_nothing_moves_while_it_loads_and_it_fits_every_screen(
    open_in_shared_tab: OpenPage, path: str
) -> None:
    view = open_in_shared_tab(path)
    view.page.evaluate(SHIFTS)
    view.connected() if path == PATHS[0] else view.page.wait_for_load_state("networkidle")
    assert (view.page.evaluate("window.shifted") or 0) < SHIFT_MOST
    assert 0 < weight(view.page) <= SCRIPTS_AND_STYLES_BYTES
    sections = view.page.get_by_role("navigation", name="On this page")
    view.page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for width in (320, 390, 768, 1024, 1440):
        view.page.set_viewport_size({"width": width, "height": 800})
        assert view.page.evaluate(over) <= 0, width
        assert sections.count() == (path in PATHS), "listed once"


def test_an_experiment_s_script_comes_when_the_reader_comes_near_it(
    open_in_shared_tab: OpenPage,
) -> None:
    view = open_in_shared_tab("/chapters/02")
    far = view.page.locator("herd-lab")
    expect(view.page.locator("message-timeline svg")).to_be_visible()
    assert not view.fetched["/static/js/experiments/herd_lab.js"]
    far.scroll_into_view_if_needed()
    expect(far.get_by_role("button", name="Run")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
def test_without_scripts_a_chapter_is_whole(open_in_shared_tab: OpenPage, path: str) -> None:
    view = open_in_shared_tab(path, scripts=False)
    for instead in view.page.locator(".without-scripts").all():
        expect(instead).to_be_visible()
        assert len(instead.inner_text()) > 30
    for recorded in view.page.locator(".recorded").all():
        expect(recorded).to_be_visible()
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    view.page.set_viewport_size({"width": 390, "height": 800})
    assert view.page.evaluate(over) <= 0
    for question in view.page.locator("x-bet noscript").all():
        expect(question).to_be_visible()
    expect(view.page.get_by_role("button", name="Check my file")).to_be_visible()


def test_a_question_mark_shows_what_each_key_does_and_the_keys_do_it(open_page: OpenPage) -> None:
    view = open_page("/chapters/02")
    page, sheet = view.page, view.page.get_by_role("dialog", name="Keys")
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(page).to_have_url(re.compile("/chapters/02$"))  # on the sheet, a key is only read about
    for element in ("message-timeline", "interval-lab", "byte-ruler"):
        page.keyboard.press("e")
        assert (
            page.evaluate("document.activeElement.closest('.experiment').dataset.experiment")
            == element
        )
        if element == "interval-lab":
            expect(page.locator("x-bet").first).to_be_in_viewport()  # it has to be placed first
    page.keyboard.press("x")
    assert page.evaluate("document.activeElement.closest('.exercise').id") == "exercise-2"
    page.get_by_role("spinbutton").first.press("n")
    expect(page).to_have_url(re.compile("/chapters/02$"))  # who writes, writes
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/chapters/03$"))
    page.wait_for_load_state("networkidle")  # a browser drops what is typed before the first paint
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("/chapters/02$"))


def test_single_letters_can_be_switched_off_and_stay_off(open_page: OpenPage) -> None:
    view = open_page("/chapters/02")
    view.page.get_by_role("button", name="Keys").click()
    view.page.get_by_label("Let single letters work").uncheck()
    view.page.get_by_role("button", name="Close").click()
    view.page.keyboard.press("n")
    again = open_page("/chapters/03", tab_of=view)
    again.page.keyboard.press("n")
    expect(again.page).to_have_url(re.compile("/chapters/03$"))
    again.page.keyboard.press("?")
    expect(again.page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_the_button_checks_the_file_and_shows_the_verdict_in_the_chapter(
    open_page: OpenPage, process: Process
) -> None:
    server = process("--store=memory")
    for scripts in (False, True):
        view = open_page("/chapters/02", scripts=scripts, server=server)
        box, button = view.page.locator(".exercise"), view.page.get_by_role("button")
        with view.page.expect_response("**/exercises/2/check"):
            button.filter(has_text="Check my file").click()
        expect(box).to_have_attribute("data-state", "tried")
        expect(box.locator(".outcome")).to_contain_text("Expected")
        expect(box.locator(".reached")).to_have_text("tried")
        expect(button.filter(has_text="Check my file")).to_be_enabled()


def test_on_paper_a_chapter_is_its_text_and_listings(open_in_shared_tab: OpenPage) -> None:
    view = open_in_shared_tab("/chapters/02")
    view.page.emulate_media(media="print")
    expect(view.page.get_by_role("navigation")).to_have_count(0)
    expect(view.page.get_by_role("button", name="Check my file")).to_be_hidden()
    expect(view.page.locator(".listing").first).to_be_visible()
