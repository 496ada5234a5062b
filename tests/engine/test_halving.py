"""A call of several that is refused for some of them: halves are offered until those are alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.message import Answer, Batch, Fault, Receipt, State, Verdict
from smscli.domain.profile import BatchMode, Idempotency, IdempotencyScope
from smscli.engine.dispatch import Stop
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.sqlite import open_sent_log
from tests.engine.making import ScriptedGateway, accept, doubt, not_now, reject
from tests.engine.test_dispatch import LISTS, TERMS, Bench, people

HUNDREDS = replace(LISTS, batch_max=100)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with closing(open_sent_log(tmp_path / "sent-log.db", create=True)) as log:
        yield Bench(log, Stop())


def apart(batch: Batch) -> Answer:
    receipts = tuple(Receipt(each.id, State.RELEASED, code="422") for each in batch.messages)
    return Answer(Verdict.APART, receipts, reason="the gateway refused a whole call for one of its messages")


def all_or_nothing(bad: Collection[str]) -> Callable[[Batch], Answer]:
    """Takes a call whole or not at all; a bad message alone is rejected."""

    def answer(batch: Batch) -> Answer:
        if not any(message.to.e164 in bad for message in batch.messages):
            return accept(batch)
        return reject(batch, Fault.NUMBER) if len(batch.messages) == 1 else apart(batch)

    return answer


def test_one_bad_number_among_hundreds_is_found_and_everybody_else_is_accepted(bench: Bench) -> None:
    plan = people(400)
    bad = {plan[333].to.e164}
    gateway = ScriptedGateway(HUNDREDS, all_or_nothing(bad))
    dispatcher = bench.run(gateway, plan)
    assert dispatcher.stopped is None
    assert bench.states() == {State.ACCEPTED: 399, State.REJECTED: 1}
    refused = [batch for batch in gateway.batches if len(batch.messages) > 1 and bad & _numbers(batch)]
    assert len(refused) <= 7, "halves of a hundred: 100, 50, 25, 13, 7, 4, 2"


def _numbers(batch: Batch) -> set[str]:
    return {message.to.e164 for message in batch.messages}


@given(bad=st.sets(st.integers(0, 59), max_size=12), most=st.integers(2, 40))
@settings(max_examples=40, deadline=None)
def test_whoever_is_bad_is_rejected_alone_and_nobody_twice(bad: set[int], most: int) -> None:
    plan = people(60)
    wrong = {plan[place].to.e164 for place in bad}
    gateway = ScriptedGateway(replace(LISTS, batch_max=most), all_or_nothing(wrong))
    with closing(MemorySentLog()) as log:
        bench = Bench(log, Stop())  # type: ignore[arg-type]
        dispatcher = bench.run(gateway, plan)
        assert dispatcher.stopped is None
        assert bench.states().get(State.REJECTED, 0) == len(bad)
        assert bench.states().get(State.ACCEPTED, 0) == 60 - len(bad)
    taken = [number for batch in gateway.batches if not wrong & _numbers(batch) for number in _numbers(batch)]
    assert len(taken) == len(set(taken))


def test_halves_keep_to_what_slow_start_allows(bench: Bench) -> None:
    """The gateway is busy between the halves: the window goes back, and nothing is lost of it."""
    plan = people(64)
    bad = {plan[40].to.e164}
    answers = [accept] * 5 + [all_or_nothing(bad)] * 2 + [not_now] + [all_or_nothing(bad)]
    dispatcher = bench.run(ScriptedGateway(HUNDREDS, *answers), plan)
    assert dispatcher.stopped is None
    assert bench.states() == {State.ACCEPTED: 63, State.REJECTED: 1}


def test_a_repeat_under_a_promise_is_never_halved(bench: Bench) -> None:
    """What is in doubt stays as large as it was: a half would be another request under another key."""
    promise = Idempotency("header", "Key", IdempotencyScope.REQUEST, timedelta(hours=24))
    terms = replace(TERMS, keep_bodies=True, repeat_within=timedelta(hours=12))
    plan = people(12)
    gateway = ScriptedGateway(
        replace(HUNDREDS, batch=BatchMode.LIST, idempotency=promise), accept, accept, doubt, apart
    )
    dispatcher = bench.run(gateway, plan[:4], terms=terms)
    assert dispatcher.counts.states[State.IN_DOUBT] == 2
    assert {len(batch.messages) for batch in gateway.batches[3:]} == {2}
    assert not dispatcher.counts.dropped, "nobody was offered as somebody new"
