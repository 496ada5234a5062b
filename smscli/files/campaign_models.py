"""The keys of the campaigns file: what each may hold, what it means, and its part of the JSON Schema.

Knows one key at a time. What keys mean together (defaults, a marketing campaign without quiet hours) is the
business of `campaign_file.py`; `json_schema.py` puts the schema together. Every key is optional here, so that
one bad key does not hide the others.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from smscli.domain.campaign import Purpose, SameText, Severity, Spelling
from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod, CapScope
from smscli.domain.number_types import TEXTABLE, NumberType
from smscli.domain.quiet_hours import HolidayRule, Window, parse_window, weekdays
from smscli.domain.template import Template, compile_text, literal_gap
from smscli.domain.wording_reading import WordingRule
from smscli.domain.zones import check_zone_name
from smscli.files.column_names import IGNORE, Role
from smscli.files.csv_records import DELIMITERS
from smscli.files.located import FileModel, LocatedNode, Wrong, kind_of
from smscli.files.reading import did_you_mean, has_control, inert, listed, quoted
from smscli.files.scalars import (
    SENDER,
    Amount,
    Country,
    Duration,
    Flag,
    Language,
    Line,
    SenderId,
    from_text,
    is_off,
    or_off,
    parse_amount,
    parse_duration,
    parse_language,
    parse_level,
    parse_whole,
)
from smscli.files.yaml_types import (
    AMOUNT,
    ANY_TEXT,
    COUNTRY_KEY,
    DURATION,
    OFF,
    OTHERWISE,
    TEXT,
    Schema,
    anchored,
    any_case,
    defined,
    described,
    either,
    whole,
    word,
)

VERSION = "1"

E = TypeVar("E", bound=StrEnum)

#: So many words are all named in a hint.
_FEW = 8

ONE_TEXT = ""
"""The language of a text that is written without one."""

_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class OnBadRows(StrEnum):
    """What a row with problems means for the send."""

    STOP = "stop"  # nobody is texted until the list is mended
    SKIP = "skip"  # the good rows are


# ------------------------------------------------------------------------------------------------ scalars


def _version(text: str) -> str:
    if text != VERSION:
        raise Wrong(f"{quoted(text)} is no version of this format", hint="write version: 1")
    return text


def parse_id(text: str) -> str:
    """The id of a campaign, a topic or a profile."""
    if not _ID.fullmatch(text):
        form = "small letters, digits and . _ - (at most 64), a letter or digit first"
        near = re.sub(r"[^a-z0-9._-]+", "-", text.strip().lower()).strip("-._")
        hint = f"write {near}: {form}" if _ID.fullmatch(near) else form
        raise Wrong(f"{quoted(text)} cannot be an id", hint=hint)
    return text


def _age(text: str) -> timedelta | None:
    return None if text.lower() == "any" else parse_duration(text)


def _expiry(text: str) -> date:
    """A date, or a datetime (which is a date too)."""
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        hint = "write 2027-03-31 or 2027-03-31T18:00"
        raise Wrong(f"{quoted(text)} is not a date", hint=hint) from None
    if not 2000 <= moment.year < 3000:
        raise Wrong(f"{quoted(text)} is in a year that cannot be meant")
    return moment


def _delimiter(text: str) -> str:
    found = "\t" if text == "\t" else DELIMITERS.get(text.strip().lower())
    if found is None:
        raise Wrong(f"{quoted(text)} is not a delimiter smscli reads", hint='one of "," ";" tab "|"')
    return found


def _encoding(text: str) -> str:
    """An encoding that Python reads text in, by any of its names."""
    try:
        found = codecs.lookup(text.strip()).name
        b" ".decode(found)  # rot13 and its like are codecs too
    except (LookupError, ValueError):
        hint = (
            "write windows-1250 (Polish), -1251 (Russian), -1252 (Spanish), -1253 (Greek) or -1254 (Turkish)"
        )
        raise Wrong(f"{quoted(text)} is no encoding smscli reads", hint=hint) from None
    return found


def _column_name(text: str) -> str:
    if has_control(text):
        raise Wrong(f"{quoted(text)} has to be a single line")
    return text.strip()


def _day(text: str) -> date:
    moment = _expiry(text)
    return moment.date() if isinstance(moment, datetime) else moment


def _number_type(text: str) -> NumberType:
    known = [kind.value for kind in NumberType]
    name = re.sub(r"[\s_-]+", "_", text.strip().lower())
    if name not in known:
        meant = did_you_mean(text, known)
        hint = f'did you mean "{meant}"?' if meant else f"one of {listed(known, 'or')}"
        raise Wrong(f"{quoted(text)} is no kind of number", hint=hint)
    return NumberType(name)


def _any_type(types: frozenset[NumberType]) -> frozenset[NumberType]:
    if not types:
        hint = "delete the line for mobile and fixed_or_mobile"
        raise Wrong("is empty: nobody could be texted", code="empty", hint=hint)
    return types


def _text(text: str) -> Template:
    if not text.strip():
        raise Wrong("is empty", code="empty", hint="write the text of the message")
    template = compile_text(text)
    if found := literal_gap(text):
        line, gap, name = found
        raise Wrong(
            f"{quoted(gap)} would be sent as it stands",
            code="single_braces",
            hint=f"write {{{{ {inert(name)} }}}}; if it is meant so: {{{{ '{inert(gap)}' }}}}",
            line=line,
        )
    return template


# ---------------------------------------------------------------------------------------------- mappings


def _day_key(text: str) -> str:
    try:
        weekdays(text)
    except ValueError as wrong:
        raise _in_two(wrong) from None
    return text


def _in_two(wrong: ValueError) -> Wrong:
    """The domain's sentence, `'25:00' is no time of day: write …`, as message and hint."""
    found, _, needed = str(wrong).partition(": ")
    return Wrong(found.replace("'", '"'), hint=needed)


