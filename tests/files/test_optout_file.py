from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.errors import FilesError
from smscli.files.optout_file import examine_opt_outs, read_opt_outs

ANN = "+12025550101"
BEN = "+12025550102"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "stop.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


GOOD = [
    (f"{ANN}\n{BEN}", [(ANN, "", 1), (BEN, "", 2)]),
    (f"# said stop\n\n {ANN}  # by phone\r\n+1 (202) 555-0102\n", [(ANN, "", 3), (BEN, "", 4)]),
    (f"\ufeff{ANN}\n", [(ANN, "", 1)]),
    ("202-555-0101\n", [(ANN, "", 1)]),
    (f"phone\n{ANN}\n", [(ANN, "", 2)]),
    (f"Mobile Number;Topic\n{ANN};Offers\n{BEN};\n", [(ANN, "offers", 2), (BEN, "", 3)]),
    (f'phone,topic\n{ANN},"offers;news"\n', [(ANN, "offers", 2), (ANN, "news", 2)]),
    (f"phone,topic\n{ANN},ALL\n", [(ANN, "", 2)]),
    (f'phone,topic\n{ANN},"news,everything"\n', [(ANN, "", 2)]),
    ("phone;country\n512 345 678;PL\n", [("+48512345678", "", 2)]),
    (f"phone;region\n{ANN};Mazovia\n", [(ANN, "", 2)]),
    (f"name,phone,unsubscribed\nAnn,{ANN},yes\n", [(ANN, "", 2)]),
    (f"phone,until,sender,words\n{ANN},2027-03-31,3344,no more\n", [(ANN, "", 2)]),
    ("# nobody yet\n", []),
]


@pytest.mark.parametrize(("content", "wishes"), GOOD)
def test_lists_of_opt_outs(tmp_path: Path, content: str, wishes: list[tuple[str, str, int]]) -> None:
    found = read_opt_outs(written(tmp_path, content), region="US")
    assert [(wish.number.e164, wish.topic, wish.line) for wish in found] == wishes


BAD = [
    (f"{ANN}\n12\nhello\n", [":2: 12 does not say its country", ":3: hello is not a phone number"]),
    (f"{ANN}, {BEN}\n", [":1: +12•••••••••, +•••••••••02 holds 2 numbers"]),
    (f"phone,topic\n{ANN}\n", [":2: has 1 cell, the header has 2"]),
    (f'phone,topic\n{ANN},"a\n', [':2: a quote (") is opened and never closed']),
    (f"phone,until\n{ANN},soon\n", [':2: until: "soon" is not a date, with or without a time']),
    (f"phone,sender\n{ANN},a\x1bb\n", [":2: the sender holds a control character"]),
    ("phone,words,Words\n", [":1: more than one column could be the words: words and Words"]),
    (f"phone,topic\n{ANN},a\x1bb\n", [":2: the topic holds a control character"]),
    ("numer;temat\n", [":1: numer;temat is not a phone number"]),
    ("phone,topic,topics\n", [":1: more than one column could be the topic: topic and topics"]),
    ("", [": is empty"]),
    (
        f"{ANN}\n".encode("utf-16-le"),
        [": is written in UTF-16-LE without a byte order mark, which nothing says"],
    ),
    (gzip.compress(ANN.encode(), mtime=0)[:-9], [": its compressed data ends too early"]),
    (b"SQLite format 3\0", [": is a SQLite database, not CSV"]),
]


@pytest.mark.parametrize(("content", "sentences"), BAD)
def test_a_line_that_cannot_be_read_stops_the_list(
    tmp_path: Path, content: str | bytes, sentences: list[str]
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(FilesError) as caught:
        read_opt_outs(path)
    assert [str(problem).removeprefix(str(path)) for problem in caught.value.problems] == sentences


def test_until_when_and_to_whom_and_in_which_words(tmp_path: Path) -> None:
    rows = f'phone,until,topic,words\n{ANN},2027-03-31,"a,b","no\nmore"\n{BEN},,,\n'
    first, second, third = read_opt_outs(written(tmp_path, rows))
    assert first.until == second.until == datetime(2027, 4, 1, 12, tzinfo=UTC)
    assert (first.topic, second.topic, first.words) == ("a", "b", "no\nmore")
    assert third.until is None


def test_who_asks_for_it_gets_the_good_lines_beside_the_problems(tmp_path: Path) -> None:
    found = examine_opt_outs(written(tmp_path, f"{ANN}\nx\n{BEN}\n"))
    assert [wish.number.e164 for wish in found.wishes] == [ANN, BEN]
    assert [problem.where.line for problem in found.problems] == [2]


@pytest.mark.parametrize(
    "content",
    ["phone,mobile\n1,2\n", "a;b,phone;c\n", f"phone,region,zone,tz\n{ANN},MA,a,b\n".encode("utf-16-le")],
)
def test_hints_do_not_speak_of_keys_that_no_opt_out_list_has(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(FilesError) as caught:
        read_opt_outs(written(tmp_path, content))
    for problem in caught.value.problems:
        assert "opt_outs: {" not in problem.hint
        assert "contacts: {" not in problem.hint


def test_a_column_of_states_is_not_asked_for_the_country(tmp_path: Path) -> None:
    (wish,) = read_opt_outs(written(tmp_path, "phone,region\n2025550101,CO\n"), region="US")
    assert wish.number.e164 == ANN


def test_a_missing_list_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FilesError):
        read_opt_outs(tmp_path / "none.txt")


LISTISH = st.text(st.sampled_from('phone,+12025550101\n"#; '), max_size=60).map(str.encode)


@settings(max_examples=100)
@given(st.binary(max_size=60) | LISTISH)
def test_any_bytes_are_opt_outs_or_problems(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = written(tmp_path_factory.getbasetemp(), content)
    try:
        found = examine_opt_outs(path)
    except FilesError as refusal:
        _assert_told(refusal)
        return
    lines = {problem.where.line for problem in found.problems}
    assert not lines.intersection(wish.line for wish in found.wishes)


def _assert_told(refusal: FilesError) -> None:
    assert refusal.problems
