"""Whom a better list would let be texted sooner: people who are held because nobody knows in which clock.

Knows the hours of each zone alone. Changes no decision: it is told to the operator, and nothing else.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from smscli.domain.decision import Decision, Hold, HoldReason, Skip, SkipReason
from smscli.domain.quiet_hours import Open, Regime, permission
from smscli.domain.rules import Case, cap_free_at


def may_be_sooner(case: Case, decision: Decision) -> bool:
    """Is somebody held, or skipped, only because all of several clocks have to be open, and one is?

    Not whom a zone column places already, nor whom a frequency cap or the end of the campaign keeps.
    """
    match decision:
        case Hold(reason=HoldReason.QUIET_HOURS) | Skip(reason=SkipReason.NEVER_OPEN):
            pass
        case _:
            return False
    if case.contact.zone is not None or len(case.zones) < 2:
        return False
    if not _opens_somewhere(case.regimes, case.zones, case.now):
        return False
    expires = case.campaign.expires
    return cap_free_at(case, case.now) <= case.now and (expires is None or case.now < expires)


@lru_cache(maxsize=4_096)  # a plan has one moment and few sets of zones
def _opens_somewhere(regimes: tuple[Regime, ...], zones: tuple[str, ...], now: datetime) -> bool:
    return any(isinstance(permission(regimes, (zone,), now), Open) for zone in zones)
