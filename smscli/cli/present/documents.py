"""JSON as smscli writes it: which of our types become what. Knows no keys; commands choose those."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from smscli.cli.present.text import iso
from smscli.domain.errors import Problem, SmscliError


def dumps(document: object, *, indent: int | None = None) -> str:
    """The document as JSON text, in ASCII: no locale can spoil it and no value can steer a terminal.

    A value of a type that has no agreed form is a bug.
    """
    return json.dumps(document, default=_plain, allow_nan=False, indent=indent)


def _plain(value: object) -> object:
    match value:
        case datetime():
            return iso(value)
        case Decimal() | Path():
            return str(value)
        case frozenset() | set():
            return sorted(value)
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


def error_document(error: SmscliError) -> dict[str, object]:
    """The `error` key of a document: message, hint, and all problems with their places."""
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    return {"message": error.message, "hint": error.hint, "problems": problem_documents(problems)}


def problem_documents(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems with their places in parts."""
    return [_problem(each) for each in problems]


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.where.file,
        "line": problem.where.line,
        "record": problem.record,
        "column": problem.where.column,
        "path": problem.where.path,
        "value": problem.value,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
    }
