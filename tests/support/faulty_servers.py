"""Ten servers with one thing broken each: `python -m tests.support.faulty_servers lost 9000`.

Each is the example server of tutorial/other_servers with one step of its log replaced. The conformance suite must find
each one out, at the claim that names what is broken.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import uvicorn
from starlette.requests import HTTPConnection

from tutorial.other_servers import starlette_chat
from tutorial.other_servers.starlette_chat import LIMIT, Batch, Log

SPOILED = 17  # the message that is lost, or doubled
LATE_SECONDS = 0.2


class Spoiled(Log):
    """Sends other messages than it has."""

    def spoil(self, messages: list[Any]) -> list[Any]:
        raise NotImplementedError

    def batch(self, found: list[str], after: int, gap: bool) -> Batch:
        batch = super().batch(found, after, gap)
        fields = json.loads(batch.json)
        fields["messages"] = self.spoil(fields["messages"])
        return batch._replace(json=json.dumps(fields))


class Lost(Spoiled):
    def spoil(self, messages: list[Any]) -> list[Any]:
        return [message for message in messages if message["id"] != SPOILED]


class Doubled(Spoiled):
    def spoil(self, messages: list[Any]) -> list[Any]:
        return [m for message in messages for m in [message] * (1 + (message["id"] == SPOILED))]


class Reordered(Spoiled):
    def spoil(self, messages: list[Any]) -> list[Any]:
        return messages if len(messages) < SPOILED else messages[::-1]


class WrongGap(Log):
    """A cursor ahead of the room is taken for the room’s own."""

    def since(self, start: str, limit: int = LIMIT) -> Batch:
        epoch, _, id = start.partition(":")
        return super().since(f"{epoch}:{min(int(id), self.newest)}" if id else start, limit)


class EpochForgotten(Log):
    """Two lives of a log have one epoch."""

    def __init__(self, room: str) -> None:
        starlette_chat.EPOCH = "0badf00d"
        super().__init__(room)


class AckBeforeKept(Log):
    """Acknowledges what it will append in a moment."""

    promised = 0

    def post(self, draft: dict[str, str]) -> dict[str, Any]:
        self.promised += 1
        asyncio.get_running_loop().call_later(LATE_SECONDS, super().post, draft)
        cursor = f"{starlette_chat.EPOCH}:{self.promised}"
        return {"type": "ack", "id": self.promised, "cursor": cursor, "duplicate": False}


class CursorNotOpaque(Log):
    """Its cursors don’t survive an address."""

    def post(self, draft: dict[str, str]) -> dict[str, Any]:
        ack = super().post(draft)
        return {**ack, "cursor": ack["cursor"] + "#&"}

    def batch(self, found: list[str], after: int, gap: bool) -> Batch:
        batch = super().batch(found, after, gap)
        return batch._replace(json=batch.json.replace(batch.cursor, batch.cursor + "#&"))


class HeldForEver(Log):
    async def wait(self, seconds: float) -> None:
        await super().wait(3600)


class KeyIgnored(Log):
    def post(self, draft: dict[str, str]) -> dict[str, Any]:
        self.keys.clear()
        return super().post(draft)


class BytesEncodedAgain(Log):
    """Every other batch has white space of its own."""

    batches_made = count()

    def batch(self, found: list[str], after: int, gap: bool) -> Batch:
        batch = super().batch(found, after, gap)
        space = " " * (next(self.batches_made) % 2)
        return batch._replace(json=batch.json[:-1] + space + "}")


FAULTS: dict[str, type[Log]] = {
    "lost message": Lost,
    "doubled": Doubled,
    "reordered": Reordered,
    "wrong gap": WrongGap,
    "epoch forgotten": EpochForgotten,
    "ack before kept": AckBeforeKept,
    "cursor not opaque": CursorNotOpaque,
    "held for ever": HeldForEver,
    "key ignored": KeyIgnored,
    "bytes encoded again": BytesEncodedAgain,
}


def break_server(fault: str) -> None:
    """Replace the example server’s log by a broken one."""
    starlette_chat.Log = FAULTS[fault]  # type: ignore[misc]
    right: Callable[[HTTPConnection], str] = starlette_chat.start_of
    if fault == "cursor not opaque":
        starlette_chat.start_of = lambda connection: right(unescaped(connection))


def unescaped(connection: HTTPConnection) -> HTTPConnection:
    """Return a connection whose cursor is as the right server would have given it."""
    scope = connection.scope
    return HTTPConnection(scope | {"query_string": scope["query_string"].replace(b"%23%26", b"")})


if __name__ == "__main__":
    break_server(sys.argv[1])
    uvicorn.run(starlette_chat.app, port=int(sys.argv[2]), log_level="warning")
