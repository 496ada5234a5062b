"""`smscli consent`: who agreed to what, when, how and in which words. Records are only ever added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from smscli.cli import wiring
from smscli.cli.known_topics import warn_of_unknown_topics
from smscli.cli.moments import moment
from smscli.cli.numbers import OR_REGION, number_given, numbers_given, region_given
from smscli.cli.options import AsJson, Campaigns, LogPath, Quiet, Region, command_app, exit_codes
from smscli.cli.present.documents import dumps, problem_documents
from smscli.cli.present.text import Hanging, counted, inert, iso, problem_lines
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import ExitCode, FilesError, Problem, UsageError
from smscli.domain.message import Realm
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, OptOut, SentLog
from smscli.domain.replies import FiledReply

if TYPE_CHECKING:
    from smscli.cli.present.consents import Standing
    from smscli.cli.result import Block
    from smscli.files.consent_file import Part

app = command_app("Record who agreed to be texted, and show it.")

_CODES = (ExitCode.FILES, ExitCode.SENT_LOG)
_LEVELS = ", ".join(level.name.lower() for level in ConsentLevel).replace("none", "none (a no)")
_WAYS = ", ".join(ConsentMethod)
_A_TIME = "such as 2026-03-01T14:05+01:00. A time without an offset, and a date, is read with care"
_LIFTS_NONE = (
    "A consent record lifts no opt-out: the person's own START does, or smscli optout remove NUMBER"
    " --reinstate REASON."
)

_BACK = "Have they agreed anew? First smscli optout remove NUMBER --reinstate REASON."

#: Facts are asked for so many numbers at a time.
_CHUNK = 2_000

#: Words that somebody was shown are not longer.
_MOST_WORDS_BYTES = 64 * 1024

Numbers: TypeAlias = Annotated[list[str], typer.Argument(metavar="NUMBER", help="With + and country code.")]
Where: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="Where: the address of a form, a shop, the number a word was sent to."),
]
Words: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TEXT", help="The exact words that they were shown.")
]
WordsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--words-file", metavar="FILE", help="A text file with the exact words, instead of --words."
    ),
]
Language: TypeAlias = Annotated[
    str | None, typer.Option(metavar="LANG", help="The language of those words, such as pl.")
]
PurposeGiven: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--purpose", metavar="PURPOSE", help="To what: marketing, transactional or all (the default)."
    ),
]
Topics: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="TOPICS", help="Only these topics, with a comma between. Without it: all topics."),
]
Expires: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="When the consent ends; of a date, where that day begins first."),
]
PromiseGiven: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--promise",
        metavar="PROMISE",
        help="How often they were told that they would be texted, such as '2 a month' or '1 per 7d'. It is"
        " kept: a message beyond it is held or skipped.",
    ),
]
Proof: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Where the proof is kept: a file, an address, a folder.")
]


# --- import --------------------------------------------------------------------------------------


@app.command(
    "import",
    epilog=exit_codes(
        {ExitCode.INCOMPLETE: "not all rows were taken: others are bad, or of erased people"}, *_CODES
    ),
)
def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV, TSV or XLSX with a column called phone, or JSON lines (.jsonl, .ndjson); also"
            " compressed (.gz). What smscli consent export writes can be read.",
        ),
    ],
    level: Annotated[
        str | None, typer.Option(metavar="LEVEL", help=f"The level of all rows: {_LEVELS}.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"When all of them said it, {_A_TIME}: of a yes the earliest instant that it can mean"
            " anywhere on earth, of a no the latest.",
        ),
    ] = None,
    how: Annotated[str | None, typer.Option(metavar="HOW", help=f"How all of them said it: {_WAYS}.")] = None,
    where: Where = None,
    words: Words = None,
    words_file: WordsFile = None,
    language: Language = None,
    purpose: PurposeGiven = None,
    topics: Topics = None,
    expires: Expires = None,
    promise: PromiseGiven = None,
    proof: Proof = None,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Take the good rows although others are bad; exit 3 says so.")
    ] = False,
    all_rows: Annotated[
        bool,
        typer.Option(
            "--all-rows",
            help="Take every row, although a column such as `unsubscribed` looks like an opt-out. That column"
            " is not read.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be recorded; nothing is.")
    ] = False,
    region: Region = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Record what the rows of a file agreed to: all of them, or none.

    Numbers alone are no consent. Each row needs a level, a date and a way in which they agreed: in the
    columns level, at and how, or by the options of that name where it is the same for all rows. Other columns
    that are read: where, words, language, purpose, topics, expires, promise, proof, raw. A row of level none
    is a no. What was recorded before is not recorded again.
    """
    from smscli.files.consent_file import examine_consents

    world = wiring.of(context)
    now = world.clock.now()
    said = _said(
        level=level, at=at, how=how, where=where, words=_words(words, words_file), language=language,
        purpose=purpose, topics=topics, expires=expires, promise=promise, proof=proof,
    )  # fmt: skip
    _refuse_wrong(said, now)
    found = examine_consents(file, said, region_given(region), now=now, by=world.operator())
    if found.asks and not all_rows:
        raise _looks_like_contacts(file, found.asks[0])
    if found.problems and not keep_good:
        raise FilesError(
            f"{counted(len(found.problems), 'problem')} in {inert(str(file))}; no consent was recorded",
            hint=f"mend them, {_region_hint(found.problems, region)}or take the other rows: --keep-good",
            problems=found.problems,
        )
    for line in problem_lines(found.problems, f"Bad rows of {inert(str(file))}:"):
        world.screen.trouble(line)
    if found.unread:
        world.screen.note(f"columns not read: {', '.join(map(inert, found.unread))}")
    warn_of_unknown_topics(world, {topic for each in found.records for topic in each.topics}, campaigns)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        done = _record(sent_log, found.records, now, only_look=dry_run)
    return _recorded(path, done, found.problems, found.unread, is_dry=dry_run)


