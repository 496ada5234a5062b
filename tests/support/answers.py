"""What the loopback gateway can do with one request: behave, misbehave, or kill whoever asked.

An answer is played once, from the moment the first byte of a request waits in the socket, unread. It
decides whether the messages are taken; the exchange keeps the books.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tests.support.dialects import Request, Settled, Wording


class Exchange(Protocol):
    """One request's connection, as an answer sees it."""

    @property
    def client_pid(self) -> int | None: ...

    async def read(self) -> Request:
        """The whole request."""
        ...

    async def read_part(self) -> None:
        """The head of the request and half of its body, or only the first line of a GET."""
        ...

    def take(
        self, refuse: Callable[[str], str] = lambda number: "", forget: Collection[str] = ()
    ) -> Sequence[Settled]:
        """Take the messages of the request; those with a code to `refuse` are not taken. Numbers to
        `forget` are taken and left out of what is returned."""
        ...

    def word(self, settled: Sequence[Settled]) -> Wording: ...

    def http(self, wording: Wording, headers: Mapping[str, str] | None = None) -> bytes:
        """A well-formed HTTP answer."""
        ...

    async def write(self, octets: bytes) -> None: ...

    def close(self) -> None: ...

    def reset(self) -> None:
        """Close with RST instead of FIN, dropping whatever was not read."""
        ...


class Answer(Protocol):
    async def play(self, exchange: Exchange) -> None: ...


