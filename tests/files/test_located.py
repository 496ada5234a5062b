from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from smscli.domain.errors import FilesError, Problem
from smscli.domain.template import compile_text
from smscli.files.located import (
    FileModel,
    Items,
    LocatedNode,
    Node,
    Scalar,
    Table,
    Wrong,
    examine,
    parse_tree,
    problem_at,
    read_tree,
    validate,
)
from smscli.files.scalars import Duration, Flag, Whole, from_text


class Basic(FileModel):
    kind: Literal["basic"]
    user: str


class Bearer(FileModel):
    kind: Literal["bearer"]
    token: str


def _compiled(text: str) -> str:
    compile_text(text)
    return text


class Model(FileModel):
    whole: int | None = None
    amount: Decimal | None = None
    flag: bool = False
    choice: Literal["red", "green"] | None = None
    names: tuple[str, ...] = ()
    prices: dict[str, Annotated[Decimal, Field(ge=0)]] | None = None
    auth: Annotated[Basic | Bearer, Field(discriminator="kind")] | None = None
    duration: Duration | None = None
    enough: Whole | None = None
    yes: Flag = False
    text: Annotated[str, from_text(_compiled)] = ""
    body: LocatedNode = None
    api_token: Annotated[str, Field(pattern="^[a-z]+$")] | None = None


def problems_of(text: str, model: type[FileModel] = Model) -> list[Problem]:
    try:
        tree = parse_tree(text, "f.yaml")
        validate(tree.root, model, tree.problems)
    except FilesError as error:
        return list(error.problems)
    return []


def said(text: str) -> list[str]:
    return [str(problem) for problem in problems_of(text)]


