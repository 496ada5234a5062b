"""Filling: what a profile writes, with the slots filled, as trees and as bytes.

Knows values, trees and encodings. Does not know what a slot stands for: `request.py` says it for messages,
`poll_request.py` for what is asked afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from smscli.domain.profile import (
    BodyEncoding,
    Constant,
    Each,
    Fields,
    Items,
    Join,
    Node,
    SecretName,
    Slot,
    Value,
    Words,
)

Tree = str | int | float | bool | None | list["Tree"] | dict[str, "Tree"]
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Nothing:
    """A value that is left out together with its field."""


NOTHING = Nothing()
Filled = Tree | Nothing
Known = Mapping[str, Filled]


class Fill:
    """Fills the values of a profile. `known` is what the slots stand for, `secrets` by environment variable.

    `each` is what they stand for in each message of a call; without it there is one thing to speak of.
    """

    def __init__(self, secrets: Mapping[str, str], known: Known) -> None:
        self._secrets = secrets
        self._whole = known

    def value(self, value: Value, known: Known | None = None) -> Filled:
        """One value; alone in its text, a slot keeps its kind (number, list, nothing)."""
        known = self._whole if known is None else known
        if isinstance(value, SecretName):
            return self._secrets[value.env]
        filled = [known[part.name] if isinstance(part, Slot) else part for part in value.parts]
        if len(filled) == 1:
            return filled[0]
        return "".join(str(part) for part in filled if not isinstance(part, Nothing))

    def text(self, value: Value) -> str | None:
        """The same as text; None: left out."""
        filled = self.value(value)
        return None if isinstance(filled, Nothing) else as_text(filled)

    def tree(self, node: Node, known: Known | None = None) -> Filled:
        """A tree without the fields that have nothing to say."""
        if isinstance(node, Words):  # by far the most, and a match would ask for them last
            return self.value(node, known)
        match node:
            case Constant(constant):
                return constant
            case Fields(fields, by_message):
                pairs = [(name, self.tree(child, known)) for name, child in fields]
                if by_message:
                    pairs += self._by_message(by_message)
                return {name: child for name, child in pairs if not isinstance(child, Nothing)}
            case Items(items):
                return kept(self.tree(child, known) for child in items)
            case Each(item):
                return kept(self.tree(item, each) for each in self.each())
            case Join(item, by):
                return by.join(
                    as_text(child) for child in kept(self.value(item, each) for each in self.each())
                )
            case _:
                return self.value(node, known)

    def _by_message(self, fields: Sequence[tuple[Words, Node]]) -> list[tuple[str, Filled]]:
        """Fields whose names hold markers, once for every message."""
        return [
            (as_text(named), self.tree(child, each))
            for each in self.each()
            for name, child in fields
            if not isinstance(named := self.value(name, each), Nothing)
        ]

    def each(self) -> Iterable[Known]:
        """What the slots stand for, message by message."""
        return (self._whole,)


def kept(children: Iterator[Filled]) -> list[Tree]:
    """Those that have something to say."""
    return [child for child in children if not isinstance(child, Nothing)]


def as_text(value: Tree) -> str:
    """A scalar as it stands in a form, a URL or a header."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    return ",".join(as_text(item) for item in value) if isinstance(value, list) else str(value)


_AS_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encoded(encoding: BodyEncoding, tree: Filled) -> bytes:
    """A body's bytes."""
    match encoding:
        case BodyEncoding.JSON:
            return _AS_JSON.encode(tree).encode()
        case BodyEncoding.FORM:
            return urlencode(flat(tree)).encode()
        case _:
            return b"" if isinstance(tree, Nothing) else as_text(tree).encode()


def flat(tree: Filled) -> Pairs:
    """Flat fields; a list becomes its field once for every member."""
    if not isinstance(tree, dict):
        return []
    many = [(name, value if isinstance(value, list) else [value]) for name, value in tree.items()]
    return [(name, as_text(value)) for name, values in many for value in values]


def with_query(url: str, query: Pairs) -> str:
    """The URL with more in its query."""
    if not query:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(query, quote_via=quote, safe="")
