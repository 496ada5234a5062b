"""The one event loop: opens the gateway, passes signals on, and lets the dispatcher send.

Knows neither lists nor plans: a plan, or one message to a number of one's own, is an iterator of messages.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from smscli.domain.campaign import Campaign, SameText
from smscli.domain.errors import ExitCode
from smscli.domain.message import Message, Realm, digest
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Clock, Gateway, SentLog, Terms
from smscli.domain.profile import GatewayProfile, RateUnit
from smscli.domain.rules import Again
from smscli.engine.dispatch import Dispatcher, Stop, Tools
from smscli.engine.outcome import Counts
from smscli.engine.pacing import Lane, Pacer
from smscli.gateway.http import open_http_gateway
from smscli.gateway.sandbox import Sandbox
from smscli.sentlog.locks import FilePaceLedger

_SIGNALS = {
    signal.SIGINT: ExitCode.SIGINT,
    signal.SIGTERM: ExitCode.SIGTERM,
    signal.SIGHUP: ExitCode.SIGHUP,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything one confirmed run needs. `messages` in the order in which they shall leave, `to_send` of
    them; `may_repeat` are those in doubt who would pass every rule. `sent_log` is the path of `log`."""

    campaign: Campaign
    profile: GatewayProfile
    sent_log: Path
    messages: Iterator[Message]
    to_send: int
    may_repeat: frozenset[Msisdn] = frozenset()
    log: SentLog
    terms: Terms
    secrets: Mapping[str, str]
    clock: Clock
    new_id: Callable[[], str]
    watch: Callable[[Counts], None] = lambda _: None
    stopping: Callable[[], None] = lambda: None  # the first signal was heard; what is in flight is awaited

    @property
    def outbox(self) -> Path:
        """Where the sandbox writes what it took."""
        return outbox_of(self.sent_log)


def outbox_of(sent_log: Path) -> Path:
    """The sandbox's outbox stands beside the sent log."""
    return sent_log.with_name(f"{sent_log.stem}.outbox.jsonl")


def deliver(run: Run) -> tuple[Dispatcher, Stop]:
    """Send it all; returns when everything in flight is settled, whatever ended it."""
    return asyncio.run(_deliver(run))


async def _deliver(run: Run) -> tuple[Dispatcher, Stop]:
    profile, stop = run.profile, Stop()
    async with _open_gateway(profile, run.secrets, run.outbox) as gateway:
        tools = Tools(
            gateway=gateway,
            log=run.log,
            clock=run.clock,
            pacer=Pacer(profile.rates, ledgers(profile.name, run.sent_log), run.clock.monotonic),
            new_id=run.new_id,
            chance=random.random,
            stop=stop,
            watch=run.watch,
        )
        dispatcher = Dispatcher(run.campaign, run.terms, tools)
        with signals_to(stop, run.stopping):
            await dispatcher.send(run.messages, run.to_send, run.may_repeat)
    return dispatcher, stop


@asynccontextmanager
async def _open_gateway(
    profile: GatewayProfile, secrets: Mapping[str, str], outbox: Path
) -> AsyncIterator[Gateway]:
    """The real gateway, or the sandbox with real HTTP and nobody behind it."""
    if profile.realm is not Realm.SANDBOX:
        async with open_http_gateway(profile, secrets) as gateway:
            yield gateway
        return
    async with Sandbox(outbox) as sandbox, open_http_gateway(profile, secrets, url=sandbox.url) as gateway:
        yield gateway


def ledgers(gateway: str, sent_log: Path) -> Callable[[Lane], FilePaceLedger]:
    """Campaigns that run at the same time share a gateway's pace through files beside the log.

    There is one for the gateway and one for each sender with a pace of its own, which the name does not tell.
    """

    def ledger_of(lane: Lane) -> FilePaceLedger:
        parts = [f"{sent_log.name}.pace-{gateway}"]
        if lane.counts != RateUnit.MESSAGE:
            parts.append(lane.counts)
        if lane.per_sender:
            parts.append(f"sender-{digest(lane.sender)[:12]}")
        return FilePaceLedger(sent_log.with_name(".".join(parts)))

    return ledger_of


@contextmanager
def signals_to(stop: Stop, stopping: Callable[[], None]) -> Iterator[None]:
    """Signals end the run politely. One that was ignored from the start (`nohup`) stays ignored."""

    def hear(code: ExitCode) -> None:
        is_first = stop.signal is None
        stop.request(code)
        if is_first:
            stopping()

    loop = asyncio.get_running_loop()
    wanted = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
    for each in wanted:
        loop.add_signal_handler(each, hear, _SIGNALS[each])
    try:
        yield
    finally:
        for each in wanted:
            loop.remove_signal_handler(each)


def terms_of(
    campaign: Campaign,
    profile: GatewayProfile,
    realm: Realm,
    again: frozenset[Again],
    run_id: str,
    planned_at: datetime | None = None,
) -> Terms:
    """What the log asks inside the claim statement, for this campaign on this gateway.

    `planned_at` is when the plan was made and other opt-out lists were read.
    """
    promise = profile.idempotency
    asks_same_text = campaign.same_text is SameText.SKIP and Again.SAME_TEXT not in again
    return Terms(
        realm=realm,
        campaign_id=campaign.id,
        purpose=campaign.purpose,
        topic=campaign.topic,
        gateway=profile.name,
        gateway_digest=profile.digest(),
        run_id=run_id,
        same_text_within=campaign.same_text_within if asks_same_text else None,
        again_rejected=Again.REJECTED in again,
        keep_bodies=promise is not None,
        repeat_within=promise.window / 2 if promise else None,
        planned_at=planned_at,
        heeded_at=planned_at,
        caps=tuple(cap for cap in campaign.caps if isinstance(cap.per, timedelta)),
    )
