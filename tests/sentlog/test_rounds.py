"""What is claimed or settled together leaves the log as one by one would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from smscli.domain.message import Fault, Message, Receipt, State
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import DAY, HOUR, NOW, TERMS, batch, claimed, message, numbers

#: All that is said of messages, without the keys that the order of work gives them.
_MESSAGES = "SELECT id, state, at, gateway_segments, gateway_ref, code, detail FROM message ORDER BY id"
_EVENTS = """
SELECT m.id, e.message_id, e.at, e.state, e.moved, e.gateway_ref, e.code, e.detail, e.by
FROM event AS e LEFT JOIN message AS m ON m.key = e.message_key ORDER BY m.id, e.message_id, e.id
"""
_OPT_OUTS = "SELECT number, topic, at, source, note, sender FROM opt_out ORDER BY number"
_NEWEST = "SELECT at FROM newest_event"


@pytest.fixture
def other_log(tmp_path: Path) -> Iterator[SqliteSentLog]:
    with closing(open_sent_log(tmp_path / "other.db", create=True)) as log:
        yield log


def told(log: SqliteSentLog) -> list[list[tuple[object, ...]]]:
    """Everything that stands in it, in an order of its own."""
    with closing(sqlite3.connect(log.path)) as reader:
        return [reader.execute(each).fetchall() for each in (_MESSAGES, _EVENTS, _OPT_OUTS, _NEWEST)]


def answers(messages: Sequence[Message]) -> list[Receipt]:
    """One of each kind that a request is answered with."""
    kinds = [
        Receipt("", State.ACCEPTED, "ref-1", segments=2),
        Receipt("", State.ACCEPTED),
        Receipt("", State.REJECTED, code="number", detail="no such number", fault=Fault.NUMBER),
        Receipt("", State.REJECTED, code="stop", fault=Fault.OPTED_OUT),
        Receipt("", State.RELEASED, detail="the gateway took nothing"),
        Receipt("", State.IN_DOUBT, detail="no answer in time"),
        Receipt("", State.DELIVERED, "ref-7"),
    ]
    return [
        Receipt(one.id, said.state, said.gateway_ref, said.code, said.detail, said.segments, said.fault)
        for one, said in zip(messages, kinds, strict=True)
    ]


@pytest.mark.parametrize(
    "besides",
    [
        pytest.param((), id="all are submitting"),
        pytest.param((Receipt("a-stranger", State.ACCEPTED, "ref-8"),), id="a stranger among them"),
        pytest.param((Receipt("late", State.DELIVERED, "ref-9"),), id="a late one among them"),
        pytest.param((Receipt("late", State.RELEASED),), id="an illegal move among them"),
        pytest.param((Receipt("late", State.SUBMITTING),), id="one that settles nothing"),
        pytest.param(
            (Receipt("twice", State.IN_DOUBT), Receipt("twice", State.ACCEPTED, "ref-10")),
            id="one told twice",
        ),
        pytest.param((Receipt("late", State.REJECTED, fault=Fault.OPTED_OUT),), id="a late opt-out"),
    ],
)
def test_answers_of_a_round_are_settled_as_one_by_one(
    sqlite_log: SqliteSentLog, other_log: SqliteSentLog, besides: tuple[Receipt, ...]
) -> None:
    messages = [message(to) for to in numbers(7)]
    receipts = [*answers(messages), *besides]
    for log in (sqlite_log, other_log):
        late, twice = (
            message(to, id=name) for to, name in zip(numbers(2, 7), ("late", "twice"), strict=True)
        )
        assert len(claimed(log, *messages, late, twice)) == 9
        log.settle([Receipt("late", State.ACCEPTED)], NOW)
    sqlite_log.settle(receipts, NOW + HOUR)
    for receipt in receipts:
        other_log.settle([receipt], NOW + HOUR)
    assert told(sqlite_log) == told(other_log)


def test_claims_of_a_round_are_noted_as_one_by_one(
    sqlite_log: SqliteSentLog, other_log: SqliteSentLog
) -> None:
    messages = [message(to) for to in numbers(6)]
    again = message(messages[0].to)
    before = message(messages[2].to, id="before")
    for log in (sqlite_log, other_log):
        claimed(log, before, now=NOW - DAY)
    won = sqlite_log.claim([batch(*messages), batch(again)], TERMS, NOW)
    assert len(won) == 5  # one was sent before, and one is offered twice
    for each in (*messages, again):
        other_log.claim([batch(each)], TERMS, NOW)
    assert told(sqlite_log) == told(other_log)
    assert [row[1] for row in told(sqlite_log)[1]] == sorted({*won, "before"})
