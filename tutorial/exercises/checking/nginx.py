"""nginx: run with a configuration of this book, without root, in a folder of its own that is deleted afterwards.

`python -m tutorial.exercises.checking.nginx FILE` runs a file of the kind that belongs into /etc/nginx/conf.d/,
until Ctrl-C. What a system’s own nginx.conf says around such a file is said here.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

START_SECONDS = 20.0
LOOK_SECONDS = 0.01
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
NOT_INSTALLED = (
    "nginx isn’t installed here (Debian and Ubuntu: apt install nginx; macOS: brew install nginx)"
)


class NotStarted(Exception):
    """nginx doesn't run with this configuration; the text is nginx's own reason, if it gave one."""


@dataclass(frozen=True, slots=True)
class Nginx:
    """An nginx that runs, and the folder that it writes to."""

    folder: Path

    @property
    def log(self) -> list[str]:
        """The lines of its error log, in the order in which things happened."""
        return (self.folder / "log").read_text("utf-8", "replace").splitlines()


def executable() -> str | None:
    """Return where nginx is, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


@contextmanager
def running(configuration: str, port: int) -> Iterator[Nginx]:
    """Run nginx with what belongs into conf.d, until the block ends. It is ready when it listens on `port`.

    Raises: NotStarted.
    """
    nginx = executable()
    if nginx is None:
        raise NotStarted(NOT_INSTALLED)
    with TemporaryDirectory(prefix="hold-the-line-") as name, Path(name, "log").open("w") as log:
        folder = Path(name)
        (folder / "site.conf").write_text(configuration, "utf-8")
        (folder / "nginx.conf").write_text(_main(folder), "utf-8")
        command = [nginx, "-p", name, "-e", "stderr", "-c", str(folder / "nginx.conf")]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_until_it_listens(process, port, Nginx(folder))
            yield Nginx(folder)
        finally:
            process.terminate()
            process.wait()


def _main(folder: Path, level: str = "info") -> str:
    """Return what a system's nginx.conf says around a site: places to write to, and one worker."""
    places = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root; " if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off; pid {folder}/pid; error_log stderr {level}; events {{ worker_connections 4096; }}\n"
        f"http {{ access_log off; {places} include {folder}/site.conf; }}\n"
    )


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, nginx: Nginx) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(LOOK_SECONDS)
    raise NotStarted(_reason(nginx.log) or f"nothing listens on port {port}")


def _reason(log: list[str]) -> str:
    """Return what nginx said first is wrong: `unknown directive "x" in line 7`."""
    serious = (re.search(r"\[(?:emerg|alert)\] (?:\d+#\d+: )?(.*)", line) for line in log)
    words = next((found[1] for found in serious if found), "")
    return re.sub(r" in \S+/site\.conf:(\d+)$", r" in line \1", words)


def main(file: str) -> int:
    """Run nginx with a file, until Ctrl-C."""
    nginx = executable()
    if nginx is None:
        print(NOT_INSTALLED, file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="hold-the-line-") as name:
        configuration = Path(name, "nginx.conf")
        text = _main(Path(name), "error").replace(f"{name}/site.conf", os.path.abspath(file))
        configuration.write_text(text, "utf-8")
        command = [nginx, "-p", name, "-e", "stderr", "-c", str(configuration)]
        with suppress(KeyboardInterrupt):
            return subprocess.run(command, check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
