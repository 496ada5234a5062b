"""Every row of the rules of countries, by the wall clock of its own zones; and what windows have in common.

The table is read anew from the data file here, as text, so that a row that the program reads otherwise fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from smscli.domain.jurisdictions import places_of, regimes_of
from smscli.domain.msisdn import Msisdn
from smscli.domain.quiet_hours import (
    Closed,
    HolidayRule,
    Open,
    Permission,
    QuietHours,
    Regime,
    permission,
    public_holidays,
)
from smscli.domain.zones import zone_named, zones_of, zones_of_area_code, zones_of_country
from smscli.files.rule_files import load_country_rules, load_policies

RULES = load_country_rules()
SAID: Mapping[str, Any] = yaml.load(
    files("smscli.presets").joinpath("rules", "countries.yaml").read_text("utf-8"),
    Loader=yaml.BaseLoader,
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
MARGIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the file has it: the window of each day of the week, as times of day, or None."""

    place: str
    week: tuple[tuple[time, time] | None, ...]
    minds_holidays: bool

    @property
    def regime(self) -> Regime:
        return Regime(RULES.rows[self.place].hours, self.place)

    def zones(self) -> tuple[str, ...]:
        """Every zone of the place."""
        codes = [code for code, places in RULES.area_codes.items() if self.place in places]
        if codes:
            return tuple(sorted({zone for code in codes for zone in zones_of_area_code(code)}))
        return zones_of_country(self.place)

    def is_holiday(self, day: date) -> bool:
        holidays = public_holidays(self.place, day.year)
        assert holidays
        return day in holidays


def _row(place: str, said: Mapping[str, Any]) -> Row:
    week: list[tuple[time, time] | None] = [None] * 7
    for days, window in said["windows"].items():
        first, _, last = days.partition("-")
        at, end = DAYS.index(first), DAYS.index(last or first)
        start, until = (time.fromisoformat(each) for each in window.split("-"))
        while True:
            week[at] = (start, until)
            if at == end:
                break
            at = (at + 1) % 7
    return Row(place, tuple(week), said["holidays"] != "ignore")


ROWS = [_row(place, said) for place, said in SAID["rows"].items()]


@pytest.fixture(params=ROWS, ids=[row.place for row in ROWS])
def row(request: pytest.FixtureRequest) -> Row:
    found: Row = request.param
    return found


def at(day: date, clock: time, zone: str) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(UTC)


def ask(row: Row, now: datetime, zone: str) -> Permission:
    return permission((row.regime,), (zone,), now)


@cache
def plain_week(row: Row) -> date:
    """A Monday from which on, for eight days, there is no holiday and no change of clocks."""
    monday = date(2026, 11, 2)
    while not all(_is_plain(row, monday + number * DAY) for number in range(8)):
        monday += 7 * DAY
    return monday


def _is_plain(row: Row, day: date) -> bool:
    zones = [zone for name in row.zones() if (zone := zone_named(name))]
    keeps = (
        datetime.combine(day, time(), zone).utcoffset()
        == datetime.combine(day + DAY, time(), zone).utcoffset()
        for zone in zones
    )
    return not row.is_holiday(day) and all(keeps)


def windows(row: Row) -> Iterator[tuple[date, time, time]]:
    """Each window of the plain week."""
    monday = plain_week(row)
    for number, window in enumerate(row.week):
        if window:
            yield monday + number * DAY, *window


def test_the_table_has_every_row_and_each_has_a_zone() -> None:
    assert {row.place for row in ROWS} == set(RULES.rows)
    assert len(ROWS) == 77
    assert [row.place for row in ROWS if not row.zones()] == []


def test_a_row_is_open_from_its_first_minute(row: Row) -> None:
    for zone in row.zones():
        for day, start, end in windows(row):
            opens, closes = at(day, start, zone), at(day, end, zone) - MARGIN
            assert ask(row, opens - SECOND, zone) == Closed(opens)
            assert ask(row, opens, zone) == Open(closes)
            assert ask(row, opens + (closes - opens) / 2, zone) == Open(closes)


def test_a_row_closes_a_margin_before_its_end(row: Row) -> None:
    for zone in row.zones():
        for day, _, end in windows(row):
            ends = at(day, end, zone)
            assert ask(row, ends - MARGIN - SECOND, zone) == Open(ends - MARGIN)
            for late in (ends - MARGIN, ends - MINUTE, ends, ends + MINUTE):
                assert isinstance(ask(row, late, zone), Closed)