def plain(node: Node) -> object:
    if isinstance(node, Table):
        return {key: plain(value) for key, value in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return None if node.is_null else node.text


@pytest.mark.parametrize(
    "written",
    ["21:00", "+15551234567", "NO", "yes", "1e3", "0x1F", "0o17", "1_000", "2026-01-01", ".inf", "="],
)
def test_every_scalar_stays_the_text_that_was_written(written: str) -> None:
    assert plain(parse_tree(f"a: {written}", "f").root) == {"a": written}


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_a_plain_null_is_nothing_and_a_quoted_one_is_a_text(written: str) -> None:
    assert plain(parse_tree(f"a: {written}", "f").root) == {"a": None}
    assert plain(parse_tree(f'a: "{written}"', "f").root) == {"a": written}


def test_every_node_knows_its_place_and_path() -> None:
    root = parse_tree("a:\n  - b: x\n    c: [y, z]\n", "f").root
    assert isinstance(root, Table)
    items = root.entries["a"]
    assert isinstance(items, Items)
    inner = items.items[0]
    assert isinstance(inner, Table)
    listed = inner.entries["c"]
    assert isinstance(listed, Items)
    assert str(listed.items[1].place) == "f:3:12: a[0].c[1]"
    assert str(listed.key_place) == "f:3:5: a[0].c"


def test_an_alias_is_a_copy_under_its_own_path() -> None:
    root = parse_tree("a: &x {b: 1}\nc: *x\n", "f").root
    assert plain(root) == {"a": {"b": "1"}, "c": {"b": "1"}}
    assert isinstance(root, Table)
    copy = root.entries["c"]
    assert isinstance(copy, Table)
    assert str(copy.entries["b"].place) == "f:1:11: c.b"


STRUCTURE = [
    ("a: 1\na: 2", "duplicate_key", "f.yaml:2:1: a: is written twice"),
    ("{a: 1, 'a': 2}", "duplicate_key", "f.yaml:1:8: a: is written twice"),
    ("b: &b {x: 1}\na:\n  <<: *b", "merge_key", "f.yaml:3:3: a.<<: merge keys are not read"),
    ("a: !!int 3", "tag", "f.yaml:1:4: a: has the tag !!int"),
    ("a: !env TOKEN", "tag", "f.yaml:1:4: a: has the tag !env"),
    ("a: 1\n---\nb: 2", "several_documents", "f.yaml:2:1: a second document begins here"),
    ("{{ x }}: 3", "key_not_text", "f.yaml:1:1: a text that begins with { needs quotes"),
    ("~: 3", "key_not_text", "f.yaml:1:1: a key has to be a text"),
    ('a: "\\e[31m"', "control_character", 'f.yaml:1:4: a: "\\x1b[31m" holds a control character'),
    ('a: "\\uD800"', "control_character", 'f.yaml:1:4: a: "\\ud800" holds a control character'),
]


@pytest.mark.parametrize(("text", "code", "sentence"), STRUCTURE)
def test_what_is_wrong_with_the_structure_is_told_and_reading_goes_on(
    text: str, code: str, sentence: str
) -> None:
    tree = parse_tree(text, "f.yaml")
    assert (code, sentence) in [(problem.code, str(problem)) for problem in tree.problems]


BOMB = "a: &a [1,2,3,4,5,6,7,8]\n" + "".join(
    f"{name}: &{name} [{','.join(['*' + before] * 8)}]\n"
    for before, name in zip("abcde", "bcdef", strict=True)
)

FATAL = [
    ("", "empty_file", "f.yaml: is empty"),
    ("# only a comment\n", "empty_file", "f.yaml: is empty"),
    ("a: b: c", "yaml_syntax", "f.yaml:1:5: is not YAML: a second colon in this line"),
    ("a:\n\t- b", "tab", "f.yaml:2:1: a tab where YAML wants spaces"),
    ("a: [1", "yaml_syntax", "f.yaml:1:4: is not YAML: a list or mapping in brackets that is not closed"),
    ('a: "x', "yaml_syntax", "f.yaml:1:4: is not YAML: a quote or bracket that is never closed"),
    ("a: @x", "yaml_syntax", "f.yaml:1:4: is not YAML: a character that cannot stand here"),
    ('a: "\\UFFFFFFFF"', "yaml_syntax", "f.yaml:1:7: an escape or a directive that YAML does not have"),
    ("a: 1\nb: \x1b[31m", "control_character", "f.yaml:2:4: holds a control character (\\x1b)"),
    ("a: *x", "unknown_alias", "f.yaml:1:4: a: *x names nothing above it"),
    ("&a [*a]", "unknown_alias", "f.yaml:1:5: [0]: *a names nothing above it"),
    ("[" * 40, "too_deep", "f.yaml:1:34: " + "[0]" * 33 + ": nested more than 32 deep"),
]


@pytest.mark.parametrize(("text", "code", "sentence"), FATAL)
def test_what_cannot_be_read_on_from_is_told_with_its_place(text: str, code: str, sentence: str) -> None:
    (problem,) = problems_of(text)
    assert (problem.code, str(problem)) == (code, sentence)


def test_an_alias_bomb_is_defused() -> None:
    (problem,) = problems_of(BOMB)
    assert problem.code == "too_many_nodes"


def test_a_syntax_error_quotes_nothing_of_the_file() -> None:
    (problem,) = problems_of('token: "sk_live_4711\n')
    assert "4711" not in str(problem) + problem.hint


WRONG = [
    ("whole: 1e3", "wrong_type", 'f.yaml:1:8: whole: needs a whole number, found "1e3"'),
    ("whole: [1]", "wrong_type", "f.yaml:1:8: whole: needs a whole number, found a list"),
    ("amount: nan", "wrong_type", 'f.yaml:1:9: amount: needs a number, found "nan"'),
    ("amount: inf", "wrong_type", 'f.yaml:1:9: amount: needs a number, found "inf"'),
    ("flag: perhaps", "wrong_type", 'f.yaml:1:7: flag: needs true or false, found "perhaps"'),
    ("choice: blue", "wrong_value", 'f.yaml:1:9: choice: "blue" is none of red or green'),
    ("names: x", "wrong_type", 'f.yaml:1:8: names: needs a list, found "x"'),
    ("names: [a, {b: c}]", "wrong_type", "f.yaml:1:12: names[1]: needs a text, found a mapping"),
    ("prices: {PL: -1}", "wrong_value", 'f.yaml:1:14: prices.PL: must be at least 0, found "-1"'),
    ("prices:", "empty", "f.yaml:1:8: prices: has no value; needs a mapping (key: value)"),
    ("whole: ~", "empty", "f.yaml:1:8: whole: has no value; needs a whole number"),
    ("names: [a, ~]", "empty", "f.yaml:1:12: names[1]: has no value; needs a text"),
    ("duration:", "empty", "f.yaml:1:10: duration: has no value"),
    ("duration: 3 weeks", "wrong_value", 'f.yaml:1:11: duration: "3 weeks" is not a duration'),
    ("enough: 0", "wrong_value", 'f.yaml:1:9: enough: "0" is not a whole number above 0'),
    ("enough: ٣", "wrong_value", 'f.yaml:1:9: enough: "٣" is not a whole number above 0'),
    ("yes: 2", "wrong_value", 'f.yaml:1:6: yes: "2" is neither true nor false'),
    ("yes: {}", "wrong_type", "f.yaml:1:6: yes: needs a single value, found a mapping"),
    ("- a", "wrong_type", "f.yaml:1:1: needs a mapping (key: value), found a list"),
    ("wohle: 3", "unknown_key", "f.yaml:1:1: wohle: is not known here"),
    ("auth: {kind: basic}", "missing", "f.yaml:1:1: auth.user: is missing"),
    ("auth: {user: x}", "missing", "f.yaml:1:1: auth.kind: is missing"),
    ("auth: {kind: basik}", "wrong_value", 'f.yaml:1:14: auth.kind: "basik" is none of basic or bearer'),
    ("auth: {kind: basic, user: x, tokn: y}", "unknown_key", "f.yaml:1:30: auth.tokn: is not known here"),
]


@pytest.mark.parametrize(("text", "code", "sentence"), WRONG)
def test_errors_of_models_are_told_in_words_for_people_at_their_places(
    text: str, code: str, sentence: str
) -> None:
    assert [(problem.code, str(problem)) for problem in problems_of(text)] == [(code, sentence)]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("wohle: 3", 'did you mean "whole"?'),
        ("Whole: 3", 'did you mean "whole"?'),
        ("choice: gren", 'did you mean "green"?'),
        ("auth: {kind: basic, user: x, usr: y}", 'did you mean "user"?'),
        ("auth: {kind: bearer, token: x, zzz: y}", "known here: kind and token"),
    ],
)
def test_what_was_meant_is_suggested(text: str, hint: str) -> None:
    assert [problem.hint for problem in problems_of(text)] == [hint]


