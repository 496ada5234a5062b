"""A text with gaps: compiled once per language, rendered for one contact, never expanded twice.

Texts are Jinja2, cut down to what an SMS needs: `{{ field }}`, a short list of filters, and `{% if %}`. All
else is refused when the text is compiled, with its line: nothing can loop, call, calculate or build a string
much longer than what goes in, and no filter can fail on its arguments later. Values are data and are written
as they are.

An empty field is a missing one: `default` steps in for it, `{% if field %}` asks for it, and any other use
raises MissingField. What a text costs is none of this module's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from difflib import get_close_matches
from enum import StrEnum
from inspect import Parameter, Signature, signature
from typing import Any, NoReturn, get_args

import jinja2
from jinja2 import meta, nodes
from jinja2.filters import do_default, do_title
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Far above what gateways take (6 to 10 segments are usual), far below trouble.
MAX_CHARACTERS = 4_000


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


class NotANumber(MissingField):
    """The contact has something for the field, but no number where the text needs one."""


class OutputTooLong(Exception):
    """The rendered text passed the cap on characters."""

    def __init__(self) -> None:
        super().__init__(f"the text has more than {MAX_CHARACTERS} characters")


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text with nothing but gaps: what stands before each, and behind the last.

    Most texts are such. Jinja2 would take five times as long, for what only filters and conditions need.
    """

    gaps: tuple[tuple[str, str], ...]  # what stands before it, and its name
    end: str

    def filled(self, values: Mapping[str, str]) -> str:
        pieces: list[str] = []
        for before, name in self.gaps:
            value = values.get(name, "").strip()
            if not value:
                raise MissingField(name)
            pieces += (before, value)
        text = "".join([*pieces, self.end])
        if len(text) > MAX_CHARACTERS:
            raise OutputTooLong
        return text.strip()


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled text, made by `compile_text`. `source` is as written, without the whitespace around it.

    `fields` are all columns that the text mentions, those with a default included.
    """

    source: str
    fields: frozenset[str]
    _body: _Plain | jinja2.Template = field(repr=False, compare=False)

    def render(self, values: Mapping[str, str]) -> str:
        """The text for one contact, values and the whole stripped. Raises MissingField or OutputTooLong."""
        if isinstance(self._body, _Plain):
            return self._body.filled(values)
        given = {name: value for name in self.fields if (value := values.get(name, "").strip())}
        pieces, length = [], 0
        try:
            # Not `generate`: rewriting the traceback would make a missing field five times as slow.
            for piece in self._body.root_render_func(self._body.new_context(given)):
                length += len(piece)
                if length > MAX_CHARACTERS:
                    raise OutputTooLong
                pieces.append(piece)
        except jinja2.UndefinedError as error:
            raise MissingField(str(error)) from None
        return "".join(pieces).strip()


def compile_text(source: str) -> Template:
    """A text, checked and ready to be rendered. Raises TemplateProblem, with the line inside the text."""
    try:
        tree = _ENVIRONMENT.parse(source)
        for statement in tree.body:
            _check_statement(statement)
        fields = frozenset(meta.find_undeclared_variables(tree))
        plain = _only_gaps(tree)
        return Template(source.strip(), fields, _ENVIRONMENT.from_string(tree) if plain is None else plain)
    except TemplateProblem:
        raise
    except jinja2.TemplateSyntaxError as error:
        raise _syntax_problem(error, source) from None
    except (RecursionError, MemoryError, SyntaxError, ValueError):
        # Python's own limits: hundreds of nested brackets, thousands of digits.
        raise TemplateProblem("the text is nested too deeply to compile", hint=_EXAMPLE) from None


#: What other programs call a gap: {name}, ${name}, <<name>>; and, with an underscore,
#: [a_name], <a_name>, %a_name%.
_LITERAL = re.compile(
    r"\$?\{ ?(?P<a>[^\W\d][\w -]*?) ?\}"
    r"|\[ ?(?P<b>[^\W\d_]\w*_\w+) ?\]|<< ?(?P<c>[^\W\d_]\w*) ?>>|< ?(?P<d>[^\W\d_]\w*_\w+) ?>"
    r"|%(?P<e>[^\W\d_]\w*_\w+)%|%\((?P<f>[^\W\d]\w*)\)s"
)
_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def literal_gap(source: str) -> tuple[int, str, str] | None:
    """A gap as another program writes it, which would be sent as it stands: `{first_name}`.

    Its line inside the text (from 1), what stands there, and the name in it; None where there is none. What a
    text means to say with braces is written {{ "{" }}.
    """
    plain = _JINJA.sub(lambda found: "\0" + "\n" * found[0].count("\n"), source)
    found = _LITERAL.search(plain)
    if found is None:
        return None
    name = next(filter(None, found.groups()))
    return plain.count("\n", 0, found.start()) + 1, found[0], re.sub(r"[ -]+", "_", name)


_EXAMPLE = 'write a gap as {{ first_name }} or {{ first_name | default("friend") }}'


def _only_gaps(tree: nodes.Template) -> _Plain | None:
    """The text as what it is, where it has neither filters nor conditions; None where it has."""
    gaps, before = [], ""
    for statement in tree.body:
        for node in statement.iter_child_nodes():
            match node:
                case nodes.TemplateData():
                    before += node.data
                case nodes.Name():
                    gaps.append((before, node.name))
                    before = ""
                case _:
                    return None
    if not gaps:
        _refuse_length(before.strip())
    return _Plain(tuple(gaps), before)


def _refuse_length(text: str) -> None:
    """Refuse a text that says nothing, or more than any text can, to everybody."""
    if not text:
        raise TemplateProblem("the text is empty", hint="write the text of the message")
    if len(text) > MAX_CHARACTERS:
        raise TemplateProblem(str(OutputTooLong()), hint="shorten the text")


_BROKEN_NAME = re.compile(r"\{\{\s*([^\W\d]\w*(?:[ -]+\w+)+)\s*(?:\||\}\})")
_UNCLOSED = re.compile(r"\{\{(?:(?!\}\}|\{\{).)*(?=\{\{|\Z)", re.DOTALL)


def _syntax_problem(error: jinja2.TemplateSyntaxError, source: str) -> TemplateProblem:
    """Jinja2's complaint; the usual slips of the keyboard in words of their own."""
    if found := _BROKEN_NAME.search(source):
        return _broken_name(found[1], source.count("\n", 0, found.start()) + 1)
    if found := _UNCLOSED.search(source):
        line = source.count("\n", 0, found.start()) + 1
        return TemplateProblem("a gap is opened with {{ and not closed with }}", line=line, hint=_EXAMPLE)
    message = (error.message or "the text does not compile").rstrip(".")
    if "looking for the following tags" in message and "'endif'" in message:
        hint = "write {% if first_name %}…{% endif %}"
        return TemplateProblem("{% if … %} is not closed with {% endif %}", line=error.lineno, hint=hint)
    message = message.replace("end of print statement", "}}").replace("end of statement block", "%}")
    return TemplateProblem(message, line=error.lineno, hint=_EXAMPLE)


