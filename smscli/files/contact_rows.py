"""From a record to a contact, or to all that keeps it from being one.

A list of a million rows has a few hundred different zones, languages, levels and dates: what such a cell
means is worked out once. Only numbers and fields are looked at anew in each row. Knows cells; opens nothing
and reads no clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Generic, TypeVar

from smscli.domain.addresses import OF_THE_US, part_called, zip_code
from smscli.domain.contact import Consent, ConsentLevel, Contact
from smscli.domain.errors import Place, Problem
from smscli.domain.msisdn import BadNumber, Msisdn, mask
from smscli.domain.number_types import number_type, said, why_not
from smscli.domain.repairs import read_number
from smscli.domain.zones import check_zone_name
from smscli.files.bad_rows import BadRow
from smscli.files.cell_damage import NO_VALUES, Damage, damaged_text, may_be_damaged, plainly_spaced, swapped
from smscli.files.contact_columns import IGNORE, Layout, Role
from smscli.files.csv_records import Record, cleaned
from smscli.files.list_source import ContactsSource
from smscli.files.located import Wrong
from smscli.files.reading import has_control, inert, quoted, shown
from smscli.files.scalars import parse_country, parse_language, parse_level

#: In the languages of the headers that are known. Not `ne`: it is a no in Prague and a yes in Athens.
_YES_WORDS = "yes y true t 1 x ja oui sí si sim tak да ναι evet ano igen da"
_NO_WORDS = "no n false f 0 nein non não nao nie нет όχι οχι hayır hayir nem nej"
_YES, _NO = frozenset(_YES_WORDS.split()), frozenset(["", *_NO_WORDS.split()])
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_DAY = re.compile(
    r"(0?[1-9]|[12]\d|3[01])[./-](0?[1-9]|1[0-2])[./-](19|20)\d\d|"
    r"(19|20)\d\d[./-](0?[1-9]|1[0-2])[./-](0?[1-9]|[12]\d|3[01])"
)
_SINCE = re.compile(r"(\d{4}[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-](\d{4}|\d\d))(?!\d)")

#: What may be a number inside a cell that is none as a whole.
_PIECES = re.compile(r"[+(]*\d[\d ().-]{5,}\d")

#: So many different cells of a column are remembered with what they mean.
_REMEMBERED = 4_096
_LONGEST_REMEMBERED = 200

#: Proposing what was meant takes a hundred times as long as reading, and nobody reads more of it.
_MOST_PROPOSALS = 200

T = TypeVar("T")


class _Column(Generic[T]):
    """A column with a role. An empty cell means `of_empty`, every other what `read` makes of it.

    Where very many cells are bad, `briefly` reads the rest: it says what is wrong, and proposes nothing.
    """

    def __init__(
        self,
        layout: Layout,
        role: Role,
        read: Callable[[str], T],
        of_empty: T | None = None,
        at: int | None = None,
        briefly: Callable[[str], T] | None = None,
    ) -> None:
        self.index = layout.roles.get(role, -1) if at is None else at
        self.name = layout.columns[self.index] if self.index >= 0 else ""
        self._role = role
        self._read = read
        self._of_empty = of_empty
        self._known: dict[str, T | Damage | None] = {}
        self._briefly = briefly or read
        self._bad = 0

    def meaning(self, cell: str) -> T | Damage | None:
        """What the cell means, or what is wrong with it."""
        known = self._known
        if len(cell) > _LONGEST_REMEMBERED:
            return self._worked_out(cell)
        if cell not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[cell] = self._worked_out(cell)
        return known[cell]

    def _worked_out(self, cell: str) -> T | Damage | None:
        text = cleaned(cell)
        if not text:
            return self._of_empty
        if has_control(text):
            return Damage("control_character", f"{mask(text)} holds a control character", "delete it")
        try:
            return self._read(text) if self._bad < _MOST_PROPOSALS else self._briefly(text)
        except ValueError as wrong:
            self._bad += 1
            code = getattr(wrong, "code", Wrong.CODE)
            code = f"bad_{self._role}" if code == Wrong.CODE else code
            return Damage(code, getattr(wrong, "message", str(wrong)), getattr(wrong, "hint", ""))


class RowReader:
    """Makes rows of the records of one list, one at a time. `of_list`: which list of its campaign, from 0.

    `written_width` counts the header's cells with those that have no name: spreadsheets write empty columns.
    """

    def __init__(
        self, source: ContactsSource, layout: Layout, written_width: int, today: date, of_list: int = 0
    ) -> None:
        self._name = source.name
        self._types = source.number_types
        self._region = source.region
        self._of_list = of_list
        self._names = layout.columns
        self._width = len(layout.columns)
        self._written_width = written_width
        self._phone = layout.roles[Role.PHONE]
        self._fields = tuple(layout.fields.items())
        self._country = _Column(layout, Role.REGION, parse_country)
        self._opt_outs = tuple(
            _Column(layout, Role.OPT_OUT, _says_stop, of_empty=False, at=at) for at in layout.opt_outs
        )
        self._zone = _Column(
            layout, Role.ZONE, check_zone_name, briefly=partial(check_zone_name, proposes=False)
        )
        self._layout = layout
        self._has_states = Role.STATE in layout.roles
        self._states: dict[tuple[str | None, str | None], _Column[str | None]] = {}
        self._zip = _Column(layout, Role.ZIP, zip_code)
        self._is_said = {role: source.columns.get(role, IGNORE) != IGNORE for role in (Role.STATE, Role.ZIP)}
        self._language = _Column(layout, Role.LANGUAGE, parse_language)
        self._level = _Column(layout, Role.CONSENT, parse_level)
        self._given_on = _Column(layout, Role.CONSENT_DATE, partial(_past_date, today))
        self._topics = _Column[tuple[str, ...]](layout, Role.CONSENT_TOPICS, _topics, of_empty=())
        self._source = _Column(layout, Role.CONSENT_SOURCE, str)
        self._record = Record(0, ())
        self._in_list = 0
        self._problems: list[Problem] = []
        self._complained: set[tuple[str, str]] = set()
        names = ("", *map(shown, self._names))
        self._places = {name: place for place, name in reversed(list(enumerate(names)))}
        self._repairs: tuple[Problem, ...] = ()

    def read(self, row: int, record: Record, in_list: int) -> Contact | BadRow:
        """The contact, or all that keeps the row from being one.

        `row` counts the records of all lists of the campaign, `in_list` those of this list; both from 1.
        """
        self._record, self._in_list = record, in_list
        self._problems, self._repairs = [], ()
        self._complained.clear()
        cells = self._whole(record)
        if cells is None:
            return self._bad(row, self._may_opt_out(record.cells))
        together = "".join(cells)
        is_plain = together.isprintable() and not may_be_damaged(together)
        if not is_plain:
            self._refuse_nul(cells)
        number = self._number(cells)
        opted_out = self._has_opted_out(cells)
        consent = self._consent(cells) if self._level.index >= 0 else None
        zone = self._meaning(self._zone, cells)
        state, postcode = self._state(cells, number), self._postcode(cells, number)
        language = self._meaning(self._language, cells)
        fields = {name: cells[at].strip() for name, at in self._fields}
        if not is_plain or not NO_VALUES.isdisjoint(fields.values()):
            fields = {name: self._field(cells, at) for name, at in self._fields}
        if self._problems or number is None:
            known = (number,) if number else self._may_opt_out((cells[self._phone],))
            return self._bad(row, () if opted_out is False else known)
        stops = _EVERYTHING if opted_out else ()
        return Contact(
            row,
            record.line,
            number,
            consent,
            stops,
            zone,
            language,
            fields,
            self._of_list,
            self._repairs,
            state,
            postcode,
        )

    def _whole(self, record: Record) -> tuple[str, ...] | None:
        """The cells of a record that has the header's shape, and no doubt about where it begins."""
        cells, width = record.cells, self._width
        if record.broken:
            self._complain("", "broken_row", record.broken, "mend the quotes of this row")
            return None
        if record.behind is not None:
            message = f"stands behind a quote that line {record.behind} opens and does not close"
            self._complain("", "uncertain_row", message, f"mend line {record.behind} first")
        # Not any empty cell too many: behind a name with a comma in it all cells stand one too far right.
        if len(cells) == self._written_width > width and not any(map(cleaned, cells[width:])):
            return cells[:width]
        if len(cells) != width:
            amount = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            self._complain("", "wrong_cells", f"has {amount}, the header has {width}", _shape(cells, width))
            return None
        return cells

    def _refuse_nul(self, cells: tuple[str, ...]) -> None:
        for at, cell in enumerate(cells):
            if "\0" in cell:
                self._complain_of(cells, at, "control_character", "holds a NUL byte", "export the list again")

    def _bad(self, row: int, opted_out: tuple[Msisdn, ...] = ()) -> BadRow:
        problems = sorted(self._problems, key=lambda problem: self._places[problem.where.path])
        line, cells = self._record.line, self._record.cells
        return BadRow(row, line, tuple(problems), cells, opted_out, self._of_list)

    def _complain(self, column: str, code: str, message: str, hint: str = "", value: str = "") -> None:
        place = Place(self._name, self._record.line, None, shown(column))
        if (column, code) in self._complained:
            return  # a NUL is a control character too
        self._complained.add((column, code))
        said = (inert(message, 300), inert(hint, 300))
        self._problems.append(Problem(place, code, *said, self._in_list, value))

    def _complain_of(self, cells: tuple[str, ...], at: int, code: str, message: str, hint: str) -> None:
        self._complain(self._names[at], code, message, hint, _masked(cells[at]))

    def _meaning(self, column: _Column[T], cells: tuple[str, ...]) -> T | None:
        """What a cell means; None for no such column, an empty cell, or a bad one (and complained of)."""
        if column.index < 0:
            return None
        found = column.meaning(cells[column.index])
        if isinstance(found, Damage):
            self._complain_of(cells, column.index, found.code, found.message, found.hint)
            return None
        return found

    def _if_said(self, role: Role, column: _Column[T], cells: tuple[str, ...]) -> T | None:
        """Like `_meaning`. A column that was taken by its name may be about something else: what cannot be
        read in it says nothing."""
        if self._is_said[role]:
            return self._meaning(column, cells)
        found = column.meaning(cells[column.index])
        return None if isinstance(found, Damage) else found

    def _state(self, cells: tuple[str, ...], number: Msisdn | None) -> str | None:
        """A state, read as one of the row's country, of the number's or of the list's."""
        if not self._has_states:
            return None
        there = self._country_of(cells), number.country if number else None
        column = self._states.get(there)
        if column is None:
            countries = tuple(dict.fromkeys(filter(None, (*there, self._region))))
            read = partial(part_called, countries=countries)
            column = _Column(self._layout, Role.STATE, read, briefly=partial(read, proposes=False))
            self._states[there] = column
        return self._if_said(Role.STATE, column, cells)

    def _postcode(self, cells: tuple[str, ...], number: Msisdn | None) -> str | None:
        """A ZIP code of somebody with a number of the US, unless the row's country is another."""
        if self._zip.index < 0 or number is None or number.country not in OF_THE_US:
            return None
        if (self._country_of(cells) or number.country) not in OF_THE_US:
            return None
        return self._if_said(Role.ZIP, self._zip, cells)

    def _country_of(self, cells: tuple[str, ...]) -> str | None:
        return self._known_country(cells[self._country.index]) if self._country.index >= 0 else None

    def _has_opted_out(self, cells: tuple[str, ...]) -> bool | None:
        """Does any column say so? None where no column does and one cannot be read (and is complained of)."""
        said = [self._meaning(column, cells) for column in self._opt_outs]
        return True if True in said else None if None in said else False

    def _may_opt_out(self, cells: Iterable[str]) -> tuple[Msisdn, ...]:
        """All numbers in these cells, of which the row may say that they opted out.

        Nobody can tell which cell is which in a row of another shape: so every number of it is meant. Of a
        cell that is no number each piece that is one: two numbers, or one with an extension.
        """
        if not self._opt_outs:
            return ()
        regions = {self._region, *map(self._known_country, self._record.cells)}
        pieces = ((cell, _PIECES.findall(cell)) for cell in cells)
        texts = (text for cell, parts in pieces if parts for text in {cleaned(cell), *parts})
        found = (_number_in(text, region) for text in texts for region in regions)
        return tuple(dict.fromkeys(filter(None, found)))

    def _known_country(self, cell: str) -> str | None:
        """What a cell says if it is the country of its row; None in a list without countries."""
        found = self._country.meaning(cell) if self._country.index >= 0 else None
        return found if isinstance(found, str) else None

    # -- the number

    def _number(self, cells: tuple[str, ...]) -> Msisdn | None:
        """The number; one that does not start with + is read in the row's region, else in the list's."""
        text, region = cleaned(cells[self._phone]), self._region
        if _DAY.fullmatch(text):  # cells that slipped by one; 31-12-1985 is somebody's number in Denmark
            message = f"{mask(text)} is a date, not a phone number"
            self._complain_of(cells, self._phone, "not_a_number", message, "have the cells slipped by one?")
            return None
        if self._country.index >= 0 and not text.startswith("+"):
            before = len(self._problems)
            region = self._meaning(self._country, cells) or region
            if len(self._problems) > before:
                return None
        try:
            number, repair = read_number(text, region)
        except BadNumber as bad:
            self._complain_of_number(cells, region, bad)
            return None
        if repair is not None:
            place = Place(self._name, self._record.line, None, shown(self._names[self._phone]))
            self._repairs = (Problem(place, repair.code, repair.message, "", self._in_list, _masked(text)),)
        kind = number_type(number)
        if kind not in self._types:
            read_as = "" if text.startswith("+") else f", read as a number of {number.country}"
            message = f"{mask(text)} is {said(kind)}{read_as}"
            self._complain_of(
                cells, self._phone, "number_type", message, why_not(kind, self._types, number.country)
            )
        return number

    def _complain_of_number(self, cells: tuple[str, ...], region: str | None, bad: BadNumber) -> None:
        at, text = swapped(cells, self._phone, region), cells[self._phone]
        damage = damaged_text(text) if may_be_damaged(text) else None
        if damage is not None:
            self._complain_of(cells, self._phone, damage.code, damage.message, damage.hint)
        elif bad.code == "several_numbers":  # also with a line break between them
            self._complain_of(cells, self._phone, bad.code, bad.message, bad.hint)
        elif has_control(cleaned(cells[self._phone])):
            message = f"{mask(cells[self._phone])} holds a control character"
            self._complain_of(cells, self._phone, "control_character", message, "delete it")
        elif at is not None:
            message = f"holds no number, and the column {quoted(self._names[at])} does"
            self._complain_of(cells, self._phone, "swapped_columns", message, "put each where it belongs")
        else:
            self._complain_of(cells, self._phone, bad.code, bad.message, bad.hint)

    # -- everything else

    def _field(self, cells: tuple[str, ...], at: int) -> str:
        """A cell that a text wants; not one that another program has damaged."""
        cell = cells[at]
        text, wrong = _written(cell) if len(cell) <= _LONGEST_REMEMBERED else _written_anew(cell)
        if wrong is not None:
            self._complain_of(cells, at, wrong.code, wrong.message, wrong.hint)
        return text

    def _consent(self, cells: tuple[str, ...]) -> Consent | None:
        before = len(self._problems)
        level = self._meaning(self._level, cells)
        given_on = self._meaning(self._given_on, cells)
        topics = self._meaning(self._topics, cells) or ()
        source = self._meaning(self._source, cells) or f"{self._name}:{self._record.line}"
        if len(self._problems) > before or level is None is given_on:
            return None
        if level is None or given_on is None:
            if level is not ConsentLevel.NONE:
                empty = self._level if level is None else self._given_on
                message = "is empty: consent has a level and a date"
                self._complain_of(cells, empty.index, "half_consent", message, "fill both or none")
            return None
        return Consent(level, given_on, topics, source)


