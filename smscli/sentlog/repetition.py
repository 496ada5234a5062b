"""Receipts that move nothing: which of them the log has heard before. Asking a gateway again adds nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from smscli.domain.message import Receipt, State
from smscli.sentlog.instants import from_millis
from smscli.sentlog.moves import Identity, Told, heard_before, identity

_TOLD = """
SELECT key, state, gateway_ref, code, detail, gateway_segments, happened_at, at
FROM message WHERE key IN (SELECT value FROM json_each(?))
"""

#: By the index of events without a move.
_NOTED = """
SELECT message_key, message_id, state, coalesce(gateway_ref, ''), coalesce(code, ''), coalesce(detail, ''),
       happened_at, at
FROM event INDEXED BY event_without_move
WHERE moved = 0 AND message_key IN (SELECT value FROM json_each(?)) ORDER BY id DESC
"""


def first_heard(
    connection: sqlite3.Connection, receipts: Sequence[tuple[int | None, Receipt, bool]], now: datetime
) -> list[datetime | None]:
    """When each receipt that says nothing new was first heard; None for the others.

    Receipts come with the key of their message, None for a stranger's, and with whether they move it. To be
    asked before anything is moved.
    """
    keys = json.dumps(sorted({key for key, _, moved in receipts if key is not None and not moved}))
    told = {row[0]: _told(row) for row in connection.execute(_TOLD, (keys,))}
    noted: dict[int, dict[Identity, datetime]] = {key: {} for key in told}
    for key, message_id, state, ref, code, detail, happened_at, at in connection.execute(_NOTED, (keys,)):
        said = (message_id or "", state, ref, code, detail, _instant(happened_at))
        noted[key][said] = from_millis(at)
    return [
        None if key is None or key not in told else _follow(told, noted[key], key, receipt, moved, now)
        for key, receipt, moved in receipts
    ]


def _follow(
    told: dict[int, Told],
    noted: dict[Identity, datetime],
    key: int,
    receipt: Receipt,
    moved: bool,
    now: datetime,
) -> datetime | None:
    """As `first_heard`, of one receipt after those before it."""
    if moved:
        told[key] = told[key].after(receipt, now)
        return None
    before = heard_before(receipt, told[key], noted)
    if before is None:
        noted[identity(receipt)] = now
    return before


def _told(row: tuple[Any, ...]) -> Told:
    _, state, ref, code, detail, segments, happened_at, at = row
    return Told(State(state), ref, code, detail, segments, _instant(happened_at), from_millis(at))


def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
