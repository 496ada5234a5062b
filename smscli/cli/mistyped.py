"""A wrong command line in our words: what was typed, what was needed, and the line to type instead.

Knows what Typer complains of. A line to type is made of what was typed, without phone numbers. Reads the
campaigns file and the folder for what they could have meant, and runs nothing.
"""

from __future__ import annotations

import re
import shlex
from ast import literal_eval
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import typer

from smscli.cli.present.text import masked
from smscli.domain.errors import SmscliError, UsageError

#: The options of a command by its name (`optout add`), imported when somebody asks: what each takes, if any.
Options = Callable[[str], Mapping[str, str]]

#: What was typed in place of a choice, as Python writes it.
_NO_CHOICE = re.compile(r"(?:^|, )('.*'|\".*\") is not one of '", re.DOTALL)
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_YAML = frozenset({".yaml", ".yml"})
_LISTS = frozenset({".csv", ".tsv", ".txt"})


class Mistyped:
    """One command line that Typer refused. `commands`: name to verbs; `command`: the one it names, if any."""

    def __init__(
        self,
        arguments: Sequence[str],
        command: str | None,
        commands: Mapping[str, Sequence[str]],
        options_of: Options,
    ) -> None:
        self._arguments = list(arguments)
        self._command = command
        self._commands = commands
        self._options_of = options_of
        self._called = " ".join(filter(None, ["smscli", command]))

    def explained(self, error: typer.TyperException) -> UsageError:
        """The error that the operator reads."""
        said: Any = error
        kind = type(error).__name__
        if kind == "NoSuchOption":
            return self._no_option(str(said.option_name))
        if kind == "MissingParameter":
            return self._missing(str(said.param.metavar or said.param.name), said.ctx)
        if kind == "BadParameter" and said.param is not None:
            return self._bad_value(said)
        if kind == "BadOptionUsage":
            return self._without_value(str(said.option_name))
        message = str(said.message)
        if found := re.match(r"No such command (['\"])(.*?)\1\.", message, re.DOTALL):
            return self._no_command(found[2])
        if found := re.fullmatch(r"Got unexpected extra argument(?:\(s\)|s)? \((.*)\)", message, re.DOTALL):
            return self._too_much(shlex.split(found[1])[0] if found[1].strip() else "")
        return UsageError(_lower(_safe(error.format_message())), hint=self._help())

    # -- commands

    def _no_command(self, word: str) -> UsageError:
        group = self._command
        if group is None and word == "version":
            return UsageError(f"smscli has no command {_quoted(word)}", hint="type: smscli --version")
        if group is None:
            message, known = f"smscli has no command {_quoted(word)}", list(self._commands)
        else:
            message, known = f"{self._called} has no command {_quoted(word)}", list(self._commands[group])
        if near := get_close_matches(word, known, 1):
            return UsageError(message, hint=f"did you mean: {self._line({word: near[0]})}")
        if group is None and Path(word).suffix.lower() in _YAML:
            return UsageError(message, hint=f"the command comes first: {self._line({word: f'send {word}'})}")
        hint = f"it has {_listed(known)}; {self._called} --help says what each does"
        return UsageError(message, hint=hint)

    def _too_much(self, word: str) -> UsageError:
        message = f"{self._called} does not take {_quoted(word)} here"
        if word[:1] and word[0] in _DASHES:
            plain = f"--{word.lstrip(_DASHES + '-')}"
            return UsageError(
                message, hint=f"options begin with two plain hyphens: {self._line({word: plain})}"
            )
        if self._command == "log" and word == "backup":
            file = next((each for each in self._arguments[1:] if Path(each).suffix.lower() in _YAML), None)
            line = _line(["smscli", "log", "backup", "FILE", *(["--campaigns", file] if file else [])])
            return UsageError(message, hint=f"a copy of the log: {line}")
        if Path(word).suffix.lower() in _YAML and "--campaigns" in self._options():
            line = self._line({word: f"--campaigns {shlex.quote(word)}"})
            return UsageError(message, hint=f"the campaigns file goes behind an option: {line}")
        if Path(word).suffix.lower() in _LISTS and "--contacts" in self._options():
            line = self._line({word: f"--contacts {word}"})
            return UsageError(message, hint=f"another list than the campaign's: {line}")
        return UsageError(message, hint=f"leave it out: {self._line({word: ''})}")

    # -- options

    def _options(self) -> Mapping[str, str]:
        own = dict.fromkeys(("--version", "--debug", "--help"), "")
        return self._options_of(self._command) if self._command else own

    def _no_option(self, name: str) -> UsageError:
        typed = next((word for word in self._arguments if word.startswith(name)), name)
        name = typed.partition("=")[0]
        message, known = f"{self._called} has no option {_safe(name)}", self._options()
        if name in ("--debug", "--version"):
            rest = [word for word in self._arguments if word != name]
            return UsageError(message, hint=f"it stands before the command: {_line(['smscli', name, *rest])}")
        if f"-{name}" in known:
            line = self._line({typed: f"-{typed}"})
            return UsageError(message, hint=f"options begin with two hyphens: {line}")
        owners = [each for each in self._all() if each != self._command and name in self._options_of(each)]
        near = get_close_matches(name, known, 1, cutoff=0.75)
        if near and not owners:
            return UsageError(
                message, hint=f"did you mean: {self._line({typed: typed.replace(name, near[0])})}"
            )
        if owners:
            where = _listed([f"smscli {each}" for each in owners[:3]])
            return UsageError(message, hint=f"that is an option of {where}; {self._help()}")
        return UsageError(message, hint=self._help())

    def _all(self) -> list[str]:
        """Every command by its whole name."""
        return [
            each
            for name, verbs in self._commands.items()
            for each in ([f"{name} {v}" for v in verbs] or [name])
        ]

    def _without_value(self, name: str) -> UsageError:
        metavar = self._options().get(name, "")
        hint = f"type {name} {metavar}; {self._help()}" if metavar else self._help()
        return UsageError(f"{_safe(name)} needs a value behind it", hint=hint)

    def _bad_value(self, said: Any) -> UsageError:
        is_option = said.param.opts[0].startswith("-")
        name = max(said.param.opts, key=len) if is_option else str(said.param.metavar)
        message = str(said.message)
        told = _NO_CHOICE.search(message)
        found = str(literal_eval(told[1])) if told else self._value_of(name)
        needed, choices = _needed(message)
        shown = f"found {_quoted(found)}" if found or told else "found something else"
        near = get_close_matches(found, choices, 1)
        before = f"{name} " if is_option else f"{self._called} "
        hint = (
            f"did you mean {before}{near[0]}?"
            if near
            else f"for example: {before}{choices[0]}"
            if choices
            else ""
        )
        return UsageError(f"{name}: {shown}, needed {needed}", hint=hint or self._help())

    def _value_of(self, name: str) -> str:
        """What was typed behind an option last."""
        values = [b for a, b in zip(self._arguments, self._arguments[1:], strict=False) if a == name]
        values += [word.partition("=")[2] for word in self._arguments if word.startswith(f"{name}=")]
        return values[-1] if values else ""

    # -- FILE and CAMPAIGN

    def _missing(self, name: str, context: Any) -> UsageError:
        message = f"{self._called} needs {name}"
        if name == "FILE" and "--contacts" in self._options():
            one = any(each.metavar == "CAMPAIGN" for each in context.command.params)
            hint = self._with(_campaigns_here(), campaign=one)
            return UsageError(f"{message}, a campaigns file", hint=hint)
        if name == "CAMPAIGN":
            return self._missing_campaign(message, context.params.get("file"))
        return UsageError(message, hint=self._help())

    def _missing_campaign(self, message: str, file: Path | None) -> UsageError:
        word = str(file or "")
        if file is not None and not file.exists() and file.suffix.lower() not in _YAML:
            files = [each for each in _campaigns_here() if word in _ids(each)] or _campaigns_here()
            needed = f"{self._called} needs a campaigns file before the campaign, found {_quoted(word)}"
            line = self._line({word: f"{files[0]} {word}"}) if files else self._help()
            return UsageError(needed, hint=f"type: {line}" if files else line)
        ids = _ids(word) if file is not None and file.is_file() else []
        if not ids:
            return UsageError(f"{message} behind FILE: the id of a campaign", hint=self._help())
        hint = f"type: {self._line({word: f'{word} {ids[0]}'})}"
        return UsageError(f"{message}: {_safe(word)} has {_listed(ids)}", hint=hint)

    def _with(self, files: Sequence[str], *, campaign: bool) -> str:
        if not files:
            return "smscli init writes one to start from, with a list beside it"
        ids = (_ids(files[0]) or ["CAMPAIGN"])[:1] if campaign else []
        return f"type: {_line(['smscli', *self._arguments, files[0], *ids])}"

    # -- lines to type

    def _line(self, instead: Mapping[str, str]) -> str:
        """What was typed with some words replaced, by several or by none."""
        words = ["smscli"]
        for word in self._arguments:
            words += shlex.split(instead[word]) if word in instead else [word]
        return _line(words)

    def _help(self) -> str:
        return f"{self._called} --help shows what there is"


