"""What every store promises, on real stores; and what SQLite's file must bear."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.conftest import Serve
from tests.support.clients import Refused, joined
from tests.support.http import ask
from tests.support.redis_server import RedisServer
from tests.test_conformance import TEXTS
from transports.store import Appended, Store, Unavailable
from transports.stores import make_store
from transports.stores.sqlite import SQLiteStore
from transports.wire import Draft, Message


class AppendedMessages(list[tuple[str, Message]]):
    """What a store reported as appended, in order."""

    def note(self, room: str, message: Message) -> None:
        self.append((room, message))

    async def reset(self) -> None:
        self.clear()


@asynccontextmanager
async def opened(where: str, history: int = 1000) -> AsyncIterator[tuple[Store, AppendedMessages]]:
    store, appended = make_store(where, history), AppendedMessages()
    await store.open(appended.note, appended.reset)
    try:
        yield store, appended
    finally:
        await store.close()


@pytest.fixture(params=["memory", "sqlite", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "redis":
        redis: RedisServer = request.getfixturevalue("redis")
        return redis.url
    return "memory" if request.param == "memory" else f"sqlite:{tmp_path}/chat.db"


# Every store


async def test_messages_are_numbered_from_one_in_each_room(where: str) -> None:
    async with opened(where) as (store, _):
        kept = [await store.append(room, Draft("ann", "hi")) for room in ("a", "a", "b", "a")]
    assert kept == [Appended(1, False), Appended(2, False), Appended(1, False), Appended(3, False)]


async def test_what_is_kept_is_announced_once_and_in_order_before_append_returns(
    where: str,
) -> None:
    async with opened(where) as (store, appended):

        async def append(n: int) -> None:
            kept = await store.append("a", Draft("ann", f"{n}"))
            assert any(message.id == kept.id for _, message in appended)

        await asyncio.gather(*[append(n) for n in range(60)])
        assert [message.id for _, message in appended] == list(range(1, 61))
        assert [message.text for _, message in appended] == [f"{n}" for n in range(60)]


async def test_the_tail_is_what_was_announced(where: str) -> None:
    async with opened(where) as (store, appended):
        for n, text in enumerate(TEXTS.values()):
            await store.append("a", Draft("ann", text, f"k\x00{n}"))
        assert await store.tail("a") == [message for _, message in appended]
        assert [message.text for message in await store.tail("a")] == list(TEXTS.values())
        assert await store.tail("b") == []


async def test_the_tail_is_no_longer_than_the_history(where: str) -> None:
    async with opened(where, history=4) as (store, _):
        for n in range(10):
            await store.append("a", Draft("ann", f"{n}"))
        assert [message.id for message in await store.tail("a")] == [7, 8, 9, 10]


async def test_keys_are_known_for_at_least_a_thousand_messages_with_a_history_of_ten(
    where: str,
) -> None:
    async with opened(where, history=10) as (store, _):
        await asyncio.gather(*[store.append("a", Draft("ann", "hi", f"{n}")) for n in range(1000)])
        assert await store.append("a", Draft("ann", "hi", "0")) == Appended(1, duplicate=True)
        assert await store.append("a", Draft("ann", "hi")) == Appended(1001, duplicate=False)


async def test_what_a_store_forgets_it_forgets_with_its_key(where: str) -> None:
    async with opened(where, history=10) as (store, _):
        drafts = [Draft("ann", "hi", f"{n}") for n in range(1100)]
        await asyncio.gather(*[store.append("a", draft) for draft in drafts])
        assert await store.append("a", drafts[0]) == Appended(1101, duplicate=False)


async def test_one_key_appended_many_times_at_once_is_kept_once(where: str) -> None:
    async with opened(where) as (store, appended):
        kept = await asyncio.gather(*[store.append("a", Draft("ann", "hi", "k")) for _ in range(9)])
        assert kept == [Appended(1, False)] + [Appended(1, True)] * 8
        assert len(appended) == 1


async def test_an_epoch_is_as_long_as_the_log_lives(where: str) -> None:
    async with opened(where) as (store, _):
        await store.append("a", Draft("ann", "hi"))
        epoch = store.epoch
    async with opened(where) as (store, _):
        lives = bool(await store.tail("a"))
        assert (store.epoch == epoch) is lives
        assert lives is (where != "memory")


async def test_a_store_that_works_says_so(where: str) -> None:
    async with opened(where) as (store, _):
        await store.check()
        await store.sync()


async def test_who_leaves_while_the_message_is_being_kept_hurts_nobody(where: str) -> None:
    async with opened(where) as (store, appended):
        leaves = asyncio.ensure_future(store.append("a", Draft("ann", "one")))
        stays = asyncio.ensure_future(store.append("a", Draft("ann", "two")))
        await asyncio.sleep(0)
        leaves.cancel()
        assert await stays == Appended(2, False)
        assert [message.text for _, message in appended] == ["one", "two"]


async def test_closing_finishes_what_was_begun(where: str) -> None:
    async with opened(where) as (store, _):
        begun = [asyncio.ensure_future(store.append("a", Draft("ann", f"{n}"))) for n in range(20)]
        await asyncio.sleep(0)
    assert [kept.id for kept in await asyncio.gather(*begun)] == list(range(1, 21))


@pytest.mark.parametrize(
    "where", ["", "sqlite", "sqlite:", "mysql:x", "Memory", "memory:", "chat.db"]
)
def test_a_store_that_there_is_not_is_refused_in_a_sentence(where: str) -> None:
    with pytest.raises(Unavailable, match="names no store"):
        make_store(where, 10)


# SQLite


@asynccontextmanager
async def opened_sqlite(file: Path) -> AsyncIterator[SQLiteStore]:
    async with opened(f"sqlite:{file}") as (store, _):
        assert isinstance(store, SQLiteStore)
        yield store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


async def test_posts_that_wait_together_commit_together(file: Path) -> None:
    async with opened_sqlite(file) as store:
        statements: list[str] = []
        await store._run(lambda: store._db.set_trace_callback(statements.append))
        drafts = [Draft(f"author{n}", "hi") for n in range(50)]
        await asyncio.gather(*[store.append("a", draft) for draft in drafts])
        await asyncio.gather(*[store.append("a", draft) for draft in drafts])
    assert statements.count("COMMIT") == 2
    assert sum(statement.startswith("INSERT") for statement in statements) == 100


async def test_an_ack_comes_after_the_commit(file: Path) -> None:
    async with opened_sqlite(file) as store:
        statements: list[str] = []
        await store._run(lambda: store._db.set_trace_callback(statements.append))
        await store.append("a", Draft("ann", "hi"))
        assert statements[-1] == "COMMIT"


async def test_what_is_committed_is_on_the_disk_before_it_is_acknowledged(file: Path) -> None:
    async with opened_sqlite(file) as store:
        pragma = await store._run(lambda: store._db.execute("PRAGMA synchronous").fetchone())
        mode = await store._run(lambda: store._db.execute("PRAGMA journal_mode").fetchone())
    assert (pragma[0], mode[0]) == (2, "wal")


async def test_no_statement_runs_on_the_event_loops_thread(file: Path) -> None:
    async with opened_sqlite(file) as store:
        threads: set[threading.Thread] = set()
        trace: Callable[[str], None] = lambda _: threads.add(threading.current_thread())  # noqa: E731
        await store._run(lambda: store._db.set_trace_callback(trace))
        await store.append("a", Draft("ann", "hi", "k"))
        await store.append("a", Draft("ann", "hi", "k"))
        await store.tail("a")
        store._failing = True
        await store.check()
    assert len(threads) == 1
    assert threading.main_thread() not in threads


async def test_while_a_slow_disk_keeps_the_thread_the_loop_goes_on(
    serve: Serve, file: Path
) -> None:
    server = await serve(store=f"sqlite:{file}")
    store = server.chat.rooms.store
    assert isinstance(store, SQLiteStore)
    disk = threading.Event()
    await server.room()
    async with joined(server.url, "websocket") as client:
        await client.receive()
        stuck = asyncio.ensure_future(store._run(disk.wait))
        posting = asyncio.ensure_future(client.post("hi"))
        for _ in range(3):
            assert (await ask(server.url, "/rooms/lobby/short-polling")).status == 200
        assert not posting.done()
        disk.set()
        assert (await posting)["id"] == 1
        await stuck


async def test_one_who_asks_while_a_commit_is_on_its_way_hears_of_it_once(
    serve: Serve, file: Path
) -> None:
    server = await serve(store=f"sqlite:{file}")
    store = server.chat.rooms.store
    assert isinstance(store, SQLiteStore)
    disk = threading.Event()
    stuck = asyncio.ensure_future(store._run(disk.wait))
    posting = [asyncio.ensure_future(store.append("lobby", Draft("ann", f"{n}"))) for n in range(3)]
    entering = [asyncio.ensure_future(server.room()) for _ in range(3)]
    await asyncio.sleep(0)
    posting.append(asyncio.ensure_future(store.append("lobby", Draft("ann", "3"))))
    disk.set()
    await asyncio.gather(stuck, *posting)
    rooms = await asyncio.gather(*entering)
    assert rooms[0] is rooms[1] is rooms[2]
    assert rooms[0].cursor.id == len(rooms[0].log) == 4


# Files that are not as they should be


def foreign(file: Path) -> None:
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE messages (id INTEGER PRIMARY KEY, body TEXT)")
        db.execute("INSERT INTO messages (body) VALUES ('precious')")
        db.commit()


BAD_FILES: dict[str, Callable[[Path], object]] = {
    "no database": lambda file: file.write_text("Dear diary, " * 1000),
    "no database, and short": lambda file: file.write_text("hi"),
    "another program's database": foreign,
    "a folder": lambda file: file.mkdir(),
}


@pytest.mark.parametrize("spoil", BAD_FILES.values(), ids=BAD_FILES)
async def test_a_file_that_is_no_chats_is_refused_in_a_sentence_and_left_as_it_is(
    file: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(Unavailable, match=r"chat\.db can’t be used"):
        async with opened_sqlite(file):
            pass
    assert (file.read_bytes() if file.is_file() else b"") == before


async def test_a_file_in_no_folder_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can’t be used"):
        async with opened_sqlite(tmp_path / "nowhere" / "chat.db"):
            pass


async def test_an_empty_file_becomes_a_chats(file: Path) -> None:
    file.touch()
    async with opened_sqlite(file) as store:
        assert await store.append("a", Draft("ann", "hi")) == Appended(1, False)


async def test_a_file_that_another_uses_is_refused(file: Path) -> None:
    async with opened_sqlite(file) as store:
        await store.append("a", Draft("ann", "hi"))
        with pytest.raises(Unavailable, match="another process uses it"):
            async with opened_sqlite(file):
                pass
        assert await store.append("a", Draft("ann", "ho")) == Appended(2, False)


async def test_what_a_damaged_page_holds_is_503_and_no_traceback(serve: Serve, file: Path) -> None:
    server = await serve(store=f"sqlite:{file}")
    async with joined(server.url, "short-polling") as author:
        for n in range(50):
            await author.post("x" * 1500, key=f"{n}")
    await server.stop()
    damaged = bytearray(file.read_bytes())
    damaged[8192:] = b"\xff" * len(damaged[8192:])
    file.write_bytes(damaged)
    server = await serve(store=f"sqlite:{file}")
    refused = await ask(server.url, "/rooms/lobby/short-polling")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert "can’t be used" in refused.json["detail"]


# A full disk


class FullDisk:
    """A store whose file may not grow."""

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store

    async def fill(self) -> None:
        def fill() -> None:
            pages = self._store._db.execute("PRAGMA page_count").fetchone()[0]
            self._store._db.execute(f"PRAGMA max_page_count = {pages}")

        await self._store._run(fill)

    async def free(self) -> None:
        await self._store._run(
            lambda: self._store._db.execute("PRAGMA max_page_count = 1000000").fetchone()
        )


@pytest.mark.parametrize("transport", ["short-polling", "websocket"])
async def test_on_a_full_disk_nothing_is_acknowledged_that_is_not_kept(
    serve: Serve, file: Path, transport: str
) -> None:
    server = await serve(store=f"sqlite:{file}")
    store = server.chat.rooms.store
    assert isinstance(store, SQLiteStore)
    disk = FullDisk(store)
    async with joined(server.url, transport) as author:
        await author.receive()
        acks = [await author.post("before", key="0")]
        await disk.fill()
        refusals = []
        for n in range(1, 40):
            try:
                acks.append(await author.post("x" * 1500, key=f"{n}"))
            except Refused as refusal:
                refusals.append(refusal)
        assert len(refusals) > 30
        assert {refusal.status for refusal in refusals} == {503}
        assert all("full" in refusal.problem["detail"] for refusal in refusals)
        assert (await ask(server.url, "/healthz")).status == 503
        assert (await ask(server.url, "/rooms/lobby/short-polling")).status == 200
        await disk.free()
        assert (await ask(server.url, "/healthz")).status == 200
        acks.append(await author.post("after"))
    assert [ack["id"] for ack in acks] == list(range(1, len(acks) + 1))
    await server.stop()
    with closing(sqlite3.connect(file)) as db:
        kept = db.execute("SELECT id, key FROM messages ORDER BY id").fetchall()
    assert kept == [(ack["id"], ack.get("key")) for ack in acks]


async def test_all_who_wait_for_a_commit_that_fails_learn_it(serve: Serve, file: Path) -> None:
    server = await serve(store=f"sqlite:{file}")
    store = server.chat.rooms.store
    assert isinstance(store, SQLiteStore)
    await FullDisk(store).fill()
    drafts = [Draft("ann", "x" * 2000) for _ in range(40)]
    refused = await asyncio.gather(
        *[store.append("lobby", draft) for draft in drafts], return_exceptions=True
    )
    assert {type(each) for each in refused} == {Unavailable}
    assert await store.tail("lobby") == []


@pytest.mark.parametrize("posted_before", [True, False])
async def test_health_knows_of_a_full_disk_before_anybody_has_posted(
    serve: Serve, file: Path, posted_before: bool
) -> None:
    server = await serve(store=f"sqlite:{file}")
    store = server.chat.rooms.store
    assert isinstance(store, SQLiteStore)
    if posted_before:
        await store.append("lobby", Draft("ann", "hi"))
    disk = FullDisk(store)
    await disk.fill()
    answer = await ask(server.url, "/healthz")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert str(file) not in answer.body.decode(), "the machine’s paths are nobody’s business"
    await disk.free()
    assert (await ask(server.url, "/healthz")).status == 200


async def test_health_knows_of_a_file_that_can_only_be_read(serve: Serve, file: Path) -> None:
    server = await serve(store=f"sqlite:{file}")
    store = server.chat.rooms.store
    assert isinstance(store, SQLiteStore)
    await store._run(lambda: store._db.execute("PRAGMA query_only = 1"))
    answer = await ask(server.url, "/healthz")
    assert answer.status == 503
    assert file.name not in answer.body.decode()
    await store._run(lambda: store._db.execute("PRAGMA query_only = 0"))
    assert (await ask(server.url, "/healthz")).status == 200


async def test_health_asked_many_times_at_once_probes_once(file: Path) -> None:
    async with opened_sqlite(file) as store:
        probes = 0
        probe = store._probe

        def counted() -> None:
            nonlocal probes
            probes += 1
            probe()

        store._probe = counted  # type: ignore[method-assign]
        await asyncio.gather(*[store.check() for _ in range(50)])
        assert probes == 1
        await store.check()
        assert probes == 2
