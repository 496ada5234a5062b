from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psutil import Process

from smscli.domain.contact import Consent, ConsentLevel, Contact
from smscli.domain.errors import FilesError, Problem
from smscli.domain.msisdn import mask
from smscli.domain.number_types import NumberType
from smscli.files.campaign_file import load
from smscli.files.contacts_file import (
    BadRow,
    ContactsReader,
    ContactsSource,
    open_contacts,
    open_lists,
)
from smscli.files.csv_records import MAX_LINE_BYTES

TODAY = date(2026, 11, 22)
EXAMPLE = Path(__file__).parents[2] / "campaigns.example.yaml"

ANN = "+12025550101"
BEN = "+12025550102"


def read(
    content: str | bytes,
    *wanted: str,
    columns: Mapping[str, str] | None = None,
    region: str | None = None,
    delimiter: str | None = None,
) -> tuple[ContactsReader, list[Contact | BadRow]]:
    source = ContactsSource(None, region, delimiter, columns or {})
    raw = content.encode() if isinstance(content, str) else content
    with open_contacts(source, frozenset(wanted), io.BytesIO(raw), today=TODAY) as reader:
        return reader, list(reader)


def rows_of(content: str, source: ContactsSource) -> list[Contact | BadRow]:
    with open_contacts(source, frozenset(), io.BytesIO(content.encode()), today=TODAY) as reader:
        return list(reader)


def refused(content: str | bytes, *wanted: str, columns: Mapping[str, str] | None = None) -> list[Problem]:
    with pytest.raises(FilesError) as caught:
        read(content, *wanted, columns=columns)
    return list(caught.value.problems)


def said(rows: list[Contact | BadRow]) -> list[str]:
    return [
        str(problem).removeprefix("standard input:")
        for row in rows
        if isinstance(row, BadRow)
        for problem in row.problems
    ]


def contact(content: str | bytes, *wanted: str, columns: Mapping[str, str] | None = None) -> Contact:
    _, (row,) = read(content, *wanted, columns=columns)
    assert isinstance(row, Contact), said([row])
    return row


# ------------------------------------------------------------------------------------------------ header


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognised_and_reported(delimiter: str, end: str, bom: bytes) -> None:
    rows = [["phone", "First Name"], [ANN, "Ann"]]
    content = bom + end.join(delimiter.join(row) for row in rows).encode()
    reader, (row,) = read(content, "first_name")
    assert reader.delimiter == delimiter
    assert reader.columns == ("phone", "First Name")
    assert isinstance(row, Contact)
    assert row.fields == {"first_name": "Ann"}


def test_a_list_of_one_column_has_no_delimiter_and_says_so() -> None:
    reader, rows = read(f"phone\n{ANN}\n{BEN},x\n")
    assert reader.delimiter == ""
    assert isinstance(rows[0], Contact)
    assert said(rows) == ["3: has 2 cells, the header has 1"]


def test_of_several_delimiters_the_one_that_makes_a_phone_column_is_taken() -> None:
    assert read(f"phone;a, b\n{ANN};x\n")[0].delimiter == ";"


def test_an_ambiguous_delimiter_is_not_guessed() -> None:
    (problem,) = refused("phone,x;phone\n")
    assert problem.code == "delimiter"
    assert problem.message.endswith("which stand in the header: comma and semicolon")
    assert problem.hint == 'say which, in the campaigns file: contacts: {file: "-", delimiter: comma}'


def test_a_given_delimiter_is_obeyed() -> None:
    reader, _ = read(f"phone;a,b\n{ANN};x,y\n", delimiter=";")
    assert reader.columns == ("phone", "a,b")


def test_a_region_matters_only_to_numbers_that_do_not_say_theirs() -> None:
    _, rows = read(f"phone,country\n{ANN},Narnia\n512 345 678,PL\n612 345 678,\n", region="ES")
    numbers = [row.number for row in rows if isinstance(row, Contact)]
    assert [number.country for number in numbers] == ["US", "PL", "ES"]
    assert numbers[0].e164 == ANN


