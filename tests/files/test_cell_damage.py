from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.mojibake import mojibake
from smscli.files.cell_damage import (
    NO_VALUES,
    NOT_CALCULATED,
    damaged_text,
    may_be_damaged,
    plainly_spaced,
    swapped,
)
from smscli.files.reading import has_control

#: Names, cities and ordinary words, a line a language; none of them is damaged.
WORDS = {
    "pl": """
        Miłosz Łukasz Żaneta Świętosława Grażyna Bożena Małgorzata Władysław Paweł Michał Józef Wałęsa
        Dąbrowski Wójcik Woźniak Kamiński Zieliński Szymański Jabłoński Piątek Król Kołodziej Wróbel
        Łódź Kraków Gdańsk Poznań Wrocław Rzeszów Zgłobień Źródlana Ćwiklińska żółć źdźbło gęślą jaźń
        chrząszcz mężą ciężą księżą ósmy ślub ćma łóżko święto róża pięćdziesiąt środa piątek niedziela
        GÓŻ ÓŁTARZ MÓŁ ŻÓŁW KOŃ ŁÓDŹ
    """,
    "el": """
        Γιώργος Μαρία Ελένη Νίκος Κώστας Δημήτρης Ιωάννης Αικατερίνη Παναγιώτης Βασίλης Χρήστος Άννα
        Όλγα Ήρα Έλλη Ίρις Ύδρα Ώρα Αθήνα Θεσσαλονίκη Πάτρα Ηράκλειο Λάρισα Ιωάννινα Καβάλα Σέρρες Ρόδος
        Κέρκυρα Χανιά ραντεβού σήμερα αύριο καλημέρα ευχαριστώ παρακαλώ γιατρός δόντι ΑΘΗΝΑ ΜΑΡΙΑ ο η το
        και με για ευφυΐα
    """,
    "ru": """
        Михаил Анна Пётр Елена Олег Ольга Игорь Наталья Сергей Светлана Юлия Дмитрий Фёдор Щукин Жданов
        Хомяков Царёв Чехов Шишкин Эдуард Яна Москва Санкт Новосибирск Екатеринбург Казань Самара Омск
        Челябинск запись завтра сегодня здравствуйте приём врач скидка ёлка объект СССР РФ МЧС я и в о с
        Рё Сё Её
    """,
    "uk": """
        Віктор Ірина Їжак Євген Олексій Наталія Сергій Ганна Ґалаґан Юрій Київ Львів Харків Одеса Дніпро
        Запоріжжя Вінниця Чернівці Тернопіль Рівне Хмельницький їжа ґанок ґудзик дякую запис завтра Ві
        Ці Ті Ні Рі Її ВІ ЦІ
    """,
    "es": """
        José María Muñoz Peña Núñez Íñigo Ángel Óscar Úrsula Martínez Hernández González Rodríguez López
        Gómez Sánchez Ramírez Begoña Concepción Andrés Sebastián León Málaga Cádiz Córdoba Coruña
        Almería mañana niño señor pingüino vergüenza ¿Qué? ¡Hola! ¿como ¿cuándo? año ESPAÑA AÑO 1º 2ª nº
    """,
    "tr": """
        Şahin Özgür Ümit Çiğdem İbrahim Işık Gülşen Ayşe Fatma Öztürk Yıldız Yılmaz Güneş Doğan Çelik
        Aydın Kılıç Arslan Koç Şimşek Erdoğan İstanbul İzmir Eskişehir Muğla Diyarbakır Şanlıurfa
        Kütahya öğüt ışığı üçü ağaç çocuk gözlük teşekkürler yarın bugün DAĞ ŞİŞLİ ÇİĞDEM IŞIK üç öç
    """,
    "pt": """
        João Conceição Simões Magalhães Guimarães Araújo Antônio Inês Luís Sérgio Lúcia Márcio Patrícia
        Estêvão São Brasília Goiânia Belém Vitória Maceió Macapá Cuiabá amanhã maçã irmã mãe pão coração
        ação lição você três avô avó à às àquele AMANHÃ IRMÃ JOÃO MAÇÃ CORAÇÃO MANHÃ… MAÇÃ” “AMANHÔ
    """,
    "fr": """
        François Hélène Élodie Zoë Noël Benoît Chloé Jérôme Gaëlle Léa Anaïs Maëlys Loïc Cécile Mathéo
        Éric Aÿ Besançon Orléans Nîmes Alençon Évreux Angoulême Sète Béziers cœur sœur œuvre été août
        garçon où là déjà l’été aujourd’hui NOËL ÉTÉ CAFÉ” L’ÉTÉ’ «Bonjour» Ça ÇA français À PRÉS
    """,
    "de": """
        Müller Schröder Jürgen Björn Günther Käthe Jörg Größe Weiß Groß Straße Köln München Düsseldorf
        Nürnberg Würzburg Göttingen Tübingen Lübeck Österreich Zürich Übung Äpfel Ärger Öl süß fünf
        zwölf grün schön „Grüße“ „GRÜ“ GRÖSSE ÄÖÜ MÜLLER JÄ… NÄ… 20°C §5 ½
    """,
    "vi": """
        Nguyễn Trần Lê Phạm Huỳnh Hoàng Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Hương Thảo Phương Ngọc Ánh
        Tuấn Đức Hùng Dũng Thịnh Quỳnh Trâm Hà Nội Đà Nẵng Huế Cần Thơ Hải Phòng Ổ Ấp ơ ư xin chào cảm
        ơn ngày mai hẹn
    """,
    "id": """
        Budi Sri Agus Siti Joko Dewi Andi Putri Wahyu Yogyakarta Surabaya Bandung Jum’at Ma’ruf besok
        hari ini
    """,
    "cs": """
        Jiří Tomáš Lukáš Ondřej Věra Zdeněk Štěpán Žofie Čeněk Řehoř Ústí Plzeň České Třebíč Žďár kůň
        dům děťátko příliš žluťoučký kůň úpěl ďábelské ódy ŘÍŠE ČÍŠE PŘÍŠTĚ ÚŽAS Čšš
    """,
    "sk": """
        Ľubomír Ľudmila Štefan Žilina Košice Prešov Nitra päť deväť desať hĺbka stĺp vŕba kôň PÄŤ DEVÄŤ
        PÄŤDESIAT mäso svätý Ďuro Ťahanovce
    """,
    "hu": """
        György László Zsófia Eszter Ágnes Éva Örs Őze Ürmös Győr Pécs Debrecen Székesfehérvár hűtő fűtő
        őrülő
    """,
    "ro": """
        Ștefan Ţepeş Mădălina Ionuț București Iași Timișoara Brașov Constanța pâine înainte țară șase
        Ăla PĂŞUNE
    """,
    "hr": """
        Đorđe Željko Čedomir Ćosić Šime Živković Đurđica Požega Šibenik Čakovec šećer džem ĐŠ ĆŠ ŽĐ
    """,
    "nordic": """
        Åsa Örjan Märta Søren Bjørn Åse Kåre Jørgen Þór Guðrún Æsir Ægir Ísafjörður Malmö Ålesund Jäärä
        öö äää
    """,
    "other": """
        Дејан Њиљана Ђорђе Џорџ Љубомир Ќиро Ѓорѓи Ўладзімір Щоткин naïve café €50 £5 100£ m³ 5m³ cm³ 20
        ¼ x² H₂O ① → ✓ ★ 🎉 👍🏽 ❤️ ©2026 Acme™ Foo® 日本 김철수 محمد שלום हिन्दी
    """,
}
SENTENCES = (
    "Green Garage: Miłosz, opony zimowe od poniedziałku – zapisz się: https://example.com/?a=1&b=2",
    "«Привет», сказала она — и ушла…",
    "Straße 5, 3. OG, „Zum Löwen“, 20 °C",
    "Really??? Yes!",
    "why? because?",
    "A?B",
    "C# #winter #WINTER! #1",
    "Call me: (202) 555-0123 …",
    "O’Neill & Söhne – est. 1990",
    "¿Qué tal? ¡Bien!",
    "Ñ Ã Â",
    "",
    " \u00a0",
)
ERRORS = """
    #N/A #n/a #REF! #NAME? #VALUE! #DIV/0! #NULL! #NUM! ###### ### #SPILL! #ARG! #NAZWA? #NV #ЗНАЧ! #DEĞER!
    #¡VALOR! #ERROR! Err:502
"""
TAKEN_FOR = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "latin-1", "mac_roman")


