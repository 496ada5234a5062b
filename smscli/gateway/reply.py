"""A gateway's reply becomes exactly one receipt for every message of its batch.

Knows shapes and error rules as profiles declare them. Does not know what a bare status means: that is
`certainty.py`. Whatever the reply holds, an Answer comes out; what cannot be read is in doubt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from smscli.domain.message import Answer, Batch, Fault, Message, Receipt, State, Verdict
from smscli.domain.profile import (
    BatchMode,
    ErrorClass,
    GatewayProfile,
    IdempotencyScope,
    Result,
    ResultShape,
    Unlisted,
)
from smscli.gateway.certainty import ABOUT_THE_MESSAGE, of_status
from smscli.gateway.hints import CREDENTIALS, PROFILE, hint_for
from smscli.gateway.seen import (
    Seen,
    at,
    detail_of,
    digits,
    holds,
    http_date,
    name_of,
    one_line,
    pattern,
    retry_after,
    rule_of,
    said_by,
    segments_of,
    with_words,
)

_FAULTS = {
    ErrorClass.NUMBER: Fault.NUMBER,
    ErrorClass.OPTED_OUT: Fault.OPTED_OUT,
    ErrorClass.SENDER: Fault.OTHER,
    ErrorClass.CONTENT: Fault.OTHER,
    ErrorClass.REJECTED: Fault.OTHER,
}
#: Nothing was taken, and the same may be asked again later.
WAITS = frozenset({ErrorClass.NOT_TAKEN, ErrorClass.RATE_LIMITED})
#: What ends a run, and why: reason and hint.
STOPS = {
    ErrorClass.FUNDS: (
        "the gateway says that there are not enough funds",
        "top up the account, then run it again: whoever was texted is skipped",
    ),
    ErrorClass.CREDENTIALS: (
        "the gateway refused the credentials",
        f"check {CREDENTIALS}",
    ),
    ErrorClass.SETUP: (
        "the gateway refused how the account or the profile is set up",
        f"see the request itself: smscli gateway try {PROFILE} --to NUMBER",
    ),
}


def read(
    profile: GatewayProfile,
    batch: Batch,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    proven: bool = False,
) -> Answer:
    """The answer that a reply comes to; never an exception. `proven`: see `ports.Gateway.submit`.

    `headers` by lower-case name.
    """
    reply = profile.wire.reply
    seen = Seen(status, headers, body)
    if status in reply.statuses and all(holds(test, seen.tree, seen.text) for test in reply.when):
        outcomes = _Reader(reply.result, seen).outcomes(batch.messages)
        verdict, reason, hint = _sum_up(outcomes)
    else:
        verdict, outcomes, reason, hint = _whole_call(profile, batch, seen, proven)
    receipts = tuple(
        outcome.receipt(message) for message, outcome in zip(batch.messages, outcomes, strict=True)
    )
    return Answer(
        verdict,
        receipts,
        retry_after=None if _all_accepted(outcomes) else retry_after(reply, seen),
        server_date=http_date(seen.header("Date")),
        reason=reason,
        hint=hint_for(profile, hint),
    )


def _all_accepted(outcomes: Iterable[_Outcome]) -> bool:
    return {outcome.state for outcome in outcomes} == {State.ACCEPTED}


class _Outcome(NamedTuple):
    """What became of one message, in the words of the gateway."""

    state: State
    ref: str = ""
    code: str = ""
    detail: str = ""
    segments: int | None = None
    means: ErrorClass | None = None

    def receipt(self, message: Message) -> Receipt:
        fault = None
        if self.state is State.REJECTED:
            fault = _FAULTS.get(self.means, Fault.OTHER) if self.means else Fault.OTHER
        return Receipt(message.id, self.state, self.ref, self.code, self.detail, self.segments, fault)


# --- a good reply ---


class _Reader:
    """Finds every message's own object in a good reply."""

    def __init__(self, result: Result, seen: Seen) -> None:
        self._result = result
        self._seen = seen
        self._items = at(seen.tree, result.items)

    def outcomes(self, messages: Sequence[Message]) -> list[_Outcome]:
        """One for every message, in their order."""
        match self._result.shape:
            case ResultShape.NONE:
                return [_Outcome(State.ACCEPTED) for _ in messages]
            case ResultShape.ONE_ID:
                return [self._of(self._items) for _ in messages]
            case ResultShape.LIST_IN_ORDER | ResultShape.IDS:
                return self._in_order(messages)
            case ResultShape.LIST_BY_KEY:
                return self._by_key(messages, self._listed())
            case ResultShape.MAP_BY_NUMBER:
                return self._by_key(messages, self._mapped())
            case ResultShape.TEXT_REGEX:
                return self._with_ref(messages, self._matched())
            case ResultShape.HEADER:
                return self._with_ref(messages, one_line(self._seen.header(self._result.header)))

    def _with_ref(self, messages: Sequence[Message], ref: str) -> list[_Outcome]:
        one = _Outcome(State.ACCEPTED, ref) if ref else _unread("the reply names no id")
        return [one for _ in messages]

    def _matched(self) -> str:
        found = pattern(self._result.pattern).search(self._seen.text)
        return one_line(found[1] or "") if found else ""

    def _in_order(self, messages: Sequence[Message]) -> list[_Outcome]:
        items = self._items
        if self._result.invalid is not None:
            return self._without_invalid(messages)
        if not isinstance(items, list) or len(items) != len(messages):
            # Which of them are missing, nobody can say.
            return [_unread("the reply has another number of results than messages")] * len(messages)
        if self._result.shape is ResultShape.IDS:
            return [_by_ref(item) for item in items]
        return [self._of(item) for item in items]

    def _without_invalid(self, messages: Sequence[Message]) -> list[_Outcome]:
        """Ids of those whose numbers are not listed as invalid, in the order of the request."""
        said = at(self._seen.tree, self._result.invalid)
        listed = (
            [digits(number) for each in said if (number := said_by(each))] if isinstance(said, list) else []
        )
        invalid = {message.id for message in messages if message.to.digits in listed}
        refs = iter(self._items if isinstance(self._items, list) else [])
        fits = isinstance(self._items, list) and len(self._items) + len(invalid) == len(messages)
        refused = _outcome(ErrorClass.NUMBER, detail="the gateway lists the number as invalid")
        unread = _unread("the reply has another number of results than messages")
        return [
            refused if message.id in invalid else _by_ref(next(refs)) if fits else unread
            for message in messages
        ]

    def _listed(self) -> list[tuple[str, Any]]:
        items = self._items if isinstance(self._items, list) else []
        return [(said, item) for item in items if (said := said_by(at(item, self._result.key))) is not None]

    def _mapped(self) -> list[tuple[str, Any]]:
        return list(self._items.items()) if isinstance(self._items, dict) else []

    def _by_key(self, messages: Sequence[Message], items: list[tuple[str, Any]]) -> list[_Outcome]:
        """Matched by number or id. Strangers are ignored; a message named twice has to be told the same."""
        key: Callable[[str], str] = str if self._result.by_id else digits
        ours = [message.id if self._result.by_id else message.to.digits for message in messages]
        found: dict[str, list[_Outcome]] = {name: [] for name in ours}
        twice: set[str] = set()
        if len(found) < len(ours):
            twice = {name for name, times in Counter(ours).items() if times > 1}
        for said, item in items:
            if (name := key(said)) in found:
                found[name].append(self._of(item))
        return [
            _unread("named by a number that is not unique") if name in twice else _agreed(found[name])
            for name in ours
        ]

    def _of(self, item: Any) -> _Outcome:
        """One message's object. Without an `ok` rule, an id is success."""
        result = self._result
        ref = name_of(at(item, result.id))
        text = at(item, result.text)
        code, detail = name_of(at(item, result.code)), detail_of(text)
        good = all(holds(test, item, "") for test in result.ok) if result.ok else bool(ref)
        if good:
            return _Outcome(State.ACCEPTED, ref, code, detail, segments_of(at(item, result.segments)))
        means = (
            rule_of(result.errors, self._seen, item, said_by(text) or "") if isinstance(item, dict) else None
        )
        if means is not None:
            return _outcome(means, ref, code, detail)
        if isinstance(item, dict) and code and result.unlisted is Unlisted.REJECTED:
            return _outcome(ErrorClass.REJECTED, ref, code, detail)
        return _Outcome(State.IN_DOUBT, ref, code, detail or "the reply does not say what became of it")


