from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smscli.domain.errors import FilesError, Problem
from smscli.files.encoding_guess import guessed
from smscli.files.list_source import ContactsSource, encoding_name
from smscli.files.list_text import MAX_LINE_BYTES, text_blocks

NAMES = {
    "PL": "Łukasz Wiśniewski;Małgorzata Wójcik;Zofia Żółkiewska;Paweł Jabłoński;Agnieszka Dąbrowska;"
    "Krzysztof Gołąb;Stanisław Kędzierski;Józef Świątek;Anna Zając;Grażyna Lis;Jan Kowalski;Ewa Nowak;"
    "Michał Źródlany;Barbara Szczęsna;Piotr Mazur;Rafał Łoś;Iwona Ćwik;Tomasz Gąsior;Hanna Bąk;Marek Król",
    "GR": "Γιώργος Παπαδόπουλος;Μαρία Παπαδάκη;Νίκος Οικονόμου;Ελένη Αθανασίου;Κώστας Βλάχος;Άννα Ιωάννου;"
    "Δημήτρης Γεωργίου;Σοφία Κωνσταντίνου;Παναγιώτης Δημητρίου;Αικατερίνη Νικολάου;Βασίλης Μακρής;"
    "Χριστίνα Αλεξίου;Θανάσης Καραγιάννης;Ιωάννα Σταύρου;Ξένια Ψαρρού;Άγγελος Ζήσης;Έφη Λάμπρου;Όλγα Ρήγα;"
    "Στέλιος Φωτίου;Ηλίας Ράπτης",
    "RU": "Иван Иванов;Мария Смирнова;Алексей Кузнецов;Ольга Попова;Дмитрий Соколов;Екатерина Лебедева;"
    "Сергей Козлов;Татьяна Новикова;Андрей Морозов;Наталья Петрова;Юрий Щербаков;Жанна Цветкова;Фёдор Чехов;"
    "Эльвира Хабибуллина;Пётр Быков;Анна Ёлкина;Игорь Зуев;Светлана Гусева;Роман Шубин;Ксения Яшина",
    "ES": "José García;María Rodríguez;Ángel Fernández;Lucía Martínez;Íñigo Núñez;Begoña Muñoz;Carlos Pérez;"
    "Ana López;Joaquín Sánchez;Raúl Gómez;Mónica Díaz;Sofía Jiménez;Iván Ibáñez;Belén Peña;Andrés Castro;"
    "Inés Vázquez;Óscar Ramírez;Jesús Ortiz;Begoña Agüero;Pedro Ruiz",
    "TR": "Ayşe Yılmaz;Mehmet Öztürk;Fatma Çelik;Mustafa Şahin;Zeynep Kılıç;İbrahim Doğan;Gülşen Aydın;"
    "Hüseyin Yıldırım;Çiğdem Güneş;Ümit Özdemir;Işıl Aslan;Oğuz Kaya;Şule Koç;Tuğba Çetin;Ömer Polat;"
    "Elif Kurt;Nurgül Şimşek;Yağmur Erdoğan;Barış Tekin;Uğur Bulut",
    "DE": "Jürgen Müller;Käthe Schäfer;Björn Größe;Anna Weiß;Uwe Köhler;Jörg Lange;Heike Krüger;Günther Böhm;"
    "Ute Schröder;Ralf Jäger;Silke Groß;Kai Voß",
    "FR": "Élodie Lefèvre;François Légaré;Hélène Dubois;Zoé Benoît;Anaïs Rémy;Jérôme Gérard;Loïc Noël;"
    "Chloé Pelletier;Cédric Gauthier;Anne Béziers",
    "CZ": "Jiří Dvořák;Kateřina Nováková;Tomáš Černý;Lukáš Procházka;Šárka Kučerová;Zdeněk Růžička;"
    "Věra Šťastná;Ondřej Malý;Žaneta Křížová;Petr Hájek",
    "HU": "Szabó László;Tóth Gábor;Őry Zsófia;Kovács Ágnes;Nagy Erzsébet;Szűcs György;Kiss Éva;Németh Ödön;"
    "Varga Jenő;Molnár Ibolya",
}


def a_list(region: str, first: int = 0, last: int = 20) -> str:
    names = NAMES[region].split(";")[first:last]
    rows = "".join(f"+120255501{row:02},{name},{row} Main St\r\n" for row, name in enumerate(names))
    return f"phone,name,street\r\n{rows}"


