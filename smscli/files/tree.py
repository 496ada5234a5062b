"""YAML as a plain tree whose every scalar is text and knows its place.

PyYAML's own loaders turn `21:00` into 1260, `+15551234567` into an integer and `NO` into false, and keep the
last of two equal keys. So the tree is built from PyYAML's events. Knows no key of any file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml import events

from smscli.domain.errors import Place, Problem
from smscli.files.reading import files_error, has_control, inert, quoted, read_text

MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000  # a file of 100 campaigns has about 3,000; aliases count each time they are used
MAX_DEPTH = 32

_YAML_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})

Steps = tuple[str | int, ...]
"""A path: `("countries", 1)`."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as written. `block`: it began with `|` or `>`, so its first line is the one below its place."""

    text: str
    place: Place
    key_place: Place
    is_null: bool = False
    block: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    items: tuple[Node, ...]
    place: Place
    key_place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping, in the order of the file."""

    entries: Mapping[str, Node]
    place: Place
    key_place: Place


Node = Scalar | Items | Table
"""`place` is where the value begins, `key_place` where its key (or list item) does."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A file's root and what is wrong with its structure."""

    root: Node
    problems: tuple[Problem, ...] = ()


def read_tree(path: Path) -> Tree:
    """Compose a YAML file. Raises FilesError where nothing can be read: see reading.read_text, and syntax."""
    text = read_text(path, MAX_BYTES)
    return parse_tree(text, str(path))


def parse_tree(text: str, file: str) -> Tree:
    """Compose YAML text that came from `file`."""
    builder = _Builder(file)
    try:
        root = builder.document(text)
    except _Fatal as fatal:
        unquoted = [each for each in builder.problems if each.code == "key_not_text"]
        told = fatal.problem.where.line in {each.where.line for each in unquoted}
        raise files_error([*builder.problems, *([] if told else [fatal.problem])]) from None
    return Tree(root, tuple(builder.problems))


class _Fatal(Exception):
    """Nothing after this can be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Builder:
    """Turns PyYAML's events into nodes; collects what is wrong and goes on where it can."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._nodes = 0
        self.problems: list[Problem] = []

    def document(self, text: str) -> Node:
        """The one document of the text."""
        self._check_characters(text)
        stream = self._events(text)
        next(stream)  # the stream's start
        if isinstance(next(stream), events.StreamEndEvent):
            raise _Fatal(
                Problem(
                    Place(self._file),
                    "empty_file",
                    "is empty",
                    "was it saved? smscli init writes one to start from",
                )
            )
        start = next(stream)
        root = self._node(start, stream, (), self._place(start.start_mark, ()))
        next(stream)  # the document's end
        following = next(stream)
        if isinstance(following, events.DocumentStartEvent):
            self._complain(
                self._place(following.start_mark, ()),
                "several_documents",
                "a second document begins here",
                "a file holds one document: delete the line `---`",
            )
        return root

    def _events(self, text: str) -> Iterator[Any]:
        loader = yaml.SafeLoader(text)
        try:
            while loader.check_event():
                yield loader.get_event()  # type: ignore[no-untyped-call]
        except yaml.MarkedYAMLError as error:
            begins = any(words in (error.problem or "") for words in _TOLD_WHERE_IT_BEGINS)
            marks = [error.problem_mark, error.context_mark]
            mark = next(filter(None, reversed(marks) if begins else marks), None)
            raise _Fatal(_syntax_problem(error, self._place(mark, ()))) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # e.g. "\UFFFFFFFF" or %YAML with a version of 5,000 digits
            place = Place(self._file, loader.line + 1, loader.column + 1)
            message = "an escape or a directive that YAML does not have"
            raise _Fatal(Problem(place, "yaml_syntax", message)) from error
        finally:
            loader.dispose()

    def _check_characters(self, text: str) -> None:
        # PyYAML would stop at the first and say where it is by character number only.
        found = yaml.SafeLoader.NON_PRINTABLE.search(text)
        if not found:
            return
        before = text[: found.start()]
        place = Place(self._file, before.count("\n") + 1, found.start() - before.rfind("\n"))
        message = f"holds a control character ({inert(found.group())})"
        raise _Fatal(Problem(place, "control_character", message, "delete it; it cannot be seen"))

    def _place(self, mark: Any, path: Steps) -> Place:
        if mark is None:
            return Place(self._file, path=path_text(path))
        return Place(self._file, mark.line + 1, mark.column + 1, path_text(path))

    def _complain(self, place: Place, code: str, message: str, hint: str = "") -> None:
        self.problems.append(Problem(place, code, message, hint))

    def _count(self, place: Place, path: Steps) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            hint = "aliases (*name) count each time they are used"
            raise _Fatal(Problem(place, "too_many_nodes", f"more than {MAX_NODES} values", hint))
        if len(path) > MAX_DEPTH:
            raise _Fatal(Problem(place, "too_deep", f"nested more than {MAX_DEPTH} deep"))

    def _node(self, event: Any, stream: Iterator[Any], path: Steps, key_place: Place) -> Node:
        place = self._place(event.start_mark, path)
        self._count(place, path)
        if isinstance(event, events.AliasEvent):
            return self._alias(str(event.anchor), place, path, key_place)
        if event.tag is not None:
            hint = 'every value is read as text first: write it without the tag, or in quotes ("…")'
            self._complain(place, "tag", f"has the tag {inert(event.tag.replace(_YAML_TAG, '!!'))}", hint)
        node: Node
        if isinstance(event, events.MappingStartEvent):
            node = Table(self._entries(stream, path), place, key_place)
        elif isinstance(event, events.SequenceStartEvent):
            node = Items(self._items(stream, path), place, key_place)
        else:
            node = self._scalar(event, place, key_place)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any, place: Place, key_place: Place) -> Scalar:
        if has_control(event.value, allowed="\n\t"):
            self._complain(place, "control_character", f"{quoted(event.value)} holds a control character")
        is_null = event.style is None and event.value in _NULLS
        return Scalar(event.value, place, key_place, is_null, block=event.style in ("|", ">"))

    def _items(self, stream: Iterator[Any], path: Steps) -> tuple[Node, ...]:
        items: list[Node] = []
        while not isinstance(event := next(stream), events.SequenceEndEvent):
            below = (*path, len(items))
            items.append(self._node(event, stream, below, self._place(event.start_mark, below)))
        return tuple(items)

    def _entries(self, stream: Iterator[Any], path: Steps) -> Mapping[str, Node]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(stream), events.MappingEndEvent):
            key = self._key(event, stream, path)
            below = (*path, "?" if key is None else key)
            key_place = self._place(event.start_mark, below)
            value = self._node(next(stream), stream, below, key_place)
            if key == "<<":
                self._complain(key_place, "merge_key", "merge keys are not read", "write the lines out")
            elif key in entries:
                first = entries[key].key_place.line
                hint = f"the first is in line {first}; keep one of them"
                self._complain(key_place, "duplicate_key", "is written twice", hint)
            elif key is not None:
                entries[key] = value
        return entries

    def _key(self, event: Any, stream: Iterator[Any], path: Steps) -> str | None:
        """The text of a key, or None (and a complaint) where it is none."""
        place = self._place(event.start_mark, path)
        node = self._node(event, stream, path, place)
        if isinstance(node, Scalar) and not node.is_null:
            return node.text
        if isinstance(node, Table):  # {{ first_name }} is a mapping in a mapping to YAML
            hint = 'put the whole text in quotes: text: "{{ first_name }}, …"'
            self._complain(place, "key_not_text", "a text that begins with { needs quotes", hint)
        else:
            self._complain(place, "key_not_text", "a key has to be a text", "a line reads `key: value`")
        return None

    def _alias(self, anchor: str, place: Place, path: Steps, key_place: Place) -> Node:
        if anchor not in self._anchors:
            hint = 'a text that starts with * needs quotes: "*"'
            raise _Fatal(Problem(place, "unknown_alias", f"*{inert(anchor)} names nothing above it", hint))
        return self._copied(self._anchors[anchor], path, key_place)

    def _copied(self, node: Node, path: Steps, key_place: Place) -> Node:
        """The same node under another path: its place stays where it is written."""
        place = _with_path(node.place, path)
        self._count(place, path)
        if isinstance(node, Scalar):
            return Scalar(node.text, place, key_place, node.is_null, node.block)
        if isinstance(node, Items):
            below = enumerate(node.items)
            return Items(tuple(self._moved(n, (*path, i)) for i, n in below), place, key_place)
        moved = {key: self._moved(n, (*path, key)) for key, n in node.entries.items()}
        return Table(moved, place, key_place)

    def _moved(self, node: Node, path: Steps) -> Node:
        return self._copied(node, path, _with_path(node.key_place, path))


