"""Progress on stderr: one line on a terminal, a line a minute without one, nothing with `--quiet`.

The line is written over in place, with spaces over what was longer, and never reaches the last column: so
nothing wraps and nothing is left behind. No thread paints it and the cursor is never hidden, so that a kill
leaves the terminal as it was. A screen that fails never reaches the send loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from math import ceil
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from smscli.cli.present.figures import span
from smscli.domain.message import State
from smscli.engine.outcome import Counts

if TYPE_CHECKING:
    from rich.text import Text

    from smscli.cli.present.page import Page
    from smscli.cli.present.screen import Screen

#: Seconds between lines where there is no terminal, and between repaints where there is one.
_A_LINE_EVERY = 60.0
_REPAINT_EVERY = 0.1

_BAR, _LEAST_BAR = 20, 5


class Shown:
    """Something that is repainted in place, if there is a terminal and it is wanted."""

    def __init__(self, screen: Screen, *, repaint_every: float = _REPAINT_EVERY) -> None:
        self._screen = screen
        self._repaint_every = repaint_every
        self._last = monotonic()
        self._painted = 0  # cells

    @property
    def _on_terminal(self) -> bool:
        return not self._screen.quiet and self._screen.err.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Leave the screen to others, as it was."""
        if self._painted:
            with suppress(OSError, ValueError):
                self._write(f"\r{'':{min(self._painted, self._page().width)}}\r")
            self._painted = 0

    def _paint(self, line: Text, page: Page) -> None:
        cells = line.cell_len
        shown = self._screen.printed(line, self._screen.err).rstrip("\n")
        self._write(f"\r{shown}{'':{max(0, min(self._painted, page.width) - cells)}}")
        self._painted = cells

    def _write(self, text: str) -> None:
        self._screen.err.write(text)
        self._screen.err.flush()

    def _page(self) -> Page:
        """As wide as the terminal is now, without its last column."""
        from smscli.cli.present.page import USUAL_WIDTH, Page

        err = self._screen.err
        return Page((self._screen.width(err) or USUAL_WIDTH) - 1, self._screen.page(err).encoding)

    def is_due(self) -> bool:
        """Is it time to say something again: at once on a terminal, once a minute without one."""
        return self._is_due(self._repaint_every if self._on_terminal else _A_LINE_EVERY)

    def say(self, said: str) -> None:
        """One line: in place of the last one on a terminal, else below it."""
        from rich.text import Text

        from smscli.cli.present.cells import fitted

        if not self._on_terminal:
            self._screen.note(said)
            return
        page = self._page()
        self._paint(Text(fitted(page.shown(said), page.width, page.glyphs.ellipsis)), page)

    def _is_due(self, every: float) -> bool:
        now = monotonic()
        if now - self._last < every:
            return False
        self._last = now
        return True


class Rows(Shown):
    """How far a list is read: the contacts, or before them numbers not to text."""

    def tick(self, rows: int) -> None:
        """Called after every chunk of rows."""
        if not self._on_terminal or not self._is_due(self._repaint_every):
            return
        with suppress(Exception):
            page = self._page()
            self._paint(rows_line(rows, page), page)


class Sending(Shown):
    """How far the send is: done, rate, time left and counts by outcome."""

    def __init__(self, screen: Screen, *, repaint_every: float = _REPAINT_EVERY) -> None:
        super().__init__(screen, repaint_every=repaint_every)
        self._started = monotonic()

    def tick(self, counts: Counts) -> None:
        """Called after every turn of the send loop; whatever fails here stays here."""
        with suppress(Exception):
            if self._on_terminal:
                if self._is_due(self._repaint_every):
                    page = self._page()
                    self._paint(sending_line(counts, self._passed(), page), page)
            elif self._is_due(_A_LINE_EVERY):
                known = _known(counts, self._passed()) | {"done": f"{counts.done:,} of {counts.to_send:,}"}
                self._screen.note(_joined(known))

    def _passed(self) -> float:
        return max(monotonic() - self._started, 0.001)


def rows_line(rows: int, page: Page) -> Text:
    """`reading: 12,000 rows`."""
    from rich.text import Text

    from smscli.cli.present.cells import fitted

    return Text(fitted(f"reading: {rows:,} rows", page.width, page.glyphs.ellipsis))


def sending_line(counts: Counts, seconds: float, page: Page) -> Text:
    """A bar, `3/6` and what is known besides, as much of it as there is room for, never more.

    What matters least goes first: the bar grows shorter and then goes, then the rate and the time left. In a
    pause there is neither, and why nothing goes matters most.
    """
    from rich.cells import cell_len
    from rich.text import Text

    from smscli.cli.present.cells import fitted

    known = _known(counts, seconds)
    said = page.shown(_joined(known))
    for least in ("states",) if known["pause"] else ("rate", "left"):
        if cell_len(said) > page.width:
            known[least] = ""
            said = page.shown(_joined(known))
    room = min(_BAR, page.width - cell_len(said) - 1)
    line = Text()
    if room >= _LEAST_BAR and counts.to_send:
        filled = min(room, room * counts.done // counts.to_send)
        line.append(page.glyphs.bar * filled, "green")
        line.append(page.glyphs.track * (room - filled), "dim")
        line.append(" ")
    line.append(fitted(said, page.width - line.cell_len, page.glyphs.ellipsis))
    return line


def _joined(known: Mapping[str, str]) -> str:
    return "  ".join(filter(None, known.values()))


def _known(counts: Counts, seconds: float) -> dict[str, str]:
    """`3/6`, `10/s`, `12 min left`, `3 accepted, 1 in doubt`, why it pauses: those that there are."""
    rate = counts.done / seconds
    states = (State.ACCEPTED, State.REJECTED, State.IN_DOUBT, State.RELEASED)
    parts = [
        f"{counts.states[state]:,} {state.replace('_', ' ')}" for state in states if counts.states[state]
    ]
    return {
        "done": f"{counts.done:,}/{counts.to_send:,}",
        "pause": _pause(counts),
        "rate": "" if counts.again_in else f"{rate:.0f}/s",
        "left": "" if counts.again_in else _left(counts, rate),
        "states": ", ".join(parts),
    }


def _pause(counts: Counts) -> str:
    """`the gateway refused the connection; again in 12 s`, while nothing goes."""
    if not counts.again_in:
        return ""
    wait = span(timedelta(seconds=ceil(counts.again_in)))
    return f"{counts.not_taken or 'the gateway did not take a call'}; again in {wait}"


def _left(counts: Counts, rate: float) -> str:
    """`12 min left`, once there is a rate to tell it from."""
    left = counts.to_send - counts.done
    return f"{span(timedelta(seconds=left / rate))} left" if rate and left else ""
