"""May we, there, now, and if not, when.

Knows windows, weekdays, public holidays and what clocks do at the change of summer time, for any number of
zones at once. What the wall clock allows is shifted to instants one offset at a time, so that an hour that
comes twice, or never, needs no rule of its own. Does not know which zones a person may be in (`zones.py`),
nor the law.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, reduce
from itertools import pairwise
from zoneinfo import ZoneInfo

from smscli.domain.zones import zone_named

MINUTES_A_DAY = 24 * 60


class HolidayRule(StrEnum):
    """What public holidays of the recipient's country mean."""

    SKIP = "skip"  # nobody is texted on them
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Minutes of the local day in which texting is allowed, half-open: `start <= local < end`.

    `end` may be 1440 (midnight). A window that wraps over midnight (`end <= start`) belongs
    to the weekday it starts on.
    """

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When a campaign may text, by the recipient's clock: windows for Monday (0) to Sunday (6).

    `margin` is taken off the end of each window, because gateways queue.
    """

    windows: tuple[tuple[Window, ...], ...]
    holidays: HolidayRule = HolidayRule.SKIP
    margin: timedelta = timedelta(minutes=15)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Asked for every contact of a list: a week of windows takes 2 µs to hash.
        object.__setattr__(self, "_hash", hash((self.windows, self.holidays, self.margin)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Regime:
    """Hours, and whose public holidays they mind: those of a country (`PL`) or of a part of one (`US-LA`)."""

    hours: QuietHours
    place: str
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.hours, self.place)))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class Open:
    """Now is fine, everywhere this person may be, until `until` (aware UTC, margin taken off)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """Not now; `opens_at` (aware UTC) is the next instant at which every zone is open."""

    opens_at: datetime


@dataclass(frozen=True, slots=True)
class NeverOpen:
    """No instant within 14 days at which every zone is open."""


@dataclass(frozen=True, slots=True)
class ZoneUnknown:
    """No zone to ask, or one that this machine does not know."""

    detail: str = ""


@dataclass(frozen=True, slots=True)
class HolidaysUnknown:
    """Holidays matter and the holiday library lacks this country or year."""

    country: str


Permission = Open | Closed | NeverOpen | ZoneUnknown | HolidaysUnknown

_TIME = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
_DASH = re.compile(r"\s*[-–—]\s*")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_window(text: str) -> Window:
    """`09:00-20:00`, half-open; `24:00` may end a window.

    One that ends before it starts wraps over midnight. Raises ValueError, in words for whoever wrote it.
    """
    ends = _DASH.split(text.strip())
    if len(ends) != 2:
        raise ValueError(f"'{text}' is not a window: write start and end, such as 09:00-20:00")
    start, end = (_minutes(end) for end in ends)
    if start == MINUTES_A_DAY:
        raise ValueError(f"'{text}' starts at 24:00: a day starts at 00:00")
    if start == end:
        raise ValueError(f"'{text}' starts when it ends: for the whole day write 00:00-24:00")
    # 20:00-00:00 means until midnight; as a wrap it would ask about tomorrow for no minute of it.
    return Window(start, end or MINUTES_A_DAY)


def _minutes(text: str) -> int:
    match = _TIME.fullmatch(text)
    minutes = int(match[1]) * 60 + int(match[2]) if match else MINUTES_A_DAY + 1
    if minutes > MINUTES_A_DAY:
        raise ValueError(f"'{text}' is not a time of day: write hours and minutes, such as 09:00")
    return minutes


def weekdays(text: str) -> tuple[int, ...]:
    """Days of the week (Monday is 0), sorted: `mon-fri`, `sat`, `mon,wed`, `sat-mon`; blind to case.

    Raises ValueError, in words for whoever wrote it.
    """
    return tuple(sorted({day for part in text.split(",") for day in _days(part, text)}))


def _days(part: str, text: str) -> Iterable[int]:
    ends = [end.lower() for end in _DASH.split(part.strip())]
    unknown = [end for end in ends if end not in _WEEKDAYS]
    if unknown or len(ends) > 2:
        found = unknown[0] if unknown else part.strip()
        raise ValueError(f"'{found}' in '{text}' is no day of the week: write mon-fri, sat or mon,wed")
    first, last = _WEEKDAYS.index(ends[0]), _WEEKDAYS.index(ends[-1])
    return (day % 7 for day in range(first, last + 1 if first <= last else last + 8))


#: How far ahead an opening is looked for.
SEARCHED = timedelta(days=14)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
#: Around the day that is asked about: no zone is further than a day from UTC, a wrap reaches back one more.
_BEFORE = timedelta(days=2)
_AFTER = SEARCHED + timedelta(days=2)

#: Under martial law (since 2022) Ukraine's public holidays are working days; the careful answer keeps them.
_SUSPENDED = {"UA": ("public", "workday")}

#: Times from the first (open) up to the second (closed): instants, or times on somebody's wall.
Span = tuple[datetime, datetime]


def permission(regimes: Sequence[Regime], zones: Sequence[str], now: datetime) -> Permission:
    """May a person to whom all these regimes apply, who may be in any of these zones, be texted now?

    Open only inside a window of every regime in every zone, on a date that is no public holiday there (where
    the regime minds them). `Open.until` is the first instant at which a zone closes, less the longest margin;
    with no more than that left it counts as closed. Where no end is in sight, `until` is 14 days ahead.
    `Closed.opens_at` is at most 14 days ahead. A window over midnight belongs to the day it starts on; a
    holiday on that day closes all of it, one on the next the part after midnight. No regimes: never open.

    Costs 8 µs for a question asked before on the same UTC day, 1 ms for a new one about 42 zones (5 ms when
    their clocks have to be read first).
    """
    if now.tzinfo is None:
        raise ValueError("quiet hours are asked about an instant, not a time without a zone")
    if not zones:
        return ZoneUnknown("the number gives no time zone")
    now = now.astimezone(UTC)
    spans = _common_spans(tuple(regimes), tuple(zones), now.date())
    if not isinstance(spans, tuple):
        return spans
    return _within(spans, max((regime.hours.margin for regime in regimes), default=timedelta()), now)


def _within(spans: tuple[Span, ...], margin: timedelta, now: datetime) -> Permission:
    horizon = now + SEARCHED
    at = bisect_right(spans, now, key=_start) - 1
    if at >= 0 and now < spans[at][1] - margin:
        return Open(min(spans[at][1] - margin, horizon))
    long_enough = (start for start, end in spans[at + 1 :] if start < end - margin)
    opens_at = next(long_enough, None)
    return NeverOpen() if opens_at is None or opens_at > horizon else Closed(opens_at)


def _start(span: Span) -> datetime:
    return span[0]


@lru_cache(maxsize=4096)
def _common_spans(
    regimes: tuple[Regime, ...], zones: tuple[str, ...], day: date
) -> tuple[Span, ...] | ZoneUnknown | HolidaysUnknown:
    """The instants around a UTC day at which every regime lets every zone be texted."""
    loaded = {name: zone_named(name) for name in zones}
    missing = [name for name, zone in loaded.items() if zone is None]
    if missing:
        return ZoneUnknown(f"this machine does not know the zone {missing[0]}")
    walls = _common_walls(regimes, day)
    if not isinstance(walls, tuple):
        return walls
    # Zones with one clock are asked once: a freephone number's 42 zones have ten.
    clocks = {_clock(zone, day) for zone in loaded.values() if zone is not None}
    return reduce(_shared, [_instants(walls, clock) for clock in clocks])


@lru_cache(maxsize=512)
def _common_walls(regimes: tuple[Regime, ...], day: date) -> tuple[Span, ...] | HolidaysUnknown:
    """When the wall clock says open by every regime, around a day. No regime: never."""
    together: tuple[Span, ...] | None = None
    for regime in regimes:
        walls = _wall_spans(regime.hours, regime.place, day)
        if not isinstance(walls, tuple):
            return walls
        together = walls if together is None else _shared(together, walls)
    return together or ()


@lru_cache(maxsize=512)
def _wall_spans(hours: QuietHours, place: str, day: date) -> tuple[Span, ...] | HolidaysUnknown:
    """When the wall clock says open, around a day: the same in every zone of a place."""
    days = [day - _BEFORE + number * _DAY for number in range((_BEFORE + _AFTER).days + 1)]
    closed: frozenset[date] = frozenset()
    if hours.holidays is HolidayRule.SKIP:
        known = [public_holidays(place, year) for year in {days[0].year, days[-1].year}]
        if None in known:
            return HolidaysUnknown(place.partition("-")[0])
        closed = frozenset().union(*(dates for dates in known if dates))
    return _joined(span for day in days for span in _wall_spans_from(hours, day, closed))


def _wall_spans_from(hours: QuietHours, day: date, closed: frozenset[date]) -> Iterable[Span]:
    """The windows that start on this date."""
    if day in closed:
        return
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for window in hours.windows[day.weekday()]:
        if window.start < window.end:
            yield midnight + window.start * _MINUTE, midnight + window.end * _MINUTE
            continue
        yield midnight + window.start * _MINUTE, midnight + _DAY
        if day + _DAY not in closed:
            yield midnight + _DAY, midnight + _DAY + window.end * _MINUTE


#: How long a zone keeps an offset from UTC: the first and the last instant, and the offset.
Clock = tuple[tuple[datetime, datetime, timedelta], ...]


def _instants(walls: tuple[Span, ...], clock: Clock) -> tuple[Span, ...]:
    """Wall times as instants: while an offset holds, a shift; at its end, cut."""
    return _joined(
        (max(start - offset, first), min(end - offset, last))
        for first, last, offset in clock
        for start, end in walls
        if start - offset < last and first < end - offset
    )


@lru_cache(maxsize=2048)
def _clock(zone: ZoneInfo, day: date) -> Clock:
    """What a zone's clock does around a UTC day."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - _BEFORE
    last = first + _BEFORE + _AFTER
    changes = [first, *_changes(zone, first, last), last]
    return tuple((start, end, _offset(zone, start)) for start, end in pairwise(changes))


