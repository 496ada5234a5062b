"""Rows that nobody is texted for: as values, and as a file to mend and read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smscli.domain.errors import Problem
from smscli.domain.msisdn import Msisdn
from smscli.files.csv_export import csv_lines
from smscli.files.writing import replacing


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row with problems: nobody is texted for it.

    `cells` are as written (full numbers: for a file of bad rows, not for a terminal). `opted_out` is the
    number of a row that says, or may say, that this person opted out: heed it though the row is bad.
    """

    row: int
    line: int
    problems: tuple[Problem, ...]
    cells: tuple[str, ...]
    opted_out: Msisdn | None = None
    of_list: int = 0


def write_bad_rows(path: Path, header: Sequence[str], rows: Iterable[BadRow]) -> None:
    """Write rows as they were, with a last column that says what is wrong. The file is 0600.

    Raises FilesError where the file cannot be written.
    """
    with replacing(path, for_spreadsheets=True) as stream:
        lines = csv_lines((*header, "problems"), _told(len(header), rows))
        stream.writelines(f"{line}\r\n" for line in lines)


def _told(columns: int, rows: Iterable[BadRow]) -> Iterator[Sequence[str]]:
    for row in rows:
        said = "; ".join(_said(problem) for problem in row.problems)
        yield (*row.cells, *[""] * (columns - len(row.cells)), said)


def _said(problem: Problem) -> str:
    column = f"{problem.where.path}: " if problem.where.path else ""
    return f"line {problem.where.line}: {column}{problem.message}"
