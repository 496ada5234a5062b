"""The sent log as a file: made whole, private, checked when opened, and watched while in use."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smscli.domain.errors import (
    ExitCode,
    SentLogBusy,
    SentLogDamaged,
    SentLogError,
    SentLogMissing,
    SentLogMoved,
    SentLogTooNew,
)
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter
from smscli.sentlog.opening import check_sqlite, network_file_system
from smscli.sentlog.schema import APPLICATION_ID, MIGRATIONS, NEWEST
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import ANNA, BEN, HOUR, NOW, TERMS, batch, claimed, message, numbers, sent, settle, stop


def reopened(path: Path) -> SqliteSentLog:
    return open_sent_log(path, create=False)


def raw(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


# --- creating ------------------------------------------------------------------------------------


def test_a_log_is_never_made_by_accident(path: Path) -> None:
    with pytest.raises(SentLogMissing) as caught:
        reopened(path)
    assert str(path) in caught.value.message
    assert "--log" in caught.value.hint
    assert caught.value.exit_code == ExitCode.SENT_LOG
    assert list(path.parent.iterdir()) == []


def test_everything_about_a_log_is_private(path: Path) -> None:
    before = os.umask(0o000)
    try:
        with closing(open_sent_log(path, create=True)) as log:
            claimed(log, message(ANNA))
            found = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert found == {path.name: 0o600, path.name + "-wal": 0o600, path.name + "-shm": 0o600}


def test_a_closed_log_is_one_file_and_can_be_opened_again(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        claimed(log, one := message(ANNA))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    with closing(open_sent_log(path, create=True)) as log:
        assert [found.id for found in log.messages(LogFilter())] == [one.id]
        assert log.path == path


def test_what_a_crashed_creation_left_is_no_obstacle(path: Path) -> None:
    path.with_name(path.name + ".new").write_bytes(b"half a log")
    with closing(open_sent_log(path, create=True)) as log:
        assert not log.has_live_messages()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_settings_of_a_durable_log(sqlite_log: SqliteSentLog) -> None:
    connection = sqlite_log._connection
    settings = ["journal_mode", "synchronous", "foreign_keys", "fullfsync", "checkpoint_fullfsync"]
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in settings]
    assert found == ["wal", 2, 1, 1, 1]
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert connection.execute("PRAGMA user_version").fetchone()[0] == NEWEST


def test_migrations_are_recorded(sqlite_log: SqliteSentLog) -> None:
    with raw(sqlite_log.path) as connection:
        rows = connection.execute("SELECT number, name FROM schema_migration ORDER BY number").fetchall()
    assert rows == [(number, migration.name) for number, migration in enumerate(MIGRATIONS, start=1)]


def test_the_path_is_absolute_and_survives_a_change_of_folder(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    with closing(open_sent_log(Path(path.name), create=True)) as log:
        monkeypatch.chdir("/")
        assert log.path == path
        assert claimed(log, message(ANNA))


@pytest.mark.parametrize("name", ["with space?.db", "50%20#1.db", "żółw.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    with closing(open_sent_log(tmp_path / name, create=True)) as log:
        assert claimed(log, message(ANNA))
        assert len(list(log.messages(LogFilter()))) == 1
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SentLogMissing, match="folder"):
        open_sent_log(tmp_path / "none" / "sent-log.db", create=True)
    with pytest.raises(SentLogMissing, match="no sent log"):
        open_sent_log(tmp_path / "none" / "sent-log.db", create=False)


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that we may enter and not write, with a log in it that we may. Root becomes nobody."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with closing(open_sent_log(folder / "sent-log.db", create=True)) as log:
            claimed(log, message(ANNA))
        (folder / "sent-log.db").chmod(0o666)
        folder.chmod(0o555)
        us = os.geteuid()
        if us == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(us)
        folder.chmod(0o700)


def test_no_log_can_be_made_in_a_folder_that_cannot_be_written(read_only_folder: Path) -> None:
    with pytest.raises(SentLogError, match="cannot be reached"):
        open_sent_log(read_only_folder / "new.db", create=True)


def test_no_log_can_be_used_in_a_folder_that_cannot_be_written(read_only_folder: Path) -> None:
    with pytest.raises(SentLogError, match="cannot be written") as caught:
        reopened(read_only_folder / "sent-log.db")
    assert "folder" in caught.value.hint


def test_a_log_that_cannot_be_written_can_be_read_and_claims_nothing(read_only_folder: Path) -> None:
    us = os.geteuid()
    os.seteuid(os.getuid())
    read_only_folder.chmod(0o777)
    (read_only_folder / "sent-log.db").chmod(0o444)
    os.seteuid(us)
    with closing(reopened(read_only_folder / "sent-log.db")) as log:
        assert log.counts(Realm.LIVE) == {State.SUBMITTING: 1}
        with pytest.raises(SentLogError, match="cannot be written"):
            claimed(log, message(BEN))


def test_an_empty_file_is_not_taken_for_a_new_log(path: Path) -> None:
    """Somebody truncated it: whom it knew would be texted again."""
    path.touch()
    with pytest.raises(SentLogDamaged, match="0 bytes") as caught:
        open_sent_log(path, create=True)
    assert "backup" in caught.value.hint
    assert path.read_bytes() == b""


# --- links ---------------------------------------------------------------------------------------


def test_a_link_to_a_log_is_that_log(path: Path, tmp_path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        claimed(log, message(ANNA))
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with closing(open_sent_log(link, create=True)) as log:
        assert claimed(log, message(ANNA)) == []
        assert claimed(log, message(BEN))
        assert (tmp_path / "sent-log.db-wal").exists()


def test_a_link_to_nowhere_makes_no_log(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "unmounted" / "sent-log.db")
    for create in (True, False):
        with pytest.raises(SentLogMissing, match="link"):
            open_sent_log(path, create=create)


def test_a_log_with_two_names_is_refused(path: Path, tmp_path: Path) -> None:
    open_sent_log(path, create=True).close()
    (tmp_path / "second.db").hardlink_to(path)
    with pytest.raises(SentLogError, match="hard links"):
        reopened(path)


# --- damage --------------------------------------------------------------------------------------


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "content", [b"", b"x", b"garbage" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000], ids=len
)
def test_what_is_no_database_is_left_alone(path: Path, content: bytes, create: bool) -> None:
    path.write_bytes(content)
    with pytest.raises(SentLogDamaged) as caught:
        open_sent_log(path, create=create)
    assert caught.value.hint
    assert path.read_bytes() == content


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(SentLogDamaged, match="a folder"):
        open_sent_log(tmp_path, create=True)


def test_somebody_else_s_database_is_left_alone(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("CREATE TABLE message (id)")
    before = path.read_bytes()
    with pytest.raises(SentLogDamaged, match="not a sent log"):
        open_sent_log(path, create=True)
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", [0.95, 0.5, 0.1])
def test_a_truncated_log_is_found_out(path: Path, left: float) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        for number in numbers(200):
            sent(log, number, now=NOW)
    os.truncate(path, int(path.stat().st_size * left))
    with pytest.raises(SentLogDamaged):
        reopened(path)


def test_a_page_of_rubbish_is_found_out(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        for number in numbers(200):
            sent(log, number, now=NOW)
    with path.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xa5" * 4096)
    with pytest.raises(SentLogDamaged):
        reopened(path)


def test_damage_while_in_use_is_found_by_a_check(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        for number in numbers(200):
            sent(log, number, now=NOW)
    with closing(reopened(path)) as log:
        log.check()
        with path.open("r+b") as file:
            file.seek(4096 * 3)
            file.write(b"\xa5" * 4096 * 8)
        with pytest.raises(SentLogDamaged):
            log.check()


def test_a_newer_log_is_refused(path: Path) -> None:
    open_sent_log(path, create=True).close()
    with raw(path) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(SentLogTooNew, match=f"schema {NEWEST + 1}"):
        open_sent_log(path, create=True)


def test_an_old_sqlite_is_refused() -> None:
    check_sqlite((3, 35, 0))
    with pytest.raises(SentLogError, match=r"3\.34\.1"):
        check_sqlite((3, 34, 1))


def test_a_full_disk_stops_a_claim_and_leaves_nothing_half_done(sqlite_log: SqliteSentLog) -> None:
    one = sent(sqlite_log, ANNA, now=NOW, state=None)
    with full_disk(sqlite_log):
        with pytest.raises(SentLogDamaged, match="no room"):
            claimed(sqlite_log, *map(message, numbers(5_000)))
        assert sqlite_log.counts(Realm.LIVE) == {State.SUBMITTING: 1}
    settle(sqlite_log, one, State.ACCEPTED)
    assert len(claimed(sqlite_log, *map(message, numbers(5_000)))) == 5_000


def test_nothing_goes_on_after_sqlite_has_rolled_back_on_its_own(sqlite_log: SqliteSentLog) -> None:
    """Some errors of a disk make SQLite do so; whoever swallows one must not write without a transaction."""

    def roll_back_and_go_on(*, claim: bool) -> None:
        with sqlite_log.atomic():
            claimed(sqlite_log, message(ANNA))
            sqlite_log._connection.execute("ROLLBACK")
            if claim:
                claimed(sqlite_log, message(BEN))

    for claim in (True, False):
        with pytest.raises(SentLogDamaged, match="undid"):
            roll_back_and_go_on(claim=claim)
        assert sqlite_log.counts(Realm.LIVE) == {}
    assert claimed(sqlite_log, message(ANNA)), "and then it works again"


@contextmanager
def full_disk(log: SqliteSentLog) -> Iterator[None]:
    pages = log._connection.execute("PRAGMA page_count").fetchone()[0]
    log._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    try:
        yield
    finally:
        log._connection.execute("PRAGMA max_page_count = 1000000000")


# --- in use by others ----------------------------------------------------------------------------


def test_a_busy_log_says_so_at_once_and_can_be_asked_again(path: Path, sqlite_log: SqliteSentLog) -> None:
    one = message(ANNA)
    with closing(reopened(path)) as other, other.atomic():
        for attempt in (
            lambda: claimed(sqlite_log, one),
            lambda: sqlite_log.opt_out([stop(ANNA)]),
            lambda: sqlite_log.recover(Realm.LIVE, "c", NOW),
        ):
            with pytest.raises(SentLogBusy):
                attempt()
        assert sqlite_log.counts(Realm.LIVE) == {}, "reading goes on"
    assert claimed(sqlite_log, one) == [one.id]


def test_two_processes_of_one_campaign_see_each_other_s_claims(path: Path, sqlite_log: SqliteSentLog) -> None:
    with closing(reopened(path)) as other:
        assert claimed(sqlite_log, message(ANNA))
        assert claimed(other, message(ANNA)) == []


@pytest.mark.parametrize("ending", ["", "-wal"])
def test_a_log_deleted_under_a_sender_stops_it(path: Path, sqlite_log: SqliteSentLog, ending: str) -> None:
    claimed(sqlite_log, message(ANNA))
    Path(f"{path}{ending}").unlink()
    with pytest.raises(SentLogMoved):
        claimed(sqlite_log, message(BEN))
    assert sqlite_log.counts(Realm.LIVE) == {State.SUBMITTING: 1}


def test_a_log_deleted_under_a_sender_repeats_nothing(path: Path, sqlite_log: SqliteSentLog) -> None:
    made, promised = batch(message(ANNA)), replace(TERMS, repeat_within=HOUR)
    sqlite_log.claim([made], promised, NOW)
    sqlite_log.recover(Realm.LIVE, TERMS.campaign_id, NOW)
    path.unlink()
    with pytest.raises(SentLogMoved):
        sqlite_log.reclaim(made, promised, NOW)


def test_a_log_replaced_under_a_sender_stops_it(path: Path, sqlite_log: SqliteSentLog) -> None:
    shutil.copy(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").rename(path)
    with pytest.raises(SentLogMoved, match="replaced"):
        claimed(sqlite_log, message(ANNA))
    with pytest.raises(SentLogMoved):
        list(sqlite_log.messages(LogFilter()))


# --- history -------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["event", "opt_out_event"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET at = 0", "DELETE FROM {}"])
def test_history_cannot_be_changed(sqlite_log: SqliteSentLog, table: str, deed: str) -> None:
    claimed(sqlite_log, message(ANNA))
    sqlite_log.opt_out([stop(ANNA)])
    with raw(sqlite_log.path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(deed.format(table))


def test_every_move_is_history(sqlite_log: SqliteSentLog) -> None:
    one = sent(sqlite_log, ANNA, now=NOW, state=State.IN_DOUBT)
    sqlite_log.decide([one.id], State.RELEASED, "maria", NOW)
    settle(sqlite_log, one, State.REJECTED)  # not legal any more
    settle(sqlite_log, message(BEN, id="nobody"), State.ACCEPTED)
    with raw(sqlite_log.path) as connection:
        rows = connection.execute("SELECT message_key, message_id, state, moved, by FROM event ORDER BY id")
        assert rows.fetchall() == [
            (1, one.id, "submitting", 1, None),
            (1, None, "in_doubt", 1, None),
            (1, None, "released", 1, "maria"),
            (1, one.id, "rejected", 0, None),
            (None, "nobody", "accepted", 0, None),
        ]


def test_every_change_of_the_opt_out_list_is_history(sqlite_log: SqliteSentLog) -> None:
    sqlite_log.opt_out([stop(ANNA), stop(ANNA)])
    sqlite_log.reinstate(ANNA, "", "maria", "asked at the counter", NOW)
    with raw(sqlite_log.path) as connection:
        rows = connection.execute("SELECT number, what, source, by, note FROM opt_out_event ORDER BY id")
        assert rows.fetchall() == [
            (ANNA.e164, "added", "reply", "", "STOP"),
            (ANNA.e164, "lifted", "hand", "maria", "asked at the counter"),
        ]


def test_no_body_is_on_disk_unless_asked(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        claimed(log, message(ANNA, "A very private text."))
        files = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert ANNA.e164.encode() in files
    assert b"very private" not in files


def test_a_new_log_has_nobody_live(sqlite_log: SqliteSentLog) -> None:
    sent(sqlite_log, ANNA, now=NOW, realm=Realm.SANDBOX)
    assert not sqlite_log.has_live_messages()
    sent(sqlite_log, ANNA, now=NOW)
    assert sqlite_log.has_live_messages()


# --- warnings ------------------------------------------------------------------------------------

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/vdb /home/local xfs rw 0 0
//nas/share /mnt/with\\040space cifs rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("/srv/log.db", None),
        ("/home/maria/log.db", "nfs4"),
        ("/home/local/log.db", None),
        ("/homes/log.db", None),
        ("/mnt/with space/log.db", "cifs"),
    ],
)
def test_network_file_systems_are_known(place: str, kind: str | None) -> None:
    assert network_file_system(Path(place), MOUNTS) == kind


def test_a_log_that_others_can_read_is_warned_of(path: Path) -> None:
    with closing(open_sent_log(path, create=True)) as log:
        assert log.warnings == ()
    path.chmod(0o644)
    with closing(reopened(path)) as log:
        (warning,) = log.warnings
    assert "chmod 600" in warning
