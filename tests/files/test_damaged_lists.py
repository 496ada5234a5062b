"""The corpus: what smscli says of each list is what its file says, and keeps to what all have to keep to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from pathlib import Path

import pytest

from smscli.domain.contact import Contact
from smscli.domain.errors import Problem
from smscli.files.contacts_file import BadRow
from tests.files.damaged_case import FOLDER, Outcome, read, report
from tests.files.damaged_lists import LISTS, expected_file

DOCS = Path(__file__).parents[2] / "docs"

#: What the machine says and not the list, and what the tests of workbooks hold.
NOT_OF_THE_CORPUS = frozenset(["missing_file", "is_directory", "unreadable", "too_large"]) | frozenset(
    ["needs_excel", "not_excel", "unsafe_excel"]
)

#: What is wrong with a row as a whole, and not with one of its cells.
OF_ROWS = frozenset({"broken_row", "uncertain_row", "wrong_cells"})

#: As long as a phone number, however it is set apart.
_LONG_NUMBER = re.compile(r"\d(?:[\s().-]*\d){6,}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
#: A number that hints write as an example; no list of the corpus has it.
_EXAMPLE = "+12025550123"


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, Outcome]:
    """Every list, read."""
    return {name: read(case) for name, case in LISTS.items()}


@pytest.mark.parametrize("name", LISTS)
def test_what_is_said_of_a_list_is_as_its_file_says(name: str) -> None:
    path = expected_file(name)
    kept = path.read_text("utf-8") if path.exists() else ""
    told = report(LISTS[name])
    if told != kept:
        diff = unified_diff(kept.splitlines(), told.splitlines(), f"{path.name} (kept)", "now", lineterm="")
        pytest.fail("\n".join([*diff, "", "If it shall say so: make golden"]), pytrace=False)


def test_the_folder_holds_the_lists_of_the_table_and_what_is_said_of_them() -> None:
    assert {path.stem for path in FOLDER.glob("*.expected")} == set(LISTS)
    assert {path.stem for path in FOLDER.iterdir() if not path.name.startswith(".")} == set(LISTS)


def test_lists_are_refused_that_have_to_be_and_no_others(outcomes: Mapping[str, Outcome]) -> None:
    refused = {name for name, outcome in outcomes.items() if outcome.refused}
    assert refused == {name for name, case in LISTS.items() if case.records is None}


def test_every_record_is_a_contact_or_a_bad_row(outcomes: Mapping[str, Outcome]) -> None:
    found = {name: [row.row for row in outcome.rows] for name, outcome in outcomes.items()}
    counted = {name: case.records for name, case in LISTS.items() if case.records is not None}
    assert {name: found[name] for name in counted} == {
        name: list(range(1, records + 1)) for name, records in counted.items()
    }


def test_every_problem_says_in_which_line_record_and_column(outcomes: Mapping[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        lines = [row.line for row in outcome.rows]
        assert lines == sorted(set(lines)), name
        for row, problem in _of_rows(outcome):
            assert problem.where.file == name + LISTS[name].ending
            assert (problem.where.line, problem.record) == (row.line, row.row), f"{name}: {problem}"
            assert (problem.where.path == "") is (problem.code in OF_ROWS), f"{name}: {problem}"


def test_a_cell_too_many_never_hides_that_somebody_opted_out(outcomes: Mapping[str, Outcome]) -> None:
    moved = outcomes["comma-before-an-opt-out"].rows[1]
    assert isinstance(moved, BadRow), moved


def test_a_list_that_is_refused_is_named(outcomes: Mapping[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        assert {problem.where.file for problem in outcome.refused} <= {name + LISTS[name].ending}


def test_every_bad_row_and_every_problem_says_something(outcomes: Mapping[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        assert all(row.problems for row in outcome.rows if isinstance(row, BadRow)), name
        assert all(problem.message for problem in _told(outcome)), name


def test_every_code_is_on_the_page_of_codes(outcomes: Mapping[str, Outcome]) -> None:
    documented = set(re.findall(r"`([a-z0-9_]+)`", (DOCS / "problem-codes.md").read_text("utf-8")))
    assert _codes(outcomes) - documented == set()


def test_every_code_is_explained_and_seen_in_some_list(outcomes: Mapping[str, Outcome]) -> None:
    page = (DOCS / "contacts.md").read_text("utf-8")
    explained = [cells.split("|")[1] for cells in page.splitlines() if '<a id="' in cells]
    anchors = [code for cell in explained for code in re.findall(r'<a id="(\w+)"></a>', cell)]
    assert anchors == [code for cell in explained for code in re.findall(r"`(\w+)`", cell)]
    assert sorted(anchors) == sorted(_codes(outcomes) | NOT_OF_THE_CORPUS)


def test_nothing_that_is_said_gives_a_number_away(outcomes: Mapping[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        numbers = {row.number.digits[-7:] for row in outcome.rows if isinstance(row, Contact)}
        for problem in _told(outcome):
            said = f"{problem.message}\n{problem.hint}\n{problem.value}".replace(_EXAMPLE, "")
            assert not _LONG_NUMBER.search(_DATE.sub("", said)), f"{name}: {said}"
            digits = re.sub(r"\D", "", f"{problem.message} {problem.value}")
            assert not any(number in digits for number in numbers), f"{name}: {said}"


def test_nothing_that_is_said_moves_a_terminal(outcomes: Mapping[str, Outcome]) -> None:
    for name, outcome in outcomes.items():
        for problem in _told(outcome):
            said = f"{problem.where}{problem.message}{problem.hint}{problem.value}"
            assert said.replace("\u00a0", " ").isprintable(), f"{name}: {said!a}"


def test_repairs_are_seen_at_work_and_each_is_listed(outcomes: Mapping[str, Outcome]) -> None:
    assert {repair.code for outcome in outcomes.values() for repair in outcome.repairs}


def _of_rows(outcome: Outcome) -> Iterator[tuple[Contact | BadRow, Problem]]:
    for row in outcome.rows:
        for problem in row.repairs if isinstance(row, Contact) else row.problems:
            yield row, problem


def _codes(outcomes: Mapping[str, Outcome]) -> frozenset[str]:
    return frozenset(problem.code for outcome in outcomes.values() for problem in _told(outcome))


def _told(outcome: Outcome) -> tuple[Problem, ...]:
    return (*outcome.problems, *outcome.repairs)
