"""`smscli log prune`: forgets whole campaigns that are old enough, and closes their ids for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import wiring
from smscli.cli.confirm import confirm
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.text import Hanging, counted, inert, minute, table
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, Refused, UsageError
from smscli.domain.frequency import longest_span
from smscli.domain.message import Realm
from smscli.domain.ports import Pruned, SentLog

if TYPE_CHECKING:
    from smscli.cli.result import Block

app = command_app()

#: Caps and same texts look back on messages; nobody's cap is longer, and what is newer is asked about.
LEAST = timedelta(days=90)

_CODES = {
    ExitCode.INCOMPLETE: "a campaign was left, because something in it is in doubt or being submitted;"
    " or the file could not shrink yet",
    ExitCode.REFUSED: "not confirmed, or --older-than is less than the rules look back",
}


@app.command(epilog=exit_codes(_CODES, ExitCode.FILES, ExitCode.SENT_LOG))
def prune(
    context: typer.Context,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Forget campaigns whose newest message is older: 2y, 18mo, 26w or 400d. At least 90d, and"
            " at least as long as any campaign of --campaigns looks back for frequency caps and same texts.",
        ),
    ] = None,
    realm: Annotated[
        Realm | None, typer.Option(help="Only this realm: live, sandbox (rehearsals) or test.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be forgotten; change nothing.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask. Needed where there is no terminal.")
    ] = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact",
            help="Write the file anew afterwards, so that it shrinks; alone, only that. It needs room for"
            " another copy, also in the temporary folder, and nobody else can write to the log meanwhile.",
        ),
    ] = False,
    log: LogPath = None,
    campaigns: Annotated[
        Path | None,
        typer.Option(
            "--campaigns", metavar="FILE", readable=False, help="The campaigns file, whose sent log is meant."
        ),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Forget old campaigns, and close their ids for good.

    A campaign goes whole, with all its messages, events and runs, or not at all. Nobody can send under its
    id again: the log no longer knows who was texted, so a new message is a new campaign id. Campaigns with
    anything in doubt are left and named. Opt-outs, consent records and replies are never pruned.
    """
    world = wiring.of(context)
    if older_than is None and (not compact or dry_run or realm is not None):
        raise UsageError(
            "nothing says how old a campaign has to be", hint="for example: --older-than 2y --dry-run"
        )
    if dry_run and compact:
        raise UsageError("--dry-run changes nothing, and --compact does", hint="leave out one of them")
    age = None if older_than is None else _age(older_than, campaigns)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        found: Sequence[Pruned] = ()
        if age is not None:
            found = _pruned(world, sent_log, age, realm, dry_run=dry_run, yes=yes)
        is_compact = sent_log.compact() if compact else None
        size = path.stat().st_size
    is_left = any(each.unsettled for each in found)
    return Result(
        {
            "sent_log": path,
            "older_than_days": None if age is None else age.days,
            "dry_run": dry_run,
            "campaigns": [_document(each) for each in found if not each.unsettled],
            "left": [_document(each) for each in found if each.unsettled],
            "compacted": is_compact,
            "bytes": size,
        },
        _told(path, found, age, is_compact, dry_run=dry_run),
        ExitCode.INCOMPLETE if (is_left or is_compact is False) else ExitCode.OK,
    )


# --- how old ---


def _age(text: str, campaigns: Path | None) -> timedelta:
    """What `--older-than` means. Raises UsageError, and Refused for less than the rules look back."""
    from smscli.files.located import Wrong
    from smscli.files.scalars import parse_duration

    try:
        age = parse_duration(text)
    except Wrong as wrong:
        raise UsageError(f"--older-than: {wrong.message}", hint=wrong.hint or "such as 2y") from None
    least, why = _least(campaigns)
    if age < least:
        raise Refused(
            f"--older-than {inert(text)} is less than {least.days}d: {why}",
            hint=f"what is forgotten no longer counts; write --older-than {least.days}d or more",
        )
    return age


