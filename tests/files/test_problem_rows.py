"""Rows to mend as a file: in the list's own form, nothing lost, nothing run as a formula."""

from __future__ import annotations

import csv
import errno
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

import pytest

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.bad_rows import BadRow
from smscli.files.list_source import ContactsSource
from smscli.files.problem_rows import ProblemRows, is_of_problem_rows, open_problem_rows, paths_for

ANN = "+12025550101"


def bad(*cells: str, line: int = 2, wrong: str = "is too short", column: str = "phone") -> BadRow:
    problem = Problem(Place("list.csv", line, None, column), "too_short", wrong)
    return BadRow(line - 1, line, (problem,), cells)


def written(
    path: Path, columns: Sequence[str], *rows: BadRow, delimiter: str = ","
) -> tuple[list[str], list[list[str]]]:
    """Header and rows as whoever reads CSV finds them."""
    with open_problem_rows(path, columns, delimiter) as problems:
        for row in rows:
            problems.add(row)
    assert problems.count == len(rows)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header, *lines = csv.reader(stream, delimiter=delimiter or ",", strict=True)
    return header, lines


def test_a_row_stands_there_as_it_was_with_what_is_wrong_behind_it(tmp_path: Path) -> None:
    header, lines = written(tmp_path / "bad.csv", ["phone", "note"], bad("+1202", 'a "b",\nc', line=7))
    assert header == ["phone", "note", "problems"]
    assert lines == [["+1202", 'a "b",\nc', "line 7: phone: is too short"]]


def test_several_problems_of_a_row_name_its_line_once_and_each_its_column(tmp_path: Path) -> None:
    places = [
        ("phone", "too_short", "is too short"),
        ("zone", "bad_zone", "is no zone"),
        ("", "odd", "is odd"),
    ]
    problems = tuple(Problem(Place("a", 3, None, path), code, said) for path, code, said in places)
    _, [line] = written(tmp_path / "bad.csv", ["phone", "zone"], BadRow(2, 3, problems, ("x", "y")))
    assert line[-1] == "line 3: phone: is too short; zone: is no zone; is odd"


@pytest.mark.parametrize(
    ("delimiter", "first"),
    [(",", "phone,note,problems"), (";", "phone;note;problems"), ("\t", "phone\tnote\tproblems")],
)
def test_the_delimiter_is_that_of_the_list(tmp_path: Path, delimiter: str, first: str) -> None:
    path = tmp_path / "bad.csv"
    written(path, ["phone", "note"], bad("1", "a"), delimiter=delimiter)
    assert path.read_bytes().decode("utf-8").split("\r\n")[0] == f"\ufeff{first}"


def test_a_list_of_one_column_and_a_spreadsheet_get_commas(tmp_path: Path) -> None:
    header, lines = written(tmp_path / "bad.csv", ["phone"], bad("1"), delimiter="")
    assert (header, lines[0][0]) == (["phone", "problems"], "1")


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (("1",), ["1", ""]),  # too few are filled up, so that the next cell is the problem
        (("1", "a", "", " "), ["1", "a"]),  # what spreadsheets put behind every row
        (("1", "a", "b"), ["1", "a", "b"]),  # too many: nothing is lost
        (("1", "a", "", "b"), ["1", "a", "", "b"]),
        ((), ["", ""]),
    ],
)
def test_cells_too_few_or_too_many_lose_nothing(
    tmp_path: Path, cells: tuple[str, ...], kept: list[str]
) -> None:
    _, [line] = written(tmp_path / "bad.csv", ["phone", "note"], bad(*cells))
    assert line == [*kept, "line 2: phone: is too short"]


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        (("1", "a", "b", ""), ["1", "a", "b", ""]),
        (("1", "a", ""), ["1", "a", ""]),
        (("1",), ["1", "#N/A"]),
    ],
)
@pytest.mark.parametrize("columns", [["phone", "note"], ["phone", "note", "problems"]])
def test_a_row_of_another_shape_has_it_until_it_is_mended(
    tmp_path: Path, columns: list[str], cells: tuple[str, ...], kept: list[str]
) -> None:
    problem = Problem(Place("list.csv", 2), "wrong_cells", "has cells")
    _, [line] = written(tmp_path / "bad.csv", columns, BadRow(1, 2, (problem,), cells))
    assert line == [*kept, "line 2: has cells"]


def test_what_was_said_of_a_row_of_another_shape_goes_and_its_shape_stays(tmp_path: Path) -> None:
    cells = ("1", "a", "b", "", "line 9: has 4 cells, the header has 2", "")
    row = BadRow(1, 2, (Problem(Place("list.csv", 2), "wrong_cells", "has cells"),), cells)
    _, [line] = written(tmp_path / "bad.csv", ["phone", "note", "problems"], row)
    assert line == ["1", "a", "b", "", "line 2: has cells"]


