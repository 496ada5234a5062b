"""Which message a delivery receipt is about, given those that it may be about.

Pure: both sent logs bring the candidates and ask here. In doubt it is about none: a receipt put on somebody
else's message would say of one person what happened to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.message import State

#: Digits that a number without its country code has at least; fewer would fit too many people.
_NATIONAL = 7


class Candidate(NamedTuple):
    """A message handed to the gateway that was asked. `number` is digits without plus."""

    id: str
    ref: str
    number: str
    state: State
    body_digest: str


def told_number(receipt: DeliveryReceipt) -> str:
    """The digits of the number that the receipt names, without plus; `""` for none."""
    return receipt.number.removeprefix("+")


def meant(
    receipt: DeliveryReceipt,
    by_id: Candidate | None,
    by_ref: Sequence[Candidate],
    by_number: Sequence[Candidate],
) -> str | None:
    """The id of the message that a receipt is about, None if that is not certain. See SentLog.match.

    The candidates have the receipt's id, its reference, its number.
    """
    if by_id is not None:
        return by_id.id
    number = told_number(receipt)
    same_ref = [each for each in by_ref if not number or _is_of(each.number, number)]
    if same_ref:
        return _only(same_ref, receipt)
    if receipt.id or (by_ref and not number):
        return None  # somebody else's, or of a message that another one has replaced
    is_strange = bool(receipt.ref) and not by_ref
    return _only([each for each in by_number if _may_be(each, receipt, is_strange)], receipt)


def _is_of(number: str, told: str) -> bool:
    """Are these digits the number, or its end without the country code? The reference says the rest."""
    digits = told.lstrip("0")
    return number == told or (len(digits) >= _NATIONAL and number.endswith(digits))


def _may_be(candidate: Candidate, receipt: DeliveryReceipt, is_strange: bool) -> bool:
    """May a receipt without a known reference be about it? Not if it has another one, or was never taken.

    Others may text the same people through the same account. So where the receipt names a reference that
    nobody here has, or the message was released, only its very text says that it is ours.
    """
    if receipt.body_digest:
        is_ours = candidate.body_digest == receipt.body_digest
    else:
        is_ours = not is_strange and candidate.state is not State.RELEASED
    is_another = bool(receipt.ref and candidate.ref)
    return is_ours and not is_another and candidate.state is not State.REJECTED


def _only(candidates: Iterable[Candidate], receipt: DeliveryReceipt) -> str | None:
    """The only one, or else the only one with the text that the receipt tells."""
    several = list(candidates)
    if len(several) > 1 and receipt.body_digest:
        several = [each for each in several if each.body_digest == receipt.body_digest]
    return several[0].id if len(several) == 1 else None
