"""`smscli optout`: the opt-out list of a sent log. Anyone's wish is entered; only a reason lifts one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from smscli.cli import wiring
from smscli.cli.known_topics import warn_of_unknown_topics
from smscli.cli.numbers import numbers_given, region_given
from smscli.cli.options import AsJson, Campaigns, LogPath, Quiet, Region, command_app, exit_codes
from smscli.cli.present.documents import dumps, problem_documents
from smscli.cli.present.text import counted, inert, iso, minute, problem_lines, table
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, FilesError, Problem, SentLogBusy, SentLogError, UsageError
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import REVIEW, OptOut, SentLog

if TYPE_CHECKING:
    from smscli.cli.result import Block

app = command_app("Keep the opt-out list.")

_CODES = (ExitCode.FILES, ExitCode.SENT_LOG)
EVERYTHING = "everything"
_FOR_GOOD = "for good"

#: What a topic may look like in a campaigns file.
_TOPIC = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

#: What programs and spreadsheets get of a wish, in this order.
_COLUMNS = ("number", "topic", "at", "source", "by", "note", "until", "sender", "words")

#: Of these people see a column where any wish has one.
_SELDOM = frozenset({"until", "sender", "words"})


class Source(StrEnum):
    """How somebody said it."""

    HAND = "hand"
    REPLY = "reply"
    WEB = "web"
    PHONE = "phone"
    LINK = "link"
    E_MAIL = "e-mail"
    IMPORT = "import"


Numbers: TypeAlias = Annotated[list[str], typer.Argument(metavar="NUMBER", help="With + and country code.")]
Topic: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TOPIC", help="Only this topic. Without it: everything, every purpose.")
]
HowSaid: TypeAlias = Annotated[
    Source,
    typer.Option(metavar="HOW", help="How they said it: hand, reply, web, phone, link, e-mail or import."),
]
Until: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Only until then: 2027-03-31 (to the end of that day, wherever it ends last) or"
        " 2027-03-31T18:00+02:00. Without it and --for: for good.",
    ),
]
For: TypeAlias = Annotated[
    str | None, typer.Option("--for", metavar="TIME", help="Only for so long from now: 30d, 6mo, 1y.")
]
Note: TypeAlias = Annotated[str, typer.Option(metavar="TEXT", help="A note for the record.")]


@app.command(epilog=exit_codes(None, *_CODES))
def add(
    context: typer.Context,
    numbers: Numbers,
    topic: Topic = None,
    source: HowSaid = Source.HAND,
    until: Until = None,
    for_: For = None,
    sender: Annotated[
        str,
        typer.Option(
            metavar="SENDER",
            help="Our number or sender ID that they said it to. A START that they send there later lifts it.",
        ),
    ] = "",
    words: Annotated[str, typer.Option(metavar="TEXT", help="What they wrote or said, in their words.")] = "",
    note: Note = "",
    region: Region = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Put numbers on the opt-out list.

    For good, unless --until or --for says otherwise. Of two wishes about the same the one that lasts longer
    holds. A reply that waits for review becomes an opt-out so. Of somebody who was erased nothing is written
    down: they stay opted out of everything.
    """
    world = wiring.of(context)
    now, by = world.clock.now(), world.operator()
    given, about, ends = numbers_given(numbers, region_given(region)), _topic(topic), _end(until, for_, now)
    warn_of_unknown_topics(world, {about}, campaigns)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        wishes = [
            OptOut(number, about, now, source, by, note, ends, sender.strip(), words) for number in given
        ]
        entered = _enter(world, sent_log, wishes)
    return _entered(path, entered)


