"""The locustfiles, run by a real Locust in a process of its own, against real servers.

Locust is never imported here: it would replace sockets and threads of every test that runs after it.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from loadtests.client.timestamped_text import due_of
from tests.support import server_process, spoiling_relay
from tests.support.http import fetch
from tests.support.ports import free_port
from tests.support.server_process import ROOT, ServerProcess

TRANSPORTS = {
    "short-polling": "ShortPolling",
    "long-polling": "LongPolling",
    "websocket": "WebSocket",
    "server-sent-events": "ServerSentEvents",
}
FAULTS = {"drop": "lost", "double": "doubled", "reorder": "others"}  # and its column
SECONDS_AT_MOST = 240  # patience, no verdict


@dataclass(frozen=True)
class Ran:
    """What a Locust that has ended left behind: its statistics by (type, name), and what it wrote."""

    status: int
    rows: dict[tuple[str, str], dict[str, Any]]
    log: str

    def count(self, kind: str, name: str) -> int:
        return int(self.rows.get((kind, name), {"num_requests": 0})["num_requests"])

    def failures(self, kind: str, name: str) -> int:
        return int(self.rows[kind, name]["num_failures"])


Locust = Callable[..., Ran]


def run_locust(folder: Path, *options: str) -> Ran:
    """Run `locust` in the checkout, headless, with the project's own configuration and these options."""
    file = folder / "stats"  # Locust adds .json
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary"]
    ended = subprocess.run(
        [*command, f"--csv={file}", f"--json-file={file}", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    written, failed = file.with_suffix(".json"), folder / "stats_failures.csv"
    rows = json.loads(written.read_text()) if written.exists() else []
    log = ended.stdout + ended.stderr + (failed.read_text() if failed.exists() else "")
    assert "Traceback" not in log, log
    return Ran(ended.returncode, {(row["method"], row["name"]): row for row in rows}, log)


@pytest.fixture
def locust(tmp_path: Path) -> Locust:
    """Run `locust` with options of your own."""
    return partial(run_locust, tmp_path)


@pytest.fixture(scope="module")
def chat() -> Iterator[ServerProcess]:
    """One server for all these tests; each has a room of its own."""
    with server_process.running("--store=memory") as started:
        yield started


@contextmanager
def broken(fault: str) -> Iterator[str]:
    """Return the address of a server that spoils one delivery in a thousand, in the way that is named."""
    command = [sys.executable, "-m", "tests.support.broken_server", fault]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found
        yield found[0]
        process.kill()


@contextmanager
def web_ui(*options: str) -> Iterator[str]:
    """Return the address of the web UI of a Locust that has started its users."""
    port = free_port()
    web = ["--web-host=127.0.0.1", f"--web-port={port}", "--autostart"]
    command = [sys.executable, "-m", "locust", *web, *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        yield f"http://127.0.0.1:{port}"
        process.kill()


def delivery_rows(url: str, enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask Locust's Delivery tab until its rows, by transport, are enough."""
    rows: dict[str, Any] = {}
    for _ in range(SECONDS_AT_MOST * 10):
        with suppress(OSError):  # it has not started yet
            answer = fetch(f"{url}/stats/requests").json
            rows = {row["name"]: row for row in answer["extended_stats"][0]["data"]}
            if enough(rows):
                return rows
        time.sleep(0.1)
    raise AssertionError(f"not enough was shown: {rows}")


def inspect(url: str) -> dict[str, Any]:
    counted: dict[str, Any] = fetch(f"{url}/inspect").json
    return counted


@dataclass(frozen=True)
class Counted:
    """A run of all four users, and how far the server's own counters went meanwhile."""

    ran: Ran
    requests: dict[str, int]
    messages: int


@pytest.fixture(scope="module")
def counted(chat: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    options = ("--users=20", "--spawn-rate=20", "--rate=4", "--poll-interval=0.3", "--run-time=4s")
    before = inspect(chat.url)
    ran = run_locust(tmp_path_factory.mktemp("counted"), f"--host={chat.url}", *options)
    after = inspect(chat.url)
    requests = {
        transport: after["requests"][transport] - before["requests"].get(transport, 0)
        for transport in TRANSPORTS
    }
    return Counted(ran, requests, after["messages"] - before["messages"])


def test_what_locust_counts_is_what_the_server_counts(counted: Counted) -> None:
    ran, in_flight = counted.ran, 5  # one a user
    assert ran.status == 0, ran.log
    assert 0 <= counted.messages - ran.count("POST", "/rooms/[room]/messages") <= 3
    for transport, requests in counted.requests.items():
        kind = "OPEN" if transport == "websocket" else "GET"
        assert 0 <= requests - ran.count(kind, f"/rooms/[room]/{transport}") <= in_flight


def test_nobody_gets_more_than_every_message_or_misses_one_in_between(counted: Counted) -> None:
    for transport in TRANSPORTS:
        delivered = counted.ran.count("DELIVER", transport)
        assert 0 < delivered <= 5 * counted.messages
        assert counted.ran.failures("DELIVER", transport) == 0


def test_rows_are_named_by_transport_and_never_by_cursor(counted: Counted) -> None:
    asked = {f"/rooms/[room]/{path}" for path in ("messages", *TRANSPORTS)}
    assert {name for _, name in counted.ran.rows} == {*asked, *TRANSPORTS}


def test_a_held_poll_is_not_called_slow(counted: Counted) -> None:
    rows = counted.ran.rows
    held, asked = rows["HELD", "long-polling"], rows["GET", "/rooms/[room]/long-polling"]
    held_ms = held["total_response_time"] / held["num_requests"]
    assert held_ms > 50
    assert asked["total_response_time"] / asked["num_requests"] < held_ms


@pytest.mark.parametrize("fault", FAULTS)
def test_one_spoiled_delivery_in_a_thousand_is_found_and_named(fault: str) -> None:
    called = FAULTS[fault]
    # only a short poll's batches are often of two, which it takes to change their order
    spoiled = ["short-polling"] + ["long-polling", "websocket"] * (fault != "reorder")
    users = ("-u40", "-r40", "--rate=80", "--poll-interval=0.2")
    classes = [TRANSPORTS[transport] for transport in spoiled]
    with broken(fault) as server, web_ui(f"--host={server}", *users, *classes) as url:
        rows = delivery_rows(
            url, lambda rows: all(rows.get(t, {called: 0})[called] for t in spoiled)
        )
    for row in rows.values():
        faults = {kind: row[kind] for kind in ("lost", "doubled", "others")}
        assert 1 <= faults.pop(called) <= row["deliveries"] / 1000 + 1
        assert not any(faults.values())


def test_two_processes_publish_no_more_than_one(locust: Locust, chat: ServerProcess) -> None:
    port = free_port()
    ran = locust(
        f"--host={chat.url}", "--room=two", "--users=4", "--spawn-rate=4", "--rate=40", "--run-time=3s",
        "--processes=2", f"--master-bind-port={port}", f"--master-port={port}", "WebSocket",
    )  # fmt: skip
    assert ran.count("DELIVER", "websocket") > 0
    batch = fetch(f"{chat.url}/rooms/two/short-polling").json
    due = sorted(due_of(message) for message in batch["messages"])
    # Judged by when messages were due, not by when a busy machine sent them: 40 a second, and 80 from two publishers.
    assert len(due) / (due[-1] - due[0]) < 60


def test_a_shape_switches_itself_on_only_when_it_is_named(
    locust: Locust, chat: ServerProcess
) -> None:
    assert "Shape" not in locust(f"--host={chat.url}", "-u1", "-t1s", "WebSocket").log
    named = ",".join(f"loadtests/{name}.py" for name in ("websockets", "shapes/spike"))
    command = [
        sys.executable,
        "-m",
        "locust",
        "--headless",
        "-f",
        named,
        f"--host={chat.url}",
        "-u20",
    ]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as shaped:
        assert shaped.stderr is not None
        said = next(line for line in shaped.stderr if "Shape test updating" in line)
        shaped.kill()
    assert "to 2 users" in said  # a tenth of them


def test_shapes_reach_their_peak_and_end() -> None:
    code = """
import types
from loadtests.shapes import ramp, reconnect_storm, spike
options = types.SimpleNamespace(num_users=50, spawn_rate=None)
runner = types.SimpleNamespace(environment=types.SimpleNamespace(parsed_options=options))
for shape in (ramp.Ramp(), spike.Spike(), reconnect_storm.ReconnectStorm()):
    shape.runner = runner
    said = []
    for second in range(1000):
        shape.get_run_time = lambda: second
        tick = shape.tick()
        if tick is None:
            break
        if not said or said[-1] != tick[0]:
            said.append(tick[0])
    print(second, *said)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.splitlines() == [
        "200 5 10 15 20 25 30 35 40 45 50",
        "61 5 50 5",
        "72 50 1 50 1 50 1 50 1",
    ]


def test_a_host_with_a_slash_at_its_end_is_the_same_host(
    locust: Locust, chat: ServerProcess
) -> None:
    ran = locust(f"--host={chat.url}/", "--room=slash", "-u8", "-r8", "--rate=20", "-t3s")
    assert ran.status == 0, ran.log
    assert all(ran.count("DELIVER", transport) for transport in TRANSPORTS)


@pytest.mark.parametrize(
    ("spoil", "words", "most"),
    [
        (spoiling_relay.as_html, "what came is no batch", math.inf),
        (spoiling_relay.as_busy, "status 503", 1),  # each waits as long as it is asked to
        (spoiling_relay.as_nonsense, "status 503", math.inf),
    ],
)
def test_an_answer_that_is_no_batch_is_a_counted_failure(
    locust: Locust, chat: ServerProcess, spoil: Callable[..., Any], words: str, most: float
) -> None:
    with spoiling_relay.relaying(chat.url, spoil) as url:
        ran = locust(f"--host={url}", "-u4", "-r4", "--rate=0", "-t3s")
    assert ran.status == 1
    assert words in ran.log
    for transport in TRANSPORTS:
        kind = "OPEN" if transport == "websocket" else "GET"
        assert 1 <= ran.failures(kind, f"/rooms/[room]/{transport}") <= most
        assert ran.count("DELIVER", transport) == 0


def test_json_that_a_proxy_has_compressed_is_read(locust: Locust, chat: ServerProcess) -> None:
    with spoiling_relay.relaying(chat.url, spoiling_relay.as_gzip) as url:
        users = ("-u4", "-r4", "ShortPolling", "LongPolling")
        ran = locust(f"--host={url}", "--room=zip", "--rate=20", "-t3s", *users)
    assert ran.status == 0, ran.log
    for transport in ("short-polling", "long-polling"):
        assert ran.count("DELIVER", transport) > 0
        assert ran.failures("DELIVER", transport) == 0


def test_a_server_that_is_not_there_is_one_sentence(locust: Locust) -> None:
    ran = locust(f"--host=http://127.0.0.1:{free_port()}", "--run-time=2s")
    assert ran.status != 0
    assert "can’t be reached: Connection refused" in ran.log
    assert len(ran.log.strip().splitlines()) <= 3


def test_too_few_file_descriptors_are_one_sentence_before_anything_starts(
    chat: ServerProcess,
) -> None:
    command = f"ulimit -n 256; exec {sys.executable} -m locust --headless -u 400 --host={chat.url}"
    ended = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "400 users need 500 file descriptors a process, and the limit is 256" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr) < 2000


def test_the_web_ui_has_a_tab_that_shows_delivery_and_a_form_with_our_options(
    chat: ServerProcess,
) -> None:
    with web_ui(f"--host={chat.url}", "--room=web", "-u8", "-r8", "--rate=20") as url:
        rows = delivery_rows(url, lambda rows: len(rows) == len(TRANSPORTS))
        page = fetch(f"{url}/").body.decode()
    assert set(rows) == set(TRANSPORTS)
    assert '"title": "Delivery"' in page
    assert all(f'"{option}": ' in page for option in ("room", "rate", "poll_interval", "hold"))
    assert "window_file" not in page


def test_importing_the_load_tests_pure_parts_does_not_import_locust() -> None:
    code = (
        "import sys, loadtests.results.results, loadtests.report.html, loadtests.report.findings, loadtests.__main__\n"
        "sys.exit(any(name in sys.modules for name in ('locust', 'gevent', 'tornado')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_load_tests_are_pure_clients() -> None:
    for file in (ROOT / "loadtests").rglob("*.py"):
        if "benchmarks" not in file.parts:
            assert not re.search(
                r"^\s*(from|import) (transports|tutorial)\b", file.read_text(), re.M
            ), file
