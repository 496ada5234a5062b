"""Numbers that need no interpretation: the library's tables, asked directly.

`phonenumbers.parse` is made for what people type; of a list, most cells are plain. For those this module
finds country and kind with regular expressions made of the library's own patterns, one per country and
length, and says None wherever the library would have to think (a national prefix that may or may not belong
to the number, a plan without a country). Then `msisdn.parse` asks the library itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    REGION_CODE_FOR_NON_GEO_ENTITY,
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberType,
    country_code_for_region,
    is_number_type_geographical,
)

#: As many digits as numbers have, whatever stands between them. Without a + no dots, and behind a + no single
#: one before the last digit or two: `512345678.0` is a quantity that a spreadsheet made of a number.
_INTERNATIONAL = re.compile(r"(?![^.]*\.[0-9]{1,2}\Z)\+[1-9](?:[ ().\-]*[0-9]){6,14}")
_NATIONAL = re.compile(r"\(?[0-9](?:[ ()\-]*[0-9]){4,15}")
_PUNCTUATION = str.maketrans("", "", " ().-")

#: The kinds of number that the library knows, in the order in which it asks for them. A fixed line that could
#: be a mobile number as well is a kind of its own: `fixed_or_mobile`.
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
#: The same for those who only ask whether: what lists are full of comes first.
_LIKELIEST_FIRST = ("mobile", "fixed_line", *_SPECIAL)
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class _Country:
    """One country of a calling code. With `leading`, these digits alone tell that a number is its."""

    region: str
    leading: re.Pattern[str] | None

    def has(self, subscriber: str) -> bool:
        return _valid(self.region, len(subscriber)).fullmatch(subscriber) is not None


@dataclass(frozen=True, slots=True)
class _NumberingPlan:
    """What the countries of one calling code share: in the library's order, and what may stand in front.

    `start` is where the subscriber's number begins in E.164.
    """

    code: str
    start: int
    countries: tuple[_Country, ...]
    stripped: re.Pattern[str] | None
    general: re.Pattern[str]
    prefix: str
    abroad: re.Pattern[str]

    def country_of(self, subscriber: str) -> str | None:
        """The country whose valid number this is, as the library finds it; None if it is nobody's."""
        for country in self.countries:
            if country.leading is None:
                if country.has(subscriber):
                    return country.region
            elif country.leading.match(subscriber):
                return country.region if country.has(subscriber) else None
        return None

    def leaves_alone(self, digits: str) -> bool:
        """Would the library take nothing away from the front of these digits, and put nothing there?"""
        found = None if self.stripped is None else self.stripped.match(digits)
        return found is None or (found.end() == 0 and found.lastindex is None)


def international(text: str) -> tuple[str, str] | None:
    """E.164 and country of a number that begins with +; None where only the library can tell."""
    if text[1:].isdecimal() and text[0] == "+" and text.isascii():
        e164 = text
    elif _INTERNATIONAL.fullmatch(text):
        e164 = text.translate(_PUNCTUATION)
    else:
        return None
    plan = _plan_behind(e164[1:4])
    if plan is None:
        return None
    subscriber = e164[plan.start :]
    if not plan.leaves_alone(subscriber):
        return None
    country = plan.country_of(subscriber)
    return None if country is None else (e164, country)


def national(text: str, region: str) -> tuple[str, str] | None:
    """E.164 and country of a number as written inside `region`; None where only the library can tell."""
    plan = _plan_of(region)
    digits = _dialled(text)
    if plan is None or digits is None or plan.abroad.match(digits):
        return None
    if digits.startswith(plan.code) and not _is_meant_at_home(digits, plan):
        return None
    subscriber = _without_prefix(digits, plan)
    country = None if subscriber is None else plan.country_of(subscriber)
    return None if country is None else (f"+{plan.code}{subscriber}", country)


def without_plus(text: str, region: str) -> tuple[str, str] | None:
    """E.164 and country of a number of `region` that lacks nothing but its +, and cannot be read otherwise.

    None where there is no such number, and where only the library can tell.
    """
    plan = _plan_of(region)
    digits = _dialled(text)
    if plan is None or digits is None or plan.abroad.match(digits) or plan.code == plan.prefix:
        return None
    if not _is_behind_its_code(digits, plan) or plan.country_of(f"0{digits}"):
        return None
    return international(f"+{digits}")


