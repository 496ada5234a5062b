"""The columns of a contact list: which header has which role, and what a header may not be.

Knows headers, not rows. Never guesses: what neither a header nor the campaigns file says stops the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import dropwhile
from typing import Any

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.column_names import (
    IGNORE,
    TAKEN_ALONE,
    UNCLEAR_REGION,
    Role,
    is_named,
    looks_like_opt_out,
    names_of,
    phone_rank,
)
from smscli.files.csv_records import (
    CANDIDATES,
    DELIMITER_WORDS,
    Record,
    cleaned,
    recognised_delimiter,
    split_line,
)
from smscli.files.list_source import ContactsSource, ignoring, written
from smscli.files.reading import did_you_mean, files_error, fold, has_control, inert, listed, quoted

__all__ = [
    "BUILT_IN_FIELDS",
    "IGNORE",
    "Layout",
    "Role",
    "contacts_line",
    "has_phone",
    "header_problem",
    "header_with",
    "holds_number",
    "is_a_contact",
    "layout_of",
    "looks_like_opt_out",
    "misread",
    "names_of",
    "recognise",
    "repeats_header",
]

BUILT_IN_FIELDS = frozenset({"brand"})
"""Fields that a text may use without a column: the caller fills them."""

_ABOUT_CONSENT = frozenset({Role.CONSENT, Role.CONSENT_DATE, Role.CONSENT_TOPICS, Role.CONSENT_SOURCE})
_IS_NUMBER = re.compile(r"[+(]*\d(?:[\s().-]*\d){6,}")
_OTHER_QUOTES = "'`´‘’‚‛“”„«»"
_MOST_OFFERED = 20
"""Columns that each name all the others: ten thousand of them would fill any memory."""

_NO_LETTERS = re.compile(r"[\W_]+")
_BLANKS = re.compile(r"\s{2,}")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell is what: `roles` and `fields` (as the texts call them) to positions.

    `columns` are as many as have names, or as the campaigns file names, where `""` is one that is not read.
    Cells beyond them have to be empty.
    """

    columns: tuple[str, ...]
    roles: Mapping[Role, int]
    fields: Mapping[str, int]
    opt_outs: tuple[int, ...] = ()
    """All columns of opt-outs; `roles` has the first of them."""


def header_problem(
    source: ContactsSource, line: int | None, code: str, message: str, hint: str = ""
) -> FilesError:
    """One problem of a list as a whole."""
    return files_error([Problem(Place(source.name, line), code, message, hint)])


def recognise(source: ContactsSource, first: Sequence[str], line: int) -> str:
    """The delimiter, from the first lines of a list, which begin with that `line`; empty for a single column.

    Of a list whose columns the campaigns file names it is what makes as many cells. Raises FilesError where
    it could be any of several.
    """
    lines = list(dropwhile(lambda text: not cleaned(text), first))
    text = "".join(lines)
    fitting = _by_width(lines, len(source.header)) if source.header else ""
    found = fitting or recognised_delimiter(text, lambda cells: has_phone(source, cells))
    if found is None:
        where = "in the first line" if source.header else "in the header"
        several = [each for each in CANDIDATES if len(split_line(text, each)) > 1]
        named = listed(DELIMITER_WORDS[each] for each in several)
        message = f"its delimiter could be any of these, which stand {where}: {named}"
        hint = f"say which, in the campaigns file: {contacts_line(source, delimiter=several[0])}"
        raise header_problem(source, line + len(first) - len(lines), "delimiter", message, hint)
    return found


def _by_width(first: Sequence[str], width: int) -> str:
    """The delimiter that splits most of these lines into so many cells, or more of which the last are empty.
    Of several, the one that leaves most numbers in a cell of their own; empty where that is none or two."""
    if width < 2:
        return ""
    fitting = {each: _fit(each, width, first) for each in CANDIDATES}
    most = max(fitting.values())
    best = [delimiter for delimiter, fit in fitting.items() if fit == most]
    return best[0] if most[0] and len(best) == 1 else ""