def _least(campaigns: Path | None) -> tuple[timedelta, str]:
    """How long messages are needed, and by whom."""
    usual = (LEAST, "frequency caps and same texts look back on earlier messages")
    if campaigns is None:
        return usual
    from smscli.engine.planning import look_back
    from smscli.files.campaign_file import load

    spans = {name: look_back(each.campaign) for name, each in load(campaigns).campaigns.items()}
    longest = max(spans, key=lambda name: spans[name])
    days = -(-spans[longest] // timedelta(days=1)) * timedelta(days=1)  # rounded up
    return (days, f"campaign {longest} looks back as long") if days > LEAST else usual


def _refuse_a_broken_promise(sent_log: SentLog, age: timedelta) -> None:
    """Messages that a promise still counts have to stay. Raises Refused."""
    promises = (record.promise for record in sent_log.consents())
    longest = max((longest_span(promise.per) for promise in promises if promise), default=timedelta())
    if longest > age:
        days = -(-longest // timedelta(days=1))
        raise Refused(
            f"--older-than {age.days}d is less than {days}d: somebody was promised to be texted no more often"
            " than so many times in that",
            hint=f"what is forgotten no longer counts; write --older-than {days}d or more",
        )


# --- pruning ---


def _pruned(
    world: World, sent_log: SentLog, age: timedelta, realm: Realm | None, *, dry_run: bool, yes: bool
) -> Sequence[Pruned]:
    """Forget them, unless they are only looked at; those left are among them."""
    now = world.clock.now()
    before, by = now - age, world.operator()
    _refuse_a_broken_promise(sent_log, age)
    found = sent_log.prune(before, by, now, only_look=True, realm=realm)
    settled = [each for each in found if not each.unsettled]
    if dry_run or not settled:
        return found
    if not yes:
        _confirm(world, settled)
    return sent_log.prune(before, by, now, only_look=False, realm=realm)


def _confirm(world: World, settled: Sequence[Pruned]) -> None:
    """Show what goes, and ask. Raises Refused."""
    if world.stdin.isatty():
        world.screen.tell(_table(settled))
    messages = sum(each.messages for each in settled)
    question = (
        f"{counted(messages, 'message')} of {counted(len(settled), 'campaign')} are forgotten for good,"
        " and nobody can send under these ids again."
    )
    confirm(world, question, expected=str(messages), instead="--yes, or --dry-run to look first")


# --- what is shown ---


def _document(each: Pruned) -> Mapping[str, object]:
    return {
        "campaign": each.campaign_id,
        "realm": each.realm,
        "messages": each.messages,
        "newest_at": each.newest_at,
        "unsettled": each.unsettled,
    }


def _table(found: Sequence[Pruned]) -> Block:
    rows = [(each.campaign_id, each.realm, f"{each.messages:,}", minute(each.newest_at)) for each in found]
    return table(("campaign", "realm", "messages", "newest"), rows, right=("messages",))


def _told(
    path: Path, found: Sequence[Pruned], age: timedelta | None, is_compact: bool | None, *, dry_run: bool
) -> Iterator[Block]:
    settled = [each for each in found if not each.unsettled]
    if settled:
        yield _table(settled)
        yield ""
        messages = counted(sum(each.messages for each in settled), "message")
        what = "Would forget" if dry_run else "Forgot"
        yield f"{what} {messages} of {counted(len(settled), 'campaign')}."
    elif age is not None:
        yield f"No campaign is settled and older than {counted(age.days, 'day')}."
    for each in found:
        if each.unsettled:
            yield Hanging(_left(path, each))
    if settled and not dry_run and is_compact is None:
        yield "The file keeps its size and uses the room again; --compact gives it back."
    if is_compact:
        yield "The file was written anew, without what was forgotten."
    if is_compact is False:
        yield Hanging(
            "The file was written anew, but another process still reads an old state of it: it shrinks when"
            " that closes the log."
        )


def _left(path: Path, each: Pruned) -> str:
    what = counted(each.unsettled, "message is", "messages are")
    return (
        f"Left: {each.campaign_id} ({each.realm}): {what} in doubt or being submitted;"
        f" smscli resolve --log {path} --campaign {each.campaign_id} says what became of them."
    )
