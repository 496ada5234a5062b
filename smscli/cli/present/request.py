"""The exact request that a gateway would get, with names where secrets stand.

It is built by the gateway's own room, from made-up words instead of secrets, and those words are replaced
afterwards: a secret that was never in it cannot be shown, however it would have been encoded.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from secrets import token_hex

from smscli.domain.errors import FilesError
from smscli.domain.message import Batch
from smscli.domain.profile import AuthKind, Call, GatewayProfile, SecretName, full_url, plain, variables
from smscli.gateway.request import Requests, Unbuildable


@dataclass(frozen=True, slots=True)
class ShownRequest:
    """One request as text. `<NAME>` stands for the value of that variable, encoded as its place demands."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str


def is_set(name: str, environ: Mapping[str, str]) -> bool:
    """Has this environment variable a value?"""
    return bool(environ.get(name, "").strip())


def shown_request(profile: GatewayProfile, batch: Batch, environ: Mapping[str, str]) -> ShownRequest:
    """The request that would hand this batch over. A message without a sender gets `<sender>`.

    Of `environ` is only asked what is set. Raises FilesError if the profile cannot carry the batch.
    """
    call, nonce = profile.wire.call, token_hex(8)
    made_up = {name: f"smscli{at}x{nonce}" for at, name in enumerate(profile.secrets)}
    named = {name: f"<{name}>" if is_set(name, environ) else f"<{name}, not set>" for name in made_up}
    stands_for = {made_up[name]: shown for name, shown in named.items()} | {f"sender{nonce}": "<sender>"}
    messages = tuple(replace(each, sender=each.sender or f"sender{nonce}") for each in batch.messages)
    address = _Address(call, made_up, environ, nonce)
    try:
        request = Requests(address.kept_out_of(profile), made_up).build(replace(batch, messages=messages))
    except Unbuildable as refused:
        raise FilesError(
            f"gateway {profile.name}: no request can be made: {refused}",
            hint="look at the gateway's profile and the sender ID",
        ) from None
    if call.auth.kind is AuthKind.BASIC:
        stands_for = {_basic(call, made_up): f"<base64 of {_pair(call, named)}>", **stands_for}

    def told(text: str) -> str:
        for word, shown in stands_for.items():
            text = text.replace(word, shown)
        return text

    headers = tuple((name.decode(), told(said.decode())) for name, said in request.headers.raw)
    url = told(address.put_back(str(request.url)))
    return ShownRequest(request.method, url, headers, told(request.content.decode()))


class _Address:
    """A URL with variables in it. It stays out of the request: a made-up word is no port and no URL."""

    def __init__(
        self, call: Call, made_up: Mapping[str, str], environ: Mapping[str, str], nonce: str
    ) -> None:
        self._whole = full_url(call, made_up)
        self._has_variables = isinstance(call.url, SecretName) or bool(call.url.slots)
        real = environ.get(call.url.env, "") if isinstance(call.url, SecretName) else self._whole
        self._instead = f"https://{nonce}.invalid/" + ("?x" if "?" in real else "")

    def kept_out_of(self, profile: GatewayProfile) -> GatewayProfile:
        return profile.at(self._instead) if self._has_variables else profile

    def put_back(self, url: str) -> str:
        return self._whole + url.removeprefix(self._instead) if self._has_variables else url


def _pair(call: Call, values: Mapping[str, str]) -> str:
    """`user:password`, of these values."""
    own = variables(call, values)
    return ":".join(plain(value, own, values) for _, value in call.auth.fields)


def _basic(call: Call, values: Mapping[str, str]) -> str:
    return b64encode(_pair(call, values).encode()).decode()


def must_build(profile: GatewayProfile, batch: Batch, secrets: Mapping[str, str]) -> None:
    """Raises FilesError if the real secrets make no request; what they make is shown to nobody."""
    try:
        Requests(profile, secrets).build(batch)
    except Unbuildable as refused:
        raise FilesError(
            f"gateway {profile.name}: no request can be made: {refused}",
            hint="look at the gateway's profile and its environment variables",
        ) from None


def request_text(shown: ShownRequest) -> str:
    """The request as it goes over the wire, but for headers of the connection itself."""
    head = [f"{shown.method} {shown.url}", *(f"{name}: {said}" for name, said in shown.headers)]
    return "\n".join([*head, "", shown.body] if shown.body else head)


def request_document(shown: ShownRequest) -> dict[str, object]:
    """The request for programs; headers are pairs, in their order."""
    return {"method": shown.method, "url": shown.url, "headers": shown.headers, "body": shown.body}
