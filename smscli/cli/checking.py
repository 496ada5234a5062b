"""Looks at everything that a campaigns file names, and finds all that is wrong with it at once.

Campaigns file, gateway profiles and the variables they need, lists of people not to text, contact lists, and
what the rules say of every contact. Asks no network and holds no gateway; a campaign's own sent log is asked
for consent records alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smscli.cli.agreed import LogOfConsents
from smscli.cli.checking_campaigns import (
    CampaignCheck,
    CheckPlan,
    Note,
    Standing,
    keywords_without_campaigns,
    objections,
)
from smscli.cli.checking_lists import (
    CheckedList,
    Deciding,
    Offer,
    Pipes,
    Reading,
    Reads,
    note_empty,
    problems_of,
    way_of_reading,
    with_lists_in_common,
)
from smscli.cli.checking_rows import ProblemFiles
from smscli.cli.excluding import read_excluded, unusable
from smscli.cli.gateway_given import gateway_given
from smscli.cli.planned import campaign_named, given_list
from smscli.cli.present.exclusions import age_words
from smscli.cli.reading_texts import read_texts
from smscli.cli.tasks import Found, Trouble, Weight
from smscli.domain.errors import FilesError, Place, Problem, SentLogError, SmscliError
from smscli.domain.message import Realm
from smscli.domain.ports import OptOut
from smscli.domain.profile import GatewayProfile
from smscli.engine.planning import Planner
from smscli.files.campaign_file import CampaignsFile, Defined, examine_campaigns
from smscli.files.contacts_file import ContactsSource, Role
from smscli.files.list_source import ExcludeSource
from smscli.files.optout_file import examine_opt_outs
from smscli.files.profile_file import load_profile, resolve_secrets
from smscli.files.reading import listed
from smscli.files.tree import Node
from smscli.sentlog.consents import ConsentReader
from smscli.sentlog.opening import is_sent_log
from smscli.sentlog.sqlite import opt_outs_of

if TYPE_CHECKING:
    from smscli.cli.wiring import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says about what to look at, and where the rows to mend go."""

    file: Path
    campaign: str | None = None
    contacts: str | None = None
    gateway: str | None = None
    problems: Path | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """How each campaign stands, guesses about lists, and files of rows to mend with how many rows each."""

    standings: tuple[Standing, ...] = ()
    offers: tuple[Offer, ...] = ()
    written: tuple[tuple[Path, int], ...] = ()


def check(world: World, asked: Asked, note: Note, progress: Callable[[int], None]) -> Checked:
    """Look at everything; `note` is told of every problem, `progress` of the rows read so far.

    Raises UsageError for a campaign that the file does not have, and for a file of problems that would
    replace another.
    """
    try:
        campaigns, problems = examine_campaigns(asked.file)
    except FilesError as wrong:
        _note_error(note, wrong, Place(str(asked.file)))
        return Checked()
    for problem in problems:
        note(Found(problem))
    for found in () if problems else keywords_without_campaigns(campaigns):
        note(found)
    chosen = _chosen(campaigns, asked, is_whole=not problems)
    named = None if asked.gateway is None else gateway_given(asked.gateway, campaigns.gateways, asked.file)
    with ExitStack() as open_things:
        readings = tuple(Reads(defined, _sources(defined, asked)) for defined in chosen)
        files = None if asked.problems is None else _problem_files(asked, asked.problems, readings)
        if files is not None:
            open_things.enter_context(closing(files))
        _check_gateways(world, asked, chosen, named, note)
        pipes = Pipes(world.stdin, open_things)
        reading = Reading(
            pipes, world.clock.now(), note, _keep_nothing if files is None else files.keep, progress
        )
        checks = _CampaignsCheck(
            world,
            asked,
            reading,
            _Heeded(reading.now, note),
            _Excluding(asked.file, readings, reading.now, note, progress),
        )
        standings = {standing.campaign: standing for standing in checks.run(readings)}
        written = () if files is None else tuple(files.write(pipes))
    in_order = tuple(standings[each.campaign] for each in readings)
    return Checked(in_order, tuple(reading.offers), written)


