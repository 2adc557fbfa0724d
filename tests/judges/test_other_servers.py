"""The conformance suite by address: servers of other hands pass it, and what it prints where one doesn’t."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import options
from tests.support.programs import installed, needed

pytestmark = pytest.mark.judges

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "tutorial/chapters/08_one_chat_four_transports.md").read_text("utf-8")
COMMANDS = re.findall(r"^python -m tests.conformance (.+)$", CHAPTER, re.MULTILINE)
NODE, STARLETTE = [shlex.split(command) for command in COMMANDS]


def judged(*given: str) -> tuple[int, dict[str, Any]]:
    """Run the suite by its command; return its exit status, and what it prints."""
    command = [sys.executable, "-m", "tests.conformance", "--json", *given]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    return ran.returncode, result


def of(result: dict[str, Any], outcome: str) -> list[dict[str, str]]:
    return [verdict for verdict in result["verdicts"] if verdict["outcome"] == outcome]


def test_our_own_server_is_judged_by_its_address_but_for_what_needs_the_inside() -> None:
    store = "--store=sqlite:{file} --history={history} --rate-limit=0"
    serve = f"--serve={sys.executable} -m tutorial --port={{port}} {store}"
    status, result = judged(serve, "--patience=20")
    assert (status, of(result, "failed")) == (0, [])
    assert {verdict["claim"] for verdict in of(result, "skipped")} == {
        "a reader that leaves is no longer known in the server"
    }
    assert result["passed"] > 350


def test_a_server_in_another_language_keeps_the_contract() -> None:
    installed("node")
    status, result = judged(*NODE, "--patience=20")
    assert (status, of(result, "failed")) == (0, [])
    assert result["passed"] > 200


def test_a_server_on_another_framework_keeps_the_contract() -> None:
    needed("starlette", "uvicorn")
    with_this_python = [
        option.replace(" uvicorn ", f" {sys.executable} -m uvicorn ") for option in STARLETTE
    ]
    status, result = judged(*with_this_python, "--patience=20")
    assert (status, of(result, "failed")) == (0, [])
    assert result["passed"] > 200


@pytest.mark.parametrize("file", ["chat.mjs", "starlette_chat.py"])
def test_a_whole_server_has_at_most_150_lines(file: str) -> None:
    lines = (ROOT / "tutorial" / "other_servers" / file).read_text("utf-8").splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120


NOTHING = "--url=http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "--url or --serve is needed"),
        ([NOTHING], "nothing answers at http://127.0.0.1:9"),
        (["--url=localhost:9000"], "isn’t of the form http://host:port"),
        ([NOTHING, "--transports=pigeon"], "--transports: pigeon: known are short-polling, long"),
        (["--serve=node server.js"], "write {port}"),
        (["--serve=no-such-program {port}"], "there is no program 'no-such-program'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_nothing_can_be_judged_the_command_says_so(
    given: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        options(given)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_where_no_claim_is_called_so_the_command_says_so() -> None:
    serve = f"--serve={sys.executable} -m http.server {{port}}"
    command = [sys.executable, "-m", "tests.conformance", serve, "--only=nothing is called so"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, "nothing to judge" in ran.stderr) == (2, True)
