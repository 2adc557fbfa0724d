"""Fan-out: a flush takes its time, then rests as long; every room gets its turn. On a clock that the test holds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

from transports.fanout import REST_MAX_SECONDS, Fanout
from transports.room import PUSHES_A_TURN, Room
from transports.stores.memory import MemoryStore
from transports.wire import Batch, Draft


class Clock(selectors.DefaultSelector):
    """The loop's time: what the test spends, and what the loop would have slept."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += timeout or 0.0
        return super().select(0)


class HeldLoop(asyncio.SelectorEventLoop):
    """An event loop on a clock of its own, which begins at 0."""

    def __init__(self) -> None:
        self.clock = Clock()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now

    def spend(self, seconds: float) -> None:
        """Let time pass as if something had computed for so long."""
        self.clock.now += seconds


def on_held_clock(test: Callable[[HeldLoop], Coroutine[None, None, None]]) -> Callable[[], None]:
    """Run a test on a loop whose clock it holds."""

    def run() -> None:
        loop = HeldLoop()
        try:
            loop.run_until_complete(test(loop))
        finally:
            loop.close()

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Log:
    """When which step of a flush ran."""

    def __init__(self, loop: HeldLoop) -> None:
        self.loop = loop
        self.steps: list[tuple[str, float]] = []

    def flush(
        self, name: str, steps: int = 1, seconds: float = 0.005, share: float = 1.0
    ) -> Iterator[float]:
        for _ in range(steps):
            self.steps.append((name, round(self.loop.time(), 6)))
            self.loop.spend(seconds)
            yield share


@on_held_clock
async def test_the_first_news_goes_out_in_the_same_turn_of_the_loop(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    fanout.schedule(partial(log.flush, "a"))
    await asyncio.sleep(0)
    assert log.steps == [("a", 0.0)]


@on_held_clock
async def test_a_flush_that_took_5_ms_is_followed_by_5_ms_of_rest(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    flush = partial(log.flush, "a")
    fanout.schedule(flush)
    await asyncio.sleep(0)
    fanout.schedule(flush)
    await asyncio.sleep(1)
    assert log.steps == [("a", 0.0), ("a", 0.01)]
    assert fanout.sent.flushes == 2
    assert fanout.sent.rest_seconds == pytest.approx(0.01)


@on_held_clock
async def test_after_its_rest_a_process_sends_at_once(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    flush = partial(log.flush, "a")
    fanout.schedule(flush)
    await asyncio.sleep(1)
    at = loop.time()
    fanout.schedule(flush)
    await asyncio.sleep(0)
    assert log.steps == [("a", 0.0), ("a", at)]


@on_held_clock
async def test_what_comes_in_the_rest_goes_out_as_one_flush(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    flush = partial(log.flush, "a")
    for _ in range(4):
        fanout.schedule(flush)
        await asyncio.sleep(0.002)
    await asyncio.sleep(1)
    assert [at for _, at in log.steps] == [0.0, 0.01]


@on_held_clock
async def test_no_rest_is_longer_than_its_bound(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    flush = partial(log.flush, "a", seconds=3.0)
    fanout.schedule(flush)
    await asyncio.sleep(0)
    fanout.schedule(flush)
    await asyncio.sleep(1)
    assert log.steps == [("a", 0.0), ("a", 3.0 + REST_MAX_SECONDS)]


@on_held_clock
async def test_all_rooms_share_one_rest(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    fanout.schedule(partial(log.flush, "a"))
    await asyncio.sleep(0.001)
    fanout.schedule(partial(log.flush, "b"))
    await asyncio.sleep(1)
    assert log.steps == [("a", 0.0), ("b", 0.01)]


@on_held_clock
async def test_a_huge_room_doesnt_starve_a_small_one(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    fanout.schedule(partial(log.flush, "huge", steps=20))
    await asyncio.sleep(0)
    fanout.schedule(partial(log.flush, "small", share=0.01))
    await asyncio.sleep(1)
    names = [name for name, _ in log.steps]
    assert names.index("small") == 1
    assert names.count("huge") == 20


@on_held_clock
async def test_the_loop_turns_between_two_shares(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    fanout.schedule(partial(log.flush, "a", steps=3))
    for steps in (1, 2, 3):
        await asyncio.sleep(0)
        assert len(log.steps) == steps


@on_held_clock
async def test_a_room_that_never_falls_silent_leaves_rests_to_the_others(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()

    def restless() -> Iterator[float]:
        fanout.schedule(restless)  # news comes while it is flushed, always
        yield from log.flush("a")

    fanout.schedule(restless)
    await asyncio.sleep(0.1)
    gaps = {round(b - a, 6) for (_, a), (_, b) in zip(log.steps, log.steps[1:], strict=False)}
    assert gaps == {0.01}  # 5 ms of flush, 5 ms of rest


@on_held_clock
async def test_a_bug_in_one_flush_ends_that_flush_alone(loop: HeldLoop) -> None:
    log, fanout = Log(loop), Fanout()
    reported: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: reported.append(context))

    def fail() -> Iterator[float]:
        raise RuntimeError("a bug")
        yield 0.0

    fanout.schedule(fail)
    fanout.schedule(partial(log.flush, "b"))
    await asyncio.sleep(1)
    fanout.schedule(partial(log.flush, "c"))
    await asyncio.sleep(1)
    assert [name for name, _ in log.steps] == ["b", "c"]
    assert len(reported) == 1


@on_held_clock
async def test_many_messages_reach_a_reader_in_few_batches_and_none_is_lost(loop: HeldLoop) -> None:
    """A message each ms of rest; a push takes 5 ms, and 5 ms of rest follow: five messages a batch."""
    store = MemoryStore(1000, 1000)
    fanout = Fanout()
    room = Room("lobby", store, 1000, fanout)
    await store.open(lambda _, message: room.add(message), _nothing)
    batches: list[Batch] = []

    def push(batch: Batch) -> None:
        loop.spend(0.005)
        batches.append(batch)

    room.subscribe(room.cursor, push)
    for number in range(200):
        await room.post(Draft("ann", str(number)))
        await asyncio.sleep(0.001)
    await asyncio.sleep(1)
    assert [m.id for batch in batches for m in batch.messages] == list(range(1, 201))
    assert len(batches) <= 1 + 200 // 4
    assert fanout.sent.batches == len(batches) - 1  # the first, empty one is none of the fan-out
    assert fanout.sent.messages == 200


@on_held_clock
async def test_readers_that_come_and_go_between_two_steps_miss_and_double_nothing(
    loop: HeldLoop,
) -> None:
    store = MemoryStore(1000, 1000)
    room = Room("lobby", store, 1000, Fanout())
    await store.open(lambda _, message: room.add(message), _nothing)
    received: dict[int, list[int]] = {}

    def push(reader: int) -> Callable[[Batch], None]:
        received[reader] = []
        return lambda batch: received[reader].extend(m.id for m in batch.messages)

    many = [room.subscribe(room.cursor, push(n)) for n in range(2 * PUSHES_A_TURN + 20)]
    await room.post(Draft("ann", "one"))
    await asyncio.sleep(0)  # the first step
    assert sum(map(len, received.values())) == PUSHES_A_TURN
    many[-1].cancel()
    cursor = room.cursor
    await room.post(Draft("ann", "two"))
    room.subscribe(cursor, push(-1))
    await asyncio.sleep(1)
    assert received.pop(len(many) - 1) == []
    assert received.pop(-1) == [2]
    assert set(map(tuple, received.values())) == {(1, 2)}


async def _nothing() -> None:
    pass
