"""A gateway that is asked afterwards, in memory: a scripted Postbox, and a log with messages handed to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from smscli.domain.delivery import DeliveryReceipt, Finding, Handed, ListedOptOut, Post
from smscli.domain.errors import PostboxFailed, SentLogBusy
from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import SentLog, Terms
from smscli.domain.profile import (
    Ask,
    BatchMode,
    GatewayProfile,
    OptOutsPoll,
    Poll,
    PollEach,
    Polls,
    ReceiptsPoll,
    RepliesPoll,
    Words,
)
from smscli.domain.replies import Reply
from smscli.domain.segments import measure
from smscli.engine.replying import Listening
from smscli.engine.syncing import SyncTools
from smscli.files.reply_words_file import reply_words
from smscli.sentlog.memory import MemorySentLog

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OURS = "+12025550143"
GATEWAY = "acme"


def poll(each: PollEach = PollEach.GATEWAY, keeps: timedelta | None = None) -> Poll:
    return Poll(Ask(Words(("reports",))), each=each, keeps=keeps)


def profile(
    receipts: Poll | None = None,
    *,
    replies: Poll | None = None,
    opt_outs: Poll | None = None,
    absent_after: timedelta | None = None,
    keeps: timedelta | None = None,
) -> GatewayProfile:
    """One that can be asked for what is given, and about messages in doubt."""
    polls = Polls(
        receipts=None if receipts is None else ReceiptsPoll(receipts),
        lookup=ReceiptsPoll(poll(PollEach.MESSAGE, keeps), absent_after=absent_after),
        replies=None if replies is None else RepliesPoll(replies, ("from",), ("text",)),
        opt_outs=None if opt_outs is None else OptOutsPoll(opt_outs, ("number",)),
    )
    return GatewayProfile(GATEWAY, Realm.LIVE, BatchMode.ONE, 1, 1, (), None, False, polls=polls)


#: A page, or what goes wrong in its place.
Step = Post[DeliveryReceipt] | PostboxFailed | Callable[[], None]


class ScriptedPostbox:
    """Plays its pages in order; remembers what it was asked, and which pages were known to be saved."""

    def __init__(
        self,
        profile: GatewayProfile,
        receipts: Sequence[Step] = (),
        *,
        replies: Sequence[Post[Reply]] = (),
        opt_outs: Sequence[Post[ListedOptOut]] = (),
        findings: Mapping[str, Finding | PostboxFailed] | None = None,
    ) -> None:
        self.profile = profile
        self.asked: list[tuple[str, datetime, datetime, str]] = []
        self.handed: dict[str, list[Handed]] = {}
        self.looked_for: list[str] = []
        self.saved = 0
        self._receipts = receipts
        self._replies = replies
        self._opt_outs = opt_outs
        self._findings = findings or {}

    async def receipts(
        self, handed: Iterable[Handed], since: datetime, until: datetime, mark: str
    ) -> AsyncIterator[Post[DeliveryReceipt]]:
        self.asked.append(("receipts", since, until, mark))
        self.handed["receipts"] = list(handed)
        for step in self._receipts:
            if isinstance(step, PostboxFailed):
                raise step
            if isinstance(step, Post):
                yield step
                self.saved += 1
            else:
                step()

    async def replies(
        self, handed: Iterable[Handed], since: datetime, until: datetime, mark: str
    ) -> AsyncIterator[Post[Reply]]:
        self.asked.append(("replies", since, until, mark))
        self.handed["replies"] = list(handed)
        for post in self._replies:
            yield post

    async def opt_outs(
        self, since: datetime, until: datetime, mark: str
    ) -> AsyncIterator[Post[ListedOptOut]]:
        self.asked.append(("opt_outs", since, until, mark))
        for post in self._opt_outs:
            yield post

    async def find(self, message: Handed, now: datetime) -> Finding:
        self.looked_for.append(message.id)
        found = self._findings.get(message.id, Finding(why="it says nothing"))
        if isinstance(found, PostboxFailed):
            raise found
        return found

    async def close(self) -> None:
        return


class Wall:
    """A clock that stands still but for what is slept."""

    def __init__(self) -> None:
        self.at = NOW
        self.slept = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds


class BusyLog(MemorySentLog):
    """Another process writes to it the first so many times that somebody wants to."""

    def __init__(self, times: int = 0) -> None:
        super().__init__()
        self.busy_for = times
        self._depth = 0

    @contextmanager
    def atomic(self) -> Iterator[None]:
        if not self._depth and self.busy_for:
            self.busy_for -= 1
            raise SentLogBusy("another process writes")
        self._depth += 1
        try:
            with super().atomic():
                yield
        finally:
            self._depth -= 1


def tools(log: SentLog, **changes: object) -> SyncTools:
    made = SyncTools(log=log, clock=Wall(), listening=Listening(reply_words()), by="ola@desk")
    return replace(made, **changes)  # type: ignore[arg-type]


def hand_over(
    log: SentLog,
    message_id: str,
    to: Msisdn,
    state: State = State.ACCEPTED,
    *,
    ref: str = "",
    ago: timedelta = timedelta(hours=2),
    sender: str = OURS,
    campaign: str = "spring",
    realm: Realm = Realm.LIVE,
) -> None:
    """A message that was claimed so long ago, and is in this state now."""
    body = f"Hello {message_id}"
    message = Message(message_id, campaign, to, sender, body, measure(body), NOW + timedelta(days=1))
    terms = Terms(realm, campaign, "marketing", "news", GATEWAY, "digest", f"run-{campaign}")
    at = NOW - ago
    assert log.claim([Batch(f"batch-{message_id}", (message,), at)], terms, at) == {message_id}
    if state is State.SUBMITTING:
        return
    first = state if state in (State.REJECTED, State.RELEASED, State.IN_DOUBT) else State.ACCEPTED
    log.settle([Receipt(message_id, first, ref)], at)
    if state is not first:
        log.settle([Receipt(message_id, state)], at)


def page(*receipts: DeliveryReceipt, mark: str = "", unread: int = 0) -> Post[DeliveryReceipt]:
    return Post(receipts, unread, mark)


def states(log: SentLog) -> dict[str, State]:
    """The state of each message by id."""
    return {
        message.id: message.state
        for realm in Realm
        for message in log.handed(GATEWAY, realm, frozenset(State), NOW - timedelta(days=99))
    }
