"""Lists of numbers, a number at a time: plain text and tables, read the same wherever they come from."""

from __future__ import annotations

import gzip
import os
import resource
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.errors import FilesError, Problem
from smscli.files.list_source import ContactsSource
from smscli.files.number_list import open_numbers

ANN = "+12025550101"
BEN = "+12025550102"
ZOE = "+447400123456"


def written(folder: Path, content: str | bytes, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def found(source: ContactsSource) -> Iterator[tuple[str, int | None]]:
    """Numbers and codes of problems, each with its line."""
    with open_numbers(source) as numbers:
        for each in numbers:
            if isinstance(each, Problem):
                yield each.code, each.where.line
            else:
                yield each.number.e164, each.line


PLAIN = [
    (f"{ANN}\n{BEN}", [(ANN, 1), (BEN, 2)]),
    (
        f"# staff; not to text, ever\n\n {ANN}  # Ann, of the office\r\n+1 (202) 555-0102",
        [(ANN, 3), (BEN, 4)],
    ),
    (f'# "quoted, and open\n{ANN}\n', [(ANN, 2)]),
    ("2025550101\n", [(ANN, 1)]),
    (f"{ANN}\n{ANN}\n", [(ANN, 1), (ANN, 2)]),
    (f"{ANN}\n12\n{BEN}\n", [(ANN, 1), ("too_short", 2), (BEN, 3)]),
    ("202,5550101\n212,5550101 # of the register\n", [(ANN, 1), ("+12125550101", 2)]),
    ("# nobody yet\n", []),
]


@pytest.mark.parametrize(("content", "expected"), PLAIN)
def test_a_text_without_a_header_has_a_number_a_line(
    tmp_path: Path, content: str, expected: list[tuple[str, int]]
) -> None:
    assert list(found(ContactsSource(written(tmp_path, content), region="US"))) == expected


TABLES: list[tuple[str, Mapping[str, object], list[tuple[str, int]]]] = [
    (f"phone\n{ANN}\n", {}, [(ANN, 2)]),
    (f"# exported 1, 2; 3\nname;Mobile Number\nAnn;{ANN}\n", {}, [(ANN, 3)]),
    (f"id\tmsisdn\n1\t{ANN}\n", {}, [(ANN, 2)]),
    (f"nr|who\n{ANN}|Ann\n", {"columns": {"phone": "Nr"}}, [(ANN, 2)]),
    (f"{ANN};Ann\n{BEN};Ben\n", {"header": ("phone", "name"), "delimiter": ";"}, [(ANN, 1), (BEN, 2)]),
    (f"phone;name\n{ANN};Ann\nphone;name\n{BEN};Ben\n", {}, [(ANN, 2), (BEN, 4)]),
    (f"Phone;Name\n{ANN};Ann\n", {"header": ("phone", "name")}, [(ANN, 2)]),
    (f"sep=;\nname;Handynummer\nAnn;{ANN}\n", {}, [(ANN, 3)]),
    (f"name;phone;;\nAnn;{ANN};;\nBen;{BEN}\n", {}, [(ANN, 2), (BEN, 3)]),
    ("phone,country\n07400 123456,gb\n2025550101,\n", {}, [(ZOE, 2), (ANN, 3)]),
    (f"phone,country\n{ANN},??\n07400 123456,??\n", {}, [(ANN, 2), ("bad_region", 3)]),
    (f"phone,unsubscribed,zone,tz\n{ANN},yes,x,y\n", {}, [(ANN, 2)]),
    (f"phone,name\n{ANN}\n{BEN},Ben\n", {}, [("wrong_cells", 2), (BEN, 3)]),
    (f'phone,name\n{ANN},"Ann\n{BEN},Ben\n', {}, [("broken_row", 2), ("uncertain_row", 3)]),
]


@pytest.mark.parametrize(("content", "keys", "expected"), TABLES)
def test_a_table_is_read_by_its_column_of_numbers(
    tmp_path: Path, content: str, keys: dict[str, object], expected: list[tuple[str, int]]
) -> None:
    source = ContactsSource(written(tmp_path, content), region="US", **keys)  # type: ignore[arg-type]
    assert list(found(source)) == expected


@pytest.mark.parametrize("lost", ["#N/A", "#REF!", "#ADR!", "#NOT CALCULATED!"])
def test_a_number_that_a_spreadsheet_lost_is_no_comment(tmp_path: Path, lost: str) -> None:
    source = ContactsSource(written(tmp_path, f"{ANN}\n{lost}\n# {lost}\n####\n"))
    assert list(found(source)) == [(ANN, 1), ("not_a_number", 2)]


def test_the_cells_of_a_row_come_with_its_number(tmp_path: Path) -> None:
    with open_numbers(ContactsSource(written(tmp_path, f"phone,topic\n{ANN}, Offers \n"))) as numbers:
        assert numbers.columns == ("phone", "topic")
        (listed,) = numbers
    assert not isinstance(listed, Problem)
    assert listed.cells[1].strip() == "Offers"


def test_a_problem_has_its_record_and_the_cell_masked(tmp_path: Path) -> None:
    content = f"phone,name\n{ANN},Ann\n\n+1202555010,Ben\n"
    with open_numbers(ContactsSource(written(tmp_path, content))) as numbers:
        _, bad = numbers
    assert isinstance(bad, Problem)
    assert (bad.where.line, bad.record) == (4, 2)
    assert bad.value.startswith("+12")
    assert "555" not in bad.value


@pytest.mark.parametrize(
    "cell", ["+1202555x0101", "+1 202 555 0101 ext 7", "+1202555\0000101", "202,555;0101"]
)
def test_a_cell_is_masked_whatever_stands_between_its_digits(tmp_path: Path, cell: str) -> None:
    with open_numbers(ContactsSource(written(tmp_path, f"name\tphone\nAnn\t{cell}\n"))) as numbers:
        (bad,) = numbers
    assert isinstance(bad, Problem)
    assert "555" not in bad.message + bad.value


USELESS = [
    ("", {}, "empty_file"),
    ("\n\n", {}, "empty_file"),
    ("", {"columns": {"phone": "nr"}}, "empty_file"),
    ("name\nAnn\n", {"columns": {"phone": "nr"}}, "missing_column"),
    ("phone,mobile\n1,2\n", {}, "two_columns"),
    ("numer;temat\n", {"delimiter": ";"}, "missing_column"),
    (b"SQLite format 3\0", {}, "not_csv"),
]


@pytest.mark.parametrize(("content", "keys", "code"), USELESS)
def test_a_list_that_is_none_is_refused_as_a_whole(
    tmp_path: Path, content: str | bytes, keys: dict[str, object], code: str
) -> None:
    with pytest.raises(FilesError) as caught:
        list(found(ContactsSource(written(tmp_path, content), **keys)))  # type: ignore[arg-type]
    assert [problem.code for problem in caught.value.problems] == [code]


@pytest.mark.parametrize("content", [f"{ANN}\n", f"name,phone\nAnn,{ANN}\n"])
def test_a_pipe_with_a_name_is_read_like_a_file(tmp_path: Path, content: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(content,))
    writer.start()
    assert [number for number, _ in found(ContactsSource(pipe))] == [ANN]
    writer.join()


def test_a_temporary_folder_without_room_for_a_pipe_is_told_in_words(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(f"{ANN}\n" * 1_000,))
    writer.start()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))  # Python ignores SIGXFSZ
    try:
        with pytest.raises(FilesError, match="cannot be copied to the temporary folder: File too large"):
            list(found(ContactsSource(pipe)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writer.join()


@pytest.mark.parametrize("content", [f"{ANN}\n{BEN}\n", f"name,phone\nAnn,{ANN}\nBen,{BEN}\n"])
@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(lambda text: gzip.compress(text.encode()), id="gzip"),
        pytest.param(lambda text: text.encode("utf-16"), id="utf-16"),
        pytest.param(lambda text: text.encode("utf-8-sig"), id="byte order mark"),
        pytest.param(lambda text: text.replace("\n", "\r").encode(), id="old Macs"),
    ],
)
def test_lists_come_compressed_and_in_other_encodings(tmp_path: Path, packed: object, content: str) -> None:
    assert callable(packed)
    path = written(tmp_path, packed(content), "list.csv.gz")
    assert [number for number, _ in found(ContactsSource(path))] == [ANN, BEN]


@settings(max_examples=100)
@given(st.text(st.sampled_from('phone,+12025550101\n"#; '), max_size=60))
def test_whatever_stands_in_it_no_line_is_lost_in_silence(
    tmp_path_factory: pytest.TempPathFactory, content: str
) -> None:
    """A digit on a line without a header, outside a comment, is in a number or in a problem."""
    if "phone" in content:
        return
    path = written(tmp_path_factory.getbasetemp(), content, "any.txt")
    said = {number for number, line in enumerate(content.split("\n"), 1) if "1" in line.partition("#")[0]}
    try:
        told: set[int | None] = {line for _, line in found(ContactsSource(path))}
    except FilesError:
        return
    assert said <= told or '"' in content
