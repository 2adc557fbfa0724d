"""The chat page explains itself: what a newcomer reads there, and that its instruments say what is true."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import OpenPage
from tests.support.posting import post_message
from tests.support.server_process import ServerProcess

pytest_plugins = ["tests.support.browser_fixtures"]

TRANSPORTS = ["short-polling", "long-polling", "websocket", "server-sent-events"]


def in_view(page: Page, selector: str) -> bool:
    """Whether all of an element is on the screen, without scrolling."""
    inside = "(e) => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight; }"
    return bool(page.locator(selector).evaluate(inside))


def test_a_newcomer_sees_a_guest_s_message_race_over_four_transports(open_page: OpenPage) -> None:
    view = open_page("/chat")
    expect(view.page.locator(".race h2")).to_have_text(re.compile("The race of message"))
    expect(view.page.locator(".what")).to_have_text([re.compile(r"[.]$")] * 4)
    for transport in TRANSPORTS:
        message = view.pane_of(transport).locator(".log li[data-id]").first
        expect(message.locator(".author")).to_have_text("guest")
        expect(message.locator(".late")).to_have_text(
            re.compile(r"^(\+\d+ ms|< \d+ ms|\+[\d.]+ s)$")
        )
        expect(message.locator(".late")).to_have_attribute("data-transport", transport)
    assert in_view(view.page, ".race")
    view.page.set_viewport_size({"width": 390, "height": 844})
    assert in_view(view.page, "h1")
    assert in_view(view.page, ".race")
    view.page.get_by_role("combobox", name="A guest talks").select_option("never")
    view.page.wait_for_url("**guest=0")


def test_a_change_of_transport_and_what_was_caught_up_leave_a_line(
    open_page: OpenPage, site: ServerProcess
) -> None:
    view = open_page("/chat?room=lines&transport=short-polling")
    view.loaded()
    post_message(site.url, "lines", "one")
    expect(view.pane.locator(".log .text")).to_have_text(["one"])
    view.choose("WebSocket")
    expect(view.pane.locator(".log .change")).to_have_text(["now over WebSocket, from message 2"])
    post_message(site.url, "lines", "two")
    late = view.pane.locator(".log .late")
    expect(late).to_have_count(2)
    over = late.evaluate_all("all => all.map((one) => one.dataset.transport)")
    assert over == ["short-polling", "websocket"]
    measured = "of the last 1 message, all over WebSocket"
    expect(view.pane.get_by_text(measured)).to_be_visible()
    drawn = view.pane.locator(".wire-picture g[data-transport]")
    kinds = drawn.evaluate_all(
        "all => all.map((g) => `${g.getAttribute('class')} ${g.dataset.transport}`)"
    )
    change = kinds.index("change websocket")
    assert set(kinds[:change]) == {"request short-polling"}
    assert "frame websocket" in kinds[change:]
    view.page.get_by_role("button", name="Go offline").click()
    expect(view.pane).to_have_attribute("data-state", "retrying")
    post_message(site.url, "lines", "three")
    post_message(site.url, "lines", "four")
    expect(view.pane.locator(".log .caught-up")).to_have_text(["2 messages caught up"])
    lines = view.pane.locator(".log li").evaluate_all(
        "all => all.map((li) => li.className || li.dataset.id)"
    )
    assert lines == ["1", "change", "2", "caught-up", "3", "4"]


def test_where_the_clock_is_in_doubt_no_delay_is_shown(
    open_page: OpenPage, site: ServerProcess
) -> None:
    view = open_page("/source/")
    view.expect_errors("status of 500")
    view.page.route("**/echo", lambda route: route.fulfill(status=500))
    view.page.goto(f"{site.url}/chat?room=doubt&transport=long-polling")
    view.connected()
    post_message(site.url, "doubt", "when?")
    expect(view.pane.locator(".log .text")).to_have_text(["when?"])
    expect(view.pane.locator(".log .late")).to_have_count(0)
    expect(view.pane.locator('[data-gauge="median"]')).to_have_text("–")
    expect(view.pane.get_by_text("not measured: this page does not know")).to_be_visible()


def test_two_tabs_are_two_people_and_a_name_that_was_typed_is_remembered(
    open_page: OpenPage,
) -> None:
    def name_of(page: Page) -> str:
        expect(page.get_by_label("Your name")).not_to_have_value("")
        return page.get_by_label("Your name").input_value()

    one = open_page("/chat?room=people")
    one.page.get_by_label("Your name").fill("Zoë")
    one.page.get_by_label("Your name").press("Tab")
    two = open_page("/chat?room=people", tab_of=one)
    second = name_of(two.page)
    assert second != "Zoë"
    two.page.reload()
    assert name_of(two.page) == second
    one.page.close()
    three = open_page("/chat?room=people", tab_of=one)
    assert name_of(three.page) == "Zoë"


RULES = """async () => {
  const { closeInWords } = await import("/static/js/client/close_codes.js");
  const { lateness } = await import("/static/js/site/formatting.js");
  const { Firsts } = await import("/static/js/chat/firsts.js");
  const { Race } = await import("/static/js/chat/race.js");
  const { TRANSPORTS } = await import("/static/js/transports.js");

  const firsts = new Firsts();
  for (const [reader, id, at] of [["a", 1, 0], ["b", 1, 20], ["c", 1, 21], ["c", 2, 50]]) firsts.note(reader, id, at);

  const race = new Race(TRANSPORTS.slice(0, 2));
  const arrive = (over, ids, late, now) =>
    race.arrived(over, { added: ids.map((id) => ({ id })), delays: ids.map(() => late), errorMs: 1 }, now);
  const shown = (now, connected) => {
    race.draw(now, connected);
    return [...race.node.querySelectorAll("h2, .time")].map(({ textContent }) => textContent);
  };
  arrive("long-polling", [1], 5, 1000);
  const running = shown(1100);
  arrive("long-polling", [2], 5, 1200);
  arrive("short-polling", [1, 2], 800, 1800);
  const finished = shown(1900);
  arrive("long-polling", [3], 0.4, 3000);
  return {
    closed: [closeInWords(1005), closeInWords(1012, "the server restarts"), closeInWords(3999)],
    late: [lateness(866.6, 2), lateness(1.2, 2.3), lateness(61_000, 2)],
    firsts: ["a", "b", "c", "d"].map((reader) => firsts.of(reader)),
    running, finished, next: shown(3100), offline: shown(3200, (name) => name !== "short-polling"),
  };
}"""


@pytest.fixture
def rules(open_in_shared_tab: OpenPage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = open_in_shared_tab("/source/").page.evaluate(RULES)
    return found


def test_what_the_instruments_say(rules: dict[str, list[str]]) -> None:
    assert rules["closed"] == [
        "it was closed, and no reason was given (1005)",
        "the server restarts (1012)",
        "closed (3999)",
    ]
    assert rules["late"] == ["+867 ms", "< 3 ms", "+61 s"]
    assert rules["firsts"] == [1, 1, 1, 0], "20 ms is a tie, 21 ms is not"
    assert rules["running"] == ["The race of message 1", "on its way", "+5 ms"]
    assert rules["finished"] == ["The race of message 1", "+800 ms", "+5 ms"], "2 began meanwhile"
    assert rules["next"] == ["The race of message 3", "on its way", "< 1 ms"]
    assert rules["offline"] == ["The race of message 3", "not connected", "< 1 ms"]
