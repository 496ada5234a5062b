"""Consent as evidence: who agreed to what, when, how, where and in which words.

Records are only ever added. A record of level NONE is somebody's no: it outranks every yes that is not later.
Knows nothing of opt-outs: those block whatever was agreed to (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from smscli.domain.contact import Consent, ConsentLevel
from smscli.domain.frequency import CalendarPeriod
from smscli.domain.msisdn import Msisdn


class ConsentMethod(StrEnum):
    """How somebody agreed."""

    WEB_FORM = "web_form"
    KEYWORD = "keyword"  # an opt-in word by text message
    PAPER = "paper"
    VERBAL = "verbal"
    POINT_OF_SALE = "point_of_sale"
    APP = "app"
    E_MAIL = "e-mail"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Promise:
    """How often somebody was told that they would be texted: at most so many messages in a time."""

    at_most: int
    per: timedelta | CalendarPeriod


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One act of consenting, or (level NONE) of saying no. Times are aware UTC.

    `purpose` and `topics` empty mean: to everything this brand sends. `as_written` is the time as the source
    gave it, with its offset. `where` is a URL, a form, a shop, or the number that a word was sent to; `words`
    what the person was shown, verbatim; `raw` what the person wrote. `source` is `file:line` or who typed it.
    `key` is the record's number in the sent log, 0 before it is there.
    """

    number: Msisdn
    level: ConsentLevel
    at: datetime
    how: ConsentMethod
    purpose: str = ""
    topics: tuple[str, ...] = ()
    as_written: str = ""
    where: str = ""
    words: str = ""
    language: str = ""
    expires_at: datetime | None = None
    proof: str = ""
    raw: str = ""
    promise: Promise | None = None
    source: str = ""
    by: str = ""
    recorded_at: datetime | None = None
    key: int = 0


class ConsentFact(NamedTuple):
    """What the rules need of a record; a tuple, since a list may bring a million."""

    key: int
    level: ConsentLevel
    at: datetime
    purpose: str
    topics: tuple[str, ...]
    how: ConsentMethod
    expires_at: datetime | None
    promise: Promise | None


def covers(fact: ConsentFact, purpose: str, topic: str) -> bool:
    """Does this record speak of messages of that purpose and topic?"""
    return fact.purpose in ("", purpose) and (not fact.topics or topic in fact.topics)


@dataclass(frozen=True, slots=True)
class Yes:
    """Somebody's yes, from the sent log or from a list (`key` 0), as the rules weigh it.

    `on` is the day (UTC) on which it was given, `at` the instant where one is known; `source` says where it
    stands.
    """

    level: ConsentLevel
    on: date
    topics: tuple[str, ...]
    source: str
    key: int = 0
    expires_at: datetime | None = None
    promise: Promise | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        if self.at is None:
            return f"list: {given(self.level, self.on)}, {self.source}"
        # The instant, not the day: a day that was written without a zone began earlier than in UTC.
        return f"{self.source}: {self.level.name.lower()} at {self.at:%Y-%m-%dT%H:%M}Z"


@lru_cache(maxsize=4_096)  # a list knows a few levels and a few hundred days
def given(level: ConsentLevel, on: date) -> str:
    """`express_written on 2026-01-31`."""
    return f"{level.name.lower()} on {on.isoformat()}"


def yeses(facts: Iterable[ConsentFact], listed: Consent | None, purpose: str, topic: str) -> tuple[Yes, ...]:
    """Every yes that counts, the best first: records, then what the list says, unless a record says no.

    A list's yes may be about other topics: that is the rule's to say.
    """
    of_list = () if listed is None or listed.level is ConsentLevel.NONE else (_of_list(listed),)
    facts = tuple(facts)
    if not facts:  # as of most people
        return of_list
    found = tuple(map(_of_record, in_force(facts, purpose, topic)))
    return found if said_no_at(facts, purpose, topic) else (*found, *of_list)


def _of_list(consent: Consent) -> Yes:
    return Yes(consent.level, consent.given_on, consent.topics, consent.source)


def _of_record(fact: ConsentFact) -> Yes:
    source = f"record {fact.key} ({fact.how})"
    at = fact.at.astimezone(UTC)
    return Yes(fact.level, at.date(), fact.topics, source, fact.key, fact.expires_at, fact.promise, at)


def in_force(facts: Iterable[ConsentFact], purpose: str, topic: str) -> tuple[ConsentFact, ...]:
    """The yeses that no later no (nor one of the same moment) takes back, the strongest and latest first.

    Expired ones are among them: when a yes ends is the rule's to say, and to tell.
    """
    about = [fact for fact in facts if covers(fact, purpose, topic)]
    last_no = said_no_at(about, purpose, topic)
    kept = [fact for fact in about if fact.level > ConsentLevel.NONE and (not last_no or fact.at > last_no)]
    return tuple(sorted(kept, key=lambda fact: (fact.level, fact.at, fact.key), reverse=True))


def said_no_at(facts: Iterable[ConsentFact], purpose: str, topic: str) -> datetime | None:
    """When somebody last said no to messages of that purpose and topic."""
    noes = (fact.at for fact in facts if fact.level is ConsentLevel.NONE and covers(fact, purpose, topic))
    return max(noes, default=None)
