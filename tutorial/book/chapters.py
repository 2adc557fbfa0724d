"""The book: chapters in Markdown, whose listings, names and numbers come from the repository itself.

A chapter is `chapters/NN_name.md`, readable on its own. Jinja2 runs first and knows the words of `Quotations`; then
Markdown. What a chapter names and isn't there stops it, here and in the tests: a page can be missing, but not wrong.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from tutorial.book.listings import address, coloured, listing
from tutorial.book.measured_numbers import Results
from tutorial.book.quoting import Excerpt, Unquotable, quote, where_is

CHAPTERS = Path(__file__).parents[1] / "chapters"
_FRONT = re.compile(r"---\n(.*?)\n---\n(.*)", re.DOTALL)
_SLOT = re.compile(r"<p>\x02(\d+)\x03</p>\n?|\x02(\d+)\x03")
_LINK = re.compile(r"(\d\d)_\w+\.md(#.*)?")


class NoSuchChapter(LookupError):
    """No chapter has that number."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter's file. `title` and `question` stand in its front matter."""

    number: int
    stem: str
    title: str
    question: str
    body: str

    @property
    def path(self) -> str:
        """Its address, which stays."""
        return f"/chapters/{self.number:02}"

    @classmethod
    def read(cls, file: Path) -> Chapter:
        """Read a chapter's file. Raises: ValueError, when its front matter isn't as it must be."""
        front = _FRONT.fullmatch(file.read_text("utf-8"))
        if front is None:
            raise ValueError(f"{file.name} must begin with title: and question: between two ---")
        fields = dict(line.split(": ", 1) for line in front[1].splitlines())
        title, question = (fields[name].replace("'", "’") for name in ("title", "question"))
        return cls(int(file.stem[:2]), file.stem, title, question, front[2])


def chapters(folder: Path = CHAPTERS) -> list[Chapter]:
    """Give all chapters, in order."""
    return [Chapter.read(file) for file in sorted(folder.glob("[0-9][0-9]_*.md"))]


def chapter(number: int, folder: Path = CHAPTERS) -> Chapter:
    """Give the chapter of that number. Raises: NoSuchChapter."""
    found = [Chapter.read(file) for file in folder.glob(f"{number:02}_*.md")]
    if len(found) != 1:
        raise NoSuchChapter(number)
    return found[0]


@dataclass(frozen=True, slots=True)
class Heading:
    """A section's heading, and its anchor."""

    anchor: str
    text: str
    level: int


@dataclass(slots=True)
class Rendered:
    """A chapter as HTML, and what its page needs besides."""

    html: Markup
    headings: list[Heading] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)  # the custom elements in it
    quoted: set[tuple[str, str]] = field(default_factory=set)  # (path, definition)


class Quotations:
    """The words that a chapter can use; each gives a piece of the page, or stops it."""

    def __init__(self, chapter: Chapter, exercise_box: Callable[[int], Markup]) -> None:
        self.chapter = chapter
        self.blocks: list[Markup] = []
        self.elements: list[str] = []
        self.quoted: set[tuple[str, str]] = set()
        self._results = Results()
        self._exercise_box = exercise_box

    def words(self) -> dict[str, Callable[..., Any]]:
        """Give them by name, as Jinja2 takes them."""
        return {
            "source": self.source,
            "test": self.test,
            "name": self.name,
            "constant": self.constant,
            "measured": self._results.shown,
            "number": self._results.value,
            "experiment": self.experiment,
            "bet": self.bet,
            "exercise": self.exercise,
        }

    def source(self, path: str, *names: str, mark: str | Sequence[str] = (), fold: str = "") -> str:
        """Quote definitions of one file, with the lines that have a snippet of `mark` marked.

        With `fold`, which says what it is, the listing opens with a click.
        """
        if not names:
            raise Unquotable(f"say which definition of {path}")
        self.quoted.update((path, name) for name in names)
        marks = (mark,) if isinstance(mark, str) else tuple(mark)
        shown = listing(_marked(path, names, marks))
        folded = Markup('<details class="fold"><summary>{}</summary>{}</details>')
        return self._block(folded.format(fold, shown) if fold else shown)

    def test(self, path: str, *names: str) -> str:
        """Quote the test that proves what has just been said."""
        if not all(name.split(".")[-1].startswith("test_") for name in names):
            raise Unquotable(f"{names} of {path} should be tests")
        said = ", and ".join(_sentence(name) for name in names)
        kept = "The test that holds us to it" if len(names) == 1 else "The tests that hold us to it"
        proof = Markup('<details class="proof"><summary>{}: <em>{}</em></summary>{}</details>')
        shown = listing([quote(path, name) for name in names])
        return self._block(proof.format(kept, said, shown))

    def name(self, name: str, path: str | None = None, text: str | None = None) -> str:
        """Name a definition in prose, as a link to it."""
        path = where_is(name)[0] if path is None else quote(path, name).path
        return f"[`{text or name}`]({address(path, name)})"

    def constant(self, name: str, path: str | None = None) -> str:
        """Give the value of a constant, from the line that sets it."""
        path = path or where_is(name)[0]
        node = ast.parse(quote(path, name).text).body[0]
        assert isinstance(node, ast.Assign | ast.AnnAssign)
        assert node.value is not None
        return f"{ast.literal_eval(node.value):g}"

    def experiment(self, tag: str, caller: Callable[[], str], **options: object) -> str:
        """Place a live experiment; what the caller says is read without scripts, and while it loads."""
        self.elements.append(tag)
        attributes = _attributes(options)
        inside = MarkdownIt("commonmark").render(caller().strip())
        element = Markup('<{0}{1}><div class="without-scripts">{2}</div></{0}>')
        return self._block(
            Markup('<div class="experiment" data-experiment="{}">{}</div>').format(
                tag, element.format(Markup(tag), attributes, Markup(inside))
            )
        )

    def bet(
        self,
        measure: str,
        question: str,
        *,
        of: str = "",
        when: str = "",
        unit: str = "",
        rank: str = "",
        most: str = "",
    ) -> str:
        """Ask for the reader's bet on a `measure` of the experiment `of`, which can't be run before.

        `when` names the settings that settle it ("interval=1"); `most` is the greatest number that makes sense.
        """
        self.elements.append("x-bet")
        number = self.chapter.number
        options: dict[str, object] = {"name": f"{number}.{measure}".replace("_", "-")}
        options |= {"chapter": number, "measure": measure, "question": question}
        most = most or ("100" if unit == "%" else "")
        more = {"for": of, "when": when, "unit": unit, "rank": rank, "most": most}
        options |= {name: value for name, value in more.items() if value}
        element = Markup("<x-bet{}><noscript><p>{}</p></noscript></x-bet>")
        return self._block(element.format(_attributes(options), question))

    def exercise(self, number: int | None = None) -> str:
        """Place the box of an exercise: this chapter's own, unless another is named."""
        number = self.chapter.number if number is None else number
        return self._block(self._exercise_box(number))

    def _block(self, html: Markup) -> str:
        self.blocks.append(html)
        return f"\x02{len(self.blocks) - 1}\x03"