def _windows_of_day(value: Any) -> tuple[Window, ...]:
    """`09:00-20:00`, several with commas or as a list, or `off`."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Wrong(f"needs a window, found {kind_of(value)}", hint='write "09:00-20:00"', code="wrong_type")
    if len(texts) == 1 and is_off(texts[0]):
        return ()
    return tuple(sorted(_window(part.strip()) for text in texts for part in text.split(",")))


MORNING = 5 * 60
"""An evening's window may go over midnight, but not as far as this, in minutes."""


def _window(text: str) -> Window:
    """One window. One that goes on to the morning is refused: those are the hours of quiet themselves."""
    try:
        window = parse_window(text)
    except ValueError as wrong:
        raise _in_two(wrong) from None
    if MORNING <= window.end <= window.start:
        begin, end = (part.strip() for part in re.split(r"[-\u2010-\u2015]", text, maxsplit=1))
        hint = f'windows say when people MAY be texted: "{end}-{begin}"?'
        night = f' A night in two windows: "{begin}-24:00, 00:00-{end}"'
        raise Wrong(f"{quoted(text)} would text people all night", hint=hint + night)
    return window


def _whole_week(days: Mapping[str, tuple[Window, ...]]) -> Mapping[str, tuple[Window, ...]]:
    named: set[int] = set()
    for key in days:
        if named.intersection(weekdays(key)):
            raise Wrong("a day of this is in another line too", at=(key,), of_key=True, hint="keep one")
        named.update(weekdays(key))
    if not any(days.values()):
        raise Wrong("no window at all: nobody could ever be texted", hint='add mon-fri: "09:00-20:00"')
    return days


def _sender_by_country(value: Any) -> Any:
    """`sender: X` or {default: X, US: Y}, with the countries in a mapping of their own."""
    return _by_country(value, {"default"}) if isinstance(value, dict) else {"default": value}


