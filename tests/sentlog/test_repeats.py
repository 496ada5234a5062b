"""Repeats under a gateway's promise: whole requests, as they were sent, while it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.ports import LogFilter, SentLog, Terms
from smscli.domain.segments import Encoding, Segments

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, batch, message, sent, settle, stop

PROMISED = replace(TERMS, keep_bodies=True, repeat_within=6 * HOUR)
MICROSECOND = timedelta(microseconds=1)


def repeatable(log: SentLog, now: object = NOW, terms: Terms = PROMISED) -> list[Batch]:
    assert isinstance(now, type(NOW))
    return list(log.repeatable(terms.realm, terms.campaign_id, terms.gateway_digest, now))


def polish(number: object = ANNA) -> Message:
    segments = Segments(Encoding.UCS2, 31, 1, ("ł", "ś", "🛞"))
    return message(ANNA, "Zmień opony, łatwo 🛞 „już”", segments=segments, language="pl")


def in_doubt(log: SentLog, *messages: Message, terms: Terms = PROMISED) -> Batch:
    made = batch(*messages)
    assert log.claim([made], terms, NOW) == {one.id for one in messages}
    log.settle([Receipt(one.id, State.IN_DOUBT) for one in messages], NOW)
    return made


def test_a_request_in_doubt_comes_back_as_it_was_sent(log: SentLog) -> None:
    made = in_doubt(log, message(CELIA), polish(), message(BEN, deadline=NOW + HOUR + MICROSECOND))
    assert repeatable(log) == [made]


def test_after_a_crash_the_bodies_are_still_there(log: SentLog) -> None:
    made = batch(message(BEN), polish())
    log.claim([made], PROMISED, NOW)
    assert repeatable(log) == [], "still submitting, for all anybody knows"
    log.recover(Realm.LIVE, TERMS.campaign_id, NOW + HOUR)
    assert repeatable(log) == [made]


def test_losers_of_the_claim_were_not_sent_and_do_not_come_back(log: SentLog) -> None:
    sent(log, BEN, now=NOW, campaign=TERMS.campaign_id)
    made = batch(message(CELIA), message(BEN), message(ANNA))
    log.claim([made], PROMISED, NOW)
    log.recover(Realm.LIVE, TERMS.campaign_id, NOW)
    assert repeatable(log) == [replace(made, messages=(made.messages[0], made.messages[2]))]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.REJECTED, State.RELEASED, State.DELIVERED])
def test_one_receipt_and_the_request_cannot_be_repeated(log: SentLog, state: State) -> None:
    made = in_doubt(log, message(ANNA), message(BEN))
    settle(log, made.messages[0], state)
    assert repeatable(log) == []


def test_the_promise_ends_exactly(log: SentLog) -> None:
    in_doubt(log, message(ANNA))
    assert len(repeatable(log, NOW + 6 * HOUR - MICROSECOND)) == 1
    assert repeatable(log, NOW + 6 * HOUR) == []


@pytest.mark.parametrize(
    "other",
    [
        replace(PROMISED, realm=Realm.SANDBOX),
        replace(PROMISED, campaign_id="another"),
        replace(PROMISED, gateway_digest="changed"),
    ],
)
def test_the_promise_is_this_gateway_s_and_this_campaign_s(log: SentLog, other: Terms) -> None:
    in_doubt(log, message(ANNA))
    assert repeatable(log, terms=other) == []


@pytest.mark.parametrize(
    "terms", [replace(PROMISED, keep_bodies=False), replace(PROMISED, repeat_within=None)]
)
def test_without_a_promise_or_a_body_nothing_comes_back(log: SentLog, terms: Terms) -> None:
    in_doubt(log, message(ANNA), terms=terms)
    assert repeatable(log) == []


def test_requests_come_back_oldest_first(log: SentLog) -> None:
    late, early = batch(message(ANNA), at=NOW), batch(message(BEN), at=NOW - HOUR)
    log.claim([late, early], PROMISED, NOW)
    log.recover(Realm.LIVE, TERMS.campaign_id, NOW)
    assert repeatable(log) == [early, late]


def test_two_claims_under_one_key_are_never_repeated(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA), message(BEN))
    log.claim([replace(made, messages=(message(CELIA),))], PROMISED, NOW)
    log.recover(Realm.LIVE, TERMS.campaign_id, NOW)
    assert repeatable(log) == []
    for one in made.messages:
        settle(log, one, State.ACCEPTED)
    assert repeatable(log) == []


def bodies(log: SentLog) -> list[str]:
    return [one.body for one in log.messages(LogFilter())]


@pytest.mark.parametrize("state", [State.ACCEPTED, State.REJECTED, State.RELEASED])
def test_a_body_goes_with_the_receipt(log: SentLog, state: State) -> None:
    made = in_doubt(log, message(ANNA, "Words."))
    assert bodies(log) == ["Words."]
    settle(log, made.messages[0], state)
    assert bodies(log) == [""]


def test_a_body_goes_with_the_operator_s_word(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA, "Words."))
    log.decide([made.messages[0].id], State.ACCEPTED, "maria", NOW)
    assert bodies(log) == [""]


def test_a_body_goes_with_the_end_of_the_promise(log: SentLog) -> None:
    in_doubt(log, message(ANNA, "Words."))
    log.recover(Realm.LIVE, "whatever", NOW + 6 * HOUR - MICROSECOND)
    assert bodies(log) == ["Words."]
    log.recover(Realm.LIVE, "whatever", NOW + 6 * HOUR)
    assert bodies(log) == [""]
    assert log.counts(Realm.LIVE) == {State.IN_DOUBT: 1}


def test_a_repeat_moves_everybody_back_to_submitting(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA), message(BEN))
    assert log.reclaim(made, replace(PROMISED, run_id="run-2"), NOW + HOUR)
    assert log.counts(Realm.LIVE) == {State.SUBMITTING: 2}
    assert {(one.run_id, one.claimed_at > NOW) for one in log.messages(LogFilter())} == {("run-2", True)}
    assert not log.reclaim(made, PROMISED, NOW + HOUR), "only once"
    log.recover(Realm.LIVE, TERMS.campaign_id, NOW + HOUR)
    assert repeatable(log) == [made], "the promise still counts from the first claim"


def test_a_part_of_a_request_can_be_repeated_where_the_promise_is_by_message(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA), message(BEN))
    settle(log, made.messages[0], State.ACCEPTED)
    assert log.reclaim(replace(made, messages=made.messages[1:]), PROMISED, NOW)
    assert log.counts(Realm.LIVE) == {State.ACCEPTED: 1, State.SUBMITTING: 1}


def test_a_repeat_needs_no_kept_body(log: SentLog) -> None:
    terms = replace(PROMISED, keep_bodies=False)
    made = in_doubt(log, message(ANNA), terms=terms)
    assert log.reclaim(made, terms, NOW)


def test_one_member_that_may_not_go_holds_everybody_back(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA), message(BEN))
    log.opt_out([stop(BEN)])
    assert not log.reclaim(made, PROMISED, NOW)
    assert log.counts(Realm.LIVE) == {State.IN_DOUBT: 2}


def test_one_s_own_doubt_does_not_count_towards_the_cap(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA, "Words."))
    strict = replace(PROMISED, caps=(FrequencyCap(1, 30 * DAY), FrequencyCap(1, DAY)), same_text_within=DAY)
    assert log.reclaim(made, strict, NOW + HOUR)


@pytest.mark.parametrize(
    "strict", [{"caps": (FrequencyCap(1, 30 * DAY),)}, {"same_text_within": DAY}], ids=["capped", "same text"]
)
def test_a_message_meanwhile_stands_against_a_repeat(log: SentLog, strict: dict[str, object]) -> None:
    made = in_doubt(log, message(ANNA, "Words."))
    sent(log, ANNA, now=NOW, body="Words.")
    assert not log.reclaim(made, replace(PROMISED, **strict), NOW + HOUR)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "later"),
    [
        (PROMISED, 6 * HOUR),
        (replace(PROMISED, repeat_within=None), HOUR),
        (replace(PROMISED, gateway_digest="changed"), HOUR),
        (replace(PROMISED, campaign_id="another"), HOUR),
        (replace(PROMISED, realm=Realm.SANDBOX), HOUR),
    ],
)
def test_nothing_is_repeated_outside_the_promise(log: SentLog, terms: Terms, later: timedelta) -> None:
    made = in_doubt(log, message(ANNA))
    assert not log.reclaim(made, terms, NOW + later)


def test_other_words_are_not_a_repeat(log: SentLog) -> None:
    made = in_doubt(log, message(ANNA))
    other = replace(made, messages=(replace(made.messages[0], body="Other words."),))
    assert not log.reclaim(other, PROMISED, NOW)
    assert not log.reclaim(replace(made, messages=()), PROMISED, NOW)


@pytest.mark.parametrize("state", [state for state in State if state is not State.IN_DOUBT])
def test_only_what_is_in_doubt_can_be_repeated(log: SentLog, state: State) -> None:
    made = batch(message(ANNA))
    log.claim([made], PROMISED, NOW)
    if state is not State.SUBMITTING:
        settle(log, made.messages[0], state)
    assert not log.reclaim(made, PROMISED, NOW)
