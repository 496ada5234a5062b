"""The scenes: what an operator types, one after the other, in a folder with the files of `files/`."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smscli.cli.app import COMMANDS
from smscli.cli.wiring import SystemClock
from smscli.domain.message import Receipt, State
from smscli.domain.msisdn import Msisdn
from tests.cli.sample_log import message, run, sample
from tests.golden.stage import NOW, Stage, stage
from tests.support.answers import Accept, AcceptSome, Answer, ResetAfterReading, Status
from tests.support.bridge import PROFILE, Bridge
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN, indented

Setting = Callable[[Stage], AbstractContextManager[object]]

WIDTHS = (80, 120)


@dataclass(frozen=True, slots=True)
class Line:
    """A command line behind `smscli`, and what is typed or piped into it."""

    words: str
    typed: str | None = None
    stdin: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Some command lines, and what the folder holds before them besides the files."""

    lines: tuple[Line, ...]
    setting: Setting = nullcontext


def played(scene: Scene, columns: int, *, encoding: str = "utf-8", on_terminal: bool = False) -> str:
    """Everything the operator saw."""
    with (
        stage(columns, encoding=encoding, on_terminal=on_terminal) as here,
        scene.setting(here),
    ):
        for line in scene.lines:
            here.runs(*shlex.split(line.words), typed=line.typed, stdin=line.stdin)
        return here.told


def _scene(*lines: str | Line, setting: Setting = nullcontext) -> Scene:
    return Scene(tuple(Line(each) if isinstance(each, str) else each for each in lines), setting)


# --- settings ------------------------------------------------------------------------------------


@contextmanager
def _old_log(here: Stage) -> Iterator[None]:
    """A sent log of two days ago: people accepted, in doubt and submitting."""
    sample(here.folder / "sent-log.db")
    yield


