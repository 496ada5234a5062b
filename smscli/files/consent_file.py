"""Lists of people who agreed, or who said no, each with when and how: tables, or JSON objects a line.

    found = examine_consents(path, said={Part.HOW: "paper"}, region="PL", now=now, by="ola@desk")

A number is no consent. A level, a time and a way make one, said by the file or (for all of its rows at once)
by whoever imports it; a cell that is left empty is never filled in for these three. Knows what the columns
are called and what their cells mean; how a list or a number is read is known elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, TypeVar

from smscli.domain.campaign import Purpose
from smscli.domain.consent import ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import FilesError, Place, Problem
from smscli.domain.msisdn import BadNumber, Msisdn
from smscli.domain.repairs import read_number
from smscli.files.careful_times import earliest, latest
from smscli.files.column_names import IGNORE, NAMES, Role, is_named, looks_like_opt_out, plain, words
from smscli.files.csv_records import cleaned
from smscli.files.json_lines import is_json_lines, open_json_lines
from smscli.files.list_source import ContactsSource
from smscli.files.located import Wrong
from smscli.files.number_list import Listed, NumberList, open_numbers
from smscli.files.promises import parse_promise
from smscli.files.reading import did_you_mean, files_error, fold, has_control, inert, listed, quoted, shown
from smscli.files.scalars import parse_language, parse_level

_KEY = "consents"
_AS_IT_SHOULD_BE = "such a list is CSV in UTF-8 whose first line names the columns, one of them phone"
_HEADER = "phone,level,at,how"
_EVERYTHING = frozenset({"all", "any", "everything", "*"})
_FORMULA = ("=", "+", "-", "@")

#: So far ahead a no of today may stand, which counts from the end of the day wherever that ends last.
_STILL_TODAY = timedelta(hours=36)

_NO_ROW = "a row without is no consent: fill the cell, or delete the row"


class Part(StrEnum):
    """What a column, or an option, can say of a consent."""

    LEVEL = "level"
    AT = "at"
    HOW = "how"
    WHERE = "where"
    WORDS = "words"
    LANGUAGE = "language"
    PURPOSE = "purpose"
    TOPICS = "topics"
    EXPIRES = "expires"
    PROMISE = "promise"
    PROOF = "proof"
    RAW = "raw"
    AS_WRITTEN = "as_written"
    SOURCE = "source"
    BY = "by"


#: Without these three there is no consent.
NEEDED = (Part.LEVEL, Part.AT, Part.HOW)

_IN_WORDS = {Part.LEVEL: "level of consent", Part.AT: "date", Part.HOW: "way in which they agreed"}

_TO_TYPE = {Part.LEVEL: "LEVEL", Part.AT: "TIME", Part.HOW: "HOW"}

#: What the columns may be called besides, blind to case, accents, spaces, `_` and `-`.
PART_NAMES: Mapping[Part, tuple[str, ...]] = MappingProxyType(
    {
        Part.LEVEL: NAMES[Role.CONSENT],
        Part.AT: (*NAMES[Role.CONSENT_DATE], *words("agreedat agreedon optedinat optinat occurredat")),
        Part.HOW: words("method consentmethod"),
        Part.WHERE: (*NAMES[Role.CONSENT_SOURCE], *words("place formurl consenturl")),
        Part.WORDS: words("wordsshown textshown consenttext consentwords wording"),
        Part.LANGUAGE: NAMES[Role.LANGUAGE],
        Part.PURPOSE: words("scope"),
        Part.TOPICS: (*NAMES[Role.CONSENT_TOPICS], "topic"),
        Part.EXPIRES: words("expiresat expireson expirydate validuntil"),
        Part.PROMISE: words("frequencypromise promisedfrequency"),
        Part.PROOF: words("proofuri prooffile"),
        Part.RAW: words("rawtext keywordraw"),
        Part.AS_WRITTEN: (),
        Part.SOURCE: (),
        Part.BY: (),
    }
)
_PARTS = {plain(name): part for part in Part for name in (part.value, *PART_NAMES[part])}

#: What an export says of a record and an import does not take over: the log knows better.
_OF_THE_LOG = frozenset(map(plain, words("key recordedat number phone country")))

Texts: TypeAlias = Mapping[Part, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ConsentList:
    """What a list says, and which of its rows could not be read.

    `asks` are columns that say of each row whether somebody opted out (`unsubscribed`); `unread` all other
    columns that say nothing of a consent.
    """

    records: tuple[ConsentRecord, ...]
    problems: tuple[Problem, ...]
    asks: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartWrong:
    """A part that says what cannot be."""

    part: Part
    wrong: Wrong


class NoConsent(ValueError):
    """Texts that make no record, with all that is wrong with them."""

    def __init__(self, wrongs: Sequence[PartWrong]) -> None:
        super().__init__("; ".join(each.wrong.message for each in wrongs))
        self.wrongs = tuple(wrongs)


def examine_consents(
    path: Path, said: Texts, region: str | None = None, *, now: datetime, by: str
) -> ConsentList:
    """The records of a file. `said` is what holds for all rows; numbers without a country are `region`'s.

    `now` is when nothing later can have been said, `by` who imports. Raises FilesError where the file itself
    cannot be read, or where neither it nor `said` has a level, a time and a way.
    """
    reading = _Reading(path, said, region, now, by)
    return reading.of_objects() if is_json_lines(path) else reading.of_table()


def consent_record(number: Msisdn, texts: Texts, *, now: datetime, source: str, by: str) -> ConsentRecord:
    """A record of what these texts say. Raises NoConsent."""
    said = _Said(texts)
    level = said.by(Part.LEVEL, _level, ConsentLevel.NONE)
    end = _no_end if level is ConsentLevel.NONE and not said.wrongs else _end
    at = said.by(Part.AT, partial(_at, level, now), now)
    record = ConsentRecord(
        number=number,
        level=level,
        at=at,
        how=said.by(Part.HOW, _method, ConsentMethod.OTHER),
        purpose=said.by(Part.PURPOSE, _purpose, ""),
        topics=said.by(Part.TOPICS, _topics, ()),
        as_written=said.by(Part.AS_WRITTEN, _free, "") or texts.get(Part.AT, ""),
        where=said.by(Part.WHERE, _free, ""),
        words=said.by(Part.WORDS, _free, ""),
        language=said.by(Part.LANGUAGE, _language, ""),
        expires_at=said.by(Part.EXPIRES, partial(end, at), None),
        proof=said.by(Part.PROOF, _free, ""),
        raw=said.by(Part.RAW, str, ""),  # what somebody sent, with whatever it holds
        promise=said.by(Part.PROMISE, _promise, None),
        source=_free(source),
        by=by,
    )
    if said.wrongs:
        raise NoConsent(said.wrongs)
    return record


class _Said:
    """Texts by part, and what is wrong with those that were asked for."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self.wrongs: list[PartWrong] = []

    def by(self, part: Part, read: Callable[[str], T], otherwise: T) -> T:
        """What `read` makes of a part; `otherwise` where that cannot be, and is complained of."""
        try:
            return read(self._texts.get(part, ""))
        except Wrong as wrong:
            self.wrongs.append(PartWrong(part, wrong))
            return otherwise


