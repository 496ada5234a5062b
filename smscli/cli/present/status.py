"""How campaigns stand, as text and as JSON: a block for each campaign, a line for each thing to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from shlex import join
from textwrap import wrap
from typing import TypeAlias

from smscli.cli.present.figures import local
from smscli.cli.present.page import Page
from smscli.cli.present.text import inert
from smscli.cli.result import STATUS
from smscli.domain.errors import ExitCode
from smscli.domain.message import Realm, State
from smscli.domain.ports import RunRecord

#: What `gateway try` records its messages under: no campaign of anybody's.
GATEWAY_TRY = "gateway-try"

#: Where the text behind a label begins.
_LABEL = 12
#: Where a title goes on below.
_TITLE = 2
#: Where a command to type begins: it is never broken, so it gets the room.
_COMMAND = 4

#: Parts of a run's summary that its campaign's other lines do not tell: of one, and of several.
_LEFT = {
    "not_attempted": ("{n} not attempted",) * 2,
    "released": ("{n} released",) * 2,
    "problems": ("{n} bad row", "{n} bad rows"),
}

_KNOWN = frozenset(ExitCode)

_ENDED: Mapping[int, str] = {
    ExitCode.OK: "done",
    ExitCode.INCOMPLETE: "incomplete",
    ExitCode.STOPPED: "stopped",
    ExitCode.SENT_LOG: "stopped by trouble with the sent log",
    ExitCode.SIGHUP: "stopped by SIGHUP",
    ExitCode.SIGINT: "stopped by Ctrl-C",
    ExitCode.SIGTERM: "stopped by SIGTERM",
}


@dataclass(frozen=True, slots=True)
class Running:
    """A send that goes on now: its process, since when, and how far it is.

    `accepted` is None while it plans or waits for its confirmation, `to_go` then and where its record does
    not say how many it meant to send.
    """

    pid: int
    since: datetime
    accepted: int | None = None
    to_go: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One campaign in one realm: its messages by state, its last run, and the one going on."""

    realm: Realm
    states: Mapping[State, int] = field(default_factory=dict)
    last: RunRecord | None = None
    running: Running | None = None

    @property
    def held(self) -> int:
        """People held when the last run planned."""
        return self.last.counts.get("held", 0) if self.last else 0

    @property
    def is_sending(self) -> bool:
        """Is the last run the one that goes on?"""
        return self.running is not None and self.running.accepted is not None

    @property
    def is_cut_off(self) -> bool:
        """Did the last run end without saying so?"""
        return self.last is not None and self.last.ended_at is None and not self.is_sending


@dataclass(frozen=True, slots=True)
class CampaignStatus:
    """One campaign; `in_file` is None where no campaigns file was named, `zone` is that of its times."""

    id: str
    standings: tuple[Standing, ...]
    zone: str = "UTC"
    in_file: bool | None = None

    def of(self, realm: Realm) -> Standing | None:
        """Its standing in a realm, if it has any there."""
        return next((each for each in self.standings if each.realm is realm), None)


@dataclass(frozen=True, slots=True)
class Overview:
    """What a sent log says at one moment. `since` is what counts as lately; `named` are the words that name
    the log on a command line; `zone` is that of times which are no campaign's."""

    sent_log: Path
    exists: bool
    at: datetime
    since: datetime
    named: tuple[str, ...]
    zone: str
    campaigns: Sequence[CampaignStatus]
    opt_outs: Mapping[str, int] = field(default_factory=dict)  # in all, by source
    lately: Mapping[str, int] = field(default_factory=dict)
    erased: int = 0
    synced: Mapping[str, datetime] = field(default_factory=dict)  # by gateway, when it was last asked


# --- for programs ---


