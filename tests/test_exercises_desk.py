"""The learner's files and the commands on them, from a terminal and from a chapter's page."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutorial import exercises
from tutorial.exercises import start_check, states
from tutorial.exercises.catalogue import exercise
from tutorial.exercises.desk import Desk

PROJECT = Path(exercises.__file__).parents[2]
PASSING = exercise(1).solution


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one command as a learner does, in their folder."""
    return subprocess.run(
        [sys.executable, "-c", START, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


START = "import sys; from tutorial.exercises import main; sys.exit(main(sys.argv[1:]))"


def learner_file(folder: Path, number: int) -> Path:
    return folder / ".learner" / f"{exercise(number).name}.py"


def test_the_first_check_copies_the_starter_and_fails_with_all_that_helps(tmp_path: Path):
    done = run(tmp_path, "check", "1")
    assert done.returncode == 1
    assert learner_file(tmp_path, 1).read_bytes() == exercise(1).starter.read_bytes()
    for label in ("Expected", "Got", "Timeline", "Read again", "Your file", "hint 1"):
        assert label in done.stdout
    assert done.stderr == ""


def test_a_passed_exercise_is_marked_in_the_list_and_stays_passed(tmp_path: Path):
    run(tmp_path, "list")
    path = Desk(tmp_path / ".learner").file(exercise(1))
    shutil.copyfile(PASSING, path)
    assert run(tmp_path, "check", "1").returncode == 0
    path.write_text("broken(", "utf-8")
    assert run(tmp_path, "check", "1").returncode == 1
    assert f"✓  1  {exercise(1).title}" in run(tmp_path, "list").stdout


def test_hints_come_one_by_one_and_the_last_one_again(tmp_path: Path):
    told = [run(tmp_path, "hint", "4").stdout for _ in range(4)]
    assert [text.partition(":")[0] for text in told] == [
        "Hint 1 of 3",
        "Hint 2 of 3",
        "Hint 3 of 3",
        "Hint 3 of 3",
    ]
    assert len(set(told)) == 3


def test_the_solution_is_shown_to_those_who_ask_twice(tmp_path: Path):
    first, second = run(tmp_path, "solution", "4"), run(tmp_path, "solution", "4")
    assert first.returncode == 1
    assert "ask again" in first.stdout
    assert second.returncode == 0
    assert second.stdout == exercise(4).solution.read_text("utf-8")


def test_the_solution_is_shown_at_once_to_those_who_passed(tmp_path: Path):
    desk = Desk(tmp_path / ".learner")
    with desk.progressing(exercise(4)) as progress:
        progress.passed = True
    assert run(tmp_path, "solution", "4").returncode == 0


def test_a_reset_brings_the_starter_back_and_keeps_every_earlier_file(tmp_path: Path):
    path = Desk(tmp_path / ".learner").file(exercise(4))
    for version in ("one", "two"):
        path.write_text(version, "utf-8")
        done = run(tmp_path, "reset", "4")
        backup = tmp_path / done.stdout.strip().rpartition(" ")[2]
        assert backup.read_text("utf-8") == version
    assert path.read_bytes() == exercise(4).starter.read_bytes()
    assert len(list(path.parent.glob("*.before-reset-*"))) == 2


def test_an_exercise_that_does_not_exist_is_one_sentence(tmp_path: Path):
    done = run(tmp_path, "check", "99")
    assert done.returncode == 2
    assert done.stdout.startswith("There is no exercise 99. There are ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize(
    "command", [("check",), ("check", "four"), ("hint", "4", "5"), ("watch", "x")]
)
def test_a_command_that_cannot_be_understood_is_one_sentence(command, tmp_path: Path):
    done = run(tmp_path, *command)
    assert done.returncode == 2
    assert done.stdout.count("\n") == 1
    assert "python -m tutorial check 1" in done.stdout
    assert done.stderr == ""


def test_a_progress_file_that_is_cut_short_is_begun_anew(tmp_path: Path):
    desk = Desk(tmp_path)
    (tmp_path / "progress.json").write_text('{"01_', "utf-8")
    assert desk.progress(exercise(1)).state == "new"
    with desk.progressing(exercise(1)) as progress:
        progress.hints = 2
    assert json.loads((tmp_path / "progress.json").read_text())["01_messages_after"]["hints"] == 2


def test_watch_checks_on_save_and_goes_on_to_the_next_exercise(tmp_path: Path):
    desk = Desk(tmp_path / ".learner")
    path = desk.file(exercise(1))
    path.write_text("broken(", "utf-8")
    watching = subprocess.Popen(
        [sys.executable, "-c", START, "watch", "1"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        read_until(watching, "SyntaxError")
        shutil.copyfile(PASSING, path)
        read_until(watching, "passed in")
        read_until(watching, "and it is checked")
    finally:
        watching.terminate()
        watching.wait(10)
        watching.stdout.close()
    assert desk.progress(exercise(1)).passed


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Return when the process prints this; its own end would be an empty line."""
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"ended before it printed {text!r}")


def test_a_page_lists_the_exercises_with_state_and_last_verdict(tmp_path: Path):
    Desk(tmp_path).file(exercise(1)).write_text("broken(", "utf-8")
    before = {one.number: one for one in states(tmp_path)}
    verdict = asyncio.run(start_check(1, tmp_path))
    after = {one.number: one for one in states(tmp_path)}
    assert (before[1].state, before[1].last) == ("new", None)
    assert (after[1].state, after[1].last) == ("tried", json.loads(json.dumps(verdict)))
    assert verdict["got"].startswith("SyntaxError in line 1")


def test_looking_at_the_list_writes_nothing(tmp_path: Path):
    states(tmp_path / "untouched")
    assert not (tmp_path / "untouched").exists()


def test_a_check_leaves_no_process_behind(tmp_path: Path):
    path = Desk(tmp_path).file(exercise(1))
    marker = f"stay-{os.getpid()}-{time.monotonic_ns()}"
    child = f"[sys.executable, '-c', 'import time; time.sleep(600)', '{marker}']"
    path.write_text(f"import subprocess, sys\nsubprocess.Popen({child})\n", "utf-8")
    asyncio.run(start_check(1, tmp_path))
    deadline = time.monotonic() + 10
    while marker in processes():  # killed, but not yet gone
        assert time.monotonic() < deadline
        time.sleep(0.05)


def processes() -> str:
    """Return the command line of every process on this machine."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
