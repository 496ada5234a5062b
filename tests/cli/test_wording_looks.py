"""How findings and other spellings are shown: the place marked, numbers masked, languages together."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from smscli.cli.present.page import Page
from smscli.cli.present.wording import (
    diff,
    excerpt,
    respelled_documents,
    segments_words,
    wording_documents,
    wording_text,
)
from smscli.cli.reading_texts import ReadTexts, Specimen, TextFinding
from smscli.domain.campaign import Severity, Spelling
from smscli.domain.rules import Text
from smscli.domain.segments import measure
from smscli.domain.wording import Finding, WordingRule

BODY = "Green Garage: hello Ann, your bike is ready now. Call +12025550143 or visit http://shop.example today"
PAGE = Page(80)


def found(
    start: int = 0,
    end: int = 0,
    *,
    rule: WordingRule = WordingRule.PLAIN_HTTP,
    severity: Severity = Severity.WARN,
    message: str = "a link that is not encrypted",
    saves: int = 0,
    language: str = "en",
    body: str = BODY,
) -> TextFinding:
    finding = Finding(rule, severity, start, end, message, "write https://", saves)
    return TextFinding(finding, language, body)


def lines(read: ReadTexts, page: Page = PAGE) -> list[str]:
    return [line.plain.rstrip() for line in wording_text(read, page)]


def at(part: str, body: str = BODY) -> tuple[int, int]:
    start = body.index(part)
    return start, start + len(part)


# --- the words around a place ---


@pytest.mark.parametrize("part", ["Green", "Ann", "ready now.", "http://shop.example", "today", " "])
def test_an_excerpt_holds_what_is_meant_where_it_says(part: str) -> None:
    around = excerpt(BODY, *at(part))
    assert around is not None
    assert around.text[around.start : around.end] == part
    assert around.text.removeprefix("…").removesuffix("…").replace("+12•••••••••", "+12025550143") in BODY


def test_an_excerpt_breaks_at_words() -> None:
    around = excerpt(BODY, *at("ready"))
    assert around is not None
    assert around.text == "…Ann, your bike is ready now. Call +12•••••••••…"


@pytest.mark.parametrize("number", ["+12025550143", "+1 202 555 0143", "(202) 555-0143", "2025550143"])
def test_no_number_is_told_whole(number: str) -> None:
    around = excerpt(f"Call {number} now", 0, 4)
    assert around is not None
    assert "0143" not in around.text
    assert len(around.text) == len(f"Call {number} now")


def test_a_finding_about_the_whole_text_has_no_excerpt() -> None:
    assert excerpt(BODY, 0, 0) is None


def test_line_breaks_do_not_break_an_excerpt() -> None:
    around = excerpt("one\ntwo\nthree", 4, 7)
    assert around is not None
    assert around.text == "one two three"


# --- findings ---


def test_a_finding_is_told_with_its_place_its_suggestion_and_what_it_saves() -> None:
    start, end = at("http://")
    assert lines(ReadTexts(findings=(found(start, end, saves=1),))) == [
        "Wording   1 finding",
        "  warn    plain_http (en): a link that is not encrypted",
        "            …+12••••••••• or visit http://shop.example today",
        "                                   ^^^^^^^",
        "          write https:// (saves 1 segment)",
    ]


def test_the_same_finding_in_several_languages_is_one_line() -> None:
    findings = tuple(found(language=language) for language in ("en", "pl", "el"))
    shown = lines(ReadTexts(findings=findings))
    assert shown[:2] == [
        "Wording   1 finding",
        "  warn    plain_http (en, pl, el): a link that is not encrypted",
    ]


def test_what_a_send_refuses_for_comes_first() -> None:
    refused = found(rule=WordingRule.OPT_OUT_MISSING, severity=Severity.REFUSE, message="no way out")
    shown = lines(ReadTexts(findings=(found(), refused)))
    assert shown[0] == "Wording   2 findings; a send would be refused for 1"
    assert [line.split()[:2] for line in shown[1:] if line.startswith("  ") and line[2] != " "] == [
        ["refuse", "opt_out_missing"],
        ["warn", "plain_http"],
    ]


def test_warnings_beyond_what_fits_are_counted_and_refusals_are_all_told() -> None:
    warnings = [found(message=f"warning {n}") for n in range(9)]
    refusals = [found(message=f"refusal {n}", severity=Severity.REFUSE) for n in range(9)]
    shown = lines(ReadTexts(findings=(*warnings, *refusals)))
    assert sum("refusal" in line for line in shown) == 9
    assert shown[-1] == "  and 3 more, see --json"


def test_texts_without_findings_are_not_spoken_of() -> None:
    assert lines(ReadTexts()) == []


@pytest.mark.parametrize("width", [40, 80, 120])
def test_nothing_is_wider_than_the_page(width: int) -> None:
    body = "ąę " * 30 + "漢字漢字 😀😀 “quoted” " + "x" * 60
    start, end = at("漢字漢字", body)
    text = Text(body, "pl", measure(body))
    read = ReadTexts(
        Spelling.TIDY,
        (found(start, end, body=body, message="something long to say " * 8),),
        (Specimen("Garage", (), text, Text(body + "…", "pl", measure(body + "…")), ()),),
    )
    assert max(cell_len(line) for line in lines(read, Page(width))) <= width


def test_carets_stand_below_wide_characters() -> None:
    body = "漢字 here 漢字"
    start, end = at("here", body)
    shown = lines(ReadTexts(findings=(found(start, end, body=body),)))
    line, carets = shown[2:4]
    assert cell_len(line[: line.index("here")]) == carets.index("^")


def test_what_nobody_sees_is_made_visible_and_marked() -> None:
    body = "He\u200bllo"
    shown = lines(ReadTexts(findings=(found(2, 3, body=body),)))
    assert [line.strip() for line in shown[2:4]] == ["He\\u200bllo", "^^^^^^"]


def test_texts_that_run_from_the_right_have_no_carets() -> None:
    body = "שלום http://x.example"
    shown = lines(ReadTexts(findings=(found(*at("http://", body), body=body),)))
    assert not any("^" in line for line in shown)


def test_a_screen_without_these_letters_shows_ascii_only() -> None:
    start, end = at("http://")
    shown = lines(ReadTexts(findings=(found(start, end),)), Page(80, "ascii"))
    assert all(line.isascii() for line in shown)
    assert "            ...+12********* or visit http://shop.example today" in shown


# --- another spelling ---


def specimen(written: str, sent: str, language: str = "pl") -> Specimen:
    return Specimen(
        "Garage", (), Text(sent, language, measure(sent)), Text(written, language, measure(written)), ()
    )


def test_a_text_that_was_respelled_is_shown_in_both_spellings() -> None:
    read = ReadTexts(Spelling.GSM7, (), (specimen("Cześć… " * 12, "Czesc... " * 12),))
    shown = lines(read)
    assert shown[:2] == [
        "Encoding  gsm7 changes texts in pl; - as written, + as sent",
        "  pl: 1 segment instead of 2 in this text",
    ]
    assert shown[2].startswith("    - Cześć… Cześć…")
    assert shown[3].startswith("         ^^^    ^^^")
    assert any(line.startswith("    + Czesc... ") for line in shown)


def test_both_spellings_are_shown_whole() -> None:
    before, after = "Zażółć gęślą jaźń – " * 9, "Zazolc gesla jazn - " * 9
    shown = [line.plain for line in diff(before, after, Page(40))]
    texts = [line[6:] for line in shown if not set(line) <= set(" ^")]
    middle = len(texts) // 2
    assert " ".join(texts[:middle]) == before.strip()
    assert " ".join(texts[middle:]) == after.strip()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (2, 2, "2 segments as before in this text"),
        (4, 1, "1 segment instead of 4 in this text"),
    ],
)
def test_segments_are_told_before_and_after(before: int, after: int, said: str) -> None:
    assert segments_words(before, after) == said


# --- JSON ---


def test_documents_have_these_keys() -> None:
    start, end = at("http://")
    assert wording_documents(ReadTexts(findings=(found(start, end, saves=1),))) == [
        {
            "rule": "plain_http",
            "severity": "warn",
            "language": "en",
            "start": start,
            "end": end,
            "excerpt": "…+12••••••••• or visit http://shop.example today",
            "message": "a link that is not encrypted",
            "suggestion": "write https://",
            "saves": 1,
        }
    ]
    assert respelled_documents(ReadTexts(respelled=(specimen("ą" * 71, "a" * 71),))) == [
        {
            "language": "pl",
            "written": "ą" * 71,
            "sent": "a" * 71,
            "segments_as_written": 2,
            "segments": 1,
        }
    ]
