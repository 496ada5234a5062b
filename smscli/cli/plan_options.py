"""The options that make a plan, the same for `preview` and `send`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from smscli.cli.mistyped import right_way_round
from smscli.domain.errors import UsageError
from smscli.domain.rules import Again

#: More digits than this are a phone number that slipped in.
MOST_PEOPLE = 99_999_999


def _no_number(limit: int | None) -> int | None:
    """The callback of `--limit`. Raises UsageError."""
    if limit is None or limit <= MOST_PEOPLE:
        return limit
    raise UsageError(
        f"--limit: found more than any list has, needed a whole number up to {MOST_PEOPLE:,}",
        hint="for example: --limit 100",
    )


#: `readable=False`, as in options.py: who reads the file says what is wrong with it.
CampaignsFile: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", readable=False, help="The campaigns file.")
]
CampaignName: TypeAlias = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", callback=right_way_round, help="The campaign's id.")
]
Contacts: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--contacts",
        metavar="FILE",
        help="Another list in place of those in the campaigns file, read as the first of them is,"
        " or as the one that it is or whose name it has (bad.shop.csv as shop.csv); - is standard input."
        " Whoever opted out in the campaign's own lists is skipped all the same.",
    ),
]
GatewayName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        metavar="NAME",
        help="Another gateway: a preset, a name under `gateways` or a profile's file."
        " With sandbox it is a rehearsal.",
    ),
]
Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--limit",
        metavar="N",
        min=1,
        callback=_no_number,
        help="Only the first N of those who may be texted, in the order of the list.",
    ),
]
AgainWhat: TypeAlias = Annotated[
    list[Again] | None,
    typer.Option(
        "--again",
        metavar="REASON",
        help="Text on purpose whom these reasons would skip: the same words went to the number lately"
        " (same-text), or the gateway rejected this campaign's message (rejected).",
    ),
]
ProblemsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--problems",
        metavar="FILE",
        readable=False,
        help="Write the bad rows of the list to a CSV file as they are, with a last column `problems` that"
        " says what is wrong: mend it in a spreadsheet and give it to --contacts. Of several lists each has"
        " a file of its own (bad.csv becomes bad.members.csv). It holds full numbers.",
    ),
]
DuplicatesFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--duplicates",
        metavar="FILE",
        readable=False,
        help="Write the rows whose number an earlier row has to a CSV file, each with the place of that row."
        " It holds full numbers.",
    ),
]
