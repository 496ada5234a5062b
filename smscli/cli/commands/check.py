"""`smscli check`: everything that has to be mended before a send, at once and as tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import wiring
from smscli.cli.checking import Asked, Checked
from smscli.cli.checking import check as look_at_all
from smscli.cli.checking_campaigns import Standing
from smscli.cli.checking_lists import Offer
from smscli.cli.options import AsJson, CampaignId, Quiet, command_app, exit_codes
from smscli.cli.plan_options import CampaignsFile, Contacts, GatewayName
from smscli.cli.present.documents import problem_documents
from smscli.cli.present.progress import Rows
from smscli.cli.present.text import PROBLEMS_SHOWN, Hanging, counted, inert, listed_problems
from smscli.cli.present.wording import respelled_documents, wording_documents, wording_text
from smscli.cli.result import Result
from smscli.cli.tasks import Found, Task, Tasks, Weight
from smscli.domain.errors import ExitCode
from smscli.domain.wording import WordingRule
from smscli.files.reading import listed

if TYPE_CHECKING:
    from smscli.cli.present.page import Page
    from smscli.cli.result import Block

app = command_app()

_CODES = {
    ExitCode.OK: "nothing has to be mended",
    ExitCode.FILES: "something has to be mended before everybody can be texted",
    ExitCode.SENT_LOG: "the temporary folder has no room",
}

#: So many problems go into the JSON document, and so many things to look at; `--problems` has all rows.
MOST_PROBLEMS = 10_000

#: Told with the words they are about, in a part of their own.
_WORDING = frozenset(WordingRule)


@dataclass(slots=True)
class _Ledger:
    """Problems as they come in: counted and kept as tasks, the first ones in full.

    What is only to be looked at is kept apart: a million repairs must not push a problem out.
    """

    tasks: Tasks = field(default_factory=Tasks)
    first: list[Found] = field(default_factory=list)
    first_to_look_at: list[Found] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)  # in the order in which they came up
    count: int = 0
    of_wording: int = 0
    to_look_at: int = 0
    stops: bool = False

    def take(self, found: Found) -> None:
        """One more."""
        self.stops |= found.stops
        self.tasks.take(found)
        if found.weight is Weight.LOOK_AT:
            self.to_look_at += 1
            first = self.first_to_look_at
        else:
            self.count += 1
            self.of_wording += found.problem.code in _WORDING
            first = self.first
        if len(first) < MOST_PROBLEMS:
            first.append(found)
            self.files.setdefault(found.problem.where.file, len(self.files))

    def in_order(self) -> list[Found]:
        """The first problems as one reads them: file by file, from its top to its end."""
        return sorted(self.first, key=self._place)

    def to_look_at_in_order(self) -> list[Found]:
        """The first things to look at, in the same order."""
        return sorted(self.first_to_look_at, key=self._place)

    def _place(self, found: Found) -> tuple[int, int, int]:
        where = found.problem.where
        return self.files[where.file], where.line or 0, where.column or 0


@app.command(epilog=exit_codes(_CODES))
def check(
    context: typer.Context,
    file: CampaignsFile,
    campaign: CampaignId = None,
    contacts: Contacts = None,
    gateway: GatewayName = None,
    problems: Annotated[
        Path | None,
        typer.Option(
            "--problems",
            metavar="FILE",
            readable=False,
            help="Write the rows that need mending, bad rows and contacts that a rule leaves out, to a CSV"
            " file as they are, with a last column `problems` that says what is wrong: mend it in a"
            " spreadsheet and give it to --contacts. Of several lists each has a file of its own (bad.csv"
            " becomes bad.members.csv). It holds full numbers.",
        ),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Say what has to be mended before a send, as tasks.

    Looks at the campaigns file, the gateways with the environment variables they need, the texts and their
    wording, lists of people not to text, and all contact lists row by row. It does not stop at the first
    problem and asks no network. Rows that `on_bad_rows: skip` leaves out, numbers that were repaired, and
    warnings about wording are told and do not count as wrong. Of the sent log only the consent
    records count: who was texted before or opted out is for `smscli preview` to say.
    """
    world = wiring.of(context)
    asked = Asked(file=file, campaign=campaign, contacts=contacts, gateway=gateway, problems=problems)
    ledger = _Ledger()
    with Rows(world.screen) as rows:
        found = look_at_all(world, asked, ledger.take, rows.tick)
    for path, count in found.written:
        world.screen.note(f"problems: {path} ({counted(count, 'row')})")
    code = ExitCode.FILES if ledger.stops else ExitCode.OK
    page = world.screen.page(world.screen.out)
    return Result(_document(ledger, found), _text(ledger, found, asked, page), code)


# --- text and JSON ---

_HEADINGS = {
    Weight.STOPS: "To mend:",
    Weight.LEFT_OUT: "Left out by on_bad_rows: skip, unless you mend them:",
    Weight.LOOK_AT: "To look at:",
}


