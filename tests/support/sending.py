"""Campaigns and lists on disk, and `smscli send`: in a child process that may be killed, or in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from smscli.domain.ports import LogFilter, LoggedMessage
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import Finished, in_process

TOKEN = "loopback-secret-token"

_CAMPAIGNS = """\
version: 1
brand: Green Garage
sender: Garage
sent_log: sent-log.db
contacts: contacts.csv
gateway:
  preset: generic-json
{profile}
campaigns:
  ready:
    purpose: transactional
    quiet_hours: off
    text: "{text}"
{more}
"""

#: Each person has a text of their own.
OWN_TEXT = "Green Garage: {{ first_name }}, your bike is ready."


def indented(text: str, spaces: int) -> str:
    """The lines of a YAML fragment, moved to the right."""
    return "\n".join(" " * spaces + line for line in text.strip().splitlines())


@dataclass
class Folder:
    """A folder with a campaigns file and a list, and the program run in it."""

    path: Path
    url: str
    profile: str = ""
    more: str = ""
    text: str = OWN_TEXT
    environ: Mapping[str, str] = field(default_factory=dict)

    def write(self, people: int, start: int = 0) -> None:
        """Campaign `ready` for so many people."""
        text = _CAMPAIGNS.format(
            profile=indented(self.profile, 2), more=indented(self.more, 4), text=self.text
        )
        (self.path / "campaigns.yaml").write_text(text, encoding="utf-8")
        rows = [f"+1202555{start + index:04},Ola{index}" for index in range(people)]
        (self.path / "contacts.csv").write_text("\n".join(["phone,first_name", *rows, ""]), encoding="utf-8")

    @property
    def log_path(self) -> Path:
        return self.path / "sent-log.db"

    def start(self, *arguments: str, command: str = "send") -> subprocess.Popen[str]:
        """The program, running."""
        return subprocess.Popen(
            [sys.executable, "-m", "smscli", command, "campaigns.yaml", "ready", *arguments],
            cwd=self.path,
            env=os.environ | self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def send(self, *arguments: str) -> Finished:
        """One unattended send, to its end, in this process; --first-run where it is one."""
        first = () if self.has_live_messages() else ("--first-run",)
        words = ("send", "campaigns.yaml", "ready", "--yes", *first, *arguments)
        return in_process(*words, cwd=self.path, environ=self._variables)

    @property
    def _variables(self) -> dict[str, str]:
        return {"SMS_GATEWAY_URL": self.url, "SMS_GATEWAY_TOKEN": TOKEN, **self.environ}

    def has_live_messages(self) -> bool:
        if not self.log_path.exists():
            return False
        with closing(open_sent_log(self.log_path, create=False, busy_wait=5)) as log:
            return log.has_live_messages()

    def rows(self) -> list[LoggedMessage]:
        """Every message of the sent log."""
        with closing(open_sent_log(self.log_path, create=False, busy_wait=5)) as log:
            return list(log.messages(LogFilter()))
