"""The quick way to a number against the library's own: the same answer, or none."""

from __future__ import annotations

import random
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from smscli.domain import msisdn, numbering
from smscli.domain.msisdn import BadNumber, parse

KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


def by_the_library(text: str, region: str | None) -> tuple[str, str] | None:
    try:
        number = msisdn._interpreted(text, region)
    except BadNumber:
        return None
    return number.e164, number.country


def quickly(text: str, region: str) -> tuple[str, str] | None:
    return numbering.international(text) if text.startswith("+") else numbering.national(text, region)


def described_by_the_library(region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region(region, None)
    assert metadata is not None
    return metadata


def examples() -> Iterator[tuple[str, str, str]]:
    """Region, calling code and a subscriber's number, of every kind in every country."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        metadata = described_by_the_library(region)
        for kind in KINDS:
            described = getattr(metadata, kind)
            if described is not None and described.example_number:
                yield region, str(metadata.country_code), described.example_number


EXAMPLES = tuple(examples())


def spellings(region: str, code: str, subscriber: str) -> Iterator[str]:
    prefix = described_by_the_library(region).national_prefix or ""
    yield from (f"+{code}{subscriber}", f"+{code} {subscriber[:3]} {subscriber[3:]}")
    yield from (subscriber, f"{prefix}{subscriber}", f"({prefix}{subscriber[:3]}) {subscriber[3:]}")


def test_every_kind_of_number_of_every_country_is_read_as_the_library_reads_it() -> None:
    assert len(EXAMPLES) > 1_000
    for region, code, subscriber in EXAMPLES:
        for text in spellings(region, code, subscriber):
            quick = quickly(text, region)
            assert quick is None or quick == by_the_library(text, region), (text, region)


def with_other_digits(subscriber: str, chance: random.Random) -> str:
    digits = list(subscriber)
    for place in chance.sample(range(len(digits)), chance.randint(1, len(digits))):
        digits[place] = chance.choice("0123456789")
    return "".join(digits)


def test_generated_numbers_of_every_country_are_read_as_the_library_reads_them() -> None:
    """Of each kind in each country three, in E.164, national without and with the prefix, and without a +."""
    chance = random.Random(4)
    read = quick = 0
    for region, code, example in EXAMPLES:
        prefix = described_by_the_library(region).national_prefix or ""
        for subscriber in (with_other_digits(example, chance) for _ in range(3)):
            for text in {f"+{code}{subscriber}", subscriber, f"{prefix}{subscriber}", f"{code}{subscriber}"}:
                found, known = quickly(text, region), by_the_library(text, region)
                assert found is None or found == known, (text, region)
                lacking = numbering.without_plus(text, region)
                assert lacking is None or (found is None and lacking == known), (text, region)
                read, quick = read + (known is not None), quick + ((found or lacking) is not None)
    assert read > 4_000
    assert quick > 0.9 * read


def test_hardly_any_number_in_e164_needs_the_library() -> None:
    valid = [f"+{code}{subscriber}" for _, code, subscriber in EXAMPLES]
    found = [text for text in valid if numbering.international(text)]
    assert len(found) > 0.98 * len(valid)


@settings(max_examples=400)
@given(
    example=st.sampled_from(EXAMPLES),
    changes=st.lists(st.tuples(st.integers(0, 14), st.sampled_from("0123456789")), max_size=6),
    extra=st.sampled_from(["", "", "", "0", "5"]),
    spelling=st.integers(0, 4),
)
def test_a_number_with_wrong_digits_is_never_read_in_another_way(
    example: tuple[str, str, str], changes: list[tuple[int, str]], extra: str, spelling: int
) -> None:
    region, code, subscriber = example
    digits = list(subscriber + extra)
    for place, digit in changes:
        digits[place % len(digits)] = digit
    text = list(spellings(region, code, "".join(digits)))[spelling]
    quick = quickly(text, region)
    assert quick is None or quick == by_the_library(text, region)


@settings(max_examples=400)
@given(
    example=st.sampled_from(EXAMPLES),
    changes=st.lists(st.tuples(st.integers(2, 14), st.sampled_from("0123456789")), max_size=4),
)
def test_numbers_are_tied_to_places_as_the_library_says(
    example: tuple[str, str, str], changes: list[tuple[int, str]]
) -> None:
    _, code, subscriber = example
    digits = list(subscriber)
    for place, digit in changes:
        digits[place % len(digits)] = digit
    e164 = f"+{code}{''.join(digits)}"
    read = by_the_library(e164, None)
    assume(read is not None)
    assert read is not None
    tied = phonenumbers.is_number_geographical(phonenumbers.parse(e164))
    assert numbering.is_tied_to_a_place(e164, read[1]) == tied


@settings(max_examples=200)
@given(
    text=st.text(st.sampled_from("+0123456789 ().-"), max_size=20),
    region=st.sampled_from(["US", "PL", "IT", "AR"]),
)
def test_any_dialling_characters_are_read_as_the_library_reads_them_or_not_at_all(
    text: str, region: str
) -> None:
    quick = quickly(text, region)
    assert quick is None or quick == by_the_library(text, region)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("512345678.0", "PL"),  # a quantity
        ("+48 (0) 512345678", "PL"),
        ("+540111512345678", "AR"),
        ("0048512345678", "PL"),
        ("+491701234567.0", "DE"),  # the same behind a +: one digit more is another German's number
        ("+49 170 1234567.00", "DE"),
        ("48512345678", "PL"),  # with its code, without its plus
        ("112025550101", "US"),  # a digit too many in front
        ("+870773111632", "US"),  # a satellite
        ("+1202555010¹", "US"),
        ("", "US"),
        ("+", "US"),
    ],
)
def test_what_takes_thought_is_left_to_the_library(text: str, region: str) -> None:
    assert quickly(text, region) is None


@pytest.mark.parametrize(
    ("text", "region", "e164", "country"),
    [
        ("+12025550101", None, "+12025550101", "US"),
        ("+7 701 234 5678", None, "+77012345678", "KZ"),
        ("+447400123456", None, "+447400123456", "GB"),
        ("+447700312345", None, "+447700312345", "JE"),
        ("(202) 555-0101", "US", "+12025550101", "US"),
        ("0171 2345678", "DE", "+491712345678", "DE"),
        ("416 555 0101", "CA", "+14165550101", "CA"),
        ("12025550101", "US", "+12025550101", "US"),
        ("3921234567", "IT", "+393921234567", "IT"),
        ("06 1234 5678", "IT", "+390612345678", "IT"),
        ("+390612345678", None, "+390612345678", "IT"),
        ("+2250701234567", None, "+2250701234567", "CI"),
        ("+5491123456789", None, "+5491123456789", "AR"),
    ],
)
def test_what_is_plain_is_read_without_it(text: str, region: str | None, e164: str, country: str) -> None:
    quick = numbering.national(text, region) if region else numbering.international(text)
    assert quick == (e164, country)
    number = parse(text, region)
    assert (number.e164, number.country) == (e164, country)
