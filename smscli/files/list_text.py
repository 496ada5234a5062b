"""From the bytes of a list to its text: UTF-8, what a byte order mark says, or what is declared.

Nothing else is read: an encoding that nobody named is never guessed in silence, because names would go out
wrong ("£ukasz") and nobody would see it before the people do. What it most likely is goes into the error.
Knows neither lines nor cells but to say where a byte stands.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain

from smscli.domain.errors import FilesError, Place, Problem
from smscli.files.encoding_guess import MOST_BYTES, Guess, guessed
from smscli.files.list_source import ContactsSource, encoding_name, written
from smscli.files.reading import files_error, inert, shown

MAX_LINE_BYTES = 1024 * 1024
"""Characters of a line: what is unpacked or comes without line ends must not fill the memory."""

SAVE_AGAIN = "save the list again as CSV UTF-8"

_COPY_AGAIN = "it was probably cut off: was it copied to its end? Copy or export it again"

#: Longest first: UTF-32 begins like UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# DOS ended texts with it, and filled up the last block.
_DOS_END = "\x1a"
_DOS_BLOCK = 128

_LINE_END = re.compile("\r\n|\r|\n")
_LINE_END_BYTES = re.compile(b"[\r\n]")
_FULL_WIDTH = 7
"""Digits that may be a phone number."""

_SHOWN = 60
_OFTEN = 0.25
_SURELY_UTF8 = 3
"""So many characters of several bytes do not come out right by chance: each is one in about thirty."""


def text_blocks(blocks: Iterator[bytes], source: ContactsSource) -> Iterator[str]:
    """The text of a list in pieces, none of them empty; CR and LF that belong together are never torn apart.

    Raises FilesError behind the last character that could be read: `not_utf8` for bytes that nothing
    explains, `wrong_encoding` for those that are not what the campaigns file or a byte order mark says,
    `line_too_long`, and `cut_off` for a list that ends in half a character, or in NULs.
    """
    first = next(blocks, b"")
    mark, encoding = next(((mark, name) for mark, name in _MARKS if first.startswith(mark)), (b"", ""))
    declared = source.encoding if not mark else None
    if not encoding:
        encoding = _without_a_mark(first, source)
    rest = first[len(mark) :]
    whole = chain([rest], blocks) if rest else blocks
    yield from _Decoding(whole, source, encoding, declared, len(mark)).text()


def _without_a_mark(first: bytes, source: ContactsSource) -> str:
    """The declared encoding, or UTF-8. Raises FilesError for what is neither by its looks."""
    wide = _wide(first)
    declared = source.encoding and codecs.lookup(source.encoding).name
    if wide and not declared:
        message = f"is written in {wide.upper()} without a byte order mark, which nothing says"
        raise _wrong(source, None, "not_utf8", message, _say(source, wide))
    if declared in ("utf-16", "utf-32"):
        message = f"is declared as {declared} and has no byte order mark, which says the order of its bytes"
        raise _wrong(source, None, "wrong_encoding", message, _say(source, wide or f"{declared}-le"))
    return "utf-8" if declared in (None, "utf-8-sig") else declared


def _wide(first: bytes) -> str:
    """UTF-16 or UTF-32 by where NULs stand: the upper bytes of digits, delimiters and Latin; else empty."""
    sample = first[:1024]
    nuls = [sample[lane::4].count(0) / max(1, len(sample[lane::4])) for lane in range(4)]
    often = "".join("0" if share > _OFTEN else "x" if not share else "?" for share in nuls)
    return {"x000": "utf-32-le", "000x": "utf-32-be", "x0x0": "utf-16-le", "0x0x": "utf-16-be"}.get(often, "")


class _Decoding:
    """One way through a list in one encoding, and what to say where it ends."""

    def __init__(
        self, blocks: Iterator[bytes], source: ContactsSource, codec: str, declared: str | None, offset: int
    ) -> None:
        self._blocks = blocks
        self._source = source
        self._codec = codec
        self._declared = declared
        self._offset = offset
        self._line = 1
        self._open = 0  # characters of the line that has not ended yet
        self._has_foreign = False  # anything but ASCII, which reads the same in UTF-8
        self._torn = ""  # a CR, whose LF may follow, or what ends a file of DOS
        self._nuls = 0  # that may be the last there is

    def text(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._codec)()
        for block in chain(self._blocks, [b""]):
            self._offset += len(block)
            self._refuse_utf8(block)
            try:
                new = decoder.decode(block, not block)
            except UnicodeError as trouble:
                yield from self._stop(trouble, is_end=not block)
            if text := self._joined(new, is_end=not block):
                self._refuse_long(text)
                yield text
                self._count(text)
        if self._nuls:
            raise self._cut_off("ends in NUL bytes")

    def _joined(self, new: str, *, is_end: bool) -> str:
        """A piece behind what was held back, without what has to be: a CR, what ends files of DOS, NULs.

        So many NULs as a file system puts in place of an end that never came are counted and not kept.
        """
        if self._nuls and not new.strip("\0"):
            self._nuls += len(new)
            return ""
        text = self._torn + "\0" * min(self._nuls, MAX_LINE_BYTES + 1) + new
        good = text.rstrip("\0")
        self._nuls = len(text) - len(good)
        held = "\r" if good.endswith("\r") else good[len(good.rstrip(_DOS_END)) :]
        if is_end and not self._nuls:
            return good.rstrip(_DOS_END)
        self._torn = held if not self._nuls and len(held) <= _DOS_BLOCK else ""
        return good.removesuffix(self._torn)

    def _refuse_long(self, text: str) -> None:
        """Does a line that began before go on too long? None that begins here can: a piece is shorter."""
        if self._open + len(text) <= MAX_LINE_BYTES:
            return
        found = _LINE_END.search(text)
        if self._open + (found.start() if found else len(text)) > MAX_LINE_BYTES:
            message = f"the line is longer than {MAX_LINE_BYTES // 1024} KiB"
            raise _wrong(self._source, self._line, "line_too_long", message, "is this the list you meant?")

    def _count(self, text: str) -> None:
        self._line += text.count("\n") + text.count("\r") - text.count("\r\n")
        end = max(text.rfind("\n"), text.rfind("\r"))
        self._open = len(text) - end - 1 + (self._open if end < 0 else 0)
        self._has_foreign = self._has_foreign or not text.isascii()

    def _refuse_utf8(self, block: bytes) -> None:
        """UTF-8 that is declared as a code page reads without an error, and wrongly."""
        if self._declared is None or self._has_foreign or block.isascii() or not _is_code_page(self._codec):
            return
        with suppress(UnicodeDecodeError):
            text, _ = codecs.utf_8_decode(block)
            if sum(not character.isascii() for character in text) >= _SURELY_UTF8:
                message = f"is UTF-8, and the campaigns file says {encoding_name(self._declared)}"
                raise _wrong(self._source, None, "wrong_encoding", message, self._take_it_out())

    def _stop(self, trouble: UnicodeError, *, is_end: bool) -> Iterator[str]:
        """What could be read before the trouble, then the error."""
        if not isinstance(trouble, UnicodeDecodeError):
            message = f"cannot be read as {encoding_name(self._codec)}: {shown(str(trouble))}"
            raise _wrong(self._source, self._line, "wrong_encoding", message, SAVE_AGAIN) from None
        tried, at = trouble.object, trouble.start
        first_line = self._line + (1 if self._torn == "\r" and not tried.startswith(b"\n") else 0)
        good = self._joined(_read_before(tried[:at], self._codec), is_end=True)
        whole_lines = good[: max(good.rfind("\n"), good.rfind("\r")) + 1]
        if whole_lines:
            yield whole_lines
            self._count(whole_lines)
        # One byte below nothing but ASCII is as likely the last letter of a code page.
        if is_end and (self._codec != "utf-8" or self._has_foreign or len(tried) - at > 1):
            raise self._cut_off("ends in the middle of a character") from None
        bad = _BadByte(self._offset - len(tried) + at, tried[at : at + 1], self._line)
        if self._codec == "utf-8" and self._has_foreign:
            start = max(tried.rfind(b"\n", 0, at), tried.rfind(b"\r", 0, at)) + 1
            raise self._mixed(bad, _LINE_END_BYTES.split(tried[start:])[0]) from None
        raise self._unreadable(
            bad, (tried + self._more(MOST_BYTES - len(tried)))[:MOST_BYTES], first_line
        ) from None

    def _cut_off(self, message: str) -> FilesError:
        return _wrong(self._source, self._line, "cut_off", message, _COPY_AGAIN)

    def _more(self, most: int) -> bytes:
        """What follows: so much, and what comes with it."""
        more = bytearray()
        with suppress(FilesError):
            while len(more) < most and (block := next(self._blocks, b"")):
                more += block
        return bytes(more)

    def _mixed(self, bad: _BadByte, line: bytes) -> FilesError:
        guesses = guessed(line, self._source.region)
        reads = f"; in {guesses[0].name} it reads: {_shown_line(guesses[0].text, 0)}" if guesses else ""
        message = f"{bad} is not UTF-8, and lines above it are{reads}"
        hint = "two encodings in one file: correct this line and those like it, or export the list again"
        return _wrong(self._source, bad.line, "not_utf8", message, hint)

    def _unreadable(self, bad: _BadByte, sample: bytes, first_line: int) -> FilesError:
        """`sample` has the bad byte in it, and begins with that line."""
        codec = encoding_name(self._codec)
        code = "not_utf8" if self._source.encoding is None and codec == "utf-8" else "wrong_encoding"
        found, hint = f"{bad} {self._is_not(codec)}", SAVE_AGAIN
        if self._declared and codec != "utf-8" and _is_utf8(sample):
            return _wrong(self._source, bad.line, code, found, f"it is UTF-8: {self._take_it_out()}")
        may_be_other = self._declared or codec == "utf-8"
        others = guessed(sample, self._source.region) if may_be_other else ()
        others = tuple(guess for guess in others if guess.name != codec)
        if others:
            found, hint = f"{found}; {_likely(others, first_line)}", _say(self._source, others[0].name)
        elif may_be_other:
            found = f"{found}, and what it is cannot be told"
            hint = f"{SAVE_AGAIN}, or say its encoding: {written(replace(self._source, encoding='…'))}"
        return _wrong(self._source, bad.line, code, found, hint)

    def _is_not(self, codec: str) -> str:
        if codec == "utf-8":
            return "is not UTF-8"
        says = "the campaigns file" if self._declared else "its byte order mark"
        return f"is nothing in {codec}, which {says} says"

    def _take_it_out(self) -> str:
        return f"take encoding out of the campaigns file: {written(replace(self._source, encoding=None))}"


@dataclass(frozen=True, slots=True)
class _BadByte:
    """A byte that cannot be read, `before` how many others of the unpacked file."""

    before: int
    byte: bytes
    line: int

    def __str__(self) -> str:
        seen = f" (0x{self.byte.hex()})" if self.byte else ""
        return f"byte {self.before + 1} of the file{seen}"


def _is_code_page(codec: str) -> bool:
    """Is every byte a character of its own in it."""
    with suppress(UnicodeError):
        return len(b"\xc3\xa9\xc5\x82".decode(codec, "replace")) == 4
    return False


def _read_before(good: bytes, codec: str) -> str:
    with suppress(UnicodeError):  # of codecs that know no "replace"
        return good.decode(codec, "replace")
    return ""


def _is_utf8(sample: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        return bool(codecs.utf_8_decode(sample)[0])
    return False


def _likely(guesses: tuple[Guess, ...], first_line: int) -> str:
    """`it is most likely windows-1250, in which line 3 reads: …`, or both where two are as likely."""
    at = _telling_line(guesses)
    line = first_line + at
    reads = [_shown_line(guess.text, at) for guess in guesses]
    if len(guesses) == 1:
        return f"it is most likely {guesses[0].name}, in which line {line} reads: {reads[0]}"
    if len(set(reads)) == 1:
        names = " or ".join(guess.name for guess in guesses)
        return f"it could be {names}, in both of which line {line} reads: {reads[0]}"
    each = " or ".join(f"{guess.name} ({read})" for guess, read in zip(guesses, reads, strict=True))
    return f"it could be, as line {line} shows, {each}"


def _telling_line(guesses: tuple[Guess, ...]) -> int:
    """The first line that reads differently; if none does, one with letters and not only a no-break space."""
    texts = [_LINE_END.split(guess.text) for guess in guesses]
    lines = list(zip(*texts, strict=False))
    differing = [at for at, reads in enumerate(lines) if len(set(reads)) > 1]
    foreign = [at for at, reads in enumerate(lines) if re.search(r"[^\W\d_\x00-\x7f]", reads[0])]
    return next(iter(differing or foreign), 0)


def _shown_line(text: str, at: int) -> str:
    """One line, without a phone number in it: what is no space in a wrong encoding may tear one apart."""
    line = _LINE_END.split(text)[at].replace("\u00a0", " ")
    masked = shown(line, len(line))
    if sum(character.isdigit() for character in masked) >= _FULL_WIDTH:
        masked = re.sub(r"\d", "•", masked)
    first = next((place for place, letter in enumerate(masked) if not letter.isascii() and letter != "•"), 0)
    start = max(0, min(first - _SHOWN // 2, len(masked) - _SHOWN))
    return ("…" if start else "") + inert(masked[start:], _SHOWN)


def _say(source: ContactsSource, encoding: str) -> str:
    said = written(replace(source, encoding=encoding))
    return f"if that is right, say so in the campaigns file: {said}; else {SAVE_AGAIN}"


def _wrong(source: ContactsSource, line: int | None, code: str, message: str, hint: str) -> FilesError:
    return files_error([Problem(Place(source.name, line), code, message, hint)])
