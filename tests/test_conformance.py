"""The wire contract, held against every transport and every pair of them: one suite, whatever the wire.

A row in `transports.app.TRANSPORTS` is tested here as soon as it stands there; all it needs is one class in
`tests/support/clients.py` that says how its client hears of the next batch.

A transport of your own, outside of the table, is tested without touching anything:

    python -m pytest tests/test_conformance.py --transport-module=my_transport.py

The file names its handlers, as the table does, and may bring clients for names that
`tests/support/clients.py` doesn’t know:

    TRANSPORTS = {"server-sent-events": MyHandler}   # name in the address -> subclass of RoomHandler
    CLIENTS = {"carrier-pigeon": MyClient}           # name -> subclass of tests.support.clients.Client

They are added to the table (a name that is there already is replaced); the suite then runs for them alone, and for
the pairs of each of them with every other transport, both ways.

A server in another process, in any language, is judged by `python -m tests.conformance`. The first line of each test
is the sentence of the contract that it proves, and the section in which it stands.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import string
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support import clients
from tests.support.clients import CLIENTS, EXACT, Batch, Client, Reader, Refused, joined
from tests.support.http import ask
from tests.support.in_process_server import InProcessServer
from tests.support.server_under_test import HISTORY, Elsewhere, Subject, fresh_prefix, judged, named
from tests.support.waiting import until
from transports.app import TRANSPORTS

Serve = Callable[..., Awaitable[Subject]]

TEXTS = {
    "an emoji of seven code points": "👩‍👩‍👧‍👦",
    "a combining accent, and the same letter whole": "e\u0301 é",
    "right to left, with marks": "\u202eשלום\u202c \u200fمرحبا",
    "U+0000": "a\x00b",
    "control characters, quotes and backslashes": "\x01\x1f\x7f\"'\\/</script>\r\n\t",
    "a byte order mark and noncharacters": "\ufeff\ufffe\uffff\U0010ffff",
    "line separators": "a\u2028\u2029\x85b",
    "white space around it": "  hi \n",
    "information separators, which are no white space": "\x1c\x1d\x1e\x1f",
    "zero width": "\u200b\u2060",
    "2000 characters beyond the first plane": "𝒳" * 2000,
    "2000 characters that JSON must escape": "\x01" * 2000,
    "what looks like the end of an event, a frame or a header": "\n\ndata: x\r\n\r\n\x81\x00",
    "markup": "<img src=x onerror=alert(1)>",
}


LEGAL = frozenset(
    string.ascii_letters + string.digits + "-._~:@/!$'()*,;"
)  # as they are, in a query

UNACCEPTABLE: dict[str, dict[str, Any]] = {
    "no author": {"author": None},
    "an empty author": {"author": ""},
    "an author of 33 characters": {"author": "a" * 33},
    "a text that is a number": {"text": 1},
    "a blank text": {"text": " \u2003\n"},
    "a text of 2001 characters": {"text": "x" * 2001},
    "an empty key": {"key": ""},
    "a key of 65 characters": {"key": "k" * 65},
}
JSON = "application/json"
UNREADABLE = {
    "not JSON": (b"{", JSON, 400),
    "NaN": (b'{"author": "ann", "text": "hi", "x": NaN}', JSON, 400),
    "not an object": (b"[]", JSON, 400),
    "not UTF-8": (b'{"author": "ann", "text": "\xff"}', JSON, 400),
    "no text": (b'{"author": "ann"}', JSON, 422),
    "over 16 KiB": (b'{"author": "ann", "text": "hi"}' + b" " * (1 << 14), JSON, 413),
    "a form": (b"author=ann&text=hi", "application/x-www-form-urlencoded", 415),
}


@cache
def learners(path: Path | None) -> ModuleType | None:
    """Load the file that `--transport-module` names."""
    if path is None:
        return None
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise pytest.UsageError(f"--transport-module={path}: name a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    CLIENTS.update(getattr(module, "CLIENTS", {}))
    return module


def tables(config: pytest.Config) -> tuple[dict[str, Any], list[str]]:
    """Give the table that is served, and the names in it that are tested."""
    module = learners(config.getoption("--transport-module"))
    names = named(config.getoption("--transports"), list(CLIENTS))
    if config.getoption("--url") or config.getoption("--serve"):
        return dict.fromkeys(names), names
    if module is None:
        return dict(TRANSPORTS), [name for name in TRANSPORTS if name in names]
    return {**TRANSPORTS, **module.TRANSPORTS}, list(module.TRANSPORTS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    table, tested = tables(metafunc.config)
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize("transport", tested)
    if "polling" in metafunc.fixturenames:
        metafunc.parametrize("polling", [name for name in tested if CLIENTS[name].limited])
    if "holding" in metafunc.fixturenames:
        metafunc.parametrize("holding", [name for name in tested if CLIENTS[name].holds])
    if "streaming" in metafunc.fixturenames:
        metafunc.parametrize("streaming", [name for name in tested if CLIENTS[name].streams])
    if "saying" in metafunc.fixturenames:
        metafunc.parametrize("saying", [name for name in tested if CLIENTS[name].says])
    if "pair" in metafunc.fixturenames:
        pairs = [pair for pair in permutations(table, 2) if set(pair) & set(tested)]
        metafunc.parametrize("pair", pairs, ids="→".join)


@pytest.fixture
def table(request: pytest.FixtureRequest) -> dict[str, Any]:
    """All transports that are served."""
    return tables(request.config)[0]


@pytest.fixture(scope="session")
def elsewhere(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Elsewhere | None]:
    """The server in another process; None when the suite's own process serves."""
    with judged(request.config, tmp_path_factory.mktemp("judged")) as server:
        yield server


