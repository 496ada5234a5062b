"""Caps of one recipient, and a no since the plan: asked inside the claim, the same for every sent log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod, CapScope, FrequencyCap, LocalCap
from smscli.domain.message import State
from smscli.domain.ports import SentLog, Terms

from .making import ANNA, BEN, DAY, HOUR, NOW, TERMS, claimed, message, sent

FLORIDA = FrequencyCap(1, DAY, CapScope.PURPOSE, "Florida")
COLOMBIA = FrequencyCap(1, CalendarPeriod.DAY, CapScope.PURPOSE, "Colombia")


def earlier(log: SentLog, *, ago: timedelta = HOUR, **changes: Any) -> None:
    """A message to Anna of another campaign, whose run has another purpose or topic if told."""
    terms = replace(TERMS, campaign_id="another", run_id="run-0", **changes)
    first = message(ANNA, "Something else.", campaign_id="another")
    assert claimed(log, first, terms=terms, now=NOW - ago)


@pytest.mark.parametrize("scope", CapScope)
@pytest.mark.parametrize(
    ("changes", "counting"),
    [
        ({}, set(CapScope)),
        ({"topic": "offers"}, {CapScope.EVERYTHING, CapScope.PURPOSE}),
        ({"purpose": "transactional"}, {CapScope.EVERYTHING, CapScope.TOPIC}),
        ({"purpose": "transactional", "topic": "workshop"}, {CapScope.EVERYTHING}),
    ],
)
@pytest.mark.parametrize("of_one", [False, True])
def test_a_cap_counts_what_it_says(
    log: SentLog, changes: dict[str, Any], counting: set[CapScope], scope: CapScope, of_one: bool
) -> None:
    earlier(log, **changes)
    cap = FrequencyCap(1, DAY, scope)
    terms: Terms = TERMS if of_one else replace(TERMS, caps=(cap,))
    now = message(ANNA, caps=(LocalCap(cap, ()),) if of_one else ())
    assert claimed(log, now, terms=terms) == ([] if scope in counting else [now.id])


def test_a_cap_of_one_holds_nobody_else(log: SentLog) -> None:
    earlier(log)
    sent(log, BEN, now=NOW - HOUR)
    anna, ben = message(ANNA, caps=(LocalCap(FLORIDA, ()),)), message(BEN)
    assert claimed(log, anna, ben) == [ben.id]


def test_the_strictest_of_several_counts(log: SentLog) -> None:
    earlier(log)
    caps = (LocalCap(FrequencyCap(9, DAY), ()), LocalCap(FLORIDA, ()))
    assert claimed(log, message(ANNA, caps=caps)) == []


@pytest.mark.parametrize(("ago", "won"), [(timedelta(hours=4), False), (timedelta(hours=6), True)])
def test_a_calendar_day_is_the_recipients(log: SentLog, ago: timedelta, won: bool) -> None:
    """NOW is 10:00 UTC: in Bogota it is 05:00, and the day began five hours ago."""
    earlier(log, ago=ago)
    one = message(ANNA, caps=(LocalCap(COLOMBIA, ("America/Bogota",)),))
    assert bool(claimed(log, one)) is won


def test_a_message_that_was_not_taken_does_not_count(log: SentLog) -> None:
    sent(log, ANNA, now=NOW - HOUR, state=State.RELEASED)
    one = message(ANNA, caps=(LocalCap(FLORIDA, ()),))
    assert claimed(log, one) == [one.id]


def test_a_message_in_doubt_counts(log: SentLog) -> None:
    sent(log, ANNA, now=NOW - HOUR, state=State.IN_DOUBT)
    assert claimed(log, message(ANNA, caps=(LocalCap(FLORIDA, ()),))) == []


def no(**changes: object) -> ConsentRecord:
    made = ConsentRecord(ANNA, ConsentLevel.NONE, NOW - DAY, ConsentMethod.WEB_FORM)
    return replace(made, **changes)  # type: ignore[arg-type]


PLANNED = replace(TERMS, planned_at=NOW - HOUR)


@pytest.mark.parametrize(
    ("record", "recorded", "won"),
    [
        (no(), timedelta(), False),
        (no(), -HOUR, False),
        (no(), -2 * HOUR, False),  # committed since, maybe, by an import that began before
        (no(topics=("service-reminders",)), timedelta(), False),
        (no(topics=("offers",)), timedelta(), True),
        (no(purpose="marketing"), timedelta(), False),
        (no(purpose="transactional"), timedelta(), True),
        (no(number=BEN), timedelta(), True),
        (no(level=ConsentLevel.SOFT), timedelta(), True),
    ],
)
def test_a_no_since_the_plan_lets_nothing_out(
    log: SentLog, record: ConsentRecord, recorded: timedelta, won: bool
) -> None:
    log.record_consents([record], NOW + recorded)
    assert bool(claimed(log, message(ANNA), terms=PLANNED)) is won


@pytest.mark.parametrize(
    ("yes_at", "recorded", "won"),
    [
        (NOW - 2 * DAY, -2 * HOUR, False),  # before the no
        (NOW - DAY, -2 * HOUR, False),  # of the same moment
        (NOW - DAY + HOUR, -2 * HOUR, True),
        (NOW - DAY + HOUR, timedelta(), False),  # the plan has weighed neither
    ],
)
def test_only_a_later_yes_takes_a_no_back(
    log: SentLog, yes_at: datetime, recorded: timedelta, won: bool
) -> None:
    yes = no(level=ConsentLevel.EXPRESS, at=yes_at)
    log.record_consents([no(), yes], NOW + recorded)
    assert bool(claimed(log, message(ANNA), terms=PLANNED)) is won


def test_a_later_yes_about_something_else_takes_no_no_back(log: SentLog) -> None:
    yes = no(level=ConsentLevel.EXPRESS, at=NOW - HOUR, topics=("offers",))
    log.record_consents([no(), yes], NOW - 2 * HOUR)
    assert claimed(log, message(ANNA)) == []
    assert claimed(log, message(ANNA), terms=replace(TERMS, topic="offers"))
