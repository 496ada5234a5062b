"""The forecast's requests are the requests made, whatever the mode, the pace, or the moment of an answer."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.contact import Contact
from smscli.domain.decision import Send
from smscli.domain.message import Answer, Batch, Message, Realm
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateScope, RateUnit
from smscli.engine.dispatch import Dispatcher, Stop, Tools
from smscli.engine.forecast import Forecast, forecast
from smscli.engine.pacing import Lane, Limits, Pacer, capacity
from smscli.engine.sizing import MOST_AT_ONCE, order_of
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.plan import SqlitePlan
from tests.engine.clockwork import STARTED, Clockwork, ClockworkLoop, run
from tests.engine.making import ScriptedGateway, accept, doubt, ledgers, message
from tests.engine.test_dispatch import CAMPAIGN, LISTS, PROFILE, TERMS

PER_SENDER = RateScope.SENDER


class Unhurried(ScriptedGateway):
    """Accepts everybody, each request in its own time; knows when each came (seconds from the start).

    `doubts`: the places of requests that are left in doubt.
    """

    def __init__(self, profile: GatewayProfile, seconds: Sequence[float], *doubts: int) -> None:
        super().__init__(profile)
        self._doubts = doubts
        self._delays = [seconds[place % len(seconds)] for place in range(97)]
        self._order = count()

    async def submit(self, batch: Batch, *, proven: bool) -> Answer:
        self.times.append(asyncio.get_running_loop().time() - 1000.0)
        self.batches.append(batch)
        place = next(self._order)
        await asyncio.sleep(self._delays[place % 97])
        return doubt(batch) if place in self._doubts else accept(batch)


@dataclass(frozen=True)
class Sent:
    """What was planned, and what came of it."""

    plan: Forecast
    gateway: Unhurried

    @property
    def seconds(self) -> float:
        """When the last request was made."""
        return max(self.gateway.times)


def send(profile: GatewayProfile, messages: Sequence[Message], seconds: Sequence[float] = (0.0,)) -> Sent:
    """Plan these, forecast, and send the plan on a clock that needs no time."""
    with closing(SqlitePlan()) as plan:
        plan.add([Send(Contact(row, row, each.to), each) for row, each in enumerate(messages)])
        order, gateway = order_of(profile), Unhurried(profile, seconds)
        planned = forecast(plan.tally(), None, profile, plan.leaving(order), STARTED)
        deliver(gateway, {"spring": plan.messages(order)})
    return Sent(planned, gateway)


def deliver(gateway: Unhurried, campaigns: Mapping[str, Iterator[Message]]) -> None:
    """All of these at the same time, each by a dispatcher of its own; they share the gateway's pace."""
    loop = ClockworkLoop()
    clock, ledger_of, ids = Clockwork(loop), ledgers(), count()
    dispatchers = []
    for campaign_id in campaigns:
        tools = Tools(
            gateway=gateway,
            log=MemorySentLog(),
            clock=clock,
            pacer=Pacer(gateway.profile.rates, ledger_of, clock.monotonic),
            new_id=lambda: f"request-{next(ids)}",
            chance=random.Random(1).random,
            stop=Stop(),
        )
        terms = replace(TERMS, campaign_id=campaign_id)
        dispatchers.append(Dispatcher(replace(CAMPAIGN, id=campaign_id), terms, tools))

    async def all_of_them() -> None:
        made = zip(dispatchers, campaigns.values(), strict=True)
        await asyncio.gather(*(each.send(messages, 0) for each, messages in made))

    run(loop, all_of_them())
    assert [each.stopped for each in dispatchers] == [None] * len(dispatchers)


def people(
    many: int, *, sender: str = "Shop", first: int = 1000, body: str = "Hello", hours: int = 240
) -> list[Message]:
    deadline = STARTED + timedelta(hours=hours)
    return [message(first + place, sender=sender, body=body, deadline=deadline) for place in range(many)]


@st.composite
def plans(draw: st.DrawFn) -> list[Message]:
    """Messages of a few senders, texts and deadlines, mixed."""
    groups = draw(
        st.lists(
            st.tuples(
                st.integers(1, 40),
                st.sampled_from("AB"),
                st.sampled_from(["Hello", "Bye", "x" * 200, "x" * 400]),
                st.integers(200, 202),
            ),
            max_size=6,
        )
    )
    made, first = [], 1000
    for many, sender, body, hours in groups:
        made += people(many, sender=sender, first=first, body=body, hours=hours)
        first += many
    return draw(st.permutations(made)) if made else made


