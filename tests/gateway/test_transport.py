"""Over real sockets: which failures are certain, what the gateway took, and that nothing is sent twice."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
import ssl
import time
import traceback
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import trustme

from smscli import __version__
from smscli.gateway.transport import (
    LARGEST_ANSWER,
    AiohttpTransport,
    CallFailed,
    MaybeSent,
    NotSent,
    silence_libraries,
)
from tests.support import (
    Accept,
    Answer,
    CloseAfterReading,
    Dialect,
    Drip,
    DropKeepAlive,
    Exchange,
    Fields,
    Generic,
    HalfAnswer,
    HalfHeaders,
    Held,
    Html502,
    LoopbackGateway,
    NotHttp,
    RateLimited,
    Redirect,
    ResetAfterReading,
    ResetBeforeReading,
    ResetWhileReading,
    Slow,
    Status,
    TruncatedBody,
)

SECRET = "hunter2-and-more"
NUMBER = "+12025550123"
TEXT = "Green Garage: winter tyres from Monday. Reply STOP to opt out."

Outcome = httpx.Response | CallFailed


def post(url: str, number: str = NUMBER) -> httpx.Request:
    body = {"messages": [{"id": f"m{number}", "from": "+12025550143", "to": number, "text": TEXT}]}
    return httpx.Request("POST", url, json=body, headers={"Authorization": f"Bearer {SECRET}"})


def get(url: str, number: str = NUMBER) -> httpx.Request:
    query = {"to": number, "text": TEXT, "from": "+12025550143", "password": SECRET}
    return httpx.Request("GET", url, params=query)


async def outcome(transport: AiohttpTransport, request: httpx.Request) -> Outcome:
    try:
        return await transport.handle_async_request(request)
    except CallFailed as failed:
        return failed


@asynccontextmanager
async def open_transport(**options: Any) -> AsyncIterator[AiohttpTransport]:
    transport = AiohttpTransport(**{"connections": 4, "connect": 2.0, "total": 5.0, **options})
    try:
        yield transport
    finally:
        await transport.aclose()


def outcomes(*requests: httpx.Request, **options: Any) -> list[Outcome]:
    """One request after the other over one transport."""

    async def one_after_the_other() -> list[Outcome]:
        async with open_transport(**options) as transport:
            return [await outcome(transport, request) for request in requests]

    return asyncio.run(one_after_the_other())


def failure(request: httpx.Request, **options: Any) -> CallFailed:
    (only,) = outcomes(request, **options)
    assert isinstance(only, CallFailed), only
    return only


@dataclass(frozen=True)
class Way:
    """A method, and the dialect a gateway reads it with."""

    request: Callable[..., httpx.Request]
    dialect: Dialect


WAYS = [pytest.param(Way(post, Generic()), id="POST"), pytest.param(Way(get, Fields()), id="GET")]


# What a gateway can do to a request.


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        pytest.param(ResetBeforeReading(), 0, id="reset before reading"),
        pytest.param(ResetWhileReading(), 0, id="reset while reading"),
        pytest.param(ResetAfterReading(), 1, id="reset after reading"),
        pytest.param(CloseAfterReading(), 1, id="closed after reading"),
        pytest.param(HalfHeaders(), 1, id="half the headers"),
        pytest.param(TruncatedBody(), 1, id="truncated body"),
        pytest.param(NotHttp(), 1, id="not HTTP"),
        pytest.param(NotHttp(says=b"\x00\xff" * 2000), 1, id="binary rubbish"),
        pytest.param(NotHttp(says=b"HTTP/1.1 2000 What\r\n\r\n"), 1, id="impossible status"),
        pytest.param(NotHttp(says=b""), 1, id="nothing at all"),
        pytest.param(Drip(0.02), 1, id="dripping"),
        pytest.param(Slow(30), 1, id="too slow"),
        pytest.param(Status(200, b"x" * (LARGEST_ANSWER + 1), taken=True), 1, id="too long"),
    ],
)
def test_a_failure_after_connecting_is_never_certain_and_never_repeated(
    way: Way, answer: Answer, taken: int
) -> None:
    with LoopbackGateway(way.dialect) as gateway:
        gateway.script(answer)
        failed = failure(way.request(gateway.url), connect=0.3, total=0.6)

    assert type(failed) is MaybeSent
    assert len(gateway.taken) == taken
    assert gateway.connections == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "status", "taken"),
    [
        pytest.param(Accept(), 202, 1, id="accepted"),
        pytest.param(HalfAnswer(), 202, 1, id="whole HTTP, half JSON"),
        pytest.param(RateLimited(7), 429, 0, id="rate limited"),
        pytest.param(Html502(), 502, 0, id="HTML from a proxy"),
        pytest.param(Status(503), 503, 0, id="no body"),
        pytest.param(Status(799, b"{}"), 799, 0, id="unheard-of status"),
        pytest.param(Redirect(code=301), 301, 0, id="moved"),
        pytest.param(Redirect(code=302), 302, 0, id="found"),
        pytest.param(Redirect(code=307), 307, 0, id="redirect that keeps the method"),
        pytest.param(Redirect("ftp://elsewhere.invalid/", taken=True), 307, 1, id="redirect to nowhere"),
    ],
)
def test_an_answer_comes_back_as_it_is_and_redirects_are_not_followed(
    way: Way, answer: Answer, status: int, taken: int
) -> None:
    with LoopbackGateway(way.dialect) as gateway:
        gateway.script(answer)
        (response,) = outcomes(way.request(gateway.url))

    assert isinstance(response, httpx.Response)
    assert response.status_code == status
    assert response.headers["Date"].endswith("GMT")
    assert len(gateway.taken) == taken
    assert len(gateway.requests) == 1


# Kept connections.


def test_posts_share_a_connection_and_gets_never_do() -> None:
    with LoopbackGateway() as gateway:
        outcomes(*(post(gateway.url, f"+1202555010{n}") for n in range(3)))
        assert gateway.connections == 1
    with LoopbackGateway(Fields()) as gateway:
        outcomes(*(get(gateway.url, f"+1202555010{n}") for n in range(3)))
        assert gateway.connections == 3
        assert {request.headers["connection"] for request in gateway.requests} == {"close"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("drop", [CloseAfterReading(), ResetAfterReading()], ids=["closed", "reset"])
def test_a_request_dropped_after_an_earlier_one_went_well_is_taken_exactly_once(
    way: Way, drop: Answer
) -> None:
    with LoopbackGateway(way.dialect) as gateway:
        gateway.script(Accept(), drop)
        first, second = outcomes(
            way.request(gateway.url, "+12025550101"), way.request(gateway.url, "+12025550102")
        )

    assert isinstance(first, httpx.Response)
    assert type(second) is MaybeSent
    assert gateway.numbers == ("+12025550101", "+12025550102")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("drop", [CloseAfterReading(), ResetAfterReading(), ResetBeforeReading()])
def test_no_method_that_http_calls_idempotent_is_repeated(method: str, drop: Answer) -> None:
    with LoopbackGateway(Fields()) as gateway:
        gateway.script(drop)
        failed = failure(httpx.Request(method, gateway.url, params={"to": NUMBER, "text": TEXT}))

    assert type(failed) is MaybeSent
    assert gateway.connections == 1


def test_a_kept_connection_that_the_gateway_closed_is_not_used_again() -> None:
    async def scenario(gateway: LoopbackGateway) -> Outcome:
        async with open_transport() as transport:
            await outcome(transport, post(gateway.url, "+12025550101"))
            await asyncio.sleep(0.05)  # the FIN is on its way
            return await outcome(transport, post(gateway.url, "+12025550102"))

    with LoopbackGateway() as gateway:
        gateway.script(DropKeepAlive(), Accept())
        assert isinstance(asyncio.run(scenario(gateway)), httpx.Response)

    assert gateway.numbers == ("+12025550101", "+12025550102")
    assert gateway.connections == 2


def test_an_idle_connection_is_closed_before_the_gateway_would_close_it() -> None:
    async def scenario(gateway: LoopbackGateway) -> None:
        async with open_transport(keepalive=0.05) as transport:
            await outcome(transport, post(gateway.url, "+12025550101"))
            await asyncio.sleep(0.15)
            await outcome(transport, post(gateway.url, "+12025550102"))

    with LoopbackGateway() as gateway:
        asyncio.run(scenario(gateway))

    assert gateway.connections == 2


@dataclass(frozen=True)
class SaysMore:
    """A gateway, or a proxy before it, that says something on a kept connection without being asked."""

    pause: float
    more: bytes

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(exchange.http(exchange.word(exchange.take())))
        await asyncio.sleep(self.pause)
        await exchange.write(self.more)


@pytest.mark.parametrize("pause", [0.0, 0.02], ids=["at once", "later"])
@pytest.mark.parametrize(
    "more",
    [b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}", b"HTTP/1.1 408 Request Timeout\r\n\r\n", b"?"],
    ids=["an answer", "a timeout", "rubbish"],
)
def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one(pause: float, more: bytes) -> None:
    async def scenario(gateway: LoopbackGateway) -> Outcome:
        async with open_transport() as transport:
            await outcome(transport, post(gateway.url, "+12025550101"))
            await asyncio.sleep(0.06)
            return await outcome(transport, post(gateway.url, "+12025550102"))

    with LoopbackGateway() as gateway:
        gateway.script(SaysMore(pause, more), Status(500))
        second = asyncio.run(scenario(gateway))

    assert isinstance(second, httpx.Response)
    assert second.status_code == 500
    assert gateway.numbers == ("+12025550101",)


# Failures to connect: certain.


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("request_for", [post, get], ids=["POST", "GET"])
def test_a_refused_connection_is_certain(request_for: Callable[[str], httpx.Request]) -> None:
    port = free_port()
    failed = failure(request_for(f"http://127.0.0.1:{port}/messages"))

    assert type(failed) is NotSent
    assert failed.reason == f"the gateway refused the connection on 127.0.0.1:{port}"
    assert "is it running" in failed.hint


def test_a_name_that_does_not_resolve_is_certain() -> None:
    failed = failure(post("http://gateway.invalid/messages"), connect=2.0)

    assert type(failed) is NotSent
    assert "gateway.invalid:80" in failed.reason


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full: another SYN is dropped, as by a firewall."""
    waiting: list[socket.socket] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        try:
            for _ in range(16):
                client = socket.socket()
                waiting.append(client)
                client.settimeout(0.05)
                client.connect(listener.getsockname())
        except TimeoutError:
            yield listener.getsockname()[1]
        else:
            pytest.skip("this system's queue of connections cannot be filled")
        finally:
            for client in waiting:
                client.close()


