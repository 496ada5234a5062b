"""What the first records of a list give away, told once and not row by row."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from smscli.domain.contact import Contact
from smscli.domain.errors import FilesError, Problem
from smscli.files.bad_rows import BadRow
from smscli.files.column_guess import offered
from smscli.files.contacts_file import open_contacts
from smscli.files.first_records import LOOKED_AT
from smscli.files.list_source import ContactsSource
from tests.files.damaged_case import TODAY

LIST = ContactsSource(None)
ANN, BEN = "+12025550101", "+12025550102"


def read(content: str, source: ContactsSource = LIST) -> list[Contact | BadRow]:
    with open_contacts(source, frozenset(), io.BytesIO(content.encode()), today=TODAY) as reader:
        return list(reader)


def refused(content: str, source: ContactsSource = LIST) -> list[Problem]:
    with pytest.raises(FilesError) as caught:
        read(content, source)
    return list(caught.value.problems)


# ------------------------------------------------------------------------------------------- above the header


TITLES = [
    ("Members\nphone,name\n", 2),
    ("Members,,\n\nas of 2026-11-01,,\nphone,name,city\n", 4),
    ("# exported\nphone;name\n", 2),
    ("Members\nphone\n", 2),
    ("Report;20261101\nphone;name;city\n", 2),
    ("Kunden\nName\tHandynummer\n", 2),
    ("title\n" * (LOOKED_AT - 1) + "phone,name\n", LOOKED_AT),
]


@pytest.mark.parametrize(("content", "line"), TITLES)
def test_a_header_below_a_title_is_told_with_its_line(content: str, line: int) -> None:
    (problem,) = refused(f"{content}{ANN},Ann\n")
    assert (problem.code, problem.where.line) == ("header", line)
    assert problem.message.startswith(f"the header seems to stand in line {line}, below ")
    above = "line 1" if line == 2 else f"lines 1 to {line - 1}"
    assert problem.hint == f"delete {above}: a list begins with the names of its columns"


def test_a_header_below_a_title_may_be_the_one_that_is_mapped() -> None:
    content = f"Members\nKontakt SMS,Name\n{ANN},Ann\n"
    assert [each.code for each in refused(content)] == ["missing_column"]
    (problem,) = refused(content, replace(LIST, columns={"phone": "kontakt sms"}))
    assert problem.message == 'the header seems to stand in line 2, below "Members"'


@pytest.mark.parametrize(
    "content",
    [
        f"Kontakt,answer by\n{ANN},phone\n",
        "Kontakt,answer by\n,phone\n",
        "Kontakt,answer by,note\nAnn,phone,mobile\n",
        "title\n" * LOOKED_AT + "phone,name\n",
        f"Kontakt\n{ANN}\n",
    ],
)
def test_a_row_with_the_word_phone_is_no_header(content: str) -> None:
    assert [each.code for each in refused(content)] == ["missing_column"]


def test_records_that_were_looked_at_are_read_all_the_same() -> None:
    rows = "".join(f"+120255501{at:02},Ann\n" for at in range(30))
    mapped = replace(LIST, columns={"phone": "Kontakt"})
    assert len(read(f"Kontakt,Name\n{rows}", mapped)) == 30
    assert len(read(f"phone,name\n{ANN}\n{rows}")) == 31
    assert len(read(rows, replace(LIST, header=("phone", "name")))) == 30


@pytest.mark.parametrize(
    "content",
    [f"Members\nphone,name\n{ANN},Ann\n{BEN},Ben\n", f"'phone','name'\n'{ANN}','Ann'\n'{BEN}','Ben'\n"],
)
def test_nothing_is_guessed_of_a_header_that_has_to_be_mended_first(content: str) -> None:
    assert offered(LIST, io.BytesIO(content.encode())) is None


# ------------------------------------------------------------------------------ rows that are split otherwise


OTHERWISE = [
    ("phone;name", f"{ANN},Ann\n{BEN},Ben\n", "semicolon", "comma", "phone,name"),
    ("phone,name", f"{ANN};Ann\n", "comma", "semicolon", "phone;name"),
    ("phone\tname\tcity", f'"{ANN}","Ann","Lyon"\n', "tab", "comma", "phone,name,city"),
]


@pytest.mark.parametrize(("header", "rows", "told", "found", "mended"), OTHERWISE)
def test_rows_with_another_delimiter_than_their_header_are_one_problem(
    header: str, rows: str, told: str, found: str, mended: str
) -> None:
    content = f"{header}\n{rows}"
    (problem,) = refused(content)
    message = f"the header has {told} between its cells, and the rows below it have {found}"
    assert (problem.code, problem.message) == ("header", message)
    assert problem.hint == f"write the header as the rows are: {mended}"
    assert all(isinstance(row, Contact) for row in read(f"{mended}\n{rows}"))


def test_rows_with_another_delimiter_than_the_campaigns_file_says_are_one_problem() -> None:
    source = replace(LIST, header=("phone", "name"), delimiter=",")
    content = f"{ANN};Ann\n{BEN};Ben\n"
    (problem,) = refused(content, source)
    assert problem.message == "the campaigns file says delimiter: comma, and the rows have semicolon"
    assert "delimiter: semicolon" in problem.hint
    assert len(read(content, replace(source, delimiter=";"))) == 2


@pytest.mark.parametrize(
    "content",
    [
        f"phone,name\n{ANN}\n{BEN};Ben\n",
        f"phone,name,x\n{ANN};Ann\n",
        f"phone,name,x\n{ANN}|Ann|x\n{BEN}|Ben, Jr.|x\n",
    ],
)
def test_rows_that_no_other_delimiter_would_mend_are_bad_rows(content: str) -> None:
    assert {row.problems[0].code for row in read(content) if isinstance(row, BadRow)} == {"wrong_cells"}


# ------------------------------------------------------------------------------- names of the campaigns file


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (("phone",), f"{ANN},Ann\n{BEN},Ben\n", "names 1 column, and each of the first 2 rows has 2 cells"),
        (
            ("phone", "name", "city"),
            f"{ANN},Ann\n" * 20,
            f"names 3 columns, and each of the first {LOOKED_AT} rows has 2 cells",
        ),
    ],
)
def test_too_many_or_too_few_names_are_one_problem(header: tuple[str, ...], rows: str, message: str) -> None:
    (problem,) = refused(rows, replace(LIST, header=header, delimiter=","))
    assert (problem.code, problem.message) == ("header", f"header: {message}")
    assert problem.hint.startswith("name ")


def test_the_names_that_a_hint_proposes_make_the_list_readable() -> None:
    source = replace(LIST, header=("phone", "name"))
    rows = f"{ANN},Ann,Rome,x\n{BEN},Ben,Paris,y\n"
    (problem,) = refused(rows, source)
    assert 'header: ["phone", "name", "", ""]' in problem.hint
    assert all(
        isinstance(row, Contact) for row in read(rows, replace(source, header=("phone", "name", "", "")))
    )


@pytest.mark.parametrize("rows", [f"{ANN},Ann,Rome\n", f"{ANN},Lee, Ann\n{BEN},Ben\n"])
def test_where_only_some_rows_do_not_fit_the_names_those_are_bad_rows(rows: str) -> None:
    assert isinstance(read(rows, replace(LIST, header=("phone", "name")))[0], BadRow)


@pytest.mark.parametrize("first", ["phone,name", "PHONE,city,Name", "city,name,phone"])
def test_a_header_line_in_another_order_than_the_names_is_told(first: str) -> None:
    source = replace(LIST, header=("name", "phone"), region="PL")
    (problem,) = refused(f"{first}\n{ANN},Ann\n", source)
    assert (problem.code, problem.where.line) == ("header", 1)
    assert problem.message.startswith("the first line names the columns in another order than header: does: ")
    assert problem.hint == 'delete header: contacts: {file: "-", region: PL}'
