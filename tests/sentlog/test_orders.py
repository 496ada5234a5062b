"""No order of consent, opt-out, START, review, decision and reinstatement lets a message out while the latest
word was no.

`Understanding` is a model of its own, written from what is promised (design.md section 7, docs/rules.md): it
keeps plain lists and asks them anew every time. What both sent logs answer, and whom they let be claimed, is
held against it after every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from smscli.domain.consent import ConsentMethod, ConsentRecord, in_force, said_no_at
from smscli.domain.contact import ConsentLevel
from smscli.domain.message import Realm
from smscli.domain.ports import Facts, OptOut, SentLog
from smscli.domain.replies import Classified, Reply, ReplyClass
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.sqlite import open_sent_log

from .making import ANNA, BEN, HOUR, NOW, TERMS, claimed, message, undone

NOON = NOW.replace(hour=12, microsecond=0)
TOPICS = ("news", "offers", "")

#: How a sender is written, and who it is.
SENDERS = {"+12025550143": "ours", "1 (202) 555-0143": "ours", "3344": "other", "": "", " ": ""}


# --- what can happen -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stop:
    topic: str
    at: datetime
    until: datetime | None
    sender: str
    source: str
    there: bool  # said to the brand's other log


@dataclass(frozen=True)
class Start:
    topic: str
    at: datetime
    sender: str
    there: bool


@dataclass(frozen=True)
class Unclear:
    """A reply for review."""

    at: datetime
    sender: str
    text: str
    there: bool


@dataclass(frozen=True)
class Decide:
    which: int
    kind: ReplyClass
    there: bool


@dataclass(frozen=True)
class Reinstate:
    topic: str
    there: bool


@dataclass(frozen=True)
class Agree:
    level: ConsentLevel
    at: datetime
    purpose: str
    topics: tuple[str, ...]


@dataclass(frozen=True)
class Heed:
    """The other log's list is read."""


@dataclass(frozen=True)
class Wait:
    span: timedelta


@dataclass(frozen=True)
class Again:
    """An import runs once more: an earlier event, word for word."""

    which: int


Event = Stop | Start | Unclear | Decide | Reinstate | Agree | Heed | Wait | Again

#: Close together, so that ties, ends and neighbours happen; a fraction of a millisecond is none.
times = st.builds(
    lambda hours, more: NOON + hours * HOUR + timedelta(microseconds=more),
    st.integers(-1, 3),
    st.sampled_from([0, 0, 0, 0, 400, 1000]),
)
ends = st.one_of(st.none(), times)
topics = st.sampled_from(TOPICS)
senders = st.sampled_from(["+12025550143", "+12025550143", *SENDERS])
there = st.sampled_from([False, False, False, True])
which = st.integers(0, 20)

consents = st.builds(
    Agree,
    st.sampled_from([ConsentLevel.NONE, ConsentLevel.EXPRESS]),
    times,
    st.sampled_from(["", TERMS.purpose, "transactional"]),
    st.sampled_from([(), ("news",), ("news", "offers")]),
)

events = st.one_of(
    st.builds(Stop, topics, times, ends, senders, st.sampled_from(["reply", "web"]), there),
    st.builds(Stop, st.just(""), times, ends, senders, st.just("reply"), there),
    st.builds(Start, topics, times, senders, there),
    st.builds(Start, st.just(""), times, st.just("+12025550143"), there),
    st.builds(Unclear, times, senders, st.sampled_from(["stop this bill", "please don't stop"]), there),
    st.builds(Decide, st.integers(0, 2), st.sampled_from([ReplyClass.OTHER, ReplyClass.OPT_OUT]), there),
    st.builds(Reinstate, topics, there),
    consents,
    consents,
    st.builds(Heed),
    st.builds(Wait, st.sampled_from([HOUR, 3 * HOUR])),
    st.builds(Again, which),
    st.builds(Again, which),
)


# --- what it means -------------------------------------------------------------------------------


def tick(at: datetime) -> datetime:
    """To the milliseconds that a log keeps."""
    return at - timedelta(microseconds=at.microsecond % 1000)


def longer(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one > other)


@dataclass
class Heard:
    """An opt-out, and whether an operator took it back since."""

    stop: Stop
    reinstated: bool = False


@dataclass
class Pending:
    reply: Unclear
    decided: bool = False
    blocks: bool = True


