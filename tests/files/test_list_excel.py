from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart

from smscli.domain.errors import FilesError, Problem
from smscli.files.cell_damage import NOT_CALCULATED
from smscli.files.csv_records import Record
from smscli.files.excel_guard import MAX_PARTS
from smscli.files.excel_sheets import MAX_COLUMNS, MAX_ROWS
from smscli.files.list_excel import excel_records
from smscli.files.list_file import open_list
from smscli.files.list_source import ContactsSource
from tests.support.workbooks import MAIN, SHEET, inline, package, saved, workbook, zipped

ANN, BEN = "+12025550101", "+12025550102"


def read(content: bytes, sheet: str | None = None, header: tuple[str, ...] = ()) -> list[Record]:
    return list(excel_records(io.BytesIO(content), ContactsSource(None, sheet=sheet, header=header)))


def rows(content: bytes, sheet: str | None = None) -> list[tuple[str, ...]]:
    return [record.cells for record in read(content, sheet)]


def refused(content: bytes, sheet: str | None = None, file: Path | None = None) -> Problem:
    with pytest.raises(FilesError) as caught:
        list(excel_records(io.BytesIO(content), ContactsSource(file, sheet=sheet)))
    (problem,) = caught.value.problems
    return problem


def cell(value: Any, number_format: str = "General") -> str:
    """What a cell of this value below a header reads as."""
    book = Workbook()
    book.active.append(["field", "phone"])
    book.active.append([value, ANN])
    book.active["A2"].number_format = number_format
    return rows(saved(book))[1][0]


# ------------------------------------------------------------------------------------------------ cells


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("Miłosz", "General", "Miłosz"),
        ("00512345678", "@", "00512345678"),
        (" two\nlines ", "General", " two\nlines "),
        ("a\tb", "General", "a\tb"),
        ("🎉", "General", "🎉"),
        (48512345678, "General", "48512345678"),
        (48512345678.0, "General", "48512345678"),
        (48512345678, "0.00", "48512345678"),
        (512345678, "00000000000", "00512345678"),
        (48512345678, '"+"0', "+48512345678"),
        (4485123456789012345, "General", "4.48512345678901E+18"),
        (12.5, "General", "12.5"),
        (12.5, "0.00", "12.50"),
        (0.25, "0%", "25%"),
        (True, "General", "yes"),
        (False, "General", "no"),
        (date(2026, 3, 1), "yyyy-mm-dd", "2026-03-01"),
        (datetime(2026, 3, 1, 14, 30), "dd.mm.yyyy hh:mm", "2026-03-01T14:30:00"),  # noqa: DTZ001
        (time(9, 5), "hh:mm", "09:05:00"),
        ("#N/A", "General", "#N/A"),
        ("=A1&B1", "General", NOT_CALCULATED),
        (None, "General", ""),
    ],
)
def test_a_cell_reads_as_the_text_that_people_see(value: Any, number_format: str, text: str) -> None:
    assert cell(value, number_format) == text


