"""The wire contract as a page: what it says can be pasted into a terminal, and answers as it says."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

from tests.support import server_process
from tests.support.http import ask
from tests.support.programs import installed
from tests.support.server_process import ROOT

CONTRACT = (ROOT / "tutorial" / "wire.md").read_text("utf-8")
PAIRS = re.findall(r"```sh\n(curl [^\n]+)\n```\n```(?:json|text)\n(.+?)```", CONTRACT, re.DOTALL)
EPOCH = "9f3c2a11"


def expected(answer: str) -> str:
    """Return an answer without what differs from run to run."""
    answer = re.sub(r'"sent_at": ?[\d.]+', '"sent_at": 0', answer)
    return re.sub(r"retry: \d+", "retry: 0", re.sub(r'"detail": ?"[^"]*"', '"detail": ""', answer))


def parsed(answer: str) -> Any:
    """Return JSON as data, and an event stream as its lines with their JSON as data."""
    if answer.startswith("{"):
        return json.loads(answer)
    fields = [line.partition(": ") for line in answer.strip().splitlines()]
    return [(name, json.loads(value) if name == "data" else value) for name, _, value in fields]


def test_each_command_of_the_contract_answers_as_the_contract_says() -> None:
    installed("curl")
    assert len(PAIRS) >= 7
    with server_process.running("--store=memory") as server:
        host, epoch = server.url.removeprefix("http://"), EPOCH
        for command, answer in PAIRS:
            typed = command.replace("localhost:8888", host).replace(EPOCH, epoch)
            run = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=False)
            if found := re.search(r'"cursor": ?"([0-9a-f]+):', run.stdout):
                epoch = found[1]
            received = run.stdout.replace(epoch, EPOCH)
            assert parsed(expected(received)) == parsed(expected(answer)), command


async def test_the_contract_is_a_page_and_a_refusal_leads_to_it() -> None:
    with server_process.running("--store=memory") as server:
        page = (await ask(server.url, "/wire")).body.decode()
        assert "<h1" in page
        for section in re.findall(r"^## (.+)$", CONTRACT, re.MULTILINE):
            assert f">{section}</h2>" in page
            assert f">{section}</a></li>" in page
        assert "/wire" in (await ask(server.url, "/nowhere")).json["detail"]
        assert 'href="/source/tests/test_conformance.py"' in page
