"""What a delivery receipt does: every state a message can be in, against everything a gateway can say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.message import LEGAL_MOVES, Fault, Realm, State
from smscli.engine.receiving import TOLD, Effect, receipt_of, weigh
from tests.engine.asked_afterwards import NOW
from tests.engine.making import number

SETTLED, UNDER_WAY = Effect.SETTLED, Effect.UNDER_WAY
UNCHANGED, CONTRADICTORY = Effect.UNCHANGED, Effect.CONTRADICTORY

# What the gateway says: accepted, rejected, delivered, undelivered, expired, and a word that means none.
TABLE = """
in_doubt     accepted       rejected       delivered      undelivered    expired
submitting   ~              undelivered    delivered      undelivered    expired
accepted     ~              undelivered    delivered      undelivered    expired
released     accepted       =              delivered      undelivered    expired
rejected     !              =              !              !              !
delivered    =              !              =              !              !
undelivered  =              =              delivered      =              !
expired      =              =              delivered      !              =
"""
SAID = (State.ACCEPTED, State.REJECTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED)
ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [
    (State(before), said, cell) for before, *cells in ROWS for said, cell in zip(SAID, cells, strict=True)
]


@pytest.mark.parametrize(("before", "said", "cell"), CASES, ids=lambda each: str(each))
def test_a_receipt_moves_a_message_by_the_table(before: State, said: State, cell: str) -> None:
    effect, state = weigh(before, said)
    expected = {"~": UNDER_WAY, "=": UNCHANGED, "!": CONTRADICTORY}.get(cell, SETTLED)
    assert effect is expected
    if expected is SETTLED:
        assert state is State(cell)


def test_the_table_is_whole() -> None:
    assert {before for before, _, _ in CASES} == set(State)
    assert set(SAID) == TOLD


@given(st.sampled_from(State), st.sampled_from([*State, None]))
def test_nothing_moves_but_by_a_legal_move(before: State, said: State | None) -> None:
    effect, state = weigh(before, said)
    assert effect is not SETTLED or state in LEGAL_MOVES[before]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("said", [None, State.SUBMITTING, State.IN_DOUBT, State.RELEASED])
def test_a_word_that_no_gateway_has_for_an_end_says_that_it_is_under_way(
    before: State, said: State | None
) -> None:
    assert weigh(before, said) == (UNDER_WAY, before)


# --- the receipt ---------------------------------------------------------------------------------


def told(**parts: object) -> DeliveryReceipt:
    return DeliveryReceipt(**{"ref": "part-2", "code": "30005", "word": "failed", **parts})  # type: ignore[arg-type]


def test_the_reference_that_came_with_the_answer_stays() -> None:
    assert receipt_of(handed(ref="ref-1"), told(), State.UNDELIVERED).gateway_ref == ""
    assert receipt_of(handed(ref=""), told(), State.UNDELIVERED).gateway_ref == "part-2"


def test_what_was_delivered_has_no_error_code() -> None:
    assert receipt_of(handed(), told(detail="ok"), State.DELIVERED).code == ""
    assert receipt_of(handed(), told(detail="gone"), State.UNDELIVERED).detail == "gone"


def test_the_word_says_why_where_no_code_does() -> None:
    assert receipt_of(handed(), told(code=""), State.UNDELIVERED).code == "failed"


@pytest.mark.parametrize(
    ("opted_out", "state", "fault"),
    [
        (True, State.UNDELIVERED, Fault.OPTED_OUT),
        (True, State.REJECTED, Fault.OPTED_OUT),
        (False, State.REJECTED, Fault.OTHER),
        (False, State.UNDELIVERED, None),
    ],
)
def test_an_opt_out_is_the_fault_of_the_receipt(opted_out: bool, state: State, fault: Fault | None) -> None:
    assert receipt_of(handed(), told(opted_out=opted_out), state).fault is fault


def handed(ref: str = "ref-1") -> Handed:
    return Handed("m1", ref, number(101), "Shop", State.ACCEPTED, Realm.LIVE, "spring", NOW, "digest")