# -------------------------------------------------------------------------------------------------- rows


def test_a_whole_row() -> None:
    content = (
        "phone,country,tz,lang,consent level,consent date,consent topics,consent source,name\n"
        "512 345 678,pl,europe/warsaw,PT_br,Express Written,2025-03-01T10:00:00+01:00,"
        "Offers; news,web form, Ann \n"
    )
    row = contact(content, "name")
    assert row.number.e164 == "+48512345678"
    assert row.zone == "Europe/Warsaw"
    assert row.language == "pt-BR"
    assert row.consent == Consent(
        ConsentLevel.EXPRESS_WRITTEN, date(2025, 3, 1), ("offers", "news"), "web form"
    )
    assert row.fields == {"name": "Ann"}
    assert (row.row, row.line) == (1, 2)


def test_only_fields_that_texts_want_are_kept() -> None:
    assert contact(f"phone,a,b\n{ANN},1,2\n", "b").fields == {"b": "2"}


def test_consent_without_a_source_names_its_line() -> None:
    row = contact(f"phone,consent,consent_date\n\n{ANN},soft,2026-01-01\n")
    assert row.consent == Consent(ConsentLevel.SOFT, date(2026, 1, 1), (), "standard input:3")


@pytest.mark.parametrize("header", ["consent,x", "x,consent_date"])
def test_half_of_consent_is_no_evidence(header: str) -> None:
    assert contact(f"phone,{header}\n{ANN},express,2026-01-01\n".replace("x,", "x,")).consent is None


def test_an_empty_or_a_refused_consent_is_none() -> None:
    _, rows = read(f"phone,consent,consent_date\n{ANN},,\n{BEN},none,\n")
    assert [row.consent for row in rows if isinstance(row, Contact)] == [None, None]


CELLS = [
    ("phone", "", "phone: there is no number"),
    ("phone", "+12345", "phone: +12345 is a short code, or most of a number is missing"),
    ("phone", "202 555 0101", "phone: 20• ••• ••01 does not say its country"),
    ("phone", "+1 202 555 0101 ext 5", "phone: +1 2•• ••• •••1 ext 5 has an extension"),
    ("phone", "4.41E+11", "phone: 4.41E+11 was rounded by a spreadsheet, its last digits are lost"),
    ("phone", "+1202\x1b[31m5550101", "phone: +12••\\x1b[••m•••••01 holds a control character"),
    ("phone", "{{ x }}", "phone: {{ x }} is not a phone number"),
    ("zone", "CET", 'zone: "CET" is an offset or an abbreviation'),
    ("zone", "Mars", 'zone: "Mars" is no time zone'),
    ("language", "Polish", 'language: "Polish" is not a language code'),
    ("country", "UK", 'country: "UK" is not an ISO country code'),
    ("consent", "sure", 'consent: "sure" is not a consent level (none, soft, express or express_written)'),
    ("consent", "", "consent: is empty: consent has a level and a date"),
    ("consent_date", "", "consent_date: is empty: consent has a level and a date"),
    ("consent_date", "01/03/2025", 'consent_date: "01/03/2025" is not a date'),
    ("consent_date", "20250301", 'consent_date: "20••••01" is not a date'),
    ("consent_date", "2025-02-30", 'consent_date: "2025-02-30" is not a date'),
    ("consent_date", "2025-W09-1", 'consent_date: "2025-W09-1" is not a date'),
    ("consent_date", "2026-11-24", 'consent_date: "2026-11-24" lies in the future'),
    ("out", "maybe", "out: maybe is neither yes nor no"),
    ("out", "2025-01", "out: 2025-01 is neither yes nor no"),
    ("name", "a\x07b", "name: a\\x07b holds a control character"),
    ("name", "a\tb", "name: a\\tb holds a control character"),
    ("name", "a\x9bb", "name: a\\x9bb holds a control character"),
    ("name", "a\x7fb", "name: a\\x7fb holds a control character"),
    ("unused", "a\0b", "unused: holds a NUL byte"),
]
GOOD = {
    "phone": ANN,
    "zone": "America/New_York",
    "language": "en",
    "country": "",
    "consent": "express",
    "consent_date": "2026-11-23",
    "out": "",
    "name": "Ann",
    "unused": "\x1b[31m",
}


