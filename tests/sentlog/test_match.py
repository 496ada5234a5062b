"""Which message a delivery receipt is about: the same for every sent log, and certain or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.message import Message, Realm, Receipt, State, digest
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import SentLog
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import (
    ANNA,
    BEN,
    CELIA,
    DAY,
    HOUR,
    NOW,
    TERMS,
    batch,
    claimed,
    message,
    numbers,
    sent,
    settle,
    undone,
)

GATEWAY = TERMS.gateway
HELLO, BYE = "Hello, your bike is ready.", "Good-bye."


def match(log: SentLog, *told: DeliveryReceipt, since: datetime = NOW - DAY) -> list[str | None]:
    return list(log.match(GATEWAY, Realm.LIVE, told, since))


def about(id: str = "", ref: str = "", number: str = "", body_digest: str = "") -> DeliveryReceipt:  # noqa: A002
    return DeliveryReceipt(ref, id, number, State.DELIVERED, body_digest=body_digest)


def taken(
    log: SentLog,
    to: Msisdn = ANNA,
    ref: str = "",
    *,
    campaign: str = TERMS.campaign_id,
    body: str = HELLO,
    state: State = State.ACCEPTED,
    now: datetime = NOW,
    gateway: str = GATEWAY,
    realm: Realm = Realm.LIVE,
) -> str:
    """The id of a message that the gateway gave this reference."""
    one = message(to, body, campaign_id=campaign)
    terms = replace(TERMS, campaign_id=campaign, gateway=gateway, realm=realm, run_id=gateway)
    assert claimed(log, one, terms=terms, now=now)
    log.settle([Receipt(one.id, state, ref)], now)
    return one.id


# --- by id, by reference, by number ----------------------------------------------------------------


def test_a_receipt_names_its_message_by_our_id_by_the_gateways_or_by_the_number(log: SentLog) -> None:
    anna, ben = taken(log, ANNA, "ref-a"), taken(log, BEN, "ref-b")
    told = [
        about(id=anna),
        about(ref="ref-b"),
        about(number=ANNA.digits),
        about(number=BEN.e164),
        about(id=ben, ref="ref-b", number=BEN.digits),
        about(id=anna, ref="ref-b", number=BEN.digits),  # ours outranks theirs
        about(ref="ref-c"),
        about(number=CELIA.digits),
        about(),
    ]
    assert match(log, *told) == [anna, ben, anna, ben, ben, anna, None, None, None]
    assert match(log) == []


def test_of_messages_that_share_a_reference_the_number_decides(log: SentLog) -> None:
    anna, ben = taken(log, ANNA, "batch-1"), taken(log, BEN, "batch-1")
    told = [
        about(ref="batch-1", number=BEN.digits),
        about(ref="batch-1", number=ANNA.e164),
        about(ref="batch-1"),
        about(ref="batch-1", number=CELIA.digits),
    ]
    assert match(log, *told) == [ben, anna, None, None]


@pytest.mark.parametrize("national", ["02025550101", "2025550101", "5550101"])
def test_beside_a_reference_a_number_may_lack_its_country(log: SentLog, national: str) -> None:
    anna = taken(log, ANNA, "batch-1")
    taken(log, BEN, "batch-1")
    assert match(log, about(ref="batch-1", number=national)) == [anna]
    assert match(log, about(number=national)) == [None], "alone it may be anybody's"


def test_a_few_last_digits_are_nobody_s_number(log: SentLog) -> None:
    taken(log, ANNA, "batch-1")
    assert match(log, about(ref="batch-1", number="50101")) == [None]


def test_the_only_one_known_of_a_request_is_not_put_upon_for_the_others(log: SentLog) -> None:
    """Ben's answer was lost on the way: the log has the reference of the request for Anna alone."""
    anna, ben = taken(log, ANNA, "batch-1"), taken(log, BEN, state=State.IN_DOUBT)
    told = [about(ref="batch-1", number=BEN.digits), about(ref="batch-1", number=ANNA.digits)]
    assert match(log, *told) == [ben, anna]
    assert match(log, about(ref="batch-1", number=CELIA.digits)) == [None]


