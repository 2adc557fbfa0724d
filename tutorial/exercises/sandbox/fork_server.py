"""A process that has imported what every check needs, and forks when it is asked.

To start Python and import Tornado costs a quarter of a second; a fork costs a few milliseconds. So
the judge and the learner's process are forks of this one. Nothing of one check is there in the next:
this process only imports, and runs neither a check nor a learner's file.

A request is one byte with file descriptors: a connection for this process, its stdout and stderr,
and what else it needs. The connection brings a line of JSON, and gets back two: the process's id,
then its exit status. `forking` is the other end. The server ends when nobody can ask it any more.
"""

import gc
import importlib
import json
import os
import resource
import socket
import sys
from contextlib import suppress

PRELOADED = (
    *("http.client", "json", "secrets", "sqlite3", "statistics", "tempfile", "urllib.request"),
    *("itsdangerous", "prometheus_client", "psutil"),
    *("tornado.httpclient", "tornado.simple_httpclient", "tornado.web", "tornado.websocket"),
    *("tutorial.exercises.runner.judge", "tutorial.exercises.sandbox.hosting"),
    "tutorial.exercises.sandbox.starting",
)
MOST_DESCRIPTORS = 8
DATA_BYTES = 1024**3


def main(requests_number: str) -> None:
    """Serve; in each process that is forked, run what was asked for, as a program of its own."""
    for module in PRELOADED:
        importlib.import_module(module)
    gc.freeze()
    descriptors = serve(socket.socket(fileno=int(requests_number)))
    if descriptors:
        run(*descriptors)


def serve(requests: socket.socket) -> list[int]:
    """Fork at each request. Return in each new process, with its descriptors; here with none."""
    while True:
        _, descriptors, _, _ = socket.recv_fds(requests, 1, MOST_DESCRIPTORS)
        if not descriptors:
            return []
        if os.fork() == 0:
            requests.close()
            _fork_and_report(descriptors)
            return descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _fork_and_report(descriptors: list[int]) -> None:
    """Return in one more fork; stay here until that ends, and report its id and its exit status."""
    if (pid := os.fork()) == 0:
        return
    connection, *others = descriptors
    for descriptor in others:
        os.close(descriptor)
    with suppress(BrokenPipeError):
        os.write(connection, b"%d\n" % pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):
        os.write(connection, b"%d\n" % status)
    os._exit(0)


def run(connection: int, stdout: int, stderr: int, *others: int) -> None:
    """Run the module's `main` with the other descriptors and with the request's arguments."""
    with open(connection, "rb") as lines:
        request = json.loads(lines.readline())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    os.setpgid(0, request["group"])
    os.chdir(request["folder"])
    os.dup2(stdout, sys.stdout.fileno())
    os.dup2(stderr, sys.stderr.fileno())
    for descriptor in {stdout, stderr}:
        os.close(descriptor)
    importlib.import_module(request["module"]).main(*others, *request["arguments"])


if __name__ == "__main__":
    main(*sys.argv[1:])
