"""One contact's whole story: what every rule looked at, what it said, and what the later ones would say.

Walks RULES itself, so that the verdict shown is the verdict used. Knows facts, not words: how they read is
for the command line. A plan never asks this: it stops at the first answer (`rules.decide`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from smscli.domain import rules
from smscli.domain.campaign import SameText
from smscli.domain.consent import Yes
from smscli.domain.contact import ConsentLevel, Contact
from smscli.domain.decision import Hold, Skip, SkipReason
from smscli.domain.frequency import LocalCap
from smscli.domain.jurisdictions import Jurisdiction, jurisdictions_of
from smscli.domain.message import State
from smscli.domain.ports import Recent
from smscli.domain.quiet_hours import (
    Closed,
    HolidayRule,
    Open,
    Permission,
    QuietHours,
    Regime,
    Window,
    permission,
    public_holidays,
)
from smscli.domain.rules import RULES, Again, Case, NoText, Rule, Text
from smscli.domain.zones import zone_named


class Verdict(StrEnum):
    """What one rule came to."""

    PASSED = "passed"
    DECIDED = "decided"
    NOT_ASKED = "not_asked"  # an earlier rule had decided


@dataclass(frozen=True, slots=True)
class OptOutFacts:
    """Topics opted out of, `""` for everything; a campaign heeds that and its own `topic`."""

    topic: str
    in_log: tuple[str, ...]
    in_list: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """What is needed, every yes (the best first) with what it lacks (None: nothing), when a no was last said,
    and the day (UTC) on which ages are taken."""

    needed: ConsentLevel
    max_age: timedelta | None
    topic: str
    yeses: tuple[tuple[Yes, str | None], ...]
    said_no_at: datetime | None
    today: date


@dataclass(frozen=True, slots=True)
class ExcludedFacts:
    """The list of numbers not to text that has the number; empty for none."""

    by: str


@dataclass(frozen=True, slots=True)
class DuplicateFacts:
    """Whether an earlier row of the list has the number."""

    is_repeated: bool


@dataclass(frozen=True, slots=True)
class PriorFacts:
    """The state of this campaign's message to the number; `is_again`: who was rejected gets it again."""

    prior: State | None
    is_again: bool


@dataclass(frozen=True, slots=True)
class SameTextFacts:
    """The other campaign that sent the number the same words in the time `within`, if one did."""

    policy: SameText
    within: timedelta
    is_again: bool
    campaign_id: str | None


@dataclass(frozen=True, slots=True)
class CountryFacts:
    """The number's country, and those allowed (None: all)."""

    country: str
    allowed: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What would be read, in which language and from whom. `wanted` is the contact's language."""

    wanted: str
    text: Text | NoText
    sender: str


@dataclass(frozen=True, slots=True)
class LengthFacts:
    """Segments of the text (None: there is none), and how many it may have (None: any)."""

    segments: int | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """One zone the number may be in, asked by itself. `local` is None where this machine lacks the zone.

    `windows` are those of the weekday there.
    """

    zone: str
    local: datetime | None
    permission: Permission
    windows: tuple[Window, ...]
    is_holiday: bool


@dataclass(frozen=True, slots=True)
class HoursFacts:
    """The hours of every zone, and what they come to together. `hours` None: texted at any hour.

    `stated` is the zone column of the list, where it has one; `has_address`: it has a state or a ZIP code.
    `places` are those whose rules and holidays may apply, `rows` the rules, with what each alone says.
    """

    hours: QuietHours | None
    country: str
    stated: str | None
    has_address: bool
    places: tuple[str, ...]
    rows: tuple[tuple[Jurisdiction, Permission], ...]
    zones: tuple[ZoneFacts, ...]
    together: Permission


@dataclass(frozen=True, slots=True)
class ExpiryFacts:
    """When the campaign ends (aware UTC), if it does."""

    expires: datetime | None


@dataclass(frozen=True, slots=True)
class FrequencyFacts:
    """The caps, the earlier messages to the number (oldest first), and when there is room for one more."""

    caps: tuple[LocalCap, ...]
    recent: tuple[Recent, ...]
    free_at: datetime


@dataclass(frozen=True, slots=True)
class LaterRowsFacts:
    """Who further down the list says that this number opted out; empty: nobody."""

    said_by: str


RuleFacts = (
    OptOutFacts
    | ConsentFacts
    | ExcludedFacts
    | DuplicateFacts
    | PriorFacts
    | SameTextFacts
    | CountryFacts
    | TextFacts
    | LengthFacts
    | HoursFacts
    | ExpiryFacts
    | FrequencyFacts
    | LaterRowsFacts
)

#: Not one of RULES: a row says it of an earlier one, when that is decided already.
LATER_ROWS = "later_rows"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's part of the story. `answer` is what it said; of a rule not asked, what it would say."""

    rule: str
    verdict: Verdict
    answer: Skip | Hold | None
    facts: RuleFacts


def explain(case: Case) -> tuple[Finding, ...]:
    """Every rule in the order in which they are asked; the first with an answer decides."""
    findings: list[Finding] = []
    verdict = Verdict.PASSED
    for rule in RULES:
        answer = None if verdict is not Verdict.PASSED and _is_idle(rule, case) else rule(case)
        if verdict is Verdict.PASSED and answer is not None:
            verdict = Verdict.DECIDED
        findings.append(Finding(rule.__name__, verdict, answer, FACTS[rule](case)))
        if verdict is Verdict.DECIDED:
            verdict = Verdict.NOT_ASKED
    return tuple(findings)


