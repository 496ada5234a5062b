"""Markdown, as far as generated pages need it. Knows no page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

_CODE = re.compile(r"(`[^`]*`)")
_GENERATED = re.compile(r"(<!-- generated: ([a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


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


def filled(page: str, lines_of: Callable[[str], Iterable[str]]) -> str:
    """The page with what stands between `<!-- generated: name -->` and `<!-- end -->` made anew."""
    return _GENERATED.sub(
        lambda found: found[1] + "".join(f"{line}\n" for line in lines_of(found[2])) + found[3], page
    )


def generated_in(page: str) -> list[str]:
    """The names of what a page wants to be made for it."""
    return [found[2] for found in _GENERATED.finditer(page)]


def sections(page: str) -> dict[str, str]:
    """What stands below each `## heading`, without the blank lines around it; "" is what stands before."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    return {"": parts[0].strip()} | dict(
        zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True)
    )
