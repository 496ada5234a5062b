from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.files.excel_numbers import NO_DATE, number_format, number_text


def shown(raw: str, code: str | None = "General", *, counts_from_1904: bool = False) -> str:
    return number_text(raw, number_format(0, code), counts_from_1904=counts_from_1904)


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        ("48512345678", "General", "48512345678"),
        ("48512345678", None, "48512345678"),
        ("48512345678", "@", "48512345678"),
        ("48512345678", "0", "48512345678"),
        ("48512345678", "#,##0", "48512345678"),
        ("48512345678", "#,##0.00", "48512345678"),
        ("48512345678", "0.00", "48512345678"),
        ("48512345678", "0.00E+00", "48512345678"),
        ("48512345678.0", "General", "48512345678"),
        ("4.8512345678E10", "General", "48512345678"),
        ("4.8512345678E+10", "General", "48512345678"),
        ("123456789012345", "General", "123456789012345"),
        ("1234567890123456", "General", "1.23456789012346E+15"),
        ("4.48512345678901E+18", "0", "4.48512345678901E+18"),
        ("1E+20", "General", "1E+20"),
        ("1E300", "0", "1E+300"),
        ("0", "General", "0"),
        ("-5", "General", "-5"),
        ("0512345678", "General", "512345678"),
        ("12", "0.00", "12.00"),
        ("12.5", "0.00", "12.50"),
        ("12.5", "0", "13"),
        ("12.345", "0.00", "12.35"),
        ("12.5", "0.0#", "12.5"),
        ("12", "0.##", "12"),
        ("12.5", "General", "12.5"),
        ("12.300000000000001", "General", "12.3"),
        ("0.1", "General", "0.1"),
        ("1E-7", "General", "0.0000001"),
        ("1234.5", "#,##0.00", "1234.50"),
        ("1234.5", '#,##0.00\\ "zł"', "1234.50"),
        ("1234.5", "[$€-2] #,##0.00;[Red]-[$€-2] #,##0.00", "1234.50"),
        ("0.25", "0%", "25%"),
        ("0.255", "0.0%", "25.5%"),
        ("512345678", "00000000000", "00512345678"),
        ("512345678", "000-000-000", "512-345-678"),
        ("48512345678", '"+"0', "+48512345678"),
        ("48512345678", "\\+00 000 000 000", "+48 512 345 678"),
        ("2025550101", "(000) 000-0000", "(202) 555-0101"),
        ("12025550101", "(000) 000-0000", "(1202) 555-0101"),
        ("2025550101", "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "2025550101"),
        ("501", "00000", "00501"),
        ("12", '0" szt."', "12"),
        ("1500", "0.0,", "1500"),
        ("0.5", "# ?/?", "0.5"),
    ],
)
def test_a_number_is_what_people_see_without_decoration(raw: str, code: str | None, text: str) -> None:
    assert shown(raw, code) == text


@pytest.mark.parametrize(
    ("raw", "code", "text"),
    [
        ("46082", "yyyy-mm-dd", "2026-03-01"),
        ("46082", "dd.mm.yyyy", "2026-03-01"),
        ("46082", "[$-415]d mmmm yyyy;@", "2026-03-01"),
        ("46082", "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", "2026-03-01"),
        ("46082.5", "yyyy-mm-dd hh:mm", "2026-03-01T12:00:00"),
        ("46082.604166666664", "d/m/yy h:mm", "2026-03-01T14:30:00"),
        ("46082.999999999", "yyyy-mm-dd", "2026-03-02"),
        ("0.604166666666667", "h:mm", "14:30:00"),
        ("59", "yyyy-mm-dd", "1900-02-28"),
        ("61", "yyyy-mm-dd", "1900-03-01"),
        ("1.5", "[h]:mm", "36:00:00"),
        ("48512345678", "yyyy-mm-dd", NO_DATE),
        ("3000000", "yyyy-mm-dd", NO_DATE),
        ("-1", "yyyy-mm-dd", NO_DATE),
        ("1E300", "yyyy-mm-dd", NO_DATE),
        ("1E300", "[h]:mm", NO_DATE),
        ("46082", 'General" days"', "46082"),
        ("46082", "[Red]0", "46082"),
    ],
)
def test_a_date_is_written_year_first(raw: str, code: str, text: str) -> None:
    assert shown(raw, code) == text


def test_dates_of_old_macs_count_from_1904() -> None:
    assert shown("44620", "yyyy-mm-dd", counts_from_1904=True) == "2026-03-01"


@pytest.mark.parametrize(("number", "is_date"), [(14, True), (22, True), (57, True), (0, False), (49, False)])
def test_formats_that_every_workbook_has_are_known_by_number(number: int, is_date: bool) -> None:
    assert number_format(number, None).is_date is is_date


@pytest.mark.parametrize(
    "raw", ["", "x", "1_000", "nan", "inf", "1e", "0x10", "٣", "1" * 500, "1E9999", " 1"]
)
def test_what_is_no_number_is_refused(raw: str) -> None:
    with pytest.raises(ValueError):
        shown(raw)


@given(st.integers(0, 10**15 - 1))
def test_a_whole_number_of_up_to_fifteen_digits_is_its_digits(number: int) -> None:
    assert shown(str(number)) == str(number)
    assert shown(f"{number:.14E}") == str(number)


@given(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**25), 10**25),
    st.text('0#.,%-+ ?/Eymdhs[]"\\_*;@<>$:()', max_size=12) | st.integers(0, 60),
)
@settings(max_examples=200, deadline=None)
def test_any_number_in_any_format_has_a_text(value: float, code: str | int) -> None:
    known = number_format(code, None) if isinstance(code, int) else number_format(0, code)
    assert number_text(repr(value), known)
