"""The load tests' pure parts: what is counted, expected and drawn. No Locust, no server."""

from __future__ import annotations

import itertools
import json
import math
import random
import statistics
from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import replace

import pytest

from loadtests.client.batch import (
    LONGEST_WAIT_SECONDS,
    NotABatch,
    parse_batch,
    retry_after_seconds,
)
from loadtests.client.checker import DOUBLED, GAP, LATE_IDS, LOST, OUT_OF_ORDER, Checker
from loadtests.client.reading import Asks
from loadtests.client.schedule import endless, exactly
from loadtests.client.timestamped_text import TEXT_CHARACTERS, due_of, timestamped
from loadtests.report import charts, findings, lines, predictions
from loadtests.report.findings import milliseconds
from loadtests.results.case_result import CaseResult
from loadtests.results.expectations import Expectation, broken, worse
from loadtests.results.histogram import Histogram
from loadtests.results.model import (
    ASK_AGAIN_SECONDS,
    Costs,
    Load,
    Prediction,
    crossover_rate,
    predict,
)
from loadtests.results.plan import Case, Plan
from loadtests.results.results import Results
from loadtests.results.window_result import (
    Failed,
    GeneratorLoad,
    Outcome,
    WindowResult,
    outcome_from_json,
    outcome_to_json,
)
from loadtests.table import TRANSPORTS

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


def test_a_reported_gap_is_a_fault_and_what_it_skipped_is_lost() -> None:
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


def test_histograms_put_together_agree_with_the_sorted_delays_whatever_they_are() -> None:
    chance = random.Random(2)
    for kind in (chance.expovariate, lambda rate: chance.uniform(0.02, 90), chance.paretovariate):
        parts = [[kind(0.5) + 0.02 for _ in range(500)] for _ in range(4)]
        every = sorted(itertools.chain(*parts))
        whole = Histogram.together(Histogram.of(part) for part in parts)
        for percent in (1, 25, 50, 75, 95, 99):
            exact = every[math.ceil(percent / 100 * len(every)) - 1]
            assert exact <= whole.quantile_ms(percent / 100) * (1 + 1e-9) <= exact * 1.0101
        assert whole.mean_ms == pytest.approx(statistics.fmean(every))
        assert whole.count == len(every)


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
        assert due_of({"text": timestamped(due), "sent_at": 0.0}) == due
        assert len(timestamped(due)) == TEXT_CHARACTERS
    assert due_of({"text": "hello", "sent_at": 5.0}) == 5.0


# the model


def predicted(transport: str, rate: float, client: float = 0.0) -> Prediction:
    asks = TRANSPORTS[transport].asks
    return predict(Load(asks, 100, rate, 1.0, 25.0, client_seconds=client), COSTS)


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


def test_the_client_s_own_time_for_a_delivery_delays_what_is_pushed() -> None:
    alone, shared = predicted("websocket", 2), predicted("websocket", 2, client=0.0004)
    assert shared.mean_delay_ms - alone.mean_delay_ms == pytest.approx(100 * 0.4 / 2)
    assert shared.cpu == alone.cpu  # the server's


def test_locusts_own_time_for_a_delivery_is_taken_where_deliveries_are_many() -> None:
    few = replace(window(0.1, [1.0]), generator=GeneratorLoad(0.2, 0.5, 1.0, 2.0, 3.0))
    many = replace(few, arrived=500, generator=GeneratorLoad(0.3, 0.5, 1.0, 2.0, 3.0, 0.1))
    run = run_of(few, many)
    assert run.client_seconds("websocket") == pytest.approx((0.3 + 0.1) * 10 / 500)
    assert run.client_seconds("long-polling") == 0


def test_a_run_says_which_delays_the_model_expected() -> None:
    waited = replace(window(0.1, [30.0]), generator=GeneratorLoad(0.2, 0.5, 1.0, 2.0, 3.0, 0.25))
    run = replace(run_of(waited), costs={"websocket": COSTS})
    expected = run.cases[0].predicted
    assert expected is not None
    said = predictions.delays(run.cases, 0.5)
    assert f"{milliseconds(expected.mean_delay_ms)} over WebSocket, and it was 30 ms." in said
    assert said.endswith("Locust waited for a processor in 25 % of the time.")
    assert predictions.delays(run_of(waited).cases, 0.5) == ""


def test_what_is_pushed_asks_for_nothing() -> None:
    assert predicted("websocket", 10).requests == predicted("server-sent-events", 10).requests == 0


