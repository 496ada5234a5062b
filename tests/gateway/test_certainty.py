"""The certainty table, and that nothing falls through it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp.client_exceptions import UnixClientConnectorError
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.message import State, Verdict
from smscli.gateway.certainty import of_exception, of_status
from smscli.gateway.transport import CallFailed, MaybeSent, NotSent, translate

# Errors. Every class there is stands here by name; a class that a new version of a library brings fails the
# test below until somebody has read where it is raised.

CERTAIN = {
    # raised in aiohttp/connector.py, before a connection is there
    "ClientConnectorError",
    "ClientConnectorDNSError",
    "ClientConnectorCertificateError",
    "ClientConnectorSSLError",
    "ClientSSLError",
    "ClientProxyConnectionError",
    "ClientHttpProxyError",
    "UnixClientConnectorError",
    "ServerFingerprintMismatch",
    # raised in aiohttp/client.py, around or before connecting
    "ConnectionTimeoutError",
    "InvalidURL",
    "InvalidUrlClientError",
    "NonHttpUrlClientError",
    # our own
    "NotSent",
}

NEVER_CERTAIN = {
    "ClientError",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientOSError",
    "ClientPayloadError",
    "ClientResponseError",
    "ContentTypeError",
    "RedirectClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlRedirectClientError",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TooManyRedirects",
    "UploadAbortedError",
    "WSServerHandshakeError",
    # our own
    "CallFailed",
    "MaybeSent",
    # httpx: another transport's word proves nothing
    "TransportError",
    "TimeoutException",
    "ConnectTimeout",
    "ReadTimeout",
    "WriteTimeout",
    "PoolTimeout",
    "NetworkError",
    "ConnectError",
    "ReadError",
    "WriteError",
    "CloseError",
    "ProtocolError",
    "LocalProtocolError",
    "RemoteProtocolError",
    "ProxyError",
    "UnsupportedProtocol",
}


def family(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def from_libraries(root: type[BaseException]) -> list[type[BaseException]]:
    """The family without classes that other tests or rooms made for themselves."""
    ours = {CallFailed, NotSent, MaybeSent}
    found = {kind for kind in family(root) if kind.__module__.split(".")[0] in ("aiohttp", "httpx")}
    return sorted(found | ours if root is httpx.TransportError else found, key=lambda kind: kind.__name__)


WALKED = [*from_libraries(aiohttp.ClientError), *from_libraries(httpx.TransportError)]

# What the errors are about; their constructors look at neither, and both change between versions.
KEY: Any = SimpleNamespace(host="gateway.example", port=443, ssl=True)
INFO: Any = SimpleNamespace(real_url="http://h/?password=hunter2")
FAILURE = OSError(111, "Connection refused")


def made(kind: type[BaseException]) -> BaseException:
    """An error of this class, with the arguments its constructor wants."""
    if issubclass(kind, UnixClientConnectorError):
        return kind("/run/socket", KEY, FAILURE)
    if issubclass(kind, aiohttp.ClientConnectorError):
        return kind(KEY, FAILURE)
    if issubclass(kind, aiohttp.ClientResponseError):
        return kind(INFO, (), status=407)
    if issubclass(kind, aiohttp.ServerFingerprintMismatch):
        return kind(b"expected", b"got", "gateway.example", 443)
    return kind("http://h/?password=hunter2")


def test_every_error_class_of_the_layers_below_has_been_looked_at() -> None:
    assert {kind.__name__ for kind in WALKED} <= CERTAIN | NEVER_CERTAIN
    assert CERTAIN.isdisjoint(NEVER_CERTAIN)


def test_the_errors_that_certainty_rests_on_exist() -> None:
    assert {kind.__name__ for kind in WALKED} >= CERTAIN


@pytest.mark.parametrize("kind", WALKED, ids=lambda kind: kind.__name__)
def test_an_error_is_certain_only_if_it_comes_before_the_first_byte(kind: type[BaseException]) -> None:
    found = of_exception(made(kind))
    if kind.__name__ in CERTAIN:
        assert (found.verdict, found.state) == (Verdict.NOT_TAKEN, State.RELEASED)
    else:
        assert (found.verdict, found.state) == (Verdict.IN_DOUBT, State.IN_DOUBT)
    assert found.reason
    if not issubclass(kind, CallFailed):  # whose words are ours
        assert "hunter2" not in found.reason + found.hint


@pytest.mark.parametrize(
    "error",
    [
        TimeoutError(),
        OSError(),
        OSError(28, "No space left on device"),
        ConnectionError(),
        ConnectionResetError(),
        ConnectionAbortedError(),
        ConnectionRefusedError(),
        BrokenPipeError(),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLError(1, "handshake"),
        ssl.SSLEOFError(),
        ssl.SSLZeroReturnError(),
        ssl.SSLCertVerificationError(),
        EOFError(),
        asyncio.IncompleteReadError(b"", 3),
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        ValueError("http://h/?password=hunter2"),
        RuntimeError("Session is closed"),
        MemoryError(),
        aiohttp.http.HttpProcessingError(message="hunter2"),
        httpx.InvalidURL("hunter2"),
        httpx.DecodingError("hunter2"),
        httpx.StreamClosed(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_does_not_say_it_came_before_the_first_byte_is_in_doubt(error: BaseException) -> None:
    found = of_exception(error)
    assert (found.verdict, found.state) == (Verdict.IN_DOUBT, State.IN_DOUBT)
    assert "hunter2" not in found.reason + found.hint


def test_an_error_class_nobody_has_heard_of_is_in_doubt() -> None:
    class Unheard(aiohttp.ClientError):
        pass

    assert of_exception(Unheard("hunter2")).verdict is Verdict.IN_DOUBT


def test_a_finding_says_what_the_transport_said() -> None:
    found = of_exception(NotSent("the gateway refused the connection on 127.0.0.1:8080", "is it running?"))
    assert found.reason == "the gateway refused the connection on 127.0.0.1:8080"
    assert found.hint == "is it running?"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError(-2, "?")), "the host name of h:1 does not resolve"),
        (
            aiohttp.ClientConnectorError(KEY, ConnectionRefusedError(111, "Connection refused")),
            "the gateway refused the connection on h:1",
        ),
        (
            aiohttp.ClientConnectorError(KEY, OSError(113, "No route to host")),
            "no connection to h:1 (No route to host)",
        ),
        (
            aiohttp.ClientProxyConnectionError(KEY, ConnectionRefusedError(111, "Connection refused")),
            "the proxy for h:1 cannot be reached",
        ),
        (
            aiohttp.ClientHttpProxyError(INFO, (), status=407),
            "the proxy would not connect to h:1 (status 407)",
        ),
        (aiohttp.ConnectionTimeoutError("hunter2"), "no connection to h:1 in time"),
        (TimeoutError(), "h:1 gave no whole answer in time"),
        (aiohttp.ServerDisconnectedError(), "h:1 closed the connection without a whole answer"),
        (aiohttp.ClientOSError(104, "reset"), "the connection to h:1 broke after the request began to leave"),
        (aiohttp.ClientPayloadError(), "the answer of h:1 broke off"),
        (aiohttp.ClientResponseError(INFO, ()), "the answer of h:1 is not HTTP"),
        (ZeroDivisionError(), "the call to h:1 failed (ZeroDivisionError)"),
    ],
)
def test_reasons_are_sentences_for_operators(error: Exception, reason: str) -> None:
    assert translate(error, "h:1").reason == reason


# Statuses.

REFUSED = {400, 401, 403, 404, 405, 413, 415, 422}


def place(status: int) -> tuple[Verdict, State]:
    """The certainty table's words on a status alone."""
    if status in REFUSED:
        return Verdict.REFUSED, State.RELEASED
    if status == 429:
        return Verdict.NOT_TAKEN, State.RELEASED
    if 200 <= status <= 299:
        return Verdict.ANSWERED, State.IN_DOUBT
    return Verdict.IN_DOUBT, State.IN_DOUBT


