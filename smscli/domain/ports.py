"""What the engine needs from the world, as Protocols. `cli/wiring.py` chooses who plays them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from smscli.domain.consent import ConsentFact, ConsentRecord
from smscli.domain.decision import Decision, HoldReason, SkipReason
from smscli.domain.delivery import DeliveryReceipt, Finding, Handed, ListedOptOut, Post
from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Answer, Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.profile import BatchMode, GatewayProfile
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass
from smscli.domain.segments import Encoding


class Clock(Protocol):
    """Time as an argument: wall clock (aware UTC), a clock that never goes back, and sleep."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class Gateway(Protocol):
    """Takes batches. Never raises for anything the wire does: that is an Answer."""

    @property
    def profile(self) -> GatewayProfile: ...

    async def submit(self, batch: Batch, *, proven: bool) -> Answer:
        """Hand one batch over. `proven`: something was accepted earlier in this run, so that a lone
        unmapped 400 or 422 is about the message and not about the set-up."""
        ...

    async def close(self) -> None: ...


class Postbox(Protocol):
    """What a gateway can be asked afterwards. Asking changes nothing but where `consuming` says so.

    Each method yields pages; whoever takes the next one has saved the last, which is then acknowledged.
    `handed` are the messages that polls by message, reference or sender are made of. Raises PostboxFailed
    where an answer cannot be had or understood: what was yielded before stands.
    """

    @property
    def profile(self) -> GatewayProfile: ...

    def receipts(
        self, handed: Iterable[Handed], since: datetime, until: datetime, mark: str
    ) -> AsyncIterator[Post[DeliveryReceipt]]: ...

    def replies(
        self, handed: Iterable[Handed], since: datetime, until: datetime, mark: str
    ) -> AsyncIterator[Post[Reply]]: ...

    def opt_outs(self, since: datetime, until: datetime, mark: str) -> AsyncIterator[Post[ListedOptOut]]: ...

    async def find(self, message: Handed, now: datetime) -> Finding:
        """Ask about one message in doubt."""
        ...

    async def close(self) -> None: ...


