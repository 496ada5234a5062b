"""What the child processes of `test_processes.py` and `test_post.py` do. They import nothing but the log."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from time import sleep
from typing import TypeVar

from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.errors import SentLogBusy
from smscli.domain.message import Receipt, State
from smscli.domain.msisdn import Msisdn
from smscli.sentlog.sqlite import SqliteSentLog, open_sent_log

from .making import NOW, TERMS, batch, message

Done = TypeVar("Done")


def patiently(attempt: Callable[[], Done]) -> Done:
    while True:
        try:
            return attempt()
        except SentLogBusy:
            sleep(0.001)


def claim_in_chunks(path: Path, numbers: list[Msisdn], name: str, line: Connection) -> None:
    """Claim all of them, 50 a transaction, and tell which were won.

    The first transaction comes before the race, so that both have won something however it is run.
    """
    won: list[str] = []
    with closing(open_sent_log(path, create=True)) as log:
        for start in range(0, len(numbers), 50):
            chunk = [
                message(to, id=f"{name}-{place}")
                for place, to in enumerate(numbers[start : start + 50], start=start)
            ]
            by_id = {one.id: one.to.e164 for one in chunk}
            offered = [batch(*chunk)]
            won += [by_id[one] for one in patiently(lambda offered=offered: log.claim(offered, TERMS, NOW))]  # type: ignore[misc]
            if not start:
                line.send("ready")
                line.recv()
    line.send(won)


def claim_and_die(path: Path, numbers: list[Msisdn], inside: bool) -> None:
    """Killed after the claim was durable, or (`inside`) while its transaction was open."""
    log = open_sent_log(path, create=True)
    if inside:
        with log.atomic():
            log.claim([batch(*map(message, numbers))], TERMS, NOW)
            os.kill(os.getpid(), signal.SIGKILL)
    log.claim([batch(*map(message, numbers))], TERMS, NOW)
    os.kill(os.getpid(), signal.SIGKILL)


def sync_in_pages(path: Path, numbers: list[Msisdn], line: Connection) -> None:
    """Match, settle and keep delivery receipts for all of them, 20 a page, and tell how many of each.

    The first question comes before the race: the other process's receipts change what was looked up.
    """
    matched = kept = 0
    told = [
        DeliveryReceipt(f"ref-{each.digits}", number=each.digits, state=State.DELIVERED) for each in numbers
    ]
    with closing(open_sent_log(path, create=False)) as log:
        log.match(TERMS.gateway, TERMS.realm, told[:1], NOW)
        line.send("ready")
        line.recv()
        for start in range(0, len(told), 20):
            page = told[start : start + 20]
            found, strays = patiently(lambda page=page: _save(log, page))  # type: ignore[misc]
            matched, kept = matched + found, kept + strays
    line.send({"matched": matched, "kept": kept})


def _save(log: SqliteSentLog, page: list[DeliveryReceipt]) -> tuple[int, int]:
    with log.atomic():
        ids = log.match(TERMS.gateway, TERMS.realm, page, NOW)
        log.settle([Receipt(each, State.DELIVERED, happened_at=NOW) for each in ids if each], NOW)
        strays = [each for each, of in zip(page, ids, strict=True) if of is None]
        return len(page) - len(strays), log.keep_strays(TERMS.gateway, TERMS.realm, strays, NOW)


def create_and_tell(path: Path, line: Connection) -> None:
    """Open a log that may not be there yet, at the same moment as somebody else."""
    line.send("ready")
    line.recv()
    with closing(open_sent_log(path, create=True, busy_wait=5.0)) as log:
        inode = log.path.stat().st_ino
    line.send(inode)
