"""docs/commands.md: every command as its own `--help` describes it, and the notes that help has no room for.

Knows how commands are declared. The notes are docs/parts/commands.md, a section for each that has some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from smscli.cli.app import COMMANDS, app, load
from smscli.domain.errors import ExitCode
from tools.markdown import code, plain, sections, table

NOTES = Path(__file__).parent.parent / "docs" / "parts" / "commands.md"

#: What every command can end with: said once, at the top of the page.
_EVERYWHERE = frozenset({ExitCode.BUG, ExitCode.USAGE, ExitCode.SIGINT})


def all_commands() -> Mapping[str, Any]:
    """Every command and verb by what one types, the program itself first."""
    found: dict[str, Any] = {"smscli": typer.main.get_command(app)}
    for name, listed in COMMANDS.items():
        command = load(listed)
        found[f"smscli {name}"] = command
        for verb, below in getattr(command, "commands", {}).items():
            found[f"smscli {name} {verb}"] = below
    return found


def commands_page(notes: str) -> str:
    """The whole page. Raises ValueError where there are notes on a command that is gone."""
    commands, noted = all_commands(), sections(notes)
    gone = noted.keys() - commands.keys() - {""}
    if gone:
        raise ValueError(f"{NOTES.name} has notes on {', '.join(sorted(gone))}: there is no such command")
    lines = [noted[""]]
    for name, command in commands.items():
        lines += ["", f"## {name}", "", *_described(name, command)]
        if name in noted:
            lines += ["", noted[name]]
    return "\n".join(lines) + "\n"


def _described(name: str, command: Any) -> Iterator[str]:
    yield code(_usage(name, command))
    yield ""
    yield from _paragraphs(command.help)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    if arguments:
        yield ""
        yield from table(
            ("argument", "meaning"), ([code(_metavar(each)), _meaning(each)] for each in arguments)
        )
    if options:
        yield ""
        yield from table(("option", "meaning"), ([_spellings(each), _meaning(each)] for each in options))
    if command.epilog:
        yield ""
        yield from table(("exit", "meaning"), _exit_codes(command.epilog))


def _usage(name: str, command: Any) -> str:
    words = [name]
    if command.params:
        words.append("[OPTIONS]")
    for each in command.params:
        if each.param_type_name == "argument":
            shown = _metavar(each)
            words.append(shown if each.required else f"[{shown}]")
    if getattr(command, "commands", None) or name == "smscli":
        words.append("COMMAND …")
    return " ".join(words)


def _metavar(argument: Any) -> str:
    name = str(argument.metavar or argument.name.upper())
    return f"{name}…" if argument.nargs != 1 else name


def _spellings(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or _word_for(option)}"
    return ", ".join(code(spelling + value) for spelling in (*option.opts, *option.secondary_opts))


def _word_for(option: Any) -> str:
    return str(max(option.opts, key=len)).removeprefix("--").replace("-", "_").upper()


def _meaning(parameter: Any) -> str:
    """The help of a parameter, then what can be typed and what counts where nothing is."""
    sentences = [plain(parameter.help or "")]
    choices = parameter.type_descriptor.choices
    if not all(str(_value(choice)) in (parameter.help or "") for choice in choices or ()):
        sentences.append(f"One of {', '.join(code(_value(choice)) for choice in choices)}.")
    if parameter.type_descriptor.is_ranged and parameter.min is not None:
        sentences.append(f"At least {parameter.min}.")
    if getattr(parameter, "multiple", False) and "repeated" not in (parameter.help or ""):
        sentences.append("May be repeated.")
    if _has_default(parameter):
        sentences.append(f"Default: {code(_value(parameter.default))}.")
    if parameter.required and parameter.param_type_name == "option":
        sentences.append("Needed.")
    return " ".join(filter(None, sentences))


def _has_default(parameter: Any) -> bool:
    return parameter.default not in (None, False, "", ()) and bool(parameter.show_default)


def _value(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


def _paragraphs(text: str | None) -> Iterator[str]:
    """A docstring's paragraphs; `\\b` before one keeps its lines, as in `--help`."""
    if not text:
        return
    for at, paragraph in enumerate(re.split(r"\n\s*\n", text.partition("\f")[0].strip())):
        if at:
            yield ""
        if paragraph.startswith("\b"):
            yield from ("```text", *paragraph.removeprefix("\b").strip("\n").splitlines(), "```")
        else:
            yield plain(paragraph)


def _exit_codes(epilog: str) -> list[tuple[str, str]]:
    """The rows of an epilog made by `exit_codes`, but for what can happen everywhere."""
    rows = re.findall(r"^ +(\d+)  (.+(?:\n {7}.+)*)$", epilog, re.MULTILINE)
    return [
        (number, plain(" ".join(meaning.split())))
        for number, meaning in rows
        if int(number) not in _EVERYWHERE
    ]
