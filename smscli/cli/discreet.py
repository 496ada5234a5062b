"""An error without phone numbers, whatever it quotes: what was typed, or stands in a file, may be one.

Knows what a number looks like among our own words. Whoever means to show a number says so in a result.
"""

from __future__ import annotations

import re
from dataclasses import replace

from smscli.cli.present.text import masked
from smscli.domain.errors import Problem, SmscliError

#: The numbers of our own hints: they are fictional, and are there to be copied.
_EXAMPLES = frozenset({"+12025550123", "+12025550143"})

#: With a plus anywhere; bare digits unless a path, a file's name or an id goes on around them, and no date
#: of eight digits.
_NUMBER = re.compile(r"\+\d{8,15}(?!\w)|(?<![\w./~+-])\d{9,15}(?![\w/-]|\.\w)")


def without_numbers(text: str) -> str:
    """The text with what looks like a phone number masked: `+12•••`."""
    return _NUMBER.sub(lambda found: found[0] if found[0] in _EXAMPLES else masked(found[0], {}), text)


def discreet(error: SmscliError) -> SmscliError:
    """The same error, its message, its hint and its problems without numbers."""
    error.message, error.hint = without_numbers(error.message), without_numbers(error.hint)
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    if problems:
        vars(error)["problems"] = tuple(map(_discreet_problem, problems))
    return error


def _discreet_problem(problem: Problem) -> Problem:
    where = problem.where
    return replace(
        problem,
        where=replace(where, file=without_numbers(where.file), path=without_numbers(where.path)),
        message=without_numbers(problem.message),
        hint=without_numbers(problem.hint),
    )
