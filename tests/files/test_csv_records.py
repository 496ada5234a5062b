from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.files.csv_records import (
    MAX_LINE_BYTES,
    MAX_RECORD_LINES,
    Record,
    cleaned,
    lines_of,
    recognised_delimiter,
    records,
    split_line,
    whole_lines,
)

STRAY = 'a quote (") stands where none can; inside a quoted cell it is written twice ("")'
OPEN = 'a quote (") is opened and never closed'


def read(*texts: str, delimiter: str = ",", line: int = 1) -> list[Record]:
    return list(records(whole_lines(iter(texts)), delimiter, line))


def seen(*texts: str, delimiter: str = ",") -> list[tuple[int, tuple[str, ...]]]:
    return [(record.line, record.cells) for record in read(*texts, delimiter=delimiter)]


# ------------------------------------------------------------------------------------------------- lines


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_line_end_ends_a_line(end: str, last: bool) -> None:
    text = end.join(["a,b", "1,2", "", "3,4"]) + (end if last else "")
    assert seen(text) == [(1, ("a", "b")), (2, ("1", "2")), (4, ("3", "4"))]


def test_line_ends_may_be_mixed() -> None:
    assert seen("a\rb\r\nc\n\r\rd") == [(1, ("a",)), (2, ("b",)), (3, ("c",)), (6, ("d",))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_cells_hold_line_ends_and_lines_stay_true(end: str) -> None:
    text = f'a,b{end}1,"x{end}{end}y"{end}2,z{end}'
    assert seen(text) == [(1, ("a", "b")), (2, ("1", f"x{end}{end}y")), (5, ("2", "z"))]


@pytest.mark.parametrize("line", ["\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_no_other_character_ends_a_line(line: str) -> None:
    assert seen(f"a{line}b,c\nd\n") == [(1, (f"a{line}b", "c")), (2, ("d",))]


def test_the_first_line_may_have_any_number() -> None:
    assert [record.line for record in read('a\n"b"\nc\n', line=7)] == [7, 8, 9]


BLANK = ["\n", "  \n", ",,\n", " , \n", "\u200b,\u00a0\n", '""\n', '"",""\n', '" ",\n']


@pytest.mark.parametrize("blank", BLANK)
def test_blank_records_are_left_out_and_counted_as_lines(blank: str) -> None:
    assert seen(f"a,b\n{blank}c,d\n") == [(1, ("a", "b")), (3, ("c", "d"))]


NOT_BLANK = [",x\n", "!\n", '"!"\n', "\u00e9\n", "\u200b!\n", '"""",\n', "\x7f\n", "\0\n"]


@pytest.mark.parametrize("row", NOT_BLANK)
def test_a_record_with_anything_in_it_is_not_blank(row: str) -> None:
    assert len(read(row)) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "\x1f"])
def test_delimiters(delimiter: str) -> None:
    text = f'a{delimiter}b\n"1{delimiter}"{delimiter} "2"\n'
    assert seen(text, delimiter=delimiter) == [(1, ("a", "b")), (2, (f"1{delimiter}", "2"))]


def test_pieces_of_text_become_whole_lines() -> None:
    assert list(whole_lines(iter(["a", "b\nc", "\r\nd\re", "f", "\n", "g"]))) == [
        "ab\n",
        "c\r\nd\r",
        "ef\n",
        "g",
    ]


# ------------------------------------------------------------------------------------------------ quotes


def test_a_stray_quote_costs_its_own_row() -> None:
    assert read('a,"x"y\nb,c\n') == [Record(1, ("a", '"x"y'), STRAY), Record(2, ("b", "c"))]


def test_a_quote_inside_an_unquoted_cell_is_a_character() -> None:
    assert seen('5" pipe,x\n"y",z\n') == [(1, ('5" pipe', "x")), (2, ("y", "z"))]


def test_what_an_open_quote_swallowed_is_read_again_and_marked() -> None:
    found = read('a,"x\nb,c\n12,"d"\n"e",f\n')
    assert found == [
        Record(1, ("a", '"x'), STRAY),
        Record(2, ("b", "c"), behind=1),
        Record(3, ("12", "d"), behind=1),
        Record(4, ("e", "f")),
    ]


SWALLOWED = 'a quote (") is opened that a later row closes: what stands between looks like rows of their own'


@pytest.mark.parametrize("number", ["+12025550103", "+1 202 555 0103", "0202/555-0103"])
def test_a_quote_that_a_later_row_happens_to_close_swallows_no_row(number: str) -> None:
    found = read(f'+12025550101,"Ann,no\n+12025550102,Ben,yes\n{number},",no\n+12025550104,Dan,no\n')
    assert [(each.line, bool(each.broken), each.behind) for each in found] == [
        (1, True, None),
        (2, False, 1),
        (3, True, None),
        (4, False, 3),
    ]
    assert found[0].broken == SWALLOWED
    assert found[1].cells == ("+12025550102", "Ben", "yes")


NOTES = [
    '+12025550101,"call\n+12025550102, or Ben",no\n',
    '+12025550101,"call\nDear, Ann"\n',
    '+12025550101,"1 Main St\nSpringfield, 12345",x\n',
    '"a, b","c\nd","e, f"\n',
    '+12025550101,"+12025550102\n+12025550103"\n',
]


@pytest.mark.parametrize("row", NOTES)
def test_a_note_of_several_lines_is_one_cell(row: str) -> None:
    (found,) = read(row)
    assert not found.broken


def test_a_quote_that_is_never_closed_is_named_where_it_opens() -> None:
    assert read('a\nb,"x\nc\n') == [
        Record(1, ("a",)),
        Record(2, ("b", '"x'), OPEN),
        Record(3, ("c",), behind=2),
    ]


def test_a_quote_is_followed_so_many_lines_and_no_further() -> None:
    first, *rest = read('a,"x\n' + "b,c\n" * (3 * MAX_RECORD_LINES))
    assert first.broken == f'a quote (") is opened and not closed within {MAX_RECORD_LINES} lines'
    assert len(rest) == 3 * MAX_RECORD_LINES
    marked = [record.line for record in rest if record.behind == 1]
    assert marked == list(range(2, MAX_RECORD_LINES + 1))


@pytest.mark.parametrize("inside", [MAX_RECORD_LINES - 1, MAX_RECORD_LINES])
def test_a_cell_may_have_as_many_lines_as_a_record(inside: int) -> None:
    found = read('a,"' + "x\n" * inside + '"\nb,c\n')
    assert (found[0].broken == "") is (inside < MAX_RECORD_LINES)
    assert found[-1][:2] == (inside + 2, ("b", "c"))


def test_a_quote_is_followed_through_so_many_characters_and_no_further() -> None:
    cells = ",".join(["x" * 60_000] * 2)
    found = read(*(f'"{cells}\n' if number == 0 else f'","{cells}\n' for number in range(12)), '"\n')
    assert found[0].broken.startswith("a quote (")
    whole = read(*(f'"{cells}\n' if number == 0 else f'","{cells}\n' for number in range(4)), '"\n')
    assert [record.line for record in whole] == [1]


def test_a_cell_that_is_too_long_costs_its_own_row() -> None:
    found = read("a,b\n", f"c,{'x' * (csv.field_size_limit() + 1)}\n", "d,e\n")
    assert [bool(record.broken) for record in found] == [False, True, False]
    assert found[1].broken.startswith("a cell is longer than 131072 characters")


def test_a_quoted_note_inside_a_doubtful_region_is_one_record() -> None:
    note = "".join(f"line {number}, +12025550101\n" for number in range(40))
    found = read(f'a,"x\nb,c\n1,"{note}"\nd,e\n')
    assert [record.line for record in found] == [1, 2, 3, 44]
    assert [record.behind for record in found] == [None, 1, 1, None]


HOSTILE = [
    'a,"x\n',
    'a,"x"y\n',
    'a",b,"c\n',
    '"a\n',
    '"""a\n',
    'a,"\n"\n',
    '"a\n' + "b\n" * 900,
    '"a\r',
]


@pytest.mark.parametrize("row", HOSTILE, ids=range(len(HOSTILE)))
def test_thousands_of_broken_quotes_cost_no_more_than_rows(row: str) -> None:
    lines = 20_000 // len(lines_of(row))
    text = row * lines
    started = time.process_time()
    found = sum(1 for _ in records(_in_blocks(text), ","))
    assert time.process_time() - started < 6
    assert found >= lines // 2


def test_rows_behind_more_broken_quotes_than_are_followed_stay_in_doubt() -> None:
    found = read('a",b,"c\n' * 100_000 + "d,e\n")
    assert found[-1].behind is not None


def _in_blocks(text: str, size: int = 65_536) -> Iterator[str]:
    return whole_lines(text[start : start + size] for start in range(0, len(text), size))


# ---------------------------------------------------------------------------------------------- delimiter


def _has_phone(cells: tuple[str, ...]) -> bool:
    return "phone" in cells


HEADERS = [
    ("phone,name\n", ","),
    ("phone;name", ";"),
    ("phone\tname\n", "\t"),
    ("phone|name\n", "|"),
    ("phone\n", ""),
    ("", ""),
    ("phone;a, b\n", ";"),
    ("phone,a;b", ","),
    ('"phone","a;b"\n', ","),
    ('"first\nname";phone\nx;y', ";"),
    ("a;b,c\n", None),
    ("phone,x;phone\n", None),
    ('"phone;a\n', ""),
]


@pytest.mark.parametrize(("header", "delimiter"), HEADERS)
def test_the_delimiter_of_a_header(header: str, delimiter: str | None) -> None:
    assert recognised_delimiter(header, _has_phone) == delimiter


def test_one_line_is_split_and_cleaned() -> None:
    assert split_line(' a,"b, c" \n', ",") in (("a", "b, c"), (' a,"b, c" \n',))
    assert split_line("\ufeffa;\u00a0b\u200b\n", ";") == ("a", "b")


# --------------------------------------------------------------------------------------------- properties


CELL = st.text(st.sampled_from('ab,;"\n\r\t é\0'), max_size=6)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def _written(cells: list[str], *, always: bool, end: str) -> str:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n", quoting=1 if always else 0).writerow(cells)
    return stream.getvalue().removesuffix("\r\n") + end


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.lists(CELL, min_size=1, max_size=4), st.booleans(), ENDS), max_size=12), st.data()
)
def test_what_csv_writes_comes_back_with_its_lines(
    rows: list[tuple[list[str], bool, str]], data: st.DataObject
) -> None:
    written = [_written([f"x{cells[0]}", *cells[1:]], always=always, end=end) for cells, always, end in rows]
    expected, line = [], 1
    for (cells, always, _), text, after in zip(rows, written, [*written[1:], ""], strict=False):
        # Not quoted, a blank that begins a cell is not part of it; a CR before an LF is one line end with it.
        kept = [f"x{cells[0]}", *cells[1:]]
        expected.append(
            (line, tuple(cell if _is_quoted(cell, always) else cell.lstrip(" ") for cell in kept))
        )
        line += len(lines_of(text)) if not (text.endswith("\r") and after.startswith("\n")) else 0
    text = "".join(written)
    assert seen(*_cut(text, data)) == expected


