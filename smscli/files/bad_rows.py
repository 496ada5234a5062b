"""Rows that nobody is texted for, as values. How they are written to be mended: `problem_rows.py`."""

from __future__ import annotations

from dataclasses import dataclass

from smscli.domain.errors import Problem
from smscli.domain.msisdn import Msisdn


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row with problems: nobody is texted for it.

    `cells` are as written (full numbers: for a file of rows to mend, not for a terminal). `opted_out` are the
    numbers of a row that says, or may say, that this person opted out: heed them though the row is bad.
    """

    row: int
    line: int
    problems: tuple[Problem, ...]
    cells: tuple[str, ...]
    opted_out: tuple[Msisdn, ...] = ()
    of_list: int = 0
