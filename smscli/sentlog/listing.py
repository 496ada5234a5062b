"""Reading the log: facts for the rules, and lists for people."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Facts, LogFilter, LoggedMessage, Recent
from smscli.sentlog import consents
from smscli.sentlog.erasing import erased_among
from smscli.sentlog.instants import from_millis, to_millis

#: One statement for a chunk of numbers. CROSS JOIN keeps the numbers outside: each is one look-up.
_FACTS = """
WITH asked (number) AS (SELECT value FROM json_each(:numbers))
SELECT asked.number, 'prior', m.state, NULL, NULL, NULL, NULL
FROM asked CROSS JOIN message AS m ON m.realm = :realm AND m.campaign_id = :campaign_id
    AND m.number = asked.number AND m.test_id = ''
UNION ALL
SELECT asked.number, 'opted_out', o.topic, NULL, NULL, NULL, NULL
FROM asked CROSS JOIN opt_out AS o ON o.number = asked.number AND (o.until IS NULL OR o.until > :now)
UNION ALL
SELECT asked.number, 'opted_out', h.topic, NULL, NULL, NULL, NULL
FROM asked CROSS JOIN heeded AS h ON h.number = asked.number AND (h.until IS NULL OR h.until > :now)
UNION ALL
SELECT asked.number, 'recent', m.campaign_id, m.claimed_at, run.topic, m.body_digest, run.purpose
FROM asked CROSS JOIN message AS m INDEXED BY by_number ON m.number = asked.number AND m.claimed_at >= :since
JOIN run ON run.key = m.run
WHERE m.realm = :realm AND m.state NOT IN ('rejected', 'released')
"""

_MESSAGES = """
SELECT m.id, m.realm, m.campaign_id, m.number, m.country, m.sender, m.state,
       run.purpose, run.topic, run.gateway, m.segments, m.gateway_segments, m.gateway_ref,
       m.code, m.detail, m.claimed_at, m.at, run.id, run.heeded_at, m.language, m.evidence,
       m.grounds, coalesce(k.body, ''), m.happened_at