def own_kind(subscriber: str, region: str) -> str | None:
    """What kind of number of the region's plan these digits are, as they stand; None for no valid one."""
    plan = _plan_of(region)
    country = None if plan is None else plan.country_of(subscriber)
    return None if plan is None or country is None else kind_of(f"+{plan.code}{subscriber}", country)


def country_of(e164: str) -> str | None:
    """The country that a number belongs to, `001` for none; None for one that is not valid."""
    plan = _plan_behind(e164[1:4])
    if plan is not None:
        return plan.country_of(e164[plan.start :])
    return REGION_CODE_FOR_NON_GEO_ENTITY if kind_of(e164, REGION_CODE_FOR_NON_GEO_ENTITY) else None


def looks_own(digits: str, region: str) -> bool:
    """Have these digits, with or without the prefix dialled in front, the look of numbers of the region?"""
    plan = _plan_of(region)
    return plan is not None and any(
        plan.general.fullmatch(reading) for reading in (digits, digits.removeprefix(plan.prefix))
    )


def dialled_in_front(region: str) -> str:
    """The digits that calls within the country begin with, and that are no part of the number."""
    plan = _plan_of(region)
    return "" if plan is None else plan.prefix


def calling_code(region: str) -> str:
    """The digits that calls from abroad begin with; empty for a country that has no numbers."""
    plan = _plan_of(region)
    return "" if plan is None else plan.code


def dials_abroad(digits: str, region: str) -> bool:
    """Do these digits begin as calls to other countries do in `region`?"""
    plan = _plan_of(region)
    return plan is not None and plan.abroad.match(digits) is not None


def kind_of(number: str, country: str) -> str | None:
    """What kind of number a valid one (E.164) of this country is, in the library's words and order; None
    for one that is not valid."""
    if country == REGION_CODE_FOR_NON_GEO_ENTITY:
        country, start = number[1:4], 4
    else:
        start = _start_of(country)
    found = _kinds(country, len(number) - start).fullmatch(number, start)
    return None if found is None else found.lastgroup


def is_tied_to_a_place(number: str, country: str) -> bool:
    """Does a valid number of this country (E.164) belong to a place in it, as far as the library knows?

    Fixed lines do; mobile numbers only where their area codes are those of places (Mexico, Brazil, …).
    """
    kind = kind_of(number, country)
    if kind != "mobile":
        return kind in ("fixed_line", "fixed_or_mobile")
    return is_number_type_geographical(PhoneNumberType.MOBILE, country_code_for_region(country))


@cache
def mobile_lengths(region: str) -> tuple[int, ...]:
    """How many digits mobile numbers of a country can have behind its calling code, the fewest first."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    mobile = None if metadata is None else metadata.mobile
    return () if mobile is None else tuple(length for length in mobile.possible_length if length > 0)


def _dialled(text: str) -> str | None:
    """The digits of a number without a +; None for what does not look like one."""
    if text.isdecimal() and text.isascii():
        return text if 5 <= len(text) <= 16 else None
    return text.translate(_PUNCTUATION) if _NATIONAL.fullmatch(text) else None


def _is_meant_at_home(digits: str, plan: _NumberingPlan) -> bool:
    """Do digits that begin like the calling code mean a number of the country all the same?

    A number that looks like that (392 345 6789 in Italy), or one behind a prefix that is the code (the 1 of
    the US). Not what could be both, such as 49 151 12345678 in Germany.
    """
    if plan.code == plan.prefix:
        return _is_behind_its_code(digits, plan)
    return plan.general.fullmatch(digits) is not None and international(f"+{digits}") is None


def _is_behind_its_code(digits: str, plan: _NumberingPlan) -> bool:
    """Would the library take away the calling code, for what stands behind it and not for all of it?"""
    behind = digits.removeprefix(plan.code)
    return (
        behind != digits
        and not plan.general.fullmatch(digits)
        and plan.general.fullmatch(behind) is not None
        and plan.leaves_alone(behind)
        and (plan.code == plan.prefix or plan.leaves_alone(digits))
    )


def _without_prefix(digits: str, plan: _NumberingPlan) -> str | None:
    """The digits behind the national prefix, where there is no doubt whether it is one."""
    if plan.leaves_alone(digits):
        return digits
    found = None if plan.stripped is None else plan.stripped.match(digits)
    is_plain = found is not None and found[0] == plan.prefix and found.lastindex is None
    if not is_plain or plan.general.fullmatch(digits):
        return None
    return digits[len(plan.prefix) :]


@lru_cache(maxsize=1024)
def _plan_behind(leading: str) -> _NumberingPlan | None:
    """The plan whose calling code these three digits begin with: no code is the beginning of another."""
    for size in (1, 2, 3):
        regions = COUNTRY_CODE_TO_REGION_CODE.get(int(leading[:size]))
        if regions and leading[0] != "0":
            return _plan_of(regions[0])
    return None


@lru_cache(maxsize=512)
def _plan_of(region: str) -> _NumberingPlan | None:
    """The plan as it is read in this country; None for plans without a country: satellites, freephone."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None or metadata.country_code is None:
        return None
    code = str(metadata.country_code)
    return _NumberingPlan(
        code=code,
        start=1 + len(code),
        countries=tuple(map(_country, COUNTRY_CODE_TO_REGION_CODE[metadata.country_code])),
        stripped=re.compile(metadata.national_prefix_for_parsing)
        if metadata.national_prefix_for_parsing
        else None,
        general=_compiled(_pattern_of(metadata.general_desc)),
        prefix=metadata.national_prefix or "",
        abroad=_compiled(metadata.international_prefix),
    )


