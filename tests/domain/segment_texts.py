"""Texts that lie where counting goes wrong: around every limit, with pairs on both sides of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

PLAIN = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789.,:;!?@£$¥èéùìòÇ\n\rÄÖÑÜ§ΔΦΓΛΩΠΨΣΘΞ"
EXTENDED = "\f^{}\\[~]|€"
GREEK = "αβγδεζηθικλμνξοπρστυφχψωάέήίόύώΑΒΕΖΗΙΚΜΝΟΡΤΥΧ"
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяЁё"
MARKS = "ąćęłńóśźżç`\t\u00a0‘’“”–—…º°\u0301\u200d\u2126\u212b"
EMOJI = "😀🛞🚗👍🏽🇵🇱👩𝔊"

#: Mixtures from which a text draws its characters; repeats weigh.
PALETTES = (
    PLAIN,
    PLAIN * 2 + EXTENDED,
    PLAIN + EXTENDED * 20,
    EXTENDED,
    PLAIN + GREEK,
    GREEK + " ",
    CYRILLIC + " .",
    CYRILLIC * 4 + EMOJI,
    PLAIN * 2 + MARKS + EMOJI,
    EMOJI,
    EMOJI + "a",
)

#: Units after which a limit lies: alone, and the first four boundaries between joined segments.
GSM7_LIMITS = (160, 153, 306, 459, 612)
UCS2_LIMITS = (70, 67, 134, 201, 268)


def around_every_limit() -> Iterator[str]:
    """Pairs at every position near a boundary, alone and in rows, with little and with much behind them."""
    for limits, plain, pair in ((GSM7_LIMITS, "a", "€"), (UCS2_LIMITS, "я", "😀")):
        for limit, offset, pairs in product(limits, range(-6, 4), range(1, 5)):
            for behind in (0, 1, 2, 3, limits[1] - 2, limits[1] - 1, limits[1]):
                yield plain * (limit + offset) + pair * pairs + plain * behind
        for limit, offset in product(limits, range(-5, 6)):
            yield pair * ((limit + offset) // 2)
            yield plain + pair * ((limit + offset) // 2)
            yield plain * (limit + offset)


def drawn(count: int, *, seed: int) -> Iterator[str]:
    """Seeded texts of mixed characters whose lengths crowd around the limits."""
    random = Random(seed)
    for _ in range(count):
        palette = random.choice(PALETTES)
        limit = random.choice(GSM7_LIMITS + UCS2_LIMITS)
        length = max(1, random.choice((limit, limit // 2)) + random.randint(-8, 8))
        yield "".join(random.choices(palette, k=length))
