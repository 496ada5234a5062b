"""How a text reads: loud, in leet, in abbreviations, too short to say anything, too long to be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from smscli.domain.segments import Encoding
from smscli.domain.wording_offers import offers
from smscli.domain.wording_reading import Draft, Found, ListKind, Part, Piece, WordingRule, fold

# --- shouting ---

#: Capitals of so many letters are a word, not an abbreviation.
_LOUD = 4
_RUN_WORDS, _RUN_LETTERS = 3, 10
_SHARE, _SHARE_FROM = 0.3, 20
_SHRIEK = re.compile(r"!{2,}|\?{2,}|[!?]{3,}")


def shouting(draft: Draft) -> Iterator[Found]:
    """Words in capitals, one after the other or all over, and marks in rows."""
    for found in _SHRIEK.finditer(draft.body):
        mark = "?" if "?" in found[0] else "!"
        yield draft.replaced(*found.span(), f'"{found[0]}" shouts', f'write "{mark}"', mark)
    if draft.language == "el" and draft.reading.segments.encoding is Encoding.GSM7:
        return  # in GSM-7, Greek has capitals only
    words = [piece for piece in draft.words if any(map(str.isalpha, piece.text))]
    quiet = _names(draft) | {draft.body[offer.start : offer.end] for offer in offers(draft)}
    runs = _runs(words, quiet)
    letters = sum(len(piece.text) for piece in words)
    loud = [piece for run in runs for piece in run if len(piece.text) >= _LOUD]
    run = next((run for run in runs if len(run) >= _RUN_WORDS and _length(run) >= _RUN_LETTERS), loud)
    if run and (run is not loud or (letters >= _SHARE_FROM and _length(loud) > _SHARE * letters)):
        start, end = run[0].start, run[-1].end
        suggestion = "write capitals only where a sentence or a name begins"
        yield Found(start, end, f'"{draft.body[start:end]}" shouts', suggestion)


def _runs(words: list[Piece], quiet: frozenset[str] | set[str]) -> list[list[Piece]]:
    """Words in capitals that stand side by side, names left out."""
    return [
        list(run)
        for is_loud, run in groupby(words, lambda piece: _in_capitals(piece) and piece.text not in quiet)
        if is_loud
    ]


def _in_capitals(piece: Piece) -> bool:
    return all(map(str.isupper, piece.text)) and len(piece.text) > 1


def _length(words: list[Piece]) -> int:
    return sum(len(piece.text) for piece in words)


def _names(draft: Draft) -> frozenset[str]:
    """Words that are written as they are elsewhere: brand, sender, cells of the list, labels."""
    reading = draft.reading
    labels = [label for each in reading.labels.values() for label in each]
    named = (reading.brand, reading.sender, *reading.values, *labels)
    return frozenset(word for text in named for word in re.findall(r"[^\W_]+", text))


# --- leet and abbreviations ---

_TOKEN = re.compile(r"(?<![\w$@])[\w$@]*[^\W\d_][\w$@]*")
_PLAIN = str.maketrans("013457$@", "oieastsa")
_PLAIN_WITH_L = str.maketrans("013457$@", "oleastsa")
_FIGURE = re.compile(r"[0-9$@]")
#: Two figures or more stand for letters of one word that has no vowel left: `p4g1`, `s3l4m4t`.
_SHAPE = re.compile(r"(?=.{4})[a-z]+[013457](?:[a-z]+[013457])+[a-z]*")
#: H1N1 and the like.
_VIRUS = re.compile(r"h\dn\d+")
_VOWEL = re.compile("[aeiouy]")


def leet(draft: Draft) -> Iterator[Found]:
    """Words with figures for letters. Codes, units, names and links are none."""
    rule = WordingRule.LEET
    names = _names(draft)
    known = {
        phrase[0]: instead
        for language in draft.reads_like
        for words in draft.trusted(ListKind.LEET, rule, language)
        for phrase, instead in words.phrases.items()
    }
    covered = [(start, end) for start, end, _ in (*draft.links, *draft.phones)]
    for token in _TOKEN.finditer(draft.body):
        word = token[0]
        if not _FIGURE.search(word) or word in names or any(s <= token.start() < e for s, e in covered):
            continue
        meant = _meant(word, known)
        if meant:
            start, end = token.span()
            yield draft.replaced(start, end, f'"{word}" has figures for letters', f'write "{meant}"', meant)


def _meant(word: str, known: dict[str, str]) -> str:
    """The word that is meant; empty where none is."""
    folded = fold(word)
    readings = (folded.translate(_PLAIN), folded.translate(_PLAIN_WITH_L))
    if folded in known and not word.isupper():
        return known[folded]
    for read in readings:
        if read in known and read != folded:
            return known[read]
    is_shaped = _SHAPE.fullmatch(word) and not _VOWEL.search(word) and not _VIRUS.fullmatch(word)
    return readings[0] if is_shaped else ""


def abbreviations(draft: Draft) -> Iterator[Found]:
    """Short forms of chats."""
    names = _names(draft)
    for hit in draft.tripping(ListKind.ABBREVIATION, WordingRule.ABBREVIATIONS, draft.language):
        first, last = draft.pieces[hit.first], draft.pieces[hit.behind - 1]
        before = draft.pieces[hit.first - 1].text if hit.first else ""
        if first.text in names or (before.isdecimal() and len(first.text) == 1):  # 500 g
            continue
        word = draft.body[first.start : last.end]
        suggestion = f'write "{hit.instead}"' if hit.instead else "write it out"
        yield Found(first.start, last.end, f'"{word}" is short for something', suggestion)


# --- for one reader ---


def not_personal(draft: Draft) -> Iterator[Found]:
    """The same words for everybody: nothing in them came from the list."""
    if not draft.reading.values:
        message = "nothing in the text is the reader's own"
        yield Found(
            0, 0, message, "write what the list knows, such as {{ first_name }}, or text fewer people"
        )


# --- length ---

#: Scripts that put no space between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
#: So many sentences are read to the end, and so many words are less than a sentence: a greeting.
MOST_SENTENCES = 2
_GREETING = 2


def one_word(draft: Draft) -> Iterator[Found]:
    """A text of one word, or of a code or link alone."""
    words = [piece for piece in draft.words if any(map(str.isalpha, piece.text))]
    if len(words) < 2 and not _UNSPACED.search(draft.body):
        yield Found(0, 0, "one word tells nobody who writes, or why", "say who you are and what it is about")


def many_sentences(draft: Draft) -> Iterator[Found]:
    """More than two, the way out and greetings not counted."""
    footers = {offer.at for offer in offers(draft)}
    starts = []
    for at, pieces in groupby(draft.pieces, lambda piece: piece.at):
        sentence = list(pieces)
        words = sum(piece.part is Part.WORD for piece in sentence)
        if at not in footers and words > _GREETING:
            starts.append(sentence[0].start)
    if len(starts) > MOST_SENTENCES:
        message = f"{len(starts)} sentences, besides the way to opt out"
        suggestion = "say it in one or two, and leave the rest to a page that you link to"
        yield Found(starts[MOST_SENTENCES], len(draft.body), message, suggestion)
