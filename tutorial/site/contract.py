"""The wire contract over HTTP: as a page for people, and its HTTP half as an OpenAPI file for programs."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tutorial.book import quoting
from tutorial.book.markdown import to_html
from tutorial.site.pages import Page, SiteHandler, make_environment

CONTRACT = quoting.ROOT / "tutorial" / "wire.md"
OPENAPI = quoting.ROOT / "tutorial" / "openapi.json"
PAGE = Page("/wire", "The wire contract", "contract.html")


class ContractHandler(SiteHandler):
    """`GET /wire` → the wire contract, `tutorial/wire.md`."""

    def get(self) -> None:
        html, headings = to_html(CONTRACT.read_text("utf-8"))
        self.show(PAGE.template, page=PAGE, contract=Markup(html), headings=headings)

    head = get


class OpenApiHandler(SiteHandler):
    """`GET /openapi.json` → `tutorial/openapi.json`."""

    def get(self) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(OPENAPI.read_bytes())

    head = get


def routes() -> list[tuple[Any, ...]]:
    """Return the contract's addresses, for the application to serve beside the chat."""
    shared = {"environment": make_environment(), "page": None}
    return [(r"/wire", ContractHandler, shared), (r"/openapi\.json", OpenApiHandler, shared)]
