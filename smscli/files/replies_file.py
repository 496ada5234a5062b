"""Replies as gateways hand them out: tables, JSON objects a line, or one JSON document.

    found = examine_replies(path, now=now, zone="Europe/Warsaw")        RepliesFound(replies, problems, …)

Columns and keys are known by the names that gateways use; `columns` says of others what they are. A time
without an offset is refused unless `zone` says whose it is: minutes decide whether STOP or START came last.
Rows of messages that we sent are left out. Knows no gateway by its name, and not what a reply means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from smscli.domain.errors import FilesError, Place, Problem
from smscli.domain.msisdn import BadNumber, Msisdn, digits_of, mask
from smscli.domain.repairs import read_number, with_plus
from smscli.domain.replies import Reply
from smscli.files.column_names import Role, words
from smscli.files.csv_records import Record, cleaned
from smscli.files.json_lines import open_json_lines
from smscli.files.list_bytes import byte_blocks
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from smscli.files.list_text import text_blocks
from smscli.files.reading import file_problem, files_error, fold, inert, listed, open_file, shown

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Of a JSON document, which is read as a whole; JSON lines may be of any size."""


class Form(StrEnum):
    """How a file of replies is written."""

    TABLE = "table"
    JSONL = "jsonl"
    JSON = "json"


class Part(StrEnum):
    """What a column or key says of a reply."""

    NUMBER = "number"
    TO = "to"
    TEXT = "text"
    AT = "at"
    ID = "id"
    DIRECTION = "direction"


#: Folded names, the surest first: of several that a file has, the first counts. A keyword is the first word
#: of a text, and stands for it only where nothing else does. ClickSend's `original_body` is what we wrote.
NAMES: Mapping[Part, tuple[str, ...]] = MappingProxyType(
    {
        Part.NUMBER: words(
            "from fromnumber msisdn sender sendernumber senderphone originator origin source sourcenumber",
            "sourceaddress sourceaddr phonenumber phone mobile mobilenumber contact customernumber number",
        ),
        Part.TO: words(
            "to tonumber destination destinationnumber destinationaddress destinationaddr destaddr recipient",
            "receiver shortcode shortnumber longnumber virtualnumber inboundnumber owner inbox servicenumber",
        ),
        Part.TEXT: words(
            "text body message messagebody messagetext content contentpreview smstext messagecontent",
            "textmessage keyword",
        ),
        Part.AT: words(
            "receivedat receivedon receivedtime receiveddate received datereceived messagetimestamp",
            "timestamp sentdate datesent sentat sent datecreated createdat created date datetime time at",
            "occurredat",
        ),
        Part.ID: words("messageid messagesid smsid sid uuid id reference ref"),
        Part.DIRECTION: ("direction", "eventtype", "event", "messagetype", "type"),
    }
)

_NEEDED = (Part.NUMBER, Part.TEXT, Part.AT)

_INBOUND = frozenset(
    words(
        "inbound in incoming mo received receive mobileoriginated message.received messagereceived",
        "sms:received inboundsms",
    )
)
_OUTBOUND = frozenset(
    words(
        "outbound out outgoing mt sent send delivered failed submitted mobileterminated outboundapi",
        "outboundcall outboundreply message.sent message.finalized messagesending messagedelivered",
        "messagefailed sms:sent sms:delivered sms:failed deliveryreceipt dlr",
    )
)

_LISTS = frozenset(words("results messages data items records inbound replies events smss result"))
_WRAPPERS = frozenset(words("data payload message sms event result inboundmessage resource"))
_NUMBER_KEYS = ("phonenumber", "number", "msisdn", "address", "endpoint", "phone", "id")
_DEEPEST = 8

_EPOCH = re.compile(r"\d{9,11}(?:\.\d{1,9})?|\d{12,14}")
_UTC_WORD = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)
_OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
_HAS_TIME = re.compile(r"\d[T ]+\d{1,2}:\d{2}")
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(minutes=10)
_FULL_WITHOUT_PLUS = 11
_LONGEST_CODE = 6
_LEAST_FULL = 8
_URI = re.compile(r"^(?:tel|sms|smsto|whatsapp):", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s()./-]")


class _Unreadable(ValueError):
    """A value that is not what its column should hold; the rest is a Problem's."""

    def __init__(self, part: Part | None, code: str, message: str, hint: str = "", value: str = "") -> None:
        super().__init__(message)
        self.part = part
        self.code = code
        self.message = message
        self.hint = hint
        self.value = value


