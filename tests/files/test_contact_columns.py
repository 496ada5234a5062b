"""The header of a list: what is taken by its name, what has to be said, and what stops the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.errors import FilesError, Problem
from smscli.domain.number_types import NumberType
from smscli.files.column_names import NAMES, Role, is_named, looks_like_opt_out, names_of, phone_rank, plain
from smscli.files.contact_columns import (
    Layout,
    contacts_line,
    header_with,
    layout_of,
    repeats_header,
)
from smscli.files.csv_records import Record
from smscli.files.list_source import ContactsSource
from smscli.files.reading import fold

ANN = "+12025550101"
LIST = ContactsSource(Path("lists/list.csv"))


def layout(*header: str, source: ContactsSource = LIST, wanted: tuple[str, ...] = ()) -> Layout:
    return layout_of(source, Record(1, header), frozenset(wanted))


def declared(*names: str, wanted: tuple[str, ...] = (), columns: Mapping[str, str] | None = None) -> Layout:
    source = replace(LIST, header=names, columns=columns or {})
    return layout_of(source, Record(0, names), frozenset(wanted))


def refused(
    *header: str, columns: Mapping[str, str] | None = None, wanted: tuple[str, ...] = ()
) -> list[Problem]:
    with pytest.raises(FilesError) as caught:
        layout(*header, source=replace(LIST, columns=columns or {}), wanted=wanted)
    return list(caught.value.problems)


# --------------------------------------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    "header",
    [
        "phone",
        "Phone",
        " PHONE ",
        "phone_number",
        "Phone-Number",
        "ph\u200bone",
        "\u00a0mobile\u00a0",
        "mobile\u202fphone",
        "\ufeffphone",
        "p\u00adh\u2060o\u200cn\u200de\u180e",
        "MSISDN",
        "Telephone",
        "Phone *",
        "Phone #",
        "Phone No.:",
        "Teléfono",
        "TELEFONO",
        "Telef\u006f\u0301no móvil",
        "Numer telefonu",
        "Tel.-Nr.",
        "Handynummer",
        "Κινητό",
        "ΤΗΛΕΦΩΝΟ",
        "Αριθμός τηλεφώνου",
        "Мобильный телефон",
        "TELEFON NUMARASI",
        "Cep telefonu",
        "Téléphone portable",
        "Cellulare",
        "Telemóvel",
    ],
)
def test_headers_match_blind_to_case_space_accents_marks_and_what_cannot_be_seen(header: str) -> None:
    assert layout("x", header).roles == {Role.PHONE: 1}


@pytest.mark.parametrize(
    "header",
    [
        *("hotel", "total", "to", "tel", "cell", "phone2", "phones", "my phone", "fax", "sms", "numero"),
        *("CEP", "komórka", "номер", "phone country", "telegram", "Phone 1 - Value", "megaphone", "mobility"),
    ],
)
def test_no_other_header_is_taken_for_a_phone(header: str) -> None:
    (problem,) = refused(header, "x")
    assert problem.code == "missing_column"
    assert problem.message == f'needs a column with the numbers, called "phone"; found {header} and x'


OTHERS = [
    ("Country Code", Role.REGION),
    ("Default Address Country Code", Role.REGION),
    ("Time Zone", Role.ZONE),
    ("Preferred language", Role.LANGUAGE),
    ("lang", Role.LANGUAGE),
    ("State", Role.STATE),
    ("US State", Role.STATE),
    ("State / Region", Role.STATE),
    ("Billing Province", Role.STATE),
    ("Mailing State/Province", Role.STATE),
    ("ZIP", Role.ZIP),
    ("Zip Code", Role.ZIP),
    ("Postal-Code", Role.ZIP),
    ("postcode", Role.ZIP),
    ("Billing Zip", Role.ZIP),
]


@pytest.mark.parametrize(("header", "role"), OTHERS)
def test_other_roles_are_taken_by_their_names_too(header: str, role: Role) -> None:
    assert layout("phone", header).roles[role] == 1


NO_ROLE = [
    "States",
    "status",
    "order state",
    "county",
    "provincia",
    "zip file",
    "PLZ",
    "land",
    "date",
    "source",
    "topics",
    "opt in",
    "newsletter",
    "Accepts SMS",
    "language id",
]


@pytest.mark.parametrize("header", NO_ROLE)
def test_names_that_may_mean_anything_have_no_role(header: str) -> None:
    assert layout("phone", header).roles == {Role.PHONE: 0}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("State,Billing State", {}),
        ("State,STATE", {}),
        ("State,x", {"language": "state"}),
        ("State,x", {"opt_out": "State"}),
        ("State,x", {"state": "ignore"}),
    ],
)
def test_a_state_is_taken_by_its_name_only_where_no_other_is_and_stops_no_list(
    header: str, columns: Mapping[str, str]
) -> None:
    found = layout("phone", *header.split(","), source=replace(LIST, columns=columns))
    assert Role.STATE not in found.roles


def test_of_two_states_the_campaigns_file_says_which() -> None:
    found = layout(
        "phone", "State", "Billing State", source=replace(LIST, columns={"state": "Billing State"})
    )
    assert found.roles[Role.STATE] == 2


def test_a_state_is_a_field_for_texts_too() -> None:
    found = layout("phone", "State", "Zip Code", wanted=("state", "zip_code"))
    assert found.fields == {"state": 1, "zip_code": 2}


def test_no_name_has_two_roles_and_each_is_written_as_it_is_matched() -> None:
    everything = [name for names in NAMES.values() for name in names]
    assert len({plain(name) for name in everything}) == len(everything)
    assert all(is_named(name, role) for role in Role for name in names_of(role))
    assert not any(looks_like_opt_out(name) for name in everything)
    assert {phone_rank(name) for name in names_of(Role.PHONE)} == {0, 1}


def test_a_mapped_column_settles_which_of_two_is_meant() -> None:
    assert layout("phone", "mobile", source=replace(LIST, columns={"phone": "Mobile"})).roles[Role.PHONE] == 1


# ------------------------------------------------------------------------------------------ what stops a list


HEADERS = [
    ("phone,mobile,x", {}, ["two_columns: more than one column could be the phone: phone and mobile"]),
    (
        "phone,country,Country Code",
        {},
        ["two_columns: more than one column could be the region: country and Country Code"],
    ),
    ("phone,,a", {}, ["empty_header: column 2 has no name"]),
    ("phone,\u200b,a,", {}, ["empty_header: column 2 has no name"]),
    ("phone,-,a", {}, ["empty_header: column 2 has no name"]),
    (
        "phone,a",
        {"zone": "zzone"},
        ['missing_column: needs a column called "zzone" for the zone; found phone and a'],
    ),
    (
        "phone,a",
        {"phone": "ignore"},
        ['missing_column: needs a column called "ignore" for the phone; found phone and a'],
    ),
    (
        "phone,a",
        {"zone": "a", "language": "A"},
        ['shared_column: the column "a" is both the zone and the language'],
    ),
    ("phone,a", {"consent": "a"}, ["half_consent: a consent column needs a consent_date column beside it"]),
    (
        "phone,a,b",
        {"consent_topics": "a", "consent": "b"},
        [
            "half_consent: a consent column needs a consent_date column beside it",
            "half_consent: a consent_topics column needs a consent_date column beside it",
        ],
    ),
    ("phone,\x1bs", {}, ['header: the header "\\x1bs" holds a control character']),
    ("phone,Region", {}, ['region_column: "Region" may hold countries or states, and nothing says which']),
    ("-,-", {}, ['missing_column: needs a column with the numbers, called "phone"; found none with a name']),
]


@pytest.mark.parametrize(("header", "columns", "sentences"), HEADERS)
def test_headers_that_cannot_be_right_stop_the_list(
    header: str, columns: Mapping[str, str], sentences: list[str]
) -> None:
    found = refused(*header.split(","), columns=columns)
    assert [f"{problem.code}: {problem.message}" for problem in found] == sentences
    assert {str(problem.where) for problem in found} == {"lists/list.csv:1"}


def test_of_two_columns_of_numbers_the_mobile_one_is_proposed() -> None:
    (problem,) = refused("Phone", "Mobile")
    assert problem.hint == (
        'say which it is, in the campaigns file: contacts: {file: list.csv, columns: {phone: "Mobile"}}'
    )


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        (("Fax 1", "Phone 1 - Value", "Handy (privat)"), "Handy (privat)"),
        (("Work phone", "Phone 1", "Note"), "Phone 1"),
        (("Office tel.", "Note"), "…"),
        (("Work phone", "Note"), "Work phone"),
        (("Hotel", "Total"), "…"),
        (("Tel.", "Total"), "Tel."),
    ],
)
def test_a_missing_phone_column_is_told_with_the_header_that_sounds_most_like_one(
    header: tuple[str, ...], proposed: str
) -> None:
    (problem,) = refused(*header)
    assert f'columns: {{phone: "{proposed}"}}' in problem.hint
    assert ("smscli check looks at the cells" in problem.hint) is (proposed == "…")


@pytest.mark.parametrize(
    ("known", "is_fine"), [({"region": "Region"}, True), ({"region": "ignore"}, True), ({}, False)]
)
def test_a_column_called_region_is_read_or_not_as_the_campaigns_file_says(
    known: Mapping[str, str], is_fine: bool
) -> None:
    if is_fine:
        found = layout("phone", "Region", source=replace(LIST, columns=known))
        assert (Role.REGION in found.roles) is (known["region"] == "Region")
    else:
        (problem,) = refused("phone", "Region")
        line = 'contacts: {file: list.csv, columns: {region: "Region"}}'
        assert problem.hint == f"{line} reads countries, region: ignore reads over it"


def test_beside_a_country_a_region_is_no_country() -> None:
    assert layout("phone", "Region", "Country").roles == {Role.PHONE: 0, Role.REGION: 2}


def test_a_field_that_no_column_has_is_told_with_what_was_found() -> None:
    (problem,) = refused("phone", "firstname", "b", wanted=("first_nam", "brand", "b"))
    assert problem.message == 'a text needs a column called "first_nam"; found phone, firstname and b'
    assert problem.hint == 'did you mean "firstname"?'


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("First Name (Billing)", "first_name_billing"),
        ("Imię:", "imię"),
        ("Pick-up/code #", "pick_up_code"),
        ("Ime\u0301 (1)", "imé_1"),
    ],
)
def test_a_field_means_the_only_column_of_its_letters(header: str, name: str) -> None:
    assert layout("phone", "a", "#", header, wanted=(name,)).fields == {name: 3}


def test_a_column_of_the_very_name_goes_before_those_of_the_same_letters() -> None:
    assert layout("phone", "name (1)", "name 1", wanted=("name_1",)).fields == {"name_1": 2}


def test_of_two_columns_of_the_same_letters_none_is_taken() -> None:
    (problem,) = refused("phone", "name (1)", "name: 1", wanted=("name_1",))
    assert problem.code == "unknown_field"


@pytest.mark.parametrize("header", ["#", "()"])
def test_a_field_without_letters_means_no_column(header: str) -> None:
    (problem,) = refused("phone", header, "a", wanted=("_",))
    assert problem.code == "unknown_field"


def test_a_header_that_no_text_can_hold_is_told_as_a_text_writes_it() -> None:
    (problem,) = refused("phone", "First Name (Billing)", wanted=("first_name",))
    assert problem.hint == 'did you mean "First Name (Billing)"? Write {{ first_name_billing }}'


def test_what_columns_there_are_is_told_once() -> None:
    first, second = refused("phone", "x", wanted=("b", "c"))
    assert first.message.endswith("; found phone and x")
    assert second.message == 'a text needs a column called "c"'


def test_a_role_that_the_list_may_lack_can_be_taken_back() -> None:
    (problem,) = refused("phone", "x", columns={"opt_out": "withheld"})
    assert problem.hint.endswith("; or delete opt_out there if it has none")


@pytest.mark.parametrize("name", ["SMS Phone Number", "Mobile phone"])
def test_of_two_columns_the_one_of_texts_is_proposed(name: str) -> None:
    (problem,) = refused("Phone Number", name)
    assert f'phone: "{name}"' in problem.hint


# ------------------------------------------------------------------------------- nameless and alike columns


@pytest.mark.parametrize("end", [("",), ("", "  ", "\u200b\ufeff"), ("\u00a0", "-")])
def test_columns_without_a_name_at_the_end_are_dropped(end: tuple[str, ...]) -> None:
    assert layout("phone", "a", *end, wanted=("a",)).columns == ("phone", "a")


@pytest.mark.parametrize(
    ("header", "columns", "wanted"),
    [
        ("phone,note,Note", {}, ()),
        ("phone,note,Note,x", {}, ("x",)),
        ("phone,brand,Brand", {}, ("brand",)),  # filled in by the campaign
        ("phone,zone,Zone", {"zone": "ignore"}, ()),
        ("phone,dnc,DNC", {"opt_out": "ignore"}, ()),
        ("phone,consent,Consent", {}, ()),  # half of consent is not read
    ],
)
def test_two_columns_of_one_name_that_nobody_reads_are_left_alone(
    header: str, columns: Mapping[str, str], wanted: tuple[str, ...]
) -> None:
    assert layout(*header.split(","), source=replace(LIST, columns=columns), wanted=wanted).roles == {
        Role.PHONE: 0
    }


ALIKE = [
    ("Phone,x,phone", {}, (), 'two columns have one name: "Phone" (column 1) and "phone" (column 3)'),
    ("phone,a,A_", {}, ("a",), 'two columns have one name: "a" (column 2) and "A_" (column 3)'),
    ("phone,ph_one,a", {}, (), 'two columns have one name: "phone" (column 1) and "ph_one" (column 2)'),
    ("phone,tz,TZ", {}, (), 'two columns have one name: "tz" (column 2) and "TZ" (column 3)'),
    ("p,q,Q", {"phone": "q"}, (), 'two columns have one name: "q" (column 2) and "Q" (column 3)'),
    (
        "phone,dnc,DNC",
        {"opt_out": "dnc"},
        (),
        'two columns have one name: "dnc" (column 2) and "DNC" (column 3)',
    ),
    ("phone,dnc,DNC", {}, (), 'two columns have one name: "dnc" (column 2) and "DNC" (column 3)'),
]


@pytest.mark.parametrize(("header", "columns", "wanted", "message"), ALIKE)
def test_two_columns_of_one_name_stop_the_list_where_one_is_read(
    header: str, columns: Mapping[str, str], wanted: tuple[str, ...], message: str
) -> None:
    found = refused(*header.split(","), columns=columns, wanted=wanted)
    (problem,) = [each for each in found if each.code == "duplicate_header"]
    assert problem.message == message
    assert problem.hint == "rename or delete one; case, spaces, _ and - make no difference"


# ------------------------------------------------------------------------------------- columns like opt-outs


LOOKALIKES = [
    "unsubscribed",
    "Opt-Out",
    "opt_out",
    "do not contact",
    "Do Not Call",
    "DNC",
    "STOP",
    "blocked",
    "Do_Not_Text",
    "SMS Opt-Out Date",
    "Consent withdrawn",
    "Abgemeldet am",
    "Widerruf",
    "Wypisany",
    "Rezygnacja z SMS",
    "Fecha de baja",
    "Baja",
    "Désabonné",
    "Disiscritto",
    "Отписался",
    "Διαγραφή",
    "Kara liste",
]


@pytest.mark.parametrize("header", LOOKALIKES)
def test_a_column_that_looks_like_an_opt_out_stops_the_list_until_it_is_mapped(header: str) -> None:
    (problem,) = refused("phone", header)
    assert problem.code == "opt_out_column"
    line = f'contacts: {{file: list.csv, columns: {{opt_out: "{header}"}}}}'
    assert problem.hint == f"{line} heeds it, opt_out: ignore reads over it"
    assert layout("phone", header, source=replace(LIST, columns={"opt_out": header})).roles[Role.OPT_OUT] == 1
    assert layout("phone", header, source=replace(LIST, columns={"opt_out": "ignore"})).roles == {
        Role.PHONE: 0
    }


@pytest.mark.parametrize(
    "header", ["Newsletter", "opt in", "Stopover", "Bajada", "Abo", "Zgoda", "Accepts SMS Marketing"]
)
def test_other_flags_do_not_look_like_opt_outs(header: str) -> None:
    assert layout("phone", header).roles == {Role.PHONE: 0}


def test_a_second_opt_out_column_is_not_read_over() -> None:
    (problem,) = refused("phone", "stop", "dnc", columns={"opt_out": "stop"})
    assert problem.message == '"dnc" looks like an opt-out, and nothing says so'
    line = 'contacts: {file: list.csv, columns: {opt_out: ["stop", "dnc"]}}'
    assert problem.hint == f'{line} heeds it too, ignore: ["dnc"] beside columns: reads over it'


def test_ten_thousand_columns_that_look_like_opt_outs_do_not_fill_the_memory() -> None:
    problems = refused("phone", *(f"opt_out{number}" for number in range(10_000)))
    assert sum(len(problem.hint) for problem in problems) < 100_000


def test_a_number_in_a_header_is_not_shown() -> None:
    problems = refused("phone", "opt_out +12025550101", columns={"zone": "opt_out"})
    assert [problem.code for problem in problems] == ["missing_column", "opt_out_column"]
    assert not any("555" in problem.message + problem.hint for problem in problems)


def test_of_several_columns_that_look_like_opt_outs_all_are_offered_at_once() -> None:
    email, sms = refused("phone", "Email Opt Out", "SMS Opt Out")
    line = 'contacts: {file: list.csv, columns: {opt_out: ["Email Opt Out", "SMS Opt Out"]}}'
    assert email.hint == f'{line} heeds both, ignore: ["Email Opt Out"] beside columns: reads over this one'
    assert sms.hint == f'{line} heeds both, ignore: ["SMS Opt Out"] beside columns: reads over this one'
    assert "heeds all of them" in refused("phone", "stop", "dnc", "blocked")[0].hint


def test_what_an_opt_out_hint_offers_is_taken() -> None:
    header = ("phone", "Email Opt Out", "SMS Opt Out")
    both = LIST.with_opt_outs(*header[1:])
    assert layout(*header, source=both).opt_outs == (1, 2)
    one = replace(LIST.with_opt_outs("sms opt-out"), ignore=("EMAIL_OPTOUT",))
    assert layout(*header, source=one) == Layout(header, {Role.PHONE: 0, Role.OPT_OUT: 2}, {}, (2,))


def test_columns_of_opt_outs_are_found_in_the_order_they_are_named_and_each_once() -> None:
    source = LIST.with_opt_outs("dnc", "stop", "DNC")
    found = layout("phone", "stop", "dnc", source=source)
    assert (found.roles[Role.OPT_OUT], found.opt_outs) == (2, (2, 1))


def test_every_column_of_opt_outs_has_to_be_there() -> None:
    source = LIST.with_opt_outs("stop", "unsubscribed")
    with pytest.raises(FilesError) as caught:
        layout("phone", "stop", "x", source=source)
    (problem,) = caught.value.problems
    message = 'needs a column called "unsubscribed" for the opt_out; found phone, stop and x'
    assert (problem.code, problem.message) == ("missing_column", message)
    assert 'columns: {opt_out: ["stop", "…"]}' in problem.hint


def test_no_column_of_opt_outs_has_another_role() -> None:
    source = replace(LIST.with_opt_outs("stop", "phone"))
    with pytest.raises(FilesError) as caught:
        layout("phone", "stop", source=source)
    (problem,) = caught.value.problems
    assert problem.message == 'the column "phone" is both the phone and the opt_out'


def test_two_columns_of_one_name_stop_the_list_where_one_is_a_further_opt_out() -> None:
    with pytest.raises(FilesError) as caught:
        layout("phone", "stop", "weg", "WEG", source=LIST.with_opt_outs("stop", "weg"))
    assert [problem.code for problem in caught.value.problems] == ["duplicate_header"]


@pytest.mark.parametrize(
    ("header", "ignored", "roles"),
    [
        ("phone,DNC", "d n c", {Role.PHONE: 0}),
        ("phone,mobile", "Phone", {Role.PHONE: 1}),
        ("phone,Region", "region", {Role.PHONE: 0}),
        ("phone,dnc,DNC", "dnc", {Role.PHONE: 0}),
        ("phone,x", "x", {Role.PHONE: 0}),
    ],
)
def test_columns_under_ignore_are_not_read_whatever_they_are_called(
    header: str, ignored: str, roles: Mapping[Role, int]
) -> None:
    assert layout(*header.split(","), source=replace(LIST, ignore=(ignored,))).roles == roles


def test_ignoring_one_column_ignores_no_other() -> None:
    with pytest.raises(FilesError) as caught:
        layout("phone", "dnc", "stop", source=replace(LIST, ignore=("dnc",)))
    (problem,) = caught.value.problems
    assert problem.message == '"stop" looks like an opt-out, and nothing says so'


@pytest.mark.parametrize(
    ("ignored", "hint"), [("unsubscribd", 'did you mean "Unsubscribed"?'), ("x", "delete it there")]
)
def test_a_column_under_ignore_has_to_be_there(ignored: str, hint: str) -> None:
    source = replace(
        LIST, columns={"opt_out": "stop"}, ignore=(ignored, "Unsubscribed")[: 1 + (ignored == "x")]
    )
    with pytest.raises(FilesError) as caught:
        layout("phone", "stop", "Unsubscribed", source=source)
    (problem,) = caught.value.problems
    message = f'ignore: names "{ignored}", and no column is called so; found phone, stop and Unsubscribed'
    assert (problem.code, problem.message, problem.hint) == ("missing_column", message, hint)


@pytest.mark.parametrize("ignored", ["stop", "DNC", "phone"])
def test_no_column_is_both_read_and_ignored(ignored: str) -> None:
    source = replace(LIST.with_opt_outs("stop", "dnc"), ignore=(ignored,))
    source = replace(source, columns={**source.columns, "phone": "phone"})
    with pytest.raises(FilesError) as caught:
        layout("phone", "stop", "dnc", source=source)
    (problem,) = caught.value.problems
    assert problem.code == "shared_column"
    assert problem.message.endswith("and stands under ignore: as well")


# ------------------------------------------------------------------------------------ lists without a header


def test_a_list_without_a_header_shows_no_number_and_what_to_write() -> None:
    (problem,) = refused(ANN, "Ann", "pl")
    assert (
        problem.message == "the first line has to name the columns, found a contact: +12•••••••01, Ann and pl"
    )
    assert problem.hint == (
        "put a line above it, such as phone,column2,language; or name them in the campaigns file: "
        'contacts: {file: list.csv, header: ["phone", "column2", "language"]}'
    )


def test_a_contact_whose_last_cells_are_empty_has_columns_there() -> None:
    (problem,) = refused(ANN, "Ann", "")
    assert problem.message.endswith("found a contact: +12•••••••01 and Ann")
    assert 'header: ["phone", "column2", "column3"]' in problem.hint


def test_the_number_is_found_wherever_it_stands_also_if_nobody_knows_its_country() -> None:
    (problem,) = refused("Ann", "512 345 678", "Gdynia")
    assert "such as column1,phone,column3;" in problem.hint


def test_a_number_in_a_header_that_names_a_phone_is_a_name() -> None:
    assert layout("phone", "20261101").columns == ("phone", "20261101")


def test_declared_names_are_the_header_and_some_columns_have_none() -> None:
    found = declared("", "phone", "", "First name", wanted=("first_name",))
    assert found == Layout(("", "phone", "", "First name"), {Role.PHONE: 1}, {"first_name": 3})


DECLARED = [
    (
        ("Handy 1", ""),
        {},
        'called "phone"; found Handy 1',
        'contacts: {file: list.csv, header: ["Handy 1", ""], columns: {phone: "Handy 1"}}',
    ),
    (
        ("phone", "b"),
        {},
        'a text needs a column called "x"; found phone and b',
        "name it under header:, or take {{ x }} out of the text",
    ),
    (("phone", "x", "X"), {}, '"x" (column 2) and "X" (column 3)', "rename one under header:"),
    (("phone", "x"), {"zone": "tz"}, 'needs a column called "tz" for the zone; found phone and x', ""),
]


@pytest.mark.parametrize(("names", "columns", "sentence", "hint"), DECLARED)
def test_what_is_wrong_with_declared_names_is_said_of_no_line(
    names: tuple[str, ...], columns: Mapping[str, str], sentence: str, hint: str
) -> None:
    with pytest.raises(FilesError) as caught:
        declared(*names, wanted=("x",), columns=columns)
    (problem,) = [each for each in caught.value.problems if sentence in each.message]
    assert str(problem.where) == "lists/list.csv"
    assert hint in problem.hint


REPEATS = [
    (("phone", "name"), ("phone", "name"), True),
    (("phone", "First name"), (" PHONE\u200b", "first_name"), True),
    (("phone", "name"), ("phone", "name", "problems"), True),
    (("phone", "name"), ("phone", "name", "", ""), True),
    (("phone", "", "name"), ("phone", "Fax", "name"), True),
    (("phone", "", "name"), ("phone", "", "name"), True),
    (("phone", ""), ("phone",), False),
    (("phone", "name"), ("phone",), False),
    (("phone", "name"), ("name", "phone"), False),
    (("phone", "name"), (ANN, "name"), False),
    (("phone", "name"), ("phone", "Ann"), False),
    (("", ""), ("a", "b"), False),
]


@pytest.mark.parametrize(("names", "cells", "repeats"), REPEATS)
def test_a_record_that_begins_with_the_names_is_a_header_line(
    names: tuple[str, ...], cells: tuple[str, ...], repeats: bool
) -> None:
    assert repeats_header(names, cells) is repeats


def test_further_columns_of_a_header_line_belong_to_a_list_whose_names_are_declared() -> None:
    source = replace(LIST, header=("phone", "", "name"))
    header = header_with(source, Record(3, ("Phone", "Fax", "Name", "problems", "")))
    assert header == Record(3, ("phone", "", "name", "problems"))
    assert layout_of(source, header, frozenset()).columns == ("phone", "", "name", "problems")


def test_a_column_not_to_be_read_that_calls_itself_an_opt_out_stops_the_list() -> None:
    source = replace(LIST, header=("phone", ""))
    header = header_with(source, Record(1, ("phone", "Unsubscribed")))
    with pytest.raises(FilesError) as caught:
        layout_of(source, header, frozenset())
    assert [problem.code for problem in caught.value.problems] == ["opt_out_column"]
    heeded = replace(source, columns={"opt_out": "Unsubscribed"})
    assert layout_of(heeded, header, frozenset()).roles == {Role.PHONE: 0, Role.OPT_OUT: 1}


# ------------------------------------------------------------------------------- the line to write about it


def test_the_line_keeps_everything_the_campaigns_file_says_of_the_list() -> None:
    source = ContactsSource(
        Path("lists/my, list.csv"),
        "PL",
        "\t",
        {"zone": 'The "zone"'},
        "cp1250",
        ("phone", "", "a: b"),
        "Sheet #1",
        frozenset({NumberType.VOIP, NumberType.MOBILE}),
        ignore=("Email: out", "x"),
    ).with_opt_outs("SMS out", "Do, not")
    line = contacts_line(source, columns={**source.columns, "phone": "Mobile"}, region="ES")
    assert yaml.safe_load(line) == {
        "contacts": {
            "file": "my, list.csv",
            "region": "ES",
            "encoding": "windows-1250",
            "delimiter": "tab",
            "header": ["phone", "", "a: b"],
            "sheet": "Sheet #1",
            "number_types": ["mobile", "voip"],
            "columns": {"zone": 'The "zone"', "opt_out": ["SMS out", "Do, not"], "phone": "Mobile"},
            "ignore": ["Email: out", "x"],
        }
    }


def test_the_line_of_standard_input_names_it() -> None:
    assert contacts_line(ContactsSource(None), delimiter=",") == 'contacts: {file: "-", delimiter: comma}'


def test_what_need_not_be_written_is_not() -> None:
    assert contacts_line(LIST) == "contacts: {file: list.csv}"


# ------------------------------------------------------------------------- headers whose cells are not apart


ONE_CELL = "the names of all columns stand in one cell: "
QUOTED = "each line is one cell, in quotes or of a sheet: take the quotes off, or export the list again"
SEP = "if a line sep= above it names another delimiter, delete it, or write"
FIXED = "blanks do not keep columns apart: open the list in a spreadsheet, as text of fixed width,"
MISREAD = [
    (("phone,first_name",), 1, f'{ONE_CELL}"phone,first_name"', QUOTED),
    (("Name;Handynummer",), 1, f'{ONE_CELL}"Name;Handynummer"', QUOTED),
    (
        ("phone,first_name",),
        2,
        f'{ONE_CELL}"phone,first_name"',
        f"{SEP} contacts: {{file: list.csv, delimiter: comma}}; otherwise {QUOTED}",
    ),
    (
        ("phone   first_name",),
        1,
        f'{ONE_CELL}"phone   first_name"',
        f"{FIXED} and save it as CSV UTF-8",
    ),
    (
        ("'phone'", "'first_name'"),
        1,
        "the names of the columns are in quotes that are no quotes of CSV: 'phone' and 'first_name'",
        'put double quotes (") in their place, or export the list again with such',
    ),
]


@pytest.mark.parametrize(("header", "line", "message", "hint"), MISREAD)
def test_a_header_whose_cells_are_not_apart_is_told_and_nothing_else(
    header: tuple[str, ...], line: int, message: str, hint: str
) -> None:
    with pytest.raises(FilesError) as caught:
        layout_of(LIST, Record(line, header), frozenset({"first_name"}))
    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.hint) == ("header", message, hint)


def test_a_line_above_the_header_is_not_at_fault_where_the_campaigns_file_says_the_delimiter() -> None:
    with pytest.raises(FilesError) as caught:
        layout_of(replace(LIST, delimiter=","), Record(2, ("phone,first_name",)), frozenset())
    assert caught.value.problems[0].hint == QUOTED


@pytest.mark.parametrize("name", ["Kontakt, Name", "my phone", "Kontakt  Name", "'Kontakt'"])
def test_one_cell_in_which_nobody_knows_a_phone_is_one_column(name: str) -> None:
    assert [problem.code for problem in refused(name)] == ["missing_column"]
    assert layout(name, source=replace(LIST, columns={"phone": name})).roles == {Role.PHONE: 0}


# ------------------------------------------------------------------------------------------------ properties


NAMES_OF_COLUMNS = st.lists(
    st.sampled_from(
        ["phone", "Phone", "", "-", "dnc", "stop", "zone", "region", "a", "consent", ANN, "\x1b", "Tel."]
    )
    | st.text(max_size=6),
    min_size=1,
    max_size=6,
)


def assert_told(problems: Sequence[Problem]) -> None:
    shown = "".join(str(problem) + problem.hint for problem in problems)
    assert shown
    assert "\x1b" not in shown
    assert ANN not in shown


@settings(max_examples=150)
@given(NAMES_OF_COLUMNS, st.booleans(), st.sets(st.sampled_from(["a", "zone", "x"])))
def test_any_header_is_a_layout_of_it_or_problems_that_can_be_shown(
    names: list[str], are_declared: bool, wanted: set[str]
) -> None:
    source = replace(LIST, header=tuple(names) if are_declared else ())
    try:
        found = layout_of(source, Record(0 if are_declared else 1, tuple(names)), frozenset(wanted))
    except FilesError as wrong:
        assert_told(wrong.problems)
        return
    assert Role.PHONE in found.roles
    assert wanted == found.fields.keys()
    assert max(*found.roles.values(), *found.fields.values(), 0) < len(found.columns)


@settings(max_examples=100)
@given(
    st.text(
        st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc", "Cn", "Nd"]),
        min_size=1,
        max_size=12,
    )
)
def test_a_header_that_is_proposed_is_found_when_it_is_written_down(name: str) -> None:
    said = yaml.safe_load(contacts_line(LIST, columns={"phone": name}))["contacts"]["columns"]["phone"]
    assert fold(said) == fold(name)
