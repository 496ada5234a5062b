"""Delivery receipts in any order, late, again, against one another: both logs and a plain model agree."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.message import Fault, Receipt, State
from smscli.domain.ports import LogFilter, LoggedMessage, SentLog
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import ANNA, DAY, HOUR, NOW, TERMS, claimed, message, sent

MINUTE = timedelta(minutes=1)
FINAL = (State.DELIVERED, State.UNDELIVERED, State.EXPIRED)

#: Which receipt moves a message on, spelled out anew: nothing undoes a delivery, and nobody whom a gateway
#: has, or had, becomes somebody to text again.
MOVES: dict[State, tuple[State, ...]] = {
    State.SUBMITTING: (State.ACCEPTED, State.REJECTED, State.RELEASED, State.IN_DOUBT, *FINAL),
    State.IN_DOUBT: (State.ACCEPTED, State.REJECTED, State.RELEASED, *FINAL),
    State.ACCEPTED: FINAL,
    State.RELEASED: (State.ACCEPTED, *FINAL),
    State.REJECTED: (),
    State.UNDELIVERED: (State.DELIVERED,),
    State.EXPIRED: (State.DELIVERED,),
    State.DELIVERED: (),
}


def milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


@dataclass
class Model:
    """What a message and its history come to, receipt by receipt."""

    state: State = State.SUBMITTING
    at: datetime = field(default_factory=lambda: milliseconds(NOW))
    said: tuple[str, str, str, int | None, datetime | None] = ("", "", "", None, None)
    events: list[tuple[State, bool]] = field(default_factory=lambda: [(State.SUBMITTING, True)])
    told: set[tuple[object, ...]] = field(default_factory=set)

    def hear(self, receipt: Receipt, now: datetime) -> None:
        ref, _, _, segments, _ = self.said
        happened = receipt.happened_at and milliseconds(receipt.happened_at)
        words = (receipt.gateway_ref, receipt.code, receipt.detail)
        if receipt.state in MOVES[self.state]:
            count = segments if receipt.segments is None else receipt.segments
            self.state, self.at = receipt.state, milliseconds(now)
            self.said = (receipt.gateway_ref or ref, receipt.code, receipt.detail, count, happened)
            self.events.append((receipt.state, True))
            return
        says = (*words, receipt.segments, happened)
        is_same = receipt.state is self.state
        if is_same and all(new in ("", None, old) for new, old in zip(says, self.said, strict=True)):
            return
        event = (receipt.state, *words, happened)
        if event not in self.told:
            self.told.add(event)
            self.events.append((receipt.state, False))


receipts = st.builds(
    Receipt,
    st.just("anna"),
    st.sampled_from([state for state in State if state is not State.SUBMITTING]),
    st.sampled_from(["", "", "ref-1", "ref-2"]),
    st.sampled_from(["", "30003"]),
    st.sampled_from(["", "unreachable"]),
    st.sampled_from([None, None, 2]),
    st.just(None),
    st.sampled_from([None, NOW, NOW + HOUR + timedelta(microseconds=700)]),
)


def told(log: SentLog) -> tuple[object, ...]:
    (found,) = log.messages(LogFilter())
    said = (found.gateway_ref, found.code, found.detail, found.gateway_segments, found.happened_at)
    return found.state, found.at, said


def events(log: SqliteSentLog) -> list[tuple[State, bool]]:
    with closing(sqlite3.connect(log.path)) as reader:
        rows = reader.execute("SELECT state, moved FROM event ORDER BY id")
        return [(State(state), bool(moved)) for state, moved in rows]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(receipts, min_size=1, max_size=4), max_size=6))
def test_any_receipts_in_any_order_come_to_the_same(calls: Sequence[Sequence[Receipt]]) -> None:
    with TemporaryDirectory() as folder, closing(open_sent_log(Path(folder) / "log.db", create=True)) as log:
        log._connection.execute("PRAGMA synchronous = OFF")
        memory, model = MemorySentLog(), Model()
        for each in (log, memory):
            claimed(each, message(ANNA, id="anna"))
        for place, call in enumerate(calls, start=1):
            now = NOW + place * MINUTE
            for each in (log, memory):
                each.settle(call, now)
            for receipt in call:
                model.hear(receipt, now)
            assert told(log) == told(memory) == (model.state, model.at, model.said)
            assert log.newest_at() == memory.newest_at()
        assert events(log) == model.events
        for call in calls:  # all of it told once more, as by a sync that is repeated
            for each in (log, memory):
                each.settle(call, NOW + DAY)
        assert told(log) == told(memory)
        assert log.newest_at() == memory.newest_at()


@settings(max_examples=40, deadline=None)
@given(st.lists(receipts.filter(lambda receipt: receipt.state in FINAL), min_size=1, max_size=6))
def test_what_is_told_a_third_time_leaves_no_event(call: Sequence[Receipt]) -> None:
    """A gateway tells the last word again and again; the second time it may contradict what came after."""
    with TemporaryDirectory() as folder, closing(open_sent_log(Path(folder) / "log.db", create=True)) as log:
        log._connection.execute("PRAGMA synchronous = OFF")
        claimed(log, message(ANNA, id="anna"))
        for _ in range(2):
            log.settle(call, NOW)
        before = events(log)
        for _ in range(3):
            log.settle(call, NOW + DAY)
        assert events(log) == before


# --- for every sent log ----------------------------------------------------------------------------


def only(log: SentLog) -> LoggedMessage:
    (found,) = log.messages(LogFilter())
    return found


@pytest.mark.parametrize("state", FINAL)
def test_what_was_released_and_then_heard_of_was_taken_after_all(log: SentLog, state: State) -> None:
    one = sent(log, ANNA, campaign=TERMS.campaign_id, now=NOW, state=State.IN_DOUBT)
    log.decide([one.id], State.RELEASED, "maria", NOW)
    log.settle([Receipt(one.id, state)], NOW + HOUR)
    assert only(log).state is state
    again = replace(TERMS, again_rejected=True)
    assert claimed(log, message(ANNA), terms=again, now=NOW + DAY) == [], "nobody is texted again"
    facts = log.facts(TERMS.realm, TERMS.campaign_id, [ANNA], NOW - DAY, NOW + DAY)[ANNA]
    assert facts.prior is state
    assert [each.campaign_id for each in facts.recent] == [TERMS.campaign_id], "it counts for caps again"


def test_the_gateways_own_time_is_kept_with_the_message(log: SentLog) -> None:
    one = sent(log, ANNA, now=NOW, state=State.ACCEPTED)
    assert only(log).happened_at is None
    log.settle([Receipt(one.id, State.UNDELIVERED, happened_at=NOW + MINUTE)], NOW + HOUR)
    assert (only(log).happened_at, only(log).at) == (milliseconds(NOW + MINUTE), milliseconds(NOW + HOUR))
    log.settle([Receipt(one.id, State.DELIVERED)], NOW + DAY)
    assert only(log).happened_at is None, "of this it did not say when"


def test_a_message_in_the_place_of_another_has_no_time_of_it(log: SentLog) -> None:
    one = sent(log, ANNA, campaign=TERMS.campaign_id, now=NOW, state=State.IN_DOUBT)
    log.settle([Receipt(one.id, State.REJECTED, happened_at=NOW)], NOW)
    assert claimed(log, message(ANNA), terms=replace(TERMS, again_rejected=True))
    assert only(log).happened_at is None


# --- what receipts teach about opt-outs ------------------------------------------------------------


def opted_out(log: SentLog) -> list[tuple[datetime, str, str]]:
    return [(wish.at, wish.source, wish.sender) for wish in log.opt_outs()]


OURS = "+12025550143"


@pytest.mark.parametrize("state", [*State])
def test_an_opt_out_is_learned_whatever_became_of_the_message(log: SentLog, state: State) -> None:
    one = sent(log, ANNA, now=NOW, state=State.ACCEPTED)
    told_at = NOW + HOUR + timedelta(minutes=30)
    receipt = Receipt(one.id, state, fault=Fault.OPTED_OUT, happened_at=told_at)
    log.settle([receipt], NOW + 2 * HOUR)
    assert opted_out(log) == [(milliseconds(told_at), "gateway", OURS)]
    assert claimed(log, message(ANNA, campaign_id="new"), terms=replace(TERMS, campaign_id="new")) == []


def test_a_clock_ahead_of_ours_does_not_put_an_opt_out_into_the_future(log: SentLog) -> None:
    one = sent(log, ANNA, now=NOW)
    log.settle([Receipt(one.id, State.UNDELIVERED, fault=Fault.OPTED_OUT, happened_at=NOW + DAY)], NOW + HOUR)
    assert opted_out(log) == [(milliseconds(NOW + HOUR), "gateway", OURS)]


REPEATED = [
    pytest.param(State.UNDELIVERED, None, id="moves it"),
    pytest.param(State.UNDELIVERED, NOW + MINUTE, id="moves it, with a time"),
    pytest.param(State.REJECTED, None, id="contradicts it"),
    pytest.param(State.REJECTED, NOW + MINUTE, id="contradicts it, with a time"),
]


@pytest.mark.parametrize(("state", "happened_at"), REPEATED)
def test_who_wants_texts_again_is_not_opted_out_by_the_same_receipt(
    log: SentLog, state: State, happened_at: datetime | None
) -> None:
    one = sent(log, ANNA, now=NOW)
    receipt = Receipt(one.id, state, "ref", "21610", fault=Fault.OPTED_OUT, happened_at=happened_at)
    log.settle([receipt], NOW + HOUR)
    assert list(log.start(ANNA, "", OURS, NOW + 2 * HOUR, "START")) == [""]
    for later in (3 * HOUR, DAY):
        log.settle([receipt], NOW + later)
    assert opted_out(log) == []
    about: dict[str, Any] = dict(log.everything_about(ANNA))
    assert [each["what"] for each in about["opt_outs"]["history"]] == ["added", "lifted"]


def test_an_opt_out_that_the_profile_came_to_know_later_is_learned_from_the_same_receipt(
    log: SentLog,
) -> None:
    one = sent(log, ANNA, now=NOW)
    log.settle([Receipt(one.id, State.UNDELIVERED, code="21610")], NOW + HOUR)
    assert opted_out(log) == []
    log.settle([Receipt(one.id, State.UNDELIVERED, code="21610", fault=Fault.OPTED_OUT)], NOW + DAY)
    assert opted_out(log) == [(milliseconds(NOW + HOUR), "gateway", OURS)], "since it was first told"


# --- in the file -----------------------------------------------------------------------------------


def test_what_contradicts_a_delivery_is_one_event_with_its_time(sqlite_log: SqliteSentLog) -> None:
    one = sent(sqlite_log, ANNA, now=NOW, state=State.DELIVERED)
    for later in (HOUR, DAY):
        receipt = Receipt(one.id, State.UNDELIVERED, code="30003", happened_at=NOW + MINUTE)
        sqlite_log.settle([receipt], NOW + later)
    about: dict[str, Any] = dict(sqlite_log.everything_about(ANNA))
    [shown] = about["messages"]
    assert [(each["state"], each["moved"], each["happened_at"]) for each in shown["events"]] == [
        ("submitting", True, None),
        ("delivered", True, None),
        ("undelivered", False, "2026-11-22T10:01:00.123000Z"),
    ]
    assert shown["happened_at"] is None


def test_whose_message_takes_anothers_place_is_told_of_anew(sqlite_log: SqliteSentLog) -> None:
    """The claim key is the same, the message is not: an event of the one says nothing of the other."""
    one = sent(sqlite_log, ANNA, campaign=TERMS.campaign_id, now=NOW, state=State.RELEASED)
    refused = Receipt(one.id, State.REJECTED, code="21211")
    sqlite_log.settle([refused], NOW)
    claimed(sqlite_log, two := message(ANNA))
    sqlite_log.settle([Receipt(two.id, State.RELEASED)], NOW)
    before = len(events(sqlite_log))
    for _ in range(2):
        sqlite_log.settle([replace(refused, message_id=two.id)], NOW)
    assert len(events(sqlite_log)) == before + 1


def test_only_events_that_moved_nothing_are_looked_for(sqlite_log: SqliteSentLog) -> None:
    """Their index is the only one on events: a claim and its receipt cost what they did."""
    with closing(sqlite3.connect(sqlite_log.path)) as reader:
        found = reader.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'event'")
        assert [sql.endswith("WHERE moved = 0") for (sql,) in found] == [True]
