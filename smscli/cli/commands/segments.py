"""`smscli segments`: what a text costs, character by character. Needs no files and sends nothing."""

from __future__ import annotations

import json as json_text
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from smscli.cli import wiring
from smscli.cli.options import AsJson, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps
from smscli.cli.present.text import counted, inert, table
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, FilesError, Place, Problem, UsageError
from smscli.domain.segments import Encoding, Segments, Unsendable, measure, split

if TYPE_CHECKING:
    from smscli.cli.present.page import Page
    from smscli.cli.result import Block

app = command_app()

#: Nothing that spells otherwise is imported then: most who count count often.
_KEEP: Literal["keep"] = "keep"

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
    encoding: Annotated[
        Literal["keep", "tidy", "gsm7"],
        typer.Option(
            "--encoding",
            help="Count the text as it is sent with this `encoding` of a campaigns file, and show what that"
            " changes: `tidy` puts plain quotes, dashes and spaces, `gsm7` spells letters without their"
            " marks as well, where the whole text then is GSM-7.",
        ),
    ] = _KEEP,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Count the segments of a text and name what makes it long."""
    world = wiring.of(context)
    stdin = world.stdin
    if jsonl and (json or text is not None):
        raise UsageError("--jsonl reads standard input and writes lines", hint="leave out TEXT and --json")
    if jsonl:
        return Result({}, _answers(stdin, encoding))
    if text is None:
        raise UsageError("there is no text", hint="smscli segments 'Hello', or - to read standard input")
    where = "TEXT"
    if text == "-":
        text, where = stdin.read().removesuffix("\n").removesuffix("\r"), "standard input"
    if "{{" in text or "{%" in text:
        world.screen.note("gaps are counted as they stand; smscli preview shows the lengths of filled texts")
    return _measured(text, where, encoding, world.screen.page(world.screen.out))


def _measured(written: str, where: str, spelling: str, page: Page) -> Result:
    try:
        text = _spelled(written, spelling)
        cost = _cost(text, written, spelling)
        pieces = split(text)
    except Unsendable as error:
        raise FilesError(f"{where}: {error.message}") from None
    told = (*_told(text, measure(text), pieces), *_changed(written, text, spelling, page))
    return Result({**cost, "cut": pieces}, told)


def _answers(lines: Iterator[str], spelling: str) -> Iterator[str]:
    """One object a line, bad lines included; those end the stream with a FilesError."""
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        try:
            written = _text_of(line)
            yield dumps(_cost(_spelled(written, spelling), written, spelling))
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


def _spelled(written: str, spelling: str) -> str:
    """The text as it is sent with that `encoding`."""
    if spelling == _KEEP:
        return written
    from smscli.domain.campaign import Spelling
    from smscli.domain.respelling import respell

    return respell(written, Spelling(spelling))


def _cost(text: str, written: str, spelling: str) -> dict[str, object]:
    """The keys that scripts hold on to: of one text, the same in every form of output."""
    measured = measure(text)
    as_sent = {"text": text, "segments_as_written": measure(written).count}
    return {
        "encoding": measured.encoding,
        "units": measured.units,
        "segments": measured.count,
        "offenders": measured.offenders,
        "characters": [_named(character, text) for character in measured.offenders],
        "segments_in_gsm7": _in_gsm7(text, measured),
        **({} if spelling == _KEEP else as_sent),
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


def _changed(written: str, text: str, spelling: str, page: Page) -> Iterator[Block]:
    """What `encoding` made of it."""
    if spelling == _KEEP:
        return
    if text == written:
        yield f"\nencoding: {spelling} changes nothing."
        return
    from smscli.cli.present.wording import diff, segments_words

    saved = segments_words(measure(written).count, measure(text).count)
    yield f"\nencoding: {spelling} makes it {saved}; - as written, + as sent:"
    yield from diff(written, text, page)
