"""The gateway's pace: so much in any second, measured when it is submitted, over all processes.

A rate holds for the gateway or for each sender; whatever it holds for is a lane with a ledger of its own. A
request is granted by all of its lanes or by none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import floor, inf
from typing import NamedTuple

from smscli.domain.message import Message
from smscli.domain.ports import PaceLedger
from smscli.domain.profile import Rate, RateScope, RateUnit

#: A grant is noted so far ahead (seconds) until it is spent: a slow claim keeps its place in the windows.
CLAIMING = 2.0
#: Requests are granted so long (seconds) before there is room for them, to be claimed meanwhile. Else every
#: window lasts longer by a claim, and of 1,000 a second no more than 950 are used.
LEAD = 0.02
#: What lies further ahead was written by the clock of another boot.
_NOT_OURS = 60.0


class Lane(NamedTuple):
    """What one limit holds for: the whole gateway (sender `""`), or one of its senders.

    Lanes are locked in their own order, so that no two processes wait for each other.
    """

    per_sender: bool
    counts: str  # a RateUnit's value: lanes are looked up for every request, and an enum is slow to hash
    sender: str


#: What one request takes of its lanes, in their units.
Cost = Mapping[Lane, float]
#: Messages alike: sender, segments of each, how many.
Part = tuple[str, int, int]
Entries = list[tuple[float, float]]


def capacity(rate: Rate) -> int:
    """How many units a window holds."""
    return max(1, floor(rate.per_second))


class _Limit:
    """One rate as a sliding window."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.capacity = float(capacity(rate))
        self._window = self.capacity / rate.per_second

    def holds(self, amount: float) -> float:
        """For so many seconds this stands in the way: one message may weigh more than a window holds."""
        return max(self._window, amount / self.rate.per_second)

    def forget(self, entries: Entries, now: float) -> None:
        """Drop what has left the window, and what a clock of another boot wrote."""
        entries[:] = [
            (at, amount) for at, amount in entries if now - self.holds(amount) < at <= now + _NOT_OURS
        ]

    def free(self, entries: Entries, at: float) -> float:
        """What the window has room for then."""
        return self.capacity - sum(held for noted, held in entries if at - self.holds(held) < noted)

    def wait(self, entries: Entries, amount: float, now: float) -> float:
        """Seconds until so much is free; what is granted and not spent counts as if spent now."""
        excess = min(amount, self.capacity) - self.free(entries, now)
        frees = sorted((min(at, now) + self.holds(held), held) for at, held in entries)
        for at, held in frees:
            if excess <= 0:
                break
            excess -= held
            if excess <= 0:
                return max(0.0, at - now)
        return 0.0


