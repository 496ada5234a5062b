"""`smscli log`: which log is meant, what is listed, who may see a number."""

from __future__ import annotations

import csv
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from smscli.domain.message import Receipt, State
from smscli.sentlog.sqlite import open_sent_log
from tests.cli.program import NOW, Program, child, in_process
from tests.cli.sample_log import ADA, BEN, EVA, ZOE, message, run, sample

smscli = Program()

LINE_KEYS = [
    "id", "campaign", "realm", "to", "sender", "state", "segments", "gateway", "gateway_ref",
    "gateway_segments", "code", "detail", "purpose", "topic", "language", "claimed_at", "at",
    "evidence", "grounds", "heeded_at", "happened_at",
]  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample(tmp_path_factory.mktemp("log") / "sent-log.db")


# --- which log ---


def test_without_a_word_about_which_log_nothing_is_opened() -> None:
    told = smscli("log")
    assert told.code == 2
    assert "SMSCLI_SENT_LOG" in told.err


def test_a_log_in_the_folder_one_stands_in_is_not_taken(log: Path) -> None:
    assert in_process("log", cwd=log.parent).code == 2


def test_the_environment_names_the_log_and_the_option_outranks_it(log: Path, tmp_path: Path) -> None:
    named = Program(environ={"SMSCLI_SENT_LOG": str(log)})
    assert named("log", "--json").document["sent_log"] == str(log)
    told = named("log", "--log", str(tmp_path / "other.db"))
    assert told.code == 7
    assert str(tmp_path / "other.db") in told.err


def test_the_path_used_is_told_absolute(log: Path) -> None:
    told = child("log", "--log", log.name, cwd=log.parent)
    assert told.code == 0
    assert f"sent log: {log}\n" in told.err
    assert in_process("log", "--log", log.name, "--quiet", cwd=log.parent).err == ""