def _fit(delimiter: str, width: int, lines: Sequence[str]) -> tuple[int, int]:
    """How many of the lines have that many cells, and in how many of those a number fills one."""
    split = [split_line(line, delimiter) for line in lines]
    fitting = [cells for cells in split if len(cells) >= width and not any(cells[width:])]
    return len(fitting), sum(any(map(_IS_NUMBER.fullmatch, cells)) for cells in fitting)


def has_phone(source: ContactsSource, header: Iterable[str]) -> bool:
    """Does a header name the column of numbers, as the campaigns file or anybody calls it?"""
    mapped = source.columns.get(Role.PHONE)
    if mapped is None:
        return any(is_named(name, Role.PHONE) for name in header)
    return any(fold(name) == fold(mapped) for name in header)


def contacts_line(source: ContactsSource, **changes: Any) -> str:
    """What to write in the campaigns file: all that it says of the list already, and the `changes`.

    `contacts: {file: list.csv, region: PL, columns: {phone: "Mobile"}}`. A change is a field of
    ContactsSource with its new value.
    """
    return written(replace(source, **changes))


def is_a_contact(source: ContactsSource, cells: Sequence[str]) -> bool:
    """Is this record, which should name the columns, a contact: one of its cells can only be a number?"""
    return holds_number(cells) and not has_phone(source, cells)


def holds_number(cells: Iterable[str]) -> bool:
    """Can one of these cells only be a number?"""
    return any(_IS_NUMBER.fullmatch(cleaned(cell)) for cell in cells)


def repeats_header(names: tuple[str, ...], cells: Sequence[str]) -> bool:
    """Does a record begin with these names of columns, so that it is a header line and no row?

    A column without a name (one that is not read) may be called anything; further cells may stand behind.
    """
    folded = _all_folded(names)
    if len(cells) < len(folded) or not any(folded):
        return False
    return all(not name or name == fold(cell) for name, cell in zip(folded, cells, strict=False))


@lru_cache(maxsize=64)
def _all_folded(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(fold, names))


def header_with(source: ContactsSource, first: Record) -> Record:
    """The header of a list whose columns the campaigns file names, and whose first record repeats them.

    What stands behind them is a column of the list too: `problems`, where rows were written to be mended. A
    column that is not to be read and calls itself an opt-out keeps its own name: it may be misnamed.
    """
    names = [
        said or (own if looks_like_opt_out(own) else "")
        for said, own in zip(source.header, first.cells, strict=False)
    ]
    return Record(first.line, (*names, *_without_nameless_end(first.cells[len(names) :])))


def layout_of(source: ContactsSource, header: Record, wanted: frozenset[str]) -> Layout:
    """Who is who among the columns. Raises FilesError with everything that is wrong with the header.

    Of a list whose columns the campaigns file names, `header` is `Record(0, source.header)`, or what
    `header_with` makes of a header line that it has all the same.
    """
    columns = tuple(map(cleaned, header.cells))
    complaints = _Complaints(Place(source.name, header.line or None))
    if not source.header:
        _refuse_what_is_no_header(source, columns, header.line, complaints)
        columns = _without_nameless_end(columns)
    positions = _positions(source, columns, complaints)
    read = _without_ignored(source, columns, positions, complaints)
    named = _roles(source, columns, read, complaints)
    opt_outs = _opt_outs(source, columns, read, named, complaints)
    _refuse_shared(columns, named, opt_outs, complaints)
    roles = _with_whole_consent(source, named, complaints)
    used = {fold(columns[index]) for index in (*roles.values(), *opt_outs)}
    _refuse_duplicates(source, columns, used | set(map(fold, wanted - BUILT_IN_FIELDS)), complaints)
    fields = _fields(columns, positions, wanted)
    _refuse_unknown_fields(source, columns, wanted - fields.keys() - BUILT_IN_FIELDS, complaints)
    complaints.refuse()
    fields = {name: fields[name] for name in fields if name not in BUILT_IN_FIELDS}
    return Layout(columns, roles, fields, opt_outs)


