"""The relay: passes on what waits in the outbox, to a queue or to the chat itself, in a process of its own.

It passes a note on, and only then deletes it. Killed between the two, it passes the same note on again when it is
back: at least once. The note's key makes that once in the room. Therefore it may be killed at any moment, and has
nothing to tidy up. It reads the outbox every PAUSE_SECONDS: a short poll, of a table where a poll costs 20 µs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import logging
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tutorial.existing_app.outbox import Note, Outbox

PAUSE_SECONDS = 0.1
BACK_OFF_SECONDS = 10.0  # the longest pause while nothing can be passed on
PATIENCE_SECONDS = 5.0  # for one answer
STREAM = "chat:ingest"
HOPELESS = (400, 404, 413, 422)  # the same note will never be taken

log = logging.getLogger("relay")


class Undelivered(Exception):
    """Nobody has taken the note: try again later."""


class Refused(Exception):
    """Nobody will ever take this note: set it aside."""


Deliver = Callable[
    [Note], None
]  # returns when somebody else has the note; raises Undelivered, Refused


def to_queue(url: str) -> Deliver:
    """Deliver by putting notes on the queue at `url` (redis://…)."""
    import redis

    queue = redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS)

    def deliver(note: Note) -> None:
        fields: dict[Any, Any] = asdict(note)
        try:
            queue.xadd(STREAM, fields)
        except redis.RedisError as error:
            raise Undelivered(f"{type(error).__name__}: {error}") from error

    return deliver


def to_chat(url: str, key: str) -> Deliver:
    """Deliver by posting notes to the chat's `/publish` at `url`, with the publish key."""

    def deliver(note: Note) -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        body = json.dumps(asdict(note)).encode()
        try:
            urllib.request.urlopen(
                urllib.request.Request(url, body, headers), timeout=PATIENCE_SECONDS
            ).close()
        except urllib.error.HTTPError as answer:
            with answer:
                kind = Refused if answer.code in HOPELESS else Undelivered
                raise kind(f"{answer.code}: {answer.read().decode(errors='replace')}") from answer
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(f"{type(error).__name__}: {error}") from error

    return deliver


def deliver_to(url: str) -> Deliver:
    """Choose by the address."""
    if url.startswith("redis"):
        return to_queue(url)
    return to_chat(url, os.environ["CHAT_PUBLISH_KEY"])


def pass_on(outbox: Outbox, deliver: Deliver) -> None:
    """Pass on what waits, oldest first. Raises: Undelivered, and what comes after waits too."""
    for note in outbox.waiting():
        try:
            deliver(note)
        except Refused as refused:
            log.error("%s is set aside: %s", note.key, refused)
            outbox.refuse(note, str(refused))
        else:
            outbox.forget(note)


def run(outbox: Outbox, deliver: Deliver) -> None:
    """Pass on what comes, for ever."""
    failures = 0
    while True:
        try:
            pass_on(outbox, deliver)
            failures = 0
        except Undelivered as undelivered:
            log.warning("will try again: %s", undelivered)
            failures += 1
        time.sleep(pause_seconds(failures))


def pause_seconds(failures: int) -> float:
    """Say how long to wait: PAUSE_SECONDS, or after failures longer each time, with full jitter."""
    if not failures:
        return PAUSE_SECONDS
    most = min(BACK_OFF_SECONDS, PAUSE_SECONDS * 2.0 ** min(failures, 20))
    return PAUSE_SECONDS + random.random() * most


def main() -> None:
    """Run the relay that the command line describes."""
    options = argparse.ArgumentParser(prog="python -m tutorial.existing_app.relay")
    options.add_argument("--database", default="shop.db")
    options.add_argument("--to", required=True, help="redis://… or http://…/publish")
    given = options.parse_args()
    logging.basicConfig(format="relay: %(message)s")
    run(Outbox(given.database), deliver_to(given.to))


if __name__ == "__main__":
    main()
