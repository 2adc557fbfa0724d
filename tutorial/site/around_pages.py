"""Around the book: its glossary and index, and the page for teachers."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tutorial.book import index
from tutorial.book.chapters import chapters
from tutorial.book.glossary import glossary
from tutorial.book.markdown import to_html
from tutorial.book.quoting import ROOT
from tutorial.site.pages import Page, SiteHandler, make_environment

GLOSSARY = Page("/glossary", "Glossary and index", "glossary.html")
TEACHING = Page("/teaching", "For teachers", "contract.html")
TEACHING_TEXT = ROOT / "tutorial" / "teaching.md"


class GlossaryHandler(SiteHandler):
    """`GET /glossary` → what happens if …, symptoms, terms, knobs, and where to go on."""

    def get(self) -> None:
        book = chapters()
        lists = {"experiments": index.experiments(book), "symptoms": index.symptoms(book)}
        self.show(self.page.template, page=self.page, terms=glossary(book), **lists)

    head = get


class TeachingHandler(SiteHandler):
    """`GET /teaching` → `tutorial/teaching.md`."""

    def get(self) -> None:
        html, headings = to_html(TEACHING_TEXT.read_text("utf-8"))
        self.show(self.page.template, page=self.page, contract=Markup(html), headings=headings)

    head = get


def routes() -> list[tuple[Any, ...]]:
    """Return the addresses of these pages, for the application to serve beside the chat."""
    environment = make_environment()
    return [
        (r"/glossary", GlossaryHandler, {"environment": environment, "page": GLOSSARY}),
        (r"/teaching", TeachingHandler, {"environment": environment, "page": TEACHING}),
    ]
