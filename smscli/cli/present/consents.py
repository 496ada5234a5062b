"""Consent records as documents and as text: every field, what holds now, what each one is worth.

Knows what stands on record. Whether it is enough is a campaign's and a country's to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from smscli.cli.present.evidence import is_day, worth
from smscli.cli.present.text import Hanging, counted, inert, iso, minute, table
from smscli.domain.campaign import Purpose
from smscli.domain.consent import ConsentFact, ConsentRecord, covers, in_force
from smscli.domain.contact import ConsentLevel
from smscli.domain.ports import REVIEW, Facts, OptOut
from smscli.domain.replies import FiledReply
from smscli.files.promises import promise_text

if TYPE_CHECKING:
    from smscli.cli.result import Block

#: What an export has, in this order, and an import reads again.
COLUMNS = (
    "number", "level", "at", "as_written", "how", "where", "words", "language", "purpose", "topics",
    "expires", "promise", "proof", "raw", "source", "by", "recorded_at", "key",
)  # fmt: skip

#: Where there are topics with a word of their own, all others are told of once.
_OTHER = "anything else"
_EVERYTHING = "everything"
_LABEL = 10


def record_document(record: ConsentRecord) -> dict[str, object]:
    """Every field of a record, with its whole number: for those who asked for the data itself."""
    values = (
        record.number.e164,
        record.level.name.lower(),
        iso(record.at),
        record.as_written,
        record.how.value,
        record.where,
        record.words,
        record.language,
        record.purpose or "all",
        record.topics,
        iso(record.expires_at) if record.expires_at else None,
        promise_text(record.promise) if record.promise else None,
        record.proof,
        record.raw,
        record.source,
        record.by,
        iso(record.recorded_at) if record.recorded_at else None,
        record.key,
    )
    return dict(zip(COLUMNS, values, strict=True))


def record_cells(record: ConsentRecord) -> list[str]:
    """The same for a spreadsheet: topics with `;` between, escapes made visible."""
    values = record_document(record) | {"topics": ";".join(record.topics)}
    return ["" if value is None else _inert_lines(str(value)) for value in values.values()]


def _inert_lines(text: str) -> str:
    return "\n".join(map(inert, text.split("\n")))


# --- what holds now ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What the records come to for one purpose and topic; `topic` None means all that have no line."""

    purpose: Purpose
    topic: str | None
    agreed: bool
    why: str


def standings(facts: Facts, wishes: Collection[OptOut], now: datetime) -> tuple[Standing, ...]:
    """What holds now. `wishes` are those of the opt-out list that hold."""
    topics = {topic for fact in facts.consents for topic in fact.topics}
    named = sorted(topics | {topic for topic in facts.opted_out if topic})
    return tuple(
        _standing(facts, wishes, purpose, topic, now) for topic in (*named, None) for purpose in Purpose
    )


def _standing(
    facts: Facts, wishes: Collection[OptOut], purpose: Purpose, topic: str | None, now: datetime
) -> Standing:
    against = facts.opted_out & {"", topic or ""}
    if against:
        return Standing(purpose, topic, False, _why_opted_out(against, wishes))
    agreed, why = _of_records(facts.consents, purpose, topic or "", now)
    return Standing(purpose, topic, agreed, why)


def _why_opted_out(against: Collection[str], wishes: Collection[OptOut]) -> str:
    wish = next((wish for wish in wishes if wish.topic in against), None)
    if wish is None:
        return "erased at their wish, and never to be texted"
    if wish.source == REVIEW:
        return "a reply waits for review: smscli replies review"
    until = f" until {minute(wish.until)}" if wish.until else ""
    return f"opted out of {wish.topic or _EVERYTHING} on {minute(wish.at)} ({wish.source}){until}"


def _of_records(facts: Collection[ConsentFact], purpose: str, topic: str, now: datetime) -> tuple[bool, str]:
    yeses = in_force(facts, purpose, topic)
    lasting = [yes for yes in yeses if yes.expires_at is None or yes.expires_at > now]
    if lasting:
        return True, _said(lasting[0])
    if yeses and yeses[0].expires_at:
        return False, f"ended on {minute(yeses[0].expires_at)}: {_said(yeses[0])}"
    noes = [fact for fact in facts if fact.level is ConsentLevel.NONE and covers(fact, purpose, topic)]
    if noes:
        last = max(noes, key=lambda fact: fact.at)
        return False, f"said no on {minute(last.at)} (record {last.key})"
    return False, "nothing on record"


