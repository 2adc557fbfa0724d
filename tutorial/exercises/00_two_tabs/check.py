"""Start the tutorial's server, send from one tab, read in another, and look at the bets."""

import asyncio
import json
import linecache
import re
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.error import HTTPError

from loadtests.table import TRANSPORTS
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_TABS = "Say something"
READ_BETS = "Place your bets"

ROOM = "two-tabs"
SENT = ["Is anybody there?", "I am the first tab.", "Can you hear me?"]
NAMES = [row.in_a_sentence for row in TRANSPORTS.values()]
BETS = ("delay", "requests", "bytes", "memory")
START_SECONDS = 60.0

Bets = dict[str, dict[str, Any]]


def prepare() -> None:
    """Let a status that is no success name the address, and the line that asked for it."""
    really_open = urllib.request.urlopen

    def urlopen(request: urllib.request.Request, *arguments: Any, **options: Any) -> Any:
        try:
            return really_open(request, *arguments, **options)
        except HTTPError as error:
            asked = f"an answer to {request.get_method()} {request.full_url}"
            got = f"status {error.code} {error.reason}{_asked_by(sys._getframe(1))}"
            raise Failure(asked, got, read=READ_TABS) from None

    urllib.request.urlopen = urlopen  # type: ignore[assignment]


def _asked_by(frame: FrameType | None) -> str:
    """Return the outermost line of the learner's file that led here."""
    file = frame.f_code.co_filename if frame else ""
    line = 0
    while frame:
        if frame.f_code.co_filename == file:
            line = frame.f_lineno
        frame = frame.f_back
    return f", asked for in line {line}, `{linecache.getline(file, line).strip()}`"


def drive(learner: dict[str, Any], report: Callable[[dict[str, Any]], None], url: str) -> None:
    """Send, read and bet with the learner's functions."""
    for text in SENT:
        learner["send"](url, ROOM, text)
    report({"read": learner["read"](url, ROOM)})
    report({"bets": learner["BETS"]})
    learner["place_bets"](url)


async def check(path: Path) -> str:
    """Return what was read, and which bets were placed."""
    on_the_page = _bets_in(path.parent / "bets.json")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ".learner" / "bets.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"bets": on_the_page}), "utf-8")
        async with _tutorial(Path(folder)) as url, driven(path, __file__, url) as program:
            async for seen in program.records():
                if "read" in seen:
                    _received(seen["read"])
                else:
                    _ranked(seen["bets"], on_the_page)
        _written(_bets_in(file), on_the_page)
    placed = len(on_the_page)
    where = f"{placed} of them on the page" if placed else "all from your file"
    return f"the second tab received {len(SENT)} messages, and {len(BETS)} bets are placed, {where}"


def _bets_in(file: Path) -> Bets:
    """Return the bets of this chapter in the file of bets; none when there is no such file."""
    try:
        bets = json.loads(file.read_text("utf-8"))["bets"]
        names = [f"0.{what}" for what in BETS]
        return {name: bets[name] for name in names if name in bets and bets[name]["bet"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@asynccontextmanager
async def _tutorial(folder: Path) -> AsyncIterator[str]:
    """Run `python -m tutorial` in a folder of its own, and yield its address."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tutorial", "--port=0", "--store=memory", "--rate-limit=0"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=folder,
    )
    try:
        assert process.stdout
        async with asyncio.timeout(START_SECONDS):
            line = (await process.stdout.readline()).decode()
        address = re.search(r"http://[\w.:]+", line)
        if not address:
            raise Failure("python -m tutorial to start", line or "nothing", read=READ_TABS)
        yield address[0]
    finally:
        process.kill()
        await process.wait()


def _received(texts: object) -> None:
    if texts != SENT:
        seen = [Event(None, f"the first tab sends {text!r}") for text in SENT]
        seen.append(Event(None, f"the second tab reads {texts!r}"))
        expected = f"read returns the {len(SENT)} texts that the first tab sent, oldest first"
        raise Failure(expected, repr(texts), read=READ_TABS, timeline=seen)


def _ranked(bets: dict[str, list[str]], on_the_page: Bets) -> None:
    for what in BETS:
        if f"0.{what}" in on_the_page:
            continue
        ranking = bets.get(what, [])
        if sorted(map(str, ranking)) != sorted(NAMES):
            expected = f"a bet on {what}: {', '.join(NAMES)}, each once, the best first"
            raise Failure(expected, repr(ranking), read=READ_BETS)


def _written(bets: Bets, on_the_page: Bets) -> None:
    for what in BETS:
        name = f"0.{what}"
        if name in on_the_page and bets.get(name) != on_the_page[name]:
            expected = f"the bet on {what} as you placed it on the page"
            raise Failure(expected, str(bets.get(name, {}).get("bet")), read=READ_BETS)
        if name not in bets:
            got = f"{', '.join(bets) or 'no bet'} in it"
            raise Failure(f"the bet on {what} in the file of bets", got, read=READ_BETS)
