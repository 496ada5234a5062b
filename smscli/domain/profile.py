"""GatewayProfile: one HTTP API of a gateway, described and not programmed.

Secrets are named, never held: a profile can be printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from smscli.domain.message import Realm


class BatchMode(StrEnum):
    """What one request can carry."""

    ONE = "one"  # one message
    FANOUT = "fanout"  # one text and one sender to many numbers
    LIST = "list"  # many messages, each with its own text


class RateUnit(StrEnum):
    """What a gateway counts against its rate."""

    MESSAGE = "message"
    SEGMENT = "segment"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many units in any second, measured when they are submitted."""

    per_second: float
    counts: RateUnit = RateUnit.MESSAGE


class IdempotencyScope(StrEnum):
    """What one key makes safe to repeat."""

    MESSAGE = "message"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The gateway's promise: the same key within `window` is taken once."""

    where: str  # header | query | body
    name: str
    scope: IdempotencyScope
    window: timedelta


@dataclass(frozen=True, slots=True)
class GatewayProfile:
    """What the engine knows of a gateway; the wire's part is added by its own room."""

    name: str
    realm: Realm
    batch: BatchMode
    batch_max: int
    connections: int
    rate: Rate | None
    idempotency: Idempotency | None
    clock_check: bool
