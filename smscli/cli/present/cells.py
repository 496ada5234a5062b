"""Text measured in terminal cells: wide characters take two, combining marks none.

Knows nothing of colours and of what is said. Widths are those of rich's tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.text import Text

_JOINER = "\u200d"


def clusters(text: str) -> Iterator[str]:
    """The text in pieces that a terminal shows as one: a character and what stands on it.

    A zero-width joiner stays only behind a wide character, as in emoji: elsewhere terminals disagree
    whether it joins anything, and without it the text looks the same.
    """
    cluster = ""
    is_joined = False
    for character in text:
        if character == _JOINER:
            is_joined = cell_len(cluster) == 2
        elif cluster and (is_joined or not cell_len(character)):
            cluster += (_JOINER if is_joined else "") + character
            is_joined = False
        else:
            if cluster:
                yield cluster
            cluster = character
    if cluster:
        yield cluster


def folded(text: str, width: int, *, first: int | None = None, breaks: bool = True) -> Iterator[str]:
    """The text in lines of at most `width` cells (`first`: of the first one), broken at spaces.

    A word that is longer is broken as well, unless `breaks` says that it must stay whole.
    """
    room = width if first is None else first
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_len(longer) <= room:
            line = longer
            continue
        if line:
            yield line
            room = width
        pieces = list(chopped(word, room)) if breaks else [word]
        yield from pieces[:-1]
        line = pieces[-1] if pieces else ""
    if line:
        yield line


def chopped(word: str, width: int) -> Iterator[str]:
    """The word in pieces of at most `width` cells."""
    piece, used = "", 0
    for cluster in clusters(word):
        cells = cell_len(cluster)
        if piece and used + cells > width:
            yield piece
            piece, used = "", 0
        piece += cluster
        used += cells
    if piece:
        yield piece


def fitted(text: str, width: int, ellipsis: str) -> str:
    """The text if it fits, else its beginning with an ellipsis; at most `width` cells."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    start = next(chopped(text, room), "") if room > 0 else ""
    return start + ellipsis if cell_len(start) <= room else ellipsis[:width]


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text with spaces to `width` cells; `right` puts it at the right."""
    spaces = " " * (width - cell_len(text))
    return spaces + text if right else text + spaces


def beside(columns: Sequence[Sequence[Text]], width: int, gap: int = 2) -> Iterator[Text]:
    """Columns of lines side by side; each but the last is padded to `width` cells."""
    height = max((len(column) for column in columns), default=0)
    for index in range(height):
        line, place = Text(), 0
        for number, column in enumerate(columns):
            if index < len(column):
                line.append(" " * (number * (width + gap) - place))
                line.append_text(column[index])
                place = number * (width + gap) + cell_len(column[index].plain)
        yield line
