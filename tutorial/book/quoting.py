"""Quoting: a definition of this repository, found by its name.

A chapter never copies code and never counts lines: it names what it shows, and what it shows is what runs. Python is
read with `ast`, JavaScript with `javascript`; any other text file can be shown whole. A name that is missing, or that
two definitions bear, stops the page.
"""

from __future__ import annotations

import ast
import os
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tutorial.book import javascript

ROOT = Path(__file__).parents[2]
FOLDERS = ("transports", "tutorial", "static", "loadtests", "tests")  # what may be shown
SUFFIXES = frozenset(
    {".py", ".js", ".mjs", ".css", ".html", ".md", ".toml", ".json"}
    | {".conf", ".cfg", ".vcl", ".service"}
)


class Unquotable(LookupError):
    """The chapter names something that isn't there, or that is there twice."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A named part of a source file: its first and last line, both counted from 1, both inclusive."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A definition's text, without the indentation of the class around it."""

    path: str
    name: str
    first: int
    text: str
    marked: frozenset[int] = frozenset()

    @property
    def last(self) -> int:
        return self.first + self.text.count("\n")


def quote(path: str, name: str, mark: tuple[str, ...] = ()) -> Excerpt:
    """Return the definition `name` (`Room.wait`) of a file; each line that has a snippet of `mark` is marked.

    Raises: Unquotable, also for a snippet that isn't on exactly one line.
    """
    found = [one for one in definitions(path) if one.name == name]
    if len(found) != 1:
        raise Unquotable(f"{path} has {len(found) or 'no'} definitions named “{name}”")
    lines = read(path).splitlines()[found[0].first - 1 : found[0].last]
    text = textwrap.dedent("\n".join(lines))
    marked = frozenset(found[0].first + _only_line(snippet, text, name) for snippet in mark)
    return Excerpt(path, name, found[0].first, text, marked)


def _only_line(snippet: str, text: str, name: str) -> int:
    found = [number for number, line in enumerate(text.split("\n")) if snippet in line]
    if len(found) != 1:
        raise Unquotable(f"“{snippet}” is on {len(found)} lines of {name}, and must be on one")
    return found[0]


def where_is(
    name: str, folders: tuple[str, ...] = ("transports", "static/js")
) -> tuple[str, Definition]:
    """Find the one file that defines a name. Raises: Unquotable."""
    words = name.split(".")
    files = [path for path in paths(folders) if all(word in read(path) for word in words)]
    found = [(path, one) for path in files for one in definitions(path) if one.name == name]
    if len(found) != 1:
        places = ", ".join(path for path, _ in found) or "no file"
        raise Unquotable(f"“{name}” is defined in {places}; choose one with path=")
    return found[0]


def stamp(*others: Path) -> tuple[int, int]:
    """Return what changes when any source file, or one of the `others`, is edited, added or removed."""
    walks = (os.walk(ROOT / folder) for folder in FOLDERS)
    files = [f"{folder}/{name}" for walk in walks for folder, _, names in walk for name in names]
    files += [str(other) for other in others if other.exists()]
    dates = [os.stat(file).st_mtime_ns for file in files if not file.endswith((".pyc", ".new"))]
    return len(dates), max(dates)


def paths(folders: tuple[str, ...] = FOLDERS) -> list[str]:
    """Return the source files below some folders, in order."""
    walks = (os.walk(ROOT / folder) for folder in folders)
    files = [f"{at}/{name}" for walk in walks for at, _, names in walk for name in names]
    within = len(f"{ROOT}/")
    sources = [file[within:] for file in files if file.endswith(tuple(SUFFIXES))]
    return sorted(path for path in sources if "/." not in path and not os.path.islink(ROOT / path))


def is_shown(path: str) -> bool:
    """Return whether a path is a source file of this repository, and no other file of this machine."""
    parts = Path(path).parts
    outside = ".." in parts or not parts or parts[0] not in FOLDERS
    hidden = any(part.startswith(".") for part in parts)
    file = ROOT / path
    if outside or hidden or file.suffix not in SUFFIXES or not os.path.isfile(file):
        return False
    return file.resolve().is_relative_to(ROOT.resolve())


def read(path: str) -> str:
    """Return a source file's text. Raises: Unquotable."""
    if not is_shown(path):
        raise Unquotable(f"there is no source file {path}")
    return (ROOT / path).read_text("utf-8")


def definitions(path: str) -> tuple[Definition, ...]:
    """Return all definitions of a file, members as `Class.member`; none when its language has none."""
    text = read(path)
    return _definitions(Path(path).suffix, text)


@lru_cache(maxsize=512)
def _definitions(suffix: str, text: str) -> tuple[Definition, ...]:
    readers: dict[str, Callable[[str], Iterator[Definition]]] = {
        ".py": _of_python,
        ".js": _of_javascript,
        ".mjs": _of_javascript,
    }
    return tuple(readers[suffix](text)) if suffix in readers else ()


def _of_python(text: str) -> Iterator[Definition]:
    yield from _of_block(ast.parse(text).body, "")


def _of_block(block: list[ast.stmt], prefix: str) -> Iterator[Definition]:
    for node in block:
        for name in _names(node):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            yield Definition(prefix + name, first, node.end_lineno or node.lineno)
        if isinstance(node, ast.ClassDef):
            yield from _of_block(node.body, f"{prefix}{node.name}.")


def _names(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(name)):
            return [name]
    return []


def _of_javascript(text: str) -> Iterator[Definition]:
    for name, first, last in javascript.definitions(text):
        yield Definition(name, first, last)
