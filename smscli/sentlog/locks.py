"""Locks between processes of one machine: one `send` a campaign, one pace a gateway, one `sync` a log.

All are `flock` on a small file that stays: removing it would let a second process lock a new one.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from errno import EACCES, EAGAIN
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from functools import partial
from hashlib import blake2b
from math import isfinite
from pathlib import Path
from time import sleep
from urllib.parse import quote
from zlib import crc32

from smscli.domain.errors import SentLogBusy, SentLogError
from smscli.domain.message import Realm

_HEADER = struct.Struct("<8sII")  # magic, entries, CRC-32 of the entries
_ENTRY = struct.Struct("<dd")  # monotonic seconds, amount
_MAGIC = b"smspace1"

_SINCE = "%Y-%m-%d %H:%M:%S"


#: Somebody who asks whether a campaign is being sent holds its lock for microseconds; `send` sits that out.
_LOOKS_TAKE = 0.02
_LOOKS = 3


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that is sending a campaign, and since when (aware UTC)."""

    pid: int
    since: datetime


def running(log_path: Path, realm: Realm, campaign_id: str) -> Holder | None:
    """Who is sending this campaign now? Makes no file and waits for nobody.

    Whoever is killed leaves its name in the file, so a name is proved by the lock. Raises SentLogError where
    the lock file cannot be read.
    """
    path = lock_path(log_path, realm, campaign_id)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _not_opened(path, error) from error
    try:
        named = _named(os.pread(handle, 200, 0).decode("ascii", "replace"))
        if named is None:
            return None  # nobody, or only just: without touching the lock
        _lock(handle, path, LOCK_SH)
    except BlockingIOError:
        return named
    finally:
        os.close(handle)
    return None


@contextmanager
def campaign_lock(log_path: Path, realm: Realm, campaign_id: str) -> Iterator[None]:
    """Be the only `send` of this campaign in this realm.

    Raises SentLogBusy, naming who holds it, and SentLogError where locks do not work.
    """
    with _held(lock_path(log_path, realm, campaign_id), partial(_busy, campaign_id)):
        yield


@contextmanager
def sync_lock(log_path: Path) -> Iterator[None]:
    """Be the only one who asks gateways what they tell once only. Raises as `campaign_lock`."""
    log = Path(os.path.realpath(log_path))
    with _held(log.with_name(f"{log.name}.sync-lock"), _syncing):
        yield


@contextmanager
def _held(path: Path, busy: Callable[[Holder | None], SentLogBusy]) -> Iterator[None]:
    handle = _locked(path, busy)
    try:
        _prove_that_locks_work(path)
        _write(handle, f"{os.getpid()} {datetime.now(UTC):{_SINCE}} UTC\n".encode())
        yield
    finally:
        with suppress(OSError):
            os.ftruncate(handle, 0)
        os.close(handle)


def lock_path(log_path: Path, realm: Realm, campaign_id: str) -> Path:
    """The lock beside the log itself, whatever links lead to it."""
    log = Path(os.path.realpath(log_path))
    name = quote(campaign_id, safe="")
    if len(name) > 100:  # file names end at 255 bytes
        name = name[:60] + "-" + blake2b(campaign_id.encode(), digest_size=8).hexdigest()
    return log.with_name(f"{log.name}.lock-{realm}-{name}")


def _locked(path: Path, busy: Callable[[Holder | None], SentLogBusy]) -> int:
    while True:
        handle = _open(path)
        try:
            _lock_patiently(handle, path)
        except BlockingIOError:
            holder = _named(os.read(handle, 200).decode("ascii", "replace"))
            os.close(handle)
            raise busy(holder) from None
        except BaseException:
            os.close(handle)
            raise
        if _is_still(path, handle):
            return handle
        os.close(handle)  # somebody removed the file between open and lock


def _lock_patiently(handle: int, path: Path) -> None:
    for _ in range(_LOOKS):
        with suppress(BlockingIOError):
            return _lock(handle, path)
        sleep(_LOOKS_TAKE)
    return _lock(handle, path)


def _lock(handle: int, path: Path, kind: int = LOCK_EX) -> None:
    try:
        flock(handle, kind | LOCK_NB)
    except OSError as error:
        if error.errno in (EAGAIN, EACCES):
            raise BlockingIOError from error
        raise _no_locks(path, error.strerror or "") from error


