"""Messages as a gateway is asked about them afterwards, and which of them its receipts are about.

Ids and references are random: indexes on them would make every claim cost twice (schema.py). So they stand in
a private look-up, made when the first receipts come, that follows the events from there each
time that more come. In between it is only a hint: the row that it names must still have that id.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.listing import in_order
from smscli.sentlog.matching import Candidate, meant, told_number

_COLUMNS = """m.id, m.gateway_ref, m.number, m.country, m.sender, m.state, m.realm, m.campaign_id,
    m.claimed_at, m.body_digest"""
#: Those in flight by their small index. Else one pass over the table, which is nearly in this order: by the
#: index of claims it is a page a message.
_HANDED = f"""
SELECT {_COLUMNS} FROM message AS m {{how}} JOIN run ON run.key = m.run
WHERE run.gateway = :gateway AND m.realm = :realm AND m.claimed_at >= :since AND m.state IN ({{states}})
{{also}}
ORDER BY m.claimed_at, m.key
"""  # noqa: S608
_IN_FLIGHT = frozenset({State.SUBMITTING, State.IN_DOUBT})

#: Where messages are found by id: in their small index while in flight, in the look-up, among all.
_BY_IDS = (
    "message AS m WHERE m.state IN ('submitting', 'in_doubt') AND m.id IN (SELECT value FROM json_each(?))",
    """json_each(?) AS asked CROSS JOIN look_up AS l ON l.id = asked.value
    CROSS JOIN message AS m ON m.key = l.key AND m.id = asked.value ORDER BY m.key""",
    "message AS m WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.key",
)

_GATEWAYS = """
SELECT DISTINCT run.gateway, used.realm
FROM (SELECT DISTINCT run, realm FROM message WHERE claimed_at >= ?) AS used JOIN run ON run.key = used.run
"""

_CANDIDATE = "SELECT m.id, m.gateway_ref, substr(m.number, 2), m.state, m.body_digest"
_OF_GATEWAY = """JOIN run ON run.key = m.run
WHERE run.gateway = :gateway AND m.realm = :realm AND m.claimed_at >= :since ORDER BY m.key"""

_BY_ID = f"""{_CANDIDATE} FROM json_each(:asked) AS asked CROSS JOIN look_up AS l ON l.id = asked.value
CROSS JOIN message AS m ON m.key = l.key {_OF_GATEWAY}"""
_BY_REF = f"""{_CANDIDATE} FROM json_each(:asked) AS asked CROSS JOIN look_up AS l ON l.ref = asked.value
CROSS JOIN message AS m ON m.key = l.key {_OF_GATEWAY}"""
_BY_NUMBER = f"""{_CANDIDATE} FROM json_each(:asked) AS asked CROSS JOIN message AS m INDEXED BY by_number
ON m.number = '+' || asked.value {_OF_GATEWAY}"""

#: Indexes are made after their rows: in one go, and not page by page (500,000 messages: 1.4 s against 6).
_UNINDEXED = ("DROP INDEX IF EXISTS temp.look_up_by_id", "DROP INDEX IF EXISTS temp.look_up_by_ref")
_INDEXED = (
    "CREATE INDEX temp.look_up_by_id ON look_up (id)",
    "CREATE INDEX temp.look_up_by_ref ON look_up (ref)",
)
_FILL = "INSERT INTO look_up SELECT key, id, gateway_ref FROM message WHERE claimed_at >= ?"

#: Every claim and every receipt leaves an event.
_FOLLOW = """
INSERT INTO look_up SELECT key, id, gateway_ref FROM message
WHERE key IN (SELECT message_key FROM event WHERE id > ?) AND claimed_at >= ?
ON CONFLICT (key) DO UPDATE SET id = excluded.id, ref = excluded.ref
WHERE look_up.id <> excluded.id OR look_up.ref <> excluded.ref
"""
_LAST_EVENT = "SELECT id, message_key, at, state FROM event ORDER BY id DESC LIMIT 1"


def handed(
    connection: sqlite3.Connection, gateway: str, realm: Realm, states: frozenset[State], since: datetime
) -> Iterator[Handed]:
    """Messages handed to that gateway then or later and now in one of these states, oldest first."""
    names = ", ".join(f"'{state}'" for state in sorted(states))
    how, also = "NOT INDEXED", ""
    if states and states <= _IN_FLIGHT:
        how, also = "INDEXED BY in_flight", "AND m.state IN ('submitting', 'in_doubt')"
    statement = _HANDED.format(how=how, states=names, also=also)
    about = {"gateway": gateway, "realm": realm, "since": to_millis(since)}
    yield from map(_as_handed, connection.execute(statement, about))


#: To look up is a fifth of what it costs to call an enumeration.
_STATES = {str(state): state for state in State}
_REALMS = {str(realm): realm for realm in Realm}


def _as_handed(row: tuple[Any, ...]) -> Handed:
    message_id, ref, number, country, sender, state, realm, campaign_id, claimed_at, body_digest = row
    return Handed(
        message_id,
        ref,
        Msisdn(number, country),
        sender,
        _STATES[state],
        _REALMS[realm],
        campaign_id,
        from_millis(claimed_at),
        body_digest,
    )


def found(connection: sqlite3.Connection, message_ids: Iterable[str]) -> dict[str, Handed]:
    """These messages as they are now, by id."""
    return {row[0]: _as_handed(row) for row in rows_by_id(connection, _COLUMNS, set(message_ids))}


def rows_by_id(
    connection: sqlite3.Connection, columns: str, message_ids: set[str]
) -> Iterator[tuple[Any, ...]]:
    """Columns (the id first) of `message AS m`. All messages are read only for ids found nowhere else."""
    missing = message_ids
    for place in _BY_IDS:
        if not missing:
            return
        rows = connection.execute(f"SELECT {columns} FROM {place}", (json.dumps(sorted(missing)),)).fetchall()  # noqa: S608
        missing = missing - {row[0] for row in rows}
        yield from rows


def gateways_used(connection: sqlite3.Connection, since: datetime | None) -> list[tuple[str, Realm]]:
    """The names of the gateways that messages were handed to then or later, with their realms."""
    rows = connection.execute(_GATEWAYS, (_BEGINNING if since is None else to_millis(since),))
    return [(gateway, realm) for realm, gateway in in_order((Realm(realm), name) for name, realm in rows)]


_BEGINNING = -(2**62)


# --- which message is meant ----------------------------------------------------------------------


def match(
    connection: sqlite3.Connection,
    gateway: str,
    realm: Realm,
    receipts: Sequence[DeliveryReceipt],
    since: datetime,
) -> list[str | None]:
    """The id of the message that each is about, None if that is not certain, in one moment of the log."""
    _look_up(connection, to_millis(since))

    about = {"gateway": gateway, "realm": realm, "since": to_millis(since)}

    def candidates(statement: str, asked: Iterable[str]) -> list[Candidate]:
        values = {"asked": json.dumps(sorted(set(asked) - {""})), **about}
        rows = connection.execute(statement, values)
        return [Candidate(of, ref, digits, _STATES[state], digest) for of, ref, digits, state, digest in rows]

    by_id = {each.id: each for each in candidates(_BY_ID, (receipt.id for receipt in receipts))}
    rest = [receipt for receipt in receipts if receipt.id not in by_id]
    by_ref = _grouped((each.ref, each) for each in candidates(_BY_REF, (each.ref for each in rest)))
    by_number = _grouped((each.number, each) for each in candidates(_BY_NUMBER, map(told_number, rest)))
    return [
        meant(
            receipt,
            by_id.get(receipt.id),
            by_ref.get(receipt.ref, ()),
            by_number.get(told_number(receipt), ()),
        )
        for receipt in receipts
    ]


def _grouped(pairs: Iterable[tuple[str, Candidate]]) -> dict[str, list[Candidate]]:
    groups: dict[str, list[Candidate]] = {}
    for name, candidate in pairs:
        groups.setdefault(name, []).append(candidate)
    return groups


def _look_up(connection: sqlite3.Connection, since: int) -> None:
    """Make the look-up, or let it follow what happened since it was made. Inside a transaction."""
    event, *told = connection.execute(_LAST_EVENT).fetchone() or (0,)
    known = connection.execute("SELECT since, event, told FROM looked_up").fetchone()
    if known is not None and known[0] <= since and _is_there_still(connection, *known[1:]):
        connection.execute(_FOLLOW, (known[1], known[0]))
        since = known[0]
    else:
        _fill(connection, since)
    connection.execute("DELETE FROM looked_up")
    connection.execute("INSERT INTO looked_up VALUES (?, ?, ?)", (since, event, json.dumps(told)))


def _is_there_still(connection: sqlite3.Connection, event: int, told: str) -> bool:
    """Is the last event that is known the same still? Once a campaign is pruned, others may get their ids."""
    row = connection.execute("SELECT message_key, at, state FROM event WHERE id = ?", (event,)).fetchone()
    return json.dumps(row or []) == told


def _fill(connection: sqlite3.Connection, since: int) -> None:
    for statement in (*_UNINDEXED, "DELETE FROM look_up"):
        connection.execute(statement)
    connection.execute(_FILL, (since,))
    for statement in _INDEXED:
        connection.execute(statement)
