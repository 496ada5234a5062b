"""`--problems`: the rows to mend, mended, are a list that the same campaign reads."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.desk import READY, Desk

ANN, EWA = "+12025550101", "+48512345678"

Cells = list[str]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def listed(desk: Desk, keys: str, content: bytes, campaigns: str = READY) -> None:
    """A campaigns file that says this of the list, and the list."""
    desk.campaigns(campaigns)
    file = desk.path / "campaigns.yaml"
    says = f"contacts: {{file: contacts.csv{keys and ', '}{keys}}}"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", says), encoding="utf-8")
    (desk.path / "contacts.csv").write_bytes(content)


def mended(path: Path, delimiter: str, mend: Callable[[Cells], Cells]) -> None:
    """What an operator does in a spreadsheet: the cells change, the column `problems` stays."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream, delimiter=delimiter)
    assert header[-1] == "problems"
    assert all(row[-1].startswith("line ") for row in rows)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows([header, *map(mend, rows)])


@pytest.mark.parametrize(
    ("keys", "content", "delimiter"),
    [
        ("", "phone,first_name\n+1202555010,Ann\n", ","),
        ("", "phone;first_name\n+1202555010;Ann\n", ";"),
        ("", "phone\tfirst_name\n+1202555010\tAnn\n", "\t"),
        ("delimiter: semicolon", "phone;first_name\n+1202555010;Ann\n", ";"),
        ("columns: {phone: Handy}", "Handy;first_name\n+1202555010;Ann\n", ";"),
        ('columns: {phone: "Tel, mobil"}', '"Tel, mobil";first_name\n+1202555010;Ann\n', ";"),
        ("header: [phone, first_name]", "+1202555010,Ann\n", ","),
        ("header: [phone, first_name]", "+1202555010;Ann\n", ";"),
        ("header: [phone, first_name], delimiter: semicolon", "+1202555010;Ann\n", ";"),
        ("", "sep=;\nphone;first_name\n+1202555010;Ann\n", ";"),
        ("", "phone,first_name,,\n+1202555010,Ann,,\n", ","),
        ("region: US", "phone,first_name\n202,Ann\n", ","),
    ],
)
def test_a_mended_file_is_read_by_the_same_campaign(
    desk: Desk, keys: str, content: str, delimiter: str
) -> None:
    listed(desk, keys, content.encode())
    assert desk.preview("--problems", "bad.csv").code == 4
    mended(desk.path / "bad.csv", delimiter, lambda row: [ANN, *row[1:]])
    plan = desk.plan("--contacts", "bad.csv")
    assert (plan["to_send"], plan["problems"]) == (1, 0)
    assert plan["samples"][0]["text"] == "Green Garage: Ann, your bike is ready."


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("cp1250", "Łukasz"), ("cp1253", "Ηλίας"), ("cp1251", "Катя"), ("cp1252", "Lucía"), ("cp1254", "Ayşe")],
)
def test_a_mended_file_of_a_list_in_an_old_code_page_is_utf_8_and_read_as_such(
    desk: Desk, encoding: str, name: str
) -> None:
    listed(desk, f"encoding: {encoding}", f"phone;first_name\n+1202555010;{name}\n".encode(encoding))
    desk.preview("--problems", "bad.csv")
    assert (desk.path / "bad.csv").read_bytes().startswith("\ufeffphone;first_name;problems\r\n".encode())
    mended(desk.path / "bad.csv", ";", lambda row: [ANN, *row[1:]])
    plan = desk.plan("--contacts", "bad.csv")
    assert plan["samples"][0]["text"] == f"Green Garage: {name}, your bike is ready."


def test_a_list_in_utf_16_is_written_as_utf_8(desk: Desk) -> None:
    listed(desk, "", "phone\tfirst_name\r\n+1202555010\tŁukasz\r\n".encode("utf-16"))
    desk.preview("--problems", "bad.csv")
    mended(desk.path / "bad.csv", "\t", lambda row: [ANN, *row[1:]])
    assert desk.plan("--contacts", "bad.csv")["samples"][0]["text"].startswith("Green Garage: Łukasz,")


