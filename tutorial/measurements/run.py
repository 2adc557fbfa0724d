"""Run: takes some of the book's measurements on this machine and keeps them for its pages.

`python -m tutorial.measurements.run '{"names": ["poll"], "keep": "FILE"}'` does what `python -m tutorial measure
poll` does, and prints a line of JSON for each measurement.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tutorial.measurements import MEASUREMENTS
from tutorial.measurements.command import keep, measure


def main(names: list[str], file: Path) -> None:
    """Take the measurements in turn; print when each begins, and what it found."""
    for name in names:
        doc = (MEASUREMENTS[name].__doc__ or "").strip()
        print(json.dumps({"begins": name, "doc": doc}), flush=True)
        measurement = measure(name)
        keep(file, name, measurement)
        print(json.dumps({"name": name, **measurement}), flush=True)


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    main(asked["names"], Path(asked["keep"]))
