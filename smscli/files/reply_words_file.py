"""The vocabulary of replies that ships with smscli, read once.

Knows YAML. What the words do in a reply is the domain's to know.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from smscli.domain.reply_wishes import WishPart, WishRow
from smscli.domain.reply_words import ReplyWords, WordKind, WordRow

# Every value is the text that is written (`no` and `off` are words here), and there are four thousand of
# them, for which libyaml takes a tenth of what the parser in Python does.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_TRUTH = {"true": True, "false": False}


@cache
def reply_words() -> ReplyWords:
    """The words and phrases of `reply_words.yaml`, and the parts of wishes of `reply_wishes.yaml`."""
    words, wishes = _rows("reply_words.yaml"), _rows("reply_wishes.yaml")
    return ReplyWords(tuple(map(_row, words)), tuple(map(_wishes, wishes)))


def _rows(name: str) -> list[dict[str, Any]]:
    text = files("smscli.presets").joinpath("rules", name).read_text("utf-8")
    rows: list[dict[str, Any]]
    rows = yaml.load(text, Loader=_LOADER)["rows"]  # noqa: S506 - it makes texts, lists and mappings only
    return rows


def _row(row: dict[str, Any]) -> WordRow:
    return WordRow(
        language=row["language"],
        kind=WordKind(row["kind"]),
        confirmed=_TRUTH[row["confirmed"]],
        source=row["source"],
        words=tuple(row["words"]),
    )


def _wishes(row: dict[str, Any]) -> WishRow:
    about = ("language", "confirmed", "source")
    return WishRow(
        language=row["language"],
        confirmed=_TRUTH[row["confirmed"]],
        source=row["source"],
        parts={WishPart(part): tuple(words) for part, words in row.items() if part not in about},
    )
