"""What would text somebody twice: bad moments, strung together, against the real sent log."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smscli.domain.decision import SkipReason
from smscli.domain.errors import ExitCode, RunStopped
from smscli.domain.message import Answer, Batch, Message, Realm, Receipt, State, Verdict
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import LogFilter, Terms
from smscli.domain.profile import BatchMode, GatewayProfile, IdempotencyScope, Rate, RateScope, RateUnit
from smscli.engine.dispatch import Dispatcher, Stop, Tools
from smscli.engine.outcome import outcome
from smscli.engine.pacing import Pacer
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log
from tests.engine.making import Ledger, ScriptedGateway, accept, doubt, message, not_now, refuse, reject
from tests.engine.test_dispatch import (
    CAMPAIGN,
    LISTS,
    PROFILE,
    PROMISE,
    PROMISED,
    PROMISED_TERMS,
    TERMS,
    RealClock,
    people,
)


def hastily() -> float:
    """A chance that makes every pause a thousandth of itself."""
    return -0.999


class CountingClock(RealClock):
    """Tells how often the loop looked at it."""

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return super().monotonic()


@dataclass
class Table:
    """One log, and whatever a run needs to be disturbed."""

    log: SqliteSentLog
    stop: Stop = field(default_factory=Stop)
    clock: RealClock = field(default_factory=RealClock)
    ledger: Ledger = field(default_factory=Ledger)
    chance: Callable[[], float] = random.Random(1).random

    def run(
        self,
        gateway: ScriptedGateway,
        messages: Sequence[Message],
        terms: Terms = TERMS,
        may_repeat: frozenset[Msisdn] = frozenset(),
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Dispatcher:
        async def send() -> Dispatcher:
            meanwhile()
            tools = Tools(
                gateway=gateway,
                log=self.log,
                clock=self.clock,
                pacer=Pacer(gateway.profile.rates, lambda _: self.ledger, time.monotonic),
                new_id=lambda: uuid4().hex,
                chance=self.chance,
                stop=self.stop,
            )
            dispatcher = Dispatcher(CAMPAIGN, terms, tools)
            await dispatcher.send(iter(messages), len(messages), may_repeat)
            return dispatcher

        return asyncio.run(send())

    def states(self) -> dict[State, int]:
        return {state: count for state, count in self.log.counts(Realm.LIVE).items() if count}

    def busy_for(self, seconds: float) -> None:
        """Called inside a running loop: another process writes to the log."""
        other = sqlite3.connect(self.log.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(seconds, other.close)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    with closing(open_sent_log(tmp_path / "sent-log.db", create=True)) as log:
        yield Table(log)


# --- repeats --------------------------------------------------------------------------------------


def taken_for_now(batch: Batch) -> Answer:
    return not_now(batch, 0.0)


@pytest.mark.parametrize("scope", IdempotencyScope)
@pytest.mark.parametrize("answer", [taken_for_now, refuse])
def test_a_repeat_that_was_not_taken_says_nothing_of_the_first_call(
    table: Table, scope: IdempotencyScope, answer: Callable[[Batch], Answer]
) -> None:
    """The first call may have been taken: to release its people would text them again under a new key."""
    profile = replace(PROMISED, idempotency=replace(PROMISE, scope=scope))
    table.chance = hastily
    gateway = ScriptedGateway(profile, doubt, answer)
    dispatcher = table.run(gateway, [message(1)], terms=PROMISED_TERMS)
    assert len({batch.id for batch in gateway.batches}) == 1
    assert table.states() == {State.IN_DOUBT: 1}
    assert +dispatcher.counts.states == {State.IN_DOUBT: 1}


def test_a_repeat_that_was_not_taken_is_repeated_under_the_same_key(table: Table) -> None:
    gateway = ScriptedGateway(PROMISED, doubt, taken_for_now, accept)
    table.run(gateway, [message(1)], terms=PROMISED_TERMS)
    assert len(gateway.batches) == 3
    assert len({batch.id for batch in gateway.batches}) == 1
    assert table.states() == {State.ACCEPTED: 1}


def test_what_an_earlier_run_left_in_doubt_stays_so_when_its_repeat_is_not_taken(table: Table) -> None:
    first = Batch("request-1", (message(1),), datetime.now(UTC))
    table.log.claim([first], PROMISED_TERMS, first.claimed_at)
    table.log.recover(Realm.LIVE, "spring", datetime.now(UTC))
    gateway = ScriptedGateway(PROMISED, refuse)
    dispatcher = table.run(gateway, [], terms=PROMISED_TERMS, may_repeat=frozenset({first.messages[0].to}))
    assert isinstance(dispatcher.stopped, RunStopped)
    assert table.states() == {State.IN_DOUBT: 1}
    assert table.log.repeatable(Realm.LIVE, "spring", TERMS.gateway_digest, datetime.now(UTC))


def test_a_pause_the_gateway_asks_for_holds_for_repeats_too(table: Table) -> None:
    gateway = ScriptedGateway(PROMISED, doubt, lambda batch: not_now(batch, 1.3), accept)
    table.run(gateway, people(2), terms=PROMISED_TERMS)
    assert gateway.times[2] - gateway.times[1] >= 1.3


def test_a_repeat_that_waits_for_another_does_not_keep_the_processor_busy(table: Table) -> None:
    """Two requests in doubt; the first one's repeat is slow."""
    earlier = [Batch(f"request-{last}", (message(last),), datetime.now(UTC)) for last in (1, 2)]
    table.log.claim(earlier, PROMISED_TERMS, datetime.now(UTC))
    table.log.recover(Realm.LIVE, "spring", datetime.now(UTC))
    table.clock = clock = CountingClock()
    everybody = frozenset(each.to for batch in earlier for each in batch.messages)
    gateway = ScriptedGateway(PROMISED, seconds=0.5)
    table.run(gateway, [], terms=PROMISED_TERMS, may_repeat=everybody)
    assert len(gateway.batches) == 2
    assert clock.looks < 100


