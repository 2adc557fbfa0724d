"""How the pages look and are reached: contrast, narrow screens, keyboards, screen readers, no scripts, few bytes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import OpenPage, Process, View
from tests.support.contrast import found_on, luminance, ratio
from tests.support.http import fetch
from tests.support.posting import background_posts, post_message
from tests.support.server_process import ServerProcess

pytest_plugins = ["tests.support.browser_fixtures"]

PAGES = ("/", "/chat?room=look&transport=short-polling", "/chat?room=look&mode=compare", "/nowhere")
# When nothing is under way of which only one side has counted the bytes.
QUIET = {
    "short-polling": "state.name === 'resting' && state.until - now > 300",
    "long-polling": "state.name === 'held' && now - state.since > 60 && now - state.since < 500",
    "websocket": "state.name === 'open' && now - state.since > 100",
    "server-sent-events": "state.name === 'open' && now - state.since > 100",
}
LABELS = {
    "short-polling": "short polling",
    "long-polling": "long polling",
    "websocket": "WebSocket",
    "server-sent-events": "server-sent events",
}
SCRIPTS_AND_STYLES_BYTES = 180_000  # as they are written: comments and types are served, too


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert luminance((255, 255, 255)) == pytest.approx(1)


def test_all_controls_have_enough_contrast_in_both_schemes(open_page: OpenPage) -> None:
    view = open_page("/chat?room=contrast&mode=compare")
    view.expect_errors("status of 422")
    view.connected()
    view.write("x" * 2001)
    expect(view.page.locator(".why").first).to_be_visible()
    for scheme in ("light", "dark"):
        view.page.emulate_media(color_scheme=scheme)
        found = found_on(view.page)
        assert len(found) > 10
        assert [str(f) for f in found if not f.enough] == [], scheme


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_and_never_scrolls_sideways(open_page: OpenPage, path: str) -> None:
    view = open_page(path)
    view.expect_errors("status of 404")
    view.loaded() if "/chat" in path else view.page.wait_for_load_state()
    code = "({ name, initiatorType }) => initiatorType !== 'fetch' && /[.](js|css)$/.test(name)"
    each = f"performance.getEntriesByType('resource').filter({code}).map((e) => e.encodedBodySize)"
    assert 0 < sum(view.page.evaluate(each)) <= SCRIPTS_AND_STYLES_BYTES
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for width in (320, 390, 600, 768, 1024, 1280):
        view.page.set_viewport_size({"width": width, "height": 800})
        assert view.page.evaluate(over) <= 0, width


def test_everything_works_with_the_keyboard_alone(open_page: OpenPage) -> None:
    view = open_page("/")
    press = view.page.keyboard.press
    press("Tab")
    expect(view.page.locator(":focus")).to_have_text("Skip to the content")
    tab_to(view, "Chat")
    press("Enter")
    view.connected()
    tab_to(view, "Compare")
    press("ArrowLeft")
    view.connected()
    tab_to(view, "automatic")
    for _ in range(3):
        press("ArrowRight")
    expect(view.pane).to_have_attribute("data-transport", "websocket")
    ring = view.page.locator(".switch label:has(:focus-visible)")
    assert ring.evaluate("(label) => getComputedStyle(label).outlineStyle") == "solid"
    tab_to(view, "Message to")
    view.page.keyboard.type("No mouse")
    press("Enter")
    expect(view.pane.locator(".log li[data-id] .text").last).to_have_text("No mouse")
    expect(view.box).to_be_focused()
    tab_to(view, "Cut the connection")
    press("Enter")
    tab_to(view, "How this is counted")


def tab_to(view: View, name: str) -> None:
    """Press Tab until something with this name has the focus; each thing on the way must show that it has it."""
    called = "(e) => [e.ariaLabel, ...[...(e.labels ?? [])].map((l) => l.textContent), e.textContent].join(' ')"
    for _ in range(40):
        focused = view.page.locator(":focus")
        if focused.count() and name in focused.evaluate(called):
            return
        view.page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to “{name}”")


def test_a_log_has_a_name_and_announces_a_summary_when_the_room_is_busy(
    open_page: OpenPage, site: ServerProcess
) -> None:
    view = open_page("/chat?room=busy&transport=websocket")
    view.connected()
    log = view.page.get_by_role("list", name=re.compile("^Messages in busy"))
    post_message(site.url, "busy", "slowly")
    expect(log.locator("li")).to_have_count(1)
    assert log.get_attribute("aria-live") == "polite"
    with background_posts(site.url, "busy", count=10, rate=20):
        pass
    expect(log.locator("li")).to_have_count(11)
    assert log.get_attribute("aria-live") == "off"
    expect(view.page.get_by_role("status").filter(has_text="new messages")).to_have_count(1)


@pytest.mark.parametrize("path", PAGES[:3])
def test_without_scripts_a_page_can_be_read(open_in_shared_tab: OpenPage, path: str) -> None:
    view = open_in_shared_tab(path, scripts=False)
    expect(view.page.get_by_role("heading", level=1)).to_be_visible()
    if "/chat" in path:
        instead = view.page.locator("noscript .prose")
        expect(instead).to_be_visible()
        expect(instead).to_contain_text("needs JavaScript")
        expect(view.page.get_by_label("Your name")).to_be_hidden()


def test_the_chosen_theme_is_remembered(open_page: OpenPage) -> None:
    view = open_page("/", scheme="light")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = view.page.evaluate(paper)
    view.page.get_by_role("button", name="Dark").click()
    dark = view.page.evaluate(paper)
    assert dark != light
    again = open_page("/chat", tab_of=view)
    assert again.page.evaluate(paper) == dark


def test_the_bytes_that_a_pane_shows_are_those_that_the_server_counted(
    open_page: OpenPage, process: Process
) -> None:
    server = process("--store=memory", "--hold=1")
    post_message(server.url, "bytes", "the room exists")
    view = open_page("/chat?room=bytes&transport=short-polling", server=server)
    view.loaded()
    for transport, label in LABELS.items():
        view.choose(label)
        shown_before, looked = shown(view, transport), counted(server)
        counted_before = counted(server)
        cost_of_looking = differences(counted_before, looked)
        view.page.get_by_role("button", name="Cut the connection").click()
        expect(view.page.locator(".disconnect output")).to_contain_text("cut")
        shown(view, transport)
        view.write(f"hi over {label}")
        expect(view.pane.locator(".log li[data-id] .text").last).to_have_text(f"hi over {label}")
        expect(view.pane.locator(".pending")).to_have_count(0)
        by_the_pane = differences(shown(view, transport), shown_before)
        by_the_server = differences(differences(counted(server), counted_before), cost_of_looking)
        assert by_the_pane == pytest.approx(by_the_server, rel=0.05), transport


def shown(view: View, transport: str) -> list[int]:
    """Return the bytes up and down that a pane shows, at a moment when nothing is under way."""
    pane = "const { state, network } = document.querySelector('chat-pane').reader; const now = performance.now();"
    view.page.wait_for_function(f"() => {{ {pane} return {QUIET[transport]}; }}")
    figures: list[int] = view.page.evaluate(
        f"() => {{ {pane} return [network.up, network.down]; }}"
    )
    return figures


def counted(server: ServerProcess) -> list[int]:
    """Return the bytes that the server has received and sent since it began."""
    inside = fetch(f"{server.url}/inspect").json
    return [inside["bytes_received"], inside["bytes_sent"]]


def differences(now: list[int], before: list[int]) -> list[int]:
    """Return how much each number has grown."""
    return [one - other for one, other in zip(now, before, strict=True)]
