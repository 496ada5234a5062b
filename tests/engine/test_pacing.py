"""The gateway's pace is never exceeded in any window, and what is free is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.profile import Rate, RateUnit
from smscli.engine.pacing import Pacer
from tests.engine.making import Ledger, message


@given(
    st.sampled_from([0.2, 0.5, 1, 1.5, 2.5, 7, 10, 100]),
    st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 30), st.floats(0, 0.05)), max_size=60),
)
def test_no_window_ever_holds_more_than_the_rate(rate: float, wishes: list[tuple[float, int, float]]) -> None:
    pacer, now, submitted = Pacer(Rate(rate), Ledger()), 0.0, list[tuple[float, float]]()
    for pause, most, claim_takes in wishes:
        now += pause
        if (grant := pacer.take(1, most, now)) is not None:
            assert 1 <= grant.amount <= most
            now += claim_takes
            pacer.spend(grant, grant.amount, now)
            submitted.append((now, grant.amount))
    window = max(1.0, rate // 1) / rate
    for at, _ in submitted:
        inside = sum(amount for other, amount in submitted if at - window < other <= at)
        assert inside <= max(1.0, rate // 1)


@pytest.mark.parametrize("rate", [0.5, 1, 1.5, 3, 50])
def test_waiting_as_told_is_enough_and_no_longer_than_the_rate_needs(rate: float) -> None:
    capacity = max(1, int(rate))
    pacer, now = Pacer(Rate(rate), Ledger()), 5.0
    for _ in range(3 * capacity + 1):
        now += pacer.wait(1, now)
        grant = pacer.take(1, 1, now)
        assert grant is not None
        pacer.spend(grant, 1, now)
    assert now - 5.0 == pytest.approx(3 * capacity / rate)


def test_what_a_grant_did_not_use_is_free_again() -> None:
    pacer = Pacer(Rate(10), Ledger())
    grant = pacer.take(1, 10, 1.0)
    assert grant is not None
    assert pacer.take(1, 1, 1.1) is None
    pacer.spend(grant, 4, 1.2)
    later = pacer.take(1, 10, 1.3)
    assert later is not None
    assert later.amount == 6


def test_two_processes_share_one_ledger() -> None:
    ledger = Ledger()
    one, two = Pacer(Rate(5), ledger), Pacer(Rate(5), ledger)
    grant = one.take(1, 3, 1.0)
    assert grant is not None
    one.spend(grant, 3, 1.0)
    other = two.take(1, 5, 1.0)
    assert other is not None
    assert other.amount == 2


def test_entries_of_another_boot_are_forgotten() -> None:
    ledger = Ledger()
    ledger.entries = [(9_999_999.0, 5.0)]
    grant = Pacer(Rate(5), ledger).take(1, 5, 10.0)
    assert grant is not None
    assert grant.amount == 5


def test_a_message_of_more_segments_than_a_window_holds_goes_alone() -> None:
    pacer = Pacer(Rate(2, RateUnit.SEGMENT), Ledger())
    long = message(1, body="x" * 500)
    assert pacer.weight(long) == 4
    grant = pacer.take(pacer.least(long, 1), 4, 1.0)
    assert grant is not None
    assert grant.amount == 4
    pacer.spend(grant, 4, 1.0)
    assert pacer.take(1, 1, 1.5) is None


def test_requests_count_once_however_many_messages() -> None:
    pacer = Pacer(Rate(3, RateUnit.REQUEST), Ledger())
    assert pacer.amount([message(1), message(2)]) == 1
    assert pacer.weight(message(1)) == 0


def test_without_a_rate_everything_is_free() -> None:
    pacer = Pacer(None, Ledger())
    grant = pacer.take(1, 500, 1.0)
    assert grant is not None
    assert grant.amount == 500
    assert pacer.wait(500, 1.0) == 0
