"""`--json` of every command: one ASCII document on stdout, its exact keys and their types, whatever the end.

Scripts hold on to these. A key that goes away or changes its type changes `schema` too (`cli/result.py`).
"""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from smscli.cli.app import COMMANDS
from smscli.cli.result import SCHEMA, STATUS
from smscli.cli.wiring import SystemClock
from smscli.domain.errors import ExitCode
from tests.cli.sample_log import sample
from tests.golden.scenes import Setting, asked_afterwards
from tests.golden.stage import NOW, Stage, stage
from tests.support.answers import Accept, AcceptSome, Answer, Exchange, ResetAfterReading, Status
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN

_WORDS: Mapping[str, type | tuple[type, ...]] = {
    "text": str,
    "count": int,
    "number": (int, float),
    "flag": bool,
    "list": list,
    "object": dict,
    "null": type(None),
}


def _keys(**types: str) -> Mapping[str, str]:
    """Keys by their type: `count="rows"`; `text_or_null` says that both may be."""
    return {key: each.replace("_or_", " or ") for each, keys in types.items() for key in keys.split()}


ENVELOPE = _keys(count="schema", text_or_null="command", text="status")
ERROR = _keys(text="message hint", list="problems")
PROBLEM = _keys(text="file path code message hint value", count_or_null="line column record")

_PLAN = _keys(
    text="campaign purpose topic gateway realm sent_log at currency digest",
    count="rows contacts to_send left_by_limit problems repairs segments requests late same_text_warnings"
    " repeatable",
    object="skipped held held_until sooner_with_zone repairs_by_code encodings segments_by_encoding"
    " messages_by_segments languages cost_by_country",
    object_or_null="list",
    list="lists exclude to_mend offenders countries unpriced wording respelled samples",
    number_or_null="cost seconds",
    text_or_null="last_leaves_at first_closes_at",
)
_PREVIEW = {**_PLAN, **_keys(list="problem_list repair_list refusals")}
_SENT = _keys(
    text="campaign gateway realm sent_log run",
    count="rows problems repairs not_attempted released rejected in_doubt accepted segments requests"
    " recovered late_opt_outs",
    object="skipped held reasons repairs_by_code",
    list="repair_list",
    number="seconds",
    text_or_null="outbox",
)
_OWN_NUMBER = _keys(
    text="campaign gateway realm sent_log to sender language text encoding",
    count="segments",
    object="text_of",
)
_CHECKED = _keys(
    list="tasks problem_list wording respelled offers", count="problems to_look_at", object="campaigns"
)
_PLACE = _keys(
    text="at places_by zones_by state no_legal_advice",
    text_or_null="number until opens_at consent",
    list="places zones rows parts caps holidays",
    flag="has_own_row",
    object_or_null="own",
    null="countries",
)
_COUNTRIES = _keys(
    text="at no_legal_advice",
    list="countries",
    null="number places places_by zones zones_by state until opens_at rows parts has_own_row own caps consent"
    " holidays",
)
_ENTERED = _keys(text="sent_log", count="added already ended erased", list="problems")
_SYNCED = _keys(text="sent_log", list="gateways not_asked", count="waiting")
_CONSENTS = _keys(
    text="sent_log",
    flag="dry_run",
    count="new already opted_out erased",
    object="levels",
    list="columns_not_read problems",
)


# --- settings ------------------------------------------------------------------------------------


@contextmanager
def _lists_of_consent(here: Stage) -> Iterator[None]:
    (here.folder / "yes.csv").write_text("+12025550101\n12\n", "utf-8")
    with _old_log(here):
        yield


@contextmanager
def _inbox(here: Stage) -> Iterator[None]:
    rows = ["from,text,at", *(f"+12025550101,{text},2026-11-20T10:00:00Z" for text in ("STOP", "no"))]
    (here.folder / "inbox.csv").write_text("\n".join([*rows, "+12,no,soon", ""]), "utf-8")
    with _old_log(here):
        yield


@contextmanager
def _old_log(here: Stage) -> Iterator[None]:
    sample(here.folder / "sent-log.db")
    yield


@contextmanager
def _rehearsal(here: Stage) -> Iterator[None]:
    """The sandbox's own clock is the machine's."""
    here.clock = SystemClock()
    yield


