"""`python -m tutorial`: the chat, its tutorial and everything else, on one port.

Command-line options are read here and nowhere else, and handed down as arguments.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import re
import signal
import sys
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING, Any, cast

from transports.app import make_app
from transports.chat import HOLD_SECONDS, Chat
from transports.handler import WAIT_MAX_SECONDS
from transports.proxies import TrustedProxies
from transports.rate import RateLimit
from transports.room import Unavailable
from transports.rooms import Rooms
from transports.server import Server
from transports.stores import make_store
from transports.tokens import Tokens
from tutorial.laboratory.routes import Laboratory
from tutorial.processes import Processes, reserve
from tutorial.site import book_pages, pages, results_page
from tutorial.site.static_files import STATIC

if TYPE_CHECKING:
    from transports.bridge import Bridge  # needs the package redis

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\sA-Z]+")
STOPPING = (signal.SIGTERM, signal.SIGINT)
COMMANDS = (
    "In place of options, a command: check, hint, reset or solution N, watch, list (the exercises); "
    "measure (the chapters’ numbers, on this machine); shop (an existing app that joins the chat)."
)
EXERCISE_COMMANDS = ("check", "hint", "reset", "solution", "watch", "list")


class Refusal(Exception):
    """The server can't start so; the text says what to change."""