def test_a_missing_log_is_not_made(tmp_path: Path) -> None:
    told = smscli("log", "--log", str(tmp_path / "none.db"), "--json")
    assert told.code == 7
    assert told.document["status"] == "sent_log"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_log_is_exit_7(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("shopping\n" * 1000)
    assert smscli("log", "--log", str(path)).code == 7


# --- what is listed ---


def test_the_table_masks_numbers_and_counts_states(log: Path) -> None:
    told = smscli("log", "--log", str(log))
    assert told.code == 0
    lines = told.out.splitlines()
    assert " ".join(lines[0].split()) == "claimed, UTC campaign to state segments gateway reference detail"
    assert lines[1].split() == f"2026-11-19 12:00 spring {ADA.masked} accepted 1 acme ref-1".split()
    assert lines[-1] == "6 messages, 6 segments: 1 accepted, 1 delivered, 3 in doubt, 1 submitting"
    for person in (ADA, BEN, EVA, ZOE):
        assert person.digits not in told.out
        assert person.masked in told.out


def test_values_from_a_gateway_are_shown_inert(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--campaign", "autumn")
    assert r"reset: \x1b[31m[bold]closed" in told.out


@pytest.mark.parametrize("columns", ["40", "80", "100"])
def test_on_a_narrow_screen_a_row_keeps_its_words_whole(log: Path, columns: str) -> None:
    told = in_process("log", "--log", str(log), "--campaign", "spring", environ={"COLUMNS": columns})
    rows = [line.split() for line in told.out.splitlines() if BEN.masked in line]
    assert [row[:6] for row in rows] == [["2026-11-19", "12:00", "spring", BEN.masked, "in", "doubt"]]


def test_what_reached_nobody_says_its_realm_beside_its_campaign(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--realm", "sandbox")
    assert "  spring (sandbox)  " in told.out.splitlines()[1]


@pytest.mark.parametrize(
    ("columns", "gone"), [(60, {"segments", "gateway", "reference"}), (82, {"reference"}), (160, set())]
)
def test_a_narrow_screen_goes_without_the_columns_that_matter_least(
    log: Path, columns: int, gone: set[str]
) -> None:
    told = in_process("log", "--log", str(log), "--state", "accepted", environ={"COLUMNS": str(columns)})
    header = told.out.splitlines()[0].replace(",", "").split()
    every = ["claimed", "UTC", "campaign", "to", "state", "segments", "gateway", "reference", "detail"]
    assert header == [name for name in every if name not in gone]
    assert max(map(len, told.out.splitlines())) <= columns


def test_where_even_the_rest_is_too_wide_the_spare_columns_are_gone_and_a_row_stays_a_row(log: Path) -> None:
    told = in_process("log", "--log", str(log), "--state", "accepted", environ={"COLUMNS": "50"})
    header = told.out.splitlines()[0].split()
    assert header == ["claimed,", "UTC", "campaign", "to", "state", "detail"]


def test_a_word_that_is_no_state_is_told_in_our_words(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--state", "lost")
    assert told.code == 2
    for word in ("--state", "lost", "submitting"):
        assert word in told.err


def test_a_number_without_its_country_gets_a_hint_that_can_be_typed(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--number", "512345678")
    assert told.code == 2
    assert "hint: start it with + and the country code\n" in told.err


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ("", ["spring-ada", "spring-ben", "spring-eva", "autumn-zoe", "autumn-ada", "rehearsal-ada"]),
        ("--campaign autumn", ["autumn-zoe", "autumn-ada"]),
        ("--campaign autumn --state delivered", []),
        ("--state in_doubt", ["spring-ben", "spring-eva", "autumn-zoe"]),
        ("--state accepted --state submitting", ["spring-ada", "autumn-ada"]),
        ("--realm sandbox", ["rehearsal-ada"]),
        ("--realm live --campaign spring", ["spring-ada", "spring-ben", "spring-eva"]),
        ("--number +12025550101", ["spring-ada", "autumn-ada", "rehearsal-ada"]),
        ("--since 2h", ["autumn-zoe", "autumn-ada", "rehearsal-ada"]),
        ("--since 7d --until 2d", ["spring-ada", "spring-ben", "spring-eva"]),
        ("--since 2026-11-22", ["autumn-zoe", "autumn-ada", "rehearsal-ada"]),
        ("--since 2026-11-22T12:00", ["rehearsal-ada"]),
        ("--since 2026-11-22T13:00+01:00", ["rehearsal-ada"]),
        ("--until 2026-11-20", ["spring-ada", "spring-ben", "spring-eva"]),
        ("--limit 2", ["autumn-ada", "rehearsal-ada"]),
        ("--limit 1 --state in_doubt", ["autumn-zoe"]),
        (f"--limit {'9' * 30} --state in_doubt", ["autumn-zoe", "spring-ben", "spring-eva"]),
    ],
)
def test_filters_narrow(log: Path, filters: str, ids: list[str]) -> None:
    told = smscli("log", "--log", str(log), "--jsonl", *filters.split())
    assert told.code == 0
    assert sorted(line["id"] for line in told.lines) == sorted(ids)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--since yesterday", "is not a point in time"),
        ("--until 99d9", "--until"),
        ("--since 999999w", "--since"),
        ("--number 12345", "--number"),
        ("--number +12025550", "--number"),
        ("--jsonl --json", "--csv, --jsonl and --json"),
        ("--csv --json", "--csv, --jsonl and --json"),
        ("--csv --jsonl", "--csv, --jsonl and --json"),
        ("--realm mars", "mars"),
    ],
)
def test_a_filter_that_says_nothing_is_wrong_usage(log: Path, words: str, said: str) -> None:
    told = smscli("log", "--log", str(log), *words.split())
    assert told.code == 2
    assert said in told.err


def test_a_number_that_is_refused_is_not_repeated_in_full(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--number", "+1202555010199")
    assert told.code == 2
    assert "2555010" not in told.err


def test_jsonl_has_everything_in_full(log: Path) -> None:
    lines = smscli("log", "--log", str(log), "--jsonl").lines
    assert [list(line) for line in lines] == [LINE_KEYS] * 6
    first = lines[0]
    assert first["to"] == "+12025550101"
    assert (first["campaign"], first["realm"], first["state"]) == ("spring", "live", "accepted")
    assert (first["segments"], first["gateway"], first["gateway_ref"]) == (1, "acme", "ref-1")
    assert (first["claimed_at"], first["at"]) == ("2026-11-19T12:00:00Z", "2026-11-19T12:01:00Z")


def test_when_the_gateway_says_it_happened_is_told_in_every_form(tmp_path: Path) -> None:
    path = tmp_path / "sent-log.db"
    run(path, [message("a", "spring", ADA)], [Receipt("a", State.ACCEPTED)], NOW)
    [line] = smscli("log", "--log", str(path), "--jsonl").lines
    assert line["happened_at"] is None
    told_at = NOW + timedelta(seconds=7)
    with closing(open_sent_log(path, create=False)) as log:
        log.settle([Receipt("a", State.DELIVERED, happened_at=told_at)], NOW + timedelta(hours=1))
    [line] = smscli("log", "--log", str(path), "--jsonl").lines
    [row] = spreadsheet(smscli("log", "--log", str(path), "--csv").out)
    [record] = smscli("log", "--log", str(path), "--json").document["messages"]
    for told in (line, row, record):
        assert (told["state"], told["at"]) == ("delivered", "2026-11-22T13:00:00Z")
        assert told["happened_at"] == "2026-11-22T12:00:07Z"


def test_json_is_one_document_with_masked_numbers(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--json")
    document = told.document
    assert list(document) == ["schema", "command", "status", "sent_log", "states", "segments", "messages"]
    assert (document["command"], document["status"], document["sent_log"]) == ("log", "ok", str(log))
    assert document["states"] == {"accepted": 1, "in_doubt": 3, "submitting": 1, "delivered": 1}
    assert document["segments"] == {"accepted": 1, "in_doubt": 3, "submitting": 1, "delivered": 1}
    assert [list(each) for each in document["messages"]] == [LINE_KEYS] * 6
    assert ADA.digits not in told.out


def test_nothing_found_is_no_error(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--campaign", "autumn", "--state", "delivered")
    assert (told.code, told.out) == (0, "0 messages\n")


# --- totals ---


def test_totals_are_by_campaign_realm_and_state(log: Path) -> None:
    out = smscli("log", "--log", str(log)).out
    totals = [" ".join(line.split()) for line in out.partition("\n\n")[2].splitlines()]
    assert totals == [
        "campaign realm state messages segments",
        "autumn live in doubt 1 1",
        "autumn live submitting 1 1",
        "spring live accepted 1 1",
        "spring live in doubt 2 2",
        "spring sandbox delivered 1 1",
        "6 messages, 6 segments: 1 accepted, 1 delivered, 3 in doubt, 1 submitting",
    ]


def test_one_kind_of_message_needs_no_table_of_totals(log: Path) -> None:
    out = smscli("log", "--log", str(log), "--campaign", "spring", "--state", "in_doubt").out
    assert out.splitlines()[3:] == ["2 messages, 2 segments: 2 in doubt"]


def test_segments_are_added_up_not_messages(tmp_path: Path) -> None:
    path = tmp_path / "sent-log.db"
    run(path, [message("long", "spring", ADA, "x" * 161)], [Receipt("long", State.ACCEPTED)], NOW)
    assert smscli("log", "--log", str(path)).out.endswith("1 message, 2 segments: 1 accepted\n")
    assert smscli("log", "--log", str(path), "--json").document["segments"] == {"accepted": 2}


# --- a campaign that is not there ---


def test_a_campaign_the_log_has_never_seen_is_not_nobody(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--campaign", "sprong", "--jsonl")
    assert told.code == 2
    assert "no campaign sprong in this log; it has autumn, spring" in told.err
    assert "did you mean spring?" in told.err
    assert "did you mean" not in smscli("log", "--log", str(log), "--campaign", "nix").err


def test_a_campaign_of_the_file_that_was_never_sent_is_no_mistake(log: Path, tmp_path: Path) -> None:
    file = tmp_path / "campaigns.yaml"
    file.write_text(
        f"{{version: 1, brand: Garage, sender: Garage, gateway: sandbox, sent_log: {log}, campaigns:"
        " {winter: {purpose: transactional, quiet_hours: off, text: 'Garage: gloves.'}}}",
        encoding="utf-8",
    )
    told = smscli("log", str(file), "--campaign", "winter")
    assert (told.code, told.out) == (0, "0 messages\n")
    assert "winter was never sent" in told.err
    told = smscli("log", str(file), "--campaign", "wintr")
    assert told.code == 2
    assert "it has autumn, spring, winter" in told.err
    assert "did you mean winter?" in told.err


def test_an_empty_log_has_no_campaigns(tmp_path: Path) -> None:
    open_sent_log(tmp_path / "sent-log.db", create=True).close()
    told = smscli("log", "--log", str(tmp_path / "sent-log.db"), "--campaign", "spring")
    assert told.code == 2
    assert "it has none yet" in told.err


# --- for spreadsheets ---


def spreadsheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_csv_has_a_header_and_everything_in_full(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--csv")
    assert told.code == 0
    rows = spreadsheet(told.out)
    assert [list(row) for row in rows] == [LINE_KEYS] * 6
    first, line = rows[0], smscli("log", "--log", str(log), "--jsonl").lines[0]
    assert first == {name: "" if value is None else str(value) for name, value in line.items()}
    assert first["to"] == "+12025550101"


def test_csv_of_nothing_is_its_header(log: Path) -> None:
    told = smscli("log", "--log", str(log), "--csv", "--campaign", "autumn", "--state", "delivered")
    assert told.out == ",".join(LINE_KEYS) + "\n"


def test_a_spreadsheet_runs_nothing_that_a_gateway_says(tmp_path: Path) -> None:
    path = tmp_path / "sent-log.db"
    receipt = Receipt("a", State.REJECTED, gateway_ref="@ref", code="-1", detail='=HYPERLINK("http://x"),\ny')
    run(path, [message("a", "spring", ADA)], [receipt], NOW)
    [row] = spreadsheet(smscli("log", "--log", str(path), "--csv").out)
    assert (row["gateway_ref"], row["code"]) == ("'@ref", "'-1")
    assert row["detail"] == "'" + r'=HYPERLINK("http://x"),\ny'
    assert row["to"] == ADA.e164


@pytest.mark.parametrize("locale", ["C.UTF-8", "C", "en_US.ISO-8859-1"])
def test_csv_is_utf_8_that_excel_recognises_whatever_the_locale(tmp_path: Path, locale: str) -> None:
    path = tmp_path / "sent-log.db"
    receipt = Receipt("a", State.REJECTED, detail="άγνωστος αριθμός")
    run(path, [message("a", "spring", ADA)], [receipt], NOW)
    out = child(
        "log", "--log", str(path), "--csv", environ={"LC_ALL": locale, "PYTHONIOENCODING": "latin-1"}
    ).out
    assert out.startswith("\ufeffid,campaign,")
    assert "άγνωστος αριθμός" in out
