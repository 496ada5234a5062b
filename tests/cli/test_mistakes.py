"""Each mistake is made, and its message held to what it has to say: found, needed, what to type next."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import smscli
from tests.cli.mistake import Mistake, message, play
from tests.cli.mistakes import MISTAKES

EVERY = [
    pytest.param(mistake, id=f"{about}: {mistake.name}")
    for about, mistakes in MISTAKES.items()
    for mistake in mistakes
]

#: Longer than any count, date or port; what a message shows of a number is shorter.
_FULL_NUMBER = re.compile(r"(?<![\w.-])\+?\d{8,15}(?![\w.])")
_EXAMPLES = re.compile(r"\+120255501[24]3")
_SECRETS = ("not-for-your-eyes", "abc123def", "loopback-secret-token")


@pytest.mark.parametrize("mistake", EVERY)
def test_a_mistake_is_told_with_what_was_found_what_was_needed_and_what_to_type(
    mistake: Mistake, tmp_path: Path
) -> None:
    if mistake.unprivileged and sys.platform != "linux":
        pytest.skip("capabilities are Linux's")
    done = play(mistake, tmp_path)
    said = done.err + done.out
    assert done.code == mistake.exit, said
    assert not [words for words in mistake.says if words not in said], said
    assert not list(_style(message(done))), message(done)
    assert not _FULL_NUMBER.search(_EXAMPLES.sub("", message(done))), message(done)
    assert not [secret for secret in _SECRETS if secret in said], said


def _style(told: str) -> Iterator[str]:
    """What is wrong with the form: capitals behind `error:` and `hint:`, two hints or none, a full stop."""
    lines = told.splitlines()
    starts = [re.match(r"(error|hint|warning): (.)", line) for line in lines]
    yield from (line for line, start in zip(lines, starts, strict=True) if start and start[2].isupper())
    hints = [line for line in lines if line.startswith("hint: ")]
    if len(hints) > 1:
        yield "two hints"
    yield from (hint for hint in hints if hint.endswith("."))
    if lines and lines[0].startswith("error: ") and not hints and len(lines) == 1:
        yield "no hint at all"


def test_no_hint_in_the_source_begins_with_a_capital_or_ends_with_a_full_stop() -> None:
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in Path(smscli.__file__).parent.rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if re.search(r"""\bhint\s*=\s*f?["'](?:[A-Z](?!MSCLI_)|.*\."[,)]?$)""", line)
    ]
    assert found == []


def test_there_are_more_than_forty_mistakes_and_each_has_a_name_of_its_own() -> None:
    names = [(about, mistake.name) for about, mistakes in MISTAKES.items() for mistake in mistakes]
    assert len(names) >= 40
    assert len(set(names)) == len(names)
