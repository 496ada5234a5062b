"""Where a list is and how to read it, as the campaigns file says it, or should. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

from smscli.domain.number_types import TEXTABLE, NumberType
from smscli.files.column_names import IGNORE, Role
from smscli.files.reading import shown

DELIMITERS: Mapping[str, str] = MappingProxyType(
    {",": ",", ";": ";", "|": "|", "comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
)
"""What an operator may write, and the character it means."""

DELIMITER_WORDS: Mapping[str, str] = MappingProxyType(
    {character: word for word, character in DELIMITERS.items() if len(word) > 1}
)
"""The other way round, in words: a comma in YAML's braces would need quotes."""

_PLAIN = re.compile(r"\w(?:[\w./ -]*\w)?")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class ContactsSource:
    """One list. `file` None is standard input; `columns` maps role to header.

    `header` names the columns, in order, of a list whose first line does not. `encoding` and `delimiter` are
    None where they are to be recognised (UTF-8 and UTF-16 with a byte order mark are); `sheet` is the name of
    a spreadsheet's sheet, None for its only one. `number_types` are the kinds of number that may be texted.
    `further_opt_outs` are headers of columns of opt-outs, where `columns` names several. `ignore` are headers
    of columns that are not read, whatever they are called.
    """

    file: Path | None
    region: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    header: tuple[str, ...] = ()
    sheet: str | None = None
    number_types: frozenset[NumberType] = TEXTABLE
    key: str = "contacts"
    """The key of the campaigns file that names this list, for hints."""
    further_opt_outs: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What problems call it."""
        return "standard input" if self.file is None else str(self.file)

    @property
    def opt_outs(self) -> tuple[str, ...]:
        """The headers of all columns of opt-outs that the campaigns file names."""
        first = self.columns.get(Role.OPT_OUT, IGNORE)
        return () if first == IGNORE else (first, *self.further_opt_outs)

    def with_opt_outs(self, first: str, *further: str) -> ContactsSource:
        """The same with these columns of opt-outs."""
        columns = {**self.columns, Role.OPT_OUT.value: first}
        return replace(self, columns=columns, further_opt_outs=further)


@dataclass(frozen=True, slots=True)
class ExcludeSource:
    """A list of numbers not to text: a do-not-call register, staff, people already served.

    `fetched` is when it was taken from where it comes from; without it the file's own time stands for it.
    A list older than `max_age` cannot be relied on. `skips_bad_rows`: what is no number in it excludes nobody
    and stops nobody.
    """

    source: ContactsSource
    fetched: date | None = None
    max_age: timedelta | None = None
    skips_bad_rows: bool = False


def written(source: ContactsSource) -> str:
    """How the campaigns file says this of a list.

    `contacts: {file: list.csv, region: PL, encoding: windows-1250, columns: {phone: "Mobile"}}`.
    """
    parts = {
        "file": _scalar(source.file.name) if source.file else '"-"',
        "region": source.region,
        "encoding": source.encoding and encoding_name(source.encoding),
        "delimiter": source.delimiter and DELIMITER_WORDS.get(source.delimiter),
        "header": source.header and f"[{_all_quoted(source.header)}]",
        "sheet": source.sheet and _scalar(source.sheet),
        "number_types": source.number_types != TEXTABLE and f"[{_types(source.number_types)}]",
        "columns": source.columns and f"{{{_mapping(source)}}}",
        "ignore": source.ignore and f"[{_all_quoted(source.ignore)}]",
    }
    return f"{source.key}: {{{', '.join(f'{key}: {value}' for key, value in parts.items() if value)}}}"


def _mapping(source: ContactsSource) -> str:
    """Roles and their headers as YAML: `phone: "Mobile", opt_out: ["Stop", "DNC"]`."""
    said = {role: _quoted(name) for role, name in source.columns.items()}
    if len(source.opt_outs) > 1:
        said[Role.OPT_OUT] = f"[{_all_quoted(source.opt_outs)}]"
    return ", ".join(f"{role}: {names}" for role, names in said.items())


def ignoring(*headers: str) -> str:
    """The key that reads over columns: `ignore: ["Email Opt Out"]`."""
    return f"ignore: [{_all_quoted(headers)}]"


def encoding_name(codec: str) -> str:
    """Python's `cp1250` as operators know it: `windows-1250`."""
    name = codec.lower().replace("_", "-")
    if re.fullmatch(r"cp125\d", name):
        return f"windows-{name[2:]}"
    return re.sub(r"^iso8859", "iso-8859", name)


def _all_quoted(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


def _types(types: frozenset[NumberType]) -> str:
    return ", ".join(kind.value for kind in NumberType if kind in types)


def _quoted(text: str) -> str:
    """In YAML's quotes, where the escapes of what cannot be seen mean just that. A number is masked."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{shown(escaped, _LONGEST)}"'


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)