@dataclass
class Understanding:
    """What one log should make of what it was told."""

    stops: list[Heard] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    pile: list[Pending] = field(default_factory=list)
    agreed: list[Agree] = field(default_factory=list)
    foreign: list[tuple[str, datetime | None]] = field(default_factory=list)

    def hear(self, stop: Stop) -> None:
        def same(other: Stop) -> bool:
            told = (stop.topic, tick(stop.at), stop.source, SENDERS[stop.sender])
            return told == (other.topic, tick(other.at), other.source, SENDERS[other.sender])

        if not any(same(known.stop) and not longer(stop.until, known.stop.until) for known in self.stops):
            self.stops.append(Heard(stop))

    def file(self, reply: Unclear) -> None:
        told = (tick(reply.at), reply.sender, reply.text)
        if told not in [(tick(each.reply.at), each.reply.sender, each.reply.text) for each in self.pile]:
            self.pile.append(Pending(reply))

    def decide(self, number: int) -> Unclear | None:
        waiting = self.pile[number] if number < len(self.pile) else None
        if waiting is None or waiting.decided:
            return None
        waiting.decided = True
        if all(each.decided for each in self.pile):
            for each in self.pile:
                each.blocks = False
        return waiting.reply

    def reinstate(self, topic: str) -> None:
        for known in self.stops:
            known.reinstated |= known.stop.topic == topic
        for each in self.pile:
            each.blocks &= topic != ""

    def answered(self, stop: Stop) -> bool:
        """Did the person say START later, to the same sender, about that or about everything?"""
        sender = SENDERS[stop.sender]
        return any(
            sender == SENDERS[start.sender] != ""
            and start.topic in ("", stop.topic)
            and tick(start.at) > tick(stop.at)
            for start in self.starts
        )

    def standing(self) -> Iterator[tuple[str, datetime | None]]:
        """What another log is told when it reads this one's list."""
        for known in self.stops:
            if not known.reinstated and not self.answered(known.stop):
                yield known.stop.topic, known.stop.until
        if any(each.blocks for each in self.pile):
            yield "", None

    def opted_out(self, now: datetime) -> set[str]:
        said = (*self.standing(), *self.foreign)
        return {topic for topic, until in said if until is None or tick(until) > tick(now)}

    def last_word_was_no(self, topic: str) -> bool:
        """Of the consent records about such a message, is one of the latest a no?"""
        about = [
            each
            for each in self.agreed
            if each.purpose in ("", TERMS.purpose) and (not each.topics or topic in each.topics)
        ]
        latest = max((tick(each.at) for each in about), default=NOON)
        return any(each.level is ConsentLevel.NONE for each in about if tick(each.at) == latest)


# --- telling it ----------------------------------------------------------------------------------


