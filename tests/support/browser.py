"""A page in a browser, and what it may not do.

The fixtures are in browser_fixtures.py: `open_page("/chat?room=lobby")`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.support.server_process import ServerProcess
from tests.support.waiting import PATIENCE_SECONDS

PATIENCE_MS = 1000 * PATIENCE_SECONDS

expect.set_options(timeout=PATIENCE_MS)


@dataclass
class View:
    """A page in a browser, and what it did that a page should not do."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)
    expected: list[str] = field(default_factory=list)
    friends: set[str] = field(default_factory=set)  # other hosts that it may ask
    fetched: Counter[str] = field(default_factory=Counter)

    def expect_errors(self, *patterns: str) -> None:
        """Allow errors that match one of the patterns."""
        self.expected += patterns

    @property
    def pane(self) -> Locator:
        return self.page.locator("chat-pane")

    def pane_of(self, transport: str) -> Locator:
        return self.page.locator(f'chat-pane[data-transport="{transport}"]')

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name=re.compile("^Message to "))

    def write(self, text: str) -> None:
        """Write a message into the box, and press Enter."""
        self.box.fill(text)
        self.box.press("Enter")

    def choose(self, label: str) -> None:
        """Choose a transport in the pane's switch."""
        self.page.get_by_role("radio", name=label).check()

    def ids(self, pane: Locator | None = None) -> list[int]:
        """Return the ids of the messages that a pane shows, in the order shown."""
        items = (pane or self.pane).locator(".log li[data-id]")
        return [int(i) for i in items.evaluate_all("items => items.map((i) => i.dataset.id)")]

    def connected(self) -> None:
        """Wait until no pane is still connecting."""
        panes = self.page.locator("chat-pane[data-state]:not([data-state=connecting])")
        expect(panes.first).to_be_visible()
        expect(self.page.locator("chat-pane[data-state=connecting]")).to_have_count(0)

    def loaded(self) -> None:
        """Wait until the page has loaded all it needs, the clock's five probes too."""
        while self.fetched["/echo"] < 5:
            self.page.wait_for_event("requestfinished")

    def reset(self) -> None:
        """Start over with another page in the same tab."""
        self.errors.clear()
        self.expected.clear()
        self.hosts.clear()
        self.fetched.clear()

    def check_behaviour(self) -> None:
        """Fail if the page wrote an error to its console or asked another host."""
        surprises = [e for e in self.errors if not any(re.search(p, e) for p in self.expected)]
        assert surprises == []
        assert self.hosts <= {urlsplit(self.url).netloc, *self.friends}


def observed(page: Page, url: str) -> View:
    """Record a page's errors, requests and hosts."""
    view = View(page, url)
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda message: message.type == "error" and view.errors.append(message.text))
    page.on("pageerror", lambda error: view.errors.append(str(error)))
    page.on("request", lambda request: view.hosts.add(urlsplit(request.url).netloc))
    page.on("requestfinished", lambda request: view.fetched.update([urlsplit(request.url).path]))
    page.on("websocket", lambda socket: view.hosts.add(urlsplit(socket.url).netloc))
    return view


OpenPage = Callable[..., View]
Process = Callable[..., ServerProcess]
