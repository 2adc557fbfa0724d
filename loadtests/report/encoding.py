"""Encoding: a terminal may know fewer characters than our sentences have.

It stands apart because each command of the load tests begins with it, and so does the conformance suite.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper


def write_what_the_terminal_can_show() -> None:
    """Write “?” for a character that standard output can’t encode, in place of a traceback."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
