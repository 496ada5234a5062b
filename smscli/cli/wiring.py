"""Where clock, randomness, ids, environment, streams and rooms are chosen, once.

Rooms and heavy modules are imported inside the functions that need them, so that `--help` does not pay
for SQL, YAML and an event loop.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, TextIO, cast

from smscli.cli.present.screen import Screen
from smscli.domain.errors import UsageError

if TYPE_CHECKING:
    import typer

    from smscli.domain.ports import Clock
    from smscli.sentlog.sqlite import SqliteSentLog

SENT_LOG_VARIABLE = "SMSCLI_SENT_LOG"

#: Seconds that a command waits while another process writes to the sent log.
PATIENCE = 5.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio

        await asyncio.sleep(seconds)


def new_id() -> str:
    """A fresh id for a message, a request or a run: 32 hexadecimal characters."""
    return os.urandom(16).hex()


def operator() -> str:
    """Who is at the keyboard, for records: `user@host`."""
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that a command may touch. `operator` is asked only when a record is made."""

    clock: Clock
    new_id: Callable[[], str]
    operator: Callable[[], str]
    environ: Mapping[str, str]
    stdin: TextIO
    screen: Screen
    resources: ExitStack = field(default_factory=ExitStack)
    """What a Result's lazy text still needs; closed when it has been shown."""


def of(context: typer.Context) -> World:
    """The world of a running command."""
    world = context.obj
    assert isinstance(world, World)
    return world


def real_world(arguments: Sequence[str]) -> World:
    """This process: its clock, its environment, its streams.

    A character that a stream cannot encode (the bullets of a masked number under an ASCII locale)
    becomes a question mark, and a stream that was closed before we started swallows what it is told.
    """
    out, err = (_writable(stream) for stream in (sys.stdout, sys.stderr))
    flags = {name: _has_flag(arguments, f"--{name}") for name in ("json", "quiet")}
    screen = Screen(out, err, environ=os.environ, **flags)
    return World(SystemClock(), new_id, operator, os.environ, _readable(sys.stdin), screen)


def _writable(stream: TextIO | None) -> TextIO:
    if stream is None:
        return _nowhere("w")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    return stream


def _readable(stream: TextIO | None) -> TextIO:
    """UTF-8 whatever the locale, as it was written: a carriage return counts as a character of a text."""
    if stream is None:
        return _nowhere("r")
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    return stream


def _nowhere(mode: str) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode, encoding="utf-8"))


def _has_flag(arguments: Sequence[str], flag: str) -> bool:
    """Asked before anything is parsed, because a wrong command line is answered in the wanted form too."""
    words = list(arguments)
    return flag in (words[: words.index("--")] if "--" in words else words)


# --- the sent log ---


def which_sent_log(
    world: World, *, log: Path | None, campaigns: Path | None, takes_file: bool = False
) -> Path:
    """The path of the sent log: by `--log`, the campaigns file or the environment: never the folder.

    `takes_file`: the command takes the campaigns file as FILE, not behind --campaigns.
    Raises UsageError where nothing says, FilesError where the campaigns file is wrong.
    """
    if log is not None:
        return log
    if campaigns is not None:
        return _sent_log_of(campaigns)
    named = world.environ.get(SENT_LOG_VARIABLE, "")
    if named:
        return Path(named)
    raise UsageError(
        "nothing says which sent log is meant",
        hint=f"{_campaigns_here(takes_file)}, or type --log PATH, or set {SENT_LOG_VARIABLE}",
    )


def _campaigns_here(takes_file: bool) -> str:
    """How to name the campaigns file, with the YAML files of this folder."""
    names = sorted(each.name for each in Path().glob("*.y*ml"))
    if len(names) == 1 and not takes_file:
        return f"type --campaigns {quote(names[0])}"
    here = f" (here: {', '.join(names[:5])})" if names else ""
    return f"name the campaigns file{here}" if takes_file else f"type --campaigns FILE{here}"


def _sent_log_of(campaigns: Path) -> Path:
    from smscli.files.campaign_file import load

    [path] = {defined.sent_log for defined in load(campaigns).campaigns.values()}  # the file names one
    return path


@contextmanager
def existing_sent_log(
    world: World, *, log: Path | None, campaigns: Path | None, takes_file: bool = False
) -> Iterator[tuple[Path, SqliteSentLog]]:
    """An existing sent log and its path, which is told on stderr; closed at the end, never created."""
    path = which_sent_log(world, log=log, campaigns=campaigns, takes_file=takes_file).absolute()
    from smscli.sentlog.sqlite import open_sent_log

    world.screen.note(f"sent log: {path}")
    with closing(open_sent_log(path, create=False, busy_wait=PATIENCE)) as sent_log:
        yield path, sent_log


@contextmanager
def sent_log_if_any(world: World, path: Path) -> Iterator[SqliteSentLog | None]:
    """The sent log at `path`, or None where no send has made one yet; its path is told either way."""
    is_there = may_be_there(path)
    world.screen.note(f"sent log: {path.absolute()}" + ("" if is_there else " (there is none yet)"))
    if not is_there:
        yield None
        return
    from smscli.sentlog.sqlite import open_sent_log

    with closing(open_sent_log(path, create=False, busy_wait=PATIENCE)) as sent_log:
        yield sent_log


def may_be_there(path: Path) -> bool:
    """What may not be looked at counts as there: opening it says what is wrong."""
    try:
        return path.exists()
    except OSError:
        return True
