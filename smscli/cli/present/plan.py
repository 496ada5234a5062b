"""A plan as text: at a glance at 80 columns, in full from about 120 on.

Figures of cost and time are planned ones, and labelled so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.text import Text

from smscli.cli.present import exclusions
from smscli.cli.present.bubbles import bubbles
from smscli.cli.present.cells import beside, folded
from smscli.cli.present.figures import gateway_words, local
from smscli.cli.present.ledger import ledger
from smscli.cli.present.page import Page
from smscli.cli.present.plan_document import SAMPLES
from smscli.cli.present.plan_rows import cost, languages, messages, people, segments, timing
from smscli.cli.present.text import counted
from smscli.cli.present.wording import wording_text
from smscli.files.csv_records import DELIMITER_WORDS

if TYPE_CHECKING:
    from smscli.cli.planned import Planned
    from smscli.cli.sifting import ReadList

#: Where the text behind a label of the head begins.
_LABEL = 10
_GAP = 4
#: Samples at a glance, two by two, and where only one fits; in full there are as many as the document has.
_PAIRS, _SINGLES = 4, 2
_PAIRED_FROM = 76


def plan_text(planned: Planned, page: Page) -> Iterator[Text]:
    """The plan for people, a line each; nothing is wider than the page but the name of a list."""
    yield from _head(planned, page)
    yield Text()
    yield from _figures(planned, page)
    if planned.texts.has_news:
        yield Text()
        yield from wording_text(planned.texts, page)
    if planned.tally.to_send:
        yield Text()
        yield from _samples(planned, page)


def then_text(planned: Planned) -> Iterator[Text]:
    """Where everybody is held: how to see texts, segments and cost all the same. The command stays whole."""
    if planned.tally.to_send or not planned.tally.held:
        return
    first = min(planned.tally.held_until.values()).astimezone(ZoneInfo(planned.chosen.campaign.zone))
    line = planned.chosen.command("preview", "--at", f"{first:%Y-%m-%dT%H:%M}")
    yield Text()
    yield Text.assemble((f"{'Next':{_LABEL}}", "bold"), f"{line} shows the plan of then")


def _head(planned: Planned, page: Page) -> Iterator[Text]:
    campaign = planned.chosen.campaign
    about = f"{campaign.purpose}, topic {campaign.topic}" if campaign.topic else f"{campaign.purpose}"
    parts = (
        ("Campaign", f"{campaign.id}: {about}"),
        ("Gateway", gateway_words(planned.chosen.profile)),
        *_lists(planned),
        *exclusions.lines(planned.excluded),
        ("Plan of", local(planned.at, campaign.zone)),
    )
    for label, text in parts:
        yield from _labelled(label, page.shown(text), page)


def _lists(planned: Planned) -> Iterator[tuple[str, str]]:
    """Each list with its rows and how it was read."""
    several = len(planned.lists) > 1
    for index, each in enumerate(planned.lists):
        label = "" if index else "Lists" if several else "List"
        yield label, f"{each.name}: {counted(each.rows, 'row')}, {_format(each)}"
    if several:
        yield "", f"together {counted(planned.rows, 'row')}"


def _format(each: ReadList) -> str:
    between = DELIMITER_WORDS.get(each.reader.delimiter)
    if between is not None:
        return f"separated by {between}s"
    return "one column" if len(each.reader.columns) == 1 else "a spreadsheet"


def _labelled(label: str, text: str, page: Page) -> Iterator[Text]:
    """A long text goes on below, behind its label; a path is never broken."""
    for index, line in enumerate(folded(text, page.width - _LABEL, breaks=False)):
        yield Text.assemble((f"{'' if index else label:{_LABEL}}", "bold"), line)


def _figures(planned: Planned, page: Page) -> Iterator[Text]:
    """One below the other; in full, people and time on the left, segments and money on the right."""
    if not planned.tally.to_send:
        yield from ledger([people(planned, page)], page)
    elif page.detail == "glance":
        sections = [people(planned, page), segments(planned, page), cost(planned, page), timing(planned)]
        yield from ledger(sections, page)
    else:
        half = page.narrowed((page.width - _GAP) // 2)
        left = [people(planned, page), languages(planned, page), messages(planned), timing(planned)]
        right = [segments(planned, page), cost(planned, page)]
        yield from beside([ledger(left, half), ledger(right, half)], half.width, _GAP)


def _samples(planned: Planned, page: Page) -> Iterator[Text]:
    few = _PAIRS if page.width >= _PAIRED_FROM else _SINGLES
    shown = planned.plan.samples(SAMPLES if page.detail == "full" else few)
    several = any(message.segments.count > 1 for message in shown)
    cut = f"; {page.glyphs.cut} marks where a segment ends" if several else ""
    count = f"{len(shown)} of {counted(planned.tally.to_send, 'message')}{cut}"
    yield from _labelled("Samples", count, page)
    yield Text()
    yield from bubbles(shown, page)
