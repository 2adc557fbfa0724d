"""The page of contents in a real browser: what is read, what is bet, and where to go on."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import OpenPage
from tutorial.book.chapters import chapters

pytest_plugins = ["tests.support.browser_fixtures"]

FIRST, SECOND = chapters()[:2]
NEXT = """async () => {
  const { nextOf } = await import("/static/js/site/progress.js");
  const all = [0, 1, 2, 4];
  return [[[], null], [[], 2], [[0, 1, 2], 2], [[4], 4], [[0, 1, 2, 4], 1]].map(
    ([read, last]) => nextOf(all, { read, last }),
  );
}"""


def test_what_was_read_and_bet_is_ticked_and_the_next_chapter_is_offered(
    open_page: OpenPage,
) -> None:
    bet = {"chapter": FIRST.number, "question": "Which?", "unit": "", "bet": 1}
    view = open_page("/")
    go_on = view.page.locator(".continue")
    expect(go_on).to_have_text(f"Begin with chapter {FIRST.number}: {FIRST.title}")
    assert view.page.evaluate(NEXT) == [0, 2, 4, 0, None]
    view.page.route("**/bets", lambda route: route.fulfill(json={"bets": {"0.x": bet}}))
    view.page.goto(view.url + FIRST.path)
    view.page.goto(view.url)
    expect(go_on).to_have_text(f"Continue with chapter {FIRST.number}: {FIRST.title}")
    marks = view.page.locator(".chapters li").first.locator(".mark")
    expect(marks.first).to_have_text(f"1 of {FIRST.bets} bets placed")
    view.page.goto(view.url + FIRST.path)
    view.page.locator(".turn").scroll_into_view_if_needed()
    view.page.wait_for_function(
        "() => JSON.parse(localStorage['hold-the-line:progress'] ?? '{}').read?.length"
    )
    view.page.goto(view.url)
    expect(marks.first).to_have_text("✓ read")
    expect(go_on).to_have_text(f"Continue with chapter {SECOND.number}: {SECOND.title}")
    expect(go_on).to_have_attribute("href", view.url + SECOND.path)