def test_a_connection_that_nobody_answers_is_certain_and_bounded() -> None:
    with full_backlog() as port:
        began = time.monotonic()
        failed = failure(post(f"http://127.0.0.1:{port}/messages"), connect=0.2, total=5.0)

    assert type(failed) is NotSent
    assert time.monotonic() - began < 2


def test_waiting_for_a_free_connection_in_vain_is_certain() -> None:
    held = Held()

    async def scenario(gateway: LoopbackGateway) -> tuple[Outcome, Outcome]:
        async with open_transport(connections=1, connect=0.2) as transport:
            first = asyncio.create_task(outcome(transport, post(gateway.url, "+12025550101")))
            await asyncio.to_thread(gateway.wait_until, lambda seen: len(seen.taken) == 1)
            second = await outcome(transport, post(gateway.url, "+12025550102"))
            held.release()
            return await first, second

    with LoopbackGateway() as gateway:
        gateway.script(held)
        first, second = asyncio.run(scenario(gateway))

    assert isinstance(first, httpx.Response)
    assert type(second) is NotSent
    assert gateway.numbers == ("+12025550101",)


@pytest.mark.parametrize(
    "url", ["http:///messages", "http://[::1/", "http://256.1.1.1.1:99/", "ftp://127.0.0.1/"]
)
def test_a_url_that_cannot_be_used_is_certain(url: str) -> None:
    try:
        request = httpx.Request("POST", url, content=b"{}")
    except httpx.InvalidURL:
        return  # nobody can even ask
    assert type(failure(request)) is NotSent


