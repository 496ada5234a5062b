"""What replies do: filed, and acted on in the order of their times, each with its effect in one transaction.

An opt-out goes on the opt-out list, START lifts what was said earlier to the same number of ours, an opt-in
word makes a consent record besides, and what a person has to read counts as an opt-out until somebody has.
Knows neither where replies come from nor how words are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.ports import OptOut, SentLog
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass
from smscli.domain.reply_words import ReplyWords, classify, plain_words

REPLY = "reply"
"""The source of an opt-out that somebody wrote."""

#: So many replies share a transaction: each by itself would wait for the disk.
_TOGETHER = 500


@dataclass(frozen=True, slots=True)
class Listening:
    """What replies are read by: the words, and what a campaigns file calls its own.

    `keywords` are opt-in words with their topics, by the number of ours that they are sent to (`""`: any).
    """

    words: ReplyWords
    keywords: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    topics: frozenset[str] = frozenset()
    brand: str = ""

    def keywords_of(self, to: str) -> Mapping[str, str]:
        """The opt-in words of one number of ours; its plus may be missing on either side."""
        own = next((words for of, words in self.keywords.items() if of and _is_same(of, to)), {})
        return {**self.keywords.get("", {}), **own}

    def classified(self, text: str, to: str = "") -> Classified:
        """What a reply to that number is."""
        keywords = self.keywords_of(to) if self.keywords else {}
        return classify(text, self.words, keywords=keywords, topics=self.topics, brand=self.brand)

    def is_keyword(self, text: str, to: str) -> bool:
        """Is it one of our opt-in words, and not everybody's (START)?"""
        said = plain_words(text)
        return any(plain_words(word) == said for word in self.keywords_of(to))


def _is_same(number: str, other: str) -> bool:
    return number.removeprefix("+").casefold() == other.removeprefix("+").casefold()


@dataclass(frozen=True, slots=True)
class Filing:
    """What filing replies came to. `by_class` counts the new ones; the rest are effects of those.

    `opted_out` are people newly on the list or for longer, `started` opt-outs that START lifted, `calls` the
    new calls for help, which a person has to answer. `erased` replies are of erased people, and not kept.
    """

    by_class: Mapping[ReplyClass, int]
    known: int = 0
    opted_out: int = 0
    started: int = 0
    consents: int = 0
    calls: tuple[Reply, ...] = ()
    erased: int = 0

    @property
    def new(self) -> int:
        """Replies that the log did not have."""
        return sum(self.by_class.values())


def file_replies(
    log: SentLog, replies: Sequence[Reply], listening: Listening, by: str, now: datetime
) -> Filing:
    """File replies (in the order of their times) and do what they ask for. Known ones change nothing.

    `by` is who files them: a consent record made of an opt-in word names them.
    Of an erased person nothing is kept, whatever they write: they are opted out of everything as they are,
    and an inbox that is exported again would bring back what was forgotten.
    """
    counts: Counter[str] = Counter()
    by_class: Counter[ReplyClass] = Counter()
    calls: list[Reply] = []
    for at in range(0, len(replies), _TOGETHER):
        some = replies[at : at + _TOGETHER]
        with log.atomic():
            erased = log.erased(reply.number for reply in some)
            kept = [reply for reply in some if reply.number not in erased]
            counts["erased"] += len(some) - len(kept)
            chunk = [(reply, listening.classified(reply.text, reply.to)) for reply in kept]
            for (reply, classified), is_new in zip(chunk, log.file_replies(chunk, now), strict=True):
                if is_new:
                    by_class[classified.kind] += 1
                    counts.update(_heed(log, reply, classified, listening, by, now))
                    calls += [reply] if classified.kind is ReplyClass.HELP else []
                else:
                    counts["known"] += 1
    return Filing(
        by_class,
        known=counts["known"],
        opted_out=counts["opted_out"],
        started=counts["started"],
        consents=counts["consents"],
        calls=tuple(calls),
        erased=counts["erased"],
    )


def careful(log: SentLog, untimed: Iterable[Reply], listening: Listening) -> tuple[Reply, ...]:
    """Of replies whose times nobody could read: those that may be opt-outs, and are filed all the same.

    Without those that the log has from the same row: an inbox that is exported again would otherwise take
    back every START, and ask again what somebody has decided.
    """
    may_be = (ReplyClass.OPT_OUT, ReplyClass.REVIEW)
    asked = (reply for reply in untimed if listening.classified(reply.text, reply.to).kind in may_be)
    return tuple(reply for reply in asked if not _has_row(log, reply))


def _has_row(log: SentLog, reply: Reply) -> bool:
    filed = (each.reply for each in log.replies(number=reply.number))
    return any(replace(each, at=reply.at) == reply for each in filed)


def _heed(
    log: SentLog, reply: Reply, classified: Classified, listening: Listening, by: str, now: datetime
) -> Mapping[str, int]:
    """The effect of one reply. One for review has its own by being filed."""
    match classified.kind:
        case ReplyClass.OPT_OUT:
            return {"opted_out": log.opt_out([_opt_out(reply, classified.topic)])}
        case ReplyClass.OPT_IN:
            is_keyword = listening.is_keyword(reply.text, reply.to)
            new = log.record_consents([_consent(reply, classified, by)] if is_keyword else [], now)
            lifted = log.start(reply.number, classified.topic, reply.to, reply.at, reply.text)
            return {"started": len(lifted), "consents": new}
        case _:
            return {}


def _opt_out(reply: Reply, topic: str, by: str = "", note: str = "") -> OptOut:
    return OptOut(
        reply.number, topic, reply.at, REPLY, by, note or reply.source, sender=reply.to, words=reply.text
    )


def _consent(reply: Reply, classified: Classified, by: str) -> ConsentRecord:
    """What an opt-in word proves: that this number sent it, when, and to which number of ours."""
    return ConsentRecord(
        reply.number,
        ConsentLevel.EXPRESS,
        reply.at,
        ConsentMethod.KEYWORD,
        topics=(classified.topic,) if classified.topic else (),
        where=reply.to,
        raw=reply.text,
        source=reply.source,
        by=by,
    )


def decide_reply(
    log: SentLog, filed: FiledReply, kind: ReplyClass, by: str, now: datetime, topic: str = ""
) -> bool:
    """A person's word on a reply for review: an opt-out (of a topic, or of everything), or none.

    False where it does not wait any more. Nobody is opted in by hand.
    """
    assert kind is not ReplyClass.OPT_IN, "an opt-in is the person's own word"
    with log.atomic():
        if not log.decide_reply(filed.key, kind, by, now):
            return False
        if kind is ReplyClass.OPT_OUT:
            log.opt_out([_opt_out(filed.reply, topic, by, "decided from a reply for review")])
    return True
