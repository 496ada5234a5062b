"""What is mended, what must not be, and that a repair does what it says and nothing else."""

from __future__ import annotations

import random
import re
import time

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata

from smscli.domain.msisdn import BadNumber, Msisdn, digits_of, parse
from smscli.domain.number_types import TEXTABLE, number_type
from smscli.domain.repairs import Repair, read_number, with_plus

MENDED = [
    # text, region, E.164, code
    ("48512345678", "PL", "+48512345678", "plus_restored"),
    ("48 512 345 678", "PL", "+48512345678", "plus_restored"),
    ("48 512-345.678", "PL", "+48512345678", "plus_restored"),
    ("48512345678", "GB", "+48512345678", "plus_restored"),
    ("48512345678", "US", "+48512345678", "plus_restored"),
    ("12025550101", "PL", "+12025550101", "plus_restored"),
    ("306912345678", "PL", "+306912345678", "plus_restored"),
    ("393471234567", "IT", "+393471234567", "plus_restored"),
    ("79121234567", "RU", "+79121234567", "plus_restored"),
    ("5511912345678", "BR", "+5511912345678", "plus_restored"),
    ("2250701234567", "CI", "+2250701234567", "plus_restored"),
    ("٤٨٥١٢٣٤٥٦٧٨", "PL", "+48512345678", "plus_restored"),
    ("0048512345678", None, "+48512345678", "zeros_for_plus"),
    ("00 48 512 345 678", None, "+48512345678", "zeros_for_plus"),
    ("0048512345678", "US", "+48512345678", "zeros_for_plus"),
    ("0048512345678", "AU", "+48512345678", "zeros_for_plus"),
    ("00390612345678", "US", "+390612345678", "zeros_for_plus"),
    ("005511912345678", "BR", "+5511912345678", "zeros_for_plus"),  # 0055 dials abroad there, with a carrier
    ("701234567", "CI", "+2250701234567", "zero_restored"),
    ("7 01 23 45 67", "CI", "+2250701234567", "zero_restored"),
    ("66123456", "CG", "+242066123456", "zero_restored"),
    ("212345678", "IT", "+390212345678", "zero_restored"),
    ("+44 (0)7400 123456", None, "+447400123456", "trunk_zero_dropped"),
    ("+44(0)7400123456", "PL", "+447400123456", "trunk_zero_dropped"),
    ("+44-(0)-7400-123456", None, "+447400123456", "trunk_zero_dropped"),
    ("(+44) (0) 7400 123456", None, "+447400123456", "trunk_zero_dropped"),
    ("+49 (0) 1512 3456789", None, "+4915123456789", "trunk_zero_dropped"),
    ("512345678.0", "PL", "+48512345678", "decimal_dropped"),
    ("512345678.00", "PL", "+48512345678", "decimal_dropped"),
    ("512345678,0", "PL", "+48512345678", "decimal_dropped"),
    ("+48512345678.0", None, "+48512345678", "decimal_dropped"),
    ("+491701234567.0", None, "+491701234567", "decimal_dropped"),  # 4917012345670 is another German's
    ("15123456789.0", "DE", "+4915123456789", "decimal_dropped"),
    ("'+48512345678", None, "+48512345678", "quotes_removed"),
    ("’+48512345678", None, "+48512345678", "quotes_removed"),
    ('="+48512345678"', None, "+48512345678", "quotes_removed"),
    ('="512345678"', "PL", "+48512345678", "quotes_removed"),
    ("=+48512345678", None, "+48512345678", "quotes_removed"),
    ('""+48512345678""', None, "+48512345678", "quotes_removed"),
    ("“+48512345678”", None, "+48512345678", "quotes_removed"),
    ("„512 345 678“", "PL", "+48512345678", "quotes_removed"),
    ("tel:+48512345678", None, "+48512345678", "uri_removed"),
    ("tel:+48-512-345-678", None, "+48512345678", "uri_removed"),
    ("SMS:+48512345678", None, "+48512345678", "uri_removed"),
    ("whatsapp:+48512345678", None, "+48512345678", "uri_removed"),
    ("Tel. 512 345 678", "PL", "+48512345678", "uri_removed"),
    ("tel.: 512 345 678", "PL", "+48512345678", "uri_removed"),
    ("Tel 512 345 678", "PL", "+48512345678", "uri_removed"),
    ("mobile: (202) 555-0101", "US", "+12025550101", "uri_removed"),
    ("m: +12025550104", None, "+12025550104", "uri_removed"),
]

