"""GatewayProfile: one HTTP API of a gateway, described and not programmed.

    GatewayProfile      what the engine must know: how many a call, how fast, what may be repeated
    ├── Wire            what only the wire must know
    │   ├── Call        profile + batch -> one request: URL, headers, auth, and the body as a tree
    │   └── Reply       one reply -> receipts: what success is, where ids are, what errors mean
    └── Polls           what can be asked afterwards: delivery receipts, replies, opt-outs, one message

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
    LIST = "list"  # many messages, each with its own text and sender
    MERGE = "merge"  # one sender and one text with a gap, and what each recipient's gap holds


class RateUnit(StrEnum):
    """What a gateway counts against its rate."""

    MESSAGE = "message"
    SEGMENT = "segment"
    REQUEST = "request"


class RateScope(StrEnum):
    """Who has a rate of their own."""

    GATEWAY = "gateway"
    SENDER = "sender"  # each sender ID


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many units in any second, measured when they are submitted."""

    per_second: float
    counts: RateUnit = RateUnit.MESSAGE
    per: RateScope = RateScope.GATEWAY


class IdempotencyScope(StrEnum):
    """What one key makes safe to repeat."""

    MESSAGE = "message"
    REQUEST = "request"


class KeyFormat(StrEnum):
    """How an idempotency key is written."""

    HEX = "hex"  # the id as it is: 32 hexadecimal characters
    UUID = "uuid"  # the same with dashes
    INT = "int"  # a whole number below 2**60, made of the id
    INT32 = "int32"  # the same below 2**31


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The gateway's promise: the same key within `window` is taken once.

    With `body`, the body's tree carries `{id}` or `{request_id}` itself; `name` and `format` mean nothing.
    """

    where: str  # header | query | body
    name: str
    scope: IdempotencyScope
    window: timedelta
    format: KeyFormat = KeyFormat.HEX


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
    """Named fields, in order; then those that are made once for every message, by their names.

    `by_message`: a name with markers (`to[{to}]`), and the value beside it.
    """

    fields: tuple[tuple[str, Node], ...] = ()
    by_message: tuple[tuple[Words, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A fixed list."""

    items: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Each:
    """One `item` for every message of the batch."""

    item: Node


@dataclass(frozen=True, slots=True)
class Join:
    """One text: `item` for every message of the batch, with `by` between them."""

    item: Value
    by: str


Node = Value | Constant | Fields | Items | Each | Join

#: What a message and its batch can put into a request.
MARKERS = (
    "to",
    "text",
    "text_if_gsm7",
    "hex_if_ucs2",
    "sender",
    "sender_type",
    "id",
    "request_id",
    "unicode",
    "validity_milliseconds",
    "validity_seconds",
    "validity_minutes",
    "valid_until",
)
#: Those that tell the gateway how long a message is valid.
VALIDITY_MARKERS = frozenset({"validity_milliseconds", "validity_seconds", "validity_minutes", "valid_until"})
_OF_TEXT = frozenset({"text", "text_if_gsm7", "hex_if_ucs2"})
_OF_SENDER = frozenset({"sender", "sender_type"})
#: What differs by message in a call that carries several: it belongs inside `$each`, `$join` or a field that
#: is made by message.
MESSAGE_MARKERS: Mapping[BatchMode, frozenset[str]] = {
    BatchMode.ONE: frozenset(),
    BatchMode.FANOUT: frozenset({"to", "id"}),
    BatchMode.LIST: frozenset({"to", "id"}) | _OF_TEXT | _OF_SENDER,
    BatchMode.MERGE: frozenset({"to", "id"}) | _OF_TEXT,
}


def leaves(node: Node) -> Iterator[Value]:
    """Every text and secret of a tree."""
    match node:
        case Fields(fields, by_message):
            for _, value in fields:
                yield from leaves(value)
            for name, value in by_message:
                yield name
                yield from leaves(value)
        case Items(items):
            for value in items:
                yield from leaves(value)
        case Each(item) | Join(item):
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
    SIGNED = "signed"  # made anew for each request, by a class


