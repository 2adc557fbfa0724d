"""Every starter fails for its reason, every solution passes, and no wrong solution gets through.

The wrong solutions are small edits of the right one: see `tests/exercises/mistakes.py`.
"""

import asyncio
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.exercises import mistakes
from tests.exercises.mistakes import Mistake, label, mistakes_in
from tests.support.ports import free_port
from tests.support.programs import installed
from tutorial.exercises.runner.catalogue import Exercise, exercises
from tutorial.exercises.runner.check_process import verdict_on
from tutorial.exercises.sandbox.loading import load
from tutorial.exercises.verdict import Verdict

ALL = exercises()
EVERY = [*ALL, *(one.written_for(program) for one in ALL for program in one.programs)]

STARTERS = {
    17: "expected “short-polling”; got “websocket”",
    0: "the 3 texts that the first tab sent, oldest first; got []",
    16: "a stranger: a hostile page, posting; got a friend",
    11: "at most one batch on its way to a reader that takes nothing; got 40 batches",
    12: "the Host that the browser named, “chat.example.com:8080”; got “chat.example.com”, and",
    10: "“processor” runs out first (short-polling, 1 messages a second",
    9: "mean_ms within 5 ms of 499.4 (short polling, nothing goes wrong); got 2.0",
    8: "message 1 as an event, on the same stream; got the stream ended",
    7: "lost, the first of them message 4",
    6: "from encode('Hello', 37 fa 21 3d); got 81 05 48",
    2: "ask together, 3 times in a row",
    15: "lost, the first of them",
    14: "/now is answered while 2 requests count pairs; got no answer: the loop itself counts, in line ",
    13: "order 1 is shipped, and its customer was never notified",
    1: "expected a reader that has all but message 2 gets message 2, no gap; got messages 1 2",
    3: "lost, the first of them message",
    4: "a busy loop",
    5: "two messages within 50 ms in one answer: one request for both; got message",
}


MISTAKES = [mistake for one in EVERY for mistake in mistakes_in(one)]
SERVER_EXERCISES = [
    one for one in ALL if "main(int(sys.argv[1]))" in one.starter.read_text("utf-8")
]
SERVERS = [path for one in SERVER_EXERCISES for path in (one.starter, one.solution)]


def judge(exercise: Exercise, path: Path) -> Verdict:
    if path.suffix == ".conf":
        installed(exercise.program or "nginx")
    return asyncio.run(verdict_on(exercise.number, path))


def sentence(verdict: Verdict) -> str:
    return f"expected {verdict.expected}; got {verdict.got}"


@pytest.mark.parametrize("exercise", EVERY, ids=label)
def test_a_starter_fails_for_the_reason_that_its_text_gives(exercise: Exercise):
    verdict = judge(exercise, exercise.starter)
    assert not verdict.passed
    assert STARTERS[exercise.number] in sentence(verdict)
    assert verdict.read


@pytest.mark.parametrize("exercise", EVERY, ids=label)
def test_a_solution_passes_and_says_what_was_measured(exercise: Exercise):
    verdict = judge(exercise, exercise.solution)
    assert verdict.passed, sentence(verdict)
    assert re.search(r"\d", verdict.measured)


@pytest.mark.parametrize(("program", "file"), [("", "nginx.conf"), ("haproxy", "haproxy.cfg")])
def test_our_own_configuration_of_a_proxy_passes_without_tls(
    program: str, file: str, tmp_path: Path
):
    proxy = Exercise(12, exercises()[12].folder, program)
    text = (Path(__file__).parents[2] / "tutorial" / "deploy" / file).read_text("utf-8")
    in_the_clear = [line for line in text.splitlines() if not re.search(r"443 ssl|ssl_", line)]
    path = tmp_path / proxy.file
    path.write_text(re.sub(r"(listen |bind :)80\b", r"\g<1>8080", "\n".join(in_the_clear)), "utf-8")
    verdict = judge(proxy, path)
    assert verdict.passed, sentence(verdict)


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_wrong_solution_fails_and_its_learner_reads_why(mistake: Mistake, tmp_path: Path):
    path = tmp_path / mistake.exercise.file
    path.write_text(mistake.text(), "utf-8")
    verdict = judge(mistake.exercise, path)
    assert not verdict.passed
    read = mistakes.shown(mistake.exercise, verdict)
    assert mistake.matches(read), f"{read}\n-- is written down as:\n{mistake.answer}"


def test_there_are_as_many_wrong_solutions_as_there_ever_were():
    assert len(MISTAKES) >= 110
    assert len({str(mistake) for mistake in MISTAKES}) == len(MISTAKES)
    assert {file.stem for file in mistakes.FOLDER.iterdir()} == {label(one) for one in EVERY}


@pytest.mark.parametrize("exercise", EVERY, ids=label)
def test_an_exercise_has_three_hints_and_three_wrong_solutions_and_one_task(exercise: Exercise):
    assert len(exercise.hints) == 3
    assert all(exercise.hints)
    assert len(mistakes_in(exercise)) >= 3
    assert exercise.title
    assert f".learner/{exercise.file}" in exercise.task


@pytest.mark.parametrize("exercise", EVERY, ids=label)
def test_each_line_for_a_shell_can_be_run_as_it_stands(exercise: Exercise):
    lines = re.findall(
        r"^ {4}((?:\w+=\S+ )?(?:python|curl|haproxy) .*)$", exercise.task, re.MULTILINE
    )
    assert lines
    for line in lines:
        assert subprocess.run(["sh", "-n", "-c", line], check=False).returncode == 0, line
        assert "#" not in line, "zsh takes what follows for arguments"
        assert not re.search(r"(?<!['\"])\bhttp\S*\?", line), "a shell takes ? for a pattern"


@pytest.mark.parametrize("server", SERVER_EXERCISES, ids=lambda one: one.name)
def test_a_line_for_a_shell_that_does_not_end_has_its_own_terminal(server: Exercise):
    assert "in one terminal:" in server.task
    assert "in another" in server.task


@pytest.mark.parametrize("path", SERVERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_server_says_where_it_listens(path: Path):
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-u", str(path), str(port)], stdout=subprocess.PIPE, text=True
    )
    silent = threading.Timer(10, server.kill)
    silent.start()
    try:
        line = server.stdout.readline()
        assert re.fullmatch(rf"listening on (http|ws)://127.0.0.1:{port}\n", line)
        socket.create_connection(("127.0.0.1", port)).close()
    finally:
        silent.cancel()
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize("exercise", ALL, ids=lambda one: one.name)
def test_what_a_check_says_to_read_again_is_a_heading_of_its_chapter(exercise: Exercise):
    chapters = Path(load(exercise.check).__file__).parents[2] / "chapters"
    text = "".join(path.read_text("utf-8") for path in chapters.glob(f"{exercise.number:02}*.md"))
    if not text:
        pytest.skip(f"chapter {exercise.number} is not written yet")
    headings = re.findall(r"^##+ (.*?)\s*$", text, re.MULTILINE)
    named = [value for name, value in vars(load(exercise.check)).items() if name[:5] == "READ_"]
    assert named
    assert set(named) <= set(headings)
