"""The sandbox: what it takes stands in the outbox before anybody is told, and it behaves like a gateway."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.errors import ExitCode, FilesError
from smscli.gateway.sandbox import Sandbox
from smscli.gateway.transport import AiohttpTransport, CallFailed

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}


def message(**changes: object) -> dict[str, object]:
    asked = {"id": "m1", "from": "+12025550143", "to": "+12025550123", "text": "Zażółć gęślą jaźń"}
    return {**asked, **changes}


@asynccontextmanager
async def open_both(outbox: Path) -> AsyncIterator[tuple[Sandbox, AiohttpTransport]]:
    transport = AiohttpTransport(connections=4, connect=2, total=5)
    try:
        async with Sandbox(outbox, lambda: NOW) as sandbox:
            yield sandbox, transport
    finally:
        await transport.aclose()


def replies(outbox: Path, *bodies: object, **request: Any) -> list[httpx.Response]:
    """The sandbox's answers to these bodies (octets, or something to be said in JSON)."""

    async def scenario() -> list[httpx.Response]:
        async with open_both(outbox) as (sandbox, transport):
            asked = [
                httpx.Request(
                    request.get("method", "POST"),
                    httpx.URL(sandbox.url).join(request.get("path", "")),
                    content=body if isinstance(body, bytes) else json.dumps(body).encode(),
                    headers=request.get("headers", JSON),
                )
                for body in bodies
            ]
            return [await transport.handle_async_request(one) for one in asked]

    return asyncio.run(scenario())


def lines(outbox: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in outbox.read_text(encoding="utf-8").splitlines()]


def test_messages_are_accepted_and_stand_in_the_outbox(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    asked = [message(), message(id="m2", to="+12025550124", text="a" * 161)]
    (reply,) = replies(outbox, {"messages": asked})

    assert reply.status_code == 202
    assert reply.json() == {
        "messages": [
            {"id": "m1", "ref": "sandbox-m1", "status": "accepted", "segments": 1},
            {"id": "m2", "ref": "sandbox-m2", "status": "accepted", "segments": 2},
        ]
    }
    assert parsedate_to_datetime(reply.headers["Date"]) == NOW
    assert lines(outbox) == [{"at": "2026-11-22T10:00:00.000+00:00", **one} for one in asked]
    assert "gęślą" in outbox.read_text(encoding="utf-8")


def test_a_message_alone_is_accepted_too(tmp_path: Path) -> None:
    (reply,) = replies(tmp_path / "outbox.jsonl", message())
    assert [one["id"] for one in reply.json()["messages"]] == ["m1"]


def test_the_outbox_is_private_and_grows(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    replies(outbox, message())
    replies(outbox, message(id="m2"), message(id="m3"))
    assert stat.S_IMODE(outbox.stat().st_mode) == 0o600
    assert [line["id"] for line in lines(outbox)] == ["m1", "m2", "m3"]


def test_a_text_that_no_phone_can_receive_is_rejected_alone(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    (reply,) = replies(outbox, {"messages": [message(text="\x1b[2J"), message(id="m2")]})
    first, second = reply.json()["messages"]
    assert (first["status"], first["code"]) == ("rejected", "unsendable")
    assert second["status"] == "accepted"
    assert [line["id"] for line in lines(outbox)] == ["m2"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "the body is not JSON"),
        (b"\xff\xfe", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "messages: a list with at least one message is needed"),
        ({"messages": []}, "messages: a list with at least one message is needed"),
        ({"messages": "m1"}, "messages: a list with at least one message is needed"),
        ({"messages": [message(), 7]}, "messages[1]: an object is needed"),
        ({}, "messages[0].id: a text is needed"),
        (message(id=""), "messages[0].id: a text is needed"),
        (message(to=12025550123), "messages[0].to: a text is needed"),
        ({"messages": [message(), message(text=None)]}, "messages[1].text: a text is needed"),
    ],
)
def test_a_body_it_cannot_use_gets_400_with_the_reason_and_nothing_is_taken(
    tmp_path: Path, body: object, reason: str
) -> None:
    outbox = tmp_path / "outbox.jsonl"
    (reply,) = replies(outbox, body)
    assert (reply.status_code, reply.json()) == (400, {"error": reason})
    assert lines(outbox) == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"method": "GET"}, 405),
        ({"path": "/elsewhere"}, 404),
        ({"headers": {"Content-Type": "text/plain"}}, 415),
        ({"headers": {}}, 415),
    ],
)
def test_a_wrong_call_gets_the_status_of_a_gateway(
    tmp_path: Path, request_: dict[str, Any], status: int
) -> None:
    (reply,) = replies(tmp_path / "outbox.jsonl", message(), **request_)
    assert reply.status_code == status
    assert reply.json()["error"]


