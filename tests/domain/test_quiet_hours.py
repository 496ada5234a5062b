"""May we, there, now, and if not, when: a table worked out by hand, and a checker that goes by the minute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smscli.domain.msisdn import Msisdn
from smscli.domain.quiet_hours import (
    Closed,
    HolidayRule,
    HolidaysUnknown,
    NeverOpen,
    Open,
    Permission,
    QuietHours,
    Regime,
    Window,
    ZoneUnknown,
    parse_window,
    permission,
    public_holidays,
    weekdays,
)
from smscli.domain.zones import zones_of

DAILY = "mon-sun 09:00-20:00"
OFFICE = "mon-fri 09:00-20:00"
SHOP = "mon-fri 09:00-20:00; sat 10:00-18:00"
ALWAYS = "mon-sun 00:00-24:00"
WARSAW = "Europe/Warsaw"
NEW_YORK = "America/New_York"
TOLL_FREE = "+18002345678 US"
FLORIDA = "+18502345678 US"  # Chicago and New York
RUSSIA = "+79123456789 RU"
INDONESIA = "+6281234567890 ID"
AUSTRALIA = "+61412345678 AU"
SPAIN = "+34612345678 ES"
NEW_ZEALAND = "+64211234567 NZ"

# where: zones, or a number and its country, or that and its zone column
# windows; margin in minutes; `now`; what it says. Times are UTC; the year is 2026 where none is given.
Row = tuple[str, str, int, str, str]

EDGES: list[Row] = [
    # Warsaw in November is UTC+1: 08:00 to 19:00. 18 November is a Wednesday.
    (WARSAW, DAILY, 15, "11-18 00:00", "closed 11-18 08:00"),
    (WARSAW, DAILY, 15, "11-18 07:59:59", "closed 11-18 08:00"),
    (WARSAW, DAILY, 15, "11-18 07:59:59.999999", "closed 11-18 08:00"),
    (WARSAW, DAILY, 15, "11-18 08:00", "open 11-18 18:45"),
    (WARSAW, DAILY, 15, "11-18 08:00:01", "open 11-18 18:45"),
    (WARSAW, DAILY, 15, "11-18 12:34:56", "open 11-18 18:45"),
    (WARSAW, DAILY, 15, "11-18 18:44:59", "open 11-18 18:45"),
    (WARSAW, DAILY, 15, "11-18 18:44:59.999999", "open 11-18 18:45"),
    (WARSAW, DAILY, 15, "11-18 18:45", "closed 11-19 08:00"),
    (WARSAW, DAILY, 15, "11-18 18:59:59", "closed 11-19 08:00"),
    (WARSAW, DAILY, 15, "11-18 19:00", "closed 11-19 08:00"),
    (WARSAW, DAILY, 0, "11-18 18:59:59", "open 11-18 19:00"),
    (WARSAW, DAILY, 0, "11-18 19:00", "closed 11-19 08:00"),
    (WARSAW, DAILY, 60, "11-18 17:59:59", "open 11-18 18:00"),
    (WARSAW, DAILY, 60, "11-18 18:00", "closed 11-19 08:00"),
    (WARSAW, DAILY, 659, "11-18 08:00:30", "open 11-18 08:01"),
    (WARSAW, DAILY, 659, "11-18 08:01", "closed 11-19 08:00"),
    (WARSAW, DAILY, 660, "11-18 08:00", "never"),
    (WARSAW, "mon-sun 09:00-09:01", 0, "11-18 08:00:59", "open 11-18 08:01"),
    (WARSAW, "mon-sun 09:00-09:01", 15, "11-18 08:00", "never"),
]
WEEKDAYS: list[Row] = [
    (WARSAW, OFFICE, 15, "11-20 18:45", "closed 11-23 08:00"),
    (WARSAW, OFFICE, 15, "11-21 11:00", "closed 11-23 08:00"),
    (WARSAW, OFFICE, 15, "11-22 23:30", "closed 11-23 08:00"),
    (WARSAW, SHOP, 15, "11-20 18:45", "closed 11-21 09:00"),
    (WARSAW, SHOP, 15, "11-21 16:44", "open 11-21 16:45"),
    (WARSAW, SHOP, 15, "11-21 16:45", "closed 11-23 08:00"),
    (WARSAW, "sat 10:00-18:00", 15, "11-23 12:00", "closed 11-28 09:00"),
    (WARSAW, "sun 00:00-24:00", 15, "11-21 23:00", "open 11-22 22:45"),
    (WARSAW, "sun 00:00-24:00", 15, "11-21 22:59:59", "closed 11-21 23:00"),
    # A weekend on Friday and Saturday.
    ("Asia/Jerusalem", "sun-thu 08:00-20:00; fri 08:00-13:00", 15, "11-19 18:00", "closed 11-20 06:00"),
    ("Asia/Jerusalem", "sun-thu 08:00-20:00; fri 08:00-13:00", 15, "11-20 11:00", "closed 11-22 06:00"),
    ("Asia/Jerusalem", "sun-thu 08:00-20:00; fri 08:00-13:00", 15, "11-22 06:00", "open 11-22 17:45"),
    # The weekday is the one over there: Monday begins on Sunday at 10:00 UTC in Kiritimati.
    ("Pacific/Kiritimati", "mon 09:00-20:00", 15, "11-22 19:00", "open 11-23 05:45"),
    ("Pacific/Pago_Pago", "mon 09:00-20:00", 15, "11-24 06:44", "open 11-24 06:45"),
    ("Pacific/Pago_Pago", "mon 09:00-20:00", 15, "11-23 19:59:59", "closed 11-23 20:00"),
    # Two windows a day; two that touch are one.
    (WARSAW, "mon-sun 09:00-12:00; mon-sun 14:00-20:00", 15, "11-18 10:44", "open 11-18 10:45"),
    (WARSAW, "mon-sun 09:00-12:00; mon-sun 14:00-20:00", 15, "11-18 10:45", "closed 11-18 13:00"),
    (WARSAW, "mon-sun 09:00-12:00; mon-sun 12:00-20:00", 15, "11-18 10:50", "open 11-18 18:45"),
    (WARSAW, "mon-sun 09:00-13:00; mon-sun 12:00-20:00", 15, "11-18 11:50", "open 11-18 18:45"),
]
MIDNIGHT: list[Row] = [
    (WARSAW, "fri 22:00-02:00", 15, "11-20 21:00", "open 11-21 00:45"),
    (WARSAW, "fri 22:00-02:00", 15, "11-20 23:00", "open 11-21 00:45"),
    (WARSAW, "fri 22:00-02:00", 15, "11-21 00:44:59", "open 11-21 00:45"),
    (WARSAW, "fri 22:00-02:00", 15, "11-21 00:45", "closed 11-27 21:00"),
    (WARSAW, "fri 22:00-02:00", 15, "11-19 23:30", "closed 11-20 21:00"),
    (WARSAW, "fri 22:00-02:00", 15, "11-21 23:30", "closed 11-27 21:00"),
    (WARSAW, "sun 23:00-01:00", 15, "11-22 23:30", "open 11-22 23:45"),
    (WARSAW, "sun 23:00-01:00", 15, "11-21 23:30", "closed 11-22 22:00"),
    (WARSAW, "mon 09:00-08:00", 15, "11-23 08:00", "open 11-24 06:45"),
    (WARSAW, "mon-sun 22:00-06:00", 15, "11-18 23:30", "open 11-19 04:45"),
    (WARSAW, "mon-sun 20:00-00:00", 15, "11-18 19:00", "open 11-18 22:45"),
    (WARSAW, "mon-sun 20:00-24:00", 15, "11-18 22:45", "closed 11-19 19:00"),
    (WARSAW, "mon-sun 20:00-24:00; mon-sun 00:00-08:00", 15, "11-18 19:00", "open 11-19 06:45"),
    (WARSAW, "mon-sun 20:00-24:00; mon-sun 00:00-08:00", 15, "11-18 22:50", "open 11-19 06:45"),
    (WARSAW, "mon-fri 00:00-24:00", 15, "11-20 22:44", "open 11-20 22:45"),
    (WARSAW, "mon-fri 00:00-24:00", 15, "11-20 22:45", "closed 11-22 23:00"),
    (WARSAW, ALWAYS, 15, "11-18 03:21", "open 12-02 03:21"),
    (WARSAW, "mon-sun 12:00-11:00; mon-sun 11:00-12:00", 15, "11-18 03:21", "open 12-02 03:21"),
]
SPRING_WARSAW: list[Row] = [
    # On Sunday 29 March 2026 at 01:00 UTC, 02:00 becomes 03:00.
    (WARSAW, DAILY, 15, "03-28 18:44:59", "open 03-28 18:45"),
    (WARSAW, DAILY, 15, "03-28 18:45", "closed 03-29 07:00"),
    (WARSAW, DAILY, 15, "03-29 06:59:59", "closed 03-29 07:00"),
    (WARSAW, DAILY, 15, "03-29 07:00", "open 03-29 17:45"),
    (WARSAW, "mon-sun 02:00-03:00", 0, "03-28 01:00", "open 03-28 02:00"),
    (WARSAW, "mon-sun 02:00-03:00", 0, "03-29 00:59:59", "closed 03-30 00:00"),
    (WARSAW, "mon-sun 02:00-03:00", 0, "03-29 01:00", "closed 03-30 00:00"),
    (WARSAW, "mon-sun 01:30-03:30", 15, "03-29 00:30", "open 03-29 01:15"),
    (WARSAW, "mon-sun 01:00-02:30", 0, "03-29 00:30", "open 03-29 01:00"),
    (WARSAW, "mon-sun 02:30-04:00", 15, "03-29 00:59:59", "closed 03-29 01:00"),
    (WARSAW, "mon-sun 02:30-04:00", 15, "03-29 01:00", "open 03-29 01:45"),
    (WARSAW, "mon-sun 22:00-06:00", 15, "03-28 21:00", "open 03-29 03:45"),
    (WARSAW, "sun 00:00-24:00", 15, "03-28 23:00", "open 03-29 21:45"),
]
AUTUMN_WARSAW: list[Row] = [
    # On Sunday 25 October 2026 at 01:00 UTC, 03:00 becomes 02:00.
    (WARSAW, DAILY, 15, "10-24 17:45", "closed 10-25 08:00"),
    (WARSAW, DAILY, 15, "10-25 07:59:59", "closed 10-25 08:00"),
    (WARSAW, DAILY, 15, "10-25 08:00", "open 10-25 18:45"),
    (WARSAW, "mon-sun 02:00-03:00", 15, "10-25 00:00", "open 10-25 01:45"),
    (WARSAW, "mon-sun 02:00-03:00", 15, "10-25 01:44:59", "open 10-25 01:45"),
    (WARSAW, "mon-sun 02:00-03:00", 15, "10-25 01:45", "closed 10-26 01:00"),
    (WARSAW, "mon-sun 02:30-04:00", 0, "10-25 00:30", "open 10-25 01:00"),
    (WARSAW, "mon-sun 02:30-04:00", 0, "10-25 01:00", "closed 10-25 01:30"),
    (WARSAW, "mon-sun 02:30-04:00", 0, "10-25 01:30", "open 10-25 03:00"),
    (WARSAW, "mon-sun 02:30-04:00", 30, "10-25 00:30", "closed 10-25 01:30"),
    (WARSAW, "mon-sun 01:00-02:30", 0, "10-24 23:30", "open 10-25 00:30"),
    (WARSAW, "mon-sun 01:00-02:30", 0, "10-25 00:30", "closed 10-25 01:00"),
    (WARSAW, "mon-sun 01:00-02:30", 0, "10-25 01:00", "open 10-25 01:30"),
    (WARSAW, "mon-sun 22:00-06:00", 15, "10-24 20:00", "open 10-25 04:45"),
    (WARSAW, "sun 00:00-24:00", 15, "10-24 22:00", "open 10-25 22:45"),
]
NEW_YORK_NIGHTS: list[Row] = [
    # On Sunday 8 March 2026 at 07:00 UTC, 02:00 becomes 03:00.
    (NEW_YORK, DAILY, 15, "03-08 00:45", "closed 03-08 13:00"),
    (NEW_YORK, DAILY, 15, "03-08 12:59:59", "closed 03-08 13:00"),
    (NEW_YORK, DAILY, 15, "03-08 13:00", "open 03-08 23:45"),
    (NEW_YORK, "mon-sun 02:30-04:00", 15, "03-08 06:59:59", "closed 03-08 07:00"),
    (NEW_YORK, "mon-sun 02:30-04:00", 15, "03-08 07:00", "open 03-08 07:45"),
    (NEW_YORK, "mon-sun 02:00-03:00", 0, "03-08 06:30", "closed 03-09 06:00"),
    (NEW_YORK, "sat 21:00-03:30", 15, "03-08 02:00", "open 03-08 07:15"),
    # On Sunday 1 November 2026 at 06:00 UTC, 02:00 becomes 01:00.
    (NEW_YORK, DAILY, 15, "10-31 23:45", "closed 11-01 14:00"),
    (NEW_YORK, DAILY, 15, "11-01 13:59:59", "closed 11-01 14:00"),
    (NEW_YORK, DAILY, 15, "11-01 14:00", "open 11-02 00:45"),
    (NEW_YORK, "mon-sun 01:00-02:00", 15, "11-01 05:00", "open 11-01 06:45"),
    (NEW_YORK, "mon-sun 01:30-02:30", 0, "11-01 05:30", "open 11-01 06:00"),
    (NEW_YORK, "mon-sun 01:30-02:30", 0, "11-01 06:00", "closed 11-01 06:30"),
    (NEW_YORK, "mon-sun 01:30-02:30", 0, "11-01 06:30", "open 11-01 07:30"),
    (NEW_YORK, "sat 23:00-01:30", 0, "11-01 03:00", "open 11-01 05:30"),
    (NEW_YORK, "sat 23:00-01:30", 0, "11-01 05:30", "closed 11-01 06:00"),
    (NEW_YORK, "sat 23:00-01:30", 0, "11-01 06:00", "open 11-01 06:30"),
    (NEW_YORK, "sat 23:00-01:30", 0, "11-01 06:30", "closed 11-08 04:00"),
]
ODD_CLOCKS: list[Row] = [
    ("Asia/Kolkata", DAILY, 15, "11-18 03:29:59", "closed 11-18 03:30"),
    ("Asia/Kolkata", DAILY, 15, "11-18 03:30", "open 11-18 14:15"),
    ("Asia/Calcutta", DAILY, 15, "11-18 14:15", "closed 11-19 03:30"),
    ("Asia/Kathmandu", DAILY, 15, "11-18 03:14:59", "closed 11-18 03:15"),
    ("Asia/Kathmandu", DAILY, 15, "11-18 03:15", "open 11-18 14:00"),
    ("Australia/Eucla", DAILY, 15, "11-18 00:14:59", "closed 11-18 00:15"),
    ("Australia/Eucla", DAILY, 15, "11-18 00:15", "open 11-18 11:00"),
    ("Pacific/Chatham", DAILY, 15, "11-18 19:15", "open 11-19 06:00"),  # summer: +13:45
    ("Pacific/Chatham", DAILY, 15, "06-30 20:15", "open 07-01 07:00"),  # winter: +12:45
    ("America/St_Johns", DAILY, 15, "11-18 12:29:59", "closed 11-18 12:30"),
    ("America/St_Johns", DAILY, 15, "11-18 12:30", "open 11-18 23:15"),
    # Lord Howe moves by half an hour: on 4 April at 15:00 UTC from +11 to +10:30, on 3 October at 15:30 back.
    ("Australia/Lord_Howe", DAILY, 15, "04-04 08:45", "closed 04-04 22:30"),
    ("Australia/Lord_Howe", DAILY, 15, "10-03 09:15", "closed 10-03 22:00"),
    ("Australia/Lord_Howe", "mon-sun 01:45-02:15", 0, "04-04 14:45", "open 04-04 15:00"),
    ("Australia/Lord_Howe", "mon-sun 01:45-02:15", 0, "04-04 15:00", "closed 04-04 15:15"),
    ("Australia/Lord_Howe", "mon-sun 01:45-02:15", 0, "04-04 15:15", "open 04-04 15:45"),
    ("Australia/Lord_Howe", "mon-sun 02:00-02:30", 0, "10-03 15:15", "closed 10-04 15:00"),
]
NUMBERS: list[Row] = [
    ("+48512345678 PL", DAILY, 15, "11-18 08:00", "open 11-18 18:45"),
    (FLORIDA, DAILY, 15, "11-18 14:30", "closed 11-18 15:00"),
    (FLORIDA, DAILY, 15, "11-18 15:00", "open 11-19 00:45"),
    ("+13645550123 US", DAILY, 15, "11-18 14:30", "closed 11-18 15:00"),
    (SPAIN, DAILY, 15, "11-18 08:59:59", "closed 11-18 09:00"),
    (SPAIN, DAILY, 15, "11-18 18:44", "open 11-18 18:45"),
    # From Guam (+10) over St John's (-3:30) to American Samoa (-11) half an hour of the day is common.
    (TOLL_FREE, DAILY, 15, "2027-01-13 22:59:59", "closed 2027-01-13 23:00"),
    (TOLL_FREE, DAILY, 15, "2027-01-13 23:00", "open 2027-01-13 23:15"),
    (TOLL_FREE, DAILY, 15, "2027-01-13 23:15", "closed 2027-01-14 23:00"),
    (TOLL_FREE, DAILY, 30, "2027-01-13 23:00", "never"),
    # From Kaliningrad (+2) to Kamchatka (+12): two hours, in summer too, where Bucharest would make it three.
    (RUSSIA, "mon-sun 09:00-21:00", 0, "2027-01-13 07:00", "open 2027-01-13 09:00"),
    (RUSSIA, "mon-sun 09:00-21:00", 0, "2027-07-15 06:30", "closed 2027-07-15 07:00"),
    (RUSSIA, "mon-sun 09:00-21:00", 0, "2027-07-15 09:00", "closed 2027-07-16 07:00"),
    (RUSSIA, "mon-sun 10:00-20:00", 0, "2027-01-13 07:00", "never"),
    ("+77011234567 KZ", DAILY, 15, "11-18 04:00", "open 11-18 14:45"),
    (INDONESIA, "mon-fri 08:00-17:00", 0, "11-18 00:59", "closed 11-18 01:00"),
    (INDONESIA, "mon-fri 08:00-17:00", 0, "11-18 07:59", "open 11-18 08:00"),
    (INDONESIA, "mon-fri 08:00-17:00", 0, "11-20 08:00", "closed 11-23 01:00"),
    # From Cocos (+6:30) to Sydney (+11).
    (AUSTRALIA, DAILY, 0, "2027-01-13 02:29:59", "closed 2027-01-13 02:30"),
    (AUSTRALIA, DAILY, 0, "2027-01-13 02:30", "open 2027-01-13 09:00"),
    # Algiers and Managua have no summer time; the library's Paris and Chicago do.
    ("+213551234567 DZ", DAILY, 15, "07-15 18:30", "open 07-15 18:45"),
    ("+50581234567 NI", DAILY, 15, "07-15 14:30", "closed 07-15 15:00"),
    ("+80012345678 001", DAILY, 15, "11-18 12:00", "zone unknown"),
    ("", DAILY, 15, "11-18 12:00", "zone unknown"),
    ("Mars/Olympus_Mons", DAILY, 15, "11-18 12:00", "zone unknown"),
    ("Europe/Warsaw,Mars/Olympus_Mons", DAILY, 15, "11-18 12:00", "zone unknown"),
    ("Etc/Unknown", DAILY, 15, "11-18 12:00", "zone unknown"),
]
ZONE_COLUMNS: list[Row] = [
    ("+12025550123 US America/Denver", DAILY, 15, "11-18 15:59:59", "closed 11-18 16:00"),
    ("+12025550123 US America/Denver", DAILY, 15, "11-18 16:00", "open 11-19 02:45"),
    ("+12025550123 US US/Pacific", DAILY, 15, "11-18 16:30", "closed 11-18 17:00"),
    ("+18002345678 US America/Chicago", DAILY, 15, "11-18 15:00", "open 11-19 01:45"),
    ("+79123456789 RU Asia/Vladivostok", DAILY, 15, "11-17 23:00", "open 11-18 09:45"),
    ("+6281234567890 ID Asia/Makassar", DAILY, 15, "11-18 01:00", "open 11-18 11:45"),
    ("+919876543210 IN Asia/Calcutta", DAILY, 15, "11-18 03:30", "open 11-18 14:15"),
    ("+12025550123 US Europe/Warsaw", DAILY, 15, "11-18 13:59:59", "closed 11-18 14:00"),
    ("+12025550123 US Europe/Warsaw", DAILY, 15, "11-18 14:00", "open 11-18 18:45"),
    ("+48512345678 PL America/Los_Angeles", DAILY, 15, "11-18 16:00", "closed 11-18 17:00"),
    ("+48512345678 PL America/Los_Angeles", DAILY, 15, "11-18 17:00", "open 11-18 18:45"),
    ("+48512345678 PL Asia/Tokyo", DAILY, 15, "11-18 08:00", "open 11-18 10:45"),
    ("+48512345678 PL Asia/Tokyo", DAILY, 15, "11-18 10:45", "closed 11-19 08:00"),
    ("+77011234567 KZ Europe/Moscow", DAILY, 15, "11-18 04:00", "closed 11-18 06:00"),
    ("+79123456789 RU Asia/Almaty", "mon-sun 09:00-21:00", 0, "11-18 07:00", "open 11-18 09:00"),
    ("+48512345678 PL Pacific/Auckland", DAILY, 15, "11-18 12:00", "never"),
    ("+80012345678 001 Europe/Warsaw", DAILY, 15, "11-18 08:00", "open 11-18 18:45"),
]
NEVER: list[Row] = [
    (WARSAW, "", 15, "11-18 12:00", "never"),
    ("Europe/London,Pacific/Auckland", DAILY, 15, "11-18 12:00", "never"),
    ("Pacific/Kiritimati,Pacific/Pago_Pago", "wed 09:00-20:00", 15, "11-18 12:00", "never"),
    ("Pacific/Kiritimati,Pacific/Pago_Pago", DAILY, 15, "11-18 19:00", "closed 11-18 20:00"),
    ("Pacific/Kiritimati,Pacific/Pago_Pago", DAILY, 15, "11-18 20:00", "open 11-19 05:45"),
    ("Asia/Kolkata,Asia/Tokyo", "mon-sun 09:00-12:30", 0, "11-18 03:00", "never"),
    ("Asia/Kolkata,Asia/Tokyo", "mon-sun 09:00-12:31", 0, "11-18 03:00", "closed 11-18 03:30"),
]


def _instant(text: str) -> datetime:
    day, _, time = text.partition(" ")
    return datetime.fromisoformat(f"{day if day.count('-') == 2 else '2026-' + day}T{time}+00:00")


def _hours(text: str, margin: int = 15, holidays: HolidayRule = HolidayRule.IGNORE) -> QuietHours:
    windows: list[list[Window]] = [[] for _ in range(7)]
    for part in filter(None, text.split("; ")):
        days, window = part.split(" ")
        for day in weekdays(days):
            windows[day].append(parse_window(window))
    return QuietHours(tuple(map(tuple, windows)), holidays, timedelta(minutes=margin))


def _zones(where: str) -> tuple[str, ...]:
    if where.startswith("+"):
        e164, country, *stated = where.split(" ")
        return zones_of(Msisdn(e164, country), *stated)
    return tuple(filter(None, where.split(",")))


def _asked(hours: QuietHours, zones: Sequence[str], country: str, now: datetime) -> Permission:
    return permission((Regime(hours, country),), zones, now)


def _expected(text: str) -> Permission | type[ZoneUnknown]:
    word, _, rest = text.partition(" ")
    match word:
        case "open":
            return Open(_instant(rest))
        case "closed":
            return Closed(_instant(rest))
        case "never":
            return NeverOpen()
        case "holidays":
            return HolidaysUnknown(rest.removeprefix("unknown "))
        case _:
            return ZoneUnknown


def _check(row: Row, country: str, holidays: HolidayRule) -> None:
    where, windows, margin, now, says = row
    answer = _asked(_hours(windows, margin, holidays), _zones(where), country, _instant(now))
    expected = _expected(says)
    assert answer == expected or (isinstance(answer, ZoneUnknown) and expected is ZoneUnknown)


@pytest.mark.parametrize("row", EDGES)
def test_a_window_opens_with_its_first_minute_and_closes_a_margin_before_its_end(row: Row) -> None:
    _check(row, "PL", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", WEEKDAYS)
def test_weekdays_are_those_of_the_place(row: Row) -> None:
    _check(row, "PL", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", MIDNIGHT)
def test_a_window_over_midnight_belongs_to_the_day_it_starts_on(row: Row) -> None:
    _check(row, "PL", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", SPRING_WARSAW + AUTUMN_WARSAW + NEW_YORK_NIGHTS)
def test_on_the_nights_of_the_change_the_wall_clock_decides(row: Row) -> None:
    _check(row, "PL", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", ODD_CLOCKS)
def test_clocks_that_are_not_whole_hours_count_exactly(row: Row) -> None:
    _check(row, "AU", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", NUMBERS)
def test_every_zone_of_a_number_must_be_open(row: Row) -> None:
    _check(row, "US", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", ZONE_COLUMNS)
def test_a_zone_column_decides_inside_the_country_and_narrows_outside(row: Row) -> None:
    _check(row, "US", HolidayRule.IGNORE)


@pytest.mark.parametrize("row", NEVER)
def test_without_a_common_minute_it_never_opens(row: Row) -> None:
    _check(row, "GB", HolidayRule.IGNORE)


HOLIDAYS: list[tuple[str, str, str, int, str, str]] = [
    # Poland, Wednesday 11 November; Christmas from Thursday to Saturday, then a Sunday; New Year; Easter.
    ("PL", WARSAW, DAILY, 15, "11-10 18:44", "open 11-10 18:45"),
    ("PL", WARSAW, DAILY, 15, "11-10 18:45", "closed 11-12 08:00"),
    ("PL", WARSAW, DAILY, 15, "11-11 12:00", "closed 11-12 08:00"),
    ("PL", WARSAW, DAILY, 15, "11-11 23:30", "closed 11-12 08:00"),
    ("PL", WARSAW, DAILY, 15, "11-12 08:00", "open 11-12 18:45"),
    ("PL", WARSAW, DAILY, 15, "12-23 19:00", "closed 12-27 08:00"),
    ("PL", WARSAW, OFFICE, 15, "12-23 19:00", "closed 12-28 08:00"),
    ("PL", WARSAW, DAILY, 15, "12-31 19:00", "closed 2027-01-02 08:00"),
    ("PL", WARSAW, OFFICE, 15, "12-31 19:00", "closed 2027-01-04 08:00"),
    ("PL", WARSAW, DAILY, 15, "04-04 18:00", "closed 04-07 07:00"),
    ("PL", WARSAW, ALWAYS, 15, "11-10 12:00", "open 11-10 22:45"),
    ("PL", WARSAW, ALWAYS, 15, "11-11 12:00", "closed 11-11 23:00"),
    # Germany keeps working on 11 November.
    ("DE", "Europe/Berlin", DAILY, 15, "11-11 12:00", "open 11-11 18:45"),
    # Thanksgiving; the Fourth of July on a Saturday, kept on Friday as well.
    ("US", NEW_YORK, DAILY, 15, "11-26 15:00", "closed 11-27 14:00"),
    ("US", NEW_YORK, DAILY, 15, "07-03 00:00", "closed 07-05 13:00"),
    # In Honolulu it is still the 26th when New York has the 27th, and the other way round before.
    ("US", "America/New_York,Pacific/Honolulu", DAILY, 15, "11-26 00:30", "open 11-26 00:45"),
    ("US", "America/New_York,Pacific/Honolulu", DAILY, 15, "11-26 19:30", "closed 11-27 19:00"),
    ("US", "America/New_York,Pacific/Honolulu", DAILY, 15, "11-27 00:30", "closed 11-27 19:00"),
    ("US", "America/New_York,Pacific/Honolulu", ALWAYS, 0, "11-26 04:59", "open 11-26 05:00"),
    ("US", "America/New_York,Pacific/Honolulu", ALWAYS, 0, "11-26 05:00", "closed 11-27 10:00"),
    # Waitangi Day begins on Chatham and ends in Auckland, 45 minutes later; on a Saturday it is
    # kept on Monday too.
    ("NZ", NEW_ZEALAND, ALWAYS, 0, "2027-02-05 10:14", "open 2027-02-05 10:15"),
    ("NZ", NEW_ZEALAND, ALWAYS, 0, "2027-02-05 10:15", "closed 2027-02-06 11:00"),
    ("NZ", NEW_ZEALAND, ALWAYS, 0, "2027-02-06 11:00", "open 2027-02-07 10:15"),
    # Ukraine's holidays are suspended, not forgotten.
    ("UA", "Europe/Kyiv", DAILY, 15, "08-24 12:00", "closed 08-25 06:00"),
    # A night that begins before, on, and after a holiday.
    ("PL", WARSAW, "mon-sun 22:00-02:00", 0, "11-10 21:00", "open 11-10 23:00"),
    ("PL", WARSAW, "mon-sun 22:00-02:00", 0, "11-10 23:00", "closed 11-12 21:00"),
    ("PL", WARSAW, "mon-sun 22:00-02:00", 0, "11-11 21:30", "closed 11-12 21:00"),
    ("PL", WARSAW, "mon-sun 22:00-02:00", 0, "11-11 23:30", "closed 11-12 21:00"),
    ("PL", WARSAW, "mon-sun 22:00-02:00", 0, "11-12 23:30", "open 11-13 01:00"),
    # Only on weekends, and the next one is Christmas and the day after it; then the fourteen days are enough.
    ("PL", WARSAW, "fri-sat 10:00-18:00", 15, "12-19 17:00", "closed 2027-01-02 09:00"),
    ("PL", WARSAW, "fri 10:00-18:00", 15, "12-18 17:00", "never"),
    ("PL", WARSAW, "fri 10:00-18:00", 15, "12-25 08:59:59", "never"),
    ("PL", WARSAW, "fri 10:00-18:00", 15, "12-25 09:00", "closed 2027-01-08 09:00"),
    # Nobody knows: no such country, no country, a year too far.
    ("AC", "Atlantic/St_Helena", DAILY, 15, "11-18 12:00", "holidays unknown AC"),
    ("001", WARSAW, DAILY, 15, "11-18 12:00", "holidays unknown 001"),
    ("ZZ", WARSAW, DAILY, 15, "11-18 12:00", "holidays unknown ZZ"),
    ("PL", WARSAW, DAILY, 15, "2150-11-18 12:00", "holidays unknown PL"),
    ("IN", "Asia/Kolkata", DAILY, 15, "2098-11-18 12:00", "holidays unknown IN"),
    ("IN", "Asia/Kolkata", DAILY, 15, "11-18 03:30", "open 11-18 14:15"),
    # Without a zone that comes first.
    ("001", "", DAILY, 15, "11-18 12:00", "zone unknown"),
]


@pytest.mark.parametrize("row", HOLIDAYS)
def test_nobody_is_texted_on_a_public_holiday_there(row: tuple[str, str, str, int, str, str]) -> None:
    country, where, windows, margin, now, says = row
    _check((where, windows, margin, now, says), country, HolidayRule.SKIP)


IGNORED: list[Row] = [
    (WARSAW, DAILY, 15, "11-10 18:45", "closed 11-11 08:00"),
    (WARSAW, DAILY, 15, "11-11 08:00", "open 11-11 18:45"),
    (WARSAW, "mon-sun 22:00-02:00", 0, "11-10 23:30", "open 11-11 01:00"),
    (WARSAW, DAILY, 15, "2150-11-18 12:00", "open 2150-11-18 18:45"),
]


@pytest.mark.parametrize("country", ["PL", "AC", "001"])
@pytest.mark.parametrize("row", IGNORED)
def test_holidays_are_days_like_others_where_the_campaign_says_so(row: Row, country: str) -> None:
    _check(row, country, HolidayRule.IGNORE)


def test_the_answer_is_the_same_instant_whatever_zone_now_is_given_in() -> None:
    now = datetime(2026, 11, 18, 9, 0, tzinfo=ZoneInfo("Europe/Warsaw"))
    answer = _asked(_hours(DAILY), (WARSAW,), "PL", now)
    assert answer == Open(datetime(2026, 11, 18, 18, 45, tzinfo=UTC))
    assert isinstance(answer, Open)
    assert answer.until.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="instant"):
        _asked(_hours(DAILY), (WARSAW,), "PL", datetime(2026, 11, 18, 9, 0))  # noqa: DTZ001


def test_an_unknown_zone_is_named() -> None:
    answer = _asked(_hours(DAILY), ("Mars/Olympus_Mons",), "PL", _instant("11-18 12:00"))
    assert isinstance(answer, ZoneUnknown)
    assert "Mars/Olympus_Mons" in answer.detail


def _holidays(place: str) -> frozenset[date]:
    found = public_holidays(place, 2026)
    assert found is not None
    return found


def test_holidays_of_a_part_of_a_country_are_its_own_and_not_the_countrys() -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany not in _holidays("DE")
    assert epiphany in _holidays("DE-BY")
    assert _holidays("DE") < _holidays("DE-BY")


def test_a_part_keeps_the_holidays_of_its_country_even_if_it_has_none_of_its_own_then() -> None:
    columbus_day = date(2026, 10, 12)  # which Florida and Louisiana do not keep
    assert columbus_day in _holidays("US-FL") & _holidays("US-LA")


def test_louisiana_closes_on_two_days_that_the_library_does_not_know() -> None:
    assert {date(2026, 1, 8), date(2026, 1, 19)} <= _holidays("US-LA")
    assert date(2026, 1, 8) not in _holidays("US-MS")


def test_a_part_that_is_not_known_has_the_holidays_of_its_country() -> None:
    assert _holidays("PL-XX") == _holidays("PL")
    assert public_holidays("XX-YY", 2026) is None


def test_unknown_holidays_of_a_part_are_those_of_its_country() -> None:
    hours = _hours(DAILY, holidays=HolidayRule.SKIP)
    assert _asked(hours, (WARSAW,), "AC-XX", _instant("11-18 12:00")) == HolidaysUnknown("AC")


def test_no_hours_at_all_are_never_open() -> None:
    assert permission((), (WARSAW,), _instant("11-18 12:00")) == NeverOpen()


def test_regimes_that_say_the_same_are_the_same() -> None:
    one, other = (Regime(_hours(DAILY), "PL") for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other, Regime(_hours(DAILY), "DE"), Regime(_hours(DAILY, 0), "PL")}) == 3
    assert "_hash" not in repr(one)


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("09:00-20:00", Window(540, 1200)),
        (" 09:00 - 20:00 ", Window(540, 1200)),
        ("9:00-20:00", Window(540, 1200)),
        ("09:00–20:00", Window(540, 1200)),
        ("09:00 — 20:00", Window(540, 1200)),
        ("00:00-24:00", Window(0, 1440)),
        ("20:00-24:00", Window(1200, 1440)),
        ("20:00-00:00", Window(1200, 1440)),
        ("22:00-06:00", Window(1320, 360)),
        ("23:59-00:01", Window(1439, 1)),
    ],
)
def test_a_window_is_two_times_of_day(text: str, window: Window) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "write start and end"),
        ("09:00", "write start and end"),
        ("09:00-12:00-14:00", "write start and end"),
        ("25:00-26:00", "'25:00' is not a time of day"),
        ("09:00-24:01", "'24:01' is not a time of day"),
        ("09:60-10:00", "'09:60' is not a time of day"),
        ("9-20", "'9' is not a time of day"),
        ("0900-2000", "'0900' is not a time of day"),
        ("9am-8pm", "'9am' is not a time of day"),
        ("09:00:00-20:00", "'09:00:00' is not a time of day"),
        ("٩:00-20:00", "is not a time of day"),
        ("09:00-", "'' is not a time of day"),
        ("09:00-09:00", "for the whole day write 00:00-24:00"),
        ("24:00-08:00", "a day starts at 00:00"),
        ("24:00-24:00", "a day starts at 00:00"),
    ],
)
def test_what_is_no_window_says_what_one_is(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_window(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon", (0,)),
        ("sun", (6,)),
        ("mon-fri", (0, 1, 2, 3, 4)),
        ("mon-sun", (0, 1, 2, 3, 4, 5, 6)),
        ("mon,wed", (0, 2)),
        ("wed, MON ,wed", (0, 2)),
        ("Sat-Mon", (0, 5, 6)),
        ("sun-thu", (0, 1, 2, 3, 6)),
        ("mon–tue,fri-sat", (0, 1, 4, 5)),
        ("tue - thu", (1, 2, 3)),
        ("fri-fri", (4,)),
    ],
)
def test_weekdays_are_single_days_and_stretches(text: str, days: tuple[int, ...]) -> None:
    assert weekdays(text) == days


@pytest.mark.parametrize(
    "text", ["", "mon,", "monday", "mon-", "-fri", "mon-wed-fri", "1-5", "m", "mon fri", "pon"]
)
def test_what_is_no_day_of_the_week_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="no day of the week: write mon-fri"):
        weekdays(text)


def test_the_table_is_as_long_as_promised() -> None:
    clocks = EDGES + WEEKDAYS + MIDNIGHT + SPRING_WARSAW + AUTUMN_WARSAW + NEW_YORK_NIGHTS + ODD_CLOCKS
    assert len(set(clocks + NUMBERS + ZONE_COLUMNS + NEVER)) + len(set(HOLIDAYS)) >= 120


# The checker below knows nothing of spans: it looks at one wall clock at one instant.

MINUTE = timedelta(minutes=1)


def _is_open_there(hours: QuietHours, zone: str, country: str, instant: datetime) -> bool:
    local = instant.astimezone(ZoneInfo(zone))
    today, minute = local.date(), local.hour * 60 + local.minute
    yesterday = today - timedelta(days=1)
    if hours.holidays is HolidayRule.SKIP:
        off = [day in (public_holidays(country, day.year) or ()) for day in (today, yesterday)]
    else:
        off = [False, False]
    if off[0]:
        return False
    for window in hours.windows[today.weekday()]:
        if window.start <= minute and (minute < window.end or window.end <= window.start):
            return True
    started = () if off[1] else hours.windows[yesterday.weekday()]
    return any(window.end <= window.start and minute < window.end for window in started)


def _may(hours: QuietHours, zones: Sequence[str], country: str, instant: datetime) -> bool:
    """Open from now through the margin: at every whole step of a minute, and the edges lie on minutes."""
    steps = [instant + number * MINUTE for number in range(hours.margin // MINUTE)] + [instant + hours.margin]
    return all(_is_open_there(hours, zone, country, step) for step in steps for zone in zones)


SOME_ZONES = [
    "Europe/Warsaw",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/St_Johns",
    "America/Havana",  # changes at midnight
    "Africa/Casablanca",  # changes around Ramadan
    "America/Santiago",
    "Asia/Beirut",
]
CHANGES = [
    "2026-02-14T12:00", "2026-03-07T20:00", "2026-03-28T18:00", "2026-04-04T10:00", "2026-09-05T20:00",
    "2026-10-03T12:00", "2026-10-24T18:00", "2026-10-31T20:00", "2026-11-10T12:00", "2026-12-23T12:00",
]  # fmt: skip


@st.composite
def _some_hours(draw: st.DrawFn) -> QuietHours:
    minutes = st.one_of(st.integers(0, 96).map(lambda quarter: quarter * 15), st.integers(0, 1440))

    def window(ends: tuple[int, int]) -> Window:
        return Window(*ends)

    pairs = st.tuples(minutes, minutes).filter(lambda ends: ends[0] != ends[1] and ends[0] < 1440)
    windows = st.lists(pairs.map(window), max_size=2).map(tuple)
    same_every_day = draw(st.booleans())
    days = [draw(windows)] * 7 if same_every_day else [draw(windows) for _ in range(7)]
    margin = timedelta(minutes=draw(st.sampled_from([0, 1, 15, 45])))
    return QuietHours(tuple(days), draw(st.sampled_from(HolidayRule)), margin)


some_instants = st.builds(
    lambda start, seconds: datetime.fromisoformat(f"{start}+00:00") + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.one_of(st.integers(0, 2880).map(lambda minutes: minutes * 60), st.integers(0, 172_800)),
)
some_zones = st.lists(st.sampled_from(SOME_ZONES), min_size=1, max_size=3, unique=True)


@settings(max_examples=120, deadline=None)
@given(_some_hours(), some_zones, st.sampled_from(["PL", "US", "NZ"]), some_instants, st.data())
def test_a_checker_that_goes_by_the_minute_agrees(
    hours: QuietHours, zones: list[str], country: str, now: datetime, draws: st.DataObject
) -> None:
    answer = _asked(hours, zones, country, now)
    match answer:
        case Open(until):
            last = min(until, now + timedelta(days=14)) + hours.margin
            step = MINUTE if last - now < timedelta(days=2) else 17 * MINUTE
            instants = [now + number * step for number in range(-((now - last) // step))]
            assert all(_is_open_there(hours, zone, country, at) for at in instants for zone in zones)
            assert until > now
            if until < now + timedelta(days=14):
                assert not _may(hours, zones, country, until)
        case Closed(opens_at):
            assert not _may(hours, zones, country, now)
            assert _may(hours, zones, country, opens_at)
            assert isinstance(_asked(hours, zones, country, opens_at), Open)
            _nothing_opens_before(hours, zones, country, now, opens_at, draws)
        case NeverOpen():
            _nothing_opens_before(hours, zones, country, now, now + timedelta(days=14), draws)
        case _:
            raise AssertionError(answer)


def _nothing_opens_before(
    hours: QuietHours,
    zones: Sequence[str],
    country: str,
    now: datetime,
    end: datetime,
    draws: st.DataObject,
) -> None:
    span = (end - now) // MINUTE
    assume(span >= 0)
    for minutes in draws.draw(st.lists(st.integers(0, max(span - 1, 0)), min_size=30, max_size=30)):
        at = now + minutes * MINUTE
        assert not _may(hours, zones, country, at)
        later = _asked(hours, zones, country, at)
        assert not isinstance(later, Open)
        if end < now + timedelta(days=14):
            assert later == Closed(end)
    if end - now > MINUTE and end < now + timedelta(days=14):
        assert not _may(hours, zones, country, end - MINUTE)