def test_a_text_that_begins_like_a_formula_is_a_text() -> None:
    book = Workbook()
    book.active.append(["field"])
    book.active["A2"].value = "=1+1"
    book.active["A2"].data_type = "s"
    assert rows(saved(book))[1] == ("=1+1",)


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        ('<c r="A2"><f>1+1</f><v>2</v></c>', "2"),
        ('<c r="A2" t="str"><f>A1</f><v>Ann</v></c>', "Ann"),
        ('<c r="A2" t="str"><f>A1</f><v></v></c>', ""),
        ('<c r="A2" t="str"><f>A1</f></c>', NOT_CALCULATED),
        ('<c r="A2"><f>1+1</f></c>', NOT_CALCULATED),
        ('<c r="A2"><f>1+1</f><v></v></c>', NOT_CALCULATED),
        ('<c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c>', "#DIV/0!"),
        ('<c r="A2" t="b"><v>1</v></c>', "yes"),
        ('<c r="A2" t="d"><v>2026-03-01T00:00:00</v></c>', "2026-03-01"),
        ('<c r="A2" t="d"><v>2026-03-01T14:30:00Z</v></c>', "2026-03-01T14:30:00"),
        ('<c r="A2" t="s"><v>0</v></c>', "shared"),
        ('<c r="A2" t="s"><v>1</v></c>', "rich text"),
        ('<c r="A2" t="s"><v>2</v></c>', "東京"),
        ('<c r="A2" t="s"><v>3</v></c>', "line\rline"),
        ('<c r="A2" t="s"><v>4</v></c>', "🎉"),
        ('<c r="A2" t="s"><v>5</v></c>', ""),
        ('<c r="A2" t="inlineStr"><is><r><t>two </t></r><r><t>runs</t></r></is></c>', "two runs"),
        ('<c r="A2" t="inlineStr"><is><t>&lt;b&gt; &amp;amp;</t></is></c>', "<b> &amp;"),
        ('<c t="inlineStr"><is><t>no place</t></is></c>', "no place"),
    ],
)
def test_each_way_to_store_a_cell_is_read(xml: str, text: str) -> None:
    shared = (
        "<si><t>shared</t></si><si><r><rPr><b/></rPr><t>rich </t></r><r><t>text</t></r></si>"
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>"
        "<si><t>line_x000D_line</t></si><si><t>_xD83C__xDF89_</t></si><si><t/></si>"
    )
    header = f'<row r="1">{inline("A1", "field")}{inline("B1", "x")}</row>'
    content = package(f'{header}<row r="2">{xml}{inline("B2", "y")}</row>', shared=shared)
    assert rows(content)[1] == (text, "y")


def test_rich_text_as_openpyxl_writes_it_is_joined() -> None:
    rich = CellRichText("Ann ", TextBlock(InlineFont(b=True), "Smith"))
    assert rows(workbook(["name"], [rich]))[1] == ("Ann Smith",)


def test_dates_of_old_macs_are_told_by_the_workbook() -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    content = package(
        '<row><c s="1"><v>44620</v></c></row>', styles=styles, properties='<workbookPr date1904="1"/>'
    )
    assert rows(content) == [("2026-03-01",)]


def test_the_style_of_a_cell_is_not_taken_for_a_named_style() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="200" formatCode="00000000000"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="200"/></cellXfs>'
    )
    assert rows(package('<row><c s="1"><v>512345678</v></c><c s="0"><v>1</v></c></row>', styles=styles)) == [
        ("00512345678", "1")
    ]


# ------------------------------------------------------------------------------------------------- rows


def test_the_line_of_a_record_is_the_number_that_the_spreadsheet_shows() -> None:
    content = workbook([], ["phone"], [], [ANN], [None], ["   "], [BEN])
    assert [(record.line, record.cells) for record in read(content)] == [
        (2, ("phone",)),
        (4, (ANN,)),
        (7, (BEN,)),
    ]


def test_cells_stand_below_their_header() -> None:
    content = workbook(
        ["phone", "name", "city"], [ANN], [None, "Ben"], [BEN, None, "Rome", "  "], [ANN, "", "", "x"]
    )
    assert rows(content) == [
        ("phone", "name", "city"),
        (ANN, "", ""),
        ("", "Ben", ""),
        (BEN, "", "Rome"),
        (ANN, "", "", "x"),  # one cell more than the header: a problem of that row
    ]


def test_a_table_may_begin_further_right() -> None:
    content = workbook([None, None, "phone", "name"], [None, None, ANN, "Ann"], ["note", None, BEN, "Ben"])
    assert rows(content) == [("phone", "name"), (ANN, "Ann"), ("note", "", BEN, "Ben")]


def test_a_header_of_the_campaigns_file_says_how_many_columns_there_are() -> None:
    content = workbook([ANN], [BEN, "Ben"])
    assert [record.cells for record in read(content, header=("phone", "name", "city"))] == [
        (ANN, "", ""),
        (BEN, "Ben", ""),
    ]


def test_a_merged_cell_has_its_text_in_the_first_of_its_rows() -> None:
    book = Workbook()
    for row in (["phone", "city"], [ANN, "Rome"], [BEN, None]):
        book.active.append(row)
    book.active.merge_cells("B2:B3")
    assert rows(saved(book)) == [("phone", "city"), (ANN, "Rome"), (BEN, "")]


