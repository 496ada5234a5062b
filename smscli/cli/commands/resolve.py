"""`smscli resolve`: what the gateway may have taken, and the word of a person who found out.

Needs no lock: a decision moves only what is in doubt, and a receipt or a running send outranks nothing it
has not left in doubt itself (the table of legal moves in `domain/message.py`).
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smscli.cli import wiring
from smscli.cli.commands.log import campaign_and_realm, claimed, expect_known, record, said
from smscli.cli.confirm import confirm
from smscli.cli.numbers import number_given
from smscli.cli.options import AsJson, CampaignId, CampaignsPath, LogPath, Quiet, command_app, exit_codes
from smscli.cli.present.cells import folded
from smscli.cli.present.page import Page
from smscli.cli.present.sync import tell_failures
from smscli.cli.present.text import Hanging, counted, inert, masked, table
from smscli.cli.result import Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, UsageError
from smscli.domain.message import Realm, State
from smscli.domain.ports import LogFilter, LoggedMessage, SentLog
from smscli.files.reading import listed

if TYPE_CHECKING:
    from smscli.cli.doubts import Answers
    from smscli.cli.result import Block
    from smscli.sentlog.sqlite import SqliteSentLog

app = command_app()

ALL = "all"

#: Characters of an id that can stand for it (fewer could be a slip of the keyboard), and as many as fit.
_ENOUGH = 6
_SHOWN = 8
_CODES = {
    ExitCode.OK: "nothing is in doubt (any more)",
    ExitCode.INCOMPLETE: "something is still in doubt",
    ExitCode.REFUSED: "the decision about all was not confirmed",
    ExitCode.STOPPED: "a gateway could not be asked, and something is still in doubt",
}
_WHICH = "WHICH is a number, an id or its first 6 characters, or all; it may be repeated."


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the operator says: these messages were sent, those were not."""

    sent: tuple[str, ...]
    not_sent: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.sent or self.not_sent)


@app.command(epilog=exit_codes(_CODES, ExitCode.FILES, ExitCode.SENT_LOG, ExitCode.SIGHUP, ExitCode.SIGTERM))
def resolve(
    context: typer.Context,
    file: CampaignsPath = None,
    log: LogPath = None,
    campaign: CampaignId = None,
    sent: Annotated[
        list[str] | None,
        typer.Option("--sent", metavar="WHICH", help=f"It was sent, and counts as accepted. {_WHICH}"),
    ] = None,
    not_sent: Annotated[
        list[str] | None,
        typer.Option(
            "--not-sent", metavar="WHICH", help=f"It was not sent: the next send texts them. {_WHICH}"
        ),
    ] = None,
    ask: Annotated[
        bool,
        typer.Option(
            "--ask",
            help="Ask the gateways about every message in doubt, and settle what they know. What a gateway"
            " says that it never took is released: the next send texts those people.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deciding about all.")] = False,
    _json: AsJson = False,
    _quiet: Quiet = False,
) -> Result:
    """List what is in doubt and record what became of it.

    With --ask the gateways say what became of it, where they can be asked; a message that a send which runs
    now has only just handed over is left to it. FILE says where the gateways are; without it, presets are
    asked.
    """
    world = wiring.of(context)
    if ask and (sent or not_sent):
        raise UsageError("--ask asks the gateway, --sent and --not-sent decide", hint="type one or the other")
    with wiring.existing_sent_log(world, log=log, campaigns=file, takes_file=True) as (path, sent_log):
        if campaign:
            expect_known(world, campaign, sent_log, file)
        doubtful = _doubtful(sent_log, campaign)
        answers = _ask(world, sent_log, path, file, doubtful) if ask else None
        verdicts = _verdicts(doubtful, sent or [], not_sent or [], _command(file, log, None))
        if ALL in (sent or []) + (not_sent or []) and verdicts and not yes:
            _confirm(world, doubtful, verdicts)
        decided = _record(world, sent_log, verdicts)
        left = _doubtful(sent_log, campaign)
        unfinished = _unfinished(sent_log, campaign)
    again = _command(file, log, campaign)
    _warn(world, doubtful, decided[State.RELEASED])
    if answers is not None:
        tell_failures(world.screen, answers.errors)
        _warn_absent(world, doubtful, answers)
    page = world.screen.page(world.screen.out)
    return Result(
        {
            "sent_log": path,
            "sent": len(decided[State.ACCEPTED]),
            "not_sent": len(decided[State.RELEASED]),
            "unfinished": unfinished,
            "in_doubt": [record(message) | {"together": size} for message, size in _sized(left)],
            **({} if answers is None else {"asked": answers.document()}),
        },
        chain(_found_out(answers, page), _told(left, decided, unfinished, again, page, asked=ask)),
        _exit_code(left, answers),
    )


