"""The words that ship with smscli, and what is wrong with a file of them."""

from __future__ import annotations

import pytest

from smscli.domain.wording import ListKind
from smscli.files.rule_files import RuleFileError
from smscli.files.wording_file import load_word_lists, word_lists

#: What a text is read for, in each of these.
LANGUAGES = ("en", "pl", "el", "ru", "es", "id", "de", "fr", "tr", "pt", "it")

FILE = """
shorteners: {source: a list, hosts: [bit.ly]}
languages:
  no:
    never: [{confirmed: false, source: ours, words: [no, Ikke, n'*]}]
    opt_out: [{confirmed: true, source: somebody, words: [Opt-out, avmeld*]}]
    abbreviation: [{confirmed: false, source: ours, words: {mvh: med vennlig hilsen}}]
    dotted: [{confirmed: false, source: ours, words: [z.b]}]
"""


def test_each_language_has_words_for_the_rules_that_need_them() -> None:
    lists = load_word_lists()
    assert tuple(lists.by_language) == LANGUAGES
    everywhere = set(ListKind) - {ListKind.LEET}
    assert {code: everywhere - kinds.keys() for code, kinds in lists.by_language.items()} == {
        code: set() for code in LANGUAGES
    }


def test_each_list_says_where_its_words_come_from_and_ours_are_not_confirmed() -> None:
    lists = load_word_lists()
    every = [each for kinds in lists.by_language.values() for known in kinds.values() for each in known]
    assert all(each.source and each.phrases for each in every)
    assert [each for each in every if each.confirmed and each.source == "ours"] == []


def test_words_are_folded_and_cut_as_texts_are() -> None:
    lists = word_lists(FILE)
    (never,) = lists.of("no", ListKind.NEVER)
    assert list(never.phrases) == [("no",), ("ikke",), ("n'*",)]
    (opt_out,) = lists.of("no-NO", ListKind.OPT_OUT)
    assert list(opt_out.phrases) == [("opt", "out"), ("avmeld*",)]
    assert opt_out.confirmed
    (short,) = lists.of("no", ListKind.ABBREVIATION)
    assert short.phrases == {("mvh",): "med vennlig hilsen"}
    assert lists.has("no", ListKind.DOTTED, "z.b")
    assert lists.shorteners == {"bit.ly"}


def test_the_file_is_read_once() -> None:
    assert load_word_lists() is load_word_lists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shorteners:", "shortners:"),
        ("bit.ly", "https://bit.ly/"),
        ("  no:", "  norsk:"),
        ("never:", "nevr:"),
        ("confirmed: true", "confirmed: perhaps"),
        ("source: somebody, ", ""),
        ("source: somebody", 'source: ""'),
        ("avmeld*", "av*meld"),
        ("avmeld*", "a*"),
        ("avmeld*", '"!"'),
        ("never: [{", "never: {x: {"),
    ],
)
def test_a_file_that_is_not_understood_is_an_error(old: str, new: str) -> None:
    assert old in FILE
    text = FILE.replace(old, new)
    if new.endswith("{x: {"):
        text = text.replace("n'*]}]", "n'*]}}")
    with pytest.raises(RuleFileError, match=r"wording\.yaml"):
        word_lists(text)