@dataclass(frozen=True, slots=True)
class RepliesFound:
    """What a file holds: replies in the order of their times, and what could not be read.

    `outbound` rows are ours; `nameless` ones came from a name or a short code, which is nobody to text.
    `untimed` are those whose only fault is their time, as of now; each has its problem as well.
    """

    replies: tuple[Reply, ...]
    problems: tuple[Problem, ...]
    outbound: int = 0
    nameless: int = 0
    untimed: tuple[Reply, ...] = ()


def examine_replies(
    path: Path,
    *,
    now: datetime,
    columns: Mapping[Part, str] | None = None,
    region: str | None = None,
    zone: str | None = None,
    form: Form | None = None,
) -> RepliesFound:
    """The replies of a file. Numbers without a country are `region`'s, times without an offset `zone`'s.

    Without a region, eleven digits or more are read as a full number that lacks its plus, as most gateways
    write them. Raises FilesError where the file itself cannot be read, or names no column for a part.
    """
    reading = _Reading(str(path), dict(columns or {}), region, zone, now)
    match form or _form_of(path):
        case Form.TABLE:
            reading.take_table(ContactsSource(path, key="replies"))
        case Form.JSONL:
            with open_json_lines(path) as lines:
                for line, found in lines:
                    reading.take_line(line, found)
        case Form.JSON:
            reading.take_document(_document(path))
    return reading.found()


def sender_of(text: str, region: str | None) -> str:
    """One way of writing a number of ours: E.164 where it is a full number, else as it stands."""
    plain = _PUNCTUATION.sub("", _URI.sub("", cleaned(text)))
    digits = plain.removeprefix("+")
    if not digits.isdecimal() or len(digits) < _LEAST_FULL:
        return plain
    try:
        return _full_number(plain, region).e164
    except BadNumber:
        return plain


def _full_number(text: str, region: str | None) -> Msisdn:
    if region is None and not text.startswith("+") and len(digits_of(text)) >= _FULL_WITHOUT_PLUS:
        found = with_plus(text)
        if found is not None:
            return found
    return read_number(text, region)[0]


