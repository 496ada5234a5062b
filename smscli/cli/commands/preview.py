"""`smscli preview`: the plan of a send, without a gateway to send it through."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from smscli.cli import guards, wiring
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.plan_options import (
    AgainWhat,
    BadRowsFile,
    CampaignName,
    CampaignsFile,
    Contacts,
    GatewayName,
    Limit,
)
from smscli.cli.planned import Asked, Planned, choose, planned
from smscli.cli.present.documents import problem_documents
from smscli.cli.present.plan import plan_document, plan_text
from smscli.cli.present.progress import Rows
from smscli.cli.present.text import problem_lines
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, Refused, UsageError
from smscli.files.campaign_file import OnBadRows

app = command_app()

_CODES = {ExitCode.FILES: "files are wrong, the list is empty, or its bad rows would stop a send"}


@app.command(epilog=exit_codes(_CODES, ExitCode.SENT_LOG))
def preview(
    context: typer.Context,
    file: CampaignsFile,
    campaign: CampaignName,
    contacts: Contacts = None,
    gateway: GatewayName = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="What if it were sent then? 2026-12-01T09:30 is meant in the campaign's `timezone`.",
        ),
    ] = None,
    limit: Limit = None,
    again: AgainWhat = None,
    bad_rows: BadRowsFile = None,
    log: LogPath = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show what a send would do: who, when, how many segments, what it costs."""
    world = wiring.of(context)
    asked = Asked(
        file=file,
        campaign=campaign,
        contacts=contacts,
        log=log,
        gateway=gateway,
        again=frozenset(again or ()),
        limit=limit,
        bad_rows=bad_rows,
    )
    chosen = choose(asked)
    moment = world.clock.now() if at is None else _moment(at, chosen.campaign.zone)
    with (
        wiring.sent_log_if_any(world, chosen.sent_log) as sent_log,
        Rows(world.screen) as rows,
        planned(world, asked, chosen, sent_log, moment, rows.tick) as plan,
    ):
        rows.stop()
        for line in problem_lines(plan.bad.problems):
            world.screen.trouble(line)
        refusals = _refusals(plan)
        for refusal in refusals:
            world.screen.trouble(f"warning: a send would be refused: {refusal.message}")
        document = {
            **plan_document(plan),
            "problem_list": problem_documents(plan.bad.problems),
            "refusals": [refusal.message for refusal in refusals],
        }
        return Result(document, tuple(plan_text(plan, world.screen.page(world.screen.out))), _exit_code(plan))


def _refusals(plan: Planned) -> tuple[Refused, ...]:
    """What the guards of a send would say to this plan."""
    try:
        guards.within_limits(plan)
    except Refused as refused:
        return (refused,)
    return ()


def _exit_code(plan: Planned) -> ExitCode:
    stops = plan.bad.count and plan.chosen.on_bad_rows is OnBadRows.STOP
    return ExitCode.FILES if stops else ExitCode.OK


def _moment(text: str, zone: str) -> datetime:
    """The instant of `--at`, in the campaign's zone unless it says its own."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"--at {text!r} is not a time", hint="Write it like 2026-12-01T09:30 or 2026-12-01T09:30+01:00."
        ) from None
    if not 2000 <= moment.year < 3000:  # calendars end a little beyond what datetime can count
        raise UsageError(
            f"--at {text!r} is in a year that cannot be meant", hint="Write it like 2026-12-01T09:30."
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