def test_two_messages_to_a_number_under_one_reference_are_told_apart_by_their_text(log: SentLog) -> None:
    first = taken(log, ANNA, "always-7", campaign="one", body=HELLO)
    second = taken(log, ANNA, "always-7", campaign="two", body=BYE)
    told = [about(ref="always-7", number=ANNA.digits, body_digest=digest(body)) for body in (HELLO, BYE, "?")]
    assert match(log, *told, about(ref="always-7", number=ANNA.digits)) == [first, second, None, None]


# --- by the number alone ---------------------------------------------------------------------------


def test_by_the_number_alone_only_if_one_message_is_meant(log: SentLog) -> None:
    first = taken(log, ANNA, campaign="one", body=HELLO)
    assert match(log, about(number=ANNA.digits)) == [first]
    second = taken(log, ANNA, campaign="two", body=BYE)
    told = [about(number=ANNA.digits, body_digest=digest(body)) for body in (HELLO, BYE, "?")]
    assert match(log, about(number=ANNA.digits), *told) == [None, first, second, None]


def test_another_text_is_another_message(log: SentLog) -> None:
    taken(log, ANNA, body=HELLO)
    assert match(log, about(number=ANNA.digits, body_digest=digest(BYE))) == [None]


def test_a_message_with_a_reference_of_its_own_is_not_meant_by_another_one(log: SentLog) -> None:
    taken(log, ANNA, "ref-a")
    told = about(ref="ref-z", number=ANNA.digits)
    assert match(log, told) == [None]
    doubt = taken(log, ANNA, campaign="two", state=State.IN_DOUBT)
    assert match(log, told) == [None], "somebody else may text Anna through the same account"
    theirs = about(ref="ref-z", number=ANNA.digits, body_digest=digest(HELLO))
    assert match(log, theirs) == [doubt], "whose answer, and with it the reference, never came"


def test_what_the_gateway_rejected_is_not_what_it_delivered(log: SentLog) -> None:
    taken(log, ANNA, campaign="one", state=State.REJECTED)
    assert match(log, about(number=ANNA.digits)) == [None]
    second = taken(log, ANNA, campaign="two")
    assert match(log, about(number=ANNA.digits)) == [second]


def test_what_was_released_may_have_been_taken_all_the_same(log: SentLog) -> None:
    released = taken(log, ANNA, state=State.RELEASED)
    assert match(log, about(number=ANNA.digits)) == [None], "it may speak of somebody else's message"
    assert match(log, about(number=ANNA.digits, body_digest=digest(HELLO))) == [released]


def test_a_receipt_for_the_message_before_is_not_put_on_its_successor(log: SentLog) -> None:
    """A person said "not sent" and it was sent again; then the gateway tells of the first one by its id."""
    before = taken(log, ANNA, state=State.RELEASED)
    assert match(log, about(id=before)) == [before]
    after = message(ANNA, HELLO)
    assert claimed(log, after)
    told = about(id=before, number=ANNA.digits, body_digest=digest(HELLO))
    assert match(log, told, about(id=after.id)) == [None, after.id]


# --- among which -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "elsewhere", [{"gateway": "another"}, {"realm": Realm.SANDBOX}, {"now": NOW - DAY - HOUR}]
)
def test_only_messages_of_that_gateway_realm_and_time_are_meant(
    log: SentLog, elsewhere: dict[str, object]
) -> None:
    one = taken(log, ANNA, "ref-a", **elsewhere)  # type: ignore[arg-type]
    told = [about(id=one), about(ref="ref-a"), about(number=ANNA.digits)]
    assert match(log, *told) == [None] * 3
    two = taken(log, ANNA, "ref-a", campaign="two")
    assert match(log, *told) == [None, two, two]


def test_the_first_moment_is_part_of_the_time(log: SentLog) -> None:
    one = taken(log, ANNA)
    assert match(log, about(id=one), since=NOW) == [one]
    assert match(log, about(id=one), since=NOW + timedelta(milliseconds=1)) == [None]


