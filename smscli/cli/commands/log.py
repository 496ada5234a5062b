"""`smscli log`: what the sent log holds, as a table with masked numbers or in full for programs."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import wiring
from smscli.cli.moments import moment
from smscli.cli.numbers import number_given
from smscli.cli.options import AsJson, CampaignId, CampaignsPath, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.documents import dumps
from smscli.cli.present.text import counted, iso, minute, table
from smscli.cli.result import Result
from smscli.domain.errors import ExitCode, UsageError
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter, LoggedMessage

if TYPE_CHECKING:
    from smscli.cli.result import Block

app = command_app()

#: Rows that share a table, and so the widths of its columns: memory stays flat however long the log.
_ROWS_A_TABLE = 1_000


@app.command(epilog=exit_codes(None, ExitCode.FILES, ExitCode.SENT_LOG))
def log(
    context: typer.Context,
    file: CampaignsPath = None,
    log: LogPath = None,
    campaign: CampaignId = None,
    state: Annotated[list[State] | None, typer.Option(help="Only these states.")] = None,
    realm: Annotated[Realm | None, typer.Option(help="Only this realm.")] = None,
    number: Annotated[str | None, typer.Option(help="Only this number, with + and country code.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Claimed from: 2026-11-01, 2026-11-01T09:30 (UTC), 2h, 7d.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Claimed before: the same forms.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the newest so many.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON object a line, with full numbers.")
    ] = False,
    json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """List the messages of a sent log."""
    if jsonl and json:
        raise UsageError("--json and --jsonl are two forms of the same", hint="Leave one out.")
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
    path, sent_log = world.resources.enter_context(wiring.existing_sent_log(world, log=log, campaigns=file))
    found: Iterable[LoggedMessage] = sent_log.messages(wanted)
    if limit:
        found = deque(found, maxlen=limit)
    if jsonl:
        return Result({}, (dumps(record(message) | {"to": message.to.e164}) for message in found))
    if not json:
        return Result({}, _listed(found))
    messages = [record(message) for message in found]
    return Result(
        {"sent_log": path, "states": Counter(each["state"] for each in messages), "messages": messages}
    )


def record(message: LoggedMessage) -> dict[str, object]:
    """One message as programs see it; the number is masked."""
    return {
        "id": message.id,
        "campaign": message.campaign_id,
        "realm": message.realm,
        "to": message.to.masked,
        "sender": message.sender,
        "state": message.state,
        "segments": message.segments,
        "gateway": message.gateway,
        "gateway_ref": message.gateway_ref,
        "gateway_segments": message.gateway_segments,
        "code": message.code,
        "detail": message.detail,
        "purpose": message.purpose,
        "topic": message.topic,
        "language": message.language,
        "claimed_at": iso(message.claimed_at),
        "at": iso(message.at),
    }


def said(message: LoggedMessage) -> str:
    """What the gateway or the wire said of it: `30003: unreachable`, or as much as there is."""
    return ": ".join(filter(None, (message.code, message.detail)))


def _listed(messages: Iterable[LoggedMessage]) -> Iterator[Block]:
    states: Counter[str] = Counter()
    rest = iter(messages)
    while chunk := list(islice(rest, _ROWS_A_TABLE)):
        states.update(message.state for message in chunk)
        headers = (
            "claimed",
            "campaign",
            "realm",
            "to",
            "state",
            "segments",
            "gateway",
            "reference",
            "detail",
        )
        yield table(headers, map(_row, chunk), right=("segments",), folding=("detail",))
    by_state = ", ".join(f"{count:,} {_words(state)}" for state, count in sorted(states.items()))
    yield f"{counted(states.total(), 'message')}{': ' if by_state else ''}{by_state}"


def _row(message: LoggedMessage) -> tuple[str, ...]:
    return (
        minute(message.claimed_at),
        message.campaign_id,
        message.realm,
        message.to.masked,
        _words(message.state),
        str(message.segments),
        message.gateway,
        message.gateway_ref,
        said(message),
    )


def _words(state: str) -> str:
    return state.replace("_", " ")
