"""From the bytes of a file to its text, and from its text to something that is safe to show.

Knows what can go wrong between a path and its characters, and words it. Knows neither YAML nor CSV.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from smscli.domain.errors import FilesError, Place, Problem
from smscli.domain.msisdn import mask

SHOWN_CHARACTERS = 40

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NUMBER = re.compile(r"(?!\d{4}-\d\d?-\d\d?$)[+(]?\d[\d\s().-]{5,}\d")  # and not a date
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_RECODE = "save the file as UTF-8, for example: iconv -f WINDOWS-1250 -t UTF-8 OLD > NEW"


def inert(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """A stranger's text that can be printed: escapes named, long texts cut, one line."""
    cut = text if len(text) <= most else text[:most] + "…"
    return "".join(_visible(character) for character in cut)


def shown(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """The same; what may be a phone number is masked."""
    return inert(mask(text) if _NUMBER.fullmatch(text.strip()) else text, most)


def quoted(text: str) -> str:
    """The same in quotes."""
    return f'"{shown(text)}"'


def _visible(character: str) -> str:
    # Cc: terminal escapes; Cf: direction overrides and zero-width; Cs, Zl and Zp break terminals and lines.
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    named = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
    code = ord(character)
    return named.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


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
    kept = (c for c in name if c not in "_-" and not c.isspace() and unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", "".join(kept).casefold())


def files_error(problems: Sequence[Problem]) -> FilesError:
    """All problems as one exception, each once, in the order of their places."""
    once = list(dict.fromkeys(problems))
    once.sort(key=lambda problem: (problem.where.line or 0, problem.where.column or 0))
    file = inert(once[0].where.file, 200) if once else "a file"
    amount = "1 problem" if len(once) == 1 else f"{len(once)} problems"
    return FilesError(f"{file} has {amount}", problems=once)


def file_problem(path: Path, code: str, message: str, hint: str = "") -> FilesError:
    """One problem that a whole file has."""
    return files_error([Problem(Place(str(path)), code, message, hint)])


def open_file(path: Path) -> BinaryIO:
    """Open for reading. Raises FilesError in words instead of OSError."""
    try:
        if path.is_dir():
            raise file_problem(path, "is_directory", "is a directory, not a file", "name a file inside it")
        return path.open("rb")
    except (OSError, ValueError) as trouble:
        raise unreadable(path, trouble) from trouble


def unreadable(path: Path, trouble: OSError | ValueError) -> FilesError:
    """What an OSError from reading means for the reader of a terminal."""
    if isinstance(trouble, FileNotFoundError):
        return file_problem(path, "missing_file", "there is no such file", "check the name and the folder")
    if isinstance(trouble, PermissionError):
        return file_problem(path, "unreadable", "may not be read by you", f"try: ls -l {path}")
    reason = (trouble.strerror if isinstance(trouble, OSError) else None) or str(trouble)
    return file_problem(path, "unreadable", f"cannot be read: {inert(reason, 120)}")


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
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as trouble:
        raise files_error([not_utf8(str(path), content, trouble.start)]) from None


def not_utf8(file: str, content: bytes, position: int, line: int = 1, offset: int = 0) -> Problem:
    """Name the byte that is not UTF-8. `content` begins at byte `offset` of the file, in line `line`."""
    if not offset and content.startswith(_UTF16_MARKS):
        message = "is written in UTF-16, not UTF-8"
        return Problem(Place(file), "not_utf8", message, "try: iconv -f UTF-16 -t UTF-8 OLD > NEW")
    place = Place(file, line + content.count(b"\n", 0, position))
    message = f"byte {offset + position + 1} of the file (0x{content[position]:02x}) is not UTF-8"
    return Problem(place, "not_utf8", message, _RECODE)