class Options(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise Refusal(f"{message} (see --help)")


def make_parser() -> argparse.ArgumentParser:
    """Describe every option."""
    options = Options(
        prog="python -m tutorial", description=__doc__, epilog=COMMANDS, allow_abbrev=False
    )
    add = options.add_argument
    add("--port", type=number(0, 65535, int), default=8888, help="default: 8888; 0: a free one")
    add("--address", type=host, default="127.0.0.1", help="default: 127.0.0.1, this machine alone")
    add(
        "--store",
        default=os.environ.get("CHAT_STORE", "sqlite:chat.db"),
        metavar="STORE",
        help="sqlite:FILE, memory or redis://[:PASSWORD@]HOST:PORT/DB",
    )
    add("--processes", type=number(1, 64, int), default=1, help="servers on the port; with Redis")
    add("--history", type=number(1, 1_000_000, int), default=1000, help="messages a room retains")
    add("--hold", type=number(1, WAIT_MAX_SECONDS), default=HOLD_SECONDS, help="seconds")
    add("--rate-limit", type=number(0, 1e6), default=20.0, help="messages/s an address; 0: off")
    add("--publish-key", default=os.environ.get("CHAT_PUBLISH_KEY"), help="lets POST /publish in")
    add("--secret", default=os.environ.get("CHAT_SECRET"), help="signs tokens for private rooms")
    add(
        "--trusted-origin",
        action="append",
        default=[],
        type=origin,
        help="another site that may use the chat, such as https://example.org",
    )
    add("--trusted-proxy", action="append", default=[], type=network, help="the proxy in front")
    add("--debug", action="store_true", help="log what asyncio finds slow or forgotten")
    return options


def number(
    least: float, most: float, kind: Callable[[str], float] = float
) -> Callable[[str], float]:
    """Make a reader of numbers from `least` to `most` for argparse."""

    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    read.__name__ = "number"
    return read


def host(text: str) -> str:
    """Read a machine's name or address for argparse."""
    text.encode(
        "idna"
    )  # what can't be encoded so fails only while it is looked up, with a traceback
    return text


def origin(text: str) -> str:
    """Read an origin for argparse: exactly as a browser will send it (RFC 6454 §6.2), or it would never match."""
    if not ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no origin such as https://example.org")
    return text


def network(text: str) -> IPv4Network | IPv6Network:
    """Read an address, or a network such as 172.16.0.0/12, for argparse."""
    return ip_network(text)


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain. Raises: Refusal, Unavailable."""
    told_to_stop = on_being_told_to_stop()
    chat = make_chat(options)
    await chat.rooms.open()
    laboratory, comparison = Laboratory(chat), results_page.Comparison()
    measured = results_page.routes(chat, comparison)
    addresses = [*book_pages.routes(chat), *measured, *laboratory.routes(), *pages.routes()]
    server = Server(chat, make_app(chat, addresses, trusted_origins=options.trusted_origin))
    try:
        port = server.listen(options.port, options.address, reuse_port=options.processes > 1)
    except OSError as error:
        await chat.rooms.store.close()
        raise cannot_listen(options, error) from error
    bridge = make_bridge(chat)
    gc.collect()
    gc.freeze()  # what stays for good needn't be looked through again with each collection
    print(f"Hold the Line is at {to_open(options, port)}", flush=True)
    await told_to_stop.wait()
    if bridge is not None:
        await bridge.close()
    await server.drain()
    await laboratory.close()
    await comparison.stop()


def make_chat(options: argparse.Namespace) -> Chat:
    """Make the chat that the options describe; its store isn't open yet. Raises: Unavailable."""
    return Chat(
        Rooms(make_store(options.store, options.history), options.history),
        hold_seconds=options.hold,
        rate=RateLimit(options.rate_limit),
        publish_key=options.publish_key,
        tokens=Tokens(options.secret),
        proxies=TrustedProxies(options.trusted_proxy),
    )


def make_bridge(chat: Chat) -> Bridge | None:
    """Take in what is on the queue, where there is one: beside the logs, in Redis."""
    if not chat.rooms.store.shared:
        return None
    from transports.bridge import Bridge
    from transports.stores.redis import RedisStore

    return Bridge(chat, cast(RedisStore, chat.rooms.store))


def to_open(options: argparse.Namespace, port: int) -> str:
    """Give the address to open in a browser."""
    address = "127.0.0.1" if options.address in ("0.0.0.0", "::", "") else options.address
    which = f" (process {os.getpid()})" if options.processes > 1 else ""
    return f"http://{f'[{address}]' if ':' in address else address}:{port}/{which}"


def on_being_told_to_stop() -> asyncio.Event:
    """Give what the first SIGTERM or Ctrl-C sets; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    told = asyncio.Event()

    def tell() -> None:
        told.set()
        for signum in STOPPING:
            loop.remove_signal_handler(signum)
            signal.signal(signum, signal.SIG_DFL)

    for signum in STOPPING:
        loop.add_signal_handler(signum, tell)
    return told


def cannot_listen(options: argparse.Namespace, error: OSError) -> Refusal:
    """Make the refusal for a port that can't be had."""
    why = error.strerror or error
    return Refusal(f"can’t listen on {options.address}:{options.port}: {why}; try --port=0")


def serve_alone(options: argparse.Namespace) -> int:
    """Serve in this process; give the exit status. Raises: Refusal, Unavailable."""
    asyncio.run(serve(options), debug=options.debug)
    return 0


def serve_together(options: argparse.Namespace) -> int:
    """Serve in several processes; give the exit status. Raises: Refusal, Unavailable."""
    store = make_store(options.store, options.history)
    if not store.shared:
        raise Refusal(
            "--processes needs --store=redis://…: memory is one process’s own, and"
            " a SQLite file tells no process what another has written to it"
        )
    asyncio.run(_try(Rooms(store, options.history)))
    try:
        holder = reserve(options.port, options.address)
    except OSError as error:
        raise cannot_listen(options, error) from error
    with holder:
        options.port = holder.getsockname()[1]
        return Processes(options.processes, lambda: attempt(serve_alone, options)).run()


async def _try(rooms: Rooms) -> None:
    """Open and close the store, so that what is wrong with it is said once, and not by every process."""
    await rooms.open()
    await rooms.store.close()


def attempt(command: Callable[[Any], int], argument: Any) -> int:
    """Run a command; when it can’t be, say in one sentence why."""
    try:
        return command(argument)
    except (Refusal, Unavailable) as refusal:
        print(f"python -m tutorial: {refusal}", file=sys.stderr)
        return 2


def start(arguments: list[str]) -> int:
    """Start the server that the options describe; give the exit status. Raises: Refusal, Unavailable."""
    options = make_parser().parse_args(arguments)
    if not STATIC.is_dir():
        raise Refusal("the site shows and serves its own checkout: install that, pip install -e .")
    return serve_alone(options) if options.processes == 1 else serve_together(options)


def main(arguments: list[str]) -> int:
    """Run the command, and give its exit status."""
    if arguments and arguments[0] in EXERCISE_COMMANDS:
        from tutorial.exercises import main as exercises

        return exercises(arguments)
    if arguments and arguments[0] == "measure":
        from tutorial.measurements.command import main as measuring

        return measuring(arguments[1:])
    if arguments and arguments[0] == "shop":
        from tutorial.existing_app.start import main as shop

        return shop(arguments[1:])
    return attempt(start, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
