"""What SQLite's errors mean to somebody who wants to send."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smscli.domain.errors import SentLogBusy, SentLogDamaged, SentLogError, SentLogMoved

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_CLOSED_DOOR = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}

RESTORE = (
    "nothing was sent with it; keep the file, restore the newest backup, and remember that a backup does not "
    "know who was texted since"
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors about the file come out as SentLogError; what is our bug comes out as it is."""
    try:
        yield
    except sqlite3.Error as error:
        known = _translate(error, path)
        if known is None:
            raise
        raise known from error


def _translate(error: sqlite3.Error, path: Path) -> SentLogError | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    primary = code & 0xFF
    if primary in _BUSY:
        return SentLogBusy(
            f"the sent log {path} is being written by another process",
            hint=f"run the command again in a moment; if it stays so, see who has it open: fuser -v {path}",
        )
    if primary in _DAMAGED:
        return SentLogDamaged(f"{path} is not a sound sent log: {error}", hint=RESTORE)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return SentLogMoved(f"the sent log {path} was moved or deleted", hint="put it back where it was")
    if primary in _CLOSED_DOOR:
        return SentLogError(
            f"the sent log {path} cannot be written: {error}",
            hint="smscli must be able to write the file and its folder (-wal, -shm):"
            f" ls -ld {path.parent} {path}*",
        )
    if primary == sqlite3.SQLITE_FULL:
        return SentLogDamaged(
            f"no room for the sent log {path}: {error}",
            hint=f"make room on its disk (df {path.parent}) and run it again; what was not written"
            " was not sent",
        )
    if primary == sqlite3.SQLITE_IOERR:
        return SentLogDamaged(
            f"the disk under the sent log {path} reports an error ({error.sqlite_errorname})",
            hint="see to the disk before sending again; what was not written was not sent",
        )
    return None
