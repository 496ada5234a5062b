"""Who may be texted: one function a rule, asked in one order, the first answer counts.

All Skips come before all Holds, so that a night-time hold does not hide a missing field. Every rule
answers from the Case it is given: the contact, the campaign, the log's facts and the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from smscli.domain.campaign import Campaign, ConsentPolicy, Purpose, SameText
from smscli.domain.consent import Yes, said_no_at, yeses
from smscli.domain.contact import ConsentLevel, Contact
from smscli.domain.decision import Decision, Hold, HoldReason, Send, Skip, SkipReason
from smscli.domain.frequency import CalendarPeriod, CapScope, FrequencyCap, LocalCap, free_at
from smscli.domain.jurisdictions import (
    CountryRules,
    caps_of,
    consent_of,
    jurisdictions_of,
    places_of,
    regimes_of,
)
from smscli.domain.message import Message, State, digest
from smscli.domain.ports import NO_FACTS, Facts
from smscli.domain.quiet_hours import (
    Closed,
    HolidaysUnknown,
    NeverOpen,
    Open,
    Permission,
    Regime,
    ZoneUnknown,
    permission,
)
from smscli.domain.respelling import respell
from smscli.domain.segments import Segments, Unsendable, measure
from smscli.domain.template import MissingField, OutputTooLong
from smscli.domain.whereabouts import zones_where

#: How long a plan without quiet hours stays good. Nothing is planned further ahead than this.
HORIZON = timedelta(days=14)


class Again(StrEnum):
    """What an operator may ask to do again, by name and on purpose."""

    SAME_TEXT = "same-text"
    REJECTED = "rejected"


#: Regimes, zones and instant: may somebody there be texted then?
AskHours = Callable[[tuple[Regime, ...], tuple[str, ...], datetime], Permission]


@dataclass(frozen=True, slots=True)
class Text:
    """What one contact would read."""

    body: str
    language: str
    segments: Segments


@dataclass(frozen=True, slots=True)
class NoText:
    """Why there is nothing to read."""

    reason: SkipReason
    detail: str


@dataclass(frozen=True, slots=True)
class There:
    """What holds for everybody of a campaign who may be in the same places and zones.

    `own_caps` are those of `caps` that a claim has to be told with the message. `grounds` says by which
    clocks and whose hours: `Europe/Warsaw; hours of the campaign, PL`.
    """

    regimes: tuple[Regime, ...]
    caps: tuple[LocalCap, ...]
    own_caps: tuple[LocalCap, ...]
    needed: ConsentPolicy
    grounds: str


#: Country, places, zones, and whether a zone was stated.
Whereabouts = tuple[str, tuple[str, ...], tuple[str, ...], bool]


@dataclass(slots=True)
class Memory:
    """What holds where, worked out once: a list has many people and few places."""

    ask_hours: AskHours = permission
    places: dict[Whereabouts, There] = field(default_factory=dict)


@dataclass(slots=True)
class Case:
    """One contact before the rules. Text, zones and hours are worked out once, when first asked for.

    `repeated`: an earlier row has its number. `excluded` names the list of numbers not to text that has it.

    `memory` may be shared by all cases of one campaign.
    """

    contact: Contact
    campaign: Campaign
    now: datetime
    facts: Facts = NO_FACTS
    repeated: bool = False
    excluded: str = ""
    again: frozenset[Again] = frozenset()
    memory: Memory = field(default_factory=Memory)
    _text: Text | NoText | None = field(default=None, init=False)
    _hours_now: Permission | None = field(default=None, init=False)
    _zones: tuple[str, ...] | None = field(default=None, init=False)
    _places: tuple[str, ...] | None = field(default=None, init=False)
    _there: There | None = field(default=None, init=False)
    _yeses: tuple[Yes, ...] | None = field(default=None, init=False)
    _weighed: tuple[tuple[Yes, str | None], ...] | None = field(default=None, init=False)

    @property
    def text(self) -> Text | NoText:
        if self._text is None:
            self._text = compose(self.campaign, self.contact)
        return self._text

    @property
    def hours_now(self) -> Permission:
        if self._hours_now is None:
            self._hours_now = self.hours(self.now)
        return self._hours_now

    @property
    def zones(self) -> tuple[str, ...]:
        """Every zone in which this person may be."""
        if self._zones is None:
            who, atlas = self.contact, self._atlas
            self._zones = zones_where(atlas, who.number, who.zone, who.state, who.postcode)
        return self._zones

    @property
    def places(self) -> tuple[str, ...]:
        """Every country, or part of one, whose rules and holidays may be this person's."""
        if self._places is None:
            who = self.contact
            self._places = places_of(self._atlas, who.number, who.state, who.postcode)
        return self._places

    @property
    def _atlas(self) -> CountryRules | None:
        return self.campaign.country_rules or self.campaign.atlas

    @property
    def there(self) -> There:
        """What holds where this person may be."""
        if self._there is None:
            country, zones = self.contact.number.country, self.zones
            is_stated = len(zones) == 1 and self.contact.zone in zones
            key = (country, self.places, zones, is_stated)
            known = self.memory.places
            self._there = known.get(key) or known.setdefault(key, _there(self.campaign, *key))
        return self._there

    @property
    def needed(self) -> ConsentPolicy:
        """The consent that this message needs: the campaign's policy there, raised by the country's rules."""
        return self.there.needed

    @property
    def yeses(self) -> tuple[Yes, ...]:
        """What this person agreed to, the best first."""
        if self._yeses is None:
            campaign, contact = self.campaign, self.contact
            self._yeses = yeses(self.facts.consents, contact.consent, campaign.purpose, campaign.topic)
        return self._yeses

    @property
    def weighed(self) -> tuple[tuple[Yes, str | None], ...]:
        """Each yes with what it lacks for this message; None: nothing."""
        if self._weighed is None:
            self._weighed = tuple((yes, _why_not_enough(self, yes)) for yes in self.yeses)
        return self._weighed

    @property
    def said_no_at(self) -> datetime | None:
        """When this person last said no to such messages, by the records of the log."""
        facts, campaign = self.facts.consents, self.campaign
        return said_no_at(facts, campaign.purpose, campaign.topic) if facts else None

    @property
    def caps(self) -> tuple[LocalCap, ...]:
        """Every frequency cap that holds for this person: the campaign's, their country's, a promise."""
        return (*self.there.caps, *self.promised) if self.facts.consents else self.there.caps

    @property
    def promised(self) -> tuple[LocalCap, ...]:
        """What this person was told when they agreed: every promise that still stands is kept."""
        promises = ((yes.promise, yes.source) for yes in self.yeses if yes.promise is not None)
        return tuple(
            _local(
                FrequencyCap(promise.at_most, promise.per, CapScope.PURPOSE, f"promised, {source}"),
                self.zones,
            )
            for promise, source in promises
        )

    def hours(self, at: datetime) -> Permission:
        """May this person be texted at that instant, as far as hours go?"""
        if not self.regimes:
            return Open(at + HORIZON)
        return self.memory.ask_hours(self.regimes, self.zones, at)

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """Whose hours apply to this person: the campaign's, and those of every place they may be in."""
        return self.there.regimes


