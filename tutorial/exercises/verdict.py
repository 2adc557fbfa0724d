"""What a check says: passed with what it measured, or the one thing that is still wrong.

A check raises `Failure` at the first wrong thing: what was expected, what came, the shortest
timeline that shows it, and the section of the chapter to read again. `Verdict` is the same as
plain data, as it travels from the judge's process to the terminal, to the chapter's page and into
the learner's progress.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

SHORTEST_EVENTS = 8
UNREADABLE = "a file that Python can read"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a timeline: what happened, and when if it matters: seconds since the start."""

    seconds: float | None
    text: str


class Timeline:
    """All that a check saw, so that a failure can show the few events that matter."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began = clock, clock()
        self._events: list[tuple[Event, frozenset[Hashable]]] = []

    def now(self) -> float:
        """Return the seconds since the check began."""
        return self._clock() - self._began

    def note(self, text: str, *about: Hashable, seconds: float | None = None) -> None:
        """Remember that this happened now, or at `seconds`; `about` are the keys to find it by."""
        at = self.now() if seconds is None else seconds
        self._events.append((Event(at, text), frozenset(about)))

    def about(self, *keys: Hashable) -> tuple[Event, ...]:
        """Return the last few events that concern one of the keys, oldest first."""
        wanted = frozenset(keys)
        found = [event for event, about in self._events if about & wanted]
        return tuple(found[-SHORTEST_EVENTS:])

    def around(self, key: Hashable, other: Hashable) -> tuple[Event, ...]:
        """Return the first event of `key`, the two of `other` before it and the two after."""
        events = sorted(self._events, key=lambda noted: noted[0].seconds or 0)
        at = next(index for index, (_, about) in enumerate(events) if key in about)
        before = [event for event, about in events[:at] if other in about]
        after = [event for event, about in events[at + 1 :] if other in about]
        return (*before[-2:], events[at][0], *after[:2])


class Failure(Exception):
    """The first thing that is wrong with the learner's file, in words for the learner."""

    def __init__(
        self, expected: str, got: str, *, read: str = "", timeline: Sequence[Event] = ()
    ) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected, self.got, self.read = expected, got, read
        self.timeline = tuple(timeline)
        self.printed = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Failure":
        """Return the failure that `to_json` described."""
        timeline = [Event(**event) for event in data["timeline"]]
        return cls(data["expected"], data["got"], read=data["read"], timeline=timeline)

    def to_json(self) -> dict[str, Any]:
        """Return what was expected and what came, as what `json.dumps` takes."""
        timeline = [asdict(event) for event in self.timeline]
        plain = {"expected": self.expected, "got": self.got, "read": self.read}
        return {**plain, "timeline": timeline}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one check; `measured` when it passed, the other texts when it did not."""

    exercise: int
    passed: bool
    seconds: float
    measured: str = ""
    expected: str = ""
    got: str = ""
    timeline: tuple[Event, ...] = ()
    read: str = ""
    printed: str = ""

    @classmethod
    def of_failure(cls, exercise: int, seconds: float, failure: Failure) -> "Verdict":
        """Return the verdict that reports this failure."""
        return cls(
            exercise,
            False,
            seconds,
            expected=failure.expected,
            got=failure.got,
            timeline=failure.timeline,
            read=failure.read,
            printed=failure.printed,
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Verdict":
        """Return the verdict that `to_json` returned."""
        timeline = tuple(Event(**event) for event in data["timeline"])
        return cls(**{**data, "timeline": timeline})

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as what `json.dumps` takes."""
        return asdict(self)
