"""The sample files that are packaged with smscli: a campaigns file and its list.

Knows that consent ages: on the day the list is written out, its dates are as old as when it was made.
"""

from __future__ import annotations

import re
from datetime import date
from importlib.resources import files

CAMPAIGNS = "campaigns.yaml"
CONTACTS = "contacts.csv"
SCHEMA = "campaigns.schema.json"
FIRST_CAMPAIGN = "bike-ready"

#: The day that the dates of the sample list belong to.
MADE_ON = date(2025, 11, 22)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def sample_campaigns() -> str:
    """The campaigns file, which names the list and the schema beside it."""
    return _packaged(CAMPAIGNS)


def sample_contacts(today: date = MADE_ON) -> str:
    """The list, with every consent as old today as it was on the day the list was made."""
    later = today - MADE_ON
    return _DATE.sub(lambda found: (date.fromisoformat(found[0]) + later).isoformat(), _packaged(CONTACTS))


def _packaged(name: str) -> str:
    return files("smscli.presets").joinpath("samples", name).read_text("utf-8")
