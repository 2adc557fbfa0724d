"""Ask about requests as real browsers send them, and programs, and proxies in between.

Of each request the table has the headers that matter. Those of Chrome were recorded (Chromium 156);
the older browsers' follow from when `Sec-Fetch-Site` came (Firefox 90, Safari 16.4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Event, Failure

READ_HEADERS = "What a browser says about a request"
READ_NAMES = "Names that only look alike"

TRUSTED = frozenset({"https://shop.example"})

# Two lines for each: what it is and who sends it; its method and headers.
TABLE = """
friend: our page in Chrome, reading
GET; Host: chat.example; Sec-Fetch-Site: same-origin

friend: our page in Chrome, posting
POST; Host: chat.example; Origin: https://chat.example; Sec-Fetch-Site: same-origin

friend: our page in Chrome, opening a WebSocket (it sends no Sec-Fetch-Site)
GET; Host: chat.example; Origin: https://chat.example; Upgrade: websocket

friend: our page in Firefox, opening a WebSocket
GET; Host: chat.example; Origin: https://chat.example; Sec-Fetch-Site: same-origin; Upgrade: websocket

friend: our page in Safari 15, posting
POST; Host: chat.example; Origin: https://chat.example

friend: our page on a port of this machine, over a WebSocket
GET; Host: localhost:8888; Origin: http://localhost:8888; Upgrade: websocket

friend: our page in a local network, over http, where no browser sends Sec-Fetch
POST; Host: 192.168.1.5:8888; Origin: http://192.168.1.5:8888

friend: our page, IPv6
POST; Host: [::1]:8888; Origin: http://[::1]:8888

friend: our page over https, and a proxy that passes it on over http
GET; Host: chat.example; Origin: https://chat.example; X-Forwarded-Proto: https; Upgrade: websocket

friend: our page, and a proxy that puts its own name for us in Host
POST; Host: backend:8888; Origin: https://chat.example; Sec-Fetch-Site: same-origin

friend: a person, who typed the address
GET; Host: chat.example; Sec-Fetch-Site: none

friend: curl
POST; Host: chat.example

friend: another server, with a key of its own
POST; Host: chat.example; Authorization: x

stranger: a hostile page, posting
POST; Host: chat.example; Origin: https://evil.example; Sec-Fetch-Site: cross-site

stranger: a hostile page, opening a WebSocket
GET; Host: chat.example; Origin: https://evil.example; Upgrade: websocket

stranger: a hostile page, reading without CORS, as a picture: it sends no Origin
GET; Host: chat.example; Sec-Fetch-Site: cross-site; Sec-Fetch-Mode: no-cors; Sec-Fetch-Dest: image

stranger: a page in a sandbox, whose origin is hidden
POST; Host: chat.example; Origin: null; Sec-Fetch-Site: cross-site

stranger: a page in a sandbox, opening a WebSocket
GET; Host: chat.example; Origin: null; Upgrade: websocket

look-alike: a page of a sub-domain
POST; Host: chat.example; Origin: https://blog.chat.example; Sec-Fetch-Site: same-site

look-alike: a page of a sub-domain, opening a WebSocket
GET; Host: chat.example; Origin: https://blog.chat.example; Upgrade: websocket

look-alike: a page of a domain that ends like ours
GET; Host: chat.example; Origin: https://evil-chat.example; Upgrade: websocket

look-alike: a page of a domain that begins like ours
GET; Host: chat.example; Origin: https://chat.example.evil.example; Upgrade: websocket

look-alike: a page of another port of the same machine
GET; Host: localhost:8888; Origin: http://localhost:9999; Upgrade: websocket

look-alike: a page of the port that ours begins with
GET; Host: localhost:8888; Origin: http://localhost:888; Upgrade: websocket

look-alike: a hostile page with our name in its Referer
POST; Host: chat.example; Origin: https://evil.example; Referer: https://evil.example/https://chat.example/

friend: a page of an origin that we trust
POST; Host: chat.example; Origin: https://shop.example; Sec-Fetch-Site: cross-site

friend: a page of an origin that we trust, opening a WebSocket
GET; Host: chat.example; Origin: https://shop.example; Upgrade: websocket

look-alike: a page of that origin, but over http: anybody in between can have written it
POST; Host: chat.example; Origin: http://shop.example; Sec-Fetch-Site: cross-site

friend: a person, who followed a link on another site
GET; Host: chat.example; Sec-Fetch-Site: cross-site; Sec-Fetch-Mode: navigate; Sec-Fetch-Dest: document

stranger: a form of another site, which posts when it is sent
POST; Host: chat.example; Origin: https://evil.example; Sec-Fetch-Site: cross-site; \
Sec-Fetch-Mode: navigate; Sec-Fetch-Dest: document

stranger: another site's page, which shows ours in a frame
GET; Host: chat.example; Sec-Fetch-Site: cross-site; Sec-Fetch-Mode: navigate; Sec-Fetch-Dest: iframe
"""

Learner = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request, and what it is: a friend, a stranger, or a look-alike, which is a stranger."""

    kind: str
    sender: str
    lines: list[str]

    @property
    def is_friend(self) -> bool:
        """Whether it may be answered."""
        return self.kind == "friend"

    @property
    def headers(self) -> dict[str, str]:
        """The headers, their names in lower case."""
        pairs = (line.split(": ", 1) for line in self.lines[1:])
        return {name.lower(): value for name, value in pairs}

    def mistaken(self) -> Failure:
        """Return what is wrong with an answer that takes it for the other."""
        names = ["a friend", "a stranger"] if self.is_friend else ["a stranger", "a friend"]
        read = READ_NAMES if self.kind == "look-alike" else READ_HEADERS
        seen = [Event(None, line) for line in self.lines]
        return Failure(f"{names[0]}: {self.sender}", names[1], read=read, timeline=seen)


def requests() -> list[Request]:
    """Return the table's rows, in order."""
    found = []
    for row in TABLE.strip().split("\n\n"):
        first, second = row.split("\n")
        kind, sender = first.split(": ", 1)
        found.append(Request(kind, sender, second.split("; ")))
    return found


def drive(learner: Learner, report: Callable[[dict[str, Any]], None]) -> None:
    """Ask the learner's function about each request, and report its answers."""
    ask = learner["is_friend"]
    answers = [bool(ask(one.lines[0], one.headers, TRUSTED)) for one in requests()]
    report({"answers": answers})


async def check(path: Path) -> str:
    """Return how many friends and strangers there were, all recognised."""
    async with driven(path, __file__) as program:
        answers = (await anext(program.records()))["answers"]
    table = requests()
    for request, answer in zip(table, answers, strict=True):
        if answer != request.is_friend:
            raise request.mistaken()
    friends = sum(request.is_friend for request in table)
    return f"{friends} friends and {len(table) - friends} strangers, all recognised"
