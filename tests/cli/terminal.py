"""A person at a real terminal: what they type, what a terminal makes of what smscli writes, and how it ends.

Waits for what is seen, never for time to pass.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pexpect
import pyte

#: Seconds that anything may take on a machine that has other things to do.
PATIENCE = 30.0

_OURS = frozenset({"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING"})


class Seat:
    """smscli (or another program) on a pseudo-terminal, and the screen that its output paints.

    `raw` is every character it wrote; `text` and `lines` are what stands on the screen now.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        environ: Mapping[str, str] | None = None,
        rows: int = 50,
        columns: int = 100,
        program: str = sys.executable,
        before: tuple[str, ...] = ("-m", "smscli"),
    ) -> None:
        clean = {name: value for name, value in os.environ.items() if name not in _OURS}
        self.child: pexpect.spawn[str] = pexpect.spawn(
            program,
            [*before, *arguments],
            cwd=str(cwd),
            env={**clean, "TERM": "xterm", **(environ or {})},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(rows, columns),
        )
        self.raw = ""
        self._text: str | None = None
        self._screen = pyte.Screen(columns, rows)
        self._painter = pyte.Stream(self._screen)

    @property
    def text(self) -> str:
        if self._text is None:  # costs 10 ms, and is asked for whenever something arrives
            self._text = "\n".join(line.rstrip() for line in self._screen.display).strip("\n")
        return self._text

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def sees(self, what: str | Callable[[str], object], *, seconds: float = PATIENCE) -> re.Match[str] | None:
        """Wait until the screen shows it: a regular expression, or a question about the screen's text."""
        ask = what if callable(what) else re.compile(what, re.DOTALL).search
        until = time.monotonic() + seconds
        while not (found := ask(self.text)):
            assert time.monotonic() < until, f"never seen: {what}\n{self.text}"
            if not self._read(0.05):
                found = ask(self.text)
                assert found, f"it ended and {what} was never seen\n{self.text}"
                break
        return found if isinstance(found, re.Match) else None

    def types(self, text: str) -> None:
        """Keys, as they are."""
        self.child.send(text)

    def resize(self, columns: int, rows: int = 50) -> None:
        """Drag the window's corner."""
        self._screen.resize(rows, columns)
        self._text = None
        self.child.setwinsize(rows, columns)

    def ended(self, seconds: float = PATIENCE) -> int | None:
        """Wait for the end; the exit code, or None where a signal killed it."""
        until = time.monotonic() + seconds
        while self._read(0.1):
            assert time.monotonic() < until, f"it does not end\n{self.text}"
        self.child.close()
        return self.child.exitstatus

    def keeps_on(self, seconds: float) -> bool:
        """Whether it is still running after so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self._read(0.05):
                return False
        return True

    def hangs_up(self) -> int | None:
        """Close the window as a terminal does, and wait for the program; its exit code."""
        self._reads_no_more()
        self.child.wait()
        return self.child.exitstatus

    def _reads_no_more(self) -> None:
        """Close our end and nothing else: pexpect's own close sends signals of its own."""
        process: Any = self.child  # its stubs leave out what it wraps
        process.ptyproc.fileobj.close()
        process.ptyproc.closed = process.closed = True
        process.ptyproc.fd = process.child_fd = -1

    def _read(self, seconds: float) -> bool:
        """Paint what arrives within so long; False at the end."""
        with suppress(pexpect.TIMEOUT):
            try:
                text = self.child.read_nonblocking(1 << 16, timeout=seconds)
            except pexpect.EOF:
                return False
            self.raw += text
            self._painter.feed(text)
            self._text = None
        return True