@pytest.fixture
def serve(
    serve: Callable[..., Awaitable[InProcessServer]],
    table: dict[str, Any],
    elsewhere: Elsewhere | None,
    tmp_path: Path,
) -> Iterator[Serve]:
    """Start a server: with a short `history`, with a `file` for its log, or one that is `forgetting`."""
    prefix, started = fresh_prefix(), []

    async def start(
        history: int | None = None, file: Path | None = None, forgetting: bool = False
    ) -> Subject:
        if elsewhere is None:
            store = f"sqlite:{file}" if file else "memory"
            inside = await serve(transports=table, store=store, history=history or HISTORY)
            return Subject(inside.url, prefix, inside)
        if not (history or file or forgetting):
            return Subject(elsewhere.url, prefix)
        process, url = elsewhere.another(tmp_path, history, file)
        started.append(Subject(url, prefix, process=process))
        return started[-1]

    yield start
    for subject in started:
        subject.end()


async def post_many(server: Subject, count: int, room: str = "lobby") -> list[dict[str, Any]]:
    """Post so many messages, one after the other; give their acks."""
    async with server.joined("short-polling", room=room) as author:
        return [await author.post(f"message {n}") for n in range(1, count + 1)]


def epoch_of(cursor: str) -> str:
    """Return the epoch inside a cursor."""
    return cursor.rpartition(":")[0]


def another_epoch(epoch: str) -> str:
    """Return an epoch of the same form that isn’t this one."""
    return ("1" if epoch.startswith("0") else "0") + epoch[1:]


async def refused(client: Client) -> int:
    """Return the status with which the server refuses this client; 200 when it doesn’t."""
    try:
        await client.join()
        await client.receive()
    except Refused as refusal:
        return refusal.status
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd else 0) - 4000
    finally:
        await client.leave()
    return 200


def test_every_transport_has_a_client_that_this_suite_can_use(table: dict[str, Any]) -> None:
    assert set(table) <= set(CLIENTS)


# What a batch is


async def test_the_first_batch_comes_at_once_even_when_it_is_empty(
    server: Subject, transport: str
) -> None:
    """Reading: the first at once, even when empty."""
    async with server.joined(transport) as reader:
        batch = json.loads((await reader.receive()).raw)
    cursor = batch.pop("cursor")
    empty = {"type": "batch", "room": server.room(), "gap": False, "more": False, "messages": []}
    assert batch == empty
    assert cursor.endswith(":0")


async def test_a_message_has_the_members_that_the_contract_names(
    server: Subject, transport: str
) -> None:
    """Message: absent when the sender gave none."""
    async with server.joined(transport) as reader:
        before = time.time()
        await reader.post("hi", key="c1f0-9")
        await reader.post("ho")
        after = time.time()
        seen = Reader()
        await seen.read_to(reader, 2)
    first, second = seen.view
    sent_at = first.pop("sent_at"), second.pop("sent_at")
    assert first == {"id": 1, "author": "ann", "text": "hi", "key": "c1f0-9"}
    assert second == {"id": 2, "author": "ann", "text": "ho"}
    assert before - 1e-3 <= sent_at[0] <= sent_at[1] <= after + 1e-3


async def test_messages_are_numbered_from_one_without_holes_and_come_oldest_first(
    server: Subject, transport: str
) -> None:
    """Message: 1, 2, 3, … without holes, in one room and one epoch."""
    async with server.joined(transport) as reader:
        await reader.receive()
        await post_many(server, 30)
        seen = Reader()
        await seen.read_to(reader, 30)
    assert (seen.summary, seen.ids) == (EXACT, list(range(1, 31)))
    async with server.joined(transport) as late:
        assert (await late.receive()).ids == list(range(1, 31))


