"""What goes wrong at a desk on a Friday at 17:40: a mistake, the folder it happens in, and what is typed.

    done = play(mistake, empty_folder)                     smscli run for real, in that folder
    message(done)                                          what it said, as the operator sees it

The mistakes themselves are in `mistakes.py`.
"""

from __future__ import annotations

import shlex
import socket
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, chdir, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smscli.domain.message import Realm
from smscli.sentlog.locks import campaign_lock
from tests.cli.desk import READY, TOP, Desk
from tests.cli.program import Finished, obeying_file_modes
from tests.support.answers import Answer
from tests.support.loopback import LoopbackGateway

#: What a mistake needs before the command is typed; what has to end is put on the stack.
Given = Callable[[Desk, ExitStack], None]

SEND = "smscli send campaigns.yaml ready --yes"
PREVIEW = "smscli preview campaigns.yaml ready"

OFFER = """\
  offer:
    purpose: marketing
    country_rules: false
    topic: offers
    text: "Green Garage: {{ first_name }}, winter tyres from Monday. Reply STOP to opt out"
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: what happened, where, what is typed, and what has to be said.

    `says` are words of stderr, or of stdout where the program did not fail.
    """

    name: str
    typed: str
    exit: int
    says: tuple[str, ...]
    given: tuple[Given, ...] = ()
    answered: str | None = None  # at a terminal
    stdin: bytes = b""
    unprivileged: bool = False  # obeying file modes even where the tests are root


def play(mistake: Mistake, folder: Path) -> Finished:
    """Make the mistake in an empty folder, with a campaigns file for the sandbox and a list of two in it."""
    desk = Desk(folder)
    with chdir(folder), ExitStack() as things:
        desk.campaigns()
        desk.people(2)
        for each in mistake.given:
            each(desk, things)
        arguments = shlex.split(mistake.typed)[1:]
        if mistake.unprivileged:
            things.enter_context(obeying_file_modes())
        return desk(*arguments, stdin=mistake.stdin, typed=mistake.answered)


def message(done: Finished) -> str:
    """What the operator reads of it: from the error on, or else the summary."""
    lines = done.err.splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith(("error:", "warning:"))), None)
    return "\n".join(lines[start:]) if start is not None else done.out.rstrip()


# --- what is given -------------------------------------------------------------------------------


def a_file(name: str, content: str | bytes) -> Given:
    """A file with this content, whatever was there before."""
    octets = content.encode() if isinstance(content, str) else content

    def put(desk: Desk, _: ExitStack) -> None:
        (desk.path / name).parent.mkdir(exist_ok=True, parents=True)
        (desk.path / name).write_bytes(octets)

    return put


def no_file(name: str) -> Given:
    return lambda desk, _: (desk.path / name).unlink()


def mode(name: str, bits: int) -> Given:
    """Rights of a file or a folder, until the mistake was made."""

    def change(desk: Desk, things: ExitStack) -> None:
        path = desk.path / name
        things.callback(path.chmod, path.stat().st_mode)
        path.chmod(bits)

    return change


def campaigns(campaigns: str = READY, *, top: str = "", gateway: str = "sandbox") -> Given:
    return lambda desk, _: desk.campaigns(campaigns, top=top, gateway=gateway)


def text(text: str) -> Given:
    """The campaign with another text."""
    return campaigns(READY.replace("{{ first_name }}, your bike is ready.", text))


def ready(more: str) -> Given:
    """The campaign with more lines."""
    return campaigns(READY + "".join(f"    {line}\n" for line in more.splitlines()))


def as_they_stand(content: str) -> Given:
    """The campaigns file, word by word."""
    return a_file("campaigns.yaml", content)


def says_of_the_list(more: str) -> Given:
    """The campaigns file says more about its list."""
    top = TOP.replace("contacts: contacts.csv", f"contacts: {{file: contacts.csv, {more}}}")
    return as_they_stand(f"{top}gateway: sandbox\ncampaigns:\n{READY}")


def offer(desk: Desk, _: ExitStack) -> None:
    """A marketing campaign."""
    desk.campaigns(OFFER)


def all_night(desk: Desk, _: ExitStack) -> None:
    """Hours that are over, wherever the recipients are now, or a day off."""
    desk.campaigns(
        READY.replace("quiet_hours: off", f"quiet_hours: {{windows: {{{_not_today()}: 09:00-20:00}}}}")
    )


def _not_today() -> str:
    """A weekday that it is nowhere now."""
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(datetime.now(UTC).weekday() + 3) % 7]


def rows(*rows: str, header: str = "phone,first_name") -> Given:
    return lambda desk, _: desk.contacts(*rows, header=header)


def done(*commands: str) -> Given:
    """What was typed before, without a mistake."""

    def run(desk: Desk, _: ExitStack) -> None:
        for command in commands:
            desk(*shlex.split(command)[1:])

    return run


def gateway(
    *answers: Answer, ahead: timedelta = timedelta(), path: str = "/messages", profile: str = ""
) -> Given:
    """A live gateway that answers so, and a log that has sent before, so that --first-run is not needed."""

    def serve(desk: Desk, things: ExitStack) -> None:
        served = things.enter_context(LoopbackGateway(clock_ahead=ahead, may_repeat=True))
        desk.live(served, READY, profile=profile)
        desk.people(1, start=900)
        if not ahead:
            desk.send("--first-run")
        desk.people(2)
        served.script(*answers)

    return serve


def environ(**values: str) -> Given:
    return lambda desk, _: desk.environ.update(values)


def clock(ahead: timedelta) -> Given:
    """From here on the machine's clock is so far ahead."""

    def turn(desk: Desk, _: ExitStack) -> None:
        desk.ahead = ahead

    return turn


def another_send(desk: Desk, things: ExitStack) -> None:
    """A second terminal sends the same campaign."""
    things.enter_context(campaign_lock(desk.log_path, Realm.SANDBOX, "ready"))


def closed_port(desk: Desk, things: ExitStack) -> None:
    """A gateway's address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    desk.environ |= {"SMS_GATEWAY_URL": f"http://127.0.0.1:{port}/messages"}


def sql(*statements: str) -> Given:
    """Somebody went at the sent log by hand."""

    def run(desk: Desk, _: ExitStack) -> None:
        with closing(sqlite3.connect(desk.log_path)) as log:
            for statement in statements:
                log.execute(statement)
            log.commit()

    return run


def a_foreign_database(desk: Desk, _: ExitStack) -> None:
    with closing(sqlite3.connect(desk.path / "other.db")) as other:
        other.execute("CREATE TABLE something (else_)")


def cut(name: str, octets: int) -> Given:
    """Only the beginning of a file is left."""

    def shorten(desk: Desk, _: ExitStack) -> None:
        (desk.path / name).write_bytes((desk.path / name).read_bytes()[:octets])

    return shorten
