"""A campaign and its policies, frozen. The id is the dedupe domain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from smscli.domain.contact import ConsentLevel
from smscli.domain.frequency import FrequencyCap
from smscli.domain.jurisdictions import CountryRules
from smscli.domain.message import digest
from smscli.domain.quiet_hours import QuietHours
from smscli.domain.template import Template


class Purpose(StrEnum):
    """Why somebody is texted. It has no default: every campaign says it."""

    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """The least a contact must have agreed to, and how old that may be (None: any age).

    `by_country` replaces both in some countries; the rules of a country may ask for more, never for less.
    """

    level: ConsentLevel
    max_age: timedelta | None = None
    by_country: Mapping[str, ConsentPolicy] = field(default_factory=dict)

    def of(self, country: str) -> ConsentPolicy:
        """What holds for people of that country."""
        return self.by_country.get(country, self)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may cost at most. None: no limit."""

    max_segments: int | None = None  # per message
    max_messages: int | None = None  # per run
    max_cost: Decimal | None = None  # per run, in the currency of the rates


class Spelling(StrEnum):
    """What may be done to a rendered text so that it takes fewer segments: `encoding` in the file."""

    KEEP = "keep"
    TIDY = "tidy"  # curly quotes, dashes and odd spaces become plain ones
    GSM7 = "gsm7"  # and letters lose their accents, where the whole text then fits GSM-7


class Severity(StrEnum):
    """What a finding of a wording rule means for the send."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class SameText(StrEnum):
    """What the same rendered body to the same number, lately, in any campaign, means."""

    SKIP = "skip"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Rates:
    """Price of one segment by country, and elsewhere (None: unknown)."""

    currency: str
    by_country: Mapping[str, Decimal]
    default: Decimal | None = None

    def of(self, country: str) -> Decimal | None:
        """The price of one segment to that country, or None where nobody said."""
        return self.by_country.get(country, self.default)


@dataclass(frozen=True, slots=True)
class Senders:
    """The sender ID, by country where it differs."""

    default: str
    by_country: Mapping[str, str] = field(default_factory=dict)

    def of(self, country: str) -> str:
        """The sender ID that people of that country see."""
        return self.by_country.get(country, self.default)


@dataclass(frozen=True, slots=True)
class Campaign:
    """Everything about one campaign that does not differ by contact.

    `countries` None means everywhere. `quiet_hours` None (transactional only) means at any hour.
    `texts` are by language code (`pl`, `pt-BR`). `expires` is aware UTC. `zone` is for showing times only.
    `country_rules` None: only the campaign's own hours, caps and levels count. `atlas` says where numbers,
    states and ZIP codes lie, whatever holds there. `wording` has the severities that are not the usual ones.
    """

    id: str
    brand: str
    purpose: Purpose
    topic: str
    senders: Senders
    texts: Mapping[str, Template]
    default_language: str
    fallback: bool
    consent: ConsentPolicy
    quiet_hours: QuietHours | None
    caps: tuple[FrequencyCap, ...]
    limits: Limits
    same_text: SameText
    rates: Rates | None
    zone: str = "UTC"
    same_text_within: timedelta = timedelta(days=7)
    countries: frozenset[str] | None = None
    expires: datetime | None = None
    country_rules: CountryRules | None = None
    atlas: CountryRules | None = None
    spelling: Spelling = Spelling.KEEP
    wording: Mapping[str, Severity] = field(default_factory=dict)

    def texts_digest(self) -> str:
        """Changes when a text changes, in any language."""
        return digest("\x1f".join(f"{lang}\x1e{self.texts[lang].source}" for lang in sorted(self.texts)))
