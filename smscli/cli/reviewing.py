"""The pile of replies that a person has to read: what is shown of each, and what a key or an option decides.

Each decision is kept at once, so that whoever is interrupted loses none. Knows nothing of how replies were
classified.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from smscli.cli.confirm import shown, typed
from smscli.cli.present.text import counted, inert, iso, minute, table
from smscli.cli.wiring import World
from smscli.domain.errors import UsageError
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter, LoggedMessage, SentLog
from smscli.domain.replies import FiledReply, ReplyClass

if TYPE_CHECKING:
    from smscli.cli.result import Block

#: What may be decided of a reply. Nobody is opted in by hand.
_CLASSES = {each.value: each for each in (ReplyClass.OPT_OUT, ReplyClass.OTHER, ReplyClass.HELP)}

#: What a topic may look like in a campaigns file.
_TOPIC = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

_KEYS = "o opt-out of everything   t of a topic   n no opt-out   s skip   q quit"
_LEFT = "what you decided before is kept, the others wait"


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word on one reply."""

    key: int
    kind: ReplyClass
    topic: str = ""

    @staticmethod
    def given(text: str, topic: str | None) -> Decision:
        """What `--decide KEY=CLASS` says. Raises UsageError."""
        key, _, named = text.partition("=")
        kind = _CLASSES.get(named.strip().lower().replace("-", "_"))
        if kind is None or not key.strip().isdecimal():
            classes = ", ".join(_CLASSES)
            hint = f"the key is a number that --list shows, the class one of {classes}: --decide 12=other"
            raise UsageError(f"--decide: {shown(text)} is not KEY=CLASS", hint=hint)
        about = "" if topic is None or kind is not ReplyClass.OPT_OUT else topic_given(topic)
        return Decision(int(key), kind, about)


def topic_given(text: str) -> str:
    """A topic as it was typed. Raises UsageError for what no campaign can have."""
    topic = text.strip().lower()
    if not _TOPIC.fullmatch(topic):
        hint = "write it as in the campaigns file, such as offers; leave --topic out to mean everything"
        raise UsageError(f"--topic: {shown(text)} can be no campaign's topic", hint=hint)
    return topic


#: So many replies that wait are listed; nobody reads more at a time.
_SHOWN = 100


class Pile:
    """What waits in a sent log."""

    def __init__(self, sent_log: SentLog, operator: Callable[[], str], now: Callable[[], datetime]) -> None:
        self._log = sent_log
        self._operator = operator
        self._now = now

    def waiting(self) -> Iterator[FiledReply]:
        """Replies that wait, the oldest first."""
        return self._log.replies(pending=True)

    def last_sent(self, filed: FiledReply) -> LoggedMessage | None:
        """The message to that number which they most likely answered."""
        sent = (
            message
            for message in self._log.messages(LogFilter(number=filed.reply.number.e164))
            if message.realm is not Realm.TEST
            and message.state not in (State.REJECTED, State.RELEASED)
            and message.claimed_at <= filed.reply.at
        )
        return max(sent, key=lambda message: message.claimed_at, default=None)

    def decide_all(self, decisions: Sequence[Decision]) -> int:
        """Record these; how many. Raises UsageError, and records none, where one of them does not wait."""
        if not decisions:
            return 0
        by_key = {filed.key: filed for filed in self.waiting()}
        unknown = sorted({each.key for each in decisions} - by_key.keys())
        twice = len({each.key for each in decisions}) < len(decisions)
        if unknown or twice:
            what = f"{unknown[0]} does not wait for a decision" if unknown else "one reply is decided twice"
            raise UsageError(
                f"--decide: {what}; nothing was recorded",
                hint="smscli replies review --list shows what waits",
            )
        with self._log.atomic():
            for each in decisions:
                self.decide(by_key[each.key], each.kind, each.topic)
        return len(decisions)

    def decide(self, filed: FiledReply, kind: ReplyClass, topic: str = "") -> bool:
        """Record one; False where somebody else has meanwhile."""
        from smscli.engine.replying import decide_reply

        return decide_reply(self._log, filed, kind, self._operator(), self._now(), topic)

    def told(
        self, waiting: Sequence[FiledReply], decided: int, again: str, *, is_listed: bool
    ) -> Iterator[Block]:
        """What was decided, and what waits."""
        if decided:
            yield f"Decided, with your name: {counted(decided, 'reply', 'replies')}."
        if not waiting:
            yield "No reply waits for a person."
            return
        yield f"Waiting for a person: {counted(len(waiting), 'reply', 'replies')}. They count as opted out."
        if is_listed:
            rows = map(self._row, waiting[:_SHOWN])
            yield table(_HEADERS, rows, folding=("text", "why"), spare=("to", "why"))
            if len(waiting) > _SHOWN:
                yield f"These are the oldest {_SHOWN}; --jsonl has all."
        yield f"Next      {again}"
        if is_listed:
            yield f"or        {again} --decide KEY=opt_out (or other, or help)"

    def _row(self, filed: FiledReply) -> tuple[str, ...]:
        reply, sent = filed.reply, self.last_sent(filed)
        return (
            str(filed.key),
            minute(reply.at),
            reply.number.masked,
            reply.to,
            reply.text,
            sent.campaign_id if sent else "",
            filed.classified.matched,
        )