class Recent(NamedTuple):
    """An earlier message to the same number, in any campaign of the realm (taken, or maybe taken).

    A tuple, since a list of a million people may bring as many: made in a third of the time.
    """

    at: datetime
    campaign_id: str
    topic: str
    body_digest: str
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sent log knows about one number. `opted_out` lists topics, `""` for everything: what holds at
    the time of asking, replies that wait for a person and the erased among them.

    `prior` is the state of this campaign's message to this number, if there is one.
    `recent` is oldest first and reaches back as far as was asked.
    """

    prior: State | None = None
    opted_out: frozenset[str] = frozenset()
    recent: tuple[Recent, ...] = ()
    consents: tuple[ConsentFact, ...] = ()


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Terms:
    """The conditions under which a message may be claimed; asked inside the claim statement.

    `again_rejected` lets a number be claimed whose message the gateway rejected before. `keep_bodies`
    stores bodies with the claim, needed for an idempotent repeat until `repeat_within` after the claim.
    `caps` are the rolling ones that hold for everybody; `Message.caps` are asked besides. Whoever said no
    after `planned_at`, by a consent record, drops out. `heeded_at` is when other opt-out lists were read.
    """

    realm: Realm
    campaign_id: str
    purpose: str
    topic: str
    gateway: str
    gateway_digest: str
    run_id: str
    caps: tuple[FrequencyCap, ...] = ()
    planned_at: datetime | None = None
    heeded_at: datetime | None = None
    same_text_within: timedelta | None = None
    again_rejected: bool = False
    keep_bodies: bool = False
    repeat_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One line of the sent log, current state. Times are aware UTC; `body` is empty unless kept.

    The log's own opt-out list was asked at `claimed_at`, inside the claim; other lists at `heeded_at`.
    `happened_at` is the gateway's own time of what it told last.
    """

    id: str
    realm: Realm
    campaign_id: str
    to: Msisdn
    sender: str
    state: State
    purpose: str
    topic: str
    gateway: str
    segments: int
    gateway_segments: int | None
    gateway_ref: str
    code: str
    detail: str
    claimed_at: datetime
    at: datetime  # of the last change of state
    run_id: str
    language: str = ""
    evidence: str = ""
    grounds: str = ""
    heeded_at: datetime | None = None
    body: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which messages to list; empty parts do not narrow."""

    campaign_id: str | None = None
    realm: Realm | None = None
    states: frozenset[State] = frozenset()
    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """A wish not to be texted: of one topic, or (`""`) of everything; until a time (aware UTC), or for good.

    `sender` is our number or sender ID that it was said to, `words` what the person wrote; both may be empty.
    """

    number: Msisdn
    topic: str
    at: datetime
    source: str  # reply, web, phone, link, e-mail, hand, gateway, import, review
    by: str = ""
    note: str = ""
    until: datetime | None = None
    sender: str = ""
    words: str = ""


#: The source of an opt-out that stands for a reply which no person has read yet.
REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Erased:
    """What erasing a person came to: rows by what they were. `before`: when they had been erased before."""

    counts: Mapping[str, int]
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pruned:
    """A campaign whose messages were, or would be, forgotten; its id is closed for good.

    One with `unsettled` messages (in doubt, or submitting) is left as it is.
    """

    realm: Realm
    campaign_id: str
    messages: int
    newest_at: datetime
    unsettled: int = 0


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One `send` of a campaign, as the log remembers it. Times are aware UTC.

    `ended_at` is None while it runs, and for ever if it was cut off. `counts` are the parts of its summary
    (`rows`, `accepted`, `held`, …); `held_until` is the first moment at which somebody held may go; `stopped`
    says why it ended early.
    """

    id: str
    realm: Realm
    campaign_id: str
    gateway: str
    by: str
    started_at: datetime
    ended_at: datetime | None = None
    exit_code: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    held_until: datetime | None = None
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class SyncMark:
    """How far a gateway was asked: everything until `at` (aware UTC), and its own mark if it has any."""

    at: datetime
    mark: str = ""