# --- files ---------------------------------------------------------------------------------------


class _Reading:
    """One way through a file."""

    def __init__(self, path: Path, said: Texts, region: str | None, now: datetime, by: str) -> None:
        self._path = path
        self._said = said
        self._region = region
        self._now = now
        self._by = by
        self._records: list[ConsentRecord] = []
        self._problems: list[Problem] = []

    def of_table(self) -> ConsentList:
        source = ContactsSource(self._path, region=self._region, key=_KEY)
        try:
            return self._of_table(source)
        except FilesError as wrong:
            if {problem.code for problem in wrong.problems} != {"region_column"}:
                raise
            # A column called region may hold states, and nothing can say so here.
            self._records, self._problems = [], []
            return self._of_table(replace(source, columns={Role.REGION: IGNORE}))

    def _of_table(self, source: ContactsSource) -> ConsentList:
        try:
            with open_numbers(source) as numbers:
                places = self._places(numbers)
                self._expect(places, numbers.header_line or None)
                for found in numbers:
                    if isinstance(found, Problem):
                        self._problems.append(_without_keys(found))
                    else:
                        self._take(found.number, found.line, _texts(found, places))
        except FilesError as wrong:
            if not wrong.problems:
                raise
            raise files_error([_without_keys(problem) for problem in wrong.problems]) from wrong
        return self._found(numbers.columns)

    def of_objects(self) -> ConsentList:
        keys: dict[str, None] = {}
        with open_json_lines(self._path) as lines:
            for line, found in lines:
                if isinstance(found, Problem):
                    self._problems.append(found)
                    continue
                try:
                    parts = _parts_of(found)
                except Wrong as wrong:
                    self._complain(line, "", wrong)
                    continue
                if not keys:
                    self._expect(parts, line)
                keys |= dict.fromkeys(found)
                self._take_object(line, found, parts)
        if not keys and not self._problems:
            hint = 'each line is an object: {"phone": "+12025550101", "level": "express", …}'
            raise files_error([Problem(Place(str(self._path)), "empty_file", "is empty", hint)])
        return self._found(tuple(keys))

    def _found(self, columns: Sequence[str]) -> ConsentList:
        asks = tuple(name for name in columns if looks_like_opt_out(name))
        known = _PARTS.keys() | _OF_THE_LOG
        unread = (
            name
            for name in columns
            if name and name not in asks and plain(name) not in known and not _is_of_the_number(name)
        )
        return ConsentList(tuple(self._records), tuple(self._problems), asks, tuple(unread))

    def _places(self, numbers: NumberList) -> Mapping[Part, int]:
        """Which cell says what. Raises FilesError where two columns could."""
        places: dict[Part, int] = {}
        for at, name in enumerate(numbers.columns):
            part = _PARTS.get(plain(name))
            if part is None:
                continue
            if part in places:
                both = listed((numbers.columns[places[part]], name))
                message = f"more than one column could be the {part}: {both}"
                raise files_error(
                    [numbers.problem(numbers.header_line, "two_columns", message, "rename one of them")]
                )
            places[part] = at
        return places

    def _expect(self, columns: Mapping[Part, object], line: int | None) -> None:
        """A level, a time and a way, each said once. Raises FilesError."""
        lacking = [part for part in NEEDED if part not in columns and part not in self._said]
        twice = [part for part in NEEDED if part in columns and part in self._said]
        place = Place(str(self._path), line)
        if lacking:
            named = listed([f"no {_IN_WORDS[part]}" for part in lacking])
            message = f"says {named}: numbers alone are no consent"
            options = " ".join(f"--{part} {_TO_TYPE[part]}" for part in lacking)
            ways = f" (one of {', '.join(ConsentMethod)})" if Part.HOW in lacking else ""
            by_row = "give each row a column for it" if line else f"name the columns above them ({_HEADER})"
            hint = f"{by_row}, or say it of all rows, if it is so: {options}{ways}"
            raise files_error([Problem(place, "half_consent", message, hint)])
        if twice:
            message = f"has a column for {listed(twice)} already"
            options = " ".join(f"--{part}" for part in twice)
            hint = f"leave out {options}: what a row says of itself counts, and an empty cell is no consent"
            raise files_error([Problem(place, "half_consent", message, hint)])

    def _take_object(self, line: int, found: Mapping[str, object], parts: Mapping[Part, object]) -> None:
        try:
            texts = {part: _as_text(value) for part, value in parts.items()}
            text = next((_as_text(value) for key, value in found.items() if is_named(key, Role.PHONE)), "")
            number, _ = read_number(text, self._region)
        except Wrong as wrong:
            self._complain(line, "", wrong)
        except BadNumber as bad:
            self._complain(line, Role.PHONE, Wrong(bad.message, code=bad.code, hint=bad.hint), text)
        else:
            self._take(number, line, texts)

    def _take(self, number: Msisdn, line: int, texts: Texts) -> None:
        """Keep what a row says, or what is wrong with it."""
        whole = {**self._said, **{part: text for part, text in texts.items() if text or part in NEEDED}}
        before = " by ".join(filter(None, (whole.get(Part.SOURCE), whole.get(Part.BY))))
        source = f"{self._path.name}:{line}" + (f" ({before})" if before else "")
        try:
            self._records.append(consent_record(number, whole, now=self._now, source=source, by=self._by))
        except NoConsent as no:
            for each in no.wrongs:
                self._complain(line, each.part, each.wrong, whole.get(each.part, ""))

    def _complain(self, line: int, part: str, wrong: Wrong, text: str = "") -> None:
        said = (inert(wrong.message, 300), inert(wrong.hint, 300))
        place = Place(str(self._path), line, None, part)
        self._problems.append(_without_keys(Problem(place, wrong.code, *said, value=shown(text))))


