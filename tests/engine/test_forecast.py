"""Planned figures: cost by country, requests at full batches, time at the gateway's pace, who is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smscli.domain.campaign import Rates
from smscli.domain.message import Realm
from smscli.domain.ports import CountryTally, Leaving, PlanTally
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateUnit
from smscli.engine.forecast import Forecast, forecast

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RATES = Rates("EUR", {"PL": Decimal("0.03"), "GR": Decimal("0.05")})
PROFILE = GatewayProfile("g", Realm.LIVE, BatchMode.LIST, 100, 4, (), None, True)
TALLY = PlanTally(
    contacts=250,
    to_send=250,
    segments=300,
    by_country=(CountryTally("PL", 200, 220), CountryTally("GR", 50, 80)),
    groups=(250,),
)


def work_out(rate: Rate | None = None, rates: Rates | None = RATES, tally: PlanTally = TALLY) -> Forecast:
    return forecast(tally, rates, replace(PROFILE, rates=() if rate is None else (rate,)), iter(()), NOW)


def test_cost_is_segments_times_the_rate_of_their_country() -> None:
    figures = work_out()
    assert figures.cost == Decimal("10.60")
    assert figures.cost_by_country == (("PL", Decimal("6.60")), ("GR", Decimal("4.00")))
    assert figures.unpriced == ()


def test_a_country_without_a_rate_is_named() -> None:
    assert work_out(rates=Rates("EUR", {"PL": Decimal("0.03")})).unpriced == ("GR",)
    assert work_out(rates=Rates("EUR", {}, Decimal("0.1"))).unpriced == ()
    assert work_out(rates=None).unpriced == ("PL", "GR")


@pytest.mark.parametrize(
    ("mode", "groups", "requests"),
    [
        (BatchMode.ONE, (250,), 250),
        (BatchMode.LIST, (250,), 3),
        (BatchMode.FANOUT, (101, 100, 49), 4),
    ],
)
def test_requests_are_counted_at_full_batches(
    mode: BatchMode, groups: tuple[int, ...], requests: int
) -> None:
    figures = forecast(replace(TALLY, groups=groups), None, replace(PROFILE, batch=mode), iter(()), NOW)
    assert figures.requests == requests


@pytest.mark.parametrize(
    ("rate", "seconds"),
    [
        (Rate(10, RateUnit.MESSAGE), 25),
        (Rate(10, RateUnit.SEGMENT), 30),
        (Rate(0.5, RateUnit.REQUEST), 6),
    ],
)
def test_time_is_what_the_gateway_counts_at_its_pace(rate: Rate, seconds: float) -> None:
    assert work_out(rate).duration == timedelta(seconds=seconds)


def test_a_pace_slower_than_calendars_last_is_told_as_centuries() -> None:
    plan = [Leaving(NOW + timedelta(days=1), 1)] * 3
    figures = forecast(TALLY, None, replace(PROFILE, rates=(Rate(1e-300),)), plan, NOW)
    assert figures.duration == timedelta(seconds=1e10)
    assert figures.last_leaves_at == NOW + timedelta(seconds=1e10)
    assert figures.late == 2


def test_without_a_pace_no_time_is_claimed() -> None:
    figures = work_out()
    assert (figures.duration, figures.last_leaves_at, figures.first_closes_at) == (None, None, None)


def test_who_would_leave_after_their_window_is_counted_and_the_first_that_closes_is_named() -> None:
    one = replace(PROFILE, batch=BatchMode.ONE, rates=(Rate(1),))
    deadlines = [NOW + timedelta(seconds=seconds) for seconds in (1, 1, 3, 2, 100)]
    plan = [Leaving(at, 1) for at in deadlines]
    figures = forecast(TALLY, None, one, plan, NOW)
    assert figures.late == 2  # the second and the fourth
    assert figures.first_closes_at == NOW + timedelta(seconds=1)
    assert figures.last_leaves_at == NOW + timedelta(seconds=4)


@pytest.mark.parametrize(
    ("rate", "mode", "seconds"),
    [
        (Rate(2, RateUnit.MESSAGE), BatchMode.LIST, 1),
        (Rate(1, RateUnit.SEGMENT), BatchMode.LIST, 4),
        (Rate(0.5, RateUnit.REQUEST), BatchMode.ONE, 4),
        (Rate(0.5, RateUnit.REQUEST), BatchMode.LIST, 0.04),
    ],
)
def test_the_last_message_leaves_when_those_before_it_have(
    rate: Rate, mode: BatchMode, seconds: float
) -> None:
    plan = [Leaving(NOW + timedelta(hours=1), segments) for segments in (1, 3, 1)]
    figures = forecast(TALLY, None, replace(PROFILE, batch=mode, rates=(rate,)), plan, NOW)
    assert figures.last_leaves_at == NOW + timedelta(seconds=seconds)
    assert (figures.late, figures.first_closes_at) == (0, None)


def test_of_nobody_no_last_moment_is_told() -> None:
    assert forecast(TALLY, None, replace(PROFILE, rates=(Rate(1),)), [], NOW).last_leaves_at is None
