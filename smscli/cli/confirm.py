"""Asking a person, who answers by typing what they agree to. Without a terminal nobody is asked."""

from __future__ import annotations

from smscli.cli.present.text import inert, masked
from smscli.cli.wiring import World
from smscli.domain.errors import Refused


def confirm(world: World, question: str, *, expected: str, instead: str) -> None:
    """Go on only if `expected` is typed. `instead` is the option that says yes in a script.

    Raises Refused for any other answer, and where standard input is no terminal.
    """
    if not world.stdin.isatty():
        raise Refused(
            "not confirmed: there is no terminal to ask at; nothing was changed", hint=f"add {instead}"
        )
    world.screen.ask(f"{question}\nType {expected} to go on: ")
    answer = typed(world, "nothing was changed").strip()
    if answer != expected:
        raise Refused(
            f"not confirmed: found {shown(answer)}, needed {expected}; nothing was changed",
            hint=f"run it again and type {expected}",
        )


def typed(world: World, otherwise: str) -> str:
    """A line from the keyboard; `otherwise` is what is true if none comes.

    Ctrl-D and Ctrl-C leave the cursor behind the question: what is said next begins below it.
    """
    try:
        answer = world.stdin.readline()
    except KeyboardInterrupt:
        world.screen.trouble("")
        raise KeyboardInterrupt(otherwise) from None
    if not answer.endswith("\n"):
        world.screen.trouble("")
    return answer


def shown(answer: str) -> str:
    """What was typed, as an error quotes it."""
    text = answer.strip()
    return f'"{inert(masked(text[:20], {}))}"' if text else "nothing"
