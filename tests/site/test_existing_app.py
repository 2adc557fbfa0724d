"""The shop and what joins it to the chat: stopped at the worst moments, nothing is lost and nothing is sent twice.

The moments are forced: a process is killed (-9) by itself, exactly between two steps.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from tests.support.http import fetch
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.relay import relaying
from tests.support.server_process import ROOT, ServerProcess, running, start, stop
from tests.support.waiting import wait_until
from transports.app import TRANSPORTS
from tutorial.existing_app import relay
from tutorial.existing_app.orders import Orders
from tutorial.existing_app.outbox import Outbox
from tutorial.existing_app.shop import make_shop

pytest_plugins = ["tests.support.browser_fixtures"]

KEY = {"CHAT_PUBLISH_KEY": "a key", "CHAT_SECRET": "a secret"}


@pytest.fixture
def database(tmp_path: Path) -> str:
    return str(tmp_path / "shop.db")


@pytest.fixture
def outbox(database: str) -> Iterator[Outbox]:
    with closing(Outbox(database)) as opened:
        yield opened


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[ServerProcess]:
    with running(f"--store=sqlite:{tmp_path}/chat.db", **KEY) as server:
        yield server


def ordered(database: str, count: int = 1) -> None:
    """Place orders for ann."""
    with closing(Orders(database)) as orders:
        for _ in range(count):
            orders.place("ann", "teapot")


def shipped(database: str, count: int = 1) -> None:
    """Place orders for ann, and ship them."""
    ordered(database, count)
    with closing(Orders(database)) as orders:
        for id in range(1, count + 1):
            assert orders.ship(id)


def waiting(outbox: Outbox) -> list[str]:
    """Give the keys in the outbox."""
    return [note.key for note in outbox.waiting()]


def received_by_ann(chat: str, database: str) -> list[str]:
    """Return the keys of the messages that ann received."""
    shop = make_shop(database, chat, KEY["CHAT_SECRET"]).test_client()
    shop.post("/sign-in", data={"customer": "ann"})
    token = shop.get("/token").get_json()["token"]
    answer = fetch(f"{chat}/rooms/user-ann/short-polling?token={token}")
    return [message["key"] for message in answer.json["messages"]]


def keys(count: int) -> list[str]:
    return [f"order-{id}-shipped" for id in range(1, count + 1)]


def died(program: str, *arguments: str) -> None:
    """Run a program that kills itself, and see that it did."""
    ended = subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL


DIE_BETWEEN_ORDER_AND_NOTE = """
import os, sys
from tutorial.existing_app.orders import Orders
orders = Orders(sys.argv[1])
orders._database.set_trace_callback(lambda sql: "INTO outbox" in sql and os.kill(os.getpid(), 9))
orders.ship(1)
"""
DIE_AFTER_COMMIT = """
import os, sys
from tutorial.existing_app.orders import Orders
Orders(sys.argv[1]).ship(1)
os.kill(os.getpid(), 9)
"""
DIE_BEFORE_STRIKING_OUT = """
import os, sys
from transports.app import TRANSPORTS
from tutorial.existing_app import relay
from tutorial.existing_app.outbox import Outbox
deliver, left = relay.deliver_to(sys.argv[2]), int(sys.argv[3])
def deliver_and_die(note):
    global left
    deliver(note)
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)
relay.pass_on(Outbox(sys.argv[1]), deliver_and_die)
"""


def test_a_crash_within_the_transaction_ships_nothing_and_notifies_nobody(
    database: str, outbox: Outbox
) -> None:
    ordered(database)
    died(DIE_BETWEEN_ORDER_AND_NOTE, database)
    with closing(Orders(database)) as orders:
        assert [order.shipped_at for order in orders.of("ann")] == [None]
        assert waiting(outbox) == []
        assert orders.ship(1)
    assert waiting(outbox) == keys(1)


def test_a_crash_after_the_commit_leaves_a_note_that_is_passed_on_later(
    database: str, outbox: Outbox, chat: ServerProcess
) -> None:
    ordered(database)
    died(DIE_AFTER_COMMIT, database)
    assert waiting(outbox) == keys(1)
    relay.pass_on(outbox, relay.to_chat(f"{chat.url}/publish", KEY["CHAT_PUBLISH_KEY"]))
    assert waiting(outbox) == []
    assert received_by_ann(chat.url, database) == keys(1)


def test_two_clicks_at_once_ship_an_order_once(database: str, outbox: Outbox) -> None:
    def click(_: int) -> bool:
        with closing(Orders(database)) as orders:
            return orders.ship(1)

    ordered(database)
    with ThreadPoolExecutor(8) as clicks:
        assert sum(clicks.map(click, range(8))) == 1
    assert waiting(outbox) == keys(1)


def test_a_relay_killed_after_each_delivery_delivers_each_note_once(
    database: str, outbox: Outbox, chat: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)
    shipped(database, 5)
    publish = f"{chat.url}/publish"
    for deliveries in (1, 2, 3):
        died(DIE_BEFORE_STRIKING_OUT, database, publish, str(deliveries))
    assert waiting(outbox) == keys(5)[3:]
    assert received_by_ann(chat.url, database) == keys(5)[:4]
    relay.pass_on(outbox, relay.deliver_to(publish))
    assert received_by_ann(chat.url, database) == keys(5)


def test_over_redis_a_killed_relay_redis_and_chat_lose_and_double_nothing(
    database: str, outbox: Outbox, tmp_path: Path
) -> None:
    shipped(database, 5)
    redis = RedisServer(tmp_path)
    try:
        store = f"--store={redis.url}"
        chat = start(store, **KEY)
        deliver = relay.to_queue(redis.url)
        for deliveries in (1, 2):
            died(DIE_BEFORE_STRIKING_OUT, database, redis.url, str(deliveries))
        redis.kill()
        with pytest.raises(relay.Undelivered):
            relay.pass_on(outbox, deliver)
        assert waiting(outbox) == keys(5)[1:]
        redis.start()
        chat.process.kill()
        stop(chat)
        relay.pass_on(outbox, deliver)
        with running(store, **KEY) as chat:
            wait_until(lambda: len(received_by_ann(chat.url, database)) == 5)
            assert sorted(received_by_ann(chat.url, database)) == keys(5)
    finally:
        redis.kill()


def test_while_the_chat_is_down_notes_wait_in_order(
    database: str, outbox: Outbox, tmp_path: Path
) -> None:
    options = (f"--store=sqlite:{tmp_path}/chat.db",)
    shipped(database, 3)
    chat = start(*options, **KEY)
    deliver = relay.to_chat(f"{chat.url}/publish", KEY["CHAT_PUBLISH_KEY"])
    deliver(outbox.waiting()[0])
    chat.process.kill()
    stop(chat)
    with pytest.raises(relay.Undelivered):
        relay.pass_on(outbox, deliver)
    assert waiting(outbox) == keys(3)
    with running(*options, f"--port={chat.port}", **KEY) as chat:
        relay.pass_on(outbox, deliver)
        assert received_by_ann(chat.url, database) == keys(3)


def test_a_note_that_nobody_will_take_is_set_aside_and_holds_up_no_other(
    database: str, outbox: Outbox, chat: ServerProcess
) -> None:
    shipped(database, 2)
    with sqlite3.connect(database) as raw:
        raw.execute("UPDATE outbox SET text = ' ' WHERE key = ?", keys(1))
    relay.pass_on(outbox, relay.to_chat(f"{chat.url}/publish", KEY["CHAT_PUBLISH_KEY"]))
    assert waiting(outbox) == []
    assert received_by_ann(chat.url, database) == keys(2)[1:]
    with sqlite3.connect(database) as raw:
        [(key, why)] = raw.execute("SELECT key, refused FROM outbox")
    assert (key, "blank" in why) == (keys(1)[0], True)


def test_a_wrong_key_sets_nothing_aside(database: str, outbox: Outbox, chat: ServerProcess) -> None:
    shipped(database)
    with pytest.raises(relay.Undelivered, match="401"):
        relay.pass_on(outbox, relay.to_chat(f"{chat.url}/publish", "wrong"))
    assert waiting(outbox) == keys(1)


def test_the_relays_pause_grows_with_failures_and_has_a_bound() -> None:
    assert relay.pause_seconds(0) == relay.PAUSE_SECONDS
    longest = relay.PAUSE_SECONDS + relay.BACK_OFF_SECONDS
    assert all(relay.pause_seconds(failures) <= longest for failures in (1, 7, 5000))


def test_the_shops_pages_show_a_customer_their_orders(database: str, outbox: Outbox) -> None:
    shop = make_shop(database, "http://chat", "a secret").test_client()
    assert b"Who are you?" in shop.get("/").data
    assert shop.get("/token").status_code == 401
    assert shop.post("/orders", data={"item": "kettle"}).status_code == 401
    shop.post("/sign-in", data={"customer": "bob"})
    shop.post("/orders", data={"item": "kettle"})
    assert b"in the warehouse" in shop.get("/").data
    shop.post("/warehouse/1")
    assert b"on its way" in shop.get("/").data
    assert waiting(outbox) == keys(1)
    shop.post("/sign-out")
    assert b"Who are you?" in shop.get("/").data


def test_nobody_signs_in_or_orders_what_there_is_not(database: str) -> None:
    shop = make_shop(database, "http://chat", "a secret").test_client()
    assert shop.post("/sign-in", data={"customer": "mallory"}).status_code == 422
    shop.post("/sign-in", data={"customer": "ann"})
    assert shop.post("/orders", data={"item": "yacht"}).status_code == 422


def test_the_shop_imports_nothing_of_the_chat() -> None:
    program = (
        "import sys; from tutorial.existing_app import shop, relay;"
        "print([name for name in sys.modules if name.split('.')[0] in ('transports', 'tornado')])"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout == "[]\n"


@dataclass
class Street:
    """`python -m tutorial shop`, running: the chat, the shop and the relay."""

    process: subprocess.Popen[bytes]
    chat: str
    shop: str

    def children(self) -> dict[str, int]:
        """Give the processes that it started: the last word of each one's module, and its id."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {module_of(int(pid)): int(pid) for pid in listed.split()}