@pytest.mark.parametrize("hide", ["filter", "hand"])
def test_a_hidden_row_stops_the_list(hide: str) -> None:
    book = Workbook()
    for row in (["phone"], [ANN], [BEN], []):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    if hide == "filter":
        book.active.auto_filter.ref = "A1:A3"
    problem = refused(saved(book))
    assert (problem.code, problem.where.line) == ("hidden_rows", 3)
    assert "Data, Clear" in problem.hint


def test_a_hidden_row_without_anything_in_it_is_no_matter() -> None:
    book = Workbook()
    for row in (["phone"], [ANN], [" "]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.row_dimensions[9].hidden = True
    assert rows(saved(book)) == [("phone",), (ANN,)]


def test_rows_and_cells_without_their_numbers_follow_one_another() -> None:
    row = "<row><c><v>1</v></c><c r='D1'><v>2</v></c><c><v>3</v></c></row>"
    assert [
        (found.line, found.cells) for found in read(package(row + "<row r='5'><c><v>4</v></c></row>"))
    ] == [
        (1, ("1", "", "", "2", "3")),
        (5, ("4", "", "", "", "")),
    ]


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576", "B2:C3"])
def test_what_a_sheet_says_of_its_size_is_not_believed(dimension: str) -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="{dimension}"/><sheetData><row r="1">'
    sheet += (
        f"{inline('A1', 'phone')}</row><row r='1000'>{inline('A1000', ANN)}</row></sheetData></worksheet>"
    )
    assert rows(package(parts={SHEET: sheet})) == [("phone",), (ANN,)]


def test_prefixed_elements_are_read() -> None:
    cell = '<x:c r="A1" t="str"><x:v>phone</x:v></x:c>'
    row = f'<x:sheetData><x:row r="1">{cell}</x:row></x:sheetData>'
    assert rows(package(parts={SHEET: f'<x:worksheet xmlns:x="{MAIN}">{row}</x:worksheet>'})) == [("phone",)]


def test_a_workbook_that_streams_its_rows_is_read() -> None:
    assert rows(workbook(["phone"], [ANN], write_only=True)) == [("phone",), (ANN,)]


# ----------------------------------------------------------------------------------------------- sheets


def several(**states: str) -> bytes:
    """A workbook of sheets that have a row each, unless they are called `Empty`."""
    book = Workbook()
    book.remove(book.active)
    for name, state in states.items():
        sheet = book.create_sheet(name.replace("_", " "))
        sheet.sheet_state = state
        if not name.startswith("Empty"):
            sheet.append([name])
    return saved(book)


@pytest.mark.parametrize(
    ("content", "sheet", "found"),
    [
        (several(Members="visible", Empty="visible"), None, "Members"),
        (several(Empty="visible", Members="visible", Old="hidden"), None, "Members"),
        (several(Members="visible", Old="visible"), "Old", "Old"),
        (several(Members="visible", Old="visible"), "  old\u00a0", "Old"),
        (several(Members="visible", Old="veryHidden"), "Old", "Old"),
    ],
)
def test_the_sheet_is_the_one_that_is_named_or_the_only_one_with_rows(
    content: bytes, sheet: str | None, found: str
) -> None:
    assert rows(content, sheet) == [(found,)]


def test_which_of_several_sheets_is_asked() -> None:
    content = several(Members="visible", Old_ones="visible", Empty="visible", Secret="hidden")
    problem = refused(content, file=Path("some/list.xlsx"))
    assert problem.code == "which_sheet"
    assert problem.message == "has 2 sheets with rows: Members and Old ones"
    assert 'contacts: {file: list.xlsx, sheet: "Members"}' in problem.hint


def test_rows_in_hidden_sheets_only_are_not_taken_unasked() -> None:
    problem = refused(several(Empty="visible", Old="hidden"))
    assert problem.code == "which_sheet"
    assert "hidden sheets only: Old" in problem.message


def test_a_sheet_that_is_not_there_is_named_with_those_that_are() -> None:
    problem = refused(several(Members="visible", Old="visible"), "Mebmers")
    assert problem.code == "missing_sheet"
    assert "its sheets are Members and Old" in problem.message
    assert problem.hint == 'did you mean "Members"?'


def test_a_chart_is_no_sheet_of_a_list() -> None:
    book = Workbook()
    book.active.append(["phone"])
    book.create_chartsheet("Chart").add_chart(BarChart())
    assert rows(saved(book)) == [("phone",)]
    assert refused(saved(book), "Chart").code == "missing_sheet"


@pytest.mark.parametrize("content", [workbook(), package(), several(Empty="visible", Empty2="visible")])
def test_a_workbook_without_a_row_has_no_records(content: bytes) -> None:
    assert read(content) == []


# ---------------------------------------------------------------------------------------- other formats


STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (zipped({"[Content_Types].xml": "", "xl/workbook.bin": ""}), "not_excel", ".xlsb"),
        (package('<row r="1"/>', namespace=STRICT), "not_excel", "Strict"),
        (zipped({"xl/list.csv": "phone"}), "not_excel", "without a workbook"),
        (zipped({}), "not_excel", "without a workbook"),
        (package(parts={"xl/workbook.xml": "<document/>"}), "damaged_excel", "no sheet"),
        (package(parts={"[Content_Types].xml": "<Types/>"}), "damaged_excel", "part of it"),
        (package(parts={"xl/_rels/workbook.xml.rels": "<Relationships/>"}), "damaged_excel", "part of it"),
        (b"", "damaged_excel", "part of it"),
        (b"phone\n+12025550101\n", "damaged_excel", "part of it"),
    ],
)
def test_a_file_of_another_kind_is_named(content: bytes, code: str, said: str) -> None:
    problem = refused(content)
    assert problem.code == code
    assert said in problem.message
    assert problem.hint


