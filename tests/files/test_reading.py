"""What can be printed of a stranger's text: no escape, no turned direction, no broken line, no long text."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.files.reading import inert


@pytest.mark.parametrize(
    ("text", "shown"),
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
def test_a_strangers_text_is_shown_inert(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(st.text(max_size=60))
def test_what_is_shown_of_any_text_neither_breaks_lines_nor_steers_a_terminal(text: str) -> None:
    shown = inert(text)
    assert {unicodedata.category(character) for character in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert shown == text or not text.isprintable() or len(text) > 40
