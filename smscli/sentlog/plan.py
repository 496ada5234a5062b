"""The plan of one run, in SQLite's own temporary database.

That file is unlinked the moment SQLite opens it (in SQLITE_TMPDIR, if set), so that nothing of the plan
survives the process, however it ends; and most of a large plan is there and not in memory. No journal and
no fsync: a plan that cannot be finished is thrown away.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter

from smscli.domain.decision import Decision, Hold, HoldReason, Send, Skip, SkipReason
from smscli.domain.errors import Place, Problem, SentLogError
from smscli.domain.message import Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Duplicate, Leaving, PlannedRow, PlanTally, SendOrder
from smscli.domain.profile import BatchMode
from smscli.domain.segments import segments_without
from smscli.sentlog import tallying
from smscli.sentlog.instants import from_micros, to_micros
from smscli.sentlog.stored import caps_as_text, message_of

#: `place` is the order of the list. The body stands last: a tally reads past it, never into it.
_SCHEMA = """
CREATE TABLE planned (
    place INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    list INTEGER NOT NULL,
    row INTEGER NOT NULL,
    line INTEGER NOT NULL,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    until_us INTEGER,
    id TEXT,
    campaign_id TEXT,
    sender TEXT,
    encoding TEXT,
    units INTEGER,
    segments INTEGER,
    plain INTEGER,
    offenders TEXT,
    deadline_us INTEGER,
    language TEXT,
    evidence TEXT,
    grounds TEXT,
    caps TEXT,
    body TEXT
)
"""

#: Rows of the list that are no contacts, for those who want every row: what is wrong with them, as JSON.
_BAD_ROWS = """
CREATE TABLE bad_row (
    row INTEGER PRIMARY KEY, list INTEGER NOT NULL, line INTEGER NOT NULL, problems TEXT NOT NULL
)
"""

#: The numbers of all rows so far, digits as integers: of a million, 10 MB that stay in the cache. An index of
#: the table itself would be twice as large, and is made when somebody asks for it.
_SEEN = "CREATE TABLE seen (number INTEGER PRIMARY KEY)"

#: Numbers not to text, and the list that says so.
_EXCLUDED = "CREATE TABLE excluded (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"

_ADD = (
    "INSERT INTO planned VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)

_MESSAGE = """
SELECT id, campaign_id, number, country, sender, body, encoding, units, segments, offenders,
       deadline_us, language, evidence, grounds, caps
FROM planned
"""

_DECIDED = _MESSAGE.replace("SELECT", "SELECT place, kind, list, row, line, reason, detail, until_us,", 1)

_NOTHING_TO_SEND = (None,) * 14

#: SQLite counts no further.
_MOST_ROWS = 2**63 - 1

#: 16 MB (in KiB) of cache are all that a plan of any size needs of memory; rows go in a fifth faster on
#: large pages.
_SETTINGS = (
    "page_size = 16384",
    "cache_size = -16000",
    "journal_mode = OFF",
    "synchronous = OFF",
    "temp_store = FILE",
)

#: A sort takes as much memory as the cache: once the plan is made, they share what the cache had (KiB).
_SORTING = "cache_size = -6000"

_NO_LIMIT = 2**63 - 1

#: What the messages of one request share, where they share anything: those that do come together.
_SHARED: Mapping[BatchMode, tuple[str, ...]] = {
    BatchMode.ONE: (),
    BatchMode.LIST: (),
    BatchMode.MERGE: ("sender",),
    BatchMode.FANOUT: ("sender", "body"),
}

#: Whose turn each row is part of, where every sender has its own pace.
_TURNS = """
SELECT place AS turning,
       (sum({units}) OVER (PARTITION BY sender ORDER BY {alone} ROWS UNBOUNDED PRECEDING) - {units})
       / :turn AS turn