async def test_the_bytes_of_a_message_are_the_same_on_every_transport_and_for_every_reader(
    server: Subject, table: dict[str, Any], transport: str
) -> None:
    """Message: its bytes are the same on every transport and for every reader."""
    async with server.joined(transport, cursor="now") as early:
        start = (await early.receive()).cursor
        await early.post("𝒳 é \x00 </script>", key="k\u2028")
        copies = [(await early.receive()).raw]
        for other in table:
            async with server.joined(other, cursor=start) as late:
                copies.append((await late.receive()).raw)
    for copy in copies[1:]:
        assert copy == copies[0]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_a_text_is_kept_to_the_character(server: Subject, transport: str, text: str) -> None:
    """Message: text is kept to the character."""
    async with server.joined(transport, cursor="now") as reader:
        await reader.receive()
        await reader.post(text)
        assert (await reader.receive()).texts == [text]


async def test_author_and_key_are_kept_to_the_character_as_long_as_they_may_be(
    server: Subject, transport: str
) -> None:
    """Message: Lengths count Unicode code points."""
    async with server.joined(transport, cursor="now") as reader:
        await reader.receive()
        ack = await reader.post("hi", author="é\u0301👩\x00" * 8, key="𝒳\n" * 32)
        [message] = (await reader.receive()).messages
    assert (message["author"], message["key"]) == ("é\u0301👩\x00" * 8, "𝒳\n" * 32)
    assert ack["key"] == "𝒳\n" * 32


# Where a reader begins


async def test_without_a_cursor_the_newest_hundred_come(server: Subject, transport: str) -> None:
    """Reading: No `cursor`: the newest `limit` messages (default and maximum 100."""
    await post_many(server, 120)
    async with server.joined(transport) as reader:
        batch = await reader.receive()
    assert (batch.ids, batch.gap, batch.more) == (list(range(21, 121)), False, False)


async def test_now_brings_no_message_and_goes_on_with_the_next(
    server: Subject, transport: str
) -> None:
    """Reading: `cursor=now`: no messages, the current cursor."""
    acks = await post_many(server, 5)
    async with server.joined(transport, cursor="now") as reader:
        batch = await reader.receive()
        assert (batch.ids, batch.gap, batch.more) == ([], False, False)
        assert batch.cursor == acks[-1]["cursor"]
        await reader.post("the sixth")
        assert (await reader.receive()).ids == [6]


async def test_oldest_begins_with_the_oldest_retained_message_and_is_no_gap(
    server: Subject, transport: str
) -> None:
    """Reading: `cursor=oldest`: from the oldest retained message, `gap: false`."""
    await post_many(server, 120)
    async with server.joined(transport, cursor="oldest") as reader:
        batch = await reader.receive()
        assert (batch.ids, batch.gap, batch.more) == (list(range(1, 101)), False, True)
        assert (await reader.receive()).ids == list(range(101, 121))


async def test_an_empty_cursor_is_none(server: Subject, transport: str) -> None:
    """Reading: No `cursor`: the newest `limit` messages."""
    await post_many(server, 3)
    async with server.joined(transport, cursor="") as reader:
        batch = await reader.receive()
    assert (batch.ids, batch.gap) == ([1, 2, 3], False)


async def test_the_zero_of_an_epoch_begins_at_the_beginning(
    server: Subject, transport: str
) -> None:
    """Reading: `<epoch>:0`: from the beginning."""
    acks = await post_many(server, 3)
    epoch = epoch_of(acks[0]["cursor"])
    async with server.joined(transport, cursor=f"{epoch}:0") as reader:
        batch = await reader.receive()
    assert (batch.ids, batch.gap) == ([1, 2, 3], False)


async def test_a_cursor_goes_on_after_the_message_that_it_names(
    server: Subject, transport: str
) -> None:
    """Batch: give this back to go on after this batch, on any transport."""
    acks = await post_many(server, 6)
    for ack in acks[:-1]:
        async with server.joined(transport, cursor=ack["cursor"]) as reader:
            batch = await reader.receive()
        assert (batch.ids[0], batch.ids[-1], batch.gap) == (ack["id"] + 1, 6, False)


async def test_the_cursor_of_an_ack_goes_on_after_its_message(
    server: Subject, transport: str
) -> None:
    """Writing: its cursor goes on after this very message."""
    async with server.joined(transport) as author:
        await author.receive()
        mine = await author.post("mine")
        await post_many(server, 2)
        async with server.joined(transport, cursor=mine["cursor"]) as reader:
            assert (await reader.receive()).texts == ["message 1", "message 2"]


async def test_a_cursor_is_legal_in_an_address_and_as_the_id_of_an_event(
    server: Subject, transport: str
) -> None:
    """Batch: legal as a query value and as an SSE id."""
    acks = await post_many(server, 2)
    async with server.joined(transport, cursor=acks[0]["cursor"]) as reader:
        batch = await reader.receive()
    for cursor in (batch.cursor, acks[0]["cursor"]):
        assert [character for character in cursor if character not in LEGAL] == []


