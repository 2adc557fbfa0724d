"""XRay: what is inside the server at this moment, one mark for each thing that waits in it.

A mark is a held request or an open socket. A request that only passes (a short poll, a post) is reported once, when it
has ended. Nothing is hooked into a transport: `Connections` knows which there are, and calls its observers when one
closes. While no page looks inside there is no observer, and it costs nothing. A snapshot has what changed since the
last one, so that a mark that stays is free; of what passed, at most PASSES_LISTED are listed, and all are counted.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from itertools import count
from types import CoroutineType
from typing import cast

from tornado.websocket import WebSocketHandler

from transports.chat import Chat
from transports.connections import Connection
from transports.handler import RoomHandler
from transports.long_polling import LongPollingHandler

PASSES_LISTED = 40
SETTLED_SECONDS = 0.02  # a request of this age waits; a younger one may only be passing


class XRay:
    """One observer's view of a chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._numbers = count(1)
        self._marks: dict[RoomHandler, int] = {}
        self._behind: dict[int, int] = {}
        self._cursors: dict[int, str] = {}
        self._passed: list[list[object]] = []
        self._passes: Counter[str] = Counter()
        self._frozen: set[RoomHandler] = set()
        chat.connections.observers.add(self._note)

    def stop(self) -> None:
        """Stop observing, and thaw what was frozen."""
        self._chat.connections.observers.discard(self._note)
        for handler in list(self._frozen):
            self._thaw(handler)

    def snapshot(self) -> dict[str, object]:
        """Return what changed since the last one: marks that came, that left, what sockets owe, what passed."""
        here = self._waiting()
        came = [self._mark(handler) for handler in here if handler not in self._marks]
        gone = [handler for handler in self._marks if handler not in here]
        left = [self._marks.pop(handler) for handler in gone]
        self._frozen.difference_update(gone)
        changes = {
            "came": came,
            "left": left,
            "behind": self._newly_behind(),
            "cursors": self._moved_cursors(),
            "passed": self._passed,
            "passes": dict(self._passes),
        }
        self._passed, self._passes = [], Counter()
        return changes

    def _waiting(self) -> dict[RoomHandler, None]:
        """Return all that wait here, in the order in which they came."""
        asked = [
            handler
            for handler in self._chat.connections.in_progress
            if isinstance(handler, RoomHandler)
            and hasattr(handler, "room")  # it has entered; at a busy server that may take its time
            and (handler in self._marks or handler.request.request_time() > SETTLED_SECONDS)
        ]
        sockets = cast("list[RoomHandler]", list(self._chat.connections.lasting))
        return dict.fromkeys([*asked, *sockets])

    def _mark(self, handler: RoomHandler) -> list[object]:
        """Return a mark: number, transport, room, cursor, age in ms, and the client's own name for it."""
        number = self._marks[handler] = next(self._numbers)
        subscription = handler.subscription
        cursor = str(subscription.cursor) if subscription else given(handler, "cursor")
        age = round(handler.request.request_time() * 1000)
        return [
            number,
            handler.transport,
            handler.path_args[0],
            cursor,
            age,
            given(handler, "client"),
        ]

    def _newly_behind(self) -> dict[int, int]:
        """Return how many messages each socket still owes its reader, for those where that changed."""
        owes = {
            number: handler.room.cursor.id - handler.subscription.cursor.id
            for handler, number in self._marks.items()
            if handler.subscription is not None
        }
        before, self._behind = self._behind, owes
        return {number: n for number, n in owes.items() if n != before.get(number, 0)}

    def _moved_cursors(self) -> dict[int, str]:
        """Return where each socket is now, for those that have moved."""
        now = {
            number: str(handler.subscription.cursor)
            for handler, number in self._marks.items()
            if handler.subscription is not None
        }
        before, self._cursors = self._cursors, now
        return {number: cursor for number, cursor in now.items() if cursor != before.get(number)}

    def _note(self, handler: Connection) -> None:
        if not isinstance(handler, RoomHandler):
            return
        self._passes[handler.transport] += 1
        if len(self._passed) < PASSES_LISTED:
            took = round(handler.request.request_time() * 1000, 1)
            passed: list[object] = [
                handler.transport,
                outcome(handler),
                took,
                given(handler, "client"),
            ]
            self._passed.append(passed)

    def act(self, number: int, action: str) -> bool:
        """Do to a mark what its page asks: "release", "drop", "freeze" or "thaw". False: it has gone, or can't."""
        handler = next((v for v, n in self._marks.items() if n == number), None)
        acts = {
            "release": self._release,
            "drop": self._drop,
            "freeze": self._freeze,
            "thaw": self._thaw,
        }
        return handler is not None and action in acts and acts[action](handler)

    def _release(self, handler: RoomHandler) -> bool:
        """End a request's hold, as its time-out would: it is answered with what there is."""
        if not isinstance(handler, LongPollingHandler) or handler.holding is None:
            return False
        held = _held(handler.holding)
        if held.done():
            return False  # a message was quicker
        held.set_result(None)
        return True

    def _drop(self, handler: RoomHandler) -> bool:
        """Cut the connection, without a word to the client."""
        handler.stream.close()
        return True

    def _freeze(self, handler: RoomHandler) -> bool:
        """Treat a socket as if its reader had not taken the last batch: it falls behind in the log."""
        if handler.subscription is None:
            return False
        self._frozen.add(handler)
        handler.room.pause(handler.subscription)
        return True

    def _thaw(self, handler: RoomHandler) -> bool:
        """Let a frozen socket catch up."""
        if handler not in self._frozen or handler.subscription is None:
            return False
        self._frozen.discard(handler)
        handler.room.resume(handler.subscription)
        return True


def outcome(handler: RoomHandler) -> int | str:
    """Return how a request ended: its status, a socket's close code, or “cut” when its client left without one."""
    if isinstance(handler, WebSocketHandler):
        return handler.close_code or "cut"
    return handler.get_status() if handler._finished else "cut"


def given(handler: RoomHandler, name: str) -> str:
    """Return a query parameter as its client wrote it, or nothing. It is shown, never believed."""
    values = handler.request.query_arguments.get(name)
    return values[-1][:64].decode("utf-8", "replace") if values else ""


def _held(task: asyncio.Task[None]) -> asyncio.Future[None]:
    """Return the future of a held request: a variable of `Room.wait`, the last of the coroutines that await."""
    coroutine = cast("CoroutineType[object, object, None]", task.get_coro())
    while inspect.iscoroutine(inner := coroutine.cr_await):
        coroutine = inner
    held: asyncio.Future[None] = inspect.getcoroutinelocals(coroutine)["held"]
    return held
