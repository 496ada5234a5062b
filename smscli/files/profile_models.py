"""What a gateway profile may say: its keys and what they mean, and the domain's profile made of them.

Knows one key at a time. What does not fit together is found by `profile_check.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema

from smscli.domain import profile as domain
from smscli.domain.message import Realm
from smscli.domain.profile import (
    AuthKind,
    BatchMode,
    BodyEncoding,
    GatewayProfile,
    IdempotencyScope,
    KeyFormat,
    NumberFormat,
    RateScope,
    RateUnit,
    ResultShape,
    TimeUnit,
    Unlisted,
    Value,
    Words,
)
from smscli.files.located import FileModel, Wrong
from smscli.files.poll_models import LookupModel, OptOutsModel, ReceiptsModel, RepliesModel
from smscli.files.profile_parts import (
    AnyText,
    ErrorModel,
    NamedValues,
    OneGroup,
    OneOrSeveral,
    PathField,
    Statuses,
    Tests,
    TreeField,
    ValueField,
    as_list,
    build_rules,
    build_tests,
    one_of,
)
from smscli.files.reading import did_you_mean, listed, quoted
from smscli.files.scalars import Duration, Flag, Line, Whole
from smscli.files.yaml_types import Schema, described, number, whole


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
        one_of("number", "id"),
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
    invalid: Annotated[
        PathField,
        described("For `ids`: the path of the list of numbers that were refused.", otherwise="none"),
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
        AuthKind,
        described("`none`, `basic`, `bearer`, `header`, `query`, `form` (in the body) or `signed`."),
    ]
    user: Annotated[ValueField, described("The user, for `basic`.", otherwise="none")] = None
    password: Annotated[ValueField, described("The password, for `basic`.", otherwise="none")] = None
    token: Annotated[ValueField, described("The token, for `bearer`.", otherwise="none")] = None
    fields: Annotated[
        NamedValues,
        described("For `header`, `query`, `form` and `signed`: name to value.", otherwise="none"),
    ] = ()
    signer: Annotated[
        Line, described("For `signed`: the name of the class that signs each request.", otherwise="none")
    ] = ""
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
        described(
            "`one` message; `fanout`: one text to many numbers; `list`: many messages; `merge`: one text with"
            " a gap, and what fills it by number.",
            "one",
        ),
    ] = BatchMode.ONE
    max: Annotated[Whole, described("The most messages of one request.", 1)] = 1


class SenderTypesModel(FileModel):
    """The key `sender_type` of a profile."""

    number: Annotated[
        AnyText | None, described("What it is for a number like +12025550143.", otherwise="left out")
    ] = None
    short: Annotated[AnyText | None, described("What it is for a short code.", otherwise="left out")] = None
    name: Annotated[AnyText | None, described("What it is for a name.", otherwise="left out")] = None


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
        one_of("header", "query", "body"),
        described("`header`, `query` or `body` (then the body holds `{id}` or `{request_id}`)."),
    ]
    name: Annotated[Line, described("The header or field that carries the key.", otherwise="none")] = ""
    scope: Annotated[
        IdempotencyScope, described("What one key stands for: `message` or `request`.", "message")
    ] = IdempotencyScope.MESSAGE
    window: Annotated[Duration, described("How long the promise holds. smscli uses half of it.")]
    format: Annotated[
        KeyFormat,
        described(
            "How a key is written: `hex` (32 digits), `uuid`, or a whole number: `int` (60 bits), `int32`.",
            "hex",
        ),
    ] = KeyFormat.HEX


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
    per: Annotated[
        RateScope, described("Who has this rate: the `gateway` as a whole, or each `sender`.", "gateway")
    ] = RateScope.GATEWAY


Rates = Annotated[tuple[RateModel, ...], BeforeValidator(as_list), OneOrSeveral()]


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


class _OneAlone:
    """In the JSON Schema: the word `one`, or a mapping."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {"oneOf": [handler(core), {"enum": [BatchMode.ONE.value]}]}


