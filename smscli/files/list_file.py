"""One list as records, whatever its format: CSV or TSV, compressed or not, or a spreadsheet.

    with open_list(source, stdin) as opened:
        for record in opened.records(): ...                    the header first, if the list has one

Knows formats, not what columns mean. A broken record is a value; only what makes the whole file unreadable
is a FilesError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import BinaryIO

from smscli.domain.errors import FilesError
from smscli.files.contact_columns import recognise
from smscli.files.csv_records import Lines, Record, records
from smscli.files.list_source import ContactsSource
from smscli.files.reading import open_file


class ListFile:
    """An open list. `delimiter` is known once records are read: empty for a list of one column."""

    def __init__(self, source: ContactsSource, stream: BinaryIO) -> None:
        self._source = source
        self._lines = Lines(stream, source.name)
        self.delimiter = source.delimiter or ""

    def records(self) -> Iterator[Record]:
        """All records but blank ones. Raises FilesError for what cannot be read as a list at all."""
        self.delimiter = self._source.delimiter or recognise(self._source, self._lines)
        return records(self._lines, self.delimiter or ",")


@contextmanager
def open_list(
    source: ContactsSource, stdin: BinaryIO | None = None, *, is_copy: bool = False
) -> Iterator[ListFile]:
    """Open one list. `stdin` is read where the source names no file, or where it is a copy of what it names
    (`is_copy`: a pipe cannot be read a second time).

    Raises FilesError for a file that cannot be opened, or is no list.
    """
    with _bytes_of(source, stdin if source.file is None or is_copy else None) as stream:
        yield ListFile(source, stream)


def _bytes_of(source: ContactsSource, given: BinaryIO | None) -> AbstractContextManager[BinaryIO]:
    if given is not None:
        return nullcontext(given)
    if source.file is None:
        raise FilesError(
            "there is no standard input to read the list from", hint="name the list: --contacts FILE"
        )
    return open_file(source.file)
