"""`exclude`: numbers on these lists are not texted, and lists that are too old are not relied on."""

from __future__ import annotations

import gzip
import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.desk import READY, Desk
from tests.cli.program import Finished, child

ANN, BEN, CAT, DAN = (f"+1202555{index:04}" for index in range(101, 105))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.contacts(f"{ANN},Ann", f"{BEN},Ben", f"{CAT},Cat")
    return desk


def excluding(desk: Desk, *keys: str, campaign: str = "", contacts: str = "contacts.csv") -> None:
    """Write the campaigns file with these lists not to text: at its top, and in the campaign."""
    ready = READY + (f"    exclude: {campaign}\n" if campaign else "") + f"    contacts: {contacts}\n"
    desk.campaigns(ready, top=f"exclude: [{', '.join(keys)}]\n" if keys else "")


def listed(name: str, *lines: str) -> None:
    Path(name).write_text("\n".join([*lines, ""]), encoding="utf-8")


def texted(desk: Desk) -> list[str]:
    return [message["to"] for message in desk.outbox()]


def ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


def aged(name: str, **age: float) -> None:
    """Set when the file was last written."""
    written = Path(name).stat().st_mtime - timedelta(**age).total_seconds()
    os.utime(name, (written, written))


def refused(done: Finished, code: int = 4) -> str:
    assert done.code == code, done.err
    return done.err


# --- who is left out ---


def test_numbers_on_the_list_are_not_texted_and_everybody_else_is(desk: Desk) -> None:
    excluding(desk, "dnc.txt")
    listed("dnc.txt", "# of the register", BEN)
    done = desk.send()
    assert done.code == 0  # nobody should mend that
    assert texted(desk) == [ANN, CAT]
    assert re.search(r"excluded +1\b", done.out)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("{file: dnc.txt, region: US}", "(202) 555-0102"),
        ("dnc.txt", "+1 202-555-0102  # by letter"),
        ("dnc.txt", "\ufeff\u200b+1\u00a0202\u00a0555\u00a00102"),
        ("{file: dnc.txt, columns: {phone: Nr}}", f"Name;Nr\nBen;{BEN}"),
        ("{file: dnc.txt, header: [name, phone]}", f"Ben;{BEN}"),
        ("dnc.txt", "name,phone,country\nBen,202 555 0102,US"),
    ],
)
def test_a_number_is_the_same_however_the_list_spells_it(desk: Desk, keys: str, line: str) -> None:
    excluding(desk, keys)
    listed("dnc.txt", line)
    desk.send()
    assert texted(desk) == [ANN, CAT]


def test_numbers_without_a_country_are_of_the_region_of_the_contacts(desk: Desk) -> None:
    excluding(desk, "dnc.txt", contacts="{file: contacts.csv, region: US}")
    listed("dnc.txt", "202 555 0102")
    desk.send()
    assert texted(desk) == [ANN, CAT]


def test_a_campaign_adds_to_the_lists_at_the_top_and_each_skip_says_by_which(desk: Desk) -> None:
    excluding(desk, "dnc.txt", "staff.csv", campaign="[served.txt, dnc.txt]")
    listed("dnc.txt", ANN)
    listed("staff.csv", "name,phone", f"Ben,{BEN}")
    listed("served.txt", CAT, ANN)
    desk.send("--json")
    assert texted(desk) == []
    shown = desk.plan("--plan", "plan.jsonl")["exclude"]
    assert [each["file"] for each in shown] == ["dnc.txt", "staff.csv", "served.txt"]
    plan = Path("plan.jsonl").read_text(encoding="utf-8")
    assert re.findall(r'"detail": ?"(by [^"]*)"', plan) == ["by dnc.txt", "by staff.csv", "by served.txt"]


def test_an_opt_out_outranks_the_list(desk: Desk) -> None:
    excluding(desk, "dnc.txt")
    listed("dnc.txt", BEN)
    listed("stop.txt", BEN)
    text = Path("campaigns.yaml").read_text(encoding="utf-8")
    Path("campaigns.yaml").write_text(text.replace("version: 1", "version: 1\nopt_outs: stop.txt"), "utf-8")
    assert desk.plan()["skipped"] == {"opted_out": 1}


def test_an_own_number_on_the_list_gets_no_test(desk: Desk) -> None:
    excluding(desk, "dnc.txt")
    listed("dnc.txt", "+1 202 555 0199")
    done = desk("send", "campaigns.yaml", "ready", "--test-to", "+12025550199")
    assert "is on dnc.txt" in refused(done, 5)
    assert not desk.outbox()


def test_lists_come_compressed(desk: Desk) -> None:
    excluding(desk, "dnc.csv.gz")
    Path("dnc.csv.gz").write_bytes(gzip.compress(f"name,phone\nBen,{BEN}\n".encode()))
    desk.send()
    assert texted(desk) == [ANN, CAT]


