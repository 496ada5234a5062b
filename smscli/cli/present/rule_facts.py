"""What a rule looked at, in words and as JSON: an arm for each kind of facts, so that none is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from smscli.cli.present.figures import local
from smscli.cli.present.text import counted
from smscli.domain.campaign import SameText
from smscli.domain.consent import Yes
from smscli.domain.contact import ConsentLevel
from smscli.domain.explaining import (
    ConsentFacts,
    CountryFacts,
    DuplicateFacts,
    ExcludedFacts,
    ExpiryFacts,
    Finding,
    FrequencyFacts,
    HoursFacts,
    LaterRowsFacts,
    LengthFacts,
    OptOutFacts,
    PriorFacts,
    RuleFacts,
    SameTextFacts,
    TextFacts,
    ZoneFacts,
)
from smscli.domain.frequency import CapScope, FrequencyCap, LocalCap
from smscli.domain.message import State
from smscli.domain.quiet_hours import (
    Closed,
    HolidaysUnknown,
    NeverOpen,
    Open,
    Permission,
    Window,
    ZoneUnknown,
)
from smscli.domain.rules import NoText, Text
from smscli.files.contact_columns import Role

if TYPE_CHECKING:
    from smscli.cli.present.story import Story

#: So many zones, topics and earlier messages are told; the JSON document has all.
_SHOWN = 4


# --- in words ------------------------------------------------------------------------------------


def facts_words(finding: Finding, story: Story) -> str:
    """What was looked at, on one line. Values stand in it as they are: whoever shows it makes them inert."""
    facts = finding.facts
    match facts:
        case OptOutFacts():
            return _opt_out(facts, story)
        case ConsentFacts():
            return _consent(facts)
        case ExcludedFacts():
            return f"on the list {facts.by}" if facts.by else "on no list of `exclude`"
        case DuplicateFacts():
            return _duplicate(facts, story)
        case PriorFacts():
            return _prior(finding.rule, facts, story)
        case SameTextFacts():
            return _same_text(facts)
        case CountryFacts():
            allowed = "all are allowed" if facts.allowed is None else f"allowed: {', '.join(facts.allowed)}"
            return f"{facts.country}; {allowed}"
        case TextFacts():
            return _text(facts)
        case LengthFacts():
            return _length(facts)
        case HoursFacts():
            return _zones(facts) if finding.rule == "hours_unknown" else _hours(finding, facts, story.zone)
        case ExpiryFacts():
            expires = facts.expires
            return f"expires {local(expires, story.zone)}" if expires else "the campaign does not expire"
        case FrequencyFacts():
            return _frequency(facts, story)
        case LaterRowsFacts():
            return f"opted out: {facts.said_by}" if facts.said_by else "none says that this number opted out"
        case _:
            assert_never(facts)


def some(parts: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    known = list(parts)
    more = [f"{len(known) - _SHOWN} more"] if len(known) > _SHOWN else []
    return ", ".join([*known[:_SHOWN], *more])


def text_words(text: Text) -> str:
    """`en, GSM-7, 1 segment (43 units)`."""
    measured = text.segments
    segments = counted(measured.count, "segment")
    return f"{text.language}, {measured.encoding}, {segments} ({counted(measured.units, 'unit')})"


def _opt_out(facts: OptOutFacts, story: Story) -> str:
    return f"{_on_opt_out_list(facts, story)}; {_says_list(facts, story)}"


def _on_opt_out_list(facts: OptOutFacts, story: Story) -> str:
    if not facts.in_log:
        return "not on the opt-out list"
    own = {wish.topic: f" (by {wish.source}, {wish.at:%Y-%m-%d})" for wish in story.opt_outs}
    foreign = " (in a file of `opt_outs`)"
    return f"on the opt-out list: {some(_topic(each) + own.get(each, foreign) for each in facts.in_log)}"


def _says_list(facts: OptOutFacts, story: Story) -> str:
    if facts.in_list:
        return f"the list says opted out of {some(map(_topic, facts.in_list))}"
    if Role.OPT_OUT in story.planned.lists[story.rows[0].of_list].reader.mapping:
        return "the list says no"
    return "the list has no opt-out column"


def _topic(topic: str) -> str:
    return f"topic {topic}" if topic else "everything"


def _consent(facts: ConsentFacts) -> str:
    said_no = f"; said no on {facts.said_no_at:%Y-%m-%d}" if facts.said_no_at else ""
    if facts.needed is ConsentLevel.NONE:
        return f"none is needed{said_no}"
    within = f" within {days(facts.max_age)}" if facts.max_age is not None else ""
    needed = f"needed: {level_words(facts.needed)}{within}"
    if not facts.yeses:
        return f"none on record for such messages{said_no}; {needed}"
    return f"{'; '.join(_yes_words(yes) for yes, _ in facts.yeses[:_SHOWN])}{said_no}; {needed}"


def _yes_words(yes: Yes) -> str:
    topics = f" for {some(map(_topic, yes.topics))}" if yes.topics else ""
    return f"{level_words(yes.level)}{topics} on {yes.on.isoformat()}, {yes.source}"


def level_words(level: ConsentLevel) -> str:
    """`express written`."""
    return level.name.lower().replace("_", " ")


def _duplicate(facts: DuplicateFacts, story: Story) -> str:
    if facts.is_repeated:
        return "an earlier row has this number"
    rows = len(story.rows)
    return f"the first of {rows} rows with this number" if rows > 1 else "the only row with this number"


def _prior(rule: str, facts: PriorFacts, story: Story) -> str:
    if rule == "in_doubt" and facts.prior not in (State.SUBMITTING, State.IN_DOUBT):
        return "no message of this campaign is in doubt"
    if rule == "rejected_before" and facts.prior is not State.REJECTED:
        return "the gateway rejected no message of this campaign"
    if facts.prior is None:
        return "the sent log has no message of this campaign"
    since = f" on {local(story.earlier.at, story.zone)}" if story.earlier else ""
    again = "; --again rejected" if facts.is_again else ""
    return f"its message of this campaign: {facts.prior.replace('_', ' ')}{since}{again}"


def _same_text(facts: SameTextFacts) -> str:
    within = days(facts.within)
    if facts.campaign_id is None:
        return f"no other campaign sent these words within {within}"
    allowed = "; --again same-text" if facts.is_again else ""
    warns = "; the campaign only warns of it" if facts.policy is SameText.WARN else ""
    return f"campaign {facts.campaign_id} sent these words within {within}{warns}{allowed}"


def _text(facts: TextFacts) -> str:
    text = facts.text
    if isinstance(text, Text):
        wanted = f"; the contact's language is {facts.wanted}" if facts.wanted != text.language else ""
        return f"{text_words(text)}{wanted}"
    return f"none in {facts.wanted}: {text.reason.replace('_', ' ')} ({text.detail})"


def _length(facts: LengthFacts) -> str:
    limit = f"at most {facts.limit}" if facts.limit is not None else "no limit"
    return f"{counted(facts.segments, 'segment') if facts.segments is not None else 'no text'}; {limit}"


def _zones(facts: HoursFacts) -> str:
    if facts.hours is None and not facts.rows:
        return "not needed without quiet hours"
    match facts.together:
        case ZoneUnknown(detail=detail):
            return detail
        case HolidaysUnknown(country=country):
            return f"the holidays of {country} are not known"
        case NeverOpen():
            return f"{_zone_names(facts)}: no time within 14 days at which all of them are open"
        case Open() | Closed():
            return _zone_names(facts)


def _zone_names(facts: HoursFacts) -> str:
    by = "the number, and the state or ZIP code of the list" if facts.has_address else "the number"
    by = "the zone column of the list" if facts.stated else by
    return f"{some(each.zone for each in facts.zones)} (by {by})"


def _hours(finding: Finding, facts: HoursFacts, zone: str) -> str:
    if facts.hours is None and not facts.rows:
        return "off: at any hour"
    margin = facts.hours.margin if facts.hours else None
    less = f" ({minutes(margin)} before the window ends)" if margin else ""
    match facts.together:
        case Open(until=until):
            together = f"open until {local(until, zone)}{less}"
        case Closed(opens_at=opens_at):
            capped = ", when the cap has no room yet" if finding.answer is None else ""
            together = f"closed until {local(opens_at, zone)}{capped}"
        case NeverOpen() | ZoneUnknown() | HolidaysUnknown():
            together = "not known to be open"
    return "; ".join(filter(None, (": ".join(filter(None, (together, _clocks(facts.zones)))), _rows(facts))))


def _rows(facts: HoursFacts) -> str:
    """The country rules that keep this number from being texted now."""
    closed = [row for row, alone in facts.rows if not isinstance(alone, Open)]
    return f"closed by {some(f'{row.name} ({row.basis})' for row in closed)}" if closed else ""


def _clocks(zones: Sequence[ZoneFacts]) -> str:
    """The clocks of the zones; those that say the same are told once."""
    clocks: dict[str, list[str]] = {}
    for each in zones:
        clocks.setdefault(_clock(each), []).append(each.zone)
    told = [f"{names[0]}{_and_more(names)} {clock}" for clock, names in clocks.items()]
    more = [f"{len(told) - _SHOWN} clocks more"] if len(told) > _SHOWN else []
    return "; ".join([*told[:_SHOWN], *more])


def _and_more(names: Sequence[str]) -> str:
    return f" (and {counted(len(names) - 1, 'zone')} more)" if len(names) > 1 else ""


def _clock(facts: ZoneFacts) -> str:
    if facts.local is None:
        return "is not known to this machine"
    state = "open" if isinstance(facts.permission, Open) else "closed"
    holiday = ", a public holiday" if facts.is_holiday else ""
    windows = ", ".join(map(window_words, facts.windows)) or "no window"
    return f"{facts.local:%a %H:%M}, {state}{holiday} ({facts.local:%a}: {windows})"


def window_words(window: Window) -> str:
    """`09:00-20:00`."""
    return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (window.start, window.end))


def _frequency(facts: FrequencyFacts, story: Story) -> str:
    if not facts.caps:
        return "no cap"
    dates = [f"{each.at:%Y-%m-%d} ({each.campaign_id})" for each in reversed(facts.recent)]
    earlier = f"{counted(len(dates), 'message')} lately: {some(dates)}" if dates else "no message lately"
    is_full = facts.free_at > story.planned.at
    room = f"; room again {local(facts.free_at, story.zone)}" if is_full else ""
    return f"{earlier}; {_caps_words(facts.caps)}{room}"


def _caps_words(caps: Iterable[LocalCap]) -> str:
    return "; ".join(cap_words(each.cap) for each in caps)


def cap_words(cap: FrequencyCap) -> str:
    """`at most 3 in 24 hours, counting messages of the same purpose (Florida, law)`."""
    span = days(cap.per) if isinstance(cap.per, timedelta) else f"a calendar {cap.per}"
    is_of_all = cap.counts is CapScope.EVERYTHING
    counts = "" if is_of_all else f", counting messages of the same {cap.counts}"
    return f"at most {cap.at_most} in {span}{counts}" + (f" ({cap.of})" if cap.of else "")


def days(span: timedelta) -> str:
    """`2 years`, `30 days`, `12 hours`."""
    if span % timedelta(days=365) == timedelta(0):
        return counted(span // timedelta(days=365), "year")
    if span % timedelta(days=1) == timedelta(0) and span > timedelta(
        days=1
    ):  # one day back is no calendar day
        return counted(span.days, "day")
    return f"{span / timedelta(hours=1):g} hours"


def minutes(span: timedelta) -> str:
    """`15 min`."""
    return f"{span / timedelta(minutes=1):g} min"


# --- as JSON -------------------------------------------------------------------------------------


def facts_document(facts: RuleFacts) -> dict[str, object]:
    """The same for programs: times as UTC, spans in seconds, a zone's `local` with its offset."""
    match facts:
        case OptOutFacts():
            return {"topic": facts.topic, "in_log": facts.in_log, "in_list": facts.in_list}
        case ConsentFacts():
            return _consent_document(facts)
        case ExcludedFacts():
            return {"excluded_by": facts.by}
        case DuplicateFacts():
            return {"repeated": facts.is_repeated}
        case PriorFacts():
            return {"prior": facts.prior, "again": facts.is_again}
        case SameTextFacts():
            return {
                "policy": facts.policy,
                "within_seconds": seconds(facts.within),
                "again": facts.is_again,
                "campaign": facts.campaign_id,
            }
        case CountryFacts():
            return {"country": facts.country, "allowed": facts.allowed}
        case TextFacts():
            return _text_document(facts)
        case LengthFacts():
            return {"segments": facts.segments, "limit": facts.limit}
        case HoursFacts():
            return _hours_document(facts)
        case ExpiryFacts():
            return {"expires": facts.expires}
        case FrequencyFacts():
            return _frequency_document(facts)
        case LaterRowsFacts():
            return {"said_by": facts.said_by or None}
        case _:
            assert_never(facts)


def seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _consent_document(facts: ConsentFacts) -> dict[str, object]:
    return {
        "needed": facts.needed.name.lower(),
        "max_age_seconds": seconds(facts.max_age),
        "topic": facts.topic,
        "said_no_at": facts.said_no_at,
        "consents": [_yes_document(yes, lack) for yes, lack in facts.yeses],
    }


def _yes_document(yes: Yes, lack: str | None) -> dict[str, object]:
    return {
        "level": yes.level.name.lower(),
        "given_on": yes.on.isoformat(),
        "topics": yes.topics,
        "source": yes.source,
        "record": yes.key or None,
        "expires_at": yes.expires_at,
        "lacks": lack,
    }


def _text_document(facts: TextFacts) -> dict[str, object]:
    text = facts.text
    measured = text.segments if isinstance(text, Text) else None
    return {
        "wanted": facts.wanted,
        "language": text.language if isinstance(text, Text) else None,
        "encoding": measured.encoding if measured else None,
        "units": measured.units if measured else None,
        "segments": measured.count if measured else None,
        "offenders": measured.offenders if measured else (),
        "sender": facts.sender,
        "lack": text.detail if isinstance(text, NoText) else None,
    }


def _hours_document(facts: HoursFacts) -> dict[str, object]:
    hours = facts.hours
    return {
        "quiet_hours": hours is not None,
        "country": facts.country,
        "stated": facts.stated,
        "holidays": hours.holidays if hours else None,
        "margin_seconds": seconds(hours.margin) if hours else None,
        "places": facts.places,
        "rules": [
            {"id": row.id, "name": row.name, "basis": row.basis, "confidence": row.confidence}
            | _permission_document(alone)
            for row, alone in facts.rows
        ],
        **_permission_document(facts.together),
        "zones": [
            {
                "zone": each.zone,
                "local": each.local.isoformat() if each.local else None,
                "holiday": each.is_holiday,
                "windows": [window_words(window) for window in each.windows],
                **_permission_document(each.permission),
            }
            for each in facts.zones
        ],
    }


def _permission_document(asked: Permission) -> dict[str, object]:
    state = {Open: "open", Closed: "closed", NeverOpen: "never_open", ZoneUnknown: "zone_unknown"}
    return {
        "state": state.get(type(asked), "holidays_unknown"),
        "until": asked.until if isinstance(asked, Open) else None,
        "opens_at": asked.opens_at if isinstance(asked, Closed) else None,
    }


def cap_document(cap: FrequencyCap) -> dict[str, object]:
    """A cap for programs: `per_seconds` for a rolling time, else `calendar` names the period."""
    is_rolling = isinstance(cap.per, timedelta)
    return {
        "at_most": cap.at_most,
        "per_seconds": seconds(cap.per) if isinstance(cap.per, timedelta) else None,
        "calendar": None if is_rolling else str(cap.per),
        "counts": cap.counts,
        "of": cap.of,
    }


def _frequency_document(facts: FrequencyFacts) -> dict[str, object]:
    recent: Sequence[dict[str, object]] = [
        {"at": each.at, "campaign": each.campaign_id} for each in facts.recent
    ]
    return {
        "caps": [cap_document(each.cap) for each in facts.caps],
        "recent": recent,
        "free_at": facts.free_at,
    }
