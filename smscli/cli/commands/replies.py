"""`smscli replies`: what people answered, filed, classified, and read by a person where it is not clear.

Decides nothing itself: the words are the domain's, what they do the engine's, and the walk through the pile
is `cli/reviewing.py`.
"""

from __future__ import annotations

import json as json_text
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from smscli.cli import wiring
from smscli.cli.numbers import region_given
from smscli.cli.options import AsJson, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps, problem_documents
from smscli.cli.present.text import Hanging, counted, inert, problem_lines, table
from smscli.cli.result import Result
from smscli.cli.reviewing import Decision, Pile, Walk, waiting_document
from smscli.domain.errors import ExitCode, FilesError, Place, Problem, UsageError
from smscli.domain.replies import Classified, ReplyClass
from smscli.domain.zones import BadZone, check_zone_name

if TYPE_CHECKING:
    from smscli.cli.result import Block
    from smscli.engine.replying import Filing, Listening
    from smscli.files.replies_file import Part, RepliesFound

app = command_app("File what people answered, and read what is unclear.")

_CODES = (ExitCode.FILES, ExitCode.SENT_LOG)
_FORMS = ("table", "jsonl", "json")
_MOST_SHOWN = 10

_PROVES = (
    "An opt-in word proves that somebody with this number sent it, when, and to which number. It does not"
    " prove what they had read before, or who they are: keep the advertisement that named the word."
)

Campaigns: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--campaigns",
        metavar="FILE",
        help="The campaigns file: its topics, brand and keywords are understood, and its sent log is meant.",
    ),
]


# --- import ---


@app.command(
    "import", epilog=exit_codes({ExitCode.INCOMPLETE: "the good rows were taken, others are bad"}, *_CODES)
)
def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, TSV or XLSX whose first line names the columns, JSON lines, or one JSON document, as a"
            " gateway exports or posts them; also compressed (.gz).",
        ),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORMAT", help="table, jsonl or json, where its beginning does not tell."
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns",
            metavar="ROLE=NAME",
            help="Which column or key it is, where its name does not tell. ROLE is number, to, text, at, id"
            " or direction; it may be repeated.",
        ),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="CC", help="The country of numbers written without one, such as PL."),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Whose clock times without an offset are: Europe/Warsaw, or UTC."),
    ] = None,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Take the good rows although others are bad; exit 3 says so.")
    ] = False,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """File replies, and do what they ask for.

    An opt-out goes on the opt-out list: STOP of everything, STOP and a topic of that topic. START lifts what
    was said earlier to the same number. A keyword of the campaigns file makes a consent record. A reply that
    a person has to read counts as an opt-out until somebody decides: smscli replies review. The same file
    again changes nothing. With --keep-good a row whose only fault is its time is filed as of now if it may
    be an opt-out.
    """
    from smscli.engine.replying import careful, file_replies
    from smscli.files.replies_file import Form, examine_replies

    world = wiring.of(context)
    found = examine_replies(
        file,
        now=world.clock.now(),
        columns=_columns(columns or []),
        region=region_given(region),
        zone=_zone(timezone),
        form=None if form is None else Form(_form(form)),
    )
    if found.problems and not keep_good:
        raise FilesError(
            f"{counted(len(found.problems), 'row')} of {inert(str(file))} cannot be read; nothing was filed",
            hint="mend them, or take the others: --keep-good",
            problems=found.problems,
        )
    listening = listening_of(campaigns)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        untimed = careful(sent_log, found.untimed, listening)
        replies = sorted((*found.replies, *untimed), key=lambda reply: reply.at)
        filing = file_replies(sent_log, replies, listening, world.operator(), world.clock.now())
        waiting = sum(1 for _ in sent_log.replies(pending=True))
    for line in problem_lines(found.problems, f"Bad rows of {inert(str(file))}:"):
        world.screen.trouble(line)
    if campaigns is None:
        world.screen.note("without --campaigns, topics, brand and opt-in words are not known")
    again = _review_line(path, log, campaigns)
    return Result(
        _filing_document(path, found, filing, waiting, len(untimed)),
        _told(file, found, filing, waiting, again, len(untimed)),
        ExitCode.INCOMPLETE if found.problems else ExitCode.OK,
    )