@dataclass(frozen=True, slots=True)
class AcceptSome:
    """Take the messages except those to numbers in `refuse` (number -> code); about those in `forget`,
    which are taken, the answer says nothing."""

    refuse: Mapping[str, str] = field(default_factory=dict)
    forget: Collection[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        settled = exchange.take(lambda number: self.refuse.get(number, ""), self.forget)
        await exchange.write(exchange.http(exchange.word(settled), self.headers))


@dataclass(frozen=True, slots=True)
class Accept:
    """Take every message and say so."""

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(exchange.http(exchange.word(exchange.take())))


@dataclass(frozen=True, slots=True)
class Refuse:
    """Take no message: each gets this code, in an answer that is otherwise fine."""

    code: str

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(exchange.http(exchange.word(exchange.take(lambda number: self.code))))


@dataclass(frozen=True, slots=True)
class Status:
    """Any status and body; `taken` says whether the messages were taken nevertheless."""

    code: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    taken: bool = False

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        if self.taken:
            exchange.take()
        await exchange.write(exchange.http(Wording(self.code, self.body, self.content_type), self.headers))


@dataclass(frozen=True, slots=True)
class Serve:
    """What a function makes of each request; no message is taken."""

    answer: Callable[[Request], Wording]

    async def play(self, exchange: Exchange) -> None:
        request = await exchange.read()
        await exchange.write(exchange.http(self.answer(request)))


def RateLimited(retry_after: str | int | None = None) -> Status:  # noqa: N802
    """429; nothing is taken."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Status(429, b'{"error": "slow down"}', headers)


def Html502(*, taken: bool = False) -> Status:  # noqa: N802
    """What a proxy in front of the gateway says when it loses the gateway."""
    page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return Status(502, page, content_type="text/html", taken=taken)


def Redirect(location: str = "/elsewhere", code: int = 307, *, taken: bool = False) -> Status:  # noqa: N802
    """A redirect that, followed, would hand the messages over a second time."""
    return Status(code, headers={"Location": location}, taken=taken)


@dataclass(frozen=True, slots=True)
class Slow:
    """Take the messages, wait, then accept."""

    seconds: float

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        wording = exchange.word(exchange.take())
        await asyncio.sleep(self.seconds)
        await exchange.write(exchange.http(wording))


class Held:
    """Take the messages and answer when the test calls `release()`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._released = asyncio.Event()

    async def play(self, exchange: Exchange) -> None:
        self._loop = asyncio.get_running_loop()
        await exchange.read()
        wording = exchange.word(exchange.take())
        await self._released.wait()
        await exchange.write(exchange.http(wording))

    def release(self) -> None:
        """Let the answer go; to be called after the request was taken."""
        assert self._loop is not None, "nobody asked yet: wait for the request first"
        self._loop.call_soon_threadsafe(self._released.set)


@dataclass(frozen=True, slots=True)
class Drip:
    """Take the messages and answer byte by byte: no read ever times out."""

    interval: float = 0.01

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        for octet in exchange.http(exchange.word(exchange.take())):
            await exchange.write(bytes([octet]))
            await asyncio.sleep(self.interval)


@dataclass(frozen=True, slots=True)
class CloseAfterReading:
    """Read the whole request, take the messages or not, and hang up."""

    taken: bool = True

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        if self.taken:
            exchange.take()
        exchange.close()


@dataclass(frozen=True, slots=True)
class ResetAfterReading:
    """Read the whole request, take the messages or not, and reset the connection."""

    taken: bool = True

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        if self.taken:
            exchange.take()
        exchange.reset()


@dataclass(frozen=True, slots=True)
class ResetBeforeReading:
    """Reset the connection while the request waits unread."""

    async def play(self, exchange: Exchange) -> None:
        exchange.reset()


@dataclass(frozen=True, slots=True)
class ResetWhileReading:
    """Read a part of the request and reset the connection."""

    async def play(self, exchange: Exchange) -> None:
        await exchange.read_part()
        exchange.reset()


@dataclass(frozen=True, slots=True)
class HalfHeaders:
    """Take the messages and hang up in the middle of the answer's headers."""

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        head, _, _ = exchange.http(exchange.word(exchange.take())).partition(b"\r\n\r\n")
        await exchange.write(head[: len(head) // 2])
        exchange.close()


@dataclass(frozen=True, slots=True)
class TruncatedBody:
    """Take the messages and hang up in the middle of the answer's body."""

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        whole = exchange.http(exchange.word(exchange.take()))
        await exchange.write(whole[:-5])
        exchange.close()


@dataclass(frozen=True, slots=True)
class HalfAnswer:
    """Take the messages and give an HTTP answer that is whole and whose JSON is not."""

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        wording = exchange.word(exchange.take())
        half = wording.body[: len(wording.body) // 2]
        await exchange.write(exchange.http(Wording(wording.status, half, wording.content_type)))


@dataclass(frozen=True, slots=True)
class NotHttp:
    """Read the request and say something that is not HTTP."""

    taken: bool = True
    says: bytes = b"220 mail.example ESMTP ready\r\n"

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        if self.taken:
            exchange.take()
        await exchange.write(self.says)
        exchange.close()


@dataclass(frozen=True, slots=True)
class DropKeepAlive:
    """Accept, promise to keep the connection, and close it at once.

    (To have the gateway read the *next* request on a kept connection and drop it, script `Accept(),
    CloseAfterReading()`.)
    """

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        await exchange.write(exchange.http(exchange.word(exchange.take())))
        exchange.close()


class Moment(StrEnum):
    """How far a request got when its sender was killed."""

    BEFORE_READING = "before_reading"
    PART = "part"
    AFTER_READING = "after_reading"
    AFTER_ANSWER = "after_answer"


@dataclass(frozen=True, slots=True)
class KillClient:
    """SIGKILL the sender: `pid()`, or the gateway's `client_pid`, for which it waits if need be.

    The messages are taken when the whole request was read.
    """

    when: Moment
    pid: Callable[[], int] | None = None

    async def play(self, exchange: Exchange) -> None:
        if self.when is Moment.PART:
            await exchange.read_part()
        if self.when in (Moment.AFTER_READING, Moment.AFTER_ANSWER):
            await exchange.read()
            wording = exchange.word(exchange.take())
            if self.when is Moment.AFTER_ANSWER:
                await exchange.write(exchange.http(wording))
        os.kill(await self._victim(exchange), signal.SIGKILL)
        exchange.close()

    async def _victim(self, exchange: Exchange) -> int:
        if self.pid is not None:
            return self.pid()
        while exchange.client_pid is None:  # the test may still be on its way to say so
            await asyncio.sleep(0.001)
        return exchange.client_pid
