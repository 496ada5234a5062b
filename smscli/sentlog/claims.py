"""The claim: the one statement that lets a message go, with every condition inside it.

The conditions are asked of the log as it is in that instant, under the write lock, so that what two
senders planned side by side cannot both happen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from smscli.domain.frequency import CapScope, FrequencyCap, counted_after, longest
from smscli.domain.message import Batch, Message, Realm, digest
from smscli.domain.ports import Terms
from smscli.sentlog.erasing import erased_among
from smscli.sentlog.instants import to_millis

#: Candidates go through a private table: reading them from JSON costs a third more (87 against 57 us).
_OFFER = "INSERT INTO candidate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

#: Somebody the gateway has texted, or may have; the candidate itself does not count.
_EARLIER = """FROM message AS earlier
    WHERE earlier.number = c.number AND earlier.realm = :realm
    AND earlier.state NOT IN ('rejected', 'released') AND earlier.id <> c.id"""

_NOBODY_SAID_STOP = """
    NOT EXISTS (SELECT 1 FROM opt_out AS o WHERE o.number = c.number AND o.topic IN ('', :topic)
                AND (o.until IS NULL OR o.until > :now))
    AND NOT EXISTS (SELECT 1 FROM heeded AS h WHERE h.number = c.number AND h.topic IN ('', :topic)
                    AND (h.until IS NULL OR h.until > :now))"""

#: Pruned since this run began: whoever was texted under this id is forgotten. One look for all candidates.
_NOT_CLOSED = """
    NOT EXISTS (SELECT 1 FROM closed_campaign AS p WHERE p.realm = :realm AND p.campaign_id = :campaign_id)"""

#: Which earlier messages a cap counts.
_COUNTS = {
    CapScope.EVERYTHING: "",
    CapScope.PURPOSE: " AND earlier.run IN (SELECT key FROM run WHERE purpose = :purpose)",
    CapScope.TOPIC: " AND earlier.run IN (SELECT key FROM run WHERE topic = :topic)",
}

#: Caps of one recipient: a country's, a promise, a calendar day of theirs.
_OFFER_CAP = "INSERT INTO candidate_cap VALUES (?, ?, ?, ?)"
_UNDER_OWN_CAPS = f"""NOT EXISTS (SELECT 1 FROM candidate_cap AS own WHERE own.id = c.id AND own.at_most <=
    (SELECT count(*) {_EARLIER} AND earlier.claimed_at > own.since AND (own.counts = 'everything'
     OR earlier.run IN (SELECT key FROM run WHERE CASE own.counts WHEN 'topic' THEN topic = :topic
                        ELSE purpose = :purpose END))))"""  # noqa: S608

#: Does a consent record speak of these messages?
_ABOUT = """{0}.purpose IN ('', :purpose) AND ({0}.topics IN ('', '[]')
    OR EXISTS (SELECT 1 FROM json_each({0}.topics) WHERE value = :topic))"""

#: A no that no later yes takes back, whenever it was recorded: an import that began before the plan may be
#: committed after it. One recorded since the plan stands even against a yes that the plan did not weigh.
_NOBODY_SAID_NO = f"""NOT EXISTS (SELECT 1 FROM consent AS n
    WHERE n.number = c.number AND n.level = 0 AND {_ABOUT.format("n")}
    AND (n.recorded_at >= :planned_at OR NOT EXISTS (SELECT 1 FROM consent AS y
         WHERE y.number = c.number AND y.level > 0 AND y.at > n.at AND {_ABOUT.format("y")})))"""  # noqa: S608
_ANY_CONSENT = "SELECT EXISTS (SELECT 1 FROM consent)"

_OTHER_TEXT = f"""NOT EXISTS (SELECT 1 {_EARLIER} AND earlier.claimed_at > :same_text_since
    AND earlier.body_digest = c.body_digest AND earlier.campaign_id <> :campaign_id)"""

_CLAIM = """
INSERT INTO message (id, realm, campaign_id, number, test_id, country, sender, run, body_digest, segments,
                     language, evidence, grounds, state, claimed_at, at)
SELECT c.id, :realm, :campaign_id, c.number, c.test_id, c.country, c.sender, :run, c.body_digest, c.segments,
       c.language, c.evidence, c.grounds, 'submitting', :now, :now
FROM candidate AS c WHERE {conditions}
ON CONFLICT (realm, campaign_id, number, test_id) DO UPDATE SET
    id = excluded.id, country = excluded.country, sender = excluded.sender, run = excluded.run,
    body_digest = excluded.body_digest, segments = excluded.segments, language = excluded.language,
    evidence = excluded.evidence, grounds = excluded.grounds, state = 'submitting',
    claimed_at = excluded.claimed_at, at = excluded.at,
    gateway_segments = NULL, gateway_ref = '', code = '', detail = '', happened_at = NULL
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

#: Of whom all have won; one statement for each costs five times as much. The conditions as above.
_NOTE_ALL = """
INSERT INTO event (message_key, message_id, at, state, moved)
SELECT m.key, m.id, ?, m.state, 1 FROM candidate AS c CROSS JOIN message AS m ON m.id = c.id
WHERE m.state IN ('submitting', 'in_doubt') AND m.state = 'submitting'
"""
_NOTE = "INSERT INTO event (message_key, message_id, at, state, moved) VALUES (?, ?, ?, 'submitting', 1)"

