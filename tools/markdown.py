"""Markdown, as far as generated pages need it. Knows no page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_CODE = re.compile(r"(`[^`]*`)")


def code(text: object) -> str:
    """A word of the program."""
    return f"`{text}`"


def plain(text: str) -> str:
    """A sentence on one line whose characters mean themselves, but for `code`."""
    parts = _CODE.split(" ".join(text.split()))
    return "".join(
        part if part.startswith("`") and part.endswith("`") else re.sub(r"([<*\[\]])", r"\\\1", part)
        for part in parts
    )


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table; a `|` in a cell does not end it."""
    yield _row(headers)
    yield "|" + "---|" * len(headers)
    for row in rows:
        yield _row([cell.replace("|", r"\|") for cell in row])


def _row(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def sections(page: str) -> dict[str, str]:
    """What stands below each `## heading`, without the blank lines around it; "" is what stands before."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return {"": parts[0].strip()} | dict(
        zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True)
    )
