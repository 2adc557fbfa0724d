"""Strict JSON: what RFC 8259 calls JSON, and nothing more.

Python’s reader also takes NaN and Infinity, and strings that no UTF-8 can carry. The next program, to which we pass
them on, may not. This module knows no word of the contract.
"""

from __future__ import annotations

import json
from typing import Any


class NotJson(Exception):
    """A text can’t be read as JSON; the text of the exception says why."""


def read_json(data: str | bytes) -> Any:
    """Read one value in UTF-8, without NaN and lone surrogates. Raises: NotJson."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = _decoder.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate has no UTF-8
    except (ValueError, RecursionError) as error:
        raise NotJson(_reason(error)) from error
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos}"
    if isinstance(error, UnicodeError):
        return "this is not valid Unicode"
    if isinstance(error, RecursionError):
        return "this nests too deep"
    return "NaN and Infinity are not JSON, and a number may have 4300 digits"
