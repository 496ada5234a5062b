"""The sent log in memory: the same contract for tests and for `preview` without a log.

Nothing of it outlives the process, so it can keep nobody from being texted twice tomorrow.
"""

# ruff: noqa: ARG002  (the contract asks for more than a memory without a history keeps)

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from smscli.domain.consent import ConsentRecord
from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.frequency import CapScope, LocalCap, counted_after
from smscli.domain.message import (
    TAKEN_OR_MAYBE,
    Batch,
    Fault,
    Message,
    Realm,
    Receipt,
    State,
    digest,
)
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import (
    Erased,
    Facts,
    LogFilter,
    LoggedMessage,
    OptOut,
    Pruned,
    Recent,
    RunRecord,
    SyncMark,
    Terms,
)
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass
from smscli.sentlog import forgotten, remembered, remembered_post
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.listing import in_order
from smscli.sentlog.moves import (
    INTERRUPTED,
    Told,
    heard_before,
    identity,
    is_settlement,
    opted_out_at,
    told_at,
)
from smscli.sentlog.shelves import LONG_AGO, Kept, Row, Shelves


class MemorySentLog:
    """The SentLog Protocol over dictionaries."""

    def __init__(self) -> None:
        self._all = Shelves()
        self.warnings: tuple[str, ...] = ()

    def close(self) -> None:
        """Nothing to close; nothing is forgotten either."""

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Several calls or none of them."""
        before = self._all.copy()
        try:
            yield
        except BaseException:
            self._all = before
            raise

    # --- claim ---------------------------------------------------------------------------------

    def claim(self, batches: Sequence[Batch], terms: Terms, now: datetime) -> frozenset[str]:
        """Mark messages as submitting; the ids that won. See SentLog.claim."""
        offered = [(batch, place) for batch in batches for place in range(len(batch.messages))]
        allowed = [
            (batch, place) for batch, place in offered if self._may_go(batch.messages[place], terms, now)
        ]
        won = {}
        for batch, place in allowed:
            message = batch.messages[place]
            before = self._own_row(message, terms)
            if before is None or before.state in _claimable(terms):
                won[self._put(before, message, terms, now)] = (batch, place)
        if terms.keep_bodies:
            self._keep(won, terms)
        return frozenset(self._all.rows[key].logged.id for key in won)

    def reclaim(self, batch: Batch, terms: Terms, now: datetime) -> bool:
        """In doubt back to submitting, all members or none, while the gateway's promise holds."""
        promised = terms.repeat_within is not None and now < batch.claimed_at + terms.repeat_within
        if not batch.messages or not promised:
            return False
        rows = [self._row_in_doubt(message, terms, now) for message in batch.messages]
        for row in rows:
            if row is None:
                return False
        at = _rounded(now)
        for row in filter(None, rows):
            logged = replace(
                row.logged,
                state=State.SUBMITTING,
                claimed_at=at,
                at=at,
                purpose=terms.purpose,
                topic=terms.topic,
                gateway=terms.gateway,
                run_id=terms.run_id,
                heeded_at=terms.heeded_at and _rounded(terms.heeded_at),
            )
            self._all.rows[row.key] = replace(row, logged=logged)
        self._happened(at)
        return True

    def _row_in_doubt(self, message: Message, terms: Terms, now: datetime) -> Row | None:
        row = self._row(message.id)
        if row is None or not self._may_go(message, terms, now):
            return None
        logged, body = row.logged, digest(message.body)
        found = (logged.realm, logged.campaign_id, logged.to.e164, row.body_digest, row.gateway_digest)
        asked = (terms.realm, terms.campaign_id, message.to.e164, body, terms.gateway_digest)
        return row if row.state is State.IN_DOUBT and found == asked else None

    def _may_go(self, message: Message, terms: Terms, now: datetime) -> bool:
        """No opt-out, cap, gap or same text stands against it."""
        number = message.to.e164
        if self.is_closed(terms.realm, terms.campaign_id):
            return False
        if remembered.opted_out(self._all, number, now) & {"", terms.topic}:
            return False
        if remembered.has_said_no(self._all, number, terms):
            return False
        earlier = [row for row in self._taken(number, terms.realm) if row.logged.id != message.id]

        def since(span: timedelta) -> list[Row]:
            return [row for row in earlier if row.logged.claimed_at > _rounded(now - span)]

        caps = [LocalCap(cap, ()) for cap in terms.caps] + list(message.caps)
        if any(_is_full(cap, earlier, terms, now) for cap in caps):
            return False
        body = digest(message.body)
        return terms.same_text_within is None or not any(
            row.body_digest == body and row.logged.campaign_id != terms.campaign_id
            for row in since(terms.same_text_within)
        )

    def _taken(self, number: str, realm: Realm) -> list[Row]:
        rows = (self._all.rows[key] for key in self._all.by_number.get(number, ()))
        return [row for row in rows if row.logged.realm is realm and row.state in TAKEN_OR_MAYBE]

    def _own_row(self, message: Message, terms: Terms) -> Row | None:
        """The row with the same claim key."""
        for key in self._all.by_number.get(message.to.e164, ()):
            row = self._all.rows[key]
            mine = (row.logged.realm, row.logged.campaign_id) == (terms.realm, terms.campaign_id)
            if mine and (terms.realm is not Realm.TEST or row.logged.id == message.id):
                return row
        return None

    def _put(self, before: Row | None, message: Message, terms: Terms, now: datetime) -> int:
        """A new row, or another message in the place of a released one; its key."""
        key, at = (before.key if before else self._all.next_key), _rounded(now)
        if before is None:
            self._all.next_key += 1
            known = self._all.by_number.get(message.to.e164, ())
            self._all.by_number[message.to.e164] = (*known, key)
        else:
            del self._all.by_id[before.logged.id]
        logged = LoggedMessage(
            id=message.id,
            realm=terms.realm,
            campaign_id=terms.campaign_id,
            to=message.to,
            sender=message.sender,
            state=State.SUBMITTING,
            purpose=terms.purpose,
            topic=terms.topic,
            gateway=terms.gateway,
            segments=message.segments.count,
            gateway_segments=None,
            gateway_ref="",
            code="",
            detail="",
            claimed_at=at,
            at=at,
            run_id=terms.run_id,
            language=message.language,
            evidence=message.evidence,
            grounds=message.grounds,
            heeded_at=terms.heeded_at and _rounded(terms.heeded_at),
        )
        self._all.rows[key] = Row(key, logged, digest(message.body), terms.gateway_digest, None)
        self._all.by_id[message.id] = key
        self._happened(at)
        return key

    def _keep(self, won: Mapping[int, tuple[Batch, int]], terms: Terms) -> None:
        sizes = Counter(batch.id for batch, _ in won.values())
        used = {row.kept.batch.id for row in self._all.rows.values() if row.kept} & sizes.keys()
        for key, (batch, place) in won.items():
            until = None if terms.repeat_within is None else batch.claimed_at + terms.repeat_within
            row, kept = self._all.rows[key], Kept(batch, place, sizes[batch.id], until)
            logged = replace(row.logged, body=batch.messages[place].body)
            self._all.rows[key] = replace(row, kept=kept, logged=logged)
        for row in list(self._all.rows.values()):
            if row.kept and row.kept.batch.id in used:  # two claims under one key: what was sent is unclear
                self._all.rows[row.key] = replace(row, kept=replace(row.kept, until=LONG_AGO))

    def _happened(self, at: datetime) -> None:
        newest = self._all.newest
        self._all.newest = at if newest is None else max(newest, at)

    # --- settle --------------------------------------------------------------------------------

    def settle(self, receipts: Sequence[Receipt], now: datetime) -> None:
        """Record the answers; moves that are not legal change nothing. See SentLog.settle."""
        for receipt in receipts:
            row = self._row(receipt.message_id)
            if row is None:
                self._happened(_rounded(now))
                continue
            before = None
            if is_settlement(row.state, receipt.state):
                self._move(row, receipt, now)
            else:
                before = self._note(row, receipt, now)
            if receipt.fault is Fault.OPTED_OUT:
                at, note = (
                    opted_out_at(receipt, before or now),
                    f"{receipt.state} in campaign {row.logged.campaign_id}",
                )
                self.opt_out([OptOut(row.logged.to, "", at, "gateway", note=note, sender=row.logged.sender)])

    def _note(self, row: Row, receipt: Receipt, now: datetime) -> datetime | None:
        """Keep a receipt that moves nothing; when it was first heard, None if only now."""
        of, noted = row.logged, self._all.noted.get(row.key, {})
        told = Told(of.state, of.gateway_ref, of.code, of.detail, of.gateway_segments, of.happened_at, of.at)
        before = heard_before(receipt, told, noted)
        if before is None:
            self._all.noted[row.key] = {**noted, identity(receipt): _rounded(now)}
            self._happened(_rounded(now))
        return before

    def decide(self, message_ids: Sequence[str], state: State, by: str, now: datetime) -> Sequence[str]:
        """An operator's word on messages in doubt; the ids that changed, in the order given."""
        if state not in (State.ACCEPTED, State.RELEASED):
            raise ValueError(f"an operator can say accepted or released, not {state}")
        changed = []
        for message_id in message_ids:
            row = self._row(message_id)
            if row is not None and row.state is State.IN_DOUBT:
                self._move(row, Receipt(message_id, state, code="operator", detail=by), now)
                changed.append(message_id)
        return tuple(changed)

    def recover(self, realm: Realm, campaign_id: str, now: datetime) -> int:
        """Whatever is still submitting becomes in doubt; how many."""
        where = (realm, campaign_id)
        found = [
            row
            for row in self._all.rows.values()
            if row.state is State.SUBMITTING and (row.logged.realm, row.logged.campaign_id) == where
        ]
        for row in found:
            doubt = Receipt(row.logged.id, State.IN_DOUBT, code="interrupted", detail=INTERRUPTED)
            self._move(row, doubt, now)
        for row in list(self._all.rows.values()):
            if row.kept is not None and row.kept.until is not None and row.kept.until <= now:
                self._all.rows[row.key] = _without_body(row)
        return len(found)

    def _row(self, message_id: str) -> Row | None:
        key = self._all.by_id.get(message_id)
        return None if key is None else self._all.rows[key]

    def _move(self, row: Row, receipt: Receipt, now: datetime) -> None:
        before, at = row.logged, _rounded(now)
        logged = replace(
            before,
            state=receipt.state,
            at=at,
            gateway_ref=receipt.gateway_ref or before.gateway_ref,
            code=receipt.code,
            detail=receipt.detail,
            gateway_segments=before.gateway_segments if receipt.segments is None else receipt.segments,
            happened_at=told_at(receipt),
        )
        moved = replace(row, logged=logged)
        self._all.rows[row.key] = moved if receipt.state is State.IN_DOUBT else _without_body(moved)
        self._happened(at)

    # --- read ----------------------------------------------------------------------------------

    def facts(
        self, realm: Realm, campaign_id: str, numbers: Sequence[Msisdn], since: datetime, now: datetime
    ) -> Mapping[Msisdn, Facts]:
        """What is known of these numbers."""
        all_ = self._all
        places = (all_.by_number, all_.opt_outs, all_.heeded, all_.consents, all_.erased)
        known = (number for number in numbers if any(number.e164 in place for place in places))
        found = {number: self._facts_of(realm, campaign_id, number.e164, since, now) for number in known}
        return {number: facts for number, facts in found.items() if facts != Facts()}

    def _facts_of(self, realm: Realm, campaign_id: str, number: str, since: datetime, now: datetime) -> Facts:
        rows = [self._all.rows[key] for key in self._all.by_number.get(number, ())]
        mine = (realm, campaign_id)
        prior = [row.state for row in rows if (row.logged.realm, row.logged.campaign_id) == mine]
        recent = [row for row in self._taken(number, realm) if row.logged.claimed_at >= _rounded(since)]
        return Facts(
            prior=prior[0] if prior and realm is not Realm.TEST else None,
            opted_out=remembered.opted_out(self._all, number, now),
            consents=remembered.consent_facts(self._all, number),
            recent=tuple(
                Recent(
                    row.logged.claimed_at,
                    row.logged.campaign_id,
                    row.logged.topic,
                    row.body_digest,
                    row.logged.purpose,
                )
                for row in sorted(recent, key=_by_claim)
            ),
        )

    def repeatable(
        self, realm: Realm, campaign_id: str, gateway_digest: str, now: datetime
    ) -> Sequence[Batch]:
        """Requests in doubt that the gateway's promise still covers, as they were sent."""
        members: dict[str, list[Kept]] = {}
        for row in self._all.rows.values():
            mine = (row.logged.realm, row.logged.campaign_id, row.gateway_digest, row.state)
            if row.kept is None or mine != (realm, campaign_id, gateway_digest, State.IN_DOUBT):
                continue
            if row.kept.until is not None and now < row.kept.until:
                members.setdefault(row.kept.batch.id, []).append(row.kept)
        found = [
            replace(
                kept[0].batch,
                messages=tuple(k.batch.messages[k.place] for k in sorted(kept, key=lambda k: k.place)),
            )
            for kept in members.values()
            if len(kept) == kept[0].size
        ]
        return tuple(sorted(found, key=lambda batch: (batch.claimed_at, batch.id)))

    def messages(self, wanted: LogFilter) -> Iterator[LoggedMessage]:
        """Messages in the order of their claims; `since` and `until` (exclusive) speak of the claim."""
        for row in sorted(self._all.rows.values(), key=_by_claim):
            if _is_wanted(row.logged, wanted):
                yield row.logged

    def opt_outs(self) -> Iterator[OptOut]:
        """Everybody on the opt-out list, by number."""
        for _, wishes in sorted(self._all.opt_outs.items()):
            yield from sorted(wishes, key=lambda wish: wish.topic)

    def campaigns(self) -> Sequence[tuple[Realm, str]]:
        """Every campaign with a message or a run, by id and in each of its realms."""
        texted = {(row.logged.realm, row.logged.campaign_id) for row in self._all.rows.values()}
        return in_order(texted | {(run.realm, run.campaign_id) for run in self._all.runs.values()})

    def counts(
        self, realm: Realm, campaign_id: str | None = None, run_id: str | None = None
    ) -> Mapping[State, int]:
        """Messages by current state."""
        logged = (row.logged for row in self._all.rows.values() if row.logged.realm is realm)
        return Counter(
            one.state
            for one in logged
            if campaign_id in (None, one.campaign_id) and run_id in (None, one.run_id)
        )

    def opt_outs_by_source(
        self, since: datetime | None = None, now: datetime | None = None
    ) -> Mapping[str, int]:
        """How many opt-outs there are that were said then or later and hold `now`, by their source."""
        wishes = (wish for wish in self.opt_outs() if since is None or wish.at >= _rounded(since))
        return Counter(
            wish.source for wish in wishes if now is None or wish.until is None or wish.until > _rounded(now)
        )

    def runs(self) -> Sequence[RunRecord]:
        """The latest send of each campaign in each realm, the latest first."""
        latest: dict[tuple[Realm, str], RunRecord] = {}
        for run in reversed(self._all.runs.values()):
            latest.setdefault((run.realm, run.campaign_id), run)
        return tuple(latest.values())

    def newest_at(self) -> datetime | None:
        """The time of the newest event of any message."""
        return self._all.newest

    def late_opt_outs(self, run_id: str) -> int:
        """How many people opted out after a message of that run was claimed for them."""
        late = {
            logged.to
            for logged in (row.logged for row in self._all.rows.values())
            if logged.run_id == run_id and logged.state is not State.REJECTED
            for wish in self.opt_outs()
            if wish.number == logged.to and wish.topic in ("", logged.topic) and wish.at > logged.claimed_at
        }
        return len(late)

    def has_live_messages(self) -> bool:
        """Was anybody ever claimed in realm live?"""
        return any(row.logged.realm is Realm.LIVE for row in self._all.rows.values())

    def texts_digest(self, realm: Realm, campaign_id: str) -> str | None:
        """The digest of the texts this campaign was last sent with."""
        return self._all.texts.get((realm, campaign_id))

    # --- write the rest ------------------------------------------------------------------------

    def remember_texts(self, realm: Realm, campaign_id: str, digest: str, now: datetime) -> None:
        """From now on the campaign is sent with these texts."""
        self._all.texts[realm, campaign_id] = digest

    def begin_run(self, run: RunRecord) -> None:
        """Remember that this send begins."""
        self._all.runs[run.id] = replace(
            run,
            started_at=_rounded(run.started_at),
            ended_at=run.ended_at and _rounded(run.ended_at),
            counts=dict(run.counts),
            held_until=run.held_until and _rounded(run.held_until),
        )

    def end_run(self, run: RunRecord) -> None:
        """Remember how it ended: the record of the same id, whole."""
        self.begin_run(run)

    def opt_out(self, wishes: Iterable[OptOut]) -> int:
        """Add to the opt-out list; how many are new or hold longer now. See SentLog.opt_out."""
        return sum(remembered.opt_out(self._all, wish) for wish in wishes)

    def reinstate(self, number: Msisdn, topic: str, by: str, reason: str, now: datetime) -> bool:
        """Lift an opt-out of this log by an operator's word; a heeded one is not ours to lift."""
        return remembered.reinstate(self._all, number, topic, by, reason, now)

    def heed(self, wishes: Iterable[OptOut]) -> int:
        """Obey other lists' opt-outs while this log is open; how many are new, or hold longer."""
        return sum(remembered.heed(self._all, wish) for wish in wishes)

    def start(self, number: Msisdn, topic: str, sender: str, at: datetime, words: str) -> Sequence[str]:
        """The person's own START, sent to `sender`: the topics it lifts."""
        return remembered.start(self._all, number, topic, sender, at, words)

    def record_consents(self, records: Iterable[ConsentRecord], now: datetime) -> int:
        """Add consent records; how many are new."""
        return sum(remembered.agree(self._all, record, now) for record in records)

    def consents(self, number: Msisdn | None = None) -> Iterator[ConsentRecord]:
        """Consent records by number and time."""
        for each in sorted(self._all.consents) if number is None else (number.e164,):
            yield from remembered.consents(self._all, each)

    def file_replies(self, replies: Sequence[tuple[Reply, Classified]], now: datetime) -> Sequence[bool]:
        """Keep replies as they were classified; which are new."""
        return tuple(remembered.file(self._all, reply, classified) for reply, classified in replies)

    def replies(self, *, pending: bool = False, number: Msisdn | None = None) -> Iterator[FiledReply]:
        """Replies in the order of their times."""
        yield from remembered.replies(self._all, pending, number)

    def decide_reply(self, key: int, kind: ReplyClass, by: str, now: datetime) -> bool:
        """A person's word on a reply for review; False where it does not wait (any more)."""
        return remembered.decide(self._all, key, kind, by, now)

    def everything_about(self, number: Msisdn) -> Mapping[str, object]:
        """All that is held about a number, in JSON's types."""
        return forgotten.everything_about(self._all, number)

    def erased(self, numbers: Iterable[Msisdn]) -> frozenset[Msisdn]:
        """Those of the numbers that were erased."""
        return frozenset(number for number in numbers if number.e164 in self._all.erased)

    def count_erased(self) -> int:
        """How many people are erased."""
        return len(self._all.erased)

    def erase(self, number: Msisdn, by: str, now: datetime) -> Erased:
        """Forget a number, but not that it is not to be texted."""
        return forgotten.erase(self._all, number, now)

    def prune(
        self, before: datetime, by: str, now: datetime, *, only_look: bool, realm: Realm | None = None
    ) -> Sequence[Pruned]:
        """Forget whole campaigns whose newest message is older, and close their ids."""
        return forgotten.prune(self._all, before, now, only_look=only_look, realm=realm)

    def compact(self) -> bool:
        """Nothing of what was forgotten is left anywhere."""
        return True

    def is_closed(self, realm: Realm, campaign_id: str) -> datetime | None:
        """When this campaign was pruned; None if it never was."""
        return self._all.closed.get((realm, campaign_id))

    # --- what gateways tell afterwards ---------------------------------------------------------

    def handed(
        self, gateway: str, realm: Realm, states: frozenset[State], since: datetime
    ) -> Iterator[Handed]:
        """Messages handed to that gateway then or later and now in one of these states, oldest first."""
        yield from remembered_post.handed(self._all, gateway, realm, states, since)

    def found(self, message_ids: Sequence[str]) -> Mapping[str, Handed]:
        """These messages as they are now, by id; whoever is not there is left out."""
        known = ((message_id, self._row(message_id)) for message_id in message_ids)
        return {message_id: remembered_post.as_handed(row) for message_id, row in known if row}

    def match(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], since: datetime
    ) -> Sequence[str | None]:
        """The id of the message that each is about; None: unknown. See SentLog.match."""
        return remembered_post.match(self._all, gateway, realm, receipts, since)

    def keep_strays(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], now: datetime
    ) -> int:
        """Keep receipts that are about no message known yet; how many are new."""
        return remembered_post.keep_strays(self._all, gateway, realm, receipts, now)

    def strays(self, gateway: str, realm: Realm) -> Sequence[DeliveryReceipt]:
        """The receipts kept for that gateway, oldest first."""
        return remembered_post.strays(self._all, gateway, realm)

    def drop_strays(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], before: datetime
    ) -> None:
        """Forget these, which have found their messages, and whatever was kept before that time."""
        remembered_post.drop_strays(self._all, gateway, realm, receipts, before)

    def sync_mark(self, gateway: str, realm: Realm, what: str) -> SyncMark | None:
        """How far that gateway was asked about `what`."""
        return self._all.marks.get((gateway, realm, what))

    def remember_sync(self, gateway: str, realm: Realm, what: str, mark: SyncMark) -> None:
        """From now on it was asked as far as that."""
        self._all.marks[gateway, realm, what] = replace(mark, at=_rounded(mark.at))

    def gateways_used(self, since: datetime | None = None) -> Sequence[tuple[str, Realm]]:
        """The names of the gateways that messages were handed to then or later, with their realms."""
        return remembered_post.gateways_used(self._all, since)

    def empty_sandbox(self, campaign_id: str) -> int:
        """Forget this campaign's rehearsal, its texts and its runs; how many messages.

        What its gateway told goes for all rehearsals: it is asked anew.
        """
        remembered_post.forget_rehearsals(self._all)
        return forgotten.drop_campaign(self._all, Realm.SANDBOX, campaign_id)