def _form(text: str) -> str:
    if text.lower() not in _FORMS:
        raise UsageError(f'--format: "{text}" is none of {", ".join(_FORMS)}', hint="for CSV: --format table")
    return text.lower()


def _columns(given: Sequence[str]) -> Mapping[Part, str]:
    """The `role=Name` of each option. Raises UsageError."""
    from smscli.files.replies_file import Part

    named: dict[Part, str] = {}
    for each in given:
        role, equals, name = each.partition("=")
        try:
            part = Part(role.strip().lower())
        except ValueError:
            part = None
        if part is None or not equals or not name.strip():
            raise UsageError(
                f'--columns: "{inert(each)}" is not ROLE=NAME',
                hint=f"role is one of {', '.join(Part)}: --columns number=Originator",
            )
        named[part] = name
    return named


def _zone(text: str | None) -> str | None:
    """The zone of `--timezone`. Raises UsageError."""
    if text is None or text.strip().upper() == "UTC":
        return text and "UTC"
    try:
        return check_zone_name(text)
    except BadZone as bad:
        raise UsageError(f"--timezone: {bad.message}", hint=bad.hint) from None


def listening_of(campaigns: Path | None) -> Listening:
    """What replies are read by. Of several brands none is known: STOP and a brand is then for a person."""
    from smscli.engine.replying import Listening
    from smscli.files.reply_words_file import reply_words

    if campaigns is None:
        return Listening(reply_words())
    from smscli.files.campaign_file import load

    defined = tuple(load(campaigns).campaigns.values())
    brands = {each.campaign.brand for each in defined}
    return Listening(
        reply_words(),
        keywords={sender: words for each in defined for sender, words in each.keywords.items()},
        topics=frozenset(each.campaign.topic for each in defined),
        brand=brands.pop() if len(brands) == 1 else "",
    )


def _filing_document(
    path: Path, found: RepliesFound, filing: Filing, waiting: int, untimed: int
) -> dict[str, object]:
    return {
        "sent_log": path,
        "replies": len(found.replies) + untimed,
        "new": filing.new,
        "known": filing.known,
        "by_class": {kind.value: filing.by_class.get(kind, 0) for kind in ReplyClass},
        "opted_out": filing.opted_out,
        "started": filing.started,
        "consents": filing.consents,
        "help": [
            {"number": call.number.masked, "at": call.at, "source": call.source} for call in filing.calls
        ],
        "waiting": waiting,
        "outbound": found.outbound,
        "nameless": found.nameless,
        "erased": filing.erased,
        "untimed": untimed,
        "problems": problem_documents(found.problems),
    }


def _told(
    file: Path, found: RepliesFound, filing: Filing, waiting: int, again: str, untimed: int
) -> Iterator[Block]:
    replies = counted(len(found.replies) + untimed, "reply", "replies")
    yield f"{replies} in {inert(file.name)}: {filing.new:,} new, {filing.known:,} filed before."
    if filing.new:
        yield table(
            ("class", "new", ""),
            [(kind, f"{count:,}", _effect(kind, filing)) for kind, count in _counts(filing)],
            right=("new",),
            folding=("",),
        )
    if untimed:
        yield Hanging(_untimed(untimed))
    left = _left_out(found, filing)
    if left:
        yield Hanging(f"Left out: {' and '.join(left)}.")
    for call in filing.calls[:_MOST_SHOWN]:
        yield f"Asks for help: {call.number.masked} ({inert(call.source)})"
    if len(filing.calls) > _MOST_SHOWN:
        yield f"… and {len(filing.calls) - _MOST_SHOWN:,} more; --json shows all."
    if filing.consents:
        yield Hanging(_PROVES)
    if waiting:
        yield f"Waiting for a person to read: {waiting:,}. Until then they count as opted out."
        yield f"Next      {again}"


