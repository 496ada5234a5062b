"""The send loop: wait for pace, ask again, claim, submit, settle.

One task decides everything in order; calls to the gateway are its only concurrency. A claim is
durable before a byte leaves, and every claimed message gets exactly one receipt, whatever ends the run.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import TypeVar

from smscli.domain.campaign import Campaign
from smscli.domain.errors import ExitCode, RunStopped, SentLogBusy, SmscliError
from smscli.domain.message import Answer, Batch, Message, Receipt, State, Verdict
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, Clock, Gateway, SentLog, Terms
from smscli.domain.profile import IdempotencyScope
from smscli.domain.rules import why_dropped
from smscli.engine.caution import ErrorBudget, SlowStart
from smscli.engine.outcome import Counts
from smscli.engine.pacing import Grant, Pacer
from smscli.engine.planning import look_back
from smscli.engine.retrying import GIVE_UP_COLD, GIVE_UP_WARM, LONGEST_PAUSE, MOST_ATTEMPTS, pause
from smscli.engine.sizing import MOST_AT_ONCE, Sizing
from smscli.engine.waiting import Waiting

#: How long (seconds) answers are gathered, so that several share one durable transaction.
GATHER = 0.004
#: How long (seconds) a log that another process writes to is waited for.
BUSY_PATIENCE = 60.0
#: How often one batch in doubt is repeated under the gateway's promise.
MOST_REPEATS = 3
#: Requests formed beyond those that may go now, where senders have a pace each: others go while some wait.
AHEAD = 64
#: Further apart than this, somebody's clock is wrong and quiet hours mean nothing.
CLOCK_TOLERANCE = timedelta(minutes=2)

T = TypeVar("T")


class Stop:
    """The operator's wish to end: politely the first time, at once the second."""

    def __init__(self) -> None:
        self.signal: ExitCode | None = None
        self.at_once = False
        self.listener: Callable[[], None] = lambda: None

    def request(self, signal: ExitCode) -> None:
        """Called for each signal that arrives."""
        self.at_once = self.signal is not None
        self.signal = self.signal or signal
        self.listener()


@dataclass(frozen=True, slots=True)
class _Call:
    """One request on its way, or answered."""

    batch: Batch
    started: float
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A batch in doubt that the gateway promised to take once, to be repeated from `at` on."""

    at: float
    batch: Batch
    repeats: int
    from_earlier_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the world lends to a dispatcher."""

    gateway: Gateway
    log: SentLog
    clock: Clock
    pacer: Pacer
    new_id: Callable[[], str]
    chance: Callable[[], float]
    stop: Stop
    watch: Callable[[Counts], None] = lambda _: None


