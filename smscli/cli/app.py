"""The front door: which commands there are, and how an outcome or an error becomes output and an exit code.

Commands are listed here and imported when they are called, so that `--version` and `--help` stay quick.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from smscli import __version__
from smscli.cli.completing import ASKED, Catalogue
from smscli.cli.discreet import discreet
from smscli.cli.mistyped import Mistyped
from smscli.cli.options import command_app
from smscli.cli.present.documents import error_document
from smscli.cli.present.screen import Screen
from smscli.cli.present.text import inert, listed_problems, masked
from smscli.cli.result import SCHEMA, STATUS, Result
from smscli.cli.wiring import World
from smscli.domain.errors import ExitCode, FilesError, Problem, SmscliError, UsageError


@dataclass(frozen=True, slots=True)
class Listed:
    """A command as `--help` shows it: where it lives, what it does, its verbs if it has any."""

    module: str
    help: str
    verbs: tuple[str, ...] = ()


_ASKS_FOR_HELP = frozenset({"-h", "--help", "--version"})
_ROOM = "smscli.cli.commands"

COMMANDS: Mapping[str, Listed] = {
    "init": Listed(f"{_ROOM}.init", "Write sample files that run in the sandbox as they are."),
    "check": Listed(f"{_ROOM}.check", "Say what has to be mended before a send, as tasks."),
    "preview": Listed(f"{_ROOM}.preview", "Show what a send would do: who, when, how many segments."),
    "send": Listed(f"{_ROOM}.send", "Send a campaign to its contact list, nobody twice."),
    "status": Listed(f"{_ROOM}.status", "Show how campaigns stand: running, held, in doubt, rejected."),
    "sync": Listed(f"{_ROOM}.sync", "Ask gateways for delivery receipts, replies and opt-outs."),
    "resolve": Listed(f"{_ROOM}.resolve", "List what is in doubt and record what became of it."),
    "log": Listed(f"{_ROOM}.log", "List the messages of a sent log."),
    "log backup": Listed(f"{_ROOM}.log_backup", "Copy a sent log safely, also while a send is running."),
    "log prune": Listed(f"{_ROOM}.log_prune", "Forget old campaigns, and close their ids for good."),
    "person": Listed(
        f"{_ROOM}.person", "Show all that is held about a number, or forget it.", ("show", "erase")
    ),
    "optout": Listed(f"{_ROOM}.optout", "Keep the opt-out list.", ("add", "remove", "list", "import")),
    "replies": Listed(
        f"{_ROOM}.replies",
        "File what people answered, and read what is unclear.",
        ("import", "classify", "review"),
    ),
    "consent": Listed(
        f"{_ROOM}.consent",
        "Record who agreed to be texted, and show it.",
        ("import", "add", "show", "export"),
    ),
    "gateway": Listed(
        f"{_ROOM}.gateway",
        "Show which gateways there are and what each needs, and try one.",
        ("list", "show", "try"),
    ),
    "hours": Listed(f"{_ROOM}.hours", "Show when people somewhere may be texted, and why."),
    "segments": Listed(f"{_ROOM}.segments", "Count the segments of a text and name what makes it long."),
    "schema": Listed(f"{_ROOM}.schema", "Print the JSON Schema with which editors complete and check."),
    "completion": Listed(f"{_ROOM}.completion", "Print a script that completes command lines in your shell."),
}

#: How `--help` groups them: as an operator meets them. What is nowhere here comes first.
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "Campaigns": ("init", "check", "preview", "send", "status"),
    "Afterwards": ("sync", "resolve", "log", "log backup", "log prune"),
    "People": ("consent", "optout", "replies", "person"),
    "Look up": ("gateway", "hours", "segments", "schema", "completion"),
}


def load(listed: Listed) -> Any:
    """The command behind a line of the table, imported now."""
    return typer.main.get_command(import_module(listed.module).app)


class LazyCommands(TyperGroup):
    """Lists the commands from a table; imports the one that is called.

    A name of two words (`log backup`) is found before one of one word (`log FILE`).
    """

    table: Mapping[str, Listed] = {}

    def list_all(self, table: Mapping[str, Listed]) -> None:
        """Take this table: names and lines are enough for help, and for guessing what was meant."""
        self.table = table
        self.commands = {name: TyperCommand(name, short_help=each.help) for name, each in table.items()}

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        width = max(map(len, self.table), default=0)
        for heading, names in _grouped(self.table).items():
            formatter.write(f"\n{heading}:\n")
            with formatter.indentation():
                formatter.write_dl([(name.ljust(width), self.table[name].help) for name in names])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two_words = " ".join(args[:2])
        if two_words in self.table:
            return two_words, load(self.table[two_words]), args[2:]
        name, _, rest = super().resolve_command(ctx, args)
        return name, load(self.table[str(name)]), rest


def _grouped(table: Mapping[str, Listed]) -> dict[str, list[str]]:
    """The names under their headings, empty ones left out."""
    known = {name for names in HEADINGS.values() for name in names}
    groups = {"Commands": [name for name in table if name not in known]}
    groups |= {heading: [name for name in names if name in table] for heading, names in HEADINGS.items()}
    return {heading: names for heading, names in groups.items() if names}


app = command_app("Send bulk SMS safely: consent, quiet hours, exact segments, nobody twice.")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"smscli {__version__}")
        raise typer.Exit


@app.callback(cls=LazyCommands)
def smscli(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
    _debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a bug.")] = False,
) -> None:
    """The options that stand before a command."""


def run(arguments: Sequence[str], world: World, commands: Mapping[str, Listed] = COMMANDS) -> int:
    """One command line from start to exit code; whatever goes wrong is told once, here."""
    if arguments and arguments[0] == ASKED:
        with suppress(OSError):  # a shell that has gone wants no answer
            world.screen.out.writelines(
                f"{line}\n" for line in Catalogue(commands, load).answer(arguments[1:])
            )
            world.screen.out.flush()
        return ExitCode.OK
    arguments = _help_first(arguments, commands)
    command = command_name(arguments, commands)
    result: Result | None = None
    try:
        with world.resources:
            result = _invoke(arguments, world, commands)
            _render(result, command, world.screen)
        return result.exit_code
    except typer.Exit as done:  # --help and --version
        return done.exit_code
    except (Exception, KeyboardInterrupt) as error:
        rendering = result is not None or bool(_ASKS_FOR_HELP & set(arguments))
        if isinstance(error, BrokenPipeError) and rendering:
            world.screen.abandon_output()  # `| head`: whoever read us has seen enough
            return result.exit_code if result else ExitCode.OK
        trouble = discreet(_explained(error, arguments, world, commands, rendering=rendering))
        _tell(trouble, command, world.screen)
        if trouble.exit_code is ExitCode.BUG and "--debug" in arguments:
            world.screen.trouble(masked("".join(traceback.format_exception(error)), world.environ))
        return result.exit_code if result and result.exit_code else trouble.exit_code


def _help_first(arguments: Sequence[str], commands: Mapping[str, Listed]) -> Sequence[str]:
    """`smscli help send` asks for the same as `smscli send --help`."""
    is_word = bool(arguments) and arguments[0] == "help" and "help" not in commands
    return [*arguments[1:], "--help"] if is_word else arguments


def command_name(arguments: Sequence[str], commands: Mapping[str, Listed] = COMMANDS) -> str | None:
    """The command that a command line asks for (`optout add`), None where it names none."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] not in commands:
        return None
    two_words = " ".join(words[:2])
    has_two = two_words in commands or (words[1:2] and words[1] in commands[words[0]].verbs)
    return two_words if has_two else words[0]


