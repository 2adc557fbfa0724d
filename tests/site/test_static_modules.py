"""The browser's modules: which way their arrows point."""

from __future__ import annotations

import os
import re
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
JS = ROOT / "static" / "js"
MODULES = sorted(JS.rglob("*.js"))
IMPORT = re.compile(r"""(?:\bfrom|\bimport|\bimport\()\s*["']([^"']+)["']""")

# What may go into each folder, and what it may import beside itself; a transport's row stands at the top.
FOLDERS = {
    "client": ("what another page would install to read and write a room", set()),
    "site": (
        "what every page can use, and what stands on pages beside chat and experiments",
        {"client"},
    ),
    "metering": ("what counts bytes, delays and messages, and shows them", {"client", "site"}),
    "chat": ("the page /chat and its parts", {"client", "site", "metering", "transports.js"}),
    "lab": ("what every experiment has", {"client", "site", "metering", "transports.js"}),
    "experiments": (
        "one element each, and what two of them share",
        {"client", "site", "metering", "transports.js", "lab", "chat"},
    ),
}


def part(module: Path) -> str:
    """Return the folder of a module, or the file's own name at the top."""
    return module.relative_to(JS).parts[0]


def imported(module: Path) -> set[Path]:
    """Return what a module imports, for types alone too."""
    names = IMPORT.findall(module.read_text("utf-8"))
    return {Path(os.path.normpath(module.parent / name)) for name in names}


def arrows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {part(module): set() for module in MODULES}
    for module in MODULES:
        found[part(module)] |= {part(other) for other in imported(module)} - {part(module)}
    return found


def test_each_folder_imports_what_it_may() -> None:
    folders = {name: allowed for name, allowed in arrows().items() if not name.endswith(".js")}
    assert folders.keys() == FOLDERS.keys()
    excess = {name: found - FOLDERS[name][1] for name, found in folders.items()}
    assert {name: more for name, more in excess.items() if more} == {}


def test_a_row_imports_the_client_alone() -> None:
    rows = {name: found for name, found in arrows().items() if name.endswith(".js")}
    table = rows.pop("transports.js")
    assert table == rows.keys() | {"client", "site"}
    assert all(found == {"client"} for found in rows.values())


def test_no_arrow_closes_a_circle() -> None:
    assert list(TopologicalSorter(arrows()).static_order())


def test_what_is_imported_is_there_and_is_ours() -> None:
    assert all(other in MODULES for module in MODULES for other in imported(module))
