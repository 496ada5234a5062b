"""A message as columns, in the plan and in kept requests: read back to the very same message."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from smscli.domain.frequency import CalendarPeriod, CapScope, FrequencyCap, LocalCap
from smscli.domain.message import Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.segments import Encoding, Segments
from smscli.sentlog.instants import from_micros


def message_of(row: Any) -> Message:
    """From id, campaign id, number, country, sender, body, encoding, units, segments, offenders, deadline,
    language, evidence, and (of a plan) grounds and caps, in this order."""
    message_id, campaign_id, number, country, sender, body, encoding, units, count, *rest = row
    offenders, deadline, language, evidence, *of_plan = rest
    grounds, caps = of_plan or ("", "")
    return Message(  # by their places: by name it takes half as long again
        message_id,
        campaign_id,
        Msisdn(number, country),
        sender,
        body,
        _segments(encoding, units, count, offenders),
        _deadline(deadline),
        language,
        evidence,
        grounds,
        _caps(caps) if caps else (),
    )


#: Of a plan few are different. Made anew for each message they would be half of what it costs to read one.
_deadline = lru_cache(maxsize=4096)(from_micros)


@lru_cache(maxsize=4096)
def _segments(encoding: str, units: int, count: int, offenders: str) -> Segments:
    return Segments(Encoding(encoding), units, count, tuple(offenders))


def caps_as_text(caps: tuple[LocalCap, ...]) -> str:
    """A recipient's own caps as JSON, empty for none."""
    return json.dumps([(*_cap_columns(own.cap), own.zones) for own in caps]) if caps else ""


def _cap_columns(cap: FrequencyCap) -> tuple[int, float | str, str, str]:
    per = cap.per.total_seconds() if isinstance(cap.per, timedelta) else cap.per
    return cap.at_most, per, cap.counts, cap.of


@lru_cache(maxsize=4096)  # people of one country share them
def _caps(text: str) -> tuple[LocalCap, ...]:
    return tuple(
        LocalCap(FrequencyCap(at_most, _period(per), CapScope(counts), of), tuple(zones))
        for at_most, per, counts, of, zones in json.loads(text)
    )


def _period(per: float | str) -> timedelta | CalendarPeriod:
    return CalendarPeriod(per) if isinstance(per, str) else timedelta(seconds=per)