def status_document(overview: Overview) -> dict[str, object]:
    """The overview for programs."""
    return {
        "sent_log": overview.sent_log,
        "exists": overview.exists,
        "at": overview.at,
        "campaigns": [
            {
                "campaign": campaign.id,
                "in_file": campaign.in_file,
                "realms": {each.realm: _standing_document(each) for each in campaign.standings},
            }
            for campaign in overview.campaigns
        ],
        "opt_outs": {
            "in_all": sum(overview.opt_outs.values()),
            "since": overview.since,
            "lately": dict(overview.lately),
            "erased": overview.erased,
        },
        "synced": dict(overview.synced),
    }


def _standing_document(standing: Standing) -> dict[str, object]:
    running, last = standing.running, standing.last
    return {
        "states": dict(standing.states),
        "held": standing.held,
        "held_until": last.held_until if last and standing.held else None,
        "running": running
        and {
            "pid": running.pid,
            "since": running.since,
            "accepted": running.accepted,
            "to_go": running.to_go,
        },
        "last_run": last and _run_document(last, standing),
    }


def _run_document(run: RunRecord, standing: Standing) -> dict[str, object]:
    return {
        "id": run.id,
        "gateway": run.gateway,
        "by": run.by,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "exit_code": run.exit_code,
        "ended": _ended(run, standing),
        "stopped": run.stopped,
        "counts": dict(run.counts),
    }


def _ended(run: RunRecord, standing: Standing) -> str | None:
    """The word for its exit code, `running` or `cut_off`."""
    if run.ended_at is None:
        return "cut_off" if standing.is_cut_off else "running"
    return STATUS[ExitCode(run.exit_code)] if run.exit_code in _KNOWN else None


# --- for people ---


#: A line, and where it goes on below if it is longer than the page; 0: it stays whole.
_Line: TypeAlias = tuple[str, int]


def status_text(overview: Overview, page: Page) -> Iterator[str]:
    """The overview for people, as wide as the page; what is nothing has no line."""
    for line, start in _lines(overview):
        if not start:
            yield line
            continue
        further = " " * start
        yield from wrap(
            line, page.width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
        )


def _lines(overview: Overview) -> Iterator[_Line]:
    if not overview.exists:
        yield f"Nothing was ever sent: there is no sent log at {overview.sent_log} yet.", 0
    elif not any(each.standings for each in overview.campaigns):
        yield "Nothing was ever sent.", 0
    else:
        for campaign in overview.campaigns:
            yield from _campaign_lines(campaign, overview)
    if overview.exists:
        yield _labelled("Opt-outs", _opt_outs(overview), start=10)
    if overview.synced:
        asked = (f"{inert(name)} {local(at, overview.zone)}" for name, at in overview.synced.items())
        yield _labelled("Synced", ", ".join(asked), start=10)
    if overview.erased:
        yield _labelled("Erased", f"{overview.erased:,}, opted out of everything", start=10)


def _opt_outs(overview: Overview) -> str:
    if not overview.opt_outs:
        return "none"
    lately = ", ".join(f"{inert(source)} {count:,}" for source, count in overview.lately.items())
    since = f"since {local(overview.since, overview.zone)}"
    news = f"{sum(overview.lately.values()):,} {since} ({lately})" if lately else f"none {since}"
    return f"{sum(overview.opt_outs.values()):,} in all; {news}"


def _campaign_lines(campaign: CampaignStatus, overview: Overview) -> Iterator[_Line]:
    tried = campaign.of(Realm.TEST)
    if campaign.id == GATEWAY_TRY and tried and len(campaign.standings) == 1:
        yield f"gateway try: {_tests(tried.states)}", _TITLE
        return
    live, rehearsal = campaign.of(Realm.LIVE), campaign.of(Realm.SANDBOX)
    missing = " (not in the campaigns file)" if campaign.in_file is False else ""
    yield f"{campaign.id}{missing}{'' if live else ': never sent'}", _TITLE
    if live:
        yield from _standing_lines(live, campaign, overview)
    if tests := campaign.of(Realm.TEST):
        yield _labelled("tests", _by_state(tests.states))
    if rehearsal:
        yield f"{campaign.id}, rehearsal (nobody was texted)", _TITLE
        yield from _standing_lines(rehearsal, campaign, overview)