def _said(yes: ConsentFact) -> str:
    promised = f", promised at most {promise_text(yes.promise)}" if yes.promise else ""
    return f"{yes.level.name.lower()} on {minute(yes.at)} (record {yes.key}){promised}"


def standing_document(standing: Standing) -> dict[str, object]:
    """For programs. `topic` null: every topic that has no entry of its own."""
    return {
        "purpose": standing.purpose,
        "topic": standing.topic,
        "agreed": standing.agreed,
        "why": standing.why,
    }


def standing_lines(found: Sequence[Standing]) -> Iterator[Block]:
    """A table; one line for both purposes where they come to the same."""
    by_topic: dict[str, list[Standing]] = {}
    is_one = len({_answer(standing) for standing in found}) == 1
    for standing in found[-1:] if is_one else found:
        by_topic.setdefault(standing.topic or (_EVERYTHING if is_one else _OTHER), []).append(standing)
    rows = []
    for topic, each in by_topic.items():
        answers = {_answer(standing): standing.purpose for standing in each}
        rows += [(topic, said if len(answers) > 1 else "any", *answer) for answer, said in answers.items()]
    yield table(("topic", "purpose", "agreed", "why"), rows, folding=("why",))


def _answer(standing: Standing) -> tuple[str, str]:
    return "yes" if standing.agreed else "no", standing.why


# --- records, one by one -------------------------------------------------------------------------


def worth_document(record: ConsentRecord, replies: Collection[FiledReply]) -> dict[str, object]:
    """A record and what it is worth; the number is masked."""
    found = worth(record, replies)
    return record_document(record) | {
        "number": record.number.masked,
        "shows": found.shows,
        "does_not_show": found.does_not_show,
    }


def record_lines(record: ConsentRecord, replies: Collection[FiledReply]) -> Iterator[Block]:
    """A record for people: what is known of it, and what it is worth."""
    what = "no" if record.level is ConsentLevel.NONE else record.level.name.lower()
    when = record.as_written if is_day(record) else minute(record.at)
    yield ""
    yield f"Record {record.key}: {what}, {inert(when)}, {record.how.replace('_', ' ')}"
    for label, text in _facts(record):
        yield from _labelled(label, text)
    found = worth(record, replies)
    for sentence in found.shows:
        yield from _labelled("shows", sentence)
    for sentence in found.does_not_show:
        yield from _labelled("shows not", sentence)


def _facts(record: ConsentRecord) -> Iterator[tuple[str, str]]:
    topics = ", ".join(record.topics) or _EVERYTHING
    yield "for", f"{record.purpose or 'any purpose'}, {topics}"
    optional = (
        ("written", "" if is_day(record) else record.as_written),
        ("where", record.where),
        ("words", record.words),
        ("answered", record.raw),
        ("language", record.language),
        ("promise", f"at most {promise_text(record.promise)}" if record.promise else ""),
        ("ends", minute(record.expires_at) if record.expires_at else ""),
        ("proof", record.proof),
    )
    yield from ((label, text) for label, text in optional if text)
    at = minute(record.recorded_at) if record.recorded_at else ""
    from_where = "" if record.source in ("", record.by) else f"from {record.source}"
    yield "recorded", " ".join(filter(None, (at, f"by {record.by}" if record.by else "", from_where)))


def _labelled(label: str, text: str) -> Iterator[Hanging]:
    first, *others = text.split("\n")
    yield Hanging(f"  {label:<{_LABEL}}{inert(first)}")
    for line in others:
        yield Hanging(f"  {'':<{_LABEL}}{inert(line)}")


def heading(masked: str, records: Sequence[ConsentRecord], wishes: Collection[OptOut]) -> str:
    """`On record for +1202•••0101: 2 consent records, 1 opt-out.`"""
    consents = counted(len(records), "consent record")
    return f"On record for {masked}: {consents}, {counted(len(wishes), 'opt-out')}."
