"""The two streams and who they are for: data on stdout, progress and trouble on stderr.

Knows terminals, their width, encodings and closed pipes; does not know what is said.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from smscli.cli.present.documents import dumps
from smscli.cli.present.page import LEAST_WIDTH, USUAL_WIDTH, Page
from smscli.cli.present.text import Sheet, inert_lines

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from smscli.cli.result import Block

#: Without a terminal tables are not wrapped: `grep` and `cut` want a row on a line.
_UNWRAPPED = 10_000


class Screen:
    """Where a command's words go. `json`: one document on stdout. `quiet`: no notes on stderr.

    `environ` is asked for COLUMNS, TERM, NO_COLOR and FORCE_COLOR.
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
        self.out.write(self.printed(block, self.out))
        self.out.flush()

    def tell(self, block: Block) -> None:
        """One block on stderr, where somebody is asked about it."""
        try:
            self.err.write(self.printed(block, self.err))
            self.err.flush()
        except (OSError, ValueError):
            return

    def document(self, document: Mapping[str, object]) -> None:
        """One JSON document on stdout."""
        self.out.write(dumps(document, indent=2) + "\n")
        self.out.flush()

    def note(self, text: Block) -> None:
        """Something good to know, on stderr; `--quiet` leaves it out."""
        if not self.quiet:
            self.trouble(text)

    def trouble(self, text: Block) -> None:
        """Something that must be said, on stderr. A screen that fails never stops what runs."""
        self.tell(text)

    def ask(self, question: str) -> None:
        """A question on stderr, the cursor left behind it; stdout may be a file."""
        self.err.write(inert_lines(question))
        self.err.flush()

    def page(self, stream: TextIO) -> Page:
        """What a text of ours is laid out for on one of the streams."""
        width = self.width(stream) or USUAL_WIDTH
        return Page(max(LEAST_WIDTH, width), stream.encoding or "utf-8")

    def width(self, stream: TextIO) -> int | None:
        """Cells in a line: COLUMNS, else what the terminal says, else (no terminal) None."""
        columns = self._environ.get("COLUMNS", "")
        if columns.isdecimal() and int(columns):
            return int(columns)
        if not stream.isatty():
            return None
        try:
            return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
        except (OSError, ValueError):  # a terminal of a test, or one that went away
            return USUAL_WIDTH

    def has_color(self, stream: TextIO) -> bool:
        """A terminal that nobody asked to be plain; or anything, if FORCE_COLOR is set."""
        if self._environ.get("NO_COLOR"):
            return False
        is_plain = self._environ.get("TERM") in {"dumb", "unknown"}
        return bool(self._environ.get("FORCE_COLOR")) or (stream.isatty() and not is_plain)

    def printed(self, block: Block, stream: TextIO) -> str:
        """A block as the stream will get it; colours and folding as it can."""
        if isinstance(block, str):
            return inert_lines(block) + "\n"
        from rich.text import Text

        console = self._console(stream)
        if isinstance(block, Text) or console.width < _least(console, block):
            console.width = _UNWRAPPED  # the terminal breaks long lines better than a column of four letters
            block = block.without_spare() if isinstance(block, Sheet) else block
        with console.capture() as captured:
            console.print(block)
        return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())

    def _console(self, stream: TextIO) -> Console:
        """A rich console that takes values as they are.

        Sixteen colours are all we use, and every terminal has them. NO_COLOR leaves out bold and the like as
        well: whoever sets it wants to read the bytes.
        """
        from rich.console import Console

        has_color = self.has_color(stream)
        return Console(
            file=stream,
            width=self.width(stream) or _UNWRAPPED,
            force_terminal=has_color,
            color_system="standard" if has_color else None,
            no_color=not has_color,
            markup=False,
            highlight=False,
            emoji=False,
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


def _least(console: Console, block: RenderableType) -> int:
    """The cells that the block needs if it must not break words."""
    return console.measure(block, options=console.options.update(max_width=_UNWRAPPED)).minimum
