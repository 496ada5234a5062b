"""`smscli log`: what the sent log holds, as a table with masked numbers or in full for programs."""

from __future__ import annotations

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from smscli.cli import wiring
from smscli.cli.moments import moment
from smscli.cli.numbers import number_given
from smscli.cli.options import AsJson, CampaignId, CampaignsPath, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps
from smscli.cli.present.text import counted, inert, iso, table
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, UsageError
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter, LoggedMessage, SentLog

if TYPE_CHECKING:
    from smscli.cli.result import Block

app = command_app()

#: Rows that share a table, and so the widths of its columns: memory stays flat however long the log.
_ROWS_A_TABLE = 1_000

#: So many campaigns are named to whom asks for one that is not there.
_NAMES_SHOWN = 12

#: What programs and spreadsheets get of a message, in this order.
_COLUMNS = (
    "id", "campaign", "realm", "to", "sender", "state", "segments", "gateway", "gateway_ref",
    "gateway_segments", "code", "detail", "purpose", "topic", "language", "claimed_at", "at",
    "evidence", "grounds", "heeded_at", "happened_at",
)  # fmt: skip

_HEADERS = ("claimed, UTC", "campaign", "to", "state", "segments", "gateway", "reference", "detail")


@app.command(epilog=exit_codes(None, ExitCode.FILES, ExitCode.SENT_LOG))
def log(
    context: typer.Context,
    file: CampaignsPath = None,
    log: LogPath = None,
    campaign: CampaignId = None,
    state: Annotated[
        list[State] | None,
        typer.Option(
            metavar="STATE", help=f"Only messages in this state: {', '.join(State)}. May be repeated."
        ),
    ] = None,
    realm: Annotated[Realm | None, typer.Option(help="Only this realm: sandbox is a rehearsal.")] = None,
    number: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Only this number, with + and country code.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Only those claimed then or later: 2026-11-01, 2026-11-01T09:30 (both UTC), with an offset"
            " such as 2026-11-01T09:30+01:00, or how long ago: 2h, 7d.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only those claimed before; TIME as for --since."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Only the newest N of those that are left.")
    ] = None,
    csv: Annotated[
        bool,
        typer.Option(
            "--csv",
            help="CSV for a spreadsheet, with full numbers: UTF-8 with a byte order mark, a header row, and"
            " a ' in front of what would be a formula. Programs are better off with --jsonl.",
        ),
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a line, with full numbers.")
    ] = False,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """List the messages of a sent log.

    In the order of their claims, with masked numbers, and totals at the end: messages and segments, by
    campaign and state. `smscli log backup` copies the log itself.
    """
    if csv + jsonl + json > 1:
        raise UsageError("--csv, --jsonl and --json are forms of the same", hint="keep one")
    world = wiring.of(context)
    now = world.clock.now()
    wanted = LogFilter(
        campaign_id=campaign,
        realm=realm,
        states=frozenset(state or ()),
        number=number_given(number, None, "--number").e164 if number else None,
        since=moment(since, now, "--since") if since else None,
        until=moment(until, now, "--until") if until else None,
    )
    opened = wiring.existing_sent_log(world, log=log, campaigns=file, takes_file=True)
    path, sent_log = world.resources.enter_context(opened)
    if campaign:
        expect_known(world, campaign, sent_log, file)
    found: Iterable[LoggedMessage] = sent_log.messages(wanted)
    if limit:
        found = deque(found, maxlen=min(limit, sys.maxsize))
    if csv:
        _write_for_spreadsheets(world)
        return Result({}, _csv(found))
    if jsonl:
        return Result({}, (dumps(in_full(message)) for message in found))
    if json:
        return Result(_document(path, tuple(found)))
    return Result({}, _listed(found))


def expect_known(world: World, campaign: str, sent_log: SentLog, file: Path | None) -> None:
    """A typing mistake must not look like nobody. Raises UsageError, saying which campaigns there are."""
    known = dict.fromkeys(name for _, name in sent_log.campaigns())
    if campaign in known:
        return
    if file is not None:
        from smscli.files.campaign_file import load

        defined = load(file).campaigns
        if campaign in defined:
            world.screen.note(f"{campaign} was never sent")
            return
        known |= dict.fromkeys(defined)
    names = ", ".join([*known][:_NAMES_SHOWN]) + (", …" if len(known) > _NAMES_SHOWN else "")
    near = get_close_matches(campaign, known, 1)
    raise UsageError(
        f"no campaign {campaign} in this log; it has {names or 'none yet'}",
        hint=f"did you mean {near[0]}?" if near else "leave out --campaign to see all",
    )


# --- for programs ---


