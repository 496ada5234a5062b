"""Every screen is as its file says, at both widths, and safe for terminals that can do less."""

from __future__ import annotations

import re
from difflib import unified_diff

import pytest
from rich.cells import cell_len

from smscli.cli.app import COMMANDS
from tests.golden.refresh import SCREENS, expected_files, file_of
from tests.golden.scenes import SCENES, WIDTHS, played

EVERY_SCENE = pytest.mark.parametrize("name", SCENES)
AT_WORK = pytest.mark.parametrize("name", [name for name in SCENES if not name.startswith("help")])

#: What stays on one line however narrow the screen: what is typed, copied, mailed or a row for `grep`.
_WHOLE = re.compile(
    r"^(\$ |hint: |error: |warning: |sent log: |problems: |duplicates: |Next  |\{|  \S+:\d|  smscli )"
    r"|^\S+: (done|incomplete|stopped)\. |https?://|/home/"
)


@EVERY_SCENE
@pytest.mark.parametrize("columns", WIDTHS)
def test_a_screen_is_as_its_file_says(name: str, columns: int) -> None:
    path = file_of(name, columns)
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    told = played(SCENES[name], columns)
    if told != kept:
        diff = unified_diff(kept.splitlines(), told.splitlines(), f"{path.name} (kept)", "now", lineterm="")
        pytest.fail("\n".join([*diff, "", "If it shall look so: make golden"]), pytrace=False)


def test_no_file_is_left_of_a_scene_that_is_no_more() -> None:
    assert set(SCREENS.rglob("*.txt")) == expected_files()


def test_every_command_is_seen_at_work() -> None:
    seen = {line.words for scene in SCENES.values() for line in scene.lines if "--help" not in line.words}
    leaves = {
        words
        for name, listed in COMMANDS.items()
        for words in ([f"{name} {verb}" for verb in listed.verbs] or [name])
    }
    assert not {leaf for leaf in leaves if not any(f"{line} ".startswith(f"{leaf} ") for line in seen)}


@AT_WORK
def test_a_terminal_that_knows_ascii_only_and_shall_show_no_colour(name: str) -> None:
    told = played(SCENES[name], 80, encoding="ascii", on_terminal=True)
    assert told.isascii()
    assert not re.search(r"\x1b\[[0-9;]*m", told)
    assert _exits(told) == _exits(_kept(name, 80))


def test_help_is_ascii() -> None:
    assert not [name for name in SCENES if name.startswith("help") and not _kept(name, 80).isascii()]


def test_wide_screens_are_used() -> None:
    differ = {name for name in SCENES if _kept(name, 80) != _kept(name, 120)}
    assert differ >= {"preview", "send-question"}


@pytest.mark.parametrize("name", [name for name in SCENES if name.startswith(("preview", "explain"))])
@pytest.mark.parametrize("columns", WIDTHS)
def test_what_is_laid_out_fits(name: str, columns: int) -> None:
    lines = _kept(name, columns).splitlines()
    assert not [line for line in lines if cell_len(line) > columns and not _WHOLE.search(line)]


def _kept(name: str, columns: int) -> str:
    return file_of(name, columns).read_text(encoding="utf-8")


def _exits(told: str) -> list[str]:
    return re.findall(r"^\[exit (\d+)\]$", told, re.MULTILINE)
