"""axe-core's judgement of experiments that have run, several on a page, and of what can be opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.judges.test_pages import VIOLATIONS
from tests.support.gallery import serving_gallery
from tests.support.programs import judges

pytest_plugins = ["tests.support.browser_fixtures"]
pytestmark = pytest.mark.judges

RUN_MS = 300_000
SHORT = {
    "least-ms": 2000,
    "seconds": 8,
    "pace": 0.3,
    "part-ms": 1000,
    "length-ms": 2000,
    "count": 16,
}
SET = "(lab, short) => Object.entries(short).forEach((one) => lab.setAttribute(...one))"
# The others' results are judged as they were recorded, in test_pages.py.
PAGES = [
    ("interval-lab", "gap-lab", "hold-timeline", "byte-ruler", "frame-lab", "transport-switcher"),
    ("herd-lab", "blocking-lab", "tabs-lab", "attack-lab", "answer-lab", "decision-card"),
]


def assert_nobody_is_shut_out(page: Page) -> None:
    """Have axe judge a page, with all its details open, in both schemes."""
    axe = (judges() / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    page.evaluate(axe)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate(VIOLATIONS) == [], scheme


@pytest.mark.parametrize("names", PAGES, ids=lambda names: names[0])
def test_no_experiment_that_has_run_shuts_anybody_out(
    browser: Browser, names: tuple[str, ...]
) -> None:
    with serving_gallery() as gallery, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{gallery}/gallery?show={','.join(names)}")
        for name in names:
            lab = page.locator(name)
            lab.evaluate(SET, SHORT)
            lab.get_by_role("button", name="Run").click()
            ended = "lab => !lab.hasAttribute('running')"
            page.wait_for_function(ended, arg=lab.element_handle(), timeout=RUN_MS)
            assert lab.evaluate("lab => lab.result !== null"), lab.locator(
                ".lab-status"
            ).inner_text()
        assert_nobody_is_shut_out(page)


def test_what_is_opened_and_placed_shuts_nobody_out(browser: Browser) -> None:
    names = (
        "x-ray",
        "chat-pane",
        "chaos-controls",
        "find-and-fix",
        "bet-ranking",
        "bet-list",
        "check-button-chat",
        "suite-lab",
    )
    with serving_gallery() as gallery, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{gallery}/gallery?show={','.join(names)}")
        page.get_by_role("button", name="Look inside").click()
        expect(page.locator("x-ray .mark").first).to_be_visible()
        page.locator("x-ray .mark").first.click()
        page.get_by_role("button", name="Open the links").click()
        page.get_by_role("button", name="Two Enters").click()
        expect(page.locator("chaos-controls .log .text")).to_have_count(8)
        page.get_by_role("button", name="Show the source").click()
        page.locator("button.hole-line", has_text="innerHTML").click()
        for choice in page.locator("x-bet .bet-order button").all():
            choice.click()
        page.locator("x-bet").get_by_role("button", name="Place").click()
        expect(page.locator("bet-list tbody tr")).to_have_count(1)
        page.locator("check-button-chat").get_by_role("button", name="Run").click()
        page.locator("check-button-chat").get_by_role("button", name="Check").click()
        page.locator("suite-lab").get_by_role("button", name="Run").click()
        expect(
            page.locator("suite-lab .suite li").first
        ).to_be_visible()  # the whole suite takes minutes
        assert_nobody_is_shut_out(page)
