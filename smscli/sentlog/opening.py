"""The sent log as a file: created whole or not at all, never by accident, and still the same one later."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, flock
from pathlib import Path
from urllib.parse import quote

from smscli.domain.errors import (
    SentLogDamaged,
    SentLogError,
    SentLogMissing,
    SentLogMoved,
    SentLogTooNew,
)
from smscli.sentlog.schema import APPLICATION_ID, NEWEST, PRIVATE_TABLES, migrate, schema_number, statements
from smscli.sentlog.trouble import RESTORE, translated

OLDEST_SQLITE = (3, 35, 0)  # upsert with RETURNING

_MAGIC = b"SQLite format 3\x00"

#: Checked page by page when opened; larger ones only when asked.
SMALL = 4 * 1024 * 1024

#: Somebody who closes the log as the last one locks it for a moment; opening it sits that out.
_PATIENCE = 5.0

#: Locks and shared memory of these are promises that some of their servers break.
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "9p", "afs", "ceph", "lustre", "gpfs", "glusterfs"}
    | {"fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.davfs", "davfs"}
)

Identity = tuple[int, int]


@dataclass(frozen=True, slots=True)
class LogFile:
    """Which file the sent log is: as it was named, and by device and inode.

    The -wal file beside it is part of the log while anybody has it open: without it, what we claim is
    invisible to the next sender.
    """

    path: Path
    identity: Identity
    wal: Path | None = None
    wal_identity: Identity | None = None

    def compare(self) -> None:
        """Raises SentLogMoved if another file, or none, answers to the path now."""
        found = _identity(self.path)
        if found == self.identity and (self.wal is None or _identity(self.wal) == self.wal_identity):
            return
        if found == self.identity:
            what = "has lost its -wal file"
        else:
            what = "was moved or deleted" if found is None else "was replaced by another file"
        raise SentLogMoved(
            f"the sent log {self.path} {what} while it was in use",
            hint="put the file back, together with its -wal file if there is one, before sending again",
        )


def find_log(path: Path, *, create: bool) -> LogFile:
    """The file behind the path, made if allowed. Raises SentLogMissing, SentLogDamaged, SentLogError."""
    check_sqlite(sqlite3.sqlite_version_info)
    path = Path(os.path.abspath(path))  # noqa: PTH100  (not resolved: a link may be moved under us)
    if create:
        _create(path)
    with _file_errors(path):
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise _missing(path) from None
    if not stat.S_ISREG(status.st_mode):
        raise SentLogDamaged(
            f"{path} is a folder or a device, not a sent log",
            hint=f"name the sent log's own file{_logs_in(path)}",
        )
    if status.st_nlink > 1:
        raise SentLogError(
            f"the sent log {path} has {status.st_nlink} names (hard links); each would get a -wal of its own",
            hint="remove the other names; a symbolic link does no harm",
        )
    if status.st_size == 0:
        raise SentLogDamaged(
            f"{path} is empty (0 bytes), and a sent log never is",
            hint="restore its backup; if nothing was ever sent with it, delete it and run the command again",
        )
    with _file_errors(path), path.open("rb") as stream:
        start = stream.read(len(_MAGIC))
    if start != _MAGIC:
        raise SentLogDamaged(
            f"{path} is not a sound sent log: it does not begin as one",
            hint=f"name the sent log's own file{_logs_in(path.parent, path)}; if this was it, keep it and"
            " restore its backup",
        )
    return LogFile(path, (status.st_dev, status.st_ino))


def is_sent_log(path: Path) -> bool:
    """Does the file begin as a SQLite database does? A text list does not."""
    with suppress(OSError), path.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC
    return False


def check_sqlite(version: tuple[int, ...]) -> None:
    """Raises SentLogError for an SQLite that lacks upserts with RETURNING."""
    if version < OLDEST_SQLITE:
        found = ".".join(map(str, version))
        raise SentLogError(
            f"this Python brings SQLite {found}, and the sent log needs 3.35 or newer",
            hint="install a newer Python, or a newer SQLite for this one",
        )


def _missing(path: Path) -> SentLogMissing:
    if path.is_symlink():
        return SentLogMissing(
            f"the sent log {path} is a link to a file that is not there",
            hint=f"type ls -l {path} to see where it points: mount or restore that, or remove the link",
        )
    return SentLogMissing(
        f"there is no sent log at {path}",
        hint="smscli init, or a first send, makes one; if it is elsewhere, type --log PATH"
        + _logs_in(path.parent, path),
    )


def _logs_in(folder: Path, but: Path | None = None) -> str:
    """The sent logs of a folder, to be named in a hint."""
    found = sorted(each for each in folder.glob("*.db") if each != but and is_sent_log(each))
    return f" (here: {', '.join(map(str, found[:3]))})" if found else ""


def _create(path: Path) -> None:
    """Build a log under another name and rename it: nobody ever sees half of one.

    The folder's lock keeps two first runs apart. A name that exists, even as a dangling link, is left alone.
    """
    with _file_errors(path), _folder_locked(path.parent):
        if os.path.lexists(path):
            return
        unborn = path.with_name(path.name + ".new")
        unborn.unlink(missing_ok=True)  # from a crash: nobody else can be here
        os.close(os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with translated(path), closing(_connect(unborn, 0.0)) as connection:
            _switch_wal_on(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            migrate(connection)
        unborn.rename(path)
        sync_folder(path.parent)


@contextmanager
def _folder_locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # where folders cannot be locked, two first runs at once are not kept apart
            flock(handle, LOCK_EX)
        yield
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on its disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some file systems have no such thing
            os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise SentLogMissing(
            f"the folder of the sent log, {path.parent}, does not exist",
            hint=f"is its disk mounted? If it is to be new, type mkdir -p {path.parent}",
        ) from None
    except OSError as error:
        raise SentLogError(
            f"the sent log {path} cannot be reached: {error.strerror}",
            hint="smscli must be able to read and write the file and its folder:"
            f" ls -ld {path} {path.parent}",
        ) from error


def _identity(path: Path) -> Identity | None:
    try:
        status = os.stat(path)  # noqa: PTH116  (Path.stat costs twice as much, and this is before every claim)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _connect(path: Path, busy_wait: float, mode: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=busy_wait, isolation_level=None
    )


def open_connection(file: LogFile, busy_wait: float) -> tuple[sqlite3.Connection, LogFile]:
    """A connection that writes durably to a checked log. Raises SentLogError and its kinds."""
    with translated(file.path):
        connection = _connect(file.path, max(busy_wait, _PATIENCE))
        try:
            check_header(connection, file.path)
            _switch_wal_on(connection, file.path)
            for setting in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON"):
                connection.execute(f"PRAGMA {setting}")
            for setting in ("foreign_keys = ON", "trusted_schema = OFF", "secure_delete = FAST"):
                connection.execute(f"PRAGMA {setting}")
            connection.execute("PRAGMA cache_size = -16000")  # KiB: the same for any size of log
            migrate(connection)
            for statement in statements(PRIVATE_TABLES):
                connection.execute(statement)
            connection.execute(f"PRAGMA busy_timeout = {int(busy_wait * 1000)}")
            file.compare()
            wal = Path(os.path.realpath(file.path) + "-wal")
            return connection, replace(file, wal=wal, wal_identity=_identity(wal))
        except BaseException:
            connection.close()
            raise


def open_reader(file: LogFile) -> sqlite3.Connection:
    """A second connection for long lists: a snapshot that holds up neither writers nor our own writes."""
    file.compare()
    with translated(file.path):
        connection = _connect(file.path, _PATIENCE, mode="ro")
        connection.execute("PRAGMA trusted_schema = OFF")
        return connection


def open_as_it_is(file: LogFile) -> sqlite3.Connection:
    """A connection that only reads a checked log, and leaves one of an older schema as it is.

    It opens the file for writing all the same, so that the last one to close a log folds its -wal in.
    """
    file.compare()
    with translated(file.path):
        connection = _connect(file.path, _PATIENCE)
        try:
            check_header(connection, file.path)
            for setting in ("trusted_schema = OFF", "query_only = ON"):
                connection.execute(f"PRAGMA {setting}")
            return connection
        except BaseException:
            connection.close()
            raise


def check_header(connection: sqlite3.Connection, path: Path) -> None:
    """Is this a sent log, and one that we can read? Reads the first pages only."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    number = schema_number(connection)
    if application != APPLICATION_ID or number < 1:
        raise SentLogDamaged(
            f"{path} is an SQLite database, but not a sent log",
            hint=f"name the sent log's own file{_logs_in(path.parent, path)}",
        )
    if number > NEWEST:
        raise SentLogTooNew(
            f"the sent log {path} has schema {number}, and this smscli knows {NEWEST}",
            hint="a newer smscli wrote it: pip install --upgrade smscli",
        )
    if path.stat().st_size <= SMALL:
        check_pages(connection, path)