_NEVER = 2**62  # in milliseconds: nothing is recorded as late

Won = Sequence[tuple[int, str]]  # key and id


def claim(connection: sqlite3.Connection, messages: Sequence[Message], terms: Terms, now: datetime) -> Won:
    """Insert or take over the rows of those who may be texted; the winners."""
    _offer(connection, messages, terms.realm, now)
    also = "'rejected'" if terms.again_rejected else "'released'"
    statement = _CLAIM.format(conditions=_conditions(connection, terms, messages), also=also)
    return connection.execute(statement, _values(connection, terms, now)).fetchall()


def reclaim(connection: sqlite3.Connection, messages: Sequence[Message], terms: Terms, now: datetime) -> Won:
    """Move messages in doubt back to submitting, all or none."""
    _offer(connection, messages, terms.realm, now)
    values = _values(connection, terms, now)
    statement = _IN_DOUBT_STILL.format(conditions=_conditions(connection, terms, messages))
    found = connection.execute(statement, values).fetchall()
    if len(found) < len(messages):
        return ()
    connection.executemany(
        "UPDATE message SET state = 'submitting', claimed_at = ?, at = ?, run = ? WHERE key = ?",
        [(values["now"], values["now"], values["run"], key) for key, _ in found],
    )
    return found


def note(connection: sqlite3.Connection, won: Won, now: datetime) -> None:
    """An event for each winner of the claim just made."""
    at = to_millis(now)
    if connection.execute("SELECT count(*) FROM candidate").fetchone()[0] == len(won):
        connection.execute(_NOTE_ALL, (at,))
    else:
        connection.executemany(_NOTE, [(key, message_id, at) for key, message_id in won])


def all_messages(batches: Iterable[Batch]) -> list[Message]:
    """The members of several requests, in order."""
    return [message for batch in batches for message in batch.messages]


def is_promised(batch: Batch, terms: Terms, now: datetime) -> bool:
    """Does the gateway's promise still cover a repeat of this request?"""
    return terms.repeat_within is not None and now < batch.claimed_at + terms.repeat_within


def _offer(connection: sqlite3.Connection, messages: Sequence[Message], realm: Realm, now: datetime) -> None:
    """Nobody who was erased is offered: their numbers stand nowhere, only hashes of them."""
    erased = erased_among(connection, (message.to for message in messages))
    messages = [message for message in messages if message.to not in erased] if erased else messages
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
                message.grounds,
            )
            for message in messages
        ],
    )
    connection.execute("DELETE FROM candidate_cap")
    connection.executemany(
        _OFFER_CAP,
        [
            (message.id, own.cap.at_most, to_millis(counted_after(own, now)), own.cap.counts)
            for message in messages
            for own in message.caps
        ],
    )


def _conditions(connection: sqlite3.Connection, terms: Terms, messages: Sequence[Message]) -> str:
    """Only what is asked for: each condition costs a look at the number's earlier messages."""
    asked = [_NOT_CLOSED, _NOBODY_SAID_STOP]
    if connection.execute(_ANY_CONSENT).fetchone()[0]:
        asked.append(_NOBODY_SAID_NO)
    asked += [_under(cap, place) for place, cap in enumerate(terms.caps)]
    if any(message.caps for message in messages):
        asked.append(_UNDER_OWN_CAPS)
    if terms.same_text_within is not None:
        asked.append(_OTHER_TEXT)
    return " AND ".join(asked)


def _under(cap: FrequencyCap, place: int) -> str:
    earlier = f"{_EARLIER} AND earlier.claimed_at > :cap_since_{place}{_COUNTS[cap.counts]}"
    if cap.at_most == 1:
        return f"NOT EXISTS (SELECT 1 {earlier})"
    return f"(SELECT count(*) {earlier}) < :cap_at_most_{place}"


def _cap_values(terms: Terms, now: datetime) -> dict[str, object]:
    values: dict[str, object] = {}
    for place, cap in enumerate(terms.caps):
        values[f"cap_since_{place}"] = to_millis(now - longest(cap))
        values[f"cap_at_most_{place}"] = cap.at_most
    return values


def _values(connection: sqlite3.Connection, terms: Terms, now: datetime) -> dict[str, object]:
    never = timedelta()
    return {
        "realm": terms.realm,
        "campaign_id": terms.campaign_id,
        "topic": terms.topic,
        "gateway_digest": terms.gateway_digest,
        "run": _run_key(connection, terms),
        "now": to_millis(now),
        "purpose": terms.purpose,
        "planned_at": _NEVER if terms.planned_at is None else to_millis(terms.planned_at),
        **_cap_values(terms, now),
        "same_text_since": to_millis(now - (terms.same_text_within or never)),
    }


def _run_key(connection: sqlite3.Connection, terms: Terms) -> int:
    run = (terms.run_id, terms.purpose, terms.topic, terms.gateway, terms.gateway_digest)
    heeded_at = None if terms.heeded_at is None else to_millis(terms.heeded_at)
    connection.execute(
        "INSERT OR IGNORE INTO run (id, purpose, topic, gateway, gateway_digest, heeded_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (*run, heeded_at),
    )
    return int(
        connection.execute(
            "SELECT key FROM run WHERE (id, purpose, topic, gateway, gateway_digest) = (?, ?, ?, ?, ?)", run
        ).fetchone()[0]
    )
