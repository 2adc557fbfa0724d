"""The browser’s half on another page: what the README shows reads and writes from another origin, without a build."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from tests.support.browser import Process
from tests.support.ports import free_port
from tests.support.posting import post_message
from tests.support.server_process import ROOT

pytest_plugins = ["tests.support.browser_fixtures"]

[SNIPPET] = re.findall(r"^```js\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
SHOWN = "(count) => [...document.querySelectorAll('ol li')].length === count"


def in_a_function(snippet: str) -> str:
    """Return a module’s text as an async function, which a test can call."""
    imports = re.sub(
        r'^import (.+) from (".+");$', r"const \1 = await import(\2);", snippet, flags=re.M
    )
    return f"async () => {{ document.body.innerHTML = '<ol></ol>'; {imports} }}"


def test_what_the_readme_embeds_reads_and_writes_from_another_origin(
    browser: Browser, process: Process
) -> None:
    port = free_port()
    origin = f"http://localhost:{port}"
    server = process("--store=memory", f"--port={port}", f"--trusted-origin={origin}")
    post_message(server.url, "lobby", "before")
    page = browser.new_page()
    page.goto(f"{origin}/source/")
    page.evaluate(in_a_function(SNIPPET.replace("http://127.0.0.1:8888", server.url)))
    post_message(server.url, "lobby", "after")
    page.wait_for_function(SHOWN, arg=3)
    texts = page.locator("ol li").all_text_contents()
    page.close()
    assert [text.partition(": ")[2] for text in texts] == ["before", "hi", "after"]
