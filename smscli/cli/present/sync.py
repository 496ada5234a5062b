"""What gateways told afterwards, as text and as JSON: a block for each, a line for each thing to know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smscli.cli.present.cells import folded
from smscli.cli.present.figures import local
from smscli.cli.present.progress import Shown
from smscli.cli.present.text import Hanging, counted, inert, masked
from smscli.domain.delivery import DeliveryReceipt
from smscli.domain.message import State
from smscli.domain.msisdn import NO_COUNTRY, Msisdn
from smscli.domain.replies import ReplyClass
from smscli.engine.receiving import Effect
from smscli.engine.synced import Count, Synced, What
from smscli.files.reading import listed

if TYPE_CHECKING:
    from smscli.cli.asked_gateways import NotAsked
    from smscli.cli.present.page import Page
    from smscli.cli.present.screen import Screen
    from smscli.cli.result import Block
    from smscli.domain.errors import PostboxFailed

#: Where the text behind a label begins.
_LABEL = 12
#: So many codes and words are told.
_MOST = 5

_WHATS = {What.RECEIPTS: "receipts", What.OPT_OUTS: "opt-outs", What.REPLIES: "replies"}
#: What a sync can move a message to, as it is told; the last two were in doubt.
_MOVES = (State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.ACCEPTED, State.REJECTED)


@dataclass(frozen=True, slots=True)
class Synchronised:
    """What one `sync` came to. `waiting` replies wait for a person, `review` is what to type to read them;
    `zone` is that of the times shown."""

    sent_log: Path
    gateways: Sequence[Synced]
    not_asked: Sequence[NotAsked]
    waiting: int
    review: str
    zone: str

    @property
    def is_whole(self) -> bool:
        """Was everything that can be asked read to its end?"""
        return all(each.is_whole for each in self.gateways) and not any(
            each.is_failure for each in self.not_asked
        )


# --- for programs ---


def sync_document(done: Synchronised) -> dict[str, object]:
    """The outcome for programs."""
    return {
        "sent_log": done.sent_log,
        "gateways": [_gateway_document(each) for each in done.gateways],
        "not_asked": [
            {"gateway": each.gateway, "why": each.why, "message": each.message, "hint": each.hint}
            for each in done.not_asked
        ],
        "waiting": done.waiting,
    }


def _gateway_document(synced: Synced) -> dict[str, object]:
    learned, counts = synced.learned, synced.learned.counts
    return {
        "gateway": synced.gateway,
        "realm": synced.realm,
        "asked": list(synced.asked),
        "since": synced.since,
        "receipts": counts[Count.RECEIPTS],
        "settled": {state.value: learned.settled[state] for state in _MOVES},
        "from_doubt": counts[Count.FROM_DOUBT],
        "taken_after_all": counts[Count.TAKEN_AFTER_ALL],
        "late": counts[Count.LATE],
        "under_way": synced.under_way,
        "unchanged": learned.effects[Effect.UNCHANGED],
        "contradictory": learned.effects[Effect.CONTRADICTORY],
        "codes": _said(learned.codes),
        "words": _said(learned.words),
        "unmatched": counts[Count.UNMATCHED],
        "unmatched_examples": [_stray_document(each) for each in learned.strays],
        "replies": {kind.value: learned.replies[kind] for kind in ReplyClass},
        "known_replies": counts[Count.KNOWN_REPLIES],
        "started": counts[Count.STARTED],
        "consents": counts[Count.CONSENTS],
        "help": [{"number": call.number.masked, "at": call.at} for call in learned.calls],
        "listed": counts[Count.LISTED],
        "opted_out": counts[Count.OPTED_OUT],
        "erased": counts[Count.ERASED],
        "unread": counts[Count.UNREAD],
        "failed": [
            {"what": what, "message": error.message, "hint": error.hint}
            for what, error in synced.failed.items()
        ],
        "stopped": synced.stopped,
    }


def _stray_document(stray: DeliveryReceipt) -> dict[str, object]:
    return {"ref": stray.ref, "id": stray.id, "number": _masked(stray), "word": stray.word, "at": stray.at}


def _masked(stray: DeliveryReceipt) -> str:
    return Msisdn(f"+{stray.number}", NO_COUNTRY).masked if stray.number else ""


# --- for people ---


def sync_text(done: Synchronised, page: Page, *, quiet: bool) -> Iterator[Block]:
    """The outcome for people; `quiet`: only what somebody has to do, so that cron mails nothing else."""
    if not quiet:
        if not done.gateways:
            yield "No gateway was asked."
        for synced in done.gateways:
            yield Hanging(_headline(synced, done.zone))
            yield from (line for name, said in _lines(synced) for line in _labelled(name, said, page))
    calls = [call for synced in done.gateways for call in synced.learned.calls]
    for call in calls[:_MOST]:
        yield f"Asks for help: {call.number.masked} ({inert(call.source)})"
    if len(calls) > _MOST:
        yield f"... and {len(calls) - _MOST:,} more; --json shows all."
    news = sum(synced.learned.replies[ReplyClass.REVIEW] for synced in done.gateways)
    if done.waiting and (news or not quiet):
        yield f"Waiting for a person to read: {done.waiting:,}. Until then they count as opted out."
        yield f"Next      {done.review}"


def _headline(synced: Synced, zone: str) -> str:
    asked = listed([_WHATS[what] for what in synced.asked]) or "nothing"
    since = f" since {local(synced.since, zone)}" if synced.since else ""
    stopped = " (stopped before its end)" if synced.stopped else ""
    return f"{synced.gateway}: {asked}{since}{stopped}"


def _labelled(name: str, said: str, page: Page) -> Iterator[str]:
    """A label and what belongs to it, which goes on below where it began."""
    for at, line in enumerate(folded(page.shown(said), page.width - _LABEL - 2)):
        yield f"  {'' if at else name:<{_LABEL}}{line}"


def _lines(synced: Synced) -> Iterator[tuple[str, str]]:
    """What there is to know, each with its label; what is nothing has no line."""
    if What.RECEIPTS in synced.asked:
        yield from _of_receipts(synced)
    learned, counts = synced.learned, synced.learned.counts
    if What.REPLIES in synced.asked:
        yield "replies", _replies(synced) + _cut_short(synced, What.REPLIES)
    if counts[Count.OPTED_OUT] or counts[Count.STARTED]:
        yield "opt-outs", _opt_outs(counts)
    if counts[Count.CONSENTS]:
        yield "consent", f"{counted(counts[Count.CONSENTS], 'record')} made of opt-in words"
    if counts[Count.ERASED]:
        yield "erased", f"{counts[Count.ERASED]:,} of erased people, who stay opted out; not kept"
    if counts[Count.UNREAD]:
        items = counted(counts[Count.UNREAD], "item")
        yield "unread", f"{items} that could not be read: without a number, or a START without a time"
    if learned.words:
        yield "words", f"still under way, by words unknown to the profile: {_most(learned.words)}"


def _of_receipts(synced: Synced) -> Iterator[tuple[str, str]]:
    learned, counts = synced.learned, synced.learned.counts
    moved = [f"{state} {learned.settled[state]:,}" for state in _MOVES if learned.settled[state]]
    under_way = f"; still under way {synced.under_way:,}"
    yield "receipts", f"{', '.join(moved) or 'nothing new'}{_cut_short(synced, What.RECEIPTS)}{under_way}"
    if learned.codes:
        yield "why", _most(learned.codes)
    if counts[Count.FROM_DOUBT]:
        yield "in doubt", f"{counts[Count.FROM_DOUBT]:,} of these were in doubt, and are settled"
    if counts[Count.TAKEN_AFTER_ALL]:
        taken = counted(counts[Count.TAKEN_AFTER_ALL], "message was", "messages were")
        yield "released", f"{taken} released and had been taken after all: nobody of them is texted again"
    if counts[Count.LATE]:
        yield "late", f"{counted(counts[Count.LATE], 'receipt')} of an earlier sync found their messages"
    if told := learned.effects[Effect.CONTRADICTORY]:
        them = (
            "contradicts what is known, and changes" if told == 1 else "contradict what is known, and change"
        )
        yield "disagrees", f"{counted(told, 'receipt')} {them} nothing; `smscli person show` has them"
    if counts[Count.UNMATCHED]:
        yield "unmatched", _unmatched(synced)


def _unmatched(synced: Synced) -> str:
    many = synced.learned.counts[Count.UNMATCHED]
    match = "matches" if many == 1 else "match"
    names = [_stray(each) for each in synced.learned.strays]
    more = ", ..." if many > len(names) else ""
    return f"{counted(many, 'receipt')} {match} no message of this log: {', '.join(names)}{more}"


def _stray(stray: DeliveryReceipt) -> str:
    named = _masked(stray) or f"{stray.ref or stray.id}"
    return inert(" ".join(filter(None, (named, stray.state or stray.word))))


def _cut_short(synced: Synced, what: What) -> str:
    return ", but not read to the end: see above" if what in synced.failed else ""


def _replies(synced: Synced) -> str:
    kinds = [f"{n:,} {kind}" for kind in ReplyClass if (n := synced.learned.replies[kind])]
    if not kinds:
        return "none new"
    return f"{synced.learned.replies.total():,} new: {', '.join(kinds)}"


def _opt_outs(counts: Mapping[Count, int]) -> str:
    parts = [f"{counts[Count.OPTED_OUT]:,} new on the opt-out list"]
    if counts[Count.LISTED]:
        parts.append(f"{counts[Count.LISTED]:,} on the gateway's own list")
    if counts[Count.STARTED]:
        parts.append(f"{counts[Count.STARTED]:,} lifted by START")
    return ", ".join(parts)


def _said(counts: Counter[str]) -> dict[str, int]:
    """The commonest first; a gateway may quote numbers, and they are masked."""
    said: Counter[str] = Counter()
    for text, count in counts.items():
        said[masked(text, {})] += count
    return dict(said.most_common())


def _most(counts: Counter[str]) -> str:
    said = _said(counts)
    shown = [f"{inert(each)} {count:,}" for each, count in list(said.items())[:_MOST]]
    more = len(said) - len(shown)
    return ", ".join(shown) + (f", and {more:,} more" if more > 0 else "")


# --- while it goes on, on stderr ---


def tell_not_asked(screen: Screen, not_asked: Sequence[NotAsked]) -> None:
    """Those that cannot be asked: no trouble where nobody could."""
    for each in not_asked:
        tell = screen.trouble if each.is_failure else screen.note
        tell(f"{'error' if each.is_failure else 'not asked'}: {each.message}")
        if each.hint:
            tell(f"hint: {each.hint}")


def tell_failures(screen: Screen, errors: Sequence[PostboxFailed]) -> None:
    """Why gateways were not asked to the end."""
    for error in errors:
        screen.trouble(f"error: {inert(error.message)}")
        if error.hint:
            screen.trouble(f"hint: {inert(error.hint)}")


def tell_stopping(screen: Screen, progress: Asking) -> None:
    """The first signal was heard."""
    progress.stop()
    screen.note("stopping: what is asked for now is saved first; the same again stops at once")


class Asking(Shown):
    """How far the gateways are asked: what one of them has told so far."""

    def tick(self, synced: Synced) -> None:
        """Called after every page; whatever fails here stays here."""
        with suppress(Exception):
            if self.is_due():
                counts = synced.learned.counts
                replies = synced.learned.replies.total() + counts[Count.KNOWN_REPLIES]
                told = f"{counts[Count.RECEIPTS]:,} receipts, {replies:,} replies"
                self.say(f"{synced.gateway}: {told}")

    def look(self, gateway: str, asked: int, of: int) -> None:
        """Called after every message that a gateway was asked about."""
        with suppress(Exception):
            if self.is_due():
                self.say(f"{gateway}: asked about {asked:,} of {of:,} messages in doubt")
