"""Which public holidays come next somewhere, and what they are called in English. For people to read."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date
from itertools import islice

from smscli.domain.quiet_hours import public_holidays


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off. The name is empty where the library has none."""

    day: date
    name: str


def holidays_ahead(place: str, since: date, count: int) -> tuple[Holiday, ...]:
    """The next holidays of a country (`PL`) or a part of one (`US-FL`), `since` included.

    Those that quiet hours mind (`public_holidays`); empty where they are not known.
    """
    years = (since.year, since.year + 1)
    days = sorted(day for year in years for day in public_holidays(place, year) or () if day >= since)
    return tuple(Holiday(day, _name(place, day)) for day in islice(days, count))


def _name(place: str, day: date) -> str:
    import holidays  # 0.1 s: only who asks for names pays for it

    country, _, part = place.partition("-")
    for subdivision in (part or None, None):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                known = holidays.country_holidays(
                    country, subdiv=subdivision, years=day.year, language="en_US"
                )
            except NotImplementedError:
                continue
        if day in known:
            return str(known[day])
    return ""
