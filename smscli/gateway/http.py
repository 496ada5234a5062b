"""HttpGateway: hands batches to a gateway as its profile describes, and tells what became of them.

Knows the order: build, send, read. What is certain when sending fails, `certainty.py` says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from smscli.domain.message import Answer, Batch, Receipt, State, Verdict
from smscli.domain.profile import GatewayProfile, plain, variables
from smscli.gateway.certainty import of_exception
from smscli.gateway.hints import hint_for
from smscli.gateway.reply import read
from smscli.gateway.request import Requests, Unbuildable
from smscli.gateway.seen import detail_of
from smscli.gateway.signing import signed, signer_of
from smscli.gateway.transport import LARGEST_ANSWER, AiohttpTransport, silence_libraries

#: A secret shorter than this is not looked for in texts: it would be found everywhere.
SHORTEST_SECRET = 4


@asynccontextmanager
async def open_http_gateway(
    profile: GatewayProfile, secrets: Mapping[str, str], *, url: str | None = None
) -> AsyncIterator[HttpGateway]:
    """A gateway over a transport of its own, made as the profile says and closed at the end.

    `url` stands in for the profile's: the sandbox learns its own when it runs.
    """
    there = profile if url is None else profile.at(url)
    gateway = HttpGateway(there, secrets, transport_for(profile, secrets))
    try:
        yield gateway
    finally:
        await gateway.close()


def transport_for(
    profile: GatewayProfile, secrets: Mapping[str, str], largest_answer: int = LARGEST_ANSWER
) -> AiohttpTransport:
    """A transport with the connections, timeouts and proxy of a profile; `largest_answer` in bytes."""
    silence_libraries()
    wire = profile.wire
    return AiohttpTransport(
        connections=profile.connections,
        connect=wire.timeouts.connect,
        total=wire.timeouts.total,
        proxy=None if wire.proxy is None else plain(wire.proxy, variables(wire.call, secrets), secrets),
        largest_answer=largest_answer,
    )


class HttpGateway:
    """A gateway over HTTP; the `Gateway` of `ports.py`. `secrets`: values by environment variable."""

    def __init__(
        self, profile: GatewayProfile, secrets: Mapping[str, str], transport: httpx.AsyncBaseTransport
    ) -> None:
        self._profile = profile
        self._secrets = dict(secrets)
        self._held = as_quoted(secrets.values())
        self._requests = Requests(profile, self._secrets)
        self._transport = transport
        self._signer = signer_of(profile, self._secrets)

    def __repr__(self) -> str:
        return f"<HttpGateway {self._profile.name}>"

    @property
    def profile(self) -> GatewayProfile:
        return self._profile

    async def submit(self, batch: Batch, *, proven: bool) -> Answer:
        """Hand one batch over. Never raises for the wire; asyncio.CancelledError passes through."""
        try:
            request = signed(self._requests.build(batch), self._signer)
        except Unbuildable as refused:
            hint = f"see why: smscli gateway show {self._profile.name}; check the sender ID too"
            return _all(batch, Verdict.REFUSED, State.RELEASED, f"no request can be made: {refused}", hint)
        try:
            response = await self._transport.handle_async_request(request)
            try:
                body = await response.aread()
            finally:
                await response.aclose()
        except Exception as error:
            # Any error at all: one that is not known to come before the first byte means in doubt.
            found = of_exception(error)
            hint = hint_for(self._profile, found.hint)
            return _all(batch, found.verdict, found.state, found.reason, hint)
        headers = {
            name.decode("latin-1").lower(): said.decode("latin-1") for name, said in response.headers.raw
        }
        answer = read(self._profile, batch, response.status_code, headers, body, proven=proven)
        return self._without_secrets(answer)

    async def close(self) -> None:
        await self._transport.aclose()

    def _without_secrets(self, answer: Answer) -> Answer:
        """A gateway may quote a refused key back at us."""
        held, texts = self._held, _texts(answer)
        if not any(secret in text for text in texts for secret in held):
            return answer

        def cleaned(text: str) -> str:
            for secret in held:
                text = text.replace(secret, "•••")
            return text

        receipts = tuple(
            replace(each, code=cleaned(each.code), detail=cleaned(each.detail)) for each in answer.receipts
        )
        return replace(answer, receipts=receipts, reason=cleaned(answer.reason), hint=cleaned(answer.hint))


def as_quoted(secrets: Iterable[str]) -> Sequence[str]:
    """What to look for in a gateway's words, in which a secret may have been masked like a number already."""
    long = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
    return sorted({*long, *map(detail_of, long)} - {""}, key=len, reverse=True)


def _texts(answer: Answer) -> set[str]:
    """What an answer says, each text once: accepted messages say nothing."""
    texts = {answer.reason, answer.hint}
    for each in answer.receipts:
        texts |= {each.code, each.detail}
    return texts - {""}


def _all(batch: Batch, verdict: Verdict, state: State, reason: str, hint: str) -> Answer:
    """The same for every message of a batch."""
    receipts = tuple(Receipt(message.id, state, detail=reason) for message in batch.messages)
    return Answer(verdict, receipts, reason=reason, hint=hint)
