"""`send --test-to`: what the first sendable contact would get, to a number of the operator's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from smscli.cli import wiring
from smscli.cli.numbers import number_given
from smscli.cli.planned import Asked, Chosen, Planned, a_bad_row_says_so, foreign_opt_outs, planned
from smscli.cli.present.documents import error_document
from smscli.cli.present.figures import gateway_words, local, reasons
from smscli.cli.present.progress import Rows
from smscli.cli.present.text import counted, inert_lines, iso
from smscli.cli.result import Result
from smscli.cli.trying import Trial, Tried, submit_one
from smscli.cli.wiring import World
from smscli.domain.decision import SkipReason
from smscli.domain.errors import Refused
from smscli.domain.message import Message
from smscli.domain.msisdn import Msisdn
from smscli.domain.ports import SentLog
from smscli.files.profile_file import resolve_secrets
from smscli.sentlog.memory import MemorySentLog


@dataclass(frozen=True, slots=True)
class _Example:
    """Whose text is shown: the contact of this line of this list, as planned for `at`.

    `why` says why it is not simply the first who may be texted now.
    """

    line: int
    file: str
    message: Message
    at: datetime
    why: str = ""


def send_to_own_number(world: World, asked: Asked, chosen: Chosen, number: str, *, dry_run: bool) -> Result:
    """Send one test message, or show it. Raises Refused where nobody on the list could be texted."""
    to = number_given(number, chosen.region, "--test-to")
    secrets = {} if dry_run else resolve_secrets(chosen.profile, world.environ)
    example = _example(world, asked, chosen, to)
    trial = Trial(
        campaign=chosen.campaign,
        profile=chosen.profile,
        secrets=secrets,
        sent_log=chosen.sent_log,
        to=to,
        body=example.message.body,
        language=example.message.language,
        opt_outs=foreign_opt_outs(chosen, world.clock.now(), to),
    )
    if dry_run:
        return Result(
            _document(trial, example) | {"dry_run": True}, _shown(trial, example, "not sent (dry run)")
        )
    tried = submit_one(world, trial, create_log=True)
    return _told(world, tried, example)


def _example(world: World, asked: Asked, chosen: Chosen, to: Msisdn) -> _Example:
    """The first who may be texted now; else the first who may be when the held may go; else the first as if
    nobody had been sent anything. A list from standard input can be read only once."""
    now = world.clock.now()
    with wiring.sent_log_if_any(world, chosen.sent_log) as log, Rows(world.screen) as rows:
        with planned(world, asked, chosen, log, now, rows.tick) as plan:
            _ask_list(plan, to)
            found, why_not = _first(plan), _nobody(plan)
            later = min(plan.tally.held_until.values(), default=None)
        if found is None and _can_be_read_again(chosen):
            memory, at, why = (log, later, _held(later, chosen)) if later else (_nobody_sent(log), now, _SENT)
            with planned(world, asked, chosen, memory, at, rows.tick) as plan:
                found = _first(plan, why)
    if found is None:
        raise why_not
    return found


def _can_be_read_again(chosen: Chosen) -> bool:
    """Not so standard input, nor a pipe that has a name."""
    files = [source.file for source in chosen.sources]
    return all(file is not None and not file.is_fifo() for file in files)


_SENT = "Nobody is left to be texted; this is the text as if nobody had been sent one."


def _held(until: datetime, chosen: Chosen) -> str:
    return f"Nobody may be texted now; this is the text as of {local(until, chosen.campaign.zone)}."


def _nobody_sent(log: SentLog | None) -> SentLog:
    """A log that knows the same opt-outs, and nobody who was sent anything."""
    memory = MemorySentLog()
    memory.heed(() if log is None else log.opt_outs())
    return memory


def _ask_list(plan: Planned, to: Msisdn) -> None:
    """What the plan knows of this number: is it not to be texted, or did it opt out in a list?"""
    for name in plan.plan.excluded([to]).values():
        raise Refused(
            f"{to.masked} is on {name}, a list of numbers not to text; a test asks those, too",
            hint="try another number",
        )
    rows = plan.plan.decided_of(to)
    said = [row.detail for row in rows if row.reason is SkipReason.OPTED_OUT]
    if to in plan.bad.opted_out:
        said.append(a_bad_row_says_so(plan.lists, plan.bad.opted_out[to]))
    if said:
        raise Refused(
            f"{to.masked} of {plan.list_name} opted out ({said[0]}); a test asks the opt-outs, too",
            hint="try another number",
        )


def _first(plan: Planned, why: str = "") -> _Example | None:
    first = plan.plan.first_to_send()
    if first is None:
        return None
    line, message = first
    of_list = plan.plan.decided_of(message.to)[0].of_list  # of several rows the first one is sent
    return _Example(line, plan.lists[of_list].name, message, plan.at, why)


def _nobody(plan: Planned) -> Refused:
    why = ", ".join(filter(None, (reasons(plan.tally.skipped), reasons(plan.tally.held))))
    bad = f"; {counted(plan.bad.count, 'bad row')}" if plan.bad.count else ""
    return Refused(
        f"there is no text to show, nobody on {plan.list_name} could be texted: {why or 'nobody'}{bad}",
        hint="smscli preview tells whom each reason is about; --contacts FILE takes another list",
    )


def _document(trial: Trial, example: _Example) -> dict[str, object]:
    message = example.message
    return {
        "campaign": trial.campaign.id,
        "gateway": trial.profile.name,
        "realm": "test",
        "sent_log": trial.sent_log,
        "to": trial.to.masked,
        "sender": trial.sender,
        "text_of": {
            "file": example.file,
            "line": example.line,
            "to": message.to.masked,
            "at": iso(example.at),
        },
        "language": message.language,
        "text": message.body,
        "encoding": message.segments.encoding,
        "segments": message.segments.count,
    }


def _told(world: World, tried: Tried, example: _Example) -> Result:
    logged, document = tried.logged, _document(tried.trial, example)
    document |= {
        "state": logged.state if logged else None,
        "gateway_ref": logged.gateway_ref if logged else "",
        "code": logged.code if logged else "",
        "detail": logged.detail if logged else "",
        "outbox": tried.outbox,
    }
    if tried.stopped is not None:
        document["error"] = error_document(tried.stopped)
        world.screen.trouble(f"error: {tried.stopped.message}")
        if tried.stopped.hint:
            world.screen.trouble(f"hint: {tried.stopped.hint}")
    return Result(document, (*_shown(tried.trial, example, _became(tried)), *_where(tried)), tried.exit_code)


def _became(tried: Tried) -> str:
    """`accepted`, or `rejected: 30003 unreachable`."""
    logged = tried.logged
    if logged is None:
        return "not attempted"
    said = " ".join(filter(None, (logged.code, logged.detail)))
    return logged.state.replace("_", " ") + (f": {said}" if said else "")


def _shown(trial: Trial, example: _Example, became: str) -> Iterator[str]:
    message = example.message
    through = f"through {gateway_words(trial.profile)} to {trial.to.masked} from {trial.sender}"
    yield f"{trial.campaign.id}: test message {through}: {became}"
    yield f"It shows line {example.line} of {example.file}: {message.to.masked}, {_facts(message)}"
    if example.why:
        yield example.why
    yield from (f"  {line}" for line in inert_lines(message.body).split("\n"))


def _facts(message: Message) -> str:
    segments = message.segments
    return f"{message.language}, {segments.encoding}, {counted(segments.count, 'segment')}"


def _where(tried: Tried) -> Iterator[str]:
    yield f"Sent log  {tried.trial.sent_log.absolute()}"
    if tried.outbox is not None:
        yield f"Outbox    {tried.outbox.absolute()} (sandbox: nobody was texted)"
