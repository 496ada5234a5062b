"""`smscli preview`: the plan of a send, without a gateway to send it through."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from smscli.cli import guards, wiring
from smscli.cli.explained import story_of
from smscli.cli.moments import moment_ahead
from smscli.cli.numbers import number_given
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.plan_file import plan_lines, write_plan
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
from smscli.cli.planned import Asked, Chosen, Planned, Watched, choose, planned
from smscli.cli.present.documents import problem_documents
from smscli.cli.present.plan import plan_text, then_text
from smscli.cli.present.plan_document import plan_document
from smscli.cli.present.progress import Rows
from smscli.cli.present.story import Story, story_document, story_text
from smscli.cli.present.text import counted, inert, problem_lines, repair_lines
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.cli.written_files import STANDARD_OUTPUT
from smscli.domain.errors import ExitCode, Refused, UsageError
from smscli.files.campaign_file import OnBadRows

app = command_app()

_CODES = {
    ExitCode.OK: "the plan was made, also where it warns that a send would be refused",
    ExitCode.FILES: "files are wrong, the list is empty, or its bad rows would stop a send",
}


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
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="NUMBER",
            help="Tell one contact's whole story in place of the plan: its rows in the list, every rule with"
            " the facts that decided, and what can be done about it. A number that does not start with + is"
            " read in the list's `region`.",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="FILE",
            readable=False,
            help="Write the decision on every row of the list to a file of JSON lines, in the order of the"
            " list: `send`, `later` (beyond --limit), `skip`, `hold`, or `problem` for bad rows. It holds"
            " full numbers and texts; - writes it to standard output in place of the plan's text.",
        ),
    ] = None,
    again: AgainWhat = None,
    problems: ProblemsFile = None,
    duplicates: DuplicatesFile = None,
    log: LogPath = None,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show what a send would do: who, when, how many segments, what it costs.

    It sends nothing, needs no secret, and writes nothing but the files that are named. --explain asks about
    one number, --plan writes down what was decided about everybody.
    """
    is_streamed = plan == STANDARD_OUTPUT
    if is_streamed and (json or explain is not None):
        raise _two_outputs("--json" if json else "--explain")
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
        plan=plan,
    )
    chosen = choose(asked)
    watched = None if explain is None else _watched(explain, chosen)
    moment = world.clock.now() if at is None else moment_ahead(at, chosen.campaign.zone)
    enter = world.resources.enter_context  # lines of `--plan -` are read from the plan while they are shown
    sent_log = enter(wiring.sent_log_if_any(world, chosen.sent_log))
    with Rows(world.screen) as rows:
        made = enter(planned(world, asked, chosen, sent_log, moment, rows.tick, watched))
    story = None if watched is None else story_of(made, watched, sent_log)
    if plan is not None and not is_streamed:
        write_plan(plan, made.plan.decided_rows(), made.lists)
        world.screen.note(f"plan: {plan} ({counted(made.rows, 'row')})")
    closed = guards.refused_closed(sent_log, chosen.profile.realm, chosen.campaign.id)
    refusals = (*filter(None, [closed]), *guards.refused_limits(made))
    _warn(world, made, refusals, problems, is_about_one=story is not None)
    if is_streamed:
        return Result({}, plan_lines(made.plan.decided_rows(), made.lists), _exit_code(made))
    return _told(world, made, refusals, story)


def _two_outputs(other: str) -> UsageError:
    return UsageError(
        f"--plan - and {other} both write to standard output",
        hint="write the plan to a file: --plan plan.jsonl",
    )


def _watched(explain: str, chosen: Chosen) -> Watched:
    return Watched(number_given(explain, chosen.region, "--explain"))


def _warn(
    world: World, made: Planned, refusals: Sequence[Refused], written: Path | None, *, is_about_one: bool
) -> None:
    """What would stop a send is told in any case; of a story's list only that it has bad rows."""
    trouble = world.screen.trouble
    if not is_about_one:
        for line in repair_lines(made.repairs.listed, made.repairs.by_code):
            world.screen.note(line)
        heading = f"{counted(made.bad.count, 'bad row')} in {inert(made.list_name)}:"
        for line in problem_lines(made.bad.problems, heading):
            trouble(line)
        if _exit_code(made):
            trouble("warning: a send would be refused: mend them, or write on_bad_rows: skip")
            trouble(f"hint: {_way_to_mend(made, written)}")
    elif _exit_code(made):
        have = "the list has" if len(made.lists) == 1 else "the lists have"
        trouble(f"warning: a send would be refused: {have} {counted(made.bad.count, 'bad row')}")
    for refusal in refusals:
        trouble(f"warning: a send would be refused: {refusal.message}")


def _way_to_mend(made: Planned, written: Path | None) -> str:
    """What to type about bad rows; of one list that were `written` out, how to see whether all are mended."""
    if written is None:
        return f"{made.chosen.command('preview', '--problems', 'bad.csv')} writes them out, to be mended"
    if len(made.lists) > 1:
        return "mend each file, and give it to --contacts under the name that it has"
    check = ("smscli", "check", str(made.chosen.file), "--contacts", str(written))
    return f"mend {inert(str(written))}, then {inert(shlex.join(check))}"


def _told(world: World, made: Planned, refusals: Sequence[Refused], story: Story | None) -> Result:
    """The plan, or one contact's story."""
    page = world.screen.page(world.screen.out)
    document = {
        **plan_document(made),
        "problem_list": problem_documents(made.bad.problems),
        "repair_list": problem_documents(made.repairs.listed),
        "refusals": [refusal.message for refusal in refusals],
    }
    if story is None:
        return Result(document, (*plan_text(made, page), *then_text(made)), _exit_code(made))
    return Result(
        {**document, "explain": story_document(story)}, tuple(story_text(story, page)), _exit_code(made)
    )


def _exit_code(plan: Planned) -> ExitCode:
    stops = plan.bad.count and plan.chosen.on_bad_rows is OnBadRows.STOP
    return ExitCode.FILES if stops else ExitCode.OK
