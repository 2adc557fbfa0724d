"""A learner's own file in the running chat: a right one keeps the contract, a wrong one is named; the rest runs on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests import test_conformance as suite
from tests.conftest import Serve
from tests.support.clients import Refused, joined
from tests.support.in_process_server import Errors, InProcessServer
from tests.support.server_under_test import Subject, fresh_prefix
from tests.support.waiting import until
from transports.app import TRANSPORTS
from tutorial.exercises.runner import report
from tutorial.exercises.runner.catalogue import Exercise, exercise, exercises
from tutorial.exercises.runner.workspace import Workspace
from tutorial.exercises.verdict import Verdict
from tutorial.own_files import program, watching
from tutorial.own_files.own_file import OwnFile, Unusable
from tutorial.own_files.table import MAKERS, OwnFiles
from tutorial.site.book_pages import exercise_box
from tutorial.site.pages import make_environment

Run = Callable[..., Awaitable[tuple[InProcessServer, OwnFile]]]

CLAIMS = [
    suite.test_the_first_batch_comes_at_once_even_when_it_is_empty,
    suite.test_messages_are_numbered_from_one_without_holes_and_come_oldest_first,
    suite.test_a_cursor_goes_on_after_the_message_that_it_names,
    suite.test_what_many_authors_write_at_once_reaches_every_reader_exactly_once_and_in_one_order,
]
HOLDS = "            await self.hold("
CLEARS = "            self.active.clear()"
PUSHES = "        self.write(event(batch))"


@pytest.fixture
async def run(serve: Serve, tmp_path: Path) -> AsyncIterator[Run]:
    """Serve the chat on a learner's file: the solution, after `edit(text)`."""
    opened: list[OwnFiles] = []

    async def running(
        number: int, edit: Callable[[str], str] = str
    ) -> tuple[InProcessServer, OwnFile]:
        opened.append(own_files(tmp_path, {number: edit(exercise(number).solution.read_text())}))
        server = await serve(transports=TRANSPORTS | opened[-1].table)
        return server, opened[-1].files[0]

    yield running
    for one in opened:
        await one.close()


def own_files(folder: Path, texts: dict[int, str]) -> OwnFiles:
    for number, text in texts.items():
        (folder / exercise(number).file).write_text(text)
    return OwnFiles(list(texts), Workspace(folder))


def line_with(own: OwnFile, code: str) -> str:
    lines = own.path.read_text().splitlines()
    return f"in line {[line.strip() for line in lines].index(code) + 1}, `{code}`"


@pytest.mark.parametrize("number", MAKERS)
async def test_on_a_solution_the_chat_keeps_its_contract(run: Run, number: int) -> None:
    server, own = await run(number)
    for claim in CLAIMS:
        await claim(Subject(server.url, fresh_prefix()), own.transport)
    assert own.failure == ""


