"""What is guessed of a list whose header says too little, and what is not."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.files.column_guess import Guess, guess, offered
from smscli.files.column_names import Role
from smscli.files.contacts_file import open_contacts
from smscli.files.list_source import ContactsSource

LIST = ContactsSource(Path("list.csv"))
POLES = tuple(
    f"{lead} 345 {row:03}" for row, lead in enumerate(["512", "667", "788", "882", "530", "459"] * 20)
)
WITH_CODE = tuple(f"+48 {number}" for number in POLES)
AMERICANS = tuple(f"+120255501{row:02}" for row in range(100))
NAMES = ("Anna", "Ben", "Carla", "Dan")


def guessed(columns: Mapping[str, Sequence[str]], source: ContactsSource = LIST, *, rows: int = 100) -> Guess:
    """Of a list with these headers; the cells of a column are repeated as needed."""
    return guess(source, rows_of(list(columns.values()), rows), tuple(columns))


def rows_of(columns: Sequence[Sequence[str]], rows: int = 100) -> list[tuple[str, ...]]:
    return [tuple(cells[row % len(cells)] for cells in columns) for row in range(rows)]


def roles(found: Guess) -> dict[str, str]:
    return {each.role.value: each.column.name for each in found.findings}


def bare(columns: Sequence[Sequence[str]], source: ContactsSource = LIST) -> Guess:
    """Of a list without a header."""
    return guess(source, rows_of(columns), None)


# ------------------------------------------------------------------------------------------------- the phone


def test_the_column_of_numbers_is_found_by_its_cells_and_says_so() -> None:
    cells = [*AMERICANS[:98], "none", "unknown"]
    found = guessed({"Kunde": NAMES, "Kontakt SMS": cells})
    (phone,) = found.findings
    assert (phone.role, phone.column.name, phone.share) == (Role.PHONE, "Kontakt SMS", 0.98)
    assert found.reasons == ('"Kontakt SMS": 98 of 100 cells are phone numbers',)
    assert found.line(LIST) == 'contacts: {file: list.csv, columns: {phone: "Kontakt SMS"}}'


def test_empty_cells_do_not_count() -> None:
    found = guessed({"Kontakt": [*AMERICANS[:40], *[""] * 60], "x": ["y"]})
    assert found.reasons == ('"Kontakt": 40 of 40 cells are phone numbers',)


SEVERAL = [
    ({"Phone": AMERICANS, "Fax": AMERICANS, "Mobile": AMERICANS}, "Mobile"),
    ({"Telefon": WITH_CODE, "Handy": WITH_CODE, "Telefax": WITH_CODE}, "Handy"),
    ({"Telefon 1": WITH_CODE, "Firma Telefon": WITH_CODE}, "Telefon 1"),
    ({"Fax": AMERICANS, "Contact": AMERICANS}, "Contact"),
    ({"Fax": AMERICANS, "Note": NAMES}, "Fax"),
    # A mobile column with next to nothing in it is no rival.
    ({"Tel.": AMERICANS, "Mobile 2": [*AMERICANS[:3], *[""] * 97]}, "Tel."),
    # Of landlines and mobile numbers, the latter can be texted.
    ({"a": ["+48 22 555 01 00"], "b": WITH_CODE}, "b"),
    ({"Phone 1 - Type": ["Mobile"], "Phone 1 - Value": AMERICANS}, "Phone 1 - Value"),
]


@pytest.mark.parametrize(("columns", "chosen"), SEVERAL)
def test_of_several_columns_with_numbers_the_one_to_text_is_chosen(
    columns: Mapping[str, Sequence[str]], chosen: str
) -> None:
    assert roles(guessed(columns))["phone"] == chosen


def test_the_other_columns_with_numbers_are_named() -> None:
    found = guessed({"Phone": AMERICANS, "Fax": AMERICANS, "Mobile": AMERICANS})
    assert found.reasons == ('"Mobile": 100 of 100 cells are phone numbers; so are those of Phone and Fax',)


@pytest.mark.parametrize("names", [("Phone 1", "Phone 2"), ("a", "b"), ("Handy", "Mobil 2")])
def test_where_two_columns_would_do_none_is_proposed(names: tuple[str, str]) -> None:
    found = guessed(dict.fromkeys(names, AMERICANS))
    assert found.line(LIST) == ""
    assert found.notes == (
        f"which column to text cannot be told: numbers are in {names[0]} (100) and {names[1]} (100)",
    )


NO_NUMBERS = [
    ["2025-01-01", "2024-12-31"],
    ["20.01.2025", "1.2.2024 10:00"],
    ["12345", "999"],
    ["1250.00", "19.99"],
    ["Anna", "Ben"],
    ["4.48512E+10"],
    ["ab12cd34ef56"],
    [""],
]


@pytest.mark.parametrize("cells", NO_NUMBERS)
@pytest.mark.parametrize("region", [None, "DK", "SG"])
def test_other_columns_hold_no_numbers(cells: list[str], region: str | None) -> None:
    assert guessed({"Phone?": cells}, replace(LIST, region=region)).findings == ()


def test_what_the_campaigns_file_says_of_the_phone_is_left_as_it_is() -> None:
    source = replace(LIST, columns={"phone": "Work", "zone": "tz"})
    found = guessed({"Work": AMERICANS, "Mobile": AMERICANS, "tz": ["Mars"]}, source)
    assert found.applied(source) == source


def test_a_mapped_header_that_is_not_there_is_replaced() -> None:
    source = replace(LIST, region="PL", delimiter=";", columns={"phone": "Handy", "zone": "ignore"})
    found = guessed({"Kom. klienta": POLES}, source)
    assert found.line(source) == (
        "contacts: {file: list.csv, region: PL, delimiter: semicolon,"
        ' columns: {phone: "Kom. klienta", zone: "ignore"}}'
    )


def test_roles_of_columns_that_another_list_had_are_left_out_and_told() -> None:
    source = replace(LIST, columns={"opt_out": "unsubscribed", "zone": "ignore"})
    found = guessed({"Kom. klienta": WITH_CODE, "Miasto": NAMES}, source)
    assert found.applied(source).columns == {"phone": "Kom. klienta", "zone": "ignore"}
    assert found.notes == ('no column is "unsubscribed", the opt_out',)


@pytest.mark.parametrize("header", ["unsubscribd", "Unsubscribed?"])
def test_the_role_of_a_column_that_may_only_be_misspelt_stays(header: str) -> None:
    source = replace(LIST, columns={"opt_out": "unsubscribed"})
    found = guessed({"Kom. klienta": WITH_CODE, header: ["maybe"]}, source)
    assert found.applied(source).columns["opt_out"] == "unsubscribed"


# ------------------------------------------------------------------------------------------------ the region


def test_a_country_that_nobody_declared_is_guessed_where_only_one_will_do() -> None:
    found = guessed({"Telefon": POLES, "Imię": NAMES})
    assert found.region == "PL"
    assert found.line(LIST) == "contacts: {file: list.csv, region: PL}"
    assert found.notes == ("""region PL: "Telefon" holds its mobile numbers, and no other country's""",)


