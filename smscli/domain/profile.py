"""GatewayProfile: one HTTP API of a gateway, described and not programmed.

    GatewayProfile      what the engine must know: how many a call, how fast, what may be repeated
    └── Wire            what only the wire must know
        ├── Call        profile + batch -> one request: URL, headers, auth, and the body as a tree
        └── Reply       one reply -> receipts: what success is, where ids are, what errors mean

Secrets are named, never held: a profile can be printed. There are no conditions and no expressions; what
this language cannot say (signing) is a class of its own behind the same port.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from smscli.domain.message import Realm
from smscli.domain.message import digest as short_digest


class BatchMode(StrEnum):
    """What one request can carry."""

    ONE = "one"  # one message
    FANOUT = "fanout"  # one text and one sender to many numbers
    LIST = "list"  # many messages, each with its own text


class RateUnit(StrEnum):
    """What a gateway counts against its rate."""

    MESSAGE = "message"
    SEGMENT = "segment"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many units in any second, measured when they are submitted."""

    per_second: float
    counts: RateUnit = RateUnit.MESSAGE


class IdempotencyScope(StrEnum):
    """What one key makes safe to repeat."""

    MESSAGE = "message"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The gateway's promise: the same key within `window` is taken once.

    With `body`, the body's tree carries `{id}` or `{request_id}` itself and `name` only says where.
    """

    where: str  # header | query | body
    name: str
    scope: IdempotencyScope
    window: timedelta


# --- values: what a profile writes where something must stand in a request ---


@dataclass(frozen=True, slots=True)
class SecretName:
    """The environment variable that holds a value; the value itself is never here."""

    env: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A `{name}` in a text: a marker of the message, or a variable of the profile."""

    name: str


@dataclass(frozen=True, slots=True)
class Words:
    """A text with slots. Filled once: what is put in is data and is never looked at again."""

    parts: tuple[str | Slot, ...] = ()

    @property
    def slots(self) -> tuple[str, ...]:
        """The names in it, in order."""
        return tuple(part.name for part in self.parts if isinstance(part, Slot))


_SLOT = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*)\}|[{}]")


def words(text: str) -> Words:
    """Read `a {to} b`; `{{` and `}}` are braces. Raises ValueError for a brace that opens nothing."""
    parts: list[str | Slot] = []
    end = 0
    for found in _SLOT.finditer(text):
        if found[0] in "{}":
            raise ValueError(f"a lone {found[0]} (a marker is written {{to}}, a brace {{{{ or }}}})")
        parts.append(text[end : found.start()])
        parts.append(Slot(found[1]) if found[1] else found[0][0])
        end = found.end()
    parts.append(text[end:])
    return Words(tuple(part for part in parts if part != ""))


Value = Words | SecretName


@dataclass(frozen=True, slots=True)
class Constant:
    """A JSON value that is no text."""

    value: int | float | bool | None


@dataclass(frozen=True, slots=True)
class Fields:
    """Named fields, in order."""

    fields: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A fixed list."""

    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Each:
    """One `item` for every message of the batch."""

    item: Node


Node = Value | Constant | Fields | Items | Each

#: What a message and its batch can put into a request.
MARKERS = (
    "to",
    "text",
    "sender",
    "id",
    "request_id",
    "unicode",
    "validity_seconds",
    "validity_minutes",
)
#: Markers that differ by message: with many messages in a call they belong inside `$each`.
MESSAGE_MARKERS = frozenset({"to", "text", "sender", "id"})


def leaves(node: Node) -> Iterator[Value]:
    """Every text and secret of a tree."""
    match node:
        case Fields(fields):
            for _, value in fields:
                yield from leaves(value)
        case Items(items):
            for value in items:
                yield from leaves(value)
        case Each(item):
            yield from leaves(item)
        case Constant():
            pass
        case _:
            yield node


# --- the request ---


class AuthKind(StrEnum):
    """Where the credentials stand."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    HEADER = "header"
    QUERY = "query"
    FORM = "form"  # in the body, form or JSON


@dataclass(frozen=True, slots=True)
class Auth:
    """Credentials: (user, password) for basic, (token) for bearer, else every field by its name.

    `scheme` is put before the value of a header (`App`, `AccessKey`), where a gateway wants one.
    """

    kind: AuthKind = AuthKind.NONE
    fields: tuple[tuple[str, Value], ...] = ()
    scheme: str = ""


