"""A real Chromium, looking at a real server.

A test module has these by `pytest_plugins = ["tests.support.browser_fixtures"]`.

`look`  opens a page: `look("/chat?room=lobby")`, with `scheme`, `width`, `scripts`, `tab_of`, `server`. Whatever a test
        does, in the end the page may have written no error to its console, and asked no other host for anything; a test
        that provokes errors says which by `view.expects("…")`.
`leaf`  turns one tab, the same for a whole module, to a page: half the work, for tests that change nothing that lasts.
`site`  the server whose pages are looked at.

Without a browser these tests skip and say so; where CI is set, they fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.support import server_process as serving
from tests.support.browser import Look, Process, View, watched
from tests.support.programs import installed
from tests.support.server_process import Serving

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. (Of module scope: Playwright's loop and those of other tests don't mix.)"""
    path = installed(*CHROMIUM)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Serving]:
    """The server whose pages are looked at; each test takes a room of its own."""
    started = serving.start("--store=memory")
    yield started
    serving.stop(started)


@pytest.fixture
def look(browser: Browser, site: Serving, process: Process) -> Iterator[Look]:
    """Open pages of `site`, or of a `server` from `process`, which ends after the pages are closed."""
    contexts: list[BrowserContext] = []
    views: list[View] = []

    def open_page(
        path: str,
        *,
        scheme: str = "light",
        width: int = 1280,
        scripts: bool = True,
        tab_of: View | None = None,
        server: Serving = site,
    ) -> View:
        if tab_of is None:
            context = browser.new_context(
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": width, "height": 800},
                java_script_enabled=scripts,
            )
            contexts.append(context)
        else:
            context = tab_of.page.context
        view = watched(context.new_page(), server.url)
        views.append(view)
        view.page.goto(server.url + path)
        return view

    yield open_page
    for context in contexts:
        context.close()
    for view in views:
        view.settle_accounts()


@pytest.fixture(scope="module")
def tabs(browser: Browser, site: Serving) -> Iterator[Callable[[bool], View]]:
    """Give the tab, with scripts or without, that the tests of a module share."""
    with ExitStack() as contexts:

        @cache
        def tab(scripts: bool) -> View:
            context = contexts.enter_context(browser.new_context(java_script_enabled=scripts))
            return watched(context.new_page(), site.url)

        yield tab


@pytest.fixture
def leaf(tabs: Callable[[bool], View]) -> Iterator[Look]:
    """Open pages of `site` in one tab, for tests that change nothing that lasts."""
    views: list[View] = []

    def open_page(path: str, *, scripts: bool = True) -> View:
        view = tabs(scripts)
        view.forget()
        views.append(view)
        view.page.emulate_media(media="screen", color_scheme="light")
        view.page.set_viewport_size({"width": 1280, "height": 800})
        view.page.goto(view.url + path)
        return view

    yield open_page
    for view in views:
        view.settle_accounts()
