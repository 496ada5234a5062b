"""What must hold after any run, whatever happened in it. Asked by tests, and by the gateway at its end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

from smscli.domain.ports import LoggedMessage


@dataclass(frozen=True, slots=True)
class Taken:
    """A message the gateway took; `at` is monotonic, `request` the index of its request."""

    id: str
    to: str
    text: str
    sender: str
    ref: str
    at: float
    request: int


#: States of the sent log that do justice to a message the gateway took.
KNOWN = frozenset({"accepted", "in_doubt", "delivered", "undelivered", "expired"})


def same_person(taken: Taken) -> Hashable:
    """Two messages to one number."""
    return _digits(taken.to)


def same_text(taken: Taken) -> Hashable:
    """Two messages to one number with one text."""
    return _digits(taken.to), taken.text


def nobody_twice(taken: Iterable[Taken], alike: Callable[[Taken], Hashable] = same_person) -> None:
    """Fails if the gateway took two messages that are `alike`."""
    groups: defaultdict[Hashable, list[Taken]] = defaultdict(list)
    for one in taken:
        groups[alike(one)].append(one)
    twice = [group for group in groups.values() if len(group) > 1]
    assert not twice, f"taken more than once: {twice}"


def known_to(taken: Iterable[Taken], rows: Iterable[LoggedMessage | Mapping[str, object]]) -> None:
    """Fails if the sent log does not know of a message the gateway took.

    `rows` are messages of the log, or objects of `smscli log --jsonl`. A message is found by its id
    where both sides have one, else by its number.
    """
    states: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        identity, number, state = _row(row)
        states[identity].add(state)
        states[_digits(number)].add(state)
    for one in taken:
        found = states.get(one.id) or states.get(_digits(one.to))
        assert found, f"taken, and absent from the log: {one}"
        assert found & KNOWN, f"taken, and {sorted(found)} in the log: {one}"


def quiet(text: str, *, secrets: Iterable[str] = (), numbers: Iterable[str] = ()) -> None:
    """Fails if `text` (stderr, a log, a report) holds a secret or a full number, with or without plus."""
    for secret in secrets:
        assert secret not in text, f"a secret is out: …{_around(text, secret)}…"
    squeezed = re.sub(r"[\s().-]", "", text)
    for number in numbers:
        assert _digits(number) not in squeezed, f"a number is out: …{_around(squeezed, _digits(number))}…"


def _row(row: LoggedMessage | Mapping[str, object]) -> tuple[str, str, str]:
    if isinstance(row, LoggedMessage):
        return row.id, row.to.e164, str(row.state)
    return str(row.get("id", "")), str(row["to"]), str(row["state"])


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _around(text: str, found: str) -> str:
    at = text.index(found)
    return text[max(0, at - 60) : at + len(found) + 60]
