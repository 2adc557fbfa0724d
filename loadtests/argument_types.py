"""Argument types: how the command line's words are read, and refused in a sentence."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from loadtests.table import TRANSPORTS

Number = TypeVar("Number", int, float)


def number(kind: type[Number], least: float, most: float) -> Callable[[str], Number]:
    """Return a reader of numbers from `least` to `most` for argparse."""

    def read_number(text: str) -> Number:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    read_number.__name__ = "whole number" if kind is int else "number"
    return read_number


def listed(read_one: Callable[[str], Number]) -> Callable[[str], tuple[Number, ...]]:
    """Return a reader of numbers with commas between them; they come out ascending, each once."""

    def read_list(text: str) -> tuple[Number, ...]:
        return tuple(sorted({read_one(part) for part in text.split(",")}))

    read_list.__name__ = f"list of {read_one.__name__}s"
    return read_list


def transports(text: str) -> tuple[str, ...]:
    """Read transports' names with commas between them."""
    named = tuple(dict.fromkeys(text.split(",")))
    for name in named:
        if name not in TRANSPORTS:
            raise argparse.ArgumentTypeError(
                f"there is no transport {name!r}, only {', '.join(TRANSPORTS)}"
            )
    return named


def address(text: str) -> str:
    """Read a server's URL."""
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is not an address like http://127.0.0.1:8888")
    return text.rstrip("/")
