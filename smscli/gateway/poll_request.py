"""A question of a profile's polls becomes one HTTP request, in the language that messages are written in.

Knows what `{since}`, `{ref}` and the other markers of polls stand for, and where credentials go. Knows
nothing of answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

import httpx

from smscli.domain.delivery import Handed
from smscli.domain.profile import (
    Ask,
    AuthKind,
    BodyEncoding,
    GatewayProfile,
    Poll,
    PollEach,
    SecretName,
    Value,
    Words,
    full_url,
    plain,
    url_problem,
    variables,
)
from smscli.gateway.filling import (
    NOTHING,
    Fill,
    Filled,
    Known,
    Nothing,
    Pairs,
    as_text,
    encoded,
    flat,
    with_query,
)
from smscli.gateway.pages import Turn
from smscli.gateway.request import (
    Unbuildable,
    auth_headers,
    complete,
    made,
    written_number,
    written_sender,
)

#: Messages of one call share the gateway's id and stand near one another; asking for one a second time, much
#: later, would do no harm.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Question:
    """What one poll is about: a span of time, or a sender's, or one reference or message of it."""

    since: datetime
    until: datetime
    now: datetime
    sender: str = ""
    ref: str = ""
    message: Handed | None = None


def questions(poll: Poll, handed: Iterable[Handed], since: datetime, until: datetime) -> Iterator[Question]:
    """What a poll has to be asked, once each. Messages that lack what it asks by are passed over."""
    match poll.each:
        case PollEach.GATEWAY:
            yield Question(since, until, until)
        case PollEach.SENDER:
            for sender in _once(message.sender for message in handed):
                yield Question(since, until, until, sender=sender)
        case PollEach.REF:
            for ref in _once(message.ref for message in handed):
                yield Question(since, until, until, ref=ref)
        case PollEach.MESSAGE:
            by_ref = asks_by(poll.ask, "ref")
            for message in handed:
                if message.ref or not by_ref:
                    yield Question(since, until, until, message=message)


def _once(names: Iterable[str]) -> Iterator[str]:
    """Each name but the empty one, once (as far back as is remembered)."""
    seen: dict[str, None] = {}
    for name in names:
        if name and name not in seen:
            yield name
            seen[name] = None
            if len(seen) > _REMEMBERED:
                del seen[next(iter(seen))]


def asks_by(ask: Ask, *names: str) -> bool:
    """Does one of these markers stand in the request?"""
    slots = {slot for value in ask.values if isinstance(value, Words) for slot in value.slots}
    return not slots.isdisjoint(names)


class Asks:
    """Makes the requests of one profile's polls. `secrets`: values by environment variable."""

    def __init__(self, profile: GatewayProfile, secrets: Mapping[str, str]) -> None:
        self._wire = profile.wire
        self._call = profile.wire.call
        self._secrets = secrets

    def build(self, ask: Ask, question: Question, turn: Turn) -> httpx.Request:
        """The request. Raises Unbuildable where none can be made: nothing was asked."""
        known = {**self._variables, **self._about(question), "last": turn.last or NOTHING}
        try:
            return self._made(ask, known, turn)
        except Unbuildable:
            raise
        except KeyError as missing:
            raise Unbuildable(f"nothing is known of {missing.args[0]}") from None
        except UnicodeEncodeError:
            raise Unbuildable("a value holds half a surrogate pair, which has no bytes") from None
        except (httpx.InvalidURL, ValueError):
            raise Unbuildable("its url is not a URL") from None

    def _made(self, ask: Ask, known: Known, turn: Turn) -> httpx.Request:
        fill = Fill(self._secrets, known)
        credentials = [(name, fill.text(value) or "") for name, value in self._call.auth.fields]
        url = turn.url or self._url(ask.url, known)
        query: Pairs = [] if turn.url else _texts(ask.query, fill)
        for name, said in turn.query:
            query = [pair for pair in query if pair[0] != name] + [(name, said)]
        tree: Filled = NOTHING if ask.body is None else fill.tree(ask.body)
        kind = self._call.auth.kind
        if kind is AuthKind.FORM and ask.method != "GET":
            tree = {**(tree if isinstance(tree, dict) else {}), **dict(credentials)}
        elif kind in (AuthKind.QUERY, AuthKind.FORM):
            there = {name for name, _ in parse_qsl(urlsplit(turn.url).query, keep_blank_values=True)}
            query += [pair for pair in credentials if pair[0] not in there]
        if ask.encoding is BodyEncoding.QUERY:
            query, tree = query + flat(tree), NOTHING
        headers = self._headers(ask, fill, credentials)
        without = isinstance(tree, Nothing)
        return made(
            ask.method,
            httpx.URL(with_query(url, query)),
            complete(headers, BodyEncoding.QUERY if without else ask.encoding),
            b"" if without else encoded(ask.encoding, tree),
        )

    def _headers(self, ask: Ask, fill: Fill, credentials: Pairs) -> Pairs:
        """Those of the profile that speak of no message and no body, the poll's own over them."""
        own = {name.lower() for name, _ in ask.headers} | {"content-type"}
        shared = [
            (name, value)
            for name, value in self._call.headers
            if name.lower() not in own and (isinstance(value, SecretName) or self._knows(value))
        ]
        named = _texts((*shared, *ask.headers), fill)
        if self._call.auth.kind in (AuthKind.BASIC, AuthKind.BEARER, AuthKind.HEADER):
            named += auth_headers(self._call.auth, credentials)
        return named

    def _knows(self, value: Words) -> bool:
        return set(value.slots) <= set(self._variables)

    def _url(self, value: Value, known: Known) -> str:
        """The whole address, each slot quoted so that it stays inside its place. Raises Unbuildable."""
        told = set(value.slots if isinstance(value, Words) else ()) - set(self._variables)
        if any(known.get(name) in (".", "..") for name in told):
            raise Unbuildable("a value is a step in a path")  # no quoting keeps dots from being one
        quoted = {
            name: "" if isinstance(said, Nothing) else quote(as_text(said), safe=self._safe(name))
            for name, said in known.items()
        }
        url = urljoin(full_url(self._call, self._secrets), plain(value, quoted, self._secrets))
        if found := url_problem(url, allow_plain_http=self._wire.allow_plain_http):
            raise Unbuildable(f"its url {found}")
        return url

    def _safe(self, name: str) -> str:
        """A variable may hold host and port; in what a gateway said, a colon could begin another address."""
        return ":" if name in self._variables else ""

    def _about(self, question: Question) -> dict[str, Filled]:
        number = self._call.number
        known: dict[str, Filled] = {**_times("since", question.since), **_times("until", question.until)}
        if question.sender:
            known["sender"] = written_sender(question.sender, number)
        if question.ref:
            known["ref"] = question.ref
        if message := question.message:
            known |= {
                "id": message.id,
                "ref": message.ref or NOTHING,
                "to": written_number(message.to, number),
                "sender": written_sender(message.sender, number),
            }
        return known

    @cached_property
    def _variables(self) -> Mapping[str, str]:
        return variables(self._call, self._secrets)


def _texts(named: Iterable[tuple[str, Value]], fill: Fill) -> Pairs:
    return [(name, said) for name, value in named if (said := fill.text(value)) is not None]


def _times(name: str, at: datetime) -> dict[str, Filled]:
    at = at.astimezone(UTC)
    return {
        name: f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{name}_date": f"{at:%Y-%m-%d}",
        f"{name}_unix": int(at.timestamp()),
    }
