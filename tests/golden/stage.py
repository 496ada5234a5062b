"""Where screens are made: smscli in this process, at a fixed moment, in a folder of a fixed name.

The front door, the commands, the files and the sent log are the real ones. What is fixed are the seams of
`World`: the clock, ids, the operator, the environment and the streams. Nothing else is made up, and only the
folder's name and a port are replaced afterwards, by ones of the same length.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from shlex import join
from uuid import UUID

from smscli.cli.app import run
from smscli.cli.present.screen import Screen
from smscli.cli.wiring import SystemClock, World
from smscli.domain.ports import Clock

FILES = Path(__file__).parent / "files"

#: A Tuesday: morning in Washington, afternoon in Warsaw, night in Honolulu.
NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)

#: What screens call the folder they were made in.
HOME = "/home/ola/green-garage-campaigns"


class StoppedWall(SystemClock):
    """A wall clock that stands still; waiting takes its time."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


class _Stream(io.TextIOWrapper):
    """A stream that shares its bytes with others, as stdout and stderr share a terminal."""

    def __init__(self, shared: io.BytesIO, encoding: str, *, is_terminal: bool) -> None:
        super().__init__(shared, encoding=encoding, errors="replace", newline="\n", write_through=True)
        self._is_terminal = is_terminal
        self.own = ""

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str, /) -> int:
        self.own += text
        return super().write(text)


class _Keyboard(io.StringIO):
    """Something typed at a terminal, which shows it. Behind its end stands Ctrl-D, which shows nothing."""

    def __init__(self, typed: str, shown_on: _Stream) -> None:
        super().__init__(typed)
        self._shown_on = shown_on

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # of bytes, say the stubs
        line = super().readline(-1 if size is None else size)
        self._shown_on.write(line)
        return line


@dataclass
class Stage:
    """One operator in one folder, at a screen of so many columns.

    `transcript` is what they saw, `out` what the last command line wrote to stdout.
    `on_terminal`: both streams are terminals whose owner set NO_COLOR. Otherwise only what is asked sits at
    one, a dumb one, so that no progress is painted.
    """

    folder: Path
    columns: int
    encoding: str = "utf-8"
    on_terminal: bool = False
    environ: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=lambda: StoppedWall(NOW))
    port: int | None = None
    transcript: str = ""
    out: str = ""
    ids: int = 0

    def new_id(self) -> str:
        """Ids that look like ids and are always the same."""
        self.ids += 1
        return UUID(int=self.ids * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128)).hex

    def runs(self, *words: str, typed: str | None = None, stdin: str = "") -> int:
        """One command line; what it shows goes to the transcript, its exit code too."""
        shown = io.BytesIO()
        out = _Stream(shown, self.encoding, is_terminal=self.on_terminal)
        err = _Stream(shown, self.encoding, is_terminal=self.on_terminal or typed is not None)
        environ = self._environ()
        screen = Screen(out, err, environ=environ, json="--json" in words, quiet="--quiet" in words)
        keyboard = io.TextIOWrapper(io.BytesIO(stdin.encode())) if typed is None else _Keyboard(typed, err)
        world = World(self.clock, self.new_id, lambda: "ola@desk", environ, keyboard, screen)
        with redirect_stdout(out), redirect_stderr(err), _columns(self.columns):
            code = run(words, world)
        typed_line = f"$ smscli {join(words)}".rstrip().encode(self.encoding, "replace")
        said = (typed_line + b"\n" + shown.getvalue()).decode(self.encoding)
        self.transcript += f"{_painted(said)}[exit {code}]\n\n"
        self.out = out.own
        return code

    def _environ(self) -> Mapping[str, str]:
        term = "xterm" if self.on_terminal else "dumb"
        return {"COLUMNS": str(self.columns), "NO_COLOR": "1", "TERM": term, **self.environ}

    @property
    def told(self) -> str:
        """The transcript, with the folder and the gateway's port by their fixed names."""
        told = self.transcript.replace(str(self.folder), HOME)
        if self.port:
            told = told.replace(f"127.0.0.1:{self.port}", "127.0.0.1:50123")
        return told.rstrip("\n") + "\n"


@contextmanager
def stage(columns: int, *, encoding: str = "utf-8", on_terminal: bool = False) -> Iterator[Stage]:
    """A stage in a new folder with the fixed files, and this process in it."""
    folder = _new_folder()
    try:
        shutil.copytree(FILES, folder, dirs_exist_ok=True)
        with chdir(folder):
            yield Stage(folder, columns, encoding, on_terminal)
    finally:
        shutil.rmtree(folder)


def _new_folder() -> Path:
    """A folder whose path is as long as its fixed name: what is laid out by length comes out the same."""
    root = Path(tempfile.gettempdir()).resolve()
    if len(str(root)) > len(HOME) - 12:
        root = Path("/tmp").resolve()
    name = "g" * (len(HOME) - len(str(root)) - 1 - 8)
    folder = Path(tempfile.mkdtemp(prefix=name, dir=root))
    assert len(str(folder)) == len(HOME), folder
    return folder


def _painted(text: str) -> str:
    """The text as a terminal leaves it where carriage returns had lines written over."""
    return "\n".join(_written_over(line) if "\r" in line else line for line in text.split("\n"))


def _written_over(line: str) -> str:
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown.rstrip()


@contextmanager
def _columns(columns: int) -> Iterator[None]:
    """Help is laid out by typer, which asks the process's environment."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(columns)
    try:
        yield
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
