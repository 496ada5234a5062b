"""What kind of number a number is: as the library says it, at a fraction of the time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberType

from smscli.domain.msisdn import NO_COUNTRY, BadNumber, Msisdn, parse
from smscli.domain.number_types import TEXTABLE, NumberType, number_type, said, why_not

#: The library's word for each kind, by ours.
WORDS = {
    NumberType.MOBILE: "mobile",
    NumberType.FIXED_LINE: "fixed_line",
    NumberType.VOIP: "voip",
    NumberType.TOLL_FREE: "toll_free",
    NumberType.PREMIUM_RATE: "premium_rate",
    NumberType.SHARED_COST: "shared_cost",
    NumberType.PERSONAL: "personal_number",
    NumberType.PAGER: "pager",
    NumberType.UAN: "uan",
    NumberType.VOICEMAIL: "voicemail",
}
BY_THE_LIBRARY = {
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


def tables() -> Iterator[tuple[str, PhoneMetadata]]:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata = PhoneMetadata.metadata_for_region(region, None)
        assert metadata is not None
        yield region, metadata
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        metadata = PhoneMetadata.metadata_for_nongeo_region(code, None)
        assert metadata is not None
        yield NO_COUNTRY, metadata


def examples() -> Iterator[tuple[str, NumberType, str]]:
    """Region, kind and E.164 of an example of every kind that a country has."""
    for region, metadata in tables():
        for kind, word in WORDS.items():
            described = getattr(metadata, word)
            if described is not None and described.example_number:
                yield region, kind, f"+{metadata.country_code}{described.example_number}"


EXAMPLES = tuple(examples())
PLACES = tuple((region, metadata.country_code) for region, metadata in tables())


def library_says(e164: str) -> NumberType:
    return BY_THE_LIBRARY[phonenumbers.number_type(phonenumbers.parse(e164))]


def generated(seed: int, of_each: int) -> Iterator[str]:
    """Numbers of every kind of every country, with some of their digits changed."""
    chance = random.Random(seed)
    for _, _, e164 in EXAMPLES:
        for _ in range(of_each):
            digits = list(e164)
            for place in chance.sample(range(4, len(digits)), chance.randint(1, len(digits) - 4)):
                digits[place] = chance.choice("0123456789")
            yield "".join(digits)


def test_the_examples_of_every_country_have_the_kind_that_they_are_examples_of() -> None:
    assert {kind for _, kind, _ in EXAMPLES} == WORDS.keys()
    assert {region for region, _, _ in EXAMPLES} == {region for region, _ in PLACES}
    strange = []
    for _, kind, e164 in EXAMPLES:
        found = number_type(parse(e164, None))
        assert found == library_says(e164), e164
        if found not in (kind, NumberType.FIXED_OR_MOBILE):
            strange.append(e164)
    # Where the patterns of two kinds overlap, the first that the library asks for has it.
    assert len(strange) < 0.01 * len(EXAMPLES)


def test_generated_numbers_of_every_kind_of_every_country_have_the_librarys_kind() -> None:
    kinds = Counter[NumberType]()
    for e164 in generated(seed=4, of_each=12):
        try:
            number = parse(e164, None)
        except BadNumber:
            continue
        kind = number_type(number)
        assert kind == library_says(e164), e164
        kinds[kind] += 1
    assert kinds.total() > 5_000
    assert min(kinds[kind] for kind in NumberType if kind is not NumberType.UNKNOWN) >= 10


@settings(max_examples=300)
@given(place=st.sampled_from(PLACES), digits=st.text("0123456789", min_size=4, max_size=12))
def test_any_number_that_is_one_has_the_librarys_kind(place: tuple[str, int], digits: str) -> None:
    try:
        number = parse(f"+{place[1]}{digits}", None)
    except BadNumber:
        return
    assert number_type(number) == library_says(number.e164)


@pytest.mark.parametrize(
    ("e164", "kind"),
    [
        ("+48512345678", NumberType.MOBILE),
        ("+48221234567", NumberType.FIXED_LINE),
        ("+12025550123", NumberType.FIXED_OR_MOBILE),
        ("+18002345678", NumberType.TOLL_FREE),
        ("+19002345678", NumberType.PREMIUM_RATE),
        ("+447400123456", NumberType.MOBILE),
        ("+447012345678", NumberType.PERSONAL),
        ("+447640123456", NumberType.PAGER),
        ("+390612345678", NumberType.FIXED_LINE),
        ("+2250701234567", NumberType.MOBILE),
        ("+5491123456789", NumberType.MOBILE),
        ("+80012345678", NumberType.TOLL_FREE),
        ("+870773111632", NumberType.MOBILE),
        ("+881612345678", NumberType.MOBILE),
        ("+979123456789", NumberType.PREMIUM_RATE),
    ],
)
def test_a_number_is_of_a_kind(e164: str, kind: NumberType) -> None:
    assert number_type(parse(e164, None)) == kind == library_says(e164)


@pytest.mark.parametrize(
    ("e164", "country"), [("+17295550123", "US"), ("+48", "PL"), ("+48512345678", "XX"), ("+999123", "001")]
)
def test_what_is_no_number_of_its_country_is_of_no_known_kind(e164: str, country: str) -> None:
    assert number_type(Msisdn(e164, country)) is NumberType.UNKNOWN


def test_every_kind_has_words_for_people_and_a_line_that_allows_it() -> None:
    assert said(NumberType.FIXED_LINE) == "a landline"
    assert said(NumberType.PREMIUM_RATE) == "a premium-rate number"
    for words in (said, lambda kind: why_not(kind, TEXTABLE)):
        assert len({words(kind) for kind in NumberType}) == 12


ALLOWING = [
    # the number's kind, what is allowed already, the line that allows both
    (NumberType.FIXED_LINE, TEXTABLE, "mobile, fixed_or_mobile, fixed_line"),
    (NumberType.VOIP, TEXTABLE, "mobile, fixed_or_mobile, voip"),
    (NumberType.FIXED_LINE, {NumberType.MOBILE}, "mobile, fixed_line"),
    (NumberType.FIXED_OR_MOBILE, {NumberType.MOBILE}, "mobile, fixed_or_mobile"),
    (NumberType.MOBILE, {NumberType.FIXED_LINE, NumberType.PAGER}, "mobile, fixed_line, pager"),
    (NumberType.TOLL_FREE, {NumberType.VOIP, *TEXTABLE}, "mobile, fixed_or_mobile, voip, toll_free"),
    (NumberType.UNKNOWN, set(), "unknown"),
]


@pytest.mark.parametrize(("kind", "allowed", "line"), ALLOWING)
def test_the_line_that_allows_a_kind_keeps_what_is_allowed_already(
    kind: NumberType, allowed: set[NumberType], line: str
) -> None:
    assert why_not(kind, frozenset(allowed)).endswith(f"write number_types: [{line}]")


def test_it_says_why_people_are_not_texted_on_such_numbers() -> None:
    assert why_not(NumberType.FIXED_LINE, TEXTABLE) == (
        "most landlines cannot receive texts; to text them all the same write"
        " number_types: [mobile, fixed_or_mobile, fixed_line]"
    )


@pytest.mark.parametrize(
    ("kind", "country", "is_told"),
    [
        (NumberType.FIXED_LINE, "AR", True),
        (NumberType.TOLL_FREE, "AR", False),
        (NumberType.FIXED_LINE, "BR", False),
    ],
)
def test_a_landline_of_argentina_may_be_a_mobile_number_without_its_9(
    kind: NumberType, country: str, is_told: bool
) -> None:
    assert ("has a 9 behind +54" in why_not(kind, TEXTABLE, country)) is is_told
