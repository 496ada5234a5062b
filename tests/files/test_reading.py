"""What can be printed of a stranger's text: no escape, no turned direction, no broken line, no long text."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.files.reading import fold, inert, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zoë [bold] {{ x }}", "Zoë [bold] {{ x }}"),
        ("a\x1b[31m\r\n\tb", "a\\x1b[31m\\r\\n\\tb"),
        ("\u202e123\u2028", "\\u202e123\\u2028"),
        ("a\u00a0b", "a\u00a0b"),  # a blank that is not printable to Python, and harmless
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 40 + "…"),
        ("x" * 39 + "\n" + "y", "x" * 39 + "\\n…"),
        ("", ""),
    ],
)
def test_a_strangers_text_is_shown_inert(text: str, seen: str) -> None:
    assert inert(text) == seen


@given(st.text(max_size=60))
def test_what_is_shown_of_any_text_neither_breaks_lines_nor_steers_a_terminal(text: str) -> None:
    seen = inert(text)
    assert {unicodedata.category(character) for character in seen}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"}
    )
    assert seen == text or not text.isprintable() or len(text) > 40


NUMBERS = [
    "+1 202 555 0173",
    "+1 (202) 555-0173",
    "0171/2345678",
    "+48 512/345/678",
    "512\u2011345\u2011678",
    "2025550\u202d173",
    "5\x001\x002\x003\x004\x005\x006\x007\x008",
    "512'345'678",
    "2012-34-56 78",
    "1990-55-0173",
    "2.5.2050173",
    "call +1 202 555 0173, or Ann",
    "2026-01-01 +12025550173",
    "\u0662\u0660\u0662 \u0665\u0665\u0665 \u0660\u0661\u0667\u0663",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_masked_whatever_stands_between_its_digits(text: str) -> None:
    digits = re.sub(r"\D", "", re.sub(r"2026-01-01|\x00", "", text))
    seen = re.sub(r"\D", "", re.sub(r"2026-01-01|\\x00|\\u202d", "", shown(text, 200)))
    assert len(seen) <= 4 < len(digits)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "0001-01-01",
        "2026-13-45",
        "2026-01-01 10:30:00",
        "2026/01/02",
        "1.2.2026",
        "31/12/2026",
        "08:00-20:00",
        "1, 2, 3, 4, 5, 6, 7",
        "12345",
    ],
)
def test_dates_times_and_short_numbers_are_shown(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b[0m", "\\x1b[0m"),
        ("\u202e", "\\u202e"),
        ("\ue000", "\\ue000"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_characters_that_nobody_can_read_are_named(text: str, seen: str) -> None:
    assert inert(text) == seen


@given(st.text(st.characters(max_codepoint=127)) | st.text())
def test_a_name_is_folded_once_and_for_all(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert fold(f" {name}_-\t\x1c") == fold(name)
