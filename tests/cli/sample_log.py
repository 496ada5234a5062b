"""A sent log as a few runs leave it: real file, real claims and receipts, fictional people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from smscli.domain.message import Batch, Message, Realm, Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import OptOut, Terms
from smscli.domain.segments import measure
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW

ADA = Msisdn("+12025550101", "US")
BEN = Msisdn("+12025550102", "US")
EVA = Msisdn("+48512345678", "PL")
ZOE = Msisdn("+61491570006", "AU")


def message(message_id: str, campaign: str, to: Msisdn, body: str = "Hello") -> Message:
    """A message that may leave for a year."""
    return Message(message_id, campaign, to, "+12025550143", body, measure(body), NOW + timedelta(days=365))


def run(
    path: Path,
    messages: Sequence[Message],
    receipts: Iterable[Receipt],
    at: datetime,
    *,
    realm: Realm = Realm.LIVE,
    gateway: str = "acme",
) -> None:
    """One run: the messages claimed in one batch at `at`, the receipts settled a minute later."""
    campaign = messages[0].campaign_id
    terms = Terms(realm, campaign, "marketing", "news", gateway, "digest", f"run-{campaign}-{at:%H%M}")
    with closing(open_sent_log(path, create=True)) as log:
        won = log.claim([Batch(f"batch-{messages[0].id}", tuple(messages), at)], terms, at)
        assert won == {each.id for each in messages}
        log.settle(list(receipts), at + timedelta(minutes=1))


def sample(path: Path) -> Path:
    """spring: Ada accepted, Ben and Eva in doubt together. autumn: Zoe in doubt, Ada still submitting.

    rehearsal (sandbox): Ada delivered. Ids are `spring-ada` and so on.
    """
    spring = [message("spring-ada", "spring", ADA, "Zażółć"), message("spring-ben", "spring", BEN)]
    spring.append(message("spring-eva", "spring", EVA))
    run(
        path,
        spring,
        [
            Receipt("spring-ada", State.ACCEPTED, gateway_ref="ref-1", segments=1),
            Receipt("spring-ben", State.IN_DOUBT, code="timeout", detail="no answer in 30 s"),
            Receipt("spring-eva", State.IN_DOUBT, code="timeout", detail="no answer in 30 s"),
        ],
        NOW - timedelta(days=3),
    )
    autumn = [message("autumn-zoe", "autumn", ZOE), message("autumn-ada", "autumn", ADA)]
    doubt = Receipt("autumn-zoe", State.IN_DOUBT, code="reset", detail="\x1b[31m[bold]closed")
    run(path, autumn, [doubt], NOW - timedelta(hours=1), gateway="other")
    rehearsal = [message("rehearsal-ada", "spring", ADA)]
    run(path, rehearsal, [Receipt("rehearsal-ada", State.DELIVERED)], NOW, realm=Realm.SANDBOX)
    return path


def opted_out(path: Path, *wishes: OptOut) -> None:
    """Put wishes on the list of an existing log."""
    with closing(open_sent_log(path, create=False)) as log:
        log.opt_out(wishes)
