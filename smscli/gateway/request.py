"""A profile and a batch become one HTTP request: built as a tree, encoded last.

Knows how to fill, place and encode. Knows nothing of sockets, replies or retries. The same batch gives the
same bytes, always: a repeat must be recognised as one.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
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
    GatewayProfile,
    IdempotencyScope,
    KeyFormat,
    NumberFormat,
    full_url,
    variables,
)
from smscli.domain.segments import Encoding
from smscli.gateway.filling import (
    NOTHING,
    Fill,
    Filled,
    Known,
    Pairs,
    Tree,
    encoded,
    flat,
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
    """A request whose `repr` gives nothing away: URLs hold passwords and numbers at some gateways."""

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
            fill = _Fill(self._profile, self._secrets, self._variables, batch)
            query, headers, content = _assemble(self._profile, batch, fill)
            return made(self._call.method, self._url(query), headers, content)
        except KeyError as missing:
            raise Unbuildable(f"nothing is known of {missing.args[0]}") from None
        except UnicodeEncodeError:
            raise Unbuildable("a text holds half a surrogate pair, which has no bytes") from None
        except httpx.InvalidURL:
            raise Unbuildable("the profile's url is not a URL") from None

    @cached_property
    def _variables(self) -> Mapping[str, str]:
        return variables(self._call, self._secrets)

    @cached_property
    def _address(self) -> httpx.URL:
        return httpx.URL(full_url(self._call, self._secrets))

    def _url(self, query: Pairs) -> httpx.URL:
        return httpx.URL(with_query(str(self._address), query)) if query else self._address


def made(method: str, url: httpx.URL, headers: Pairs, content: bytes) -> httpx.Request:
    """A request of these parts.

    As a stream that is read at once: with `content=` httpx makes every header anew for Content-Length and
    Host, which the transport says itself, and that is half of a request's cost.
    """
    request = Request(method, url, headers=_shared_headers(tuple(headers)), stream=httpx.ByteStream(content))
    request.read()
    return request


@lru_cache(maxsize=8)
def _shared_headers(headers: tuple[tuple[str, str], ...]) -> httpx.Headers:
    """Made once where they are the same for every call; httpx copies them."""
    return httpx.Headers(list(headers))


def _check(profile: GatewayProfile, batch: Batch) -> None:
    most = 1 if profile.batch is BatchMode.ONE else profile.batch_max
    if not 1 <= len(batch.messages) <= most:
        raise Unbuildable(f"{len(batch.messages)} messages in a request that carries 1 to {most}")
    # Sent anyway, somebody would read another one's text, or one of two would be lost from a map.
    if len({message.to for message in batch.messages}) < len(batch.messages):
        raise Unbuildable("two messages to one number in a request")
    if profile.batch is BatchMode.FANOUT and len({message.body for message in batch.messages}) > 1:
        raise Unbuildable("different texts in a request that carries one")
    one_sender = profile.batch in (BatchMode.FANOUT, BatchMode.MERGE)
    if one_sender and len({message.sender for message in batch.messages}) > 1:
        raise Unbuildable("different senders in a request that carries one")


class _Fill(Fill):
    """Fills the values of a profile for one batch."""

    def __init__(
        self,
        profile: GatewayProfile,
        secrets: Mapping[str, str],
        own: Mapping[str, str],
        batch: Batch,
    ) -> None:
        self._call = profile.wire.call
        self._messages = batch.messages
        bounds = self._call.validity
        earliest = min(message.deadline for message in batch.messages)
        left = int((earliest - batch.claimed_at).total_seconds())
        seconds = max(bounds.least, min(bounds.most, left))
        until = batch.claimed_at + timedelta(seconds=seconds)
        shared: dict[str, Filled] = {
            **own,
            "request_id": batch.id,
            "validity_milliseconds": seconds * 1000,
            "validity_seconds": seconds,
            "validity_minutes": max(1, seconds // 60),
            "valid_until": f"{until:%Y-%m-%dT%H:%M:%SZ}",
        }
        self._shared = shared
        # What differs by message and stands outside was refused when the profile was checked.
        whole = {**shared, **self._of(self._messages[0]), "unicode": self._unicode(self._messages)}
        super().__init__(secrets, whole)

    def _of(self, message: Message) -> dict[str, Filled]:
        is_ucs2 = message.segments.encoding is Encoding.UCS2
        return {
            "to": written_number(message.to, self._call.number),
            "text": message.body,
            "text_if_gsm7": NOTHING if is_ucs2 else message.body,
            "hex_if_ucs2": message.body.encode("utf-16-be").hex() if is_ucs2 else NOTHING,
            "sender": written_sender(message.sender, self._call.number),
            "sender_type": self._sender_type(message.sender),
            "id": message.id,
            "unicode": self._unicode((message,)),
        }

    def _sender_type(self, sender: str) -> Filled:
        types = self._call.sender_types
        is_short = sender.isascii() and sender.isdigit() and len(sender) <= LONGEST_SHORT_CODE
        said = types.number if is_number(sender) else types.short if is_short else types.name
        return said if sender and said is not None else NOTHING

    def _unicode(self, messages: Sequence[Message]) -> Filled:
        switch = self._call.unicode
        if switch.when_needed is None is switch.otherwise:
            return NOTHING
        needed = any(message.segments.encoding is Encoding.UCS2 for message in messages)
        said = switch.when_needed if needed else switch.otherwise
        return NOTHING if said is None else said

    def each(self) -> Iterable[Known]:
        """What the slots stand for, message by message."""
        return ({**self._shared, **self._of(each)} for each in self._messages)


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


def _assemble(profile: GatewayProfile, batch: Batch, fill: _Fill) -> tuple[Pairs, Pairs, bytes]:
    """Query, headers and content, credentials and idempotency key in their places."""
    call = profile.wire.call
    named: Pairs = [(name, said) for name, value in call.headers if (said := fill.text(value)) is not None]
    tree = fill.tree(call.body)
    query: Pairs = []
    credentials: Pairs = [(name, fill.text(value) or "") for name, value in call.auth.fields]
    match call.auth.kind:
        case AuthKind.BASIC | AuthKind.BEARER | AuthKind.HEADER:
            named += auth_headers(call.auth, credentials)
        case AuthKind.QUERY:
            query += credentials
        case AuthKind.FORM if isinstance(tree, dict):
            tree = {**tree, **dict(credentials)}
    promise = profile.idempotency
    if promise is not None and promise.where in ("header", "query"):
        by_message = promise.scope is IdempotencyScope.MESSAGE
        key = written_key(batch.messages[0].id if by_message else batch.id, promise.format)
        (named if promise.where == "header" else query).append((promise.name, key))
    if call.encoding is BodyEncoding.QUERY:
        return flat(tree) + query, complete(named, call.encoding), b""
    return query, complete(named, call.encoding), encoded(call.encoding, tree)


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