def _unread(why: str) -> _Outcome:
    return _Outcome(State.IN_DOUBT, detail=why)


def _by_ref(item: Any) -> _Outcome:
    """An id alone says that the message was accepted."""
    return _Outcome(State.ACCEPTED, ref) if (ref := name_of(item)) else _unread("the reply names no id")


def _agreed(outcomes: Sequence[_Outcome]) -> _Outcome:
    if not outcomes:
        return _unread("the reply does not name it")
    if len(outcomes) == 1:
        return outcomes[0]
    same = all(outcome.state is outcomes[0].state for outcome in outcomes)
    return outcomes[0] if same else _unread("the reply names it twice, and differently")


def _outcome(means: ErrorClass, ref: str = "", code: str = "", detail: str = "") -> _Outcome:
    if means in _FAULTS:
        state = State.REJECTED
    elif means is ErrorClass.ALREADY_ACCEPTED:
        state = State.ACCEPTED
    elif means is ErrorClass.IN_DOUBT:
        state = State.IN_DOUBT
    else:
        state = State.RELEASED
    return _Outcome(state, ref, code, detail, means=means)


def _sum_up(outcomes: Sequence[_Outcome]) -> tuple[Verdict, str, str]:
    """The verdict of a call whose messages were told one by one."""
    states = {outcome.state for outcome in outcomes}
    if states == {State.IN_DOUBT}:
        return Verdict.IN_DOUBT, outcomes[0].detail, "see `smscli resolve`"
    if states == {State.RELEASED}:
        stop = next((outcome.means for outcome in outcomes if outcome.means in STOPS), None)
        if stop is not None:
            return (Verdict.REFUSED, *STOPS[stop])
        return Verdict.NOT_TAKEN, "the gateway took none of the messages for now", ""
    return Verdict.ANSWERED, "", ""


