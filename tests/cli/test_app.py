"""The front door: what is listed, what goes where, and what every kind of end looks like."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pexpect
import pytest

from smscli import __version__
from smscli.cli import app
from smscli.cli.result import STATUS, Status
from smscli.domain.errors import ExitCode
from tests.cli import endings
from tests.cli.program import Finished, Program, child, in_process

ends = Program(environ={"ACME_TOKEN": "sesame-open"}, commands=endings.COMMANDS)

#: The same table in a real process.
ENDING = ["-m", "tests.cli.endings"]
ROOT = Path(__file__).parents[2]


def ending_child(*words: str, environ: Mapping[str, str] | None = None) -> Finished:
    return child(*words, environ=environ, program=ENDING, cwd=ROOT)


# --- what is listed ---


def listed_lines() -> list[str]:
    """The lines of `--help` below its headings."""
    return [line for line in in_process("--help").out.splitlines() if re.match(r"  [a-z]", line)]


def test_help_lists_every_command_with_its_line() -> None:
    told = child("--help")
    assert (told.code, told.err) == (0, "")
    listed = [f"  {name:<10}  {each.help}" for name, each in app.COMMANDS.items()]
    assert sorted(listed_lines()) == sorted(listed)


def test_help_groups_commands_as_an_operator_meets_them() -> None:
    named = [name for names in app.HEADINGS.values() for name in names if name in app.COMMANDS]
    assert [re.split(r"  +", line)[1] for line in listed_lines()] == named
    assert set(named) == set(app.COMMANDS), "every command has its place"
    lines = in_process("--help").out.splitlines()
    assert [line.removesuffix(":") for line in lines if re.fullmatch(r"[A-Z][a-z ]+:", line)] == [
        "Options",
        *app.HEADINGS,
    ]


def test_help_is_short_and_its_lists_stand_apart() -> None:
    lines = in_process("--help", environ={"COLUMNS": "80"}).out.splitlines()
    assert len(lines) <= 36
    assert max(map(len, lines)) <= 80
    assert {lines[at - 1] for at, line in enumerate(lines) if line.endswith(":")} == {""}


@pytest.mark.parametrize("name", app.COMMANDS)
def test_the_listed_line_is_the_beginning_of_the_command_s_own(name: str) -> None:
    command, listed = app.load(app.COMMANDS[name]), app.COMMANDS[name].help
    assert listed.endswith(".")
    assert command.help.startswith(listed.removesuffix("."))
    assert tuple(getattr(command, "commands", ())) == app.COMMANDS[name].verbs


def leaves() -> Iterator[str]:
    for name, listed in app.COMMANDS.items():
        yield from (f"{name} {verb}" for verb in listed.verbs) if listed.verbs else [name]


@pytest.mark.parametrize("command", tuple(leaves()))
def test_every_command_takes_json_and_quiet_and_ends_its_help_with_its_exit_codes(command: str) -> None:
    told = Program()(*command.split(), "-h")
    assert told.code == 0
    assert "--json" in told.out
    assert "--quiet" in told.out
    listed = [int(code) for code in re.findall(r"^ +(\d+)  ", told.out.partition("Exit codes:\n")[2], re.M)]
    assert listed == sorted(listed)
    assert {0, 1, 2, 130} <= set(listed) <= set(map(int, ExitCode))


def test_version_is_one_line() -> None:
    assert child("--version") == Finished(0, f"smscli {__version__}\n", "")


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_nothing_heavy_is_imported_before_a_command_is_called(word: str) -> None:
    heavy = "aiohttp asyncio holidays httpx jinja2 phonenumbers pydantic rich sqlite3 yaml".split()  # noqa: SIM905
    code = (
        "import sys\n"
        "from smscli.__main__ import main\n"
        f"sys.argv = ['smscli', {word!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_no_command_at_all_shows_the_help_and_is_wrong_usage() -> None:
    told = Program()()
    assert (told.code, told.out) == (2, "")
    assert "Usage: smscli" in told.err
    assert "no command was given" in told.err


@pytest.mark.parametrize("name", [name for name, each in app.COMMANDS.items() if each.verbs])
def test_a_command_without_its_verb_shows_what_there_is_and_is_wrong_usage(name: str) -> None:
    told = Program()(name)
    assert (told.code, told.out) == (2, "")
    assert f"Usage: smscli {name}" in told.err
    for verb in app.COMMANDS[name].verbs:
        assert re.search(rf"^  {verb} +[A-Z]", told.err, re.MULTILINE)
    verbs = app.COMMANDS[name].verbs
    example = "list" if "list" in verbs else verbs[0]
    assert f"hint: for example: smscli {name} {example}\n" in told.err
    assert Program()(name, "--help").code == 0


@pytest.mark.parametrize(
    ("words", "same"),
    [("help", "--help"), ("help send", "send --help"), ("help optout add", "optout add --help")],
)
def test_help_is_a_word_as_well(words: str, same: str) -> None:
    assert Program()(*words.split()) == Program()(*same.split())
    assert Program()(*words.split()).code == 0


@pytest.mark.parametrize("command", tuple(leaves()))
def test_the_help_of_every_command_fits_eighty_columns(command: str) -> None:
    shown = Program()(*command.split(), "--help").out
    assert [line for line in shown.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        ("log", "[FILE]"),
        ("init", "[DIR]"),
        ("schema", "[WHICH]"),
        ("segments", "[TEXT]"),
        ("optout add", "{NUMBER}..."),
        ("send", "{FILE} {CAMPAIGN}"),
    ],
)
def test_the_usage_line_has_each_bracket_once(command: str, usage: str) -> None:
    first = Program()(*command.split(), "--help").out.splitlines()[0]
    assert first == f"Usage: smscli {command} [OPTIONS] {usage}"


@pytest.mark.parametrize("name", [name for name, each in app.COMMANDS.items() if each.verbs])
def test_the_list_of_verbs_cuts_no_line_off(name: str) -> None:
    assert "..." not in Program()(name, "--help").out.partition("Commands:")[2]


# --- wrong usage, before any command ran ---


@pytest.mark.parametrize(
    ("words", "command", "said"),
    [
        ("segmnts", None, 'smscli has no command "segmnts"'),
        ("--nonsense", None, "smscli has no option --nonsense"),
        ("segments --nonsense", "segments", "smscli segments has no option --nonsense"),
        ("segments a b", "segments", 'smscli segments does not take "b" here'),
        ("optout list --nonsense", "optout list", "smscli optout list has no option --nonsense"),
        ("optout nonsense", "optout", 'smscli optout has no command "nonsense"'),
        ("log --state nonsense", "log", "nonsense"),
        ("completion cmd", "completion", 'SHELL: found "cmd", needed bash, zsh or fish'),
        ("schema ''", "schema", 'WHICH: found "", needed campaigns or gateway'),
        ("log --limit 0", "log", '--limit: found "0", needed a whole number from 1 on'),
        ("log", "log", "nothing says which sent log"),
    ],
)
def test_wrong_usage_is_told_in_text_and_in_json(words: str, command: str | None, said: str) -> None:
    text = Program()(*shlex.split(words))
    assert (text.code, text.out) == (2, "")
    assert said in text.err
    assert text.err.splitlines()[-1].startswith("hint: ")
    both = Program()(*shlex.split(words), "--json")
    assert both.code == 2
    assert both.err.replace(" --json", "") == text.err  # a line to type is whole
    assert list(both.document) == ["schema", "command", "status", "error"]
    assert (both.document["schema"], both.document["command"], both.document["status"]) == (
        1,
        command,
        "usage",
    )
    assert list(both.document["error"]) == ["message", "hint", "problems"]
    assert said in both.document["error"]["message"]


def test_json_behind_two_dashes_is_a_text_and_not_a_wish() -> None:
    assert in_process("segments", "--", "--json").out.startswith("1 segment, GSM-7, 6 of 160 septets")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("--debug end x", "end"),
        ("log --campaign resolve", "log"),
        ("optout --json add +1", "optout add"),
        ("optout", "optout"),
        ("optout nonsense", "optout"),
        ("nonsense log", None),
        ("", None),
    ],
)
def test_a_command_line_names_its_command(words: str, command: str | None) -> None:
    assert app.command_name(words.split(), {**app.COMMANDS, **endings.COMMANDS}) == command


# --- every other end ---


@pytest.mark.parametrize("code", ExitCode)
def test_a_result_is_text_or_one_document_with_a_word_for_its_exit_code(code: ExitCode) -> None:
    assert ends("end", str(int(code))) == Finished(code, "first\nsecond\n", "")
    both = ends("end", str(int(code)), "--json")
    assert (both.code, both.err) == (code, "")
    assert both.document == {
        "schema": 1, "command": "end", "status": STATUS[code], "answer": 42, "path": "a"
    }  # fmt: skip


def test_status_words_are_these() -> None:
    words = {"ok", "bug", "usage", "incomplete", "files", "refused", "stopped", "sent_log", "interrupted"}
    assert set(STATUS) == set(ExitCode)
    assert {str(word) for word in Status} == words == set(STATUS.values())


@pytest.mark.parametrize(
    ("how", "code"), [("usage", 2), ("files", 4), ("refused", 5), ("stopped", 6), ("sent_log", 7)]
)
def test_an_error_is_told_on_stderr_with_its_hint_and_its_exit_code(how: str, code: int) -> None:
    text = ends("end", how)
    assert (text.code, text.out) == (code, "")
    assert text.err.splitlines()[0] == "error: found"
    assert text.err.splitlines()[-1] == "hint: type"
    both = ends("end", how, "--json")
    assert (both.code, both.err) == (code, text.err)
    assert (both.document["command"], both.document["status"]) == ("end", how)
    assert both.document["error"]["message"] == "found"
    assert both.document["error"]["hint"] == "type"


def test_twenty_problems_are_printed_and_the_rest_counted_but_json_has_all() -> None:
    told = ends("end", "files", "--json")
    lines = told.err.splitlines()
    assert lines[1] == "  a.csv:1:2: phone: found 1 (add)"
    assert len([line for line in lines if "a.csv" in line]) == 20
    assert lines[-2] == "  … and 5 problems more; --json shows all."
    problems = told.document["error"]["problems"]
    assert len(problems) == 25
    assert problems[0] == {
        "file": "a.csv", "line": 1, "record": None, "column": 2, "path": "phone", "value": "",
        "code": "too_short", "message": "found 1", "hint": "add",
    }  # fmt: skip


def test_a_stream_that_ends_badly_keeps_what_was_answered() -> None:
    assert ends("end", "badly") == Finished(4, "first\n", "error: the end was bad\n")


def test_a_bug_is_named_masked_and_has_its_traceback_only_with_debug() -> None:
    told = ends("end", "bug", "--json")
    assert told.code == 1
    assert "this is a bug in smscli: RuntimeError: +12••• with <ACME_TOKEN>\\x1b[2J" in told.err
    assert "Traceback" not in told.err
    assert told.document["status"] == "bug"
    debug = ends("--debug", "end", "bug")
    assert "Traceback" in debug.err
    assert "endings.py" in debug.err
    for text in (told.out, told.err, debug.err):
        assert "5550123" not in text
        assert "sesame" not in text
        assert "\x1b" not in text


def test_debug_shows_no_traceback_of_an_error_that_is_no_bug() -> None:
    assert "Traceback" not in ends("--debug", "end", "refused").err


def test_ctrl_c_ends_with_130_and_one_line() -> None:
    told = ends("end", "interrupted", "--json")
    assert told.code == 130
    assert told.err == "error: interrupted\n"
    assert told.document["status"] == "interrupted"


# --- what a value can do to a screen: nothing ---


@pytest.mark.parametrize("how", ["nasty", "nasty table"])
def test_markup_and_escapes_in_values_are_shown_and_do_nothing(how: str) -> None:
    told = ends("end", how)
    for text in (told.out, told.err):
        assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}
    shown = told.out + told.err
    assert r"\x1b[31mred\x1b[0m [bold]loud[/bold] \u202eback\r\x07 :smile: ‹ł›" in shown
    assert told.out.count("\n") == (0 if how == "nasty" else 4)


def test_json_is_ascii_and_keeps_the_value() -> None:
    told = ends("end", "nasty table", "--json")
    assert told.out.isascii()
    assert told.document["value"] == endings.NASTY


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {}, {"TERM": "dumb"}])
def test_a_pipe_gets_no_colours_and_no_wrapping(environ: dict[str, str]) -> None:
    told = ending_child("end", "nasty table", environ=environ)
    assert "\x1b" not in told.out
    assert told.out.splitlines()[1].endswith("2")


def at_a_terminal(*words: str, environ: Mapping[str, str]) -> str:
    """What a terminal of 60 columns receives."""
    clean = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR", "TERM"}}
    started = pexpect.spawn(
        sys.executable,
        [*ENDING, *words],
        env=clean | {"TERM": "xterm"} | dict(environ),
        cwd=str(ROOT),
        dimensions=(24, 60),
        encoding="utf-8",
        timeout=30,
    )
    shown = started.read()
    started.close()
    return str(shown)


@pytest.mark.parametrize(
    ("environ", "styled"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_terminal_gets_styles_unless_it_or_its_owner_wants_none(
    environ: dict[str, str], styled: bool
) -> None:
    shown = at_a_terminal("end", "nasty table", environ=environ)
    assert ("\x1b[1mone" in shown) is styled
    assert "\x1b[31m" not in shown
    rows = re.sub(r"\x1b\[[0-9;]*m", "", shown).split("\r\n")[:-2]
    assert max(map(len, rows)) <= (80 if "TERM" in environ else 60)  # nobody asks a dumb terminal its width
    assert "\x1b" not in shown.replace("\x1b[1m", "").replace("\x1b[0m", "")


def test_a_narrow_screen_folds_and_loses_nothing() -> None:
    told = ending_child("end", "nasty table", environ={"COLUMNS": "24"})
    table = told.out.splitlines()[:-1]
    assert max(map(len, table)) <= 24
    first = "".join(line[:20].strip() for line in table)
    assert r"\x1b[31mred\x1b[0m" in first.replace(" ", "")


@pytest.mark.parametrize(
    "environ",
    [{"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii"}],
)
def test_an_ascii_locale_gets_question_marks_and_no_traceback(environ: dict[str, str]) -> None:
    assert ending_child("end", "masked", environ=environ) == Finished(0, "+1202???0123\n", "")
    assert "… and 5" in ending_child("end", "files", environ={}).err
    assert "? and 5" in ending_child("end", "files", environ=environ).err


# --- streams that fail ---

MAIN = "from smscli.__main__ import main; main()"


def piped(words: list[str], *, read: int, program: list[str]) -> tuple[int, str]:
    """Start, read so many lines, close the pipe; the exit code and stderr."""
    process = subprocess.Popen(
        [sys.executable, *program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    for _ in range(read):
        process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    return process.wait(timeout=30), err


def test_a_reader_that_leaves_early_is_no_error_and_the_exit_code_stays() -> None:
    assert piped(["end", "many lines"], read=1, program=ENDING) == (3, "")


def test_help_into_a_closed_pipe_is_quiet() -> None:
    code, err = piped(["--help"], read=0, program=["-c", "import time; time.sleep(0.2)\n" + MAIN])
    assert (code, err) == (0, "")


def test_a_broken_pipe_that_is_not_our_stdout_is_not_taken_for_success() -> None:
    assert ends("end", "broken pipe elsewhere").code == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(("how", "code"), [("0", 1), ("6", 6)])
def test_output_that_cannot_be_written_is_told_and_never_hides_a_worse_end(how: str, code: int) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, *ENDING, "end", how],
            stdout=full,
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == code
    assert "error: the output could not be written: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&-", "1>&- 2>&- 0<&-"])
def test_closed_streams_do_no_harm(closed: str) -> None:
    command = f'"{sys.executable}" -m smscli segments x {closed}'
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=False).returncode == 0
