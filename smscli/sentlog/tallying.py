"""Counting a plan where it lies: sums in SQL, characters and names in Python."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from smscli.domain.decision import HoldReason, SkipReason
from smscli.domain.ports import CountryTally, Offender, PlanTally
from smscli.domain.segments import Encoding
from smscli.sentlog.instants import from_micros

#: One pass over the plan; a few hundred rows come out, whatever goes in.
_TO_SEND = """
SELECT country, language, encoding, segments, count(*), min(deadline_us)
FROM planned WHERE kind = 'send' AND place <= ? GROUP BY 1, 2, 3, 4
"""

_LEFT_OUT = """
SELECT kind, reason, count(*), min(until_us) FROM planned WHERE kind <> 'send' GROUP BY 1, 2
"""

_OFFENDERS = """
SELECT offenders, count(*), sum(segments), sum(segments - plain)
FROM planned WHERE kind = 'send' AND place <= ? AND offenders <> '' GROUP BY 1
"""


def tally(connection: sqlite3.Connection, last_place: int) -> PlanTally:
    """Count the plan; of the sendable rows, those up to `last_place`."""
    to_send = segments = 0
    by_encoding: Counter[Encoding] = Counter()
    segments_by_encoding: Counter[Encoding] = Counter()
    by_language: Counter[str] = Counter()
    by_segments: Counter[int] = Counter()
    countries: dict[str, tuple[int, int]] = {}
    deadlines: list[int] = []
    for country, language, encoding, each, messages, deadline in connection.execute(_TO_SEND, (last_place,)):
        to_send += messages
        segments += messages * each
        by_encoding[Encoding(encoding)] += messages
        segments_by_encoding[Encoding(encoding)] += messages * each
        by_language[language] += messages
        by_segments[each] += messages
        before = countries.get(country, (0, 0))
        countries[country] = (before[0] + messages, before[1] + messages * each)
        deadlines.append(deadline)
    skipped, held, held_until = _left_out(connection)
    return PlanTally(
        contacts=int(connection.execute("SELECT count(*) FROM planned").fetchone()[0]),
        to_send=to_send,
        skipped=skipped,
        held=held,
        held_until=held_until,
        segments=segments,
        by_encoding=dict(by_encoding.most_common()),
        by_country=_most_first(CountryTally(country, *sums) for country, sums in countries.items()),
        by_language=dict(by_language.most_common()),
        by_segments=dict(sorted(by_segments.items())),
        offenders=_offenders(connection, last_place),
        first_deadline=from_micros(min(deadlines)) if deadlines else None,
        segments_by_encoding=dict(segments_by_encoding.most_common()),
    )


def _left_out(
    connection: sqlite3.Connection,
) -> tuple[dict[SkipReason, int], dict[HoldReason, int], dict[HoldReason, datetime]]:
    skipped: dict[SkipReason, int] = {}
    held: dict[HoldReason, int] = {}
    held_until: dict[HoldReason, datetime] = {}
    for kind, reason, count, until in connection.execute(_LEFT_OUT):
        if kind == "skip":
            skipped[SkipReason(reason)] = count
        else:
            held[HoldReason(reason)] = count
            held_until[HoldReason(reason)] = from_micros(until)
    return skipped, held, held_until


def _most_first(countries: Iterable[CountryTally]) -> tuple[CountryTally, ...]:
    return tuple(sorted(countries, key=lambda tallied: (-tallied.messages, tallied.country)))


def _offenders(connection: sqlite3.Connection, last_place: int) -> tuple[Offender, ...]:
    """What each character costs; a message with two of them counts under both."""
    messages: Counter[str] = Counter()
    segments: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    for characters, count, together, more in connection.execute(_OFFENDERS, (last_place,)):
        for character in characters:
            messages[character] += count
            segments[character] += together
            extra[character] += more
    found = (Offender(each, count, segments[each], extra[each]) for each, count in messages.items())
    return tuple(sorted(found, key=lambda offender: (-offender.messages, offender.character)))
