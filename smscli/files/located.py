"""Pydantic errors told in the places of a YAML file, in the words of people.

    tree = read_tree(path)                                 structure: Tree(root, problems)
    model = validate(tree.root, Model, tree.problems)      or FilesError with all problems, by place
    examined = examine(tree.root, Model)                   the same without raising: what is good is kept
    problem_at(node, ("text", "pl"), "code", "message")    problems that are found later

Knows no key of any file: the models of `campaign_file.py` and `profile_file.py` say what is needed. They
keep clear of unions (pydantic tells an error once per branch), but for discriminated ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, WithJsonSchema

from smscli.domain.errors import Place, Problem
from smscli.files.reading import did_you_mean, files_error, inert, listed, quoted
from smscli.files.tree import Items, Node, Scalar, Steps, Table, Tree, parse_tree, read_tree, step_text

__all__ = [
    "Examined",
    "FileModel",
    "Items",
    "LocatedNode",
    "Node",
    "Scalar",
    "Steps",
    "Table",
    "Tree",
    "Wrong",
    "examine",
    "files_error",
    "kind_of",
    "parse_tree",
    "problem_at",
    "read_tree",
    "validate",
]

_SECRET = re.compile(r"pass|secret|token|key$|credential|authorization", re.IGNORECASE)


class FileModel(BaseModel):
    """The base of all models of files: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )


class Wrong(ValueError):
    """What a validator of a model raises: words for people, a hint, and where below the value it is.

    `at` is a path below the validated value; `of_key` points to its key and not to the value; `line` counts
    from 1 inside a text.
    """

    CODE = "wrong_value"

    def __init__(
        self,
        message: str,
        *,
        code: str = CODE,
        hint: str = "",
        at: Steps = (),
        of_key: bool = False,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.at = at
        self.of_key = of_key
        self.line = line


class _Mapping(dict[str, Any]):
    """A mapping on its way through pydantic that remembers its node; so do the next three."""

    node: Node


class _List(list[Any]):
    node: Node


class _Text(str):
    node: Node


class _Nothing:
    """A key without a value. Not None, or an optional field would take it in silence."""

    node: Node


def _plain(node: Node) -> Any:
    """What pydantic sees."""
    plain: Any
    if isinstance(node, Table):
        plain = _Mapping({key: _plain(value) for key, value in node.entries.items()})
    elif isinstance(node, Items):
        plain = _List([_plain(item) for item in node.items])
    else:
        plain = _Nothing() if node.is_null else _Text(node.text)
    plain.node = node
    return plain


def _node_of(value: Any) -> Any:
    return getattr(value, "node", value)


LocatedNode = Annotated[Any, BeforeValidator(_node_of), WithJsonSchema({})]
"""The type of a model's field that wants the Node itself, whatever stands there."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Examined(Generic[M]):
    """A model, its problems, and which of its keys had some.

    With problems, `good` is made from the keys that had none, and is None where that is not enough.
    """

    good: M | None
    problems: tuple[Problem, ...] = ()
    bad: frozenset[str] = frozenset()


def validate(node: Node, model: type[M], earlier: Sequence[Problem] = ()) -> M:
    """The model of a node. Raises FilesError with earlier problems and all of its own, by place."""
    examined = examine(node, model)
    problems = [*earlier, *examined.problems]
    if problems or examined.good is None:
        raise files_error(problems)
    return examined.good


def examine(node: Node, model: type[M]) -> Examined[M]:
    """The model of a node, its problems as values, and what is left of it without the bad keys."""
    try:
        return Examined(model.model_validate(_plain(node)))
    except ValidationError as invalid:
        found = invalid.errors(include_url=False)
    problems = tuple(_problem(node, model, error) for error in found)
    bad = frozenset(str(error["loc"][0]) for error in found if error["loc"])
    good = None
    if isinstance(node, Table) and bad:
        rest = {key: value for key, value in node.entries.items() if key not in bad}
        try:
            good = model.model_validate(_plain(Table(rest, node.place, node.key_place)))
        except ValidationError:
            good = None
    return Examined(good, problems, bad)


def problem_at(
    node: Node,
    path: Sequence[str | int],
    code: str,
    message: str,
    hint: str = "",
    *,
    of_key: bool = False,
    text_line: int | None = None,
) -> Problem:
    """A problem at a path below a node; where the path leads to nothing, at the last key on the way.

    `of_key` points to the key and not to the value. `text_line` counts from 1 inside the text there.
    """
    found, missing = _walk(node, path)
    place = found.key_place if of_key or missing else found.place
    if text_line is not None and isinstance(found, Scalar) and not missing:
        place = _line_of_text(found, text_line)
    if missing:
        beyond = "".join(map(step_text, missing))
        place = Place(place.file, place.line, place.column, (found.place.path + beyond).removeprefix("."))
    return Problem(place, code, message, hint)


def _line_of_text(scalar: Scalar, line: int) -> Place:
    place = scalar.place
    if not scalar.block or place.line is None:
        return place
    return Place(place.file, place.line + line, None, place.path)


def _walk(node: Node, path: Sequence[str | int]) -> tuple[Node, tuple[str | int, ...]]:
    """The deepest node that a path reaches, and the part of the path beyond it."""
    for index, part in enumerate(path):
        below: Node | None = None
        if isinstance(node, Table):
            below = node.entries.get(str(part))
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            below = node.items[part]
        if below is None:
            return node, tuple(path[index:])
        node = below
    return node, ()


def _problem(root: Node, model: type[BaseModel], error: Any) -> Problem:
    """One pydantic error in the words and at the place of the file."""
    loc = list(error["loc"])
    of_key = bool(loc) and loc[-1] == "[key]"
    path = _known_part(root, loc[:-1] if of_key else loc)
    at = partial(problem_at, root)
    kind = str(error["type"])
    if isinstance(error["input"], _Nothing):
        needs = f"; needs {needed}" if (needed := _needed(kind)) else ""
        return at(path, "empty", f"has no value{needs}", "write one behind the colon, or delete the line")
    cause = (error.get("ctx") or {}).get("error")
    if kind == "value_error" and cause is not None:
        return _raised(root, path, cause, of_key)
    if kind == "union_tag_not_found":
        path = (*path, _tag_key(error))
    if kind in ("missing", "union_tag_not_found"):
        return at(path, "missing", "is missing", "every one needs it: add the line")
    if kind == "extra_forbidden":
        known = sorted(_keys_at(model, loc[:-1]))
        return at(path, "unknown_key", "is not known here", _key_hint(str(loc[-1]), known), of_key=True)
    if kind == "union_tag_invalid":
        path = (*path, _tag_key(error))
    message, hint = _words(kind, error, bool(path) and bool(_SECRET.search(str(path[-1]))))
    return at(path, "wrong_type" if _needed(kind) else Wrong.CODE, message, hint, of_key=of_key)


def _tag_key(error: Any) -> str:
    return str(error["ctx"]["discriminator"]).strip("'")


def _raised(root: Node, path: Steps, cause: Exception, of_key: bool) -> Problem:
    """A ValueError of a validator; what it knows beyond its words (Wrong, TemplateProblem, …) is used."""
    below = getattr(cause, "at", ())
    return problem_at(
        root,
        (*path, *below),
        getattr(cause, "code", Wrong.CODE),
        inert(getattr(cause, "message", str(cause)), 300),
        inert(getattr(cause, "hint", ""), 300),
        of_key=of_key or getattr(cause, "of_key", False),
        text_line=getattr(cause, "line", None),
    )


def _known_part(root: Node, loc: Sequence[str | int]) -> Steps:
    """A loc without what the file lacks: tags of discriminated unions, keys of short forms written out."""
    node = root
    path: list[str | int] = []
    for index, part in enumerate(loc):
        below, beyond = _walk(node, [part])
        if not beyond or (index == len(loc) - 1 and isinstance(node, Table)):
            path.append(part)
        node = below
    return tuple(path)


def _key_hint(name: str, known: Sequence[str]) -> str:
    meant = did_you_mean(name, known)
    return f'did you mean "{meant}"?' if meant else f"known here: {listed(known)}" if known else ""


_NEEDED = (
    (("int_",), "a whole number"),
    (("float_", "decimal_", "finite_number"), "a number"),
    (("bool_",), "true or false"),
    (("string_type",), "a text"),
    (("dict_type", "model_type", "model_attributes_type", "mapping_type"), "a mapping (key: value)"),
    (("list_type", "tuple_type", "set_type", "frozen_set_type"), "a list"),
)


def _needed(kind: str) -> str:
    return next((words for starts, words in _NEEDED if kind.startswith(starts)), "")


_BOUNDS = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def _words(kind: str, error: Any, secret: bool) -> tuple[str, str]:
    """Message and hint for pydantic's error types."""
    found = _found(error["input"], secret)
    context = error.get("ctx") or {}
    if needed := _needed(kind):
        alone = needed == "a list" and kind_of(error["input"]) == "a text" and not secret
        return f"needs {needed}, found {found}", f"write [{inert(str(error['input']))}]" if alone else ""
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"{words} {context[name]}, found {found}", ""
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        choices = re.findall(r"'([^']*)'", str(context.get("expected") or context.get("expected_tags")))
        text = str(context.get("tag", error["input"]))
        meant = did_you_mean(text, choices)
        found = quoted(text) if kind == "union_tag_invalid" else found
        hint = f'did you mean "{meant}"?' if meant else "write one of these"
        return f"{found} is none of {listed(choices, 'or')}", hint
    if kind in ("string_too_short", "too_short"):
        return "is empty", "write something, or delete the line"
    if kind in ("string_too_long", "too_long"):
        return f"is too long (at most {context.get('max_length')})", ""
    if kind == "string_pattern_mismatch":
        return f"{found} does not have the right form", f"it has to match {context.get('pattern')}"
    return str(error["msg"]).replace("Input should", "should"), ""


def kind_of(value: Any) -> str:
    """What stands in a model's input, for a sentence."""
    kinds = {dict: "a mapping", list: "a list", _Nothing: "nothing"}
    return next((words for kind, words in kinds.items() if isinstance(value, kind)), "a text")


def _found(value: Any, secret: bool) -> str:
    kind = kind_of(value)
    return kind if secret or kind != "a text" else quoted(str(value))


def _keys_at(annotation: Any, loc: Sequence[str | int]) -> frozenset[str]:
    """The keys that a model knows at a loc: where "did you mean" looks."""
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _keys_at(arguments[0], loc)
    if origin in (Union, UnionType):
        tagged = [one for one in arguments if loc and _has_tag(one, loc[0])]
        below = loc[1:] if tagged else loc
        return frozenset[str]().union(*(_keys_at(one, below) for one in tagged or arguments))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        if not loc:
            return frozenset(fields)
        return _keys_at(fields[str(loc[0])].annotation, loc[1:]) if str(loc[0]) in fields else frozenset()
    if arguments and loc:
        return _keys_at(arguments[1] if origin in (dict, Mapping) else arguments[0], loc[1:])
    return frozenset()


def _has_tag(annotation: Any, tag: str | int) -> bool:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        return False
    kinds = (field.annotation for field in annotation.model_fields.values())
    return any(get_origin(kind) is Literal and tag in get_args(kind) for kind in kinds)
