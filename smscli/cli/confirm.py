"""Asking a person, who answers by typing what they agree to. Without a terminal nobody is asked."""

from __future__ import annotations

from smscli.cli.present.text import masked
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
    answer = world.stdin.readline().strip()
    if answer != expected:
        raise Refused(
            f'not confirmed: found "{masked(answer[:20], {})}", needed {expected}; nothing was changed',
            hint=f"run it again and type {expected}",
        )
