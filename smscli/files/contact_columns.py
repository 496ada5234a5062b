"""The columns of a contact list: which header has which role, and what a header may not be.

Knows headers, not rows. Never guesses: what neither a header nor the campaigns file says stops the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.csv_records import (
    CANDIDATES,
    DELIMITER_WORDS,
    Lines,
    Record,
    cleaned,
    recognised_delimiter,
)
from smscli.files.list_source import ContactsSource
from smscli.files.reading import did_you_mean, files_error, fold, has_control, inert, listed, quoted

BUILT_IN_FIELDS = frozenset({"brand"})
"""Fields that a text may use without a column: the caller fills them."""

IGNORE = "ignore"
"""What `columns:` says of a role that no column has, whatever its name."""


class Role(StrEnum):
    """What a column can mean to smscli. Every other column is a field for texts."""

    PHONE = "phone"
    REGION = "region"  # the country of numbers that do not say theirs
    ZONE = "zone"
    LANGUAGE = "language"
    CONSENT = "consent"
    CONSENT_DATE = "consent_date"
    CONSENT_TOPICS = "consent_topics"
    CONSENT_SOURCE = "consent_source"
    OPT_OUT = "opt_out"


_ABOUT_CONSENT = frozenset({Role.CONSENT, Role.CONSENT_DATE, Role.CONSENT_TOPICS, Role.CONSENT_SOURCE})

# Folded names that are taken without being mapped. Exact: `tel` inside `hotel` is no phone. `to`, `tel` and
# `cell` stay out: too many lists use them for something else.
NAMES: Mapping[Role, str] = MappingProxyType(
    {
        Role.PHONE: "phone phonenumber number msisdn mobile mobilephone mobilenumber telephone "
        "telephonenumber",
        Role.REGION: "region country countrycode",
        Role.ZONE: "timezone zone tz",
        Role.LANGUAGE: "lang language locale",
        Role.CONSENT: "consent consentlevel",
        Role.CONSENT_DATE: "consentdate consentedon optindate",
        Role.CONSENT_TOPICS: "consenttopics",
        Role.CONSENT_SOURCE: "consentsource",
        Role.OPT_OUT: "",  # never by its name alone
    }
)

# A column that looks like an opt-out and is not mapped stops the list: to read over it texts people who said
# stop. Wrongly stopped costs a line in the campaigns file.
_OPT_OUT_NAMES = frozenset(["dnc", "nosms", "nocontact", "stop", "stopped", "blocked", "removed", "revoked"])
_OPT_OUT_PARTS = (
    "optout optedout unsub donotcontact donottext donotsms dontcontact donttext blacklist suppress"
)


# Headers that may hold numbers, for hints.
_PHONE_PARTS = "phone mobil handy cell gsm telef telnr telno nummer numer celular móvil movil κινητ телефон"
_IS_NUMBER = re.compile(r"[+(]*\d(?:[\s().-]*\d){6,}")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which cell is what: `roles` and `fields` (as the texts call them) to positions."""

    columns: tuple[str, ...]
    roles: Mapping[Role, int]
    fields: Mapping[str, int]


def names_of(role: Role) -> frozenset[str]:
    """The folded headers that have this role without being mapped."""
    return frozenset(NAMES[role].split())


def looks_like_opt_out(name: str) -> bool:
    """Does this header say that its column may hold opt-outs: `unsubscribed_at`, `SMS opt-out`, `DNC`."""
    folded = fold(name)
    return folded in _OPT_OUT_NAMES or any(part in folded for part in _OPT_OUT_PARTS.split())


def header_problem(
    source: ContactsSource, line: int | None, code: str, message: str, hint: str = ""
) -> FilesError:
    """One problem of a list as a whole."""
    return files_error([Problem(Place(source.name, line), code, message, hint)])


