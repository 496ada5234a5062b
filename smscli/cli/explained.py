"""`preview --explain`: one contact's story, put together from the plan, its cases and the sent log."""

from __future__ import annotations

from datetime import datetime

from smscli.cli.planned import Planned, Watched
from smscli.cli.present.story import Story
from smscli.cli.present.text import counted, inert
from smscli.domain.decision import Skip, SkipReason
from smscli.domain.errors import UsageError
from smscli.domain.explaining import Finding, decided, explain, with_later_rows
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import LogFilter, LoggedMessage, OptOut, SentLog
from smscli.domain.rules import Case
from smscli.sentlog.plan import DecidedRow


def story_of(planned: Planned, watched: Watched, log: SentLog | None) -> Story:
    """What became of this number, and why. Raises UsageError for one that no row of the list has."""
    rows = planned.plan.decided_of(watched.number)
    if not rows and not watched.rows:
        raise _unlisted(planned, watched.number)
    case = planned.findings.watched
    return Story(
        planned=planned,
        number=watched.number,
        rows=rows,
        bad_rows=tuple(watched.rows),
        case=case,
        findings=_findings(case, rows[0]) if case else (),
        earlier=None if log is None else _earlier(planned, watched.number, log),
        opt_outs=() if log is None else _opt_outs(watched.number, log, planned.at),
    )


def _findings(case: Case, row: DecidedRow) -> tuple[Finding, ...]:
    """Of the first row of the number: it is the one that counts."""
    findings = explain(case)
    is_withdrawn = row.reason is SkipReason.OPTED_OUT and not isinstance(decided(findings), Skip)
    findings = with_later_rows(findings, case.contact, row.detail if is_withdrawn else "")
    answer = decided(findings)
    assert row.reason == (answer.reason if answer else None), "explained is what was planned"
    return findings


def _earlier(planned: Planned, number: Msisdn, log: SentLog) -> LoggedMessage | None:
    """This campaign's message to the number, as it stands in the log."""
    campaign, realm = planned.chosen.campaign.id, planned.chosen.profile.realm
    found = log.messages(LogFilter(campaign_id=campaign, realm=realm, number=number.e164))
    return next(iter(found), None)


def _opt_outs(number: Msisdn, log: SentLog, at: datetime) -> tuple[OptOut, ...]:
    found = (wish for wish in log.opt_outs() if wish.number == number)
    return tuple(wish for wish in found if wish.until is None or wish.until > at)


def _unlisted(planned: Planned, number: Msisdn) -> UsageError:
    rows = counted(planned.rows, "row")
    unread = f"; {counted(planned.bad.count, 'bad row')} may hide it" if planned.bad.count else ""
    return UsageError(
        f"--explain: {number.masked} stands in none of the {rows} of {inert(planned.list_name)}{unread}",
        hint="check the digits (similar numbers are not guessed), or name another list: --contacts FILE",
    )