@pytest.mark.parametrize("keys", ["", "sheet: People", "sheet: People, columns: {phone: Tel}"])
def test_a_mended_file_of_a_spreadsheet_is_csv_and_read_as_such(desk: Desk, keys: str) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    book.active.title = "People"
    header = "Tel" if "Tel" in keys else "phone"
    for row in ((header, "first_name"), ("+1202555010", "Łukasz"), (EWA, "Ewa")):
        book.active.append(row)
    listed(desk, keys, b"")
    book.save(desk.path / "contacts.csv")
    assert "contacts.csv: 2 rows, a spreadsheet\n" in desk.preview("--problems", "bad.csv").out
    mended(desk.path / "bad.csv", ",", lambda row: [ANN, *row[1:]])
    plan = desk.plan("--contacts", "bad.csv")
    assert (plan["to_send"], plan["problems"]) == (1, 0)
    assert plan["samples"][0]["text"].startswith("Green Garage: Łukasz,")


def test_a_mended_file_of_a_compressed_list_is_not_compressed(desk: Desk) -> None:
    listed(desk, "", gzip.compress("phone;first_name\n+1202555010;Łukasz\n".encode()))
    desk.preview("--problems", "bad.csv")
    mended(desk.path / "bad.csv", ";", lambda row: [ANN, *row[1:]])
    assert desk.plan("--contacts", "bad.csv")["to_send"] == 1


def test_a_list_of_one_column_is_read_again_too(desk: Desk) -> None:
    listed(
        desk,
        "",
        b"phone\n+1202555010\n",
        "  ready: {purpose: transactional, quiet_hours: off, text: 'Green Garage'}\n",
    )
    desk.preview("--problems", "bad.csv")
    mended(desk.path / "bad.csv", ",", lambda row: [ANN, *row[1:]])
    assert desk.plan("--contacts", "bad.csv")["to_send"] == 1


def test_rows_with_too_many_cells_lose_none_and_can_be_mended(desk: Desk) -> None:
    listed(desk, "", f"phone,first_name\n{ANN},Ann,Marie\n{EWA},Ewa\n".encode())
    desk.preview("--problems", "bad.csv")
    bad = (desk.path / "bad.csv").read_text("utf-8-sig")
    assert f'{ANN},Ann,Marie,"line 2: has 3 cells, the header has 2"\n' in bad
    mended(desk.path / "bad.csv", ",", lambda row: [row[0], f"{row[1]} {row[2]}", row[3]])
    plan = desk.plan("--contacts", "bad.csv")
    assert plan["samples"][0]["text"] == "Green Garage: Ann Marie, your bike is ready."


@pytest.mark.parametrize("row", [f"{ANN},Doe, Ann,,yes,", f"{ANN},Ann", f"{ANN},Ann,,,,"])
def test_a_row_of_another_shape_that_nobody_mended_is_still_bad(desk: Desk, row: str) -> None:
    listed(desk, "columns: {opt_out: stop}", f"phone,first_name,nick,stop,x\n{row}\n".encode())
    desk.preview("--problems", "bad.csv")
    plan = desk.plan("--contacts", "bad.csv")
    assert (plan["to_send"], plan["problems"]) == (0, 1)


def test_what_is_still_bad_is_written_again_with_one_column_of_problems(desk: Desk) -> None:
    listed(desk, "", b"phone,first_name\n+1202555010,Ann\n+1202555011,Ben\n")
    desk.preview("--problems", "bad.csv")
    mended(desk.path / "bad.csv", ",", lambda row: [ANN if row[1] == "Ann" else row[0], *row[1:]])
    desk.preview("--contacts", "bad.csv", "--problems", "worse.csv")
    assert (desk.path / "worse.csv").read_text("utf-8-sig") == (
        "phone,first_name,problems\n+1202555011,Ben,line 3: phone: +12••••••11 is too short\n"
    )


def test_a_mended_file_is_not_replaced_once_a_spreadsheet_saved_it_without_its_mark(desk: Desk) -> None:
    listed(desk, "", b"phone,first_name\n+1202555010,Ann\n")
    desk.preview("--problems", "bad.csv")
    path = desk.path / "bad.csv"
    path.write_text(path.read_text("utf-8-sig").replace("+1202555010", ANN), encoding="utf-8")
    done = desk.preview("--problems", "bad.csv")
    assert done.code == 2
    assert ANN in path.read_text("utf-8")


def test_a_send_writes_it_before_it_refuses(desk: Desk) -> None:
    listed(desk, "", b"phone,first_name\n+1202555010,Ann\n")
    done = desk.send("--problems", "bad.csv")
    assert done.code == 4
    assert "problems: bad.csv (1 row)" in done.err
    assert "+1202555010,Ann,line 2" in (desk.path / "bad.csv").read_text("utf-8")


