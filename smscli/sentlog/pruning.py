"""Old campaigns: forgetting their messages, and closing their ids for good.

A campaign goes whole or not at all: a part of it would make the rest of its list look new. Its id stays
closed, because the log no longer knows who was texted under it. Consent, opt-outs and replies are not
messages, and stay. Delivery receipts that found no message go with what is as old.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from smscli.domain.message import Realm
from smscli.domain.ports import Pruned
from smscli.sentlog.forgetting import history_open
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.listing import in_order

_OLD = """
SELECT realm, campaign_id, count(*), max(at), sum(state IN ('submitting', 'in_doubt'))
FROM message WHERE :realm IN (realm, '') GROUP BY realm, campaign_id HAVING max(at) < :before
"""

_OF = "WHERE realm = :realm AND campaign_id = :campaign_id"
_KEYS = f"(SELECT key FROM message {_OF})"  # noqa: S608

#: Events go too: of a campaign that is forgotten whole nobody has to be accounted for.
_FORGET = (
    f"DELETE FROM event WHERE message_key IN {_KEYS}",  # noqa: S608
    f"DELETE FROM kept_message WHERE message_key IN {_KEYS}",  # noqa: S608
    *(f"DELETE FROM {table} {_OF}" for table in ("message", "campaign_text", "run_record")),  # noqa: S608
)

_WITHOUT_MESSAGES = (
    "DELETE FROM run WHERE key NOT IN (SELECT run FROM message)",
    "DELETE FROM kept_request WHERE id NOT IN (SELECT request_id FROM kept_message)",
)

_OLD_STRAYS = "DELETE FROM stray_receipt WHERE recorded_at < :before AND :realm IN (realm, '')"


def prune(
    connection: sqlite3.Connection,
    before: datetime,
    by: str,
    now: datetime,
    *,
    only_look: bool,
    realm: Realm | None = None,
) -> tuple[Pruned, ...]:
    """Forget whole campaigns whose newest message is older, inside the transaction that is open.

    Those with anything unsettled are named among the others, and left.
    """
    rows = connection.execute(_OLD, {"before": to_millis(before), "realm": realm or ""}).fetchall()
    by_name = {
        (Realm(of), campaign): Pruned(Realm(of), campaign, messages, from_millis(newest), unsettled)
        for of, campaign, messages, newest, unsettled in rows
    }
    found = tuple(by_name[name] for name in in_order(by_name))
    settled = [each for each in found if not each.unsettled]
    if settled and not only_look:
        with history_open(connection):
            for each in settled:
                _forget(connection, each, by, now)
        for statement in _WITHOUT_MESSAGES:
            connection.execute(statement)
    if not only_look:
        connection.execute(_OLD_STRAYS, {"before": to_millis(before), "realm": realm or ""})
    return found


def _forget(connection: sqlite3.Connection, campaign: Pruned, by: str, now: datetime) -> None:
    name = {"realm": campaign.realm, "campaign_id": campaign.campaign_id}
    for statement in _FORGET:
        connection.execute(statement, name)
    if campaign.realm is not Realm.TEST:  # tests are keyed by message: there is nobody to text twice
        connection.execute(
            "INSERT OR REPLACE INTO closed_campaign VALUES (?, ?, ?, ?, ?, ?)",
            (
                campaign.realm,
                campaign.campaign_id,
                to_millis(now),
                by,
                campaign.messages,
                to_millis(campaign.newest_at),
            ),
        )


def closed_at(connection: sqlite3.Connection, realm: Realm, campaign_id: str) -> datetime | None:
    """When this campaign was pruned; None if it never was."""
    row = connection.execute(
        "SELECT at FROM closed_campaign WHERE realm = ? AND campaign_id = ?", (realm, campaign_id)
    ).fetchone()
    return None if row is None else from_millis(row[0])
