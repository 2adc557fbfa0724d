"""Serving: the chat and its tutorial on one port, from the options to the last answer.

In one process, or in several that share the port and a Redis (see `processes`). The first SIGTERM or Ctrl-C drains the
server; a second one ends the process at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tornado.web import Application

from transports.app import TRANSPORTS, make_app
from transports.chat import Chat
from transports.proxies import TrustedProxies
from transports.rate import RateLimit
from transports.rooms import Rooms
from transports.server import Server, spread_collections
from transports.stores import make_store
from transports.tokens import Tokens
from tutorial import counterexamples
from tutorial.laboratory.routes import Laboratory
from tutorial.options import CannotServe, Options
from tutorial.own_files import status
from tutorial.own_files.own_file import Unusable
from tutorial.own_files.table import OwnFiles
from tutorial.processes import Processes, reserve
from tutorial.site import (
    around_pages,
    benchmark_page,
    bets,
    book_pages,
    choosing_page,
    contract,
    pages,
    results_page,
)

if TYPE_CHECKING:
    from transports.stores.redis_queue import QueueConsumer  # needs the package redis

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
NOT_SHARED = (
    "--processes needs --store=redis://…: memory is one process’s own, and"
    " a SQLite file doesn’t notify a process of what another has written to it"
)


def make_chat(options: Options) -> Chat:
    """Return the chat that the options describe; its store isn't open yet. Raises: Unavailable."""
    return Chat(
        Rooms(make_store(options.store, options.history), options.history),
        hold_seconds=options.hold,
        rate=RateLimit(options.rate_limit),
        publish_key=options.publish_key,
        tokens=Tokens(options.secret),
        proxies=TrustedProxies(options.trusted_proxy),
        cacheable=options.cacheable,
    )


async def serve(options: Options) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain. Raises: CannotServe, Unavailable."""
    stopping = _on_stop_signal()
    own_files = _read_own_files(options)
    chat = make_chat(options)
    await chat.rooms.open()
    laboratory, comparison = Laboratory(chat), results_page.Comparison()
    beside = [*routes(chat, laboratory, comparison), *status.routes(chat, own_files)]
    server = Server(chat, _make_app(options, chat, beside, own_files))
    try:
        port = server.listen(options.port, options.address, reuse_port=options.processes > 1)
    except OSError as error:
        await chat.rooms.store.close()
        raise _cannot_listen(options, error) from error
    consumer = _make_queue_consumer(chat)
    spread_collections()
    which = f" (process {os.getpid()})" if options.processes > 1 else ""
    print(
        f"Hold the Line is at {options.url(port)}{which}", *own_files.lines(), sep="\n", flush=True
    )
    await stopping.wait()
    await own_files.close()
    if consumer is not None:
        await consumer.close()
    await server.drain()
    await laboratory.close()
    await comparison.stop()


def _read_own_files(options: Options) -> OwnFiles:
    """Read the learner's files that the chat is to run on. Raises: CannotServe."""
    try:
        return OwnFiles(options.mine)
    except Unusable as error:
        raise CannotServe(str(error)) from error


def _make_app(
    options: Options, chat: Chat, beside: Sequence[Any], own_files: OwnFiles
) -> Application:
    trusted = [*options.trusted_origin, *options.friend]
    table = TRANSPORTS | own_files.table
    app = make_app(chat, beside, trusted_origins=trusted, transports=table)
    app.settings |= {"friends": options.friend, "own_files": own_files.files}
    return app


def routes(
    chat: Chat,
    laboratory: Laboratory,
    comparison: results_page.Comparison,
    learner: Path = bets.FOLDER,
) -> list[Any]:
    """Return the addresses of everything that is served beside the chat; `learner` has the reader's own files."""
    return [
        *book_pages.routes(chat),
        *contract.routes(),
        *choosing_page.routes(),
        *around_pages.routes(),
        *bets.routes(chat, learner),
        *results_page.routes(chat, comparison),
        *benchmark_page.routes(),
        *laboratory.routes(),
        *counterexamples.routes(chat),
        *pages.routes(),
    ]


def _make_queue_consumer(chat: Chat) -> QueueConsumer | None:
    """Take in what is on the queue, where there is one: beside the logs, in Redis."""
    if not chat.rooms.store.shared:
        return None
    from transports.stores.redis import RedisStore
    from transports.stores.redis_queue import QueueConsumer

    return QueueConsumer(cast(RedisStore, chat.rooms.store), chat.counts)


def _on_stop_signal() -> asyncio.Event:
    """Return what the first SIGTERM or Ctrl-C sets; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def stop() -> None:
        stopping.set()
        for signum in STOP_SIGNALS:
            loop.remove_signal_handler(signum)
            signal.signal(signum, signal.SIG_DFL)

    for signum in STOP_SIGNALS:
        loop.add_signal_handler(signum, stop)
    return stopping


def _cannot_listen(options: Options, error: OSError) -> CannotServe:
    why = error.strerror or error
    return CannotServe(f"can’t listen on {options.address}:{options.port}: {why}; try --port=0")


def serve_alone(options: Options) -> int:
    """Serve in this process; return the exit status. Raises: CannotServe, Unavailable."""
    asyncio.run(serve(options), debug=options.debug or None)  # None: as PYTHONASYNCIODEBUG says
    return 0


def serve_together(options: Options, attempt: Callable[[Options], int]) -> int:
    """Make an `attempt` in each of several processes; return the exit status. Raises: CannotServe, Unavailable."""
    if options.mine:
        raise CannotServe("--mine runs in one process: leave --processes out")
    store = make_store(options.store, options.history)
    if not store.shared:
        raise CannotServe(NOT_SHARED)
    asyncio.run(_try(Rooms(store, options.history)))
    try:
        holder = reserve(options.port, options.address)
    except OSError as error:
        raise _cannot_listen(options, error) from error
    with holder:
        options = replace(options, port=holder.getsockname()[1])
        return Processes(options.processes, lambda: attempt(options)).run()


async def _try(rooms: Rooms) -> None:
    """Open and close the store, so that what is wrong with it is said once, and not by every process."""
    await rooms.open()
    await rooms.store.close()
