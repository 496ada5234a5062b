"""Wishes in free wording: somebody refuses what we send, wants it to end, or wants to be forgotten.

    Wishes(rows, knows).read("nn mandatemi piu sms")[0].wish      Wish(True, "refuse, send", "it")

`reply_words.yaml` has the words and phrases that everybody uses. Nobody can list all sentences that mean the
same, but they are put together from a few parts: a *no*, a verb of sending, a word for messages; a verb of
forgetting and *my number*. `reply_wishes.yaml` has the parts of each language, and this module knows which of
them make a wish together. Parts of two languages never do. A clause that says *no* to something else
(`I didn't get the code`, `I can't make Thursday`) is told apart, so that its *no* worries nobody. Knows no
topics and no brand, and decides nothing: what a reply is, `reply_words` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import product
from typing import NamedTuple

from smscli.domain.reply_letters import end_of, is_slip, look_alike, parts_of, plain, tokens_of, without_one


class WishPart(StrEnum):
    """What a word does in a wish; the file says it in more words."""

    REFUSE = "refuse"
    NONE = "none"
    WRITE = "write"
    PESTER = "pester"
    SEND = "send"
    UNWRITTEN = "unwritten"
    UNSENT = "unsent"
    UNWANTED = "unwanted"
    WANT = "want"
    RECEIVE = "receive"
    MORE = "more"
    THESE = "these"
    ME = "me"
    NUMBER = "number"
    MESSAGE = "message"
    MESSAGES = "messages"
    CEASE = "cease"
    ERASE = "erase"
    WITHDRAW = "withdraw"
    AGREE = "agree"
    SIGNED = "signed"
    INTEREST = "interest"
    WEARY = "weary"
    LEAVE = "leave"
    PEACE = "peace"
    WHENCE = "whence"
    ABLE = "able"
    ARRIVED = "arrived"
    HAD = "had"
    THING = "thing"
    ONLY = "only"
    GONE = "gone"
    CALL = "call"
    USE = "use"
    WELCOME = "welcome"
    PLAIN = "plain"
    A = "a"
    WHY = "why"

    #: Enum's own is written in Python, and each clause asks for it a hundred times.
    __hash__ = str.__hash__


_P = WishPart


@dataclass(frozen=True, slots=True)
class WishRow:
    """The parts of one language (`""`: of all), where they come from, and whether that confirms them."""

    language: str
    confirmed: bool
    source: str
    parts: Mapping[WishPart, tuple[str, ...]]


class Wish(NamedTuple):
    """A wish to get no more of what we send; where it is not sure, a person has to read it."""

    is_sure: bool
    said: str
    language: str


class Clause(NamedTuple):
    """What stands between two full stops.

    `is_apart`: its *no* or *stop* is about something else. `stops_itself`: because an engine stops in it.
    `beside` are the words that are no part of a wish.
    """

    tokens: tuple[str, ...]
    wish: Wish | None
    is_apart: bool
    stops_itself: bool
    beside: frozenset[str]


# --- the parts ---


class _Entry(NamedTuple):
    """A word, or the beginning of a phrase whose other words are `rest`."""

    language: str
    part: WishPart
    words: tuple[str, ...]


class _Span(NamedTuple):
    """Words of a clause, counted so that a comma keeps its two sides apart."""

    start: int
    end: int


#: Where which parts stand, by language.
_Found = dict[str, dict[WishPart, list[_Span]]]

_COMMA = 4

#: Parts whose words are looked for with a slip of the keyboard, too.
_SLIPPERY = frozenset(
    {_P.WRITE, _P.SEND, _P.UNWRITTEN, _P.UNSENT, _P.UNWANTED, _P.RECEIVE, _P.MORE, _P.NUMBER, _P.MESSAGE}
    | {_P.CEASE, _P.ERASE, _P.WITHDRAW, _P.AGREE, _P.SIGNED, _P.INTEREST}
)
_LEAST_LENGTH = 6

#: In front of any Greek verb: once more.
_AGAIN = look_alike("ξανα")

#: How long a word has to be to be known by its sound.
_LEAST_SOUND = 4


class _Parts:
    """Words of wishes by how they begin, sound, and are mistyped."""

    def __init__(self, rows: Iterable[WishRow]) -> None:
        self._by_word: dict[str, list[_Entry]] = {}
        self._by_beginning: dict[str, list[_Entry]] = {}
        self._by_sound: dict[tuple[str, str], list[_Entry]] = {}
        self._slips: dict[str, list[_Entry]] = {}
        for row in rows:
            for part, words in row.parts.items():
                for written in words:
                    self._add(_Entry(row.language, part, parts_of(written)), written)
        self._lengths = sorted({len(start) for start in self._by_beginning})
        self._longest_slip = max(map(len, self._slips), default=0) + 1
        self.beginning_with = lru_cache(maxsize=1 << 16)(self._beginning_with)
        self.slipped = lru_cache(maxsize=1 << 14)(self._slipped)

    def _add(self, entry: _Entry, written: str) -> None:
        first = entry.words[0]
        if first.endswith("~"):
            self._by_beginning.setdefault(first[:-1], []).append(entry)
        else:
            self._by_word.setdefault(first, []).append(entry)
        if len(entry.words) > 1 or first.endswith("~"):
            return
        if entry.language in _SPELT and len(sound := _sound(plain(written), entry.language)) >= _LEAST_SOUND:
            self._by_sound.setdefault((entry.language, sound), []).append(entry)
        if entry.part in _SLIPPERY and len(first) >= _LEAST_LENGTH:
            for slip in {first, *without_one(first)}:
                self._slips.setdefault(slip, []).append(entry)

    def _beginning_with(self, token: str) -> tuple[tuple[_Entry, ...], tuple[_Entry, ...]]:
        """What this word is by itself, and phrases that it may begin."""
        found = list(self._by_word.get(token, ()))
        for length in self._lengths:
            if length <= len(token):
                found += self._by_beginning.get(token[:length], ())
        if len(token) > len(_AGAIN) and token.startswith(_AGAIN):
            found += self._by_word.get(token[len(_AGAIN) :], ())
        words = [entry for entry in found if len(entry.words) == 1]
        if len(token) >= _LEAST_SOUND and token.isascii():
            for language in _SPELT:
                words += self._by_sound.get((language, _sound(token, language)), ())
        return tuple(words), tuple(entry for entry in found if len(entry.words) > 1)

    def _slipped(self, token: str) -> tuple[_Entry, ...]:
        """What it may be meant to be, with one slip of the keyboard."""
        if not _LEAST_LENGTH - 1 <= len(token) <= self._longest_slip:
            return ()
        near = {entry for slip in (token, *without_one(token)) for entry in self._slips.get(slip, ())}
        return tuple(sorted(entry for entry in near if is_slip(token, entry.words[0])))


def _table(pairs: str) -> list[tuple[str, str]]:
    return [(spelt, sound) for spelt, _, sound in (pair.partition(":") for pair in pairs.split())]


#: How a language is written in its letters and in Latin ones; both end in the same, which is no spelling.
_SPELT = {
    "el": (
        _table(
            "ου:u ει:i οι:i αι:e μπ:b ντ:d γκ:g γγ:g α:a β:v γ:g δ:d ε:e ζ:z η:i θ:8 ι:i κ:k λ:l μ:m ν:n ξ:x"
        )
        + _table("ο:o π:p ρ:r σ:s ς:s τ:t υ:i φ:f χ:x ψ:ps ω:o"),
        _table("ou:u ei:i oi:i ai:e mp:b nt:d gk:g th:8 ph:f ks:x ch:x kh:x b:v w:o y:i h:i j:i"),
    ),
    "ru": (
        _table("а:a б:b в:v г:g д:d е:e ё:e ж:zh з:z и:i й:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:h")
        + _table("ц:c ч:ch ш:sh щ:sh ы:i э:e ю:iu я:ia ь: ъ:"),
        _table("shch:sh sch:sh kh:h x:h ts:c tz:c w:v y:i j:i"),
    ),
}
_TWICE = re.compile(r"(.)\1+")


def _sound(word: str, language: str) -> str:
    """How a Greek or Russian word sounds, roughly, whichever letters it is written in."""
    for spelt, sound in _SPELT[language][word.isascii()]:
        word = word.replace(spelt, sound)
    return _TWICE.sub(r"\1", word)


# --- one clause ---

#: What a *no* may be about: the first such part behind it.
_REFUSABLE = frozenset(
    {_P.WRITE, _P.SEND, _P.WANT, _P.RECEIVE, _P.SIGNED, _P.AGREE, _P.INTEREST, _P.ABLE, _P.ARRIVED, _P.CEASE}
    | {_P.ERASE, _P.WEARY, _P.PESTER, _P.CALL, _P.USE}
)
_CORE = (
    _REFUSABLE
    | {_P.UNWRITTEN, _P.UNSENT, _P.UNWANTED, _P.NONE, _P.LEAVE, _P.WHENCE, _P.WITHDRAW}
    | {_P.THING, _P.ONLY, _P.GONE, _P.MESSAGES, _P.PLAIN, _P.WELCOME}
)
#: Where the *no* may stand behind the verb.
_NO_BEHIND = frozenset({"de", "fr", "tr"})
#: What a *no* may be about that no wish is.
_HARMLESS = frozenset({_P.ABLE, _P.ARRIVED, _P.CEASE, _P.ERASE, _P.WEARY})
#: Which of several meanings of a refused word counts.
_BY_WEIGHT = (
    *(_P.WANT, _P.PESTER, _P.WRITE, _P.SEND, _P.SIGNED, _P.AGREE, _P.INTEREST, _P.RECEIVE, _P.CALL),
    _P.USE,
)
#: How far from each other two parts may stand, and how far the words behind a *no* belong to it.
_REACH, _FAR, _AHEAD = 3, 5, 7
#: So many words that nobody knows, and it may be about something else.
_FEW = 2


class _Refusal(NamedTuple):
    about: frozenset[WishPart]
    is_close: bool
    strange: int


class _Reading:
    """One clause in one language: where which part stands, and how many words nobody knows."""

    def __init__(
        self, language: str, spans: Mapping[WishPart, Sequence[_Span]], unknown: Sequence[int]
    ) -> None:
        self._language = language
        self._spans = spans
        self._unknown = unknown
        self._strange = len(unknown)
        self._refused = tuple(self._refusals()) if _P.REFUSE in spans else ()

    def has(self, *parts: WishPart) -> bool:
        return not self._spans.keys().isdisjoint(parts)

    @cached_property
    def wish(self) -> Wish | None:
        """The surest of its wishes."""
        found = list(self._wishes())
        if not found:
            return None
        sure, parts = max(found, key=lambda each: each[0])
        said = ", ".join(part.value for part in parts)
        return Wish(sure and not self.has(_P.WHY), said, self._language)

    def stops_itself(self) -> bool:
        """`The engine stops in the rain`."""
        ours = self.has(_P.WRITE, _P.SEND, _P.MESSAGE, _P.ERASE)
        return not ours and self._near(_P.THING, _P.CEASE, _REACH)

    def says_no_to_something_else(self) -> bool:
        """`I didn't get the code`, `no puedo el jueves`, `thanks for the text, no problem`."""
        wished = (_P.WANT, _P.CEASE, _P.ERASE, _P.WITHDRAW, _P.WEARY, _P.SIGNED, _P.UNWANTED, _P.UNSENT)
        if self.has(*wished):
            return False
        if any(no.about & {_P.ABLE, _P.ARRIVED} for no in self._refused):
            return True
        if self.has(_P.PLAIN, _P.WELCOME) and not self.has(_P.REFUSE, _P.NONE):
            return True
        return self.has(_P.HAD) and self.has(_P.RECEIVE, _P.ARRIVED) and self.has(_P.REFUSE, _P.NONE)

    def mention(self) -> Wish:
        """Whoever speaks of our messages may complain, in words that nobody has foreseen."""
        return Wish(False, _P.MESSAGES.value, self._language)

    def welcomes_messages(self) -> bool:
        """`Thanks for the texts`, `your messages came late`, `send me your offers`."""
        asked_for = self.has(_P.WANT) or (self.has(_P.SEND) and self.has(_P.ME))
        return asked_for or self.has(_P.ARRIVED, _P.HAD, _P.ABLE, _P.WELCOME)

    def _wishes(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        for no in self._refused:
            for part in _BY_WEIGHT:
                if part in no.about and (sure := self._refusal(part, no.strange)) is not None:
                    yield sure and no.is_close, (_P.REFUSE, part)
                    break
        yield from self._without_a_no_before()
        yield from self._nothing_of()
        yield from self._an_end()
        yield from self._out_of_the_list()
        yield from self._enough()
        yield from self._perhaps()

    def _refusals(self) -> Iterator[_Refusal]:
        """What each *no* is about: the part that stands next to it."""
        places: dict[_Span, set[WishPart]] = {}
        for part in self._spans.keys() & _REFUSABLE:
            for span in self._spans[part]:
                places.setdefault(span, set()).add(part)
        for no in self._spans[_P.REFUSE]:
            near = [(span.start - no.end, span) for span in places if 0 <= span.start - no.end <= _REACH]
            if self._language in _NO_BEHIND:
                near += [(no.start - span.end, span) for span in places if 0 <= no.start - span.end <= _REACH]
            if near:
                _, span = min(near)
                between = range(min(no.end, span.end), max(no.start, span.start))
                apart = sum(at in between for at in self._unknown)
                at_somebody = not places[span].isdisjoint({_P.WRITE, _P.USE}) and self.has(_P.ME, _P.MORE)
                is_close = apart <= (1 if at_somebody else 0)
                first = min(no.start, span.start)
                strange = sum(first <= at <= first + _AHEAD for at in self._unknown)
                yield _Refusal(self._as_thing(places[span], span), is_close, strange)

    def _as_thing(self, parts: set[WishPart], span: _Span) -> frozenset[WishPart]:
        """`Your text` is no verb, and nor is `the message`."""
        behind_a = any(a.end == span.start for a in self._spans.get(_P.A, ()))
        is_thing = behind_a and span in self._spans.get(_P.MESSAGE, ())
        return frozenset(parts - {_P.WRITE} if is_thing else parts)

    def _refusal(self, part: WishPart, strange: int) -> bool | None:
        """Is a refusal of this a wish for sure (True), perhaps (False), or none?

        `strange` is how many words of it nobody knows.
        """
        few = strange <= _FEW
        about = self.has(_P.MESSAGE, _P.WRITE)
        match part:
            case _P.WANT if about or self.has(_P.RECEIVE):
                return few
            case _P.WANT if self.has(_P.THESE, _P.SEND, _P.MORE):
                return (None, False, True)[max(0, 2 - strange)]
            case _P.WANT:
                return None if strange else False
            case _P.PESTER:
                return few and (not strange or self.has(_P.ME, _P.MESSAGE, _P.MORE))
            case _P.WRITE:
                return few or self.has(_P.MORE, _P.MESSAGE)
            case _P.SEND if self.has(_P.MESSAGE, _P.MORE, _P.THESE) or not strange:
                return few
            case _P.SEND:
                return False if few else None
            case _P.RECEIVE if self.has(_P.HAD):
                return None
            case _P.RECEIVE if self.has(_P.WANT):
                return few
            case _P.RECEIVE:
                return False if self.has(_P.MESSAGE) or (self.has(_P.THESE) and self.has(_P.MORE)) else None
            case _P.SIGNED | _P.AGREE if about or not strange or self.has(_P.NUMBER, _P.THESE, _P.WHENCE):
                return few
            case _P.SIGNED | _P.AGREE | _P.CALL:
                return False if few else None
            case _P.USE:
                return few if self.has(_P.NUMBER) else None
            case _:
                return few

    def _without_a_no_before(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        """Words with the no inside: `gönderme`, `niewysyłanie`."""
        few = self._strange <= _FEW
        if self.has(_P.UNWRITTEN):
            yield few, (_P.UNWRITTEN,)
        if self.has(_P.UNSENT) and (self.has(_P.MESSAGE, _P.MORE, _P.ME) or not self._strange):
            yield few, (_P.UNSENT,)
        if self.has(_P.UNWANTED):
            if self.has(_P.MESSAGE, _P.RECEIVE, _P.SEND, _P.WRITE):
                yield few, (_P.UNWANTED, _P.MESSAGE)
            elif self.has(_P.THESE, _P.MORE) and self._strange <= 1:
                yield not self._strange, (_P.UNWANTED, _P.THESE)

    def _nothing_of(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        """`No more of your texts`, `keine SMS`, `no text me`."""
        if not self.has(_P.NONE) or self.has(_P.ARRIVED, _P.HAD):
            return
        if self._near(_P.NONE, _P.MESSAGE, _REACH):
            if self.has(_P.MORE) or self._strange <= _FEW:
                sure = not self._strange or (self.has(_P.MORE) and self._strange <= _FEW)
                yield sure, (_P.NONE, _P.MESSAGE)
        if self._near(_P.NONE, _P.WRITE, 0) and self.has(_P.ME, _P.MESSAGE):
            yield not self._strange, (_P.NONE, _P.WRITE)
        if self._near(_P.NONE, _P.AGREE, 1):
            yield False, (_P.NONE, _P.AGREE)

    def _an_end(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        """`Enough with the texts`, `arrêtez de m'écrire`, `leave me in peace`."""
        if not self._is_refused(_P.CEASE):
            for part in (_P.WRITE, _P.PESTER, _P.MESSAGE):
                if self._around(_P.CEASE, part, _FAR):
                    yield self._few_near(_P.CEASE), (_P.CEASE, part)
            if self._near(_P.CEASE, _P.SEND, _REACH):
                yield self._strange <= 1 and self.has(_P.ME, _P.THESE, _P.MORE), (_P.CEASE, _P.SEND)
        if self._around(_P.LEAVE, _P.PEACE, _FAR):
            yield self.has(_P.ME) and self._few_near(_P.LEAVE), (_P.LEAVE, _P.PEACE)

    def _out_of_the_list(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        """`Forget my number`, `wykasujcie mnie`, `revoco il consenso`, `who gave you my number`."""
        forgot = self.has(_P.HAD) or self._is_refused(_P.ERASE)
        if not forgot and self._around(_P.ERASE, _P.NUMBER, _FAR):
            yield self._few_near(_P.ERASE), (_P.ERASE, _P.NUMBER)
        if not forgot and self._few_near(_P.ERASE) and self._around(_P.ERASE, _P.ME, 1):
            yield self._few_near(_P.ERASE, 1), (_P.ERASE, _P.ME)
        if self._around(_P.WITHDRAW, _P.AGREE, _FAR):
            yield True, (_P.WITHDRAW, _P.AGREE)
        for part in (_P.NUMBER, _P.MESSAGE):
            if self._near(_P.WITHDRAW, part, _FAR):
                yield self._few_near(_P.WITHDRAW, 1), (_P.WITHDRAW, part)
        if self.has(_P.WHENCE) and (self._strange <= 1 or self.has(_P.NUMBER, _P.WRITE, _P.SEND)):
            yield False, (_P.WHENCE,)

    def _enough(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        """`Fed up with your messages`."""
        if self.has(_P.WEARY) and not self._is_refused(_P.WEARY):
            if self.has(_P.MESSAGE, _P.WRITE, _P.SEND):
                yield self._few_near(_P.WEARY), (_P.WEARY, _P.MESSAGE)
            else:
                yield False, (_P.WEARY,)

    def _perhaps(self) -> Iterator[tuple[bool, tuple[WishPart, ...]]]:
        """What says no, and speaks of messages, in a way that no rule above has foreseen: for a person."""
        ours = (_P.MESSAGE, _P.WRITE, _P.SEND)
        explained = any(no.about & _HARMLESS for no in self._refused) or self.has(_P.HAD, _P.ARRIVED)
        for no in (_P.REFUSE, _P.NONE):
            if not explained and any(self._around(no, part, _FAR) for part in ours):
                yield False, (no, _P.MESSAGE)
        if not explained and self.has(_P.REFUSE) and self.has(_P.MORE) and self.has(_P.ME):
            if self._strange <= _FEW:
                yield False, (_P.REFUSE, _P.MORE, _P.ME)
        if any(self._around(_P.ONLY, part, _REACH) for part in ours):
            yield False, (_P.ONLY, _P.WRITE)
        if self._around(_P.CEASE, _P.THESE, 1) and self._strange <= 1 and not self._is_refused(_P.CEASE):
            yield not self._strange, (_P.CEASE, _P.THESE)
        if self.has(_P.PESTER) and not self._is_refused(_P.PESTER):
            yield False, (_P.PESTER,)
        if self.has(_P.GONE) and (self._strange <= _FEW or self.has(*ours)):
            yield False, (_P.GONE,)

    def _is_refused(self, part: WishPart) -> bool:
        return any(part in no.about for no in self._refused)

    def _near(self, first: WishPart, second: WishPart, reach: int) -> bool:
        """Does the second stand behind the first?"""
        if first not in self._spans or second not in self._spans:
            return False
        pairs = product(self._spans[first], self._spans[second])
        return any(0 <= b.start - a.end <= reach for a, b in pairs)

    def _few_near(self, part: WishPart, few: int = _FEW) -> bool:
        """Do not many words that nobody knows stand near this part?"""
        return any(
            sum(span.start - _REACH <= at <= span.end + _FAR for at in self._unknown) <= few
            for span in self._spans.get(part, ())
        )

    def _around(self, one: WishPart, other: WishPart, reach: int) -> bool:
        """Does one stand near the other, in front of it, behind it, or in the same word?"""
        if one not in self._spans or other not in self._spans:
            return False
        pairs = product(self._spans[one], self._spans[other])
        return any(
            a.start <= b.start < a.end or 0 <= b.start - a.end <= reach or 0 <= a.start - b.end <= reach
            for a, b in pairs
        )


# --- a text ---

_CLAUSE_END = re.compile(r"[.!?;:…\n]+")
_COMMAS = re.compile(r"[,()–—]|\s-\s")


class Wishes:
    """Reads wishes. `knows` says of a word whether another vocabulary has it."""

    def __init__(self, rows: Iterable[WishRow], knows: Callable[[str], bool]) -> None:
        self._parts = _Parts(rows)
        self._knows = knows

    def knows(self, token: str) -> bool:
        """Is it a word of a wish by itself?"""
        return bool(self._parts.beginning_with(token)[0])

    def refuses(self, token: str) -> bool:
        """Is it a *no*?"""
        words, phrases = self._parts.beginning_with(token)
        return any(entry.part in (_P.REFUSE, _P.NONE, _P.HAD) for entry in (*words, *phrases))

    def read(self, plain_text: str) -> list[Clause]:
        """The clauses of a text that has no case and no accents any more."""
        return [self._clause(clause) for clause in _CLAUSE_END.split(plain_text) if clause.strip()]

    def _clause(self, clause: str) -> Clause:
        tokens, places = _tokens_and_places(clause)
        found, known = self._found(tokens, places)
        strange = [at for at, token in enumerate(tokens) if at not in known and not self._knows(token)]
        readings = list(_readings(found, [places[at] for at in strange]))
        wish = _surest(readings)
        stops_itself = wish is None and any(reading.stops_itself() for reading in readings)
        is_apart = stops_itself or (
            not (wish and wish.is_sure) and any(_explains(reading) for reading in readings)
        )
        wish = None if is_apart else wish
        if wish is None and not is_apart and strange:
            slipped = self._with_slips(tokens, places, found, strange)
            wish = slipped._replace(is_sure=False) if slipped else None
        if wish is None and not is_apart and not any(reading.welcomes_messages() for reading in readings):
            wish = next((each.mention() for each in readings if each.has(_P.MESSAGES)), None)
        beside = frozenset(token for at, token in enumerate(tokens) if at not in known)
        return Clause(tuple(tokens), wish, is_apart, stops_itself, beside)

    def _found(self, tokens: Sequence[str], places: Sequence[int]) -> tuple[_Found, set[int]]:
        """Where which parts stand, by language, and which words are known by that."""
        found: _Found = {}
        known: set[int] = set()
        for at, token in enumerate(tokens):
            words, phrases = self._parts.beginning_with(token)
            if words:
                here = _Span(places[at], places[at] + 1)
                known.add(at)
            for language, part, _ in words:
                found.setdefault(language, {}).setdefault(part, []).append(here)
            following = tokens[at + 1] if at + 1 < len(tokens) else ""
            for language, part, written in phrases:
                if written[1] != following and written[1][-1] not in "~*":
                    continue  # nearly always
                if end := end_of(written, tokens, at):
                    span = _Span(places[at], places[end - 1] + 1)
                    found.setdefault(language, {}).setdefault(part, []).append(span)
                    known.update(range(at, end))
        return found, known

    def _with_slips(
        self, tokens: Sequence[str], places: Sequence[int], found: _Found, strange: Sequence[int]
    ) -> Wish | None:
        """The same with words that may be mistyped, in languages of which there are other words."""
        slips = {at: entries for at in strange if (entries := self._parts.slipped(tokens[at]))}
        if not slips:
            return None
        found = {
            language: {part: list(spans) for part, spans in its.items()} for language, its in found.items()
        }
        for at, entries in slips.items():
            for language, part, _ in entries:
                if language in found:
                    found[language].setdefault(part, []).append(_Span(places[at], places[at] + 1))
        return _surest(_readings(found, [places[at] for at in strange if at not in slips]))


def _tokens_and_places(clause: str) -> tuple[list[str], list[int]]:
    """The words of a clause, and their places: words on two sides of a comma are farther from each other."""
    tokens: list[str] = []
    places: list[int] = []
    for at, piece in enumerate(_COMMAS.split(clause)):
        words = tokens_of(piece)
        first = len(tokens) + at * _COMMA
        places += range(first, first + len(words))
        tokens += words
    return tokens, places


def _readings(found: _Found, unknown: Sequence[int]) -> Iterator[_Reading]:
    shared = found.get("", {})
    for language, spans in found.items():
        if language and not (spans.keys() | shared.keys()).isdisjoint(_CORE):
            yield _Reading(language, _without_plain(spans, shared), unknown)


def _without_plain(
    own: Mapping[WishPart, list[_Span]], shared: Mapping[WishPart, list[_Span]]
) -> dict[WishPart, list[_Span]]:
    """Parts of one language and those of all, but for what stands in phrases that mean something else."""
    hidden = own.get(_P.PLAIN)
    if not hidden:
        return {**own, **{part: [*own.get(part, ()), *spans] for part, spans in shared.items()}}
    spans: dict[WishPart, list[_Span]] = {}
    for part in own.keys() | shared.keys():
        both = (span for parts in (own, shared) for span in parts.get(part, ()))
        if seen := [a for a in both if not any(b.start <= a.start and a.end <= b.end for b in hidden)]:
            spans[part] = seen
    return spans


def _explains(reading: _Reading) -> bool:
    """What one language explains is not for a person because of what another one reads into it."""
    return reading.wish is None and reading.says_no_to_something_else()


def _surest(readings: Iterable[_Reading]) -> Wish | None:
    wishes = [wish for reading in readings if (wish := reading.wish) is not None]
    return max(wishes, key=lambda wish: wish.is_sure, default=None)
