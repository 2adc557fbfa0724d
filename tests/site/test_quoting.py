"""Quoting: a definition is found by its name, whole, and a name that is not exactly one stops the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutorial.book import javascript, quoting
from tutorial.book.quoting import Unquotable, quote

MODULE = """\
// A module.
import { a } from "./a.js";

const LATER = new Set([1, 2]); // "}" in a comment
const TEXT = `${LATER.size} } {`;

/**
 * Say it.
 */
export class Speaker extends Person {
  #words = 1;
  /** Begin. */
  async begin({ after = {} } = {}, pattern = /[}]/) {
    if (after) return "}";
  }
  say = async (word) => {
    return word;
  };
}

export async function connect(url, how) {
  const inner = () => {};
  return inner;
}
"""


def javascript_of(name: str) -> str:
    [(first, last)] = [(a, b) for found, a, b in javascript.definitions(MODULE) if found == name]
    return "\n".join(MODULE.splitlines()[first - 1 : last])


def test_a_javascript_module_defines_its_top_level_names_and_members_and_nothing_else() -> None:
    assert [name for name, _, _ in javascript.definitions(MODULE)] == [
        "LATER", "TEXT", "Speaker", "Speaker.#words", "Speaker.begin", "Speaker.say", "connect",
    ]  # fmt: skip


def test_a_definition_in_javascript_ends_where_its_brackets_do_whatever_strings_say() -> None:
    assert javascript_of("LATER") == 'const LATER = new Set([1, 2]); // "}" in a comment'
    assert javascript_of("TEXT") == "const TEXT = `${LATER.size} } {`;"
    assert javascript_of("Speaker.begin").splitlines()[0] == "  /** Begin. */"
    assert javascript_of("Speaker.begin").splitlines()[-1] == "  }"
    assert javascript_of("Speaker").startswith("/**\n * Say it.")
    assert javascript_of("connect").count("\n") == 3


TYPED = """\
/** @typedef {import("./a.js").A} A */

/**
 * Return it,
 * as it is.
 *
 * @param {A} a
 * @returns {A}
 */
function same(/** @type {A} */ a) {
  /** @type {A[]} */
  const all = [];
  /** Say it. @param {string} word */
  const say = (word) => /** @type {any} */ (word);

  return a;
}"""


def test_a_listing_of_javascript_leaves_out_types_and_keeps_sentences_and_line_numbers() -> None:
    assert list(javascript.without_types(TYPED)) == [
        (1, ""),
        (2, "/**"), (3, " * Return it,"), (4, " * as it is."), (8, " */"),
        (9, "function same(a) {"),
        (11, "  const all = [];"),
        (12, "  /** Say it. */"), (13, "  const say = (word) => (word);"),
        (14, ""), (15, "  return a;"), (16, "}"),
    ]  # fmt: skip


def test_a_method_in_python_is_quoted_whole_without_the_indentation_of_its_class() -> None:
    excerpt = quote("transports/room.py", "Room.since")
    assert excerpt.text.startswith("def since(self")
    lines = quoting.read("transports/room.py").splitlines()
    assert lines[excerpt.first - 1].strip() == excerpt.text.splitlines()[0]
    assert lines[excerpt.last - 1].strip() == excerpt.text.splitlines()[-1].strip()


def test_a_decorator_belongs_to_what_it_decorates() -> None:
    assert quote("transports/wire.py", "Cursor").text.startswith("@dataclass")


def test_a_snippet_marks_its_line() -> None:
    excerpt = quote("transports/room.py", "Room.wait", ("await held",))
    [number] = excerpt.marked
    assert quoting.read("transports/room.py").splitlines()[number - 1].strip() == "await held"


class DefinedTwice:
    """A property that can be read and set has one name and two definitions."""

    @property
    def value(self) -> int:
        return self._value

    @value.setter
    def value(self, value: int) -> None:
        self._value = value


@pytest.mark.parametrize(
    ("path", "name", "mark"),
    [
        ("transports/room.py", "Room.sinse", ()),
        ("transports/rooms.py", "Room", ()),
        ("transports/nothing.py", "Room", ()),
        ("transports/room.py", "Room.wait", ("no such words",)),
        ("transports/room.py", "Room.wait", ("batch",)),
        ("tests/site/test_quoting.py", "DefinedTwice.value", ()),
    ],
)
def test_what_is_not_there_exactly_once_cannot_be_quoted(
    path: str, name: str, mark: tuple[str, ...]
) -> None:
    with pytest.raises(Unquotable):
        quote(path, name, mark)


@pytest.mark.parametrize(
    "path",
    [
        "../etc/passwd",
        "/etc/passwd",
        "transports/../../secret.py",
        ".git/config",
        "transports/.hidden.py",
        "README.md",
        "transports",
        "",
    ],
)
def test_only_source_files_of_this_repository_are_shown(path: str) -> None:
    assert not quoting.is_shown(path)


def test_a_link_out_of_the_repository_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "repository"
    (root / "tests").mkdir(parents=True)
    (tmp_path / "secret.py").write_text("SECRET = 1")
    (root / "tests" / "secret.py").symlink_to(tmp_path / "secret.py")
    monkeypatch.setattr(quoting, "ROOT", root)
    assert not quoting.is_shown("tests/secret.py")
