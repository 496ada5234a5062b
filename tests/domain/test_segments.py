"""Segments against an SMS that is really packed, against the standard's tables, and against properties."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.gsm7 import BASIC, DEFAULT_ALPHABET, ESCAPE, EXTENDED, EXTENSION_TABLE
from smscli.domain.segments import Encoding, Segments, Unsendable, measure, segments_without, split
from tests.domain import bitpack, segment_texts

GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2
PER_SEGMENT = {GSM7: 153, UCS2: 67}
ALONE = {GSM7: 160, UCS2: 70}


# -- against the bit-packing oracle ---------------------------------------------------------------


def disagreement(text: str) -> str | None:
    """What the program and the packed octets say differently about a text, or None."""
    packed = bitpack.submit(text)
    measured = measure(text)
    said = (measured.encoding is GSM7, measured.units, measured.count, split(text))
    true = (
        packed[0].is_gsm7,
        sum(segment.units for segment in packed),
        len(packed),
        tuple(segment.decode() for segment in packed),
    )
    return None if said == true else f"{text!r}: {said} but packed {true}"


@pytest.fixture(scope="module")
def drawn() -> tuple[str, ...]:
    return tuple(segment_texts.drawn(3_000, seed=20261122))


def test_thousands_of_drawn_texts_are_cut_as_they_are_packed(drawn: tuple[str, ...]) -> None:
    assert [wrong for text in drawn if (wrong := disagreement(text))] == []


@pytest.mark.soak
def test_tens_of_thousands_of_drawn_texts_are_cut_as_they_are_packed() -> None:
    texts = segment_texts.drawn(50_000, seed=20261123)
    assert [wrong for text in texts if (wrong := disagreement(text))] == []


def test_pairs_at_every_position_around_every_limit_are_cut_as_they_are_packed() -> None:
    texts = list(segment_texts.around_every_limit())
    assert len(texts) > 2_500
    assert [wrong for text in texts if (wrong := disagreement(text))] == []


def test_the_drawn_texts_reach_what_they_are_for(drawn: tuple[str, ...]) -> None:
    measured = [measure(text) for text in drawn]
    short_segments = [
        cost
        for cost in measured
        if cost.count > -(-cost.units // PER_SEGMENT[cost.encoding]) and cost.units > ALONE[cost.encoding]
    ]
    assert {cost.encoding for cost in measured} == {GSM7, UCS2}
    assert {cost.count for cost in measured} >= {1, 2, 3, 4, 5}
    assert len(short_segments) > 30  # where dividing units by 153 or 67 says too few


def test_packed_octets_are_those_of_the_textbook() -> None:
    assert bitpack.submit("hellohello")[0].octets.hex() == "e8329bfd4697d9ec37"


def test_a_packed_segment_never_passes_140_octets_and_a_full_one_reaches_them() -> None:
    lengths = [len(segment.octets) for segment in bitpack.submit("a" * 307)]
    assert lengths == [140, 140, 7]
    assert [len(segment.octets) for segment in bitpack.submit("я" * 68)] == [136]
    assert [len(segment.octets) for segment in bitpack.submit("я" * 71)] == [140, 14]


# -- the alphabet -----------------------------------------------------------------------------------


def test_the_alphabet_has_the_codes_of_the_standard() -> None:
    basic = {character: (code,) for code, character in enumerate(DEFAULT_ALPHABET) if character != ESCAPE}
    extended = {character: (0x1B, code) for code, character in EXTENSION_TABLE.items()}
    assert basic | extended == bitpack.SEPTETS
    assert DEFAULT_ALPHABET[0x1B] == ESCAPE
    assert (len(BASIC), len(EXTENDED)) == (127, 10)


@pytest.mark.parametrize("character", BASIC)
def test_a_basic_character_costs_one_septet(character: str) -> None:
    assert measure(character) == Segments(GSM7, 1, 1)


@pytest.mark.parametrize("character", EXTENDED)
def test_an_extended_character_costs_two_septets(character: str) -> None:
    assert measure(character) == Segments(GSM7, 2, 1)


@pytest.mark.parametrize(
    "character", "\t\u00a0`‘’“”–—…º°çáíóúąćęłńśźżşğıİΑΒΕΖΗΙΚΜΝΟΡΤΥΧωя\u2126\u212b\u0000\u200b"
)
def test_a_character_outside_the_tables_forces_ucs2(character: str) -> None:
    assert measure(f"ab{character}") == Segments(UCS2, 3, 1, (character,))


def test_a_line_break_of_two_characters_costs_two() -> None:
    assert measure("a\r\nb").units == 4


# -- worked cases -----------------------------------------------------------------------------------

FLAG, FAMILY = "🇵🇱", "👩\u200d👩"

WORKED = [
    # text, encoding, units, segments
    ("a", GSM7, 1, 1),
    ("a" * 160, GSM7, 160, 1),
    ("a" * 161, GSM7, 161, 2),
    ("a" * 306, GSM7, 306, 2),
    ("a" * 307, GSM7, 307, 3),
    ("a" * 459, GSM7, 459, 3),
    ("a" * 460, GSM7, 460, 4),
    ("a" * 918, GSM7, 918, 6),
    ("a" * 919, GSM7, 919, 7),
    ("€" * 80, GSM7, 160, 1),
    ("€" * 80 + "a", GSM7, 161, 2),
    ("a" * 158 + "€", GSM7, 160, 1),
    ("a" * 159 + "€", GSM7, 161, 2),
    ("a" * 159 + "\f", GSM7, 161, 2),
    ("a" * 304 + "[", GSM7, 306, 2),
    ("a" * 151 + "€" + "b" * 153, GSM7, 306, 2),
    ("a" * 151 + "€€" + "b" * 151, GSM7, 306, 2),
    ("a" * 152 + "€" + "b" * 151, GSM7, 305, 2),
    ("a" * 152 + "€" + "b" * 152, GSM7, 306, 3),
    ("a" * 153 + "€" + "b" * 151, GSM7, 306, 2),
    ("€" * 152, GSM7, 304, 2),
    ("€" * 153, GSM7, 306, 3),
    ("€" * 229, GSM7, 458, 4),
    ("€" * 304, GSM7, 608, 4),
    ("€" * 761, GSM7, 1522, 11),
    ("я", UCS2, 1, 1),
    ("я" * 70, UCS2, 70, 1),
    ("я" * 71, UCS2, 71, 2),
    ("я" * 134, UCS2, 134, 2),
    ("я" * 135, UCS2, 135, 3),
    ("я" * 68 + "😀", UCS2, 70, 1),
    ("я" * 69 + "😀", UCS2, 71, 2),
    ("€" * 69 + "я", UCS2, 70, 1),  # in UCS-2 a euro sign is one unit
    ("😀" * 35, UCS2, 70, 1),
    ("😀" * 36, UCS2, 72, 2),
    ("😀" * 66, UCS2, 132, 2),
    ("😀" * 67, UCS2, 134, 3),
    ("😀" * 100, UCS2, 200, 4),
    ("😀" * 335, UCS2, 670, 11),
    ("x" * 65 + FLAG + "x" * 65, UCS2, 134, 2),  # the flag is cut in two, each half a character
    ("x" * 66 + "e\u0301" + "x" * 66, UCS2, 134, 2),  # so is a letter and its accent
    ("x" * 66 + FAMILY + "x" * 63, UCS2, 134, 3),  # but not a surrogate pair
]


@pytest.mark.parametrize(("text", "encoding", "units", "count"), WORKED)
def test_worked_cases(text: str, encoding: Encoding, units: int, count: int) -> None:
    measured = measure(text)
    assert (measured.encoding, measured.units, measured.count) == (encoding, units, count)
    assert len(split(text)) == count


def test_a_pair_that_does_not_fit_begins_the_next_segment() -> None:
    assert split("a" * 152 + "€" + "b" * 152) == ("a" * 152, "€" + "b" * 151, "b")
    assert split("я" * 66 + "😀" + "я" * 66) == ("я" * 66, "😀" + "я" * 65, "я")


def test_flags_and_accents_may_be_cut() -> None:
    assert split("x" * 65 + FLAG + "x" * 65) == ("x" * 65 + FLAG[0], FLAG[1] + "x" * 65)
    assert split("x" * 66 + "e\u0301" + "x" * 66) == ("x" * 66 + "e", "\u0301" + "x" * 66)


def test_a_text_of_one_segment_is_not_cut() -> None:
    assert split("a" * 160) == ("a" * 160,)
    assert split("я" * 70) == ("я" * 70,)


# -- who forced UCS-2 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "offenders"),
    [
        ("Grüße, 5 € [ok]", ()),
        ("Łukasz, książka, Łódź", ("Ł", "ą", "ż", "ó", "ź")),
        ("it’s ‘here’", ("’", "‘")),
        ("😀 ok 😀 ł", ("😀", "ł")),
        ("e\u0301", ("\u0301",)),
    ],
)
def test_offenders_are_named_once_in_order_of_appearance(text: str, offenders: tuple[str, ...]) -> None:
    assert measure(text).offenders == offenders


# -- what cannot be sent ----------------------------------------------------------------------------

ESCAPED, HALVED = "U+001B (the escape character)", "(half a surrogate pair)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the text is empty"),
        ("ab\x1b[31m", f"{ESCAPED} at character 3"),
        ("\x1b", f"{ESCAPED} at character 1"),
        ("łł\x1b", f"{ESCAPED} at character 3"),
        ("a" * 200 + "\x1b", f"{ESCAPED} at character 201"),
        ("ok \ud83d", f"U+D83D {HALVED} at character 4"),
        ("\ude00 ok", f"U+DE00 {HALVED} at character 1"),
        ("😀\ude00\ud83d", f"U+DE00 {HALVED} at character 2"),
    ],
)
def test_what_cannot_be_sent_is_named_with_its_place_and_never_printed(text: str, said: str) -> None:
    for ask in (measure, split):
        with pytest.raises(Unsendable) as caught:
            ask(text)
        assert caught.value.message.startswith(said)
        assert caught.value.message.isprintable()
        assert str(caught.value) == caught.value.message


@pytest.mark.parametrize(
    ("longest", "more"),
    [
        ("a" * 153 * 255, "a"),
        ("€" * 76 * 255, "€"),
        ("я" * 67 * 255, "я"),
        ("😀" * 33 * 255, "😀"),
    ],
)
def test_a_message_has_255_segments_at_most(longest: str, more: str) -> None:
    assert measure(longest).count == len(split(longest)) == 255
    for ask in (measure, split):
        with pytest.raises(Unsendable, match="needs 256 segments, and one message can have 255"):
            ask(longest + more)


# -- properties -------------------------------------------------------------------------------------

CHARACTERS = st.sampled_from("abc é@€[|{}\\^~\fąяω😀👍🇵\u0301\u200d\u2028`") | st.characters(
    codec="utf-8", exclude_characters="\x1b"
)
GSM7_CHARACTERS = st.sampled_from("a é€[")
RUNS = st.integers(1, 160)


def texts_of(characters: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts long enough to be cut, made of runs, or short and mixed."""
    runs = st.lists(st.builds(str.__mul__, characters, RUNS), min_size=1, max_size=8).map("".join)
    return runs | st.text(characters, min_size=1, max_size=80)


