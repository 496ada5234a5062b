"""The opt-out list: what holds now, every change for ever, and what other lists say besides."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime

from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut
from smscli.sentlog.instants import from_millis, to_millis

_NOTE_CHANGE = """
INSERT INTO opt_out_event (number, topic, what, at, source, by, note) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


#: From the list to the messages, by their index: the list is short, the log is not.
_LATE = """
SELECT count(DISTINCT message.number)
FROM opt_out CROSS JOIN message ON message.number = opt_out.number AND message.claimed_at < opt_out.at
JOIN run ON run.key = message.run
WHERE run.id = ? AND message.state <> 'rejected' AND opt_out.topic IN ('', run.topic)
"""


def late(connection: sqlite3.Connection, run_id: str) -> int:
    """People who opted out after a message of that run was claimed for them, and who may have got it."""
    return int(connection.execute(_LATE, (run_id,)).fetchone()[0])


def add(connection: sqlite3.Connection, wishes: Iterable[OptOut]) -> int:
    """Put wishes on the list; how many were not on it. The first word stays: its date is the evidence."""
    new = 0
    for wish in wishes:
        number, topic, at = wish.number.e164, wish.topic, to_millis(wish.at)
        added = connection.execute(
            "INSERT OR IGNORE INTO opt_out (number, topic, country, at, source, by, note)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, topic, wish.number.country, at, wish.source, wish.by, wish.note),
        )
        if added.rowcount:
            connection.execute(_NOTE_CHANGE, (number, topic, "added", at, wish.source, wish.by, wish.note))
            new += 1
    return new


def lift(
    connection: sqlite3.Connection, number: Msisdn, topic: str, by: str, reason: str, now: datetime
) -> bool:
    """Take one wish off the list, and say for ever who did and why."""
    gone = connection.execute("DELETE FROM opt_out WHERE number = ? AND topic = ?", (number.e164, topic))
    if not gone.rowcount:
        return False
    connection.execute(_NOTE_CHANGE, (number.e164, topic, "lifted", to_millis(now), "hand", by, reason))
    return True


def start(
    connection: sqlite3.Connection, number: Msisdn, topic: str, sender: str, at: datetime, words: str
) -> list[str]:
    """The person's own START: the topics that it lifts."""
    raise NotImplementedError


def heed(connection: sqlite3.Connection, wishes: Iterable[OptOut]) -> int:
    """Obey other lists' wishes while this connection is open; how many are new."""
    return connection.executemany(
        "INSERT OR IGNORE INTO heeded VALUES (?, ?)", ((wish.number.e164, wish.topic) for wish in wishes)
    ).rowcount


def listed(connection: sqlite3.Connection) -> Iterator[OptOut]:
    """Everybody on the list, by number and topic."""
    rows = connection.execute(
        "SELECT number, country, topic, at, source, by, note FROM opt_out ORDER BY number, topic"
    )
    for number, country, topic, at, source, by, note in rows:
        yield OptOut(Msisdn(number, country), topic, from_millis(at), source, by, note)


def by_source(connection: sqlite3.Connection, since: datetime | None) -> dict[str, int]:
    """Wishes on the list said then or later (None: ever), by where they came from."""
    rows = connection.execute(
        "SELECT source, count(*) FROM opt_out WHERE at >= ? GROUP BY source ORDER BY source",
        (0 if since is None else to_millis(since),),
    )
    return dict(rows.fetchall())