def _words(words: str | None, file: Path | None) -> str | None:
    if file is None:
        return words
    if words is not None:
        raise UsageError("--words and --words-file say the same", hint="keep one of them")
    from smscli.files.reading import read_text

    return read_text(file, _MOST_WORDS_BYTES)


def _said(**options: str | None) -> Mapping[Part, str]:
    """The options that were given, by what they say."""
    from smscli.files.consent_file import Part

    return {Part(name): text.strip() for name, text in options.items() if text is not None}


def _refuse_wrong(said: Mapping[Part, str], now: datetime) -> None:
    """What would be wrong with each row is told once. Raises UsageError."""
    from smscli.files.consent_file import Part

    otherwise = {Part.LEVEL: "soft", Part.AT: "1999-12-31", Part.HOW: ConsentMethod.OTHER.value}
    _of_options(Msisdn("+12025550100", "US"), {**otherwise, **said}, now, "")


def _of_options(number: Msisdn, texts: Mapping[Part, str], now: datetime, by: str) -> ConsentRecord:
    """The record that options make. Raises UsageError with all that is wrong with them."""
    from smscli.files.consent_file import NoConsent, consent_record

    try:
        return consent_record(number, texts, now=now, source=by, by=by)
    except NoConsent as no:
        told = "; ".join(f"--{each.part}: {each.wrong.message}" for each in no.wrongs)
        raise UsageError(told, hint=next((each.wrong.hint for each in no.wrongs), "")) from None


def _looks_like_contacts(file: Path, column: str) -> FilesError:
    return FilesError(
        f'{file} looks like a contact list: its column "{inert(column)}" says who opted out;'
        " no consent was recorded",
        hint="take those people out and into smscli optout import, then delete the column; if every row of it"
        " is somebody's consent all the same: --all-rows",
    )


def _region_hint(problems: Sequence[Problem], region: str | None) -> str:
    """Numbers without a country are mended with an option here, not with a key of a file."""
    missing = region is None and any(problem.code == "number_needs_country" for problem in problems)
    return "say their country with --region, such as --region PL, " if missing else ""


class _OnlyLooked(Exception):
    """Takes back what was written for a look."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What recording came to: the records, how many were new, and whom of their people to tell about."""

    records: Sequence[ConsentRecord]
    new: int
    opted_out: int
    erased: int


def _record(
    sent_log: SentLog, records: Sequence[ConsentRecord], now: datetime, *, only_look: bool = False
) -> _Done:
    """Add records, but those of erased people; for a look they are added and taken back at once."""
    opted_out = _opted_out(sent_log, records, now)
    erased = sent_log.erased(dict.fromkeys(record.number for record in records))
    kept = [record for record in records if record.number not in erased]
    new = 0
    with suppress(_OnlyLooked), sent_log.atomic():
        new = sent_log.record_consents(kept, now)
        if only_look:
            raise _OnlyLooked
    return _Done(kept, new, len(opted_out) - len(erased), len(erased))


