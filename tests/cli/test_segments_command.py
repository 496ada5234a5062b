"""`smscli segments`: one text, standard input, and a line a text."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.cli.program import Program, child, in_process

smscli = Program()

KEYS = ["encoding", "units", "segments", "offenders", "characters", "segments_in_gsm7"]


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "offenders", "in_gsm7"),
    [
        ("Hello", "GSM-7", 5, 1, [], 1),
        ("a" * 160, "GSM-7", 160, 1, [], 1),
        ("a" * 161, "GSM-7", 161, 2, [], 2),
        ("a" * 152 + "€" + "b" * 152, "GSM-7", 306, 3, [], 3),
        ("żółw", "UCS-2", 4, 1, ["ż", "ó", "ł"], 1),
        ("ł" + "a" * 70, "UCS-2", 71, 2, ["ł"], 1),
        ("😀" * 67, "UCS-2", 134, 3, ["😀"], 1),
        ("“" + "€" * 80, "UCS-2", 81, 2, ["“"], 2),
    ],
)
def test_json_has_the_cost_of_the_text(
    text: str, encoding: str, units: int, segments: int, offenders: list[str], in_gsm7: int
) -> None:
    told = smscli("segments", text, "--json")
    assert told.code == 0
    document = told.document
    assert list(document) == ["schema", "command", "status", *KEYS, "cut"]
    assert document["encoding"] == encoding
    assert (document["units"], document["segments"]) == (units, segments)
    assert document["offenders"] == offenders
    assert document["segments_in_gsm7"] == in_gsm7
    assert "".join(document["cut"]) == text
    assert len(document["cut"]) == segments


def test_offenders_are_named_and_counted() -> None:
    characters = smscli("segments", "łał 😀", "--json").document["characters"]
    assert characters == [
        {"character": "ł", "code_point": "U+0142", "name": "LATIN SMALL LETTER L WITH STROKE", "times": 2},
        {"character": "😀", "code_point": "U+1F600", "name": "GRINNING FACE", "times": 1},
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hello", "1 segment, GSM-7, 5 of 160 septets"),
        ("a" * 161, "2 segments, GSM-7, 161 of 306 septets"),
        ("ł" * 71, "2 segments, UCS-2, 71 of 134 UTF-16 code units"),
    ],
)
def test_the_room_of_its_segments_is_told(text: str, first: str) -> None:
    assert smscli("segments", text).out.splitlines()[0] == first


@pytest.mark.parametrize("text", ["Green {{ first_name }}", "{% if zone %}Green{% endif %}"])
def test_gaps_are_counted_as_they_stand_and_that_is_said(text: str) -> None:
    told = smscli("segments", text)
    assert told.code == 0
    assert told.err == "gaps are counted as they stand; smscli preview shows the lengths of filled texts\n"
    assert smscli("segments", "Green {name}").err == ""


def test_text_names_what_makes_it_long_and_where_it_is_cut() -> None:
    told = smscli("segments", "ł" + "a" * 66 + "bb")
    assert told.code == 0
    assert told.err == ""
    lines = told.out.splitlines()
    assert lines[0] == "1 segment, UCS-2, 69 of 70 UTF-16 code units"
    assert "as plain GSM-7 characters the text would be 1 segment" in lines[2]
    assert lines[4].split() == ["ł", "U+0142", "LATIN", "SMALL", "LETTER", "L", "WITH", "STROKE", "1"]
    longer = smscli("segments", "ł" + "a" * 66 + "bbbb").out.splitlines()
    assert longer[-2].split() == ["1", "ł" + "a" * 66]
    assert longer[-1].split() == ["2", "bbbb"]


def test_a_newline_in_a_text_is_shown_and_breaks_no_table() -> None:
    told = smscli("segments", "a\nb" + "ł" * 80)
    assert "a\\nb" in told.out


@pytest.mark.parametrize(
    ("stdin", "units"),
    [("Hello\n", 5), ("Hello", 5), ("Hello\n\n", 6), ("Hello\r\n", 5), ("a\r\nb\n", 4), ("żółw\n", 4)],
)
def test_a_dash_reads_standard_input_less_one_line_end(stdin: str, units: int) -> None:
    assert in_process("segments", "-", "--json", stdin=stdin).document["units"] == units


@pytest.mark.parametrize("environ", [{}, {"PYTHONIOENCODING": "ascii"}])
def test_standard_input_is_utf_8_whatever_the_locale(environ: dict[str, str]) -> None:
    told = child("segments", "-", "--json", stdin="żółw\n", environ=environ)
    assert told.document["offenders"] == ["ż", "ó", "ł"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (("segments",), "", 2, "there is no text"),
        (("segments", "--jsonl", "text"), "", 2, "--jsonl reads standard input"),
        (("segments", "--jsonl", "--json"), "", 2, "--jsonl reads standard input"),
        (("segments", ""), "", 4, "TEXT: the text is empty"),
        (("segments", "-"), "\n", 4, "standard input: the text is empty"),
        (("segments", "a\x1b"), "", 4, "U+001B"),
        (("segments", "a" * 40_000), "", 4, "segments"),
    ],
)
def test_a_text_that_cannot_be_measured_is_an_error(
    arguments: tuple[str, ...], stdin: str, code: int, said: str
) -> None:
    told = smscli(*arguments, stdin=stdin)
    assert told.code == code
    assert said in told.err
    assert "\x1b" not in told.err


def test_jsonl_answers_line_by_line() -> None:
    texts = ["Hello", "żółw", "a\nb", "😀" * 67, '"quoted" \\']
    told = child("segments", "--jsonl", stdin="".join(json.dumps(text) + "\n" for text in texts))
    assert (told.code, told.err) == (0, "")
    assert [list(line) for line in told.lines] == [KEYS] * len(texts)
    assert [line["segments"] for line in told.lines] == [1, 1, 1, 3, 1]
    assert told.lines[1]["offenders"] == ["ż", "ó", "ł"]


def test_jsonl_takes_raw_utf_8_and_a_last_line_without_an_end() -> None:
    told = child("segments", "--jsonl", stdin='"żółw"\r\n"Hello"', environ={"PYTHONIOENCODING": "ascii"})
    assert [line["units"] for line in told.lines] == [4, 5]


def test_a_bad_line_is_answered_with_its_number_and_the_others_are_answered_too() -> None:
    lines = [b'"one"', b"{", b"17", b'["a"]', b"", b'"\\ud83d"', b'"\xff"', b'""', b'"nine"']
    told = in_process("segments", "--jsonl", stdin=b"\n".join(lines))
    assert told.code == 4
    answers = told.lines
    assert len(answers) == len(lines)
    assert [answer.get("line") for answer in answers] == [None, 2, 3, 4, 5, 6, 7, 8, None]
    assert all(set(answer) == {"line", "error"} for answer in answers[1:-1])
    assert answers[6]["error"] == "the line is not UTF-8"
    assert "7 lines could not be measured" in told.err
    assert "standard input:2: the line is not a JSON string" in told.err


def test_jsonl_answers_while_it_reads() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "smscli", "segments", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("one", "three"):
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["units"] == len(text)
        process.stdin.close()
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("encoding", "text", "segments", "as_written"),
    [
        ("tidy", "“ok” – ąę", 1, 1),
        ("gsm7", "Zażółć gęślą jaźń " * 5, 1, 2),
        ("gsm7", "plain", 1, 1),
    ],
)
def test_a_text_is_counted_as_an_encoding_sends_it(
    encoding: str, text: str, segments: int, as_written: int
) -> None:
    document = smscli("segments", text, "--encoding", encoding, "--json").document
    assert list(document) == ["schema", "command", "status", *KEYS, "text", "segments_as_written", "cut"]
    assert (document["segments"], document["segments_as_written"]) == (segments, as_written)
    assert "".join(document["cut"]) == document["text"]


def test_each_line_is_counted_as_an_encoding_sends_it() -> None:
    lines = '"Łódź"\n"Łódź 😀…"\n'
    told = smscli("segments", "--jsonl", "--encoding", "gsm7", stdin=lines)
    answers = [json.loads(line) for line in told.out.splitlines()]
    assert [answer["text"] for answer in answers] == ["Lodz", "Łódź 😀..."]
    assert [answer["encoding"] for answer in answers] == ["GSM-7", "UCS-2"]


def test_what_an_encoding_changes_is_marked_in_both_spellings() -> None:
    told = smscli("segments", "Cześć – Łukasz", "--encoding", "gsm7").out.splitlines()
    assert told[-5:] == [
        "encoding: gsm7 makes it 1 segment as before in this text; - as written, + as sent:",
        "    - Cześć – Łukasz",
        "         ^^ ^ ^",
        "    + Czesc - Lukasz",
        "         ^^ ^ ^",
    ]


@pytest.mark.parametrize("text", ["plain", "漢字 ę"])
def test_an_encoding_that_changes_nothing_says_so(text: str) -> None:
    assert smscli("segments", text, "--encoding", "gsm7").out.endswith("\nencoding: gsm7 changes nothing.\n")
