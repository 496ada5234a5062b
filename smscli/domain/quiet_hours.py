"""May we, there, now, and if not, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