def _invoke(arguments: Sequence[str], world: World, commands: Mapping[str, Listed]) -> Result:
    group = typer.main.get_command(app)
    assert isinstance(group, LazyCommands)
    group.list_all(commands)
    with group.make_context("smscli", list(arguments), obj=world) as context:
        if not _ASKS_FOR_HELP & set(arguments):
            _refuse_half_a_command(arguments, context, commands)
        result = group.invoke(context)
    assert isinstance(result, Result), "every command returns a Result"
    return result


def _refuse_half_a_command(arguments: Sequence[str], context: Any, commands: Mapping[str, Listed]) -> None:
    """`smscli` and `smscli optout` alone: what there is is shown. Raises UsageError."""
    words, screen = [word for word in arguments if not word.startswith("-")], context.obj.screen
    if not words:
        screen.trouble(context.get_help())
        raise UsageError("no command was given", hint="to begin: smscli init, or smscli --help")
    listed = commands.get(words[0])
    if len(words) > 1 or listed is None or not listed.verbs:
        return
    name, group = words[0], load(listed)
    with group.make_context(name, [], parent=context, resilient_parsing=True) as below:
        screen.trouble(below.get_help())
    raise UsageError(
        f"smscli {name}: no verb was given", hint=f"for example: smscli {name} {_harmless(listed)}"
    )


