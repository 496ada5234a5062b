"""Who may be texted: a table of cases, and what must hold for any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.campaign import (
    Campaign,
    ConsentPolicy,
    Limits,
    Purpose,
    SameText,
    Senders,
)
from smscli.domain.consent import ConsentFact, ConsentMethod
from smscli.domain.contact import Consent, ConsentLevel, Contact
from smscli.domain.decision import Decision, Hold, HoldReason, Send, Skip, SkipReason
from smscli.domain.explaining import FACTS, HoursFacts, Verdict, decided, explain, with_later_rows
from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import State, digest
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, Facts, Recent
from smscli.domain.quiet_hours import Closed, HolidayRule, Open, QuietHours, Regime, Window, permission
from smscli.domain.rules import RULES, Again, Case, cap_free_at, decide, why_dropped
from smscli.domain.template import compile_text
from smscli.domain.zones import zones_of

#: A Friday noon in Warsaw and early morning in New York.
NOW = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
DAYTIME = QuietHours(((Window(9 * 60, 20 * 60),),) * 5 + ((),) * 2)
POLE = Msisdn("+48512345678", "PL")
NEW_YORKER = Msisdn("+12125550123", "US")
SATELLITE = Msisdn("+881612345678", "001")

CAMPAIGN = Campaign(
    id="spring",
    brand="Green Garage",
    purpose=Purpose.MARKETING,
    topic="offers",
    senders=Senders("Garage", {"US": "+12025550143"}),
    texts={
        "en": compile_text("{{ brand }}: hello {{ first_name }}"),
        "pl": compile_text("{{ brand }}: cześć {{ first_name }}"),
    },
    default_language="en",
    fallback=False,
    consent=ConsentPolicy(ConsentLevel.EXPRESS, timedelta(days=730)),
    quiet_hours=DAYTIME,
    caps=(FrequencyCap(2, timedelta(days=30)), FrequencyCap(1, timedelta(days=2))),
    limits=Limits(),
    same_text=SameText.SKIP,
    rates=None,
)
CONTACT = Contact(
    row=1,
    line=2,
    number=POLE,
    consent=Consent(ConsentLevel.EXPRESS, date(2026, 1, 1), source="contacts.csv:2"),
    fields={"first_name": "Ola"},
)
BODY = "Green Garage: hello Ola"


def ask(
    contact: Contact = CONTACT,
    campaign: Campaign = CAMPAIGN,
    facts: Facts = NO_FACTS,
    now: datetime = NOW,
    *,
    repeated: bool = False,
    again: frozenset[Again] = frozenset(),
    excluded: str = "",
) -> Decision:
    ids = count(1)
    case = Case(contact, campaign, now, facts, repeated, excluded, again)
    return decide(case, lambda: f"id{next(ids)}")


def earlier(*days_ago: float, body: str = "another", campaign: str = "winter") -> Facts:
    times = sorted(NOW - timedelta(days=days) for days in days_ago)
    return Facts(recent=tuple(Recent(at, campaign, "offers", digest(body)) for at in times))


def test_a_contact_with_nothing_against_gets_the_message() -> None:
    decision = ask()
    assert isinstance(decision, Send)
    message = decision.message
    assert (message.body, message.sender, message.language) == (BODY, "Garage", "en")
    assert message.deadline == datetime(2026, 11, 20, 18, 45, tzinfo=UTC)  # 20:00 in Warsaw less 15 min
    assert message.evidence == "list: express on 2026-01-01, contacts.csv:2"


def with_consent(**changes: object) -> Contact:
    assert CONTACT.consent is not None
    return replace(CONTACT, consent=replace(CONTACT.consent, **changes))  # type: ignore[arg-type]


S = SkipReason
SKIPS: list[tuple[str, SkipReason, dict[str, object]]] = [
    ("log opt-out of everything", S.OPTED_OUT, {"facts": Facts(opted_out=frozenset({""}))}),
    ("log opt-out of the topic", S.OPTED_OUT, {"facts": Facts(opted_out=frozenset({"offers"}))}),
    ("list opt-out", S.OPTED_OUT, {"contact": replace(CONTACT, opted_out=("",))}),
    ("list opt-out of the topic", S.OPTED_OUT, {"contact": replace(CONTACT, opted_out=("offers",))}),
    ("no consent", S.NO_CONSENT, {"contact": replace(CONTACT, consent=None)}),
    ("consent too low", S.NO_CONSENT, {"contact": with_consent(level=ConsentLevel.SOFT)}),
    ("consent too old", S.NO_CONSENT, {"contact": with_consent(given_on=date(2024, 11, 19))}),
    ("consent for another topic", S.NO_CONSENT, {"contact": with_consent(topics=("news",))}),
    ("a second row of the number", S.DUPLICATE, {"repeated": True}),
    ("accepted before", S.ALREADY_SENT, {"facts": Facts(State.ACCEPTED)}),
    ("delivered before", S.ALREADY_SENT, {"facts": Facts(State.DELIVERED)}),
    ("excluded", S.EXCLUDED, {"excluded": "dnc.csv", "contact": replace(CONTACT, consent=None)}),
    ("undelivered before", S.ALREADY_SENT, {"facts": Facts(State.UNDELIVERED)}),
    ("in doubt", S.IN_DOUBT, {"facts": Facts(State.IN_DOUBT)}),
    ("still submitting", S.IN_DOUBT, {"facts": Facts(State.SUBMITTING)}),
    ("rejected before", S.REJECTED_BEFORE, {"facts": Facts(State.REJECTED)}),
    ("same text lately", S.SAME_TEXT, {"facts": earlier(6.9, body=BODY)}),
    (
        "country not allowed",
        S.COUNTRY_NOT_ALLOWED,
        {"campaign": replace(CAMPAIGN, countries=frozenset({"GR"}))},
    ),
    ("missing field", S.MISSING_FIELD, {"contact": replace(CONTACT, fields={})}),
    ("empty field", S.MISSING_FIELD, {"contact": replace(CONTACT, fields={"first_name": " "})}),
    ("no text for the language", S.NO_TEXT, {"contact": replace(CONTACT, language="el")}),
    (
        "more segments than allowed",
        S.TEXT_TOO_LONG,
        {
            "contact": replace(CONTACT, fields={"first_name": "x" * 160}),
            "campaign": replace(CAMPAIGN, limits=Limits(max_segments=1)),
        },
    ),
    (
        "longer than any text",
        S.TEXT_TOO_LONG,
        {"contact": replace(CONTACT, fields={"first_name": "x" * 50_000})},
    ),
    ("no zone", S.ZONE_UNKNOWN, {"contact": replace(CONTACT, number=SATELLITE)}),
    (
        "no known holidays",
        S.HOLIDAYS_UNKNOWN,
        {"contact": replace(CONTACT, number=Msisdn("+24740123", "AC"))},
    ),
    (
        "never open",
        S.NEVER_OPEN,
        {"campaign": replace(CAMPAIGN, quiet_hours=QuietHours(((),) * 7, HolidayRule.IGNORE))},
    ),
    ("expired", S.EXPIRED, {"campaign": replace(CAMPAIGN, expires=NOW)}),
    (
        "quiet until after it expires",
        S.EXPIRED,
        {"campaign": replace(CAMPAIGN, expires=NOW + timedelta(hours=30)), "now": NOW + timedelta(hours=12)},
    ),
    (
        "capped until after it expires",
        S.CAPPED,
        {"campaign": replace(CAMPAIGN, expires=NOW + timedelta(hours=5)), "facts": earlier(1)},
    ),
]


@pytest.mark.parametrize(("reason", "case"), [row[1:] for row in SKIPS], ids=[row[0] for row in SKIPS])
def test_skips(reason: SkipReason, case: dict[str, object]) -> None:
    decision = ask(**case)  # type: ignore[arg-type]
    assert isinstance(decision, Skip)
    assert decision.reason is reason


def test_every_skip_reason_is_reached_by_a_case() -> None:
    assert {reason for _, reason, _ in SKIPS} == set(SkipReason)


@pytest.mark.parametrize(
    "case",
    [
        {"facts": Facts(opted_out=frozenset({"news"}))},
        {"contact": with_consent(given_on=date(2024, 11, 21))},
        {"contact": with_consent(topics=("offers", "news"))},
        {"contact": with_consent(level=ConsentLevel.EXPRESS_WRITTEN)},
        {"facts": Facts(State.RELEASED)},
        {"facts": Facts(State.REJECTED), "again": frozenset({Again.REJECTED})},
        {"facts": earlier(7.1, body=BODY)},
        {"facts": earlier(6, body=BODY), "again": frozenset({Again.SAME_TEXT})},
        {"facts": earlier(6, body=BODY), "campaign": replace(CAMPAIGN, same_text=SameText.WARN)},
        {"facts": earlier(6, body="other words")},
        {"campaign": replace(CAMPAIGN, countries=frozenset({"PL"}))},
        {"contact": replace(CONTACT, language="el"), "campaign": replace(CAMPAIGN, fallback=True)},
        {"contact": replace(CONTACT, language="pl-PL")},
        {"facts": earlier(31, 32, 33)},
    ],
)
def test_near_misses_are_sent(case: dict[str, object]) -> None:
    assert isinstance(ask(**case), Send)  # type: ignore[arg-type]


def test_the_language_of_the_contact_chooses_the_text() -> None:
    decision = ask(replace(CONTACT, language="pl-PL"))
    assert isinstance(decision, Send)
    assert decision.message.body == "Green Garage: cześć Ola"


def test_the_sender_follows_the_country() -> None:
    decision = ask(replace(CONTACT, number=NEW_YORKER), now=datetime(2026, 11, 20, 15, 0, tzinfo=UTC))
    assert isinstance(decision, Send)
    assert decision.message.sender == "+12025550143"


def test_night_there_is_held_until_their_morning() -> None:
    decision = ask(replace(CONTACT, number=NEW_YORKER))
    assert isinstance(decision, Hold)
    assert decision.reason is HoldReason.QUIET_HOURS
    assert decision.until == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def test_a_hold_never_hides_a_missing_field() -> None:
    decision = ask(replace(CONTACT, number=NEW_YORKER, fields={}))
    assert isinstance(decision, Skip)
    assert decision.reason is SkipReason.MISSING_FIELD


def test_too_often_is_held_until_the_gap_has_passed_and_the_window_is_open() -> None:
    decision = ask(facts=earlier(1))  # free again on Saturday noon: shut; so Monday 09:00
    assert isinstance(decision, Hold)
    assert decision.reason is HoldReason.FREQUENCY_CAP
    assert decision.until == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_at_most_n_per_period_waits_for_the_oldest_to_lapse() -> None:
    decision = ask(facts=earlier(29, 10))
    assert isinstance(decision, Hold)
    assert decision.until == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # Saturday, then Monday morning


@pytest.mark.parametrize(
    ("days_ago", "reason", "until"),
    [
        (1.9, HoldReason.QUIET_HOURS, datetime(2026, 11, 20, 14, 0, tzinfo=UTC)),  # room before they open
        (1.8, HoldReason.FREQUENCY_CAP, datetime(2026, 11, 20, 15, 50, tzinfo=UTC)),
        (1, HoldReason.FREQUENCY_CAP, datetime(2026, 11, 23, 14, 0, tzinfo=UTC)),  # room on a Saturday
    ],
)
def test_at_night_and_too_often_names_what_lasts_longer(
    days_ago: float, reason: HoldReason, until: datetime
) -> None:
    decision = ask(replace(CONTACT, number=NEW_YORKER), facts=earlier(days_ago))
    assert isinstance(decision, Hold)
    assert (decision.reason, decision.until) == (reason, until)


@pytest.mark.parametrize(
    ("days_ago", "hours", "reason"),
    [(1.9, 2, SkipReason.EXPIRED), (1.8, 4, SkipReason.CAPPED)],  # 14:00 UTC is their morning
)
def test_past_the_expiry_too_what_lasts_longer_is_the_reason(
    days_ago: float, hours: int, reason: SkipReason
) -> None:
    campaign = replace(CAMPAIGN, expires=NOW + timedelta(hours=hours))
    decision = ask(replace(CONTACT, number=NEW_YORKER), campaign, earlier(days_ago))
    assert isinstance(decision, Skip)
    assert decision.reason is reason


def test_expires_is_a_deadline_too() -> None:
    decision = ask(campaign=replace(CAMPAIGN, expires=NOW + timedelta(hours=1)))
    assert isinstance(decision, Send)
    assert decision.message.deadline == NOW + timedelta(hours=1)


def agreed(days_ago: float, ends_in: timedelta | None = None) -> ConsentFact:
    ends = None if ends_in is None else NOW + ends_in
    said_at = NOW - timedelta(days=days_ago)
    return ConsentFact(1, ConsentLevel.EXPRESS, said_at, "", (), ConsentMethod.PAPER, ends, None)


HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
ENDS = [
    ("one ends", [agreed(9, HOUR)], NOW + HOUR),
    ("the longer of two counts", [agreed(9, HOUR), agreed(8, 2 * HOUR)], NOW + 2 * HOUR),
    ("one without an end", [agreed(9, HOUR), agreed(8)], NOW + timedelta(days=14)),
    ("too old after today", [agreed(730)], MIDNIGHT),
    ("its end comes first", [agreed(730, HOUR)], NOW + HOUR),
    ("one is not enough any more", [agreed(800), agreed(9, HOUR)], NOW + HOUR),
]


@pytest.mark.parametrize(("facts", "deadline"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS])
def test_the_end_of_a_consent_is_a_deadline_for_a_run_may_outlast_it(
    facts: list[ConsentFact], deadline: datetime
) -> None:
    contact, at_any_hour = replace(CONTACT, consent=None), replace(CAMPAIGN, quiet_hours=None)
    known = Facts(consents=tuple(facts))
    decision = ask(contact, at_any_hour, known)
    assert isinstance(decision, Send)
    assert decision.message.deadline == deadline
    if deadline < NOW + timedelta(days=14):
        assert why_dropped(decision.message, at_any_hour, known, deadline) is SkipReason.NO_CONSENT
        later = ask(contact, at_any_hour, known, deadline)
        assert isinstance(later, Skip)
        assert later.reason is SkipReason.NO_CONSENT


def test_without_quiet_hours_no_zone_is_needed() -> None:
    decision = ask(replace(CONTACT, number=SATELLITE), replace(CAMPAIGN, quiet_hours=None))
    assert isinstance(decision, Send)


def test_all_skips_come_before_all_holds() -> None:
    names = [rule.__name__ for rule in RULES]
    assert names[-2:] == ["quiet_hours", "frequency_cap"]


numbers = st.sampled_from([POLE, NEW_YORKER, SATELLITE, Msisdn("+6281234567890", "ID")])
moments = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(number=numbers, now=moments, ages=st.lists(st.floats(0, 40), max_size=4))
def test_whatever_is_sent_is_inside_hours_and_cap_until_its_deadline(
    number: Msisdn, now: datetime, ages: list[float]
) -> None:
    facts = Facts(
        recent=tuple(
            Recent(now - timedelta(days=age), "winter", "", "x") for age in sorted(ages, reverse=True)
        )
    )
    campaign = replace(CAMPAIGN, consent=ConsentPolicy(ConsentLevel.NONE))
    decision = ask(replace(CONTACT, number=number), campaign, facts, now)
    if isinstance(decision, Send):
        asked = permission((Regime(DAYTIME, number.country),), zones_of(number), now)
        assert isinstance(asked, Open)
        assert now < decision.message.deadline <= asked.until
        assert sum(age < 30 for age in ages) < 2
        assert not any(age < 2 for age in ages)
    elif isinstance(decision, Hold):
        later = ask(replace(CONTACT, number=number), campaign, facts, decision.until)
        assert decision.until > now
        assert isinstance(later, Send), "held means sendable at the time shown"


@given(number=numbers, now=moments, ages=st.lists(st.floats(0, 40), max_size=4))
def test_the_reason_of_a_hold_is_what_holds_longest(number: Msisdn, now: datetime, ages: list[float]) -> None:
    recent = tuple(Recent(now - timedelta(days=age), "winter", "", "x") for age in sorted(ages)[::-1])
    contact, facts = replace(CONTACT, number=number), Facts(recent=recent)
    decision = ask(contact, replace(CAMPAIGN, consent=ConsentPolicy(ConsentLevel.NONE)), facts, now)
    if not isinstance(decision, Hold):
        return
    just_before = decision.until - timedelta(minutes=5)
    case = Case(contact, CAMPAIGN, now, facts)
    hours_open = case.hours_now.opens_at if isinstance(case.hours_now, Closed) else now
    if decision.reason is HoldReason.QUIET_HOURS:
        assert not isinstance(case.hours(just_before), Open)
        assert decision.until == hours_open, "the cap adds nothing"
    else:
        free = cap_free_at(case, hours_open)
        assert free > hours_open, "the hours alone would have let it through earlier"
        # Just before, it is still capped; or it came free outside hours and waits for those.
        assert free > just_before or not isinstance(case.hours(just_before), Open)


DROPS = [
    (Facts(opted_out=frozenset({""})), NOW, SkipReason.OPTED_OUT),
    (Facts(State.IN_DOUBT), NOW, SkipReason.IN_DOUBT),
    (Facts(State.SUBMITTING), NOW, SkipReason.IN_DOUBT),
    (Facts(State.REJECTED), NOW, SkipReason.REJECTED_BEFORE),
    (Facts(State.ACCEPTED), NOW, SkipReason.ALREADY_SENT),
    (earlier(0.1, body=BODY), NOW, SkipReason.SAME_TEXT),
    (earlier(0.1), NOW, HoldReason.FREQUENCY_CAP),
    (Facts(), NOW + timedelta(hours=12), HoldReason.QUIET_HOURS),
]


@pytest.mark.parametrize(("facts", "now", "reason"), DROPS)
def test_why_a_planned_message_drops_out(
    facts: Facts, now: datetime, reason: SkipReason | HoldReason
) -> None:
    decision = ask()
    assert isinstance(decision, Send)
    assert why_dropped(decision.message, CAMPAIGN, facts, now) is reason


def test_a_campaign_that_expired_meanwhile_says_so() -> None:
    decision = ask()
    assert isinstance(decision, Send)
    ended = replace(CAMPAIGN, expires=NOW)
    assert why_dropped(decision.message, ended, Facts(), NOW) is SkipReason.EXPIRED


# --- the story that is told of a case ---


def case_of(**parts: object) -> Case:
    known: dict[str, object] = {"contact": CONTACT, "campaign": CAMPAIGN, "facts": NO_FACTS, "now": NOW}
    return Case(**(known | parts))  # type: ignore[arg-type]


def test_every_rule_can_be_explained_and_nothing_else_is() -> None:
    assert tuple(FACTS) == RULES


@pytest.mark.parametrize("case", [row[2] for row in SKIPS], ids=[row[0] for row in SKIPS])
def test_the_story_ends_as_the_plan_decides(case: dict[str, object]) -> None:
    decision, findings = ask(**case), explain(case_of(**case))  # type: ignore[arg-type]
    assert decided(findings) == decision
    assert [each.rule for each in findings] == [rule.__name__ for rule in RULES]
    verdicts = [each.verdict for each in findings]
    place = verdicts.index(Verdict.DECIDED)
    assert set(verdicts[:place]) <= {Verdict.PASSED}
    assert set(verdicts[place + 1 :]) <= {Verdict.NOT_ASKED}


def test_who_is_sent_to_passes_every_rule() -> None:
    findings = explain(case_of())
    assert {each.verdict for each in findings} == {Verdict.PASSED}
    assert decided(findings) is None
    assert all(each.answer is None for each in findings)


def test_a_rule_that_is_not_asked_any_more_tells_what_it_would_say() -> None:
    contact = replace(CONTACT, number=NEW_YORKER, consent=None)
    by_rule = {each.rule: each for each in explain(case_of(contact=contact, facts=earlier(1.9)))}
    hours = by_rule["quiet_hours"]
    assert hours.verdict is Verdict.NOT_ASKED
    assert isinstance(hours.answer, Hold)
    assert isinstance(by_rule["frequency_cap"].answer, Hold)
    assert by_rule["duplicate"].answer is None


def test_where_hours_are_unknown_no_hold_invents_any() -> None:
    by_rule = {each.rule: each for each in explain(case_of(contact=replace(CONTACT, number=SATELLITE)))}
    assert by_rule["hours_unknown"].verdict is Verdict.DECIDED
    assert by_rule["quiet_hours"].answer is None
    assert by_rule["frequency_cap"].answer is None


def test_every_zone_is_told_with_its_own_clock_and_hours() -> None:
    indonesian = replace(CONTACT, number=Msisdn("+6281234567890", "ID"))
    now = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    facts = {each.rule: each.facts for each in explain(case_of(contact=indonesian, now=now))}["quiet_hours"]
    assert isinstance(facts, HoursFacts)
    told = [
        (zone.zone, f"{zone.local:%H:%M}", isinstance(zone.permission, Open), zone.windows)
        for zone in facts.zones
    ]
    windows = DAYTIME.windows[4]
    assert told == [
        ("Asia/Jakarta", "19:30", True, windows),
        ("Asia/Jayapura", "21:30", False, windows),
        ("Asia/Makassar", "20:30", False, windows),
    ]


def test_a_public_holiday_is_told_as_one() -> None:
    independence_day = datetime(2026, 11, 11, 11, 0, tzinfo=UTC)
    for number, is_holiday in ((POLE, True), (NEW_YORKER, True), (Msisdn("+447700900123", "GB"), False)):
        case = case_of(contact=replace(CONTACT, number=number), now=independence_day)
        facts = explain(case)[-2].facts
        assert isinstance(facts, HoursFacts)
        assert {zone.is_holiday for zone in facts.zones} == {is_holiday}


@pytest.mark.parametrize(
    ("case", "decides", "not_asked"),
    [
        ({}, "later_rows", set()),
        ({"contact": replace(CONTACT, number=NEW_YORKER)}, "later_rows", {"quiet_hours", "frequency_cap"}),
        ({"facts": earlier(1)}, "later_rows", {"frequency_cap"}),
        ({"contact": replace(CONTACT, fields={})}, "missing_text", None),
    ],
)
def test_an_opt_out_further_down_the_list_decides_before_a_hold_and_after_a_skip(
    case: dict[str, object], decides: str, not_asked: set[str] | None
) -> None:
    findings = with_later_rows(explain(case_of(**case)), CONTACT, "line 9 of the list says so")
    deciding = [each.rule for each in findings if each.verdict is Verdict.DECIDED]
    assert deciding == [decides]
    if not_asked is not None:
        assert {each.rule for each in findings if each.verdict is Verdict.NOT_ASKED} == not_asked
        assert decided(findings) == Skip(CONTACT, SkipReason.OPTED_OUT, "line 9 of the list says so")
    unsaid = with_later_rows(explain(case_of(**case)), CONTACT, "")
    assert decided(unsaid) == decided(explain(case_of(**case)))
    assert len(unsaid) == len(RULES) + 1


@given(number=numbers, now=moments, ages=st.lists(st.floats(0, 40), max_size=4))
def test_whatever_the_case_the_story_and_the_decision_agree(
    number: Msisdn, now: datetime, ages: list[float]
) -> None:
    known = {"contact": replace(CONTACT, number=number), "facts": earlier(*ages), "now": now}
    decision, answer = ask(**known), decided(explain(case_of(**known)))  # type: ignore[arg-type]
    assert isinstance(decision, Send) if answer is None else decision == answer


def no_then_yes(ends_in: timedelta | None) -> Facts:
    """Somebody who said no to everything, and a day later yes for a time."""
    said = ConsentFact(1, ConsentLevel.NONE, NOW - timedelta(days=9), "", (), ConsentMethod.PAPER, None, None)
    ends_at = None if ends_in is None else NOW + ends_in
    yes = said._replace(key=2, level=ConsentLevel.SOFT, at=NOW - timedelta(days=8), expires_at=ends_at)
    return Facts(consents=(said, yes))


@pytest.mark.parametrize(
    ("ends_in", "allowed"),
    [(None, True), (timedelta(days=1), True), (timedelta(), False), (timedelta(days=-1), False)],
)
def test_a_yes_that_has_ended_leaves_the_no_before_it(ends_in: timedelta | None, allowed: bool) -> None:
    """Also where no consent is needed: a no is a no."""
    workshop = replace(CAMPAIGN, purpose=Purpose.TRANSACTIONAL, consent=ConsentPolicy(ConsentLevel.NONE))
    decision = ask(replace(CONTACT, consent=None), workshop, no_then_yes(ends_in))
    assert isinstance(decision, Send) is allowed
    if isinstance(decision, Skip):
        assert decision.reason is SkipReason.NO_CONSENT
