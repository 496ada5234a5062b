"""What a send came to, as text and as JSON."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from smscli.cli.present.documents import error_document, problem_documents
from smscli.cli.present.figures import local, reasons
from smscli.cli.present.text import counted, inert, masked
from smscli.domain.decision import SETTLED_SKIPS, SkipReason
from smscli.domain.errors import ExitCode
from smscli.domain.message import Realm, State
from smscli.engine.outcome import Counts, Outcome

if TYPE_CHECKING:
    from smscli.cli.planned import Chosen, Planned


#: So many different things that a gateway said are shown; `smscli log` has them all.
_REASONS_SHOWN = 3

_STATES = {"in doubt": State.IN_DOUBT, "rejected": State.REJECTED}


@dataclass(frozen=True, slots=True)
class Sent:
    """One finished run. `late_opt_outs` opted out after their message was claimed."""

    planned: Planned
    outcome: Outcome
    counts: Counts
    run_id: str
    seconds: float
    recovered: int
    late_opt_outs: int
    outbox: Path | None = None
    reasons: Mapping[State, Counter[str]] = field(default_factory=dict)


def outcome_document(sent: Sent) -> dict[str, object]:
    """The run for programs; the parts add up to `rows`."""
    outcome, chosen = sent.outcome, sent.planned.chosen
    document: dict[str, object] = {
        "campaign": chosen.campaign.id,
        "gateway": chosen.profile.name,
        "realm": chosen.profile.realm,
        "sent_log": chosen.sent_log,
        "run": sent.run_id,
        "rows": outcome.rows,
        "problems": outcome.problems,
        "repairs": sent.planned.repairs.count,
        "repairs_by_code": dict(sent.planned.repairs.by_code),
        "repair_list": problem_documents(sent.planned.repairs.listed),
        "skipped": dict(outcome.skipped),
        "held": dict(outcome.held),
        "not_attempted": outcome.not_attempted,
        "released": outcome.released,
        "rejected": outcome.rejected,
        "in_doubt": outcome.in_doubt,
        "reasons": {state: _said(counts) for state, counts in sent.reasons.items() if counts},
        "accepted": outcome.accepted,
        "segments": sent.counts.segments,
        "requests": sent.counts.requests,
        "seconds": round(sent.seconds, 3),
        "recovered": sent.recovered,
        "late_opt_outs": sent.late_opt_outs,
        "outbox": sent.outbox,
    }
    if outcome.stopped is not None:
        document["error"] = error_document(outcome.stopped)
    return document


def outcome_text(sent: Sent) -> Iterator[str]:
    """The run for people: one line that says it all, then the parts that are not nothing."""
    outcome, chosen = sent.outcome, sent.planned.chosen
    yield headline(sent)
    parts = (
        ("accepted", outcome.accepted, ""),
        ("in doubt", outcome.in_doubt, f"the gateway may have taken {_them(outcome.in_doubt)}"),
        ("rejected", outcome.rejected, ""),
        ("released", outcome.released, "not taken by the gateway, to be offered again"),
        ("not attempted", outcome.not_attempted, "left for the next send"),
        ("held", sum(outcome.held.values()), reasons(outcome.held)),
        ("skipped", sum(outcome.skipped.values()), reasons(outcome.skipped)),
        ("problems", outcome.problems, "bad rows of the list"),
    )
    for name, count, note in parts:
        if count:
            yield f"  {name:<14}{count:>9,}   {note}".rstrip()
            said = _said(sent.reasons.get(_STATES.get(name, State.ACCEPTED), Counter()))
            yield from (f"{'':<16}{times:>9,}   {inert(text)}" for text, times in said.items() if text)
    if sent.recovered:
        yield f"  {sent.recovered:,} were in flight when an earlier run ended; they are in doubt."
    if sent.late_opt_outs:
        yield f"  {sent.late_opt_outs:,} opted out after their message was claimed."
    yield f"Sent log  {chosen.sent_log}"
    if sent.outbox is not None:
        yield f"Outbox    {sent.outbox} (sandbox: nobody was texted)"
    yield from _next_steps(sent)


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _said(counts: Counter[str]) -> dict[str, int]:
    """The usual reasons, the commonest first; a gateway may quote numbers, and they are masked."""
    said: Counter[str] = Counter()
    for text, count in counts.items():
        said[masked(text, {})] += count
    return dict(said.most_common(_REASONS_SHOWN))


def headline(sent: Sent) -> str:
    """`ready: done. 12 of 14 accepted, 0 in doubt, 0 rejected`: the line that a mail from cron needs.

    In doubt and rejected count earlier runs as well: it is how campaign and list stand now. What is not
    nothing of the rest is added, so that the line alone says what is left to do.
    """
    outcome, chosen = sent.outcome, sent.planned.chosen
    skipped = outcome.skipped
    realm = "" if chosen.profile.realm is Realm.LIVE else f" ({chosen.profile.realm})"
    ended = {ExitCode.OK: "done", ExitCode.INCOMPLETE: "incomplete"}.get(outcome.exit_code(), "stopped")
    parts = (
        f"{outcome.accepted:,} of {outcome.rows:,} accepted",
        f"{outcome.in_doubt + skipped.get(SkipReason.IN_DOUBT, 0):,} in doubt",
        f"{outcome.rejected + skipped.get(SkipReason.REJECTED_BEFORE, 0):,} rejected",
        *(f"{count:,} {name}" for name, count in _left_over(sent) if count),
    )
    return f"{chosen.campaign.id}: {ended}. {', '.join(parts)}{realm}"


def _left_over(sent: Sent) -> tuple[tuple[str, int], ...]:
    outcome, until = sent.outcome, first_free(sent)
    since = f" until {local(until, sent.planned.chosen.campaign.zone)}" if until else ""
    return (
        ("released", outcome.released),
        ("not attempted", outcome.not_attempted),
        (f"held{since}", sum(outcome.held.values())),
        ("bad row" if outcome.problems == 1 else "bad rows", outcome.problems),
        ("skipped to mend", sum(_to_mend(outcome).values())),
        ("sent before", outcome.skipped.get(SkipReason.ALREADY_SENT, 0)),
    )


def first_free(sent: Sent) -> datetime | None:
    """The first moment at which somebody who is held may go, where the plan knows it."""
    return min(sent.planned.tally.held_until.values(), default=None) if sent.outcome.held else None


def _to_mend(outcome: Outcome) -> dict[SkipReason, int]:
    """Skips that keep a campaign from being done until somebody mends a file."""
    elsewhere = SETTLED_SKIPS | {SkipReason.IN_DOUBT, SkipReason.REJECTED_BEFORE}  # resolve, and --again
    return {reason: count for reason, count in outcome.skipped.items() if reason not in elsewhere}


def _mendable(outcome: Outcome) -> str:
    """`missing field 91 and bad rows 11`."""
    bad_rows = f"bad rows {outcome.problems:,}" if outcome.problems else ""
    return " and ".join(filter(None, (reasons(_to_mend(outcome)), bad_rows)))


def _next_steps(sent: Sent) -> Iterator[str]:
    steps = tuple(_steps(sent))
    if not steps and sent.outcome.exit_code() is ExitCode.INCOMPLETE:
        steps = (f"{sent.planned.chosen.command('preview')} shows why nobody could be texted",)
    yield from (f"Next      {step}" for step in steps)


def _named_log(chosen: Chosen) -> str:
    """What names the log and the campaign: the file, whose gateways can be asked then; --log if given."""
    elsewhere = ("--log", str(chosen.sent_log)) if "--log" in chosen.given else ()
    return shlex.join([str(chosen.file), *elsewhere, "--campaign", chosen.campaign.id])


def _steps(sent: Sent) -> Iterator[str]:
    chosen, outcome, until = sent.planned.chosen, sent.outcome, first_free(sent)
    if left := outcome.released + outcome.not_attempted:
        when = "when that is mended, " if outcome.stopped else ""
        yield f"{when}run it again: {counted(left, 'person is', 'people are')} left"
    if until is not None:
        yield f"run it again from {local(until, chosen.campaign.zone)} on, for those who are held"
    log = _named_log(chosen)
    if outcome.in_doubt or outcome.skipped.get(SkipReason.IN_DOUBT):
        yield f"smscli resolve {log}"
    mendable = _mendable(outcome)
    if mendable and outcome.exit_code() is ExitCode.INCOMPLETE:  # else run it again first of all
        named = f"smscli check {quote(str(chosen.file))} --campaign {chosen.campaign.id}"
        yield f"mend {mendable}, then run it again; {named} names them"
    if outcome.rejected or outcome.skipped.get(SkipReason.REJECTED_BEFORE):
        again = chosen.command("send", *(() if "rejected" in chosen.given else ("--again", "rejected")))
        yield f"smscli log {log} --state rejected says why; when that is mended: {again}"
