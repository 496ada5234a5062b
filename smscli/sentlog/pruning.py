"""Old campaigns: forgetting their messages, and closing their ids for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from smscli.domain.message import Realm
from smscli.domain.ports import Pruned
from smscli.sentlog.instants import from_millis


def prune(
    connection: sqlite3.Connection, before: datetime, by: str, now: datetime, *, only_look: bool
) -> Sequence[Pruned]:
    """Forget whole campaigns whose newest message is older."""
    raise NotImplementedError


def closed_at(connection: sqlite3.Connection, realm: Realm, campaign_id: str) -> datetime | None:
    """When this campaign was pruned; None if it never was."""
    row = connection.execute(
        "SELECT at FROM closed_campaign WHERE realm = ? AND campaign_id = ?", (realm, campaign_id)
    ).fetchone()
    return None if row is None else from_millis(row[0])