def _chosen(campaigns: CampaignsFile, asked: Asked, *, is_whole: bool) -> tuple[Defined, ...]:
    if asked.campaign is None:
        return tuple(campaigns.campaigns.values())
    if asked.campaign not in campaigns.campaigns and not is_whole:
        return ()  # it may be one of those that could not be read
    return (campaign_named(campaigns, asked.file, asked.campaign),)


def _sources(defined: Defined, asked: Asked) -> tuple[ContactsSource, ...]:
    """The lists of a campaign: that of the command line, else its own."""
    return defined.contacts if asked.contacts is None else (given_list(asked.contacts, defined.contacts),)


def _problem_files(asked: Asked, path: Path, readings: Sequence[Reads]) -> ProblemFiles | None:
    """Where the rows to mend go; None where there is no list."""
    sources = tuple(source for each in readings for source in each.sources)
    excluded = (each.source for reads in readings for each in reads.defined.exclude)
    lists = [source.file for source in (*sources, *excluded) if source.file]
    read = (asked.file, *lists, *(each for reads in readings for each in reads.defined.opt_outs))
    logs = {reads.defined.sent_log for reads in readings}
    return ProblemFiles(path, sources, read, logs) if sources else None


def _note_error(
    note: Note, error: SmscliError, place: Place, campaigns: Iterable[str] = (), code: str = "wrong_value"
) -> None:
    for problem in problems_of(error, place, code):
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


# --- people not to text ---


class _Heeded:
    """The opt-outs of other lists and sent logs; each is read once."""

    def __init__(self, at: datetime, note: Note) -> None:
        self._at = at
        self._note = note
        self._read: dict[tuple[Path, str | None], tuple[OptOut, ...]] = {}

    def by(self, reads: Reads) -> Iterator[OptOut]:
        """All that a campaign has to heed besides its own sent log."""
        defined = reads.defined
        region = next((source.region for source in reads.sources if source.region), None)
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


@dataclass(frozen=True, slots=True)
class _Excluding:
    """Lists of numbers not to text, read into the plans of those who exclude them; each is told of once."""

    file: Path
    campaigns: Sequence[Reads]
    now: datetime
    note: Note
    progress: Callable[[int], None]
    told: list[ExcludeSource] = field(default_factory=list)

    def fill(self, plans: Sequence[tuple[Reads, CheckPlan]]) -> None:
        """Read the lists of these campaigns into their plans."""
        users: list[tuple[ExcludeSource, list[tuple[Reads, CheckPlan]]]] = []
        for reads, plan in plans:
            for source in reads.defined.exclude:
                known = next((members for each, members in users if each == source), None)
                if known is None:
                    users.append((source, known := []))
                if (reads, plan) not in known:
                    known.append((reads, plan))
        for source, members in users:
            self._read(source, members)

    def _read(self, excluded: ExcludeSource, members: Sequence[tuple[Reads, CheckPlan]]) -> None:
        plans = self._usable_for(excluded, members)
        if not plans:
            return
        note: Note = _say_nothing if excluded in self.told else self.note
        self.told.append(excluded)
        campaigns = tuple(each.campaign for each in self.campaigns if excluded in each.defined.exclude)
        try:
            found = read_excluded(excluded, plans, self._now_for(members[0][0]), self.progress)
        except FilesError as wrong:
            _note_error(note, wrong, Place(excluded.source.name), campaigns)
            return
        for problem in found.problems:
            note(Found(problem, campaigns, Weight.STOPS if found.stops else Weight.LEFT_OUT))
        if found.is_too_old:
            place, message = Place(excluded.source.name), f"is too old to be relied on: {age_words(found)}"
            hint = "fetch it anew; where the campaigns file says `fetched`, change that too"
            note(Found(Problem(place, Trouble.EXCLUDED_TOO_OLD, message, hint), campaigns))

    def _usable_for(
        self, excluded: ExcludeSource, members: Sequence[tuple[Reads, CheckPlan]]
    ) -> list[CheckPlan]:
        """The plans of those who may exclude it; what keeps the others from it is told."""
        usable, wrong = list[CheckPlan](), dict[Problem, list[str]]()
        for reads, plan in members:
            problems = tuple(unusable([excluded], reads.sources, self.file, self._now_for(reads)))
            usable += () if problems else (plan,)
            for problem in problems:
                wrong.setdefault(problem, []).append(reads.campaign)
        for problem, campaigns in wrong.items():
            self.note(Found(problem, tuple(campaigns)))
        return usable

    def _now_for(self, reads: Reads) -> datetime:
        return self.now.astimezone(ZoneInfo(reads.defined.campaign.zone))