class SentLog(Protocol):
    """The memory that keeps people from being texted twice.

    Every method raises SentLogBusy at once when another process writes, so that the caller can wait
    without blocking a loop; each is safe to call again then. All times are aware UTC.
    """

    def atomic(self) -> AbstractContextManager[None]:
        """Several calls as one durable transaction; nested calls join it."""
        ...

    def facts(
        self, realm: Realm, campaign_id: str, numbers: Sequence[Msisdn], since: datetime, now: datetime
    ) -> Mapping[Msisdn, Facts]:
        """What is known of these numbers; some may be absent. `now` says which opt-outs hold."""
        ...

    def claim(self, batches: Sequence[Batch], terms: Terms, now: datetime) -> frozenset[str]:
        """Durably mark messages as submitting, before a byte leaves. Returns the ids that won.

        A message wins if this realm and campaign has no message to its number, or a released one (or,
        with `again_rejected`, a rejected one), and no opt-out, cap or same text stands against it. The
        losers stay as they were.
        """
        ...

    def reclaim(self, batch: Batch, terms: Terms, now: datetime) -> bool:
        """In doubt back to submitting, for an idempotent repeat: all members or none."""
        ...

    def settle(self, receipts: Sequence[Receipt], now: datetime) -> None:
        """Record the answers: current state and an append-only event. Moves that are not legal are kept as
        events only, and what was heard before leaves nothing. A receipt whose fault is an opt-out, whatever
        its state, also puts the number on the opt-out list."""
        ...

    def recover(self, realm: Realm, campaign_id: str, now: datetime) -> int:
        """Whatever is still submitting becomes in doubt; how many. Only under the campaign's lock."""
        ...

    def repeatable(
        self, realm: Realm, campaign_id: str, gateway_digest: str, now: datetime
    ) -> Sequence[Batch]:
        """Requests in doubt that the gateway's promise still covers, as they were sent."""
        ...

    def texts_digest(self, realm: Realm, campaign_id: str) -> str | None:
        """The digest of the texts this campaign was last sent with."""
        ...

    def remember_texts(self, realm: Realm, campaign_id: str, digest: str, now: datetime) -> None: ...

    def begin_run(self, run: RunRecord) -> None:
        """Remember that this send begins."""
        ...

    def end_run(self, run: RunRecord) -> None:
        """Remember how it ended: the record of the same id, whole."""
        ...

    def runs(self) -> Sequence[RunRecord]:
        """The latest send of each campaign in each realm, the latest first."""
        ...

    def newest_at(self) -> datetime | None:
        """The time of the newest event, to catch a clock that went back."""
        ...

    def campaigns(self) -> Sequence[tuple[Realm, str]]:
        """Every campaign with a message or a run, by id and in each of its realms: live, sandbox, test."""
        ...

    def counts(
        self, realm: Realm, campaign_id: str | None = None, run_id: str | None = None
    ) -> Mapping[State, int]:
        """Messages by current state: of a realm, of one campaign, of one run of that campaign."""
        ...

    def messages(self, wanted: LogFilter) -> Iterator[LoggedMessage]:
        """Messages in the order of their claims."""
        ...

    def decide(self, message_ids: Sequence[str], state: State, by: str, now: datetime) -> Sequence[str]:
        """An operator's word on messages in doubt (accepted or released); the ids that changed."""
        ...

    def opt_out(self, wishes: Iterable[OptOut]) -> int:
        """Add to the opt-out list; how many are new or last longer now.

        A wish that was recorded before and lifted since (the same number, topic, time and source) is not new.
        One that is older than a START to the same sender is kept as an event only.
        """
        ...

    def reinstate(self, number: Msisdn, topic: str, by: str, reason: str, now: datetime) -> bool:
        """Lift an opt-out (of everything: an erasure too) by an operator's word; False: there was none."""
        ...

    def start(self, number: Msisdn, topic: str, sender: str, at: datetime, words: str) -> Sequence[str]:
        """The person's own START, sent to `sender`: the topics it lifts (for `topic` `""` of all topics).

        It lifts what was said earlier, and to the same sender; never a reply that waits for review.
        """
        ...

    def record_consents(self, records: Iterable[ConsentRecord], now: datetime) -> int:
        """Add consent records; how many are new (one that says the very same is not)."""
        ...

    def consents(self, number: Msisdn | None = None) -> Iterator[ConsentRecord]:
        """Consent records of one number, or of all, by number and time."""
        ...

    def file_replies(self, replies: Sequence[tuple[Reply, Classified]], now: datetime) -> Sequence[bool]:
        """Keep replies as classified, and those for review on the opt-out list as well; which are new."""
        ...

    def replies(self, *, pending: bool = False, number: Msisdn | None = None) -> Iterator[FiledReply]:
        """Replies in the order of their times; `pending`: only those that wait for a person."""
        ...

    def decide_reply(self, key: int, kind: ReplyClass, by: str, now: datetime) -> bool:
        """A person's word on a reply for review; False where it does not wait (any more).

        Once none of the number's replies waits, it no longer stands on the opt-out list for review. What the
        word means besides (an opt-out) is the caller's to record, in the same transaction.
        """
        ...

    def everything_about(self, number: Msisdn) -> Mapping[str, object]:
        """All that is held about a number, in JSON's types."""
        ...

    def erased(self, numbers: Iterable[Msisdn]) -> frozenset[Msisdn]:
        """Those of the numbers that were erased. Raises SentLogError where their key is missing."""
        ...

    def count_erased(self) -> int:
        """How many people are erased; for this no key is needed."""
        ...

    def erase(self, number: Msisdn, by: str, now: datetime) -> Erased:
        """Forget a number but for a keyed hash that keeps it from being texted. Raises SentLogError.

        Raises Refused while a message of theirs is unsettled. Traces of it in the file go with `compact`.
        """
        ...

    def prune(
        self, before: datetime, by: str, now: datetime, *, only_look: bool, realm: Realm | None = None
    ) -> Sequence[Pruned]:
        """Forget whole campaigns whose newest message is older, and close their ids (but of realm test).

        Those with anything unsettled are named among the others, and left.
        """
        ...

    def compact(self) -> bool:
        """Write the log anew without what was forgotten; False where a reader still holds an old state."""
        ...

    def is_closed(self, realm: Realm, campaign_id: str) -> datetime | None:
        """When this campaign was pruned; None if it never was."""
        ...

    def heed(self, wishes: Iterable[OptOut]) -> int:
        """Opt-outs from other logs and lists: facts and claims obey them while this log is open."""
        ...

    def opt_outs(self) -> Iterator[OptOut]:
        """Everybody on the opt-out list, by number."""
        ...

    def handed(
        self, gateway: str, realm: Realm, states: frozenset[State], since: datetime
    ) -> Iterator[Handed]:
        """Messages handed to that gateway then or later and now in one of these states, oldest first."""
        ...

    def found(self, message_ids: Sequence[str]) -> Mapping[str, Handed]:
        """These messages as they are now, by id; whoever is not there is left out."""
        ...

    def match(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], since: datetime
    ) -> Sequence[str | None]:
        """The id of the message that each is about, among those handed over then or later; None: unknown.

        By our id, else by the gateway's (with the number, where several share it), else by the number where
        only one message to it is meant: of that text, where the receipt tells it, and without another
        reference. A receipt with an id of ours that no message has is about none by its number; one with a
        reference that nobody here has, or about a released message, only with that text. The first
        question reads the whole log (seconds, for 500,000 messages), later ones what has changed since.
        """
        ...

    def keep_strays(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], now: datetime
    ) -> int:
        """Keep receipts that are about no message known yet, to be matched later; how many are new.

        None is kept that names an erased number. Raises SentLogError where the key of the erased is missing.
        """
        ...

    def strays(self, gateway: str, realm: Realm) -> Sequence[DeliveryReceipt]:
        """The receipts kept for that gateway, oldest first."""
        ...

    def drop_strays(
        self, gateway: str, realm: Realm, receipts: Sequence[DeliveryReceipt], before: datetime
    ) -> None:
        """Forget these, which have found their messages, and whatever was kept before that time."""
        ...

    def sync_mark(self, gateway: str, realm: Realm, what: str) -> SyncMark | None:
        """How far that gateway was asked about `what` (receipts, replies, opt_outs)."""
        ...

    def remember_sync(self, gateway: str, realm: Realm, what: str, mark: SyncMark) -> None: ...

    def gateways_used(self, since: datetime | None = None) -> Sequence[tuple[str, Realm]]:
        """The names of the gateways that messages were handed to then or later, with their realms."""
        ...

    def opt_outs_by_source(
        self, since: datetime | None = None, now: datetime | None = None
    ) -> Mapping[str, int]:
        """How many opt-outs there are that were said then or later, by where they came from; given `now`,
        only those that have not ended by then."""
        ...

    def empty_sandbox(self, campaign_id: str) -> int:
        """Forget this campaign's rehearsal (sandbox realm only): messages and runs; how many messages."""
        ...

    def late_opt_outs(self, run_id: str) -> int:
        """How many people opted out after a message of that run was claimed for them."""
        ...

    def close(self) -> None: ...