async def test_a_request_that_meets_no_message_is_answered_after_its_wait_and_its_cursor_is_unchanged(
    server: Subject, holding: str
) -> None:
    """Reading: for `wait` seconds (default 25, 0 to 55), then an empty batch with an unchanged cursor."""
    [ack] = await post_many(server, 1)
    path = f"/rooms/{server.room()}/{holding}?cursor={quote(ack['cursor'])}&wait=0.2"
    began = time.monotonic()
    async with asyncio.timeout(clients.PATIENCE_SECONDS):
        answer = await ask(server.url, path)
    assert time.monotonic() - began >= 0.2
    assert (answer.status, answer.json["messages"]) == (200, [])
    assert answer.json["cursor"] == ack["cursor"]
    assert answer.headers.get("server-timing", "").startswith("hold;dur=")


async def test_a_stream_begins_with_a_retry_of_its_own(server: Subject, streaming: str) -> None:
    """Reading: The stream begins with `retry:`, a random 500 to 3000 ms for each connection."""
    begun = []
    for _ in range(5):
        async with server.joined(streaming) as reader:
            begun.append((await reader.fields())[0])
    assert {name for name, _ in begun} == {b"retry"}
    assert [value for _, value in begun if not 500 <= int(value) <= 3000] == []
    always_the_same = begun if len(set(begun)) == 1 else []
    assert always_the_same == []


async def test_the_id_of_an_event_is_its_last_field(server: Subject, streaming: str) -> None:
    """Reading: The `id` is an event's last field."""
    async with server.joined(streaming) as reader:
        await reader.fields()  # retry
        await post_many(server, 1)
        events = [await reader.fields(), await reader.fields()]
    for event in events:
        assert [name for name, _ in event] == [b"event", b"data", b"id"]


@pytest.mark.parametrize("place", ["header", "address"])
async def test_the_id_of_the_last_event_wins_over_the_cursor_and_an_empty_one_is_none(
    server: Subject, streaming: str, place: str
) -> None:
    """Reading: `Last-Event-ID` is newer than the address, so it wins."""
    acks = await post_many(server, 3)
    for given, ids in ((acks[0]["cursor"], [2, 3]), ("", [3])):
        query = {"cursor": acks[1]["cursor"]}
        query |= {"lastEventId": given} if place == "address" else {}
        client = CLIENTS[streaming](server.url, server.room(), **query)
        client.last_event_id = given if place == "header" else None
        try:
            await client.join()
            assert (await client.receive()).ids == ids
        finally:
            await client.leave()


async def test_an_answer_is_never_stored_on_the_way(server: Subject, polling: str) -> None:
    """Reading: Answers carry `Cache-Control: no-store`, no `ETag`, and are never 304."""
    for condition in ({}, {"If-None-Match": "*"}):
        answer = await ask(
            server.url, f"/rooms/{server.room()}/{polling}?wait=0", headers=condition
        )
        headers = answer.headers
        assert (answer.status, headers.get("cache-control")) == (200, "no-store")
        assert headers.get("etag", "") == ""


# Gaps


@pytest.mark.parametrize(
    ("name", "cursor"),
    [
        ("another epoch", "{other}:2"),
        ("ahead of the room", "{epoch}:6"),
        ("far ahead", "{epoch}:999999999999999"),
    ],
)
async def test_a_cursor_that_the_room_cannot_go_on_from_is_a_gap_reported_at_once(
    server: Subject, transport: str, name: str, cursor: str
) -> None:
    """Batch: A gap is reported at once, never held."""
    epoch = epoch_of((await post_many(server, 5))[0]["cursor"])
    other = another_epoch(epoch)
    async with server.joined(transport, cursor=cursor.format(epoch=epoch, other=other)) as reader:
        batch = await reader.receive()
        assert (batch.gap, batch.ids, batch.more) == (True, [1, 2, 3, 4, 5], False)
        await reader.post("the sixth")
        batch = await reader.receive()
        assert (batch.gap, batch.ids) == (False, [6])


async def test_in_an_empty_room_a_gap_is_reported_too(server: Subject, transport: str) -> None:
    """Batch: A gap is reported at once, never held."""
    async with server.joined(transport) as reader:
        other = another_epoch(epoch_of((await reader.receive()).cursor))
    async with server.joined(transport, cursor=f"{other}:3") as reader:
        batch = await reader.receive()
    assert (batch.gap, batch.ids, batch.more) == (True, [], False)


async def test_a_trimmed_history_is_a_gap_that_begins_with_the_oldest_retained_message(
    serve: Serve, transport: str
) -> None:
    """Batch: `messages` begins with the oldest retained message."""
    server = await serve(history=10)
    acks = await post_many(server, 15)
    for place in (0, 1, 3):
        async with server.joined(transport, cursor=acks[place]["cursor"]) as reader:
            batch = await reader.receive()
        assert (batch.gap, batch.ids) == (True, list(range(6, 16)))


