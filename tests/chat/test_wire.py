"""The words of the contract as values: what can be read, what is refused, and what bytes they become."""

from __future__ import annotations

import json

import pytest

from transports.wire import (
    Ack,
    Batch,
    Cursor,
    Draft,
    Malformed,
    Message,
    Unacceptable,
    parse_object,
)

MALFORMED = {
    "nothing": b"",
    "half an object": b'{"author": "ann"',
    "two objects": b"{} {}",
    "an array": b"[]",
    "a string": b'"hi"',
    "a number": b"1",
    "null": b"null",
    "NaN": b'{"text": NaN}',
    "Infinity": b'{"text": Infinity}',
    "-Infinity": b'{"x": [-Infinity]}',
    "single quotes": b"{'a': 1}",
    "a comment": b"{} // hi",
    "a trailing comma": b'{"a": 1,}',
    "a bare control character": b'{"text": "a\nb"}',
    "Latin-1": '{"text": "é"}'.encode("latin-1"),
    "an overlong NUL": b'{"text": "\xc0\x80"}',
    "a surrogate in UTF-8": b'{"text": "\xed\xa0\x80"}',
    "UTF-16": '{"text": "hi"}'.encode("utf-16"),
    "a byte order mark": '\ufeff{"text": "hi"}'.encode(),
    "a lone high surrogate": rb'{"text": "\ud83d"}',
    "a lone low surrogate": rb'{"text": "\ude00"}',
    "surrogates the wrong way round": rb'{"text": "\ude00\ud83d"}',
    "a lone surrogate in a name": rb'{"\ud83d": 1}',
    "a lone surrogate in an ignored member": rb'{"author": "a", "text": "b", "x": [{"y": "\udfff"}]}',
    "arrays too deep": b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "objects too deep": b'{"x": ' * 200_000 + b"1" + b"}" * 200_000,
    "arrays too deep, with an escape": b'{"y": "\\u0041", "x": '
    + b"[" * 200_000
    + b"]" * 200_000
    + b"}",
    "a number too long": b'{"x": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_json_object_in_utf_8_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_object(data)


@pytest.mark.parametrize(
    "data", [data for data in MALFORMED.values() if data.isascii()], ids=lambda data: data[:20]
)
def test_text_is_read_as_strictly_as_bytes(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_object(data.decode())


def test_a_pair_of_escaped_surrogates_is_one_character() -> None:
    assert parse_object(rb'{"text": "\ud83d\ude00"}') == {"text": "😀"}


ROOM_FOR = {"author": 32, "text": 2000, "key": 64}


@pytest.mark.parametrize(("name", "most"), ROOM_FOR.items())
@pytest.mark.parametrize("character", ["x", "é", "𝒳", "\u0301", "\x00"])
def test_lengths_count_code_points(name: str, most: int, character: str) -> None:
    fields = {"author": "ann", "text": "hi", "key": "k"}
    assert getattr(Draft.of(fields | {name: character * most}), name) == character * most
    with pytest.raises(Unacceptable, match=f"{most + 1}"):
        Draft.of(fields | {name: character * (most + 1)})


@pytest.mark.parametrize("name", ROOM_FOR)
@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, ["hi"], {"text": "hi"}], ids=repr)
def test_a_field_of_the_wrong_type_is_unacceptable(name: str, value: object) -> None:
    with pytest.raises(Unacceptable, match=name):
        Draft.of({"author": "ann", "text": "hi", "key": "k", name: value})


@pytest.mark.parametrize("name", ["author", "text"])
def test_a_missing_field_is_unacceptable(name: str) -> None:
    fields = {"author": "ann", "text": "hi"}
    del fields[name]
    with pytest.raises(Unacceptable, match=name):
        Draft.of(fields)


WHITE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


@pytest.mark.parametrize("name", ROOM_FOR)
@pytest.mark.parametrize("blank", ["", *WHITE, WHITE], ids=ascii)
def test_a_blank_field_is_unacceptable(name: str, blank: str) -> None:
    with pytest.raises(Unacceptable, match="blank"):
        Draft.of({"author": "ann", "text": "hi", "key": "k", name: blank})


@pytest.mark.parametrize("text", ["\x1c", "\x1f", "\u200b", "\u180e", "\ufeff", "\x00"], ids=ascii)
def test_what_has_no_white_space_property_is_not_blank(text: str) -> None:
    assert Draft.of({"author": "ann", "text": text}).text == text


def test_white_space_around_a_text_is_kept() -> None:
    assert Draft.of({"author": " ann ", "text": "\thi\n"}) == Draft(" ann ", "\thi\n")


@pytest.mark.parametrize("text", ["00000000:0", "9f3c2a11:17", "ffffffff:999999999999999"])
def test_a_cursor_is_read_as_it_was_written(text: str) -> None:
    assert str(Cursor.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "now ", "NOW", "9f3c2a11", "9f3c2a11:", ":17", "9f3c2a11:017", "9f3c2a11:-1", "9f3c2a11:+1",
        "9f3c2a11:1.0", "9f3c2a11:1e3", "9f3c2a11:17 ", " 9f3c2a11:17", "9f3c2a11:17\n", "9F3C2A11:17",
        "9f3c2a1:17", "9f3c2a111:17", "9f3c2a11:1000000000000000", "9f3c2a11:١٧", "9f3c2a11:1_0", "9f3c2a1g:1",
        "9f3c2a11:17:17", "9f3c2a11;17", "\x00", "9f3c2a11:17\x00",
    ],
    ids=ascii,
)  # fmt: skip
def test_a_cursor_that_no_server_gave_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        Cursor.parse(text)


def test_a_batch_is_encoded_as_the_contract_shows_it() -> None:
    message = Message(17, "ann", "hi", 1795456708.572, "c1f0-9")
    batch = Batch(
        "lobby", Cursor("9f3c2a11", 17), gap=False, more=True, messages=(message, message)
    )
    message_json = (
        '{"id": 17, "author": "ann", "text": "hi", "sent_at": 1795456708.572, "key": "c1f0-9"}'
    )
    assert batch.json.decode() == (
        '{"type": "batch", "room": "lobby", "cursor": "9f3c2a11:17", "gap": false, "more": true, '
        f'"messages": [{message_json}, {message_json}]}}'
    )
    assert json.loads(batch.json)["messages"][0] == json.loads(message_json)


def test_a_message_and_a_batch_are_encoded_once() -> None:
    message = Message(1, "ann", "hi", 0.5)
    batch = Batch("lobby", Cursor("9f3c2a11", 1), gap=False, more=False, messages=(message,))
    assert message.json is message.json
    assert batch.json is batch.json


def test_a_message_without_a_key_says_nothing_of_one() -> None:
    assert json.loads(Message(1, "ann", "hi", 0.5).json) == {
        "id": 1, "author": "ann", "text": "hi", "sent_at": 0.5,
    }  # fmt: skip


def test_an_ack_is_encoded_as_the_contract_shows_it() -> None:
    ack = Ack("c1f0-9", 18, Cursor("9f3c2a11", 18), duplicate=False)
    assert ack.json.decode() == (
        '{"type": "ack", "key": "c1f0-9", "id": 18, "cursor": "9f3c2a11:18", "duplicate": false}'
    )
    assert "key" not in json.loads(Ack(None, 18, Cursor("9f3c2a11", 18), duplicate=True).json)
