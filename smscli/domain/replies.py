"""What somebody answered, and what it means: an opt-out, an opt-in, a call for help, or one to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from smscli.domain.msisdn import Msisdn


class ReplyClass(StrEnum):
    """What smscli makes of a reply. `review` counts as an opt-out until a person has decided."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    REVIEW = "review"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reply:
    """An inbound message. `to` is our number or short code that it was sent to, `""` where nobody said.

    `ref` is the gateway's id of it; `source` is `file:line` or the gateway it was fetched from.
    """

    number: Msisdn
    to: str
    at: datetime
    text: str
    ref: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Classified:
    """A class, and why. `topic` is what an opt-out or opt-in is about (`""`: everything).

    `matched` says in words what decided (`the word STOP`), `language` whose word it was; both may be empty.
    """

    kind: ReplyClass
    matched: str = ""
    topic: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class FiledReply:
    """A reply in the sent log: as it was classified, and what somebody decided about it, if anybody has."""

    key: int
    reply: Reply
    classified: Classified
    decided: ReplyClass | None = None
    by: str = ""
    decided_at: datetime | None = None