RATES = st.lists(
    st.builds(
        Rate,
        st.sampled_from([0.7, 1, 3, 8, 25, 1000]),
        st.sampled_from(RateUnit),
        st.sampled_from(RateScope),
    ),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(
    mode=st.sampled_from(BatchMode),
    most=st.integers(1, 30),
    connections=st.integers(1, 6),
    rates=RATES,
    plan=plans(),
    seconds=st.lists(st.sampled_from([0.0, 0.003, 0.05, 0.7]), min_size=1, max_size=5),
)
def test_the_requests_forecast_are_the_requests_made(
    mode: BatchMode,
    most: int,
    connections: int,
    rates: list[Rate],
    plan: list[Message],
    seconds: list[float],
) -> None:
    profile = replace(
        PROFILE, batch=mode, batch_max=most, connections=connections, rates=tuple(rates), realm=Realm.LIVE
    )
    sent = send(profile, plan, seconds)
    assert sorted(sent.gateway.taken) == sorted(each.to for each in plan)
    assert len(sent.gateway.batches) == sent.plan.requests
    assert_never_above(sent.gateway, rates)
    if rates and plan:
        assert sent.plan.last_leaves_at is not None
        planned = (sent.plan.last_leaves_at - STARTED).total_seconds()
        assert sent.seconds >= planned - 1e-3 or _senders_may_pass(rates)


def _senders_may_pass(rates: Sequence[Rate]) -> bool:
    """Where the gateway has a rate too, the forecast lets nobody pass: it may be a little late."""
    return len({rate.per for rate in rates}) == 2


def assert_never_above(gateway: Unhurried, rates: Sequence[Rate]) -> None:
    """In no window of any rate more than it holds, but one message that weighs more alone."""
    limits = Limits(rates)
    submitted: dict[Lane, list[tuple[float, float]]] = {}
    for at, batch in zip(gateway.times, gateway.batches, strict=True):
        parts = ((each.sender, each.segments.count, 1) for each in batch.messages)
        for lane, amount in limits.cost(parts).items():
            submitted.setdefault(lane, []).append((at, amount))
    for lane, noted in submitted.items():
        rate = limits.of(lane).rate
        window, inside = capacity(rate) / rate.per_second, deque[tuple[float, float]]()
        for at, amount in noted:
            inside.append((at, amount))
            while inside[0][0] <= at - window + 1e-9:
                inside.popleft()
            assert sum(held for _, held in inside) <= capacity(rate) or len(inside) == 1


# --- by hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "sizes"),
    [
        (BatchMode.ONE, [1] * 40),
        (BatchMode.LIST, [1, 1, 2, 4, 8, 10, 10, 4]),
        (BatchMode.MERGE, [1, 1, 2, 4, 8, 10, 10, 4]),
        (BatchMode.FANOUT, [1, 1, 2, 4, 8, 10, 10, 4]),
    ],
)
def test_slow_start_is_part_of_the_forecast(mode: BatchMode, sizes: list[int]) -> None:
    sent = send(replace(LISTS, batch=mode), people(40))
    assert [len(batch.messages) for batch in sent.gateway.batches] == sizes
    assert sent.plan.requests == len(sizes)


def test_own_texts_under_one_text_a_request_do_not_wait_for_one_another() -> None:
    """Each is a request of its own; slow start bounds them together and not each alone."""
    plan = [
        message(1000 + place, body=f"Hello {place}", deadline=STARTED + timedelta(1)) for place in range(200)
    ]
    sent = send(replace(LISTS, batch=BatchMode.FANOUT, batch_max=1000, connections=50), plan, [0.1])
    assert sent.plan.requests == len(sent.gateway.batches) == 200
    assert sent.seconds < 2.0  # one after the other would take twenty


def test_a_huge_batch_is_sent_in_parts_of_what_one_claim_holds() -> None:
    sent = send(replace(LISTS, batch_max=30_000, connections=2), people(3 * MOST_AT_ONCE))
    assert max(len(batch.messages) for batch in sent.gateway.batches) == MOST_AT_ONCE
    assert sent.plan.requests == len(sent.gateway.batches)


@pytest.mark.parametrize("mode", BatchMode)
def test_two_senders_with_a_pace_each_do_not_wait_for_one_another(mode: BatchMode) -> None:
    """One after the other would take 20 s; the windows of A's people close first."""
    plan = [*people(100, sender="A", hours=200), *people(100, sender="B", first=2000)]
    profile = replace(LISTS, batch=mode, batch_max=20, rates=(Rate(10, per=PER_SENDER),))
    sent = send(profile, plan, [0.02])
    assert 9.0 <= sent.seconds <= 11.0
    assert sent.plan.duration is not None
    assert sent.plan.duration.total_seconds() == pytest.approx(sent.seconds, abs=1.5)
    assert len(sent.gateway.batches) == sent.plan.requests
    assert_never_above(sent.gateway, profile.rates)


