"""`smscli person`: everything that is held about one number, and forgetting it.

`show` is for an access request: its purpose is to hand out the data, full number included. `erase` tells each
time what it cannot reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from smscli.cli import wiring
from smscli.cli.confirm import confirm
from smscli.cli.numbers import OR_REGION, number_given, region_given
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps
from smscli.cli.present.text import Hanging, counted, inert, minute
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, SentLogError
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Erased, SentLog

if TYPE_CHECKING:
    from smscli.cli.result import Block
    from smscli.cli.where_listed import Found

app = command_app("Show all that is held about a number, or forget it.")

Number: TypeAlias = Annotated[str, typer.Argument(metavar="NUMBER", help="With + and country code.")]
Region: TypeAlias = Annotated[
    str | None, typer.Option(metavar="CC", help="The country of a number written without one, such as PL.")
]

#: What an erasure counts, and in which words.
_COUNTED = {
    "messages": ("message", ""),
    "opt_outs": ("opt-out", ""),
    "consents": ("consent record", ""),
    "replies": ("reply", "replies"),
    "stray_receipts": ("delivery receipt without a message", "delivery receipts without a message"),
}

_MAY_BE_LEFT = {
    ExitCode.INCOMPLETE: "erased, but old pages of the file may still hold traces",
    ExitCode.REFUSED: "not confirmed, or a message to the number is in doubt or being submitted",
}


@app.command(epilog=exit_codes(None, ExitCode.FILES, ExitCode.SENT_LOG))
def show(
    context: typer.Context,
    number: Number,
    region: Region = None,
    log: LogPath = None,
    campaigns: Annotated[
        Path | None,
        typer.Option(
            "--campaigns",
            metavar="FILE",
            readable=False,
            help="The campaigns file, whose sent log is meant; the lines of its lists with this number are"
            " shown too.",
        ),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show all that is held about a number, as JSON.

    For an access request: messages with all their events, opt-outs with their history, consent records with
    the words that were shown, replies, and delivery receipts that no message was found for; of an erased
    number only when it was erased. Full numbers and texts are inside: that is its purpose. Read it before
    you hand it out: it names operators too.
    """
    from smscli.cli.present.consents import record_document

    world = wiring.of(context)
    wanted = number_given(number, region_given(region), otherwise=OR_REGION)
    path = wiring.which_sent_log(world, log=log, campaigns=campaigns)
    lists = _lists(campaigns, wanted)  # before our log is open: another list may be that log
    with wiring.existing_sent_log(world, log=path, campaigns=None) as (path, sent_log):
        about = dict(sent_log.everything_about(wanted))
        about["consents"] = [record_document(each) for each in sent_log.consents(wanted)]  # as an export has
    held = {"sent_log": path, **about, **({} if lists is None else {"lists": [_in_full(e) for e in lists]})}
    return Result(held, (dumps(held, indent=2),))


