"""`--duplicates`: the rows whose number an earlier row has, as a CSV file of full numbers (0600)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from smscli.cli.sifting import ReadList
from smscli.domain.ports import Duplicate
from smscli.files.csv_export import CsvLines
from smscli.files.writing import replacing

COLUMNS = ("file", "line", "record", "number", "first_file", "first_line", "first_record")

_BEGINNING = "\ufeff" + ",".join(COLUMNS)


def write_duplicates(path: Path, duplicates: Iterable[Duplicate], lists: Sequence[ReadList]) -> int:
    """Put them in the place of the file, all or none; how many there are. Raises FilesError."""
    count = 0
    with replacing(path, for_spreadsheets=True) as stream:
        lines = CsvLines(stream)
        lines.write(COLUMNS)
        for duplicate in duplicates:
            lines.write(_cells(duplicate, lists))
            count += 1
    return count


def _cells(each: Duplicate, lists: Sequence[ReadList]) -> Iterator[str]:
    later, first = lists[each.of_list], lists[each.first_list]
    yield from (later.name, str(each.line), str(later.record(each.row)), each.number.e164)
    yield from (first.name, str(each.first_line), str(first.record(each.first_row)))


def is_of_duplicates(path: Path) -> bool:
    """Did an earlier run write this file? Raises OSError where it may not be read."""
    with path.open(encoding="utf-8", errors="replace") as stream:
        return stream.readline(len(_BEGINNING) + 1).rstrip("\n") == _BEGINNING
