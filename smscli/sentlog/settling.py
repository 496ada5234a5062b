"""The answers of requests that this log claimed and nobody has answered yet: all of them in a few statements.

Every message of them is submitting, so that each of these moves is legal. Whatever else is told, and of
whatever else, is weighed one by one in `sqlite.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from smscli.domain.message import Receipt, State
from smscli.sentlog.instants import to_millis

#: Each with its message's key; both conditions on the state: the first is the index's own, word for word.
_OFFER = """
INSERT INTO answer (key, state, gateway_ref, code, detail, segments, happened_at) VALUES (
    (SELECT key FROM message WHERE id = ? AND state IN ('submitting', 'in_doubt') AND state = 'submitting'),
    ?, ?, ?, ?, ?, ?)
"""

#: One statement for all: the table's check of states costs a statement 6 us, however many rows it has.
_MOVE = """
UPDATE message SET state = a.state, at = ?,
    gateway_ref = coalesce(nullif(a.gateway_ref, ''), message.gateway_ref), code = a.code, detail = a.detail,
    gateway_segments = coalesce(a.segments, gateway_segments), happened_at = a.happened_at
FROM answer AS a WHERE message.key = a.key
"""

_NOTE = """
INSERT INTO event (message_key, at, state, moved, gateway_ref, code, detail, happened_at)
SELECT key, ?, state, 1, nullif(gateway_ref, ''), nullif(code, ''), nullif(detail, ''), happened_at
FROM answer
"""

#: A message in doubt may be repeated, with its body.
_FORGET_BODIES = """
DELETE FROM kept_message WHERE message_key IN (SELECT key FROM answer WHERE state <> 'in_doubt')
"""


def offer(connection: sqlite3.Connection, receipts: Sequence[Receipt]) -> bool:
    """Make ready to settle these together. False where one has no message that is submitting, has a second
    receipt beside it, or settles nothing."""
    if len({receipt.message_id for receipt in receipts}) < len(receipts):
        return False
    if any(receipt.state is State.SUBMITTING for receipt in receipts):
        return False
    connection.execute("DELETE FROM answer")
    connection.executemany(_OFFER, [_columns(receipt) for receipt in receipts])
    return bool(connection.execute("SELECT count(key) FROM answer").fetchone()[0] == len(receipts))


def settle_offered(connection: sqlite3.Connection, now: datetime) -> None:
    """Move the messages, note the events, and forget the bodies that were kept for a repeat."""
    at = to_millis(now)
    connection.execute(_MOVE, (at,))
    connection.execute(_NOTE, (at,))
    connection.execute(_FORGET_BODIES)


def _columns(receipt: Receipt) -> tuple[object, ...]:
    told_at = None if receipt.happened_at is None else to_millis(receipt.happened_at)
    said = (receipt.gateway_ref, receipt.code, receipt.detail, receipt.segments)
    return receipt.message_id, receipt.state, *said, told_at
