"""Characters that are not what they look like, and those that cost more than they are worth.

What has a plain spelling is asked of `respelling.py`, what it saves of `segments.py`. Letters that a language
needs (ą, ñ, Cyrillic) are nobody's mistake: what they cost stands in the preview.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from smscli.domain.campaign import Purpose, Spelling
from smscli.domain.gsm7 import BASIC, EXTENDED
from smscli.domain.mojibake import LOST, is_foreign_as_western, mojibake
from smscli.domain.respelling import changes, respell
from smscli.domain.segments import Unsendable, measure
from smscli.domain.wording_reading import Draft, Found

_GSM7 = frozenset(BASIC + EXTENDED)

# --- letters ---

_LETTERS = re.compile(r"[^\W\d_]+")
_SCRIPTS = frozenset({"LATIN", "GREEK", "CYRILLIC"})
#: `SMSки`: a Latin abbreviation with a Cyrillic ending. `kΩ`, `μm`: units.
_USUAL_MIX = re.compile("[A-Z]+[а-яё]{1,4}|[A-Za-z]?[Ωμ][A-Za-z]?")
_DRESSED = re.compile("<(?:font|wide|circle|square)>")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def found_mojibake(draft: Draft) -> Iterator[Found]:
    """Text that was read in the wrong encoding, or lost letters on the way."""
    body = draft.body
    if body.isascii():
        return
    restored = mojibake(body)
    if restored is not None and LOST not in restored:
        start, end, piece = _difference(body, restored)
        message = f'"{body[start:end]}" was read in the wrong encoding'
        suggestion = f'it most likely was "{piece}": save the file as UTF-8 and type it anew'
        yield draft.replaced(start, end, message, suggestion, piece)
    elif (lost := body.find(LOST)) >= 0 or restored is not None:
        start = max(lost, 0)
        message = "letters were lost when the text was read in the wrong encoding"
        yield Found(start, start + 1, message, "type them anew, and save the file as UTF-8")
    else:
        for word in re.finditer(r"\S+", body):
            if is_foreign_as_western(word[0]):
                message = f'"{word[0]}" was read in the wrong encoding: it most likely was Cyrillic or Greek'
                yield Found(*word.span(), message, "type it anew, and save the file as UTF-8")
                return


def look_alike_letters(draft: Draft) -> Iterator[Found]:
    """Words whose letters come from two scripts and look like one, and letters in fancy dress."""
    if draft.body.isascii():
        return
    for word in _LETTERS.finditer(draft.body):
        if not word[0].isascii() and (plain := _in_one_script(word[0])) is not None:
            strange = next(new for old, new in zip(word[0], plain, strict=True) if old != new)
            message = f'"{word[0]}" mixes letters of two scripts that look the same'
            suggestion = f'type the word again: "{plain}", with {unicodedata.name(strange).lower()}'
            yield draft.replaced(*word.span(), message, suggestion, plain)
    yield from _dressed_letters(draft)


def _in_one_script(word: str) -> str | None:
    """The word with the letters of its odd script in the other one; None where it is as it should be."""
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in word)
    if len(scripts) < 2 or not scripts.keys() <= _SCRIPTS:
        return None
    if _USUAL_MIX.fullmatch(word) or (word.isupper() and frozenset(word) <= _GSM7 and "GREEK" in scripts):
        return None
    for odd, _ in reversed(scripts.most_common()):
        for usual in scripts.keys() - {odd}:
            letters = [_twin(letter, usual) if _is_of(letter, odd) else letter for letter in word]
            if all(letters):
                return "".join(letters)
    return None


def _is_of(letter: str, script: str) -> bool:
    return unicodedata.name(letter, "").startswith(f"{script} ")


def _twin(letter: str, script: str) -> str:
    """The letter of another script that looks the same, in the same case; empty where there is none."""
    from confusable_homoglyphs.confusables import is_confusable  # reads a megabyte, and few texts need it

    case = unicodedata.category(letter)
    for found in is_confusable(letter, greedy=True) or ():
        for each in (twin["c"] for twin in found["homoglyphs"]):
            if len(each) == 1 and _is_of(each, script) and unicodedata.category(each) == case:
                return str(each)
    return ""


def _dressed_letters(draft: Draft) -> Iterator[Found]:
    """Full-width and mathematical letters, which some use to stand out or to slip past a filter."""
    body = draft.body
    if _EAST_ASIAN.search(body):
        return
    dressed = [at for at, each in enumerate(body) if each.isalnum() and _is_dressed(each)]
    if dressed:
        start, end = dressed[0], dressed[-1] + 1
        plain = "".join(unicodedata.normalize("NFKC", e) if _is_dressed(e) else e for e in body[start:end])
        message = f'"{body[start:end]}" is written with letters that are no ordinary ones'
        yield draft.replaced(start, end, message, f'write "{plain}"', plain)


def _is_dressed(character: str) -> bool:
    return not character.isascii() and _DRESSED.match(unicodedata.decomposition(character)) is not None


# --- what nobody sees ---

_BREAKS = frozenset("\n\r\t")
_JOINERS = frozenset("\u200c\u200d")
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069")
#: From here on are scripts and signs that joiners do something for.
_JOINED = "\u0530"
_FLAG = "\U0001f3f4"
_PLAINLY_SEEN = re.compile("[ -~\n\r\t]*")


def invisible_characters(draft: Draft) -> Iterator[Found]:
    """Characters without a shape, where they do nothing for the script around them."""
    body = draft.body
    if _PLAINLY_SEEN.fullmatch(body):
        return
    from_the_right = any(unicodedata.bidirectional(each) in ("R", "AL") for each in body)
    unseen = [at for at in range(len(body)) if _is_unseen(body, at, from_the_right)]
    if unseen:
        start, end = unseen[0], unseen[-1] + 1
        names = ", ".join(_named(body[at]) for at in sorted(unseen, key=lambda at: body[at])[:3])
        visible = "".join(body[at] for at in range(start, end) if at not in frozenset(unseen))
        count = "a character" if len(unseen) == 1 else f"{len(unseen)} characters"
        message = f"{count} that nobody sees: {names}"
        yield draft.replaced(start, end, message, "delete them, or set `encoding: tidy`", visible)


def _is_unseen(body: str, at: int, from_the_right: bool) -> bool:
    each = body[at]
    if each == "\u034f" or unicodedata.category(each) in ("Cf", "Cc", "Zl", "Zp"):
        if each in _BREAKS or (each in _DIRECTIONS and from_the_right):
            return False
        if "\U000e0020" <= each <= "\U000e007f":  # the letters of a flag: Scotland
            return _FLAG not in body[:at]
        beside = body[max(0, at - 1) : at] + body[at + 1 : at + 2]
        return not (each in _JOINERS and any(other >= _JOINED for other in beside))
    return False


def _named(character: str) -> str:
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}{f' {name.lower()}' if name else ''}"


# --- what costs ---


def gsm7_breakers(draft: Draft) -> Iterator[Found]:
    """Quotes, dashes, dots and spaces of a typesetter, where plain ones would take fewer segments."""
    body, measured = draft.body, draft.reading.segments
    if not measured.offenders:
        return
    plain = respell(body, Spelling.TIDY)
    saves = draft.saved(plain)
    places = [each for each in changes(body, plain) if each.end > each.start] if saves else []
    seen: dict[str, str] = {}
    for each in places:
        old, new = body[each.start : each.end], plain[each.new_start : each.new_end]
        if not all(unicodedata.category(character) in ("Cf", "Cc") for character in old):
            seen.setdefault(_shown(old), _shown(new))
    if seen:
        start, end, piece = _difference(body, plain)
        cost = f"{measured.count} segments instead of {measured.count - saves}"
        message = f"{', '.join(seen)}: not in GSM-7, and the text takes {cost}"
        written = ", ".join(f"{new} for {old}" for old, new in seen.items())
        yield Found(start, end, message, f"write {written}; or set `encoding: tidy`", saves, piece)


def _shown(text: str) -> str:
    """A piece of text that can be seen: blanks by their numbers."""
    if text == " ":
        return "a plain space"
    return text if text.strip() else " ".join(f"U+{ord(each):04X}" for each in text)


#: So many emoji a marketing text may have.
MOST_EMOJI = 2
_ZWJ = "\u200d"
#: What counts as emoji to Unicode and is typed as a sign.
_SIGNS = frozenset("©®™‼⁉↔↕")
_MAY_BE_EMOJI = re.compile("[©®\u203c-\U0010ffff]|\ufe0f")


def emoji(draft: Draft) -> Iterator[Found]:
    """More than two, any in a transactional text, one of several joined, or any that costs a segment."""
    if not _MAY_BE_EMOJI.search(draft.body):
        return
    from emoji import emoji_list  # here, because few texts have any: it reads half a megabyte

    found = [
        (each["match_start"], each["match_end"])
        for each in emoji_list(draft.body)
        if each["emoji"] not in _SIGNS
    ]
    if not found:
        return
    without = _without(draft.body, found)
    saves = draft.saved(without)
    joined = [draft.body[start:end] for start, end in found if _ZWJ in draft.body[start:end]]
    why = _why_too_many(draft, len(found), joined, saves)
    if why:
        start, end, piece = _difference(draft.body, without)
        yield Found(start, end, why, "leave them out, or keep one that says something", saves, piece)


def _why_too_many(draft: Draft, count: int, joined: list[str], saves: int) -> str:
    number = f"{count} emoji" if count > 1 else "an emoji"
    if draft.reading.purpose is Purpose.TRANSACTIONAL:
        return f"{number} in a text that people wait for"
    if count > MOST_EMOJI:
        return number
    if joined:
        units = len(joined[0].encode("utf-16-be")) // 2
        return f"an emoji that is joined of several takes {units} units of the 70 that a segment has"
    measured = draft.reading.segments.count
    return f"{number}: {measured} segments instead of {measured - saves}" if saves else ""


def _without(body: str, places: list[tuple[int, int]]) -> str:
    """The text without these places, and without the space that stood in front of each."""
    for start, end in reversed(places):
        if body[:start].endswith(" ") and not body[end : end + 1].strip():
            start -= 1
        body = body[:start] + body[end:]
    return body


#: A text that is longer than so many segments by no more than this many units.
JUST = 2


def just_over(draft: Draft) -> Iterator[Found]:
    """One unit or two more than fewer segments hold, by measuring the text without its last characters."""
    body, measured = draft.body, draft.reading.segments
    for cut in range(1, min(JUST, len(body) - 1) + 1) if measured.count > 1 else ():
        try:
            shorter = measure(body[:-cut])
        except Unsendable:
            return
        units = measured.units - shorter.units
        if shorter.encoding is measured.encoding and shorter.count < measured.count and units <= JUST:
            unit = "unit" if units == 1 else "units"
            fewer = "one segment holds" if shorter.count == 1 else f"{shorter.count} segments hold"
            message = f"{units} {unit} more than {fewer}"
            suggestion = f"cut {units} {unit}: a space, a full stop, a shorter word"
            yield Found(len(body) - cut, len(body), message, suggestion, measured.count - shorter.count)
            return


def several_segments(draft: Draft) -> Iterator[Found]:
    """More than one segment, and what is behind all that one holds."""
    body, measured = draft.body, draft.reading.segments
    if measured.count > 1:
        behind = bisect_left(range(len(body)), 2, lo=1, key=lambda end: measure(body[:end]).count)
        limit = replace(measured, count=1).room
        over = measured.units - limit
        message = f"{measured.count} segments of {measured.encoding}: {over} units more than one holds"
        suggestion = f"cut {over} units: one segment has {limit}"
        yield Found(max(0, behind - 1), len(body), message, suggestion, measured.count - 1)


_TIDY_SPACES: Mapping[re.Pattern[str], str] = {
    re.compile(r"^\s+|\s+$"): "",
    re.compile(r" +(?=\n)"): "",
    re.compile(r"\n{3,}"): "\n\n",
    re.compile(r" {2,}"): " ",
}
_BEFORE_A_MARK = re.compile(r" +(?=[,.;:!?](?:\s|$))")
_BEFORE_A_MARK_IN_FRENCH = re.compile(r" +(?=[,.](?:\s|$))")


def stray_spaces(draft: Draft) -> Iterator[Found]:
    """Spaces at the ends, in twos, and before a mark; each is a unit."""
    body = draft.body
    before_a_mark = _BEFORE_A_MARK_IN_FRENCH if draft.language == "fr" else _BEFORE_A_MARK
    tidy = before_a_mark.sub("", body)
    for stray, instead in _TIDY_SPACES.items():
        tidy = stray.sub(instead, tidy)
    if tidy and tidy != body:
        start, end, piece = _difference(body, tidy)
        count = len(body) - len(tidy)
        message = "a needless space" if count == 1 else f"{count} needless spaces"
        yield draft.replaced(start, end, message, "leave out what is not needed", piece)


def _difference(before: str, after: str) -> tuple[int, int, str]:
    """The least piece of a text that has to be another one, as places and as what stands there instead."""
    least = min(len(before), len(after))
    start = next((at for at in range(least) if before[at] != after[at]), least)
    behind = 0
    while behind < least - start and before[-1 - behind] == after[-1 - behind]:
        behind += 1
    return start, len(before) - behind, after[start : len(after) - behind]
