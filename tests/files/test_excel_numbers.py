from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.files.excel_numbers import cell_text


@pytest.mark.parametrize(
    ("value", "shown_as", "text"),
    [
        (48512345678, "General", "48512345678"),
        (48512345678, "@", "48512345678"),
        (48512345678, "0", "48512345678"),
        (48512345678, "#,##0", "48512345678"),
        (48512345678, "#,##0.00", "48512345678"),
        (48512345678, "0.00", "48512345678"),
        (48512345678, "0.00E+00", "48512345678"),
        (48512345678.0, "General", "48512345678"),
        (123456789012345, "General", "123456789012345"),
        (123456789012345.0, "General", "123456789012345"),
        (1234567890123456, "General", "1.23456789012346E+15"),
        (1234567890123450.0, "General", "1.23456789012345E+15"),
        (4.48512345678901e18, "0", "4.48512345678901E+18"),
        (1e20, "General", "1E+20"),
        (1e300, "0", "1E+300"),
        (1e300, "0%", "1E+302%"),
        (0, "General", "0"),
        (-5, "General", "-5"),
        (12, "0.00", "12.00"),
        (12.5, "0.00", "12.50"),
        (12.5, "0", "13"),
        (12.345, "0.00", "12.35"),
        (12.5, "0.0#", "12.5"),
        (12, "0.##", "12"),
        (12.5, "General", "12.5"),
        (12.300000000000001, "General", "12.3"),
        (0.1, "General", "0.1"),
        (1e-7, "General", "0.0000001"),
        (1234.5, "#,##0.00", "1234.50"),
        (1234.5, '#,##0.00\\ "zł"', "1234.50"),
        (1234.5, "[$€-2] #,##0.00;[Red]-[$€-2] #,##0.00", "1234.50"),
        (0.25, "0%", "25%"),
        (0.255, "0.0%", "25.5%"),
        (512345678, "00000000000", "00512345678"),
        (512345678, "000-000-000", "512-345-678"),
        (48512345678, '"+"0', "+48512345678"),
        (48512345678, "\\+00 000 000 000", "+48 512 345 678"),
        (2025550101, "(000) 000-0000", "(202) 555-0101"),
        (12025550101, "(000) 000-0000", "(1202) 555-0101"),
        (2025550101, "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "2025550101"),
        (501, "00000", "00501"),
        (12, '0" szt."', "12"),
        (1500, "0.0,", "1500"),
        (0.5, "# ?/?", "0.5"),
    ],
)
def test_a_number_is_what_people_see_without_decoration(value: float, shown_as: str, text: str) -> None:
    assert cell_text(value, shown_as) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("00512345678", "00512345678"),
        (True, "yes"),
        (False, "no"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1), "2026-03-01"),  # noqa: DTZ001
        (datetime(2026, 3, 1, 14, 30), "2026-03-01T14:30:00"),  # noqa: DTZ001
        (datetime(2026, 3, 1, 14, 29, 59, 999_900), "2026-03-01T14:30:00"),  # noqa: DTZ001
        (time(14, 30), "14:30:00"),
        (time(14, 30, 5, 3_000), "14:30:05"),
        (timedelta(hours=36, seconds=5), "36:00:05"),
    ],
)
def test_what_is_no_number_is_written_in_one_way(
    value: str | bool | date | time | timedelta, text: str
) -> None:
    assert cell_text(value, "0.00") == text


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_quantity_is_refused(value: float) -> None:
    with pytest.raises(ValueError):
        cell_text(value, "General")


@given(st.integers(0, 10**15 - 1))
def test_a_whole_number_of_up_to_fifteen_digits_is_its_digits(number: int) -> None:
    assert cell_text(number, "General") == str(number)
    assert cell_text(float(number), "General") == str(number)


@given(
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**25), 10**25),
    st.text('0#.,%-+ ?/Eymdhs[]"\\_*;@<>$:()', max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_any_number_in_any_format_has_a_text(value: float, shown_as: str) -> None:
    assert cell_text(value, shown_as)
