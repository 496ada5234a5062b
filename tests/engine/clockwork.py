"""An event loop whose time goes on by itself, as soon as everybody waits: hours of sending in a moment."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

STARTED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class _Impatient(selectors.SelectSelector):
    """Never waits: what it was asked to wait is noted."""

    waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for ever"
        self.waited += timeout
        return super().select(0)


class ClockworkLoop(asyncio.SelectorEventLoop):
    """Time stands still while anybody can go on, then jumps to the next moment that somebody waits for."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return 1000.0 + self._impatient.waited


class Clockwork:
    """The Clock of such a loop."""

    def __init__(self, loop: ClockworkLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return STARTED + timedelta(seconds=self.monotonic() - 1000.0)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run(loop: ClockworkLoop, main: Coroutine[Any, Any, T]) -> T:
    """Until it is done; the loop is closed behind it."""
    with closing(loop):
        return loop.run_until_complete(main)
