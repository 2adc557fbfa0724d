"""Every page, judged by axe-core (WCAG 2.2 A and AA, best practices) and by the Nu HTML checker."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import OpenPage
from tests.support.http import fetch
from tests.support.posting import post_message
from tests.support.programs import installed, judges
from tests.support.server_process import ServerProcess
from tutorial.book.chapters import chapters

pytest_plugins = ["tests.support.browser_fixtures"]
pytestmark = pytest.mark.judges

CHATS = ["/chat?room=judged", "/chat?room=judged&mode=compare"]
BESIDE = ["/results", "/benchmark", "/source/", "/wire", "/choose", "/glossary", "/teaching"]
PAGES = ["/", "/nowhere", *BESIDE, *CHATS, *(one.path for one in chapters())]
VIOLATIONS = """async () => (await axe.run()).violations.map(({ id, help, nodes }) =>
  `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`)"""
# Adds the recorded runs, which a reader without scripts sees in place of the experiments; returns how many.
RECORDED = """async () => {
  const text = await (await fetch(location.href)).text();
  const recorded = new DOMParser().parseFromString(text, "text/html").querySelectorAll(".recorded");
  document.querySelector("main").append(...recorded);
  return recorded.length;
}"""


def test_every_page_is_the_html_that_the_standard_asks_for(
    site: ServerProcess, tmp_path: Path
) -> None:
    checker = judges() / "node_modules/vnu-jar/build/dist/vnu.jar"
    files = []
    for number, path in enumerate(PAGES):
        file = tmp_path / f"{number}.html"
        file.write_bytes(fetch(site.url + path, headers={"Accept": "text/html"}).body)
        files.append(file)
    ran = subprocess.run(
        [installed("java"), "-jar", str(checker), "--format", "json", *map(str, files)],
        capture_output=True,
        check=False,
    )
    found: list[dict[str, Any]] = json.loads(ran.stderr)["messages"]
    named = dict(zip([f"file:{file}" for file in files], PAGES, strict=True))
    complaints = [
        f"{named[one['url']]}: {one['message']} {one.get('extract', '')}"
        for one in found
        if one["type"] == "error" or one.get("subType") == "warning"
    ]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_shuts_anybody_out(open_in_shared_tab: OpenPage, path: str, scheme: str) -> None:
    axe = (judges() / "node_modules/axe-core/axe.min.js").read_text("utf-8")
    view = open_in_shared_tab(path)
    view.expect_errors("status of 404")
    view.page.emulate_media(color_scheme=scheme)
    if path in CHATS:
        view.connected()
        post_message(view.url, "judged", "hello")
    view.page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    view.page.evaluate(axe)
    assert view.page.evaluate(VIOLATIONS) == []
    if path.startswith("/chapters/") and view.page.evaluate(RECORDED):
        assert view.page.evaluate(VIOLATIONS) == [], "with the recorded runs"
