"""A text with gaps: compiled once per language, rendered for one contact, never expanded twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class TemplateProblem(ValueError):
    """A text that does not compile. `line` counts from 1 inside the text."""

    def __init__(self, message: str, *, line: int = 1, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.hint = hint


class MissingField(Exception):
    """The contact has nothing for a field that the text needs and gives no default for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class OutputTooLong(Exception):
    """The rendered text passed the cap on characters."""


class Template(Protocol):
    """A compiled text. `source` is as written; `fields` are the columns it needs."""

    @property
    def source(self) -> str: ...

    @property
    def fields(self) -> frozenset[str]: ...

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one contact. Raises MissingField or OutputTooLong."""
        ...
