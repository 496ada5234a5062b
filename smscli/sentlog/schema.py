"""The tables of the sent log, and how an older log becomes a newer one.

Every migration is numbered, runs in a transaction of its own and is recorded. Times are milliseconds
since 1970 UTC, except in the `kept_` tables, whose `_us` columns are microseconds: a repeat must have the
same bytes. Knows no rules: those stand in `claims.py`.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

#: "SMSL": tells `file` and us that this SQLite database is a sent log.
APPLICATION_ID = 0x534D534C

#: One claim key for every realm: `test_id` is empty, except in realm `test`, where it is the message id.
#: `in_flight` is the only index on ids, and a small one: ids are random, and an index on all of
#: them dirties a page a message (measured at 500,000: claims 57 us a message with it, 29 without).
_FIRST = """
CREATE TABLE schema_migration (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    applied_at INTEGER NOT NULL
);
CREATE TABLE run (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    topic TEXT NOT NULL,
    gateway TEXT NOT NULL,
    gateway_digest TEXT NOT NULL,
    UNIQUE (id, purpose, topic, gateway, gateway_digest)
);
CREATE TABLE message (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    realm TEXT NOT NULL CHECK (realm IN ('live', 'sandbox', 'test')),
    campaign_id TEXT NOT NULL,
    number TEXT NOT NULL,
    test_id TEXT NOT NULL DEFAULT '',
    country TEXT NOT NULL,
    sender TEXT NOT NULL,
    run INTEGER NOT NULL REFERENCES run (key),
    body_digest TEXT NOT NULL,
    segments INTEGER NOT NULL,
    language TEXT NOT NULL,
    evidence TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('submitting', 'accepted', 'rejected', 'released', 'in_doubt',
                                         'delivered', 'undelivered', 'expired')),
    claimed_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    gateway_segments INTEGER,
    gateway_ref TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX claim_key ON message (realm, campaign_id, number, test_id);
CREATE INDEX by_number ON message (number, claimed_at);
CREATE UNIQUE INDEX in_flight ON message (id) WHERE state IN ('submitting', 'in_doubt');
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    message_key INTEGER,
    message_id TEXT,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    moved INTEGER NOT NULL,
    gateway_ref TEXT,
    code TEXT,
    detail TEXT,
    by TEXT
);
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TABLE newest_event (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER);
INSERT INTO newest_event VALUES (1, NULL);
CREATE TABLE kept_request (
    id TEXT PRIMARY KEY,
    claimed_us INTEGER NOT NULL,
    repeat_until_us INTEGER,
    size INTEGER NOT NULL
);
CREATE TABLE kept_message (
    message_key INTEGER PRIMARY KEY REFERENCES message (key) ON DELETE CASCADE,
    request_id TEXT NOT NULL REFERENCES kept_request (id),
    position INTEGER NOT NULL,
    body TEXT NOT NULL,
    encoding TEXT NOT NULL,
    units INTEGER NOT NULL,
    offenders TEXT NOT NULL,
    deadline_us INTEGER NOT NULL
);
CREATE INDEX kept_by_request ON kept_message (request_id);
CREATE TABLE opt_out (
    number TEXT NOT NULL,
    topic TEXT NOT NULL,
    country TEXT NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (number, topic)
) WITHOUT ROWID;
CREATE TABLE opt_out_event (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    topic TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('added', 'lifted')),
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE TRIGGER opt_out_event_is_never_changed BEFORE UPDATE ON opt_out_event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TRIGGER opt_out_event_is_never_deleted BEFORE DELETE ON opt_out_event
    BEGIN SELECT RAISE (ABORT, 'events are append-only'); END;
