"""What became of everybody on the list, and the exit code that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from smscli.domain.decision import SETTLED_SKIPS, HoldReason, SkipReason
from smscli.domain.errors import ExitCode, SmscliError
from smscli.domain.message import State


@dataclass(slots=True)
class Counts:
    """What the running send has come to so far, in messages. `to_send` is what was confirmed.

    `dropped` are those planned whom a fact learnt since then took out. `segments` are of accepted messages.
    While calls pause because one was not taken, `not_taken` says why, `again_in` for how many seconds still.
    """

    to_send: int = 0
    states: Counter[State] = field(default_factory=Counter)
    dropped: Counter[SkipReason | HoldReason] = field(default_factory=Counter)
    requests: int = 0
    in_flight: int = 0
    segments: int = 0
    repeated: int = 0  # messages in doubt from earlier runs that were repeated
    not_taken: str = ""
    again_in: float = 0.0

    @property
    def done(self) -> int:
        """Messages that have an answer or dropped out; those in flight and released are not done."""
        return sum(self.dropped.values()) + sum(
            self.states[state] for state in (State.ACCEPTED, State.REJECTED, State.IN_DOUBT)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Every row of the list, accounted for (promise 3): the parts add up to `rows`."""

    rows: int
    problems: int
    skipped: Mapping[SkipReason, int]
    held: Mapping[HoldReason, int]
    not_attempted: int
    released: int
    rejected: int
    in_doubt: int
    accepted: int
    stopped: SmscliError | None = None
    signal: ExitCode | None = None

    def counts(self) -> Mapping[str, int]:
        """`rows`, and the parts that add up to them."""
        return {
            "rows": self.rows,
            "problems": self.problems,
            "skipped": sum(self.skipped.values()),
            "held": sum(self.held.values()),
            "not_attempted": self.not_attempted,
            "released": self.released,
            "rejected": self.rejected,
            "in_doubt": self.in_doubt,
            "accepted": self.accepted,
        }

    def adds_up(self) -> bool:
        """Promise 3, as arithmetic."""
        rows, *parts = self.counts().values()
        return rows == sum(parts)

    def exit_code(self) -> ExitCode:
        """What scripts learn: see the table of exit codes in the docs."""
        if self.signal is not None:
            return self.signal
        if self.stopped is not None:
            return self.stopped.exit_code
        return ExitCode.OK if self._complete() else ExitCode.INCOMPLETE

    def _complete(self) -> bool:
        unfinished = (self.problems, self.not_attempted, self.released, self.rejected, self.in_doubt)
        mendable = sum(count for reason, count in self.skipped.items() if reason not in SETTLED_SKIPS)
        texted = self.accepted + self.skipped.get(SkipReason.ALREADY_SENT, 0)
        return texted > 0 and not any(unfinished) and not mendable and not sum(self.held.values())


def outcome(
    *,
    problems: int,
    skipped: Mapping[SkipReason, int],
    held: Mapping[HoldReason, int],
    left_by_limit: int,
    counts: Counts,
    stopped: SmscliError | None = None,
    signal: ExitCode | None = None,
) -> Outcome:
    """Add what the plan said to what the run did."""
    all_skipped, all_held = Counter(skipped), Counter(held)
    for reason, count in counts.dropped.items():
        if isinstance(reason, SkipReason):
            all_skipped[reason] += count
        else:
            all_held[reason] += count
    all_skipped[SkipReason.IN_DOUBT] -= counts.repeated  # they have an answer of this run now
    tried = counts.done + counts.states[State.RELEASED] - counts.repeated
    return Outcome(
        rows=problems + sum(skipped.values()) + sum(held.values()) + counts.to_send + left_by_limit,
        problems=problems,
        skipped=+all_skipped,
        held=+all_held,
        not_attempted=counts.to_send + left_by_limit - tried,
        released=counts.states[State.RELEASED],
        rejected=counts.states[State.REJECTED],
        in_doubt=counts.states[State.IN_DOUBT],
        accepted=counts.states[State.ACCEPTED],
        stopped=stopped,
        signal=signal,
    )