def test_of_countries_with_one_code_each_has_its_own_numbers() -> None:
    americans = [f"({area}) 555-01{row:02}" for row, area in enumerate([212, 303, 415, 617, 702, 907] * 16)]
    assert guessed({"phone": americans}).region == "US"


def test_numbers_that_would_do_in_several_countries_are_of_none() -> None:
    """Of ten digits that begin with a 7, behind a nought: British, or Indian."""
    found = guessed({"phone": [f"07400 123{row:03}" for row in range(100)]})
    assert found.region is None
    assert {"GB", "IN"} <= set(found.notes[0].replace(",", "").split())


def test_where_several_countries_will_do_none_is_guessed() -> None:
    found = guessed({"Tel.": ["512 345 678"]})
    assert found.region is None
    assert found.line(LIST) == ""
    assert found.notes[0].startswith('the region of "Tel." cannot be told: ')
    assert "PL" in found.notes[0]


def test_a_declared_region_is_not_guessed_anew() -> None:
    found = guessed({"Tel.": POLES}, replace(LIST, region="ES"))
    assert (found.region, found.findings) == (None, ())


def test_the_countries_of_rows_are_read_by() -> None:
    columns = {"nr": ["512 345 678", "(202) 555-0101"], "Kraj": ["PL", "US"]}
    found = guessed(columns)
    assert roles(found) == {"phone": "nr", "region": "Kraj"}
    assert found.region is None
    assert guessed(columns, replace(LIST, columns={"region": "Kraj"})).line(LIST) != ""


