"""Consent records: only ever added."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime

from smscli.domain.consent import ConsentRecord
from smscli.domain.msisdn import Msisdn


def add(connection: sqlite3.Connection, records: Iterable[ConsentRecord], now: datetime) -> int:
    """Add records; how many are new. One that says the very same is not."""
    raise NotImplementedError


def listed(connection: sqlite3.Connection, number: Msisdn | None) -> Iterator[ConsentRecord]:
    """Records of one number, or of all, by number and time."""
    raise NotImplementedError
