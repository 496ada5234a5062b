"""The two streams and who they are for: data on stdout, progress and trouble on stderr.

Knows terminals, encodings and closed pipes; does not know what is said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TextIO

from smscli.cli.present.documents import dumps
from smscli.cli.present.text import inert_lines

if TYPE_CHECKING:
    from rich.console import Console

    from smscli.cli.result import Block

#: Without a terminal nothing is wrapped: `grep` and `cut` want a row on a line.
_UNWRAPPED = 10_000


class Screen:
    """Where a command's words go. `json`: one document on stdout. `quiet`: no notes on stderr.

    `environ` is asked for COLUMNS and NO_COLOR.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        environ: Mapping[str, str] = MappingProxyType({}),
        json: bool = False,
        quiet: bool = False,
    ) -> None:
        self._environ = environ
        self.out = out
        self.err = err
        self.json = json
        self.quiet = quiet

    def show(self, block: Block) -> None:
        """One block of text on stdout, at once."""
        if isinstance(block, str):
            self.out.write(inert_lines(block) + "\n")
        else:
            console = self.console(self.out)
            least = console.measure(block, options=console.options.update(max_width=_UNWRAPPED)).minimum
            if console.width < least:  # the terminal breaks long lines better than a column of four letters
                console.width = _UNWRAPPED
            with console.capture() as captured:
                console.print(block)
            self.out.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())
        self.out.flush()

    def document(self, document: Mapping[str, object]) -> None:
        """One JSON document on stdout."""
        self.out.write(dumps(document, indent=2) + "\n")
        self.out.flush()

    def note(self, text: str) -> None:
        """Something good to know, on stderr; `--quiet` leaves it out."""
        if not self.quiet:
            self.trouble(text)

    def trouble(self, text: str) -> None:
        """Something that must be said, on stderr. A screen that fails never stops what runs."""
        try:
            self.err.write(inert_lines(text) + "\n")
            self.err.flush()
        except (OSError, ValueError):
            return

    def ask(self, question: str) -> None:
        """A question on stderr, the cursor left behind it; stdout may be a file."""
        self.err.write(inert_lines(question))
        self.err.flush()

    def console(self, stream: TextIO) -> Console:
        """A rich console on one of the streams that takes values as they are.

        NO_COLOR leaves out bold and the like as well: whoever sets it wants to read the bytes.
        """
        from rich.console import Console

        width = None if stream.isatty() or "COLUMNS" in self._environ else _UNWRAPPED
        colors: Literal["auto"] | None = None if self._environ.get("NO_COLOR") else "auto"
        return Console(
            file=stream, width=width, color_system=colors, markup=False, highlight=False, emoji=False
        )

    def abandon_output(self) -> None:
        """Whoever read stdout has left: let the rest go nowhere, also what Python flushes when it ends."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, self.out.fileno())
        except (OSError, ValueError):  # not a real file: nothing is flushed at the end
            return
        finally:
            os.close(nowhere)
