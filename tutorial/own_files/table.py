"""Which exercises' files can stand in the running chat, and for what; all of them that one server runs on.

Adding one is adding a row to MAKERS: what makes a transport's row out of a learner's file.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from transports.handler import RoomHandler
from tutorial.exercises.runner.catalogue import NoSuchExercise, exercise
from tutorial.exercises.runner.workspace import Workspace
from tutorial.own_files import event_stream, frames, held_requests
from tutorial.own_files.mirrored_room import MirroredRooms
from tutorial.own_files.own_file import OwnFile, Unusable
from tutorial.own_files.watching import ErrorWatch, Watchdog
from tutorial.site.pages import ROWS

Table = dict[str, type[RoomHandler]]
Maker = Callable[[OwnFile], tuple[Table, MirroredRooms | None]]

MAKERS: dict[int, tuple[str, Maker]] = {
    4: ("long-polling", held_requests.rows),
    5: ("long-polling", held_requests.rows),
    6: ("websocket", frames.rows),
    8: ("server-sent-events", event_stream.rows),
}


class OwnFiles:
    """The learner's files that a server runs on, by the numbers of their exercises."""

    def __init__(self, numbers: Sequence[int], workspace: Workspace | None = None) -> None:
        """Read the files. Call it on a running event loop. Raises: Unusable."""
        workspace = workspace or Workspace()
        self.files = [_file(number, workspace) for number in dict.fromkeys(numbers)]
        self.table: Table = {}
        self._programs: list[MirroredRooms] = []
        self._watchdog: Watchdog | None = None
        self._errors = ErrorWatch(self.files)
        if not self.files:
            return
        self._watchdog = Watchdog(self.files)
        logging.getLogger().addHandler(self._errors)
        try:
            for number, own in zip(dict.fromkeys(numbers), self.files, strict=True):
                self._add(MAKERS[number][1], own)
        except Unusable:
            self._stop_watching()
            raise

    def _add(self, make: Maker, own: OwnFile) -> None:
        try:
            rows, programs = make(own)
        except Unusable as error:
            raise Unusable(f"{own.path}: {error}") from error
        if taken := rows.keys() & self.table.keys():
            raise Unusable(f"two files for {taken.pop()}: take one of them at a time")
        own.note_read()
        self.table |= rows
        if programs is not None:
            self._programs.append(programs)

    def lines(self) -> list[str]:
        """Return what the terminal says of each file."""
        return [_line(one) for one in self.files]

    async def close(self) -> None:
        """End the programs and the watches."""
        await asyncio.gather(*(one.close() for one in self._programs))
        self._stop_watching()

    def _stop_watching(self) -> None:
        logging.getLogger().removeHandler(self._errors)
        if self._watchdog is not None:
            self._watchdog.close()
        self._watchdog = None


def _file(number: int, workspace: Workspace) -> OwnFile:
    """Return the learner's file of an exercise, the starter if there is none yet. Raises: Unusable."""
    if number not in MAKERS:
        numbers = ", ".join(map(str, MAKERS))
        raise Unusable(
            f"the chat can run on your file of the exercises {numbers}, and not of {number}:"
            f" its box in chapter {number} says what to do with it"
        )
    try:
        return OwnFile(workspace.file(exercise(number)), MAKERS[number][0])
    except NoSuchExercise as missing:
        raise Unusable(str(missing)) from missing


def _line(own: OwnFile) -> str:
    labels = {row.name: row.label for row in ROWS}
    read_at = time.strftime("%H:%M", time.localtime(own.read_at))
    return f"{labels[own.transport]} here is your own file: {own.path}, read at {read_at}"
