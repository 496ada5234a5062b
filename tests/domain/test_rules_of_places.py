"""A campaign under the rules of places: its own hours, caps and levels, and theirs besides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from smscli.domain.campaign import Campaign, ConsentPolicy, Limits, Purpose, SameText, Senders
from smscli.domain.contact import ConsentLevel as Level
from smscli.domain.contact import Contact
from smscli.domain.decision import Decision, Hold, HoldReason, Send
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, Facts, Recent
from smscli.domain.quiet_hours import HolidayRule, QuietHours, Window
from smscli.domain.rules import Case, decide
from smscli.domain.template import compile_text
from smscli.files.rule_files import load_country_rules

ALWAYS = QuietHours(((Window(0, 24 * 60),),) * 7, HolidayRule.IGNORE, timedelta())
CAMPAIGN = Campaign(
    id="spring",
    brand="Green Garage",
    purpose=Purpose.TRANSACTIONAL,
    topic="offers",
    senders=Senders("Garage"),
    texts={"en": compile_text("Green Garage: hello")},
    default_language="en",
    fallback=False,
    consent=ConsentPolicy(Level.NONE),
    quiet_hours=ALWAYS,
    caps=(),
    limits=Limits(),
    same_text=SameText.WARN,
    rates=None,
    country_rules=load_country_rules(),
)
FREE = replace(CAMPAIGN, country_rules=None)
FLORIDA, BOGOTA = Msisdn("+13055550123", "US"), Msisdn("+573001234567", "CO")
#: A Tuesday, 20:30 in Florida, whose hours end at 20:00; and the same day at noon.
EVENING = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)


def ask(number: Msisdn, campaign: Campaign, now: datetime, facts: Facts = NO_FACTS) -> Decision:
    ids = count(1)
    return decide(Case(Contact(1, 2, number), campaign, now, facts), lambda: f"m{next(ids)}")


def sent(*ago: timedelta, purpose: str = "transactional") -> Facts:
    return Facts(
        recent=tuple(Recent(NOON - each, "x", "y", "z", purpose) for each in sorted(ago, reverse=True))
    )


def test_the_hours_of_the_place_hold_beside_the_campaigns() -> None:
    assert isinstance(ask(FLORIDA, FREE, EVENING), Send)
    held = ask(FLORIDA, CAMPAIGN, EVENING)
    assert isinstance(held, Hold)
    assert (held.reason, held.until) == (HoldReason.QUIET_HOURS, datetime(2026, 11, 25, 13, tzinfo=UTC))


def test_they_hold_without_any_hours_of_the_campaign_too() -> None:
    assert isinstance(ask(FLORIDA, replace(CAMPAIGN, quiet_hours=None), EVENING), Hold)


HOURS = [timedelta(hours=each) for each in (1, 2, 3, 23)]


@pytest.mark.parametrize(
    ("facts", "allowed"),
    [
        (sent(*HOURS[:2]), True),
        (sent(*HOURS[:3]), False),
        (sent(*HOURS[:2], timedelta(hours=25)), True),
        (sent(*HOURS[:3], purpose="marketing"), True),  # the law is about messages of one kind
    ],
)
def test_the_cap_of_the_place_holds_though_the_campaign_has_none(facts: Facts, allowed: bool) -> None:
    """Florida: three in 24 hours."""
    assert isinstance(ask(FLORIDA, FREE, NOON, facts), Send)
    assert isinstance(ask(FLORIDA, CAMPAIGN, NOON, facts), Send) is allowed


def test_the_claim_is_told_the_caps_of_the_place_and_whose_day_counts() -> None:
    here, there = ask(FLORIDA, CAMPAIGN, NOON), ask(BOGOTA, CAMPAIGN, NOON)
    assert isinstance(here, Send)
    assert isinstance(there, Send)
    assert [(own.cap.at_most, own.cap.of, own.zones) for own in here.message.caps] == [
        (3, "Florida, law", ())
    ]
    assert [own.zones for own in there.message.caps] == [("America/Bogota",)]
    free = ask(FLORIDA, FREE, NOON)
    assert isinstance(free, Send)
    assert free.message.caps == ()


@pytest.mark.parametrize(
    ("campaign", "zone", "grounds"),
    [
        (CAMPAIGN, None, "America/New_York; hours of the campaign, US, US-FL"),
        (FREE, None, "America/New_York; hours of the campaign"),
        (CAMPAIGN, "America/Chicago", "America/Chicago (stated); hours of the campaign, US, US-FL"),
        (replace(CAMPAIGN, quiet_hours=None), None, "America/New_York; hours of US, US-FL"),
        (replace(FREE, quiet_hours=None), None, "at any hour"),
    ],
)
def test_a_message_remembers_by_which_clocks_and_whose_hours(
    campaign: Campaign, zone: str | None, grounds: str
) -> None:
    ids = count(1)
    case = Case(Contact(1, 2, FLORIDA, zone=zone), campaign, NOON)
    decision = decide(case, lambda: f"m{next(ids)}")
    assert isinstance(decision, Send)
    assert decision.message.grounds == grounds