_HEADERS = ("key", "at", "from", "to", "text", "answers", "why")


def waiting_document(filed: FiledReply, sent: LoggedMessage | None, *, in_full: bool) -> dict[str, object]:
    """A reply that waits; with its whole number for those who asked for the data itself."""
    reply, classified = filed.reply, filed.classified
    return {
        "key": filed.key,
        "number": reply.number.e164 if in_full else reply.number.masked,
        "to": reply.to,
        "at": iso(reply.at),
        "text": reply.text,
        "matched": classified.matched,
        "language": classified.language,
        "ref": reply.ref,
        "source": reply.source,
        "last_sent": None if sent is None else {"campaign": sent.campaign_id, "at": iso(sent.claimed_at)},
    }


class Walk:
    """One by one, at a terminal."""

    def __init__(self, world: World, pile: Pile, topics: Collection[str]) -> None:
        self._world = world
        self._pile = pile
        self._topics = sorted(topics)

    def walk(self) -> int:
        """Ask about each that waits; how many were decided."""
        waiting, decided = list(self._pile.waiting()), 0
        for place, filed in enumerate(waiting, 1):
            self._show(filed, place, len(waiting))
            answer = self._answer()
            if answer == "q":
                break
            decided += self._do(filed, answer)
        return decided

    def _show(self, filed: FiledReply, place: int, of: int) -> None:
        reply, sent = filed.reply, self._pile.last_sent(filed)
        to = f" to {inert(reply.to)}" if reply.to else ""
        tell = self._world.screen.trouble
        tell(f"\n{place} of {of}   {reply.number.masked}{to}, {minute(reply.at)}")
        for line in reply.text.splitlines() or [""]:
            tell(f"  > {inert(line)}")
        if filed.classified.matched:
            tell(f"  why it waits: {inert(filed.classified.matched)}")
        last = f"{sent.campaign_id}, {minute(sent.claimed_at)}" if sent else "nothing that this log knows"
        tell(f"  sent to them last: {inert(last)}")

    def _answer(self) -> str:
        while True:
            self._world.screen.ask(f"  {_KEYS}\n  Your decision: ")
            line = typed(self._world, _LEFT)
            answer = line.strip().lower()
            if not line.endswith("\n"):  # the keyboard has gone
                return "q"
            if answer in {"o", "t", "n", "s", "q"}:
                return answer
            found = f"{shown(answer)} is none of the keys" if answer else "nothing was typed"
            self._world.screen.trouble(f"  {found}: type one of these letters, then Enter")

    def _do(self, filed: FiledReply, answer: str) -> bool:
        match answer:
            case "o":
                return self._pile.decide(filed, ReplyClass.OPT_OUT)
            case "t":
                topic = self._topic()
                return bool(topic) and self._pile.decide(filed, ReplyClass.OPT_OUT, topic)
            case "n":
                return self._pile.decide(filed, ReplyClass.OTHER)
            case _:
                return False

    def _topic(self) -> str:
        """Which topic; empty (the reply is skipped) where none is typed."""
        known = f" ({', '.join(self._topics)})" if self._topics else ""
        while True:
            self._world.screen.ask(f"  Which topic{known}? ")
            line = typed(self._world, _LEFT)
            answer = line.strip().lower()
            if not answer:
                return ""
            is_known = answer in self._topics if self._topics else bool(_TOPIC.fullmatch(answer))
            if is_known:
                return answer
            self._world.screen.trouble(f"  {shown(answer)} is no topic here; an empty line skips the reply")