def _untimed(count: int) -> str:
    of_several = "was filed as of now, because it may be an opt-out"
    if count > 1:
        of_several = "were filed as of now, because they may be opt-outs"
    return f"{counted(count, 'reply', 'replies')} with an unreadable time {of_several}."


def _counts(filing: Filing) -> Iterator[tuple[ReplyClass, int]]:
    return ((kind, count) for kind in ReplyClass if (count := filing.by_class.get(kind, 0)))


def _effect(kind: ReplyClass, filing: Filing) -> str:
    match kind:
        case ReplyClass.OPT_OUT:
            return f"{filing.opted_out:,} new on the opt-out list"
        case ReplyClass.OPT_IN:
            lifted = counted(filing.started, "opt-out")
            return f"{lifted} lifted, {counted(filing.consents, 'consent')} recorded"
        case ReplyClass.HELP:
            return "for a person to answer"
        case ReplyClass.REVIEW:
            return "for a person to read"
        case ReplyClass.OTHER:
            return ""


def _left_out(found: RepliesFound, filing: Filing) -> list[str]:
    """What is not kept, and why. The erased stay opted out of everything, whatever they write."""
    why = {
        "that we sent": found.outbound,
        "from a short code or a name": found.nameless,
        "of erased people, who stay opted out": filing.erased,
    }
    return [f"{counted(rows, 'row')} {said}" for said, rows in why.items() if rows]


# --- classify ---


