"""Numbers that need no interpretation: the library's tables, asked directly.

`phonenumbers.parse` is made for what people type; of a list, most cells are plain. For those this module
finds the country with one regular expression per country, made of the library's own patterns, and says None
wherever the library would have to think (a national prefix that may or may not belong to the number, an
Italian zero, a plan without a country). Then `msisdn.parse` asks the library itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberType,
    country_code_for_region,
    is_number_type_geographical,
)

#: As many digits as numbers have, whatever stands between them. Without a + no dots: `512345678.0` is a
#: quantity that a spreadsheet made of a number.
_INTERNATIONAL = re.compile(r"\+[1-9](?:[ ().\-]*[0-9]){6,14}")
_NATIONAL = re.compile(r"\(?[0-9](?:[ ()\-]*[0-9]){4,15}")
_PUNCTUATION = str.maketrans("", "", " ().-")

#: The kinds of number that the library knows, each with a pattern of its own.
_SPECIAL = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
_KINDS = (*_SPECIAL, "fixed_line", "mobile")
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class _Country:
    """One country of a calling code. With `leading`, these digits alone tell that a number is its."""

    region: str
    leading: re.Pattern[str] | None
    valid: re.Pattern[str]
    special: re.Pattern[str]
    fixed: re.Pattern[str]
    mobile: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _NumberingPlan:
    """What the countries of one calling code share: in the library's order, and what may stand in front."""

    code: str
    countries: tuple[_Country, ...]
    stripped: re.Pattern[str]
    general: re.Pattern[str]
    is_rewritten: bool
    prefix: str
    abroad: re.Pattern[str]

    def country_of(self, subscriber: str) -> str | None:
        """The country whose valid number this is, as the library finds it; None if it is nobody's."""
        for country in self.countries:
            if country.leading is None:
                if country.valid.fullmatch(subscriber):
                    return country.region
            elif country.leading.match(subscriber):
                return country.region if country.valid.fullmatch(subscriber) else None
        return None

    def leaves_alone(self, digits: str) -> bool:
        """Would the library take nothing away from the front of these digits?"""
        found = self.stripped.match(digits)
        return found is None or (found.end() == 0 and not self.is_rewritten)


def international(text: str) -> tuple[str, str] | None:
    """E.164 and country of a number that begins with +; None where only the library can tell."""
    if not _INTERNATIONAL.fullmatch(text):
        return None
    e164 = text.translate(_PUNCTUATION)
    code = _calling_code(e164[1:4])
    plan = None if code is None else _plan_of(COUNTRY_CODE_TO_REGION_CODE[int(code)][0])
    if code is None or plan is None:
        return None
    subscriber = e164[1 + len(code) :]
    if subscriber[:1] in ("0", "") or not plan.leaves_alone(subscriber):
        return None
    country = plan.country_of(subscriber)
    return None if country is None else (e164, country)


def national(text: str, region: str) -> tuple[str, str] | None:
    """E.164 and country of a number as written inside `region`; None where only the library can tell."""
    if not _NATIONAL.fullmatch(text):
        return None
    plan, digits = _plan_of(region), text.translate(_PUNCTUATION)
    if plan is None or digits.startswith(plan.code) or plan.abroad.match(digits):
        return None
    subscriber = _without_prefix(digits, plan)
    if subscriber is None or subscriber[:1] in ("0", ""):
        return None
    country = plan.country_of(subscriber)
    return None if country is None else (f"+{plan.code}{subscriber}", country)


def is_tied_to_a_place(number: str, region: str) -> bool:
    """Does a valid number of this country (E.164) belong to a place in it, as far as the library knows?

    Fixed lines do; mobile numbers only where their area codes are those of places (Mexico, Brazil, …).
    """
    country, code = _country(region), _code_of(region)
    subscriber = number[1 + len(code) :]
    if country.special.fullmatch(subscriber):
        return False
    if country.fixed.fullmatch(subscriber):
        return True
    is_mobile = country.mobile.fullmatch(subscriber) is not None
    return is_mobile and is_number_type_geographical(PhoneNumberType.MOBILE, int(code))


@cache
def _code_of(region: str) -> str:
    return str(country_code_for_region(region))


def _without_prefix(digits: str, plan: _NumberingPlan) -> str | None:
    """The digits behind the national prefix, where there is no doubt whether it is one."""
    if plan.leaves_alone(digits):
        return digits
    found = plan.stripped.match(digits)
    is_plain = found is not None and found[0] == plan.prefix and not plan.is_rewritten
    if not is_plain or any(found.groups() if found else ()) or plan.general.fullmatch(digits):
        return None
    return digits[len(plan.prefix) :]


@lru_cache(maxsize=1024)
def _calling_code(leading: str) -> str | None:
    """The calling code that these three digits begin with: no code is the beginning of another."""
    return next(
        (leading[:size] for size in (1, 2, 3) if int(leading[:size]) in COUNTRY_CODE_TO_REGION_CODE), None
    )


@lru_cache(maxsize=512)
def _plan_of(region: str) -> _NumberingPlan | None:
    """The plan as it is read in this country; None for plans without a country: satellites, freephone."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.country_code is None:
        return None
    return _NumberingPlan(
        code=str(metadata.country_code),
        countries=tuple(map(_country, COUNTRY_CODE_TO_REGION_CODE[metadata.country_code])),
        stripped=_compiled(metadata.national_prefix_for_parsing),
        general=_general(metadata),
        is_rewritten=bool(metadata.national_prefix_transform_rule),
        prefix=metadata.national_prefix or "",
        abroad=_compiled(metadata.international_prefix),
    )


def _general(metadata: PhoneMetadata) -> re.Pattern[str]:
    general = metadata.general_desc
    return _compiled(None if general is None else general.national_number_pattern)


@cache
def _country(region: str) -> _Country:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    assert metadata is not None

    def any_of(*kinds: str) -> re.Pattern[str]:
        general = "|".join(_alternatives([metadata.general_desc]))
        patterns = "|".join(_alternatives([getattr(metadata, kind) for kind in kinds]))
        return re.compile(f"(?=(?:{general})$)(?:{patterns})") if general and patterns else _NEVER

    return _Country(
        region,
        re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        valid=any_of(*_KINDS),
        special=any_of(*_SPECIAL),
        fixed=any_of("fixed_line"),
        mobile=any_of("mobile"),
    )


def _alternatives(kinds: list[PhoneNumberDesc | None]) -> Iterator[str]:
    """Each kind's pattern, for numbers of the lengths it may have."""
    for kind in kinds:
        if kind is None or not kind.national_number_pattern:
            continue
        lengths = "|".join(rf"\d{{{length}}}" for length in kind.possible_length if length > 0)
        if not lengths and kind.possible_length:
            continue
        pattern = f"(?:{kind.national_number_pattern})"
        yield f"(?=(?:{lengths})$){pattern}" if lengths else pattern


def _compiled(pattern: str | None) -> re.Pattern[str]:
    return re.compile(pattern) if pattern else _NEVER