# ----------------------------------------------------------------------------------- damaged and hostile

COMMENT = f"<!--{'x' * 5_000}-->"
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "' + "&a;" * 10 + '"><!ENTITY c "' + "&b;" * 10 + '">]>'


@pytest.mark.parametrize(
    "part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml", "_rels/.rels"]
)
@pytest.mark.parametrize("doctype", [LAUGHS, '<!DOCTYPE x SYSTEM "file:///etc/passwd">', "<!DOCTYPE x>"])
def test_a_document_type_is_refused_in_every_part(part: str, doctype: str) -> None:
    with zipfile.ZipFile(
        io.BytesIO(package('<row><c t="s"><v>0</v></c></row>', shared="<si><t>a</t></si>", styles="<x/>"))
    ) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert refused(zipped(parts | {part: doctype.encode() + parts[part]})).code == "unsafe_excel"


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_entities_behind_a_long_comment_are_refused_where_they_are_read(part: str) -> None:
    parts = {part: f"{COMMENT}{LAUGHS}<x>&c;</x>"}
    assert refused(package("<row/>", shared="<si/>", styles="<x/>", parts=parts)).code == "unsafe_excel"


def test_a_document_type_in_utf_16_is_refused() -> None:
    sheet = f'<?xml version="1.0" encoding="UTF-16"?>{LAUGHS}<worksheet xmlns="{MAIN}">&c;</worksheet>'
    assert refused(package(parts={SHEET: sheet.encode("utf-16")})).code == "unsafe_excel"


def test_many_parts_are_refused_before_any_is_read() -> None:
    assert "parts" in refused(zipped({str(number): "" for number in range(MAX_PARTS + 1)})).message


def test_a_part_that_unpacks_to_very_much_more_is_refused_before_it_is() -> None:
    bomb = package(parts={SHEET: b"<worksheet>" + b" " * 60 * 1024**2})
    tracemalloc.start()
    assert refused(bomb).code == "unsafe_excel"
    assert tracemalloc.get_traced_memory()[1] < 5 * 1024**2
    tracemalloc.stop()


def declaring(content: bytes, name: str, size: int) -> bytes:
    """The same with another unpacked size of a part in the directory."""
    at = content.rindex(name.encode()) - 46
    assert content[at : at + 4] == b"PK\x01\x02"
    return content[: at + 24] + struct.pack("<L", size) + content[at + 28 :]


@pytest.mark.parametrize("size", [1024**3 + 1, 4_000_000_000])
def test_a_part_that_says_it_is_huge_is_refused(size: int) -> None:
    assert refused(declaring(package("<row/>"), SHEET, size)).code == "unsafe_excel"


