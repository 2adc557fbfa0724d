"""TLS in front: each proxy's secure listener, and every transport over it in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import Process, observed
from tests.support.posting import post_message
from tests.support.proxying import FILES, proxy
from transports.app import TRANSPORTS

pytest_plugins = ["tests.support.browser_fixtures"]


@pytest.mark.proxies
@pytest.mark.parametrize("program", FILES)
def test_every_transport_works_over_tls_and_pages_come_over_http_2(
    program: str, browser: Browser, process: Process, tmp_path: Path
) -> None:
    server = process("--store=memory")
    with proxy(program, tmp_path, [server.port]) as front:
        context = browser.new_context(ignore_https_errors=True)  # the test signed it itself
        view = observed(context.new_page(), front.secure_url)
        view.page.goto(f"{front.secure_url}/chat?room=tls&mode=compare&guest=0")
        view.connected()
        navigation = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
        assert view.page.evaluate(navigation) == "h2"
        post_message(server.url, "tls", "from elsewhere")
        view.write("from this page")
        for transport in TRANSPORTS:
            texts = view.pane_of(transport).locator(".log li[data-id] .text")
            expect(texts).to_have_count(2)
            expect(view.pane_of(transport)).to_contain_text("from elsewhere")
        context.close()
        view.check_behaviour()


STREAMS = """room => {
    window.streams = Array.from({ length: 7 }, () => new EventSource(`/rooms/${room}/server-sent-events`));
    window.opened = () => streams.filter(({ readyState }) => readyState === EventSource.OPEN).length;
}"""


@pytest.mark.proxies
def test_the_seventh_stream_waits_over_http_1_and_not_over_http_2(
    browser: Browser, process: Process, tmp_path: Path
) -> None:
    server = process("--store=memory")
    with (
        proxy("haproxy", tmp_path, [server.port]) as front,
        browser.new_context(ignore_https_errors=True) as context,
    ):
        page = context.new_page()
        page.goto(f"{front.secure_url}/static/icon.svg")  # a page of the site that does nothing
        page.evaluate(STREAMS, "http-2")
        page.wait_for_function("() => opened() === 7")
        page.goto(f"{server.url}/static/icon.svg")
        page.evaluate(STREAMS, "http-1")
        page.wait_for_function("() => opened() === 6")
        page.evaluate("streams.find(({ readyState }) => readyState === EventSource.OPEN).close()")
        page.wait_for_function("() => opened() === 6")
        assert page.evaluate("streams.filter(({ readyState }) => readyState === 0)") == []
