"""What both sent logs agree on about moves between states."""

from __future__ import annotations

from smscli.domain.message import LEGAL_MOVES, State

#: Why a message found submitting by the next run is in doubt.
INTERRUPTED = "the run ended between the claim and the answer"


def is_settlement(before: State, after: State) -> bool:
    """May a receipt move a message so? Back to submitting is a claim's to do, never a receipt's."""
    return after is not State.SUBMITTING and after in LEGAL_MOVES[before]
