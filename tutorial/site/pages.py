"""The pages of the site: the contents, the chat, and what they are made of.

A page is a row of PAGES: its address, its title, and the template that renders it; a row with a `place` is in the
header of every page. The chat itself is not here: a page reaches it through the wire contract, like any client.
Templates and static files are read anew when they have changed, so an edit shows at once.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.httputil import HTTPServerRequest
from tornado.routing import AnyMatches, Rule

from transports.app import TRANSPORTS
from transports.handler import RoomHandler
from tutorial.book.chapters import chapters
from tutorial.exercises import states
from tutorial.site.allowed_methods import AllowedMethods
from tutorial.site.echo import EchoHandler
from tutorial.site.security_headers import protect
from tutorial.site.static_files import STATIC, FileHandler, IsFile

ROOT = Path(__file__).parents[2]
LOADTESTS = ROOT / "loadtests"
PASSED = ("passed", "passed-before")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the site. `place` is its name in the header; None: it isn't there."""

    path: str
    title: str
    template: str
    place: str | None = None


CONTENTS = Page("/", "Hold the Line", "contents.html", "Contents")
RESULTS = Page("/results", "Results", "results.html", "Results")  # answered by results.py
PAGES = (
    CONTENTS,
    Page("/chat", "Chat", "chat.html", "Chat"),
    RESULTS,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A transport as the site shows it. `stem` names its file in every column of the table in the README."""

    name: str
    stem: str
    label: str
    question: str

    @classmethod
    def of(cls, name: str, handler: type[RoomHandler]) -> Row:
        """Return the row of a handler, whose module begins with “Label: question”."""
        module = sys.modules[handler.__module__]
        first = (module.__doc__ or name).partition("\n")[0].replace("'", "’")
        label, _, question = first.partition(": ")
        return cls(name, module.__name__.rpartition(".")[2], label, question)

    @property
    def load_test(self) -> str | None:
        """The path of its load test; None while there is none."""
        path = LOADTESTS / f"{self.stem}.py"
        return str(path.relative_to(ROOT)) if path.exists() else None


ROWS = tuple(Row.of(name, handler) for name, handler in TRANSPORTS.items())


class SiteHandler(AllowedMethods):
    """Renders a template into a page of the site."""

    def initialize(self, environment: Environment, page: Page) -> None:
        self.environment = environment
        self.page = page

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-cache")
        protect(self)

    def show(self, template: str, **values: Any) -> None:
        origin = f"{self.request.protocol}://{self.request.host}"
        values |= {name: self.settings.get(name, ()) for name in ("friends", "own_files")}
        values |= {"pages": PAGES, "rows": ROWS, "chapters": chapters(), "origin": origin}
        self.finish(self.environment.get_template(template).render(values))

    def show_error(self, status_code: int, **kwargs: Any) -> None:
        page = Page(self.request.path, f"{status_code}: {self._reason}", "error.html")
        self.show(page.template, page=page, status=status_code)


class PageHandler(SiteHandler):
    """Answers with one page."""

    def get(self) -> None:
        self.show(self.page.template, page=self.page)

    head = get


class ContentsHandler(PageHandler):
    """Answers with the contents, which show what the learner has passed."""

    def show(self, template: str, **values: Any) -> None:
        passed = {one.number: one.state in PASSED for one in states()}
        super().show(template, passed=passed, **values)


class MissingPage(SiteHandler):
    """Answers a browser that asks for a page where there is none."""

    def prepare(self) -> None:
        self.send_error(404)


class AsksForPage(AnyMatches):
    """Matches what a browser's address bar asks for; programs get the contract's own 404."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {} if "text/html" in request.headers.get("Accept", "") else None


def make_environment() -> Environment:
    """Return the environment of the templates, for this module's pages and the book's."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def routes() -> list[Any]:
    """Return the site's pages, for the application to serve beside the chat."""
    shared = {"environment": make_environment()}
    return [
        *[
            (
                re.escape(page.path),
                ContentsHandler if page is CONTENTS else PageHandler,
                shared | {"page": page},
            )
            for page in PAGES
            if page is not RESULTS
        ],
        Rule(IsFile(), FileHandler, {"path": str(STATIC)}),
        (r"/echo", EchoHandler),
        Rule(AsksForPage(), MissingPage, shared | {"page": None}),
    ]