def as_csv(*rows: Mapping[str, str]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, GOOD)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize(("column", "cell", "sentence"), CELLS)
def test_a_bad_cell_is_a_problem_and_the_other_rows_go_on(column: str, cell: str, sentence: str) -> None:
    content = as_csv(GOOD, GOOD | {column: cell} | ({"phone": "5123"} if column == "country" else {}), GOOD)
    _, rows = read(content, "name", columns={"opt_out": "out"})
    assert [type(row) for row in rows] == [Contact, BadRow, Contact]
    (found,) = said(rows)
    assert found.startswith(f"3: {sentence}")


def test_every_bad_cell_of_a_row_is_told_in_the_order_of_the_columns() -> None:
    bad = {"phone": "x", "zone": "y", "language": "zzzz", "consent": "q", "out": "w", "name": "\x1b"}
    _, rows = read(as_csv(GOOD | bad), "name", columns={"opt_out": "out"})
    assert isinstance(rows[0], BadRow)
    assert [problem.where.path for problem in rows[0].problems] == list(bad)
    assert [problem.code for problem in rows[0].problems] == [
        "not_a_number",
        "bad_zone",
        "bad_language",
        "bad_consent",
        "bad_opt_out",
        "control_character",
    ]


STRAY = 'a quote (") stands where none can; inside a quoted cell it is written twice ("")'


@pytest.mark.parametrize("word", ["yes", "Y", "TRUE", "t", "1", "x", " Yes "])
def test_words_for_opted_out(word: str) -> None:
    assert contact(f"phone,o\n{ANN},{word}\n", columns={"opt_out": "o"}).opted_out == ("",)


@pytest.mark.parametrize("word", ["no", "N", "False", "f", "0", "", "  "])
def test_words_for_not_opted_out(word: str) -> None:
    assert contact(f"phone,o\n{ANN},{word}\n", columns={"opt_out": "o"}).opted_out == ()


@pytest.mark.parametrize(
    ("email", "sms", "out"), [("yes", "no", True), ("", "yes", True), ("1", "x", True), ("no", "", False)]
)
def test_of_several_columns_of_opt_outs_any_opts_out(email: str, sms: str, out: bool) -> None:
    content = f"phone,Email Opt Out,SMS Opt Out\n{ANN},{email},{sms}\n"
    (row,) = rows_of(content, ContactsSource(None).with_opt_outs("SMS Opt Out", "Email Opt Out"))
    assert isinstance(row, Contact)
    assert row.opted_out == (("",) if out else ())


@pytest.mark.parametrize(
    ("first", "second", "bad"), [("perhaps", "yes", "a"), ("yes", "never", "b"), ("no", "perhaps", "b")]
)
def test_a_bad_cell_of_any_column_of_opt_outs_is_a_problem_and_may_be_an_opt_out(
    first: str, second: str, bad: str
) -> None:
    content = f"phone,a,b\n{ANN},{first},{second}\n"
    (row,) = rows_of(content, ContactsSource(None).with_opt_outs("a", "b"))
    assert isinstance(row, BadRow)
    assert [(problem.where.path, problem.code) for problem in row.problems] == [(bad, "bad_opt_out")]
    assert [number.e164 for number in row.opted_out] == [ANN]


def test_a_column_under_ignore_opts_nobody_out() -> None:
    source = ContactsSource(None, columns={"opt_out": "SMS Opt Out"}, ignore=("email opt-out",))
    (row,) = rows_of(f"phone,Email Opt Out,SMS Opt Out\n{ANN},yes,no\n", source)
    assert isinstance(row, Contact)
    assert row.opted_out == ()


