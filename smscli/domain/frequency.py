"""How often somebody may be texted: caps over a rolling time, or over a calendar day or month of theirs.

Pure counting: knows neither the sent log nor where a cap comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from smscli.domain.zones import zone_named


class CalendarPeriod(StrEnum):
    """A stretch of the recipient's calendar; the day begins at midnight where they are."""

    DAY = "day"
    MONTH = "month"


class CapScope(StrEnum):
    """Which earlier messages to the number a cap counts, of all campaigns of the sent log."""

    EVERYTHING = "everything"
    PURPOSE = "purpose"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class FrequencyCap:
    """At most so many messages to one number in a time. A minimum gap is a cap of one.

    `of` says whose cap it is, for people: empty for the campaign's own, else a country's or a promise.
    """

    at_most: int
    per: timedelta | CalendarPeriod
    counts: CapScope = CapScope.EVERYTHING
    of: str = ""


@dataclass(frozen=True, slots=True)
class LocalCap:
    """A cap for one recipient, who may be in any of these zones: what a claim asks about."""

    cap: FrequencyCap
    zones: tuple[str, ...]


#: What stands for a day or a month where no zone says when it begins: longer than any, so never too often.
_NOWHERE = {CalendarPeriod.DAY: timedelta(days=2), CalendarPeriod.MONTH: timedelta(days=32)}
_TICK = timedelta(milliseconds=1)


def counted_after(cap: LocalCap, at: datetime) -> datetime:
    """Messages after this instant (aware UTC) count; of several zones the day that began first is meant."""
    per = _span(cap)
    return at - per if isinstance(per, timedelta) else min(_begins(per, cap, at)) - _TICK


def free_at(cap: LocalCap, times: Sequence[datetime], at: datetime) -> datetime:
    """The first instant from `at` on with room for one more. `times`, sorted: of the messages that count."""
    since, per, most = counted_after(cap, at), _span(cap), cap.cap.at_most
    counted = [time for time in times if time > since]
    if len(counted) < most:
        return at
    return counted[len(counted) - most] + per if isinstance(per, timedelta) else max(_ends(per, cap, at))


def longest(cap: FrequencyCap) -> timedelta:
    """How far back a cap looks at most."""
    return longest_span(cap.per)


def longest_span(per: timedelta | CalendarPeriod) -> timedelta:
    """No such time is longer."""
    return per if isinstance(per, timedelta) else _NOWHERE[per]


def _span(cap: LocalCap) -> timedelta | CalendarPeriod:
    per = cap.cap.per
    is_placed = bool(cap.zones) and None not in map(zone_named, cap.zones)
    return per if is_placed or isinstance(per, timedelta) else _NOWHERE[per]


def _begins(per: CalendarPeriod, cap: LocalCap, at: datetime) -> list[datetime]:
    return [_midnight(_first(per, at.astimezone(zone).date()), zone) for zone in _zones(cap)]


def _ends(per: CalendarPeriod, cap: LocalCap, at: datetime) -> list[datetime]:
    step = timedelta(days=1 if per is CalendarPeriod.DAY else 31)
    firsts = [(_first(per, at.astimezone(zone).date()), zone) for zone in _zones(cap)]
    return [_midnight(_first(per, first + step), zone) for first, zone in firsts]


def _zones(cap: LocalCap) -> list[ZoneInfo]:
    return [zone for zone in map(zone_named, cap.zones) if zone]


def _first(per: CalendarPeriod, day: date) -> date:
    return day.replace(day=1) if per is CalendarPeriod.MONTH else day


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
