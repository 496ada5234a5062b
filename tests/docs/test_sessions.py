"""The reader of sessions can tell a page that is right from one that is not."""

from __future__ import annotations

from pathlib import Path

from tests.docs.sessions import plain_environ, play, shows, steps, trouble

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


def test_a_page_is_played_in_one_shell_and_held_to_what_it_shows(tmp_path: Path) -> None:
    folder, notes = tmp_path / "folder", tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    notes.mkdir()
    found = [trouble(each) for each in play(steps(PAGE), folder, notes, plain_environ(tmp_path))]
    assert found[0].startswith("other output; line 4: $ echo one; echo two")
    assert found[1:] == [""] * 7


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
