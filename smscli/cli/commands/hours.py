"""`smscli hours`: when people somewhere may be texted, and why. Sends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import wiring
from smscli.cli.moments import moment_ahead
from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from smscli.cli.hours_there import Wish

app = command_app()


@app.command(epilog=exit_codes({}, ExitCode.FILES))
def hours(
    context: typer.Context,
    place: Annotated[
        str | None,
        typer.Argument(
            metavar="PLACE",
            show_default=False,
            help="A phone number (+12025550123), a country (PL, Poland) or a state (US-FL, Florida). Without"
            " it, all countries that have a row are listed.",
        ),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", metavar="ZONE", help="As if the list's zone column said so: Europe/Warsaw."),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help="As if the list's state column said so: FL, DE-BY."),
    ] = None,
    postcode: Annotated[
        str | None,
        typer.Option("--zip", metavar="ZIP", help="As if the list's zip column said so (US only): 33101."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="Whether it is open then, in place of now: 2026-12-01T09:30, in UTC, or in the `timezone` of"
            " the campaign.",
        ),
    ] = None,
    campaigns: Annotated[
        Path | None,
        typer.Option(
            "--campaigns",
            metavar="FILE",
            readable=False,
            help="Ask for a campaign of this file: its own hours and caps are shown together with those of"
            " the place.",
        ),
    ] = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="ID", help="The campaign of --campaigns.")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            metavar="NAME",
            help="Show a ready week together with the hours of the place: what `quiet_hours: {policy: NAME}`"
            " would do.",
        ),
    ] = None,
    json: AsJson = False,  # noqa: ARG001
    _quiet: Quiet = False,
) -> Result:
    """Show when people somewhere may be texted, and why.

    For a number, a country or a state: every rule that applies, what it rests on and how sure of it we are,
    whether it is open there now, when it opens next, caps, consent and the next public holidays. It sends
    nothing and needs no file.

    No legal advice: the rows are gathered from the sources that they name.
    """
    from smscli.cli.hours_there import asked_wish, every_country, there
    from smscli.cli.place_given import place_given
    from smscli.cli.present.hours import countries_document, countries_text, there_document, there_text
    from smscli.files.rule_files import load_country_rules

    world, rules = wiring.of(context), load_country_rules()
    wish = asked_wish(campaigns, campaign, policy)
    now = world.clock.now() if at is None else moment_ahead(at, wish.zone)
    page = world.screen.page(world.screen.out)
    if place is None:
        _refuse_without_a_place(wish, zone=zone, state=state, zip=postcode)
        rows = every_country(rules, now)
        return Result(countries_document(rows, now), countries_text(rules, rows, now))
    found = there(rules, place_given(rules, place, zone, state, postcode), wish, now)
    return Result(there_document(found), there_text(found, page))


def _refuse_without_a_place(wish: Wish, **given: str | None) -> None:
    """Raises UsageError: an option about a place, or a campaign, and no place."""
    names = [f"--{name}" for name, value in given.items() if value is not None]
    names += ["--campaign"] if wish.name else []
    if names:
        raise UsageError(
            f"{names[0]} needs a place", hint="for example: smscli hours +12025550123, or smscli hours PL"
        )
