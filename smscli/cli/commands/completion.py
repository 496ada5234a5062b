"""`smscli completion`: the script that lets a shell complete command lines. Touches no file of the user."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from typing import Annotated

import typer

from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.result import Result

app = command_app()


class Shell(StrEnum):
    """The shells there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command(epilog=exit_codes())
def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Print a script that completes command lines in your shell.

    The first lines of the script say where to put it. It asks smscli for commands, options, campaigns of the
    file on the line, and gateways; it sends nothing and looks into no sent log.
    """
    script = files("smscli.presets").joinpath("completion", f"smscli.{shell.value}").read_text("utf-8")
    return Result({"shell": shell, "script": script}, (script.removesuffix("\n"),))