def test_a_list_that_has_the_column_already_gets_no_second_one(tmp_path: Path) -> None:
    columns = ["phone", "note", "Problems"]
    rows = (
        bad("1", "a", "line 9: phone: is too long"),
        bad("2", "b", "line 9: has 3 cells, the header has 2"),
        bad("3", "b", "surplus", "line 9: has 3 cells, the header has 2"),
        bad("4", "b"),
    )
    header, lines = written(tmp_path / "bad.csv", columns, *rows)
    said = "line 2: phone: is too short"
    assert header == ["phone", "note", "problems"]
    assert lines == [["1", "a", said], ["2", "b", said], ["3", "b", "surplus", said], ["4", "b", said]]


@pytest.mark.parametrize("cell", ["=1", "+1+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_no_cell_is_run_as_a_formula(tmp_path: Path, cell: str) -> None:
    _, [line] = written(tmp_path / "bad.csv", ["a"], bad(cell))
    assert line[0] == f"'{cell}"


@pytest.mark.parametrize(
    "number",
    [
        ANN,
        "+48 512 345 678",
        "+1 (202) 555-0101",
        "+48\u00a0512\u202f345 678",
        " +48 512 345 678",
        "+1\u2011202",
    ],
)
def test_a_number_is_left_as_it_was_written_so_that_it_can_be_read_again(tmp_path: Path, number: str) -> None:
    _, [line] = written(tmp_path / "bad.csv", ["a"], bad(number))
    assert line[0] == number


def test_only_its_owner_reads_the_file_and_a_link_is_not_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "bad.csv", tmp_path / "link.csv"
    path.write_text("old")
    path.chmod(0o644)
    written(path, ["a"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    link.symlink_to(path)
    with pytest.raises(FilesError):
        written(link, ["a"])


def test_a_run_that_is_cut_off_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    def cut_off() -> Iterator[BadRow]:
        yield from (bad("x" * 100) for _ in range(1_000))
        raise KeyboardInterrupt

    path = tmp_path / "bad.csv"
    path.write_text("older")
    with pytest.raises(KeyboardInterrupt), open_problem_rows(path, ["a"], ",") as problems:
        deque(map(problems.add, cut_off()))
    assert [each.name for each in tmp_path.iterdir()] == ["bad.csv"]
    assert path.read_text() == "older"


class _FullDisk(StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_told_with_the_name_of_the_file() -> None:
    with pytest.raises(FilesError) as told:
        ProblemRows(Path("bad.csv"), _FullDisk(), ["phone"], ",")
    assert told.value.message == "bad.csv: cannot be written: No space left on device"


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a.csv"], ["bad.csv"]),
        (["members.csv", "shop.csv"], ["bad.members.csv", "bad.shop.csv"]),
        (["old/list.csv", "new/list.csv", "LIST.txt"], ["bad.list.csv", "bad.list-2.csv", "bad.LIST-3.csv"]),
        (["list.csv", "list-2.csv", "x/list.csv"], ["bad.list.csv", "bad.list-2.csv", "bad.list-3.csv"]),
        (["a.csv.gz", "v1.2.xlsx", ".csv"], ["bad.a.csv", "bad.v1.2.csv", "bad.list.csv"]),
        (["a.csv", None], ["bad.a.csv", "bad.standard-input.csv"]),
    ],
)
def test_each_of_several_lists_has_a_file_of_its_own(files: list[str | None], names: list[str]) -> None:
    sources = [ContactsSource(None if each is None else Path(each)) for each in files]
    assert paths_for(Path("out/bad.csv"), sources) == tuple(Path("out", name) for name in names)


def test_a_name_without_an_ending_has_none_for_several_lists_either() -> None:
    sources = [ContactsSource(Path(name)) for name in ("a.csv", "b.csv")]
    assert paths_for(Path("bad"), sources) == (Path("bad.a"), Path("bad.b"))


@pytest.mark.parametrize(
    ("content", "is_ours"),
    [
        ("\ufeffphone,problems\r\n", True),
        ("\ufeffphone;problems\r\n1;x\r\n", True),
        ('\ufeff"first\r\nname"\tproblems\r\n', True),
        ("phone,problems\r\n", False),  # no mark: a spreadsheet saved it, it may have been mended
        ("\ufeffphone,my problems\r\n", False),
        ("\ufeffproblems,phone\r\n", False),
        ('\ufeff"phone,problems\r\n', False),
        ("\ufeff", False),
        ("", False),
        ("\x00\xff", False),
    ],
)
def test_what_an_earlier_run_wrote_is_recognised(tmp_path: Path, content: str, is_ours: bool) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(content.encode("utf-8"))
    assert is_of_problem_rows(path) is is_ours


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_whatever_is_written_is_recognised_later(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "bad.csv"
    written(path, ["phone", f'odd{delimiter}"name'], bad("1", "a"), delimiter=delimiter)
    assert is_of_problem_rows(path)
