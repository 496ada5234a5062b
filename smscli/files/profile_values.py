"""What the checks of a profile look at: the values of a tree with their paths, slots, and signs of a secret.

Knows no key of a profile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from smscli.domain import profile as domain
from smscli.domain.profile import Each, Join, SecretName, Slot, Value, Words
from smscli.files.located import Steps

#: The name of a header.
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: Headers that belong to the connection and not to a profile.
OURS = frozenset({"content-length", "transfer-encoding", "connection", "host", "expect", "upgrade", "te"})
#: The name of a field that may hold a secret.
SECRET = re.compile(r"pass|secret|token|key$|credential|authorization", re.IGNORECASE)
ENV_HINT = "write {env: SMS_KEY} (or any name) in its place, and type: export SMS_KEY=…"


def url_hint(found: str) -> str:
    """What to do about a URL that `url_problem` found something wrong with."""
    return "use https://, or write `allow_plain_http: true` beside it" if "plain" in found else ""


def slots_of(value: Value) -> tuple[str, ...]:
    """The names in a value; a secret has none."""
    return value.slots if isinstance(value, Words) else ()


def holds_secret(value: Value, own: Mapping[str, Value]) -> bool:
    """Is it a secret, or made of a variable (`own`) that is one?"""
    return isinstance(value, SecretName) or any(isinstance(own.get(slot), SecretName) for slot in value.slots)


def fields_of(node: domain.Node) -> tuple[tuple[str, domain.Node], ...]:
    """The fields of a mapping by their names as they are written."""
    if not isinstance(node, domain.Fields):
        return ()
    return (*node.fields, *((as_written(name), child) for name, child in node.by_message))


def as_written(value: Words) -> str:
    """The text of which `words` made this."""
    parts = (f"{{{part.name}}}" if isinstance(part, Slot) else _escaped(part) for part in value.parts)
    return "".join(parts)


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def is_flat(node: domain.Node) -> bool:
    """Can it stand in a form: texts, or a list of them?"""
    items = node.items if isinstance(node, domain.Items) else (node,)
    items = tuple(item.item if isinstance(item, Each) else item for item in items)
    return all(isinstance(item, Words | SecretName | domain.Constant | Join) for item in items)


def walk(node: domain.Node, path: Steps = (), inside: bool = False) -> Iterator[tuple[Steps, Value, bool]]:
    """Every value of a tree, its path in the file, and whether it stands inside `$each`."""
    match node:
        case domain.Fields(fields, by_message):
            for name, child in fields:
                yield from walk(child, (*path, name), inside)
            for named, child in by_message:
                key = as_written(named)
                yield (*path, key), named, True
                yield from walk(child, (*path, key), True)
        case domain.Items(items):
            for place, child in enumerate(items):
                yield from walk(child, (*path, place), inside)
        case Each(item) | Join(item):
            yield from walk(item, (*path, "item"), True)
        case domain.Constant():
            pass
        case _:
            yield path, node, inside
