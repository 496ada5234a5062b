"""The reader of sessions can tell a page that is right from one that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smscli import __version__
from tests.docs import one_process, sessions
from tests.docs.sessions import Played, plain_environ, play, shows, steps, trouble

EITHER_WAY = pytest.mark.parametrize("play_it", [sessions.play, one_process.play])

PAGE = """\
# A page

```console
$ echo one; echo two
one
$ false
$ echo $?
1
```

```sh
for number in 1 2; do
    echo $number
done
sh -c 'exit 3'   # exit 3 while somebody is held
cd sub
```

```console
$ pwd
…/sub
$ echo trouble >&2; echo found
trouble
found
```
"""


def test_each_command_is_a_step_with_what_the_page_says_of_it() -> None:
    found = [(step.typed, step.shown, step.exits) for step in steps(PAGE)]
    assert found == [
        ("echo one; echo two", ("one",), 0),
        ("false", (), None),
        ("echo $?", ("1",), 0),
        ("for number in 1 2; do\n    echo $number\ndone", None, 0),
        ("sh -c 'exit 3'   # exit 3 while somebody is held", None, 3),
        ("cd sub", None, 0),
        ("pwd", ("…/sub",), 0),
        ("echo trouble >&2; echo found", ("trouble", "found"), 0),
    ]


@EITHER_WAY
def test_a_page_is_played_in_one_go_and_held_to_what_it_shows(
    play_it: Callable[..., list[Played]], tmp_path: Path
) -> None:
    folder, notes = tmp_path / "folder", tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    notes.mkdir()
    found = [trouble(each) for each in play_it(steps(PAGE), folder, notes, plain_environ(tmp_path))]
    assert found[0].startswith("other output; line 4: $ echo one; echo two")
    assert found[1:] == [""] * 7


@EITHER_WAY
def test_smscli_is_played_where_the_shell_stands_with_what_it_exports(
    play_it: Callable[..., list[Played]], tmp_path: Path
) -> None:
    page = """\
```console
$ mkdir -p sub && cd sub && export SMSCLI_SENT_LOG=here.db
$ smscli --version
smscli …
$ smscli optout list     # exit 7
…
error: there is no sent log at …/folder/sub/here.db
…
$ smscli check 'x y.yaml'
…
  x y.yaml: there is no such file in …/folder/sub (…
…
$ echo $?
4
```
"""
    folder, notes = tmp_path / "folder", tmp_path / "notes"
    for each in (folder, notes):
        each.mkdir()
    found = play_it(steps(page), folder, notes, plain_environ(tmp_path))
    assert [trouble(each) for each in found] == [""] * 5
    assert found[1].out == f"smscli {__version__}\n"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("smscli send x.yaml 'a b' --yes   # exit 3", ["send", "x.yaml", "a b", "--yes"]),
        ("smscli segments 'cost: 5 $ & more?'", ["segments", "cost: 5 $ & more?"]),
        ('smscli optout add "$NUMBER"', None),
        ("smscli log x.yaml | head", None),
        ("smscli schema > x.json", None),
        ("smscli check *.yaml", None),
        ("SMSCLI_SENT_LOG=x smscli log", None),
        ("echo smscli", None),
    ],
)
def test_what_only_a_shell_can_run_is_left_to_it(typed: str, words: list[str] | None) -> None:
    assert one_process.plain_words(typed) == words


def test_an_exit_code_that_the_page_does_not_say_is_trouble(tmp_path: Path) -> None:
    page = "```sh\nsh -c 'exit 3'\n```\n"
    [played] = play(steps(page), tmp_path, tmp_path, plain_environ(tmp_path))
    assert trouble(played).startswith("exit 3 instead of 0; line 2")


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


def test_a_gap_within_a_line_stays_within_it() -> None:
    assert shows(["sent log: …/sent-log.db", "end"], ["sent log: /srv/x/sent-log.db", "end"])
    assert not shows(["sent log: …", "end"], ["sent log: a", "b", "end"])
    assert not shows(["sent log: …/sent-log.db"], ["sent log: /srv/x/other.db"])