def _is_quoted(cell: str, always: bool) -> bool:
    return always or any(mark in cell for mark in ',"\n\r')


def _cut(text: str, data: st.DataObject) -> list[str]:
    """Into pieces, as they come from a file: never between CR and LF."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=5)))
    whole = [cut for cut in cuts if text[max(cut - 1, 0) : cut + 1] != "\r\n"]
    return [text[start:end] for start, end in pairwise([0, *whole, len(text)])]


@settings(max_examples=300)
@given(st.text(st.sampled_from('ab,"\n\r'), max_size=60), st.data())
def test_how_a_text_comes_in_pieces_makes_no_difference(text: str, data: st.DataObject) -> None:
    found = read(*_cut(text, data))
    assert found == read(text)
    lines = [record.line for record in found]
    assert lines == sorted(set(lines))
    assert all(record.behind is None or record.behind < record.line for record in found)
    assert all(any(map(cleaned, record.cells)) or record.broken for record in found)


@settings(max_examples=200)
@given(st.text(st.sampled_from('ab,"\n'), max_size=60))
def test_no_line_with_anything_on_it_is_lost(text: str) -> None:
    found = read(text)
    for number, line in enumerate(lines_of(text), 1):
        if cleaned(line.replace('"', "").replace(",", "")):
            assert any(record.line <= number < record.line + max(1, _height(record)) for record in found)


def _height(record: Record) -> int:
    return 1 if record.broken else 1 + sum(cell.count("\n") for cell in record.cells)


def test_the_limits_are_as_they_are_told() -> None:
    assert (MAX_LINE_BYTES, MAX_RECORD_LINES) == (1_048_576, 1_000)
