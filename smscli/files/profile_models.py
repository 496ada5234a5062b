"""What a gateway profile may say: its keys, and how their texts become the domain's types.

Knows one key at a time. What does not fit together is found by `profile_check.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

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


_ANYTHING = WithJsonSchema({})
_TEXT_SCHEMA = WithJsonSchema({"type": "string"})
ValueField = Annotated[Any, BeforeValidator(lambda value: value_of(_node(value))), _ANYTHING]
TreeField = Annotated[Any, BeforeValidator(lambda value: tree_of(_node(value))), _ANYTHING]
NamedValues = Annotated[Any, BeforeValidator(_named_values), WithJsonSchema({"type": "object"})]
PathField = Annotated[Any, BeforeValidator(_path), _TEXT_SCHEMA]
Regex = Annotated[Any, BeforeValidator(_regex), _TEXT_SCHEMA]
OneGroup = Annotated[Any, BeforeValidator(_one_group), _TEXT_SCHEMA]
Status = Annotated[Any, BeforeValidator(_status), WithJsonSchema({"type": "integer"})]
Statuses = Annotated[tuple[Status, ...], BeforeValidator(_listed)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


# --- the models of the file ---


class TestModel(FileModel):
    """One test of a body: at a path, or (`text`) of the whole text."""

    path: PathField = None
    equals: str | None = None
    one_of: Texts = Field(default=(), alias="in")
    regex: Regex = ""
    text: Regex = ""

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
Tests = Annotated[tuple[TestModel, ...], BeforeValidator(_listed)]


class ErrorModel(TestModel):
    """A test, and what an error means for which it holds."""

    http: Statuses = ()
    means: ErrorClass = Field(alias="class")


class OkModel(FileModel):
    http: Statuses = (200, 201, 202)
    when: Tests = ()


class ResultModel(FileModel):
    shape: ResultShape
    items: PathField = ()
    match: PathField = ()
    by: Annotated[str, Field(pattern="^(number|id)$")] = "number"
    id: PathField = None
    header: Line = ""
    pattern: OneGroup = ""
    ok: Tests = ()
    code: PathField = None
    text: PathField = None
    segments: PathField = None
    errors: tuple[ErrorModel, ...] = ()
    unlisted: Unlisted = Unlisted.IN_DOUBT


class AuthModel(FileModel):
    kind: AuthKind
    user: ValueField = None
    password: ValueField = None
    token: ValueField = None
    fields: NamedValues = ()
    scheme: Line = ""


class BatchModel(FileModel):
    mode: BatchMode = BatchMode.ONE
    max: Whole = 1
    join: str | None = None


class UnicodeModel(FileModel):
    when_needed: str | None = None
    otherwise: str | None = None


class ValidityModel(FileModel):
    least: Whole = 1
    most: Whole = 86_400


class RetryAfterModel(FileModel):
    header: Line = ""
    path: PathField = None
    pattern: OneGroup = ""
    unit: TimeUnit = TimeUnit.SECONDS


class IdempotencyModel(FileModel):
    where: Annotated[str, Field(pattern="^(header|query|body)$")]
    name: Line = ""
    scope: IdempotencyScope = IdempotencyScope.MESSAGE
    window: Duration


class RateModel(FileModel):
    per_second: Annotated[float, Field(gt=0, le=100_000)]
    counts: RateUnit = RateUnit.MESSAGE


class TimeoutsModel(FileModel):
    connect: Annotated[float, Field(gt=0, le=300)] = 10.0
    total: Annotated[float, Field(gt=0, le=600)] = 30.0


class ProfileModel(FileModel):
    """Every key of a gateway profile."""

    name: Line
    url: ValueField
    method: Annotated[str, Field(pattern="^(GET|POST)$")] = "POST"
    variables: NamedValues = ()
    headers: NamedValues = ()
    auth: AuthModel = AuthModel(kind=AuthKind.NONE)
    encoding: BodyEncoding = BodyEncoding.JSON
    number: NumberFormat = NumberFormat.E164PLUS
    batch: BatchModel = BatchModel()
    body: TreeField
    unicode: UnicodeModel = UnicodeModel()
    validity: ValidityModel = ValidityModel()
    ok: OkModel = OkModel()
    result: ResultModel
    errors: tuple[ErrorModel, ...] = ()
    error_code: PathField = None
    error_text: PathField = None
    retry_after: RetryAfterModel = RetryAfterModel()
    idempotency: IdempotencyModel | None = None
    rate: RateModel | None = None
    connections: Annotated[int, Field(ge=1, le=200)] = 4
    timeouts: TimeoutsModel = TimeoutsModel()
    allow_plain_http: Flag = False
    proxy: ValueField = None
    clock_check: Flag = True

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
