"""What a reader is owed: who writes, a way out, no prying, no advertising in disguise, no gaps left open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from smscli.domain.wording_offers import kinds_of_ways, offers, understood
from smscli.domain.wording_reading import Draft, Found, Hit, ListKind, Part, WordingRule, fold

#: The sender's name begins this early.
EARLY = 40
#: A word that asks and what it asks for are this close.
_NEAR = 4
_IN_FRONT = 1
_FIGURES = 3

_PLACEHOLDERS = (
    r"\{\{[^{}\n]{0,60}\}\}",
    r"\{[%#]?\s*[^\W\d][\w .|-]{0,40}[%#]?\}",
    r"<<\s*[\w .-]{1,40}\s*>>",
    r"<(?:[A-Za-z]+[ _])?[Nn]ame>",
    r"\(\(\s*[\w .-]{1,40}\s*\)\)",
    r"%\(\w{1,40}\)s",
    r"%[A-Za-z]\w*%",
    r"\$\{\w{1,40}\}",
    r"\$(?:first_?|last_?|full_?)?name\b",
    r"#\w{1,20}#",
    r"\[(?:(?:FIRST|LAST|FULL|CUSTOMER|CLIENT|YOUR)[ _]?)?(?:NAME|LINK|URL|CODE|DATE|TIME)\]",
    r"\[[A-Z]+(?:_[A-Z]+)+\]",
    r"\bundefined\b",
    r"\bNaN\b",
    r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!)",
)
_PLACEHOLDER = re.compile("|".join(_PLACEHOLDERS))


def sender_not_named(draft: Draft) -> Iterator[Found]:
    """The brand within the first forty characters, or a sender ID that says it."""
    brand = _letters(draft.reading.brand)
    if not brand or _names(draft.reading.sender, brand):
        return
    start = _letters(draft.body).find(brand)
    at = _place(draft.body, start) if start >= 0 else -1
    if 0 <= at <= EARLY:
        return
    late = at >= 0
    message = (
        f"{draft.reading.brand} is named only at character {at + 1}"
        if late
        else f"the text does not say that it is from {draft.reading.brand}"
    )
    end = min(EARLY, len(draft.body))
    yield Found(0, end, message, f"begin with `{draft.reading.brand}:`")


def _letters(text: str) -> str:
    """Letters and digits only, folded."""
    return "".join(each for each in fold(text) if each.isalnum())


def _place(text: str, letters: int) -> int:
    """The place in a text of the character behind so many of its folded letters."""
    seen = 0
    for at, character in enumerate(text):
        folded = len(_letters(character))
        if folded and seen >= letters:
            return at
        seen += folded
    return len(text)


def _names(sender: str, brand: str) -> bool:
    """Is the sender ID the brand, or enough of it? It holds eleven characters."""
    name = _letters(sender)
    return any(each.isalpha() for each in name) and len(name) > 2 and (name in brand or brand in name)


def opt_out_missing(draft: Draft) -> Iterator[Found]:
    """A word to answer with, a link, an address or a number."""
    if not offers(draft):
        message = "the text offers no way to opt out"
        yield Found(0, 0, message, "end with a sentence such as `Reply STOP to opt out`")


#: So many sorts of ways out.
_WAYS_OUT = 2


def one_way_out(draft: Draft) -> Iterator[Found]:
    """One sort of way out alone; a text without any is another rule's."""
    found = offers(draft)
    if found and len(kinds_of_ways(draft)) < _WAYS_OUT:
        message = "the text offers one way to opt out"
        suggestion = "add another kind: a word to answer with, a link, a phone number or an address"
        yield Found(found[0].start, found[0].end, message, suggestion)


def opt_out_other_language(draft: Draft) -> Iterator[Found]:
    """The words around the offer are of the language of the text."""
    found = offers(draft)
    if draft.language not in draft.lists.by_language or not found:
        return
    if any(not offer.languages or draft.language in offer.languages for offer in found):
        return
    if any(_is_of(draft, offer.word) for offer in found):
        return
    said = ", ".join(sorted(found[0].languages))
    message = f"the way to opt out is given in another language ({said}) than the text ({draft.language})"
    yield Found(found[0].start, found[0].end, message, "say it in the language of the text")


def _is_of(draft: Draft, word: str) -> bool:
    """Is it an opt-out word of the language of the text, and not one of everywhere, as STOP is?"""
    lists, folded = draft.lists, fold(word)
    known = [each for each in lists.by_language if lists.has(each, ListKind.OPT_OUT, folded)]
    return known == [draft.language]


