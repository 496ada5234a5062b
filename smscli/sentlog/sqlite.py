"""The sent log in one SQLite file: what was claimed, what became of it, and who said stop.

Puts together what its neighbours know: the file (`opening.py`), the claim (`claims.py`), kept requests
(`repeats.py`), the opt-out list and the lists for people. Knows the moves between states; decides no rules.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from smscli.domain.consent import ConsentRecord
from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.message import Batch, Fault, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import (
    Erased,
    Facts,
    LogFilter,
    LoggedMessage,
    OptOut,
    Pruned,
    RunRecord,
    SyncMark,
    Terms,
)
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass
from smscli.sentlog import (
    claims,
    consents,
    forgetting,
    handed_over,
    listing,
    opt_out_list,
    people,
    post,
    pruning,
    repeats,
    repetition,
    reply_pile,
    run_records,
    settling,
)
from smscli.sentlog.erasing import count_erased, erased_among, knows_erased
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.moves import INTERRUPTED, is_settlement, opted_out_at
from smscli.sentlog.opening import (
    LogFile,
    check_pages,
    find_log,
    open_as_it_is,
    open_connection,
    open_reader,
    warnings_of,
)
from smscli.sentlog.transactions import Transactions
from smscli.sentlog.trouble import translated

#: Numbers that another log is asked about at a time.
_ASKED_AT_ONCE = 2_000

_EVENT = """
INSERT INTO event (message_key, message_id, at, state, moved, gateway_ref, code, detail, by, happened_at)
VALUES (?, ?, ?, ?, ?, nullif(?, ''), nullif(?, ''), nullif(?, ''), nullif(?, ''), ?)
"""

#: A later receipt without a reference or a count of its own does not wipe out the first one's.
_MOVE = """
UPDATE message SET state = ?, at = ?, gateway_ref = coalesce(nullif(?, ''), gateway_ref),
    code = ?, detail = ?, gateway_segments = coalesce(?, gateway_segments), happened_at = ?
