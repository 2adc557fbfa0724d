"""Workload: what a person knows who has to choose a transport. Six answers, and their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Writers(StrEnum):
    """Who writes, and which way messages go therefore."""

    PROGRAM = "program"  # they go one way: to the readers
    NOW_AND_THEN = "now-and-then"  # both ways: a reader writes once a minute
    OFTEN = "often"  # both ways: a reader writes five times a second


class Network(StrEnum):
    """What lies between the readers and the server."""

    OPEN = "open"
    HTTP2 = "http2"
    CACHE = "cache"
    STRANGERS = "strangers"
    NO_HOLD = "no-hold"


WRITES_A_SECOND = {Writers.PROGRAM: 0.0, Writers.NOW_AND_THEN: 1 / 60, Writers.OFTEN: 5.0}
WORDS: dict[str, str] = {
    Writers.PROGRAM: "one way: a program of ours",
    Writers.NOW_AND_THEN: "both ways: readers, about once a minute",
    Writers.OFTEN: "both ways: each reader, five times a second",
    Network.OPEN: "TLS and proxies that we configure, HTTP/1.1",
    Network.HTTP2: "the same, with HTTP/2 to the browsers",
    Network.CACHE: "a cache that may answer equal polls (a public room)",
    Network.STRANGERS: "proxies of companies and schools, which we don’t know",
    Network.NO_HOLD: "a platform that can’t hold a request (serverless, PHP)",
}


@dataclass(frozen=True, slots=True)
class Span:
    """What a number of a workload may be: from `least` to `most`, in `unit`."""

    least: float
    most: float
    unit: str


SPANS: dict[str, Span] = {
    "rate": Span(0.001, 100, "messages a second to each reader"),
    "staleness": Span(0.05, 300, "seconds old at most"),
    "readers": Span(1, 1_000_000, "readers"),
}


class Unreadable(ValueError):
    """A workload that makes no sense; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What a reader gets (`rate`, messages a second), how old it may be (seconds), and around it."""

    rate: float = 0.1
    staleness: float = 5.0
    readers: float = 10_000
    writers: Writers = Writers.PROGRAM
    network: Network = Network.OPEN

    @property
    def writes(self) -> float:
        """Messages a second that all readers write together."""
        return self.readers * WRITES_A_SECOND[self.writers]

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> Workload:
        """Read the answers of a form; what is not answered is as usual. Raises: Unreadable."""
        numbers = {name: _number(name, fields[name]) for name in SPANS if fields.get(name)}
        try:
            writers = Writers(fields.get("writers") or Writers.PROGRAM)
            network = Network(fields.get("network") or Network.OPEN)
        except ValueError as unknown:
            raise Unreadable(f"{unknown}: it is none of the answers") from None
        return cls(**numbers, writers=writers, network=network)


def _number(name: str, text: str) -> float:
    span = SPANS[name]
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not span.least <= value <= span.most:
        raise Unreadable(f"“{name}” must be a number from {span.least:g} to {span.most:g}")
    return value
