"""`smscli status`: what is running, held until when, in doubt, rejected, opted out lately."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from smscli.cli import wiring
from smscli.cli.moments import moment
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.status import (
    CampaignStatus,
    Overview,
    Running,
    Standing,
    status_document,
    status_text,
)
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, SentLogMissing
from smscli.domain.message import TAKEN_OR_MAYBE, Realm, State
from smscli.domain.ports import RunRecord, SentLog
from smscli.engine.synced import What
from smscli.sentlog.locks import Holder, running

app = command_app()

_ACCEPTED = TAKEN_OR_MAYBE - {State.SUBMITTING, State.IN_DOUBT}

_CODES = {ExitCode.OK: "the question was answered, whatever the answer is"}


@app.command(epilog=exit_codes(_CODES, ExitCode.FILES, ExitCode.SENT_LOG))
def status(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            show_default=False,
            readable=False,
            help="The campaigns file, whose sent log is meant. Its campaigns come first, in its order, also"
            " those never sent; times are in their `timezone`.",
        ),
    ] = None,
    log: LogPath = None,
    since: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Since when opt-outs count as lately: 2026-11-01, 2026-11-01T09:30 (UTC), or how long"
            " ago: 2h, 7d.",
        ),
    ] = "7d",
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show how campaigns stand: running, held, in doubt, rejected, opted out lately.

    For each campaign that the sent log or the campaigns file knows: whether a send runs now, how the last one
    ended, and what to type next where something is open. It waits for nobody, and a log that does not exist
    yet means that nothing was ever sent.
    """
    world = wiring.of(context)
    now = world.clock.now()
    lately = moment(since, now, "--since")
    zones, path = _what_the_file_says(file) if file else (None, None)
    path = log or path or wiring.which_sent_log(world, log=None, campaigns=None, takes_file=True)
    path = path.absolute()
    overview = Overview(
        sent_log=path,
        exists=_exists(path),
        at=now,
        since=lately,
        named=("--log", str(log)) if log else (str(file),) if file else (),
        zone=zone_of_all.pop() if len(zone_of_all := set((zones or {}).values())) == 1 else "UTC",
        campaigns=tuple(CampaignStatus(name, (), zone, in_file=True) for name, zone in (zones or {}).items()),
    )
    if overview.exists:
        with wiring.existing_sent_log(world, log=path, campaigns=None) as (_, sent_log):
            overview = replace(
                overview,
                campaigns=tuple(_campaigns(path, sent_log, zones)),
                opt_outs=sent_log.opt_outs_by_source(now=overview.at),
                lately=sent_log.opt_outs_by_source(lately, overview.at),
                erased=sent_log.count_erased(),
                synced=_synced(sent_log),
            )
    page = world.screen.page(world.screen.out)
    return Result(status_document(overview), status_text(overview, page))


def _synced(log: SentLog) -> Mapping[str, datetime]:
    """When each gateway was last asked to the end for something, by its name."""
    asked = {
        name: [mark.at for what in What for realm in Realm if (mark := log.sync_mark(name, realm, what))]
        for name, _ in log.gateways_used()
    }
    return {name: max(times) for name, times in asked.items() if times}


def _what_the_file_says(file: Path) -> tuple[Mapping[str, str], Path]:
    """The zones of its campaigns, in its order, and its sent log."""
    from smscli.files.campaign_file import load

    defined = load(file).campaigns
    [path] = {each.sent_log for each in defined.values()}  # the file names one
    return {name: each.campaign.zone for name, each in defined.items()}, path


def _exists(path: Path) -> bool:
    """Is there a log? A link to nowhere counts, so that opening it says what is wrong.

    Raises SentLogMissing for a folder that is not there: a disk that is not mounted is no answer.
    """
    if not path.parent.is_dir():
        raise SentLogMissing(
            f"the folder of the sent log, {path.parent}, does not exist",
            hint="is the path right, and its disk mounted?",
        )
    return path.exists() or path.is_symlink()


def _campaigns(path: Path, log: SentLog, zones: Mapping[str, str] | None) -> Iterator[CampaignStatus]:
    """Those of the file in its order, then those that only the log knows, by id."""
    known: dict[str, list[Realm]] = {name: [] for name in zones or ()}
    for realm, name in log.campaigns():
        known.setdefault(name, []).append(realm)
    runs = {(run.realm, run.campaign_id): run for run in log.runs()}
    for name, realms in known.items():
        found = (
            _standing(path, log, realm, name, runs.get((realm, name)), realm in realms) for realm in Realm
        )
        yield CampaignStatus(
            name,
            tuple(each for each in found if each is not None),
            (zones or {}).get(name, "UTC"),
            None if zones is None else name in zones,
        )


def _standing(
    path: Path, log: SentLog, realm: Realm, name: str, last: RunRecord | None, known: bool
) -> Standing | None:
    """None where nothing was sent and nothing is running."""
    holder = running(path, realm, name)
    if not (known or holder):
        return None
    going_on = _going_on(holder, log, last) if holder else None
    return Standing(realm, log.counts(realm, name), last, going_on)


def _going_on(holder: Holder, log: SentLog, last: RunRecord | None) -> Running:
    """How far a send is. A record older than the lock is that of an earlier run, which was cut off."""
    if last is None or last.ended_at is not None or last.started_at < holder.since:
        return Running(holder.pid, holder.since)
    states = log.counts(last.realm, last.campaign_id, last.id)
    planned = last.counts.get("not_attempted")
    return Running(
        holder.pid,
        holder.since,
        accepted=sum(states.get(state, 0) for state in _ACCEPTED),
        to_go=None if planned is None else max(0, planned - sum(states.values())),
    )
