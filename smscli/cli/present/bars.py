"""Shares of a whole as cells of a bar. Knows numbers; does not know what they count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction


def apportion(parts: Sequence[int | Decimal], width: int) -> list[int]:
    """So many of `width` cells for each part; together they are all of them, by largest remainder.

    A part that is not nothing has at least one cell, though it is one of a million; with more such parts than
    cells each has one. A larger part never has fewer cells than a smaller one.
    """
    whole = sum(map(Fraction, parts))
    if not whole:
        return [0] * len(parts)
    quotas = [Fraction(part) * width / whole for part in parts]
    cells = [max(1, math.floor(quota)) if quota else 0 for quota in quotas]
    width = max(width, sum(map(bool, parts)))

    def surplus(index: int) -> Fraction:
        return cells[index] - quotas[index]

    filled = [index for index, quota in enumerate(quotas) if quota]
    while sum(cells) < width:
        cells[min(filled, key=surplus)] += 1
    while sum(cells) > width:
        cells[max((index for index in filled if cells[index] > 1), key=surplus)] -= 1
    return cells
