"""Slow start bounds what can be lost by what worked; the budget stops what goes wrong."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.message import Fault, Receipt, State
from smscli.engine.caution import ErrorBudget, SlowStart


def test_the_first_message_goes_alone() -> None:
    assert SlowStart(1000).window == 1


def test_the_window_doubles_after_each_clean_round() -> None:
    slow, seen = SlowStart(1000), list[int]()
    for _ in range(9):
        slow.answered(slow.window, 0)
        seen.append(slow.window)
    assert seen == sorted(seen)
    assert seen[-1] >= 64


@given(st.lists(st.tuples(st.sampled_from(["clean", "failed", "doubted"]), st.integers(0, 50)), max_size=80))
def test_the_window_never_exceeds_what_was_accepted(answers: list[tuple[str, int]]) -> None:
    slow, accepted = SlowStart(64), 0
    for kind, count in answers:
        count = min(count, slow.window)
        if kind == "clean":
            slow.answered(count, 1)
            accepted += count
        elif kind == "failed":
            slow.failed()
        else:
            slow.doubted()
            assert slow.window == 1
        assert 1 <= slow.window <= min(max(1, accepted), 64)


def test_rejections_alone_never_widen_the_window() -> None:
    slow = SlowStart(100)
    for _ in range(50):
        slow.answered(0, 1)
    assert slow.window == 1


def test_an_error_for_a_whole_call_starts_the_round_again() -> None:
    slow = SlowStart(100)
    for _ in range(4):
        slow.answered(slow.window, 0)
    window = slow.window
    for _ in range(3):
        slow.failed()
        slow.answered(window - 1, 0)
        assert slow.window == window
    slow.answered(1, 0)
    assert slow.window == 2 * window


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_while_everybody_is_accepted_the_order_of_answers_is_all_one(
    sizes: list[int], chance: random.Random
) -> None:
    shuffled = list(sizes)
    chance.shuffle(shuffled)
    one, other, whole = SlowStart(500), SlowStart(500), SlowStart(500)
    hoped = whole.window_after(sum(sizes))
    for size, another in zip(sizes, shuffled, strict=True):
        one.answered(size, 0)
        other.answered(another, 0)
    assert one.window == other.window == hoped


def _receipts(state: State, count: int, fault: Fault | None = None) -> tuple[Receipt, ...]:
    return tuple(Receipt(str(index), state, fault=fault) for index in range(count))


def test_twenty_requests_in_doubt_stop_the_run() -> None:
    budget = ErrorBudget()
    assert all(budget.count(_receipts(State.IN_DOUBT, 5)) is None for _ in range(19))
    assert budget.count(_receipts(State.IN_DOUBT, 1)) is not None


@pytest.mark.parametrize("fault", list(Fault))
def test_twenty_rejections_and_nothing_else_stop_the_run(fault: Fault) -> None:
    budget = ErrorBudget()
    assert all(budget.count(_receipts(State.REJECTED, 1, fault)) is None for _ in range(19))
    assert budget.count(_receipts(State.REJECTED, 1, fault)) is not None


@pytest.mark.parametrize(
    ("fault", "stops"), [(Fault.OTHER, True), (Fault.NUMBER, False), (Fault.OPTED_OUT, False)]
)
def test_a_quarter_rejected_for_more_than_numbers_stops_the_run(fault: Fault, stops: bool) -> None:
    budget = ErrorBudget()
    assert budget.count(_receipts(State.ACCEPTED, 74)) is None
    assert budget.count(_receipts(State.REJECTED, 25, fault)) is None  # 99 settled: too early to say
    assert (budget.count(_receipts(State.REJECTED, 2, fault)) is not None) is stops


def test_exactly_a_quarter_is_still_allowed() -> None:
    budget = ErrorBudget()
    budget.count(_receipts(State.ACCEPTED, 75))
    assert budget.count(_receipts(State.REJECTED, 25, Fault.OTHER)) is None
