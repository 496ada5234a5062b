"""The options that make a plan, the same for `preview` and `send`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from smscli.domain.rules import Again

#: `readable=False`, as in options.py: who reads the file says what is wrong with it.
CampaignsFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", readable=False, help="The campaigns file.")
]
CampaignName: TypeAlias = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.")]
Contacts: TypeAlias = Annotated[
    str | None, typer.Option("--contacts", metavar="FILE", help="Another list; - is standard input.")
]
GatewayName: TypeAlias = Annotated[
    str | None, typer.Option("--gateway", metavar="NAME", help="Another gateway, such as sandbox.")
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option("--limit", metavar="N", min=1, help="Only the first N of the list who may be texted."),
]
AgainWhat: TypeAlias = Annotated[
    list[Again] | None, typer.Option("--again", help="Send these again, on purpose.")
]
BadRowsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--bad-rows", metavar="FILE", readable=False, help="Write the list's bad rows to a CSV file."
    ),
]
