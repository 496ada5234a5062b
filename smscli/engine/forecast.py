"""What a plan will cost and how long it will take: planned figures, and labelled so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import repeat

from smscli.domain.campaign import Rates
from smscli.domain.ports import Leaving, PlanTally
from smscli.domain.profile import BatchMode, GatewayProfile
from smscli.engine.caution import SlowStart
from smscli.engine.pacing import Timetable
from smscli.engine.sizing import Sizing

#: Three centuries, in seconds: a pace that takes longer is a mistake, and calendars end.
_LONGEST = 1e10


@dataclass(frozen=True, slots=True)
class Forecast:
    """Planned figures. `cost` is of the countries that have a rate; `unpriced` names the others.

    `requests` is the number of calls if everybody is accepted; `duration` at the gateway's pace (None: it
    names no pace). `last_leaves_at` (aware UTC) is when the last message would be submitted. `late` counts
    messages that would leave after their window closes (they will be held), `first_closes_at` is the first
    such moment.
    """

    currency: str
    cost: Decimal
    cost_by_country: tuple[tuple[str, Decimal], ...]
    unpriced: tuple[str, ...]
    requests: int
    duration: timedelta | None
    last_leaves_at: datetime | None = None
    late: int = 0
    first_closes_at: datetime | None = None


def forecast(
    tally: PlanTally,
    rates: Rates | None,
    profile: GatewayProfile,
    messages: Iterable[Leaving],
    now: datetime,
) -> Forecast:
    """Work out the planned figures of a plan. `messages` in the order in which they would leave."""
    priced = [
        (part.country, price * part.segments)
        for part in tally.by_country
        if rates is not None and (price := rates.of(part.country)) is not None
    ]
    known = {country for country, _ in priced}
    leaving = _Departures(tally.to_send) if _is_plain(profile) else _departures(messages, profile, now)
    return Forecast(
        currency=rates.currency if rates else "",
        cost=sum((cost for _, cost in priced), Decimal(0)),
        cost_by_country=tuple(priced),
        unpriced=tuple(part.country for part in tally.by_country if part.country not in known),
        requests=leaving.requests,
        duration=_lasting(leaving.seconds) if profile.rates else None,
        last_leaves_at=leaving.last_at,
        late=leaving.late,
        first_closes_at=leaving.first_closes_at,
    )


def _is_plain(profile: GatewayProfile) -> bool:
    """One message a request at no pace: nothing to walk through."""
    return profile.batch is BatchMode.ONE and not profile.rates


def _lasting(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, _LONGEST))


@dataclass(slots=True)
class _Departures:
    """The requests of a plan and, at a pace, when they leave."""

    requests: int = 0
    seconds: float = 0.0
    last_at: datetime | None = None
    late: int = 0
    first_closes_at: datetime | None = None


#: Messages alike, and how many of them one request holds.
_Part = tuple[Leaving, int]


def _departures(messages: Iterable[Leaving], profile: GatewayProfile, now: datetime) -> _Departures:
    found = _Departures()
    requests = _requests(messages, profile)
    if not profile.rates:
        found.requests = sum(1 for _ in requests)
        return found
    timetable, last = Timetable(profile.rates), 0.0
    closes: dict[datetime, float] = {}  # seconds from now; a plan has a few deadlines
    for request in requests:
        found.requests += 1
        at = timetable.next([(each.sender, each.segments, count) for each, count in request])
        last = max(last, at)
        for each, count in request:
            deadline = each.deadline
            if deadline not in closes:
                closes[deadline] = (deadline - now).total_seconds()
            if at >= closes[deadline]:
                found.late += count
                found.first_closes_at = min(found.first_closes_at or deadline, deadline)
    if found.requests:
        found.seconds, found.last_at = timetable.ends, now + _lasting(last)
    return found


def _requests(messages: Iterable[Leaving], profile: GatewayProfile) -> Iterator[list[_Part]]:
    """The requests that `send` would make if the gateway accepted everybody."""
    sizing = Sizing(profile)
    if sizing.most == 1:
        for each in messages:
            yield from repeat([(each, 1)], each.many)
        return
    slow = SlowStart(profile.connections * sizing.most)
    request: list[_Part] = []
    for each in messages:
        left = each.many
        while left:
            joined = sizing.joins(each.sender, each.text, each.segments, left) if request else 0
            if not joined:
                if request:
                    yield request
                    slow.answered(sum(count for _, count in request), 0)
                sizing.begin(each.sender, each.text, each.segments, slow.window)
                request, joined = [], 1
            request.append((each, joined))
            left -= joined
    if request:
        yield request
