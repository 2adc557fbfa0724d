"""Measuring: what `python -m tutorial measure` takes, keeps and shows, and that the project's own results are whole."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.support.server_process import running
from tutorial.book.chapters import chapters
from tutorial.book.measured_numbers import OURS, Results
from tutorial.measurements import MEASUREMENTS, gap, load_tests
from tutorial.measurements.command import main


def test_every_measurement_has_a_result_of_ours_and_nothing_else_has() -> None:
    assert set(json.loads(OURS.read_text())) == set(MEASUREMENTS)


def test_every_number_that_a_chapter_shows_can_be_measured_again() -> None:
    for chapter in chapters():
        for group in re.findall(r'measured\("(\w+)\.', chapter.body):
            assert group in MEASUREMENTS
        for command in re.findall(r"python -m tutorial measure ([a-z ]+)`", chapter.body):
            assert set(command.split()) <= set(MEASUREMENTS)


def test_a_measurement_gives_the_numbers_that_the_project_has_and_keeps_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "new" / "measured.json"
    assert main(["poll", f"--keep={kept}"]) == 0
    taken, ours = json.loads(kept.read_text())["poll"], json.loads(OURS.read_text())["poll"]
    assert taken["values"].keys() == ours["values"].keys()
    for member in ("head_bytes", "frame_head_bytes", "event_overhead_bytes"):
        assert taken["values"][member] == ours["values"][member], (
            "what the server sends is the same"
        )
    assert "poll:" in capsys.readouterr().out


def test_what_a_measurement_starts_writes_nothing_into_its_reports(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The page of chapter 17 reads them line by line, and takes any other line for a failure."""
    monkeypatch.setattr(sys.modules[gap.__module__], "ROUNDS", 1)
    with running("--store=memory") as server:
        assert gap(server.port)["rounds"] == 1
    assert capfd.readouterr().out == ""


def test_what_locusts_two_tables_say_is_named_as_the_chapter_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_tests, "SECONDS", 1.5)
    kept = tmp_path / "measured.json"
    assert main(["tables", f"--keep={kept}"]) == 0
    taken, ours = (json.loads(file.read_text())["tables"]["values"] for file in (kept, OURS))
    assert taken.keys() == ours.keys()
    assert taken["websocket_response_ms"] == 0 < taken["websocket_delivery_ms"]


def test_measuring_one_thing_forgets_no_other(tmp_path: Path) -> None:
    kept = tmp_path / "measured.json"
    kept.write_text(json.dumps({"gap": {"when": "x", "machine": "y", "values": {"rounds": 1}}}))
    main(["poll", f"--keep={kept}"])
    assert Results(kept).value("gap.rounds") == 1
    assert Results(kept).value("poll.total_bytes") > 500


def test_what_cannot_be_measured_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["happiness"])
    assert "happiness" in capsys.readouterr().err.splitlines()[-1]
