"""What the sent log in memory is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime

from smscli.domain.consent import ConsentRecord
from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.message import Batch, Realm, State
from smscli.domain.ports import LoggedMessage, OptOut, RunRecord, SyncMark
from smscli.domain.replies import FiledReply
from smscli.sentlog.moves import Identity
from smscli.sentlog.wishes import Said

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as it was sent, and the request it was sent in."""

    batch: Batch
    place: int
    size: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Row:
    """One message; `key` is the order of first claims."""

    key: int
    logged: LoggedMessage
    body_digest: str
    gateway_digest: str
    kept: Kept | None

    @property
    def state(self) -> State:
        return self.logged.state


@dataclass(slots=True)
class Shelves:
    """Everything there is. Values are immutable, so that a shallow copy is a way back."""

    rows: dict[int, Row] = field(default_factory=dict)
    by_number: dict[str, tuple[int, ...]] = field(default_factory=dict)
    by_id: dict[str, int] = field(default_factory=dict)
    history: dict[str, tuple[Said, ...]] = field(default_factory=dict)  # every word of opt-outs
    opt_outs: dict[str, tuple[OptOut, ...]] = field(default_factory=dict)  # what they come to
    heeded: dict[str, Mapping[str, Said]] = field(default_factory=dict)  # by topic
    consents: dict[str, tuple[ConsentRecord, ...]] = field(default_factory=dict)
    replies: dict[int, FiledReply] = field(default_factory=dict)
    texts: dict[tuple[Realm, str], str] = field(default_factory=dict)
    runs: dict[str, RunRecord] = field(default_factory=dict)  # in the order in which they began
    newest: datetime | None = None
    next_key: int = 1
    next_consent: int = 1
    next_reply: int = 1
    erased: dict[str, datetime] = field(default_factory=dict)
    closed: dict[tuple[Realm, str], datetime] = field(default_factory=dict)
    noted: dict[int, Mapping[Identity, datetime]] = field(default_factory=dict)  # receipts that moved nothing
    strays: dict[tuple[str, Realm, DeliveryReceipt], datetime] = field(default_factory=dict)
    marks: dict[tuple[str, Realm, str], SyncMark] = field(default_factory=dict)

    def copy(self) -> Shelves:
        found = replace(self)
        for each in fields(self):
            if isinstance(shelf := getattr(self, each.name), dict):
                setattr(found, each.name, shelf.copy())
        return found
