"""Options that several commands share, in the same words, and how a command is declared."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import Annotated, TypeAlias

import typer

from smscli.domain.errors import ExitCode

#: `--json` and `--quiet` are read from the command line before any command is chosen, because a
#: wrong command line is answered in JSON too. Commands declare them (`_json: AsJson = False`) for
#: their help and need not look.
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", help="No notes on stderr; trouble is still told.")]

#: `readable=False`: a file that may not be read is told by who reads it, with a hint and its own exit code.
LogPath: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--log", metavar="PATH", readable=False, help="The sent log, instead of the campaigns file's."
    ),
]
CampaignsPath: TypeAlias = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        readable=False,
        help="The campaigns file, whose sent log is meant.",
    ),
]
Campaigns: TypeAlias = Annotated[
    Path | None,
    typer.Option("--campaigns", metavar="FILE", help="The campaigns file, whose sent log is meant."),
]
Region: TypeAlias = Annotated[
    str | None, typer.Option(metavar="CC", help="The country of numbers written without one, such as PL.")
]
CampaignId: TypeAlias = Annotated[
    str | None, typer.Option("--campaign", metavar="ID", help="Only this campaign.")
]

#: Cells of a line of exit codes: help indents it by two more, and then fits a terminal of 80.
_EPILOG = 76

_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "done",
    ExitCode.BUG: "a bug (--debug shows where)",
    ExitCode.USAGE: "wrong usage",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.FILES: "files are wrong",
    ExitCode.REFUSED: "a guard refused",
    ExitCode.STOPPED: "the run was stopped",
    ExitCode.SENT_LOG: "the sent log is busy, missing, damaged or too new",
    ExitCode.SIGHUP: "stopped by SIGHUP",
    ExitCode.SIGINT: "stopped by SIGINT",
    ExitCode.SIGTERM: "stopped by SIGTERM",
}


def command_app(help: str | None = None) -> typer.Typer:  # noqa: A002 - typer's own word
    """A Typer app for one command, or for one with verbs: plain help, no markup, `-h` too."""
    return typer.Typer(
        help=help,
        rich_markup_mode=None,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def exit_codes(meanings: dict[ExitCode, str] | None = None, *codes: ExitCode) -> str:
    """The end of a command's help: its exit codes, with words of its own where the usual ones say too little.

    0, 1, 2 and 130 are always there.
    """
    own = meanings or {}
    always = (ExitCode.OK, ExitCode.BUG, ExitCode.USAGE, ExitCode.SIGINT)
    told = sorted({*always, *own, *codes})
    lines = [line for code in told for line in _folded(code, own.get(code, _MEANINGS[code]))]
    return "\n".join(["\b", "Exit codes:", *lines])


def _folded(code: ExitCode, meaning: str) -> list[str]:
    """A line, or several of which the later ones stand behind the code."""
    return wrap(f"  {code:>3}  {meaning}", _EPILOG, subsequent_indent=" " * 7, break_on_hyphens=False)
