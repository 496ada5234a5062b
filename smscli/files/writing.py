"""New files, whole or not at all: nobody ever reads half of one, and none is overwritten by accident.

Knows paths, not what stands in the files.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from smscli.domain.errors import FilesError
from smscli.files.reading import file_problem

#: What file systems without hard links answer.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def write_new(path: Path, text: str) -> bool:
    """Write a file of that name if there is none; False where there is anything, be it a dangling link.

    Raises FilesError where the folder cannot be written.
    """
    if os.path.lexists(path):
        return False
    try:
        with _beside(path, 0o666) as (unborn, stream):
            stream.write(text)
            stream.close()
            return _named(unborn, path)
    except OSError as trouble:
        raise unwritable(path, trouble) from trouble


def _named(unborn: Path, path: Path) -> bool:
    """Give a finished file its name, unless somebody was faster."""
    try:
        os.link(unborn, path)
    except FileExistsError:
        return False
    except OSError as trouble:
        if trouble.errno not in _NO_LINKS:
            raise
        return _claimed(unborn, path)
    return True


def _claimed(unborn: Path, path: Path) -> bool:
    """The same without links: an empty file takes the name first, for an instant."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    unborn.replace(path)
    return True


@contextmanager
def replacing(path: Path, *, for_spreadsheets: bool = False) -> Iterator[TextIO]:
    """A stream whose text takes the place of the file when the block ends well. Only its owner may read it.

    `for_spreadsheets`: with a byte order mark, without which Excel takes UTF-8 for an old code page. Raises
    FilesError where it cannot be written, or where something else than a file has the name.
    """
    with suppress(FileNotFoundError, NotADirectoryError):
        if not stat.S_ISREG(path.lstat().st_mode):
            raise file_problem(path, "unwritable", "is not a file that can be replaced", "name a new file")
    try:
        with _beside(path, 0o600) as (unborn, stream):
            if for_spreadsheets:
                stream.write("\ufeff")
            yield stream
            stream.close()
            unborn.replace(path)
    except OSError as trouble:
        raise unwritable(path, trouble) from trouble


@contextmanager
def _beside(path: Path, mode: int) -> Iterator[tuple[Path, TextIO]]:
    """A file in the same folder under a name that nobody else has; gone when the block ends."""
    unborn = path.with_name(f".{path.name}.{os.getpid()}.new")
    unborn.unlink(missing_ok=True)  # of a process that had our id and crashed
    handle = os.open(unborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="", errors="replace") as stream:
            yield unborn, stream
    finally:
        with suppress(FileNotFoundError):
            unborn.unlink()


def unwritable(path: Path, trouble: OSError) -> FilesError:
    """What to tell of a file that the system does not let us write."""
    reason = trouble.strerror or str(trouble)
    hint = f"may you write in {path.absolute().parent}? See: ls -ld {path.absolute().parent}"
    return file_problem(path, "unwritable", f"cannot be written: {reason}", hint)
