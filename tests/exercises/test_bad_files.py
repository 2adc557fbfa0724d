"""A learner's file may do anything: the check says what it did, and ends."""

import asyncio
import socket
from pathlib import Path

import pytest

from tutorial.exercises.checking import virtual_clock
from tutorial.exercises.runner.catalogue import exercise
from tutorial.exercises.runner.check_process import verdict_on
from tutorial.exercises.sandbox import crash_report
from tutorial.exercises.sandbox.idle_loop import IdleLoop
from tutorial.exercises.sandbox.process import own_loop
from tutorial.exercises.sandbox.starting import driven
from tutorial.exercises.verdict import Failure, Verdict

STARTER = exercise(1).starter.read_text("utf-8")
LOOK = '    newest = log[-1]["id"] if log else 0\n'
FILES = {
    "a syntax error": ("def f(:\n", "SyntaxError in line 1: "),
    "bytes that are no text": ("\udcff", "a file that is not UTF-8"),
    "an exit at once": ("print('bye')\nexit(3)\n", "ended by itself, with exit status 3"),
    "an import that isn't there": ("import torpedo\n", "No module named 'torpedo', in line 1"),
    "a server that ends": (
        STARTER.replace("await asyncio.Event().wait()", "pass"),
        "ended by itself, with exit status 0",
    ),
    "a handler that raises": (
        STARTER.replace("= log[-1]", "= lag[-1]").replace("if log else", "if not log else"),
        "NameError: name 'lag' is not defined, in line 42, `newest = lag",
    ),
    "a handler that never ends": (
        STARTER.replace(LOOK, "    while True:\n        pass\n"),
        "no answer: it is busy in line ",
    ),
    "a loop before it listens": (
        "def spin():\n    while True:\n        pass\n\nspin()\n",
        "no answer: it is busy in line ",
    ),
    "a flood of prints": (
        STARTER.replace(LOOK, "    while True:\n        print('x' * 1000)\n"),
        "no answer: it is busy in line ",
    ),
    "more memory than there is": (
        "lots = bytearray(3 * 1024**3)\n",
        "MemoryError, in line 1",
    ),
    "a wish for input": ("input('name? ')\n", "EOFError: EOF when reading a line, in line 1"),
    "an answer that is no JSON": (
        STARTER.replace("self.write(messages_after", "self.write('hi') if 1 else (messages_after"),
        "b'hi'",
    ),
    "an answer of another shape": (
        STARTER.replace('"messages": list(log)', '"message": 1'),
        '"message": 1}',
    ),
    "a port of its own choice": (
        STARTER.replace("listen(port", "listen(0"),
        "nothing listens there",
    ),
}


def verdict_of(folder: Path, text: str) -> Verdict:
    path = folder / "learner.py"
    path.write_text(text, "utf-8", errors="surrogateescape")
    return asyncio.run(verdict_on(1, path))


@pytest.mark.parametrize("what", FILES)
def test_a_bad_file_is_told_what_it_does(what: str, tmp_path: Path):
    text, reason = FILES[what]
    verdict = verdict_of(tmp_path, text)
    assert not verdict.passed
    assert reason in verdict.got
    assert "check itself" not in verdict.got


def test_a_file_that_takes_a_taken_port_is_told_which_one_to_take(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        verdict = verdict_of(tmp_path, STARTER.replace("listen(port", f"listen({port}"))
    assert "Address already in use" in verdict.got
    assert "sys.argv[1]" in verdict.got


def test_stray_prints_do_not_disturb_a_check_and_are_shown_when_it_fails(tmp_path: Path):
    solution = exercise(1).solution.read_text("utf-8")
    noisy = "print('{\"passed\": false}', flush=True)\n"
    assert verdict_of(tmp_path, noisy + solution).passed
    verdict = verdict_of(tmp_path, noisy + STARTER)
    assert verdict.printed == '{"passed": false}'


HANDLING = "\nDuring handling of the above exception, another exception occurred:\n\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"


def traceback(line: int, error: str) -> str:
    return f'Traceback (most recent call last):\n  File "{FILE}", line {line}, in get\n{error}\n'


FILE = exercise(1).solution


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        (traceback(3, "KeyError: 'a'") + traceback(5, "RuntimeError: sent"), "KeyError: 'a', in "),
        (
            traceback(3, "KeyError: 'a'") + HANDLING + traceback(5, "OSError: b"),
            "KeyError: 'a', in",
        ),
        (
            traceback(3, "KeyError: 'a'") + CAUSE + traceback(5, "OSError: b"),
            "OSError: b, in line 5",
        ),
        (traceback(3, "KeyError: 'a'").replace(str(FILE), "lib.py"), "KeyError: 'a'"),
        ("nothing raised", ""),
    ],
)
def test_a_crash_report_names_the_first_error_and_not_what_follows_from_it(printed, shown):
    assert crash_report.of_crash(printed, FILE).startswith(shown)


def test_what_a_check_reports_stands_although_its_program_has_ended(tmp_path: Path):
    check, learner = tmp_path / "check.py", tmp_path / "learner.py"
    learner.write_text("")
    check.write_text(
        "from tutorial.exercises.verdict import Failure\n\n\n"
        "def drive(learner, report):\n"
        '    report({"failure": Failure("two", "one", read="Counting").to_json()})\n'
    )

    async def judge_late() -> str:
        async with driven(learner, str(check)) as program:
            await program.has_ended()
            async for record in program.records():
                return f"a record: {record}"
        return "no failure"

    with asyncio.Runner(loop_factory=IdleLoop) as runner, pytest.raises(Failure) as raised:
        runner.run(judge_late())
    assert (raised.value.expected, raised.value.got, raised.value.read) == (
        "two",
        "one",
        "Counting",
    )


def test_on_virtual_time_a_moment_is_over_before_the_next_one_begins():
    async def play() -> None:
        later = asyncio.create_task(asyncio.sleep(1))
        await own_loop().until_idle()
        assert (asyncio.get_running_loop().time(), later.done()) == (0, False)
        await later

    virtual_clock.run(play())
