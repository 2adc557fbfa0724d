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
        view.page.goto(f"{front.secure_url}/chat?room=tls&mode=compare")
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
