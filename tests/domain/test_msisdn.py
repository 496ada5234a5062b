"""What is a number, what is not, and what must not be shown of one."""

from __future__ import annotations

import pickle
import traceback
from dataclasses import FrozenInstanceError, replace

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.msisdn import BadNumber, Msisdn, is_region, mask, parse

SPELLINGS = [
    # text, region, E.164, country
    ("+12025550123", None, "+12025550123", "US"),
    ("+1 202 555 0123", None, "+12025550123", "US"),
    ("+1 (202) 555-0123", None, "+12025550123", "US"),
    ("+1.202.555.0123", None, "+12025550123", "US"),
    ("  +12025550123\t", None, "+12025550123", "US"),
    ("\ufeff+1\u00a0202\u202f555\u20090123", None, "+12025550123", "US"),
    ("\u202a+12025550123\u202c", None, "+12025550123", "US"),
    ("+1\u2011202\u2013555\u20140123", None, "+12025550123", "US"),
    ("\uff0b12025550123", None, "+12025550123", "US"),
    ("+١٢٠٢٥٥٥٠١٢٣", None, "+12025550123", "US"),
    ("(+1) 202 555 0123", None, "+12025550123", "US"),
    ("202-555-0123", "US", "+12025550123", "US"),
    ("(202) 555-0123", "US", "+12025550123", "US"),
    ("1 202 555 0123", "US", "+12025550123", "US"),
    ("011 48 512 345 678", "US", "+48512345678", "PL"),
    ("+1 416 555 0123", None, "+14165550123", "CA"),
    ("512 345 678", "PL", "+48512345678", "PL"),
    ("48512345678", "PL", "+48512345678", "PL"),
    ("0048 512 345 678", "PL", "+48512345678", "PL"),
    ("0048 512 345 678", "DE", "+48512345678", "PL"),
    ("0011 48 512 345 678", "AU", "+48512345678", "PL"),
    ("+48 512 345 678", "US", "+48512345678", "PL"),
    ("+1 202 555 0123", "PL", "+12025550123", "US"),
    ("07400 123456", "GB", "+447400123456", "GB"),
    ("8 912 345-67-89", "RU", "+79123456789", "RU"),
    ("+7 701 123 4567", None, "+77011234567", "KZ"),
    ("06 1234 5678", "IT", "+390612345678", "IT"),
    ("+39 06 1234 5678", None, "+390612345678", "IT"),
    ("+52 55 1234 5678", None, "+525512345678", "MX"),
    ("+54 9 11 2345 6789", None, "+5491123456789", "AR"),
    ("0812-3456-7890", "ID", "+6281234567890", "ID"),
    ("+30 691 234 5678", None, "+306912345678", "GR"),
    ("+800 1234 5678", None, "+80012345678", "001"),
    ("++12025550123", None, "+12025550123", "US"),
    ("[+12025550123]", None, "+12025550123", "US"),
    ("[202] 555 0123", "US", "+12025550123", "US"),
]

SLASHED = [
    # text, region, E.164
    ("0151/23456789", "DE", "+4915123456789"),
    ("0151 / 23456789", "DE", "+4915123456789"),
    ("0151/2345-6789", "DE", "+4915123456789"),
    ("+49 151/23456789", None, "+4915123456789"),
    ("+49/151/23456789", None, "+4915123456789"),
    ("0049 151/23456789", "DE", "+4915123456789"),
    ("(0151)/23456789", "DE", "+4915123456789"),
    ("0664/1234567", "AT", "+436641234567"),  # 1234567 alone is somebody's in Vienna
    ("0664/6501234", "AT", "+436646501234"),  # and 6501234 somebody's mobile number
    ("0664 / 123 45 67", "AT", "+436641234567"),
    ("079/123 45 67", "CH", "+41791234567"),
    ("347/1234567", "IT", "+393471234567"),
    ("0470/12/34/56", "BE", "+32470123456"),
    ("+1/202/555/0123", None, "+12025550123"),
    ("1/2025550123", "US", "+12025550123"),  # the same number with its 1 and without it
    ("+1_202_555_0123", None, "+12025550123"),
    ("07400_123456", "GB", "+447400123456"),
    ("22/33/44/55", "DK", "+4522334455"),
]


