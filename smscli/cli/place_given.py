"""A place as somebody types it: a number, a country, a state; and where somebody of it may be.

Knows what arguments mean and refuses what means nothing. Does not know what holds there.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from smscli.cli.numbers import number_given
from smscli.domain.addresses import OF_THE_US, BadState, part_called, place_name, zip_code
from smscli.domain.country_names import country_called
from smscli.domain.errors import UsageError
from smscli.domain.jurisdictions import CountryRules, places_of
from smscli.domain.msisdn import Msisdn, is_region, mask
from smscli.domain.whereabouts import zones_of_state, zones_of_zip, zones_where
from smscli.domain.zones import BadZone, check_zone_name, lies_in, zones_of_country

_HINT = "write a number (+12025550123), a country (PL) or a state (US-FL)"


@dataclass(frozen=True, slots=True)
class Beside:
    """What is said besides the place: a zone of the database, a state, five digits. Checked already."""

    zone: str | None = None
    state: str | None = None
    postcode: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceGiven:
    """Where somebody may be: all of these places and zones. `number` None where a place was named.

    `by` and `zones_by` say what told us, in words that follow "by".
    """

    number: Msisdn | None
    places: tuple[str, ...]
    zones: tuple[str, ...]
    by: str
    zones_by: str


def place_given(
    rules: CountryRules, text: str, zone: str | None, state: str | None, postcode: str | None
) -> PlaceGiven:
    """What the argument and the options --zone, --state and --zip mean together. Raises UsageError."""
    typed = text.strip()
    if typed[:1] in ("+", "(") or sum(map(str.isdigit, typed)) >= 5:
        return _of_number(rules, number_given(typed, None), zone, state, postcode)
    place = _place(rules, typed)
    beside = _beside(place.partition("-")[0], zone, state, postcode)
    return _of_place(rules, place, beside)


def _of_number(
    rules: CountryRules, number: Msisdn, zone: str | None, state: str | None, postcode: str | None
) -> PlaceGiven:
    said = _beside(number.country, zone, state, postcode)
    places = places_of(rules, number, said.state, said.postcode)
    zones = zones_where(rules, number, said.zone, said.state, said.postcode)
    area = number.e164[2:5] if number.e164.startswith("+1") else ""
    if rules.zip_states.get(_prefix(said)):
        by = f"ZIP code {said.postcode}"
    elif rules.area_codes.get(area):
        by = f"area code {area}"
    elif area and said.state is None:
        by = f"its country: area code {area} may be anywhere in it"
    else:
        by = "its country code"
    if said.state:
        by += f" and state {said.state}" if said.state in places else ""
    return PlaceGiven(number, places, zones, by, _zones_by(rules, number.country, said, "the number"))


def _of_place(rules: CountryRules, place: str, said: Beside) -> PlaceGiven:
    country = place.partition("-")[0]
    if "-" in place and (said.state or said.postcode):
        raise UsageError(
            f"{place} is a state already", hint=f"leave out --state and --zip, or write {country}"
        )
    by_zip = zones_of_zip(rules, said.postcode)
    by_state = zones_of_state(rules, said.state or place) if said.state or "-" in place else ()
    zones = by_zip or by_state or zones_of_country(country)
    if by_zip and said.state not in (None, *rules.zip_states.get(_prefix(said), ())):
        zones = tuple(sorted({*by_zip, *by_state}))
    if said.zone:
        zones = (said.zone,) if lies_in(said.zone, country) else tuple(sorted({*zones, said.zone}))
    states = rules.zip_states.get(_prefix(said), ())
    parts = dict.fromkeys((*states, *([said.state] if said.state else [])))
    by = " and ".join([*(["ZIP code"] if states else []), *(["state"] if said.state else [])])
    return PlaceGiven(None, tuple(parts) or (place,), zones, by, _zones_by(rules, country, said, "the place"))


def _zones_by(rules: CountryRules, country: str, said: Beside, otherwise: str) -> str:
    if said.zone:
        return "--zone" if lies_in(said.zone, country) else f"{otherwise} and --zone"
    parts = ["--zip" if zones_of_zip(rules, said.postcode) else otherwise]
    return " and ".join([*parts, *(["--state"] if said.state else [])])


def _prefix(said: Beside) -> str:
    return (said.postcode or "")[:3]


def _beside(country: str, zone: str | None, state: str | None, postcode: str | None) -> Beside:
    """The options, checked. Raises UsageError."""
    try:
        checked = check_zone_name(zone) if zone else None
    except BadZone as bad:
        raise UsageError(f"--zone: {bad.message}", hint=bad.hint) from None
    if postcode and country not in OF_THE_US:
        raise UsageError(f"--zip: {country} has no ZIP codes", hint="leave out --zip; it is for the US")
    try:
        part = part_called(state, (country,)) if state else None
    except BadState as bad:
        raise UsageError(f"--state: {bad.message}", hint=bad.hint) from None
    if state and part is None:
        raise UsageError(f"--state: the parts of {country} are not known", hint="leave out --state")
    try:
        return Beside(checked, part, zip_code(postcode) if postcode else None)
    except BadState as bad:
        raise UsageError(f"--zip: {bad.message}", hint=bad.hint) from None


def _place(rules: CountryRules, text: str) -> str:
    """A country, or a part of one. Raises UsageError."""
    capitals = text.upper()
    if is_region(capitals):
        return capitals
    if country := country_called(text):
        return country
    try:
        part = part_called(text, ("US",), proposes=False)
    except BadState:
        part = None
    if part is None:
        raise UsageError(f'"{mask(text)}" is no number, country or state', hint=_meant(rules, text) or _HINT)
    return part


#: What many call a country, and no standard does.
_MISTAKEN = {"uk": "GB", "britain": "GB"}


def _meant(rules: CountryRules, text: str) -> str:
    names = {row.name.casefold(): place for place, row in rules.rows.items()}
    names |= {place.casefold(): place for place in rules.rows} | _MISTAKEN
    near = get_close_matches(text.casefold(), names, 1, cutoff=0.7)
    if not near:
        return ""
    place = names[near[0]]
    return f"did you mean {place_name(place)}? Type: smscli hours {place}"