def opt_out_not_understood(draft: Draft) -> Iterator[Found]:
    """Whoever answers with the word has opted out: our own opt-out words say so."""
    words = [offer for offer in offers(draft) if offer.word]
    if draft.reading.understood is None or any(understood(draft, offer.word) for offer in words):
        return
    for offer in words[:1]:
        message = f'an answer with "{offer.word}" is not understood as an opt-out'
        yield Found(offer.start, offer.end, message, "offer STOP, or the usual word of the language")


def opt_out_not_receivable(draft: Draft) -> Iterator[Found]:
    """A name cannot receive an answer: then there has to be another way."""
    found = offers(draft)
    if draft.reading.sender_receives or not found or any(offer.reachable for offer in found):
        return
    sender, offer = draft.reading.sender, found[0]
    message = f'nobody can answer {sender}, so that "{offer.word}" reaches no one'
    suggestion = "give a link, an address or a number to text, or send from a number"
    yield Found(offer.start, offer.end, message, suggestion)


def label_missing(draft: Draft) -> Iterator[Found]:
    """The mark of advertisements that a country asks for."""
    reading = draft.reading
    opening = fold(reading.body.lstrip())
    for country in reading.countries:
        labels = reading.labels.get(country, ())
        first = country in reading.labels_first
        folded = [fold(label) for label in labels]
        if not labels or fold(reading.sender).startswith(tuple(folded)):
            continue
        if not (opening.startswith(tuple(folded)) if first else any(label in opening for label in folded)):
            where = "begin with" if first else "bear"
            message = f"advertisements to {country} have to {where} {' or '.join(labels)}"
            yield Found(0, 0, message, f"{'begin with' if first else 'add'} {labels[0]}")


def asks_personal_data(draft: Draft) -> Iterator[Found]:
    """A request for what a fraud would ask for, in one sentence, and no warning against it."""
    rule = WordingRule.ASKS_PERSONAL_DATA
    for language in draft.reads_like:
        asking = tuple(draft.hits(ListKind.ASK, language))
        warned = {draft.pieces[hit.first].at for hit in draft.hits(ListKind.NEVER, language)}
        wanted = [*draft.tripping(ListKind.SECRET, rule, language)]
        if not any(piece.text.isdecimal() and len(piece.text) >= _FIGURES for piece in draft.words):
            wanted += draft.tripping(ListKind.CODE, rule, language)
        for hit in wanted:
            if draft.pieces[hit.first].at not in warned and _is_asked(draft, hit, asking):
                start, end = draft.pieces[hit.first].start, draft.pieces[hit.behind - 1].end
                message = f'the text asks for "{draft.body[start:end]}"'
                suggestion = "ask for it on the spot, by phone or on your own site, never in a text"
                yield Found(start, end, message, suggestion)
                return


def _is_asked(draft: Draft, wanted: Hit, asking: Sequence[Hit]) -> bool:
    """Is a word that asks close by, and no value already given: `PIN 4711`, `IBAN DE89 …`?"""
    pieces = draft.pieces
    value = pieces[wanted.behind : wanted.behind + 1]
    if any(character.isdigit() for piece in value if piece.part is Part.WORD for character in piece.text):
        return False
    return any(pieces[hit.first].at == pieces[wanted.first].at and _is_close(hit, wanted) for hit in asking)


def _is_close(asking: Hit, wanted: Hit) -> bool:
    """What is asked for follows soon; or stands right in front, as in Turkish."""
    if wanted.first >= asking.behind:
        return wanted.first - asking.behind <= _NEAR
    return 0 <= asking.first - wanted.behind <= _IN_FRONT


def unrendered_placeholder(draft: Draft) -> Iterator[Found]:
    """A gap that nobody filled, or what a program writes where it found nothing."""
    links = [(start, end) for start, end, _ in draft.links]
    for found in _PLACEHOLDER.finditer(draft.body):
        if not any(start <= found.start() < end for start, end in links):
            suggestion = "write gaps as {{ column }}, and mend the cells of the list"
            yield Found(*found.span(), f'"{found[0]}" is a gap that was not filled', suggestion)


def promotion_in_transactional(draft: Draft) -> Iterator[Found]:
    """Words of advertisements."""
    rule = WordingRule.PROMOTION_IN_TRANSACTIONAL
    for hit in draft.tripping(ListKind.PROMOTION, rule, draft.language):
        start, end = draft.pieces[hit.first].start, draft.pieces[hit.behind - 1].end
        message = f'"{draft.body[start:end]}" advertises, and makes the whole text marketing'
        yield Found(start, end, message, "leave it out, or send it as a campaign of marketing")
