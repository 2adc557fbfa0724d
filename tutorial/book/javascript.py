"""JavaScript, as far as quoting needs it: the names that a module defines, and from which line to which.

Pygments' lexer knows strings, templates, comments and regular expressions; what is left are brackets to
count. Enough for modules that are formatted as ours are, each top-level definition on a line of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pygments.lexers import JavascriptLexer
from pygments.token import Comment, Punctuation

_TOP = re.compile(
    r"(?:export +)?(?:default +)?(?:(?:async +)?function\*? +|class +|(?:const|let|var) +)([\w$]+)"
)
_MEMBER = re.compile(r" {2}(?:(?:static|async|get|set) +)*\*?(#?[\w$]+)\b *[(=;]")
_CLASS = re.compile(r"(?:export +)?(?:default +)?class ")
_JSDOC = re.compile(r"/\*\*.*?\*/ ?", re.DOTALL)
_TAG = re.compile(r"^[ /*]*@")
_LEFT_OUT = "\0"
_COMMENT_ABOVE = re.compile(
    r"(?:^ *//[^\n]*\n|^ */\*\*(?:(?!\*/).)*\*/\n)+\Z", re.MULTILINE | re.DOTALL
)


def definitions(text: str) -> Iterator[tuple[str, int, int]]:
    """Return each definition's name, first line (its comment's, if one stands right above) and last line."""
    code, depths = _read(text)
    inside = None
    for start, line in _lines(code):
        if depths[start] == 0 and (top := _TOP.match(line)):
            inside = top[1] if _CLASS.match(line) else None
            name = top[1]
        elif depths[start] == 1 and inside and (member := _MEMBER.match(line)):
            name = f"{inside}.{member[1]}"
        else:
            continue
        yield name, _first_line(text, start), _last_line(code, start, depths)


def without_types(text: str) -> Iterator[tuple[int, str]]:
    """Return the lines, each with its number from 0, without the types in JSDoc comments; their sentences stay."""
    shown = _JSDOC.sub(lambda comment: _sentences(comment[0]), text)
    for number, line in enumerate(shown.split("\n")):
        left = line.replace(_LEFT_OUT, "")
        if left.strip() or left == line:
            yield number, left


def _sentences(comment: str) -> str:
    """Return a JSDoc comment up to its first tag, with a mark for each line or part that is left out."""
    lines = comment.split("\n")
    if len(lines) == 1:
        words, tag, _ = comment.partition(" @")
        return comment if not tag else _LEFT_OUT if words == "/**" else f"{words} */"
    first = next((i for i, line in enumerate(lines) if _TAG.match(line)), None)
    if first is None:
        return comment
    kept = lines[:first]
    while kept and not kept[-1].strip(" /*"):
        kept.pop()
    closing = [lines[-1]] if kept else [_LEFT_OUT]
    return "\n".join([*kept, *[_LEFT_OUT] * (len(lines) - len(kept) - 1), *closing])


def _read(text: str) -> tuple[str, list[int]]:
    """Return the text with its comments blanked, and for each character how many brackets are open before it."""
    code, depths, depth = list(text), [0] * (len(text) + 1), 0
    lexer = JavascriptLexer(ensurenl=False, stripnl=False)
    for start, kind, token in lexer.get_tokens_unprocessed(text):
        for at, character in enumerate(token, start):
            depths[at] = depth
            if kind in Punctuation:
                depth += (character in "([{") - (character in ")]}")
            if kind in Comment and character != "\n":
                code[at] = " "
    return "".join(code), depths


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, line
        start += len(line)


def _first_line(text: str, start: int) -> int:
    above = _COMMENT_ABOVE.search(text[:start])
    return text.count("\n", 0, above.start() if above else start) + 1


def _last_line(code: str, start: int, depths: list[int]) -> int:
    """Return the line on which a statement that began at `start` ends."""
    end = start
    while (end := code.find("\n", end + 1)) != -1:
        if depths[end] <= depths[start] and code[start:end].rstrip().endswith((";", "}")):
            return code.count("\n", 0, end) + 1
    return code.count("\n") + 1
