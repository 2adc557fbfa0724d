"""HAProxy: run with a whole haproxy.cfg, on one thread, so that its log has the order of events.

A line of its log has four letters that say how a session ended. The first is s or c when HAProxy
itself ended it, because the server (s) or the client (c) was silent for too long.
"""

import re
from pathlib import Path

from tutorial.exercises.checking.proxy import Proxy, Running

GLOBAL = "global\n    nbthread 1\n    log stdout format raw local0\n"
LOGGING = "    log global  # added\n    option httplog  # added\n"
FRONT = re.compile(r"^[ \t]*(?:frontend|listen)[ \t].*\n", re.MULTILINE)
WRONG = re.compile(r"\[ALERT\] .*?config : (?:parsing \[\S+:(\d+)\] : )?(.*)")
SECTION = re.compile(r"^(?:global|defaults|frontend|backend|listen)\b[^;{\n]*$", re.MULTILINE)


def _command(folder: Path, configuration: str) -> list[str]:
    (folder / "global.cfg").write_text(GLOBAL, "utf-8")
    site = FRONT.sub(lambda found: found[0] + LOGGING, f"{configuration}\n")
    (folder / "site.cfg").write_text(site, "utf-8")
    return ["-db", "-f", str(folder / "global.cfg"), "-f", str(folder / "site.cfg")]


def _reason(haproxy: Running) -> str:
    """Return what HAProxy said first is wrong: `unknown keyword 'x' in line 7`."""
    found = next(filter(None, map(WRONG.search, haproxy.log)), None)
    if not found:
        return ""
    if not found[1]:
        return found[2]
    above = (haproxy.folder / "site.cfg").read_text("utf-8").splitlines()[: int(found[1])]
    added = sum(line.endswith("# added") for line in above)
    return f"{found[2]} in line {int(found[1]) - added}"


def _reference(port: int, backend: int, patience: dict[int, str]) -> str:
    uses = [f"    use_backend wait_{seconds} if {{ path /{seconds} }}" for seconds in patience]
    lines = ["", "defaults", "    mode http", "    timeout connect 5s", "    timeout client 1h"]
    lines += ["frontend reference", f"    bind 127.0.0.1:{port}", *uses]
    for seconds, span in patience.items():
        lines += [f"backend wait_{seconds}", f"    timeout server {span}"]
        lines += [f"    server origin 127.0.0.1:{backend}"]
    return "\n".join([*lines, ""])


HAPROXY = Proxy(
    "HAProxy",
    command=_command,
    reason=_reason,
    reference=_reference,
    patience=re.compile(r"\b(timeout\s+(?:server|client|tunnel)\s+)(\w+)"),
    patience_name="timeout server",
    unit="ms",
    timed_out=re.compile(r" [sc][A-Z]\S\S "),
    complaint="HAProxy ends it, and writes “sH--”, “sD--” or “cD--” into its log: it timed out",
    keeps="HAProxy has the kernel wait for more to send with it",
)
