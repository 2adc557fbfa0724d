"""What the server answers when it won't: refusals, and the problem details (RFC 9457) that they become.

Rooms, stores and tokens know no status codes: their exceptions say what has gone wrong, and here that becomes HTTP.
"""

from __future__ import annotations

import math
from http import HTTPStatus

from tornado.web import HTTPError

from transports.store import Unavailable
from transports.tokens import TokenNeeded, TokenOfAnotherRoom
from transports.wire import Malformed, Unacceptable

RETRY_SECONDS = 1
DETAILS = {
    400: "the request can’t be read: fix its encoding",
    403: "another site’s page may not use this chat",
    404: "there is nothing at this address: /wire, the contract, names the paths",
    405: "this address doesn’t answer that method: use one that “Allow” names",
    500: "the server failed; it is not your fault",
}


class Refused(Exception):
    """The server understood, and won't: `status` says why to programs, the text to people."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = headers or {}


class TooMany(Refused):
    """The client's address sends too much: wait `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        wait = {"Retry-After": str(self.retry_after)}
        super().__init__(429, f"too many messages: wait {self.retry_after} s", wait)


class Draining(Refused):
    """The server is about to end: come back, to the next one."""

    def __init__(self) -> None:
        super().__init__(503, "the server restarts: try again", {"Retry-After": str(RETRY_SECONDS)})


def as_refusal(error: BaseException | None) -> Refused | None:
    """Translate what went wrong into what HTTP says of it; None for our own bugs."""
    match error:
        case Refused():
            return error
        case Malformed():
            return Refused(400, str(error))
        case Unacceptable():
            return Refused(422, str(error))
        case TokenNeeded():
            return Refused(401, str(error), {"WWW-Authenticate": "Bearer"})
        case TokenOfAnotherRoom():
            return Refused(403, str(error))
        case Unavailable():
            return Refused(503, str(error), {"Retry-After": str(RETRY_SECONDS)})
        case HTTPError():
            return Refused(error.status_code, DETAILS.get(error.status_code, ""))
    return None


def refusal_of(error: Exception) -> Refused:
    """Return what HTTP says of an error. Raises: the error itself, when it is a bug of ours."""
    refusal = as_refusal(error)
    if refusal is None:
        raise error
    return refusal


def problem(status: int, detail: str) -> dict[str, object]:
    """Make the members of a problem detail (RFC 9457 §3)."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}
