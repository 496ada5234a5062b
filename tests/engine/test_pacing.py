"""No pace is ever exceeded in any window, whoever shares it, and what is free is given."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from multiprocessing.queues import Queue
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.message import Message
from smscli.domain.ports import PaceLedger
from smscli.domain.profile import Rate, RateScope, RateUnit
from smscli.engine.pacing import CLAIMING, LEAD, Grant, Lane, Limits, Pacer, Timetable, capacity
from smscli.sentlog.locks import FilePaceLedger
from tests.engine.making import Ledger, ledgers, message

LONG = "x" * 500  # four segments
PER_SENDER = RateScope.SENDER
Request = tuple[Message, ...]


class Hands:
    """A clock that a test moves."""

    def __init__(self, now: float = 5.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def requests(*sizes: int, body: str = "Hello", sender: str = "Shop") -> list[Request]:
    return [tuple(message(place, body=body, sender=sender) for place in range(size)) for size in sizes]


class Hurried(Pacer):
    """A pacer and its clock, which goes on to the moment that was granted."""

    def __init__(self, rates: Sequence[Rate], ledger_of: Callable[[Lane], PaceLedger], clock: Hands) -> None:
        super().__init__(rates, ledger_of, clock)
        self.clock = clock

    def begin(self, wanted: Sequence[Request], slots: int = 99, room: int = 9_999) -> Grant:
        grant = self.take(wanted, slots, room)
        assert grant.from_ - self.clock.now <= LEAD + 1e-9
        self.clock.now = max(self.clock.now, grant.from_)
        return grant


def take(pacer: Hurried, wanted: Sequence[Request], slots: int = 99, room: int = 9_999) -> int:
    """Take and spend at once; how many went."""
    grant = pacer.begin(wanted, slots, room)
    pacer.spend(grant, [wanted[place] for place in grant.places])
    return len(grant.places)


@given(
    st.sampled_from([0.2, 0.5, 1, 1.5, 2.5, 7, 10, 100]),
    st.sampled_from(RateUnit),
    st.lists(
        st.tuples(
            st.floats(0, 0.7), st.integers(0, 1), st.lists(st.integers(1, 4), max_size=6), st.floats(0, 0.05)
        ),
        max_size=60,
    ),
)
def test_no_window_ever_holds_more_than_the_rate(
    rate: float, counts: RateUnit, wishes: list[tuple[float, int, list[int], float]]
) -> None:
    """Two processes on one ledger; what weighs more than a window holds keeps it for as long as it takes."""
    limit = Rate(rate, counts)
    clock, ledger_of, submitted = Hands(), ledgers(), list[tuple[float, float]]()
    pacers = [Hurried((limit,), ledger_of, clock) for _ in range(2)]
    units = Limits((limit,))
    for pause, who, segments, claim_takes in wishes:
        clock.now += pause
        wanted = [(message(place, body="x" * 150 * each),) for place, each in enumerate(segments)]
        grant = pacers[who].take(wanted, 99, 99)
        going = [wanted[place] for place in grant.places]
        clock.now = max(clock.now + claim_takes, grant.from_)
        pacers[who].spend(grant, going)
        for group in going:
            (amount,) = units.cost([(group[0].sender, group[0].segments.count, 1)]).values()
            submitted.append((clock.now, amount))
    window = capacity(limit) / rate
    for at, _ in submitted:
        inside = [amount for other, amount in submitted if at - window < other <= at]
        assert sum(inside) <= capacity(limit) or len(inside) == 1
    took = sum(amount for _, amount in submitted[:-1])
    assert took <= (clock.now - 5.0) * rate + capacity(limit) + 1e-6


def test_two_processes_in_the_middle_of_a_claim_share_one_window() -> None:
    clock, ledger_of = Hands(), ledgers()
    one, two = (Hurried((Rate(5),), ledger_of, clock) for _ in range(2))
    wanted = requests(1, 1, 1, 1, 1)
    grant = one.take(wanted[:3], 99, 99)
    clock.now += 1.5  # a slow disk: longer than the window
    assert len(two.take(wanted, 99, 99).places) == 2
    one.spend(grant, wanted[:3])


def test_a_process_killed_in_the_middle_of_a_claim_gives_its_share_back() -> None:
    clock, ledger_of = Hands(), ledgers()
    Hurried((Rate(5),), ledger_of, clock).take(requests(5), 1, 5)
    clock.now += CLAIMING + 1.0
    assert take(Hurried((Rate(5),), ledger_of, clock), requests(5)) == 1


def test_a_look_at_the_clock_before_another_process_wrote_forgets_nothing() -> None:
    """What it noted lies ahead by as much as the two clocks were read apart."""
    clock, ledger_of = Hands(), ledgers()
    pacer = Hurried((Rate(5),), ledger_of, clock)
    assert take(pacer, requests(5)) == 1
    clock.now -= 0.01
    assert take(pacer, requests(1)) == 0


def test_what_is_free_in_a_moment_is_granted_for_that_moment() -> None:
    """So that it is claimed meanwhile."""
    clock = Hands()
    pacer = Hurried((Rate(5),), ledgers(), clock)
    assert take(pacer, requests(5)) == 1
    clock.now = 6.0 - 2 * LEAD
    assert not pacer.take(requests(1), 1, 1).places
    clock.now = 6.0 - LEAD / 2
    grant = pacer.take(requests(1), 1, 1)
    assert (list(grant.places), grant.from_) == ([0], 6.0)


@pytest.mark.parametrize("rate", [0.5, 1, 1.5, 3, 50])
def test_waiting_as_told_is_enough_and_no_longer_than_the_rate_needs(rate: float) -> None:
    clock = Hands()
    pacer, (one,) = Hurried((Rate(rate),), ledgers(), clock), requests(1)
    most = capacity(Rate(rate))
    for _ in range(3 * most + 1):
        clock.now += pacer.wait([one]) + 1e-9
        assert take(pacer, [one]) == 1
    assert clock.now - 5.0 == pytest.approx(3 * most / rate)


def test_what_a_grant_did_not_use_is_free_again() -> None:
    clock = Hands()
    pacer = Hurried((Rate(10),), ledgers(), clock)
    grant = pacer.take(requests(10), 1, 10)
    assert take(pacer, requests(1)) == 0
    clock.now += 0.1
    pacer.spend(grant, requests(4))
    assert take(pacer, requests(6, 1)) == 1


def test_all_that_fits_goes_at_once_and_nothing_overtakes() -> None:
    pacer = Hurried((Rate(10),), ledgers(), Hands())
    assert take(pacer, requests(4, 4, 4, 1)) == 2  # the last one would fit, and waits its turn


def test_entries_of_another_boot_are_forgotten() -> None:
    ledger = Ledger()
    ledger.entries = [(9_999_999.0, 5.0)]
    assert take(Hurried((Rate(5),), lambda _: ledger, Hands()), requests(5)) == 1


def test_a_message_of_more_segments_than_a_window_goes_alone_and_takes_its_time() -> None:
    clock = Hands()
    pacer = Hurried((Rate(2, RateUnit.SEGMENT),), ledgers(), clock)
    assert take(pacer, requests(1, 1, body=LONG)) == 1
    assert pacer.wait(requests(1)) == 2.0 - LEAD  # four segments at two a second
    clock.now += 2.0
    assert take(pacer, requests(1)) == 1
    assert take(pacer, requests(1, body=LONG)) == 0


def test_requests_count_once_however_many_messages() -> None:
    pacer = Hurried((Rate(3, RateUnit.REQUEST),), ledgers(), Hands())
    assert take(pacer, requests(50, 50, 50, 50)) == 3


def test_without_a_rate_everything_is_free() -> None:
    pacer = Hurried((), ledgers(), Hands())
    assert take(pacer, requests(500, 500)) == 2
    assert pacer.wait(requests(500)) == 0


@pytest.mark.parametrize(
    ("slots", "room", "went"), [(99, 99, 3), (2, 99, 2), (99, 9, 2), (99, 3, 0), (0, 9, 0)]
)
def test_connections_and_slow_start_bound_what_goes(slots: int, room: int, went: int) -> None:
    for rates in ((), (Rate(100),)):
        assert take(Hurried(rates, ledgers(), Hands()), requests(4, 4, 4), slots, room) == went


# --- several limits ---------------------------------------------------------------------------------


def test_a_request_needs_room_in_every_limit_and_takes_of_none_or_of_all() -> None:
    ledger_of = ledgers()
    pacer = Hurried((Rate(10), Rate(2, RateUnit.REQUEST)), ledger_of, Hands())
    assert take(pacer, requests(3, 3, 3)) == 2
    assert sum(amount for _, amount in _entries(ledger_of, per_sender=False, counts="message")) == 6
    assert sum(amount for _, amount in _entries(ledger_of, per_sender=False, counts="request")) == 2


def test_of_two_limits_of_the_same_kind_the_lower_holds() -> None:
    assert take(Hurried((Rate(3), Rate(9)), ledgers(), Hands()), requests(1, 1, 1, 1)) == 3
    assert take(Hurried((Rate(9), Rate(3)), ledgers(), Hands()), requests(1, 1, 1, 1)) == 3


def test_each_sender_has_its_own_pace_and_others_pass_the_one_that_waits() -> None:
    pacer = Hurried((Rate(2, per=PER_SENDER),), ledgers(), Hands())
    wanted = [*requests(1, 1, 1, sender="A"), *requests(1, 1, sender="B")]
    grant = pacer.take(wanted, 99, 99)
    assert list(grant.places) == [0, 1, 3, 4]
    pacer.spend(grant, [wanted[place] for place in grant.places])
    assert take(pacer, requests(1, sender="C")) == 1


def test_nobody_passes_whoever_waits_for_the_gateway() -> None:
    pacer = Hurried((Rate(3), Rate(2, per=PER_SENDER)), ledgers(), Hands())
    wanted = [*requests(2, sender="A"), *requests(2, sender="B"), *requests(1, sender="C")]
    assert list(pacer.take(wanted, 99, 99).places) == [0]


def test_a_list_of_several_senders_waits_for_all_of_them() -> None:
    clock = Hands()
    pacer = Hurried((Rate(2, per=PER_SENDER),), ledgers(), clock)
    assert take(pacer, requests(2, sender="A")) == 1
    clock.now += 0.4
    mixed = (message(1, sender="A"), message(2, sender="B"))
    only_b = requests(1, sender="B")
    assert take(pacer, [mixed, *only_b]) == 0  # B keeps its place behind A's
    assert pacer.wait([mixed, *only_b]) == pytest.approx(0.6 - LEAD)
    assert take(pacer, only_b) == 1


def test_the_wait_is_for_the_first_that_may_go() -> None:
    clock = Hands()
    pacer = Hurried((Rate(1, per=PER_SENDER),), ledgers(), clock)
    assert take(pacer, requests(1, sender="A")) == 1
    clock.now += 0.25
    assert take(pacer, requests(1, sender="B")) == 1
    wanted = [*requests(1, sender="B"), *requests(1, sender="A")]
    assert pacer.wait(wanted) == 0.75 - LEAD
    assert pacer.wait([*wanted, *requests(1, sender="C")]) == 0


def test_locks_are_taken_in_one_order_whoever_takes_them() -> None:
    """Two processes that take the same two locks in turn would wait for each other for ever."""
    orders = []
    for senders in ("AB", "BA"):
        asked: list[Lane] = []
        kept = ledgers()
        rates = (Rate(9, per=PER_SENDER), Rate(9), Rate(9, RateUnit.REQUEST))
        pacer = Hurried(rates if senders == "AB" else rates[::-1], _watched(kept, asked), Hands())
        pacer.take([tuple(message(place, sender=each) for place, each in enumerate(senders))], 9, 9)
        orders.append(asked)
    assert orders[0] == orders[1]
    assert len(orders[0]) == 4


def _watched(ledger_of: Callable[[Lane], Ledger], asked: list[Lane]) -> Callable[[Lane], Ledger]:
    def ask(lane: Lane) -> Ledger:
        asked.append(lane)
        return ledger_of(lane)

    return ask


def _entries(
    ledger_of: Callable[[Lane], Ledger], *, per_sender: bool, counts: str, sender: str = ""
) -> list[tuple[float, float]]:
    return ledger_of(Lane(per_sender, counts, sender)).entries


# --- the same without a clock -------------------------------------------------------------------------


@given(
    st.lists(
        st.builds(
            Rate, st.sampled_from([0.5, 2, 5, 7.5]), st.sampled_from(RateUnit), st.sampled_from(RateScope)
        ),
        min_size=1,
        max_size=3,
    ),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 4), st.integers(1, 4)), max_size=25),
)
def test_the_timetable_is_what_a_pacer_grants_in_order(
    rates: list[Rate], plan: list[tuple[str, int, int]]
) -> None:
    """Both would also agree where a sender lets others pass; here each request waits for the one before."""
    clock = Hands(0.0)
    ledger_of, timetable = ledgers(), Timetable(rates)
    pacer = Hurried(rates, ledger_of, clock)
    for sender, segments, size in plan:
        request = tuple(message(place, body="x" * 150 * segments, sender=sender) for place in range(size))
        while not take(pacer, [request]):
            clock.now += max(pacer.wait([request]), 1e-9)
        at = timetable.next([(sender, request[0].segments.count, size)])
        assert at <= clock.now + 1e-6
        if all(rate.per is RateScope.GATEWAY for rate in rates):
            assert at == pytest.approx(clock.now, abs=1e-5)


# --- processes ----------------------------------------------------------------------------------------


def submit_for_a_while(path: Path, start: Barrier, into: Queue[list[float]]) -> None:
    """Whatever is granted, at once, for a second and a half."""
    pacer, moments = Pacer((Rate(40),), lambda _: FilePaceLedger(path), time.monotonic), list[float]()
    wanted = requests(*[1] * 40)
    start.wait()
    ends = time.monotonic() + 1.5
    while time.monotonic() < ends:
        grant = pacer.take(wanted, 5, 5)
        time.sleep(max(0.0, grant.from_ - time.monotonic()))
        moments += [time.monotonic()] * len(grant.places)
        pacer.spend(grant, wanted[: len(grant.places)])
        time.sleep(0.002)
    into.put(moments)


def test_processes_that_share_a_ledger_never_exceed_the_limit_together(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    results: Queue[list[float]] = spawn.Queue()
    arguments = (tmp_path / "pace", spawn.Barrier(2), results)
    children = [spawn.Process(target=submit_for_a_while, args=arguments) for _ in range(2)]
    for child in children:
        child.start()
    submitted = sorted(moment for _ in children for moment in results.get(timeout=30))
    for child in children:
        child.join()
    assert len(submitted) > 40
    for at in submitted:
        assert sum(at - 1.0 < other <= at for other in submitted) <= 40