def _broken_name(name: str, line: int) -> TemplateProblem:
    written = re.sub(r"[ -]+", "_", name)
    hint = f"write {{{{ {written} }}}}: the column is found whether its header has a blank, - or _"
    return TemplateProblem(f"a name in a gap is one word, found {{{{ {name} }}}}", line=line, hint=hint)


# -- filters: their annotations say what they take and give, and `_kinds_of_filter` holds texts to them ------

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


def _upper(text: str) -> str:
    return text.upper()


def _lower(text: str) -> str:
    return text.lower()


def _capitalize(text: str) -> str:
    return text.capitalize()


def _trim(text: str) -> str:
    return text.strip()


def _first(text: str) -> str:
    return text[:1]


def _last(text: str) -> str:
    return text[-1:]


def _length(text: str) -> int:
    return len(text)


def _replace(text: str, old: str, new: str) -> str:
    # Measured before it is built: ten of these in a row could multiply a text by ten each.
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_CHARACTERS:
        raise OutputTooLong
    return text.replace(old, new)


def _truncate(text: str, length: int, killwords: bool = False, end: str = "...") -> str:
    """Never longer than `length`: Jinja2's own lets five more characters pass, which can be a segment."""
    if len(text) <= length:
        return text
    kept = text[: max(0, length - len(end))]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end[:length]