async def test_a_cursor_just_before_the_oldest_retained_message_is_no_gap(
    serve: Serve, transport: str
) -> None:
    """Batch: what follows your cursor can no longer be sent in full."""
    server = await serve(history=10)
    acks = await post_many(server, 15)
    async with server.joined(transport, cursor=acks[4]["cursor"]) as reader:
        batch = await reader.receive()
    assert (batch.gap, batch.ids) == (False, list(range(6, 16)))


async def test_without_a_cursor_a_trimmed_history_is_no_gap(serve: Serve, transport: str) -> None:
    """Reading: the newest `limit` messages (default and maximum 100; 0 or more than 100 is 400), `gap: false`."""
    server = await serve(history=10)
    await post_many(server, 15)
    async with server.joined(transport) as reader:
        batch = await reader.receive()
    assert (batch.gap, batch.ids) == (False, list(range(6, 16)))


async def test_a_gap_longer_than_a_batch_says_that_it_goes_on(
    server: Subject, transport: str
) -> None:
    """Batch: `messages` begins with the oldest retained message, `more` says whether it goes on."""
    acks = await post_many(server, 130)
    other = another_epoch(epoch_of(acks[0]["cursor"]))
    async with server.joined(transport, cursor=f"{other}:3") as reader:
        first, rest = await reader.receive(), await reader.receive()
    assert (first.gap, first.more, first.ids) == (True, True, list(range(1, 101)))
    assert (rest.gap, rest.more, rest.ids) == (False, False, list(range(101, 131)))


# Long backlogs, bursts


async def test_a_backlog_longer_than_a_batch_comes_batch_after_batch(
    server: Subject, transport: str
) -> None:
    """Batch: the batch was cut at `limit`; ask again at once."""
    acks = await post_many(server, 230)
    beginning = epoch_of(acks[0]["cursor"]) + ":0"
    async with server.joined(transport, cursor=beginning) as reader:
        batches = [await reader.receive() for _ in range(3)]
    assert [(len(batch.ids), batch.more) for batch in batches] == [
        (100, True),
        (100, True),
        (30, False),
    ]
    assert [id for batch in batches for id in batch.ids] == list(range(1, 231))


@pytest.mark.parametrize("limit", [1, 7, 100])
async def test_limit_is_the_most_that_a_batch_has(
    server: Subject, polling: str, limit: int
) -> None:
    """Reading: the newest `limit` messages."""
    acks = await post_many(server, 20)
    async with server.joined(polling, limit=limit) as newest:
        batch = await newest.receive()
        assert (batch.ids, batch.more, batch.gap) == (list(range(1, 21))[-limit:], False, False)
    async with server.joined(polling, limit=limit, cursor=acks[4]["cursor"]) as reader:
        batch = await reader.receive()
        assert (batch.ids, batch.more) == (list(range(6, 21))[:limit], limit < 15)
        assert batch.cursor.endswith(f":{batch.ids[-1]}")


async def test_what_many_authors_write_at_once_reaches_every_reader_exactly_once_and_in_one_order(
    server: Subject, transport: str
) -> None:
    """Message: 1, 2, 3, … without holes, in one room and one epoch."""

    async def write(author: str) -> None:
        async with server.joined(transport) as client:
            for n in range(20):
                await client.post(f"{author} {n}", author=author)

    async with server.joined(transport) as one, server.joined(transport) as other:
        readers = Reader(), Reader()
        reading = [readers[0].read_to(one, 100), readers[1].read_to(other, 100)]
        await asyncio.gather(*reading, *[write(f"author{n}") for n in range(5)])
    assert [reader.summary for reader in readers] == [EXACT, EXACT]
    assert readers[0].view == readers[1].view
    for n in range(5):
        texts = [m["text"] for m in readers[0].view if m["author"] == f"author{n}"]
        assert texts == [f"author{n} {k}" for k in range(20)]


# Writing


async def test_the_same_key_again_is_acknowledged_as_the_first_and_adds_nothing(
    server: Subject, transport: str
) -> None:
    """Writing: the first one's `id`, `"duplicate": true`, and nothing is added."""
    async with server.joined(transport, cursor="now") as client:
        await client.receive()
        first = await client.post("once", key="k")
        again = await client.post("twice", author="bob", key="k")
        assert (first["duplicate"], again["duplicate"]) == (False, True)
        assert (again["id"], again["cursor"], again["key"]) == (first["id"], first["cursor"], "k")
        await client.post("the end")
        seen = Reader()
        await seen.read_to(client, 2)
    assert [m["text"] for m in seen.view] == ["once", "the end"]