@app.command(
    epilog=exit_codes({ExitCode.FILES: "a line, or the campaigns file, is wrong; other lines are answered"})
)
def classify(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The reply; - reads it from standard input.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Read one JSON string a line, write one JSON object a line.")
    ] = False,
    to: Annotated[
        str,
        typer.Option("--to", metavar="NUMBER", help="Our number that it was sent to: it may have keywords."),
    ] = "",
    campaigns: Annotated[
        Path | None,
        typer.Option(
            "--campaigns",
            metavar="FILE",
            help="The campaigns file: its topics, brand and keywords are understood.",
        ),
    ] = None,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show what would be made of a reply.

    It is opt_out, opt_in, help, review or other. Nothing is recorded. What a person has to read is review;
    whatever is none of these is other.
    """
    world = wiring.of(context)
    if jsonl and (json or text is not None):
        raise UsageError("--jsonl reads standard input and writes lines", hint="leave out TEXT and --json")
    if text is None and not jsonl:
        raise UsageError("there is no text", hint="smscli replies classify 'please stop', or - to read it")
    if to and campaigns is None:
        raise UsageError("--to needs the keywords of a campaigns file", hint="add --campaigns FILE")
    listening = listening_of(campaigns)
    if jsonl:
        return Result({}, _answers(world.stdin, listening, to))
    if text == "-":
        text = world.stdin.read().removesuffix("\n").removesuffix("\r")
    assert text is not None
    found = listening.classified(text, to)
    return Result(_class_document(found), _class_told(found))


def _answers(lines: Iterator[str], listening: Listening, to: str) -> Iterator[str]:
    """One object a line, bad lines included; those end the stream with a FilesError."""
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        try:
            yield dumps(_class_document(listening.classified(_text_of(line), to)))
        except ValueError as error:
            problems.append(Problem(Place("standard input", number), "bad_line", str(error)))
            yield dumps({"line": number, "error": str(error)})
    if problems:
        raise FilesError(f"{counted(len(problems), 'line')} could not be read", problems=problems)


def _text_of(line: str) -> str:
    """The text that one line of JSON holds. Raises ValueError where it holds none."""
    if any("\udc80" <= character <= "\udcff" for character in line):
        raise ValueError("the line is not UTF-8")
    try:
        text = json_text.loads(line)
    except (ValueError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise ValueError('the line is not a JSON string like "STOP"')
    return text


def _class_document(found: Classified) -> dict[str, object]:
    """The keys that scripts hold on to: of one text, the same in every form of output."""
    return {
        "class": found.kind.value,
        "matched": found.matched,
        "topic": found.topic,
        "language": found.language,
    }


def _class_told(found: Classified) -> Iterator[Block]:
    why = f": {inert(found.matched)}" if found.matched else ""
    language = f" ({found.language})" if found.language else ""
    yield f"{found.kind}{why}{language}"
    if found.kind in (ReplyClass.OPT_OUT, ReplyClass.OPT_IN):
        yield f"about     {inert(found.topic) or 'everything'}"


# --- review ---


@app.command(
    epilog=exit_codes(
        {ExitCode.OK: "no reply waits (any more)", ExitCode.INCOMPLETE: "replies wait for a person"},
        *_CODES,
    )
)
def review(
    context: typer.Context,
    list_: Annotated[bool, typer.Option("--list", help="List what waits, and ask nothing.")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a line with what waits, and its full number.")
    ] = False,
    decide: Annotated[
        list[str] | None,
        typer.Option(
            "--decide",
            metavar="KEY=CLASS",
            help="Decide on the reply with this key (--list shows it): opt_out, other or help; it may be"
            " repeated. Nobody is opted in by hand.",
        ),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(
            metavar="TOPIC", help="What the opt-outs of --decide are about. Without it: everything."
        ),
    ] = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Read the replies that wait for a person, one by one.

    At a terminal each is shown with what was sent to that number last, and a key decides: o for an opt-out
    of everything, t for one of a topic, n for none, s to skip, q to quit. Each decision is kept at once, with
    your name. Whoever waits counts as opted out. Without a terminal the list is shown.
    """
    if list_ + jsonl + json > 1:
        raise UsageError("--list, --jsonl and --json are forms of the same", hint="keep one of them")
    world = wiring.of(context)
    decisions = [Decision.given(each, topic) for each in decide or []]
    if topic is not None and not any(each.kind is ReplyClass.OPT_OUT for each in decisions):
        raise UsageError("--topic is for opt-outs of --decide", hint="add --decide KEY=opt_out")
    topics = _topics(campaigns)
    _refuse_unknown({each.topic for each in decisions}, topics)
    opened = wiring.existing_sent_log(world, log=log, campaigns=campaigns)
    path, sent_log = world.resources.enter_context(opened)
    pile = Pile(sent_log, world.operator, world.clock.now)
    decided = pile.decide_all(decisions)
    asks = not (decisions or list_ or jsonl or json) and world.stdin.isatty()
    if asks:
        decided += Walk(world, pile, topics).walk()
    waiting = list(pile.waiting())
    code = ExitCode.INCOMPLETE if waiting else ExitCode.OK
    if jsonl:
        lines = (dumps(waiting_document(each, pile.last_sent(each), in_full=True)) for each in waiting)
        return Result({}, lines, code)
    asked = waiting if json else ()  # what was sent to each costs a look of its own
    documents = [waiting_document(each, pile.last_sent(each), in_full=False) for each in asked]
    again = _review_line(path, log, campaigns)
    return Result(
        {"sent_log": path, "decided": decided, "waiting": documents},
        pile.told(waiting, decided, again, is_listed=not asks),
        code,
    )


def _review_line(path: Path, log: Path | None, campaigns: Path | None) -> str:
    """What to type next: about the same log, and with the campaigns file, whose topics may be named."""
    words = ["smscli", "replies", "review", *(["--campaigns", str(campaigns)] if campaigns else [])]
    return shlex.join([*words, *([] if campaigns and log is None else ["--log", str(path)])])


def _topics(campaigns: Path | None) -> frozenset[str]:
    if campaigns is None:
        return frozenset()
    from smscli.files.campaign_file import load

    return frozenset(each.campaign.topic for each in load(campaigns).campaigns.values())


def _refuse_unknown(about: set[str], topics: frozenset[str]) -> None:
    """An opt-out of a topic that is not there would only end the waiting. Raises UsageError."""
    unknown = sorted(about - topics - {""}) if topics else []
    if unknown:
        hint = f"there are: {', '.join(sorted(topics))}; leave --topic out to mean everything"
        raise UsageError(f"--topic: no campaign has the topic {unknown[0]}; nothing was recorded", hint=hint)
