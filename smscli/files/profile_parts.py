"""What the keys of a profile are made of: values with markers, trees, paths, tests, and their JSON Schemas.

Knows no key of a profile: those stand in `profile_models.py` and `poll_models.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

from smscli.domain import profile as domain
from smscli.domain.profile import (
    MARKERS,
    BodyTest,
    Each,
    ErrorClass,
    SecretName,
    Value,
    Words,
    words,
)
from smscli.files.located import FileModel, Items, Node, Scalar, Table, Wrong
from smscli.files.reading import listed
from smscli.files.yaml_types import ANY_TEXT, OTHERWISE, TEXT, Schema, defined, described, whole

_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _node(value: Any) -> Node:
    node: Node = value.node
    return node


def value_of(node: Node) -> Value:
    """A text with markers, or `{env: NAME}`. Raises Wrong."""
    if isinstance(node, Table) and list(node.entries) == ["env"]:
        named = node.entries["env"]
        if not isinstance(named, Scalar) or not _ENV.fullmatch(named.text):
            raise Wrong("is not the name of an environment variable", at=("env",), hint="write {env: MY_KEY}")
        return SecretName(named.text)
    if not isinstance(node, Scalar):
        raise Wrong("needs a text or {env: NAME}", code="wrong_type")
    if node.is_null:
        raise Wrong("has no value", code="empty", hint='write one, "" for an empty text, or delete the line')
    try:
        return words(node.text)
    except ValueError as trouble:
        raise Wrong(f"holds {trouble}", code="bad_marker", hint="known markers: " + listed(MARKERS)) from None


def tree_of(node: Node) -> domain.Node:
    """The body as written. Raises Wrong, with the path below."""
    if isinstance(node, Scalar):
        return value_of(node)
    if isinstance(node, Items):
        return domain.Items(tuple(_below(item, place) for place, item in enumerate(node.items)))
    keys = set(node.entries)
    if keys == {"env"}:
        return value_of(node)
    if "$json" in keys:
        return _constant(node)
    if "$each" in keys:
        return _each(node)
    if "$join" in keys:
        return _join(node)
    return _fields(node)


def _fields(node: Table) -> domain.Fields:
    """Fields by name. One whose name holds a marker is made once for every message."""
    plain: list[tuple[str, domain.Node]] = []
    by_message: list[tuple[Words, domain.Node]] = []
    for key, child in node.entries.items():
        below = _below(child, key)
        try:
            name = words(key)
        except ValueError as trouble:
            hint = "known markers: " + listed(MARKERS)
            raise Wrong(f"holds {trouble}", code="bad_marker", hint=hint, at=(key,), of_key=True) from None
        if name.slots:
            by_message.append((name, below))
        else:
            plain.append(("".join(part for part in name.parts if isinstance(part, str)), below))
    return domain.Fields(tuple(plain), tuple(by_message))


def _below(node: Node, step: str | int) -> domain.Node:
    try:
        return tree_of(node)
    except Wrong as wrong:
        wrong.at = (step, *wrong.at)
        raise


def _constant(node: Table) -> domain.Node:
    only = node.entries["$json"]
    try:
        value = json.loads(only.text) if isinstance(only, Scalar) and len(node.entries) == 1 else ""
    except ValueError:
        value = ""
    if isinstance(value, str | list | dict):
        raise Wrong(
            "needs a number, true, false or null", at=("$json",), hint="texts are written as they are"
        )
    return domain.Constant(value)


def _join(node: Table) -> domain.Node:
    what, item, by = (node.entries.get(key) for key in ("$join", "item", "by"))
    good = isinstance(what, Scalar) and what.text == "messages" and len(node.entries) == 3
    if not good or item is None or not isinstance(by, Scalar) or not by.text:
        hint = 'write {$join: messages, item: "{to}", by: ","}'
        raise Wrong("is not understood", hint=hint, at=("$join",), of_key=True)
    try:
        return domain.Join(value_of(item), by.text)
    except Wrong as wrong:
        wrong.at = ("item", *wrong.at)
        raise


def _each(node: Table) -> domain.Node:
    what, item = node.entries["$each"], node.entries.get("item")
    if not isinstance(what, Scalar) or what.text != "messages" or item is None or len(node.entries) != 2:
        raise Wrong("is not understood", hint="write {$each: messages, item: …}", at=("$each",), of_key=True)
    return Each(_below(item, "item"))


def _named_values(value: Any) -> tuple[tuple[str, Value], ...]:
    node = _node(value)
    if not isinstance(node, Table):
        raise Wrong("needs a mapping (name: value)", code="wrong_type")
    found = []
    for name, child in node.entries.items():
        try:
            found.append((name, value_of(child)))
        except Wrong as wrong:
            wrong.at = (name, *wrong.at)
            raise
    return tuple(found)


def _path(value: Any) -> tuple[str, ...]:
    if not isinstance(value, str) or not value.strip(". "):
        raise Wrong("needs a path like data.messages.0.id", code="wrong_type")
    return tuple(value.strip().split("."))


def _regex(value: Any) -> str:
    try:
        re.compile(value)
    except (re.error, TypeError) as trouble:
        hint = "put it in single quotes, where \\ stays as it is"
        raise Wrong(f"is not a regular expression: {trouble}", hint=hint) from None
    return str(value)


def _one_group(value: Any) -> str:
    if re.compile(_regex(value)).groups != 1:
        raise Wrong("needs exactly one group (…), around the part that is meant")
    return str(value)


def _status(value: Any) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"[1-5][0-9][0-9]", value):
        raise Wrong("is not an HTTP status", hint="write 429, or several: [429, 503]")
    return int(value)


def as_list(value: Any) -> Any:
    """One thing or a list of them."""
    return value if isinstance(value, list) else [value]


_SECRET_REFERENCE: Schema = {
    "type": "object",
    "properties": {
        "env": {
            "description": "The name of the environment variable that holds the value.",
            "type": "string",
            "pattern": f"^{_ENV.pattern}$",
        }
    },
    "required": ["env"],
    "additionalProperties": False,
}
_VALUE: Schema = {"oneOf": [ANY_TEXT, _SECRET_REFERENCE]}
_STATUS: Schema = whole(100, 599)
_TESTED: Schema = {"anyOf": [ANY_TEXT, {"type": "array", "items": ANY_TEXT}]}


class OneOrSeveral:
    """In the JSON Schema: a list, or what would stand in it alone."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        several = handler(core)
        return {"oneOf": [several, several["items"]]}


