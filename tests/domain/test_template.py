"""Texts with gaps: what they may hold, what becomes of values, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smscli.domain.template import (
    _FILTERS,
    MAX_CHARACTERS,
    MissingField,
    NotANumber,
    OutputTooLong,
    Template,
    TemplateProblem,
    compile_text,
    literal_gap,
)

ANNA = {
    "first_name": "anna maria",
    "points": "1250",
    "price": "12.5",
    "vip": "yes",
    "empty": "",
    "blank": " \t\u00a0\n",
    "padded": "  Kraków \n",
    "żółć": "bile",
}


# -- what a text says -------------------------------------------------------------------------------

RENDERED = [
    # a text without gaps
    ("Winter tyres from Monday.", "Winter tyres from Monday."),
    ("  two\n lines \n", "two\n lines"),
    ("one\r\ntwo", "one\ntwo"),  # a carriage return would cost a unit
    ("50 % off {# ask Eva #}today", "50 % off today"),
    ("{% raw %}{{ first_name }}{% endraw %}", "{{ first_name }}"),
    ("a { b } c", "a { b } c"),
    # gaps
    ("Hi {{ first_name }}!", "Hi anna maria!"),
    ("{{first_name}}{{vip}}", "anna mariayes"),
    ("{{ padded }}, hi", "Kraków, hi"),
    ("\n  Hi {{ padded }}\n\n ", "Hi Kraków"),
    ("Hi {{ vip }} {% if empty %}you{% endif %}", "Hi yes"),
    ("{{ żółć }}", "bile"),
    ("{{ 'it' }} is {{ 5 }}", "it is 5"),
    # an empty field is a missing one
    ('Hi {{ absent | default("friend") }}', "Hi friend"),
    ('Hi {{ empty | default("friend") }}', "Hi friend"),
    ('Hi {{ blank | d("friend") }}', "Hi friend"),
    ('Hi {{ empty | default("friend", true) }}', "Hi friend"),
    ('Hi {{ empty | default("friend", boolean=true) }}', "Hi friend"),
    ('Hi {{ first_name | default("friend") }}', "Hi anna maria"),
    ("Hi {{ absent | default(first_name) }}", "Hi anna maria"),
    ("Hi {{ first_name | default(absent) }}", "Hi anna maria"),
    ('Hi {{ empty | default(absent) | default("friend") }}', "Hi friend"),
    ('Hi {{ empty | default("friend") | upper }}', "Hi FRIEND"),
    ('Hi{{ empty | default("") }}.', "Hi."),
    ('Hi {{ empty or "friend" }}', "Hi friend"),
    # filters
    ("{{ first_name | upper }}", "ANNA MARIA"),
    ("{{ first_name | upper | lower }}", "anna maria"),
    ("{{ first_name | title }}", "Anna Maria"),
    ("{{ first_name | capitalize }}", "Anna maria"),
    ("[{{ padded | trim }}]", "[Kraków]"),
    ("{{ first_name | first }}{{ first_name | last }}", "aa"),
    ("{{ first_name | length }} {{ first_name | count }}", "10 10"),
    ('{{ first_name | replace("a", "o") }}', "onno morio"),
    ('{{ first_name | replace(new="", old=" ") }}', "annamaria"),
    ("{{ first_name | truncate(9) }}", "anna..."),
    ("{{ first_name | truncate(9, true) }}", "anna m..."),
    ('{{ first_name | truncate(6, end=".") }}', "anna."),
    ("{{ first_name | truncate(10) }}", "anna maria"),
    ("{{ first_name | truncate(2) }}", ".."),
    ("{{ points | int }}", "1250"),
    ("{{ price | int }} {{ price | round }} {{ price | round(2) }}", "12 13 12.50"),
    ('{{ points | replace("1", "-0.000") | round }}', "0"),
    ("{{ price | round(100) }}", "12.500000"),
    ("{{ absent | default(0) | int }}", "0"),
    # conditions
    ("{% if vip %}VIP {% endif %}{{ first_name }}", "VIP anna maria"),
    ("{% if empty %}VIP {% endif %}{{ first_name }}", "anna maria"),
    ("{% if not absent %}plain{% endif %}", "plain"),
    ("{% if absent is defined %}a{% elif empty is undefined %}b{% else %}c{% endif %}", "b"),
    ("{% if vip is not defined %}a{% else %}b{% endif %}", "b"),
    ('{% if vip == "yes" and points | int >= 1000 %}gold{% else %}blue{% endif %}', "gold"),
    ('{% if vip != "yes" or price | round(1) < 12.5 %}gold{% else %}blue{% endif %}', "blue"),
    ("{% if points | int in [1, 1250] %}in{% endif %}", "in"),
    ('{% if vip in ["yes", "y"] %}in{% endif %}', "in"),
    ('{% if vip not in ("no", "n") %}in{% endif %}', "in"),
    ('{% if "maria" in first_name %}in{% endif %}', "in"),
    ('{{ "VIP" if vip else "you" }}', "VIP"),
    ('Hi{{ " VIP" if empty }}.', "Hi."),
    ("a {%- if vip %} b {%- endif %} c", "a b c"),
]


@pytest.mark.parametrize(("source", "text"), RENDERED)
def test_a_text_says(source: str, text: str) -> None:
    assert compile_text(source).render(ANNA) == text


def test_one_compiled_text_serves_many_contacts() -> None:
    template = compile_text('{{ name | default("you") }} have {{ points | int }}')
    contacts = [{"name": "Anna", "points": "1"}, {"points": "2"}, {"name": "Bob", "points": "3"}]
    assert [template.render(values) for values in contacts] == ["Anna have 1", "you have 2", "Bob have 3"]


# -- values are data --------------------------------------------------------------------------------

NASTY = [
    "{{ 7*7 }}",
    "{{ first_name }}",
    "{% raw %}",
    "{% endraw %}",
    "{% if",
    "{# comment #}",
    "}}",
    "%(x)s {0} $x",
    "<b>&amp;\"'",
    "[red]rich[/red]",
    "\\N{BULLET} \\x41",
    "two\nlines\r\nor three",
    "__class__",
    "\x1b[31m",
    "0",
    "False",
    "None",
]


@pytest.mark.parametrize("value", NASTY)
def test_a_value_is_written_as_it_is(value: str) -> None:
    assert compile_text("<{{ name }}>").render({"name": value}) == f"<{value}>"
    assert compile_text('<{{ name | default("x") }}>').render({"name": value}) == f"<{value}>"
    assert (
        compile_text('<{{ absent | default(name) | replace("", "") }}>').render({"name": value})
        == f"<{value}>"
    )


@given(value=st.text(max_size=200), before=st.sampled_from(["", "Hi ", "{% if x %}y{% endif %}"]))
def test_any_value_comes_out_verbatim_but_for_the_space_around_it(value: str, before: str) -> None:
    template = compile_text(f"({before}{{{{ name }}}})")
    fixed = before if not before.startswith("{%") else ""
    if value.strip():
        assert template.render({"name": value}) == f"({fixed}{value.strip()})"
    else:
        with pytest.raises(MissingField, match=r"^name$"):
            template.render({"name": value})


def outcome(source: str, values: dict[str, str]) -> str:
    """The text, or the name of what was raised where that is one of the module's own."""
    try:
        return compile_text(source).render(values)
    except (TemplateProblem, MissingField, OutputTooLong) as raised:
        return type(raised).__name__


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions of smaller ones, most of which make sense."""
    filters = st.sampled_from(
        [
            "upper",
            "title",
            "int",
            "round(1)",
            "first",
            "last",
            "length",
            'replace("a", "")',
            "truncate(3)",
            "d(0)",
        ]
    )
    between = st.sampled_from(["and", "or", "==", "<", "in", "not in", "~", "-"])
    return st.one_of(
        st.builds("{} | {}".format, inner, filters),
        st.builds("({}) | default({})".format, inner, inner),
        st.builds("({} {} {})".format, inner, between, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds('({} in ["a", "b"])'.format, inner),
        st.builds("({} is defined)".format, inner),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["name", "other", '"a"', '""', "1", "0.5", "true"]), combined, max_leaves=6
)
VALUES = st.fixed_dictionaries({"name": st.sampled_from(["", "anna", "12", "-0.5", "1e9"])})


@given(EXPRESSIONS, VALUES)
def test_what_compiles_renders_or_raises_what_it_says(expression: str, values: dict[str, str]) -> None:
    assert "Undefined" not in outcome(f"{{{{ {expression} }}}}", values)
    assert outcome(f"{{% if {expression} %}}a{{% else %}}b{{% endif %}}", values) in (
        "a",
        "b",
        "TemplateProblem",
        "MissingField",
        "NotANumber",
    )


@given(
    st.lists(st.sampled_from(["{{ a }}", "{{b}}", " ", "x", "ż\n", "{# c #}"]), min_size=1, max_size=6),
    st.dictionaries(st.sampled_from("ab"), st.text(max_size=6)),
)
def test_gaps_alone_are_filled_as_jinja_fills_them(parts: list[str], values: dict[str, str]) -> None:
    """A condition that holds for nobody sends a text through Jinja2; it says the same, or lacks the same."""
    source = "".join(parts)
    assume("{{" in source)
    plain, through_jinja = compile_text(source), compile_text(source + "{% if never %}!{% endif %}")
    assert type(plain._body) is not type(through_jinja._body)
    said = []
    for template in (plain, through_jinja):
        try:
            said.append(template.render(values))
        except MissingField as missing:
            said.append(f"lacks {missing.name}")
    assert said[0] == said[1]


@given(st.text(st.sampled_from("{}%#|ab \"'()[]\\\n") | st.characters(codec=None), min_size=1, max_size=40))
def test_any_source_compiles_or_is_refused_by_name(source: str) -> None:
    assert isinstance(outcome(source, {"a": "x", "b": "y"}), str)


# -- fields -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("nothing", set()),
        ("{% raw %}{{ a }}{% endraw %}{# {{ b }} #}", set()),
        ("{{ a }} {{ b | upper }} {{ a }}", {"a", "b"}),
        ('{{ a | default("x") }}', {"a"}),
        ("{{ a | default(b) }}", {"a", "b"}),
        ("{% if a %}{{ b }}{% elif c %}{% else %}{{ d }}{% endif %}", {"a", "b", "c", "d"}),
        ('{{ "x" if a is defined and "y" in b }}', {"a", "b"}),
        ("{{ range }} {{ dict }} {{ lipsum }} {{ loop }}", {"range", "dict", "lipsum", "loop"}),
        ("{{ name | int }}", {"name"}),
    ],
)
def test_fields_are_all_columns_that_a_text_mentions(source: str, fields: set[str]) -> None:
    assert compile_text(source).fields == fields


def test_a_template_equals_another_of_the_same_source_and_shows_no_machinery() -> None:
    assert compile_text("Hi {{ a }}\n") == compile_text("Hi {{ a }}")
    assert compile_text("Hi {{ a }}") != compile_text("Hi {{ b }}")
    assert repr(compile_text("Hi {{ a }}")) == "Template(source='Hi {{ a }}', fields=frozenset({'a'}))"


def test_a_template_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        compile_text("Hi").source = "Ho"  # type: ignore[misc]


# -- missing fields ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "Hi {{ name }}",
        "{% if vip %}{{ name }}{% endif %}",
        "{{ absent | default(name) }}",
        "{{ absent or name }}",
        '{% if name == "x" %}a{% endif %}',
        '{% if "x" == name %}a{% endif %}',
        '{% if name < "x" %}a{% endif %}',
        '{% if name in ["x"] %}a{% endif %}',
        '{% if "x" in name %}a{% endif %}',
        '{{ "a" if name == "x" else "b" }}',
        "{{ vip and name }}",
    ],
)
@pytest.mark.parametrize("values", [{}, {"name": ""}, {"name": " \n\u00a0"}])
def test_a_missing_field_is_named(source: str, values: dict[str, str]) -> None:
    with pytest.raises(MissingField) as caught:
        compile_text(source).render({"vip": "yes"} | values)
    assert (caught.value.name, str(caught.value)) == ("name", "name")


ARGUMENTS = {"replace": '("a", "b")', "truncate": "(9)"}


@pytest.mark.parametrize("name", sorted(set(_FILTERS) - {"default", "d"}))
def test_no_filter_hides_a_missing_field(name: str) -> None:
    template = compile_text(f"{{{{ name | {name}{ARGUMENTS.get(name, '')} }}}}")
    with pytest.raises(MissingField, match=r"^name$"):
        template.render({"name": " "})


@pytest.mark.parametrize(
    "column", ["range", "dict", "lipsum", "cycler", "joiner", "namespace", "_", "__class__", "loop"]
)
def test_a_missing_column_is_never_something_of_the_template_language(column: str) -> None:
    template = compile_text(f"Hi {{{{ {column} }}}}")
    assert template.render({column: "x"}) == "Hi x"
    with pytest.raises(MissingField) as caught:
        template.render({})
    assert caught.value.name == column


@pytest.mark.parametrize(
    "value", ["n/a", "12,5", "1 250", "1_250", "nan", "inf", "1e3", "0x10", "٣", "1" * 16, "--1"]
)
@pytest.mark.parametrize(
    "source", ["{{ points | int }}", "{{ points | round(2) }}", '{{ points | replace("", "") | int }}']
)
def test_a_value_that_is_no_number_is_missing_where_one_is_needed(source: str, value: str) -> None:
    with pytest.raises(NotANumber) as caught:
        compile_text(source).render({"points": value})
    assert caught.value.name == "points"


# -- length -----------------------------------------------------------------------------------------


def test_output_is_capped() -> None:
    template = compile_text("{{ a }}{{ b }}")
    assert len(template.render({"a": "x" * (MAX_CHARACTERS - 1), "b": "y"})) == MAX_CHARACTERS
    with pytest.raises(OutputTooLong):
        template.render({"a": "x" * MAX_CHARACTERS, "b": "y"})


def test_a_text_without_gaps_is_capped_too() -> None:
    assert compile_text("x" * MAX_CHARACTERS).render({}) == "x" * MAX_CHARACTERS
    with pytest.raises(TemplateProblem, match="more than 4000 characters"):
        compile_text("x" * (MAX_CHARACTERS + 1))


def test_replacing_cannot_multiply_a_text() -> None:
    grows = ' | replace("", "xxxxxxxxxx")' * 30
    template = compile_text(f"{{{{ name{grows} }}}}")
    with pytest.raises(OutputTooLong):
        template.render({"name": "a"})


def test_replacing_in_a_literal_cannot_multiply_it_while_compiling() -> None:
    grows = ' | replace("", "xxxxxxxxxx")' * 30
    with pytest.raises(OutputTooLong):
        compile_text(f'{{{{ "a"{grows} }}}}').render({})


# -- what is refused --------------------------------------------------------------------------------

REFUSED = [
    # source, words of the message, words of the hint
    ("", "is empty", "write the text"),
    (" \n\t", "is empty", "write the text"),
    ("{# only a comment #}", "is empty", "write the text"),
    # does not parse
    ("{{ first name }}", "a name in a gap is one word, found {{ first name }}", "{{ first_name }}"),
    ("{{ first_name", "opened with {{ and not closed", "{{ first_name }}"),
    ("{{ }}", "Expected an expression, got '}}'", "{{ first_name }}"),
    ("{% if a %}b", "{% if … %} is not closed", "{% endif %}"),
    ("{# a", "Missing end of comment tag", ""),
    ("{{ a | }}", "expected token 'name'", ""),
    ("{% if %}a{% endif %}", "got '%}'", ""),
    ("{{ " + "(" * 5000 + "a" + ")" * 5000 + " }}", "nested too deeply", ""),
    ("{{ " + "9" * 5000 + " }}", "nested too deeply", ""),
    ("{% if a %}" * 120 + "x" + "{% endif %}" * 120, "nested too deeply", ""),
    # names
    ("{{ self }}", "no column of a text can be called self", "another name"),
    ("{{ none }}", "none is a word of the template language", '""'),
    # filters and tests
    ("{{ a | uper }}", 'no filter "uper"', 'did you mean "upper"?'),
    ("{{ a | titel }}", 'no filter "titel"', 'did you mean "title"?'),
    ("{{ a | xmlattr }}", 'no filter "xmlattr"', "capitalize, count"),
    ("{% if b %}{{ a | uper }}{% endif %}", 'no filter "uper"', ""),
    ("{{ a is defind }}", 'no test "defind"', 'did you mean "defined"?'),
    ("{{ a is none }}", 'no test "none"', "defined, undefined"),
    ('{% if "a" is defined %}b{% endif %}', "asks about a column", "field is defined"),
    ("{% if a is defined(b) %}b{% endif %}", "takes no arguments", ""),
    ("{{ a | upper(1) }}", "too many positional arguments", ""),
    ("{{ a | truncate }}", "missing a required argument: 'length'", ""),
    ('{{ a | truncate("9") }}', "length must be a number, found '9'", ""),
    ("{{ a | truncate(true) }}", "length must be a number, found True", ""),
    ("{{ a | truncate(b) }}", "an argument of `truncate` must be written out", ""),
    ("{{ a | truncate(9, leeway=1) }}", "unexpected keyword argument 'leeway'", ""),
    ("{{ a | round(column='x') }}", "unexpected keyword argument 'column'", ""),
    ("{{ a | upper(*b) }}", "must be written out", ""),
    ("{{ a | int | upper }}", "`upper` needs a text, and this may be a number", ""),
    ("{{ a | default(0) | upper }}", "this may be a number or a text", ""),
    ('{{ "1" | int }}', "`int` needs a column", "field | int"),
    ('{{ a | upper | default("x") }}', "must stand right behind its column", "default"),
    ("{{ a | default }}", "needs one text to fall back on", "friend"),
    ('{{ a | default("x", true, true) }}', "needs one text to fall back on", "friend"),
    ('{{ a | default("x", true, boolean=true) }}', "needs one text to fall back on", "friend"),
    ('{{ a | default("x", y=true) }}', "needs one text to fall back on", "friend"),
    ("{{ a | default(default_value=1) }}", "needs one text to fall back on", "friend"),
    ('{{ a | default("x", b()) }}', "must be written out", ""),
    ("{{ a | default(b.c) }}", "has no .c", ""),
    # values have no parts
    ("{{ a.b }}", "a value is plain text and has no .b", ""),
    ("{{ a.upper() }}", "a value is plain text and has no .upper", "field | upper"),
    ('{{ a.format("x") }}', "a value is plain text and has no .format", ""),
    ("{{ ''.__class__.__mro__ }}", "a value is plain text and has no .__mro__", ""),
    ("{{ a[0] }}", "a value is plain text and has no [ ]", "a column of its own"),
    ("{{ a['b'] }}", "a value is plain text and has no [ ]", "a column of its own"),
    ("{{ a[1:2] }}", "a value is plain text and has no [ ]", "a column of its own"),
    ("{{ range(9) }}", "nothing can be called", ""),
    ("{% if a() %}b{% endif %}", "nothing can be called", ""),
    # nothing is calculated or grows
    ("{{ a * 5 }}", "cannot calculate (*)", ""),
    ("{{ 'a' * 999999999 }}", "cannot calculate (*)", ""),
    ("{{ 9 ** 9 ** 9 }}", "cannot calculate (**)", ""),
    ("{{ '%999999999d' % 1 }}", "cannot calculate (%)", ""),
    ("{{ a + b }}", "cannot calculate (+)", ""),
    ("{{ first-name }}", "a name in a gap is one word, found {{ first-name }}", "{{ first_name }}"),
    ("{{ -a }}", "cannot calculate (-)", ""),
    ("{{ 1 / 0 }}", "cannot calculate (/)", ""),
    ("{{ a ~ b }}", "~ cannot be used", "one gap after the other"),
    ("{{ a | center(999999999) }}", 'no filter "center"', ""),
    ('{{ "%s" | format(a) }}', 'no filter "format"', ""),
    ("{{ a | indent(999999999) }}", 'no filter "indent"', ""),
    ("{{ [a, b] }}", "one value, not a list", ""),
    ("{{ a, b }}", "one value, not a list", ""),
    ("{{ {'a': 1} }}", "one value, not a list", ""),
    # comparisons that could only be wrong
    ("{% if a == 5 %}b{% endif %}", "a text is compared with a number", "field | int > 5"),
    ("{% if a > 5 %}b{% endif %}", "a text is compared with a number", "field | int > 5"),
    ("{% if a == true %}b{% endif %}", "a text is compared with yes or no", ""),
    ("{% if a | d(0) == b | d(0) %}c{% endif %}", "is compared with a number or a text", ""),
    ("{% if a in [1] %}b{% endif %}", "a text is compared with a number", ""),
    ('{% if a in "abc" %}b{% endif %}', "needs a list of texts", 'in ["one", "two"]'),
    ("{% if a in [] %}b{% endif %}", "needs a list of texts", 'in ["one", "two"]'),
    ("{% if a in [b] %}b{% endif %}", "a list must be written out", ""),
    ("{% if 1 in a %}b{% endif %}", "a number is compared with a text", ""),
    ("{% if 1 < a | int < 5 %}b{% endif %}", "one comparison at a time", "`and`"),
    ('{{ a == "b" }}', "a gap would say True or False", "if … else"),
    ('{{ a == "b" and "c" }}', "a gap would say True or False", "if … else"),
    # tags
    ("{% for x in a %}{{ x }}{% endfor %}", "{% for %} cannot be used", "{% if %}"),
    ("{% for x in range(10**9) %}x{% endfor %}", "{% for %} cannot be used", "{% if %}"),
    ("{% set x = 1 %}", "{% set %} cannot be used", "{% if %}"),
    ("{% set x %}a{% endset %}", "{% set %} cannot be used", "{% if %}"),
    ("{% include 'x' %}", "{% include %} cannot be used", "{% if %}"),
    ("{% import 'x' as y %}", "{% import %} cannot be used", "{% if %}"),
    ("{% from 'x' import y %}", "{% from %} cannot be used", "{% if %}"),
    ("{% extends 'x' %}", "{% extends %} cannot be used", "{% if %}"),
    ("{% macro x() %}a{% endmacro %}", "{% macro %} cannot be used", "{% if %}"),
    ("{% call x() %}a{% endcall %}", "{% call %} cannot be used", "{% if %}"),
    ("{% block x %}a{% endblock %}", "{% block %} cannot be used", "{% if %}"),
    ("{% with %}a{% endwith %}", "{% with %} cannot be used", "{% if %}"),
    ("{% filter upper %}a{% endfilter %}", "{% filter %} cannot be used", "{% if %}"),
    ("{% autoescape true %}a{% endautoescape %}", "{% autoescape %} cannot be used", "{% if %}"),
    ("a{% autoescape false %}{% endautoescape %}", "{% autoescape %} cannot be used", "{% if %}"),
    ("{% if a %}{% for x in b %}{% endfor %}{% endif %}", "{% for %} cannot be used", "{% if %}"),
    ("{% if a %}b{% elif a() %}c{% endif %}", "nothing can be called", ""),
    ("{% if a %}b{% else %}{{ c.d }}{% endif %}", "has no .d", ""),
    ("{{ (a.b) if c else d }}", "has no .b", ""),
    ("{{ a if b.c else d }}", "has no .c", ""),
    ("{{ a if b else c.d }}", "has no .d", ""),
    ("{% if not a.b %}c{% endif %}", "has no .b", ""),
    ("{% if a and b.c %}c{% endif %}", "has no .c", ""),
    ("{% trans %}a{% endtrans %}", "Encountered unknown tag 'trans'", ""),
]


@pytest.mark.parametrize(("source", "message", "hint"), REFUSED, ids=lambda text: text[:40])
def test_a_text_is_refused_with_a_reason_and_a_hint(source: str, message: str, hint: str) -> None:
    with pytest.raises(TemplateProblem) as caught:
        compile_text(source)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert (str(caught.value), caught.value.line) == (caught.value.message, 1)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("\n\nHi {{ a.b }}", 3),
        ("Hi\n{{ a }}\n{{ b | uper }}", 3),
        ("Hi\n{% if a %}\n{% endfor %}", 3),
        ("Hi\r\n{{ a * 2 }}", 2),
        ("Hi\n\n{% include 'x' %}\n", 3),
        ("Hi {{\n\na == 'b' }}", 3),
        ("Hi\n{% autoescape true %}a{% endautoescape %}", 2),
    ],
)
def test_a_refusal_names_the_line_inside_the_text(source: str, line: int) -> None:
    with pytest.raises(TemplateProblem) as caught:
        compile_text(source)
    assert caught.value.line == line


def test_the_type_is_what_campaigns_hold() -> None:
    assert isinstance(compile_text("Hi"), Template)


# -- gaps of other programs ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Hi {first_name}!", (1, "{first_name}", "first_name")),
        ("Hi\n{ First Name }", (2, "{ First Name }", "First_Name")),
        ("{{ brand }}: {imię}", (1, "{imię}", "imię")),
        ("${code}", (1, "${code}", "code")),
        ("<<name>>", (1, "<<name>>", "name")),
        ("[first_name] <last_name> %a_code%", (1, "[first_name]", "first_name")),
        ("<last_name>", (1, "<last_name>", "last_name")),
        ("%a_code%", (1, "%a_code%", "a_code")),
        ("%(code)s", (1, "%(code)s", "code")),
        ("Hi {{ first_name }}, {% if a %}b{% endif %}{# {note} #}", None),
        ("{{ '{first_name}' }}", None),
        ("[STOP] <3 {} {1} {a|b} 5 < 6 > 4, 100 %, 20% or 30% off", None),
    ],
)
def test_a_gap_that_would_be_sent_as_it_stands_is_found(
    source: str, found: tuple[int, str, str] | None
) -> None:
    assert literal_gap(source) == found