def with_later_rows(findings: Sequence[Finding], contact: Contact, said_by: str) -> tuple[Finding, ...]:
    """The same story, with what the rest of the list says of an opt-out: it comes before a Hold."""
    said = decided(findings)
    if isinstance(said, Skip):
        return (*findings, Finding(LATER_ROWS, Verdict.NOT_ASKED, None, LaterRowsFacts(said_by)))
    place = next((at for at, each in enumerate(findings) if each.answer is not None), len(findings))
    before, after = findings[:place], findings[place:]
    if not said_by:
        return (*before, Finding(LATER_ROWS, Verdict.PASSED, None, LaterRowsFacts("")), *after)
    stopped = Skip(contact, SkipReason.OPTED_OUT, said_by)
    withdrawn = Finding(LATER_ROWS, Verdict.DECIDED, stopped, LaterRowsFacts(said_by))
    return (*before, withdrawn, *(replace(each, verdict=Verdict.NOT_ASKED) for each in after))


def decided(findings: Sequence[Finding]) -> Skip | Hold | None:
    """What the rules came to; None: sends."""
    return next((each.answer for each in findings if each.verdict is Verdict.DECIDED), None)


def _is_idle(rule: Rule, case: Case) -> bool:
    """Holds count on known hours: without them they would name an hour that is not known either."""
    is_hold = rule in (rules.quiet_hours, rules.frequency_cap)
    return is_hold and not isinstance(case.hours_now, Open | Closed)


# --- what each rule looks at ---------------------------------------------------------------------


def _opt_out(case: Case) -> OptOutFacts:
    return OptOutFacts(case.campaign.topic, tuple(sorted(case.facts.opted_out)), case.contact.opted_out)


def _consent(case: Case) -> ConsentFacts:
    needed, today = case.needed, case.now.date()
    topic, said_no_at = case.campaign.topic, case.said_no_at
    return ConsentFacts(needed.level, needed.max_age, topic, case.weighed, said_no_at, today)


def _excluded(case: Case) -> ExcludedFacts:
    return ExcludedFacts(case.excluded)


def _duplicate(case: Case) -> DuplicateFacts:
    return DuplicateFacts(case.repeated)


def _prior(case: Case) -> PriorFacts:
    return PriorFacts(case.facts.prior, Again.REJECTED in case.again)


def _same_text(case: Case) -> SameTextFacts:
    campaign, is_again = case.campaign, Again.SAME_TEXT in case.again
    return SameTextFacts(
        campaign.same_text, campaign.same_text_within, is_again, rules.same_text_lately(case)
    )


def _country(case: Case) -> CountryFacts:
    allowed = case.campaign.countries
    return CountryFacts(case.contact.number.country, None if allowed is None else tuple(sorted(allowed)))


def _text(case: Case) -> TextFacts:
    campaign, contact = case.campaign, case.contact
    wanted = contact.language or campaign.default_language
    return TextFacts(wanted, case.text, campaign.senders.of(contact.number.country))


def _length(case: Case) -> LengthFacts:
    segments = case.text.segments.count if isinstance(case.text, Text) else None
    return LengthFacts(segments, case.campaign.limits.max_segments)


def _hours(case: Case) -> HoursFacts:
    hours, number, stated = case.campaign.quiet_hours, case.contact.number, case.contact.zone
    asked = tuple(_zone(case, zone) for zone in case.zones) if case.regimes else ()
    has_address = case.contact.state is not None or case.contact.postcode is not None
    rules = case.campaign.country_rules
    rows = jurisdictions_of(rules, case.places) if rules else ()
    weighed = tuple((row, _asked_alone(case, row)) for row in rows)
    return HoursFacts(hours, number.country, stated, has_address, case.places, weighed, asked, case.hours_now)


def _asked_alone(case: Case, row: Jurisdiction) -> Permission:
    """What this row's hours alone would say."""
    regimes = tuple(Regime(row.hours, place) for place in case.places)
    return permission(regimes, case.zones, case.now)


def _zone(case: Case, name: str) -> ZoneFacts:
    zone, alone = zone_named(name), permission(case.regimes, (name,), case.now)
    if zone is None:
        return ZoneFacts(name, None, alone, (), is_holiday=False)
    local = case.now.astimezone(zone)
    minding = (regime.place for regime in case.regimes if regime.hours.holidays is HolidayRule.SKIP)
    dates = (public_holidays(place, local.year) for place in minding)
    is_holiday = any(known is not None and local.date() in known for known in dates)
    hours = case.campaign.quiet_hours
    return ZoneFacts(name, local, alone, hours.windows[local.weekday()] if hours else (), is_holiday)


def _expiry(case: Case) -> ExpiryFacts:
    return ExpiryFacts(case.campaign.expires)


def _frequency(case: Case) -> FrequencyFacts:
    return FrequencyFacts(case.caps, case.facts.recent, rules.cap_free_at(case, case.now))


#: What each rule looks at. A rule of RULES that is missing here cannot be explained: a test compares them.
FACTS: Mapping[Rule, Callable[[Case], RuleFacts]] = {
    rules.opted_out: _opt_out,
    rules.excluded: _excluded,
    rules.no_consent: _consent,
    rules.duplicate: _duplicate,
    rules.already_sent: _prior,
    rules.in_doubt: _prior,
    rules.rejected_before: _prior,
    rules.same_text: _same_text,
    rules.country_not_allowed: _country,
    rules.missing_text: _text,
    rules.text_too_long: _length,
    rules.hours_unknown: _hours,
    rules.expired: _expiry,
    rules.quiet_hours: _hours,
    rules.frequency_cap: _frequency,
}
