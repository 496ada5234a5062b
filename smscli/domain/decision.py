"""What is decided about one contact: Send, Skip or Hold, and the closed set of reasons.

Held always means: will be sendable at the time shown. Skipped means: will not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smscli.domain.contact import Contact
from smscli.domain.message import Message


class SkipReason(StrEnum):
    """Why somebody will not be texted, in the order in which the rules ask."""

    OPTED_OUT = "opted_out"
    EXCLUDED = "excluded"
    NO_CONSENT = "no_consent"
    DUPLICATE = "duplicate"
    ALREADY_SENT = "already_sent"
    IN_DOUBT = "in_doubt"
    REJECTED_BEFORE = "rejected_before"
    SAME_TEXT = "same_text"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    MISSING_FIELD = "missing_field"
    NO_TEXT = "no_text"
    TEXT_TOO_LONG = "text_too_long"
    ZONE_UNKNOWN = "zone_unknown"
    HOLIDAYS_UNKNOWN = "holidays_unknown"
    NEVER_OPEN = "never_open"
    EXPIRED = "expired"
    CAPPED = "capped"


class HoldReason(StrEnum):
    """Why somebody will be texted later."""

    QUIET_HOURS = "quiet_hours"
    FREQUENCY_CAP = "frequency_cap"


#: Skips that nobody should mend: with only these, a campaign is complete (exit 0).
SETTLED_SKIPS = frozenset(
    {
        SkipReason.OPTED_OUT,
        SkipReason.EXCLUDED,
        SkipReason.NO_CONSENT,
        SkipReason.DUPLICATE,
        SkipReason.ALREADY_SENT,
        SkipReason.SAME_TEXT,
        SkipReason.COUNTRY_NOT_ALLOWED,
        SkipReason.CAPPED,
    }
)


@dataclass(frozen=True, slots=True)
class Send:
    """This contact gets this message."""

    contact: Contact
    message: Message


@dataclass(frozen=True, slots=True)
class Skip:
    """This contact gets nothing. `detail` names the fact that decided, without personal data."""

    contact: Contact
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """This contact can be texted from `until` (aware UTC) on."""

    contact: Contact
    reason: HoldReason
    until: datetime
    detail: str = ""


Decision = Send | Skip | Hold
