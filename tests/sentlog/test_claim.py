"""Who may be claimed, and who may not: the same for every sent log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import LogFilter, SentLog, Terms

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, batch, claimed, message, sent, settle, stop

MILLISECOND = timedelta(milliseconds=1)
TWICE_A_MONTH = FrequencyCap(2, 30 * DAY)
ONCE_A_MONTH = FrequencyCap(1, 30 * DAY)
ONCE_A_WEEK = FrequencyCap(1, 7 * DAY)
CAPPED = replace(TERMS, caps=(TWICE_A_MONTH,))
SPACED = replace(TERMS, caps=(ONCE_A_WEEK,))
SAME_TEXT = replace(TERMS, same_text_within=7 * DAY)


def test_a_new_number_is_claimed_once(log: SentLog) -> None:
    first, again = message(ANNA), message(ANNA)
    assert claimed(log, first) == [first.id]
    assert claimed(log, again) == []
    assert [one.id for one in log.messages(LogFilter())] == [first.id]


def test_winners_and_losers_of_several_requests_are_told_apart(log: SentLog) -> None:
    sent(log, BEN, now=NOW, campaign=TERMS.campaign_id)
    anna, ben, celia = message(ANNA), message(BEN), message(CELIA)
    won = log.claim([batch(anna, ben), batch(celia)], TERMS, NOW)
    assert won == {anna.id, celia.id}


def test_a_number_twice_in_one_claim_wins_once(log: SentLog) -> None:
    first, second = message(ANNA), message(ANNA, "Other words.")
    assert log.claim([batch(first), batch(second)], TERMS, NOW) == {first.id}


def test_nothing_to_claim_is_no_trouble(log: SentLog) -> None:
    assert log.claim([], TERMS, NOW) == frozenset()
    assert log.newest_at() is None


@pytest.mark.parametrize("state", [*State])
def test_only_a_released_message_can_be_claimed_again(log: SentLog, state: State) -> None:
    before = sent(log, ANNA, now=NOW, campaign=TERMS.campaign_id, state=None)
    if state is not State.SUBMITTING:
        settle(log, before, state)
    after = message(ANNA, "New words.", language="pl")
    assert claimed(log, after, now=NOW + DAY) == ([after.id] if state is State.RELEASED else [])


def test_a_rejected_message_is_claimed_again_only_by_name(log: SentLog) -> None:
    sent(log, ANNA, now=NOW, campaign=TERMS.campaign_id, state=State.REJECTED)
    sent(log, BEN, now=NOW, campaign=TERMS.campaign_id, state=State.ACCEPTED)
    again = replace(TERMS, again_rejected=True)
    anna, ben = message(ANNA), message(BEN)
    assert claimed(log, anna) == []
    assert claimed(log, anna, ben, terms=again) == [anna.id]


def test_a_message_claimed_again_leaves_nothing_of_the_one_before(log: SentLog) -> None:
    before = message(ANNA)
    claimed(log, before)
    log.settle([Receipt(before.id, State.RELEASED, "ref", "429", "slow down", segments=3)], NOW)
    after = message(ANNA, "New words.", language="pl", sender="Garage", evidence="other")
    claimed(log, after, terms=replace(TERMS, run_id="run-2", topic="tyres"), now=NOW + DAY)
    (found,) = log.messages(LogFilter())
    assert (found.id, found.state, found.run_id, found.topic) == (
        after.id,
        State.SUBMITTING,
        "run-2",
        "tyres",
    )
    assert (found.gateway_ref, found.code, found.detail, found.gateway_segments) == ("", "", "", None)
    assert (found.language, found.sender, found.evidence) == ("pl", "Garage", "other")
    assert found.claimed_at == found.at > NOW


@pytest.mark.parametrize("topic", ["", TERMS.topic])
def test_an_opt_out_of_everything_or_of_the_topic_stands_against_a_claim(log: SentLog, topic: str) -> None:
    log.opt_out([stop(ANNA, topic)])
    ben = message(BEN)
    assert claimed(log, message(ANNA), ben) == [ben.id]


def test_an_opt_out_of_another_topic_does_not(log: SentLog) -> None:
    log.opt_out([stop(ANNA, "newsletter")])
    assert claimed(log, message(ANNA))


@pytest.mark.parametrize("topic", ["", TERMS.topic])
def test_an_opt_out_of_another_list_stands_against_a_claim(log: SentLog, topic: str) -> None:
    assert log.heed([stop(ANNA, topic), stop(ANNA, topic), stop(BEN, "newsletter")]) == 2
    ben = message(BEN)
    assert claimed(log, message(ANNA), ben) == [ben.id]


def test_an_opt_out_stands_against_claiming_a_released_message_again(log: SentLog) -> None:
    sent(log, ANNA, now=NOW, campaign=TERMS.campaign_id, state=State.RELEASED)
    log.opt_out([stop(ANNA)])
    assert claimed(log, message(ANNA)) == []
    assert log.counts(Realm.LIVE) == {State.RELEASED: 1}


@pytest.mark.parametrize("realm", [*Realm])
def test_an_opt_out_holds_in_every_realm(log: SentLog, realm: Realm) -> None:
    log.opt_out([stop(ANNA)])
    assert claimed(log, message(ANNA), terms=replace(TERMS, realm=realm)) == []


def test_the_frequency_cap_counts_all_campaigns(log: SentLog) -> None:
    sent(log, ANNA, campaign="one", now=NOW - 2 * DAY)
    probe = message(ANNA)
    assert claimed(log, probe, terms=CAPPED) == [probe.id]
    settle(log, probe, State.RELEASED)
    sent(log, ANNA, campaign="two", now=NOW - DAY)
    assert claimed(log, message(ANNA), terms=CAPPED) == []


@pytest.mark.parametrize(("short", "free"), [(MILLISECOND, False), (timedelta(), True)])
def test_the_cap_ends_on_the_millisecond(log: SentLog, short: timedelta, free: bool) -> None:
    sent(log, ANNA, campaign="one", now=NOW - 30 * DAY + short)
    sent(log, ANNA, campaign="two", now=NOW - DAY)
    assert bool(claimed(log, message(ANNA), terms=CAPPED)) is free


@pytest.mark.parametrize(("short", "free"), [(MILLISECOND, False), (timedelta(), True)])
def test_the_gap_ends_on_the_millisecond(log: SentLog, short: timedelta, free: bool) -> None:
    sent(log, ANNA, now=NOW - 7 * DAY + short)
    assert bool(claimed(log, message(ANNA), terms=SPACED)) is free


@pytest.mark.parametrize("state", [*State])
def test_only_what_the_gateway_may_have_counts_towards_the_cap(log: SentLog, state: State) -> None:
    before = sent(log, ANNA, now=NOW - DAY, state=None)
    if state is not State.SUBMITTING:
        settle(log, before, state)
    free = state in (State.REJECTED, State.RELEASED)
    assert bool(claimed(log, message(ANNA), terms=replace(TERMS, caps=(ONCE_A_MONTH,)))) is free


def test_a_cap_of_nothing_lets_nobody_through(log: SentLog) -> None:
    assert claimed(log, message(ANNA), terms=replace(TERMS, caps=(FrequencyCap(0, 30 * DAY),))) == []


def test_ones_own_released_message_does_not_count(log: SentLog) -> None:
    sent(log, ANNA, now=NOW - HOUR, campaign=TERMS.campaign_id, state=State.RELEASED)
    assert claimed(log, message(ANNA), terms=replace(TERMS, caps=(ONCE_A_WEEK, ONCE_A_MONTH)))


def test_a_message_from_the_future_counts(log: SentLog) -> None:
    sent(log, ANNA, now=NOW + DAY)
    assert claimed(log, message(ANNA), terms=SPACED) == []


@pytest.mark.parametrize(("short", "free"), [(MILLISECOND, False), (timedelta(), True)])
def test_the_same_text_in_another_campaign_stands_against_a_claim(
    log: SentLog, short: timedelta, free: bool
) -> None:
    sent(log, ANNA, body="Same words.", now=NOW - 7 * DAY + short)
    assert bool(claimed(log, message(ANNA, "Same words."), terms=SAME_TEXT)) is free


def test_other_words_and_other_people_are_not_the_same_text(log: SentLog) -> None:
    sent(log, ANNA, body="Same words.", now=NOW - DAY)
    assert claimed(log, message(ANNA, "Other words."), terms=SAME_TEXT)
    assert claimed(log, message(BEN, "Same words."), terms=SAME_TEXT)


def test_ones_own_campaign_is_not_another(log: SentLog) -> None:
    """Test messages are keyed by id, so that the same text can go out twice in one campaign."""
    testing = replace(SAME_TEXT, realm=Realm.TEST)
    assert claimed(log, message(ANNA, "Same words."), terms=testing)
    assert claimed(log, message(ANNA, "Same words."), terms=testing)


def test_realms_and_campaigns_are_apart(log: SentLog) -> None:
    strict = replace(TERMS, caps=(ONCE_A_MONTH, FrequencyCap(1, DAY)), same_text_within=DAY)
    for realm in Realm:
        assert claimed(log, message(ANNA), terms=replace(strict, realm=realm))
    assert claimed(log, message(ANNA), terms=replace(TERMS, campaign_id="spring")), (
        "claim keys are by campaign"
    )


def test_one_can_test_as_often_as_one_likes(log: SentLog) -> None:
    testing = replace(TERMS, realm=Realm.TEST)
    first, second = message(ANNA), message(ANNA)
    assert claimed(log, first, second, terms=testing) == [first.id, second.id]
    assert claimed(log, first, terms=testing) == []
    settle(log, first, State.RELEASED)
    assert claimed(log, first, terms=testing) == [first.id]
    assert log.facts(Realm.TEST, TERMS.campaign_id, [ANNA], NOW, NOW)[ANNA].prior is None


def test_what_was_claimed_is_told_in_full(log: SentLog) -> None:
    one = message(CELIA)
    claimed(log, one)
    (found,) = log.messages(LogFilter())
    assert (found.realm, found.campaign_id, found.to, found.sender) == (
        Realm.LIVE,
        TERMS.campaign_id,
        CELIA,
        one.sender,
    )
    assert (found.purpose, found.topic, found.gateway) == (TERMS.purpose, TERMS.topic, TERMS.gateway)
    assert (found.language, found.evidence, found.segments) == (one.language, one.evidence, 1)
    assert found.claimed_at == NOW.replace(microsecond=123000)
    assert found.body == "", "a digest, not the body"


@pytest.mark.parametrize(
    "terms",
    [
        replace(TERMS, caps=(ONCE_A_MONTH,)),
        replace(TERMS, caps=(FrequencyCap(1, DAY),)),
        replace(TERMS, same_text_within=DAY),
        Terms(Realm.LIVE, "x", "transactional", "", "g", "d", "r"),
    ],
)
def test_each_condition_works_alone(log: SentLog, terms: Terms) -> None:
    assert claimed(log, message(ANNA), terms=terms)
