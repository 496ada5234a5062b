"""`preview --plan`: every row of the list once, written whole or not at all, memory flat."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import chdir
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from smscli.cli.plan_file import write_plan
from smscli.cli.sifting import ReadList
from smscli.domain.errors import FilesError
from smscli.files.contacts_file import ContactsSource, open_contacts
from smscli.sentlog.plan import DecidedRow, Fate
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.desk import READY, Desk
from tests.cli.program import child
from tests.cli.test_accounting import CAMPAIGN, rows
from tests.cli.test_accounting import HEADER as ODD_HEADER
from tests.cli.test_accounting import TOP as SKIP_BAD_ROWS
from tests.cli.test_memory import _TELLING as TELLING
from tests.cli.test_memory import MOST_MEGABYTES
from tests.cli.test_preview_command import HEADER, MIXED, RATES, TYRES

AT = ("--at", "2026-11-23T15:30")

KEYS = [
    "row",
    "file",
    "line",
    "record",
    "number",
    "country",
    "decision",
    "reason",
    "detail",
    "until",
    "language",
    "sender",
    "encoding",
    "units",
    "segments",
    "text",
    "deadline",
    "evidence",
    "problems",
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    desk.campaigns(TYRES, top=RATES)
    desk.contacts(*MIXED, header=HEADER)
    return desk


def written(folder: Path, name: str = "plan.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / name).read_text("ascii").splitlines()]


def fates(lines: Sequence[dict[str, Any]]) -> list[str]:
    return [line["decision"] for line in lines]


def adds_up(lines: Sequence[dict[str, Any]], document: dict[str, Any]) -> bool:
    """Is every row there once, in order, and is each count of the preview that of the lines?"""
    count = Counter(fates(lines))
    reasons = {
        fate: Counter(line["reason"] for line in lines if line["decision"] == fate)
        for fate in ("skip", "hold")
    }
    assert [line["row"] for line in lines] == list(range(1, document["rows"] + 1))
    assert count["send"] == document["to_send"]
    assert count["later"] == document["left_by_limit"]
    assert count["problem"] == document["problems"]
    assert reasons["skip"] == Counter(document["skipped"])
    assert reasons["hold"] == Counter(document["held"])
    sent = [line for line in lines if line["decision"] == "send"]
    assert sum(line["segments"] for line in sent) == document["segments"]
    assert Counter(line["language"] for line in sent) == Counter(document["languages"])
    return True


def test_every_row_has_a_line_in_the_order_of_the_list_and_all_lines_the_same_keys(desk: Desk) -> None:
    done = desk.preview(*AT, "--plan", "plan.jsonl", campaign="tyres")
    lines = written(desk.path)
    assert all(list(line) == KEYS for line in lines)
    assert [line["line"] for line in lines] == list(range(2, 10))
    assert fates(lines) == ["send", "send", "send", *["skip"] * 4, "problem"]
    assert "plan: plan.jsonl (8 rows)" in done.err
    assert "to send" in done.out, "the plan is told as ever"
    assert done.code == 4, "the bad row would stop a send"


def test_a_line_to_send_holds_what_would_be_sent(desk: Desk) -> None:
    desk.preview(*AT, "--plan", "plan.jsonl", campaign="tyres")
    assert written(desk.path)[2] == {
        "row": 3,
        "file": "contacts.csv",
        "line": 4,
        "record": 3,
        "number": "+48512345678",
        "country": "PL",
        "decision": "send",
        "reason": None,
        "detail": "",
        "until": None,
        "language": "pl",
        "sender": "Garage",
        "encoding": "UCS-2",
        "units": 53,
        "segments": 1,
        "text": "Green Garage: Franek, pora na zimę – łap termin! STOP",
        "deadline": "2026-11-23T18:45:00Z",
        "evidence": "list: express on 2026-01-02, contacts.csv:4",
        "problems": [],
    }


def test_skipped_held_and_bad_rows_say_why(desk: Desk) -> None:
    desk.preview("--at", "2026-11-23T20:30", "--plan", "plan.jsonl", campaign="tyres")
    lines = written(desk.path)
    franek, again, *_, bad = lines[2:]
    assert (franek["decision"], franek["reason"], franek["until"]) == (
        "hold",
        "quiet_hours",
        "2026-11-24T08:00:00Z",
    )
    assert (again["decision"], again["reason"], again["detail"]) == ("skip", "duplicate", "an earlier row")
    assert (franek["text"], again["text"]) == (None, None)
    assert (bad["decision"], bad["number"], bad["text"]) == ("problem", None, None)
    assert [(each["code"], each["path"], each["line"]) for each in bad["problems"]] == [
        ("not_a_number", "phone", 9)
    ]


def test_whoever_a_later_row_opts_out_is_written_as_skipped(desk: Desk) -> None:
    desk.campaigns(top="on_bad_rows: skip\n")
    file = desk.path / "campaigns.yaml"
    listed = "contacts: {file: contacts.csv, columns: {opt_out: stop}}"
    file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
    desk.contacts(
        "+12025550101,Ann,", "+12025550102,Ben,", "+12025550101,Ann,yes", header="phone,first_name,stop"
    )
    desk.preview("--plan", "plan.jsonl")
    first = written(desk.path)[0]
    assert (first["decision"], first["reason"], first["detail"]) == (
        "skip",
        "opted_out",
        "line 4 of the list says so",
    )
    assert (first["text"], first["sender"], first["deadline"]) == (None, None, None)


@settings(max_examples=25, deadline=None)
@given(people=rows)
def test_whatever_the_list_the_lines_add_up_to_the_preview(people: list[tuple[str, str, str, str]]) -> None:
    with TemporaryDirectory() as folder, chdir(folder):
        desk = Desk(Path(folder))
        desk.campaigns(CAMPAIGN, top=SKIP_BAD_ROWS)
        listed = "contacts: {file: contacts.csv, region: US, columns: {opt_out: stop}}"
        file = desk.path / "campaigns.yaml"
        file.write_text(file.read_text("utf-8").replace("contacts: contacts.csv", listed), encoding="utf-8")
        desk.contacts(*(",".join(row) for row in people), header=ODD_HEADER)
        document = desk.plan("--plan", "plan.jsonl", "--limit", "5")
        assert document["rows"] == len([row for row in people if any(row)])  # a row of commas is none
        assert adds_up(written(desk.path), document)


def test_beyond_the_limit_is_later_with_the_text_it_would_get(desk: Desk) -> None:
    document = desk.plan(*AT, "--plan", "plan.jsonl", "--limit", "2", campaign="tyres")
    lines = written(desk.path)
    assert adds_up(lines, document)
    assert (lines[2]["decision"], lines[2]["language"]) == ("later", "pl")
    assert lines[2]["text"].startswith("Green Garage: Franek")


def test_standard_output_gets_the_lines_and_nothing_else(desk: Desk) -> None:
    desk.preview(*AT, "--plan", "plan.jsonl", campaign="tyres")
    done = desk.preview(*AT, "--plan", "-", campaign="tyres")
    assert done.code == 4
    assert done.out == (desk.path / "plan.jsonl").read_text("ascii")
    assert "contacts.csv:9" in done.err
    assert not (desk.path / "-").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--plan", "-", "--json"), "--plan - and --json both write to standard output"),
        (("--plan", "-", "--explain", "+12025550101"), "--plan - and --explain both write"),
        (("--plan", "x.csv", "--problems", "./x.csv"), "--problems and --plan name the same file"),
        (("--duplicates", "x.csv", "--problems", "./x.csv"), "--problems and --duplicates name the same"),
        (("--problems", "-"), "--problems writes a file, and - is none"),
        (("--duplicates", "-"), "--duplicates writes a file, and - is none"),
    ],
)
def test_what_cannot_go_together_is_wrong_usage(desk: Desk, arguments: tuple[str, ...], said: str) -> None:
    before = desk.files()
    done = desk.preview(*AT, *arguments, campaign="tyres")
    assert done.code == 2
    assert said in done.err
    assert desk.files() == before


def test_only_the_owner_may_read_the_file_and_nothing_else_stays(desk: Desk) -> None:
    (desk.path / "plan.jsonl").write_text('{"row": 1}\n' * 10_000, "utf-8")  # longer than the new one
    before = desk.files()
    desk.preview(*AT, "--plan", "plan.jsonl", campaign="tyres")
    assert desk.files() == before
    assert (desk.path / "plan.jsonl").stat().st_mode & 0o777 == 0o600
    assert len(written(desk.path)) == 8


@pytest.mark.parametrize(
    "path",
    [
        "contacts.csv",
        "./contacts.csv",
        "campaigns.yaml",
        "gateway.yaml",
        "stop.csv",
        "sent-log.db",
        "sent-log.db-wal",
        "sent-log.outbox.jsonl",
        "link.jsonl",
    ],
)
def test_a_plan_never_overwrites_what_the_campaign_reads_or_keeps(desk: Desk, path: str) -> None:
    desk.campaigns(TYRES, top="opt_outs: [stop.csv]\n")
    (desk.path / "stop.csv").write_text("+12025550199\n", encoding="utf-8")
    (desk.path / "gateway.yaml").write_text("name: mine\n", encoding="utf-8")
    (desk.path / "link.jsonl").symlink_to("contacts.csv")
    before = {each.name: each.read_bytes() for each in desk.path.iterdir()}
    done = desk.preview(*AT, "--plan", path, campaign="tyres")
    assert done.code == 2
    assert f"--plan {Path(path)} would overwrite" in done.err
    assert {each.name: each.read_bytes() for each in desk.path.iterdir()} == before


@pytest.mark.parametrize("option", ["--plan", "--problems", "--duplicates"])
@pytest.mark.parametrize("path", ["june.csv", "other.db", "sent-log.db", "contacts.hard.csv"])
def test_a_file_that_no_earlier_run_wrote_is_never_overwritten(desk: Desk, option: str, path: str) -> None:
    (desk.path / "june.csv").write_bytes((desk.path / "contacts.csv").read_bytes())
    (desk.path / "contacts.hard.csv").hardlink_to(desk.path / "contacts.csv")
    for log in ("other.db", "sent-log.db"):
        open_sent_log(desk.path / log, create=True).close()
    before = {each.name: each.read_bytes() for each in desk.path.iterdir()}
    done = desk.preview(*AT, option, path, "--log", "another.db", campaign="tyres")
    assert done.code == 2
    assert f"{option} {path} would overwrite a file that no earlier run wrote" in done.err
    assert f"hint: name a new file: {option} new-{path}" in done.err
    assert {each.name: each.read_bytes() for each in desk.path.iterdir()} == before


@pytest.mark.parametrize("option", ["--plan", "--problems", "--duplicates"])
def test_what_an_earlier_run_wrote_and_an_empty_file_are_replaced(desk: Desk, option: str) -> None:
    (desk.path / "new").touch()
    for _ in range(2):
        told = desk.preview(*AT, option, "new", campaign="tyres").err
        assert "new (" in told  # how many rows were written
        assert (desk.path / "new").stat().st_size


@pytest.mark.parametrize("option", ["--plan", "--problems", "--duplicates"])
def test_a_link_that_leads_to_itself_and_a_name_that_is_too_long_are_told(desk: Desk, option: str) -> None:
    (desk.path / "loop").symlink_to("loop")
    before = desk.files()
    for path, said in (("loop", "is not a file"), ("x" * 300, "File name too long")):
        done = desk.preview(*AT, option, path, campaign="tyres")
        assert done.code == 4
        assert said in done.err
    assert desk.files() == before


@pytest.mark.parametrize(
    ("path", "said"),
    [("nowhere/plan.jsonl", "cannot be written: No such file"), (".", "is not a file"), ("pipe", "is not a")],
)
def test_a_file_that_cannot_be_written_is_told_and_leaves_nothing(desk: Desk, path: str, said: str) -> None:
    os.mkfifo(desk.path / "pipe")
    before = desk.files()
    done = desk.preview(*AT, "--plan", path, campaign="tyres")
    assert done.code == 4
    assert said in done.err
    assert desk.files() == before


def test_a_list_that_cannot_be_read_to_its_end_leaves_the_older_plan_as_it_was(desk: Desk) -> None:
    (desk.path / "plan.jsonl").write_text('{"row": 0}\n', "utf-8")
    with (desk.path / "contacts.csv").open("ab") as stream:
        stream.write(b"+12025550111,\xff\n")
    before = desk.files()
    assert desk.preview(*AT, "--plan", "plan.jsonl", campaign="tyres").code == 4
    assert (desk.path / "plan.jsonl").read_text("utf-8") == '{"row": 0}\n'
    assert desk.files() == before


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_plan_that_is_cut_off_leaves_the_older_one_and_no_half_of_its_own(
    tmp_path: Path, trouble: BaseException
) -> None:
    def cut_off() -> Iterator[DecidedRow]:
        yield from (DecidedRow(row, row + 1, Fate.PROBLEM) for row in range(2_000))
        raise trouble

    plan, contacts = tmp_path / "plan.jsonl", tmp_path / "contacts.csv"
    plan.write_text("older\n", "utf-8")
    contacts.write_text("phone\n", "utf-8")
    with (
        open_contacts(ContactsSource(contacts), frozenset(), today=date(2026, 11, 23)) as reader,
        pytest.raises(FilesError if isinstance(trouble, OSError) else KeyboardInterrupt),
    ):
        write_plan(plan, cut_off(), [ReadList(reader, 2_000, 0)])
    assert {each.name for each in tmp_path.iterdir()} == {"plan.jsonl", "contacts.csv"}
    assert plan.read_text("utf-8") == "older\n"


def test_every_limit_that_would_refuse_is_told_at_once(desk: Desk) -> None:
    desk.campaigns(
        READY.replace("is ready.", "is ready {{ note }}.")
        + "    limits: {max_segments: 1, max_messages: 1, max_cost: 0.001}\n",
        top=RATES,
    )
    desk.contacts(
        "+12025550101,Ann,now",
        "+12025550102,Ben,now",
        f"+12025550103,Cy,{'x' * 150}",
        "+306945678901,Di,now",
        header="phone,first_name,note",
    )
    done = desk.preview("--json")
    refusals = done.document["refusals"]
    assert len(refusals) == 4
    for said in ("1 text would need more", "3 messages are more", "no rate for GR", "the planned cost"):
        assert sum(said in each for each in refusals) == 1
    assert done.err.count("warning: a send would be refused") == 4
    assert desk.send().code == 5


def _large(folder: Path, total: int) -> Desk:
    """A list in which every third row is bad, and a few numbers come again."""
    desk = Desk(folder)
    desk.campaigns(TYRES, top=RATES + "on_bad_rows: skip\n")
    with (folder / "contacts.csv").open("w", encoding="utf-8") as stream:
        stream.write(HEADER + "\n")
        for index in range(total):
            number = f"+1202{2_000_000 + index % (total - 100)}" if index % 3 else f"nobody{index}"
            stream.write(f"{number},Ola{index},en,express,2026-01-02\n")
    return desk


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process its own peak")
@pytest.mark.parametrize("total", [20_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_the_plan_of_a_long_list_adds_up_and_stays_small(tmp_path: Path, total: int) -> None:
    desk = _large(tmp_path, total)
    arguments = ("preview", "campaigns.yaml", "tyres", *AT, "--json", "--plan", "plan.jsonl")
    done = child(*arguments, cwd=desk.path, program=("-c", TELLING), timeout=300)
    assert done.code == 0, done.err
    assert done.document["rows"] == total
    assert adds_up(written(tmp_path), done.document)
    assert 0 < done.document["skipped"]["duplicate"] <= 100
    (line,) = (line for line in (tmp_path / "peak.txt").read_text().splitlines() if line.startswith("VmHWM"))
    assert int(line.split()[1]) / 1024 < MOST_MEGABYTES
