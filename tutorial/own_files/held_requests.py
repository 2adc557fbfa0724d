"""Long polling, with a learner's server holding the requests (exercises 4 and 5).

Everything around it stays ours: the address, the cursor, the refusals, the client that leaves. In place of `Room.wait`
stands `MirroredRoom.wait`.
"""

from __future__ import annotations

from typing import cast

from transports.handler import RoomHandler
from transports.long_polling import LongPollingHandler
from transports.room import Room
from tutorial.own_files.mirrored_room import MirroredRooms
from tutorial.own_files.own_file import OwnFile


class OwnLongPollingHandler(LongPollingHandler):
    """`GET /rooms/{room}/long-polling`, held by a learner's program."""

    rooms: MirroredRooms

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "GET":
            self.room = cast(Room, await self.rooms.enter(self.room))


def rows(own: OwnFile) -> tuple[dict[str, type[RoomHandler]], MirroredRooms]:
    """Return the row that stands in the table, and what ends with the server."""
    rooms = MirroredRooms(own)
    row = type("OwnLongPolling", (OwnLongPollingHandler,), {"rooms": rooms})
    return {own.transport: row}, rooms
