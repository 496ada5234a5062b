"""Messages, batches and terms for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut, SentLog, Terms
from smscli.domain.segments import Encoding, Segments

NOW = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

ANNA = Msisdn("+12025550101", "US")
BEN = Msisdn("+12025550102", "US")
CELIA = Msisdn("+447700900103", "GB")

TERMS = Terms(
    realm=Realm.LIVE,
    campaign_id="tyre-change",
    purpose="marketing",
    topic="service-reminders",
    gateway="generic-json",
    gateway_digest="digest-of-the-gateway",
    run_id="run-1",
)

_ids = count(1)


def message(to: Msisdn = ANNA, body: str = "Green Garage: winter tyres.", **changes: object) -> Message:
    made = Message(
        id=f"message-{next(_ids)}",
        campaign_id=TERMS.campaign_id,
        to=to,
        sender="+12025550143",
        body=body,
        segments=Segments(Encoding.GSM7, len(body), 1),
        deadline=NOW + HOUR,
        language="en",
        evidence="list: express on 2026-01-02, contacts.csv:7",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def batch(*messages: Message, at: datetime = NOW) -> Batch:
    return Batch(f"request-{next(_ids)}", messages, at)


def claimed(log: SentLog, *messages: Message, terms: Terms = TERMS, now: datetime = NOW) -> list[str]:
    """Claim in one request; the ids that won, in the order of the messages."""
    won = log.claim([batch(*messages, at=now)], terms, now)
    assert won <= {one.id for one in messages}
    return [one.id for one in messages if one.id in won]


def settle(log: SentLog, one: Message, state: State, now: datetime = NOW) -> None:
    log.settle([Receipt(one.id, state)], now)


def sent(
    log: SentLog,
    to: Msisdn,
    *,
    now: datetime,
    campaign: str = "another",
    body: str = "Something else.",
    state: State | None = State.ACCEPTED,
    realm: Realm = Realm.LIVE,
) -> Message:
    """An earlier message, in another campaign unless told."""
    made = message(to, body, campaign_id=campaign)
    assert claimed(log, made, terms=replace(TERMS, campaign_id=campaign, realm=realm), now=now)
    if state is not None:
        settle(log, made, state, now)
    return made


def stop(number: Msisdn, topic: str = "", at: datetime = NOW) -> OptOut:
    return OptOut(number, topic, at, "reply", by="", note="STOP")


def numbers(most: int, first: int = 0) -> Sequence[Msisdn]:
    return tuple(Msisdn(f"+1202{5_550_000 + place:07d}", "US") for place in range(first, first + most))


@contextmanager
def undone(log: SentLog) -> Iterator[None]:
    """What is done inside is rolled back at its end, as by an error."""
    try:
        with log.atomic():
            yield
            raise InterruptedError
    except InterruptedError:
        pass
