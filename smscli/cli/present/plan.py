"""A plan as text and as JSON. Figures of cost and time are planned ones, and labelled so."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from textwrap import wrap
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from smscli.cli.present.text import counted, inert
from smscli.domain.decision import SETTLED_SKIPS, HoldReason, SkipReason
from smscli.domain.ports import Offender
from smscli.domain.profile import GatewayProfile, RateUnit
from smscli.domain.segments import Encoding

if TYPE_CHECKING:
    from smscli.cli.planned import Planned

#: So many characters that forced UCS-2 are named; the JSON document has all.
_OFFENDERS_SHOWN = 6
_FREE_SHOWN = 12
_SAMPLES = 4
_COUNTRIES_SHOWN = 8

_WIDTH = 80
#: Where the text behind a label begins, and that behind a count of people.
_LABEL = 10
_COUNT = 23

_ORDER: tuple[str, ...] = (*SkipReason, *HoldReason)
#: So many lines of the list are named for each thing to mend.
_LINES_SHOWN = 5

_UNITS = {RateUnit.MESSAGE: "messages", RateUnit.SEGMENT: "segments", RateUnit.REQUEST: "requests"}


def plan_document(planned: Planned) -> dict[str, object]:
    """The plan for programs. `problems` counts bad rows; `cost` is null where nobody gave rates."""
    tally, forecast, campaign = planned.tally, planned.forecast, planned.chosen.campaign
    return {
        "campaign": campaign.id,
        "purpose": campaign.purpose,
        "topic": campaign.topic,
        "gateway": planned.chosen.profile.name,
        "realm": planned.chosen.profile.realm,
        "sent_log": planned.chosen.sent_log,
        "at": planned.at,
        "list": {
            "name": planned.reader.name,
            "delimiter": planned.reader.delimiter,
            "columns": dict(planned.reader.mapping),
        },
        "rows": tally.contacts + planned.bad.count,
        "contacts": tally.contacts,
        "to_send": tally.to_send,
        "left_by_limit": planned.left_by_limit,
        "skipped": dict(tally.skipped),
        "held": dict(tally.held),
        "held_until": dict(tally.held_until),
        "to_mend": [
            {"reason": each.reason, "detail": each.detail, "contacts": each.count, "lines": each.lines}
            for each in _to_mend(planned)
        ],
        "problems": planned.bad.count,
        "segments": tally.segments,
        "encodings": {encoding: tally.by_encoding.get(encoding, 0) for encoding in Encoding},
        "languages": dict(tally.by_language),
        "offenders": [
            {
                "character": offender.character,
                "messages": offender.messages,
                "extra_segments": offender.extra_segments,
            }
            for offender in tally.offenders
        ],
        "countries": [
            {"country": part.country, "messages": part.messages, "segments": part.segments}
            for part in tally.by_country
        ],
        "requests": forecast.requests,
        "currency": forecast.currency,
        "cost": float(forecast.cost) if campaign.rates else None,
        "cost_by_country": {country: float(cost) for country, cost in forecast.cost_by_country},
        "unpriced": list(forecast.unpriced),
        "seconds": None if forecast.duration is None else forecast.duration.total_seconds(),
        "late": forecast.late,
        "same_text_warnings": planned.findings.same_text_warnings,
        "repeatable": len(planned.findings.repeatable),
        "samples": [
            {
                "to": message.to.masked,
                "language": message.language,
                "sender": message.sender,
                "text": message.body,
                "encoding": message.segments.encoding,
                "segments": message.segments.count,
            }
            for message in planned.plan.samples(_SAMPLES)
        ],
        "digest": planned.plan.digest(),
    }


def plan_text(planned: Planned) -> Iterator[str]:
    """The plan for people, at 80 columns."""
    yield from _folded(_head(planned), _LABEL)
    yield ""
    yield from _folded(_people(planned), _COUNT)
    if planned.tally.to_send:
        yield ""
        yield from _folded(_figures(planned), _LABEL)
        yield ""
        yield from _samples(planned)


def _folded(lines: Iterable[str], indent: int) -> Iterator[str]:
    """Long lines go on below, behind their label; a path is never broken."""
    for line in lines:
        yield from wrap(
            line,
            _WIDTH,
            subsequent_indent=" " * indent,
            drop_whitespace=True,
            break_long_words=False,
            break_on_hyphens=False,
        )


def _head(planned: Planned) -> Iterator[str]:
    campaign, chosen, reader = planned.chosen.campaign, planned.chosen, planned.reader
    about = f"{campaign.purpose}, topic {campaign.topic}" if campaign.topic else f"{campaign.purpose}"
    yield f"Campaign  {campaign.id}: {about}"
    yield f"Gateway   {gateway_words(chosen.profile)}"
    delimiter = {"\t": "delimiter TAB", "": "one column"}.get(
        reader.delimiter, f"delimiter {reader.delimiter}"
    )
    rows = counted(planned.tally.contacts + planned.bad.count, "row")
    yield f"List      {inert(reader.name)}: {rows}, {delimiter}"
    yield f"Plan of   {local(planned.at, campaign.zone)}"


def _people(planned: Planned) -> Iterator[str]:
    tally, zone = planned.tally, planned.chosen.campaign.zone
    yield f"  to send  {tally.to_send:>9,}"
    if planned.left_by_limit:
        yield f"  later    {planned.left_by_limit:>9,}   beyond --limit"
    yield f"  skipped  {sum(tally.skipped.values()):>9,}   {reasons(tally.skipped)}".rstrip()
    for each in _to_mend(planned):
        lines = ", ".join(map(str, each.lines)) + (", …" if each.count > len(each.lines) else "")
        yield f"{'':<{_COUNT}}{words(each.reason)} ({inert(each.detail)}): {each.count:,}, line {lines}"
    yield f"  held     {sum(tally.held.values()):>9,}   {reasons(tally.held)}".rstrip()
    for reason, until in tally.held_until.items():
        yield f"                      {words(reason)}: the first may go {local(until, zone)}"
    yield f"  problems {planned.bad.count:>9,}"
    if planned.findings.repeatable:
        count = counted(len(planned.findings.repeatable), "message")
        yield f"  again    {count} in doubt, which the gateway promised not to take twice"
    if planned.findings.same_text_warnings:
        yield f"  warning: {planned.findings.same_text_warnings:,} had these very words from another campaign"
    if planned.forecast.late:
        yield f"  warning: {planned.forecast.late:,} would leave after their window closes; they will be held"


@dataclass(slots=True)
class _ToMend:
    """Contacts skipped for one thing that the operator could mend, and the first lines where it is."""

    reason: SkipReason
    detail: str
    count: int = 0
    lines: list[int] = field(default_factory=list)


def _to_mend(planned: Planned) -> Sequence[_ToMend]:
    """By reason and detail, in list order; the plan is walked only where there is something to mend."""
    if SETTLED_SKIPS.issuperset(planned.tally.skipped):
        return ()
    found: dict[tuple[SkipReason, str], _ToMend] = {}
    for row in planned.plan.left_out():
        if isinstance(row.reason, SkipReason) and row.reason not in SETTLED_SKIPS:
            each = found.setdefault((row.reason, row.detail), _ToMend(row.reason, row.detail))
            each.count += 1
            if len(each.lines) < _LINES_SHOWN:
                each.lines.append(row.line)
    return tuple(found.values())


def _figures(planned: Planned) -> Iterator[str]:
    tally, plan, rates = planned.tally, planned.forecast, planned.chosen.campaign.rates
    encodings = ", ".join(f"{count:,} {encoding}" for encoding, count in tally.by_encoding.items() if count)
    yield f"Segments  {tally.segments:,} in {counted(tally.to_send, 'message')} ({encodings})"
    yield from _offenders(tally.offenders)
    yield f"Cost      {_cost(planned) if rates else 'unknown: the campaigns file has no rates'}"
    yield f"Requests  {plan.requests:,}, at least"
    yield f"Time      {_pace(planned)}"


def _offenders(offenders: Sequence[Offender]) -> Iterator[str]:
    """The dearest characters one by one; those that cost no segment more in one line."""
    dear = sorted((each for each in offenders if each.extra_segments), key=lambda each: -each.extra_segments)
    for offender in dear[:_OFFENDERS_SHOWN]:
        name = unicodedata.name(offender.character, "unnamed").lower()
        yield (
            f"          {inert(offender.character)} forced UCS-2 in {counted(offender.messages, 'message')},"
            f" {counted(offender.extra_segments, 'segment')} more: {name}"
        )
    if len(dear) > _OFFENDERS_SHOWN:
        yield f"          and {counted(len(dear) - _OFFENDERS_SHOWN, 'character')} more, see --json"
    if free := [inert(each.character) for each in offenders if not each.extra_segments]:
        some = " ".join(free[:_FREE_SHOWN]) + (" …" if len(free) > _FREE_SHOWN else "")
        yield f"          {some} forced UCS-2 and cost no segment more"


def _cost(planned: Planned) -> str:
    plan = planned.forecast
    parts = [f"{country} {money(cost)}" for country, cost in plan.cost_by_country[:_COUNTRIES_SHOWN]]
    if len(plan.cost_by_country) > _COUNTRIES_SHOWN:
        parts.append(f"{len(plan.cost_by_country) - _COUNTRIES_SHOWN} more countries")
    total = f"{money(plan.cost)} {plan.currency} planned ({', '.join(parts)})"
    return total + (f"; no rate for {', '.join(plan.unpriced)}" if plan.unpriced else "")


def _pace(planned: Planned) -> str:
    rate, duration = planned.chosen.profile.rate, planned.forecast.duration
    if rate is None or duration is None:
        return "as fast as the gateway answers (its profile names no rate)"
    return f"{span(duration)} planned, at {rate.per_second:g} {_UNITS[rate.counts]} a second"


def _samples(planned: Planned) -> Iterator[str]:
    for message in planned.plan.samples(_SAMPLES):
        cost = f"{message.segments.encoding}, {counted(message.segments.count, 'segment')}"
        yield f"To {message.to.masked} from {inert(message.sender)} [{message.language}, {cost}]"
        yield from (f"  {inert(line)}" for line in message.body.split("\n"))


def gateway_words(profile: GatewayProfile) -> str:
    """`twilio (live)`; the sandbox says its realm with its name."""
    return profile.name if profile.name == profile.realm else f"{profile.name} ({profile.realm})"


def words(reason: StrEnum) -> str:
    """`quiet_hours` as people say it."""
    return reason.replace("_", " ")


def reasons(counts: Mapping[SkipReason, int] | Mapping[HoldReason, int]) -> str:
    """`opted out 3, duplicate 1`, in the order in which the rules ask."""
    parts = sorted(counts.items(), key=lambda part: _ORDER.index(part[0]))
    return ", ".join(f"{words(reason)} {count:,}" for reason, count in parts if count)


def money(amount: Decimal) -> str:
    """`1,204.50`: two places, rounded up so that a plan never looks cheaper than it is."""
    return f"{amount.quantize(Decimal('0.01'), rounding='ROUND_UP'):,}"


def local(moment: datetime, zone: str) -> str:
    """`Mon 2026-11-23 09:00 Europe/Warsaw`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M} {zone}"


def span(duration: timedelta) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    seconds = round(duration.total_seconds())
    if seconds < 120:
        return f"{max(1, seconds)} s"
    hours, minutes = divmod(-(-seconds // 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