@pytest.mark.parametrize(("text", "region", "e164"), SLASHED)
def test_a_slash_behind_an_area_code_is_punctuation(text: str, region: str | None, e164: str) -> None:
    assert parse(text, region).e164 == e164


NOT_SLASHED = [
    ("02/512345678", "PL", "too_long"),
    ("0151/2345", "DE", "invalid_number"),
    ("0151/23456789", None, "number_needs_country"),
    ("0171/2345678/9", "DE", "several_numbers"),  # 01712345678 and …9; all of it would be valid as well
    ("0171/234567/8", "DE", "not_a_number"),  # two numbers that lack a digit
    ("51234567/8", "PL", "not_a_number"),
    ("151/23456789", "DE", "not_a_number"),  # 23456789 is somebody's in Bochum
    ("0151/02345678", "DE", "not_a_number"),  # and 02345678 the same, with its zero
    ("0664 123/4567890", "AT", "several_numbers"),
    ("555-0112/555-0113", "US", "several_numbers"),
    ("22/03/2024", "DK", "not_a_number"),  # dates: their digits are numbers where those have eight
    ("9/12/2024", "IT", "not_a_number"),
    ("2024/03/22", "DK", "not_a_number"),
    ("25_03_2024", "SG", "not_a_number"),
    ("22/03/24", "FO", "not_a_number"),
    ("12345/6", "PL", "not_a_number"),
    ("1/2", "PL", "not_a_number"),
    ("0151/23456789/", "DE", "not_a_number"),
    ("0151//23456789", "DE", "not_a_number"),
    ("/0151 23456789", "DE", "not_a_number"),
    ("user_1234567", "PL", "not_a_number"),
    ("_512345678_", "PL", "not_a_number"),
    ("+++12025550123", None, "not_a_number"),
    ("0/+12025550123", "US", "not_a_number"),
    ("{+12025550123}", None, "not_a_number"),
    ("[+12025550123][+12025550124]", None, "several_numbers"),
]


@pytest.mark.parametrize(("text", "region", "code"), NOT_SLASHED)
def test_a_slash_that_may_stand_between_other_things_is_none(
    text: str, region: str | None, code: str
) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, region)
    assert caught.value.code == code


CUT_SHORT = [
    # text, region, how many
    ("+12025550107 or 0108", None, 2),
    ("202 555 0112/13", "US", 2),
    ("202 555 0112 / 13 / 14", "US", 3),
    ("202 555 0112/13", None, 2),  # of some country
    ("202 555 0112 & 13", "US", 2),
    ("202 555 0112 | 13", "US", 2),
    ("202 555 0112; 13", "US", 2),
    ("202 555 0112, 13", "US", 2),
    ("202 555 0112_13", "US", 2),
    ("0151/23456783/84", "DE", 2),
    ("0151/23456783 oder 0151/23456784", "DE", 2),
    ("0151/23456783 / +49 151/23456784", "DE", 2),
    ("0151 23456783 oder 84", "DE", 2),
    ("512 345 678 lub 79", "PL", 2),
    ("512 345 678 ALBO 79", "PL", 2),
    ("612 345 678 ou 79", "FR", 2),
    ("612 345 678 o 79", "ES", 2),
    ("912 345 67 89 или 88", "RU", 2),
    ("691 234 5678 ή 79", "GR", 2),
    ("0501 234 56 78 veya 79", "TR", 2),
    ("512 345 678 i 79", "PL", 2),
    ("612 345 678 y 79", "ES", 2),
]


@pytest.mark.parametrize(("text", "region", "amount"), CUT_SHORT)
def test_a_second_number_may_be_cut_short(text: str, region: str | None, amount: int) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, region)
    assert (caught.value.code, f"holds {amount} numbers" in caught.value.message) == ("several_numbers", True)


@pytest.mark.parametrize(
    ("text", "region", "code"),
    [
        ("512345678 or later", "PL", "has_letters"),
        ("512 o 345 678", "PL", "has_letters"),  # an o for a zero
        ("51234567 O 8", "PL", "has_letters"),
        ("0151234567O89", "DE", "has_letters"),
        ("512345678 o", "PL", "has_letters"),
        ("51234 or 56789", "PL", "has_letters"),
        ("0151 or 23456789", "DE", "has_letters"),
        ("512345678 for 12", "PL", "has_letters"),
        ("512345678,5", "PL", "has_extension"),
        ("512345678;5", "PL", "has_extension"),
        ("512345678+5", "PL", "not_a_number"),
        ("512345678\n12", "PL", "not_a_number"),
        ("512345678/home", "PL", "not_a_number"),
    ],
)
def test_a_word_is_one_for_or_only_between_a_full_number_and_digits(
    text: str, region: str | None, code: str
) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, region)
    assert caught.value.code == code