def test_a_part_that_says_it_is_smaller_than_it_is_gives_no_byte_more() -> None:
    content = package("".join(f"<row><c><v>{number}</v></c></row>" for number in range(100_000)))
    tracemalloc.start()
    assert refused(declaring(content, SHEET, 1_000)).code == "damaged_excel"
    assert tracemalloc.get_traced_memory()[1] < 5 * 1024**2
    tracemalloc.stop()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_whose_size_nobody_bounds_is_refused(method: int) -> None:
    assert refused(zipped({"_rels/.rels": ""}, method)).code == "damaged_excel"


def test_an_encrypted_part_is_said_to_be_locked() -> None:
    content = bytearray(package("<row/>"))
    for at in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    assert refused(bytes(content)).code == "locked_excel"


@pytest.mark.parametrize(
    "sheet",
    [
        f'<row r="{MAX_ROWS + 1}"/>',
        '<row r="1000000000"/>',
        '<row r="x"/>',
        '<row r="0"/>',
        '<row r="-1"/>',
        '<row r="2"/><row r="1"/>',
        '<row r="2"/><row r="2"/>',
        '<row><c r="XFE1"><v>1</v></c></row>',
        '<row><c r="ZZZZ1"><v>1</v></c></row>',
        '<row><c r="1"><v>1</v></c></row>',
        '<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        '<row><c r="A1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        f"<row>{'<c><v>1</v></c>' * (MAX_COLUMNS + 1)}</row>",
        '<row><c t="s"><v>0</v></c></row>',
        '<row><c t="s"><v>x</v></c></row>',
        "<row><c><v>x</v></c></row>",
        "<row><c><v>1E999</v></c></row>",
        '<row><c t="d"><v>tomorrow</v></c></row>',
        '<row><c s="99"><v>1</v></c></row>',
        '<row><c s="x"><v>1</v></c></row>',
        '<row><c t="b"><v>perhaps</v></c></row>',
        "<row><c><v>1</v></c>",
        "<a>" * 100_000,
        "&nobody;",
    ],
    ids=lambda value: str(value)[:50],
)
def test_rows_that_no_spreadsheet_writes_are_refused(sheet: str) -> None:
    styles = '<cellXfs><xf numFmtId="0"/></cellXfs>'
    assert refused(package(sheet, styles=styles)).code == "damaged_excel"


@pytest.mark.parametrize(
    "part", ["", "phone", b"\xff\xfe<", "<a>" * 100_000, "<worksheet><!--" + "x y z " * 500_000]
)
def test_a_part_that_is_no_sheet_is_refused(part: str | bytes) -> None:
    assert refused(package(parts={SHEET: part})).code == "damaged_excel"


def test_a_size_that_is_none_is_refused() -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><dimension ref="nonsense"/><sheetData/></worksheet>'
    assert refused(package(parts={SHEET: sheet})).code == "damaged_excel"


def test_what_lists_do_not_need_is_passed_over_without_a_warning() -> None:
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c s="1"><v>48512345678</v></c></row></sheetData>'
        '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst></worksheet>'
    )
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    assert rows(package(styles=styles, parts={SHEET: sheet})) == [("#VALUE!",)]  # a day in 132,820,000


def test_a_damaged_cell_says_its_row() -> None:
    problem = refused(package('<row r="7"><c><v>x</v></c></row>'))
    assert problem.where.line == 7


def test_a_part_that_is_there_twice_is_refused() -> None:
    kept = io.BytesIO(package("<row/>"))
    with zipfile.ZipFile(kept, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, "<worksheet/>")
    assert refused(kept.getvalue()).code == "damaged_excel"


def test_missing_styles_and_texts_are_no_matter_where_no_cell_needs_them() -> None:
    assert rows(package("<row><c><v>1</v></c></row>")) == [("1",)]


ORDINARY = workbook(["phone", "name", "since"], *[[ANN, f"Ann {n}", date(2026, 3, 1)] for n in range(20)])


def flipped(place: int, bit: int) -> bytes:
    content = bytearray(ORDINARY)
    content[place % len(content)] ^= 1 << bit
    return bytes(content)