def _there(
    campaign: Campaign, country: str, places: tuple[str, ...], zones: tuple[str, ...], is_stated: bool
) -> There:
    rules, regimes = campaign.country_rules, regimes_of(campaign.quiet_hours, campaign.country_rules, places)
    caps = (*campaign.caps, *(caps_of(rules, places) if rules else ()))
    local = tuple(_local(cap, zones) for cap in caps)
    return There(
        regimes=regimes,
        caps=local,
        own_caps=tuple(own for own in local if own.cap.of or isinstance(own.cap.per, CalendarPeriod)),
        needed=_needed(campaign, country, places),
        grounds=_grounds(campaign, places, zones, is_stated) if regimes else "at any hour",
    )


def _local(cap: FrequencyCap, zones: tuple[str, ...]) -> LocalCap:
    return LocalCap(cap, zones if isinstance(cap.per, CalendarPeriod) else ())


def _needed(campaign: Campaign, country: str, places: tuple[str, ...]) -> ConsentPolicy:
    """A country asks of advertisements; a message that somebody waits for is none."""
    policy, rules = campaign.consent.of(country), campaign.country_rules
    is_asked = campaign.purpose is Purpose.MARKETING
    least = consent_of(rules, places) if rules and is_asked else None
    return policy if least is None or least <= policy.level else replace(policy, level=least)


#: Zones and rules that are named in the log; a freephone number's 42 zones are counted.
_NAMED = 4


