"""An older log becomes a newer one by itself, and forgets nothing.

`schema-1.sql` was written by smscli before runs had records, `schema-2.sql` before consent had,
`schema-3.sql` before gateways could be asked afterwards.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.errors import SentLogTooNew
from smscli.domain.message import Realm, Receipt, State
from smscli.domain.ports import LogFilter, OptOut, SyncMark
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.schema import MIGRATIONS, NEWEST
from smscli.sentlog.sqlite import open_sent_log

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, claimed, message
from .test_run_records import ENDED, rounded


def number(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_an_old_log_learns_to_remember_runs_and_forgets_nothing(old_log: Path, old_schema: int) -> None:
    with closing(open_sent_log(old_log, create=False)) as log:
        assert [run.id for run in log.runs()] == ([] if old_schema == 1 else ["run-1"])
        log.end_run(ENDED)
        assert list(log.runs()) == [rounded(ENDED)]
        assert [each.id for each in log.messages(LogFilter())] == ["old-anna", "old-ben", "old-celia"]
        assert log.counts(Realm.LIVE) == {State.ACCEPTED: 1, State.IN_DOUBT: 1}
        assert claimed(log, message(ANNA), message(BEN), message(CELIA)) == []
        assert log.texts_digest(Realm.LIVE, TERMS.campaign_id) == "digest-of-the-texts"
        first, *_ = log.opt_outs()
        assert first == OptOut(CELIA, "", NOW.replace(microsecond=123000), "reply", note="STOP")
        log.settle([], NOW + HOUR)
    assert number(old_log) == NEWEST


def rows(path: Path) -> dict[str, list[dict[str, object]]]:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [name for (name,) in connection.execute(_TABLES)]
        return {
            table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in tables
        }


_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'schema_migration'"


def test_every_row_of_an_old_log_is_there_afterwards(old_log: Path) -> None:
    before = rows(old_log)
    open_sent_log(old_log, create=False).close()
    after = rows(old_log)
    for table, old in before.items():
        kept = [{name: row[name] for name in was} for was, row in zip(old, after[table], strict=True)]
        assert kept == old, table


def test_an_old_log_knows_what_it_was_told_of_opt_outs(old_log: Path) -> None:
    """The words of former days are part of the history: they are neither new nor lifted by a START to us."""
    with closing(open_sent_log(old_log, create=False)) as log:
        before = list(log.opt_outs())
        assert log.opt_out(before) == 0
        assert list(log.start(CELIA, "", "+12025550143", NOW + DAY, "START")) == []
        assert list(log.opt_outs()) == before
        assert log.reinstate(CELIA, "", "maria", "asked", NOW + DAY)
        assert log.opt_out(before) == 0
        assert list(log.opt_outs()) == before[1:]


def test_what_was_reinstated_in_an_old_log_stays_so(old_log: Path, old_schema: int) -> None:
    with closing(open_sent_log(old_log, create=False)) as log:
        assert log.opt_out([OptOut(BEN, "", NOW, "hand")]) == (1 if old_schema == 1 else 0)


def test_an_old_log_learns_of_consent_and_replies(old_log: Path) -> None:
    record = ConsentRecord(ANNA, ConsentLevel.EXPRESS, NOW, ConsentMethod.PAPER)
    with closing(open_sent_log(old_log, create=False)) as log:
        assert log.record_consents([record], NOW) == 1
        reply = (Reply(ANNA, "3344", NOW, "STOP this bill"), Classified(ReplyClass.REVIEW))
        assert list(log.file_replies([reply], NOW)) == [True]
        found = log.facts(Realm.LIVE, "c", [ANNA], NOW, NOW)[ANNA]
        assert len(found.consents) == 1
        assert found.opted_out == {""}


def test_an_old_log_and_a_new_one_have_the_same_tables(old_log: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    for path in (old_log, new):
        open_sent_log(path, create=True).close()

    def schema(path: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()

    assert schema(old_log) == schema(new)


def test_every_step_is_recorded(old_log: Path) -> None:
    open_sent_log(old_log, create=False).close()
    with closing(sqlite3.connect(old_log)) as connection:
        rows = connection.execute("SELECT number, name FROM schema_migration ORDER BY number").fetchall()
    assert rows == [(at, migration.name) for at, migration in enumerate(MIGRATIONS, start=1)]


def test_an_old_log_learns_what_gateways_tell_afterwards(old_log: Path) -> None:
    at = NOW.replace(microsecond=123000)
    stray = DeliveryReceipt(ref="SM9", number="12025550101", state=State.DELIVERED, at=at)
    mark = SyncMark(at, "cursor-7")
    with closing(open_sent_log(old_log, create=False)) as log:
        assert [each.happened_at for each in log.messages(LogFilter())] == [None, None, None]
        assert log.gateways_used() == [("generic-json", Realm.LIVE), ("generic-json", Realm.SANDBOX)]
        told = DeliveryReceipt(id="old-ben", state=State.DELIVERED)
        assert log.match("generic-json", Realm.LIVE, [told], NOW - DAY) == ["old-ben"]
        log.settle([Receipt("old-ben", State.DELIVERED, happened_at=at)], NOW + HOUR)
        assert log.keep_strays("generic-json", Realm.LIVE, [stray], NOW) == 1
        log.remember_sync("generic-json", Realm.LIVE, "receipts", mark)
    with closing(open_sent_log(old_log, create=False)) as log:
        assert log.found(["old-ben"])["old-ben"].state is State.DELIVERED
        assert [each.happened_at for each in log.messages(LogFilter())] == [None, at, None]
        assert log.strays("generic-json", Realm.LIVE) == [stray]
        assert log.sync_mark("generic-json", Realm.LIVE, "receipts") == mark


#: The first and the last table of every step that an old log has to take first.
_STEPS = {1: ("run_record",), 2: ("consent", "closed_campaign"), 3: ("stray_receipt", "sync_mark")}


@pytest.mark.parametrize("place", [0, -1], ids=["at its beginning", "at its end"])
def test_a_step_that_fails_leaves_the_log_as_the_step_before_left_it(
    old_log: Path, old_schema: int, place: int
) -> None:
    table = _STEPS[old_schema][place]
    with closing(sqlite3.connect(old_log)) as connection:
        connection.execute(f"CREATE TABLE {table} (in_the_way)")
    before = rows(old_log)
    with pytest.raises(sqlite3.OperationalError, match=table):
        open_sent_log(old_log, create=False)
    assert number(old_log) == old_schema
    assert rows(old_log) == before, "not even a column was added"


def test_the_steps_before_the_one_that_fails_stand(old_log: Path) -> None:
    with closing(sqlite3.connect(old_log)) as connection:
        connection.execute("CREATE TABLE sync_mark (in_the_way)")
    with pytest.raises(sqlite3.OperationalError, match="sync_mark"):
        open_sent_log(old_log, create=False)
    assert number(old_log) == NEWEST - 1
    assert "happened_at" not in rows(old_log)["message"][0]
    with closing(sqlite3.connect(old_log)) as connection:
        connection.execute("DROP TABLE sync_mark")
    open_sent_log(old_log, create=False).close()
    assert number(old_log) == NEWEST


def test_a_log_newer_than_us_is_refused_and_left_alone(old_log: Path) -> None:
    open_sent_log(old_log, create=False).close()
    with closing(sqlite3.connect(old_log)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    before = old_log.read_bytes()
    with pytest.raises(SentLogTooNew, match=f"schema {NEWEST + 1}, and this smscli knows {NEWEST}"):
        open_sent_log(old_log, create=False)
    assert old_log.read_bytes() == before