def _gateway(*answers: Answer) -> Setting:
    """A live gateway that answers so, and accepts whatever comes after."""

    @contextmanager
    def setting(here: Stage) -> Iterator[None]:
        with LoopbackGateway(clock_ahead=NOW - datetime.now(UTC)) as gateway:
            gateway.script(*answers)
            here.port = gateway.port
            here.environ |= {"SMS_GATEWAY_URL": gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
            yield

    return setting


@contextmanager
def _rehearsal(here: Stage) -> Iterator[None]:
    """The sandbox has the machine's clock; what is shown of such a send holds no time."""
    here.clock = SystemClock()
    yield


_ASKED = f"""\
version: 1
brand: Green Garage
sender: "+12025550143"
gateway:
  preset: generic-json
{indented(PROFILE, 2)}
sent_log: sent-log.db
timezone: America/New_York

campaigns:
  spring:
    purpose: transactional
    text: "Green Garage: your bike is ready."
"""


def _handed(log: Path, names: str, state: State, ago: timedelta) -> None:
    """Messages of campaign spring that the gateway took, or may have: one for each letter."""
    messages = [
        message(f"spring-{name}", "spring", Msisdn(f"+12025550{100 + ord(name) - ord('a')}", "US"))
        for name in names
    ]
    receipts = [Receipt(each.id, state, f"ref-{each.id[-1]}") for each in messages]
    run(log, messages, receipts, NOW - ago, gateway="generic-json")


@contextmanager
def asked_afterwards(here: Stage) -> Iterator[None]:
    """A gateway that has news of messages of this morning, and of one that is not ours."""
    (here.folder / "asked.yaml").write_text(_ASKED, encoding="utf-8")
    _handed(here.folder / "sent-log.db", "abcdef", State.ACCEPTED, timedelta(hours=3))
    _handed(here.folder / "sent-log.db", "ghi", State.IN_DOUBT, timedelta(hours=2))
    at = NOW.isoformat()
    bridge = Bridge(
        reports=[
            *({"ref": f"ref-{name}", "status": "delivered", "at": at} for name in "abc"),
            {"ref": "ref-d", "status": "failed", "code": "30005", "at": at},
            {"ref": "ref-e", "status": "failed", "code": "stopped", "at": at},
            {"ref": "ref-f", "status": "buffered", "at": at},
            {"id": "spring-g", "status": "delivered", "at": at},
            {"ref": "8841", "to": "+12025550199", "status": "delivered", "at": at},
        ],
        inbox=[
            {"id": "1", "from": "+12025550101", "to": "+12025550143", "text": text, "at": at}
            for text in ("Thanks!", "STOP this bill", "HELP")
        ],
        stops=[{"number": "+12025550102", "at": at}],
        found={"spring-h": "delivered"},
    )
    with LoopbackGateway() as gateway:
        gateway.otherwise(bridge)
        here.port = gateway.port
        here.environ |= {"SMS_GATEWAY_URL": gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
        yield


_WORDY = """\
version: 1
brand: Green Garage
sender: Garage
gateway: sandbox
sent_log: sent-log.db
contacts: {file: contacts.csv, region: US, columns: {opt_out: unsubscribed}}
timezone: Europe/Warsaw

campaigns:
  offers:
    purpose: marketing
    country_rules: false
    topic: offers
    consent: {level: soft}
    quiet_hours: {windows: {mon-sun: "09:00-21:00"}, holidays: ignore}
    text:
      en: >-
        {{ first_name }}, BIG WINTER SALE!!! Call +12025550143 or see http://bit.ly/x \N{EN DASH} Reply STOP
        to opt out
      pl: "{{ first_name }}, wyprzedaż opon! Zadzwoń: +12025550143 albo http://bit.ly/x. Odpisz STOP"

  ready:
    purpose: transactional
    quiet_hours: off
    encoding: gsm7
    fallback: true
    text:
      en: >-
        Green Garage: hello {{ first_name | default("you") }}, it\N{RIGHT SINGLE QUOTATION MARK}s ready
        \N{EN DASH} come by\N{HORIZONTAL ELLIPSIS}
      pl: >-
        Green Garage: {{ first_name }}, Twój rower jest już gotowy do odbioru, zapraszamy do nas.
        Mapa: {{ link }}
      el: "Green Garage: {{ first_name }}, έτοιμο το ποδήλατο! {{ link }}"
"""


@contextmanager
def _wordy(here: Stage) -> Iterator[None]:
    """A campaigns file with texts that rules object to, and with texts that are spelled otherwise."""
    (here.folder / "wording.yaml").write_text(_WORDY, encoding="utf-8")
    yield


#: Two accepted, one rejected, one in doubt.
_MIXED = (Accept(), Accept(), AcceptSome(refuse={"+12025550103": "30003"}), ResetAfterReading())


# --- the table ------------------------------------------------------------------------------------


def _helps() -> Iterator[tuple[str, Scene]]:
    yield "help", _scene("--help")
    for name, listed in COMMANDS.items():
        for words in (name, *(f"{name} {verb}" for verb in listed.verbs)):
            yield f"help-{words.replace(' ', '-')}", _scene(f"{words} --help")


SCENES: Mapping[str, Scene] = {
    **dict(_helps()),
    # what goes wrong before a command runs
    "usage-no-command": _scene(""),
    "usage-unknown": _scene(
        "segmnts", "optout nonsense", "log --nonsense", "preview campaigns.yaml", "log --state gone"
    ),
    "errors-files": _scene(
        "preview gone.yaml tyre-change",
        "preview mistaken.yaml tyre-change",
        "preview campaigns.yaml bike-redy",
        "preview campaigns.yaml bike-ready --contacts gone.csv",
        "preview campaigns.yaml bike-ready --contacts optouts.csv",
    ),
    "errors-log": _scene("log", "log campaigns.yaml", "log --log contacts.csv", "resolve --log gone.db"),
    # the first steps
    "init": _scene(
        "init start",
        "init start",
        "init contacts.csv",
        "init nowhere/start",
    ),
    "schema": _scene("schema nonsense"),
    "completion": _scene("completion cmd"),  # its scripts are files, and printed as they are
    "check": _scene(
        "check campaigns.yaml --campaign bike-ready --contacts clean.csv",
        "check campaigns.yaml --campaign tyre-change",
        "check live.yaml",
    ),
    "check-problems": _scene(
        "check mistaken.yaml",
        "check campaigns.yaml",
        "check campaigns.yaml --contacts mistaken.csv",
        "check gone.yaml",
    ),
    # hours
    "hours": _scene("hours", "hours US"),
    "hours-place": _scene(
        "hours PL",
        "hours US-FL",
        "hours +13055550101 --state 'New York'",
        "hours Iceland --at 2026-12-24T12:00",
        "hours PL --campaigns campaigns.yaml --campaign tyre-change",
        "hours DE --policy office --state Bayern",
        "hours +18005550101",
    ),
    "hours-mistyped": _scene(
        "hours Polandd",
        "hours 512345678",
        "hours PL --zip 33101",
        "hours US-FL --state NY",
        "hours --zone Europe/Warsaw",
        "hours PL --policy nightly",
        "hours PL --campaign tyre-change",
        "hours PL --campaigns campaigns.yaml --campaign tyre-chnge",
        "hours PL --zone CET",
    ),
    # segments
    "segments": _scene(
        "segments 'Your bike is ready.'",
        "segments 'Tw\N{LATIN SMALL LETTER O WITH ACUTE}j rower jest gotowy \N{EN DASH} zapraszamy!'",
        Line(
            "segments -",
            stdin="Dear \N{CJK UNIFIED IDEOGRAPH-5C0F}\N{CJK UNIFIED IDEOGRAPH-660E}, your bicycle has been"
            " looked after with care \N{EN DASH} and waits for you at the counter \N{BICYCLE}\n",
        ),
        "segments",
        Line("segments --jsonl", stdin='"Hello"\n"Gda\\u0144sk"\nHello\n'),
    ),
    "segments-encoding": _scene(
        "segments --encoding gsm7 'Tw\N{LATIN SMALL LETTER O WITH ACUTE}j rower jest gotowy \N{EN DASH} ok!'",
        "segments --encoding tidy 'Your bike is ready.'",
    ),
    # wording and encoding
    "wording": _scene(
        "check wording.yaml --campaign offers",
        "preview wording.yaml offers --at 2026-11-23T16:00",
        "send wording.yaml offers --dry-run",
        setting=_wordy,
    ),
    "encoding": _scene("preview wording.yaml ready", setting=_wordy),
    # the sent log
    "log": _scene(
        "log --log sent-log.db",
        "log campaigns.yaml --campaign spring --state in_doubt",
        "log campaigns.yaml --number +12025550199",
        setting=_old_log,
    ),
    "log-forms": _scene(
        "log --log sent-log.db --jsonl --limit 1",
        "log --log sent-log.db --csv --limit 2",
        "log --log sent-log.db --since 7d --until 2d --realm live",
        setting=_old_log,
    ),
    "log-backup": _scene(
        "log backup copy.db --campaigns campaigns.yaml",
        "log backup copy.db --campaigns campaigns.yaml",
        "log backup nowhere/copy.db --log sent-log.db",
        "log backup copy.db --log gone.db",
        setting=_old_log,
    ),
    "log-prune": _scene(
        "log prune --older-than 2y --campaigns campaigns.yaml",
        "log prune --older-than 30d --campaigns campaigns.yaml",
        "log prune --compact --quiet --campaigns campaigns.yaml",
        "log prune --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    "person": _scene(
        "person show +12025550199 --campaigns campaigns.yaml",
        "person erase +12025550199 --campaigns campaigns.yaml",
        "person erase +12025550199 --yes --campaigns campaigns.yaml",
        "person erase +12025550199 --yes --log sent-log.db",
        "person erase +12025550102 --yes --log sent-log.db",
        setting=_old_log,
    ),
    "status": _scene(
        "status",
        "status campaigns.yaml",
        "send live.yaml autumn --yes --first-run --limit 5 --quiet",
        "optout add +12025550106 --campaigns live.yaml --source phone",
        "status live.yaml",
        setting=_gateway(*_MIXED),
    ),
    "status-old-log": _scene("status --log sent-log.db", setting=_old_log),
    "resolve": _scene(
        "resolve --log sent-log.db",
        Line("resolve --log sent-log.db --campaign spring --not-sent all", typed="1\n"),
        Line("resolve --log sent-log.db --campaign spring --not-sent all", typed="2\n"),
        "resolve --log sent-log.db --sent all --yes",
        "resolve --log sent-log.db",
        setting=_old_log,
    ),
    "resolve-ask": _scene(
        "resolve asked.yaml --ask",
        "resolve asked.yaml --ask --sent all",
        setting=asked_afterwards,
    ),
    "sync": _scene(
        "sync asked.yaml",
        "sync asked.yaml",
        "sync asked.yaml --quiet",
        "status asked.yaml",
        setting=asked_afterwards,
    ),
    "sync-trouble": _scene(
        "sync --log sent-log.db --gateway twlio",
        "sync --log sent-log.db",
        "sync --log sent-log.db --since soon",
        "sync --log gone.db",
        "sync",
        setting=_old_log,
    ),
    "optout": _scene(
        "optout list",
        "optout add +12025550101 +48512345679 --campaigns campaigns.yaml --source phone --note 'rang twice'",
        "optout add '+1 202 555 0101' --topic service-reminders --campaigns campaigns.yaml",
        "optout add +12025550102 --topic servce-reminders --campaigns campaigns.yaml",
        "optout add 512345678 --campaigns campaigns.yaml",
        "optout list --campaigns campaigns.yaml",
        "optout remove +48512345679 --campaigns campaigns.yaml",
        "optout remove +48512345679 --reinstate 'wrote START by mail' --campaigns campaigns.yaml",
        "optout remove +12025550199 --reinstate 'by mistake' --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    "optout-import": _scene(
        "optout import optouts.csv --campaigns campaigns.yaml",
        "optout import optouts.csv --campaigns campaigns.yaml --keep-good",
        "optout list --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    "optout-for-a-time": _scene(
        "optout add +12025550101 --for 90d --source phone --sender 3344 --campaigns campaigns.yaml",
        "optout add +12025550102 --until 2020-01-01 --campaigns campaigns.yaml",
        "optout list --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    "consent": _scene(
        "consent add +12025550101 --campaigns campaigns.yaml",
        "consent add +12025550101 --level express --how paper --at 2026-03-01 --where 'spring fair'"
        " --words 'Text me offers, up to twice a month' --topics offers --promise '2 a month'"
        " --campaigns campaigns.yaml",
        "optout add +12025550101 --topic service-reminders --campaigns campaigns.yaml",
        "consent show +12025550101 --campaigns campaigns.yaml",
        "consent export --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    "consent-import": _scene(
        "consent import optouts.csv --campaigns campaigns.yaml",
        "consent import optouts.csv --level express --how papr --at 2026-03-01 --campaigns campaigns.yaml",
        "consent import optouts.csv --level express --how paper --at 2026-03-01 --campaigns campaigns.yaml",
        "consent import optouts.csv --level none --how paper --at 2026-03-01 --keep-good --dry-run"
        " --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    "replies": _scene(
        "replies classify 'Stop. Thank you'",
        "replies classify 'STOP this bill' --json",
        "replies import optouts.csv --campaigns campaigns.yaml",
        "replies import replies.csv --campaigns campaigns.yaml",
        "replies import replies.csv --campaigns campaigns.yaml",
        "replies review --list --campaigns campaigns.yaml",
        "replies review --decide 4=other --campaigns campaigns.yaml",
        "replies review --list --campaigns campaigns.yaml",
        "optout list --campaigns campaigns.yaml",
        setting=_old_log,
    ),
    # preview
    "preview": _scene("preview campaigns.yaml tyre-change"),
    "preview-several-languages": _scene("preview campaigns.yaml bike-ready"),
    "preview-at-night": _scene("preview campaigns.yaml tyre-change --at 2026-11-24T23:30"),
    "preview-bad-rows": _scene(
        "preview campaigns.yaml bike-ready --contacts mistaken.csv --problems bad.csv",
    ),
    "preview-several-lists": _scene(
        "preview several.yaml bike-ready --problems bad.csv --duplicates twice.csv",
        "preview several.yaml bike-ready --explain +48512345678",
    ),
    "preview-limits": _scene("preview campaigns.yaml long-winded", "preview campaigns.yaml dear --limit 3"),
    "preview-nobody": _scene(
        Line(
            "preview campaigns.yaml dear --contacts -",
            stdin="phone,first_name,unsubscribed\n+12025550101,Ann,yes\n",
        ),
        Line("preview campaigns.yaml dear --contacts -", stdin=""),
    ),
    "preview-after-a-send": _scene(
        "send live.yaml autumn --yes --first-run --limit 2 --quiet",
        "preview live.yaml autumn",
        setting=_gateway(),
    ),
    "preview-plan-lines": _scene("preview live.yaml autumn --limit 1 --plan -"),
    "explain-sendable": _scene("preview campaigns.yaml tyre-change --explain +12025550101"),
    "explain-skipped": _scene(
        "preview campaigns.yaml tyre-change --explain '+1 202 555 0104'",
        "preview campaigns.yaml tyre-change --explain +48512345678",
    ),
    "explain-held": _scene("preview campaigns.yaml tyre-change --explain +18085550108"),
    "explain-nobody": _scene("preview campaigns.yaml tyre-change --explain +12025550199"),
    # send
    "send-question": _scene(
        Line("send campaigns.yaml bike-ready", typed="y\n"),
        Line("send campaigns.yaml bike-ready", typed=""),
    ),
    "send-done": _scene(
        "send campaigns.yaml bike-ready --yes",
        "send campaigns.yaml bike-ready --yes",
        "send campaigns.yaml bike-ready --yes --quiet",
        setting=_rehearsal,
    ),
    "send-live-question": _scene(Line("send live.yaml autumn --limit 1", typed="1\n"), setting=_gateway()),
    "send-incomplete": _scene(
        "send live.yaml autumn --yes --first-run --limit 5",
        "send live.yaml autumn --yes --again rejected",
        setting=_gateway(*_MIXED),
    ),
    "send-stopped": _scene(
        "send live.yaml autumn --yes --first-run",
        setting=_gateway(Accept(), Status(401, b'{"error": "bad token"}')),
    ),
    "send-refused": _scene(
        "send campaigns.yaml bike-ready",
        "send campaigns.yaml bike-ready --yes --expect 99",
        "send campaigns.yaml long-winded --yes",
        "send campaigns.yaml dear --yes",
        "send campaigns.yaml bike-ready --yes --contacts mistaken.csv",
        "send live.yaml autumn --yes",
        "send live.yaml autumn --yes --fresh",
    ),
    "send-own-number": _scene(
        "send campaigns.yaml bike-ready --test-to +12025550199",
        "send campaigns.yaml bike-ready --test-to +12025550199 --dry-run",
        "send campaigns.yaml bike-ready --test-to +12025550199 --limit 2",
        setting=_rehearsal,
    ),
    "send-fresh": _scene(
        "send campaigns.yaml dear --yes --limit 2 --quiet",
        "send campaigns.yaml dear --yes --limit 2 --fresh",
        setting=_rehearsal,
    ),
    "send-dry-run": _scene("send campaigns.yaml tyre-change --dry-run --limit 2"),
    # gateways
    "gateway-list": _scene("gateway list"),
    "gateway-show": _scene(
        *(f"gateway show {name}" for name in ("sandbox", "twilio", "kannel", "generic-json"))
    ),
    "gateway-show-own": _scene("gateway show --campaigns live.yaml", "gateway show twlio", "gateway show"),
    "gateway-try": _scene(
        "gateway try generic-json --to +12025550199",
        "gateway try kannel --to +12025550199 --from Garage",
        "gateway try twilio",
    ),
    "gateway-try-send": _scene(
        "gateway try --campaigns live.yaml --to +12025550199 --send",
        "gateway try --campaigns live.yaml --to +12025550199 --send",
        setting=_gateway(Accept(), AcceptSome(refuse={"+12025550199": "30003"})),
    ),
}
