"""Looks at everything that a campaigns file names, and finds all that is wrong with it at once.

Campaigns file, gateway profiles and the variables they need, opt-out lists, contact lists, and what the rules
say of every contact. Asks no network and holds no gateway; a campaign's own sent log is not asked either.
"""

from __future__ import annotations

import heapq
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from smscli.cli.gateway_given import gateway_given
from smscli.cli.planned import campaign_named
from smscli.cli.present.figures import money
from smscli.cli.present.text import counted, minute
from smscli.cli.tasks import Found, Trouble
from smscli.domain.campaign import Campaign, Rates
from smscli.domain.contact import ConsentLevel, Contact
from smscli.domain.decision import SETTLED_SKIPS, Decision, Hold, HoldReason, SkipReason
from smscli.domain.errors import FilesError, Place, Problem, SentLogError, SmscliError
from smscli.domain.message import Realm
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut, PlannedRow, PlanTally
from smscli.domain.profile import BatchMode, GatewayProfile
from smscli.domain.rules import Text, compose
from smscli.engine.planning import Planner
from smscli.files.campaign_file import CampaignsFile, Defined, OnBadRows, examine_campaigns
from smscli.files.contacts_file import BadRow, ContactsReader, ContactsSource, Role, open_contacts
from smscli.files.optout_file import examine_opt_outs
from smscli.files.profile_file import load_profile, resolve_secrets
from smscli.files.reading import listed, open_file, shown
from smscli.files.tree import Node
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.opening import is_sent_log
from smscli.sentlog.plan import SqlitePlan
from smscli.sentlog.sqlite import opt_outs_of

if TYPE_CHECKING:
    from smscli.cli.wiring import World

#: Contacts that are decided in one go, for each campaign of their list.
_CHUNK = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says about what to look at."""

    file: Path
    campaign: str | None = None
    contacts: str | None = None
    gateway: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one campaign stands, as far as its files say. Without a list that could be read, `rows` is None.

    `could_be_texted` counts whom no file forbids, now or when the next window opens. `is_not_piped_in`: the
    list should come from standard input, and that is a keyboard.
    """

    campaign: str
    list_name: str | None
    rows: int | None = None
    bad_rows: int = 0
    could_be_texted: int = 0
    skipped: Mapping[SkipReason, int] = field(default_factory=dict)
    is_not_piped_in: bool = False


#: Who is told of every problem.
Note = Callable[[Found], None]


def check(world: World, asked: Asked, note: Note, progress: Callable[[int], None]) -> tuple[Standing, ...]:
    """Look at everything; `note` is told of every problem, `progress` of the rows read so far.

    Raises UsageError for a campaign that the file does not have.
    """
    try:
        campaigns, problems = examine_campaigns(asked.file)
    except FilesError as wrong:
        _note_error(note, wrong, Place(str(asked.file)))
        return ()
    for problem in problems:
        note(Found(problem))
    chosen = _chosen(campaigns, asked, is_whole=not problems)
    named = None if asked.gateway is None else gateway_given(asked.gateway, campaigns.gateways, asked.file)
    _check_gateways(world, asked, chosen, named, note)
    heeded = _Heeded(world.clock.now(), note)
    found: dict[str, Standing] = {}
    with ExitStack() as copies:
        pipes = _Pipes(getattr(world.stdin, "buffer", None), copies)
        for source, members in _by_list(chosen, asked):
            for standing in _ListCheck(world, asked, source, members, pipes, heeded, note, progress).run():
                found[standing.campaign] = standing
    return tuple(found[defined.campaign.id] for defined in chosen)


def _chosen(campaigns: CampaignsFile, asked: Asked, *, is_whole: bool) -> tuple[Defined, ...]:
    if asked.campaign is None:
        return tuple(campaigns.campaigns.values())
    if asked.campaign not in campaigns.campaigns and not is_whole:
        return ()  # it may be one of those that could not be read
    return (campaign_named(campaigns, asked.file, asked.campaign),)


def _note_error(
    note: Note, error: SmscliError, place: Place, campaigns: Iterable[str] = (), code: str = ""
) -> None:
    """An error that stopped the look at something, as the problems that it is about."""
    problems: Sequence[Problem] = getattr(error, "problems", ())
    whole = Problem(place, code or "wrong_value", error.message, error.hint)
    for problem in problems or (whole,):
        note(Found(problem, tuple(campaigns)))