def right_way_round(context: typer.Context, campaign: str) -> str:
    """The callback of CAMPAIGN. Raises UsageError where FILE and CAMPAIGN stand in the wrong order."""
    file = context.params.get("file")
    if file is None or file.exists() or Path(campaign).suffix.lower() not in _YAML:
        return campaign
    raise UsageError(
        f"the campaigns file comes first, found {_quoted(str(file))} in its place",
        hint=f"type: {context.command_path} {_line([campaign, str(file)])}",
    )


def _needed(message: str) -> tuple[str, Sequence[str]]:
    """What a value has to be, and examples."""
    if least := re.search(r"greater than or equal to (\d+)", message):
        return f"a whole number from {least[1]} on", ("100",)
    if "valid integer" in message:
        return "a whole number", ("100",)
    choices = re.findall(r"'([^']*)'", message.rpartition("is not one of")[2])
    if choices:
        return _listed(choices, "or"), choices
    return _lower(_safe(message).rstrip(".")), ()


def _campaigns_here() -> list[str]:
    """The YAML files of this folder, those that have campaigns first."""
    found = sorted(each.name for each in Path().iterdir() if each.suffix.lower() in _YAML and each.is_file())
    return sorted(found, key=lambda name: not _ids(name))


def _ids(file: str) -> list[str]:
    """The campaigns of a file, none where it cannot be read: this is for a hint only."""
    from smscli.files.campaign_file import load

    try:
        return list(load(Path(file)).campaigns)
    except SmscliError:
        return []


def _line(words: Sequence[str]) -> str:
    return masked(shlex.join(words), {})


def _safe(text: str) -> str:
    """What was typed may be a phone number."""
    return masked(text, {})


def _quoted(text: str) -> str:
    return f'"{_safe(text)}"'


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _listed(names: Sequence[str], word: str = "and") -> str:
    *most, last = names
    return f"{', '.join(most)} {word} {last}" if most else last
