"""All that a check asks of a campaign's own sent log: who agreed, and who said no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from smscli.domain.message import Realm
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import NO_FACTS, Facts
from smscli.sentlog.consents import ConsentReader
from smscli.sentlog.memory import MemorySentLog


class LogOfConsents(MemorySentLog):
    """Nobody was ever sent anything; consent is what a sent log has recorded, if there is one.

    `has_records`: of anybody who was asked for so far.
    """

    def __init__(self, records: ConsentReader | None) -> None:
        super().__init__()
        self._records = records
        self.has_records = False

    def facts(
        self, realm: Realm, campaign_id: str, numbers: Sequence[Msisdn], since: datetime, now: datetime
    ) -> Mapping[Msisdn, Facts]:
        """What is known of these numbers."""
        known = super().facts(realm, campaign_id, numbers, since, now)
        if self._records is None:
            return known
        agreed = self._records.facts(numbers)
        self.has_records |= bool(agreed)
        both = {number: replace(known.get(number, NO_FACTS), consents=of) for number, of in agreed.items()}
        return {**known, **both}
