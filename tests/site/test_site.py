"""The site's pages as HTTP sees them: how they are protected, what is cached, and what a wrong address says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from tests.support import server_process
from tests.support.http import Response, ask
from tests.support.server_process import ROOT, ServerProcess
from transports.app import TRANSPORTS
from tutorial.book.chapters import chapters
from tutorial.site.pages import PAGES, ROWS, Row
from tutorial.site.results_page import REPORT_POLICY
from tutorial.site.static_files import FileHandler

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "cross-site"}
PATHS = [page.path for page in PAGES]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    started: ServerProcess = server_process.start("--store=memory")
    yield started.url
    server_process.stop(started)


async def walk(address: str) -> dict[str, Response]:
    """Return one page or file of each kind that a browser is led to; what is for programs is left out."""
    found: dict[str, Response] = {}
    unread = ["/", "/nowhere"]
    while unread:
        path = unread.pop()
        kind = re.sub(r"(?<=/source/).+|(?<=/chapters/).+", "…", path)
        if kind in found:
            continue
        found[kind] = await ask(address, path, headers=BROWSER)
        if is_html(found[kind]):
            unread += re.findall(r'(?:href|src)="(/[^"#?]*)', found[kind].body.decode())
    return {
        kind: page for kind, page in found.items() if "json" not in page.headers["content-type"]
    }


def is_html(page: Response) -> bool:
    return page.headers["content-type"].startswith("text/html")


async def test_whichever_page_is_asked_for_runs_the_scripts_of_this_server_alone(
    address: str,
) -> None:
    pages = await walk(address)
    kinds = {"/", "/chat", "/results", "/chapters/…", "/source/", "/source/…", "/wire", "/nowhere"}
    assert kinds <= pages.keys()
    assert {"/static/icon.svg", "/static/js/site/theme.js"} <= pages.keys(), "opened by themselves"
    for path, page in pages.items():
        policy = policy_of(page)
        assert policy["default-src"] == "'self'", path
        assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert not {"script-src", "style-src"} & policy.keys(), "so both are as default-src says"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert inline(page) == [], path
    report = REPORT_POLICY.split("; ")
    assert report[0] == "default-src 'none'"
    assert not any(rule.startswith("script-src") for rule in report)


def policy_of(page: Response) -> dict[str, str]:
    """Return the Content-Security-Policy of a page, by directive."""
    rules = page.headers["content-security-policy"].split(";")
    return {name: sources for name, _, sources in (rule.strip().partition(" ") for rule in rules)}


class InlineFinder(HTMLParser):
    """Finds what a page would run or paint from its own text: scripts, styles, handlers."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [name for name in given if name == "style" or name.startswith("on")]
        self.found += [tag] * (tag == "style" or (tag == "script" and not given.get("src")))
        self.found += [v for v in given.values() if v and v.startswith("javascript:")]


def inline(page: Response) -> list[str]:
    return InlineFinder(page.body.decode()).found if is_html(page) else []


@pytest.mark.parametrize("path", PATHS)
async def test_the_header_leads_to_every_place_and_says_where_we_are(
    address: str, path: str
) -> None:
    html = (await ask(address, path)).body.decode()
    places = re.findall(r'<li><a href="([^"]+)"( aria-current="page")?>', html.split("</nav>")[0])
    assert [place for place, _ in places] == [page.path for page in PAGES if page.place]
    assert [place for place, here in places if here] == [path]


@pytest.mark.parametrize("path", [*PATHS, "/static/css/base.css"])
async def test_what_has_not_changed_is_answered_with_304(address: str, path: str) -> None:
    first = await ask(address, path)
    assert first.headers["cache-control"] == "no-cache"
    again = await ask(address, path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


async def test_an_edited_file_shows_at_once(tmp_path: Path) -> None:
    edited = tmp_path / "edited.js"
    edited.write_text("one")
    listening, port = bind_unused_port()
    server = HTTPServer(Application([(r"/(.*)", FileHandler, {"path": str(tmp_path)})]))
    server.add_socket(listening)
    url = f"http://127.0.0.1:{port}"
    first = await ask(url, "/edited.js")
    edited.write_text("two")
    again = await ask(url, "/edited.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (200, b"two")
    server.stop()
    await server.close_all_connections()


async def test_a_script_is_served_as_a_script(address: str) -> None:
    script = await ask(address, "/static/js/chat/chat.js")
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/chat/",
        "/static/nothing.js",
        f"/static/{'x' * 256}.js",
        f"/static/{'x/' * 3000}x.js",
        f"/source/transports/{'x' * 256}.py",
        "/static/",
        "/static/js",
        "/static/%00",
        "/chapters/99",
    ],
)
async def test_a_wrong_address_says_which_pages_there_are(address: str, path: str) -> None:
    page = await ask(address, path, headers=BROWSER)
    assert page.status == 404
    assert page.headers["content-type"].startswith("text/html")
    assert all(f'href="{path}"' in page.body.decode() for path in PATHS)
    assert inline(page) == []


