"""A gateway on 127.0.0.1 that does, request by request, what a test tells it to.

It runs in a thread with a loop of its own, over bare sockets: only so can it leave a request unread,
read half of it, or reset a connection at will. It keeps the books: whatever it took is in `taken`
from the moment the whole request was read, whether or not the sender ever hears of it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

from smscli.domain.ports import LoggedMessage
from tests.support import invariants
from tests.support.answers import Accept, Answer
from tests.support.dialects import Asked, Dialect, Generic, Request, Settled, Wording
from tests.support.invariants import Taken

_KNOWN_STATUSES = frozenset(HTTPStatus)


class LoopbackGateway:
    """`with LoopbackGateway() as gateway:` … `gateway.url`, `gateway.script(…)`, `gateway.taken`.

    `idempotent`: a message whose id was taken before is not taken again, and gets its first reference.
    `clock_ahead`: how far its `Date` is off. At exit, unless the test has failed anyway: every scripted
    answer was used, every request could be read, and nobody was sent the same text twice (unless
    `may_repeat`).
    """

    def __init__(
        self,
        dialect: Dialect | None = None,
        *,
        path: str = "/messages",
        idempotent: bool = False,
        clock_ahead: timedelta = timedelta(),
        may_repeat: bool = False,
    ) -> None:
        self.dialect: Dialect = dialect or Generic()
        self.idempotent = idempotent
        self.clock_ahead = clock_ahead
        self.may_repeat = may_repeat
        self.client_pid: int | None = None
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listener.setblocking(False)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="loopback gateway", daemon=True)
        self._changed = threading.Condition()
        self._script: deque[Answer] = deque()
        self._otherwise: Answer = Accept()
        self._requests: list[Request] = []
        self._taken: list[Taken] = []
        self._refs: dict[str, str] = {}
        self._troubles: list[str] = []
        self._connections = 0
        self._in_flight = 0
        self._most_in_flight = 0

    # What tests say and ask, from any thread.

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self._path}"

    def script(self, *answers: Answer) -> None:
        """Answer the next requests so, one each, in the order in which they arrive."""
        with self._changed:
            self._script.extend(answers)

    def otherwise(self, answer: Answer) -> None:
        """Answer so when the script is at its end; by default everything is accepted."""
        with self._changed:
            self._otherwise = answer

    def clear_script(self) -> None:
        """Drop the answers not yet used: for random scripts, longer than needed."""
        with self._changed:
            self._script.clear()

    @property
    def unanswered(self) -> tuple[Answer, ...]:
        """The scripted answers that nobody has asked for yet."""
        with self._changed:
            return tuple(self._script)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that was read whole."""
        with self._changed:
            return tuple(self._requests)

    @property
    def taken(self) -> tuple[Taken, ...]:
        """Every message taken."""
        with self._changed:
            return tuple(self._taken)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of the messages taken, in order."""
        return tuple(one.to for one in self.taken)

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return self._connections

    @property
    def most_in_flight(self) -> int:
        """The largest number of requests that were under way at one time."""
        return self._most_in_flight

    def wait_until(self, condition: Callable[[LoopbackGateway], bool], timeout: float = 10.0) -> None:
        """Wait until something holds of this gateway, such as `lambda gateway: len(gateway.taken) == 3`."""
        deadline = time.monotonic() + timeout
        while not condition(self):
            with self._changed:
                left = deadline - time.monotonic()
                assert left > 0, f"waited in vain: {len(self._requests)} requests, {len(self._taken)} taken"
                self._changed.wait(min(left, 0.05))

    def assert_nobody_twice(self, alike: Callable[[Taken], Hashable] = invariants.same_person) -> None:
        """Nobody was texted twice: no two messages taken are to one number."""
        invariants.nobody_twice(self.taken, alike)

    def assert_known_to(self, log_rows: Iterable[LoggedMessage | Mapping[str, object]]) -> None:
        """Whatever was taken is accepted, in doubt, or a later state in the log; after recovery."""
        invariants.known_to(self.taken, log_rows)

    def assert_quiet(self, text: str, *, secrets: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
        """Neither a secret nor a full number is in `text`; numbers of messages taken are always asked."""
        invariants.quiet(text, secrets=secrets, numbers={*numbers, *self.numbers})

    # Its life.

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        if kind is None:
            assert not self._script, f"scripted and never asked for: {list(self._script)}"
            assert not self._troubles, f"the gateway could not cope: {self._troubles}"
            if not self.may_repeat:
                self.assert_nobody_twice(invariants.same_text)

    def _run(self) -> None:
        listening = self._loop.create_task(self._listen())
        self._loop.run_forever()
        listening.cancel()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._listener.close()
        self._loop.close()

    async def _listen(self) -> None:
        async with asyncio.TaskGroup() as clients:
            while True:
                connection, _ = await self._loop.sock_accept(self._listener)
                connection.setblocking(False)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections += 1
                clients.create_task(self._serve(_Connection(connection, self._connections)))

    async def _serve(self, connection: _Connection) -> None:
        try:
            while connection.open and await connection.readable():
                await self._answer(_Exchange(self, connection))
        except OSError:
            pass  # the sender went away: that is its affair
        except Exception as error:
            self._troubles.append(repr(error))
        finally:
            connection.close()

    async def _answer(self, exchange: _Exchange) -> None:
        with self._changed:
            answer = self._script.popleft() if self._script else self._otherwise
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)
        try:
            await answer.play(exchange)
        finally:
            self._in_flight -= 1
        if exchange.is_last:
            exchange.close()

    # Its books; only its own thread writes them.

    def _note(self, request: Request) -> int:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return len(self._requests) - 1

    def _take(self, asked: Asked, request: int) -> str:
        with self._changed:
            if self.idempotent and asked.id in self._refs:
                return self._refs[asked.id]
            ref = self._refs[asked.id] = f"loop-{len(self._taken) + 1}"
            self._taken.append(
                Taken(asked.id, asked.to, asked.text, asked.sender, ref, time.monotonic(), request)
            )
            self._changed.notify_all()
            return ref


class _Connection:
    """A socket, what was read from it and not yet used, and how many requests came over it."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.requests = 0
        self.open = True
        self._loop = asyncio.get_running_loop()
        self._unused = b""

    async def readable(self) -> bool:
        """Wait for the first byte of a request and leave it where it is; False at the end."""
        if self._unused:
            return True
        ready = asyncio.Event()
        self._loop.add_reader(self.sock, ready.set)
        try:
            await ready.wait()
        finally:
            self._loop.remove_reader(self.sock)
        return bool(self.sock.recv(1, socket.MSG_PEEK))

    async def read_until(self, mark: bytes) -> bytes:
        while mark not in self._unused:
            await self._more()
        head, _, self._unused = self._unused.partition(mark)
        return head

    async def read_exactly(self, length: int) -> bytes:
        while len(self._unused) < length:
            await self._more()
        octets, self._unused = self._unused[:length], self._unused[length:]
        return octets

    async def _more(self) -> None:
        octets = await self._loop.sock_recv(self.sock, 1 << 16)
        if not octets:
            raise ConnectionResetError("the sender hung up in the middle of a request")
        self._unused += octets

    async def write(self, octets: bytes) -> None:
        await self._loop.sock_sendall(self.sock, octets)

    def close(self) -> None:
        self.open = False
        self.sock.close()

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class _Exchange:
    """One request on a connection: the answers' view of the gateway."""

    def __init__(self, gateway: LoopbackGateway, connection: _Connection) -> None:
        self._gateway = gateway
        self._connection = connection
        self._request: Request | None = None
        self._index = -1

    @property
    def client_pid(self) -> int | None:
        return self._gateway.client_pid

    async def read(self) -> Request:
        method, target, headers = await self._read_head(await self._connection.read_until(b"\r\n"))
        body = await self._connection.read_exactly(int(headers.get("content-length", "0")))
        self._connection.requests += 1
        self._request = Request(
            method,
            target,
            headers,
            body,
            at=time.monotonic(),
            connection=self._connection.number,
            number_on_connection=self._connection.requests,
            in_flight=self._gateway._in_flight,
        )
        self._index = self._gateway._note(self._request)
        return self._request

    async def read_part(self) -> None:
        if (first := await self._connection.read_until(b"\r\n")).startswith(b"GET "):
            return
        _, _, headers = await self._read_head(first)
        await self._connection.read_exactly(int(headers.get("content-length", "0")) // 2)

    async def _read_head(self, first: bytes) -> tuple[str, str, dict[str, str]]:
        lines = (await self._connection.read_until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = first.decode("latin-1").split(" ")
        pairs = (line.partition(":") for line in lines)
        return method, target, {name.lower(): value.strip() for name, _, value in pairs}

    def take(
        self, refuse: Callable[[str], str] = lambda number: "", forget: Collection[str] = ()
    ) -> Sequence[Settled]:
        assert self._request is not None, "read the request first"
        settled = []
        for asked in self._gateway.dialect.read(self._request):
            code = refuse(asked.to)
            ref = "" if code else self._gateway._take(asked, self._index)
            if asked.to not in forget:
                settled.append(Settled(asked, ref, code))
        return settled

    def word(self, settled: Sequence[Settled]) -> Wording:
        assert self._request is not None, "read the request first"
        return self._gateway.dialect.word(self._request, settled)

    def http(self, wording: Wording, headers: Mapping[str, str] | None = None) -> bytes:
        phrase = HTTPStatus(wording.status).phrase if wording.status in _KNOWN_STATUSES else "Unheard of"
        lines = {
            "Content-Type": wording.content_type,
            "Content-Length": str(len(wording.body)),
            "Date": format_datetime(datetime.now(UTC) + self._gateway.clock_ahead, usegmt=True),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 {wording.status} {phrase}\r\n{head}\r\n".encode("latin-1") + wording.body

    async def write(self, octets: bytes) -> None:
        await self._connection.write(octets)

    @property
    def is_last(self) -> bool:
        """Whether the sender asked for the connection to be closed after this request."""
        return self._request is not None and self._request.headers.get("connection", "").lower() == "close"

    def close(self) -> None:
        self._connection.close()

    def reset(self) -> None:
        self._connection.reset()
