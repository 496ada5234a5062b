"""The vocabulary of replies that ships with smscli, read once.

Knows YAML. What the words do in a reply is the domain's to know.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from smscli.domain.reply_words import ReplyWords, WordKind, WordRow

# Every value is the text that is written (`no` and `off` are words here), and there are four thousand of
# them, for which libyaml takes a tenth of what the parser in Python does.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@cache
def reply_words() -> ReplyWords:
    """The words and phrases of `presets/rules/reply_words.yaml`."""
    text = files("smscli.presets").joinpath("rules/reply_words.yaml").read_text("utf-8")
    rows = yaml.load(text, Loader=_LOADER)["rows"]  # noqa: S506 - it makes texts, lists and mappings only
    return ReplyWords(tuple(map(_row, rows)))


def _row(row: dict[str, Any]) -> WordRow:
    return WordRow(
        language=row["language"],
        kind=WordKind(row["kind"]),
        confirmed={"true": True, "false": False}[row["confirmed"]],
        source=row["source"],
        words=tuple(row["words"]),
    )