def _standing_lines(standing: Standing, campaign: CampaignStatus, overview: Overview) -> Iterator[_Line]:
    zone, states = campaign.zone, standing.states
    if standing.running:
        yield _labelled("running", _goes_on(standing.running, zone))
    if standing.last and not standing.is_sending:
        yield _labelled("last run", _was(standing.last, zone, cut_off=standing.is_cut_off))
    if states:
        yield _labelled("messages", f"{sum(states.values()):,}: {_by_state(states)}")
    in_flight = states.get(State.SUBMITTING, 0)
    if in_flight and not standing.is_sending:
        them = "it" if in_flight == 1 else "them"
        what = f"{in_flight:,} in flight when a send ended; the next send puts {them} in doubt"
        yield _labelled("cut off", what)
    if standing.held:
        yield _labelled("held", _held(standing, zone, overview.at))
    if doubtful := states.get(State.IN_DOUBT):
        yield _labelled("in doubt", f"{doubtful:,} that the gateway may have taken; to see and decide:")
        yield _command(overview, "resolve", "--campaign", campaign.id)
    if rejected := states.get(State.REJECTED):
        yield _labelled("rejected", f"{rejected:,}; to see why:")
        realm = () if standing.realm is Realm.LIVE else ("--realm", standing.realm.value)
        yield _command(overview, "log", "--campaign", campaign.id, *realm, "--state", State.REJECTED)


def _goes_on(running: Running, zone: str) -> str:
    so_far = ["not sending yet: it plans, or waits for its confirmation"]
    if running.accepted is not None:
        so_far = [f"{running.accepted:,} accepted so far"]
        if running.to_go is not None:
            so_far.append(f"{running.to_go:,} to go")
    return f"since {local(running.since, zone)}, process {running.pid}: {', '.join(so_far)}"


def _was(run: RunRecord, zone: str, *, cut_off: bool) -> str:
    began = f"{local(run.started_at, zone)} by {inert(run.by)}"
    if cut_off:
        return f"{began}: cut off"
    code = run.exit_code
    parts = [_ENDED.get(code, f"ended with exit {code}") if code is not None else "ended"]
    if "rows" in run.counts:
        parts.append(f"{run.counts.get('accepted', 0):,} of {run.counts['rows']:,} accepted")
    parts += [
        (one if run.counts[part] == 1 else several).format(n=f"{run.counts[part]:,}")
        for part, (one, several) in _LEFT.items()
        if run.counts.get(part)
    ]
    why = f" ({inert(run.stopped)})" if run.stopped else ""
    return f"{began}: {', '.join(parts)}{why}"


def _held(standing: Standing, zone: str, now: datetime) -> str:
    until = standing.last.held_until if standing.last else None
    if until is None:
        return f"{standing.held:,}"
    if until <= now:
        return f"{standing.held:,}; the first may go since {local(until, zone)}: run send again"
    return f"{standing.held:,}; the first may go {local(until, zone)}"


def _by_state(states: Mapping[State, int]) -> str:
    return ", ".join(f"{states[state]:,} {state.replace('_', ' ')}" for state in State if states.get(state))


def _tests(states: Mapping[State, int]) -> str:
    """`1 test, accepted`; `3 tests: 2 accepted, 1 in doubt`."""
    count = sum(states.values())
    if count == 1:
        return f"1 test, {_by_state(states).removeprefix('1 ')}"
    return f"{count:,} tests: {_by_state(states)}"


def _command(overview: Overview, verb: str, *words: str) -> _Line:
    return " " * _COMMAND + join(["smscli", verb, *overview.named, *words]), 0


def _labelled(name: str, text: str, start: int = _LABEL) -> _Line:
    return (name if start < _LABEL else f"  {name}").ljust(start) + text, start