def test_a_repeat_that_waits_for_pace_does_not_keep_the_processor_busy(table: Table) -> None:
    earlier = [Batch(f"request-{last}", (message(last),), datetime.now(UTC)) for last in (1, 2)]
    table.log.claim(earlier, PROMISED_TERMS, datetime.now(UTC))
    table.log.recover(Realm.LIVE, "spring", datetime.now(UTC))
    table.clock = clock = CountingClock()
    everybody = frozenset(each.to for batch in earlier for each in batch.messages)
    gateway = ScriptedGateway(replace(PROMISED, rates=(Rate(2, RateUnit.MESSAGE),)))
    table.ledger.entries = [(clock.monotonic(), 2.0)]
    table.run(gateway, [], terms=PROMISED_TERMS, may_repeat=everybody)
    assert len(gateway.batches) == 2
    assert clock.looks < 100


# --- signals and a busy log -----------------------------------------------------------------------


@pytest.mark.parametrize("signals", [1, 2])
def test_nobody_is_claimed_after_a_signal_that_came_while_the_log_was_busy(
    table: Table, signals: int
) -> None:
    def held_up(batch: Batch) -> Answer:
        table.busy_for(0.3)
        for _ in range(signals):
            asyncio.get_running_loop().call_later(0.1, table.stop.request, ExitCode.SIGINT)
        return accept(batch)

    gateway = ScriptedGateway(PROFILE, accept, held_up, accept)
    dispatcher = table.run(gateway, people(20))
    assert len(gateway.batches) == 2
    assert table.states() == {State.ACCEPTED: 2}
    assert (
        outcome(problems=0, skipped={}, held={}, left_by_limit=0, counts=dispatcher.counts).not_attempted
        == 18
    )


def test_nobody_is_repeated_after_a_signal_that_came_while_the_log_was_busy(table: Table) -> None:
    first = Batch("request-1", (message(1),), datetime.now(UTC))
    table.log.claim([first], PROMISED_TERMS, first.claimed_at)
    table.log.recover(Realm.LIVE, "spring", datetime.now(UTC))
    gateway = ScriptedGateway(PROMISED)

    def interrupt() -> None:
        table.busy_for(0.3)
        asyncio.get_running_loop().call_later(0.1, table.stop.request, ExitCode.SIGINT)

    everybody = frozenset({first.messages[0].to})
    dispatcher = table.run(gateway, [], PROMISED_TERMS, everybody, meanwhile=interrupt)
    assert gateway.batches == []
    assert dispatcher.counts.repeated == 0
    assert table.states() == {State.IN_DOUBT: 1}