def _fields(columns: Sequence[str], positions: Mapping[str, int], wanted: frozenset[str]) -> dict[str, int]:
    """Names in texts to positions.

    Such a name has letters, digits and `_` only. Where no header is called so, it means the only one with
    these letters: `first_name_billing` is `First Name (Billing)`.
    """
    fields = {name: positions[fold(name)] for name in wanted if fold(name) in positions}
    for name in wanted - fields.keys() - BUILT_IN_FIELDS:
        letters = fold(name)
        alike = [
            index for index, column in enumerate(columns) if _NO_LETTERS.sub("", fold(column)) == letters
        ]
        fields |= {name: alike[0]} if letters and len(alike) == 1 else {}
    return fields


def _without_nameless_end(names: tuple[str, ...]) -> tuple[str, ...]:
    """Spreadsheets leave columns behind in which nothing stands any more."""
    named = [place for place, name in enumerate(names, start=1) if fold(name)]
    return names[: named[-1]] if named else ()


def _found(columns: Iterable[str]) -> str:
    return listed(name for name in columns if name) or "none with a name"


class _Complaints:
    """Collects problems of one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._problems: list[Problem] = []
        self._has_told = False

    def found(self, columns: Iterable[str]) -> str:
        """What columns there are, to end a message with: told once, for an export has fifty."""
        told, self._has_told = self._has_told, True
        return "" if told else f"; found {_found(columns)}"

    def add(self, code: str, message: str, hint: str = "") -> None:
        self._problems.append(Problem(self._place, code, message, hint))

    def refuse(self) -> None:
        """Raise what was collected."""
        if self._problems:
            raise files_error(self._problems)


def _refuse_what_is_no_header(
    source: ContactsSource, columns: tuple[str, ...], line: int, complaints: _Complaints
) -> None:
    """A list without a header, or split at the wrong character: all else would be noise."""
    if is_a_contact(source, columns):
        names = _names_for(source, columns)
        message = f"the first line has to name the columns, found a contact: {_found(columns)}"
        hint = f"put a line above it, such as {(source.delimiter or ',').join(names)}; or name them in the"
        complaints.add("header", message, f"{hint} campaigns file: {contacts_line(source, header=names)}")
    named = _without_nameless_end(columns)
    only = named[0] if len(named) == 1 else ""
    others = [each for each in CANDIDATES if each in only and each != source.delimiter]
    if source.delimiter is not None and others:
        written, found = DELIMITER_WORDS[source.delimiter], DELIMITER_WORDS[others[0]]
        message = f"the campaigns file says delimiter: {written}, and the header has {found}: {quoted(only)}"
        complaints.add("delimiter", message, f"write delimiter: {found}, or delete that key")
    elif found_amiss := misread(source, columns, line):
        complaints.add("header", *found_amiss)
    complaints.refuse()


def misread(source: ContactsSource, columns: Sequence[str], line: int) -> tuple[str, str] | None:
    """What to say, and what to do, where a header names a column of numbers and its cells are not apart."""
    named = _without_nameless_end(tuple(columns))
    if has_phone(source, named):
        return None
    bare = [name.strip(_OTHER_QUOTES) for name in named]
    if has_phone(source, bare):
        message = f"the names of the columns are in quotes that are no quotes of CSV: {_found(named)}"
        return message, 'put double quotes (") in their place, or export the list again with such'
    if len(named) != 1:
        return None
    message = f"the names of all columns stand in one cell: {quoted(named[0])}"
    inside = [each for each in CANDIDATES if has_phone(source, split_line(named[0], each))]
    if inside:
        return message, _hint_of_one_cell(source, inside[0], line)
    if has_phone(source, _BLANKS.split(named[0])):
        hint = "blanks do not keep columns apart: open the list in a spreadsheet, as text of fixed width"
        return message, f"{hint}, and save it as CSV UTF-8"
    return None


def _hint_of_one_cell(source: ContactsSource, delimiter: str, line: int) -> str:
    """Only quotes, or a line `sep=` above it, keep a header together that has a delimiter in it."""
    quotes = "each line is one cell, in quotes or of a sheet: take the quotes off, or export the list again"
    if line == 1 or source.delimiter is not None:
        return quotes
    said = contacts_line(source, delimiter=delimiter)
    return f"if a line sep= above it names another delimiter, delete it, or write {said}; otherwise {quotes}"


def _names_for(source: ContactsSource, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Names to propose for the columns of a list without a header, by what stands in its first line."""
    from smscli.files.column_guess import guess  # it opens lists, which need this module

    names, phone = guess(source, [columns], None).header, source.columns.get(Role.PHONE, Role.PHONE.value)
    if phone in names:
        return names
    number = next(place for place, cell in enumerate(columns) if _IS_NUMBER.fullmatch(cell))
    return (*names[:number], phone, *names[number + 1 :])


