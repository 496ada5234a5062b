"""Messages and batches with fictional numbers, for tests of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from smscli.domain.message import Batch, Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.segments import Encoding, Segments

CLAIMED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ALICE = "+12025550123"
BOB = "+12025550124"
CAROL = "+12025550125"


def message(
    to: str = ALICE,
    body: str = "Hello",
    *,
    sender: str = "+12025550100",
    message_id: str = "",
    seconds_left: float = 3600,
) -> Message:
    """A message whose id is `m-` and the last four digits of its number, unless one is given."""
    encoding = Encoding.GSM7 if body.isascii() else Encoding.UCS2
    return Message(
        id=message_id or f"m-{to[-4:]}",
        campaign_id="tyres",
        to=Msisdn(to, "US"),
        sender=sender,
        body=body,
        segments=Segments(encoding, len(body), 1),
        deadline=CLAIMED + timedelta(seconds=seconds_left),
    )


def batch(*messages: Message, batch_id: str = "r-1") -> Batch:
    return Batch(batch_id, messages or (message(),), CLAIMED)


def batch_to(numbers: Sequence[str], body: str = "Hello") -> Batch:
    return batch(*(message(number, body) for number in numbers))


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name, as the gateway hands them to the reader of replies."""
    return {name.lower(): said for name, said in headers.items()}