def _text(ledger: _Ledger, checked: Checked, asked: Asked, page: Page) -> Iterator[Block]:
    tasks = list(ledger.tasks)
    for weight, heading in _HEADINGS.items():
        yield from _task_lines(heading, [task for task in tasks if task.weight is weight])
    more = f"{asked.problems} has all rows" if checked.written else "--problems FILE writes all rows"
    others = [found for found in ledger.in_order() if found.problem.code not in _WORDING]
    yield from _problem_lines("problems", others, ledger.count - ledger.of_wording, more)
    yield from _offer_lines(checked.offers)
    look_at = ledger.to_look_at_in_order()
    yield from _problem_lines("things to look at", look_at, ledger.to_look_at, "--json shows more")
    for standing in checked.standings:
        if standing.texts.has_news:
            of = f"{standing.campaign}: " if len(checked.standings) > 1 else ""
            yield from wording_text(standing.texts, page, of)
            yield ""
    yield from (Hanging(_standing_line(standing)) for standing in checked.standings)
    if any(_hides_others(found, asked.file) for found in ledger.first):
        yield f"mend {asked.file} first: what it hides comes to light then"
    if not ledger.stops:
        yield f"{asked.file}: nothing to mend" + (" before a send" if tasks else "")


def _problem_lines(what: str, found: Sequence[Found], count: int, more: str) -> Iterator[Block]:
    """The first of them with their places; how many more there are, and where."""
    if not found:
        return
    shown = [each.problem for each in found[:PROBLEMS_SHOWN]]
    yield f"{what.capitalize()}:" if count <= len(shown) else f"The first {len(shown)} of {count:,} {what}:"
    yield from listed_problems(shown)
    if count > len(shown):
        yield f"  … and {count - len(shown):,} more; {more}"
    yield ""


def _offer_lines(offers: Sequence[Offer]) -> Iterator[Block]:
    """Lines to copy, each whole on one line: where it is folded it is no YAML any more."""
    if not offers:
        return
    yield Hanging("A guess, for the campaigns file, if it is right:")
    yield from (f"  {inert(offer.line)}" for offer in offers)
    yield ""


#: A file that is not there, or is none, is named in vain: mending it is no step before others.
_NO_FILE = frozenset({"missing_file", "is_directory"})


def _hides_others(found: Found, file: Path) -> bool:
    """Is it about the campaigns file as a whole, so that more can only be seen behind it?"""
    problem = found.problem
    return problem.where.file == str(file) and not found.campaigns and problem.code not in _NO_FILE


def _task_lines(heading: str, tasks: Sequence[Task]) -> Iterator[Block]:
    if tasks:
        yield heading
        yield from (Hanging(f"  {task}") for task in tasks)
        yield ""


def _standing_line(standing: Standing) -> str:
    """`ready: 14 rows of contacts.csv, 12 could be texted (opted out 1, duplicate 1)`."""
    if not standing.lists:
        return f"{standing.campaign}: names no contact list; --contacts FILE checks one"
    if standing.is_not_piped_in:
        return f"{standing.campaign}: its list comes from standard input; pipe it in to check it"
    if standing.rows is None:
        return f"{standing.campaign}: {listed(standing.unread)} could not be read for it"
    others = [f"{reason.replace('_', ' ')} {count:,}" for reason, count in standing.skipped.items()]
    others += [f"bad rows {standing.bad_rows:,}"] if standing.bad_rows else []
    rest = f" ({', '.join(others)})" if others else ""
    of = f"{counted(standing.rows, 'row')} of {listed(standing.lists)}"
    return f"{standing.campaign}: {of}, {standing.could_be_texted:,} could be texted{rest}"


def _document(ledger: _Ledger, checked: Checked) -> dict[str, object]:
    return {
        "tasks": [
            {
                "task": str(task),
                "code": task.code,
                "count": task.count,
                "file": task.file,
                "lines": task.lines,
                "campaigns": list(task.campaigns),
                "stops": task.weight is Weight.STOPS,
            }
            for task in ledger.tasks
        ],
        "problems": ledger.count,
        "to_look_at": ledger.to_look_at,
        "problem_list": [
            {**document, "campaigns": list(found.campaigns), "stops": found.stops}
            for found in (*ledger.in_order(), *ledger.to_look_at_in_order())
            for document in problem_documents([found.problem])
        ],
        "wording": [
            {"campaign": standing.campaign, **document}
            for standing in checked.standings
            for document in wording_documents(standing.texts)
        ],
        "respelled": [
            {"campaign": standing.campaign, **document}
            for standing in checked.standings
            for document in respelled_documents(standing.texts)
        ],
        "offers": [
            {"file": offer.list_name, "campaigns": list(offer.campaigns), "line": offer.line}
            for offer in checked.offers
        ],
        "campaigns": {
            standing.campaign: {
                "list": standing.lists[0] if len(standing.lists) == 1 else None,
                "lists": list(standing.lists),
                "rows": standing.rows,
                "bad_rows": standing.bad_rows,
                "could_be_texted": standing.could_be_texted,
                "skipped": dict(standing.skipped),
            }
            for standing in checked.standings
        },
    }