def decoded(content: bytes, encoding: str | None = None, size: int = 7) -> str:
    source = ContactsSource(Path("list.csv"), encoding=encoding)
    return "".join(text_blocks(_blocks(content, size), source))


def _blocks(content: bytes, size: int) -> Iterator[bytes]:
    """Small ones, so that characters and line ends are torn apart; the first has room for a header."""
    first = max(size, 64)
    yield content[:first]
    yield from (content[start : start + size] for start in range(first, len(content), size))


def refused(content: bytes, encoding: str | None = None, region: str | None = None) -> Problem:
    source = ContactsSource(Path("list.csv"), region, encoding=encoding)
    with pytest.raises(FilesError) as caught:
        list(text_blocks(_blocks(content, 4096), source))
    (problem,) = caught.value.problems
    return problem


# ------------------------------------------------------------------------------------- what can be read

READABLE = [
    ("utf-8", None),
    ("utf-8-sig", None),
    ("utf-16", None),
    ("utf-32", None),
    ("utf-16-le", "utf-16-le"),
    ("utf-16-be", "utf-16-be"),
    ("utf-32-be", "utf-32-be"),
    ("utf-8", "utf-8"),
    ("utf-8", "utf-8-sig"),
    ("utf-8-sig", "utf-8"),
    ("gb18030", "gb18030"),
]


@pytest.mark.parametrize(("written", "declared"), READABLE)
@pytest.mark.parametrize("region", NAMES)
def test_unicode_and_what_is_declared_is_read(written: str, declared: str | None, region: str) -> None:
    text = a_list(region) + "\U0001f600\r\r\n\n"
    assert decoded(text.encode(written), declared) == text


CODE_PAGES = [
    ("PL", "cp1250"),
    ("PL", "iso8859-2"),
    ("PL", "cp852"),
    ("GR", "cp1253"),
    ("GR", "iso8859-7"),
    ("RU", "cp1251"),
    ("RU", "koi8-r"),
    ("RU", "cp866"),
    ("ES", "cp1252"),
    ("TR", "cp1254"),
    ("TR", "iso8859-9"),
]


@pytest.mark.parametrize(("region", "encoding"), CODE_PAGES)
def test_declared_code_pages_are_read(region: str, encoding: str) -> None:
    assert decoded(a_list(region).encode(encoding), encoding) == a_list(region)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("declared", ["cp1250", "utf-8", "utf-16-be", "ascii", "utf-16"])
def test_a_byte_order_mark_outranks_what_is_declared(encoding: str, declared: str) -> None:
    assert decoded(a_list("PL").encode(encoding), declared) == a_list("PL")


@pytest.mark.parametrize("mark", ["\ufeff".encode(each) for each in ("utf-8", "utf-16-be", "utf-32-le")])
def test_a_list_may_be_a_byte_order_mark_and_no_more(mark: bytes) -> None:
    assert decoded(mark) == ""


@pytest.mark.parametrize("content", [b"", b"a", b"a\0b", b"\0\0\0\0\n", b"phone\n1,\0,2\n", b"a\r\0\n" * 99])
def test_a_few_nuls_are_characters(content: bytes) -> None:
    assert decoded(content) == content.decode()


def test_cr_and_lf_are_never_torn_apart() -> None:
    source = ContactsSource(None)
    pieces = list(text_blocks(iter([b"a\r", b"\nb\r", b"c\r"]), source))
    assert pieces == ["a", "\r\nb", "\rc", "\r"]


# ----------------------------------------------------------------------------------- what is no UTF-8


def test_an_encoding_that_nothing_says_is_named_with_a_line_and_what_to_write() -> None:
    problem = refused(a_list("PL").encode("cp1250"))
    assert (problem.code, problem.where.file, problem.where.line) == ("not_utf8", "list.csv", 2)
    assert problem.message == (
        "byte 33 of the file (0xa3) is not UTF-8; it is most likely windows-1250, in which line 2 reads: "
        "+12•••••••00,Łukasz Wiśniewski,0 Main St"
    )
    assert problem.hint == (
        "if that is right, say so in the campaigns file: contacts: {file: list.csv, encoding: windows-1250}; "
        "else save the list again as CSV UTF-8"
    )


