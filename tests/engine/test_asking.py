"""A gateway is asked about messages in doubt: what it knows settles them, what it does not know does not."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from smscli.domain.delivery import DeliveryReceipt, Finding
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.ports import LogFilter, Terms
from smscli.domain.segments import measure
from smscli.engine.asking import Asked, AskTools, Left, ask_about
from smscli.sentlog.memory import MemorySentLog
from tests.engine.asked_afterwards import (
    GATEWAY,
    NOW,
    BusyLog,
    ScriptedPostbox,
    Wall,
    hand_over,
    profile,
    states,
)
from tests.engine.making import number

HOUR = timedelta(hours=1)
ABSENT = Finding(absent=True)


def in_doubt(log: MemorySentLog, *ids: str, ago: timedelta = 2 * HOUR) -> None:
    for place, each in enumerate(ids):
        hand_over(log, each, number(101 + place), State.IN_DOUBT, ago=ago)


def asked(
    log: MemorySentLog,
    findings: dict[str, Finding | PostboxFailed],
    *,
    absent_after: timedelta | None = HOUR,
    stopped: bool = False,
    keeps: timedelta | None = None,
) -> tuple[Asked, ScriptedPostbox]:
    postbox = ScriptedPostbox(profile(absent_after=absent_after, keeps=keeps), findings=findings)
    messages = list(log.handed(GATEWAY, Realm.LIVE, frozenset({State.IN_DOUBT}), NOW - timedelta(days=9)))
    tools = AskTools(log=log, clock=Wall(), stopped=lambda: stopped)
    return asyncio.run(ask_about(postbox, messages, tools)), postbox


def found(state: State | None, **parts: object) -> Finding:
    return Finding(DeliveryReceipt("ref-9", state=state, **parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "state", [State.ACCEPTED, State.REJECTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED]
)
def test_what_the_gateway_knows_settles_the_doubt(state: State) -> None:
    log = MemorySentLog()
    in_doubt(log, "m1")
    told, _ = asked(log, {"m1": found(state)})
    assert (states(log), told.settled) == ({"m1": state}, {"m1": state})
    [message] = log.handed(GATEWAY, Realm.LIVE, frozenset(State), NOW - timedelta(days=9))
    assert message.ref == "ref-9"


def test_a_message_that_the_gateway_never_took_is_released_and_says_why() -> None:
    log = MemorySentLog()
    in_doubt(log, "m1")
    told, _ = asked(log, {"m1": ABSENT})
    assert told.settled == {"m1": State.RELEASED}
    [logged] = log.messages(LogFilter())
    assert (logged.state, logged.code) == (State.RELEASED, "lookup")


@pytest.mark.parametrize(
    ("finding", "absent_after", "why"),
    [
        (Finding(why="it has no look-up"), HOUR, Left.UNKNOWN),
        (found(None, word="queued?"), HOUR, Left.UNKNOWN),
        (found(State.RELEASED), HOUR, Left.UNKNOWN),
        (found(State.SUBMITTING), HOUR, Left.UNKNOWN),
        (ABSENT, None, Left.UNKNOWN),
        (ABSENT, 3 * HOUR, Left.TOO_EARLY),
    ],
)
def test_without_certainty_a_message_stays_in_doubt(
    finding: Finding, absent_after: timedelta | None, why: Left
) -> None:
    log = MemorySentLog()
    in_doubt(log, "m1")
    told, _ = asked(log, {"m1": finding}, absent_after=absent_after)
    assert (states(log), told.left) == ({"m1": State.IN_DOUBT}, {"m1": why})


def test_what_the_gateway_has_forgotten_is_not_taken_for_absent() -> None:
    log = MemorySentLog()
    in_doubt(log, "m1", ago=3 * HOUR)
    told, postbox = asked(log, {"m1": ABSENT}, keeps=2 * HOUR)
    assert (states(log), told.left) == ({"m1": State.IN_DOUBT}, {"m1": Left.TOO_OLD})
    assert not postbox.looked_for


def test_a_gateway_that_fails_three_times_in_a_row_is_asked_no_further() -> None:
    log, failed = MemorySentLog(), PostboxFailed("acme answered 500")
    ids = [f"m{at}" for at in range(7)]
    in_doubt(log, *ids)
    good = found(State.DELIVERED)
    told, postbox = asked(
        log, {"m0": failed, "m1": failed, "m2": good, "m3": failed, "m4": failed, "m5": failed, "m6": good}
    )
    assert postbox.looked_for == ids[:6]
    assert (told.settled, told.failed) == ({"m2": State.DELIVERED}, failed)
    assert set(told.left.values()) == {Left.NOT_ASKED}
    assert set(told.left) == set(ids) - {"m2"}


def test_the_operator_ends_it() -> None:
    log = MemorySentLog()
    in_doubt(log, "m1", "m2")
    told, postbox = asked(log, {}, stopped=True)
    assert not postbox.looked_for
    assert set(told.left.values()) == {Left.NOT_ASKED}


def test_a_message_that_a_send_repeats_meanwhile_is_left_alone() -> None:
    log = MemorySentLog()
    terms = Terms(
        Realm.LIVE, "spring", "marketing", "news", GATEWAY, "d", "run-1",
        keep_bodies=True, repeat_within=24 * HOUR,
    )  # fmt: skip
    message = Message("m1", "spring", number(101), "Shop", "Hi", measure("Hi"), NOW + HOUR)
    batch = Batch("b1", (message,), NOW - 2 * HOUR)
    log.claim([batch], terms, NOW - 2 * HOUR)
    log.settle([Receipt("m1", State.IN_DOUBT)], NOW - 2 * HOUR)

    class Repeating(ScriptedPostbox):
        async def find(self, *_: object) -> Finding:
            assert log.reclaim(batch, terms, NOW)
            log.settle([Receipt("m1", State.IN_DOUBT)], NOW)
            return ABSENT

    [doubt] = log.handed(GATEWAY, Realm.LIVE, frozenset({State.IN_DOUBT}), NOW - 9 * HOUR)
    tools = AskTools(log=log, clock=Wall())
    told = asyncio.run(ask_about(Repeating(profile(absent_after=HOUR)), [doubt], tools))
    assert (states(log), told.left) == ({"m1": State.IN_DOUBT}, {"m1": Left.CHANGED})


def test_a_busy_log_is_waited_for() -> None:
    log = BusyLog()
    in_doubt(log, "m1")
    log.busy_for = 5
    told, _ = asked(log, {"m1": found(State.DELIVERED)})
    assert told.settled == {"m1": State.DELIVERED}


def test_a_message_that_the_log_knows_by_its_reference_is_not_taken_for_another() -> None:
    log, ada = MemorySentLog(), number(101)
    hand_over(log, "m1", ada, ref="ref-9", ago=HOUR + timedelta(minutes=1), campaign="winter")
    in_doubt(log, "m2", ago=HOUR)
    told, _ = asked(log, {"m2": found(State.DELIVERED, number=ada.digits)})
    assert (told.left, states(log)["m2"]) == ({"m2": Left.UNKNOWN}, State.IN_DOUBT)


def test_of_two_messages_in_doubt_one_reference_settles_one() -> None:
    log, ada = MemorySentLog(), number(101)
    for each in ("m1", "m2"):
        hand_over(log, each, ada, State.IN_DOUBT, ago=HOUR, campaign=f"of {each}")
    one = found(State.ACCEPTED, number=ada.digits)
    told, _ = asked(log, {"m1": one, "m2": one})
    assert (told.settled, told.left) == ({"m1": State.ACCEPTED}, {"m2": Left.UNKNOWN})