async def test_an_error_carries_the_key_of_the_message_that_is_refused(
    server: Subject, saying: str
) -> None:
    """Writing: An `error` carries the `key` whenever one can be read out of the frame."""
    async with server.joined(saying, cursor="now") as client:
        for number, fields in enumerate(UNACCEPTABLE.values()):
            draft = {"author": "ann", "text": "hi", "key": f"c1f0-{number}"} | fields
            with pytest.raises(Refused) as refusal:
                await client.send(draft)
            assert refusal.value.problem.get("key", "") == draft["key"]


async def test_what_is_acknowledged_is_there_for_the_next_reader(
    server: Subject, transport: str
) -> None:
    """Writing: An ack is a promise: the store has the message."""
    async with server.joined(transport, cursor="now") as author:
        cursor = (await author.receive()).cursor
        for n in range(1, 11):
            ack = await author.post(f"message {n}")
            async with server.joined(transport, cursor=cursor) as reader:
                assert (await reader.receive()).ids == [n]
            cursor = ack["cursor"]


async def test_a_key_is_remembered_across_transports(
    server: Subject, pair: tuple[str, str]
) -> None:
    """Writing: The same `key` in the same room again."""
    async with server.joined(pair[0]) as one, server.joined(pair[1]) as other:
        first, again = await one.post("hi", key="k"), await other.post("hi", key="k")
    assert (again["id"], again["duplicate"]) == (first["id"], True)


async def test_the_same_key_in_another_room_is_another_message(
    server: Subject, transport: str
) -> None:
    """Room: Rooms are independent."""
    async with (
        server.joined(transport, room="here") as here,
        server.joined(transport, room="there") as there,
    ):
        acks = [await here.post("hi", key="k"), await there.post("hi", key="k")]
    assert [(ack["id"], ack["duplicate"]) for ack in acks] == [(1, False), (1, False)]


async def test_one_key_sent_many_times_at_once_makes_one_message(
    server: Subject, transport: str
) -> None:
    """Writing: and nothing is added."""
    async with server.joined(transport) as reader:
        seen = Reader()
        seen.take(await reader.receive())

        async def send() -> dict[str, Any]:
            async with server.joined(transport) as author:
                ack: dict[str, Any] = await author.post("hi", key="k")
                return ack

        acks = await asyncio.gather(*[send() for _ in range(8)])
        assert [ack["id"] for ack in acks] == [1] * 8
        assert sum(not ack["duplicate"] for ack in acks) == 1
        await reader.post("the end")
        await seen.read_to(reader, 2)
    assert [m["text"] for m in seen.view] == ["hi", "the end"]


async def test_at_least_the_last_thousand_keys_of_a_room_are_remembered_even_with_a_short_history(
    serve: Serve, transport: str
) -> None:
    """Writing: remembered for at least the room's last 1000 messages."""
    server = await serve(history=10)
    async with server.joined(transport) as author:
        for n in range(1000):
            await author.post(f"{n}", key=f"k{n}")
        again = await author.post("0", key="k0")
    assert (again["id"], again["duplicate"]) == (1, True)


async def test_without_a_key_the_same_words_are_two_messages(
    server: Subject, transport: str
) -> None:
    """Message: absent when the sender gave none."""
    async with server.joined(transport) as author:
        acks = [await author.post("hi"), await author.post("hi")]
    assert [ack["id"] for ack in acks] == [1, 2]
    assert all("key" not in ack for ack in acks)


async def test_members_that_the_contract_does_not_name_are_ignored(
    server: Subject, transport: str
) -> None:
    """Writing: Members that the contract doesn't name are ignored."""
    strange = {"id": 99, "sent_at": 0, "room": "elsewhere", "admin": True, "": None, "x": [{}]}
    async with server.joined(transport, cursor="now", strange="1") as client:
        await client.receive()
        ack = await client.post("hi", **strange)
        [message] = (await client.receive()).messages
    assert ack["id"] == 1
    assert set(message) == {"id", "author", "text", "sent_at"}


# Rooms


async def test_rooms_are_independent(server: Subject, transport: str) -> None:
    """Room: Rooms are independent."""
    await post_many(server, 3, room="here")
    async with (
        server.joined(transport, room="here", cursor="now") as here,
        server.joined(transport, room="there") as there,
    ):
        await here.receive()
        assert (await there.receive()).texts == []
        assert (await there.post("hi there"))["id"] == 1
        assert (await here.post("hi here"))["id"] == 4
        heard = [await here.receive(), await there.receive()]
    assert [batch.texts for batch in heard] == [["hi here"], ["hi there"]]
    assert [batch.room for batch in heard] == [server.room("here"), server.room("there")]