def taken_for(word: str, encoding: str) -> str:
    """The word in UTF-8, read as that encoding; a byte that it leaves undefined stays a byte."""
    return "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in word.encode("utf-8"))


# --------------------------------------------------------------------------------------------- mojibake


@pytest.mark.parametrize("language", WORDS)
def test_an_ordinary_word_is_not_damaged(language: str) -> None:
    for word in WORDS[language].split():
        cases = (word, word.upper(), word.lower(), word.capitalize())
        for written in (*cases, f'"{word}"', f"({word}),", f"x {word} y", f"{word}\n{word}"):
            assert damaged_text(written) is None, written


@pytest.mark.parametrize("text", [*SENTENCES, *map(str.strip, WORDS.values())])
def test_an_ordinary_text_is_not_damaged(text: str) -> None:
    assert damaged_text(text) is None


NAMES = [
    word
    for language, words in WORDS.items()
    for word in words.split()
    if language != "other" and word.isalpha() and not word.isascii() and not word.isupper() and len(word) > 2
]


@pytest.mark.parametrize("encoding", TAKEN_FOR)
def test_utf_8_that_was_taken_for_another_encoding_is_restored(encoding: str) -> None:
    assert len(NAMES) > 300
    found = {word: mojibake(taken_for(word, encoding)) for word in NAMES}
    assert {word: restored for word, restored in found.items() if restored != word} == {}