def _rates_by_country(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "currency" not in value:
        raise Wrong("is missing", code="missing", at=("currency",), hint="write currency: EUR")
    return _by_country(value, {"currency", "default"})


def _by_country(value: dict[str, Any], own: set[str]) -> dict[str, Any]:
    countries = {key: one for key, one in value.items() if key not in own}
    if digits := next((key for key in countries if key.isdigit()), None):
        raise Wrong(
            "a comma splits this number", at=(digits,), of_key=True, hint="write decimals with a point: 0.08"
        )
    capitals = [key.upper() for key in countries]
    for index, key in enumerate(countries):
        if capitals[index] in capitals[:index]:
            raise Wrong(
                "is written twice", code="duplicate_key", at=(key,), of_key=True, hint="keep one of them"
            )
    return {key: one for key, one in value.items() if key in own} | {"by_country": countries}


def _by_language(value: Any) -> Any:
    """A text for each language; one text without a language stands under ONE_TEXT."""
    if not isinstance(value, dict):
        return {ONE_TEXT: value}
    if not value:
        raise Wrong("is empty", code="empty", hint='write a text: en: "…"')
    if ONE_TEXT in value:
        raise Wrong('"" is not a language code', at=(ONE_TEXT,), of_key=True, hint="write en, pl, pt-BR, …")
    return value


def _language_key(text: str) -> str:
    if text != ONE_TEXT:
        parse_language(text)
    return text


def _languages(texts: Mapping[str, Template]) -> Mapping[str, Template]:
    """Texts by folded language code."""
    folded: dict[str, Template] = {}
    for key, template in texts.items():
        language = parse_language(key) if key else key
        if language in folded:
            raise Wrong(f"there are two texts in {language}", at=(key,), of_key=True, hint="keep one of them")
        folded[language] = template
    return folded


def _file_alone(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


def _one_or_more(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _columns_of_roles(value: Any) -> Any:
    """Only opt-outs may stand in several columns."""
    if not isinstance(value, dict):
        return value
    for role, names in value.items():
        if isinstance(names, list) and role != Role.OPT_OUT:
            hint = f"only {Role.OPT_OUT} may have several columns"
            raise Wrong("needs a text, found a list", code="wrong_type", hint=hint, at=(role,))
    return {role: _one_or_more(names) for role, names in value.items()}


def _opt_outs_of_list(columns: Mapping[Role, tuple[str, ...]]) -> Mapping[Role, tuple[str, ...]]:
    names, at = columns.get(Role.OPT_OUT), (Role.OPT_OUT.value,)
    if names == ():
        raise Wrong("is empty", code="empty", hint="name a column, or delete the line", at=at)
    if names is not None and len(names) > 1 and IGNORE in names:
        hint = f"delete it, or write {Role.OPT_OUT}: {IGNORE}"
        raise Wrong(f'"{IGNORE}" stands beside columns, and says that there are none', hint=hint, at=at)
    return columns


def _off_or_mapping(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if is_off(value):
        return None
    raise Wrong(
        f"needs keys (key: value) or off, found {quoted(value)}",
        code="wrong_type",
        hint='say when people may be texted: quiet_hours: {windows: {mon-fri: "09:00-20:00"}}',
    )


def _policy_alone(value: Any) -> Any:
    """`office` stands for {policy: office}."""
    is_name = isinstance(value, str) and not is_off(value) and not re.search("[0-9]", value)
    return {"policy": value} if is_name else _off_or_mapping(value)


def _caps_or_off(value: Any) -> Any:
    """One cap, several, or none."""
    if isinstance(value, list):
        if not value:
            raise Wrong("is empty", code="empty", hint="write off, or delete the line for the usual cap")
        return value
    found = _off_or_mapping(value)
    return None if found is None else [found]


def _severities(value: Any) -> Any:
    """A severity a rule; `off` alone is that of every rule."""
    if not isinstance(value, str):
        return value
    if is_off(value):
        return dict.fromkeys(map(str, WordingRule), value)
    hint = "write it like wording: {emoji: off}"
    message = f"needs rules (rule: off, warn or refuse) or off, found {quoted(value)}"
    raise Wrong(message, code="wrong_type", hint=hint)


def _severity(text: str) -> Severity:
    return Severity.OFF if is_off(text) else _one_of(Severity, text.strip().lower(), "no severity")


def _wording_rule(text: str) -> WordingRule:
    return _one_of(WordingRule, re.sub(r"[\s_-]+", "_", text.strip().lower()), "no wording rule")


def _one_of(kinds: type[E], text: str, otherwise: str) -> E:
    known = [kind.value for kind in kinds]
    if text not in known:
        meant = did_you_mean(text, known)
        few = f"one of {listed(known, 'or')}" if len(known) < _FEW else "docs/wording.md has all"
        raise Wrong(f"{quoted(text)} is {otherwise}", hint=f'did you mean "{meant}"?' if meant else few)
    return kinds(text)


def _policy_name(text: str) -> str:
    from smscli.files.rule_files import load_policies  # read only by who names one

    known = load_policies()
    name = re.sub(r"[\s_-]+", "-", text.strip().lower())
    if name not in known:
        meant = did_you_mean(name, known)
        hint = f'did you mean "{meant}"?' if meant else f"one of {listed(list(known), 'or')}"
        raise Wrong(f"{quoted(text)} is no ready week", hint=hint)
    return name


def _period(text: str) -> timedelta | CalendarPeriod:
    word = text.strip().lower()
    return CalendarPeriod(word) if word in set(CalendarPeriod) else parse_duration(text)


def _by_sender(value: Any) -> Any:
    """`{MAU: promotions}`, or the same for each number that words are sent to."""
    if not isinstance(value, dict):
        return value
    return value if any(isinstance(each, dict) for each in value.values()) else {"": value}


def _folded_words(keywords: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """The senders without blanks, the words as they are written; neither may stand there twice."""
    found: dict[str, dict[str, str]] = {}
    for sender, words in keywords.items():
        plain = re.sub(r"[\s()-]", "", sender)
        if plain in found:
            again = "is the same number again"
            raise Wrong(again, code="duplicate_key", at=(sender,), of_key=True, hint="keep one")
        found[plain] = dict(words)
        twice = [word for place, word in enumerate(words) if _fold(word) in map(_fold, list(words)[:place])]
        if twice:
            at = (sender, twice[0]) if sender else (twice[0],)
            raise Wrong("is the same word again", code="duplicate_key", at=at, of_key=True, hint="keep one")
    return found


def _fold(word: str) -> str:
    return word.strip().casefold()


# ----------------------------------------------------------------------------------------- the JSON Schema


class _OrElse:
    """In the JSON Schema: a short form that is allowed besides."""

    def __init__(self, short: Schema) -> None:
        self._short = short

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {"anyOf": [handler(core), self._short]}


class _OrOne:
    """In the JSON Schema: one alone, without brackets, is allowed besides."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        several = handler(core)
        return {"anyOf": [several, several["items"]]}


def _any_of(*schemas: Schema) -> WithJsonSchema:
    return WithJsonSchema(either(*schemas))


class _SeveralOptOuts:
    """In the JSON Schema: a role has one column, and only opt-outs may have several."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        schema = handler(core)
        several = {**schema.pop("additionalProperties"), "minItems": 1}
        one = several["items"]
        opt_outs = {"patternProperties": {f"^{Role.OPT_OUT}$": either(one, several)}}
        return {**schema, **opt_outs, "additionalProperties": one}


class _ByCountry:
    """In the JSON Schema: a model whose `by_country` is written beside its other keys. Or a short form."""

    def __init__(self, value: Schema, of_country: str, short: Schema | None = None) -> None:
        self._value = value | {"description": of_country}
        self._short = short

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        model = handler.resolve_ref_schema(handler(core))
        own = {name: part for name, part in model["properties"].items() if name != "by_country"}
        long = {**model, "properties": own, "patternProperties": {COUNTRY_KEY: self._value}}
        return long if self._short is None else either(self._short, long)


_TIME = "(?:[01]?[0-9]|2[0-4]):[0-5][0-9]"
_DASH = r"\s*[-\u2013\u2014]\s*"
_ONE_WINDOW = rf"\s*{_TIME}{_DASH}{_TIME}\s*"
_WINDOW: Schema = {
    "type": "string",
    "pattern": f"^{_ONE_WINDOW}(?:,{_ONE_WINDOW})*$",
    "examples": ["09:00-20:00", "09:00-12:00, 14:00-20:00"],
}
_DAY = f"(?:{any_case('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')})"
_DAYS = rf"\s*{_DAY}(?:{_DASH}{_DAY})?\s*"
_WEEK: Schema = {
    "type": "object",
    "patternProperties": {
        f"^{_DAYS}(?:,{_DAYS})*$": either(
            _WINDOW, {"type": "array", "items": either(_WINDOW, OFF), "minItems": 1}, OFF
        )
    },
    "additionalProperties": False,
}
_LEVEL_SPELLINGS = (
    any_case("none", "soft", "express") + f"|{any_case('express')}[\\s_-]+{any_case('written')}"
)
_EXPIRY: Schema = {
    # Not a type: some readers make a date of it, which is none of JSON's, and 20270331 is a date as well.
    "not": {"type": ["array", "object", "boolean", "null"]},
    "pattern": r"^[0-9]{4}-?(?:[0-9]{2}|W)",
    "examples": ["2027-03-31", "2027-03-31T18:00"],
}
_ID_SCHEMA: Schema = {**TEXT, "pattern": f"^{_ID.pattern}$"}


def _by_id(of: str) -> Schema:
    return {
        "type": "object",
        "propertyNames": {"pattern": _ID_SCHEMA["pattern"]},
        "additionalProperties": defined(of),
        "minProperties": 1,
    }


_ENCODING: Schema = {
    "type": "string",
    "pattern": r"^\s*[A-Za-z0-9][A-Za-z0-9_ -]*\s*$",
    "examples": ["windows-1250", "windows-1251", "utf-16-le"],
}
_NUMBER_TYPE: Schema = word(
    [kind.value for kind in NumberType],
    "|".join(any_case(kind.value).replace("_", r"[\s_-]+") for kind in NumberType),
)
_CALENDAR = word([each.value for each in CalendarPeriod], any_case(*CalendarPeriod))
_SEVERITY: Schema = word([*map(str, Severity), False], any_case("off", "none", "no", "false", *Severity))


def _severity_of(rule: WordingRule) -> Schema:
    return _SEVERITY | {"description": f"What a finding of `{rule}` means.", OTHERWISE: "by purpose"}


WORDING: Schema = {
    "type": "object",
    "properties": {str(rule): _severity_of(rule) for rule in WordingRule},
    "additionalProperties": False,
}
"""Severities by rule; a definition of its own, because it is long."""
_POLICY: Schema = {
    "type": "string",
    "pattern": anchored("strict|daily|office|working[-_ ]days"),
    "examples": ["office"],
}
_WORDS_TO_TOPICS: Schema = {"type": "object", "additionalProperties": _ID_SCHEMA}
_KEYWORDS: Schema = either(_WORDS_TO_TOPICS, {"type": "object", "additionalProperties": _WORDS_TO_TOPICS})
_DAY_SCHEMA: Schema = {**_EXPIRY, "examples": ["2026-11-01"]}

Version = Annotated[str, from_text(_version), WithJsonSchema({"enum": [int(VERSION), VERSION]})]
Id = Annotated[str, from_text(parse_id), WithJsonSchema(_ID_SCHEMA)]
Level = Annotated[
    ConsentLevel,
    from_text(parse_level),
    WithJsonSchema(word([level.name.lower() for level in ConsentLevel], _LEVEL_SPELLINGS)),
]
Age = Annotated[timedelta | None, from_text(_age), _any_of(DURATION, word(["any"], any_case("any")))]
WholeOrOff = Annotated[int | None, from_text(or_off(parse_whole)), _any_of(whole(), OFF)]
Encoding = Annotated[str, from_text(_encoding), WithJsonSchema(_ENCODING)]
ColumnName = Annotated[str, from_text(_column_name), WithJsonSchema(ANY_TEXT)]
Day = Annotated[date, from_text(_day), WithJsonSchema(_DAY_SCHEMA)]
NumberTypes = Annotated[
    frozenset[Annotated[NumberType, from_text(_number_type), WithJsonSchema(_NUMBER_TYPE)]],
    BeforeValidator(_one_or_more),
    AfterValidator(_any_type),
    WithJsonSchema({"anyOf": [{"type": "array", "items": _NUMBER_TYPE, "minItems": 1}, _NUMBER_TYPE]}),
]
AmountOrOff = Annotated[Decimal | None, from_text(or_off(parse_amount)), _any_of(AMOUNT, OFF)]
WordingRuleKey = Annotated[WordingRule, from_text(_wording_rule)]
SeverityWord = Annotated[Severity, from_text(_severity), WithJsonSchema(_SEVERITY)]
Period = Annotated[timedelta | CalendarPeriod, from_text(_period), _any_of(DURATION, _CALENDAR)]
PolicyName = Annotated[
    str,
    from_text(_policy_name),
    WithJsonSchema(_POLICY),
]
DurationOrOff = Annotated[timedelta | None, from_text(or_off(parse_duration)), _any_of(DURATION, OFF)]
Expiry = Annotated[date, from_text(_expiry), WithJsonSchema(_EXPIRY)]
Zone = Annotated[
    str, from_text(check_zone_name), WithJsonSchema({"type": "string", "examples": ["Europe/Warsaw"]})
]
Delimiter = Annotated[
    str,
    from_text(_delimiter),
    WithJsonSchema(word([*DELIMITERS, "\t"], any_case("comma", "semicolon", "tab", "pipe") + r"|,|;|\|")),
]
Text = Annotated[Template, from_text(_text), WithJsonSchema(TEXT)]
LanguageKey = Annotated[str, from_text(_language_key), WithJsonSchema(TEXT)]
DayKey = Annotated[str, from_text(_day_key)]
DayWindows = Annotated[tuple[Window, ...], PlainValidator(_windows_of_day)]
Gateway = Annotated[LocatedNode, WithJsonSchema(defined("Gateway"))]


# -------------------------------------------------------------------------------------------------- keys


class CountryConsentModel(FileModel):
    """The least a contact must have agreed to in one country, where it differs."""

    level: Annotated[
        Level, described("The least level of consent that is enough.", otherwise="as elsewhere")
    ] = ConsentLevel.NONE
    max_age: Annotated[Age, described("How old consent may be, or `any`.", otherwise="as elsewhere")] = None


class ConsentModel(FileModel):
    """The least a contact must have agreed to."""

    level: Annotated[
        Level, described("The least level of consent that is enough.", otherwise="by purpose")
    ] = ConsentLevel.NONE
    max_age: Annotated[Age, described("How old consent may be, or `any`.", otherwise="by purpose")] = None
    by_country: Annotated[
        dict[Country, CountryConsentModel],
        described(
            "Otherwise in some countries: `{GB: {level: soft}}`. `country_rules` may ask for more.",
            otherwise="none",
            new=dict,
        ),
    ]


class QuietHoursModel(FileModel):
    """When people may be texted, by their own clocks."""

    policy: Annotated[
        PolicyName | None,
        described(
            "A ready week instead of `windows`: `strict`, `daily`, `office` or `working-days`.",
            otherwise="none",
        ),
    ] = None
    windows: Annotated[
        dict[DayKey, DayWindows],
        AfterValidator(_whole_week),
        WithJsonSchema(_WEEK),
        described(
            'Weekdays and windows: `{mon-fri: "09:00-20:00", sat: "10:00-18:00"}`. Days left out are closed.',
            otherwise="by purpose",
            new=dict,
        ),
    ]
    holidays: Annotated[
        HolidayRule,
        described(
            "`skip`: nobody is texted on a public holiday of their country."
            " `ignore`: it is a day like others.",
            otherwise="by purpose",
        ),
    ] = HolidayRule.SKIP
    margin: Annotated[
        DurationOrOff,
        described("Taken off the end of each window, because gateways queue. Or `off`.", "15m"),
    ] = None


class FrequencyModel(FileModel):
    """How often one number may be texted, over all campaigns of the sent log."""

    at_most: Annotated[
        WholeOrOff, described("So many messages in the time `per`, or `off`.", otherwise="by purpose")
    ] = None
    per: Annotated[
        Period,
        described(
            "The time that `at_most` counts in: `30d` up to now, or a calendar `day` or `month` where the"
            " recipient is.",
            "30d",
        ),
    ] = timedelta(days=30)
    counts: Annotated[
        CapScope,
        described(
            "Which earlier messages count: `everything`, or those of the same `purpose` or `topic`.",
            "everything",
        ),
    ] = CapScope.EVERYTHING
    min_gap: Annotated[
        DurationOrOff, described("The least time between two messages, or `off`.", otherwise="none")
    ] = None


class LimitsModel(FileModel):
    """What a run may come to; beyond, it refuses (exit 5)."""

    max_segments: Annotated[WholeOrOff, described("Segments of one message, or `off`.", otherwise="none")] = (
        None
    )
    max_messages: Annotated[WholeOrOff, described("Messages of one run, or `off`.", otherwise="none")] = None
    max_cost: Annotated[
        AmountOrOff,
        described("Planned cost of one run in the currency of `rates`, or `off`.", otherwise="none"),
    ] = None


Lines = Annotated[tuple[Line, ...], BeforeValidator(_one_or_more), _OrElse(TEXT)]
ColumnsOfRoles = Annotated[
    dict[Role, tuple[Line, ...]],
    BeforeValidator(_columns_of_roles),
    AfterValidator(_opt_outs_of_list),
    _SeveralOptOuts(),
]


class ListModel(FileModel):
    """A list of numbers and how to read it."""

    file: Annotated[
        Line,
        described("A CSV, TSV or XLSX file beside this one, also compressed (.gz); `-` is standard input."),
    ]
    region: Annotated[
        Country | None, described("The country of numbers that do not say theirs: `PL`.", otherwise="none")
    ] = None
    encoding: Annotated[
        Encoding | None,
        described(
            "The encoding, where it is neither UTF-8 nor UTF-16 with a byte order mark: `windows-1250`.",
            otherwise="UTF-8",
        ),
    ] = None
    delimiter: Annotated[
        Delimiter | None,
        described(
            "What stands between cells: `,` `;` `tab` or `|`; or in words: `comma`, `semicolon`, `pipe`.",
            otherwise="recognised",
        ),
    ] = None
    header: Annotated[
        tuple[ColumnName, ...],
        described(
            'The names of the columns, in order, of a list that has no line with them. `""` is a column'
            " that is not read.",
            otherwise="the first line",
        ),
    ] = ()
    sheet: Annotated[
        Line | None, described("The sheet of a spreadsheet that has several.", otherwise="its only one")
    ] = None
    columns: Annotated[
        ColumnsOfRoles,
        described(
            'Which header has which role: `{phone: "Handy Nr."}`. A role with `ignore` is not looked for.'
            " `opt_out` may have several: `[SMS Opt Out, Do Not Call]`.",
            otherwise="by their names",
            new=dict,
        ),
    ]
    ignore: Annotated[
        Lines,
        described(
            "Headers of columns that are not read, though they look like an opt-out or like a second column"
            " of numbers: `[Email Opt Out]`.",
            otherwise="none",
        ),
    ] = ()


class ContactsModel(ListModel):
    """A contact list and how to read it."""

    number_types: Annotated[
        NumberTypes,
        described(
            "The kinds of number to text. Others are bad rows: a landline, a premium number.",
            ["mobile", "fixed_or_mobile"],
        ),
    ] = TEXTABLE


class ExcludeModel(ListModel):
    """A list of numbers not to text, and how to read it."""

    fetched: Annotated[
        Day | None,
        described("When the list was fetched: `2026-11-01`.", otherwise="when the file was last written"),
    ] = None
    max_age: Annotated[
        Duration | None,
        described(
            "The oldest list to rely on: `31d`. With an older one `send` refuses (exit 5).", otherwise="any"
        ),
    ] = None
    on_bad_rows: Annotated[
        OnBadRows,
        described(
            "`stop`: nobody is texted until the list is mended. `skip`: what is no number excludes nobody.",
            "stop",
        ),
    ] = OnBadRows.STOP


class RatesModel(FileModel):
    """The price of one segment."""

    currency: Annotated[Line, described("The currency of all prices, such as `EUR`.")]
    default: Annotated[
        Amount | None, described("The price in countries that are not named.", otherwise="none")
    ] = None
    by_country: dict[Country, Amount] = Field(default_factory=dict)


class SenderModel(FileModel):
    """The sender ID, by country where it differs."""

    default: Annotated[
        SenderId,
        described(
            "The sender ID where no country of its own is given; beside it two-letter countries:"
            " `{default: …, US: …}`."
        ),
    ]
    by_country: dict[Country, SenderId] = Field(default_factory=dict)


SenderOf = Annotated[
    SenderModel,
    BeforeValidator(_sender_by_country),
    _ByCountry(SENDER, "The sender ID in this country.", SENDER),
]
RatesOf = Annotated[
    RatesModel,
    BeforeValidator(_rates_by_country),
    _ByCountry(AMOUNT, "The price of one segment to this country."),
]
Texts = Annotated[
    dict[LanguageKey, Text],
    BeforeValidator(_by_language),
    AfterValidator(_languages),
    _any_of(
        TEXT,
        {
            "type": "object",
            "additionalProperties": TEXT | {"description": "The text in this language."},
            "minProperties": 1,
        },
    ),
]
ContactList = Annotated[ContactsModel, BeforeValidator(_file_alone), _OrElse(TEXT)]
ContactLists = Annotated[tuple[ContactList, ...], BeforeValidator(_one_or_more), _OrOne()]
ExcludeList = Annotated[ExcludeModel, BeforeValidator(_file_alone), _OrElse(TEXT)]
ExcludeLists = Annotated[tuple[ExcludeList, ...], BeforeValidator(_one_or_more), _OrOne()]
QuietHoursOrOff = Annotated[
    QuietHoursModel | None, BeforeValidator(_policy_alone), _OrElse(either(OFF, _POLICY))
]
Caps = Annotated[tuple[FrequencyModel, ...], _OrOne()]
FrequencyOrOff = Annotated[Caps | None, BeforeValidator(_caps_or_off), _OrElse(OFF)]
WordingOrOff = Annotated[
    dict[WordingRuleKey, SeverityWord],
    BeforeValidator(_severities),
    WithJsonSchema(either(OFF, defined("Wording"))),
]
Keywords = Annotated[
    dict[str, dict[str, Id]],
    BeforeValidator(_by_sender),
    AfterValidator(_folded_words),
    WithJsonSchema(_KEYWORDS),
]


class SharedKeys(FileModel):
    """Keys that stand at the top of the file for all campaigns, or in a campaign for itself."""

    brand: Annotated[
        Line | None, described("Who the text is from. `{{ brand }}` in a text.", otherwise="needed")
    ] = None
    sender: Annotated[
        SenderOf | None,
        described(
            "The sender ID: a number in E.164, a short code, or a name of up to 11 characters."
            " A name cannot receive STOP.",
            otherwise="needed",
        ),
    ] = None
    gateway: Annotated[
        Gateway,
        described(
            "A preset, a name under `gateways`, a profile's file (`.yaml`), or a whole profile.",
            otherwise="needed",
        ),
    ] = None
    contacts: Annotated[
        ContactLists,
        described(
            "The contact list: a file's name, or the keys below; or several in `[…]`. `--contacts` names"
            " another one.",
            otherwise="none",
        ),
    ] = ()
    exclude: Annotated[
        ExcludeLists,
        described(
            "Lists of numbers not to text: do-not-call registers, staff, people already served. A campaign"
            " adds to those of the top.",
            otherwise="none",
        ),
    ] = ()
    on_bad_rows: Annotated[
        OnBadRows,
        described("`stop`: nobody is texted until the list is mended. `skip`: the good rows are.", "stop"),
    ] = OnBadRows.STOP
    opt_outs: Annotated[
        Lines,
        described(
            "Other opt-out lists and sent logs to heed. A campaign adds to those of the top.",
            otherwise="none",
        ),
    ] = ()
    timezone: Annotated[
        Zone | None,
        described("Of `expires` and of times shown. It decides nobody's hours.", otherwise="UTC"),
    ] = None
    rates: Annotated[
        RatesOf | None, described("The price of one segment, by two-letter country.", otherwise="none")
    ] = None
    countries: Annotated[
        Annotated[tuple[Country, ...], Field(min_length=1)] | None,
        described("The only countries to text. Others are skipped.", otherwise="everywhere"),
    ] = None
    default_language: Annotated[
        Language, described("Of contacts whose language the list does not give.", "en")
    ] = "en"
    fallback: Annotated[
        Flag, described("Whether a language without a text gets the text of `default_language`.", False)
    ] = False
    consent: Annotated[
        ConsentModel | None, described("What contacts must have agreed to.", otherwise="by purpose")
    ] = None
    quiet_hours: Annotated[
        QuietHoursOrOff,
        described(
            "When people may be texted, by their own clocks. `off` for transactional campaigns only.",
            otherwise="by purpose",
        ),
    ] = None
    frequency: Annotated[
        FrequencyOrOff,
        described(
            "The frequency cap: how often one number may be texted, over all campaigns of the sent log."
            " Or several in `[…]`, or `off`.",
            otherwise="by purpose",
        ),
    ] = None
    country_rules: Annotated[
        Flag | None,
        described(
            "Whether the hours, frequency caps and consent levels of each recipient's country hold besides"
            " the campaign's own.",
            otherwise="`true` for marketing",
        ),
    ] = None
    encoding: Annotated[
        Spelling,
        described(
            "What may be done to a text so that it takes fewer segments. `tidy`: curly quotes, dashes and odd"
            " spaces become plain ones. `gsm7`: letters lose their accents as well, where the whole text then"
            " fits GSM-7.",
            "keep",
        ),
    ] = Spelling.KEEP
    wording: Annotated[
        WordingOrOff,
        described(
            "What a finding in the text means, by rule: `{emoji: off}`. `off`, `warn` or `refuse`; or `off`"
            " for all rules.",
            otherwise="by rule",
            new=dict,
        ),
    ]
    limits: Annotated[
        LimitsModel | None,
        described("What a run may come to. Beyond, it refuses with exit 5.", otherwise="none"),
    ] = None
    same_text: Annotated[
        SameText | None,
        described(
            "The very same words to the same number lately, from another campaign:"
            " `skip` it, or only `warn`.",
            otherwise="by purpose",
        ),
    ] = None
    same_text_within: Annotated[Duration, described("What `same_text` calls lately.", "7d")] = timedelta(
        days=7
    )


class CampaignModel(SharedKeys):
    """One campaign: its own keys, and those of the top of the file that it wants otherwise."""

    purpose: Annotated[
        Purpose | None,
        described("`marketing` or `transactional`. It has no default and decides many others."),
    ] = None
    topic: Annotated[
        Id | None,
        described(
            "What people may opt out of, short of everything.",
            otherwise="needed for marketing; else `transactional`",
        ),
    ] = None
    text: Annotated[Texts | None, described("The text, or one for each language.")] = None
    expires: Annotated[
        Expiry | None,
        described(
            "A date (`2027-03-31`: until that day ends) or a time (`2027-03-31T18:00`), in `timezone`."
            " Nobody is texted after it.",
            otherwise="never",
        ),
    ] = None


class FileKeys(SharedKeys):
    """The campaigns file: keys for all campaigns, and the campaigns."""

    version: Annotated[Version | None, described("`1`, the version of this format.")] = None
    sent_log: Annotated[
        Line, described("The sent log, beside this file: who was texted, and who opted out.", "sent-log.db")
    ] = "sent-log.db"
    keywords: Annotated[
        Keywords,
        described(
            "Words that people send to agree to a topic: `{MAU: promotions}`; or by the number they send them"
            ' to: `{"3344": {MAU: promotions}}`.',
            otherwise="none",
            new=dict,
        ),
    ]
    gateways: Annotated[
        dict[Id, Gateway],
        WithJsonSchema(_by_id("Gateway")),
        described("Gateway profiles of your own, by name.", otherwise="none", new=dict),
    ]
    campaigns: Annotated[
        dict[str, LocatedNode],
        WithJsonSchema(_by_id("Campaign")),
        described(
            'The campaigns, by id. The id is what "never twice" is about: the same id never texts a number'
            " twice. Small letters, digits and `. _ -`.",
            new=dict,
        ),
    ]
