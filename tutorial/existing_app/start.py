"""`python -m tutorial shop`: the chat, the shop and the relay, each in a process of its own, until Ctrl-C.

It stands in for what starts your services (systemd, Docker, …), and does two things that those do: it starts
again what was killed, and leaves nothing behind. Kill any of the three by hand, and watch that nothing is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Coroutine

AGAIN_SECONDS = 1.0  # before what was killed is started again
LAST_SECONDS = 5.0  # for a process to end after SIGTERM
CHAT_STORE = "sqlite:shop_chat.db"  # chat.db is in use where the tutorial runs in the same folder


def commands(given: argparse.Namespace, for_chat: list[str]) -> dict[str, list[str]]:
    """Return the command line of each process, by its name."""
    chat, shop = f"http://127.0.0.1:{given.port}", f":{given.shop_port}"
    origins = [f"--trusted-origin=http://{host}{shop}" for host in ("127.0.0.1", "localhost")]
    to = given.queue or f"{chat}/publish"
    here, database = "tutorial.existing_app", f"--database={given.database}"
    store = f"--store={given.queue or CHAT_STORE}"
    return {
        "chat": ["tutorial", f"--port={given.port}", store, *origins, *for_chat],
        "shop": [f"{here}.shop", f"--port={given.shop_port}", f"--chat={chat}", database],
        "relay": [f"{here}.relay", f"--to={to}", database],
    }


class Cast:
    """The processes, each kept running; `running` has them by their names.

    They are in a group of their own, out of a terminal's reach, unless `apart` is False.
    """

    def __init__(self, processes: dict[str, list[str]], apart: bool = True) -> None:
        self._processes = processes
        self._group = 0 if apart else -1
        self.environment = dict(os.environ)
        for name in ("CHAT_SECRET", "CHAT_PUBLISH_KEY"):
            self.environment[name] = os.environ.get(name) or secrets.token_urlsafe()
        self.running: dict[str, Process] = {}

    async def keep(self, name: str) -> int:
        """Keep one running until this is cancelled, or it ends by itself; give its exit status."""
        command = [sys.executable, "-m", *self._processes[name]]
        while True:
            process = self.running[name] = await asyncio.create_subprocess_exec(
                *command, env=self.environment, process_group=self._group
            )
            try:
                status = await process.wait()
            finally:
                await end(process)
            if status >= 0:
                return status
            print(f"The {name} was killed, and is started again.", file=sys.stderr)
            await asyncio.sleep(AGAIN_SECONDS)

    async def keep_until(self, stopping: Coroutine[None, None, int]) -> int:
        """Keep all running until `stopping` returns, or until one ends by itself; give the exit status."""
        kept = [asyncio.create_task(self.keep(name)) for name in self._processes]
        tasks = [*kept, asyncio.create_task(stopping)]
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return max(task.result() for task in ended)


async def end(process: Process) -> None:
    """Ask a process to end, and kill one that doesn't."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), LAST_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def stop_signal() -> int:
    """Wait for Ctrl-C, SIGTERM, or the terminal's end; give the exit status for it."""
    stopping = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signum, stopping.set)
    await stopping.wait()
    return 0


def main(arguments: list[str]) -> int:
    """Start everything, and give the exit status when it has ended."""
    options = argparse.ArgumentParser(
        prog="python -m tutorial shop", description=__doc__, epilog="Other options go to the chat."
    )
    options.add_argument("--port", type=int, default=8888, help="the chat's; default: 8888")
    options.add_argument("--shop-port", type=int, default=8000, help="default: 8000")
    options.add_argument("--database", default="shop.db", help="the shop's; default: shop.db")
    options.add_argument("--queue", help="redis://…; without it the relay posts to /publish")
    given, for_chat = options.parse_known_args(arguments)
    print(f"The shop is at http://127.0.0.1:{given.shop_port}/", flush=True)
    return asyncio.run(Cast(commands(given, for_chat)).keep_until(stop_signal()))
