"""One person: everything that is held, and forgetting it.

Knows which tables hold a number. How a hash of the erased is kept is `erasing.py`'s to know.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any

from smscli.domain.consent import ConsentRecord
from smscli.domain.errors import Refused
from smscli.domain.message import State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Erased, LogFilter, LoggedMessage, OptOut
from smscli.domain.replies import FiledReply
from smscli.sentlog import consents, listing, post, reply_pile
from smscli.sentlog.erasing import erased_at, keep_hash
from smscli.sentlog.forgetting import history_open
from smscli.sentlog.instants import from_millis
from smscli.sentlog.post import Stray

_OPT_OUTS = """
SELECT topic, at, source, by, note, until, sender, words FROM opt_out WHERE number = ? ORDER BY topic
"""

_HISTORY = """
SELECT what, topic, at, source, by, note, until, sender, words
FROM opt_out_event WHERE number = ? ORDER BY id
"""

_EVENTS = """
SELECT message_key, at, state, moved, happened_at, gateway_ref, code, detail, by
FROM event WHERE message_key IN (SELECT value FROM json_each(?)) ORDER BY id
"""

#: Events stay, since counts and dates are nobody's; what could lead back to the person goes.
_CLEAR_EVENTS = """
UPDATE event SET message_id = NULL, gateway_ref = NULL, detail = NULL, by = NULL
WHERE message_key IN (SELECT value FROM json_each(:keys))
OR message_id IN (SELECT id FROM message WHERE number = :number)
"""

#: Delivery receipts that found no message: those that name the number, or else a message to it.
_STRAYS = """
DELETE FROM stray_receipt WHERE number = :digits OR number = '' AND (
    message_id IN (SELECT id FROM message WHERE number = :number)
    OR ref <> '' AND ref IN (SELECT gateway_ref FROM message WHERE number = :number))
"""

#: What a gateway said of somebody else, or somebody noted, may quote the number.
_QUOTES = (
    ("message", "detail"),
    ("event", "detail"),
    ("opt_out", "note"),
    ("opt_out_event", "note"),
    ("stray_receipt", "detail"),
)

#: What holds a number, and how its rows are called in the counts of an erasure.
_HOLDS = {
    "messages": "message",
    "opt_outs": "opt_out",
    "opt_out_events": "opt_out_event",
    "consents": "consent",
    "replies": "reply",
}


# --- everything that is held ---------------------------------------------------------------------


def everything_about(connection: sqlite3.Connection, number: Msisdn) -> Mapping[str, object]:
    """All that is held about a number, in JSON's types. Raises SentLogError where the erased have no key."""
    messages = listing.messages(connection, LogFilter(number=number.e164))
    besides = _besides(connection, number)
    return held(
        number,
        erased_at(connection, number),
        [(each, besides[each.id]) for each in messages],
        [_opt_out(number, row) for row in connection.execute(_OPT_OUTS, (number.e164,))],
        [changed(row[0], _opt_out(number, row[1:])) for row in connection.execute(_HISTORY, (number.e164,))],
        consents.listed(connection, number),
        reply_pile.listed(connection, False, number),
        post.strays_of(connection, number),
    )


def held(
    number: Msisdn,
    erased: datetime | None,
    messages: Iterable[tuple[LoggedMessage, Mapping[str, object]]],
    opt_outs: Iterable[OptOut],
    history: Sequence[Mapping[str, object]],
    records: Iterable[ConsentRecord],
    replies: Iterable[FiledReply],
    strays: Iterable[Stray],
) -> Mapping[str, object]:
    """The document of a person, the same from every sent log. Messages bring what else is held of each."""
    return {
        "number": number.e164,
        "country": number.country,
        "erased": _plain(erased),
        "messages": [{**_parts(each), **besides} for each, besides in messages],
        "opt_outs": {"now": [_parts(each) for each in opt_outs], "history": list(history)},
        "consents": [_parts(each) for each in records],
        "replies": [_reply(each) for each in replies],
        "stray_receipts": [_stray(each) for each in strays],
    }


def _besides(connection: sqlite3.Connection, number: Msisdn) -> dict[str, Mapping[str, object]]:
    """The digest of each message's text, and what happened to it in order, by message id."""
    rows = connection.execute(
        "SELECT key, id, body_digest FROM message WHERE number = ?", (number.e164,)
    ).fetchall()
    events: dict[int, list[Mapping[str, object]]] = {key: [] for key, _, _ in rows}
    for key, at, state, moved, happened_at, *said in connection.execute(_EVENTS, (json.dumps(list(events)),)):
        words = dict(zip(("gateway_ref", "code", "detail", "by"), (word or "" for word in said), strict=True))
        when = {
            "at": _plain(from_millis(at)),
            "happened_at": None if happened_at is None else _plain(from_millis(happened_at)),
        }
        events[key].append({**when, "state": state, "moved": bool(moved), **words})
    return {each: {"body_digest": digest, "events": events[key]} for key, each, digest in rows}


