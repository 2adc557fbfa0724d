"""The load tests' pure parts: what is counted, expected and drawn. No Locust, no server."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from typing import Any

import pytest

from loadtests.client.checker import DOUBLED, GAP, LATE_IDS, LOST, OUT_OF_ORDER, Checker
from loadtests.client.schedule import endless, exactly
from loadtests.client.timestamped_text import TEXT_CHARACTERS, due_of, stamped
from loadtests.report import charts, findings
from loadtests.results.case_result import Measured
from loadtests.results.histogram import Histogram
from loadtests.results.model import ASK_AGAIN_SECONDS, Costs, Load, crossover_rate, predict
from loadtests.results.plan import TRANSPORTS, Cell, Plan

COSTS = Costs(0.0003, 870, 138, 0.0004, 0.0006, 0.005)


# the checker


def test_messages_in_order_have_no_fault() -> None:
    checker = Checker()
    assert checker.take([7, 8]) + checker.take([]) + checker.take([9]) == []
    assert checker.finish(7, 9) == 0


def test_a_message_that_comes_twice_is_doubled() -> None:
    checker = Checker()
    assert checker.take([7, 8, 8]) == [DOUBLED]
    assert checker.take([7]) == [DOUBLED]


def test_a_message_that_was_overtaken_is_out_of_order_and_not_lost() -> None:
    checker = Checker()
    assert checker.take([7, 9, 8, 10]) == [OUT_OF_ORDER]
    assert checker.finish(7, 10) == 0


def test_an_overtaken_message_is_known_across_batches() -> None:
    checker = Checker()
    assert checker.take([7, 9]) == []
    assert checker.take([8]) == [OUT_OF_ORDER]


def test_a_hole_is_lost_once_enough_newer_ones_have_come() -> None:
    checker = Checker()
    assert checker.take([7, 9]) == []
    assert checker.take(range(10, 8 + LATE_IDS)) == []
    assert checker.take([8 + LATE_IDS]) == [LOST]
    assert checker.take([9 + LATE_IDS]) == []
    assert checker.finish(7, 9 + LATE_IDS) == 0


def test_in_the_end_what_never_came_is_lost_at_either_end_and_in_the_middle() -> None:
    checker = Checker()
    checker.take([8, 9, 11])
    assert checker.finish(7, 12) == 3


def test_one_who_got_nothing_lost_everything() -> None:
    assert Checker().finish(5, 9) == 5


def test_a_loss_outside_the_window_is_not_counted_in_it() -> None:
    checker = Checker()
    checker.take([3, 5, 6, 7])
    assert checker.finish(6, 7) == 0


def test_a_told_gap_is_a_fault_and_what_it_skipped_is_lost() -> None:
    checker = Checker()
    checker.take([7])
    assert checker.take([10, 11], gap=True) == [GAP, LOST, LOST]
    assert checker.take([12]) == []


def test_a_room_that_began_anew_is_a_gap_without_a_loss_that_anyone_could_count() -> None:
    checker = Checker()
    checker.take([700])
    assert checker.take([1, 2], gap=True) == [GAP]
    assert checker.take([3]) == []


@pytest.mark.parametrize("fault", ["drop", "double", "swap"])
def test_one_fault_in_a_thousand_is_found_wherever_it_is(fault: str) -> None:
    chance = random.Random(1)
    for _ in range(50):
        ids = list(range(1, 1001))
        at = chance.randrange(1, 998)
        if fault == "drop":
            del ids[at]
        elif fault == "double":
            ids.insert(at + chance.randrange(1, 3), ids[at])
        else:
            ids[at], ids[at + 1] = ids[at + 1], ids[at]
        checker, found = Checker(), []
        for batch in itertools.batched(ids, 7) if hasattr(itertools, "batched") else [ids]:
            found += checker.take(batch)
        found += [LOST] * checker.finish(1, 1000)
        assert found == [{"drop": LOST, "double": DOUBLED, "swap": OUT_OF_ORDER}[fault]]


# the histogram


def test_a_quantile_is_right_to_within_one_per_cent() -> None:
    chance = random.Random(1)
    delays = sorted(chance.lognormvariate(2, 2) for _ in range(5000))
    histogram = Histogram()
    for ms in delays:
        histogram.add(ms)
    for share in (0.01, 0.5, 0.95, 0.99):
        exact = delays[math.ceil(share * len(delays)) - 1]
        assert histogram.quantile_ms(share) == pytest.approx(exact, rel=0.011)
    assert histogram.mean_ms == pytest.approx(sum(delays) / len(delays))


def test_a_histogram_survives_its_json() -> None:
    histogram = Histogram()
    for ms in (0.0, 0.004, 3.0, 3.0, 250.0):
        histogram.add(ms)
    again = Histogram.from_json(histogram.to_json())
    assert list(again.steps()) == list(histogram.steps())
    assert (again.count, again.mean_ms) == (5, pytest.approx(histogram.mean_ms, rel=1e-3))


def test_an_empty_histogram_is_all_zero() -> None:
    assert (Histogram().quantile_ms(0.5), Histogram().mean_ms, Histogram().count) == (0, 0, 0)


def test_a_histogram_with_other_buckets_is_refused() -> None:
    with pytest.raises(ValueError, match="buckets"):
        Histogram.from_json({**Histogram().to_json(), "growth": 1.02})


# the schedule


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    assert exactly(1, 2, 10) == exactly(1, 2, 10) != exactly(2, 2, 10)
    first, again = endless(1, 2), endless(1, 2)
    assert [next(first) for _ in range(5)] == [next(again) for _ in range(5)]


def test_a_window_carries_as_many_messages_as_its_rate_says_in_order_and_inside() -> None:
    for rate, seconds in ((0.2, 20), (2, 10), (10, 10), (0.01, 1)):
        times = exactly(1, rate, seconds)
        assert len(times) == max(1, rate * seconds)
        assert times == sorted(times)
        assert 0 < times[0] < times[-1] < seconds or len(times) == 1


def test_gaps_are_exponential_so_that_no_poll_interval_is_in_phase() -> None:
    times = list(itertools.islice(endless(1, 5), 5000))
    gaps = [after - before for before, after in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    assert mean == pytest.approx(0.2, rel=0.05)
    assert deviation == pytest.approx(mean, rel=0.05)  # a fixed gap would have 0


def test_a_stamp_can_be_read_again_and_always_has_the_same_length() -> None:
    for due in (1795456708.572123, 1795456708.0):
        assert due_of({"text": stamped(due), "sent_at": 0.0}) == due
        assert len(stamped(due)) == TEXT_CHARACTERS
    assert due_of({"text": "hello", "sent_at": 5.0}) == 5.0


# the model


def predicted(transport: str, rate: float, users: int = 100):  # type: ignore[no-untyped-def]
    return predict(Load(transport, users, rate, poll_interval=1.0, hold=25.0), COSTS)


def test_short_polling_asks_as_often_whatever_is_said() -> None:
    assert (
        predicted("short-polling", 0.2).requests == predicted("short-polling", 10).requests == 100
    )


def test_long_polling_asks_once_a_message_when_messages_are_rare() -> None:
    assert predicted("long-polling", 2).requests == pytest.approx(200, rel=0.01)


def test_long_polling_asks_once_a_hold_when_nothing_is_said() -> None:
    assert predicted("long-polling", 1e-9).requests == pytest.approx(100 / 25, rel=0.01)


def test_long_polling_asks_less_than_once_a_message_when_messages_are_frequent() -> None:
    assert predicted("long-polling", 200).requests < 0.5 * 200 * 100


def test_what_is_pushed_asks_for_nothing() -> None:
    assert predicted("websocket", 10).requests == predicted("server-sent-events", 10).requests == 0


def test_the_long_poll_formula_agrees_with_a_simulation() -> None:
    """One reader against random messages: how many polls does it send?"""
    chance = random.Random(1)
    load = Load("long-polling", 1, 3.0, 1.0, hold=0.5)
    costs = Costs(0.0, 0, 0, 0.05, 0, 0)
    times = list(itertools.islice(endless(chance.randrange(9), load.rate), 30_000))
    now, polls, at = 0.0, 0, 0
    while at < len(times):
        polls += 1
        now += costs.round_trip + ASK_AGAIN_SECONDS
        if times[at] > now:
            now = min(times[at], now + load.hold)
        while at < len(times) and times[at] <= now:
            at += 1
    assert polls / now == pytest.approx(predict(load, costs).requests, rel=0.03)


def test_a_short_poll_is_late_by_half_an_interval_and_a_push_by_next_to_nothing() -> None:
    assert predicted("short-polling", 2).mean_delay_ms == pytest.approx(500, rel=0.01)
    assert predicted("websocket", 2).mean_delay_ms < 20


def test_polling_costs_cross_at_one_message_a_poll_interval() -> None:
    for interval in (0.5, 1.0, 4.0):
        rate = crossover_rate(interval)
        short = predict(Load("short-polling", 10, rate, interval, 1e9), COSTS).requests
        long = predict(Load("long-polling", 10, rate, interval, 1e9), COSTS).requests
        assert short == pytest.approx(long, rel=0.01)


# rounds


def said(cpu_seconds: float, delays_ms: Sequence[float], **more: Any) -> dict[str, Any]:
    """What a window of ten seconds with five messages could have said."""
    delivery = Histogram()
    for ms in delays_ms:
        delivery.add(ms)
    counted = {
        "seconds": 10.0,
        "cpu_seconds": cpu_seconds,
        "requests": 40,
        "published": 5,
        "arrived": 5,
    }
    generator = {"cpu_share": 0.2, "machine_busy": 0.5, "lag_p50_ms": 1.0, "lag_p99_ms": 2.0}
    return {
        **counted,
        **{"bytes_received": 100, "bytes_sent": 1000, "rss_bytes": 40_000_000, "loop_lag_ms": 1.0},
        **{"delivery": delivery.to_json(), "naive": Histogram().to_json()},
        **{"faults": {}, "failures": {}, "held": [(0.0, 5), (9.5, 7)]},
        "generator": generator | {"late_ms": 3.0},
    } | more


def test_rounds_of_a_cell_are_one_and_say_how_far_they_are_apart() -> None:
    late = {"cpu_share": 0.4, "machine_busy": 0.7, "lag_p50_ms": 1.0, "lag_p99_ms": 9.0}
    first = said(0.10, [10.0] * 3)
    second = said(0.12, [13.0] * 5, generator=late | {"late_ms": 0.0}, faults={"lost": 2})
    cell = Measured(Cell("long-polling", 0.5, 4), [first, second], None, 1.0, 25.0)
    assert (cell.deliveries, cell.lost, cell.requests_a_second) == (8, 2, 4.0)
    assert cell.cpu == pytest.approx(0.011)
    assert cell.delivery.quantile_ms(0.5) == pytest.approx(13.0, rel=0.011)
    assert cell.cpu_apart == pytest.approx(0.2)
    assert cell.median_apart == pytest.approx(0.3, abs=0.02)
    assert cell.said["generator"]["cpu_share"] == pytest.approx(0.3)
    assert cell.said["generator"]["lag_p99_ms"] == 9.0
    assert cell.said["held"] == [(0.0, 5), (9.5, 7), (10.0, 5), (19.5, 7)]
    assert "twice: its CPU came out up to 20 % apart" in findings.apart([cell])


def test_one_round_is_itself_and_says_nothing_of_any_other() -> None:
    cell = Measured(Cell("websocket", 0.5, 4), [only := said(0.1, [3.0])], None, 1.0, 25.0)
    assert cell.said is only
    assert (cell.cpu_apart, findings.apart([cell])) == (0.0, "")


def test_a_problem_in_one_round_is_the_cells() -> None:
    rounds = [said(0.1, [3.0]), {"problem": "the server died"}]
    cell = Measured(Cell("websocket", 0.5, 4), rounds, None, 1.0, 25.0)
    assert not cell.complete
    assert cell.problems == ["the server died"]


# findings and charts


def test_a_crossing_is_found_between_points_and_nowhere_else() -> None:
    falling = [(0.2, 5.0), (2.0, 0.5), (10.0, 0.1)]
    flat = [(0.2, 1.0), (2.0, 1.0), (10.0, 0.98)]
    assert findings.crossing(falling, flat) == pytest.approx(1.0)
    assert findings.crossing(flat, [(0.2, 2.0), (10.0, 2.0)]) is None
    assert findings.crossing([], flat) is None


def test_a_crossing_is_found_between_lines_measured_at_slightly_different_rates() -> None:
    falling = [(0.21, 1 / 0.21), (1.9, 1 / 1.9)]
    assert findings.crossing(falling, [(0.2, 1.0), (2.0, 1.0)]) == pytest.approx(1.0)


def test_each_rate_begins_with_another_transport_and_each_round_has_every_cell() -> None:
    plan = Plan(tuple(TRANSPORTS), (0.2, 2.0, 10.0), (100,), 10.0, rounds=2)
    turns = plan.turns()
    assert len(turns) == 24
    assert set(turns[:12]) == set(turns[12:])
    assert len(set(turns)) == 12
    firsts = [cell.transport for cell in turns[::4]]
    assert len(set(firsts)) == 4
    assert all(one != next_one for one, next_one in itertools.pairwise(firsts))


def test_rare_messages_get_a_longer_window() -> None:
    plan = Plan(tuple(TRANSPORTS), (0.2, 10.0), (100,), 10.0)
    assert plan.window_seconds(Cell("websocket", 0.1, 100)) == 20
    assert plan.window_seconds(Cell("websocket", 10, 100)) == 10


@pytest.mark.parametrize("most", [0.7, 1, 99, 100, 12345])
def test_an_axis_ends_at_or_above_its_greatest_value_with_a_handful_of_ticks(most: float) -> None:
    axis = charts.linear_axis("", most, str)
    assert axis.most >= most
    assert 2 <= len(axis.ticks) <= 7
    assert axis.place(axis.least) == 0
    assert axis.place(axis.most) == 1


def test_a_logarithmic_axis_holds_all_its_values() -> None:
    axis = charts.log_axis("", [0.03, 870.0], str)
    assert (axis.least, axis.most) == (0.01, 1000.0)
    assert 0 < axis.place(0.03) < axis.place(870) < 1
