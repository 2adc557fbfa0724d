"""The conformance suite by address: servers of other hands pass it, and a server with one fault fails at its claim."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import installed, needed

pytestmark = pytest.mark.judges

ROOT = Path(__file__).parents[2]
CHAPTER = (ROOT / "tutorial/chapters/08_one_chat_four_transports.md").read_text("utf-8")
COMMANDS = re.findall(r"^python -m tests.conformance (.+)$", CHAPTER, re.MULTILINE)
NODE, STARLETTE = [shlex.split(command) for command in COMMANDS]
DELIVERY = {
    "messages are numbered from one without holes and come oldest first",
    "what many authors write at once reaches every reader exactly once and in one order",
}
CLAIMS = {
    "lost message": "messages are numbered from one without holes and come oldest first",
    "doubled": "what many authors write at once reaches every reader exactly once and in one order",
    "reordered": "messages are numbered from one without holes and come oldest first",
    "wrong gap": "a cursor that the room cannot go on from is a gap reported at once",
    "epoch forgotten": "after a restart of a store that forgets every cursor is a gap",
    "ack before kept": "what is acknowledged is there for the next reader",
    "cursor not opaque": "a cursor is legal in an address and as an events id",
    "held for ever": "a request that meets no message is answered after its wait and its cursor is unchanged",
    "key ignored": "the same key again is acknowledged as the first and adds nothing",
    "bytes encoded again": "a messages bytes are the same on every transport and for every reader",
}


def judged(*options: str) -> tuple[int, dict[str, Any]]:
    """Run the suite by its command; return its exit status, and what it prints."""
    command = [sys.executable, "-m", "tests.conformance", "--json", *options]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    result: dict[str, Any] = json.loads(ran.stdout)
    return ran.returncode, result


def of(result: dict[str, Any], outcome: str) -> list[dict[str, str]]:
    return [verdict for verdict in result["verdicts"] if verdict["outcome"] == outcome]


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
def test_a_whole_server_has_at_most_150_lines_of_code(file: str) -> None:
    text = (ROOT / "tutorial" / "other_servers" / file).read_text("utf-8")
    lines = [line for line in text.splitlines() if line]
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("fault", CLAIMS)
def test_a_server_with_one_fault_fails_at_the_claim_that_names_it(fault: str) -> None:
    needed("starlette", "uvicorn")
    serve = f"{sys.executable} -m tests.support.faulty_servers '{fault}' {{port}}"
    only = [f"--only={claim}" for claim in sorted(set(CLAIMS.values()))]
    status, result = judged(f"--serve={serve}", "--transports=long-polling", *only)
    failed = of(result, "failed")
    claims = {verdict["claim"] for verdict in failed}
    assert status == 1
    assert CLAIMS[fault] in claims
    if fault != "ack before kept":  # what isn't there yet, several claims miss
        assert claims <= (DELIVERY if CLAIMS[fault] in DELIVERY else {CLAIMS[fault]})
    for verdict in failed:
        assert verdict["expected"]
        assert verdict["came"]
        assert ": " in verdict["contract"]


def test_where_nothing_can_be_judged_the_command_says_so() -> None:
    command = [sys.executable, "-m", "tests.conformance", "--url=http://127.0.0.1:9", "--json"]
    ran = subprocess.run(
        [*command, "--only=nothing is called so"], cwd=ROOT, capture_output=True, check=False
    )
    assert ran.returncode == 2
