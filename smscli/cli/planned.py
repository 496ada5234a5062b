"""From a command line to a plan: what `preview` and `send` share. Never holds a gateway."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from smscli.cli.excluding import Excluded, exclude
from smscli.cli.gateway_given import gateway_given
from smscli.cli.present.exclusions import bad_row_lines
from smscli.cli.present.text import counted, minute
from smscli.domain.campaign import Campaign
from smscli.domain.contact import Contact
from smscli.domain.decision import SkipReason
from smscli.domain.errors import FilesError, Problem, UsageError
from smscli.domain.msisdn import BadNumber, Msisdn, parse
from smscli.domain.ports import OptOut, PlanTally, SentLog
from smscli.domain.profile import GatewayProfile
from smscli.domain.rules import Again
from smscli.engine.forecast import Forecast, forecast
from smscli.engine.planning import Findings, Planner
from smscli.files.campaign_file import CampaignsFile, Defined, OnBadRows, load
from smscli.files.contacts_file import (
    BadRow,
    ContactLists,
    ContactsSource,
    Role,
    open_lists,
    write_bad_rows,
)
from smscli.files.list_source import ExcludeSource
from smscli.files.optout_file import read_opt_outs
from smscli.files.profile_file import load_profile
from smscli.files.reading import listed
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.opening import is_sent_log
from smscli.sentlog.plan import SqlitePlan
from smscli.sentlog.sqlite import opt_outs_of

if TYPE_CHECKING:
    from smscli.cli.wiring import World

#: So many problems are kept to be told; beyond that they are only counted. `--bad-rows` has every row.
MOST_PROBLEMS = 10_000

#: `--plan -`
STANDARD_OUTPUT = Path("-")

#: How the first line of a file that an earlier run wrote begins or ends.
_EARLIER = {
    "--bad-rows": re.compile(rb'.*\bproblems"?\s*', re.DOTALL),
    "--plan": re.compile(rb'\{"row": .*\s*'),
}

#: No line of a list is longer.
_LONGEST_LINE = 1 << 20

#: Campaigns files and profiles: neither a CSV file nor JSON lines are called that.
_OURS = (".yaml", ".yml")


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
    bad_rows: Path | None = None
    plan: Path | None = None  # - is standard output

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
class BadRows:
    """The rows that are no contacts. Their cells are kept only if somebody wants them in a file."""

    keep: bool = False
    count: int = 0
    rows: list[BadRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    opted_out: list[Msisdn] = field(default_factory=list)
    listeners: list[Callable[[BadRow], None]] = field(default_factory=list)

    def sift(self, rows: Iterable[Contact | BadRow]) -> Iterator[Contact]:
        """Let contacts through and keep the rest."""
        for row in rows:
            if isinstance(row, Contact):
                yield row
                continue
            self.count += 1
            if row.opted_out is not None:
                self.opted_out.append(row.opted_out)
            self.problems.extend(row.problems[: MOST_PROBLEMS - len(self.problems)])
            if self.keep:
                self.rows.append(row)
            for hear in self.listeners:
                hear(row)


@dataclass(slots=True)
class Watched:
    """One number, and the bad rows that have it as far as that can be read."""

    number: Msisdn
    region: str | None
    rows: list[BadRow] = field(default_factory=list)

    def hear(self, row: BadRow, lists: ContactLists) -> None:
        """Keep the row if the cell in the column of phone numbers is this number."""
        reader = lists.readers[row.of_list]
        cells = dict(zip(reader.columns, row.cells, strict=False))  # a bad row may have too few or too many
        column = reader.mapping.get(Role.REGION)
        country = cells.get(column, "").strip().upper() if column else ""
        try:
            number = parse(cells.get(reader.mapping[Role.PHONE], ""), country or self.region)
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
    lists: ContactLists
    left_by_limit: int
    at: datetime
    excluded: tuple[Excluded, ...] = ()


def choose(asked: Asked) -> Chosen:
    """Read the campaigns file and what the campaign names in it. Raises FilesError with all problems."""
    campaigns = load(asked.file)
    defined = campaign_named(campaigns, asked.file, asked.campaign)
    gateway = (
        defined.gateway.source
        if asked.gateway is None
        else gateway_given(asked.gateway, campaigns.gateways, asked.file)
    )
    chosen = Chosen(
        campaign=defined.campaign,
        profile=load_profile(gateway, campaigns.path.parent),
        sent_log=(asked.log or defined.sent_log).absolute(),
        sources=_sources(asked, defined),
        on_bad_rows=defined.on_bad_rows,
        opt_outs=defined.opt_outs,
        exclude=defined.exclude,
        file=asked.file,
        given=tuple(asked.options()),
    )
    _keep_from_overwriting(asked, chosen)
    return chosen


def _keep_from_overwriting(asked: Asked, chosen: Chosen) -> None:
    """`--bad-rows` and `--plan` replace the file they name: only one of their own, never one that we were
    given to read or keep."""
    new = {"--bad-rows": asked.bad_rows, "--plan": asked.plan}
    written = {option: _real(path) for option, path in new.items() if path and path != STANDARD_OUTPUT}
    read = {_real(path) for path in (asked.file, *chosen.lists(), *chosen.opt_outs) if path}
    for option, path in written.items():
        is_ours = path.suffix in _OURS and path.exists()
        is_read = path in read or _is_of_log(path, _real(chosen.sent_log)) or is_ours
        if is_read or not _is_earlier(option, path):
            whose = "this campaign reads" if is_read else "no earlier run wrote"
            raise UsageError(
                f"{option} {new[option]} would overwrite a file that {whose}",
                hint=f"name a new file: {option} new-{path.name}",
            )
    if len(set(written.values())) < len(written):
        raise UsageError("--bad-rows and --plan name the same file", hint="name two files")


def _real(path: Path) -> Path:
    """The file behind all links; a link that leads to itself stays as it is."""
    return Path(os.path.realpath(path))


def _is_earlier(option: str, path: Path) -> bool:
    """Is there no file yet, or an empty one, or what this option wrote earlier?

    What is no file, or may not be read, is left to whoever writes: he says what is wrong.
    """
    try:
        if not path.is_file():
            return True
        with path.open("rb") as stream:
            first = stream.readline(_LONGEST_LINE)
    except OSError:
        return True
    return not first or _EARLIER[option].fullmatch(first) is not None


def _is_of_log(path: Path, log: Path) -> bool:
    """The sent log, what SQLite and its locks keep beside it, and the outbox of its sandbox."""
    return path.parent == log.parent and path.name.startswith((log.name, f"{log.stem}.outbox."))


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
    """The lists: the one of the command line, read as the campaign's first one is, else the campaign's.

    Raises UsageError where there is none.
    """
    if asked.contacts is not None:
        file = None if asked.contacts == "-" else Path(asked.contacts)
        first = defined.contacts[0] if defined.contacts else ContactsSource(file=file)
        return (replace(first, file=file),)
    if not defined.contacts:
        raise UsageError(
            f"{asked.file}: campaign {defined.campaign.id} names no contact list",
            hint=f"write contacts: FILE in {asked.file}, or type --contacts FILE (- is standard input)",
        )
    return defined.contacts


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
    )
    bad = BadRows(keep=asked.bad_rows is not None)
    with (
        closing(SqlitePlan()) as plan,
        open_lists(chosen.sources, wanted, _bytes(world), today=world.clock.now().date()) as lists,
    ):
        if asked.plan is not None:
            bad.listeners.append(lambda row: plan.add_bad_row(row.row, row.line, row.problems, row.of_list))
        if watched is not None:
            bad.listeners.append(lambda row: watched.hear(row, lists))
        excluded = exclude(chosen, plan, at, world.clock.now())
        for line in bad_row_lines(excluded):
            world.screen.note(line)
        findings = planner.fill(plan, bad.sift(lists), progress)
        _heed_bad_rows(plan, findings, bad)
        if asked.bad_rows is not None:  # without bad rows too: one of an earlier run must not stay
            write_bad_rows(asked.bad_rows, lists.readers[0].columns, bad.rows)
            world.screen.note(f"bad rows: {asked.bad_rows} ({counted(bad.count, 'row')})")
        if not findings.rows and not bad.count:
            raise FilesError(
                f"{lists.name} has a header and no contacts", hint="put at least one row below the header"
            )
        made = replace(_counted(asked, chosen, plan, findings, bad, lists, at), excluded=excluded)
        for warning in _warnings(made):
            world.screen.trouble(f"warning: {warning}")
        yield made


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
    chosen, reader, campaign = planned.chosen, planned.lists.readers[0], planned.chosen.campaign
    if campaign.expires is not None and campaign.expires <= planned.at:
        yield (
            f"campaign {campaign.id} expired at {minute(campaign.expires)}, so nobody is texted;"
            f" to send it after all, change `expires` in {chosen.file}"
        )
    without = planned.tally.skipped.get(SkipReason.NO_CONSENT, 0)
    if without and Role.CONSENT not in reader.mapping:
        yield (
            f"{counted(without, 'contact')} skipped for want of consent, and no column of {reader.name} says"
            f" it: found {listed(reader.columns)}; if two of them do, level and date, map them in"
            f' {chosen.file}: contacts: {{file: …, columns: {{consent: "…", consent_date: "…"}}}}'
        )


def _heed_bad_rows(plan: SqlitePlan, findings: Findings, bad: BadRows) -> None:
    """A row may be bad and still say that somebody opted out."""
    plan.withdraw(dict.fromkeys(bad.opted_out, "a bad row of the list says so"))
    findings.repeatable.difference_update(bad.opted_out)


def _counted(
    asked: Asked,
    chosen: Chosen,
    plan: SqlitePlan,
    findings: Findings,
    bad: BadRows,
    lists: ContactLists,
    at: datetime,
) -> Planned:
    left = plan.limit(asked.limit) if asked.limit is not None else 0
    mode = chosen.profile.batch
    tally = plan.tally(mode)
    return Planned(
        chosen=chosen,
        plan=plan,
        tally=tally,
        forecast=forecast(tally, chosen.campaign.rates, chosen.profile, plan.messages(mode), at),
        findings=findings,
        bad=bad,
        lists=lists,
        left_by_limit=left,
        at=at,
    )


def _bytes(world: World) -> BinaryIO | None:
    """Standard input as bytes; None for a stream of a test that has only text."""
    return getattr(world.stdin, "buffer", None)


def foreign_opt_outs(chosen: Chosen, at: datetime) -> Iterator[OptOut]:
    """A STOP is said to a brand, not to a file: other logs and lists count."""
    region = chosen.region
    for path in chosen.opt_outs:
        if path.exists() and chosen.sent_log.exists() and path.samefile(chosen.sent_log):
            continue  # asked anyway; and to open and close it here would drop SQLite's locks on it
        if is_sent_log(path):
            yield from opt_outs_of(path)
        else:
            yield from (OptOut(wish.number, wish.topic, at, "import") for wish in read_opt_outs(path, region))


def refuse_bad_rows(planned: Planned) -> None:
    """Bad rows stop a send unless the campaign says otherwise. Raises FilesError with every problem."""
    if not planned.bad.count or planned.chosen.on_bad_rows is OnBadRows.SKIP:
        return
    raise FilesError(
        f"{counted(planned.bad.count, 'bad row')} in {planned.lists.name}; nothing was sent",
        hint=f"mend them ({planned.chosen.command('preview', '--bad-rows', 'bad.csv')} writes them out), or"
        f" write on_bad_rows: skip in {planned.chosen.file}",
        problems=planned.bad.problems,
    )