def _document(path: Path, messages: Sequence[LoggedMessage]) -> dict[str, object]:
    segments: Counter[str] = Counter()
    for message in messages:
        segments[message.state] += message.segments
    return {
        "sent_log": path,
        "states": Counter(message.state for message in messages),
        "segments": segments,
        "messages": [record(message) for message in messages],
    }


def _write_for_spreadsheets(world: World) -> None:
    """UTF-8 with a byte order mark, whatever the locale.

    Without the mark Excel reads UTF-8 as the machine's old code page, and what a gateway said in Greek is
    spoiled. Programs have --jsonl.
    """
    reconfigure = getattr(world.screen.out, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8-sig")


def _csv(messages: Iterable[LoggedMessage]) -> Iterator[str]:
    from smscli.files.csv_export import csv_lines

    return csv_lines(_COLUMNS, (_cells(message) for message in messages))


def _cells(message: LoggedMessage) -> Sequence[str]:
    values = in_full(message).values()
    return ["" if value is None else inert(str(value)) for value in values]


def in_full(message: LoggedMessage) -> dict[str, object]:
    """One message with its whole number: for those who asked for the data itself."""
    return record(message) | {"to": message.to.e164}


def record(message: LoggedMessage) -> dict[str, object]:
    """One message as programs see it; the number is masked."""
    values = (
        message.id,
        message.campaign_id,
        message.realm,
        message.to.masked,
        message.sender,
        message.state,
        message.segments,
        message.gateway,
        message.gateway_ref,
        message.gateway_segments,
        message.code,
        message.detail,
        message.purpose,
        message.topic,
        message.language,
        iso(message.claimed_at),
        iso(message.at),
        message.evidence,
        message.grounds,
        iso(message.heeded_at) if message.heeded_at else None,
        iso(message.happened_at) if message.happened_at else None,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def said(message: LoggedMessage) -> str:
    """What the gateway or the wire said of it: `30003: unreachable`, or as much as there is."""
    return ": ".join(filter(None, (message.code, message.detail)))


# --- for people ---


def _listed(messages: Iterable[LoggedMessage]) -> Iterator[Block]:
    totals: dict[_Group, _Sums] = {}
    rest = iter(messages)
    while chunk := list(islice(rest, _ROWS_A_TABLE)):
        for message in chunk:
            totals.setdefault((message.campaign_id, message.realm, message.state), _Sums()).add(message)
        yield table(
            _HEADERS,
            map(_row, chunk),
            right=("segments",),
            folding=("detail",),
            spare=("reference", "gateway", "segments"),
        )
    yield from _totals(totals)


@dataclass(slots=True)
class _Sums:
    """Messages and their segments."""

    messages: int = 0
    segments: int = 0

    def add(self, message: LoggedMessage) -> None:
        self.messages += 1
        self.segments += message.segments


_Group: TypeAlias = tuple[str, Realm, State]


def _totals(totals: Mapping[_Group, _Sums]) -> Iterator[Block]:
    """By campaign, realm and state where there is more than one, and one line of everything."""
    if len(totals) > 1:
        yield ""
        rows = (
            (campaign, realm, _words(state), f"{sums.messages:,}", f"{sums.segments:,}")
            for (campaign, realm, state), sums in sorted(totals.items())
        )
        figures = ("messages", "segments")
        headers = ("campaign", "realm", "state", *figures)
        yield table(headers, rows, right=figures, spare=("segments",))
    states: Counter[str] = Counter()
    for (_, _, state), sums in totals.items():
        states[state] += sums.messages
    segments = counted(sum(sums.segments for sums in totals.values()), "segment")
    by_state = ", ".join(f"{count:,} {_words(state)}" for state, count in sorted(states.items()))
    everything = f", {segments}: {by_state}" if totals else ""
    yield f"{counted(states.total(), 'message')}{everything}"


def _row(message: LoggedMessage) -> tuple[str, ...]:
    return (
        claimed(message),
        campaign_and_realm(message),
        message.to.masked,
        _words(message.state),
        str(message.segments),
        message.gateway,
        message.gateway_ref,
        said(message),
    )


def claimed(message: LoggedMessage) -> str:
    """When it was claimed, under a header that says UTC once for all."""
    return f"{message.claimed_at:%Y-%m-%d %H:%M}"


def campaign_and_realm(message: LoggedMessage) -> str:
    """`spring`; what reached nobody says so: `spring (sandbox)`."""
    is_live = message.realm is Realm.LIVE
    return message.campaign_id if is_live else f"{message.campaign_id} ({message.realm})"


def _words(state: str) -> str:
    return state.replace("_", " ")
