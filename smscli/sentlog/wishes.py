"""What all that was ever said about texting one number comes to: which wish holds, and until when.

Pure: both sent logs keep the words in the order in which they heard them and ask here what they mean. Words
may come in any order (replies are imported late, and again and again), so that a START is weighed against
every opt-out that it is later than, heard before it or after. Knows nothing of consent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from smscli.domain.ports import REVIEW, OptOut
from smscli.sentlog.instants import to_millis

ADDED, LIFTED = "added", "lifted"

#: What lifted a wish: the person's own START, a decision about their replies, or (else) an operator.
START, OPERATOR = "reply", "hand"

#: How numbers are written besides their digits.
_PUNCTUATION = re.compile(r"[\s+().\-/]")


class Said(NamedTuple):
    """One word about one topic of a number (`""`: everything), times in milliseconds.

    `place` is the order in which the words were heard. A lifting one has the time of the START, or of the
    operator's word.
    """

    place: int
    topic: str
    what: str
    at: int
    source: str
    by: str = ""
    note: str = ""
    until: int | None = None
    sender: str = ""
    words: str = ""


def as_said(wish: OptOut, place: int) -> Said:
    """A wish as a word of the history."""
    until = None if wish.until is None else to_millis(wish.until)
    told = (wish.source, wish.by, wish.note, until, wish.sender, wish.words)
    return Said(place, wish.topic, ADDED, to_millis(wish.at), *told)


def start_word(place: int, topic: str, sender: str, at: datetime, words: str) -> Said:
    """A START as a word of the history."""
    return Said(place, topic, LIFTED, to_millis(at), START, sender=sender, words=words)


def operator_word(place: int, topic: str, by: str, reason: str, now: datetime) -> Said:
    """A reinstatement as a word of the history."""
    return Said(place, topic, LIFTED, to_millis(now), OPERATOR, by, reason)


def decision_word(place: int, decided: str, by: str, now: datetime) -> Said:
    """That no reply waits for a person any more, as a word of the history."""
    return Said(place, "", LIFTED, to_millis(now), REVIEW, by, decided)


def known_sender(sender: str) -> str:
    """The same for one number of ours however it is written; `""` for none."""
    sender = sender.strip()
    digits = _PUNCTUATION.sub("", sender)
    return digits if digits.isascii() and digits.isdigit() else sender


def is_known(history: Sequence[Said], word: Said) -> bool:
    """Was the very same word heard before, or the same wish for longer?

    Then it says nothing new, even where it was lifted since. A reply that waits for a person is known by its
    words besides: two may arrive in the same second.
    """
    identity = _identity(word)
    return any(_identity(before) == identity and not outlasts(word, before) for before in history)


def _identity(word: Said) -> tuple[object, ...]:
    words = word.words if word.source == REVIEW else ""
    return word.what, word.topic, word.at, word.source, known_sender(word.sender), words


def outlasts(one: Said, other: Said) -> bool:
    """Does one wish hold longer than the other? For good outranks any time."""
    return other.until is not None and (one.until is None or one.until > other.until)


def holds(wish: Said | None, now: int) -> bool:
    """Is there a wish, and has it not ended?"""
    return wish is not None and (wish.until is None or wish.until > now)


def is_more(after: Said | None, before: Said | None) -> bool:
    """Is a wish new, or does it hold longer, or is it certain now where a person had yet to read a reply?"""
    if after is None or before is None:
        return after is not None
    return outlasts(after, before) or (before.source == REVIEW) > (after.source == REVIEW)


def changes_by(history: Sequence[Said], word: Said) -> list[tuple[Said | None, Said | None]]:
    """What stood before one more word, and what stands then, of each topic that it may concern."""
    is_of_all = word.what == LIFTED and word.source == START and not word.topic
    topics = {before.topic for before in history if before.what == ADDED} if is_of_all else {word.topic}
    then = (*history, word)
    return [(standing(history, topic), standing(then, topic)) for topic in sorted(topics)]


def is_lifted(before: Said, after: Said | None, word: Said) -> bool:
    """Did this word lift what held when it was said?"""
    return after is None and holds(before, word.at)


def standing(history: Sequence[Said], topic: str) -> Said | None:
    """What holds of a topic, or did until it ended: the first word, with the end of the longest.

    A wish that a person has read outranks a reply for review, unless that holds longer.
    """
    meant = sorted(_not_lifted(history, topic), key=lambda word: (word.at, word.place))
    certain = _together([word for word in meant if word.source != REVIEW])
    waiting = _together([word for word in meant if word.source == REVIEW])
    if certain is None or waiting is None:
        return certain or waiting
    return waiting if outlasts(waiting, certain) else certain


def _together(wishes: Sequence[Said]) -> Said | None:
    """Wishes in the order of their times as one: the first date is evidence while it is only prolonged."""
    found: Said | None = None
    for wish in wishes:
        if found is None:
            found = wish
        elif outlasts(wish, found):
            had_ended = found.until is not None and found.until < wish.at
            found = wish if had_ended else found._replace(until=wish.until)
    return found


def _not_lifted(history: Sequence[Said], topic: str) -> Iterator[Said]:
    """An operator lifts what was heard before; a person's START what was said before, to the same sender."""
    reinstated, decided, started = 0, 0, dict[str, int]()
    for word in history:
        if word.what != LIFTED:
            continue
        if word.source == START:
            if word.topic in ("", topic):
                sender = known_sender(word.sender)
                started[sender] = max(word.at, started.get(sender, word.at))
        elif word.topic == topic:
            if word.source == REVIEW:
                decided = max(decided, word.place)
            else:
                reinstated = max(reinstated, word.place)
    started.pop("", None)  # nobody knows whom it was said to
    for word in history:
        if word.what != ADDED or word.topic != topic or word.place <= reinstated:
            continue
        if word.source == REVIEW:
            if word.place > decided:
                yield word
        elif started.get(known_sender(word.sender), word.at) <= word.at:
            yield word
