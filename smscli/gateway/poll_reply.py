"""What a gateway tells afterwards, read: pages into items, items into receipts, replies and opt-outs.

Pure. Whatever an item holds, it is read or counted as unread; a page that is none is Unreadable. Does not
decide what becomes of a message: the engine does, and `lookup.py` for one in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from smscli.domain.delivery import DeliveryReceipt, ListedOptOut
from smscli.domain.message import State
from smscli.domain.message import digest as text_digest
from smscli.domain.msisdn import BadNumber, Msisdn, digits_of, parse
from smscli.domain.profile import BodyTest, OptOutsPoll, Poll, ReceiptsPoll, RepliesPoll, StateWords
from smscli.domain.replies import Reply
from smscli.gateway.pages import Page, digest_of
from smscli.gateway.poll_request import Question, asks_by
from smscli.gateway.seen import ABSENT, Seen, at, detail_of, holds, name_of, one_line, said_by, segments_of

#: A clock may be wrong by hours, or by its zone. What lies further ahead is not when something happened.
_AHEAD = timedelta(days=1)
#: The first text message was sent in December 1992.
_FIRST = datetime(1992, 12, 1, tzinfo=UTC)
#: From here on a number counts milliseconds: in seconds it would be the year 5138.
_MILLISECONDS = 100_000_000_000
#: No form of a time is longer. A megabyte of spaces in its place takes hours to be found wanting.
_LONGEST_TIME = 64
_COUNTED = re.compile(r"[0-9]{9,14}(\.[0-9]{1,9})?")
#: `10:00:00 +0100`, `10:00:00 UTC`: where ISO 8601 has neither the space nor the word.
_ZONE = re.compile(r"\s+(?:(?P<word>UTC|GMT|Z)|(?P<offset>[+-]\d\d:?\d\d))$", re.IGNORECASE)
_URI = re.compile(r"^(?:tel|sms|smsto|whatsapp):", re.IGNORECASE)
#: Fewer digits are a short code: nobody who could be texted.
_LEAST_DIGITS = 7
#: Of so many digits a number has its country with it. 2025550123 may be one of the US, or of Egypt.
_LEAST_FULL = 11


Item = TypeVar("Item")


class Unreadable(ValueError):
    """An answer that holds nothing of what was asked for; says what was wanted."""


def page_of(poll: Poll, url: str, seen: Seen) -> Page:
    """The page that an answer with a good status holds. Raises Unreadable."""
    if seen.status in poll.empty or seen.status == 204:
        return Page(url, None, ())
    if seen.tree is ABSENT:
        raise Unreadable("its answer is not JSON")
    if poll.empty_when and _all_hold(poll.empty_when, seen.tree, seen.text):
        return Page(url, seen.tree, ())
    found = at(seen.tree, poll.items)
    if found is None:  # what some servers write for an empty list
        found = []
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        where = f" at {'.'.join(poll.items)}" if poll.items else ""
        raise Unreadable(f"its answer has no list{where}")
    return Page(url, seen.tree, found, digest_of(seen.body))


def _all_hold(tests: Sequence[BodyTest], tree: Any, text: str = "") -> bool:
    return all(holds(test, tree, text) for test in tests)


def _meant(poll: Poll, items: Sequence[Any]) -> Iterator[Any]:
    """The items that the poll is about; what is no item at all is handed on, to be counted."""
    return (item for item in items if not isinstance(item, dict) or _all_hold(poll.where, item))


# --- delivery receipts ---


def read_receipts(
    described: ReceiptsPoll, question: Question, items: Sequence[Any]
) -> tuple[tuple[DeliveryReceipt, ...], int]:
    """The receipts of a page, and how many items name no message. Those of other messages are passed over."""
    receipts, unread = [], 0
    for item in _meant(described.poll, items):
        receipt = _receipt(described, question, item)
        if not _concerns(receipt, question):
            continue
        receipt = _named(receipt, described, question)
        if isinstance(item, dict) and (receipt.ref or receipt.id or receipt.number):
            receipts.append(receipt)
        else:
            unread += 1
    return tuple(receipts), unread


def _receipt(described: ReceiptsPoll, question: Question, item: Any) -> DeliveryReceipt:
    said = said_by(at(item, described.state)) or ""
    # What may be had without a word (`lookup` alone) is known to the gateway: so it was taken.
    state = State.ACCEPTED if described.state is None else state_of(said, described.states)
    return DeliveryReceipt(
        ref=name_of(at(item, described.ref)),
        id=name_of(at(item, described.id)),
        number=_digits(at(item, described.number)),
        state=state,
        word=detail_of(said),
        code=name_of(at(item, described.code)),
        detail=detail_of(at(item, described.text)),
        at=time_of(at(item, described.at), question.now),
        segments=segments_of(at(item, described.segments)),
        body_digest=_body_digest(at(item, described.body)),
        opted_out=bool(described.opted_out) and _all_hold(described.opted_out, item),
    )


def state_of(word: str, states: StateWords) -> State | None:
    """What the gateway's word means; None: it is still under way."""
    for state, words in (
        (State.DELIVERED, states.delivered),
        (State.UNDELIVERED, states.undelivered),
        (State.EXPIRED, states.expired),
        (State.REJECTED, states.rejected),
        (State.ACCEPTED, states.accepted),
    ):
        if word in words:
            return state
    return None


