"""`smscli sync`: asks gateways what became of messages, and what people answered."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import guards, wiring
from smscli.cli.asked_gateways import (
    Askable,
    Gateways,
    NotAsked,
    askable,
    gateways_known,
    name_in_log,
    with_given,
    worth_asking,
)
from smscli.cli.commands.replies import listening_of
from smscli.cli.moments import moment
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.sync import (
    Asking,
    Synchronised,
    sync_document,
    sync_text,
    tell_failures,
    tell_not_asked,
    tell_stopping,
)
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode
from smscli.files.campaign_file import CampaignsFile, load
from smscli.files.profile_file import SANDBOX
from smscli.files.reading import listed
from smscli.sentlog.locks import sync_lock
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

if TYPE_CHECKING:
    from smscli.engine.replying import Listening
    from smscli.engine.synced import Synced

app = command_app()

#: Gateways that were used within this time are asked; people answer late, but not for ever.
_USED_WITHIN = timedelta(days=90)

_CODES = {
    ExitCode.OK: "everything that can be asked was read to its end",
    ExitCode.STOPPED: "a gateway could not be asked; the rest was, and is saved",
}


@app.command(epilog=exit_codes(_CODES, ExitCode.FILES, ExitCode.SENT_LOG, ExitCode.SIGHUP, ExitCode.SIGTERM))
def sync(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            readable=False,
            help="The campaigns file: its sent log is meant, its gateways are asked, and its topics, brand"
            " and keywords are understood. With --log alone, gateways are presets.",
        ),
    ] = None,
    log: LogPath = None,
    gateway: Annotated[
        list[str] | None,
        typer.Option(
            "--gateway",
            metavar="NAME",
            help="Ask only this gateway: a name that the log knows, or a profile's file (.yaml). It may be"
            " repeated. Left out: every one that was used in the last 90 days.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="How far back to ask: 48h, 7d, 2026-11-01, 2026-11-01T09:30 (UTC). Left out: where the last"
            " sync ended, or the oldest message still under way; the first time, 72 hours.",
        ),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Ask gateways for delivery receipts, replies and opt-outs.

    Receipts settle the messages that they are about, those in doubt among them. Replies are filed and
    heeded as by replies import; whoever is on the gateway's own opt-out list goes on yours. Each page is
    saved before the next is asked for, and what was told before changes nothing: run it as often as you
    like, also while a send runs. A gateway that only pushes (webhooks) is named and left out.
    """
    world = wiring.of(context)
    begin = None if since is None else moment(since, world.clock.now(), "--since")
    campaigns = None if file is None else load(file)
    path = wiring.which_sent_log(world, log=log, campaigns=file, takes_file=True).absolute()
    known = with_given(gateways_known(file, campaigns), gateway or (), campaigns)
    world.screen.note(f"sent log: {path}")
    with (
        closing(open_sent_log(path, create=False, busy_wait=wiring.PATIENCE)) as sent_log,
        sync_lock(path),
    ):
        guards.right_clock(sent_log, world.clock.now())
        askables, not_asked = _chosen(world, sent_log, known, gateway or ())
        tell_not_asked(world.screen, not_asked)
        synced, signal = _asked(world, sent_log, path, askables, listening_of(file), begin)
        waiting = sum(1 for _ in sent_log.replies(pending=True))
    done = Synchronised(path, synced, not_asked, waiting, _review(file, path), _zone(campaigns))
    tell_failures(world.screen, [error for each in synced for error in each.failed.values()])
    code = signal or (ExitCode.OK if done.is_whole else ExitCode.STOPPED)
    page = world.screen.page(world.screen.out)
    text = sync_text(done, page, quiet=world.screen.quiet and code is ExitCode.OK)
    return Result(sync_document(done), tuple(text), code)


def _chosen(
    world: World, sent_log: SqliteSentLog, known: Gateways, given: Sequence[str]
) -> tuple[list[Askable], list[NotAsked]]:
    """The gateways to ask, and those that cannot be asked."""
    names = tuple(map(name_in_log, given)) or _used(world, sent_log)
    askables, not_asked = list[Askable](), list[NotAsked]()
    for name in dict.fromkeys(names):
        profile = known.of(name)
        found = known.missing(name) if profile is None else askable(profile, world.environ)
        if isinstance(found, Askable):
            askables.append(found)
        else:
            not_asked.append(found)
    return askables, not_asked


def _used(world: World, sent_log: SqliteSentLog) -> tuple[str, ...]:
    """Those of the last months; older ones are named, in case they are missed. There may be none: a sync
    that cron runs is set up before the first send, and outlives a quiet season."""
    lately = worth_asking(sent_log.gateways_used(world.clock.now() - _USED_WITHIN))
    ever = worth_asking(sent_log.gateways_used())
    older = [name for name in ever if name not in lately and (lately or name != SANDBOX)]
    if older:
        world.screen.note(f"not asked, since nothing went through it for 90 days: {listed(older)}")
    if not lately:
        nothing = "nothing to ask about: this log knows of no message of the last 90 days"
        world.screen.note(f"{nothing} (--gateway NAME asks anyhow)")
    return lately


def _asked(
    world: World,
    sent_log: SqliteSentLog,
    path: Path,
    gateways: Sequence[Askable],
    listening: Listening,
    since: datetime | None,
) -> tuple[list[Synced], ExitCode | None]:
    """What asking each came to, and the signal that ended it early."""
    from smscli.cli.syncing import sync_all
    from smscli.engine.syncing import SyncTools

    with Asking(world.screen) as progress:
        tools = SyncTools(
            log=sent_log,
            clock=world.clock,
            listening=listening,
            by=world.operator(),
            watch=progress.tick,
        )
        sent_log.wait_for_writers(0)  # the loop waits itself
        done = sync_all(gateways, path, tools, since, lambda: tell_stopping(world.screen, progress))
        sent_log.wait_for_writers(wiring.PATIENCE)
    return done


def _review(file: Path | None, path: Path) -> str:
    words = ["--campaigns", str(file)] if file else ["--log", str(path)]
    return shlex.join(["smscli", "replies", "review", *words])


def _zone(campaigns: CampaignsFile | None) -> str:
    """That of every campaign of the file, if they agree."""
    zones = {each.campaign.zone for each in campaigns.campaigns.values()} if campaigns else set()
    return zones.pop() if len(zones) == 1 else "UTC"
