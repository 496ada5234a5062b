"""Where a text offers a way out: the word to answer with, or a link, address or phone number.

    "Reply STOP to opt out"                 the word STOP
    "Rezygnacja: https://gg.example/x"      a link

Goes by the words around: a word in capitals or quotes, or right behind `reply`, is one to answer with where
the same sentence speaks of opting out; or where it says so itself and stands by a verb, by a number to text,
or by itself at the end.
A language without a list gets the benefit of the doubt: any word that we take for an opt-out will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from typing import NamedTuple

from smscli.domain.wording_reading import WAYS, Draft, Hit, ListKind, Part, Piece, fold

#: So many words may stand between what belongs together.
_NEAR = 8
_VERB_NEAR = 4
_NUMBER_NEAR = 3
#: `STOP to +1 202 555 0143`, but not `STOP or call +1 202 555 0143`.
_TEXTED_NEAR = 2
#: In front of a phrase, a link belongs to what was said before, unless it is as close as this.
_LINK_BEFORE = 2

_QUOTES = frozenset("\"'“”„‚‘’«»‹›")
_SET_OFF = frozenset(":=")
_CAPITALS = re.compile("[A-Z]{2,}")
_SHORT_CODE = re.compile(r"\d{3,6}(?!\d)")
#: In capitals, but no word to answer with.
_NO_ANSWER = frozenset({"sms", "mms", "txt", "text", "info", "tel", "nr", "no", "www"})


class Offer(NamedTuple):
    """A way out: `word` to answer with (empty: another way). `languages` are those of the words around it.

    `reachable`: it can be gone from any sender, because it is no answer or names a number to text.
    """

    start: int
    end: int
    word: str
    at: int
    languages: frozenset[str]
    reachable: bool


@lru_cache(maxsize=4)  # several rules ask the same of one text
def offers(draft: Draft) -> tuple[Offer, ...]:
    """Every way out that the text offers, in order."""
    found: list[Offer] = []
    for _, pieces in groupby(draft.pieces, lambda piece: piece.at):
        found += _Sentence(draft, tuple(pieces)).offers()
    if not found and draft.language not in draft.lists.by_language:
        found += _doubtful(draft)
    return tuple(sorted(found))


def kinds_of_ways(draft: Draft) -> frozenset[Part]:
    """How many sorts of ways out there are: a word to answer with, a link, an address, a phone number.

    What stands between an offer and the words that speak of it is one too: `Reply STOP or open LINK to opt
    out`. A number that a word is to be texted to belongs to the word.
    """
    found = offers(draft)
    kinds = {Part.WORD} if any(offer.word for offer in found) else set()
    for sentence, pieces in groupby(draft.pieces, lambda piece: piece.at):
        inside = [offer for offer in found if offer.at == sentence]
        if inside:
            kinds |= _Sentence(draft, tuple(pieces)).ways_among(inside)
    return frozenset(kinds)


def understood(draft: Draft, word: str) -> bool:
    """Do our own opt-out words take it for an opt-out, as far as that can be said?"""
    ask = draft.reading.understood
    return ask is not None and ask(word)


def _doubtful(draft: Draft) -> Iterator[Offer]:
    """What may be a way out in a language whose words are not known, or that puts no space between them."""
    for piece in draft.pieces:
        if piece.part in WAYS:
            yield Offer(piece.start, piece.end, "", piece.at, frozenset(), True)
        for word in _CAPITALS.finditer(piece.text):
            if understood(draft, word[0]):
                start, end = piece.start + word.start(), piece.start + word.end()
                yield Offer(start, end, word[0], piece.at, frozenset(), False)


@dataclass(frozen=True)
class _Sentence:
    """The pieces of one sentence."""

    draft: Draft
    pieces: tuple[Piece, ...]

    def offers(self) -> Iterator[Offer]:
        if not self.signals and not any(understood(self.draft, self.pieces[at].text) for at in self.spoken):
            return
        for at in self._candidates():
            if self._is_offered(at):
                yield self._offer(at, self.pieces[at].text)
        for _, signal in self.signals:
            for at in self._ways_of(signal):
                yield self._offer(at, "")

    def _offer(self, at: int, word: str) -> Offer:
        piece = self.pieces[at]
        others = [language for language, hit in self.signals if not hit.first <= at < hit.behind]
        languages = frozenset((*others, *(language for language, _ in self.verbs)))
        reachable = not word or self._near_number(at)
        return Offer(piece.start, piece.end, word, piece.at, languages, reachable)

    def ways_among(self, found: Sequence[Offer]) -> frozenset[Part]:
        """Of the ways other than words: those from the first of what speaks of opting out to the last."""
        starts = [offer.start for offer in found]
        starts += [self.pieces[hit.first].start for _, hit in self.signals]
        texted = {
            behind
            for at, piece in enumerate(self.pieces)
            if any(offer.word and offer.start == piece.start for offer in found)
            for behind in range(at + 1, at + 1 + _TEXTED_NEAR)
        }
        return frozenset(
            piece.part
            for at, piece in enumerate(self.pieces)
            if piece.part in WAYS
            and min(starts) <= piece.start <= max(starts)
            and not (piece.part is Part.PHONE and at in texted)
        )

    # --- what the sentence has ---

    @cached_property
    def signals(self) -> tuple[tuple[str, Hit], ...]:
        """Phrases that speak of opting out, with their languages."""
        return self._hits(ListKind.OPT_OUT)

    @cached_property
    def verbs(self) -> tuple[tuple[str, Hit], ...]:
        """Verbs that ask for an answer, with their languages."""
        return self._hits(ListKind.REPLY)

    def _hits(self, kind: ListKind) -> tuple[tuple[str, Hit], ...]:
        draft = self.draft
        return tuple(
            (language, hit)
            for language in draft.lists.by_language
            for hit in draft.hits(kind, language, self.pieces)
        )

    @cached_property
    def spoken(self) -> tuple[int, ...]:
        """The words that stand there as words to answer with."""
        behind_verbs = {hit.behind for _, hit in self.verbs}
        return tuple(
            at
            for at, piece in enumerate(self.pieces)
            if piece.part is Part.WORD and self._is_spoken(at, at in behind_verbs)
        )

    def _is_spoken(self, at: int, behind_verb: bool) -> bool:
        piece = self.pieces[at]
        if piece.folded in _NO_ANSWER or piece.folded in _brand(self.draft.reading.brand):
            return False
        body = self.draft.body
        quoted = body[piece.start - 1 : piece.start] in _QUOTES and body[piece.end : piece.end + 1] in _QUOTES
        in_capitals = piece.text.isupper() and len(piece.text) > 1
        is_figure = piece.text.isdecimal() and len(piece.text) == 1
        if in_capitals or quoted or (behind_verb and is_figure):
            return True
        by_number = piece.text.istitle() and self._near_number(at)  # Stop SMS: 36123
        return (behind_verb or by_number) and self._says_opt_out(piece.text)

    def _says_opt_out(self, word: str) -> bool:
        lists, folded = self.draft.lists, fold(word)
        known = any(lists.has(language, ListKind.OPT_OUT, folded) for language in lists.by_language)
        return known or understood(self.draft, word)

    # --- what belongs together ---

    def _candidates(self) -> Sequence[int]:
        """Those that are opt-outs themselves; else all."""
        opt_outs = [at for at in self.spoken if self._says_opt_out(self.pieces[at].text)]
        return opt_outs or self.spoken

    def _is_offered(self, at: int) -> bool:
        if any(not hit.first <= at < hit.behind and _apart(hit, at) <= _NEAR for _, hit in self.signals):
            return True
        by_verb = any(_apart(hit, at) <= _VERB_NEAR for _, hit in self.verbs)
        stands_out = by_verb or self._near_number(at) or self._is_set_off(at)
        return stands_out and self._says_opt_out(self.pieces[at].text)

    def _is_set_off(self, at: int) -> bool:
        """Is it the last word of the text, or beside a colon or an equals sign: `STOP=end`?"""
        body, piece = self.draft.body, self.pieces[at]
        beside = body[: piece.start].rstrip()[-1:] + body[piece.end :].lstrip()[:1]
        return piece == self.draft.pieces[-1] or bool(_SET_OFF & frozenset(beside))

    def _near_number(self, at: int) -> bool:
        behind = self.pieces[at + 1 : at + 1 + _NUMBER_NEAR]
        return any(piece.part is Part.PHONE or _SHORT_CODE.match(piece.text) for piece in behind)

    def _ways_of(self, signal: Hit) -> Iterator[int]:
        behind = range(signal.behind, min(signal.behind + _NEAR, len(self.pieces)))
        ways = [at for at in behind if self.pieces[at].part in WAYS]
        if not ways and not any(_apart(signal, at) <= _NEAR for at in self._candidates()):
            before = range(max(0, signal.first - _LINK_BEFORE), signal.first)
            ways = [at for at in before if self.pieces[at].part in WAYS]
        yield from ways


def _apart(hit: Hit, at: int) -> int:
    """How many words from a phrase to a word, on either side; 0 inside it."""
    return max(hit.first - at, at - hit.behind + 1, 0)


@lru_cache(maxsize=64)
def _brand(brand: str) -> frozenset[str]:
    return frozenset(fold(word) for word in re.findall(r"\w+", brand))
