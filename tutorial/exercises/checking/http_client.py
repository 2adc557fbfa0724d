"""A client of the learner's server, as a check uses it: JSON over HTTP, every refusal a sentence.

It takes no cursor for granted and knows no exercise. A server that answers 500, nothing, or
something that is not JSON becomes a `Failure` with the exception that the learner's file raised.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPResponse
from tornado.simple_httpclient import HTTPTimeoutError

from tutorial.exercises.sandbox.program import PATIENCE_SECONDS, Program
from tutorial.exercises.verdict import Failure

MAX_CONNECTIONS = 400


@dataclass(frozen=True, slots=True)
class Batch:
    """What a server says follows a cursor."""

    cursor: str
    gap: bool
    ids: list[int]
    texts: list[str]


def named(ids: Sequence[int]) -> str:
    """Return the messages in words, a run of three and more by its ends."""
    if not ids:
        return "no message"
    if len(ids) > 2 and list(ids) == list(range(ids[0], ids[-1] + 1)):
        return f"messages {ids[0]} to {ids[-1]}"
    listed = " ".join(map(str, ids[:10])) + (" …" if len(ids) > 10 else "")
    return f"message{'s' if len(ids) > 1 else ''} {listed}"


class HttpClient:
    """Asks the learner's server, as many times at once as the check likes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.requests = 0
        self._http = AsyncHTTPClient(force_instance=True, max_clients=MAX_CONNECTIONS)

    async def read(self, **query: object) -> Batch:
        """Return the batch that the server answers to `GET /messages`. Raises: `Failure`."""
        told = await self._ask("GET", f"/messages?{urlencode(query)}", None)
        try:
            ids = [int(message["id"]) for message in told["messages"]]
            texts = [str(message["text"]) for message in told["messages"]]
            return Batch(str(told["cursor"]), bool(told.get("gap")), ids, texts)
        except (KeyError, TypeError, ValueError):
            expected = "a cursor, and messages that have an id and a text"
            raise Failure(expected, json.dumps(told)[:200]) from None

    async def ask(self, path: str, body: str | None = None) -> dict[str, Any]:
        """Return the JSON object at this path, or in answer to this POST. Raises: `Failure`."""
        return await self._ask("GET" if body is None else "POST", path, body)

    async def post(self, text: str, path: str = "/messages") -> int:
        """Post a message and return the id that it was given. Raises: `Failure`."""
        told = await self._ask("POST", path, json.dumps({"author": "ann", "text": text}))
        if not isinstance(told.get("id"), int):
            raise Failure("the message with its id in answer to a POST", json.dumps(told)[:200])
        return int(told["id"])

    async def arrive(self) -> None:
        """Return when the server has seen all that was sent to it so far."""
        url = f"http://127.0.0.1:{self.program.port}/nowhere"
        for _ in range(3):
            await self._http.fetch(url, raise_error=False)

    async def come_and_leave(self, target: str, count: int) -> None:
        """Ask so many times at once, and go away without waiting for an answer."""
        writers = []
        for _ in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", self.program.port)
            writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            writers.append(writer)
        await self.arrive()
        for writer in writers:
            writer.transport.abort()

    async def _ask(self, method: str, target: str, body: str | None) -> dict[str, Any]:
        asked = f"an answer to {method} {target}"
        url = f"http://127.0.0.1:{self.program.port}{target}"
        self.requests += 1
        try:
            response = await self._http.fetch(
                url,
                method=method,
                body=body,
                headers={"Content-Type": "application/json"},
                request_timeout=PATIENCE_SECONDS,
                raise_error=False,
            )
        except HTTPTimeoutError:
            raise await self.program.stuck(asked) from None
        except (OSError, HTTPError) as error:
            raise await self.program.crashed(asked, f"no answer ({error})") from None
        return await self._object(response, asked)

    async def _object(self, response: HTTPResponse, asked: str) -> dict[str, Any]:
        if response.code >= 300:
            got = f"status {response.code} {response.reason}"
            raise await self.program.crashed(asked, got)
        try:
            told = json.loads(response.body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            raise Failure(f"{asked} that is a JSON object", repr(response.body[:80]))
        return told