@pytest.mark.parametrize("name", ["State", "Region", "Province", "Bundesland", "Currency"])
def test_states_are_no_countries(name: str) -> None:
    assert roles(guessed({"phone": AMERICANS, name: ["CO", "IN", "CA", "DE"]})) == {"phone": "phone"}


# -------------------------------------------------------------------------------------------------- the rest


ROLES = [
    ("Strefa", ["Europe/Warsaw", "Europe/Madrid"], Role.ZONE),
    ("Sprache", ["de", "pl", "pt-BR"], Role.LANGUAGE),
    ("Idioma del cliente", ["es", "ca", "no"], Role.LANGUAGE),
    ("Kundenland", ["DE"], None),
    ("Country of residence", ["DE", "PL"], Role.REGION),
    ("Pais", ["ES"], Role.REGION),
    ("Country", ["Germany"], None),
    ("Name", NAMES, None),
    ("Size", ["S", "XL", "M"], None),
    ("Initials", ["AB", "XY", "QQ"], None),
    ("Newsletter", ["no"], None),
    ("Zone", ["A1", "B2"], None),
    ("Birthday", ["1990-01-01", "1985-12-31"], None),
    ("Last order", ["2026-01-01"], None),
    ("Consent level", ["sure", "maybe"], None),
]


@pytest.mark.parametrize(("name", "cells", "role"), ROLES)
def test_roles_are_found_by_cells_and_where_those_may_mislead_by_names(
    name: str, cells: Sequence[str], role: Role | None
) -> None:
    expected = {"phone": "phone"} | ({role.value: name} if role else {})
    assert roles(guessed({"phone": AMERICANS, name: cells})) == expected


def test_consent_is_found_with_its_date() -> None:
    found = guessed(
        {
            "Handy 1": AMERICANS,
            "Zgoda": ["express", "soft", "none", ""],
            "Data urodzenia": ["1990-01-01"],
            "Data zgody": ["2025-03-01", "2024-01-31T10:00:00+01:00", "", ""],
        }
    )
    assert found.line(LIST) == (
        "contacts: {file: list.csv, columns:"
        ' {phone: "Handy 1", consent: "Zgoda", consent_date: "Data zgody"}}'
    )


def test_half_of_consent_is_told_and_not_proposed() -> None:
    found = guessed({"phone": AMERICANS, "Zgoda": ["express", "none"], "Data": ["2025-03-01"]})
    assert roles(found) == {"phone": "phone"}
    assert found.notes == ('"Zgoda" holds levels of consent; which column says when?',)


FLAGS = ["Newsletter", "Accepts SMS Marketing", "Opt-in", "VIP", "Zgoda", "SMS", "Active", "Subscribed"]


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("cells", [["yes", "no"], ["1", "0"], ["TRUE", "FALSE"], ["x", ""]])
def test_a_flag_is_no_opt_out_unless_it_is_called_so(name: str, cells: list[str]) -> None:
    found = guessed({"phone": AMERICANS, name: cells})
    assert roles(found) == {"phone": "phone"}
    assert "opt_out" not in found.line(LIST)


@pytest.mark.parametrize("name", ["Unsubscribed", "SMS Opt-Out", "DNC", "Abgemeldet", "Wypisany"])
def test_a_flag_that_is_called_an_opt_out_is_one(name: str) -> None:
    found = guessed({"phone": AMERICANS, "Newsletter": ["yes", "no"], name: ["yes", "no", "", "X"]})
    assert found.line(LIST) == f'contacts: {{file: list.csv, columns: {{opt_out: "{name}"}}}}'


