"""Tokens: who may enter a private room.

A room named `user-<name>` is private. The application that knows its users signs a **token** – a reader that
shows this may enter this room, for a while – with a secret that it shares with the chat. The chat asks nobody and
stores nothing: it can check a token by itself. Its format is itsdangerous' timed serializer:

    URLSafeTimedSerializer(secret, salt="room").dumps("user-ann")

A token runs out TOKEN_SECONDS after it was signed. Then polls are refused, and sockets and streams end.
"""

from __future__ import annotations

import time

from itsdangerous import BadData, URLSafeTimedSerializer

PRIVATE = "user-"
TOKEN_SECONDS = 3600
CLOCK_SECONDS = 60  # so far ahead may the signer’s clock be


class TokenNeeded(Exception):
    """No token that is good now was shown: get a fresh one."""


class TokenOfAnotherRoom(Exception):
    """The token is good, for another room: it will never open this one."""


def is_private(room: str) -> bool:
    """Say whether a room wants a token."""
    return room.startswith(PRIVATE)


class Tokens:
    """Judges tokens by the secret that their signer shares; without one, none is good."""

    def __init__(self, secret: str | None = None) -> None:
        self._signer = URLSafeTimedSerializer(secret, salt="room") if secret else None

    def check(self, room: str, token: str | None) -> float:
        """Return the seconds for which `token` still opens the room. Raises: TokenNeeded, TokenOfAnotherRoom."""
        if self._signer is None:
            raise TokenNeeded("this server has no --secret: its private rooms open to nobody")
        if token is None:
            raise TokenNeeded("this room is private: show a token, as ?token= or as a Bearer")
        try:
            named, signed = self._signer.loads(token, return_timestamp=True)
        except BadData as error:
            raise TokenNeeded("the token is not one that this server’s secret signed") from error
        if named != room:
            raise TokenOfAnotherRoom("the token is for another room")
        age = time.time() - float(signed.timestamp())
        if age < -CLOCK_SECONDS:
            raise TokenNeeded("the token was signed in the future: set the clocks")
        if age > TOKEN_SECONDS:
            raise TokenNeeded("the token has expired: get a fresh one")
        return TOKEN_SECONDS - age
