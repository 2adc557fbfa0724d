"""A soak: everything that goes wrong, at random, for as long as you like, and exact at the end.

    python -m pytest -m soak --seconds=600 --seed=7

Writers and readers change transport over links that delay, drip, cut and half-open; the server, on SQLite, is killed
six times and started again. The default run leaves this out. Without `--seed` a fresh one is drawn; it is printed.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.conftest import StartProcess
from tests.support.clients import CLIENTS, Reader, joined
from tests.support.http import ask
from tests.support.ports import free_port
from tests.support.server_process import ServerProcess
from tests.support.soaking import ROOM, Soak
from tests.support.waiting import until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(0)]

READERS, WRITERS, DISTURBERS = 6, 3, 2
KILLS = 6  # one after each tenth of the time in which there is a server
CHANGES_A_SECOND, CUTS_A_SECOND = 500 / 600, 200 / 600
GROWTH = 1.1
BLOCKS_A_MESSAGE, BYTES_A_MESSAGE = 12, 3000  # that the log retains, and SQLite has in its cache
DESCRIPTORS = 2  # that SQLite may have open, or not
COUNTED = "tests.support.counted_server"


async def test_whatever_goes_wrong_every_reader_is_exact_and_nothing_is_left_behind(
    process: StartProcess,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = float(pytestconfig.getoption("--seconds"))
    seed = int(pytestconfig.getoption("--seed") or random.SystemRandom().randrange(1 << 31))
    options = (f"--store=sqlite:{tmp_path}/chat.db", f"--port={free_port()}", "--history=5000")
    server = process(*options, program=COUNTED)
    soak = Soak(server.port, seed)
    readers = [Reader() for _ in range(READERS)]
    epoch = await first_epoch(server)
    async with asyncio.TaskGroup() as clients:
        for reader in readers:
            clients.create_task(soak.read(reader, epoch))
        writing = [clients.create_task(soak.write(f"w{n}")) for n in range(WRITERS)]
        for _ in range(DISTURBERS):
            clients.create_task(soak.disturb())
        for _ in range(KILLS):
            await asyncio.sleep(seconds / 10)
            server = await killed(server, process, options)
        await asyncio.sleep(seconds / 10)  # until it has met everything once
        before, then = await at_rest(soak, server), len(soak.acknowledged)
        await asyncio.sleep(seconds * (0.9 - KILLS / 10))
        while soak.changes < seconds * CHANGES_A_SECOND or soak.cuts < seconds * CUTS_A_SECOND:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # a busy machine soaks longer
        soak.writing = False
        soak.heal()
        await asyncio.gather(*writing)
        soak.last_id = max(soak.acknowledged.values())
    after = await at_rest(soak, server)
    for link in soak.links:
        await link.close()
    with capsys.disabled():
        print(f"\nseed {seed}, {seconds:.0f} s: {len(soak.acknowledged)} messages,"
              f" {soak.changes} changes of transport, {soak.cuts} cuts, {KILLS} kills,"
              f" blocks {after[1] / before[1] - 1:+.1%}, bytes {after[2] / before[2] - 1:+.1%}")  # fmt: skip
    expect_exact(soak, readers)
    assert after[0] <= before[0] + DESCRIPTORS
    since = len(soak.acknowledged) - then
    assert after[1] <= before[1] * GROWTH + BLOCKS_A_MESSAGE * since
    assert after[2] <= before[2] * GROWTH + BYTES_A_MESSAGE * since


async def first_epoch(server: ServerProcess) -> str:
    """Return the epoch of the server's log."""
    answer = await ask(server.url, f"/rooms/{ROOM}/short-polling")
    return str(answer.json["cursor"]).partition(":")[0]


async def killed(
    server: ServerProcess, process: StartProcess, options: tuple[str, ...]
) -> ServerProcess:
    """Kill the server as a crash does, and start it again."""
    server.process.kill()
    await asyncio.to_thread(server.process.wait)
    return await asyncio.to_thread(process, *options, program=COUNTED)


async def at_rest(soak: Soak, server: ServerProcess) -> tuple[int, int, int]:
    """Let all clients leave; return the server's descriptors, blocks and bytes of memory once it has seen it."""
    soak.may_connect.clear()
    soak.heal()
    await until(lambda: not soak.connected)
    for link in soak.links:
        link.cut()
    for transport in CLIENTS:  # so that code and room are loaded in any case
        async with joined(server.url, transport, room=ROOM, cursor="now") as client:
            await client.receive()
    here = psutil.Process(server.process.pid)
    await until(lambda: len(here.net_connections(kind="tcp")) == 1)  # its listening socket
    inside = (await ask(server.url, "/inspect")).json
    assert (inside["held"], inside["websockets"]) == (0, 0)
    assert server.process.stdout is not None
    server.process.send_signal(signal.SIGUSR1)
    blocks, size = map(int, (await asyncio.to_thread(server.process.stdout.readline)).split())
    soak.may_connect.set()
    return here.num_fds(), blocks, size


def expect_exact(soak: Soak, readers: list[Reader]) -> None:
    """Hold each reader's view to what was acknowledged: all of it, once, in order."""
    by_id = {id: key for key, id in soak.acknowledged.items()}
    assert sorted(by_id) == list(range(1, len(soak.acknowledged) + 1))
    for reader in readers:
        assert (reader.exact, reader.gaps) == (True, 0)
        assert [(message["id"], message["text"]) for message in reader.view] == sorted(
            by_id.items()
        )
        assert Counter(message["key"] for message in reader.view).most_common(1)[0][1] == 1