FROM planned WHERE kind = 'send' AND place <= :last
"""

_REASONS: Mapping[str, type[SkipReason] | type[HoldReason]] = {"skip": SkipReason, "hold": HoldReason}


class Fate(StrEnum):
    """What the plan has in mind with one row of the list."""

    SEND = "send"
    LATER = "later"  # could be sent, but lies beyond the limit of this run
    SKIP = "skip"
    HOLD = "hold"
    PROBLEM = "problem"  # no contact: a bad row


@dataclass(frozen=True, slots=True)
class DecidedRow:
    """One row of the list and what was decided: a bad row has problems and nothing else.

    `until` is set for held rows, `message` for those to send, now or later.
    """

    row: int
    line: int
    fate: Fate
    number: Msisdn | None = None
    reason: SkipReason | HoldReason | None = None
    detail: str = ""
    until: datetime | None = None
    message: Message | None = None
    of_list: int = 0
    problems: tuple[Problem, ...] = ()


class SqlitePlan:
    """The Plan Protocol. Grows on disk; its memory is SQLite's cache of 16 MB, whatever the list."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for setting in _SETTINGS:
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute(_SCHEMA)
        self._connection.execute(_BAD_ROWS)
        self._connection.execute(_EXCLUDED)
        self._connection.execute(_SEEN)
        self._last_place = _NO_LIMIT  # of the list's sendable rows, those behind are left out

    def close(self) -> None:
        """Give the disk space back."""
        self._connection.close()

    def seen(self, numbers: Sequence[Msisdn]) -> frozenset[Msisdn]:
        """Which of these numbers the plan already has a row for."""
        by_digits = {int(number.digits): number for number in numbers}
        with _room_needed():
            rows = self._connection.execute(
                "SELECT number FROM json_each(?) CROSS JOIN seen ON number = value",
                (json.dumps(sorted(by_digits)),),
            )
            return frozenset(by_digits[number] for (number,) in rows)

    def exclude(self, name: str, numbers: Iterable[Msisdn]) -> int:
        """Numbers not to text, by the name of the list that has them; how many are new."""
        with _room_needed():
            self._connection.execute("BEGIN")
            added = self._connection.executemany(
                "INSERT OR IGNORE INTO excluded VALUES (?, ?)", ((int(each.digits), name) for each in numbers)
            )
            self._connection.execute("COMMIT")
            return added.rowcount

    def excluded(self, numbers: Sequence[Msisdn]) -> Mapping[Msisdn, str]:
        """Those of these numbers that are not to be texted, with the name of the list that says so."""
        by_digits = {int(number.digits): number for number in numbers}
        with _room_needed():
            rows = self._connection.execute(
                "SELECT number, name FROM json_each(?) CROSS JOIN excluded ON number = value",
                (json.dumps(sorted(by_digits)),),
            )
            return {by_digits[number]: name for number, name in rows}

    def add(self, decisions: Sequence[Decision]) -> None:
        """Append decisions in list order."""
        with _room_needed():
            self._connection.execute("BEGIN")
            self._connection.executemany(_ADD, map(_columns, decisions))
            digits = sorted(int(decision.contact.number.digits) for decision in decisions)
            self._connection.executemany(
                "INSERT OR IGNORE INTO seen VALUES (?)", ((number,) for number in digits)
            )
            self._connection.execute("COMMIT")

    def add_bad_row(self, row: int, line: int, problems: Sequence[Problem], of_list: int = 0) -> None:
        """Remember a row that is no contact. It is part of `decided_rows` and counts nowhere else."""
        parts = json.dumps([_parts(each) for each in problems])
        with _room_needed():
            self._connection.execute("INSERT INTO bad_row VALUES (?, ?, ?, ?)", (row, of_list, line, parts))

    def withdraw(self, wishes: Mapping[Msisdn, str]) -> None:
        """Whatever was planned for these numbers is skipped: opted out, with where it is said."""
        if not wishes:
            return
        with _room_needed():
            self._by_number()
            self._connection.executemany(
                "UPDATE planned SET kind = 'skip', reason = ?, detail = ?, until_us = NULL, body = NULL"
                " WHERE number = ? AND kind <> 'skip'",
                ((SkipReason.OPTED_OUT, detail, number.e164) for number, detail in wishes.items()),
            )

    def duplicates(self) -> Iterator[Duplicate]:
        """Rows whose number an earlier row has, in list order."""
        with _room_needed():
            self._by_number()
            for number, country, *places in self._connection.execute(
                "SELECT later.number, later.country, later.list, later.row, later.line,"
                " first.list, first.row, first.line FROM planned AS later JOIN planned AS first"
                " ON first.place = (SELECT min(place) FROM planned WHERE number = later.number)"
                " WHERE first.place < later.place ORDER BY later.place"
            ):
                yield Duplicate(Msisdn(number, country), *places)

    def limit(self, rows: int) -> int:
        """Keep only the first `rows` sendable rows of the list to send; how many are left out."""
        with _room_needed():
            before = self._to_send()
            last = self._connection.execute(
                "SELECT max(place) FROM (SELECT place FROM planned WHERE kind = 'send' AND place <= ?"
                " ORDER BY place LIMIT ?)",
                (self._last_place, min(max(rows, 0), _MOST_ROWS)),
            ).fetchone()[0]
            self._last_place = last or 0
            return before - self._to_send()

    def _to_send(self) -> int:
        found = self._connection.execute(
            "SELECT count(*) FROM planned WHERE kind = 'send' AND place <= ?", (self._last_place,)
        )
        return int(found.fetchone()[0])

    def tally(self) -> PlanTally:
        """What the plan comes to."""
        with _room_needed():
            self._connection.execute(f"PRAGMA {_SORTING}")
            return tallying.tally(self._connection, self._last_place)

    def digest(self) -> str:
        """Of every number, sender and body to send, in the order of the numbers."""
        found = blake2b(digest_size=16)
        with _room_needed():
            # The plus keeps the index on numbers out of it: a row's look-up each costs twice the sort.
            for number, sender, body in self._connection.execute(
                "SELECT number, sender, body FROM planned WHERE kind = 'send' AND place <= ?"
                " ORDER BY +number, sender, body",
                (self._last_place,),
            ):
                # With their lengths no two plans run together into the same bytes.
                found.update(f"{len(number)} {len(sender)} {len(body)} {number}{sender}{body}".encode())
        return found.hexdigest()

    def messages(self, order: SendOrder) -> Iterator[Message]:
        """What to send, by deadline, then by what a request has one of (sender, text), then by number.

        Where senders take turns, by turn and sender first: each sender's messages are in that order.
        """
        with _room_needed():
            yield from map(message_of, self._in_order(_MESSAGE, order))

    def leaving(self, order: SendOrder) -> Iterator[Leaving]:
        """When their windows close, their segments and what they share, in the order of `messages`.

        Rows that differ in nothing of it come as one, but where the order of single rows matters.
        """
        text = "body" if order.mode is BatchMode.FANOUT else "''"
        select = f"SELECT deadline_us, segments, sender, {text}"
        with _room_needed():
            rows: Iterable[tuple[int, int, str, str, int]]
            if order.turn or (order.by_segments and order.mode is not BatchMode.FANOUT):
                in_order = groupby(self._in_order(f"{select} FROM planned", order))
                rows = ((*row, sum(1 for _ in alike)) for row, alike in in_order)
            else:
                alike = ", ".join(("deadline_us", *_SHARED[order.mode]))
                rows = self._connection.execute(
                    f"{select}, count(*) FROM planned WHERE kind = 'send' AND place <= ?"
                    f" GROUP BY {alike} ORDER BY {alike}",
                    (self._last_place,),
                )
            instants: dict[int, datetime] = {}  # a plan has a few deadlines
            for deadline, segments, sender, text, many in rows:
                if deadline not in instants:
                    instants[deadline] = from_micros(deadline)
                yield Leaving(instants[deadline], segments, sender, text, many)

    def _in_order(self, select: str, order: SendOrder) -> sqlite3.Cursor:
        alone = ", ".join(("deadline_us", *_SHARED[order.mode], "number", "place"))
        if not order.turn:
            return self._connection.execute(
                f"{select} WHERE kind = 'send' AND place <= ? ORDER BY {alone}", (self._last_place,)
            )
        turns = _TURNS.format(units="segments" if order.by_segments else "1", alone=alone)
        return self._connection.execute(
            f"{select} JOIN ({turns}) ON turning = place ORDER BY turn, sender, {alone}",
            {"turn": order.turn, "last": self._last_place},
        )

    def samples(self, most: int) -> Sequence[Message]:
        """A few messages to show: the first of each language, the longest text, then others in list order.

        Where not all fit, the longest takes the last place: it is what nobody may miss.
        """
        values = {"last": self._last_place, "most": most}
        with _room_needed():
            firsts = self._places(
                "SELECT min(place) FROM planned WHERE kind = 'send' AND place <= :last"
                " GROUP BY language ORDER BY 1 LIMIT :most",
                values,
            )
            longest = self._places(
                "SELECT place FROM planned WHERE kind = 'send' AND place <= :last"
                " ORDER BY segments DESC, place NOT IN (SELECT value FROM json_each(:firsts)), place LIMIT 1",
                values | {"firsts": json.dumps(firsts)},
            )
            if not set(longest) <= set(firsts):
                firsts[max(most - 1, 0) :] = longest
            others = self._places(
                "SELECT place FROM planned WHERE kind = 'send' AND place <= :last ORDER BY place LIMIT :most",
                values,
            )
            chosen = list(dict.fromkeys(firsts + others))[:most]
            return tuple(
                message_of(self._connection.execute(f"{_MESSAGE} WHERE place = ?", (place,)).fetchone())
                for place in chosen
            )

    def first_to_send(self) -> tuple[int, Message] | None:
        """The line of the first sendable contact of the list, and the message planned for it."""
        columns = _MESSAGE.replace("SELECT", "SELECT line,", 1)
        with _room_needed():
            row = self._connection.execute(
                f"{columns} WHERE kind = 'send' AND place <= ? ORDER BY place LIMIT 1", (self._last_place,)
            ).fetchone()
        return None if row is None else (row[0], message_of(row[1:]))

    def _places(self, statement: str, values: Mapping[str, int | str]) -> list[int]:
        return [place for (place,) in self._connection.execute(statement, values)]

    def left_out(self) -> Iterator[PlannedRow]:
        """Skipped and held rows in list order."""
        with _room_needed():
            rows = self._connection.execute(
                "SELECT list, row, line, number, country, kind, reason, detail, until_us FROM planned"
                " WHERE kind <> 'send' ORDER BY place"
            )
            for of_list, row, line, number, country, kind, reason, detail, until in rows:
                why = _REASONS[kind](reason)
                yield PlannedRow(row, line, Msisdn(number, country), why, detail, _instant(until), of_list)

    def decided_rows(self) -> Iterator[DecidedRow]:
        """Every row of the list in its order, streamed; bad rows too, if they were added."""
        contacts = self._decided(f"{_DECIDED} ORDER BY place", ())
        yield from heapq.merge(contacts, self._bad_rows(), key=attrgetter("row"))

    def decided_of(self, number: Msisdn) -> tuple[DecidedRow, ...]:
        """What was decided about one number, row by row."""
        with _room_needed():
            self._by_number()
        return tuple(self._decided(f"{_DECIDED} WHERE number = ? ORDER BY place", (number.e164,)))

    def _by_number(self) -> None:
        """Look rows up by number from now on."""
        self._connection.execute("CREATE INDEX IF NOT EXISTS by_number ON planned (number)")

    def _decided(self, statement: str, values: tuple[str, ...]) -> Iterator[DecidedRow]:
        with _room_needed():
            for place, kind, of_list, row, line, reason, detail, until, *message in self._connection.execute(
                statement, values
            ):
                yield DecidedRow(
                    row=row,
                    line=line,
                    fate=Fate.LATER if kind == "send" and place > self._last_place else Fate(kind),
                    number=Msisdn(message[2], message[3]),
                    reason=_REASONS[kind](reason) if reason else None,
                    detail=detail or "",
                    until=_instant(until),
                    message=message_of(message) if kind == "send" else None,
                    of_list=of_list,
                )

    def _bad_rows(self) -> Iterator[DecidedRow]:
        with _room_needed():
            rows = self._connection.execute("SELECT row, list, line, problems FROM bad_row ORDER BY row")
            for row, of_list, line, problems in rows:
                told = tuple(Problem(Place(*each[:4]), *each[4:]) for each in json.loads(problems))
                yield DecidedRow(row, line, Fate.PROBLEM, of_list=of_list, problems=told)


