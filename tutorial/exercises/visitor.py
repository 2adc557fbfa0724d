"""A client of the learner's server, as a check uses it: JSON over HTTP, every refusal a sentence.

It takes no cursor for granted and knows no exercise. A server that answers 500, nothing, or
something that is not JSON becomes a `Failure` with the exception that the learner's file raised.
"""

import json
from typing import Any
from urllib.parse import urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPError, HTTPResponse
from tornado.simple_httpclient import HTTPTimeoutError

from tutorial.exercises.program import PATIENCE_SECONDS, Program
from tutorial.exercises.verdict import Failure

MAX_CONNECTIONS = 400


class Visitor:
    """Asks the learner's server, as many times at once as the check likes."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.requests = 0
        self._http = AsyncHTTPClient(force_instance=True, max_clients=MAX_CONNECTIONS)

    async def get(self, path: str, **query: object) -> dict[str, Any]:
        """Return the JSON object that the server answers. Raises: `Failure`."""
        return await self._ask("GET", f"{path}?{urlencode(query)}" if query else path, None)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a JSON object and return the one that comes back. Raises: `Failure`."""
        return await self._ask("POST", path, json.dumps(body))

    async def _ask(self, method: str, target: str, body: str | None) -> dict[str, Any]:
        asked = f"an answer to {method} {target}"
        url = f"http://127.0.0.1:{self.program.port}{target}"
        self.requests += 1
        try:
            response = await self._http.fetch(
                url, method=method, body=body, request_timeout=PATIENCE_SECONDS, raise_error=False
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
