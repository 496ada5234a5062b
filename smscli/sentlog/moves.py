"""What both sent logs agree on about moves between states, and about what is told again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from smscli.domain.message import LEGAL_MOVES, Receipt, State
from smscli.sentlog.instants import from_millis, to_millis

#: Why a message found submitting by the next run is in doubt.
INTERRUPTED = "the run ended between the claim and the answer"


def is_settlement(before: State, after: State) -> bool:
    """May a receipt move a message so? Back to submitting is a claim's to do, never a receipt's."""
    return after is not State.SUBMITTING and after in LEGAL_MOVES[before]


#: What an event keeps of a receipt: two receipts that are the same in this are the same event.
Identity = tuple[str, str, str, str, str, datetime | None]


def identity(receipt: Receipt) -> Identity:
    """What an event keeps of a receipt, times in the log's milliseconds."""
    said = (receipt.gateway_ref, receipt.code, receipt.detail, told_at(receipt))
    return receipt.message_id, receipt.state, *said


def told_at(receipt: Receipt) -> datetime | None:
    """The gateway's own time, in the log's milliseconds."""
    return None if receipt.happened_at is None else from_millis(to_millis(receipt.happened_at))


class Told(NamedTuple):
    """What a message was told last that moved it; `at` is when."""

    state: State
    ref: str
    code: str
    detail: str
    segments: int | None
    happened_at: datetime | None
    at: datetime

    def after(self, receipt: Receipt, now: datetime) -> Told:
        """The same after a receipt that moves it: what that leaves open of these two stays."""
        ref = receipt.gateway_ref or self.ref
        segments = self.segments if receipt.segments is None else receipt.segments
        return Told(receipt.state, ref, receipt.code, receipt.detail, segments, told_at(receipt), now)

    def is_repeated_by(self, receipt: Receipt) -> bool:
        """Does a receipt say the same, or less?"""
        pairs = (
            (receipt.gateway_ref, self.ref),
            (receipt.code, self.code),
            (receipt.detail, self.detail),
            (receipt.segments, self.segments),
            (told_at(receipt), self.happened_at),
        )
        return receipt.state is self.state and all(said in ("", None, known) for said, known in pairs)


def heard_before(receipt: Receipt, told: Told, noted: Mapping[Identity, datetime]) -> datetime | None:
    """When a receipt that moves nothing was first heard; None if it says something new.

    `noted` are those that moved nothing before, and when they were heard.
    """
    return told.at if told.is_repeated_by(receipt) else noted.get(identity(receipt))


def opted_out_at(receipt: Receipt, heard: datetime) -> datetime:
    """When somebody opted out, as a receipt says it that was first heard then.

    The same however often it is told, so that a START in between is not undone; never later than we heard it,
    whatever the gateway's clock says.
    """
    return heard if receipt.happened_at is None else min(receipt.happened_at, heard)
