"""What the wording rules say of texts, and what `encoding` made of them: for people and as JSON.

A finding that comes in several languages is told once. Numbers in what is shown around a finding are masked:
it may stand in a mail of cron. Knows layout; which texts were read is `reading_texts.py`'s to know.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from smscli.cli.present.cells import clusters, folded
from smscli.cli.present.page import Page
from smscli.cli.present.text import counted
from smscli.domain.campaign import Severity
from smscli.domain.respelling import changes

if TYPE_CHECKING:
    from smscli.cli.reading_texts import ReadTexts, Specimen, TextFinding
    from smscli.domain.wording import Finding

#: Where the text behind a label begins, and where what belongs to a finding does.
_LABEL = 10
_INDENT = 4
_NEVER_NARROWER = 20

#: Characters around a finding.
_AROUND = 24
#: So many warnings are told, and places of each finding shown; the JSON document has all.
_WARNINGS = {"glance": 6, "full": 20}
_PLACES = {"glance": 2, "full": 6}

_NUMBER = re.compile(r"(?<![\w.])\+?\d(?:[ ().-]{0,2}\d){7,14}(?!\w)")
_FROM_THE_RIGHT = frozenset({"R", "AL", "AN"})
_STYLES = {Severity.REFUSE: "bold red", Severity.WARN: "bold yellow"}
_MEANINGS = {Severity.REFUSE: "refuse", Severity.WARN: "warn"}


# --- findings ---


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The words around a finding; `start` and `end` of what is meant count characters in `text`."""

    text: str
    start: int
    end: int


def excerpt(body: str, start: int, end: int, page: Page = Page()) -> Excerpt | None:  # noqa: B008  frozen
    """A line of the text around a place in it, numbers masked; None for a finding about the whole text."""
    if end <= start:
        return None
    bullet, ellipsis = "•" if page.can_print("•") else "*", page.glyphs.ellipsis
    line = _NUMBER.sub(lambda number: _masked(number[0], bullet), re.sub(r"\s", " ", body))
    first, last = max(0, start - _AROUND), min(len(line), end + _AROUND)
    if first:
        first = line.find(" ", first, start) + 1 or first
    if last < len(line):
        behind = line.rfind(" ", end, last)
        last = behind if behind > 0 else last
    before, after = ellipsis if first else "", ellipsis if last < len(line) else ""
    return Excerpt(
        f"{before}{line[first:last]}{after}", start - first + len(before), end - first + len(before)
    )


def _masked(number: str, bullet: str) -> str:
    """As long as before, so that places in the text stay where they are."""
    return number[:3] + re.sub(r"\d", bullet, number[3:])


@dataclass(slots=True)
class _Group:
    """One finding in all the languages it comes in."""

    finding: Finding
    members: list[TextFinding] = field(default_factory=list)

    @property
    def languages(self) -> str:
        return ", ".join(dict.fromkeys(each.language for each in self.members))

    @property
    def saves(self) -> int:
        return max(each.finding.saves for each in self.members)


def _groups(findings: Iterable[TextFinding]) -> list[_Group]:
    """Those that a send refuses for first, else in the order of the rules."""
    groups: dict[tuple[object, ...], _Group] = {}
    for each in findings:
        finding = each.finding
        key = (finding.rule, finding.severity, finding.message, finding.suggestion)
        groups.setdefault(key, _Group(finding)).members.append(each)
    return sorted(groups.values(), key=lambda group: group.finding.severity is not Severity.REFUSE)


def wording_text(read: ReadTexts, page: Page, of: str = "") -> Iterator[Text]:
    """What was found, a line each, with the places; then what `encoding` changed. Empty where nothing was."""
    if read.findings:
        yield from _headed("Wording", f"{of}{_counts(read)}", page)
        yield from _findings(read, page)
    if read.respelled:
        if read.findings:
            yield Text()
        yield from _headed("Encoding", f"{of}{_spelled_in(read)}", page)
        for specimen in read.respelled:
            yield from _respelled(specimen, page)


def _headed(label: str, words: str, page: Page) -> Iterator[Text]:
    for index, line in enumerate(folded(page.shown(words), page.width - _LABEL)):
        yield Text.assemble((f"{'' if index else label:{_LABEL}}", "bold"), line)


def _counts(read: ReadTexts) -> str:
    groups = _groups(read.findings)
    refused = sum(group.finding.severity is Severity.REFUSE for group in groups)
    words = counted(len(groups), "finding")
    return f"{words}; a send would be refused for {refused}" if refused else words


def _findings(read: ReadTexts, page: Page) -> Iterator[Text]:
    groups = _groups(read.findings)
    warnings = [group for group in groups if group.finding.severity is not Severity.REFUSE]
    shown = groups[: len(groups) - len(warnings) + _WARNINGS[page.detail]]
    for group in shown:
        yield from _group(group, page)
    if len(shown) < len(groups):
        yield Text(f"  and {len(groups) - len(shown)} more, see --json")


