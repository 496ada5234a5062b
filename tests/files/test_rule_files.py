"""The rules that ship: every row says where it is from, and a file that is not understood is an error."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
import yaml

from smscli.domain.addresses import is_part
from smscli.domain.contact import ConsentLevel
from smscli.domain.country_names import country_called
from smscli.domain.frequency import CalendarPeriod, CapScope
from smscli.domain.jurisdictions import Basis, Confidence, Jurisdiction, Reach
from smscli.domain.quiet_hours import HolidayRule, QuietHours, Window, public_holidays
from smscli.domain.zones import zone_named
from smscli.files.rule_files import (
    _LOADER,
    RuleFileError,
    _by_digits,
    _row,
    load_country_rules,
    load_policies,
    policy_origins,
)

RULES = load_country_rules()
FOLDER = files("smscli.presets").joinpath("rules")
FILES = ("countries.yaml", "us_places.yaml")
ROWS = (*RULES.rows.values(), RULES.otherwise)

rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def test_they_are_loaded_once() -> None:
    assert load_country_rules() is RULES
    assert load_policies() is load_policies()


def test_libyaml_reads_them_where_there_is_one() -> None:
    """In 10 ms; Python alone takes a quarter of a second."""
    assert getattr(yaml, "CBaseLoader", _LOADER) is _LOADER


def windows(hours: QuietHours) -> list[list[str]]:
    return [
        [f"{each.start // 60:02}:{each.start % 60:02}-{each.end // 60:02}:{each.end % 60:02}" for each in day]
        for day in hours.windows
    ]


@pytest.mark.parametrize(
    ("place", "weekday", "saturday", "sunday", "holidays", "basis", "confidence", "reach"),
    [
        ("US", "08:00-21:00", "08:00-21:00", "08:00-21:00", "ignore", "law", "high", "disputed"),
        ("US-FL", "08:00-20:00", "08:00-20:00", "08:00-20:00", "ignore", "law", "high", "yes"),
        ("US-LA", "08:00-20:00", "08:00-20:00", "", "skip", "law", "medium", "disputed"),
        ("US-NE", "08:00-21:00", "08:00-21:00", "13:00-21:00", "ignore", "custom", "low", "no"),
        ("US-PA", "08:00-21:00", "08:00-12:00", "13:30-21:00", "skip", "custom", "low", "disputed"),
        ("US-TX", "09:00-21:00", "09:00-21:00", "12:00-21:00", "ignore", "law", "high", "yes"),
        ("CO", "07:00-19:00", "08:00-15:00", "", "skip", "law", "high", "yes"),
        ("MX", "09:00-20:30", "09:00-20:30", "09:00-20:30", "skip", "operator", "medium", "yes"),
        ("GB", "08:00-20:00", "09:00-20:00", "09:00-20:00", "ignore", "industry", "medium", "yes"),
        ("FR", "08:00-20:00", "08:00-20:00", "", "skip", "operator", "high", "yes"),
        ("PL", "08:00-20:00", "08:00-20:00", "", "skip", "custom", "medium", "no"),
        ("IL", "08:00-20:00", "", "08:00-20:00", "skip", "custom", "low", "no"),
        ("AE", "07:00-21:00", "07:00-21:00", "07:00-21:00", "ignore", "law", "high", "yes"),
        ("ZA", "08:00-20:00", "09:00-13:00", "", "skip", "law", "high", "yes"),
        ("VN", "07:00-22:00", "07:00-22:00", "07:00-22:00", "ignore", "law", "high", "yes"),
        ("AU", "09:00-20:00", "09:00-17:00", "", "skip", "custom", "high", "no"),
        ("otherwise", "09:00-20:00", "10:00-18:00", "", "skip", "custom", "low", "no"),
    ],
)
def test_some_rows_by_heart(
    place: str,
    weekday: str,
    saturday: str,
    sunday: str,
    holidays: str,
    basis: str,
    confidence: str,
    reach: str,
) -> None:
    row = RULES.rows.get(place, RULES.otherwise)
    week = windows(row.hours)
    assert week[:4] == [[weekday]] * 4
    assert week[4] == ([weekday] if place != "IL" else ["08:00-13:00"])
    assert (week[5], week[6]) == ([saturday] if saturday else [], [sunday] if sunday else [])
    assert row.hours.holidays is HolidayRule(holidays)
    assert (row.basis, row.confidence, row.reach) == (basis, confidence, reach)


@rows
def test_a_row_is_of_a_country_by_that_name_or_of_a_part_of_one(row: Jurisdiction) -> None:
    assert row is RULES.otherwise or country_called(row.name) == row.id or is_part(row.id)
    assert row.id == "otherwise" or RULES.rows[row.id] is row


@rows
def test_a_row_that_is_more_than_a_guess_says_where_it_is_from(row: Jurisdiction) -> None:
    if row.confidence is not Confidence.LOW:
        assert row.sources
    if not row.sources:
        assert row is RULES.otherwise or "ot checked against any source" in row.note


@rows
def test_a_row_says_what_kind_of_rule_it_is_where_that_is_none_for_texts(row: Jurisdiction) -> None:
    standing = (
        "A rule for calls, taken over for texts out of caution.",
        "No rule on hours for texts was found",
    )
    assert row.note.startswith(standing) == (row.basis is Basis.CUSTOM) or row is RULES.otherwise
    if row.reach is Reach.NO:
        assert row.basis is Basis.CUSTOM


@rows
def test_holidays_that_matter_are_known(row: Jurisdiction) -> None:
    if row.hours.holidays is HolidayRule.SKIP and row is not RULES.otherwise:
        assert all(public_holidays(row.id, year) for year in range(2026, 2030))
    assert row.holidays_known or row.hours.holidays is HolidayRule.SKIP


@rows
def test_a_row_has_a_week_of_plain_windows(row: Jurisdiction) -> None:
    assert len(row.hours.windows) == 7
    assert row.hours.margin == timedelta(minutes=15)
    assert all(0 <= window.start < window.end <= 1440 for day in row.hours.windows for window in day)


def test_the_caps() -> None:
    found = {row.id: (cap.at_most, cap.per, cap.counts) for row in ROWS for cap in row.caps}
    three = (3, timedelta(hours=24), CapScope.PURPOSE)
    one = (1, CalendarPeriod.DAY, CapScope.PURPOSE)
    assert found == {"US-FL": three, "US-OK": three, "US-OR": three, "VN": three, "CO": one, "EC": one}


def test_the_levels_of_consent() -> None:
    found = {row.id: row.consent for row in ROWS if row.consent is not None}
    written = dict.fromkeys(("US", "PH"), ConsentLevel.EXPRESS_WRITTEN)
    assert found == written | dict.fromkeys(("PL", "RU", "TR", "VN"), ConsentLevel.EXPRESS)


def test_the_labels() -> None:
    assert {row.id: (row.labels, row.labels_first) for row in ROWS if row.labels} == {
        "VN": (("[QC]", "[AD]"), True),
        "KR": (("(광고)",), True),
        "ES": (("PUBLI",), True),
        "TR": (("KAMPANYA", "TANITIM"), False),
    }


def test_the_ready_weeks() -> None:
    nine, office = (Window(540, 1260),), (Window(480, 1020),)
    working, strict, saturday = (Window(540, 1020),), (Window(540, 1200),), (Window(600, 1080),)
    assert dict(load_policies()) == {
        "daily": QuietHours((nine,) * 7, HolidayRule.IGNORE),
        "office": QuietHours((*(office,) * 5, (), ()), HolidayRule.SKIP),
        "working-days": QuietHours((*(working,) * 5, (), ()), HolidayRule.SKIP),
        "strict": QuietHours((*(strict,) * 5, saturday, ()), HolidayRule.SKIP),
    }
    assert policy_origins().keys() == load_policies().keys()
    assert load_policies()["strict"] == RULES.otherwise.hours


# --- where US and Canadian numbers and ZIP codes lie ---


def test_area_codes_lie_in_states_and_provinces() -> None:
    assert all(is_part(place) for places in RULES.area_codes.values() for place in places)
    states = {place for places in RULES.area_codes.values() for place in places}
    assert len({place for place in states if place.startswith("US-")}) == 51
    assert len({place for place in states if place.startswith("CA-")}) == 13
    assert all(len(places) == 1 for places in RULES.area_codes.values() if places[0].startswith("US-"))
    for code, places in {
        "850": ("US-FL",),
        "202": ("US-DC",),
        "907": ("US-AK",),
        "201": ("US-NJ",),
        "867": ("CA-NT", "CA-NU", "CA-YT"),
        "782": ("CA-NS", "CA-PE"),
    }.items():
        assert RULES.area_codes[code] == places


@pytest.mark.parametrize("code", ["800", "833", "888", "500", "900", "700", "787", "671", "876", "242"])
def test_an_area_code_of_no_area_or_of_another_country_is_not_among_them(code: str) -> None:
    assert code not in RULES.area_codes


def test_zip_codes_lie_in_states_and_zones() -> None:
    assert RULES.zip_states.keys() == RULES.zip_zones.keys()
    assert len(RULES.zip_states) > 900
    assert all(zone_named(zone) for zones in RULES.zip_zones.values() for zone in zones)
    assert {place for places in RULES.zip_states.values() for place in places if not is_part(place)} == {
        *("FM", "MH", "PW")
    }


@pytest.mark.parametrize(
    ("prefix", "states", "zones"),
    [
        ("100", "US-NY", "America/New_York"),
        ("325", "US-FL", "America/Chicago"),  # Pensacola
        ("324", "US-FL", "America/Chicago America/New_York"),
        ("063", "US-CT US-NY", "America/New_York"),  # Fishers Island
        ("834", "US-ID US-WY", "America/Boise America/Denver"),
        ("860", "US-AZ", "America/Denver America/Phoenix"),  # Tuba City, of the Navajo Nation
        ("865", "US-AZ", "America/Denver America/Phoenix"),  # Window Rock
        ("864", "US-AZ", "America/Phoenix"),
        ("995", "US-AK", "America/Adak America/Anchorage America/Nome"),
        ("967", "US-AS US-HI", "Pacific/Honolulu Pacific/Pago_Pago"),
    ],
)
def test_some_zip_codes_by_heart(prefix: str, states: str, zones: str) -> None:
    assert RULES.zip_states[prefix] == tuple(states.split())
    assert RULES.zip_zones[prefix] == tuple(zones.split())


@pytest.mark.parametrize("prefix", ["340", "090", "098", "099", "962", "966", "000", "999"])
def test_mail_to_the_armed_forces_and_to_nobody_has_no_place(prefix: str) -> None:
    found = prefix in RULES.zip_states
    assert found == (prefix == "999")  # Ketchikan


# --- the files ---


@pytest.mark.parametrize("name", FILES)
def test_no_key_stands_twice_and_no_place_of_a_machine_is_named(name: str) -> None:
    text = FOLDER.joinpath(name).read_text("utf-8")
    assert not re.search(r"\.\./|/(work|tmp|home)/", text)
    pending = [yaml.compose(text)]
    while pending:
        node = pending.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys))
            pending += [value for _, value in node.value]


GOOD: dict[str, Any] = {
    "name": "Ruritania",
    "windows": {"mon-fri": "09:00-20:00"},
    "holidays": "skip",
    "basis": "law",
    "confidence": "high",
    "reaches_texts": "yes",
    "sources": ["a statute"],
    "caps": [{"at_most": "3", "per": "24h", "counts": "purpose"}],
    "consent": "express",
    "labels": {"first": ["AD"]},
    "note": "A note.",
}


def test_a_good_row_is_taken() -> None:
    row = _row("XX", GOOD)
    assert (row.id, row.name, row.labels, row.consent) == ("XX", "Ruritania", ("AD",), ConsentLevel.EXPRESS)


@pytest.mark.parametrize("missing", ["name", "windows", "holidays", "basis", "confidence", "sources"])
def test_a_row_that_lacks_something_is_refused(missing: str) -> None:
    with pytest.raises(RuleFileError, match=f"XX: unknown or missing: {missing}"):
        _row("XX", {key: value for key, value in GOOD.items() if key != missing})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "unknown or missing: colour"),
        ({"windows": {"mon-fri": "09:00"}}, "write start and end"),
        ({"windows": {"mon-fri": "25:00-26:00"}}, "not a time of day"),
        ({"windows": {"mon-fry": "09:00-20:00"}}, "no day of the week"),
        ({"windows": ["09:00-20:00"]}, "windows"),
        ({"windows": {"mon-fri": ["09:00", "20:00"]}}, "windows"),
        ({"holidays": "banned"}, "skip, ignore"),
        ({"basis": "regulator"}, "law, operator, industry, custom"),
        ({"confidence": "certain"}, "high, medium, low"),
        ({"reaches_texts": "maybe"}, "yes, disputed, no"),
        ({"sources": "a statute"}, "needs a list"),
        ({"sources": [""]}, "needs a text"),
        ({"name": " "}, "needs a text"),
        ({"note": ["a"]}, "needs a text"),
        ({"consent": "written"}, "no level of consent"),
        ({"caps": [{"at_most": "0", "per": "24h", "counts": "purpose"}]}, "a number from 1"),
        ({"caps": [{"at_most": "some", "per": "24h", "counts": "purpose"}]}, "a number from 1"),
        ({"caps": [{"at_most": "3", "per": "1 day", "counts": "purpose"}]}, "day, month"),
        ({"caps": [{"at_most": "3", "per": "24h", "counts": "brand"}]}, "everything, purpose, topic"),
        ({"caps": [{"at_most": "3", "per": "24h"}]}, "unknown or missing: counts"),
        ({"caps": ["3 in 24h"]}, "needs a mapping"),
        ({"labels": ["AD"]}, "needs a mapping"),
        ({"labels": {"last": ["AD"]}}, "unknown or missing: last"),
        ({"labels": {"first": ["AD"], "anywhere": ["AD"]}}, "not both"),
        ({"labels": {"first": "AD"}}, "needs a list"),
    ],
)
def test_a_row_that_is_not_understood_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(RuleFileError, match=f"XX: .*{re.escape(words)}"):
        _row("XX", deepcopy(GOOD) | changes)


@pytest.mark.parametrize("place", ["Ruritania", "xx", "US_FL", "US-", ""])
def test_a_row_of_no_place_is_refused(place: str) -> None:
    with pytest.raises(RuleFileError, match="no place"):
        _row(place, GOOD)


def test_a_row_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(RuleFileError, match="XX: needs a mapping"):
        _row("XX", ["09:00"])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"US-FL": "3055"}, "three digits"),
        ({"US-FL": "30a"}, "three digits"),
        ({"Florida": "305"}, "neither a place nor a zone"),
        ({"America/Miami": "331"}, "neither a place nor a zone"),
    ],
)
def test_a_table_of_places_that_is_not_understood_is_refused(table: dict[str, str], words: str) -> None:
    with pytest.raises(RuleFileError, match=words):
        _by_digits(table, "area_codes")


def test_a_table_of_places_is_turned_round() -> None:
    turned = _by_digits({"US-NY": "100 063", "US-CT": "063"}, "zip_states")
    assert turned == {"100": ("US-NY",), "063": ("US-CT", "US-NY")}
