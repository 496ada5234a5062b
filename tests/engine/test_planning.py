"""One pass over the list: every contact decided once, later rows heeded, the log asked in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.campaign import SameText
from smscli.domain.consent import ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel, Contact
from smscli.domain.decision import HoldReason, SkipReason
from smscli.domain.frequency import FrequencyCap
from smscli.domain.message import Batch, Realm, Receipt, State
from smscli.domain.ports import OptOut, SendOrder, Terms
from smscli.domain.profile import BatchMode
from smscli.engine.planning import CHUNK, Findings, Planner, look_back
from smscli.sentlog.memory import MemorySentLog
from smscli.sentlog.plan import SqlitePlan
from tests.domain.test_rules import CAMPAIGN, NOW
from tests.domain.test_rules import CONTACT as OLA
from tests.engine.making import message, number

OPEN = replace(CAMPAIGN, quiet_hours=None, caps=())
TERMS = Terms(Realm.LIVE, "winter", "marketing", "offers", "scripted", "d1", "run")


def contact(row: int, last: int, **changes: object) -> Contact:
    return replace(OLA, row=row, line=row + 1, number=number(last), **changes)  # type: ignore[arg-type]


@pytest.fixture
def plan() -> Iterator[SqlitePlan]:
    with closing(SqlitePlan()) as made:
        yield made


@pytest.fixture
def log() -> MemorySentLog:
    return MemorySentLog()


def fill(
    plan: SqlitePlan, contacts: list[Contact], log: MemorySentLog | None = None, **changes: object
) -> Findings:
    ids = count()
    campaign = replace(OPEN, **changes)  # type: ignore[arg-type]
    planner = Planner(
        campaign=campaign, realm=Realm.LIVE, log=log, now=NOW, new_id=lambda: f"planned-{next(ids)}"
    )
    return planner.fill(plan, contacts)


def test_the_first_row_of_a_number_is_sent_and_the_others_are_duplicates(plan: SqlitePlan) -> None:
    fill(plan, [contact(1, 7), contact(2, 8), contact(3, 7), contact(4, 7)])
    tally = plan.tally()
    assert (tally.contacts, tally.to_send, tally.skipped) == (4, 2, {SkipReason.DUPLICATE: 2})


def test_duplicates_are_found_across_chunks(plan: SqlitePlan) -> None:
    rows = [contact(row, row % (CHUNK + 10)) for row in range(2 * CHUNK)]
    fill(plan, rows)
    tally = plan.tally()
    assert tally.to_send == CHUNK + 10
    assert tally.skipped == {SkipReason.DUPLICATE: CHUNK - 10}


@pytest.mark.parametrize("distance", [1, CHUNK + 5])
def test_an_opt_out_in_a_later_row_takes_the_earlier_one_back(plan: SqlitePlan, distance: int) -> None:
    between = [contact(2 + index, 10 + index) for index in range(distance)]
    fill(plan, [contact(1, 7), *between, contact(9_000, 7, opted_out=("",))])
    assert number(7) not in {each.to for each in plan.messages(SendOrder(BatchMode.ONE))}
    assert plan.tally().skipped == {SkipReason.OPTED_OUT: 2}


def test_an_opt_out_of_another_topic_takes_nobody_back(plan: SqlitePlan) -> None:
    fill(plan, [contact(1, 7), contact(2, 7, opted_out=("news",))])
    assert plan.tally().to_send == 1


def test_progress_counts_the_rows_done(plan: SqlitePlan) -> None:
    told: list[int] = []
    planner = Planner(campaign=OPEN, realm=Realm.LIVE, log=None, now=NOW, new_id=lambda: "id")
    planner.fill(plan, (contact(row, row) for row in range(CHUNK + 1)), told.append)
    assert told == [CHUNK, CHUNK + 1]


def _claimed(log: MemorySentLog, campaign_id: str, state: State, body: str = "x") -> None:
    sent = replace(message(7, body=body), campaign_id=campaign_id)
    terms = replace(TERMS, campaign_id=campaign_id)
    at = NOW - timedelta(days=1)
    assert log.claim([Batch("request", (sent,), at)], terms, at)
    log.settle([Receipt(sent.id, state)], at)


def test_what_the_log_knows_is_asked(plan: SqlitePlan, log: MemorySentLog) -> None:
    _claimed(log, "spring", State.ACCEPTED)
    log.opt_out([OptOut(number(8), "", NOW, "reply")])
    fill(plan, [contact(1, 7), contact(2, 8), contact(3, 9)], log)
    assert plan.tally().skipped == {SkipReason.OPTED_OUT: 1, SkipReason.ALREADY_SENT: 1}


def test_the_sandbox_is_another_world(plan: SqlitePlan, log: MemorySentLog) -> None:
    _claimed(log, "spring", State.ACCEPTED)
    planner = Planner(campaign=OPEN, realm=Realm.SANDBOX, log=log, now=NOW, new_id=lambda: "id")
    planner.fill(plan, [contact(1, 7)])
    assert plan.tally().to_send == 1


def test_the_same_words_from_another_campaign_only_warn_where_the_campaign_says_so(
    plan: SqlitePlan, log: MemorySentLog
) -> None:
    _claimed(log, "winter", State.ACCEPTED, "Green Garage: hello Ola")
    findings = fill(plan, [contact(1, 7)], log, same_text=SameText.WARN)
    assert findings.same_text_warnings == 1
    assert plan.tally().to_send == 1


def test_somebody_in_doubt_may_be_repeated_only_while_every_other_rule_lets_them_through(
    log: MemorySentLog,
) -> None:
    _claimed(log, "spring", State.IN_DOUBT)
    for changes, repeatable in (({}, {number(7)}), ({"fields": {}}, set())):
        with closing(SqlitePlan()) as plan:
            findings = fill(plan, [contact(1, 7, **changes)], log)
            assert findings.repeatable == repeatable
            assert plan.tally().skipped == {SkipReason.IN_DOUBT: 1}


def test_the_log_is_asked_as_far_back_as_any_rule_needs() -> None:
    week, month = timedelta(days=7), timedelta(days=30)
    assert look_back(OPEN) == week
    assert look_back(replace(OPEN, caps=(FrequencyCap(4, month),))) == month
    assert look_back(replace(OPEN, caps=(FrequencyCap(1, timedelta(days=9)),))) == (timedelta(days=9))


@pytest.mark.parametrize(("days", "held"), [(59, True), (61, False)])
def test_the_log_is_asked_as_far_back_as_a_promise_says(
    plan: SqlitePlan, log: MemorySentLog, days: int, held: bool
) -> None:
    """No cap of the campaign looks further back than a week."""
    earlier = replace(message(7, body="Other words"), campaign_id="winter")
    log.claim([Batch("r", (earlier,), NOW)], TERMS, NOW - timedelta(days=days))
    promise = Promise(1, timedelta(days=60))
    yes = ConsentRecord(
        number(7), ConsentLevel.EXPRESS, NOW - timedelta(days=90), ConsentMethod.PAPER, promise=promise
    )
    log.record_consents([yes], NOW)
    fill(plan, [contact(1, 7)], log)
    assert plan.tally().held == ({HoldReason.FREQUENCY_CAP: 1} if held else {})


_PEOPLE = st.lists(
    st.builds(
        contact,
        st.integers(1, 99),
        st.integers(0, 12),
        opted_out=st.sampled_from([(), ("",), ("offers",), ("news",)]),
        consent=st.sampled_from([None, OLA.consent]),
        language=st.sampled_from([None, "pl", "el"]),
        fields=st.sampled_from([{}, {"first_name": "Ola"}]),
    ),
    max_size=40,
)


@given(_PEOPLE)
def test_every_contact_of_any_list_is_decided_exactly_once(people: list[Contact]) -> None:
    with closing(SqlitePlan()) as plan:
        fill(plan, people)
        tally, sent = plan.tally(), [each.to for each in plan.messages(SendOrder(BatchMode.ONE))]
        left_out = list(plan.left_out())
    assert tally.contacts == len(people) == len(sent) + len(left_out)
    assert tally.to_send == len(sent) == len(set(sent))
    assert sum(tally.skipped.values()) + sum(tally.held.values()) == len(left_out)
    stopped = {each.number for each in people if {"", "offers"} & set(each.opted_out)}
    assert not stopped & set(sent)


def test_an_opt_out_in_a_later_row_keeps_somebody_in_doubt_from_being_repeated(
    plan: SqlitePlan, log: MemorySentLog
) -> None:
    _claimed(log, "spring", State.IN_DOUBT)
    findings = fill(plan, [contact(1, 7), contact(2, 7, opted_out=("",))], log)
    assert findings.repeatable == set()


@pytest.mark.parametrize("before", [0, CHUNK + 5])
def test_a_watched_number_is_kept_as_its_first_row_was_decided_and_changes_nothing(
    log: MemorySentLog, before: int
) -> None:
    _claimed(log, "spring", State.ACCEPTED)
    people = [contact(1 + row, 10 + row) for row in range(before)]
    first, again = contact(8_001, 7), contact(8_002, 7, fields={})
    digests = []
    for watched in (None, number(7), number(9)):
        with closing(SqlitePlan()) as plan:
            planner = Planner(
                campaign=OPEN, realm=Realm.LIVE, log=log, now=NOW, new_id=lambda: "id", watched=watched
            )
            findings = planner.fill(plan, [*people, first, again])
            digests.append((plan.digest(), plan.tally()))
        if watched == number(7):
            assert findings.watched is not None
            assert findings.watched.contact == first
            assert (findings.watched.repeated, findings.watched.facts.prior) == (False, State.ACCEPTED)
        else:
            assert findings.watched is None
    assert len({digest for digest, _ in digests}) == 1
    assert digests[0] == digests[1] == digests[2]