def test_a_header_that_would_begin_a_second_request_never_leaves() -> None:
    with LoopbackGateway() as gateway:
        request = httpx.Request("POST", gateway.url, content=b"{}", headers={"X-Id": "1\r\nX-Injected: 2"})
        assert type(failure(request)) is NotSent
    assert gateway.connections == 0


def test_a_closed_transport_sends_nothing() -> None:
    async def scenario(gateway: LoopbackGateway) -> Outcome:
        async with open_transport() as transport:
            await transport.aclose()
            return await outcome(transport, post(gateway.url))

    with LoopbackGateway() as gateway:
        assert type(asyncio.run(scenario(gateway))) is NotSent
    assert gateway.connections == 0


def test_connecting_must_be_bounded_more_tightly_than_the_whole_call() -> None:
    with pytest.raises(ValueError, match="connect must be shorter"):
        AiohttpTransport(connections=1, connect=5.0, total=5.0)


# TLS.

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"


def over_tls(
    server: ssl.SSLContext | None, client: ssl.SSLContext | None, host: str = "localhost", **options: Any
) -> tuple[Outcome, int]:
    """The outcome of a request to a server with this context, and how many requests the server read."""
    read = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal read
        try:
            head = await reader.readuntil(b"\r\n")
            read += head.startswith(b"POST ")
            writer.write(ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def scenario() -> Outcome:
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server) as listener:
            port = listener.sockets[0].getsockname()[1]
            async with open_transport(tls=client, **options) as transport:
                result = await outcome(transport, post(f"https://{host}:{port}/messages"))
            await asyncio.sleep(0)
            return result

    return asyncio.run(scenario()), read


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def client_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_a_trusted_certificate_is_used(authority: trustme.CA) -> None:
    response, read = over_tls(server_tls(authority), client_tls(authority))
    assert isinstance(response, httpx.Response)
    assert read == 1