@dataclass
class World:
    """A log, the brand's other log, and what both should have understood."""

    log: SentLog
    other: SentLog
    meant: Understanding = field(default_factory=Understanding)
    meant_there: Understanding = field(default_factory=Understanding)
    now: datetime = NOON

    def tell(self, event: Event) -> None:
        is_there = getattr(event, "there", False)
        log, meant = (self.other, self.meant_there) if is_there else (self.log, self.meant)
        match event:
            case Stop():
                log.opt_out([as_opt_out(event)])
                meant.hear(event)
            case Start(topic, at, sender):
                log.start(ANNA, topic, sender, at, "START")
                meant.starts.append(event)
            case Unclear(at, sender, text):
                reply = Reply(ANNA, sender, at, text)
                log.file_replies([(reply, Classified(ReplyClass.REVIEW))], self.now)
                meant.file(event)
            case Decide(number, kind):
                self.decide(log, meant, number, kind)
            case Reinstate(topic):
                should = any(each == topic for each in opted_out_here(meant, self.now))
                assert log.reinstate(ANNA, topic, "maria", "asked", self.now) is should
                meant.reinstate(topic)
            case Agree(level, at, purpose, about):
                record = ConsentRecord(ANNA, level, at, ConsentMethod.WEB_FORM, purpose, about)
                log.record_consents([record], self.now)
                meant.agreed.append(event)
            case Heed():
                self.log.heed(list(self.other.opt_outs()))
                self.meant.foreign += self.meant_there.standing()
            case Wait(span):
                self.now += span
            case Again():
                raise AssertionError("an earlier event is told in its place")

    def decide(self, log: SentLog, meant: Understanding, number: int, kind: ReplyClass) -> None:
        """As `replies review` does: a decision for an opt-out records one."""
        keys = {(filed.reply.at, filed.reply.to, filed.reply.text): filed.key for filed in log.replies()}
        reply = meant.pile[number].reply if number < len(meant.pile) else None
        key = 99 if reply is None else keys[tick(reply.at), reply.sender, reply.text]
        with log.atomic():
            waited = log.decide_reply(key, kind, "maria", self.now)
            decided = meant.decide(number)
            assert waited is (decided is not None)
            if decided is not None and kind is ReplyClass.OPT_OUT:
                stop = Stop("", decided.at, None, decided.sender, "reply", there=False)
                log.opt_out([as_opt_out(stop)])
                meant.hear(stop)

    def check(self) -> None:
        """Facts, rules and claims all say what the model says."""
        expected = self.meant.opted_out(self.now)
        facts = self.log.facts(Realm.LIVE, "c", [ANNA, BEN], NOON, self.now).get(ANNA, Facts())
        assert facts.opted_out == expected
        for topic in TOPICS:
            no = self.meant.last_word_was_no(topic)
            about = (TERMS.purpose, topic)
            assert (
                said_no_at(facts.consents, *about) is not None and not in_force(facts.consents, *about)
            ) is no
            may_go = not no and not expected & {"", topic}
            with undone(self.log):
                anna, ben = message(ANNA), message(BEN)
                won = claimed(self.log, anna, ben, terms=replace(TERMS, topic=topic), now=self.now)
            assert won == ([anna.id, ben.id] if may_go else [ben.id])


def opted_out_here(meant: Understanding, now: datetime) -> set[str]:
    return replace(meant, foreign=[]).opted_out(now)


def as_opt_out(stop: Stop) -> OptOut:
    return OptOut(ANNA, stop.topic, stop.at, stop.source, until=stop.until, sender=stop.sender)


@contextmanager
def two_files() -> Iterator[tuple[SentLog, SentLog]]:
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("here.db", "there.db")]
        with (
            closing(open_sent_log(paths[0], create=True)) as here,
            closing(open_sent_log(paths[1], create=True)) as other,
        ):
            for each in (here, other):
                each._connection.execute("PRAGMA synchronous = OFF")  # hundreds of logs, no power cut
            yield here, other


@contextmanager
def two_memories() -> Iterator[tuple[SentLog, SentLog]]:
    yield MemorySentLog(), MemorySentLog()


def live_through(logs: Callable[[], object], told: list[Event]) -> None:
    with logs() as (here, other):  # type: ignore[attr-defined]
        world = World(here, other)
        lived: list[Event] = []
        for each in told:
            event = each
            if isinstance(each, Again):
                if not lived:
                    continue
                event = lived[each.which % len(lived)]
            world.tell(event)
            lived.append(event)
            world.check()


often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
stories = st.lists(events, min_size=3, max_size=20)


OURS = "+12025550143"
SAID = Stop("", NOON, None, OURS, "reply", there=False)
SOON = replace(SAID, until=NOON + HOUR)
THERE = replace(SOON, there=True)
AGREED = Agree(ConsentLevel.EXPRESS, NOON, "", ())


def hard_stories(test: Callable[..., None]) -> Callable[..., None]:
    """Those that chance seldom tells: each broke a log that was broken on purpose."""
    for told in (
        [SAID, Reinstate("", there=False), Again(0)],
        [SOON, Reinstate("", there=False), SAID],
        [replace(AGREED, level=ConsentLevel.NONE), AGREED],
        [THERE, Heed(), replace(THERE, until=None), Heed(), Wait(3 * HOUR)],
        [Start("", NOON + HOUR, OURS, there=False), SAID, Again(1)],
    ):
        test = example(told=told)(test)
    return test


@often
@hard_stories
@given(told=stories)
def test_no_order_of_events_lets_a_message_out_in_memory(told: list[Event]) -> None:
    live_through(two_memories, told)


@settings(often, max_examples=60)
@hard_stories
@given(told=stories)
def test_no_order_of_events_lets_a_message_out_of_a_file(told: list[Event]) -> None:
    live_through(two_files, told)