@given(
    st.builds(lambda end: ORDINARY[: end % len(ORDINARY)], st.integers(0))
    | st.builds(flipped, st.integers(0), st.integers(0, 7))
    | st.builds(lambda junk: b"PK\x03\x04" + junk, st.binary(max_size=200))
    | st.builds(
        lambda junk: package(parts={SHEET: f'<worksheet xmlns="{MAIN}"><row><c>'.encode() + junk}),
        st.binary(max_size=60),
    )
    | st.builds(lambda text: package(text), st.text("<>/rowcvtis=\"'1A &;#!-[]", max_size=60))
)
@settings(max_examples=200, deadline=None)
def test_any_damage_is_a_problem_or_does_no_harm(content: bytes) -> None:
    try:
        found = rows(content)
    except FilesError as wrong:
        (problem,) = wrong.problems
        assert problem.code in ("damaged_excel", "unsafe_excel", "locked_excel", "not_excel", "hidden_rows")
        return
    if b"openpyxl" in content:
        assert found == rows(ORDINARY)


# ------------------------------------------------------------------------------------------- the machine


@pytest.mark.parametrize("is_shared", [True, False])
def test_memory_hardly_grows_with_the_number_of_rows(is_shared: bool) -> None:
    def cost(number: int) -> int:
        names = [f"Member number {index}" for index in range(number)]
        if is_shared:
            shared = "".join(f"<si><t>{name}</t></si>" for name in names)
            content = package(
                "".join(f'<row><c t="s"><v>{index}</v></c></row>' for index in range(number)), shared=shared
            )
        else:
            content = package(
                "".join(f"<row>{inline(f'A{n + 1}', name)}</row>" for n, name in enumerate(names))
            )
        tracemalloc.start()
        assert sum(1 for _ in excel_records(io.BytesIO(content), ContactsSource(None))) == number
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = cost(2_000), cost(8_000)
    assert many - few < 6_000 * 450  # bytes a row: openpyxl keeps an empty element, and each shared text


def test_a_workbook_is_a_list_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(workbook(["phone"], [ANN]))
    with open_list(ContactsSource(path)) as opened:
        assert [record.cells for record in opened.records()] == [("phone",), (ANN,)]


def locked(size: int) -> bytes:
    """What Office makes of a workbook with a password, so many bytes before its directory."""
    return bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * size + "EncryptedPackage".encode("utf-16-le")


@pytest.mark.parametrize("size", [500, 65_510, 200_000])
def test_a_workbook_with_a_password_is_named(size: int, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(locked(size))
    with pytest.raises(FilesError) as caught, open_list(ContactsSource(path)) as opened:
        list(opened.records())
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.file) == ("locked_excel", str(path))
    assert "password" in problem.message
    assert "File, Info" in problem.hint


def test_a_disk_that_fails_is_no_damage() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if 100 < self.tell() < len(ORDINARY) // 2:
                raise OSError(5, "Input/output error")
            return super().read(size)

    with pytest.raises(FilesError) as caught:
        list(excel_records(Failing(ORDINARY), ContactsSource(None)))
    assert caught.value.problems[0].code == "unreadable"


def without(library: str, run: Callable[[str], str], content: bytes, tmp_path: Path) -> Any:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    code = f"import sys, json; sys.modules[{library!r}] = None\n" + run(str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("library", ["openpyxl", "defusedxml"])
def test_without_the_extra_the_line_to_type_is_said(library: str, tmp_path: Path) -> None:
    problem = without(library, _problem_of, ORDINARY, tmp_path)
    assert problem[0] == "needs_excel"
    assert "pip install 'smscli[excel]'" in problem[1]
    assert "CSV UTF-8" in problem[1]


def test_what_is_no_workbook_is_named_without_the_extra_too(tmp_path: Path) -> None:
    assert without("openpyxl", _problem_of, zipped({"xl/workbook.bin": ""}), tmp_path)[0] == "not_excel"


def _problem_of(path: str) -> str:
    return f"""
from pathlib import Path
from smscli.domain.errors import FilesError
from smscli.files.list_excel import excel_records
from smscli.files.list_source import ContactsSource
try:
    list(excel_records(open({path!r}, "rb"), ContactsSource(Path({path!r}))))
except FilesError as wrong:
    print(json.dumps([wrong.problems[0].code, wrong.problems[0].hint]))
"""