def test_without_a_margin_a_row_closes_at_its_end(row: Row) -> None:
    bare = Regime(replace(row.regime.hours, margin=timedelta()), row.place)
    for zone in row.zones():
        for day, _, end in windows(row):
            ends = at(day, end, zone)
            assert permission((bare,), (zone,), ends - SECOND) == Open(ends)
            assert isinstance(permission((bare,), (zone,), ends), Closed)


def test_at_night_and_on_days_without_a_window_a_row_is_closed_until_the_next_one(row: Row) -> None:
    monday = plain_week(row)
    for zone in row.zones():
        opens = [at(day, start, zone) for day, start, _ in windows(row)]
        for number in range(7):
            day, window = monday + number * DAY, row.week[number]
            clocks = [time(), time(3), time(23, 59)] if window else [time(), time(9), time(12), time(18)]
            for clock in clocks:
                now = at(day, clock, zone)
                following = [each for each in opens if each > now]
                if following:
                    assert ask(row, now, zone) == Closed(following[0])
                else:
                    assert isinstance(ask(row, now, zone), Closed)


def test_on_a_public_holiday_a_row_is_closed_or_a_day_like_others(row: Row) -> None:
    days = (date(2026, 11, 20) + number * DAY for number in range(500))
    holiday = next(day for day in days if row.is_holiday(day) and row.week[day.weekday()])
    window = row.week[holiday.weekday()]
    assert window
    for zone in row.zones():
        middle = (
            at(holiday, window[0], zone) + (at(holiday, window[1], zone) - at(holiday, window[0], zone)) / 2
        )
        answer = ask(row, middle, zone)
        assert isinstance(answer, Closed if row.minds_holidays else Open)
        if isinstance(answer, Closed):
            local = answer.opens_at.astimezone(ZoneInfo(zone))
            assert local.date() > holiday
            assert not row.is_holiday(local.date())


@pytest.mark.parametrize(
    ("place", "now", "opens"),
    [
        ("US-LA", "2027-01-08 12:00", "2027-01-09 08:00"),  # Battle of New Orleans, a Friday
        ("US-LA", "2027-02-09 12:00", "2027-02-10 08:00"),  # Mardi Gras
        ("US-UT", "2027-07-24 12:00", "2027-07-26 08:00"),  # Pioneer Day, a Saturday
        ("US-RI", "2027-08-09 12:00", "2027-08-10 09:00"),  # Victory Day
        ("US-AL", "2027-04-26 12:00", "2027-04-27 08:00"),  # Confederate Memorial Day
        ("US-LA", "2026-11-26 12:00", "2026-11-27 08:00"),  # Thanksgiving, as everywhere
        ("DE-BY", "2027-01-06 12:00", "2027-01-07 08:00"),  # Epiphany
        ("ES-MD", "2027-05-03 12:00", "2027-05-04 09:00"),  # the day of Madrid, moved from Sunday
        ("CA-QC", "2027-06-24 12:00", "2027-06-25 09:00"),  # Saint-Jean-Baptiste
    ],
)
def test_holidays_of_a_part_of_a_country_close_it(place: str, now: str, opens: str) -> None:
    zone = {"U": "America/Chicago", "D": "Europe/Berlin", "E": "Europe/Madrid", "C": "America/Toronto"}[
        place[0]
    ]
    there = ZoneInfo(zone)
    asked = regimes_of(None, RULES, (place,))
    instant = datetime.fromisoformat(now).replace(tzinfo=there)
    expected = datetime.fromisoformat(opens).replace(tzinfo=there).astimezone(UTC)
    assert permission(asked, (zone,), instant) == Closed(expected)
    elsewhere = regimes_of(None, RULES, (place.partition("-")[0],))
    assert place == "US-LA" or isinstance(permission(elsewhere, (zone,), instant), Open)


# --- the worked examples of the articles ---