def _ask(
    world: World, sent_log: SqliteSentLog, path: Path, file: Path | None, doubtful: Sequence[LoggedMessage]
) -> Answers:
    from smscli.cli.doubts import ask_gateways

    return ask_gateways(world, sent_log, path, file, doubtful)


def _exit_code(left: Sequence[LoggedMessage], answers: Answers | None) -> ExitCode:
    if answers is not None and answers.signal is not None:
        return answers.signal
    if not left:
        return ExitCode.OK
    return ExitCode.STOPPED if answers is not None and answers.is_failed else ExitCode.INCOMPLETE


def _doubtful(sent_log: SentLog, campaign: str | None) -> tuple[LoggedMessage, ...]:
    return tuple(sent_log.messages(LogFilter(campaign_id=campaign, states=frozenset({State.IN_DOUBT}))))


def _unfinished(sent_log: SentLog, campaign: str | None) -> int:
    return sum(sent_log.counts(realm, campaign).get(State.SUBMITTING, 0) for realm in Realm)


# --- which messages are meant ---


def _verdicts(
    doubtful: Sequence[LoggedMessage], sent: Sequence[str], not_sent: Sequence[str], listing: str
) -> Verdicts:
    """The ids of the messages meant. Raises UsageError for a word that means none or too much.

    `listing` is the command that lists what is in doubt.
    """
    verdicts = Verdicts(
        _all_meant(sent, doubtful, "--sent", listing), _all_meant(not_sent, doubtful, "--not-sent", listing)
    )
    if both := set(verdicts.sent) & set(verdicts.not_sent):
        raise UsageError(
            f"{counted(len(both), 'message')} cannot be both sent and not sent",
            hint="type either --sent or --not-sent for them",
        )
    return verdicts


def _all_meant(
    words: Sequence[str], doubtful: Sequence[LoggedMessage], option: str, listing: str
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for word in words for each in _meant(word, doubtful, option, listing)))


def _meant(word: str, doubtful: Sequence[LoggedMessage], option: str, listing: str) -> tuple[str, ...]:
    if word == ALL:
        _one_campaign(doubtful, option)
        return tuple(message.id for message in doubtful)
    if word.startswith("+"):
        number = number_given(word, None, option)
        found = tuple(message for message in doubtful if message.to == number)
        _one_campaign(found, option)
    else:
        found = tuple(
            message
            for message in doubtful
            if message.id == word or (len(word) >= _ENOUGH and message.id.startswith(word))
        )
        if len(found) > 1:
            raise UsageError(
                f"{option}: {len(found)} ids start like that",
                hint=f"give more of the id: {option} {found[0].id[: len(word) + 4]}…",
            )
    if not found:
        raise UsageError(
            f"{option}: nothing in doubt has that number or id",
            hint=f"{listing} lists what is in doubt; what is settled stays as it is",
        )
    return tuple(message.id for message in found)


def _one_campaign(messages: Sequence[LoggedMessage], option: str) -> None:
    """Raises UsageError where a word reaches into several campaigns: each is decided on its own."""
    campaigns = sorted({message.campaign_id for message in messages})
    if len(campaigns) > 1:
        raise UsageError(
            f"{option}: that is in doubt in {len(campaigns)} campaigns: {', '.join(campaigns)}",
            hint=f"say which: --campaign {campaigns[0]}",
        )


# --- the decision ---


def _confirm(world: World, doubtful: Sequence[LoggedMessage], verdicts: Verdicts) -> None:
    count = len(verdicts.sent) + len(verdicts.not_sent)
    what = "were sent" if verdicts.sent else "were not sent, and may be texted again"
    question = f"{counted(count, 'message')} of {doubtful[0].campaign_id}: you say that they {what}."
    confirm(world, question, expected=str(count), instead="--yes")


def _record(world: World, sent_log: SentLog, verdicts: Verdicts) -> dict[State, Sequence[str]]:
    by, now = world.operator(), world.clock.now()
    with sent_log.atomic():
        return {
            State.ACCEPTED: sent_log.decide(verdicts.sent, State.ACCEPTED, by, now),
            State.RELEASED: sent_log.decide(verdicts.not_sent, State.RELEASED, by, now),
        }