_EVERYTHING = ("",)


def _masked(cell: str) -> str:
    """A cell to be told of: all that may be a number in it is masked, and a date is not."""
    return inert(cell if _SINCE.fullmatch(cell) else mask(cell))


def _number_in(text: str, region: str | None) -> Msisdn | None:
    try:
        return read_number(text, region)[0]
    except BadNumber:
        return None


def _written_anew(cell: str) -> tuple[str, Damage | None]:
    """What a cell says to a reader of a text, and what is wrong with it."""
    text = plainly_spaced(cleaned(cell))
    if has_control(text, allowed="\n"):
        return text, Damage("control_character", f"{mask(text)} holds a control character", "delete it")
    return text, damaged_text(text)


_written = lru_cache(maxsize=_REMEMBERED)(_written_anew)  # names come again and again


def _shape(cells: tuple[str, ...], width: int) -> str:
    """What may have happened to a row with more or fewer cells than the header."""
    if len(cells) < width:
        return "cells are missing at its end, or a line break inside a cell needs quotes"
    if not any(map(cleaned, cells[width:])):
        return "a delimiter too many at its end, or a cell that holds the delimiter and needs quotes"
    return "a cell that holds the delimiter needs quotes"


def _past_date(today: date, text: str) -> date:
    dotted = _DOTTED.fullmatch(text)  # with dots the day stands first, wherever dots are used
    text = f"{dotted[3]}-{dotted[2]:0>2}-{dotted[1]:0>2}" if dotted else text
    try:
        if not _DATE.match(text):
            raise ValueError(text)
        given_on = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        raise Wrong(f"{quoted(text)} is not a date", code="bad_date", hint="write 2025-03-01") from None
    # One day of grace: today comes to Auckland before it comes to UTC.
    if given_on > today + timedelta(days=1):
        hint = "year, month, day: 2025-03-01"
        raise Wrong(f"{quoted(text)} lies in the future", code="future_date", hint=hint)
    return given_on


def _says_stop(text: str) -> bool:
    word = text.casefold()
    if _SINCE.match(text):
        return True  # `unsubscribed_at`: whoever has a date there opted out
    if word not in _YES | _NO:
        hint = "write yes or no, or leave it empty for no"
        raise Wrong(f"{inert(mask(text))} is neither yes nor no", code="bad_opt_out", hint=hint)
    return word in _YES


def _topics(text: str) -> tuple[str, ...]:
    parts = (part.strip().lower() for part in text.replace(";", ",").split(","))
    return tuple(part for part in parts if part)
