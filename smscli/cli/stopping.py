"""SIGTERM and SIGHUP end a command as Ctrl-C does: what is being written is taken away, locks are given back.

While messages are in flight `sending.py` hears signals itself, and lets them settle.
"""

from __future__ import annotations

import signal
from types import FrameType

from smscli.domain.errors import ExitCode

_SIGNALS = {signal.SIGTERM: ExitCode.SIGTERM, signal.SIGHUP: ExitCode.SIGHUP}


class StoppedBySignal(KeyboardInterrupt):
    """A signal that asks us to end; `exit_code` is the one that shells expect of it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"by {signal.Signals(number).name}")
        self.exit_code = _SIGNALS[signal.Signals(number)]


def hear_signals() -> None:
    """Raise StoppedBySignal from now on. A signal that was ignored from the start (`nohup`) stays ignored."""
    for each in _SIGNALS:
        if signal.getsignal(each) is signal.SIG_DFL:
            signal.signal(each, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one must not cut the tidying short
    raise StoppedBySignal(number)
