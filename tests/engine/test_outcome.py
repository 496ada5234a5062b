"""Everybody is accounted for, and the exit code says what is left to do."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.decision import SETTLED_SKIPS, HoldReason, SkipReason
from smscli.domain.errors import ExitCode, RunStopped, SentLogDamaged
from smscli.domain.message import State
from smscli.engine.outcome import Counts, outcome

_RUN_STATES = (State.ACCEPTED, State.REJECTED, State.RELEASED, State.IN_DOUBT)


def _counts(to_send: int = 0, **states: int) -> Counts:
    return Counts(to_send=to_send, states=Counter({State(name): count for name, count in states.items()}))


@given(
    st.integers(0, 9),
    st.dictionaries(st.sampled_from(SkipReason), st.integers(0, 9)),
    st.dictionaries(st.sampled_from(HoldReason), st.integers(0, 9)),
    st.integers(0, 9),
    st.dictionaries(st.sampled_from(_RUN_STATES), st.integers(0, 9)),
    st.dictionaries(st.sampled_from([*SkipReason, *HoldReason]), st.integers(0, 9)),
    st.integers(0, 9),
)
def test_the_parts_add_up_to_the_rows(
    problems: int,
    skipped: dict[SkipReason, int],
    held: dict[HoldReason, int],
    left: int,
    states: dict[State, int],
    dropped: dict[SkipReason | HoldReason, int],
    never_tried: int,
) -> None:
    to_send = sum(states.values()) + sum(dropped.values()) + never_tried
    counts = Counts(to_send=to_send, states=Counter(states), dropped=Counter(dropped))
    result = outcome(problems=problems, skipped=skipped, held=held, left_by_limit=left, counts=counts)
    assert result.adds_up()
    assert result.rows == problems + sum(skipped.values()) + sum(held.values()) + to_send + left
    assert result.not_attempted == never_tried + left


def test_messages_repeated_from_an_earlier_run_are_counted_once() -> None:
    counts = _counts(to_send=2, accepted=5)
    counts.repeated = 3
    result = outcome(problems=0, skipped={SkipReason.IN_DOUBT: 3}, held={}, left_by_limit=0, counts=counts)
    assert result.adds_up()
    assert result.accepted == 5
    assert result.not_attempted == 0
    assert result.exit_code() is ExitCode.OK


@pytest.mark.parametrize("reason", list(SkipReason))
def test_only_skips_that_nobody_should_mend_are_complete(reason: SkipReason) -> None:
    result = outcome(
        problems=0, skipped={reason: 1}, held={}, left_by_limit=0, counts=_counts(to_send=1, accepted=1)
    )
    assert result.exit_code() is (ExitCode.OK if reason in SETTLED_SKIPS else ExitCode.INCOMPLETE)


@pytest.mark.parametrize("state", ["rejected", "released", "in_doubt"])
def test_anything_unfinished_is_incomplete(state: str) -> None:
    counts = _counts(to_send=2, accepted=1, **{state: 1})
    result = outcome(problems=0, skipped={}, held={}, left_by_limit=0, counts=counts)
    assert result.exit_code() is ExitCode.INCOMPLETE


def test_problems_holds_limits_and_nobody_texted_are_incomplete() -> None:
    sent = _counts(to_send=1, accepted=1)
    kinds = [
        outcome(problems=1, skipped={}, held={}, left_by_limit=0, counts=sent),
        outcome(problems=0, skipped={}, held={HoldReason.QUIET_HOURS: 1}, left_by_limit=0, counts=sent),
        outcome(problems=0, skipped={}, held={}, left_by_limit=1, counts=sent),
        outcome(problems=0, skipped={SkipReason.OPTED_OUT: 9}, held={}, left_by_limit=0, counts=_counts()),
    ]
    assert [kind.exit_code() for kind in kinds] == [ExitCode.INCOMPLETE] * 4


def test_a_second_run_of_a_finished_campaign_is_complete() -> None:
    result = outcome(
        problems=0, skipped={SkipReason.ALREADY_SENT: 4}, held={}, left_by_limit=0, counts=_counts()
    )
    assert result.exit_code() is ExitCode.OK


def test_a_signal_outranks_an_error_and_an_error_outranks_the_rest() -> None:
    def result(**ends: object) -> ExitCode:
        arguments = {"problems": 0, "skipped": {}, "held": {}, "left_by_limit": 0, "counts": _counts()}
        return outcome(**{**arguments, **ends}).exit_code()  # type: ignore[arg-type]

    assert result(stopped=RunStopped("x")) is ExitCode.STOPPED
    assert result(stopped=SentLogDamaged("x")) is ExitCode.SENT_LOG
    assert result(stopped=RunStopped("x"), signal=ExitCode.SIGINT) is ExitCode.SIGINT
