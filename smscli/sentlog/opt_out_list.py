"""The opt-out list: what holds now, every word for ever, and what other lists say besides.

`opt_out_event` keeps the words; `opt_out` is what they come to (`wishes.py`), one row for each topic, so that
a claim need not weigh them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut
from smscli.sentlog.erasing import bring_back
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.schema import schema_number
from smscli.sentlog.wishes import (
    Change,
    History,
    Said,
    as_said,
    decision_word,
    holds,
    is_lifted,
    is_more,
    operator_word,
    start_word,
)

_HISTORY = """
SELECT id, topic, what, at, source, by, note, until, sender, words FROM opt_out_event
WHERE number = ? ORDER BY id
"""
_NOTE = """
INSERT INTO opt_out_event (number, topic, what, at, source, by, note, until, sender, words)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_PUT = """
INSERT OR REPLACE INTO opt_out (number, country, topic, at, source, by, note, until, sender, words)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_REMOVE = "DELETE FROM opt_out WHERE number = ? AND topic = ?"

#: Of the same wish in two lists the longer one.
_HEED = """
INSERT INTO heeded AS h (number, topic, until) VALUES (?, ?, ?) ON CONFLICT (number, topic)
DO UPDATE SET until = excluded.until
WHERE h.until IS NOT NULL AND (excluded.until IS NULL OR excluded.until > h.until)
"""

#: From the list to the messages, by their index: the list is short, the log is not.
_LATE = """
SELECT count(DISTINCT message.number)
FROM opt_out CROSS JOIN message ON message.number = opt_out.number AND message.claimed_at < opt_out.at
JOIN run ON run.key = message.run
WHERE run.id = ? AND message.state <> 'rejected' AND opt_out.topic IN ('', run.topic)
"""

#: The first schema whose opt-outs may end and know their sender.
_WITH_ENDS = 3


def late(connection: sqlite3.Connection, run_id: str) -> int:
    """People who opted out after a message of that run was claimed for them, and who may have got it."""
    return int(connection.execute(_LATE, (run_id,)).fetchone()[0])


def add(connection: sqlite3.Connection, wishes: Iterable[OptOut]) -> int:
    """Put wishes on the list; how many are new or hold longer now. See SentLog.opt_out.

    By number: a long list in no order costs three times as much, page by page of the indexes.
    """
    new = 0
    for _, several in groupby(sorted(wishes, key=_e164), key=_e164):
        first, *others = several
        history = _history(connection, first.number)
        new += sum(_add(connection, wish, history) for wish in (first, *others))
    return new


_e164 = attrgetter("number.e164")


def _add(connection: sqlite3.Connection, wish: OptOut, history: History) -> bool:
    word = as_said(wish, history.next_place)
    if history.is_known(word):
        return False
    ((before, after),) = _hear(connection, wish.number, history, word)
    return is_more(after, before)


def lift(
    connection: sqlite3.Connection, number: Msisdn, topic: str, by: str, reason: str, now: datetime
) -> bool:
    """Take one wish off the list, and say for ever who did and why; False where none holds.

    About everything, it brings somebody who was erased back.
    """
    history = _history(connection, number)
    is_back = not topic and bring_back(connection, number)
    if not (is_back or holds(history.standing(topic), to_millis(now))):
        return False
    _hear(connection, number, history, operator_word(history.next_place, topic, by, reason, now))
    return True


def start(
    connection: sqlite3.Connection, number: Msisdn, topic: str, sender: str, at: datetime, words: str
) -> tuple[str, ...]:
    """The person's own START: the topics that it lifts. It is remembered, whatever is still to be heard."""
    history = _history(connection, number)
    word = start_word(history.next_place, topic, sender, at, words)
    if history.is_known(word):
        return ()
    changes = _hear(connection, number, history, word)
    return tuple(before.topic for before, after in changes if before and is_lifted(before, after, word))


def decided(connection: sqlite3.Connection, number: Msisdn, what: str, by: str, now: datetime) -> None:
    """None of the number's replies waits for a person any more."""
    history = _history(connection, number)
    _hear(connection, number, history, decision_word(history.next_place, what, by, now))


def _history(connection: sqlite3.Connection, number: Msisdn) -> History:
    return History(map(Said._make, connection.execute(_HISTORY, (number.e164,))))


def _hear(connection: sqlite3.Connection, number: Msisdn, history: History, word: Said) -> list[Change]:
    """Keep a word, and make the list say what all of them come to: what held before, and what holds now."""
    connection.execute(_NOTE, (number.e164, *word[1:]))
    changes = history.hear(word)
    for before, after in changes:
        if after is not None and after != before:
            connection.execute(_PUT, (number.e164, number.country, after.topic, *after[3:]))
        elif after is None and before is not None:
            connection.execute(_REMOVE, (number.e164, before.topic))
    return changes


def heed(connection: sqlite3.Connection, wishes: Iterable[OptOut]) -> int:
    """Obey other lists' wishes while this connection is open; how many are new, or hold longer."""
    return connection.executemany(
        _HEED,
        (
            (wish.number.e164, wish.topic, None if wish.until is None else to_millis(wish.until))
            for wish in wishes
        ),
    ).rowcount


def listed(connection: sqlite3.Connection) -> Iterator[OptOut]:
    """Everybody on the list, by number and topic, those whose wish has ended among them."""
    more = "until, sender, words" if schema_number(connection) >= _WITH_ENDS else "NULL, '', ''"
    rows = connection.execute(
        f"SELECT number, country, topic, at, source, by, note, {more} FROM opt_out ORDER BY number, topic"  # noqa: S608
    )
    for number, country, topic, at, source, by, note, until, *said in rows:
        ends = None if until is None else from_millis(until)
        yield OptOut(Msisdn(number, country), topic, from_millis(at), source, by, note, ends, *said)


def by_source(
    connection: sqlite3.Connection, since: datetime | None, now: datetime | None = None
) -> dict[str, int]:
    """Wishes said then or later (None: ever) that hold `now` (None: the ended ones too), by their source."""
    rows = connection.execute(
        "SELECT source, count(*) FROM opt_out WHERE at >= ? AND (until IS NULL OR until > ?)"
        " GROUP BY source ORDER BY source",
        (
            _BEGINNING if since is None else to_millis(since),
            _BEGINNING if now is None else to_millis(now),
        ),
    )
    return dict(rows.fetchall())


_BEGINNING = -(2**62)