def _number(value: str | Decimal, column: str) -> Decimal:
    if not _NUMBER.fullmatch(text := str(value)):
        raise NotANumber(column)
    return Decimal(text)


def _int(value: str | Decimal, column: str) -> int:
    """Jinja2's own makes 0 of what is no number, and "you have 0 points" cannot be called back."""
    return int(_number(value, column))


def _round(value: str | Decimal, column: str, precision: int = 0) -> Decimal:
    """Keeps the zeros of a price: 12.5 to two places is 12.50."""
    places = Decimal(1).scaleb(-min(precision, 6))
    return _number(value, column).quantize(places, ROUND_HALF_UP) + 0  # + 0 makes -0 a 0


_FILTERS: dict[str, Callable[..., Any]] = {
    "capitalize": _capitalize,
    "count": _length,
    "d": do_default,
    "default": do_default,
    "first": _first,
    "int": _int,
    "last": _last,
    "length": _length,
    "lower": _lower,
    "replace": _replace,
    "round": _round,
    "title": do_title,
    "trim": _trim,
    "truncate": _truncate,
    "upper": _upper,
}
_TESTS = ("defined", "undefined")


class _Missing(jinja2.StrictUndefined):
    """A field without a value: may be asked for, and fails with its name when used in any other way."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(hint=name, name=name)

    def __bool__(self) -> bool:  # type: ignore[override]  # the base class never answers
        return False


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=_Missing, autoescape=False)
    environment.globals.clear()  # or a missing column named `range` renders a function
    environment.filters = _FILTERS
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment


_ENVIRONMENT = _environment()


# -- the grammar: what a text may hold, and of which kind each expression is ----------------------------


class _Kind(StrEnum):
    TEXT = "a text"
    NUMBER = "a number"
    TRUTH = "yes or no"


_Kinds = frozenset[_Kind]  # more than one where it depends on the contact

_TEXT, _TRUTH = frozenset({_Kind.TEXT}), frozenset({_Kind.TRUTH})
_KIND_OF_TYPE = {
    str: _Kind.TEXT,
    int: _Kind.NUMBER,
    float: _Kind.NUMBER,
    Decimal: _Kind.NUMBER,
    bool: _Kind.TRUTH,
}


def _refuse(node: nodes.Node, message: str, hint: str = "") -> NoReturn:
    raise TemplateProblem(message, line=node.lineno, hint=hint)


def _check_statement(node: nodes.Node) -> None:
    match node:
        case nodes.Output():
            for part in node.nodes:
                _check_output(part)
        case nodes.If():
            _kinds(node.test)
            for child in (*node.body, *node.elif_, *node.else_):
                _check_statement(child)
        case nodes.Scope():  # only around what {% autoescape %} makes
            _check_statement(node.body[0])
        case _:
            tag = _TAGS.get(type(node), type(node).__name__.lower())
            _refuse(node, f"{{% {tag} %}} cannot be used in a text", "gaps, filters and {% if %} can")


_TAGS: dict[type[nodes.Node], str] = {
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.FromImport: "from",
    nodes.ScopedEvalContextModifier: "autoescape",
}


def _check_output(node: nodes.Node) -> None:
    if not isinstance(node, nodes.TemplateData) and _Kind.TRUTH in _kinds(node):
        _refuse(node, "a gap would say True or False", 'write {{ "one text" if … else "another" }}')


def _kinds(node: nodes.Node) -> _Kinds:
    """What the expression may give. Raises TemplateProblem where it is not one for a text."""
    match node:
        case nodes.Name():
            return _kinds_of_name(node)
        case nodes.Const():
            return _kinds_of_literal(node)
        case nodes.Filter():
            return _kinds_of_filter(node)
        case nodes.CondExpr():
            _kinds(node.test)
            node.expr2 = node.expr2 or nodes.Const("", lineno=node.lineno)  # else it were a missing field
            return _kinds(node.expr1) | _kinds(node.expr2)
        case nodes.And() | nodes.Or():
            return _kinds(node.left) | _kinds(node.right)
        case nodes.Not():
            _kinds(node.node)
        case nodes.Compare():
            _check_comparison(node)
        case nodes.Test():
            _check_test(node)
        case _:
            _refuse_expression(node)
    return _TRUTH


def _kinds_of_name(node: nodes.Name) -> _Kinds:
    if node.name == "self":  # Jinja2 keeps this name for the template itself
        _refuse(node, "no column of a text can be called self", "give the column another name")
    return _TEXT


def _kinds_of_literal(node: nodes.Const) -> _Kinds:
    if node.value is None:
        _refuse(node, "none is a word of the template language, not a column", 'for no text write ""')
    return frozenset({_KIND_OF_TYPE[type(node.value)]})


def _refuse_expression(node: nodes.Node) -> NoReturn:
    match node:
        case nodes.Call(node=nodes.Getattr() as accessed) | (nodes.Getattr() as accessed):
            similar = _similar(accessed.attr, _FILTERS)
            hint = f"write the filter: {{{{ field | {similar} }}}}" if similar else _EXAMPLE
            _refuse(node, f"a value is plain text and has no .{accessed.attr}", hint)
        case nodes.Getitem():
            _refuse(node, "a value is plain text and has no [ ]", "give the part a column of its own")
        case nodes.Call():
            _refuse(node, "nothing can be called in a text", _EXAMPLE)
        case nodes.Concat():
            _refuse(node, "~ cannot be used in a text", "write one gap after the other, or use {% if %}")
        case nodes.BinExpr(operator=sign) | nodes.UnaryExpr(operator=sign):
            if sign == "-" and (name := _hyphenated(node)):
                raise _broken_name(name, node.lineno)
            hint = "give the result a column of its own; a column first-name is written first_name"
            _refuse(node, f"a text cannot calculate ({sign})", hint)
        case _:
            _refuse(node, "a gap holds one value, not a list of them", _EXAMPLE)


def _hyphenated(node: nodes.Node) -> str:
    """`first-name`, which Jinja2 takes for a subtraction; empty for any other."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Sub):
        parts = [_hyphenated(part) for part in (node.left, node.right)]
        return "-".join(parts) if all(parts) else ""
    return ""


