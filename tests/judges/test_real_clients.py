"""Clients that nobody here wrote read 200 messages over a line that is cut five times, and miss none.

`--seeds=20` cuts at twenty times as many places.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Process
from tests.support.cutting_relay import CuttingRelay, cutting
from tests.support.ports import free_port
from tests.support.posting import post_message
from tests.support.programs import installed, judges, needed
from tests.support.server_process import ServerProcess

pytest_plugins = ["tests.support.browser_fixtures"]
pytestmark = pytest.mark.judges

FOLDER = Path(__file__).parent / "clients"
BY_NODE = ["eventsource", "@microsoft/fetch-event-source", "reconnecting-websocket", "ws"]
BY_PYTHON = ["httpx-sse", "websockets", "aiohttp", "websocket-client", "curl"]
CUTS = 5
MESSAGES = 200
IN_A_PAGE = """([url, last]) => new Promise((done) => {
  const ids = [];
  new EventSource(url).addEventListener("batch", ({ data }) => {
    const { messages } = JSON.parse(data);
    ids.push(...messages.map(({ id }) => id));
    if (ids.at(-1) >= last) done(ids);
  });
})"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(metafunc.config.getoption("--seeds")))


def beginning(server: ServerProcess) -> str:
    """Return the cursor of the room’s beginning."""
    ack = post_message(server.url, "lobby", "message 1")
    return f"{ack['cursor'].rpartition(':')[0]}:0"


def write_the_rest(server: ServerProcess) -> None:
    for number in range(2, MESSAGES + 1):
        post_message(server.url, "lobby", f"message {number}")


def read_by(command: list[str], server: ServerProcess, relay: CuttingRelay) -> list[int]:
    """Run a client while the others write; return the ids that it has applied."""
    cursor = beginning(server)
    writing = threading.Thread(target=write_the_rest, args=[server])
    writing.start()
    arguments = [f"{relay.url}/rooms/lobby", cursor, str(MESSAGES)]
    ran = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)
    writing.join()
    assert ran.stdout, ran.stderr
    ids: list[int] = json.loads(ran.stdout)
    return ids


@pytest.mark.parametrize("client", BY_NODE)
def test_a_client_of_npm_reads_every_message_once(process: Process, client: str, seed: int) -> None:
    os.environ["JUDGES"] = str(judges())
    command = [installed("node"), str(FOLDER / "by_node.mjs"), client]
    server = process("--store=memory")
    with cutting(server.port, CUTS, seed) as relay:
        assert read_by(command, server, relay) == list(range(1, MESSAGES + 1))
        assert relay.cuts == CUTS


@pytest.mark.parametrize("client", BY_PYTHON)
def test_a_client_of_python_or_the_shell_reads_every_message_once(
    process: Process, client: str, seed: int
) -> None:
    installed("curl") if client == "curl" else needed(
        {"websocket-client": "websocket"}.get(client, client.replace("-", "_"))
    )
    server = process("--store=memory")
    with cutting(server.port, CUTS, seed) as relay:
        command = [sys.executable, str(FOLDER / "by_python.py"), client]
        assert read_by(command, server, relay) == list(range(1, MESSAGES + 1))
        assert relay.cuts == CUTS


def test_the_event_source_of_a_browser_reads_every_message_once(
    browser: Browser, process: Process, seed: int
) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    server = process("--store=memory", f"--port={port}", f"--trusted-origin={origin}")
    with cutting(port, CUTS, seed) as relay:
        page = browser.new_page()
        page.goto(f"{origin}/healthz")
        url = f"{relay.url}/rooms/lobby/server-sent-events?cursor={beginning(server)}"
        writing = threading.Thread(target=write_the_rest, args=[server])
        writing.start()
        ids = page.evaluate(IN_A_PAGE, [url, MESSAGES])
        writing.join()
        page.close()
        assert ids == list(range(1, MESSAGES + 1))
        assert relay.cuts == CUTS