def test_a_certificate_for_another_host_is_certain(authority: trustme.CA) -> None:
    failed, read = over_tls(server_tls(authority, "gateway.example"), client_tls(authority))
    assert type(failed) is NotSent
    assert "certificate" in failed.reason
    assert read == 0


def test_an_unknown_authority_is_certain(authority: trustme.CA) -> None:
    failed, read = over_tls(server_tls(authority), None)
    assert type(failed) is NotSent
    assert "certificate" in failed.reason
    assert read == 0


def test_a_port_that_speaks_plain_http_is_certain(authority: trustme.CA) -> None:
    with LoopbackGateway() as gateway:
        gateway.otherwise(ResetBeforeReading())
        plain = gateway.url.replace("http:", "https:")
        assert type(failure(post(plain), tls=client_tls(authority))) is NotSent
    assert gateway.requests == ()


def test_a_handshake_that_never_ends_is_certain_and_bounded(authority: trustme.CA) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        failed = failure(
            post(f"https://127.0.0.1:{port}/"), connect=0.2, total=5.0, tls=client_tls(authority)
        )
    assert type(failed) is NotSent


def test_a_client_certificate_asked_for_too_late_is_not_certain(authority: trustme.CA) -> None:
    # Under TLS 1.3 the handshake has ended on our side, and the request has left, when the server looks.
    server = server_tls(authority)
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    server.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(server)
    failed, _ = over_tls(server, client_tls(authority))
    assert type(failed) is MaybeSent


# Proxies.


def test_a_proxy_that_is_not_there_is_certain() -> None:
    with LoopbackGateway() as gateway:
        failed = failure(post(gateway.url), proxy=f"http://127.0.0.1:{free_port()}")
    assert type(failed) is NotSent
    assert "proxy" in failed.reason
    assert gateway.connections == 0


