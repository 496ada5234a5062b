"""Files with a JSON object a line (`.jsonl`, `.ndjson`, also compressed), an object at a time with its line.

What is no object is a value, like a broken record of CSV. Does not know what the keys mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from smscli.domain.errors import Place, Problem
from smscli.files.csv_records import lines_of, whole_lines
from smscli.files.list_bytes import byte_blocks
from smscli.files.list_source import ContactsSource
from smscli.files.list_text import text_blocks
from smscli.files.reading import open_file

_ENDINGS = frozenset({".jsonl", ".ndjson"})


def is_json_lines(path: Path) -> bool:
    """Does a file say by its name that it has a JSON object a line?"""
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return name.suffix.lower() in _ENDINGS


@contextmanager
def open_json_lines(path: Path) -> Iterator[Iterator[tuple[int, Mapping[str, object] | Problem]]]:
    """Open such a file: lines with their objects, or what is wrong with them, in order; blank ones left out.

    Raises FilesError for a file that cannot be read, and while iterating for bytes that are no text.
    """
    with open_file(path) as stream:
        yield _objects(str(path), text_blocks(byte_blocks(stream, str(path)), ContactsSource(path)))


def _objects(name: str, texts: Iterator[str]) -> Iterator[tuple[int, Mapping[str, object] | Problem]]:
    line = 0
    for block in whole_lines(texts):
        for text in lines_of(block):
            line += 1
            if text.strip():
                yield line, _object(Place(name, line), text)


def _object(place: Place, text: str) -> Mapping[str, object] | Problem:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        why = getattr(wrong, "msg", "it is nested too deep, or has a number too long")
        return Problem(place, "bad_line", f"is not JSON: {why}", "each line is one JSON object")
    if not isinstance(found, dict):
        return Problem(place, "bad_line", "is JSON, and not an object", 'write {"phone": "+12025550101", …}')
    return found
