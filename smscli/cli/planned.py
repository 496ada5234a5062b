"""From a command line to a plan: what `preview` and `send` share. Never holds a gateway."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from smscli.cli.duplicates_file import write_duplicates
from smscli.cli.excluding import Excluded, exclude
from smscli.cli.gateway_given import gateway_given
from smscli.cli.own_opt_outs import not_read, own_opt_outs
from smscli.cli.present.exclusions import bad_row_lines
from smscli.cli.present.text import counted, minute
from smscli.cli.reading_texts import NOTHING_READ, ReadPlan, ReadTexts, read_texts
from smscli.cli.sifting import BadRows, ReadList, Repairs, Sieve
from smscli.cli.written_files import keep_from_overwriting
from smscli.domain.campaign import Campaign
from smscli.domain.decision import SkipReason
from smscli.domain.errors import FilesError, UsageError
from smscli.domain.msisdn import BadNumber, Msisdn
from smscli.domain.ports import OptOut, PlanTally, SendOrder, SentLog
from smscli.domain.profile import BatchMode, GatewayProfile
from smscli.domain.repairs import read_number
from smscli.domain.rules import Again
from smscli.engine.forecast import Forecast, forecast
from smscli.engine.planning import Findings, Planner
from smscli.engine.sizing import order_of
from smscli.files.campaign_file import CampaignsFile, Defined, OnBadRows, load
from smscli.files.contacts_file import BadRow, ContactLists, ContactsSource, Role, open_lists
from smscli.files.csv_records import cleaned
from smscli.files.list_source import ExcludeSource
from smscli.files.optout_file import read_opt_outs
from smscli.files.problem_rows import ProblemRows, list_of, open_problem_rows, paths_for
from smscli.files.profile_file import load_profile
from smscli.files.reading import listed
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.opening import is_sent_log
from smscli.sentlog.plan import SqlitePlan
from smscli.sentlog.sqlite import erased_from, opt_outs_of

if TYPE_CHECKING:
    from smscli.cli.wiring import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says about which campaign, list, log and gateway."""

    file: Path
    campaign: str
    contacts: str | None = None
    log: Path | None = None
    gateway: str | None = None
    again: frozenset[Again] = frozenset()
    limit: int | None = None
    problems: Path | None = None
    duplicates: Path | None = None
    plan: Path | None = None  # - is standard output

    def files(self) -> Mapping[str, Path]:
        """The files to write, by the option that names them."""
        named = {"--problems": self.problems, "--duplicates": self.duplicates, "--plan": self.plan}
        return {option: path for option, path in named.items() if path is not None}

    def options(self) -> Iterator[str]:
        """What decides who is texted and how, as typed: a line to type that left these out would do more."""
        given = {"--contacts": self.contacts, "--log": self.log, "--gateway": self.gateway}
        for option, value in {**given, "--limit": self.limit}.items():
            if value is not None:
                yield from (option, str(value))
        for what in sorted(self.again):
            yield from ("--again", what)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One campaign with everything it names, read from files."""

    campaign: Campaign
    profile: GatewayProfile
    sent_log: Path
    sources: tuple[ContactsSource, ...]
    on_bad_rows: OnBadRows
    opt_outs: tuple[Path, ...]
    exclude: tuple[ExcludeSource, ...]
    own_lists: tuple[ContactsSource, ...]
    """The campaign's lists that are not read for contacts: `--contacts` names another."""
    file: Path
    given: tuple[str, ...]
    """Options of the command line that a line to type has to repeat."""

    @property
    def region(self) -> str | None:
        """The country of numbers that do not say theirs: of the first list that has one."""
        return next((source.region for source in self.sources if source.region), None)

    @property
    def is_piped_in(self) -> bool:
        """Does a list come from standard input?"""
        return any(source.file is None for source in self.sources)

    def lists(self) -> Iterator[Path]:
        """Every file that a list of people to text, or not to text, is read from."""
        for source in (*self.sources, *(each.source for each in self.exclude)):
            if source.file is not None:
                yield source.file

    def command(self, verb: str, *options: str) -> str:
        """What to type about this campaign: `smscli preview campaigns.yaml ready`."""
        return shlex.join(["smscli", verb, str(self.file), self.campaign.id, *self.given, *options])