@pytest.mark.parametrize(("text", "region", "e164", "country"), SPELLINGS)
def test_every_spelling_of_a_number_is_that_number(
    text: str, region: str | None, e164: str, country: str
) -> None:
    assert parse(text, region) == Msisdn(e164, country)


BAD = [
    # text, region, code
    ("", None, "missing_number"),
    ("   ", "PL", "missing_number"),
    ("\u00a0\u200b", "PL", "missing_number"),
    ("n/a", "PL", "not_a_number"),
    ("-", "PL", "not_a_number"),
    ("+", None, "not_a_number"),
    ("()", "PL", "not_a_number"),
    ("1-800-FLOWERS", "US", "has_letters"),
    ("202-555-0123 (mobile)", "US", "has_letters"),
    ("tel:+12025550123", None, "not_a_number"),
    ("0+12025550123", "US", "not_a_number"),
    ("+12025550123 / +12025550124", None, "several_numbers"),
    ("'+12025550123", None, "not_a_number"),
    ("=+12025550123", None, "not_a_number"),
    ("202\n555 0123", "US", "not_a_number"),
    ("\x1b[31m+12025550123", None, "not_a_number"),
    # A spreadsheet's doing: the first would be another person's number in Germany.
    ("15112345678.0", "DE", "not_a_number"),
    ("2025550123.0", "US", "not_a_number"),
    ("2.02555E+09", "US", "rounded_number"),
    ("2,02555E9", "US", "rounded_number"),
    ("+491701234567.0", None, "not_a_number"),
    ("+49 170 1234567.00", None, "not_a_number"),
    ("512345678,0", "PL", "not_a_number"),
    ("4.48123E+11", None, "rounded_number"),
    ("+4,48E11", "PL", "rounded_number"),
    ("4E+11", "PL", "rounded_number"),
    ("512345678/512345679", "PL", "several_numbers"),
    ("512 345 678, 512 345 679", "PL", "several_numbers"),
    ("512345678;512345679", "PL", "several_numbers"),
    ("512345678 & 512345679", "PL", "several_numbers"),
    ("512345678\n512345679", "PL", "several_numbers"),
    ("512345678 or 512345679", "PL", "several_numbers"),
    ("+48512345678 +48512345679", None, "several_numbers"),
    ("+48512345678+12025550123", None, "several_numbers"),
    ("+48512345678 / +48512345679 / +48512345680", None, "several_numbers"),
    ("+48 512 34O 678", None, "has_letters"),
    ("O512345678", "PL", "has_letters"),
    ("+1202555OlO5", None, "has_letters"),
    ("+1 888 GO-GREEN", None, "has_letters"),
    ("202 555 0123", None, "number_needs_country"),
    ("0048512345678", None, "number_needs_country"),
    ("2025550123", "XX", "number_needs_country"),
    ("12345", None, "short_code"),
    ("12345", "PL", "short_code"),
    ("999", "GB", "short_code"),
    ("202555", "US", "short_code"),
    ("+48 71480", None, "short_code"),
    ("+4871480", None, "short_code"),
    ("+1 911", None, "short_code"),
    ("12", "PL", "too_short"),
    ("1234567", "PL", "invalid_number"),
    ("12345", "IS", "too_short"),  # seven digits in all: two are missing
    ("+298 12345", None, "too_short"),
    ("51 23 45", "PL", "invalid_number"),
    ("+1 202 555", None, "too_short"),
    ("555-0123", "US", "too_short"),
    ("112", "PL", "short_code"),
    ("+1 202 555 01234", None, "too_long"),
    ("048512345678", "PL", "too_long"),
    ("+" + "1" * 30, None, "too_long"),
    ("1" * 400, "US", "too_long"),
    ("+5215512345678", None, "too_long"),
    ("+999 123 456", None, "invalid_number"),
    ("+44 7700 900123", None, "invalid_number"),  # Ofcom keeps these for films: nobody can have one
    ("+48 012 345 678", None, "invalid_number"),
    ("15-2345-6789", "AR", "invalid_number"),
    ("+12025550123 ext. 5", None, "has_extension"),
    ("+12025550123x5", None, "has_extension"),
    ("+12025550123;ext=5", None, "has_extension"),
    ("202 555 0123 #5", "US", "has_extension"),
    ("+48512345678,,12", None, "has_extension"),
    ("+44 (0)20 7946 0018", None, "not_international"),
    ("+44 (0) 7400 123456", None, "not_international"),
    ("+44 020 7946 0018", None, "number_changed"),
    ("+4407400123456", None, "number_changed"),
    ("0044 (0)7400 123456", "PL", "number_changed"),
    ("+54 11 15 2345 6789", None, "number_changed"),
    ("011 15-2345-6789", "AR", "number_changed"),
]


