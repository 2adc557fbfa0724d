"""Response time against delivery: a short Locust run over three transports at once, and both measures as they fill.

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

from loadtests.comparison.server import FreshServer

RATES = ("0.5", "1", "5")
LOCUSTFILE = Path(__file__).parents[1] / "swarm" / "both_measures.py"
USERS = 90
SECONDS = 12.0


class NothingTold(Exception):
    """Locust ended before its time; the text is the last line that it wrote."""


def two_tables(url: str, rate: str, seconds: float = SECONDS) -> Iterator[dict[str, Any]]:
    """Yield both tables of one run as they fill, the last time after `seconds` of measuring. Raises: NothingTold."""
    options = [f"--host={url}", f"--users={USERS}", f"--spawn-rate={USERS}", f"--rate={rate}"]
    command = [sys.executable, "-m", "locust", f"--locustfile={LOCUSTFILE}", "--headless"]
    quiet = ["--only-summary", "--skip-log-setup"]
    with subprocess.Popen(
        [*command, *quiet, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as locust:
        try:
            yield from _told(locust, seconds)
        finally:
            locust.kill()


def _told(locust: subprocess.Popen[str], seconds: float) -> Iterator[dict[str, Any]]:
    assert locust.stdout is not None
    last = ""
    for line in locust.stdout:
        last = line.strip() or last
        if line.startswith("{"):
            told = json.loads(line)
            yield told
            if told["seconds"] >= seconds:
                return
    raise NothingTold(last or "Locust said nothing")


def main(given: str) -> None:
    """Run on a fresh server, and print each table as it fills."""
    with FreshServer() as server:
        for told in two_tables(server.url, json.loads(given)["rate"]):
            print(json.dumps(told), flush=True)
    print(json.dumps({"end": True}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
