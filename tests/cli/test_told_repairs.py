"""Numbers that were mended to be read stop nobody, and are told: how many, what was done, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.desk import Desk

PLUS, DECIMAL, QUOTES = "48512345678,Ewa", "512345679.0,Jan", "'+12025550101,Ann"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns(top="on_bad_rows: skip\n")
    file = desk.path / "campaigns.yaml"
    listed = "contacts: {file: contacts.csv, region: PL}"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
    desk.contacts("+12025550102,Ben", PLUS, DECIMAL, QUOTES, "nobody,Zed")
    return desk


def test_a_preview_counts_repairs_by_what_was_done_and_shows_the_first(desk: Desk) -> None:
    done = desk.preview()
    assert done.code == 0
    assert "3 numbers repaired: plus restored 1, decimal dropped 1, quotes removed 1\n" in done.err
    assert "\n  contacts.csv:3: phone: 48•••••••78 is read as +4851•••5678: " in done.err
    assert "\n  contacts.csv:4: phone: " in done.err
    assert "\n  contacts.csv:5: phone: " in done.err
    assert "more; --json shows all" not in done.err
    assert "512345678" not in done.err
    assert done.err.index("3 numbers repaired") < done.err.index("1 bad row in")


def test_of_many_repairs_three_are_shown_and_the_document_has_all(desk: Desk) -> None:
    desk.contacts(*(f"485123456{index:02},Ola" for index in range(30)))
    done = desk.preview()
    assert "30 numbers repaired: plus restored 30\n" in done.err
    assert done.err.count("  contacts.csv:") == 3
    assert "  … and 27 more; --json shows all.\n" in done.err
    assert len(desk.plan()["repair_list"]) == 30


def test_a_single_one_is_told_in_the_singular_and_none_not_at_all(desk: Desk) -> None:
    desk.contacts(PLUS)
    assert "\n1 number repaired: plus restored 1\n" in desk.preview().err
    desk.contacts("+12025550102,Ben")
    assert "repaired" not in desk.preview().err


def test_quiet_leaves_them_out(desk: Desk) -> None:
    assert "repaired" not in desk.preview("--quiet").err


def test_the_document_has_the_count_the_codes_and_every_place(desk: Desk) -> None:
    plan = desk.plan()
    assert plan["repairs"] == 3
    assert plan["repairs_by_code"] == {"plus_restored": 1, "decimal_dropped": 1, "quotes_removed": 1}
    first = plan["repair_list"][0]
    assert (first["file"], first["line"], first["record"], first["path"]) == ("contacts.csv", 3, 2, "phone")
    assert (first["code"], first["value"]) == ("plus_restored", "48•••••••78")
    assert plan["to_send"] == 4


def test_a_send_tells_them_too_and_texts_them(desk: Desk) -> None:
    done = desk.send()
    assert done.code == 3, "the bad row"
    assert "3 numbers repaired: " in done.err
    assert len(desk.rows()) == 4
    sent = desk.sent()
    assert (sent["repairs"], len(sent["repair_list"]), sent["repairs_by_code"]["plus_restored"]) == (3, 3, 1)


def test_a_dry_run_tells_them_too(desk: Desk) -> None:
    done = desk("send", "campaigns.yaml", "ready", "--dry-run")
    assert "3 numbers repaired: " in done.err
    assert "1 bad row in contacts.csv, left out:" in done.err


def test_a_repaired_number_is_found_when_it_is_explained_also_in_a_bad_row(desk: Desk) -> None:
    desk.contacts(f"{PLUS},", "512345678.0,Ewa,Nowhere", header="phone,first_name,zone")
    story = desk.plan("--explain", "+48512345678")["explain"]
    assert [each["line"] for each in story["rows"]] == [2]
    assert [each["line"] for each in story["bad_rows"]] == [3]