def _marked(path: str, names: tuple[str, ...], marks: tuple[str, ...]) -> list[Excerpt]:
    """Quote definitions that are shown together; each snippet marks a line in one of them."""
    texts = [quote(path, name).text for name in names]
    for mark in marks:
        if sum(mark in text for text in texts) != 1:
            raise Unquotable(f"“{mark}” must be in one of {', '.join(names)}")
    pairs = zip(names, texts, strict=True)
    return [quote(path, name, tuple(m for m in marks if m in text)) for name, text in pairs]


def _sentence(test: str) -> str:
    return test.rpartition(".")[2].removeprefix("test_").replace("_", " ")


def _attributes(options: dict[str, object]) -> Markup:
    return Markup("").join(
        Markup(' {}="{}"').format(name.replace("_", "-"), value) for name, value in options.items()
    )


def render(chapter: Chapter, exercise_box: Callable[[int], Markup]) -> Rendered:
    """Render a chapter. Raises: Unquotable, Unmeasured, jinja2.UndefinedError."""
    quotations = Quotations(chapter, exercise_box)
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.globals.update(quotations.words())
    text = environment.from_string(chapter.body).render()
    markdown, headings = make_markdown(), list[Heading]()
    tokens = markdown.parse(text)
    for token, inside in pairwise(tokens):
        if token.type == "heading_open":
            headings.append(_anchor(token, inside))
    html = markdown.renderer.render(tokens, markdown.options, {})
    html = _SLOT.sub(lambda slot: quotations.blocks[int(slot[1] or slot[2])], html)
    return Rendered(
        Markup(html), headings, list(dict.fromkeys(quotations.elements)), quotations.quoted
    )


def _anchor(opening: Token, inside: Token) -> Heading:
    text = "".join(
        token.content for token in inside.children or [] if token.type in ("text", "code_inline")
    )
    anchor = re.sub(r"[^\w]+", "-", text.lower()).strip("-")
    opening.attrSet("id", anchor)
    return Heading(anchor, text, int(opening.tag[1]))


def make_markdown() -> MarkdownIt:
    """Make the reader of chapters: tables, listings in colour, links between chapters' files, no raw surprises."""
    markdown = MarkdownIt("commonmark", {"typographer": True, "html": True})
    markdown.enable(["table", "smartquotes"])
    markdown.add_render_rule("fence", _fence)
    markdown.add_render_rule("table_open", lambda *_: '<div class="scroll"><table>\n')
    markdown.add_render_rule("table_close", lambda *_: "</table></div>\n")
    markdown.core.ruler.push("links", _address_links)
    return markdown


def _fence(_self: Any, tokens: list[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    suffix = {"python": ".py", "json": ".json"}.get(token.info, "")
    lines = "\n".join(coloured(suffix, token.content.rstrip("\n")))
    return (
        f'<pre class="{escape(token.info or "text")}" tabindex="0"><code>{lines}\n</code></pre>\n'
    )


def _address_links(state: Any) -> None:
    """Turn links between chapters' files, which a repository browser follows, into the site's addresses."""
    for token in state.tokens:
        for child in token.children or []:
            link = (
                _LINK.fullmatch(str(child.attrGet("href"))) if child.type == "link_open" else None
            )
            if link:
                child.attrSet("href", f"/chapters/{link[1]}{link[2] or ''}")
