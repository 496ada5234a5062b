"""The claim: the one statement that lets a message go, with every condition inside it.

The conditions are asked of the log as it is in that instant, under the write lock, so that what two
senders planned side by side cannot both happen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from smscli.domain.message import Batch, Message, Realm, digest
from smscli.domain.ports import Terms
from smscli.sentlog.instants import to_millis

#: Candidates go through a private table: reading them from JSON costs a third more (87 against 57 us).
_OFFER = "INSERT INTO candidate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

#: Somebody the gateway has texted, or may have; the candidate itself does not count.
_EARLIER = """FROM message AS earlier
    WHERE earlier.number = c.number AND earlier.realm = :realm
    AND earlier.state NOT IN ('rejected', 'released') AND earlier.id <> c.id"""

_NOBODY_SAID_STOP = """
    NOT EXISTS (SELECT 1 FROM opt_out AS o WHERE o.number = c.number AND o.topic IN ('', :topic))
    AND NOT EXISTS (SELECT 1 FROM heeded AS h WHERE h.number = c.number AND h.topic IN ('', :topic))"""

_UNDER_THE_CAP = f"(SELECT count(*) {_EARLIER} AND earlier.claimed_at > :cap_since) < :cap_at_most"

_AFTER_THE_GAP = f"NOT EXISTS (SELECT 1 {_EARLIER} AND earlier.claimed_at > :gap_since)"

_OTHER_TEXT = f"""NOT EXISTS (SELECT 1 {_EARLIER} AND earlier.claimed_at > :same_text_since
    AND earlier.body_digest = c.body_digest AND earlier.campaign_id <> :campaign_id)"""

_CLAIM = """
INSERT INTO message (id, realm, campaign_id, number, test_id, country, sender, run, body_digest, segments,
                     language, evidence, state, claimed_at, at)
SELECT c.id, :realm, :campaign_id, c.number, c.test_id, c.country, c.sender, :run, c.body_digest, c.segments,
       c.language, c.evidence, 'submitting', :now, :now
FROM candidate AS c WHERE {conditions}
ON CONFLICT (realm, campaign_id, number, test_id) DO UPDATE SET
    id = excluded.id, country = excluded.country, sender = excluded.sender, run = excluded.run,
    body_digest = excluded.body_digest, segments = excluded.segments, language = excluded.language,
    evidence = excluded.evidence, state = 'submitting', claimed_at = excluded.claimed_at, at = excluded.at,
    gateway_segments = NULL, gateway_ref = '', code = '', detail = ''
WHERE message.state IN ('released', {also})
RETURNING key, id
"""

#: Both conditions on the state: the first is the index's own, word for word.
_IN_DOUBT_STILL = """
SELECT m.key, m.id
FROM candidate AS c CROSS JOIN message AS m ON m.id = c.id JOIN run ON run.key = m.run
WHERE m.state IN ('submitting', 'in_doubt') AND m.state = 'in_doubt'
AND m.realm = :realm AND m.campaign_id = :campaign_id AND m.number = c.number
AND m.body_digest = c.body_digest AND run.gateway_digest = :gateway_digest AND {conditions}
"""

Won = Sequence[tuple[int, str]]  # key and id


def claim(connection: sqlite3.Connection, messages: Sequence[Message], terms: Terms, now: datetime) -> Won:
    """Insert or take over the rows of those who may be texted; the winners."""
    _offer(connection, messages, terms.realm)
    statement = _CLAIM.format(
        conditions=_conditions(terms), also="'rejected'" if terms.again_rejected else "'released'"
    )
    return connection.execute(statement, _values(connection, terms, now)).fetchall()


def reclaim(connection: sqlite3.Connection, messages: Sequence[Message], terms: Terms, now: datetime) -> Won:
    """Move messages in doubt back to submitting, all or none."""
    _offer(connection, messages, terms.realm)
    values = _values(connection, terms, now)
    found = connection.execute(_IN_DOUBT_STILL.format(conditions=_conditions(terms)), values).fetchall()
    if len(found) < len(messages):
        return ()
    connection.executemany(
        "UPDATE message SET state = 'submitting', claimed_at = ?, at = ?, run = ? WHERE key = ?",
        [(values["now"], values["now"], values["run"], key) for key, _ in found],
    )
    return found


def all_messages(batches: Iterable[Batch]) -> list[Message]:
    """The members of several requests, in order."""
    return [message for batch in batches for message in batch.messages]


def is_promised(batch: Batch, terms: Terms, now: datetime) -> bool:
    """Does the gateway's promise still cover a repeat of this request?"""
    return terms.repeat_within is not None and now < batch.claimed_at + terms.repeat_within


def _offer(connection: sqlite3.Connection, messages: Sequence[Message], realm: Realm) -> None:
    connection.execute("DELETE FROM candidate")
    connection.executemany(
        _OFFER,
        [
            (
                message.id,
                message.to.e164,
                message.id if realm is Realm.TEST else "",
                message.to.country,
                message.sender,
                digest(message.body),
                message.segments.count,
                message.language,
                message.evidence,
            )
            for message in messages
        ],
    )


def _conditions(terms: Terms) -> str:
    """Only what is asked for: each condition costs a look at the number's earlier messages."""
    asked = [_NOBODY_SAID_STOP]
    if terms.cap_at_most is not None:
        asked.append(_UNDER_THE_CAP)
    if terms.cap_min_gap is not None:
        asked.append(_AFTER_THE_GAP)
    if terms.same_text_within is not None:
        asked.append(_OTHER_TEXT)
    return " AND ".join(asked)


def _values(connection: sqlite3.Connection, terms: Terms, now: datetime) -> dict[str, object]:
    never = timedelta()
    return {
        "realm": terms.realm,
        "campaign_id": terms.campaign_id,
        "topic": terms.topic,
        "gateway_digest": terms.gateway_digest,
        "run": _run_key(connection, terms),
        "now": to_millis(now),
        "cap_at_most": terms.cap_at_most,
        "cap_since": to_millis(now - terms.cap_per),
        "gap_since": to_millis(now - (terms.cap_min_gap or never)),
        "same_text_since": to_millis(now - (terms.same_text_within or never)),
    }


def _run_key(connection: sqlite3.Connection, terms: Terms) -> int:
    run = (terms.run_id, terms.purpose, terms.topic, terms.gateway, terms.gateway_digest)
    connection.execute(
        "INSERT OR IGNORE INTO run (id, purpose, topic, gateway, gateway_digest) VALUES (?, ?, ?, ?, ?)", run
    )
    return int(
        connection.execute(
            "SELECT key FROM run WHERE (id, purpose, topic, gateway, gateway_digest) = (?, ?, ?, ?, ?)", run
        ).fetchone()[0]
    )