def test_a_later_question_may_reach_further_back(log: SentLog) -> None:
    old, new = taken(log, ANNA, "ref-a", now=NOW - 9 * DAY), taken(log, BEN, "ref-b")
    told = [about(ref="ref-a"), about(ref="ref-b")]
    assert match(log, *told, since=NOW - DAY) == [None, new]
    assert match(log, *told, since=NOW - 10 * DAY) == [old, new]
    assert match(log, *told, since=NOW - DAY) == [None, new]


# --- the log goes on while receipts come -----------------------------------------------------------


def test_what_happens_after_the_first_question_is_known_to_the_next(log: SentLog) -> None:
    first = taken(log, ANNA, "ref-a")
    assert match(log, about(ref="ref-a")) == [first]
    late = message(BEN)
    assert claimed(log, late)
    assert match(log, about(id=late.id), about(ref="ref-b")) == [late.id, None]
    log.settle([Receipt(late.id, State.ACCEPTED, "ref-b")], NOW)
    assert match(log, about(ref="ref-b"), about(ref="ref-a")) == [late.id, first]
    log.settle([Receipt(late.id, State.DELIVERED, "ref-c")], NOW)  # a reference of its own for the receipt
    assert match(log, about(ref="ref-b"), about(ref="ref-c")) == [None, late.id]


def test_who_is_forgotten_is_not_found_any_more(log: SentLog) -> None:
    told = [about(id=taken(log, ANNA, "ref-a")), about(ref="ref-a"), about(number=ANNA.digits)]
    assert None not in match(log, *told)
    log.erase(ANNA, "maria", NOW)
    assert match(log, *told) == [None] * 3
    rehearsed = taken(log, BEN, realm=Realm.SANDBOX)
    seen = [about(id=rehearsed)]
    assert log.match(GATEWAY, Realm.SANDBOX, seen, NOW - DAY) == [rehearsed]
    log.empty_sandbox(TERMS.campaign_id)
    assert log.match(GATEWAY, Realm.SANDBOX, seen, NOW - DAY) == [None]


def test_once_a_campaign_is_pruned_nothing_that_follows_is_missed(log: SentLog) -> None:
    """Its events go, and SQLite gives their numbers to later ones."""
    kept = taken(log, ANNA, "ref-a", campaign="kept", now=NOW - DAY)
    for each in numbers(5):
        taken(log, each, campaign="pruned", now=NOW - 9 * DAY)
    released = taken(log, BEN, campaign="kept", state=State.RELEASED, now=NOW - DAY)
    gone = taken(log, CELIA, campaign="pruned", now=NOW - 9 * DAY)
    long_ago = NOW - 90 * DAY
    assert match(log, about(id=gone), about(ref="ref-a"), since=long_ago) == [gone, kept]
    assert log.prune(NOW - 5 * DAY, "maria", NOW, only_look=False)
    again = message(BEN, campaign_id="kept")
    assert claimed(log, again, terms=replace(TERMS, campaign_id="kept"))
    told = [about(id=each) for each in (gone, released, again.id, kept)]
    assert match(log, *told, since=long_ago) == [None, None, again.id, kept]


def test_what_is_undone_was_never_known(log: SentLog) -> None:
    first = taken(log, ANNA, "ref-a")
    with undone(log):
        inside = taken(log, BEN, "ref-b")
        assert match(log, about(ref="ref-b"), about(ref="ref-a")) == [inside, first]
    assert match(log, about(ref="ref-b"), about(ref="ref-a")) == [None, first]
    second = taken(log, CELIA, "ref-b")
    assert match(log, about(ref="ref-b"), about(ref="ref-a")) == [second, first]


def test_asking_and_settling_share_a_transaction(log: SentLog) -> None:
    ids = [taken(log, each, f"ref-{each.digits}") for each in numbers(20)]
    with log.atomic():
        told = [about(ref=f"ref-{each.digits}") for each in numbers(20)]
        found = match(log, *told)
        log.settle([Receipt(one, State.DELIVERED) for one in found if one], NOW)
    assert found == ids
    assert log.counts(Realm.LIVE) == {State.DELIVERED: 20}


