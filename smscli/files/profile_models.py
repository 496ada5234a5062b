"""What a gateway profile may say: its keys, what they mean, and how their texts become the domain's types.

Knows one key at a time. What does not fit together is found by `profile_check.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

from smscli.domain import profile as domain
from smscli.domain.message import Realm
from smscli.domain.profile import (
    MARKERS,
    AuthKind,
    BatchMode,
    BodyEncoding,
    BodyTest,
    Each,
    ErrorClass,
    GatewayProfile,
    IdempotencyScope,
    NumberFormat,
    RateUnit,
    ResultShape,
    SecretName,
    TimeUnit,
    Unlisted,
    Value,
    Words,
    words,
)
from smscli.files.located import FileModel, Items, Node, Scalar, Table, Wrong
from smscli.files.reading import listed
from smscli.files.scalars import Duration, Flag, Line, Whole
from smscli.files.yaml_types import ANY_TEXT, OTHERWISE, TEXT, Schema, defined, described, number, whole

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
    return domain.Fields(tuple((key, _below(child, key)) for key, child in node.entries.items()))


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


def _listed(value: Any) -> Any:
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


class _OneOrSeveral:
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
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [_STATUS, {"type": "array", "items": _STATUS}]}),
]
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed), WithJsonSchema(_TESTED)]


def _one_of(*words: str) -> Any:
    return WithJsonSchema({"enum": list(words)})


# --- the models of the file ---


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
Tests = Annotated[tuple[TestModel, ...], BeforeValidator(_listed), _OneOrSeveral()]


class ErrorModel(TestModel):
    """A test, and what an error means for which it holds."""

    http: Annotated[Statuses, described("The HTTP status of the reply, or several.", otherwise="any")] = ()
    means: ErrorClass = Field(alias="class", description="What becomes of the message where the rule holds.")


class OkModel(FileModel):
    """The key `ok` of a profile."""

    http: Annotated[Statuses, described("Its status, or several.", [200, 201, 202])] = (200, 201, 202)
    when: Annotated[Tests, described("Tests that have to hold besides.", otherwise="none")] = ()


class ResultModel(FileModel):
    """The key `result` of a profile."""

    shape: Annotated[ResultShape, described("How a good reply speaks of the messages that it answers.")]
    items: Annotated[
        PathField, described("The path of the list or mapping.", otherwise="the whole body")
    ] = ()
    match: Annotated[
        PathField, described("In an item, the path of what it is matched by.", otherwise="none")
    ] = ()
    by: Annotated[
        str,
        Field(pattern="^(number|id)$"),
        _one_of("number", "id"),
        described("What an item is matched by: `number`, or `id` (ours).", "number"),
    ] = "number"
    id: Annotated[PathField, described("In an item, the path of the gateway's own id.", otherwise="none")] = (
        None
    )
    header: Annotated[Line, described("The header that holds the id.", otherwise="none")] = ""
    pattern: Annotated[
        OneGroup, described("A regular expression with one group around the id.", otherwise="none")
    ] = ""
    ok: Annotated[Tests, described("Tests that say that an item was accepted.", otherwise="has an id")] = ()
    code: Annotated[PathField, described("In an item, the path of its error code.", otherwise="none")] = None
    text: Annotated[PathField, described("In an item, the path of its error text.", otherwise="none")] = None
    segments: Annotated[
        PathField, described("In an item, the path of the gateway's own count of segments.", otherwise="none")
    ] = None
    errors: Annotated[
        tuple[ErrorModel, ...],
        described(
            "Error rules for an item that is not accepted. The first that holds decides.", otherwise="none"
        ),
    ] = ()
    unlisted: Annotated[
        Unlisted,
        described("What an item with an error nobody mapped is: `in_doubt` or `rejected`.", "in_doubt"),
    ] = Unlisted.IN_DOUBT


class AuthModel(FileModel):
    """The credentials, and where they stand."""

    kind: Annotated[
        AuthKind, described("`none`, `basic`, `bearer`, `header`, `query` or `form` (in the body).")
    ]
    user: Annotated[ValueField, described("The user, for `basic`.", otherwise="none")] = None
    password: Annotated[ValueField, described("The password, for `basic`.", otherwise="none")] = None
    token: Annotated[ValueField, described("The token, for `bearer`.", otherwise="none")] = None
    fields: Annotated[
        NamedValues, described("For `header`, `query` and `form`: name to value.", otherwise="none")
    ] = ()
    scheme: Annotated[
        Line,
        described(
            "What stands before the value in a header, where a gateway wants another word.",
            otherwise="`Bearer` for `bearer`",
        ),
    ] = ""


class BatchModel(FileModel):
    """The key `batch` of a profile."""

    mode: Annotated[
        BatchMode,
        described("`one` message; `fanout`: one text to many numbers; `list`: many messages.", "one"),
    ] = BatchMode.ONE
    max: Annotated[Whole, described("The most messages of one request.", 1)] = 1
    join: Annotated[
        AnyText | None,
        described(
            "For `fanout`: what stands between numbers that are written as one text.", otherwise="a list"
        ),
    ] = None


class UnicodeModel(FileModel):
    """The key `unicode` of a profile."""

    when_needed: Annotated[
        AnyText | None, described("What it is when the text is UCS-2.", otherwise="left out")
    ] = None
    otherwise: Annotated[
        AnyText | None, described("What it is when the text is GSM-7.", otherwise="left out")
    ] = None


class ValidityModel(FileModel):
    """The bounds of a message's validity."""

    least: Annotated[Whole, described("The least that the gateway understands, in seconds.", 1)] = 1
    most: Annotated[Whole, described("The most that the gateway understands, in seconds.", 86_400)] = 86_400