def test_the_long_poll_formula_agrees_with_a_simulation() -> None:
    """One reader against random messages: how many polls does it send?"""
    chance = random.Random(1)
    load = Load(Asks.AGAIN_AT_ONCE, 1, 3.0, 1.0, hold=0.5)
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
        short = predict(Load(Asks.EVERY_INTERVAL, 10, rate, interval, 1e9), COSTS).requests
        long = predict(Load(Asks.AGAIN_AT_ONCE, 10, rate, interval, 1e9), COSTS).requests
        assert short == pytest.approx(long, rel=0.01)


# repetitions


PLAN = Plan(tuple(TRANSPORTS), (0.5,), (4,), 10.0)


def window(cpu_seconds: float, delays_ms: Sequence[float]) -> WindowResult:
    """What a window of ten seconds with five messages could have measured."""
    return WindowResult(
        opened_at=1795456708.5,
        seconds=10.0,
        cpu_seconds=cpu_seconds,
        requests=40,
        bytes_received=100,
        bytes_sent=1000,
        rss_bytes=40_000_000,
        loop_lag_ms=1.0,
        published=5,
        arrived=5,
        delivery=Histogram.of(delays_ms),
        response_time=Histogram(),
        first_event=Histogram.of([4.0]),
        faults={},
        failures={},
        held=((0.0, 5), (9.5, 7)),
        generator=GeneratorLoad(0.2, 0.5, 1.0, 2.0, 3.0),
    )


def case_result(*outcomes: Outcome, transport: str = "websocket") -> CaseResult:
    return CaseResult(Case(transport, 0.5, 4), outcomes, None, PLAN)


def run_of(*outcomes: Outcome, transport: str = "websocket") -> Results:
    case = Case(transport, 0.5, 4)
    plan = replace(PLAN, transports=(transport,), repetitions=len(outcomes))
    return Results(plan, {}, "2026-11-26", windows=[(case, outcome) for outcome in outcomes])


def test_repetitions_of_a_case_are_one_and_say_how_far_they_spread() -> None:
    first = window(0.10, [10.0] * 3)
    late = GeneratorLoad(0.4, 0.7, 1.0, 9.0, 0.0)
    second = replace(window(0.12, [13.0] * 5), generator=late, faults={"lost": 2})
    result = case_result(first, second)
    assert (result.delivery.count, result.lost, result.requests_a_second) == (8, 2, 4.0)
    assert result.cpu == pytest.approx(0.011)
    assert result.delivery.quantile_ms(0.5) == pytest.approx(13.0, rel=0.011)
    assert result.cpu_spread == pytest.approx(0.2)
    assert result.median_spread == pytest.approx(0.3, abs=0.02)
    assert result.generator.cpu_share == pytest.approx(0.3)
    assert (result.generator.lag_p99_ms, result.generator.late_ms) == (9.0, 3.0)
    assert result.window.held == ((0.0, 5), (9.5, 7), (10.0, 5), (19.5, 7))
    assert "twice: its CPU came out up to 20 % apart" in findings.spread([result])


def test_one_repetition_is_itself_and_says_nothing_of_any_other() -> None:
    result = case_result(only := window(0.1, [3.0]))
    assert result.window is only
    assert (result.cpu_spread, findings.spread([result])) == (0.0, "")


def test_a_problem_in_one_repetition_is_the_case_s() -> None:
    result = case_result(window(0.1, [3.0]), Failed("the server died"))
    assert not result.complete
    assert result.problems == ["the server died"]


@pytest.mark.parametrize("outcome", [window(0.1, [3.0, 250.0]), Failed("the server died")])
def test_an_outcome_survives_its_json(outcome: Outcome) -> None:
    written = json.loads(json.dumps(outcome_to_json(outcome)))
    assert outcome_to_json(outcome_from_json(written)) == outcome_to_json(outcome)


# expectations


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("websocket.p95<50ms", None),
        ("websocket.p95 < 0.05s", None),
        ("any.lost<1", None),
        ("websocket.first<3", "it was 4.0"),
        ("websocket.p95<3ms", "over websocket at 0.5 msg/s with 4 users it was 10"),
        ("long-polling.p95<50ms", "no case of long-polling was measured"),
    ],
)
def test_a_limit_is_kept_or_a_sentence_says_where_it_is_broken(
    limit: str, words: str | None
) -> None:
    sentence = broken(run_of(window(0.1, [10.0] * 5)), [Expectation.read(limit)])
    assert (sentence is None) if words is None else (words in str(sentence))


