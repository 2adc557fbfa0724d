"""Exercise 8 by a server in another language: a command in place of a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.programs import installed
from tests.support.server_process import ROOT
from tutorial.exercises.runner import commands
from tutorial.exercises.runner.workspace import Workspace

CHAPTER = (ROOT / "tutorial/chapters/08_one_chat_four_transports.md").read_text("utf-8")
NODE = ROOT / "tutorial" / "other_servers" / "chat.mjs"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(command: str, *options: str, exercise: str = "8") -> int:
    return commands.main(["check", exercise, f"--serve={command}", *options])


@pytest.mark.judges
def test_the_servers_command_in_the_chapter_passes(capsys: pytest.CaptureFixture[str]) -> None:
    installed("node")
    [command] = re.findall(r"^python -m tutorial check 8 --serve '(.+)'$", CHAPTER, re.MULTILINE)
    assert check(command.replace("tutorial/", f"{ROOT}/tutorial/")) == 0
    assert "cases of the suite pass by your server’s address" in capsys.readouterr().out
    [passed] = [one for one in commands.exercises() if Workspace().progress(one).passed]
    assert passed.number == 8


@pytest.mark.judges
def test_a_server_with_a_fault_fails_at_the_claim_and_the_sentence_of_the_contract(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed("node")
    broken = tmp_path / "broken.mjs"
    broken.write_text(NODE.read_text("utf-8").replace("room: this.name", 'room: "lobby"'), "utf-8")
    assert check(f"node {broken.name} {{port}}") == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert "“the first batch comes at once even when it is empty” (server-sent-events)" in printed
    assert "The contract: Reading: the first at once, even when empty." in printed
    assert "'room': 'lobby'" in printed.partition("Got ")[2]
    assert "Your server node broken.mjs {port}" in printed


def test_what_is_no_server_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("node server.mjs", "--json") == 1
    assert "{port} in the command: where your server is to listen" in capsys.readouterr().out
    assert check("no-such-program {port}") == 1
    assert "there is no program 'no-such-program'" in capsys.readouterr().out
    assert check("node server.mjs {port}", exercise="4") == 2
    assert capsys.readouterr().out.startswith("exercise 4 judges your file, no server.")
