"""One HTTP request, sent at most once, and what is certain when it fails.

    httpx.TransportError
    └── CallFailed          `reason` and `hint` are for operators: no secret, no number, no query
        ├── NotSent         certain: no byte of the request left
        └── MaybeSent       everything else: the gateway may have the request

Knows aiohttp: which of its errors come before the first byte, and when it would repeat a request by
itself. Does not know what a status or a body means, nor what becomes of a message.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import zlib

import aiohttp
import httpx
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

from smscli import __version__

#: A gateway's answer is a few kilobytes; what is longer is not read, and therefore not believed.
LARGEST_ANSWER = 1 << 20

_CHATTY = ("aiohttp", "httpx", "httpcore")


def silence_libraries() -> None:
    """Keep the HTTP libraries from logging: their lines hold URLs with passwords and numbers."""
    for name in _CHATTY:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False


class CallFailed(httpx.TransportError):
    """A call without an answer. `reason` and `hint` are sentences for operators."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class NotSent(CallFailed):
    """Certain that no byte of the request left this machine for the gateway."""


class MaybeSent(CallFailed):
    """The request may have left, whole or in part: only the gateway knows what it took."""


class _Broken(Exception):
    """Carries an error past aiohttp's retry, which looks at the classes of errors."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


async def _only_once(request: ClientRequest, send: ClientHandlerType) -> ClientResponse:
    """Keep aiohttp from repeating GET, PUT and DELETE when a connection drops.

    `ClientSession._request` sends those again after ClientOSError or ServerDisconnectedError, on new
    connections as on kept ones, unless the error says that connecting failed. To a gateway that takes
    messages by GET this would be a second text.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(error) from None


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends each request once, over aiohttp, and returns answers whose body is read.

    At most `connections` requests are in flight. `connect` bounds waiting for a free connection and
    making one; `total` bounds the whole call, connecting included (seconds both, so `connect` must be
    the smaller). An idle connection is closed after `keepalive` seconds, before servers usually do.
    Redirects are answers, cookies are dropped, the environment is not asked for proxies or passwords.
    Requests other than POST use a connection of their own.

    Raises NotSent or MaybeSent, and asyncio.CancelledError when cancelled: then the request may
    have left. Belongs to the event loop of its first request.
    """

    def __init__(
        self,
        *,
        connections: int,
        connect: float = 10.0,
        total: float = 30.0,
        keepalive: float = 15.0,
        largest_answer: int = LARGEST_ANSWER,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        if not 0 < connect < total:
            raise ValueError("connect must be shorter than total, or its failures would not be certain")
        self._connections = connections
        self._connect = connect
        self._total = total
        self._keepalive = keepalive
        self._largest_answer = largest_answer
        self._proxy = proxy
        self._tls = tls
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The gateway's answer, body read and decompressed. Raises NotSent and MaybeSent."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close every connection. Requests after this are NotSent."""
        raise NotImplementedError
