"""`smscli send`: the plan, its confirmation, and the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from smscli.cli import guards, wiring
from smscli.cli.commands.log import said
from smscli.cli.confirm import typed
from smscli.cli.options import AsJson, LogPath, command_app, exit_codes
from smscli.cli.own_number import send_to_own_number
from smscli.cli.plan_options import (
    AgainWhat,
    CampaignName,
    CampaignsFile,
    Contacts,
    DuplicatesFile,
    GatewayName,
    Limit,
    ProblemsFile,
)
from smscli.cli.planned import Asked, Chosen, Planned, choose, planned, refuse_bad_rows
from smscli.cli.present.figures import gateway_words, money
from smscli.cli.present.outcome import Sent, first_free, headline, outcome_document, outcome_text
from smscli.cli.present.plan import plan_text
from smscli.cli.present.plan_document import plan_document
from smscli.cli.present.progress import Rows, Sending
from smscli.cli.present.text import counted, inert, problem_lines, repair_lines
from smscli.cli.result import Result
from smscli.cli.sending import Run, deliver, outbox_of, terms_of
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, SentLogError, UsageError
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter, RunRecord, SentLog
from smscli.engine.dispatch import Dispatcher, Stop
from smscli.engine.outcome import outcome
from smscli.engine.sizing import order_of
from smscli.files.profile_file import resolve_secrets
from smscli.sentlog.locks import campaign_lock
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

app = command_app()

_CODES = {
    ExitCode.OK: "everybody on the list is accepted now, was sent before, or is rightly skipped",
    ExitCode.INCOMPLETE: "held, not attempted, released, rejected, in doubt, or skipped but mendable",
}
_MORE = (ExitCode.FILES, ExitCode.REFUSED, ExitCode.STOPPED, ExitCode.SENT_LOG)


@app.command(epilog=exit_codes(_CODES, *_MORE, ExitCode.SIGHUP, ExitCode.SIGTERM))
def send(
    context: typer.Context,
    file: CampaignsFile,
    campaign: CampaignName,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask. Needed where there is no terminal.")
    ] = False,
    expect: Annotated[
        int | None,
        typer.Option("--expect", metavar="N", min=0, help="Refuse (exit 5) any other number of recipients."),
    ] = None,
    limit: Limit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Make the plan and ask every guard, but send nothing.")
    ] = False,
    contacts: Contacts = None,
    gateway: GatewayName = None,
    again: AgainWhat = None,
    text_changed: Annotated[
        bool,
        typer.Option(
            "--text-changed",
            help="The texts changed since this campaign was last sent, and the rest of the list"
            " shall get the new ones.",
        ),
    ] = False,
    first_run: Annotated[
        bool,
        typer.Option(
            "--first-run",
            help="Allow a live send without a terminal although the sent log holds no live message."
            " For the first run only: later it refuses, so that it cannot stay in a crontab.",
        ),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="First forget this campaign's rehearsal in the sandbox, for another one, also if that is"
            " then not confirmed. Live messages are never forgotten.",
        ),
    ] = False,
    test_to: Annotated[
        str | None,
        typer.Option(
            "--test-to",
            metavar="NUMBER",
            help="Send one message to this number of yours: the text that the first sendable contact would"
            " get. As often as you like; nobody on the list is texted. The opt-out list is asked.",
        ),
    ] = None,
    problems: ProblemsFile = None,
    duplicates: DuplicatesFile = None,
    log: LogPath = None,
    _json: AsJson = False,
    _quiet: Annotated[
        bool,
        typer.Option(
            "--quiet", help="For cron: no notes, and one line when all is well. Trouble is told in full."
        ),
    ] = False,
) -> Result:
    """Send a campaign to its contact list, nobody twice.

    At a terminal it shows the plan and asks for the number of recipients; a script says --yes. Run it again
    for those who were held, released or not attempted: whoever was texted is skipped.
    """
    world = wiring.of(context)
    asked = Asked(
        file=file,
        campaign=campaign,
        contacts=contacts,
        log=log,
        gateway=gateway,
        again=frozenset(again or ()),
        limit=limit,
        problems=problems,
        duplicates=duplicates,
    )
    chosen = choose(asked)
    if fresh:
        guards.rehearsing(chosen.profile.realm, dry_run=dry_run)
    if test_to is not None:
        _only_one_text(
            {
                "--expect": expect is not None,
                "--limit": limit is not None,
                "--text-changed": text_changed,
                "--first-run": first_run,
                "--fresh": fresh,
                **dict.fromkeys(asked.files(), True),
            }
        )
        return send_to_own_number(world, asked, chosen, test_to, dry_run=dry_run)
    allowed = _Allowed(yes=yes, expect=expect, text_changed=text_changed, first_run=first_run, fresh=fresh)
    if dry_run:
        return _rehearse(world, asked, chosen, allowed)
    return _Order(world, asked, chosen, allowed).carry_out()


def _only_one_text(of_the_whole_list: Mapping[str, bool]) -> None:
    """`--test-to` sends one text: options that speak of the whole list would be a misunderstanding."""
    option = next((name for name, is_given in of_the_whole_list.items() if is_given), None)
    if option is not None:
        raise UsageError(
            f"--test-to sends one message to your own number, and {option} is about the whole list",
            hint=f"leave out {option}, or --test-to",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Allowed:
    """What the operator said yes to beforehand."""

    yes: bool
    expect: int | None
    text_changed: bool
    first_run: bool
    fresh: bool


def _rehearse(world: World, asked: Asked, chosen: Chosen, allowed: _Allowed) -> Result:
    """Every guard that a plan can be asked about, and no gateway."""
    with (
        wiring.sent_log_if_any(world, chosen.sent_log) as sent_log,
        Rows(world.screen) as rows,
        planned(world, asked, chosen, sent_log, world.clock.now(), rows.tick) as plan,
    ):
        rows.stop()
        refuse_bad_rows(plan)
        guards.within_limits(plan)
        guards.expected(plan, allowed.expect)
        _tell_rows(world, plan)
        if sent_log is not None:
            _check_texts(sent_log, chosen, allowed)
        return Result(
            {**plan_document(plan), "dry_run": True},
            (*plan_text(plan, world.screen.page(world.screen.out)), "", "Dry run: nothing was sent."),
        )


def _tell_rows(world: World, plan: Planned) -> None:
    """Numbers that were mended, and bad rows: the campaign says to skip these."""
    heading = f"{counted(plan.bad.count, 'bad row')} in {inert(plan.list_name)}, left out:"
    for line in repair_lines(plan.repairs.listed, plan.repairs.by_code):
        world.screen.note(line)
    for line in problem_lines(plan.bad.problems, heading):
        world.screen.note(line)


def _check_texts(log: SentLog, chosen: Chosen, allowed: _Allowed) -> str:
    campaign, texts = chosen.campaign, chosen.campaign.texts_digest()
    guards.not_closed(log, chosen.profile.realm, campaign.id)
    guards.same_texts(log, texts, chosen.profile.realm, campaign.id, changed=allowed.text_changed)
    return texts


class _Order:
    """One order to send, with what the operator allowed."""

    def __init__(self, world: World, asked: Asked, chosen: Chosen, allowed: _Allowed) -> None:
        self._world = world
        self._asked = asked
        self._chosen = chosen
        self._allowed = allowed
        self._attended = world.stdin.isatty() and world.screen.err.isatty()
        self._realm = chosen.profile.realm
        self._secrets = resolve_secrets(chosen.profile, world.environ)

    def carry_out(self) -> Result:
        """Lock, recover, plan, guard, confirm, send: in this order."""
        path, campaign = self._chosen.sent_log, self._chosen.campaign
        self._world.screen.note(f"sent log: {path.absolute()}")
        self._check_log_is_known(path)
        with (
            campaign_lock(path, self._realm, campaign.id),
            closing(open_sent_log(path, create=True, busy_wait=wiring.PATIENCE)) as log,
        ):
            for warning in log.warnings:
                self._world.screen.trouble(f"warning: {warning}")
            now = self._world.clock.now()
            guards.right_clock(log, now)
            if self._allowed.fresh:
                log.empty_sandbox(campaign.id)
            recovered = log.recover(self._realm, campaign.id, now)
            texts = _check_texts(log, self._chosen, self._allowed)
            with (
                Rows(self._world.screen) as rows,
                planned(self._world, self._asked, self._chosen, log, now, rows.tick) as plan,
            ):
                rows.stop()
                self._guard(plan)
                self._confirm(plan)
                log.remember_texts(self._realm, campaign.id, texts, now)
                sent = self._send(plan, log, recovered)
                return self._told(sent)

    def _check_log_is_known(self, path: Path) -> None:
        """Asked before anything is created."""
        guards.has_folder(path)
        has_live = False
        if wiring.may_be_there(path):
            with closing(open_sent_log(path, create=False, busy_wait=wiring.PATIENCE)) as log:
                has_live = log.has_live_messages()
        guards.known_log(
            path, has_live, self._realm, attended=self._attended, first_run=self._allowed.first_run
        )

    def _guard(self, plan: Planned) -> None:
        refuse_bad_rows(plan)
        guards.within_limits(plan)
        guards.expected(plan, self._allowed.expect)
        _tell_rows(self._world, plan)

    def _confirm(self, plan: Planned) -> None:
        if self._allowed.yes or not (plan.tally.to_send or plan.findings.repeatable):
            return
        guards.may_ask(plan, attended=self._attended and not self._chosen.is_piped_in)
        screen = self._world.screen
        for line in plan_text(plan, screen.page(screen.err)):
            screen.tell(line)
        screen.trouble(f"\n{_order_words(plan)}")
        screen.ask("Type the number of recipients to send, anything else to leave: ")
        guards.confirmed(plan, typed(self._world, "nothing was sent"))

    def _send(self, plan: Planned, log: SqliteSentLog, recovered: int) -> Sent:
        started, clock = monotonic(), self._world.clock
        begun = self._record(plan, clock.now())
        log.begin_run(begun)
        dispatcher, stop = self._deliver(plan, log, begun.id)
        ended = outcome(
            problems=plan.bad.count,
            skipped=plan.tally.skipped,
            held=plan.tally.held,
            left_by_limit=plan.left_by_limit,
            counts=dispatcher.counts,
            stopped=dispatcher.stopped,
            signal=stop.signal,
        )
        counts = dispatcher.counts
        sent = Sent(
            planned=plan,
            outcome=ended,
            counts=counts,
            run_id=begun.id,
            seconds=monotonic() - started,
            recovered=recovered,
            late_opt_outs=_late_opt_outs(log, begun.id),
            reasons=_reasons(log, plan, begun.id) if counts.requests else {},
            outbox=self._outbox if self._realm is Realm.SANDBOX and counts.requests else None,
        )
        with suppress(SentLogError):  # a log that has gone stopped the run already: the summary is told
            log.end_run(_ended(begun, sent, clock.now()))
        return sent

    @property
    def _outbox(self) -> Path:
        return outbox_of(self._chosen.sent_log)

    def _record(self, plan: Planned, now: datetime) -> RunRecord:
        """As if nobody had been attempted: what a run that is cut off leaves to `status`."""
        tally = plan.tally
        return RunRecord(
            id=self._world.new_id(),
            realm=self._realm,
            campaign_id=self._chosen.campaign.id,
            gateway=self._chosen.profile.name,
            by=self._world.operator(),
            started_at=now,
            counts={
                "rows": plan.rows,
                "problems": plan.bad.count,
                "skipped": sum(tally.skipped.values()),
                "held": sum(tally.held.values()),
                "not_attempted": tally.to_send,
            },
            held_until=min(tally.held_until.values(), default=None),
        )

    def _deliver(self, plan: Planned, log: SqliteSentLog, run_id: str) -> tuple[Dispatcher, Stop]:
        campaign, profile = self._chosen.campaign, self._chosen.profile
        log.wait_for_writers(0)  # the send loop waits itself, so that answers keep arriving
        with Sending(self._world.screen) as progress:
            done = deliver(
                Run(
                    campaign=campaign,
                    profile=profile,
                    sent_log=self._chosen.sent_log,
                    messages=plan.plan.messages(order_of(profile)),
                    to_send=plan.tally.to_send,
                    may_repeat=frozenset(plan.findings.repeatable),
                    log=log,
                    terms=terms_of(campaign, profile, self._realm, self._asked.again, run_id, plan.at),
                    secrets=self._secrets,
                    clock=self._world.clock,
                    new_id=self._world.new_id,
                    watch=progress.tick,
                    stopping=lambda: self._stopping(progress),
                )
            )
        log.wait_for_writers(wiring.PATIENCE)
        return done

    def _stopping(self, progress: Sending) -> None:
        progress.stop()
        again = "the same again stops at once and leaves it in doubt"
        self._world.screen.note(f"stopping: waiting for what is in flight; {again}")

    def _told(self, sent: Sent) -> Result:
        stopped = sent.outcome.stopped
        if stopped is not None:
            self._world.screen.trouble(f"error: {stopped.message}")
            if stopped.hint:
                self._world.screen.trouble(f"hint: {stopped.hint}")
        exit_code = sent.outcome.exit_code()
        is_news = exit_code is not ExitCode.OK or not self._world.screen.quiet
        text = outcome_text(sent) if is_news else (headline(sent),)  # cron mails what is printed
        return Result(outcome_document(sent), tuple(text), exit_code)


def _order_words(plan: Planned) -> str:
    """What typing the number will do, in a line or two."""
    forecast, profile = plan.forecast, plan.chosen.profile
    cost = f", planned cost {money(forecast.cost)} {forecast.currency}" if forecast.currency else ""
    to = f"{counted(plan.tally.to_send, 'person', 'people')} through {gateway_words(profile)}{cost}."
    if profile.realm is Realm.SANDBOX:
        return f"This sends to {to}\nNobody is texted: it is a rehearsal."
    return f"This texts {to}"


def _ended(begun: RunRecord, sent: Sent, now: datetime) -> RunRecord:
    """The record of a run that is over."""
    outcome = sent.outcome
    return replace(
        begun,
        ended_at=now,
        exit_code=outcome.exit_code(),
        counts=outcome.counts(),
        held_until=first_free(sent),
        stopped=outcome.stopped.message if outcome.stopped else "",
    )


def _late_opt_outs(log: SentLog, run_id: str) -> int:
    """Asked of a log that may have gone while it was used: the summary is told all the same."""
    try:
        return log.late_opt_outs(run_id)
    except SentLogError:
        return 0


def _reasons(log: SentLog, plan: Planned, run_id: str) -> Mapping[State, Counter[str]]:
    """What the gateway or the wire said of those of this run that were not accepted."""
    found = {state: Counter[str]() for state in (State.IN_DOUBT, State.REJECTED)}
    campaign, realm = plan.chosen.campaign.id, plan.chosen.profile.realm
    wanted = LogFilter(campaign_id=campaign, realm=realm, states=frozenset(found), since=plan.at)
    try:
        for message in log.messages(wanted):
            if message.run_id == run_id:
                found[message.state][said(message)] += 1
    except SentLogError:  # as above
        return {}
    return found