AnyText = Annotated[str, WithJsonSchema(ANY_TEXT)]
ValueField = Annotated[Any, BeforeValidator(lambda value: value_of(_node(value))), WithJsonSchema(_VALUE)]
TreeField = Annotated[
    Any, BeforeValidator(lambda value: tree_of(_node(value))), WithJsonSchema(defined("Tree"))
]
NamedValues = Annotated[
    Any,
    BeforeValidator(_named_values),
    WithJsonSchema({"type": "object", "additionalProperties": _VALUE}),
]
PathField = Annotated[
    Any, BeforeValidator(_path), WithJsonSchema(TEXT | {"examples": ["data.messages.0.id"]})
]
Regex = Annotated[Any, BeforeValidator(_regex), WithJsonSchema(ANY_TEXT)]
OneGroup = Annotated[Any, BeforeValidator(_one_group), WithJsonSchema({"type": "string", "pattern": r"\("})]
Status = Annotated[Any, BeforeValidator(_status), WithJsonSchema(_STATUS)]
Statuses = Annotated[
    tuple[Status, ...],
    BeforeValidator(as_list),
    WithJsonSchema({"anyOf": [_STATUS, {"type": "array", "items": _STATUS}]}),
]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_list), WithJsonSchema(_TESTED)]


def one_of(*words: str) -> Any:
    """In the JSON Schema: one of these words."""
    return WithJsonSchema({"enum": list(words)})


# --- tests and error rules ---


class TestModel(FileModel):
    """One test of a body: at a path, or (`text`) of the whole text."""

    path: Annotated[
        PathField,
        described("Where to look: a path through the body, such as `data.messages.0.id`.", otherwise="none"),
    ] = None
    equals: Annotated[
        AnyText | None, described("The one value that has to stand there.", otherwise="none")
    ] = None
    one_of: Texts = Field(
        default=(),
        alias="in",
        description="The values of which one has to stand there.",
        json_schema_extra={OTHERWISE: "none"},
    )
    regex: Annotated[
        Regex, described("A regular expression that what stands there has to match.", otherwise="none")
    ] = ""
    text: Annotated[
        Regex, described("A regular expression that the whole text has to match.", otherwise="none")
    ] = ""

    def build(self, default: domain.Path | None = None) -> tuple[BodyTest, ...]:
        """The tests it stands for. `default`: the path that is meant where none is given."""
        path = self.path if self.path is not None else default
        values = (*self.one_of, *(() if self.equals is None else (self.equals,)))
        tests = []
        if values or self.regex or self.path is not None:
            tests.append(BodyTest(path, values, self.regex))
        if self.text:
            tests.append(BodyTest(None, (), self.text))
        return tuple(tests)


TestModel.__test__ = False  # type: ignore[attr-defined]
Tests = Annotated[tuple[TestModel, ...], BeforeValidator(as_list), OneOrSeveral()]


class ErrorModel(TestModel):
    """A test, and what an error means for which it holds."""

    http: Annotated[Statuses, described("The HTTP status of the reply, or several.", otherwise="any")] = ()
    means: ErrorClass = Field(alias="class", description="What becomes of the message where the rule holds.")


def build_tests(models: Sequence[TestModel]) -> tuple[BodyTest, ...]:
    """The tests that a key stands for."""
    return tuple(test for model in models for test in model.build())


def build_rules(models: Sequence[ErrorModel], code: domain.Path | None) -> tuple[domain.ErrorRule, ...]:
    """The error rules that a key stands for; `code`: the path that is meant where a rule names none."""
    return tuple(domain.ErrorRule(each.means, each.http, each.build(code)) for each in models)
