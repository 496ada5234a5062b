"""Lists of people who opted out: plain text, or CSV with a phone column.

A lost opt-out is the worst loss there is: a line that cannot be read is a problem, and problems stop whoever
does not expressly keep what is good. Knows nothing of sent logs, which hold opt-outs of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smscli.domain.errors import Place, Problem
from smscli.domain.msisdn import BadNumber, Msisdn, parse
from smscli.files.contact_columns import (
    Role,
    layout_of,
    looks_like_opt_out,
    names_of,
    recognise,
)
from smscli.files.csv_records import CANDIDATES, Lines, Record, cleaned, records, split_line
from smscli.files.list_source import ContactsSource
from smscli.files.reading import file_problem, files_error, fold, has_control, inert, listed, open_file

TOPIC_NAMES = frozenset({"topic", "topics"})


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
    with open_file(path) as stream:
        lines = Lines(stream, str(path))
        first = _first_line(lines)
        reader = _Reader(str(path), region)
        (reader.read_csv if _is_header(first) else reader.read_plain)(lines)
        if not lines.number:
            raise file_problem(
                path, "empty_file", "is empty", "was it cut off? A list has a number in each line"
            )
        return OptOutList(tuple(reader.wishes), tuple(reader.problems), reader.asks)


def _first_line(lines: Lines) -> str:
    """The first line that says something; all lines are given back."""
    found = next((text for line in lines if (text := _without_comment(line))), "")
    lines.give_back(keep=0)
    return found


def _without_comment(line: str) -> str:
    return cleaned(line.partition("#")[0])


def _is_header(line: str) -> bool:
    cells = (fold(cell) for delimiter in CANDIDATES for cell in split_line(line, delimiter))
    return any(cell in names_of(Role.PHONE) for cell in cells)


class _Reader:
    """Collects wishes and problems of one file."""

    def __init__(self, name: str, region: str | None) -> None:
        self._name = name
        self._region = region
        self.wishes: list[ListedOptOut] = []
        self.problems: list[Problem] = []
        self.asks: tuple[str, ...] = ()

    def read_plain(self, lines: Lines) -> None:
        """A number in each line; `#` begins a comment."""
        for line in lines:
            lines.taken.clear()
            text = _without_comment(line)
            if text:
                self._add(lines.number, text, ("",))

    def read_csv(self, lines: Lines) -> None:
        """A header with a phone column, and perhaps a topic column."""
        source = ContactsSource(Path(self._name), columns={Role.OPT_OUT: "ignore"})
        delimiter = recognise(source, lines)
        rows = records(lines, delimiter or ",")
        header = next(rows)
        layout = layout_of(source, header, frozenset())
        self.asks = tuple(name for name in layout.columns if looks_like_opt_out(name))
        topics = [index for index, name in enumerate(layout.columns) if fold(name) in TOPIC_NAMES]
        if len(topics) > 1:
            named = listed(layout.columns[index] for index in topics)
            self._complain(header.line, "two_columns", f"more than one column could be the topic: {named}")
        for record in rows:
            if self._is_whole(record, len(layout.columns)):
                phone = cleaned(record.cells[layout.roles[Role.PHONE]])
                wanted = cleaned(record.cells[topics[0]]) if topics else ""
                self._add(record.line, phone, tuple(_topics(wanted)))

    def _is_whole(self, record: Record, needed: int) -> bool:
        if record.broken:
            self._complain(record.line, "broken_row", record.broken)
        elif record.behind is not None:
            message = f"stands behind a quote that line {record.behind} opens and does not close"
            self._complain(record.line, "uncertain_row", message)
        elif len(record.cells) != needed:
            self._complain(
                record.line, "wrong_cells", f"has {len(record.cells)} cells, the header has {needed}"
            )
        else:
            return True
        return False

    def _add(self, line: int, text: str, topics: tuple[str, ...]) -> None:
        try:
            number = parse(text, self._region)
        except BadNumber as bad:
            hint = "start it with + and the country code" if bad.code == "number_needs_country" else bad.hint
            self._complain(line, bad.code, bad.message, hint)
            return
        if any(map(has_control, topics)):
            self._complain(line, "control_character", "the topic holds a control character")
            return
        self.wishes += (ListedOptOut(number, topic, line) for topic in topics)

    def _complain(self, line: int, code: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(Place(self._name, line), code, inert(message, 300), inert(hint, 300)))


def _topics(text: str) -> Iterator[str]:
    """The topics of a cell; none means everything."""
    named = [topic for part in text.replace(";", ",").split(",") if (topic := part.strip().lower())]
    yield from named or [""]
