"""What the wording rules read, what they know of languages, and what they find.

A Draft is one rendered text with its words, links and sentences, worked out once, when first asked for. Which
rules there are, and what a finding means for the send, is said in `wording.py`. What a text costs is only
ever measured by `segments.py`; words of languages come as WordLists, from a file that `files/` reads.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from smscli.domain.campaign import Purpose, Severity
from smscli.domain.segments import Segments, Unsendable, measure

if TYPE_CHECKING:
    from linkify_it import LinkifyIt


class WordingRule(StrEnum):
    """The codes of the rules. They are the API."""

    SENDER_NOT_NAMED = "sender_not_named"
    OPT_OUT_MISSING = "opt_out_missing"
    OPT_OUT_OTHER_LANGUAGE = "opt_out_other_language"
    OPT_OUT_NOT_UNDERSTOOD = "opt_out_not_understood"
    OPT_OUT_NOT_RECEIVABLE = "opt_out_not_receivable"
    LABEL_MISSING = "label_missing"
    ASKS_PERSONAL_DATA = "asks_personal_data"
    UNRENDERED_PLACEHOLDER = "unrendered_placeholder"
    PROMOTION_IN_TRANSACTIONAL = "promotion_in_transactional"
    PUBLIC_SHORTENER = "public_shortener"
    PLAIN_HTTP = "plain_http"
    MOJIBAKE = "mojibake"
    LOOK_ALIKE_LETTERS = "look_alike_letters"
    INVISIBLE_CHARACTERS = "invisible_characters"
    GSM7_BREAKERS = "gsm7_breakers"
    EMOJI = "emoji"
    JUST_OVER = "just_over"
    STRAY_SPACES = "stray_spaces"
    SHOUTING = "shouting"
    LEET = "leet"
    ABBREVIATIONS = "abbreviations"
    ONE_WORD = "one_word"
    MANY_SENTENCES = "many_sentences"
    ONE_WAY_OUT = "one_way_out"
    NOT_PERSONAL = "not_personal"
    SEVERAL_SEGMENTS = "several_segments"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has against a text. The rule is the API, message and suggestion are copy.

    `start` and `end` are places in the rendered text (0, 0: the whole of it). `saves` is in segments. Where
    `replacement` is not None, it can stand between start and end instead, and then saves just that.
    """

    rule: WordingRule
    severity: Severity
    start: int
    end: int
    message: str
    suggestion: str = ""
    saves: int = 0
    replacement: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One text as somebody would read it, and what is known of it.

    `countries` are those it goes to. `values` came from the list: a name in capitals is nobody's shouting.
    `labels` are, by country, marks of which an advertisement must bear one; in those of `labels_first` it
    begins with it. `understood` tells whether our
    own opt-out words take a word for an opt-out (None: nobody can say). `sender_receives`: can one reply?
    """

    body: str
    language: str
    purpose: Purpose
    brand: str
    sender: str
    segments: Segments
    sender_receives: bool
    countries: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels_first: frozenset[str] = frozenset()
    understood: Callable[[str], bool] | None = None


# --- words of languages ---


class ListKind(StrEnum):
    """What the words of a list are for."""

    OPT_OUT = "opt_out"  # that a text offers a way out: unsubscribe, opt out
    REPLY = "reply"  # verbs that ask for an answer by text: reply, text
    ASK = "ask"  # that something is asked for: send us, tell us
    SECRET = "secret"  # noqa: S105  what a text must not ask for: PIN, password
    CODE = "code"  # the same, unless the text itself gives it: code
    NEVER = "never"  # that it is not asked for: never, do not
    PROMOTION = "promotion"
    ABBREVIATION = "abbreviation"
    LEET = "leet"  # words that are written with digits
    DOTTED = "dotted"  # abbreviations whose full stop ends no sentence


@dataclass(frozen=True)
class WordList:
    """Folded phrases and what to write instead (`""`: nothing in particular).

    A last word that ends in `*` stands for all that begin so. `confirmed`: a native speaker or a source said
    that the words are right; other lists trip nothing unless a campaign asks for their rule by name.
    """

    phrases: Mapping[tuple[str, ...], str]
    confirmed: bool
    source: str

    @cached_property
    def by_word(self) -> Mapping[str, list[tuple[tuple[str, ...], str]]]:
        """The phrases by their first word, or by its first letters and a `*`."""
        found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for phrase, instead in self.phrases.items():
            word = phrase[0]
            key = f"{word[:_PREFIX]}*" if word[-1] == "*" else word
            found.setdefault(key, []).append((phrase, instead))
        return found


#: A word with any ending begins with so many letters at least.
_PREFIX = 2


@dataclass(frozen=True, slots=True)
class WordLists:
    """All lists by language code and kind, and the hosts of public link shorteners."""

    by_language: Mapping[str, Mapping[ListKind, tuple[WordList, ...]]]
    shorteners: frozenset[str]

    def of(self, language: str, kind: ListKind) -> tuple[WordList, ...]:
        """The lists of a language (its primary part)."""
        return self.by_language.get(primary(language), {}).get(kind, ())

    def has(self, language: str, kind: ListKind, word: str) -> bool:
        """Is it, folded, a word of one of these lists?"""
        return any((word,) in known.phrases for known in self.of(language, kind))


def primary(language: str) -> str:
    """`pt` of `pt-BR`."""
    return language.partition("-")[0].lower()


# --- letters ---

_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
#: Latin capitals stand for the Greek ones that look the same in texts that are spelt for GSM-7.
_AS_GREEK = str.maketrans("ABEZHIKMNOPTYX", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
#: Letters that have no decomposition, and the apostrophes of phones.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "’": "'", "ʼ": "'"})


@lru_cache(maxsize=8_192)  # a list has as many names; the texts themselves a few hundred words
def fold(word: str) -> str:
    """The same for all spellings of a word: case, accents, apostrophes, Greek in GSM-7 capitals."""
    if word.isascii():
        return word.lower()
    if _GREEK.search(word):
        word = word.translate(_AS_GREEK)
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    return "".join(each for each in letters if not unicodedata.combining(each)).translate(_PLAIN)


# --- one text ---


class Part(StrEnum):
    """What a piece of a text is."""

    WORD = "word"
    LINK = "link"
    MAIL = "mail"
    PHONE = "phone"


#: Ways to answer other than by text.
WAYS = frozenset({Part.LINK, Part.MAIL, Part.PHONE})


class Piece(NamedTuple):
    """A word, link, e-mail address or phone number; `at` is its sentence, from 0."""

    part: Part
    start: int
    end: int
    text: str
    folded: str
    at: int


class Found(NamedTuple):
    """What a rule found, before it is known how much that matters. As a Finding."""

    start: int
    end: int
    message: str
    suggestion: str = ""
    saves: int = 0
    replacement: str | None = None


class Hit(NamedTuple):
    """A phrase of a list in a text: its first word, the one behind its last, and what to write instead."""

    first: int
    behind: int
    instead: str


_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_PHONE = re.compile(r"(?<![\w+])\+?\(?\d(?:[ ()./-]{0,2}\d){6,14}(?!\w)")
_MARK = re.compile(r"(?:[.!?…\u037e]|(?<=[^\W_]);)+(?=[\s\"'»”’)]|$)")
_MONTH_DAY = 2  # digits before a full stop that may be an ordinal: `3. Mai`


class Draft:
    """A text before the rules. `named` are rules that the campaign asks for by name."""

    def __init__(self, reading: Reading, lists: WordLists, named: frozenset[str] = frozenset()) -> None:
        self.reading = reading
        self.lists = lists
        self.named = named
        self.body = reading.body
        self.language = primary(reading.language)

    def saved(self, instead: str) -> int:
        """How many segments fewer another text would need; 0 where it cannot be sent."""
        try:
            return max(0, self.reading.segments.count - measure(instead).count)
        except Unsendable:
            return 0

    def replaced(self, start: int, end: int, message: str, suggestion: str, by: str) -> Found:
        """Found, with something to stand there instead and what that saves."""
        saves = self.saved(self.body[:start] + by + self.body[end:])
        return Found(start, end, message, suggestion, saves, by)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Everything in the text that is a word or takes the place of one, in order."""
        ways = sorted((*self.links, *self.phones))
        found: list[tuple[int, int, Part]] = [(start, end, part) for start, end, part in ways]
        covered = 0
        bounds = [*ways, (len(self.body), len(self.body), Part.WORD)]
        for start, end, _ in bounds:
            words = _WORD.finditer(self.body, covered, max(covered, start))
            found += [(each.start(), each.end(), Part.WORD) for each in words]
            covered = max(covered, end)
        return tuple(self._piece(*each) for each in sorted(found))

    def _piece(self, start: int, end: int, part: Part) -> Piece:
        text = self.body[start:end]
        folded = fold(text) if part is Part.WORD else ""
        return Piece(part, start, end, text, folded, bisect_right(self.ends, start))

    @cached_property
    def words(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.part is Part.WORD)

    @cached_property
    def links(self) -> tuple[tuple[int, int, Part], ...]:
        """Links and e-mail addresses, written out or not (`bit.ly/x`)."""
        if "." not in self.body:
            return ()
        found = _linkify().match(self.body) or ()
        return tuple(
            (each.index, each.last_index, Part.MAIL if each.schema == "mailto:" else Part.LINK)
            for each in found
        )

    @cached_property
    def phones(self) -> tuple[tuple[int, int, Part], ...]:
        """What may be phone numbers, outside links."""
        found = [each.span() for each in _PHONE.finditer(self.body)]
        return tuple(
            (start, end, Part.PHONE)
            for start, end in found
            if not any(start < link_end and link_start < end for link_start, link_end, _ in self.links)
        )

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where sentences end: behind their marks. The last one may lack its mark."""
        links = [(start, end) for start, end, _ in self.links]
        return tuple(
            found.end()
            for found in _MARK.finditer(self.body)
            if not any(start <= found.start() < end for start, end in links) and self._is_end(found)
        )

    def _is_end(self, mark: re.Match[str]) -> bool:
        before, behind = self.body[: mark.start()], self.body[mark.end() :].lstrip(" \"'»”’)")
        if behind[:1].islower():
            return False
        if mark[0] == ";":  # the question mark of Greek, a pause elsewhere
            return self.language == "el"
        if mark[0] != ".":
            return True
        word = re.search(r"[^\W_]+(?:\.[^\W_]+)*$", before)
        if word is None or not behind or before[: word.start()].endswith((":", ",")):  # 18:00, 9,50
            return True
        return not self._is_dotted(word[0])

    def _is_dotted(self, word: str) -> bool:
        """Does the word end in a full stop of its own: `ul.`, `z.B.`, an initial, `3.` of a date?"""
        if word.isdecimal():
            return len(word) <= _MONTH_DAY
        short = fold(word)
        is_initial = len(short.rpartition(".")[2]) == 1
        return is_initial or self.lists.has(self.language, ListKind.DOTTED, short)

    # --- phrases ---

    def hits(self, kind: ListKind, language: str, pieces: Sequence[Piece] | None = None) -> Iterator[Hit]:
        """Where phrases of these lists stand in some pieces (else in all)."""
        everything = self.pieces if pieces is None else pieces
        for known in self.lists.of(language, kind):
            yield from _hits(known, everything)

    def tripping(self, kind: ListKind, rule: WordingRule, language: str) -> Iterator[Hit]:
        """The same for words that trip a rule: of lists nobody confirmed only where it is asked for."""
        for known in self.trusted(kind, rule, language):
            yield from _hits(known, self.pieces)

    def trusted(self, kind: ListKind, rule: WordingRule, language: str) -> Iterator[WordList]:
        """The lists that may trip a rule."""
        return (each for each in self.lists.of(language, kind) if each.confirmed or rule in self.named)

    @cached_property
    def reads_like(self) -> tuple[str, ...]:
        """The language of the text, and English, whose words are used everywhere."""
        return tuple(dict.fromkeys((self.language, "en")))


#: Top-level domains beside those of countries and the oldest, as links in texts have them. All 1,500 would
#: take a tenth of a second more, and make a link of many a forgotten space.
_MORE_TLDS = (
    "app",
    "club",
    "dev",
    "example",
    "link",
    "live",
    "online",
    "page",
    "site",
    "store",
    "tel",
    "top",
)


@cache
def _linkify() -> LinkifyIt:
    from linkify_it import LinkifyIt  # takes 15 ms, and most commands read no text

    return LinkifyIt().tlds(list(_MORE_TLDS), True)


def _hits(known: WordList, pieces: Sequence[Piece]) -> Iterator[Hit]:
    by_word = known.by_word
    for at, piece in enumerate(pieces):
        for key in (piece.folded, f"{piece.folded[:_PREFIX]}*"):
            for phrase, instead in by_word.get(key, ()):
                if _matches(phrase, pieces, at):
                    yield Hit(at, at + len(phrase), instead)


def _matches(phrase: tuple[str, ...], pieces: Sequence[Piece], at: int) -> bool:
    if at + len(phrase) > len(pieces):
        return False
    for word, piece in zip(phrase, pieces[at : at + len(phrase)], strict=True):
        if piece.folded != word and not (word[-1] == "*" and piece.folded.startswith(word[:-1])):
            return False
    return True