def _grounds(campaign: Campaign, places: tuple[str, ...], zones: tuple[str, ...], is_stated: bool) -> str:
    rules = campaign.country_rules
    rows = [row.id for row in jurisdictions_of(rules, places)] if rules else []
    own = ["the campaign"] if campaign.quiet_hours is not None else []
    stated = " (stated)" if is_stated else ""
    return f"{_some(zones)}{stated}; hours of {_some((*own, *rows))}"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def compose(campaign: Campaign, contact: Contact) -> Text | NoText:
    """The text in the contact's language, rendered and measured, or the reason why there is none."""
    language = contact.language or campaign.default_language
    chosen = _choose(campaign, language)
    if chosen is None:
        return NoText(SkipReason.NO_TEXT, language)
    try:
        rendered = campaign.texts[chosen].render({"brand": campaign.brand, **contact.fields})
        body = respell(rendered, campaign.spelling)
        segments = measure(body)
    except MissingField as missing:
        return NoText(SkipReason.MISSING_FIELD, missing.name)
    except OutputTooLong:
        return NoText(SkipReason.TEXT_TOO_LONG, "longer than any text message can be")
    except Unsendable as unsendable:
        return NoText(SkipReason.TEXT_TOO_LONG if rendered else SkipReason.NO_TEXT, str(unsendable))
    return Text(body, chosen, segments)


def _choose(campaign: Campaign, language: str) -> str | None:
    """The text's language for a contact's: itself, its primary part, or (if allowed) the default."""
    wanted = [language, language.partition("-")[0]]
    if campaign.fallback:
        wanted.append(campaign.default_language)
    return next((known for known in wanted if known in campaign.texts), None)


def decide(case: Case, new_id: Callable[[], str]) -> Decision:
    """Send, or the first reason not to."""
    for rule in RULES:
        verdict = rule(case)
        if verdict is not None:
            return verdict
    return Send(case.contact, _message(case, new_id()))


def _message(case: Case, message_id: str) -> Message:
    text, hours, campaign = case.text, case.hours_now, case.campaign
    assert isinstance(text, Text)  # the rules let nothing else through
    assert isinstance(hours, Open)
    number = case.contact.number
    return Message(
        id=message_id,
        campaign_id=campaign.id,
        to=number,
        sender=campaign.senders.of(number.country),
        body=text.body,
        segments=text.segments,
        deadline=min(filter(None, (hours.until, campaign.expires, _agreed_until(case)))),
        language=text.language,
        evidence=_evidence(case),
        grounds=case.there.grounds,
        caps=(*case.there.own_caps, *case.promised) if case.facts.consents else case.there.own_caps,
    )


def _agreed_until(case: Case) -> datetime | None:
    """When the last yes ends that allows this message, for a run may outlast it; None: at no known time."""
    ends = [_ends_at(yes, case.needed) for yes, lack in case.weighed if lack is None]
    return max(filter(None, ends), default=None) if None not in ends else None


def _ends_at(yes: Yes, needed: ConsentPolicy) -> datetime | None:
    """When a yes is no longer enough: its own end, or the first day (UTC) on which it is too old."""
    ends = [] if yes.expires_at is None else [yes.expires_at]
    if needed.max_age is not None:
        too_old = yes.on + timedelta(days=needed.max_age.days + 1)
        ends.append(datetime.combine(too_old, time(), UTC))
    return min(ends, default=None)


def _evidence(case: Case) -> str:
    """The yes that let this message out; where none was needed, the best there is."""
    allows = next((yes for yes, lack in case.weighed if lack is None), None)
    best = allows or next(iter(case.yeses), None)
    return "" if best is None else str(best)


# --- Skips ---------------------------------------------------------------------------------------


def opted_out(case: Case) -> Skip | None:
    """A bare opt-out blocks every purpose; one by topic blocks that topic."""
    if not case.facts.opted_out and not case.contact.opted_out:
        return None
    words = {"": "everything", case.campaign.topic: f"topic {case.campaign.topic}"}
    for source, topics in (("the sent log", case.facts.opted_out), ("the list", case.contact.opted_out)):
        for topic, meaning in words.items():
            if topic in topics:
                return Skip(case.contact, SkipReason.OPTED_OUT, f"of {meaning}, says {source}")
    return None


def excluded(case: Case) -> Skip | None:
    """A list of numbers not to text has it: a register, staff, people already served."""
    return Skip(case.contact, SkipReason.EXCLUDED, f"by {case.excluded}") if case.excluded else None


def no_consent(case: Case) -> Skip | None:
    """Level, age and topic, as the campaign's purpose and the recipient's country ask. A no outranks all."""
    if case.needed.level is ConsentLevel.NONE and case.said_no_at is None:
        return None
    lacks = [lack for _, lack in case.weighed]
    if None in lacks:
        return None
    said_no = f"said no on {case.said_no_at:%Y-%m-%d}" if case.said_no_at else "none on record"
    return Skip(case.contact, SkipReason.NO_CONSENT, next(filter(None, lacks), said_no))


