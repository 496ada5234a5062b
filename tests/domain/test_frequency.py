"""Caps over a rolling time and over the recipient's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.frequency import (
    CalendarPeriod,
    CapScope,
    FrequencyCap,
    LocalCap,
    counted_after,
    free_at,
    longest,
)

DAY, MONTH = CalendarPeriod.DAY, CalendarPeriod.MONTH
WARSAW, NEW_YORK, AUCKLAND = "Europe/Warsaw", "America/New_York", "Pacific/Auckland"


def cap(at_most: int, per: timedelta | CalendarPeriod, *zones: str) -> LocalCap:
    return LocalCap(FrequencyCap(at_most, per, CapScope.EVERYTHING), zones)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


#: What, the cap, earlier messages, when it is asked, when there is room.
TABLE = [
    ("nothing yet", cap(1, DAY, WARSAW), [], "2026-11-20T10:00", "2026-11-20T10:00"),
    ("one today", cap(1, DAY, WARSAW), ["2026-11-20T08:00"], "2026-11-20T10:00", "2026-11-20T23:00"),
    ("one of two today", cap(2, DAY, WARSAW), ["2026-11-20T08:00"], "2026-11-20T10:00", "2026-11-20T10:00"),
    # 22:59 UTC is the same day in Warsaw, 23:00 the next.
    ("late yesterday", cap(1, DAY, WARSAW), ["2026-11-19T22:59"], "2026-11-20T10:00", "2026-11-20T10:00"),
    ("just today", cap(1, DAY, WARSAW), ["2026-11-19T23:00"], "2026-11-20T10:00", "2026-11-20T23:00"),
    # Of two zones the day that began first counts, and the one that ends last has to be over.
    (
        "a day of two zones",
        cap(1, DAY, WARSAW, NEW_YORK),
        ["2026-11-20T03:00"],  # still the 19th in New York
        "2026-11-20T04:00",
        "2026-11-20T23:00",
    ),
    ("rolling", cap(1, timedelta(days=1)), ["2026-11-20T08:00"], "2026-11-20T10:00", "2026-11-21T08:00"),
    ("rolling, just over", cap(1, timedelta(days=1)), ["2026-11-19T10:00"], "2026-11-20T10:00", None),
    ("a month", cap(1, MONTH, WARSAW), ["2026-11-01T09:00"], "2026-11-20T10:00", "2026-11-30T23:00"),
    ("last month", cap(1, MONTH, WARSAW), ["2026-10-31T22:59"], "2026-11-20T10:00", None),
    ("december", cap(1, MONTH, WARSAW), ["2026-12-03T09:00"], "2026-12-20T10:00", "2026-12-31T23:00"),
    # The night of 29 March 2026 is an hour short in Warsaw, that of 25 October an hour long.
    ("a short day", cap(1, DAY, WARSAW), ["2026-03-29T00:30"], "2026-03-29T10:00", "2026-03-29T22:00"),
    ("a long day", cap(1, DAY, WARSAW), ["2026-10-24T22:00"], "2026-10-25T10:00", "2026-10-25T23:00"),
    # Without a zone a calendar day is two days, which no day is longer than.
    ("nowhere", cap(1, DAY), ["2026-11-18T11:00"], "2026-11-20T10:00", "2026-11-20T11:00"),
    ("a zone this machine lacks", cap(1, DAY, "Mars/Base"), ["2026-11-18T09:59"], "2026-11-20T10:00", None),
]


@pytest.mark.parametrize(("what", "local", "times", "at", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_when_there_is_room(
    what: str, local: LocalCap, times: list[str], at: str, expected: str | None
) -> None:
    assert free_at(local, [utc(time) for time in times], utc(at)) == utc(expected or at)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
CAPS = st.builds(
    lambda most, per, zones: cap(most, per, *zones),
    st.integers(1, 4),
    st.one_of(st.sampled_from([DAY, MONTH]), st.timedeltas(timedelta(hours=1), timedelta(days=40))),
    st.lists(st.sampled_from([WARSAW, NEW_YORK, AUCKLAND]), max_size=3, unique=True),
)


@given(CAPS, st.lists(MOMENTS, max_size=8), MOMENTS)
def test_when_there_is_room_the_cap_counts_fewer_than_it_allows(
    local: LocalCap, times: list[datetime], at: datetime
) -> None:
    earlier = sorted(time for time in times if time <= at)
    free = free_at(local, earlier, at)
    assert free >= at
    since = counted_after(local, free)
    assert len([time for time in earlier if time > since]) < local.cap.at_most


@given(CAPS, st.lists(MOMENTS, max_size=8), MOMENTS)
def test_no_more_than_so_many_a_day_wherever_they_are(
    local: LocalCap, times: list[datetime], at: datetime
) -> None:
    """Each zone by itself allows what all of them allow together."""
    earlier = sorted(time for time in times if time <= at)
    if free_at(local, earlier, at) > at:
        return
    for zone in local.zones:
        alone = LocalCap(local.cap, (zone,))
        assert free_at(alone, earlier, at) == at


@given(CAPS, MOMENTS)
def test_a_cap_looks_back_no_further_than_it_says(local: LocalCap, at: datetime) -> None:
    assert counted_after(local, at) >= at - longest(local.cap)
