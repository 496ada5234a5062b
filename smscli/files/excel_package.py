"""An XLSX file as a package of parts: looked at before anything is unpacked, then read as a stream.

    package = Package(stream)
    for row in package.rows(package.sheets[0]): ...         cells as the file writes them, memory flat

Knows zip and XML, and what a hostile file would do with them. Does not know what a cell means, nor lists.
Office Open XML: ECMA-376, parts 1 (18.3, 18.4, 18.8) and 2. Why not openpyxl 3.1.5: 100,000 rows of six
cells took it 17.5 s and take this 5, it drops rows that are out of order in silence, refuses a whole workbook
for one style that it does not know, and reads none of the strict files that Excel can write.
"""

from __future__ import annotations

import posixpath
import re
from array import array
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any, BinaryIO, Generic, NamedTuple, TypeVar
from xml.sax.handler import ContentHandler
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_PARTS = 10_000
MAX_PART_BYTES = 1024**3  # a full sheet of ten columns is 500 MB; rows are streamed: it costs time only
MAX_ALL_BYTES = 2 * 1024**3
MAX_RATIO = 200  # sheets pack to a fifteenth, empty formatted ones to a fiftieth; a bomb to a thousandth
RATIO_FREE_BYTES = 50 * 1024**2
MAX_TEXT = 1024**2  # a cell of Excel holds 32,767 characters
MAX_SILENCE = 2 * 1024**2  # bytes in which no element begins; an endless tag is read over and over
MAX_DEPTH = 64

_CHUNK = 64 * 1024
_ENCRYPTED = 0x1
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_MOST_SEARCHED = 64 * 1024**2
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")

SAVE_AS = "in the spreadsheet: File, Save as, Excel Workbook (.xlsx) or CSV UTF-8; then name that file"
_NO_WORKBOOK = "is a zip file without a workbook in it"
_SAVE_AGAIN = "open it in a spreadsheet and save it again, or export the list again"
_INSTALL = "type: pip install 'smscli[excel]' (or save the list as CSV UTF-8)"

T = TypeVar("T")


class BadPackage(ValueError):
    """A file that is not read as a workbook; `code` is stable, the rest is copy. `row` where it is known."""

    def __init__(self, code: str, message: str, hint: str = "", row: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.row = row


def damaged(message: str, row: int | None = None) -> BadPackage:
    """The file is no workbook that any spreadsheet wrote."""
    return BadPackage("damaged_excel", f"is damaged: {message}", _SAVE_AGAIN, row)


def _unsafe(message: str) -> BadPackage:
    hint = "is this the file you meant? If it is, save the list as CSV UTF-8"
    return BadPackage("unsafe_excel", message, hint)


class Sheet(NamedTuple):
    """A sheet with cells (no chart): its name, and the part that holds its rows."""

    name: str
    part: str
    is_visible: bool


class Cell(NamedTuple):
    """A cell that has something in it: `column` counts from 0, `kind` is n, s, str, inlineStr, b, e or d.

    `text` is as the file writes it. `has_value` is False for a formula that was never calculated.
    """

    column: int
    kind: str
    style: int
    text: str
    has_value: bool


class Row(NamedTuple):
    """A row that has cells; `number` is the one that a spreadsheet shows beside it."""

    number: int
    is_hidden: bool
    cells: list[Cell]


class SharedStrings:
    """The texts that cells refer to by number, packed: 8 bytes beside each text instead of 60."""

    def __init__(self, texts: Iterator[str]) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        for text in texts:
            self._bytes += text.encode("utf-8", "surrogatepass")
            self._ends.append(len(self._bytes))

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) - 1:
            raise damaged(f"a cell refers to text {index} of {len(self._ends) - 1}")
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogatepass")


