"""What a plan will cost and how long it will take: planned figures, and labelled so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from smscli.domain.campaign import Rates
from smscli.domain.ports import Leaving, PlanTally
from smscli.domain.profile import BatchMode, GatewayProfile, Rate, RateUnit

#: Three centuries, in seconds: a pace that takes longer is a mistake, and calendars end.
_LONGEST = 1e10


@dataclass(frozen=True, slots=True)
class Forecast:
    """Planned figures. `cost` is of the countries that have a rate; `unpriced` names the others.

    `requests` is the least number of calls; `duration` at the gateway's pace (None: it names no pace).
    `last_leaves_at` (aware UTC) is when the last message would be submitted. `late` counts messages that
    would leave after their window closes (they will be held), `first_closes_at` is the first such moment.
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
    requests = planned_requests(tally.groups, profile)
    units = {
        RateUnit.MESSAGE: tally.to_send,
        RateUnit.SEGMENT: tally.segments,
        RateUnit.REQUEST: requests,
    }
    rate = profile.rate
    leaving = _Leaving() if rate is None else _leaving(messages, rate, profile, now)
    return Forecast(
        currency=rates.currency if rates else "",
        cost=sum((cost for _, cost in priced), Decimal(0)),
        cost_by_country=tuple(priced),
        unpriced=tuple(part.country for part in tally.by_country if part.country not in known),
        requests=requests,
        duration=None if rate is None else _lasting(units[rate.counts] / rate.per_second),
        last_leaves_at=leaving.last_at,
        late=leaving.late,
        first_closes_at=leaving.first_closes_at,
    )


def _lasting(seconds: float) -> timedelta:
    return timedelta(seconds=min(seconds, _LONGEST))


def planned_requests(groups: Iterable[int], profile: GatewayProfile) -> int:
    """Calls at full batches. Slow start and retries make more."""
    most = 1 if profile.batch is BatchMode.ONE else profile.batch_max
    return sum(-(-size // most) for size in groups)


@dataclass(slots=True)
class _Leaving:
    """When messages leave, seen so far."""

    last_at: datetime | None = None
    late: int = 0
    first_closes_at: datetime | None = None


def _leaving(messages: Iterable[Leaving], rate: Rate, profile: GatewayProfile, now: datetime) -> _Leaving:
    share = 1.0 if profile.batch is BatchMode.ONE else 1.0 / profile.batch_max
    weights = {RateUnit.MESSAGE: 1.0, RateUnit.REQUEST: share}
    leaving, seconds = _Leaving(), 0.0
    for message in messages:
        leaving.last_at = now + _lasting(seconds)
        if leaving.last_at >= message.deadline:
            leaving.late += 1
            leaving.first_closes_at = min(leaving.first_closes_at or message.deadline, message.deadline)
        seconds += weights.get(rate.counts, float(message.segments)) / rate.per_second
    return leaving