class Limits:
    """The rates of a gateway; of two that count the same, the lower."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        lowest_last = sorted(rates, key=lambda rate: -rate.per_second)
        self._limits = {
            (rate.per is RateScope.SENDER, rate.counts.value): _Limit(rate) for rate in lowest_last
        }
        self.by_sender = any(per_sender for per_sender, _ in self._limits)

    def __bool__(self) -> bool:
        return bool(self._limits)

    def of(self, lane: Lane) -> _Limit:
        """The limit that holds in this lane."""
        return self._limits[lane.per_sender, lane.counts]

    def cost(self, parts: Iterable[Part]) -> Cost:
        """What one request of these messages takes."""
        cost: dict[Lane, float] = {}
        for sender, segments, count in parts:
            for per_sender, counts in self._limits:
                lane = Lane(per_sender, counts, sender if per_sender else "")
                if counts == RateUnit.REQUEST.value:
                    cost[lane] = 1.0
                else:
                    units = segments * count if counts == RateUnit.SEGMENT.value else count
                    cost[lane] = cost.get(lane, 0.0) + units
        return cost


@dataclass(slots=True)
class Grant:
    """Leave to make the requests at these places of those asked for, from `from_` on.

    Noted in the ledgers at `at`; times are monotonic seconds.
    """

    places: Sequence[int]
    amounts: dict[Lane, float]
    from_: float
    at: float


class Pacer:
    """Sliding windows over what was submitted.

    `take` notes an amount before the claim, `spend` corrects it at the moment of submitting, so that
    a slow claim can only make the pace slower.
    """

    def __init__(
        self, rates: Sequence[Rate], ledger_of: Callable[[Lane], PaceLedger], monotonic: Callable[[], float]
    ) -> None:
        self._limits = Limits(rates)
        self._ledger_of = ledger_of
        self._monotonic = monotonic

    @property
    def by_sender(self) -> bool:
        """Has each sender a pace of its own, so that one may go while another waits?"""
        return self._limits.by_sender

    def take(self, requests: Sequence[Sequence[Message]], slots: int, room: int) -> Grant:
        """Those that may go now: at most `slots`, of `room` messages together.

        In their order, but that a request whose sender has to wait lets those of other senders pass.
        """
        costs = [self._cost(request) for request in requests]
        with self._held(costs) as (entries, now):
            free = {lane: self._limits.of(lane).free(noted, now + LEAD) for lane, noted in entries.items()}
            places = self._chosen(requests, costs, free, slots, room)
            amounts = _together(costs[place] for place in places)
            waits = [
                self._limits.of(lane).wait(entries[lane], amount, now) for lane, amount in amounts.items()
            ]
            grant = Grant(places, amounts, now + max(waits, default=0.0), now + CLAIMING)
            for lane, amount in amounts.items():
                entries[lane].append((grant.at, amount))
        return grant

    def _chosen(
        self,
        requests: Sequence[Sequence[Message]],
        costs: Sequence[Cost],
        free: dict[Lane, float],
        slots: int,
        room: int,
    ) -> Sequence[int]:
        """Takes what they need out of `free`."""
        places: list[int] = []
        waited_for: set[Lane] = set()
        for place, (request, cost) in enumerate(zip(requests, costs, strict=True)):
            if len(places) == slots or len(request) > room:
                break
            lacking = [
                lane
                for lane, amount in cost.items()
                if free[lane] < min(amount, self._limits.of(lane).capacity)
            ]
            if lacking or not waited_for.isdisjoint(cost):
                waited_for.update(lacking, _of_senders(cost))
                continue
            for lane, amount in cost.items():
                free[lane] -= amount
            places.append(place)
            room -= len(request)
        return places

    def renew(self, grant: Grant) -> None:
        """Keep amounts that are not submitted yet: in time, another process would get them too."""
        self._note(grant, grant.amounts, self._monotonic() + CLAIMING)

    def spend(self, grant: Grant, requests: Iterable[Sequence[Message]]) -> None:
        """These were submitted just now, under this grant; what they did not use is free again."""
        self._note(grant, _together(map(self._cost, requests)), self._monotonic())

    def _note(self, grant: Grant, amounts: Mapping[Lane, float], at: float) -> None:
        for lane, amount in grant.amounts.items():
            with self._ledger_of(lane).exclusively() as entries:
                if (grant.at, amount) in entries:
                    entries.remove((grant.at, amount))
                if now_used := amounts.get(lane):
                    entries.append((at, now_used))
        grant.at = at

    def wait(self, requests: Sequence[Sequence[Message]]) -> float:
        """Seconds until `take` grants the first of these; 0 if it would now."""
        costs = [self._cost(request) for request in requests]
        soonest, behind, waited_for = inf, 0.0, set[Lane]()
        with self._held(costs) as (entries, now):
            for cost in costs:
                waits = {
                    lane: self._limits.of(lane).wait(entries[lane], amount, now)
                    for lane, amount in cost.items()
                }
                if waited_for.isdisjoint(cost):
                    soonest = min(soonest, max([behind, *waits.values()]))
                waited_for.update(_of_senders(cost))
                behind = max([behind, *(waits[lane] for lane in waits if not lane.per_sender)])
                if not self.by_sender:
                    break
        return 0.0 if soonest == inf else max(0.0, soonest - LEAD)

    def _cost(self, messages: Sequence[Message]) -> Cost:
        if not self._limits:
            return {}
        return self._limits.cost((each.sender, each.segments.count, 1) for each in messages)

    @contextmanager
    def _held(self, costs: Iterable[Cost]) -> Iterator[tuple[Mapping[Lane, Entries], float]]:
        """The ledgers of all lanes under their locks, and the time: read after the last lock was had."""
        lanes = sorted({lane for cost in costs for lane in cost})
        with ExitStack() as locks:
            entries = {lane: locks.enter_context(self._ledger_of(lane).exclusively()) for lane in lanes}
            now = self._monotonic()
            for lane, noted in entries.items():
                self._limits.of(lane).forget(noted, now)
            yield entries, now


def _together(costs: Iterable[Cost]) -> dict[Lane, float]:
    amounts: dict[Lane, float] = {}
    for cost in costs:
        for lane, amount in cost.items():
            amounts[lane] = amounts.get(lane, 0.0) + amount
    return amounts


def _of_senders(cost: Cost) -> Iterator[Lane]:
    return (lane for lane in cost if lane.per_sender)


class Timetable:
    """When requests leave (seconds from the start) that follow one another as fast as their pace allows."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self._limits = Limits(rates)
        self._lanes: dict[Lane, _Schedule] = {}
        self._taking: dict[Part, list[tuple[_Schedule, float]]] = {}
        self.ends = 0.0  # when the pace has room again for as much as the last one took

    def next(self, parts: Sequence[Part]) -> float:
        """When the next request leaves."""
        taking = self._taking.get(parts[0]) if len(parts) == 1 else None
        if taking is None:
            taking = [
                (self._lanes.setdefault(lane, _Schedule(self._limits.of(lane))), amount)
                for lane, amount in self._limits.cost(parts).items()
            ]
            if len(parts) == 1:  # most requests are like many others, and a plan may have a million
                self._taking[parts[0]] = taking
        at = 0.0
        for schedule, amount in taking:
            at = schedule.free_for(amount, at)
        for schedule, amount in taking:
            self.ends = max(self.ends, schedule.add(amount, at))
        return at


class _Schedule:
    """One lane's window, moved on by what leaves."""

    def __init__(self, limit: _Limit) -> None:
        self._limit = limit
        self._leaves: deque[tuple[float, float]] = deque()  # (out of the window at, amount)
        self._used = 0.0
        self._last = 0.0

    def free_for(self, amount: float, at: float) -> float:
        """The first moment from `at` on that has room, behind all that is there."""
        at = max(at, self._last)
        leaves, most = self._leaves, max(0.0, self._limit.capacity - amount)
        while leaves and (self._used > most or leaves[0][0] <= at):
            left, held = leaves.popleft()
            self._used -= held
            if left > at:
                at = left
        return at

    def add(self, amount: float, at: float) -> float:
        """Let so much leave then; the moment until which that takes the pace up."""
        self._leaves.append((at + self._limit.holds(amount), amount))
        self._used += amount
        self._last = at
        return at + amount / self._limit.rate.per_second
