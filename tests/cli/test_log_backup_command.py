"""`smscli log backup`: which log, which name, what is said, and a copy while people are being texted."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest

from smscli.domain.message import State
from smscli.domain.ports import LogFilter, LoggedMessage, OptOut
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW, Program, child, in_process
from tests.cli.sample_log import ADA, opted_out, sample
from tests.support.answers import Held, Slow
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, Folder

smscli = Program()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return sample(tmp_path / "sent-log.db")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "copies"
    made.mkdir()
    return made


def messages(path: Path) -> list[LoggedMessage]:
    with closing(open_sent_log(path, create=False, busy_wait=5)) as log:
        return list(log.messages(LogFilter()))


# --- what is said ---


def test_what_was_copied_is_told_with_the_one_warning_that_matters(log: Path, folder: Path) -> None:
    opted_out(log, OptOut(ADA, "", NOW, "reply"))
    copy = folder / "copy.db"
    told = smscli("log", "backup", str(copy), "--log", str(log))
    assert told.code == 0
    size = f"{copy.stat().st_size / 1000:.1f} kB"
    assert told.out == (
        f"Copied to {copy}\n"
        f"  6 messages, 1 opt-out, newest event 2026-11-22 12:01 UTC; {size}\n"
        "Putting it back later repeats everyone sent since then: it does not know them.\n"
        "Do not `send` with a log that was put back before you know who they are.\n"
    )
    assert told.err == f"sent log: {log}\n"
    assert messages(copy) == messages(log)


def test_cron_gets_two_lines(log: Path, folder: Path) -> None:
    told = smscli("log", "backup", str(folder / "copy.db"), "--log", str(log), "--quiet")
    assert (len(told.out.splitlines()), told.err) == (2, "")


def test_the_document_is_pinned(log: Path, folder: Path) -> None:
    copy = folder / "copy.db"
    document = smscli("log", "backup", str(copy), "--log", str(log), "--json").document
    assert document == {
        "schema": 1,
        "command": "log backup",
        "status": "ok",
        "sent_log": str(log),
        "backup": str(copy),
        "bytes": copy.stat().st_size,
        "messages": 6,
        "opt_outs": 0,
        "newest_at": "2026-11-22T12:01:00Z",
        "key": None,
        "lacks_key": False,
    }


def test_an_empty_log_has_no_newest_event(tmp_path: Path, folder: Path) -> None:
    open_sent_log(tmp_path / "empty.db", create=True).close()
    told = smscli("log", "backup", str(folder / "copy.db"), "--log", str(tmp_path / "empty.db"))
    assert "  0 messages, 0 opt-outs; " in told.out


# --- which log, which name ---


def test_a_folder_gets_a_file_named_after_the_log_and_the_time(log: Path, folder: Path) -> None:
    assert smscli("log", "backup", str(folder), "--log", str(log)).code == 0
    [copy] = folder.iterdir()
    assert copy.name == "sent-log-2026-11-22T120000Z.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    told = smscli("log", "backup", f"{folder}/", "--log", str(log))
    assert told.code == 2, "the same second again"
    assert "exists already" in told.err


def test_the_log_is_named_by_the_campaigns_file_or_the_environment(log: Path, folder: Path) -> None:
    file = log.with_name("campaigns.yaml")
    file.write_text(
        "{version: 1, brand: Garage, sender: Garage, gateway: sandbox, sent_log: sent-log.db, campaigns:"
        " {winter: {purpose: transactional, quiet_hours: off, text: 'Garage: gloves.'}}}",
        encoding="utf-8",
    )
    by_file = smscli("log", "backup", str(folder / "1.db"), "--campaigns", str(file), "--json")
    named = Program(environ={"SMSCLI_SENT_LOG": str(log)})
    by_environment = named("log", "backup", str(folder / "2.db"), "--json")
    assert by_file.document["sent_log"] == by_environment.document["sent_log"] == str(log)
    told = smscli("log", "backup", str(folder / "3.db"))
    assert told.code == 2
    assert "SMSCLI_SENT_LOG" in told.err


def test_a_relative_name_lies_where_one_stands(log: Path, folder: Path) -> None:
    told = child("log", "backup", "copy.db", "--log", str(log), cwd=folder)
    assert told.out.startswith(f"Copied to {folder / 'copy.db'}\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["copies/taken.db", "--log", "sent-log.db"], 2, "exists already"),
        (["sent-log.db", "--log", "sent-log.db"], 2, "exists already"),
        (["nowhere/copy.db", "--log", "sent-log.db"], 4, "cannot be written"),
        (["no where/", "--log", "sent-log.db"], 2, "hint: make it first: mkdir -p '/"),
        (["copies/copy.db", "--log", "gone.db"], 7, "there is no sent log"),
        (["copies/copy.db", "--log", "copies/taken.db"], 7, "sent log"),
        ([], 2, "FILE"),
    ],
)
def test_what_cannot_be_copied(
    log: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    said: str,
) -> None:
    (folder / "taken.db").write_text("precious" * 100)
    monkeypatch.chdir(log.parent)
    before = log.read_bytes()
    told = smscli("log", "backup", *words)
    assert told.code == code
    assert said in told.err
    assert sorted(file.name for file in log.parent.iterdir()) == ["copies", "sent-log.db"]
    assert [file.name for file in folder.iterdir()] == ["taken.db"]
    assert (folder / "taken.db").read_text() == "precious" * 100
    assert log.read_bytes() == before


# --- with people who were erased ---


@pytest.fixture
def erased(log: Path) -> Path:
    """Somebody who was never sent anything wished to be forgotten."""
    assert smscli("person", "erase", "+12025550199", "--yes", "--log", str(log)).code == 0
    return log


def test_the_key_of_the_erased_is_copied_beside_the_copy(erased: Path, folder: Path) -> None:
    copy, key = folder / "copy.db", folder / "copy.db.key"
    told = smscli("log", "backup", str(copy), "--log", str(erased))
    assert (told.code, told.err) == (0, f"sent log: {erased}\n")
    assert f"  and the key of the erased: {key}\n" in told.out
    assert key.read_bytes() == erased.with_name("sent-log.db.key").read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sorted(each.name for each in folder.iterdir()) == ["copy.db", "copy.db.key"]
    shown = smscli("person", "show", "+12025550199", "--log", str(copy), "--json").document
    assert shown["erased"] == "2026-11-22T12:00:00Z", "whoever was erased is so in the copy too"
    again = smscli("log", "backup", str(folder), "--log", str(erased), "--json").document
    assert (again["key"], again["lacks_key"]) == (f"{again['backup']}.key", False)


def test_a_key_that_is_missing_or_another_ones_is_told_and_the_copy_is_made(
    erased: Path, folder: Path
) -> None:
    key = erased.with_name("sent-log.db.key")
    for at in range(2):
        if at:
            key.unlink()
        else:
            key.write_text("00" * 32)
        told = smscli("log", "backup", str(folder / f"{at}.db"), "--log", str(erased), "--json")
        assert told.code == 0
        assert f"warning: people were erased from this log, and {key}" in told.err
        assert (told.document["key"], told.document["lacks_key"]) == (None, True)
    assert sorted(each.name for each in folder.iterdir()) == ["0.db", "1.db"]


def test_a_key_is_never_overwritten_and_then_there_is_no_copy(erased: Path, folder: Path) -> None:
    (folder / "copy.db.key").write_text("precious")
    told = smscli("log", "backup", str(folder / "copy.db"), "--log", str(erased))
    assert told.code == 2
    assert "copy.db.key exists already" in told.err
    assert [each.name for each in folder.iterdir()] == ["copy.db.key"]
    assert (folder / "copy.db.key").read_text() == "precious"


def test_the_help_of_log_mentions_it() -> None:
    assert "smscli log backup" in " ".join(smscli("log", "--help").out.split())
    assert smscli("log", "backup", "--help").out.startswith("Usage: smscli log backup")


# --- while people are being texted ---


def test_copies_made_during_a_send_are_consistent_and_hold_up_nobody(tmp_path: Path, folder: Path) -> None:
    with LoopbackGateway() as gateway:
        held = Held()
        gateway.script(*[Slow(0.01)] * 20, held)  # until the first copy is made, the send cannot end
        gateway.otherwise(Slow(0.01))
        at_work = Folder(tmp_path, gateway.url, profile="batch: {max: 1}\nconnections: 4")
        at_work.write(people=150)
        sender = at_work.start("--yes", "--first-run")
        copies: list[Path] = []
        gateway.wait_until(lambda gateway: len(gateway.taken) > 20)
        while sender.poll() is None:
            copies.append(folder / f"{len(copies)}.db")
            told = in_process("log", "backup", str(copies[-1]), "--campaigns", "campaigns.yaml", cwd=tmp_path)
            assert told.code == 0, told.err
            if len(copies) == 1:
                held.release()
        out, err = sender.communicate()
        assert sender.returncode == 0, err
        gateway.assert_quiet(out + err, secrets=[TOKEN])
        ended = {row.id: row for row in at_work.rows()}
    assert len(ended) == 150
    states = {row.state for row in messages(copies[0])}
    assert State.SUBMITTING in states, "it was made while the send was under way"
    for copy in copies:
        for row in messages(copy):
            assert row.state in (State.SUBMITTING, State.ACCEPTED)
            assert row.state is State.SUBMITTING or row == ended[row.id]
    sizes = [len(messages(copy)) for copy in copies]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)])
def test_a_copy_that_is_stopped_leaves_no_half_file_under_its_name(
    log: Path, folder: Path, how: signal.Signals, code: int
) -> None:
    """Stopped when it has begun to write; should it be quicker than we are, then it is whole."""
    with closing(sqlite3.connect(log)) as connection:  # 40 MB: a third of a second
        connection.execute(
            "WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < 400000)"
            f" INSERT INTO event (at, state, moved, detail) SELECT n, 'accepted', 1, '{'x' * 80}' FROM some"
        )
        connection.commit()
    copy = folder / "copy.db"
    copying = subprocess.Popen(
        [sys.executable, "-m", "smscli", "log", "backup", str(copy), "--log", str(log)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while copying.poll() is None and not list(folder.glob("copy.db.part-*/copy.db")):
        sleep(0.001)
    copying.send_signal(how)
    ended = copying.wait(timeout=30)
    assert ended in (code, 0)
    assert copy.exists() is (ended == 0)
    assert how is signal.SIGKILL or len(list(folder.iterdir())) == (ended == 0), "a Ctrl-C takes all along"
    if not copy.exists():
        assert smscli("log", "backup", str(copy), "--log", str(log)).code == 0
    assert len(messages(copy)) == 6
