"""From the bytes of a file to its text, and from its text to something that is safe to show.

Knows what can go wrong between a path and its characters, and words it. Knows neither YAML nor CSV.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from shlex import quote
from typing import BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.domain.msisdn import mask

SHOWN_CHARACTERS = 40

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
#: Behind it stands no further digit, but for those of a time.
_DATE = (
    r"(?:\d{4}([./-])\d\d?\1\d\d?|[0-3]?\d([./-])[0-3]?\d\2(?:19|20)\d\d)"
    r"(?![\d()./-]|\s+\d(?!\d?:))"
)
#: What people and programs leave between digits: punctuation, dashes of all kinds, and what nobody sees.
_BETWEEN = (
    "\\s()./\\\\'\u2019\u00b7\u2044\u2010-\u2015\u2212\uff0d\x00-\x1f\x7f-\x9f\u00ad"
    "\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff-"
)
_DATE_OR_NUMBER = re.compile(rf"(?<!\d){_DATE}|[+(]*\d(?:[{_BETWEEN}]*\d){{6,}}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

#: What other programs write, and what it is.
_BINARY = (
    (b"PK\x03\x04", "is a spreadsheet or a zip file"),
    (b"PK\x05\x06", "is an empty zip file"),
    (b"\xd0\xcf\x11\xe0", "is an old spreadsheet"),
    (b"SQLite format 3\x00", "is a SQLite database"),
    (b"%PDF", "is a PDF"),
    (b"\x1f\x8b", "is compressed (gzip)"),
    (b"BZh9", "is compressed (bzip2)"),
    (b"\xfd7zXZ\x00", "is compressed (xz)"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd)"),
    (b"7z\xbc\xaf\x27\x1c", "is compressed (7z)"),
    (b"Rar!\x1a\x07", "is compressed (RAR)"),
    (b"\x89PNG\r\n", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
    (b"PAR1\x15", "is a Parquet file"),
)

#: Endings that stand for one another when a file is looked for in vain.
_KINDS = (frozenset({".yaml", ".yml"}), frozenset({".csv", ".tsv", ".txt"}), frozenset({".db"}))


#: ASCII has no other white space.
_FOLDED_AWAY = dict.fromkeys(map(ord, "_- \t\n\r\v\f\x1c\x1d\x1e\x1f"))


def inert(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """A stranger's text that can be printed: escapes named, long texts cut, one line."""
    cut = text if len(text) <= most else text[:most] + "…"
    return cut if cut.isprintable() else "".join(map(_visible, cut))


