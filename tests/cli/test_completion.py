"""Completion: what is offered where, how quickly, and that real shells insert it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import split

import pexpect
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.cli.app import COMMANDS, load
from smscli.cli.completing import ARGUMENTS, Catalogue
from smscli.domain.message import Realm, State
from tests.cli.program import Finished, Program, in_process

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "zsh", "fish")

CAMPAIGNS = """\
version: 1
gateways:
  ours: {preset: twilio}
  theirs: kannel
campaigns:
  bike-ready: {purpose: transactional}
  tyre-change: {purpose: marketing}
"""

complete = Catalogue(COMMANDS, load).answer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaigns.yaml").write_text(CAMPAIGNS)
    (tmp_path / "my campaigns.yaml").write_text(CAMPAIGNS)
    (tmp_path / "contacts.csv").write_text("phone\n")
    (tmp_path / "campaigns").mkdir()
    return tmp_path


def offered(*words: str) -> list[str]:
    """The values, without what they mean."""
    return [line.partition("\t")[0] for line in complete(words)]


def leaves() -> Iterator[str]:
    for name, listed in COMMANDS.items():
        yield from (f"{name} {verb}" for verb in listed.verbs) if listed.verbs else [name]


def params(name: str) -> Sequence[object]:
    if name in COMMANDS:
        return tuple(load(COMMANDS[name]).params)
    first, verb = name.split()
    return tuple(load(COMMANDS[first]).commands[verb].params)


# --- what is offered ---


def test_commands_are_offered_with_what_they_do() -> None:
    assert offered("") == [name for name in COMMANDS if " " not in name]
    assert complete(["sen"]) == ["send\tSend a campaign to its contact list, nobody twice"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("se", ["send", "segments"]),
        ("--", ["--version", "--debug", "--help"]),
        ("--debug optout re", ["remove"]),
        ("help opt", ["optout"]),
        ("help optout a", ["add"]),
        ("optout ", ["add", "remove", "list", "import"]),
        ("optout -", ["--help"]),
        ("log b", ["backup", ":files .yaml .yml"]),
        ("log backup --l", ["--log"]),
        ("nonsense ", []),
        ("optout nonsense ", []),
        ("send ", [":files .yaml .yml"]),
        ("send campaigns.yaml ", ["bike-ready", "tyre-change"]),
        ("send campaigns.yaml ty", ["tyre-change"]),
        ("send campaigns.yaml bike-ready ", []),
        ("send --yes campaigns.yaml b", ["bike-ready"]),
        ("send --limit 5 campaigns.yaml b", ["bike-ready"]),
        ("send --limit=5 campaigns.yaml b", ["bike-ready"]),
        ("send -- campaigns.yaml b", ["bike-ready"]),
        ("send campaigns.yaml b --exp", ["--expect"]),
        ("send --expect ", []),
        ("send --yes --ye", []),
        ("send --again rejected --aga", ["--again"]),
        ("send --again ", ["rejected", "same-text"]),
        ("preview nothing.yaml ", []),
        ("preview campaigns ", []),
        ("preview contacts.csv ", []),
        ("log --realm ", list(Realm)),
        ("log --state re", ["rejected", "released"]),
        ("log --state ", list(State)),
        ("log campaigns.yaml --campaign b", ["bike-ready"]),
        ("log --campaign b", []),
        ("log --log ", [":files"]),
        ("preview --contacts ", [":files"]),
        ("preview --gateway s", ["sandbox", "sinch", ":files .yaml .yml"]),
        ("preview campaigns.yaml --gateway o", ["ours", ":files .yaml .yml"]),
        ("preview --gateway=s", ["--gateway=sandbox", "--gateway=sinch", ":files .yaml .yml"]),
        ("preview --gateway = s", ["--gateway=sandbox", "--gateway=sinch", ":files .yaml .yml"]),
        ("preview --gateway =", None),
        ("gateway show t", ["telnyx", "textbee", "twilio", ":files .yaml .yml"]),
        (
            "gateway show --campaigns campaigns.yaml t",
            ["theirs", "telnyx", "textbee", "twilio", ":files .yaml .yml"],
        ),
        ("gateway try --campaigns ", [":files .yaml .yml"]),
        ("optout import ", [":files"]),
        ("optout add +12025550123 ", []),
        ("completion ", list(SHELLS)),
        *((f"{name} ", [":files .yaml .yml"]) for name in ("check", "status", "resolve")),
        *((f"{name} campaigns.yaml --log x ", []) for name in ("status", "resolve")),
    ],
)
def test_what_is_offered(folder: Path, words: str, expected: list[str] | None) -> None:
    got = offered(*words.split(" "))
    if expected is None:
        assert "--gateway=sandbox" in got
        return
    assert sorted(got) == sorted(expected)


@pytest.mark.parametrize("quoted", ["'my campaigns.yaml'", '"my campaigns.yaml"', r"my\ campaigns.yaml"])
def test_a_file_in_quotes_is_read_as_bash_leaves_it(folder: Path, quoted: str) -> None:
    assert offered("send", quoted, "b") == ["bike-ready"]
    assert offered("send", "my campaigns.yaml", "'b") == ["bike-ready"]


def test_a_file_below_the_home_folder_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert offered("send", "~/campaigns.yaml", "b") == ["bike-ready"]


@pytest.mark.parametrize("name", tuple(leaves()))
def test_every_option_of_every_command_is_offered(name: str) -> None:
    known = {opt for param in params(name) for opt in param.opts if opt.startswith("-")}  # type: ignore[attr-defined]
    assert set(offered(*name.split(), "-")) == known | {"--help"}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_arguments_known_by_heart_are_those_of_the_command(name: str) -> None:
    told = [param.metavar for param in params(name) if param.param_type_name == "argument"]  # type: ignore[attr-defined]
    assert told == list(ARGUMENTS[name])


def test_what_a_campaign_and_a_gateway_are_is_told_besides(folder: Path) -> None:
    assert complete(["send", "campaigns.yaml", "b"]) == ["bike-ready\ttransactional"]
    lines = complete(["gateway", "show", "--campaigns", "campaigns.yaml", ""])
    assert {"twilio\tpreset", "ours\ttwilio", "theirs\tkannel"} <= set(lines)


# --- nothing else happens ---


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"campaigns: [1, 2]", b"campaigns:", b"- a", b"a: &a [*a]", b"\x00" * 99],
)
def test_a_file_that_is_no_campaigns_file_offers_nothing_and_says_nothing(
    folder: Path, content: bytes
) -> None:
    (folder / "odd.yaml").write_bytes(content)
    assert in_process("__complete", "send", "odd.yaml", "", cwd=folder) == Finished(0, "", "")


def test_a_half_written_file_offers_what_can_be_read_of_it(folder: Path) -> None:
    (folder / "odd.yaml").write_text("campaigns:\n  ready: {purpose: nonsense}\n  other:\nnonsense: 1\n")
    assert offered("send", "odd.yaml", "") == ["ready", "other"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*COMMANDS, "add", "--", "-", "=", "--log", "--x=", "'", "\\"]) | st.text(max_size=5)
    )
)
def test_no_line_makes_it_fail(words: list[str]) -> None:
    for line in complete(words):
        assert line == line.strip()
        assert "\n" not in line
        assert line.count("\t") <= 1


def test_the_world_is_not_touched(folder: Path) -> None:
    before = {each.name for each in folder.iterdir()}
    for words in (["send", "campaigns.yaml", ""], ["log", "--log", "sent-log.db", "--campaign", ""], ["x"]):
        assert Program()("__complete", *words).code == 0
    assert {each.name for each in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["se"], set()),
        (["optout", ""], set()),
        (["send", ""], set()),
        (["send", "campaigns.yaml", ""], {"yaml", "phonenumbers"}),
    ],
)
def test_the_usual_words_are_completed_without_heavy_imports(
    folder: Path, words: list[str], allowed: set[str]
) -> None:
    heavy = "aiohttp asyncio holidays httpx jinja2 phonenumbers pydantic rich sqlite3 yaml".split()  # noqa: SIM905
    code = (
        "import sys\nfrom smscli.__main__ import main\n"
        f"sys.argv = ['smscli', '__complete', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout
    assert set(done.stderr.split()) <= allowed


# --- the scripts ---


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell_is_printed_as_it_is_bundled(shell: str) -> None:
    script = (ROOT / f"smscli/presets/completion/smscli.{shell}").read_text("utf-8")
    assert Program()("completion", shell) == Finished(0, script, "")
    document = Program()("completion", shell, "--json").document
    assert list(document) == ["schema", "command", "status", "shell", "script"]
    assert (document["shell"], document["script"]) == (shell, script)
    assert f"smscli completion {shell} > " in script, "it says where to put it"


def test_another_shell_is_told_which_there_are() -> None:
    told = Program()("completion", "tcsh")
    assert (told.code, told.out) == (2, "")
    assert "bash, zsh or fish" in told.err


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed here")


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    """A PATH with smscli on it, and nothing of the user's own."""
    programs = folder / ".bin"
    programs.mkdir()
    (programs / "smscli").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m smscli "$@"\n')
    (programs / "smscli").chmod(0o755)
    inherited = {name: os.environ[name] for name in ("LANG", "LC_ALL", "PYTHONPATH") if name in os.environ}
    path = f"{programs}:{os.environ['PATH']}"
    return inherited | {"PATH": path, "HOME": str(folder), "TERM": "dumb", "XDG_CONFIG_HOME": str(folder)}


