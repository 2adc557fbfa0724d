"""Our commands on any terminal: plain text where an encoding has no more, and asyncio's own debug mode."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import server_process
from tests.support.http import ask
from tests.support.server_process import ROOT

COMMANDS = [
    ["tutorial", "--help"],
    ["loadtests", "--help"],
    ["tests.conformance", "--help"],
    ["tutorial", "--port=wrong"],
    ["tutorial", "--processes=2", "--store=memory"],
    ["tutorial", "list"],
    ["tutorial", "hint", "4"],
    ["tutorial", "measure", "--help"],
    ["tutorial", "shop", "--help"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_writes_on_a_terminal_that_knows_few_characters(
    command: list[str], tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    written = (run.stdout + run.stderr).decode("ascii")
    assert "Traceback" not in written
    assert written.strip()
    assert "’" not in written


@pytest.mark.parametrize(("variable", "warned"), [("1", True), ("", False)])
async def test_what_blocks_the_loop_is_logged_in_asyncios_debug_mode_and_in_no_other(
    variable: str, warned: bool, tmp_path: Path
) -> None:
    """What `--debug` logs, the test of chapter 14 sees."""
    log = tmp_path / "log"
    server = server_process.start("--store=memory", stderr=log, PYTHONASYNCIODEBUG=variable)
    try:
        assert (await ask(server.url, "/slow/on-the-loop?steps=2000000")).status == 200
    finally:
        server_process.stop(server)
    assert ("Executing <Task" in log.read_text()) is warned
