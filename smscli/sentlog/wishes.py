"""What all that was ever said about texting one number comes to: which wish holds, and until when.

Pure: both sent logs keep the words in the order in which they heard them and ask here what they mean. Words
may come in any order (replies are imported late, and again and again), so that a START is weighed against
every opt-out that it is later than, heard before it or after. Knows nothing of consent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
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


@lru_cache(maxsize=1_024)  # a brand has a few
def known_sender(sender: str) -> str:
    """The same for one number of ours however it is written; `""` for none."""
    sender = sender.strip()
    digits = _PUNCTUATION.sub("", sender)
    return digits if digits.isascii() and digits.isdigit() else sender


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


def is_lifted(before: Said, after: Said | None, word: Said) -> bool:
    """Did this word lift what held when it was said?"""
    return after is None and holds(before, word.at)


#: What stood of a topic before a word, and what stands now.
Change = tuple[Said | None, Said | None]


class History:
    """All words about one number in the order in which they were heard, and what they come to.

    To hear one word more costs the same however many there are, mostly: somebody's telephone answers every
    message, and a number with 4,000 words took a minute.
    """

    def __init__(self, words: Iterable[Said] = ()) -> None:
        self.next_place = 1
        self._wishes: dict[str, list[Said]] = {}  # by topic
        self._ending: set[str] = set()  # topics of which some wish is for a time
        self._longest: dict[tuple[object, ...], Said] = {}
        self._reinstated: dict[str, int] = {}  # the last place of an operator's word, by topic
        self._decided = 0  # the last place of a decision
        self._started: dict[tuple[str, str], int] = {}  # the latest START, by topic and sender
        self._standing: dict[str, Said | None] = {}
        for word in words:
            self._take(word)

    def is_known(self, word: Said) -> bool:
        """Was the very same word heard before, or the same wish for longer?

        Then it says nothing new, even where it was lifted since. A reply that waits for a person is known by
        its words besides: two may arrive in the same second.
        """
        before = self._longest.get(_identity(word))
        return before is not None and not outlasts(word, before)

    def hear(self, word: Said) -> list[Change]:
        """Add a word: what stood before it and what stands then, of each topic that it may concern."""
        if word.what == ADDED:
            before = self.standing(word.topic)
            self._take(word)
            after = self._standing[word.topic] = self._joined(word, before)
            return [(before, after)]
        is_of_all = word.source == START and not word.topic
        topics = sorted(self._wishes) if is_of_all else [word.topic]
        stood = [self.standing(topic) for topic in topics]
        self._take(word)
        self._standing |= {topic: self._weighed(topic) for topic in topics}
        return [(was, self._standing[topic]) for was, topic in zip(stood, topics, strict=True)]

    def standing(self, topic: str) -> Said | None:
        """What holds of a topic, or did until it ended: the first word, with the end of the longest.

        A wish that a person has read outranks a reply for review, unless that holds longer.
        """
        if topic not in self._wishes:
            return None
        if topic not in self._standing:
            self._standing[topic] = self._weighed(topic)
        return self._standing[topic]

    def _take(self, word: Said) -> None:
        self.next_place = word.place + 1
        known = self._longest.setdefault(_identity(word), word)
        if outlasts(word, known):
            self._longest[_identity(word)] = word
        if word.what == ADDED:
            self._wishes.setdefault(word.topic, []).append(word)
            if word.until is not None:
                self._ending.add(word.topic)
        elif word.source == START:
            about = (word.topic, known_sender(word.sender))
            self._started[about] = max(word.at, self._started.get(about, word.at))
        elif word.source == REVIEW:
            self._decided = word.place
        else:
            self._reinstated[word.topic] = word.place

    def _joined(self, word: Said, before: Said | None) -> Said | None:
        """What stands once a wish is added to those of its topic: at a glance, or else by weighing all."""
        if not self._is_meant(word):
            return before
        if before is None:
            return word
        if before.until is None:
            if (before.source == REVIEW) < (word.source == REVIEW):
                return before
            if (before.source == REVIEW) == (word.source == REVIEW):
                if before.at <= word.at:
                    return before
                if word.topic not in self._ending:
                    return word
        return self._weighed(word.topic)

    def _weighed(self, topic: str) -> Said | None:
        meant = sorted(filter(self._is_meant, self._wishes.get(topic, ())), key=_by_time)
        certain = _together(word for word in meant if word.source != REVIEW)
        waiting = _together(word for word in meant if word.source == REVIEW)
        if certain is None or waiting is None:
            return certain or waiting
        return waiting if outlasts(waiting, certain) else certain

    def _is_meant(self, wish: Said) -> bool:
        """An operator lifts what was heard before, a START what was said before to the same sender."""
        if wish.place <= self._reinstated.get(wish.topic, 0):
            return False
        if wish.source == REVIEW:
            return wish.place > self._decided
        sender = known_sender(wish.sender)
        starts = (self._started.get((topic, sender), wish.at) for topic in ("", wish.topic))
        return not sender or max(starts) <= wish.at


_by_time = attrgetter("at", "place")


def _identity(word: Said) -> tuple[object, ...]:
    # A reply for review is as new here as on the pile, which goes by our number as it was written.
    is_reply = word.source == REVIEW
    said = (word.sender, word.words) if is_reply else (known_sender(word.sender), "")
    return word.what, word.topic, word.at, word.source, *said


def _together(wishes: Iterable[Said]) -> Said | None:
    """Wishes in the order of their times as one: the first date is evidence while it is only prolonged."""
    found: Said | None = None
    for wish in wishes:
        if found is None:
            found = wish
        elif outlasts(wish, found):
            had_ended = found.until is not None and found.until < wish.at
            found = wish if had_ended else found._replace(until=wish.until)
    return found