WHERE key = ?
"""

_OF_ROW = "m.id, m.key, m.state, m.number, m.country, m.campaign_id, m.sender"


@dataclass(slots=True)
class Row:
    """What settling needs of a message; `state` follows the receipts of one call."""

    key: int
    state: State
    number: Msisdn
    campaign_id: str
    sender: str


def open_sent_log(path: Path, *, create: bool, busy_wait: float = 0.0) -> SqliteSentLog:
    """The sent log at that path. Raises SentLogMissing without `create`, and SentLogError's other kinds.

    `busy_wait`: seconds to wait for another writer before SentLogBusy; 0 for who waits by himself.
    """
    file = find_log(path, create=create)
    connection, file = open_connection(file, busy_wait)
    return SqliteSentLog(file, connection)


def opt_outs_of(path: Path) -> Iterator[OptOut]:
    """The opt-out list of another log: it is only read, and one of an older schema is left as it is.

    Raises SentLogError and its kinds.
    """
    file = find_log(path, create=False)
    with closing(open_as_it_is(file)) as reader, translated(file.path):
        yield from opt_out_list.listed(reader)


def erased_from(path: Path, numbers: Iterable[Msisdn]) -> Iterator[Msisdn]:
    """Those of the numbers that were erased from another log, which is only read.

    They stand on no list: the log has hashes of them. Raises SentLogError, also where it lacks their key.
    """
    file = find_log(path, create=False)
    waiting = iter(numbers)
    with closing(open_as_it_is(file)) as reader, translated(file.path):
        while knows_erased(reader) and (some := tuple(islice(waiting, _ASKED_AT_ONCE))):
            yield from erased_among(reader, some)


class SqliteSentLog:
    """The SentLog Protocol over one file. Made by `open_sent_log`."""

    def __init__(self, file: LogFile, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection
        self._transactions = Transactions(connection, file.path)
        self.warnings: tuple[str, ...] = warnings_of(file.path)

    def __repr__(self) -> str:
        return f"SqliteSentLog({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """Where this log is, absolute, as it was named."""
        return self._file.path

    def close(self) -> None:
        """Fold the write-ahead log into the file if nobody else has it open."""
        self._connection.close()

    def atomic(self) -> AbstractContextManager[None]:
        """Several calls as one durable transaction; nested calls join it."""
        return self._transactions.writing()

    def wait_for_writers(self, seconds: float) -> None:
        """How long to wait for another writer before SentLogBusy; 0 while an event loop runs."""
        self._connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    def check(self) -> None:
        """Read every page of the file, not of our cache. Raises SentLogDamaged."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            check_pages(reader, self.path)

    # --- claim ---------------------------------------------------------------------------------

    def claim(self, batches: Sequence[Batch], terms: Terms, now: datetime) -> frozenset[str]:
        """Durably mark messages as submitting; the ids that won. See SentLog.claim."""
        with self.atomic():
            self._file.compare()
            won = claims.claim(self._connection, claims.all_messages(batches), terms, now)
            self._note_claims(won, now)
            if terms.keep_bodies:
                keys = {message_id: key for key, message_id in won}
                repeats.keep(self._connection, batches, keys, terms)
        return frozenset(message_id for _, message_id in won)

    def reclaim(self, batch: Batch, terms: Terms, now: datetime) -> bool:
        """In doubt back to submitting, all members or none, while the gateway's promise holds."""
        if not batch.messages or not claims.is_promised(batch, terms, now):
            return False
        with self.atomic():
            self._file.compare()
            won = claims.reclaim(self._connection, batch.messages, terms, now)
            self._note_claims(won, now)
        return bool(won)

    def _note_claims(self, won: claims.Won, now: datetime) -> None:
        if won:
            claims.note(self._connection, won, now)
            self._note_newest(to_millis(now))

    def _note(self, events: Sequence[tuple[object, ...]], at: int) -> None:
        if events:
            self._connection.executemany(_EVENT, events)
            self._note_newest(at)

    def _note_newest(self, at: int) -> None:
        self._connection.execute("UPDATE newest_event SET at = max(coalesce(at, ?), ?)", (at, at))

    # --- settle --------------------------------------------------------------------------------

    def settle(self, receipts: Sequence[Receipt], now: datetime) -> None:
        """Record the answers; moves that are not legal, and strangers, as events only. See SentLog.settle."""
        if not receipts:
            return
        with self.atomic():
            if settling.offer(self._connection, receipts):
                self._settle_offered(receipts, now)
            else:
                self._settle_each(receipts, now)

    def _settle_offered(self, receipts: Sequence[Receipt], now: datetime) -> None:
        """All of messages that are submitting: whatever is said of them moves them, and is new."""
        teachers = [receipt for receipt in receipts if receipt.fault is Fault.OPTED_OUT]
        rows = self._rows({receipt.message_id for receipt in teachers}) if teachers else {}
        settling.settle_offered(self._connection, now)
        self._note_newest(to_millis(now))
        opt_out_list.add(self._connection, _learned(rows, teachers, (None,) * len(teachers), now))

    def _settle_each(self, receipts: Sequence[Receipt], now: datetime) -> None:
        """Follow each receipt from the state that its message is in."""
        rows = self._rows({receipt.message_id for receipt in receipts})
        moves = [_follow(rows.get(receipt.message_id), receipt) for receipt in receipts]
        heard = self._first_heard(rows, receipts, moves, now)
        self._move(
            [
                (rows[receipt.message_id].key, receipt)
                for receipt, moved in zip(receipts, moves, strict=True)
                if moved
            ],
            now,
        )
        at = to_millis(now)
        self._note(
            [
                _event(rows.get(receipt.message_id), receipt, at, moved)
                for receipt, moved, before in zip(receipts, moves, heard, strict=True)
                if before is None
            ],
            at,
        )
        opt_out_list.add(self._connection, _learned(rows, receipts, heard, now))

    def _first_heard(
        self, rows: Mapping[str, Row], receipts: Sequence[Receipt], moves: Sequence[bool], now: datetime
    ) -> Sequence[datetime | None]:
        """When each receipt that says nothing new was first heard; mostly all of them move something."""
        if all(moves):
            return (None,) * len(moves)
        keys = (rows[receipt.message_id].key if receipt.message_id in rows else None for receipt in receipts)
        told = list(zip(keys, receipts, moves, strict=True))
        return repetition.first_heard(self._connection, told, now)

    def decide(self, message_ids: Sequence[str], state: State, by: str, now: datetime) -> Sequence[str]:
        """An operator's word on messages in doubt; the ids that changed, in the order given."""
        if state not in (State.ACCEPTED, State.RELEASED):
            raise ValueError(f"an operator can say accepted or released, not {state}")
        with self.atomic():
            rows = self._rows(set(message_ids))
            changed = [
                message_id
                for message_id in dict.fromkeys(message_ids)
                if message_id in rows and rows[message_id].state is State.IN_DOUBT
            ]
            word = [Receipt(message_id, state, code="operator", detail=by) for message_id in changed]
            self._move([(rows[receipt.message_id].key, receipt) for receipt in word], now)
            at = to_millis(now)
            self._note([_event(rows[r.message_id], r, at, True, by) for r in word], at)
        return tuple(changed)

    def recover(self, realm: Realm, campaign_id: str, now: datetime) -> int:
        """Whatever is still submitting becomes in doubt; how many. Ended promises lose their bodies."""
        with self.atomic():
            found = self._connection.execute(
                "SELECT id, key FROM message WHERE state IN ('submitting', 'in_doubt')"
                " AND state = 'submitting' AND realm = ? AND campaign_id = ?",
                (realm, campaign_id),
            ).fetchall()
            doubt = [
                (key, Receipt(message_id, State.IN_DOUBT, code="interrupted", detail=INTERRUPTED))
                for message_id, key in found
            ]
            self._move(doubt, now)
            at = to_millis(now)
            self._note(
                [(key, None, at, r.state, True, "", r.code, r.detail, "", None) for key, r in doubt], at
            )
            repeats.forget_expired(self._connection, now)
        return len(found)

    def _move(self, moves: Sequence[tuple[int, Receipt]], now: datetime) -> None:
        at = to_millis(now)
        self._connection.executemany(
            _MOVE,
            [
                (r.state, at, r.gateway_ref, r.code, r.detail, r.segments, _told_at(r), key)
                for key, r in moves
            ],
        )
        repeats.forget(self._connection, [key for key, r in moves if r.state is not State.IN_DOUBT])

    def _rows(self, message_ids: set[str]) -> dict[str, Row]:
        """By id: those in flight by their small index, late ones by the look-up or in one pass over all."""
        rows = handed_over.rows_by_id(self._connection, _OF_ROW, message_ids)
        return {
            message_id: Row(key, State(state), Msisdn(number, country), campaign_id, sender)
            for message_id, key, state, number, country, campaign_id, sender in rows
        }

    # --- read ----------------------------------------------------------------------------------

    def facts(
        self, realm: Realm, campaign_id: str, numbers: Sequence[Msisdn], since: datetime, now: datetime
    ) -> Mapping[Msisdn, Facts]:
        """What is known of these numbers, in one statement."""
        with self._reading():
            return listing.facts(self._connection, realm, campaign_id, numbers, since, now)

    def repeatable(
        self, realm: Realm, campaign_id: str, gateway_digest: str, now: datetime
    ) -> Sequence[Batch]:
        """Requests in doubt that the gateway's promise still covers, as they were sent."""
        with self._reading():
            return repeats.requests_in_doubt(self._connection, realm, campaign_id, gateway_digest, now)

    def messages(self, wanted: LogFilter) -> Iterator[LoggedMessage]:
        """Messages in the order of their claims: a snapshot of what is committed, streamed."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            yield from listing.messages(reader, wanted)

    def opt_outs(self) -> Iterator[OptOut]:
        """Everybody on the opt-out list, by number: a snapshot of what is committed, streamed."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            yield from opt_out_list.listed(reader)

    def campaigns(self) -> Sequence[tuple[Realm, str]]:
        """Every campaign with a message or a run, by id and in each of its realms."""
        with self._reading():
            return listing.campaigns(self._connection)

    def counts(
        self, realm: Realm, campaign_id: str | None = None, run_id: str | None = None
    ) -> Mapping[State, int]:
        """Messages by current state."""
        with self._reading():
            return listing.counts(self._connection, realm, campaign_id, run_id)

    def opt_outs_by_source(
        self, since: datetime | None = None, now: datetime | None = None
    ) -> Mapping[str, int]:
        """How many opt-outs there are that were said then or later and hold `now`, by their source."""
        with self._reading():
            return opt_out_list.by_source(self._connection, since, now)

    def runs(self) -> Sequence[RunRecord]:
        """The latest send of each campaign in each realm, the latest first."""
        with self._reading():
            return run_records.latest(self._connection)

    def newest_at(self) -> datetime | None:
        """The time of the newest event of any message."""
        at = self._one("SELECT at FROM newest_event")
        return None if at is None else from_millis(int(at))

    def has_live_messages(self) -> bool:
        """Was anybody ever claimed in realm live? A log without is new, or the wrong one."""
        return bool(self._one("SELECT EXISTS (SELECT 1 FROM message WHERE realm = 'live')"))

    def texts_digest(self, realm: Realm, campaign_id: str) -> str | None:
        """The digest of the texts this campaign was last sent with."""
        found = self._one(
            "SELECT max(digest) FROM campaign_text WHERE realm = ? AND campaign_id = ?", realm, campaign_id
        )
        return None if found is None else str(found)

    def _one(self, statement: str, *values: str) -> str | int | None:
        with self._reading():
            found: str | int | None = self._connection.execute(statement, values).fetchone()[0]
            return found

    def _reading(self) -> AbstractContextManager[None]:
        return translated(self.path)

    # --- write the rest ------------------------------------------------------------------------

    def remember_texts(self, realm: Realm, campaign_id: str, digest: str, now: datetime) -> None:
        """From now on the campaign is sent with these texts."""
        with self.atomic():
            self._connection.execute(
                "INSERT OR REPLACE INTO campaign_text VALUES (?, ?, ?, ?)",
                (realm, campaign_id, digest, to_millis(now)),
            )

    def begin_run(self, run: RunRecord) -> None:
        """Remember that this send begins."""
        with self.atomic():
            run_records.put(self._connection, run)

    def end_run(self, run: RunRecord) -> None:
        """Remember how it ended: the record of the same id, whole."""
        with self.atomic():
            run_records.put(self._connection, run)

    def opt_out(self, wishes: Iterable[OptOut]) -> int:
        """Add to the opt-out list; how many are new or hold longer now. See SentLog.opt_out."""
        wishes = tuple(wishes)  # a slow source must not hold the write lock
        with self.atomic():
            return opt_out_list.add(self._connection, wishes)

    def reinstate(self, number: Msisdn, topic: str, by: str, reason: str, now: datetime) -> bool:
        """Lift an opt-out of this log by an operator's word; a heeded one is not ours to lift."""
        with self.atomic():
            return opt_out_list.lift(self._connection, number, topic, by, reason, now)

    def start(self, number: Msisdn, topic: str, sender: str, at: datetime, words: str) -> Sequence[str]:
        """The person's own START, sent to `sender`: the topics it lifts."""
        with self.atomic():
            return opt_out_list.start(self._connection, number, topic, sender, at, words)

    def late_opt_outs(self, run_id: str) -> int:
        """How many people opted out after a message of that run was claimed for them."""
        with self._reading():
            return opt_out_list.late(self._connection, run_id)

    def heed(self, wishes: Iterable[OptOut]) -> int:
        """Obey other lists' opt-outs while this log is open; how many are new."""
        wishes = tuple(wishes)
        with self.atomic():
            return opt_out_list.heed(self._connection, wishes)

    # --- consent, replies, people --------------------------------------------------------------

    def record_consents(self, records: Iterable[ConsentRecord], now: datetime) -> int:
        """Add consent records; how many are new."""
        records = tuple(records)
        with self.atomic():
            return consents.add(self._connection, records, now)

    def consents(self, number: Msisdn | None = None) -> Iterator[ConsentRecord]:
        """Consent records by number and time: a snapshot of what is committed, streamed."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            yield from consents.listed(reader, number)

    def file_replies(self, replies: Sequence[tuple[Reply, Classified]], now: datetime) -> Sequence[bool]:
        """Keep replies as they were classified; which are new."""
        with self.atomic():
            return reply_pile.file(self._connection, replies, now)

    def replies(self, *, pending: bool = False, number: Msisdn | None = None) -> Iterator[FiledReply]:
        """Replies in the order of their times: a snapshot of what is committed, streamed."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            yield from reply_pile.listed(reader, pending, number)

    def decide_reply(self, key: int, kind: ReplyClass, by: str, now: datetime) -> bool:
        """A person's word on a reply for review; False where it does not wait (any more)."""
        with self.atomic():
            return reply_pile.decide(self._connection, key, kind, by, now)

    def everything_about(self, number: Msisdn) -> Mapping[str, object]:
        """All that is held about a number, in JSON's types."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            return people.everything_about(reader, number)

    def erased(self, numbers: Iterable[Msisdn]) -> frozenset[Msisdn]:
        """Those of the numbers that were erased."""
        with self._reading():
            return erased_among(self._connection, numbers)

    def count_erased(self) -> int:
        """How many people are erased."""
        with self._reading():
            return count_erased(self._connection)

    def erase(self, number: Msisdn, by: str, now: datetime) -> Erased:
        """Forget a number but for a keyed hash that keeps it from being texted."""
        with forgetting.wiping(self._connection), self.atomic():
            self._file.compare()
            return people.erase(self._connection, self.path, number, by, now)

    def prune(
        self, before: datetime, by: str, now: datetime, *, only_look: bool, realm: Realm | None = None
    ) -> Sequence[Pruned]:
        """Forget whole campaigns whose newest message is older, and close their ids."""
        with forgetting.wiping(self._connection), self.atomic():
            self._file.compare()
            return pruning.prune(self._connection, before, by, now, only_look=only_look, realm=realm)

    def compact(self) -> bool:
        """Write the file anew without what was forgotten. Raises SentLogBusy while another process writes."""
        with self._reading():
            self._file.compare()
            return forgetting.compact(self._connection)

    def is_closed(self, realm: Realm, campaign_id: str) -> datetime | None:
        """When this campaign was pruned; None if it never was."""
        with self._reading():
            return pruning.closed_at(self._connection, realm, campaign_id)

    # --- what gateways tell afterwards ---------------------------------------------------------

    def handed(
        self, gateway: str, realm: Realm, states: frozenset[State], since: datetime
    ) -> Iterator[Handed]:
        """Messages handed to that gateway: a snapshot of what is committed, streamed. See SentLog.handed."""
        with closing(open_reader(self._file)) as reader, translated(self.path):
            yield from handed_over.handed(reader, gateway, realm, states, since)

    def found(self, message_ids: Sequence[str]) -> Mapping[str, Handed]:
        """These messages as they are now, by id; whoever is not there is left out."""
        with self._reading():
            return handed_over.found(self._connection, message_ids)

    def match(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], since: datetime
    ) -> Sequence[str | None]:
        """The id of the message that each is about; None: unknown. See SentLog.match."""
        with self._transactions.reading():
            return handed_over.match(self._connection, gateway, realm, receipts, since)

    def keep_strays(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], now: datetime
    ) -> int:
        """Keep receipts that are about no message known yet; how many are new."""
        with self.atomic():
            return post.keep_strays(self._connection, gateway, realm, receipts, now)

    def strays(self, gateway: str, realm: Realm) -> Sequence[DeliveryReceipt]:
        """The receipts kept for that gateway, oldest first."""
        with self._reading():
            return post.strays(self._connection, gateway, realm)

    def drop_strays(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], before: datetime
    ) -> None:
        """Forget these, which have found their messages, and whatever was kept before that time."""
        with self.atomic():
            post.drop_strays(self._connection, gateway, realm, receipts, before)

    def sync_mark(self, gateway: str, realm: Realm, what: str) -> SyncMark | None:
        """How far that gateway was asked about `what`."""
        with self._reading():
            return post.sync_mark(self._connection, gateway, realm, what)

    def remember_sync(self, gateway: str, realm: Realm, what: str, mark: SyncMark) -> None:
        """From now on it was asked as far as that."""
        with self.atomic():
            post.remember_sync(self._connection, gateway, realm, what, mark)

    def gateways_used(self, since: datetime | None = None) -> Sequence[tuple[str, Realm]]:
        """The names of the gateways that messages were handed to then or later, with their realms."""
        with self._reading():
            return handed_over.gateways_used(self._connection, since)

    def empty_sandbox(self, campaign_id: str) -> int:
        """Forget this campaign's rehearsal, its texts and its runs; how many messages. Its events stay.

        What its gateway told goes for all rehearsals: it is asked anew.
        """
        with self.atomic():
            gone = self._connection.execute(
                "DELETE FROM message WHERE realm = 'sandbox' AND campaign_id = ?", (campaign_id,)
            )
            self._connection.execute(
                "DELETE FROM campaign_text WHERE realm = 'sandbox' AND campaign_id = ?", (campaign_id,)
            )
            run_records.forget_rehearsals(self._connection, campaign_id)
            post.forget_rehearsals(self._connection)
        return gone.rowcount


def _follow(row: Row | None, receipt: Receipt) -> bool:
    """May the message go where the receipt says? If so, the row goes along."""
    if row is None or not is_settlement(row.state, receipt.state):
        return False
    row.state = receipt.state
    return True


def _event(row: Row | None, receipt: Receipt, at: int, moved: bool, by: str = "") -> tuple[object, ...]:
    """An event names the message by key; a stranger's, and one that moves nothing, by the id it gave."""
    key, message_id = None if row is None else row.key, None if moved else receipt.message_id
    said = (receipt.gateway_ref, receipt.code, receipt.detail, by, _told_at(receipt))
    return (key, message_id, at, receipt.state, moved, *said)


def _told_at(receipt: Receipt) -> int | None:
    return None if receipt.happened_at is None else to_millis(receipt.happened_at)


def _learned(
    rows: Mapping[str, Row], receipts: Sequence[Receipt], heard: Sequence[datetime | None], now: datetime
) -> Iterator[OptOut]:
    """Gateways teach us opt-outs: what they say of a number holds whatever state its message is in.

    It was said to the sender of that message: the person's own START to the same lifts it.
    """
    for receipt, before in zip(receipts, heard, strict=True):
        row = rows.get(receipt.message_id) if receipt.fault is Fault.OPTED_OUT else None
        if row is not None:
            at, note = opted_out_at(receipt, before or now), f"{receipt.state} in campaign {row.campaign_id}"
            yield OptOut(row.number, "", at, "gateway", note=note, sender=row.sender)