def test_what_the_campaigns_file_says_already_is_kept() -> None:
    source = ContactsSource(
        Path("a list, old.csv"), "PL", ";", {"phone": 'Tel. "1"'}, header=("phone", ""), key="exclude"
    )
    with pytest.raises(FilesError) as caught:
        list(text_blocks(iter([a_list("PL").encode("cp1250")]), source))
    assert (
        'exclude: {file: "a list, old.csv", region: PL, encoding: windows-1250, delimiter: semicolon, '
        'header: ["phone", ""], columns: {phone: "Tel. \\"1\\""}}'
    ) in caught.value.hint


DETECTED = [
    ("PL", "cp1250"),
    ("PL", "iso8859-2"),
    ("PL", "cp852"),
    ("GR", "cp1253"),
    ("RU", "cp1251"),
    ("RU", "koi8-r"),
    ("RU", "cp866"),
    ("ES", "cp1252"),
    ("TR", "cp1254"),
    ("DE", "cp1252"),
    ("FR", "cp1252"),
    ("CZ", "cp1250"),
    ("CZ", "iso8859-2"),
    ("HU", "cp1250"),
]


WINDOWS = [(region, encoding) for region, encoding in DETECTED if encoding.startswith("cp125")]


@pytest.mark.parametrize(("region", "encoding"), DETECTED)
def test_the_encoding_of_a_short_list_is_recognised_without_a_region(region: str, encoding: str) -> None:
    found = guessed(a_list(region).encode(encoding))
    assert [guess.name for guess in found] == [encoding_name(encoding)]
    assert found[0].text == a_list(region)


@pytest.mark.parametrize("region", ["PL", "GR", "RU", "ES", "TR"])
def test_a_list_in_capitals_is_recognised_too(region: str) -> None:
    encoding = dict(WINDOWS)[region]
    content = a_list(region).upper().encode(encoding, "ignore")
    assert [guess.name for guess in guessed(content)] == [encoding_name(encoding)]


@pytest.mark.parametrize("size", [64, 4096, 65_536])
def test_the_encoding_is_told_from_as_much_however_little_comes_at_once(size: int) -> None:
    content = b"phone,name\n" + b"+12025550101,M\xfcller\n" * 20 + a_list("PL").encode("cp1250")
    with pytest.raises(FilesError) as caught:
        list(text_blocks(_blocks(content, size), ContactsSource(None)))
    assert "it is most likely windows-1250, in which line " in str(caught.value)


@pytest.mark.parametrize(("region", "encoding"), WINDOWS)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_with_a_region_a_row_or_two_are_enough(region: str, encoding: str, rows: int) -> None:
    for first in range(0, NAMES[region].count(";"), rows):
        content = a_list(region, first, first + rows).encode(encoding)
        if not content.isascii():
            assert [guess.name for guess in guessed(content, region)] == [encoding_name(encoding)]


@pytest.mark.parametrize(("region", "encoding"), WINDOWS)
def test_another_region_does_not_outweigh_the_letters(region: str, encoding: str) -> None:
    other = "RU" if region != "RU" else "ES"
    content = a_list(region).encode(encoding)
    assert [guess.name for guess in guessed(content, other)] == [encoding_name(encoding)]


def test_of_two_encodings_as_likely_both_are_said_with_how_each_reads() -> None:
    problem = refused("phone,name\n+12025550101,Yılmaz\n".encode("cp1254"))
    assert problem.message.startswith(
        "byte 26 of the file (0xfd) is not UTF-8; it could be, as line 2 shows,"
    )
    assert "(+12•••••••01,Yılmaz)" in problem.message
    assert " or windows-1254 " in problem.message


def test_two_encodings_that_read_a_list_alike_are_both_said() -> None:
    problem = refused("phone,name\n+12025550101,Müller\n".encode("cp1252"))
    assert "it could be windows-1250 or windows-1252, in both of which line 2 reads: " in problem.message


def test_the_line_shown_is_one_with_letters_and_not_only_a_no_break_space() -> None:
    content = "phone,name\n+1\u00a0202\u00a05550101,Ann\n+12025550102,Łukasz Żółć\n".encode("cp1250")
    problem = refused(content, region="PL")
    assert problem.where.line == 2
    assert problem.message.endswith("in which line 3 reads: +12•••••••02,Łukasz Żółć")


@pytest.mark.parametrize("encoding", ["cp1250", "cp852", "cp1253", "koi8-r"])
def test_no_number_is_shown_whatever_stands_between_its_digits(encoding: str) -> None:
    content = b"phone,name\n" + "202{0}555{0}0101,Żółć\n".format("?").encode().replace(b"?", b"\xa0")
    problem = refused(content.replace("Żółć".encode(), "ąęśćż".encode("cp1250")))
    assert "0101" not in problem.message
    assert "555" not in problem.message


