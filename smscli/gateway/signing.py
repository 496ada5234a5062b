"""What a profile cannot say: requests that are signed, each by itself. A small class does it.

    auth: {kind: signed, signer: vonage-hmac, fields: {api_key: {env: …}, secret: {env: …}}}

A signer is found by its name among the entry points of the group `smscli.signers`: those that come with
smscli, and those of packages installed beside it. It gets the request as it would go and gives back the one
that goes. Knows nothing of messages; the id and the text of a repeat stay the same, a signature need not.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Protocol
from urllib.parse import parse_qsl, urlencode

import httpx

from smscli.domain.errors import FilesError
from smscli.domain.profile import AuthKind, GatewayProfile, plain, variables
from smscli.gateway.request import Unbuildable, made

GROUP = "smscli.signers"


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request as it would go: URL with its query, header pairs, body."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes


class Signer(Protocol):
    """Signs requests. Made once, with the values of the profile's `auth.fields` by name."""

    def sign(self, request: Unsigned, now: datetime) -> Unsigned:
        """The request that goes. `now` is aware UTC. What it raises keeps the request from being sent."""
        ...


MakeSigner = Callable[[Mapping[str, str]], Signer]


def signer_names() -> tuple[str, ...]:
    """The signers there are, by name."""
    return tuple(sorted({each.name for each in entry_points(group=GROUP)}))


def signer(name: str, fields: Mapping[str, str]) -> Signer:
    """The signer of that name. Raises FilesError where there is none, where it lacks a field or breaks."""
    found = [each for each in entry_points(group=GROUP) if each.name == name]
    if not found:
        there = ", ".join(signer_names())
        hint = f"there are: {there}; a package beside smscli can bring one (docs/adding-a-gateway.md)"
        raise FilesError(f"there is no signer {name!r}", hint=hint)
    try:
        make: MakeSigner = found[0].load()
        return make(fields)
    except KeyError as missing:
        field = "".join(map(str, missing.args))
        hint = f"write {field}: {{env: …}} under auth.fields"
        raise FilesError(f"signer {name} needs the field {field}", hint=hint) from None
    except Exception as error:  # somebody else's package; what it says may hold a secret
        hint = f"see to the package that brings it: {found[0].value}"
        message = f"signer {name} cannot be had ({type(error).__name__})"
        raise FilesError(message, hint=hint) from None


def signer_of(profile: GatewayProfile, secrets: Mapping[str, str]) -> Signer | None:
    """The signer that a profile names, with its fields filled; None: it names none. Raises FilesError."""
    call = profile.wire.call
    if call.auth.kind is not AuthKind.SIGNED:
        return None
    own = variables(call, secrets)
    return signer(call.auth.signer, {name: plain(value, own, secrets) for name, value in call.auth.fields})


def signed(request: httpx.Request, by: Signer | None) -> httpx.Request:
    """The request that goes. Raises Unbuildable where its signer breaks: nothing was sent."""
    if by is None:
        return request
    headers = tuple(request.headers.items())
    unsigned = Unsigned(request.method, str(request.url), headers, request.content)
    try:
        done = by.sign(unsigned, datetime.now(UTC))
        return made(done.method, httpx.URL(done.url), list(done.headers), done.content)
    except Exception as error:  # somebody else's class: whatever it does, no byte has left
        raise Unbuildable(f"its signer failed ({type(error).__name__})") from error


class VonageHmac:
    """Vonage's signed requests for the SMS API, by HMAC-SHA256, as its Python SDK makes them.

    The account's settings have to say the same method. `timestamp` and `sig` are added to the form; in what
    is signed, `&` and `=` of a value count as `_`.
    """

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._api_key, self._secret = fields["api_key"], fields["secret"]

    def __repr__(self) -> str:
        return "VonageHmac()"

    def sign(self, request: Unsigned, now: datetime) -> Unsigned:
        """The form with api_key, timestamp and sig."""
        form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
        form |= {"api_key": self._api_key, "timestamp": str(int(now.timestamp()))}
        signed = "".join(
            f"&{name}={said.replace('&', '_').replace('=', '_')}" for name, said in sorted(form.items())
        )
        form["sig"] = hmac.new(self._secret.encode(), signed.encode(), "sha256").hexdigest()
        return replace(request, content=urlencode(form).encode())
