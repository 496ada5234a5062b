"""`smscli init`: an empty folder becomes one that works, and a full one stays as it is."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from smscli.files.campaign_file import load
from smscli.files.samples import CAMPAIGNS, CONTACTS, MADE_ON, SCHEMA
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.desk import READY, Desk
from tests.cli.program import Finished, Program, child, in_process, obeying_file_modes
from tools import examples

LOG = "sent-log.db"
ALL = {CAMPAIGNS, CONTACTS, SCHEMA, LOG}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that one stands in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*words: str, now: datetime | None = None) -> Finished:
    return Program(now=now)("init", *words) if now else Program()("init", *words)


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def next_commands(told: Finished) -> list[str]:
    return told.out.partition("Type next:\n\n")[2].splitlines()


# --- an empty folder ---


def test_an_empty_folder_gets_all_that_a_rehearsal_needs(here: Path) -> None:
    told = init()
    assert (told.code, told.err) == (0, "")
    assert names(here) == ALL
    assert all(f"created  {name}" in told.out for name in ALL)
    assert next_commands(told) == [
        "  smscli check campaigns.yaml",
        "  smscli preview campaigns.yaml bike-ready",
        "  smscli send campaigns.yaml bike-ready",
    ]


def test_what_is_typed_next_works_as_it_is_printed(tmp_path: Path) -> None:
    told = child("init", "my shop", cwd=tmp_path)
    assert told.code == 0, told.err
    check, preview, send = (shlex.split(line) for line in next_commands(told))
    assert [check[1], preview[1], send[1]] == ["check", "preview", "send"]
    assert in_process(*preview[1:], cwd=tmp_path).code == 0
    sent = in_process(*send[1:], "--yes", cwd=tmp_path)
    assert sent.code == 0, sent.err
    assert "12 of 14 accepted" in sent.out


def test_the_folder_is_made_and_named_wherever_one_stands(here: Path) -> None:
    told = init("a 'shop'")
    assert names(here / "a 'shop'") == ALL
    assert [shlex.split(line)[2] for line in next_commands(told)] == ["a 'shop'/campaigns.yaml"] * 3


def test_a_folder_that_begins_with_a_hyphen_is_no_option(here: Path) -> None:
    told = init("--", "-x")
    assert [shlex.split(line)[2] for line in next_commands(told)] == ["./-x/campaigns.yaml"] * 3


def test_the_document_lists_what_was_made_and_what_to_type(here: Path) -> None:
    first = init("shop", "--json").document
    assert first == {
        "schema": 1,
        "command": "init",
        "status": "ok",
        "folder": "shop",
        "created": [
            "shop/contacts.csv",
            "shop/campaigns.yaml",
            "shop/campaigns.schema.json",
            "shop/sent-log.db",
        ],
        "kept": [],
        "next": [
            "smscli check shop/campaigns.yaml",
            "smscli preview shop/campaigns.yaml bike-ready",
            "smscli send shop/campaigns.yaml bike-ready",
        ],
    }
    second = init("shop", "--json").document
    assert list(second) == list(first)
    assert (second["created"], set(second["kept"])) == ([], set(first["created"]))


def test_the_sent_log_is_one_into_which_opt_outs_can_be_imported(tmp_path: Path) -> None:
    assert in_process("init", cwd=tmp_path).code == 0
    (tmp_path / "stop.txt").write_text("+12025550101\n")
    told = in_process("optout", "import", "stop.txt", "--campaigns", "campaigns.yaml", cwd=tmp_path)
    assert told.code == 0, told.err
    assert (
        in_process("preview", "campaigns.yaml", "bike-ready", "--json", cwd=tmp_path).document["to_send"]
        == 11
    )


@pytest.mark.parametrize("year", [2026, 2031])
def test_consent_is_as_fresh_in_any_year(here: Path, year: int) -> None:
    now = datetime(year, 11, 18, 12, 0, tzinfo=UTC)
    init(now=now)
    plan = Program(now=now)("preview", "campaigns.yaml", "tyre-change", "--json").document
    assert plan["skipped"] == {"opted_out": 1, "no_consent": 3, "duplicate": 1}
    assert plan["problems"] == 0


def test_the_samples_are_what_an_editor_finds_right(here: Path) -> None:
    init()
    first = (here / CAMPAIGNS).read_text("utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA}"
    schema = json.loads((here / SCHEMA).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert (here / SCHEMA).read_text("utf-8") == Program()("schema").out
    assert load(here / CAMPAIGNS).campaigns.keys() == {"tyre-change", "bike-ready"}


# --- what is there already ---


@pytest.mark.parametrize("kept", [CONTACTS, SCHEMA, LOG])
def test_what_exists_is_kept_to_the_byte(here: Path, kept: str) -> None:
    if kept == LOG:
        open_sent_log(here / LOG, create=True).close()
    else:
        (here / kept).write_text("mine\n")
    before = (here / kept).read_bytes()
    told = init()
    assert told.code == 0
    assert f"kept     {kept}" in told.out
    assert (here / kept).read_bytes() == before
    assert names(here) == ALL


def test_beside_a_campaigns_file_of_ones_own_there_is_no_sample_list(here: Path) -> None:
    desk = Desk(here)
    desk.campaigns(READY, top="")
    (here / CAMPAIGNS).write_text((here / CAMPAIGNS).read_text().replace(LOG, "../memory.db"))
    inside = here / "inside"
    inside.mkdir()
    (here / CAMPAIGNS).rename(inside / CAMPAIGNS)
    told = init("inside")
    assert told.code == 0
    assert names(inside) == {CAMPAIGNS, SCHEMA}
    assert (here / "memory.db").exists(), "the campaigns file's own sent log"
    assert next_commands(told)[2] == "  smscli send inside/campaigns.yaml ready"


def test_an_existing_opt_out_list_is_left_alone(tmp_path: Path) -> None:
    assert in_process("init", cwd=tmp_path).code == 0
    assert in_process("optout", "add", "+12025550101", "--campaigns", CAMPAIGNS, cwd=tmp_path).code == 0
    assert in_process("init", cwd=tmp_path).code == 0
    with closing(open_sent_log(tmp_path / LOG, create=False)) as log:
        assert len(list(log.opt_outs())) == 1


def test_a_campaigns_file_that_is_wrong_is_told_and_nothing_is_made(here: Path) -> None:
    (here / CAMPAIGNS).write_text("version: 1\n")
    told = init()
    assert told.code == 4
    assert CAMPAIGNS in told.err
    assert names(here) == {CAMPAIGNS}


def test_a_sent_log_whose_folder_is_missing_is_told_and_nothing_is_made(here: Path) -> None:
    Desk(here).campaigns()
    (here / CAMPAIGNS).write_text((here / CAMPAIGNS).read_text().replace(LOG, "gone/memory.db"))
    assert init().code == 7
    assert names(here) == {CAMPAIGNS}


@pytest.mark.parametrize("name", [CONTACTS, SCHEMA, LOG])
def test_a_link_is_kept_and_not_followed(
    here: Path, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious"
    (here / name).symlink_to(elsewhere)
    told = init()
    assert told.code == 0
    assert f"kept     {name}" in told.out
    assert not elsewhere.exists()


# --- folders that are none ---


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("file", "is a file, not a folder"),
        ("link", "is a link that leads nowhere"),
        ("no/such", "mkdir -p no/such"),
    ],
)
def test_what_cannot_be_a_folder_is_wrong_usage(here: Path, folder: str, said: str) -> None:
    (here / "file").write_text("mine\n")
    (here / "link").symlink_to("nowhere")
    told = init(folder)
    assert told.code == 2
    assert said in told.err
    assert names(here) == {"file", "link"}


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
def test_a_folder_that_may_not_be_written_is_told(here: Path) -> None:
    here.chmod(0o555)
    with obeying_file_modes():
        told, below = init(), init("below")
    here.chmod(0o755)
    assert (told.code, below.code) == (4, 4)
    assert "cannot be written: Permission denied" in told.err
    assert "cannot be made: Permission denied" in below.err


def test_a_folder_of_a_read_only_system_is_told() -> None:
    told = init("/proc")
    assert told.code == 4
    assert "/proc/contacts.csv: cannot be written" in told.err
    assert told.err.splitlines()[-1].startswith("hint: ")


# --- one source ---


@pytest.mark.parametrize("path", examples.generated(), ids=lambda path: path.name)
def test_the_examples_of_the_repository_are_the_samples(path: Path) -> None:
    assert path.read_text("utf-8") == examples.generated()[path], "`make docs` makes it again"


def test_the_list_of_the_repository_has_the_dates_it_was_made_with() -> None:
    first = (Path(examples.ROOT) / "contacts.example.csv").read_text("utf-8").splitlines()[1]
    assert "2025-09-14" in first
    assert MADE_ON.isoformat() == "2025-11-22"