def module_of(pid: int) -> str:
    """Return the last word of the module that a Python process runs; nothing, when it has just ended."""
    command: list[str] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return command[2].rpartition(".")[2] if len(command) > 2 else ""


@pytest.fixture
def street(tmp_path: Path, database: str) -> Iterator[Street]:
    ports = free_port(), free_port()
    options = [f"--port={ports[0]}", f"--shop-port={ports[1]}", f"--database={database}"]
    command = [sys.executable, "-m", "tutorial", "shop", *options]
    store = f"--store=sqlite:{tmp_path}/chat.db"
    with subprocess.Popen([*command, store], cwd=ROOT, env={**os.environ, **KEY}) as process:
        chat, shop = (f"http://127.0.0.1:{port}" for port in ports)
        wait_until(lambda: answers(f"{chat}/healthz") and answers(shop))
        yield Street(process, chat, shop)
        process.terminate()


def answers(url: str) -> bool:
    with suppress(OSError):
        return fetch(url).status == 200
    return False


def test_whichever_process_is_killed_every_order_is_reported_once_and_an_end_leaves_none(
    street: Street, database: str
) -> None:
    shipped(database, 1)
    wait_until(lambda: received_by_ann(street.chat, database) == keys(1))
    for count, name in enumerate(("tutorial", "shop", "relay"), start=2):
        victim = street.children()[name]
        os.kill(victim, signal.SIGKILL)
        with closing(Orders(database)) as orders:
            assert orders.ship(orders.place("ann", "kettle"))
        wait_until(lambda name=name, victim=victim: street.children().get(name, victim) != victim)
        wait_until(lambda: answers(f"{street.chat}/healthz") and answers(street.shop))
        wait_until(lambda count=count: received_by_ann(street.chat, database) == keys(count))
    children = street.children()
    assert set(children) == {"tutorial", "shop", "relay"}
    street.process.send_signal(signal.SIGINT)
    assert street.process.wait(10) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())


