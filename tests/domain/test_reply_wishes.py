"""Wishes put together from their parts, and clauses that only look like one."""

from __future__ import annotations

from itertools import product

import pytest

from smscli.domain.replies import ReplyClass
from smscli.domain.reply_letters import plain
from smscli.domain.reply_wishes import Wishes, WishPart, WishRow
from smscli.domain.reply_words import ReplyWords, classify
from smscli.files.reply_words_file import reply_words

WORDS = reply_words()
CAREFUL = frozenset({ReplyClass.OPT_OUT, ReplyClass.REVIEW})
LANGUAGES = [row for row in WORDS.wishes if row.language]

#: Its no is in the verb.
NO_INSIDE = {"tr"}


def words(row: WishRow, *parts: WishPart) -> list[str]:
    """Words of these parts that can be written as they stand."""
    found = (word for part in parts for word in row.parts.get(part, ()))
    return [word for word in found if word.isalpha() and len(word) > 2]


def lost(sentences: list[str]) -> list[str]:
    return [text for text in sentences if classify(text, WORDS).kind not in CAREFUL]


@pytest.mark.parametrize("row", LANGUAGES, ids=[row.language for row in LANGUAGES])
def test_a_no_and_a_verb_of_writing_and_messages_is_never_lost(row: WishRow) -> None:
    if row.language in NO_INSIDE:
        verbs = words(row, WishPart.UNSENT, WishPart.UNWRITTEN)
        sentences = [f"{what} {verb}" for what, verb in product(words(row, WishPart.MESSAGE), verbs)]
    else:
        no = words(row, WishPart.REFUSE)[:4]
        verbs = words(row, WishPart.WRITE, WishPart.SEND)[::3]
        sentences = [" ".join(parts) for parts in product(no, verbs, words(row, WishPart.MESSAGE)[:6])]
    assert len(sentences) > 10
    assert lost(sentences) == []


@pytest.mark.parametrize("row", LANGUAGES, ids=[row.language for row in LANGUAGES])
def test_an_end_of_messages_and_being_forgotten_are_never_lost(row: WishRow) -> None:
    ends = product(words(row, WishPart.CEASE), words(row, WishPart.MESSAGE)[:6])
    gone = product(words(row, WishPart.ERASE), words(row, WishPart.NUMBER)[:6])
    taken_back = product(words(row, WishPart.WITHDRAW), words(row, WishPart.AGREE))
    sentences = [" ".join(pair) for pair in (*ends, *gone, *taken_back)]
    assert len(sentences) > 10
    assert lost(sentences) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I never want to get another one of your texts", "opt_out"),
        ("nn mandatemi piu sms", "opt_out"),
        ("ftanei pia me ta sms", "opt_out"),  # Greek in Latin letters
        ("bolshe ne prisylaite", "opt_out"),  # and Russian
        ("δεν ξαναθέλω μήνυμα από εσάς", "opt_out"),  # once more, in front of a verb
        ("jgn kirim2 sms lg", "opt_out"),  # kirim2: kirim-kirim
        ("How many times do I have to tell you? I don't want these", "opt_out"),
        ("no need to txet me any more", "review"),  # a slip, so nobody is sure
        ("Why do you never send me the texts any more?", "review"),
        ("only text me if it is urgent", "review"),
        ("who authorised you to have my number?", "review"),
        ("these promos...", "review"),
        ("we sold the car", "review"),
        ("I didn't get your message with the code, can you send it again", "other"),
        ("I can't make Thursday", "other"),
        ("Ich konnte die Nachricht nicht lesen", "other"),
        ("Hab keine SMS mit dem Code bekommen", "other"),
        ("Thanks for the texts, no problem", "other"),
        ("I forgot my number plate", "other"),
        ("le moteur s'arrête tout le temps", "other"),
        ("Please don't forget to text me", "other"),
        ("text me when it is ready", "other"),
        ("send me your offers please", "other"),
    ],
)
def test_what_somebody_says_in_words_of_their_own(text: str, kind: str) -> None:
    assert classify(text, WORDS).kind == kind


def test_what_is_set_aside_does_not_take_the_rest_of_the_text_along() -> None:
    assert classify("I didn't get the code. Stop texting me", WORDS).kind is ReplyClass.OPT_OUT
    assert classify("I didn't get the code, STOP", WORDS).kind in CAREFUL
    assert classify("Thanks for the message. No more texts", WORDS).kind is ReplyClass.OPT_OUT


def test_a_limit_beside_a_sure_wish_is_for_a_person() -> None:
    assert classify("non voglio che mi scriviate", WORDS).kind in CAREFUL
    assert classify("bitte schickt mir nix mehr", WORDS).kind is ReplyClass.OPT_OUT
    assert classify("bitte schickt mir nachts nix mehr", WORDS).kind is ReplyClass.REVIEW


def test_parts_of_two_languages_make_no_wish() -> None:
    rows = (
        WishRow("xx", False, "a test", {WishPart.REFUSE: ("nul",), WishPart.MESSAGE: ("zap",)}),
        WishRow("yy", False, "a test", {WishPart.WRITE: ("tok",), WishPart.MORE: ("plo",)}),
        WishRow("zz", False, "a test", {WishPart.REFUSE: ("nul",), WishPart.WRITE: ("tak",)}),
    )
    wishes = Wishes(rows, lambda word: False)
    assert [clause.wish for clause in wishes.read(plain("Nul tok plo"))] == [None]
    (clause,) = wishes.read(plain("NUL TAK!"))
    assert clause.wish is not None
    assert (clause.wish.is_sure, clause.wish.said, clause.wish.language) == (True, "refuse, write", "zz")


def test_without_parts_the_words_alone_decide() -> None:
    alone = ReplyWords(WORDS.rows)
    assert classify("nn mandatemi piu sms", alone).kind is ReplyClass.OTHER
    assert classify("STOP", alone).kind is ReplyClass.OPT_OUT


def test_every_language_has_the_parts_that_wishes_need_and_says_where_they_come_from() -> None:
    assert {row.language for row in LANGUAGES} == {
        "en", "pl", "el", "ru", "es", "id", "de", "fr", "tr", "pt", "it",
    }  # fmt: skip
    for row in LANGUAGES:
        assert row.source
        assert row.parts.keys() >= {
            WishPart.REFUSE, WishPart.WRITE, WishPart.SEND, WishPart.MESSAGE, WishPart.MESSAGES,
            WishPart.CEASE,
            WishPart.ERASE, WishPart.NUMBER, WishPart.ME, WishPart.MORE, WishPart.WITHDRAW, WishPart.AGREE,
            WishPart.ABLE, WishPart.ARRIVED, WishPart.WELCOME, WishPart.PLAIN,
        }  # fmt: skip