def _one_alone(value: Any) -> Any:
    """`batch: one` for `batch: {mode: one}`; the other modes want their `max` said. Raises Wrong."""
    if value == BatchMode.ONE:
        return {"mode": value}
    if not isinstance(value, str):
        return value
    modes = [mode.value for mode in BatchMode]
    mode = value if value in modes else did_you_mean(value, modes)
    hint = f"write {{mode: {mode or 'list'}, max: 100}}, with the gateway's own limit; or one"
    if value in modes:
        raise Wrong(f'"{value}" does not say how many messages one request can carry', hint=hint)
    raise Wrong(f"{quoted(value)} is none of {listed(modes, 'or')}", hint=hint)


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
        one_of("GET", "POST"),
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
    batch: Annotated[
        BatchModel,
        BeforeValidator(_one_alone),
        _OneAlone(),
        described("What one request can carry; `batch: one` for `{mode: one}`.", otherwise="one a call"),
    ] = BatchModel()
    body: Annotated[TreeField, described("The body as a tree, with markers.")]
    unicode: Annotated[UnicodeModel, described("What `{unicode}` stands for.", otherwise="left out")] = (
        UnicodeModel()
    )
    sender_type: Annotated[
        SenderTypesModel, described("What `{sender_type}` stands for.", otherwise="left out")
    ] = SenderTypesModel()
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
    rate: Annotated[Rates, described("The throughput, or several.", otherwise="no limit of ours")] = ()
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

    receipts: Annotated[
        ReceiptsModel | None, described("How to ask for delivery receipts.", otherwise="cannot be asked")
    ] = None
    lookup: Annotated[
        LookupModel | None,
        described("How to find out about one message in doubt.", otherwise="cannot be asked"),
    ] = None
    replies: Annotated[
        RepliesModel | None, described("How to ask for inbound messages.", otherwise="cannot be asked")
    ] = None
    opt_outs: Annotated[
        OptOutsModel | None,
        described("How to ask for the gateway's own opt-out list.", otherwise="cannot be asked"),
    ] = None

    def build(self, realm: Realm) -> GatewayProfile:
        """The domain's profile."""
        promise = self.idempotency
        return GatewayProfile(
            name=self.name,
            realm=realm,
            batch=self.batch.mode,
            batch_max=self.batch.max,
            connections=self.connections,
            rates=tuple(domain.Rate(each.per_second, each.counts, each.per) for each in self.rate),
            idempotency=None
            if promise is None
            else domain.Idempotency(
                promise.where, promise.name, promise.scope, promise.window, promise.format
            ),
            clock_check=self.clock_check,
            wire=domain.Wire(
                self._call(),
                self._reply(),
                domain.Timeouts(self.timeouts.connect, self.timeouts.total),
                self.allow_plain_http,
                self.proxy,
            ),
            polls=domain.Polls(
                receipts=None if self.receipts is None else self.receipts.build(),
                lookup=None if self.lookup is None else self.lookup.build(),
                replies=None if self.replies is None else self.replies.build(),
                opt_outs=None if self.opt_outs is None else self.opt_outs.build(),
            ),
        )

    def _call(self) -> domain.Call:
        return domain.Call(
            url=self.url,
            method=self.method,
            variables=self.variables,
            headers=self.headers,
            auth=domain.Auth(
                self.auth.kind,
                _credentials(self.auth),
                self.auth.scheme or _scheme(self.auth),
                self.auth.signer,
            ),
            encoding=self.encoding,
            number=self.number,
            body=self.body,
            unicode=domain.UnicodeSwitch(self.unicode.when_needed, self.unicode.otherwise),
            sender_types=domain.SenderTypes(
                self.sender_type.number, self.sender_type.short, self.sender_type.name
            ),
            validity=domain.Validity(self.validity.least, self.validity.most),
        )

    def _reply(self) -> domain.Reply:
        result, retry = self.result, self.retry_after
        return domain.Reply(
            statuses=self.ok.http,
            when=build_tests(self.ok.when),
            result=domain.Result(
                shape=result.shape,
                items=result.items,
                key=result.match,
                by_id=result.by == "id",
                id=result.id,
                header=result.header,
                pattern=result.pattern,
                ok=build_tests(result.ok),
                code=result.code,
                text=result.text,
                segments=result.segments,
                invalid=result.invalid,
                errors=build_rules(result.errors, result.code),
                unlisted=result.unlisted,
            ),
            errors=build_rules(self.errors, self.error_code),
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
