"""What can stand where the cursor is: the answer to a shell that completes a command line.

A shell asks `smscli __complete WORD…` with the words before the cursor, the last one perhaps unfinished. It
gets a line for each value, `value<TAB>what it means`, and `:files .yaml` where names of files are meant,
which shells list better. Commands are imported only when their options are asked for. Nothing is sent,
written or reported, and a line that makes no sense gets no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from shlex import split
from textwrap import shorten
from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from smscli.cli.app import Listed

#: The word that asks for completion. No command is called so.
ASKED = "__complete"

#: The arguments of the commands that are typed most: to know them need not import `send` (0.8 s).
ARGUMENTS: Mapping[str, Sequence[str]] = {"preview": ("FILE", "CAMPAIGN"), "send": ("FILE", "CAMPAIGN")}

_YAML = (".yaml", ".yml")
#: Shells show what a value means on one line.
_LONGEST_MEANING = 60


@dataclass(frozen=True, slots=True)
class Value:
    """Something that may be typed, and what it means."""

    text: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """Names of files: with one of these suffixes, or any."""

    suffixes: tuple[str, ...] = ()


Candidate = Value | Files
_GLOBAL_OPTIONS = (
    Value("--version", "Print the version"),
    Value("--debug", "Show the traceback of a bug"),
    Value("--help"),
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Which commands there are, and how one is imported."""

    commands: Mapping[str, Listed]
    load: Callable[[Listed], Any]

    def answer(self, words: Sequence[str]) -> list[str]:
        """The lines that a shell gets. `words` stand behind `smscli`. Never raises."""
        lines: list[str] = []
        with suppress(Exception):  # whoever presses TAB wants no traceback on the command line
            lines.extend(map(_told, self.candidates(words)))
        return lines

    def candidates(self, words: Sequence[str]) -> Iterator[Candidate]:
        """What may stand in place of the last word."""
        *before, current = _rejoined(words) or [""]
        while before and (before[0].startswith("-") or before[0] == "help"):
            before.pop(0)
        if not before:
            yield from _fitting(_GLOBAL_OPTIONS if current.startswith("-") else self._first_words(), current)
            return
        first = self.commands.get(before[0])
        if first is None:
            return
        if len(before) == 1:
            yield from _fitting(self._second_words(before[0]), current)
            if first.verbs:
                yield from _fitting([Value("--help")], current) if current.startswith("-") else ()
                return
        name = self._name(before)
        yield from self._behind(name, before[len(name.split()) :], current)

    def _first_words(self) -> list[Value]:
        return [Value(name, _short(each.help)) for name, each in self.commands.items() if " " not in name]

    def _second_words(self, first: str) -> list[Value]:
        """The verbs of a command, and the second words of names that have two."""
        verbs = [Value(verb) for verb in self.commands[first].verbs]
        longer = {name: each for name, each in self.commands.items() if name.startswith(f"{first} ")}
        return verbs + [Value(name.split()[1], _short(each.help)) for name, each in longer.items()]

    def _name(self, before: Sequence[str]) -> str:
        two_words = " ".join(before[:2])
        return two_words if two_words in self.commands or self.commands[before[0]].verbs else before[0]

    def _params(self, name: str) -> Sequence[Any]:
        """Arguments and options of a command (`send`, `optout add`), imported now."""
        if name in self.commands:
            return tuple(self.load(self.commands[name]).params)
        first, verb = name.split()
        return tuple(self.load(self.commands[first]).commands[verb].params)

    def _behind(self, name: str, before: Sequence[str], current: str) -> Iterator[Candidate]:
        known = ARGUMENTS.get(name)
        if known is not None and not any(word.startswith("-") for word in (*before, current)):
            kind = known[len(before)] if len(before) < len(known) else ""
            yield from _fitting(_values(kind, _plain(before[0]) if before else ""), current)
            return
        yield from _Typed(self._params(name)).read(before).candidates(current)


