"""A phone number, and nothing about who has it.

Knows how to parse and to mask. Where a number may be lives in `zones.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


class BadNumber(ValueError):
    """A text that is no number smscli will use; `code` is stable, the rest is copy."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, order=True, repr=False)
class Msisdn:
    """A number in E.164 and the country it belongs to (ISO 3166, `001` for none).

    Its `repr` is masked, so that a traceback cannot give the number away; `str` is the masked form too.
    Whoever means the number writes `.e164`.
    """

    e164: str
    country: str

    @property
    def digits(self) -> str:
        """The number without its plus sign."""
        return self.e164[1:]

    @property
    def masked(self) -> str:
        """`+1202•••0123`: country and area stay readable, the person does not."""
        return f"{self.e164[:5]}•••{self.e164[-4:]}" if len(self.e164) > 10 else f"{self.e164[:3]}•••"

    def __repr__(self) -> str:
        return self.masked

    __str__ = __repr__
