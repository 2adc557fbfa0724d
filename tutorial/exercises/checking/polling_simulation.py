"""Thirty polling clients of the learner's, and a server that may be down for an hour, on virtual time.

`simulate` plays two hours. What the server saw, the polls and the delays, is for a check to judge.
"""

import asyncio
import random
from bisect import bisect_right
from typing import Any

from tutorial.exercises.checking import virtual_clock

CLIENTS = 30
INTERVAL = 60.0
HOUR = 3600.0
SEED = 20
MESSAGES = 400
WAY_SECONDS = 0.02
TOO_MANY_POLLS = 20_000


class Server:
    """What the clients ask: messages at random moments, and an hour in which it is down."""

    def __init__(self, down_until: float) -> None:
        chance = random.Random(SEED)
        self.posted = sorted(chance.uniform(INTERVAL, 2 * HOUR) for _ in range(MESSAGES))
        self.polls: dict[int, list[float]] = {client: [] for client in range(CLIENTS)}
        self.delays: list[float] = []
        self._down_until = down_until

    async def talk_to(self, client: int, learner: dict[str, Any]) -> None:
        """Run the learner's client until the two hours are over."""
        now = asyncio.get_running_loop().time
        read = 0

        async def ask() -> list[str]:
            nonlocal read
            self._count_poll(client, now())
            await asyncio.sleep(WAY_SECONDS)
            if now() < self._down_until:
                raise ConnectionRefusedError("the server is down")
            first, read = read, bisect_right(self.posted, now())
            return [str(at) for at in self.posted[first:read]]

        def show(message: str) -> None:
            self.delays.append(now() - float(message))

        await learner["keep_polling"](ask, show, INTERVAL)
        raise EOFError

    def _count_poll(self, client: int, at: float) -> None:
        self.polls[client].append(at)
        if len(self.polls[client]) > TOO_MANY_POLLS:
            raise InterruptedError


def simulate(server: Server, learner: dict[str, Any]) -> str:
    """Return "", or how a client ended before the two hours were over."""
    ended = list[str]()

    async def everybody() -> None:
        clients = [
            asyncio.create_task(server.talk_to(client, learner)) for client in range(CLIENTS)
        ]
        done, going_on = await asyncio.wait(
            clients, timeout=2 * HOUR, return_when=asyncio.FIRST_EXCEPTION
        )
        ended.extend(type(client.exception()).__name__ for client in done)
        for client in going_on:
            client.cancel()
        for client in done:
            if not isinstance(client.exception(), EOFError | InterruptedError):
                client.result()

    virtual_clock.run(everybody())
    return ended[0] if ended else ""
