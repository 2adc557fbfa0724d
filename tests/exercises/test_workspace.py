"""The learner's files and the commands on them, from a terminal and from a chapter's page."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tutorial import exercises
from tutorial.exercises import start_check, states
from tutorial.exercises.runner.catalogue import exercise
from tutorial.exercises.runner.workspace import Workspace
from tutorial.exercises.verdict import Event, Verdict
from tutorial.site.book_pages import exercise_box
from tutorial.site.pages import make_environment

PROJECT = Path(exercises.__file__).parents[2]
PASSING = exercise(1).solution
WATCH_SECONDS = 30.0


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
    return folder / ".learner" / exercise(number).file


def test_the_first_check_copies_the_starter_and_fails_with_all_that_helps(tmp_path: Path):
    done = run(tmp_path, "check", "1")
    assert done.returncode == 1
    assert learner_file(tmp_path, 1).read_bytes() == exercise(1).starter.read_bytes()
    for label in ("Expected", "Got", "What happened", "Read again", "Your file", "hint 1"):
        assert label in done.stdout
    assert done.stderr == ""


def test_the_check_that_makes_a_file_says_where_and_the_next_one_does_not(tmp_path: Path):
    whole = str(learner_file(tmp_path, 1).absolute())
    assert run(tmp_path, "check", "1").stdout.startswith(f"{whole} is new: ")
    assert whole not in run(tmp_path, "check", "1").stdout


def test_a_passed_exercise_is_marked_in_the_list_and_stays_passed(tmp_path: Path):
    path = Workspace(tmp_path / ".learner").file(exercise(1))
    shutil.copyfile(PASSING, path)
    assert run(tmp_path, "check", "1").returncode == 0
    assert f"✓  1  {exercise(1).title}\n" in run(tmp_path, "list").stdout
    path.write_text("broken(", "utf-8")
    assert run(tmp_path, "check", "1").returncode == 1
    assert f"✓  1  {exercise(1).title} (passed before)\n" in run(tmp_path, "list").stdout


def test_the_list_ends_with_the_first_exercise_that_is_not_passed(tmp_path: Path):
    workspace, numbers = (
        Workspace(tmp_path / ".learner"),
        [one.number for one in exercises.exercises()],
    )
    first = run(tmp_path, "list").stdout.splitlines()[-1]
    assert first.endswith("Check the next: python -m tutorial check 0")
    pass_all(workspace, numbers[:4])
    later = run(tmp_path, "list").stdout.splitlines()[-1]
    assert later.startswith(f"4 of {len(numbers)} passed.")
    assert later.endswith("python -m tutorial check 4")
    pass_all(workspace, numbers)
    assert run(tmp_path, "list").stdout.endswith(f"{len(numbers)} of {len(numbers)} passed.\n")


def pass_all(workspace: Workspace, numbers: list[int]) -> None:
    """Mark these exercises as passed, without a check."""
    for number in numbers:
        workspace.keep(exercise(number), Verdict(number, True, 1.0))


def test_a_hint_shows_its_code_indented_and_no_fence(tmp_path: Path):
    for _ in range(3):
        output = run(tmp_path, "hint", "1").stdout
    assert "```" in exercise(1).hints[2]
    assert "`" * 3 not in output
    assert "\n    trimmed = newest - len(log)\n    in_the_log = " in output


def test_hints_come_one_by_one_and_the_last_one_again(tmp_path: Path):
    output = [run(tmp_path, "hint", "4").stdout for _ in range(4)]
    assert [text.partition(":")[0] for text in output] == [
        "Hint 1 of 3",
        "Hint 2 of 3",
        "Hint 3 of 3",
        "Hint 3 of 3",
    ]
    assert len(set(output)) == 3


def test_the_solution_is_shown_to_those_who_ask_twice(tmp_path: Path):
    first, second = run(tmp_path, "solution", "4"), run(tmp_path, "solution", "4")
    assert first.returncode == 1
    assert "ask again" in first.stdout
    assert second.returncode == 0
    assert second.stdout == exercise(4).solution.read_text("utf-8")


def test_the_solution_is_shown_at_once_to_those_who_passed(tmp_path: Path):
    workspace = Workspace(tmp_path / ".learner")
    with workspace.progressing(exercise(4)) as progress:
        progress.passed = True
    assert run(tmp_path, "solution", "4").returncode == 0


def test_a_reset_brings_the_starter_back_and_keeps_every_earlier_file(tmp_path: Path):
    path = Workspace(tmp_path / ".learner").file(exercise(4))
    for version in ("one", "two"):
        path.write_text(version, "utf-8")
        done = run(tmp_path, "reset", "4")
        backup = tmp_path / done.stdout.strip().rpartition(" ")[2]
        assert backup.read_text("utf-8") == version
    assert path.read_bytes() == exercise(4).starter.read_bytes()
    assert len(list(path.parent.glob("*.before-reset-*"))) == 2


def test_a_reset_for_another_program_brings_its_starter_into_the_same_file(tmp_path: Path):
    haproxy = exercise(12).written_for("haproxy")
    assert run(tmp_path, "reset", "12", "--for", "haproxy").returncode == 0
    assert learner_file(tmp_path, 12).read_bytes() == haproxy.starter.read_bytes()
    refused = run(tmp_path, "reset", "12", "--for", "caddy")
    assert refused.returncode == 2
    assert (
        refused.stdout == "Exercise 12 is not for caddy: leave --for out or write --for haproxy.\n"
    )


def test_an_exercise_that_does_not_exist_is_one_sentence(tmp_path: Path):
    done = run(tmp_path, "check", "99")
    assert done.returncode == 2
    assert done.stdout.startswith("There is no exercise 99. There are ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (("check",), "check 2"),
        (("check", "four"), "check 2"),
        (("hint",), "hint 2"),
        (("solution",), "solution 2"),
        (("hint", "4", "5"), "hint 2"),
        (("watch", "x"), "watch 2"),
        (("list", "4"), "list"),
    ],
)
def test_a_command_that_cannot_be_understood_is_one_sentence(command, advice, tmp_path: Path):
    pass_all(Workspace(tmp_path / ".learner"), [0, 1])
    done = run(tmp_path, *command)
    assert done.returncode == 2
    assert done.stdout.endswith(f"Write: python -m tutorial {advice}\n")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_what_cannot_be_understood_writes_nothing(tmp_path: Path):
    run(tmp_path, "hint")
    run(tmp_path, "list")
    assert not (tmp_path / ".learner").exists()


def test_a_progress_file_that_is_cut_short_is_begun_anew(tmp_path: Path):
    workspace = Workspace(tmp_path)
    (tmp_path / "progress.json").write_text('{"01_', "utf-8")
    assert workspace.progress(exercise(1)).state == "new"
    with workspace.progressing(exercise(1)) as progress:
        progress.hints = 2
    assert json.loads((tmp_path / "progress.json").read_text())["01_messages_after"]["hints"] == 2


def test_watch_checks_on_save_and_goes_on_to_the_next_exercise(tmp_path: Path):
    workspace = Workspace(tmp_path / ".learner")
    path = workspace.file(exercise(1))
    path.write_text("broken(", "utf-8")
    with watching(tmp_path, "1") as process:
        read_until(process, "SyntaxError")
        shutil.copyfile(PASSING, path)
        read_until(process, "passed in")
        read_until(process, f"Save {Path('.learner', '02_polling.py')} and it is checked")
    assert workspace.progress(exercise(1)).passed


def test_watch_stays_with_the_exercise_that_it_is_asked_for_although_it_is_passed(tmp_path: Path):
    workspace = Workspace(tmp_path / ".learner")
    path = workspace.file(exercise(1))
    shutil.copyfile(PASSING, path)
    pass_all(workspace, [1])
    with watching(tmp_path, "1") as process:
        read_until(process, "01_messages_after.py and it is checked")
        read_until(process, "passed in")
        save(path, PASSING.read_text("utf-8"))
        read_until(process, "passed in")
        save(path, "broken(")
        read_until(process, "SyntaxError")
        save(path, PASSING.read_text("utf-8"))
        read_until(process, "passed in")
        read_until(process, "02_polling.py and it is checked")


def save(path: Path, text: str) -> None:
    """Save as an editor does, at another moment than the last time."""
    before = path.stat().st_mtime_ns
    path.write_text(text, "utf-8")
    os.utime(path, ns=(before, before + 1_000_000))


def test_watch_without_a_number_begins_with_the_first_that_is_not_passed(tmp_path: Path):
    pass_all(Workspace(tmp_path / ".learner"), [0, 1])
    with watching(tmp_path) as process:
        read_until(process, "02_polling.py and it is checked")


def test_watch_ends_when_no_exercise_is_left(tmp_path: Path):
    workspace, numbers = (
        Workspace(tmp_path / ".learner"),
        [one.number for one in exercises.exercises()],
    )
    pass_all(workspace, numbers)
    assert run(tmp_path, "watch").stdout == f"{len(numbers)} of {len(numbers)} passed.\n"


def test_watch_of_an_exercise_that_does_not_exist_is_the_sentence_of_a_check(tmp_path: Path):
    done = run(tmp_path, "watch", "99")
    assert done.returncode == 2
    assert done.stdout == run(tmp_path, "check", "99").stdout


@contextmanager
def watching(folder: Path, *number: str) -> Iterator[subprocess.Popen[str]]:
    """Run `watch` in the learner's folder until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, "watch", *number],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    too_late = threading.Timer(WATCH_SECONDS, process.kill)
    too_late.start()
    try:
        yield process
    finally:
        too_late.cancel()
        process.terminate()
        process.wait(10)
        process.stdout.close()


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Return when the process prints this; its own end would be an empty line."""
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"ended before it printed {text!r}")


def test_a_check_as_json_is_what_exercisms_test_runners_print(tmp_path: Path):
    path = Workspace(tmp_path / ".learner").file(exercise(1))
    failed = run(tmp_path, "check", "1", "--json")
    output = json.loads(failed.stdout)
    assert (failed.returncode, output["version"], output["status"]) == (1, 3, "fail")
    [test] = output["tests"]
    assert test["name"] == exercise(1).title
    assert test["message"].startswith("Expected: a reader that has all but message 2")
    path.write_text("broken(", "utf-8")
    unreadable = json.loads(run(tmp_path, "check", "1", "--json").stdout)
    assert (unreadable["status"], unreadable["tests"]) == ("error", [])
    assert unreadable["message"].startswith("SyntaxError in line 1")
    shutil.copyfile(PASSING, path)
    passed = run(tmp_path, "check", "1", "--json")
    assert (passed.returncode, json.loads(passed.stdout)["tests"][0]["message"]) == (0, None)


def test_a_report_holds_the_progress_and_the_bets(tmp_path: Path):
    workspace = Workspace(tmp_path / ".learner")
    pass_all(workspace, [1])
    bets = {"0.delay": {"chapter": 0, "bet": ["WebSocket", "long polling"]}}
    (tmp_path / ".learner" / "bets.json").write_text(json.dumps({"bets": bets}), "utf-8")
    output = json.loads(run(tmp_path, "report").stdout)
    assert output["bets"] == bets
    assert [row["state"] for row in output["exercises"]][:3] == ["new", "passed", "new"]
    assert output["exercises"][1]["last"]["passed"]


def test_bets_of_the_page_are_not_asked_for_again_and_not_overwritten(tmp_path: Path):
    file = Workspace(tmp_path).file(exercise(0))
    solution = exercise(0).solution.read_text("utf-8")
    file.write_text(
        re.sub(r"= \{\n.*?^\}", "= {}", solution, flags=re.DOTALL | re.MULTILINE), "utf-8"
    )
    ranking = ["long polling", "WebSocket", "short polling"]
    names = ("delay", "requests", "bytes", "memory")
    bets = {f"0.{name}": {"chapter": 0, "bet": ranking} for name in names}
    (tmp_path / "bets.json").write_text(json.dumps({"bets": bets}), "utf-8")
    verdict = asyncio.run(start_check(0, tmp_path))
    assert verdict["measured"].endswith("4 of them on the page"), verdict
    file.write_text(solution.replace(' or f"0.{what}" in placed', ""), "utf-8")
    verdict = asyncio.run(start_check(0, tmp_path))
    assert verdict["expected"] == "the bet on delay as you placed it on the page"


def test_a_page_lists_the_exercises_with_state_and_last_verdict(tmp_path: Path):
    Workspace(tmp_path).file(exercise(1)).write_text("broken(", "utf-8")
    before = {one.number: one for one in states(tmp_path)}
    verdict = asyncio.run(start_check(1, tmp_path))
    after = {one.number: one for one in states(tmp_path)}
    assert (before[1].state, before[1].last) == ("new", None)
    assert (after[1].state, after[1].last) == ("tried", json.loads(json.dumps(verdict)))
    assert verdict["got"].startswith("SyntaxError in line 1")


def test_a_failure_after_a_pass_is_passed_before_and_so_is_a_reset(tmp_path: Path):
    workspace, one = Workspace(tmp_path), exercise(1)
    workspace.keep(one, Verdict(1, True, 1.0))
    assert states(tmp_path)[1].state == "passed"
    workspace.keep(one, Verdict(1, False, 1.0))
    assert states(tmp_path)[1].state == "passed-before"
    workspace.keep(one, Verdict(1, True, 1.0))
    workspace.reset(one)
    state = states(tmp_path)[1]
    assert (state.state, state.last) == ("passed-before", None)


def box(number: int) -> str:
    """Return the box of an exercise as its chapter shows it, for the learner in this folder."""
    return exercise_box(make_environment(), number)


def test_a_box_begins_with_the_command_that_puts_the_file_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for one in exercises.exercises():
        shown = box(one.number)
        begin = shown.index(f"begin with <code>python -m tutorial check {one.number}</code>")
        assert begin < shown.index(f".learner/{one.file}")
        for command in ("check", "watch", "hint", "solution"):
            assert f"<code>python -m tutorial {command} {one.number}</code>" in shown[begin + 80 :]


def test_a_box_tells_a_failure_after_a_pass_from_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    workspace, one = Workspace(), exercise(1)
    workspace.keep(one, Verdict(1, True, 1.0, measured="all of it"))
    assert '<span class="reached">passed</span>' in box(1)
    workspace.keep(one, Verdict(1, False, 1.0, expected="more"))
    assert '<span class="reached">passed before</span>' in box(1)
    assert "Not yet." in box(1)


def test_a_box_that_says_not_yet_says_what_happened_and_how_to_get_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Workspace().keep(exercise(1), Verdict(1, False, 1.0, timeline=(Event(0.5, "a reader asks"),)))
    outcome = box(1).partition('class="outcome"')[2]
    assert outcome.index("What happened") < outcome.index("a reader asks")
    assert "python -m tutorial hint 1" in outcome


def test_a_box_links_to_what_to_read_again_and_shows_the_hints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Workspace().keep(exercise(4), Verdict(4, False, 1.0, read="Hold, but not for ever"))
    shown = box(4)
    assert '<a href="#hold-but-not-for-ever">Hold, but not for ever</a>' in shown
    assert shown.count('<details class="hint">') == 3
    assert shown.index("Hint 3 of 3") < shown.index("Check my file")


def test_looking_at_the_list_writes_nothing(tmp_path: Path):
    states(tmp_path / "untouched")
    assert not (tmp_path / "untouched").exists()


def test_a_check_leaves_no_process_behind(tmp_path: Path):
    path = Workspace(tmp_path).file(exercise(1))
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
