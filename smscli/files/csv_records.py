"""CSV as a stream of records that know their lines: bytes, encoding, delimiter, quotes.

Knows no column. A broken record is a value like a good one; only what makes the whole file unreadable
(not UTF-8, a spreadsheet, no header) is a FilesError.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.reading import binary_kind, files_error, not_utf8

DELIMITERS: Mapping[str, str] = MappingProxyType(
    {",": ",", ";": ";", "|": "|", "comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
)
"""What an operator may write, and the character it means."""

DELIMITER_WORDS: Mapping[str, str] = MappingProxyType(
    {character: word for word, character in DELIMITERS.items() if len(word) > 1}
)
"""The other way round, in words: a comma in YAML's braces would need quotes."""

CANDIDATES = (",", ";", "\t", "|")
MAX_LINE_BYTES = 1024 * 1024

_EXPORT = "in the spreadsheet: File, Save as, CSV UTF-8; then name that file"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u180e\u00ad"
_WHITE = " \t\n\r\v\f\u00a0\u1680\u2007\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def cleaned(cell: str) -> str:
    """A cell without outer white space, no-break and zero-width characters included."""
    return cell.strip(_WHITE + _INVISIBLE).replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells as written, and the physical line it starts on.

    `broken` says what is wrong with its quotes. `behind` is the line of an earlier record whose quote is
    left open and swallowed this one: nobody can tell whether it is a record of its own.
    """

    line: int
    cells: tuple[str, ...]
    broken: str = ""
    behind: int | None = None


class Lines:
    """The lines of a binary stream as text, with their numbers; can take lines back."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._offset = 0
        self._read = 0
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    @property
    def number(self) -> int:
        """The number of the line that was handed out last."""
        return self._read - len(self._returned)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else self._next()
        self.taken.append(line)
        return line

    def give_back(self, keep: int) -> None:
        """Return the lines taken since the list was last emptied, but for the first `keep`."""
        self._returned.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]

    def _next(self) -> str:
        try:
            raw = self._stream.readline(MAX_LINE_BYTES + 1)
        except OSError as trouble:
            raise self._error("unreadable", str(unreadable_reason(trouble))) from trouble
        if not raw:
            raise StopIteration
        self._read += 1
        if self._read == 1:
            self._refuse_other_formats(raw)
        if len(raw) > MAX_LINE_BYTES:
            hint = "are the line ends those of Windows or Unix?"
            raise self._error("line_too_long", f"the line is longer than {MAX_LINE_BYTES // 1024} KiB", hint)
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as trouble:
            problem = not_utf8(self._name, raw, trouble.start, self._read, self._offset)
            raise files_error([problem]) from None
        self._offset += len(raw)
        return line.removeprefix("\ufeff") if self._read == 1 else line

    def _refuse_other_formats(self, raw: bytes) -> None:
        if kind := binary_kind(raw):
            hint = _EXPORT if "spreadsheet" in kind else "name the list, a CSV file"
            raise files_error([Problem(Place(self._name), "not_csv", f"{kind}, not CSV", hint)])

    def _error(self, code: str, message: str, hint: str = "") -> FilesError:
        return files_error([Problem(Place(self._name, max(self._read, 1)), code, message, hint)])


def unreadable_reason(trouble: OSError) -> str:
    """The words of an OSError while reading."""
    return f"cannot be read: {trouble.strerror or trouble}"


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """The records of the lines; blank ones (nothing, or only delimiters) are left out.

    A record whose quotes are broken ends with its first line, and the lines that its quote swallowed are
    read again as records of their own, marked `behind` it.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    behind, behind_until = 0, 0
    while True:
        lines.taken.clear()
        start = lines.number + 1
        try:
            cells = tuple(next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            if lines.number > start:
                behind, behind_until = start, max(behind_until, lines.number)
                lines.give_back(keep=1)
            first = lines.taken[0].rstrip("\r\n") if lines.taken else ""
            yield Record(start, tuple(first.split(delimiter)), _in_words(str(error)))
            continue
        if any(map(cleaned, cells)):
            yield Record(start, cells, behind=behind if behind < start <= behind_until else None)


def _in_words(error: str) -> str:
    """What Python's csv module means."""
    if "field limit" in error:
        return f"a cell is longer than {csv.field_size_limit()} characters, or a quote is never closed"
    if "unexpected end" in error:
        return 'a quote (") is opened and never closed'
    if "new-line" in error:
        return "a line end of old Macs (CR) stands inside the row"
    return 'a quote (") stands where none can; inside a quoted cell it is written twice ("")'


def recognised_delimiter(header: str, is_header: Callable[[tuple[str, ...]], bool]) -> str | None:
    """The delimiter of a header line, empty for a single column; None where several would do.

    Among several, one that makes a header of it (`is_header`) is taken if there is only one.
    """
    splits = {delimiter: split_line(header, delimiter) for delimiter in CANDIDATES}
    several = {delimiter: cells for delimiter, cells in splits.items() if len(cells) > 1}
    if not several:
        return ""
    fitting = [delimiter for delimiter, cells in several.items() if is_header(cells)]
    chosen = fitting or list(several)
    return chosen[0] if len(chosen) == 1 else None


def split_line(line: str, delimiter: str) -> tuple[str, ...]:
    """The cells of one line; a line with broken quotes is one cell."""
    try:
        found = next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return (line,)
    return tuple(cleaned(cell) for cell in found)
