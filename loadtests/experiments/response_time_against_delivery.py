"""Response time against delivery: a short Locust run over all transports at once, and both measures as they fill.

`python -m loadtests.experiments.response_time_against_delivery '{"rate": "1"}'` starts a fresh server and Locust, and
writes one JSON object a line; `rate` is messages a second. The last line says `"end": true`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loadtests.comparison import child_process
from loadtests.comparison.server import fresh_server
from loadtests.table import TRANSPORTS

CHOICES = {"rate": ("0.5", "1", "5")}
HERE = Path(__file__).parents[1]
USERS = 30 * len(TRANSPORTS)
SECONDS = 12.0


class NothingMeasured(Exception):
    """Locust ended before its time; the text is the last line that it wrote."""


def both_measures(url: str, rate: str, seconds: float = SECONDS) -> Iterator[dict[str, Any]]:
    """Yield both tables of one run as they fill, the last one after `seconds`. Raises: NothingMeasured."""
    rows = [HERE / f"{row.stem}.py" for row in TRANSPORTS.values()]
    files = ",".join(str(file) for file in (*rows, HERE / "swarm" / "both_measures.py"))
    options = [f"--host={url}", f"--users={USERS}", f"--spawn-rate={USERS}", f"--rate={rate}"]
    command = ["-m", "locust", f"--locustfile={files}", "--headless", "--only-summary"]
    locust = child_process.start(
        [*command, "--skip-log-setup", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with locust:
        try:
            yield from _tables(locust, seconds)
        finally:
            locust.kill()


def _tables(locust: subprocess.Popen[str], seconds: float) -> Iterator[dict[str, Any]]:
    assert locust.stdout is not None
    last = ""
    for line in locust.stdout:
        last = line.strip() or last
        if line.startswith("{"):
            tables = json.loads(line)
            yield tables
            if tables["seconds"] >= seconds:
                return
    raise NothingMeasured(last or "Locust wrote nothing")


def main(given: str) -> None:
    """Run on a fresh server, and print each table as it fills."""
    with fresh_server() as server:
        for tables in both_measures(server.url, json.loads(given)["rate"]):
            print(json.dumps(tables), flush=True)
    print(json.dumps({"end": True}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
