"""`python -m tools.pictures`: docs/preview.svg and docs/send.svg, as the program draws them on a terminal.

The program runs in this process, on the example files, with a clock that stands still; what it writes to its
terminal becomes the picture. The same program makes the same bytes, and nothing is fetched to show them.
"""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from rich.console import Console
from rich.text import Text

from smscli.cli.app import run
from smscli.cli.present.screen import Screen
from smscli.cli.wiring import SystemClock, World
from smscli.domain.ports import Clock

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
COLUMNS = 100

#: A Tuesday on which some of the example's people are asleep.
NOW = datetime(2026, 12, 1, 15, 30, tzinfo=UTC)

#: What the folder of the pictures is called in them.
_FOLDER = "/srv/garage"
_FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_CAMPAIGNS = "campaigns.example.yaml"

#: Stands in each picture: another rich may draw the same text otherwise.
MADE_BY = f"made by smscli, drawn by rich {version('rich')}"


class _Terminal(io.StringIO):
    """What the program writes to, out and err at once."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class _Keyboard(io.StringIO):
    """Somebody types, and the terminal shows it."""

    def __init__(self, typed: str, terminal: _Terminal) -> None:
        super().__init__(typed)
        self._terminal = terminal

    def isatty(self) -> bool:
        return True

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # typeshed: bytes and str
        line = super().readline(size)
        self._terminal.write(line)
        return line


@dataclass
class _StoppedClock:
    """It is always the same moment, but for whom waits."""

    _now: datetime = NOW

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def _counter() -> Callable[[], str]:
    """Ids that are the same every time."""
    numbers = iter(range(1_000_000))
    return lambda: f"{next(numbers):032x}"


@dataclass
class _Session:
    """What is typed and shown in a terminal, one command after the other."""

    folder: Path
    clock: Clock
    shown: str = ""
    environ: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"})
    )

    def type(self, *arguments: str, answer: str = "") -> None:
        """One command line, and the answer to what it asks."""
        terminal = _Terminal()
        world = World(
            clock=self.clock,
            new_id=_counter(),
            operator=lambda: "ola@garage",
            environ=self.environ,
            stdin=_Keyboard(answer, terminal),
            screen=Screen(terminal, terminal, environ=self.environ),
        )
        with _standing_in(self.folder):
            run(arguments, world)
        said = terminal.getvalue().replace(str(self.folder.resolve()), _FOLDER)
        self.shown += f"$ {' '.join(('smscli', *arguments))}\n{_as_left(said)}"


@contextmanager
def _standing_in(folder: Path) -> Iterator[None]:
    """Names of files are as people type them."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _as_left(said: str) -> str:
    """Without what a progress line wrote and wiped out again."""
    return "".join(line.rpartition("\r")[2] for line in said.splitlines(keepends=True))


def _frame() -> str:
    """Rich's frame, which would fetch its fonts and thank a web site, without either."""
    frame = str(signature(Console.export_svg).parameters["code_format"].default)
    frame = re.sub(r"@font-face \{\{.*?\}\}\s*", "", frame, flags=re.DOTALL)
    frame = re.sub(r"font-family: [^;]+;", f"font-family: {_FONTS};", frame)
    return re.sub(r"<!-- .*? -->", f"<!-- {MADE_BY} -->", frame, flags=re.DOTALL)


def _svg(shown: str, title: str) -> str:
    text = Text.from_ansi(shown.rstrip("\n"))
    width = max(COLUMNS, *(line.cell_len for line in text.split()))  # a long line is not cut
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="standard"
    )
    console.print(text, no_wrap=True)
    svg = console.export_svg(title=title, code_format=_frame(), unique_id=title.replace(" ", "-"))
    return "".join(f"{line.rstrip()}\n" for line in svg.splitlines())


def text_of(svg: str) -> list[str]:
    """What a picture says, line by line: the same in every version of rich."""
    lines: dict[float, list[str]] = {}
    for y, said in re.findall(r'<text [^>]*\by="([\d.]+)"[^>]*>(.*?)</text>', svg):
        lines.setdefault(float(y), []).append(unescape(said).replace("\xa0", " ").strip())
    return [" ".join(filter(None, lines[y])) for y in sorted(lines)]


def _preview(folder: Path) -> _Session:
    session = _Session(folder, _StoppedClock())
    session.type("preview", _CAMPAIGNS, "tyre-change")
    return session


def _send(folder: Path) -> _Session:
    """By the machine's clock, because the sandbox goes by it; nothing of this campaign does."""
    session = _Session(folder, SystemClock())
    session.type("send", _CAMPAIGNS, "bike-ready", answer="12\n")
    before, asked, after = session.shown.partition("This sends to")
    head = before.splitlines(keepends=True)[:2]  # the plan between is the other picture's
    session.shown = "".join((*head, "…\n", asked, after))
    session.type("send", _CAMPAIGNS, "bike-ready", "--yes")
    return session


def pictures() -> Mapping[Path, str]:
    """Every picture as it has to be, under its path."""
    found: dict[Path, str] = {}
    for name, played in (("preview", _preview), ("send", _send)):
        with TemporaryDirectory() as folder:
            for example in ROOT.glob("*.example.*"):
                shutil.copy(example, folder)
            found[DOCS / f"{name}.svg"] = _svg(played(Path(folder)).shown, f"smscli {name}")
    return found


def main() -> None:
    """Write them."""
    for path, svg in pictures().items():
        path.write_text(svg, "utf-8")


if __name__ == "__main__":
    main()
