"""`smscli check`: everything that has to be mended before a send, at once and as tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from smscli.cli import wiring
from smscli.cli.checking import Asked, Standing
from smscli.cli.checking import check as checked
from smscli.cli.options import AsJson, CampaignId, Quiet, command_app, exit_codes
from smscli.cli.plan_options import CampaignsFile, Contacts, GatewayName
from smscli.cli.present.documents import problem_documents
from smscli.cli.present.progress import Rows
from smscli.cli.present.text import PROBLEMS_SHOWN, Hanging, counted, listed_problems
from smscli.cli.result import Result
from smscli.cli.tasks import Found, Task, Tasks
from smscli.domain.errors import ExitCode, UsageError
from smscli.files.csv_export import csv_lines
from smscli.files.writing import replacing

if TYPE_CHECKING:
    from smscli.cli.result import Block

app = command_app()

_CODES = {
    ExitCode.OK: "nothing has to be mended",
    ExitCode.FILES: "something has to be mended before everybody can be texted",
}

#: So many problems go into the JSON document; `--problems` has all.
MOST_PROBLEMS = 10_000

COLUMNS = ("file", "line", "column", "campaigns", "code", "number", "found", "problem", "hint")


@dataclass(slots=True)
class _Ledger:
    """Problems as they come in: counted and kept as tasks, the first ones in full, all of them in a file."""

    stream: TextIO | None = None
    tasks: Tasks = field(default_factory=Tasks)
    first: list[Found] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)  # in the order in which they came up
    count: int = 0
    stops: bool = False

    def take(self, found: Found) -> None:
        """One more."""
        self.count += 1
        self.stops |= found.stops
        self.tasks.take(found)
        if len(self.first) < MOST_PROBLEMS:
            self.first.append(found)
            self.files.setdefault(found.problem.where.file, len(self.files))
        if self.stream is not None:
            [line] = csv_lines(_cells(found), ())
            self.stream.write(f"{line}\r\n")

    def in_order(self) -> list[Found]:
        """The first ones as one reads them: file by file, from its top to its end."""
        return sorted(self.first, key=self._place)

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
            help="Write all problems to a CSV file, with what was found. It holds full numbers.",
        ),
    ] = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Say what has to be mended before a send, as tasks.

    Looks at the campaigns file, the gateways with the environment variables they need, the texts, other
    opt-out lists, and the contact lists row by row. It does not stop at the first problem and asks no
    network. Rows that `on_bad_rows: skip` leaves out are told and do not count as wrong. The sent log is not
    asked: who was texted before is for `smscli preview` to say.
    """
    world = wiring.of(context)
    asked = Asked(file=file, campaign=campaign, contacts=contacts, gateway=gateway)
    ledger = _Ledger()
    with ExitStack() as open_things:
        if problems is not None:
            ledger.stream = open_things.enter_context(_problem_file(problems))
        rows = open_things.enter_context(Rows(world.screen))
        standings = checked(world, asked, ledger.take, rows.tick)
    if problems is not None:
        world.screen.note(f"problems: {problems} ({counted(ledger.count, 'row')})")
    code = ExitCode.FILES if ledger.stops else ExitCode.OK
    return Result(_document(ledger, standings), _text(ledger, standings, asked, problems), code)


# --- the file of problems ---


@contextmanager
def _problem_file(path: Path) -> Iterator[TextIO]:
    """The file, begun; it takes its name when all is written. Only a file of problems is ever replaced."""
    [header] = csv_lines(COLUMNS, ())
    if path.is_file() and not _begins_with(path, header):
        raise UsageError(
            f"--problems {path} would overwrite a file that is no list of problems",
            hint=f"name a new file: --problems new-{path.name}",
        )
    with replacing(path, for_spreadsheets=True) as stream:
        stream.write(f"{header}\r\n")
        yield stream


def _begins_with(path: Path, header: str) -> bool:
    wanted = f"\ufeff{header}".encode()
    try:
        with path.open("rb") as stream:
            return stream.read(len(wanted)) == wanted
    except OSError:
        return False


def _cells(found: Found) -> tuple[str, ...]:
    problem, where = found.problem, found.problem.where
    return (
        where.file,
        "" if where.line is None else str(where.line),
        where.path,
        " ".join(found.campaigns),
        problem.code,
        found.number,
        found.cell,
        problem.message,
        problem.hint,
    )


# --- text and JSON ---


def _text(
    ledger: _Ledger, standings: Sequence[Standing], asked: Asked, problems: Path | None
) -> Iterator[Block]:
    tasks = list(ledger.tasks)
    yield from _task_lines("To mend:", [task for task in tasks if task.stops])
    optional = [task for task in tasks if not task.stops]
    yield from _task_lines("Left out by on_bad_rows: skip, unless you mend them:", optional)
    if ledger.count:
        shown = [found.problem for found in ledger.in_order()[:PROBLEMS_SHOWN]]
        yield (
            "Problems:"
            if ledger.count <= len(shown)
            else f"The first {len(shown)} of {ledger.count:,} problems:"
        )
        yield from listed_problems(shown)
        if ledger.count > len(shown):
            where = f"{problems} has all" if problems else "--problems FILE writes all"
            yield f"  … and {ledger.count - len(shown):,} more; {where}"
        yield ""
    yield from (Hanging(_standing_line(standing)) for standing in standings)
    if any(_hides_others(found, asked.file) for found in ledger.first):
        yield f"mend {asked.file} first: what it hides comes to light then"
    if not ledger.stops:
        yield f"{asked.file}: nothing to mend" + (" before a send" if optional else "")


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
    if standing.list_name is None:
        return f"{standing.campaign}: names no contact list; --contacts FILE checks one"
    if standing.is_not_piped_in:
        return f"{standing.campaign}: its list comes from standard input; pipe it in to check it"
    if standing.rows is None:
        return f"{standing.campaign}: {standing.list_name} could not be read for it"
    others = [f"{reason.replace('_', ' ')} {count:,}" for reason, count in standing.skipped.items()]
    others += [f"bad rows {standing.bad_rows:,}"] if standing.bad_rows else []
    rest = f" ({', '.join(others)})" if others else ""
    of = f"{counted(standing.rows, 'row')} of {standing.list_name}"
    return f"{standing.campaign}: {of}, {standing.could_be_texted:,} could be texted{rest}"


def _document(ledger: _Ledger, standings: Sequence[Standing]) -> dict[str, object]:
    return {
        "tasks": [
            {
                "task": str(task),
                "code": task.code,
                "count": task.count,
                "file": task.file,
                "lines": task.lines,
                "campaigns": list(task.campaigns),
                "stops": task.stops,
            }
            for task in ledger.tasks
        ],
        "problems": ledger.count,
        "problem_list": [
            {**document, "campaigns": list(found.campaigns), "stops": found.stops}
            for found in ledger.in_order()
            for document in problem_documents([found.problem])
        ],
        "campaigns": {
            standing.campaign: {
                "list": standing.list_name,
                "rows": standing.rows,
                "bad_rows": standing.bad_rows,
                "could_be_texted": standing.could_be_texted,
                "skipped": dict(standing.skipped),
            }
            for standing in standings
        },
    }