@pytest.mark.parametrize("path", ["/static/../pyproject.toml", "/static/%2e%2e/pyproject.toml"])
async def test_nothing_outside_the_static_files_is_served(address: str, path: str) -> None:
    assert (await ask(address, path, headers=BROWSER)).status == 404


async def test_a_wrong_address_shows_its_name_as_text(address: str) -> None:
    page = await ask(address, "/<script>alert(1)</script>", headers=BROWSER)
    assert b"<script>alert" not in page.body


async def test_a_program_gets_the_contract_s_own_404(address: str) -> None:
    answer = await ask(address, "/nowhere", headers={"Accept": "*/*"})
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_an_echo_says_how_long_the_request_was(address: str) -> None:
    answer = await ask(address, "/echo", headers={"X-Long": "x" * 100})
    head = f"GET /echo HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\nX-Long: {'x' * 100}\r\n\r\n"
    assert answer.json["head_bytes"] == len(head)
    assert answer.json["head"] == head


async def test_the_contents_list_the_chapters_that_are_written(address: str) -> None:
    html = (await ask(address, "/")).body.decode()
    assert all(
        f'<a href="{chapter.path}">{escape(chapter.title)}</a>' in html for chapter in chapters()
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_contents_and_package_name_each_transport(address: str, row: Row) -> None:
    html = (await ask(address, "/")).body.decode()
    assert f"{row.label}</a>" in html
    assert f"<span>{row.question}</span>" in html
    lead = html.partition('class="lead"')[2].partition("</p>")[0]
    description = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["description"]
    assert row.label.lower() in lead.lower()
    assert row.label.lower() in description.lower()


def test_the_page_offers_what_the_site_speaks_of_and_the_server_serves() -> None:
    table = (ROOT / "static/js/transports.js").read_text()
    offered = re.findall(r'^    name: "(.+)",$', table, re.M)
    assert offered == [row.name for row in ROWS]
    assert set(offered) <= set(TRANSPORTS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_transport_has_a_colour_and_a_shape(row: Row) -> None:
    styles = (ROOT / "static/css/transports.css").read_text()
    own = re.search(rf'\[data-transport="{row.name}"\] \{{([^}}]*)\}}', styles)
    assert own
    assert "--transport: light-dark(" in own[1]
    assert "--shape: " in own[1]
    assert (ROOT / "static/js" / f"{row.stem}.js").exists()


@pytest.mark.parametrize("name", ["a" * 256, "a/" * 3000 + "a", "%00", "%C3%A4" * 200])
@pytest.mark.parametrize("prefix", ["/static/", "/static/js/", "/source/", "/source/tests/", "/"])
async def test_a_name_that_no_file_system_takes_is_missing_like_any_other(
    address: str, prefix: str, name: str
) -> None:
    for suffix in (".js", ".py"):
        answer = await ask(address, f"{prefix}{name}{suffix}", headers=BROWSER)
        assert answer.status == 404


@pytest.mark.parametrize(
    "path",
    [
        *PATHS,
        "/static/css/base.css",
        "/echo",
        "/chapters/04",
        "/source/",
        "/source/tests/conftest.py",
    ],
)
async def test_head_has_the_headers_of_get_and_any_other_method_gets_a_405_with_those_that_are_allowed(
    address: str, path: str
) -> None:
    got, head = await ask(address, path), await ask(address, path, "HEAD")
    assert (head.status, head.body) == (got.status, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert path == "/echo" or head.headers["content-length"] == got.headers["content-length"]
    for method in ("PUT", "DELETE"):
        refused = await ask(address, path, method)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