@pytest.mark.parametrize("encoding", TAKEN_FOR)
def test_nearly_all_capitals_are_restored_too(encoding: str) -> None:
    words = [word.upper() for word in NAMES]
    missed = [word for word in words if mojibake(taken_for(word, encoding)) != word]
    assert len(missed) < len(words) / 20, missed


@pytest.mark.parametrize("encoding", ["cp1252", "cp1250"])
def test_what_was_encoded_two_or_three_times_is_restored(encoding: str) -> None:
    for word in ("Miłosz", "José", "Müller", "François"):
        twice = taken_for(taken_for(word, encoding), encoding)
        assert mojibake(twice) == word
        assert mojibake(taken_for(twice, encoding)) == word


@pytest.mark.parametrize(
    ("text", "was"),
    [
        ("Jan MiÅ‚osz", "Jan Miłosz"),
        ("MÃ¼ller GmbH – Köln", "Müller GmbH – Köln"),
        ("Iâ€™m here â€“ nowâ€¦", "I’m here – now…"),
        ("ðŸŽ‰ Party", "🎉 Party"),
        ("cittÃ", "città"),
        ("nÂ° 5", "n° 5"),
        ("ÐŸÑ€Ð¸Ð²ÐµÑ‚, ÐœÐ¸Ñ…Ð°Ð¸Ð»!", "Привет, Михаил!"),
        ("Mi³osz", "Miłosz"),
        ("£ukasz Pawe³", "Łukasz Paweł"),
        ("D¹browski", "Dąbrowski"),
    ],
)
def test_a_damaged_text_says_what_it_most_likely_was(text: str, was: str) -> None:
    found = damaged_text(text)
    assert found is not None
    assert found.code == "mojibake"
    assert was in found.message or was.replace("…", "") in found.message
    assert "CSV UTF-8" in found.hint
    assert may_be_damaged(text)


@pytest.mark.parametrize(
    ("word", "written", "read"),
    [("Михаил", "cp1251", "cp1252"), ("Γιώργος", "cp1253", "cp1252"), ("ИВАНОВ", "cp1251", "latin-1")],
)
def test_another_alphabet_that_was_taken_for_western_letters_is_named(
    word: str, written: str, read: str
) -> None:
    found = damaged_text(word.encode(written).decode(read))
    assert found is not None
    assert found.code == "mojibake"
    assert "Cyrillic or Greek" in found.message


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_text_has_an_answer_and_plain_text_none(text: str) -> None:
    found = damaged_text(text)
    assert found is None or may_be_damaged(text) or text.strip() in NO_VALUES
    assert found is None or not has_control(found.message)


def test_a_number_in_a_damaged_text_is_masked() -> None:
    found = damaged_text("MiÅ‚osz +48512345678")
    assert found is not None
    assert "512345" not in found.message


@pytest.mark.parametrize("text", ["NULL", "nan", "NaN", "undefined", "None"])
def test_what_programs_write_for_nothing_is_no_name(text: str) -> None:
    found = damaged_text(f" {text} ")
    assert found is not None
    assert found.code == "no_value"


@pytest.mark.parametrize("text", ["Nan", "Null", "None Smith", "Undefined Ltd", "Nullmeier", "Annan"])
def test_names_that_only_look_like_nothing_are_names(text: str) -> None:
    assert damaged_text(text) is None