class Package:
    """An open workbook. Raises BadPackage for one that is refused; zipfile, zlib and SAX raise their own."""

    def __init__(self, stream: BinaryIO) -> None:
        _refuse_other_formats(stream)
        _new_parser(ContentHandler())
        self._archive = ZipFile(stream)
        self._parts = _looked_through(self._archive.infolist())
        self._refuse_other_packages()
        self._book = self._target("", "officeDocument") or ""
        if self._book not in self._parts:
            raise damaged("it has no workbook in it")
        if next(self._elements(self._book))[1] != "workbook":
            raise BadPackage("not_excel", _NO_WORKBOOK, SAVE_AS)

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """The sheets that can hold rows, in their order."""
        related = self._related(self._book)
        found = []
        for _, name, attributes in self._elements(self._book):
            if name == "sheet":
                kind, part = related.get(_prefixed(attributes, "id"), ("", ""))
                if kind == "worksheet" and part in self._parts:
                    is_visible = attributes.get("state", "visible") == "visible"
                    found.append(Sheet(attributes.get("name", ""), part, is_visible))
        return tuple(found)

    @cached_property
    def counts_from_1904(self) -> bool:
        """Do its dates count from 1904, as those of old Macs?"""
        return any(
            name == "workbookPr" and attributes.get("date1904") in ("1", "true")
            for _, name, attributes in self._elements(self._book)
        )

    @cached_property
    def formats(self) -> tuple[tuple[int, str | None], ...]:
        """By style: the number of its number format, and the format where the workbook spells it out."""
        part = self._target(self._book, "styles")
        if part not in self._parts:
            return ()
        spelt: dict[int, str] = {}
        styles: list[int] = []
        for parent, name, attributes in self._elements(part or ""):
            if name == "numFmt" and parent == "numFmts":
                spelt[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif name == "xf" and parent == "cellXfs":
                styles.append(_whole(attributes.get("numFmtId")))
        return tuple((style, spelt.get(style)) for style in styles)

    @cached_property
    def strings(self) -> SharedStrings:
        """The shared texts; the only thing that is held."""
        part = self._target(self._book, "sharedStrings")
        return SharedStrings(self._stream(part, _Strings()) if part and part in self._parts else iter(()))

    def rows(self, sheet: Sheet) -> Iterator[Row]:
        """The rows of a sheet that have cells, one at a time."""
        return self._stream(sheet.part, _Rows())

    def _refuse_other_packages(self) -> None:
        if "_rels/.rels" in self._parts and "xl/workbook.bin" not in self._parts:
            return
        kind = _NO_WORKBOOK
        if "xl/workbook.bin" in self._parts:
            kind = "is a binary workbook (.xlsb), not XLSX"
        elif "mimetype" in self._parts:
            kind = "is an OpenDocument file (.ods), not XLSX"
        elif any(name.endswith(".iwa") for name in self._parts):
            kind = "is an Apple Numbers file, not XLSX"
        elif any(name.endswith((".csv", ".tsv", ".txt", ".xlsx")) for name in self._parts):
            raise BadPackage("not_excel", "is a zip file with lists in it", "unpack it and name the list")
        raise BadPackage("not_excel", kind, SAVE_AS)

    def _target(self, part: str, kind: str) -> str | None:
        """The part that this one relates to as that kind."""
        return next((target for found, target in self._related(part).values() if found == kind), None)

    def _related(self, part: str) -> Mapping[str, tuple[str, str]]:
        """What a part relates to: id to kind and part. The kinds of strict files end alike."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self._parts:
            return {}
        return {
            attributes.get("Id", ""): (
                attributes.get("Type", "").rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", "")))[1:].lower(),
            )
            for _, name, attributes in self._elements(rels)
            if name == "Relationship"
        }

    def _elements(self, part: str) -> Iterator[tuple[str, str, Mapping[str, str]]]:
        """The elements of a small part: parent, name, attributes."""
        return self._stream(part, _Elements())

    def _stream(self, part: str, handler: _Handler[T]) -> Iterator[T]:
        """Feed a part to a handler, and hand on what it finds. Read to the end, the CRC is checked."""
        from defusedxml.common import DefusedXmlException

        parser = _new_parser(handler)
        if not self._parts[part].file_size:
            raise damaged("a part of it is empty")
        with self._archive.open(self._parts[part]) as content:
            try:
                while chunk := content.read(_CHUNK):
                    handler.silence += len(chunk)
                    parser.feed(chunk)
                    if handler.silence > MAX_SILENCE:
                        raise _unsafe("holds a tag or a text of many megabytes")
                    yield from handler.found
                    handler.found.clear()
                parser.close()
            except DefusedXmlException as trouble:
                raise _unsafe("declares XML entities, as no spreadsheet does") from trouble
        yield from handler.found


def _new_parser(handler: ContentHandler) -> Any:
    """A parser that refuses document types and entities. Raises BadPackage without the extra `excel`."""
    try:
        from defusedxml.expatreader import create_parser
    except ImportError:
        message = "is an Excel workbook, and what reads those is not installed"
        raise BadPackage("needs_excel", message, _INSTALL) from None
    parser = create_parser(forbid_dtd=True)
    parser.setContentHandler(handler)
    # Its own two wrap the attributes of every element: a third of the time that a sheet takes.
    parser.start_element, parser.end_element = handler.startElement, handler.endElement
    return parser


def _refuse_other_formats(stream: BinaryIO) -> None:
    stream.seek(0)
    start = stream.read(len(_OLE))
    if start == _OLE:
        # Office keeps a locked XLSX inside the container of its old formats (MS-OFFCRYPTO 1.3.3).
        if _LOCKED in stream.read(_MOST_SEARCHED):
            hint = "open it, take the password off (File, Info, Protect Workbook), save it and name that copy"
            raise BadPackage("locked_excel", "is locked with a password", hint)
        raise BadPackage("not_excel", "is an Excel file of before 2007 (.xls), not XLSX", SAVE_AS)
    if not start:
        raise damaged("it is empty")


def _looked_through(entries: list[ZipInfo]) -> Mapping[str, ZipInfo]:
    """The parts by name (blind to case, ECMA-376-2 6.2.2), if unpacking them is safe.

    The sizes are those that the file declares: zipfile hands out no byte more than that. It bounds what it
    unpacks at a time for these two methods only.
    """
    if len(entries) > MAX_PARTS:
        raise _unsafe(f"has {len(entries)} parts")
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED:
            raise BadPackage("locked_excel", "is encrypted", "save it without a password and name that copy")
        if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise damaged("it is packed as no spreadsheet packs")
        is_dense = entry.file_size > max(entry.compress_size, 1) * MAX_RATIO
        if entry.file_size > MAX_PART_BYTES or (is_dense and entry.file_size > RATIO_FREE_BYTES):
            raise _unsafe(f"would unpack to {entry.file_size // 1024**2} MiB in one part")
    if (together := sum(entry.file_size for entry in entries)) > MAX_ALL_BYTES:
        raise _unsafe(f"would unpack to {together // 1024**2} MiB")
    parts = {entry.filename.replace("\\", "/").lstrip("/").lower(): entry for entry in entries}
    if len(parts) < len(entries):
        raise damaged("it has a part twice")
    return parts


def _prefixed(attributes: Mapping[str, str], name: str) -> str:
    """An attribute of another namespace than its element's: `r:id`."""
    return next((value for key, value in attributes.items() if key.endswith(f":{name}")), "")


def _whole(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        raise damaged("a number of a style is no number") from None


class _Handler(ContentHandler, Generic[T]):
    """Finds things in a stream of elements. Names are without their prefix: some programs write `x:row`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[T] = []
        self.silence = 0
        self._depth = 0
        self._text: list[str] = []
        self._length = 0
        self._collects = False

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        self.silence = 0
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _unsafe("nests its XML as no spreadsheet does")
        self._begin(name.rpartition(":")[2] if ":" in name else name, attrs)

    def endElement(self, name: str) -> None:  # noqa: N802
        self._depth -= 1
        self._end(name.rpartition(":")[2] if ":" in name else name)

    def characters(self, content: str) -> None:
        if self._collects:
            self._length += len(content)
            if self._length > MAX_TEXT:
                raise _unsafe("holds a text of more than a million characters in one cell")
            self._text.append(content)

    def _begin(self, name: str, attributes: Mapping[str, str], /) -> None: ...

    def _end(self, name: str, /) -> None: ...

    def _taken(self) -> str:
        """What was collected since the last time."""
        text = "".join(self._text)
        self._text.clear()
        self._length = 0
        return _unescaped(text) if "_x" in text else text


class _Elements(_Handler[tuple[str, str, Mapping[str, str]]]):
    """Every element with its parent."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = [""]

    def _begin(self, name: str, attributes: Mapping[str, str], /) -> None:
        self.found.append((self._open[-1], name, attributes))
        self._open.append(name)

    def _end(self, _name: str, /) -> None:
        self._open.pop()


class _Strings(_Handler[str]):
    """The texts of a table of shared strings: runs of rich text joined, phonetic ones left out."""

    def __init__(self) -> None:
        super().__init__()
        self._is_phonetic = False

    def _begin(self, name: str, _attributes: Mapping[str, str], /) -> None:
        if name == "t":
            self._collects = not self._is_phonetic
        elif name == "rPh":
            self._is_phonetic = True

    def _end(self, name: str, /) -> None:
        if name == "t":
            self._collects = False
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "si":
            self.found.append(self._taken())


class _Rows(_Handler[Row]):
    """The rows of a sheet, in order; empty cells are left out, rows without cells too."""

    def __init__(self) -> None:
        super().__init__()
        self._number = 0
        self._is_hidden = False
        self._cells: list[Cell] | None = None
        self._is_phonetic = False
        self._collecting = ""
        self._column = -1
        self._kind = "n"
        self._style = 0
        self._is_formula = False
        self._has_value = False

    def _begin(self, name: str, attributes: Mapping[str, str], /) -> None:
        if self._cells is None:
            if name == "row":
                self._begin_row(attributes)
        elif name == "c":
            self._begin_cell(attributes)
        elif name == self._collecting:
            self._collects, self._has_value = not self._is_phonetic, True
        elif name == "f":
            self._is_formula = True
        elif name == "rPh":
            self._is_phonetic = True

    def _end(self, name: str, /) -> None:
        if self._cells is None:
            return
        if name == "c":
            self._end_cell(self._cells)
        elif name == self._collecting:
            self._collects = False
        elif name == "rPh":
            self._is_phonetic = False
        elif name == "row":
            if self._cells:
                self.found.append(Row(self._number, self._is_hidden, self._cells))
            self._cells = None

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        before, said = self._number, attributes.get("r")
        self._number = before + 1 if said is None else _row_number(said)
        if not before < self._number <= MAX_ROWS:
            raise damaged(f"row {self._number} stands behind row {before}", before or None)
        self._is_hidden = attributes.get("hidden") in ("1", "true")
        self._cells, self._column = [], -1

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        before, place = self._column, attributes.get("r")
        self._column = before + 1 if place is None else _column(place.rstrip("0123456789"))
        if not before < self._column < MAX_COLUMNS:
            raise damaged("its cells are not in order", self._number)
        self._kind = attributes.get("t", "n")
        self._style = _whole(attributes.get("s"))
        self._collecting = "t" if self._kind == "inlineStr" else "v"
        self._is_formula = self._has_value = False

    def _end_cell(self, cells: list[Cell]) -> None:
        text = self._taken()
        # An empty text is a value of a formula; an empty number is none: openpyxl writes <v></v> behind each.
        has_value = bool(text) or (self._has_value and self._kind == "str")
        if text or self._is_formula:
            cells.append(Cell(self._column, self._kind, self._style, text, has_value))


def _row_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise damaged("a row has a number that is none")
    return int(text)


@cache  # letters that are no column raise, and are not kept
def _column(letters: str) -> int:
    """`A` is 0, `XFD` the last."""
    if not (0 < len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        raise damaged("a cell has no place in its row")
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _unescaped(text: str) -> str:
    """`_x000D_` is how XML of Office writes a character that XML has not (ECMA-376-1 22.9.2.19)."""
    found = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
