"""What must be true before anything is sent. Each guard returns, or raises with the next step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from smscli.cli.planned import Planned
from smscli.cli.present.plan import money
from smscli.cli.present.text import counted, minute
from smscli.domain.decision import SkipReason
from smscli.domain.errors import Refused, RunStopped, SentLogMissing, UsageError
from smscli.domain.message import Realm
from smscli.domain.ports import SentLog

_CLOCK_TOLERANCE = timedelta(minutes=2)


def has_folder(path: Path) -> None:
    """A sent log is made where it is said to be, but no folder is made for it."""
    if not path.absolute().parent.is_dir():
        raise SentLogMissing(
            f"the folder of the sent log, {path.absolute().parent}, does not exist",
            hint="Is the path right, and its disk mounted? If it is to be new: mkdir -p it first.",
        )


def known_log(path: Path, has_live_messages: bool, realm: Realm, *, attended: bool, first_run: bool) -> None:
    """A live send that nobody watches, against a log that knows nobody, is most likely the wrong log."""
    if realm is not Realm.LIVE:
        return
    if first_run and has_live_messages:
        raise Refused(
            f"{path} holds live messages already, so this is no first run",
            hint="Leave out --first-run. It is for one run only and must not stay in a crontab.",
        )
    if not (has_live_messages or attended or first_run):
        found = (
            f"{path} holds no live message" if path.exists() else f"there is no sent log at {path.absolute()}"
        )
        raise SentLogMissing(
            f"{found}: everybody would be new to it",
            hint="Is it the right log? If this really is the first send, add --first-run once.",
        )


def rehearsing(realm: Realm) -> None:
    """`--fresh` forgets a rehearsal, and nothing that reached a person."""
    if realm is not Realm.SANDBOX:
        raise UsageError(
            "--fresh empties the sandbox only, and this campaign would be sent for real",
            hint="Leave it out, or add --gateway sandbox.",
        )


def right_clock(log: SentLog, now: datetime) -> None:
    """A log whose newest event lies in the future means that a clock went back."""
    newest = log.newest_at()
    if newest is not None and newest - now > _CLOCK_TOLERANCE:
        raise RunStopped(
            f"the newest event of the sent log is of {minute(newest)}, but it is {minute(now)} here",
            hint="Set the clock: quiet hours and frequency caps are worth what the clock is worth.",
        )


def same_texts(log: SentLog, planned_digest: str, realm: Realm, campaign_id: str, *, changed: bool) -> None:
    """A campaign's people get the same words, unless the operator says that the text changed."""
    before = log.texts_digest(realm, campaign_id)
    if before in (None, planned_digest) or changed:
        return
    raise Refused(
        f"the texts of {campaign_id} changed since it was last sent",
        hint="Add --text-changed if the rest shall get the new texts, or use a new campaign id.",
    )


def within_limits(planned: Planned) -> None:
    """`max_segments`, `max_messages` and `max_cost` of the campaign. Raises the first refusal."""
    for refusal in refused_limits(planned):
        raise refusal


def refused_limits(planned: Planned) -> Iterator[Refused]:
    """Every limit of the campaign that this plan is over."""
    limits, tally, forecast = planned.chosen.campaign.limits, planned.tally, planned.forecast
    too_long = tally.skipped.get(SkipReason.TEXT_TOO_LONG, 0)
    if limits.max_segments is not None and too_long:
        yield Refused(
            f"{counted(too_long, 'text')} would need more than {counted(limits.max_segments, 'segment')}",
            hint="Shorten the text (smscli preview shows what makes it long) or raise limits.max_segments.",
        )
    if limits.max_messages is not None and tally.to_send > limits.max_messages:
        yield Refused(
            f"{counted(tally.to_send, 'message')} are more than limits.max_messages, {limits.max_messages:,}",
            hint="Send a part with --limit, or raise limits.max_messages.",
        )
    if limits.max_cost is None or not tally.to_send:
        return
    if forecast.unpriced:
        yield Refused(
            f"limits.max_cost is set, but there is no rate for {', '.join(forecast.unpriced)}",
            hint="Add the rate, or `default:`, under `rates:` in the campaigns file.",
        )
    if forecast.cost > limits.max_cost:
        yield Refused(
            f"the planned cost, {money(forecast.cost)} {forecast.currency}, is over limits.max_cost,"
            f" {money(limits.max_cost)}",
            hint="Send a part with --limit, or raise limits.max_cost.",
        )


def expected(planned: Planned, expect: int | None) -> None:
    """`--expect N` refuses any other count."""
    if expect is not None and planned.tally.to_send != expect:
        raise Refused(
            f"{planned.tally.to_send:,} would be sent, but --expect says {expect:,}",
            hint="smscli preview shows who is skipped or held, and why.",
        )


def confirmed(planned: Planned, answer: str) -> None:
    """The operator typed the number of recipients, and nothing else."""
    typed = answer.strip().replace(",", "").replace(" ", "")
    if typed != str(planned.tally.to_send):
        raise Refused(
            "not confirmed; nothing was sent",
            hint=f"Run it again and type {planned.tally.to_send} to send.",
        )


def may_ask(*, attended: bool) -> None:
    """Without a terminal nobody can confirm."""
    if not attended:
        raise Refused(
            "not confirmed: there is no terminal to ask at; nothing was sent",
            hint="Add --yes, and --expect N to be sure of the count.",
        )