@pytest.mark.parametrize(("text", "meant"), [("Jos&eacute;", "é"), ("O&#39;Neill", "'"), ("A &amp; B", "&")])
def test_characters_of_web_pages_are_named_with_what_they_mean(text: str, meant: str) -> None:
    found = damaged_text(text)
    assert found is not None
    assert (found.code, found.hint) == ("html_entity", f"write {meant}, or export the list again")


@pytest.mark.parametrize("text", ["Smith & Sons; Ltd", "a&b", "x=1&y=2;", "&;", "R&D"])
def test_an_ampersand_alone_is_one(text: str) -> None:
    assert damaged_text(text) is None


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u2028", "\u2029"])
def test_marks_that_turn_or_break_a_text_are_damage(mark: str) -> None:
    found = damaged_text(f"Ann{mark}Lee")
    assert found is not None
    assert found.code == "control_character"
    assert mark not in found.message


def test_blanks_are_plain_and_marks_that_nobody_sees_are_gone() -> None:
    assert plainly_spaced("Ann\u00a0Lee\u2009x\u200b\ufeff\u00ad\u200f") == "Ann Lee x"
    assert plainly_spaced("क्\u200dष \u200c") == "क्\u200dष \u200c"  # joiners are letters there


# ------------------------------------------------------------------------------- lost letters, errors


@pytest.mark.parametrize(
    "text",
    ["Mi\ufffdosz", "\ufffd", "M??ller", "Wa??sa Lech", "????? ????????", "??", "ï¿½", "MiÃ¯Â¿Â½osz", "пїЅ"],
)
def test_letters_that_are_gone_are_named(text: str) -> None:
    found = damaged_text(text)
    assert found is not None
    assert found.code == "lost_letters"
    assert may_be_damaged(text)


@pytest.mark.parametrize(
    "text", ["Mi?osz", "?", "Really??", "what?? now", "https://example.com/?a=1", "5 ?? 6"]
)
def test_a_question_mark_may_have_been_written(text: str) -> None:
    assert damaged_text(text) is None


@pytest.mark.parametrize(
    "text",
    ERRORS.split(),
)
def test_the_errors_of_spreadsheets_are_named(text: str) -> None:
    found = damaged_text(text)
    assert found is not None
    assert found.code == "excel_error"
    assert may_be_damaged(text.strip())


def test_a_formula_whose_value_is_missing_is_named() -> None:
    found = damaged_text(NOT_CALCULATED)
    assert found is not None
    assert found.code == "excel_error"
    assert "formula" in found.message
    assert may_be_damaged(NOT_CALCULATED)


@pytest.mark.parametrize("text", ["#1", "#winter", "# 5", "##", "see #N/A", "N/A", "C#", "Err: 5"])
def test_what_only_looks_like_an_error_is_left_alone(text: str) -> None:
    assert damaged_text(text) is None


# --------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("cells", "at"),
    [
        (("Ann", "+12025550101"), 1),
        (("Ann", "2025550101"), 1),
        (("Ann", "x", "(202) 555-0101"), 2),
        (("n/a", "+12025550101"), 1),
        (("Ann", "+12025550101", "+12025550102"), None),  # which of them?
        (("", "+12025550101"), None),  # no number, and another column has one of its own
        (("12", "+12025550101"), None),
        (("Ann", "Smith"), None),
        (("Ann", "2026-03-01"), None),
        (("Ann", "01.03.2026"), None),
        (("Ann", "202555"), None),
        (("Ann",), None),
    ],
)
def test_swapped_columns_are_told_by_the_one_cell_that_is_a_number(
    cells: tuple[str, ...], at: int | None
) -> None:
    assert swapped(cells, 0, "US") == at
    assert swapped((*cells[1:], cells[0]), len(cells) - 1, "US") == (None if at is None else at - 1)


def test_a_national_number_is_one_only_where_the_country_is_known() -> None:
    assert swapped(("Ann", "2025550101"), 0, None) is None


@pytest.mark.parametrize(
    "cell",
    [
        "+48512\u00c2\u00a0928\u00c2\u00a0191",
        "+48512&nbsp;928&nbsp;191",
        "+48512\u202e9|28191",
        "+4851\ufffd2928191",
    ],
)
def test_a_number_that_a_program_damaged_is_not_shown(cell: str) -> None:
    damage = damaged_text(cell)
    assert damage is not None
    assert "928" not in damage.message
    assert "9|28" not in damage.message
