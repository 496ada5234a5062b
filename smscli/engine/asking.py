"""A gateway is asked about messages in doubt, one by one, and what it knows settles them.

A message is released only where the gateway promises that what it does not know by now it never took. Knows
neither HTTP nor SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from smscli.domain.delivery import Finding, Handed
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import Receipt, State
from smscli.domain.ports import Clock, Postbox, SentLog
from smscli.engine.receiving import Effect, receipt_of, weigh
from smscli.engine.syncing import patiently

#: The code of a message that was released because its gateway does not know it.
LOOKUP = "lookup"

#: So long before a message, another one may have been handed over that a lookup by number takes for it.
_ANOTHER = timedelta(hours=1)

#: A gateway that fails so often in a row is not asked any more.
_PATIENCE = 3


class Left(StrEnum):
    """Why a message stays in doubt."""

    UNKNOWN = "unknown"  # the gateway does not say what became of it
    TOO_EARLY = "too_early"  # it does not know the message, and may yet
    TOO_OLD = "too_old"  # it has forgotten by now whatever it knew
    CHANGED = "changed"  # somebody else has dealt with it meanwhile
    NOT_ASKED = "not_asked"  # the gateway failed, or the operator ended it


@dataclass(slots=True)
class Asked:
    """What asking one gateway came to so far: states that messages moved to, and why others stay in doubt.

    `why` has the reason in words by message id. `failed` is why it was asked no further.
    """

    gateway: str
    settled: dict[str, State] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    failed: PostboxFailed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskTools:
    """What the world lends."""

    log: SentLog
    clock: Clock
    stopped: Callable[[], bool] = lambda: False
    watch: Callable[[Asked], None] = lambda _: None


async def ask_about(postbox: Postbox, messages: Sequence[Handed], tools: AskTools) -> Asked:
    """Ask about each of these messages in doubt, and settle what was found at once.

    What the gateway has forgotten by now is not asked for: it would say that it never had it. One that fails
    three times in a row is asked no further. Raises SentLogError's kinds.
    """
    asked, failures = Asked(postbox.profile.name), 0
    lookup = postbox.profile.polls.lookup
    keeps = None if lookup is None else lookup.poll.keeps
    since = min((message.claimed_at for message in messages), default=tools.clock.now()) - _ANOTHER
    for message in messages:
        if keeps is not None and message.claimed_at < tools.clock.now() - keeps:
            asked.left[message.id] = Left.TOO_OLD
            continue
        if tools.stopped() or failures >= _PATIENCE:
            asked.left[message.id] = Left.NOT_ASKED
            continue
        try:
            finding = await postbox.find(message, tools.clock.now())
        except PostboxFailed as failed:
            failures += 1
            asked.failed = failed
            asked.left[message.id], asked.why[message.id] = Left.NOT_ASKED, failed.message
            continue
        failures = 0
        await _settle(postbox, message, finding, since, asked, tools)
        tools.watch(asked)
    return asked


async def _settle(
    postbox: Postbox, message: Handed, finding: Finding, since: datetime, asked: Asked, tools: AskTools
) -> None:
    now = tools.clock.now()
    receipt = _concluded(postbox, message, finding, now)
    if isinstance(receipt, Left):
        asked.left[message.id], asked.why[message.id] = receipt, finding.why
        return

    if receipt.gateway_ref:  # made ready while it keeps no send from writing, as a sync does
        await patiently(tools.clock, lambda: tools.log.match(asked.gateway, message.realm, (), since))

    def step() -> Left | None:
        """Why it stays. Settled only if it is the same doubt still: a send may have repeated the message."""
        with tools.log.atomic():
            there = tools.log.found([message.id]).get(message.id)
            if there is None or (there.state, there.claimed_at) != (State.IN_DOUBT, message.claimed_at):
                return Left.CHANGED
            if _is_of_another(message, finding, asked.gateway, since, tools.log):
                return Left.UNKNOWN
            tools.log.settle([receipt], now)
            return None

    if (left := await patiently(tools.clock, step)) is None:
        asked.settled[message.id] = receipt.state
        return
    asked.left[message.id] = left
    if left is Left.UNKNOWN:
        asked.why[message.id] = "the gateway tells only of another message of this log"


def _is_of_another(message: Handed, finding: Finding, gateway: str, since: datetime, log: SentLog) -> bool:
    """Is what the gateway found another message of ours, which has its reference already?

    A lookup by number finds that too: the same text to the same person, a minute earlier.
    """
    if finding.receipt is None or not finding.receipt.ref:
        return False
    [known] = log.match(gateway, message.realm, [finding.receipt], since)
    return known not in (None, message.id)


def _concluded(postbox: Postbox, message: Handed, finding: Finding, now: datetime) -> Receipt | Left:
    """What an answer makes of a message in doubt."""
    if finding.receipt is not None:
        effect, state = weigh(State.IN_DOUBT, finding.receipt.state)
        return receipt_of(message, finding.receipt, state) if effect is Effect.SETTLED else Left.UNKNOWN
    if not finding.absent:
        return Left.UNKNOWN
    lookup = postbox.profile.polls.lookup
    promised = None if lookup is None else lookup.absent_after
    if promised is None:
        return Left.UNKNOWN
    if now < message.claimed_at + promised:
        return Left.TOO_EARLY
    detail = finding.why or "the gateway does not know it"
    return Receipt(message.id, State.RELEASED, code=LOOKUP, detail=detail)
