"""Checks are forks of one process that has imported what they need, and share nothing else."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from tutorial.exercises.runner.catalogue import exercise
from tutorial.exercises.runner.check_process import verdict_on
from tutorial.exercises.sandbox import forking

NUMBER = 16
SOLUTION = exercise(NUMBER).solution
CHECK_AND_BE_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tutorial.exercises.runner.check_process import verdict_on
asyncio.run(verdict_on(int(sys.argv[1]), Path(sys.argv[2])))
os.kill(os.getpid(), signal.SIGKILL)
"""


def judge(path: Path):
    return asyncio.run(verdict_on(NUMBER, path))


def test_what_a_file_changes_in_its_process_is_not_there_in_the_next(tmp_path: Path):
    path = tmp_path / "learner.py"
    change = "import json, os, sys\nassert json.dumps(1) == '1', 'of the last check'\n"
    change += "json.dumps = str.upper\nos.environ['LANG'] = 'changed'\nos.chdir('/')\n"
    path.write_text(change + "raise OSError('changed')\n" + SOLUTION.read_text("utf-8"), "utf-8")
    for _ in range(2):
        assert judge(path).got.startswith("OSError: changed")
    assert judge(SOLUTION).passed


def test_a_fork_server_that_was_killed_is_started_again():
    assert judge(SOLUTION).passed
    [server] = [one for one in psutil.Process().children() if "fork_server" in str(one.cmdline())]
    server.kill()
    server.wait()
    assert judge(SOLUTION).passed


def test_a_fork_server_ends_with_the_process_that_started_it_although_that_is_killed():
    command = [sys.executable, "-c", CHECK_AND_BE_KILLED, str(NUMBER), str(SOLUTION)]
    environment = {**os.environ, "PYTHONPATH": str(forking.PROJECT)}
    # The server holds our pipes, too: this returns when it has ended.
    killed = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
