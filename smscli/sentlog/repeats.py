"""Requests kept as they were sent, for as long as a gateway promises that a repeat does no harm.

Bodies live here and nowhere else, and leave with the message's receipt or the end of the promise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from smscli.domain.message import Batch, Message, Realm
from smscli.domain.ports import Terms
from smscli.sentlog.instants import from_micros, to_micros
from smscli.sentlog.stored import message_of

_REQUESTS_IN_DOUBT = """
SELECT r.id, r.size, r.claimed_us, m.id, m.campaign_id, m.number, m.country, m.sender, k.body,
       k.encoding, k.units, m.segments, k.offenders, k.deadline_us, m.language, m.evidence
FROM kept_request AS r
JOIN kept_message AS k ON k.request_id = r.id
JOIN message AS m ON m.key = k.message_key
JOIN run ON run.key = m.run
WHERE r.repeat_until_us > :now AND m.realm = :realm AND m.campaign_id = :campaign_id
AND m.state = 'in_doubt' AND run.gateway_digest = :gateway_digest
ORDER BY r.claimed_us, r.id, k.position
"""

#: Two claims under one key, while members of the first are kept: what was sent is unclear, so never again.
_KEEP_REQUEST = """
INSERT INTO kept_request AS r VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    claimed_us = excluded.claimed_us, size = excluded.size,
    repeat_until_us = CASE WHEN EXISTS (SELECT 1 FROM kept_message AS k WHERE k.request_id = r.id)
                      THEN 0 ELSE excluded.repeat_until_us END
"""


def keep(
    connection: sqlite3.Connection, batches: Sequence[Batch], keys: Mapping[str, int], terms: Terms
) -> None:
    """Store the winners of each request (`keys`: message id to key), with their places in it."""
    for batch in batches:
        members = [(place, member) for place, member in enumerate(batch.messages) if member.id in keys]
        if not members:
            continue
        until = None if terms.repeat_within is None else to_micros(batch.claimed_at + terms.repeat_within)
        connection.execute(
            _KEEP_REQUEST,
            (batch.id, to_micros(batch.claimed_at), until, len(members)),
        )
        connection.executemany(
            "INSERT OR REPLACE INTO kept_message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(keys[member.id], batch.id, place, *_as_sent(member)) for place, member in members],
        )


def _as_sent(message: Message) -> tuple[str, str, int, str, int]:
    segments = message.segments
    return (
        message.body,
        segments.encoding,
        segments.units,
        "".join(segments.offenders),
        to_micros(message.deadline),
    )


def forget(connection: sqlite3.Connection, keys: Iterable[int]) -> None:
    """These messages have their receipts: their bodies go."""
    connection.executemany("DELETE FROM kept_message WHERE message_key = ?", [(key,) for key in keys])


def forget_expired(connection: sqlite3.Connection, now: datetime) -> None:
    """Every promise that has ended takes its bodies along."""
    connection.execute(
        "DELETE FROM kept_message"
        " WHERE request_id IN (SELECT id FROM kept_request WHERE repeat_until_us <= ?)",
        (to_micros(now),),
    )
    connection.execute("DELETE FROM kept_request WHERE id NOT IN (SELECT request_id FROM kept_message)")


def requests_in_doubt(
    connection: sqlite3.Connection, realm: Realm, campaign_id: str, gateway_digest: str, now: datetime
) -> tuple[Batch, ...]:
    """Whole requests under a promise that still holds: one member with a receipt, and none of it counts."""
    rows = connection.execute(
        _REQUESTS_IN_DOUBT,
        {
            "now": to_micros(now),
            "realm": realm,
            "campaign_id": campaign_id,
            "gateway_digest": gateway_digest,
        },
    ).fetchall()
    found = []
    for (request_id, size, claimed_us), members in groupby(rows, key=lambda row: row[:3]):
        messages = tuple(message_of(row[3:]) for row in members)
        if len(messages) == size:
            found.append(Batch(request_id, messages, from_micros(claimed_us)))
    return tuple(found)
