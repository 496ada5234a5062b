"""One list as records, whatever its format: CSV or TSV, compressed or not, or a spreadsheet.

    with open_list(source, stdin) as opened:
        for record in opened.records(): ...                    the header first, if the list has one

Knows formats, not what columns mean. A broken record is a value; only what makes the whole file unreadable
is a FilesError.
"""

from __future__ import annotations

import re
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from itertools import chain
from typing import BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.contact_columns import recognise
from smscli.files.csv_records import CANDIDATES, Record, lines_of, records, whole_lines, without_blank_lines
from smscli.files.list_bytes import (
    OLE,
    ZIP,
    byte_blocks,
    no_list,
    refuse_locked,
    refuse_what_is_no_list,
    room_needed,
)
from smscli.files.list_source import ContactsSource
from smscli.files.list_text import text_blocks
from smscli.files.reading import files_error, open_file

MAX_SPREADSHEET_BYTES = 512 * 1024 * 1024
"""Of a spreadsheet that comes through a pipe or compressed, and has to be copied to be read."""

_LOOKED_AT = 30
"""Lines that the delimiter is recognised by."""

_EXCEL = "xl/"
_EARLY_IN_EXCEL = (b"xl/", b"docProps/", b"[Content_Types].xml")
_FIRST_NAMES_BYTES = 4096
_LONGEST_SEPARATOR = 64
_SEPARATOR = re.compile(r'\s*"?sep=(.|\\t)"?\s*', re.IGNORECASE)

#: What a zip file is by the names in it, and what to do with it.
_ZIP_KINDS = (
    ("content.xml", "is an OpenDocument file", "save it as XLSX or CSV UTF-8; then name that file"),
    ("word/", "is a text document", "save its table as CSV UTF-8; then name that file"),
    ("Index/", "is a Numbers or Pages document", "export it as XLSX or CSV; then name that file"),
)
_UNPACK = "unpack it and name the list that is in it"


class ListFile:
    """An open list. `delimiter` is known once records are read: empty for a list of one column, and for a
    spreadsheet."""

    def __init__(self, source: ContactsSource, stream: BinaryIO) -> None:
        self._source = source
        self._stream = stream
        self.delimiter = source.delimiter or ""

    def records(self) -> Iterator[Record]:
        """All records but blank ones, once. Raises FilesError for what cannot be read as a list at all."""
        if self._stream.seekable() and _begins(self._stream).startswith(ZIP):
            self.delimiter = ""
            return _of_zip(self._source, self._stream)
        blocks = byte_blocks(self._stream, self._source.name)
        first = next(blocks, b"")
        if first.startswith(ZIP):
            self.delimiter = ""
            return _of_copied_zip(self._source, chain([first], blocks))
        if first.startswith(OLE):
            refuse_locked(chain([first], blocks), self._source.name)
        refuse_what_is_no_list(first, self._source.name)
        return self._of_text(chain([first], blocks))

    def _of_text(self, blocks: Iterator[bytes]) -> Iterator[Record]:
        texts, line = _from_first_word(whole_lines(text_blocks(blocks, self._source)))
        start = next(texts, "")
        separator, rest = _without_separator(start)
        if separator:
            start, line = rest or next(texts, ""), line + 1
        if not self._source.delimiter:
            first = lines_of(start)[:_LOOKED_AT]
            self.delimiter = separator or recognise(self._source, first, line)
        return records(chain([start], texts), self.delimiter or ",", line)


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


def _begins(stream: BinaryIO) -> bytes:
    """How a stream that can be wound back goes on."""
    try:
        at = stream.tell()
        start = stream.read(len(ZIP))
        stream.seek(at)
    except OSError:
        return b""  # told in words where it is read
    return start


def _from_first_word(texts: Iterator[str]) -> tuple[Iterator[str], int]:
    """The text from its first line that is not blank, and the number of that line."""
    line = 1
    for text in texts:
        start, blank = without_blank_lines(text)
        line += blank
        if start:
            return chain([start], texts), line
    return iter(()), line


def _without_separator(text: str) -> tuple[str, str]:
    """The delimiter that a first line `sep=;` names, and the text behind it; Excel writes such lines."""
    first = next(iter(lines_of(text[:_LONGEST_SEPARATOR])), "")
    found = _SEPARATOR.fullmatch(first)
    delimiter = found[1].replace("\\t", "\t") if found else ""
    return (delimiter, text[len(first) :]) if delimiter in CANDIDATES else ("", text)


def _of_copied_zip(source: ContactsSource, blocks: Iterator[bytes]) -> Iterator[Record]:
    """A zip is read from its end: what comes through a pipe, or out of gzip, is kept in a nameless file."""
    with ExitStack() as open_things:
        with room_needed(source.name):
            kept = open_things.enter_context(tempfile.TemporaryFile())
            for block in blocks:
                kept.write(block)
                if kept.tell() > MAX_SPREADSHEET_BYTES:
                    raise _too_large(source)
            kept.seek(0)
        yield from _of_zip(source, kept)


def _too_large(source: ContactsSource) -> FilesError:
    message = f"is larger than {MAX_SPREADSHEET_BYTES // 1024**2} MiB"
    hint = "save the list as CSV UTF-8: that may be of any size"
    return files_error([Problem(Place(source.name), "too_large", message, hint)])


def _of_zip(source: ContactsSource, stream: BinaryIO) -> Iterator[Record]:
    names = _names_in_zip(stream)
    if any(name.startswith(_EXCEL) for name in names):
        from smscli.files.list_excel import excel_records  # what it needs is an extra

        yield from excel_records(stream, source)
        return
    for part, kind, hint in _ZIP_KINDS:
        if any(name.startswith(part) for name in names):
            raise no_list(source.name, kind, hint)
    kind = "is a zip file" if names else "is a spreadsheet or a zip file"
    raise no_list(source.name, kind, _UNPACK if names else "it is damaged: was it copied to its end?")


def _names_in_zip(stream: BinaryIO) -> list[str]:
    """The names of its files; of a damaged one, what its beginning shows."""
    start = b""
    try:
        stream.seek(0)
        start = stream.read(_FIRST_NAMES_BYTES)
        with zipfile.ZipFile(stream) as opened:
            return opened.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile, struct.error):
        return [_EXCEL] if any(name in start for name in _EARLY_IN_EXCEL) else []
