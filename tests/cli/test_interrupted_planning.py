"""Ctrl-C while a plan is made: a real process, a real signal, a big list, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.cli.desk import Desk

ROWS = 15_000


@pytest.fixture(scope="module")
def many_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every third row is bad, and every number comes twice."""
    path = tmp_path_factory.mktemp("lists") / "contacts.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("phone,first_name\n")
        for row in range(ROWS):
            stream.write(f"+1202{2_000_000 + row // 2},Ola\n" if row % 3 else f"nobody,{'x' * 60}{row}\n")
    return path


def _started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    temporary = folder / "temporary"
    temporary.mkdir()
    environ = os.environ | {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-m", "smscli", "preview", "campaigns.yaml", "ready", *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _is_writing(folder: Path) -> bool:
    """Is there a file that is not finished, with something in it?"""
    try:
        return any(each.stat().st_size for each in folder.glob(".*.new"))
    except FileNotFoundError:  # finished, between two looks
        return False


@pytest.mark.parametrize(
    ("option", "sent", "exit_code"),
    [
        ("--problems", signal.SIGINT, 130),
        ("--plan", signal.SIGINT, 130),
        ("--duplicates", signal.SIGINT, 130),
        ("--problems", signal.SIGTERM, 143),
        ("--plan", signal.SIGHUP, 129),
    ],
)
def test_nothing_is_left_of_a_file_that_is_being_written(
    tmp_path: Path, many_rows: Path, option: str, sent: signal.Signals, exit_code: int
) -> None:
    desk = Desk(tmp_path)
    desk.campaigns(top="on_bad_rows: skip\n")
    (tmp_path / "contacts.csv").symlink_to(many_rows)
    before = desk.files() | {"temporary"}
    child = _started(tmp_path, option, "new.out")
    until = monotonic() + 60
    while not _is_writing(tmp_path):
        assert child.poll() is None, "it ended before it could be interrupted"
        assert monotonic() < until
        sleep(0.002)
    child.send_signal(sent)
    _, err = child.communicate(timeout=30)
    assert child.returncode == exit_code, err
    assert desk.files() == before
    assert not list((tmp_path / "temporary").iterdir())
    assert "Traceback" not in err
