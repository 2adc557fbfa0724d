"""The ramp: each step's numbers are the server's own, and what gave out is named and not guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loadtests.comparison.server import fresh_server
from loadtests.experiments.knee import KneeSearch, StepResult
from loadtests.table import TRANSPORTS

CALM = StepResult(10, 2.0, 5.0, 6.0, 0, 0.1, 40.0, 20, 0.1, 0.1, 0.0)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_reader_has_every_message_and_is_a_descriptor(transport: str) -> None:
    with fresh_server() as server:
        ramp = KneeSearch(server.url, transport, rate=20)
        few, more = ramp.step(5, 0.5), ramp.step(15, 0.5)
        ramp.close()
    assert few.missing == more.missing == 0
    assert more.descriptors - few.descriptors == 10
    assert 0 < few.p50_ms <= few.p95_ms <= few.p99_ms
    assert more.cpu > 0


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ({}, None),
        ({"cpu": 0.95}, "processor"),
        ({"cpu": 0.95, "tester_cpu": 0.99}, "tester"),
        ({"p95_ms": 400.0}, "late"),
        ({"missing": 3}, "late"),
        ({"p95_ms": 400.0, "others": 1.2}, "others"),
    ],
)
def test_what_gave_out_is_named(last: dict[str, Any], why: str | None) -> None:
    with fresh_server() as server:
        steps = [CALM, replace(CALM, **{"readers": 20, "cpu": 0.15} | last)]
        ramp = KneeSearch(server.url, "websocket", 1, steps=steps)
        assert ramp.broken == why
        assert ramp.knee == (190 if why is None else 100)  # 0.05 of a core is nobody's
        ramp.close()
