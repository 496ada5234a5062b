"""`smscli log backup`: a copy of the sent log, also while a send is running."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from smscli.cli import wiring
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.text import counted, minute
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, UsageError
from smscli.sentlog.backup import Backup, back_up
from smscli.sentlog.erasing import key_path

app = command_app()

_CODES = {
    ExitCode.USAGE: "wrong usage; also where FILE exists already",
    ExitCode.FILES: "the copy cannot be written, or the campaigns file is wrong",
}

_WARNING = (
    "Putting it back later repeats everyone sent since then: it does not know them.",
    "Do not `send` with a log that was put back before you know who they are.",
)


@app.command(epilog=exit_codes(_CODES, ExitCode.SENT_LOG))
def backup(
    context: typer.Context,
    file: Annotated[
        str,  # a Path would not remember the / at the end
        typer.Argument(
            metavar="FILE",
            show_default=False,
            help="The new file; one that exists is never overwritten. A folder means a file in it named after"
            " the log and the time in UTC, such as sent-log-2026-11-22T120000Z.db. With / at its end it has"
            " to be a folder that exists.",
        ),
    ],
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
    """Copy a sent log safely, also while a send is running.

    The copy is of one moment, complete and checked, and only its owner can read it. Copying the file by other
    means can miss what still stands in the -wal file beside it. If people were erased, the key that keeps
    them from being texted is copied too, as FILE.key: keep both together. Putting a copy back later makes
    everyone sent since look new: the next send would text them again.
    """
    world = wiring.of(context)
    path = wiring.which_sent_log(world, log=log, campaigns=campaigns).absolute()
    world.screen.note(f"sent log: {path}")
    made = back_up(path, _named(file, path, world.clock.now()))
    if made.lacks_key:
        world.screen.trouble(
            f"warning: people were erased from this log, and {key_path(path)}, the key to know them by, is"
            " missing or another log's: neither the log nor the copy can be sent with"
        )
    warning = () if world.screen.quiet else _WARNING  # cron need not mail it every night
    return Result(_document(path, made), (*_told(made), *warning))


def _named(file: str, log: Path, now: datetime) -> Path:
    """Where the copy goes. Raises UsageError for a folder that is not there: the copy would get its name."""
    copy = Path(file).absolute()
    if copy.is_dir():
        return copy / f"{log.stem}-{now:%Y-%m-%dT%H%M%SZ}{log.suffix or '.db'}"
    if file.endswith("/"):
        raise UsageError(
            f"there is no folder {copy}",
            hint=f"make it first: mkdir -p {quote(str(copy))}; then run it again",
        )
    return copy


def _document(path: Path, made: Backup) -> dict[str, object]:
    held = made.contents
    return {
        "sent_log": path,
        "backup": made.path,
        "bytes": made.size,
        "messages": held.messages,
        "opt_outs": held.opt_outs,
        "newest_at": held.newest_at,
        "key": made.key,
        "lacks_key": made.lacks_key,
    }


def _told(made: Backup) -> tuple[str, ...]:
    held = made.contents
    newest = f", newest event {minute(held.newest_at)}" if held.newest_at else ""
    what = f"{counted(held.messages, 'message')}, {counted(held.opt_outs, 'opt-out')}{newest}"
    beside = (f"  and the key of the erased: {made.key}",) if made.key else ()
    return (f"Copied to {made.path}", f"  {what}; {_size(made.size)}", *beside)


def _size(size: int) -> str:
    """`230.1 MB`, `81.9 kB`."""
    unit, power = ("MB", 1_000_000) if size >= 1_000_000 else ("kB", 1_000)
    return f"{size / power:,.1f} {unit}"
