"""RFC 6455, judged by kosoku: Autobahn’s cases, against what our own frames and Sender put on the wire.

Tornado passes them, and that says nothing of bytes that go past its writer. So the cases run against an echo that sends
text as the chat sends a batch. Groups 12 and 13, compression, are left out: the chat doesn’t offer it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest

from tests.support.in_process_server import InProcessServer
from tests.support.programs import needed
from transports.frames import batch_frame
from transports.sender import Sender
from transports.websockets import WebSocketChatHandler
from transports.wire import Batch, Cursor

pytestmark = pytest.mark.judges

Serve = Callable[..., Awaitable[InProcessServer]]
GROUPS = {
    "frames and closing": ["1.*", "2.*", "3.*", "4.*", "5.*", "7.*", "10.*"],
    "UTF-8": ["6.*"],
    "size": ["9.*"],
}
START = Cursor("00000000", 0)
ENDED = ("OK", "INFORMATIONAL")
LARGEST_BYTES = 1 << 25  # group 9 sends messages of 16 MiB


@dataclass(frozen=True)
class Payload:
    """What `batch_frame` and `Sender` need of a batch."""

    json: bytes
    room: str = "lobby"
    cursor: Cursor = START


class EchoHandler(WebSocketChatHandler):
    """Sends back what comes: text through our Sender, and binary, which the chat doesn’t speak, through Tornado."""

    max_message_size = LARGEST_BYTES

    def open(self, room: str) -> None:
        self.set_nodelay(True)
        self.sender = Sender(self.stream, batch_frame, self.close)
        self.push = self.sender.push

    async def on_message(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            await self.write_message(message, binary=True)
        elif written := self.push(cast(Batch, Payload(message.encode()))):
            await written


async def results(url: str, **options: Any) -> list[Any]:
    """Run the cases; return how each went."""
    from kosoku import FailureError, run_fuzzingclient

    try:
        found: list[Any] = await run_fuzzingclient(url, **options)
    except FailureError as failure:
        found = failure.results
    return found


def failed(found: list[Any]) -> list[str]:
    return [
        f"{case.case_id}: {case.behavior.value}, {case.behavior_close.value}: {case.result} {case.result_close}"
        for case in found
        if not case.passed
    ]


@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
async def test_our_frames_pass_every_case_of_the_protocol(serve: Serve, groups: list[str]) -> None:
    needed("kosoku")
    server = await serve(transports={"websocket": EchoHandler})
    url = f"ws{server.url[4:]}/rooms/lobby/websocket"
    found = await results(url, cases=groups, concurrency=4)
    assert failed(found) == []
    assert len(found) >= 54


async def test_the_chat_itself_ends_every_connection_as_the_protocol_says(serve: Serve) -> None:
    needed("kosoku")
    server = await serve()
    url = f"ws{server.url[4:]}/rooms/lobby/websocket"
    groups = ["3.*", "4.*", "5.*", "7.*"]
    echoed = ["7.1.1"]
    found = await results(url, cases=groups, exclude_cases=echoed, concurrency=4)
    assert len(found) > 70
    assert [one.case_id for one in found if one.behavior_close.value not in ENDED] == []