@pytest.mark.parametrize(("text", "region", "code"), BAD)
def test_what_is_no_usable_number_says_why(text: str, region: str | None, code: str) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, region)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(("text", "region", "code"), BAD)
def test_no_problem_shows_seven_digits(text: str, region: str | None, code: str) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, region)
    shown = caught.value.message.split(" is ")[0].split(" holds ")[0].replace("\\x1b", "")
    digits = sum(character.isdigit() for character in text)
    assert sum(character.isdigit() for character in shown) <= (4 if digits >= 7 else 6)
    assert caught.value.message.isprintable()
    assert str(caught.value) == caught.value.message


def test_an_unreadable_number_does_not_travel_in_a_traceback() -> None:
    subscriber = 202555012345  # not written as text here: a traceback quotes the source
    with pytest.raises(BadNumber) as caught:
        parse(f"+1{subscriber}", None)
    told = "".join(traceback.format_exception(caught.value))
    assert str(subscriber) not in told.replace(f"subscriber = {subscriber}", "")


@pytest.mark.parametrize(
    ("text", "region", "word"),
    [
        ("+5215512345678", None, "Mexico"),
        ("0048512345678", None, "in place of 00"),
        ("202 555 0123", None, "region"),
        ("2025550123", "XX", '"XX"'),
        ("2025550123.0", "US", "spreadsheet"),
        ("4.48123E+11", "US", "as text"),
        ("+12025550123 / +12025550124", "US", "one number a cell"),
        ("1-800-FLOWERS", "US", "digits"),
        ("+48 512 34O 678", None, "0 for the letter O"),
        ("12345", None, "cannot be texted"),
        ("48512345678", None, "it would be a number of PL"),
        ("+44 07400 123456", None, "leave out the 0 behind +44"),
        ("+480512345678", None, "leave out the 0 behind +48"),
        ("+1 0202 555 0123", None, "leave out the 0 behind +1"),
        ("+44/07400/123456", None, "leave out the 0 behind +44"),
        ("+4800512345678", None, "digit too many"),
        ("+480512345", None, "wrong digit"),
        ("+54 11 15 2345 6789", None, "has a 9 behind +54"),
        ("011 15-2345-6789", "AR", "has a 9 behind +54"),
        ("+54 011 2345 6789", None, "leave out the 0 behind +54"),
        ("+44 (0)20 7946 0018", None, "(0)"),
    ],
)
def test_the_hint_says_what_to_do(text: str, region: str | None, word: str) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, region)
    assert word in caught.value.hint


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("+48 512 34O 678", "has the letter O"),
        ("+1202555OlO5", "has the letter O"),
        ("+1 202 555 Ol O5", "has the letter O"),
        ("1-888-GO-GREEN", '"GO GREEN"'),
        ("4.48123E+11", "rounded"),
        ("+12025550123 / +12025550124", "holds 2 numbers"),
        ("+12025550123, +12025550124 or +12025550125", "holds 3 numbers"),
    ],
)
def test_the_message_names_the_damage(text: str, words: str) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, None)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello 1234567", "not_a_number"),
        ("Polna 12 m 3", "not_a_number"),
        ("550e8400-e29b-41d4-a716-446655440000", "not_a_number"),
        ("ann1234@example.com", "not_a_number"),
        ("*100#", "not_a_number"),
        ("12E", "not_a_number"),
    ],
)
def test_what_only_looks_a_little_like_a_number_is_none(text: str, code: str) -> None:
    with pytest.raises(BadNumber) as caught:
        parse(text, "PL")
    assert caught.value.code == code


