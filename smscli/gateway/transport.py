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
import re
import ssl
import zlib
from functools import lru_cache
from typing import NamedTuple
from weakref import WeakSet

import aiohttp
import httpx
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from smscli import __version__
from smscli.gateway.hints import ADDRESS, PROFILE

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


class _Unreadable(Exception):
    """An answer that came whole or in part and is not going to be used; says why."""


class _Sentence(NamedTuple):
    """What operators read about one class of errors; `{where}` is host and port."""

    error: type[Exception]
    reason: str
    hint: str = ""


_REFUSED = _Sentence(
    ConnectionRefusedError,
    "the gateway refused the connection on {where}",
    f"is it running? Check {ADDRESS}",
)

#: Errors of aiohttp that come before the first byte of a request, the more exact ones first. Read in
#: aiohttp 3.14: raised in connector.py while connecting, or in client.py before that.
_BEFORE_THE_FIRST_BYTE = (
    _Sentence(
        aiohttp.ClientConnectorDNSError,
        "the host name of {where} does not resolve",
        f"is the network up? Check the spelling of {ADDRESS}",
    ),
    _Sentence(
        aiohttp.ClientConnectorCertificateError,
        "the certificate of {where} is not trusted ({detail})",
        f"is it the host the certificate was made for? Check {ADDRESS}",
    ),
    _Sentence(
        aiohttp.ClientConnectorSSLError,
        "no TLS connection to {where} ({detail})",
        f"does this port speak https? Check {ADDRESS}",
    ),
    _Sentence(
        aiohttp.ClientProxyConnectionError,
        "the proxy for {where} cannot be reached",
        f"is it running? Check its address: smscli gateway show {PROFILE}",
    ),
    _Sentence(
        aiohttp.ClientHttpProxyError,
        "the proxy would not connect to {where} (status {detail})",
        "are the proxy's credentials right, and does it let this host through?",
    ),
    _Sentence(
        aiohttp.ClientConnectorError,
        "no connection to {where} ({detail})",
        f"is the network up? Check {ADDRESS}",
    ),
    _Sentence(
        aiohttp.ConnectionTimeoutError,
        "no connection to {where} in time",
        "is the host up, and does a firewall let this machine through?",
    ),
    _Sentence(
        aiohttp.ServerFingerprintMismatch,
        "the certificate of {where} is not the expected one",
        f"is it the right host? Check {ADDRESS}",
    ),
    _Sentence(
        aiohttp.InvalidURL,
        "the profile's url cannot be used",
        f"is it complete? Check {ADDRESS}",
    ),
    _Sentence(
        aiohttp.NonHttpUrlClientError,
        "the profile's url is not http or https",
        f"mend {ADDRESS}",
    ),
)

#: Everything else may come after the first byte; these have a sentence of their own.
_MAYBE_AFTER = (
    _Sentence(
        TimeoutError,
        "{where} gave no whole answer in time",
        "if the gateway is only slow, give it longer in its profile: timeouts: {total: 60}",
    ),
    _Sentence(aiohttp.ServerDisconnectedError, "{where} closed the connection without a whole answer"),
    _Sentence(aiohttp.ClientPayloadError, "the answer of {where} broke off"),
    _Sentence(
        aiohttp.ClientResponseError,
        "the answer of {where} is not HTTP",
        "does something else listen on this port?",
    ),
    _Sentence(OSError, "the connection to {where} broke after the request began to leave"),
    _Sentence(_Unreadable, "the answer of {where} cannot be used: {detail}"),
)


def _cause(error: Exception) -> Exception:
    """What the operating system or TLS said when connecting failed, or the error itself."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return error.certificate_error  # has no os_error in aiohttp 3.12
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


def _detail(error: Exception) -> str:
    """The cause in a word, for operators: never a URL or a body."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return str(getattr(cause, "verify_message", "not verified"))
    if isinstance(cause, ssl.SSLError):
        return str(getattr(cause, "reason", None) or type(cause).__name__).replace("_", " ").lower()
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return str(cause.status)
    if isinstance(cause, OSError):
        return cause.strerror or type(cause).__name__
    return str(cause) if isinstance(cause, _Unreadable) else type(cause).__name__


def translate(error: Exception, where: str = "the gateway") -> CallFailed:
    """An error of the layer below as NotSent, if that is certain, or else as MaybeSent.

    `where` is the gateway's host and port. Total: an error nobody has heard of is MaybeSent. So are
    errors of a redirect, which come after a request (we follow none).
    """
    detail = _detail(error)

    def said(sentence: _Sentence) -> tuple[str, str]:
        return sentence.reason.format(where=where, detail=detail), sentence.hint

    if not isinstance(error, aiohttp.RedirectClientError):
        for sentence in _BEFORE_THE_FIRST_BYTE:
            if isinstance(error, sentence.error):
                return NotSent(*said(_REFUSED if _is_refusal(error) else sentence))
    for sentence in _MAYBE_AFTER:
        if isinstance(error, sentence.error):
            return MaybeSent(*said(sentence))
    return MaybeSent(f"the call to {where} failed ({type(error).__name__})")


def _is_refusal(error: Exception) -> bool:
    """Whether the gateway, and not a proxy before it, refused the connection."""
    by_proxy = isinstance(error, aiohttp.ClientProxyConnectionError)
    return isinstance(_cause(error), ConnectionRefusedError) and not by_proxy


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