SEVERAL_REPAIRS = [
    ("48512345678.0", "PL", "+48512345678", "plus_restored", ("+ was missing", "decimal")),
    ("=48512345678", "PL", "+48512345678", "plus_restored", ("+ was missing", "equals sign")),
    ("'0048512345678", None, "+48512345678", "zeros_for_plus", ("00 stands for +", "quotes")),
    ("701234567.0", "CI", "+2250701234567", "zero_restored", ("first 0", "decimal")),
    ('="tel:+48512345678.0"', None, "+48512345678", "decimal_dropped", ("decimal", "quotes", "word")),
    ("Tel. 0151/23456789", "DE", "+4915123456789", "uri_removed", ("word",)),
    ("48/512345678", "PL", "+48512345678", "plus_restored", ("+ was missing",)),
    ("0049/151/23456789", None, "+4915123456789", "zeros_for_plus", ("00 stands for +",)),
    ("Tel. +44 (0)7400 123456", None, "+447400123456", "trunk_zero_dropped", ("(0)", "word")),
]


@pytest.mark.parametrize(("text", "region", "e164", "code"), MENDED)
def test_damage_that_leaves_one_number_is_mended(text: str, region: str | None, e164: str, code: str) -> None:
    number, repair = read_number(text, region)
    assert number.e164 == e164
    assert repair is not None
    assert repair.code == code


@pytest.mark.parametrize(("text", "region", "e164", "code", "words"), SEVERAL_REPAIRS)
def test_several_repairs_are_all_told_under_the_code_of_the_most_serious(
    text: str, region: str | None, e164: str, code: str, words: tuple[str, ...]
) -> None:
    number, repair = read_number(text, region)
    assert number.e164 == e164
    assert repair is not None
    assert repair.code == code
    assert [word for word in words if word not in repair.message] == []


def test_a_repair_says_what_was_found_and_what_is_read_and_shows_no_number() -> None:
    assert read_number("48512345678.0", "PL")[1] == Repair(
        "plus_restored",
        "48••••••••8.0 is read as +4851•••5678: its + was missing and the decimal behind it is left out",
    )


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+48512345678", None, "+48512345678"),
        (" +48 512 345 678 ", None, "+48512345678"),
        ("+48\u00a0512\u00a0345\u00a0678", None, "+48512345678"),
        ("512 345 678", "PL", "+48512345678"),
        ("0048512345678", "PL", "+48512345678"),
        ("07400 123456", "GB", "+447400123456"),
        ("7400123456", "GB", "+447400123456"),  # the zero is dialled, not a part of it: nothing is lost
        ("1512 3456789", "DE", "+4915123456789"),
        ("+39 (0)6 1234 5678", None, "+390612345678"),  # in Italy the zero belongs to it
        # The 1 of North America is its code, and what is dialled in front at home.
        ("12025550101", "US", "+12025550101"),
        ("1.202.555.0101", "US", "+12025550101"),
        ("1 202 555 0101", "BS", "+12025550101"),
        # What looks like the country's code is an area: the national number is meant.
        ("3921234567", "IT", "+393921234567"),
        ("55991234567", "BR", "+5555991234567"),
        ("9112345678", "IN", "+919112345678"),
        # Slashes, brackets and a second plus are punctuation.
        ("0151/23456789", "DE", "+4915123456789"),
        ("0664/1234567", "AT", "+436641234567"),
        ("++48512345678", None, "+48512345678"),
        ("[+48512345678]", None, "+48512345678"),
        ("+48_512_345_678", None, "+48512345678"),
    ],
)
def test_what_is_written_as_people_write_it_needs_no_repair(text: str, region: str | None, e164: str) -> None:
    number, repair = read_number(text, region)
    assert (number.e164, repair) == (e164, None)


