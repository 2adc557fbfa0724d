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
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.support.ports import free_port
from tests.support.programs import installed

DEPLOY = Path(__file__).parents[2] / "tutorial" / "deploy"
FILES = {"nginx": "nginx.conf", "apache2": "apache.conf", "haproxy": "haproxy.cfg"}
PATIENCE_SECONDS = 60  # in the configurations as they are
START_SECONDS = 30.0
MODULES = (
    "mpm_event authz_core slotmem_shm headers proxy proxy_http proxy_wstunnel"
    " proxy_balancer lbmethod_byrequests ssl http2"
)
CERTIFICATE = "/etc/ssl/private/chat.pem"


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs: its address in the clear, and its address over TLS."""

    url: str
    secure_url: str


@contextmanager
def proxy(
    program: str, folder: Path, chats: list[int], patience: int = PATIENCE_SECONDS
) -> Iterator[Proxy]:
    """Run a proxy in front of one or two chats, given by their ports, with a certificate for 127.0.0.1."""
    executable = installed(program)
    port, secure_port = free_port(), free_port()
    text = adapted((DEPLOY / FILES[program]).read_text(), (port, secure_port), chats, patience)
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
        folder / "chat.pem"
    )
    (folder / FILES[program]).write_text(text.replace(CERTIFICATE, f"{folder}/chat.pem"))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [executable, *OPTIONS[program](folder, port, secure_port)],
            stderr=log,
            stdout=log,
            start_new_session=True,
        )
        try:
            _accepts(process, port, folder / "log")
            yield Proxy(f"http://127.0.0.1:{port}", f"https://127.0.0.1:{secure_port}")
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # Apache would take its time for open sockets
            process.wait()


def adapted(text: str, ports: tuple[int, int], chats: list[int], patience: int) -> str:
    """Return a configuration with the test's ports; with the second chat's line, when there is a second one."""
    if len(chats) > 1:
        text = re.sub(r"# (?=.*\b8889\b)", "", text)
    for documented, real in zip((8888, 8889), chats, strict=False):
        text = text.replace(f"127.0.0.1:{documented}", f"127.0.0.1:{real}")
    for documented, real in zip((80, 443), ports, strict=True):
        listening = (
            rf"(?<=listen ){documented}\b(?=;| ssl)|(?<=bind ):{documented}\b|\*:{documented}(?=>)"
        )
        text = re.sub(listening, f"127.0.0.1:{real}", text)
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


def nginx(folder: Path, *ports: int) -> list[str]:
    """Write nginx the main configuration that a system has, and return the options to start it with."""
    places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    temporary = "\n".join(f"{name}_temp_path {folder}/{name};" for name in places)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "main.conf"
    main.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/nginx.conf; }}"
    )
    return ["-p", str(folder), "-e", "stderr", "-c", str(main)]


def apache2(folder: Path, *ports: int) -> list[str]:
    """Write Apache the main configuration that a system has, and return the options to start it with."""
    modules = Path("/usr/lib/apache2/modules")
    load = [f"LoadModule {name}_module {modules}/mod_{name}.so" for name in MODULES.split()]
    user = ["User www-data", "Group www-data"] if os.geteuid() == 0 else []
    main = folder / "main.conf"
    listen = [f"Listen 127.0.0.1:{port}" for port in ports]
    lines = [f"ServerRoot {folder}", "ServerName localhost", *listen, *load]
    lines += [*user, f"PidFile {folder}/pid", f"DefaultRuntimeDir {folder}", "ErrorLog /dev/stderr"]
    main.write_text("\n".join([*lines, f"Include {folder}/apache.conf\n"]))
    return ["-DFOREGROUND", "-f", str(main)]


def haproxy(folder: Path, *ports: int) -> list[str]:
    """Return the options for HAProxy, whose configuration is whole."""
    return ["-db", "-f", str(folder / "haproxy.cfg")]


OPTIONS: dict[str, Callable[..., list[str]]] = {
    "nginx": nginx,
    "apache2": apache2,
    "haproxy": haproxy,
}