@app.command(epilog=exit_codes(_MAY_BE_LEFT, ExitCode.FILES, ExitCode.SENT_LOG))
def erase(
    context: typer.Context,
    number: Number,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask. Needed where there is no terminal.")
    ] = False,
    region: Region = None,
    log: LogPath = None,
    campaigns: Annotated[
        Path | None,
        typer.Option(
            "--campaigns",
            metavar="FILE",
            readable=False,
            help="The campaigns file, whose sent log is meant; lines of its lists that still hold the number"
            " are named.",
        ),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Forget a number, and keep it from being texted for good.

    Its messages, opt-outs, consent records and replies are deleted, and the file is written anew without
    them. What stays is a keyed hash on the opt-out list, from which the number cannot be read: nobody erased
    is texted again, unless you say so (`optout remove NUMBER --reinstate REASON`). The key is a file beside
    the sent log. At a terminal you type the last four digits. It tells what it cannot reach: lists,
    backups, other sent logs, the gateway's own records.
    """
    world = wiring.of(context)
    wanted = number_given(number, region_given(region), otherwise=OR_REGION)
    path = wiring.which_sent_log(world, log=log, campaigns=campaigns)
    lists = _lists(campaigns, wanted) or ()
    with wiring.existing_sent_log(world, log=path, campaigns=None) as (path, sent_log):
        if not yes:
            _confirm(world, wanted)
        erased = sent_log.erase(wanted, world.operator(), world.clock.now())
        is_clean = _without_traces(world, sent_log)
    outbox = _outbox(path, wanted)
    return Result(
        {
            "sent_log": path,
            "key": _key(path),
            "erased": wanted.masked,
            "erased_before": erased.before,
            "forgotten": erased.counts,
            "traces_left": not is_clean,
            "lists": [_masked(each) for each in lists if each.has_number or each.error or each.unreadable],
            "outbox": outbox,
        },
        _told(_key(path), wanted, erased, _not_reached(wanted, lists, outbox)),
        ExitCode.OK if is_clean else ExitCode.INCOMPLETE,
    )


def _confirm(world: World, number: Msisdn) -> None:
    question = f"Everything about {number.masked} is forgotten for good; it stays opted out of everything."
    confirm(world, question, expected=number.e164[-4:], instead="--yes")


def _lists(campaigns: Path | None, number: Msisdn) -> Sequence[Found] | None:
    if campaigns is None:
        return None
    from smscli.cli.where_listed import where_listed

    return where_listed(campaigns, number)


def _without_traces(world: World, sent_log: SentLog) -> bool:
    """Write the file anew. The number is erased already: what goes wrong here is a warning."""
    try:
        if sent_log.compact():
            return True
        why = "another process still reads an old state of it; what is left goes when that closes the log"
    except SentLogError as error:
        why = error.message
    world.screen.trouble(f"warning: erased, but the file may still hold traces: {inert(why)}")
    world.screen.trouble("hint: smscli log prune --compact writes the file anew")
    return False


def _key(log: Path) -> Path:
    from smscli.sentlog.erasing import key_path

    return key_path(log)


def _outbox(log: Path, number: Msisdn) -> Path | None:
    """The sandbox's outbox, if it holds the number."""
    path = log.with_name(f"{log.stem}.outbox.jsonl")
    try:
        with path.open("rb") as lines:
            return path if any(number.digits.encode() in line for line in lines) else None
    except OSError:
        return None


# --- what is shown ---


def _in_full(found: Found) -> Mapping[str, object]:
    return {
        "file": found.file,
        "used_for": found.used_for,
        "lines": [{"line": each.line, "cells": each.cells} for each in found.lines],
        "opted_out_of": found.opted_out_of,
        "unreadable": found.unreadable,
        "error": found.error,
    }


def _masked(found: Found) -> Mapping[str, object]:
    """The same without cells: they hold the number, and a name."""
    return {**_in_full(found), "lines": [each.line for each in found.lines]}


def _told(key: Path, number: Msisdn, erased: Erased, not_reached: Iterable[str]) -> Iterator[Block]:
    gone = [counted(erased.counts[name], *words) for name, words in _COUNTED.items() if erased.counts[name]]
    if erased.before and not gone:
        yield f"{number.masked} was erased on {minute(erased.before)}; nothing more was held."
    else:
        yield f"Erased {number.masked}: {', '.join(gone) or 'nothing was held'}."
        yield "It stays opted out of everything, as a keyed hash."
    yield Hanging(f"The key is {key}: without it this log refuses, so keep both together.")
    yield "\nNot reached, and yours to see to:"
    for line in not_reached:
        yield Hanging(f"  {line}")


def _not_reached(number: Msisdn, lists: Sequence[Found], outbox: Path | None) -> Iterator[str]:
    for each in lists:
        name = inert(str(each.file))
        if each.lines:
            yield f"{name}: {number.masked} stands in {_places(each)}"
        if each.opted_out_of:
            yield f"{name}: another sent log with {number.masked} on its opt-out list: erase it there too"
        if each.error:
            yield f"{name}: could not be read: {inert(each.error)}"
        if each.unreadable:
            yield f"{name}: {counted(each.unreadable, 'line')} without a number that can be read"
    if outbox:
        yield f"{outbox}: what the sandbox took; delete it if nobody needs it"
    if not any(each.used_for == "contacts" for each in lists):
        yield "contact lists (--campaigns FILE names the lines)"
    yield "backups and copies of this log, and other sent logs"
    yield "the gateway's own records, and whatever else was exported"


def _places(found: Found) -> str:
    shown = ", ".join(str(each.line) for each in found.lines[:10])
    more = ", …" if len(found.lines) > 10 else ""
    return f"line{'s' if len(found.lines) > 1 else ''} {shown}{more}"
