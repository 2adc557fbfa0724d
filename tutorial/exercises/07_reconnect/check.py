"""Cut clients off twenty times while messages come, thirty at once, and refuse five.

Server and clients are on one event loop whose clock jumps to the next timer: a pause of half a
minute takes no time, and what is measured is what the learner's code waits for.
"""

import asyncio
import random
import traceback
from collections import defaultdict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from tutorial.exercises.checking import virtual_clock
from tutorial.exercises.checking.disconnect import Room, serving_rooms
from tutorial.exercises.checking.polling_reader import fault
from tutorial.exercises.checking.task_scope import task_scope
from tutorial.exercises.sandbox.process import own_loop
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure, Timeline

READ_RESUME = "Go on where you were"
READ_BACK_OFF = "Back off, and not in step"

CLIENTS = 4
CUTS = 5
POSTS = 3
BACK_SECONDS = 1.0  # the first pause is half a second at most
QUIET_SECONDS = 1.0
HERD = 30
HERD_SECONDS = 0.05
MAX_HERD = HERD // 2
UNLUCKY = 5
UNLUCKY_SECONDS = 30.0
MAX_ATTEMPTS = 15

Learner = dict[str, Any]
Report = Callable[[dict[str, Any]], None]


def drive(learner: Learner, report: Report) -> None:
    """Let the learner's clients listen, and report how they came through. Raises: `Failure`."""
    virtual_clock.run(_play(learner, report))


async def check(path: Path) -> str:
    """Return how the clients came through."""
    async with driven(path, __file__) as program:
        seen = await anext(program.records())
    return (
        f"{CLIENTS * CUTS} cuts: 0 lost, 0 doubled; of {HERD} clients cut off at once at most "
        f"{seen['together']} came back within 50 ms; in {UNLUCKY_SECONDS:.0f} s "
        f"{seen['refused']:.1f} attempts of a client that is refused, and "
        f"{seen['hung_up']:.1f} of one that is cut off before it has a batch"
    )


async def _play(learner: Learner, report: Report) -> None:
    timeline = Timeline(asyncio.get_running_loop().time)
    shown = Shown(learner, timeline)
    await _twenty_cuts(shown, timeline)
    together = await _herd(shown, timeline)
    refused, hung_up = Room("refused", timeline), Room("hung-up", timeline)
    refused.refuses = hung_up.hangs_up = True
    report(
        {
            "together": together,
            "refused": await _unlucky(refused, shown, timeline),
            "hung_up": await _unlucky(hung_up, shown, timeline),
        }
    )


class Shown:
    """What the learner's clients have shown, by room."""

    def __init__(self, learner: Learner, timeline: Timeline) -> None:
        self.ids: dict[str, list[int]] = defaultdict(list)
        self._learner, self._timeline = learner, timeline

    async def listen(self, url: str, room: Room) -> None:
        """Run the learner's client in this room. Raises: `Failure` when it ends."""

        def show(message: dict[str, Any]) -> None:
            number = message["id"]
            note = f"the client shows message {number}"
            self._timeline.note(note, room.name, (room.name, number))
            self.ids[room.name].append(number)

        try:
            await self._learner["listen"](f"{url}/{room.name}/websocket", show)
        except Exception:
            traceback.print_exc()
        await own_loop().until_idle()  # the others have done what they do at this moment
        expected = "a client that listens for ever, refused or not"
        seen = self._timeline.about(room.name)
        raise Failure(expected, "it ended", read=READ_BACK_OFF, timeline=seen)

    def all_of(self, url: str, *rooms: Room) -> list[Coroutine[None, None, None]]:
        """Return a client for each of the rooms."""
        return [self.listen(url, room) for room in rooms]

    async def has(self, room: Room) -> None:
        """Return when the room's last message was shown, or is overdue."""
        for _ in range(10):
            if room.newest in self.ids[room.name]:
                return
            await asyncio.sleep(QUIET_SECONDS / 10)


async def _twenty_cuts(shown: Shown, timeline: Timeline) -> None:
    rooms = [Room(f"room-{number + 1}", timeline) for number in range(CLIENTS)]
    async with serving_rooms(*rooms) as url, task_scope(*shown.all_of(url, *rooms)):
        await asyncio.gather(*(_cut_again_and_again(room, shown, timeline) for room in rooms))


async def _cut_again_and_again(room: Room, shown: Shown, timeline: Timeline) -> None:
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
    await shown.has(room)
    ids = shown.ids[room.name]
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


async def _herd(shown: Shown, timeline: Timeline) -> int:
    """Return how many of the clients that were cut off came back within one moment."""
    room = Room("herd", timeline)
    async with serving_rooms(room) as url, task_scope(*shown.all_of(url, *[room] * HERD)):
        await _is_back(room, HERD, timeline, "after the start")
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


async def _unlucky(room: Room, shown: Shown, timeline: Timeline) -> float:
    """Return how often a client tried that is never lucky: it is refused, or cut off at once."""
    async with serving_rooms(room) as url, task_scope(*shown.all_of(url, *[room] * UNLUCKY)):
        await asyncio.sleep(UNLUCKY_SECONDS)
    attempts = len(room.attempts) / UNLUCKY
    if attempts > MAX_ATTEMPTS:
        what = "refused" if room.refuses else "cut off before a batch came"
        expected = (
            f"at most {MAX_ATTEMPTS} attempts in {UNLUCKY_SECONDS:.0f} s of a client that is "
            f"{what}, each pause longer"
        )
        got = f"{attempts:.0f} attempts"
        seen = timeline.about(room.name)
        raise Failure(expected, got, read=READ_BACK_OFF, timeline=seen)
    return attempts
