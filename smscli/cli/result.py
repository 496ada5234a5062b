"""What a command hands back: one outcome, shown as text or as one JSON document.

Knows nothing of terminals, and nothing of what any command does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from smscli.domain.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import RenderableType

    Block: TypeAlias = str | RenderableType

#: The version of the JSON documents; it changes when a key goes away or changes its meaning.
SCHEMA = 1


class Status(StrEnum):
    """The word for an exit code, in JSON documents."""

    OK = "ok"
    BUG = "bug"
    USAGE = "usage"
    INCOMPLETE = "incomplete"
    FILES = "files"
    REFUSED = "refused"
    STOPPED = "stopped"
    SENT_LOG = "sent_log"
    INTERRUPTED = "interrupted"


STATUS: Mapping[ExitCode, Status] = {
    ExitCode.OK: Status.OK,
    ExitCode.BUG: Status.BUG,
    ExitCode.USAGE: Status.USAGE,
    ExitCode.INCOMPLETE: Status.INCOMPLETE,
    ExitCode.FILES: Status.FILES,
    ExitCode.REFUSED: Status.REFUSED,
    ExitCode.STOPPED: Status.STOPPED,
    ExitCode.SENT_LOG: Status.SENT_LOG,
    ExitCode.SIGHUP: Status.INTERRUPTED,
    ExitCode.SIGINT: Status.INTERRUPTED,
    ExitCode.SIGTERM: Status.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Result:
    """One command's outcome, twice: `payload` for programs, `text` for people.

    `payload` holds JSON's types, and datetimes, decimals, paths and numbers (shown masked). `text`
    may be lazy: it is not touched under `--json`, and a SmscliError raised while it is walked
    decides the exit code, so that a stream can end badly. A `str` block is a line or several; its
    values go through `inert` first if they may hold newlines.
    """

    payload: Mapping[str, object]
    text: Iterable[Block] = field(default=())
    exit_code: ExitCode = ExitCode.OK

    @property
    def status(self) -> Status:
        """The exit code as a word."""
        return STATUS[self.exit_code]