@dataclass(frozen=True, slots=True)
class Auth:
    """Credentials: (user, password) for basic, (token) for bearer, else every field by its name.

    `scheme` is put before the value of a header (`App`, `AccessKey`), where a gateway wants one. `signer` is
    the name of the class that signs with the fields.
    """

    kind: AuthKind = AuthKind.NONE
    fields: tuple[tuple[str, Value], ...] = ()
    scheme: str = ""
    signer: str = ""


class BodyEncoding(StrEnum):
    """How the body's tree becomes bytes."""

    JSON = "json"
    FORM = "form"
    QUERY = "query"  # no body at all: everything stands in the URL
    TEXT = "text"  # the body is one text


class NumberFormat(StrEnum):
    """How a gateway writes a phone number; a sender that is one is a text without plus but in the first."""

    E164PLUS = "e164plus"  # "+12025550123"
    E164BARE = "e164bare"  # "12025550123"
    INT = "int"  # 12025550123


@dataclass(frozen=True, slots=True)
class UnicodeSwitch:
    """What `{unicode}` stands for. None: a field that is only this marker is left out."""

    when_needed: str | None = None
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class SenderTypes:
    """What `{sender_type}` stands for. None: a field that is only this marker is left out."""

    number: str | None = None  # +12025550143
    short: str | None = None  # 72345
    name: str | None = None  # Garage


@dataclass(frozen=True, slots=True)
class Validity:
    """The bounds (seconds) of what a gateway is told about validity: outside, the nearer is said."""

    least: int = 1
    most: int = 86_400


@dataclass(frozen=True, slots=True)
class Call:
    """How a batch becomes one request."""

    url: Value = Words()
    method: str = "POST"
    variables: tuple[tuple[str, Value], ...] = ()
    headers: tuple[tuple[str, Value], ...] = ()
    auth: Auth = Auth()
    encoding: BodyEncoding = BodyEncoding.JSON
    number: NumberFormat = NumberFormat.E164PLUS
    body: Node = Fields()
    unicode: UnicodeSwitch = UnicodeSwitch()
    sender_types: SenderTypes = SenderTypes()
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
    IDS = "ids"  # ids only, in the order of the request, without the numbers that `invalid` lists
    TEXT_REGEX = "text_regex"  # the id is in the text
    HEADER = "header"  # the id is in a header
    NONE = "none"  # success says it all


class Unlisted(StrEnum):
    """What a message is that the gateway lists as failed with a code nobody mapped."""

    IN_DOUBT = "in_doubt"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Result:
    """Where receipts are found in a good reply. Paths but `items` and `invalid` start at a message's object.

    `key` is the path of what a list is matched by; `by_id` says that it is our id, else a number.
    `id` is a path; `pattern` (one group) and `header` stand in for it in their shapes. Without `ok`, a
    message with an id is accepted. `invalid` is the path of a list of numbers that were refused.
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
    invalid: Path | None = None
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


# --- what can be asked afterwards ---

#: What a poll can put into a request. Of the message it is about: the first four.
POLL_MARKERS = (
    "ref",
    "id",
    "to",
    "sender",
    "since",
    "since_date",
    "since_unix",
    "until",
    "until_date",
    "until_unix",
    "last",
)


class PollEach(StrEnum):
    """How often a poll is made."""

    GATEWAY = "gateway"  # once: a listing
    SENDER = "sender"  # for each sender ID that was used
    REF = "ref"  # for each id that the gateway gave
    MESSAGE = "message"


class PageBy(StrEnum):
    """How a listing goes on."""

    LINK = "link"  # at `path`: the next URL, whole or relative; never to another host
    TOKEN = "token"  # noqa: S105 - at `path`: what the query's `name` says next time
    PAGE = "page"  # `name` counts pages from `first`, until one holds fewer than `size`
    OFFSET = "offset"  # `name` counts items, until a page holds fewer than `size`
    LAST = "last"  # at `path` in the last item: what `{last}` is next time, and in the next sync
    DRAIN = "drain"  # the same request again, until it answers nothing: for consuming reads


@dataclass(frozen=True, slots=True)
class Pages:
    """How a listing goes on, and the query field or path that says so.

    `start`: what `{last}` is at first. Such a listing begins there each time, and not where the last sync
    ended.
    """

    by: PageBy
    path: Path = ()
    name: str = ""
    first: int = 1
    size: int = 0
    start: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a poll. A `url` that begins with no scheme is resolved against where messages go.

    Headers and credentials are those of the profile; an absent body (None) makes a GET-like request.
    """

    url: Value
    method: str = "GET"
    query: tuple[tuple[str, Value], ...] = ()
    headers: tuple[tuple[str, Value], ...] = ()
    body: Node | None = None
    encoding: BodyEncoding = BodyEncoding.JSON

    @property
    def values(self) -> tuple[Value, ...]:
        """Every text and secret that goes into the request."""
        named = (*self.query, *self.headers)
        return (self.url, *(value for _, value in named), *(leaves(self.body) if self.body else ()))