@pytest.mark.parametrize(
    ("number", "before", "code", "raised"),
    [
        (4, HOLDS, "1 / 0", "ZeroDivisionError: division by zero"),
        (8, PUSHES, "batch.messages and 1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
async def test_what_a_file_raises_is_reported_with_its_line_and_the_others_run_on(
    run: Run, errors: Errors, number: int, before: str, code: str, raised: str
) -> None:
    server, own = await run(number, lambda text: indented(text, before, code))
    assert await failure(server, own) == f"{raised}, {line_with(own, code)}"
    errors.take()


@pytest.mark.parametrize(
    ("number", "before", "code"),
    [(4, HOLDS, "while True: pass"), (8, CLEARS, "__import__('time').sleep(60)")],
)
async def test_a_file_that_blocks_is_reported_with_its_line_and_the_others_run_on(
    run: Run, errors: Errors, monkeypatch: pytest.MonkeyPatch, number: int, before: str, code: str
) -> None:
    monkeypatch.setattr(program, "LATE_SECONDS", 0.2)
    monkeypatch.setattr(program, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(watching, "BLOCKED_SECONDS", 0.5)
    server, own = await run(number, lambda text: indented(text, before, code))
    assert (await failure(server, own)).endswith(line_with(own, code))
    errors.take()


@pytest.mark.parametrize(
    ("number", "right", "wrong", "said"),
    [
        (
            4,
            '"cursor": str(last',
            '"cursor": str(1 + last',
            "needs those that follow, and their cursor",
        ),
        (5, '"messages": messages}', '"messages": messages[1:]}', "needs those that follow"),
        (
            6,
            "FINAL | TEXT, masked | 126",
            "TEXT, masked | 126",
            "encode returned a frame that begins with 01",
        ),
        (6, "fragments.decode()", "fragments.decode()[1:]", "decode was given a whole message"),
        (8, "id: %b\\n\\n", "id: x%b\\n\\n", "an event whose id is not its batch’s cursor"),
    ],
)
async def test_a_file_that_breaks_the_contract_is_reported(
    run: Run, errors: Errors, number: int, right: str, wrong: str, said: str
) -> None:
    server, own = await run(number, lambda text: text.replace(right, wrong))
    assert said in await failure(server, own)
    errors.take()


@pytest.mark.parametrize(("number", "said"), [(6, "and returned 0 texts"), (8, "get returned")])
async def test_a_starters_failure_is_named(
    run: Run, errors: Errors, number: int, said: str
) -> None:
    server, own = await run(number, lambda _: exercise(number).starter.read_text())
    named = await failure(server, own)
    assert said in named
    assert "in line " in named
    errors.take()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({8: "def get(:"}, r"08_\w+.py: SyntaxError in line 1: "),
        ({6: "raise ValueError('no')"}, "ValueError: no, in line 1, `raise ValueError"),
        ({6: "encode = len"}, "defines no function decode"),
        ({8: "TRANSPORTS = {'websocket': int}"}, "no subclass of RoomHandler"),
        ({8: "while True: pass"}, "in line 1, `while True: pass`"),
        ({4: "", 5: ""}, "two files for long-polling"),
        ({7: ""}, "and not of 7"),
    ],
)
async def test_a_file_that_can_not_stand_in_the_chat_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: dict[int, str], said: str
) -> None:
    monkeypatch.setattr(watching, "BLOCKED_SECONDS", 0.5)
    with pytest.raises(Unusable, match=said) as refused:
        own_files(tmp_path, texts)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("one", exercises()[4:], ids=lambda one: one.name)
def test_from_the_fourth_on_an_exercise_says_what_to_do_with_its_file(one: Exercise) -> None:
    assert (f"python -m tutorial --mine {one.number}\n" in one.afterwards) is (one.number in MAKERS)
    assert "should " in one.afterwards
    passed = report.of_verdict(one, Verdict(one.number, True, 1.0, measured="it ran"), one.starter)
    assert passed.endswith(one.afterwards)
    assert "<h4>When it has passed</h4>" in exercise_box(make_environment(), one.number)


def indented(text: str, before: str, code: str) -> str:
    """Put a line before another one, as far to the right."""
    [line] = [line for line in text.splitlines() if line.startswith(before)]
    margin = before[: len(before) - len(before.lstrip())]
    return text.replace(line, f"{margin}{code}\n{line}")


async def failure(server: InProcessServer, own: OwnFile) -> str:
    """Use the learner's transport until its file has failed, and return how."""
    while not own.failure:
        with suppress(Refused, OSError, ConnectionClosed, InvalidStatus, EOFError):
            await use(server, own)
    failure = own.failure
    for ours in TRANSPORTS.keys() - {own.transport}:  # they run on
        async with joined(server.url, ours) as client:
            assert (await client.post("still here"))["id"]
    return failure


async def use(server: InProcessServer, own: OwnFile) -> None:
    """Join, say something long, and hear it; or leave when the file has failed."""
    async with joined(server.url, own.transport, cursor="now") as client:

        async def talk() -> None:
            await client.receive()
            await client.post("x" * 200)
            await client.receive()

        talking = asyncio.create_task(talk())
        await until(lambda: talking.done() or own.failure)
        await client.leave()
        await asyncio.gather(talking, return_exceptions=True)
