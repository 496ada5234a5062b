"""The rules of a place: hours, caps, consent and labels there, with what each rests on.

The rows themselves are data (`presets/rules/`), read by `files/` and handed in. This is no legal advice: each
row says its basis and how sure of it we are, and a row can only narrow what a campaign allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import FrequencyCap
from smscli.domain.quiet_hours import QuietHours


class Basis(StrEnum):
    """What a row rests on."""

    LAW = "law"  # a statute, a regulation or a regulator's binding rule that reaches text messages, or may
    OPERATOR = "operator"  # what operators and aggregators enforce
    INDUSTRY = "industry"  # codes and platform defaults
    CUSTOM = "custom"  # rules for calls, taken over out of caution, and recommended practice


class Confidence(StrEnum):
    """How sure of a row we are."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Reach(StrEnum):
    """Does the rule itself speak of text messages?"""

    YES = "yes"
    DISPUTED = "disputed"
    NO = "no"  # of calls only, or there is none


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """One row: a country (`PL`) or a part of one (`US-FL`), what holds there and why.

    `consent` is the least level for marketing, None where the row says nothing. `labels` are marks of which
    an advertisement must bear one, `labels_first` at its very start. Where it is not known whether holidays
    matter (`holidays_known`), they do. `note` is for people.
    """

    id: str
    name: str
    hours: QuietHours
    basis: Basis
    confidence: Confidence
    sources: tuple[str, ...] = ()
    caps: tuple[FrequencyCap, ...] = ()
    consent: ConsentLevel | None = None
    labels: tuple[str, ...] = ()
    note: str = ""
    reach: Reach = Reach.DISPUTED
    labels_first: bool = True
    holidays_known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class CountryRules:
    """All rows by id, the one for places that have none, and where US and Canadian numbers and ZIP codes lie.

    `area_codes` maps three digits to the states (`US-FL`) or provinces (`CA-NS`, `CA-PE`) that share them;
    `zip_states` and `zip_zones` the first three digits of a US ZIP code to its states and time zones. Loaded
    once, and told apart by being this object: what is worked out of it is remembered.
    """

    rows: Mapping[str, Jurisdiction]
    otherwise: Jurisdiction
    area_codes: Mapping[str, tuple[str, ...]]
    zip_states: Mapping[str, tuple[str, ...]]
    zip_zones: Mapping[str, tuple[str, ...]]