def _with_path(place: Place, path: Steps) -> Place:
    return Place(place.file, place.line, place.column, path_text(path))


def path_text(path: Sequence[str | int]) -> str:
    """`quiet_hours.windows.sat`, `countries[1]`."""
    return "".join(map(step_text, path)).removeprefix(".")


def step_text(part: str | int) -> str:
    return f"[{part}]" if isinstance(part, int) else f".{inert(part, 80)}"


#: What YAML misses at the end is mended where it began.
_TOLD_WHERE_IT_BEGINS = ("could not find expected ':'", "found unexpected end of stream", "expected ',' or")

_SYNTAX = (
    ("expected the node content", "a value is missing, or a bracket is never closed", "texts go in quotes"),
    ("cannot start any token", "a character that cannot stand here", "put the value in quotes"),
    ("mapping values are not allowed", "a second colon in this line", 'put the value in quotes: key: "a: b"'),
    (
        "could not find expected ':'",
        "a key without a colon and a blank behind it",
        "a line reads `key: value`",
    ),
    ("found unexpected end of stream", "a quote or bracket that is never closed", "close it"),
    (
        "expected <block end>",
        "a line that does not fit the ones around it",
        "begin it in the same column as its neighbours",
    ),
    ("expected ',' or", "a list or mapping in brackets that is not closed", "close it, or add a comma"),
    ("found unknown escape character", "an unknown escape after \\", "in double quotes write \\\\ for \\"),
    ("found undefined alias", "an alias that names nothing", 'a text that starts with * needs quotes: "*"'),
    ("expected alphabetic", "a name that cannot stand here", "a text that starts with & or * needs quotes"),
)


def _syntax_problem(error: yaml.MarkedYAMLError, place: Place) -> Problem:
    """PyYAML's words made plain. Its snippet of the file is left out: it may hold a secret."""
    problem = error.problem or ""
    if "'\\t'" in problem:
        return Problem(place, "tab", "a tab where YAML wants spaces", "delete it and type spaces")
    for words, message, hint in _SYNTAX:
        if words in problem:
            return Problem(place, "yaml_syntax", f"is not YAML: {message}", hint)
    return Problem(place, "yaml_syntax", f"is not YAML: {inert(problem, 100)}", "put texts in quotes")
