"""Consent records: only added, and told in full; the same for every sent log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from smscli.domain.consent import ConsentFact, ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import CalendarPeriod
from smscli.domain.message import Realm
from smscli.domain.ports import Facts, SentLog

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, numbers, stop, undone

NOON = NOW.replace(hour=12, microsecond=0)

FULL = ConsentRecord(
    number=ANNA,
    level=ConsentLevel.EXPRESS_WRITTEN,
    at=NOON,
    how=ConsentMethod.WEB_FORM,
    purpose="marketing",
    topics=("news", "offers"),
    as_written="2026-11-22 13:00 +01:00",
    where="https://garage.example/join",
    words="Yes, text me: żółte opony.",
    language="pl",
    expires_at=NOON + 365 * DAY,
    proof="scan-17.pdf",
    raw="MAU",
    promise=Promise(2, CalendarPeriod.MONTH),
    source="consents.csv:7",
    by="maria",
)


def facts(log: SentLog, number: object = ANNA) -> tuple[ConsentFact, ...]:
    return log.facts(Realm.LIVE, "c", [ANNA, BEN], NOON, NOON).get(number, Facts()).consents  # type: ignore[call-overload,no-any-return]


def test_a_record_is_told_in_full(log: SentLog) -> None:
    assert log.record_consents([FULL], NOON + HOUR) == 1
    (found,) = log.consents()
    assert found == replace(FULL, recorded_at=NOON + HOUR, key=found.key)
    assert found.key > 0


def test_a_record_without_particulars_is_told_so(log: SentLog) -> None:
    bare = ConsentRecord(ANNA, ConsentLevel.NONE, NOON, ConsentMethod.OTHER)
    log.record_consents([bare], NOON)
    (found,) = log.consents()
    assert found == replace(bare, recorded_at=NOON, key=found.key)


@pytest.mark.parametrize(
    "per",
    [CalendarPeriod.DAY, CalendarPeriod.MONTH, 7 * DAY, timedelta(milliseconds=1), timedelta(seconds=1.5)],
)
def test_a_promise_is_kept_as_it_was_made(log: SentLog, per: timedelta | CalendarPeriod) -> None:
    log.record_consents([replace(FULL, promise=Promise(3, per))], NOON)
    assert next(log.consents()).promise == Promise(3, per)
    assert facts(log)[0].promise == Promise(3, per)


@pytest.mark.parametrize(
    ("again", "is_new"),
    [
        ({}, False),
        ({"source": "other.csv:9", "by": "jan", "words": "Other words"}, False),
        ({"topics": ("offers", "news", "news")}, False),
        ({"at": NOON + timedelta(microseconds=900)}, False),
        ({"at": NOON + timedelta(milliseconds=1)}, True),
        ({"level": ConsentLevel.NONE}, True),
        ({"purpose": ""}, True),
        ({"topics": ("news",)}, True),
        ({"how": ConsentMethod.PAPER}, True),
        ({"where": "shop"}, True),
        ({"expires_at": None}, True),
        ({"expires_at": NOON + 400 * DAY}, True),
        ({"promise": None}, True),
        ({"promise": Promise(1, CalendarPeriod.MONTH)}, True),
        ({"promise": Promise(2, 30 * DAY)}, True),
        ({"number": BEN}, True),
    ],
)
def test_a_record_that_says_the_very_same_is_not_new(
    log: SentLog, again: dict[str, object], is_new: bool
) -> None:
    second = replace(FULL, **again)  # type: ignore[arg-type]
    assert log.record_consents([FULL], NOON) == 1
    assert log.record_consents(iter([second, second]), NOON + HOUR) == is_new
    assert len(list(log.consents())) == 1 + is_new
    first = next(each for each in log.consents() if each.recorded_at == NOON)
    assert (first.source, first.words) == (FULL.source, FULL.words), "the first stays as it was"


def test_records_come_by_number_and_time(log: SentLog) -> None:
    given = [(BEN, NOON), (ANNA, NOON + DAY), (CELIA, NOON), (ANNA, NOON - DAY), (ANNA, NOON)]
    log.record_consents([replace(FULL, number=number, at=at) for number, at in given], NOON)
    assert [(each.number, each.at) for each in log.consents()] == sorted(
        given, key=lambda pair: (pair[0].e164, pair[1])
    )
    assert [each.at for each in log.consents(ANNA)] == [NOON - DAY, NOON, NOON + DAY]
    assert [each.number for each in log.consents(BEN)] == [BEN]
    assert list(log.consents(numbers(1)[0])) == []


def test_facts_bring_what_the_rules_ask_of_each_record(log: SentLog) -> None:
    no = ConsentRecord(ANNA, ConsentLevel.NONE, NOON - DAY, ConsentMethod.KEYWORD)
    log.record_consents([FULL, no, replace(FULL, number=CELIA)], NOON)
    first, second = facts(log)
    assert first == ConsentFact(
        first.key, ConsentLevel.NONE, NOON - DAY, "", (), ConsentMethod.KEYWORD, None, None
    )
    assert second == ConsentFact(
        second.key,
        FULL.level,
        FULL.at,
        FULL.purpose,
        FULL.topics,
        FULL.how,
        FULL.expires_at,
        FULL.promise,
    )
    assert isinstance(first.level, ConsentLevel)
    assert facts(log, BEN) == ()


def test_facts_of_many_bring_each_their_own(log: SentLog) -> None:
    people = numbers(300)
    log.record_consents([replace(FULL, number=number) for number in people[::2]], NOON)
    log.opt_out([stop(number) for number in people[::3]])
    found = log.facts(Realm.LIVE, "c", people, NOON, NOW)
    assert {number for number in people if found.get(number, Facts()).consents} == set(people[::2])
    assert {number for number in people if found.get(number, Facts()).opted_out} == set(people[::3])


def test_an_undone_record_was_never_made(log: SentLog) -> None:
    with undone(log):
        log.record_consents([FULL], NOON)
    assert list(log.consents()) == []
    assert log.record_consents([FULL], NOON) == 1


@pytest.mark.parametrize("at", [NOON, datetime.min.replace(year=1969, tzinfo=NOON.tzinfo)])
def test_any_time_can_be_recorded(log: SentLog, at: datetime) -> None:
    log.record_consents([replace(FULL, at=at)], NOON)
    assert next(log.consents()).at == at