#: What is typed before TAB, and the line that is then there.
TYPED = {
    "smscli sen": "smscli send ",
    "smscli send campaigns.y": "smscli send campaigns.yaml ",
    "smscli send campaigns.yaml b": "smscli send campaigns.yaml bike-ready ",
    "smscli send 'my campaigns.yaml' b": "smscli send 'my campaigns.yaml' bike-ready ",
    "smscli send ~/campaigns.yaml b": "smscli send ~/campaigns.yaml bike-ready ",
    "smscli send ~/campaigns.y": "smscli send ~/campaigns.yaml ",
    "smscli gateway show sa": "smscli gateway show sandbox ",
    "smscli log --realm=sa": "smscli log --realm=sandbox ",
    "smscli gateway try --camp": "smscli gateway try --campaigns ",
    "smscli nonsense x": "smscli nonsense x",
}

START = {
    "bash": "source <(smscli completion bash)",
    "zsh": "unsetopt promptsp; autoload -Uz compinit; compinit -u -D; source <(smscli completion zsh)",
}
OPTIONS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}
SHOW = "show() { printf 'GOT'; printf '<%s>' \"$@\"; echo; }"


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in START])
def test_a_person_at_a_shell_gets_the_line_completed(
    shell: str, environ: dict[str, str], folder: Path
) -> None:
    terminal = pexpect.spawn(
        shell,
        OPTIONS[shell],
        env=environ,
        cwd=str(folder),
        dimensions=(40, 200),
        encoding="utf-8",
        timeout=30,
    )
    terminal.sendline(f"PS1='> '; {SHOW}; {START[shell]}; echo READ''Y")
    terminal.expect("READY")
    for typed, line in TYPED.items():
        terminal.send(f"{typed}\t\x01show \r")  # TAB, and back to the beginning of the line to see its words
        words = split(line.replace("~", str(folder)))
        terminal.expect_exact("GOT" + "".join(f"<{word}>" for word in words) + "\r\n")
    terminal.close()