def _refuse_unknown_fields(
    source: ContactsSource, columns: tuple[str, ...], names: frozenset[str], complaints: _Complaints
) -> None:
    for name in sorted(names):
        message = f"a text needs a column called {quoted(name)}{complaints.found(columns)}"
        where = "name it under header:" if source.header else "add the column"
        otherwise = f"{where}, or take {{{{ {inert(name)} }}}} out of the text"
        complaints.add("unknown_field", message, _gap_meant(name, columns) or otherwise)


def _gap_meant(name: str, columns: Sequence[str]) -> str:
    """Of a header that cannot stand in a text as it is, also what to write there."""
    meant = did_you_mean(name, columns)
    gap = "_".join(_NO_LETTERS.split(meant.casefold())).strip("_")
    is_written_otherwise = gap.isidentifier() and fold(gap) != fold(meant)
    return f"{_meant(name, columns)}{f' Write {{{{ {inert(gap)} }}}}' if is_written_otherwise else ''}"


def _meant(name: str, columns: Sequence[str]) -> str:
    meant = did_you_mean(name, columns)
    return f"did you mean {quoted(meant)}?" if meant else ""


def _positions(source: ContactsSource, columns: Sequence[str], complaints: _Complaints) -> Mapping[str, int]:
    """Folded header to position; of several columns of one name, the first."""
    positions: dict[str, int] = {}
    for index, name in enumerate(columns):
        if has_control(name):
            complaints.add("header", f"the header {quoted(name)} holds a control character", "delete it")
        if fold(name):
            positions.setdefault(fold(name), index)
        elif not source.header:
            complaints.add("empty_header", f"column {index + 1} has no name", "name it or delete the column")
    return positions


def _without_ignored(
    source: ContactsSource, columns: Sequence[str], positions: Mapping[str, int], complaints: _Complaints
) -> Mapping[str, int]:
    """Folded header to position of the columns that may have a role."""
    ignored = set(map(fold, source.ignore))
    for name in source.ignore:
        if fold(name) not in positions:
            message = f"ignore: names {quoted(name)}, and no column is called so{complaints.found(columns)}"
            complaints.add("missing_column", message, _meant(name, columns) or "delete it there")
            ignored.add(fold(did_you_mean(name, columns)))  # one complaint of it is enough
    mapped = [*source.columns.items(), *((Role.OPT_OUT.value, name) for name in source.further_opt_outs)]
    both = {role: name for role, name in mapped if name != IGNORE and fold(name) in ignored}
    for role, name in both.items():
        message = f"the column {quoted(name)} is the {role}, and stands under ignore: as well"
        complaints.add("shared_column", message, "name it in one of the two places")
    if both:
        complaints.refuse()
    return {name: index for name, index in positions.items() if name not in ignored}