@pytest.mark.parametrize(
    ("country", "zone", "now", "says"),
    [
        # The Russian one: from 9 to 21, any day; not at three in the morning.
        ("RU", "Europe/Moscow", "2026-11-22 03:00", "09:00"),
        ("RU", "Europe/Moscow", "2026-11-22 08:59", "09:00"),
        ("RU", "Europe/Moscow", "2026-11-22 09:00", "open"),
        ("RU", "Europe/Moscow", "2026-11-22 20:44", "open"),
        ("RU", "Europe/Moscow", "2026-11-22 20:45", "2026-11-23 09:00"),
        ("RU", "Asia/Vladivostok", "2026-11-22 20:45", "2026-11-23 09:00"),
        ("RU", "Europe/Moscow", "2026-11-04 12:00", "open"),  # Unity Day
        # The Indonesian one: office hours, 8 to 17.
        ("ID", "Asia/Jakarta", "2026-11-18 07:59", "08:00"),
        ("ID", "Asia/Jakarta", "2026-11-18 08:00", "open"),
        ("ID", "Asia/Jakarta", "2026-11-18 16:44", "open"),
        ("ID", "Asia/Jakarta", "2026-11-18 16:45", "2026-11-19 08:00"),
        ("ID", "Asia/Jakarta", "2026-11-22 12:00", "2026-11-23 08:00"),
        # The Polish one: not at night, not on Sundays, not on holidays.
        ("PL", "Europe/Warsaw", "2026-11-11 12:00", "2026-11-12 08:00"),  # Independence Day
        ("PL", "Europe/Warsaw", "2026-11-22 12:00", "2026-11-23 08:00"),
        ("PL", "Europe/Warsaw", "2026-11-18 20:30", "2026-11-19 08:00"),
        ("PL", "Europe/Warsaw", "2026-11-18 12:00", "open"),
    ],
)
def test_a_country_as_its_article_has_it(country: str, zone: str, now: str, says: str) -> None:
    answer = permission(regimes_of(None, RULES, (country,)), (zone,), local(now, zone))
    assert told(answer, now, zone) == says


@pytest.mark.parametrize(
    ("policy", "now", "says"),
    [
        ("daily", "2026-11-22 08:59", "09:00"),
        ("daily", "2026-11-22 09:00", "open"),
        ("daily", "2026-11-11 12:00", "open"),
        ("daily", "2026-11-22 20:44", "open"),
        ("daily", "2026-11-22 20:45", "2026-11-23 09:00"),
        ("office", "2026-11-18 07:59", "08:00"),
        ("office", "2026-11-18 08:00", "open"),
        ("office", "2026-11-18 16:45", "2026-11-19 08:00"),
        ("office", "2026-11-21 12:00", "2026-11-23 08:00"),
        ("office", "2026-11-11 12:00", "2026-11-12 08:00"),
        ("working-days", "2026-11-18 08:00", "09:00"),
        ("working-days", "2026-11-18 16:44", "open"),
        ("working-days", "2026-11-20 16:45", "2026-11-23 09:00"),
        ("working-days", "2026-11-11 12:00", "2026-11-12 09:00"),
        ("strict", "2026-11-18 19:44", "open"),
        ("strict", "2026-11-18 19:45", "2026-11-19 09:00"),
        ("strict", "2026-11-21 09:59", "10:00"),
        ("strict", "2026-11-21 17:44", "open"),
        ("strict", "2026-11-21 17:45", "2026-11-23 09:00"),
        ("strict", "2026-11-22 12:00", "2026-11-23 09:00"),
        ("strict", "2026-11-11 12:00", "2026-11-12 09:00"),
    ],
)
def test_the_ready_weeks(policy: str, now: str, says: str) -> None:
    zone = "Europe/Warsaw"
    asked = (Regime(load_policies()[policy], "PL"),)
    assert told(permission(asked, (zone,), local(now, zone)), now, zone) == says


def test_what_the_three_articles_have_in_common_is_working_days_from_9_to_17() -> None:
    asked = [Regime(load_policies()[name], "PL") for name in ("daily", "office", "working-days")]
    week = common_week(asked)
    assert week == dict.fromkeys(DAYS[:5], ("09:00", "17:00"))


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def told(answer: Permission, now: str, zone: str) -> str:
    """`open`, or when it opens by the clock there, with the day if that is another."""
    if isinstance(answer, Open):
        return "open"
    assert isinstance(answer, Closed)
    opens = answer.opens_at.astimezone(ZoneInfo(zone))
    return f"{opens:%H:%M}" if now.startswith(f"{opens:%Y-%m-%d}") else f"{opens:%Y-%m-%d %H:%M}"


# --- what windows have in common ---


