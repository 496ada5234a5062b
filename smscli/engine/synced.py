"""What asking gateways afterwards has come to, in figures: of one page, of one gateway."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.errors import PostboxFailed
from smscli.domain.message import Realm, State
from smscli.domain.replies import Reply, ReplyClass
from smscli.engine.receiving import Effect

#: So many receipts that match nothing are shown.
_EXAMPLES = 5


class What(StrEnum):
    """What a gateway can be asked for in a sync."""

    RECEIPTS = "receipts"
    OPT_OUTS = "opt_outs"
    REPLIES = "replies"


class Count(StrEnum):
    """What is counted while a gateway is asked."""

    RECEIPTS = "receipts"  # read
    FROM_DOUBT = "from_doubt"  # messages settled that were in doubt
    TAKEN_AFTER_ALL = "taken_after_all"  # messages settled that were released
    LATE = "late"  # receipts of an earlier sync that have found their message
    UNMATCHED = "unmatched"  # receipts that are about no message of this log
    KNOWN_REPLIES = "known_replies"
    STARTED = "started"  # opt-outs that START lifted
    CONSENTS = "consents"
    LISTED = "listed"  # entries of the gateway's opt-out list
    OPTED_OUT = "opted_out"  # said by people that they do, newly or for longer
    ERASED = "erased"  # told of erased people: not kept
    UNREAD = "unread"  # items without a number, or opt-ins without a time


@dataclass(slots=True)
class Learned:
    """What was told, and what it did. `settled` counts messages by the state that they moved to.

    `codes` say why somebody was not reached; `words` are those that mean no state in the profile. `strays`
    are a few of the receipts that match nothing, `calls` the new calls for help.
    """

    counts: Counter[Count] = field(default_factory=Counter)
    settled: Counter[State] = field(default_factory=Counter)
    effects: Counter[Effect] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    replies: Counter[ReplyClass] = field(default_factory=Counter)
    strays: tuple[DeliveryReceipt, ...] = ()
    calls: tuple[Reply, ...] = ()

    def add(self, other: Learned) -> None:
        """Count this as well."""
        self.counts.update(other.counts)
        self.settled.update(other.settled)
        self.effects.update(other.effects)
        self.codes.update(other.codes)
        self.words.update(other.words)
        self.replies.update(other.replies)
        self.strays = (*self.strays, *other.strays)[:_EXAMPLES]
        self.calls += other.calls


@dataclass(slots=True)
class Synced:
    """What asking one gateway came to so far. `under_way` messages since `since` have no last word yet.

    `failed` says by what was asked why it was not read to its end, `stopped` that the operator ended it.
    """

    gateway: str
    realm: Realm
    asked: tuple[What, ...] = ()
    since: datetime | None = None
    learned: Learned = field(default_factory=Learned)
    under_way: int = 0
    failed: dict[What, PostboxFailed] = field(default_factory=dict)
    stopped: bool = False

    @property
    def is_whole(self) -> bool:
        """Was everything that can be asked read to its end?"""
        return not (self.failed or self.stopped)