def _without_keys(problem: Problem) -> Problem:
    """The campaigns file can say how to read a contact list; of this one it says nothing."""
    if problem.code == "number_needs_country":
        return replace(problem, hint="start it with + and the country code")
    return replace(problem, hint=_AS_IT_SHOULD_BE) if f"{_KEY}: {{" in problem.hint else problem


def _texts(found: Listed, places: Mapping[Part, int]) -> Texts:
    return {part: _without_guard(cleaned(found.cells[at])) for part, at in places.items()}


def _without_guard(text: str) -> str:
    """Without the ' that keeps a spreadsheet from running a cell: our own exports write it."""
    is_guarded = text.startswith("'") and text[1:].lstrip().startswith(_FORMULA)
    return text[1:] if is_guarded else text


def _parts_of(found: Mapping[str, object]) -> Mapping[Part, object]:
    """What the keys of an object say. Raises Wrong where two say the same."""
    named = [(part, key) for key in found if (part := _PARTS.get(plain(key)))]
    for (part, key), (following, other) in pairwise(sorted(named)):
        if part is following:
            message = f"more than one key could be the {part}: {listed((key, other))}"
            raise Wrong(message, code="two_columns", hint="rename one of them")
    return {part: found[key] for part, key in named}


def _is_of_the_number(name: str) -> bool:
    """The number, or its country, which is read with it."""
    return is_named(name, Role.PHONE) or is_named(name, Role.REGION)


