"""What a failed call, or a status alone, says about the messages in it (design: the certainty table).

Pure. Knows errors and statuses. Does not read answers: what the profile maps by code or text is asked
before, and what a readable 2xx says of single messages is asked instead.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from smscli.domain.message import State, Verdict
from smscli.gateway.hints import ADDRESS, CREDENTIALS, PROFILE
from smscli.gateway.transport import CallFailed, MaybeSent, NotSent, translate

_TRY = f"see the request itself: smscli gateway try {PROFILE} --to NUMBER; check its body and the sender ID"
_URL = f"check {ADDRESS}"

#: Statuses of a whole call that show a set-up at fault, and what to look at.
_REFUSALS = {
    400: ("the gateway finds the request malformed", _TRY),
    401: (
        "the gateway does not accept the credentials",
        f"check {CREDENTIALS}",
    ),
    403: (
        "the gateway forbids this",
        "ask the gateway whether this account may send, from here and with this sender ID",
    ),
    404: ("the gateway knows no such address", _URL),
    405: ("the gateway does not take this method here", _URL),
    413: (
        "the gateway finds the request too large",
        "lower batch.max, the messages of one request, in the gateway's profile",
    ),
    415: ("the gateway does not read this content type", _TRY),
    422: ("the gateway cannot work with the request", _TRY),
}

#: Refusals that one bad message can earn as well as a bad set-up.
ABOUT_THE_MESSAGE = frozenset({400, 422})

_TOO_MANY_REQUESTS = 429


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
    """NOT_TAKEN / released for NotSent, IN_DOUBT for every other error there is.

    Errors of aiohttp are translated first. Errors of other httpx transports prove nothing: some call
    a reset after reading a ConnectTimeout (httpx-aiohttp 0.2).
    """
    failed = error if isinstance(error, CallFailed) else _translated(error)
    if isinstance(failed, NotSent):
        return Finding(Verdict.NOT_TAKEN, State.RELEASED, failed.reason, failed.hint)
    return Finding(Verdict.IN_DOUBT, State.IN_DOUBT, failed.reason, failed.hint)


def _translated(error: BaseException) -> CallFailed:
    if isinstance(error, Exception):
        return translate(error)
    return MaybeSent(f"the call was given up ({type(error).__name__})")


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
    if status == _TOO_MANY_REQUESTS:
        return Finding(Verdict.NOT_TAKEN, State.RELEASED, "the gateway asks for a slower pace (status 429)")
    if status in not_taken:
        return Finding(Verdict.NOT_TAKEN, State.RELEASED, f"the gateway took nothing (status {status})")
    if status in ABOUT_THE_MESSAGE and proven and alone:
        return Finding(Verdict.ANSWERED, State.REJECTED, f"the gateway rejected it (status {status})")
    if status in _REFUSALS:
        said, hint = _REFUSALS[status]
        return Finding(Verdict.REFUSED, State.RELEASED, f"{said} (status {status})", hint)
    return _unclear(status)


def _unclear(status: int) -> Finding:
    if 200 <= status <= 299:
        return Finding(Verdict.ANSWERED, State.IN_DOUBT, f"the answer does not name it (status {status})")
    if 300 <= status <= 399:
        return Finding(
            Verdict.IN_DOUBT,
            State.IN_DOUBT,
            f"the gateway answered with a redirect (status {status}), which is not followed",
            f"put the address it really has where it is written; check {ADDRESS}",
        )
    return Finding(Verdict.IN_DOUBT, State.IN_DOUBT, f"status {status} does not say whether it was taken")