# --- messages by id, and those that a gateway was handed -------------------------------------------


def handed(log: SentLog, states: Iterable[State] = State, since: datetime = NOW - DAY) -> list[Handed]:
    return list(log.handed(GATEWAY, Realm.LIVE, frozenset(states), since))


def test_messages_are_found_by_id_as_they_are_now(log: SentLog) -> None:
    one, other = taken(log, ANNA, "ref-a"), taken(log, BEN, state=State.IN_DOUBT)
    for _ in range(2):  # before the first match, and after
        found = log.found([one, other, "nobody"])
        assert set(found) == {one, other}
        assert (found[one].state, found[one].ref, found[one].to) == (State.ACCEPTED, "ref-a", ANNA)
        match(log, about(id=one))
    log.settle([Receipt(one, State.DELIVERED)], NOW)
    assert log.found([one])[one].state is State.DELIVERED
    assert log.found([]) == {}


def test_the_id_that_a_message_had_before_another_took_its_place_is_nobody_s(log: SentLog) -> None:
    before = taken(log, ANNA, state=State.RELEASED)
    match(log, about(id=before))
    assert claimed(log, after := message(ANNA))
    assert log.found([before]) == {}
    assert set(log.found([before, after.id])) == {after.id}
    log.settle([Receipt(before, State.DELIVERED)], NOW)
    assert log.counts(Realm.LIVE) == {State.SUBMITTING: 1}


def test_a_message_is_handed_over_whole(log: SentLog) -> None:
    one = taken(log, ANNA, "ref-a")
    assert handed(log) == [
        Handed(
            one, "ref-a", ANNA, "+12025550143", State.ACCEPTED, Realm.LIVE, TERMS.campaign_id,
            NOW.replace(microsecond=123000), digest(HELLO),
        )
    ]  # fmt: skip


def test_the_oldest_is_handed_over_first(log: SentLog) -> None:
    late, early = taken(log, ANNA), taken(log, BEN, now=NOW - HOUR)
    same = taken(log, CELIA, now=NOW - HOUR)
    assert [each.id for each in handed(log)] == [early, same, late]


@pytest.mark.parametrize(
    "states", [{State.IN_DOUBT}, {State.ACCEPTED}, {State.ACCEPTED, State.IN_DOUBT}, set()]
)
def test_only_those_in_the_states_that_were_asked_for(log: SentLog, states: set[State]) -> None:
    known = {State.ACCEPTED: taken(log, ANNA), State.IN_DOUBT: taken(log, BEN, state=State.IN_DOUBT)}
    taken(log, CELIA, state=State.RELEASED)
    assert {each.id for each in handed(log, states)} == {known[state] for state in states}


@pytest.mark.parametrize("states", [[State.IN_DOUBT], [*State]])
def test_only_those_of_that_gateway_realm_and_time(log: SentLog, states: list[State]) -> None:
    doubt = State.IN_DOUBT
    one = taken(log, ANNA, state=doubt)
    taken(log, BEN, gateway="another", state=doubt)
    taken(log, ANNA, realm=Realm.SANDBOX, state=doubt)
    taken(log, CELIA, now=NOW - DAY - HOUR, state=doubt)
    assert [each.id for each in handed(log, states)] == [one]


def test_a_long_list_does_not_hold_up_what_is_written_meanwhile(log: SentLog) -> None:
    log.claim([batch(*map(message, numbers(300)))], TERMS, NOW)
    asked = log.handed(GATEWAY, Realm.LIVE, frozenset(State), NOW - DAY)
    first = next(asked)
    settle(log, message(id=first.id), State.ACCEPTED)
    assert sum(1 for _ in asked) == 299
    assert log.found([first.id])[first.id].state is State.ACCEPTED


