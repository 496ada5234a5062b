"""The files that commands write when asked: each replaces only what its own option wrote earlier.

A file that this campaign reads or keeps is never overwritten, nor one that somebody else wrote.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smscli.cli.duplicates_file import is_of_duplicates
from smscli.domain.errors import UsageError
from smscli.files.problem_rows import is_of_problem_rows, paths_for

if TYPE_CHECKING:
    from smscli.cli.planned import Asked, Chosen

#: `--plan -`
STANDARD_OUTPUT = Path("-")

#: How the first line of a plan begins.
_PLAN_LINE = re.compile(rb'\{"row": .*\s*')

#: No line of a plan is longer.
_LONGEST_LINE = 1 << 20

#: Campaigns files and profiles: neither a CSV file nor JSON lines are called that.
_OURS = (".yaml", ".yml")


def _is_of_plan(path: Path) -> bool:
    with path.open("rb") as stream:
        return _PLAN_LINE.fullmatch(stream.readline(_LONGEST_LINE)) is not None


_EARLIER: Mapping[str, Callable[[Path], bool]] = {
    "--problems": is_of_problem_rows,
    "--duplicates": is_of_duplicates,
    "--plan": _is_of_plan,
}


@dataclass(frozen=True, slots=True)
class Written:
    """A file to write: the option that asks for it, what was typed, and the file that this means."""

    option: str
    typed: Path
    path: Path

    @property
    def real(self) -> Path:
        """The file behind all links; a link that leads to itself stays as it is."""
        return real_path(self.path)


def keep_from_overwriting(asked: Asked, chosen: Chosen) -> None:
    """Raises UsageError for a file that must not be replaced, or that two options name."""
    written = tuple(_written(asked, chosen))
    read = {real_path(path) for path in (asked.file, *chosen.lists(), *chosen.opt_outs)}
    for each in written:
        is_read = each.real in read or is_of_log(each.real, real_path(chosen.sent_log))
        refuse_to_overwrite(each, is_read=is_read, reader="this campaign")
    first: dict[Path, str] = {}
    for each in written:
        if each.real in first:
            raise UsageError(
                f"{first[each.real]} and {each.option} name the same file", hint="name two files"
            )
        first[each.real] = each.option


def _written(asked: Asked, chosen: Chosen) -> Iterator[Written]:
    for option, typed in asked.files().items():
        if typed == STANDARD_OUTPUT and option != "--plan":
            raise UsageError(
                f"{option} writes a file, and - is none", hint=f"name a file, such as {option} new.csv"
            )
        if typed != STANDARD_OUTPUT:
            paths = paths_for(typed, chosen.sources) if option == "--problems" else (typed,)
            yield from (Written(option, typed, path) for path in paths)


def refuse_to_overwrite(each: Written, *, is_read: bool, reader: str) -> None:
    """Raises UsageError for a file that the `reader` reads, or that no earlier run of this option wrote."""
    is_read = is_read or (each.real.suffix in _OURS and each.real.exists())
    if not is_read and _is_earlier(each.option, each.real):
        return
    whose = f"{reader} reads" if is_read else "no earlier run wrote"
    what = "a file" if each.path == each.typed else f"{each.path}, a file"
    raise UsageError(
        f"{each.option} {each.typed} would overwrite {what} that {whose}",
        hint=f"name a new file: {each.option} new-{each.typed.name}",
    )


def real_path(path: Path) -> Path:
    """The file behind all links; a link that leads to itself stays as it is."""
    return Path(os.path.realpath(path))


def _is_earlier(option: str, path: Path) -> bool:
    """Is there no file yet, or an empty one, or what this option wrote earlier?

    What is no file, or may not be read, is left to whoever writes: he says what is wrong.
    """
    try:
        return not path.is_file() or not path.stat().st_size or _EARLIER[option](path)
    except OSError:
        return True


def is_of_log(path: Path, log: Path) -> bool:
    """The sent log, what SQLite and its locks keep beside it, and the outbox of its sandbox."""
    return path.parent == log.parent and path.name.startswith((log.name, f"{log.stem}.outbox."))
