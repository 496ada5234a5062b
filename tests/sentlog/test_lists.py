"""What the log tells, and the opt-out list: the same for every sent log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from smscli.domain.message import Realm, State, digest
from smscli.domain.ports import Facts, LogFilter, Recent, RunRecord, SentLog

from .making import ANNA, BEN, CELIA, DAY, HOUR, NOW, TERMS, claimed, message, numbers, sent, settle, stop

MILLISECOND = timedelta(milliseconds=1)


def test_nothing_is_known_of_strangers(log: SentLog) -> None:
    assert dict(log.facts(Realm.LIVE, "c", numbers(2_000), NOW - 30 * DAY, NOW)) == {}
    assert dict(log.facts(Realm.LIVE, "c", [], NOW, NOW)) == {}


def test_facts_name_what_the_rules_ask(log: SentLog) -> None:
    early = sent(log, ANNA, now=NOW - 2 * DAY, campaign="another", body="A")
    late = sent(log, ANNA, now=NOW - DAY, campaign=TERMS.campaign_id, body="B", state=State.IN_DOUBT)
    sent(log, ANNA, now=NOW - HOUR, campaign="released", state=State.RELEASED)
    sent(log, ANNA, now=NOW - HOUR, campaign="rejected", state=State.REJECTED)
    sent(log, ANNA, now=NOW - HOUR, campaign="rehearsed", realm=Realm.SANDBOX)
    log.opt_out([stop(BEN), stop(BEN, "news")])
    log.heed([stop(BEN, "tyres"), stop(CELIA)])
    found = log.facts(Realm.LIVE, TERMS.campaign_id, [ANNA, BEN, CELIA], NOW - 30 * DAY, NOW)

    def recent(at: object, campaign: str, body: str) -> Recent:
        assert isinstance(at, type(NOW))
        return Recent(at.replace(microsecond=123000), campaign, TERMS.topic, digest(body), TERMS.purpose)

    assert found[ANNA] == Facts(
        State.IN_DOUBT,
        frozenset(),
        (recent(NOW - 2 * DAY, "another", early.body), recent(NOW - DAY, TERMS.campaign_id, late.body)),
    )
    assert found[BEN] == Facts(opted_out=frozenset({"", "news", "tyres"}))
    assert found[CELIA] == Facts(opted_out=frozenset({""}))


@pytest.mark.parametrize(("after", "known"), [(timedelta(), True), (MILLISECOND, False)])
def test_recent_reaches_back_as_far_as_was_asked(log: SentLog, after: timedelta, known: bool) -> None:
    sent(log, ANNA, now=NOW)
    found = log.facts(Realm.LIVE, "c", [ANNA], NOW + after, NOW)
    assert bool(found.get(ANNA, Facts()).recent) is known


@pytest.mark.parametrize("state", [*State])
def test_prior_is_the_state_of_this_campaign_s_message(log: SentLog, state: State) -> None:
    one = sent(log, ANNA, now=NOW, campaign=TERMS.campaign_id, state=None)
    if state is not State.SUBMITTING:
        settle(log, one, state)
    assert log.facts(Realm.LIVE, TERMS.campaign_id, [ANNA], NOW, NOW)[ANNA].prior is state
    assert log.facts(Realm.SANDBOX, TERMS.campaign_id, [ANNA], NOW, NOW) == {}


def test_messages_come_in_the_order_of_their_claims(log: SentLog) -> None:
    released = sent(log, ANNA, now=NOW, campaign="c", state=State.RELEASED)
    second = sent(log, BEN, now=NOW + HOUR, campaign="c")
    third = sent(log, ANNA, now=NOW + DAY, campaign="c")
    fourth = sent(log, CELIA, now=NOW + DAY, campaign="c")
    assert [one.id for one in log.messages(LogFilter())] == [second.id, third.id, fourth.id]
    assert released.id not in {one.id for one in log.messages(LogFilter())}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (LogFilter(), "abcd"),
        (LogFilter(campaign_id="one"), "abd"),
        (LogFilter(realm=Realm.SANDBOX), "d"),
        (LogFilter(states=frozenset({State.IN_DOUBT})), "b"),
        (LogFilter(states=frozenset({State.SUBMITTING, State.IN_DOUBT})), "bd"),
        (LogFilter(states=frozenset({State.ACCEPTED, State.IN_DOUBT})), "abc"),
        (LogFilter(number=ANNA.e164), "acd"),
        (LogFilter(since=NOW + HOUR), "bcd"),
        (LogFilter(until=NOW + HOUR), "a"),
        (LogFilter(campaign_id="one", realm=Realm.LIVE, number=BEN.e164, until=NOW + DAY), "b"),
        (LogFilter(campaign_id="none"), ""),
    ],
)
def test_a_filter_narrows(log: SentLog, wanted: LogFilter, found: str) -> None:
    names = {
        sent(log, ANNA, now=NOW, campaign="one").id: "a",
        sent(log, BEN, now=NOW + HOUR, campaign="one", state=State.IN_DOUBT).id: "b",
        sent(log, ANNA, now=NOW + 2 * HOUR, campaign="two").id: "c",
        sent(log, ANNA, now=NOW + 3 * HOUR, campaign="one", realm=Realm.SANDBOX, state=None).id: "d",
    }
    assert "".join(names[one.id] for one in log.messages(wanted)) == found


def test_a_list_can_be_read_while_the_log_is_written(log: SentLog) -> None:
    for number in numbers(50):
        sent(log, number, now=NOW, state=State.IN_DOUBT)
    for one in log.messages(LogFilter()):
        log.decide([one.id], State.RELEASED, "maria", NOW + HOUR)
    assert log.counts(Realm.LIVE) == {State.RELEASED: 50}


def test_counts_are_by_realm_and_campaign(log: SentLog) -> None:
    sent(log, ANNA, now=NOW, campaign="one")
    sent(log, BEN, now=NOW, campaign="one")
    sent(log, ANNA, now=NOW, campaign="two", state=State.REJECTED)
    sent(log, ANNA, now=NOW, campaign="one", realm=Realm.SANDBOX)
    assert log.counts(Realm.LIVE) == {State.ACCEPTED: 2, State.REJECTED: 1}
    assert log.counts(Realm.LIVE, "two") == {State.REJECTED: 1}
    assert log.counts(Realm.SANDBOX, "one") == {State.ACCEPTED: 1}
    assert log.counts(Realm.TEST) == {}


def test_counts_can_be_of_one_run(log: SentLog) -> None:
    for number, run_id in ((ANNA, "run-1"), (BEN, "run-2"), (CELIA, "run-2")):
        claimed(log, message(number), terms=replace(TERMS, run_id=run_id))
    assert log.counts(Realm.LIVE, TERMS.campaign_id, "run-2") == {State.SUBMITTING: 2}
    assert log.counts(Realm.LIVE, "another", "run-2") == {}
    assert log.counts(Realm.LIVE, TERMS.campaign_id, "run-3") == {}


def test_every_campaign_is_known_by_its_messages_or_its_runs(log: SentLog) -> None:
    assert list(log.campaigns()) == []
    for realm in (Realm.TEST, Realm.SANDBOX, Realm.LIVE):
        sent(log, ANNA, now=NOW, campaign="one", realm=realm)
        sent(log, BEN, now=NOW, campaign="one", realm=realm)
    sent(log, ANNA, now=NOW, campaign="another", realm=Realm.SANDBOX)
    log.begin_run(RunRecord("run-1", Realm.LIVE, "held", "acme", "maria", NOW))
    log.begin_run(RunRecord("run-2", Realm.LIVE, "one", "acme", "maria", NOW))
    assert list(log.campaigns()) == [
        (Realm.SANDBOX, "another"),
        (Realm.LIVE, "held"),
        (Realm.LIVE, "one"),
        (Realm.SANDBOX, "one"),
        (Realm.TEST, "one"),
    ]


def test_opt_outs_are_counted_by_source(log: SentLog) -> None:
    assert dict(log.opt_outs_by_source()) == {}
    log.opt_out(
        [stop(ANNA, at=NOW - DAY), stop(ANNA, "news", at=NOW), replace(stop(BEN, at=NOW), source="hand")]
    )
    log.heed([stop(CELIA)])
    assert dict(log.opt_outs_by_source()) == {"hand": 1, "reply": 2}
    assert dict(log.opt_outs_by_source(NOW)) == {"hand": 1, "reply": 1}
    assert dict(log.opt_outs_by_source(NOW + HOUR)) == {}
    log.reinstate(BEN, "", "maria", "asked", NOW)
    assert dict(log.opt_outs_by_source()) == {"reply": 2}


def test_texts_are_remembered_by_realm_and_campaign(log: SentLog) -> None:
    assert log.texts_digest(Realm.LIVE, "c") is None
    log.remember_texts(Realm.LIVE, "c", "first", NOW)
    log.remember_texts(Realm.LIVE, "c", "aaa", NOW)
    assert log.texts_digest(Realm.LIVE, "c") == "aaa"
    assert log.texts_digest(Realm.SANDBOX, "c") is None
    assert log.texts_digest(Realm.LIVE, "d") is None


def test_an_opt_out_is_added_once_and_the_first_word_stays(log: SentLog) -> None:
    first, later = stop(ANNA, at=NOW), replace(stop(ANNA, at=NOW + DAY), source="hand")
    assert log.opt_out([first, first]) == 1
    assert log.opt_out(iter([later, stop(ANNA, "news")])) == 1
    found = [(wish.topic, wish.source, wish.at) for wish in log.opt_outs()]
    at = NOW.replace(microsecond=123000)
    assert found == [("", "reply", at), ("news", "reply", at)]


def test_the_list_is_by_number_and_holds_no_foreign_wishes(log: SentLog) -> None:
    log.opt_out([stop(CELIA), stop(ANNA), stop(BEN, "b"), stop(BEN, "a")])
    log.heed([stop(ANNA, "foreign")])
    found = [(wish.number, wish.topic) for wish in log.opt_outs()]
    assert found == [(ANNA, ""), (BEN, "a"), (BEN, "b"), (CELIA, "")]


def test_reinstating_lifts_exactly_one_wish(log: SentLog) -> None:
    log.opt_out([stop(ANNA), stop(ANNA, "news")])
    assert log.reinstate(ANNA, "news", "maria", "asked at the counter", NOW)
    assert not log.reinstate(ANNA, "news", "maria", "asked at the counter", NOW)
    assert claimed(log, message(ANNA)) == []
    assert log.reinstate(ANNA, "", "maria", "asked at the counter", NOW)
    assert claimed(log, message(ANNA))
    assert list(log.opt_outs()) == []
    assert log.opt_out([stop(ANNA)]) == 0, "the very same word, imported again"
    assert list(log.opt_outs()) == []
    assert log.opt_out([stop(ANNA, at=NOW - DAY)]) == 1, "another one arrives, however old"


def test_a_foreign_wish_cannot_be_lifted(log: SentLog) -> None:
    log.heed([stop(ANNA)])
    assert not log.reinstate(ANNA, "", "maria", "asked", NOW)
    log.opt_out([stop(ANNA)])
    assert log.reinstate(ANNA, "", "maria", "asked", NOW)
    assert claimed(log, message(ANNA)) == []


def test_emptying_the_sandbox_forgets_one_rehearsal_and_nothing_else(log: SentLog) -> None:
    for realm in Realm:
        sent(log, ANNA, now=NOW, campaign="one", realm=realm)
        log.remember_texts(realm, "one", "digest", NOW)
    sent(log, ANNA, now=NOW, campaign="two", realm=Realm.SANDBOX)
    rehearsal = replace(TERMS, realm=Realm.SANDBOX, campaign_id="one")
    assert claimed(log, message(ANNA), terms=rehearsal) == []
    assert log.empty_sandbox("one") == 1
    assert log.empty_sandbox("one") == 0
    assert log.counts(Realm.LIVE) == log.counts(Realm.TEST) == log.counts(Realm.SANDBOX)
    assert log.texts_digest(Realm.SANDBOX, "one") is None
    assert log.texts_digest(Realm.LIVE, "one") == "digest"
    assert claimed(log, message(ANNA), terms=rehearsal)


def test_whoever_opts_out_after_the_claim_is_counted(log: SentLog) -> None:
    for number in (ANNA, BEN, CELIA):
        sent(log, number, now=NOW)
    log.opt_out([stop(ANNA, at=NOW - HOUR), stop(ANNA, "news", at=NOW + HOUR)])
    assert log.late_opt_outs(TERMS.run_id) == 0
    log.opt_out([stop(BEN, at=NOW + HOUR), stop(BEN, TERMS.topic, at=NOW + HOUR)])
    assert log.late_opt_outs(TERMS.run_id) == 1
    assert log.late_opt_outs("run-2") == 0


def test_emptying_takes_kept_bodies_along(log: SentLog) -> None:
    rehearsal = replace(TERMS, realm=Realm.SANDBOX, keep_bodies=True, repeat_within=DAY)
    claimed(log, message(ANNA), terms=rehearsal)
    log.recover(Realm.SANDBOX, TERMS.campaign_id, NOW)
    assert log.empty_sandbox(TERMS.campaign_id) == 1
    assert list(log.repeatable(Realm.SANDBOX, TERMS.campaign_id, TERMS.gateway_digest, NOW)) == []
