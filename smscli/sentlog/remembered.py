"""What the sent log in memory remembers of opt-outs, consent and replies: as `opt_out_list.py`, `consents.py`
and `reply_pile.py` do in SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from smscli.domain.consent import ConsentFact, ConsentRecord, in_force, said_no_at
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut, Terms
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass
from smscli.sentlog.instants import from_millis, to_millis
from smscli.sentlog.reply_pile import check_decision, for_review
from smscli.sentlog.shelves import Shelves
from smscli.sentlog.wishes import (
    Change,
    History,
    Said,
    as_said,
    decision_word,
    holds,
    is_lifted,
    is_more,
    operator_word,
    outlasts,
    start_word,
)

# --- opt-outs ------------------------------------------------------------------------------------


def opt_out(shelves: Shelves, wish: OptOut) -> bool:
    """Hear a wish; is it new, or does it hold longer now?"""
    history = _history(shelves, wish.number)
    word = as_said(wish, history.next_place)
    if history.is_known(word):
        return False
    ((before, after),) = _hear(shelves, wish.number, history, word)
    return is_more(after, before)


def reinstate(shelves: Shelves, number: Msisdn, topic: str, by: str, reason: str, now: datetime) -> bool:
    """Hear an operator's word; False where no wish holds. About everything, it brings the erased back."""
    history = _history(shelves, number)
    is_back = not topic and shelves.erased.pop(number.e164, None) is not None
    if not (is_back or holds(history.standing(topic), to_millis(now))):
        return False
    _hear(shelves, number, history, operator_word(history.next_place, topic, by, reason, now))
    return True


def start(
    shelves: Shelves, number: Msisdn, topic: str, sender: str, at: datetime, words: str
) -> tuple[str, ...]:
    """Hear a person's START: the topics that it lifts."""
    history = _history(shelves, number)
    word = start_word(history.next_place, topic, sender, at, words)
    if history.is_known(word):
        return ()
    changes = _hear(shelves, number, history, word)
    return tuple(before.topic for before, after in changes if before and is_lifted(before, after, word))


def _history(shelves: Shelves, number: Msisdn) -> History:
    return History(shelves.history.get(number.e164, ()))


def _hear(shelves: Shelves, number: Msisdn, history: History, word: Said) -> list[Change]:
    shelves.history[number.e164] = (*shelves.history.get(number.e164, ()), word)
    changes = history.hear(word)
    listed = {wish.topic: wish for wish in shelves.opt_outs.get(number.e164, ())}
    for before, after in changes:
        if after is not None and after != before:
            listed[after.topic] = as_wish(number, after)
        elif after is None and before is not None:
            del listed[before.topic]
    shelves.opt_outs[number.e164] = tuple(listed.values())
    return changes


def as_wish(number: Msisdn, word: Said) -> OptOut:
    """A word of the history as the wish that it is."""
    until = None if word.until is None else from_millis(word.until)
    told = (word.source, word.by, word.note, until, word.sender, word.words)
    return OptOut(number, word.topic, from_millis(word.at), *told)


def heed(shelves: Shelves, wish: OptOut) -> bool:
    """Obey another list's wish; is it new, or does it hold longer?"""
    heard = shelves.heeded.get(wish.number.e164, {})
    word = as_said(wish, 0)
    if wish.topic in heard and not outlasts(word, heard[wish.topic]):
        return False
    shelves.heeded[wish.number.e164] = {**heard, wish.topic: word}
    return True


def opted_out(shelves: Shelves, number: str, now: datetime) -> frozenset[str]:
    """The topics that the number is not to be texted about, `""` for everything."""
    at = to_millis(now)
    own = [as_said(wish, 0) for wish in shelves.opt_outs.get(number, ())]
    foreign = shelves.heeded.get(number, {}).values()
    erased = frozenset({""} if number in shelves.erased else ())
    return erased | frozenset(word.topic for word in (*own, *foreign) if holds(word, at))


# --- consent -------------------------------------------------------------------------------------


