"""Problems as tasks: a sentence for every code, of one and of many."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smscli.cli.tasks import SENTENCES, Found, Tasks, Trouble, Weight
from smscli.domain.decision import SETTLED_SKIPS, SkipReason
from smscli.domain.errors import Place, Problem

ROOT = Path(__file__).parents[2]

#: Problems that a check cannot find: it writes nothing, measures no lines, and reads no consents or replies.
_WITHOUT_A_SENTENCE = {
    *("unwritable", "bad_line"),
    *("bad_method", "bad_promise", "bad_purpose", "no_that_ends"),
    *("bad_direction", "bad_time", "missing_text", "missing_time", "time_needs_zone"),
}


def test_each_documented_problem_code_has_its_sentence() -> None:
    page = (ROOT / "docs" / "problem-codes.md").read_text("utf-8")
    first_cells = re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE)
    documented = {code for cell in first_cells for code in re.findall(r"`(\w+)`", cell)}
    assert len(documented) > 60
    assert documented - SENTENCES.keys() == _WITHOUT_A_SENTENCE
    assert SENTENCES.keys() <= documented


def test_each_trouble_and_each_reason_that_can_be_mended_has_its_sentence() -> None:
    by_the_log = {SkipReason.IN_DOUBT, SkipReason.REJECTED_BEFORE}
    assert set(Trouble) <= SENTENCES.keys()
    assert set(SkipReason) - SETTLED_SKIPS - by_the_log <= SENTENCES.keys()


def sentence(code: str, count: int, name: str = "{x}") -> str:
    together = Tasks()
    for line in range(count):
        together.take(Found(Problem(Place("a.csv", line + 2), code, "is wrong"), name=name))
    [task] = together
    return str(task)


@pytest.mark.parametrize("code", [*SENTENCES, "a_new_code"])
@pytest.mark.parametrize("count", [1, 2, 1200])
def test_every_sentence_can_be_said_of_one_and_of_many(code: str, count: int) -> None:
    said = sentence(code, count)
    assert said[0].islower()
    assert "{n}" not in said
    assert "{name}" not in said
    assert re.search(r" \(a\.csv lines? 2", said)


def test_tasks_are_apart_by_file_and_by_what_they_are_about() -> None:
    together = Tasks()
    for file, name in [("a.csv", "first_name"), ("a.csv", "code"), ("b.csv", "code"), ("a.csv", "code")]:
        together.take(Found(Problem(Place(file, 2), SkipReason.MISSING_FIELD, "is empty"), name=name))
    assert [str(task) for task in together] == [
        "add first_name in 1 row (a.csv line 2)",
        "add code in 2 rows (a.csv line 2)",
        "add code in 1 row (b.csv line 2)",
    ]


def test_what_has_to_be_mended_comes_first_and_what_is_only_looked_at_last() -> None:
    together = Tasks()
    for weight in (Weight.LOOK_AT, Weight.LEFT_OUT, Weight.STOPS, Weight.LOOK_AT):
        together.take(Found(Problem(Place("a.csv", 2), "too_short", "is too short"), weight=weight))
    assert [(task.weight, task.count) for task in together] == [
        (Weight.STOPS, 1),
        (Weight.LEFT_OUT, 1),
        (Weight.LOOK_AT, 2),
    ]