def _why_not_enough(case: Case, yes: Yes) -> str | None:
    """What a yes lacks for this message; None: nothing."""
    needed, topic = case.needed, case.campaign.topic
    if yes.level < needed.level:
        asks = "" if needed == case.campaign.consent else f", which {case.contact.number.country} needs"
        return f"{yes.level.name.lower()} is less than {needed.level.name.lower()}{asks}"
    if yes.expires_at is not None and yes.expires_at <= case.now:
        return f"ended on {yes.expires_at:%Y-%m-%d}"
    if needed.max_age is not None and case.now.date() - yes.on > needed.max_age:
        return f"given on {yes.on.isoformat()}, too long ago"
    if yes.topics and topic not in yes.topics:
        return f"not for topic {topic}"
    return None


def duplicate(case: Case) -> Skip | None:
    """The first row of a number counts; two spellings are one number."""
    return Skip(case.contact, SkipReason.DUPLICATE, "an earlier row") if case.repeated else None


def already_sent(case: Case) -> Skip | None:
    sent = (State.ACCEPTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED)
    if case.facts.prior in sent:
        return Skip(case.contact, SkipReason.ALREADY_SENT, f"{case.facts.prior}")
    return None


def in_doubt(case: Case) -> Skip | None:
    """The gateway may have taken it. Only a person, or the gateway, can say."""
    if case.facts.prior in (State.SUBMITTING, State.IN_DOUBT):
        return Skip(case.contact, SkipReason.IN_DOUBT, "the gateway may have taken it")
    return None


def rejected_before(case: Case) -> Skip | None:
    if case.facts.prior is State.REJECTED and Again.REJECTED not in case.again:
        return Skip(case.contact, SkipReason.REJECTED_BEFORE, "the gateway rejected it")
    return None


def same_text(case: Case) -> Skip | None:
    """The same words under another campaign id are still the same words."""
    if case.campaign.same_text is SameText.WARN or Again.SAME_TEXT in case.again:
        return None
    earlier = same_text_lately(case)
    return Skip(case.contact, SkipReason.SAME_TEXT, f"in campaign {earlier}") if earlier else None


def same_text_lately(case: Case) -> str | None:
    """The other campaign that lately sent this number the same words, if one did."""
    if not case.facts.recent or not isinstance(case.text, Text):
        return None
    since = case.now - case.campaign.same_text_within
    others = [
        recent for recent in case.facts.recent if recent.at > since and recent.campaign_id != case.campaign.id
    ]
    if not others:
        return None
    body = digest(case.text.body)
    return next((recent.campaign_id for recent in others if recent.body_digest == body), None)


def country_not_allowed(case: Case) -> Skip | None:
    country, allowed = case.contact.number.country, case.campaign.countries
    if allowed is None or country in allowed:
        return None
    return Skip(case.contact, SkipReason.COUNTRY_NOT_ALLOWED, country)


def missing_text(case: Case) -> Skip | None:
    """A missing or empty field, no text for the language, or a text too long for any gateway."""
    text = case.text
    return Skip(case.contact, text.reason, text.detail) if isinstance(text, NoText) else None


def text_too_long(case: Case) -> Skip | None:
    most, text = case.campaign.limits.max_segments, case.text
    if most is None or not isinstance(text, Text) or text.segments.count <= most:
        return None
    return Skip(case.contact, SkipReason.TEXT_TOO_LONG, f"{text.segments.count} segments, limit {most}")


def hours_unknown(case: Case) -> Skip | None:
    """Hours that cannot be known are closed hours."""
    hours = case.hours_now
    if isinstance(hours, ZoneUnknown):
        return Skip(case.contact, SkipReason.ZONE_UNKNOWN, hours.detail)
    if isinstance(hours, HolidaysUnknown):
        return Skip(case.contact, SkipReason.HOLIDAYS_UNKNOWN, hours.country)
    if isinstance(hours, NeverOpen):
        return Skip(case.contact, SkipReason.NEVER_OPEN, "not within 14 days")
    return None


def expired(case: Case) -> Skip | None:
    expires = case.campaign.expires
    if expires is None or case.now < expires:
        return None
    return Skip(case.contact, SkipReason.EXPIRED, f"on {expires:%Y-%m-%d %H:%M} UTC")


# --- Holds ---------------------------------------------------------------------------------------


