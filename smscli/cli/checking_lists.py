"""The contact lists in a check: who reads which, and what is wrong in them. Each is read once for all.

Knows which campaign reads what, and rows as contacts or problems. Does not know what a task is called, and
writes nothing for anybody to find.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

from smscli.cli.agreed import LogOfConsents
from smscli.cli.checking_campaigns import CheckPlan, Note, complaint
from smscli.cli.own_opt_outs import not_read, own_opt_outs
from smscli.cli.tasks import Found, Trouble, Weight
from smscli.domain.contact import Contact
from smscli.domain.decision import SkipReason
from smscli.domain.errors import FilesError, Place, Problem, SentLogError, SmscliError
from smscli.domain.msisdn import Msisdn
from smscli.engine.planning import Planner
from smscli.files.campaign_file import Defined, OnBadRows
from smscli.files.column_guess import offered
from smscli.files.contacts_file import BadRow, ContactsReader, ContactsSource, open_contacts
from smscli.files.reading import open_file

#: Rows that are decided in one go, for each campaign of their list.
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Reads:
    """A campaign and the lists that it is checked with."""

    defined: Defined
    sources: tuple[ContactsSource, ...]

    @property
    def campaign(self) -> str:
        """The id of the campaign."""
        return self.defined.campaign.id


def way_of_reading(source: ContactsSource) -> Hashable:
    """What is the same for lists that are the same file, read in the same way: whatever key they have."""
    values = (getattr(source, each.name) for each in fields(source))
    return tuple(tuple(sorted(each.items())) if isinstance(each, Mapping) else each for each in values)


def with_lists_in_common(campaigns: Iterable[Reads]) -> tuple[tuple[Reads, ...], ...]:
    """Campaigns that share a list, directly or through others, together: they are decided in one go."""
    groups: list[tuple[set[Hashable], list[Reads]]] = []
    for each in campaigns:
        ways, members, apart = set(map(way_of_reading, each.sources)), [each], []
        for group in groups:
            if group[0].isdisjoint(ways):
                apart.append(group)
            else:
                ways, members = ways | group[0], group[1] + members
        groups = [*apart, (ways, members)]
    return tuple(tuple(members) for _, members in groups)


@dataclass(frozen=True, slots=True)
class Pipes:
    """What can be read only once (standard input, a pipe that has a name), as files to be read again.

    They are unlinked from the start: nothing of them outlives the program.
    """

    stdin: TextIO
    open_things: ExitStack
    copies: dict[Path | None, BinaryIO] = field(default_factory=dict)

    def copy_of(self, file: Path | None) -> BinaryIO | None:
        """From its beginning; None for a file that can be opened as often as one likes."""
        if file not in self.copies:
            if file is not None and not file.is_fifo():
                return None
            with open_file(file) if file else nullcontext(_bytes_of(self.stdin)) as stream:
                if stream is None:
                    return None
                with room_needed():
                    copy = self.open_things.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
                    shutil.copyfileobj(stream, copy)
                    copy.flush()
            self.copies[file] = copy
        self.copies[file].seek(0)
        return self.copies[file]


@contextmanager
def room_needed() -> Iterator[None]:
    """For what is kept in the temporary folder to be read again. Raises SentLogError, as a plan does."""
    try:
        yield
    except OSError as trouble:
        reason = trouble.strerror or trouble
        raise SentLogError(
            f"what has to be read twice cannot be kept in the temporary folder: {reason}",
            hint="make room there, or set TMPDIR to a folder with room; nothing was changed",
        ) from trouble


def _bytes_of(stdin: TextIO) -> BinaryIO | None:
    """None for a stream of a test that has only text."""
    return getattr(stdin, "buffer", None)


@dataclass(slots=True, eq=False)
class CheckedList:
    """One list, read in one way, with the campaigns that read it so and whose texts find their columns.

    `columns`, `delimiter` and `roles` are empty until its header is read.
    """

    source: ContactsSource
    members: list[Reads] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    roles: frozenset[str] = frozenset()
    is_read: bool = False
    breaks_off: bool = False
    contacts: int = 0
    bad_rows: int = 0
    opted_out: list[Msisdn] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Is there a header, and nothing below it?"""
        return self.is_read and not (self.contacts or self.bad_rows or self.breaks_off)

    @property
    def stops(self) -> bool:
        """Does a bad row stop somebody?"""
        return any(each.defined.on_bad_rows is OnBadRows.STOP for each in self.members)

    def campaigns(self) -> tuple[str, ...]:
        """Who reads it."""
        return tuple(each.campaign for each in self.members)


