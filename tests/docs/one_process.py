"""Plays the sessions of a page as `sessions.play` does, but smscli in this process: the same, and quicker.

What is no plain `smscli …` (an `echo … >> file`, a pipe, an `export`) is left to a shell, whose folder and
variables the next command starts with.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from tests.cli.program import Finished, in_process
from tests.docs.sessions import Played, Step

#: What a shell would do something with, outside quotes or in double ones; and what it would do by itself.
_FOR_A_SHELL = re.compile(r"[|&;<>()$`\\\n*?~\[]")
_COMMENT = re.compile(r"\s+#.*$")
#: Behind a command, its shell tells where it stands and what it exported.
_TELL = "__code=$?; pwd >'{0}/pwd'; env -0 >'{0}/env'; exit $__code"


@dataclass
class Seat:
    """Where the next command is typed, and the exit code of the last one."""

    folder: Path
    environ: Mapping[str, str]
    notes: Path
    code: int = 0

    def type(self, step: Step) -> Played:
        """One command, wherever it is run."""
        words = plain_words(step.typed)
        told = self._in_shell(step.typed) if words is None else self._here(words)
        self.code = told.code
        return Played(step, told.code, told.out, told.err)

    def _here(self, words: Sequence[str]) -> Finished:
        with patch.dict(os.environ, self.environ, clear=True):
            return in_process(*words, cwd=self.folder)

    def _in_shell(self, typed: str) -> Finished:
        lines = f"(exit {self.code})\n{typed}\n{_TELL.format(self.notes)}\n"
        done = subprocess.run(
            ["sh", "-c", lines],
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
            check=False,
        )
        self.folder = Path((self.notes / "pwd").read_text("utf-8").rstrip("\n"))
        told = (self.notes / "env").read_text("utf-8").rstrip("\0").split("\0")
        self.environ = dict(variable.split("=", 1) for variable in told)
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def play(todo: Sequence[Step], folder: Path, notes: Path, environ: Mapping[str, str]) -> list[Played]:
    """Type the steps one after the other, beginning in `folder`."""
    seat = Seat(folder, environ, notes)
    return [seat.type(step) for step in todo]


def plain_words(typed: str) -> list[str] | None:
    """What stands behind `smscli`, None for a command that only a shell can run."""
    unquoted = re.sub(r"'[^']*'", "", _COMMENT.sub("", typed))
    if not unquoted.startswith("smscli ") or _FOR_A_SHELL.search(unquoted):
        return None
    return shlex.split(typed, comments=True)[1:]
