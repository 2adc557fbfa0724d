"""A rehearsal: orders are shipped, relay and chat pass on the news, and one of the two is killed in the middle of it.

`python -m tutorial.existing_app.rehearsal '{"victim": "relay"}'` ships an order every PAUSE_SECONDS, kills (-9) the
victim when a third of them is shipped, and reports one JSON object a line: what was shipped, and when its customer's
page received it. It is what you could do by hand with `python -m tutorial shop`, a warehouse page and a stopwatch.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import closing, suppress
from typing import Any

from itsdangerous import URLSafeTimedSerializer

from loadtests.comparison.server import free_port
from tutorial.existing_app.orders import Orders
from tutorial.existing_app.outbox import Outbox
from tutorial.existing_app.start import Cast, commands

ORDERS = 30
PAUSE_SECONDS = 0.15
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 20.0
CHOICES = {"victim": ("nobody", "relay", "chat")}
CUSTOMER = "ann"


class Rehearsal:
    """One run: what was shipped, and what the customer's page received."""

    def __init__(self, folder: str, victim: str) -> None:
        self._victim = victim
        self._database = f"{folder}/shop.db"
        port = free_port()
        self._chat = f"http://127.0.0.1:{port}"
        given = argparse.Namespace(port=port, shop_port=0, database=self._database, queue=None)
        everybody = commands(given, [f"--store=sqlite:{folder}/chat.db"])
        self.cast = Cast({name: everybody[name] for name in ("chat", "relay")}, apart=False)
        self._delivered: Counter[int] = Counter()
        self._cursor = ""
        self._began = time.monotonic()

    async def play(self) -> int:
        """Ship, kill, read, and report how it went; return the exit status."""
        await self._answers(f"{self._chat}/healthz")
        self._began = time.monotonic()
        listening = asyncio.create_task(self._listen())
        for number in range(1, ORDERS + 1):
            await asyncio.to_thread(self._ship)
            self._report("shipped", order=number)
            if number == ORDERS // 3 and self._victim in self.cast.running:
                self.cast.running[self._victim].kill()
                self._report("killed", who=self._victim)
            await asyncio.sleep(PAUSE_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(listening, PATIENCE_SECONDS)
        doubled = sum(count - 1 for count in self._delivered.values())
        self._report("end", shipped=ORDERS, lost=ORDERS - len(self._delivered), doubled=doubled)
        return 0

    def _ship(self) -> None:
        """Place an order and ship it, in the shop's own way."""
        with closing(Orders(self._database)) as orders:
            orders.ship(orders.place(CUSTOMER, "teapot"))

    async def _listen(self) -> None:
        """Read the customer's room until every order has arrived, whatever happens to the chat."""
        while len(self._delivered) < ORDERS:
            with suppress(OSError):
                batch = await asyncio.to_thread(self._read)
                self._cursor = f"&cursor={batch['cursor']}"
                for message in batch["messages"]:
                    number = int(message["key"].split("-")[1])
                    self._delivered[number] += 1
                    self._report("delivered", order=number)
            await asyncio.sleep(LOOK_SECONDS)

    def _read(self) -> dict[str, Any]:
        room = f"user-{CUSTOMER}"
        secret = self.cast.environment["CHAT_SECRET"]
        token = URLSafeTimedSerializer(secret, salt="room").dumps(room)
        url = f"{self._chat}/rooms/{room}/short-polling?token={token}{self._cursor}"
        with urllib.request.urlopen(url, timeout=2) as answer:
            batch: dict[str, Any] = json.load(answer)
        return batch

    async def _answers(self, url: str) -> None:
        """Wait until something answers there."""
        while True:
            with suppress(OSError):
                (await asyncio.to_thread(urllib.request.urlopen, url, timeout=2)).close()
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _report(self, event: str, **members: object) -> None:
        with closing(Outbox(self._database)) as outbox:
            waiting = len(outbox.waiting())
        at = round(time.monotonic() - self._began, 3)
        print(json.dumps({"at": at, "event": event, **members, "waiting": waiting}), flush=True)


async def rehearse(victim: str) -> int:
    """Run one rehearsal in a folder that is deleted afterwards; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="hold-the-line-") as folder:
        rehearsal = Rehearsal(folder, victim)
        return await rehearsal.cast.keep_until(rehearsal.play())


if __name__ == "__main__":
    sys.exit(asyncio.run(rehearse(json.loads(sys.argv[1])["victim"])))
