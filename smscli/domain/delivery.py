"""What a gateway tells after it has taken a message: delivery receipts, its opt-out list, one message found.

Knows the shapes only: how they are fetched is the gateway room's affair, what they do `engine/syncing.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from smscli.domain.message import Realm, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.replies import Reply


@dataclass(frozen=True, slots=True)
class Handed:
    """A message of the sent log, as far as a gateway is asked about it. `ref` is empty where it gave none."""

    id: str
    ref: str
    to: Msisdn
    sender: str
    state: State
    realm: Realm
    campaign_id: str
    claimed_at: datetime
    body_digest: str


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """What a gateway says became of one message, which it names by its own id, by ours or by the number.

    `number` is digits without plus; `state` is None while it is under way, `word` what the gateway called
    it. `body_digest` is of the text that it sent, where it tells. `opted_out`: it says that the person did.
    """

    ref: str = ""
    id: str = ""
    number: str = ""
    state: State | None = None
    word: str = ""
    code: str = ""
    detail: str = ""
    at: datetime | None = None
    segments: int | None = None
    body_digest: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class ListedOptOut:
    """An entry of a gateway's own opt-out list; `at` is None where it does not say."""

    number: Msisdn
    at: datetime | None
    sender: str = ""
    words: str = ""


Told = TypeVar("Told", DeliveryReceipt, Reply, ListedOptOut)


@dataclass(frozen=True, slots=True)
class Post(Generic[Told]):
    """One page of what a gateway tells. `mark` is where to go on next time, to be kept with the page.

    `unread` counts items that could not be read: no number in them, or no text of a reply.
    """

    items: tuple[Told, ...]
    unread: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a gateway says of one message in doubt.

    `receipt` is about it and has a state, where the gateway knows it. `absent`: it never took it. Neither:
    it stays in doubt, and `why` says why.
    """

    receipt: DeliveryReceipt | None = None
    absent: bool = False
    why: str = ""
