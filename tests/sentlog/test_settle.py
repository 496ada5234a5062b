"""What becomes of a claimed message: the same for every sent log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from smscli.domain.message import LEGAL_MOVES, Fault, Realm, Receipt, State
from smscli.domain.ports import LogFilter, LoggedMessage, SentLog

from .making import ANNA, BEN, DAY, HOUR, NOW, TERMS, batch, claimed, message, sent, settle, stop

#: How a message gets into each state by receipts alone.
WAYS: dict[State, Sequence[State]] = {
    State.SUBMITTING: (),
    State.UNDELIVERED: (State.ACCEPTED, State.UNDELIVERED),
    **{state: (state,) for state in State if state not in (State.SUBMITTING, State.UNDELIVERED)},
}


def only(log: SentLog) -> LoggedMessage:
    (found,) = log.messages(LogFilter())
    return found


@pytest.mark.parametrize("before", [*State])
@pytest.mark.parametrize("after", [*State])
def test_receipts_move_messages_as_the_table_says(log: SentLog, before: State, after: State) -> None:
    one = message(ANNA)
    claimed(log, one)
    for state in WAYS[before]:
        settle(log, one, state)
    assert only(log).state is before
    settle(log, one, after, NOW + HOUR)
    legal = after in LEGAL_MOVES[before] and after is not State.SUBMITTING
    assert only(log).state is (after if legal else before)
    assert only(log).at > NOW if legal else only(log).at <= NOW


def test_a_receipt_is_recorded_in_full(log: SentLog) -> None:
    one = message(ANNA)
    claimed(log, one)
    log.settle([Receipt(one.id, State.ACCEPTED, "SM123", "queued", "all right", segments=2)], NOW + HOUR)
    found = only(log)
    assert (found.gateway_ref, found.code, found.detail) == ("SM123", "queued", "all right")
    assert (found.segments, found.gateway_segments) == (1, 2)


def test_a_later_receipt_keeps_the_reference_and_the_count(log: SentLog) -> None:
    one = message(ANNA)
    claimed(log, one)
    log.settle([Receipt(one.id, State.ACCEPTED, "SM123", segments=2)], NOW)
    log.settle([Receipt(one.id, State.DELIVERED, code="DELIVRD")], NOW + HOUR)
    found = only(log)
    assert (found.gateway_ref, found.gateway_segments, found.code) == ("SM123", 2, "DELIVRD")


def test_the_receipts_of_one_call_are_followed_in_order(log: SentLog) -> None:
    one = message(ANNA)
    claimed(log, one)
    log.settle(
        [Receipt(one.id, State.IN_DOUBT), Receipt(one.id, State.ACCEPTED), Receipt(one.id, State.REJECTED)],
        NOW,
    )
    assert only(log).state is State.ACCEPTED


def test_a_stranger_s_receipt_changes_nothing(log: SentLog) -> None:
    claimed(log, one := message(ANNA))
    log.settle([Receipt("nobody", State.ACCEPTED), Receipt(one.id, State.ACCEPTED)], NOW)
    assert log.counts(Realm.LIVE) == {State.ACCEPTED: 1}


def test_a_receipt_of_the_message_before_does_not_settle_its_successor(log: SentLog) -> None:
    before = sent(log, ANNA, campaign=TERMS.campaign_id, now=NOW, state=State.RELEASED)
    claimed(log, message(ANNA))
    settle(log, before, State.ACCEPTED)
    assert only(log).state is State.SUBMITTING


@pytest.mark.parametrize(("fault", "listed"), [(Fault.OPTED_OUT, True), (Fault.NUMBER, False), (None, False)])
def test_a_gateway_teaches_opt_outs(log: SentLog, fault: Fault | None, listed: bool) -> None:
    claimed(log, one := message(ANNA))
    log.settle([Receipt(one.id, State.REJECTED, code="21610", fault=fault)], NOW)
    found = [(wish.number, wish.topic, wish.source) for wish in log.opt_outs()]
    assert found == ([(ANNA, "", "gateway")] if listed else [])
    spring = replace(TERMS, campaign_id="spring")
    assert bool(claimed(log, message(ANNA), terms=spring)) is not listed


def test_an_opt_out_is_learned_even_from_a_receipt_that_comes_too_late(log: SentLog) -> None:
    one = sent(log, ANNA, now=NOW, state=State.ACCEPTED)
    log.settle([Receipt(one.id, State.REJECTED, fault=Fault.OPTED_OUT)], NOW)
    assert [wish.number for wish in log.opt_outs()] == [ANNA]
    assert only(log).state is State.ACCEPTED


@pytest.mark.parametrize("word", [State.ACCEPTED, State.RELEASED])
def test_an_operator_decides_what_is_in_doubt_and_nothing_else(log: SentLog, word: State) -> None:
    doubt = sent(log, ANNA, now=NOW, state=State.IN_DOUBT)
    taken = sent(log, BEN, now=NOW, state=State.REJECTED)
    ids = [taken.id, doubt.id, "nobody", doubt.id]
    assert list(log.decide(ids, word, "maria", NOW + HOUR)) == [doubt.id]
    assert log.counts(Realm.LIVE) == {word: 1, State.REJECTED: 1}
    (found,) = log.messages(LogFilter(states=frozenset({word})))
    assert found.detail == "maria"
    assert list(log.decide(ids, word, "maria", NOW)) == []


@pytest.mark.parametrize("word", [State.REJECTED, State.SUBMITTING, State.DELIVERED])
def test_an_operator_can_say_accepted_or_released_only(log: SentLog, word: State) -> None:
    doubt = sent(log, ANNA, now=NOW, state=State.IN_DOUBT)
    with pytest.raises(ValueError, match="accepted or released"):
        log.decide([doubt.id], word, "maria", NOW)


def test_recovery_puts_what_was_submitting_in_doubt(log: SentLog) -> None:
    lost = sent(log, ANNA, now=NOW, campaign=TERMS.campaign_id, state=None)
    sent(log, BEN, now=NOW, campaign=TERMS.campaign_id, state=State.ACCEPTED)
    sent(log, ANNA, now=NOW, campaign="another", state=None)
    sent(log, ANNA, now=NOW, campaign=TERMS.campaign_id, state=None, realm=Realm.SANDBOX)
    assert log.recover(Realm.LIVE, TERMS.campaign_id, NOW + HOUR) == 1
    assert log.recover(Realm.LIVE, TERMS.campaign_id, NOW + HOUR) == 0
    assert log.counts(Realm.LIVE) == {State.IN_DOUBT: 1, State.ACCEPTED: 1, State.SUBMITTING: 1}
    assert log.counts(Realm.SANDBOX) == {State.SUBMITTING: 1}
    (found,) = log.messages(LogFilter(states=frozenset({State.IN_DOUBT})))
    assert (found.id, found.code) == (lost.id, "interrupted")


def test_a_block_happens_whole_or_not_at_all(log: SentLog) -> None:
    before = sent(log, ANNA, now=NOW, state=State.IN_DOUBT)
    log.opt_out([stop(BEN, "news")])

    def everything_and_then_ctrl_c() -> None:
        with log.atomic():
            settle(log, before, State.ACCEPTED, NOW + DAY)
            log.remember_texts(Realm.LIVE, "c", "d", NOW)
            assert claimed(log, message(ANNA), message(BEN))
            log.opt_out([stop(ANNA)])
            log.reinstate(BEN, "news", "maria", "asked", NOW)
            log.heed([stop(BEN)])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        everything_and_then_ctrl_c()
    assert log.counts(Realm.LIVE) == {State.IN_DOUBT: 1}
    assert [(wish.number, wish.topic) for wish in log.opt_outs()] == [(BEN, "news")]
    assert log.texts_digest(Realm.LIVE, "c") is None
    assert log.newest_at() == NOW.replace(microsecond=123000)
    assert claimed(log, message(BEN)), "what was heeded inside is undone as well"


def claim_and_fail(log: SentLog) -> None:
    with log.atomic():
        claimed(log, message(ANNA))
        raise RuntimeError


def claim_inside_and_fail_outside(log: SentLog) -> None:
    with log.atomic():
        with log.atomic():
            claimed(log, message(ANNA))
        raise RuntimeError


def test_an_inner_block_joins_the_outer_one(log: SentLog) -> None:
    with pytest.raises(RuntimeError):
        claim_inside_and_fail_outside(log)
    assert log.counts(Realm.LIVE) == {}


def test_an_inner_block_that_fails_undoes_its_own_part_only(log: SentLog) -> None:
    kept, later = message(BEN), message(ANNA)
    with log.atomic():
        claimed(log, kept)
        with pytest.raises(RuntimeError):
            claim_and_fail(log)
        claimed(log, later)
    assert [one.id for one in log.messages(LogFilter())] == [kept.id, later.id]


def test_settling_and_claiming_can_share_a_block(log: SentLog) -> None:
    first, second = message(ANNA), message(BEN)
    claimed(log, first)
    with log.atomic():
        settle(log, first, State.RELEASED)
        assert log.claim([batch(first, second)], TERMS, NOW) == {first.id, second.id}
    assert log.counts(Realm.LIVE) == {State.SUBMITTING: 2}


def test_the_newest_event_is_remembered(log: SentLog) -> None:
    assert log.newest_at() is None
    one = sent(log, ANNA, now=NOW + DAY, state=None)
    settle(log, one, State.ACCEPTED, NOW)
    assert log.newest_at() == (NOW + DAY).replace(microsecond=123000)


@pytest.mark.parametrize(("sender", "lifted"), [("+1 202 555 0143", ("",)), ("3344", ())])
def test_a_start_to_the_sender_that_was_refused_lifts_what_the_gateway_taught(
    log: SentLog, sender: str, lifted: tuple[str, ...]
) -> None:
    one = message(ANNA)
    claimed(log, one)
    log.settle([Receipt(one.id, State.REJECTED, fault=Fault.OPTED_OUT)], NOW)
    assert tuple(log.start(ANNA, "", sender, NOW + HOUR, "START")) == lifted
    assert bool(list(log.opt_outs())) is not bool(lifted)