def test_every_status_has_its_place() -> None:
    found = {status: of_status(status) for status in range(100, 600)}
    assert {status: (one.verdict, one.state) for status, one in found.items()} == {
        status: place(status) for status in found
    }
    assert [status for status, one in found.items() if str(status) not in one.reason] == []


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("proven", "alone", "state"),
    [
        (True, True, State.REJECTED),
        (True, False, State.RELEASED),
        (False, True, State.RELEASED),
        (False, False, State.RELEASED),
    ],
)
def test_a_400_is_about_the_message_only_if_it_is_alone_and_others_were_accepted(
    status: int, proven: bool, alone: bool, state: State
) -> None:
    found = of_status(status, proven=proven, alone=alone)
    assert found.state is state
    assert found.verdict is (Verdict.ANSWERED if state is State.REJECTED else Verdict.REFUSED)


@pytest.mark.parametrize("status", sorted(REFUSED - {400, 422}))
def test_no_other_refusal_is_ever_about_one_message(status: int) -> None:
    assert of_status(status, proven=True, alone=True) == of_status(status)
    assert of_status(status).hint


def test_a_profile_says_which_further_statuses_mean_not_taken() -> None:
    assert of_status(503).verdict is Verdict.IN_DOUBT
    found = of_status(503, not_taken=frozenset({503}))
    assert (found.verdict, found.state) == (Verdict.NOT_TAKEN, State.RELEASED)


def test_a_profile_outranks_the_lone_400() -> None:
    found = of_status(400, not_taken=frozenset({400}), proven=True, alone=True)
    assert (found.verdict, found.state) == (Verdict.NOT_TAKEN, State.RELEASED)


@given(st.integers(), st.sets(st.integers(100, 599)), st.booleans(), st.booleans())
def test_nobody_is_released_or_rejected_by_a_status_that_does_not_say_so(
    status: int, not_taken: set[int], proven: bool, alone: bool
) -> None:
    found = of_status(status, not_taken=not_taken, proven=proven, alone=alone)
    if status not in REFUSED | {429} | not_taken:
        assert found.state is State.IN_DOUBT
    assert found.state is not State.ACCEPTED
    assert (found.verdict in (Verdict.NOT_TAKEN, Verdict.REFUSED)) == (found.state is State.RELEASED)
