"""Who may be texted: one function a rule, asked in one order, the first answer counts.

All Skips come before all Holds, so that a night-time hold does not hide a missing field. Every rule
answers from the Case it is given: the contact, the campaign, the log's facts and the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

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


@dataclass(slots=True)
class Case:
    """One contact before the rules. Text, zones and hours are worked out once, when first asked for.

    `repeated`: an earlier row has its number. `excluded` names the list of numbers not to text that has it.

    `ask_hours` answers for the campaign's quiet hours; by default they are asked anew each time.
    """

    contact: Contact
    campaign: Campaign
    now: datetime
    facts: Facts = NO_FACTS
    repeated: bool = False
    excluded: str = ""
    again: frozenset[Again] = frozenset()
    ask_hours: AskHours | None = None
    _text: Text | NoText | None = field(default=None, init=False)
    _hours_now: Permission | None = field(default=None, init=False)
    _zones: tuple[str, ...] | None = field(default=None, init=False)
    _places: tuple[str, ...] | None = field(default=None, init=False)
    _caps: tuple[LocalCap, ...] | None = field(default=None, init=False)
    _yeses: tuple[Yes, ...] | None = field(default=None, init=False)

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
    def needed(self) -> ConsentPolicy:
        """The consent that this message needs: the campaign's policy there, raised by the country's rules."""
        policy = self.campaign.consent.of(self.contact.number.country)
        least = self._least_level()
        return policy if least is None or least <= policy.level else replace(policy, level=least)

    def _least_level(self) -> ConsentLevel | None:
        """What the country asks of advertisements; a message that somebody waits for is none."""
        rules = self.campaign.country_rules
        if rules is None or self.campaign.purpose is not Purpose.MARKETING:
            return None
        return consent_of(rules, self.places)

    @property
    def yeses(self) -> tuple[Yes, ...]:
        """What this person agreed to, the best first."""
        if self._yeses is None:
            campaign, contact = self.campaign, self.contact
            self._yeses = yeses(self.facts.consents, contact.consent, campaign.purpose, campaign.topic)
        return self._yeses

    @property
    def said_no_at(self) -> datetime | None:
        """When this person last said no to such messages, by the records of the log."""
        return said_no_at(self.facts.consents, self.campaign.purpose, self.campaign.topic)

    @property
    def caps(self) -> tuple[LocalCap, ...]:
        """Every frequency cap that holds for this person: the campaign's, their country's, a promise."""
        if self._caps is None:
            rules = self.campaign.country_rules
            local = caps_of(rules, self.places) if rules else ()
            caps = (*self.campaign.caps, *local, *self._promised())
            self._caps = tuple(
                LocalCap(cap, self.zones if isinstance(cap.per, CalendarPeriod) else ()) for cap in caps
            )
        return self._caps

    def _promised(self) -> Iterator[FrequencyCap]:
        """What this person was told when they agreed: every promise that still stands is kept."""
        for yes in self.yeses:
            if yes.promise is not None:
                most, per = yes.promise.at_most, yes.promise.per
                yield FrequencyCap(most, per, CapScope.PURPOSE, f"promised, {yes.source}")

    def hours(self, at: datetime) -> Permission:
        """May this person be texted at that instant, as far as hours go?"""
        if not self.regimes:
            return Open(at + HORIZON)
        return (self.ask_hours or permission)(self.regimes, self.zones, at)

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """Whose hours apply to this person: the campaign's, and those of every place they may be in."""
        return regimes_of(self.campaign.quiet_hours, self.campaign.country_rules, self.places)


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
        deadline=min(hours.until, campaign.expires or hours.until),
        language=text.language,
        evidence=_evidence(case),
        grounds=_grounds(case),
        caps=tuple(own for own in case.caps if own.cap.of or isinstance(own.cap.per, CalendarPeriod)),
    )


def _evidence(case: Case) -> str:
    """The yes that let this message out; where none was needed, the best there is."""
    allows = next((yes for yes in case.yeses if why_not_enough(case, yes) is None), None)
    best = allows or next(iter(case.yeses), None)
    return "" if best is None else str(best)


#: Zones and rules that are named in the log; a freephone number's 42 zones are counted.
_NAMED = 4


def _grounds(case: Case) -> str:
    """By which clocks and whose hours somebody was texted: `Europe/Warsaw; hours of the campaign, PL`."""
    if not case.regimes:
        return "at any hour"
    who = case.contact
    stated = " (stated)" if who.zone in case.zones and len(case.zones) == 1 else ""
    rules = case.campaign.country_rules
    rows = [row.id for row in jurisdictions_of(rules, case.places)] if rules else []
    own = ["the campaign"] if case.campaign.quiet_hours is not None else []
    return f"{_some(case.zones)}{stated}; hours of {_some((*own, *rows))}"


@lru_cache(maxsize=4_096)
def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


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
    if case.needed.level is ConsentLevel.NONE and (case.said_no_at is None or case.yeses):
        return None
    lacks = [why_not_enough(case, yes) for yes in case.yeses]
    if None in lacks:
        return None
    said_no = f"said no on {case.said_no_at:%Y-%m-%d}" if case.said_no_at else "none on record"
    return Skip(case.contact, SkipReason.NO_CONSENT, next(filter(None, lacks), said_no))


def why_not_enough(case: Case, yes: Yes) -> str | None:
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
    if now >= message.deadline:
        return HoldReason.QUIET_HOURS
    if facts.opted_out & {"", campaign.topic}:
        return SkipReason.OPTED_OUT
    if said_no_at(facts.consents, campaign.purpose, campaign.topic) and not yeses(
        facts.consents, None, campaign.purpose, campaign.topic
    ):
        return SkipReason.NO_CONSENT
    if facts.prior in (State.SUBMITTING, State.IN_DOUBT):
        return SkipReason.IN_DOUBT
    if facts.prior is State.REJECTED:
        return SkipReason.REJECTED_BEFORE
    if facts.prior not in (None, State.RELEASED):
        return SkipReason.ALREADY_SENT
    if any(recent.body_digest == digest(message.body) for recent in facts.recent) and (
        campaign.same_text is SameText.SKIP
    ):
        return SkipReason.SAME_TEXT
    return HoldReason.FREQUENCY_CAP
