"""Servers with one thing broken each: the conformance suite names what is broken, and each of its claims can fail."""

from __future__ import annotations

import sys

import pytest

for package in ("starlette", "uvicorn"):
    pytest.importorskip(package)  # under CI, test_other_servers.py fails where they are missing

from tests import test_conformance  # noqa: E402
from tests.conformance import Verdict, judge, options  # noqa: E402
from tests.support.faulty_servers import FAULTS  # noqa: E402

pytestmark = pytest.mark.judges

TEN = [  # faults of which each leaves the claims that name the others alone
    "lost message",
    "doubled",
    "reordered",
    "wrong gap",
    "epoch forgotten",
    "ack before kept",
    "cursor not opaque",
    "held for ever",
    "key ignored",
    "bytes encoded again",
]
NOT_BY_ADDRESS = {  # claims that no server in another process can break
    "every transport has a client that this suite can use",
    "a reader that leaves is no longer known in the server",
}
DELIVERY = {
    "messages are numbered from one without holes and come oldest first",
    "what many authors write at once reaches every reader exactly once and in one order",
}


def failures(fault: str, claims: set[str]) -> list[Verdict]:
    """Judge a faulty server by some claims, in this process; return the cases that fail."""
    command = (
        f"{sys.executable} -m tests.support.faulty_servers '{fault}' {{port}} {{history}} {{file}}"
    )
    given = [f"--serve={command}", f"--transports={FAULTS[fault].transports}", "--patience=2"]
    verdicts = judge(options(["--json", *given, *[f"--only={claim}" for claim in claims]]))
    return [verdict for verdict in verdicts if verdict.outcome == "failed"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_with_one_fault_fails_at_the_claim_that_names_it(fault: str) -> None:
    claim = FAULTS[fault].claim
    failed = failures(fault, {FAULTS[name].claim for name in TEN} if fault in TEN else {claim})
    claims = {verdict.claim for verdict in failed}
    assert claim in claims
    if fault != "ack before kept":  # what isn't there yet, several claims miss
        assert claims <= (DELIVERY if claim in DELIVERY else {claim})
    for verdict in failed:
        assert verdict.expected
        assert verdict.came
        assert ": " in verdict.contract


def test_each_claim_is_seen_to_fail() -> None:
    tests = [name for name in vars(test_conformance) if name.startswith("test_")]
    claims = {name.removeprefix("test_").replace("_", " ") for name in tests}
    assert claims - {fault.claim for fault in FAULTS.values()} == NOT_BY_ADDRESS