class _Reading:
    """One way through a file."""

    def __init__(
        self, name: str, columns: dict[Part, str], region: str | None, zone: str | None, now: datetime
    ) -> None:
        self._name = name
        self._columns = columns
        self._region = region
        self._zone = None if zone is None else ZoneInfo(zone)
        self._now = now
        self._latest = now + _AHEAD
        self._replies: list[Reply] = []
        self._untimed: list[Reply] = []
        self._problems: list[Problem] = []
        self._outbound = 0
        self._nameless = 0

    def found(self) -> RepliesFound:
        replies = sorted(self._replies, key=lambda reply: reply.at)
        return RepliesFound(
            tuple(replies), tuple(self._problems), self._outbound, self._nameless, tuple(self._untimed)
        )

    # --- tables

    def take_table(self, source: ContactsSource) -> None:
        named = self._columns.get(Part.NUMBER)
        if named is not None:
            source = replace(source, columns={Role.PHONE: named})
        try:
            with open_list(source) as opened:
                self._take_records(opened.records())
        except FilesError as wrong:
            if not wrong.problems:
                raise
            raise files_error([_without_keys(problem) for problem in wrong.problems]) from wrong

    def _take_records(self, records: Iterator[Record]) -> None:
        header = next(records, None)
        if header is None:
            raise self._no_header("is empty", None)
        if header.broken:
            raise self._no_header(header.broken, header.line)
        names = [cleaned(cell) for cell in header.cells]
        self._expect_columns(names, header.line)
        for record in records:
            place = Place(self._name, record.line)
            if record.broken or record.behind is not None:
                message = record.broken or f"stands behind a quote that line {record.behind} leaves open"
                self._problems.append(Problem(place, "broken_row", message))
            elif len(record.cells) < len(names) or any(map(cleaned, record.cells[len(names) :])):
                message = f"has {len(record.cells)} cells, the header has {len(names)}"
                self._problems.append(Problem(place, "wrong_cells", message))
            else:
                self._take(place, dict(zip(names, map(cleaned, record.cells), strict=False)))

    def _expect_columns(self, names: Sequence[str], line: int) -> None:
        known = {part: _column(names, part, self._columns) for part in _NEEDED}
        missing = [part for part, name in known.items() if name is None]
        if missing:
            there = listed(name for name in names if name)
            needed = " and the ".join("time" if part is Part.AT else part for part in missing)
            raise self._no_header(f"no column says the {needed}; there are: {there}", line, *missing)

    def _no_header(self, message: str, line: int | None, *missing: Part) -> FilesError:
        options = " ".join(f"--columns {part}=NAME" for part in missing or (Part.TEXT,))
        hint = f"say which it is: {options}; the first line names the columns"
        return files_error([Problem(Place(self._name, line), "header", message, hint)])

    # --- JSON

    def take_line(self, line: int, found: Mapping[str, object] | Problem) -> None:
        if isinstance(found, Problem):
            self._problems.append(found)
            return
        for record in _records_in(found):
            self._take(Place(self._name, line), record)

    def take_document(self, document: object) -> None:
        for at, record in enumerate(_records_in(document), 1):
            self._take(Place(self._name, path=f"record {at}"), record)

    # --- one reply

    def _take(self, place: Place, record: Mapping[str, object]) -> None:
        try:
            if self._is_ours(record):
                self._outbound += 1
                return
            number = self._number(record)
            if number is None:
                self._nameless += 1
                return
            reply = Reply(
                number,
                sender_of(self._text(record, Part.TO), self._region),
                self._now,
                self._text(record, Part.TEXT),
                self._text(record, Part.ID),
                f"{Path(self._name).name}:{place.line or place.path.removeprefix('record ')}",
            )
        except _Unreadable as wrong:
            self._tell(place, wrong)
            return
        try:
            self._replies.append(replace(reply, at=self._at(record)))
        except _Unreadable as wrong:
            self._tell(place, wrong)
            self._untimed.append(reply)

    def _tell(self, place: Place, wrong: _Unreadable) -> None:
        where = replace(place, path=": ".join(filter(None, (place.path, wrong.part or ""))))
        value = inert(mask(wrong.value))
        self._problems.append(Problem(where, wrong.code, wrong.message, wrong.hint, value=value))

    def _is_ours(self, record: Mapping[str, object]) -> bool:
        for name in _columns(record, Part.DIRECTION, self._columns):
            said = fold(_as_text(record[name]))
            if said in _OUTBOUND:
                return True
            if said in _INBOUND:
                return False
            if said and (fold(name) == "direction" or Part.DIRECTION in self._columns):
                hint = "inbound or outbound, mo or mt, in or out"
                message = f'"{shown(said)}" is no direction'
                raise _Unreadable(Part.DIRECTION, "bad_direction", message, hint, said)
        return False

    def _number(self, record: Mapping[str, object]) -> Msisdn | None:
        text = cleaned(_URI.sub("", self._text(record, Part.NUMBER)))
        if not text:
            message = "no number is given"
            raise _Unreadable(Part.NUMBER, "missing_number", message, self._naming(record, Part.NUMBER))
        try:
            return _full_number(text, self._region)
        except BadNumber as bad:
            digits = digits_of(text)
            if bad.code == "short_code" or (len(digits) <= _LONGEST_CODE and not text.startswith("+")):
                return None
            hint = bad.hint
            if bad.code == "number_needs_country":
                hint = "say the country of such numbers: --region, such as --region PL"
            raise _Unreadable(Part.NUMBER, bad.code, bad.message, hint, text) from None

    def _text(self, record: Mapping[str, object], part: Part) -> str:
        name = _column(record, part, self._columns)
        if name is None:
            if part is Part.TEXT:
                message = "no text is given"
                raise _Unreadable(part, "missing_text", message, self._naming(record, part))
            return ""
        return _as_text(record[name])

    def _naming(self, record: Mapping[str, object], part: Part) -> str:
        return f"say which it is: --columns {part}=NAME; there are: {listed(record)}"

    def _at(self, record: Mapping[str, object]) -> datetime:
        """The first of its times that says when it was; one with an offset before one without."""
        names = _columns(record, Part.AT, self._columns)
        texts = [text for name in names if (text := cleaned(_as_text(record[name])))]
        if not texts:
            raise _Unreadable(Part.AT, "missing_time", "no time is given", self._naming(record, Part.AT))
        read = [(text, _moment(text)) for text in texts]
        aware = (moment for _, moment in read if moment is not None and moment.tzinfo is not None)
        local = (moment for _, moment in read if moment is not None and moment.tzinfo is None)
        at = next(aware, None)
        if at is None:
            at = self._local(next(local, None), texts[0])
        at = at.astimezone(UTC)
        if not _OLDEST <= at <= self._latest:
            when = "in the future" if at > self._latest else "before the year 2000"
            raise _Unreadable(Part.AT, "bad_time", f'"{shown(texts[0])}" lies {when}', "", texts[0])
        return at

    def _local(self, moment: datetime | None, text: str) -> datetime:
        if moment is None:
            hint = "such as 2026-11-22T14:05:00+01:00, or seconds since 1970"
            message = f'"{shown(text)}" is not a date and time'
            raise _Unreadable(Part.AT, "bad_time", message, hint, text)
        if self._zone is None:
            hint = "say whose clock it is: --timezone Europe/Warsaw, or --timezone UTC"
            message = f'"{shown(text)}" does not say its time zone'
            raise _Unreadable(Part.AT, "time_needs_zone", message, hint, text)
        return moment.replace(tzinfo=self._zone)


