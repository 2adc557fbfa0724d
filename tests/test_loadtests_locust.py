"""The locustfiles, run by a real Locust in a process of its own, against real servers.

Locust is never imported here: it would replace sockets and threads of every test that runs after it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests import serving
from tests.serving import ROOT, Serving

TRANSPORTS = {
    "short-polling": "ShortPolling",
    "long-polling": "LongPolling",
    "websocket": "WebSocket",
    "server-sent-events": "ServerSentEvents",
}
FAULTS = {"drop": "lost", "double": "doubled", "reorder": "out of order"}  # and what it is called
SECONDS_AT_MOST = 40


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
def chat() -> Iterator[Serving]:
    """One server for all these tests; each has a room of its own."""
    with serving.served("--store=memory") as started:
        yield started


@pytest.fixture(scope="module")
def broken() -> Iterator[Callable[[str], str]]:
    """Start a server that spoils one delivery in a thousand, in the way that is named; give its address."""
    started = []

    def start(fault: str) -> str:
        command = [sys.executable, "-m", "tests.broken_server", fault]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found
        return found[0]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def inspect(url: str) -> dict[str, Any]:
    with urlopen(f"{url}/inspect") as answer:
        counted: dict[str, Any] = json.load(answer)
        return counted


def test_what_locust_counts_is_what_the_server_counts(locust: Locust, chat: Serving) -> None:
    before = inspect(chat.url)
    ran = locust(f"--host={chat.url}", "--room=counted", "--users=20", "--spawn-rate=20", "--rate=10",
                 "--poll-interval=0.3", "--run-time=4s")  # fmt: skip
    after = inspect(chat.url)
    assert ran.status == 0, ran.log
    posted = ran.count("POST", "/rooms/[room]/messages")
    assert after["messages"] - before["messages"] in (posted, posted + 1, posted + 2)
    for transport in TRANSPORTS:
        kind = "OPEN" if transport == "websocket" else "GET"
        asked = after["requests"][transport] - before["requests"].get(transport, 0)
        assert (
            0 <= asked - ran.count(kind, f"/rooms/[room]/{transport}") <= 5
        )  # one a user in flight
        delivered = ran.count("DELIVER", transport)
        assert (
            5 * (posted - 7) <= delivered <= 5 * posted
        )  # the last ones, and those of the first moment
        assert ran.failures("DELIVER", transport) == 0


def test_rows_are_named_by_transport_and_never_by_cursor(locust: Locust, chat: Serving) -> None:
    ran = locust(
        f"--host={chat.url}",
        "--room=named",
        "--users=4",
        "--spawn-rate=4",
        "--rate=20",
        "--run-time=2s",
    )
    names = {name for _, name in ran.rows}
    asked = {f"/rooms/[room]/{path}" for path in ("messages", *TRANSPORTS)}
    assert names == {*asked, *TRANSPORTS}


def test_a_held_poll_is_not_called_slow(locust: Locust, chat: Serving) -> None:
    ran = locust(f"--host={chat.url}", "--room=held", "--users=5", "--spawn-rate=5", "--rate=1.5", "--run-time=3s",
                 "LongPolling")  # fmt: skip
    held, asked = ran.rows["HELD", "long-polling"], ran.rows["GET", "/rooms/[room]/long-polling"]
    assert held["total_response_time"] / held["num_requests"] > 100
    assert asked["total_response_time"] / asked["num_requests"] < 60


@pytest.fixture(scope="module")
def spoiled(
    broken: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Ran]:
    """What a Locust made of each kind of broken server."""
    users = ("--users=40", "--spawn-rate=40", "ShortPolling", "LongPolling", "WebSocket")
    options = (*users, "--rate=80", "--run-time=5s", "--poll-interval=0.2")

    def run(fault: str) -> Ran:
        return run_locust(tmp_path_factory.mktemp(fault), f"--host={broken(fault)}", *options)

    with ThreadPoolExecutor() as at_once:
        return dict(zip(FAULTS, at_once.map(run, FAULTS), strict=True))


@pytest.mark.parametrize("fault", FAULTS)
def test_one_spoiled_delivery_in_a_thousand_is_found_and_named(
    spoiled: dict[str, Ran], fault: str
) -> None:
    ran = spoiled[fault]
    assert ran.status == 1
    for transport in ("short-polling", "long-polling", "websocket"):
        delivered, found = ran.count("DELIVER", transport), ran.failures("DELIVER", transport)
        if fault != "reorder" or transport == "short-polling":  # other batches are rarely of two
            assert 1 <= found <= delivered / 1000 + 1, (transport, delivered)
    assert set(re.findall(r"Fault\('([^']+)'\)", ran.log)) == {FAULTS[fault]}


def test_two_processes_publish_no_more_than_one(locust: Locust, chat: Serving) -> None:
    before, port = inspect(chat.url)["messages"], free_port()
    ran = locust(
        f"--host={chat.url}", "--room=two", "--users=4", "--spawn-rate=4", "--rate=20", "--run-time=3s",
        "--processes=2", f"--master-bind-port={port}", f"--master-port={port}", "WebSocket",
    )  # fmt: skip
    assert ran.count("DELIVER", "websocket") > 0
    assert 30 <= inspect(chat.url)["messages"] - before <= 95  # 60, but for chance


def test_a_shape_switches_itself_on_only_when_it_is_named(locust: Locust, chat: Serving) -> None:
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
        told = next(line for line in shaped.stderr if "Shape test updating" in line)
        shaped.kill()
    assert "to 2 users" in told  # a tenth of them


def test_shapes_reach_their_peak_and_end() -> None:
    code = """
