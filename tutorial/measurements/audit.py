"""`python -m tutorial audit`: every claim that can be run, measured again, and what became of it, in one table.

It takes the measurements that the claims need, keeps them as `python -m tutorial measure` does, and writes the table as
Markdown too. Nobody has to watch it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tutorial.book.claims import GROUPS, audit
from tutorial.book.measured_numbers import OURS, YOURS, Results
from tutorial.measurements.command import keep, measure

TABLE = Path(".learner/audit.md")
HEADS = ("source", "says", "here", "verdict")


def main(arguments: Sequence[str]) -> int:
    """Measure, judge, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m tutorial audit", description=__doc__)
    parser.add_argument("--keep", type=Path, default=YOURS, help=f"measurements ({YOURS})")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"the table ({TABLE})")
    parser.add_argument(
        "--measured", action="store_true", help="judge what is kept; measure nothing"
    )
    options = parser.parse_args(arguments)
    for group in () if options.measured else GROUPS:
        print(f"measuring: {group}", flush=True)
        keep(options.keep, group, measure(group))
    rows = audit(Results(OURS, options.keep))
    table = as_markdown(rows)
    options.table.parent.mkdir(parents=True, exist_ok=True)
    options.table.write_text(table, "utf-8")
    for row in rows:
        print(
            f"{row['verdict']:<14} {row['says']}\n{'':<14} here: {row['here']}  ({row['source']})"
        )
    print(f"The table is in {options.table}; the measurements are in {options.keep}.")
    return 0


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """Return the table, with who measured what below it."""
    lines = [f"| {' | '.join(HEADS)} |", f"|{'---|' * len(HEADS)}"]
    lines += [f"| {' | '.join(str(row[head]) for head in HEADS)} |" for row in rows]
    sources = dict.fromkeys(row["measured"] for row in rows)
    return "\n".join(["# Claims audit", "", *lines, "", *sources, ""])