# --- gateways ---


def _check_gateways(
    world: World, asked: Asked, chosen: Sequence[Defined], named: Node | str | None, note: Note
) -> None:
    """Each gateway once, with the campaigns that use it; `named` on the command line stands for all."""
    users: dict[Place, list[Defined]] = {}
    for defined in chosen:
        place = defined.gateway.place if named is None else Place("--gateway")
        users.setdefault(place, []).append(defined)
    for place, members in users.items():
        names = tuple(defined.campaign.id for defined in members)
        try:
            source = members[0].gateway.source if named is None else named
            profile = load_profile(source, asked.file.parent)
        except FilesError as wrong:
            _note_error(note, wrong, place, names, "unknown_gateway")
            continue
        _check_variables(world, profile, place, names, note)


def _check_variables(
    world: World, profile: GatewayProfile, place: Place, campaigns: tuple[str, ...], note: Note
) -> None:
    """The environment variables that a profile names. No value is ever shown."""
    unset = [name for name in profile.secrets if not world.environ.get(name, "").strip()]
    for name in unset:
        message = f"gateway {profile.name} needs the environment variable {name}, which is not set"
        problem = Problem(place, Trouble.UNSET_VARIABLE, message, f"type: export {name}=…")
        note(Found(problem, campaigns, name=name))
    if unset:
        return
    try:
        resolve_secrets(profile, world.environ)
    except FilesError as wrong:
        named = [name for name in profile.secrets if name in wrong.message]
        problem = Problem(place, Trouble.BAD_VARIABLE, wrong.message, wrong.hint)
        note(Found(problem, campaigns, name=listed(named) or "the variables of its URL"))


# --- other opt-outs ---


class _Heeded:
    """The opt-outs of other lists and sent logs; each is read once."""

    def __init__(self, at: datetime, note: Note) -> None:
        self._at = at
        self._note = note
        self._read: dict[tuple[Path, str | None], tuple[OptOut, ...]] = {}

    def by(self, defined: Defined, region: str | None) -> Iterator[OptOut]:
        """All that a campaign has to heed besides its own sent log."""
        for path in defined.opt_outs:
            if path.exists() and defined.sent_log.exists() and path.samefile(defined.sent_log):
                continue
            if (path, region) not in self._read:
                self._read[path, region] = self._wishes(path, region)
            yield from self._read[path, region]

    def _wishes(self, path: Path, region: str | None) -> tuple[OptOut, ...]:
        try:
            if is_sent_log(path):
                return tuple(opt_outs_of(path))
            found = examine_opt_outs(path, region)
        except (FilesError, SentLogError) as wrong:
            _note_error(self._note, wrong, Place(str(path)), code=Trouble.SENT_LOG)
            return ()
        for problem in found.problems:
            self._note(Found(problem))
        return tuple(OptOut(wish.number, wish.topic, self._at, "import") for wish in found.wishes)


# --- lists ---


def _by_list(
    chosen: Sequence[Defined], asked: Asked
) -> Iterator[tuple[ContactsSource | None, tuple[Defined, ...]]]:
    """Campaigns that read the same list in the same way, together."""
    groups: dict[object, tuple[ContactsSource | None, list[Defined]]] = {}
    for defined in chosen:
        source = defined.contacts[0] if defined.contacts else None
        if asked.contacts is not None:
            file = None if asked.contacts == "-" else Path(asked.contacts)
            source = replace(source, file=file) if source else ContactsSource(file=file)
        key = source and (source.file, source.region, source.delimiter, *sorted(source.columns.items()))
        groups.setdefault(key, (source, []))[1].append(defined)
    yield from ((source, tuple(members)) for source, members in groups.values())


@dataclass(frozen=True, slots=True)
class _Pipes:
    """What can be read only once (standard input, a pipe that has a name), as files to be read again.

    They are unlinked from the start: nothing of them outlives the program.
    """

    piped: BinaryIO | None
    open_things: ExitStack
    copies: dict[Path | None, BinaryIO] = field(default_factory=dict)

    def copy_of(self, file: Path | None) -> BinaryIO | None:
        """From its beginning; None for a file that can be opened as often as one likes."""
        if file not in self.copies:
            if file is not None and not file.is_fifo():
                return None
            with open_file(file) if file else nullcontext(self.piped) as stream:
                if stream is None:
                    return None
                copy = self.open_things.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
                shutil.copyfileobj(stream, copy)
            self.copies[file] = copy
        self.copies[file].seek(0)
        return self.copies[file]


