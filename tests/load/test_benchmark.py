"""The benchmark of the server beside its peers: what it counts, what it compares, and what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from loadtests.benchmarks.contenders import CHATS
from loadtests.benchmarks.fan import Way, fan
from loadtests.benchmarks.samples import Contender, Lost, Row, Sample, measure
from loadtests.benchmarks.table import missed, text
from loadtests.comparison.server import NotStarted, Server, running
from tests.support.server_process import ROOT

ROW = Row("row", "A row", "What it means.", "µs")


def test_a_server_that_does_not_start_is_reported_by_its_error_and_not_by_its_last_line(
    tmp_path: Path,
) -> None:
    file = tmp_path / "server.py"
    file.write_text("import sys; sys.exit('Error: no module ws\\n    at node:1\\nNode.js v20')")
    with pytest.raises(NotStarted) as raised, running([str(file)]):
        pass
    assert str(raised.value).endswith("Error: no module ws")


def contender(name: str, *values: float, bound: float | None = None) -> Contender:
    """Return one whose rounds measure these values, then fail."""
    left = list(values)

    def one(_: Server) -> Sample:
        if not left:
            raise Lost("too late")
        return Sample(left.pop(0))

    def start() -> AbstractContextManager[Any]:
        return nullcontext()

    return Contender(name, start, one, bound)


def test_a_ratio_is_the_median_of_each_rounds_ratio() -> None:
    measured = measure(ROW, [contender("ours", 1, 9, 3), contender("peer", 2, 10, 4, bound=0.8)], 3)
    ours, peer = measured.lines
    assert (ours.median.value, ours.least, ours.most, ours.ratio) == (3, 1, 9, None)
    assert peer.ratio == 0.75
    assert list(missed([measured])) == []


def test_a_bound_that_is_not_reached_is_one_sentence() -> None:
    measured = measure(ROW, [contender("ours", 3), contender("peer", 2, bound=0.8)], 1)
    assert list(missed([measured])) == ["row, peer: 1.50, bound 0.8"]


def test_a_peer_that_fails_is_named_and_the_others_are_measured() -> None:
    measured = measure(
        ROW, [contender("ours", 1, 2), contender("peer", 2), contender("b", 2, 4)], 2
    )
    assert [line.name for line in measured.lines] == ["ours", "b"]
    assert measured.problems == ["peer: too late"]
    assert "not measured: peer: too late" in text(measured)


def test_each_delivery_is_counted_once_and_none_is_lost() -> None:
    [loop] = [peer for peer in CHATS if peer.file == "bare_loop"]
    with loop.start() as server:
        sample = fan(server, Way("/chat", "/chat", "%s"), readers=40, messages=50, rate=500)
    assert sample.lost == 0


def test_the_command_prints_what_a_row_means_and_leaves_it_for_the_site(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "loadtests",
        "fanout",
        "empty-poll",
        "--scale=0.01",
        "--rounds=1",
    ]
    command.append(f"--results={tmp_path}")
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    [row] = json.loads((tmp_path / "benchmark.json").read_text())["rows"]
    assert [line["name"] for line in row["lines"]] == ["ours", "plain Tornado"]
    assert row["row"]["meaning"] in ended.stdout


@pytest.mark.parametrize("unknown", ["no-such-row", "--peers=no-such-peer"])
def test_a_row_or_a_peer_that_is_unknown_is_one_sentence(unknown: str) -> None:
    command = [sys.executable, "-m", "loadtests", "fanout", unknown]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