def _refuse_duplicates(
    source: ContactsSource, columns: Sequence[str], read: Set[str], complaints: _Complaints
) -> None:
    """Two columns of one name, where one of them is read or may be an opt-out. Others hurt nobody."""
    harmless = set(map(fold, source.ignore))
    may_be_opt_outs = source.columns.get(Role.OPT_OUT) != IGNORE
    places: dict[str, int] = {}
    for index, name in enumerate(columns):
        first = places.setdefault(fold(name), index)
        may_be_one = may_be_opt_outs and looks_like_opt_out(name) and fold(name) not in harmless
        if first == index or not (may_be_one or fold(name) in read):
            continue
        message = f"two columns have one name: {quoted(columns[first])} (column {first + 1})"
        rename = "rename one under header:" if source.header else "rename or delete one"
        hint = f"{rename}; case, spaces, _ and - make no difference"
        complaints.add("duplicate_header", f"{message} and {quoted(name)} (column {index + 1})", hint)


def _roles(
    source: ContactsSource, columns: Sequence[str], positions: Mapping[str, int], complaints: _Complaints
) -> dict[Role, int]:
    """Of several columns of opt-outs, the first."""
    readable = [columns[index] for index in positions.values()]
    roles: dict[Role, int] = {}
    for role in Role:
        mapped = source.columns.get(role)
        if mapped is None and role in TAKEN_ALONE:
            roles |= _taken_alone(source, role, columns, positions)
        elif mapped is None:
            found = [index for index in positions.values() if is_named(columns[index], role)]
            roles |= {role: found[0]} if len(found) == 1 else {}
            if len(found) != 1:
                _complain_of_names(source, role, readable, [columns[index] for index in found], complaints)
        elif fold(mapped) in positions:
            roles[role] = positions[fold(mapped)]
        elif mapped != IGNORE or role is Role.PHONE:
            _refuse_missing(source, role, mapped, columns, complaints)
    return roles


def _taken_alone(
    source: ContactsSource, role: Role, columns: Sequence[str], positions: Mapping[str, int]
) -> dict[Role, int]:
    """The only column called so, unless it is mapped as something else: such a name stops no list."""
    found = [index for index, name in enumerate(columns) if fold(name) in positions and is_named(name, role)]
    said = {*map(fold, source.columns.values()), *map(fold, source.further_opt_outs)}
    return {role: found[0]} if len(found) == 1 and fold(columns[found[0]]) not in said else {}


def _opt_outs(
    source: ContactsSource,
    columns: Sequence[str],
    positions: Mapping[str, int],
    roles: Mapping[Role, int],
    complaints: _Complaints,
) -> tuple[int, ...]:
    """All columns of opt-outs; complains of others that look like one."""
    found = [roles[Role.OPT_OUT]] if Role.OPT_OUT in roles else []
    for name in source.further_opt_outs:
        if fold(name) in positions:
            found.append(positions[fold(name)])
        else:
            _refuse_missing(source, Role.OPT_OUT, name, columns, complaints)
    if source.columns.get(Role.OPT_OUT) != IGNORE:
        loose = [name for name, index in positions.items() if looks_like_opt_out(columns[index])]
        others = [columns[positions[name]] for name in loose if positions[name] not in found]
        _refuse_opt_outs(source, [columns[index] for index in found], others, complaints)
    return tuple(dict.fromkeys(found))


def _refuse_missing(
    source: ContactsSource, role: Role, header: str, columns: Sequence[str], complaints: _Complaints
) -> None:
    """The campaigns file names a column that the list does not have."""
    message = f"needs a column called {quoted(header)} for the {role}{complaints.found(columns)}"
    if role is Role.OPT_OUT and source.further_opt_outs:
        others = ["…" if name == header else name for name in source.opt_outs]
        otherwise = _say(contacts_line(source.with_opt_outs(*others)))
    else:
        otherwise = _say_which(source, role, "…")
        otherwise += f"; or delete {role} there if it has none" if role is not Role.PHONE else ""
    complaints.add("missing_column", message, _meant(header, columns) or otherwise)