def _without_keys(problem: Problem) -> Problem:
    """The campaigns file can say how to read a list; of replies only the file itself and options can."""
    if "replies: {" not in problem.hint and "campaigns file" not in problem.hint:
        return problem
    return replace(problem, hint="save it as CSV in UTF-8 with one delimiter, or export JSON")


# --- names ---


def _column(names: Iterable[str], part: Part, columns: Mapping[Part, str]) -> str | None:
    return next(iter(_columns(names, part, columns)), None)


def _columns(names: Iterable[str], part: Part, columns: Mapping[Part, str]) -> list[str]:
    """The columns that say this part, the surest first; only the one that somebody named, if anybody did."""
    by_fold: dict[str, str] = {}
    for name in names:
        by_fold.setdefault(fold(name), name)
    wanted = (fold(columns[part]),) if part in columns else NAMES[part]
    taken = {fold(name) for other, name in columns.items() if other is not part}
    return [by_fold[name] for name in wanted if name in by_fold and name not in taken]


# --- JSON ---


def _form_of(path: Path) -> Form:
    """By how it begins, whatever it is called."""
    with open_file(path) as stream:
        start = next(byte_blocks(stream, str(path)), b"").lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith((b"{", b"[")):
        return Form.TABLE
    try:
        return Form.JSONL if isinstance(json.loads(start.split(b"\n")[0]), dict) else Form.JSON
    except (ValueError, RecursionError):
        return Form.JSON


def _document(path: Path) -> object:
    text: list[str] = []
    size = 0
    with open_file(path) as stream:
        for block in text_blocks(byte_blocks(stream, str(path)), ContactsSource(path)):
            size += len(block)
            text.append(block)
            if size > MAX_DOCUMENT_BYTES:
                hint = "export it as JSON lines or CSV, which may be of any size"
                raise file_problem(path, "too_large", f"is longer than {MAX_DOCUMENT_BYTES >> 20} MiB", hint)
    try:
        document: object = json.loads("".join(text))
    except (ValueError, RecursionError) as wrong:
        place = Place(str(path), getattr(wrong, "lineno", None))
        message = f"is not JSON: {getattr(wrong, 'msg', 'it is nested too deep')}"
        hint = "one JSON document, or a JSON object a line"
        raise files_error([Problem(place, "bad_line", message, hint)]) from None
    return document


def _records_in(
    value: object, outer: Mapping[str, object] = MappingProxyType({}), depth: int = 0
) -> Iterator[Mapping[str, object]]:
    """The replies of what a gateway answers or posts: its list of them, or one in its wrapping."""
    if isinstance(value, list) and depth < _DEEPEST:
        for each in value:
            yield from _records_in(each, outer, depth + 1)
    elif isinstance(value, dict):
        around = {**outer, **{key: each for key, each in value.items() if not isinstance(each, dict | list)}}
        for key, each in value.items() if depth < _DEEPEST else ():
            is_list = fold(key) in _LISTS and isinstance(each, list)
            if is_list or (fold(key) in _WRAPPERS and isinstance(each, dict)):
                yield from _records_in(each, around, depth + 1)
                return
        yield {**outer, **value}
    else:
        yield {**outer}


def _as_text(value: object) -> str:
    """A value as the text of a cell; of an address in parts its number, of several numbers the first."""
    match value:
        case str():
            return value
        case bool() | None:
            return ""
        case int() | float():
            return str(value)
        case [first, *_]:
            return _as_text(first)
        case {**parts}:
            folded = {fold(str(key)): each for key, each in parts.items()}
            return next((_as_text(folded[key]) for key in _NUMBER_KEYS if key in folded), "")
        case _:
            return ""


# --- times ---


def _moment(text: str) -> datetime | None:
    """An instant, or a time of day without an offset; None for what is neither."""
    try:
        if _EPOCH.fullmatch(text):
            seconds = float(text) if len(text.partition(".")[0]) < 12 else int(text) / 1000
            return datetime.fromtimestamp(seconds, UTC)
        if _HAS_TIME.search(text) and text[:1].isdecimal():
            return datetime.fromisoformat(_OFFSET.sub("", _UTC_WORD.sub("+00:00", text)))
        return parsedate_to_datetime(text) if text[:1].isalpha() else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
