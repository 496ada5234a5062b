"""An older log becomes a newer one by itself: `schema-1.sql` was written before runs had records."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smscli.domain.errors import SentLogTooNew
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter
from smscli.sentlog.schema import MIGRATIONS, NEWEST
from smscli.sentlog.sqlite import open_sent_log

from .making import ANNA, BEN, CELIA, HOUR, NOW, TERMS, claimed, message
from .test_run_records import ENDED, rounded


def number(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_old_log_learns_to_remember_runs_and_forgets_nothing(old_log: Path) -> None:
    with closing(open_sent_log(old_log, create=False)) as log:
        assert list(log.runs()) == []
        log.end_run(ENDED)
        assert list(log.runs()) == [rounded(ENDED)]
        assert [each.id for each in log.messages(LogFilter())] == ["old-anna", "old-ben", "old-celia"]
        assert log.counts(Realm.LIVE) == {State.ACCEPTED: 1, State.IN_DOUBT: 1}
        assert claimed(log, message(ANNA), message(BEN), message(CELIA)) == []
        assert log.texts_digest(Realm.LIVE, TERMS.campaign_id) == "digest-of-the-texts"
        [wish] = log.opt_outs()
        assert wish.number == CELIA
        log.settle([], NOW + HOUR)
    assert number(old_log) == NEWEST


def test_an_old_log_and_a_new_one_have_the_same_tables(old_log: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    for path in (old_log, new):
        open_sent_log(path, create=True).close()

    def schema(path: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()

    assert schema(old_log) == schema(new)


def test_both_steps_are_recorded(old_log: Path) -> None:
    open_sent_log(old_log, create=False).close()
    with closing(sqlite3.connect(old_log)) as connection:
        rows = connection.execute("SELECT number, name FROM schema_migration ORDER BY number").fetchall()
    assert rows == [(at, migration.name) for at, migration in enumerate(MIGRATIONS, start=1)]


def test_a_step_that_fails_leaves_the_old_log_as_it_was(old_log: Path) -> None:
    with closing(sqlite3.connect(old_log)) as connection:
        connection.execute("CREATE TABLE run_record (in_the_way)")
    with pytest.raises(sqlite3.OperationalError, match="run_record"):
        open_sent_log(old_log, create=False)
    assert number(old_log) == 1


def test_a_log_newer_than_us_is_refused_and_left_alone(old_log: Path) -> None:
    open_sent_log(old_log, create=False).close()
    with closing(sqlite3.connect(old_log)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = old_log.read_bytes()
    with pytest.raises(SentLogTooNew, match=f"schema {NEWEST + 1}, and this smscli knows {NEWEST}"):
        open_sent_log(old_log, create=False)
    assert old_log.read_bytes() == before