def test_a_number_cannot_be_changed_is_ordered_and_can_be_a_key() -> None:
    number = Msisdn("+12025550123", "US")
    with pytest.raises(FrozenInstanceError):
        number.e164 = "+12025550124"  # type: ignore[misc]
    assert number < Msisdn("+12025550124", "US")
    assert number in {Msisdn("+12025550123", "US")}
    assert number != Msisdn("+12025550123", "CA")
    assert pickle.loads(pickle.dumps(number)) == replace(number) == Msisdn(e164="+12025550123", country="US")
    assert not hasattr(number, "__dict__")


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+12025550123", "+1202•••0123"),
        ("+4712345678", "+47•••78"),
        ("+298123456", "+29•••56"),
        ("+2908999", "+29•••"),
        ("+24", "+24•••"),
    ],
)
def test_a_masked_number_keeps_its_person(e164: str, masked: str) -> None:
    number = Msisdn(e164, "US")
    assert number.masked == repr(number) == str(number) == f"{number}" == masked


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_masking_hides_at_least_three_digits(e164: str) -> None:
    shown = sum(character.isdigit() for character in Msisdn(e164, "US").masked)
    assert len(e164) - 1 - shown >= 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+1 202 555 0123", "+1 2•• ••• ••23"),
        ("call 2025550123 now", "call 20••••••23 now"),
        ("1234567", "12•••67"),
        ("123456", "123456"),
        ("n/a", "n/a"),
        ("", ""),
        ("Zoë [bold] {{ x }}", "Zoë [bold] {{ x }}"),
        ("a\x1b[31m\r\nb", "a\\x1b[31m\\r\\nb"),
        ("\u202e123", "\\u202e123"),
        ("١٢٣٤٥٦٧٨", "١٢••••٧٨"),
        ("x" * 100, "x" * 60 + "…"),
        ("1a2b3c4d5e6f7g", "1a2b•c•d•e6f7g"),
        ("1" + "x" * 57 + "23456789", "1" + "x" * 57 + "2•…"),
        ("é 2025550123", "é 20••••••23"),
        ("12025550123" * 20, "12" + "•" * 58 + "…"),
    ],
)
def test_a_cell_is_shown_masked_and_inert(text: str, shown: str) -> None:
    assert mask(text) == shown


@given(st.text(max_size=200))
def test_a_masked_cell_is_printable_and_holds_no_number(text: str) -> None:
    shown = mask(text)
    assert shown.isprintable()
    if sum(character.isdigit() for character in text) >= 7 and all(c.isprintable() for c in text):
        assert sum(character.isdigit() for character in shown) <= 4


@given(st.text("0123456789 +-abc", max_size=59))
def test_plain_cells_are_masked_as_others_are(text: str) -> None:
    assert mask(text) == mask(f"{text}é")[:-1]


@given(st.text(max_size=40), st.sampled_from([None, "US", "PL", "AR", "DE"]))
def test_any_text_is_a_number_or_a_problem(text: str, region: str | None) -> None:
    try:
        number = parse(text, region)
    except BadNumber:
        return
    assert parse(number.e164, None) == number


MOBILES = {
    region: phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
}


# Tristan da Cunha has no mobile numbers; Argentina writes 011 15-… at home and +54 9 11 … abroad: refused.
@pytest.mark.parametrize("region", sorted(MOBILES.keys() - {"TA", "AR"}))
def test_both_ways_of_writing_a_mobile_number_give_one_number(region: str) -> None:
    example = MOBILES[region]
    assert example is not None
    formats = phonenumbers.PhoneNumberFormat
    abroad = parse(phonenumbers.format_number(example, formats.INTERNATIONAL), None)
    assert abroad.e164 == phonenumbers.format_number(example, formats.E164)
    assert parse(phonenumbers.format_number(example, formats.NATIONAL), region) == abroad


@pytest.mark.parametrize(
    ("text", "known"), [("PL", True), ("US", True), ("pl", False), ("XX", False), ("", False)]
)
def test_a_region_is_two_capitals_of_a_country(text: str, known: bool) -> None:
    assert is_region(text) is known
