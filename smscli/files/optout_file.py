"""Lists of people who opted out: plain text, or a table with a phone column.

A lost opt-out is the worst loss there is: a line that cannot be read is a problem, and problems stop whoever
does not expressly keep what is good. Knows topics; how a number is read is `number_list.py`'s to know, and
sent logs, which hold opt-outs of their own, are another room's. A column `until` says until when somebody
does not want texts: an empty cell means for good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from smscli.domain.errors import FilesError, Problem
from smscli.domain.msisdn import Msisdn
from smscli.files.careful_times import latest
from smscli.files.contact_columns import IGNORE, Role, looks_like_opt_out
from smscli.files.csv_records import cleaned
from smscli.files.list_source import ContactsSource
from smscli.files.located import Wrong
from smscli.files.number_list import Listed, NumberList, open_numbers
from smscli.files.reading import files_error, fold, has_control, listed

_EVERYTHING = frozenset({"all", "any", "everything", "*"})

TOPIC_NAMES = frozenset({"topic", "topics"})

#: What columns may say of a wish, and what they are called.
_COLUMNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "topic": TOPIC_NAMES,
        "until": frozenset({"until"}),
        "sender": frozenset({"sender"}),
        "words": frozenset({"words"}),
    }
)

_KEY = "opt_outs"
_AS_IT_SHOULD_BE = "such a list has a number a line, or is CSV in UTF-8 with one column called phone"


@dataclass(frozen=True, slots=True)
class ListedOptOut:
    """A wish not to be texted: about one topic, or (`""`) about everything. `line` is where it stands.

    `until` (aware UTC) is the latest that the list can mean, None: for good, or the list does not say.
    `sender` is our number or sender ID that it was said to, `words` what the person wrote.
    """

    number: Msisdn
    topic: str
    line: int
    until: datetime | None = None
    sender: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class OptOutList:
    """What a list says, and which of its lines could not be read.

    `asks` are columns that say of each row whether it is a wish at all (`unsubscribed`). They are not read.
    """

    wishes: tuple[ListedOptOut, ...]
    problems: tuple[Problem, ...]
    asks: tuple[str, ...] = ()


def read_opt_outs(path: Path, region: str | None = None) -> tuple[ListedOptOut, ...]:
    """The opt-outs of a list; numbers without a country code are `region`'s.

    Raises FilesError with every line that cannot be read.
    """
    found = examine_opt_outs(path, region)
    if found.problems:
        raise files_error(found.problems)
    return found.wishes


def examine_opt_outs(path: Path, region: str | None = None) -> OptOutList:
    """The same with the bad lines as values. Raises FilesError only where the file itself cannot be read."""
    source = ContactsSource(path, region=region, key=_KEY)
    try:
        return _examined(source)
    except FilesError as wrong:
        if {problem.code for problem in wrong.problems} != {"region_column"}:
            raise
        # A column called region may hold states, and nothing can say so here.
        return _examined(replace(source, columns={Role.REGION: IGNORE}))


def _examined(source: ContactsSource) -> OptOutList:
    wishes: list[ListedOptOut] = []
    problems: list[Problem] = []
    try:
        with open_numbers(source) as numbers:
            for found in _wishes(numbers):
                if isinstance(found, Problem):
                    problems.append(found)
                else:
                    wishes.append(found)
            asks = tuple(name for name in numbers.columns if looks_like_opt_out(name))
    except FilesError as wrong:
        raise files_error([_without_keys(problem) for problem in wrong.problems]) from wrong
    return OptOutList(tuple(wishes), tuple(problems), asks)


def _without_keys(problem: Problem) -> Problem:
    """The campaigns file can say how to read a contact list; of this one it can only say where it is."""
    needs_key = f"{_KEY}: {{" in problem.hint
    return replace(problem, hint=_AS_IT_SHOULD_BE) if needs_key else problem


def _wishes(numbers: NumberList) -> Iterator[ListedOptOut | Problem]:
    columns: dict[str, int] = {}
    for what, names in _COLUMNS.items():
        found_at = [at for at, name in enumerate(numbers.columns) if fold(name) in names]
        if len(found_at) > 1:
            named = listed(numbers.columns[at] for at in found_at)
            message = f"more than one column could be the {what}: {named}"
            yield numbers.problem(numbers.header_line, "two_columns", message)
        if found_at:
            columns[what] = found_at[0]
    for found in numbers:
        if isinstance(found, Problem):
            needs_country = found.code == "number_needs_country"
            yield replace(found, hint="start it with + and the country code") if needs_country else found
        else:
            yield from _of_row(numbers, found, {what: found.cells[at] for what, at in columns.items()})


def _of_row(numbers: NumberList, found: Listed, cells: Mapping[str, str]) -> Iterator[ListedOptOut | Problem]:
    said = {what: cleaned(cell) for what, cell in cells.items()}
    damaged = next((what for what, text in said.items() if has_control(text, allowed=_allowed(what))), None)
    if damaged is not None:
        yield numbers.problem(found.line, "control_character", f"the {damaged} holds a control character")
        return
    try:
        until = _until(said.get("until", ""))
    except Wrong as wrong:
        yield numbers.problem(found.line, wrong.code, f"until: {wrong.message}", wrong.hint)
        return
    rest = (found.line, until, said.get("sender", ""), said.get("words", ""))
    yield from (ListedOptOut(found.number, topic, *rest) for topic in _topics(said.get("topic", "")))


def _allowed(what: str) -> str:
    """What a person wrote may have several lines."""
    return "\n\t" if what == "words" else ""


@lru_cache  # most end on a few days
def _until(text: str) -> datetime | None:
    return latest(text) if text else None


def _topics(text: str) -> Iterator[str]:
    """The topics of a cell; none means everything, and so do the words for it."""
    named = [topic for part in text.replace(";", ",").split(",") if (topic := part.strip().lower())]
    yield from [""] if _EVERYTHING.intersection(named) else named or [""]