def test_a_sender_that_waits_for_its_long_texts_keeps_no_other_waiting() -> None:
    plan = [*people(20, sender="A", body="x" * 400), *people(100, sender="B", first=2000)]
    profile = replace(PROFILE, rates=(Rate(10, RateUnit.SEGMENT, PER_SENDER),))
    sent = send(profile, plan, [0.02])
    assert sent.seconds < 11.0


def test_both_limits_hold_where_there_are_two() -> None:
    plan = [
        each for place, sender in enumerate("ABCD") for each in people(30, sender=sender, first=1000 * place)
    ]
    profile = replace(LISTS, rates=(Rate(20), Rate(10, per=PER_SENDER)))
    sent = send(profile, plan, [0.02])
    assert_never_above(sent.gateway, profile.rates)
    assert 5.0 <= sent.seconds <= 8.0  # 120 at 20 a second
    assert len(sent.gateway.batches) == sent.plan.requests


def test_a_limit_in_requests_is_used_with_full_ones() -> None:
    sent = send(replace(LISTS, rates=(Rate(1, RateUnit.REQUEST),)), people(46))
    assert [len(batch.messages) for batch in sent.gateway.batches] == [1, 1, 2, 4, 8, 10, 10, 10]
    assert sent.plan.last_leaves_at == STARTED + timedelta(seconds=7)
    assert sent.seconds == pytest.approx(7.0, abs=0.1)


@pytest.mark.parametrize(
    ("mode", "rate"), [(BatchMode.ONE, 1000), (BatchMode.LIST, 1000), (BatchMode.LIST, 25)]
)
def test_nearly_all_of_a_limit_is_used(mode: BatchMode, rate: int) -> None:
    many = rate * 6
    profile = replace(
        LISTS, batch=mode, batch_max=100 if rate > 100 else 10, connections=50, rates=(Rate(rate),)
    )
    sent = send(profile, people(many), [0.005])
    assert_never_above(sent.gateway, profile.rates)
    steady = [
        (at, len(batch.messages))
        for at, batch in zip(sent.gateway.times, sent.gateway.batches, strict=True)
        if at >= 1.0
    ]
    began, ended = steady[0][0], sent.seconds
    taken = sum(size for at, size in steady if at < ended)
    assert taken / (ended - began) >= 0.95 * rate


@pytest.mark.parametrize("mode", [BatchMode.ONE, BatchMode.LIST])
def test_campaigns_that_run_at_the_same_time_share_one_pace(mode: BatchMode) -> None:
    """Never above it together, and nearly all of it used."""
    profile = replace(LISTS, batch=mode, batch_max=20, connections=50, rates=(Rate(100),))
    gateway = Unhurried(profile, [0.005])
    deliver(
        gateway, {name: iter(people(500, first=1000 * place)) for place, name in enumerate(["a", "b"], 1)}
    )
    assert len(set(gateway.taken)) == 1000
    assert_never_above(gateway, profile.rates)
    assert 9.0 <= max(gateway.times) <= 10.5


def test_a_sender_whom_another_campaign_keeps_busy_keeps_no_other_waiting() -> None:
    """Its requests are formed and wait; those of other senders pass them."""
    profile = replace(PROFILE, connections=2, rates=(Rate(10, per=PER_SENDER),))
    both = [(place, sender) for place in range(5) for sender in "AB"]  # as senders take turns
    turns = [
        each
        for place, sender in both
        for each in people(10, sender=sender, first=10 * place + 200 * ord(sender))
    ]
    more = people(50, sender="B", first=50_000)
    gateway = Unhurried(profile, [0.02])
    deliver(gateway, {"a": iter(people(100, sender="A")), "b": iter([*turns, *more])})
    came = [(at, batch.messages[0].sender) for at, batch in zip(gateway.times, gateway.batches, strict=True)]
    assert max(at for at, sender in came if sender == "B") <= 11.0
    assert 14.0 <= max(at for at, _ in came) <= 15.5
    assert_never_above(gateway, profile.rates)


def test_what_was_formed_while_all_went_well_is_formed_anew_after_a_doubt() -> None:
    """The sixth request leaves ten people in doubt, while ten more wait in a request for room."""
    gateway = Unhurried(LISTS, [0.05], 5)
    deliver(gateway, {"spring": iter(people(40))})
    sizes = [len(batch.messages) for batch in gateway.batches]
    assert sizes[:9] == [1, 1, 2, 4, 8, 10, 1, 2, 4]
    assert sum(sizes) == 40
