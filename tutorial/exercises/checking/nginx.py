"""nginx: run with a configuration of this book.

`python -m tutorial.exercises.checking.nginx FILE` runs a file of the kind that belongs into /etc/nginx/conf.d/,
until Ctrl-C. What a system’s own nginx.conf says around such a file is said here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tutorial.exercises.checking.proxy import Proxy, Running

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def _command(folder: Path, configuration: str) -> list[str]:
    (folder / "site.conf").write_text(configuration, "utf-8")
    (folder / "nginx.conf").write_text(_main(folder), "utf-8")
    return ["-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def _main(folder: Path, level: str = "info") -> str:
    """Return what a system's nginx.conf says around a site: places to write to, and one worker."""
    places = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    user = "user root; " if os.geteuid() == 0 else ""
    return (
        f"{user}daemon off; pid {folder}/pid; error_log stderr {level}; events {{ worker_connections 4096; }}\n"
        f"http {{ access_log off; {places} include {folder}/site.conf; }}\n"
    )


def _reason(nginx: Running) -> str:
    """Return what nginx said first is wrong: `unknown directive "x" in line 7`."""
    serious = (re.search(r"\[(?:emerg|alert)\] (?:\d+#\d+: )?(.*)", line) for line in nginx.log)
    words = next((found[1] for found in serious if found), "")
    return re.sub(r" in \S+/site\.conf:(\d+)$", r" in line \1", words)


def _reference(port: int, backend: int, patience: dict[int, str]) -> str:
    locations = "".join(
        f"location /{seconds} {{ proxy_pass http://127.0.0.1:{backend}; proxy_read_timeout {span}; }}"
        for seconds, span in patience.items()
    )
    return f"\nserver {{ listen 127.0.0.1:{port}; {locations} }}\n"


NGINX = Proxy(
    "nginx",
    command=_command,
    reason=_reason,
    reference=_reference,
    patience=re.compile(r"\b(proxy_read_timeout\s+)([^;]+)(?=;)"),
    patience_name="proxy_read_timeout",
    unit="s",
    timed_out=re.compile("upstream timed out"),
    complaint="nginx writes “upstream timed out” into its error log",
    keeps="nginx keeps it until its buffer is full or the stream ends",
)
running = NGINX.running


def main(file: str) -> int:
    """Run nginx with a file, until Ctrl-C."""
    nginx = NGINX.executable()
    if nginx is None:
        print(NGINX.not_installed, file=sys.stderr)
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
