"""`python -m loadtests`: what it leaves behind, and what it says when it can't."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from loadtests.__main__ import main
from loadtests.comparison.observer import READERS
from loadtests.report.html import render
from loadtests.results.results import Results, last
from tests.support import server_process
from tests.support.http import fetch
from tests.support.server_process import ROOT

SMALL = ("--quick", "--users=8", "--rates=8", "--seconds=1", "--poll-interval=0.2")
ALL = "--transports=short-polling,long-polling,websocket,server-sent-events"
SECONDS_AT_MOST = 240  # patience, no verdict


def command(*options: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """Run `python -m loadtests`, after what `shell` says."""
    words = [sys.executable, "-m", "loadtests", *options]
    return subprocess.run(
        ["bash", "-c", f'{shell} exec "$@"', "bash", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_AT_MOST,
        check=False,
    )


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start `python -m loadtests` and read its progress from its standard output."""
    words = [sys.executable, "-m", "loadtests", "--progress=json", f"--results={folder}", *options]
    return subprocess.Popen(
        words,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as a terminal does
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.default_int_handler
        ),  # nohup ignores it
    )


def wait_for(process: subprocess.Popen[str], words: str) -> list[dict[str, Any]]:
    """Read progress until a step says `words`; give all steps so far."""
    assert process.stdout is not None
    steps = []
    for line in process.stdout:
        steps.append(json.loads(line))
        if words in steps[-1]["now"]:
            return steps
    raise AssertionError(f"it never came to {words!r}, but said {process.communicate()[1]}")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a small comparison of all transports left behind."""
    folder = tmp_path_factory.mktemp("results")
    ran = command(*SMALL, ALL, f"--results={folder}")
    assert "bytes/del." in ran.stdout, ran.stderr
    return folder


def results(folder: Path) -> Results:
    read = last(folder)
    assert read is not None
    return read


def test_every_transport_delivers_every_message_to_every_user_once(measured: Path) -> None:
    for case in results(measured).cases:
        assert case.window.published == 8
        assert case.delivery.count == 8 * 8
        assert case.faults == {}
        assert not case.window.failures


def test_the_counts_of_each_transport_are_its_own(measured: Path) -> None:
    cases = {case.case.transport: case for case in results(measured).cases}
    assert len(cases) == 4
    assert cases["websocket"].window.requests == cases["server-sent-events"].window.requests == 0
    assert 0 < cases["long-polling"].window.requests <= 64  # messages may share an answer
    short = cases["short-polling"]
    assert 8 < short.requests_a_second <= 8 / 0.2 * 1.15  # a late machine asks less often
    assert 0 < cases["long-polling"].held_most <= 8
    assert short.held_most == 0
    assert 200 < cases["websocket"].bytes_a_delivery < 400 < cases["long-polling"].bytes_a_delivery


def test_an_event_costs_more_bytes_than_the_frame_of_the_same_batch(measured: Path) -> None:
    costs = {result.case.transport: result.costs for result in results(measured).cases}
    event, frame = costs["server-sent-events"], costs["websocket"]
    assert event is not None
    assert frame is not None
    assert frame.bytes < event.bytes < frame.bytes + 100  # its name, its id, and a chunk's head


def test_the_calibrated_bytes_are_those_of_the_measured_exchanges(measured: Path) -> None:
    for result in results(measured).cases:
        costs, window, users = result.costs, result.window, result.case.users
        assert costs is not None
        units = window.requests or window.arrived  # a push may carry more than one message
        expected = units * costs.bytes + window.arrived * costs.message_bytes
        at_the_edges = users * (costs.bytes + window.published * costs.message_bytes)
        assert window.bytes_received + window.bytes_sent <= expected * 1.05 + at_the_edges
        least = window.requests * costs.bytes + window.arrived * costs.message_bytes
        assert window.bytes_received + window.bytes_sent >= least * 0.95 - at_the_edges
        assert result.predicted is not None


def test_the_report_is_one_small_file_that_asks_for_nothing(measured: Path) -> None:
    html = (measured / "report.html").read_text()
    assert len(html.encode()) < 100_000
    assert not re.search(r"<script|src=|href=|url\(|@import", html)
    for word in ("Short polling", "Long polling", "WebSocket", "Server-sent events", "The model"):
        assert word in html
    assert html.count("<figure>") == html.count('role="img"') == html.count("As a table") == 2


def test_results_can_be_read_again_and_drawn_again(measured: Path) -> None:
    again = Results.from_json(json.loads(json.dumps(results(measured).to_json())))
    assert render(again) == (measured / "report.html").read_text()
    assert {"processor", "cores", "python", "tornado", "locust"} <= set(again.machine)


def test_an_interrupted_run_keeps_what_it_measured_and_leaves_no_process(tmp_path: Path) -> None:
    process = started(tmp_path, *SMALL, "--transports=websocket,long-polling")
    steps = wait_for(process, "long-polling, 8")
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    _, said = process.communicate(timeout=SECONDS_AT_MOST)
    assert process.returncode == 130
    assert [step["done"] for step in steps] == sorted(step["done"] for step in steps)
    assert "interrupted after 1 of 2 windows" in said
    assert [case.case.transport for case in results(tmp_path).cases] == ["websocket"]
    assert "interrupted" in (tmp_path / "report.html").read_text()
    assert not psutil.wait_procs(children, timeout=5)[1]


def test_what_a_killed_command_has_started_ends_by_itself(tmp_path: Path) -> None:
    options = ("--quick", "--users=5", "--rates=5", "--seconds=60", "--transports=websocket")
    process = started(tmp_path, *options)
    wait_for(process, "websocket, 5")
    children: list[psutil.Process] = []
    while len(children) < 2:  # the server and Locust
        children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert not psutil.wait_procs(children, timeout=30)[1]


def test_a_limit_that_is_broken_is_one_sentence_and_an_observer_sees_the_same_messages(
    measured: Path, tmp_path: Path
) -> None:
    options = ("--transports=websocket", "--observer", f"--results={tmp_path}")
    gate = ("--expect=websocket.lost<1", "--expect=websocket.p95<0.001ms")
    ran = command(*SMALL, *options, *gate, f"--against={measured / 'results.json'}")
    sentences = [line for line in ran.stderr.splitlines() if "left  " not in line]
    assert (ran.returncode, len(sentences)) == (1, 1), ran.stderr
    assert "websocket.p95<0.001ms was expected, and over websocket at 8 msg/s" in sentences[0]
    [case] = results(tmp_path).cases
    assert case.window.observed.count == READERS * case.window.published
    assert case.window.first_event.count == case.case.users
    assert "A plain observer saw half of all deliveries within" in ran.stdout


def test_a_server_that_dies_makes_its_cell_say_so(tmp_path: Path) -> None:
    server = server_process.start("--store=memory")
    options = ("--quick", "--users=5", "--rates=5", "--seconds=10", "--transports=websocket")
    process = started(tmp_path, *options, f"--url={server.url}")
    wait_for(process, "websocket, 5")
    while not fetch(f"{server.url}/inspect").json["websockets"]:
        pass  # until Locust has come
    server.process.kill()
    server.process.communicate()
    _, said = process.communicate(timeout=SECONDS_AT_MOST)
    assert process.returncode == 1
    assert f"the server at {server.url} died" in said
    assert "Traceback" not in said


class Refusing(BaseHTTPRequestHandler):
    """Some other server: it has nothing of this chat."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def refused(ran: subprocess.CompletedProcess[str], words: str) -> None:
    """Hold a refusal to one sentence, in words that say what to do, and exit status 2."""
    sentences = [line for line in ran.stderr.splitlines() if "left  " not in line]
    assert len(sentences) == 1, ran.stderr
    assert words in sentences[0]
    assert ran.returncode == 2
    assert ran.stdout == ""


