"""What a text is laid out for: a width in terminal cells, and the shapes that a stream can print.

Knows encodings; does not know terminals (`screen.py`), nor what is laid out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from smscli.cli.present.text import printable

if TYPE_CHECKING:
    from smscli.domain.msisdn import Msisdn

#: What our own composed texts are laid out for where nobody says a width.
USUAL_WIDTH = 80
#: Nothing is laid out narrower; the terminal breaks what does not fit.
LEAST_WIDTH = 40
#: From here on two panes stand side by side, and lists are shown in full.
WIDE = 116


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The shapes for one encoding. `corners` are top left, top right, bottom left, bottom right."""

    bar: str
    track: str
    across: str
    upright: str
    corners: tuple[str, str, str, str]
    cut: str
    ellipsis: str
    #: Keeps text that runs from right to left from turning round what stands beside it.
    left_to_right: str


UNICODE = Glyphs("━", "─", "─", "│", ("╭", "╮", "╰", "╯"), "┊", "…", "\u200e")
ASCII = Glyphs("=", "-", "-", "|", (".", ".", "'", "'"), "|", "...", "")


@dataclass(frozen=True, slots=True)
class Page:
    """`width` cells of a stream that prints in `encoding`."""

    width: int = USUAL_WIDTH
    encoding: str = "utf-8"

    @property
    def glyphs(self) -> Glyphs:
        """Unicode shapes where the encoding has every one of them, else ASCII."""
        return UNICODE if self.can_print("━─│╭╮╰╯┊…") else ASCII

    @property
    def detail(self) -> Literal["glance", "full"]:
        """How much fits."""
        return "full" if self.width >= WIDE else "glance"

    def can_print(self, text: str) -> bool:
        """Has the encoding every character of this text?"""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def shown(self, text: str) -> str:
        """A value as it will stand on this page: inert, and as wide as it will be printed."""
        return printable(text, self.encoding)

    def masked(self, number: Msisdn) -> str:
        """A number as it may be shown, without question marks for the bullets."""
        return number.masked if self.can_print(number.masked) else number.masked.replace("•", "*")

    def narrowed(self, width: int) -> Page:
        """The same page, of another width."""
        return replace(self, width=width)