@dataclass(slots=True, eq=False)
class Deciding:
    """A campaign whose lists are being read: those that still wait, in its own order, and its plan so far."""

    reads: Reads
    lists: tuple[CheckedList, ...]
    planner: Planner
    log: LogOfConsents
    plan: CheckPlan
    waiting: deque[CheckedList]


@dataclass(frozen=True, slots=True)
class Offer:
    """A guess how a list is to be read that does not say it. Nothing acts on it.

    `line` is for the campaigns file; its comment says what the guess rests on.
    """

    list_name: str
    campaigns: tuple[str, ...]
    line: str


#: Asked at the beginning of a pass over a list; what it answers is told of the problems of its rows, in the
#: order of the rows, those of contacts that are left out among them.
Keep = Callable[[CheckedList], Callable[[Iterable[Found]], None]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How lists are opened and who is told of what is in them."""

    pipes: Pipes
    now: datetime
    note: Note
    keep: Keep
    progress: Callable[[int], None]
    offers: list[Offer] = field(default_factory=list)

    def is_keyboard(self, source: ContactsSource) -> bool:
        """Should the list come from standard input, and nobody pipes one in?"""
        return source.file is None and self.pipes.stdin.isatty()

    @contextmanager
    def opened(self, source: ContactsSource, members: Iterable[Reads]) -> Iterator[ContactsReader]:
        """The list, with the columns that the texts of these campaigns want."""
        texts = [text for each in members for text in each.defined.campaign.texts.values()]
        wanted = frozenset[str]().union(*(text.fields for text in texts))
        copy = self.pipes.copy_of(source.file)
        today = self.now.date()
        with open_contacts(source, wanted, copy, today=today, is_copy=copy is not None) as reader:
            yield reader

    def lists_of(self, campaigns: Sequence[Reads]) -> dict[Hashable, CheckedList]:
        """Their lists by the way they are read, with the campaigns whose texts find their columns."""
        lists: dict[Hashable, CheckedList] = {}
        for each in campaigns:
            for source in (one for one in each.sources if not self.is_keyboard(one)):
                found = lists.setdefault(way_of_reading(source), CheckedList(source))
                if each not in found.members:
                    found.members.append(each)
        for checked in lists.values():
            checked.members = self._fitting(checked)
        return lists

    def _fitting(self, checked: CheckedList) -> list[Reads]:
        """The campaigns whose texts find their columns; what is wrong with the header, once."""
        wrong: dict[Problem, list[str]] = {}
        if self._fits(checked, checked.members, {}):
            return checked.members
        fitting = [each for each in checked.members if self._fits(checked, [each], wrong)]
        for problem, campaigns in wrong.items():
            self.note(Found(problem, tuple(campaigns)))
        self._offer(checked.source, [each.campaign for each in checked.members if each not in fitting])
        return fitting

    def _offer(self, source: ContactsSource, campaigns: Sequence[str]) -> None:
        copy = self.pipes.copy_of(source.file)
        if line := offered(source, copy, is_copy=copy is not None):
            self.offers.append(Offer(source.name, tuple(campaigns), line))

    def _fits(self, checked: CheckedList, members: Sequence[Reads], wrong: dict[Problem, list[str]]) -> bool:
        try:
            with self.opened(checked.source, members) as reader:
                checked.columns, checked.delimiter = tuple(reader.columns), reader.delimiter
                checked.roles = frozenset(reader.mapping)
        except FilesError as error:
            for problem in problems_of(error, Place(checked.source.name), "unreadable"):
                wrong.setdefault(problem, []).extend(each.campaign for each in members)
            return False
        return True

    def read_all(self, deciding: Sequence[Deciding]) -> None:
        """Fill all plans: each campaign gets its lists in its own order, each list is read once where that
        can be (two campaigns with the same two lists in opposite orders leave no such order)."""
        rows = 0
        while due := _next_list(deciding):
            takers = [each for each in deciding if each.waiting and each.waiting[0] is due]
            rows += self._read(due, takers, rows)
            for each in takers:
                each.waiting.popleft()
        for each in deciding:
            opted_out = [number for checked in each.lists for number in checked.opted_out]
            each.plan.withdraw(dict.fromkeys(opted_out, "a bad row of the list says so"))
            each.plan.withdraw(self._own_opt_outs(each.reads))

    def _own_opt_outs(self, reads: Reads) -> Mapping[Msisdn, str]:
        """What lists of the campaign say in whose place another is checked."""
        others = not_read(reads.defined.contacts, reads.sources)
        try:
            return own_opt_outs(others, reads.defined.campaign.topic, self.now.date())
        except FilesError as wrong:
            for problem in wrong.problems:
                self.note(Found(problem, (reads.campaign,)))
            return {}

    def _read(self, checked: CheckedList, takers: Sequence[Deciding], before: int) -> int:
        """One pass over a list; how many rows it has. What is in its rows is told the first time only."""
        is_first, checked.is_read = not checked.is_read, True
        keep, done = self.keep(checked), 0
        with self.opened(checked.source, checked.members) as reader:
            rows = self._rows(reader, checked, is_first)
            while chunk := list(islice(rows, _CHUNK)):
                contacts = [row for row in chunk if isinstance(row, Contact)]
                for each in takers:
                    each.planner.fill(each.plan, contacts)
                found = [*_complaints(checked, takers), *(_told(checked, chunk) if is_first else ())]
                found.sort(key=lambda each: each.problem.where.line or 0)
                for each_found in found:
                    self.note(each_found)
                keep(found)
                done += len(chunk)
                self.progress(before + done)
        return done

    def _rows(
        self, reader: ContactsReader, checked: CheckedList, is_first: bool
    ) -> Iterator[Contact | BadRow]:
        """All rows; a list that breaks off counts as far as it goes."""
        try:
            yield from reader
        except FilesError as wrong:  # bytes that are no text
            checked.breaks_off = True
            if is_first:
                for problem in problems_of(wrong, Place(reader.name)):
                    self.note(Found(problem, checked.campaigns()))


def _next_list(deciding: Sequence[Deciding]) -> CheckedList | None:
    """A list that is next for all who still wait for it; else any that is next for somebody."""
    waiting = [each.waiting for each in deciding if each.waiting]
    heads = list(dict.fromkeys(each[0] for each in waiting))
    for head in heads:
        if all(each[0] is head or head not in each for each in waiting):
            return head
    return heads[0] if heads else None


def _complaints(checked: CheckedList, takers: Sequence[Deciding]) -> Iterator[Found]:
    """Contacts left out that somebody can mend; what several campaigns say of one, once."""
    said: dict[tuple[int, SkipReason, str], list[str]] = {}
    for each in takers:
        for skip in each.plan.taken_complaints():
            key = (skip.contact.line, skip.reason, skip.detail)
            said.setdefault(key, []).append(each.reads.campaign)
    for (line, reason, detail), campaigns in said.items():
        yield complaint(checked.source.name, line, reason, detail, campaigns)


def _told(checked: CheckedList, rows: Iterable[Contact | BadRow]) -> Iterator[Found]:
    """The problems of bad rows and the repairs of good ones; both are counted."""
    campaigns = checked.campaigns()
    bad = Weight.STOPS if checked.stops else Weight.LEFT_OUT
    for row in rows:
        if isinstance(row, Contact):
            checked.contacts += 1
            for repair in row.repairs:
                yield Found(repair, campaigns, Weight.LOOK_AT)
            continue
        checked.bad_rows += 1
        checked.opted_out.extend(row.opted_out)
        for problem in row.problems:
            yield Found(problem, campaigns, bad)


def problems_of(error: SmscliError, place: Place, code: str = "wrong_value") -> Sequence[Problem]:
    """What an error that stopped the look at something is about."""
    problems: Sequence[Problem] = getattr(error, "problems", ())
    return problems or (Problem(place, code, error.message, error.hint),)


def note_empty(note: Note, lists: Iterable[CheckedList], deciding: Sequence[Deciding]) -> None:
    """Lists without a contact. One of several keeps nobody from being texted, and is to be looked at."""
    hint = "put at least one row below the header"
    for checked in (each for each in lists if each.is_empty):
        readers = [each for each in deciding if checked in each.lists]
        alone = [each for each in readers if all(one.is_empty for one in each.lists)]
        weight = Weight.STOPS if alone else Weight.LOOK_AT
        problem = Problem(
            Place(checked.source.name), Trouble.NO_CONTACTS, "has a header and no contacts", hint
        )
        note(Found(problem, tuple(each.reads.campaign for each in alone or readers), weight))
