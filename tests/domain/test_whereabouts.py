"""What a list says of a person's place outranks, joins or leaves alone what the number says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.jurisdictions import Basis, Confidence, CountryRules, Jurisdiction
from smscli.domain.msisdn import parse
from smscli.domain.quiet_hours import QuietHours, Window
from smscli.domain.whereabouts import zones_where
from smscli.domain.zones import zones_of, zones_of_country

ALWAYS = QuietHours(((Window(0, 1440),),) * 7, margin=timedelta())
STRICT = Jurisdiction("", "elsewhere", ALWAYS, Basis.CUSTOM, Confidence.LOW)
RULES = CountryRules(
    rows={},
    otherwise=STRICT,
    area_codes={
        "305": ("US-FL",),
        "850": ("US-FL",),
        "202": ("US-DC",),
        "213": ("US-CA",),
        "416": ("CA-ON",),
        "787": ("US-PR",),
    },
    zip_states={"331": ("US-FL",), "324": ("US-FL",), "900": ("US-CA",)},
    zip_zones={"331": ("America/New_York",), "324": ("America/Chicago",), "900": ("America/Los_Angeles",)},
)

EAST, CENTRAL, WEST = "America/New_York", "America/Chicago", "America/Los_Angeles"
WASHINGTON, PANHANDLE, ANYWHERE = "+12025550101", "+18505550101", "+15005550101"


def where(
    number: str, stated: str | None = None, state: str | None = None, postcode: str | None = None
) -> tuple[str, ...]:
    return zones_where(RULES, parse(number, None), stated, state, postcode)


@pytest.mark.parametrize(
    ("number", "zone", "state", "postcode", "zones"),
    [
        # a ZIP code outranks the number
        (PANHANDLE, None, None, None, (CENTRAL, EAST)),
        (PANHANDLE, None, None, "32401", (CENTRAL,)),
        (WASHINGTON, None, None, "90001", (WEST,)),
        (WASHINGTON, None, None, "99999", (EAST,)),  # nobody knows where that is
        # the zone column outranks both
        (WASHINGTON, WEST, None, "33101", (WEST,)),
        (WASHINGTON, WEST, "US-FL", None, (WEST,)),
        # a zone elsewhere is a candidate more
        (WASHINGTON, "Europe/Warsaw", None, "90001", (WEST, "Europe/Warsaw")),
        # a state that is the number's says nothing new; another adds its zones
        (PANHANDLE, None, "US-FL", None, (CENTRAL, EAST)),
        (WASHINGTON, None, "US-FL", None, (CENTRAL, EAST)),
        (WASHINGTON, None, "US-CA", None, (WEST, EAST)),
        (WASHINGTON, None, "CA-ON", None, (EAST, "America/Toronto")),
        # a ZIP code and a state that do not fit together count both
        (WASHINGTON, None, "US-FL", "33101", (EAST,)),
        (WASHINGTON, None, "US-CA", "33101", (WEST, EAST)),
        # of a number without an area the state says all there is to know
        (ANYWHERE, None, "US-FL", None, (CENTRAL, EAST)),
        # ZIP codes are read beside numbers of the US only
        ("+48512345678", None, None, "33101", ("Europe/Warsaw",)),
        ("+17875550101", None, None, "33101", ("America/New_York", "America/Puerto_Rico")),
        # other countries: a part of the number's own says nothing, one of another adds that country
        ("+4915123456789", None, "DE-BY", None, ("Europe/Berlin",)),
        ("+48512345678", None, "DE-BY", None, ("Europe/Berlin", "Europe/Busingen", "Europe/Warsaw")),
        ("+48512345678", None, "US-FL", None, (CENTRAL, EAST, "Europe/Warsaw")),
    ],
)
def test_who_outranks_whom(
    number: str, zone: str | None, state: str | None, postcode: str | None, zones: tuple[str, ...]
) -> None:
    assert where(number, zone, state, postcode) == tuple(sorted(zones))


def test_a_state_whose_area_codes_nobody_knows_means_its_whole_country() -> None:
    assert set(where(WASHINGTON, state="US-WY")) >= set(zones_of_country("US"))
    assert "Pacific/Guam" in where(WASHINGTON, state="US-GU")


def test_without_rules_the_number_answers_alone() -> None:
    number = parse(WASHINGTON, None)
    assert zones_where(None, number, None, "US-CA", "90001") == zones_of(number)
    assert zones_where(None, number, WEST, "US-CA", "90001") == (WEST,)


@given(
    st.sampled_from([WASHINGTON, PANHANDLE, ANYWHERE, "+14165550101", "+48512345678"]),
    st.sampled_from([None, WEST, "Europe/Warsaw"]),
    st.sampled_from([None, "US-FL", "US-CA", "US-WY", "CA-ON", "DE-BY"]),
    st.sampled_from([None, "33101", "32401", "00000"]),
)
def test_there_is_always_an_answer_and_a_state_takes_nothing_from_an_area_code(
    number: str, zone: str | None, state: str | None, postcode: str | None
) -> None:
    found = where(number, zone, state, postcode)
    assert found
    assert list(found) == sorted(set(found))
    if number != ANYWHERE:
        assert set(found) >= set(where(number, zone, None, postcode))
