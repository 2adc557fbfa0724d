"""The OpenAPI file says what the contract says, and Schemathesis finds no request that the server answers otherwise."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import server_process
from tests.support.http import ask
from tests.support.programs import needed
from tests.support.server_process import ROOT
from transports import wire

CONTRACT = (ROOT / "tutorial" / "wire.md").read_text("utf-8")
FILE = ROOT / "tutorial" / "openapi.json"
API: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
SCHEMAS: dict[str, Any] = API["components"]["schemas"]
SETTINGS = Path(__file__).with_name("schemathesis.toml")
WHEREVER_A_REQUEST_GOES = {"405", "431"}  # of the method and the headers, whatever the path


def properties(schema: Any) -> Iterator[str]:
    """Yield the names of all members in a schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for inner in schema.values():
            yield from properties(inner)


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each method and path of the file, and what it says of them."""
    for path, item in API["paths"].items():
        for method in item.keys() - {"parameters"}:
            yield method.upper(), path, item[method]


def test_the_file_names_every_request_of_the_contract_and_no_other() -> None:
    named = set(re.findall(r"`(GET|POST) (/[^\s`?]+)", CONTRACT))
    assert {(method, path) for method, path, _ in operations()} == named
    for path, query in re.findall(r"`GET (/[^\s`?]+)\?([^\s`]+)`", CONTRACT):
        given = [one["$ref"].rpartition("/")[2] for one in API["paths"][path]["parameters"]]
        assert set(re.findall(r"\w+(?==)", query)) <= set(given), path
    assert set(API["components"]["parameters"]) - {"room"} == {
        *("cursor", "limit", "wait", "lastEventId", "Last-Event-ID")
    }


def test_the_file_names_every_member_of_the_contract_and_no_other() -> None:
    named = set(re.findall(r'(?<!: )"(\w+)"(?=: |, "|\})', CONTRACT)) - {"lobby"}
    assert set(properties(SCHEMAS)) == named


def test_the_file_names_every_status_of_the_contract_and_no_other() -> None:
    rows = re.findall(
        r"^\| [^|]+ \| ([^|]+) \|", CONTRACT.partition("## Refusals")[2], re.MULTILINE
    )
    refused = {status for row in rows for status in re.findall(r"\b\d{3}\b", row)}
    given = {status for _, _, operation in operations() for status in operation["responses"]}
    assert given - {"101", "200", "201", "401"} == refused - WHEREVER_A_REQUEST_GOES


def test_the_file_has_the_bounds_of_the_code() -> None:
    bounds = {name: SCHEMAS[name]["maxLength"] for name in ("Author", "Text", "Key")}
    assert bounds == {
        "Author": wire.AUTHOR_CHARACTERS,
        "Text": wire.TEXT_CHARACTERS,
        "Key": wire.KEY_CHARACTERS,
    }
    assert SCHEMAS["Batch"]["properties"]["messages"]["maxItems"] == wire.BATCH_MESSAGES
    assert SCHEMAS["Room"]["pattern"] == f"^{wire.ROOM_NAME.pattern}$"


async def test_the_site_serves_the_file_and_the_contract_leads_to_it() -> None:
    with server_process.running("--store=memory") as server:
        answer = await ask(server.url, "/openapi.json")
        assert (answer.status, answer.json) == (200, API)
        assert answer.headers["content-type"].startswith("application/json")
        assert 'href="/openapi.json"' in (await ask(server.url, "/wire")).body.decode()


@pytest.mark.judges
def test_no_request_that_schemathesis_makes_of_the_file_is_answered_otherwise(
    tmp_path: Path,
) -> None:
    needed("schemathesis")
    hooks = str(Path(__file__).with_name("schemathesis_hooks.py"))
    with server_process.running("--store=memory", "--publish-key=secret") as server:
        command = [sys.executable, "-m", "schemathesis.cli", f"--config-file={SETTINGS}", "run"]
        ran = subprocess.run(
            [*command, str(FILE), f"--url={server.url}"],
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": hooks},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"Tested: {len(list(operations()))}" in ran.stdout
