"""The rows that need mending, kept by line while lists are checked, and written out with what is wrong.

What the rules say of a good row is known only after the row is gone: so each list that has something to mend
is read once more, as records, and what was said is put behind its line. Memory is flat: what is said waits in
an unlinked file. Knows rows and lines; finds no problem itself.
"""

from __future__ import annotations

import heapq
import json
import tempfile
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO

from smscli.cli.checking_lists import CheckedList, Pipes, room_needed, way_of_reading
from smscli.cli.tasks import Found, Weight
from smscli.cli.written_files import Written, is_of_log, real_path, refuse_to_overwrite
from smscli.domain.errors import Place, Problem, UsageError
from smscli.files.bad_rows import BadRow
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.problem_rows import open_problem_rows, paths_for

#: What is said of the rows of one list grows on disk beyond this.
_IN_MEMORY = 1 << 20


class ProblemFiles:
    """A file of rows to mend for each list of a check; used once.

    Raises UsageError, before anything is read, where it would replace a file that is something else.
    """

    def __init__(
        self, path: Path, sources: Iterable[ContactsSource], read: Iterable[Path], logs: Iterable[Path]
    ) -> None:
        if path == Path("-"):
            raise UsageError(
                "--problems writes a file, and - is none", hint="name a file, such as --problems new.csv"
            )
        records = {_as_records(source): source for source in sources}
        paths = paths_for(path, tuple(records.values()))
        self._paths = dict(zip(records, paths, strict=True))
        self._kept: dict[Hashable, tuple[CheckedList, list[IO[str]]]] = {}
        self._open = ExitStack()
        real = frozenset(map(real_path, read))
        for each in (Written("--problems", path, file) for file in paths):
            is_read = each.real in real or any(is_of_log(each.real, real_path(log)) for log in logs)
            refuse_to_overwrite(each, is_read=is_read, reader="this campaigns file")

    def close(self) -> None:
        """Forget what was said."""
        self._open.close()

    def keep(self, checked: CheckedList) -> Callable[[Iterable[Found]], None]:
        """A pass over a list begins; what it finds is told to what this answers, in the order of the rows."""
        _, passes = self._kept.setdefault(_as_records(checked.source), (checked, []))
        unlinked = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="ascii")  # noqa: SIM115
        said = self._open.enter_context(unlinked)
        passes.append(said)

        def take(found: Iterable[Found]) -> None:
            wrong = (each.problem for each in found if each.weight is not Weight.LOOK_AT)
            for line, problems in groupby(wrong, key=lambda problem: problem.where.line):
                if line is not None:
                    parts = [(each.where.path, each.code, each.message) for each in problems]
                    with room_needed():
                        said.write(f"{json.dumps([line, parts])}\n")

        return take

    def write(self, pipes: Pipes) -> Iterator[tuple[Path, int]]:
        """Write the file of each list that could be read; tells the paths, and how many rows stand in each.

        Of a list without a bad row too: the file of an earlier run must not stay.
        """
        for records, (checked, passes) in self._kept.items():
            path = self._paths[records]
            with open_problem_rows(path, checked.columns, checked.delimiter) as file:
                for row in _rows(checked.source, pipes, heapq.merge(*map(_said, passes), key=itemgetter(0))):
                    file.add(row)
            yield path, file.count


def _as_records(source: ContactsSource) -> Hashable:
    """What is the same for lists whose records are the same, whatever their columns mean."""
    only = ContactsSource(source.file)
    return way_of_reading(replace(source, columns={}, region=None, number_types=only.number_types))


def _said(kept: IO[str]) -> Iterator[tuple[int, list[Problem]]]:
    with room_needed():  # for what was not written yet
        kept.seek(0)
    for text in kept:
        line, parts = json.loads(text)
        yield line, [Problem(Place("", line, None, path), code, message) for path, code, message in parts]


def _rows(
    source: ContactsSource, pipes: Pipes, said: Iterator[tuple[int, list[Problem]]]
) -> Iterator[BadRow]:
    """The rows of which something is said, as they stand in the list."""
    by_line = ((line, _each_once(together)) for line, together in groupby(said, key=itemgetter(0)))
    wanted, problems = next(by_line, (None, ()))
    copy = pipes.copy_of(source.file)
    with open_list(source, copy, is_copy=copy is not None) as opened:
        records = opened.records() if wanted is not None else ()
        for place, record in enumerate(records, start=1 if source.header else 0):
            if record.line == wanted:
                yield BadRow(place, record.line, problems, record.cells)
                wanted, problems = next(by_line, (None, ()))
            if wanted is None:
                return


def _each_once(said: Iterable[tuple[int, list[Problem]]]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problem for _, problems in said for problem in problems))
