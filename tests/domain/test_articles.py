"""What five articles on business texting ask for, each as one worked example, by the functions that send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from smscli.domain.campaign import Campaign, ConsentPolicy, Limits, Purpose, SameText, Senders, Severity
from smscli.domain.consent import ConsentFact, ConsentMethod, Promise
from smscli.domain.contact import Consent, ConsentLevel, Contact
from smscli.domain.decision import Decision, Hold, HoldReason, Send, Skip, SkipReason
from smscli.domain.frequency import CalendarPeriod, FrequencyCap
from smscli.domain.message import Batch, Realm, digest
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, Facts, OptOut, Recent, Terms
from smscli.domain.replies import Reply, ReplyClass
from smscli.domain.reply_words import classify
from smscli.domain.rules import Case, decide
from smscli.domain.segments import measure
from smscli.domain.template import compile_text
from smscli.domain.wording import DEFAULTS, Reading, WordingRule, read
from smscli.engine.replying import Listening, file_replies
from smscli.files.reply_words_file import reply_words
from smscli.files.rule_files import load_country_rules, load_policies
from smscli.files.wording_file import load_word_lists
from smscli.sentlog.memory import MemorySentLog

R = WordingRule
BODY = "{{ brand }}: hello {{ first_name }}"
RUSSIAN, POLE = Msisdn("+79123456789", "RU"), Msisdn("+48512345678", "PL")
INDONESIAN, AMERICAN = Msisdn("+6281234567890", "ID"), Msisdn("+12025550101", "US")
MOSCOW, WARSAW, JAKARTA, NEW_YORK = "Europe/Moscow", "Europe/Warsaw", "Asia/Jakarta", "America/New_York"


def campaign(policy: str = "daily", *caps: FrequencyCap) -> Campaign:
    """Marketing with a ready week, without the rules of countries: what the article asks for alone."""
    return Campaign(
        id="spring",
        brand="Green Garage",
        purpose=Purpose.MARKETING,
        topic="promotions",
        senders=Senders("+12025550143"),
        texts={"en": compile_text(BODY)},
        default_language="en",
        fallback=True,
        consent=ConsentPolicy(ConsentLevel.EXPRESS),
        quiet_hours=load_policies()[policy],
        caps=caps,
        limits=Limits(),
        same_text=SameText.SKIP,
        rates=None,
    )


def person(number: Msisdn, zone: str, level: ConsentLevel = ConsentLevel.EXPRESS) -> Contact:
    agreed = Consent(level, date(2026, 1, 2), source="contacts.csv:2")
    return Contact(1, 2, number, agreed, zone=zone, fields={"first_name": "Ann"})


def at(zone: str, day: int, hour: int, minute: int = 0) -> datetime:
    """A time in November 2026; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def asked(
    who: Contact, what: Campaign, now: datetime, facts: Facts = NO_FACTS, *, excluded: str = ""
) -> Decision:
    ids = count(1)
    return decide(Case(who, what, now, facts, excluded=excluded), lambda: f"id{next(ids)}")


def is_open(who: Contact, what: Campaign, now: datetime) -> bool:
    decision = asked(who, what, now)
    assert isinstance(decision, Send) or (
        isinstance(decision, Hold) and decision.reason is HoldReason.QUIET_HOURS
    )
    return isinstance(decision, Send)


def texted(*times: datetime) -> Facts:
    """So many messages of another campaign went to somebody."""
    return Facts(
        recent=tuple(Recent(each, "winter", "promotions", digest("x"), Purpose.MARKETING) for each in times)
    )


def found(body: str, language: str, wording: Mapping[str, Severity] | None = None) -> frozenset[WordingRule]:
    """The rules that have something against a marketing text of Green Garage."""
    reading = Reading(
        body=body,
        language=language,
        purpose=Purpose.MARKETING,
        brand="Green Garage",
        sender="+12025550143",
        segments=measure(body),
        sender_receives=True,
        understood=lambda word: classify(word, reply_words()).kind is ReplyClass.OPT_OUT,
    )
    return frozenset(each.rule for each in read(reading, load_word_lists(), wording or {}))


def test_a_russian_article_on_business_texting() -> None:
    """From 9 to 21 on any day and never at three in the morning; once a week; two or three ways out."""
    who, daily = person(RUSSIAN, MOSCOW), campaign("daily", FrequencyCap(1, timedelta(days=7)))
    for day in range(23, 30):
        assert is_open(who, daily, at(MOSCOW, day, 9))
        assert is_open(who, daily, at(MOSCOW, day, 20, 30))
        assert not is_open(who, daily, at(MOSCOW, day, 8, 59))
        assert not is_open(who, daily, at(MOSCOW, day, 21))
        assert not is_open(who, daily, at(MOSCOW, day, 3))
    now = at(MOSCOW, 25, 12)
    too_soon = asked(who, daily, now, texted(now - timedelta(days=6)))
    assert isinstance(too_soon, Hold)
    assert too_soon.reason is HoldReason.FREQUENCY_CAP
    assert isinstance(asked(who, daily, now, texted(now - timedelta(days=7))), Send)
    two = {str(R.ONE_WAY_OUT): Severity.WARN}
    assert R.ONE_WAY_OUT in found("Green Garage: шины. Отказ: СТОП", "ru", two)
    assert R.ONE_WAY_OUT not in found("Green Garage: шины. Отказ: СТОП или gg.example/x", "ru", two)


