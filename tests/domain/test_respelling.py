"""What `encoding: tidy` and `encoding: gsm7` make of a text, and what they never do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.campaign import Spelling
from smscli.domain.gsm7 import BASIC, EXTENDED
from smscli.domain.respelling import changes, respell
from smscli.domain.segments import Encoding, Unsendable, measure

KEEP, TIDY, GSM7 = Spelling.KEEP, Spelling.TIDY, Spelling.GSM7


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        pytest.param("It’s ‘new’, ‚low‘ and `odd´", "It's 'new', 'low' and 'odd'", id="single quotes"),
        pytest.param("“Hi” „Cześć” «Да» ‹a›", '"Hi" "Cześć" "Да" \'a\'', id="double quotes"),
        pytest.param("9–17, a — b, 3 − 2, co‑op", "9-17, a - b, 3 - 2, co-op", id="dashes"),
        pytest.param("Soon… or‥", "Soon... or..", id="dots"),
        pytest.param("10\u00a0000\u202fzł\u2009ok\tend", "10 000 zł ok end", id="spaces"),
        pytest.param("one\u2028two\u2029three", "one\ntwo\nthree", id="line separators"),
        pytest.param("• one • two", "- one - two", id="bullets"),
        pytest.param("e\u0301te\u0301 5 k\u2126 \u212bre", "été 5 kΩ Åre", id="letters in two characters"),
        pytest.param("Zaz\u0307o\u0301łc\u0301", "Zażółć", id="letters in two characters, Polish"),
        pytest.param("\ufeffHel\u200blo\u2060 wo\u00adrld", "Hello world", id="what nobody sees"),
        pytest.param("Call \u202d+1 202\u202c", "Call +1 202", id="marks of a number that was pasted"),
        pytest.param("ok;\u037e", "ok;;", id="the Greek question mark"),
    ],
)
def test_tidy_puts_plain_characters_in_place_of_typeset_ones(written: str, tidied: str) -> None:
    assert respell(written, TIDY) == tidied


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Zażółć gęślą jaźń", id="Polish"),
        pytest.param("Привет, Лена", id="Russian"),
        pytest.param("میخواهم می\u200cخواهم", id="a Persian word with a non-joiner"),
        pytest.param("क्\u200dष", id="a joiner between Indic letters"),
        pytest.param("ภาษา\u200bไทย", id="a break between Thai words"),
        pytest.param("Hi 👨\u200d👩\u200d👧 and ❤\ufe0f\u200d🔥", id="joined emoji"),
        pytest.param("שלום\u200f, \u200eabc", id="marks in Hebrew"),
        pytest.param("a \u202eb c\u202c", id="what is turned round stays so"),
        pytest.param("≠ =\u0338", id="a mark on what is no letter"),
        pytest.param("½ m² 20° ™ ☎", id="signs"),
    ],
)
def test_tidy_leaves_what_says_something(text: str) -> None:
    assert respell(text, TIDY) == text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        pytest.param(
            "Zażółć gęślą jaźń, ŁÓDŹ",
            "Zazolc gesla jazn, LODZ",
            id="Polish",
        ),
        pytest.param(
            "Şahin, İstanbul’da ığdır, çay, ÇAY, gün",
            "Sahin, Istanbul'da igdir, cay, ÇAY, gün",
            id="Turkish keeps what GSM-7 has",
        ),
        pytest.param("Příliš žluťoučký kůň", "Prilis zlutoucky kun", id="Czech"),
        pytest.param("Você não está só, coração", "Voce nao esta so, coracao", id="Portuguese"),
        pytest.param("Año, ¿qué? Está aquí, niño", "Año, ¿qué? Esta aqui, niño", id="Spanish keeps ñ, é, ¿"),
        pytest.param("Grüße, œuvre, Ærø", "Grüße, oeuvre, Ærø", id="German, French, Danish"),
        pytest.param(
            "col·legi, 1º, 2ª, №5 Acme™", "col.legi, 1o, 2a, No5 AcmeTM", id="what is nearly a letter"
        ),
        pytest.param("Đặng Hồng Phúc", "Dang Hong Phuc", id="Vietnamese"),
        pytest.param("Q\u0303 x\u0323\u0301", "Q x", id="marks that no letter has"),
        pytest.param("Привет, Щука! Ёжик", "Privet, Shchuka! Ezhik", id="Russian"),
        pytest.param("ЩУКА и ШКОЛА", "SHCHUKA i SHKOLA", id="Russian in capitals"),
        pytest.param("Καλημέρα Γιάννη, ο λογαριασμός σας", "KAΛHMEPA ΓIANNH, O ΛOΓAPIAΣMOΣ ΣAΣ", id="Greek"),
        pytest.param("ϊΐϋΰ ΆΈΉΊΌΎΏ ᾳ", "IIYY AEHIOYΩ A", id="Greek accents"),
        pytest.param("“Θέλω” café – €5", '"ΘEΛΩ" café - €5', id="Greek beside Latin"),
    ],
)
def test_gsm7_spells_letters_with_those_of_gsm7(written: str, plain: str) -> None:
    assert respell(written, GSM7) == plain
    assert measure(plain).encoding is Encoding.GSM7


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Zażółć 😀", id="emoji"),
        pytest.param("Łódź 漢字", id="Chinese"),
        pytest.param("Łódź مرحبا", id="Arabic"),
        pytest.param("Łódź ไทย", id="Thai"),
        pytest.param("Łódź 20°C ½", id="signs that say something"),
        pytest.param("100₺ ş", id="a currency"),
        pytest.param("Łódź Ａ 𝐁", id="letters of another shape"),
        pytest.param("ʔ ʭ Ꝿ", id="letters that would become signs"),
    ],
)
def test_a_text_that_cannot_become_gsm7_whole_stays_as_tidy_leaves_it(text: str) -> None:
    assert respell(f"{text} – ok", GSM7) == f"{text} - ok"


@pytest.mark.parametrize(
    "link",
    [
        "https://żółw.example/ą–b…c",
        "HTTP://x.example/‘a",
        "www.żółw.pl",
        "żółw.pl/oferta",
        "jan@żółw.pl",
        "сайт.рф",
    ],
)
def test_a_link_is_not_touched_and_its_letters_keep_the_text_from_gsm7(link: str) -> None:
    assert respell(f"Łódź – {link}… “ok”", GSM7) == f'Łódź - {link}... "ok"'


@pytest.mark.parametrize("behind", ["…", "”", "’.", "\u200b", "–"])
def test_what_stands_behind_a_link_is_none_of_it(behind: str) -> None:
    assert respell(f"Łódź: https://sklep.pl/a{behind}", GSM7).isascii()


def test_a_sentence_without_a_space_behind_its_full_stop_is_no_link() -> None:
    assert respell("Dziękuję.Proszę", GSM7) == "Dziekuje.Prosze"


def test_dots_that_would_need_another_segment_stay_one_character() -> None:
    text = f"{'ą' * 69}…"
    assert measure(text).count == 1
    assert respell(text, TIDY) == text
    assert respell(text, GSM7) == f"{'a' * 69}..."


def test_cyrillic_letters_that_would_need_more_segments_stay() -> None:
    text = "щ" * 67 * 3
    assert respell(text, GSM7) == text


def test_a_text_of_nothing_but_invisible_characters_does_not_vanish() -> None:
    assert respell("\u200b", TIDY) == "\u200b"


def test_keep_keeps_everything() -> None:
    assert respell("“Łódź”…", KEEP) == "“Łódź”…"


# --- properties ---

_PIECES = st.one_of(
    st.text(st.characters(codec="utf-8", max_codepoint=0x52F), max_size=8),
    st.text("‘’“”„«»–—…\u00a0\u200b\u200d\u202c\u0301\u0338 .:/@-", max_size=6),
    st.sampled_from(
        ["https://x.pl/ą", "www.ż.pl", "a.b", "👨‍👩‍👧", "Щ", "ς", "ŉ", "ﬁ", "می‌خ", "क्‍ष", "?", "Łódź "]
    ),
    st.text(max_size=4),
)
TEXTS = st.lists(_PIECES, max_size=30).map("".join)
SPELLINGS = st.sampled_from(Spelling)
ALL_GSM7 = re.compile(f"[{re.escape(BASIC + EXTENDED)}]*")


def segments(text: str) -> int:
    try:
        return measure(text).count
    except Unsendable:
        return 256


@given(TEXTS, SPELLINGS)
def test_spelling_a_text_again_changes_nothing(text: str, spelling: Spelling) -> None:
    once = respell(text, spelling)
    assert respell(once, spelling) == once


@given(TEXTS, SPELLINGS)
def test_no_spelling_takes_more_segments(text: str, spelling: Spelling) -> None:
    assert segments(respell(text, spelling)) <= segments(text)


@given(TEXTS)
def test_gsm7_makes_gsm7_of_it_or_what_tidy_makes(text: str) -> None:
    spelled = respell(text, GSM7)
    assert ALL_GSM7.fullmatch(spelled) or spelled == respell(text, TIDY)


@given(TEXTS, SPELLINGS)
def test_nothing_becomes_a_question_mark(text: str, spelling: Spelling) -> None:
    assert respell(text, spelling).count("?") == text.count("?")


@given(st.text(BASIC + EXTENDED), SPELLINGS)
def test_a_text_of_gsm7_is_left_alone(text: str, spelling: Spelling) -> None:
    assert respell(text, spelling) == text


@given(TEXTS, TEXTS)
def test_changes_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    built, end = "", 0
    for change in changes(before, after):
        built += before[end : change.start] + after[change.new_start : change.new_end]
        end = change.end
    assert built + before[end:] == after


def test_changes_say_where_something_changed() -> None:
    (first, second) = changes("a… bą", "a... ba")
    assert (first.start, first.end, first.new_start, first.new_end) == (1, 2, 1, 4)
    assert (second.start, second.end, second.new_start, second.new_end) == (4, 5, 6, 7)
