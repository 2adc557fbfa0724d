"""The table of transports: a fifth one is a line in it and a file beside it, and is then everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.comparison.server import running
from tests.support.server_process import ROOT

ROW = """
TRANSPORTS["carrier-pigeon"] = Transport(
    "carrier-pigeon", "Carrier pigeon", "carrier_pigeon", Asks.AGAIN_AT_ONCE, False,
    ("#123456", "#abcdef"), "M0 0h1v1z",
)
"""
USER = """
from loadtests.long_polling import LongPolling as Base


class CarrierPigeon(Base):
    transport = "carrier-pigeon"


del Base  # Locust takes what it finds in a file
"""
SERVER = """
import sys

from transports import app
from transports.long_polling import LongPollingHandler
from tutorial.__main__ import main


class Pigeons(LongPollingHandler):
    transport = "carrier-pigeon"


app.TRANSPORTS["carrier-pigeon"] = Pigeons
main(sys.argv[1:])
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the load tests with a fifth transport, and a server that speaks it."""
    shutil.copytree(ROOT / "loadtests", tmp_path / "loadtests")
    with (tmp_path / "loadtests" / "table.py").open("a") as table:
        table.write(ROW)
    (tmp_path / "loadtests" / "carrier_pigeon.py").write_text(USER)
    (tmp_path / "server.py").write_text(SERVER)
    return tmp_path


def run(checkout: Path, *words: str) -> str:
    """Run the copy's command, and return what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "loadtests", *words],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def test_a_fifth_transport_is_chosen_calibrated_measured_and_drawn(checkout: Path) -> None:
    assert "server-sent-events, carrier-pigeon" in run(checkout, "--help")
    command = (str(checkout / "server.py"), "--port=0", "--rate-limit=0", "--store=memory")
    with running(command, {"PYTHONPATH": str(ROOT)}) as server:
        options = ("--users=4", "--rates=8", "--seconds=1", f"--url={server.url}")
        said = run(checkout, *options, "--repetitions=1", "--transports=carrier-pigeon")
    assert "over carrier pigeon" in said
    [window] = json.loads((checkout / "results" / "results.json").read_text())["windows"]
    assert (window["published"], sum(window["faults"].values())) == (8, 0)
    report = (checkout / "results" / "report.html").read_text()
    assert all(part in report for part in ("#123456", "#abcdef", "M0 0h1v1z", "Carrier pigeon"))
