"""A busy room on a server that rests shorter or longer: nothing is lost, and the rest is as long as asked."""

from __future__ import annotations

from tutorial.laboratory.rest_factor import RATES, RESTS, steps


def test_each_rate_is_measured_and_nothing_is_lost_with_any_rest() -> None:
    found = list(steps("4", readers=3, seconds=0.05))
    assert [step["rate"] for step in found] == list(RATES)
    assert [step["lost"] for step in found] == [0] * len(RATES)
    assert all(step["messages_a_batch"] >= 1 for step in found)


def test_the_sliders_stops_are_those_that_the_server_knows() -> None:
    assert (RESTS[0], RESTS[-1]) == ("0", "4")
    assert {"0.6", "1", "1.4"} <= set(RESTS)
