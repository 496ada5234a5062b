"""What may share a request, in which order messages leave, and that a gateway can carry what is formed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.message import Message, Realm
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateScope, RateUnit
from smscli.engine.sizing import MOST_AT_ONCE, Sizing, order_of, share
from smscli.engine.waiting import Waiting
from tests.engine.making import message

PROFILE = GatewayProfile("g", Realm.LIVE, BatchMode.LIST, 3, 4, (), None, True)
PER_SENDER = RateScope.SENDER


def waiting(plan: Sequence[Message], mode: BatchMode, most: int = 3, *rates: Rate) -> Waiting:
    return Waiting(iter(plan), Sizing(replace(PROFILE, batch=mode, batch_max=most, rates=rates)))


def drain(queue: Waiting, limit: int = 100) -> list[int]:
    sizes = []
    while group := queue.form(0.0, limit):
        sizes.append(len(group))
    return sizes


@pytest.mark.parametrize(
    ("mode", "bodies", "senders", "sizes"),
    [
        (BatchMode.ONE, "aaab", "SSSS", [1, 1, 1, 1]),
        (BatchMode.LIST, "aabba", "SSSSS", [3, 2]),
        (BatchMode.LIST, "abcd", "STST", [3, 1]),
        (BatchMode.FANOUT, "aaaab", "SSSSS", [3, 1, 1]),
        (BatchMode.FANOUT, "abab", "SSSS", [1, 1, 1, 1]),
        (BatchMode.FANOUT, "aaaa", "SSTT", [2, 2]),
        (BatchMode.MERGE, "abcd", "SSSS", [3, 1]),
        (BatchMode.MERGE, "abcd", "SSTS", [2, 1, 1]),
    ],
)
def test_only_what_may_share_a_request_does(
    mode: BatchMode, bodies: str, senders: str, sizes: list[int]
) -> None:
    made = zip(bodies, senders, strict=True)
    plan = [message(place, body=body, sender=sender) for place, (body, sender) in enumerate(made)]
    assert drain(waiting(plan, mode)) == sizes


@pytest.mark.parametrize("mode", [BatchMode.LIST, BatchMode.MERGE, BatchMode.FANOUT])
def test_one_number_is_never_twice_in_a_request(mode: BatchMode) -> None:
    plan = [message(last) for last in (1, 2, 1, 3)]
    assert drain(waiting(plan, mode, 10)) == [2, 2]


def test_a_retry_never_joins_another_message_to_its_number() -> None:
    plan = [message(last) for last in (1, 2, 3)]
    queue = waiting(plan, BatchMode.LIST, 10)
    queue.retry([message(2)], at=0.0)
    assert drain(queue) == [2, 2]


def test_slow_start_limits_a_request() -> None:
    queue = waiting([message(place) for place in range(10)], BatchMode.LIST, 100)
    assert [len(queue.form(0.0, limit)) for limit in (1, 4, 100)] == [1, 4, 5]


def test_requests_that_were_not_made_come_first_again_in_their_order() -> None:
    plan = [message(place) for place in range(7)]
    queue = waiting(plan, BatchMode.LIST, 3)
    groups = [queue.form(0.0, 3), queue.form(0.0, 3)]
    queue.put_back(groups)
    assert queue.form(0.0, 2) == tuple(plan[:2])
    assert drain(queue) == [3, 2]


def test_retries_go_first_once_their_time_has_come() -> None:
    first, second = message(1), message(2)
    queue = waiting([second], BatchMode.ONE, 1)
    queue.retry([first], at=10.0)
    assert queue.peek(9.0) is second  # looked at, and yet the retry will go first
    assert queue.next_retry == 10.0
    assert queue.form(10.0, 1) == (first,)
    assert queue.form(10.0, 1) == (second,)
    assert queue.next_retry is None


# --- what a window of the pace holds --------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "sizes"),
    [
        (Rate(4), [4, 4, 4]),
        (Rate(25), [8, 4]),  # three of 8 a second use 24 of 25, two of 10 but 20
        (Rate(100), [10, 2]),
        (Rate(0.5), [1] * 12),
        (Rate(5, RateUnit.SEGMENT), [2] * 6),
        (Rate(1, RateUnit.SEGMENT), [1] * 12),
        (Rate(1, RateUnit.REQUEST), [10, 2]),
        (Rate(5, per=PER_SENDER), [5, 5, 2]),
    ],
)
def test_a_request_holds_no_more_than_a_window(rate: Rate, sizes: list[int]) -> None:
    plan = [message(place, body="x" * 200) for place in range(12)]  # two segments each
    assert drain(waiting(plan, BatchMode.MERGE, 10, rate)) == sizes


@pytest.mark.parametrize(
    ("rate", "senders", "sizes"),
    [
        (Rate(2, per=PER_SENDER), "SSTTSSTT", [4, 4]),
        (Rate(2, per=PER_SENDER), "SSSTTT", [2, 3, 1]),
        (Rate(4, RateUnit.SEGMENT, PER_SENDER), "SSTTSSTT", [4, 4]),
        (Rate(1, RateUnit.SEGMENT, PER_SENDER), "SSTT", [1, 1, 1, 1]),
        (Rate(1, RateUnit.REQUEST, PER_SENDER), "STSTSTSTST", [8, 2]),
    ],
)
def test_a_list_holds_of_each_sender_what_its_window_holds(
    rate: Rate, senders: str, sizes: list[int]
) -> None:
    plan = [message(place, body="x" * 200, sender=sender) for place, sender in enumerate(senders)]
    assert drain(waiting(plan, BatchMode.LIST, 8, rate)) == sizes


@given(st.integers(1, 3_000), st.integers(1, 3_000))
def test_full_requests_use_a_window_up_as_well_as_they_can(whole: int, most: int) -> None:
    held = min(most, share(whole, most))
    assert 1 <= held <= min(whole, most)
    assert whole // held * held >= whole // min(most, whole) * min(most, whole)


def test_a_gateway_of_enormous_batches_gets_them_in_parts() -> None:
    assert Sizing(replace(PROFILE, batch_max=30_000)).most == MOST_AT_ONCE


@pytest.mark.parametrize(
    ("mode", "rates", "turn", "by_segments"),
    [
        (BatchMode.LIST, (), 0, False),
        (BatchMode.LIST, (Rate(10),), 0, False),
        (BatchMode.LIST, (Rate(10, RateUnit.SEGMENT),), 0, True),
        (BatchMode.ONE, (Rate(10, per=PER_SENDER),), 10, False),
        (BatchMode.ONE, (Rate(0.5, RateUnit.REQUEST, PER_SENDER),), 1, False),
        (BatchMode.LIST, (Rate(9, per=PER_SENDER),), 3, False),
        (BatchMode.LIST, (Rate(2, per=PER_SENDER), Rate(50, RateUnit.SEGMENT)), 2, False),
        (BatchMode.MERGE, (Rate(2, RateUnit.SEGMENT, PER_SENDER),), 2, True),
        (BatchMode.FANOUT, (Rate(9, RateUnit.REQUEST, PER_SENDER),), 3, False),
    ],
)
def test_senders_take_turns_where_each_has_its_own_pace(
    mode: BatchMode, rates: tuple[Rate, ...], turn: int, by_segments: bool
) -> None:
    order = order_of(replace(PROFILE, batch=mode, rates=rates))
    assert (order.mode, order.turn, order.by_segments) == (mode, turn, by_segments)


# --- whatever is waiting ----------------------------------------------------------------------------

RATES = st.lists(
    st.builds(
        Rate, st.sampled_from([0.5, 1, 3, 7, 40]), st.sampled_from(RateUnit), st.sampled_from(RateScope)
    ),
    max_size=3,
)
MESSAGES = st.lists(
    st.builds(
        lambda last, body, sender: message(last, body=body, sender=sender),
        st.integers(1, 30),
        st.sampled_from(["Hello", "Goodbye", "x" * 200]),
        st.sampled_from("AB"),
    ),
    max_size=40,
)


@given(
    mode=st.sampled_from(BatchMode),
    most=st.integers(1, 12),
    rates=RATES,
    plan=MESSAGES,
    retries=MESSAGES,
    limits=st.lists(st.integers(1, 15), min_size=1, max_size=20),
)
def test_every_request_formed_is_one_that_the_gateway_carries(
    mode: BatchMode,
    most: int,
    rates: list[Rate],
    plan: list[Message],
    retries: list[Message],
    limits: list[int],
) -> None:
    """The conditions are those of gateway/request.py, which refuses to build anything else."""
    queue = waiting(plan, mode, most, *rates)
    for place, retried in enumerate(retries):
        queue.retry([retried], at=float(place % 5))
    groups: list[tuple[Message, ...]] = []
    for now in range(1000):
        limit = limits[now % len(limits)]
        if not (group := queue.form(float(now), limit)):
            break
        assert 1 <= len(group) <= min(limit, 1 if mode is BatchMode.ONE else most)
        assert len({each.to for each in group}) == len(group)
        if mode is BatchMode.FANOUT:
            assert len({each.body for each in group}) == 1
        if mode in (BatchMode.FANOUT, BatchMode.MERGE):
            assert len({each.sender for each in group}) == 1
        groups.append(group)
    made = sorted(each.id for group in groups for each in group)
    if len(groups) >= 5:  # every retry was due
        assert made == sorted(each.id for each in [*plan, *retries])
