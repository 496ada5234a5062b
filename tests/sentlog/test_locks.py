"""One send a campaign, one pace a gateway."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import stat
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.errors import SentLogBusy, SentLogError
from smscli.domain.message import Realm
from smscli.domain.ports import PaceLedger
from smscli.sentlog.locks import (
    FilePaceLedger,
    MemoryPaceLedger,
    campaign_lock,
    lock_path,
    running,
    sync_lock,
)

spawn = multiprocessing.get_context("spawn")


def hold(path: Path, line: Connection) -> None:
    with campaign_lock(path, Realm.LIVE, "tyre-change"):
        line.send(os.getpid())
        line.recv()


def test_a_second_send_of_a_campaign_is_told_who_is_first(path: Path) -> None:
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=hold, args=(path, theirs), daemon=True)
    child.start()
    theirs.close()  # so that a child that dies is heard
    pid = ours.recv()
    with pytest.raises(SentLogBusy) as caught, campaign_lock(path, Realm.LIVE, "tyre-change"):
        pass
    ours.send("end")
    child.join()
    assert f"process {pid} since 20" in caught.value.message
    assert f"kill -INT {pid}" in caught.value.hint
    with campaign_lock(path, Realm.LIVE, "tyre-change"):
        pass


def test_a_killed_sender_holds_no_lock(path: Path) -> None:
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=hold, args=(path, theirs), daemon=True)
    child.start()
    theirs.close()  # so that a child that dies is heard
    ours.recv()
    child.kill()
    child.join()
    with campaign_lock(path, Realm.LIVE, "tyre-change"):
        pass


def test_one_sync_a_log_and_sends_besides(path: Path) -> None:
    with sync_lock(path), campaign_lock(path, Realm.LIVE, "sync"):
        with pytest.raises(SentLogBusy) as caught, sync_lock(path):
            pass
        assert f"this log is being synced by process {os.getpid()} since 20" in caught.value.message
    with sync_lock(path):
        pass


def test_who_asks_learns_who_is_sending_and_makes_no_file(path: Path) -> None:
    assert running(path, Realm.LIVE, "tyre-change") is None
    assert list(path.parent.iterdir()) == []
    before = datetime.now(UTC).replace(microsecond=0)
    with campaign_lock(path, Realm.LIVE, "tyre-change"):
        holder = running(path, Realm.LIVE, "tyre-change")
        assert holder is not None
        assert holder.pid == os.getpid()
        assert before <= holder.since <= datetime.now(UTC)
        assert running(path, Realm.SANDBOX, "tyre-change") is None
        with pytest.raises(SentLogBusy), campaign_lock(path, Realm.LIVE, "tyre-change"):
            pass
    assert running(path, Realm.LIVE, "tyre-change") is None


def test_a_killed_sender_is_not_running(path: Path) -> None:
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=hold, args=(path, theirs), daemon=True)
    child.start()
    theirs.close()
    pid = ours.recv()
    holder = running(path, Realm.LIVE, "tyre-change")
    assert holder is not None
    assert holder.pid == pid
    child.kill()
    child.join()
    assert lock_path(path, Realm.LIVE, "tyre-change").read_text().startswith(f"{pid} "), "it left its name"
    assert running(path, Realm.LIVE, "tyre-change") is None


def test_who_asks_stops_no_send_that_is_about_to_start(path: Path) -> None:
    """A shared lock held for a moment, as `running` does with the name of somebody who was killed."""
    lock_path(path, Realm.LIVE, "tyre-change").write_text("1 2026-11-22 09:00:00 UTC\n")
    handle = os.open(lock_path(path, Realm.LIVE, "tyre-change"), os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    Timer(0.01, os.close, [handle]).start()
    with campaign_lock(path, Realm.LIVE, "tyre-change"):
        pass


@pytest.mark.parametrize("content", ["", "garbage", "12 yesterday", "x 2026-11-22 09:00:00 UTC", "\xff" * 9])
def test_a_lock_file_that_names_nobody(path: Path, content: str) -> None:
    lock_path(path, Realm.LIVE, "tyre-change").write_text(content, encoding="latin-1")
    assert running(path, Realm.LIVE, "tyre-change") is None


def test_a_lock_file_that_is_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    lock_path(path, Realm.LIVE, "tyre-change").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SentLogError, match="lock file"):
        running(path, Realm.LIVE, "tyre-change")


def test_other_campaigns_and_realms_are_free(path: Path) -> None:
    with (
        campaign_lock(path, Realm.LIVE, "one"),
        campaign_lock(path, Realm.SANDBOX, "one"),
        campaign_lock(path, Realm.LIVE, "two"),
    ):
        pass


def test_the_lock_file_stays_and_is_private(path: Path) -> None:
    before = os.umask(0o000)
    try:
        with campaign_lock(path, Realm.LIVE, "tyre-change"):
            (file,) = path.parent.iterdir()
            assert file.read_text().startswith(f"{os.getpid()} ")
    finally:
        os.umask(before)
    assert file.name == "sent-log.db.lock-live-tyre-change"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == "", "nobody holds it"


def test_a_lock_is_given_back_when_the_run_fails(path: Path) -> None:
    def fail() -> None:
        with campaign_lock(path, Realm.LIVE, "one"):
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fail()


def test_links_to_one_log_share_its_locks(path: Path, tmp_path: Path) -> None:
    path.touch()
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    assert lock_path(link, Realm.LIVE, "one") == lock_path(path, Realm.LIVE, "one")


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_campaign_id_names_a_file_of_its_own(one: str, other: str) -> None:
    path = Path("/tmp/sent-log.db")
    found = lock_path(path, Realm.LIVE, one)
    assert found.parent == path.parent
    assert len(found.name.encode()) < 200
    assert (found == lock_path(path, Realm.LIVE, other)) == (one == other)


def test_long_ids_that_begin_alike_are_apart(path: Path) -> None:
    with campaign_lock(path, Realm.LIVE, 300 * "ł"), campaign_lock(path, Realm.LIVE, 301 * "ł"):
        pass


def test_a_link_in_the_lock_s_place_is_not_followed(path: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    lock_path(path, Realm.LIVE, "one").symlink_to(precious)
    with pytest.raises(SentLogError, match="lock file"), campaign_lock(path, Realm.LIVE, "one"):
        pass
    assert precious.read_text() == "precious"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(SentLogError, match="cannot be opened"),
        campaign_lock(tmp_path / "none" / "sent-log.db", Realm.LIVE, "one"),
    ):
        pass


def test_locks_that_do_not_work_are_found_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that grants the same lock twice, as some network ones do."""
    monkeypatch.setattr("smscli.sentlog.locks.flock", lambda handle, how: None)
    with pytest.raises(SentLogError, match="no locks that work"), campaign_lock(path, Realm.LIVE, "one"):
        pass