REFUSED = [
    # No region: nothing says whether a + is missing.
    ("48512345678", None, "number_needs_country"),
    (
        "39347123456",
        "IT",
        "number_changed",
    ),  # an old short mobile behind 39, or one in 393 with a digit too many
    ("4703910", "SJ", "number_changed"),  # its code, or most of a mobile number
    ("7123456", "BF", "too_short"),  # its zero is missing, or any other digit
    ("16204624386", "HU", "too_long"),  # the 06 that is dialled in front, mistyped, or an American
    ("00469025911", "CC", "invalid_number"),
    ("512345678", None, "number_needs_country"),
    # Both readings are valid to the library, and only one of them is a mobile number.
    ("4915112345678", "DE", "number_needs_country"),
    ("491701234567", "DE", "number_needs_country"),
    ("491701234567.0", "DE", "number_needs_country"),
    # Estonian and Vietnamese with a +; far more likely American and Russian with a wrong digit.
    ("3725123456", "US", "invalid_number"),
    ("84901234567", "RU", "invalid_number"),
    # Australian and Spanish with a +, or from Ohio and Texas with a digit too many.
    ("61441234567", "US", "too_long"),
    ("34655512345", "US", "too_long"),
    # As short as a number of the region that was cut.
    ("298212345", "US", "too_short"),
    ("112025550101", "US", "number_changed"),
    ("480512345678", "PL", "invalid_number"),
    ("4851234567", "PL", "invalid_number"),
    ("004851234567", None, "number_needs_country"),
    ("000048512345678", None, "number_needs_country"),
    ("00048512345678", "US", "too_long"),
    ("01148512345678", "PL", "too_long"),
    ("0014155550101", "KR", "too_short"),  # 001 dials abroad there, and what is behind it is cut
    ("070123456", "CI", "too_short"),
    ("71234567", "CI", "too_short"),
    ("612345678", "GB", "invalid_number"),
    ("2111912345678", "BR", "too_long"),
    ("+44 07400 123456", None, "number_changed"),
    ("+44 (0)740 123456", None, "invalid_number"),
    ("+44 (00)7400 123456", None, "too_long"),
    ("+44 7(0)400 123456", None, "too_long"),
    ("+54 (0)11 15 2345 6789", None, "not_international"),
    ("512345678.5", "PL", "not_a_number"),
    ("512345678.05", "PL", "not_a_number"),
    ("512345678.000", "PL", "too_long"),
    ("1.512.345.678,0", "PL", "has_extension"),
    ("5123456.780", "PL", "invalid_number"),
    ("71480.0", "FO", "not_a_number"),  # 714800 is somebody's on the Faroes
    ("4.8512345678E+10", "PL", "rounded_number"),
    ("'", "PL", "not_a_number"),
    ("=", "PL", "not_a_number"),
    ('""', "PL", "not_a_number"),
    ("'12345", "PL", "short_code"),
    ("=512345678=512345679", "PL", "not_a_number"),
    ("512'345'678", "PL", "not_a_number"),
    ("fax: 512345678", "PL", "not_a_number"),
    ("Fax 512345678", "PL", "not_a_number"),
    ("hotel 512345678", "PL", "not_a_number"),
    ("tel 2 512 345 678", "DE", "not_a_number"),  # the second number of somebody
    ("Tel. 2 512 345 678", "DE", "not_a_number"),
    ("mobile 1: 512345678", "PL", "not_a_number"),
    ("tel:+48512345678;ext=5", None, "has_extension"),
    ("tel:+48512345678,+48512345679", None, "several_numbers"),
    ("Tel. 512345678 or 512345679", "PL", "several_numbers"),
    ("Tel. 512345678 or 79", "PL", "several_numbers"),
    ("0151/23456783/84", "DE", "several_numbers"),
    ("49/15112345678", "DE", "number_needs_country"),
    ("22/03/2024", "DK", "not_a_number"),
    ("tel:+1-800-FLOWERS", None, "has_letters"),
    ("512345678 tel", "PL", "has_letters"),
    ("https://wa.me/48512345678", None, "not_a_number"),
    ("48512345678@c.us", "PL", "not_a_number"),
    ("", "PL", "missing_number"),
    ("\u200b", None, "missing_number"),
]


