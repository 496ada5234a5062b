"""Instants as integers. The log keeps milliseconds, what must be rebuilt to the byte keeps microseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)


def to_millis(at: datetime) -> int:
    """Milliseconds since 1970, rounded down. `at` is aware."""
    return (at - _EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    """The aware UTC instant."""
    return _EPOCH + millis * _MILLISECOND


@lru_cache(maxsize=4096)  # a plan's deadlines are few: one for each window of each zone
def to_micros(at: datetime) -> int:
    """Microseconds since 1970, exactly. `at` is aware."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant."""
    return _EPOCH + micros * _MICROSECOND
