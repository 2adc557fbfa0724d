"""Programs that a test needs beside Python's packages: where they are, and what to do where they are missing."""

from __future__ import annotations

import os
import shutil

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