class PaceLedger(Protocol):
    """How much was submitted lately, shared by every process that uses the same gateway."""

    def exclusively(self) -> AbstractContextManager[list[tuple[float, float]]]:
        """The (monotonic seconds, amount) entries, held under a lock; what the caller leaves in the
        list is what the next one finds."""
        ...


@dataclass(frozen=True, slots=True)
class CountryTally:
    """Messages and segments to one country."""

    country: str
    messages: int
    segments: int


@dataclass(frozen=True, slots=True)
class Offender:
    """A character that forced UCS-2: in how many messages, how many segments those have together, and
    how many more than with a GSM-7 character in its place (a message with two counts under both)."""

    character: str
    messages: int
    segments: int
    extra_segments: int


@dataclass(frozen=True, slots=True)
class PlanTally:
    """What a plan comes to, counted in the plan. Cost and duration are the engine's to work out."""

    contacts: int = 0
    to_send: int = 0
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)
    held: Mapping[HoldReason, int] = field(default_factory=dict)
    held_until: Mapping[HoldReason, datetime] = field(default_factory=dict)  # earliest, by reason
    segments: int = 0
    by_encoding: Mapping[Encoding, int] = field(default_factory=dict)  # messages
    by_country: tuple[CountryTally, ...] = ()
    by_language: Mapping[str, int] = field(default_factory=dict)
    by_segments: Mapping[int, int] = field(default_factory=dict)  # segments a message -> messages
    offenders: tuple[Offender, ...] = ()
    first_deadline: datetime | None = None
    segments_by_encoding: Mapping[Encoding, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A skipped or held contact as the plan remembers it."""

    row: int
    line: int
    number: Msisdn
    reason: SkipReason | HoldReason
    detail: str
    until: datetime | None
    of_list: int = 0


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row whose number an earlier row has: both by list (from 0), running row and physical line."""

    number: Msisdn
    of_list: int
    row: int
    line: int
    first_list: int
    first_row: int
    first_line: int


@dataclass(frozen=True, slots=True)
class SendOrder:
    """In which order messages leave, so that requests of this mode fill.

    With `turn`, senders take turns, each with so many messages (segments, if those count) at a time; else
    whose window closes first goes first. `by_segments`: segments count against the pace.
    """

    mode: BatchMode
    turn: int = 0
    by_segments: bool = False


class Leaving(NamedTuple):
    """What a forecast needs of messages that follow one another and are alike: when their window closes,
    the segments of each, the sender, the text (where one request carries but one text), and how many."""

    deadline: datetime
    segments: int
    sender: str = ""
    text: str = ""
    many: int = 1


class Plan(Protocol):
    """One pass over the list, kept outside memory; nothing of it survives the process."""

    def seen(self, numbers: Sequence[Msisdn]) -> frozenset[Msisdn]:
        """Which of these numbers the plan already has a row for."""
        ...

    def exclude(self, name: str, numbers: Iterable[Msisdn]) -> int:
        """Numbers not to text, by the name of the list that has them; how many are new."""
        ...

    def excluded(self, numbers: Sequence[Msisdn]) -> Mapping[Msisdn, str]:
        """Those of these numbers that are not to be texted, with the name of the list that says so."""
        ...

    def add(self, decisions: Sequence[Decision]) -> None: ...

    def withdraw(self, wishes: Mapping[Msisdn, str]) -> None:
        """Later rows of the list say that these numbers opted out, and where: whatever was planned for them
        is skipped."""
        ...

    def duplicates(self) -> Iterator[Duplicate]:
        """Rows whose number an earlier row has, in list order."""
        ...

    def limit(self, rows: int) -> int:
        """Keep only the first `rows` sendable rows of the list to send; how many are left out."""
        ...

    def tally(self) -> PlanTally: ...

    def digest(self) -> str:
        """Of every number, sender and body to send: what the operator confirms."""
        ...

    def messages(self, order: SendOrder) -> Iterator[Message]:
        """What to send, by deadline, then by what a request has one of (sender, text), then by number."""
        ...

    def leaving(self, order: SendOrder) -> Iterator[Leaving]:
        """The same, in the same order, without the messages themselves; those that are alike are one."""
        ...

    def samples(self, most: int) -> Sequence[Message]:
        """A few messages to show: different languages first, the longest text among them."""
        ...

    def left_out(self) -> Iterator[PlannedRow]:
        """Skipped and held rows in list order."""
        ...

    def close(self) -> None: ...
