"""`python -m tutorial`: the chat, its tutorial and everything else, on one port.

Command-line options are read here and nowhere else, and handed down as arguments.
"""

from __future__ import annotations

import argparse
import codecs
import os
import re
import sys
from collections.abc import Callable
from io import TextIOWrapper
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from transports.parameters import WAIT_MAX_SECONDS
from transports.store import Unavailable
from tutorial.options import CannotServe, Options

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\sA-Z]+")
COMMANDS = (
    "In place of options, a command: check, hint, reset or solution N, watch, list, report (the exercises; "
    "check N --json prints the verdict for programs, check 8 --serve COMMAND judges a server in any language); "
    "measure (the chapters’ numbers, on this machine); audit (famous claims, judged by them); "
    "shop (an existing app that joins the chat)."
)
EXERCISE_COMMANDS = ("check", "hint", "reset", "solution", "watch", "list", "report")
ASCII = str.maketrans({"’": "'", "“": '"', "”": '"', "–": "-", "…": "...", "→": "->"})


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage before it."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise CannotServe(f"{message} (see --help)")


def make_parser() -> argparse.ArgumentParser:
    """Describe every option of `Options`."""
    parser = Parser(
        prog="python -m tutorial", description=__doc__, epilog=COMMANDS, allow_abbrev=False
    )
    add, default = parser.add_argument, Options()
    add("--port", type=number(0, 65535, int), default=default.port, help="default: 8888; 0: any")
    add("--address", type=host, default=default.address, help="default: this machine alone")
    add(
        "--store",
        default=os.environ.get("CHAT_STORE", default.store),
        metavar="STORE",
        help="sqlite:FILE, memory or redis://[:PASSWORD@]HOST:PORT/DB",
    )
    add(
        "--processes",
        type=number(1, 64, int),
        default=default.processes,
        help="servers on the port; with Redis",
    )
    add(
        "--history",
        type=number(1, 1_000_000, int),
        default=default.history,
        help="messages a room retains",
    )
    add("--hold", type=number(1, WAIT_MAX_SECONDS), default=default.hold, help="seconds")
    add(
        "--rate-limit",
        type=number(0, 1e6),
        default=default.rate_limit,
        help="messages/s an address; 0: off",
    )
    _add_access(add)
    add("--cacheable", action="store_true", help="let a cache in front answer equal long polls")
    add(
        "--mine",
        action="append",
        default=[],
        type=int,
        metavar="N",
        help="run the chat on your own file of exercise 4, 5, 6 or 8",
    )
    add("--debug", action="store_true", help="log what asyncio finds slow or forgotten")
    return parser


def _add_access(add: Callable[..., object]) -> None:
    """Describe the options that say who may do what."""
    add("--publish-key", default=os.environ.get("CHAT_PUBLISH_KEY"), help="lets POST /publish in")
    add("--secret", default=os.environ.get("CHAT_SECRET"), help="signs tokens for private rooms")
    add(
        "--trusted-origin",
        action="append",
        default=[],
        type=origin,
        help="another site that may use the chat, such as https://example.org",
    )
    add(
        "--friend",
        action="append",
        default=[],
        type=origin,
        help="another person's chat, such as http://192.168.1.7:8888: each page may use both",
    )
    add("--trusted-proxy", action="append", default=[], type=network, help="the proxy in front")


def number(
    least: float, most: float, kind: Callable[[str], float] = float
) -> Callable[[str], float]:
    """Return a reader of numbers from `least` to `most` for argparse."""

    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    read.__name__ = "number"
    return read


def host(text: str) -> str:
    """Read a machine's name or address for argparse."""
    text.encode("idna")  # a name that can't be encoded would fail later, with a traceback
    return text


def origin(text: str) -> str:
    """Read an origin for argparse: exactly as a browser will send it (RFC 6454 §6.2), or it would never match."""
    if not ORIGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no origin such as https://example.org")
    return text


def network(text: str) -> IPv4Network | IPv6Network:
    """Read an address, or a network such as 172.16.0.0/12, for argparse."""
    return ip_network(text)


def start(arguments: list[str]) -> int:
    """Start the server that the options describe; return the exit status. Raises: CannotServe, Unavailable."""
    options = Options(**vars(make_parser().parse_args(arguments)))
    from tutorial.serving import serve_alone, serve_together
    from tutorial.site.static_files import STATIC

    if not STATIC.is_dir():
        raise CannotServe("the site serves and quotes its own checkout: pip install -e .")
    if options.processes == 1:
        return serve_alone(options)
    return serve_together(options, lambda shared: attempt(serve_alone, shared))


def attempt(command: Callable[[Any], int], argument: Any) -> int:
    """Run a command; when it can’t be, say in one sentence why."""
    try:
        return command(argument)
    except (CannotServe, Unavailable) as refusal:
        print(f"python -m tutorial: {refusal}", file=sys.stderr)
        return 2


def write_what_the_terminal_can_show() -> None:
    """Write ' for ’ to a terminal whose encoding has no ’, in place of a traceback."""

    def in_ascii(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeEncodeError)
        text = error.object[error.start : error.end].translate(ASCII)
        return text.encode("ascii", "replace").decode(), error.end

    codecs.register_error("in-ascii", in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="in-ascii")


def main(arguments: list[str]) -> int:
    """Run the command, and return its exit status."""
    write_what_the_terminal_can_show()
    if arguments and arguments[0] in EXERCISE_COMMANDS:
        from tutorial.exercises import main as exercises

        return exercises(arguments)
    if arguments and arguments[0] == "measure":
        from tutorial.measurements.command import main as measure

        return measure(arguments[1:])
    if arguments and arguments[0] == "audit":
        from tutorial.measurements.audit import main as audit

        return audit(arguments[1:])
    if arguments and arguments[0] == "shop":
        from tutorial.existing_app.start import main as shop

        return shop(arguments[1:])
    return attempt(start, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