FROM message AS m JOIN run ON run.key = m.run LEFT JOIN kept_message AS k ON k.message_key = m.key
WHERE {conditions} ORDER BY m.claimed_at, m.key
"""


def facts(
    connection: sqlite3.Connection,
    realm: Realm,
    campaign_id: str,
    numbers: Sequence[Msisdn],
    since: datetime,
    now: datetime,
) -> dict[Msisdn, Facts]:
    """What is known of these numbers; those nothing is known of are absent."""
    by_text = {number.e164: number for number in numbers}
    prior: dict[str, State] = {}
    opted_out: dict[str, set[str]] = {}
    recent: dict[str, list[Recent]] = {}
    instants: dict[int, datetime] = {}  # a run claims many messages at one
    asked = json.dumps(sorted(by_text))  # neighbours share pages of the indexes
    agreed = consents.facts(connection, asked)
    rows = connection.execute(
        _FACTS,
        {
            "numbers": asked,
            "realm": realm,
            "campaign_id": campaign_id,
            "since": to_millis(since),
            "now": to_millis(now),
        },
    )
    for number, what, word, at, topic, body_digest, purpose in rows:
        if what == "recent":
            moment = instants.get(at) or instants.setdefault(at, from_millis(at))
            recent.setdefault(number, []).append(Recent(moment, word, topic, body_digest, purpose))
        elif what == "opted_out":
            opted_out.setdefault(number, set()).add(word)
        else:
            prior[number] = State(word)
    for erased in erased_among(connection, numbers):
        opted_out.setdefault(erased.e164, set()).add("")
    for several in recent.values():
        several.sort(
            key=_at
        )  # in order already where SQLite walks the index: to be asked for it costs a third
    return {
        by_text[number]: Facts(
            prior.get(number),
            frozenset(opted_out.get(number, ())),
            tuple(recent.get(number, ())),
            agreed.get(number, ()),
        )
        for number in prior.keys() | opted_out.keys() | recent.keys() | agreed.keys()
    }


_at = attrgetter("at")


def messages(connection: sqlite3.Connection, wanted: LogFilter) -> Iterator[LoggedMessage]:
    """Messages in the order of their claims; `since` and `until` (exclusive) speak of the claim."""
    conditions, values = _narrowed(wanted)
    for row in connection.execute(_MESSAGES.format(conditions=" AND ".join(conditions)), values):
        yield _logged(row)


#: The first pair behind another one: a few look-ups in the index of claims, however long the log is.
_NEXT_CAMPAIGN = """
SELECT realm, campaign_id FROM message INDEXED BY claim_key WHERE (realm, campaign_id) > (?, ?)
ORDER BY realm, campaign_id LIMIT 1
"""


def campaigns(connection: sqlite3.Connection) -> list[tuple[Realm, str]]:
    """Every campaign with a message or a run, by id and in each of its realms."""
    found = set(connection.execute("SELECT DISTINCT realm, campaign_id FROM run_record"))
    pair = ("", "")
    while (after := connection.execute(_NEXT_CAMPAIGN, pair).fetchone()) is not None:
        found.add(pair := after)
    return in_order((Realm(realm), campaign_id) for realm, campaign_id in found)


def in_order(pairs: Iterable[tuple[Realm, str]]) -> list[tuple[Realm, str]]:
    """By campaign id, then live, sandbox, test."""
    realms = list(Realm)
    return sorted(pairs, key=lambda pair: (pair[1], realms.index(pair[0])))


def counts(
    connection: sqlite3.Connection, realm: Realm, campaign_id: str | None, run_id: str | None
) -> dict[State, int]:
    """Messages by state. One campaign is one stretch of the index of claims (25,000 messages: 12 ms); all
    campaigns of a log of 500,000, asked one by one, take 0.25 s, and one GROUP BY over all of them 1.2 s."""
    asked: list[tuple[str, str | None]] = [
        ("realm = ?", realm),
        ("campaign_id = ?", campaign_id),
        ("run IN (SELECT key FROM run WHERE id = ?)", run_id),
    ]
    conditions = " AND ".join(condition for condition, value in asked if value is not None)
    values = [value for _, value in asked if value is not None]
    rows = connection.execute(
        f"SELECT state, count(*) FROM message WHERE {conditions} GROUP BY state",  # noqa: S608
        values,
    )
    return {State(state): count for state, count in rows}


def _narrowed(wanted: LogFilter) -> tuple[list[str], list[str | int]]:
    parts: list[tuple[str, str | int | None]] = [
        ("m.campaign_id = ?", wanted.campaign_id),
        ("m.realm = ?", wanted.realm),
        ("m.number = ?", wanted.number),
        ("m.claimed_at >= ?", None if wanted.since is None else to_millis(wanted.since)),
        ("m.claimed_at < ?", None if wanted.until is None else to_millis(wanted.until)),
    ]
    conditions = [condition for condition, value in parts if value is not None]
    values = [value for _, value in parts if value is not None]
    if wanted.states:
        # Spelled out, so that SQLite sees when the small index of messages in flight will do.
        names = ", ".join(f"'{state}'" for state in sorted(wanted.states))
        conditions.append(f"m.state IN ({names})")
        if wanted.states <= {State.SUBMITTING, State.IN_DOUBT}:
            conditions.append("m.state IN ('submitting', 'in_doubt')")
    return conditions or ["true"], values


def _logged(row: tuple[Any, ...]) -> LoggedMessage:
    message_id, realm, campaign_id, number, country, sender, state, purpose, topic, gateway, *rest = row
    segments, gateway_segments, gateway_ref, code, detail, claimed_at, at, run_id, heeded_at, *more = rest
    language, evidence, grounds, body, happened_at = more
    return LoggedMessage(
        message_id,
        Realm(realm),
        campaign_id,
        Msisdn(number, country),
        sender,
        State(state),
        purpose,
        topic,
        gateway,
        segments,
        gateway_segments,
        gateway_ref,
        code,
        detail,
        from_millis(claimed_at),
        from_millis(at),
        run_id,
        language,
        evidence,
        grounds,
        None if heeded_at is None else from_millis(heeded_at),
        body,
        None if happened_at is None else from_millis(happened_at),
    )
