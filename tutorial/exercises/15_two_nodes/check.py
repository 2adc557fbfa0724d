"""Post to two nodes, read from both by turns, and let one of them die and come back."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from tutorial.exercises.checking import virtual_clock
from tutorial.exercises.checking.node_places import Messages, Place, Shared
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Failure, Timeline

READ_LOG = "One log for all processes"
READ_DIES = "Kill one"

WRITERS = 4
POSTS = 40
READERS = 4
DEATHS_AFTER = (40, 90)
QUIET_SECONDS = 1.0
TOO_MANY = 2 * WRITERS * POSTS

Report = Callable[[dict[str, Any]], None]


class Play:
    """One conversation over two places."""

    def __init__(self, learner: dict[str, Any]) -> None:
        shared = Shared()
        self.places = [Place(learner, shared), Place(learner, shared)]
        self.acknowledged: list[str] = []
        self.received: dict[str, Messages] = {
            f"reader {number}": [] for number in range(1, READERS + 1)
        }
        self.news = asyncio.Condition()

    async def write(self, writer: int) -> None:
        """Post, by turns to the one place and the other; again, when it dies meanwhile."""
        for number in range(POSTS):
            text = f"{writer}-{number}"
            place = self.places[(writer + number) % 2]
            try:
                await place.ask(place.node.post(text))
            except ConnectionError:
                continue  # not acknowledged: it may be there, or not
            await self._note(partial(self.acknowledged.append, text))

    async def read(self, name: str) -> None:
        """Read, by turns at the one place and the other, from the last id on, for ever."""
        cursor = 0
        while True:
            place = random.choice(self.places)
            try:
                messages = await place.ask(place.node.read(cursor))
            except ConnectionError:
                continue
            if messages:
                cursor = messages[-1][0]
            await self._note(partial(self.received[name].extend, messages))
            if len(self.received[name]) > TOO_MANY:
                return  # the same again and again

    async def _note(self, note: Callable[[], None]) -> None:
        async with self.news:
            note()
            self.news.notify_all()

    async def die_and_come_back(self, deaths: tuple[int, ...]) -> None:
        """Let the second node die after so many messages, each time in the middle of everything."""
        for count in deaths:
            async with self.news:
                await self.news.wait_for(partial(self._has_acknowledged, count))
            self.places[1].die()
            self.places[1].start()

    async def quiet(self) -> None:
        """Return when everybody has everything, or when nothing has come for a while."""
        while any(self._missing(received) for received in self.received.values()):
            try:
                async with asyncio.timeout(QUIET_SECONDS), self.news:
                    await self.news.wait()
            except TimeoutError:
                return

    def _has_acknowledged(self, count: int) -> bool:
        return len(self.acknowledged) >= count

    def _missing(self, received: Messages) -> set[str]:
        return set(self.acknowledged) - {text for _, text in received}


def drive(learner: dict[str, Any], report: Report) -> None:
    """Let the learner's nodes serve one conversation, and report what came of it."""
    for deaths in ((), DEATHS_AFTER):
        virtual_clock.run(_play(learner, deaths, report))


async def _play(learner: dict[str, Any], deaths: tuple[int, ...], report: Report) -> None:
    play = Play(learner)
    reading = [asyncio.create_task(play.read(name)) for name in play.received]
    dying = asyncio.create_task(play.die_and_come_back(deaths))
    await asyncio.gather(*(play.write(writer) for writer in range(WRITERS)))
    await play.quiet()
    for task in (*reading, dying):
        if task.done():
            task.result()
        task.cancel()
    for place in play.places:
        place.failed()
        place.die()
    report({"deaths": len(deaths), "acknowledged": play.acknowledged, "received": play.received})


async def check(path: Path) -> str:
    """Return how many messages each reader got."""
    async with driven(path, __file__) as program:
        async for seen in program.records():
            for name, received in seen["received"].items():
                _exact(name, [(id, text) for id, text in received], seen)
            count = len(seen["acknowledged"])
    return f"{count} messages to two nodes, one died twice; {READERS} readers: 0 lost, 0 doubled"


def _exact(name: str, received: Messages, seen: dict[str, Any]) -> None:
    """Raise `Failure` unless the reader has every acknowledged message, once, in order of the ids."""
    acknowledged, read = seen["acknowledged"], READ_DIES if seen["deaths"] else READ_LOG
    meanwhile = ", although a node dies" if seen["deaths"] else ", both nodes alive"
    expected = f"{name} gets each of {len(acknowledged)} messages once, in order{meanwhile}"
    times, ids = Counter(text for _, text in received), [id for id, _ in received]
    timeline = Timeline()
    doubled = [text for text, count in times.items() if count > 1]
    if doubled:
        for id, text in received:
            if text == doubled[0]:
                timeline.note(f"{name} gets message {id}, “{text}”", 0)
        got = f"{len(doubled)} doubled, the first of them “{doubled[0]}”"
        raise Failure(expected, got, read=read, timeline=timeline.about(0))
    for before, after in pairwise(ids):
        if after != before + 1:
            got = f"message {after} after message {before}: of which reader is that the next?"
            raise Failure(expected, got, read=read)
    lost = [text for text in acknowledged if not times[text]]
    if lost:
        got = f"{len(lost)} lost, the first of them “{lost[0]}”"
        raise Failure(expected, got, read=read)