def recognise(source: ContactsSource, lines: Lines) -> str:
    """The delimiter, from the first line that is not blank; empty for a single column.

    Raises FilesError where it could be any of several.
    """
    first = next((line for line in lines if cleaned(line)), "")
    lines.give_back(keep=0)
    found = recognised_delimiter(first, lambda cells: _has_phone(source, cells))
    if found is None:
        several = [DELIMITER_WORDS[each] for each in CANDIDATES if each in first]
        message = f"its delimiter could be any of these, which stand in the header: {listed(several)}"
        hint = f"say which, in the campaigns file: {_written(source, delimiter=several[0])}"
        raise header_problem(source, lines.number + 1, "delimiter", message, hint)
    return found


def _has_phone(source: ContactsSource, header: Sequence[str]) -> bool:
    mapped = source.columns.get(Role.PHONE)
    names = names_of(Role.PHONE) if mapped is None else {fold(mapped)}
    return any(fold(name) in names for name in header)


def layout_of(source: ContactsSource, header: Record, wanted: frozenset[str]) -> Layout:
    """Who is who among the columns. Raises FilesError with everything that is wrong with the header."""
    columns = tuple(cleaned(cell) for cell in header.cells)
    complaints = _Complaints(Place(source.name, header.line))
    _refuse_what_is_no_header(source, columns, complaints)
    positions = _positions(columns, complaints)
    roles = _roles(source, columns, positions, complaints)
    _refuse_opt_outs(source, columns, roles, complaints)
    fields = {name: positions[fold(name)] for name in wanted if fold(name) in positions}
    for name in sorted(wanted - fields.keys() - BUILT_IN_FIELDS):
        message = f"a text needs a column called {quoted(name)}; found {listed(columns)}"
        otherwise = f"add the column, or take {{{{ {inert(name)} }}}} out of the text"
        complaints.add("unknown_field", message, _meant(name, columns) or otherwise)
    complaints.refuse()
    return Layout(columns, roles, {name: fields[name] for name in fields if name not in BUILT_IN_FIELDS})


