"""What not to do: what many would write first, each kept with a test that shows it fail.

Only the tutorial serves these handlers, each at an address of its own; the chat's table doesn't name them.
"""

from __future__ import annotations

from typing import Any

from transports.chat import Chat
from tutorial.counterexamples.blocking import BlockingHandler
from tutorial.counterexamples.cursorless import CursorlessHandler


def routes(chat: Chat) -> list[tuple[Any, ...]]:
    """Return the addresses of those that an experiment shows at work."""
    shared = {"chat": chat}
    return [
        (r"/rooms/([^/]*)/cursorless", CursorlessHandler, shared),
        (r"/slow/on-the-loop", BlockingHandler, shared),
    ]