@app.command(epilog=exit_codes({ExitCode.INCOMPLETE: "some number was not opted out of that"}, *_CODES))
def remove(
    context: typer.Context,
    numbers: Numbers,
    reinstate: Annotated[
        str, typer.Option(metavar="REASON", help="Why they may be texted again. Needed; kept with your name.")
    ] = "",
    topic: Topic = None,
    region: Region = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Lift opt-outs, with a reason."""
    if not reinstate.strip():
        raise UsageError(
            "an opt-out is lifted only by the person's own START, or by your word with a reason",
            hint="add --reinstate 'why they may be texted again'; it is recorded with your name",
        )
    world = wiring.of(context)
    given, about = numbers_given(numbers, region_given(region)), _topic(topic)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        now, by = world.clock.now(), world.operator()
        with sent_log.atomic():
            lifted = {n for n in given if sent_log.reinstate(n, about, by, reinstate, now)}
        others = _topics_of(sent_log, [number for number in given if number not in lifted])
    return Result(
        {
            "sent_log": path,
            "removed": len(lifted),
            "not_opted_out": [{"number": n.masked, "opted_out_of": topics} for n, topics in others.items()],
        },
        _removed(about, len(lifted), others),
        ExitCode.INCOMPLETE if others else ExitCode.OK,
    )


@app.command("list", epilog=exit_codes(None, *_CODES))
def list_(
    context: typer.Context,
    topic: Annotated[str | None, typer.Option(metavar="TOPIC", help="Only this topic.")] = None,
    ended: Annotated[
        bool, typer.Option("--all", help="Also those whose time has ended, and who may be texted again.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="CSV with full numbers.")] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a line, with full numbers.")
    ] = False,
    log: LogPath = None,
    campaigns: Campaigns = None,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show the opt-out list, or export it.

    A reply that nobody has read yet stands on it with the source review, until smscli replies review decides.
    """
    if csv + jsonl + json > 1:
        raise UsageError("--csv, --jsonl and --json are forms of the same", hint="keep one of them")
    world = wiring.of(context)
    opened = wiring.existing_sent_log(world, log=log, campaigns=campaigns)
    path, sent_log = world.resources.enter_context(opened)
    about, now = _topic(topic), world.clock.now()
    wishes = (
        wish
        for wish in sent_log.opt_outs()
        if (topic is None or wish.topic == about) and (ended or wish.until is None or wish.until > now)
    )
    in_full = (_record(wish) | {"number": wish.number.e164} for wish in wishes)
    if csv:
        return Result({}, _csv(in_full))
    if jsonl:
        return Result({}, map(dumps, in_full))
    if json:
        opt_outs = [_record(wish) for wish in wishes]
        return Result({"sent_log": path, "opt_outs": opt_outs, "erased": sent_log.count_erased()})
    return Result({}, _listed(wishes, sent_log.count_erased()))


@app.command(
    "import", epilog=exit_codes({ExitCode.INCOMPLETE: "the good lines were taken, others are bad"}, *_CODES)
)
def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A number a line (# begins a comment), or CSV, TSV or XLSX with a column called `phone` and"
            " perhaps others called `topic`, `until`, `sender` and `words`; also compressed (.gz).",
        ),
    ],
    keep_good: Annotated[
        bool,
        typer.Option(
            "--keep-good", help="Take the good lines although others are bad; exit 3 says that some were."
        ),
    ] = False,
    all_rows: Annotated[
        bool,
        typer.Option(
            "--all-rows",
            help="Everyone in this file opted out. Needed where it looks like a contact list: it has a column"
            " such as `unsubscribed`, or a campaign of the campaigns file sends to it.",
        ),
    ] = False,
    topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="The topic of lines that name none. Without it: everything."),
    ] = None,
    source: HowSaid = Source.IMPORT,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Until when, of lines that do not say it: 2027-03-31 (to the end of that day, wherever it"
            " ends last) or 2027-03-31T18:00+02:00. Without it and --for: for good.",
        ),
    ] = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="The same, for so long from now: 30d, 6mo, 1y."),
    ] = None,
    note: Annotated[
        str, typer.Option(metavar="TEXT", help="A note for the record. Without it: file and line.")
    ] = "",
    region: Region = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Put the numbers of a file on the opt-out list: all, or none.

    Lines whose own `until` has passed are left out: they hold nobody back any more. So are those of people
    who were erased, and stay opted out of everything.
    """
    from smscli.files.optout_file import examine_opt_outs

    world = wiring.of(context)
    now, by = world.clock.now(), world.operator()
    about, ends = _topic(topic), _end(until, for_, now)
    found = examine_opt_outs(file, region_given(region))
    if not all_rows:
        _refuse_contacts(file, found.asks, campaigns)
    if found.problems and not keep_good:
        raise FilesError(
            f"{counted(len(found.problems), 'line')} of {file} cannot be read; no opt-out was added",
            hint=f"mend them, {_region_hint(found.problems, region)}or take the others: --keep-good",
            problems=found.problems,
        )
    topics = {wish.topic or about for wish in found.wishes}
    warn_of_unknown_topics(world, topics, campaigns)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        lasting = [wish for wish in found.wishes if wish.until is None or wish.until > now]
        wishes = [
            OptOut(
                wish.number,
                wish.topic or about,
                now,
                source,
                by,
                note or f"{file.name}:{wish.line}",
                wish.until or ends,
                wish.sender,
                wish.words,
            )
            for wish in lasting
        ]
        entered = _enter(world, sent_log, wishes)
    for line in problem_lines(found.problems, f"Bad lines of {inert(str(file))}:"):
        world.screen.trouble(line)
    return _entered(path, entered, found.problems, len(found.wishes) - len(lasting))


def _refuse_contacts(file: Path, asks: Sequence[str], campaigns: Path | None) -> None:
    """A contact list taken for opt-outs would silence everybody on it. Raises FilesError."""
    if not (asks or _is_contact_list(file, campaigns)):
        return
    why, heeded = f"{campaigns} sends to it", ""
    if asks:
        column = inert(asks[0])
        why = f'its column "{column}" says who opted out'
        heeded = f'; or let the campaign heed it: contacts: {{file: …, columns: {{opt_out: "{column}"}}}}'
    raise FilesError(
        f"{file} looks like a contact list: {why}; no opt-out was added",
        hint="give a number a line, or a CSV of only those who opted out; if everyone in it did:"
        f" --all-rows{heeded}",
    )


def _is_contact_list(file: Path, campaigns: Path | None) -> bool:
    """Is it a list that a campaign sends to?"""
    if campaigns is None:
        return False
    from smscli.files.campaign_file import load

    lists = (defined.contacts for defined in load(campaigns).campaigns.values())
    files = (source.file for sources in lists for source in sources if source.file)
    return any(each.exists() and each.samefile(file) for each in files)


def _region_hint(problems: Sequence[Problem], region: str | None) -> str:
    """Numbers without a country are mended with an option here, not with a key of a file."""
    missing = region is None and any(problem.code == "number_needs_country" for problem in problems)
    return "say their country with --region, such as --region PL, " if missing else ""


@dataclass(frozen=True, slots=True)
class _Entered:
    """What entering wishes came to: of how many, how many are new, and how many people were erased."""

    given: int
    added: int
    erased: int


def _enter(world: World, sent_log: SentLog, wishes: Sequence[OptOut]) -> _Entered:
    """Add wishes, but those of the erased: they need none, and their numbers would be held again."""
    with sent_log.atomic():
        erased = _erased(world, sent_log, dict.fromkeys(wish.number for wish in wishes))
        kept = [wish for wish in wishes if wish.number not in erased]
        added = sent_log.opt_out(kept)
    return _Entered(len({(wish.number, wish.topic) for wish in kept}), added, len(erased))


def _erased(world: World, sent_log: SentLog, numbers: Iterable[Msisdn]) -> frozenset[Msisdn]:
    """Those who were erased. Where the log cannot tell, nobody: an opt-out is never refused."""
    try:
        return sent_log.erased(numbers)
    except SentLogBusy:
        raise
    except SentLogError as error:
        world.screen.trouble(f"warning: {inert(error.message)}; their numbers are recorded in full")
        world.screen.trouble(f"hint: {inert(error.hint)}")
        return frozenset()


# --- how long ---


def _end(until: str | None, for_: str | None, now: datetime) -> datetime | None:
    """When an opt-out ends, by its options; None: never. Raises UsageError."""
    if until is None and for_ is None:
        return None
    if until is not None and for_ is not None:
        raise UsageError("--until and --for say the same", hint="keep one of them")
    from smscli.files.careful_times import latest
    from smscli.files.located import Wrong
    from smscli.files.scalars import parse_duration

    try:
        ends = now + parse_duration(for_) if for_ is not None else latest(until or "")
    except Wrong as wrong:
        name = "--until" if for_ is None else "--for"
        raise UsageError(f"{name}: {wrong.message}", hint=wrong.hint) from None
    if ends <= now:
        hint = "an opt-out that is to end ends later than now; leave out --until for good"
        raise UsageError(f'--until: "{until}" has passed', hint=hint)
    return ends


# --- topics ---


def _topic(text: str | None) -> str:
    """What `--topic` means. Raises UsageError for what no campaign can have as its topic."""
    topic = "" if text is None else text.strip().lower()
    if text is not None and not _TOPIC.fullmatch(topic):
        raise UsageError(
            f'--topic: "{text}" can be no campaign\'s topic',
            hint="write it as in the campaigns file, such as offers; leave --topic out to mean everything",
        )
    return topic


# --- what is shown ---


def _entered(path: Path, entered: _Entered, problems: Sequence[Problem] = (), ended: int = 0) -> Result:
    there = entered.given - entered.added
    known = f" {counted(there, 'opt-out was', 'opt-outs were')} on it already." if there else ""
    known += f" Left out, for their time has passed: {counted(ended, 'line')}." if ended else ""
    bad = f" {counted(len(problems), 'line')} could not be read." if problems else ""
    return Result(
        {
            "sent_log": path,
            "added": entered.added,
            "already": there,
            "ended": ended,
            "erased": entered.erased,
            "problems": problem_documents(problems),
        },
        (
            f"Added to the opt-out list: {entered.added:,}.{known}{bad}",
            *([_erased_line(entered.erased)] if entered.erased else []),
        ),
        ExitCode.INCOMPLETE if problems else ExitCode.OK,
    )


def _erased_line(count: int) -> str:
    if count == 1:
        return "1 number was erased and stays opted out of everything."
    return f"{count:,} numbers were erased and stay opted out of everything."


def _topics_of(sent_log: SentLog, numbers: Sequence[Msisdn]) -> dict[Msisdn, list[str]]:
    """What each of these numbers is opted out of (`""` for everything)."""
    topics: dict[Msisdn, list[str]] = {number: [] for number in numbers}
    if topics:
        for wish in sent_log.opt_outs():
            if wish.number in topics:
                topics[wish.number].append(wish.topic)
    return topics


def _removed(topic: str, lifted: int, others: dict[Msisdn, list[str]]) -> Iterator[Block]:
    if lifted:
        yield f"Lifted, with your reason: {counted(lifted, 'opt-out')}."
    for number, topics in others.items():
        if not topics:
            yield f"{number.masked} is not on the opt-out list: there was nothing to lift."
            continue
        way = f"--topic {topics[0]} lifts that" if topics[0] else "leave out --topic to lift that"
        of = ", ".join(each or EVERYTHING for each in topics)
        yield f"{number.masked} is not opted out of {topic or EVERYTHING}, but of {of}: {way}."


def _listed(wishes: Iterable[OptOut], erased: int) -> Iterator[Block]:
    found = tuple(wishes)
    if found:
        names = [name for name in _COLUMNS if name not in _SELDOM or any(getattr(w, name) for w in found)]
        rows = ([cell for name, cell in zip(_COLUMNS, _row(w), strict=True) if name in names] for w in found)
        spare = [name for name in ("words", "sender", "by", "note") if name in names]
        yield table(names, rows, folding=("note", "words"), spare=spare)
    yield f"{counted(len(found), 'opt-out')}."
    waiting = sum(1 for wish in found if wish.source == REVIEW)
    if waiting:
        wait = counted(waiting, "reply waits", "replies wait")
        yield f"Among them {wait} for somebody to read: smscli replies review"
    if erased:
        yield f"Besides, {_erased_line(erased)}"


def _row(wish: OptOut) -> tuple[str, ...]:
    return (
        wish.number.masked,
        wish.topic or EVERYTHING,
        minute(wish.at),
        "waits for review" if wish.source == REVIEW else wish.source,
        wish.by,
        wish.note,
        minute(wish.until) if wish.until else _FOR_GOOD,
        wish.sender,
        wish.words,
    )


def _csv(records: Iterable[dict[str, object]]) -> Iterator[str]:
    from smscli.files.csv_export import csv_lines

    return csv_lines(_COLUMNS, (list(map(_cell, each.values())) for each in records))


def _cell(value: object) -> str:
    return "" if value is None else inert(str(value))


def _record(wish: OptOut) -> dict[str, object]:
    values = (
        wish.number.masked,
        wish.topic,
        iso(wish.at),
        wish.source,
        wish.by,
        wish.note,
        iso(wish.until) if wish.until else None,
        wish.sender,
        wish.words,
    )
    return dict(zip(_COLUMNS, values, strict=True))