def test_a_server_that_is_something_else_is_one_sentence(stranger: str, tmp_path: Path) -> None:
    refused(command(f"--url={stranger}", f"--results={tmp_path}"), "answers 404 to GET /inspect")


def test_a_server_that_limits_messages_is_one_sentence(tmp_path: Path) -> None:
    with server_process.running("--store=memory", "--rate-limit=1") as server:
        refused(command(f"--url={server.url}", f"--results={tmp_path}"), "--rate-limit=0")


def test_a_host_that_refuses_is_one_sentence(tmp_path: Path) -> None:
    refused(command("--url=http://127.0.0.1:1", f"--results={tmp_path}"), "Connection refused")


def test_too_few_file_descriptors_are_said_before_anything_starts(tmp_path: Path) -> None:
    ran = command("--users=400", f"--results={tmp_path}", shell="ulimit -n 256;")
    refused(ran, "400 users need 500 file descriptors a process, and the limit is 256")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--transports=pigeon", "there is no transport 'pigeon', only short-polling"),
        ("--users=999999", "999999 users need"),
        ("--users=none", "invalid list of whole numbers value: 'none'"),
        ("--rates=0", "0 is not from 0.01 to 1000"),
        ("--seconds=-1", "-1 is not from 0.5"),
        ("--url=localhost", "is not an address like http://127.0.0.1:8888"),
        ("--expect=websocket", "is no limit like websocket.p95<50ms"),
        ("--against=README.md", "README.md keeps no results"),
        ("--against=nowhere.json", "nowhere.json: No such file"),
        ("--nonsense", "unrecognized arguments: --nonsense"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    option: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([option, f"--results={tmp_path}"])
    said = capsys.readouterr()
    refused(subprocess.CompletedProcess([], status, said.out, said.err), words)
