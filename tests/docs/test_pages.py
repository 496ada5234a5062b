"""Every session of the README and of docs/ is played, in order, page by page, and is what the program says.

docs/cron.md has a test of its own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.docs import one_process
from tests.docs.scenes import scene_of
from tests.docs.sessions import ROOT, Played, plain_environ, play, steps, trouble

PAGES = {
    name: path.read_text("utf-8")
    for path in sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
    if (name := path.relative_to(ROOT).as_posix()) != "docs/cron.md"
}

#: Played with a process for each command, as its readers play it; the other pages in one process.
IN_PROCESSES = ("README.md",)

#: What the pages call besides smscli and must not do here; `.ci/run` installs for real.
STAND_INS = ("pip", "pytest")


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if steps(text)])
def test_what_a_page_shows_is_what_the_program_says(page: str, tmp_path: Path) -> None:
    troubles = [said for each in played(page, tmp_path) if (said := trouble(each))]
    if troubles:
        pytest.fail(f"{page}\n" + "\n".join(troubles), pytrace=False)


def played(page: str, place: Path) -> list[Played]:
    """The steps of a page, and what each came to, in the page's own words."""
    folder, notes, programs = (place / name for name in ("folder", "notes", "programs"))
    for each in (folder, notes, programs):
        each.mkdir()
    for name in STAND_INS:
        (programs / name).write_text("#!/bin/sh\n", "utf-8")
        (programs / name).chmod(0o700)
    todo = steps(PAGES[page])
    with scene_of(page, folder) as scene:
        typed = [replace(step, typed=scene.typed(step.typed)) for step in todo]
        play_it = play if page in IN_PROCESSES else one_process.play
        found = play_it(typed, folder, notes, plain_environ(place, programs))
    return [
        replace(one, step=step, out=scene.told(one.out), err=scene.told(one.err))
        for one, step in zip(found, todo, strict=True)
    ]
