"""Planned figures: cost by country, requests at full batches, time at the gateway's pace, who is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from smscli.domain.campaign import Rates
from smscli.domain.message import Realm
from smscli.domain.ports import CountryTally, PlanTally
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateUnit
from smscli.engine.forecast import Forecast, forecast
from tests.engine.making import message

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RATES = Rates("EUR", {"PL": Decimal("0.03"), "GR": Decimal("0.05")})
PROFILE = GatewayProfile("g", Realm.LIVE, BatchMode.LIST, 100, 4, None, None, True)
TALLY = PlanTally(
    contacts=250,
    to_send=250,
    segments=300,
    by_country=(CountryTally("PL", 200, 220), CountryTally("GR", 50, 80)),
    groups=(250,),
)


def work_out(rate: Rate | None = None, rates: Rates | None = RATES, tally: PlanTally = TALLY) -> Forecast:
    return forecast(tally, rates, replace(PROFILE, rate=rate), iter(()), NOW)


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


def test_without_a_pace_no_time_is_claimed() -> None:
    assert work_out().duration is None


def test_who_would_leave_after_their_window_is_counted() -> None:
    one = replace(PROFILE, batch=BatchMode.ONE, rate=Rate(1))
    deadlines = [NOW + timedelta(seconds=seconds) for seconds in (1, 2, 2, 100)]
    plan = [message(index, deadline=at) for index, at in enumerate(deadlines)]
    assert forecast(TALLY, None, one, plan, NOW).late == 1
