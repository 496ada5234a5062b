"""The pile of replies, and that whoever is on it is not texted: the same for every sent log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smscli.domain.message import Realm
from smscli.domain.ports import REVIEW, Facts, OptOut, SentLog
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, claimed, message, undone

NOON = NOW.replace(hour=12, microsecond=0)
OURS = "+12025550143"

BILL = Reply(ANNA, OURS, NOON, "STOP this bill", ref="sm-1", source="replies.csv:7")
UNCLEAR = Classified(ReplyClass.REVIEW, "the word STOP in a sentence", "", "en")
STOP = OptOut(ANNA, "", NOON - DAY, "reply", sender=OURS, words="STOP")

WAITING = OptOut(ANNA, "", NOON, REVIEW, sender=OURS, words="STOP this bill")


def file(log: SentLog, *replies: Reply, as_: Classified = UNCLEAR) -> list[bool]:
    return list(log.file_replies([(reply, as_) for reply in replies], NOON + HOUR))


def decide(log: SentLog, reply: Reply, kind: ReplyClass = ReplyClass.OTHER) -> bool:
    (key,) = [filed.key for filed in log.replies() if filed.reply == reply]
    return log.decide_reply(key, kind, "maria", NOON + DAY)


def opted_out(log: SentLog) -> bool:
    """Is Anna? Facts and claims agree about it."""
    known = log.facts(Realm.LIVE, "c", [ANNA], NOON, NOON).get(ANNA, Facts()).opted_out
    with undone(log):
        assert bool(claimed(log, message(ANNA))) is not bool(known)
    assert known in (frozenset(), {""})
    return bool(known)


def test_a_reply_is_told_in_full(log: SentLog) -> None:
    about = Classified(ReplyClass.OPT_OUT, "the word STOP", "news", "en")
    assert file(log, BILL, as_=about) == [True]
    (filed,) = log.replies()
    assert filed == FiledReply(filed.key, BILL, about)
    assert list(log.replies(pending=True)) == []


@pytest.mark.parametrize("kind", [kind for kind in ReplyClass if kind is not ReplyClass.REVIEW])
def test_only_what_is_for_review_goes_on_the_list_of_itself(log: SentLog, kind: ReplyClass) -> None:
    file(log, BILL, as_=Classified(kind))
    assert list(log.opt_outs()) == []


def test_a_reply_for_review_is_an_opt_out_until_somebody_decides(log: SentLog) -> None:
    assert file(log, BILL) == [True]
    assert list(log.opt_outs()) == [WAITING]
    assert opted_out(log)
    (filed,) = log.replies(pending=True)
    assert log.decide_reply(filed.key, ReplyClass.OTHER, "maria", NOON + DAY)
    assert not opted_out(log)
    assert list(log.replies(pending=True)) == []
    assert list(log.replies()) == [
        replace(filed, decided=ReplyClass.OTHER, by="maria", decided_at=NOON + DAY)
    ]


def test_the_same_reply_to_our_number_as_another_file_writes_it_waits_as_well(log: SentLog) -> None:
    again = replace(BILL, to="1 (202) 555-0143")
    file(log, BILL)
    decide(log, BILL)
    assert file(log, again) == [True]
    assert opted_out(log)
    decide(log, again)
    assert not opted_out(log)


def test_a_decision_is_made_once_and_about_something(log: SentLog) -> None:
    file(log, BILL)
    file(log, replace(BILL, number=BEN), as_=Classified(ReplyClass.OPT_OUT))
    assert decide(log, BILL)
    assert not decide(log, BILL, ReplyClass.OPT_OUT)
    assert not decide(log, replace(BILL, number=BEN)), "it never waited"
    assert not log.decide_reply(999, ReplyClass.OTHER, "maria", NOON)
    with pytest.raises(ValueError, match="by another class"):
        log.decide_reply(1, ReplyClass.REVIEW, "maria", NOON)


@pytest.mark.parametrize("decided", [False, True])
def test_filing_the_same_reply_again_changes_nothing(log: SentLog, decided: bool) -> None:
    file(log, BILL)
    if decided:
        decide(log, BILL)
    before = list(log.replies()), list(log.opt_outs())
    again = replace(BILL, ref="sm-2", source="later.csv:9", at=NOON + timedelta(microseconds=300))
    assert file(log, again, BILL) == [False, False]
    assert file(log, BILL, as_=Classified(ReplyClass.OTHER)) == [False]
    assert (list(log.replies()), list(log.opt_outs())) == before
    assert opted_out(log) is not decided


def test_which_of_several_are_new_is_told_in_their_order(log: SentLog) -> None:
    other = replace(BILL, text="stop calling me dear")
    assert file(log, BILL, BILL, other) == [True, False, True]


@pytest.mark.parametrize("same_second", [False, True])
def test_the_number_waits_until_its_last_reply_is_decided(log: SentLog, same_second: bool) -> None:
    second = replace(BILL, text="stop that", at=NOON if same_second else NOON + HOUR)
    file(log, BILL, second, replace(BILL, number=BEN))
    assert decide(log, BILL)
    assert opted_out(log)
    assert decide(log, second, ReplyClass.HELP)
    assert not opted_out(log)
    assert [wish.number for wish in log.opt_outs()] == [BEN]


def test_a_new_reply_waits_anew_even_one_of_a_decided_second(log: SentLog) -> None:
    file(log, BILL)
    decide(log, BILL)
    assert file(log, replace(BILL, text="stop that")) == [True]
    assert opted_out(log)


@pytest.mark.parametrize("first", ["the opt-out", "the reply"])
def test_a_real_opt_out_outranks_a_reply_for_review(log: SentLog, first: str) -> None:
    if first == "the opt-out":
        log.opt_out([STOP])
        file(log, BILL)
    else:
        file(log, BILL)
        assert log.opt_out([STOP]) == 1
    assert list(log.opt_outs()) == [STOP]
    assert decide(log, BILL)
    assert list(log.opt_outs()) == [STOP], "a decision about another reply leaves it"


def test_a_real_opt_out_for_a_time_does_not_end_the_waiting(log: SentLog) -> None:
    log.opt_out([replace(STOP, until=NOON + HOUR)])
    file(log, BILL)
    late = log.facts(Realm.LIVE, "c", [ANNA], NOON, NOON + 2 * DAY)
    assert late[ANNA].opted_out == {""}
    assert decide(log, BILL)
    assert list(log.opt_outs()) == [replace(STOP, until=NOON + HOUR)]


def test_a_start_lifts_the_opt_out_and_leaves_the_reply_waiting(log: SentLog) -> None:
    log.opt_out([STOP])
    file(log, BILL)
    assert list(log.start(ANNA, "", OURS, NOON + DAY, "START")) == []
    assert list(log.opt_outs()) == [WAITING]
    assert decide(log, BILL)
    assert not opted_out(log)


def test_a_decision_for_an_opt_out_is_recorded_by_who_decides(log: SentLog) -> None:
    file(log, BILL)
    with log.atomic():
        assert decide(log, BILL, ReplyClass.OPT_OUT)
        log.opt_out([replace(WAITING, source="reply", by="maria")])
    assert [wish.source for wish in log.opt_outs()] == ["reply"]
    assert opted_out(log)


def test_an_operator_s_reinstatement_lifts_a_waiting_reply_too(log: SentLog) -> None:
    file(log, BILL)
    assert log.reinstate(ANNA, "", "maria", "called them", NOON + HOUR)
    assert not opted_out(log)
    assert decide(log, BILL)
    assert not opted_out(log)


def test_replies_come_by_time_and_can_be_of_one_number(log: SentLog) -> None:
    some = [
        replace(BILL, number=number, at=NOON + after)
        for number, after in ((BEN, HOUR), (ANNA, timedelta()), (CELIA, -HOUR), (ANNA, 2 * HOUR))
    ]
    file(log, *some)
    assert [filed.reply.number for filed in log.replies()] == [CELIA, ANNA, BEN, ANNA]
    assert [filed.reply.at for filed in log.replies(number=ANNA)] == [NOON, NOON + 2 * HOUR]
    decide(log, some[1])
    assert [filed.reply.at for filed in log.replies(pending=True, number=ANNA)] == [NOON + 2 * HOUR]
    assert len(list(log.replies(pending=True))) == 3


def test_an_undone_filing_leaves_nothing(log: SentLog) -> None:
    with undone(log):
        file(log, BILL)
    assert list(log.replies()) == []
    assert not opted_out(log)
    assert file(log, BILL) == [True]