def _opted_out(
    sent_log: SentLog, records: Iterable[ConsentRecord], now: datetime
) -> Mapping[Msisdn, frozenset[str]]:
    """Who of these people is opted out, and of what."""
    numbers = iter(dict.fromkeys(record.number for record in records))
    found: dict[Msisdn, frozenset[str]] = {}
    while chunk := list(islice(numbers, _CHUNK)):
        facts = sent_log.facts(Realm.LIVE, "", chunk, now, now)
        found |= {number: fact.opted_out for number, fact in facts.items() if fact.opted_out}
    return found


def _recorded(
    path: Path,
    done: _Done,
    problems: Sequence[Problem] = (),
    unread: Sequence[str] = (),
    *,
    is_dry: bool = False,
) -> Result:
    levels = Counter(record.level.name.lower() for record in done.records)
    payload = {
        "sent_log": path,
        "dry_run": is_dry,
        "new": done.new,
        "already": len(done.records) - done.new,
        "levels": levels,
        "opted_out": done.opted_out,
        "erased": done.erased,
        "columns_not_read": list(unread),
        "problems": problem_documents(problems),
    }
    is_whole = not problems and not done.erased
    exit_code = ExitCode.OK if is_whole else ExitCode.INCOMPLETE
    return Result(payload, _told(done, levels, len(problems), is_dry=is_dry), exit_code)


def _told(done: _Done, levels: Mapping[str, int], problems: int, *, is_dry: bool) -> Iterator[Block]:
    there = len(done.records) - done.new
    known = f" {counted(there, 'record was', 'records were')} there already." if there else ""
    bad = f" {counted(problems, 'problem')} in other rows." if problems else ""
    heading = "Consent records that would be new" if is_dry else "New consent records"
    yield f"{heading}: {done.new:,}.{known}{bad}"
    noes = levels.get(ConsentLevel.NONE.name.lower(), 0)
    if len(levels) > 1 or noes:
        yield f"By level: {', '.join(f'{level} {count:,}' for level, count in sorted(levels.items()))}."
    if noes:
        yield "Level none is a no: it takes back what the same person agreed to before."
    if done.opted_out:
        stays = counted(done.opted_out, "number stays opted out", "numbers stay opted out")
        yield Hanging(f"{stays}. {_LIFTS_NONE}")
    if done.erased:
        were = counted(done.erased, "number was", "numbers were")
        yield Hanging(f"{were} erased at a person's wish: nothing was recorded. {_BACK}")


# --- add -----------------------------------------------------------------------------------------


