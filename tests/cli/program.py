"""Runs smscli as people do, in a child process, or in this one where that says the same and is faster."""

from __future__ import annotations

import ctypes
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from smscli.cli.app import COMMANDS, Listed, run
from smscli.cli.present.screen import Screen
from smscli.cli.wiring import World, real_world

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
) -> Finished:
    """A real process with pipes; stdout and stderr are read as UTF-8."""
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=_no_screen() | dict(environ or {}),
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


def in_process(
    *arguments: str,
    stdin: str | bytes = b"",
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Finished:
    """What `child` would tell, a second sooner: this process, with folder, streams and variables of its own.

    For what starting a process adds nothing to. Not for locales, signals, or streams that fail.
    """
    read = io.TextIOWrapper(io.BytesIO(stdin.encode() if isinstance(stdin, str) else stdin), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    streams = {"stdin": read, "stdout": out, "stderr": err, "__stdout__": out, "__stderr__": err}
    variables = _no_screen() | dict(environ or {})
    with chdir(cwd or "."), patch.dict(os.environ, variables, clear=True), patch.dict(vars(sys), streams):
        code = run(arguments, real_world(arguments))
    return Finished(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def _no_screen() -> dict[str, str]:
    """The environment, without what says how wide and colourful the screen is."""
    unwanted = {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}
    return {name: value for name, value in os.environ.items() if name not in unwanted}


_VERSION_3, _DAC_OVERRIDE, _DAC_READ_SEARCH = 0x20080522, 1, 2


@contextmanager
def obeying_file_modes() -> Iterator[None]:
    """Root obeys none; without these two capabilities (Linux) this thread does."""
    libc, header = ctypes.CDLL(None), (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    before = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then those beyond the 32nd
    assert libc.capget(header, before) == 0
    effective = int(before[0]) & ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
    less = type(before)(effective, *before[1:])
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0


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
