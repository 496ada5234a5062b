"""A message as a phone shows it, with the places marked where it is cut into segments.

Knows text and cells; whose message it is, somebody else says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from smscli.cli.present.cells import beside, clusters, folded, padded
from smscli.cli.present.page import Page
from smscli.cli.present.text import counted
from smscli.domain.message import Message
from smscli.domain.segments import split

#: Cells of text in a bubble, and those of its frame.
_INNER = 30
_FRAME = 4
_INDENT = 2
_GAP = 2

_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})


@dataclass(frozen=True, slots=True)
class _Atom:
    """Something that is not broken: one cluster; or the cut before segment number `begins`."""

    shown: str
    cells: int
    begins: int = 0


_NEW_LINE = _Atom("\n", 0)
_HUNG = _Atom("", 0)  # a space behind the last cell of a row


def bubbles(messages: Sequence[Message], page: Page) -> Iterator[Text]:
    """The messages as bubbles, as many side by side as the page is wide."""
    most = max((message.segments.count for message in messages), default=1)
    label = len(f" {most}/{most}") if most > 1 else 0
    width = _INNER + _FRAME + label
    abreast = max(1, (page.width - _INDENT + _GAP) // (width + _GAP))
    for start in range(0, len(messages), abreast):
        if start:
            yield Text()
        columns = [list(bubble(message, page)) for message in messages[start : start + abreast]]
        for line in beside(columns, width, _GAP):
            yield Text(" " * _INDENT).append_text(line)


def bubble(message: Message, page: Page) -> Iterator[Text]:
    """Who sees it from whom, the text in its frame, and what it costs."""
    glyphs, total = page.glyphs, message.segments.count
    edge = glyphs.across * (_INNER + _FRAME - 2)
    top_left, top_right, bottom_left, bottom_right = glyphs.corners
    yield from _outside(f"{message.sender} to {page.masked(message.to)}", page)
    yield Text(f"{top_left}{edge}{top_right}", "dim")
    for row in _rows(_atoms(split(message.body), page), _INNER):
        yield _framed(row, page, total)
    yield Text(f"{bottom_left}{edge}{bottom_right}", "dim")
    language = f"{message.language}: " if message.language else ""
    units = counted(message.segments.units, "unit")
    cost = f"{message.segments.encoding}, {counted(total, 'segment')}, {units}"
    yield from _outside(f"{language}{cost}", page)


def _outside(text: str, page: Page) -> Iterator[Text]:
    for line in folded(page.shown(text), _INNER + 2):
        yield Text(f" {line}")


def _framed(row: Sequence[_Atom], page: Page, total: int) -> Text:
    upright = page.glyphs.upright
    text = "".join(atom.shown for atom in row)
    turned = page.glyphs.left_to_right if _runs_from_the_right(text) else ""
    line = Text.assemble((f"{upright} ", "dim"), turned)
    for atom in row:
        line.append(atom.shown, "bold cyan" if atom.begins else "")
    line.append(turned + padded("", _INNER - sum(atom.cells for atom in row)))
    line.append(f" {upright}", "dim")
    if begins := max((atom.begins for atom in row), default=0):
        line.append(f" {begins}/{total}", "cyan")
    return line


def _runs_from_the_right(text: str) -> bool:
    return not text.isascii() and any(unicodedata.bidirectional(each) in _FROM_THE_RIGHT for each in text)


def _atoms(pieces: Sequence[str], page: Page) -> Iterator[_Atom]:
    """What a body is laid out from; the cut stands exactly where the segments do."""
    for number, piece in enumerate(pieces, start=1):
        if number > 1:
            yield _Atom(page.glyphs.cut, 1, number)
        for index, line in enumerate(piece.split("\n")):
            if index:
                yield _NEW_LINE
            for cluster in clusters(page.shown(line)):
                yield _Atom(cluster, cell_len(cluster))


def _rows(atoms: Iterator[_Atom], width: int) -> Iterator[list[_Atom]]:
    """Lines of at most `width` cells, broken at a space where there is one; that space is not shown."""
    row: list[_Atom] = []
    for atom in atoms:
        if atom is _NEW_LINE:
            yield row
            row = []
        elif sum(each.cells for each in row) + atom.cells <= width:
            row.append(atom)
        elif atom.shown == " ":
            row.append(_HUNG)
        else:
            broken = _last_space(row)
            yield row[:broken] if broken else row
            row = [*(row[broken + 1 :] if broken else ()), atom]
    yield row


def _last_space(row: Sequence[_Atom]) -> int:
    """Where the last space of the row is; 0 where breaking there would leave nothing before it."""
    return max((index for index, atom in enumerate(row) if atom.shown == " " or atom is _HUNG), default=0)