def _check_comparison(node: nodes.Compare) -> None:
    operand, *more = node.ops
    if more:
        _refuse(node, "one comparison at a time", "join two of them with `and`")
    if operand.op in ("in", "notin"):
        _check_membership(node.expr, operand.expr)
    else:
        _check_same_kind(node, _kinds(node.expr), _kinds(operand.expr))


def _check_membership(left: nodes.Expr, right: nodes.Expr) -> None:
    """`field in ["a", "b"]` or `"a" in field`; a missing field on the left of a text would be a TypeError."""
    kinds = _kinds(left)
    if isinstance(right, nodes.List | nodes.Tuple) and right.items:
        for item in right.items:
            _check_same_kind(item, kinds, _kinds_of_literal(_literal(item, "a list")))
    elif isinstance(left, nodes.Const):
        _check_same_kind(left, kinds, _TEXT)
        _check_same_kind(right, _kinds(right), _TEXT)
    else:
        _refuse(right, "`in` needs a list of texts on its right", 'write {% if field in ["one", "two"] %}')


def _check_same_kind(node: nodes.Node, left: _Kinds, right: _Kinds) -> None:
    if left != right or len(left) > 1:
        message = f"{_spoken(left)} is compared with {_spoken(right)}"
        _refuse(node, message, 'write {% if field | int > 5 %} or {% if field == "5" %}')


def _check_test(node: nodes.Test) -> None:
    if node.name not in _TESTS:
        _refuse_unknown(node, "test", node.name, _TESTS)
    if not isinstance(node.node, nodes.Name):
        _refuse(node, f"`is {node.name}` asks about a column", f"write {{% if field is {node.name} %}}")
    if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
        _refuse(node, f"`is {node.name}` takes no arguments")
    _kinds(node.node)


