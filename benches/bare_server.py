"""A loopback gateway that does as little as HTTP allows: accepts every message it is asked to take.

`python -m benches.bare_server` prints its port, then serves until its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import sys


class Accepting(asyncio.Protocol):
    """One connection: reads requests with a Content-Length, answers each with every id accepted."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (head := self._unread.find(b"\r\n\r\n")) >= 0:
            lower = self._unread[:head].lower()
            length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0])
            end = head + 4 + length
            if len(self._unread) < end:
                return
            body, self._unread = self._unread[head + 4 : end], self._unread[end:]
            self._answer(json.loads(body))

    def _answer(self, asked: dict[str, list[dict[str, str]]]) -> None:
        answers = [{"id": one["id"], "status": "accepted", "ref": one["id"]} for one in asked["messages"]]
        body = json.dumps({"messages": answers}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


async def serve() -> None:
    """Listen on a free port of 127.0.0.1 until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Accepting, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