@pytest.mark.parametrize(
    "columns",
    [
        {"Blocked": ["spam", "bounce"]},
        {"Blocked": ["spam", "bounce"], "Stopped": ["who?"]},
    ],
)
def test_what_may_be_an_opt_out_and_cannot_be_read_is_told_and_never_ignored(
    columns: Mapping[str, Sequence[str]],
) -> None:
    found = guessed({"Handy 1": AMERICANS, **columns})
    assert found.line(LIST) == 'contacts: {file: list.csv, columns: {phone: "Handy 1"}}'
    assert [note.partition(" looks like an opt-out")[0] for note in found.notes] == [
        f'"{name}"' for name in columns
    ]


@pytest.mark.parametrize(
    ("source", "opt_outs"),
    [
        (LIST, '["Unsubscribed", "DNC", "Opted out at"]'),
        (replace(LIST, columns={"opt_out": "dnc"}), '["dnc", "Unsubscribed", "Opted out at"]'),
        (replace(LIST, columns={"opt_out": "gone"}, ignore=("dnc",)), '["Unsubscribed", "Opted out at"]'),
        (LIST.with_opt_outs("DNC", "Opted out at"), '["DNC", "Opted out at", "Unsubscribed"]'),
    ],
)
def test_of_several_columns_of_opt_outs_all_are_proposed(source: ContactsSource, opt_outs: str) -> None:
    stops = {"Unsubscribed": ["yes", "no"], "DNC": ["no"], "Opted out at": ["2025-01-01", ""]}
    found = guessed({"phone": AMERICANS, **stops}, source)
    assert f"columns: {{opt_out: {opt_outs}}}" in found.line(source)
    assert found.notes == ()
    assert '"Unsubscribed": 100 of 100 cells are yes, no or dates' in found.reasons


@pytest.mark.parametrize(
    "source",
    [
        replace(LIST, columns={"opt_out": "ignore"}),
        replace(LIST, ignore=("dnc", "stop")),
        LIST.with_opt_outs("dnc", "stop"),
        replace(LIST, columns={"opt_out": "dnc"}, ignore=("stop",)),
    ],
)
def test_what_the_campaigns_file_says_of_opt_outs_is_left_as_it_is(source: ContactsSource) -> None:
    found = guessed({"phone": AMERICANS, "DNC": ["yes", "no"], "Stop": ["no"]}, source)
    assert (found.applied(source), found.notes) == (source, ())


def test_one_column_of_opt_outs_that_is_unclear_keeps_the_others_from_being_proposed() -> None:
    found = guessed({"phone": AMERICANS, "DNC": ["yes", "no"], "Blocked": ["spam", "bounce"]})
    assert "opt_out" not in found.line(LIST)
    assert found.notes == ('"Blocked" looks like an opt-out, and holds more than yes, no and dates',)


def test_columns_of_one_name_are_not_proposed() -> None:
    rows = rows_of([AMERICANS, AMERICANS, AMERICANS])
    found = guess(LIST, rows, ("Contact", "contact", "Other number"))
    assert roles(found) == {"phone": "Other number"}


# ------------------------------------------------------------------------------------ lists without a header


def test_names_are_proposed_for_a_list_without_a_header() -> None:
    found = bare(
        [["17", "18"], AMERICANS, NAMES, ["en", "pl"], ["US", "PL"], ["Europe/Warsaw"], ["1990-01-01"]]
    )
    assert found.line(LIST) == (
        'contacts: {file: list.csv, header: ["column1", "phone", "column3", "language", "region", "zone",'
        ' "column7"]}'
    )
    assert "column 2: 100 of 100 cells are phone numbers" in found.reasons


def test_columns_at_the_end_in_which_nothing_stands_need_no_name() -> None:
    found = bare([AMERICANS, ["", "x"], [""], [""]])
    assert found.header == ("phone", "column2")


def test_a_flag_without_a_name_may_be_an_opt_out() -> None:
    found = bare([AMERICANS, ["yes", "no"]])
    assert found.header == ("phone", "column2")
    assert found.notes == ("column 2 says yes or no: name it, it may be an opt-out",)


def test_names_that_the_campaigns_file_gives_to_roles_are_used_or_asked_for() -> None:
    source = replace(LIST, columns={"phone": "Handy", "opt_out": "weg", "zone": "ignore"})
    found = bare([NAMES, AMERICANS], source)
    assert found.header == ("column1", "Handy")
    assert found.notes == ('which column is "weg", the opt_out, cannot be told',)
    assert found.applied(source).columns == source.columns


