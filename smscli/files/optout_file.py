"""Lists of people who opted out: plain text, or a table with a phone column.

A lost opt-out is the worst loss there is: a line that cannot be read is a problem, and problems stop whoever
does not expressly keep what is good. Knows topics; how a number is read is `number_list.py`'s to know, and
sent logs, which hold opt-outs of their own, are another room's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from smscli.domain.errors import FilesError, Problem
from smscli.domain.msisdn import Msisdn
from smscli.files.contact_columns import IGNORE, Role, looks_like_opt_out
from smscli.files.csv_records import cleaned
from smscli.files.list_source import ContactsSource
from smscli.files.number_list import NumberList, open_numbers
from smscli.files.reading import files_error, fold, has_control, listed

_EVERYTHING = frozenset({"all", "any", "everything", "*"})

TOPIC_NAMES = frozenset({"topic", "topics"})

_KEY = "opt_outs"
_AS_IT_SHOULD_BE = "such a list has a number a line, or is CSV in UTF-8 with one column called phone"


@dataclass(frozen=True, slots=True)
class ListedOptOut:
    """A wish not to be texted: about one topic, or (`""`) about everything. `line` is where it stands."""

    number: Msisdn
    topic: str
    line: int


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
    columns = [at for at, name in enumerate(numbers.columns) if fold(name) in TOPIC_NAMES]
    if len(columns) > 1:
        named = listed(numbers.columns[at] for at in columns)
        message = f"more than one column could be the topic: {named}"
        yield numbers.problem(numbers.header_line, "two_columns", message)
    for found in numbers:
        if isinstance(found, Problem):
            needs_country = found.code == "number_needs_country"
            yield replace(found, hint="start it with + and the country code") if needs_country else found
            continue
        topics = tuple(_topics(cleaned(found.cells[columns[0]]) if columns else ""))
        if any(map(has_control, topics)):
            yield numbers.problem(found.line, "control_character", "the topic holds a control character")
        else:
            yield from (ListedOptOut(found.number, topic, found.line) for topic in topics)


def _topics(text: str) -> Iterator[str]:
    """The topics of a cell; none means everything, and so do the words for it."""
    named = [topic for part in text.replace(";", ",").split(",") if (topic := part.strip().lower())]
    yield from [""] if _EVERYTHING.intersection(named) else named or [""]
