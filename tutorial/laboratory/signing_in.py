"""Four more ways to say who you are on a WebSocket, beside the token in the address: the code that a chapter shows.

Each has a few lines at the server, and a test with a real client. What they share is `SignedInSocket`: it sends
nothing before its reader has shown who it is, and closes when that is no longer good. `Tokens` judges, as in the chat.
"""

from __future__ import annotations

import asyncio
import time
from secrets import token_urlsafe

from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from transports.origins import is_foreign
from transports.tokens import TokenNeeded, TokenOfAnotherRoom, Tokens

ROOM = "user-ann"
FIRST_MESSAGE_SECONDS = 5.0
TICKET_SECONDS = 10.0


class SignedInSocket(WebSocketHandler):
    """Says “welcome” when its reader has shown who it is, and closes when that is no longer good."""

    expiry: asyncio.TimerHandle | None = None

    def initialize(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def close_after(self, seconds: float, reason: str) -> None:
        """Close then, and not when it was to close before."""
        if self.expiry is not None:
            self.expiry.cancel()
        self.expiry = asyncio.get_running_loop().call_later(seconds, self.close, 4401, reason)

    def welcome(self, seconds: float) -> None:
        """Begin, or go on, for so long."""
        self.close_after(seconds, "the token has expired: get a fresh one")
        self.write_message("welcome")

    def on_close(self) -> None:
        if self.expiry is not None:
            self.expiry.cancel()


class FirstMessageSocket(SignedInSocket):
    """Takes a token as its first message. Each later one is a fresh token, and the socket stays."""

    def open(self) -> None:
        self.close_after(FIRST_MESSAGE_SECONDS, "no token came")

    def on_message(self, message: str | bytes) -> None:
        try:
            self.welcome(self.tokens.check(ROOM, str(message)))
        except (TokenNeeded, TokenOfAnotherRoom) as error:
            self.close(4401, str(error))


class TicketOffice(RequestHandler):
    """`POST /tickets` with `Authorization: Bearer <token>` → a ticket, which opens one socket, soon."""

    def initialize(self, tokens: Tokens, tickets: dict[str, float]) -> None:
        self.tokens, self.tickets = tokens, tickets

    def post(self) -> None:
        token = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            self.tokens.check(ROOM, token)
        except (TokenNeeded, TokenOfAnotherRoom) as error:
            raise HTTPError(401) from error
        ticket = token_urlsafe(16)
        self.tickets[ticket] = time.monotonic() + TICKET_SECONDS
        self.write({"ticket": ticket})


class TicketSocket(SignedInSocket):
    """`GET …?ticket=` + upgrade: the ticket is worthless after it, so a log may have it."""

    def initialize(self, tokens: Tokens, tickets: dict[str, float] | None = None) -> None:
        super().initialize(tokens)
        self.tickets = tickets if tickets is not None else {}

    def prepare(self) -> None:
        until = self.tickets.pop(self.get_query_argument("ticket", ""), 0.0)
        if time.monotonic() > until:
            raise HTTPError(401)

    def open(self) -> None:
        self.welcome(3600)


class CookieSocket(SignedInSocket):
    """Takes the cookie that the browser sends by itself; so it must know whose page opens it."""

    def prepare(self) -> None:
        if is_foreign(self.request, lambda origin: False):
            raise HTTPError(403)
        if self.get_signed_cookie("session") is None:
            raise HTTPError(401)

    def open(self) -> None:
        self.welcome(3600)
