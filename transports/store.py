"""Store: what keeps the logs of all rooms, and numbers their messages.

Rooms know this interface and nothing of what is behind it: a dict, a file, a server that other processes share.
What a store promises stands here once, and one suite of tests holds each store to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from transports.wire import TEXT_CHARACTERS, Draft, Message

# What a store writes, and deletes again, to see whether it would keep a message.
LONGEST_TEXT = "\U0010ffff" * TEXT_CHARACTERS


class Unavailable(Exception):
    """The store can't be reached, or keeps nothing more: try again later."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What a store answers to a draft: its number, and whether it had it already."""

    id: int
    duplicate: bool


@dataclass(slots=True)
class Counts:
    """What a server has taken in since its start."""

    messages: int = 0  # without duplicates
    queue_taken: int = 0  # entries of the queue that were posted, or were there already
    queue_dead: int = 0  # and those that were set aside


OnAppend = Callable[[str, Message], None]
OnReset = Callable[[], Awaitable[None]]


class Store(ABC):
    """Where the logs of all rooms are kept, and what numbers their messages 1, 2, 3, …

    `epoch` names the unbroken life of these logs. A store calls `on_append(room, message)` on the event loop
    for each message that it has from now on, in order, before the `append` that brought it returns. When it has
    begun a new epoch, or can't say what came meanwhile, it awaits `on_reset()`: read every tail again.
    """

    epoch: str
    shared = False  # whether other processes append to the same logs

    @abstractmethod
    async def open(self, on_append: OnAppend, on_reset: OnReset) -> None:
        """Get ready. Raises: Unavailable, with a sentence for the person who starts the server."""

    @abstractmethod
    async def tail(self, room: str) -> list[Message]:
        """Return the retained messages of a room, oldest first. Raises: Unavailable."""

    @abstractmethod
    async def append(self, room: str, draft: Draft) -> Appended:
        """Keep a draft, or find the message that came with the same key before. Raises: Unavailable."""

    async def sync(self) -> None:  # noqa: B027 (nothing to wait for, unless the logs are shared)
        """Return when `on_append` has had all that any process appended before. Raises: Unavailable."""

    @abstractmethod
    async def check(self) -> None:
        """Return when the store would keep a message now. Raises: Unavailable."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was begun, and release what is held."""
