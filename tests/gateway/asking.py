"""What tests of asking share: a profile with polls, messages handed over, and a scripted post office."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from smscli.domain.delivery import DeliveryReceipt, Finding, Handed, ListedOptOut, Post
from smscli.domain.message import Realm, State, digest
from smscli.domain.msisdn import Msisdn
from smscli.domain.profile import GatewayProfile
from smscli.domain.replies import Reply
from smscli.files.located import parse_tree
from smscli.files.profile_file import load_profile
from smscli.gateway.postbox import HttpPostbox
from smscli.gateway.transport import AiohttpTransport
from tests import support as loop

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=1)
CLAIMED = NOW - timedelta(hours=2)
ALICE, BOB, CAROL = "+12025550123", "+12025550124", "+12025550125"
TEXT = "Your bike is ready"
SECRET = "t0ps3cret"
SECRETS = {"KEY": SECRET, "USER": "jo-user"}

BASE = """
name: post-office
url: https://sms.example.com/v1/send
auth: {kind: bearer, token: {env: KEY}}
body: {to: "{to}", text: "{text}"}
result: {shape: one_id, id: id}
error_code: error.code
error_text: error.text
errors:
  - {in: [no-funds], class: funds}
  - {in: [too-fast], class: rate_limited}
  - {in: [bad-key], class: credentials}
timeouts: {connect: 1, total: 2}
connections: 3
"""
STATES = "states: {delivered: [ok], undelivered: [bad], expired: late, rejected: [no], accepted: [has]}"
RECEIPTS = f"receipts: {{url: receipts, items: items, ref: ref, number: to, state: state, {STATES}"

Told = TypeVar("Told", DeliveryReceipt, Reply, ListedOptOut)
T = TypeVar("T")


@cache
def profile(polls: str, base: str = BASE) -> GatewayProfile:
    """The profile of the post office, asked as these lines say."""
    return load_profile(parse_tree(f"{base}\n{polls}\n", "gateway.yaml").root, Path())


def handed(
    to: str = ALICE, *, ref: str = "", sender: str = "Garage", state: State = State.ACCEPTED, text: str = TEXT
) -> Handed:
    """A message whose id is `m-` and the last four digits of its number."""
    return Handed(
        id=f"m-{to[-4:]}",
        ref=ref,
        to=Msisdn(to, "US"),
        sender=sender,
        state=state,
        realm=Realm.LIVE,
        campaign_id="bikes",
        claimed_at=CLAIMED,
        body_digest=digest(text),
    )


def page(*items: Any, **more: Any) -> loop.Status:
    """An answer with these items."""
    return answer({"items": list(items), **more})


def answer(tree: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> loop.Status:
    return loop.Status(status, json.dumps(tree).encode(), headers or {})


def ask(
    url: str,
    described: GatewayProfile,
    conversation: Callable[[HttpPostbox], Any],
    *,
    first_pause: float = 0.01,
) -> Any:
    """What came of a conversation with the post office at `url`."""

    async def conversing() -> Any:
        timeouts = described.wire.timeouts
        transport = AiohttpTransport(
            connections=described.connections, connect=timeouts.connect, total=timeouts.total
        )
        postbox = HttpPostbox(described.at(url), SECRETS, transport, first_pause=first_pause)
        try:
            return await conversation(postbox)
        finally:
            await postbox.close()

    return asyncio.run(conversing())


def receipts(
    url: str, described: GatewayProfile, messages: Sequence[Handed] = (), mark: str = ""
) -> list[Post[DeliveryReceipt]]:
    """Every page of receipts."""

    async def conversation(postbox: HttpPostbox) -> list[Post[DeliveryReceipt]]:
        return [post async for post in postbox.receipts(iter(messages), SINCE, NOW, mark)]

    posts: list[Post[DeliveryReceipt]] = ask(url, described, conversation)
    return posts


def replies(url: str, described: GatewayProfile, messages: Sequence[Handed] = ()) -> list[Post[Reply]]:
    async def conversation(postbox: HttpPostbox) -> list[Post[Reply]]:
        return [post async for post in postbox.replies(iter(messages), SINCE, NOW, "")]

    posts: list[Post[Reply]] = ask(url, described, conversation)
    return posts


def opt_outs(url: str, described: GatewayProfile) -> list[Post[ListedOptOut]]:
    async def conversation(postbox: HttpPostbox) -> list[Post[ListedOptOut]]:
        return [post async for post in postbox.opt_outs(SINCE, NOW, "")]

    posts: list[Post[ListedOptOut]] = ask(url, described, conversation)
    return posts


def find(url: str, described: GatewayProfile, message: Handed, now: datetime = NOW) -> Finding:
    async def conversation(postbox: HttpPostbox) -> Finding:
        return await postbox.find(message, now)

    found: Finding = ask(url, described, conversation)
    return found


def refs(posts: Sequence[Post[DeliveryReceipt]]) -> list[list[str]]:
    """What each page told of, by the gateway's ids."""
    return [[receipt.ref for receipt in post.items] for post in posts]


async def taken(posts: AsyncIterator[Post[Told]]) -> Post[Told]:
    """The next page."""
    return await anext(posts)
