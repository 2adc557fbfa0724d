"""The words of the wire contract: Cursor, Draft, Message, Batch, Ack, and their JSON.

What a client may send is read here, strictly, and what the server says is encoded here, once.
Everything here is a value: nothing waits, is stored, or knows of HTTP. Transports, stores and tests speak these words.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any

from transports.strict_json import NotJson, read_json

ROOM_NAME = re.compile(r"[a-z0-9-]{1,64}")
AUTHOR_CHARACTERS = 32
TEXT_CHARACTERS = 2000
KEY_CHARACTERS = 64
BATCH_MESSAGES = 100  # the default of `limit`, and its maximum
BODY_BYTES = 16 * 1024

# The characters with Unicode's White_Space property; str.strip() alone would take U+001C to U+001F too.
_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_TRUTH = {False: b"false", True: b"true"}
_encoder = json.JSONEncoder(ensure_ascii=False)
_CURSOR = re.compile(r"([0-9a-f]{8}):(0|[1-9][0-9]{0,14})(?:~([0-9]{1,3}))?")


class Malformed(Exception):
    """What came can't be read at all: fix the program that sent it."""


class Unacceptable(Exception):
    """What came can be read, but a field is missing or out of bounds: change that field."""


class Start(Enum):
    """Where a reader without a cursor of its own begins."""

    NEWEST = ""  # the newest messages
    OLDEST = "oldest"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a room's log: after the message `id` of the log in `epoch`."""

    epoch: str
    id: int
    alias: int | None = field(default=None, compare=False)  # another name of the same place

    def __str__(self) -> str:
        return f"{self.epoch}:{self.id}{'' if self.alias is None else f'~{self.alias}'}"

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> Cursor:
        """Read a cursor that a client sent back; most clients of a room send the same. Raises: Malformed."""
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise Malformed("the cursor is malformed: give back one that this server gave, or none")
        return Cursor(match[1], int(match[2]), None if match[3] is None else int(match[3]))


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its author sends it: not yet kept, so without a number."""

    author: str
    text: str
    key: str | None = None

    @classmethod
    def parse(cls, data: str | bytes) -> Draft:
        """Read a draft from JSON. Raises: Malformed, Unacceptable."""
        return cls.of(parse_object(data))

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Draft:
        """Take a draft from the members that the contract names; others are ignored. Raises: Unacceptable."""
        author = text_field(fields, "author", AUTHOR_CHARACTERS)
        text = text_field(fields, "text", TEXT_CHARACTERS)
        key = text_field(fields, "key", KEY_CHARACTERS) if "key" in fields else None
        return cls(author, text, key)


@dataclass(frozen=True)
class Message:
    """What a room keeps. `sent_at` is in seconds since 1970, on the server's clock."""

    id: int
    author: str
    text: str
    sent_at: float
    key: str | None = None

    @cached_property
    def json(self) -> bytes:
        """The message's one encoding: the same bytes on every transport, for every reader."""
        author, text = to_json(self.author), to_json(self.text)
        key = b"" if self.key is None else b', "key": %b' % to_json(self.key)
        fields = (self.id, author, text, self.sent_at, key)
        return b'{"id": %d, "author": %b, "text": %b, "sent_at": %a%b}' % fields


@dataclass(frozen=True, eq=False)
class Batch:
    """What follows a reader's cursor, oldest first: all that a server ever says about messages."""

    room: str
    cursor: Cursor
    gap: bool
    more: bool
    messages: tuple[Message, ...]

    @property
    def has_news(self) -> bool:
        """Whether there is anything in it that a waiting reader doesn't know."""
        return bool(self.messages) or self.gap

    @cached_property
    def json(self) -> bytes:
        """The batch's one encoding, shared by every reader at the same cursor."""
        room, cursor = to_json(self.room), to_json(str(self.cursor))
        gap, more = _TRUTH[self.gap], _TRUTH[self.more]
        head = b'{"type": "batch", "room": %b, "cursor": %b, "gap": %b, "more": %b, "messages": ['
        messages = b", ".join([message.json for message in self.messages])
        return head % (room, cursor, gap, more) + messages + b"]}"


@dataclass(frozen=True, slots=True)
class Ack:
    """The promise that the store has a message; `cursor` goes on after this very message."""

    key: str | None
    id: int
    cursor: Cursor
    duplicate: bool

    @property
    def json(self) -> bytes:
        key = b"" if self.key is None else b'"key": %b, ' % to_json(self.key)
        fields = (key, self.id, to_json(str(self.cursor)), _TRUTH[self.duplicate])
        return b'{"type": "ack", %b"id": %d, "cursor": %b, "duplicate": %b}' % fields


def to_json(value: object) -> bytes:
    """Encode as UTF-8 JSON, each character as itself."""
    return _encoder.encode(value).encode()


def parse_object(data: str | bytes) -> dict[str, Any]:
    """Read one JSON object in UTF-8. Raises: Malformed."""
    try:
        value = read_json(data)
    except NotJson as error:
        raise Malformed(f"send a JSON object in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("send a JSON object: this is JSON, but no object")
    return value


def text_field(fields: dict[str, Any], name: str, most: int) -> str:
    """Take a text of 1 to `most` characters (Unicode code points), not blank. Raises: Unacceptable."""
    value = fields.get(name)
    if value is None and name not in fields:
        raise Unacceptable(f"“{name}” is missing")
    if not isinstance(value, str):
        raise Unacceptable(f"“{name}” must be a string")
    if not value.strip(_WHITE_SPACE):
        raise Unacceptable(f"“{name}” must not be blank")
    if len(value) > most:
        raise Unacceptable(f"“{name}” may have {most} characters; this has {len(value)}")
    return value


def room_field(fields: dict[str, Any]) -> str:
    """Take the name of a room. Raises: Unacceptable."""
    name = fields.get("room")
    if not (isinstance(name, str) and ROOM_NAME.fullmatch(name)):
        raise Unacceptable("“room” must be 1 to 64 of a–z, 0–9 and “-”")
    return name
