"""Every test of the contract runs against every sent log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smscli.domain.ports import SentLog
from smscli.sentlog.memory import MemorySentLog
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