class BodyEncoding(StrEnum):
    """How the body's tree becomes bytes."""

    JSON = "json"
    FORM = "form"
    QUERY = "query"  # no body at all: everything stands in the URL
    TEXT = "text"  # the body is one text


class NumberFormat(StrEnum):
    """How a gateway writes a phone number."""

    E164PLUS = "e164plus"  # "+12025550123"
    E164BARE = "e164bare"  # "12025550123"
    INT = "int"  # 12025550123


@dataclass(frozen=True, slots=True)
class UnicodeSwitch:
    """What `{unicode}` stands for. None: a field that is only this marker is left out."""

    when_needed: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """The bounds (seconds) of `{validity_seconds}` and `{validity_minutes}`: outside, the nearer is said."""

    least: int = 1
    most: int = 86_400


@dataclass(frozen=True, slots=True)
class Call:
    """How a batch becomes one request. `join` glues a list of numbers; without it a list stays a list."""

    url: Value = Words()
    method: str = "POST"
    variables: tuple[tuple[str, Value], ...] = ()
    headers: tuple[tuple[str, Value], ...] = ()
    auth: Auth = Auth()
    encoding: BodyEncoding = BodyEncoding.JSON
    number: NumberFormat = NumberFormat.E164PLUS
    join: str | None = None
    body: Node = Fields()
    unicode: UnicodeSwitch = UnicodeSwitch()
    validity: Validity = Validity()

    @property
    def values(self) -> tuple[Value, ...]:
        """Every text and secret that goes into a request."""
        named = (*self.variables, *self.headers, *self.auth.fields)
        return (self.url, *(value for _, value in named), *leaves(self.body))


# --- the reply ---

#: Where in a parsed body: keys and positions, outermost first. Empty: the whole.
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BodyTest:
    """Is the value at `path` (None: the whole text) one of these, or does it match (search) `regex`?

    Values are compared as text: `true`, `201`, `null`. Nothing to compare with: is it there at all?
    """

    path: Path | None = None
    values: tuple[str, ...] = ()
    regex: str = ""


class ErrorClass(StrEnum):
    """The closed set of what an error can mean."""

    NOT_TAKEN = "not_taken"  # released, repeated later
    RATE_LIMITED = "rate_limited"  # the same, and the gateway says why
    FUNDS = "funds"  # released, the run stops
    CREDENTIALS = "credentials"  # the same
    SETUP = "setup"  # the same: account, URL, a service that is switched off
    NUMBER = "number"  # rejected, the number's fault
    OPTED_OUT = "opted_out"  # rejected, and goes on the opt-out list
    SENDER = "sender"  # rejected
    CONTENT = "content"  # rejected
    REJECTED = "rejected"  # rejected, for any other reason
    ALREADY_ACCEPTED = "already_accepted"  # accepted
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What an error means where every test given holds; the first rule that holds decides."""

    means: ErrorClass
    statuses: tuple[int, ...] = ()
    tests: tuple[BodyTest, ...] = ()


class ResultShape(StrEnum):
    """How a good reply speaks of the messages of its batch."""

    ONE_ID = "one_id"  # one object (and its id) for all of them
    LIST_IN_ORDER = "list_in_order"  # an object a message, in the order of the request
    LIST_BY_KEY = "list_by_key"  # an object a message, which names its number or our id
    MAP_BY_NUMBER = "map_by_number"  # number -> object
    IDS = "ids"  # ids only, in the order of the request
    TEXT_REGEX = "text_regex"  # the id is in the text
    HEADER = "header"  # the id is in a header
    NONE = "none"  # success says it all


class Unlisted(StrEnum):
    """What a message is that the gateway lists as failed with a code nobody mapped."""

    IN_DOUBT = "in_doubt"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Result:
    """Where receipts are found in a good reply. Paths but `items` start at the message's own object.

    `key` is the path of what a list is matched by; `by_id` says that it is our id, else a number.
    `id` is a path; `pattern` (one group) and `header` stand in for it in their shapes. Without `ok`, a
    message with an id is accepted.
    """

    shape: ResultShape = ResultShape.NONE
    items: Path = ()
    key: Path = ()
    by_id: bool = False
    id: Path | None = None
    header: str = ""
    pattern: str = ""
    ok: tuple[BodyTest, ...] = ()
    code: Path | None = None
    text: Path | None = None
    segments: Path | None = None
    errors: tuple[ErrorRule, ...] = ()
    unlisted: Unlisted = Unlisted.IN_DOUBT


class TimeUnit(StrEnum):
    """What a gateway's delay is counted in."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Where a gateway names a delay besides `Retry-After`: a header, a path, or a pattern (one group)."""

    header: str = ""
    path: Path | None = None
    pattern: str = ""
    unit: TimeUnit = TimeUnit.SECONDS


