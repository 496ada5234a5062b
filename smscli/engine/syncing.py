"""What a gateway tells afterwards, into the sent log: delivery receipts, its opt-out list, replies.

Every page is saved, in one transaction, before the next is asked for: a gateway may tell a thing only once,
and a run may end between any two of them. Everything is safe to repeat. Knows neither HTTP nor SQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from smscli.domain.delivery import DeliveryReceipt, Handed, ListedOptOut, Post, Told
from smscli.domain.errors import PostboxFailed, SentLogBusy
from smscli.domain.message import Fault, Realm, Receipt, State
from smscli.domain.ports import Clock, OptOut, Postbox, SentLog, SyncMark
from smscli.domain.profile import Poll, PollEach
from smscli.domain.replies import Reply, ReplyClass
from smscli.engine.receiving import Effect, receipt_of, weigh
from smscli.engine.replying import Listening, file_replies
from smscli.engine.synced import Count, Learned, Synced, What

#: The source of an opt-out that a gateway tells.
GATEWAY = "gateway"

#: How far back a gateway is asked the first time, and about what is still under way: so long may a phone be
#: switched off before its network gives a message up.
REACH = timedelta(hours=72)
#: What is asked for again: clocks differ, and a gateway may list a thing a little late.
OVERLAP = timedelta(hours=1)
#: Receipts that match nothing are kept so long: their message may be one whose answer has yet to come.
STRAYS_KEPT = timedelta(days=7)

#: How long (seconds) a log that another process writes to is waited for, with a page in hand that the
#: gateway may not tell again; and how often it is looked at.
PATIENCE = 600.0
_LOOK_AGAIN = 0.05

#: Strays that are matched in one transaction.
_TOGETHER = 500
#: An opt-out list is read from its beginning, and nothing from before it: calendars begin too.
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

_OPEN = frozenset({State.ACCEPTED, State.IN_DOUBT})
_UNDER_WAY = frozenset({State.ACCEPTED, State.SUBMITTING})

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncTools:
    """What the world lends: the log, the time, how replies are read, who asks, and whether to end."""

    log: SentLog
    clock: Clock
    listening: Listening
    by: str
    stopped: Callable[[], bool] = lambda: False
    watch: Callable[[Synced], None] = lambda _: None


async def sync_gateway(
    postbox: Postbox, realms: Sequence[Realm], tools: SyncTools, since: datetime | None = None
) -> Synced:
    """Ask one gateway for all that it can tell, once, and save it: for messages of the first realm, then of
    the next. A gateway does not know our realms, and what it tells once only is for all of them.

    `since` (aware UTC): how far back, instead of where the last sync ended. Where a gateway fails, the
    outcome says so, and what it told before that is saved. Raises SentLogError's kinds.
    """
    return await _Sync(postbox, realms, tools, since).run()


async def patiently(clock: Clock, step: Callable[[], T]) -> T:
    """Try `step` until the log is free, for ten minutes at most: what it saves may not be told again."""
    since = clock.monotonic()
    while True:
        try:
            return step()
        except SentLogBusy:
            if clock.monotonic() - since > PATIENCE:
                raise
            await clock.sleep(_LOOK_AGAIN)


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked for, how far back, and how far it was read before (`reached`) and with which mark."""

    what: What
    since: datetime
    until: datetime
    reached: datetime
    mark: str

    def ends(self, mark: str) -> SyncMark:
        """Where the next sync goes on. After a gap (`--since`) it is where this one did."""
        return SyncMark(self.until if self.since <= self.reached else self.reached, mark)


