"""The sandbox: a gateway on loopback that texts nobody and keeps what it took in an outbox file.

Real HTTP, so that a rehearsal goes the way a campaign goes. Knows one dialect of its own, that of the
bundled profile `sandbox`. Does not know campaigns or the sent log, and repeats nothing it promised not
to: a message handed over twice stands in the outbox twice. Asked afterwards, it says of all that stands
there that it was delivered.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from smscli.domain.errors import FilesError
from smscli.domain.segments import Unsendable, measure

PATH = "/messages"
RECEIPTS = "/receipts"

#: Delivery receipts of one page.
PAGE = 1000

_LARGEST_REQUEST = 16 << 20


class _Refusal(Exception):
    """A request that is not taken: status and reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Asked:
    """One message of a request."""

    id: str
    sender: str
    to: str
    text: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """`async with Sandbox(outbox) as sandbox:` … a gateway at `sandbox.url`, gone afterwards.

    POST `{"messages": [{"id", "from", "to", "text"}]}`, or one such object; the answer is 202 and
    `{"messages": [{"id", "ref", "status": "accepted", "segments"}]}` (or `"rejected"`, `code` and `detail`
    for a text that no phone can receive). Each message taken is a JSON line in `outbox` (`at`, `id`, `from`,
    `to`, `text`), written before the answer is given. Raises FilesError when the outbox cannot be opened.

    GET `/messages/ID` answers what became of one (404: it never came here), `/receipts?since=TIME&after=MARK`
    what became of all, from the mark of the last item on.
    """

    def __init__(self, outbox: Path, now: Callable[[], datetime] = _utc_now) -> None:
        self._path = outbox
        self._now = now
        self._outbox = -1
        self._port = 0
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens, once it was entered."""
        return f"http://127.0.0.1:{self._port}{PATH}"

    async def __aenter__(self) -> Self:
        self._outbox = _open_outbox(self._path)
        try:
            self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0, backlog=512)
        except OSError as error:
            os.close(self._outbox)
            raise FilesError(f"the sandbox cannot listen on 127.0.0.1: {error.strerror}") from error
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        await self._server.wait_closed()
        os.close(self._outbox)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._clients.add(client)
        client.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that goes away, or says what is not HTTP, is left alone.
        gone = (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        try:
            with contextlib.suppress(*gone):
                while await self._serve_one(reader, writer):
                    pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection is kept for another."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in map(_parted, lines)}
        try:
            length = _length(headers)
            body = await reader.readexactly(length)
            status, answer = self._answer(method, target, headers, body)
        except _Refusal as refusal:
            status, answer = refusal.status, {"error": refusal.reason}
            length = -1  # perhaps not read to its end: the connection is of no further use
        kept = length >= 0 and headers.get("connection", "").lower() != "close"
        writer.write(self._http(status, json.dumps(answer).encode(), kept))
        await writer.drain()
        return kept

    def _answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[HTTPStatus, dict[str, object]]:
        path, _, query = target.partition("?")
        if method == "GET" and path != PATH:
            _check_host(headers)
            return HTTPStatus.OK, self._tell(path, dict(parse_qsl(query)))
        _check(method, target, headers)
        return HTTPStatus.ACCEPTED, self._take(_read(body))

    def _tell(self, path: str, query: Mapping[str, str]) -> dict[str, object]:
        """What became of messages; all that was taken was delivered at once."""
        if path == RECEIPTS:
            after = query.get("after", "0")
            told = _receipts(self._path, query.get("since", ""), int(after) if after.isdecimal() else 0)
            return {"receipts": list(islice(told, PAGE))}
        wanted = unquote(path.removeprefix(f"{PATH}/"))
        for receipt in _receipts(self._path) if path.startswith(f"{PATH}/") else ():
            if receipt["id"] == wanted:
                return receipt
        raise _Refusal(HTTPStatus.NOT_FOUND, "there is no such message")

    def _http(self, status: HTTPStatus, body: bytes, kept: bool) -> bytes:
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            f"Date: {format_datetime(self._now(), usegmt=True)}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: {'keep-alive' if kept else 'close'}\r\n\r\n"
        )
        return head.encode("latin-1") + body

    def _take(self, messages: Sequence[_Asked]) -> dict[str, object]:
        """Write down what can be sent, all or nothing, and say what became of each."""
        outcomes = [(message, _outcome(message)) for message in messages]
        at = self._now().isoformat(timespec="milliseconds")
        lines = [_line(message, at) for message, outcome in outcomes if outcome["status"] == "accepted"]
        try:
            _append(self._outbox, b"".join(lines))
        except OSError as error:
            reason = f"the outbox cannot be written: {error.strerror}"
            raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE, reason) from error
        return {"messages": [outcome for _, outcome in outcomes]}


def _line(message: _Asked, at: str) -> bytes:
    entry = {"at": at, "id": message.id, "from": message.sender, "to": message.to, "text": message.text}
    # Greek stays Greek, for people who read the file; half a surrogate pair stays an escape.
    return (json.dumps(entry, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _open_outbox(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FilesError(
            f"the sandbox cannot write its outbox {path}: {error.strerror}",
            hint="choose a folder that exists and that you may write to",
        ) from error


def _receipts(outbox: Path, since: str = "", after: int = 0) -> Iterator[dict[str, object]]:
    """Delivery receipts of what stands in the outbox, each with the place behind it as its `mark`."""
    try:
        lines = outbox.open("rb")
    except OSError as error:
        raise _Refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"no outbox: {error.strerror}") from error
    with lines:
        # What is shorter now is another outbox: a mark in the old one means nothing to it.
        lines.seek(after if after <= os.fstat(lines.fileno()).st_size else 0)
        while (line := lines.readline()).endswith(b"\n"):  # a line that is being written comes next time
            receipt = _receipt(line)
            if receipt is not None and str(receipt["at"]) >= since.replace("Z", "+00:00"):
                yield receipt | {"mark": lines.tell()}


def _receipt(line: bytes) -> dict[str, object] | None:
    """The receipt of one line; None for what nobody who took a message wrote."""
    try:
        entry = json.loads(line)
        at, message, to = entry["at"], entry["id"], entry["to"]
        segments = measure(entry["text"]).count
    except (ValueError, LookupError, TypeError, Unsendable):
        return None
    return {
        "id": message,
        "ref": _ref(message),
        "to": to,
        "status": "delivered",
        "at": at,
        "segments": segments,
    }


def _ref(message: str) -> str:
    return f"sandbox-{message}"


def _append(outbox: int, lines: bytes) -> None:
    """All of `lines` or nothing: a full disk must not leave half of what is then reported as not taken.

    Under a lock, because two campaigns may rehearse into one outbox.
    """
    fcntl.flock(outbox, fcntl.LOCK_EX)
    try:
        before = os.fstat(outbox).st_size
        try:
            while lines:
                lines = lines[os.write(outbox, lines) :]
        except OSError:
            with contextlib.suppress(OSError):  # a device has no length; the first error is the one to tell
                os.ftruncate(outbox, before)
            raise
    finally:
        fcntl.flock(outbox, fcntl.LOCK_UN)


def _outcome(message: _Asked) -> dict[str, object]:
    try:
        segments = measure(message.text).count
    except Unsendable as unsendable:
        return {"id": message.id, "status": "rejected", "code": "unsendable", "detail": str(unsendable)}
    return {"id": message.id, "ref": _ref(message.id), "status": "accepted", "segments": segments}


def _parted(line: str) -> tuple[str, str, str]:
    return line.partition(":")


def _length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise _Refusal(HTTPStatus.LENGTH_REQUIRED, "say Content-Length")
    length = int(headers.get("content-length", "0"))
    if length > _LARGEST_REQUEST:
        raise _Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {_LARGEST_REQUEST} octets")
    return length


def _check(method: str, target: str, headers: Mapping[str, str]) -> None:
    if target != PATH:
        raise _Refusal(HTTPStatus.NOT_FOUND, f"messages go to {PATH}")
    if method != "POST":
        raise _Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "messages are sent with POST")
    # Any page in a browser on this machine may post a form to loopback; JSON it may not.
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise _Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be application/json")


def _check_host(headers: Mapping[str, str]) -> None:
    """A page in a browser cannot read our answers unless its own name was made to lead here."""
    if headers.get("host", "").partition(":")[0] != "127.0.0.1":
        raise _Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this is 127.0.0.1")


def _read(body: bytes) -> Sequence[_Asked]:
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refusal(HTTPStatus.BAD_REQUEST, "the body is not JSON") from None
    items = tree.get("messages", [tree]) if isinstance(tree, dict) else None
    if not isinstance(items, list) or not items:
        raise _Refusal(HTTPStatus.BAD_REQUEST, "messages: a list with at least one message is needed")
    return [_message(item, f"messages[{index}]") for index, item in enumerate(items)]


def _message(item: Any, place: str) -> _Asked:
    if not isinstance(item, dict):
        raise _Refusal(HTTPStatus.BAD_REQUEST, f"{place}: an object is needed")
    texts = []
    for name in ("id", "from", "to", "text"):
        value = item.get(name)
        if not isinstance(value, str) or not (value or name == "from"):
            raise _Refusal(HTTPStatus.BAD_REQUEST, f"{place}.{name}: a text is needed")
        texts.append(value)
    return _Asked(*texts)
