"""Scripts: which module of `static/js/` defines which custom element.

The modules name it themselves, `customElements.define("x-ray", XRay)`; a page loads the modules that it needs alone.
"""

from __future__ import annotations

import re
from pathlib import Path

from tutorial.book.quoting import ROOT

FOLDER = ROOT / "static" / "js"
_DEFINES = re.compile(r"customElements\.define\(\s*\"([a-z-]+)\"")


def modules() -> dict[str, str]:
    """Return the address of the module that defines each custom element."""
    return {tag: _address(file) for file in FOLDER.rglob("*.js") for tag in _defined(file)}


def _defined(file: Path) -> list[str]:
    return _DEFINES.findall(file.read_text("utf-8"))


def _address(file: Path) -> str:
    return "/" + file.relative_to(ROOT).as_posix()


def scripts_of(tags: list[str]) -> list[str]:
    """Return the modules that these elements need, each once. Raises: LookupError."""
    known = modules()
    missing = [tag for tag in tags if tag not in known]
    if missing:
        raise LookupError(f"no module defines {', '.join(missing)}")
    return list(dict.fromkeys(known[tag] for tag in tags))
