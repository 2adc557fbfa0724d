"""Programs that a test needs beside Python's packages: where they are, and what to do where they are missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest


def installed(*names: str) -> str:
    """Give the path of the first of these programs that there is; else the test skips, and fails under CI."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    missing = f"{' or '.join(names)} is not installed"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def needed(*packages: str) -> None:
    """Go on when these packages are there; else the test skips, and fails under CI."""
    if missing := [name for name in packages if not importlib.util.find_spec(name)]:
        reason = f"{' and '.join(missing)} missing: pip install -e '.[judges]'"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def judges() -> Path:
    """Return the folder of what tests/judges/package.json names; else the test skips, and fails under CI."""
    folder = Path(os.environ.get("JUDGES", Path(__file__).parents[1] / "judges"))
    if (folder / "node_modules").is_dir():
        return folder
    reason = "npm install --prefix tests/judges --ignore-scripts installs what this test needs"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