def _concerns(receipt: DeliveryReceipt, question: Question) -> bool:
    """Is it about what was asked for? The surest name that both sides have decides."""
    message = question.message
    if message is None:
        return not question.ref or receipt.ref in ("", question.ref)
    if receipt.id:
        return receipt.id == message.id
    if receipt.ref and message.ref:
        return receipt.ref == message.ref
    return not receipt.number or is_number_of(message.to, receipt.number)


def is_number_of(person: Msisdn, told: str) -> bool:
    """Are these digits somebody's number, or its end without the country code (`07700 900123`)?"""
    national = told.lstrip("0")
    return told == person.digits or (len(national) >= _LEAST_DIGITS and person.digits.endswith(national))


def _named(receipt: DeliveryReceipt, described: ReceiptsPoll, question: Question) -> DeliveryReceipt:
    """The same with the name that it was asked by, where it does not say one that is as sure."""
    message = question.message
    if question.ref and not receipt.ref:
        return replace(receipt, ref=question.ref)
    if message is None or receipt.id:
        return receipt
    needs_no_name = described.ref is None and described.id is None and described.number is None
    if needs_no_name or (receipt.ref and message.ref) or asks_by(described.poll.ask, "id", "ref"):
        return replace(receipt, id=message.id)
    return receipt  # found by its number: there may be others


def _digits(value: Any) -> str:
    digits = digits_of(said_by(value) or "")
    return digits if len(digits) >= _LEAST_DIGITS else ""


def _body_digest(value: Any) -> str:
    try:
        return text_digest(value) if isinstance(value, str) else ""
    except UnicodeEncodeError:  # half a surrogate pair: nothing that we sent
        return ""


# --- replies and opt-outs ---


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a gateway writes numbers: `bare` ones have their country code and no plus, however short."""

    bare: bool

    def person(self, value: Any) -> Msisdn | None:
        """Somebody's number; None for a short code, a name, or a number that does not say its country."""
        said = _URI.sub("", (said_by(value) or "").strip())
        if said.startswith("00"):
            said = f"+{said[2:]}"
        digits = digits_of(said)
        if not said.startswith("+"):
            if len(digits) < (_LEAST_DIGITS if self.bare else _LEAST_FULL):
                return None
            said = f"+{said}"
        try:
            return parse(said, None) if len(digits) >= _LEAST_DIGITS else None
        except BadNumber:
            return None

    def own(self, value: Any) -> str:
        """A number of ours in E.164, where it is one; else as it stands: a short code, a name."""
        person = self.person(value)
        return name_of(value) if person is None else person.e164


def read_replies(
    described: RepliesPoll, question: Question, items: Sequence[Any], numbers: Numbers, source: str
) -> tuple[tuple[Reply, ...], int]:
    """The replies of a page, and how many items have no number or text that can be read.

    One whose time cannot be read has that of the question.
    """
    read = [_reply(described, question, item, numbers, source) for item in _meant(described.poll, items)]
    return _counted(read)


def _reply(
    described: RepliesPoll, question: Question, item: Any, numbers: Numbers, source: str
) -> Reply | None:
    number, text = numbers.person(at(item, described.number)), at(item, described.text)
    said = said_by(text)
    if number is None or text is None or said is None:
        return None
    return Reply(
        number=number,
        to=numbers.own(at(item, described.to)),
        # A STOP whose time nobody can read is a STOP.
        at=time_of(at(item, described.at), question.now) or question.until,
        text=said.encode("utf-8", "replace").decode(),  # half a surrogate pair cannot be stored
        ref=name_of(at(item, described.ref)),
        source=source,
    )


def read_opt_outs(
    described: OptOutsPoll, question: Question, items: Sequence[Any], numbers: Numbers
) -> tuple[tuple[ListedOptOut, ...], int]:
    """The opt-outs of a page, and how many items have no number that can be read."""
    read = [_opt_out(described, question, item, numbers) for item in _meant(described.poll, items)]
    return _counted(read)


def _opt_out(described: OptOutsPoll, question: Question, item: Any, numbers: Numbers) -> ListedOptOut | None:
    number = numbers.person(at(item, described.number))
    if number is None:
        return None
    return ListedOptOut(
        number=number,
        at=time_of(at(item, described.at), question.now),
        sender=numbers.own(at(item, described.sender)),
        words=one_line(said_by(at(item, described.words)) or ""),
    )


def _counted(read: Sequence[Item | None]) -> tuple[tuple[Item, ...], int]:
    found = tuple(each for each in read if each is not None)
    return found, len(read) - len(found)


# --- times ---


def time_of(value: Any, now: datetime) -> datetime | None:
    """A time (aware UTC): ISO 8601, RFC 2822, seconds or milliseconds since 1970; UTC if it does not say.

    None for what is no time, or none at which a text can have been under way.
    """
    said = said_by(value)
    if said is None or isinstance(value, bool):
        return None
    said = said.strip()
    if len(said) > _LONGEST_TIME:
        return None
    found = _unix(float(said)) if _COUNTED.fullmatch(said) else _iso(said) or _rfc(said)
    if found is None:
        return None
    try:
        moment = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None
    return moment if _FIRST <= moment <= now + _AHEAD else None


def _unix(counted: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(counted / 1000 if counted >= _MILLISECONDS else counted, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(said: str) -> datetime | None:
    try:
        return datetime.fromisoformat(_ZONE.sub(lambda zone: zone["offset"] or "Z", said))
    except ValueError:
        return None


def _rfc(said: str) -> datetime | None:
    try:
        return parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
