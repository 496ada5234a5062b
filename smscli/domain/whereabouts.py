"""In which time zones a contact may be: by a zone column, a ZIP code, a state and the number together.

Knows which of them outranks which. All that is not outranked must be open, so that what is missing, or does
not fit together, makes the answer longer and never shorter.
"""

from __future__ import annotations

from functools import lru_cache

from smscli.domain.addresses import OF_THE_US
from smscli.domain.jurisdictions import CountryRules
from smscli.domain.msisdn import Msisdn
from smscli.domain.zones import zones_of, zones_of_area_code, zones_of_country

_IN_THE_PLAN = OF_THE_US | {"CA"}  # countries whose area codes the rules have


def zones_where(
    rules: CountryRules | None,
    number: Msisdn,
    stated: str | None = None,
    state: str | None = None,
    postcode: str | None = None,
) -> tuple[str, ...]:
    """Every zone in which somebody may be, sorted; empty where there is none.

    `stated`, `state` (`US-FL`) and `postcode` (five digits) are what the list says. Inside the number's
    country a stated zone outranks everything, and a ZIP code the number. A state that is neither the
    number's nor the ZIP code's adds its zones; one of a number that has no area (5xx, freephone) says all
    there is to know. Without rules nobody can tell where states and ZIP codes are: the number answers alone.
    """
    if rules is None or (state is None and postcode is None):
        return zones_of(number, stated)
    by_postcode = zones_of_zip(rules, postcode) if number.country in OF_THE_US else ()
    if state is None:
        return zones_of(number, stated, instead=by_postcode)
    by_state = zones_of_state(rules, state)
    if by_postcode:
        fits = state in rules.zip_states.get(postcode[:3] if postcode else "", ())
        return zones_of(number, stated, instead=by_postcode, besides=() if fits else by_state)
    if number.country not in _IN_THE_PLAN:  # which state of its own country it is of nobody has a table of
        is_at_home = state.startswith(f"{number.country}-")
        return zones_of(number, stated, besides=() if is_at_home else by_state)
    states = rules.area_codes.get(number.e164[2:5])
    if states is None:
        return zones_of(number, stated, instead=by_state)
    return zones_of(number, stated, besides=() if state in states else by_state)


def zones_of_zip(rules: CountryRules, postcode: str | None) -> tuple[str, ...]:
    """Every zone in which a ZIP code may lie, by its first three digits; empty where that is not known."""
    return rules.zip_zones.get(postcode[:3], ()) if postcode else ()


@lru_cache(maxsize=256)
def zones_of_state(rules: CountryRules, state: str) -> tuple[str, ...]:
    """Every zone of a state (`US-FL`), by its area codes; of other countries, whose parts nobody has a table
    of, all of the country."""
    country, _, part = state.partition("-")
    areas = [area for area, states in rules.area_codes.items() if state in states]
    if areas:
        return tuple(sorted({zone for area in areas for zone in zones_of_area_code(area)}))
    return zones_of_country(part if part in OF_THE_US else country)