def common_week(regimes: list[Regime]) -> dict[str, tuple[str, str]]:
    """What a week without holidays has in common by these hours, margins left out: one window a day."""
    bare = [
        Regime(replace(each.hours, holidays=HolidayRule.IGNORE, margin=timedelta()), "") for each in regimes
    ]
    found: dict[str, tuple[str, str]] = {}
    now = datetime(2026, 11, 16, tzinfo=UTC)  # a Monday
    while now < datetime(2026, 11, 23, tzinfo=UTC):
        answer = permission(bare, ("UTC",), now)
        if isinstance(answer, Closed):
            now = answer.opens_at
            continue
        assert isinstance(answer, Open)
        assert DAYS[now.weekday()] not in found
        found[DAYS[now.weekday()]] = (f"{now:%H:%M}", f"{answer.until:%H:%M}")
        now = answer.until
    return found


def test_every_row_is_open_from_monday_to_thursday_between_10_and_17() -> None:
    """On Fridays until 13, because of Israel; on Saturdays and Sundays there is nothing in common."""
    week = common_week([row.regime for row in ROWS])
    assert week == dict.fromkeys(DAYS[:4], ("10:00", "17:00")) | {"fri": ("10:00", "13:00")}


def _daily(start: int, end: int) -> QuietHours:
    window = replace(load_policies()["daily"].windows[0][0], start=start * 60, end=end * 60)
    return QuietHours(((window,),) * 7, HolidayRule.IGNORE, timedelta())


@cache
def _of_states(*without: str) -> tuple[str, ...]:
    places = {place for places in RULES.area_codes.values() for place in places} - {*without}
    codes = [code for code, lies in RULES.area_codes.items() if lies[0] in places and lies[0][:2] == "US"]
    return tuple(sorted({zone for code in codes for zone in zones_of_area_code(code)}))


@pytest.mark.parametrize(
    ("zones", "start", "end", "size"),
    [
        pytest.param(zones_of(Msisdn("+79123456789", "RU")), 9, 21, 2, id="RU"),
        pytest.param(zones_of(Msisdn("+61412345678", "AU")), 9, 20, 6.5, id="AU"),
        pytest.param(_of_states("US-AK", "US-HI"), 8, 21, 10, id="48 states"),
        pytest.param(_of_states("US-AK", "US-HI"), 8, 20, 9, id="48 states, until 20"),
        pytest.param(_of_states(), 8, 21, 8, id="50 states"),
        pytest.param(zones_of(Msisdn("+18005550123", "US")), 8, 21, 2.5, id="freephone"),
        pytest.param(zones_of(Msisdn("+6281234567890", "ID")), 8, 17, 7, id="ID"),
        pytest.param(zones_of(Msisdn("+34612345678", "ES")), 9, 21, 11, id="ES"),
        pytest.param(zones_of(Msisdn("+351912345678", "PT")), 9, 21, 11, id="PT"),
    ],
)
def test_how_much_of_a_day_zones_have_in_common(
    zones: tuple[str, ...], start: int, end: int, size: float
) -> None:
    """In January, when no clock of theirs is on summer time but Australia's."""
    asked = (Regime(_daily(start, end), "XX"),)
    closed = permission(asked, zones, datetime(2027, 1, 13, 12, tzinfo=UTC))
    begins = closed.until if isinstance(closed, Open) else datetime(2027, 1, 13, 12, tzinfo=UTC)
    opens = permission(asked, zones, begins)
    assert isinstance(opens, Closed)
    spell = permission(asked, zones, opens.opens_at)
    assert isinstance(spell, Open)
    assert spell.until - opens.opens_at == timedelta(hours=size)


def test_a_florida_number_may_be_texted_when_both_its_zones_and_all_rows_say_so() -> None:
    pensacola = Msisdn("+18502345678", "US")  # Chicago and New York
    asked = regimes_of(load_policies()["daily"], RULES, places_of(RULES, pensacola))
    zones = zones_of(pensacola)
    assert permission(asked, zones, datetime(2026, 11, 18, 12, tzinfo=UTC)) == Closed(
        datetime(2026, 11, 18, 15, tzinfo=UTC)
    )
    assert permission(asked, zones, datetime(2026, 11, 18, 15, tzinfo=UTC)) == Open(
        datetime(2026, 11, 19, 0, 45, tzinfo=UTC)
    )