def test_the_value_of_a_secret_is_never_quoted() -> None:
    assert "LIVE" not in "".join(said("api_token: sk_LIVE_1"))


def test_a_phone_number_is_masked_in_a_problem() -> None:
    assert said("whole: '+48 512 345 678'") == [
        'f.yaml:1:8: whole: needs a whole number, found "+48 ••• ••• •78"'
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("text: |\n  one\n  {{ x\n", "f.yaml:3: text"),
        ("text: |2-\n   one\n   two\n   {{ a | nosuch }}\n", "f.yaml:4: text"),
        ("text: 'one {{ x'", "f.yaml:1:7: text"),
    ],
)
def test_a_problem_in_a_text_points_to_the_line_of_the_file(text: str, place: str) -> None:
    assert [str(problem.where) for problem in problems_of(text)] == [place]


def test_all_problems_come_at_once_and_in_the_order_of_the_file() -> None:
    text = "whole: x\namount: y\nchoice: z\nnope: 1\nwhole: 2\n"
    lines = [problem.where.line for problem in problems_of(text)]
    assert lines == [1, 2, 3, 4, 5]


def test_what_is_good_is_kept_beside_what_is_bad() -> None:
    tree = parse_tree("whole: x\nchoice: red\n", "f")
    examined = examine(tree.root, Model)
    assert examined.bad == {"whole"}
    assert examined.good is not None
    assert examined.good.choice == "red"


def test_a_validator_can_point_below_its_value() -> None:
    def refuse(value: object) -> object:
        raise Wrong("is not liked", at=("b",), of_key=True)

    class Picky(FileModel):
        a: Annotated[str, from_text(lambda text: text)] = ""
        c: Annotated[str, from_text(refuse)] = ""

    assert [str(problem) for problem in problems_of("c: x", Picky)] == ["f.yaml:1:1: c.b: is not liked"]


def test_a_later_problem_gets_the_place_of_the_deepest_key_there_is() -> None:
    root = parse_tree("a:\n  b: x\n", "f").root
    assert str(problem_at(root, ("a", "b"), "c", "m")) == "f:2:6: a.b: m"
    assert str(problem_at(root, ("a", "b"), "c", "m", of_key=True)) == "f:2:3: a.b: m"
    assert str(problem_at(root, ("a", "z"), "c", "m")) == "f:1:1: a.z: m"


def test_a_model_can_ask_for_the_node_itself() -> None:
    good = validate(parse_tree("body: {a: ~}", "f").root, Model)
    assert isinstance(good.body, Table)
    assert isinstance(good.body.entries["a"], Scalar)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert plain(read_tree(path).root) == {"a": "1"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a: \xb9\n", ":1: byte 4 of the file (0xb9) is not UTF-8"),
        (b"a: 1\nb: \xff\n", ":2: byte 9 of the file (0xff) is not UTF-8"),
        ("a: 1".encode("utf-16"), ": is written in UTF-16, not UTF-8"),
        (b"a: " + b"x" * 1_100_000, ": is larger than 1024 KiB"),
    ],
)
def test_bytes_that_are_no_text_are_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    with pytest.raises(FilesError) as caught:
        read_tree(path)
    assert [str(problem) for problem in caught.value.problems] == [f"{path}{sentence}"]


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none.yaml", "missing_file"), (tmp_path, "is_directory")):
        with pytest.raises(FilesError) as caught:
            read_tree(path)
        assert [problem.code for problem in caught.value.problems] == [code]


YAMLISH = st.text(st.sampled_from(list("ab:{}[]&*!|>-?%@`'\"# \n\t,<~0\\u\x1b\ufeffé")), max_size=60)


@given(YAMLISH | st.text(max_size=40))
def test_any_text_is_a_tree_or_problems(text: str) -> None:
    for problem in problems_of(text):
        assert problem.code
        assert problem.message
        assert "\x1b" not in str(problem) + problem.hint
