"""Quotations: the words that a chapter can use for what comes from the repository and not from its author.

What a chapter names and isn't there stops the page, here and in the tests: a page can be missing, but not wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from loadtests.table import TRANSPORTS
from tutorial.book.chapters import Chapter
from tutorial.book.claims import as_table
from tutorial.book.listings import address, listing
from tutorial.book.measured_numbers import Results
from tutorial.book.placeholders import filled
from tutorial.book.quoting import Excerpt, Unquotable, quote, where_is
from tutorial.book.recordings import recording
from tutorial.book.scripts import scripts_of


class Quotations:
    """The words that a chapter can use; each gives a piece of the page, or stops it."""

    def __init__(self, chapter: Chapter, exercise_box: Callable[[int], Markup]) -> None:
        self.chapter = chapter
        self.blocks: list[Markup] = []
        self.elements: list[str] = []
        self.quoted: set[tuple[str, str]] = set()
        self.results = Results()
        self._exercise_box = exercise_box

    def words(self) -> dict[str, Callable[..., Any]]:
        """Return them by name, as Jinja2 takes them."""
        return {
            "source": self.source,
            "test": self.test,
            "name": self.name,
            "constant": self.constant,
            "measured": self.results.shown,
            "number": self.results.value,
            "experiment": self.experiment,
            "bet": self.bet,
            "exercise": self.exercise,
            "claims": lambda: as_table(self.results),
        }

    def source(self, path: str, *names: str, mark: str | Sequence[str] = (), fold: str = "") -> str:
        """Quote definitions of one file, with the lines that have a snippet of `mark` marked.

        `fold` is the label of a listing that opens with a click.
        """
        if not names:
            raise Unquotable(f"which definition of {path}?")
        self.quoted.update((path, name) for name in names)
        marks = (mark,) if isinstance(mark, str) else tuple(mark)
        shown = listing(_marked(path, names, marks))
        folded = Markup('<details class="fold"><summary>{}</summary>{}</details>')
        return self._block(folded.format(fold, shown) if fold else shown)

    def test(self, path: str, *names: str) -> str:
        """Quote the test that proves the sentence before it."""
        if not all(name.split(".")[-1].startswith("test_") for name in names):
            raise Unquotable(f"{names} of {path} should be tests")
        sentences = ", and ".join(_sentence(name) for name in names)
        label = (
            "The test that holds us to it" if len(names) == 1 else "The tests that hold us to it"
        )
        proof = Markup('<details class="proof"><summary>{}: <em>{}</em></summary>{}</details>')
        shown = listing([quote(path, name) for name in names])
        return self._block(proof.format(label, sentences, shown))

    def name(self, name: str, path: str | None = None, text: str | None = None) -> str:
        """Name a definition in prose, as a link to it."""
        path = where_is(name)[0] if path is None else quote(path, name).path
        return f"[`{text or name}`]({address(path, name)})"

    def constant(self, name: str, path: str | None = None) -> str:
        """Return the value of a constant, from the line that sets it."""
        path = path or where_is(name)[0]
        node = ast.parse(quote(path, name).text).body[0]
        assert isinstance(node, ast.Assign | ast.AnnAssign)
        assert node.value is not None
        return f"{ast.literal_eval(node.value):g}"

    def experiment(self, tag: str, caller: Callable[[], str], **options: object) -> str:
        """Place a live experiment; what the caller writes is shown without scripts, and while it loads."""
        self.elements.append(tag)
        attributes = _attributes(options)
        described = Markup(MarkdownIt("commonmark").render(caller().strip()))
        recorded = recording(f"{tag}-{options['shows']}" if "shows" in options else tag)
        [script] = scripts_of([tag])
        frame = Markup('<div class="experiment" data-experiment="{}" data-script="{}">{}</div>')
        return self._block(frame.format(tag, script, filled(tag, attributes, described, recorded)))

    def bet(
        self,
        measure: str,
        question: str,
        *,
        of: str = "",
        when: str = "",
        unit: str = "",
        ranks_transports: bool = False,
        most: str = "",
    ) -> str:
        """Ask for the reader's bet on a `measure` of the experiment `of`, which can't be run before.

        `when` names the settings that settle it ("interval=1"); `most` is the greatest number that makes sense.
        A bet that `ranks_transports` is on their order, any other on a number.
        """
        self.elements.append("x-bet")
        name = f"{self.chapter.number}.{measure}".replace("_", "-")
        options: dict[str, object] = {"name": name, "chapter": self.chapter.number}
        more = {"measure": measure, "question": question, "for": of, "when": when, "unit": unit}
        rank = ", ".join(row.in_a_sentence for row in TRANSPORTS.values() if ranks_transports)
        more |= {"rank": rank, "most": most or ("100" if unit == "%" else "")}
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
