"""What a failed call, or a status alone, says about the messages in it (design: the certainty table).

Pure. Knows errors and statuses. Does not read answers: what the profile maps by code or text is asked
before, and what a readable 2xx says of single messages is asked instead.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from smscli.domain.message import State, Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """What a call came to, as far as an error or a status can tell.

    `state` is what becomes of each message of the call that has no receipt of its own. `reason` and
    `hint` are sentences for operators and hold neither secrets nor numbers.
    """

    verdict: Verdict
    state: State
    reason: str
    hint: str = ""


def of_exception(error: BaseException) -> Finding:
    """NOT_TAKEN / released for NotSent, IN_DOUBT for every other error there is."""
    raise NotImplementedError


def of_status(
    status: int,
    *,
    not_taken: Set[int] = frozenset(),
    proven: bool = False,
    alone: bool = False,
) -> Finding:
    """What a status means when the profile maps nothing in the answer.

    429 and `not_taken` -> NOT_TAKEN / released. 400, 401, 403, 404, 405, 413, 415, 422 -> REFUSED /
    released; but 400 and 422 for a call of one message (`alone`) after an acceptance in this run
    (`proven`) -> ANSWERED / rejected. 2xx -> ANSWERED / in_doubt: read the answer, and whoever it does
    not name is in doubt. Everything else -> IN_DOUBT / in_doubt.
    """
    raise NotImplementedError