class RetryAfterModel(FileModel):
    """Where a gateway names a delay besides `Retry-After`."""

    header: Annotated[Line, described("The header that holds it.", otherwise="none")] = ""
    path: Annotated[PathField, described("The path of it in the body.", otherwise="none")] = None
    pattern: Annotated[
        OneGroup, described("A regular expression with one group around it.", otherwise="none")
    ] = ""
    unit: Annotated[TimeUnit, described("`seconds`, `milliseconds` or `minutes`.", "seconds")] = (
        TimeUnit.SECONDS
    )


class IdempotencyModel(FileModel):
    """The gateway's promise that a repeat with the same key is taken once."""

    where: Annotated[
        str,
        Field(pattern="^(header|query|body)$"),
        _one_of("header", "query", "body"),
        described("`header`, `query` or `body` (then the body holds `{id}` or `{request_id}`)."),
    ]
    name: Annotated[Line, described("The header or field that carries the key.", otherwise="none")] = ""
    scope: Annotated[
        IdempotencyScope, described("What one key stands for: `message` or `request`.", "message")
    ] = IdempotencyScope.MESSAGE
    window: Annotated[Duration, described("How long the promise holds. smscli uses half of it.")]


class RateModel(FileModel):
    """The key `rate` of a profile."""

    per_second: Annotated[
        float,
        Field(gt=0, le=100_000),
        WithJsonSchema(number(exclusiveMinimum=0, maximum=100_000)),
        described("So many in any second."),
    ]
    counts: Annotated[
        RateUnit, described("What it counts: `message` (MPS), `segment` or `request`.", "message")
    ] = RateUnit.MESSAGE


class TimeoutsModel(FileModel):
    """How long to wait, in seconds."""

    connect: Annotated[
        float,
        Field(gt=0, le=300),
        WithJsonSchema(number(exclusiveMinimum=0, maximum=300)),
        described("Seconds to have a connection.", 10),
    ] = 10.0
    total: Annotated[
        float,
        Field(gt=0, le=600),
        WithJsonSchema(number(exclusiveMinimum=0, maximum=600)),
        described("Seconds for the whole call, with its last byte. After it, the call is in doubt.", 30),
    ] = 30.0


