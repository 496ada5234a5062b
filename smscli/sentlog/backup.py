"""Copying a sent log while it may be in use: one moment of it, checked, under its name whole or not at all.

SQLite's backup API, inside one read transaction of ours: every step reads the same snapshot, so that a send
that goes on neither waits nor makes the copy begin anew, and what is counted in the log can be counted again
in the copy. `VACUUM INTO` is about as fast (230 MB: 0.7 against 0.6 s) and leaves a little less, but it takes
its own snapshot, so that what it copied could not be compared, and no Ctrl-C is heard meanwhile.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from smscli.domain.errors import FilesError, SentLogDamaged, SentLogError, UsageError
from smscli.sentlog.erasing import fitting_key_file, key_path, write_key
from smscli.sentlog.instants import from_millis
from smscli.sentlog.opening import find_log, open_as_it_is, sync_folder
from smscli.sentlog.trouble import RESTORE, translated

#: Pages a step: 4 MB. Between two steps a Ctrl-C is heard.
_STEP = 1_000

#: Errors of the disk that is written to; the log is only read.
_OF_THE_COPY = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a log held at one moment; two copies of one moment are equal in this."""

    application: int
    schema: int
    messages: int
    events: int
    opt_outs: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished copy. `key` is the copy of the key of the erased beside it, None where nobody is erased.

    `lacks_key`: somebody is erased, and the log has no key that fits.
    """

    path: Path
    contents: Contents
    size: int  # bytes
    key: Path | None = None
    lacks_key: bool = False


def back_up(log: Path, copy: Path, tick: Callable[[], None] = lambda: None) -> Backup:
    """Copy the sent log to a new file, 0600, that is on the disk when this returns.

    `tick` is called after every step. Raises SentLogError and its kinds about the log, UsageError where the
    copy's name is taken, FilesError where it cannot be written; then nothing of it is left.
    """
    file = find_log(log, create=False)
    _refuse_existing(copy)
    with (
        closing(open_as_it_is(file)) as source,
        _copy_errors(copy),
        TemporaryDirectory(prefix=f"{copy.name}.part-", dir=copy.parent) as folder,
    ):
        unfinished = Path(folder) / copy.name
        with translated(file.path):
            source.execute("BEGIN")
            held = _contents(source)  # the first read is the moment that is copied
        _copy(source, unfinished, tick)
        file.compare()
        _check(unfinished, held, file.path)
        size = _sync(unfinished)
        key, lacks_key = _key_of(unfinished, file.path)
        copied = _copy_key(key, copy) if key else None
        try:
            _publish(unfinished, copy)
        except BaseException:
            if copied:
                copied.unlink()
            raise
        sync_folder(copy.parent)
    return Backup(copy, held, size, copied, lacks_key)


def _key_of(unfinished: Path, log: Path) -> tuple[Path | None, bool]:
    """The key of the log, if people are erased in the copy; and whether one that fits is missing."""
    with translated(log), closing(_only_read(unfinished)) as copied:
        has_table = copied.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'erased')")
        if not has_table.fetchone()[0]:
            return None, False  # an older schema
        try:
            return fitting_key_file(copied, log), False
        except SentLogError:
            return None, True


def _copy_key(key: Path, copy: Path) -> Path:
    """The key beside the copy, under the name by which smscli looks for it. Raises UsageError, OSError."""
    beside = key_path(copy)
    try:
        write_key(beside, key.read_bytes())
    except FileExistsError:
        raise _exists(beside) from None
    return beside


def _refuse_existing(copy: Path) -> None:
    if os.path.lexists(copy):
        raise _exists(copy)


def _exists(copy: Path) -> UsageError:
    return UsageError(
        f"{copy} exists already, and a backup never overwrites anything",
        hint="name a new file, or a folder: then the copy is named after the log and the time",
    )


@contextmanager
def _copy_errors(copy: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _not_written(copy, error.strerror or type(error).__name__) from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _OF_THE_COPY:
            raise
        raise _not_written(copy, str(error)) from error


def _not_written(copy: Path, why: str) -> FilesError:
    return FilesError(
        f"the copy {copy} cannot be written: {why}",
        hint="name a folder that exists, that you may write to, and that has room; nothing was left there",
    )


def _copy(source: sqlite3.Connection, unfinished: Path, tick: Callable[[], None]) -> None:
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as target:
        for setting in ("journal_mode = OFF", "synchronous = OFF"):  # it is thrown away or synced whole
            target.execute(f"PRAGMA {setting}")
        source.backup(target, pages=_STEP, progress=lambda *_: tick())


def _contents(connection: sqlite3.Connection) -> Contents:
    def number(question: str) -> int:
        return int(connection.execute(question).fetchone()[0])

    newest = connection.execute("SELECT at FROM newest_event").fetchone()[0]
    return Contents(
        application=number("PRAGMA application_id"),
        schema=number("PRAGMA user_version"),
        messages=number("SELECT count(*) FROM message"),
        events=number("SELECT count(*) FROM event"),
        opt_outs=number("SELECT count(*) FROM opt_out"),
        newest_at=None if newest is None else from_millis(newest),
    )


def _check(unfinished: Path, held: Contents, log: Path) -> None:
    """Every page of the copy, and that it holds what the log held. Raises SentLogDamaged."""
    with translated(log), closing(_only_read(unfinished)) as copied:
        found = copied.execute("PRAGMA quick_check (1)").fetchone()[0]
        if found != "ok":
            raise SentLogDamaged(f"a copy of {log} is not sound: {found}", hint=RESTORE)
        if _contents(copied) != held:
            raise SentLogDamaged(f"a copy of {log} does not hold what the log holds", hint=RESTORE)


def _only_read(unfinished: Path) -> sqlite3.Connection:
    """Nobody else knows the file: no -wal is made."""
    return sqlite3.connect(f"file:{quote(str(unfinished))}?mode=ro&immutable=1", uri=True)


def _sync(unfinished: Path) -> int:
    """Put it on the disk; its size."""
    handle = os.open(unfinished, os.O_RDWR)
    try:
        os.fsync(handle)
        return os.fstat(handle).st_size
    finally:
        os.close(handle)


def _publish(unfinished: Path, copy: Path) -> None:
    """Give the copy its name, unless that is taken by now."""
    try:
        os.link(unfinished, copy)
        unfinished.unlink()  # a log with two names would be refused
    except FileExistsError:
        raise _exists(copy) from None
    except OSError:
        _publish_without_links(unfinished, copy)


def _publish_without_links(unfinished: Path, copy: Path) -> None:
    """Where there are no hard links (FAT): the name is reserved by an empty file, which a rename replaces.

    A power cut between the two leaves the empty file, which no command takes for a log.
    """
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise _exists(copy) from None
    try:
        unfinished.rename(copy)
    except BaseException:
        with suppress(OSError):
            copy.unlink()
        raise