@pytest.mark.parametrize(("text", "region", "code"), REFUSED)
def test_what_could_be_read_in_another_way_is_left_to_people(
    text: str, region: str | None, code: str
) -> None:
    with pytest.raises(BadNumber) as caught:
        read_number(text, region)
    assert caught.value.code == code
    assert caught.value.hint
    assert caught.value.message.isprintable()


def test_a_column_whose_numbers_all_lack_their_plus_has_a_hint_for_all_of_it() -> None:
    with pytest.raises(BadNumber) as caught:
        read_number("4915112345678", "DE")
    assert caught.value.hint.startswith("write + in front; if all numbers of the list lack it, ")
    assert 'the formula ="+"&A2' in caught.value.hint
    assert len(caught.value.hint) < 300  # what a problem shows of it


def test_only_lists_mend_a_missing_plus_others_take_it_as_ever() -> None:
    assert parse("48512345678", "PL") == Msisdn("+48512345678", "PL")
    assert parse("4915112345678", "DE") == Msisdn("+494915112345678", "DE")
    with pytest.raises(BadNumber):
        parse("48512345678", "GB")


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("48 512 345 678", "+48512345678"),
        ("4915112345678", "+4915112345678"),
        ("512345678", None),
        ("+48512345678", None),
        ("n/a", None),
    ],
)
def test_what_digits_would_be_with_a_plus_can_be_asked(text: str, e164: str | None) -> None:
    found = with_plus(text)
    assert (found and found.e164) == e164


def outcome(text: str, region: str | None) -> tuple[Msisdn, Repair | None] | BadNumber:
    try:
        return read_number(text, region)
    except BadNumber as bad:
        return bad


REGIONS = ("US", "PL", "DE", "IT", "CI", "BR", "RU", "GB", "AR", "GA", "KR", "AU", "SM", "XX")
EXAMPLES = tuple(
    f"+{metadata.country_code}{described.example_number}"
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    if (metadata := PhoneMetadata.metadata_for_region(region, None)) is not None
    for described in (metadata.mobile, metadata.fixed_line)
    if described is not None and described.example_number
)


def digits_are_accounted_for(text: str, number: Msisdn, repair: Repair, region: str | None) -> bool:
    """Are the number's digits the cell's, with what the repairs put there and took away?"""
    digits = digits_of(text)
    if "decimal" in repair.message:
        zeros = re.search(r"[.,](0+)\W*$", text)
        assert zeros is not None
        digits = digits[: -len(zeros[1])]
    match repair.code:
        case "plus_restored":
            return number.digits == digits
        case "zeros_for_plus":
            return f"00{number.digits}" == digits
        case "zero_restored":
            code = phonenumbers.country_code_for_region(region or "")
            return number.digits == f"{code}0{digits}"
        case "trunk_zero_dropped":
            return len(digits) == len(number.digits) + 1 and "(0)" in text
        case _:
            return parse(digits if "+" not in text else f"+{digits}", region) == number


cells = st.builds(
    lambda e164, cut, front, back: front + e164[cut:] + back,
    st.sampled_from(EXAMPLES),
    st.sampled_from([0, 0, 1, 1, 2, 3, 4, 5]),
    st.sampled_from(["", "", "00", "+", "'", '="', "=", "tel:", "Tel. ", "0", "+44 (0)", "“"]),
    st.sampled_from(["", "", ".0", ".00", ",0", "0", "'", '"', "”", " "]),
)


