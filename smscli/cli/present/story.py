"""One contact's story as text and as JSON: its rows, every rule with the facts it looked at, and the end.

Knows words, not rules: what was looked at comes from `domain/explaining.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text as Styled

from smscli.cli.present.bubbles import bubbles
from smscli.cli.present.cells import folded
from smscli.cli.present.documents import problem_documents
from smscli.cli.present.figures import gateway_words, local, words
from smscli.cli.present.page import Page
from smscli.cli.present.rule_facts import facts_document, facts_words, some
from smscli.cli.present.text import counted
from smscli.domain.decision import Hold, HoldReason, Skip, SkipReason
from smscli.domain.errors import Problem
from smscli.domain.explaining import Finding, Verdict
from smscli.domain.message import Message
from smscli.domain.rules import HORIZON, Case, Text
from smscli.domain.zones import zone_named, zones_of
from smscli.sentlog.plan import DecidedRow, Fate

if TYPE_CHECKING:
    from smscli.cli.planned import Planned
    from smscli.cli.result import Block
    from smscli.domain.msisdn import Msisdn
    from smscli.domain.ports import LoggedMessage, OptOut
    from smscli.files.contacts_file import BadRow

#: Where the text behind a label begins, and that behind the name of a rule.
_LABEL = 10
_FACTS = 25
#: So many rows with the number are told; the JSON document has all.
_ROWS = 10

#: The rules as people call what is asked: a rule is named after its answer, and "no consent: ok" reads wrong.
ASKED: Mapping[str, str] = {
    "opted_out": "opt-out",
    "excluded": "exclude",
    "no_consent": "consent",
    "duplicate": "duplicate",
    "already_sent": "already sent",
    "in_doubt": "in doubt",
    "rejected_before": "rejected",
    "same_text": "same text",
    "country_not_allowed": "country",
    "missing_text": "text",
    "text_too_long": "length",
    "hours_unknown": "time zone",
    "expired": "expiry",
    "quiet_hours": "quiet hours",
    "frequency_cap": "frequency cap",
    "later_rows": "later rows",
}

#: What the operator can do about it, a line each.
TO_DO: Mapping[SkipReason | HoldReason, str] = {
    SkipReason.OPTED_OUT: "Nothing: respect it. Only this person's own word lifts it (smscli optout remove).",
    SkipReason.EXCLUDED: "Nothing: a list under `exclude` has this number.",
    SkipReason.NO_CONSENT: "Ask for consent by other means, and record it: smscli consent add NUMBER.",
    SkipReason.DUPLICATE: "Nothing: an earlier row of the list has this number.",
    SkipReason.ALREADY_SENT: "Nothing: it was sent. A new message is a new campaign id.",
    SkipReason.IN_DOUBT: "Find out at the gateway whether it was taken, and record it: smscli resolve.",
    SkipReason.REJECTED_BEFORE: "Mend what the gateway rejected, then add --again rejected.",
    SkipReason.SAME_TEXT: "If the same words are meant once more: --again same-text.",
    SkipReason.COUNTRY_NOT_ALLOWED: "If it may be texted: add its country to `countries`.",
    SkipReason.MISSING_FIELD: 'Fill the cell, or give the text a default: {{ field | default("...") }}.',
    SkipReason.NO_TEXT: "Add a text in this language, or say `fallback: true`.",
    SkipReason.TEXT_TOO_LONG: "Shorten the text or the cell it takes, or raise limits.max_segments.",
    SkipReason.ZONE_UNKNOWN: "Give the list a zone column, such as Europe/Warsaw.",
    SkipReason.HOLIDAYS_UNKNOWN: "Say `holidays: ignore` under quiet_hours, if that is right there.",
    SkipReason.NEVER_OPEN: "Widen the windows of quiet_hours, or give the list a zone column.",
    SkipReason.EXPIRED: "Give the campaign a later `expires`, if the text is still true then.",
    SkipReason.CAPPED: "Nothing: the frequency cap has no room before the campaign expires.",
    HoldReason.QUIET_HOURS: "Run the same command again then, by hand or by cron.",
    HoldReason.FREQUENCY_CAP: "Run the same command again then, by hand or by cron.",
}

_TO_DO_OTHERWISE: Mapping[Fate, str] = {
    Fate.SEND: "Nothing: smscli send takes it from here.",
    Fate.LATER: "Nothing: the next run takes those beyond --limit, or raise it.",
    Fate.PROBLEM: "Mend the row; --problems FILE writes out all that need it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One number in one plan. `rows` are its contacts in list order: the first counts.

    `case` and `findings` are those of that row; None and empty where only bad rows have the number.
    `earlier` is this campaign's message to it in the sent log, `opt_outs` what stands on the log's list.
    """

    planned: Planned
    number: Msisdn
    rows: tuple[DecidedRow, ...]
    bad_rows: tuple[BadRow, ...]
    case: Case | None
    findings: tuple[Finding, ...]
    earlier: LoggedMessage | None
    opt_outs: tuple[OptOut, ...]

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone the number may be in."""
        return self.case.zones if self.case else zones_of(self.number)

    @property
    def repairs(self) -> tuple[Problem, ...]:
        """Cells of the row that counts which were mended to be read."""
        return self.case.contact.repairs if self.case else ()

    @property
    def fate(self) -> Fate:
        """What the plan has in mind with this number."""
        return self.rows[0].fate if self.rows else Fate.PROBLEM

    @property
    def to_do(self) -> str:
        """What the operator can do about it."""
        reason = self.rows[0].reason if self.rows else None
        return TO_DO[reason] if reason else _TO_DO_OTHERWISE[self.fate]

    @property
    def moment(self) -> datetime | None:
        """Until when it is held, or until when it may be sent; None where nothing ends that."""
        if not self.rows:
            return None
        message = self.rows[0].message
        if message is None:
            return self.rows[0].until
        # Without hours and expiry the deadline only says how long a plan is good, which nobody needs to heed.
        is_horizon = message.deadline >= self.planned.at + HORIZON
        is_endless = self.planned.chosen.campaign.quiet_hours is None and is_horizon
        return None if is_endless else message.deadline

    @property
    def message(self) -> Message | None:
        """What this person would read, sent now or not; None where there is no text."""
        text, campaign = self.case.text if self.case else None, self.planned.chosen.campaign
        if not isinstance(text, Text):
            return None
        return Message(
            id="",
            campaign_id=campaign.id,
            to=self.number,
            sender=campaign.senders.of(self.number.country),
            body=text.body,
            segments=text.segments,
            deadline=self.moment or self.planned.at,
            language=text.language,
        )

    @property
    def zone(self) -> str:
        """In which times are shown."""
        return self.planned.chosen.campaign.zone


# --- as text -------------------------------------------------------------------------------------


def story_text(story: Story, page: Page) -> Iterator[Block]:
    """The story for people, as wide as the page."""
    yield from _folded(_head(story), _LABEL, page)
    if story.findings:
        yield ""
        yield from _rules(story, page)
    yield ""
    yield from _folded(_end(story), _LABEL, page)
    if (message := story.message) is not None:
        yield ""
        yield "Text" if story.fate is Fate.SEND else "Text, were it sent now"
        yield from bubbles([message], page)


#: The rule that decided stands out, those behind it stand back.
_STYLES = {Verdict.PASSED: "", Verdict.DECIDED: "bold", Verdict.NOT_ASKED: "dim"}


def _rules(story: Story, page: Page) -> Iterator[Styled]:
    is_decided = False
    for finding in story.findings:
        if finding.verdict is Verdict.NOT_ASKED and not is_decided:
            is_decided = True
            yield Styled("  That decides. The rest is not asked any more; this is what it would find:", "dim")
        for line in _folded([_told(finding, story)], _FACTS, page):
            yield Styled(line, _STYLES[finding.verdict])


def _folded(lines: Iterable[str], indent: int, page: Page) -> Iterator[str]:
    """What stands behind the label goes on below itself; every value passes here and is made inert."""
    for line in map(page.shown, lines):
        label = line[:indent]
        for piece in folded(line[indent:], page.width - indent):
            yield f"{label}{piece}"
            label = " " * indent


def _head(story: Story) -> Iterator[str]:
    planned, chosen = story.planned, story.planned.chosen
    total = counted(planned.rows, "row")
    yield f"Number    {story.number.masked}, {story.number.country}: {some(story.zones) or 'no time zone'}"
    yield f"{'List' if len(planned.lists) == 1 else 'Lists':<10}{planned.list_name}: {total}"
    for row in story.rows[:_ROWS]:
        yield f"          {planned.place(row.of_list, row.line)}: {_row_words(row)}"
    if len(story.rows) > _ROWS:
        yield f"          and {counted(len(story.rows) - _ROWS, 'row')} more with this number"
    for repair in story.repairs:
        yield f"Repaired  {repair.where.path}: {repair.message}"
    for bad in story.bad_rows[:_ROWS]:
        told = "; ".join(f"{each.where.path}: {each.message}" for each in bad.problems)
        yield f"          {planned.place(bad.of_list, bad.line)}: bad row: {told}"
    through = gateway_words(chosen.profile)
    yield f"Campaign  {chosen.campaign.id}: {chosen.campaign.purpose}, through {through}"
    yield f"Plan of   {local(planned.at, story.zone)}"


def _told(finding: Finding, story: Story) -> str:
    mark = {Verdict.PASSED: "ok", Verdict.NOT_ASKED: "-", Verdict.DECIDED: _kind(finding.answer)}
    is_idle = finding.verdict is Verdict.NOT_ASKED
    would = f" (would {_kind(finding.answer)} too)" if is_idle and finding.answer else ""
    facts = facts_words(finding, story)
    return f"  {mark[finding.verdict]:<6}{ASKED[finding.rule]:<15}  {facts}{would}"


def _kind(answer: Skip | Hold | None) -> str:
    return "hold" if isinstance(answer, Hold) else "skip"


def _end(story: Story) -> Iterator[str]:
    yield f"Decision  {_decision(story)}"
    if story.moment is not None and (there := _there(story.moment, story.zones)):
        if there != local(story.moment, story.zone):
            yield f"          there: {there}"
    yield f"To do     {story.to_do}"


def _decision(story: Story) -> str:
    if not story.rows:
        return "problem: no row with this number is a contact"
    when = "at any hour" if story.moment is None else f"until {local(story.moment, story.zone)}"
    told = {
        Fate.SEND: f"to send; may be submitted {when}",
        Fate.LATER: f"later: beyond --limit; could be submitted {when}",
        Fate.HOLD: f"{_row_words(story.rows[0])} {when}",
    }
    return told.get(story.fate) or _row_words(story.rows[0])


def _row_words(row: DecidedRow) -> str:
    """`skipped: no consent (none on record)`."""
    fate = {Fate.SEND: "to send", Fate.LATER: "later", Fate.SKIP: "skipped", Fate.HOLD: "held"}[row.fate]
    because = f": {words(row.reason)}" if row.reason else ""
    return f"{fate}{because}{f' ({row.detail})' if row.detail else ''}"


def _there(moment: datetime, zones: Iterable[str]) -> str:
    """The moment by the recipient's clock; zones that show the same are told once."""
    clocks: dict[str, str] = {}
    for name in zones:
        zone = zone_named(name)
        if zone is not None:
            clocks.setdefault(f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}", name)
    return some([f"{clock} {name}" for clock, name in clocks.items()])


