"""`smscli schema`: what editors complete and check our files with."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps
from smscli.cli.result import Result


class Which(StrEnum):
    """The files that have a schema."""

    CAMPAIGNS = "campaigns"
    GATEWAY = "gateway"


app = command_app()


@app.command(epilog=exit_codes())
def schema(
    which: Annotated[
        Which,
        typer.Argument(
            metavar="WHICH",
            help="campaigns: the schema of the campaigns file."
            " gateway: of a gateway profile in a file of its own.",
        ),
    ] = Which.CAMPAIGNS,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Print the JSON Schema with which editors complete and check.

    `smscli schema > campaigns.schema.json` writes it; the first line of the campaigns file switches it on:
    `# yaml-language-server: $schema=campaigns.schema.json`. `smscli init` does both. The schema takes YAML's
    types: whatever an editor makes of 21:00, +12025550143 or NO, it does not complain of what smscli takes.
    """
    return Result({"which": which.value, "json_schema": _made(which)}, [printed(which)])


def printed(which: Which) -> str:
    """A schema as it is printed."""
    return dumps(_made(which), indent=1)


def _made(which: Which) -> dict[str, object]:
    from smscli.files.json_schema import campaigns_schema, gateway_schema

    return campaigns_schema() if which is Which.CAMPAIGNS else gateway_schema()