def _group(group: _Group, page: Page) -> Iterator[Text]:
    finding = group.finding
    severity = f"  {_MEANINGS[finding.severity]:<6}  "
    words = f"{finding.rule} ({group.languages}): {finding.message}"
    indent = " " * len(severity)
    for index, line in enumerate(_lines(words, page, len(severity))):
        yield Text.assemble((severity, _STYLES[finding.severity]), line) if not index else Text(indent + line)
    for each in _places(group, page):
        yield from _place(each, page, indent)
    saves = f" (saves {counted(group.saves, 'segment')})" if group.saves else ""
    if finding.suggestion or saves:
        for line in _lines(f"{finding.suggestion}{saves}".strip(), page, len(indent)):
            yield Text(indent + line)


def _lines(words: str, page: Page, indent: int) -> Iterator[str]:
    yield from folded(page.shown(words), max(_NEVER_NARROWER, page.width - indent))


def _places(group: _Group, page: Page) -> Sequence[Excerpt]:
    found = (excerpt(each.body, each.finding.start, each.finding.end, page) for each in group.members)
    return [each for each in found if each is not None][: _PLACES[page.detail]]


def _place(there: Excerpt, page: Page, indent: str) -> Iterator[Text]:
    """The words, and below them carets; none where letters run from the right, or where they do not fit."""
    spans = [(there.start, there.end)]
    for line, carets in _marked(there.text, spans, page, page.width - len(indent) - 2):
        yield Text(f"{indent}  {line}")
        if carets:
            yield Text(f"{indent}  {carets}", "yellow")


# --- what encoding changed ---


def _spelled_in(read: ReadTexts) -> str:
    languages = ", ".join(specimen.language for specimen in read.respelled)
    return f"{read.spelling} changes texts in {languages}; - as written, + as sent"


def _respelled(specimen: Specimen, page: Page) -> Iterator[Text]:
    written, sent = specimen.written, specimen.sent
    yield Text(f"  {specimen.language}: {segments_words(written.segments.count, sent.segments.count)}")
    yield from diff(written.body, sent.body, page)


def segments_words(before: int, after: int) -> str:
    """`2 segments instead of 4 in this text`."""
    if before == after:
        return f"{counted(after, 'segment')} as before in this text"
    return f"{counted(after, 'segment')} instead of {before} in this text"


def diff(before: str, after: str, page: Page) -> Iterator[Text]:
    """Both spellings, the changed characters marked below each."""
    moved = changes(before, after)
    olds = [(change.start, change.end) for change in moved]
    news = [(change.new_start, change.new_end) for change in moved]
    width = max(_NEVER_NARROWER, page.width - _INDENT - 2)
    for sign, style, body, spans in (("-", "red", before, olds), ("+", "green", after, news)):
        lead = sign
        for line, carets in _marked(body, spans, page, width):
            yield Text.assemble(" " * _INDENT, (lead, style), f" {line}")
            if carets:
                yield Text(f"{'':{_INDENT + 2}}{carets}", style)
            lead = " "


@dataclass(frozen=True, slots=True)
class _Atom:
    shown: str
    cells: int
    marked: bool


def _marked(body: str, spans: Sequence[tuple[int, int]], page: Page, width: int) -> Iterator[tuple[str, str]]:
    """Lines of at most `width` cells, each with carets below what lies in the spans."""
    turns = any(unicodedata.bidirectional(each) in _FROM_THE_RIGHT for each in body)
    for row in _rows(list(_atoms(body, spans, page)), width):
        line = "".join(atom.shown for atom in row)
        carets = "".join(("^" if atom.marked else " ") * atom.cells for atom in row).rstrip()
        edge = page.glyphs.left_to_right if turns else ""
        yield edge + line.rstrip() + edge, "" if turns else carets


def _atoms(body: str, spans: Sequence[tuple[int, int]], page: Page) -> Iterator[_Atom]:
    end = 0
    for start, stop in (*spans, (len(body), len(body))):
        for piece, marked in ((body[end:start], False), (body[start:stop], True)):
            for cluster in clusters(page.shown(piece)):
                yield _Atom(cluster, cell_len(cluster), marked)
        end = stop


def _rows(atoms: Sequence[_Atom], width: int) -> Iterator[Sequence[_Atom]]:
    """Broken behind a space where there is one."""
    row: list[_Atom] = []
    for atom in atoms:
        if sum(each.cells for each in row) + atom.cells > width:
            spaces = [at for at, each in enumerate(row) if each.shown == " "]
            broken = spaces[-1] + 1 if spaces else len(row)
            yield row[:broken]
            row = row[broken:]
        row.append(atom)
    if row:
        yield row


# --- JSON ---


def wording_documents(read: ReadTexts) -> list[dict[str, object]]:
    """Every finding. `start` and `end` count characters in the whole text, of which `excerpt` is a part."""
    return [_document(each) for each in read.findings]


def _document(each: TextFinding) -> dict[str, object]:
    finding = each.finding
    around = excerpt(each.body, finding.start, finding.end)
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "language": each.language,
        "start": finding.start,
        "end": finding.end,
        "excerpt": "" if around is None else around.text,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "saves": finding.saves,
    }


def respelled_documents(read: ReadTexts) -> list[dict[str, object]]:
    """One text of each language that `encoding` changed."""
    return [
        {
            "language": each.language,
            "written": each.written.body,
            "sent": each.sent.body,
            "segments_as_written": each.written.segments.count,
            "segments": each.sent.segments.count,
        }
        for each in read.respelled
    ]
