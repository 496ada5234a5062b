"""Points in time as people type them: `2026-11-01`, `2026-11-01T09:30`, `2h`, `7d`. In UTC, unless said."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from smscli.domain.errors import UsageError

_AGO = re.compile(r"(\d{1,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime, option: str) -> datetime:
    """The instant that `text` means, aware UTC: a date, a date and time, or how long ago.

    Raises UsageError, naming the option.
    """
    if ago := _AGO.fullmatch(text.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        read = datetime.fromisoformat(text.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f'{option}: "{text}" is not a point in time',
            hint=f"write {option} 2026-11-01, {option} 2026-11-01T09:30 (UTC), or how long ago: {option} 2h",
        ) from None


def moment_ahead(text: str, zone: str) -> datetime:
    """The instant of `--at`, in that zone unless it says its own. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f'--at: "{text}" is not a point in time',
            hint="write --at 2026-12-01T09:30 or --at 2026-12-01T09:30+01:00",
        ) from None
    if not 2000 <= moment.year < 3000:  # calendars end a little beyond what datetime can count
        raise UsageError(
            f'--at: "{text}" is in a year that cannot be meant', hint="write it like --at 2026-12-01T09:30"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
