"""Where a number may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import resources

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.timezone import time_zones_for_number

from smscli.domain.msisdn import Msisdn, parse
from smscli.domain.zones import BadZone, check_zone_name, zone_named, zones_of

ET_CT = ("America/Chicago", "America/New_York")
RUSSIA = (
    "Asia/Anadyr",
    "Asia/Irkutsk",
    "Asia/Kamchatka",
    "Asia/Krasnoyarsk",
    "Asia/Magadan",
    "Asia/Novosibirsk",
    "Asia/Omsk",
    "Asia/Sakhalin",
    "Asia/Vladivostok",
    "Asia/Yakutsk",
    "Asia/Yekaterinburg",
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
)
KAZAKHSTAN = ("Asia/Almaty", "Asia/Aqtobe")
INDONESIA = ("Asia/Jakarta", "Asia/Jayapura", "Asia/Makassar")


@pytest.mark.parametrize(
    ("e164", "zones"),
    [
        ("+48512345678", ("Europe/Warsaw",)),
        ("+12025550123", ("America/New_York",)),
        ("+13105550123", ("America/Los_Angeles",)),
        # The whole area code, not the exchange: this one alone would be Chicago.
        ("+18502345678", ET_CT),
        ("+12705550123", ET_CT),
        ("+19075550123", ("America/Adak", "America/Anchorage", "America/Juneau", "Pacific/Honolulu")),
        # Overlays: the library gives the newcomer one zone.
        ("+13645550123", ET_CT),
        ("+14485550123", ET_CT),
        ("+19305550123", ET_CT),
        ("+14585550123", ("America/Denver", "America/Los_Angeles")),
        ("+19865550123", ("America/Boise", "America/Denver", "America/Los_Angeles")),
        ("+17785550123", ("America/Edmonton", "America/Vancouver")),
        ("+12423591234", ("America/Nassau",)),
        ("+34612345678", ("Atlantic/Canary", "Europe/Madrid")),
        ("+5511961234567", ("America/Sao_Paulo",)),
        ("+6281234567890", INDONESIA),
        ("+79123456789", RUSSIA),
        ("+74012123456", ("Europe/Kaliningrad",)),
        ("+77011234567", KAZAKHSTAN),
        # Old names stay, where this machine has them.
        ("+919876543210", ("Asia/Calcutta",)),
        ("+9779812345678", ("Asia/Katmandu",)),
        # Foreign stand-ins of the library give way to the country's own zone.
        ("+213551234567", ("Africa/Algiers",)),
        ("+218912345678", ("Africa/Tripoli",)),
        ("+212650123456", ("Africa/Casablanca",)),
        ("+50581234567", ("America/Managua",)),
        ("+211977123456", ("Africa/Juba",)),
        ("+37255512345", ("Europe/Tallinn",)),
        ("+970599123456", ("Asia/Gaza", "Asia/Hebron")),
        ("+529981234567", ("America/Cancun",)),
        # Zones that the library forgets.
        ("+56961234567", ("America/Punta_Arenas", "America/Santiago", "Pacific/Easter")),
        ("+67570123456", ("Pacific/Bougainville", "Pacific/Port_Moresby")),
        # Countries that the zone tables do not list.
        ("+38343201234", ("Europe/Belgrade",)),
        # Nowhere: international freephone, satellite.
        ("+80012345678", ()),
        ("+870773111632", ()),
    ],
)
def test_a_number_gives_every_zone_it_may_be_in(e164: str, zones: tuple[str, ...]) -> None:
    assert zones_of(parse(e164, None)) == zones


def test_a_number_that_is_tied_to_no_area_may_be_anywhere_in_its_plan() -> None:
    zones = zones_of(parse("+1 800 234 5678", None))
    assert len(zones) == 42
    assert {"America/St_Johns", "Pacific/Guam", "Pacific/Pago_Pago"} < set(zones)


def test_an_overlay_that_the_library_does_not_know_yet_has_its_parents_zones() -> None:
    assert zones_of(Msisdn("+17295550123", "US")) == ET_CT


def test_an_australian_mobile_may_be_in_darwin_and_on_christmas_island() -> None:
    assert {"Australia/Darwin", "Indian/Christmas", "Australia/Eucla"} < set(
        zones_of(parse("+61412345678", None))
    )
    assert zones_of(parse("+61212345678", None)) == ("Australia/Sydney",)


@pytest.mark.parametrize(
    ("e164", "stated", "zones"),
    [
        # Inside the number's country the column outranks the number, by whatever name.
        ("+12025550123", "America/Denver", ("America/Denver",)),
        ("+12025550123", "Pacific/Honolulu", ("Pacific/Honolulu",)),
        ("+12025550123", "US/Eastern", ("US/Eastern",)),
        ("+18002345678", "America/Detroit", ("America/Detroit",)),
        ("+6281234567890", "Asia/Pontianak", ("Asia/Pontianak",)),
        ("+79123456789", "Asia/Vladivostok", ("Asia/Vladivostok",)),
        ("+79123456789", "W-SU", ("W-SU",)),
        ("+919876543210", "Asia/Calcutta", ("Asia/Calcutta",)),
        ("+919876543210", "Asia/Kolkata", ("Asia/Kolkata",)),
        ("+48512345678", "Poland", ("Poland",)),
        ("+447400123456", "Europe/Belfast", ("Europe/Belfast",)),
        ("+4915112345678", "Europe/Busingen", ("Europe/Busingen",)),
        # Countries that share one zone: the same clock is the same place.
        ("+4712345678", "Europe/Oslo", ("Europe/Oslo",)),
        ("+4740612345", "Europe/Berlin", ("Europe/Berlin",)),
        # Outside, it is one candidate more.
        ("+12025550123", "Europe/Warsaw", ("America/New_York", "Europe/Warsaw")),
        ("+12025550123", "America/Puerto_Rico", ("America/New_York", "America/Puerto_Rico")),
        ("+14165550123", "America/New_York", ("America/New_York", "America/Toronto")),
        ("+48512345678", "Asia/Tokyo", ("Asia/Tokyo", "Europe/Warsaw")),
        ("+77011234567", "Europe/Moscow", (*KAZAKHSTAN, "Europe/Moscow")),
        ("+79123456789", "Asia/Almaty", ("Asia/Almaty", *RUSSIA)),
        ("+38343201234", "Europe/Belgrade", ("Europe/Belgrade",)),
        ("+80012345678", "Europe/Warsaw", ("Europe/Warsaw",)),
        # Never dropped: whoever loads it must refuse.
        ("+12025550123", "Mars/Olympus_Mons", ("America/New_York", "Mars/Olympus_Mons")),
    ],
)
def test_a_zone_column_outranks_the_number_only_inside_its_country(
    e164: str, stated: str, zones: tuple[str, ...]
) -> None:
    country = phonenumbers.region_code_for_number(phonenumbers.parse(e164)) or "NO"
    assert zones_of(Msisdn(e164, country), stated) == zones


def _examples() -> list[tuple[str, str]]:
    kinds = phonenumbers.PhoneNumberType.values()
    found = {
        (phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), region)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in kinds
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
        and phonenumbers.region_code_for_number(number) == region
    }
    return sorted(found)


def _clock(zone: str) -> tuple[timedelta | None, ...]:
    """The offset on the first of every month of two years: places with one clock look the same."""
    loaded = zone_named(zone)
    assert loaded is not None, zone
    months = (datetime(2026 + month // 12, month % 12 + 1, 1, 12, tzinfo=UTC) for month in range(24))
    return tuple(instant.astimezone(loaded).utcoffset() for instant in months)


def _zones_by_country() -> dict[str, set[str]]:
    rows: dict[str, set[str]] = {}
    text = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            rows.setdefault(country, set()).add(zone)
    return rows


def test_no_number_keeps_the_clock_of_a_foreign_stand_in() -> None:
    """Totality: whatever the library says of any country, its zones keep a clock of that country."""
    own = _zones_by_country()
    anywhere = zones_of(Msisdn("+18002345678", "US"))  # rightly so: freephone, 5xx, 900
    strange = {
        (e164[:5], country, zone)
        for e164, country in _examples()
        if country in own and (zones := zones_of(Msisdn(e164, country))) != anywhere
        for zone in zones
        if _clock(zone) not in {_clock(home) for home in own[country]}
    }
    # Two islands share Australia's mobile numbers.
    assert {zone for _, _, zone in strange if not zone.startswith("Indian/")} == set()
    assert {country for _, country, _ in strange} <= {"AU"}


def test_every_example_number_of_every_country_has_a_zone_that_loads() -> None:
    for e164, country in _examples():
        zones = zones_of(Msisdn(e164, country))
        assert zones, (e164[:5], country)
        assert list(zones) == sorted(set(zones))
        assert all(zone_named(zone) for zone in zones)


CORRECTED = {"AU", "CL", "ID", "PG", "RU", "KZ", "MX", "PS"}


def test_elsewhere_the_answer_is_the_librarys() -> None:
    own = _zones_by_country()
    for e164, country in _examples():
        library = set(time_zones_for_number(phonenumbers.parse(e164)))
        clocks = {_clock(zone) for zone in own.get(country, ())}
        if e164.startswith("+1") or country in CORRECTED or {_clock(zone) for zone in library} - clocks:
            continue
        found = {_clock(zone) for zone in zones_of(Msisdn(e164, country))}
        assert found == {_clock(zone) for zone in library}, (e164[:5], country)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Europe/Warsaw", "Europe/Warsaw"),
        ("  europe/warsaw ", "Europe/Warsaw"),
        ("AMERICA/NEW_YORK", "America/New_York"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("us/pacific", "US/Pacific"),
        ("America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("Poland", "Poland"),
        ("japan", "Japan"),
    ],
)
def test_a_zone_is_known_by_its_name_in_any_case(text: str, name: str) -> None:
    assert check_zone_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "UTC",
        "utc",
        "GMT",
        "GMT+2",
        "UTC+1",
        "UTC-05:00",
        "+02:00",
        "-5",
        "02",
        "GMT0",
        "Etc/GMT-2",
        "etc/utc",
        "Etc/Unknown",
        "CET",
        "EST",
        "MST7MDT",
        "EST5EDT",
        "PST",
        "CEST",
        "BST",
        "HST",
        "WET",
        "Zulu",
        "Factory",
        "localtime",
        "Universal",
    ],
)
def test_offsets_and_abbreviations_are_no_zones(text: str) -> None:
    with pytest.raises(BadZone) as caught:
        check_zone_name(text)
    assert "do not say when clocks change" in caught.value.message
    assert "Europe/Warsaw" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Europe/Warszawa", "did you mean Europe/Warsaw?"),
        ("Warsaw", "did you mean Europe/Warsaw?"),
        ("Paris", "did you mean Europe/Paris?"),
        ("America/New York", "did you mean America/New_York?"),
        ("Amercia/Chicago", "did you mean America/Chicago?"),
        ("new york", "did you mean America/New_York?"),
        ("", "write it as region and city, such as Europe/Warsaw"),
        ("xyzzy/plugh", "write it as region and city, such as Europe/Warsaw"),
        ("../../etc/passwd", "write it as region and city, such as Europe/Warsaw"),
    ],
)
def test_an_unknown_zone_is_refused_with_a_suggestion(text: str, hint: str) -> None:
    with pytest.raises(BadZone) as caught:
        check_zone_name(text)
    assert caught.value.message == str(caught.value) == f'"{text}" is no time zone'
    assert caught.value.hint == hint


def test_a_wrongly_mapped_column_does_not_show_a_number_or_an_escape() -> None:
    with pytest.raises(BadZone) as caught:
        check_zone_name("\x1b[2J+12025550123")
    assert "2025550123" not in caught.value.message
    assert caught.value.message.isprintable()


@given(st.text(max_size=30))
def test_any_text_is_a_zone_that_loads_or_refused(text: str) -> None:
    try:
        name = check_zone_name(text)
    except BadZone:
        return
    assert zone_named(name) is not None


@pytest.mark.parametrize("name", ["Mars/Olympus_Mons", "", "America", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_a_zone_that_this_machine_lacks_is_none(name: str) -> None:
    assert zone_named(name) is None
