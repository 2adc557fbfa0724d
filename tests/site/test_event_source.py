"""A browser's own EventSource reads the stream, and a pane that reads over it loses nothing when it is cut off."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.support.browser import OpenPage, Process
from tests.support.posting import post_message
from tests.support.server_process import stop

pytest_plugins = ["tests.support.browser_fixtures"]

OPEN = """() => {
  window.seen = [];
  window.source = new EventSource("/rooms/lobby/server-sent-events?cursor=now");
  source.addEventListener("batch", ({ data }) => seen.push(...JSON.parse(data).messages));
  return new Promise((open) => (source.onopen = open));
}"""


def test_a_pane_over_server_sent_events_shows_each_message_once_over_a_cut(
    open_page: OpenPage,
) -> None:
    view = open_page("/chat?room=streams&transport=server-sent-events")
    shown = view.pane.locator(".log li[data-id] .text")
    view.connected()
    post_message(view.url, "streams", "before the cut")
    expect(shown).to_have_text(["before the cut"])
    view.page.get_by_role("button", name="Cut the connection").click()
    post_message(view.url, "streams", "while it was away")
    expect(shown).to_have_text(["before the cut", "while it was away"])


def test_a_plain_event_source_comes_back_over_a_restart_to_where_it_was(
    open_page: OpenPage, process: Process, tmp_path: Path
) -> None:
    """No module of ours: the browser sends the id of its last event by itself."""
    store = f"--store=sqlite:{tmp_path}/chat.db"
    server = process(store)
    view = open_page("/source/", server=server)
    view.expect_errors("net::ERR_")
    view.page.evaluate(OPEN)
    post_message(server.url, "lobby", "one")
    view.page.wait_for_function("() => seen.length === 1")
    stop(server)
    process(store, f"--port={server.port}")
    post_message(server.url, "lobby", "two")
    view.page.wait_for_function("() => seen.length === 2")
    assert view.page.evaluate("seen.map(({ id }) => id)") == [1, 2]
