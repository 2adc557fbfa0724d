"""What schemathesis.toml can't say: what may be held for up to 55 s is held for a moment."""

from __future__ import annotations

import re
from typing import Any

import schemathesis

HELD = re.compile(r"([0-9]|[1-4][0-9]|5[0-5])?(\.[0-9]+)?")


@schemathesis.hook
def before_call(_context: Any, case: Any, _arguments: dict[str, Any]) -> None:
    wait = (case.query or {}).get("wait", "")
    if case.operation.path.endswith("/long-polling") and HELD.fullmatch(str(wait)):
        case.query = {**(case.query or {}), "wait": "0.01"}
