"""What the sent log in memory is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from smscli.domain.message import Batch, Realm, State
from smscli.domain.ports import LoggedMessage, OptOut, RunRecord

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

    rows: dict[int, Row]
    by_number: dict[str, tuple[int, ...]]
    by_id: dict[str, int]
    opt_outs: dict[str, tuple[OptOut, ...]]
    heeded: dict[str, frozenset[str]]
    texts: dict[tuple[Realm, str], str]
    runs: dict[str, RunRecord]  # in the order in which they began
    newest: datetime | None
    next_key: int

    def copy(self) -> Shelves:
        return replace(
            self,
            rows=self.rows.copy(),
            by_number=self.by_number.copy(),
            by_id=self.by_id.copy(),
            opt_outs=self.opt_outs.copy(),
            heeded=self.heeded.copy(),
            texts=self.texts.copy(),
            runs=self.runs.copy(),
        )
