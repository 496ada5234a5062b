"""`--duplicates`: the rows whose number an earlier row has, and where that row is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.desk import Desk

ANN, BEN = "+12025550101", "+12025550102"
HEADER = "file,line,record,number,first_file,first_line,first_record"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns()
    desk.contacts(f"{ANN},Ann", '+1 202 555 0102,"Ben\nB"', "(202) 555-0101,Anna", f"{ANN},A", "x,bad")
    file = desk.path / "campaigns.yaml"
    listed = "contacts: {file: contacts.csv, region: US}\non_bad_rows: skip"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
    return desk


def lines(desk: Desk) -> list[str]:
    text = (desk.path / "twice.csv").read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return text.removeprefix("\ufeff").split("\r\n")[:-1]


@pytest.mark.parametrize("command", ["preview", "send"])
def test_every_repeated_number_is_written_with_the_place_of_the_first(desk: Desk, command: str) -> None:
    words = (command, "campaigns.yaml", "ready", *(("--yes",) if command == "send" else ()))
    done = desk(*words, "--duplicates", "twice.csv")
    assert lines(desk) == [
        HEADER,
        f"contacts.csv,5,3,{ANN},contacts.csv,2,1",
        f"contacts.csv,6,4,{ANN},contacts.csv,2,1",
    ]
    assert "duplicates: twice.csv (2 rows)\n" in done.err
    assert (desk.path / "twice.csv").stat().st_mode & 0o777 == 0o600


def test_it_is_written_where_there_are_none_and_an_older_one_does_not_stay(desk: Desk) -> None:
    desk.preview("--duplicates", "twice.csv")
    desk.contacts(f"{ANN},Ann")
    assert "duplicates: twice.csv (0 rows)" in desk.preview("--duplicates", "twice.csv").err
    assert lines(desk) == [HEADER]


def test_the_screen_says_how_to_have_the_file_and_then_which_it_is(desk: Desk) -> None:
    assert re.search(r"duplicate +2  see --duplicates FILE\n", desk.preview().out)
    told = desk.preview("--duplicates", "twice.csv").out
    assert re.search(r"duplicate +2  see twice\.csv\n", told)
    desk.contacts(f"{ANN},Ann")
    assert "--duplicates" not in desk.preview().out


def test_a_name_that_looks_like_a_formula_is_written_as_text(desk: Desk) -> None:
    name = "=1+1.csv"
    (desk.path / name).write_text(f"phone,first_name\n{ANN},A\n{ANN},B\n", encoding="utf-8")
    desk.preview("--contacts", name, "--duplicates", "twice.csv")
    assert lines(desk)[1] == f"'{name},3,2,{ANN},'{name},2,1"


@pytest.mark.parametrize("option", ["--duplicates", "--problems", "--limit"])
def test_a_test_message_is_about_no_list(desk: Desk, option: str) -> None:
    value = "1" if option == "--limit" else "x.csv"
    done = desk("send", "campaigns.yaml", "ready", "--test-to", "+12025550199", option, value)
    assert done.code == 2
    assert f"{option} is about the whole list" in done.err