@pytest.mark.parametrize(("word", "heeded"), [("yes", True), ("perhaps", True), ("no", False)])
def test_a_bad_row_still_says_who_opted_out(word: str, heeded: bool) -> None:
    _, (row,) = read(f"phone,zone,o\n{ANN},nowhere,{word}\n", columns={"opt_out": "o"})
    assert isinstance(row, BadRow)
    assert [number.e164 for number in row.opted_out] == [ANN] * heeded


@pytest.mark.parametrize(
    "written",
    [
        f"{ANN},Doe, Ann,yes",
        f"Doe, Ann,{ANN},yes",
        f"{ANN}",
        f'{ANN},"Ann" Doe,yes',
        f'"{ANN},Ann,yes',
        f"{ANN} / +1 202 555 0102,Ann,yes",
        f"{ANN} ext. 7,Ann,perhaps",
    ],
)
def test_a_row_that_cannot_be_understood_may_opt_out_every_number_of_it(written: str) -> None:
    _, (row,) = read(f"phone,name,o\n{written}\n", columns={"opt_out": "o"})
    assert isinstance(row, BadRow)
    assert ANN in [number.e164 for number in row.opted_out]


def test_a_row_that_cannot_be_understood_opts_out_a_number_of_its_own_country() -> None:
    source = ContactsSource(None, region="US", columns={"opt_out": "o"})
    (row,) = rows_of("phone,name,country,o\n512345678,Doe, Ann,PL,yes\n", source)
    assert isinstance(row, BadRow)
    assert "+48512345678" in [number.e164 for number in row.opted_out]


@pytest.mark.parametrize("written", [f"{ANN},Doe, Ann,yes", f"{ANN} / +1 202 555 0102,Ann,yes"])
def test_a_row_of_a_list_without_opt_outs_opts_nobody_out(written: str) -> None:
    _, (row,) = read(f"phone,name,o\n{written}\n")
    assert isinstance(row, BadRow)
    assert row.opted_out == ()


def test_values_are_data() -> None:
    hostile = '[bold]{{ phone }}{% raw %}"=cmd()'
    row = contact(f'phone,a\n{ANN},"{hostile.replace(chr(34), chr(34) * 2)}"\n', "a")
    assert row.fields == {"a": hostile}


def test_cells_are_stripped_of_white_space_that_can_and_cannot_be_seen() -> None:
    row = contact(f"phone,a\n\u00a0{ANN}\u200b,\ufeff\u2003 Ann\u00a0\u200b \n", "a")
    assert (row.number.e164, row.fields) == (ANN, {"a": "Ann"})


def test_line_breaks_inside_a_quoted_cell_are_kept_and_lines_stay_true() -> None:
    _, rows = read(f'phone,a\r\n{ANN},"one\r\ntwo"\r\n\r\n,\r\n{BEN},b\r\n', "a")
    assert [(row.row, row.line) for row in rows] == [(1, 2), (2, 6)]
    assert isinstance(rows[0], Contact)
    assert rows[0].fields == {"a": "one\ntwo"}


def test_blank_rows_are_no_rows() -> None:
    _, rows = read(f"\n  \nphone,a\n\n , \n{ANN},1\n,,,,\n\u200b,\u00a0\n")
    assert [(row.row, row.line) for row in rows] == [(1, 6)]


def test_a_row_of_another_width_is_a_problem() -> None:
    _, rows = read(f"phone,a,b\n{ANN}\n{ANN},1,2,3\n{ANN},1,2\n")
    assert said(rows) == ["2: has 1 cell, the header has 3", "3: has 4 cells, the header has 3"]
    assert isinstance(rows[2], Contact)


SHAPES = [
    ("1", "cells are missing at its end, or a line break inside a cell needs quotes"),
    ("1,2,3", "a cell that holds the delimiter needs quotes"),
    ("1,2,,", "a delimiter too many at its end, or a cell that holds the delimiter and needs quotes"),
]


