"""One damaged list: how its bytes are made from text that one can read, and what smscli says of it.

Makes nothing that lies in the repository: archives and workbooks are written when they are needed.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl

from smscli.domain.contact import Contact
from smscli.domain.errors import FilesError, Problem
from smscli.files.contacts_file import BadRow, ContactsSource, open_contacts

FOLDER = Path(__file__).parent / "damaged"
TODAY = date(2026, 11, 22)

#: A report shows so many lines of a list, rows and problems.
MOST_SHOWN = 15
_WIDEST = 160

Cell = str | int | float | bool | date | None
Sheets = Mapping[str, Sequence[Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class DamagedList:
    """One list. `keys` are what the campaigns file says of it, `wanted` the fields that its texts need.

    `records` is counted by hand: the records below the header (blank lines and a header that comes again are
    none), or None where the whole list has to be refused. `lines` are what it says, for people; `content` are
    its bytes.
    """

    name: str
    tells: str
    records: int | None
    content: bytes
    lines: tuple[str, ...]
    ending: str = ".csv"
    keys: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[str, ...] = ("first_name",)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What smscli makes of a list: its rows, and what it refuses the list for (behind rows, or at once)."""

    columns: tuple[str, ...]
    rows: tuple[Contact | BadRow, ...]
    refused: tuple[Problem, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is wrong, in order."""
        bad = (problem for row in self.rows if isinstance(row, BadRow) for problem in row.problems)
        return (*bad, *self.refused)

    @property
    def repairs(self) -> tuple[Problem, ...]:
        """All that was mended, in order."""
        return tuple(each for row in self.rows if isinstance(row, Contact) for each in row.repairs)


# ---------------------------------------------------------------------------------------------- to make one


def laid(name: str, tells: str, records: int | None, *wanted: str, **keys: Any) -> DamagedList:
    """A list that lies in the folder, as it is."""
    (path,) = (path for path in FOLDER.glob(f"{name}.*") if path.suffix != ".expected")
    content = path.read_bytes()
    lines = _lines(content.decode())
    return DamagedList(name, tells, records, content, lines, path.suffix, keys, wanted or ("first_name",))


def made(
    name: str,
    tells: str,
    records: int | None,
    text: str,
    written: Callable[[str], bytes] = str.encode,
    ending: str = ".csv",
    **keys: Any,
) -> DamagedList:
    """A list of this text, written so."""
    return DamagedList(name, tells, records, written(text), _lines(text), ending, keys)


def raw(name: str, tells: str, content: bytes, ending: str, **keys: Any) -> DamagedList:
    """Bytes that are no list at all."""
    return DamagedList(name, tells, None, content, (repr(content[:_WIDEST]),), ending, keys)


def workbook(
    name: str,
    tells: str,
    records: int | None,
    sheets: Sheets,
    written: Callable[[bytes], bytes] = bytes,
    ending: str = ".xlsx",
    **keys: Any,
) -> DamagedList:
    """An XLSX file with these cells."""
    lines = tuple(
        line for title, rows in sheets.items() for line in (f"[{title}]", *(repr(list(row)) for row in rows))
    )
    return DamagedList(name, tells, records, written(_xlsx(sheets)), lines, ending, keys)


def _xlsx(sheets: Sheets) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


def in_encoding(encoding: str, mark: bytes = b"") -> Callable[[str], bytes]:
    """Writes a text so, behind a byte order mark or not."""
    return lambda text: mark + text.encode(encoding)


def line_in(encoding: str, number: int) -> Callable[[str], bytes]:
    """Writes one line in another encoding than the others, which are UTF-8."""

    def written(text: str) -> bytes:
        lines = enumerate(text.splitlines(keepends=True), start=1)
        return b"".join(line.encode(encoding if at == number else "utf-8") for at, line in lines)

    return written


def cut(by: int, encoding: str = "utf-8") -> Callable[[str], bytes]:
    """Leaves off the last bytes."""
    return lambda text: text.encode(encoding)[:-by]


def zipped(name: str = "list.csv") -> Callable[[str], bytes]:
    """Writes the list into a zip archive, under this name."""

    def written(text: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr(name, text)
        return stream.getvalue()

    return written


def hide_row(number: int) -> Callable[[bytes], bytes]:
    """Hides a row of a workbook, as a filter does."""

    def written(content: bytes) -> bytes:
        book = openpyxl.load_workbook(io.BytesIO(content))
        book.worksheets[0].row_dimensions[number].hidden = True
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    return written


def gzipped(encoding: str = "utf-8") -> Callable[[str], bytes]:
    """Writes the list so, and compresses it."""
    return lambda text: gzip.compress(text.encode(encoding))


def gzip_cut(text: str) -> bytes:
    """The first part of a compressed list."""
    return gzip.compress(text.encode())[:-12]


def gzip_spoiled(text: str) -> bytes:
    """A compressed list whose checksum is wrong."""
    whole = bytearray(gzip.compress(text.encode()))
    whole[-6] ^= 0xFF
    return bytes(whole)


def gzipped_twice(text: str) -> bytes:
    """A compressed list, compressed."""
    return gzip.compress(gzip.compress(text.encode()))


# -------------------------------------------------------------------------------------- what is said of it


def read(case: DamagedList) -> Outcome:
    """Read a list as a campaign does."""
    with TemporaryDirectory() as folder, chdir(folder):
        path = Path(case.name + case.ending)
        path.write_bytes(case.content)
        columns: tuple[str, ...] = ()
        rows: list[Contact | BadRow] = []
        try:
            source = ContactsSource(path, **case.keys)
            with open_contacts(source, frozenset(case.wanted), today=TODAY) as reader:
                columns = reader.columns
                rows.extend(reader)
        except FilesError as refusal:
            return Outcome(columns, tuple(rows), refusal.problems)
    return Outcome(columns, tuple(rows), ())


def report(case: DamagedList) -> str:
    """The list and all that smscli says of it, to be read by people."""
    outcome = read(case)
    bad = sum(isinstance(row, BadRow) for row in outcome.rows)
    parts = [case.tells, *_said_of_it(case), "", *_cut(map(_seen, case.lines), "  ", "lines")]
    if outcome.rows:
        parts += ["", f"{len(outcome.rows)} records: {len(outcome.rows) - bad} contacts, {bad} bad rows"]
        parts += _cut(_contacts(outcome.rows), "  ", "contacts")
    if outcome.repairs:
        parts += ["", "repairs", *_cut(map(_told, outcome.repairs), "", "repairs")]
    if bad:
        found = outcome.problems[: len(outcome.problems) - len(outcome.refused)]
        parts += ["", "problems", *_cut(map(_told, found), "", "problems")]
    if outcome.refused:
        parts += ["", "refused", *_cut(map(_told, outcome.refused), "", "problems")]
    return "\n".join(parts) + "\n"


def _said_of_it(case: DamagedList) -> Iterator[str]:
    defaults = {each.name: each.default for each in fields(ContactsSource)}
    keys = dict(case.keys)
    if further := keys.pop("further_opt_outs", ()):
        keys["columns"] = {**keys["columns"], "opt_out": (keys["columns"]["opt_out"], *further)}
    said = {key: _plain(value) for key, value in keys.items() if value != defaults[key]}
    if said:
        yield "contacts: {" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"
    yield "texts need: " + (", ".join(case.wanted))


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_plain(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (tuple, frozenset)):
        return "[" + ", ".join(sorted(map(str, value)) if isinstance(value, frozenset) else value) + "]"
    return str(value)


def _cut(shown: Iterator[str], indent: str, what: str) -> Iterator[str]:
    left = 0
    for at, text in enumerate(shown):
        if at < MOST_SHOWN:
            yield f"{indent}{text}".rstrip()
        else:
            left += 1
    if left:
        yield f"{indent}... {left:,} more {what}"


def _contacts(rows: Sequence[Contact | BadRow]) -> Iterator[str]:
    first: dict[str, int] = {}
    for row in rows:
        if isinstance(row, BadRow):
            if row.opted_out:
                yield f"line {row.line}: a bad row, whose number counts as opted out"
            continue
        known = first.setdefault(row.number.e164, row.line)
        parts = [f"line {row.line}: {row.number.masked} {row.number.country}"]
        parts += [f"the number of line {known}"] if known != row.line else []
        parts += [f"{name}={_seen(value)}" for name, value in row.fields.items()]
        parts += [f"{what}={said}" for what, said in _facts(row) if said]
        yield ", ".join(parts)


def _facts(row: Contact) -> Iterator[tuple[str, str]]:
    yield "zone", row.zone or ""
    yield "state", row.state or ""
    yield "zip", row.postcode or ""
    yield "language", row.language or ""
    if row.consent:
        yield "consent", f"{row.consent.level.name.lower()} {row.consent.given_on}"
    yield "opted out", "of all" if row.opted_out else ""


def _told(problem: Problem) -> str:
    about = [] if problem.record is None else [f"record {problem.record}"]
    about += [f"value {_seen(problem.value)}"] if problem.value else []
    first = f"  {problem.where}: {problem.code}" + (f" [{', '.join(about)}]" if about else "")
    return "\n".join(
        [first, f"      {problem.message}", *([f"      -> {problem.hint}"] if problem.hint else [])]
    )


def _seen(text: str) -> str:
    """What stands there, invisible characters by their names."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text[:_WIDEST])
    return shown + (f"... ({len(text):,} characters)" if len(text) > _WIDEST else "")
