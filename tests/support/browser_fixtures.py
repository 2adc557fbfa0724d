"""A real Chromium with pages of a real server.

A test module has these by `pytest_plugins = ["tests.support.browser_fixtures"]`.

`open_page`  opens a page: `open_page("/chat?room=lobby")`, with `scheme`, `width`, `scripts`, `tab_of`, `server`. At
             the end of a test no page may have written an error to its console, or asked another host for anything; a
             test that provokes errors names them by `view.expect_errors("…")`.
`open_in_shared_tab`  opens a page in one tab that a whole module shares: half the work, for tests that change nothing
             that lasts.
`site`       the server whose pages these are.

Without a browser these tests skip and say so; where CI is set, they fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support import server_process
from tests.support.browser import OpenPage, Process, View, observed
from tests.support.chromium import chromium
from tests.support.server_process import ServerProcess


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. (Of module scope: Playwright's loop and those of other tests don't mix.)"""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site() -> Iterator[ServerProcess]:
    """The server whose pages are opened; each test takes a room of its own."""
    started = server_process.start("--store=memory")
    yield started
    server_process.stop(started)


@pytest.fixture
def open_page(browser: Browser, site: ServerProcess, process: Process) -> Iterator[OpenPage]:
    """Open pages of `site`, or of a `server` from `process`, which ends after the pages are closed."""
    contexts: list[BrowserContext] = []
    views: list[View] = []

    def opened(
        path: str,
        *,
        scheme: str = "light",
        width: int = 1280,
        scripts: bool = True,
        tab_of: View | None = None,
        server: ServerProcess = site,
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
        view = observed(context.new_page(), server.url)
        views.append(view)
        view.page.goto(server.url + path)
        return view

    yield opened
    for context in contexts:
        context.close()
    for view in views:
        view.check_behaviour()


@pytest.fixture(scope="module")
def tabs(browser: Browser, site: ServerProcess) -> Iterator[Callable[[bool], View]]:
    """Return the tab, with scripts or without, that the tests of a module share."""
    with ExitStack() as contexts:

        @cache
        def tab(scripts: bool) -> View:
            context = contexts.enter_context(browser.new_context(java_script_enabled=scripts))
            return observed(context.new_page(), site.url)

        yield tab


@pytest.fixture
def open_in_shared_tab(tabs: Callable[[bool], View]) -> Iterator[OpenPage]:
    """Open pages of `site` in one tab, for tests that change nothing that lasts."""
    views: list[View] = []

    def opened(path: str, *, scripts: bool = True) -> View:
        view = tabs(scripts)
        view.reset()
        views.append(view)
        view.page.emulate_media(media="screen", color_scheme="light")
        view.page.set_viewport_size({"width": 1280, "height": 800})
        view.page.goto(view.url + path)
        return view

    yield opened
    for view in views:
        view.check_behaviour()