@pytest.mark.parametrize("room", ["a", "0", "-", "x" * 64, "0-9-a-z"])
async def test_a_room_exists_as_soon_as_it_is_named(
    server: Subject, transport: str, room: str
) -> None:
    """Room: A room exists as soon as it is named, an empty one too."""
    async with joined(server.url, transport, room=room) as reader:
        batch = await reader.receive()
    assert (batch.room, batch.has_news) == (room, False)


# Refusals


@pytest.mark.parametrize("cursor", ["x", "17", "no such:cursor", ":", "é:1"])
async def test_a_malformed_cursor_is_refused(server: Subject, transport: str, cursor: str) -> None:
    """Refusals: malformed cursor, `Last-Event-ID`, `limit` or `wait` (over 55 too)."""
    client = CLIENTS[transport](server.url, server.room(), cursor=cursor)
    assert await refused(client) == 400


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5"])
async def test_a_malformed_limit_is_refused(server: Subject, polling: str, limit: str) -> None:
    """Refusals: malformed cursor, `Last-Event-ID`, `limit` or `wait` (over 55 too)."""
    assert await refused(CLIENTS[polling](server.url, server.room(), limit=limit)) == 400


@pytest.mark.parametrize("fields", UNACCEPTABLE.values(), ids=UNACCEPTABLE)
async def test_what_is_no_message_is_refused_and_adds_nothing(
    server: Subject, transport: str, fields: dict[str, Any]
) -> None:
    """Refusals: a field missing, of the wrong type, too long, blank."""
    async with server.joined(transport, cursor="now") as client:
        await client.receive()
        with pytest.raises(Refused) as refusal:
            await client.send({"author": "ann", "text": "hi"} | fields)
        assert refusal.value.status == 422
        assert (await client.post("hi"))["id"] == 1


@pytest.mark.parametrize(("body", "kind", "status"), UNREADABLE.values(), ids=UNREADABLE)
async def test_what_cannot_be_read_is_refused_as_a_problem(
    server: Subject, body: bytes, kind: str, status: int
) -> None:
    """Refusals: HTTP errors are RFC 9457 `application/problem+json`."""
    path = f"/rooms/{server.room()}/messages"
    answer = await ask(server.url, path, "POST", body, {"Content-Type": kind})
    assert (answer.status, answer.headers.get("content-type", "").partition(";")[0]) == (
        status,
        "application/problem+json",
    )
    assert (answer.json["status"], answer.json["type"]) == (status, "about:blank")
    assert answer.json["detail"]


async def test_what_is_no_room_is_not_found(server: Subject, polling: str) -> None:
    """Room: A name of `[a-z0-9-]{1,64}` (another is 404)."""
    for room in ("Lobby", "a_b", "x" * 65):
        answer = await ask(server.url, f"/rooms/{room}/{polling}?wait=0")
        assert (room, answer.status) == (room, 404)


async def test_a_wrong_method_is_refused_and_the_right_one_named(server: Subject) -> None:
    """Refusals: wrong method (with `Allow`)."""
    answer = await ask(server.url, f"/rooms/{server.room()}/messages", "DELETE")
    assert (answer.status, "POST" in answer.headers.get("allow", "")) == (405, True)


# Coming and going


async def test_a_reader_that_leaves_leaves_nothing_behind(server: Subject, transport: str) -> None:
    """Looking inside: `held` is the number of requests that are held at this moment, in all rooms."""

    async def left() -> tuple[int, int, int]:
        inside = await server.inspect()
        room = inside["rooms"].get(server.room(), {"readers": 0})
        return inside["held"], inside["websockets"], room["readers"]

    before = await left()
    async with server.joined(transport, cursor="now") as client:
        await client.receive()
        hearing = asyncio.ensure_future(client.receive())
        while CLIENTS[transport].waits and await left() == before:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        hearing.cancel()
    async with asyncio.timeout(clients.PATIENCE_SECONDS):
        while await left() != before:  # noqa: ASYNC110 (no server says when a reader has gone)
            await asyncio.sleep(0.001)


async def test_a_reader_that_leaves_is_no_longer_known_in_the_server(
    server: Subject, transport: str
) -> None:
    """Reading: Polling keeps no state on the server between two requests."""
    chat = server.demand_inside().chat
    async with server.joined(transport, cursor="now") as client:
        await client.receive()
        room = await server.demand_inside().room(server.room())
        hearing = asyncio.ensure_future(client.receive())
        await until(lambda: room.readers or sum(chat.requests.values()) > 1)
        hearing.cancel()
    await until(lambda: room.readers == 0 and not chat.connections.lasting)
    await until(lambda: not chat.connections.in_progress)


async def test_a_reader_that_comes_back_receives_what_it_missed(
    server: Subject, transport: str
) -> None:
    """Batch: give this back to go on after this batch."""
    seen = Reader()
    async with server.joined(transport) as client:
        await post_many(server, 3)
        await seen.read_to(client, 3)
    await post_many(server, 3)
    async with server.joined(transport, cursor=client.cursor) as client:
        await seen.read_to(client, 6)
    assert (seen.summary, seen.ids) == (EXACT, [1, 2, 3, 4, 5, 6])