class _Sync:
    """One gateway, asked once. What it said is kept under the first of its realms."""

    def __init__(
        self, postbox: Postbox, realms: Sequence[Realm], tools: SyncTools, since: datetime | None
    ) -> None:
        self._postbox = postbox
        self._gateway = postbox.profile.name
        self._realms = realms
        self._realm = realms[0]
        self._tools = tools
        self._log = tools.log
        self._given = since
        self._match_since = _BEGINNING
        self._synced = Synced(self._gateway, self._realm)

    async def run(self) -> Synced:
        """Receipts first: what settles a doubt is worth most if somebody ends us early."""
        polls = self._postbox.profile.polls
        if polls.receipts is not None:
            await self._ask_receipts(polls.receipts.poll)
        if polls.opt_outs is not None and not self._is_over():
            await self._ask_opt_outs(polls.opt_outs.poll)
        if polls.replies is not None and not self._is_over():
            await self._ask_replies(polls.replies.poll)
        return self._synced

    def _is_over(self) -> bool:
        """Did the operator end it?"""
        self._synced.stopped = self._synced.stopped or self._tools.stopped()
        return self._synced.stopped

    async def _ask_receipts(self, poll: Poll) -> None:
        asked = await self._question(What.RECEIPTS, poll)
        self._synced.since, self._match_since = asked.since, asked.since - REACH
        await self._match_strays()
        await self._look_up(self._match_since)
        handed = await self._patiently(lambda: self._to_ask(poll.each, asked.since, _OPEN))
        posts = self._postbox.receipts(handed, asked.since, asked.until, asked.mark)
        await self._read(asked, posts, self._receive)
        self._synced.under_way = await self._patiently(
            lambda: sum(1 for _ in self._handed(_UNDER_WAY, asked.since))
        )

    async def _ask_opt_outs(self, poll: Poll) -> None:
        asked = await self._question(What.OPT_OUTS, poll)
        posts = self._postbox.opt_outs(asked.since, asked.until, asked.mark)
        await self._read(asked, posts, self._list)

    async def _ask_replies(self, poll: Poll) -> None:
        asked = await self._question(What.REPLIES, poll)
        handed = await self._patiently(lambda: self._to_ask(poll.each, asked.since, frozenset(State)))
        posts = self._postbox.replies(handed, asked.since, asked.until, asked.mark)
        await self._read(asked, posts, partial(self._file, asked.until))

    # --- what to ask for -----------------------------------------------------------------------

    async def _question(self, what: What, poll: Poll) -> _Question:
        """From where the last sync ended, or where the oldest message went that is still under way: most
        gateways list by the time of the message, not by that of its receipt."""
        now, since = self._tools.clock.now(), self._given and max(self._given, _BEGINNING)
        mark = await self._patiently(lambda: self._log.sync_mark(self._gateway, self._realm, what))
        first = _BEGINNING if what is What.OPT_OUTS else now - REACH
        reached = mark.at if mark else first
        if since is None and mark is None:
            since = first
        elif since is None:
            oldest = await self._patiently(lambda: self._oldest_open(now - REACH))
            since = (min(reached, oldest or reached) if what is What.RECEIPTS else reached) - OVERLAP
        if poll.keeps is not None:
            reached, since = max(reached, now - poll.keeps), max(since, now - poll.keeps)
        return _Question(what, since, now, reached, mark.mark if mark else "")

    def _oldest_open(self, since: datetime) -> datetime | None:
        """When the first message was claimed that has no last word yet."""
        firsts = (next(self._log.handed(self._gateway, realm, _OPEN, since), None) for realm in self._realms)
        return min((message.claimed_at for message in firsts if message), default=None)

    def _handed(self, states: frozenset[State], since: datetime) -> Iterator[Handed]:
        for realm in self._realms:
            yield from self._log.handed(self._gateway, realm, states, since)

    def _to_ask(self, each: PollEach, since: datetime, states: frozenset[State]) -> Sequence[Handed]:
        """The messages that a poll goes through, gathered first: they change while it does."""
        if each is PollEach.GATEWAY:
            return ()
        if each is PollEach.SENDER:
            used = self._handed(frozenset(State), since)
            return tuple({message.sender: message for message in used}.values())
        meant = [
            message
            for message in self._handed(states, since)
            if message.ref or message.state is not State.IN_DOUBT
        ]
        if each is PollEach.REF:
            return tuple({message.ref: message for message in meant if message.ref}.values())
        return meant

    # --- page by page --------------------------------------------------------------------------

    async def _read(
        self,
        asked: _Question,
        posts: AsyncIterator[Post[Told]],
        save: Callable[[Sequence[Told], datetime], Learned],
    ) -> None:
        """Save each page before the next is asked for. Only the end says that all of it was read."""
        synced: Synced = self._synced
        mark = asked.mark
        synced.asked = (*synced.asked, asked.what)
        try:
            async for post in posts:
                mark = post.mark or mark
                reached = SyncMark(asked.reached, post.mark) if post.mark else None
                synced.learned.add(await self._saved(asked.what, reached, partial(save, post.items)))
                synced.learned.counts[Count.UNREAD] += post.unread
                self._tools.watch(synced)
                if self._is_over():
                    return
        except PostboxFailed as failed:
            synced.failed[asked.what] = failed
            return
        finally:
            if isinstance(posts, AsyncGenerator):
                await posts.aclose()  # what it asks ahead ends here, and not when somebody tidies up
        await self._saved(asked.what, asked.ends(mark), lambda _: Learned())

    async def _saved(self, what: What, mark: SyncMark | None, save: Callable[[datetime], Learned]) -> Learned:
        """A page and its mark, in one transaction."""

        def step() -> Learned:
            with self._log.atomic():
                page = save(self._tools.clock.now())
                if mark is not None:
                    self._log.remember_sync(self._gateway, self._realm, what, mark)
                return page

        return await self._patiently(step)

    async def _patiently(self, step: Callable[[], T]) -> T:
        return await patiently(self._tools.clock, step)

    # --- delivery receipts ---------------------------------------------------------------------

    async def _match_strays(self) -> None:
        """Receipts that came before their messages could be told from them."""
        strays = await self._patiently(lambda: self._log.strays(self._gateway, self._realm))
        if strays:
            await self._look_up(self._match_since - STRAYS_KEPT)
        for at in range(0, len(strays), _TOGETHER):
            again = partial(self._again, strays[at : at + _TOGETHER])
            self._synced.learned.add(await self._saved(What.RECEIPTS, None, again))

    async def _look_up(self, since: datetime) -> None:
        """Let the log make ready what it matches by, while it keeps no send from writing: of half a million
        messages that takes a second."""
        for realm in self._realms:
            await self._patiently(partial(self._log.match, self._gateway, realm, (), since))

    def _again(self, strays: Sequence[DeliveryReceipt], now: datetime) -> Learned:
        page, where = Learned(), (self._gateway, self._realm)
        ids = self._match(strays, self._match_since - STRAYS_KEPT)
        found = [(told, each) for told, each in zip(strays, ids, strict=True) if each is not None]
        self._settle(found, page, now)
        page.counts[Count.LATE] += len(found)
        self._log.drop_strays(*where, [told for told, _ in found], now - STRAYS_KEPT)
        return page

    def _receive(self, told: Sequence[DeliveryReceipt], now: datetime) -> Learned:
        ids = self._match(told, self._match_since)
        page = Learned(counts=Counter({Count.RECEIPTS: len(told)}))
        self._settle([(each, of) for each, of in zip(told, ids, strict=True) if of is not None], page, now)
        strays = [each for each, of in zip(told, ids, strict=True) if of is None]
        page.counts[Count.UNMATCHED] += len(strays)
        page.strays = tuple(strays)
        # What is under way settles nothing later either; somebody who opted out is not texted again.
        kept = [each for each in strays if each.state is not None or each.opted_out]
        if kept:
            self._log.keep_strays(self._gateway, self._realm, kept, now)
        return page

    def _match(self, told: Sequence[DeliveryReceipt], since: datetime) -> Sequence[str | None]:
        """Which message each is about: of the first realm that knows it."""
        ids: dict[int, str | None] = {}
        for realm in self._realms:
            left = [at for at in range(len(told)) if ids.get(at) is None]
            found = self._log.match(self._gateway, realm, [told[at] for at in left], since) if left else ()
            ids.update(zip(left, found, strict=True))
        return [ids[at] for at in range(len(told))]

    def _settle(self, matched: Sequence[tuple[DeliveryReceipt, str]], page: Learned, now: datetime) -> None:
        """Settle what is new, in the order in which it was told."""
        messages = dict(self._log.found([message_id for _, message_id in matched]))
        receipts = []
        for told, message_id in matched:
            message = messages[message_id]
            effect, state = weigh(message.state, told.state)
            receipt = receipt_of(message, told, state)
            page.effects[effect] += 1
            page.words.update([told.word] if told.state is None and told.word else ())
            if effect in (Effect.SETTLED, Effect.CONTRADICTORY):
                receipts.append(receipt)
            if effect is Effect.SETTLED:
                messages[message_id] = replace(message, state=state)
                _count(page, message, receipt)
            elif effect is Effect.UNCHANGED and told.opted_out:  # nothing new but, maybe, this
                receipts.append(replace(receipt, state=message.state))
            elif effect is Effect.UNDER_WAY and told.opted_out:
                page.counts[Count.OPTED_OUT] += self._log.opt_out([self._wish(message, told)])
        if receipts:
            self._log.settle(receipts, now)

    def _wish(self, message: Handed, told: DeliveryReceipt) -> OptOut:
        """The opt-out of a receipt that settles nothing; the log learns the others itself. Its time is always
        the same, so that it is heard once."""
        note = f"told of a message of campaign {message.campaign_id}"
        at = told.at or message.claimed_at
        return OptOut(message.to, "", at, GATEWAY, self._tools.by, note, sender=message.sender)

    # --- the opt-out list and replies ----------------------------------------------------------

    def _list(self, listed: Sequence[ListedOptOut], now: datetime) -> Learned:
        """Entries of the gateway's list. One heard before is not heard again, even where it was lifted."""
        erased = self._log.erased(each.number for each in listed)
        kept = [each for each in listed if each.number not in erased]
        wishes = [self._listed(each, each.at or now) for each in kept if each.at or not self._is_heard(each)]
        return Learned(
            counts=Counter(
                {
                    Count.LISTED: len(listed),
                    Count.ERASED: len(listed) - len(kept),
                    Count.OPTED_OUT: self._log.opt_out(wishes),
                }
            )
        )

    def _listed(self, entry: ListedOptOut, at: datetime) -> OptOut:
        return OptOut(
            entry.number, "", at, GATEWAY, self._tools.by, self._note, sender=entry.sender, words=entry.words
        )

    @property
    def _note(self) -> str:
        return f"on the opt-out list of {self._gateway}"

    def _is_heard(self, entry: ListedOptOut) -> bool:
        """Is it an entry without a time that an earlier sync has read?"""
        held = self._log.everything_about(entry.number)["opt_outs"]
        assert isinstance(held, dict)
        heard = (each for each in held["history"] if each["what"] == "added")
        return any((each["source"], each["note"]) == (GATEWAY, self._note) for each in heard)

    def _file(self, until: datetime, replies: Sequence[Reply], now: datetime) -> Learned:
        """File replies as an import does. One without a time has that of the question, anew each time."""
        named = (reply if reply.source else replace(reply, source=self._gateway) for reply in replies)
        timed = [self._as_filed(reply) if reply.at == until else reply for reply in named]
        meant = [reply for reply in timed if reply.at != until or not self._is_start_of_any_time(reply)]
        in_order = sorted(meant, key=lambda reply: reply.at)
        filing = file_replies(self._log, in_order, self._tools.listening, self._tools.by, now)
        counts = Counter(
            {
                Count.KNOWN_REPLIES: filing.known,
                Count.STARTED: filing.started,
                Count.CONSENTS: filing.consents,
                Count.OPTED_OUT: filing.opted_out,
                Count.ERASED: filing.erased,
                Count.UNREAD: len(timed) - len(meant),
            }
        )
        return Learned(counts=counts, replies=Counter(filing.by_class), calls=filing.calls)

    def _is_start_of_any_time(self, reply: Reply) -> bool:
        """Is it an opt-in whose time the gateway tells, and nobody can read? It may be older than a STOP."""
        described = self._postbox.profile.polls.replies
        if described is None or described.at is None:
            return False
        return self._tools.listening.classified(reply.text, reply.to).kind is ReplyClass.OPT_IN

    def _as_filed(self, reply: Reply) -> Reply:
        """The same reply as an earlier sync filed it, if one did: it must not outrank a START in between."""
        for filed in self._log.replies(number=reply.number):
            known = filed.reply
            is_same = known.ref == reply.ref if reply.ref else known.text == reply.text
            if is_same and (known.source, known.to) == (reply.source, reply.to):
                return replace(reply, at=known.at, text=known.text)
        return reply


def _count(page: Learned, before: Handed, receipt: Receipt) -> None:
    """Count a message that has moved."""
    page.settled[receipt.state] += 1
    page.counts[Count.FROM_DOUBT] += before.state is State.IN_DOUBT
    page.counts[Count.TAKEN_AFTER_ALL] += before.state is State.RELEASED
    page.counts[Count.OPTED_OUT] += receipt.fault is Fault.OPTED_OUT
    if receipt.code and receipt.state in (State.UNDELIVERED, State.REJECTED):
        page.codes[receipt.code] += 1
