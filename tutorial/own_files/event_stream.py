"""Server-sent events, or any transport, with a learner's own handler (exercise 8).

The handler is one of the chat's, so it can stand in the table. `Observed` reports a stream that ends too early, and an
event that a browser could not read, with the line that wrote it.
"""

from __future__ import annotations

import json
import sys
from typing import Any, cast

from transports.handler import RoomHandler
from tutorial.own_files.own_file import OwnFile, Unusable, at

EVENTS = "text/event-stream"


class Observed(RoomHandler):
    """Goes before a learner's handler, and reports what its stream does wrong."""

    own: OwnFile
    _unread = b""
    _ending = False

    async def get(self, *path: str) -> None:
        """Let the learner's handler answer; report a stream that ends although client and server are still there."""
        learners: Any = super().get
        answering = learners(*path)
        try:
            if answering is not None:
                await answering
        except Exception:
            self.unsubscribe()  # or the room would push on, and fail for another reason
            raise
        too_early = not (self.has_left or self._ending or self.chat.draining)
        if too_early and self._headers.get("Content-Type", "").startswith(EVENTS):
            self.own.fail(f"get returned, and the stream ended with it, {at(learners.__func__)}")

    def close(self, code: int, reason: str) -> None:
        """End the stream, in the learner's way."""
        self._ending = True
        cast(Any, super()).close(code, reason)

    def write(self, chunk: Any) -> None:
        """Write, and look at each event that is whole by now."""
        super().write(chunk)
        if self._headers.get("Content-Type", "").startswith(EVENTS):
            self._unread += chunk.encode() if isinstance(chunk, str) else bytes(chunk)
            *whole, self._unread = self._unread.split(b"\n\n")
            for event in whole:
                if wrong := wrong_with(event.decode("utf-8", "replace")):
                    line = self.own.line_in(sys._getframe())
                    self.own.fail(f"{wrong}: {event[:80]!r}, {line}")


def wrong_with(event: str) -> str:
    """Return what a browser, or the contract, would not understand in an event; "" for a good one."""
    lines = [line.partition(":") for line in event.split("\n") if not line.startswith(":")]
    fields = {name: value.removeprefix(" ") for name, _, value in lines}
    if not fields.keys() - {"", "retry"}:
        return "" if fields.get("retry", "0").isdecimal() else "retry: is no number"
    if fields.get("event") != "batch":
        return "an event without “event: batch”"
    try:
        cursor = json.loads(fields.get("data", ""))["cursor"]
    except (ValueError, KeyError, TypeError):
        return "an event whose data is no batch"
    return "" if fields.get("id") == cursor else "an event whose id is not its batch’s cursor"


def rows(own: OwnFile) -> tuple[dict[str, type[RoomHandler]], None]:
    """Return the rows that stand in the table. Raises: Unusable."""
    table = own.read().get("TRANSPORTS")
    if not isinstance(table, dict) or not table:
        raise Unusable("it defines no TRANSPORTS, a name and a handler")
    for name, handler in table.items():
        if not (isinstance(handler, type) and issubclass(handler, RoomHandler)):
            raise Unusable(f"TRANSPORTS[{name!r}] is no subclass of RoomHandler")
    return {
        name: type("Own", (Observed, handler), {"own": own}) for name, handler in table.items()
    }, None