def test_a_port_that_is_taken_ends_all_of_it(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = [f"--port={port}", f"--shop-port={free_port()}", f"--database={database}"]
        command = [sys.executable, "-m", "tutorial", "shop", *options, "--store=memory"]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert b"listen" in ended.stderr


def test_the_customers_page_shows_the_news_over_every_transport_and_after_a_crash(
    browser: Browser, street: Street, database: str
) -> None:
    page = browser.new_page()
    page.goto(street.shop)
    page.get_by_role("button", name="ann").click()
    news = page.locator("#notices li")
    choices = ["automatic", *TRANSPORTS]
    for count, transport in enumerate(choices, start=1):
        page.locator(f"input[value={transport}]").check()
        if count == len(choices):
            os.kill(street.children()["tutorial"], signal.SIGKILL)
        with closing(Orders(database)) as orders:
            assert orders.ship(orders.place("ann", "kettle"))
        expect(news).to_have_count(count, timeout=20_000)
        expect(page.locator("#orders tbody tr")).to_have_count(count)
    assert len(set(news.all_inner_texts())) == len(choices)


@contextmanager
def serving(shop: Flask, port: int) -> Iterator[str]:
    """Serve a shop in this process during the `with`; return its address."""
    server = make_server("127.0.0.1", port, shop, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_behind_a_proxy_without_upgrades_and_with_an_expired_token_the_news_come_all_the_same(
    browser: Browser, database: str, outbox: Outbox
) -> None:
    port = free_port()
    origin = f"--trusted-origin=http://127.0.0.1:{port}"
    with running(origin, "--store=memory", **KEY) as chat, relaying(chat.port) as proxy:
        proxy.refuse_upgrades = True
        shop = make_shop(database, proxy.url, "an older secret")
        with serving(shop, port) as url:
            page = browser.new_page()
            page.goto(url)
            page.get_by_role("button", name="ann").click()
            state = page.locator("#notices output")
            expect(state).to_contain_text("refused: the token is not one")
            shop.config["CHAT_SECRET"] = KEY["CHAT_SECRET"]
            expect(state).to_have_text("server-sent events: open")
            shipped(database)
            relay.pass_on(outbox, relay.to_chat(f"{chat.url}/publish", KEY["CHAT_PUBLISH_KEY"]))
            expect(page.locator("#notices li")).to_have_count(1)
            expect(page.locator("#orders tbody")).to_contain_text("on its way")
            page.close()
