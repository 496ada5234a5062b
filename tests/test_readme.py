"""The README's promises to a newcomer: its session is on the first screen, and its two commands are exact.

What the session shows is held to the program by `tests/docs/test_pages.py`.
"""

from __future__ import annotations

from tests.docs.sessions import ROOT, steps

README = (ROOT / "README.md").read_text("utf-8")
FIRST_SCREEN = 40

FIRST_COMMAND = "pip install . && smscli send campaigns.example.yaml bike-ready --yes"
TEST_COMMAND = "pip install -e '.[test]' && pytest"


def test_the_session_stands_on_the_first_screen() -> None:
    lines = README.splitlines()
    assert lines.index("```console") < 10
    assert lines.index("```", lines.index("```console")) < FIRST_SCREEN


def test_the_session_looks_before_it_sends_and_sends_twice() -> None:
    verbs = [step.typed.split()[:2] for step in steps(README)[:3]]
    assert verbs == [["smscli", "preview"], ["smscli", "send"], ["smscli", "send"]]


def test_the_two_commands_stand_alone_on_their_lines() -> None:
    lines = README.splitlines()
    assert lines.count(FIRST_COMMAND) == 1
    assert lines.count(TEST_COMMAND) == 1