class _Complaints:
    """Collects problems of one place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._problems: list[Problem] = []

    def add(self, code: str, message: str, hint: str = "") -> None:
        self._problems.append(Problem(self._place, code, message, hint))

    def refuse(self) -> None:
        """Raise what was collected."""
        if self._problems:
            raise files_error(self._problems)


def _refuse_what_is_no_header(
    source: ContactsSource, columns: Sequence[str], complaints: _Complaints
) -> None:
    """A list without a header, or split at the wrong character: all else would be noise."""
    if any(_IS_NUMBER.fullmatch(cell) for cell in columns):
        names = ",".join(["phone", *(f"column{place}" for place in range(2, len(columns) + 1))])
        message = f"the first line has to name the columns, found a contact: {listed(columns)}"
        complaints.add("header", message, f"put a line above it, such as {names}")
    only = columns[0] if len(columns) == 1 else ""
    others = [each for each in CANDIDATES if each in only and each != source.delimiter]
    if source.delimiter is not None and others:
        written, found = DELIMITER_WORDS[source.delimiter], DELIMITER_WORDS[others[0]]
        message = f"the campaigns file says delimiter: {written}, and the header has {found}: {quoted(only)}"
        complaints.add("delimiter", message, f"write delimiter: {found}, or delete that key")
    complaints.refuse()


def _meant(name: str, columns: Sequence[str]) -> str:
    meant = did_you_mean(name, columns)
    return f'did you mean "{inert(meant)}"?' if meant else ""


def _positions(columns: Sequence[str], complaints: _Complaints) -> Mapping[str, int]:
    """Folded header to position."""
    positions: dict[str, int] = {}
    for index, name in enumerate(columns):
        if has_control(name):
            complaints.add("header", f"the header {quoted(name)} holds a control character", "delete it")
        if not fold(name):
            complaints.add("empty_header", f"column {index + 1} has no name", "name it or delete the column")
        elif fold(name) in positions:
            first = columns[positions[fold(name)]]
            message = f"two columns have one name: {quoted(first)} (column {positions[fold(name)] + 1})"
            hint = "rename or delete one; case, spaces, _ and - make no difference"
            complaints.add("duplicate_header", f"{message} and {quoted(name)} (column {index + 1})", hint)
        else:
            positions[fold(name)] = index
    return positions


def _roles(
    source: ContactsSource, columns: Sequence[str], positions: Mapping[str, int], complaints: _Complaints
) -> Mapping[Role, int]:
    roles: dict[Role, int] = {}
    for role in Role:
        mapped = source.columns.get(role)
        if mapped is not None and fold(mapped) in positions:
            roles[role] = positions[fold(mapped)]
        elif mapped is None:
            found = [positions[name] for name in positions if name in names_of(role)]
            roles |= {role: found[0]} if len(found) == 1 else {}
            if len(found) > 1:
                several = listed(columns[index] for index in found)
                hint = _say_which(source, role, columns[found[0]])
                complaints.add("two_columns", f"more than one column could be the {role}: {several}", hint)
            elif not found and role is Role.PHONE:
                message = f'needs a column with the numbers, called "phone"; found {listed(columns)}'
                guess = next((name for name in columns if _sounds_like_phone(name)), "…")
                complaints.add("missing_column", message, _say_which(source, role, guess))
        elif mapped != IGNORE or role is Role.PHONE:
            message = f"needs a column called {quoted(mapped)} for the {role}; found {listed(columns)}"
            hint = _meant(mapped, columns) or _say_which(source, role, "…")
            complaints.add("missing_column", message, hint)
    _refuse_shared(roles, columns, complaints)
    return _with_whole_consent(source, roles, complaints)


def _say_which(source: ContactsSource, role: Role, header: str) -> str:
    return f"say which it is, in the campaigns file: {_mapping(source, role, header)}"


def _mapping(source: ContactsSource, role: Role, header: str) -> str:
    """What to write in the campaigns file, with what it says of the list already."""
    return _written(source, columns={**source.columns, role: header})


def _written(
    source: ContactsSource, *, delimiter: str | None = None, columns: Mapping[str, str] | None = None
) -> str:
    """`contacts: {file: list.csv, region: PL, columns: {phone: "Mobile"}}`."""
    said = delimiter or (source.delimiter and DELIMITER_WORDS[source.delimiter])
    mapped = ", ".join(f'{role}: "{inert(name)}"' for role, name in (columns or source.columns).items())
    parts = {
        "file": inert(source.file.name) if source.file else None,
        "region": source.region,
        "delimiter": said,
        "columns": f"{{{mapped}}}" if mapped else None,
    }
    return f"contacts: {{{', '.join(f'{key}: {value}' for key, value in parts.items() if value)}}}"


def _sounds_like_phone(name: str) -> bool:
    """Good enough to be proposed, never to be taken: a fax number sounds like one too."""
    return any(part in fold(name) for part in _PHONE_PARTS.split())


def _refuse_shared(roles: Mapping[Role, int], columns: Sequence[str], complaints: _Complaints) -> None:
    owners: dict[int, Role] = {}
    for role, index in roles.items():
        if index in owners:
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
    source: ContactsSource, columns: Sequence[str], roles: Mapping[Role, int], complaints: _Complaints
) -> None:
    if source.columns.get(Role.OPT_OUT) == IGNORE:
        return
    for index, name in enumerate(columns):
        if not looks_like_opt_out(name) or roles.get(Role.OPT_OUT) == index:
            continue
        shown = inert(name)
        if Role.OPT_OUT in roles:
            hint = "a list has one opt-out column: put both into one, or rename this one if it is none"
        else:
            hint = f"{_mapping(source, Role.OPT_OUT, name)} heeds it, opt_out: {IGNORE} reads over it"
        complaints.add("opt_out_column", f'"{shown}" looks like an opt-out, and nothing says so', hint)
