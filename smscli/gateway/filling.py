"""Filling: what a profile writes, with the slots filled, as trees and as bytes.

Knows values, trees and encodings. Does not know what a slot stands for: `request.py` says it for messages,
`poll_request.py` for what is asked afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
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


#: Makes one value of what its slots stand for.
FillValue = Callable[[Known], Filled]
#: The same of a tree; the second is what they stand for message by message, asked where a tree speaks of it.
FillTree = Callable[[Known, Callable[[], Iterable[Known]]], Filled]


def value_filler(value: Value, secrets: Mapping[str, str]) -> FillValue:
    """How one value is filled; alone in its text, a slot keeps its kind (number, list, nothing).

    Read once and filled for every message: reading it anew each time was half of what a request costs.
    """
    if isinstance(value, SecretName):
        return _constant(secrets[value.env])
    getters = [itemgetter(part.name) if isinstance(part, Slot) else _constant(part) for part in value.parts]
    if len(getters) == 1:
        return getters[0]

    def joined(known: Known) -> Filled:
        filled = [getter(known) for getter in getters]
        return "".join(str(part) for part in filled if not isinstance(part, Nothing))

    return joined


def _constant(said: Tree) -> FillValue:
    return lambda _: said


def tree_filler(node: Node, secrets: Mapping[str, str]) -> FillTree:
    """How a tree is filled, without the fields that have nothing to say."""
    match node:
        case Words() | SecretName():
            value = value_filler(node, secrets)
            return lambda known, _: value(known)
        case Constant(constant):
            return lambda *_: constant
        case Fields(fields, by_message):
            return _fields_filler(fields, by_message, secrets)
        case Items(items):
            fillers = [tree_filler(item, secrets) for item in items]
            return lambda known, each: kept(fill(known, each) for fill in fillers)
        case Each(item):
            one = tree_filler(item, secrets)
            return lambda _, each: kept(one(message, each) for message in each())
        case Join(item, by):
            part = value_filler(item, secrets)
            return lambda _, each: by.join(as_text(said) for said in kept(map(part, each())))


def _fields_filler(
    fields: Sequence[tuple[str, Node]], by_message: Sequence[tuple[Words, Node]], secrets: Mapping[str, str]
) -> FillTree:
    """Named fields; then those whose names hold markers, once for every message."""
    fillers = [(name, tree_filler(child, secrets)) for name, child in fields]
    named = [(value_filler(name, secrets), tree_filler(child, secrets)) for name, child in by_message]

    def filled(known: Known, each: Callable[[], Iterable[Known]]) -> Filled:
        found: dict[str, Tree] = {}
        for name, fill in fillers:
            if not isinstance(said := fill(known, each), Nothing):
                found[name] = said
        for message in each() if named else ():
            for name_of, fill in named:
                name_said, said = name_of(message), fill(message, each)
                if not isinstance(name_said, Nothing) and not isinstance(said, Nothing):
                    found[as_text(name_said)] = said
        return found

    return filled


class Fill:
    """Fills what is asked once. `known` is what the slots stand for, `secrets` by environment variable.

    There is one thing to speak of, in what stands in a tree message by message too.
    """

    def __init__(self, secrets: Mapping[str, str], known: Known) -> None:
        self._secrets = secrets
        self._known = known

    def text(self, value: Value) -> str | None:
        """A value as text; None: left out."""
        return said_as_text(value_filler(value, self._secrets)(self._known))

    def tree(self, node: Node) -> Filled:
        """A tree without the fields that have nothing to say."""
        return tree_filler(node, self._secrets)(self._known, lambda: (self._known,))


def kept(children: Iterable[Filled]) -> list[Tree]:
    """Those that have something to say."""
    return [child for child in children if not isinstance(child, Nothing)]


def said_as_text(filled: Filled) -> str | None:
    """A value as text; None: left out."""
    return None if isinstance(filled, Nothing) else as_text(filled)


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
