"""Who could be texted sooner if the list had a zone column: whoever waits for a second clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from smscli.domain.contact import Contact
from smscli.domain.message import Realm
from smscli.domain.msisdn import parse
from smscli.domain.quiet_hours import HolidayRule, QuietHours, parse_window
from smscli.engine.planning import Findings, Planner
from smscli.sentlog.plan import SqlitePlan
from tests.domain.test_rules import CAMPAIGN
from tests.domain.test_rules import CONTACT as OLA


def daily(window: str) -> QuietHours:
    return QuietHours(((parse_window(window),),) * 7, HolidayRule.IGNORE)


#: 09:30 in New York, 08:30 in Chicago.
MORNING = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
FLORIDA, CAPITAL = "+18505550101", "+12025550101"


@pytest.fixture
def plan() -> Iterator[SqlitePlan]:
    with closing(SqlitePlan()) as made:
        yield made


def planned(
    plan: SqlitePlan,
    *contacts: Contact,
    now: datetime = MORNING,
    expires: datetime | None = None,
    window: str = "09:00-20:00",
) -> Findings:
    campaign = replace(CAMPAIGN, quiet_hours=daily(window), caps=(), expires=expires, countries=None)
    ids = count()
    planner = Planner(
        campaign=campaign, realm=Realm.LIVE, log=None, now=now, new_id=lambda: f"planned-{next(ids)}"
    )
    return planner.fill(plan, contacts)


def who(number: str, row: int = 1, zone: str | None = None) -> Contact:
    return replace(OLA, row=row, line=row + 1, number=parse(number, None), zone=zone)


def test_people_in_one_of_two_clocks_are_counted_by_country(plan: SqlitePlan) -> None:
    held = [who(FLORIDA), who("+18505550102", 2), who(CAPITAL, 3)]
    assert planned(plan, *held).sooner_with_zone == {"US": 2}
    assert plan.tally().held == {"quiet_hours": 2}


@pytest.mark.parametrize(
    "contact",
    [
        who(CAPITAL),  # open
        who(FLORIDA, zone="America/Chicago"),  # closed, and the list says where
        who("+13125550101"),  # one clock, closed until nine
        who(FLORIDA, zone="Europe/Warsaw"),  # a zone column there is already
    ],
)
def test_nobody_whom_a_zone_would_not_help_is_counted(plan: SqlitePlan, contact: Contact) -> None:
    assert not planned(plan, contact).sooner_with_zone


def test_nobody_is_counted_while_every_clock_says_night(plan: SqlitePlan) -> None:
    assert not planned(plan, who(FLORIDA), now=MORNING - timedelta(hours=5)).sooner_with_zone


def test_nobody_is_counted_for_a_campaign_that_has_expired(plan: SqlitePlan) -> None:
    expired = MORNING - timedelta(days=1)
    assert not planned(plan, who(FLORIDA), expires=expired).sooner_with_zone


def test_whoever_never_finds_all_clocks_open_is_counted_too(plan: SqlitePlan) -> None:
    anywhere = who("+15005550101")  # Guam to St John's
    assert planned(plan, anywhere, window="09:00-12:00").sooner_with_zone == {"US": 1}
    assert plan.tally().skipped == {"never_open": 1}


def test_a_duplicate_is_counted_once(plan: SqlitePlan) -> None:
    assert planned(plan, who(FLORIDA), who(FLORIDA, 2)).sooner_with_zone == {"US": 1}
