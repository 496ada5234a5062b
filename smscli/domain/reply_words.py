"""Is this reply an opt-out, an opt-in, a call for help, or one for a person to read?

    classify("Please STOP, thank you", words)            Classified(OPT_OUT, "the word STOP", "", "en")

A text is read as words and phrases of a vocabulary (`reply_words.yaml`). It is an opt-out if it has a stop
word and nothing but known words beside it, a phrase that means one anywhere, or a wish in words of one's own
(`reply_wishes`). Whatever may be one and is not clear goes to a person (47 CFR 64.1200(a)(10): any words by
which a reasonable person would understand it). An opt-in is an exact word or it is none. Knows neither the
person nor what was sent to them: a bare `no` may answer a question.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from smscli.domain.replies import Classified, ReplyClass
from smscli.domain.reply_letters import (
    GAP,
    TOKEN,
    end_of,
    is_slip,
    parts_of,
    plain,
    plain_words,
    squeezed,
    tokens_of,
    without_one,
)
from smscli.domain.reply_wishes import Clause, Wishes, WishRow

__all__ = ["ReplyWords", "WordKind", "WordRow", "classify", "plain_words"]


class WordKind(StrEnum):
    """What a word or phrase does in a reply; the file says it of each, and in more words."""

    STOP = "stop"
    END = "end"
    ALONE = "alone"
    PHRASE = "phrase"
    NOT_STOP = "not_stop"
    NO = "no"
    YES = "yes"
    START = "start"
    HELP = "help"
    COURTESY = "courtesy"
    CLOSING = "closing"
    FILLER = "filler"
    MESSAGE = "message"
    SUBJECT = "subject"
    ALL = "all"
    CONDITION = "condition"
    READ = "read"
    AUTOMATIC = "automatic"
    # Not of the file: what a campaigns file calls its own.
    TOPIC = "topic"
    BRAND = "brand"


_K = WordKind


@dataclass(frozen=True, slots=True)
class WordRow:
    """Words and phrases of one language and kind, where they come from, and whether that confirms them."""

    language: str
    kind: WordKind
    confirmed: bool
    source: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReplyWords:
    """The vocabulary. Compared by identity: one is read once, and is long."""

    rows: tuple[WordRow, ...]
    wishes: tuple[WishRow, ...] = ()


def classify(
    text: str,
    words: ReplyWords,
    *,
    keywords: Mapping[str, str] | None = None,
    topics: Collection[str] = (),
    brand: str = "",
) -> Classified:
    """What a reply is. `keywords` are opt-in words of the number it was sent to, with their topics.

    Never raises, whatever the text. A keyword that is an opt-out word is one.
    """
    keywords = keywords or {}
    return _reader(words, tuple(sorted(keywords.items())), tuple(sorted(topics)), brand).classify(text)


# --- what is no wording of anybody's ---

#: Signs that mean stop without a word; 🖕 is an insult.
_STOP_SIGNS = frozenset("🛑⛔🚫🔕✋🖕📵")

#: What telephones send when somebody taps a heart: our own words come back in quotes.
_REACTION = re.compile(
    r"\s*(?:liked|loved|laughed at|emphasi[sz]ed|questioned|reacted .{1,20} to|removed an? .{1,20} from"
    r"|polubion\w+|polubił\w*|gefällt .{0,20}|a aimé|a adoré|le gustó|le encantó|понравилось|curtiu"
    r"|ha messo .{1,20} a|mi piace|beğendi|disukai)\s*[:\s][“”\"„«‘].*[”“\"»’]\s*",
    re.IGNORECASE | re.DOTALL,
)


# --- the vocabulary ---


class _Entry(NamedTuple):
    """A word or phrase. Its parts are words, beginnings of words (`~`), and gaps (`*`)."""

    kind: WordKind
    written: str
    language: str
    parts: tuple[str, ...]
    topic: str = ""

    @property
    def readable(self) -> str:
        """As people read it: `…` where more letters, or words, may stand."""
        return self.written.replace("~", "…").replace(GAP, "…")

    @property
    def shown(self) -> str:
        """A word in capitals, as people write it."""
        return self.readable.upper()


class _Mark(NamedTuple):
    """So many words of a text, and what they are; None for what nobody knows."""

    entry: _Entry | None
    length: int

    @property
    def is_doubt(self) -> bool:
        """One word that somebody should read: it may be a stop word with a slip."""
        return self.length == 1 and self.entry is not None and self.entry.kind is _K.READ


#: Which of several entries of the same words counts.
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (
            *(_K.PHRASE, _K.NOT_STOP, _K.STOP, _K.END, _K.NO, _K.START, _K.HELP, _K.ALONE, _K.READ),
            *(_K.AUTOMATIC, _K.CLOSING, _K.COURTESY, _K.YES, _K.ALL, _K.MESSAGE, _K.SUBJECT, _K.CONDITION),
            _K.FILLER,
        )
    )
}

_CLEAR = frozenset({_K.PHRASE, _K.NOT_STOP, _K.STOP, _K.END})

#: Below this a slip of the keyboard makes another word too easily: cancer is not cancel.
_SURE_LENGTH, _LEAST_LENGTH = 8, 6

_DIGITS_AS_LETTERS = (str.maketrans("0134578", "oieastb"), str.maketrans("0134578", "oleastb"))

#: Nobody writes longer words; their beginnings tell.
_LONGEST_WORD = 40

#: One slip away from `stop`, and words of their own.
_NEAR_STOP = frozenset({"stop", "ctop"})
_NOT_NEAR_STOP = frozenset(
    {"top", "shop", "step", "stow", "slop", "atop", "swop", "sto", "stok", "stos", "sop", "stoi", "stoj"}
    | {"stoy", "stor", "stot", "ston", "stou", "stomp", "esto"}
)


class _Vocabulary:
    """Entries by how they begin."""

    def __init__(self, words: ReplyWords) -> None:
        self._by_word: dict[str, list[_Entry]] = {}
        self._by_two: dict[tuple[str, str], list[_Entry]] = {}  # most phrases: `no` begins a hundred
        self._by_beginning: dict[str, list[_Entry]] = {}
        self._single: dict[str, _Entry] = {}
        self._squeezed: dict[str, _Entry] = {}
        self._slips: dict[str, _Entry] = {}
        self.starts: dict[tuple[str, ...], _Entry] = {}
        self._number = _Entry(_K.FILLER, "a number", "", ("0",))
        for row in words.rows:
            for written in row.words:
                self._add(row, written)
        self.wishes = Wishes(words.wishes, self.knows)
        for entries in chain(self._by_word.values(), self._by_two.values(), self._by_beginning.values()):
            entries.sort(key=lambda entry: _RANK[entry.kind])
        self._lengths = sorted({len(start) for start in self._by_beginning})
        self._longest = max(map(len, self._single), default=0)  # behind it a long word costs nothing
        # People use the same few thousand words.
        self._first_word = lru_cache(maxsize=1 << 16)(self._of_first_word)
        self.guess = lru_cache(maxsize=1 << 16)(self._guess)

    def _add(self, row: WordRow, written: str) -> None:
        entry = _Entry(row.kind, written, row.language, parts_of(written))
        if not entry.parts:
            return
        if row.kind is _K.START and row.confirmed:
            self.starts.setdefault(tuple(plain_words(written)), entry)
        first, *rest = entry.parts
        if first.endswith("~"):
            self._by_beginning.setdefault(first[:-1], []).append(entry)
        elif rest and rest[0] != GAP and not rest[0].endswith("~"):
            self._by_two.setdefault((first, rest[0]), []).append(entry)
        else:
            self._by_word.setdefault(first, []).append(entry)
            if not rest:
                self._add_single(first, entry)

    def _add_single(self, word: str, entry: _Entry) -> None:
        known = self._single.get(word)
        if known is None or _RANK[entry.kind] < _RANK[known.kind]:
            self._single[word] = entry
        if entry.kind in (_K.STOP, _K.END, _K.ALONE, _K.COURTESY) and len(word) > 2:
            self._squeezed.setdefault(squeezed(word), entry)
        if entry.kind is _K.STOP and len(word) >= _LEAST_LENGTH:
            for slip in (word, *without_one(word)):
                self._slips.setdefault(slip, entry)

    def longest(self, tokens: Sequence[str], at: int) -> tuple[_Entry, int] | None:
        """The longest entry that begins at this word, and how many words it takes.

        A clear wish does not vanish in a longer entry that only asks for a reader.
        """
        best: tuple[_Entry, int] | None = None
        rank = (False, 0, 0)
        for entry in self._beginning_with(tokens, at):
            length = end_of(entry.parts, tokens, at) - at
            its = (entry.kind in _CLEAR, length, -_RANK[entry.kind])
            if length > 0 and (best is None or its > rank):
                best, rank = (entry, length), its
        return best

    def _beginning_with(self, tokens: Sequence[str], at: int) -> Iterable[_Entry]:
        entries = self._first_word(tokens[at])
        if at + 1 < len(tokens):
            pairs = self._by_two.get((tokens[at], tokens[at + 1]))
            return entries if pairs is None else (*entries, *pairs)
        return entries

    def _of_first_word(self, token: str) -> tuple[_Entry, ...]:
        """Entries that may begin with this word, but for those that need a certain second one."""
        lengths = (length for length in self._lengths if length <= len(token))
        cut = (self._by_beginning.get(token[:length], ()) for length in lengths)
        return (*self._by_word.get(token, ()), *chain.from_iterable(cut))

    def single(self, token: str) -> _Entry | None:
        return self._single.get(token)

    def knows(self, token: str) -> bool:
        """Is it a word by itself, or a number?"""
        return token in self._single or token.isdigit()

    def limits(self, token: str) -> bool:
        """Does this word make a wish one for certain hours or cases?"""
        single = self._single.get(token)
        return single is not None and single.kind is _K.CONDITION

    def _guess(self, token: str) -> tuple[_Entry, bool] | None:
        """What an unknown word is meant to be, and whether that is sure: stretched, with digits for letters,
        glued to another, or with a slip of the keyboard."""
        if token.isdigit():
            return self._number, True
        if len(token) > _LONGEST_WORD:
            token = squeezed(token)[:_LONGEST_WORD]
        if found := self._stretched(token) or self._with_digits(token):
            return found, True
        glued = self._glued(token)
        return glued if glued is not None else self._slipped(token)

    def _stretched(self, token: str) -> _Entry | None:
        once = squeezed(token)
        return self._squeezed.get(once) if once != token else None

    def _with_digits(self, token: str) -> _Entry | None:
        if token.isalpha() or not any(map(str.isalpha, token)):
            return None
        for letters in (token.translate(table) for table in _DIGITS_AS_LETTERS):
            found = self._single.get(letters) or self._stretched(letters)
            if found is not None and found.kind in (_K.STOP, _K.END):
                return found
        return None

    def _glued(self, token: str) -> tuple[_Entry, bool] | None:
        """`stopsms`, `pleasestop`. A stop word in front of something unknown is not sure."""
        loose: tuple[_Entry, bool] | None = None
        ends, longest = len(token) - 1, self._longest
        for at in chain(range(ends, max(longest, ends - longest), -1), range(min(longest, ends), 0, -1)):
            head, tail = self._single.get(token[:at]), self._single.get(token[at:])
            if head is not None and head.kind is _K.STOP and at >= 4:
                if tail is not None and tail.kind in _KNOWN and len(token) - at > 1:
                    return head, True
                loose = loose or (head, False)
            if tail is not None and tail.kind is _K.STOP and len(token) - at >= 4:
                if head is not None and head.kind in _KNOWN and at > 1:
                    return tail, True
        return loose

    def _slipped(self, token: str) -> tuple[_Entry, bool] | None:
        if _LEAST_LENGTH - 1 <= len(token) <= self._longest + 1:
            for slip in (token, *without_one(token)):
                found = self._slips.get(slip)
                if found is not None and abs(len(found.parts[0]) - len(token)) <= 1:
                    return found, min(len(token), len(found.parts[0])) >= _SURE_LENGTH
        return None

    def near_stop(self, token: str) -> bool:
        """Is a lone word one slip away from STOP, and no word of its own?"""
        if not 3 <= len(token) <= 5 or token in _NOT_NEAR_STOP:
            return False
        return any(is_slip(token, word) for word in _NEAR_STOP)


# --- reading one text ---

#: What may stand beside a stop word, and it is an opt-out still. Insults among them: the wish is clear.
_KNOWN = frozenset(
    {_K.STOP, _K.END, _K.ALONE, _K.COURTESY, _K.CLOSING, _K.FILLER, _K.MESSAGE, _K.SUBJECT, _K.ALL, _K.READ}
    | {_K.YES, _K.TOPIC, _K.BRAND}
)
_WHAT_WE_SEND = frozenset({_K.MESSAGE, _K.SUBJECT, _K.ALL, _K.TOPIC, _K.BRAND})
#: What keeps a clause from being set aside: it may mean stop after all.
_WORRYING = frozenset({_K.STOP, _K.END, _K.ALONE, _K.READ})
_POLITE = frozenset({_K.COURTESY, _K.CLOSING})

#: Words of a clear wish; words that are still a short text; words of a name below a text.
_MOST_CLEAR, _SHORT, _NAME = 16, 4, 4


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text as what its words are. `loose` is a word that may have been meant as a stop word."""

    tokens: tuple[str, ...]
    marks: tuple[_Mark, ...]
    kinds: frozenset[WordKind]
    unknown: int
    loose: _Entry | None

    def first(self, *kinds: WordKind) -> _Entry | None:
        return next((mark.entry for mark in self.marks if mark.entry and mark.entry.kind in kinds), None)