def _is_still(path: Path, handle: int) -> bool:
    try:
        found, held = path.stat(), os.fstat(handle)
    except FileNotFoundError:
        return False
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)


def _prove_that_locks_work(path: Path) -> None:
    """A second lock on the same file must fail; some network file systems grant it."""
    second = _open(path)
    try:
        _lock(second, path)
    except BlockingIOError:
        return
    finally:
        os.close(second)
    raise _no_locks(path, "a second process would get the same lock")


def _named(content: str) -> Holder | None:
    """Whom a lock file names: `4242 2026-11-22 09:00:00 UTC`."""
    pid, _, since = content.strip().partition(" ")
    with suppress(ValueError):
        return Holder(int(pid), datetime.strptime(since, f"{_SINCE} UTC").replace(tzinfo=UTC))
    return None


def _busy(campaign_id: str, holder: Holder | None) -> SentLogBusy:
    if holder is None:
        return SentLogBusy(
            f"another smscli is just starting or ending a send of campaign {campaign_id}",
            hint="run the command again in a moment",
        )
    return SentLogBusy(
        f"campaign {campaign_id} is being sent by process {holder.pid} since {holder.since:{_SINCE}} UTC",
        hint=f"wait until it ends, or type kill -INT {holder.pid} to stop it: it settles what is in flight",
    )


def _syncing(holder: Holder | None) -> SentLogBusy:
    if holder is None:
        return SentLogBusy(
            "another sync of this log is just starting or ending", hint="run it again in a moment"
        )
    return SentLogBusy(
        f"this log is being synced by process {holder.pid} since {holder.since:{_SINCE}} UTC",
        hint=f"wait until it ends, or type kill -INT {holder.pid}: what it has read is saved",
    )


def _no_locks(path: Path, why: str) -> SentLogError:
    return SentLogError(
        f"the file system of {path.parent} has no locks that work ({why})",
        hint="keep the sent log on a local disk of this machine",
    )


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _not_opened(path, error) from error


def _not_opened(path: Path, error: OSError) -> SentLogError:
    return SentLogError(
        f"the lock file {path} cannot be opened: {error.strerror}",
        hint="smscli must be able to write the folder of the sent log",
    )


def _write(handle: int, content: bytes) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, content, 0)


class MemoryPaceLedger:
    """The PaceLedger Protocol for one process."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, float]] = []

    @contextmanager
    def exclusively(self) -> Iterator[list[tuple[float, float]]]:
        """The entries themselves."""
        yield self._entries


class FilePaceLedger:
    """The PaceLedger Protocol for every process of this machine that names the same file.

    The monotonic clock starts anew with the machine: who reads drops what lies ahead of it. A file that is
    not ours, or half written, counts as empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def exclusively(self) -> Iterator[list[tuple[float, float]]]:
        """The entries under the file's lock, which is held for microseconds; written back at the end."""
        handle = _open(self._path)
        try:
            flock(handle, LOCK_EX)
            entries = _decode(os.pread(handle, os.fstat(handle).st_size, 0))
            try:
                yield entries
            finally:
                # Never truncated: ext4 takes that for a file being replaced and writes it to the disk,
                # for which everybody who wants the lock would wait (3 ms instead of 0.1).
                os.pwrite(handle, _encode(entries), 0)
        except OSError as error:
            raise SentLogError(
                f"the pace file {self._path} cannot be kept: {error.strerror}",
                hint="see to its disk before sending again; without it the gateway's pace is unknown",
            ) from error
        finally:
            os.close(handle)


def _encode(entries: list[tuple[float, float]]) -> bytes:
    body = b"".join(_ENTRY.pack(at, amount) for at, amount in entries)
    return _HEADER.pack(_MAGIC, len(entries), crc32(body)) + body


def _decode(content: bytes) -> list[tuple[float, float]]:
    if len(content) < _HEADER.size:
        return []
    magic, count, checksum = _HEADER.unpack_from(content)
    body = content[_HEADER.size : _HEADER.size + count * _ENTRY.size]  # behind it may lie what was there
    if magic != _MAGIC or len(body) != count * _ENTRY.size or crc32(body) != checksum:
        return []
    return [(at, amount) for at, amount in _ENTRY.iter_unpack(body) if isfinite(at) and isfinite(amount)]