# ------------------------------------------------------------------------------------------------- exports


def crm_export() -> dict[str, Sequence[str]]:
    """Forty columns as such programs write them."""
    columns: dict[str, Sequence[str]] = {
        "Record ID": [f"60155501{row:02}" for row in range(100)],
        "First Name": NAMES,
        "E-mail": [f"{name}@example.com" for name in NAMES],
        "Home Phone": [*AMERICANS[:20], *[""] * 80],
        "Office Phone": ["+48 22 555 01 00", ""],
        "Phone (mobile)": AMERICANS,
        "Fax": ["", "+12025550199"],
        "State": ["CO", "IN"],
        "Mailing Country": ["US"],
        "Lead Status": ["new", "no"],
        "Email Opt In": ["yes", "no"],
        "Newsletter": ["1", "0"],
        "Birthday": ["1990-01-01"],
        "Created": ["2025-01-01 10:00:00"],
        "Do Not Call": ["0", "1"],
        "Postal Code": ["80202", "46204"],
        "Amount": ["1200.50", "99.00"],
        "Client TZ": ["America/Denver", "America/Indiana/Indianapolis"],
    }
    return columns | {f"Custom {place}": [f"v{place}", ""] for place in range(40 - len(columns))}


def test_an_export_of_forty_columns_is_understood() -> None:
    columns = crm_export()
    assert len(columns) == 40
    assert guessed(columns).line(LIST) == (
        'contacts: {file: list.csv, columns: {phone: "Phone (mobile)", region: "Mailing Country",'
        ' opt_out: "Do Not Call", zone: "Client TZ"}}'
    )


# ------------------------------------------------------------------------------------------------- the offer


