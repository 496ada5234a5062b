"""Text as a stream of CSV records that know their lines: line ends, delimiter, quotes.

Knows no column and no encoding. A broken record is a value like a good one. LF, CRLF and CR all end lines,
which are counted as an editor counts them, inside quotes too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import NamedTuple

from smscli.files.list_source import DELIMITER_WORDS as DELIMITER_WORDS
from smscli.files.list_source import DELIMITERS as DELIMITERS
from smscli.files.list_text import MAX_LINE_BYTES as MAX_LINE_BYTES

CANDIDATES = (",", ";", "\t", "|")

MAX_RECORD_LINES = 1_000
"""So far a quote is followed: one that nobody closes swallows no more."""

# Lines that may be read in vain before quotes are followed no further: these, and some for each line read.
# A list each of whose rows opens a quote and closes the one before would be read a thousand times otherwise.
_PATIENCE = 50_000
_PATIENCE_A_LINE = 10

_LINE_END = re.compile("\r\n|\r|\n")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u180e\u00ad"
_WHITE = " \t\n\r\v\f\u00a0\u1680\u2007\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))

_SWALLOWED = 'a quote (") is opened that a later row closes: what stands between looks like rows of their own'
_NUMBER = re.compile(r"[\s\"']*\+?\(?\d(?:[\s()./-]*\d){6,14}[\s\"']*")
"""What can only be a phone number, and makes a row of a line."""

_STRAY = 'a quote (") stands where none can; inside a quoted cell it is written twice ("")'


def cleaned(cell: str) -> str:
    """A cell without outer white space, no-break and zero-width characters included."""
    return cell.strip(_WHITE + _INVISIBLE).replace("\r\n", "\n")


class Record(NamedTuple):
    """One record: its cells as written, and the physical line it starts on.

    `broken` says what is wrong with its quotes. `behind` is the line of an earlier record whose quote is
    left open and swallowed this one: nobody can tell whether it is a record of its own.
    """

    line: int
    cells: tuple[str, ...]
    broken: str = ""
    behind: int | None = None


def whole_lines(texts: Iterator[str]) -> Iterator[str]:
    """The same text, each piece of it one or more whole lines; only the last may lack its end."""
    rest: list[str] = []
    for text in texts:
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        if end:
            yield "".join([*rest, text[:end]])
            rest.clear()
        rest.append(text[end:])
    if last := "".join(rest):
        yield last


def lines_of(text: str) -> list[str]:
    """Its lines, each with its end."""
    return list(io.StringIO(text, newline=""))


def without_blank_lines(text: str) -> tuple[str, int]:
    """A text from its first line that is not blank, and how many were."""
    blank = len(text) - len(text.lstrip(_WHITE + _INVISIBLE))
    cut = max(text.rfind("\n", 0, blank), text.rfind("\r", 0, blank)) + 1
    return text[cut:], len(lines_of(text[:cut]))


def records(blocks: Iterator[str], delimiter: str, line: int = 1) -> Iterator[Record]:
    """The records of blocks of whole lines, the first of which has this number.

    Blank ones (nothing, or only delimiters) are left out. A record whose quotes are broken ends with its
    first line, and the lines that its quote swallowed are read again as records of their own, marked `behind`
    it.
    """
    reading = _Reading(delimiter, line)
    for block in blocks:
        yield from reading.plain(block) if reading.is_plain(block) else reading.quoted(lines_of(block))
    yield from reading.quoted([], is_last=True)


_new = tuple.__new__
"""Makes a Record of all four fields at half the price of calling the class."""


class _Reading:
    """What is known between two blocks."""

    def __init__(self, delimiter: str, line: int) -> None:
        self._reader_of = partial(csv.reader, delimiter=delimiter, strict=True, skipinitialspace=True)
        self._delimiter = delimiter
        self._line = line  # that the next block begins with, or that the first line held has
        self._held: list[str] = []  # lines of a record that goes on in the next block
        self._behind = 0
        self._behind_until = 0
        self._in_vain = 0

    def is_plain(self, block: str) -> bool:
        """Is each line of the block a record, whatever came before?"""
        return (
            not self._held
            and self._line > self._behind_until
            and len(block) <= csv.field_size_limit()
            and '"' not in block
        )

    def plain(self, block: str) -> Iterator[Record]:
        """The records of a plain block. There may be a million: nothing is called here that need not be."""
        rows = self._reader_of(io.StringIO(block, newline=""))
        for line, cells in enumerate(rows, self._line):
            # The former says at once of nearly every row that it is not blank.
            if (cells and "!" < cells[0] < "\x7f") or any(map(cleaned, cells)):
                yield _new(Record, (line, tuple(cells), "", None))
        self._line += rows.line_num

    def quoted(self, new: list[str], *, is_last: bool = False) -> Iterator[Record]:
        """The records that these lines complete, with those held."""
        lines, first, at = [*self._held, *new], self._line, 0
        while at < len(lines):
            most = MAX_RECORD_LINES if self._is_patient(first + at) else 1
            window = lines[at : at + most]
            whole, seen, error = yield from self._good(window, first + at)
            at += whole
            is_open = "unexpected end" in error
            if not error or (is_open and whole):
                continue  # with as many lines as a record may have
            if is_open and not is_last and len(window) < most and sum(map(len, window)) <= MAX_LINE_BYTES:
                break
            broken = _in_words(error, 0 if is_last and at + len(window) == len(lines) else most)
            cells = lines[at].rstrip("\r\n").split(self._delimiter)
            yield Record(first + at, tuple(cells), broken)
            self._mark(first + at, seen - whole if most > 1 else MAX_RECORD_LINES)
            at += 1
        self._held, self._line = lines[at:], first + at

    def _good(self, lines: list[str], first: int) -> Generator[Record, None, tuple[int, int, str]]:
        """Records up to the first broken one. Returns how many lines they take, how many were looked at,
        and what csv says of the broken one."""
        rows, whole = self._reader_of(lines), 0
        behind, until = self._behind, self._behind_until
        try:
            for cells in rows:
                if (cells and "!" < cells[0] < "\x7f") or any(map(cleaned, cells)):
                    line = first + whole
                    if rows.line_num > line - first + 1 and self._swallows(cells):
                        return whole, rows.line_num, _SWALLOWED
                    yield _new(Record, (line, tuple(cells), "", behind if line <= until else None))
                whole = rows.line_num
        except csv.Error as error:
            return whole, rows.line_num, str(error)
        return len(lines), len(lines), ""

    def _swallows(self, cells: list[str]) -> bool:
        """Is a cell of several lines the end of one row and the beginning of another?

        Then both are as wide, and have a number in the same column.
        """
        long = ((at, lines) for at, cell in enumerate(cells) if len(lines := _LINE_END.split(cell)) > 1)
        for at, lines in long:
            begun = [*cells[:at], *lines[0].split(self._delimiter)]
            ended = [*lines[-1].split(self._delimiter), *cells[at + 1 :]]
            if len(begun) == len(ended) and any(map(_both_numbers, begun, ended)):
                return True
        return False

    def _is_patient(self, line: int) -> bool:
        return self._in_vain <= _PATIENCE + _PATIENCE_A_LINE * line

    def _mark(self, line: int, lines: int) -> None:
        """The record of this line is broken, and nobody knows what those are that its quote swallowed."""
        if lines > 1:
            self._behind = line
            self._behind_until = max(self._behind_until, line + lines - 1)
            self._in_vain += lines - 1


def _both_numbers(cell: str, other: str) -> bool:
    return bool(_NUMBER.fullmatch(cell) and _NUMBER.fullmatch(other))


def _in_words(error: str, most: int) -> str:
    """What Python's csv module means; `most` lines were looked at, 0 for all there are."""
    if error == _SWALLOWED:
        return error
    if "field limit" in error:
        return f"a cell is longer than {csv.field_size_limit()} characters, or a quote is never closed"
    if "unexpected end" not in error:
        return _STRAY
    if most == 0:
        return 'a quote (") is opened and never closed'
    where = "in its line" if most == 1 else f"within {most} lines"
    return f'a quote (") is opened and not closed {where}'


def recognised_delimiter(start: str, is_header: Callable[[tuple[str, ...]], bool]) -> str | None:
    """The delimiter of the first record, empty for a single column; None where several would do.

    `start` is a header line, and may be some lines more. Among several, one that makes a header of it
    (`is_header`) is taken if there is only one.
    """
    splits = {delimiter: split_line(start, delimiter) for delimiter in CANDIDATES}
    several = {delimiter: cells for delimiter, cells in splits.items() if len(cells) > 1}
    if not several:
        return ""
    fitting = [delimiter for delimiter, cells in several.items() if is_header(cells)]
    chosen = fitting or list(several)
    return chosen[0] if len(chosen) == 1 else None


def split_line(line: str, delimiter: str) -> tuple[str, ...]:
    """The cells of one line (or of the record it begins); a line with broken quotes is one cell."""
    try:
        reader = csv.reader(lines_of(line), delimiter=delimiter, strict=True, skipinitialspace=True)
        return tuple(cleaned(cell) for cell in next(reader, []))
    except csv.Error:
        return (line,)
