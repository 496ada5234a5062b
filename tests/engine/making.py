"""Small makers of domain objects for the tests of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

from smscli.domain.message import Answer, Batch, Fault, Message, Receipt, State, Verdict
from smscli.domain.msisdn import Msisdn
from smscli.domain.profile import GatewayProfile
from smscli.domain.segments import measure
from smscli.engine.pacing import Lane

_ids = count()


def number(last: int) -> Msisdn:
    """+1 202 555 01xx: valid to the library, nobody's."""
    return Msisdn(f"+12025550{last:03}" if last < 1000 else f"+1202{5550000 + last:07}", "US")


def message(
    last: int, *, body: str = "Hello", deadline: datetime | None = None, sender: str = "Shop"
) -> Message:
    return Message(
        id=f"m{next(_ids)}",
        campaign_id="spring",
        to=number(last),
        sender=sender,
        body=body,
        segments=measure(body),
        deadline=deadline or datetime.now(UTC) + timedelta(hours=1),
    )


class Ledger:
    """The pace of one process."""

    def __init__(self) -> None:
        self.entries: list[tuple[float, float]] = []

    @contextmanager
    def exclusively(self) -> Iterator[list[tuple[float, float]]]:
        yield self.entries


def ledgers() -> Callable[[Lane], Ledger]:
    """A ledger for each lane, the same for all who ask the same function."""
    kept: dict[Lane, Ledger] = {}
    return lambda lane: kept.setdefault(lane, Ledger())


Script = Callable[[Batch], Answer]


def accept(batch: Batch) -> Answer:
    return Answer(Verdict.ANSWERED, tuple(Receipt(each.id, State.ACCEPTED, "ref") for each in batch.messages))


def reject(batch: Batch, fault: Fault = Fault.OTHER) -> Answer:
    receipts = tuple(Receipt(each.id, State.REJECTED, code="bad", fault=fault) for each in batch.messages)
    return Answer(Verdict.ANSWERED, receipts)


def doubt(batch: Batch) -> Answer:
    receipts = tuple(Receipt(each.id, State.IN_DOUBT, detail="reset") for each in batch.messages)
    return Answer(Verdict.IN_DOUBT, receipts, reason="the connection was reset")


def not_now(batch: Batch, retry_after: float | None = 0.01) -> Answer:
    receipts = tuple(Receipt(each.id, State.RELEASED, code="429") for each in batch.messages)
    return Answer(Verdict.NOT_TAKEN, receipts, retry_after=retry_after, reason="the gateway is busy")


def refuse(batch: Batch) -> Answer:
    receipts = tuple(Receipt(each.id, State.RELEASED, code="401") for each in batch.messages)
    return Answer(
        Verdict.REFUSED, receipts, reason="the gateway refused the credentials", hint="Look at them."
    )


class ScriptedGateway:
    """A Gateway that answers by script (the last one for good) and remembers every batch."""

    def __init__(self, profile: GatewayProfile, *script: Script, seconds: float = 0.0) -> None:
        self.profile = profile
        self.batches: list[Batch] = []
        self.proven: list[bool] = []
        self.times: list[float] = []
        self.most_in_flight = 0
        self._script: Iterator[Script] = iter(script)
        self._last: Script = accept
        self._seconds = seconds
        self._in_flight = 0

    async def submit(self, batch: Batch, *, proven: bool) -> Answer:
        self.times.append(asyncio.get_running_loop().time())
        self.batches.append(batch)
        self.proven.append(proven)
        self._last = next(self._script, self._last)
        answer = self._last(batch)
        self._in_flight += len(batch.messages)
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self._in_flight -= len(batch.messages)
        return answer

    async def close(self) -> None:
        return

    @property
    def taken(self) -> list[Msisdn]:
        return [each.to for batch in self.batches for each in batch.messages]
