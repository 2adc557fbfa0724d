"""Start the tutorial's server, speak in one tab, listen in another, and read the bets."""

import asyncio
import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_TABS = "Say something"
READ_BETS = "Place your bets"

ROOM = "two-tabs"
SAID = ["Is anybody there?", "I am the first tab.", "Can you hear me?"]
BETS = ("delay", "requests", "bytes", "memory")
TRANSPORTS = ("short polling", "long polling", "WebSocket")
START_SECONDS = 15.0


def drive(learner: dict[str, Any], report: Callable[[dict[str, Any]], None], url: str) -> None:
    """Speak, listen and bet with the learner's functions."""
    for text in SAID:
        learner["say"](url, ROOM, text)
    report({"heard": learner["hear"](url, ROOM)})
    report({"bets": learner["BETS"]})
    learner["place_bets"](url)


async def check(path: Path) -> str:
    """Return what was heard and written."""
    with tempfile.TemporaryDirectory() as folder:
        async with _tutorial(Path(folder)) as url, driven(path, __file__, url) as program:
            async for told in program.records():
                if "heard" in told:
                    _heard(told["heard"])
                else:
                    _ranked(told["bets"])
        _written(Path(folder) / ".learner" / "bets.json")
    return f"the second tab heard {len(SAID)} messages, and {len(BETS)} bets are written down"


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


def _heard(texts: object) -> None:
    if texts != SAID:
        seen = [Event(None, f"the first tab says {text!r}") for text in SAID]
        seen.append(Event(None, f"the second tab hears {texts!r}"))
        expected = f"hear returns the {len(SAID)} texts that the first tab said, oldest first"
        raise Failure(expected, repr(texts), read=READ_TABS, timeline=seen)


def _ranked(bets: dict[str, list[str]]) -> None:
    for what in BETS:
        ranking = bets.get(what, [])
        if sorted(map(str, ranking)) != sorted(TRANSPORTS):
            expected = f"a bet on {what}: {', '.join(TRANSPORTS)}, each once, the best first"
            raise Failure(expected, repr(ranking), read=READ_BETS)


def _written(file: Path) -> None:
    bets = json.loads(file.read_text("utf-8"))["bets"] if file.exists() else {}
    for what in BETS:
        bet = bets.get(f"0.{what}", {}).get("bet", [])
        if sorted(bet) != sorted(TRANSPORTS):
            expected = f"the bet on {what} in the file of bets"
            got = f"{', '.join(bets) or 'no bet'} in it" if not bet else repr(bet)
            raise Failure(expected, got, read=READ_BETS)
