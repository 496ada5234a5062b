"""The bytes of a list: read in blocks, unpacked where they are gzip, refused where they are no list at all.

Knows formats by how they begin, whatever a file is called. Does not know how text is encoded.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.reading import binary_kind, files_error, inert

BLOCK_BYTES = 64 * 1024
"""Read at a time: more is no faster, and a row of the first block is there at once."""

_START_BYTES = 4096

ZIP = b"PK\x03\x04"
"""How a zip file begins, and every XLSX is one."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How files of Office before 2007 begin, and those of today that have a password."""

_LOCKED = "EncryptedPackage".encode("utf-16-le")

_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS  # heads, checksums and lengths are checked as well

#: What zlib calls it, and what it is.
_DAMAGE = (
    ("incorrect data check", "its checksum does not fit"),
    ("incorrect length check", "its length does not fit"),
    ("incorrect header check", "something that is no gzip stands behind it"),
)

_EXPORT = "in the spreadsheet: File, Save as, CSV UTF-8; then name that file"
_NAME = "name the list, a CSV file"

#: How text begins that is no list, and what to do. Binary formats are in `reading.binary_kind`.
_TEXT_FORMATS = (
    (rb"<(!doctype +html|html|table|head|meta|style)\b", "is a web page (HTML), whatever its name", _EXPORT),
    (rb"<\?xml|<[a-z]+:workbook", "is XML", _EXPORT),
    (rb"begin:vcard", "is an address book (vCard)", "address books export CSV too: choose that"),
    (rb"\{\s*(\"|\}\s*$)|\[\s*[{\[]", "is JSON", "export the list as CSV"),
    (rb"\{\\rtf", "is a text document (RTF)", _EXPORT),
)
_TEXT_KINDS = tuple(
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:" + magic + rb")", re.IGNORECASE), said, hint)
    for magic, said, hint in _TEXT_FORMATS
)

#: What to do with binary formats, by a word of what they are called.
_HINTS = (
    ("spreadsheet", _EXPORT),
    ("compressed", "unpack it first; only gzip is unpacked here"),
    ("SQLite", "export the table as CSV: sqlite3 -header -csv FILE"),
    ("PDF", "ask for the list as a spreadsheet or as CSV"),
)


def byte_blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The bytes of a stream, unpacked if they are gzip. None of them is empty.

    The first is long enough to tell formats and encodings by, or all there is. Raises FilesError
    `unreadable`, and `damaged_gzip` behind the bytes that could be unpacked.
    """
    blocks = _from_a_whole_start(_read(stream, name))
    first = next(blocks, b"")
    whole = chain([first], blocks) if first else blocks
    yield from _from_a_whole_start(_unpacked(whole, name)) if first.startswith(_GZIP) else whole


def refuse_what_is_no_list(start: bytes, name: str) -> None:
    """Raise FilesError `not_csv` for bytes, unpacked, that begin like something else."""
    if start.startswith(_GZIP):
        raise no_list(name, "is packed twice (gzip in gzip)", "unpack it once: gunzip FILE")
    if kind := binary_kind(start):
        hint = next((hint for word, hint in _HINTS if word in kind), _NAME)
        raise no_list(name, kind, hint)
    for begins, said, hint in _TEXT_KINDS:
        if begins.match(start[:1024]):
            raise no_list(name, said, hint)


def refuse_locked(blocks: Iterable[bytes], name: str) -> None:
    """Raise FilesError `locked_excel` for a file that begins with `OLE` and holds a workbook with a password.

    Office keeps that inside the container of its old formats (MS-OFFCRYPTO 1.3.3).
    """
    before = b""
    for block in blocks:
        before = before[-len(_LOCKED) :] + block
        if _LOCKED in before:
            hint = "open it, take the password off (File, Info, Protect Workbook), save it and name that copy"
            raise files_error([Problem(Place(name), "locked_excel", "is locked with a password", hint)])


@contextmanager
def room_needed(name: str) -> Iterator[None]:
    """For the copy of a list that has to be read twice, or from its end. Raises FilesError `unreadable`."""
    try:
        yield
    except OSError as trouble:
        reason = inert(str(trouble.strerror or trouble), 120)
        message = f"cannot be copied to the temporary folder: {reason}"
        hint = "make room there, or name another folder: TMPDIR=FOLDER smscli …"
        raise files_error([Problem(Place(name), "unreadable", message, hint)]) from trouble


def no_list(name: str, kind: str, hint: str) -> FilesError:
    """`is a PDF, not CSV`, and what to do."""
    return files_error([Problem(Place(name), "not_csv", f"{kind}, not CSV", hint)])


def _read(stream: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while block := stream.read(BLOCK_BYTES):
            yield block
    except OSError as trouble:
        words = inert(f"cannot be read: {trouble.strerror or trouble}", 120)
        raise files_error([Problem(Place(name), "unreadable", words)]) from trouble


def _from_a_whole_start(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same: pipes hand out less than they are asked for, and a gzip of several may begin with a header
    line, or with half a byte order mark."""
    start = b""
    try:
        while len(start) < _START_BYTES and (block := next(blocks, b"")):
            start += block
    except FilesError:
        if start:
            yield start
        raise
    if start:
        yield start
    yield from blocks


def _unpacked(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """What gzip packed, also several times one behind another (`cat a.gz b.gz`). Never much at once."""
    unpack = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for block in blocks:
            rest = _next_member(block) if unpack.eof else block
            while rest:
                if unpack.eof:
                    unpack = zlib.decompressobj(_GZIP_WINDOW)
                if unpacked := unpack.decompress(rest, BLOCK_BYTES):
                    yield unpacked
                rest = _next_member(unpack.unused_data) if unpack.eof else unpack.unconsumed_tail
        while not unpack.eof and (last := unpack.decompress(b"", BLOCK_BYTES)):
            yield last
    except zlib.error as trouble:
        raise _damaged(name, f"its compressed data is damaged{_why(str(trouble))}") from None
    if not unpack.eof:
        raise _damaged(name, "its compressed data ends too early")


def _why(words: str) -> str:
    """What zlib means by `Error -3 while decompressing data: incorrect data check`; empty for most of it."""
    return next((f": {said}" for known, said in _DAMAGE if known in words), "")


def _next_member(rest: bytes) -> bytes:
    """What comes behind one that is complete; tapes and block devices fill up with NULs."""
    return rest.lstrip(b"\0")


def _damaged(name: str, message: str) -> FilesError:
    hint = "was it copied to its end? Copy it again"
    return files_error([Problem(Place(name), "damaged_gzip", message, hint)])
