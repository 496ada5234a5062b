from __future__ import annotations

import gzip
import io
import os
import resource
import threading
import zipfile
import zlib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psutil import Process

from smscli.domain.errors import FilesError, Problem
from smscli.files.csv_records import Record
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource

LIST = "phone,name\r\n+12025550101,Ann\r\n+12025550102,Ben\r\n"
ROWS = [("phone", "name"), ("+12025550101", "Ann"), ("+12025550102", "Ben")]

FILE = ContactsSource(Path("list.csv"))


def read(content: bytes | str, source: ContactsSource = FILE) -> tuple[str, list[Record]]:
    raw = content.encode() if isinstance(content, str) else content
    with open_list(source, io.BytesIO(raw), is_copy=True) as opened:
        found = list(opened.records())
        return opened.delimiter, found


def cells(content: bytes | str, source: ContactsSource = FILE) -> list[tuple[str, ...]]:
    return [record.cells for record in read(content, source)[1]]


def refused(content: bytes | str, source: ContactsSource = FILE) -> Problem:
    with pytest.raises(FilesError) as caught:
        read(content, source)
    (problem,) = caught.value.problems
    return problem


def workbook() -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for row in ROWS:
        book.active.append(row)
    book.save(stream)
    return stream.getvalue()


def zipped(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return stream.getvalue()


class Piped:
    """Bytes that can be read once, as from a pipe."""

    def __init__(self, content: bytes) -> None:
        reading, writing = os.pipe()
        self._writer = threading.Thread(target=self._write, args=(writing, content), daemon=True)
        self.stream: BinaryIO = os.fdopen(reading, "rb")

    def __enter__(self) -> BinaryIO:
        self._writer.start()
        return self.stream

    def __exit__(self, *_: object) -> None:
        self.stream.close()
        self._writer.join()

    @staticmethod
    def _write(writing: int, content: bytes) -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(content)


# --------------------------------------------------------------------------------------- where from

CONTENTS: list[Callable[[], bytes]] = [
    LIST.encode,
    lambda: gzip.compress(LIST.encode()),
    workbook,
    lambda: gzip.compress(workbook()),
    lambda: LIST.encode("utf-16"),
]


@pytest.mark.parametrize("content", CONTENTS, ids=["csv", "gzip", "xlsx", "gzipped xlsx", "utf-16"])
@pytest.mark.parametrize("name", ["list.csv", "list.xls", "list"])
def test_a_list_is_known_by_its_content_wherever_it_comes_from(
    tmp_path: Path, content: Callable[[], bytes], name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content())
    with open_list(ContactsSource(path)) as opened:
        assert [record.cells for record in opened.records()] == ROWS
    with Piped(content()) as piped, open_list(ContactsSource(None), piped) as opened:
        assert [record.cells for record in opened.records()] == ROWS
    with path.open("rb") as redirected, open_list(ContactsSource(None), redirected) as opened:
        assert [record.cells for record in opened.records()] == ROWS


def test_keys_that_do_not_concern_a_format_do_no_harm() -> None:
    strange = ContactsSource(Path("a.xlsx"), delimiter=";", encoding="cp1250", sheet=None)
    delimiter, found = read(workbook(), strange)
    assert (delimiter, [record.cells for record in found]) == ("", ROWS)
    assert cells(LIST, ContactsSource(Path("list.csv"), sheet="Members")) == ROWS


def test_without_standard_input_there_is_nothing_to_read() -> None:
    with pytest.raises(FilesError, match="no standard input"), open_list(ContactsSource(None)):
        pass


# --------------------------------------------------------------------------------------------- gzip


def test_several_gzips_behind_one_another_are_one_list() -> None:
    parts = [gzip.compress(part.encode()) for part in ("phone,na", "me\r\n1,2\r", "\n3,4")]
    assert cells(b"".join(parts)) == [("phone", "name"), ("1", "2"), ("3", "4")]
    assert cells(b"".join(parts) + bytes(600)) == [("phone", "name"), ("1", "2"), ("3", "4")]


@pytest.mark.parametrize("content", CONTENTS, ids=["csv", "gzip", "xlsx", "gzipped xlsx", "utf-16"])
def test_a_list_is_known_by_its_content_however_little_of_it_comes_at_once(
    content: Callable[[], bytes],
) -> None:
    with open_list(ContactsSource(None), _Dripping(content())) as opened:
        assert [record.cells for record in opened.records()] == ROWS


@pytest.mark.parametrize("content", [LIST.encode("utf-16"), b"\xef\xbb\xbf" + LIST.encode()])
def test_a_gzip_may_be_of_pieces_of_a_byte(content: bytes) -> None:
    packed = b"".join(gzip.compress(content[at : at + 1]) for at in range(20)) + gzip.compress(content[20:])
    assert cells(packed) == ROWS


class _Dripping(io.BytesIO):
    """A pipe that hands out a byte at a time."""

    def seekable(self) -> bool:
        return False

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(1)


def test_what_comes_before_the_damage_is_known_by_its_content_too() -> None:
    packed = gzip.compress(b"%PDF") + gzip.compress(b"-1.7")[:-4]
    assert refused(packed).code == "not_csv"


def test_an_empty_gzip_is_an_empty_list() -> None:
    assert cells(gzip.compress(b"")) == []


PACKED = gzip.compress(os.urandom(200_000).hex().encode() + b"\n")
DAMAGE = [
    (PACKED[: len(PACKED) // 2], "its compressed data ends too early"),
    (PACKED[:-1], "its compressed data ends too early"),
    (PACKED[:5], "its compressed data ends too early"),
    (PACKED[:-8] + bytes(4) + PACKED[-4:], "its compressed data is damaged: its checksum does not fit"),
    (PACKED[:-4] + bytes(4), "its compressed data is damaged: its length does not fit"),
    (PACKED[:1000] + bytes(50) + PACKED[1050:], "its compressed data is damaged"),
    (PACKED + b"rubbish", "its compressed data is damaged: something that is no gzip stands behind it"),
    (b"\x1f\x8b\x08" + bytes(60), "its compressed data"),
]


@pytest.mark.parametrize(("content", "sentence"), DAMAGE, ids=range(len(DAMAGE)))
def test_damaged_gzip_is_told_in_words(content: bytes, sentence: str) -> None:
    problem = refused(content)
    assert problem.code == "damaged_gzip"
    assert problem.message.startswith(sentence)
    assert "Error" not in problem.message


def test_rows_before_the_damage_can_be_read() -> None:
    rows = "".join(f"+1202555{row:04},{os.urandom(20).hex()}\n" for row in range(9_000))
    content = gzip.compress(f"phone,name\n{rows}".encode())
    with open_list(FILE, io.BytesIO(content[:-100_000]), is_copy=True) as opened:
        found = opened.records()
        assert len(list(islice(found, 1_000))) == 1_000
        with pytest.raises(FilesError):
            list(found)


@pytest.mark.parametrize("end", ["Ż".encode()[:1], bytes(1), bytes(200_000)])
def test_of_a_list_that_was_cut_off_the_whole_rows_are_read_and_no_half_one(end: bytes) -> None:
    content = LIST.encode() + "+12025550103,Żaneta Ż".encode() + end
    with open_list(FILE, io.BytesIO(content), is_copy=True) as opened:
        found = opened.records()
        assert [record.cells for record in islice(found, 3)] == ROWS
        with pytest.raises(FilesError) as caught:
            next(found)
    assert [problem.code for problem in caught.value.problems] == ["cut_off"]


@pytest.mark.parametrize("filler", [b"x", b'"\n', b"\n", b"a,"])
def test_a_decompression_bomb_does_not_eat_memory(filler: bytes) -> None:
    packer = zlib.compressobj(9, wbits=31)
    size = 2 if b"\n" in filler else 100
    bomb = packer.compress(b"phone\n") + b"".join(packer.compress(filler * 500_000) for _ in range(size))
    bomb += packer.flush()
    told = []
    before = Process().memory_info().rss
    with open_list(FILE, io.BytesIO(bomb), is_copy=True) as opened:
        try:
            for _ in opened.records():
                pass
        except FilesError as refusal:
            told = [problem.code for problem in refusal.problems]
    assert Process().memory_info().rss - before < 40_000_000
    assert told == ([] if b"\n" in filler else ["line_too_long"])


# ------------------------------------------------------------------------------------ what is no list

OTHERS = [
    (b"%PDF-1.7\n", "is a PDF"),
    (b"SQLite format 3\0rest", "is a SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old spreadsheet"),
    (b"PK\x03\x04rest", "is a spreadsheet or a zip file"),
    (zipped("list.csv"), "is a zip file"),
    (zipped(), "is an empty zip file"),
    (zipped("mimetype", "content.xml"), "is an OpenDocument file"),
    (zipped("[Content_Types].xml", "word/document.xml"), "is a text document"),
    (b"\xef\xbb\xbf\r\n <!DOCTYPE HTML PUBLIC>", "is a web page (HTML), whatever its name"),
    (b"<html xmlns:x='urn:x'>", "is a web page (HTML), whatever its name"),
    (b"\n<TABLE border=1>", "is a web page (HTML), whatever its name"),
    (b"<?xml version='1.0'?>", "is XML"),
    (b'{"phone": "+12025550101"}\n', "is JSON"),
    (b'[\n  {"phone": 1}]', "is JSON"),
    (b'[["phone"]]', "is JSON"),
    (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "is an address book (vCard)"),
    (b"{\\rtf1\\ansi", "is a text document (RTF)"),
    (b"BZh91AY&SY", "is compressed (bzip2)"),
    (b"\xfd7zXZ\0\0", "is compressed (xz)"),
    (b"7z\xbc\xaf\x27\x1c", "is compressed (7z)"),
    (b"\x89PNG\r\n\x1a\n", "is a picture"),
    (gzip.compress(gzip.compress(b"phone")), "is packed twice (gzip in gzip)"),
    (gzip.compress(b"%PDF-1.7"), "is a PDF"),
]


@pytest.mark.parametrize(("content", "kind"), OTHERS, ids=range(len(OTHERS)))
def test_what_is_no_list_is_named_with_what_to_do(content: bytes, kind: str) -> None:
    problem = refused(content)
    assert (problem.code, problem.message) == ("not_csv", f"{kind}, not CSV")
    assert problem.hint
    with Piped(content) as piped, pytest.raises(FilesError), open_list(ContactsSource(None), piped) as opened:
        list(opened.records())


LISTS = ["[phone],name\n", "{{ phone }},x\n", "<phone>,x\n", "BZh,x\n", "PK,x\n", "htmlx,y\n", "begin,x\n"]


@pytest.mark.parametrize("content", LISTS)
def test_a_list_that_only_looks_like_something_else_is_read(content: str) -> None:
    assert len(cells(content)) == 1


# --------------------------------------------------------------------------------------- delimiters

SEPARATORS = [
    ("sep=;\nphone;a,b\n1;2\n", ";"),
    ("sep=;\r\nphone;a,b\r\n1;2\r\n", ";"),
    ("SEP=,\rphone,a;b\r1,2", ","),
    ('"sep=;"\nphone;a\n', ";"),
    ("sep=\t\nphone\ta\n", "\t"),
    ("sep=\\t\nphone\ta\n", "\t"),
    ("\ufeffsep=|\nphone|a\n", "|"),
    ("sep=;\n\n\nphone;a\n", ";"),
    ("sep=;\nphone\n", ";"),
    ("sep=;", ";"),
]


@pytest.mark.parametrize(("content", "delimiter"), SEPARATORS)
def test_a_first_line_that_names_the_delimiter_is_no_header(content: str, delimiter: str) -> None:
    found, records = read(content)
    assert found == delimiter
    assert not any("sep=" in cell.lower() for record in records for cell in record.cells)


def test_lines_behind_it_keep_their_numbers() -> None:
    assert [record.line for record in read("sep=;\r\nphone;a\r\n1;2\r\n")[1]] == [2, 3]


@pytest.mark.parametrize("header", [(), ("phone", "name")])
def test_the_key_outranks_the_line(header: tuple[str, ...]) -> None:
    source = ContactsSource(Path("list.csv"), delimiter=",", header=header)
    assert read("sep=;\nphone,a;b\n", source) == (",", [Record(2, ("phone", "a;b"))])


def test_a_later_line_is_a_row_like_any_other() -> None:
    assert cells("phone;a\nsep=;\n") == [("phone", "a"), ("sep=", "")]


RECOGNISED = [
    ("phone;name\n1;2\n", (), ";"),
    ("\ufeffphone;name\n1;2\n", (), ";"),
    ("phone\tname\n", (), "\t"),
    ("phone\n1\n", (), ""),
    ("+12025550101;a, b\n+12025550102;c, d\n", ("phone", "name"), ";"),
    ("a;b|+1 202 555 0101\nc;|2\n", ("name", "phone"), "|"),
    ("1,a\n", ("phone", "name"), ","),
    ("1;a;;\n2;b;;\n", ("phone", "name"), ";"),
    ('1;"a\nb";c\n', ("phone", "x", "y"), ";"),
    ("1;2,5\n3;4,5\n6;7\n", ("phone", "x"), ";"),
    ("1\n2\n", ("phone",), ""),
]


@pytest.mark.parametrize(("content", "header", "delimiter"), RECOGNISED)
def test_the_delimiter_is_recognised(content: str, header: tuple[str, ...], delimiter: str) -> None:
    assert read(content, ContactsSource(Path("list.csv"), header=header))[0] == delimiter


@pytest.mark.parametrize("header", [(), ("phone", "x")])
def test_a_delimiter_in_doubt_is_not_guessed(header: tuple[str, ...]) -> None:
    problem = refused("\n\n1;2,3\n", ContactsSource(Path("list.csv"), header=header))
    assert (problem.code, problem.where.line) == ("delimiter", 3)
    assert "comma and semicolon" in problem.message
    assert "contacts: {file: list.csv, delimiter: comma" in problem.hint


@pytest.mark.parametrize("blank", ["\n" * 200_000, (" " * 1000 + "\n") * 200])
def test_a_header_may_stand_far_down(blank: str) -> None:
    found, records = read(f"{blank}phone;a\n1;2\n")
    assert found == ";"
    assert [record.line for record in records] == [blank.count("\n") + 1, blank.count("\n") + 2]


# -------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize("row", ["+12025550101,N{0}\n", '"+12025550101","N{0}"\n'])
def test_memory_stays_flat(tmp_path: Path, row: str) -> None:
    path = tmp_path / "long.csv"
    path.write_text("phone,name\n" + "".join(row.format(number) for number in range(200_000)))
    with open_list(ContactsSource(path)) as opened:
        found = opened.records()
        assert len(list(islice(found, 5_000))) == 5_000
        before = Process().memory_info().rss
        assert sum(1 for _ in found) == 195_001
        assert Process().memory_info().rss - before < 4_000_000


def test_a_temporary_folder_without_room_is_told_in_words() -> None:
    content = gzip.compress(workbook() + os.urandom(100_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))  # Python ignores SIGXFSZ
    try:
        problem = refused(content)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert problem.code == "unreadable"
    assert problem.message == "cannot be copied to the temporary folder: File too large"


class _Failing(io.BytesIO):
    """A disk that fails."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(5, "Input/output error")


def test_a_disk_that_fails_is_told_in_words() -> None:
    with pytest.raises(FilesError) as caught, open_list(ContactsSource(None), _Failing(b"")) as opened:
        opened.records()
    assert str(caught.value) == "standard input: cannot be read: Input/output error"


PIECES = [
    *map(str.encode, ("phone", ",", ";", "\n", "\r", '"', "\0", "sep=;", "x", "ż")),
    b"\xff",
    b"\x1f\x8b\x08",
]
BEGINNINGS = [
    b"",
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    gzip.compress(LIST.encode()),
    zipped("xl/a"),
]


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(BEGINNINGS),
    st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join),
    st.booleans(),
)
@example(zipped("xl/workbook.xml"), b"", False)
def test_any_bytes_are_records_or_a_files_error(start: bytes, rest: bytes, packed: bool) -> None:
    content = gzip.compress(start + rest) if packed else start + rest
    try:
        _, found = read(content, ContactsSource(None))
    except FilesError as refusal:
        _assert_told(refusal.problems)
        return
    lines = [record.line for record in found]
    assert lines == sorted(set(lines))


def _assert_told(problems: Sequence[Problem]) -> None:
    assert problems
    assert all(problem.code and (problem.message + problem.hint).isprintable() for problem in problems)