class _Reader:
    """Classifies replies to one number of ours."""

    def __init__(
        self, words: _Vocabulary, keywords: Iterable[tuple[str, str]], topics: Iterable[str], brand: str
    ) -> None:
        self._words = words
        self._keywords = {tuple(plain_words(word)): (word, topic) for word, topic in keywords}
        named = [_Entry(_K.TOPIC, topic, "", parts_of(topic), topic) for topic in topics]
        named.append(_Entry(_K.BRAND, brand, "", parts_of(brand)))
        self._named = [entry for entry in named if entry.parts and not self._is_any(entry)]
        self._first_named = frozenset(entry.parts[0] for entry in self._named)
        self._topics = {entry.parts: entry for entry in self._named if entry.kind is _K.TOPIC}
        self.classify = lru_cache(maxsize=4096)(self._classify)

    def _is_any(self, entry: _Entry) -> bool:
        """Is a topic called `sms`? STOP SMS means everything."""
        single = self._words.single(entry.parts[0]) if len(entry.parts) == 1 else None
        return single is not None and single.kind in (_K.MESSAGE, _K.ALL)

    def _classify(self, text: str) -> Classified:
        if _REACTION.fullmatch(text):
            return Classified(ReplyClass.OTHER, "a reaction that quotes a message")
        folded = plain(text)
        marked = self._marked(tokens_of(folded))
        found = self._opt_out(marked)
        if found is None or found.kind is ReplyClass.REVIEW:
            found = self._by_lines(text) or found
        if found is not None and found.kind is ReplyClass.OPT_OUT and not self._begins_with_a_no(marked):
            return found
        clauses = self._words.wishes.read(folded)
        if any(clause.is_apart for clause in clauses):
            marked = self._marked(self._tokens(clauses))
            found = self._opt_out(marked)
        if found is None or found.kind is ReplyClass.REVIEW:
            found = self._wished(clauses, marked, found)
        if found is not None and found.kind is ReplyClass.OPT_OUT:
            return found
        return self._opt_in(folded) or found or self._else(text, marked)

    def _begins_with_a_no(self, marked: _Marked) -> bool:
        """Is it one by a phrase such as `keine SMS`? That may be about an SMS that did not come."""
        phrase = marked.first(_K.PHRASE)
        return phrase is not None and self._words.wishes.refuses(phrase.parts[0])

    def _tokens(self, clauses: Sequence[Clause]) -> list[str]:
        """The words of a text, but for clauses whose no or stop is about something else."""
        kept = (clause for clause in clauses if not (clause.is_apart and self._is_harmless(clause)))
        return [token for clause in kept for token in clause.tokens]

    def _is_harmless(self, clause: Clause) -> bool:
        if clause.stops_itself:
            return True
        marks = self._marked(list(clause.tokens)).marks
        worrying = (mark.entry for mark in marks if mark.entry and mark.entry.kind in _WORRYING)
        return all(self._words.wishes.refuses(entry.parts[0]) for entry in worrying)

    def _wished(
        self, clauses: Sequence[Clause], marked: _Marked, found: Classified | None
    ) -> Classified | None:
        """What was found, or a wish in words of one's own if there is one."""
        wished = [clause for clause in clauses if clause.wish is not None]
        names_topics = found is not None and _K.TOPIC in marked.kinds
        if not wished or names_topics or _K.AUTOMATIC in marked.kinds:
            return found
        wishes = [clause.wish for clause in wished if clause.wish is not None]
        wish = max(wishes, key=lambda each: each.is_sure)
        beside = frozenset[str]().union(*(clause.beside for clause in wished))
        if wish.is_sure and _K.NOT_STOP not in marked.kinds and not self._limits(marked, beside):
            return Classified(ReplyClass.OPT_OUT, f"words that make a wish: {wish.said}", "", wish.language)
        return found or Classified(
            ReplyClass.REVIEW, f"words that may make a wish: {wish.said}", "", wish.language
        )

    def _limits(self, marked: _Marked, beside: frozenset[str]) -> bool:
        """Is the wish one for certain hours or cases? Some words of wishes would say so by themselves."""
        entries = (mark.entry for mark in marked.marks if mark.entry and mark.entry.kind is _K.CONDITION)
        return any(not beside.isdisjoint(entry.parts) for entry in entries) or any(
            self._words.limits(token) for token in beside
        )

    def _by_lines(self, text: str) -> Classified | None:
        """STOP, and a name in the lines below."""
        first, _, rest = text.strip().partition("\n")
        if not rest or len(tokens_of(plain(rest))) > _NAME:
            return None
        found = self._opt_out(self._marked(tokens_of(plain(first))))
        return found if found is not None and found.kind is ReplyClass.OPT_OUT else None

    def _marked(self, tokens: list[str]) -> _Marked:
        marks: list[_Mark] = []
        loose: _Entry | None = None
        at = 0
        while at < len(tokens):
            mark = self._named_at(tokens, at) or self._known_at(tokens, at)
            if mark is None or mark.is_doubt:
                guess = self._words.guess(tokens[at])
                mark = _Mark(guess[0], 1) if guess and guess[1] else mark or _Mark(None, 1)
                if guess and not guess[1] and not self._words.wishes.knows(tokens[at]):
                    loose = loose or guess[0]
            marks.append(mark)
            at += mark.length
        marks = _without_name(marks)
        kinds = frozenset(mark.entry.kind for mark in marks if mark.entry)
        unknown = sum(mark.entry is None for mark in marks)
        return _Marked(tuple(tokens), tuple(marks), kinds, unknown, loose)

    def _named_at(self, tokens: Sequence[str], at: int) -> _Mark | None:
        if tokens[at] not in self._first_named:
            return None
        fitting = [entry for entry in self._named if end_of(entry.parts, tokens, at)]
        if not fitting:
            return None
        longest = max(fitting, key=lambda entry: len(entry.parts))
        known = self._words.longest(tokens, at)
        is_longer = known is not None and known[1] > len(longest.parts)
        return None if is_longer else _Mark(longest, len(longest.parts))

    def _known_at(self, tokens: Sequence[str], at: int) -> _Mark | None:
        found = self._words.longest(tokens, at)
        return None if found is None else _Mark(*found)

    def _opt_out(self, marked: _Marked) -> Classified | None:
        """An opt-out, or one for a person to read because it may be one; None where nothing says stop."""
        kinds = marked.kinds
        if (phrase := marked.first(_K.PHRASE)) is not None:
            if kinds & {_K.CONDITION, _K.NOT_STOP, _K.AUTOMATIC}:
                return _review(f'the phrase "{phrase.readable}" beside others that limit it', phrase)
            return Classified(ReplyClass.OPT_OUT, f'the phrase "{phrase.readable}"', "", phrase.language)
        word = self._clear_word(marked)
        if word is not None:
            return _stopped(marked, word)
        if (stop := marked.first(_K.STOP)) is not None:
            return _review(f"the word {stop.shown} in a text that may mean something else", stop)
        end = marked.first(_K.END)
        if end is not None and len(marked.tokens) <= _SHORT:
            return _review(f"the word {end.shown} in a short text", end)
        return None

    def _clear_word(self, marked: _Marked) -> _Entry | None:
        """The word by which a text of known words only is an opt-out."""
        kinds = marked.kinds
        if not marked.tokens or len(set(marked.tokens)) > _MOST_CLEAR:
            return None
        whole = self._words.single("".join(marked.tokens)) if len(marked.tokens) <= _SHORT else None
        if whole is not None and whole.kind is _K.STOP:
            return whole
        if marked.unknown:
            return None
        if kinds <= _KNOWN:
            if _K.STOP in kinds:
                return marked.first(_K.STOP)
            if _K.END in kinds and (kinds & _WHAT_WE_SEND or kinds <= {_K.END, _K.ALONE, *_POLITE}):
                return marked.first(_K.END)
            if _K.ALONE in kinds and kinds <= {_K.ALONE, _K.MESSAGE, *_POLITE}:
                return marked.first(_K.ALONE)
        if _K.NO in kinds and kinds - {_K.NO} <= _KNOWN and kinds & {_K.MESSAGE, _K.SUBJECT}:
            return marked.first(_K.NO)
        return None

    def _opt_in(self, folded: str) -> Classified | None:
        """An exact word of ours, or of everybody's; or the latter and a topic."""
        words = tuple(TOKEN.findall(folded))
        if not words:
            return None
        if words in self._keywords:
            word, topic = self._keywords[words]
            return Classified(ReplyClass.OPT_IN, f"the opt-in word {word.upper()}", topic)
        start = self._words.starts.get(words)
        if start is not None:
            return Classified(ReplyClass.OPT_IN, f"the word {start.shown}", "", start.language)
        start, topic_named = self._words.starts.get(words[:1]), self._topics.get(words[1:])
        if start is None or topic_named is None:
            return None
        matched = f"the word {start.shown} and the topic {topic_named.topic}"
        return Classified(ReplyClass.OPT_IN, matched, topic_named.topic, start.language)

    def _else(self, text: str, marked: _Marked) -> Classified:
        kinds = marked.kinds
        if (found := marked.first(_K.AUTOMATIC)) is not None:
            return Classified(
                ReplyClass.OTHER, f'an automatic answer: "{found.readable}"', "", found.language
            )
        if (found := marked.first(_K.READ)) is not None:
            return _review(f'"{found.readable}"', found)
        found = marked.first(_K.NO)
        short = len(marked.tokens) <= _SHORT - 1 and kinds <= {_K.NO, _K.FILLER, *_POLITE}
        if found is not None and not marked.unknown and (kinds <= {_K.NO, *_POLITE} or short):
            return _review(f"{found.shown}, which may answer a question or mean stop", found)
        sent = marked.first(_K.MESSAGE, _K.SUBJECT)
        if found is not None and sent is not None and len(marked.tokens) <= 2 * _SHORT:
            return _review(f"{found.shown} and {sent.shown}", sent)
        if marked.loose is not None and len(marked.tokens) <= _SHORT:
            return _review(f"a word that looks like {marked.loose.shown}", marked.loose)
        if len(marked.tokens) == 1 and self._words.near_stop(marked.tokens[0]):
            return Classified(ReplyClass.REVIEW, "a word that looks like STOP")
        if not marked.tokens and _STOP_SIGNS & set(text):
            return Classified(ReplyClass.REVIEW, "a stop sign without words")
        found = marked.first(_K.HELP)
        if found is not None and (not marked.unknown or len(marked.tokens) <= _SHORT):
            return Classified(ReplyClass.HELP, f"the word {found.shown}", "", found.language)
        return Classified(ReplyClass.OTHER)


