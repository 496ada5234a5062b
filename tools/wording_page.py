"""The tables of docs/wording.md, from the wording rules themselves.

A table stands between `<!-- generated: name -->` and `<!-- end -->`; which names there are is said here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from smscli.domain.wording import CHECKS, ListKind
from smscli.files.wording_file import load_word_lists
from tools.markdown import code, plain, table

WORDING = Path(__file__).parent.parent / "docs" / "wording.md"

_GENERATED = re.compile(r"(<!-- generated: ([a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def wording_page(page: str) -> str:
    """The page with its tables made anew. Raises KeyError for a table that is not known here."""
    return _GENERATED.sub(lambda found: f"{found[1]}{_lines(TABLES[found[2]]())}{found[3]}", page)


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _rules() -> Iterator[str]:
    headers = ("rule", "marketing", "transactional", "what it looks for", "basis")
    rows = (
        (code(each.rule), each.marketing, each.transactional, plain(each.looks_for), plain(each.basis))
        for each in CHECKS
    )
    return table(headers, rows)


def _examples() -> Iterator[str]:
    headers = ("rule", "trips it", "instead")
    return table(headers, ((code(each.rule), _shown(each.trips), _shown(each.instead)) for each in CHECKS))


def _lists() -> Iterator[str]:
    """How many words of each language may trip a rule, and how many are switched off."""
    lists = load_word_lists()
    kinds = (ListKind.SECRET, ListKind.CODE, ListKind.PROMOTION, ListKind.ABBREVIATION, ListKind.LEET)
    rows = []
    for language in lists.by_language:
        cells = [code(language)]
        for kind in kinds:
            known = lists.of(language, kind)
            on = sum(len(each.phrases) for each in known if each.confirmed)
            off = sum(len(each.phrases) for each in known if not each.confirmed)
            cells.append(f"{on}, {off} off" if off else f"{on}" if on else "")
        rows.append(tuple(cells))
    return table(("language", *(code(kind) for kind in kinds)), rows)


TABLES: Mapping[str, Callable[[], Iterator[str]]] = {
    "the rules": _rules,
    "examples": _examples,
    "word lists": _lists,
}


def _shown(text: str) -> str:
    """A text as code; what nobody would see as its number."""
    seen = (f"[U+{ord(each):04X}]" if unicodedata.category(each) == "Cf" else each for each in text)
    return code("".join(seen))
