"""The GSM 7-bit default alphabet and its extension table, as data (3GPP TS 23.038, 6.2.1 and 6.2.1.1).

Knows codes and characters only. What a text costs lives in `segments.py`. The national shift tables are left
out on purpose: most gateways do not announce them, and a phone that ignores them shows wrong letters.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Announces a character of the extension table; nobody can send it as a character of its own.
ESCAPE = "\x1b"

#: The character at index n has the code n; one septet each, but for the escape.
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

#: By the code that follows the escape; two septets each.
EXTENSION_TABLE: Mapping[int, str] = MappingProxyType(
    {
        0x0A: "\f",
        0x14: "^",
        0x28: "{",
        0x29: "}",
        0x2F: "\\",
        0x3C: "[",
        0x3D: "~",
        0x3E: "]",
        0x40: "|",
        0x65: "€",
    }
)

#: The characters that cost one septet, and those that cost two.
BASIC = DEFAULT_ALPHABET.replace(ESCAPE, "")
EXTENDED = "".join(EXTENSION_TABLE.values())