def _without_name(marks: list[_Mark]) -> list[_Mark]:
    """Without what stands behind a closing (`Regards, Anna Kowalska`), if it is as short as a name."""
    closings = (at for at, mark in enumerate(marks) if mark.entry and mark.entry.kind is _K.CLOSING)
    end = next(closings, len(marks)) + 1
    behind = marks[end:]
    if len(behind) > _NAME:
        return marks
    return [*marks[:end], *(mark for mark in behind if mark.entry and mark.entry.kind is _K.STOP)]


def _stopped(marked: _Marked, word: _Entry) -> Classified:
    """An opt-out by this word: of one topic if only that is named, and no other kind of what we send.

    One STOP more is about something more: `STOP offers. STOP` is of everything.
    """
    said = f"the word {word.shown}"
    topics = sorted({mark.entry.topic for mark in marked.marks if mark.entry and mark.entry.topic})
    stops = sum(mark.entry is not None and mark.entry.kind is _K.STOP for mark in marked.marks)
    if not topics or stops > 1 or marked.kinds & {_K.ALL, _K.BRAND, _K.SUBJECT}:
        return Classified(ReplyClass.OPT_OUT, said, "", word.language)
    if len(topics) > 1:
        return _review(f"{said} and {len(topics)} topics: {', '.join(topics)}", word)
    return Classified(ReplyClass.OPT_OUT, f"{said} and the topic {topics[0]}", topics[0], word.language)


def _review(matched: str, entry: _Entry) -> Classified:
    return Classified(ReplyClass.REVIEW, matched, "", entry.language)


@lru_cache(maxsize=4)
def _vocabulary(words: ReplyWords) -> _Vocabulary:
    return _Vocabulary(words)


@lru_cache(maxsize=256)
def _reader(
    words: ReplyWords, keywords: tuple[tuple[str, str], ...], topics: tuple[str, ...], brand: str
) -> _Reader:
    return _Reader(_vocabulary(words), keywords, topics, brand)
