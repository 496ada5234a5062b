"""The keys of the campaigns file: what each may hold, and its JSON Schema.

Knows one key at a time. What keys mean together (defaults, a marketing campaign without quiet hours) is the
business of `campaign_file.py`. Every key is optional here, so that one bad key does not hide the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from smscli.domain.campaign import Purpose, SameText
from smscli.domain.contact import ConsentLevel
from smscli.domain.quiet_hours import HolidayRule, Window, parse_window, weekdays
from smscli.domain.template import Template, compile_text
from smscli.domain.zones import check_zone_name
from smscli.files.contact_columns import Role
from smscli.files.csv_records import DELIMITERS
from smscli.files.located import FileModel, LocatedNode, Wrong, kind_of
from smscli.files.reading import quoted
from smscli.files.scalars import (
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

VERSION = "1"

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
        hint = "small letters, digits and . _ - (at most 64), a letter or digit first"
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


def _text(text: str) -> Template:
    if not text.strip():
        raise Wrong("is empty", code="empty", hint="write the text of the message")
    return compile_text(text)


# ---------------------------------------------------------------------------------------------- mappings


def _day_key(text: str) -> str:
    weekdays(text)
    return text


def _windows_of_day(value: Any) -> tuple[Window, ...]:
    """`09:00-20:00`, several with commas or as a list, or `off`."""
    texts = value if isinstance(value, list) else [value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise Wrong(f"needs a window, found {kind_of(value)}", hint='write "09:00-20:00"', code="wrong_type")
    if len(texts) == 1 and is_off(texts[0]):
        return ()
    return tuple(sorted(parse_window(part) for text in texts for part in text.split(",")))


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
    return _by_country(value, {"currency", "default"}) if isinstance(value, dict) else value


def _by_country(value: dict[str, Any], own: set[str]) -> dict[str, Any]:
    countries = {key: one for key, one in value.items() if key not in own}
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
    return [value] if isinstance(value, str) else value


def _off_or_mapping(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if is_off(value):
        return None
    raise Wrong(f"needs a mapping (key: value) or off, found {quoted(value)}", code="wrong_type")


# ----------------------------------------------------------------------------------------- the JSON Schema


class _OrElse:
    """In the JSON Schema: a short form that is allowed besides."""

    def __init__(self, short: dict[str, Any]) -> None:
        self._short = short

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(core), self._short]}


def _any_of(*schemas: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": list(schemas)})


def _for_countries(value: dict[str, Any], needed: str, **own: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": own,
        "patternProperties": {"^[A-Za-z]{2}$": value},
        "required": [needed],
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
_OFF = {"enum": ["off", False]}
_AMOUNT = {"type": "number", "minimum": 0}
_WINDOW = {"type": "string", "examples": ["09:00-20:00"]}
_SENDER = {"type": ["string", "integer"]}
_DURATION = {"type": "string", "pattern": r"^([0-9]+\s*(y|mo|w|d|h|m|s)\s*)+$", "examples": ["30d", "2y"]}

_LEVELS = [level.name.lower() for level in ConsentLevel]

Version = Annotated[str, from_text(_version), WithJsonSchema({"enum": [int(VERSION), VERSION]})]
Id = Annotated[str, from_text(parse_id), WithJsonSchema({"type": "string", "pattern": f"^{_ID.pattern}$"})]
Level = Annotated[
    ConsentLevel,
    from_text(parse_level),
    WithJsonSchema({"enum": _LEVELS}),
]
Age = Annotated[timedelta | None, from_text(_age), _any_of(_DURATION, {"const": "any"})]
WholeOrOff = Annotated[
    int | None, from_text(or_off(parse_whole)), _any_of({"type": "integer", "minimum": 1}, _OFF)
]
AmountOrOff = Annotated[Decimal | None, from_text(or_off(parse_amount)), _any_of(_AMOUNT, _OFF)]
DurationOrOff = Annotated[timedelta | None, from_text(or_off(parse_duration)), _any_of(_DURATION, _OFF)]
Expiry = Annotated[date, from_text(_expiry), WithJsonSchema({"type": "string", "examples": ["2027-03-31"]})]
Zone = Annotated[
    str, from_text(check_zone_name), WithJsonSchema({"type": "string", "examples": ["Europe/Warsaw"]})
]
Delimiter = Annotated[str, from_text(_delimiter), WithJsonSchema({"enum": [*DELIMITERS, "\t"]})]
Text = Annotated[Template, from_text(_text), WithJsonSchema(_TEXT)]
LanguageKey = Annotated[str, from_text(_language_key), WithJsonSchema(_TEXT)]
DayKey = Annotated[str, from_text(_day_key), WithJsonSchema(_TEXT)]
DayWindows = Annotated[
    tuple[Window, ...],
    PlainValidator(_windows_of_day),
    _any_of(_WINDOW, {"type": "array", "items": _WINDOW, "minItems": 1}, _OFF),
]
Gateway = Annotated[LocatedNode, WithJsonSchema({"type": ["string", "object"]})]


# -------------------------------------------------------------------------------------------------- keys


class ConsentModel(FileModel):
    """The least a contact must have agreed to."""

    level: Annotated[Level, Field(description="The least level of consent.")] = ConsentLevel.NONE
    max_age: Annotated[Age, Field(description="How old consent may be, or `any`.")] = None


class QuietHoursModel(FileModel):
    """When people may be texted, by their own clocks."""

    windows: Annotated[
        dict[DayKey, DayWindows],
        AfterValidator(_whole_week),
        Field(default_factory=dict, description="Weekdays and windows; a day left out has none."),
    ]
    holidays: Annotated[HolidayRule, Field(description="What public holidays mean.")] = HolidayRule.SKIP
    margin: Annotated[
        DurationOrOff, Field(description="Taken off the end of each window, because gateways queue.")
    ] = None


class FrequencyModel(FileModel):
    """How often one number may be texted, over all campaigns of the sent log."""

    at_most: Annotated[WholeOrOff, Field(description="So many messages in the time `per`.")] = None
    per: Annotated[Duration, Field(description="The time that `at_most` counts in.")] = timedelta(days=30)
    min_gap: Annotated[DurationOrOff, Field(description="The least time between two messages.")] = None


class LimitsModel(FileModel):
    """What a run may come to; beyond, it refuses (exit 5)."""

    max_segments: Annotated[WholeOrOff, Field(description="Segments of one message.")] = None
    max_messages: Annotated[WholeOrOff, Field(description="Messages of one run.")] = None
    max_cost: Annotated[AmountOrOff, Field(description="Cost of a run, in the currency of the rates.")] = None


class ContactsModel(FileModel):
    """The contact list and how to read it."""

    file: Annotated[Line, Field(description="A CSV file beside this one, or - for standard input.")]
    region: Annotated[Country | None, Field(description="Country of numbers that do not say theirs.")] = None
    delimiter: Annotated[Delimiter | None, Field(description="Recognised where it is not given.")] = None
    columns: Annotated[
        dict[Role, Line], Field(default_factory=dict, description="Role to header, or to `ignore`.")
    ]


class RatesModel(FileModel):
    """The price of one segment."""

    currency: Line
    default: Amount | None = None
    by_country: dict[Country, Amount] = Field(default_factory=dict)


class SenderModel(FileModel):
    """The sender ID, by country where it differs."""

    default: SenderId
    by_country: dict[Country, SenderId] = Field(default_factory=dict)


SenderOf = Annotated[
    SenderModel,
    BeforeValidator(_sender_by_country),
    _any_of(_SENDER, _for_countries(_SENDER, "default", default=_SENDER)),
]
RatesOf = Annotated[
    RatesModel,
    BeforeValidator(_rates_by_country),
    WithJsonSchema(_for_countries(_AMOUNT, "currency", currency=_TEXT, default=_AMOUNT)),
]
Texts = Annotated[
    dict[LanguageKey, Text],
    BeforeValidator(_by_language),
    AfterValidator(_languages),
    _any_of(_TEXT, {"type": "object", "additionalProperties": _TEXT, "minProperties": 1}),
]
Contacts = Annotated[ContactsModel, BeforeValidator(_file_alone), _OrElse(_TEXT)]
OptOuts = Annotated[tuple[Line, ...], BeforeValidator(_one_or_more), _OrElse(_TEXT)]
QuietHoursOrOff = Annotated[QuietHoursModel | None, BeforeValidator(_off_or_mapping), _OrElse(_OFF)]
FrequencyOrOff = Annotated[FrequencyModel | None, BeforeValidator(_off_or_mapping), _OrElse(_OFF)]


class SharedKeys(FileModel):
    """Keys that stand at the top of the file for all campaigns, or in a campaign for itself."""

    brand: Annotated[Line | None, Field(description="Who the text is from; `{{ brand }}` in texts.")] = None
    sender: Annotated[
        SenderOf | None,
        Field(description="A number in E.164, a short code or a name; by country where it differs."),
    ] = None
    gateway: Annotated[
        Gateway, Field(description="A preset, a name under `gateways`, a file (.yaml) or a profile.")
    ] = None
    contacts: Annotated[Contacts | None, Field(description="The contact list.")] = None
    on_bad_rows: Annotated[
        OnBadRows, Field(description="Whether rows with problems stop the send or are left out.")
    ] = OnBadRows.STOP
    opt_outs: Annotated[
        OptOuts, Field(description="Other opt-out lists and sent logs to heed; a campaign adds to them.")
    ] = ()
    timezone: Annotated[
        Zone | None, Field(description="Of `expires` and of times shown; decides nobody's hours.")
    ] = None
    rates: Annotated[RatesOf | None, Field(description="Price of a segment by country.")] = None
    countries: Annotated[
        Annotated[tuple[Country, ...], Field(min_length=1)] | None,
        Field(description="The only countries to text; everywhere, if left out."),
    ] = None
    default_language: Annotated[
        Language, Field(description="Of contacts whose language the list does not give.")
    ] = "en"
    fallback: Annotated[
        Flag, Field(description="Whether a language without a text gets the default language's.")
    ] = False
    consent: Annotated[ConsentModel | None, Field(description="What contacts must have agreed to.")] = None
    quiet_hours: Annotated[QuietHoursOrOff, Field(description="When people may be texted.")] = None
    frequency: Annotated[FrequencyOrOff, Field(description="How often people may be texted.")] = None
    limits: Annotated[LimitsModel | None, Field(description="What a run may come to.")] = None
    same_text: Annotated[
        SameText | None, Field(description="What the same text to the same number, lately, means.")
    ] = None
    same_text_within: Annotated[Duration, Field(description="What `same_text` calls lately.")] = timedelta(
        days=7
    )


class CampaignModel(SharedKeys):
    """One campaign: its own keys, and those of the top of the file that it wants otherwise."""

    purpose: Annotated[Purpose | None, Field(description="Why people are texted; it has no default.")] = None
    topic: Annotated[Id | None, Field(description="What people may opt out of, short of everything.")] = None
    text: Annotated[Texts | None, Field(description="The text, or one for each language.")] = None
    expires: Annotated[Expiry | None, Field(description="A date or time; nobody is texted after it.")] = None


class FileKeys(SharedKeys):
    """The campaigns file: keys for all campaigns, and the campaigns."""

    version: Annotated[Version | None, Field(description="The version of this format.")] = None
    sent_log: Annotated[Line, Field(description="The sent log, beside this file.")] = "sent-log.db"
    gateways: Annotated[
        dict[Id, Gateway], Field(default_factory=dict, description="Gateway profiles of your own.")
    ]
    campaigns: Annotated[
        dict[str, LocatedNode], Field(default_factory=dict, description="The campaigns, by id.")
    ]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the campaigns file, in YAML's types, for editors."""
    schema = FileKeys.model_json_schema()
    campaign = CampaignModel.model_json_schema()
    definitions = schema.pop("$defs", {}) | campaign.pop("$defs", {})
    campaign["required"] = ["purpose", "text"]
    schema["required"] = ["version", "campaigns"]
    schema["properties"]["campaigns"] = {
        "type": "object",
        "description": "The campaigns, by id.",
        "propertyNames": {"pattern": f"^{_ID.pattern}$"},
        "additionalProperties": {"$ref": "#/$defs/Campaign"},
        "minProperties": 1,
    }
    schema["$defs"] = definitions | {"Campaign": campaign}
    schema["title"] = "smscli campaigns file"
    tidied: dict[str, Any] = _tidied(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **tidied}


def _tidied(schema: Any) -> Any:
    """Without null (a key without a value is refused) and without pydantic's defaults and titles."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema if each != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    tidied = {key: _tidied(value) for key, value in schema.items() if not _is_noise(key, value)}
    alternatives = tidied.get("anyOf")
    if isinstance(alternatives, list) and len(alternatives) == 1:
        del tidied["anyOf"]
        tidied = alternatives[0] | tidied
    return tidied


def _is_noise(key: str, value: Any) -> bool:
    is_a_key_of_ours = isinstance(value, dict) and bool(value)  # sender: {default: …}
    return key in ("default", "title") and not is_a_key_of_ours