def _kinds_of_filter(node: nodes.Filter) -> _Kinds:
    function = _FILTERS.get(node.name)
    if function is None:
        _refuse_unknown(node, "filter", node.name, _FILTERS)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        _refuse(node, f"the arguments of `{node.name}` must be written out")
    if function is do_default:
        return _kinds_of_default(node)
    declared = signature(function, eval_str=True)
    subject, *parameters = declared.parameters.values()
    accepted = frozenset(
        _KIND_OF_TYPE[taken] for taken in get_args(subject.annotation) or [subject.annotation]
    )
    given = _subject_kinds(node)
    if not given <= accepted:
        _refuse(node, f"`{node.name}` needs {_spoken(accepted)}, and this may be {_spoken(given)}")
    _check_arguments(node, [parameter for parameter in parameters if parameter.name != "column"])
    if "column" in declared.parameters:
        node.args.insert(0, nodes.Const(_column_of(node)))
    return frozenset({_KIND_OF_TYPE[declared.return_annotation]})


def _kinds_of_default(node: nodes.Filter) -> _Kinds:
    """Any other filter fails on a missing field, so a default behind it would never be used."""
    subject = node.node
    is_chained = isinstance(subject, nodes.Filter) and _FILTERS.get(subject.name) is do_default
    if not (isinstance(subject, nodes.Name) or is_chained):
        hint = 'write {{ field | default("friend") | upper }}'
        _refuse(node, f"`{node.name}` must stand right behind its column", hint)
    flags = [*node.args[1:], *(keyword.value for keyword in node.kwargs if keyword.key == "boolean")]
    if not node.args or len(flags) > 1 or len(node.args) + len(node.kwargs) != 1 + len(flags):
        _refuse(node, f"`{node.name}` needs one text to fall back on", _EXAMPLE)
    for flag in flags:  # Jinja2's way to include empty values, which here are missing anyway
        _literal(flag, f"the second argument of `{node.name}`")
    return _subject_kinds(node) | _kinds(node.args[0])


def _subject_kinds(node: nodes.Filter) -> _Kinds:
    assert node.node is not None  # only a {% filter %} block lacks it, and that is refused
    return _kinds(node.node)


def _check_arguments(node: nodes.Filter, parameters: list[Parameter]) -> None:
    """Arguments are literals of the declared types, so that no filter can fail on them later."""
    what = f"an argument of `{node.name}`"
    given = [_literal(argument, what).value for argument in node.args]
    named = {str(keyword.key): _literal(keyword.value, what).value for keyword in node.kwargs}
    try:
        bound = Signature(parameters).bind(*given, **named)
    except TypeError as error:
        _refuse(node, f"`{node.name}`: {error}")
    for parameter in parameters:
        value = bound.arguments.get(parameter.name, parameter.default)
        if type(value) is not parameter.annotation:
            needed = _KIND_OF_TYPE[parameter.annotation]
            _refuse(node, f"`{node.name}`: {parameter.name} must be {needed}, found {value!r}")


def _literal(node: nodes.Node, what: str) -> nodes.Const:
    if not isinstance(node, nodes.Const):
        _refuse(node, f"{what} must be written out", 'as in {{ field | replace("a", "b") }}')
    return node


def _column_of(node: nodes.Filter) -> str:
    """The column whose value the filter gets, to be named where that is no number."""
    for name in node.find_all(nodes.Name):
        return name.name
    _refuse(node, f"`{node.name}` needs a column", f"write {{{{ field | {node.name} }}}}")


def _refuse_unknown(
    node: nodes.Node, what: str, name: str, known: Mapping[str, object] | tuple[str, ...]
) -> NoReturn:
    similar = _similar(name, known)
    hint = f'did you mean "{similar}"?' if similar else f"there are {', '.join(sorted(known))}"
    _refuse(node, f'there is no {what} "{name}"', hint)


def _similar(name: str, known: Mapping[str, object] | tuple[str, ...]) -> str | None:
    return next(iter(get_close_matches(name, known, n=1)), None)


def _spoken(kinds: _Kinds) -> str:
    return " or ".join(sorted(kinds))