def test_a_long_line_is_shown_where_it_tells_something() -> None:
    content = f"phone,name\n{'x' * 500},Łukasz Żółkiewski,{'y' * 500}\n".encode("cp1250")
    problem = refused(content, region="PL")
    assert ",Łukasz Żółkiewski," in problem.message
    assert len(problem.message) < 250


def test_escapes_in_a_line_are_shown_as_such() -> None:
    problem = refused("phone,name\n1,\x1b[31mŁukasz Żółć\n".encode("cp1250"), region="PL")
    assert "\x1b" not in problem.message
    assert "Łukasz" in problem.message


def test_bytes_that_are_no_text_in_any_encoding_are_said_so() -> None:
    problem = refused(b"phone,name\n1," + bytes(range(255, 127, -1)) + b"\n")
    assert problem.code == "not_utf8"
    assert problem.message.endswith("is not UTF-8, and what it is cannot be told")
    assert "encoding: …" in problem.hint


def test_one_bad_line_among_utf_8_is_not_called_another_encoding() -> None:
    content = (
        a_list("PL").encode() + "+12025550199,Małgorzata Źdźbło\n".encode("cp1250") + a_list("PL").encode()
    )
    problem = refused(content, region="PL")
    assert problem.where.line == 22
    assert "is not UTF-8, and lines above it are; in windows-1250 it reads: " in problem.message
    assert "encoding:" not in problem.hint


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("before", [0, 1, 700, 5000])
def test_the_line_and_the_byte_are_the_right_ones(end: str, before: int) -> None:
    good = ("phone,name" + end) * (before + 1)
    problem = refused(f"{good}1,".encode() + b"\xb9" + b"\nx\n")
    assert problem.where.line == before + 2
    assert problem.message.startswith(f"byte {len(good) + 3} of the file (0xb9) is not UTF-8")


WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("region", NAMES)
def test_utf_16_without_a_byte_order_mark_is_named(encoding: str, region: str) -> None:
    problem = refused(a_list(region).encode(encoding))
    assert problem.code == "not_utf8"
    assert problem.message.startswith(f"is written in {encoding.upper()} without a byte order mark")
    assert f"encoding: {encoding}}}" in problem.hint


# ------------------------------------------------------------------------------- what is declared wrongly


WRONG = [
    (
        "ascii",
        "PL",
        "cp1250",
        "nothing in ascii, which the campaigns file says; it is most likely windows-1250",
    ),
    ("utf-8", "PL", "cp1250", "is not UTF-8; it is most likely windows-1250"),
    ("cp1253", "TR", "cp1254", "nothing in windows-1253, which the campaigns file says; it is most likely "),
    ("utf-32-le", "PL", "cp1250", "nothing in utf-32-le, which the campaigns file says"),
]


@pytest.mark.parametrize(("declared", "region", "written", "sentence"), WRONG)
def test_a_declared_encoding_that_does_not_fit_is_named(
    declared: str, region: str, written: str, sentence: str
) -> None:
    content = a_list(region).encode(written) + b"1,\xd2\xff\n"
    problem = refused(content, declared)
    assert problem.code == "wrong_encoding"
    assert sentence in problem.message


@pytest.mark.parametrize("declared", ["cp1250", "iso8859-2", "cp1251", "cp1252", "koi8-r"])
def test_utf_8_that_is_declared_as_a_code_page_is_not_read_as_one(declared: str) -> None:
    problem = refused(a_list("PL").encode(), declared)
    assert problem.code == "wrong_encoding"
    assert problem.hint.endswith("contacts: {file: list.csv}")


def test_a_byte_that_a_code_page_lacks_says_that_the_list_is_utf_8() -> None:
    problem = refused("phone,name\n1,Łu\n".encode(), "cp1250")
    assert (
        problem.message
        == "byte 15 of the file (0x81) is nothing in windows-1250, which the campaigns file says"
    )
    assert problem.hint.startswith("it is UTF-8: take encoding out")


@pytest.mark.parametrize("declared", ["utf-16", "utf-32"])
def test_utf_16_that_does_not_say_its_order_is_not_guessed(declared: str) -> None:
    problem = refused(a_list("PL").encode(f"{declared}-be"), declared)
    assert problem.code == "wrong_encoding"
    assert f"encoding: {declared}-be}}" in problem.hint


# --------------------------------------------------------------------------------- what is not all there

