"""What gateways say of messages in doubt, when they are asked about them: `resolve --ask`.

Leaves alone what a send may still be dealing with. Lists nothing: `commands/resolve.py` does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from smscli.cli import wiring
from smscli.cli.asked_gateways import Askable, Gateways, NotAsked, askable_about_one, gateways_known
from smscli.cli.present.sync import Asking, tell_not_asked, tell_stopping
from smscli.cli.wiring import World
from smscli.domain.delivery import Handed
from smscli.domain.errors import ExitCode, PostboxFailed
from smscli.domain.message import State
from smscli.domain.ports import LoggedMessage
from smscli.engine.asking import Asked, AskTools, Left
from smscli.files.campaign_file import load
from smscli.sentlog.locks import running
from smscli.sentlog.sqlite import SqliteSentLog

#: What a send that runs now may have claimed: the longest call of a profile is shorter.
_JUST_NOW = timedelta(minutes=1)

_WORDS = {
    Left.CHANGED: "somebody else has dealt with it meanwhile",
    Left.NOT_ASKED: "the gateway was not asked",
    Left.TOO_OLD: "the gateway does not remember messages that old",
    Left.TOO_EARLY: "the gateway does not know it yet",
    Left.UNKNOWN: "the gateway does not say",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What asking came to: states by message id, and why how many others stay in doubt, by gateway."""

    settled: Mapping[str, State] = field(default_factory=dict)
    why: Mapping[tuple[str, str], int] = field(default_factory=dict)
    not_asked: Sequence[NotAsked] = ()
    errors: Sequence[PostboxFailed] = ()
    signal: ExitCode | None = None

    @property
    def is_failed(self) -> bool:
        """Could a gateway not be asked, or not to the end?"""
        return bool(self.errors) or any(each.is_failure for each in self.not_asked)

    def document(self) -> dict[str, object]:
        """For programs."""
        states = Counter(self.settled.values())
        return {
            "settled": {state.value: count for state, count in states.items()},
            "left": [
                {"gateway": gateway, "why": why, "messages": count}
                for (gateway, why), count in self.why.items()
            ],
            "not_asked": [
                {"gateway": each.gateway, "why": each.why, "message": each.message, "hint": each.hint}
                for each in self.not_asked
            ],
            "failed": [{"message": each.message, "hint": each.hint} for each in self.errors],
        }


def ask_gateways(
    world: World, sent_log: SqliteSentLog, path: Path, file: Path | None, doubtful: Sequence[LoggedMessage]
) -> Answers:
    """Ask every gateway about those of these messages that it took, or may have. Raises FilesError."""
    known = gateways_known(file, None if file is None else load(file))
    busy = _just_claimed(world, path, doubtful)
    left = Counter((each.gateway, _BUSY) for each in busy)
    messages = _by_gateway(sent_log, [each for each in doubtful if each not in busy])
    askables, not_asked = _askable(world, known, messages)
    tell_not_asked(world.screen, not_asked)
    for each in not_asked:
        left[each.gateway, "it cannot be asked"] += len(messages[each.gateway])
    asked, signal = _asked(world, sent_log, path, askables, messages)
    for outcome in asked:
        for message_id, reason in outcome.left.items():
            left[outcome.gateway, outcome.why.get(message_id) or _WORDS[reason]] += 1
    settled = {message_id: state for outcome in asked for message_id, state in outcome.settled.items()}
    errors = [outcome.failed for outcome in asked if outcome.failed]
    return Answers(settled, left, not_asked, errors, signal)


_BUSY = "a send that runs now has only just handed it over"


def _just_claimed(world: World, path: Path, doubtful: Sequence[LoggedMessage]) -> list[LoggedMessage]:
    """Those that a running send may still hear of, or repeat."""
    lately = world.clock.now() - _JUST_NOW
    new = [each for each in doubtful if each.claimed_at > lately]
    held = {(each.realm, each.campaign_id) for each in new}
    sent_now = {where for where in held if running(path, *where) is not None}
    return [each for each in new if (each.realm, each.campaign_id) in sent_now]


def _by_gateway(sent_log: SqliteSentLog, doubtful: Sequence[LoggedMessage]) -> Mapping[str, Sequence[Handed]]:
    found = sent_log.found([each.id for each in doubtful])
    by_gateway: dict[str, list[Handed]] = {}
    for each in doubtful:
        if (message := found.get(each.id)) is not None and message.state is State.IN_DOUBT:
            by_gateway.setdefault(each.gateway, []).append(message)
    return by_gateway


def _askable(
    world: World, known: Gateways, messages: Mapping[str, Sequence[Handed]]
) -> tuple[list[Askable], list[NotAsked]]:
    askables, not_asked = list[Askable](), list[NotAsked]()
    for name in messages:
        profile = known.of(name)
        found = known.missing(name) if profile is None else askable_about_one(profile, world.environ)
        if isinstance(found, Askable):
            askables.append(found)
        else:
            not_asked.append(found)
    return askables, not_asked


def _asked(
    world: World,
    sent_log: SqliteSentLog,
    path: Path,
    gateways: Sequence[Askable],
    messages: Mapping[str, Sequence[Handed]],
) -> tuple[list[Asked], ExitCode | None]:
    if not gateways:
        return [], None
    from smscli.cli.syncing import ask_all

    with Asking(world.screen) as progress:

        def watch(asked: Asked) -> None:
            done = len(asked.settled) + len(asked.left)
            progress.look(asked.gateway, done, len(messages[asked.gateway]))

        tools = AskTools(log=sent_log, clock=world.clock, watch=watch)
        sent_log.wait_for_writers(0)  # the loop waits itself
        done = ask_all(messages, gateways, path, tools, lambda: tell_stopping(world.screen, progress))
        sent_log.wait_for_writers(wiring.PATIENCE)
    return done
