"""A message, what became of it, and which moves between states are legal.

                      ┌────────────► accepted ──┬──► delivered
                      │                 ▲       ├──► undelivered
    (claim) ──► submitting ─────────────│───────┼──► expired
                      │  │              │       │
                      │  └─► rejected   │ receipt, `resolve --sent`, delivery receipt
                      │                 │       │
                      ├────────────► in_doubt ──│──► released   (`resolve --not-sent`, by a named operator)
                      │                 │       │
                      │                 └───────│──► submitting (declared repeat, same id and bytes)
                      │                         │
                      └────────────► released ──┴──► submitting (claimed again), or as a delivery receipt says

A receipt outranks in doubt. Nothing outranks a receipt but a delivery receipt, and that only what was not
taken (released) or did not arrive (undelivered, expired).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from smscli.domain.frequency import LocalCap
from smscli.domain.msisdn import Msisdn
from smscli.domain.segments import Segments


class Realm(StrEnum):
    """Which world a message belongs to; a rehearsal never claims a live campaign's people."""

    LIVE = "live"
    SANDBOX = "sandbox"
    TEST = "test"


class State(StrEnum):
    """What smscli knows of one message."""

    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RELEASED = "released"
    IN_DOUBT = "in_doubt"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"


LEGAL_MOVES: dict[State, frozenset[State]] = {
    State.SUBMITTING: frozenset(
        {State.ACCEPTED, State.REJECTED, State.RELEASED, State.IN_DOUBT}
        | {State.DELIVERED, State.UNDELIVERED, State.EXPIRED}
    ),
    State.IN_DOUBT: frozenset(
        {State.ACCEPTED, State.REJECTED, State.RELEASED, State.SUBMITTING}
        | {State.DELIVERED, State.UNDELIVERED, State.EXPIRED}
    ),
    State.ACCEPTED: frozenset({State.DELIVERED, State.UNDELIVERED, State.EXPIRED}),
    State.RELEASED: frozenset(
        {State.SUBMITTING, State.ACCEPTED}  # claimed again; or taken after all, as a delivery receipt says
        | {State.DELIVERED, State.UNDELIVERED, State.EXPIRED}
    ),
    State.REJECTED: frozenset({State.SUBMITTING}),  # only by `--again rejected`
    State.UNDELIVERED: frozenset({State.DELIVERED}),
    State.DELIVERED: frozenset(),
    State.EXPIRED: frozenset({State.DELIVERED}),
}

#: States in which the gateway has, or may have, the message.
TAKEN_OR_MAYBE = frozenset(set(State) - {State.REJECTED, State.RELEASED})


class Fault(StrEnum):
    """Whose fault a rejection is. The error budget forgives the first two."""

    NUMBER = "number"
    OPTED_OUT = "opted_out"
    OTHER = "other"


def digest(text: str) -> str:
    """A short digest of a body or a set of texts: 32 hexadecimal characters."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Message:
    """One text to one person, ready to be claimed.

    `id` goes to the gateway as client reference and idempotency key. `deadline` (aware UTC) is the
    moment from which it may no longer be submitted; `evidence` says which consent allowed it, `grounds` whose
    hours and clock. `caps` are those of this recipient alone: a country's, a promise, a calendar day.
    """

    id: str
    campaign_id: str
    to: Msisdn
    sender: str
    body: str
    segments: Segments
    deadline: datetime
    language: str = ""
    evidence: str = ""
    grounds: str = ""
    caps: tuple[LocalCap, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages that travel in one request; `id` is the request's idempotency key.

    `claimed_at` (aware UTC) is the moment from which validity is counted, so that a
    repeat has the same bytes.
    """

    id: str
    messages: tuple[Message, ...]
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway's answer for one message, or our conclusion where it gave none.

    `segments` is the gateway's own count and `happened_at` (aware UTC) its time, where it tells. `fault` is
    whose fault it is that somebody was not reached.
    """

    message_id: str
    state: State
    gateway_ref: str = ""
    code: str = ""
    detail: str = ""
    segments: int | None = None
    fault: Fault | None = None
    happened_at: datetime | None = None


class Verdict(StrEnum):
    """What one whole call came to."""

    ANSWERED = "answered"  # every message has a receipt of its own, in doubt included
    NOT_TAKEN = "not_taken"  # nobody's message was taken; the call may be repeated later
    APART = "apart"  # nobody's message was taken because of some of them: smaller calls tell which
    REFUSED = "refused"  # nobody's message was taken and the run must stop: sender, URL, funds
    IN_DOUBT = "in_doubt"  # the gateway may have taken all of it


@dataclass(frozen=True, slots=True)
class Answer:
    """One call's outcome: exactly one receipt for each message of its batch.

    `retry_after` is in seconds, where the gateway named a delay. `server_date` is the reply's `Date`
    (aware UTC). `reason` and `hint` are for people and hold neither secrets nor numbers.
    """

    verdict: Verdict
    receipts: tuple[Receipt, ...]
    retry_after: float | None = None
    server_date: datetime | None = None
    reason: str = ""
    hint: str = ""
