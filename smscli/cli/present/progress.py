"""Progress on stderr: a bar on a terminal, a line a minute without one, nothing with `--quiet`.

A screen that fails never reaches the send loop.
"""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Self

from smscli.cli.present.plan import span
from smscli.domain.message import State
from smscli.engine.outcome import Counts

if TYPE_CHECKING:
    from rich.progress import Progress

    from smscli.cli.present.screen import Screen

#: Seconds between lines where there is no terminal, and between repaints where there is one.
_A_LINE_EVERY = 60.0
_REPAINT_EVERY = 0.1


class _Shown:
    """Something that is repainted in place, if there is a terminal and it is wanted."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._last = monotonic()
        self._live: Progress | None = None

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
        """Leave the screen to others."""
        if self._live is not None:
            with suppress(Exception):
                self._live.stop()
            self._live = None

    def _is_due(self, every: float) -> bool:
        now = monotonic()
        if now - self._last < every:
            return False
        self._last = now
        return True


class Rows(_Shown):
    """How far the list is read."""

    def tick(self, rows: int) -> None:
        """Called after every chunk of rows."""
        if not self._on_terminal or not self._is_due(_REPAINT_EVERY):
            return
        with suppress(Exception):
            if self._live is None:
                self._live = self._start()
            self._live.update(self._live.task_ids[0], description=f"planning: {rows:,} rows")

    def _start(self) -> Progress:
        from rich.progress import Progress, SpinnerColumn, TextColumn

        console = self._screen.console(self._screen.err)
        live = Progress(
            SpinnerColumn("line"), TextColumn("{task.description}"), console=console, transient=True
        )
        live.add_task("planning", total=None)
        live.start()
        return live


class Sending(_Shown):
    """How far the send is: done, rate, time left and counts by outcome."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(screen)
        self._started = monotonic()

    def tick(self, counts: Counts) -> None:
        """Called after every turn of the send loop; whatever fails here stays here."""
        with suppress(Exception):
            if self._on_terminal:
                if self._is_due(_REPAINT_EVERY):
                    self._repaint(counts)
            elif self._is_due(_A_LINE_EVERY):
                self._screen.note(f"{counts.done:,} of {counts.to_send:,}  {self._line(counts)}")

    def _repaint(self, counts: Counts) -> None:
        if self._live is None:
            self._live = self._start(counts.to_send)
        self._live.update(self._live.task_ids[0], completed=counts.done, description=self._line(counts))

    def _start(self, total: int) -> Progress:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = self._screen.console(self._screen.err)
        columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}"))
        live = Progress(*columns, console=console, transient=True)
        live.add_task("sending", total=total)
        live.start()
        return live

    def _line(self, counts: Counts) -> str:
        passed = max(monotonic() - self._started, 0.001)
        rate = counts.done / passed
        left = span_left(counts, rate)
        states = (State.ACCEPTED, State.REJECTED, State.IN_DOUBT, State.RELEASED)
        parts = [
            f"{counts.states[state]:,} {state.replace('_', ' ')}" for state in states if counts.states[state]
        ]
        waiting = f"waiting: {counts.waiting_for}" if counts.waiting_for and not counts.in_flight else ""
        return "  ".join(filter(None, [f"{rate:.0f}/s", left, ", ".join(parts), waiting]))


def span_left(counts: Counts, rate: float) -> str:
    """`12 min left`, once there is a rate to tell it from."""
    from datetime import timedelta

    left = counts.to_send - counts.done
    return f"{span(timedelta(seconds=left / rate))} left" if rate and left else ""