def test_an_indonesian_article_on_the_etiquette_of_texting() -> None:
    """Working hours; what was announced a month is kept; words to join and to leave; no p4g1."""
    who, office = person(INDONESIAN, JAKARTA), campaign("office")
    assert is_open(who, office, at(JAKARTA, 25, 8))
    assert not is_open(who, office, at(JAKARTA, 25, 17))
    assert not is_open(who, office, at(JAKARTA, 28, 10)), "a Saturday"

    now = at(JAKARTA, 25, 12)
    few = Promise(4, CalendarPeriod.MONTH)
    since, how = now - timedelta(days=90), ConsentMethod.WEB_FORM
    agreed = ConsentFact(1, ConsentLevel.EXPRESS, since, "", (), how, None, few)
    three, four = (texted(*(now - timedelta(days=day) for day in days)) for days in ((9, 6, 3), (9, 6, 3, 2)))
    assert isinstance(asked(who, office, now, replace(three, consents=(agreed,))), Send)
    kept = asked(who, office, now, replace(four, consents=(agreed,)))
    assert isinstance(kept, Hold)
    assert kept.reason is HoldReason.FREQUENCY_CAP

    log = MemorySentLog()
    listening = Listening(reply_words(), {"3344": {"MAU": "promotions"}}, frozenset({"promotions"}))
    file_replies(log, [Reply(INDONESIAN, "3344", now, "Mau")], listening, "clerk", now)
    [record] = log.consents()
    assert (record.topics, record.how) == (("promotions",), ConsentMethod.KEYWORD)
    assert record.level is ConsentLevel.EXPRESS
    later = now + timedelta(hours=1)
    file_replies(log, [Reply(INDONESIAN, "3344", later, "UNSUBSCRIBE")], listening, "clerk", later)
    assert [(wish.number, wish.topic) for wish in log.opt_outs()] == [(INDONESIAN, "")]

    assert R.LEET in found("Green Garage: selamat p4g1. Balas STOP untuk berhenti", "id")
    assert R.LEET not in found("Green Garage: selamat pagi. Balas STOP untuk berhenti", "id")


def test_a_polish_article_on_business_texting() -> None:
    """Working hours of working days; out of one topic alone; no personal data; who writes comes first."""
    who, working = person(POLE, WARSAW), campaign("working-days")
    assert is_open(who, working, at(WARSAW, 12, 10))
    assert not is_open(who, working, at(WARSAW, 12, 18)), "the evening is one's own"
    assert not is_open(who, working, at(WARSAW, 14, 10)), "a Saturday"
    assert not is_open(who, working, at(WARSAW, 11, 10)), "Independence Day, a Wednesday"

    now = at(WARSAW, 25, 10)
    log = MemorySentLog()
    topics = Listening(reply_words(), topics=frozenset({"promotions", "visits"}))
    reply = Reply(POLE, "+12025550143", now, "STOP promotions")
    file_replies(log, [reply], topics, "clerk", now)
    facts = log.facts(Realm.LIVE, "spring", [POLE], now - timedelta(days=30), now)[POLE]
    refused = asked(who, working, now, facts)
    assert isinstance(refused, Skip)
    assert refused.reason is SkipReason.OPTED_OUT
    assert isinstance(asked(who, replace(working, topic="visits"), now, facts), Send)

    assert DEFAULTS[Purpose.MARKETING][R.ASKS_PERSONAL_DATA] is Severity.REFUSE
    assert R.ASKS_PERSONAL_DATA in found("Green Garage: podaj PESEL. Rezygnacja: STOP", "pl")
    assert DEFAULTS[Purpose.MARKETING][R.SENDER_NOT_NAMED] is Severity.REFUSE
    late = "Dzien dobry! Mamy dla Pani opony zimowe w dobrych cenach. Green Garage. Rezygnacja: STOP"
    assert R.SENDER_NOT_NAMED in found(late, "pl")
    assert R.SENDER_NOT_NAMED not in found("Green Garage: opony zimowe. Rezygnacja: STOP", "pl")


def test_a_greek_article_on_texting_customers() -> None:
    """One sentence or two, and never a single word."""
    two = "Green Garage: έτοιμο το ποδήλατο σας. Θα περάσετε αύριο το πρωί; "
    out = "Διακοπή: STOP"
    assert R.MANY_SENTENCES not in found(two + out, "el")
    assert R.MANY_SENTENCES in found(two + "Είμαστε εδώ ως τις έξι. " + out, "el")
    assert R.ONE_WORD in found("Ναι", "el")


def test_a_spanish_article_on_business_messaging_in_the_united_states() -> None:
    """Written consent to advertisements, a do-not-call list, and the opt-out list asked last of all."""
    rules = replace(campaign("daily"), country_rules=load_country_rules())
    now = at(NEW_YORK, 24, 12)
    said = asked(person(AMERICAN, NEW_YORK), rules, now)
    assert isinstance(said, Skip)
    assert said.reason is SkipReason.NO_CONSENT
    wrote = person(AMERICAN, NEW_YORK, ConsentLevel.EXPRESS_WRITTEN)
    planned = asked(wrote, rules, now)
    assert isinstance(planned, Send)
    listed = asked(wrote, rules, now, excluded="do-not-call.csv")
    assert isinstance(listed, Skip)
    assert listed.reason is SkipReason.EXCLUDED

    log = MemorySentLog()
    log.opt_out([OptOut(AMERICAN, "", now + timedelta(seconds=1), "reply")])
    terms = Terms(Realm.LIVE, "spring", "marketing", "promotions", "generic-json", "digest", "run-1")
    batch = Batch("request-1", (planned.message,), now)
    assert log.claim([batch], terms, now + timedelta(seconds=2)) == frozenset()