@pytest.mark.parametrize("name", ["absent/outbox.jsonl", "."])
def test_an_outbox_that_cannot_be_opened_stops_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(FilesError) as caught:
        replies(tmp_path / name, message())
    assert caught.value.exit_code is ExitCode.FILES
    assert str(tmp_path / name) in caught.value.message
    assert caught.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_gets_503_and_takes_nothing() -> None:
    (reply,) = replies(Path("/dev/full"), message())
    assert reply.status_code == 503
    assert "No space left" in reply.json()["error"]


def test_half_a_line_is_never_left_behind(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    outbox = tmp_path / "outbox.jsonl"
    replies(outbox, message())
    before = outbox.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, hard))  # Python ignores SIGXFSZ
    try:
        (reply,) = replies(outbox, message(id="m2"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert reply.status_code == 503
    assert outbox.read_bytes() == before


def test_two_sandboxes_share_an_outbox_without_tearing_lines(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"

    def rehearse(name: str) -> None:
        replies(outbox, *({"messages": [message(id=f"{name}{n}-{m}") for m in range(20)]} for n in range(10)))

    others = [threading.Thread(target=rehearse, args=(name,)) for name in "ab"]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert len({line["id"] for line in lines(outbox)}) == 400


def test_it_stands_in_the_outbox_when_the_answer_is_given(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"

    async def scenario() -> None:
        async with open_both(outbox) as (sandbox, transport):
            await transport.handle_async_request(httpx.Request("POST", sandbox.url, json=message()))
            assert [line["id"] for line in lines(outbox)] == ["m1"]

    asyncio.run(scenario())


def test_clients_that_talk_nonsense_or_hang_up_do_no_harm(tmp_path: Path) -> None:
    async def scenario() -> int:
        async with open_both(tmp_path / "outbox.jsonl") as (sandbox, transport):
            port = httpx.URL(sandbox.url).port
            for said in (
                b"",
                b"\r\n\r\n",
                b"HELO\r\n\r\n",
                b"x" * 100_000,
                b"POST /messages HTTP/1.1\r\nContent",
            ):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(said)
                writer.close()
            answer = await transport.handle_async_request(httpx.Request("POST", sandbox.url, json=message()))
            return answer.status_code

    assert asyncio.run(scenario()) == 202


@pytest.mark.parametrize(
    ("headers", "status"), [(b"Content-Length: 99999999999", b"413"), (b"Transfer-Encoding: chunked", b"411")]
)
def test_a_body_without_measure_is_refused_unread(tmp_path: Path, headers: bytes, status: bytes) -> None:
    async def scenario() -> bytes:
        async with Sandbox(tmp_path / "outbox.jsonl") as sandbox:
            reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(sandbox.url).port)
            writer.write(b"POST /messages HTTP/1.1\r\n" + headers + b"\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 " + status)


def test_leaving_it_ends_open_connections_at_once_and_frees_the_port(tmp_path: Path) -> None:
    async def scenario() -> None:
        transport = AiohttpTransport(connections=1, connect=2, total=5)
        async with Sandbox(tmp_path / "outbox.jsonl") as sandbox:
            request = httpx.Request("POST", sandbox.url, json=message())
            await transport.handle_async_request(request)  # leaves a kept connection
        with pytest.raises(CallFailed):
            await transport.handle_async_request(httpx.Request("POST", sandbox.url, json=message(id="m2")))
        await transport.aclose()

    asyncio.run(asyncio.wait_for(scenario(), 5))


def test_its_clock_is_the_wall_clock_unless_told(tmp_path: Path) -> None:
    async def scenario() -> httpx.Response:
        transport = AiohttpTransport(connections=1, connect=2, total=5)
        async with Sandbox(tmp_path / "outbox.jsonl") as sandbox:
            reply = await transport.handle_async_request(httpx.Request("POST", sandbox.url, json=message()))
        await transport.aclose()
        return reply

    said = parsedate_to_datetime(asyncio.run(scenario()).headers["Date"])
    assert abs(datetime.now(UTC) - said) < timedelta(seconds=10)


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec=None), min_size=1), min_size=1, max_size=5))
def test_whatever_the_text_is_the_outbox_holds_it_or_the_answer_refuses_it(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    outbox = tmp_path_factory.mktemp("any") / "outbox.jsonl"
    asked = [message(id=str(index), text=text) for index, text in enumerate(texts)]
    (reply,) = replies(outbox, {"messages": asked})
    accepted = [one["id"] for one in reply.json()["messages"] if one["status"] == "accepted"]
    with outbox.open(encoding="utf-8", newline="\n") as held:
        assert [(json.loads(line)["id"], json.loads(line)["text"]) for line in held] == [
            (identity, texts[int(identity)]) for identity in accepted
        ]


def test_its_files_are_closed(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    for _ in range(3):
        replies(tmp_path / "outbox.jsonl", message())
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    assert after <= before