class _Plan(SqlitePlan):
    """A plan that knows as well what held messages will come to: a check asks that, whatever the hour."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__()
        self._campaign = campaign
        self.held_segments: Counter[str] = Counter()  # by country

    def add(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if isinstance(decision, Hold):
                text = compose(self._campaign, decision.contact)
                if isinstance(text, Text):
                    self.held_segments[decision.contact.number.country] += text.segments.count
        super().add(decisions)


@dataclass(slots=True)
class _ListCheck:
    """One list, and all campaigns that read it so: one pass."""

    world: World
    asked: Asked
    source: ContactsSource | None
    members: tuple[Defined, ...]
    pipes: _Pipes
    heeded: _Heeded
    note: Note
    progress: Callable[[int], None]
    bad_rows: int = 0
    breaks_off: bool = False
    opted_out: list[Msisdn] = field(default_factory=list)

    def run(self) -> Iterator[Standing]:
        """How each campaign stands."""
        source = self.source
        is_keyboard = source is not None and source.file is None and self.world.stdin.isatty()
        if source is None or is_keyboard:
            for defined in self.members:
                list(self.heeded.by(defined, None))
                yield replace(self._unread(defined), is_not_piped_in=is_keyboard)
            return
        fitting = self._fitting(source)
        yield from (self._unread(each) for each in self.members if each.campaign.id not in _ids(fitting))
        if fitting:
            yield from self._read(source, fitting)

    def _unread(self, defined: Defined) -> Standing:
        return Standing(campaign=defined.campaign.id, list_name=self.source.name if self.source else None)

    @contextmanager
    def _opened(self, source: ContactsSource, members: Iterable[Defined]) -> Iterator[ContactsReader]:
        texts = [text for defined in members for text in defined.campaign.texts.values()]
        wanted = frozenset[str]().union(*(text.fields for text in texts))
        copy, today = self.pipes.copy_of(source.file), self.world.clock.now().date()
        with open_contacts(source, wanted, copy, today=today, is_copy=copy is not None) as reader:
            yield reader

    def _fitting(self, source: ContactsSource) -> tuple[Defined, ...]:
        """The campaigns whose texts find their columns; what is wrong with the header, once."""
        wrong: dict[Problem, list[str]] = {}
        fitting = []
        for defined in self.members:
            try:
                with self._opened(source, [defined]):
                    fitting.append(defined)
            except FilesError as error:
                whole = Problem(Place(source.name), "unreadable", error.message, error.hint)
                for problem in error.problems or (whole,):
                    wrong.setdefault(problem, []).append(defined.campaign.id)
        for problem, campaigns in wrong.items():
            self.note(Found(problem, tuple(campaigns)))
        return tuple(fitting)

    def _read(self, source: ContactsSource, members: tuple[Defined, ...]) -> Iterator[Standing]:
        with ExitStack() as open_things:
            plans = [open_things.enter_context(closing(_Plan(defined.campaign))) for defined in members]
            planners = [self._planner(defined, source.region) for defined in members]
            reader = open_things.enter_context(self._opened(source, members))
            contacts = self._fill(reader, members, planners, plans)
            if not (contacts or self.bad_rows or self.breaks_off):
                self._say_nobody(reader, members)
            for plan in plans:
                plan.withdraw(dict.fromkeys(self.opted_out, "a bad row of the list says so"))
            self._note_rows(reader, members, plans)
            for defined, plan in zip(members, plans, strict=True):
                asks = _CampaignCheck(self.asked, defined, reader, plan, self.note, self.world.clock.now())
                yield asks.run(self.bad_rows)

    def _planner(self, defined: Defined, region: str | None) -> Planner:
        memory = MemorySentLog()
        memory.heed(self.heeded.by(defined, region))
        return Planner(
            campaign=defined.campaign,
            realm=Realm.SANDBOX,
            log=memory,
            now=self.world.clock.now(),
            new_id=self.world.new_id,
        )

    def _fill(
        self,
        reader: ContactsReader,
        members: tuple[Defined, ...],
        planners: Sequence[Planner],
        plans: Sequence[_Plan],
    ) -> int:
        """Decide every contact for every campaign; how many there are."""
        contacts = self._sifted(reader, members)
        rows = 0
        while chunk := list(islice(contacts, _CHUNK)):
            for planner, plan in zip(planners, plans, strict=True):
                planner.fill(plan, chunk)
            rows += len(chunk)
            self.progress(rows)
        return rows

    def _say_nobody(self, reader: ContactsReader, members: tuple[Defined, ...]) -> None:
        hint = "put at least one row below the header"
        problem = Problem(Place(reader.name), Trouble.NO_CONTACTS, "has a header and no contacts", hint)
        self.note(Found(problem, _ids(members)))

    def _sifted(self, reader: ContactsReader, members: tuple[Defined, ...]) -> Iterator[Contact]:
        """The contacts. Bad rows are noted, and a list that breaks off, which counts as far as it goes."""
        stops = any(defined.on_bad_rows is OnBadRows.STOP for defined in members)
        columns = {shown(name): at for at, name in enumerate(reader.columns)}
        phone = columns[shown(reader.mapping[Role.PHONE])]
        rows = iter(reader)
        while row := self._next(rows, reader, members):
            if isinstance(row, Contact):
                yield row
                continue
            self.bad_rows += 1
            if row.opted_out is not None:
                self.opted_out.append(row.opted_out)
            for problem in row.problems:
                cell, number = _cell(row, columns.get(problem.where.path)), _cell(row, phone)
                self.note(Found(problem, _ids(members), stops, number=number, cell=cell))

    def _next(
        self, rows: Iterator[Contact | BadRow], reader: ContactsReader, members: tuple[Defined, ...]
    ) -> Contact | BadRow | None:
        try:
            return next(rows, None)
        except FilesError as wrong:  # bytes that are no text
            self.breaks_off = True
            _note_error(self.note, wrong, Place(reader.name), _ids(members))
            return None

    def _note_rows(
        self, reader: ContactsReader, members: tuple[Defined, ...], plans: Sequence[_Plan]
    ) -> None:
        """Contacts left out that somebody can mend; what several campaigns say of one, once."""
        said = [_mendable(each, plan) for each, plan in zip(_ids(members), plans, strict=True)]
        for _, same in groupby(heapq.merge(*said, key=itemgetter(0)), key=itemgetter(0)):
            together = list(same)
            campaigns, row = tuple(campaign for _, campaign, _ in together), together[0][2]
            path, message, hint = _words(row, listed(campaigns))
            problem = Problem(Place(reader.name, row.line, None, path), row.reason, message, hint)
            self.note(Found(problem, campaigns, name=row.detail, number=row.number.e164))


def _mendable(
    campaign: str, plan: SqlitePlan
) -> Iterator[tuple[tuple[int, SkipReason | HoldReason, str], str, PlannedRow]]:
    """Rows left out that somebody can mend, in the order of the list, with what tells them apart."""
    for row in plan.left_out():
        if row.reason in _MENDABLE:
            yield (row.row, row.reason, row.detail), campaign, row


def _cell(row: BadRow, at: int | None) -> str:
    """What stands in that column; nothing where cells are shifted, so that none is what its column says."""
    has_shifted = any(problem.code == "wrong_cells" for problem in row.problems)
    return "" if at is None or has_shifted or at >= len(row.cells) else row.cells[at]


def _ids(members: Iterable[Defined]) -> tuple[str, ...]:
    return tuple(defined.campaign.id for defined in members)


# --- one campaign ---


@dataclass(frozen=True, slots=True)
class _CampaignCheck:
    """What the rules say of every contact of a campaign, and its limits of all of them."""

    asked: Asked
    defined: Defined
    reader: ContactsReader
    plan: _Plan
    note: Note
    now: datetime

    def run(self, bad_rows: int) -> Standing:
        """How the campaign stands; problems are noted."""
        tally = self.plan.tally(BatchMode.ONE)
        could = tally.to_send + sum(tally.held.values())
        self._check_whole(tally, could)
        self._check_limits(tally, could)
        return Standing(
            campaign=self.defined.campaign.id,
            list_name=self.reader.name,
            rows=tally.contacts + bad_rows,
            bad_rows=bad_rows,
            could_be_texted=could,
            skipped={reason: tally.skipped[reason] for reason in SkipReason if reason in tally.skipped},
        )

    def _say(self, code: str, message: str, hint: str, path: str) -> None:
        place = Place(str(self.asked.file), None, None, path)
        self.note(Found(Problem(place, code, message, hint), (self.defined.campaign.id,)))

    def _check_whole(self, tally: PlanTally, could: int) -> None:
        """What makes it nobody at all."""
        campaign = self.defined.campaign
        key = f"campaigns.{campaign.id}"
        expired = tally.skipped.get(SkipReason.EXPIRED, 0)
        if expired and campaign.expires is not None:
            at = minute(campaign.expires)
            message = (
                f"expired at {at}: nobody is texted any more"
                if campaign.expires <= self.now
                else f"expires at {at}, before {counted(expired, 'contact')} may be texted again"
            )
            self._say(SkipReason.EXPIRED, message, "set a later one, or delete it", f"{key}.expires")
        needs_consent = campaign.consent.level is not ConsentLevel.NONE
        if needs_consent and tally.contacts and Role.CONSENT not in self.reader.mapping:
            message = f"needs consent, and no two columns of {self.reader.name} say its level and its date"
            hint = 'name them: contacts: {file: …, columns: {consent: "…", consent_date: "…"}}'
            self._say(Trouble.NO_CONSENT_COLUMNS, message, hint, key)
        elif tally.contacts and not could and not expired and not _MENDABLE.intersection(tally.skipped):
            reasons = ", ".join(f"{reason.replace('_', ' ')} {n:,}" for reason, n in tally.skipped.items())
            hint = f"smscli preview {self.asked.file} {campaign.id}"
            self._say(Trouble.NOBODY, f"nobody could be texted: {reasons}", hint, key)

    def _check_limits(self, tally: PlanTally, could: int) -> None:
        campaign, key = self.defined.campaign, f"campaigns.{self.defined.campaign.id}.limits"
        most = campaign.limits.max_messages
        if most is not None and could > most:
            message = f"{counted(could, 'message')} would be more than {most:,}"
            hint = "raise it, or send a part with --limit"
            self._say(Trouble.TOO_MANY_MESSAGES, message, hint, f"{key}.max_messages")
        if campaign.limits.max_cost is not None and campaign.rates is not None:
            self._check_cost(tally, campaign.limits.max_cost, campaign.rates, f"{key}.max_cost")

    def _check_cost(self, tally: PlanTally, most: Decimal, rates: Rates, key: str) -> None:
        segments = self.plan.held_segments + Counter(
            {part.country: part.segments for part in tally.by_country}
        )
        prices = {country: rates.of(country) for country in sorted(segments)}
        for country in (country for country, price in prices.items() if price is None):
            message = f"max_cost is set, and there is no rate for {country}"
            self._say(Trouble.NO_RATE, message, "add it, or `default:`, under `rates:`", key)
        cost = sum((price * segments[country] for country, price in prices.items() if price), Decimal(0))
        if cost > most:
            found, allowed = (f"{money(each)} {rates.currency}" for each in (cost, most))
            message = f"all messages would cost {found}, more than {allowed}"
            self._say(Trouble.TOO_DEAR, message, "raise it, or send a part with --limit", key)


#: What may keep a contact from being texted that somebody can mend in a file. That a campaign expired is told
#: once and not of everybody.
_MENDABLE = frozenset(SkipReason) - SETTLED_SKIPS - {SkipReason.EXPIRED}


def _words(row: PlannedRow, campaigns: str) -> tuple[str, str, str]:
    """Column, message and hint for a contact that a rule leaves out."""
    detail = row.detail
    match row.reason:
        case SkipReason.MISSING_FIELD:
            hint = f'fill it in, or write {{{{ {detail} | default("…") }}}} in the text'
            return detail, f"is empty, and a text needs it: {campaigns}", hint
        case SkipReason.NO_TEXT:
            return (
                "language",
                f"there is no text in {detail}: {campaigns}",
                "write one, or say `fallback: true`",
            )
        case SkipReason.TEXT_TOO_LONG:
            hint = "shorten the text, or what this row puts into it"
            return "", f"the text is too long, {detail}: {campaigns}", hint
        case SkipReason.ZONE_UNKNOWN:
            return "", f"where this number is cannot be told: {detail}", "add a column `zone`: Europe/Warsaw"
        case SkipReason.HOLIDAYS_UNKNOWN:
            return "", f"the holidays of {detail} are not known", "write quiet_hours: {holidays: ignore}"
        case _:
            hint = "widen quiet_hours.windows, or add a column `zone`"
            return "", f"the windows are never open in all its time zones: {campaigns}", hint
