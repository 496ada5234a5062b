"""What the first records of a list give away, of which each row would say something else.

A header that stands below a title, rows that are split otherwise than their header, names that the campaigns
file gives amiss.

Looks at a few records, and says what to do. Knows headers and shapes, not what cells mean.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from smscli.domain.errors import FilesError
from smscli.files.contact_columns import contacts_line, has_phone, header_problem, holds_number
from smscli.files.csv_records import CANDIDATES, DELIMITER_WORDS, Record, cleaned, split_line
from smscli.files.list_source import ContactsSource
from smscli.files.reading import fold, inert, listed, quoted

LOOKED_AT = 10
"""So many records are looked at."""


def below_a_title(source: ContactsSource, first: Record, following: Sequence[Record]) -> FilesError | None:
    """What to say of a list whose `first` record is no header, where a few lines further down one comes.

    None where no other names a column of numbers, or where one that does may be a row.
    """
    title = list(filter(None, map(cleaned, first.cells)))
    for record in following:
        cells = _cells(source, record)
        is_wider = len(cells) > len(title) or len(cells) == len(title) == 1
        if is_wider and has_phone(source, cells) and not holds_number(cells):
            message = f"the header seems to stand in line {record.line}, below {quoted(' '.join(title))}"
            above = "line 1" if record.line == 2 else f"lines 1 to {record.line - 1}"
            hint = f"delete {above}: a list begins with the names of its columns"
            return header_problem(source, record.line, "header", message, hint)
    return None


def _cells(source: ContactsSource, record: Record) -> tuple[str, ...]:
    """Those with something in them. The delimiter was recognised by the title: it may be another."""
    cells = tuple(filter(None, map(cleaned, record.cells)))
    if len(cells) != 1:
        return cells
    splits = (split_line(cells[0], delimiter) for delimiter in CANDIDATES)
    return next((split for split in splits if len(split) > 1 and has_phone(source, split)), cells)


def with_header(source: ContactsSource, first: Record, records: Iterator[Record]) -> Iterator[Record]:
    """The records behind a `first` one that is the header. Raises FilesError where it stands further down."""
    if has_phone(source, first.cells):
        return records
    following = tuple(islice(records, LOOKED_AT - 1))
    if title := below_a_title(source, first, following):
        raise title
    return chain(following, records)


def refuse_another_order(source: ContactsSource, first: Record) -> None:
    """The first record has all names that the campaigns file gives, and elsewhere."""
    names = set(filter(None, map(fold, source.header)))
    if names and names <= set(map(fold, first.cells)):
        found = listed(map(cleaned, first.cells))
        message = f"the first line names the columns in another order than header: does: {found}"
        hint = f"delete header: {contacts_line(source, header=())}"
        raise header_problem(source, first.line, "header", message, hint)


def fitting(
    source: ContactsSource, header: Record, records: Iterator[Record], delimiter: str
) -> Iterator[Record]:
    """The rows below a header. Raises FilesError where the first of them all have the same other shape."""
    rows = tuple(islice(records, 1))
    if rows and len(rows[0].cells) != len(header.cells):
        rows = (*rows, *islice(records, LOOKED_AT - 1))
        _refuse_another_delimiter(source, header, rows, delimiter)
        if not header.line:
            _refuse_names_too_many_or_too_few(source, rows)
    return chain(rows, records)


def _refuse_another_delimiter(
    source: ContactsSource, header: Record, rows: Sequence[Record], delimiter: str
) -> None:
    """Not one row has the delimiter of the header, and another makes as many cells of each."""
    width = len(header.cells)
    if width == 1 or not delimiter or any(len(row.cells) > 1 for row in rows):
        return
    for other in CANDIDATES:
        if all(len(split_line(row.cells[0], other)) == width for row in rows):
            told, found = DELIMITER_WORDS[delimiter], DELIMITER_WORDS[other]
            if not header.line:
                message = f"the campaigns file says delimiter: {told}, and the rows have {found}"
                hint = f"write {contacts_line(source, delimiter=other)}"
                raise header_problem(source, rows[0].line, "delimiter", message, hint)
            message = f"the header has {told} between its cells, and the rows below it have {found}"
            hint = f"write the header as the rows are: {inert(other.join(header.cells), 200)}"
            raise header_problem(source, header.line, "header", message, hint)


def _refuse_names_too_many_or_too_few(source: ContactsSource, rows: Sequence[Record]) -> None:
    """The rows have all as many cells, and not as many as `header:` has names. One row alone may be amiss."""
    named, found = len(source.header), len(rows[0].cells)
    if len(rows) < 2 or any(len(row.cells) != found for row in rows):
        return
    names = "1 column" if named == 1 else f"{named} columns"
    cells = "1 cell" if found == 1 else f"{found} cells"
    message = f"header: names {names}, and each of the first {len(rows)} rows has {cells}"
    if found < named:
        hint = "name the columns that there are, in their order"
    else:
        line = contacts_line(source, header=(*source.header, *[""] * (found - named)))
        hint = f'name all columns in their order; one that is not read is "": {line}'
    raise header_problem(source, rows[0].line, "header", message, hint)
