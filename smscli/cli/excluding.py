"""Lists of numbers not to text, read into a plan before anybody is decided, and how old they are.

    excluded = exclude(chosen, plan, at, now, progress)   reads every list, or raises with all that is wrong

A list that cannot be read in full would let people through who are on it: so it stops everything, unless the
campaigns file says that what is no number may be left out. Age is no reason to read less of a list: who may
not rely on an old one is the guards' to say (`too_old`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smscli.cli.present.exclusions import age_words
from smscli.cli.present.text import counted
from smscli.domain.errors import FilesError, Place, Problem, Refused
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Plan
from smscli.files.list_source import ContactsSource, ExcludeSource
from smscli.files.number_list import Listed, open_numbers
from smscli.files.reading import files_error, listed

if TYPE_CHECKING:
    from smscli.cli.planned import Chosen, Planned

#: Numbers that go into a plan in one transaction.
_CHUNK = 10_000

#: So many problems of a list are kept to be told; beyond that they are only counted.
_MOST_PROBLEMS = 1_000

_DAY = timedelta(days=1)

#: Today comes to Auckland before it comes to UTC.
_GRACE = _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A list of numbers not to text, as it was read.

    `fetched` is what the campaigns file says (`is_dated`), else the day the file was last written; `age` is
    counted from there, whole days in the first case. `skips_bad_rows`: bad rows were allowed for.
    """

    name: str
    numbers: int
    bad_rows: int
    problems: tuple[Problem, ...]
    fetched: date
    is_dated: bool
    age: timedelta
    max_age: timedelta | None
    skips_bad_rows: bool

    @property
    def is_too_old(self) -> bool:
        """Can it no longer be relied on? A limit of whole days lets the last day pass in full."""
        if self.max_age is None:
            return False
        counts_days = not self.max_age % _DAY
        return (timedelta(days=self.age.days) if counts_days else self.age) > self.max_age

    @property
    def stops(self) -> bool:
        """May nobody be texted on the strength of it, because of its bad rows?"""
        return bool(self.bad_rows) and not (self.skips_bad_rows and self.numbers)


def exclude(
    chosen: Chosen, plan: Plan, at: datetime, now: datetime, progress: Callable[[int], None]
) -> tuple[Excluded, ...]:
    """Read all lists of numbers not to text into the plan. Ages are those of `at`, when people are texted.
    `progress` is told the rows of each list that are read so far.

    Raises FilesError with every problem of every list: missing, empty, dated in the future, standard input,
    one of the lists to text; and bad rows, unless the list is said to skip them.
    """
    zone = ZoneInfo(chosen.campaign.zone)
    problems = list(unusable(chosen.exclude, chosen.sources, chosen.file, now.astimezone(zone)))
    found: list[Excluded] = []
    for each in _once(chosen.exclude) if not problems else ():
        try:
            found.append(read_excluded(each, [plan], at.astimezone(zone), progress))
        except FilesError as wrong:
            if not wrong.problems:
                raise
            problems += wrong.problems
    if problems:
        raise files_error(problems)
    if stopping := [each for each in found if each.stops]:
        raise _bad_rows(stopping, chosen.file)
    return tuple(found)


def unusable(
    lists: Sequence[ExcludeSource], contacts: Sequence[ContactsSource], file: Path, now: datetime
) -> Iterator[Problem]:
    """What is wrong with these lists before any is opened. `file` is the campaigns file that names them."""
    place = Place(str(file), path="exclude")
    for each in lists:
        name = each.source.name
        if each.source.file is None:
            message = "a list of numbers not to text cannot come from standard input: the next run lacks it"
            yield Problem(place, "exclude_from_stdin", message, "write it to a file, and name that")
        elif any(_is_same(each.source.file, source.file) for source in contacts):
            message = f"{name} is also a list to text: nobody on it could be texted"
            hint = "take it out of `exclude`; what the top of the file excludes, every campaign excludes"
            yield Problem(place, "exclude_is_contacts", message, hint)
        elif (each.fetched or each.max_age) and _day_of(each, now) > now.date() + _GRACE:
            said = "`fetched`" if each.fetched else "when it was last written"
            message = f"{name}: {said}, {_day_of(each, now)}, lies in the future"
            hint = "write fetched: and the day it was fetched: year, month, day, such as 2026-11-01"
            yield Problem(place, "future_date", message, hint)