def _warn(world: World, doubtful: Sequence[LoggedMessage], released: Sequence[str]) -> None:
    campaigns = sorted({message.campaign_id for message in doubtful if message.id in set(released)})
    if campaigns:
        world.screen.trouble(
            f"warning: the next send of {', '.join(campaigns)} texts "
            f"{counted(len(released), 'person', 'people')} again. "
            "If the gateway did take those messages, they come twice."
        )


def _warn_absent(world: World, doubtful: Sequence[LoggedMessage], answers: Answers) -> None:
    released = {each for each, state in answers.settled.items() if state is State.RELEASED}
    campaigns = sorted({message.campaign_id for message in doubtful if message.id in released})
    if campaigns:
        people = counted(len(released), "person", "people")
        world.screen.note(
            f"the next send of {', '.join(campaigns)} texts {people} whose message the gateway never took"
        )


# --- what is shown ---


def _found_out(answers: Answers | None, page: Page) -> Iterator[Block]:
    """What gateways said, and why they could not say more."""
    if answers is None or not (answers.settled or answers.why):
        return
    states = Counter(answers.settled.values())
    never = {State.RELEASED: " (the gateway never took them)"}
    found = [f"{state} {states[state]:,}{never.get(state, '')}" for state in State if states[state]]
    yield from folded(f"Found out: {', '.join(found) or 'nothing'}.", page.width)
    if answers.why:
        yield "Not found out:"
    for (gateway, why), count in answers.why.items():
        yield Hanging(f"  {count:>6,}  {inert(gateway)}: {inert(masked(why, {}))}")
    yield ""


def _sized(messages: Sequence[LoggedMessage]) -> list[tuple[LoggedMessage, int]]:
    """Each message with the number of those in doubt with it: of one run, claimed at one moment."""
    sizes = Counter((message.run_id, message.claimed_at) for message in messages)
    return [(message, sizes[message.run_id, message.claimed_at]) for message in messages]


def _told(
    left: Sequence[LoggedMessage],
    decided: dict[State, Sequence[str]],
    unfinished: int,
    again: str,
    page: Page,
    *,
    asked: bool,
) -> Iterator[Block]:
    for state, what in ((State.ACCEPTED, "sent"), (State.RELEASED, "not sent")):
        if decided[state]:
            yield f"Recorded as {what}: {counted(len(decided[state]), 'message')}."
    if left:
        yield from _listed(left, again, page, asked=asked)
    else:
        yield "Nothing is in doubt."
    if unfinished:
        marked = counted(unfinished, "message is", "messages are")
        yield from folded(
            f"{marked} marked as being submitted: by a send that runs now, or by one that was cut off."
            " The next send of the campaign finds out, and puts in doubt what was cut off.",
            page.width,
        )


def _listed(left: Sequence[LoggedMessage], again: str, page: Page, *, asked: bool) -> Iterator[Block]:
    """The messages, whom to ask about them, and the lines to type: those alone are never folded."""
    sized = _sized(left)
    gateways = sorted({message.gateway for message in left})
    several = len(gateways) > 1
    yield f"In doubt: {counted(len(left), 'message')} that the gateway may have taken.\n"
    headers = ("since, UTC", "campaign", "to", "gateway", "id", "detail")
    rows = [_row(message, size) for message, size in sized]
    yield table(headers, rows, folding=("detail",), spare=() if several else ("gateway",))
    yield ""
    they, their = ("they", "their own logs") if several else ("it", "its own log")
    ask = (
        f"Ask {listed(gateways)} whether {they} took messages with these ids (the client reference;"
        f" --json has them whole), or look for the numbers in {their}."
    )
    if any(size > 1 for _, size in sized):
        ask += " Those marked (one of N) were claimed together: messages of one request share one fate."
    yield from folded(ask, page.width)
    if not asked:
        yield f"\nTo ask what can be asked:\n  {again} --ask"
    yield f"\nIf it was taken:\n  {again} --sent ID"
    yield f"If it was not, and the next send shall text that person again:\n  {again} --not-sent ID"


def _row(message: LoggedMessage, together: int) -> tuple[str, ...]:
    share = f" (one of {together:,})" if together > 1 else ""
    return (
        claimed(message),
        campaign_and_realm(message),
        message.to.masked,
        message.gateway,
        message.id[:_SHOWN],
        f"{said(message)}{share}",
    )


def _command(file: Path | None, log: Path | None, campaign: str | None) -> str:
    words = ["smscli", "resolve", *([str(file)] if file else [])]
    words += ["--log", str(log)] if log else []
    words += ["--campaign", campaign] if campaign else []
    return shlex.join(words)
