"""Labels, figures, bars and notes in columns: one left edge for each, over several sections.

Knows widths and bars; does not know what is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len
from rich.text import Text

from smscli.cli.present.bars import apportion
from smscli.cli.present.cells import folded, padded
from smscli.cli.present.page import Page

_INDENT = 2
_GAP = 2
_LONGEST_BAR = 32
_LEAST_BAR = 8
#: With less room than this behind the figures, notes go below.
_LEAST_NOTE = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a figure and what it counts. `part` (None: no bar) is its share of its section.

    A note beside a bar is left out where the page is too narrow for it; a note alone goes below.

    `depth` 0 is a heading. `style` is rich's, for the figure and the bar. Everything is printable already.
    """

    label: str
    figure: str = ""
    note: str = ""
    part: int | Decimal | None = None
    depth: int = 1
    style: str = ""


@dataclass(frozen=True, slots=True)
class Warn:
    """A warning, over the whole width."""

    text: str


Section = Sequence[Row | Warn]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where things stand: cells of labels, of figures, of bars, and the page's width."""

    label: int
    figure: int
    bar: int
    width: int

    @property
    def start(self) -> int:
        """Where bars and notes begin."""
        return self.label + _GAP + self.figure + _GAP

    @property
    def room(self) -> int:
        return self.width - self.start


def ledger(sections: Sequence[Section], page: Page) -> list[Text]:
    """The sections that are not empty, one below the other, an empty line between them."""
    filled = [section for section in sections if section]
    columns = _columns([row for section in filled for row in section if isinstance(row, Row)], page.width)
    lines: list[Text] = []
    for section in filled:
        if lines:
            lines.append(Text())
        lines.extend(_section(section, columns, page))
    return lines


def _columns(rows: Sequence[Row], width: int) -> _Columns:
    label = max((row.depth * _INDENT + cell_len(row.label) for row in rows), default=0)
    figure = max((cell_len(row.figure) for row in rows), default=0)
    room = width - label - figure - 2 * _GAP
    beside = max((cell_len(row.note) for row in rows if row.part is not None), default=0)
    bar = room - (beside + _GAP if beside and room >= _LEAST_NOTE else 0)
    return _Columns(label, figure, min(_LONGEST_BAR, max(_LEAST_BAR, bar)), width)


def _section(section: Section, columns: _Columns, page: Page) -> Iterator[Text]:
    parts = [row.part or 0 for row in section if isinstance(row, Row) and row.part is not None]
    cells = iter(apportion(parts, columns.bar))
    for row in section:
        if isinstance(row, Warn):
            yield from _warning(row.text, columns.width)
        else:
            yield from _lines(row, columns, "" if row.part is None else page.glyphs.bar * next(cells))


def _warning(text: str, width: int) -> Iterator[Text]:
    lead = f"{'':{_INDENT}}warning: "
    for index, line in enumerate(folded(text, width - len(lead))):
        shown = Text(f"{'' if index else lead:{len(lead)}}{line}")
        if not index:
            shown.stylize("bold yellow", 0, len(lead))
        yield shown


def _lines(row: Row, columns: _Columns, bar: str) -> Iterator[Text]:
    line = Text()
    label = " " * (row.depth * _INDENT) + row.label
    line.append(padded(label, columns.label + _GAP), "bold" if not row.depth else "")
    line.append(padded(row.figure, columns.figure, right=True), row.style)
    if row.part is None:
        yield from _noted(line, row, columns)
        return
    line.append(" " * _GAP)
    line.append(padded(bar, columns.bar), row.style)
    if cell_len(row.note) + _GAP <= columns.room - columns.bar:
        line.append(f"{'':{_GAP}}{row.note}")
    line.rstrip()
    yield line


def _noted(line: Text, row: Row, columns: _Columns) -> Iterator[Text]:
    """The note behind the figure, going on below; where there is little room for it, all of it below."""
    is_beside = columns.room >= min(_LEAST_NOTE, cell_len(row.note))
    indent = columns.start if is_beside else (row.depth + 1) * _INDENT
    notes = list(folded(row.note, columns.width - indent))
    if notes and is_beside:
        line.append(f"{'':{_GAP}}{notes.pop(0)}")
    line.rstrip()
    yield line
    yield from (Text(" " * indent + note) for note in notes)