@dataclass(slots=True)
class Watched:
    """One number, and the bad rows that have it as far as that can be read."""

    number: Msisdn
    rows: list[BadRow] = field(default_factory=list)

    def hear(self, row: BadRow, lists: ContactLists) -> None:
        """Keep the row if the cell in the column of phone numbers is this number."""
        reader = lists.readers[row.of_list]
        cells = dict(zip(reader.columns, row.cells, strict=False))  # a bad row may have too few or too many
        column = reader.mapping.get(Role.REGION)
        country = cells.get(column, "").strip().upper() if column else ""
        try:
            text, region = cells.get(reader.mapping[Role.PHONE], ""), country or reader.source.region
            number, _ = read_number(cleaned(text), region)
        except BadNumber:
            return
        if number == self.number:
            self.rows.append(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, counted, and what it was made of."""

    chosen: Chosen
    plan: SqlitePlan
    tally: PlanTally
    forecast: Forecast
    findings: Findings
    bad: BadRows
    repairs: Repairs
    lists: tuple[ReadList, ...]
    left_by_limit: int
    at: datetime
    duplicates_file: Path | None = None
    excluded: tuple[Excluded, ...] = ()
    texts: ReadTexts = NOTHING_READ

    @property
    def rows(self) -> int:
        """Rows of all lists, good and bad."""
        return self.tally.contacts + self.bad.count

    @property
    def list_name(self) -> str:
        """What to call the lists: `a.csv`, or `a.csv, b.csv and c.csv`."""
        *others, last = (each.name for each in self.lists)
        return f"{', '.join(others)} and {last}" if others else last

    def place(self, of_list: int, line: int) -> str:
        """`line 7`; of several lists `members.csv:7`."""
        return f"line {line}" if len(self.lists) == 1 else f"{self.lists[of_list].name}:{line}"

    def place_document(self, of_list: int, row: int, line: int) -> dict[str, object]:
        """The same for programs, with the number of the record in its own file."""
        there = self.lists[of_list]
        return {"file": there.name, "line": line, "record": there.record(row)}


def choose(asked: Asked) -> Chosen:
    """Read the campaigns file and what the campaign names in it. Raises FilesError with all problems."""
    campaigns = load(asked.file)
    defined = campaign_named(campaigns, asked.file, asked.campaign)
    gateway = (
        defined.gateway.source
        if asked.gateway is None
        else gateway_given(asked.gateway, campaigns.gateways, asked.file)
    )
    sources = _each_once(_sources(asked, defined), asked.file, defined)
    chosen = Chosen(
        campaign=defined.campaign,
        profile=load_profile(gateway, campaigns.path.parent),
        sent_log=(asked.log or defined.sent_log).absolute(),
        sources=sources,
        on_bad_rows=defined.on_bad_rows,
        opt_outs=defined.opt_outs,
        exclude=defined.exclude,
        own_lists=not_read(defined.contacts, sources),
        file=asked.file,
        given=tuple(asked.options()),
    )
    keep_from_overwriting(asked, chosen)
    return chosen


def campaign_named(campaigns: CampaignsFile, file: Path, name: str) -> Defined:
    """The campaign of that name. Raises UsageError with the line to type instead."""
    defined = campaigns.campaigns.get(name)
    if defined is not None:
        return defined
    names = list(campaigns.campaigns)
    near = get_close_matches(name.lower(), names, 1)
    line = shlex.join(["smscli", "preview", str(file), names[0]])
    raise UsageError(
        f'{file} has no campaign "{name}"; it has {", ".join(names)}',
        hint=f"did you mean {near[0]}?" if near else f"type: {line}",
    )


def _sources(asked: Asked, defined: Defined) -> tuple[ContactsSource, ...]:
    """The lists: the one of the command line, else the campaign's. Raises UsageError where there is none."""
    if asked.contacts is not None:
        return (given_list(asked.contacts, defined.contacts),)
    if not defined.contacts:
        raise UsageError(
            f"{asked.file}: campaign {defined.campaign.id} names no contact list",
            hint=f"write contacts: FILE in {asked.file}, or type --contacts FILE (- is standard input)",
        )
    return defined.contacts


def given_list(named: str, sources: Sequence[ContactsSource]) -> ContactsSource:
    """The list of `--contacts`, read as that of the campaign's lists that it is of, else as the first."""
    file = None if named == "-" else Path(named)
    if not sources:
        return ContactsSource(file=file)
    return replace(list_of(file, sources) if file else sources[0], file=file)


def _each_once(
    sources: tuple[ContactsSource, ...], file: Path, defined: Defined
) -> tuple[ContactsSource, ...]:
    """A list that is named twice would be a list of duplicates. Raises FilesError."""
    seen = set[tuple[object, str | None]]()
    for source in sources:
        key = (_identity(source.file), source.sheet)
        if key in seen:
            once = "can be read only once" if source.file is None else "is meant once"
            raise FilesError(
                f"{file}: campaign {defined.campaign.id} names {source.name} twice as a list, and it {once}",
                hint=f"take one of them out of `contacts` in {file}",
            )
        seen.add(key)
    return sources


def _identity(file: Path | None) -> object:
    """The same for every name of a file; a file that is not there is its name."""
    try:
        status = file.stat() if file else None
    except OSError:
        return file
    return (status.st_dev, status.st_ino) if status else None


@contextmanager
def planned(
    world: World,
    asked: Asked,
    chosen: Chosen,
    log: SentLog | None,
    at: datetime,
    progress: Callable[[int], None],
    watched: Watched | None = None,
) -> Iterator[Planned]:
    """Read the list once and decide everybody. `log` None: nobody was ever sent anything.

    `watched` is told of every row, good or bad, that has its number.
    Raises FilesError for an empty list, and for bad rows unless the campaign says to skip them.
    """
    _refuse_a_keyboard(world, chosen)
    memory = log if log is not None else MemorySentLog()
    memory.heed(foreign_opt_outs(chosen, at))
    wanted = frozenset[str]().union(*(text.fields for text in chosen.campaign.texts.values()))
    planner = Planner(
        campaign=chosen.campaign,
        realm=chosen.profile.realm,
        log=memory,
        now=at,
        new_id=world.new_id,
        again=asked.again,
        watched=watched.number if watched else None,
        list_names=[source.name for source in chosen.sources] if len(chosen.sources) > 1 else (),
    )
    sieve, today = Sieve(), world.clock.now().date()
    with (
        closing(ReadPlan(chosen.campaign)) as plan,
        open_lists(chosen.sources, wanted, _bytes(world), today=today) as lists,
    ):
        if asked.plan is not None:
            sieve.listeners.append(lambda row: plan.add_bad_row(row.row, row.line, row.problems, row.of_list))
        if watched is not None:
            sieve.listeners.append(lambda row: watched.hear(row, lists))
        excluded = exclude(chosen, plan, at, world.clock.now(), progress)
        for line in bad_row_lines(excluded):
            world.screen.note(line)
        with _written_problems(world, asked.problems, lists, sieve):
            findings = planner.fill(plan, sieve.sift(lists), progress)
        read = sieve.lists(lists)
        _heed_bad_rows(plan, findings, sieve.bad, read)
        _heed(plan, findings, own_opt_outs(chosen.own_lists, chosen.campaign.topic, today))
        _heed(plan, findings, _erased_elsewhere(chosen, plan, findings))
        if asked.duplicates is not None:  # without any too: a file of an earlier run must not stay
            count = write_duplicates(asked.duplicates, plan.duplicates(), read)
            world.screen.note(f"duplicates: {asked.duplicates} ({counted(count, 'row')})")
        if not findings.rows and not sieve.bad.count:
            raise FilesError(
                f"{lists.name} has a header and no contacts", hint="put at least one row below the header"
            )
        made = replace(
            _counted(asked, chosen, plan, findings, sieve, read, at),
            excluded=excluded,
            texts=read_texts(chosen.campaign, plan.specimens),
        )
        for warning in _warnings(made):
            world.screen.trouble(f"warning: {warning}")
        yield made


@contextmanager
def _written_problems(world: World, path: Path | None, lists: ContactLists, sieve: Sieve) -> Iterator[None]:
    """Bad rows go to a file for each list as they come. Without any too: one of an earlier run must go."""
    if path is None:
        yield
        return
    with ExitStack() as opened:
        paths = paths_for(path, [reader.source for reader in lists.readers])
        files = [
            opened.enter_context(open_problem_rows(path, reader.columns, reader.delimiter))
            for path, reader in zip(paths, lists.readers, strict=True)
        ]
        sieve.listeners.append(lambda row: files[row.of_list].add(row))
        yield
    _tell_problem_files(world, files)


def _tell_problem_files(world: World, files: Sequence[ProblemRows]) -> None:
    for file in files:
        world.screen.note(f"problems: {file.path} ({counted(file.count, 'row')})")


def _refuse_a_keyboard(world: World, chosen: Chosen) -> None:
    """Nobody types a list: the program would wait in silence."""
    if chosen.is_piped_in and world.stdin.isatty():
        line = chosen.command("preview")
        raise UsageError(
            "the list should come from standard input, and nothing is piped in",
            hint=f"type: cat contacts.csv | {line}",
        )


def _warnings(planned: Planned) -> Iterator[str]:
    """What explains at a glance why hardly anybody, or nobody, would be texted."""
    chosen, campaign = planned.chosen, planned.chosen.campaign
    if campaign.expires is not None and campaign.expires <= planned.at:
        yield (
            f"campaign {campaign.id} expired at {minute(campaign.expires)}, so nobody is texted;"
            f" to send it after all, change `expires` in {chosen.file}"
        )
    for each in planned.excluded:
        if not each.numbers:
            yield f"{each.name}, a list of numbers not to text, has no number in it: was it cut off?"
    if planned.tally.skipped.get(SkipReason.NO_CONSENT):
        yield from _without_consent(planned)


def _without_consent(planned: Planned) -> Iterator[str]:
    """Of each list that has no column for consent."""
    silent = [each for each in planned.lists if Role.CONSENT not in each.reader.mapping]
    skipped = _no_consent_by_list(planned) if silent else {}
    for each in silent:
        without = skipped[planned.lists.index(each)]
        if not without:
            continue
        yield (
            f"{counted(without, 'contact')} skipped for want of consent, and no column of {each.name} says"
            f" it: found {listed(each.reader.columns)}; if two of them do, level and date, map them in"
            f' {planned.chosen.file}: contacts: {{file: …, columns: {{consent: "…", consent_date: "…"}}}};'
            " or record it: smscli consent import"
        )


def _no_consent_by_list(planned: Planned) -> Mapping[int, int]:
    if len(planned.lists) == 1:  # known without a walk through the plan
        return {0: planned.tally.skipped[SkipReason.NO_CONSENT]}
    left_out = planned.plan.left_out()
    return Counter(row.of_list for row in left_out if row.reason is SkipReason.NO_CONSENT)


def a_bad_row_says_so(lists: Sequence[ReadList], of_list: int) -> str:
    """Why somebody counts as opted out whom no good row opts out."""
    return f"a bad row of {lists[of_list].name if len(lists) > 1 else 'the list'} says so"


def _heed_bad_rows(plan: SqlitePlan, findings: Findings, bad: BadRows, lists: Sequence[ReadList]) -> None:
    """A row may be bad and still say that somebody opted out."""
    said_by = {number: a_bad_row_says_so(lists, of_list) for number, of_list in bad.opted_out.items()}
    _heed(plan, findings, said_by)


def _heed(plan: SqlitePlan, findings: Findings, said_by: Mapping[Msisdn, str]) -> None:
    """Whoever opted out is not texted, nor repeated."""
    plan.withdraw(said_by)
    findings.repeatable.difference_update(said_by)


def _counted(
    asked: Asked,
    chosen: Chosen,
    plan: SqlitePlan,
    findings: Findings,
    sieve: Sieve,
    lists: tuple[ReadList, ...],
    at: datetime,
) -> Planned:
    left = plan.limit(asked.limit) if asked.limit is not None else 0
    tally = plan.tally()
    leaving = plan.leaving(order_of(chosen.profile))
    return Planned(
        chosen=chosen,
        plan=plan,
        tally=tally,
        forecast=forecast(tally, chosen.campaign.rates, chosen.profile, leaving, at),
        findings=findings,
        bad=sieve.bad,
        repairs=sieve.repairs,
        lists=lists,
        left_by_limit=left,
        at=at,
        duplicates_file=asked.duplicates,
    )


def _bytes(world: World) -> BinaryIO | None:
    """Standard input as bytes; None for a stream of a test that has only text."""
    return getattr(world.stdin, "buffer", None)


def _erased_elsewhere(chosen: Chosen, plan: SqlitePlan, findings: Findings) -> Mapping[Msisdn, str]:
    """Whom another log has erased, of those who would be texted or repeated: it can only be asked."""
    found: dict[Msisdn, str] = {}
    for path in filter(is_sent_log, _others(chosen)):
        planned = (message.to for message in plan.messages(SendOrder(BatchMode.ONE)))
        erased = erased_from(path, chain(planned, findings.repeatable))
        found |= dict.fromkeys(erased, f"an erasure from {path.name} says so")
    return found


def _others(chosen: Chosen) -> Iterator[Path]:
    """Other logs and lists of opt-outs: the campaign's own log is asked anyway, and to open and close it
    besides would drop SQLite's locks on it."""
    own = chosen.sent_log
    return (path for path in chosen.opt_outs if not (path.exists() and own.exists() and path.samefile(own)))


def foreign_opt_outs(chosen: Chosen, at: datetime, *asked: Msisdn) -> Iterator[OptOut]:
    """A STOP is said to a brand, not to a file: other logs and lists count.

    Whom they have erased cannot be listed: those of the numbers `asked` are told.
    """
    region = chosen.region
    for path in _others(chosen):
        if is_sent_log(path):
            yield from opt_outs_of(path)
            yield from (OptOut(number, "", at, "erased") for number in erased_from(path, asked))
        else:
            yield from (
                OptOut(wish.number, wish.topic, at, "import", until=wish.until)
                for wish in read_opt_outs(path, region)
            )


def refuse_bad_rows(planned: Planned) -> None:
    """Bad rows stop a send unless the campaign says otherwise. Raises FilesError with every problem."""
    if not planned.bad.count or planned.chosen.on_bad_rows is OnBadRows.SKIP:
        return
    raise FilesError(
        f"{counted(planned.bad.count, 'bad row')} in {planned.list_name}; nothing was sent",
        hint=f"mend them ({planned.chosen.command('preview', '--problems', 'bad.csv')} writes them out), or"
        f" write on_bad_rows: skip in {planned.chosen.file}",
        problems=planned.bad.problems,
    )