def _changes(zone: ZoneInfo, first: datetime, last: datetime) -> Iterable[datetime]:
    """The instants at which the offset changes. No zone has changed twice within a day."""
    while first < last:
        before, after = first, first + _DAY
        first = after
        if _offset(zone, before) == _offset(zone, after):
            continue
        while after - before > timedelta(seconds=1):
            middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
            before, after = (
                (before, middle) if _offset(zone, middle) == _offset(zone, after) else (middle, after)
            )
        yield after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


def _shared(left: tuple[Span, ...], right: tuple[Span, ...]) -> tuple[Span, ...]:
    """What both have; both sorted and without overlap."""
    both: list[Span] = []
    here, there = 0, 0
    while here < len(left) and there < len(right):
        start = max(left[here][0], right[there][0])
        end = min(left[here][1], right[there][1])
        if start < end:
            both.append((start, end))
        if left[here][1] < right[there][1]:
            here += 1
        else:
            there += 1
    return tuple(both)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, and one where they touch: a window to 24:00 and the next from 00:00 are no two."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


#: Closed by law in a part of a country, and not known to the library: month and day.
_CLOSED_TOO = {"US-LA": ((1, 8), (1, 19))}


@lru_cache(maxsize=1024)
def public_holidays(place: str, year: int) -> frozenset[date] | None:
    """Public holidays of a country (`PL`), days in lieu included; of a part (`DE-BY`) its own besides.

    None where the library does not know the country or the year: it answers a year that it lacks with
    nothing, or with a warning and a part (India from 2036 on). A part that it does not know has the
    country's.
    """
    country, _, part = place.partition("-")
    national = _dates(country, None, year)
    if national is None or not part:
        return national
    # For a state the library leaves out what that does not keep; who works for others is off all the same.
    own = frozenset(date(year, month, day) for month, day in _CLOSED_TOO.get(place, ()))
    return national | own | (_dates(country, part, year) or frozenset())


def _dates(country: str, part: str | None, year: int) -> frozenset[date] | None:
    import holidays  # 0.1 s: only campaigns that mind holidays pay for it

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            categories = _SUSPENDED.get(country)
            known = holidays.country_holidays(
                country, subdiv=part, years=year, categories=categories, language="en_US"
            )
        except NotImplementedError:
            return None
    is_partial = any(issubclass(warning.category, UserWarning) for warning in warned)
    return None if is_partial or not known else frozenset(known)
