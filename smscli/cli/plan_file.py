"""`preview --plan`: every decision as JSON lines, one for each row of the list, streamed from the plan.

Knows files and lines. What stands in a plan file is for programs, so numbers are full and the file is 0600.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from smscli.cli.present.documents import dumps, problem_documents
from smscli.cli.sifting import ReadList
from smscli.files.writing import replacing
from smscli.sentlog.plan import DecidedRow

#: Lines that go out together: to be shown one by one costs more than to be made.
_TOGETHER = 500


def plan_lines(rows: Iterable[DecidedRow], lists: Sequence[ReadList]) -> Iterator[str]:
    """Blocks of JSON lines without the last line end; every line has the same keys, null where nothing."""
    lines = (dumps(_line(row, lists[row.of_list])) for row in rows)
    while block := list(islice(lines, _TOGETHER)):
        yield "\n".join(block)


def write_plan(path: Path, rows: Iterable[DecidedRow], lists: Sequence[ReadList]) -> None:
    """Put the lines in the place of the file: all of them or none. Raises FilesError where that cannot be."""
    with replacing(path) as stream:
        stream.writelines(f"{block}\n" for block in plan_lines(rows, lists))


def _line(row: DecidedRow, of: ReadList) -> dict[str, object]:
    message = row.message
    return {
        "row": row.row,
        "file": of.name,
        "line": row.line,
        "record": of.record(row.row),
        "number": row.number.e164 if row.number else None,
        "country": row.number.country if row.number else None,
        "decision": row.fate,
        "reason": row.reason,
        "detail": row.detail,
        "until": row.until,
        "language": message.language if message else None,
        "sender": message.sender if message else None,
        "encoding": message.segments.encoding if message else None,
        "units": message.segments.units if message else None,
        "segments": message.segments.count if message else None,
        "text": message.body if message else None,
        "deadline": message.deadline if message else None,
        "evidence": message.evidence if message else None,
        "problems": problem_documents(row.problems),
    }
