"""A browser's own EventSource reads the stream, and a pane that reads over it loses nothing when it is cut off."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.serving import served

CHROMIUM = shutil.which("chromium")
QUIET = "--no-sandbox --disable-background-networking --disable-component-update --disable-sync"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        arguments = [*QUIET.split(), "--no-first-run", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser.new_page()
        browser.close()


def say(url: str, text: str) -> None:
    body = json.dumps({"author": "bob", "text": text}).encode()
    head = {"Content-Type": "application/json"}
    urlopen(Request(f"{url}/rooms/lobby/messages", body, head)).close()


def test_a_pane_over_server_sent_events_shows_each_message_once_over_a_cut(page: Page) -> None:
    with served("--store=memory") as server:
        page.goto(f"{server.url}/chat?room=lobby&transport=server-sent-events")
        pane = page.locator("chat-pane")
        expect(pane.locator(".state")).to_contain_text("open")
        say(server.url, "before the cut")
        expect(pane.locator(".log .text")).to_have_text(["before the cut"])
        pane.get_by_role("button", name="Cut the connection").click()
        say(server.url, "while it was away")
        expect(pane.locator(".log .text")).to_have_text(["before the cut", "while it was away"])


def test_a_plain_event_source_comes_back_over_a_restart_to_where_it_was(
    page: Page, tmp_path: Path
) -> None:
    """No module of ours: the browser sends the id of its last event by itself."""
    store = f"--store=sqlite:{tmp_path}/chat.db"
    with served(store) as server:
        page.goto(f"{server.url}/healthz")
        page.evaluate(
            """() => {
                window.seen = [];
                window.source = new EventSource("/rooms/lobby/server-sent-events?cursor=now");
                source.addEventListener("batch", ({ data }) => seen.push(...JSON.parse(data).messages));
                return new Promise((open) => (source.onopen = open));
            }"""
        )
        say(server.url, "one")
        page.wait_for_function("seen.length === 1")
    with served(store, f"--port={server.port}"):
        say(server.url, "two")
        page.wait_for_function("seen.length === 2")
        assert page.evaluate("seen.map(({ id }) => id)") == [1, 2]
