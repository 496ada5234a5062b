"""A folder with a campaigns file and a list, and smscli run on it in this process, for real."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from smscli.cli.app import run
from smscli.cli.present.screen import Screen
from smscli.cli.wiring import SystemClock, World, new_id
from smscli.domain.message import Realm
from smscli.domain.ports import LogFilter, LoggedMessage
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import Finished, Terminal
from tests.support.loopback import LoopbackGateway
from tests.support.sending import TOKEN

TOP = """\
version: 1
brand: Green Garage
sender: Garage
sent_log: sent-log.db
contacts: contacts.csv
"""

READY = """\
  ready:
    purpose: transactional
    quiet_hours: off
    text: "Green Garage: {{ first_name }}, your bike is ready."
"""


class _TerminalScreen(io.StringIO):
    def isatty(self) -> bool:
        return True


class _WrongClock(SystemClock):
    """The machine's clock, wrong by so much."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return super().now() + self._ahead


@dataclass
class Desk:
    """Where an operator sits. Tests enter the folder, so that names are as people type them."""

    path: Path
    environ: dict[str, str] = field(default_factory=dict)
    ahead: timedelta = timedelta()

    def campaigns(self, campaigns: str = READY, *, top: str = "", gateway: str = "sandbox") -> None:
        """Write the campaigns file."""
        text = f"{TOP}gateway: {gateway}\n{top}campaigns:\n{campaigns}"
        (self.path / "campaigns.yaml").write_text(text, encoding="utf-8")

    def live(
        self, gateway: LoopbackGateway, campaigns: str = READY, *, profile: str = "", top: str = ""
    ) -> None:
        """Write the campaigns file for a gateway of the live realm."""
        self.environ |= {"SMS_GATEWAY_URL": gateway.url, "SMS_GATEWAY_TOKEN": TOKEN}
        self.campaigns(campaigns, top=top, gateway=f"{{preset: generic-json{profile and ', '}{profile}}}")

    def contacts(self, *rows: str, header: str = "phone,first_name") -> None:
        """Write the list."""
        (self.path / "contacts.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")

    def people(self, count: int, start: int = 0) -> None:
        """A list of so many people."""
        self.contacts(*(f"+1202555{start + index:04},Ola{index}" for index in range(count)))

    def __call__(
        self,
        *arguments: str,
        stdin: bytes = b"",
        typed: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run one command line; `typed` sits at a terminal."""
        out = io.StringIO()
        err = io.StringIO() if typed is None else _TerminalScreen()
        keyboard = io.TextIOWrapper(io.BytesIO(stdin)) if typed is None else Terminal(typed)
        screen = Screen(out, err, json="--json" in arguments, quiet="--quiet" in arguments)
        world = World(
            clock=_WrongClock(self.ahead),
            new_id=new_id,
            operator=lambda: "ola@desk",
            environ={**self.environ, **(environ or {})},
            stdin=keyboard,
            screen=screen,
        )
        with redirect_stdout(out), redirect_stderr(err):
            code = run(arguments, world)
        return Finished(code, out.getvalue(), err.getvalue())

    def preview(self, *arguments: str, campaign: str = "ready", stdin: bytes = b"") -> Finished:
        return self("preview", "campaigns.yaml", campaign, *arguments, stdin=stdin)

    def plan(self, *arguments: str, campaign: str = "ready", stdin: bytes = b"") -> dict[str, Any]:
        """The JSON document of a preview."""
        return self.preview("--json", *arguments, campaign=campaign, stdin=stdin).document

    def send(self, *arguments: str, campaign: str = "ready", stdin: bytes = b"") -> Finished:
        """One unattended send."""
        return self("send", "campaigns.yaml", campaign, "--yes", *arguments, stdin=stdin)

    def sent(self, *arguments: str, campaign: str = "ready") -> dict[str, Any]:
        """The JSON document of a send."""
        return self.send("--json", *arguments, campaign=campaign).document

    @property
    def log_path(self) -> Path:
        return self.path / "sent-log.db"

    def rows(self) -> list[LoggedMessage]:
        """Every message of the sent log."""
        with closing(open_sent_log(self.log_path, create=False, busy_wait=5)) as log:
            return list(log.messages(LogFilter()))

    def live_messages(self) -> bool:
        """Would an unattended live send be no first run?"""
        return any(row.realm is Realm.LIVE for row in self.rows())

    def outbox(self) -> Sequence[dict[str, Any]]:
        """What the sandbox took."""
        path = self.path / "sent-log.outbox.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def files(self) -> set[str]:
        return {each.name for each in self.path.iterdir()}