TEXTS = texts_of(CHARACTERS) | texts_of(GSM7_CHARACTERS)


def units_of(text: str, encoding: Encoding) -> int:
    if encoding is GSM7:
        return sum(len(bitpack.SEPTETS[character]) for character in text)
    return len(text.encode("utf-16-be")) // 2


@given(TEXTS)
def test_segments_join_to_the_text(text: str) -> None:
    assert "".join(split(text)) == text


@given(TEXTS)
def test_segments_hold_all_units_and_none_too_many(text: str) -> None:
    measured = measure(text)
    units = [units_of(segment, measured.encoding) for segment in split(text)]
    limit = ALONE[measured.encoding] if len(units) == 1 else PER_SEGMENT[measured.encoding]
    assert sum(units) == measured.units
    assert len(units) == measured.count
    assert 0 < min(units) <= max(units) <= limit


@given(TEXTS)
def test_no_segment_ends_in_half_a_pair(text: str) -> None:
    for segment in split(text):
        segment.encode("utf-16-be")  # raises for a lone surrogate
        assert ESCAPE not in segment


@given(TEXTS)
def test_every_segment_is_as_full_as_it_can_be(text: str) -> None:
    encoding = measure(text).encoding
    segments = split(text)
    for segment, following in pairwise(segments):
        assert units_of(segment + following[0], encoding) > PER_SEGMENT[encoding]