@cache
def _country(region: str) -> _Country:
    metadata = _metadata(region)
    leading = None if metadata is None else metadata.leading_digits
    return _Country(region, re.compile(leading) if leading else None)


@lru_cache(maxsize=512)
def _start_of(region: str) -> int:
    return 1 + len(str(country_code_for_region(region)))


def _metadata(region: str) -> PhoneMetadata | None:
    """The tables of a country or, by its three digits, of a calling code that belongs to none."""
    if region.isdecimal():
        return PhoneMetadata.metadata_for_nongeo_region(int(region), None)
    return PhoneMetadata.metadata_for_region(region, None)


@lru_cache(maxsize=2048)
def _valid(region: str, length: int) -> re.Pattern[str]:
    """What matches the valid numbers of so many digits."""
    metadata = _metadata(region)
    if metadata is None:
        return _NEVER
    found = [_of_length(getattr(metadata, kind), length) for kind in _LIKELIEST_FIRST]
    return _any_of(metadata, length, [pattern for pattern in found if pattern])


@lru_cache(maxsize=2048)
def _kinds(region: str, length: int) -> re.Pattern[str]:
    """The same, and its last group has the kind's name."""
    metadata = _metadata(region)
    if metadata is None:
        return _NEVER
    named = [(kind, _of_length(getattr(metadata, kind), length)) for kind in _SPECIAL]
    fixed, mobile = _of_length(metadata.fixed_line, length), _of_length(metadata.mobile, length)
    if fixed and metadata.same_mobile_and_fixed_line_pattern:
        named.append(("fixed_or_mobile", fixed))
    else:
        both = f"(?=(?:{mobile})\\Z)(?:{fixed})" if fixed and mobile else ""
        named += [("fixed_or_mobile", both), ("fixed_line", fixed), ("mobile", mobile)]
    return _any_of(metadata, length, [f"(?P<{kind}>{pattern})" for kind, pattern in named if pattern])


def _any_of(metadata: PhoneMetadata, length: int, patterns: Sequence[str]) -> re.Pattern[str]:
    general = _of_length(metadata.general_desc, length)
    return re.compile(f"(?=(?:{general})\\Z)(?:{'|'.join(patterns)})") if general and patterns else _NEVER


def _of_length(kind: PhoneNumberDesc | None, length: int) -> str:
    """The kind's pattern, if numbers of so many digits can be of it."""
    pattern = _pattern_of(kind)
    if kind is None or not pattern or (kind.possible_length and length not in kind.possible_length):
        return ""
    return f"(?:{pattern})"


def _pattern_of(kind: PhoneNumberDesc | None) -> str:
    return "" if kind is None else kind.national_number_pattern or ""


def _compiled(pattern: str | None) -> re.Pattern[str]:
    return re.compile(pattern) if pattern else _NEVER
