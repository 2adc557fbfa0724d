"""One connection for all tabs of a room: seven tabs in one browser, the reading one closed in the middle."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import PATIENCE_MS, OpenPage, Process
from tests.support.http import fetch
from tests.support.posting import post_message
from tests.support.waiting import wait_until

pytest_plugins = ["tests.support.browser_fixtures"]
TABS = 7
READ = """async () => {
    const { shared } = await import("/static/js/client/shared.js");
    const { connect } = await import("/static/js/websockets.js");
    window.ids = [];
    shared({ name: "websocket", connect }).connect("/rooms/shared", {
        cursor: null,
        signal: new AbortController().signal,
        onState: (state) => (window.state = state.name),
        onBatch: ({ messages }) => window.ids.push(...messages.map(({ id }) => id)),
    });
}"""


def have(page: Page, count: int) -> None:
    """Wait until a tab has messages 1 to `count`, each once and in order."""
    page.wait_for_function("count => ids.length >= count", arg=count, timeout=PATIENCE_MS)
    assert page.evaluate("ids") == list(range(1, count + 1))


def test_seven_tabs_have_one_connection_and_each_message_once_also_when_its_tab_closes(
    browser: Browser, process: Process
) -> None:
    url = process("--store=memory").url
    post_message(url, "shared", "before")
    with browser.new_context() as context:
        tabs = [context.new_page() for _ in range(TABS)]
        for tab in tabs:
            tab.goto(f"{url}/static/js/client/shared.js")  # a page of the site that does nothing
            tab.evaluate(READ)
            tab.wait_for_function("() => window.state === 'open'")
        for number in range(10):
            post_message(url, "shared", str(number))
        for tab in tabs:
            have(tab, 11)
        seen = fetch(f"{url}/inspect").json
        assert (seen["websockets"], seen["requests"]["websocket"]) == (1, 1)
        tabs.pop(0).close()  # it was the first, so it read
        for number in range(10):
            post_message(url, "shared", str(number))
        for tab in tabs:
            have(tab, 21)
        seen = fetch(f"{url}/inspect").json
        assert (seen["websockets"], seen["requests"]["websocket"]) == (1, 2)
        assert not {"long-polling", "server-sent-events"} & seen["requests"].keys()


def test_the_chat_offers_it_in_a_checkbox_and_the_next_tabs_remember(
    open_page: OpenPage, process: Process
) -> None:
    server = process("--store=memory")

    def websockets() -> int:
        return int(fetch(f"{server.url}/inspect").json["websockets"])

    path = "/chat?room=checkbox&transport=websocket"
    first = open_page(path, server=server)
    first.page.get_by_label("One connection for all tabs").check()
    views = [first, *(open_page(path, tab_of=first, server=server) for _ in range(2))]
    for number, view in enumerate(views, 1):
        expect(view.page.get_by_label("One connection for all tabs")).to_be_checked()
        view.write(f"from tab {number}")
        for other in views:
            expect(other.pane.locator(".log li[data-id] .text")).to_have_count(number)
    wait_until(lambda: websockets() == 1)
    views[2].page.get_by_label("One connection for all tabs").uncheck()
    wait_until(lambda: websockets() == 2)
    post_message(server.url, "checkbox", "over both")
    for view in views:
        expect(view.pane.locator(".log li[data-id] .text").last).to_have_text("over both")
        assert view.ids() == [1, 2, 3, 4]