class ProfileModel(FileModel):
    """Every key of a gateway profile."""

    name: Annotated[
        Line,
        described(
            "Small letters, digits and `-`.",
            otherwise="the name it has under `gateways`, or of its file",
        ),
    ]
    url: Annotated[
        ValueField, described("`https://…`. Plain `http://` only to this machine. Or `{env: NAME}`.")
    ]
    method: Annotated[
        str,
        Field(pattern="^(GET|POST)$"),
        _one_of("GET", "POST"),
        described("`POST`, or `GET` with `encoding: query`.", "POST"),
    ] = "POST"
    variables: Annotated[
        NamedValues,
        described(
            "Names of your own for `url`, `auth` and the body: `{account_sid: {env: …}}`.", otherwise="none"
        ),
    ] = ()
    headers: Annotated[NamedValues, described("Headers by name.", otherwise="none")] = ()
    auth: Annotated[AuthModel, described("The credentials.", otherwise="none")] = AuthModel(
        kind=AuthKind.NONE
    )
    encoding: Annotated[
        BodyEncoding, described("`json`, `form`, `query` (no body) or `text` (the body is one text).", "json")
    ] = BodyEncoding.JSON
    number: Annotated[
        NumberFormat,
        described(
            "How numbers are written: `e164plus` (+12025550123), `e164bare` (12025550123) or `int` (a number"
            " in JSON).",
            "e164plus",
        ),
    ] = NumberFormat.E164PLUS
    batch: Annotated[BatchModel, described("What one request can carry.", otherwise="one a call")] = (
        BatchModel()
    )
    body: Annotated[TreeField, described("The body as a tree, with markers.")]
    unicode: Annotated[UnicodeModel, described("What `{unicode}` stands for.", otherwise="left out")] = (
        UnicodeModel()
    )
    validity: Annotated[
        ValidityModel,
        described(
            "The bounds, in seconds, of what the gateway is told about how long a message is valid.",
            otherwise="a second to a day",
        ),
    ] = ValidityModel()
    ok: Annotated[OkModel, described("When a reply is a good one.", otherwise="by its status")] = OkModel()
    result: Annotated[ResultModel, described("Where the receipts are in a good reply.")]
    errors: Annotated[
        tuple[ErrorModel, ...], described("Error rules for a reply that is not good.", otherwise="none")
    ] = ()
    error_code: Annotated[
        PathField, described("In a reply that is not good, the path of its code.", otherwise="none")
    ] = None
    error_text: Annotated[
        PathField, described("In a reply that is not good, the path of its text.", otherwise="none")
    ] = None
    retry_after: Annotated[
        RetryAfterModel,
        described("Where the gateway names a delay besides.", otherwise="the `Retry-After` header"),
    ] = RetryAfterModel()
    idempotency: Annotated[
        IdempotencyModel | None,
        described("The gateway's promise that a repeat with the same key is taken once.", otherwise="none"),
    ] = None
    rate: Annotated[RateModel | None, described("The throughput.", otherwise="no limit of ours")] = None
    connections: Annotated[
        int,
        Field(ge=1, le=200),
        WithJsonSchema(whole(1, 200)),
        described("Requests at the same time, at most.", 4),
    ] = 4
    timeouts: Annotated[TimeoutsModel, described("How long to wait.", otherwise="10 and 30 seconds")] = (
        TimeoutsModel()
    )
    allow_plain_http: Annotated[
        Flag, described("Allow plain `http://` to another machine. Anyone on the way can read it.", False)
    ] = False
    proxy: Annotated[
        ValueField,
        described(
            "The URL of a proxy, or `{env: HTTPS_PROXY}`. The environment is not asked by itself.",
            otherwise="none",
        ),
    ] = None
    clock_check: Annotated[
        Flag,
        described(
            "Compare the `Date` of the first reply with our clock. `off` where the gateway's own clock is"
            " wrong.",
            True,
        ),
    ] = True

    def build(self, realm: Realm) -> GatewayProfile:
        """The domain's profile."""
        promise = self.idempotency
        return GatewayProfile(
            name=self.name,
            realm=realm,
            batch=self.batch.mode,
            batch_max=self.batch.max,
            connections=self.connections,
            rate=None if self.rate is None else domain.Rate(self.rate.per_second, self.rate.counts),
            idempotency=None
            if promise is None
            else domain.Idempotency(promise.where, promise.name, promise.scope, promise.window),
            clock_check=self.clock_check,
            wire=domain.Wire(
                self._call(),
                self._reply(),
                domain.Timeouts(self.timeouts.connect, self.timeouts.total),
                self.allow_plain_http,
                self.proxy,
            ),
        )

    def _call(self) -> domain.Call:
        return domain.Call(
            url=self.url,
            method=self.method,
            variables=self.variables,
            headers=self.headers,
            auth=domain.Auth(self.auth.kind, _credentials(self.auth), self.auth.scheme or _scheme(self.auth)),
            encoding=self.encoding,
            number=self.number,
            join=self.batch.join,
            body=self.body,
            unicode=domain.UnicodeSwitch(self.unicode.when_needed, self.unicode.otherwise),
            validity=domain.Validity(self.validity.least, self.validity.most),
        )

    def _reply(self) -> domain.Reply:
        result, retry = self.result, self.retry_after
        return domain.Reply(
            statuses=self.ok.http,
            when=_tests(self.ok.when),
            result=domain.Result(
                shape=result.shape,
                items=result.items,
                key=result.match,
                by_id=result.by == "id",
                id=result.id,
                header=result.header,
                pattern=result.pattern,
                ok=_tests(result.ok),
                code=result.code,
                text=result.text,
                segments=result.segments,
                errors=_rules(result.errors, result.code),
                unlisted=result.unlisted,
            ),
            errors=_rules(self.errors, self.error_code),
            code=self.error_code,
            text=self.error_text,
            retry_after=domain.RetryAfter(retry.header, retry.path, retry.pattern, retry.unit),
        )


def _credentials(auth: AuthModel) -> tuple[tuple[str, Value], ...]:
    match auth.kind:
        case AuthKind.BASIC:
            return (("user", auth.user), ("password", Words() if auth.password is None else auth.password))
        case AuthKind.BEARER:
            return (("Authorization", auth.token),)
        case _:
            return tuple(auth.fields)


def _scheme(auth: AuthModel) -> str:
    return "Bearer" if auth.kind is AuthKind.BEARER else ""


def _tests(models: Sequence[TestModel]) -> tuple[BodyTest, ...]:
    return tuple(test for model in models for test in model.build())


def _rules(models: Sequence[ErrorModel], code: domain.Path | None) -> tuple[domain.ErrorRule, ...]:
    return tuple(domain.ErrorRule(each.means, each.http, each.build(code)) for each in models)
