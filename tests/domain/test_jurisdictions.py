"""Whose rules apply to a person: their places, and what holds in all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod, CapScope, FrequencyCap
from smscli.domain.jurisdictions import (
    CountryRules,
    caps_of,
    consent_of,
    jurisdictions_of,
    places_of,
    regimes_of,
)
from smscli.domain.msisdn import Msisdn
from smscli.domain.quiet_hours import (
    Closed,
    HolidayRule,
    NeverOpen,
    Open,
    Permission,
    QuietHours,
    Regime,
    parse_window,
    permission,
    weekdays,
)
from smscli.domain.zones import zones_of
from smscli.files.rule_files import load_country_rules

RULES = load_country_rules()
MIAMI = Msisdn("+13055550123", "US")
WASHINGTON = Msisdn("+12025550123", "US")
HOUSTON = Msisdn("+17135550123", "US")
FREEPHONE = Msisdn("+18005550123", "US")
TORONTO = Msisdn("+14165550123", "CA")
HALIFAX = Msisdn("+19025550123", "CA")
SAN_JUAN = Msisdn("+17875550123", "PR")
KINGSTON = Msisdn("+18765550123", "JM")
WARSAW = Msisdn("+48512345678", "PL")
MUNICH = Msisdn("+4915123456789", "DE")
SATELLITE = Msisdn("+881612345678", "001")
NOON = datetime(2026, 11, 18, 17, tzinfo=UTC)


def hours(days: str, window: str, holidays: HolidayRule = HolidayRule.IGNORE, margin: int = 15) -> QuietHours:
    week = tuple((parse_window(window),) if day in weekdays(days) else () for day in range(7))
    return QuietHours(week, holidays, timedelta(minutes=margin))


DAILY = hours("mon-sun", "09:00-21:00")
WORKING = hours("mon-fri", "09:00-17:00", HolidayRule.SKIP, margin=5)


# --- places ---


@pytest.mark.parametrize(
    ("number", "state", "postcode", "places"),
    [
        (WARSAW, None, None, "PL"),
        (SATELLITE, None, None, "001"),
        (MIAMI, None, None, "US-FL"),
        (WASHINGTON, None, None, "US-DC"),
        (TORONTO, None, None, "CA-ON"),
        (HALIFAX, None, None, "CA-NS CA-PE"),  # one code, two provinces
        (KINGSTON, None, None, "JM"),
        (SAN_JUAN, None, None, "PR"),
        # A state that differs from the number's: both.
        (MIAMI, "US-FL", None, "US-FL"),
        (MIAMI, "US-NY", None, "US-FL US-NY"),
        (TORONTO, "CA-QC", None, "CA-ON CA-QC"),
        (HALIFAX, "CA-PE", None, "CA-NS CA-PE"),
        # Of another country: both.
        (WARSAW, "US-FL", None, "PL US-FL"),
        (MIAMI, "DE-BY", None, "US-FL DE-BY"),
        (TORONTO, "US-NY", None, "CA-ON US-NY"),
        # Where numbers say only the country, its part says more.
        (MUNICH, "DE-BY", None, "DE-BY"),
        (WARSAW, "PL-14", None, "PL-14"),
        # A ZIP code outranks the area code, not the state.
        (MIAMI, None, "10001", "US-NY"),
        (MIAMI, None, "33101", "US-FL"),
        (MIAMI, None, "83414", "US-ID US-WY"),
        (MIAMI, "US-TX", "10001", "US-NY US-TX"),
        (MIAMI, "US-NY", "10001", "US-NY"),
        (MIAMI, "DE-BY", "10001", "US-NY DE-BY"),
        (FREEPHONE, None, "10001", "US-NY"),
        # One that is not known says nothing: the area code does.
        (MIAMI, None, "00000", "US-FL"),
        (MIAMI, None, "09012", "US-FL"),  # of the armed forces, wherever they are
        (MIAMI, None, "", "US-FL"),
        # ZIP codes are for the US: elsewhere five digits are something else.
        (MUNICH, None, "10115", "DE"),
        (TORONTO, None, "10001", "CA-ON"),
        # Territories: countries to numbers, states to the post.
        (SAN_JUAN, None, "00901", "PR US-PR"),
        (SAN_JUAN, None, "33101", "PR US-FL"),
        (MIAMI, None, "00901", "US-PR"),
        (MIAMI, None, "96941", "US-GU US-MP FM MH PW"),
        # No area, but a state.
        (FREEPHONE, "US-TX", None, "US-TX"),
    ],
)
def test_places_are_those_of_the_number_the_zip_code_and_the_state(
    number: Msisdn, state: str | None, postcode: str | None, places: str
) -> None:
    found = places_of(RULES, number, state, postcode)
    assert set(found) == set(places.split())
    assert len(found) == len(set(found))


@pytest.mark.parametrize("number", [FREEPHONE, Msisdn("+15005550123", "US"), Msisdn("+19005550123", "US")])
def test_a_number_of_no_area_may_be_in_every_state(number: Msisdn) -> None:
    places = places_of(RULES, number)
    assert {place for place in RULES.rows if place.startswith("US")} <= set(places)
    assert len([place for place in places if place.startswith("US-")]) == 51  # with Washington D.C.
    assert set(places) < set(places_of(RULES, number, "DE-BY"))


def test_a_canadian_number_of_no_area_may_be_in_every_province() -> None:
    assert len(places_of(RULES, Msisdn("+16005550123", "CA"))) == 14


@pytest.mark.parametrize(
    ("number", "state", "places"),
    [
        (MIAMI, None, ("US",)),
        (MIAMI, "US-LA", ("US-LA",)),
        (WARSAW, "DE-BY", ("PL", "DE-BY")),
    ],
)
def test_without_rules_country_and_state_are_known(
    number: Msisdn, state: str | None, places: tuple[str, ...]
) -> None:
    assert places_of(None, number, state, "10001") == places


# --- rows ---


@pytest.mark.parametrize(
    ("places", "rows"),
    [
        ("PL", "PL"),
        ("PL-14", "PL"),
        ("US-FL", "US US-FL"),
        ("US-DC", "US"),  # no row of its own
        ("US-FL US-NY", "US US-FL"),
        ("US-FL PL", "US US-FL PL"),
        ("US-FL US-TX", "US US-FL US-TX"),
        ("PR", "US"),
        ("US-PR", "US"),
        ("CA-ON", "CA"),
        ("NO", "otherwise"),
        ("001", "otherwise"),
        ("NO-03 SE", "otherwise"),
        ("PL NO", "PL otherwise"),
    ],
)
def test_a_part_obeys_its_country_too_and_a_place_without_a_row_the_careful_one(
    places: str, rows: str
) -> None:
    assert [row.id for row in jurisdictions_of(RULES, tuple(places.split()))] == rows.split()


def test_caps_say_whose_they_are() -> None:
    day = timedelta(hours=24)
    assert caps_of(RULES, ("US-FL",)) == (FrequencyCap(3, day, CapScope.PURPOSE, "Florida, law"),)
    assert caps_of(RULES, ("CO",)) == (
        FrequencyCap(1, CalendarPeriod.DAY, CapScope.PURPOSE, "Colombia, law"),
    )
    assert [cap.of for cap in caps_of(RULES, ("EC", "US-OK"))] == ["Ecuador, operator", "Oklahoma, law"]
    assert caps_of(RULES, ("US-NY", "PL")) == ()


@pytest.mark.parametrize(
    ("places", "level"),
    [
        (("US-FL",), ConsentLevel.EXPRESS_WRITTEN),
        (("PR",), ConsentLevel.EXPRESS_WRITTEN),
        (("PH",), ConsentLevel.EXPRESS_WRITTEN),
        (("PL",), ConsentLevel.EXPRESS),
        (("PL", "US-NY"), ConsentLevel.EXPRESS_WRITTEN),
        (("US-NY", "PL"), ConsentLevel.EXPRESS_WRITTEN),
        (("GB",), None),
        (("GB", "PL"), ConsentLevel.EXPRESS),
        (("NO",), None),
    ],
)
def test_the_highest_level_of_consent_counts(places: tuple[str, ...], level: ConsentLevel | None) -> None:
    assert consent_of(RULES, places) is level


# --- regimes ---


def test_the_campaigns_hours_and_those_of_every_row_apply() -> None:
    federal, florida = RULES.rows["US"].hours, RULES.rows["US-FL"].hours
    assert regimes_of(DAILY, RULES, ("US-FL",)) == (
        Regime(DAILY, "US"),
        Regime(federal, "US"),
        Regime(florida, "US"),
    )


def test_hours_mind_the_holidays_of_each_place() -> None:
    louisiana = replace(RULES.rows["US-LA"].hours, margin=WORKING.margin)
    federal = replace(RULES.rows["US"].hours, margin=WORKING.margin)
    assert regimes_of(WORKING, RULES, ("US-LA", "US-NY")) == (
        Regime(WORKING, "US-LA"),
        Regime(WORKING, "US-NY"),
        Regime(federal, "US"),
        Regime(louisiana, "US-LA"),
    )


def test_the_margin_is_the_campaigns_or_else_the_usual_one() -> None:
    assert {regime.hours.margin for regime in regimes_of(WORKING, RULES, ("US-LA", "PL"))} == {
        timedelta(minutes=5)
    }
    assert {regime.hours.margin for regime in regimes_of(None, RULES, ("US-LA", "PL"))} == {
        timedelta(minutes=15)
    }


def test_without_rules_only_the_campaigns_hours_apply() -> None:
    assert regimes_of(WORKING, None, ("US-LA",)) == (Regime(WORKING, "US-LA"),)
    assert regimes_of(None, None, ("US-LA",)) == ()


def test_the_freephone_numbers_of_all_states_have_no_hour_in_common() -> None:
    asked = regimes_of(DAILY, RULES, places_of(RULES, FREEPHONE))
    assert permission(asked, zones_of(FREEPHONE), NOON) == NeverOpen()
    with_state = regimes_of(DAILY, RULES, places_of(RULES, FREEPHONE, "US-TX"))
    assert isinstance(permission(with_state, ("America/Chicago",), NOON), Open)


# --- what more regimes, more zones and the rules of countries may do: close ---

SOME_ZONES = ["America/New_York", "America/Los_Angeles", "Europe/Warsaw", "Asia/Kolkata", "Pacific/Auckland"]
PLACES = [*RULES.rows, "NO", "DE-BY", "US-NY", "CA-QC", "ES-MD", "PR", "001"]
STATES = [place for place in PLACES if "-" in place]
POSTCODES = ["10001", "33101", "70112", "83414", "00901", "96941", "09012", "00000", "10115"]
NUMBERS = [
    *(MIAMI, WASHINGTON, HOUSTON, TORONTO, HALIFAX, SAN_JUAN, KINGSTON, WARSAW, MUNICH, FREEPHONE),
    Msisdn("+16715550123", "GU"),
    Msisdn("+447700900123", "GB"),
    Msisdn("+573001234567", "CO"),
    Msisdn("+79123456789", "RU"),
]
STARTS = ["2026-11-01T00:00", "2026-10-24T12:00", "2027-03-14T00:00", "2026-12-24T06:00", "2026-11-18T00:00"]

some_instants = st.builds(
    lambda start, minutes: datetime.fromisoformat(f"{start}+00:00") + timedelta(minutes=minutes),
    st.sampled_from(STARTS),
    st.integers(0, 3 * 24 * 60),
)
some_hours = st.builds(
    hours,
    st.sampled_from(["mon-sun", "mon-fri", "sat-sun", "mon,wed,sun"]),
    st.sampled_from(["09:00-21:00", "00:00-24:00", "08:00-12:00", "20:00-09:00", "11:00-23:30"]),
    st.sampled_from(HolidayRule),
    st.sampled_from([0, 15, 45]),
)
some_regimes = st.lists(st.builds(Regime, some_hours, st.sampled_from(PLACES[:-1])), min_size=1, max_size=3)
some_zones = st.lists(st.sampled_from(SOME_ZONES), min_size=1, max_size=3, unique=True)


def closes_no_later(narrow: Permission, wide: Permission) -> None:
    """Whoever may text by the narrower rules may by the wider ones, and at least as long."""
    if isinstance(narrow, Open):
        assert isinstance(wide, Open)
        assert narrow.until <= wide.until
    elif isinstance(narrow, Closed) and isinstance(wide, Closed):
        assert narrow.opens_at >= wide.opens_at


@settings(max_examples=150, deadline=None)
@given(some_regimes, some_regimes, some_zones, some_zones, some_instants)
def test_more_regimes_and_more_zones_never_open_more(
    fewer: list[Regime], more: list[Regime], zones: list[str], further: list[str], now: datetime
) -> None:
    wide = permission(fewer, zones, now)
    closes_no_later(permission([*fewer, *more], zones, now), wide)
    closes_no_later(permission(fewer, [*zones, *further], now), wide)


@settings(max_examples=150, deadline=None)
@given(some_regimes, some_zones, some_instants, st.data())
def test_several_regimes_are_open_when_each_is(
    regimes: list[Regime], zones: list[str], now: datetime, draws: st.DataObject
) -> None:
    regimes = [replace(regime, hours=replace(regime.hours, margin=timedelta())) for regime in regimes]
    together = permission(regimes, zones, now)
    assert isinstance(together, Open) == each_is_open(regimes, zones, now)
    if isinstance(together, Open):
        alone = [permission([regime], [zone], now) for regime in regimes for zone in zones]
        assert together.until == min(each.until for each in alone if isinstance(each, Open))
    elif isinstance(together, Closed):
        assert each_is_open(regimes, zones, together.opens_at)
        minutes = (together.opens_at - now) // timedelta(minutes=1)
        for before in draws.draw(st.lists(st.integers(0, max(minutes - 1, 0)), max_size=20)):
            assert not each_is_open(regimes, zones, now + timedelta(minutes=before))
        assert not each_is_open(regimes, zones, together.opens_at - timedelta(seconds=1))


def each_is_open(regimes: Sequence[Regime], zones: Sequence[str], at: datetime) -> bool:
    return all(isinstance(permission([regime], [zone], at), Open) for regime in regimes for zone in zones)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(NUMBERS),
    st.none() | st.sampled_from(STATES),
    st.none() | st.sampled_from(POSTCODES),
    some_hours,
    some_instants,
)
@example(MIAMI, None, "96941", WORKING, datetime(2026, 11, 26, 15, tzinfo=UTC))  # Thanksgiving
def test_the_rules_of_countries_only_ever_narrow_what_a_campaign_allows(
    number: Msisdn, state: str | None, postcode: str | None, own: QuietHours, now: datetime
) -> None:
    """Whatever a row says, and however wrong it may be."""
    zones = zones_of(number)
    ruled = permission(regimes_of(own, RULES, places_of(RULES, number, state, postcode)), zones, now)
    closes_no_later(ruled, permission([Regime(own, number.country)], zones, now))


@settings(max_examples=100, deadline=None)
@given(some_hours, some_hours, st.sampled_from(NUMBERS), some_instants)
def test_a_row_that_is_wide_open_widens_nothing(
    row: QuietHours, own: QuietHours, number: Msisdn, now: datetime
) -> None:
    made_up = {place: replace(each, hours=row) for place, each in RULES.rows.items()}
    rules = CountryRules(made_up, RULES.otherwise, RULES.area_codes, RULES.zip_states, RULES.zip_zones)
    zones = zones_of(number)
    ruled = permission(regimes_of(own, rules, places_of(rules, number)), zones, now)
    closes_no_later(ruled, permission([Regime(own, number.country)], zones, now))


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.masked)
def test_one_place_at_least_is_of_the_numbers_country(number: Msisdn) -> None:
    for state, postcode in product([None, *STATES], [None, *POSTCODES]):
        places = places_of(RULES, number, state, postcode)
        assert any(place.partition("-")[0] == number.country for place in places)
        assert state is None or state in places


# --- the next opening, over changes of clocks ---


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        # Florida from 8 to 20, the campaign from 9 to 21: 9 to 20. On 1 November 2026 the clocks go back.
        ("2026-10-31T23:59", "2026-11-01T14:00"),
        ("2026-10-30T23:59", "2026-10-31T13:00"),
        # On 14 March 2027 they go forward.
        ("2027-03-14T01:00", "2027-03-14T13:00"),
        ("2027-03-13T01:00", "2027-03-13T14:00"),
    ],
)
def test_the_next_opening_goes_by_the_clock_of_the_day_it_is_on(now: str, opens: str) -> None:
    regimes = regimes_of(DAILY, RULES, places_of(RULES, MIAMI))
    assert permission(regimes, ("America/New_York",), utc(now)) == Closed(utc(opens))


@pytest.mark.parametrize(
    ("now", "opens", "closes"),
    [
        # New York from 8 and Berlin to 20 less the margin. From 8 to 28 March 2026 they are 5 hours apart.
        ("2026-03-04T03:00", "2026-03-04T13:00", "2026-03-04T18:45"),
        ("2026-03-18T03:00", "2026-03-18T12:00", "2026-03-18T18:45"),
        ("2026-04-01T03:00", "2026-04-01T12:00", "2026-04-01T17:45"),
        # In autumn Berlin goes back first: on 25 October, New York on 1 November.
        ("2026-10-21T03:00", "2026-10-21T12:00", "2026-10-21T17:45"),
        ("2026-10-28T03:00", "2026-10-28T12:00", "2026-10-28T18:45"),
        ("2026-11-04T03:00", "2026-11-04T13:00", "2026-11-04T18:45"),
        # Closed in Germany on Sundays.
        ("2026-03-21T19:00", "2026-03-23T12:00", "2026-03-23T18:45"),
    ],
)
def test_a_number_of_one_country_and_a_state_of_another_share_what_both_allow(
    now: str, opens: str, closes: str
) -> None:
    regimes = regimes_of(None, RULES, places_of(RULES, WASHINGTON, "DE-BE"))
    zones = ("America/New_York", "Europe/Berlin")
    assert permission(regimes, zones, utc(now)) == Closed(utc(opens))
    assert permission(regimes, zones, utc(opens)) == Open(utc(closes))