CREATE TABLE campaign_text (
    realm TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    digest TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (realm, campaign_id)
) WITHOUT ROWID;
"""

#: One row a `send`, by key in the order in which they began; `counts` is JSON, so that a summary can gain a
#: part without a migration.
_SECOND = """
CREATE TABLE run_record (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    realm TEXT NOT NULL CHECK (realm IN ('live', 'sandbox', 'test')),
    campaign_id TEXT NOT NULL,
    gateway TEXT NOT NULL,
    by TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    exit_code INTEGER,
    counts TEXT NOT NULL,
    held_until INTEGER,
    stopped TEXT NOT NULL
);
CREATE INDEX run_record_by_campaign ON run_record (realm, campaign_id);
"""

#: Consent is append-only like events. A reply that waits for a person stands on the opt-out list as well,
#: with the source `review`. Of the erased only a keyed hash stays; the key lies beside the log, never in it.
_THIRD = """
ALTER TABLE message ADD COLUMN grounds TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN heeded_at INTEGER;
ALTER TABLE opt_out ADD COLUMN until INTEGER;
ALTER TABLE opt_out ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE opt_out ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE opt_out_event ADD COLUMN until INTEGER;
ALTER TABLE opt_out_event ADD COLUMN sender TEXT NOT NULL DEFAULT '';
ALTER TABLE opt_out_event ADD COLUMN words TEXT NOT NULL DEFAULT '';
CREATE INDEX opt_out_event_by_number ON opt_out_event (number);
CREATE TABLE consent (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    level INTEGER NOT NULL,
    at INTEGER NOT NULL,
    how TEXT NOT NULL,
    purpose TEXT NOT NULL,
    topics TEXT NOT NULL,
    as_written TEXT NOT NULL,
    place TEXT NOT NULL,
    words TEXT NOT NULL,
    language TEXT NOT NULL,
    expires_at INTEGER,
    proof TEXT NOT NULL,
    raw TEXT NOT NULL,
    at_most INTEGER,
    per TEXT NOT NULL,
    source TEXT NOT NULL,
    by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX consent_by_number ON consent (number, at, level, purpose, topics, how, place,
                                                  coalesce(expires_at, -1), coalesce(at_most, 0), per);
CREATE TRIGGER consent_is_never_changed BEFORE UPDATE ON consent
    BEGIN SELECT RAISE (ABORT, 'consent records are append-only'); END;
CREATE TRIGGER consent_is_never_deleted BEFORE DELETE ON consent
    BEGIN SELECT RAISE (ABORT, 'consent records are append-only'); END;
CREATE TABLE reply (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    sender TEXT NOT NULL,
    at INTEGER NOT NULL,
    text TEXT NOT NULL,
    ref TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('opt_out', 'opt_in', 'help', 'review', 'other')),
    matched TEXT NOT NULL,
    topic TEXT NOT NULL,
    language TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    decided TEXT,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at INTEGER,
    UNIQUE (number, at, sender, text)
);
CREATE INDEX reply_to_review ON reply (number) WHERE kind = 'review' AND decided IS NULL;
CREATE TABLE erased (
    hash BLOB PRIMARY KEY,
    at INTEGER NOT NULL,
    by TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE erasing_key (only INTEGER PRIMARY KEY CHECK (only = 1), fingerprint BLOB NOT NULL);
CREATE TABLE closed_campaign (
    realm TEXT NOT NULL,
    campaign_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    messages INTEGER NOT NULL,
    newest_at INTEGER NOT NULL,
    PRIMARY KEY (realm, campaign_id)
) WITHOUT ROWID;
"""

#: What gateways tell afterwards. The only index on events is of those that moved nothing, a few: what was
#: told twice is noted once. `happened_at` is the gateway's own time of what it told.
_FOURTH = """
ALTER TABLE message ADD COLUMN happened_at INTEGER;
ALTER TABLE event ADD COLUMN happened_at INTEGER;
CREATE INDEX event_without_move ON event (message_key) WHERE moved = 0;
CREATE TABLE stray_receipt (
    key INTEGER PRIMARY KEY,
    gateway TEXT NOT NULL,
    realm TEXT NOT NULL CHECK (realm IN ('live', 'sandbox', 'test')),
    ref TEXT NOT NULL,
    message_id TEXT NOT NULL,
    number TEXT NOT NULL,
    state TEXT,
    word TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    happened_at INTEGER,
    segments INTEGER,
    body_digest TEXT NOT NULL,
    opted_out INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX stray_receipt_told ON stray_receipt (
    gateway, realm, ref, message_id, number, coalesce(state, ''), word, code, detail,
    coalesce(happened_at, -1), coalesce(segments, -1), body_digest, opted_out
);
CREATE TABLE sync_mark (
    gateway TEXT NOT NULL,
    realm TEXT NOT NULL CHECK (realm IN ('live', 'sandbox', 'test')),
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    mark TEXT NOT NULL,
    PRIMARY KEY (gateway, realm, what)
) WITHOUT ROWID;
"""

#: Private to one connection: what a claim asks about, the answers that are settled together, the opt-outs of
#: other logs and lists, and a look-up of messages by id and reference (`handed_over.py`) with the last event
#: that it knows of.
PRIVATE_TABLES = """
CREATE TEMP TABLE candidate (
    id TEXT NOT NULL,
    number TEXT NOT NULL,
    test_id TEXT NOT NULL,
    country TEXT NOT NULL,
    sender TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    segments INTEGER NOT NULL,
    language TEXT NOT NULL,
    evidence TEXT NOT NULL,
    grounds TEXT NOT NULL
);
CREATE TEMP TABLE candidate_cap (
    id TEXT NOT NULL,
    at_most INTEGER NOT NULL,
    since INTEGER NOT NULL,
    counts TEXT NOT NULL
);
CREATE INDEX temp.candidate_cap_by_id ON candidate_cap (id);
CREATE TEMP TABLE answer (
    key INTEGER,
    state TEXT NOT NULL,
    gateway_ref TEXT NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    segments INTEGER,
    happened_at INTEGER
);
CREATE TEMP TABLE heeded (
    number TEXT NOT NULL,
    topic TEXT NOT NULL,
    until INTEGER,
    PRIMARY KEY (number, topic)
) WITHOUT ROWID;
CREATE TEMP TABLE look_up (key INTEGER PRIMARY KEY, id TEXT NOT NULL, ref TEXT NOT NULL);
CREATE TEMP TABLE looked_up (since INTEGER NOT NULL, event INTEGER NOT NULL, told TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from a schema to the next; `script` runs whole or not at all."""

    name: str
    script: str


#: Append only: a log in the field has run the ones above.
MIGRATIONS: tuple[Migration, ...] = (
    Migration("messages, events, opt-outs and texts", _FIRST),
    Migration("records of runs", _SECOND),
    Migration("consent, replies, opt-outs for a time, the erased", _THIRD),
    Migration("times that gateways tell, stray delivery receipts, how far gateways were asked", _FOURTH),
)

NEWEST = len(MIGRATIONS)


def schema_number(connection: sqlite3.Connection) -> int:
    """Which migration this log has seen last."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an older log up to date, one transaction a step; another process may be at it too."""
    for number, migration in enumerate(MIGRATIONS, start=1):
        if schema_number(connection) >= number:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            if schema_number(connection) < number:
                _apply(connection, number, migration)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _apply(connection: sqlite3.Connection, number: int, migration: Migration) -> None:
    for statement in statements(migration.script):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {number}")
    connection.execute(
        "INSERT INTO schema_migration VALUES (?, ?, 1000 * CAST(strftime('%s', 'now') AS INTEGER))",
        (number, migration.name),
    )


def statements(script: str) -> list[str]:
    """The statements of a script. `executescript` would commit the transaction that we are in."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return [statement for statement in found if statement]
