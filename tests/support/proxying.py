"""Start nginx, Apache or HAProxy with its configuration of tutorial/deploy/, on free ports, in a folder of its own.

Nothing of a configuration is changed but what a machine decides: ports, file names, and, where a test says so, how
many seconds the proxy's patience of a minute lasts.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.programs import installed

DEPLOY = Path(__file__).parents[2] / "tutorial" / "deploy"
FILES = {"nginx": "nginx.conf", "apache2": "apache.conf", "haproxy": "haproxy.cfg"}
PATIENCE_SECONDS = 60  # in the configurations as they are
START_SECONDS = 10.0
MODULES = (
    "mpm_event authz_core slotmem_shm headers proxy proxy_http proxy_wstunnel"
    " proxy_balancer lbmethod_byrequests"
)


@contextmanager
def proxy(
    program: str, folder: Path, chats: list[int], patience: int = PATIENCE_SECONDS
) -> Iterator[str]:
    """Run a proxy in front of one or two chats, given by their ports; give its URL."""
    executable = installed(program)
    port = free_port()
    text = adapted((DEPLOY / FILES[program]).read_text(), port, chats, patience)
    (folder / FILES[program]).write_text(text)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [executable, *OPTIONS[program](folder, port)],
            stderr=log,
            stdout=log,
            start_new_session=True,
        )
        try:
            _accepts(process, port, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # Apache would take its time for open sockets
            process.wait()


def adapted(text: str, port: int, chats: list[int], patience: int) -> str:
    """Give a configuration with the test's ports; with the second chat's line, when there is a second one."""
    if len(chats) > 1:
        text = re.sub(r"# (?=.*\b8889\b)", "", text)
    for documented, real in zip((8888, 8889), chats, strict=False):
        text = text.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{real}")
    text = re.sub(
        r"(?<=listen )80(?=;)|(?<=bind ):80$|\*:80(?=>)", f"127.0.0.1:{port}", text, flags=re.M
    )
    return re.sub(r"\b60(?=s\b)|(?<=imeout[ =])60\b", str(patience), text)


def _accepts(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when something listens on the port."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.02)
    pytest.fail(f"the proxy doesn’t listen: {log.read_text()}")


def nginx(folder: Path, port: int) -> list[str]:
    """Give nginx the main configuration that a system has, and the options that it is started with."""
    places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in places)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "main.conf"
    main.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/nginx.conf; }}"
    )
    return ["-p", str(folder), "-e", "stderr", "-c", str(main)]


def apache2(folder: Path, port: int) -> list[str]:
    """Give Apache the main configuration that a system has, and the options that it is started with."""
    modules = Path("/usr/lib/apache2/modules")
    load = [f"LoadModule {name}_module {modules}/mod_{name}.so" for name in MODULES.split()]
    user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    main = folder / "main.conf"
    lines = [f"ServerRoot {folder}", "ServerName localhost", f"Listen 127.0.0.1:{port}", *load]
    lines += [*user, f"PidFile {folder}/pid", f"DefaultRuntimeDir {folder}", "ErrorLog /dev/stderr"]
    main.write_text("\n".join([*lines, f"Include {folder}/apache.conf\n"]))
    return ["-DFOREGROUND", "-f", str(main)]


def haproxy(folder: Path, port: int) -> list[str]:
    """Give the options for HAProxy, whose configuration is whole."""
    return ["-db", "-f", str(folder / "haproxy.cfg")]


OPTIONS: dict[str, Callable[[Path, int], list[str]]] = {
    "nginx": nginx,
    "apache2": apache2,
    "haproxy": haproxy,
}