import types
from loadtests.shapes import ramp, reconnect_storm, spike
options = types.SimpleNamespace(num_users=50, spawn_rate=None)
runner = types.SimpleNamespace(environment=types.SimpleNamespace(parsed_options=options))
for shape in (ramp.Ramp(), spike.Spike(), reconnect_storm.ReconnectStorm()):
    shape.runner = runner
    told = []
    for second in range(1000):
        shape.get_run_time = lambda: second
        tick = shape.tick()
        if tick is None:
            break
        if not told or told[-1] != tick[0]:
            told.append(tick[0])
    print(second, *told)
"""
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.splitlines() == [
        "200 5 10 15 20 25 30 35 40 45 50",
        "61 5 50 5",
        "72 50 1 50 1 50 1 50 1",
    ]


def test_a_server_that_is_not_there_is_one_sentence(locust: Locust) -> None:
    ran = locust(f"--host=http://127.0.0.1:{free_port()}", "--run-time=2s")
    assert ran.status != 0
    assert "can’t be reached: Connection refused" in ran.log
    assert len(ran.log.strip().splitlines()) <= 3


def test_too_few_file_descriptors_are_one_sentence_before_anything_starts(chat: Serving) -> None:
    command = f"ulimit -n 256; exec {sys.executable} -m locust --headless -u 400 --host={chat.url}"
    ended = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "400 users need 500 file descriptors a process, and the limit is 256" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr) < 2000


def test_the_web_ui_has_a_tab_that_tells_delivery_and_faults(broken: Callable[[str], str]) -> None:
    port = free_port()
    options = [
        f"--host={broken('double')}",
        f"--web-port={port}",
        "--web-host=127.0.0.1",
        "--autostart",
        "-u40",
        "-r40",
    ]
    command = [sys.executable, "-m", "locust", *options, "--rate=80", "WebSocket"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            row = told_row(f"http://127.0.0.1:{port}")
            page = urlopen(f"http://127.0.0.1:{port}/").read().decode()
        finally:
            process.terminate()
    assert row["name"] == "websocket"
    assert row["deliveries"] >= 1000 * row["doubled"] - 1000
    assert row["lost"] == row["others"] == 0
    assert '"title": "Delivery"' in page
    assert all(f'"{option}": ' in page for option in ("room", "rate", "poll_interval", "hold"))
    assert "cell_file" not in page


def told_row(url: str) -> dict[str, Any]:
    """Ask Locust's web UI until its tab has a row with a fault."""
    for _ in range(SECONDS_AT_MOST * 10):
        try:
            with urlopen(f"{url}/stats/requests") as answer:
                rows = json.load(answer)["extended_stats"][0]["data"]
            if rows and rows[0]["doubled"]:
                row: dict[str, Any] = rows[0]
                return row
        except OSError:
            pass  # it has not started yet
        time.sleep(0.1)
    raise AssertionError("no fault was ever told")


def test_importing_the_load_tests_pure_parts_does_not_import_locust() -> None:
    code = (
        "import sys, loadtests.results, loadtests.report, loadtests.findings, loadtests.__main__\n"
        "sys.exit(any(name in sys.modules for name in ('locust', 'gevent', 'tornado')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_load_tests_are_pure_clients() -> None:
    for file in (ROOT / "loadtests").rglob("*.py"):
        if "fanout" not in file.parts and not file.name.startswith("fanout"):
            assert not re.search(
                r"^\s*(from|import) (transports|tutorial)\b", file.read_text(), re.M
            ), file


def free_port() -> int:
    import socket

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port
