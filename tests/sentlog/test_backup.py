"""A copy of a sent log: one moment of it, whole or not there, whatever happens meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from smscli.domain.errors import FilesError, SentLogDamaged, SentLogMissing, SentLogMoved, UsageError
from smscli.domain.message import Message, Realm, State
from smscli.domain.ports import LogFilter, OptOut
from smscli.sentlog import backup
from smscli.sentlog.backup import back_up
from smscli.sentlog.schema import NEWEST
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log, opt_outs_of

from .making import ANNA, BEN, CELIA, DAY, NOW, claimed, message, numbers, sent, stop

spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where copies go."""
    made = tmp_path / "copies"
    made.mkdir()
    return made


@pytest.fixture
def full(path: Path) -> Iterator[SqliteSentLog]:
    """An open log whose messages stand in its -wal still."""
    with closing(open_sent_log(path, create=True)) as log:
        sent(log, ANNA, now=NOW)
        sent(log, BEN, now=NOW, state=State.IN_DOUBT)
        log.opt_out([stop(CELIA)])
        assert Path(f"{path}-wal").stat().st_size > 0
        yield log


def schema(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


# --- the copy ---


def test_a_copy_is_a_log_with_all_that_the_log_holds(full: SqliteSentLog, folder: Path) -> None:
    made = back_up(full.path, folder / "copy.db")
    contents = made.contents
    assert (contents.messages, contents.events, contents.opt_outs, contents.schema) == (2, 4, 1, NEWEST)
    assert contents.newest_at == NOW.replace(microsecond=123000)
    assert made.size == made.path.stat().st_size
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert made.path.stat().st_nlink == 1
    with closing(open_sent_log(made.path, create=False)) as copied:
        assert list(copied.messages(LogFilter())) == list(full.messages(LogFilter()))
        assert list(copied.opt_outs()) == list(full.opt_outs())
        assert claimed(copied, message(ANNA, campaign_id="another")), "it can be used as a log"


def test_what_is_written_while_it_is_copied_is_not_in_the_copy(
    path: Path, folder: Path, sqlite_log: SqliteSentLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in numbers(500):
        sent(sqlite_log, number, now=NOW)
    monkeypatch.setattr(backup, "_STEP", 5)
    written: list[Message] = []

    def write() -> None:
        written.append(sent(sqlite_log, numbers(1, first=600 + len(written))[0], now=NOW))

    made = back_up(path, folder / "copy.db", write)
    assert len(written) > 10
    assert made.contents.messages == 500
    assert sqlite_log.counts(Realm.LIVE) == {State.ACCEPTED: 500 + len(written)}, "and nobody waited"
    with closing(open_sent_log(made.path, create=False)) as copied:
        assert copied.counts(Realm.LIVE) == {State.ACCEPTED: 500}


def test_nothing_of_the_log_is_changed(old_log: Path, old_schema: int, folder: Path) -> None:
    before = old_log.read_bytes()
    made = back_up(old_log, folder / "copy.db")
    assert old_log.read_bytes() == before
    assert (made.contents.schema, schema(made.path), schema(old_log)) == (old_schema,) * 3
    assert (made.contents.messages, made.contents.opt_outs) == (3, {1: 1, 2: 2, 3: 3}[old_schema])


def test_without_hard_links_the_copy_is_there_all_the_same(
    full: SqliteSentLog, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", no_links)
    made = back_up(full.path, folder / "copy.db")
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    with closing(open_sent_log(made.path, create=False)) as copied:
        assert len(list(copied.messages(LogFilter()))) == 2
    with pytest.raises(UsageError, match="exists already"):
        back_up(full.path, folder / "copy.db")


# --- nothing is overwritten, and nothing half done is left ---


@pytest.mark.parametrize("late", [False, True], ids=["before", "meanwhile"])
@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_a_name_that_is_taken_is_left_alone(full: SqliteSentLog, folder: Path, kind: str, late: bool) -> None:
    copy = folder / "copy.db"

    def take() -> None:
        if kind == "file" and not copy.exists():
            copy.write_text("precious")
        elif kind != "file" and not copy.is_symlink():
            copy.symlink_to(folder / "nowhere")

    if not late:
        take()
    with pytest.raises(UsageError, match="exists already"):
        back_up(full.path, copy, take)
    assert [file.name for file in folder.iterdir()] == ["copy.db"]
    assert copy.read_text() == "precious" if kind == "file" else copy.is_symlink()


def test_the_log_itself_is_not_overwritten(full: SqliteSentLog) -> None:
    with pytest.raises(UsageError, match="exists already"):
        back_up(full.path, full.path)


def test_an_interrupted_copy_leaves_nothing(full: SqliteSentLog, folder: Path) -> None:
    def interrupt() -> None:
        assert list(folder.iterdir()), "it was under way"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(full.path, folder / "copy.db", interrupt)
    assert list(folder.iterdir()) == []


def _killed(path: Path, copy: Path) -> None:
    back_up(path, copy, lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_a_killed_copy_leaves_no_file_under_its_name(full: SqliteSentLog, folder: Path) -> None:
    child = spawn.Process(target=_killed, args=(full.path, folder / "copy.db"))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    [left] = folder.iterdir()
    assert left.is_dir()
    assert left.name.startswith("copy.db.part-")
    assert stat.S_IMODE(left.stat().st_mode) == 0o700
    made = back_up(full.path, folder / "copy.db")
    assert made.contents.messages == 2, "what was left is no obstacle"


def _without_room(path: Path, copy: Path, answer: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        back_up(path, copy)
    except FilesError as error:
        answer.send(error.message)


def test_a_disk_without_room_leaves_nothing(path: Path, folder: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        for number in numbers(500):
            sent(log, number, now=NOW)
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_without_room, args=(path, folder / "copy.db", theirs))
    child.start()
    theirs.close()
    assert f"the copy {folder / 'copy.db'} cannot be written" in ours.recv()
    child.join()
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there(full: SqliteSentLog, tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="cannot be written: No such file"):
        back_up(full.path, tmp_path / "none" / "copy.db")


# --- a log that cannot be copied ---


def test_there_is_no_copy_of_no_log(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SentLogMissing):
        back_up(tmp_path / "none.db", folder / "copy.db")
    assert list(folder.iterdir()) == []


def test_a_damaged_log_is_found_out_by_its_copy(path: Path, folder: Path) -> None:
    """A log too large to be checked whenever it is opened."""
    with closing(open_sent_log(path, create=True)) as log:
        claimed(log, *map(message, numbers(20_000)))
    size = path.stat().st_size
    assert size > 4 * 1024 * 1024
    with path.open("r+b") as file:
        file.seek(size // 4096 // 2 * 4096)
        file.write(b"\xa5" * 4096)
    with pytest.raises(SentLogDamaged):
        back_up(path, folder / "copy.db")
    assert list(folder.iterdir()) == []


def test_a_log_replaced_meanwhile_is_not_taken_for_the_copied_one(full: SqliteSentLog, folder: Path) -> None:
    def swap() -> None:
        full.path.with_name("other.db").write_bytes(full.path.read_bytes())
        full.path.with_name("other.db").replace(full.path)

    with pytest.raises(SentLogMoved):
        back_up(full.path, folder / "copy.db", swap)
    assert list(folder.iterdir()) == []


# --- a log that is not ours to change ---


def test_another_brand_s_opt_outs_are_read_without_changing_its_log(old_log: Path) -> None:
    before = old_log.read_bytes()
    first, *_ = opt_outs_of(old_log)
    assert first == OptOut(CELIA, "", NOW.replace(microsecond=123000), "reply", note="STOP")
    assert old_log.read_bytes() == before
    assert [file.name for file in old_log.parent.iterdir()] == [old_log.name]


def test_another_brand_s_opt_outs_for_a_time_and_their_senders_are_read(full: SqliteSentLog) -> None:
    wish = replace(stop(BEN, "news"), until=NOW + DAY, sender="3344", words="STOP")
    full.opt_out([wish])
    assert rounded(wish) in list(opt_outs_of(full.path))


def rounded(wish: OptOut) -> OptOut:
    """As a log gives it back: to the millisecond."""
    until = wish.until and wish.until.replace(microsecond=123000)
    return replace(wish, at=wish.at.replace(microsecond=123000), until=until)


def test_opt_outs_still_in_the_wal_are_read(full: SqliteSentLog) -> None:
    assert list(opt_outs_of(full.path)) == list(full.opt_outs())
    assert sent(full, ANNA, now=NOW, campaign="a-third"), "and the log is written on"


def test_what_is_no_log_has_no_opt_outs(path: Path) -> None:
    path.write_text("+12025550101\n")
    with pytest.raises(SentLogDamaged):
        list(opt_outs_of(path))