def quiet_hours(case: Case) -> Skip | Hold | None:
    """Leaves to the frequency cap whom it still holds when the hours open: the cap decides then."""
    hours = case.hours_now
    if isinstance(hours, Open):
        return None
    if isinstance(hours, Closed) and cap_free_at(case, hours.opens_at) > hours.opens_at:
        return None
    return _hold(case, HoldReason.QUIET_HOURS, SkipReason.EXPIRED)


def frequency_cap(case: Case) -> Skip | Hold | None:
    if cap_free_at(case, case.now) <= case.now:
        return None
    return _hold(case, HoldReason.FREQUENCY_CAP, SkipReason.CAPPED)


def _hold(case: Case, reason: HoldReason, too_late: SkipReason) -> Skip | Hold:
    """Held means sendable at the time shown: hours open *and* cap free. Past `expires` it is a Skip."""
    until = _sendable_at(case)
    if until is None:
        return Skip(case.contact, SkipReason.NEVER_OPEN, "not within 14 days")
    if case.campaign.expires is not None and until >= case.campaign.expires:
        return Skip(case.contact, too_late, f"{reason} until {until:%Y-%m-%d %H:%M} UTC, after it expires")
    return Hold(case.contact, reason, until)


def _sendable_at(case: Case) -> datetime | None:
    """The first instant at which the cap is free and every zone open; later the cap only gets freer."""
    at = case.now
    for _ in range(3):
        free = cap_free_at(case, at)
        at = _round_up(free) if free > at else at
        hours = case.hours(at)
        if isinstance(hours, Open):
            return at
        if not isinstance(hours, Closed):
            return None
        at = hours.opens_at
    return None


def _round_up(at: datetime, minutes: int = 5) -> datetime:
    """Later by less than `minutes`: still true, and a cache of hours can answer it."""
    step = minutes * 60
    return datetime.fromtimestamp(-(-at.timestamp() // step) * step, tz=UTC)


def cap_free_at(case: Case, at: datetime) -> datetime:
    """The first instant from `at` on at which the frequency caps let one more message through."""
    if not case.facts.recent:
        return at
    return max((free_at(cap, _counted(case, cap), at) for cap in case.caps), default=at)


def _counted(case: Case, cap: LocalCap) -> list[datetime]:
    """When the earlier messages were claimed that this cap counts."""
    purpose, topic = case.campaign.purpose, case.campaign.topic
    match cap.cap.counts:
        case CapScope.EVERYTHING:
            return [recent.at for recent in case.facts.recent]
        case CapScope.PURPOSE:
            return [recent.at for recent in case.facts.recent if recent.purpose == purpose]
        case CapScope.TOPIC:
            return [recent.at for recent in case.facts.recent if recent.topic == topic]


Rule = Callable[[Case], Skip | Hold | None]

RULES: tuple[Rule, ...] = (
    opted_out,
    excluded,
    no_consent,
    duplicate,
    already_sent,
    in_doubt,
    rejected_before,
    same_text,
    country_not_allowed,
    missing_text,
    text_too_long,
    hours_unknown,
    expired,
    quiet_hours,
    frequency_cap,
)


def why_dropped(message: Message, campaign: Campaign, facts: Facts, now: datetime) -> SkipReason | HoldReason:
    """Why a message that was planned may not be claimed after all."""
    if campaign.expires is not None and now >= campaign.expires:
        return SkipReason.EXPIRED
    if facts.opted_out & {"", campaign.topic}:
        return SkipReason.OPTED_OUT
    agreed = yeses(facts.consents, None, campaign.purpose, campaign.topic)
    if not agreed and said_no_at(facts.consents, campaign.purpose, campaign.topic):
        return SkipReason.NO_CONSENT
    if now >= message.deadline:
        needed = campaign.consent.of(message.to.country)
        has_ended = any(_ends_at(yes, needed) == message.deadline for yes in agreed)
        return SkipReason.NO_CONSENT if has_ended else HoldReason.QUIET_HOURS
    if facts.prior in (State.SUBMITTING, State.IN_DOUBT):
        return SkipReason.IN_DOUBT
    if facts.prior is State.REJECTED:
        return SkipReason.REJECTED_BEFORE
    if facts.prior not in (None, State.RELEASED):
        return SkipReason.ALREADY_SENT
    if campaign.same_text is SameText.SKIP and _has_same_text(message, campaign, facts, now):
        return SkipReason.SAME_TEXT
    return HoldReason.FREQUENCY_CAP


def _has_same_text(message: Message, campaign: Campaign, facts: Facts, now: datetime) -> bool:
    body, since = digest(message.body), now - campaign.same_text_within
    return any(recent.body_digest == body and recent.at > since for recent in facts.recent)
