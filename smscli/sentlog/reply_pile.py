"""Replies as they came, and the pile of those that a person has to read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from smscli.domain.msisdn import Msisdn
from smscli.domain.replies import Classified, FiledReply, Reply, ReplyClass


def file(
    connection: sqlite3.Connection, replies: Sequence[tuple[Reply, Classified]], now: datetime
) -> Sequence[bool]:
    """Keep replies, and put those for review on the opt-out list; which are new."""
    raise NotImplementedError


def listed(connection: sqlite3.Connection, pending: bool, number: Msisdn | None) -> Iterator[FiledReply]:
    """Replies in the order of their times."""
    raise NotImplementedError


def decide(connection: sqlite3.Connection, key: int, kind: ReplyClass, by: str, now: datetime) -> bool:
    """Record a person's word; False where the reply does not wait (any more)."""
    raise NotImplementedError
