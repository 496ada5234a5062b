"""What a delivery receipt does to the message that it is about. Pure: states in, a Receipt out.

                     what the gateway says
    message is       accepted    rejected       delivered, undelivered, expired
    in doubt         accepted    rejected       as it says
    submitting       under way   undelivered    as it says
    accepted         under way   undelivered    as it says
    released         accepted    nothing new    as it says (it was taken after all)
    rejected         contradicts nothing new    contradicts
    one of the last  nothing new nothing new *  by the table of legal moves

(* contradicts, where it was delivered.) A word that means none of these says that it is under way.
"""

from __future__ import annotations

from enum import StrEnum

from smscli.domain.delivery import DeliveryReceipt, Handed
from smscli.domain.message import LEGAL_MOVES, TAKEN_OR_MAYBE, Fault, Receipt, State

#: What a gateway can say of a message.
TOLD = frozenset({State.ACCEPTED, State.REJECTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED})

_UNDER_WAY = frozenset({State.SUBMITTING, State.ACCEPTED})
_NOT_REACHED = frozenset({State.REJECTED, State.RELEASED, State.UNDELIVERED, State.EXPIRED})


class Effect(StrEnum):
    """What a receipt comes to."""

    SETTLED = "settled"
    UNDER_WAY = "under_way"
    UNCHANGED = "unchanged"
    CONTRADICTORY = "contradictory"  # kept as an event, and changes nothing


def weigh(before: State, said: State | None) -> tuple[Effect, State]:
    """What follows when a gateway says this of a message, and the state that it means."""
    if said is None or said not in TOLD:
        return Effect.UNDER_WAY, before
    if said is State.ACCEPTED:
        return _accepted(before), State.ACCEPTED
    if said is State.REJECTED and before is not State.IN_DOUBT:
        if before in _NOT_REACHED:
            return Effect.UNCHANGED, before
        said = State.UNDELIVERED  # it was taken, and somebody further on refused it
    if said is before:
        return Effect.UNCHANGED, before
    return (Effect.SETTLED if said in LEGAL_MOVES[before] else Effect.CONTRADICTORY), said


def _accepted(before: State) -> Effect:
    if before in (State.IN_DOUBT, State.RELEASED):  # whoever said "not sent" was wrong
        return Effect.SETTLED
    if before in _UNDER_WAY:
        return Effect.UNDER_WAY
    return Effect.UNCHANGED if before in TAKEN_OR_MAYBE else Effect.CONTRADICTORY


def receipt_of(message: Handed, told: DeliveryReceipt, state: State) -> Receipt:
    """The receipt that a gateway's words make, once it is known which state they mean.

    The id that came with the answer stays: that of a delivery receipt may be of a part only.
    """
    is_good = state in (State.ACCEPTED, State.DELIVERED)
    return Receipt(
        message.id,
        state,
        gateway_ref="" if message.ref else told.ref,
        code="" if is_good else told.code or told.word,
        detail="" if is_good else told.detail,
        segments=told.segments,
        fault=_fault(told, state),
        happened_at=told.at,
    )


def _fault(told: DeliveryReceipt, state: State) -> Fault | None:
    if told.opted_out:
        return Fault.OPTED_OUT
    return Fault.OTHER if state is State.REJECTED else None
