"""Runs smscli as people do, in a child process, or in this one where that says the same and is faster."""

from __future__ import annotations

import ctypes
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from smscli.cli.app import COMMANDS, Listed, run
from smscli.cli.present.screen import Screen
from smscli.cli.wiring import World

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finished:
    """What was left when the program ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects on stdout, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def child(
    *arguments: str,
    stdin: str | bytes = b"",
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    program: Sequence[str] = ("-m", "smscli"),
    timeout: float = 60,
    before: Callable[[], None] | None = None,
) -> Finished:
    """A real process with pipes; stdout and stderr are read as UTF-8."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}
    }
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=clean | dict(environ or {}),
        cwd=cwd,
        timeout=timeout,
        check=False,
        preexec_fn=before,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


_PR_CAPBSET_DROP, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2


def obey_file_modes() -> None:
    """Root obeys none; without these capabilities (Linux) it does, once it starts another program."""
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


class StoppedClock:
    """A clock that is told the time."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class Terminal(io.StringIO):
    """Something typed at a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Program:
    """smscli in this process: same front door, streams in memory, a clock that stands still."""

    environ: Mapping[str, str] = field(default_factory=dict)
    now: datetime = NOW
    commands: Mapping[str, Listed] = field(default_factory=lambda: COMMANDS)

    def __call__(self, *arguments: str, stdin: str = "", typed: str | None = None) -> Finished:
        out, err = io.StringIO(), io.StringIO()
        flags = {name: f"--{name}" in arguments for name in ("json", "quiet")}
        screen = Screen(out, err, environ=self.environ, **flags)
        keyboard = io.StringIO(stdin) if typed is None else Terminal(typed)
        world = World(
            clock=StoppedClock(self.now),
            new_id=lambda: "0" * 32,
            operator=lambda: "ola@desk",
            environ=self.environ,
            stdin=keyboard,
            screen=screen,
        )
        with redirect_stdout(out), redirect_stderr(err):  # help is printed by typer itself
            code = run(arguments, world, self.commands)
        return Finished(code, out.getvalue(), err.getvalue())