class _QuietConnector(aiohttp.TCPConnector):
    """Gives no kept connection on which something was said since: it would pass for the next answer.

    Proxies say 408 on idle connections before they close them, and aiohttp 3.14 hands that to whoever
    asks next.
    """

    def __init__(self, *, limit: int, keepalive: float, tls: ssl.SSLContext | bool) -> None:
        super().__init__(limit=limit, keepalive_timeout=keepalive, ssl=tls)
        self._used: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        while True:
            connection = await super().connect(req, traces=traces, timeout=timeout)
            protocol = connection.protocol
            if protocol is None or (protocol in self._used and protocol.should_close):
                connection.close()
                continue
            self._used.add(protocol)
            return connection


#: Headers that belong to the connection and not to the caller.
_OURS = frozenset({b"accept-encoding", b"connection", b"content-length", b"transfer-encoding"})
_NOT_PRINTABLE = re.compile(rb"[^\t\x20-\x7e]")


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends each request once, over aiohttp, and returns answers whose body is read.

    At most `connections` requests are in flight. `connect` bounds waiting for a free connection and
    making one; `total` bounds the whole call, connecting included (seconds both; `connect` must be the
    smaller). An idle connection is closed after `keepalive` seconds, before servers usually do it.
    Redirects are answers, cookies are dropped, the environment is not asked for proxies or passwords.
    Requests other than POST use a connection of their own: only POST may find a kept one closed.

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
        self._total = total
        self._keepalive = keepalive
        self._largest_answer = largest_answer
        self._proxy = proxy
        self._tls = tls
        # Above its threshold aiohttp rounds deadlines up to whole seconds: never here.
        self._timeout = aiohttp.ClientTimeout(connect=connect, ceil_threshold=connect)
        self._kept: aiohttp.ClientSession | None = None
        self._fresh: aiohttp.ClientSession | None = None
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The gateway's answer, body read and decompressed. Raises NotSent and MaybeSent."""
        if self._closed:
            raise NotSent("the connections to the gateway were already closed")
        headers = _headers_of(tuple(request.headers.raw))
        try:
            async with asyncio.timeout(self._total):
                return await self._exchange(request, headers)
        except _Broken as broken:
            raise translate(broken.error, _host_and_port(request.url)) from None
        except Exception as error:  # `from None`: aiohttp's own texts hold the whole URL
            raise translate(error, _host_and_port(request.url)) from None

    async def _exchange(self, request: httpx.Request, headers: tuple[tuple[str, str], ...]) -> httpx.Response:
        answer = await self._session(request.method).request(
            request.method,
            URL(str(request.url), encoded=True),
            data=request.content or None,
            headers=headers,
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
            proxy=self._proxy,
        )
        try:
            body = await self._body(answer)
        except BaseException:
            answer.close()
            raise
        raw = [item for item in answer.raw_headers if item[0].lower() != b"content-encoding"]
        return _Answer(answer.status, raw, body)

    async def _body(self, answer: ClientResponse) -> bytes:
        body = bytearray()
        async for part in answer.content.iter_any():
            body += part
            if len(body) > self._largest_answer:
                raise _Unreadable("it is too long")
        return _decompressed(bytes(body), answer.headers.get("Content-Encoding", ""), self._largest_answer)

    def _session(self, method: str) -> aiohttp.ClientSession:
        if method != "POST":
            self._fresh = self._fresh or self._open(
                aiohttp.TCPConnector(limit=self._connections, force_close=True, ssl=self._tls or True)
            )
            return self._fresh
        self._kept = self._kept or self._open(
            _QuietConnector(limit=self._connections, keepalive=self._keepalive, tls=self._tls or True)
        )
        return self._kept

    def _open(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            headers={"User-Agent": f"smscli/{__version__}", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            raise_for_status=False,
            trust_env=False,
            middlewares=(_only_once,),
        )

    async def aclose(self) -> None:
        """Close every connection. Requests after this are NotSent."""
        self._closed = True
        for session in (self._kept, self._fresh):
            if session is not None:
                await session.close()


class _Answer(httpx.Response):
    """A response whose body is there. To let httpx read it costs a tenth of a call on a loopback."""

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        super().__init__(status, headers=headers, stream=httpx.ByteStream(body))
        self._content = body


@lru_cache(maxsize=8)  # most calls of a run have the same
def _headers_of(raw: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[str, str], ...]:
    """The caller's headers; a line break in one would begin a second request on the wire."""
    headers = []
    for name, value in raw:
        if _NOT_PRINTABLE.search(name) or _NOT_PRINTABLE.search(value):
            raise NotSent(
                "a header of the request holds a line break or a character outside ASCII",
                "look at the profile's headers",
            )
        if name.lower() not in _OURS:
            headers.append((name.decode(), value.decode()))
    return tuple(headers)


def _host_and_port(url: httpx.URL) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port or (443 if url.scheme == 'https' else 80)}"


def _decompressed(body: bytes, encoding: str, most: int) -> bytes:
    """We ask for plain answers; gzip and deflate are understood, and cannot grow without bound."""
    if encoding.lower() in ("", "identity") or not body:
        return body
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        raise _Unreadable("it is compressed in a way that was not asked for")
    machine = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: gzip or zlib, whichever it is
    try:
        plain = machine.decompress(body, most + 1)
    except zlib.error:
        raise _Unreadable("its compression is broken") from None
    if len(plain) > most:
        raise _Unreadable("it is too long")
    if not machine.eof:
        raise _Unreadable("its compression breaks off")
    return plain