@settings(max_examples=600, deadline=None)
@given(text=cells, region=st.sampled_from((None, *REGIONS)))
def test_a_repaired_number_is_valid_and_has_the_digits_that_its_repair_says(
    text: str, region: str | None
) -> None:
    try:
        number, repair = read_number(text, region)
    except BadNumber:
        return
    assert phonenumbers.is_valid_number(phonenumbers.parse(number.e164))
    assert parse(number.e164, None) == number
    if repair is None:
        assert number == parse(text, region)
    else:
        assert digits_are_accounted_for(text, number, repair, region)
        assert number.e164 not in repair.message
        assert number.digits not in repair.message


def slips(digits: str, chance: random.Random) -> str:
    """A digit mistyped, left out, typed twice, or two in the wrong order."""
    place = chance.randrange(len(digits))
    rest = digits[place + 1 :]
    match chance.randrange(4):
        case 0:
            return digits[:place] + chance.choice("0123456789") + rest
        case 1:
            return digits[:place] + rest
        case 2:
            return digits[: place + 1] + digits[place:]
        case _:
            return digits[:place] + rest[:1] + digits[place] + rest[1:]


#: Kazakhstan is not among them: its numbers begin like its code, and eleven digits are how they are written.
SLIPPERY = (
    *("US", "GB", "PL", "FR", "ES", "RU", "IN", "BR", "IT", "NO", "CI", "EE", "SG", "HU", "BF", "TJ"),
    *("CC", "CU", "MM", "SJ", "VA", "AT", "FI", "MX", "ID"),
)


def test_a_slip_in_a_mobile_number_is_never_mended_into_somebody_elses() -> None:
    """Nobody whom texts reach: of the region that the number is of, or of any other."""
    chance = random.Random(9)
    for region in SLIPPERY:
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        assert example is not None
        written = phonenumbers.national_significant_number(example)
        prefix = phonenumbers.ndd_prefix_for_region(region, True) or ""
        for _ in range(300):
            digits = written[:1] + "".join(chance.choice("0123456789") for _ in written[1:])
            meant = outcome(digits, region)
            if isinstance(meant, BadNumber):
                continue
            text = slips(chance.choice(["", prefix]) + digits, chance)
            found = outcome(text, region)
            if isinstance(found, BadNumber) or found[1] is None or found[0] == meant[0]:
                continue
            assert number_type(found[0]) not in TEXTABLE, (text, region)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60), region=st.sampled_from((None, *REGIONS)))
def test_any_text_is_a_number_or_a_problem(text: str, region: str | None) -> None:
    found = outcome(text, region)
    if isinstance(found, BadNumber):
        assert found.message.isprintable()
    else:
        assert isinstance(found[0], Msisdn)
        assert found[1] is None or found[1].message.isprintable()


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(st.sampled_from("+0123456789 ().,-/;=\"'xeEOl:telTEL#"), max_size=40),
    region=st.sampled_from((None, *REGIONS)),
)
def test_any_damaged_number_is_a_number_or_a_problem(text: str, region: str | None) -> None:
    found = outcome(text, region)
    assert not isinstance(found, BadNumber) or (found.code == "missing_number") == (not text.strip())


LONG = (
    *("1", "1 ", "1-", "+1", "(0", "()", "0.", "1,", "1;", "1/", " ", "=", '"', "=\"'", "tel:", "O1", "1O "),
    *("1ext", "x", "1x", "#", "1#", "+", "1 or ", "E+1", "1.0", "-(", "\n", "1\n", "é", "１", "\u200b", "٣ "),
)


@pytest.mark.parametrize("piece", LONG)
@pytest.mark.parametrize(("front", "back"), [("", ""), ("+48", "x"), ("5", ".0"), ("tel:", "!"), ('="', '"')])
def test_a_cell_of_a_thousand_characters_takes_no_time(piece: str, front: str, back: str) -> None:
    text = (front + piece * 1000)[:1000] + back
    began = time.process_time()
    for region in (None, "US"):
        with pytest.raises(BadNumber):
            read_number(text, region)
    assert time.process_time() - began < 0.25
