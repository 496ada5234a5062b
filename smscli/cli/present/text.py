"""How values become text that cannot do anything: no escapes, no markup, no numbers in errors.

Knows characters, not commands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement

    from smscli.domain.errors import Problem

#: So many problems are printed; `--json` has all of them.
PROBLEMS_SHOWN = 20

#: What stands above the first record of a list.
_HEADER_LINES = 1

#: A column that goes on below is not made narrower than this.
_LEAST_FOLDED = 16
_GAP = 2

#: So many repairs are: a repair stops nobody.
REPAIRS_SHOWN = 3

#: Joiners that scripts and emoji need and that cannot move a cursor or turn a line around.
_HARMLESS = frozenset("\u200c\u200d")
_NUMBER = re.compile(r"(?<![\w.])\+?\d{8,15}(?![\w])")
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|KEY|AUTH|CREDENTIAL", re.IGNORECASE)


def inert(text: str) -> str:
    """The text with every character that is not printable written as its escape (`\\x1b`, `\\n`).

    Terminal escapes, control characters, line breaks and direction overrides become visible and do nothing.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in _HARMLESS
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def inert_lines(text: str) -> str:
    """Like `inert`, line by line: for our own texts of several lines."""
    return "\n".join(inert(line) for line in text.split("\n"))


def printable(text: str, encoding: str) -> str:
    """Like `inert`, and what the encoding lacks is a question mark already, so that widths are true."""
    return inert(text).encode(encoding, "replace").decode(encoding)


def masked(text: str, environ: Mapping[str, str]) -> str:
    """The text without anything that looks like a phone number or is a secret of the environment.

    For texts we did not write: the message of an unexpected exception may hold anything.
    """
    for name, value in environ.items():
        if _SECRET_NAME.search(name) and len(value) >= 6:
            text = text.replace(value, f"<{name}>")
    return _NUMBER.sub(lambda found: f"{found[0][:3]}•••", text)


def iso(moment: datetime) -> str:
    """`2026-11-22T08:00:00Z`: for programs."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def minute(moment: datetime) -> str:
    """`2026-11-22 08:00 UTC`: for people."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def counted(number: int, one: str, many: str = "") -> str:
    """`1 message`, `2 messages`, `1,200 messages`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class Hanging:
    """One of our lines. Where the screen is narrower it goes on below, two cells further in."""

    line: str

    def __str__(self) -> str:
        return self.line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        from smscli.cli.present.cells import folded

        shown = printable(self.line, options.encoding)
        words = shown.lstrip(" ")
        first = " " * (len(shown) - len(words))
        width, further = options.max_width - len(first), first + "  "
        for at, piece in enumerate(folded(words, width - 2, first=width)):
            yield Text((further if at else first) + piece)


def problem_lines(problems: Sequence[Problem], heading: str | None) -> Iterator[Hanging]:
    """Problems below a heading, if there are any."""
    if problems and heading:
        yield Hanging(heading)
    yield from listed_problems(problems)


def repair_lines(repairs: Sequence[Problem], by_code: Mapping[str, int]) -> Iterator[Hanging]:
    """How many numbers were mended to be read, by what was mended, and the first of them."""
    total = sum(by_code.values())
    if not total:
        return
    codes = ", ".join(f"{code.replace('_', ' ')} {count:,}" for code, count in by_code.items())
    yield Hanging(f"{counted(total, 'number')} repaired: {codes}")
    yield from (Hanging(f"  {_told(repair)}") for repair in repairs[:REPAIRS_SHOWN])
    if total > REPAIRS_SHOWN:
        yield Hanging(f"  … and {total - REPAIRS_SHOWN:,} more; --json shows all.")


def listed_problems(problems: Sequence[Problem], most: int = PROBLEMS_SHOWN) -> Iterator[Hanging]:
    """Problems with their hints, a line each, no hint twice; those beyond `most` are counted."""
    told = {""}
    for problem in problems[:most]:
        hint = f" ({inert(problem.hint)})" if problem.hint not in told else ""
        told.add(problem.hint)
        yield Hanging(f"  {_told(problem)}{hint}")
    if len(problems) > most:
        yield Hanging(f"  … and {counted(len(problems) - most, 'problem')} more; --json shows all.")


def _told(problem: Problem) -> str:
    """The place and what is wrong there.

    A spreadsheet numbers records. Usually that is the line, and goes without saying; behind a cell with line
    breaks it is not, and both are told.
    """
    where = problem.where
    if problem.record is None or where.line is None or where.line - problem.record <= _HEADER_LINES:
        return inert(str(problem))
    record = f"{replace(where, path='')} (record {problem.record:,})"
    return inert(": ".join(filter(None, (record, where.path, problem.message))))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that is laid out when it is known how wide the screen is and what it can print."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[str]
    folding: Sequence[str] | None
    spare: Sequence[str]

    def without_spare(self) -> Sheet:
        """What is left where even that does not fit."""
        kept = [at for at, header in enumerate(self.headers) if header not in self.spare]
        headers, *rows = ([cells[at] for at in kept] for cells in (self.headers, *self.rows))
        return replace(self, headers=headers, rows=rows, spare=())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=None, pad_edge=False, header_style="bold")
        columns = self._fitting(options.encoding, options.max_width)
        for header, cells in columns.items():
            shown.add_column(
                header,
                justify="right" if header in self.right else "left",
                overflow="fold",
                no_wrap=not self._folds(header),
                min_width=self._least(header, cells),
            )
        for row in zip(*columns.values(), strict=True):
            shown.add_row(*map(Text, row))
        yield shown

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """The least is what it can be folded to: rich would not break a long word, and Chinese is one."""
        from rich.measure import Measurement

        least = self._width(self._fitting(options.encoding, 0))
        return Measurement(least, max(least, options.max_width))

    def _fitting(self, encoding: str, width: int) -> dict[str, list[str]]:
        """The cells by header, without the spare columns for which there is no room."""
        columns = {
            header: [printable(row[at], encoding) for row in self.rows]
            for at, header in enumerate(self.headers)
        }
        for header in self.spare:
            if self._width(columns) > width:
                del columns[header]
        return columns

    def _width(self, columns: Mapping[str, Iterable[str]]) -> int:
        least = sum(self._least(header, cells) for header, cells in columns.items())
        return least + _GAP * (len(columns) - 1)

    def _folds(self, header: str) -> bool:
        return self.folding is None or header in self.folding

    def _least(self, header: str, cells: Iterable[str]) -> int:
        """Cells that a column needs: all of them, or (if it folds) so many that one can still read it."""
        from rich.cells import cell_len

        texts = (header, *cells)
        if self.folding is None:
            texts = tuple(word for text in texts for word in text.split())
        width = max(map(cell_len, texts), default=0)
        return min(width, _LEAST_FOLDED) if self._folds(header) else width


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[str] = (),
    folding: Sequence[str] | None = None,
    spare: Sequence[str] = (),
) -> Sheet:
    """A table whose cells are shown as they are, escapes made visible; `right` names columns of figures.

    `folding` names the only columns that may go on below on a narrow screen; None: all of them. `spare` names
    those that a narrow screen goes without, the first one first.
    """
    return Sheet(headers, tuple(rows), right, folding, spare)
