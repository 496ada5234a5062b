"""What may share a request, and in which order messages leave."""

from __future__ import annotations

import pytest

from smscli.domain.message import Message
from smscli.domain.profile import BatchMode
from smscli.engine.waiting import Waiting
from tests.engine.making import message


def _one(_: Message) -> float:
    return 1.0


def _drain(waiting: Waiting, most: int = 100) -> list[int]:
    sizes = []
    while group := waiting.take(0.0, most, 1000.0, _one):
        sizes.append(len(group))
    return sizes


@pytest.mark.parametrize(
    ("mode", "bodies", "sizes"),
    [
        (BatchMode.ONE, "aaab", [1, 1, 1, 1]),
        (BatchMode.LIST, "aabba", [3, 2]),
        (BatchMode.FANOUT, "aaaab", [3, 1, 1]),
        (BatchMode.FANOUT, "abab", [1, 1, 1, 1]),
    ],
)
def test_only_what_may_share_a_request_does(mode: BatchMode, bodies: str, sizes: list[int]) -> None:
    plan = [message(index, body=body) for index, body in enumerate(bodies)]
    assert _drain(Waiting(iter(plan), mode, 3)) == sizes


def test_fan_out_never_mixes_senders() -> None:
    plan = [message(1, sender="A"), message(2, sender="B")]
    assert _drain(Waiting(iter(plan), BatchMode.FANOUT, 10)) == [1, 1]


def test_a_group_stays_within_room_and_budget() -> None:
    waiting = Waiting(iter([message(index) for index in range(10)]), BatchMode.LIST, 100)
    assert len(waiting.take(0.0, 4, 1000.0, _one)) == 4
    assert len(waiting.take(0.0, 100, 2.5, _one)) == 2
    assert waiting.take(0.0, 100, 0.5, _one) == ()


def test_retries_go_first_once_their_time_has_come() -> None:
    first, second = message(1), message(2)
    waiting = Waiting(iter([second]), BatchMode.ONE, 1)
    waiting.retry([first], at=10.0)
    assert waiting.peek(9.0) is second  # looked at, and yet the retry will go first
    assert waiting.next_retry == 10.0
    assert waiting.take(10.0, 1, 1.0, _one) == (first,)
    assert waiting.take(10.0, 1, 1.0, _one) == (second,)
    assert waiting.next_retry is None
