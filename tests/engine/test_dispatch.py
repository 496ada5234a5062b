"""The send loop against a real sent log and a scripted gateway: claims, receipts, caution, ends."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from smscli.domain.campaign import (
    Campaign,
    ConsentPolicy,
    Limits,
    Purpose,
    SameText,
    Senders,
)
from smscli.domain.contact import ConsentLevel
from smscli.domain.decision import HoldReason, SkipReason
from smscli.domain.errors import ExitCode, RunStopped, SentLogMoved
from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Answer, Batch, Fault, Message, Realm, Receipt, State, Verdict
from smscli.domain.ports import LogFilter, OptOut, Terms
from smscli.domain.profile import (
    BatchMode,
    GatewayProfile,
    Idempotency,
    IdempotencyScope,
    Rate,
    RateUnit,
)
from smscli.domain.template import compile_text
from smscli.engine.dispatch import Dispatcher, Stop, Tools
from smscli.engine.outcome import Counts, outcome
from smscli.engine.pacing import Pacer
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log
from tests.engine.making import (
    ScriptedGateway,
    accept,
    doubt,
    ledgers,
    message,
    not_now,
    number,
    refuse,
    reject,
)

CAMPAIGN = Campaign(
    id="spring",
    brand="Shop",
    purpose=Purpose.TRANSACTIONAL,
    topic="",
    senders=Senders("Shop"),
    texts={"en": compile_text("Hello")},
    default_language="en",
    fallback=False,
    consent=ConsentPolicy(ConsentLevel.NONE),
    quiet_hours=None,
    caps=(),
    limits=Limits(),
    same_text=SameText.WARN,
    rates=None,
)
TERMS = Terms(
    realm=Realm.LIVE,
    campaign_id="spring",
    purpose="transactional",
    topic="",
    gateway="scripted",
    gateway_digest="d1",
    run_id="run",
)
PROFILE = GatewayProfile(
    name="scripted",
    realm=Realm.LIVE,
    batch=BatchMode.ONE,
    batch_max=1,
    connections=8,
    rates=(),
    idempotency=None,
    clock_check=True,
)
LISTS = replace(PROFILE, batch=BatchMode.LIST, batch_max=10)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class Bench:
    """One log, and as many runs against it as a test wants."""

    log: SqliteSentLog
    stop: Stop

    def run(
        self,
        gateway: ScriptedGateway,
        messages: Sequence[Message],
        *,
        campaign: Campaign = CAMPAIGN,
        terms: Terms = TERMS,
        may_repeat: frozenset[object] = frozenset(),
        watch: Callable[[object], None] = lambda _: None,
    ) -> Dispatcher:
        async def send() -> Dispatcher:
            tools = Tools(
                gateway=gateway,
                log=self.log,
                clock=RealClock(),
                pacer=Pacer(gateway.profile.rates, ledgers(), time.monotonic),
                new_id=lambda: uuid4().hex,
                chance=random.Random(1).random,
                stop=self.stop,
                watch=watch,
            )
            dispatcher = Dispatcher(campaign, terms, tools)
            await dispatcher.send(iter(messages), len(messages), may_repeat)  # type: ignore[arg-type]
            return dispatcher

        dispatcher = asyncio.run(send())
        self.check_books(dispatcher)
        return dispatcher

    def check_books(self, dispatcher: Dispatcher) -> None:
        """What no test asks for: everything adds up, and nothing is left submitting."""
        result = outcome(problems=0, skipped={}, held={}, left_by_limit=0, counts=dispatcher.counts)
        if not dispatcher.counts.repeated:
            assert result.adds_up()
        assert dispatcher.counts.in_flight == 0
        if not isinstance(dispatcher.stopped, SentLogMoved):
            assert State.SUBMITTING not in self.states()

    def states(self) -> dict[State, int]:
        return {state: count for state, count in self.log.counts(Realm.LIVE).items() if count}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with closing(open_sent_log(tmp_path / "sent-log.db", create=True)) as log:
        yield Bench(log, Stop())


def people(count: int, **changes: object) -> list[Message]:
    return [message(1000 + index, **changes) for index in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "profile", [PROFILE, LISTS, replace(LISTS, batch=BatchMode.FANOUT)], ids=["one", "list", "fanout"]
)
def test_everybody_is_sent_once_and_logged_as_accepted(bench: Bench, profile: GatewayProfile) -> None:
    gateway, plan = ScriptedGateway(profile), people(137)
    dispatcher = bench.run(gateway, plan)
    assert sorted(gateway.taken) == sorted(each.to for each in plan)
    assert bench.states() == {State.ACCEPTED: 137}
    assert dispatcher.counts.states[State.ACCEPTED] == 137
    assert dispatcher.stopped is None


def test_the_first_message_goes_alone_and_only_what_worked_widens(bench: Bench) -> None:
    gateway = ScriptedGateway(LISTS, seconds=0.002)
    bench.run(gateway, people(200))
    sizes = [len(batch.messages) for batch in gateway.batches]
    assert sizes[:4] == [1, 1, 2, 4]
    assert max(sizes) == 10
    assert gateway.proven[:2] == [False, True]


def test_never_more_requests_in_flight_than_the_profile_allows(bench: Bench) -> None:
    gateway = ScriptedGateway(replace(PROFILE, connections=3), seconds=0.005)
    bench.run(gateway, people(40))
    assert gateway.most_in_flight == 3


def test_a_call_that_was_not_taken_is_made_again_with_the_same_ids(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, not_now, not_now, accept)
    dispatcher = bench.run(gateway, people(3))
    first, second, third = gateway.batches[:3]
    assert first.messages[0].id == second.messages[0].id == third.messages[0].id
    assert bench.states() == {State.ACCEPTED: 3}
    assert dispatcher.counts.states[State.RELEASED] == 0


def test_segments_of_what_was_accepted_are_counted_once_however_often_it_was_offered(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, not_now, accept, reject, accept)
    dispatcher = bench.run(gateway, people(4, body="x" * 200))
    assert dispatcher.counts.states[State.ACCEPTED] == 3
    assert dispatcher.counts.segments == 6


def test_retry_after_is_never_shortened(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, accept, lambda batch: not_now(batch, 0.3), accept)
    bench.run(gateway, people(3))
    assert gateway.times[2] - gateway.times[1] >= 0.3


def test_a_pause_is_told_with_its_reason_and_the_seconds_that_are_left(bench: Bench) -> None:
    seen: list[tuple[str, float, int]] = []

    def watch(counts: object) -> None:
        assert isinstance(counts, Counts)
        seen.append((counts.not_taken, counts.again_in, counts.in_flight))

    gateway = ScriptedGateway(PROFILE, lambda batch: not_now(batch, 0.2), accept)
    bench.run(gateway, people(2), watch=watch)
    [pause] = [each for each in seen if each[1]]
    assert pause[0]
    assert 0 < pause[1] <= 0.4
    assert pause[2] == 0
    assert seen[-1][1] == 0, "no pause is told when it is over"


def test_a_gateway_that_never_takes_anything_ends_the_run(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, not_now)
    dispatcher = bench.run(gateway, people(50))
    assert isinstance(dispatcher.stopped, RunStopped)
    assert len(gateway.batches) == 4
    assert bench.states() == {State.RELEASED: 1}


def test_a_pause_of_hours_ends_the_run_instead(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, lambda batch: not_now(batch, 7200.0))
    dispatcher = bench.run(gateway, people(2))
    assert isinstance(dispatcher.stopped, RunStopped)


def test_a_refused_call_stops_the_run_and_rejects_nobody(bench: Bench) -> None:
    gateway = ScriptedGateway(LISTS, refuse)
    dispatcher = bench.run(gateway, people(100))
    assert isinstance(dispatcher.stopped, RunStopped)
    assert len(gateway.batches) == 1
    assert bench.states() == {State.RELEASED: 1}


def test_doubt_is_kept_never_repeated_and_goes_back_to_one_at_a_time(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, *[accept] * 30, doubt, accept, seconds=0.001)
    dispatcher = bench.run(gateway, people(60))
    assert bench.states() == {State.ACCEPTED: 59, State.IN_DOUBT: 1}
    assert len(gateway.taken) == len(set(gateway.taken)) == 60
    assert dispatcher.counts.states[State.IN_DOUBT] == 1


def test_twenty_requests_in_doubt_stop_the_run(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, doubt)
    dispatcher = bench.run(gateway, people(100))
    assert isinstance(dispatcher.stopped, RunStopped)
    assert len(gateway.batches) == 20


def test_a_wrong_sender_costs_twenty_people_and_no_more(bench: Bench) -> None:
    gateway = ScriptedGateway(LISTS, reject)
    dispatcher = bench.run(gateway, people(5000))
    assert isinstance(dispatcher.stopped, RunStopped)
    assert bench.states() == {State.REJECTED: 20}


def test_an_opt_out_the_gateway_knows_is_learned(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, accept, lambda batch: reject(batch, Fault.OPTED_OUT), accept)
    plan = people(3)
    bench.run(gateway, plan)
    assert [wish.number for wish in bench.log.opt_outs()] == [plan[1].to]


def test_an_opt_out_after_the_plan_keeps_a_message_back(bench: Bench) -> None:
    plan = people(5)
    bench.log.opt_out([OptOut(plan[3].to, "", datetime.now(UTC), "reply")])
    gateway = ScriptedGateway(PROFILE)
    dispatcher = bench.run(gateway, plan)
    assert plan[3].to not in gateway.taken
    assert dispatcher.counts.dropped == {SkipReason.OPTED_OUT: 1}


def test_a_window_that_closed_after_the_plan_keeps_a_message_back(bench: Bench) -> None:
    plan = [*people(2), message(7, deadline=datetime.now(UTC) - timedelta(seconds=1))]
    gateway = ScriptedGateway(PROFILE)
    dispatcher = bench.run(gateway, plan)
    assert number(7) not in gateway.taken
    assert dispatcher.counts.dropped == {HoldReason.QUIET_HOURS: 1}


def test_who_was_sent_by_another_run_meanwhile_drops_out(bench: Bench) -> None:
    plan = people(4)
    bench.run(ScriptedGateway(PROFILE), plan)
    again = [replace(each, id=f"again-{each.id}") for each in plan]
    dispatcher = bench.run(ScriptedGateway(PROFILE), [*again, message(5)])
    assert dispatcher.counts.dropped == {SkipReason.ALREADY_SENT: 4}
    assert dispatcher.counts.states[State.ACCEPTED] == 1


def test_a_cap_filled_after_the_plan_holds(bench: Bench) -> None:
    campaign = replace(CAMPAIGN, caps=(FrequencyCap(1, timedelta(days=1)),))
    bench.run(ScriptedGateway(PROFILE), [message(1)], terms=replace(TERMS, campaign_id="winter"))
    dispatcher = bench.run(
        ScriptedGateway(PROFILE),
        [message(1), message(2)],
        campaign=campaign,
        terms=replace(TERMS, caps=(FrequencyCap(1, timedelta(days=1)),)),
    )
    assert dispatcher.counts.dropped == {HoldReason.FREQUENCY_CAP: 1}


def test_the_pace_is_kept_when_measured_at_submit(bench: Bench) -> None:
    gateway = ScriptedGateway(replace(PROFILE, rates=(Rate(20, RateUnit.MESSAGE),)))
    bench.run(gateway, people(50))
    for at in gateway.times:
        assert sum(at - 1.0 < other <= at for other in gateway.times) <= 20
    assert gateway.times[-1] - gateway.times[0] < 6  # 2 s on a quiet machine


def test_batches_wait_for_a_pace_that_fills_them(bench: Bench) -> None:
    gateway = ScriptedGateway(replace(LISTS, rates=(Rate(20, RateUnit.MESSAGE),)))
    bench.run(gateway, people(45))
    full = [len(batch.messages) for batch in gateway.batches]
    assert full.count(10) >= 2


def test_clocks_far_apart_stop_the_run_after_the_first_answer(bench: Bench) -> None:
    wrong = datetime.now(UTC) + timedelta(minutes=5)
    gateway = ScriptedGateway(PROFILE, lambda batch: replace(accept(batch), server_date=wrong))
    dispatcher = bench.run(gateway, people(10))
    assert isinstance(dispatcher.stopped, RunStopped)
    assert bench.states() == {State.ACCEPTED: 1}


def test_a_profile_may_switch_the_clock_check_off(bench: Bench) -> None:
    wrong = datetime.now(UTC) + timedelta(minutes=5)
    unchecked = replace(PROFILE, clock_check=False)
    gateway = ScriptedGateway(unchecked, lambda batch: replace(accept(batch), server_date=wrong))
    assert bench.run(gateway, people(10)).stopped is None


def test_a_signal_lets_what_is_in_flight_finish(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, seconds=0.02)

    def interrupt(_: object) -> None:
        if len(gateway.batches) >= 10:
            bench.stop.request(ExitCode.SIGINT)

    dispatcher = bench.run(gateway, people(100), watch=interrupt)
    assert len(gateway.batches) < 30
    assert bench.states() == {State.ACCEPTED: len(gateway.batches)}
    assert dispatcher.counts.states[State.IN_DOUBT] == 0


def test_a_second_signal_leaves_what_is_in_flight_in_doubt_at_once(bench: Bench) -> None:
    gateway = ScriptedGateway(PROFILE, accept, accept, accept, seconds=0.01)
    slow = ScriptedGateway(PROFILE, seconds=30)

    def interrupt(counts: object) -> None:
        bench.stop.request(ExitCode.SIGINT)
        bench.stop.request(ExitCode.SIGINT)

    bench.run(gateway, people(3))
    started = time.monotonic()
    dispatcher = bench.run(slow, [message(9)], watch=interrupt)
    assert time.monotonic() - started < 5
    assert dispatcher.counts.states[State.IN_DOUBT] == 1
    assert bench.states() == {State.ACCEPTED: 3, State.IN_DOUBT: 1}


def test_a_broken_gateway_leaves_its_batch_in_doubt(bench: Bench) -> None:
    def explode(batch: Batch) -> Answer:
        raise ZeroDivisionError

    dispatcher = bench.run(ScriptedGateway(PROFILE, explode, accept), people(2))
    assert +dispatcher.counts.states == {State.IN_DOUBT: 1, State.ACCEPTED: 1}


def test_a_log_that_is_busy_for_a_moment_is_waited_for(bench: Bench) -> None:
    held = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(bench.log.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            held.set()
            time.sleep(0.3)
            other.execute("ROLLBACK")

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    started = time.monotonic()
    dispatcher = bench.run(ScriptedGateway(PROFILE), people(3))
    holder.join()
    assert time.monotonic() - started >= 0.25
    assert dispatcher.counts.states[State.ACCEPTED] == 3


def test_a_log_deleted_under_the_run_stops_it(bench: Bench) -> None:
    def delete(_: object) -> None:
        bench.log.path.unlink(missing_ok=True)

    gateway = ScriptedGateway(PROFILE)
    dispatcher = bench.run(gateway, people(50), watch=delete)
    assert isinstance(dispatcher.stopped, SentLogMoved)
    assert len(gateway.batches) < 5


PROMISE = Idempotency("header", "Idempotency-Key", IdempotencyScope.REQUEST, timedelta(hours=1))
PROMISED = replace(LISTS, idempotency=PROMISE)
PROMISED_TERMS = replace(TERMS, keep_bodies=True, repeat_within=timedelta(minutes=30))


def test_a_promise_lets_doubt_be_repeated_with_the_same_ids_and_bytes(bench: Bench) -> None:
    gateway = ScriptedGateway(PROMISED, accept, accept, doubt, accept)
    dispatcher = bench.run(gateway, people(8), terms=PROMISED_TERMS)
    doubted, later = gateway.batches[2], gateway.batches[3:]
    assert doubted in later
    assert [gateway.proven[index] for index, batch in enumerate(gateway.batches) if batch == doubted] == [
        True,
        False,  # what a repeat is told about its key is no word about its message
    ]
    assert bench.states() == {State.ACCEPTED: 8}
    assert dispatcher.counts.states[State.IN_DOUBT] == 0


def test_doubt_that_stays_is_repeated_only_so_often(bench: Bench) -> None:
    gateway = ScriptedGateway(PROMISED, doubt)
    dispatcher = bench.run(gateway, [message(1)], terms=PROMISED_TERMS)
    assert len(gateway.batches) == 4
    assert bench.states() == {State.IN_DOUBT: 1}
    assert dispatcher.counts.states[State.IN_DOUBT] == 1


def test_the_next_run_repeats_what_an_earlier_one_left_in_doubt(bench: Bench) -> None:
    plan = [message(1)]
    first = Batch("request-1", tuple(plan), datetime.now(UTC))
    assert bench.log.claim([first], PROMISED_TERMS, first.claimed_at)
    assert bench.log.recover(Realm.LIVE, "spring", datetime.now(UTC)) == 1
    gateway = ScriptedGateway(PROMISED)
    dispatcher = bench.run(gateway, [], terms=PROMISED_TERMS, may_repeat=frozenset({plan[0].to}))
    assert [batch.id for batch in gateway.batches] == ["request-1"]
    assert gateway.batches[0].messages[0].body == plan[0].body
    assert dispatcher.counts.repeated == 1
    assert bench.states() == {State.ACCEPTED: 1}


def test_nobody_outside_the_plan_is_repeated(bench: Bench) -> None:
    first = Batch("request-1", (message(1),), datetime.now(UTC))
    bench.log.claim([first], PROMISED_TERMS, first.claimed_at)
    bench.log.recover(Realm.LIVE, "spring", datetime.now(UTC))
    gateway = ScriptedGateway(PROMISED)
    bench.run(gateway, [], terms=PROMISED_TERMS)
    assert gateway.batches == []


def test_a_message_without_an_answer_of_its_own_counts_as_a_request_in_doubt(bench: Bench) -> None:
    def half(batch: Batch) -> Answer:
        receipts = tuple(
            Receipt(each.id, State.ACCEPTED if index else State.IN_DOUBT)
            for index, each in enumerate(batch.messages)
        )
        return Answer(Verdict.ANSWERED, receipts)

    gateway = ScriptedGateway(LISTS, accept, accept, accept, half, accept)
    bench.run(gateway, people(30))
    assert bench.states()[State.IN_DOUBT] == 1
    assert len(gateway.batches[4].messages) == 1


def test_the_log_names_what_happened(bench: Bench) -> None:
    bench.run(ScriptedGateway(PROFILE), [message(1)])
    (logged,) = bench.log.messages(LogFilter())
    assert (logged.to, logged.state, logged.gateway, logged.gateway_ref) == (
        number(1),
        State.ACCEPTED,
        "scripted",
        "ref",
    )
