"""Planned figures: cost by country, requests, time at the gateway's pace, who is late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smscli.domain.campaign import Rates
from smscli.domain.message import Realm
from smscli.domain.ports import CountryTally, Leaving, PlanTally
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateScope, RateUnit
from smscli.engine.forecast import Forecast, forecast

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RATES = Rates("EUR", {"PL": Decimal("0.03"), "GR": Decimal("0.05")})
PROFILE = GatewayProfile("g", Realm.LIVE, BatchMode.LIST, 100, 4, (), None, True)
TALLY = PlanTally(
    contacts=250,
    to_send=250,
    segments=300,
    by_country=(CountryTally("PL", 200, 220), CountryTally("GR", 50, 80)),
)
LATER = NOW + timedelta(days=30)
PER_SENDER = RateScope.SENDER


def work_out(
    *limits: Rate, rates: Rates | None = RATES, mode: BatchMode = BatchMode.LIST, plan: Iterable[Leaving] = ()
) -> Forecast:
    return forecast(TALLY, rates, replace(PROFILE, batch=mode, rates=limits), plan, NOW)


def test_cost_is_segments_times_the_rate_of_their_country() -> None:
    figures = work_out()
    assert figures.cost == Decimal("10.60")
    assert figures.cost_by_country == (("PL", Decimal("6.60")), ("GR", Decimal("4.00")))
    assert figures.unpriced == ()


def test_a_country_without_a_rate_is_named() -> None:
    assert work_out(rates=Rates("EUR", {"PL": Decimal("0.03")})).unpriced == ("GR",)
    assert work_out(rates=Rates("EUR", {}, Decimal("0.1"))).unpriced == ()
    assert work_out(rates=None).unpriced == ("PL", "GR")


def test_one_message_a_request_needs_no_walk_through_the_plan() -> None:
    plan = (pytest.fail("the plan was walked through") for _ in range(1))
    assert work_out(mode=BatchMode.ONE, plan=plan).requests == 250


@pytest.mark.parametrize(
    ("mode", "plan", "requests"),
    [
        (BatchMode.LIST, [("S", "", 250)], 10),  # 1, 1, 2, 4, 8, 16, 32, 64, 100, 22
        (BatchMode.LIST, [("S", "", 100), ("T", "", 150)], 10),
        (BatchMode.MERGE, [("S", "", 4), ("T", "", 4), ("U", "", 7), ("S", "", 1)], 6),
        (BatchMode.FANOUT, [("S", "a", 100), ("S", "b", 100), ("T", "b", 50)], 11),
        (BatchMode.FANOUT, [("S", "a", 2), ("S", "a", 2)], 3),
        (BatchMode.FANOUT, [("S", str(place), 1) for place in range(50)], 50),
        (BatchMode.LIST, [], 0),
    ],
)
def test_requests_begin_small_and_end_where_no_other_may_join(
    mode: BatchMode, plan: list[tuple[str, str, int]], requests: int
) -> None:
    leaving = [Leaving(LATER, 1, sender, text, many) for sender, text, many in plan]
    assert work_out(mode=mode, plan=leaving).requests == requests


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ([Rate(10)], 24.1),
        ([Rate(10, RateUnit.SEGMENT)], 49.2),  # five messages of two segments a second
        ([Rate(0.5, RateUnit.REQUEST)], 500),
        ([Rate(10), Rate(1, RateUnit.REQUEST)], 250),
        ([Rate(10, per=PER_SENDER)], 24.1),
    ],
)
def test_time_is_what_the_gateway_counts_at_its_pace(limits: list[Rate], seconds: float) -> None:
    plan = [Leaving(LATER, 2, "S", "", 250)]
    figures = work_out(*limits, mode=BatchMode.ONE, plan=plan)
    assert figures.duration == timedelta(seconds=seconds)
    assert figures.requests == 250


def test_senders_with_a_pace_each_leave_side_by_side() -> None:
    plan = [Leaving(LATER, 1, sender, "", 10) for _ in range(10) for sender in "AB"]
    figures = work_out(Rate(10, per=PER_SENDER), mode=BatchMode.ONE, plan=plan)
    assert figures.last_leaves_at == NOW + timedelta(seconds=9)
    both = work_out(Rate(10, per=PER_SENDER), Rate(10), mode=BatchMode.ONE, plan=plan)
    assert both.last_leaves_at == NOW + timedelta(seconds=19)


def test_a_pace_slower_than_calendars_last_is_told_as_centuries() -> None:
    plan = [Leaving(NOW + timedelta(days=1), 1)] * 3
    figures = work_out(Rate(1e-300), plan=plan)
    assert figures.duration == timedelta(seconds=1e10)
    assert figures.last_leaves_at == NOW + timedelta(seconds=1e10)
    assert figures.late == 2


def test_without_a_pace_no_time_is_claimed() -> None:
    figures = work_out()
    assert (figures.duration, figures.last_leaves_at, figures.first_closes_at) == (None, None, None)


def test_who_would_leave_after_their_window_is_counted_and_the_first_that_closes_is_named() -> None:
    deadlines = [NOW + timedelta(seconds=seconds) for seconds in (1, 1, 3, 2, 100)]
    plan = [Leaving(at, 1) for at in deadlines]
    figures = work_out(Rate(1), mode=BatchMode.ONE, plan=plan)
    assert figures.late == 2  # the second and the fourth
    assert figures.first_closes_at == NOW + timedelta(seconds=1)
    assert figures.last_leaves_at == NOW + timedelta(seconds=4)


@pytest.mark.parametrize(
    ("rate", "mode", "seconds"),
    [
        (Rate(2, RateUnit.MESSAGE), BatchMode.LIST, 1),
        (Rate(1, RateUnit.SEGMENT), BatchMode.LIST, 4),
        (Rate(0.5, RateUnit.REQUEST), BatchMode.ONE, 4),
        (Rate(0.5, RateUnit.REQUEST), BatchMode.LIST, 4),
    ],
)
def test_the_last_message_leaves_when_those_before_it_have(
    rate: Rate, mode: BatchMode, seconds: float
) -> None:
    plan = [Leaving(NOW + timedelta(hours=1), segments) for segments in (1, 3, 1)]
    figures = work_out(rate, mode=mode, plan=plan)
    assert figures.last_leaves_at == NOW + timedelta(seconds=seconds)
    assert (figures.late, figures.first_closes_at) == (0, None)


def test_of_nobody_no_last_moment_is_told() -> None:
    assert work_out(Rate(1)).last_leaves_at is None
