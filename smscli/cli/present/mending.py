"""What an operator could mend of a plan: contacts skipped for one and the same thing, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from smscli.domain.decision import SETTLED_SKIPS, SkipReason
from smscli.domain.ports import PlannedRow

if TYPE_CHECKING:
    from smscli.cli.planned import Planned

#: So many lines of the list are named for each thing to mend.
LINES_SHOWN = 5


@dataclass(slots=True)
class ToMend:
    """Contacts skipped for one thing that the operator could mend, and the first of them."""

    reason: SkipReason
    detail: str
    count: int = 0
    first: list[PlannedRow] = field(default_factory=list)


def to_mend(planned: Planned) -> Sequence[ToMend]:
    """By reason and detail, in list order; the plan is walked only where there is something to mend."""
    if SETTLED_SKIPS.issuperset(planned.tally.skipped):
        return ()
    found: dict[tuple[SkipReason, str], ToMend] = {}
    for row in planned.plan.left_out():
        if isinstance(row.reason, SkipReason) and row.reason not in SETTLED_SKIPS:
            each = found.setdefault((row.reason, row.detail), ToMend(row.reason, row.detail))
            each.count += 1
            if len(each.first) < LINES_SHOWN:
                each.first.append(row)
    return tuple(found.values())
