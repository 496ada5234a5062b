"""Amounts, moments, spans and reasons in the words that people read. Knows no layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from smscli.domain.decision import HoldReason, SkipReason
from smscli.domain.profile import GatewayProfile, Rate, RateScope, RateUnit

Reason = TypeVar("Reason", SkipReason, HoldReason)

_ORDER: tuple[str, ...] = (*SkipReason, *HoldReason)


def gateway_words(profile: GatewayProfile) -> str:
    """`twilio (live)`; the sandbox says its realm with its name."""
    return profile.name if profile.name == profile.realm else f"{profile.name} ({profile.realm})"


def words(reason: StrEnum) -> str:
    """`quiet_hours` as people say it."""
    return reason.replace("_", " ")


def most_first(counts: Mapping[Reason, int]) -> list[tuple[Reason, int]]:
    """Reasons with their counts, the commonest first, else in the order in which the rules ask."""
    return sorted(counts.items(), key=lambda part: (-part[1], _ORDER.index(part[0])))


def reasons(counts: Mapping[SkipReason, int] | Mapping[HoldReason, int]) -> str:
    """`opted out 3, duplicate 1`, in the order in which the rules ask."""
    parts = sorted(counts.items(), key=lambda part: _ORDER.index(part[0]))
    return ", ".join(f"{words(reason)} {count:,}" for reason, count in parts if count)


#: Prices of a segment have up to five places (0.00645); beyond these nobody pays.
_MOST_PLACES = 6


def money(amount: Decimal, places: int | None = None) -> str:
    """`1,204.50`, `0.753`: as many places as it has, so that parts add up to their sum.

    At least two, at most six; beyond that rounded up, so that a plan never looks cheaper than it is.
    """
    wanted = places_of([amount]) if places is None else places
    return f"{amount.quantize(Decimal(1).scaleb(-wanted), rounding='ROUND_UP'):,}"


def places_of(amounts: Iterable[Decimal]) -> int:
    """The places that all of these can be shown with."""
    places = (-int(amount.normalize().as_tuple().exponent) for amount in amounts)
    return min(_MOST_PLACES, max((2, *places)))


def local(moment: datetime, zone: str) -> str:
    """`Mon 2026-11-23 09:00 Europe/Warsaw`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"


def span(duration: timedelta) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    seconds = round(duration.total_seconds())
    if seconds < 120:
        return f"{max(1, seconds)} s"
    hours, minutes = divmod(-(-seconds // 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def pace(rates: Sequence[Rate]) -> str:
    """`30 messages a second, and 1 message a second for each sender`."""
    return ", and ".join(map(_rate, rates))


def _rate(rate: Rate) -> str:
    unit = {RateUnit.MESSAGE: "message", RateUnit.SEGMENT: "segment", RateUnit.REQUEST: "request"}
    each = " for each sender" if rate.per is RateScope.SENDER else ""
    return f"{rate.per_second:g} {unit[rate.counts]}{'' if rate.per_second == 1 else 's'} a second{each}"
