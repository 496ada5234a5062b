"""A command that ends in whatever way it is told to: for the front door, which must know them all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from smscli.cli.app import Listed, run
from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.present.text import table
from smscli.cli.result import Result
from smscli.cli.wiring import real_world
from smscli.domain.errors import (
    ExitCode,
    FilesError,
    Place,
    Problem,
    Refused,
    RunStopped,
    SentLogBusy,
    UsageError,
)

app = command_app()

COMMANDS = {"end": Listed(__name__, "End as told.")}

PROBLEMS = tuple(
    Problem(Place("a.csv", n, 2, "phone"), "too_short", f"found {n}", "add") for n in range(1, 26)
)

NASTY = "\x1b[31mred\x1b[0m [bold]loud[/bold] \u202eback\r\x07 :smile: ‹ł›"

ERRORS: dict[str, BaseException] = {
    "usage": UsageError("found", hint="type"),
    "files": FilesError("found", hint="type", problems=PROBLEMS),
    "refused": Refused("found", hint="type"),
    "stopped": RunStopped("found", hint="type"),
    "sent_log": SentLogBusy("found", hint="type"),
    "nasty": Refused(NASTY, hint=NASTY),
    "bug": RuntimeError("+12025550123 with sesame-open\x1b[2J"),
    "broken pipe elsewhere": BrokenPipeError(32, "Broken pipe"),
    "interrupted": KeyboardInterrupt(),
}


@app.command(epilog=exit_codes(None, *ExitCode))
def end(how: Annotated[str, typer.Argument()], _json: AsJson = False, _quiet: Quiet = False) -> Result:
    """End as told."""
    if how in ERRORS:
        raise ERRORS[how]
    if how == "badly":
        return Result({}, _badly())
    if how == "nasty table":
        return Result(
            {"value": NASTY}, (table(("one", "two"), [(NASTY, "2"), (f"{NASTY}\nnext", "3")]), NASTY)
        )
    if how == "masked":
        return Result({"path": Path("a")}, ("+1202•••0123",))
    if how == "many lines":
        return Result({}, (f"line {n}" for n in range(100_000)), ExitCode.INCOMPLETE)
    code = ExitCode(int(how))
    return Result({"answer": 42, "path": Path("a")}, ("first", "second"), code)


def _badly() -> Iterator[str]:
    yield "first"
    raise FilesError("the end was bad")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], real_world(sys.argv[1:]), COMMANDS))