def test_a_claim_that_waits_for_the_log_keeps_its_place_in_a_pace_shared_with_others(table: Table) -> None:
    """Else another process fills the window meanwhile, and both submit in one second."""
    others: list[float] = []
    other = Pacer((Rate(4, RateUnit.MESSAGE),), lambda _: table.ledger, time.monotonic)
    wanted = [(each,) for each in people(4)]

    def sent_by_another() -> None:
        grant = other.take(wanted, 4, 4)
        others.extend([time.monotonic()] * len(grant.places))
        other.spend(grant, wanted[: len(grant.places)])

    def meanwhile() -> None:
        table.busy_for(1.3)
        asyncio.get_running_loop().call_later(1.15, sent_by_another)

    gateway = ScriptedGateway(replace(LISTS, rates=(Rate(4, RateUnit.MESSAGE),)))
    table.run(gateway, people(2), meanwhile=meanwhile)
    assert others
    submitted = others + [
        at for at, batch in zip(gateway.times, gateway.batches, strict=True) for _ in batch.messages
    ]
    for at in submitted:
        assert sum(at - 1.0 < each <= at for each in submitted) <= 4


# --- random scripts -------------------------------------------------------------------------------


def some_not_taken(batch: Batch) -> Answer:
    """Accepted, rejected, released and in doubt by turns."""
    states = (State.ACCEPTED, State.RELEASED, State.IN_DOUBT, State.REJECTED)
    each = [Receipt(one.id, states[place % 4]) for place, one in enumerate(batch.messages)]
    return Answer(Verdict.ANSWERED, tuple(each))


def half_in_doubt(batch: Batch) -> Answer:
    each = (State.ACCEPTED if place else State.IN_DOUBT for place in range(len(batch.messages)))
    receipts = zip(batch.messages, each, strict=True)
    return Answer(Verdict.ANSWERED, tuple(Receipt(one.id, state) for one, state in receipts))


ANSWERS = {
    "accept": accept,
    "reject": reject,
    "doubt": doubt,
    "not now": lambda batch: not_now(batch, 0.001),
    "refuse": refuse,
    "mixed": some_not_taken,
    "half": half_in_doubt,
}
EVENTS = [*ANSWERS, "accept", "accept", "accept", "signal", "two signals", "busy", "broken"]


class Adversary(ScriptedGateway):
    """Plays a script and knows what it took, or may have taken, by number and key."""

    def __init__(
        self, profile: GatewayProfile, table: Table, script: Sequence[str], repeats: Sequence[str]
    ) -> None:
        super().__init__(profile)
        self._table = table
        self._events, self._of_repeats = iter(script), iter(repeats)
        self.perhaps: dict[Msisdn, set[str]] = {}
        self.faults: list[str] = []

    async def submit(self, batch: Batch, *, proven: bool) -> Answer:
        for each in batch.messages:
            if self.perhaps.get(each.to, set()) - {batch.id}:
                self.faults.append(f"{each.id} was handed over twice")
        again = any(batch.id in keys for keys in self.perhaps.values())
        event = next(self._of_repeats if again else self._events, "accept")
        self.batches.append(batch)
        answer = self._answer(batch, event)
        for each, receipt in zip(batch.messages, answer.receipts, strict=True):
            if receipt.state in (State.ACCEPTED, State.IN_DOUBT) or event == "broken":
                self.perhaps.setdefault(each.to, set()).add(batch.id)
        await self._slowly(batch, event)
        return answer

    def _answer(self, batch: Batch, event: str) -> Answer:
        return ANSWERS.get(event, accept)(batch)

    async def _slowly(self, batch: Batch, event: str) -> None:
        loop, stop = asyncio.get_running_loop(), self._table.stop
        if event == "busy":
            self._table.busy_for(0.02)
        elif event in ("signal", "two signals"):
            loop.call_later(0.001, stop.request, ExitCode.SIGINT)
            if event == "two signals":
                loop.call_later(0.002, stop.request, ExitCode.SIGINT)
        elif event == "broken":
            raise ZeroDivisionError
        await asyncio.sleep(30 if event == "two signals" else 0.001)


