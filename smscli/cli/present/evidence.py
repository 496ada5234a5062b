"""What a consent record shows to somebody who doubts it, and what it does not, in plain sentences.

Our reading of what such records are worth, not legal advice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from smscli.cli.present.text import minute
from smscli.domain.consent import ConsentMethod, ConsentRecord
from smscli.domain.contact import ConsentLevel
from smscli.domain.replies import FiledReply

_DAY = len("2026-03-01")


@dataclass(frozen=True, slots=True)
class Worth:
    """Sentences: what a record shows, and what it does not."""

    shows: tuple[str, ...]
    does_not_show: tuple[str, ...]


#: What each way of agreeing could show with its own papers beside it, and what it cannot even then.
_BY_METHOD: Mapping[ConsentMethod, tuple[str, str]] = {
    ConsentMethod.WEB_FORM: (
        "With the form's own log beside it: that somebody sent this form at this time and typed this number.",
        "That the number is theirs: only a code sent to it and typed back shows that.",
    ),
    ConsentMethod.KEYWORD: (
        "With the gateway's report of the message beside it: that this number sent this word to us then.",
        "Who held the phone, or what they had read before: keep what told them to send the word.",
    ),
    ConsentMethod.PAPER: (
        "With the signed sheet beside it: that somebody signed it and wrote this number.",
        "That the number is the signer's, or that it was copied without a mistake.",
    ),
    ConsentMethod.VERBAL: (
        "With a recording beside it: what was asked, and that somebody said yes.",
        "Anything that can be checked, where there is no recording; nor who spoke.",
    ),
    ConsentMethod.POINT_OF_SALE: (
        "With the receipt or the till's log beside it: that this number was given at the counter.",
        "That the customer, and not the clerk, ticked the box, or had read what it says.",
    ),
    ConsentMethod.APP: (
        "With the app's own log beside it: that somebody signed in to this account switched it on.",
        "That the account's number is still theirs.",
    ),
    ConsentMethod.E_MAIL: (
        "With the e-mail beside it: that it was sent from that address.",
        "That the address and the number are the same person's.",
    ),
    ConsentMethod.OTHER: (
        "Nothing more by itself: keep what shows it under `proof`.",
        "How they agreed.",
    ),
}


def worth(record: ConsentRecord, replies: Collection[FiledReply]) -> Worth:
    """What a record is worth; `replies` are those of its number that the sent log keeps."""
    if _is_kept_reply(record, replies):
        to = record.where or "us"
        shows = f'That a gateway reported "{record.raw}" from this number to {to}, {minute(record.at)}.'
        return Worth((shows,), (_BY_METHOD[ConsentMethod.KEYWORD][1], *_gaps(record)))
    shows = f"By itself only {_handed_down(record)}."
    if record.level is ConsentLevel.NONE:
        return Worth((shows,), ("That they were asked properly; a no needs no proof, and is heeded.",))
    with_papers, does_not = _BY_METHOD[record.how]
    return Worth((shows, with_papers), (does_not, *_gaps(record)))


def _handed_down(record: ConsentRecord) -> str:
    """Who wrote it down, where, and when it came into the log."""
    by = record.by or "somebody"
    on = f" on {minute(record.recorded_at)}" if record.recorded_at else ""
    if record.source in ("", record.by):
        return f"that {by} wrote it into this log{on}"
    return f"that somebody wrote it down in {record.source}, and that {by} put it into this log{on}"


def _is_kept_reply(record: ConsentRecord, replies: Collection[FiledReply]) -> bool:
    """Is the message itself in the log?"""
    return (
        record.how is ConsentMethod.KEYWORD
        and bool(record.raw)
        and any(
            (each.reply.at, each.reply.text, each.reply.to) == (record.at, record.raw, record.where)
            for each in replies
        )
    )


def _gaps(record: ConsentRecord) -> Iterator[str]:
    """What is not on record and will be asked for."""
    if not record.words:
        yield "What they were shown: the words are not on record."
    if not record.proof and record.how is not ConsentMethod.KEYWORD:
        yield "Where the proof is kept: none is named."
    if is_day(record):
        yield f"The time of day: it counts from {minute(record.at)}, the earliest that the day can mean."


def is_day(record: ConsentRecord) -> bool:
    """Was no time of day written down?"""
    return 0 < len(record.as_written) <= _DAY