def test_the_gateways_that_were_used_are_told_by_name_and_realm(log: SentLog) -> None:
    assert log.gateways_used() == []
    sent(log, ANNA, now=NOW, realm=Realm.SANDBOX)
    sent(log, BEN, now=NOW)
    taken(log, CELIA, gateway="another", now=NOW - 9 * DAY)
    taken(log, ANNA, gateway="another", now=NOW - 9 * DAY)
    this = [(GATEWAY, Realm.LIVE), (GATEWAY, Realm.SANDBOX)]
    assert list(log.gateways_used()) == [("another", Realm.LIVE), *this]
    assert list(log.gateways_used(NOW - DAY)) == this


# --- in SQLite -------------------------------------------------------------------------------------


def steps(log: SqliteSentLog, told: list[DeliveryReceipt]) -> int:
    """How many steps SQLite's machine makes to match and to settle these: counted, not timed."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    log._connection.set_progress_handler(count, 100)
    found = log.match(GATEWAY, Realm.LIVE, told, NOW - DAY)
    log.settle([Receipt(each, State.DELIVERED) for each in found if each], NOW)
    log._connection.set_progress_handler(None, 0)
    assert None not in found
    return counted


def test_receipts_cost_the_same_however_long_the_log_is(tmp_path: Path) -> None:
    """Once the first ones were matched: by any name, settled and all."""
    costs = []
    for size in (500, 10_000):
        with closing(open_sent_log(tmp_path / f"{size}.db", create=True)) as log:
            many = [message(each) for each in numbers(size)]
            log.claim([batch(*many)], TERMS, NOW)
            log.settle([Receipt(one.id, State.ACCEPTED, f"ref-{one.id}") for one in many], NOW)
            ways = [_by_id(many[0]), _by_ref(many[1]), _by_number(many[2])]
            log.match(GATEWAY, Realm.LIVE, ways, NOW - DAY)
            told = [_by_id(one) for one in many[100:200]] + [_by_ref(one) for one in many[200:300]]
            costs.append(steps(log, [*told, *map(_by_number, many[300:400])]))
    assert costs[1] < 1.5 * costs[0]


def _by_id(one: Message) -> DeliveryReceipt:
    return about(id=one.id)


def _by_ref(one: Message) -> DeliveryReceipt:
    return about(ref=f"ref-{one.id}", number=one.to.digits)


def _by_number(one: Message) -> DeliveryReceipt:
    return about(number=one.to.digits)


def test_the_look_up_costs_no_index_in_the_file(sqlite_log: SqliteSentLog) -> None:
    """Ids and references are random: an index on them would dirty a page of the file for each claim."""
    with closing(sqlite3.connect(sqlite_log.path)) as reader:
        found = reader.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'message'")
        assert {name for (name,) in found} == {"claim_key", "by_number", "in_flight"}


def test_what_another_process_writes_is_followed(sqlite_log: SqliteSentLog) -> None:
    first = taken(sqlite_log, ANNA, "ref-a")
    assert match(sqlite_log, about(ref="ref-a")) == [first]
    with closing(open_sent_log(sqlite_log.path, create=False)) as other:
        second = taken(other, BEN, "ref-b")
        other.settle([Receipt(first, State.DELIVERED, "ref-c")], NOW)
    told = [about(ref="ref-b"), about(ref="ref-a"), about(ref="ref-c")]
    assert match(sqlite_log, *told) == [second, None, first]


def test_matching_waits_for_nobody_who_writes(sqlite_log: SqliteSentLog) -> None:
    one = taken(sqlite_log, ANNA, "ref-a")
    with closing(open_sent_log(sqlite_log.path, create=False)) as other, other.atomic():
        settle(other, message(id=one), State.DELIVERED)
        assert match(sqlite_log, about(ref="ref-a")) == [one]


def test_a_match_that_fails_leaves_no_transaction_open(sqlite_log: SqliteSentLog) -> None:
    one = taken(sqlite_log, ANNA, "ref-a")
    with pytest.raises(AttributeError):
        match(sqlite_log, None)  # type: ignore[arg-type]
    assert not sqlite_log._connection.in_transaction
    assert match(sqlite_log, about(ref="ref-a")) == [one]
