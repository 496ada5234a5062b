"""An SMS built for real, bit by bit, to hold `segments.py` against.

Knows TS 23.038 (alphabet, packing of septets) and TS 23.040 (140 octets of user data, concatenation header).
Shares nothing with the program: the alphabet is typed in again, column by column as the standard prints it,
and nothing is counted by a formula. A character goes into a segment while its bits still fit.
"""

from __future__ import annotations

from dataclasses import dataclass

USER_DATA_BITS = 1120
HEADER_OCTETS = 6  # 05 00 03 reference total number

ESC = 0x1B
COLUMNS = (
    ("@", "£", "$", "¥", "è", "é", "ù", "ì", "ò", "Ç", "\n", "Ø", "ø", "\r", "Å", "å"),
    ("Δ", "_", "Φ", "Γ", "Λ", "Ω", "Π", "Ψ", "Σ", "Θ", "Ξ", None, "Æ", "æ", "ß", "É"),
    (" ", "!", '"', "#", "¤", "%", "&", "'", "(", ")", "*", "+", ",", "-", ".", "/"),
    ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", ":", ";", "<", "=", ">", "?"),
    ("¡", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O"),
    ("P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z", "Ä", "Ö", "Ñ", "Ü", "§"),
    ("¿", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o"),
    ("p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z", "ä", "ö", "ñ", "ü", "à"),
)
SEPTETS: dict[str, tuple[int, ...]] = {
    character: (column * 16 + row,)
    for column, characters in enumerate(COLUMNS)
    for row, character in enumerate(characters)
    if character is not None
} | {
    "\N{FORM FEED}": (ESC, 0b0001010),
    "\N{CIRCUMFLEX ACCENT}": (ESC, 0b0010100),
    "\N{LEFT CURLY BRACKET}": (ESC, 0b0101000),
    "\N{RIGHT CURLY BRACKET}": (ESC, 0b0101001),
    "\N{REVERSE SOLIDUS}": (ESC, 0b0101111),
    "\N{LEFT SQUARE BRACKET}": (ESC, 0b0111100),
    "\N{TILDE}": (ESC, 0b0111101),
    "\N{RIGHT SQUARE BRACKET}": (ESC, 0b0111110),
    "\N{VERTICAL LINE}": (ESC, 0b1000000),
    "\N{EURO SIGN}": (ESC, 0b1100101),
}
CHARACTERS = {septets: character for character, septets in SEPTETS.items()}


@dataclass(frozen=True, slots=True)
class UserData:
    """What travels: octets, how many units they hold below the header, and which alphabet."""

    octets: bytes
    units: int
    is_gsm7: bool
    has_header: bool

    def decode(self) -> str:
        """The text a phone reads out of the octets."""
        skipped = HEADER_OCTETS if self.has_header else 0
        if not self.is_gsm7:
            return self.octets[skipped:].decode("utf-16-be")
        first_bit = _whole_septets(skipped * 8)
        return _characters(_unpack(self.octets, first_bit, self.units))


def submit(text: str) -> tuple[UserData, ...]:
    """The segments in which the text travels: one without a header, or several with."""
    is_gsm7 = all(character in SEPTETS for character in text)
    bits = [_bits(character, is_gsm7) for character in text]
    if sum(bits) <= USER_DATA_BITS:
        return (_user_data(text, is_gsm7, b""),)
    parts = _fill(text, bits, _whole_septets(HEADER_OCTETS * 8) if is_gsm7 else HEADER_OCTETS * 8)
    return tuple(
        _user_data(part, is_gsm7, bytes((5, 0, 3, 0x2A, len(parts), number)))
        for number, part in enumerate(parts, start=1)
    )


def _bits(character: str, is_gsm7: bool) -> int:
    return 7 * len(SEPTETS[character]) if is_gsm7 else 8 * len(character.encode("utf-16-be"))


def _fill(text: str, bits: list[int], first_bit: int) -> list[str]:
    """Greedy: a character whose bits no longer fit begins the next segment."""
    parts = [""]
    used = first_bit
    for character, needed in zip(text, bits, strict=True):
        if used + needed > USER_DATA_BITS:
            parts.append("")
            used = first_bit
        parts[-1] += character
        used += needed
    return parts


def _user_data(part: str, is_gsm7: bool, header: bytes) -> UserData:
    if is_gsm7:
        septets = [septet for character in part for septet in SEPTETS[character]]
        octets, units = _pack(septets, header), len(septets)
    else:
        body = part.encode("utf-16-be")
        octets, units = header + body, len(body) // 2
    return UserData(octets, units, is_gsm7, bool(header))


def _whole_septets(bits: int) -> int:
    """Where the first septet below a header begins: fill bits lead to a septet boundary."""
    return bits + (-bits % 7)


def _pack(septets: list[int], header: bytes) -> bytes:
    """Septets follow one another from the lowest bit of each octet up."""
    first_bit = _whole_septets(len(header) * 8)
    body = int("".join(f"{septet:07b}" for septet in reversed(septets)), 2)
    stream = body << first_bit | int.from_bytes(header, "little")
    return stream.to_bytes((first_bit + 7 * len(septets) + 7) // 8, "little")


def _unpack(octets: bytes, first_bit: int, count: int) -> list[int]:
    bits = f"{int.from_bytes(octets, 'little') >> first_bit:0{7 * count}b}"
    return [int(bits[end - 7 : end], 2) for end in range(len(bits), len(bits) - 7 * count, -7)]


def _characters(septets: list[int]) -> str:
    """Raises KeyError for an escape without its code, which is what a cut pair leaves behind."""
    characters = []
    remaining = iter(septets)
    for septet in remaining:
        key = (septet, next(remaining, -1)) if septet == ESC else (septet,)
        characters.append(CHARACTERS[key])
    return "".join(characters)
