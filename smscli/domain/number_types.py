"""What kind of line a number is: mobile, landline, premium rate, … by the library's tables.

Knows valid numbers only. The tables say for which service a range was given out, not who answers there: in
many countries (US, Canada) they cannot tell a mobile number from a landline, and say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import phonenumbers
from phonenumbers import PhoneNumberType

from smscli.domain.msisdn import Msisdn


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

_TYPES: Mapping[int, NumberType] = MappingProxyType(
    {
        PhoneNumberType.MOBILE: NumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberType.FIXED_OR_MOBILE,
        PhoneNumberType.FIXED_LINE: NumberType.FIXED_LINE,
        PhoneNumberType.VOIP: NumberType.VOIP,
        PhoneNumberType.TOLL_FREE: NumberType.TOLL_FREE,
        PhoneNumberType.PREMIUM_RATE: NumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST: NumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER: NumberType.PERSONAL,
        PhoneNumberType.PAGER: NumberType.PAGER,
        PhoneNumberType.UAN: NumberType.UAN,
        PhoneNumberType.VOICEMAIL: NumberType.VOICEMAIL,
        PhoneNumberType.UNKNOWN: NumberType.UNKNOWN,
    }
)


def number_type(number: Msisdn) -> NumberType:
    """The type of a valid number, as `phonenumbers.number_type` says it."""
    return _TYPES[phonenumbers.number_type(phonenumbers.parse(number.e164))]
