"""`smscli segments`: what a text costs, character by character. Needs no files and sends nothing."""

from __future__ import annotations

import json as json_text
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import wiring
from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps
from smscli.cli.present.text import counted, inert, table
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, FilesError, Place, Problem, UsageError
from smscli.domain.segments import Encoding, Segments, Unsendable, measure, split

if TYPE_CHECKING:
    from smscli.cli.result import Block

app = command_app()

_CODES = {ExitCode.FILES: "a text or a line cannot be measured; the other lines are answered"}


@app.command(epilog=exit_codes(_CODES))
def segments(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The text; - reads it from standard input.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read one JSON string a line, write one JSON object a line.")
    ] = False,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Count the segments of a text and name what makes it long."""
    world = wiring.of(context)
    stdin = world.stdin
    if jsonl and (json or text is not None):
        raise UsageError("--jsonl reads standard input and writes lines", hint="leave out TEXT and --json")
    if jsonl:
        return Result({}, _answers(stdin))
    if text is None:
        raise UsageError("there is no text", hint="smscli segments 'Hello', or - to read standard input")
    where = "TEXT"
    if text == "-":
        text, where = stdin.read().removesuffix("\n").removesuffix("\r"), "standard input"
    if "{{" in text or "{%" in text:
        world.screen.note("gaps are counted as they stand; smscli preview shows the lengths of filled texts")
    return _measured(text, where)


def _measured(text: str, where: str) -> Result:
    try:
        cost = _cost(text)
        pieces = split(text)
    except Unsendable as error:
        raise FilesError(f"{where}: {error.message}") from None
    return Result({**cost, "cut": pieces}, _told(text, measure(text), pieces))


def _answers(lines: Iterator[str]) -> Iterator[str]:
    """One object a line, bad lines included; those end the stream with a FilesError."""
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        try:
            yield dumps(_cost(_text_of(line)))
        except ValueError as error:
            message = getattr(error, "message", None) or str(error)
            problems.append(Problem(Place("standard input", number), "bad_line", message))
            yield dumps({"line": number, "error": message})
    if problems:
        raise FilesError(f"{counted(len(problems), 'line')} could not be measured", problems=problems)


def _text_of(line: str) -> str:
    """The text that one line of JSON holds. Raises ValueError where it holds none."""
    if any("\udc80" <= character <= "\udcff" for character in line):
        raise ValueError("the line is not UTF-8")
    try:
        text = json_text.loads(line)
    except ValueError:
        text = None
    if not isinstance(text, str):
        raise ValueError('the line is not a JSON string like "Hello"')
    return text


def _cost(text: str) -> dict[str, object]:
    """The keys that scripts hold on to: of one text, the same in every form of output."""
    measured = measure(text)
    return {
        "encoding": measured.encoding,
        "units": measured.units,
        "segments": measured.count,
        "offenders": measured.offenders,
        "characters": [_named(character, text) for character in measured.offenders],
        "segments_in_gsm7": _in_gsm7(text, measured),
    }


def _named(character: str, text: str) -> dict[str, object]:
    return {
        "character": character,
        "code_point": f"U+{ord(character):04X}",
        "name": unicodedata.name(character, "unnamed"),
        "times": text.count(character),
    }


def _in_gsm7(text: str, measured: Segments) -> int:
    """The segments if each offender were an ordinary GSM-7 character."""
    if measured.encoding is Encoding.GSM7:
        return measured.count
    return measure(text.translate({ord(character): "?" for character in measured.offenders})).count


def _told(text: str, measured: Segments, pieces: tuple[str, ...]) -> Iterator[Block]:
    unit = "septet" if measured.encoding is Encoding.GSM7 else "UTF-16 code unit"
    units = f"{measured.units:,} of {counted(measured.room, unit)}"
    yield f"{counted(measured.count, 'segment')}, {measured.encoding}, {units}"
    if measured.offenders:
        cheaper = counted(_in_gsm7(text, measured), "segment")
        yield f"\nThese force UCS-2; as plain GSM-7 characters the text would be {cheaper}:"
        named = [_named(character, text) for character in measured.offenders]
        columns = ("character", "code_point", "name", "times")
        yield table(
            ("", "code point", "name", "times"), [[str(each[key]) for key in columns] for each in named]
        )
    if len(pieces) > 1:
        yield "\nCut like this:"
        yield table(("segment", "text"), [(str(n), inert(piece)) for n, piece in enumerate(pieces, start=1)])
