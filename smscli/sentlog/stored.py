"""A message as columns, in the plan and in kept requests: read back to the very same message."""

from __future__ import annotations

from typing import Any

from smscli.domain.message import Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.segments import Encoding, Segments
from smscli.sentlog.instants import from_micros


def message_of(row: Any) -> Message:
    """From id, campaign id, number, country, sender, body, encoding, units, segments, offenders, deadline,
    language and evidence, in this order."""
    message_id, campaign_id, number, country, sender, body, encoding, units, count, *rest = row
    offenders, deadline, language, evidence = rest
    return Message(
        id=message_id,
        campaign_id=campaign_id,
        to=Msisdn(number, country),
        sender=sender,
        body=body,
        segments=Segments(Encoding(encoding), units, count, tuple(offenders)),
        deadline=from_micros(deadline),
        language=language,
        evidence=evidence,
    )
