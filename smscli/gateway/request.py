"""A profile and a batch become one HTTP request: built as a tree, encoded last.

Knows how to fill, place and encode. Knows nothing of sockets, replies or retries. The same batch gives the
same bytes, always: a repeat must be recognised as one.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property, lru_cache

import httpx

from smscli.domain.message import Batch, Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.profile import (
    Auth,
    AuthKind,
    BatchMode,
    BodyEncoding,
    Call,
    GatewayProfile,
    IdempotencyScope,
    KeyFormat,
    NumberFormat,
    Words,
    full_url,
    leaves,
    variables,
)
from smscli.domain.segments import Encoding
from smscli.gateway.filling import (
    NOTHING,
    Filled,
    FillValue,
    Known,
    Pairs,
    Tree,
    encoded,
    flat,
    said_as_text,
    tree_filler,
    value_filler,
    with_query,
)

_CONTENT_TYPES = {
    BodyEncoding.JSON: "application/json",
    BodyEncoding.FORM: "application/x-www-form-urlencoded",
    BodyEncoding.TEXT: "text/plain; charset=UTF-8",
}


_HEX_ID = re.compile("[0-9a-f]{32}")

#: Digits alone, and no more than this: a short code, and no number.
LONGEST_SHORT_CODE = 8


class Unbuildable(ValueError):
    """No request can be made of this batch; nothing was sent. The text holds no secret and no number."""


class Request(httpx.Request):
    """A request whose `repr` gives nothing away: URLs hold passwords and numbers at some gateways.

    Made of what is ready: httpx's own way copies the headers and looks for Content-Length and Host, which the
    transport says itself, and that was half of a request's cost. Its headers may be another request's too.
    """

    def __init__(self, method: str, url: httpx.URL, headers: httpx.Headers, content: bytes) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.extensions = {}
        self.stream = httpx.ByteStream(content)
        self._content = content

    def __repr__(self) -> str:
        return f"<Request({self.method}, {self.url.host})>"


class Requests:
    """Makes the requests of one profile; what does not differ by batch is made once.

    `secrets`: values by environment variable.
    """

    def __init__(self, profile: GatewayProfile, secrets: Mapping[str, str]) -> None:
        self._profile = profile
        self._call = profile.wire.call
        self._secrets = secrets

    def build(self, batch: Batch) -> httpx.Request:
        """The request that hands this batch over. Raises Unbuildable if the profile cannot carry it."""
        _check(self._profile, batch)
        try:
            query, headers, content = self._form.parts(batch)
            return Request(self._call.method, self._url(query), headers, content)
        except KeyError as missing:
            raise Unbuildable(f"nothing is known of {missing.args[0]}") from None
        except UnicodeEncodeError:
            raise Unbuildable("a text holds half a surrogate pair, which has no bytes") from None
        except httpx.InvalidURL:
            raise Unbuildable("the profile's url is not a URL") from None

    @cached_property
    def _form(self) -> _Form:
        return _Form(self._profile, self._secrets)

    @cached_property
    def _address(self) -> httpx.URL:
        return httpx.URL(full_url(self._call, self._secrets))

    def _url(self, query: Pairs) -> httpx.URL:
        return httpx.URL(with_query(str(self._address), query)) if query else self._address


def made(method: str, url: httpx.URL, headers: Pairs, content: bytes) -> httpx.Request:
    """A request of these parts."""
    return Request(method, url, httpx.Headers(headers), content)


def _check(profile: GatewayProfile, batch: Batch) -> None:
    messages = batch.messages
    most = 1 if profile.batch is BatchMode.ONE else profile.batch_max
    if not 1 <= len(messages) <= most:
        raise Unbuildable(f"{len(messages)} messages in a request that carries 1 to {most}")
    if len(messages) == 1:
        return
    # Sent anyway, somebody would read another one's text, or one of two would be lost from a map.
    if len({message.to.e164 for message in messages}) < len(messages):
        raise Unbuildable("two messages to one number in a request")
    if profile.batch is BatchMode.FANOUT and len({message.body for message in messages}) > 1:
        raise Unbuildable("different texts in a request that carries one")
    one_sender = profile.batch in (BatchMode.FANOUT, BatchMode.MERGE)
    if one_sender and len({message.sender for message in messages}) > 1:
        raise Unbuildable("different senders in a request that carries one")


_OF_VALIDITY = frozenset({"validity_milliseconds", "validity_seconds", "validity_minutes", "valid_until"})


class _Form:
    """What a profile writes into each request, read once, to be filled for every batch."""

    def __init__(self, profile: GatewayProfile, secrets: Mapping[str, str]) -> None:
        call = self._call = profile.wire.call
        self._promise = profile.idempotency
        self._own = variables(call, secrets)
        self._headers = [(name, value_filler(value, secrets)) for name, value in call.headers]
        self._credentials = [(name, value_filler(value, secrets)) for name, value in call.auth.fields]
        self._body = tree_filler(call.body, secrets)
        values = (*(value for _, value in (*call.headers, *call.auth.fields)), *leaves(call.body))
        used = {slot for value in values if isinstance(value, Words) for slot in value.slots}
        self._of_message = tuple((name, make) for name, make in _OF_MESSAGE.items() if name in used)
        self._says_validity = not used.isdisjoint(_OF_VALIDITY)
        self._says_unicode = "unicode" in used

    def parts(self, batch: Batch) -> tuple[Pairs, httpx.Headers, bytes]:
        """Query, headers and content, credentials and idempotency key in their places."""
        call, shared = self._call, self._shared(batch)
        # What differs by message and stands outside was refused when the profile was checked.
        known = shared | self._of(batch.messages[0])
        if self._says_unicode:
            known["unicode"] = unicode_switch(call, batch.messages)
        named = _texts(self._headers, known)
        tree = self._body(known, lambda: [shared | self._of(message) for message in batch.messages])
        query: Pairs = []
        credentials = [(name, said_as_text(fill(known)) or "") for name, fill in self._credentials]
        match call.auth.kind:
            case AuthKind.BASIC | AuthKind.BEARER | AuthKind.HEADER:
                named += auth_headers(call.auth, credentials)
            case AuthKind.QUERY:
                query += credentials
            case AuthKind.FORM if isinstance(tree, dict):
                tree = {**tree, **dict(credentials)}
        promise = self._promise
        if promise is not None and promise.where in ("header", "query"):
            by_message = promise.scope is IdempotencyScope.MESSAGE
            key = written_key(batch.messages[0].id if by_message else batch.id, promise.format)
            (named if promise.where == "header" else query).append((promise.name, key))
        headers = _headers(tuple(named), call.encoding)
        if call.encoding is BodyEncoding.QUERY:
            return flat(tree) + query, headers, b""
        return query, headers, encoded(call.encoding, tree)

    def _shared(self, batch: Batch) -> dict[str, Filled]:
        """What is the same for all messages of a batch."""
        known: dict[str, Filled] = {**self._own, "request_id": batch.id}
        return known | _validity(self._call, batch) if self._says_validity else known

    def _of(self, message: Message) -> dict[str, Filled]:
        call = self._call
        return {name: make(call, message) for name, make in self._of_message}


def _texts(fillers: Sequence[tuple[str, FillValue]], known: Known) -> Pairs:
    """Those that have something to say."""
    filled = ((name, said_as_text(fill(known))) for name, fill in fillers)
    return [(name, said) for name, said in filled if said is not None]


def _validity(call: Call, batch: Batch) -> dict[str, Filled]:
    """How long the gateway may try, counted from the claim."""
    earliest = min(message.deadline for message in batch.messages)
    left = int((earliest - batch.claimed_at).total_seconds())
    seconds = max(call.validity.least, min(call.validity.most, left))
    until = batch.claimed_at + timedelta(seconds=seconds)
    return {
        "validity_milliseconds": seconds * 1000,
        "validity_seconds": seconds,
        "validity_minutes": max(1, seconds // 60),
        "valid_until": f"{until:%Y-%m-%dT%H:%M:%SZ}",
    }


def _is_ucs2(message: Message) -> bool:
    return message.segments.encoding is Encoding.UCS2


def unicode_switch(call: Call, messages: Sequence[Message]) -> Filled:
    """What `{unicode}` stands for."""
    said = call.unicode.when_needed if any(map(_is_ucs2, messages)) else call.unicode.otherwise
    return NOTHING if said is None else said


def _sender_type(call: Call, message: Message) -> Filled:
    types, sender = call.sender_types, message.sender
    is_short = sender.isascii() and sender.isdigit() and len(sender) <= LONGEST_SHORT_CODE
    said = types.number if is_number(sender) else types.short if is_short else types.name
    return said if sender and said is not None else NOTHING


#: What each marker stands for in a message; made only where it stands in the profile.
_OF_MESSAGE: Mapping[str, Callable[[Call, Message], Filled]] = {
    "to": lambda call, message: written_number(message.to, call.number),
    "text": lambda _, message: message.body,
    "text_if_gsm7": lambda _, message: NOTHING if _is_ucs2(message) else message.body,
    "hex_if_ucs2": lambda _, message: (
        message.body.encode("utf-16-be").hex() if _is_ucs2(message) else NOTHING
    ),
    "sender": lambda call, message: written_sender(message.sender, call.number),
    "sender_type": _sender_type,
    "id": lambda _, message: message.id,
    "unicode": lambda call, message: unicode_switch(call, (message,)),
}


def written_number(number: Msisdn, form: NumberFormat) -> Tree:
    """A recipient as the gateway writes numbers."""
    match form:
        case NumberFormat.E164PLUS:
            return number.e164
        case NumberFormat.E164BARE:
            return number.digits
        case NumberFormat.INT:
            return int(number.digits)


def written_sender(sender: str, form: NumberFormat) -> Filled:
    """A sender ID as the gateway writes it."""
    if form is not NumberFormat.E164PLUS and is_number(sender):
        return sender.removeprefix("+")
    return sender or NOTHING


def is_number(sender: str) -> bool:
    """Is this sender ID a phone number, as it is written in a campaigns file: with its plus?"""
    return sender.startswith("+")


def written_key(key: str, form: KeyFormat) -> str:
    """An id of ours as a gateway wants its keys. Others than of 32 hexadecimal digits stay as they are."""
    if form is KeyFormat.HEX or not _HEX_ID.fullmatch(key):
        return key
    if form is KeyFormat.INT:  # 60 bits, which fit a signed integer
        return str(int(key[:15], 16))
    if form is KeyFormat.INT32:
        return str(int(key[:8], 16) & 0x7FFF_FFFF)
    return "-".join((key[:8], key[8:12], key[12:16], key[16:20], key[20:]))


def auth_headers(auth: Auth, credentials: Pairs) -> Pairs:
    """The credentials as headers."""
    if auth.kind is AuthKind.BASIC:
        user, password = (said for _, said in credentials)
        return [("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())]
    scheme = f"{auth.scheme} " if auth.scheme else ""
    return [(name, scheme + said) for name, said in credentials]


@lru_cache(maxsize=8)
def _headers(named: tuple[tuple[str, str], ...], encoding: BodyEncoding) -> httpx.Headers:
    """Made once where they are the same for every call."""
    return httpx.Headers(complete(list(named), encoding))


def complete(named: Pairs, encoding: BodyEncoding) -> Pairs:
    """Headers checked, with those that are always there. Raises Unbuildable for what none can carry."""
    for name, said in named:
        if not (said.isascii() and said.isprintable()):
            raise Unbuildable(f"header {name} would hold a line break or a character outside ASCII")
    present = {name.lower() for name, _ in named}
    extra = {"Accept": "*/*", "User-Agent": "smscli"}
    if encoding in _CONTENT_TYPES:
        extra["Content-Type"] = _CONTENT_TYPES[encoding]
    return named + [(name, said) for name, said in extra.items() if name.lower() not in present]
