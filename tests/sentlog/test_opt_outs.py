"""Opt-outs for good and for a time, STARTs, and what other lists say: the same for every sent log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from smscli.domain.message import Realm
from smscli.domain.ports import REVIEW, OptOut, SentLog
from smscli.sentlog.wishes import known_sender

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, claimed, message, sent, stop, undone

OURS = "+12025550143"
OTHER = "3344"
MILLISECOND = timedelta(milliseconds=1)

#: A moment of the log's milliseconds, so that what is read back is what was said.
NOON = NOW.replace(hour=12, microsecond=0)


def said(
    at: datetime = NOON,
    *,
    topic: str = "",
    until: datetime | None = None,
    sender: str = OURS,
    source: str = "reply",
    words: str = "STOP",
) -> OptOut:
    return OptOut(ANNA, topic, at, source, until=until, sender=sender, words=words)


def start(log: SentLog, at: datetime, *, topic: str = "", sender: str = OURS) -> Sequence[str]:
    return tuple(log.start(ANNA, topic, sender, at, "START"))


def opted_out(log: SentLog, now: datetime = NOON + DAY) -> set[str]:
    """Of what Anna is opted out: facts and claims agree about it."""
    known = log.facts(Realm.LIVE, "c", [ANNA], now, now)
    found = set(known[ANNA].opted_out) if ANNA in known else set()
    for topic in ("offers", "news"):
        under = replace(TERMS, topic=topic, campaign_id=f"probe-{topic}-{now.isoformat()}", realm=Realm.TEST)
        assert bool(claimed(log, message(ANNA), terms=under, now=now)) is not bool(found & {"", topic})
    return found


# --- for a time, and for good --------------------------------------------------------------------


@pytest.mark.parametrize(("early", "holds"), [(MILLISECOND, True), (timedelta(), False)])
@pytest.mark.parametrize("foreign", [False, True])
def test_an_opt_out_for_a_time_ends_on_the_millisecond(
    log: SentLog, early: timedelta, holds: bool, foreign: bool
) -> None:
    wish = said(until=NOON + 2 * DAY)
    assert log.heed([wish]) if foreign else log.opt_out([wish])
    assert opted_out(log, NOON + 2 * DAY - early) == ({""} if holds else set())


@pytest.mark.parametrize(
    ("untils", "new", "until"),
    [
        ([DAY, None], 2, None),
        ([None, DAY], 1, None),
        ([DAY, 2 * DAY], 2, 2 * DAY),
        ([2 * DAY, DAY], 1, 2 * DAY),
        ([DAY, DAY], 1, DAY),
        ([None, None], 1, None),
    ],
)
def test_the_longer_of_two_wishes_holds_and_the_first_word_stays(
    log: SentLog, untils: list[timedelta | None], new: int, until: timedelta | None
) -> None:
    first, second = (
        said(NOON + place * HOUR, until=None if each is None else NOON + each, words=f"STOP {place}")
        for place, each in enumerate(untils)
    )
    assert log.opt_out([first]) + log.opt_out([second]) == new
    assert list(log.opt_outs()) == [replace(first, until=None if until is None else NOON + until)]


@pytest.mark.parametrize("order", [1, -1])
def test_a_wish_that_had_ended_is_replaced(log: SentLog, order: int) -> None:
    before, after = said(until=NOON + HOUR), said(NOON + DAY, words="STOP!")
    log.opt_out([before, after][::order])
    assert list(log.opt_outs()) == [after]


def test_a_wish_that_goes_on_where_another_ends_prolongs_it(log: SentLog) -> None:
    before = said(until=NOON + HOUR)
    assert log.opt_out([before, said(NOON + HOUR, until=NOON + DAY)]) == 2
    assert list(log.opt_outs()) == [replace(before, until=NOON + DAY)]


def test_the_first_word_is_the_earliest_however_late_it_is_heard(log: SentLog) -> None:
    assert log.opt_out([said(NOON + HOUR), said(NOON)]) == 1
    assert [wish.at for wish in log.opt_outs()] == [NOON]


def test_every_part_of_a_wish_is_kept(log: SentLog) -> None:
    wish = replace(said(topic="news", until=NOON + DAY), by="maria", note="at the counter")
    log.opt_out([wish])
    assert list(log.opt_outs()) == [wish]


def test_topics_are_apart(log: SentLog) -> None:
    log.opt_out([said(topic="news"), said(topic="offers", until=NOON + HOUR)])
    assert opted_out(log, NOON) == {"news", "offers"}
    assert opted_out(log, NOON + HOUR) == {"news"}


def test_only_what_holds_is_counted_and_lifted(log: SentLog) -> None:
    log.opt_out([said(until=NOON + HOUR), replace(stop(BEN), source="hand")])
    assert dict(log.opt_outs_by_source()) == {"hand": 1, "reply": 1}
    assert dict(log.opt_outs_by_source(None, NOON + HOUR)) == {"hand": 1}
    assert not log.reinstate(ANNA, "", "maria", "asked", NOON + HOUR)
    assert log.reinstate(ANNA, "", "maria", "asked", NOON)


def test_who_opted_out_for_a_time_after_the_claim_is_late_even_when_it_has_ended(log: SentLog) -> None:
    sent(log, ANNA, now=NOON)
    log.opt_out([said(NOON - DAY, until=NOON - HOUR)])
    assert log.late_opt_outs(TERMS.run_id) == 0
    log.opt_out([said(NOON + HOUR, until=NOON + 2 * HOUR)])
    assert log.late_opt_outs(TERMS.run_id) == 1


# --- the same again ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "counts"),
    [
        ({}, False),
        ({"words": "stop", "note": "imported once more", "by": "cron"}, False),
        ({"sender": " +1 (202) 555-0143"}, False),
        ({"until": NOON + DAY}, False),
        ({"at": NOON + MILLISECOND}, True),
        ({"at": NOON - DAY}, True),
        ({"source": "web"}, True),
        ({"sender": OTHER}, True),
    ],
)
def test_after_a_reinstatement_any_other_wish_counts_and_the_same_one_does_not(
    log: SentLog, again: dict[str, object], counts: bool
) -> None:
    log.opt_out([said()])
    assert log.reinstate(ANNA, "", "maria", "asked at the counter", NOON + HOUR)
    assert log.opt_out([replace(said(), **again)]) == counts  # type: ignore[arg-type]
    assert opted_out(log) == ({""} if counts else set())


def test_the_same_wish_for_longer_counts_even_after_a_reinstatement(log: SentLog) -> None:
    log.opt_out([said(until=NOON + DAY)])
    assert log.reinstate(ANNA, "", "maria", "asked", NOON + HOUR)
    assert log.opt_out([said()]) == 1


def test_a_wish_that_another_outlasts_is_remembered_too(log: SentLog) -> None:
    log.opt_out([said(), said(NOON + HOUR)])
    assert log.reinstate(ANNA, "", "maria", "asked", NOON + DAY)
    assert log.opt_out([said(NOON + HOUR)]) == 0
    assert opted_out(log) == set()


# --- START ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True], ids=["in order", "the opt-out is heard last"])
@pytest.mark.parametrize(
    ("wish", "topic", "sender", "after", "lifted"),
    [
        (said(), "", OURS, MILLISECOND, True),
        (said(), "", OURS, timedelta(), False),
        (said(), "", OURS, -HOUR, False),
        (said(), "", "1 202-555-0143 ", HOUR, True),
        (said(), "", OTHER, HOUR, False),
        (said(), "", "", HOUR, False),
        (said(sender=""), "", OURS, HOUR, False),
        (said(sender=""), "", "", HOUR, False),
        (said(sender=" "), "", "  ", HOUR, False),
        (said(), "news", OURS, HOUR, False),
        (said(topic="news"), "news", OURS, HOUR, True),
        (said(topic="news"), "", OURS, HOUR, True),
        (said(topic="news"), "offers", OURS, HOUR, False),
        (said(until=NOON + 9 * DAY), "", OURS, HOUR, True),
        (said(source="web"), "", OURS, HOUR, True),
        (said(source=REVIEW), "", OURS, HOUR, False),
    ],
)
def test_a_start_lifts_what_was_said_earlier_to_the_same_sender(
    log: SentLog, wish: OptOut, topic: str, sender: str, after: timedelta, lifted: bool, late: bool
) -> None:
    if late:
        assert start(log, NOON + after, topic=topic, sender=sender) == ()
        assert log.opt_out([wish]) == (not lifted)
    else:
        assert log.opt_out([wish]) == 1
        assert start(log, NOON + after, topic=topic, sender=sender) == ((wish.topic,) if lifted else ())
    assert opted_out(log) == (set() if lifted else {wish.topic})
    assert log.opt_out([wish]) == 0, "imported once more"
    assert opted_out(log) == (set() if lifted else {wish.topic})


def test_a_start_of_everything_lifts_every_topic(log: SentLog) -> None:
    log.opt_out([said(), said(topic="news"), said(topic="offers", sender=OTHER)])
    assert start(log, NOON + HOUR) == ("", "news")
    assert opted_out(log) == {"offers"}


@pytest.mark.parametrize("later", [said(NOON + DAY), said(sender=OTHER), said(sender="", source="hand")])
def test_a_start_leaves_what_it_does_not_answer(log: SentLog, later: OptOut) -> None:
    """The list shows one of the wishes; a START lifts its own, and the other one is shown then."""
    log.opt_out([said(), later])
    assert start(log, NOON + HOUR) == ()
    assert opted_out(log, NOON + 2 * DAY) == {""}
    assert list(log.opt_outs()) == [later]


def test_a_start_after_an_ended_wish_lifts_nothing(log: SentLog) -> None:
    log.opt_out([said(until=NOON + HOUR)])
    assert start(log, NOON + HOUR) == ()
    assert start(log, NOON + 2 * HOUR) == ()


def test_the_same_start_again_is_not_new(log: SentLog) -> None:
    log.opt_out([said()])
    assert start(log, NOON + HOUR) == ("",)
    log.opt_out([said(NOON + 2 * HOUR)])
    assert start(log, NOON + HOUR) == ()
    assert opted_out(log) == {""}


def test_a_later_stop_outranks_a_start(log: SentLog) -> None:
    log.opt_out([said()])
    start(log, NOON + HOUR)
    assert log.opt_out([said(NOON + 2 * HOUR)]) == 1
    assert opted_out(log) == {""}


def test_a_reinstatement_is_no_start(log: SentLog) -> None:
    """What arrives after an operator's word counts, even with an older date."""
    log.opt_out([said()])
    log.reinstate(ANNA, "", "maria", "asked", NOON + DAY)
    assert log.opt_out([said(NOON + HOUR)]) == 1
    assert opted_out(log) == {""}


