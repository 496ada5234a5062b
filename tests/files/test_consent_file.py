"""Lists of consent: what makes a record, what does not, and how carefully times are read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smscli.domain.consent import ConsentMethod, ConsentRecord, Promise
from smscli.domain.contact import ConsentLevel
from smscli.domain.errors import FilesError
from smscli.domain.frequency import CalendarPeriod
from smscli.files.careful_times import earliest, latest
from smscli.files.consent_file import ConsentList, Part, examine_consents
from smscli.files.located import Wrong
from smscli.files.promises import parse_promise, promise_text
from tests.support.workbooks import workbook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANN = "+12025550101"
BEN = "+12025550102"
EVA = "+48512345678"
WHOLE = "phone,level,at,how\n"


def examined(
    folder: Path, content: str | bytes, said: Mapping[Part, str] = {}, *, name: str = "yes.csv"
) -> ConsentList:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return examine_consents(path, said, now=NOW, by="ola@desk")


def only(found: ConsentList) -> ConsentRecord:
    assert not found.problems
    (record,) = found.records
    return record


# --- what makes a record ---


def test_every_column_of_a_row_is_kept(tmp_path: Path) -> None:
    header = "Phone;Level;Consented at;How;Where;Words shown;Lang;Scope;Topics;Expires;Promise;Proof;Raw"
    row = (
        f"{ANN};express written;2026-03-01T12:00+02:00;Web form;https://example.com/join;"
        '"Yes, text me\nup to twice a month";PT_br;marketing;News,offers;'
        "2028-03-01T00:00Z;2 a month;scan 7;MAU"
    )
    assert only(examined(tmp_path, f"{header}\n{row}\n")) == ConsentRecord(
        number=only(examined(tmp_path, f"{header}\n{row}\n")).number,
        level=ConsentLevel.EXPRESS_WRITTEN,
        at=datetime(2026, 3, 1, 10, tzinfo=UTC),
        how=ConsentMethod.WEB_FORM,
        purpose="marketing",
        topics=("news", "offers"),
        as_written="2026-03-01T12:00+02:00",
        where="https://example.com/join",
        words="Yes, text me\nup to twice a month",
        language="pt-BR",
        expires_at=datetime(2028, 3, 1, tzinfo=UTC),
        proof="scan 7",
        raw="MAU",
        promise=Promise(2, CalendarPeriod.MONTH),
        source="yes.csv:2",
        by="ola@desk",
    )


def test_a_plain_list_of_numbers_is_consent_only_with_all_three_options(tmp_path: Path) -> None:
    said = {Part.LEVEL: "soft", Part.AT: "2026-03-01T10:00Z", Part.HOW: "point of sale", Part.WHERE: "till 2"}
    found = examined(tmp_path, f"{ANN}\n# a comment\n{BEN}\n", said)
    assert [(each.number.e164, each.source, each.where) for each in found.records] == [
        (ANN, "yes.csv:1", "till 2"),
        (BEN, "yes.csv:3", "till 2"),
    ]


@pytest.mark.parametrize("lacking", [Part.LEVEL, Part.AT, Part.HOW])
@pytest.mark.parametrize("name", ["yes.csv", "yes.jsonl"])
def test_without_one_of_the_three_there_is_no_consent(tmp_path: Path, lacking: Part, name: str) -> None:
    whole = {"phone": ANN, "level": "soft", "at": "2026-03-01", "how": "paper"}
    row = {key: value for key, value in whole.items() if key != lacking}
    table = f"{','.join(row)}\n{','.join(row.values())}\n"
    with pytest.raises(FilesError) as caught:
        examined(tmp_path, json.dumps(row) if name.endswith("l") else table, name=name)
    assert [problem.code for problem in caught.value.problems] == ["half_consent"]
    assert f"--{lacking} {lacking.upper() if lacking is not Part.AT else 'TIME'}" in caught.value.hint
    assert "numbers alone are no consent" in caught.value.message
    found = examined(
        tmp_path, json.dumps(row) if name.endswith("l") else table, {lacking: whole[lacking]}, name=name
    )
    assert len(found.records) == 1


@pytest.mark.parametrize(
    ("cells", "part"), [(",2026-03-01,paper", "level"), ("soft,,paper", "at"), ("soft,2026-03-01,", "how")]
)
def test_an_empty_cell_is_no_consent_and_no_option_fills_it(tmp_path: Path, cells: str, part: str) -> None:
    found = examined(tmp_path, f"{WHOLE}{ANN},{cells}\n")
    assert not found.records
    assert [(each.code, each.where.path, each.where.line) for each in found.problems] == [
        ("half_consent", part, 2)
    ]
    with pytest.raises(FilesError, match=f"has a column for {part} already"):
        examined(tmp_path, f"{WHOLE}{ANN},{cells}\n", {Part(part): "soft"})


def test_other_empty_cells_are_filled_by_what_holds_for_all_rows(tmp_path: Path) -> None:
    rows = f"phone,level,at,how,where\n{ANN},soft,2026-03-01,paper,\n{BEN},soft,2026-03-01,paper,shop\n"
    found = examined(tmp_path, rows, {Part.WHERE: "fair", Part.TOPICS: "news"})
    assert [(each.where, each.topics) for each in found.records] == [("fair", ("news",)), ("shop", ("news",))]


def test_columns_that_look_like_opt_outs_and_columns_that_say_nothing_are_named(tmp_path: Path) -> None:
    rows = f"phone,level,at,how,first_name,unsubscribed,expirs\n{ANN},soft,2026-03-01,paper,Ann,no,\n"
    found = examined(tmp_path, rows)
    assert found.asks == ("unsubscribed",)
    assert found.unread == ("first_name", "expirs")


def test_a_list_of_contacts_is_read_by_its_own_names(tmp_path: Path) -> None:
    rows = f"Telefon;consent;consent_date;consent_source;consent_topics\n{EVA};express;1.3.2026;form;news\n"
    record = only(examined(tmp_path, rows, {Part.HOW: "web_form"}))
    assert (record.number.e164, record.where, record.topics) == (EVA, "form", ("news",))


def test_json_lines_workbooks_and_compressed_lists_say_the_same(tmp_path: Path) -> None:
    rows = [["phone", "level", "at", "how", "topics"], [ANN, "soft", "2026-03-01", "paper", "a;b"]]
    table = "\n".join(",".join(row) for row in rows) + "\n"
    lines = json.dumps(dict(zip(rows[0], [*rows[1][:4], ["b", "a"]], strict=True))) + "\n\n"
    forms: dict[str, str | bytes] = {
        "yes.csv": table,
        "yes.tsv": table.replace(",", "\t"),
        "yes.csv.gz": gzip.compress(table.encode()),
        "yes.xlsx": workbook(rows[0], [ANN, "soft", date(2026, 3, 1), "paper", "a;b"]),
        "yes.jsonl": lines,
        "yes.ndjson.gz": gzip.compress(lines.encode()),
    }
    found = {name: only(examined(tmp_path, content, name=name)) for name, content in forms.items()}
    assert {(each.number.e164, each.level, each.at, each.how, each.topics) for each in found.values()} == {
        (ANN, ConsentLevel.SOFT, datetime(2026, 2, 28, 10, tzinfo=UTC), ConsentMethod.PAPER, ("a", "b"))
    }


def test_what_another_export_said_of_its_source_is_kept_behind_ours(tmp_path: Path) -> None:
    rows = f"phone,level,at,how,source,by\n{ANN},soft,2026-03-01,paper,forms.csv:17,eva@till\n"
    assert only(examined(tmp_path, rows)).source == "yes.csv:2 (forms.csv:17 by eva@till)"


def test_a_guard_against_formulas_is_taken_off_again(tmp_path: Path) -> None:
    rows = f"phone,level,at,how,where,words\n{ANN},soft,2026-03-01,paper,'@corner,it's mine\n"
    record = only(examined(tmp_path, rows))
    assert (record.where, record.words) == ("@corner", "it's mine")


# --- what cannot be ---


BAD = [
    ("very,2026-03-01,paper", [("bad_consent", "level")]),
    ("yes,2026-03-01,paper", [("bad_consent", "level")]),
    ("soft,03/01/2026,paper", [("bad_date", "at")]),
    ("soft,2026-13-01,paper", [("bad_date", "at")]),
    ("soft,1926-03-01,paper", [("bad_date", "at")]),
    ("soft,2026-11-23T10:00Z,paper", [("future_date", "at")]),
    ("soft,2036-11-22,paper", [("future_date", "at")]),
    ("none,2026-11-25,paper", [("future_date", "at")]),
    ("soft,2026-03-01,pigeon", [("bad_method", "how")]),
    ("x,y,z", [("bad_consent", "level"), ("bad_date", "at"), ("bad_method", "how")]),
]


@pytest.mark.parametrize(("cells", "wrong"), BAD)
def test_each_bad_cell_of_a_row_is_told(tmp_path: Path, cells: str, wrong: list[tuple[str, str]]) -> None:
    found = examined(tmp_path, f"{WHOLE}{ANN},{cells}\n{BEN},soft,2026-03-01,paper\n")
    assert [(each.code, each.where.path) for each in found.problems] == wrong
    assert [each.number.e164 for each in found.records] == [BEN]
    assert ANN[3:] not in str(found.problems)


@pytest.mark.parametrize(
    ("part", "text", "code"),
    [
        ("purpose", "promotion", "bad_purpose"),
        ("promise", "often", "bad_promise"),
        ("promise", "0 a day", "bad_promise"),
        ("language", "English", "bad_language"),
        ("expires", "2026-02-01", "bad_date"),
        ("words", "a\x1b[31m", "control_character"),
        ("topics", "a\x00b", "control_character"),
    ],
)
def test_each_bad_further_part_is_told(tmp_path: Path, part: str, text: str, code: str) -> None:
    row = {"phone": ANN, "level": "soft", "at": "2026-03-01", "how": "paper", part: text}
    found = examined(tmp_path, json.dumps(row), name="yes.jsonl")
    assert [(each.code, each.where.path) for each in found.problems] == [(code, part)]


@pytest.mark.parametrize(
    ("level", "codes"), [("none", ["no_that_ends"]), ("no", ["bad_consent"]), ("soft", [])]
)
def test_a_no_does_not_end(tmp_path: Path, level: str, codes: list[str]) -> None:
    found = examined(tmp_path, f"{WHOLE[:-1]},expires\n{ANN},{level},2026-03-01,paper,2027-01-01\n")
    assert [problem.code for problem in found.problems] == codes
    assert len(found.records) == (not codes)
    if codes == ["no_that_ends"]:
        [problem] = found.problems
        assert (problem.where.line, problem.where.path) == (2, "expires")
        assert "smscli optout add NUMBER --until" in problem.hint


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("nonsense", "bad_line"),
        ('["a"]', "bad_line"),
        ("[" * 100_000, "bad_line"),
        ('{"phone": "nobody", "level": "soft", "at": "2026-03-01", "how": "app"}', "not_a_number"),
        ('{"level": "soft", "at": "2026-03-01", "how": "app"}', "missing_number"),
        ('{"phone": "+12025550101", "level": {}, "at": "2026-03-01", "how": "app"}', "wrong_type"),
        (
            '{"phone": "+12025550101", "level": "soft", "at": "2026-03-01", "how": "app", "method": "paper"}',
            "two_columns",
        ),
    ],
)
def test_a_bad_line_of_json_is_a_problem_and_the_others_are_read(
    tmp_path: Path, line: str, code: str
) -> None:
    good = json.dumps({"phone": ANN, "level": "soft", "at": "2026-03-01", "how": "paper"})
    found = examined(tmp_path, f"{good}\n{line}\n{good}\n", name="yes.jsonl")
    assert [(each.code, each.where.line) for each in found.problems] == [(code, 2)]
    assert [each.source for each in found.records] == ["yes.jsonl:1", "yes.jsonl:3"]


@pytest.mark.parametrize(
    ("header", "code"),
    [("phone,level,consent,at,how", "two_columns"), ("phone,mobile,level,at,how", "two_columns")],
)
def test_two_columns_for_one_part_stop_the_list(tmp_path: Path, header: str, code: str) -> None:
    with pytest.raises(FilesError) as caught:
        examined(tmp_path, f"{header}\n")
    assert [problem.code for problem in caught.value.problems] == [code]
    assert "consents: {" not in caught.value.hint


# --- times ---


def test_a_yes_counts_from_the_first_instant_of_its_day_and_a_no_from_the_last(tmp_path: Path) -> None:
    found = examined(tmp_path, f"{WHOLE}{ANN},soft,2026-03-01,paper\n{ANN},none,2026-03-01,paper\n")
    yes, no = found.records
    assert (yes.at, no.at) == (datetime(2026, 2, 28, 10, tzinfo=UTC), datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert yes.as_written == no.as_written == "2026-03-01"


def test_a_no_of_today_is_taken_and_can_be_taken_again_as_it_was_exported(tmp_path: Path) -> None:
    today = only(examined(tmp_path, f"{WHOLE}{ANN},none,2026-11-22,paper\n"))
    assert only(examined(tmp_path, f"{WHOLE}{ANN},none,{today.at.isoformat()},paper\n")).at == today.at > NOW


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-01", "2026-02-28T10:00", "2026-03-02T12:00"),
        ("1.3.2026", "2026-02-28T10:00", "2026-03-02T12:00"),
        ("2026-03-01T12:00", "2026-02-28T22:00", "2026-03-02T00:00"),
        ("2026-03-01 12:00:30", "2026-02-28T22:00:30", "2026-03-02T00:00:30"),
        ("2026-03-01T12:00+0530", "2026-03-01T06:30", "2026-03-01T06:30"),
        ("2026-03-01 12:00 UTC", "2026-03-01T12:00", "2026-03-01T12:00"),
        ("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.5", "2026-03-01T12:00:00.5"),
    ],
)
def test_times_that_do_not_say_where_are_read_from_both_ends(text: str, first: str, last: str) -> None:
    assert earliest(text) == datetime.fromisoformat(f"{first}+00:00")
    assert latest(text) == datetime.fromisoformat(f"{last}+00:00")


@given(st.integers(0, 5_000_000_000), st.integers(-12 * 60, 14 * 60))
def test_a_day_holds_all_its_instants_wherever_somebody_is(seconds: int, offset: int) -> None:
    instant = datetime(1993, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = (instant + timedelta(minutes=offset)).date().isoformat()
    assert earliest(day) <= instant < latest(day)


# --- promises ---


@pytest.mark.parametrize(
    ("text", "promise"),
    [
        ("2 a month", Promise(2, CalendarPeriod.MONTH)),
        ("2/month", Promise(2, CalendarPeriod.MONTH)),
        ("up to 4 messages per calendar month", Promise(4, CalendarPeriod.MONTH)),
        ("1 per day", Promise(1, CalendarPeriod.DAY)),
        ("1 a week", Promise(1, timedelta(days=7))),
        ("3x per 30d", Promise(3, timedelta(days=30))),
        ("1 per 1d 12h", Promise(1, timedelta(hours=36))),
    ],
)
def test_a_promise_as_people_write_it_is_read_and_read_again(text: str, promise: Promise) -> None:
    assert parse_promise(text) == promise
    assert parse_promise(promise_text(promise)) == promise


@pytest.mark.parametrize("text", ["", "2", "monthly", "a month", "2 a fortnight", "2 per 0d", "-1 a day"])
def test_what_is_no_promise_is_refused(text: str) -> None:
    with pytest.raises(Wrong, match="does not say"):
        parse_promise(text)


LISTISH = st.text(st.sampled_from('phone,level,at,how\n"+12025550101;soft2026-03-01paper{}: '), max_size=80)


@settings(max_examples=100)
@given(LISTISH.map(str.encode) | st.binary(max_size=60), st.sampled_from(["x.csv", "x.jsonl"]))
def test_any_bytes_are_records_or_problems(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    try:
        found = examined(tmp_path_factory.getbasetemp(), content, name=name)
    except FilesError as refusal:
        _assert_told(refusal)
        return
    lines = {problem.where.line for problem in found.problems}
    assert not lines & {int(record.source.split(":")[1].split(" ")[0]) for record in found.records}


def _assert_told(refusal: FilesError) -> None:
    assert refusal.problems