@app.command(
    epilog=exit_codes({ExitCode.INCOMPLETE: "some number was erased, and nothing recorded of it"}, *_CODES)
)
def add(
    context: typer.Context,
    numbers: Numbers,
    level: Annotated[
        str | None, typer.Option(metavar="LEVEL", help=f"What they agreed to: {_LEVELS}. Needed.")
    ] = None,
    how: Annotated[
        str | None, typer.Option(metavar="HOW", help=f"How they said it: {_WAYS}. Needed.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=f"When they said it, {_A_TIME}: of a yes the earliest instant that it can mean anywhere on"
            " earth, of a no the latest. Without it: now.",
        ),
    ] = None,
    where: Where = None,
    words: Words = None,
    words_file: WordsFile = None,
    language: Language = None,
    purpose: PurposeGiven = None,
    topics: Topics = None,
    expires: Expires = None,
    promise: PromiseGiven = None,
    proof: Proof = None,
    region: Region = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Record by hand what somebody agreed to.

    It is kept with your name, and shows no more than that you wrote it down: name the proof with --proof.
    """
    if level is None or how is None:
        raise UsageError(
            "a number is no consent: what they agreed to, and how, has to be said",
            hint="for example: --level express --how paper --proof 'folder 12'",
        )
    world = wiring.of(context)
    now, by = world.clock.now(), world.operator()
    given = numbers_given(numbers, region_given(region))
    texts = _said(
        level=level, at=iso(now) if at is None else at, how=how, where=where,
        words=_words(words, words_file), language=language, purpose=purpose, topics=topics, expires=expires,
        promise=promise, proof=proof,
    )  # fmt: skip
    records = [_of_options(number, texts, now, by) for number in given]
    warn_of_unknown_topics(world, records[0].topics, campaigns)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        done = _record(sent_log, records, now)
    return _recorded(path, done)


# --- show ----------------------------------------------------------------------------------------


@app.command(epilog=exit_codes(None, *_CODES))
def show(
    context: typer.Context,
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="With + and country code.")],
    region: Region = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Show what somebody agreed to, and what holds now.

    Tells of each record what it shows and what it does not.

    The newest record first, with the opt-outs that stand against it. Whether it is enough for a campaign, its
    level and its country's rules decide: smscli preview FILE CAMPAIGN --explain NUMBER tells.
    """
    from smscli.cli.present.consents import standing_document, standings, worth_document

    world = wiring.of(context)
    now, asked = world.clock.now(), number_given(number, region_given(region), otherwise=OR_REGION)
    with wiring.existing_sent_log(world, log=log, campaigns=campaigns) as (path, sent_log):
        records = tuple(sent_log.consents(asked))[::-1]
        replies = tuple(sent_log.replies(number=asked))
        facts = sent_log.facts(Realm.LIVE, "", [asked], now, now).get(asked, NO_FACTS)
        listed = (wish for wish in sent_log.opt_outs() if wish.number == asked)
        wishes = tuple(wish for wish in listed if wish.until is None or wish.until > now)
    found = standings(facts, wishes, now)
    return Result(
        {
            "sent_log": path,
            "number": asked.masked,
            "now": [standing_document(each) for each in found],
            "opt_outs": [
                {"topic": wish.topic, "at": wish.at, "until": wish.until, "source": wish.source}
                for wish in wishes
            ],
            "records": [worth_document(record, replies) for record in records],
        },
        _shown(asked, records, replies, wishes, found),
    )


def _shown(
    asked: Msisdn,
    records: Sequence[ConsentRecord],
    replies: Sequence[FiledReply],
    wishes: Sequence[OptOut],
    found: Sequence[Standing],
) -> Iterator[Block]:
    from smscli.cli.present.consents import heading, record_lines, standing_lines

    yield heading(asked.masked, records, wishes)
    yield from standing_lines(found)
    for record in records:
        yield from record_lines(record, replies)


# --- export --------------------------------------------------------------------------------------


@app.command(epilog=exit_codes(None, *_CODES))
def export(
    context: typer.Context,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a line; so it is without --csv, too.")
    ] = False,
    csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="CSV for a spreadsheet: UTF-8 with a byte order mark, and a ' in front of what would be a"
            " formula.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only what was recorded then or later: 2026-11-01, 2026-11-01T09:30 (both UTC), or how long"
            " ago: 2h, 7d.",
        ),
    ] = None,
    log: LogPath = None,
    campaigns: Campaigns = None,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """Write all consent records with full numbers and every field.

    To keep them elsewhere, or to hand them over. smscli consent import reads them again.
    """
    if csv + jsonl + json > 1:
        raise UsageError("--csv, --jsonl and --json are forms of the same", hint="keep one of them")
    from smscli.cli.present.consents import COLUMNS, record_cells, record_document

    world = wiring.of(context)
    after = moment(since, world.clock.now(), "--since") if since else None
    opened = wiring.existing_sent_log(world, log=log, campaigns=campaigns)
    path, sent_log = world.resources.enter_context(opened)
    records = (record for record in sent_log.consents() if _is_wanted(record, after))
    if json:
        return Result({"sent_log": path, "records": [record_document(record) for record in records]})
    if not csv:
        return Result({}, (dumps(record_document(record)) for record in records))
    from smscli.files.csv_export import csv_lines

    _write_for_spreadsheets(world)
    return Result({}, csv_lines(COLUMNS, map(record_cells, records)))


def _is_wanted(record: ConsentRecord, after: datetime | None) -> bool:
    return after is None or record.recorded_at is None or record.recorded_at >= after


def _write_for_spreadsheets(world: World) -> None:
    """UTF-8 with a byte order mark, whatever the locale: words shown must not become question marks."""
    reconfigure = getattr(world.screen.out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8-sig")