def _say_nothing(_: Found) -> None:
    """What was told before is not told again."""


# --- lists, and what comes of them for each campaign ---


@dataclass(frozen=True, slots=True)
class _CampaignsCheck:
    """Reads all contact lists and decides all campaigns; those that have lists in common in one go."""

    world: World
    asked: Asked
    reading: Reading
    heeded: _Heeded
    excluding: _Excluding

    def run(self, campaigns: Sequence[Reads]) -> Iterator[Standing]:
        """How each campaign stands."""
        for together in with_lists_in_common(campaigns):
            with ExitStack() as plans:
                yield from self._together(together, plans)

    def _together(self, together: Sequence[Reads], open_things: ExitStack) -> Iterator[Standing]:
        lists = self.reading.lists_of(together)
        deciding = [self._deciding(each, lists, open_things) for each in together]
        self.excluding.fill([(each.reads, each.plan) for each in deciding])
        self.reading.read_all(deciding)
        note_empty(self.reading.note, lists.values(), deciding)
        for each in deciding:
            yield self._with_texts(each, self._standing(each))

    def _deciding(
        self, reads: Reads, lists: Mapping[Hashable, CheckedList], open_things: ExitStack
    ) -> Deciding:
        own = [lists.get(way_of_reading(source)) for source in reads.sources]
        read = tuple(each for each in own if each is not None and reads in each.members)
        plan = open_things.enter_context(closing(CheckPlan(reads.defined.campaign)))
        log = LogOfConsents(_consents(reads.defined.sent_log, open_things))
        log.heed(self.heeded.by(reads))
        planner = Planner(
            campaign=reads.defined.campaign,
            realm=Realm.SANDBOX,
            log=log,
            now=self.reading.now,
            new_id=self.world.new_id,
        )
        return Deciding(reads, read, planner, log, plan, deque(read))

    def _standing(self, each: Deciding) -> Standing:
        sources, campaign = each.reads.sources, each.reads.defined.campaign
        read = {way_of_reading(checked.source) for checked in each.lists}
        names = tuple(dict.fromkeys(source.name for source in sources))
        unread = tuple(source.name for source in sources if way_of_reading(source) not in read)
        if unread or not sources:
            is_keyboard = any(map(self.reading.is_keyboard, sources))
            return Standing(campaign=campaign.id, lists=names, unread=unread, is_not_piped_in=is_keyboard)
        once = dict.fromkeys(each.lists)
        checked = CampaignCheck(
            file=self.asked.file,
            campaign=campaign,
            lists=names,
            without_consent=tuple(
                one.source.name for one in once if one.contacts and Role.CONSENT not in one.roles
            ),
            has_records=each.log.has_records,
            plan=each.plan,
            now=self.reading.now,
        )
        standing, found = checked.standing(sum(one.bad_rows for one in each.lists))
        for problem in found:
            self.reading.note(problem)
        return standing

    def _with_texts(self, each: Deciding, standing: Standing) -> Standing:
        """The texts are read whether or not a list could be."""
        campaign = each.reads.defined.campaign
        texts = read_texts(campaign, each.plan.specimens, every=True)
        for problem in objections(self.asked.file, campaign, texts):
            self.reading.note(problem)
        return replace(standing, texts=texts)


def _consents(sent_log: Path, open_things: ExitStack) -> ConsentReader | None:
    """The consent records of this log. One that is missing or cannot be read is for a send to refuse."""
    try:
        return open_things.enter_context(closing(ConsentReader(sent_log)))
    except SentLogError:
        return None


def _keep_nothing(_: CheckedList) -> Callable[[Iterable[Found]], None]:
    return lambda _: None
