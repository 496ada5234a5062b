"""One person: everything that is held, and forgetting it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import Erased


def everything_about(connection: sqlite3.Connection, log: Path, number: Msisdn) -> Mapping[str, object]:
    """All that is held about a number, in JSON's types."""
    raise NotImplementedError


def erase(connection: sqlite3.Connection, log: Path, number: Msisdn, by: str, now: datetime) -> Erased:
    """Forget a number but for a keyed hash."""
    raise NotImplementedError
