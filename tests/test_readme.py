"""The README's promises to a newcomer: its session is the program's own, and its two commands are exact."""

from __future__ import annotations

import re
import shlex
import shutil
from itertools import groupby
from pathlib import Path

from tests.cli.program import child

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
LEFT_OUT = "…"
FIRST_SCREEN = 40

FIRST_COMMAND = "pip install . && smscli send campaigns.example.yaml bike-ready --yes"
TEST_COMMAND = "pip install -e '.[test]' && pytest"


def session() -> list[tuple[str, list[str]]]:
    """The commands of the session, each with the lines that the README shows below it."""
    found = re.search(r"^```console\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    first, *rest = found[1].split("$ ")
    assert first == ""
    return [(part.splitlines()[0], part.splitlines()[1:]) for part in rest]


def shows(shown: list[str], real: list[str]) -> bool:
    """Are these the real lines, where `…` stands for any number of them?"""
    at, may_skip = 0, False
    for is_gap, lines in groupby(shown, key=lambda line: line == LEFT_OUT):
        if is_gap:
            may_skip = True
            continue
        wanted = list(lines)
        starts = range(at, len(real)) if may_skip else range(at, at + 1)
        found = next((start for start in starts if real[start : start + len(wanted)] == wanted), None)
        if found is None:
            return False
        at, may_skip = found + len(wanted), False
    return may_skip or at == len(real)


def test_the_session_is_what_the_program_says(tmp_path: Path) -> None:
    for example in ROOT.glob("*.example.*"):
        shutil.copy(example, tmp_path)
    for command, shown in session():
        program, *arguments = shlex.split(command)
        assert program == "smscli"
        done = child(*arguments, cwd=tmp_path)
        assert done.code == 0, done.err
        real = [line.rstrip() for line in done.out.splitlines()]
        assert shows(shown, real), f"$ {command}\n{done.out}"


def test_a_gap_hides_lines_and_nothing_else_does() -> None:
    real = ["a", "b", "c", "d"]
    assert shows(["a", "b", "c", "d"], real)
    assert shows(["a", "…", "d"], real)
    assert shows(["…", "b", "…"], real)
    assert not shows(["a", "d"], real)
    assert not shows(["a", "b"], real)
    assert not shows(["b", "…"], real)
    assert not shows(["a", "…", "c"], real)
    assert not shows(["…", "c", "…", "b", "…"], real)


def test_the_session_stands_on_the_first_screen() -> None:
    lines = README.splitlines()
    assert lines.index("```console") < 10
    assert lines.index("```", lines.index("```console")) < FIRST_SCREEN


def test_the_two_commands_stand_alone_on_their_lines() -> None:
    lines = README.splitlines()
    assert lines.count(FIRST_COMMAND) == 1
    assert lines.count(TEST_COMMAND) == 1
