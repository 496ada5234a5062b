"""Everything that can stop a run, and what scripts learn from it.

    SmscliError                 1   a bug, or nothing more exact below
    ├── UsageError              2   the command line is wrong
    ├── FilesError              4   files are wrong or the list is empty; carries every Problem
    ├── Refused                 5   a guard refused: not confirmed, over a limit, text changed
    ├── RunStopped              6   credentials, funds, clock, error budget, gateway out of reach
    │   └── PostboxFailed           a gateway cannot be asked what became of messages
    └── SentLogError            7   no log, no sending
        ├── SentLogMissing
        ├── SentLogBusy
        ├── SentLogDamaged
        ├── SentLogTooNew
        └── SentLogMoved

Trouble with one message is never an exception: it is a Skip, a Receipt or a Problem, and is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the process says when it ends. Scripts hold on to these numbers."""

    OK = 0
    BUG = 1
    USAGE = 2
    INCOMPLETE = 3
    FILES = 4
    REFUSED = 5
    STOPPED = 6
    SENT_LOG = 7
    SIGHUP = 129
    SIGINT = 130
    SIGTERM = 143


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: `campaigns.yaml:14:10: quiet_hours.windows.sat`."""

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""

    def __str__(self) -> str:
        position = [str(part) for part in (self.line, self.column) if part is not None]
        return ": ".join(filter(None, [":".join([self.file, *position]), self.path]))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file. The code is the API; message and hint are copy.

    Of a list: `record` is the number of the record (1 is the first below the header), `value` the cell as it
    was found, cut, and masked where it may be a number.
    """

    where: Place
    code: str
    message: str
    hint: str = ""
    record: int | None = None
    value: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class SmscliError(Exception):
    """A run that cannot go on. `message` says what was found, `hint` what to type next."""

    exit_code = ExitCode.BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SmscliError):
    """The command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class FilesError(SmscliError):
    """Files are wrong: all problems at once, in the order of their places."""

    exit_code = ExitCode.FILES

    def __init__(self, message: str, *, hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class Refused(SmscliError):
    """A guard said no; nothing was sent."""

    exit_code = ExitCode.REFUSED


class RunStopped(SmscliError):
    """The run was ended early; what was in flight is settled."""

    exit_code = ExitCode.STOPPED


class PostboxFailed(RunStopped):
    """A gateway could not be asked what became of messages; what it told before is saved."""


class SentLogError(SmscliError):
    """The sent log cannot be trusted or reached: no log, no sending."""

    exit_code = ExitCode.SENT_LOG


class SentLogMissing(SentLogError):
    """There is no sent log where one is needed."""


class SentLogBusy(SentLogError):
    """Another process holds the log or the campaign's lock."""


class SentLogDamaged(SentLogError):
    """The file is not a sent log, is truncated, or its disk refuses."""


class SentLogTooNew(SentLogError):
    """A newer smscli wrote this log."""


class SentLogMoved(SentLogError):
    """The log under a running sender was deleted, moved or replaced."""
