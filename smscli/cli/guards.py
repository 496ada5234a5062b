"""What must be true before anything is sent. Each guard returns, or raises with the next step."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from smscli.cli.confirm import shown
from smscli.cli.excluding import too_old
from smscli.cli.plan_options import MOST_PEOPLE
from smscli.cli.planned import Planned
from smscli.cli.present.figures import money
from smscli.cli.present.text import counted, minute
from smscli.domain.decision import SkipReason
from smscli.domain.errors import Refused, RunStopped, SentLogMissing, UsageError
from smscli.domain.message import Realm
from smscli.domain.ports import SentLog

_CLOCK_TOLERANCE = timedelta(minutes=2)


def has_folder(path: Path) -> None:
    """A sent log is made where it is said to be, but no folder is made for it."""
    try:
        is_there = path.absolute().parent.is_dir()
    except OSError:  # it may not be looked at: opening the log says what is wrong
        return
    if not is_there:
        raise SentLogMissing(
            f"the folder of the sent log, {path.absolute().parent}, does not exist",
            hint="is the path right, and its disk mounted? If it is to be new:"
            f" mkdir -p {shlex.quote(str(path.absolute().parent))}",
        )


def known_log(path: Path, has_live_messages: bool, realm: Realm, *, attended: bool, first_run: bool) -> None:
    """A live send that nobody watches, against a log that knows nobody, is most likely the wrong log."""
    if realm is not Realm.LIVE:
        return
    if first_run and has_live_messages:
        raise Refused(
            f"{path} holds live messages already, so this is no first run",
            hint="leave out --first-run: it is for one run only and must not stay in a crontab",
        )
    if not (has_live_messages or attended or first_run):
        found = (
            f"{path} holds no live message" if path.exists() else f"there is no sent log at {path.absolute()}"
        )
        raise SentLogMissing(
            f"{found}: everybody would be new to it",
            hint=f"is it the right log?{_other_logs(path)} If this really is the first send,"
            " add --first-run once",
        )


def rehearsing(realm: Realm, *, dry_run: bool) -> None:
    """`--fresh` forgets a rehearsal, and nothing that reached a person; a dry run forgets nothing."""
    if dry_run:
        raise UsageError(
            "--fresh forgets the rehearsal first, and --dry-run changes nothing",
            hint="leave out one of them",
        )
    if realm is not Realm.SANDBOX:
        raise UsageError(
            "--fresh empties the sandbox only, and this campaign would be sent for real",
            hint="leave it out, or add --gateway sandbox",
        )


def right_clock(log: SentLog, now: datetime) -> None:
    """A log whose newest event lies in the future means that a clock went back."""
    newest = log.newest_at()
    if newest is not None and newest - now > _CLOCK_TOLERANCE:
        raise RunStopped(
            f"the newest event of the sent log is of {minute(newest)}, but it is {minute(now)} here",
            hint="type date -u to see which is wrong, and set the clock: quiet hours and frequency caps"
            " go by it",
        )


def not_closed(log: SentLog, realm: Realm, campaign_id: str) -> None:
    """A campaign that was pruned stays closed: the log no longer knows who was texted under its id."""
    if refusal := refused_closed(log, realm, campaign_id):
        raise refusal


def refused_closed(log: SentLog | None, realm: Realm, campaign_id: str) -> Refused | None:
    """The refusal, if the campaign was pruned in this realm."""
    closed_at = log.is_closed(realm, campaign_id) if log is not None else None
    if closed_at is None:
        return None
    return Refused(
        f"campaign {campaign_id} was pruned on {closed_at:%Y-%m-%d}: whom it texted is forgotten",
        hint="a new message is a new campaign id",
    )


def same_texts(log: SentLog, planned_digest: str, realm: Realm, campaign_id: str, *, changed: bool) -> None:
    """A campaign's people get the same words, unless the operator says that the text changed."""
    before = log.texts_digest(realm, campaign_id)
    if before in (None, planned_digest) or changed:
        return
    raise Refused(
        f"the texts of {campaign_id} changed since it was last sent",
        hint="add --text-changed if the rest shall get the new texts, or put the old ones back;"
        " a new campaign id would text everybody again",
    )


