"""A text with gaps: compiled once per language, rendered for one contact, never expanded twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Template(Protocol):
    """A compiled text. `source` is as written; `fields` are the columns it needs."""

    @property
    def source(self) -> str: ...

    @property
    def fields(self) -> frozenset[str]: ...

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one contact. Raises MissingField or OutputTooLong."""
        ...
