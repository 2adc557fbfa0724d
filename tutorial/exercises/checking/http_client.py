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

from tutorial.exercises.sandbox.program import Program
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
        self._http = AsyncHTTPClient(force_instance=True, max_clients=MAX_CONNECTIONS)

    async def read(self, **query: object) -> Batch:
        """Return the batch that the server answers to `GET /messages`. Raises: `Failure`."""
        return _batch(await self.ask(f"/messages?{urlencode(query)}"))

    async def hold(self, **query: object) -> Batch:
        """Return what `read` returns, whenever that comes: it may be held. Raises: `Failure`."""
        target = f"/messages?{urlencode(query)}"
        return _batch(
            await self._object(await self._fetch("GET", target, None), _asked("GET", target))
        )

    async def ask(self, path: str, body: str | None = None) -> dict[str, Any]:
        """Return the JSON object at this path, or in answer to this POST.

        Raises: `Failure`, also when the server never answers.
        """
        method = "GET" if body is None else "POST"
        answer = asyncio.create_task(self._fetch(method, path, body))
        try:
            response = await self.program.comes(answer, _asked(method, path))
        finally:
            answer.cancel()
        return await self._object(response, _asked(method, path))

    async def post(self, text: str, path: str = "/messages") -> int:
        """Post a message and return the id that it was given. Raises: `Failure`."""
        answer = await self.ask(path, json.dumps({"author": "ann", "text": text}))
        if not isinstance(answer.get("id"), int):
            raise Failure("the message with its id in answer to a POST", json.dumps(answer)[:200])
        return int(answer["id"])

    async def come_and_leave(self, target: str, count: int) -> None:
        """Ask so many times at once, and go away without waiting for an answer."""
        writers = []
        for _ in range(count):
            _, writer = await asyncio.open_connection("127.0.0.1", self.program.port)
            writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            writers.append(writer)
        await self.program.settle()
        for writer in writers:
            writer.transport.abort()
        await self.program.settle()

    async def _fetch(self, method: str, target: str, body: str | None) -> HTTPResponse:
        url = f"http://127.0.0.1:{self.program.port}{target}"
        try:
            return await self._http.fetch(
                url,
                method=method,
                body=body,
                headers={"Content-Type": "application/json"},
                connect_timeout=0,
                request_timeout=0,
                raise_error=False,
            )
        except (OSError, HTTPError) as error:
            asked = _asked(method, target)
            raise await self.program.broke_off(asked, f"no answer ({error})") from None

    async def _object(self, response: HTTPResponse, asked: str) -> dict[str, Any]:
        if response.code >= 300:
            got = f"status {response.code} {response.reason}"
            raise await self.program.crashed(asked, got)
        try:
            answer = json.loads(response.body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Failure(f"{asked} that is a JSON object", repr(response.body[:80]))
        return answer


def _asked(method: str, target: str) -> str:
    return f"an answer to {method} {target}"


def _batch(answer: dict[str, Any]) -> Batch:
    try:
        ids = [int(message["id"]) for message in answer["messages"]]
        texts = [str(message["text"]) for message in answer["messages"]]
        return Batch(str(answer["cursor"]), bool(answer.get("gap")), ids, texts)
    except (KeyError, TypeError, ValueError):
        expected = "a cursor, and messages that have an id and a text"
        raise Failure(expected, json.dumps(answer)[:200]) from None
