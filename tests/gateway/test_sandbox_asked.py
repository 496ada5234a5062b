"""The sandbox asked afterwards: everything in its outbox was delivered, and nothing else ever came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from smscli.domain.delivery import DeliveryReceipt, Finding, Post
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import Realm, State
from smscli.files.profile_file import load_preset
from smscli.gateway.http import open_http_gateway
from smscli.gateway.postbox import HttpPostbox, open_postbox
from smscli.gateway.sandbox import PAGE, Sandbox
from smscli.gateway.transport import AiohttpTransport
from tests.gateway.asking import ALICE, BOB, CLAIMED, NOW, SINCE, handed
from tests.gateway.samples import batch, message

SANDBOX = load_preset("sandbox")
T = TypeVar("T")


def asked(outbox: Path, conversation: Callable[[HttpPostbox], Awaitable[T]]) -> T:
    async def conversing() -> T:
        async with Sandbox(outbox) as sandbox, open_postbox(SANDBOX, {}, url=sandbox.url) as postbox:
            return await conversation(postbox)

    return asyncio.run(conversing())


def receipts(outbox: Path, since: datetime = SINCE, mark: str = "") -> list[Post[DeliveryReceipt]]:
    async def conversation(postbox: HttpPostbox) -> list[Post[DeliveryReceipt]]:
        return [post async for post in postbox.receipts((), since, NOW, mark)]

    return asked(outbox, conversation)


def find(outbox: Path, message_id: str = "m-0123", now: datetime = NOW) -> Finding:
    async def conversation(postbox: HttpPostbox) -> Finding:
        doubtful = replace(handed(ALICE, state=State.IN_DOUBT), id=message_id, realm=Realm.SANDBOX)
        return await postbox.find(doubtful, now)

    return asked(outbox, conversation)


def line(name: str, at: datetime = CLAIMED, to: str = ALICE) -> str:
    entry = {"at": at.isoformat(timespec="milliseconds"), "id": name, "from": "", "to": to, "text": "ж" * 71}
    return json.dumps(entry) + "\n"


def test_what_was_taken_is_delivered_at_that_time(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"

    async def rehearse() -> str:
        async with (
            Sandbox(outbox, lambda: CLAIMED) as sandbox,
            open_http_gateway(SANDBOX, {}, url=sandbox.url) as gateway,
        ):
            answer = await gateway.submit(batch(message(ALICE), message(BOB, "ж" * 71)), proven=True)
        return answer.receipts[0].gateway_ref

    ref = asyncio.run(rehearse())
    (post,) = receipts(outbox)
    assert post.items[0] == DeliveryReceipt(
        ref=ref,
        id="m-0123",
        number="12025550123",
        state=State.DELIVERED,
        word="delivered",
        at=CLAIMED,
        segments=1,
    )
    assert [(each.id, each.segments) for each in post.items] == [("m-0123", 1), ("m-0124", 2)]
    assert post.unread == 0


def test_the_next_asking_goes_on_behind_the_last(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    outbox.write_text("".join(line(f"m-{n}") for n in range(PAGE + 5)), "utf-8")
    first = receipts(outbox)
    assert [len(post.items) for post in first] == [PAGE, 5]
    with outbox.open("a", encoding="utf-8") as more:
        more.write(line("new") + '{"at": "half a li')
    (second,) = receipts(outbox, mark=first[-1].mark)
    assert [each.id for each in second.items] == ["new"]
    (third,) = receipts(outbox, mark=second.mark)
    assert (third.items, third.mark) == ((), second.mark)


def test_a_mark_of_an_older_longer_outbox_means_nothing(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    outbox.write_text(line("m-1"), "utf-8")
    assert [each.id for each in receipts(outbox, mark="999999")[0].items] == ["m-1"]


def test_only_what_was_taken_since_is_told(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    outbox.write_text(line("old", SINCE - timedelta(seconds=1)) + line("new", SINCE), "utf-8")
    assert [each.id for each in receipts(outbox)[0].items] == ["new"]


def test_what_somebody_else_wrote_into_the_outbox_is_passed_over(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    outbox.write_bytes(b'\xff\n[]\n{"id": 1}\n\n' + line("m-1").encode() + b'{"at": 1}\n')
    assert [each.id for each in receipts(outbox)[0].items] == ["m-1"]


def test_one_message_is_found_or_was_never_taken(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"
    outbox.write_text(line("m-0124", to=BOB) + line("m-0123") + line("a b/c?"), "utf-8")
    for name in ("m-0123", "a b/c?"):
        found = find(outbox, name).receipt
        assert found is not None
        assert (found.id, found.state) == (name, State.DELIVERED)
    assert find(outbox, "m-9").absent
    assert not find(outbox, "m-9", CLAIMED + timedelta(milliseconds=500)).absent


def test_an_outbox_that_is_gone_is_no_outbox_in_which_nothing_stands(tmp_path: Path) -> None:
    outbox = tmp_path / "outbox.jsonl"

    async def conversation(postbox: HttpPostbox) -> None:
        outbox.unlink()
        with pytest.raises(PostboxFailed, match="no outbox"):
            await postbox.find(handed(), NOW)

    async def conversing() -> None:
        transport = AiohttpTransport(connections=1, connect=2, total=5)
        async with Sandbox(outbox) as sandbox:
            await conversation(HttpPostbox(SANDBOX.at(sandbox.url), {}, transport, first_pause=0.01))
        await transport.aclose()

    asyncio.run(conversing())


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/receipts", "evil.example", 421),
        ("/messages/m-1", "", 421),
        ("/other", "", 421),
        ("/messages", "", 405),
    ],
)
def test_a_browser_that_was_led_astray_reads_nothing(
    tmp_path: Path, path: str, host: str, status: int
) -> None:
    outbox = tmp_path / "outbox.jsonl"
    outbox.write_text(line("m-1"), "utf-8")

    async def conversing() -> bytes:
        async with Sandbox(outbox) as sandbox:
            reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(sandbox.url).port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
            return answer

    answer = asyncio.run(conversing())
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert b"m-1" not in answer