@dataclass(slots=True)
class _Typed:
    """What of a command's arguments and options is typed already."""

    params: Sequence[Any]
    arguments: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    waiting: Any = None  # an option whose value comes next
    ended: bool = False  # by --

    def read(self, words: Iterable[str]) -> _Typed:
        for word in words:
            name, joint, value = word.partition("=")
            if self.waiting is not None:
                self.values[self.waiting.opts[0]], self.waiting = word, None
            elif word == "--" and not self.ended:
                self.ended = True
            elif not word.startswith("-") or word == "-" or self.ended:
                self.arguments.append(word)
            else:
                option = self._option(name)
                self.values[option.opts[0] if option else name] = value
                self.waiting = option if option and not option.is_flag and not joint else None
        return self

    def _option(self, name: str) -> Any:
        return next((each for each in self._options() if name in each.opts), None)

    def _options(self) -> list[Any]:
        return [each for each in self.params if each.param_type_name == "option"]

    def candidates(self, current: str) -> Iterator[Candidate]:
        name, joint, _ = current.partition("=")
        if self.waiting is not None:
            yield from _fitting(self._values_of(self.waiting), current)
        elif not current.startswith("-") or self.ended:
            yield from _fitting(self._values_of(self._argument()), current)
        elif joint:
            values = self._values_of(self._option(name))
            whole = (Value(f"{name}={v.text}", v.meaning) if isinstance(v, Value) else v for v in values)
            yield from _fitting(whole, current)
        else:
            left = [each for each in self._options() if each.multiple or each.opts[0] not in self.values]
            yield from _fitting(
                [Value(o, _short(each.help or "")) for each in left for o in each.opts], current
            )
            yield from _fitting([Value("--help")], current)

    def _argument(self) -> Any:
        """The argument that comes next; the last one may take all the rest."""
        arguments = [each for each in self.params if each.param_type_name == "argument"]
        at = len(self.arguments)
        if at < len(arguments):
            return arguments[at]
        return arguments[-1] if arguments and arguments[-1].nargs == -1 else None

    def _values_of(self, param: Any) -> Iterator[Candidate]:
        if param is None:
            return
        choices = list(_choices(param.type_descriptor.annotation))
        yield from map(Value, choices)
        if not choices:
            yield from _values(self._kind(param), self._campaigns())

    def _kind(self, param: Any) -> str:
        """What a value is, by its name in the help; a FILE is any file, unless it is the campaigns file."""
        name = str(param.metavar or "")
        is_campaigns = (param.help or "").startswith("The campaigns file")
        return "PATH" if name == "FILE" and not is_campaigns else name

    def _campaigns(self) -> str:
        """The campaigns file of this line, or empty."""
        first = next((each for each in self.params if each.param_type_name == "argument"), None)
        if self.arguments and first is not None and self._kind(first) == "FILE":
            return _plain(self.arguments[0])
        return _plain(self.values.get("--campaigns", ""))


def _values(kind: str, campaigns: str) -> Iterator[Candidate]:
    """What a value of this kind may be; `campaigns` is the campaigns file, if one is typed."""
    match kind:
        case "FILE":
            yield Files(_YAML)
        case "PATH" | "LIST" | "DIR":
            yield Files()
        case "CAMPAIGN" | "ID":
            yield from _named_in(campaigns, "campaigns", "purpose")
        case "NAME":
            yield from _presets()
            yield from _named_in(campaigns, "gateways", "preset")
            yield Files(_YAML)


def _named_in(campaigns: str, key: str, about: str) -> Iterator[Value]:
    """The names below a key of a campaigns file, which may be half written and wrong otherwise."""
    from smscli.files.tree import Scalar, Table, read_tree

    root = read_tree(Path(campaigns).expanduser()).root if campaigns else None
    named = root.entries.get(key) if isinstance(root, Table) else None
    for name, node in named.entries.items() if isinstance(named, Table) else ():
        said = node.entries.get(about) if isinstance(node, Table) else node
        yield Value(name, said.text if isinstance(said, Scalar) else "")


def _presets() -> Iterator[Value]:
    """Their names only: to ask the room of files would cost the time that they are to save."""
    from importlib.resources import files

    names = sorted(each.name for each in files("smscli.presets").joinpath("gateways").iterdir())
    yield from (Value(name.removesuffix(".yaml"), "preset") for name in names if name.endswith(".yaml"))


def _choices(annotation: Any) -> Iterator[str]:
    """The values of the enumerations in `list[State] | None` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (str(choice.value) for choice in annotation)
    for part in get_args(annotation):
        yield from _choices(part)


def _rejoined(words: Sequence[str]) -> list[str]:
    """bash breaks `--option=value` into three words."""
    joined: list[str] = []
    for word in words:
        last = joined[-1] if joined else ""
        if last.startswith("--") and (word == "=" or last.endswith("=")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _plain(word: str) -> str:
    """A word without the quotes that bash leaves in it; other shells take them off themselves."""
    if not set(word) & set("'\"\\"):
        return word
    try:
        return "".join(split(word)[:1]) or word
    except ValueError:
        return word


def _fitting(candidates: Iterable[Candidate], current: str) -> Iterator[Candidate]:
    """Those that begin with what is typed; names of files are for the shell to look at."""
    start = current.lstrip("'\"")
    yield from (each for each in candidates if isinstance(each, Files) or each.text.startswith(start))


def _short(meaning: str) -> str:
    """The first sentence, or as much of it as a shell shows."""
    sentence = meaning.replace("\n", " ").partition(". ")[0].removesuffix(".")
    return shorten(sentence, _LONGEST_MEANING, placeholder=" ...")


def _told(candidate: Candidate) -> str:
    match candidate:
        case Files(suffixes):
            return " ".join([":files", *suffixes])
        case Value(text, meaning):
            meaning = " ".join(meaning.split())
            return f"{text}\t{meaning}" if meaning else text
