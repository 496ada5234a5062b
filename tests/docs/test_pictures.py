"""The pictures in docs/ are what the program draws now."""

from __future__ import annotations

from functools import cache

import pytest

from tests.docs.sessions import ROOT
from tools.pictures import MADE_BY, pictures, text_of

NAMES = ("preview.svg", "send.svg")


@cache
def drawn() -> dict[str, str]:
    return {path.relative_to(ROOT / "docs").as_posix(): svg for path, svg in pictures().items()}


def test_there_is_a_picture_of_a_preview_and_of_a_send() -> None:
    assert set(drawn()) == set(NAMES) == {path.name for path in ROOT.glob("docs/*.svg")}


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_what_the_program_draws(name: str) -> None:
    kept = (ROOT / "docs" / name).read_text("utf-8")
    assert text_of(kept) == text_of(drawn()[name]), "`make pictures` makes it again"
    if MADE_BY in kept:  # another rich may draw the same text otherwise
        assert kept == drawn()[name], "`make pictures` makes it again"


def test_a_picture_says_what_the_program_says() -> None:
    assert "$ smscli preview campaigns.example.yaml tyre-change" in text_of(drawn()["preview.svg"])
    send = text_of(drawn()["send.svg"])
    assert "$ smscli send campaigns.example.yaml bike-ready" in send
    assert [line.partition(".")[0] for line in send if line.startswith("bike-ready: ")] == [
        "bike-ready: done"
    ] * 2


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched_to_show_a_picture(name: str) -> None:
    kept = (ROOT / "docs" / name).read_text("utf-8")
    assert not [
        word for word in ("@font-face", "url(http", "<image", "xlink:href", "<script") if word in kept
    ]


def test_drawn_twice_the_bytes_are_the_same() -> None:
    assert {path.name: svg for path, svg in pictures().items()} == drawn()
