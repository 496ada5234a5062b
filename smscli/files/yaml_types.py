"""JSON Schema for values as YAML's readers see them.

smscli reads every value as the text that is written. An editor does not: it turns `1984` into a number,
`yes` (YAML 1.1) or `true` into a boolean and `+12025550143` into an integer. Each schema here takes what any
of them makes of the texts that smscli takes. Dates are texts to editors: yaml-language-server takes values of
a type that JSON lacks as they are written. Knows no key of any file.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import Field

Schema = dict[str, Any]

#: Where `described` leaves a default for `json_schema.py`; pydantic's own (`PT720H`) are not YAML.
DEFAULT = "x-yaml-default"
OTHERWISE = "x-default"
DEFINED = "x-defined"


def defined(name: str) -> Schema:
    """One of the definitions that `json_schema.py` makes: pydantic trips over a `$ref` to what it did not."""
    return {DEFINED: name}


def described(says: str, default: object = None, *, otherwise: str = "", new: Any = None) -> Any:
    """A key of a file: what it means, and what holds where it is left out, as YAML or in words.

    `new` makes the model's own default (a `default_factory`). A key with neither default is needed.
    """
    extra: Schema = {} if default is None else {DEFAULT: default}
    extra |= {OTHERWISE: otherwise} if otherwise else {}
    if new is None:
        return Field(description=says, json_schema_extra=extra)
    return Field(description=says, json_schema_extra=extra, default_factory=new)


#: A text that is not empty: `1984`, `1.0`, `yes` and `2027-03-31` are texts too.
TEXT: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}

#: The same, and it may be empty.
ANY_TEXT: Schema = {"type": ["string", "number", "boolean"]}


def any_case(*words: str) -> str:
    """A pattern for one of some words, whatever their case: JSON Schema's patterns have no flag for it."""
    return "|".join("".join(map(_either, word)) for word in words)


def _either(letter: str) -> str:
    return f"[{letter.upper()}{letter}]" if letter.isalpha() else letter


def word(words: Iterable[str | bool], also: str) -> Schema:
    """One of some words; `also` is a pattern of the other spellings that are read as one of them."""
    return {"anyOf": [{"enum": list(words)}, {"type": "string", "pattern": anchored(also)}]}


def anchored(pattern: str) -> str:
    """A pattern that has to cover the whole text, outer white space apart."""
    return rf"^\s*(?:{pattern})\s*$"


def either(*schemas: Schema) -> Schema:
    """One of several."""
    return {"anyOf": list(schemas)}


def whole(least: int = 1, most: int | None = None) -> Schema:
    """A whole number, with or without quotes."""
    bounds = {"minimum": least} | ({} if most is None else {"maximum": most})
    return {"type": ["integer", "string"], **bounds, "pattern": r"^\s*\+?[0-9]{1,12}\s*$"}


def number(**bounds: float) -> Schema:
    """A number, with or without quotes."""
    return {"type": ["number", "string"], **bounds, "pattern": r"^\s*\+?[0-9._]+(?:[eE][-+]?[0-9]+)?\s*$"}


#: `off` is false to YAML 1.1, and smscli takes it so.
OFF: Schema = word(["off", False], any_case("off", "none", "no", "false"))

FLAG: Schema = {
    "type": ["boolean", "string"],
    "pattern": anchored(any_case("true", "yes", "on", "false", "no", "off")),
}
AMOUNT: Schema = {"type": ["number", "string"], "minimum": 0, "pattern": r"^[0-9]{1,12}(?:\.[0-9]{1,8})?$"}
DURATION: Schema = {
    "type": "string",
    "pattern": r"^\s*(?:[0-9]{1,6}\s*(?:y|mo|w|d|h|m|s)\s*)+$",
    "examples": ["30d", "2y", "12h", "90m"],
}
COUNTRY: Schema = {"anyOf": [{"type": "string", "pattern": r"^\s*[A-Za-z]{2}\s*$"}, {"const": False}]}
"""`NO` (Norway) is false to YAML 1.1."""

COUNTRY_KEY = "^(?:[A-Za-z]{2}|false)$"
"""The same as a key, which editors turn into text."""
