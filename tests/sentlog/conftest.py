"""Every test of the contract runs against every sent log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smscli.domain.ports import SentLog
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.schema import APPLICATION_ID
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sent-log.db"


@pytest.fixture
def sqlite_log(path: Path) -> Iterator[SqliteSentLog]:
    log = open_sent_log(path, create=True)
    yield log
    log.close()


@pytest.fixture(params=["sqlite", "memory"])
def log(request: pytest.FixtureRequest) -> Iterator[SentLog]:
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_log")
    else:
        yield MemorySentLog()


@pytest.fixture(params=[1, 2, 3], ids=["schema 1", "schema 2", "schema 3"])
def old_schema(request: pytest.FixtureRequest) -> int:
    """A schema of former days: before runs had records, before consent had, before gateways were asked."""
    return int(request.param)


@pytest.fixture
def old_log(path: Path, old_schema: int) -> Path:
    """The file of a log as a former smscli wrote it."""
    script = Path(__file__).with_name(f"schema-{old_schema}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(script)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {old_schema}")
    return path