@needs("fish")
def test_fish_offers_the_same(environ: dict[str, str], folder: Path) -> None:
    asked = {typed: split(line)[-1] for typed, line in TYPED.items() if split(typed) != split(line)}
    questions = "\n".join(f'complete --do-complete "{typed}"; echo END' for typed in asked)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"smscli completion fish | source\n{questions}"],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    told = [
        [each.partition("\t")[0] for each in part.split("\n") if each] for part in done.stdout.split("END\n")
    ]
    assert told[:-1] == [[value] for value in asked.values()]


@needs("bash")
def test_bash_is_driven_as_it_drives_completion(environ: dict[str, str], folder: Path) -> None:
    calls = [
        (["smscli", "preview", "--gateway", "=", "sa"], "sandbox"),
        (["smscli", "preview", "--gateway", "="], "generic-json kannel sandbox twilio campaigns"),
        (["smscli", "send", ""], "campaigns my"),
    ]
    lines = ["source <(smscli completion bash)", "complete -p smscli"]
    for words, _ in calls:
        quoted = " ".join(f"'{word}'" for word in words)
        lines += [
            f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _smscli smscli; echo ${{COMPREPLY[@]}}"
        ]
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *told = done.stdout.splitlines()
    assert first == "complete -F _smscli smscli"
    for said, (_, expected) in zip(told, calls, strict=True):
        assert set(expected.split()) <= set(said.replace("campaigns.yaml", "").split())
        assert "contacts.csv" not in said