# --- any other reply ---


def _whole_call(
    profile: GatewayProfile, batch: Batch, seen: Seen, proven: bool
) -> tuple[Verdict, list[_Outcome], str, str]:
    """What a reply means that is not good: by the profile's rules, else by its status alone."""
    reply = profile.wire.reply
    many = len(batch.messages)
    code, detail = name_of(at(seen.tree, reply.code)), detail_of(at(seen.tree, reply.text))
    means = rule_of(reply.errors, seen, seen.tree, seen.text)
    if means is None:
        finding = of_status(seen.status, proven=proven, alone=many == 1)
        outcome = _Outcome(finding.state, code=code, detail=detail or finding.reason)
        verdict = Verdict.IN_DOUBT if finding.state is State.IN_DOUBT else finding.verdict
        hint = f"{finding.hint}{_ALONE}" if many > 1 and seen.status in ABOUT_THE_MESSAGE else finding.hint
        return verdict, [outcome] * many, with_words(finding.reason, code, detail), hint
    verdict, reason, hint = _verdict(means)
    if many > 1 and not _speaks_for_all(means, profile):
        # Which of them is meant, nobody can say; putting all of them on the opt-out list would be a lie.
        verdict, reason, hint = _of_several(means, profile.batch, seen.status)
        means = ErrorClass.IN_DOUBT if verdict is Verdict.IN_DOUBT else ErrorClass.NOT_TAKEN
    outcome = _outcome(means, "", code, detail)
    return verdict, [outcome] * many, with_words(reason, code, detail), hint


def _speaks_for_all(means: ErrorClass, profile: GatewayProfile) -> bool:
    if means is ErrorClass.ALREADY_ACCEPTED:
        return profile.idempotency is not None and profile.idempotency.scope is IdempotencyScope.REQUEST
    return means not in _FAULTS


#: Said of a call of several that is refused in words that the profile does not know.
_ALONE = "; if it is one of its messages: `batch: one` in the profile lets only that one be rejected"

#: What all messages of a call share, so that smaller calls would fail the same way.
_SHARED: Mapping[BatchMode, frozenset[ErrorClass]] = {
    BatchMode.FANOUT: frozenset({ErrorClass.SENDER, ErrorClass.CONTENT}),
    BatchMode.MERGE: frozenset({ErrorClass.SENDER}),
}


def _of_several(means: ErrorClass, mode: BatchMode, status: int) -> tuple[Verdict, str, str]:
    """A fault of one message, told of a whole call: a 4xx refuses all, others may have taken the rest."""
    reason = "the gateway refused a whole call for one of its messages"
    if means not in _FAULTS or not 400 <= status < 500:
        return Verdict.IN_DOUBT, reason, "write batch: one in its profile"
    if means in _SHARED.get(mode, ()):
        what = "sender ID" if means is ErrorClass.SENDER else "text"
        return Verdict.REFUSED, f"the gateway refused the {what} of a whole call", f"mend the {what}"
    return Verdict.APART, reason, ""


def _verdict(means: ErrorClass) -> tuple[Verdict, str, str]:
    if means in STOPS:
        return (Verdict.REFUSED, *STOPS[means])
    if means is ErrorClass.RATE_LIMITED:
        return Verdict.NOT_TAKEN, "the gateway asks to be sent less", ""
    if means in WAITS:
        return Verdict.NOT_TAKEN, "the gateway took nothing for now", ""
    if means is ErrorClass.IN_DOUBT:
        return Verdict.IN_DOUBT, "the gateway may have taken it", "see `smscli resolve`"
    return Verdict.ANSWERED, "", ""