@pytest.mark.parametrize(("cells", "hint"), SHAPES)
def test_of_a_row_of_another_width_it_is_said_what_may_have_happened(cells: str, hint: str) -> None:
    _, rows = read(f"phone,a,b\n{ANN},{cells}\n")
    assert isinstance(rows[0], BadRow)
    assert [problem.hint for problem in rows[0].problems] == [hint]


def test_a_stray_quote_costs_its_own_row() -> None:
    _, rows = read(f'phone,a\n{ANN},"x"y\n{BEN},b\n')
    assert [type(row) for row in rows] == [BadRow, Contact]
    assert said(rows) == [f"2: {STRAY}"]


def test_an_open_quote_does_not_swallow_rows_but_nobody_behind_it_is_texted() -> None:
    _, rows = read(f'phone,a\n{ANN},"x\n{BEN},b\n12,"c"\n{BEN},d\n')
    assert said(rows) == [
        f"2: {STRAY}",
        "3: stands behind a quote that line 2 opens and does not close",
        "4: stands behind a quote that line 2 opens and does not close",
        "4: phone: 12 does not say its country",
    ]
    assert isinstance(rows[3], Contact)


def test_a_quote_that_is_never_closed_is_named_where_it_opens() -> None:
    _, rows = read(f'phone,a\n{ANN},1\n{ANN},"x\n{BEN},b\n')
    assert said(rows) == [
        '3: a quote (") is opened and never closed',
        "4: stands behind a quote that line 3 opens and does not close",
    ]


def test_a_cell_that_is_too_long_is_told_as_such() -> None:
    _, rows = read(f"phone,a\n{ANN},{'x' * (csv.field_size_limit() + 1)}\n{BEN},b\n")
    assert [type(row) for row in rows] == [BadRow, Contact]
    assert said(rows) == ["2: a cell is longer than 131072 characters, or a quote is never closed"]


# ------------------------------------------------------------------------------------------------- files


FILES = [
    (b"", "standard input: is empty"),
    (b"\n\n \n", "standard input: is empty"),
    (b"PK\x03\x04rest", "standard input: is a spreadsheet or a zip file, not CSV"),
    (b"SQLite format 3\0rest", "standard input: is a SQLite database, not CSV"),
    (b"phone," + b"x" * MAX_LINE_BYTES, "standard input:1: the line is longer than 1024 KiB"),
]


@pytest.mark.parametrize(("content", "sentence"), FILES, ids=range(len(FILES)))
def test_files_that_are_no_list_are_one_clear_problem(content: bytes, sentence: str) -> None:
    assert [str(problem) for problem in refused(content)] == [sentence]


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.csv", "missing_file"), (tmp_path, "is_directory")):
        with (
            pytest.raises(FilesError) as caught,
            open_contacts(ContactsSource(path), frozenset(), today=TODAY),
        ):
            pass
        assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize("campaign_id", ["tyre-change", "bike-ready"])
def test_the_example_list_has_no_bad_row_on_any_day_from_2026_on(campaign_id: str) -> None:
    defined = load(EXAMPLE).campaigns[campaign_id]
    [source] = defined.contacts
    wanted = frozenset[str]().union(*(text.fields for text in defined.campaign.texts.values()))
    with open_contacts(source, wanted, today=date(2026, 1, 1)) as reader:
        rows = list(reader)
    assert said(rows) == []
    contacts = [row for row in rows if isinstance(row, Contact)]
    assert len(contacts) >= 12
    assert len({one.number.country for one in contacts}) >= 6
    assert {one.language.split("-")[0] for one in contacts if one.language} == set(defined.campaign.texts)
    assert sum(bool(one.opted_out) for one in contacts) == 1
    assert len({one.number for one in contacts}) == len(contacts) - 1
    assert all(all(one.fields.values()) for one in contacts)


# ---------------------------------------------------------------------------------------------- properties


PIECES = [
    "phone",
    "name",
    "opt out",
    "+12025550101",
    ",",
    ";",
    "\t",
    "\n",
    "\r",
    '"',
    "\x00",
    "\ufeff",
    "x",
    " ",
    "\x1b[1m",
]
CSVISH = st.lists(st.sampled_from([*map(str.encode, PIECES), b"|", b"\xff"]), max_size=40).map(b"".join)