def _harmless(listed: Listed) -> str:
    return "list" if "list" in listed.verbs else listed.verbs[0]


def _render(result: Result, command: str | None, screen: Screen) -> None:
    if screen.json:
        screen.document({"schema": SCHEMA, "command": command, "status": result.status, **result.payload})
    else:
        for block in result.text:
            screen.show(block)


class _Interrupted(SmscliError):
    exit_code = ExitCode.SIGINT


def _explained(
    error: BaseException,
    arguments: Sequence[str],
    world: World,
    commands: Mapping[str, Listed],
    *,
    rendering: bool,
) -> SmscliError:
    command = command_name(arguments, commands)
    match error:
        case SmscliError():
            return error
        case typer.TyperException():
            verbs = {name: each.verbs for name, each in commands.items()}
            options = partial(_options_of, commands=commands)
            return Mistyped(arguments, command, verbs, options).explained(error)
        case KeyboardInterrupt():
            stopped = _Interrupted("; ".join(["interrupted", *map(str, error.args)]))
            stopped.exit_code = getattr(error, "exit_code", ExitCode.SIGINT)
            return stopped
        case OSError() if rendering:
            return SmscliError(f"the output could not be written: {error.strerror or type(error).__name__}")
        case OSError() if error.filename is not None:  # a path that may not be looked at, or is too long
            where = masked(str(error.filename), world.environ)
            return FilesError(
                f"{where}: {error.strerror or type(error).__name__}",
                hint="is the path right, and may you use it? Ask ls -ld of it, and of its folder",
            )
        case _:
            what = masked(f"{type(error).__name__}: {error}", world.environ)
            return SmscliError(f"this is a bug in smscli: {what}", hint="`smscli --debug …` shows where")


def _options_of(name: str, commands: Mapping[str, Listed]) -> Mapping[str, str]:
    """The options of a command (`send`, `optout add`) as they are typed, and what each takes."""
    first, _, verb = name.partition(" ")
    command = load(commands[name if name in commands else first])
    if verb and name not in commands:
        command = command.commands[verb]
    params = [(option, each.metavar or "") for each in command.params for option in each.opts]
    return {option: metavar for option, metavar in params if option.startswith("-")}


def _tell(error: SmscliError, command: str | None, screen: Screen) -> None:
    screen.trouble(f"error: {inert(error.message)}")
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    if [str(problem) for problem in problems] != [error.message]:  # a single one speaks for itself
        for line in listed_problems(problems):
            screen.trouble(line)
    if error.hint:
        screen.trouble(f"hint: {inert(error.hint)}")
    if screen.json:
        with suppress(OSError):  # a closed stdout: it was said on stderr already
            status = STATUS[error.exit_code]
            document = {
                "schema": SCHEMA,
                "command": command,
                "status": status,
                "error": error_document(error),
            }
            screen.document(document)
