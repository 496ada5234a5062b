"""What erasing a person and pruning a campaign share: how rows, and their traces in the file, go for good.

Knows SQLite's file, not who or what is forgotten.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def wiping(connection: sqlite3.Connection) -> Iterator[None]:
    """What is deleted is overwritten, also in pages that become free. Begin it before the transaction.

    Foreign keys are not checked meanwhile: for every `run` that goes, SQLite would read all messages.
    """
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        connection.execute("PRAGMA secure_delete = FAST")
        connection.execute("PRAGMA foreign_keys = ON")


@contextmanager
def history_open(connection: sqlite3.Connection) -> Iterator[None]:
    """Inside one transaction, rows that are append-only may go: their triggers are made again at its end.

    Until the commit nobody else sees them gone; a rollback, or a kill, brings them back.
    """
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for _, statement in triggers:
        connection.execute(statement)


def compact(connection: sqlite3.Connection) -> bool:
    """Write the file anew with what it holds, and nothing that was deleted; the file shrinks.

    `secure_delete` alone is not enough: of rows that moved to another page when a full one was divided, a
    copy stays in the gap (found: 2 of 100 people erased from a log of 40,000 messages). 15 MB take 0.2 s;
    meanwhile nobody else can write. False where a reader holds an old state: then what was forgotten is in
    the -wal file until the last process that has the log open closes it.
    """
    connection.execute("VACUUM")
    is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint (TRUNCATE)").fetchone()
    return not is_busy
