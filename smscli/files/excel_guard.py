"""An XLSX file as a zip of parts, looked at before openpyxl unpacks any: is it a workbook, and a safe one?

    look_through(stream)                                        raises BadWorkbook, or nothing is wrong

Knows zip, workbooks that are not XLSX, and what a hostile file would do. Reads no cell. Files of other kinds
are named by `list_file`, which sends only zip files here that have a folder `xl/`.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

MAX_PARTS = 10_000
MAX_PART_BYTES = 1024**3  # a full sheet of ten columns is 500 MB
MAX_ALL_BYTES = 2 * 1024**3
MAX_RATIO = 200  # sheets pack to a fifteenth, empty formatted ones to a fiftieth; a bomb to a thousandth
RATIO_FREE_BYTES = 50 * 1024**2

_ENCRYPTED = 0x1
_HEAD_BYTES = 4096
_DTD = re.compile(rb"<!(DOCTYPE|ENTITY)")
_STRICT = b"purl.oclc.org/ooxml/spreadsheetml/main"
_BROKEN = (BadZipFile, zlib.error, struct.error, ValueError, EOFError, NotImplementedError)

_SAVE_AS = "in the spreadsheet: File, Save as, Excel Workbook (.xlsx) or CSV UTF-8; then name that file"
_SAVE_AGAIN = "open it in a spreadsheet and save it again, or as CSV UTF-8"


class BadWorkbook(Exception):
    """A file that is not read as a workbook; `code` is stable, the rest is copy. `row` where it is known."""

    def __init__(self, code: str, message: str, hint: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.row = row


def damaged(message: str, row: int | None = None) -> BadWorkbook:
    """The file is no workbook that any spreadsheet wrote, or none that openpyxl can read."""
    return BadWorkbook("damaged_excel", f"is damaged: {message}", _SAVE_AGAIN, row)


def unsafe(message: str) -> BadWorkbook:
    """The file would harm who reads it."""
    hint = "is this the file you meant? If it is, save the list as CSV UTF-8"
    return BadWorkbook("unsafe_excel", message, hint)


def look_through(stream: BinaryIO) -> None:
    """Raise BadWorkbook for what is no workbook, or no safe one, and OSError as the disk does."""
    try:
        archive = ZipFile(stream)
        _refuse_bombs(archive.infolist())
        _refuse_other_packages(archive.namelist())
        for entry in archive.infolist():
            if entry.filename.lower().endswith((".xml", ".rels")):
                _refuse_strange_xml(archive, entry)
    except _BROKEN as trouble:
        raise damaged("a part of it cannot be unpacked or read") from trouble
    except OSError as trouble:
        if trouble.errno is None:  # zipfile's own
            raise damaged("its directory is broken") from trouble
        raise


def _refuse_bombs(entries: list[ZipInfo]) -> None:
    """The sizes are those that the file declares: zipfile hands out no byte more than that, and bounds what
    it unpacks at a time for these two methods only."""
    if len(entries) > MAX_PARTS:
        raise unsafe(f"has {len(entries)} parts")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise BadWorkbook("locked_excel", "is encrypted", "save it without a password and name that copy")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise damaged("it is packed as no spreadsheet packs")
        is_dense = entry.file_size > max(entry.compress_size, 1) * MAX_RATIO
        if entry.file_size > MAX_PART_BYTES or (is_dense and entry.file_size > RATIO_FREE_BYTES):
            raise unsafe(f"would unpack to {entry.file_size // 1024**2} MiB in one part")
    if (together := sum(entry.file_size for entry in entries)) > MAX_ALL_BYTES:
        raise unsafe(f"would unpack to {together // 1024**2} MiB")
    if len({entry.filename for entry in entries}) < len(entries):
        raise damaged("it has a part twice")


def _refuse_other_packages(names: list[str]) -> None:
    if "xl/workbook.bin" in names:
        raise BadWorkbook("not_excel", "is a binary workbook (.xlsb), not XLSX", _SAVE_AS)
    if "[Content_Types].xml" not in names:
        raise BadWorkbook("not_excel", "is a zip file without a workbook in it", _SAVE_AS)


def _refuse_strange_xml(archive: ZipFile, entry: ZipInfo) -> None:
    """Document types, which stand at the beginning if anywhere, and strict files, which openpyxl finds empty.

    Entities behind that are refused by defusedxml, which openpyxl reads with; but not all, where lxml is.
    """
    with archive.open(entry) as part:
        head = part.read(_HEAD_BYTES).replace(b"\0", b"")  # UTF-16
    if _DTD.search(head):
        raise unsafe("declares XML entities, as no spreadsheet does")
    if _STRICT in head:
        raise BadWorkbook("not_excel", "is a Strict Open XML workbook, not an ordinary one", _SAVE_AS)