class Dispatcher:
    """Sends one plan. `counts` and `stopped` tell what it came to."""

    def __init__(self, campaign: Campaign, terms: Terms, tools: Tools) -> None:
        self.counts = Counts()
        self.stopped: SmscliError | None = None
        self._campaign = campaign
        self._terms = terms
        self._tools = tools
        self._profile = tools.gateway.profile
        self._budget = ErrorBudget()
        sizing = Sizing(self._profile)
        self._waiting = Waiting(iter(()), sizing)
        self._formed: list[tuple[Message, ...]] = []
        self._slow = SlowStart(self._profile.connections * sizing.most)
        self._wake = asyncio.Event()
        self._all_answered = asyncio.Event()
        self._flying: dict[asyncio.Task[Answer], _Call] = {}
        self._answered: list[tuple[_Call, Answer]] = []
        self._unsettled: list[Receipt] = []
        self._attempts: Counter[str] = Counter()
        self._repeats: list[_Repeat] = []
        self._failures = 0
        self._failed_at = 0.0
        self._paused_until = 0.0
        self._clock_checked = not self._profile.clock_check

    async def send(
        self, messages: Iterator[Message], to_send: int, may_repeat: frozenset[Msisdn] = frozenset()
    ) -> None:
        """Send `messages` (at most `to_send`), and repeat what earlier runs left in doubt where the
        gateway promised that a repeat is harmless and everybody concerned is in `may_repeat`."""
        self.counts.to_send = to_send
        self._waiting = Waiting(messages, Sizing(self._profile))
        self._tools.stop.listener = self._on_stop
        gc.freeze()  # what exists now lives to the end; walking it again and again costs a twentieth
        try:
            await self._plan_repeats(may_repeat)
            while not self._finished():
                if not await self._turn():
                    await self._rest()
        except SmscliError as error:
            self.stopped = self.stopped or error
        finally:
            await self._land()
            gc.unfreeze()

    # --- the loop ----------------------------------------------------------------------------

    @property
    def _ending(self) -> bool:
        return self.stopped is not None or self._tools.stop.signal is not None

    def _finished(self) -> bool:
        if self._flying or self._answered or self._unsettled:
            return False
        return self._ending or not (self._repeats or self._formed or self._waiting.next_retry or self._peek())

    def _peek(self) -> Message | None:
        return self._waiting.peek(self._tools.clock.monotonic())

    async def _turn(self) -> bool:
        """Settle what was answered, claim and submit what may go now; False if there was nothing to do."""
        self._judge_answers()
        launched = await self._launch_repeat()
        groups, grant = self._next_requests()
        if not groups and not self._unsettled:
            return launched
        batches, lost = await self._patiently(lambda: self._settle_and_claim(groups), grant)
        await self._until(grant)
        self._submit(batches)
        if grant is not None:
            await asyncio.sleep(0)  # the calls begin; stamped before that, the pace could be exceeded
            self._tools.pacer.spend(grant, [batch.messages for batch in batches])
        if lost:
            await self._patiently(lambda: self._drop(lost))
        self._tools.watch(self.counts)
        return True

    async def _rest(self) -> None:
        """Sleep until an answer, a signal, or the next moment at which something may be sent."""
        self._wake.clear()
        if self._answered or (self._ending and not self._flying):
            return  # a signal may have come while the log was busy
        try:
            async with asyncio.timeout(self._told_idle_for()):
                await self._wake.wait()
        except TimeoutError:
            return
        finally:
            self.counts.again_in = 0.0
        if len(self._flying) > 1 and not self._tools.stop.at_once:
            await self._gather()

    async def _gather(self) -> None:
        """Let more answers come, for one durable transaction; no longer than one is missing."""
        self._all_answered.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER):
                await self._all_answered.wait()

    def _told_idle_for(self) -> float | None:
        """The same as `_idle_for`, but a second at most while a pause is told to whoever watches."""
        idle, paused = self._idle_for(), self._paused_until - self._tools.clock.monotonic()
        if idle is None or self._flying or paused <= 0:
            return idle
        self.counts.again_in = paused
        self._tools.watch(self.counts)
        return min(idle, 1.0)

    def _idle_for(self) -> float | None:
        """Seconds until time alone lets something happen; None if only an answer can."""
        if self._ending:
            return None
        now = self._tools.clock.monotonic()
        moments: list[float] = []
        if (repeat := self._next_repeat()) is not None:
            free = now + self._tools.pacer.wait([repeat.batch.messages])
            moments.append(max(repeat.at, free, self._paused_until))
        if self._waiting.next_retry is not None:
            moments.append(self._waiting.next_retry)
        if self._room() > 0 and (self._formed or self._peek()):
            moments.append(max(self._paused_until, now + self._wait_for_pace()))
        soonest = min(moments, default=inf)
        return None if soonest == inf else max(0.001, soonest - now)

    def _wait_for_pace(self) -> float:
        """Seconds until a request that is formed may go, as far as pace goes."""
        if self._formed and len(self._formed[0]) > self._room():
            return inf  # it is an answer that it waits for
        return self._tools.pacer.wait(self._formed)

    async def _patiently(self, step: Callable[[], T], grant: Grant | None = None) -> T:
        """Try `step` until the log is free; meanwhile answers keep arriving, and `grant` stays ours."""
        clock, since = self._tools.clock, self._tools.clock.monotonic()
        while True:
            try:
                return step()
            except SentLogBusy:
                if clock.monotonic() - since > BUSY_PATIENCE:
                    raise
                await clock.sleep(0.01 + 0.04 * self._tools.chance())
                if grant is not None:
                    self._tools.pacer.renew(grant)

    async def _until(self, grant: Grant | None) -> None:
        """Wait for the moment that was granted: hundredths of a second, which the claim took already."""
        ahead = 0.0 if grant is None else grant.from_ - self._tools.clock.monotonic()
        if ahead > 0:
            await self._tools.clock.sleep(ahead)

    async def _land(self) -> None:
        """Wait for what is in flight and record it: nothing claimed stays without a receipt."""
        while self._flying:
            await asyncio.wait(self._flying)
        self._judge_answers()
        try:
            await self._patiently(lambda: self._settle_and_claim(()))
        except SmscliError as error:
            self.stopped = self.stopped or error
        self._tools.watch(self.counts)

    def _on_stop(self) -> None:
        if self._tools.stop.at_once:
            for task in self._flying:
                task.cancel()
        self._wake.set()

    # --- out: form, claim, submit ------------------------------------------------------------

    def _room(self) -> int:
        """How many messages may join those in flight now."""
        if self._ending or len(self._flying) >= self._profile.connections:
            return 0
        return self._slow.window - self.counts.in_flight

    def _next_requests(self) -> tuple[Sequence[tuple[Message, ...]], Grant | None]:
        """The requests that may go now, of those that are formed."""
        now, pacer, room = self._tools.clock.monotonic(), self._tools.pacer, self._room()
        if room <= 0 or now < self._paused_until:
            return (), None
        slots = self._profile.connections - len(self._flying)
        self._form(now, slots, room)
        if not self._formed or len(self._formed[0]) > room:
            return (), None
        grant = pacer.take(self._formed, slots, min(room, MOST_AT_ONCE))
        if not grant.places:
            return (), None
        going = set(grant.places)
        groups = [self._formed[place] for place in grant.places]
        self._formed = [group for place, group in enumerate(self._formed) if place not in going]
        return groups, grant

    def _form(self, now: float, slots: int, room: int) -> None:
        """Form requests in the plan's order, of sizes that do not depend on the moment: each as large as
        slow start lets it be once everybody before it is accepted. Where it hoped too much, they are
        formed anew.
        """
        if self._formed and not self._flying and len(self._formed[0]) > self._slow.window:
            self._waiting.put_back(self._formed)
            self._formed = []
        by_sender, formed = self._tools.pacer.by_sender, sum(map(len, self._formed))
        most = slots + AHEAD if by_sender else slots
        enough = MOST_AT_ONCE if by_sender else min(room, MOST_AT_ONCE)
        while len(self._formed) < most and formed < enough:
            limit = self._slow.window_after(self.counts.in_flight + formed)
            group = self._waiting.form(now, limit)
            if not group:
                break
            self._formed.append(group)
            formed += len(group)

    def _settle_and_claim(
        self, groups: Sequence[tuple[Message, ...]]
    ) -> tuple[Sequence[Batch], Sequence[Message]]:
        """Answers and new claims in one durable transaction: what was won, and who was not.

        Claims nobody once the run is ending. Safe to call again if the log was busy: nothing is
        forgotten before the transaction stands.
        """
        tools, now = self._tools, self._tools.clock.now()
        if self._ending:  # a signal may have come while the log was busy
            groups = ()
        alive = (tuple(message for message in group if now < message.deadline) for group in groups)
        batches = [Batch(tools.new_id(), group, now) for group in alive if group]
        with tools.log.atomic():
            if self._unsettled:
                tools.log.settle(self._unsettled, now)
            won = tools.log.claim(batches, self._terms, now) if batches else frozenset()
        self._unsettled.clear()
        lost = [message for group in groups for message in group if message.id not in won]
        if not lost:
            return batches, lost
        mine = (tuple(message for message in batch.messages if message.id in won) for batch in batches)
        kept = zip(batches, mine, strict=True)
        return [replace(batch, messages=group) for batch, group in kept if group], lost

    def _drop(self, lost: Sequence[Message]) -> None:
        """Count why people who were planned drop out after all."""
        now, numbers = self._tools.clock.now(), [message.to for message in lost]
        since = now - look_back(self._campaign)
        facts = self._tools.log.facts(self._terms.realm, self._campaign.id, numbers, since, now)
        for message in lost:
            self.counts.states[State.RELEASED] -= message.id in self._attempts
            reason = why_dropped(message, self._campaign, facts.get(message.to, NO_FACTS), now)
            self.counts.dropped[reason] += 1

    def _submit(self, batches: Sequence[Batch], repeats: int = 0) -> None:
        now = self._tools.clock.monotonic()
        # A 400 or 422 to a repeat may speak of the key and not of the message: it proves no rejection.
        proven = self.counts.states[State.ACCEPTED] > 0 and not repeats
        for batch in batches:
            task = asyncio.create_task(self._tools.gateway.submit(batch, proven=proven))
            self._flying[task] = _Call(batch, now, repeats)
            task.add_done_callback(self._landed)
            self.counts.requests += 1
            self.counts.in_flight += len(batch.messages)
            if self._attempts and not repeats:
                self.counts.states[State.RELEASED] -= sum(
                    message.id in self._attempts for message in batch.messages
                )
        if self._tools.stop.at_once:  # while the moment was awaited that pace granted
            self._on_stop()

    def _landed(self, task: asyncio.Task[Answer]) -> None:
        call = self._flying.pop(task)
        answer = _answer_of(task, call.batch)
        self._answered.append((call, _of_a_repeat(answer) if call.repeats else answer))
        self.counts.in_flight -= len(call.batch.messages)
        self._wake.set()
        if not self._flying:
            self._all_answered.set()

    # --- in: judge answers -------------------------------------------------------------------

    def _judge_answers(self) -> None:
        answered, self._answered = self._answered, []
        for call, answer in answered:
            self._judge(call, answer)

    def _judge(self, call: _Call, answer: Answer) -> None:
        self._unsettled.extend(answer.receipts)
        states = Counter([receipt.state for receipt in answer.receipts])
        for state, messages in states.items():
            self.counts.states[state] += messages
        taken = {receipt.message_id for receipt in answer.receipts if receipt.state is State.ACCEPTED}
        self.counts.segments += sum([each.segments.count for each in call.batch.messages if each.id in taken])
        self._learn(call, answer, states)
        self._check_clock(answer.server_date)
        self.stopped = self.stopped or self._budget.count(answer.receipts)
        if answer.verdict is Verdict.REFUSED:
            self.stopped = self.stopped or RunStopped(answer.reason, hint=answer.hint)
        elif answer.verdict is Verdict.APART and not call.repeats:
            self._halve(call.batch)
        elif states[State.RELEASED]:
            self._retry(call, answer)
        if states[State.IN_DOUBT]:
            self._repeat_later(call, answer)

    def _learn(self, call: _Call, answer: Answer, states: Counter[State]) -> None:
        """Let the answer widen or narrow what may be in flight."""
        accepted = states[State.ACCEPTED]
        if answer.verdict in (Verdict.NOT_TAKEN, Verdict.REFUSED):
            self._slow.failed()
            self._pause(call, answer)
        elif states[State.IN_DOUBT]:
            self._slow.doubted(accepted)
        else:
            self._slow.answered(accepted, len(answer.receipts) - accepted)
            self._failures = 0

    def _pause(self, call: _Call, answer: Answer) -> None:
        """The whole call was not taken: nobody else is offered until the pause is over."""
        now = self._tools.clock.monotonic()
        if call.started >= self._failed_at:  # calls of one wave fail together and count once
            self._failures += 1
            self._failed_at = now
        wait = pause(self._failures, answer.retry_after, self._tools.chance)
        self._paused_until = max(self._paused_until, now + wait)
        self.counts.not_taken = answer.reason
        give_up = GIVE_UP_WARM if self.counts.states[State.ACCEPTED] else GIVE_UP_COLD
        if self._failures >= give_up or wait > LONGEST_PAUSE:
            later = f"Run it again in {max(1, round(wait / 60))} min: what was not taken is offered again."
            self.stopped = self.stopped or RunStopped(answer.reason, hint=answer.hint or later)

    def _halve(self, batch: Batch) -> None:
        """A call that was refused for some of its messages: each half by itself, until those are alone."""
        for message in batch.messages:
            self._attempts.setdefault(message.id, 0)  # released, and no attempt of its own
        middle = len(batch.messages) // 2
        self._formed[:0] = [batch.messages[:middle], batch.messages[middle:]]

    def _retry(self, call: _Call, answer: Answer) -> None:
        """Offer what was not taken again, under the same ids."""
        released = {receipt.message_id for receipt in answer.receipts if receipt.state is State.RELEASED}
        self._attempts.update(released)
        again = [
            message
            for message in call.batch.messages
            if message.id in released and self._attempts[message.id] < MOST_ATTEMPTS
        ]
        attempt = max((self._attempts[message.id] for message in again), default=1)
        wait = pause(attempt, answer.retry_after, self._tools.chance)
        alone = self._tools.clock.monotonic() + wait
        self._waiting.retry(again, self._paused_until if answer.verdict is Verdict.NOT_TAKEN else alone)

    def _check_clock(self, server_date: datetime | None) -> None:
        """The first reply's date against ours: quiet hours are worth what the clock is worth."""
        if self._clock_checked or server_date is None:
            return
        self._clock_checked = True
        apart = abs(server_date - self._tools.clock.now())
        if apart > CLOCK_TOLERANCE:
            self.stopped = self.stopped or RunStopped(
                f"this machine's clock and the gateway's are {apart.total_seconds() / 60:.0f} minutes apart",
                hint="type date -u to see which is wrong; if the gateway's: clock_check: off in its profile",
            )

    # --- repeats under a gateway's promise ---------------------------------------------------

    async def _plan_repeats(self, may_repeat: frozenset[Msisdn]) -> None:
        if self._profile.idempotency is None or not may_repeat:
            return
        log, terms, now = self._tools.log, self._terms, self._tools.clock.now()
        found = await self._patiently(
            lambda: log.repeatable(terms.realm, terms.campaign_id, terms.gateway_digest, now)
        )
        self._repeats += [
            _Repeat(0.0, batch, 0, from_earlier_run=True)
            for batch in found
            if {message.to for message in batch.messages} <= may_repeat
        ]

    def _repeat_later(self, call: _Call, answer: Answer) -> None:
        promise, batch = self._profile.idempotency, call.batch
        doubted = {receipt.message_id for receipt in answer.receipts if receipt.state is State.IN_DOUBT}
        if promise is None or call.repeats >= MOST_REPEATS or self._ending:
            return
        if len(doubted) < len(batch.messages):
            if promise.scope is IdempotencyScope.REQUEST:
                return
            members = tuple(message for message in batch.messages if message.id in doubted)
            batch = replace(batch, messages=members)
        at = self._tools.clock.monotonic() + pause(call.repeats + 1, None, self._tools.chance)
        self._repeats.append(_Repeat(at, batch, call.repeats, from_earlier_run=False))

    def _next_repeat(self) -> _Repeat | None:
        """The repeat whose turn is next; None while one is in flight or no connection is free."""
        busy = any(call.repeats for call in self._flying.values())
        if busy or self._ending or len(self._flying) >= self._profile.connections:
            return None
        return min(self._repeats, key=lambda repeat: repeat.at, default=None)

    async def _launch_repeat(self) -> bool:
        """One repeat at a time: it risks nobody new, so slow start does not bound its size."""
        now, log, due = self._tools.clock.monotonic(), self._tools.log, self._next_repeat()
        if due is None or now < max(due.at, self._paused_until):
            return False
        members = due.batch.messages
        grant = self._tools.pacer.take([members], 1, len(members))
        if not grant.places:
            return False
        self._repeats.remove(due)
        won = await self._patiently(lambda: self._reclaim(due.batch, log), grant)
        if won:
            self._count_repeat(due)
            await self._until(grant)
            self._submit([due.batch], due.repeats + 1)
            await asyncio.sleep(0)  # as in `_turn`
        self._tools.pacer.spend(grant, [members] if won else [])
        return won

    def _reclaim(self, batch: Batch, log: SentLog) -> bool:
        now = self._tools.clock.now()
        if self._ending or any(now >= message.deadline for message in batch.messages):
            return False
        with log.atomic():
            if self._unsettled:  # the doubt itself may not be on record yet
                log.settle(self._unsettled, now)
            won = log.reclaim(batch, self._terms, now)
        self._unsettled.clear()
        return won

    def _count_repeat(self, repeat: _Repeat) -> None:
        members = len(repeat.batch.messages)
        if repeat.from_earlier_run:
            self.counts.repeated += members
        else:
            self.counts.states[State.IN_DOUBT] -= members


def _answer_of(task: asyncio.Task[Answer], batch: Batch) -> Answer:
    """The task's answer; one that was cancelled or broke leaves its whole batch in doubt."""
    if task.cancelled():
        reason = "stopped while the gateway was being called"
    elif (error := task.exception()) is not None:
        reason = f"unexpected {type(error).__name__} while the gateway was being called"
    else:
        return task.result()
    receipts = tuple(Receipt(message.id, State.IN_DOUBT, detail=reason) for message in batch.messages)
    return Answer(Verdict.IN_DOUBT, receipts, reason=reason)


def _of_a_repeat(answer: Answer) -> Answer:
    """A repeat that was not taken says nothing of the call it repeats: its messages stay in doubt."""
    receipts = (
        replace(receipt, state=State.IN_DOUBT) if receipt.state is State.RELEASED else receipt
        for receipt in answer.receipts
    )
    return replace(answer, receipts=tuple(receipts))