def _as_text(value: object) -> str:
    """A value of JSON as a cell would have it. Raises Wrong."""
    match value:
        case None:
            return ""
        case str():
            return cleaned(value)
        case bool() | dict():
            pass
        case int() | float():
            return str(value)
        case list() if all(isinstance(each, str) for each in value):
            return ",".join(value)
    message = "holds a value that is neither text nor a list of texts"
    raise Wrong(message, code="wrong_type", hint="write values in quotes")


# --- cells ---------------------------------------------------------------------------------------


@lru_cache  # a list knows a few levels, ways and topics
def _level(text: str) -> ConsentLevel:
    if not text:
        raise Wrong("is empty: consent has a level", code="half_consent", hint=_NO_ROW)
    try:
        return parse_level(text)
    except Wrong as wrong:
        raise Wrong(wrong.message, code="bad_consent", hint=wrong.hint) from None


@lru_cache
def _method(text: str) -> ConsentMethod:
    """`web_form`, `Web form`, `email`: blind to case, spaces, `_` and `-`."""
    if not text:
        raise Wrong("is empty: consent was given in some way", code="half_consent", hint=_NO_ROW)
    known = {fold(method): method for method in ConsentMethod}
    if fold(text) in known:
        return known[fold(text)]
    meant = did_you_mean(text, list(ConsentMethod))
    hint = f'did you mean "{meant}"?' if meant else f"write {listed(list(ConsentMethod), 'or')}"
    raise Wrong(f"{quoted(text)} is no way of agreeing", code="bad_method", hint=hint)


@lru_cache
def _purpose(text: str) -> str:
    word = text.lower()
    if not word or word in _EVERYTHING:
        return ""
    if word not in set(Purpose):
        hint = f"write {listed([*Purpose, 'all'], 'or')}"
        raise Wrong(f"{quoted(text)} is no purpose", code="bad_purpose", hint=hint)
    return word


@lru_cache(maxsize=4_096)
def _topics(text: str) -> tuple[str, ...]:
    """The topics of a cell, in order of the alphabet; none means everything, and so do the words for it."""
    named = {topic for part in _free(text).replace(";", ",").split(",") if (topic := part.strip().lower())}
    return () if _EVERYTHING & named else tuple(sorted(named))


@lru_cache
def _language(text: str) -> str:
    if not text:
        return ""
    try:
        return parse_language(text)
    except Wrong as wrong:
        raise Wrong(wrong.message, code="bad_language", hint=wrong.hint) from None


@lru_cache
def _promise(text: str) -> Promise | None:
    return parse_promise(text) if text else None


def _free(text: str) -> str:
    """Words of people as they are, in several lines if they like; a TAB is a blank."""
    if not text.isprintable():
        text = text.replace("\t", " ")
        if has_control(text, allowed="\n"):
            raise Wrong("holds a control character", code="control_character", hint="delete it")
    return text


def _at(level: ConsentLevel, now: datetime, text: str) -> datetime:
    """When it was said: of a yes the earliest that this can mean, of a no the latest.

    So that a no of the same day takes the yes back, whatever the clocks said.
    """
    if not text:
        raise Wrong("is empty: consent has a date", code="half_consent", hint=_NO_ROW)
    at = earliest(text)
    if at - (_STILL_TODAY if level is ConsentLevel.NONE else timedelta()) > now:
        hint = "nobody can have said it yet: have year, month and day changed places?"
        raise Wrong(f"{quoted(text)} lies in the future", code="future_date", hint=hint)
    return _in_millis(latest(text) if level is ConsentLevel.NONE else at)


def _end(at: datetime, text: str) -> datetime | None:
    """When it ends: the earliest that this can mean."""
    if not text:
        return None
    ends = _in_millis(earliest(text))
    if ends <= at:
        hint = "a consent ends after it was given, or not at all"
        raise Wrong(f"{quoted(text)} is not later than the consent itself", code="bad_date", hint=hint)
    return ends


def _no_end(_: datetime, text: str) -> None:
    """Of a no: it holds until a later yes. Who does not want to be texted for a time opts out for a time."""
    if text:
        hint = "leave it out; to opt out for a time: smscli optout add NUMBER --until TIME"
        raise Wrong("a no does not end, a later yes takes it back", code="no_that_ends", hint=hint)


def _in_millis(moment: datetime) -> datetime:
    """As the sent log keeps it."""
    return moment - timedelta(microseconds=moment.microsecond % 1000)