def test_a_proxy_that_refuses_the_tunnel_is_certain() -> None:
    with LoopbackGateway() as proxy:
        proxy.script(Status(407))
        failed = failure(post("https://gateway.example/messages"), proxy=f"http://127.0.0.1:{proxy.port}")
    assert type(failed) is NotSent
    assert "407" in failed.reason
    assert [request.method for request in proxy.requests] == ["CONNECT"]


def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with LoopbackGateway() as gateway:
        (response,) = outcomes(post(gateway.url))
    assert isinstance(response, httpx.Response)


# Deadlines, sizes, cancellation.


@pytest.mark.parametrize("answer", [Drip(0.01), Slow(30)], ids=["dripping", "silent"])
def test_the_whole_call_has_a_deadline(answer: Answer) -> None:
    with LoopbackGateway() as gateway:
        gateway.script(answer)
        began = time.monotonic()
        failed = failure(post(gateway.url), connect=0.2, total=0.3)
    assert type(failed) is MaybeSent
    assert 0.25 < time.monotonic() - began < 2


def answered(body: bytes, encoding: str = "", **options: Any) -> Outcome:
    headers = {"Content-Encoding": encoding} if encoding else {}
    with LoopbackGateway() as gateway:
        gateway.script(Status(200, body, headers, taken=True))
        (only,) = outcomes(post(gateway.url), **options)
    return only


def test_an_answer_as_long_as_allowed_is_read() -> None:
    response = answered(b"x" * 1000, largest_answer=1000)
    assert isinstance(response, httpx.Response)
    assert response.content == b"x" * 1000


def test_an_answer_one_octet_longer_is_not() -> None:
    assert type(answered(b"x" * 1001, largest_answer=1000)) is MaybeSent


def test_a_gzipped_answer_is_read_though_none_was_asked_for() -> None:
    response = answered(gzip.compress(b'{"ok": true}'), "gzip")
    assert isinstance(response, httpx.Response)
    assert json.loads(response.content) == {"ok": True}


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(gzip.compress(b'{"ok": true}')[:-9], "gzip", id="cut off"),
        pytest.param(b"not gzip at all", "gzip", id="not what it says"),
        pytest.param(b"\x0b\x05\x80{}\x03", "br", id="not asked for"),
    ],
)
def test_a_compressed_answer_that_cannot_be_trusted_is_in_doubt(body: bytes, encoding: str) -> None:
    assert type(answered(body, encoding)) is MaybeSent


def test_a_compressed_answer_cannot_fill_the_memory() -> None:
    bomb = gzip.compress(bytes(LARGEST_ANSWER * 32))
    tracemalloc.start()
    try:
        failed = answered(bomb, "gzip")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(failed) is MaybeSent
    assert peak < LARGEST_ANSWER * 8


def test_a_cancelled_call_says_so_and_leaves_nothing_behind() -> None:
    held = Held()

    async def scenario(gateway: LoopbackGateway) -> Outcome:
        async with open_transport(connections=1) as transport:
            call = asyncio.create_task(outcome(transport, post(gateway.url, "+12025550101")))
            await asyncio.to_thread(gateway.wait_until, lambda seen: len(seen.taken) == 1)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            held.release()  # its late answer must not become the next one's
            return await outcome(transport, post(gateway.url, "+12025550102"))

    with LoopbackGateway() as gateway:
        gateway.script(held, Status(500))
        second = asyncio.run(scenario(gateway))

    assert isinstance(second, httpx.Response)
    assert second.status_code == 500
    assert gateway.numbers == ("+12025550101",)


def test_no_more_requests_are_in_flight_than_connections() -> None:
    async def scenario(gateway: LoopbackGateway) -> None:
        async with open_transport(connections=3) as transport:
            await asyncio.gather(
                *(outcome(transport, post(gateway.url, f"+120255501{n:02}")) for n in range(12))
            )

    with LoopbackGateway() as gateway:
        gateway.otherwise(Slow(0.01))
        asyncio.run(scenario(gateway))

    assert gateway.most_in_flight == 3
    assert len(gateway.taken) == 12


