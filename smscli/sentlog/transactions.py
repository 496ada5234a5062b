"""One connection's transactions: durable at the outside, undone in parts inside, never deferred."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from smscli.domain.errors import SentLogDamaged
from smscli.sentlog.trouble import translated


class Transactions:
    """`with writing():` around every write. The outermost is one `BEGIN IMMEDIATE`: a deferred
    transaction that reads and then writes fails at once under WAL, whatever the busy timeout."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._depth = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside or nothing. Nested ones join the outermost, but undo their own part."""
        with translated(self._path):
            level = self._depth
            self._begin(level)
            self._depth = level + 1
            try:
                yield
                self._depth = level
                self._still_open()
                self._connection.execute(f"RELEASE level_{level}" if level else "COMMIT")
            except BaseException:
                self._depth = level
                self._undo(level)
                raise

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One moment of the log for several questions. Only private tables may be written; nobody waits."""
        if self._depth:
            with self.writing():
                yield
            return
        with translated(self._path):
            self._connection.execute("BEGIN")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._undo(0)
                raise

    def _begin(self, level: int) -> None:
        if level == 0:
            self._connection.execute("BEGIN IMMEDIATE")
        else:
            self._still_open()
            self._connection.execute(f"SAVEPOINT level_{level}")

    def _still_open(self) -> None:
        """A full disk makes SQLite roll back on its own; whoever swallowed that must not go on."""
        if not self._connection.in_transaction:
            raise SentLogDamaged(
                f"the sent log {self._path} undid what was being written",
                hint="see to its disk before sending again; what was not written was not sent",
            )

    def _undo(self, level: int) -> None:
        with suppress(sqlite3.Error):  # the error that brought us here says more
            if not self._connection.in_transaction:
                return
            if level == 0:
                self._connection.execute("ROLLBACK")
            else:
                self._connection.execute(f"ROLLBACK TO level_{level}")
                self._connection.execute(f"RELEASE level_{level}")