def read_excluded(
    each: ExcludeSource, plans: Sequence[Plan], at: datetime, progress: Callable[[int], None]
) -> Excluded:
    """Read one list into each of the plans. `at` says in its zone when people are to be texted.

    Raises FilesError where the list cannot be read at all; bad rows are counted and told.
    """
    problems: list[Problem] = []
    numbers = bad_rows = 0
    with open_numbers(each.source) as rows:
        found = iter(rows)
        while chunk := list(islice(found, _CHUNK)):
            good = [row.number for row in chunk if isinstance(row, Listed)]
            bad = [row for row in chunk if isinstance(row, Problem)]
            for plan in plans:
                plan.exclude(each.source.name, good)
            numbers, bad_rows = numbers + len(good), bad_rows + len(bad)
            problems += bad[: _MOST_PROBLEMS - len(problems)]
            progress(numbers + bad_rows)
    fetched = _day_of(each, at)
    age = at.date() - fetched if each.fetched else at - _written(each, at)
    return Excluded(
        name=each.source.name,
        numbers=numbers,
        bad_rows=bad_rows,
        problems=tuple(problems),
        fetched=fetched,
        is_dated=each.fetched is not None,
        age=max(age, timedelta()),
        max_age=each.max_age,
        skips_bad_rows=each.skips_bad_rows,
    )


def too_old(excluded: Excluded, file: Path) -> Refused | None:
    """Why a send may not rely on this list, if it may not. `file` is the campaigns file that names it."""
    if not excluded.is_too_old:
        return None
    today = excluded.fetched + excluded.age
    date_it = f"say so in {file}: fetched: {today}" if excluded.is_dated else "replace it"
    return Refused(
        f"{excluded.name}, a list of numbers not to text, was {age_words(excluded)}",
        hint=f"fetch it anew, and {date_it}",
    )


def refuse_listed(planned: Planned, number: Msisdn) -> None:
    """A test text goes to nobody on these lists either. Raises Refused."""
    by = planned.plan.excluded([number]).get(number)
    if by is not None:
        raise Refused(
            f"{number.masked} is on {by}, a list of numbers not to text; a test asks these lists, too",
            hint="try another number",
        )


def _once(lists: Sequence[ExcludeSource]) -> Iterator[ExcludeSource]:
    """A list that both the top of the file and the campaign name is read once."""
    yield from (each for at, each in enumerate(lists) if each not in lists[:at])


def _is_same(one: Path, other: Path | None) -> bool:
    try:
        return other is not None and (one == other or one.samefile(other))
    except OSError:  # whoever reads them says what is wrong
        return False


def _day_of(each: ExcludeSource, now: datetime) -> date:
    """When it was fetched, as far as anybody knows, by the calendar of the zone of `now`."""
    return each.fetched or _written(each, now).date()


def _written(each: ExcludeSource, now: datetime) -> datetime:
    """When the file was last written; of a file that is not there, now: whoever opens it says so."""
    file = each.source.file
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, now.tzinfo) if file else now
    except OSError:
        return now


def _bad_rows(lists: Sequence[Excluded], file: Path) -> FilesError:
    rows = counted(sum(each.bad_rows for each in lists), "bad row")
    names = listed(each.name for each in lists)
    hint = f"mend them, or write on_bad_rows: skip for that list in {file}: then they exclude nobody"
    if any(each.skips_bad_rows for each in lists):
        hint = "no number can be read in a list whose bad rows may be skipped: is it the right file?"
    return FilesError(
        f"{rows} in {names}, which says whom not to text; nobody is texted",
        hint=hint,
        problems=[problem for each in lists for problem in each.problems],
    )
