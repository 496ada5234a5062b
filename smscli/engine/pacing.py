"""The gateway's pace: so much in any second, measured when it is submitted, over all processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf

from smscli.domain.message import Message
from smscli.domain.ports import PaceLedger
from smscli.domain.profile import Rate, RateUnit


@dataclass(slots=True)
class Grant:
    """Leave to submit `amount`, given or renewed at `at` (monotonic seconds)."""

    at: float
    amount: float


class Pacer:
    """A sliding window over what was submitted. Times are monotonic seconds.

    `take` notes an amount before the claim, `spend` corrects it at the moment of submitting, so that
    a slow claim can only make the pace slower.
    """

    def __init__(self, rate: Rate | None, ledger: PaceLedger) -> None:
        self._rate = rate
        self._ledger = ledger
        self.capacity = float(max(1, floor(rate.per_second))) if rate else inf
        self._window = self.capacity / rate.per_second if rate else 0.0
        counts = rate.counts if rate else RateUnit.MESSAGE
        self._by_segment = counts is RateUnit.SEGMENT
        self._by_request = counts is RateUnit.REQUEST

    def weight(self, message: Message) -> float:
        """What one more message in a request counts."""
        if self._by_request:
            return 0.0
        return float(message.segments.count) if self._by_segment else 1.0

    def amount(self, messages: Sequence[Message]) -> float:
        """What one request with these messages counts."""
        return 1.0 if self._by_request else sum(map(self.weight, messages))

    def least(self, first: Message, wanted: int) -> float:
        """What a request of `wanted` messages, beginning with `first`, has to wait for."""
        return 1.0 if self._by_request else max(self.weight(first), min(float(wanted), self.capacity))

    def take(self, least: float, most: float, now: float) -> Grant | None:
        """Between `least` and `most` of what is free now, or None. `spend` gives back what is not used."""
        if self._rate is None:
            return Grant(now, max(least, most))
        with self._ledger.exclusively() as entries:
            free = self.capacity - self._used(entries, now)
            if free < min(least, self.capacity):
                return None
            grant = Grant(now, max(least, min(most, free)))  # more than a window holds goes alone
            entries.append((grant.at, grant.amount))
            return grant

    def renew(self, grant: Grant, now: float) -> None:
        """Keep an amount that is not submitted yet: after a window, another process would get it too."""
        self.spend(grant, grant.amount, now)
        grant.at = now

    def spend(self, grant: Grant, amount: float, now: float) -> None:
        """This much of the grant was submitted just now."""
        if self._rate is None:
            return
        with self._ledger.exclusively() as entries:
            if (grant.at, grant.amount) in entries:
                entries.remove((grant.at, grant.amount))
            if amount:
                entries.append((now, amount))

    def wait(self, amount: float, now: float) -> float:
        """Seconds until `amount` is free; 0 if it is."""
        if self._rate is None:
            return 0.0
        with self._ledger.exclusively() as entries:
            excess = self._used(entries, now) + min(amount, self.capacity) - self.capacity
            for at, held in sorted(entries):
                if excess <= 0:
                    return 0.0
                excess -= held
                if excess <= 0:
                    return max(0.0, at + self._window - now)
        return 0.0

    def _used(self, entries: list[tuple[float, float]], now: float) -> float:
        """What the window holds, without what has left it and what a clock of another boot wrote."""
        entries[:] = [(at, amount) for at, amount in entries if now - self._window < at <= now]
        return sum(amount for _, amount in entries)
