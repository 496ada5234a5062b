"""Replies as they came, and the pile of those that a person has to read.

Whoever is on the pile is on the opt-out list as well, until somebody has decided.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import REVIEW, OptOut
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass
from smscli.sentlog import opt_out_list
from smscli.sentlog.instants import from_millis, to_millis

_FILE = """
INSERT OR IGNORE INTO reply (number, country, sender, at, text, ref, source, kind, matched, topic, language,
                             recorded_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LISTED = """
SELECT key, number, country, sender, at, text, ref, source, kind, matched, topic, language,
       decided, decided_by, decided_at
FROM reply WHERE {conditions} ORDER BY at, key
"""

#: The small index's own condition, word for word.
_WAITS = "kind = 'review' AND decided IS NULL"


def file(
    connection: sqlite3.Connection, replies: Sequence[tuple[Reply, Classified]], now: datetime
) -> Sequence[bool]:
    """Keep replies, and put those for review on the opt-out list; which are new."""
    new = tuple(_keep(connection, reply, classified, now) for reply, classified in replies)
    opt_out_list.add(
        connection,
        (
            for_review(reply)
            for is_new, (reply, classified) in zip(new, replies, strict=True)
            if is_new and classified.kind is ReplyClass.REVIEW
        ),
    )
    return new


def _keep(connection: sqlite3.Connection, reply: Reply, classified: Classified, now: datetime) -> bool:
    number = reply.number
    told = (reply.to, to_millis(reply.at), reply.text, reply.ref, reply.source)
    meant = (classified.kind, classified.matched, classified.topic, classified.language)
    added = connection.execute(_FILE, (number.e164, number.country, *told, *meant, to_millis(now)))
    return bool(added.rowcount)


def for_review(reply: Reply) -> OptOut:
    """What a reply counts as until a person has read it: an opt-out of everything."""
    return OptOut(reply.number, "", reply.at, REVIEW, sender=reply.to, words=reply.text)


def listed(connection: sqlite3.Connection, pending: bool, number: Msisdn | None) -> Iterator[FiledReply]:
    """Replies in the order of their times."""
    conditions = [_WAITS] if pending else ["true"]
    values = () if number is None else (number.e164,)
    if number is not None:
        conditions.append("number = ?")
    statement = _LISTED.format(conditions=" AND ".join(conditions))
    yield from map(_filed, connection.execute(statement, values))


def _filed(row: tuple[Any, ...]) -> FiledReply:
    key, number, country, to, at, text, ref, source, kind, matched, topic, language, *decision = row
    decided, by, decided_at = decision
    return FiledReply(
        key,
        Reply(Msisdn(number, country), to, from_millis(at), text, ref, source),
        Classified(ReplyClass(kind), matched, topic, language),
        None if decided is None else ReplyClass(decided),
        by,
        None if decided_at is None else from_millis(decided_at),
    )


def decide(connection: sqlite3.Connection, key: int, kind: ReplyClass, by: str, now: datetime) -> bool:
    """Record a person's word; False where the reply does not wait (any more)."""
    check_decision(kind)
    found = connection.execute(
        f"UPDATE reply SET decided = ?, decided_by = ?, decided_at = ? WHERE key = ? AND {_WAITS}"  # noqa: S608
        " RETURNING number, country",
        (kind, by, to_millis(now), key),
    ).fetchone()
    if found is None:
        return False
    number = Msisdn(*found)
    if next(listed(connection, True, number), None) is None:
        opt_out_list.decided(connection, number, f"decided: {kind}", by, now)
    return True


def check_decision(kind: ReplyClass) -> None:
    """Raises ValueError for a decision that decides nothing."""
    if kind is ReplyClass.REVIEW:
        raise ValueError("a reply for review is decided by another class, not by review")