def test_a_file_that_cannot_be_written_is_told_before_the_list_is_read(desk: Desk) -> None:
    listed(desk, "", b"phone,first_name\n+1202555010,Ann\n\xff\n")
    done = desk.preview("--problems", "nowhere/bad.csv")
    assert done.code == 4
    assert "nowhere/bad.csv: cannot be written" in done.err
    assert "UTF-8" not in done.err


def test_a_list_that_cannot_be_read_to_its_end_leaves_the_older_file_as_it_was(desk: Desk) -> None:
    listed(desk, "", b"phone,first_name\n+1202555010,Ann\n")
    desk.preview("--problems", "bad.csv")
    before = (desk.path / "bad.csv").read_bytes()
    (desk.path / "contacts.csv").write_bytes(b"phone,first_name\n+1202555011,Ben\n\xff\xfe,\xff\n")
    files = desk.files()
    assert desk.preview("--problems", "bad.csv").code == 4
    assert (desk.path / "bad.csv").read_bytes() == before
    assert desk.files() == files


def test_a_value_is_in_the_document_and_masked_where_it_may_be_a_number(desk: Desk) -> None:
    listed(desk, "", b"phone,first_name,zone\n+120255501019,Ann,Nowhere\n")
    number, zone = desk.plan()["problem_list"]
    assert (number["path"], number["value"], number["record"]) == ("phone", "+12••••••••19", 1)
    assert (zone["path"], zone["value"], zone["record"]) == ("zone", "Nowhere", 1)


def test_the_record_is_told_beside_the_line_where_they_differ(desk: Desk) -> None:
    listed(desk, "", b'phone,first_name\n+1202555010,"Ann\nMarie"\n+1202555011,Ben\n')
    err = desk.preview().err
    assert "\n  contacts.csv:2: phone: +12••••••10 is too short" in err
    assert "\n  contacts.csv:4 (record 2): phone: +12••••••11 is too short" in err


def test_mended_rows_are_not_sent_to_whom_the_list_itself_opts_out(desk: Desk) -> None:
    listed(
        desk,
        "columns: {opt_out: stop}",
        f"phone,first_name,stop\n+1202555010x,Ann,\n{ANN},Ann,yes\n{EWA},Ewa,no\n".encode(),
    )
    desk.preview("--problems", "bad.csv")
    mended(desk.path / "bad.csv", ",", lambda row: [ANN, *row[1:]])
    plan = desk.plan("--contacts", "bad.csv")
    assert plan["to_send"] == 0
    assert plan["skipped"] == {"opted_out": 1}
    assert "contacts.csv:3 says so" in desk.preview("--contacts", "bad.csv", "--explain", ANN).out
    checked = desk("check", "campaigns.yaml", "--contacts", "bad.csv", "--json").document
    assert checked["campaigns"]["ready"]["skipped"] == {"opted_out": 1}


def test_a_bad_row_of_the_list_itself_opts_out_too_and_a_list_that_is_gone_says_nothing(desk: Desk) -> None:
    listed(desk, "columns: {opt_out: stop}", f"phone,first_name,stop\n{ANN},Ann,perhaps\n".encode())
    (desk.path / "other.csv").write_text(f"phone,first_name,stop\n{ANN},Ann,\n{EWA},Ewa,\n", encoding="utf-8")
    assert desk.plan("--contacts", "other.csv")["skipped"] == {"opted_out": 1}
    (desk.path / "contacts.csv").unlink()
    assert desk.plan("--contacts", "other.csv")["to_send"] == 2


@pytest.mark.parametrize("row", ['"+12025550101,Ann', f'{ANN},"Ann" Lee'])
def test_a_row_of_broken_quotes_that_nobody_mended_is_still_bad(desk: Desk, row: str) -> None:
    listed(desk, "", f"phone,first_name\n{EWA},Ewa\n{row}\n".encode())
    before = desk.preview("--problems", "bad.csv")
    assert before.code == 4
    plan = desk.plan("--contacts", "bad.csv")
    assert (plan["contacts"], plan["problems"]) == (0, 1)


@pytest.mark.parametrize("name", ["sent-log.db", "sent-log.db-wal", "sent-log.outbox.jsonl"])
@pytest.mark.parametrize("command", [("check", "campaigns.yaml"), ("preview", "campaigns.yaml", "ready")])
def test_no_file_of_the_sent_log_is_written_though_there_is_none_yet(
    desk: Desk, command: tuple[str, ...], name: str
) -> None:
    listed(desk, "", f"phone,first_name\n{ANN},Ann\n".encode())
    done = desk(*command, "--problems", name)
    assert done.code == 2
    assert not (desk.path / name).exists()
