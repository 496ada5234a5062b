"""What a gateway says of one message in doubt: it has it, it never took it, or nobody can say.

Pure. A wrong "it never took it" is a second text to somebody, a wrong "it has it" is silence: where two
messages could be meant, it stays in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from smscli.domain.delivery import DeliveryReceipt, Finding, Handed
from smscli.domain.profile import ReceiptsPoll
from smscli.gateway.poll_reply import is_number_of

#: A gateway's clock may be as far behind ours as a run tolerates (more than two minutes stop it).
BEFORE_CLAIM = timedelta(minutes=2)
#: The longest call that a profile can ask for; the gateway's own clock is in it.
AFTER_CLAIM = timedelta(minutes=10)


def finding(
    described: ReceiptsPoll, message: Handed, now: datetime, told: Sequence[DeliveryReceipt], unread: int
) -> Finding:
    """What follows from all that it told when it was asked about this message."""
    by_id = [receipt for receipt in told if receipt.id == message.id]
    found = by_id or [receipt for receipt in dict.fromkeys(told) if _is_it(receipt, message)]
    if len({receipt.state for receipt in found}) > 1 or (len(found) > 1 and not by_id):
        return Finding(why="the gateway tells of several messages that may be this one")
    if found:
        return _known(found[0])
    if any(_may_be(receipt, message) for receipt in told):
        return Finding(why="the gateway has a message to this number that may be this one, and does not say")
    if unread:
        return Finding(why="the gateway names no message that can be told to be this one")
    return _unknown(described, message, now)


def _is_it(receipt: DeliveryReceipt, message: Handed) -> bool:
    """By its number: the same text, and within the time of its call."""
    return (
        receipt.number == message.to.digits
        and receipt.body_digest == message.body_digest
        and receipt.at is not None
        and _is_in_time(receipt.at, message)
    )


def _may_be(receipt: DeliveryReceipt, message: Handed) -> bool:
    """The number is right, and the text or the time is not wrong. Gateways change texts: they trim them, put
    other letters for some, add how to opt out."""
    is_other_text = receipt.body_digest not in ("", message.body_digest)
    is_other_time = receipt.at is not None and not _is_in_time(receipt.at, message)
    return is_number_of(message.to, receipt.number) and not (is_other_text and is_other_time)


def _is_in_time(at: datetime, message: Handed) -> bool:
    return message.claimed_at - BEFORE_CLAIM <= at <= message.claimed_at + AFTER_CLAIM


def _known(receipt: DeliveryReceipt) -> Finding:
    if receipt.state is not None:
        return Finding(receipt=receipt)
    word = f'"{receipt.word}"' if receipt.word else "nothing"
    return Finding(why=f"the gateway calls it {word}, which the profile does not explain")


def _unknown(described: ReceiptsPoll, message: Handed, now: datetime) -> Finding:
    after = described.absent_after
    if after is None:
        return Finding(why="the gateway does not know it, which proves nothing")
    if now - message.claimed_at < after:
        then = message.claimed_at + after
        return Finding(why=f"the gateway does not know it yet; ask again after {then:%Y-%m-%d %H:%M} UTC")
    return Finding(absent=True)