@given(TEXTS)
def test_the_number_of_segments_lies_between_full_ones_and_ones_that_lack_a_unit(text: str) -> None:
    measured = measure(text)
    full = PER_SEGMENT[measured.encoding]
    if measured.count > 1:
        assert -(-measured.units // full) <= measured.count <= -(-measured.units // (full - 1))


@given(TEXTS, TEXTS)
def test_a_longer_text_never_has_fewer_segments(text: str, more: str) -> None:
    assert measure(text + more).count >= measure(text).count


@given(TEXTS)
def test_offenders_are_exactly_the_characters_outside_gsm7(text: str) -> None:
    measured = measure(text)
    assert list(measured.offenders) == list(dict.fromkeys(c for c in text if c not in bitpack.SEPTETS))
    assert (measured.encoding is UCS2) == bool(measured.offenders)


@settings(max_examples=200)
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_at_all_is_measured_or_refused_by_name(text: str) -> None:
    try:
        measured = measure(text)
    except Unsendable:
        assert not text or ESCAPE in text or any("\ud800" <= c <= "\udfff" for c in text)
    else:
        assert measured.count >= 1


@given(st.text("aż€ 1Ω", min_size=1, max_size=400))
def test_what_a_text_would_cost_without_offenders_is_what_it_costs_with_them_replaced(text: str) -> None:
    measured = measure(text)
    assert segments_without(text, measured) == measure(text.replace("ż", "x")).count