ENDS = [
    ("phone,name\n1,Żół".encode()[:-1], None, "ends in the middle of a character"),
    ("phone,name\n1,\U0001f600".encode()[:-1], None, "ends in the middle of a character"),
    ("phone,name\nx".encode("utf-16")[:-1], None, "ends in the middle of a character"),
    ("phone,name\n\U0001f600".encode("utf-16")[:-2], None, "ends in the middle of a character"),
    ("phone,name\n北".encode("gb18030")[:-1], "gb18030", "ends in the middle of a character"),
    (b"phone,name\n1,A\0", None, "ends in NUL bytes"),
    (b"phone,name\n1\0A\0\0" + bytes(4096), None, "ends in NUL bytes"),
    (b"phone,name\r" + bytes(MAX_LINE_BYTES * 2), None, "ends in NUL bytes"),
    ("phone,name\n1\0\0".encode("utf-16"), None, "ends in NUL bytes"),
]


@pytest.mark.parametrize(("content", "encoding", "message"), ENDS, ids=range(len(ENDS)))
def test_a_list_that_was_cut_off_is_not_read_to_its_end(
    content: bytes, encoding: str | None, message: str
) -> None:
    problem = refused(content, encoding)
    assert (problem.code, problem.where.line, problem.message) == ("cut_off", 2, message)
    assert "was it copied to its end?" in problem.hint


def test_nuls_that_were_held_back_are_there_before_what_cannot_be_read() -> None:
    texts = text_blocks(iter(["phone\n1,Ż\r\n".encode(), b"\0\0\n\0x\n\0y\xff\0"]), ContactsSource(None))
    assert (next(texts), next(texts)) == ("phone\n1,Ż\r\n", "\0\0\n\0x\n")


def test_a_last_letter_of_a_code_page_is_not_called_half_a_character() -> None:
    problem = refused("phone,name\n+12025550101,Zoë".encode("cp1252"), region="FR")
    assert (problem.code, problem.where.line) == ("not_utf8", 2)
    assert "most likely windows-1252" in problem.message


@pytest.mark.parametrize("end", [b"\x1a", b"\x1a" * 100])
@pytest.mark.parametrize("line_end", ["\r\n", "\r", ""])
def test_what_ends_a_file_of_dos_is_left_out(line_end: str, end: bytes) -> None:
    text = f"phone\r\n1,\x1aA{line_end}"
    assert decoded(text.encode() + end) == text
    assert decoded(text.encode() + end + b"x") == text + end.decode() + "x"


def test_nuls_between_lines_are_no_end_however_many() -> None:
    content = b"phone\n" + bytes(200_000) + b"\n1\n"
    assert decoded(content, size=4096) == content.decode()
    problem = refused(b"phone\n" + bytes(MAX_LINE_BYTES + 1) + b"\n1\n")
    assert (problem.code, problem.where.line) == ("line_too_long", 2)


# ----------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_line_may_be_so_long_and_no_longer(end: str) -> None:
    assert (
        len(decoded(b"a\n" + b"x" * MAX_LINE_BYTES + end.encode() + b"b", size=65_536)) == MAX_LINE_BYTES + 4
    )
    problem = refused(b"a\n" + b"x" * (MAX_LINE_BYTES + 1) + end.encode() + b"b")
    assert (problem.code, problem.where.line) == ("line_too_long", 2)


@settings(max_examples=300)
@given(
    st.binary(max_size=80) | st.text(max_size=30).map(lambda text: text.encode("utf-16", "replace")),
    st.sampled_from(
        [None, "cp1250", "utf-16", "utf-16-le", "ascii", "shift_jis", "utf_7", "punycode", "idna"]
    ),
    st.integers(1, 9),
)
@example(b"\xff\xfe\x00\x00\x00", None, 3)
@example(b"\x80", "idna", 1)
def test_any_bytes_are_text_or_a_files_error(content: bytes, encoding: str | None, size: int) -> None:
    source = ContactsSource(Path("list.csv"), "PL", encoding=encoding)
    try:
        text = "".join(text_blocks(_blocks(content, size), source))
    except FilesError as refusal:
        (problem,) = refusal.problems
        assert problem.code in ("not_utf8", "wrong_encoding", "cut_off")
        assert problem.where.line is None or 1 <= problem.where.line <= 1 + len(content)
        assert (problem.message + problem.hint).isprintable()
        return
    if encoding is None and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert text == content.decode("utf-8-sig").rstrip("\x1a")