def test_lists_come_as_spreadsheets(desk: Desk) -> None:
    book = pytest.importorskip("openpyxl").Workbook()
    for row in (("name", "phone"), ("Ben", BEN)):
        book.active.append(row)
    book.save("dnc.xlsx")
    excluding(desk, "dnc.xlsx")
    desk.send()
    assert texted(desk) == [ANN, CAT]


# --- what stops everything ---


@pytest.mark.parametrize("command", ["preview", "send"])
@pytest.mark.parametrize(
    ("keys", "content", "sentence"),
    [
        ("dnc.txt", None, "dnc.txt: there is no such file"),
        ("dnc.txt", "", "dnc.txt: is empty"),
        ("dnc.csv", "name\nBen\n", "dnc.csv"),
        ("{file: dnc.txt, fetched: 2999-01-01}", BEN, "2999-01-01, lies in the future"),
        ("{file: '-'}", BEN, "cannot come from standard input"),
        ("contacts.csv", None, "contacts.csv is also a list to text"),
        ("./contacts.csv", None, "contacts.csv is also a list to text"),
        ("dnc.txt", f"{BEN}\nBen\n12\n", "2 bad rows in dnc.txt"),
        ("{file: dnc.txt, on_bad_rows: skip}", "Ben\n", "1 bad row in dnc.txt"),
    ],
)
def test_a_list_that_cannot_be_read_in_full_stops_everything(
    desk: Desk, command: str, keys: str, content: str | None, sentence: str
) -> None:
    excluding(desk, keys)
    name = "dnc.csv" if "dnc.csv" in keys else "dnc.txt"
    if content is not None:
        Path(name).write_text(content, encoding="utf-8")
    done = desk(command, "campaigns.yaml", "ready", *(["--yes"] if command == "send" else []))
    assert sentence in refused(done)
    assert "hint: " in done.err
    assert not desk.outbox()
    assert BEN not in done.err


def test_every_problem_of_every_list_is_told_at_once(desk: Desk) -> None:
    excluding(desk, "gone.txt", "empty.txt", "bad.txt", "worse.txt")
    for name, content in {"empty.txt": "", "bad.txt": "Ann\n", "worse.txt": "Ben\n"}.items():
        Path(name).write_text(content, encoding="utf-8")
    error = refused(desk.preview())
    assert "gone.txt: there is no such file" in error
    assert "empty.txt: is empty" in error
    listed("gone.txt", ANN)
    listed("empty.txt", BEN)
    error = refused(desk.preview())
    assert "2 bad rows in bad.txt and worse.txt" in error
    assert "bad.txt:1: Ann is not a phone number" in error
    assert "worse.txt:1: Ben is not a phone number" in error
    assert "on_bad_rows: skip" in error


def test_bad_rows_may_be_skipped_and_are_told(desk: Desk) -> None:
    excluding(desk, "{file: dnc.txt, on_bad_rows: skip}")
    listed("dnc.txt", "Ben", BEN, "12")
    done = desk.send()
    assert done.code == 0
    assert texted(desk) == [ANN, CAT]
    assert "2 bad rows in dnc.txt, excluding nobody:" in done.err
    assert "dnc.txt:1: Ben is not a phone number" in done.err
    assert desk.plan()["exclude"][0]["bad_rows"] == 2


# --- age ---


def test_a_plan_shows_each_list_with_its_age(desk: Desk) -> None:
    excluding(
        desk,
        f"{{file: dnc.csv, fetched: {ago(21)}, max_age: 31d}}",
        "{file: staff.txt, max_age: 90d}",
        "served.txt",
    )
    listed("dnc.csv", "phone", BEN, "+12025550188")
    listed("staff.txt", CAT)
    listed("served.txt", "# nobody yet")
    aged("staff.txt", days=3, hours=1)
    lines = desk.preview().out.splitlines()
    shown = [line[10:] for line in lines if re.search(r"dnc|staff|served", line)]
    assert lines[next(at for at, line in enumerate(lines) if "dnc.csv" in line)].startswith("Exclude   ")
    assert shown[0] == f"dnc.csv: 2 numbers, fetched {ago(21)} (21 days ago, at most 31)"
    assert re.fullmatch(r"staff\.txt: 1 number, last written [\d-]+ \(3 days ago, at most 90\)", shown[1])
    assert re.fullmatch(r"served\.txt: 0 numbers, last written [\d-]+ \(today\)", shown[2])


