"""Workbooks for tests: ordinary ones as openpyxl writes them, odd and hostile ones from hand-made parts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"

SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows: Sequence[Any], sheet: str = "Members", write_only: bool = False) -> bytes:
    """A workbook of one sheet, as openpyxl writes it."""
    book = Workbook(write_only=write_only)
    written = book.create_sheet(sheet) if write_only else book.active
    written.title = sheet
    for row in rows:
        written.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    """Its bytes."""
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def package(
    rows: str = "",
    *,
    shared: str = "",
    styles: str = "",
    head: str = "",
    properties: str = "",
    namespace: str = MAIN,
    parts: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook of one sheet by hand: the XML of its rows, of its shared texts, of its styles.

    `head` stands before the rows; `parts` are written besides, or instead of those of the same name.
    """
    targets = {
        "worksheet": "worksheets/sheet1.xml",
        "sharedStrings": "sharedStrings.xml",
        "styles": "/xl/styles.xml",
    }
    related = "".join(
        f'<Relationship Id="{kind}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for kind, target in targets.items()
    )
    kinds = {"workbook": "sheet.main", "sharedStrings": "sharedStrings", "styles": "styles"}
    types = "".join(
        f'<Override PartName="/xl/{part}.xml" ContentType="{TYPES}.{kind}+xml"/>'
        for part, kind in kinds.items()
        if part != "sharedStrings" or shared
    )
    written: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{CONTENT_TYPES}">{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{namespace}" xmlns:r="{OFFICE}">{properties}'
        '<sheets><sheet name="Members" sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{related}</Relationships>',
        SHEET: f'{head}<worksheet xmlns="{namespace}"><sheetData>{rows}</sheetData></worksheet>',
    }
    if shared:
        written["xl/sharedStrings.xml"] = f'<sst xmlns="{namespace}">{shared}</sst>'
    if styles:
        written["xl/styles.xml"] = f'<styleSheet xmlns="{namespace}">{styles}</styleSheet>'
    return zipped(written | dict(parts or {}))


def zipped(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of these parts."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return kept.getvalue()


def inline(place: str, text: str) -> str:
    """The XML of a cell that holds its own text."""
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'