KEYED_BY_MESSAGE = replace(
    PROMISED, batch_max=3, idempotency=replace(PROMISE, scope=IdempotencyScope.MESSAGE)
)

TO_MANY = replace(LISTS, batch=BatchMode.FANOUT, batch_max=4)
MERGED = replace(LISTS, batch=BatchMode.MERGE, batch_max=4)
PACED = replace(LISTS, rates=(Rate(900), Rate(600, RateUnit.SEGMENT, RateScope.SENDER)))

scripts = st.lists(st.sampled_from(EVENTS), max_size=14)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    profile=st.sampled_from([PROFILE, LISTS, PROMISED, KEYED_BY_MESSAGE, TO_MANY, MERGED, PACED]),
    size=st.integers(1, 25),
    runs=st.lists(st.tuples(scripts, scripts), min_size=2, max_size=3),
)
def test_whatever_happens_nobody_is_texted_twice_and_everybody_is_accounted_for(
    profile: GatewayProfile, size: int, runs: list[tuple[list[str], list[str]]]
) -> None:
    terms = PROMISED_TERMS if profile.idempotency else TERMS
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_sent_log(Path(folder) / "log.db", create=True)) as log,
    ):
        perhaps: dict[Msisdn, set[str]] = {}
        for scripts_of_run in runs:
            perhaps = _one_run(Table(log, chance=hastily), profile, terms, size, scripts_of_run, perhaps)


def _one_run(
    table: Table,
    profile: GatewayProfile,
    terms: Terms,
    size: int,
    scripts_of_run: tuple[Sequence[str], Sequence[str]],
    perhaps: dict[Msisdn, set[str]],
) -> dict[Msisdn, set[str]]:
    log = table.log
    assert log.recover(Realm.LIVE, "spring", datetime.now(UTC)) == 0
    before = {each.to: each.state for each in log.messages(LogFilter())}
    doubted = {number for number, state in before.items() if state is State.IN_DOUBT}
    plan = [each for each in people(size) if before.get(each.to) in (None, State.RELEASED)]
    gateway = Adversary(profile, table, *scripts_of_run)
    gateway.perhaps = perhaps
    dispatcher = table.run(gateway, plan, terms, frozenset(doubted))
    after = {each.to: each.state for each in log.messages(LogFilter())}
    assert gateway.faults == []
    assert State.SUBMITTING not in after.values()
    assert dispatcher.counts.in_flight == 0
    for number in perhaps:
        assert after[number] is not State.RELEASED, "something that may be taken is recorded as released"
    _check_counts(dispatcher, before, after, plan, doubted)
    return perhaps


def _check_counts(
    dispatcher: Dispatcher,
    before: dict[Msisdn, State],
    after: dict[Msisdn, State],
    plan: Sequence[Message],
    doubted: set[Msisdn],
) -> None:
    counts = dispatcher.counts
    result = outcome(
        problems=0, skipped={SkipReason.IN_DOUBT: len(doubted)}, held={}, left_by_limit=0, counts=counts
    )
    assert result.adds_up()
    parts = (result.not_attempted, result.released, result.rejected, result.in_doubt, result.accepted)
    assert min(parts) >= 0
    planned = {each.to for each in plan}
    now = Counter(state for number, state in after.items() if number in planned | doubted)
    was = Counter(state for number, state in before.items() if number in planned | doubted)
    assert now[State.ACCEPTED] == result.accepted
    assert now[State.REJECTED] == result.rejected
    assert now[State.IN_DOUBT] == result.in_doubt + result.skipped.get(SkipReason.IN_DOUBT, 0)
    fresh = sum(number not in after for number in planned)
    assert now[State.RELEASED] + fresh == result.released + result.not_attempted
    assert was[State.ACCEPTED] == 0
