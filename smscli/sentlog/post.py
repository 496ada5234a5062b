"""What stays of a gateway's post: receipts about no message known yet, and how far the gateway was asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.message import Realm, State
from smscli.domain.msisdn import NO_COUNTRY, Msisdn
from smscli.domain.ports import SyncMark
from smscli.sentlog.erasing import erased_among
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.matching import told_number

_COLUMNS = "ref, message_id, number, state, word, code, detail, happened_at, segments, body_digest, opted_out"

#: The unique index says which receipt is the same: the one that tells the very same.
_KEEP = f"""
INSERT OR IGNORE INTO stray_receipt ({_COLUMNS}, gateway, realm, recorded_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608
_LISTED = f"""
SELECT {_COLUMNS} FROM stray_receipt WHERE gateway = ? AND realm = ? ORDER BY recorded_at, key
"""  # noqa: S608
_OF_NUMBER = f"""
SELECT gateway, realm, recorded_at, {_COLUMNS} FROM stray_receipt WHERE number = ? ORDER BY recorded_at, key
"""  # noqa: S608
_DROP = """
DELETE FROM stray_receipt
WHERE ref = ? AND message_id = ? AND number = ? AND coalesce(state, '') = coalesce(?, '') AND word = ?
AND code = ? AND detail = ? AND coalesce(happened_at, -1) = coalesce(?, -1)
AND coalesce(segments, -1) = coalesce(?, -1) AND body_digest = ? AND opted_out = ?
AND gateway = ? AND realm = ?
"""
_DROP_OLD = "DELETE FROM stray_receipt WHERE gateway = ? AND realm = ? AND recorded_at < ?"


def keep_strays(
    connection: sqlite3.Connection,
    gateway: str,
    realm: Realm,
    receipts: Sequence[DeliveryReceipt],
    now: datetime,
) -> int:
    """Keep receipts to be matched later, none of the erased; how many are new."""
    erased = erased_among(connection, filter(None, map(number_of, receipts)))
    where = (gateway, realm, to_millis(now))
    kept = ((*_columns(receipt), *where) for receipt in receipts if number_of(receipt) not in erased)
    return connection.executemany(_KEEP, kept).rowcount


def number_of(receipt: DeliveryReceipt) -> Msisdn | None:
    """Whom a receipt names. Its country is not asked: a number has one."""
    digits = told_number(receipt)
    return Msisdn(f"+{digits}", NO_COUNTRY) if digits else None


def as_kept(receipt: DeliveryReceipt) -> DeliveryReceipt:
    """The receipt as it is read back: digits without plus, times in milliseconds."""
    at = None if receipt.at is None else from_millis(to_millis(receipt.at))
    return replace(receipt, number=told_number(receipt), at=at)


def strays(connection: sqlite3.Connection, gateway: str, realm: Realm) -> list[DeliveryReceipt]:
    """The receipts kept for that gateway, oldest first."""
    return [_receipt(row) for row in connection.execute(_LISTED, (gateway, realm))]


class Stray(NamedTuple):
    """A receipt that found no message, and whose it is."""

    gateway: str
    realm: Realm
    recorded_at: datetime
    receipt: DeliveryReceipt


def strays_of(connection: sqlite3.Connection, number: Msisdn) -> list[Stray]:
    """The receipts kept that name this number, oldest first."""
    rows = connection.execute(_OF_NUMBER, (number.digits,))
    return [
        Stray(gateway, Realm(realm), from_millis(recorded_at), _receipt(row))
        for gateway, realm, recorded_at, *row in rows
    ]


def drop_strays(
    connection: sqlite3.Connection,
    gateway: str,
    realm: Realm,
    receipts: Iterable[DeliveryReceipt],
    before: datetime,
) -> None:
    """Forget these, and whatever was kept before that time."""
    connection.executemany(_DROP, ((*_columns(receipt), gateway, realm) for receipt in receipts))
    connection.execute(_DROP_OLD, (gateway, realm, to_millis(before)))


def _columns(receipt: DeliveryReceipt) -> tuple[object, ...]:
    return (
        receipt.ref,
        receipt.id,
        told_number(receipt),
        receipt.state,
        receipt.word,
        receipt.code,
        receipt.detail,
        None if receipt.at is None else to_millis(receipt.at),
        receipt.segments,
        receipt.body_digest,
        receipt.opted_out,
    )


def _receipt(row: Sequence[Any]) -> DeliveryReceipt:
    ref, message_id, number, state, word, code, detail, at, segments, body_digest, opted_out = row
    return DeliveryReceipt(
        ref,
        message_id,
        number,
        None if state is None else State(state),
        word,
        code,
        detail,
        None if at is None else from_millis(at),
        segments,
        body_digest,
        bool(opted_out),
    )


def sync_mark(connection: sqlite3.Connection, gateway: str, realm: Realm, what: str) -> SyncMark | None:
    """How far that gateway was asked; None if it never was."""
    row = connection.execute(
        "SELECT at, mark FROM sync_mark WHERE gateway = ? AND realm = ? AND what = ?", (gateway, realm, what)
    ).fetchone()
    return None if row is None else SyncMark(from_millis(row[0]), row[1])


def remember_sync(
    connection: sqlite3.Connection, gateway: str, realm: Realm, what: str, mark: SyncMark
) -> None:
    """From now on it was asked as far as that."""
    connection.execute(
        "INSERT OR REPLACE INTO sync_mark VALUES (?, ?, ?, ?, ?)",
        (gateway, realm, what, to_millis(mark.at), mark.mark),
    )


def forget_rehearsals(connection: sqlite3.Connection) -> None:
    """What the sandbox's gateway told, and how far it was asked."""
    connection.execute("DELETE FROM stray_receipt WHERE realm = 'sandbox'")
    connection.execute("DELETE FROM sync_mark WHERE realm = 'sandbox'")
