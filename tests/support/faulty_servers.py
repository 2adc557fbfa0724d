"""Servers with one thing broken each: `python -m tests.support.faulty_servers 'lost message' 9000`.

Each is the example server of tutorial/other_servers with one step replaced. The conformance suite must find each one
out, at the claim that names what is broken: so each claim of the suite is seen to fail.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import uvicorn
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from tests.support import faults
from tutorial.other_servers import starlette_chat as chat
from tutorial.other_servers.starlette_chat import Log

Json = dict[str, Any]

SPOILED = 17  # the message that is lost, or doubled
ELSEWHERE = "00000000:1"  # a cursor of another epoch
POLLING = "short-polling,long-polling"
CLAIM_OF_KEYS = "the same key again is acknowledged as the first and adds nothing"
SHARED_KEYS: dict[str, Json] = {}
DELIVERED: set[int] = set()
turns = count()


@dataclass(frozen=True)
class Fault:
    """What is broken: the claim that must fail, and what breaks the server."""

    claim: str
    spoil: Callable[[], object]
    transports: str = "long-polling"


def parted(start: str) -> tuple[str, int | None]:
    """Return a cursor’s epoch and id; a word has no id."""
    epoch, _, id = start.partition(":")
    return epoch, int(id) if id else None


def moved(by: int) -> Callable[[Log, str], str]:
    """Return what begins so many messages further on."""

    def start_of(log: Log, start: str) -> str:
        epoch, id = parted(start)
        return start if id is None else f"{epoch}:{max(0, id + by)}"

    return start_of


def clamped(log: Log, start: str) -> str:
    epoch, id = parted(start)
    return start if id is None else f"{epoch}:{min(id, log.newest)}"


def trimmed_unnoticed(log: Log, start: str) -> str:
    epoch, id = parted(start)
    return start if id is None else f"{epoch}:{max(id, log.newest - len(log.messages))}"


def trimmed_too_soon(log: Log, start: str) -> str:
    before_oldest = f"{chat.EPOCH}:{log.newest - len(log.messages)}"
    return ELSEWHERE if start == before_oldest and len(log.messages) < log.newest else start


def lags(batch: Json) -> Json:
    epoch, id = parted(batch["cursor"])
    return batch | {"cursor": f"{epoch}:{max(0, (id or 0) - 1)}"}


def only_once(messages: list[Json]) -> list[Json]:
    new = [message for message in messages if message["id"] not in DELIVERED]
    DELIVERED.update(message["id"] for message in new)
    return new


def ack_lags(log: Log, draft: Json) -> Json:
    return lags(Log.post(log, draft))


def keys_shared(log: Log, draft: Json) -> Json:
    log.acks = SHARED_KEYS
    return Log.post(log, draft)


def words_as_key(log: Log, draft: Json) -> Json:
    return Log.post(log, {"key": draft["text"], **draft})


def one_room(connection: HTTPConnection, log: Log, start: str) -> tuple[Log, str]:
    return chat.logs.setdefault("", log), start


def unknown_until_written(connection: HTTPConnection, log: Log, start: str) -> tuple[Log, str]:
    chat.demand(log.newest or connection.scope["method"] == "POST", 404, "nobody has written here")
    return log, start


def empty_is_now(connection: HTTPConnection, log: Log, start: str) -> tuple[Log, str]:
    return log, start if start or "cursor" not in connection.query_params else "now"


def on_short_polling(other: Callable[[Log, str], str]) -> None:
    """Begin elsewhere on one transport alone."""

    def spoil(connection: HTTPConnection, log: Log, start: str) -> tuple[Log, str]:
        short = connection.url.path.endswith("/short-polling")
        return log, other(log, start) if short and ":" in start else start

    faults.asking(spoil)


def not_opaque() -> None:
    """Give cursors that don’t survive an address."""
    faults.queries(rb"%23%26", b"")
    faults.batches(lambda batch: batch | {"cursor": batch["cursor"] + "#&"})
    faults.starts(lambda log, start: start.removesuffix("#&"))
    faults.posting(
        lambda log, draft: (ack := Log.post(log, draft)) | {"cursor": ack["cursor"] + "#&"}
    )


def one_epoch() -> None:
    """Give two lives of a log the same epoch."""
    chat.EPOCH = "0badf00d"


def keyless() -> None:
    """Leave out of an error which message it is about."""
    right = chat.problem
    chat.problem = lambda error, frame="": right(error)


def without_allow(error: HTTPException) -> HTTPException:
    return HTTPException(error.status_code, error.detail)


FAULTS = {
    "lost message": Fault(
        "messages are numbered from one without holes and come oldest first",
        lambda: faults.messages(lambda found: [m for m in found if m["id"] != SPOILED]),
    ),
    "doubled": Fault(
        "what many authors write at once reaches every reader exactly once and in one order",
        lambda: faults.messages(
            lambda found: [m for m in found for _ in range(1 + (m["id"] == SPOILED))]
        ),
    ),
    "reordered": Fault(
        "messages are numbered from one without holes and come oldest first",
        lambda: faults.messages(lambda found: found if len(found) < SPOILED else found[::-1]),
    ),
    "wrong gap": Fault(
        "a cursor that the room cannot go on from is a gap reported at once",
        lambda: faults.starts(clamped),
    ),
    "epoch forgotten": Fault(
        "after a restart of a store that forgets every cursor is a gap", one_epoch
    ),
    "ack before kept": Fault(
        "what is acknowledged is there for the next reader",
        lambda: faults.posting(faults.posts_late),
    ),
    "cursor not opaque": Fault(
        "a cursor is legal in an address and as the id of an event", not_opaque
    ),
    "held for ever": Fault(
        "a request that meets no message is answered after its wait and its cursor is unchanged",
        lambda: faults.queries(rb"wait=0\.\d+", b"wait=55"),
    ),
    "key ignored": Fault(
        "the same key again is acknowledged as the first and adds nothing",
        lambda: faults.posting(lambda log, draft: faults.forgets_keys(log, draft, 0)),
    ),
    "bytes encoded again": Fault(
        "the bytes of a message are the same on every transport and for every reader",
        lambda: faults.batches(lambda b: b if next(turns) % 2 else dict(reversed(b.items()))),
    ),
    # What a batch is
    "a member missing": Fault(
        "the first batch comes at once even when it is empty",
        lambda: faults.batches(lambda batch: {n: batch[n] for n in batch if n != "more"}),
    ),
    "milliseconds": Fault(
        "a message has the members that the contract names",
        lambda: faults.messages(
            lambda found: [m | {"sent_at": m["sent_at"] * 1000} for m in found]
        ),
    ),
    "text stripped": Fault(
        "a text is kept to the character",
        lambda: faults.drafts(lambda draft, _: draft | {"text": draft["text"].strip()}),
    ),
    "key cut": Fault(
        "author and key are kept to the character as long as they may be",
        lambda: faults.drafts(lambda draft, _: {n: draft[n][:63] for n in draft}),
    ),
    "sent_at is when it is read": Fault(
        "a reader on every transport at once receives the same",
        lambda: faults.messages(lambda found: [m | {"sent_at": time.time()} for m in found]),
        POLLING,
    ),
    # Where a reader begins
    "the oldest first": Fault(
        "without a cursor the newest hundred come",
        lambda: faults.starts(lambda _, start: start or "oldest"),
    ),
    "now is nothing": Fault(
        "now brings no message and goes on with the next",
        lambda: faults.starts(lambda _, start: "" if start == "now" else start),
    ),
    "oldest is nothing": Fault(
        "oldest begins with the oldest retained message and is no gap",
        lambda: faults.starts(lambda _, start: "" if start == "oldest" else start),
    ),
    "empty is now": Fault("an empty cursor is none", lambda: faults.asking(empty_is_now)),
    "zero is a gap": Fault(
        "the zero of an epoch begins at the beginning",
        lambda: faults.starts(lambda _, start: ELSEWHERE if start.endswith(":0") else start),
    ),
    "begins one early": Fault(
        "a cursor goes on after the message that it names", lambda: faults.starts(moved(-1))
    ),
    "ack one early": Fault(
        "the cursor of an ack goes on after its message", lambda: faults.posting(ack_lags)
    ),
    "batch one early": Fault(
        "a reader that comes back receives what it missed", lambda: faults.batches(lags)
    ),
    "stored on the way": Fault(
        "an answer is never stored on the way", lambda: faults.answers(ETag='"1"')
    ),
    # Events
    "retry is a constant": Fault(
        "a stream begins with a retry of its own",
        lambda: faults.events(lambda: 1000),
        "server-sent-events",
    ),
    "id before data": Fault(
        "the id of an event is its last field",
        lambda: faults.events(lambda: 1000, "event id data"),
        "server-sent-events",
    ),
    "last event id ignored": Fault(
        "the id of the last event wins over the cursor and an empty one is none",
        lambda: faults.events(lambda: 1000, resumes=False),
        "server-sent-events",
    ),
    # Gaps, long backlogs
    "no gap in an empty room": Fault(
        "in an empty room a gap is reported too",
        lambda: faults.batches(lambda b: b | {"gap": b["gap"] and bool(b["messages"])}),
    ),
    "trimmed without a gap": Fault(
        "a trimmed history is a gap that begins with the oldest retained message",
        lambda: faults.starts(trimmed_unnoticed),
    ),
    "a gap too soon": Fault(
        "a cursor just before the oldest retained message is no gap",
        lambda: faults.starts(trimmed_too_soon),
    ),
    "a gap for who is new": Fault(
        "without a cursor a trimmed history is no gap",
        lambda: faults.starts(lambda _, start: start or f"{chat.EPOCH}:0"),
    ),
    "a gap is the end": Fault(
        "a gap longer than a batch says that it goes on",
        lambda: faults.batches(lambda b: b | {"more": b["more"] and not b["gap"]}),
    ),
    "never more": Fault(
        "a backlog longer than a batch comes batch after batch",
        lambda: faults.batches(lambda batch: batch | {"more": False}),
    ),
    "limit ignored": Fault(
        "limit is the most that a batch has", lambda: faults.queries(rb"limit=\d+", b"limit=100")
    ),
    "gap on one transport": Fault(
        "a gap is reported alike on every transport",
        lambda: on_short_polling(lambda log, start: "oldest"),
        POLLING,
    ),
    # Writing
    "an error without a key": Fault(
        "an error carries the key of the message that is refused", keyless, "websocket"
    ),
    "keys forgotten": Fault(
        "a key is remembered across transports",
        lambda: faults.posting(lambda log, draft: faults.forgets_keys(log, draft, 0)),
        POLLING,
    ),
    "keys of all rooms": Fault(
        "the same key in another room is another message", lambda: faults.posting(keys_shared)
    ),
    "key remembered late": Fault(
        "one key sent many times at once makes one message",
        lambda: faults.posting(faults.remembers_late),
    ),
    "few keys": Fault(
        "at least the last thousand keys of a room are remembered even with a short history",
        lambda: faults.posting(lambda log, draft: faults.forgets_keys(log, draft, 900)),
    ),
    "words are a key": Fault(
        "without a key the same words are two messages", lambda: faults.posting(words_as_key)
    ),
    "strange members kept": Fault(
        "members that the contract does not name are ignored",
        lambda: faults.drafts(lambda draft, body: json.loads(body) | draft),
    ),
    # Rooms, refusals
    "one room": Fault("rooms are independent", lambda: faults.asking(one_room)),
    "unknown room": Fault(
        "a room exists as soon as it is named", lambda: faults.asking(unknown_until_written)
    ),
    "any cursor": Fault("a malformed cursor is refused", lambda: faults.undemanded("cursor")),
    "any limit": Fault("a malformed limit is refused", lambda: faults.undemanded("limit")),
    "any author": Fault(
        "what is no message is refused and adds nothing", lambda: faults.undemanded("author")
    ),
    "any content type": Fault(
        "what cannot be read is refused as a problem", lambda: faults.undemanded("send application")
    ),
    "any room": Fault("what is no room is not found", lambda: faults.undemanded("room")),
    "no allow": Fault(
        "a wrong method is refused and the right one named",
        lambda: faults.refusing(without_allow),
    ),
    # Coming and going
    "never released": Fault("a reader that leaves leaves nothing behind", faults.inspection),
    "log not kept": Fault(
        "a cursor is good after a restart when the store kept the log", lambda: None
    ),
    "cursor of one transport": Fault(
        "the cursor of one transport is good on every other",
        lambda: on_short_polling(lambda log, start: ELSEWHERE),
        POLLING,
    ),
    "for one reader alone": Fault(
        "two transports that overlap during a switch do no harm",
        lambda: faults.messages(only_once),
        POLLING,
    ),
    "lost on the way": Fault(
        "changing over and over while another writes loses doubles and reorders nothing",
        lambda: faults.messages(lambda found: [m for m in found if m["id"] != SPOILED]),
        POLLING,
    ),
}


if __name__ == "__main__":
    name, port, history = sys.argv[1], int(sys.argv[2]), (sys.argv[3:] or ["1000"])[0]
    chat.HISTORY = int(history)
    FAULTS[name].spoil()
    uvicorn.run(chat.app, port=port, log_level="warning")