def as_csv(*rows: Sequence[str], delimiter: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def listed(folder: Path, content: str | bytes, name: str = "list.csv", **keys: object) -> ContactsSource:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return replace(ContactsSource(path), **keys)  # type: ignore[arg-type]


GERMAN = as_csv(
    ["Kunde", "Handy privat", "Sprache", "Abgemeldet"],
    *rows_of([NAMES, WITH_CODE, ["de", "pl"], ["", "yes"]], 20),
    delimiter=";",
)


def source_of(offer: str, source: ContactsSource) -> ContactsSource:
    """The list as the campaigns file describes it once the offer stands there."""
    keys = yaml.safe_load(offer)["contacts"]
    assert source.file is None or keys["file"] == source.file.name
    return replace(
        source,
        region=keys.get("region"),
        header=tuple(keys.get("header", ())),
        columns=keys.get("columns", {}),
    )


def test_an_offer_can_be_copied_as_it_is_and_mends_the_list(tmp_path: Path) -> None:
    source = listed(tmp_path, GERMAN)
    offer = offered(source)
    assert offer == (
        'contacts: {file: list.csv, columns: {phone: "Handy privat", language: "Sprache",'
        ' opt_out: "Abgemeldet"}}'
        '  # "Handy privat": 20 of 20 cells are phone numbers; "Sprache": 20 of 20 cells are languages;'
        ' "Abgemeldet": 10 of 10 cells are yes, no or dates'
    )
    with open_contacts(source_of(offer, source), frozenset({"kunde"}), today=date(2026, 11, 22)) as reader:
        assert reader.mapping == {"phone": "Handy privat", "language": "Sprache", "opt_out": "Abgemeldet"}
    assert offered(source_of(offer, source)) is None


def test_an_offer_names_the_columns_of_a_list_without_a_header(tmp_path: Path) -> None:
    source = listed(tmp_path, as_csv(*rows_of([NAMES, POLES, ["pl"]])))
    offer = offered(source)
    assert offer is not None
    assert offer.startswith(
        'contacts: {file: list.csv, region: PL, header: ["column1", "phone", "language"]}  # '
    )
    assert offered(source_of(offer, source)) is None


def test_a_country_is_offered_where_the_header_is_fine_and_numbers_do_not_say_theirs(tmp_path: Path) -> None:
    offer = offered(listed(tmp_path, as_csv(["phone"], *rows_of([POLES]))))
    assert offer is not None
    assert offer.startswith("contacts: {file: list.csv, region: PL}  # ")


FINE = [
    as_csv(["phone", "x"], *rows_of([AMERICANS, NAMES], 5)),
    as_csv(["phone", "Sprache"], *rows_of([AMERICANS, ["de"]], 5)),
    "phone\n",
]


@pytest.mark.parametrize("content", FINE)
def test_nothing_is_offered_for_a_list_whose_header_is_fine(tmp_path: Path, content: str) -> None:
    assert offered(listed(tmp_path, content)) is None


@pytest.mark.parametrize("repeats", [True, False])
def test_declared_names_are_the_header(tmp_path: Path, repeats: bool) -> None:
    rows = rows_of([NAMES, AMERICANS], 5)
    content = as_csv(*([["who", "Nr. 1", "problems"]] if repeats else []), *rows)
    source = listed(tmp_path, content, header=("Who", "nr. 1"))
    assert (offered(source) or "").startswith(
        'contacts: {file: list.csv, header: ["Who", "nr. 1"], columns: {phone: "nr. 1"}}  # "nr. 1": 5 of 5'
    )


def test_nothing_is_offered_where_nothing_can_be_told(tmp_path: Path) -> None:
    assert offered(listed(tmp_path, as_csv(["a", "b"], *rows_of([NAMES, ["x"]], 5)))) is None
    assert offered(listed(tmp_path, as_csv(["Tel 1", "Tel 2"], *rows_of([AMERICANS, AMERICANS], 5)))) is None


def test_standard_input_and_copies_of_pipes_are_read(tmp_path: Path) -> None:
    raw = GERMAN.encode()
    offer = offered(ContactsSource(None), io.BytesIO(raw))
    assert offer is not None
    assert yaml.safe_load(offer)["contacts"]["file"] == "-"
    named = ContactsSource(tmp_path / "pipe")
    assert "Handy privat" in (offered(named, io.BytesIO(raw), is_copy=True) or "")


UNREADABLE = [
    b"",
    b"\n\n",
    b"PK\x03\x04",
    b"\x1f\x8b\x08rest",
    b"SQLite format 3\0",
    b"a,b\n\xff\xfe\n",
    b"\0\0\0",
]


@pytest.mark.parametrize("content", UNREADABLE)
def test_a_list_that_cannot_be_read_is_offered_nothing(tmp_path: Path, content: bytes) -> None:
    assert offered(listed(tmp_path, content)) is None


def test_a_list_that_is_not_there_is_offered_nothing(tmp_path: Path) -> None:
    assert offered(ContactsSource(tmp_path / "none.csv")) is None
    assert offered(ContactsSource(tmp_path)) is None
    assert offered(ContactsSource(None)) is None


def test_a_compressed_list_is_read_as_lists_are(tmp_path: Path) -> None:
    assert offered(listed(tmp_path, gzip.compress(GERMAN.encode()), "list.csv.gz")) is not None


def test_no_number_of_the_list_is_shown(tmp_path: Path) -> None:
    rows = rows_of([NAMES, AMERICANS], 5)
    offer = offered(listed(tmp_path, as_csv(["Who", "Handy\x1b privat"], *rows)))
    assert offer is not None
    assert not any(number in offer for number in AMERICANS)
    assert "\x1b" not in offer


PIECES = [
    "phone",
    "Tel.",
    "dnc",
    "yes",
    "no",
    "pl",
    "PL",
    "+12025550101",
    "512345678",
    "express",
    "2025-01-01",
]
CSVISH = st.lists(
    st.sampled_from([*PIECES, ",", ",", ";", "\n", "\n", '"', "\0", "Europe/Warsaw"]), max_size=40
)


@settings(max_examples=100, deadline=None)
@given(CSVISH.map("".join))
def test_whatever_the_list_an_offer_is_yaml_and_never_reads_over_an_opt_out(content: str) -> None:
    offer = offered(ContactsSource(None), io.BytesIO(content.encode()))
    if offer is not None:
        assert "\n" not in offer
        said = yaml.safe_load(offer)["contacts"]
        assert "ignore" not in said.get("columns", {}).values()