# What goes over the wire, and what stays in the house.


def test_a_request_arrives_as_it_was_built() -> None:
    url = "http://127.0.0.1:{port}/a%2Fb/messages?text=1%2B1%20%C4%85&x=a+b"
    body = "to=%2B12025550123&text=a+b"
    with LoopbackGateway() as gateway:
        gateway.otherwise(Status(200))
        built = httpx.Request(
            "POST",
            url.format(port=gateway.port),
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded", "X-Key": "k1"},
        )
        outcomes(built, httpx.Request("POST", gateway.url))
    sent, empty = gateway.requests

    assert sent.target == "/a%2Fb/messages?text=1%2B1%20%C4%85&x=a+b"
    assert sent.body.decode() == body
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert sent.headers["x-key"] == "k1"
    assert sent.headers["user-agent"] == f"smscli/{__version__}"
    assert sent.headers["accept-encoding"] == "identity"
    assert "content-type" not in empty.headers


def test_cookies_are_not_kept() -> None:
    with LoopbackGateway() as gateway:
        gateway.otherwise(Status(200, b"{}", {"Set-Cookie": "session=1; Path=/"}))
        by_name = gateway.url.replace("127.0.0.1", "localhost")  # cookies of bare addresses are nobody's
        outcomes(post(by_name), post(by_name))
    assert [request.headers.get("cookie") for request in gateway.requests] == [None, None]


def test_credentials_in_a_url_reach_the_gateway_and_no_error() -> None:
    with LoopbackGateway() as gateway:
        gateway.script(Status(200), CloseAfterReading(taken=False))
        url = gateway.url.replace("//", f"//user:{SECRET}@")
        request = httpx.Request("POST", url, content=b"{}")
        _, failed = outcomes(request, request)
    assert gateway.requests[0].headers["authorization"].startswith("Basic ")
    assert SECRET not in str(failed)


def printed(failed: CallFailed) -> str:
    return "".join([*traceback.format_exception(failed), repr(failed), failed.reason, failed.hint])


@pytest.mark.parametrize(
    "answer", [CloseAfterReading(), ResetAfterReading(), NotHttp(), Slow(30), TruncatedBody()]
)
def test_no_error_shows_a_secret_or_a_number(answer: Answer) -> None:
    with LoopbackGateway(Fields()) as gateway:
        gateway.script(answer)
        failed = failure(get(gateway.url), connect=0.1, total=0.2)
        gateway.assert_quiet(printed(failed), secrets=[SECRET], numbers=[NUMBER])


def test_no_failure_to_connect_shows_a_secret_or_a_number() -> None:
    with LoopbackGateway(Fields()) as gateway, full_backlog() as silent:
        for port in (free_port(), silent):
            failed = failure(get(f"http://127.0.0.1:{port}/send"), connect=0.1)
            gateway.assert_quiet(printed(failed), secrets=[SECRET], numbers=[NUMBER])


@pytest.fixture
def restored_loggers() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in ("aiohttp", "httpx", "httpcore")]
    before = [(logger.handlers, logger.propagate) for logger in loggers]
    yield
    for logger, (handlers, propagate) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate


@pytest.mark.usefixtures("restored_loggers")
def test_silenced_libraries_log_nothing_even_under_debug(caplog: pytest.LogCaptureFixture) -> None:
    async def through_httpx(url: str) -> None:
        async with httpx.AsyncClient() as client:  # logs every URL at INFO
            await client.get(url, params={"password": SECRET})

    caplog.set_level(logging.DEBUG)
    silence_libraries()
    with LoopbackGateway(Fields()) as gateway:
        gateway.otherwise(Status(200))
        asyncio.run(through_httpx(gateway.url))
        outcomes(get(gateway.url))
        logging.getLogger("aiohttp.client").error("about %s", SECRET)

    assert SECRET not in caplog.text
    assert {record.name for record in caplog.records} <= {"asyncio"}