def _is_full(cap: LocalCap, earlier: Sequence[Row], terms: Terms, now: datetime) -> bool:
    """Has somebody had as many messages as this cap allows?"""
    since, counts = _rounded(counted_after(cap, now)), cap.cap.counts
    counted = [
        row
        for row in earlier
        if row.logged.claimed_at > since
        and (counts is not CapScope.TOPIC or row.logged.topic == terms.topic)
        and (counts is not CapScope.PURPOSE or row.logged.purpose == terms.purpose)
    ]
    return len(counted) >= cap.cap.at_most


def _claimable(terms: Terms) -> frozenset[State]:
    return frozenset({State.RELEASED} | ({State.REJECTED} if terms.again_rejected else set()))


def _without_body(row: Row) -> Row:
    return replace(row, kept=None, logged=replace(row.logged, body=""))


def _by_claim(row: Row) -> tuple[datetime, int]:
    return row.logged.claimed_at, row.key


def _rounded(at: datetime) -> datetime:
    """To the log's milliseconds."""
    return from_millis(to_millis(at))


def _is_wanted(logged: LoggedMessage, wanted: LogFilter) -> bool:
    at = logged.claimed_at
    return (
        wanted.campaign_id in (None, logged.campaign_id)
        and wanted.realm in (None, logged.realm)
        and (not wanted.states or logged.state in wanted.states)
        and wanted.number in (None, logged.to.e164)
        and (wanted.since is None or at >= _rounded(wanted.since))
        and (wanted.until is None or at < _rounded(wanted.until))
    )