def _complain_of_names(
    source: ContactsSource,
    role: Role,
    columns: Sequence[str],
    found: Sequence[str],
    complaints: _Complaints,
) -> None:
    """Several columns could have the role, or none has it."""
    if found:
        likely = _best_phone(found) if role is Role.PHONE else found[0]
        message = f"more than one column could be the {role}: {listed(found)}"
        complaints.add("two_columns", message, _say_which(source, role, likely or found[0]))
    elif role is Role.PHONE:
        likely = _best_phone(columns)
        message = f'needs a column with the numbers, called "phone"{complaints.found(columns)}'
        hint = _say_which(source, role, likely or "…")
        offer = "" if likely else "; smscli check looks at the cells, and offers a guess"
        complaints.add("missing_column", message, hint + offer)
    elif role is Role.REGION:
        _refuse_unclear_region(source, columns, complaints)


def _refuse_unclear_region(source: ContactsSource, columns: Sequence[str], complaints: _Complaints) -> None:
    """A state read as a country texts strangers: 303 555 0101 of CO is in Denver, or in Colombia."""
    for name in (name for name in columns if fold(name) == UNCLEAR_REGION):
        message = f"{quoted(name)} may hold countries or states, and nothing says which"
        hint = f"{_mapping(source, Role.REGION, name)} reads countries, region: {IGNORE} reads over it"
        complaints.add("region_column", message, hint)


def _best_phone(names: Iterable[str]) -> str | None:
    """The header that sounds most like numbers to text: to be proposed, never to be taken."""
    ranked = [(rank, name) for name in names if (rank := phone_rank(name)) is not None]
    return min(ranked, key=lambda each: each[0])[1] if ranked else None


def _say_which(source: ContactsSource, role: Role, header: str) -> str:
    return _say(_mapping(source, role, header))


def _say(line: str) -> str:
    return f"say which it is, in the campaigns file: {line}"


def _mapping(source: ContactsSource, role: Role, header: str) -> str:
    """What to write in the campaigns file, with what it says of the list already."""
    return contacts_line(source, columns={**source.columns, role: header})


def _refuse_shared(
    columns: Sequence[str], roles: Mapping[Role, int], opt_outs: Iterable[int], complaints: _Complaints
) -> None:
    owners: dict[int, Role] = {}
    for role, index in (*roles.items(), *((Role.OPT_OUT, index) for index in opt_outs)):
        if owners.get(index, role) is not role:
            message = f"the column {quoted(columns[index])} is both the {owners[index]} and the {role}"
            complaints.add("shared_column", message, "a column has one role: see columns:")
        owners.setdefault(index, role)


def _with_whole_consent(
    source: ContactsSource, roles: dict[Role, int], complaints: _Complaints
) -> Mapping[Role, int]:
    """Consent needs a level and a date; without both its columns are no evidence, and are left alone."""
    lacking = [role for role in (Role.CONSENT, Role.CONSENT_DATE) if role not in roles]
    if not lacking:
        return roles
    for role in sorted(_ABOUT_CONSENT.intersection(roles).intersection(source.columns)):
        hint = _say_which(source, lacking[0], "…")
        complaints.add("half_consent", f"a {role} column needs a {lacking[0]} column beside it", hint)
    return {role: index for role, index in roles.items() if role not in _ABOUT_CONSENT}


def _refuse_opt_outs(
    source: ContactsSource, heeded: Sequence[str], others: Sequence[str], complaints: _Complaints
) -> None:
    """`others` look like opt-outs, and nothing says so. All are offered at once: an export has several."""
    others = others[:_MOST_OFFERED]
    line = contacts_line(source.with_opt_outs(*heeded, *others)) if others else ""
    for name in others:
        if heeded:
            hint = f"{line} heeds it too, {ignoring(name)} beside columns: reads over it"
        elif len(others) > 1:
            all_of_them = "both" if len(others) == 2 else "all of them"
            hint = f"{line} heeds {all_of_them}, {ignoring(name)} beside columns: reads over this one"
        else:
            hint = f"{line} heeds it, opt_out: {IGNORE} reads over it"
        complaints.add("opt_out_column", f"{quoted(name)} looks like an opt-out, and nothing says so", hint)
