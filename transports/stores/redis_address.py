"""RedisAddress: where a Redis is, how to connect to it, and one sentence for each way in which that fails.

An address may hold a password, so it is never shown as it was given: not in a log, not in a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError

from transports.store import Unavailable

CONNECT_SECONDS = 3.0
OLDEST_VERSION = 7
AWAY = "the store can’t be reached: try again"  # all that a client need know
FAILURES = (RedisError, OSError)  # what a command may raise, and Redis be to blame for


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A Redis: `url` to connect to it, `shown` to speak of it."""

    url: str = field(repr=False)
    shown: str

    @classmethod
    def parse(cls, url: str) -> RedisAddress:
        """Read redis://[[user]:password@]host[:port][/db]. Raises: Unavailable."""
        try:
            parts = urlsplit(url)
            host, port, database = parts.hostname, parts.port or 6379, parts.path.lstrip("/") or "0"
        except ValueError:  # of a port that is no number
            host, port, database = None, 0, ""
        if not (host and database.isdecimal() and not parts.query and not parts.fragment):
            raise Unavailable(
                "the store’s address can’t be read: say redis://[:password@]host:port/db,"
                " with anything unusual in the password %-encoded"
            )
        return cls(url, f"the Redis at {host}:{port}")

    def connect(self, reply_seconds: float) -> Redis:
        """Make a client that gives up on an answer after `reply_seconds`, and never repeats a command by itself."""
        client: Redis = Redis.from_url(
            self.url,
            protocol=2,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=reply_seconds,
            retry=Retry(NoBackoff(), 0),  # only the caller knows what it would do twice
        )
        return client

    def unavailable(self, error: Exception) -> Unavailable:
        """Say in one sentence what is wrong, for the person who started the server."""
        said = str(error).partition("\n")[0]
        if isinstance(error, AuthenticationError):
            return Unavailable(f"{self.shown} doesn’t let us in: {said}")
        if isinstance(error, ResponseError):
            return Unavailable(f"{self.shown} refuses: {said}")
        return Unavailable(f"{self.shown} can’t be reached: {said or type(error).__name__}")

    async def check_usable(self, client: Redis) -> None:
        """Return when it is a Redis that has what we need. Raises: Unavailable."""
        try:
            version = str((await client.info("server"))["redis_version"])
        except FAILURES as error:
            raise self.unavailable(error) from error
        if int(version.partition(".")[0]) < OLDEST_VERSION:
            raise Unavailable(
                f"{self.shown} is version {version}: {OLDEST_VERSION} is the oldest that will do"
            )