@dataclass(frozen=True, slots=True)
class Poll:
    """A question whose answer has items. `where` tests hold for the items that are meant.

    `consuming`: an item is told once, so that it is saved before the next request. `ack` tells the gateway
    that a page was saved. `keeps`: how far back it remembers. `empty` statuses, or an answer of which all
    `empty_when` hold, mean that there is nothing.
    """

    ask: Ask
    each: PollEach = PollEach.GATEWAY
    items: Path = ()
    where: tuple[BodyTest, ...] = ()
    pages: Pages | None = None
    consuming: bool = False
    ack: Ask | None = None
    keeps: timedelta | None = None
    empty: tuple[int, ...] = (404,)
    empty_when: tuple[BodyTest, ...] = ()


@dataclass(frozen=True, slots=True)
class StateWords:
    """The gateway's words for what became of a message, by what they mean; any other: still under way."""

    delivered: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()  # it has it: settles what is in doubt


@dataclass(frozen=True, slots=True)
class ReceiptsPoll:
    """Delivery receipts. An item names its message by `ref` (the gateway's id), `id` (ours) or `number`.

    With `body`, an item that names a number alone is only about a message of that very text. Without `state`,
    which `lookup` alone can do without, being known there means that it was taken. `absent_after` its claim,
    what `lookup` does not know was never taken; None: it stays in doubt.
    """

    poll: Poll
    ref: Path | None = None
    id: Path | None = None
    number: Path | None = None
    body: Path | None = None
    state: Path | None = None
    states: StateWords = StateWords()
    code: Path | None = None
    text: Path | None = None
    at: Path | None = None
    segments: Path | None = None
    opted_out: tuple[BodyTest, ...] = ()
    absent_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class RepliesPoll:
    """Inbound messages: who wrote (`number`), to which number of ours, what and when."""

    poll: Poll
    number: Path
    text: Path
    at: Path | None = None
    to: Path | None = None
    ref: Path | None = None


@dataclass(frozen=True, slots=True)
class OptOutsPoll:
    """The gateway's own opt-out list. `sender` is our number that it was said to."""

    poll: Poll
    number: Path
    at: Path | None = None
    sender: Path | None = None
    words: Path | None = None


@dataclass(frozen=True, slots=True)
class Polls:
    """What a gateway can be asked afterwards. `lookup` finds out about one message in doubt."""

    receipts: ReceiptsPoll | None = None
    lookup: ReceiptsPoll | None = None
    replies: RepliesPoll | None = None
    opt_outs: OptOutsPoll | None = None

    @property
    def values(self) -> tuple[Value, ...]:
        """Every text and secret that goes into their requests."""
        known = (self.receipts, self.lookup, self.replies, self.opt_outs)
        asks = [ask for each in known if each for ask in (each.poll.ask, each.poll.ack) if ask]
        return tuple(value for ask in asks for value in ask.values)


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
    rates: tuple[Rate, ...]
    idempotency: Idempotency | None
    clock_check: bool
    wire: Wire = Wire()
    polls: Polls = Polls()

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
        values = (*self.wire.call.values, *self.polls.values, *proxy)
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