def _live(*answers: Answer) -> Setting:
    @contextmanager
    def setting(here: Stage) -> Iterator[None]:
        with LoopbackGateway(clock_ahead=NOW - datetime.now(UTC)) as gateway:
            gateway.script(*answers)
            here.environ |= {"SMS_GATEWAY_URL": gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
            yield

    return setting


class _Signalled:
    """The operator sends SIGTERM while this request is under way, which is then accepted."""

    async def play(self, exchange: Exchange) -> None:
        await exchange.read()
        wording = exchange.word(exchange.take())
        os.kill(os.getpid(), signal.SIGTERM)
        await exchange.write(exchange.http(wording))


# --- commands that ran ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """A command line whose command ran, how it ends, and what its document holds besides the envelope."""

    words: str
    keys: Mapping[str, str]
    code: ExitCode = ExitCode.OK
    setting: Setting = nullcontext
    stdin: str = ""

    @property
    def command(self) -> str:
        """The leaf of the tree of commands."""
        words = self.words.split()
        return next(leaf for leaf in (" ".join(words[:2]), words[0]) if leaf in leaves())


def leaves() -> list[str]:
    """Every command, with its verb where it has some."""
    return [
        leaf
        for name, listed in COMMANDS.items()
        for leaf in ([f"{name} {verb}" for verb in listed.verbs] or [name])
    ]


_MIXED = (Accept(), AcceptSome(refuse={"+12025550102": "30003"}), ResetAfterReading())
_ON = "--campaigns campaigns.yaml"
_PRUNED = _keys(
    text="sent_log",
    count="bytes",
    count_or_null="older_than_days",
    flag="dry_run",
    flag_or_null="compacted",
    list="campaigns left",
)
_HELD = _keys(
    text="sent_log number country",
    text_or_null="erased",
    list="messages consents replies stray_receipts",
    object="opt_outs",
)

RAN = (
    Ran("init start", _keys(text="folder", list="created kept next")),
    Ran("completion bash", _keys(text="shell script")),
    Ran("schema gateway", _keys(text="which", object="json_schema")),
    Ran(
        "log backup copy.db --campaigns campaigns.yaml",
        _keys(
            text="sent_log backup",
            count="bytes messages opt_outs",
            text_or_null="newest_at key",
            flag="lacks_key",
        ),
        setting=_old_log,
    ),
    Ran(f"log prune --older-than 2y --dry-run {_ON}", _PRUNED, setting=_old_log),
    Ran(f"log prune --compact {_ON}", _PRUNED, setting=_old_log),
    Ran(f"person show +61491570006 {_ON}", {**_HELD, **_keys(list="lists")}, setting=_old_log),
    Ran("person show +61491570006 --log sent-log.db", _HELD, setting=_old_log),
    Ran(
        f"person erase +12025550199 --yes {_ON}",
        _keys(
            text="sent_log key erased",
            text_or_null="erased_before outbox",
            object="forgotten",
            flag="traces_left",
            list="lists",
        ),
        setting=_old_log,
    ),
    Ran("check campaigns.yaml", _CHECKED, ExitCode.FILES),
    Ran("check gone.yaml", _CHECKED, ExitCode.FILES),
    Ran("check campaigns.yaml --campaign bike-ready --contacts clean.csv", _CHECKED),
    Ran("preview campaigns.yaml tyre-change", _PREVIEW),
    Ran("preview campaigns.yaml bike-ready --contacts mistaken.csv", _PREVIEW, ExitCode.FILES),
    Ran("preview campaigns.yaml long-winded", _PREVIEW),
    Ran("preview campaigns.yaml tyre-change --explain +12025550101", {**_PREVIEW, **_keys(object="explain")}),
    Ran("send campaigns.yaml bike-ready --yes", _SENT, ExitCode.INCOMPLETE, _rehearsal),
    Ran("send live.yaml autumn --yes --first-run", _SENT, ExitCode.INCOMPLETE, _live(*_MIXED)),
    Ran(
        "send live.yaml autumn --yes --first-run",
        {**_SENT, **_keys(object="error")},
        ExitCode.STOPPED,
        _live(Accept(), Status(401)),
    ),
    Ran("send live.yaml autumn --yes --first-run", _SENT, ExitCode.SIGTERM, _live(Accept(), _Signalled())),
    Ran("send campaigns.yaml bike-ready --dry-run", {**_PLAN, **_keys(flag="dry_run")}),
    Ran(
        "send campaigns.yaml bike-ready --test-to +12025550199",
        {**_OWN_NUMBER, **_keys(text="state gateway_ref code detail", text_or_null="outbox")},
        setting=_rehearsal,
    ),
    Ran(
        "send campaigns.yaml bike-ready --test-to +12025550199 --dry-run",
        {**_OWN_NUMBER, **_keys(flag="dry_run")},
    ),
    Ran(
        "status campaigns.yaml",
        _keys(text="sent_log at", flag="exists", list="campaigns", object="opt_outs synced"),
        setting=_old_log,
    ),
    Ran(
        "status campaigns.yaml",
        _keys(text="sent_log at", flag="exists", list="campaigns", object="opt_outs synced"),
    ),
    Ran(
        "log campaigns.yaml --state in_doubt",
        _keys(text="sent_log", object="states segments", list="messages"),
        setting=_old_log,
    ),
    Ran(
        "resolve campaigns.yaml",
        _keys(text="sent_log", count="sent not_sent unfinished", list="in_doubt"),
        ExitCode.INCOMPLETE,
        _old_log,
    ),
    Ran(
        "resolve campaigns.yaml --campaign spring --sent all --yes",
        _keys(text="sent_log", count="sent not_sent unfinished", list="in_doubt"),
        setting=_old_log,
    ),
    Ran(
        "resolve campaigns.yaml --ask",
        _keys(text="sent_log", count="sent not_sent unfinished", list="in_doubt", object="asked"),
        ExitCode.STOPPED,
        _old_log,
    ),
    Ran("sync asked.yaml", _SYNCED, setting=asked_afterwards),
    Ran("sync campaigns.yaml", _SYNCED, ExitCode.STOPPED, _old_log),
    Ran(f"optout add +12025550101 {_ON}", _ENTERED, setting=_old_log),
    Ran(
        f"optout remove +12025550101 --reinstate why {_ON}",
        _keys(text="sent_log", count="removed", list="not_opted_out"),
        ExitCode.INCOMPLETE,
        _old_log,
    ),
    Ran(f"optout list {_ON}", _keys(text="sent_log", list="opt_outs", count="erased"), setting=_old_log),
    Ran(f"optout import optouts.csv --keep-good {_ON}", _ENTERED, ExitCode.INCOMPLETE, _old_log),
    Ran(f"consent add +12025550101 --level soft --how app {_ON}", _CONSENTS, setting=_old_log),
    Ran(
        "consent import yes.csv --level express --at 2025-03-01 --how paper --dry-run --keep-good"
        " --log sent-log.db",
        _CONSENTS,
        ExitCode.INCOMPLETE,
        _lists_of_consent,
    ),
    Ran(
        f"consent show +12025550101 {_ON}",
        _keys(text="sent_log number", list="now opt_outs records"),
        setting=_old_log,
    ),
    Ran(f"consent export {_ON}", _keys(text="sent_log", list="records"), setting=_old_log),
    Ran(
        f"replies import inbox.csv --keep-good {_ON}",
        _keys(
            text="sent_log",
            count="replies new known opted_out started consents waiting outbound nameless erased untimed",
            object="by_class",
            list="help problems",
        ),
        ExitCode.INCOMPLETE,
        _inbox,
    ),
    Ran("replies classify 'STOP please'", _keys(text="class matched topic language")),
    Ran(f"replies review {_ON}", _keys(text="sent_log", count="decided", list="waiting"), setting=_old_log),
    Ran("gateway list", _keys(list="gateways")),
    Ran(
        "gateway show twilio",
        _keys(
            text="name written realm title documentation what method url auth encoding number",
            count="connections",
            flag="clock_check",
            list="variables rates",
            object="url_variables batch timeouts polls answers",
            text_or_null="proxy",
            object_or_null="idempotency validity",
        ),
    ),
    Ran("gateway show twilio --yaml", _keys(text="name yaml")),
    Ran(
        "gateway try twilio --to +12025550199",
        _keys(text="gateway realm", flag="sent", list="variables", object="request"),
    ),
    Ran("hours", _COUNTRIES),
    Ran("hours +13055550101 --state NY", _PLACE),
    Ran("hours US", _PLACE),
    Ran("hours PL --campaigns campaigns.yaml --campaign tyre-change", _PLACE),
    Ran(
        "segments Hello",
        _keys(text="encoding", count="units segments segments_in_gsm7", list="offenders characters cut"),
    ),
    Ran(
        "segments -",
        _keys(text="encoding", count="units segments segments_in_gsm7", list="offenders characters cut"),
        stdin="Gda\u0144sk \U0001f6b2\n",
    ),
)


@pytest.mark.parametrize("ran", RAN, ids=lambda ran: f"{ran.words} {ran.code.name}")
def test_the_document_of_a_command_that_ran(ran: Ran) -> None:
    with stage(80) as here, ran.setting(here):
        code = here.runs(*shlex.split(ran.words), "--json", stdin=ran.stdin)
        document = _only_document(here.out)
    assert code == ran.code, here.transcript
    assert _found(document, ran.keys) == {**ENVELOPE, **ran.keys}
    _assert_envelope(document, ran.command, ran.code)
    if "error" in document:
        _assert_error(document["error"])


def test_every_command_has_its_document_pinned() -> None:
    assert {ran.command for ran in RAN} == set(leaves())


# --- commands that did not come to run -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failed:
    """A command line that ends before there is an outcome; `command` is what the document says."""

    words: str
    code: ExitCode
    command: str | None
    problems: tuple[str, ...] = ()
    setting: Setting = nullcontext


_FAILURES = (
    Failed("init contacts.csv", ExitCode.USAGE, "init"),
    Failed("completion", ExitCode.USAGE, "completion"),
    Failed("completion cmd", ExitCode.USAGE, "completion"),
    Failed("schema nonsense", ExitCode.USAGE, "schema"),
    Failed("log backup copy.db --log gone.db", ExitCode.SENT_LOG, "log backup"),
    Failed(f"log backup contacts.csv {_ON}", ExitCode.USAGE, "log backup", setting=_old_log),
    Failed("", ExitCode.USAGE, None),
    Failed("segmnts", ExitCode.USAGE, None),
    Failed("--nonsense", ExitCode.USAGE, None),
    Failed("optout", ExitCode.USAGE, "optout"),
    Failed("optout nonsense", ExitCode.USAGE, "optout"),
    Failed("gateway", ExitCode.USAGE, "gateway"),
    Failed("check", ExitCode.USAGE, "check"),
    Failed("check campaigns.yaml --campaign bike-redy", ExitCode.USAGE, "check"),
    Failed("check campaigns.yaml --problems contacts.csv", ExitCode.USAGE, "check"),
    Failed("preview campaigns.yaml", ExitCode.USAGE, "preview"),
    Failed("preview campaigns.yaml bike-redy", ExitCode.USAGE, "preview"),
    Failed("preview gone.yaml bike-ready", ExitCode.FILES, "preview"),
    Failed(
        "preview mistaken.yaml tyre-change",
        ExitCode.FILES,
        "preview",
        ("unknown_key", "wrong_value"),
    ),
    Failed("preview campaigns.yaml bike-ready --at soon", ExitCode.USAGE, "preview"),
    Failed("preview campaigns.yaml bike-ready --limit 0", ExitCode.USAGE, "preview"),
    Failed("send gone.yaml bike-ready --yes", ExitCode.FILES, "send"),
    Failed("send campaigns.yaml bike-ready", ExitCode.REFUSED, "send"),
    Failed("send campaigns.yaml bike-ready --yes --expect 99", ExitCode.REFUSED, "send"),
    Failed("send campaigns.yaml long-winded --yes", ExitCode.REFUSED, "send"),
    Failed(
        "send campaigns.yaml bike-ready --yes --contacts mistaken.csv", ExitCode.FILES, "send", ("too_short",)
    ),
    Failed("send live.yaml autumn --yes", ExitCode.FILES, "send"),
    Failed("send live.yaml autumn --yes", ExitCode.SENT_LOG, "send", setting=_live()),
    Failed("send live.yaml autumn --yes --fresh", ExitCode.USAGE, "send", setting=_live()),
    Failed("send campaigns.yaml bike-ready --yes --log nowhere/sent-log.db", ExitCode.SENT_LOG, "send"),
    Failed("send campaigns.yaml bike-ready --yes --log contacts.csv", ExitCode.SENT_LOG, "send"),
    Failed("status", ExitCode.USAGE, "status"),
    Failed("status gone.yaml", ExitCode.FILES, "status"),
    Failed("log", ExitCode.USAGE, "log"),
    Failed("log --log gone.db", ExitCode.SENT_LOG, "log"),
    Failed("log --log sent-log.db --since soon", ExitCode.USAGE, "log", setting=_old_log),
    Failed("log prune --older-than 1d --log sent-log.db", ExitCode.REFUSED, "log prune", setting=_old_log),
    Failed(f"log prune {_ON}", ExitCode.USAGE, "log prune", setting=_old_log),
    Failed("log prune --older-than 2y --log gone.db", ExitCode.SENT_LOG, "log prune"),
    Failed("person", ExitCode.USAGE, "person"),
    Failed("person show nobody --log sent-log.db", ExitCode.USAGE, "person show", setting=_old_log),
    Failed("person show +12025550199 --log gone.db", ExitCode.SENT_LOG, "person show"),
    Failed(f"person erase +12025550199 {_ON}", ExitCode.REFUSED, "person erase", setting=_old_log),
    Failed(f"person erase +12025550102 --yes {_ON}", ExitCode.REFUSED, "person erase", setting=_old_log),
    Failed("resolve campaigns.yaml", ExitCode.SENT_LOG, "resolve"),
    Failed("resolve campaigns.yaml --sent x", ExitCode.USAGE, "resolve", setting=_old_log),
    Failed(
        "resolve campaigns.yaml --campaign spring --not-sent all",
        ExitCode.REFUSED,
        "resolve",
        setting=_old_log,
    ),
    Failed("hours Polandd", ExitCode.USAGE, "hours"),
    Failed("hours PL --policy nightly", ExitCode.USAGE, "hours"),
    Failed("hours PL --campaigns gone.yaml", ExitCode.FILES, "hours"),
    Failed("optout add 512345678", ExitCode.USAGE, "optout add"),
    Failed(f"optout add +12025550101 {_ON}", ExitCode.SENT_LOG, "optout add"),
    Failed(f"optout import optouts.csv {_ON}", ExitCode.FILES, "optout import", ("short_code",)),
    Failed("consent", ExitCode.USAGE, "consent"),
    Failed(f"consent add +12025550101 {_ON}", ExitCode.USAGE, "consent add"),
    Failed(f"consent import optouts.csv {_ON}", ExitCode.FILES, "consent import", ("half_consent",)),
    Failed("consent show 512345678", ExitCode.USAGE, "consent show"),
    Failed("consent export --log gone.db", ExitCode.SENT_LOG, "consent export"),
    Failed("replies", ExitCode.USAGE, "replies"),
    Failed(f"replies import inbox.csv {_ON}", ExitCode.FILES, "replies import", ("too_short",), _inbox),
    Failed("replies import gone.csv --log gone.db", ExitCode.FILES, "replies import"),
    Failed("replies classify", ExitCode.USAGE, "replies classify"),
    Failed("replies review --log gone.db", ExitCode.SENT_LOG, "replies review"),
    Failed(f"replies review --decide 7=other {_ON}", ExitCode.USAGE, "replies review", setting=_old_log),
    Failed(f"optout import gone.csv {_ON}", ExitCode.FILES, "optout import"),
    Failed(f"optout remove +12025550101 {_ON}", ExitCode.USAGE, "optout remove"),
    Failed("optout list --log gone.db", ExitCode.SENT_LOG, "optout list"),
    Failed("gateway show twlio", ExitCode.USAGE, "gateway show"),
    Failed("gateway try twilio", ExitCode.USAGE, "gateway try"),
    Failed("gateway list --campaigns gone.yaml", ExitCode.FILES, "gateway list"),
    Failed("segments", ExitCode.USAGE, "segments"),
    *(Failed(f"{leaf} --nonsense", ExitCode.USAGE, leaf) for leaf in leaves()),
)


@pytest.mark.parametrize("failed", _FAILURES, ids=lambda failed: f"{failed.words} {failed.code.name}")
def test_the_document_of_a_failure(failed: Failed) -> None:
    with stage(80) as here, failed.setting(here):
        code = here.runs(*shlex.split(failed.words), "--json")
        document = _only_document(here.out)
    assert code == failed.code, here.transcript
    keys = _keys(object="error")
    assert _found(document, keys) == {**ENVELOPE, **keys}
    _assert_envelope(document, failed.command, failed.code)
    codes = _assert_error(document["error"])
    assert codes >= set(failed.problems)


# --- what holds for every document -----------------------------------------------------------------


def _only_document(out: str) -> dict[str, Any]:
    """The document that stdout is, whole and alone."""
    assert out.isascii()
    document, end = json.JSONDecoder().raw_decode(out)
    assert out[end:] == "\n"
    assert isinstance(document, dict)
    return document


def _assert_envelope(document: Mapping[str, Any], command: str | None, code: ExitCode) -> None:
    assert list(document)[:3] == ["schema", "command", "status"]
    assert document["schema"] == SCHEMA
    assert document["command"] == command
    assert document["status"] == STATUS[code]


def _assert_error(error: Mapping[str, Any]) -> set[str]:
    """The codes of its problems."""
    assert _found(error, ERROR) == ERROR
    assert error["message"]
    for problem in error["problems"]:
        assert _found(problem, PROBLEM) == PROBLEM
    return {problem["code"] for problem in error["problems"]}


def _found(document: Mapping[str, Any], wanted: Mapping[str, str]) -> dict[str, str]:
    """Each key with its type: as it is wanted where it fits, else as it is."""
    pinned = {**ENVELOPE, **wanted}
    return {key: _type(value, pinned.get(key, "")) for key, value in document.items()}


def _type(value: object, wanted: str) -> str:
    for word in filter(None, wanted.split(" or ")):
        if isinstance(value, _WORDS[word]) and isinstance(value, bool) == (word == "flag"):
            return wanted
    return f"unexpected: {value!r}"