@dataclass(frozen=True, slots=True)
class Reply:
    """How a reply becomes receipts. Good is: a status of `statuses`, and every test of `when` holds.

    `code` and `text` say where a reply that is not good names its error.
    """

    statuses: tuple[int, ...] = (200, 201, 202)
    when: tuple[BodyTest, ...] = ()
    result: Result = Result()
    errors: tuple[ErrorRule, ...] = ()
    code: Path | None = None
    text: Path | None = None
    retry_after: RetryAfter = RetryAfter()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to have a connection, and for the whole call with its last byte."""

    connect: float = 10.0
    total: float = 30.0


@dataclass(frozen=True, slots=True)
class Wire:
    """One HTTP API, for the room that speaks it.

    `proxy` is the URL of a proxy. The environment is not asked for one unless it is named here:
    `SecretName("HTTPS_PROXY")`.
    """

    call: Call = Call()
    reply: Reply = Reply()
    timeouts: Timeouts = Timeouts()
    allow_plain_http: bool = False
    proxy: Value | None = None


@dataclass(frozen=True, slots=True)
class GatewayProfile:
    """What the engine knows of a gateway; `wire` is for its own room."""

    name: str
    realm: Realm
    batch: BatchMode
    batch_max: int
    connections: int
    rate: Rate | None
    idempotency: Idempotency | None
    clock_check: bool
    wire: Wire = Wire()

    def digest(self) -> str:
        """Changes when the same batch could become another request, or the gateway's promise changes.

        A stored request is repeated only while it stays the same. The values of secrets are not in it.
        """
        promise = self.idempotency
        return short_digest(repr((self.name, self.realm, self.batch, promise, self.wire.call)))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The environment variables it needs, each once, in the order of their use."""
        proxy = () if self.wire.proxy is None else (self.wire.proxy,)
        values = (*self.wire.call.values, *proxy)
        return tuple(dict.fromkeys(value.env for value in values if isinstance(value, SecretName)))

    def at(self, url: str) -> GatewayProfile:
        """The same gateway at another address, taken as it is."""
        call = replace(self.wire.call, url=Words((url,)))
        return replace(self, wire=replace(self.wire, call=call))


# --- filling ---


def variables(call: Call, secrets: Mapping[str, str]) -> dict[str, str]:
    """The variables of a profile as texts. Raises KeyError with the name of a secret that is missing."""
    return {name: plain(value, {}, secrets) for name, value in call.variables}


def plain(value: Value, known: Mapping[str, str], secrets: Mapping[str, str]) -> str:
    """A value as text, its slots filled from `known`. Raises KeyError for a name that is unknown."""
    if isinstance(value, SecretName):
        return secrets[value.env]
    return "".join(part if isinstance(part, str) else known[part.name] for part in value.parts)


def full_url(call: Call, secrets: Mapping[str, str]) -> str:
    """The URL with its variables, each quoted so that it stays inside its place."""
    quoted = {name: quote(value, safe=":") for name, value in variables(call, secrets).items()}
    return plain(call.url, quoted, secrets)


def is_loopback(host: str) -> bool:
    """Does what is sent to this host stay on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_problem(url: str, *, allow_plain_http: bool) -> str:
    """Why this URL is not used, or empty. Says nothing of the URL itself, which may hold a secret."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "does not begin with https:// and name a host"
    if parts.username is not None or parts.password is not None:
        return "holds credentials, which belong under `auth`"
    if parts.fragment:
        return "has a # part, which is never sent"
    if parts.scheme == "http" and not is_loopback(host) and not allow_plain_http:
        return "is plain http://, which anyone on the way can read"
    return ""
