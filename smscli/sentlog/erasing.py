"""The erased: kept as keyed hashes, so that they stay unreachable and nobody can read who they are.

The key lies beside the log in a file of its own, never in it: a log that gets into wrong hands names nobody
who was erased, although all numbers of a country can be tried in an afternoon. Without the key nobody can
tell who may not be texted, so a log with erased people and no key refuses: it fails closed.
"""

from __future__ import annotations

import hmac
import os
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path

from smscli.domain.errors import SentLogError
from smscli.domain.msisdn import Msisdn
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.opening import sync_folder
from smscli.sentlog.schema import schema_number

_KEY_BYTES = 32

#: The first schema that can erase.
_WITH_ERASED = 3

#: Hashes that are asked for in one statement; SQLite takes 32,766 values.
_AT_ONCE = 500


def keyed_hash(key: bytes, number: Msisdn) -> bytes:
    """What stays of an erased number: HMAC-SHA256 of its E.164 form."""
    return hmac.digest(key, number.e164.encode(), "sha256")


def fingerprint(key: bytes) -> bytes:
    """Tells in the log which key fits. No number has this hash: numbers begin with +."""
    return hmac.digest(key, b"which key", "sha256")


def key_path(log: Path) -> Path:
    """Where the key of a log lies: beside the log itself, whatever links lead to it."""
    real = Path(os.path.realpath(log))
    return real.with_name(f"{real.name}.key")


def eraser(connection: sqlite3.Connection) -> Callable[[Msisdn], bytes] | None:
    """How the erased of this log are hashed; None where nobody is erased.

    Raises SentLogError where somebody is, and the key is missing, unreadable or another one.
    """
    return partial(keyed_hash, _fitting_key(connection)) if has_erased(connection) else None


def has_erased(connection: sqlite3.Connection) -> bool:
    """Was anybody erased from this log, and not brought back since?"""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM erased)").fetchone()[0])


def count_erased(connection: sqlite3.Connection) -> int:
    """How many people are erased; for this no key is needed."""
    return int(connection.execute("SELECT count(*) FROM erased").fetchone()[0])


def knows_erased(connection: sqlite3.Connection) -> bool:
    """`has_erased`, of a log that may be of an older schema, from before anybody could be."""
    return schema_number(connection) >= _WITH_ERASED and has_erased(connection)


def erased_among(connection: sqlite3.Connection, numbers: Iterable[Msisdn]) -> frozenset[Msisdn]:
    """Those of the numbers that were erased. Raises SentLogError, see `eraser`."""
    hash_of = eraser(connection)
    if hash_of is None:
        return frozenset()
    by_hash = {hash_of(number): number for number in numbers}
    hashes, found = list(by_hash), set[Msisdn]()
    for start in range(0, len(hashes), _AT_ONCE):
        some = hashes[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(f"SELECT hash FROM erased WHERE hash IN ({marks})", some)  # noqa: S608
        found |= {by_hash[each] for (each,) in rows}
    return frozenset(found)


def erased_at(connection: sqlite3.Connection, number: Msisdn) -> datetime | None:
    """When the number was erased (aware UTC); None if it is not. Raises SentLogError, see `eraser`."""
    hash_of = eraser(connection)
    if hash_of is None:
        return None
    row = connection.execute("SELECT at FROM erased WHERE hash = ?", (hash_of(number),)).fetchone()
    return None if row is None else from_millis(row[0])


def keep_hash(connection: sqlite3.Connection, number: Msisdn, by: str, now: datetime) -> None:
    """From now on the number is one of the erased. Makes the key at the first erasure, on disk before this
    returns, and so before the erasure can be committed. Raises SentLogError.
    """
    kept = keyed_hash(_key_to_erase_with(connection), number)
    connection.execute("INSERT OR IGNORE INTO erased VALUES (?, ?, ?)", (kept, to_millis(now), by))


def bring_back(connection: sqlite3.Connection, number: Msisdn) -> bool:
    """The number is no longer one of the erased; False if it was not. Raises SentLogError, see `eraser`."""
    hash_of = eraser(connection)
    if hash_of is None:
        return False
    return bool(connection.execute("DELETE FROM erased WHERE hash = ?", (hash_of(number),)).rowcount)


# --- the key -----------------------------------------------------------------------------------


def fitting_key_file(connection: sqlite3.Connection, log: Path) -> Path | None:
    """The file of the key, proved; None where nobody is erased. Raises SentLogError, see `eraser`."""
    if not has_erased(connection):
        return None
    path = key_path(log)
    _proved(connection, path)
    return path


def _fitting_key(connection: sqlite3.Connection) -> bytes:
    return _proved(connection, key_path(_file_of(connection)))


def _proved(connection: sqlite3.Connection, path: Path) -> bytes:
    key = _read(path)
    row = connection.execute("SELECT fingerprint FROM erasing_key").fetchone()
    if row is None or not hmac.compare_digest(row[0], fingerprint(key)):
        raise _unfit(path, "is the key of another log")
    return key


def _file_of(connection: sqlite3.Connection) -> Path:
    """The file behind a connection: claims and facts are asked without a path."""
    files = {name: file for _, name, file in connection.execute("PRAGMA database_list")}
    return Path(files["main"])


def _key_to_erase_with(connection: sqlite3.Connection) -> bytes:
    """The log's key. Where nobody is erased yet: one that an interrupted erasure left, or a new one."""
    if has_erased(connection):
        return _fitting_key(connection)
    path = key_path(_file_of(connection))
    if os.path.lexists(path):
        key = _read(path)
        sync_folder(path.parent)
    else:
        key = _make(path)
    connection.execute("INSERT OR REPLACE INTO erasing_key VALUES (1, ?)", (fingerprint(key),))
    return key


def _make(path: Path) -> bytes:
    """A new key, whole under its name or not at all. The log's write lock keeps everybody else out."""
    key, unborn = os.urandom(_KEY_BYTES), path.with_name(f"{path.name}.new")
    try:
        unborn.unlink(missing_ok=True)  # from a crash
        write_key(unborn, f"{key.hex()}\n".encode())
        unborn.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise SentLogError(
            f"the key of the erased, {path}, cannot be written: {error.strerror}; nobody was erased",
            hint=f"smscli must be able to write the folder of the sent log: ls -ld {path.parent}",
        ) from error
    return key


def write_key(path: Path, content: bytes) -> None:
    """A new file that only its owner can read, on the disk when this returns, or none. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        os.write(handle, content)
        os.fsync(handle)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(handle)


def _read(path: Path) -> bytes:
    """The key: 64 hexadecimal digits, which survive editors, password stores and paper."""
    try:
        if path.exists() and not path.is_file():
            raise _unfit(path, "is no file")  # a pipe would make us wait for ever
        text = path.read_text("ascii")
        key = bytes.fromhex(text)
    except FileNotFoundError:
        raise _unfit(path, "is missing") from None
    except OSError as error:
        raise _unfit(path, f"cannot be read ({error.strerror})") from error
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise _unfit(path, "is not a key (64 hexadecimal digits)")
    return key


def _unfit(path: Path, what: str) -> SentLogError:
    return SentLogError(
        f"{path} {what}: without its key this sent log cannot tell who was erased and may not be texted",
        hint="put the key back under that name; a backup of the log has it beside it, as BACKUP.key",
    )
