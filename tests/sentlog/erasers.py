"""What the child processes of `test_people.py` do."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from functools import partial
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path

from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import LogFilter
from smscli.sentlog.sqlite import open_sent_log

from .making import ANNA, NOW, TERMS, batch, message
from .senders import patiently


def erase_and_die(path: Path, inside: bool) -> None:
    """Killed when the erasure was durable, or (`inside`) while its transaction was open."""
    log = open_sent_log(path, create=False)
    if inside:
        with log.atomic():
            log.erase(ANNA, "ola@desk", NOW)
            os.kill(os.getpid(), signal.SIGKILL)
    log.erase(ANNA, "ola@desk", NOW)
    os.kill(os.getpid(), signal.SIGKILL)


def erase_for_ever(path: Path, people: list[Msisdn], line: Connection) -> None:
    """Erase one after another, and write the file anew each time, until somebody kills us."""
    with closing(open_sent_log(path, create=False, busy_wait=5)) as log:
        line.send("ready")
        left = {each.to for each in log.messages(LogFilter())} or set(people)
        for each in cycle(sorted(left)):
            log.erase(each, "ola@desk", NOW)
            log.compact()


def claim_all(path: Path, people: list[Msisdn], line: Connection) -> None:
    """Claim everybody, a few at a time; tell who was won."""
    won: list[str] = []
    with closing(open_sent_log(path, create=False)) as log:
        line.send("ready")
        for start in range(0, len(people), 10):
            some = [message(to, id=f"claim-{start}-{to.digits}") for to in people[start : start + 10]]
            numbers = {each.id: each.to.e164 for each in some}
            offered = [batch(*some)]
            won += [numbers[each] for each in patiently(partial(log.claim, offered, TERMS, NOW))]
    line.send(won)
