"""XRay: what is inside the server at this moment, one mark for each thing that waits in it.

A mark is a held request or an open socket; what only passes (a short poll, a post) is told once, when it has gone.
Nothing is hooked into a transport: `Chat` knows who is here, and tells onlookers who leaves. While nobody looks
there is no onlooker, and it costs nothing. Each look tells what changed since the last one, so that a mark that
stays is free; of what passes, at most PASSES_TOLD are told one by one, and the rest as a number.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.iostream import IOStream
from tornado.websocket import WebSocketHandler

from transports.chat import Chat
from transports.handler import RoomHandler
from transports.long_polling import LongPollingHandler

PASSES_TOLD = 40
SETTLED_SECONDS = 0.02  # who is here for so long waits; younger ones may only be passing


class XRay:
    """One onlooker's view of a chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._numbers = count(1)
        self._marks: dict[RoomHandler, int] = {}
        self._behind: dict[int, int] = {}
        self._passed: list[list[object]] = []
        self._passes: Counter[str] = Counter()
        self._frozen: set[RoomHandler] = set()
        chat.onlookers.add(self._note)

    def stop(self) -> None:
        """Look no more, and let what was frozen go on."""
        self._chat.onlookers.discard(self._note)
        for visitor in list(self._frozen):
            self._thaw(visitor)

    def look(self) -> dict[str, object]:
        """Give what changed since the last look: marks that came, that left, what sockets owe, and what passed."""
        here = self._waiting()
        came = [self._mark(visitor) for visitor in here if visitor not in self._marks]
        gone = [visitor for visitor in self._marks if visitor not in here]
        left = [self._marks.pop(visitor) for visitor in gone]
        self._frozen.difference_update(gone)
        changes = {
            "came": came,
            "left": left,
            "behind": self._newly_behind(),
            "passed": self._passed,
            "passes": dict(self._passes),
        }
        self._passed, self._passes = [], Counter()
        return changes

    def _waiting(self) -> dict[RoomHandler, None]:
        """Give all who wait here, in the order in which they came."""
        asked = [
            visitor
            for visitor in self._chat.in_progress
            if isinstance(visitor, RoomHandler)
            and hasattr(visitor, "room")  # it has entered; at a busy server that may take its time
            and (visitor in self._marks or visitor.request.request_time() > SETTLED_SECONDS)
        ]
        sockets = cast("list[RoomHandler]", list(self._chat.sockets))
        return dict.fromkeys([*asked, *sockets])

    def _mark(self, visitor: RoomHandler) -> list[object]:
        """Give a mark: number, transport, room, cursor, age in ms, and the client's own name for it."""
        number = self._marks[visitor] = next(self._numbers)
        follower = visitor.follower
        cursor = str(follower.cursor) if follower else given(visitor, "cursor")
        age = round(visitor.request.request_time() * 1000)
        return [
            number,
            visitor.transport,
            visitor.path_args[0],
            cursor,
            age,
            given(visitor, "client"),
        ]

    def _newly_behind(self) -> dict[int, int]:
        """Give how many messages each socket still owes its reader, for those where that changed."""
        owes = {
            number: visitor.room.cursor.id - visitor.follower.cursor.id
            for visitor, number in self._marks.items()
            if visitor.follower is not None
        }
        before, self._behind = self._behind, owes
        return {number: n for number, n in owes.items() if n != before.get(number, 0)}

    def _note(self, visitor: object) -> None:
        if not isinstance(visitor, RoomHandler):
            return
        self._passes[visitor.transport] += 1
        if len(self._passed) < PASSES_TOLD:
            took = round(visitor.request.request_time() * 1000, 1)
            told = [visitor.transport, visitor.get_status(), took, given(visitor, "client")]
            self._passed.append(told)

    def act(self, number: int, action: str) -> bool:
        """Do to a mark what its onlooker asks: "release", "drop", "freeze" or "thaw". False: it has gone, or can't."""
        visitor = next((v for v, n in self._marks.items() if n == number), None)
        acts = {
            "release": self._release,
            "drop": self._drop,
            "freeze": self._freeze,
            "thaw": self._thaw,
        }
        return visitor is not None and action in acts and acts[action](visitor)

    def _release(self, visitor: RoomHandler) -> bool:
        """Answer a held request with what there is."""
        if not isinstance(visitor, LongPollingHandler) or visitor.holding is None:
            return False
        visitor.room.let_go(cast("Any", visitor.holding))
        return True

    def _drop(self, visitor: RoomHandler) -> bool:
        """Cut the connection, without a word to the client."""
        if isinstance(visitor, WebSocketHandler) and visitor.ws_connection is not None:
            stream: IOStream | None = cast("Any", visitor.ws_connection).stream
        else:
            stream = cast(HTTP1Connection, visitor.request.connection).stream
        if stream is not None:
            stream.close()
        return stream is not None

    def _freeze(self, visitor: RoomHandler) -> bool:
        """Treat a socket as if its reader had not taken the last batch: it falls behind in the log."""
        if visitor.follower is None:
            return False
        self._frozen.add(visitor)
        visitor.room.wait_for(visitor.follower)
        return True

    def _thaw(self, visitor: RoomHandler) -> bool:
        """Let a frozen socket catch up."""
        if visitor not in self._frozen or visitor.follower is None:
            return False
        self._frozen.discard(visitor)
        visitor.room.catch_up(visitor.follower)
        return True


def given(visitor: RoomHandler, name: str) -> str:
    """Give a query parameter as its client wrote it, or nothing. It is shown, never believed."""
    values = visitor.request.query_arguments.get(name)
    return values[-1][:64].decode("utf-8", "replace") if values else ""