def _assert_told(problems: Sequence[Problem]) -> None:
    assert problems
    assert not any("\x1b" in str(problem) + problem.hint for problem in problems)


@settings(max_examples=300)
@given(st.binary(max_size=60) | CSVISH | CSVISH.map(b"phone,name\n+12025550101,".__add__))
@example(b'phone,name\n"\n"\n"')
def test_any_bytes_are_contacts_bad_rows_or_a_files_error(content: bytes) -> None:
    try:
        _, rows = read(content, "name")
    except FilesError as refusal:
        _assert_told(refusal.problems)
        return
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))
    lines = [row.line for row in rows]
    assert lines == sorted(set(lines))
    for row in rows:
        if isinstance(row, BadRow):
            _assert_told(row.problems)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=12).filter(lambda text: "\r" not in text), min_size=1, max_size=8))
def test_rows_that_csv_writes_come_back_one_for_one(names: list[str]) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows([["phone", "name"], *([ANN, name] for name in names)])
    raw = stream.getvalue().encode("utf-8", errors="replace")
    _, rows = read(raw, "name")
    assert len(rows) == len(names)


def test_a_long_list_is_streamed_and_memory_stays_flat(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as stream:
        stream.write("phone,name\n")
        # Rows of one cell are the cheapest: what is measured is the reading, not the parsing of numbers.
        stream.writelines(f"{ANN},N\n" if row % 100 == 0 else f"row{row}\n" for row in range(60_000))
    with open_contacts(ContactsSource(path), frozenset({"name"}), today=TODAY) as reader:
        rows = iter(reader)
        assert sum(1 for _ in islice(rows, 5_000)) == 5_000
        before = Process().memory_info().rss
        count = sum(1 for _ in rows)
        grown = Process().memory_info().rss - before
    assert count + 5_000 == 60_000
    assert grown < 8_000_000


# -------------------------------------------------------------------------------- numbers that need a look


def repairs(content: str, region: str | None = None) -> list[str]:
    _, rows = read(content, region=region)
    contacts = [row for row in rows if isinstance(row, Contact)]
    assert len(contacts) == len(rows), said(rows)
    return [f"{each.code} {each}" for contact in contacts for each in contact.repairs]


def test_a_repaired_number_is_used_and_told_of_with_its_cell() -> None:
    _, (row,) = read("phone,a\n48512345678,x\n", region="PL")
    assert isinstance(row, Contact)
    assert row.number.e164 == "+48512345678"
    (repair,) = row.repairs
    assert (repair.code, repair.where.line, repair.where.path) == ("plus_restored", 2, "phone")
    assert (repair.record, repair.value) == (1, "48•••••••78")
    assert "512345678" not in repair.message


def test_a_number_as_it_should_be_has_no_repair() -> None:
    assert repairs(f"phone\n{ANN}\n512 345 678\n", region="PL") == []


KINDS = [
    ("+48 22 123 45 67", "a landline"),
    ("+1 900 555 0100", "a premium-rate number"),
    ("+44 800 123 4567", "a toll-free number"),
]


@pytest.mark.parametrize(("number", "kind"), KINDS)
def test_a_number_of_a_kind_that_cannot_be_texted_is_a_problem(number: str, kind: str) -> None:
    _, (row,) = read(f"phone\n{number}\n")
    assert isinstance(row, BadRow)
    (problem,) = row.problems
    assert problem.code == "number_type"
    assert kind in problem.message
    assert "number_types" in problem.hint


def test_kinds_that_the_campaigns_file_allows_are_texted() -> None:
    source = ContactsSource(None, number_types=frozenset({NumberType.FIXED_LINE}))
    with open_contacts(
        source, frozenset(), io.BytesIO(b"phone\n+48221234567\n+48512345678\n"), today=TODAY
    ) as rows:
        assert [type(row) for row in rows] == [Contact, BadRow]


@pytest.mark.parametrize(
    ("written", "day"),
    [("21.01.2026", date(2026, 1, 21)), ("1.2.2026", date(2026, 2, 1)), ("03. 04. 2026", date(2026, 4, 3))],
)
def test_a_date_with_dots_has_its_day_first(written: str, day: date) -> None:
    found = contact(f"phone,consent,consent_date\n{ANN},express,{written}\n").consent
    assert found is not None
    assert found.given_on == day


@pytest.mark.parametrize("word", ["tak", "JA", "Sí", "oui", "sim", "да", "Ναι", "evet"])
def test_a_yes_in_any_of_the_known_languages_opts_out(word: str) -> None:
    assert contact(f"phone,out\n{ANN},{word}\n", columns={"opt_out": "out"}).opted_out == ("",)


@pytest.mark.parametrize("word", ["nie", "nein", "NON", "não", "нет", "Όχι", "hayır"])
def test_a_no_in_any_of_the_known_languages_does_not(word: str) -> None:
    assert contact(f"phone,out\n{ANN},{word}\n", columns={"opt_out": "out"}).opted_out == ()


def test_a_word_that_is_yes_here_and_no_there_is_neither() -> None:
    _, rows = read(f"phone,out\n{ANN},ne\n", columns={"opt_out": "out"})
    assert said(rows) == ["2: out: ne is neither yes nor no"]


@pytest.mark.parametrize("day", ["31-12-1985", "2024-03-22", "25.03.2024", "1.2.2026", "31/12/1985"])
def test_a_date_is_nobody_s_number(day: str) -> None:
    """Each is a number of eight digits that can be texted, somewhere."""
    for region in ("DK", "LV", "TN"):
        _, rows = read(f"phone,x\n{day},a\n", region=region)
        assert said(rows) == [f"2: phone: {mask(day)} is a date, not a phone number"]


@pytest.mark.parametrize("number", ["20 12 19 85", "20-12-19-85", "20121985"])
def test_eight_digits_that_are_written_as_no_date_are_a_number(number: str) -> None:
    _, (row,) = read(f"phone,x\n{number},a\n", region="DK")
    assert isinstance(row, Contact)


def test_columns_that_changed_places_in_a_row_are_named() -> None:
    _, rows = read(f"phone,name,x\nAnn,{ANN},1\nBen,no number,2\n", "name")
    assert said(rows) == [
        '2: phone: holds no number, and the column "name" does',
        "3: phone: Ben is not a phone number",
    ]


def test_a_name_that_lost_its_letters_is_not_sent() -> None:
    _, rows = read(f"phone,name,unused\n{ANN},MiÅ‚osz,x\n{BEN},Miłosz,JosÃ©\n{BEN},#N/A,x\n", "name")
    assert [type(row) for row in rows] == [BadRow, Contact, BadRow]
    codes = [problem.code for row in rows if isinstance(row, BadRow) for problem in row.problems]
    assert codes == ["mojibake", "excel_error"]


# ------------------------------------------------------------------------------------------------- shapes


def test_empty_cells_behind_the_last_column_are_nothing() -> None:
    _, rows = read(f"phone,a,,\n{ANN},1,,\n{BEN},2\n{ANN},3,,x\n")
    assert [type(row) for row in rows] == [Contact, Contact, BadRow]
    assert said(rows) == ["4: has 4 cells, the header has 2"]


def test_a_header_that_is_repeated_further_down_is_no_row() -> None:
    _, rows = read(f"phone,Name\n{ANN},Ann\nPHONE,name\n{BEN},Ben\n", "name")
    assert [(row.row, row.line) for row in rows] == [(1, 2), (2, 4)]
    assert said(rows) == []


def test_a_list_without_a_header_is_read_with_the_names_of_the_campaigns_file() -> None:
    source = ContactsSource(None, header=("phone", "", "name"))
    for content in (f"{ANN},x,Ann\n", f"Phone,x,NAME\n{ANN},x,Ann\n"):
        with open_contacts(source, frozenset({"name"}), io.BytesIO(content.encode()), today=TODAY) as reader:
            (row,) = reader
        assert isinstance(row, Contact)
        assert (row.fields, row.row) == ({"name": "Ann"}, 1)


def test_rows_that_were_mended_keep_their_column_of_problems_behind_a_given_header() -> None:
    source = ContactsSource(None, header=("phone", "name"))
    content = f"phone,name,problems\n{ANN},Ann,line 3: name: was empty\n"
    with open_contacts(source, frozenset({"name"}), io.BytesIO(content.encode()), today=TODAY) as reader:
        (row,) = reader
    assert isinstance(row, Contact)
    assert reader.columns == ("phone", "name", "problems")


# ---------------------------------------------------------------------------------------- several lists


def test_the_rows_of_several_lists_run_on_and_know_their_list(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"phone\n{ANN}\nx\n")
    (tmp_path / "b.csv").write_text(f"Mobile No;x\n{BEN};1\n\nbad;2\n")
    sources = [
        ContactsSource(tmp_path / "a.csv"),
        ContactsSource(tmp_path / "b.csv", columns={"phone": "mobile no"}),
    ]
    with open_lists(sources, frozenset(), today=TODAY) as lists:
        rows = list(lists)
    assert [(row.row, row.of_list, row.line) for row in rows] == [(1, 0, 2), (2, 0, 3), (3, 1, 2), (4, 1, 4)]
    problems = [problem for row in rows if isinstance(row, BadRow) for problem in row.problems]
    assert [(Path(each.where.file).name, each.where.line, each.record) for each in problems] == [
        ("a.csv", 3, 2),
        ("b.csv", 4, 2),
    ]


def test_the_headers_of_all_lists_are_checked_before_the_first_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"tel\n{ANN}\n")
    (tmp_path / "b.csv").write_text(f"phone,x\n{BEN},1\n")
    sources = [ContactsSource(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv")]
    with pytest.raises(FilesError) as caught, open_lists(sources, frozenset({"y"}), today=TODAY):
        pass
    codes = [(Path(each.where.file).name, each.code) for each in caught.value.problems]
    assert codes == [
        ("a.csv", "missing_column"),
        ("a.csv", "unknown_field"),
        ("b.csv", "unknown_field"),
        ("c.csv", "missing_file"),
    ]
    assert caught.value.message == "3 files have 4 problems"


# ---------------------------------------------------------------------------------------------- what it costs


def seconds(content: str, *wanted: str) -> float:
    began = process_time()
    read(content, *wanted)
    return process_time() - began


def test_ten_thousand_zones_that_are_none_are_told_as_fast_as_other_cells() -> None:
    rows = "".join(f"{ANN},America/New_Yor{number}\n" for number in range(10_000))
    assert seconds(f"phone,zone\n{rows}") < 5  # half a minute, if each were looked for in all names


def test_a_row_of_twenty_thousand_bad_cells_costs_no_more_than_as_many_rows() -> None:
    names = "".join(f",c{number}" for number in range(20_000))
    bad = ",\0" * 20_000
    assert seconds(f"phone{names}\n{ANN}{bad}\n") < 10  # more than a minute, if each were compared with each


@pytest.mark.parametrize("column", ["first_name", "zone", "consent_source"])
def test_long_cells_are_not_remembered(column: str) -> None:
    rows = (f"{ANN},{number}\u00a0{'x' * 10_000},express,2026-01-01\n" for number in range(200))
    content = io.BytesIO(f"phone,{column},consent,consent_date\n{''.join(rows)}".encode())
    wanted = frozenset({"first_name"} & {column})
    tracemalloc.start()
    try:
        with open_contacts(ContactsSource(None), wanted, content, today=TODAY) as reader:
            found = iter(reader)
            assert sum(1 for _ in islice(found, 20)) == 20
            before, _ = tracemalloc.get_traced_memory()
            assert sum(1 for _ in islice(found, 175)) == 175
            assert tracemalloc.get_traced_memory()[0] - before < 500_000
    finally:
        tracemalloc.stop()