def _opt_out(number: Msisdn, row: Sequence[Any]) -> OptOut:
    topic, at, source, by, note, until, sender, words = row
    end = None if until is None else from_millis(until)
    return OptOut(number, topic, from_millis(at), source, by, note, end, sender, words)


def changed(what: str, wish: OptOut) -> Mapping[str, object]:
    """A change of the opt-out list: the wish, and whether it was added or lifted."""
    return {"what": what, **_parts(wish)}


def _reply(filed: FiledReply) -> Mapping[str, object]:
    decision = {"decided": filed.decided, "by": filed.by, "decided_at": _plain(filed.decided_at)}
    return {**_parts(filed.reply), **_parts(filed.classified), **decision}


def _stray(stray: Stray) -> Mapping[str, object]:
    whose = {"gateway": stray.gateway, "realm": stray.realm, "recorded_at": _plain(stray.recorded_at)}
    return {**_parts(stray.receipt), **whose}


def _parts(value: object) -> dict[str, object]:
    """Every field of a frozen dataclass: what a later field holds is held as well."""
    assert is_dataclass(value)
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


def _plain(value: object) -> object:
    """A value in JSON's types."""
    match value:
        case Msisdn():
            return value.e164
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return f"P{value.days}D" + (f"T{value.seconds}S" if value.seconds else "")  # ISO 8601
        case IntEnum():
            return value.name.lower()
        case tuple():
            return [_plain(each) for each in value]
        case _ if is_dataclass(value):
            return _parts(value)
        case _:
            return value


# --- forgetting it -------------------------------------------------------------------------------


def erase(connection: sqlite3.Connection, log: Path, number: Msisdn, by: str, now: datetime) -> Erased:
    """Forget a number but for a keyed hash, inside the transaction that is open.

    Raises Refused while a message of theirs has no receipt, SentLogError where the key is not there.
    """
    before = erased_at(connection, number)
    _refuse_unsettled(connection, log, number)
    keep_hash(connection, number, by, now)
    with history_open(connection):
        counts = {"events": _clear_events(connection, number)}
        who = {"number": number.e164, "digits": number.digits}
        counts["stray_receipts"] = connection.execute(_STRAYS, who).rowcount
        connection.execute(
            "DELETE FROM kept_message WHERE message_key IN (SELECT key FROM message WHERE number = ?)",
            (number.e164,),
        )
        for name, table in _HOLDS.items():
            gone = connection.execute(f"DELETE FROM {table} WHERE number = ?", (number.e164,))  # noqa: S608
            counts[name] = gone.rowcount
        for table, column in _QUOTES:
            connection.execute(
                f"UPDATE OR REPLACE {table} SET {column} = replace({column}, :digits, '(erased)')"  # noqa: S608
                f" WHERE instr({column}, :digits)",
                {"digits": number.digits},
            )
    return Erased(counts, before)


def _clear_events(connection: sqlite3.Connection, number: Msisdn) -> int:
    keys = [key for (key,) in connection.execute("SELECT key FROM message WHERE number = ?", (number.e164,))]
    cleared = connection.execute(_CLEAR_EVENTS, {"keys": json.dumps(keys), "number": number.e164})
    return cleared.rowcount


def _refuse_unsettled(connection: sqlite3.Connection, log: Path, number: Msisdn) -> None:
    """A message without a receipt is needed yet: by its receipt, or by whoever finds out. Raises Refused."""
    rows = connection.execute(
        "SELECT state, campaign_id FROM message"
        " WHERE number = ? AND state IN ('submitting', 'in_doubt') ORDER BY key",
        (number.e164,),
    ).fetchall()
    if not rows:
        return
    raise unsettled(number, State(rows[0][0]), rows[0][1], log)


def unsettled(number: Msisdn, state: State, campaign: str, log: Path) -> Refused:
    """Why somebody cannot be erased yet, and what to type."""
    if state is State.SUBMITTING:
        what = "is being submitted, or was when its send was cut off"
        hint = f"wait until the send ends; if none runs, the next send of {campaign} finds out"
    else:
        what = "is in doubt"
        hint = f"say what became of it: smscli resolve --log {log} --campaign {campaign}"
    return Refused(f"a message of {campaign} to {number.masked} {what}; nothing was erased", hint=hint)
