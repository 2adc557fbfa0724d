"""Reading: the addresses of the book – its chapters, the source that they quote, and the check of an exercise.

A chapter is rendered once, and again when anything is edited that it is made of. A check runs the file on
the reader's own disk and is started from this machine alone: no code travels over HTTP.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape
from tornado.web import HTTPError

from transports.chat import Chat
from transports.refusals import Refused
from transports.wire import to_json
from tutorial import exercises
from tutorial.book import quoting
from tutorial.book.chapters import Chapter, NoSuchChapter, chapter, chapters
from tutorial.book.listings import whole
from tutorial.book.markdown import anchor_of, make_markdown
from tutorial.book.measured_numbers import YOURS
from tutorial.book.rendering import Rendered, render
from tutorial.book.scripts import scripts_of
from tutorial.site.local_only import LocalHandler
from tutorial.site.pages import Page, SiteHandler, make_environment

PROGRESS = exercises.FOLDER / "progress.json"  # a box shows what its last check said
EXERCISE = re.compile(r'<section class="exercise".*?</section>', re.DOTALL)
USUAL_HOST = "127.0.0.1:8888"
PANES = {"chat-pane", "chaos-controls"}  # the elements that need the chat's styles


class Shelf:
    """The chapters as they were rendered last, until anything that they are made of is edited."""

    def __init__(self, environment: Environment) -> None:
        self._box = partial(exercise_box, environment)
        self._stamp: tuple[int, int] | None = None
        self._rendered: dict[int, Rendered] = {}

    def rendered(self, asked: Chapter) -> Rendered:
        """Return a chapter, rendered. Raises: what `render` does."""
        stamp = quoting.stamp(YOURS, PROGRESS)
        if stamp != self._stamp:
            self._stamp = stamp
            self._rendered.clear()
        if asked.number not in self._rendered:
            self._rendered[asked.number] = render(asked, self._box)
        return self._rendered[asked.number]


class ChapterHandler(SiteHandler):
    """`GET /chapters/04` → the chapter; another way to write its number leads there."""

    def initialize(self, environment: Environment, page: Page, shelf: Shelf | None = None) -> None:
        super().initialize(environment, page)
        self._shelf = shelf or Shelf(environment)

    def get(self, number: str) -> None:
        try:
            asked = chapter(int(number))
        except NoSuchChapter as missing:
            raise HTTPError(404) from missing
        if self.request.path != asked.path:
            self.redirect(asked.path, permanent=True)
            return
        rendered = self._shelf.rendered(asked)
        page = Page(asked.path, f"{asked.number}. {asked.title}", "chapter.html")
        html = _with_address(rendered.html, self.request.host)
        words = {
            "chapter": asked,
            "rendered": rendered,
            "html": html,
            "scripts": scripts_of([tag for tag in rendered.elements if tag == "x-bet"]),
            "has_panes": not PANES.isdisjoint(rendered.elements),
        }
        self.show("chapter.html", page=page, **words, **_neighbours(asked.number))

    head = get


def _with_address(html: Markup, host: str) -> Markup:
    """Return the chapter with the address that this site has in its exercise's commands."""
    own = str(escape(host))
    return Markup(EXERCISE.sub(lambda box: box[0].replace(USUAL_HOST, own), html))


def _neighbours(number: int) -> dict[str, Any]:
    others = chapters()
    return {
        "previous": next((one for one in reversed(others) if one.number < number), None),
        "following": next((one for one in others if one.number > number), None),
    }


def exercise_box(environment: Environment, number: int) -> Markup:
    """Return the box of an exercise: what is to do, how to check it, and what the last check said."""
    found = [state for state in exercises.states() if state.number == number]
    if not found:
        raise LookupError(f"there is no exercise {number}")
    markdown = make_markdown()
    task = Markup(markdown.render(found[0].task.partition("\n")[2]))
    afterwards = Markup(markdown.render(found[0].afterwards))
    hints = [Markup(markdown.render(hint)) for hint in found[0].hints]
    template = environment.get_template("exercise.html")
    words = {"exercise": found[0], "task": task, "hints": hints, "afterwards": afterwards}
    return Markup(template.render(words | {"anchor_of": anchor_of}))


class SourceHandler(SiteHandler):
    """`GET /source/transports/room.py` → a file of this repository; `/source/` → which there are."""

    def get(self, path: str) -> None:
        if not path:
            folders: dict[str, list[str]] = {}
            for one in quoting.paths():
                folders.setdefault(one.rpartition("/")[0], []).append(one)
            page = Page("/source/", "The source", "sources.html")
            self.show("sources.html", page=page, folders=folders)
        elif quoting.is_shown(path):
            page = Page(f"/source/{path}", path, "source.html")
            self.show("source.html", page=page, path=path, code=whole(path))
        else:
            raise HTTPError(404)

    head = get


class CheckHandler(LocalHandler):
    """`POST /exercises/4/check` → the verdict on the file on this machine's disk, or back to the chapter."""

    async def post(self, number: str) -> None:
        try:
            verdict = await exercises.start_check(int(number))
        except exercises.NoSuchExercise as missing:
            raise Refused(404, str(missing)) from missing
        if "text/html" in self.request.headers.get("Accept", ""):
            self.redirect(f"/chapters/{int(number):02}#exercise-{int(number)}", status=303)
        else:
            self.finish(to_json(verdict))


def routes(chat: Chat) -> list[tuple[Any, ...]]:
    """Return the book's addresses, for the application to serve beside the chat."""
    environment = make_environment()
    shared = {"environment": environment, "page": None}
    on_shelf = shared | {"shelf": Shelf(environment)}
    return [
        (r"/chapters/(\d{1,3})(?:_\w+)?(?:\.md)?/?", ChapterHandler, on_shelf),
        (r"/source/(.*)", SourceHandler, shared),
        (r"/exercises/(\d{1,3})/check", CheckHandler, {"chat": chat}),
    ]