# --- as JSON -------------------------------------------------------------------------------------


def story_document(story: Story) -> dict[str, object]:
    """The `explain` key: the number masked, times in UTC; null where there is nothing to say."""
    row = story.rows[0] if story.rows else None
    message = story.message
    return {
        "number": story.number.masked,
        "country": story.number.country,
        "zones": story.zones,
        "rows": [_row_document(each, story) for each in story.rows],
        "bad_rows": [
            _place(bad, story) | {"problems": problem_documents(bad.problems)} for bad in story.bad_rows
        ],
        "repairs": problem_documents(story.repairs),
        "rules": [_finding_document(finding) for finding in story.findings],
        "earlier": _earlier_document(story.earlier) if story.earlier else None,
        "decision": story.fate,
        "reason": row.reason if row else None,
        "detail": row.detail if row else "",
        "until": row.until if row else None,
        "deadline": row.message.deadline if row and row.message else None,
        "to_do": story.to_do,
        "language": message.language if message else None,
        "sender": message.sender if message else None,
        "encoding": message.segments.encoding if message else None,
        "units": message.segments.units if message else None,
        "segments": message.segments.count if message else None,
        "text": message.body if message else None,
    }


def _place(row: DecidedRow | BadRow, story: Story) -> dict[str, object]:
    return {"row": row.row, **story.planned.place_document(row.of_list, row.row, row.line)}


def _row_document(row: DecidedRow, story: Story) -> dict[str, object]:
    return {
        **_place(row, story),
        "decision": row.fate,
        "reason": row.reason,
        "detail": row.detail,
        "until": row.until,
    }


def _finding_document(finding: Finding) -> dict[str, object]:
    """`answer` is what the rule said; of one that was not asked, what it would say."""
    answer = finding.answer
    return {
        "rule": finding.rule,
        "verdict": finding.verdict,
        "answer": None
        if answer is None
        else {
            "decision": _kind(answer),
            "reason": answer.reason,
            "detail": answer.detail,
            "until": answer.until if isinstance(answer, Hold) else None,
        },
        "facts": facts_document(finding.facts),
    }


def _earlier_document(message: LoggedMessage) -> dict[str, object]:
    return {
        "id": message.id,
        "state": message.state,
        "claimed_at": message.claimed_at,
        "at": message.at,
        "code": message.code,
        "detail": message.detail,
    }
