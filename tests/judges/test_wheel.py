"""The package as pip builds it: a wheel with one version number, and a site that says it needs its checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.support.programs import needed

pytestmark = pytest.mark.judges

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, since building leaves files behind."""
    needed("pip")
    copy = tmp_path_factory.mktemp("copy")
    for package in ("transports", "tutorial", "loadtests"):
        shutil.copytree(ROOT / package, copy / package)
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, copy)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(copy), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    [found] = copy.glob("*.whl")
    return found


def test_the_wheel_has_the_number_of_pyproject_and_the_three_packages(wheel: Path) -> None:
    assert wheel.name == f"hold_the_line-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as files:
        folders = {name.partition("/")[0] for name in files.namelist()}
    assert folders == {
        "transports",
        "tutorial",
        "loadtests",
        f"hold_the_line-{VERSION}.dist-info",
    }


def test_what_is_installed_from_the_wheel_says_that_the_site_needs_a_checkout(
    wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as files:
        files.extractall(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-m", "tutorial", "--port=0", "--store=memory"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr == (
        "python -m tutorial: the site serves and quotes its own checkout: pip install -e .\n"
    )


def test_the_version_stands_in_one_place_and_what_changed_begins_with_it() -> None:
    listed = subprocess.run(
        ["git", "grep", "-lF", VERSION], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert listed.stdout.split() == ["pyproject.toml"]
    changed = (ROOT / "README.md").read_text("utf-8").partition("## What changed")[2]
    newest = re.search(r"^- \*\*(.+?)\*\*", changed, re.MULTILINE)
    assert newest
    assert VERSION.startswith(f"{newest[1]}.")