def test_the_document_has_each_list_with_its_age(desk: Desk) -> None:
    excluding(desk, f"{{file: dnc.txt, fetched: {ago(40)}, max_age: 31d}}", "{file: staff.txt, max_age: 36h}")
    listed("dnc.txt", BEN)
    listed("staff.txt", CAT)
    aged("staff.txt", days=1, hours=1)
    plan = desk.plan()
    register, staff = plan["exclude"]
    assert register == {
        "file": "dnc.txt", "numbers": 1, "bad_rows": 0, "fetched": f"{ago(40)}", "fetched_from": "key",
        "age_days": 40, "max_age_days": 31, "too_old": True,
    }  # fmt: skip
    assert {**staff, "fetched": ""} == {
        "file": "staff.txt", "numbers": 1, "bad_rows": 0, "fetched": "", "fetched_from": "file",
        "age_days": 1, "max_age_days": 1.5, "too_old": False,
    }  # fmt: skip
    assert plan["skipped"] == {"excluded": 2}


@pytest.mark.parametrize("arguments", [[], ["--dry-run"]])
def test_a_send_refuses_to_rely_on_an_old_list_and_a_preview_says_so(
    desk: Desk, arguments: list[str]
) -> None:
    excluding(desk, f"{{file: dnc.txt, fetched: {ago(32)}, max_age: 31d}}")
    listed("dnc.txt", BEN)
    error = refused(desk.send(*arguments), 5)
    assert f"dnc.txt, a list of numbers not to text, was fetched {ago(32)} (32 days ago, at most 31)" in error
    assert f"hint: fetch it anew, and say so in campaigns.yaml: fetched: {ago(0)}" in error
    assert not desk.outbox()
    preview = desk.preview()
    assert preview.code == 0
    assert "warning: a send would be refused: dnc.txt" in preview.err
    assert "(32 days ago, at most 31): too old" in " ".join(preview.out.split())


def test_on_its_last_day_a_list_may_be_relied_on(desk: Desk) -> None:
    excluding(desk, f"{{file: dnc.txt, fetched: {ago(31)}, max_age: 31d}}")
    listed("dnc.txt", BEN)
    assert desk.send().code == 0


@pytest.mark.parametrize(
    ("age", "max_age", "code"),
    [
        ({"hours": 11}, "12h", 0),
        ({"hours": 13}, "12h", 5),
        ({"days": 31, "hours": 5}, "31d", 0),
        ({"days": 32, "hours": 5}, "31d", 5),
        ({"days": -9}, "31d", 4),
        ({"days": -9}, "", 0),
    ],
)
def test_without_a_date_the_time_of_the_file_counts(
    desk: Desk, age: dict[str, float], max_age: str, code: int
) -> None:
    excluding(desk, f"{{file: dnc.txt{max_age and ', max_age: '}{max_age}}}")
    listed("dnc.txt", BEN)
    aged("dnc.txt", **age)
    done = desk.send()
    assert done.code == code
    if code == 5:
        assert "was last written" in done.err
        assert "hint: fetch it anew, and replace it" in done.err


def test_a_preview_of_later_asks_how_old_the_list_will_be_then(desk: Desk) -> None:
    excluding(desk, f"{{file: dnc.txt, fetched: {ago(20)}, max_age: 31d}}")
    listed("dnc.txt", BEN)
    then = desk.plan("--at", f"{ago(-20)}T12:00")["exclude"][0]
    assert (then["age_days"], then["too_old"]) == (40, True)
    before = desk.plan("--at", f"{ago(30)}T12:00")["exclude"][0]
    assert (before["age_days"], before["too_old"]) == (0, False)


# --- large ones ---


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process its own peak")
def test_a_long_list_is_read_as_it_comes(desk: Desk, tmp_path: Path) -> None:
    """A list ten times as long may cost some pages of SQLite's cache, and no more."""
    excluding(desk, "dnc.txt")
    peaks = [_peak(tmp_path, count) for count in (2_000, 20_000)]
    assert peaks[1] - peaks[0] < 12


def _peak(folder: Path, count: int) -> float:
    from tests.cli.test_memory import _TELLING

    with (folder / "dnc.txt").open("w", encoding="utf-8") as stream:
        stream.writelines(f"+1202{2_000_000 + index}\n" for index in range(count))
    done = child("preview", "campaigns.yaml", "ready", cwd=folder, program=("-c", _TELLING))
    assert f"{count:,} numbers" in done.out
    (line,) = (line for line in (folder / "peak.txt").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize("line", ["phone", "# fetched on Monday"])
def test_a_list_without_a_number_is_warned_of(desk: Desk, line: str) -> None:
    listed("dnc.csv", line)
    excluding(desk, "dnc.csv")
    done = desk.preview()
    assert done.code == 0
    assert "warning: dnc.csv, a list of numbers not to text, has no number in it: was it cut off?" in done.err
