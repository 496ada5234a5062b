"""What kind of line a number is: mobile, landline, premium rate, … by the library's tables.

Knows valid numbers only. The tables say for which service a range was given out, not who answers there: in
many countries (US, Canada) they cannot tell a mobile number from a landline, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from smscli.domain.msisdn import ARGENTINE_MOBILE, Msisdn
from smscli.domain.numbering import kind_of


class NumberType(StrEnum):
    """The kinds of number, as campaigns files write them."""

    MOBILE = "mobile"
    FIXED_OR_MOBILE = "fixed_or_mobile"  # the country's plan does not tell them apart
    FIXED_LINE = "fixed_line"
    VOIP = "voip"
    TOLL_FREE = "toll_free"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    PERSONAL = "personal"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"


#: Whom a text may reach. Everything else is a bad cell unless the campaigns file allows it.
TEXTABLE = frozenset({NumberType.MOBILE, NumberType.FIXED_OR_MOBILE})

#: The library's words; all but one are ours too.
_TYPES: Mapping[str, NumberType] = MappingProxyType(
    {**{kind.value: kind for kind in NumberType}, "personal_number": NumberType.PERSONAL}
)

_SAID: Mapping[NumberType, str] = MappingProxyType(
    {
        NumberType.MOBILE: "a mobile number",
        NumberType.FIXED_OR_MOBILE: "a number that may be a landline or a mobile",
        NumberType.FIXED_LINE: "a landline",
        NumberType.VOIP: "an internet phone (VoIP)",
        NumberType.TOLL_FREE: "a toll-free number",
        NumberType.PREMIUM_RATE: "a premium-rate number",
        NumberType.SHARED_COST: "a shared-cost number",
        NumberType.PERSONAL: "a personal number that follows its owner",
        NumberType.PAGER: "a pager",
        NumberType.UAN: "a company's number for all its offices (UAN)",
        NumberType.VOICEMAIL: "a voicemail box",
        NumberType.UNKNOWN: "a number of no known kind",
    }
)

_WHY_NOT: Mapping[NumberType, str] = MappingProxyType(
    {
        NumberType.MOBILE: "this list is not for mobile numbers",
        NumberType.FIXED_OR_MOBILE: "its country does not tell landlines from mobiles",
        NumberType.FIXED_LINE: "most landlines cannot receive texts",
        NumberType.VOIP: "many internet phones cannot receive texts",
        NumberType.TOLL_FREE: "toll-free numbers are companies' and seldom receive texts",
        NumberType.PREMIUM_RATE: "premium-rate numbers are no person's, and texts to them can be very dear",
        NumberType.SHARED_COST: "shared-cost numbers are companies' and seldom receive texts",
        NumberType.PERSONAL: "texts to personal numbers often get lost, and can be dear",
        NumberType.PAGER: "most pagers cannot receive texts",
        NumberType.UAN: "a company's common number is no person's and seldom receives texts",
        NumberType.VOICEMAIL: "voicemail boxes cannot receive texts",
        NumberType.UNKNOWN: "nobody knows whether it can receive texts",
    }
)


def number_type(number: Msisdn) -> NumberType:
    """The type of a valid number, as `phonenumbers.number_type` says it; UNKNOWN of one that is not valid."""
    return _TYPES[kind_of(number.e164, number.country) or "unknown"]


def said(kind: NumberType) -> str:
    """The kind in words for people: `a landline`."""
    return _SAID[kind]


def why_not(kind: NumberType, allowed: frozenset[NumberType], country: str = "") -> str:
    """Why numbers of this kind are not texted unless somebody says so, and the line that says so.

    `allowed`: what the campaigns file names already. `country`: the number's, for what is special there.
    """
    # Without its 9 a mobile number of Argentina is the landline of the same digits.
    is_argentine = kind is NumberType.FIXED_LINE and country == "AR"
    reason = f"{_WHY_NOT[kind]} ({ARGENTINE_MOBILE})" if is_argentine else _WHY_NOT[kind]
    line = ", ".join(known for known in NumberType if known in allowed or known is kind)
    return f"{reason}; to text them all the same write number_types: [{line}]"
