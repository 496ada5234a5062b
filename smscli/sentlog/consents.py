"""Consent records: only ever added.

Keeps what was said and by whom; which of several counts is `domain/consent.py`'s to say.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from smscli.domain.consent import ConsentFact, ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod
from smscli.domain.msisdn import Msisdn
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.opening import find_log, open_as_it_is
from smscli.sentlog.schema import schema_number
from smscli.sentlog.trouble import translated

#: The first schema that has them.
_WITH_CONSENTS = 3

#: The index of what makes a record new is the index by number, too.
_ADD = """
INSERT OR IGNORE INTO consent (number, country, level, at, how, purpose, topics, as_written, place, words,
                               language, expires_at, proof, raw, at_most, per, source, by, recorded_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LISTED = """
SELECT key, number, country, level, at, how, purpose, topics, as_written, place, words,
       language, expires_at, proof, raw, at_most, per, source, by, recorded_at
FROM consent {condition} ORDER BY number, at, key
"""

#: One look-up for each number, whose records the index has in the order of their times.
_FACTS = """
SELECT r.number, r.key, r.level, r.at, r.purpose, r.topics, r.how, r.expires_at, r.at_most, r.per
FROM json_each(?) AS asked CROSS JOIN consent AS r ON r.number = asked.value
"""


def add(connection: sqlite3.Connection, records: Iterable[ConsentRecord], now: datetime) -> int:
    """Add records; how many are new. One that says the very same is not."""
    recorded_at = to_millis(now)
    return connection.executemany(_ADD, (_columns(record, recorded_at) for record in records)).rowcount


def listed(connection: sqlite3.Connection, number: Msisdn | None) -> Iterator[ConsentRecord]:
    """Records of one number, or of all, by number and time."""
    condition, values = ("", ()) if number is None else ("WHERE number = ?", (number.e164,))
    for row in connection.execute(_LISTED.format(condition=condition), values):
        yield _record(row)


def facts(connection: sqlite3.Connection, numbers: str) -> dict[str, tuple[ConsentFact, ...]]:
    """What the rules need of the records of these numbers (a JSON array), by number, the earliest first."""
    if not connection.execute("SELECT EXISTS (SELECT 1 FROM consent)").fetchone()[0]:
        return {}
    found: dict[str, list[ConsentFact]] = {}
    for number, key, level, at, purpose, topics, how, expires_at, at_most, per in connection.execute(
        _FACTS, (numbers,)
    ):
        about = (purpose, _topics(topics), _METHODS[how], _instant(expires_at), _promise(at_most, per))
        found.setdefault(number, []).append(ConsentFact(key, _LEVELS[level], from_millis(at), *about))
    return {number: tuple(sorted(several, key=_by_time)) for number, several in found.items()}


_by_time = attrgetter("at", "key")


#: To look up is a fifth of what it costs to call an enumeration.
_LEVELS = {int(level): level for level in ConsentLevel}
_METHODS = {str(how): how for how in ConsentMethod}


def _columns(record: ConsentRecord, recorded_at: int) -> tuple[object, ...]:
    promise = record.promise
    return (
        record.number.e164,
        record.number.country,
        int(record.level),
        to_millis(record.at),
        record.how,
        record.purpose,
        topics_as_text(record.topics),
        record.as_written,
        record.where,
        record.words,
        record.language,
        None if record.expires_at is None else to_millis(record.expires_at),
        record.proof,
        record.raw,
        None if promise is None else promise.at_most,
        "" if promise is None else _per_as_text(promise.per),
        record.source,
        record.by,
        recorded_at,
    )


def _record(row: tuple[Any, ...]) -> ConsentRecord:
    key, number, country, level, at, how, purpose, topics, as_written, where, words, *rest = row
    language, expires_at, proof, raw, at_most, per, source, by, recorded_at = rest
    return ConsentRecord(
        Msisdn(number, country),
        _LEVELS[level],
        from_millis(at),
        _METHODS[how],
        purpose,
        _topics(topics),
        as_written,
        where,
        words,
        language,
        _instant(expires_at),
        proof,
        raw,
        _promise(at_most, per),
        source,
        by,
        from_millis(recorded_at),
        key,
    )


class ConsentReader:
    """The consent records of a log that is only read; one of an older schema is left as it is.

    Raises SentLogError and its kinds.
    """

    def __init__(self, path: Path) -> None:
        file = find_log(path, create=False)
        self._path = file.path
        self._connection = open_as_it_is(file)
        self._has_table = schema_number(self._connection) >= _WITH_CONSENTS

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def facts(self, numbers: Sequence[Msisdn]) -> Mapping[Msisdn, tuple[ConsentFact, ...]]:
        """What the rules need of the records of these numbers; those without any are absent."""
        if not self._has_table:
            return {}
        by_text = {number.e164: number for number in numbers}
        with translated(self._path):
            found = facts(self._connection, json.dumps(sorted(by_text)))
        return {by_text[text]: several for text, several in found.items()}


def topics_as_text(topics: Iterable[str]) -> str:
    """Topics as a JSON array in one order: the same topics are the same record."""
    return json.dumps(sorted(set(topics)), ensure_ascii=False)


@lru_cache(maxsize=4_096)  # a brand has a few topics, and tells everybody the same
def _topics(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _per_as_text(per: timedelta | CalendarPeriod) -> str:
    return f"{per.total_seconds()!r}" if isinstance(per, timedelta) else per.value


@lru_cache(maxsize=4_096)
def _promise(at_most: int | None, per: str) -> Promise | None:
    if at_most is None:
        return None
    periods = {period.value: period for period in CalendarPeriod}
    return Promise(at_most, periods[per] if per in periods else timedelta(seconds=float(per)))


def _instant(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)