def within_limits(planned: Planned) -> None:
    """`max_age` of lists not to text, wording, and `max_segments`, `max_messages` and `max_cost`.

    Raises the first refusal.
    """
    for refusal in refused_limits(planned):
        raise refusal


def refused_limits(planned: Planned) -> Iterator[Refused]:
    """Every limit of the campaigns file that this plan is over, and what the wording rules refuse."""
    chosen, tally, forecast = planned.chosen, planned.tally, planned.forecast
    yield from filter(None, (too_old(each, chosen.file) for each in planned.excluded))
    yield from refused_wording(planned)
    limits = chosen.campaign.limits
    too_long = tally.skipped.get(SkipReason.TEXT_TOO_LONG, 0)
    if limits.max_segments is not None and too_long:
        yield Refused(
            f"{counted(too_long, 'text')} would need more than {counted(limits.max_segments, 'segment')}",
            hint=f"shorten the text ({chosen.command('preview')} shows what makes it long), or raise"
            " limits.max_segments",
        )
    if limits.max_messages is not None and tally.to_send > limits.max_messages:
        yield Refused(
            f"{counted(tally.to_send, 'message')} are more than limits.max_messages, {limits.max_messages:,}",
            hint=f"send a part: --limit {limits.max_messages}, or raise limits.max_messages",
        )
    if limits.max_cost is None or not tally.to_send:
        return
    if forecast.unpriced:
        yield Refused(
            f"limits.max_cost is set, but there is no rate for {', '.join(forecast.unpriced)}",
            hint=f"add {forecast.unpriced[0]}: 0.08 (what a segment costs there) to `rates` in {chosen.file},"
            " or default: 0.08 for all others",
        )
    if forecast.cost > limits.max_cost:
        yield Refused(
            f"the planned cost, {money(forecast.cost)} {forecast.currency}, is over limits.max_cost,"
            f" {money(limits.max_cost)}",
            hint="send a part with --limit, or raise limits.max_cost",
        )


def refused_wording(planned: Planned) -> Iterator[Refused]:
    """What wording rules have against texts of this plan, all of it in one refusal."""
    refused = planned.texts.refused()
    if not refused:
        return
    found = "; ".join(
        f"{rule} in {', '.join(dict.fromkeys(each.language for each in members))}"
        for rule, members in refused.items()
    )
    allowed = ", ".join(f"{rule}: warn" for rule in refused)
    yield Refused(
        f"{'a wording rule refuses' if len(refused) == 1 else 'wording rules refuse'} the text: {found}",
        hint=f"{planned.chosen.command('preview')} shows where, and what to write; to send it all the same,"
        f" write wording: {{{allowed}}} into {planned.chosen.file}",
    )


def expected(planned: Planned, expect: int | None) -> None:
    """`--expect N` refuses any other count."""
    if expect is not None and planned.tally.to_send != expect:
        said = f"{expect:,}" if expect <= MOST_PEOPLE else "more than any list has"
        raise Refused(
            f"{planned.tally.to_send:,} would be sent, but --expect says {said}",
            hint=f"{planned.chosen.command('preview')} shows who is skipped or held, and why",
        )


def confirmed(planned: Planned, answer: str) -> None:
    """The operator typed the number of recipients, and nothing else."""
    typed = answer.strip().replace(",", "").replace(" ", "")
    if typed != str(planned.tally.to_send):
        raise Refused(
            f"not confirmed: found {shown(answer)}, needed {planned.tally.to_send}; nothing was sent",
            hint=f"run it again and type {planned.tally.to_send}",
        )


def may_ask(planned: Planned, *, attended: bool) -> None:
    """Without a terminal nobody can confirm."""
    if not attended:
        line = planned.chosen.command("send", "--yes", "--expect", str(planned.tally.to_send))
        raise Refused(
            "not confirmed: there is no terminal to ask at; nothing was sent",
            hint=f"type: {line}; --expect refuses any other count, leave it out where lists change",
        )


def _other_logs(path: Path) -> str:
    """Sent logs beside a path that holds none: the likeliest ones to be meant."""
    folder = path.absolute().parent
    others = sorted(each.name for each in folder.glob("*.db") if each.name != path.name)
    return f" In that folder: {', '.join(others[:5])}." if others else ""
