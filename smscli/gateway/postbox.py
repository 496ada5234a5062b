"""HttpPostbox: asks a gateway what became of messages, as its profile describes, page by page.

Knows the order: ask, wait where the gateway asks for it, read, hand out, and only when the next page is
wanted acknowledge this one. Knows nothing of the sent log: what a receipt does to a message is the engine's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

import httpx

from smscli.domain.delivery import DeliveryReceipt, Finding, Handed, ListedOptOut, Post
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import Verdict
from smscli.domain.profile import (
    Ask,
    GatewayProfile,
    NumberFormat,
    Poll,
    RateUnit,
)
from smscli.domain.replies import Reply
from smscli.gateway.certainty import of_exception, of_status
from smscli.gateway.hints import hint_for
from smscli.gateway.http import as_quoted, transport_for
from smscli.gateway.lookup import AFTER_CLAIM, BEFORE_CLAIM, finding
from smscli.gateway.pages import Astray, Listing, Page, Turn
from smscli.gateway.poll_reply import (
    Numbers,
    Unreadable,
    page_of,
    read_opt_outs,
    read_receipts,
    read_replies,
)
from smscli.gateway.poll_request import Asks, Question, questions
from smscli.gateway.reply import STOPS, WAITS
from smscli.gateway.request import Unbuildable
from smscli.gateway.seen import Seen, at, detail_of, name_of, retry_after, rule_of, with_words
from smscli.gateway.signing import signed, signer_of
from smscli.gateway.transport import NotSent

#: A page of a thousand messages with everything that a gateway knows of them has some megabytes.
LARGEST_PAGE = 16 << 20
#: So often one question is asked in all.
MOST_ATTEMPTS = 4
#: After so many questions in a row that failed, it is the gateway and none of them.
MOST_FAILURES = 3
#: A gateway that asks for a longer pause (seconds) ends the asking: cron will come back.
LONGEST_PAUSE = 900.0
_LONGEST_BACKOFF = 60.0
#: Statuses that say "not now"; of the second kind the gateway may have made an answer that got lost.
_LATER = frozenset({429, 503})
_PERHAPS_LATER = frozenset({408, 500, 502, 504})

_RECEIPTS = "delivery receipts"
_REPLIES = "replies"
_OPT_OUTS = "its opt-out list"
_MESSAGE = "what became of a message"

Told = TypeVar("Told", DeliveryReceipt, Reply, ListedOptOut)
Read = TypeVar("Read")
_ReadItems = Callable[[Question, Sequence[Any]], tuple[tuple[Told, ...], int]]


@asynccontextmanager
async def open_postbox(
    profile: GatewayProfile, secrets: Mapping[str, str], *, url: str | None = None
) -> AsyncIterator[HttpPostbox]:
    """A postbox over a transport of its own, made as the profile says and closed at the end.

    `url` stands in for the profile's, and what is asked relative to it moves along.
    """
    there = profile if url is None else profile.at(url)
    postbox = HttpPostbox(there, secrets, transport_for(profile, secrets, LARGEST_PAGE))
    try:
        yield postbox
    finally:
        await postbox.close()


@dataclass(frozen=True, slots=True)
class _Trouble:
    """An answer that was not had. `again`: asking again may help. `lost`: it may have been made and told."""

    reason: str
    hint: str = ""
    again: bool = False
    lost: bool = False
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class _Errand:
    """One request of a poll; `what` is asked for, in the words of an error."""

    what: str
    poll: Poll
    ask: Ask
    question: Question
    turn: Turn


class HttpPostbox:
    """What a gateway tells over HTTP; the `Postbox` of `ports.py`. `secrets`: values by environment variable.

    `first_pause` (seconds) is waited before a question is asked a second time, then twice as long each time.
    """

    def __init__(
        self,
        profile: GatewayProfile,
        secrets: Mapping[str, str],
        transport: httpx.AsyncBaseTransport,
        *,
        first_pause: float = 1.0,
    ) -> None:
        self._profile = profile
        self._secrets = dict(secrets)
        self._held = as_quoted(secrets.values())
        self._asks = Asks(profile, self._secrets)
        self._signer = signer_of(profile, self._secrets)
        self._transport = transport
        self._first_pause = first_pause
        self._pace = _Pace(profile)
        self._numbers = Numbers(bare=profile.wire.call.number is not NumberFormat.E164PLUS)

    def __repr__(self) -> str:
        return f"<HttpPostbox {self._profile.name}>"

    @property
    def profile(self) -> GatewayProfile:
        return self._profile

    async def receipts(
        self, handed: Iterable[Handed], since: datetime, until: datetime, mark: str
    ) -> AsyncGenerator[Post[DeliveryReceipt], None]:
        """Delivery receipts; nothing where the profile knows no way to ask for them."""
        described = self._profile.polls.receipts
        if described is None:
            return
        asked = questions(described.poll, handed, since, until)

        def read(question: Question, items: Sequence[Any]) -> tuple[tuple[DeliveryReceipt, ...], int]:
            receipts, unread = read_receipts(described, question, items)
            return tuple(map(self._quiet, receipts)), unread

        async with aclosing(self._told(_RECEIPTS, described.poll, asked, mark, read)) as told:
            async for post in told:
                yield post

    async def replies(
        self, handed: Iterable[Handed], since: datetime, until: datetime, mark: str
    ) -> AsyncGenerator[Post[Reply], None]:
        """Inbound messages; nothing where the profile knows no way to ask for them."""
        described = self._profile.polls.replies
        if described is None:
            return
        asked = questions(described.poll, handed, since, until)

        def read(question: Question, items: Sequence[Any]) -> tuple[tuple[Reply, ...], int]:
            return read_replies(described, question, items, self._numbers, self._profile.name)

        async with aclosing(self._told(_REPLIES, described.poll, asked, mark, read)) as told:
            async for post in told:
                yield post

    async def opt_outs(
        self, since: datetime, until: datetime, mark: str
    ) -> AsyncGenerator[Post[ListedOptOut], None]:
        """The gateway's own opt-out list; nothing where the profile knows no way to ask for it."""
        described = self._profile.polls.opt_outs
        if described is None:
            return
        asked = questions(described.poll, (), since, until)

        def read(question: Question, items: Sequence[Any]) -> tuple[tuple[ListedOptOut, ...], int]:
            return read_opt_outs(described, question, items, self._numbers)

        async with aclosing(self._told(_OPT_OUTS, described.poll, asked, mark, read)) as told:
            async for post in told:
                yield post

    async def find(self, message: Handed, now: datetime) -> Finding:
        """What the gateway knows of one message in doubt. Raises PostboxFailed where it does not answer."""
        described = self._profile.polls.lookup
        if described is None:
            return Finding(why=f"{self._profile.name} cannot be asked about a single message")
        since, until = message.claimed_at - BEFORE_CLAIM, message.claimed_at + AFTER_CLAIM
        question = Question(since, until, now, message=message)

        def read(question: Question, items: Sequence[Any]) -> tuple[tuple[DeliveryReceipt, ...], int]:
            return read_receipts(described, question, items)

        receipts: list[DeliveryReceipt] = []
        unread = 0
        async with aclosing(self._told(_MESSAGE, described.poll, (question,), "", read)) as told:
            async for post in told:
                receipts += map(self._quiet, post.items)
                unread += post.unread
        return finding(described, message, now, receipts, unread)

    async def close(self) -> None:
        await self._transport.aclose()

    # --- pages ---

    async def _told(
        self, what: str, poll: Poll, asked: Iterable[Question], mark: str, read: _ReadItems[Told]
    ) -> AsyncGenerator[Post[Told], None]:
        """The pages of every question, one by one; the first ones asked for ahead where that is harmless.

        A question that fails keeps those behind it from nothing, but where several do in a row.
        """
        ahead = 1 if poll.consuming or poll.ack is not None else self._profile.connections
        coming = iter(asked)
        opened: deque[tuple[Question, Listing, asyncio.Task[Page]]] = deque()
        failed: list[PostboxFailed] = []
        in_a_row = 0
        try:
            while True:
                while len(opened) < ahead and (question := next(coming, None)) is not None:
                    listing = Listing(poll.pages, mark)
                    first = asyncio.create_task(
                        self._page(_Errand(what, poll, poll.ask, question, listing.turn))
                    )
                    opened.append((question, listing, first))
                if not opened and failed:
                    raise failed[0]
                if not opened:
                    return
                question, listing, first = opened[0]
                try:
                    async with aclosing(self._listed(what, poll, question, listing, first)) as pages:
                        async for page in pages:
                            items, unread = read(question, page.items)
                            yield Post(items, unread, listing.mark)
                    in_a_row = 0
                except PostboxFailed as error:
                    failed.append(error)
                    in_a_row += 1
                    if in_a_row == MOST_FAILURES:
                        raise
                opened.popleft()
        finally:
            for _, _, first in opened:
                first.cancel()
            await asyncio.gather(*(first for _, _, first in opened), return_exceptions=True)

    async def _listed(
        self, what: str, poll: Poll, question: Question, listing: Listing, first: asyncio.Task[Page]
    ) -> AsyncGenerator[Page, None]:
        """The pages of one question. Whoever takes the next one has saved the last."""
        page = await first
        while True:
            astray: Astray | None = None
            try:
                listing.take(page)
            except Astray as error:  # the page itself is as good as any
                astray = error
            yield page
            if poll.ack is not None and page.items:
                await self._acknowledge(_Errand(what, poll, poll.ack, question, Turn(last=listing.mark)))
            if astray is not None:
                raise self._failed(_Trouble(str(astray), self._see_profile), what)
            if listing.is_done:
                return
            page = await self._page(_Errand(what, poll, poll.ask, question, listing.turn))

    async def _page(self, errand: _Errand) -> Page:
        def read(url: str, seen: Seen) -> Page:
            return page_of(errand.poll, url, seen)

        return await self._answer(errand, read, once=errand.poll.consuming)

    async def _acknowledge(self, errand: _Errand) -> None:
        """Tell the gateway that a page was saved."""
        try:
            await self._answer(errand, lambda *_: None, once=False)
        except PostboxFailed as failed:
            message = f"{failed.message}; they are saved, but could not be marked as read there"
            raise PostboxFailed(message, hint="nothing is lost: the next sync is told them again") from None

    # --- one question ---

    async def _answer(self, errand: _Errand, read: Callable[[str, Seen], Read], *, once: bool) -> Read:
        """What was read of the answer, asked for again where that may help. Raises PostboxFailed.

        `once`: items are told a single time. An answer that may have been lost is told of then, and not asked
        for again as if nothing had been in it.
        """
        pause = self._first_pause
        for attempt in range(1, MOST_ATTEMPTS + 1):
            await self._pace.turn()
            found = await self._asked(errand, read)
            if not isinstance(found, _Trouble):
                return found
            wait = min(pause, _LONGEST_BACKOFF) if found.wait is None else found.wait
            is_over = not found.again or attempt == MOST_ATTEMPTS or wait > LONGEST_PAUSE
            if is_over or (once and found.lost):
                raise self._failed(found, errand.what, once=once)
            await asyncio.sleep(wait)
            pause *= 2
        raise AssertionError("the last attempt is an answer or raises")

    async def _asked(self, errand: _Errand, read: Callable[[str, Seen], Read]) -> Read | _Trouble:
        """One request, and what came of it."""
        try:
            request = signed(self._asks.build(errand.ask, errand.question, errand.turn), self._signer)
        except Unbuildable as refused:
            return _Trouble(f"no request can be made: {refused}", self._see_profile)
        try:
            response = await self._transport.handle_async_request(request)
            body = await response.aread()
        except Exception as error:
            found = of_exception(error)
            lost = not isinstance(error, NotSent)
            return _Trouble(found.reason, hint_for(self._profile, found.hint), again=True, lost=lost)
        headers = {
            name.decode("latin-1").lower(): said.decode("latin-1") for name, said in response.headers.raw
        }
        seen = Seen(response.status_code, headers, body)
        if not (200 <= seen.status <= 299 or seen.status in errand.poll.empty):
            return self._refused(seen)
        try:
            return read(str(request.url), seen)
        except Unreadable as why:
            return self._refused(seen, str(why))

    def _refused(self, seen: Seen, unread: str = "") -> _Trouble:
        """Why an answer holds nothing that was asked for. Of what it says only code and text are told."""
        reply = self._profile.wire.reply
        means = rule_of(reply.errors, seen, seen.tree, seen.text)
        code, detail = name_of(at(seen.tree, reply.code)), detail_of(at(seen.tree, reply.text))
        if means in STOPS:
            reason, hint = STOPS[means]
            return _Trouble(with_words(reason, code, detail), hint_for(self._profile, hint))
        if means in WAITS or seen.status in _LATER:
            reason = f"the gateway asks to be asked later (status {seen.status})"
            wait = retry_after(reply, seen)
            return _Trouble(with_words(reason, code, detail), "", again=True, wait=wait)
        reason, hint = _of_status(seen.status, unread)
        again = not unread and seen.status in _PERHAPS_LATER
        hint = hint_for(self._profile, hint) if hint else self._see_profile
        return _Trouble(with_words(reason, code, detail), hint, again=again, lost=bool(unread) or again)

    @property
    def _see_profile(self) -> str:
        return f"see how it is asked: smscli gateway show {self._profile.name} --yaml"

    def _failed(self, trouble: _Trouble, what: str, *, once: bool = False) -> PostboxFailed:
        message = f"{self._profile.name}: {what} cannot be had: {trouble.reason}"
        if trouble.wait is not None and trouble.wait > LONGEST_PAUSE:
            message += f"; it asks for a pause of {trouble.wait:.0f} seconds"
        hint = trouble.hint or "run it again later: what was told before is saved"
        if once and trouble.lost:
            message += "; it tells each item only once, and what was in this answer may be lost"
            hint = f"look for what is missing in the gateway's own log. {hint[0].upper()}{hint[1:]}"
        return PostboxFailed(self._without_secrets(message), hint=self._without_secrets(hint))

    # --- quiet ---

    def _quiet(self, receipt: DeliveryReceipt) -> DeliveryReceipt:
        """A gateway may quote a key back at us."""
        said = (receipt.word, receipt.code, receipt.detail)
        word, code, detail = map(self._without_secrets, said)
        return (
            receipt if (word, code, detail) == said else replace(receipt, word=word, code=code, detail=detail)
        )

    def _without_secrets(self, text: str) -> str:
        for secret in self._held:
            text = text.replace(secret, "•••")
        return text


class _Pace:
    """The rate of a gateway that counts requests: the next one goes when its turn has come."""

    def __init__(self, profile: GatewayProfile) -> None:
        rates = [rate.per_second for rate in profile.rates if rate.counts is RateUnit.REQUEST]
        self._gap = 1 / min(rates) if rates else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        """Wait for it."""
        if not self._gap:
            return
        now = asyncio.get_running_loop().time()
        at = max(now, self._next)
        self._next = at + self._gap
        await asyncio.sleep(at - now)


def _of_status(status: int, unread: str) -> tuple[str, str]:
    """Reason and hint of an answer that no rule explains; no hint: it is the profile's."""
    if unread:
        return f"{unread} (status {status})", ""
    found = of_status(status)
    if status in (401, 403):
        return found.reason, found.hint
    if found.verdict is Verdict.REFUSED or 300 <= status <= 399:
        return found.reason, ""
    return f"the gateway failed (status {status})", "ask again later: what was told before is saved"
