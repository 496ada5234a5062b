"""One message to a number of the operator's own, by the same claim, wire and settlement as any other.

It is recorded in realm `test`, keyed by its id, so that one can try as often as one likes; the opt-out list
is asked all the same. Hours, caps and earlier texts are about customers and are not.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from smscli.cli import guards, wiring
from smscli.cli.sending import Run, deliver, outbox_of, terms_of
from smscli.cli.wiring import World
from smscli.domain.campaign import Campaign, SameText
from smscli.domain.errors import ExitCode, Refused, SmscliError
from smscli.domain.message import Message, Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, LogFilter, LoggedMessage, OptOut, SentLog
from smscli.domain.profile import GatewayProfile
from smscli.domain.rules import HORIZON
from smscli.domain.segments import measure
from smscli.sentlog.locks import campaign_lock
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried: these words, through this gateway, in the name of this campaign."""

    campaign: Campaign
    profile: GatewayProfile
    secrets: Mapping[str, str]
    sent_log: Path
    to: Msisdn
    body: str
    language: str = ""
    opt_outs: Iterable[OptOut] = ()

    @property
    def sender(self) -> str:
        """The sender ID that the country of that number sees."""
        return self.campaign.senders.of(self.to.country)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of it. `logged` is None if it was never claimed; `outbox` if it was the sandbox's."""

    trial: Trial
    logged: LoggedMessage | None
    stopped: SmscliError | None
    signal: ExitCode | None
    outbox: Path | None

    @property
    def exit_code(self) -> ExitCode:
        """As of a send: 0 accepted, 3 anything else, 6 if the run was stopped."""
        if self.signal is not None:
            return self.signal
        if self.stopped is not None:
            return self.stopped.exit_code
        is_taken = self.logged is not None and self.logged.state is State.ACCEPTED
        return ExitCode.OK if is_taken else ExitCode.INCOMPLETE


def submit_one(world: World, trial: Trial, *, create_log: bool) -> Tried:
    """Claim, submit and settle one message. Raises Refused if that number opted out, Unsendable for a
    text that is none, and SentLogError's kinds."""
    path, campaign = trial.sent_log, trial.campaign
    if create_log:
        guards.has_folder(path)
    with (
        closing(open_sent_log(path, create=create_log, busy_wait=wiring.PATIENCE)) as log,
        campaign_lock(path, Realm.TEST, campaign.id),
    ):
        now = world.clock.now()
        log.recover(Realm.TEST, campaign.id, now)
        log.heed(trial.opt_outs)
        _ask_opt_outs(log, trial, now)
        message = Message(
            id=world.new_id(),
            campaign_id=campaign.id,
            to=trial.to,
            sender=trial.sender,
            body=trial.body,
            segments=measure(trial.body),
            deadline=now + HORIZON,
            language=trial.language,
        )
        return _submitted(world, trial, message, log)


def _ask_opt_outs(log: SentLog, trial: Trial, now: datetime) -> None:
    facts = log.facts(Realm.TEST, trial.campaign.id, [trial.to], since=now, now=now)
    topics = facts.get(trial.to, NO_FACTS).opted_out & {"", trial.campaign.topic}
    if topics:
        of = "everything" if "" in topics else f"topic {trial.campaign.topic}"
        raise Refused(
            f"{trial.to.masked} opted out of {of}; a test asks the opt-out list, too",
            hint=f"try another number, or lift it: {_lift(trial, topics)}",
        )


def _lift(trial: Trial, topics: frozenset[str]) -> str:
    """The line that lifts it; the number is for the operator to put in."""
    topic = () if "" in topics else ("--topic", trial.campaign.topic)
    log = ("--log", str(trial.sent_log))
    return shlex.join(["smscli", "optout", "remove", "NUMBER", *topic, *log, "--reinstate", "my own phone"])


def _submitted(world: World, trial: Trial, message: Message, log: SqliteSentLog) -> Tried:
    run_id = world.new_id()
    unbound = replace(trial.campaign, quiet_hours=None, caps=(), same_text=SameText.WARN, expires=None)
    log.wait_for_writers(0)  # as in `send`: the loop waits by itself
    dispatcher, stop = deliver(
        Run(
            campaign=unbound,
            profile=trial.profile,
            sent_log=trial.sent_log,
            messages=iter([message]),
            to_send=1,
            log=log,
            terms=terms_of(unbound, trial.profile, Realm.TEST, frozenset(), run_id),
            secrets=trial.secrets,
            clock=world.clock,
            new_id=world.new_id,
        )
    )
    wanted = LogFilter(campaign_id=message.campaign_id, realm=Realm.TEST, number=message.to.e164)
    logged = next((each for each in log.messages(wanted) if each.id == message.id), None)
    is_sandbox = trial.profile.realm is Realm.SANDBOX and dispatcher.counts.requests > 0
    outbox = outbox_of(trial.sent_log) if is_sandbox else None
    return Tried(trial, logged, dispatcher.stopped, stop.signal, outbox)
