"""Ask the learner's server from every kind of cursor: behind, at, before and ahead of its log."""

from collections.abc import Sequence
from pathlib import Path

from tutorial.exercises.checking.http_client import HttpClient, named
from tutorial.exercises.sandbox.starting import serving
from tutorial.exercises.verdict import Failure, Timeline

READ_CURSOR = "A cursor is a place in the log"
READ_GAP = "When part of the log is missing"

KEPT = 10
POSTED = 15
NOTHING = range(0)


class Reader:
    """Asks with a cursor, and compares the answer with what should follow."""

    def __init__(self, client: HttpClient, timeline: Timeline) -> None:
        self._client, self._timeline = client, timeline
        self.asked = 0

    async def expects(self, asker: str, cursor: str, ids: range, *, gap: bool, read: str) -> str:
        """Return the new cursor when the batch is exactly this one. Raises: `Failure`."""
        batch = await self._client.read(cursor=cursor)
        self.asked += 1
        got = _described(batch.ids, batch.gap)
        self._timeline.note(f"{asker} asks with {cursor!r}: {got}", "asked")
        if batch.ids != list(ids) or batch.gap != gap:
            expected = f"{asker} gets {_described(ids, gap)}"
            seen = (*self._timeline.about("posted")[-1:], *self._timeline.about("asked")[-1:])
            raise Failure(expected, got, read=read, timeline=seen)
        return batch.cursor


async def check(path: Path) -> str:
    """Post 15 messages, 10 of which are kept, and read from each place."""
    async with serving(path) as program:
        client, timeline = HttpClient(program), Timeline(lambda: program.now)
        reader = Reader(client, timeline)
        cursors = await _follow(client, reader, timeline)
        timeline.note(f"messages 1 to {POSTED} are posted, the last {KEPT} are kept", "posted")
        await _kept_places(reader, cursors)
        await _lost_places(reader, cursors)
    return f"{reader.asked} questions from all kinds of places in the log, each answered exactly"


async def _follow(client: HttpClient, reader: Reader, timeline: Timeline) -> list[str]:
    """Return the cursor after each message, `[0]` before the first."""
    asker = "a reader of an empty room"
    cursors = [await reader.expects(asker, "", NOTHING, gap=False, read=READ_CURSOR)]
    for number in range(1, POSTED + 1):
        await client.post(f"message {number}")
        timeline.note(f"message {number} is posted", "posted")
        asker = f"a reader that has all but message {number}"
        new = _ids(number, number)
        cursors.append(await reader.expects(asker, cursors[-1], new, gap=False, read=READ_CURSOR))
        if number == 3:
            await _short_log(reader, cursors)
    return cursors


async def _short_log(reader: Reader, cursors: list[str]) -> None:
    asker = "a reader that has nothing of messages 1 to 3"
    await reader.expects(asker, cursors[0], _ids(1, 3), gap=False, read=READ_CURSOR)
    asker = "a reader that has 1 of 3"
    await reader.expects(asker, cursors[1], _ids(2, 3), gap=False, read=READ_CURSOR)


async def _kept_places(reader: Reader, cursors: list[str]) -> None:
    """Ask from the places that can be followed in full, both ends included."""
    kept = _ids(POSTED - KEPT + 1, POSTED)
    asker = "a reader that has it all"
    await reader.expects(asker, cursors[-1], NOTHING, gap=False, read=READ_CURSOR)
    await reader.expects("a reader without a cursor", "", kept, gap=False, read=READ_CURSOR)
    asker = "a reader that has 9"
    await reader.expects(asker, cursors[9], _ids(10, POSTED), gap=False, read=READ_CURSOR)
    asker = "a reader that has 5, and 6 is the oldest kept,"
    await reader.expects(asker, cursors[5], kept, gap=False, read=READ_GAP)


async def _lost_places(reader: Reader, cursors: list[str]) -> None:
    """Ask from the places that can't be followed."""
    kept = _ids(POSTED - KEPT + 1, POSTED)
    epoch, _, newest = cursors[-1].partition(":")
    lost = {
        "a reader that has 4, and 5 was trimmed,": cursors[4],
        "a reader from before the first message": cursors[0],
        "a reader from another epoch": f"0ld{epoch[3:]}:9",
        "a reader ahead of the log": f"{epoch}:{int(newest) + 100}",
    }
    for asker, cursor in lost.items():
        after = await reader.expects(asker, cursor, kept, gap=True, read=READ_GAP)
        asker = "a reader that got a gap, and asks again,"
        await reader.expects(asker, after, NOTHING, gap=False, read=READ_GAP)


def _ids(first: int, last: int) -> range:
    return range(first, last + 1)


def _described(ids: Sequence[int], gap: bool) -> str:
    """Say what a batch holds: ids in order, and whether there is a gap."""
    return f"{named(ids)}, {'a gap' if gap else 'no gap'}"