def test_a_file_system_without_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("smscli.sentlog.locks.flock", refuse)
    with pytest.raises(SentLogError, match="Operation not supported"), campaign_lock(path, Realm.LIVE, "a"):
        pass


# --- pace ----------------------------------------------------------------------------------------


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> PaceLedger:
    return FilePaceLedger(tmp_path / "pace") if request.param == "file" else MemoryPaceLedger()


def test_what_one_leaves_the_next_one_finds(ledger: PaceLedger) -> None:
    with ledger.exclusively() as entries:
        assert entries == []
        entries += [(0.1 + 0.2, 1.0), (1e6 + 1e-9, 2.5), (3.0, 0.0)]
    with ledger.exclusively() as entries:
        assert entries == [(0.1 + 0.2, 1.0), (1e6 + 1e-9, 2.5), (3.0, 0.0)], "exactly"
        del entries[0]
    with ledger.exclusively() as entries:
        assert entries == [(1e6 + 1e-9, 2.5), (3.0, 0.0)]
        entries.clear()
    with ledger.exclusively() as entries:
        assert entries == []


def test_what_was_noted_before_a_failure_is_noted(ledger: PaceLedger) -> None:
    def note_and_fail() -> None:
        with ledger.exclusively() as entries:
            entries.append((1.0, 1.0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        note_and_fail()
    with ledger.exclusively() as entries:
        assert entries == [(1.0, 1.0)]


@pytest.mark.parametrize(
    "content", [b"", b"x", b"garbage" * 9, b"smspace1" + b"\x01\x00\x00\x00" * 6], ids=len
)
def test_garbage_counts_as_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pace"
    path.write_bytes(content)
    ledger = FilePaceLedger(path)
    with ledger.exclusively() as entries:
        assert entries == []
        entries.append((1.0, 2.0))
    with ledger.exclusively() as entries:
        assert entries == [(1.0, 2.0)]


def test_a_ledger_that_grew_shorter_holds_nothing_of_what_was_there(tmp_path: Path) -> None:
    ledger = FilePaceLedger(tmp_path / "pace")
    with ledger.exclusively() as entries:
        entries += [(float(place), 1.0) for place in range(9)]
    with ledger.exclusively() as entries:
        del entries[2:]
    with ledger.exclusively() as entries:
        assert entries == [(0.0, 1.0), (1.0, 1.0)]


def test_a_half_written_ledger_counts_as_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pace"
    with FilePaceLedger(path).exclusively() as entries:
        entries += [(1.0, 1.0), (2.0, 1.0)]
    path.write_bytes(path.read_bytes()[:-5])
    with FilePaceLedger(path).exclusively() as entries:
        assert entries == []


def count_up(path: Path, times: int) -> None:
    ledger = FilePaceLedger(path)
    for _ in range(times):
        with ledger.exclusively() as entries:
            total = sum(amount for _, amount in entries)
            entries[:] = [(0.0, total + 1)]


def test_processes_share_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / "pace"
    children = [spawn.Process(target=count_up, args=(path, 200)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    with FilePaceLedger(path).exclusively() as entries:
        assert entries == [(0.0, 400.0)]


def test_the_ledger_is_private_and_locked_while_held(tmp_path: Path) -> None:
    path = tmp_path / "pace"
    with FilePaceLedger(path).exclusively():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with path.open("rb") as second, pytest.raises(BlockingIOError):
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_pace_that_cannot_be_written_down_is_trouble_of_the_log_and_no_bug() -> None:
    with pytest.raises(SentLogError), FilePaceLedger(Path("/dev/full")).exclusively() as entries:
        entries.append((1.0, 1.0))