def check_pages(connection: sqlite3.Connection, path: Path) -> None:
    """Read every page. Raises SentLogDamaged."""
    found = connection.execute("PRAGMA quick_check (1)").fetchone()[0]
    if found != "ok":
        raise SentLogDamaged(f"{path} is damaged: {found}", hint=RESTORE)


def _switch_wal_on(connection: sqlite3.Connection, path: Path) -> None:
    """WAL, or no log: without it a reader would hold up a send."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise SentLogError(
            f"SQLite cannot switch its write-ahead log on for {path} (it stays with {mode!r})",
            hint="keep the sent log on a local disk of this machine",
        )


def network_file_system(path: Path, mounts: str) -> str | None:
    """The type of the network file system that holds the path, if one does. `mounts` as in /proc/mounts."""
    best, kind = "", ""
    for line in mounts.splitlines():
        parts = line.split(" ")
        if len(parts) < 3:
            continue
        place = parts[1].encode().decode("unicode_escape")  # a blank is written \040
        inside = place == "/" or str(path) == place or str(path).startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, parts[2]
    return kind if kind in _NETWORK else None


def warnings_of(path: Path) -> tuple[str, ...]:
    """What an operator should know about this log's place; nothing that stops anything."""
    found = []
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        mounts = ""
    if kind := network_file_system(path.resolve(), mounts):
        found.append(f"{path} is on a network file system ({kind}): its locks may fail and let two sends in")
    if path.stat().st_mode & 0o077:
        found.append(f"{path} can be read by other users of this machine: `chmod 600 {path}`")
    return tuple(found)