def agree(shelves: Shelves, record: ConsentRecord, now: datetime) -> bool:
    """Keep a consent record, unless one says the very same."""
    known = shelves.consents.get(record.number.e164, ())
    kept = replace(
        record,
        at=_rounded(record.at),
        topics=tuple(sorted(set(record.topics))),
        expires_at=record.expires_at and _rounded(record.expires_at),
        recorded_at=_rounded(now),
        key=shelves.next_consent,
    )
    shelves.next_consent += 1  # SQLite uses the key up, too
    if _says(kept) in map(_says, known):
        return False
    shelves.consents[record.number.e164] = (*known, kept)
    return True


def _says(record: ConsentRecord) -> tuple[object, ...]:
    said = (record.level, record.purpose, record.topics, record.how, record.where)
    return record.at, *said, record.expires_at, record.promise


def consents(shelves: Shelves, number: str) -> tuple[ConsentRecord, ...]:
    """The records of a number, the earliest first."""
    return tuple(sorted(shelves.consents.get(number, ()), key=lambda record: (record.at, record.key)))


def consent_facts(shelves: Shelves, number: str) -> tuple[ConsentFact, ...]:
    """What the rules need of them."""
    return tuple(map(_fact, consents(shelves, number)))


def _fact(record: ConsentRecord) -> ConsentFact:
    about = (record.purpose, record.topics, record.how, record.expires_at, record.promise)
    return ConsentFact(record.key, record.level, record.at, *about)


def has_said_no(shelves: Shelves, number: str, terms: Terms) -> bool:
    """Did somebody say no, and no yes later; or say no since the plan was made?"""
    known, about = consents(shelves, number), (terms.purpose, terms.topic)
    facts = tuple(map(_fact, known))
    if said_no_at(facts, *about) and not in_force(facts, *about):
        return True
    since = terms.planned_at and _rounded(terms.planned_at)
    lately = (fact for fact, each in zip(facts, known, strict=True) if since and _recorded(each) >= since)
    return said_no_at(lately, *about) is not None


def _recorded(record: ConsentRecord) -> datetime:
    assert record.recorded_at is not None, "kept by this log"
    return record.recorded_at


# --- replies -------------------------------------------------------------------------------------


def file(shelves: Shelves, reply: Reply, classified: Classified) -> bool:
    """Keep a reply, and put one for review on the opt-out list; is it new?"""
    kept = replace(reply, at=_rounded(reply.at))
    key = shelves.next_reply
    shelves.next_reply += 1  # SQLite uses the key up, too
    if _identity(kept) in map(_identity, (each.reply for each in shelves.replies.values())):
        return False
    shelves.replies[key] = FiledReply(key, kept, classified)
    if classified.kind is ReplyClass.REVIEW:
        opt_out(shelves, for_review(reply))
    return True


def _identity(reply: Reply) -> tuple[object, ...]:
    return reply.number.e164, reply.at, reply.to, reply.text


def replies(shelves: Shelves, pending: bool, number: Msisdn | None) -> Iterator[FiledReply]:
    """Replies in the order of their times."""
    for filed in sorted(shelves.replies.values(), key=lambda filed: (filed.reply.at, filed.key)):
        if number in (None, filed.reply.number) and (not pending or _waits(filed)):
            yield filed


def _waits(filed: FiledReply) -> bool:
    return filed.classified.kind is ReplyClass.REVIEW and filed.decided is None


def decide(shelves: Shelves, key: int, kind: ReplyClass, by: str, now: datetime) -> bool:
    """Record a person's word; False where the reply does not wait (any more)."""
    check_decision(kind)
    filed = shelves.replies.get(key)
    if filed is None or not _waits(filed):
        return False
    shelves.replies[key] = replace(filed, decided=kind, by=by, decided_at=_rounded(now))
    number = filed.reply.number
    if next(replies(shelves, True, number), None) is None:
        history = _history(shelves, number)
        _hear(shelves, number, history, decision_word(history.next_place, f"decided: {kind}", by, now))
    return True


def _rounded(at: datetime) -> datetime:
    return from_millis(to_millis(at))
