"""Cut clients off twenty times while messages come, thirty at once, and shut the door on five."""

import asyncio
import random
import traceback
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tutorial.exercises.checking.disconnect import Room, serving_rooms
from tutorial.exercises.checking.polling_reader import fault
from tutorial.exercises.checking.task_scope import task_scope
from tutorial.exercises.sandbox.program import Program
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure, Timeline

READ_RESUME = "Go on where you were"
READ_BACK_OFF = "Back off, and not in step"

CLIENTS = 4
CUTS = 5
POSTS = 3
BACK_SECONDS = 4.0
QUIET_SECONDS = 1.0
HERD = 30
HERD_SECONDS = 0.05
HERD_CUTS = 4  # a busy machine parts a herd as well as jitter does, but not each time
MAX_HERD = HERD // 2
REFUSED = 5
SHUT_SECONDS = 4.0
MAX_ATTEMPTS = 8
BEAT_SECONDS = 0.5


def drive(
    learner: dict[str, Any], report: Callable[[dict[str, Any]], None], url: str, *rooms: str
) -> None:
    """Run the learner's `listen` once for each of the rooms, and report what it shows."""

    async def client(room: str) -> None:
        def show(message: dict[str, Any]) -> None:
            report({"room": room, "id": message["id"]})

        try:
            await learner["listen"](f"{url}/{room}/websocket", show)
        except Exception:
            traceback.print_exc()
        report({"room": room, "ended": True})

    async def beat() -> None:
        while True:
            report({})
            await asyncio.sleep(BEAT_SECONDS)

    async def everybody() -> None:
        await asyncio.gather(beat(), *(client(room) for room in rooms))

    asyncio.run(everybody())


class Heard:
    """What the learner's clients have shown, by room."""

    def __init__(self, timeline: Timeline) -> None:
        self.ids: dict[str, list[int]] = defaultdict(list)
        self._timeline = timeline
        self._more = asyncio.Condition()

    async def follow(self, program: Program) -> None:
        """Take in what `drive` reports. Raises: `Failure` when a client ends."""
        async for record in program.records():
            if "ended" in record:
                expected = "a client that listens for ever, refused or not"
                failure = await program.crashed(expected, "it ended")
                seen = self._timeline.about(record["room"])
                raise Failure(expected, failure.got, read=READ_BACK_OFF, timeline=seen)
            if "id" in record:
                room, number = record["room"], record["id"]
                self._timeline.note(f"the client shows message {number}", room, (room, number))
                self.ids[room].append(number)
                async with self._more:
                    self._more.notify_all()

    async def has(self, room: Room) -> None:
        """Return when the room's last message was shown, or is overdue."""
        async with self._more:
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    await self._more.wait_for(lambda: room.newest in self.ids[room.name])
            except TimeoutError:
                return


async def check(path: Path) -> str:
    """Return how the clients came through."""
    timeline = Timeline()
    await _twenty_cuts(path, timeline)
    together, attempts = await _herd_and_shut_door(path, timeline)
    return (
        f"{CLIENTS * CUTS} cuts: 0 lost, 0 doubled; of {HERD} clients cut off at once at most "
        f"{together} came back within 50 ms; {attempts:.1f} attempts in {SHUT_SECONDS:.0f} s "
        "at a door that is shut"
    )


async def _twenty_cuts(path: Path, timeline: Timeline) -> None:
    rooms = [Room(f"room-{number + 1}", timeline) for number in range(CLIENTS)]
    names = [room.name for room in rooms]
    heard = Heard(timeline)
    async with (
        serving_rooms(*rooms) as url,
        driven(path, __file__, url, *names) as program,
        task_scope(heard.follow(program)),
        asyncio.TaskGroup() as group,
    ):
        for room in rooms:
            group.create_task(_cut_again_and_again(room, heard, timeline))


async def _cut_again_and_again(room: Room, heard: Heard, timeline: Timeline) -> None:
    for cut in range(CUTS):
        await _is_back(room, 1, timeline, f"after {cut} cuts, each one repaired")
        for _ in range(POSTS):
            room.post()
            await asyncio.sleep(random.uniform(0, 0.02))
        await room.cut(politely=cut % 2 == 0)
        room.post()
        room.post()
    await _is_back(room, 1, timeline, f"after {CUTS} cuts, each one repaired")
    room.post()
    await heard.has(room)
    ids = heard.ids[room.name]
    if found := fault(ids, range(1, room.newest + 1)):
        expected = f"each of {room.newest} messages once, in order, through {CUTS} cuts"
        key = (room.name, found[1])
        seen = timeline.about(key) if found[1] in ids else timeline.around(key, room.name)
        raise Failure(expected, found[0], read=READ_RESUME, timeline=seen)


async def _is_back(room: Room, count: int, timeline: Timeline, when: str) -> None:
    try:
        async with asyncio.timeout(BACK_SECONDS):
            await room.has(count)
    except TimeoutError:
        expected = f"to be back within {BACK_SECONDS:.0f} s {when}: the count begins again"
        got = f"{len(room.clients)} of {count} clients are back"
        seen = timeline.about(room.name)
        raise Failure(expected, got, read=READ_BACK_OFF, timeline=seen) from None


async def _herd_and_shut_door(path: Path, timeline: Timeline) -> tuple[int, float]:
    herd, shut = Room("herd", timeline), Room("shut", timeline)
    shut.shut = True
    names = ["herd"] * HERD + ["shut"] * REFUSED
    async with (
        serving_rooms(herd, shut) as url,
        driven(path, __file__, url, *names) as program,
        task_scope(Heard(timeline).follow(program)),
    ):
        await _is_back(herd, HERD, timeline, "after the start")
        began = timeline.now()
        together = max([await _herd(herd, timeline) for _ in range(HERD_CUTS)])
        await asyncio.sleep(max(0, began + SHUT_SECONDS - timeline.now()))
        counted = [at for at in shut.attempts if began < at < began + SHUT_SECONDS]
        attempts = len(counted) / REFUSED
        if attempts > MAX_ATTEMPTS:
            expected = f"at most {MAX_ATTEMPTS} attempts in {SHUT_SECONDS:.0f} s, each pause longer"
            got = f"{attempts:.0f} attempts of each client"
            seen = timeline.about("shut")
            raise Failure(expected, got, read=READ_BACK_OFF, timeline=seen)
    return together, attempts


async def _herd(room: Room, timeline: Timeline) -> int:
    """Return how many of the clients that were cut off came back within one moment."""
    room.attempts.clear()
    cut_at = timeline.now()
    await room.cut(politely=False)
    await _is_back(room, HERD, timeline, "after a cut")
    moments = [at - cut_at for at in room.attempts]
    most, at = max(
        (sum(at <= other < at + HERD_SECONDS for other in moments), at) for at in moments
    )
    if most > MAX_HERD:
        expected = (
            f"at most {MAX_HERD} of {HERD} clients within 50 ms, after all were cut off at once"
        )
        got = f"{most} came back between {at:.3f} s and {at + HERD_SECONDS:.3f} s after the cut"
        seen = [Event(at, "a client comes back") for at in sorted(moments)[:6]]
        raise Failure(expected, got, read=READ_BACK_OFF, timeline=seen)
    return most