async def test_a_cursor_is_good_after_a_restart_when_the_store_kept_the_log(
    serve: Serve, transport: str, tmp_path: Path
) -> None:
    """Batch: one that kept it (SQLite, Redis) has the same."""
    file = tmp_path / "chat.db"
    server = await serve(file=file)
    acks = await post_many(server, 4)
    await server.stop()
    server = await serve(file=file)
    async with server.joined(transport, cursor=acks[1]["cursor"]) as reader:
        batch = await reader.receive()
        assert (batch.gap, batch.ids) == (False, [3, 4])
        assert (await reader.post("after the restart"))["id"] == 5


async def test_after_a_restart_of_a_store_that_forgets_every_cursor_is_a_gap(
    serve: Serve, transport: str
) -> None:
    """Batch: A store that forgot the log (memory, after a restart) has a new epoch."""
    server = await serve(forgetting=True)
    acks = await post_many(server, 4)
    await server.stop()
    server = await serve(forgetting=True)
    await post_many(server, 6)
    async with server.joined(transport, cursor=acks[1]["cursor"]) as reader:
        batch = await reader.receive()
    assert (batch.gap, batch.ids) == (True, [1, 2, 3, 4, 5, 6])


# Changing the transport in mid-conversation


async def test_the_cursor_of_one_transport_is_good_on_every_other(
    server: Subject, pair: tuple[str, str]
) -> None:
    """Batch: give this back to go on after this batch, on any transport."""
    seen = Reader()
    async with server.joined(pair[0]) as before:
        await post_many(server, 3)
        await seen.read_to(before, 3)
    await post_many(server, 3)
    async with server.joined(pair[1], cursor=before.cursor) as after:
        await seen.read_to(after, 6)
        await post_many(server, 3)
        await seen.read_to(after, 9)
    assert (seen.summary, seen.ids) == (EXACT, list(range(1, 10)))


async def test_two_transports_that_overlap_during_a_switch_do_no_harm(
    server: Subject, pair: tuple[str, str]
) -> None:
    """Batch: Two transports may overlap during a switch."""
    seen = Reader()
    async with server.joined(pair[0]) as before:
        seen.take(await before.receive())
        async with server.joined(pair[1], cursor=before.cursor) as after:
            seen.take(await after.receive())
            for turn in range(6):
                await after.post("to both")
                clients = (before, after) if turn % 2 else (after, before)
                for client in clients:
                    seen.take(await client.receive())
        assert seen.doubled == 6  # each came twice, and was applied once
    assert (seen.ids, seen.lost, seen.out_of_order) == (list(range(1, 7)), 0, 0)


async def test_a_gap_is_reported_alike_on_every_transport(
    serve: Serve, pair: tuple[str, str]
) -> None:
    """Batch: The only form in which a server sends the messages of a room, on every transport."""
    server = await serve(history=5)
    acks = await post_many(server, 9)
    received: list[Batch] = []
    for transport in pair:
        async with server.joined(transport, cursor=acks[0]["cursor"]) as reader:
            received.append(await reader.receive())
    assert received[0] == received[1]
    assert received[0].gap


async def test_changing_over_and_over_while_another_writes_loses_doubles_and_reorders_nothing(
    server: Subject, pair: tuple[str, str]
) -> None:
    """Batch: give this back to go on after this batch, on any transport."""

    async def write() -> None:
        async with server.joined(pair[1]) as author:
            for n in range(120):
                await author.post(f"{n}")

    async with server.joined(pair[0], cursor="now") as client:
        cursor = (await client.receive()).cursor
    writing = asyncio.ensure_future(write())
    seen, turns = Reader(), 0
    while seen.ids[-1:] != [120]:
        async with server.joined(pair[turns % 2], cursor=cursor) as client:
            while not (batch := await client.receive()).has_news:
                pass
            seen.take(batch)
            cursor, turns = batch.cursor, turns + 1
    await writing
    assert (seen.summary, seen.ids) == (EXACT, list(range(1, 121)))
    assert turns > 2


async def test_a_reader_on_every_transport_at_once_receives_the_same(
    server: Subject, table: dict[str, Any]
) -> None:
    """Message: its bytes are the same on every transport and for every reader."""

    async def hear(transport: str) -> list[dict[str, Any]]:
        seen = Reader()
        async with server.joined(transport) as client:
            await seen.read_to(client, 60)
        return seen.view

    hearing = [asyncio.ensure_future(hear(transport)) for transport in table]
    await post_many(server, 60)
    views = await asyncio.gather(*hearing)
    for view in views[1:]:
        assert view == views[0]