def _parts(problem: Problem) -> tuple[str | int | None, ...]:
    where = problem.where
    said = (problem.code, problem.message, problem.hint, problem.record, problem.value)
    return where.file, where.line, where.column, where.path, *said


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _columns(decision: Decision) -> tuple[object, ...]:
    contact = decision.contact
    number = contact.number
    head = (contact.of_list, contact.row, contact.line, number.e164, number.country)
    match decision:
        case Send(message=message):
            segments = message.segments
            return (
                "send",
                *head,
                None,
                None,
                None,
                message.id,
                message.campaign_id,
                message.sender,
                segments.encoding,
                segments.units,
                segments.count,
                segments_without(message.body, segments),
                "".join(segments.offenders),
                to_micros(message.deadline),
                message.language,
                message.evidence,
                message.grounds,
                caps_as_text(message.caps),
                message.body,
            )
        case Skip(reason=skip, detail=detail):
            return ("skip", *head, skip, detail, None, *_NOTHING_TO_SEND)
        case Hold(reason=hold, until=until, detail=detail):
            return ("hold", *head, hold, detail, to_micros(until), *_NOTHING_TO_SEND)


@contextmanager
def _room_needed() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise SentLogError(
            f"the plan cannot be kept in the temporary folder: {error}",
            hint="make room there, or set SQLITE_TMPDIR to a folder with room; nothing was sent",
        ) from error
