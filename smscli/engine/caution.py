"""How much may be risked: slow start and the error budget.

Both look only at what this run's answers were.
"""

from __future__ import annotations

from smscli.domain.errors import RunStopped
from smscli.domain.message import Fault, Receipt, State


class SlowStart:
    """Messages in flight never exceed those accepted so far in this run, at least one, nor `ceiling`.

    The window doubles after every round without doubt and without an error for a whole call; an
    answer in doubt sets it back to one. So a wrong sender cannot cost five thousand people, and what
    can be lost is bounded by what worked before.

    While everybody is accepted it depends on how many were answered alone, and not on the order of answers.
    """

    def __init__(self, ceiling: int) -> None:
        self._ceiling = max(1, ceiling)
        self._window = 1
        self._accepted = 0
        self._round = 0

    @property
    def window(self) -> int:
        """How many messages may be in flight."""
        return min(self._window, max(1, self._accepted), self._ceiling)

    def window_after(self, accepted: int) -> int:
        """The window once so many more are accepted."""
        window, _ = _grown(self._window, self._round + accepted)
        return min(window, max(1, self._accepted + accepted), self._ceiling)

    def answered(self, accepted: int, others: int) -> None:
        """A call was answered message by message, with nothing in doubt."""
        self._accepted += accepted
        self._window, self._round = _grown(self._window, self._round + accepted + others)

    def failed(self) -> None:
        """A whole call was not taken: the round starts again."""
        self._round = 0

    def doubted(self, accepted: int = 0) -> None:
        """Something is in doubt: back to one message at a time."""
        self._accepted += accepted
        self._window, self._round = 1, 0


def _grown(window: int, answered: int) -> tuple[int, int]:
    """The window after so many answers, and those that count towards its next round."""
    while answered >= window:
        answered -= window
        window *= 2
    return window, answered


class ErrorBudget:
    """Stops a run that is going wrong, before it uses up the list."""

    MOST_REQUESTS_IN_DOUBT = 20
    ALL_REJECTED = 20
    SHARE_FROM = 100
    MOST_REJECTED = 0.25

    def __init__(self) -> None:
        self._doubted = 0
        self._settled = 0
        self._accepted = 0
        self._faulty = 0

    def count(self, receipts: tuple[Receipt, ...]) -> RunStopped | None:
        """Count one call's receipts; an error when the budget is used up."""
        states = [receipt.state for receipt in receipts]
        accepted, rejected = states.count(State.ACCEPTED), states.count(State.REJECTED)
        self._doubted += State.IN_DOUBT in states
        self._settled += accepted + rejected
        self._accepted += accepted
        if rejected:
            faults = (receipt.fault for receipt in receipts if receipt.state is State.REJECTED)
            self._faulty += sum(fault is Fault.OTHER for fault in faults)
        return self._verdict()

    def _verdict(self) -> RunStopped | None:
        if self._doubted >= self.MOST_REQUESTS_IN_DOUBT:
            return RunStopped(
                f"{self._doubted} requests are in doubt: the gateway may have taken them",
                hint="find out at the gateway what it took, then record it: smscli resolve FILE",
            )
        if not self._accepted and self._settled >= self.ALL_REJECTED:
            return RunStopped(
                f"the gateway rejected the first {self._settled} messages, all of them",
                hint="see why: smscli log FILE --state rejected; mend it, then send with --again rejected",
            )
        if self._settled >= self.SHARE_FROM and self._faulty > self.MOST_REJECTED * self._settled:
            return RunStopped(
                f"the gateway rejected {self._faulty} of {self._settled} messages, not for their numbers",
                hint="see why: smscli log FILE --state rejected; mend it, then send with --again rejected",
            )
        return None