def test_a_case_that_can_t_be_judged_keeps_no_limit() -> None:
    limit = [Expectation.read("websocket.p95<50ms")]
    assert "the server died" in str(broken(run_of(Failed("the server died")), limit))
    busy = replace(window(0.1, [1.0]), generator=GeneratorLoad(0.99, 1.0, 1.0, 2.0, 3.0))
    assert "Locust used 99 % of a core" in str(broken(run_of(busy), limit))


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("websocket", "is no limit like"),
        ("pigeon.p95<1ms", "no transport 'pigeon'"),
        ("websocket.p42<1ms", "no measure 'p42'"),
        ("websocket.p95<1.2.3", "is no limit like"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(limit: str, words: str) -> None:
    with pytest.raises(ArgumentTypeError, match=words):
        Expectation.read(limit)


def test_a_run_is_worse_than_a_kept_one_only_beyond_their_spread() -> None:
    kept = run_of(window(0.10, [10.0] * 5), window(0.10, [16.0] * 5))  # spreads by 60 %
    assert worse(kept, kept) is None
    assert worse(run_of(window(0.10, [15.0] * 5)), kept) is None
    assert "the median delay in ms is worse" in str(worse(run_of(window(0.1, [30.0] * 5)), kept))
    assert "the CPU a delivery in ms is worse" in str(worse(run_of(window(0.2, [9.0] * 5)), kept))
    assert worse(run_of(window(9.0, [99.0] * 5), transport="long-polling"), kept) is None


# findings and charts


def test_a_crossing_is_found_between_points_and_nowhere_else() -> None:
    falling = [(0.2, 5.0), (2.0, 0.5), (10.0, 0.1)]
    flat = [(0.2, 1.0), (2.0, 1.0), (10.0, 0.98)]
    assert lines.crossing(falling, flat) == pytest.approx(1.0)
    assert lines.crossing(flat, [(0.2, 2.0), (10.0, 2.0)]) is None
    assert lines.crossing([], flat) is None


def test_a_crossing_is_found_between_lines_measured_at_slightly_different_rates() -> None:
    falling = [(0.21, 1 / 0.21), (1.9, 1 / 1.9)]
    assert lines.crossing(falling, [(0.2, 1.0), (2.0, 1.0)]) == pytest.approx(1.0)


def test_each_rate_begins_with_another_transport_and_each_repetition_has_every_case() -> None:
    plan = Plan(tuple(TRANSPORTS), (0.2, 2.0, 10.0), (100,), 10.0, repetitions=2)
    turns = plan.turns()
    assert len(turns) == 24
    assert set(turns[:12]) == set(turns[12:])
    assert len(set(turns)) == 12
    firsts = [case.transport for case in turns[::4]]
    assert len(set(firsts)) == 4
    assert all(one != next_one for one, next_one in itertools.pairwise(firsts))


def test_rare_messages_get_a_longer_window() -> None:
    plan = Plan(tuple(TRANSPORTS), (0.2, 10.0), (100,), 10.0)
    assert plan.window_seconds(Case("websocket", 0.1, 100)) == 20
    assert plan.window_seconds(Case("websocket", 10, 100)) == 10


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


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_WAIT_SECONDS),
        ("9" * 400, LONGEST_WAIT_SECONDS),
        *[
            (value, 0.0)
            for value in ("", "soon", "-5", "nan", "1e9", "Mon, 01 Jan 0001 00:00:00 -0000")
        ],
    ],
)
def test_a_retry_after_is_a_number_or_a_date_and_never_a_surprise(
    value: str, seconds: float
) -> None:
    assert retry_after_seconds(value) == seconds


@pytest.mark.parametrize(
    "messages",
    [
        "{}",
        "[1]",
        "[null]",
        "[{}]",
        '[{"id": 1, "text": 5, "sent_at": 1}]',
        '[{"id": 1, "text": "", "sent_at": "x"}]',
    ],
)
def test_json_of_another_shape_is_no_batch(messages: str) -> None:
    batch = '{"type": "batch", "cursor": "x", "gap": false, "more": false, "messages": %s}'
    assert parse_batch(batch % "[]")["messages"] == []
    with pytest.raises(NotABatch):
        parse_batch(batch % messages)
