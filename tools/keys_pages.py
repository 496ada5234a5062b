"""The tables of docs/campaigns-file.md and docs/gateways.md: keys from the JSON Schemas, and the presets.

A table stands between `<!-- generated: name -->` and `<!-- end -->`; which names there are is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from smscli.files.json_schema import campaigns_schema, gateway_schema
from tools.markdown import code, filled, generated_in, table
from tools.presets_table import presets

#: Of a gateway's profile: what is about the answer. All others are about the request.
_OF_THE_REPLY = frozenset({"ok", "result", "errors", "error_code", "error_text", "retry_after"})
#: And what can be asked afterwards.
_OF_THE_POLLS = ("receipts", "lookup", "replies", "opt_outs")

#: So many examples show how a value is written.
_EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Key:
    """A key as its schema has it; `path` is dotted."""

    path: str
    part: Mapping[str, Any]
    needed: bool
    definitions: Mapping[str, Any]

    @property
    def row(self) -> tuple[str, str, str, str]:
        """Key, meaning, default, allowed."""
        return code(self.path), self.part["description"], self._default(), self._allowed()

    def _default(self) -> str:
        if "x-default" in self.part:
            return str(self.part["x-default"])
        if "default" in self.part:
            return code(_as_yaml(self.part["default"]))
        return "needed" if self.needed else ""

    def _allowed(self) -> str:
        found: list[str] = []
        for schema in _alternatives(self.part, self.definitions):
            found += [each for each in _allowed(schema) if each not in found]
        return ", ".join(found)


def keys(schema: Mapping[str, Any], part: Mapping[str, Any], path: str = "") -> Iterator[Key]:
    """The keys of a part of a schema, however deep, without what is in lists."""
    definitions = schema["$defs"]
    for alternative in _alternatives(part, definitions):
        needed = alternative.get("required", ())
        for name, below in alternative.get("properties", {}).items():
            dotted = f"{path}.{name}" if path else name
            yield Key(dotted, below, name in needed, definitions)
            yield from keys(schema, below, dotted)


def _alternatives(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas that a value can follow; a whole gateway profile is a page of its own."""
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        if name not in ("Gateway", "Wording"):  # they have pages of their own
            yield from _alternatives(definitions[name], definitions)
    elif "anyOf" in part:
        for each in part["anyOf"]:
            yield from _alternatives(each, definitions)
    else:
        yield part


def _allowed(schema: Mapping[str, Any]) -> Iterator[str]:
    """What can be written, as far as a few words say it."""
    kinds = schema.get("type", ())
    if "enum" in schema:
        words = (_as_yaml(value) for value in schema["enum"] if value is not False)
        yield from dict.fromkeys(code(word) for word in words if word.strip())
    elif "examples" in schema:
        yield "such as " + ", ".join(code(example) for example in schema["examples"][:_EXAMPLES])
    elif "boolean" in kinds and len(kinds) == 2:
        yield from (code("true"), code("false"))
    elif "integer" in kinds:
        yield _bounded("a whole number", schema)
    elif kinds in (["number", "string"], "number"):
        yield _bounded("a number", schema)
    elif kinds == "array":
        yield "a list"
    elif kinds == "object":
        yield "the keys below" if "properties" in schema else "a mapping"


def _bounded(what: str, schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None:
        return what
    return f"{what} from {least:,}" if most is None else f"{what}, {least:,} to {most:,}"


def _as_yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_as_yaml, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- which table shows which keys ---


def _of_campaigns(*, at_top: bool, in_campaign: bool) -> Iterator[Key]:
    schema = campaigns_schema()
    top = {key.path: key for key in keys(schema, schema)}
    campaign = {key.path: key for key in keys(schema, schema["$defs"]["Campaign"])}
    for path, key in {**top, **campaign}.items():
        if (path in top, path in campaign) == (at_top, in_campaign):
            yield key


def _of_profile(*, reply: bool) -> Iterator[Key]:
    schema = gateway_schema()
    for key in keys(schema, schema["$defs"]["Profile"]):
        first = key.path.partition(".")[0]
        if first not in _OF_THE_POLLS and (first in _OF_THE_REPLY) is reply:
            yield key


def _polls() -> Iterator[str]:
    """Every key of the four polls, and of which."""
    schema = gateway_schema()
    found: dict[str, tuple[Key, list[str]]] = {}
    for key in keys(schema, schema["$defs"]["Profile"]):
        poll, _, path = key.path.partition(".")
        if poll in _OF_THE_POLLS and path:
            found.setdefault(path, (replace(key, path=path), []))[1].append(poll)
    headers = ("key", "of", "meaning", "default", "allowed")
    everywhere = list(_OF_THE_POLLS)
    rows = (
        (key.row[0], "all" if polls == everywhere else ", ".join(map(code, polls)), *key.row[1:])
        for key, polls in found.values()
    )
    return table(headers, rows)


def _of_definition(name: str) -> Iterator[Key]:
    schema = gateway_schema()
    return keys(schema, schema["$defs"][name])


TABLES: Mapping[str, Callable[[], Iterator[Key]]] = {
    "keys at the top": lambda: _of_campaigns(at_top=True, in_campaign=False),
    "keys of a campaign": lambda: _of_campaigns(at_top=False, in_campaign=True),
    "keys of both": lambda: _of_campaigns(at_top=True, in_campaign=True),
    "keys of the request": lambda: _of_profile(reply=False),
    "keys of the reply": lambda: _of_profile(reply=True),
    "keys of a test": lambda: _of_definition("Test"),
    "keys of an error rule": lambda: _of_definition("Error"),
}

#: Tables that are more than keys.
OTHERS: Mapping[str, Callable[[], Iterator[str]]] = {"the presets": presets, "keys of the polls": _polls}


def with_tables(page: str) -> str:
    """The page with its tables made anew. Raises KeyError for a table that is not known here."""
    return filled(page, _table)


def tables_in(page: str) -> list[str]:
    """The names of the tables that a page asks for."""
    return generated_in(page)


def _table(name: str) -> Iterator[str]:
    if name in OTHERS:
        return OTHERS[name]()
    return table(("key", "meaning", "default", "allowed"), (key.row for key in TABLES[name]()))
