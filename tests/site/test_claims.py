"""The audit of claims: what each verdict follows from, and that the table has every claim that can be run."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.support.laboratory import laboratory_server
from tutorial.book.claims import CLAIMS, GROUPS, Verdict, audit
from tutorial.book.measured_numbers import OURS, Results
from tutorial.laboratory import runs
from tutorial.measurements import MEASUREMENTS
from tutorial.measurements.audit import main

BY_NAME = {claim.name: claim for claim in CLAIMS}


@pytest.mark.parametrize(
    ("name", "measured", "verdict"),
    [
        ("exchange", {"poll.overhead_bytes": 780}, Verdict.STANDS),
        ("exchange", {"poll.overhead_bytes": 520}, Verdict.IN_PART),
        ("exchange", {"poll.overhead_bytes": 90}, Verdict.FAILS),
        ("frame", {"poll.frame_head_bytes": 14}, Verdict.FAILS),
        ("quantum-leap", {"poll.ratio": 600, "poll.ratio_with_payload": 4}, Verdict.IN_PART),
        ("quantum-leap", {"poll.ratio": 177, "poll.ratio_with_payload": 4}, Verdict.FAILS),
        ("push-pull", {"costs.websocket_us": 700, "costs.short_polling_us": 100}, Verdict.STANDS),
        ("push-pull", {"costs.websocket_us": 10, "costs.short_polling_us": 100}, Verdict.FAILS),
        ("memory", {"compression.off_kib": 14, "compression.on_kib": 64}, Verdict.STANDS),
        ("memory", {"compression.off_kib": 14, "compression.on_kib": 200}, Verdict.IN_PART),
        ("lost", {"gap.demo_2_lost_percent": 0, "gap.demo_5_lost_percent": 0}, Verdict.FAILS),
    ],
)
def test_a_verdict_follows_from_the_numbers(
    name: str, measured: dict[str, float], verdict: Verdict
) -> None:
    assert BY_NAME[name].judge(measured.__getitem__).verdict is verdict


def test_each_claim_is_decided_by_measurements_that_a_page_may_start() -> None:
    rows = audit(Results(OURS))
    assert len(rows) == len(CLAIMS) == len(BY_NAME) == 13, "the chapter says thirteen"
    assert set(GROUPS) <= set(runs.MEASUREMENTS) <= set(MEASUREMENTS)
    assert {row["verdict"] for row in rows} == set(Verdict), "our own table has each of the three"
    assert all("measured by this project" in row["measured"] for row in rows)


def test_the_command_writes_the_table_that_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "new" / "audit.md"
    assert main(["--measured", f"--keep={tmp_path}/none.json", f"--table={table}"]) == 0
    printed, written = capsys.readouterr().out, table.read_text("utf-8")

    async def shown() -> list[dict[str, str]]:
        async with laboratory_server() as lab:
            claims: list[dict[str, str]] = json.loads((await lab.get("/claims")).body)["claims"]
            return claims

    for row in asyncio.run(shown()):
        assert f"| {row['says']} |" in written
        assert row["says"] in printed