def shown(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """The same; what may be a phone number in it is masked, and a date is not."""
    return inert(_DATE_OR_NUMBER.sub(_masked, text), most)


def _masked(found: re.Match[str]) -> str:
    return found[0] if found[1] or found[2] else mask(found[0])


def quoted(text: str) -> str:
    """The same in quotes."""
    return f'"{shown(text)}"'


def _visible(character: str) -> str:
    # Cc: terminal escapes; Cf: direction overrides and zero-width; Cs, Zl and Zp break terminals and lines;
    # Cn and Co are nothing that anybody could read.
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"):
        return character
    return ascii(character)[1:-1]


def has_control(text: str, *, allowed: str = "") -> bool:
    """Is there a C0, DEL or C1 character (or half a surrogate pair) in it, but for those allowed."""
    if text.isprintable():  # nearly every cell of a list, and thirty times as fast
        return False
    return any(found not in allowed for found in _CONTROL.findall(text))


def listed(names: Iterable[str], word: str = "and", most: int = 30) -> str:
    """`a, b and c`, safe to show."""
    parts = [shown(name) for name in names]
    if len(parts) > most:
        parts[most:] = [f"{len(parts) - most} more"]
    return f" {word} ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant, or empty; blind to case, space, `_` and `-`."""
    folded = {fold(candidate): candidate for candidate in known}
    close = get_close_matches(fold(name), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def fold(name: str) -> str:
    """A name as people mean it: without case, space, `_`, `-` and characters that cannot be seen."""
    if name.isascii():
        return name.translate(_FOLDED_AWAY).lower()
    kept = (c for c in name if c not in "_-" and not c.isspace() and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", "".join(kept).casefold())


def files_error(problems: Sequence[Problem]) -> FilesError:
    """All problems as one exception, each once: file by file as they came up, in each by place.

    A single one is the message and its hint.
    """
    once = list(dict.fromkeys(problems))
    files = list(dict.fromkeys(problem.where.file for problem in once))
    once.sort(key=lambda each: (files.index(each.where.file), each.where.line or 0, each.where.column or 0))
    if len(once) == 1:
        return FilesError(str(once[0]), hint=once[0].hint, problems=once)
    if len(files) == 1:
        return FilesError(f"{inert(files[0], 200)} has {len(once)} problems", problems=once)
    return FilesError(f"{len(files)} files have {len(once)} problems", problems=once)


def file_problem(path: Path, code: str, message: str, hint: str = "") -> FilesError:
    """One problem that a whole file has."""
    return files_error([Problem(Place(str(path)), code, message, hint)])


def open_file(path: Path) -> BinaryIO:
    """Open for reading. Raises FilesError in words instead of OSError."""
    try:
        if path.is_dir():
            inside = listed(_names_in(path, path.suffix or ".yaml"), most=_SHOWN_FILES)
            hint = f"name a file inside it: {inside}" if inside else "name a file inside it"
            raise file_problem(path, "is_directory", "is a folder, not a file", hint)
        return path.open("rb")
    except (OSError, ValueError) as trouble:
        raise unreadable(path, trouble) from trouble


def unreadable(path: Path, trouble: OSError | ValueError) -> FilesError:
    """What an OSError from reading means for the reader of a terminal."""
    if isinstance(trouble, FileNotFoundError):
        return file_problem(path, "missing_file", *_missing(path))
    if isinstance(trouble, PermissionError):
        return file_problem(path, "unreadable", "may not be read by you", f"try: ls -l {path}")
    if isinstance(trouble, NotADirectoryError):
        return file_problem(path, "missing_file", "there is no such file", "a part of its path is a file")
    reason = (trouble.strerror if isinstance(trouble, OSError) else None) or str(trouble)
    return file_problem(path, "unreadable", f"cannot be read: {inert(reason, 120)}")


_SHOWN_FILES = 8


def _missing(path: Path) -> tuple[str, str]:
    """Message and hint: the folder that was looked in, and what is there instead."""
    folder = path.absolute().parent
    if not folder.is_dir():
        here = f"you are in {inert(str(Path.cwd()), 200)}"
        return f"there is no such file: the folder {inert(str(folder), 200)} does not exist", here
    message = f"there is no such file in {inert(str(folder), 200)}"
    there = _names_in(folder, path.suffix)
    # Names that are alike, and not all that end alike: a list of opt-outs is no contact list.
    if meant := get_close_matches(path.name, [name for name in there if name], 1, cutoff=0.85):
        return message, f"did you mean {inert(str(path.with_name(meant[0])), 200)}?"
    if there:
        return message, f"in that folder: {listed(there, most=_SHOWN_FILES)}"
    return (
        message,
        f"that folder has no {path.suffix or '.yaml'} file: cd to the right one, or name the whole path",
    )


def _names_in(folder: Path, suffix: str) -> list[str]:
    """The files in a folder that end like this one, or like its kind."""
    wanted = suffix.lower() or ".yaml"  # whoever leaves the ending out means a campaigns file
    kind = next((kind for kind in _KINDS if wanted in kind), {wanted})
    try:
        names = [each.name for each in folder.iterdir() if each.suffix.lower() in kind and each.is_file()]
    except OSError:
        return []
    return sorted(name for name in names if not name.startswith("."))


def binary_kind(start: bytes) -> str:
    """What a file that begins so is, if it is none of ours: `is a spreadsheet or a zip file`; else empty."""
    return next((said for magic, said in _BINARY if start.startswith(magic)), "")


def read_text(path: Path, most: int) -> str:
    """The text of a UTF-8 file (a byte order mark is dropped) of at most so many bytes.

    Raises FilesError: missing, unreadable, a directory, too large, not UTF-8.
    """
    with open_file(path) as stream:
        try:
            content = stream.read(most + 1)
        except OSError as trouble:
            raise unreadable(path, trouble) from trouble
    if len(content) > most:
        raise file_problem(
            path, "too_large", f"is larger than {most // 1024} KiB", "is this the file you meant?"
        )
    if kind := binary_kind(content):
        hint = "a sent log is named so: --log " + quote(str(path)) if "SQLite" in kind else ""
        raise file_problem(path, "not_utf8", f"{kind}, not a text file", hint)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        raise files_error([not_utf8(str(path), content, trouble.start)]) from None


def not_utf8(file: str, content: bytes, position: int) -> Problem:
    """Name the byte of a whole file that is not UTF-8."""
    if content.startswith(_UTF16_MARKS):
        message = "is written in UTF-16, not UTF-8"
        return Problem(Place(file), "not_utf8", message, _recode(file, "UTF-16"))
    place = Place(file, 1 + content.count(b"\n", 0, position))
    message = f"byte {position + 1} of the file (0x{content[position]:02x}) is not UTF-8"
    return Problem(place, "not_utf8", message, "save it as UTF-8, or " + _recode(file, "WINDOWS-1250"))


def _recode(file: str, encoding: str) -> str:
    """The command that makes UTF-8 of a file."""
    path = Path(file)
    new = path.with_name(f"{path.stem}.utf8{path.suffix}")
    return f"type: iconv -f {encoding} -t UTF-8 {quote(file)} > {quote(str(new))}"