def test_a_start_lifts_nothing_of_other_lists(log: SentLog) -> None:
    log.heed([said()])
    assert start(log, NOON + HOUR) == ()
    assert opted_out(log) == {""}


def test_a_start_of_one_is_nothing_to_others(log: SentLog) -> None:
    log.opt_out([said(), replace(said(), number=BEN)])
    log.start(BEN, "", OURS, NOON + HOUR, "START")
    assert [wish.number for wish in log.opt_outs()] == [ANNA]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("+12025550143", "12025550143", True),
        ("+12025550143", "+1 202-555-0143", True),
        (" 3344 ", "3344", True),
        ("Garage", "Garage ", True),
        ("Garage", "GARAGE", False),
        ("3344", "3345", False),
        ("+12025550143", "(202) 555-0143", False),
        ("33 44 Garage", "3344", False),
        ("٣٣٤٤", "3344", False),
    ],
)
def test_senders_are_compared_by_their_digits(one: str, other: str, same: bool) -> None:
    assert (known_sender(one) == known_sender(other)) is same


# --- other lists, and being undone ---------------------------------------------------------------


def test_of_a_heeded_wish_the_longer_one_holds(log: SentLog) -> None:
    assert log.heed([said(until=NOON + HOUR)]) == 1
    assert log.heed([said(until=NOON + DAY), said(until=NOON)]) == 1
    assert opted_out(log, NOON + 2 * HOUR) == {""}
    assert log.heed([said(), said(until=NOON + DAY)]) == 1
    assert opted_out(log, NOON + 9 * DAY) == {""}


def test_what_is_undone_was_never_said(log: SentLog) -> None:
    with undone(log):
        log.opt_out([said()])
        log.start(ANNA, "", OURS, NOON + DAY, "START")
    assert opted_out(log) == set()
    assert log.opt_out([said()]) == 1, "neither it nor the START is remembered"
    assert opted_out(log) == {""}


def test_a_wish_of_a_number_s_second_country_is_one_number(log: SentLog) -> None:
    log.opt_out([stop(CELIA), replace(stop(CELIA, at=NOW + DAY), number=replace(CELIA, country="JE"))])
    assert len(list(log.opt_outs())) == 1
