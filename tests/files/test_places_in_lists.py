"""States and ZIP codes in lists: what is read, and what a cell that is none does."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date

import pytest

from smscli.domain.contact import Contact
from smscli.files.contacts_file import BadRow, ContactsSource, open_contacts

TODAY = date(2026, 11, 24)
MIAMI, TORONTO, SAN_JUAN = "+13055550101", "+14165550101", "+17875550101"
WARSAW, MUNICH, ROME = "+48512345678", "+4915123456789", "+393123456789"


def rows(
    content: str, columns: Mapping[str, str] | None = None, region: str | None = None
) -> list[Contact | BadRow]:
    source = ContactsSource(None, region, ",", columns or {})
    with open_contacts(source, frozenset(), io.BytesIO(content.encode()), today=TODAY) as reader:
        return list(reader)


def place(content: str, columns: Mapping[str, str] | None = None) -> tuple[str | None, str | None]:
    """What the only row says of where somebody is: state and ZIP."""
    (row,) = rows(content, columns)
    assert isinstance(row, Contact), row
    return row.state, row.postcode


def codes(content: str, columns: Mapping[str, str]) -> list[tuple[str, str, str]]:
    (row,) = rows(content, columns)
    assert isinstance(row, BadRow), row
    return [(problem.where.path, problem.code, problem.hint) for problem in row.problems]


@pytest.mark.parametrize(
    ("number", "cell", "state"),
    [
        (MIAMI, "FL", "US-FL"),
        (MIAMI, "Florida", "US-FL"),
        (MIAMI, " fla. ", "US-FL"),
        (MIAMI, "US-FL", "US-FL"),
        (MIAMI, "N.Y.", "US-NY"),
        (MIAMI, "ON", "CA-ON"),  # a number of the US, of somebody who lives in Canada
        (TORONTO, "Québec", "CA-QC"),
        (SAN_JUAN, "PR", "US-PR"),
        (MUNICH, "BY", "DE-BY"),
        (MUNICH, "Bayern", "DE-BY"),
        (MUNICH, "US-FL", "US-FL"),
        (ROME, "CA", "IT-CA"),  # Cagliari, not California
        (WARSAW, "Florida", "US-FL"),
    ],
)
def test_a_state_is_read_by_its_code_or_its_name(number: str, cell: str, state: str) -> None:
    assert place(f"phone,state\n{number},{cell}\n") == (state, None)
    assert place(f"phone,where\n{number},{cell}\n", {"state": "where"}) == (state, None)


@pytest.mark.parametrize("cell", ["delivered", "XX", "FL or GA", "US-XX", "12", "Flordia", "x" * 300])
def test_what_is_no_state_says_nothing_in_a_column_that_nobody_mapped(cell: str) -> None:
    assert place(f"phone,state\n{MIAMI},{cell}\n") == (None, None)


def test_what_is_no_state_is_a_bad_cell_of_a_column_that_is_mapped() -> None:
    ((path, code, hint),) = codes(f"phone,state\n{MIAMI},Flordia\n", {"state": "state"})
    assert (path, code, hint) == ("state", "bad_state", "did you mean Florida?")
    ((_, _, hint),) = codes(f"phone,state\n{MIAMI},12\n", {"state": "state"})
    assert hint == "write its code, such as FL, ON or DE-BY"


def test_no_state_is_asked_for_where_the_library_knows_none() -> None:
    mexico = "+525512345678"
    assert place(f"phone,state\n{mexico},Jalisco\n", {"state": "state"}) == (None, None)


def test_an_empty_cell_says_nothing() -> None:
    assert place(f"phone,state,zip\n{MIAMI},,\n", {"state": "state", "zip": "zip"}) == (None, None)


def test_the_country_of_the_row_says_whose_state_it_is() -> None:
    assert place(f"phone,country,state\n{MIAMI},IT,CA\n") == ("IT-CA", None)
    assert place(f"phone,country,state\n{WARSAW},US,CA\n") == ("US-CA", None)


@pytest.mark.parametrize(
    ("cell", "postcode"),
    [
        ("33101", "33101"),
        ("33101-1234", "33101"),
        ("331011234", "33101"),
        ("2139", "02139"),
        ("2139-1234", "02139"),
        ("2139.0", "02139"),
        (" 33101 ", "33101"),
    ],
)
def test_a_zip_code_is_read_with_the_zero_that_a_spreadsheet_ate(cell: str, postcode: str) -> None:
    assert place(f"phone,zip\n{MIAMI},{cell}\n") == (None, postcode)
    assert place(f"phone,z\n{MIAMI},{cell}\n", {"zip": "z"}) == (None, postcode)


@pytest.mark.parametrize("cell", ["K1A 0B1", "331", "331012", "33I01", "٣٣١٠١"])
def test_what_is_no_zip_code_says_nothing_or_is_a_bad_cell_where_the_column_is_mapped(cell: str) -> None:
    assert place(f"phone,zip\n{MIAMI},{cell}\n") == (None, None)
    ((path, code, hint),) = codes(f"phone,zip\n{MIAMI},{cell}\n", {"zip": "zip"})
    assert (path, code, hint) == ("zip", "bad_zip", "write five digits, such as 02139")


@pytest.mark.parametrize("row", [f"{WARSAW},00-950,", f"{TORONTO},K1A 0B1,", f"{MIAMI},SW1A 1AA,GB"])
def test_postcodes_of_other_countries_are_not_looked_at(row: str) -> None:
    assert place(f"phone,zip,country\n{row}\n", {"zip": "zip"}) == (None, None)


def test_territories_have_zip_codes_of_the_us() -> None:
    assert place(f"phone,zip\n{SAN_JUAN},901\n") == (None, None)  # two zeros gone: nobody can tell
    assert place(f"phone,zip\n{SAN_JUAN},00901\n") == (None, "00901")


def test_columns_taken_by_name_break_no_list_that_worked() -> None:
    content = f"phone,state,State,zip,Zip Code\n{MIAMI},\x07,x,\x07,y\n"
    assert place(content) == (None, None)


def test_very_many_states_that_are_none_are_told_in_a_moment() -> None:
    content = "phone,state\n" + "".join(f"{MIAMI},nowhere {at}\n" for at in range(3_000))
    found = rows(content, {"state": "state"})
    assert {type(row) for row in found} == {BadRow}


def test_a_row_without_a_number_is_told_for_its_number_first() -> None:
    ((path, code, _),) = codes("phone,state\nnone,Flordia\n", {"state": "state"})
    assert (path, code) == ("phone", "not_a_number")
