"""What each `send` came to, a row a send: the latest of each campaign is what `status` tells.

The order is that of the beginnings: a clock can go back, a key cannot.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from smscli.domain.message import Realm
from smscli.domain.ports import RunRecord
from smscli.sentlog.instants import from_millis, to_millis

_COLUMNS = "id, realm, campaign_id, gateway, by, started_at, ended_at, exit_code, counts, held_until, stopped"

#: An end whose beginning was never written (the log was busy) is remembered all the same.
_PUT = f"""
INSERT INTO run_record ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    realm = excluded.realm, campaign_id = excluded.campaign_id, gateway = excluded.gateway,
    by = excluded.by, started_at = excluded.started_at, ended_at = excluded.ended_at,
    exit_code = excluded.exit_code, counts = excluded.counts, held_until = excluded.held_until,
    stopped = excluded.stopped
"""  # noqa: S608

_LATEST = f"""
SELECT {_COLUMNS} FROM run_record
WHERE key IN (SELECT max(key) FROM run_record GROUP BY realm, campaign_id) ORDER BY key DESC
"""  # noqa: S608


def put(connection: sqlite3.Connection, run: RunRecord) -> None:
    """Remember a send; a record of the same id is replaced, whole, and keeps its place."""
    connection.execute(
        _PUT,
        (
            run.id,
            run.realm,
            run.campaign_id,
            run.gateway,
            run.by,
            to_millis(run.started_at),
            None if run.ended_at is None else to_millis(run.ended_at),
            run.exit_code,
            json.dumps(dict(run.counts), sort_keys=True),
            None if run.held_until is None else to_millis(run.held_until),
            run.stopped,
        ),
    )


def latest(connection: sqlite3.Connection) -> tuple[RunRecord, ...]:
    """The latest send of each campaign in each realm, the latest first."""
    return tuple(_read(row) for row in connection.execute(_LATEST))


def forget_rehearsals(connection: sqlite3.Connection, campaign_id: str) -> None:
    """The sandbox's records of one campaign."""
    connection.execute("DELETE FROM run_record WHERE realm = 'sandbox' AND campaign_id = ?", (campaign_id,))


def _read(row: tuple[Any, ...]) -> RunRecord:
    run_id, realm, campaign_id, gateway, by, started_at, ended_at, *rest = row
    exit_code, counts, held_until, stopped = rest
    return RunRecord(
        id=run_id,
        realm=Realm(realm),
        campaign_id=campaign_id,
        gateway=gateway,
        by=by,
        started_at=from_millis(started_at),
        ended_at=None if ended_at is None else from_millis(ended_at),
        exit_code=exit_code,
        counts=json.loads(counts),
        held_until=None if held_until is None else from_millis(held_until),
        stopped=stopped,
    )
